-- ingest_document(): how it stores a new document, and what it does when the same
-- content is ingested again.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;

-- The number of rows in the four tables, which is the same in every run.
CREATE VIEW rows_of AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT count(*) FROM audit_log) AS audit_log, (SELECT count(*) FROM error_log) AS error_log;
-- The last id that each table has taken from its sequence; NULL if it has taken none.
CREATE VIEW ids_taken AS SELECT
    pg_sequence_last_value('documents_id_seq') AS documents,
    pg_sequence_last_value('hash_index_id_seq') AS hash_index,
    pg_sequence_last_value('audit_log_id_seq') AS audit_log;

-- A new document adds one row to each of three tables. The hash is the one that FIPS
-- 180 gives for abc.
SELECT * FROM ingest_document('abc.txt', 'abc', 'text/plain');
SELECT * FROM rows_of;
SELECT id, file_name, file_size_bytes, file_hash, file_type, ingestion_source, document_text,
       metadata_extracted, ingestion_status, error_message
FROM documents;
SELECT id, file_hash, document_id, duplicate_count FROM hash_index;
SELECT id, document_id, action, user_or_system = session_user AS is_session_user,
       old_value, new_value, change_reason
FROM audit_log;
-- All times are the same.
SELECT ingestion_timestamp = created_at AS ingestion, updated_at = created_at AS updated,
       first_seen = created_at AS first_seen, last_seen = created_at AS last_seen,
       action_timestamp = created_at AS action
FROM documents, hash_index, audit_log;

-- The same content with other arguments is counted; the first document stays as it was.
SELECT pg_sleep(0.01);
SELECT * FROM ingest_document('copy.bin', 'abc', 'application/octet-stream', 'api', 'text', '{}');
SELECT * FROM ingest_document('abc.txt', 'abc', 'text/plain');
SELECT * FROM rows_of;
SELECT * FROM ids_taken;
SELECT id, file_name, file_type, ingestion_source, document_text, metadata_extracted,
       updated_at = created_at AS untouched
FROM documents;
SELECT duplicate_count, last_seen > first_seen AS seen_later,
       last_seen <= localtimestamp AS not_too_late
FROM hash_index;

-- All arguments, by name.
SELECT document_id, is_duplicate, duplicate_count FROM ingest_document(
    error_message => NULL, ingestion_status => 'success', metadata_extracted => '{"pages": 3}',
    document_text => 'three pages', ingestion_source => 'batch_import',
    file_type => 'application/pdf',
    content => 'pdf', file_name => 'three.pdf');
-- Arguments with a default can be omitted.
SELECT document_id
FROM ingest_document('four.pdf', 'pdf4', 'application/pdf', document_text => 'four');
SELECT id, file_name, file_size_bytes, file_type, ingestion_source, document_text,
       metadata_extracted, ingestion_status, error_message
FROM documents WHERE id > 1 ORDER BY id;
-- NULL for source and status means their default.
SELECT document_id, is_duplicate
FROM ingest_document('null.txt', 'null', 'text/plain', NULL, NULL, NULL, NULL, NULL);
SELECT ingestion_source, ingestion_status FROM documents WHERE file_name = 'null.txt';
-- Empty text is text; an empty source is a source.
SELECT document_id
FROM ingest_document('empty.txt', 'text is empty', 'text/plain', '', '', error_message => '');
SELECT ingestion_source = '' AS source, document_text = '' AS text, error_message = '' AS message
FROM documents WHERE file_name = 'empty.txt';
-- Metadata can be any JSON value, not only an object; it is stored exactly as it is written.
SELECT ingest_document('json ' || i, convert_to('json ' || i, 'UTF8'), 'text/plain',
                       metadata_extracted => value::json) IS NOT NULL AS ingested
FROM (VALUES (1, '42'), (2, '"text"'), (3, 'null'), (4, 'true'), (5, '[1,  2]'),
             (6, ' { "b" :1, "a":2,"b":3 } ')) AS v (i, value)
ORDER BY i;
SELECT file_name, '<' || metadata_extracted::text || '>' AS metadata FROM documents
WHERE file_name LIKE 'json %' ORDER BY file_name;

-- The hash equals pgcrypto's for bytes of every kind: round the borders of SHA-256's
-- blocks, and stored out of line.
CREATE TABLE samples (label text, content bytea);
INSERT INTO samples
SELECT length || ' bytes', convert_to(repeat('q', length), 'UTF8')
FROM unnest(ARRAY[0, 1, 2, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 8192, 1048576,
                  1048577]) AS length
UNION ALL SELECT length || ' NUL bytes', decode(repeat('00', length), 'hex')
FROM unnest(ARRAY[1, 2, 55, 56, 64, 1000]) AS length
UNION ALL SELECT 'NUL inside', '\x610062'
UNION ALL SELECT 'every byte', decode(string_agg(lpad(to_hex(i), 2, '0'), '' ORDER BY i), 'hex')
FROM generate_series(0, 255) i
UNION ALL SELECT 'UTF-8', convert_to('héllo wörld €', 'UTF8')
UNION ALL SELECT 'incompressible', decode(string_agg(md5(i::text), '' ORDER BY i), 'hex')
FROM generate_series(1, 20000) i;
SELECT count(*), count(DISTINCT content), max(length(content)) FROM samples;
CREATE TABLE results AS
SELECT c.label, c.content, r.* FROM samples c,
    ingest_document(c.label, c.content, 'application/octet-stream', 'hash test') r;
SELECT label FROM results
WHERE file_hash IS DISTINCT FROM encode(digest(content, 'sha256'), 'hex')
   OR is_duplicate OR duplicate_count <> 0
ORDER BY label;
-- The tables have the same hash, and the size.
SELECT count(*) FROM results r
JOIN documents d ON d.id = r.document_id AND d.file_hash = encode(digest(content, 'sha256'), 'hex')
    AND d.file_size_bytes = length(content) AND d.file_name = r.label
JOIN hash_index h ON h.document_id = d.id AND h.file_hash = d.file_hash;
SELECT file_hash FROM results WHERE label = '0 bytes';
-- Only the bytes decide: ingested again, all of them are duplicates.
SELECT count(*), bool_and(r.is_duplicate) AS duplicates,
       min(r.duplicate_count), max(r.duplicate_count)
FROM samples c, ingest_document('again', c.content, 'text/plain') r;

-- A success after a failure gives the row its text and metadata, and is no duplicate.
SELECT * FROM rows_of;
SELECT document_id AS scan, is_duplicate, duplicate_count
FROM ingest_document('scan.tif', 'scan', 'image/tiff', 'api',
                     ingestion_status => 'failed', error_message => 'no text found') \gset
\echo :is_duplicate :duplicate_count
SELECT pg_sleep(0.01);
SELECT document_id = :scan AS same, is_duplicate, duplicate_count
FROM ingest_document('other.tif', 'scan', 'image/other', 'manual', 'found it', '{"ocr": 2}');
SELECT file_name, file_type, ingestion_source, document_text, metadata_extracted, ingestion_status,
       error_message, updated_at > created_at AS updated
FROM documents WHERE id = :scan;
SELECT action, old_value, new_value FROM audit_log WHERE document_id = :scan ORDER BY id;
SELECT duplicate_count, last_seen = first_seen AS seen_once
FROM hash_index WHERE document_id = :scan;
-- From now on, the same content is counted.
SELECT document_id = :scan AS same, is_duplicate, duplicate_count
FROM ingest_document('scan.tif', 'scan', 'image/tiff');
SELECT count(*) AS trail_rows FROM audit_log WHERE document_id = :scan;

-- A failure of a document that is stored as a success counts as a duplicate.
SELECT document_id = :scan AS same, is_duplicate, duplicate_count
FROM ingest_document('scan.tif', 'scan', 'image/tiff',
                     ingestion_status => 'failed', error_message => 'disk full');
SELECT document_id = :scan AS same, is_duplicate, duplicate_count
FROM ingest_document('scan.tif', 'scan', 'image/tiff', ingestion_status => 'retry');
SELECT ingestion_status, error_message FROM documents WHERE id = :scan;

-- A failure after a failure replaces the message only; without a message, the old one stays.
SELECT document_id AS bad
FROM ingest_document('bad.pdf', 'bad', 'application/pdf', 'api', 'draft', '{"try": 1}',
                     'failed', 'first error') \gset
SELECT document_id = :bad AS same, is_duplicate, duplicate_count
FROM ingest_document('worse.pdf', 'bad', 'application/x-pdf', 'manual', 'other', '{"try": 2}',
                     'failed', 'second error');
SELECT file_name, file_type, ingestion_source, document_text, metadata_extracted, ingestion_status,
       error_message
FROM documents WHERE id = :bad;
SELECT document_id = :bad AS same, is_duplicate, duplicate_count
FROM ingest_document('bad.pdf', 'bad', 'application/pdf', ingestion_status => 'failed');
-- The same message again changes nothing, so it leaves no trail.
SELECT document_id = :bad AS same, is_duplicate, duplicate_count
FROM ingest_document('bad.pdf', 'bad', 'application/pdf',
                     ingestion_status => 'failed', error_message => 'second error');
SELECT ingestion_status, error_message FROM documents WHERE id = :bad;
SELECT action, old_value, new_value
FROM audit_log WHERE document_id = :bad AND action = 'updated' ORDER BY id;

-- A document with the status retry is not complete either.
SELECT document_id AS later
FROM ingest_document('later.pdf', 'later', 'application/pdf',
                     ingestion_status => 'retry', error_message => 'server busy') \gset
SELECT document_id = :later AS same, is_duplicate, duplicate_count
FROM ingest_document('later.pdf', 'later', 'application/pdf',
                     ingestion_status => 'failed', error_message => 'gave up');
SELECT ingestion_status, error_message FROM documents WHERE id = :later;
SELECT document_id = :later AS same, is_duplicate, duplicate_count
FROM ingest_document('later.pdf', 'later', 'application/pdf');
SELECT ingestion_status, error_message, document_text, metadata_extracted
FROM documents WHERE id = :later;
SELECT old_value, new_value
FROM audit_log WHERE document_id = :later AND action = 'updated' ORDER BY id;
-- A document with duplicates that was set to failed by hand is healed: its count stays,
-- and is returned.
SELECT duplicate_count FROM ingest_document('later.pdf', 'later', 'application/pdf');
UPDATE documents SET ingestion_status = 'failed' WHERE id = :later;
SELECT document_id = :later AS same, is_duplicate, duplicate_count
FROM ingest_document('later.pdf', 'later', 'application/pdf');

-- Neither duplicates nor failures use up ids: as many ids were taken as there are rows.
SELECT (SELECT documents FROM ids_taken) = (SELECT documents FROM rows_of) AS documents,
       (SELECT hash_index FROM ids_taken) = (SELECT hash_index FROM rows_of) AS hash_index,
       (SELECT audit_log FROM ids_taken) = (SELECT audit_log FROM rows_of) AS audit_log;

-- A document that plain SQL inserted is found as well: its hash stands for its content.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('plain.txt', 5, encode(digest('plain', 'sha256'), 'hex'), 'text/plain', 'psql');
SELECT is_duplicate, duplicate_count FROM ingest_document('plain.txt', 'plain', 'text/plain');

-- A rollback undoes all of it.
SELECT * FROM rows_of;
BEGIN;
SAVEPOINT before;
SELECT is_duplicate FROM ingest_document('undone.txt', 'undone', 'text/plain');
SELECT is_duplicate, duplicate_count FROM ingest_document('undone.txt', 'undone', 'text/plain');
SELECT is_duplicate, duplicate_count FROM ingest_document('abc.txt', 'abc', 'text/plain');
ROLLBACK TO before;
SELECT * FROM rows_of;
SELECT duplicate_count FROM hash_index WHERE document_id = 1;
-- The same transaction can ingest it again, as a new document.
SELECT is_duplicate, duplicate_count FROM ingest_document('undone.txt', 'undone', 'text/plain');
COMMIT;
SELECT is_duplicate, duplicate_count FROM ingest_document('undone.txt', 'undone', 'text/plain');
-- A PL/pgSQL exception block is a subtransaction, too.
DO $$
BEGIN
    PERFORM docs.ingest_document('block.txt', 'block', 'text/plain');
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
    RAISE WARNING 'documents called block.txt: %',
        (SELECT count(*) FROM docs.documents WHERE file_name = 'block.txt');
END
$$;

-- After DELETE, the same content is new again.
DELETE FROM documents WHERE file_name = 'undone.txt';
SELECT is_duplicate, duplicate_count FROM ingest_document('undone.txt', 'undone', 'text/plain');

-- The longest name, type, source and message are stored whole: 500, 255, 255 and 1000 characters.
SELECT document_id AS long
FROM ingest_document(repeat('é', 500), 'long', repeat('ü', 255), repeat('€', 255),
                     ingestion_status => 'failed', error_message => repeat('ß', 1000)) \gset
SELECT length(file_name), length(file_type), length(ingestion_source), length(error_message)
FROM documents WHERE id = :long;
-- Blanks around a name belong to it.
SELECT is_duplicate FROM ingest_document('  blanks ', 'blanks', E'\ttype\n');
SELECT '<' || file_name || '>' AS name, file_type = E'\ttype\n' AS type FROM documents
WHERE file_hash = encode(digest('blanks', 'sha256'), 'hex');

-- Ways to call it: as a row, as columns, in FROM, in a prepared statement, and for no rows at all.
SELECT ingest_document('row.txt', 'abc', 'text/plain') AS row;
SELECT (ingest_document('columns.txt', 'abc', 'text/plain')).duplicate_count;
PREPARE ingest (text, bytea) AS SELECT is_duplicate FROM ingest_document($1, $2, 'text/plain');
EXECUTE ingest ('prepared.txt', 'prepared');
EXECUTE ingest ('prepared.txt', 'prepared');
EXECUTE ingest ('prepared.txt', 'prepared 2');
DEALLOCATE ingest;
SELECT r.* FROM samples c, ingest_document(c.label, c.content, 'x') r WHERE c.label = 'none';
SELECT pg_typeof(document_id) AS document_id, pg_typeof(is_duplicate) AS is_duplicate,
       pg_typeof(file_hash) AS file_hash,
       pg_typeof(duplicate_count) AS duplicate_count
FROM ingest_document('types.txt', 'types', 'text/plain');

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
