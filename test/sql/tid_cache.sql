-- A transaction that counts many duplicates scans hash_index's index once, and remembers the rows'
-- TIDs from then on. The counts are the same, whatever happens to the rows meanwhile.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
CREATE FUNCTION content(i int) RETURNS bytea LANGUAGE sql
RETURN convert_to('content ' || i, 'UTF8');
-- Ingest documents with a range of numbers, by calls and as a batch; return how many
-- got each count.
CREATE FUNCTION by_calls(first int, last int)
RETURNS TABLE (duplicate boolean, duplicates bigint, answers bigint) LANGUAGE sql AS $$
    SELECT is_duplicate, duplicate_count, count(*)
    FROM generate_series(first, last) i,
        LATERAL docs.ingest_document('file ' || i, docs.content(i), 't')
    GROUP BY 1, 2 ORDER BY 1, 2
$$;
CREATE FUNCTION as_batch(first int, last int)
RETURNS TABLE (duplicate boolean, duplicates bigint, answers bigint) LANGUAGE sql AS $$
    SELECT b.is_duplicate, b.duplicate_count, count(*)
    FROM (SELECT array_agg('file ' || i) AS names, array_agg(docs.content(i)) AS bytes,
              array_agg('t'::text) AS types
          FROM generate_series(first, last) i) a,
        LATERAL docs.ingest_documents(a.names, a.bytes, a.types) b
    GROUP BY 1, 2 ORDER BY 1, 2
$$;
-- Returns how many index searches for a hash this session has made since its last report.
CREATE FUNCTION index_searches() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT pg_stat_get_xact_numscans('docs.ix_hash_index_file_hash'::regclass) $$;
CREATE VIEW counts AS
SELECT h.duplicate_count, count(*), count(*) FILTER (WHERE d.id IS NULL) AS without_document
FROM hash_index h LEFT JOIN documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash)
GROUP BY 1 ORDER BY 1;
SELECT * FROM as_batch(1, 3000);

-- Of 3,000 duplicates, only the first few hundred search the index. So it is in the next
-- transaction, in which index entries lead to row versions that have been updated since.
BEGIN;
SELECT index_searches() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT index_searches() - :before < 1000 AS few_index_searches;
COMMIT;
BEGIN;
SELECT index_searches() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT * FROM as_batch(1, 3000);
SELECT index_searches() - :before < 1000 AS few_index_searches;
COMMIT;
TABLE counts;
-- The same after VACUUM, which leaves only line pointers of the old row versions.
VACUUM hash_index;
BEGIN;
SELECT index_searches() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT * FROM as_batch(1, 3000);
SELECT index_searches() - :before < 1000 AS few_index_searches;
COMMIT;
TABLE counts;
-- TIDs that do not fit into work_mem are not remembered.
BEGIN;
SET LOCAL work_mem = '64kB';
SELECT * FROM as_batch(10001, 13000);
SELECT index_searches() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT index_searches() - :before >= 3000 AS an_index_search_each;
ROLLBACK;

-- Savepoints: a rollback to one takes its counts back, and later duplicates are counted.
BEGIN;
SELECT * FROM by_calls(1, 1000);
SAVEPOINT s;
SELECT * FROM as_batch(1, 3000);
SELECT * FROM by_calls(1, 3000);
ROLLBACK TO s;
SELECT * FROM by_calls(1, 1000);
SELECT * FROM as_batch(1001, 3000);
COMMIT;
TABLE counts;
-- Hashes change, and documents are deleted and ingested again.
BEGIN;
SELECT * FROM by_calls(1, 1000);
UPDATE documents SET file_hash = 'moved ' || left(file_hash, 50)
WHERE file_name IN (SELECT 'file ' || i FROM generate_series(1, 100) i);
DELETE FROM documents
WHERE file_name IN (SELECT 'file ' || i FROM generate_series(101, 200) i);
SELECT * FROM as_batch(1, 3000);
SELECT * FROM by_calls(1, 3000);
SELECT count(*) AS counts_of_moved
FROM hash_index WHERE file_hash LIKE 'moved %' AND duplicate_count > 6;
ROLLBACK;
TABLE counts;
-- All rows move, and are removed in a savepoint.
BEGIN;
SELECT * FROM by_calls(1, 1000);
CLUSTER hash_index USING hash_index_pkey;
SELECT * FROM by_calls(1, 3000);
SAVEPOINT s;
TRUNCATE hash_index;
SELECT * FROM as_batch(1, 3000);
ROLLBACK TO s;
SELECT * FROM as_batch(1, 3000);
COMMIT;
TABLE counts;
-- Of hashes with the same beginning, only one has its TID remembered: the others search the index.
CREATE FUNCTION alike() RETURNS TABLE (is_new boolean, duplicates bigint) LANGUAGE sql AS $$
    SELECT NOT is_duplicate, duplicate_count
    FROM unnest(ARRAY['0', '1', '2', '3']) h,
        LATERAL docs.ingest_hashed_document('alike', '01234567' || repeat(h, 56), 1, 't')
$$;
SELECT * FROM alike();
SELECT last_value AS before FROM documents_id_seq \gset
BEGIN;
SELECT * FROM alike();
SELECT * FROM alike();
COMMIT;
-- A duplicate takes no number from the sequence: neither these, nor those of a batch while another
-- index replaces the primary key's.
ALTER TABLE documents DROP CONSTRAINT documents_pkey;
CREATE UNIQUE INDEX backwards ON documents (id DESC);
SELECT * FROM alike();
SELECT * FROM as_batch(1, 3000);
DROP INDEX backwards;
SELECT * FROM as_batch(1, 3000);
SELECT last_value - :before AS taken FROM documents_id_seq;
ALTER TABLE documents ADD PRIMARY KEY (id);
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;
-- A table that is new in the transaction: TRUNCATE empties its file, without a new one.
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor CASCADE;
BEGIN;
CREATE EXTENSION doc_extractor SCHEMA docs;
SELECT * FROM by_calls(1, 1000);
SELECT * FROM by_calls(1, 1000);
TRUNCATE hash_index;
SELECT * FROM by_calls(1, 1000);
COMMIT;
-- So it is with one that has got a new file in the transaction.
BEGIN;
TRUNCATE hash_index;
SELECT * FROM as_batch(1, 1000);
SELECT * FROM by_calls(1, 1000);
TRUNCATE hash_index;
SELECT * FROM by_calls(1, 1000);
COMMIT;
SELECT count(*), sum(duplicate_count) FROM hash_index;
-- The new file, which a rollback takes back, is larger.
BEGIN;
SELECT * FROM by_calls(1, 1000);
SAVEPOINT s;
TRUNCATE hash_index;
SELECT * FROM as_batch(1001, 9000);
SELECT * FROM by_calls(1, 1000);
SELECT * FROM by_calls(1, 1000);
ROLLBACK TO s;
SELECT * FROM by_calls(1, 1000);
COMMIT;
SELECT count(*), sum(duplicate_count) FROM hash_index;
RESET search_path;
DROP SCHEMA docs CASCADE;
