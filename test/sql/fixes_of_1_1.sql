-- The seven fixes of 1.1: for each, what 1.0 does, as V001 says, and what 1.1 does.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SET search_path = docs;
-- A role that writes as an application does: under its own user's name, and without
-- privileges on the trail.
CREATE ROLE regress_docs_writer;
GRANT USAGE ON SCHEMA docs TO regress_docs_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO regress_docs_writer;
GRANT USAGE ON SEQUENCE documents_id_seq TO regress_docs_writer;
CREATE VIEW trail AS SELECT document_id, action, old_value ->> 'file_name' AS old_name
FROM audit_log ORDER BY id;
-- The media type of a DOCX file has 71 characters.
\set docx 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
SELECT length(:'docx');

\echo 1.0
-- 1 and 3: the trail is deleted with its document, and nothing shows that it existed.
SELECT document_id FROM ingest_document('one', 'one', 't');
TABLE trail;
DELETE FROM documents;
TABLE trail;
-- 2: the trail, and documents too, can be rewritten and emptied without a trace.
SELECT document_id FROM ingest_document('two', 'two', 't');
UPDATE audit_log SET action = 'tagged';
TABLE trail;
DELETE FROM audit_log;
TABLE trail;
TRUNCATE documents CASCADE;
SELECT count(*) FROM documents;
-- 4: the type does not fit.
SELECT document_id FROM ingest_document('three', 'three', :'docx');
\echo :SQLSTATE
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('three', 1, 'three', :'docx', 's');
\echo :SQLSTATE
SELECT document_id FROM ingest_document('four', 'four', repeat('x', 50));
-- 5: there are two indexes on each hash.
SELECT tablename, indexname, indexdef
FROM pg_indexes WHERE schemaname = 'docs' AND indexdef LIKE '%(file_hash)%'
ORDER BY tablename, indexname;
SELECT count(*) FROM pg_indexes WHERE schemaname = 'docs';
-- 6: the login role is lost if the application names its user.
SET doc_extractor.application_user = 'a user';
SELECT document_id FROM ingest_document('five', 'five', 't');
SELECT user_or_system, to_jsonb(a) ? 'db_user' AS db_user FROM audit_log a ORDER BY id DESC LIMIT 1;
RESET doc_extractor.application_user;
-- 7: any status and any action are accepted.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_status)
VALUES ('six', 1, 'six', 't', 's', 'Success');
UPDATE documents SET ingestion_status = 'done' WHERE file_name = 'six';
UPDATE documents SET ingestion_status = 'old' WHERE file_name = 'four';
INSERT INTO audit_log (document_id, action) SELECT id, 'viewed'
FROM documents WHERE file_name = 'six';
SELECT ingestion_status FROM documents WHERE file_name = 'six';
SELECT action FROM audit_log ORDER BY id DESC LIMIT 1;

ALTER EXTENSION doc_extractor UPDATE TO '1.1';
\echo 1.1
-- What 1.0 accepted is kept as it is; the trail of 1.0 has no login role.
SELECT ingestion_status FROM documents WHERE file_name = 'six';
SELECT count(*) FILTER (WHERE action = 'viewed') AS viewed, count(db_user) AS db_user, count(*)
FROM audit_log;
-- 1 and 3: the trail is kept, and says which document was deleted; the hash_index row is deleted as
-- before.
SELECT id AS six FROM documents WHERE file_name = 'six' \gset
DELETE FROM documents WHERE id = :six;
SELECT action, old_name FROM trail WHERE document_id = :six;
SELECT count(*) FROM hash_index WHERE document_id = :six;
-- The old value has all of the document's columns, except id and NULLs; user and reason
-- are as always.
SET doc_extractor.application_user = 'a user';
SET doc_extractor.reason = 'a reason';
INSERT INTO documents (id, file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_timestamp, document_text, metadata_extracted, created_at)
VALUES (1000, 'seven', 7, 'seven', 't', 's', '2001-02-03 04:05:06', 'text', '{"a" : 1}',
    '2001-02-03 04:05:06.789');
DELETE FROM documents WHERE id = 1000;
SELECT action, user_or_system, db_user = session_user AS db_user, change_reason,
    new_value IS NULL AS no_new_value, old_value::jsonb - 'updated_at' AS old_value,
    old_value::jsonb ? 'updated_at' AS updated_at
FROM audit_log WHERE document_id = 1000 ORDER BY id DESC LIMIT 1;
RESET doc_extractor.application_user;
RESET doc_extractor.reason;
-- Every deleted row of a statement leaves a trail, also if the role has no privilege on
-- the trail; a statement that deletes none leaves none.
SELECT count(*)
FROM ingest_documents(ARRAY['a', 'b', 'c'], ARRAY['a', 'b', 'c']::bytea[], ARRAY['t', 't', 't']);
SET ROLE regress_docs_writer;
DELETE FROM documents WHERE file_name IN ('a', 'b');
DELETE FROM documents WHERE file_name = 'nobody';
WITH gone AS (DELETE FROM documents WHERE file_name = 'c' RETURNING id) SELECT count(*) FROM gone;
RESET ROLE;
SELECT old_name FROM trail WHERE action = 'deleted' ORDER BY old_name;
-- A text longer than the limit is replaced by its length and hash.
SET doc_extractor.audit_value_limit = 10;
SELECT document_id AS long
FROM ingest_document('long', 'long', 't', document_text => repeat('x', 100)) \gset
DELETE FROM documents WHERE id = :long;
SELECT (old_value -> 'document_text' ->> 'length')::int AS length,
    old_value -> 'document_text' ->> 'sha256'
        = encode(sha256(repeat('x', 100)::bytea), 'hex') AS sha256
FROM audit_log WHERE document_id = :long AND action = 'deleted';
RESET doc_extractor.audit_value_limit;
-- What was deleted can be ingested again, as a new document.
SELECT is_duplicate FROM ingest_document('six', 'six', 't');
-- An event for a deleted document is still an error.
SELECT record_document_event(1000, 'tagged');
\echo :SQLSTATE
-- 2: the trail is append-only (the test append_only has every entry point).
UPDATE audit_log SET action = 'tagged';
\echo :SQLSTATE
DELETE FROM audit_log;
\echo :SQLSTATE
TRUNCATE documents CASCADE;
\echo :SQLSTATE
-- 4: the type fits, and its index finds it; for more than 255 characters there is a clear error.
SELECT document_id > 0 AS ingested FROM ingest_document('three', 'three', :'docx');
SET enable_seqscan = off;
SELECT file_name, file_type FROM documents WHERE file_type = :'docx';
RESET enable_seqscan;
SELECT document_id > 0 AS ingested FROM ingest_document('wide', 'wide', repeat('x', 255));
SELECT document_id FROM ingest_document('wider', 'wider', repeat('x', 256));
\echo :SQLSTATE
-- 5: there is one index, unique, with V001's name; duplicates are refused as before.
SELECT tablename, indexname, indexdef
FROM pg_indexes WHERE schemaname = 'docs' AND indexdef LIKE '%(file_hash)%'
ORDER BY tablename, indexname;
SELECT count(*) FROM pg_indexes WHERE schemaname = 'docs';
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT file_name, 1, file_hash, 't', 's' FROM documents LIMIT 1;
\echo :SQLSTATE
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT file_name, 1, file_hash, 't', 's' FROM documents LIMIT 1 ON CONFLICT (file_hash) DO NOTHING;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT file_name, 1, file_hash, 't', 's' FROM documents LIMIT 1
ON CONFLICT ON CONSTRAINT ix_documents_file_hash DO NOTHING;
-- 6: the trail has both, whatever the current role is.
SET doc_extractor.application_user = 'a user';
SET ROLE regress_docs_writer;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('eight', 1, 'eight', 't', 's');
UPDATE documents SET file_type = 'u' WHERE file_name = 'eight';
RESET doc_extractor.application_user;
UPDATE documents SET file_type = 'v' WHERE file_name = 'eight';
DELETE FROM documents WHERE file_name = 'eight';
RESET ROLE;
SELECT action, replace(user_or_system, session_user, 'the login role') AS user_or_system,
    db_user = session_user AS db_user
FROM (SELECT * FROM audit_log ORDER BY id DESC LIMIT 4) a ORDER BY id;
SELECT record_document_event(max(id), 'tagged') > 0 AS recorded FROM documents;
SELECT db_user = session_user AS db_user FROM audit_log ORDER BY id DESC LIMIT 1;
-- 7: only valid values are accepted, whatever the entry point; each message is shown whole.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_status)
VALUES ('nine', 1, 'nine', 't', 's', 'Success');
\echo :SQLSTATE
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_status)
VALUES ('nine', 1, 'nine', 't', 's', 'retry'), ('ten', 1, 'ten', 't', 's', '');
\echo :SQLSTATE
COPY documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_status) FROM stdin;
nine	1	nine	t	s	success 
\.
\echo :SQLSTATE
UPDATE documents SET ingestion_status = 'done';
\echo :SQLSTATE
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT file_name, 1, file_hash, 't', 's' FROM documents LIMIT 1
ON CONFLICT (file_hash) DO UPDATE SET ingestion_status = 'dup';
\echo :SQLSTATE
INSERT INTO audit_log (document_id, action) VALUES (1, 'viewed');
\echo :SQLSTATE
INSERT INTO audit_log (document_id, action) VALUES (1, 'tagged'), (1, 'Tagged');
\echo :SQLSTATE
COPY audit_log (document_id, action) FROM stdin;
1	
\.
\echo :SQLSTATE
SELECT count(*) FROM documents WHERE file_name IN ('nine', 'ten');
-- Valid values are accepted.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    ingestion_status)
SELECT 'status ' || s, 1, s, 't', 's', s FROM unnest(ARRAY['success', 'failed', 'retry']) s;
UPDATE documents SET ingestion_status = 'retry' WHERE file_name LIKE 'status%';
INSERT INTO audit_log (document_id, action) SELECT 1, a
FROM unnest(ARRAY['ingested', 'updated', 'deleted', 'classified', 'tagged', 'error']) a;
-- A row from 1.0 with an invalid status can still be changed in its other columns, and corrected.
UPDATE documents SET file_type = 'u' WHERE file_name = 'four';
UPDATE documents SET ingestion_status = 'older' WHERE file_name = 'four';
UPDATE documents SET ingestion_status = 'success' WHERE file_name = 'four';
SELECT file_type, ingestion_status FROM documents WHERE file_name = 'four';

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_writer;
