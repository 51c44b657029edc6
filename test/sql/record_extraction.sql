-- record_extraction(): texts and metadata that arrive later than their document.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;

SELECT document_id AS scan FROM ingest_document('scan.pdf', 'scan', 'application/pdf') \gset
SELECT document_id AS bad
FROM ingest_document('bad.pdf', 'bad', 'application/pdf', ingestion_status => 'failed',
                     error_message => 'no text') \gset
CREATE VIEW extracted AS
SELECT file_name, document_text, metadata_extracted, extractor, extracted_at = now() AS now,
    ingestion_status, error_message
FROM documents ORDER BY id;
CREATE VIEW trail AS
SELECT document_id, action, user_or_system, old_value::jsonb - 'extracted_at' AS old_value,
    new_value::jsonb - 'extracted_at' AS new_value, change_reason
FROM audit_log WHERE action = 'updated' ORDER BY id;

-- What the document has none of is stored. The trail has it.
BEGIN;
SET LOCAL doc_extractor.reason = 'nightly OCR';
SET LOCAL doc_extractor.application_user = 'ocr';
SELECT * FROM record_extraction(:scan, 'the text', '{"pages": 2}', 'tesseract 5.3');
SELECT * FROM extracted;
TABLE trail;
ROLLBACK;
-- Without a text, too. A text that comes later says where it comes from.
BEGIN;
SELECT * FROM record_extraction(:scan, NULL, '{"pages": 2}', 'exiftool');
SELECT * FROM extracted WHERE file_name = 'scan.pdf';
SELECT * FROM record_extraction(:scan, 'the text', '{"pages": 3}', 'tesseract');
SELECT * FROM extracted WHERE file_name = 'scan.pdf';
TABLE trail;
ROLLBACK;
-- Metadata that comes after the text does not: the extractor is that of the text.
BEGIN;
SELECT * FROM record_extraction(:scan, '', NULL, 'tesseract');
SELECT * FROM record_extraction(:scan, NULL, '{"pages": 2}', 'exiftool');
SELECT * FROM extracted WHERE file_name = 'scan.pdf';
ROLLBACK;

-- What is there stays, and no trail is written.
SELECT * FROM record_extraction(:scan, 'the text', '{"pages": 2}', 'tesseract');
SELECT * FROM record_extraction(:scan, 'another text', '{"pages": 3}', 'ocrad');
SELECT * FROM record_extraction(:scan, 'another text', NULL, 'ocrad', false);
SELECT * FROM record_extraction(:scan, NULL, '{"pages": 3}', 'ocrad', replace => false);
SELECT document_text, metadata_extracted, extractor FROM documents WHERE id = :scan;
SELECT count(*) FROM trail;
-- Unless it is to be replaced. NULL replaces nothing.
SELECT * FROM record_extraction(:scan, 'another text', NULL, 'ocrad', replace => true);
SELECT document_text, metadata_extracted, extractor FROM documents WHERE id = :scan;
SELECT * FROM record_extraction(:scan, NULL, '{"pages": 3}', 'exiftool', replace => true);
SELECT document_text, metadata_extracted, extractor FROM documents WHERE id = :scan;
SELECT old_value, new_value FROM trail OFFSET 1;

-- The same content again never changes it, whoever offers it.
SELECT is_duplicate, has_text
FROM ingest_document('scan.pdf', 'scan', 'application/pdf', document_text => 'planted');
SELECT document_text, metadata_extracted, extractor FROM documents WHERE id = :scan;

-- A text makes a document that has failed a success. Metadata do not, nor does a text that is not
-- stored.
SELECT * FROM record_extraction(:bad, NULL, '{"pages": 0}', 'exiftool');
SELECT * FROM extracted WHERE file_name = 'bad.pdf';
UPDATE documents SET document_text = 'half a tex' WHERE id = :bad;
SELECT * FROM record_extraction(:bad, 'a text', NULL, 'tesseract');
SELECT file_name, document_text, ingestion_status, error_message FROM extracted
WHERE file_name = 'bad.pdf';
SELECT * FROM record_extraction(:bad, 'a text', NULL, 'tesseract', true);
SELECT file_name, document_text, ingestion_status, error_message FROM extracted
WHERE file_name = 'bad.pdf';
SELECT old_value, new_value FROM trail WHERE document_id = :bad;
-- The message of a success stays.
UPDATE documents SET error_message = 'page 7 is blank' WHERE id = :bad;
SELECT * FROM record_extraction(:bad, 'a better text', NULL, 'tesseract', true);
SELECT file_name, document_text, ingestion_status, error_message FROM extracted
WHERE file_name = 'bad.pdf';
-- A failure that is healed by its content has no extractor any more: the text is another one.
UPDATE documents SET ingestion_status = 'retry' WHERE id = :bad;
SELECT is_duplicate, has_text
FROM ingest_document('bad.pdf', 'bad', 'application/pdf', document_text => 'read again');
SELECT file_name, document_text, extractor, extracted_at, ingestion_status FROM documents
WHERE id = :bad;

-- What is refused; nothing changes.
SELECT * FROM record_extraction(0, 'a text', NULL, 'tesseract');
\echo :SQLSTATE
SELECT * FROM record_extraction(9223372036854775807, 'a text', NULL, 'tesseract');
\echo :SQLSTATE
SELECT * FROM record_extraction(NULL, 'a text', NULL, 'tesseract');
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, NULL, NULL, 'tesseract');
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, 'a text', NULL, NULL);
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, 'a text', NULL, E' \n');
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, 'a text', NULL, repeat('é', 256));
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, 'a text', NULL, 'tesseract', NULL);
\echo :SQLSTATE
SELECT document_text, extractor FROM documents WHERE id = :scan;
SELECT * FROM record_extraction(:scan, 'a text', NULL, repeat('é', 255), true);
SELECT length(extractor) FROM documents WHERE id = :scan;
-- A function of the server's can make texts that are not in the database's encoding.
CREATE FUNCTION raw_text(bytea) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE FUNCTION raw_json(bytea) RETURNS json LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
SELECT * FROM record_extraction(:scan, raw_text('\xff'), NULL, 'tesseract', true);
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, NULL, raw_json('\x22ff22'), 'tesseract', true);
\echo :SQLSTATE
SELECT * FROM record_extraction(:scan, 'a text', NULL, raw_text('\x61ff'), true);
\echo :SQLSTATE
BEGIN TRANSACTION READ ONLY;
SELECT * FROM record_extraction(:scan, 'a text', NULL, 'tesseract', true);
\echo :SQLSTATE
ROLLBACK;

-- A trigger of the user's that suppresses the change.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM record_extraction(:scan, 'a text', NULL, 'tesseract', true);
\echo :SQLSTATE
DROP TRIGGER suppress ON documents;

-- A role needs EXECUTE, and nothing else.
CREATE ROLE extraction_worker;
GRANT USAGE ON SCHEMA docs TO extraction_worker;
SET ROLE extraction_worker;
SELECT * FROM record_extraction(:scan, 'a text', NULL, 'tesseract', true);
\echo :SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION record_extraction TO extraction_worker;
SET ROLE extraction_worker;
SELECT * FROM record_extraction(:scan, 'by the worker', NULL, 'tesseract', true);
RESET ROLE;
SELECT document_text, extractor FROM documents WHERE id = :scan;

-- Columns that the owner has changed to jsonb.
DROP VIEW extracted;
ALTER TABLE documents ALTER metadata_extracted TYPE jsonb;
SELECT * FROM record_extraction(:scan, NULL, '{"pages": 4}', 'exiftool', true);
SELECT metadata_extracted FROM documents WHERE id = :scan;

SET doc_extractor.allow_data_loss = on;
DROP OWNED BY extraction_worker;
DROP ROLE extraction_worker;
RESET search_path;
DROP SCHEMA docs CASCADE;

-- What the step up to 1.2 creates belongs to the owner of the tables. Nobody else may call the
-- functions, not even whom the default privileges of the superuser let who takes the step.
CREATE ROLE extraction_owner;
CREATE ROLE extraction_other;
SELECT format('GRANT CREATE ON DATABASE %I TO extraction_owner', current_database()) \gexec
CREATE SCHEMA docs AUTHORIZATION extraction_owner;
SET ROLE extraction_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
RESET ROLE;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO extraction_other;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM extraction_other;
SELECT proname, proowner::regrole, proacl FROM pg_proc
WHERE pronamespace = 'docs'::regnamespace
    AND proname IN ('record_extraction', 'ingest_hashed_documents', 'log_failed_document')
ORDER BY proname;
SET ROLE extraction_owner;
SELECT document_id FROM docs.ingest_document('a', 'a', 't');
SELECT * FROM docs.record_extraction(1, 'a text', NULL, 'by hand');
RESET ROLE;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs;
DROP OWNED BY extraction_owner, extraction_other;
DROP ROLE extraction_owner, extraction_other;
