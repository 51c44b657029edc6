-- An owner may turn the json columns into jsonb: every entry point goes on working.
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

SELECT document_id
FROM ingest_document('before', 'before', 't', metadata_extracted => '{"pages": 1}');
ALTER TABLE documents ALTER metadata_extracted TYPE jsonb;
ALTER TABLE audit_log ALTER old_value TYPE jsonb, ALTER new_value TYPE jsonb;

-- New documents, with metadata and without.
SELECT document_id, is_duplicate
FROM ingest_document('one', 'one', 't', metadata_extracted => '{"b": 1, "a": 2}');
SELECT document_id, is_duplicate FROM ingest_document('two', 'two', 't');
SELECT document_id, is_duplicate
FROM ingest_hashed_document('three', encode(sha256('three'), 'hex'), 5, 't',
    metadata_extracted => '[1]');
SELECT document_id, is_duplicate
FROM ingest_documents(ARRAY['four', 'one'], ARRAY['four', 'one']::bytea[], ARRAY['t', 't'],
    metadata_extracted => ARRAY['{"d": 4}', NULL]::json[]);
INSERT INTO document_inbox (file_name, content, file_type, metadata_extracted)
VALUES ('five', 'five', 't', '{"e": 5}');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
    metadata_extracted)
VALUES ('six', 3, encode(sha256('six'), 'hex'), 't', 'insert', '{"f": 6}');

-- A failure that is healed.
SELECT document_id
FROM ingest_document('seven', 'seven', 't', ingestion_status => 'failed',
    metadata_extracted => '{"g": 7}');
SELECT document_id, is_duplicate
FROM ingest_document('seven', 'seven', 't', metadata_extracted => '{"h": 8}');

-- Events, UPDATE and DELETE.
SELECT record_document_event(2, 'tagged', '{"x": 1}', '{"x": 2}') IS NOT NULL AS recorded;
UPDATE documents SET metadata_extracted = '{"b": 2}' WHERE id = 2;
DELETE FROM documents WHERE id = 2;

SELECT file_name, metadata_extracted FROM documents ORDER BY id;
SELECT document_id, action, old_value -> 'metadata_extracted' AS old,
       new_value -> 'metadata_extracted' AS new
FROM audit_log ORDER BY id;

-- What jsonb cannot hold is an error of the document.
SELECT document_id
FROM ingest_document('nul', 'nul', 't', metadata_extracted => '"\u0000"');
SELECT document_id, error_id IS NOT NULL AS is_logged
FROM try_ingest_document('nul', 'nul', 't', metadata_extracted => '"\u0000"');
SELECT file_name, error_type FROM error_log;

SELECT * FROM doc_extractor_verify() WHERE NOT passed;

SET client_min_messages = warning;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
