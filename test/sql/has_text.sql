-- has_text: whether the document that is stored has a document_text, whatever was offered.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
SELECT lo_from_bytea(4201, 'text');

-- New documents, and duplicates that offer something else. An empty text is a text.
SELECT document_id, is_duplicate, has_text
FROM ingest_document('none', 'none', 't');
SELECT document_id, is_duplicate, has_text
FROM ingest_document('text', 'text', 't', document_text => 'a text');
SELECT document_id, is_duplicate, has_text
FROM ingest_document('empty', 'empty', 't', document_text => '');
SELECT document_id, is_duplicate, has_text
FROM ingest_document('none', 'none', 't', document_text => 'a text');
SELECT document_id, is_duplicate, has_text FROM ingest_document('text', 'text', 't');
SELECT document_id, is_duplicate, has_text
FROM ingest_hashed_document('text', encode(sha256('text'), 'hex'), 4, 't');
SELECT document_id, is_duplicate, has_text
FROM ingest_hashed_document('5', repeat('5', 64), 5, 't', document_text => 'five');
SELECT document_id, is_duplicate, has_text FROM ingest_large_object(4201, 'text', 't');
SELECT document_id, is_duplicate, has_text
FROM ingest_file('PG_VERSION', 't', document_text => 'a number');
SELECT document_id, is_duplicate, has_text FROM ingest_file('PG_VERSION', 't');
SELECT document_id, is_duplicate, has_text FROM try_ingest_document('empty', 'empty', 't');

-- In a batch, in its order; the second of the same content is told what the first has stored.
SELECT ordinality, document_id, is_duplicate, has_text
FROM ingest_documents(ARRAY['z', 'none', 'text', 'z', 'y', 'y'],
                      ARRAY['z', 'none', 'text', 'z', 'y', 'y']::bytea[],
                      ARRAY['t', 't', 't', 't', 't', 't'],
                      document_texts => ARRAY['z', 'none', NULL, NULL, NULL, 'y'])
    WITH ORDINALITY;

-- What has failed can have a text. One more failure leaves it, a success replaces it, by nothing
-- too; the duplicates after it see that.
SELECT document_id, has_text
FROM ingest_document('f', 'f', 't', document_text => 'half', ingestion_status => 'failed');
SELECT document_id, has_text FROM ingest_document('f', 'f', 't', ingestion_status => 'retry');
SELECT ordinality, is_duplicate, has_text
FROM ingest_documents(ARRAY['f', 'f', 'f'], ARRAY['f', 'f', 'f']::bytea[], ARRAY['t', 't', 't'],
                      document_texts => ARRAY['whole', NULL, 'more'],
                      ingestion_statuses => ARRAY['failed', 'success', 'success'])
    WITH ORDINALITY;
SELECT document_id, has_text FROM ingest_document('g', 'g', 't', ingestion_status => 'failed');
SELECT document_id, has_text FROM ingest_document('g', 'g', 't', document_text => 'healed');

-- A text that came or went by UPDATE.
UPDATE documents SET document_text = 'later' WHERE file_name = 'none';
UPDATE documents SET document_text = NULL WHERE file_name = 'text';
SELECT file_name, has_text
FROM (VALUES ('none'), ('text')) AS f (file_name), ingest_document(file_name, file_name::bytea, 't');

-- A document that was logged has no row, so there is nothing to say.
SELECT document_id, error_id, at_location, has_text
FROM try_ingest_document('', 'x', 't', document_text => 'a text');
SET doc_extractor.on_bad_document = log;
SELECT document_id, is_duplicate, duplicate_count, at_location, has_text
FROM ingest_documents('{"",none}', '{x,none}', '{t,t}', document_texts => '{a,b}');
RESET doc_extractor.on_bad_document;

-- hash_index has lost the row: the document is found by its hash.
DELETE FROM hash_index WHERE file_hash = encode(sha256('none'), 'hex');
SELECT document_id, is_duplicate, has_text FROM ingest_document('none', 'none', 't');

-- A trigger of a user's has the last word before the row is written.
CREATE FUNCTION turn_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.document_text := CASE WHEN new.document_text IS NULL THEN 'from a trigger' END;
    RETURN new;
END
$$;
CREATE TRIGGER turn_text BEFORE INSERT OR UPDATE ON documents
    FOR EACH ROW EXECUTE FUNCTION turn_text();
SELECT file_name, is_duplicate, has_text
FROM (VALUES ('i', NULL), ('i', 'text'), ('j', 'text'), ('j', NULL)) AS o (file_name, document_text),
    ingest_document(file_name, file_name::bytea, 't', document_text => document_text);
SELECT has_text FROM ingest_document('k', 'k', 't', document_text => 'k', ingestion_status => 'failed');
SELECT has_text FROM ingest_document('k', 'k', 't', ingestion_status => 'failed');
SELECT has_text FROM ingest_document('k', 'k', 't', document_text => 'k');
DROP TRIGGER turn_text ON documents;

-- Each answer was true: the last ones for each document, against the table.
SELECT file_name, document_text IS NOT NULL AS has_text FROM documents ORDER BY id;

SELECT lo_unlink(4201);
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
