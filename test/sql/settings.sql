-- The settings are those that doc/reference.md has, and there are no others with the prefix.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
-- The first call loads the library.
SELECT document_id FROM docs.ingest_document('a', 'a', 't');
SELECT name, vartype, unit, boot_val, enumvals, context
FROM pg_settings WHERE name LIKE 'doc\_extractor.%' ORDER BY name COLLATE "C";

-- A misspelt setting is an error; it does not create a setting of its own.
SET doc_extractor.reasons = 'x';
\echo :SQLSTATE
SELECT set_config('doc_extractor.users', 'x', false);
\echo :SQLSTATE
SHOW doc_extractor.reasons;
\echo :SQLSTATE
-- An invalid value is an error.
SET doc_extractor.on_bad_document = 'ignore';
\echo :SQLSTATE
\set VERBOSITY sqlstate
SET doc_extractor.audit_value_limit = -1;
\set VERBOSITY default
SET doc_extractor.restoring = 'perhaps';
\echo :SQLSTATE
-- A setting that was made before the library was loaded, as by a dump or ALTER
-- DATABASE, is removed with a warning if it does not exist.
\c
SET client_min_messages = error;
SET doc_extractor.reasons = 'x';
SET doc_extractor.reason = 'kept';
LOAD 'doc_extractor';
SHOW doc_extractor.reasons;
SHOW doc_extractor.reason;

-- Which settings an ordinary role may change.
CREATE ROLE regress_docs_importer;
SET ROLE regress_docs_importer;
SET doc_extractor.application_user = 'web:4711';
SET doc_extractor."user" = 'web:4711';
SET doc_extractor.reason = 'nightly import';
SET doc_extractor.on_bad_document = log;
SET doc_extractor.restoring = on;
SET doc_extractor.allow_data_loss = on;
SET doc_extractor.audit_value_limit = 0;
\echo :SQLSTATE
RESET ROLE;
SET doc_extractor.audit_value_limit = '1MB';
SHOW doc_extractor.audit_value_limit;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_importer;
