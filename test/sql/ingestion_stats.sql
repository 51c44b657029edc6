-- The views ingestion_stats, ingestion_stats_by_source and ingestion_stats_by_type:
-- their exact values, and who may read them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
CREATE ROLE regress_docs_monitor;
CREATE ROLE regress_docs_stranger;
CREATE ROLE regress_docs_owner;
GRANT USAGE ON SCHEMA docs TO regress_docs_monitor, regress_docs_stranger;

-- Without documents, the values are zero and the times NULL.
\pset null NULL
SELECT * FROM docs.ingestion_stats;
SELECT * FROM docs.ingestion_stats_by_source;
SELECT * FROM docs.ingestion_stats_by_type;
-- The columns, their types and their comments; file_type is as wide as in documents.
SELECT c.relname AS view, a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
       col_description(c.oid, a.attnum) AS comment
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'docs'::regnamespace AND c.relname LIKE 'ingestion_stats%'
ORDER BY c.relname COLLATE "C", a.attnum;

-- A small ledger: new documents, one of 0 bytes, failures, retries, duplicates by
-- single calls and in a batch.
SELECT count(*) FROM docs.ingest_document('empty', '', 'text/plain', 'api');
SELECT count(*) FROM docs.ingest_document('ten', '0123456789', 'text/plain', 'api');
SELECT count(*) FROM docs.ingest_document('again', '0123456789', 'text/html', 'mail');
SELECT count(*)
FROM docs.ingest_documents(ARRAY['ten', 'three', 'three', 'empty'],
                           ARRAY['0123456789', 'abc', 'abc', '']::bytea[],
                           ARRAY['text/plain', 'text/html', 'text/html', 'text/plain'],
                           ARRAY['scan', 'scan', 'scan', 'scan']);
SELECT count(*)
FROM docs.ingest_document('broken', 'fail', 'text/html', 'mail',
                          ingestion_status => 'failed', error_message => 'no text');
SELECT count(*)
FROM docs.ingest_document('later', 'later', 'text/plain', 'mail', ingestion_status => 'retry');
SELECT count(*)
FROM docs.ingest_document('later', 'later too', 'text/plain', 'scan', ingestion_status => 'retry');
INSERT INTO docs.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, ingestion_timestamp)
VALUES
    ('plain', 1000, 'abc123def456', repeat('long', 63), 'api', '2001-02-03 04:05:06');
UPDATE docs.documents SET ingestion_timestamp = timestamp '2026-01-01' + id * interval '1 hour'
WHERE file_name <> 'plain';
INSERT INTO docs.error_log
    (file_name, error_type, error_message, retry_attempted, resolution_notes)
VALUES
    ('open', 'OCR', 'no text', false, NULL), ('open too', 'OCR', 'no text', false, NULL),
    ('tried again', 'OCR', 'no text', true, NULL),
    ('resolved', 'OCR', 'no text', false, 'scanned again'), ('both', 'OCR', 'no text', true, '');
CREATE VIEW pg_temp.all_of_it AS
SELECT documents || ' ' || bytes || ' ' || duplicates || ' ' || bytes_saved || ' ' || failed ||
           ' ' || retry AS "documents bytes duplicates bytes_saved failed retry",
    open_errors, first_ingestion, last_ingestion
FROM docs.ingestion_stats;
SELECT * FROM docs.ingestion_stats;
SELECT * FROM docs.ingestion_stats_by_source ORDER BY ingestion_source COLLATE "C";
SELECT left(file_type, 12) AS type, length(file_type), documents, bytes, duplicates, bytes_saved,
       failed, retry, first_ingestion, last_ingestion
FROM docs.ingestion_stats_by_type ORDER BY file_type COLLATE "C";
-- The parts add up to the whole.
SELECT sum(documents) || ' ' || sum(bytes) || ' ' || sum(duplicates) || ' ' || sum(bytes_saved) ||
           ' ' || sum(failed) || ' ' || sum(retry) AS sums,
    min(first_ingestion), max(last_ingestion) FROM docs.ingestion_stats_by_source;
SELECT sum(documents) || ' ' || sum(bytes) || ' ' || sum(duplicates) || ' ' || sum(bytes_saved) ||
           ' ' || sum(failed) || ' ' || sum(retry) AS sums,
    min(first_ingestion), max(last_ingestion) FROM docs.ingestion_stats_by_type;
-- The values are exact at any time: inside a transaction, before its end.
BEGIN;
SELECT count(*) FROM docs.ingest_document('broken', 'fail', 'text/html', 'mail');
SELECT count(*) FROM docs.ingest_document('ten', '0123456789', 'text/plain', 'api');
SELECT * FROM all_of_it;
ROLLBACK;
SELECT * FROM all_of_it;
-- A failure that is healed is no longer a failure, and no duplicate.
SELECT is_duplicate FROM docs.ingest_document('broken', 'fail', 'text/html', 'mail');
SELECT * FROM all_of_it;
-- A deleted document's duplicates are no longer counted.
DELETE FROM docs.documents WHERE file_name IN ('ten', 'plain');
SELECT * FROM all_of_it;
SELECT * FROM docs.ingestion_stats_by_source ORDER BY ingestion_source COLLATE "C";
UPDATE docs.error_log SET resolution_notes = 'done';
DELETE FROM docs.documents;
SELECT * FROM all_of_it;
SELECT count(*) FROM docs.ingestion_stats_by_source;
-- The largest sizes and counts do not overflow.
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'huge', 2147483647, 'huge ' || n, 't', 's' FROM generate_series(1, 3) n;
UPDATE docs.hash_index SET duplicate_count = 2147483647;
SELECT bytes, duplicates, bytes_saved FROM docs.ingestion_stats;
SELECT bytes, duplicates, bytes_saved FROM docs.ingestion_stats_by_source;
SELECT bytes, duplicates, bytes_saved FROM docs.ingestion_stats_by_type;
-- A hash_index row whose hash no document has counts for none.
INSERT INTO docs.hash_index (file_hash, document_id, duplicate_count)
SELECT 'stray', min(id), 5 FROM docs.documents;
SELECT documents, duplicates FROM docs.ingestion_stats;
-- A query that needs no column about duplicates does not read hash_index.
CREATE FUNCTION pg_temp.reads_hash_index(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan text;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan LIKE '%"hash_index"%';
END
$$;
SELECT pg_temp.reads_hash_index('SELECT * FROM docs.ingestion_stats') AS whole,
    pg_temp.reads_hash_index('SELECT documents, bytes, failed, retry, open_errors, first_ingestion,
                                  last_ingestion FROM docs.ingestion_stats') AS part,
    pg_temp.reads_hash_index('SELECT documents FROM docs.ingestion_stats_by_source')
        AS part_by_source;

-- A reader needs only SELECT on a view, and USAGE on the schema.
\set VERBOSITY terse
GRANT SELECT ON docs.ingestion_stats TO regress_docs_monitor;
SET ROLE regress_docs_monitor;
SELECT documents FROM docs.ingestion_stats;
SELECT documents FROM docs.ingestion_stats_by_source;
SELECT documents FROM docs.ingestion_stats_by_type;
SELECT count(*) FROM docs.documents;
SELECT count(*) FROM docs.hash_index;
SELECT count(*) FROM docs.error_log;
RESET ROLE;
GRANT SELECT ON docs.ingestion_stats_by_source, docs.ingestion_stats_by_type
    TO regress_docs_monitor;
SET ROLE regress_docs_monitor;
SELECT documents FROM docs.ingestion_stats_by_source;
SELECT documents FROM docs.ingestion_stats_by_type;
RESET ROLE;
SET ROLE regress_docs_stranger;
SELECT documents FROM docs.ingestion_stats;
SELECT documents FROM docs.ingestion_stats_by_source;
SELECT documents FROM docs.ingestion_stats_by_type;
RESET ROLE;
-- Row security of documents applies to the views' owner, not to the reader; so it hides
-- rows only if it is forced.
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database()) AS "grant",
       format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database())
           AS "revoke" \gset
:grant;
DROP VIEW all_of_it;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
RESET doc_extractor.allow_data_loss;
ALTER SCHEMA docs OWNER TO regress_docs_owner;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT count(*)
FROM docs.ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't']);
GRANT SELECT ON docs.ingestion_stats TO regress_docs_monitor;
RESET ROLE;
-- The tables' owner owns the views.
SELECT relname, relowner::regrole FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relkind = 'v' AND relname LIKE 'ingestion_stats%'
ORDER BY 1;
CREATE POLICY only_a ON docs.documents USING (file_name = 'a');
ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY;
SET ROLE regress_docs_monitor;
SELECT documents FROM docs.ingestion_stats;
RESET ROLE;
ALTER TABLE docs.documents FORCE ROW LEVEL SECURITY;
SET ROLE regress_docs_monitor;
SELECT documents FROM docs.ingestion_stats;
RESET ROLE;
-- The views cannot be dropped one by one, and find the tables whatever the search_path is.
DROP VIEW docs.ingestion_stats;
CREATE TABLE pg_temp.documents (id int);
SET search_path = pg_temp, docs;
SELECT documents FROM ingestion_stats;
RESET search_path;

-- The update to 1.0 drops the views, unless a user's view needs them; the update to 1.1
-- creates them again.
CREATE VIEW public.regress_docs_mine AS SELECT documents FROM docs.ingestion_stats;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
DROP VIEW public.regress_docs_mine;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SELECT count(*) FROM pg_class WHERE relnamespace = 'docs'::regnamespace AND relkind = 'v';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT documents, duplicates FROM docs.ingestion_stats;
-- Sizes in a column that an owner has widened in 1.0 are summed as well.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER TABLE docs.documents NO FORCE ROW LEVEL SECURITY, ALTER file_size_bytes TYPE bigint;
UPDATE docs.documents SET file_size_bytes = 9223372036854775807;
UPDATE docs.hash_index SET duplicate_count = 2;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT documents, bytes, duplicates, bytes_saved FROM docs.ingestion_stats;
SELECT documents, bytes, duplicates, bytes_saved FROM docs.ingestion_stats_by_type;
-- A view prevents a column from changing its type, unless it is dropped before and created again
-- afterwards.
ALTER TABLE docs.documents ALTER file_type TYPE text;
SELECT 'CREATE VIEW docs.ingestion_stats_by_type AS ' ||
       pg_get_viewdef('docs.ingestion_stats_by_type') AS definition \gset
ALTER EXTENSION doc_extractor DROP VIEW docs.ingestion_stats_by_type;
DROP VIEW docs.ingestion_stats_by_type;
ALTER TABLE docs.documents ALTER file_type TYPE text;
:definition
ALTER EXTENSION doc_extractor ADD VIEW docs.ingestion_stats_by_type;
SELECT file_type, documents, bytes_saved FROM docs.ingestion_stats_by_type;
ALTER EXTENSION doc_extractor DROP VIEW docs.ingestion_stats_by_type;
DROP VIEW docs.ingestion_stats_by_type;
SET doc_extractor.allow_data_loss = on;
ALTER TABLE docs.documents ALTER file_type TYPE varchar(255);
RESET doc_extractor.allow_data_loss;
-- Without the view, the update to 1.0 works as well.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'docs.ingestion_stats_by_type'::regclass AND attname = 'file_type';


SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs;
:revoke;
DROP ROLE regress_docs_monitor, regress_docs_stranger, regress_docs_owner;
