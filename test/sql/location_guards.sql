-- The guards of 1.1 stand before document_locations and scans, too, once these have rows, and before
-- the columns that 1.2 adds.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;

-- In a ledger of 1.1, columns of these names are a user's.
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
ALTER TABLE documents ADD COLUMN extractor text;
ALTER TABLE error_log ADD COLUMN location text;
BEGIN;
SELECT document_id FROM ingest_document('a', 'a', 't');
SELECT log_ingestion_error('b', 'e', 'm');
ALTER TABLE documents RENAME COLUMN extractor TO ocr;
ALTER TABLE documents DROP COLUMN ocr;
ALTER TABLE error_log DROP COLUMN location;
ROLLBACK;
ALTER TABLE documents DROP COLUMN extractor;
ALTER TABLE error_log DROP COLUMN location;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';

-- Empty, it may be changed as anybody likes.
BEGIN;
ALTER TABLE document_locations RENAME COLUMN fingerprint TO etag;
ALTER TABLE document_locations SET UNLOGGED;
ROLLBACK;

-- Locations alone are data.
INSERT INTO document_locations (ingestion_source, location, location_key)
VALUES ('manual', '/a', sha256('/a'));
DROP EXTENSION doc_extractor;
DROP TABLE document_locations CASCADE;
DROP SCHEMA docs CASCADE;
ALTER EXTENSION doc_extractor DROP TABLE document_locations;
ALTER EXTENSION doc_extractor DROP SEQUENCE document_locations_id_seq;
ALTER TABLE document_locations DROP COLUMN location_key CASCADE;
ALTER TABLE document_locations RENAME COLUMN fingerprint TO etag;
ALTER TABLE document_locations SET UNLOGGED;
ALTER TABLE document_locations ALTER COLUMN seen_at TYPE timestamptz USING now();
ALTER TABLE document_locations ALTER COLUMN location TYPE varchar(1);
ALTER VIEW current_locations RENAME COLUMN fingerprint TO etag;
-- What keeps the values is not refused: the table can have columns of users', and lose them.
ALTER TABLE document_locations ADD COLUMN host text DEFAULT 'h';
ALTER TABLE document_locations DROP COLUMN host;
SELECT location, location_key = sha256('/a') AS has_key FROM document_locations;

-- Rules are refused as for the other tables.
CREATE RULE mine AS ON DELETE TO document_locations DO INSTEAD NOTHING;
SELECT ingest_document('a', 'a', 't');
DROP RULE mine ON document_locations;

-- The same for scans, and for the columns that 1.2 adds to other tables.
SET doc_extractor.allow_data_loss = on;
TRUNCATE document_locations;
RESET doc_extractor.allow_data_loss;
ALTER TABLE documents DROP COLUMN extractor;
ALTER TABLE documents ADD COLUMN extractor varchar(255);
SELECT scan_id FROM finish_scan('manual', '/', now(), 0, 0, 0, 0);
SELECT document_id FROM ingest_document('a', 'a', 't');
SELECT log_failed_document('b', 'e', 'm');
DROP TABLE scans CASCADE;
ALTER EXTENSION doc_extractor DROP TABLE scans;
ALTER EXTENSION doc_extractor DROP SEQUENCE scans_id_seq;
ALTER TABLE scans SET UNLOGGED;
ALTER TABLE scans DROP COLUMN vanished;
ALTER TABLE scans RENAME COLUMN root TO top;
ALTER TABLE scans ALTER COLUMN seen TYPE bigint USING 0;
ALTER TABLE documents DROP COLUMN extractor;
ALTER TABLE documents RENAME COLUMN extracted_at TO at;
ALTER TABLE error_log DROP COLUMN location;
ALTER TABLE error_log RENAME COLUMN file_hash TO hash;
ALTER TABLE error_log ALTER COLUMN ingestion_source TYPE varchar(10);
ALTER TABLE scans ADD COLUMN host text;
ALTER TABLE scans DROP COLUMN host;
CREATE RULE mine AS ON DELETE TO scans DO INSTEAD NOTHING;
SELECT ingest_document('a', 'a', 't');
DROP RULE mine ON scans;

-- Scans alone are data, too.
SET doc_extractor.allow_data_loss = on;
TRUNCATE documents, hash_index, audit_log, error_log;
RESET doc_extractor.allow_data_loss;
DROP EXTENSION doc_extractor;

-- It is allowed to the owner who says so.
SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs CASCADE;
