-- The guards of 1.1 stand before document_locations, too, once it has rows.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;

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

-- It is allowed to the owner who says so.
SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs CASCADE;
