-- ingest_file(): files of the server. test/t/030_files.pl tests what needs more than a
-- file that every server has.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;
SELECT current_setting('data_directory') || '/PG_VERSION' AS path \gset

-- A relative path starts at the data directory. The file is new, then where it was; the
-- same bytes in memory are a duplicate, too.
SELECT document_id, is_duplicate, duplicate_count,
       file_hash = encode(digest(pg_read_binary_file('PG_VERSION'), 'sha256'), 'hex') AS hash
FROM ingest_file('PG_VERSION', 'text/plain');
SELECT document_id, is_duplicate, duplicate_count FROM ingest_file(:'path', 'text/plain');
SELECT document_id, is_duplicate, duplicate_count
FROM ingest_file('./base/.././/PG_VERSION', 'text/plain');
SELECT document_id, is_duplicate, duplicate_count
FROM ingest_document('v', pg_read_binary_file('PG_VERSION'), 'text/plain');
SELECT file_name, file_size_bytes = length(pg_read_binary_file('PG_VERSION')) AS size, file_type,
       ingestion_source, document_text, metadata_extracted, ingestion_status, error_message
FROM documents;
SELECT action, new_value ->> 'file_name' AS file_name FROM audit_log;
-- The path is stored in its shortest form; the file name is its last part.
DELETE FROM documents;
SELECT is_duplicate
FROM ingest_file(replace(:'path', '/PG_VERSION', '/./base//../PG_VERSION/'), 'text/plain');
SELECT file_name, metadata_extracted ->> 'path' = :'path' AS path FROM documents;
-- All arguments by name; the caller's metadata replaces the path. A failure, then a success.
DELETE FROM documents;
SELECT is_duplicate FROM ingest_file(
    error_message => 'not read', ingestion_status => 'failed', metadata_extracted => '[1]',
    document_text => 'text', ingestion_source => 'disk', file_type => 'text/x-version',
    path => 'PG_VERSION');
SELECT file_name, file_type, ingestion_source, document_text, metadata_extracted, ingestion_status,
       error_message
FROM documents;
SELECT is_duplicate, duplicate_count
FROM ingest_file('PG_VERSION', 'text/plain', NULL, 'read', NULL, NULL);
SELECT document_text, metadata_extracted, ingestion_status, error_message FROM documents;

-- What ingest_file() refuses; nothing is written.
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log;
SELECT * FROM written;
SELECT * FROM ingest_file(NULL, 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file(E' \t\n', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('base', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('.', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('/', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('/dev/null', 't');
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', NULL);
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', ' ');
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', repeat('x', 256));
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', 't', repeat('x', 256));
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', 't', ingestion_status => 'done');
\echo :SQLSTATE
SELECT * FROM ingest_file('PG_VERSION', 't',
                          ingestion_status => 'failed', error_message => repeat('x', 1001));
\echo :SQLSTATE
-- The operating system's messages depend on the server's language, so only the SQLSTATE is shown.
\set VERBOSITY sqlstate
SELECT * FROM ingest_file('no such file', 't');
SELECT * FROM ingest_file('no such directory/file', 't');
SELECT * FROM ingest_file('PG_VERSION/file', 't');
SELECT * FROM ingest_file(repeat('x', 256), 't');
SELECT * FROM ingest_file(repeat('x/', 100000), 't');
BEGIN READ ONLY;
SELECT * FROM ingest_file('PG_VERSION', 't');
ROLLBACK;
\set VERBOSITY default
SELECT * FROM written;

-- EXECUTE alone is not enough: reading files needs pg_read_server_files, too. Without
-- it, a caller does not learn which files exist.
CREATE ROLE regress_docs_ingester;
CREATE ROLE regress_docs_reader IN ROLE pg_read_server_files;
CREATE ROLE regress_docs_distant NOINHERIT;
GRANT pg_read_server_files TO regress_docs_distant;
GRANT USAGE ON SCHEMA docs TO regress_docs_ingester, regress_docs_reader, regress_docs_distant;
SET ROLE regress_docs_reader;
SELECT * FROM ingest_file('PG_VERSION', 't');
\echo :SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION ingest_file
    TO regress_docs_ingester, regress_docs_reader, regress_docs_distant;
SET ROLE regress_docs_reader;
SELECT is_duplicate, duplicate_count FROM ingest_file('PG_VERSION', 't');
SELECT is_duplicate, duplicate_count FROM ingest_file(:'path', 't');
SET ROLE regress_docs_ingester;
SELECT * FROM ingest_file('PG_VERSION', 't');
\echo :SQLSTATE
\set VERBOSITY terse
SELECT * FROM ingest_file('no such file', 't');
SELECT * FROM ingest_file(NULL, 't');
-- EXECUTE on pg_read_file(), which lets a role read the server's own directory, makes
-- no difference.
RESET ROLE;
BEGIN;
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO regress_docs_ingester;
SET ROLE regress_docs_ingester;
SELECT length(pg_read_file('PG_VERSION')) > 0 AS readable;
SELECT * FROM ingest_file('PG_VERSION', 't');
ROLLBACK;
-- A privilege that the role has only after SET ROLE does not count.
SET ROLE regress_docs_distant;
SELECT * FROM ingest_file('PG_VERSION', 't');
RESET ROLE;
-- The current user's privilege counts: a SECURITY DEFINER function can lend it, for the
-- files that the function chooses.
CREATE FUNCTION docs.ingest_version() RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS $$ SELECT duplicate_count FROM docs.ingest_file('PG_VERSION', 't') $$;
ALTER FUNCTION docs.ingest_version OWNER TO regress_docs_reader;
SET ROLE regress_docs_ingester;
SELECT docs.ingest_version();
RESET ROLE;
CREATE FUNCTION docs.ingest_any(path text) RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS $$ SELECT duplicate_count FROM docs.ingest_file(path, 't') $$;
ALTER FUNCTION docs.ingest_any OWNER TO regress_docs_ingester;
SET ROLE regress_docs_reader;
SELECT docs.ingest_any('PG_VERSION');
RESET ROLE;
\set VERBOSITY default
SELECT * FROM written;

-- With on_bad_document = log, files that cannot be ingested do not stop the others. The reasons
-- are in error_log.
SET doc_extractor.on_bad_document = log;
SELECT path, document_id IS NULL AS failed, file_hash IS NULL AS unread,
    error_id IS NOT NULL AS logged
FROM unnest(ARRAY['PG_VERSION', 'no_such_file', 'base', 'global/pg_control']) AS path,
    ingest_file(path, 'application/octet-stream');
SELECT document_id, file_hash IS NULL AS unread FROM ingest_file('global/pg_control', ' ');
SELECT file_name, error_type, error_message FROM error_log ORDER BY id;
SELECT error_id FROM ingest_file('base', 't') \gset
SELECT file_name FROM error_log WHERE id = :error_id;
-- A user's constraint refuses the document of a file that was read.
ALTER TABLE documents ADD CONSTRAINT no_pids CHECK (file_name <> 'postmaster.pid');
SELECT document_id, file_hash IS NULL AS unread FROM ingest_file('postmaster.pid', 'text/plain');
SELECT file_name, error_type FROM error_log ORDER BY id DESC LIMIT 1;
ALTER TABLE documents DROP CONSTRAINT no_pids;
-- A missing privilege is no fault of the file.
SET ROLE regress_docs_ingester;
SELECT ingest_file('PG_VERSION', 'text/plain');
RESET ROLE;
SELECT ingest_file(NULL, 'text/plain');
-- Nor is a ledger that cannot be written.
BEGIN;
ALTER TABLE documents RENAME TO stored;
CREATE VIEW documents AS TABLE stored;
\set VERBOSITY sqlstate
SELECT ingest_file('PG_VERSION', 'text/plain');
ROLLBACK;
RESET doc_extractor.on_bad_document;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
DROP ROLE regress_docs_ingester, regress_docs_reader, regress_docs_distant;
