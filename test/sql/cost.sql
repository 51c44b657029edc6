-- What calls cost, by what the server counts: memory stays, and no call reads the tables from end to end.
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
CREATE FUNCTION memory_in_use() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts $$;
-- How many rows of a table this transaction read in sequential scans.
CREATE FUNCTION rows_scanned(name text) RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = name::regclass $$;

-- 20,000 new documents in one statement: as much memory after the last as after the thousandth, but for caches; and, on the
-- average, no more than a page's worth of rows is read to look a hash up, although the table was empty when the statement began.
BEGIN;
CREATE TABLE new_documents AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 5000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i, LATERAL ingest_document('file ' || i, convert_to('content ' || i, 'UTF8'), 't', document_text => repeat('text ', 20));
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates, max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 500000 AS memory_stays
FROM new_documents;
SELECT rows_scanned('documents') < 20 * 20000 AS documents, rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- As many duplicates.
BEGIN;
CREATE TABLE duplicates AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 5000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i, LATERAL ingest_document('file ' || i, convert_to('content ' || i, 'UTF8'), 't');
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates, max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 500000 AS memory_stays
FROM duplicates;
SELECT rows_scanned('documents') < 20 * 20000 AS documents, rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- Documents that fail twice and are mended. Of each updated row and fired trigger the server itself keeps some 60 bytes
-- until the transaction ends, so the limit is 100 a call.
BEGIN;
CREATE TABLE mended AS
SELECT i, is_duplicate, CASE WHEN i IN (1000, 20000) THEN memory_in_use() END AS memory
FROM generate_series(1, 20000) i,
    LATERAL ingest_document('file ' || i / 3, convert_to('mended ' || i / 3, 'UTF8'), 't', document_text => repeat('text ', i % 20),
                            ingestion_status => CASE i % 3 WHEN 2 THEN 'success' ELSE 'failed' END, error_message => i::text);
SELECT count(*), count(*) FILTER (WHERE is_duplicate) AS duplicates, max(memory) FILTER (WHERE i = 20000) - max(memory) FILTER (WHERE i = 1000) < 100 * 20000 AS memory_stays
FROM mended;
SELECT rows_scanned('documents') < 20 * 20000 AS documents, rows_scanned('hash_index') < 20 * 20000 AS hash_index,
       rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
SELECT action, count(*) FROM audit_log WHERE document_id > 20000 GROUP BY action ORDER BY action;
-- A large batch costs memory while it runs; it gives all of it back.
SELECT memory_in_use() AS before \gset
SELECT count(*) FROM ingest_documents((SELECT array_agg('batch ' || i) FROM generate_series(1, 20000) i),
                                      (SELECT array_agg(convert_to('batch ' || i, 'UTF8')) FROM generate_series(1, 20000) i),
                                      array_fill('t'::text, ARRAY[20000]));
SELECT memory_in_use() - :before < 500000 AS memory_given_back;
-- One statement of plain rows.
BEGIN;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'plain ' || i, i, 'plain ' || i, 't', 's' FROM generate_series(1, 20000) i;
UPDATE documents SET file_hash = file_hash || '.' WHERE file_name LIKE 'plain%';
SELECT rows_scanned('hash_index') < 20 * 20000 AS hash_index, rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
-- Autovacuum may have looked at the tables while these rows were not committed; this join must not go by that.
ANALYZE documents, hash_index;
SELECT count(*) FROM hash_index h JOIN documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash) WHERE d.file_name LIKE 'plain%';
-- To delete is to look each hash up, too.
BEGIN;
DELETE FROM documents WHERE file_name LIKE 'plain%';
SELECT rows_scanned('hash_index') < 20 * 20000 AS hash_index, rows_scanned('audit_log') < 20 * 20000 AS audit_log;
COMMIT;
SELECT count(*) FROM hash_index WHERE file_hash LIKE 'plain%';
RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
