-- What calls cost, by the server's own counters: memory does not grow, and no call scans a whole
-- table.
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
CREATE FUNCTION memory_in_use() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts $$;
-- Returns how many rows of a table this transaction has read in sequential scans.
CREATE FUNCTION rows_scanned(name text) RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = name::regclass $$;

-- 20,000 new documents in one statement. Memory in use after the last is the same as after the
-- thousandth, apart from caches. On average, looking up a hash reads no more rows than fit on a
-- page, although the table was empty when the statement began.
BEGIN;
CREATE TABLE new_documents AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 5000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i,
    LATERAL ingest_document('file ' || i, convert_to('content ' || i, 'UTF8'), 't',
                            document_text => repeat('text ', 20));
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates,
       max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 500000
           AS memory_stays
FROM new_documents;
SELECT rows_scanned('documents') < 20 * 20000 AS documents,
       rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- The same number of duplicates.
BEGIN;
CREATE TABLE duplicates AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 5000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i,
    LATERAL ingest_document('file ' || i, convert_to('content ' || i, 'UTF8'), 't');
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates,
       max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 500000
           AS memory_stays
FROM duplicates;
SELECT rows_scanned('documents') < 20 * 20000 AS documents,
       rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- Documents that fail twice and are healed by the third call. The server itself keeps some 60
-- bytes for each updated row and fired trigger until the transaction ends, so the limit is 100
-- bytes a call.
BEGIN;
CREATE TABLE healed AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i,
    LATERAL ingest_document('file ' || i / 3, convert_to('healed ' || i / 3, 'UTF8'), 't',
                            document_text => repeat('text ', i % 20),
                            ingestion_status => CASE i % 3 WHEN 2 THEN 'success' ELSE 'failed' END,
                            error_message => i::text);
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates,
       max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 100 * 20000
           AS memory_stays
FROM healed;
SELECT rows_scanned('documents') < 20 * 20000 AS documents,
       rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
SELECT action, count(*) FROM audit_log WHERE document_id > 20000 GROUP BY action ORDER BY action;
-- A large batch needs memory while it runs, and gives all of it back.
SELECT memory_in_use() AS before \gset
SELECT count(*)
FROM ingest_documents((SELECT array_agg('batch ' || i) FROM generate_series(1, 20000) i),
                      (SELECT array_agg(convert_to('batch ' || i, 'UTF8'))
                       FROM generate_series(1, 20000) i),
                      array_fill('t'::text, ARRAY[20000]));
SELECT memory_in_use() - :before < 500000 AS memory_given_back;
-- Plain INSERT and UPDATE, each of 20,000 rows in one statement.
BEGIN;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'plain ' || i, i, 'plain ' || i, 't', 's' FROM generate_series(1, 20000) i;
UPDATE documents SET file_hash = file_hash || '.' WHERE file_name LIKE 'plain%';
SELECT rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- Autovacuum may have analyzed the tables before these rows were committed; the plan of this join
-- must not depend on that.
ANALYZE documents, hash_index;
SELECT count(*)
FROM hash_index h JOIN documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash)
WHERE d.file_name LIKE 'plain%';
-- DELETE looks each hash up, too.
BEGIN;
DELETE FROM documents WHERE file_name LIKE 'plain%';
SELECT rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
SELECT count(*) FROM hash_index WHERE file_hash LIKE 'plain%';
RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
