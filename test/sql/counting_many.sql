-- A transaction that counts many duplicates goes through hash_index's index once, and knows the rows' places from then on: the
-- counts are the same, whatever happens to the rows meanwhile.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
CREATE FUNCTION content(i int) RETURNS bytea LANGUAGE sql RETURN convert_to('content ' || i, 'UTF8');
-- Contents from one number to another, by calls and as a batch: how many of each count came back.
CREATE FUNCTION by_calls(first int, last int) RETURNS TABLE (duplicate boolean, duplicates bigint, answers bigint) LANGUAGE sql AS $$
    SELECT is_duplicate, duplicate_count, count(*)
    FROM generate_series(first, last) i, LATERAL docs.ingest_document('file ' || i, docs.content(i), 't') GROUP BY 1, 2 ORDER BY 1, 2
$$;
CREATE FUNCTION as_batch(first int, last int) RETURNS TABLE (duplicate boolean, duplicates bigint, answers bigint) LANGUAGE sql AS $$
    SELECT b.is_duplicate, b.duplicate_count, count(*)
    FROM (SELECT array_agg('file ' || i) AS names, array_agg(docs.content(i)) AS contents, array_agg('t'::text) AS types FROM generate_series(first, last) i) a,
        LATERAL docs.ingest_documents(a.names, a.contents, a.types) b GROUP BY 1, 2 ORDER BY 1, 2
$$;
-- How often this session went into the index of hashes, since it last told the server.
CREATE FUNCTION descents() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT pg_stat_get_xact_numscans('docs.ix_hash_index_file_hash'::regclass) $$;
CREATE VIEW counts AS
SELECT h.duplicate_count, count(*), count(*) FILTER (WHERE d.id IS NULL) AS without_document
FROM hash_index h LEFT JOIN documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash) GROUP BY 1 ORDER BY 1;
SELECT * FROM as_batch(1, 3000);

-- It went in for some hundred of 3,000; and so in the next transaction, where the entries are for versions that were counted since.
BEGIN;
SELECT descents() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT descents() - :before < 1000 AS few_descents;
COMMIT;
BEGIN;
SELECT descents() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT * FROM as_batch(1, 3000);
SELECT descents() - :before < 1000 AS few_descents;
COMMIT;
TABLE counts;
-- Where vacuum has left but a pointer to the version.
VACUUM hash_index;
BEGIN;
SELECT descents() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT * FROM as_batch(1, 3000);
SELECT descents() - :before < 1000 AS few_descents;
COMMIT;
TABLE counts;
-- Places that do not fit into work_mem are not remembered.
BEGIN;
SET LOCAL work_mem = '64kB';
SELECT * FROM as_batch(10001, 13000);
SELECT descents() AS before \gset
SELECT * FROM by_calls(1, 3000);
SELECT descents() - :before >= 3000 AS a_descent_each;
ROLLBACK;

-- Savepoints: what they take back is not counted, and what comes after is.
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
-- Hashes move, documents go and come again, one takes the place of another.
BEGIN;
SELECT * FROM by_calls(1, 1000);
UPDATE documents SET file_hash = 'moved ' || left(file_hash, 50) WHERE file_name IN (SELECT 'file ' || i FROM generate_series(1, 100) i);
DELETE FROM documents WHERE file_name IN (SELECT 'file ' || i FROM generate_series(101, 200) i);
SELECT * FROM as_batch(1, 3000);
SELECT * FROM by_calls(1, 3000);
SELECT count(*) AS counts_of_moved FROM hash_index WHERE file_hash LIKE 'moved %' AND duplicate_count > 6;
ROLLBACK;
TABLE counts;
-- All rows move.
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
-- Hashes that begin alike have one place together, which is that of one of them: the others are looked up.
CREATE FUNCTION alike() RETURNS TABLE (is_new boolean, duplicates bigint) LANGUAGE sql AS $$
    SELECT NOT is_duplicate, duplicate_count
    FROM unnest(ARRAY['0', '1', '2', '3']) h, LATERAL docs.ingest_hashed_document('alike', '01234567' || repeat(h, 56), 1, 't')
$$;
SELECT * FROM alike();
SELECT last_value AS before FROM documents_id_seq \gset
BEGIN;
SELECT * FROM alike();
SELECT * FROM alike();
COMMIT;
-- No number is taken from the sequence by a duplicate: neither by these, nor in a batch where the ids' index is another one.
ALTER TABLE documents DROP CONSTRAINT documents_pkey;
CREATE UNIQUE INDEX backwards ON documents (id DESC);
SELECT * FROM alike();
SELECT * FROM as_batch(1, 3000);
DROP INDEX backwards;
SELECT * FROM as_batch(1, 3000);
SELECT last_value - :before AS taken FROM documents_id_seq;
ALTER TABLE documents ADD PRIMARY KEY (id);
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;
RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
