-- ingest_documents(): ingests a batch and returns a row for each document, in the order
-- of the arrays.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log,
    pg_sequence_last_value('documents_id_seq') AS last_id;
-- Returns a document's content for its hash, so that results are readable.
CREATE FUNCTION content_of(hash text) RETURNS text LANGUAGE sql AS
    $$SELECT c FROM unnest(ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'g']) c
      WHERE encode(public.digest(c, 'sha256'), 'hex') = hash$$;

-- New documents get their ids by hash, not by position: c has the smallest hash, then b, then a.
SELECT content, encode(digest(content, 'sha256'), 'hex') AS hash
FROM unnest(ARRAY['a', 'b', 'c']) content ORDER BY hash;
SELECT ordinality, document_id, is_duplicate, content_of(file_hash) AS content, duplicate_count
FROM ingest_documents(ARRAY['1.txt', '2.txt', '3.txt'], ARRAY['a', 'b', 'c']::bytea[],
                      ARRAY['text/a', 'text/b', 'text/c']) WITH ORDINALITY ORDER BY ordinality;
SELECT id, file_name, file_size_bytes, content_of(file_hash) AS content, file_type,
       ingestion_source, document_text, metadata_extracted, ingestion_status, error_message
FROM documents ORDER BY id;
SELECT document_id, content_of(file_hash) AS content, duplicate_count
FROM hash_index ORDER BY document_id;
SELECT document_id, action, old_value, new_value FROM audit_log ORDER BY document_id;

-- Every array has an element for each document; a NULL element of an optional array
-- means the default.
SELECT document_id, is_duplicate, content_of(file_hash) AS content, duplicate_count
FROM ingest_documents(
    file_names => ARRAY['4.txt', '5.txt'], contents => ARRAY['d', 'e']::bytea[],
    file_types => ARRAY['t4', 't5'],
    ingestion_sources => ARRAY['api', NULL], document_texts => ARRAY[NULL, 'five'],
    metadata_extracted => ARRAY['{"n": 4}', NULL]::json[],
    ingestion_statuses => ARRAY[NULL, 'failed'],
    error_messages => ARRAY[NULL, 'half of it']) WITH ORDINALITY ORDER BY ordinality;
SELECT file_name, file_type, ingestion_source, document_text, metadata_extracted,
       ingestion_status, error_message
FROM documents WHERE file_name IN ('4.txt', '5.txt') ORDER BY file_name;
SELECT * FROM written;

-- A batch with new documents, one twice and one three times, and one that is stored already: counts
-- grow in the order of the batch.
SELECT ordinality, is_duplicate, content_of(file_hash) AS content, duplicate_count
FROM ingest_documents(ARRAY['f1', 'g1', 'f2', 'a1', 'g2', 'f3', 'a2'],
                      ARRAY['f', 'g', 'f', 'a', 'g', 'f', 'a']::bytea[],
                      array_fill('t'::text, ARRAY[7])) WITH ORDINALITY ORDER BY ordinality;
-- Of several documents with the same content, the first is stored.
SELECT file_name, content_of(file_hash) AS content
FROM documents WHERE file_name ~ '^[afg]\d$' ORDER BY file_name;
-- All result rows of the same content have the same id.
SELECT content_of(file_hash) AS content, count(*), count(DISTINCT document_id) AS ids,
       max(duplicate_count)
FROM ingest_documents(ARRAY['x', 'x', 'x', 'x'], ARRAY['f', 'g', 'f', 'g']::bytea[],
                      ARRAY['t', 't', 't', 't'])
GROUP BY file_hash ORDER BY content;
SELECT * FROM written;
SELECT content_of(file_hash) AS content, duplicate_count FROM hash_index ORDER BY content;

-- The same bytes with several statuses in one batch: the result is the same as that of
-- single calls. failed, success, success: new, healed, duplicate.
SELECT ordinality, is_duplicate, duplicate_count FROM ingest_documents(
    ARRAY['h1', 'h2', 'h3'], ARRAY['h', 'h', 'h']::bytea[], ARRAY['t1', 't2', 't3'],
    document_texts => ARRAY['one', 'two', 'three'],
    ingestion_statuses => ARRAY['failed', 'success', 'success'],
    error_messages => ARRAY['broken', NULL, NULL]) WITH ORDINALITY ORDER BY ordinality;
-- failed, failed: new, failed again.
SELECT ordinality, is_duplicate, duplicate_count FROM ingest_documents(
    ARRAY['i1', 'i2'], ARRAY['i', 'i']::bytea[], ARRAY['t1', 't2'],
    document_texts => ARRAY['one', 'two'], ingestion_statuses => ARRAY['failed', 'failed'],
    error_messages => ARRAY['broken', 'still broken']) WITH ORDINALITY ORDER BY ordinality;
-- success, failed: new, duplicate.
SELECT ordinality, is_duplicate, duplicate_count FROM ingest_documents(
    ARRAY['j1', 'j2'], ARRAY['j', 'j']::bytea[], ARRAY['t1', 't2'],
    document_texts => ARRAY['one', 'two'], ingestion_statuses => ARRAY['success', 'failed'],
    error_messages => ARRAY[NULL, 'too late']) WITH ORDINALITY ORDER BY ordinality;
-- retry, failed, retry, success, retry, success
SELECT ordinality, is_duplicate, duplicate_count FROM ingest_documents(
    ARRAY['k1', 'k2', 'k3', 'k4', 'k5', 'k6'], array_fill('k'::bytea, ARRAY[6]),
    array_fill('t'::text, ARRAY[6]),
    ingestion_statuses => ARRAY['retry', 'failed', 'retry', 'success', 'retry', 'success'],
    error_messages => ARRAY['m1', 'm2', NULL, NULL, 'm5', NULL]) WITH ORDINALITY
ORDER BY ordinality;
SELECT file_name, file_type, document_text, ingestion_status, error_message
FROM documents WHERE file_name ~ '^[hijk]\d$' ORDER BY file_name;
SELECT d.file_name, a.action, a.old_value, a.new_value::jsonb - 'file_hash' AS new_value
FROM documents d JOIN audit_log a ON a.document_id = d.id
WHERE d.file_name ~ '^[hijk]\d$' ORDER BY d.file_name, a.id;
SELECT d.file_name, h.duplicate_count
FROM documents d JOIN hash_index h ON h.document_id = d.id
WHERE d.file_name ~ '^[hijk]\d$' ORDER BY d.file_name;
-- The same across batches: e and i failed before; e is healed, i fails again.
SELECT ordinality, is_duplicate, duplicate_count FROM ingest_documents(
    ARRAY['e', 'i'], ARRAY['e', 'i']::bytea[], ARRAY['t', 't'],
    document_texts => ARRAY['all of it', NULL],
    ingestion_statuses => ARRAY['success', 'failed'],
    error_messages => ARRAY[NULL, 'hopeless']) WITH ORDINALITY
ORDER BY ordinality;
SELECT file_name, document_text, ingestion_status, error_message FROM documents
WHERE file_name IN ('5.txt', 'i1') ORDER BY file_name;

-- An empty array in any form returns no rows.
SELECT * FROM ingest_documents('{}', '{}', '{}');
SELECT * FROM ingest_documents('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
SELECT * FROM ingest_documents(ARRAY[]::text[], ARRAY[]::bytea[], ARRAY[]::text[],
                               NULL, NULL, NULL, NULL, NULL);
-- Lower bounds other than 1 make no difference, nor does a slice.
SELECT ordinality, is_duplicate, content_of(file_hash) AS content
FROM ingest_documents('[0:1]={l1,l2}'::text[], '[7:8]={a,b}'::bytea[], '[-3:-2]={t,t}'::text[],
                      (ARRAY['x', 'y', 'z'])[2:3]) WITH ORDINALITY ORDER BY ordinality;
-- It returns the same rows in a SELECT list.
SELECT (ingest_documents(ARRAY['x', 'y'], ARRAY['a', 'b']::bytea[],
                         ARRAY['t', 't'])).duplicate_count
ORDER BY 1;

-- What ingest_documents() refuses; nothing is written, even if the other documents are good.
SELECT * FROM written;
SELECT * FROM ingest_documents(NULL, ARRAY['z']::bytea[], ARRAY['t']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], NULL, ARRAY['t']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], NULL);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['y', 'z'], ARRAY['z']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['y'], ARRAY['z']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents('{}', ARRAY['z']::bytea[], ARRAY['t']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'], ARRAY['s', 's']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'], document_texts => '{}');
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'],
                               metadata_extracted => ARRAY['1', '2']::json[]);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'],
                               ingestion_statuses => ARRAY['retry', 'retry']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'],
                               error_messages => ARRAY['m', 'm']);
\echo :SQLSTATE
SELECT * FROM ingest_documents('{{y},{z}}', ARRAY['y', 'z']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['y', 'z'], '{{y,z}}', ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['z'], ARRAY['z']::bytea[], ARRAY['t'], '{{{s}}}');
\echo :SQLSTATE
-- For a NULL or bad element, the error says which one it is.
SELECT * FROM ingest_documents(ARRAY['y', NULL, 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY['t', 't', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y', 'z'], ARRAY['x', 'y', NULL]::bytea[],
                               ARRAY['t', 't', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y', 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY[NULL, 't', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', ' ', 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY['t', 't', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y', 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY['t', '', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y', 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY['t', 't', repeat('t', 256)]);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y'], ARRAY['x', 'y']::bytea[], ARRAY['t', 't'],
                               ARRAY[repeat('s', 256), 's']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y'], ARRAY['x', 'y']::bytea[], ARRAY['t', 't'],
                               ingestion_statuses => ARRAY['success', 'SUCCESS']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['x', 'y'], ARRAY['x', 'y']::bytea[], ARRAY['t', 't'],
                               ingestion_statuses => ARRAY['failed', 'failed'],
                               error_messages => ARRAY['m', repeat('m', 1001)]);
\echo :SQLSTATE
-- The detail of the error shows a long name whole.
SELECT * FROM ingest_documents(ARRAY['x', repeat('é', 501)], ARRAY['x', 'y']::bytea[],
                               ARRAY['t', 't']);
\echo :SQLSTATE
-- A constraint refuses a document after those before it have been stored: they are undone too.
ALTER TABLE documents ADD CONSTRAINT no_z CHECK (file_name <> 'z');
\set VERBOSITY sqlstate
SELECT * FROM ingest_documents(ARRAY['x', 'y', 'z'], ARRAY['x', 'y', 'z']::bytea[],
                               ARRAY['t', 't', 't']);
\set VERBOSITY default
SELECT documents, hash_index, duplicates, audit_log FROM written;
ALTER TABLE documents DROP CONSTRAINT no_z;

-- 5,000 documents, the last 500 with the content of the first 500: the hashes equal
-- pgcrypto's, in the order of the batch.
CREATE TABLE offered AS
SELECT i AS position, 'file ' || i AS name, convert_to('content ' || i % 4500, 'UTF8') AS content
FROM generate_series(1, 5000) i;
SELECT count(*), count(DISTINCT content) FROM offered;
SELECT * FROM written;
CREATE TABLE results AS
SELECT r.* FROM
    (SELECT array_agg(name ORDER BY position) AS names,
            array_agg(content ORDER BY position) AS bytes FROM offered) o,
    ingest_documents(o.names, o.bytes, array_fill('text/plain'::text, ARRAY[5000]))
        WITH ORDINALITY r;
SELECT count(*) AS rows,
       count(*) FILTER (WHERE r.file_hash = encode(digest(o.content, 'sha256'), 'hex'))
           AS right_hash,
       count(DISTINCT document_id) AS ids, count(*) FILTER (WHERE is_duplicate) AS duplicates,
       count(*) FILTER (WHERE duplicate_count = is_duplicate::int) AS right_count
FROM results r JOIN offered o ON o.position = r.ordinality;
-- The first document with the same content is stored, with its name and size; the second is its
-- duplicate.
SELECT count(*) FROM results r JOIN offered o ON o.position = r.ordinality
JOIN documents d ON d.id = r.document_id
WHERE d.file_hash = r.file_hash AND d.file_size_bytes = length(o.content)
  AND (d.file_name = o.name) = NOT r.is_duplicate
  AND r.is_duplicate = (o.position > 4500);
SELECT * FROM written;
-- The documents are stored in the order of the hashes, which keeps concurrent batches
-- from deadlocks.
SELECT bool_and(file_hash > previous) AS in_order FROM
    (SELECT id, file_hash COLLATE "C" AS file_hash,
            lag(file_hash COLLATE "C") OVER (ORDER BY id) AS previous
     FROM documents WHERE id IN (SELECT document_id FROM results)) d WHERE previous IS NOT NULL;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
