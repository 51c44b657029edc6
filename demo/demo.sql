-- The demo: ingests real files of this machine twice and shows what is in the ledger then; after
-- that, a failure and its retry.

\set ON_ERROR_STOP on
\pset pager off
\pset footer off

CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;

-- Up to 3,000 files that the server may read, none over 1 MB, the same files every time. The quote
-- and the delimiter are characters that no file name has.
CREATE TEMPORARY TABLE file (path text);
COPY file FROM PROGRAM $$
    find /usr/share/common-licenses /usr/share/doc /usr/share/perl /usr/share/postgresql \
        -type f -readable -size -1024k | LC_ALL=C sort | head -n 3000
$$ (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02');

CREATE TEMPORARY VIEW offered AS
SELECT path, pg_read_binary_file(path) AS content,
       CASE substring(path FROM '[.]([a-z0-9]+)$')
           WHEN 'gz' THEN 'application/gzip'
           WHEN 'html' THEN 'text/html'
           WHEN 'md' THEN 'text/markdown'
           WHEN 'pl' THEN 'text/x-perl'
           WHEN 'pm' THEN 'text/x-perl'
           WHEN 'sql' THEN 'application/sql'
           ELSE 'text/plain'
       END AS type,
       (row_number() OVER (ORDER BY path) - 1) / 500 AS batch
FROM file;

\echo 'Ingesting this machine''s documentation, one call for each file ...'
CREATE TEMPORARY TABLE run AS
SELECT 'one call for each file' AS run, count(*) AS files,
       count(*) FILTER (WHERE NOT is_duplicate) AS new_documents,
       count(*) FILTER (WHERE is_duplicate) AS duplicates,
       clock_timestamp() - statement_timestamp() AS took
FROM offered, docs.ingest_document(path, content, type, ingestion_source => 'demo');

\echo '... and once more, in batches of 500.'
INSERT INTO run
SELECT 'batches of 500', count(*),
       count(*) FILTER (WHERE NOT is_duplicate),
       count(*) FILTER (WHERE is_duplicate),
       clock_timestamp() - statement_timestamp()
FROM (SELECT array_agg(path ORDER BY path) AS paths,
             array_agg(content ORDER BY path) AS contents,
             array_agg(type ORDER BY path) AS types
      FROM offered GROUP BY batch ORDER BY batch) AS batches,
     docs.ingest_documents(paths, contents, types);

\echo
\echo 'What the calls returned'
SELECT run, files, new_documents, duplicates,
       round(extract(epoch FROM took)::numeric, 2) AS seconds
FROM run;

\echo 'The ledger (docs.documents, docs.hash_index)'
SELECT (SELECT sum(files) FROM run) AS files_offered,
       count(*) AS documents,
       sum(duplicate_count) AS duplicates,
       pg_size_pretty(sum(file_size_bytes::bigint)) AS bytes_kept,
       pg_size_pretty(sum(file_size_bytes::bigint * duplicate_count)) AS bytes_saved
FROM docs.documents JOIN docs.hash_index ON document_id = documents.id;

\echo 'The five most duplicated files'
SELECT duplicate_count AS duplicates, file_size_bytes AS bytes, file_name AS first_seen_as
FROM docs.documents JOIN docs.hash_index ON document_id = documents.id
ORDER BY duplicate_count DESC, documents.id
LIMIT 5;

\echo 'The last rows of the trail (docs.audit_log)'
SELECT id, document_id, action, action_timestamp, user_or_system,
       new_value ->> 'file_name' AS file_name
FROM docs.audit_log
ORDER BY id DESC
LIMIT 5;

\echo 'A file without a type fails: the failure goes to docs.error_log, the transaction goes on.'
SELECT document_id, error_id FROM docs.try_ingest_document('invoice.pdf', 'its bytes', '');
SELECT id, file_name, error_type, error_message, retry_attempted FROM docs.error_log;

\echo 'The retry, with a type, succeeds and marks the failure.'
SELECT document_id, error_id
FROM docs.try_ingest_document('invoice.pdf', 'its bytes', 'application/pdf');
SELECT id, file_name, retry_attempted, resolution_notes FROM docs.error_log;

\echo 'A failure that the application sees, and what became of it'
SELECT docs.log_ingestion_error('letter.pdf', 'ocr_timeout', 'no answer within 30 s')
    AS error_id \gset
SELECT docs.resolve_ingestion_error(:error_id, 'blank page, not needed') \g /dev/null
SELECT id, file_name, error_type, error_message, retry_attempted, resolution_notes
FROM docs.error_log WHERE id = :error_id;

\echo 'To try it by hand, on a throw-away server like this one:'
\echo
\echo '    tools/sandbox.sh psql'
\echo
\echo 'or on your own PostgreSQL:'
\echo
\echo '    make && sudo make install'
\echo '    sudo -u postgres createdb ledger'
\echo '    sudo -u postgres psql ledger'
\echo
\echo 'then, in psql:'
\echo
\echo '    CREATE EXTENSION doc_extractor;'
\echo '    SELECT * FROM ingest_document(''hello.txt'', ''Hello'', ''text/plain'');'
\echo '    SELECT * FROM ingest_document(''again.txt'', ''Hello'', ''text/plain'');'
\echo '    SELECT * FROM audit_log;'
