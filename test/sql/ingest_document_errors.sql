-- What ingest_document() refuses: the message, the SQLSTATE, and that it wrote nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SET search_path = docs;
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log,
    (SELECT count(*) FROM error_log) AS error_log,
    pg_sequence_last_value('documents_id_seq') AS last_id;

-- Stores one document, so that the tables are not empty.
SELECT document_id, is_duplicate FROM ingest_document('a', 'a', 't');
SELECT * FROM written;

-- file_name
SELECT * FROM ingest_document(NULL, 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document('', 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document('   ', 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document(E' \t\n\r\f', 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document(repeat('x', 501), 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document(repeat('é', 501), 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document(repeat('😀', 501), 'b', 't');
\echo :SQLSTATE
-- Trailing blanks count; a cast to varchar would cut them off.
SELECT * FROM ingest_document(repeat('x', 500) || ' ', 'b', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document(repeat('x', 1000000), 'b', 't');
\echo :SQLSTATE
SELECT * FROM written;

-- file_type
SELECT * FROM ingest_document('b', 'b', NULL);
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', '');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', E'\n');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', repeat('x', 51));
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', repeat('é', 51));
\echo :SQLSTATE
-- The type of a DOCX file, which V001's column cannot hold.
SELECT *
FROM ingest_document('b', 'b',
                     'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
\echo :SQLSTATE

-- content
SELECT * FROM ingest_document('b', NULL, 't');
\echo :SQLSTATE

-- ingestion_source
SELECT * FROM ingest_document('b', 'b', 't', repeat('x', 256));
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', repeat('é', 256));
\echo :SQLSTATE

-- error_message
SELECT * FROM ingest_document('b', 'b', 't',
                              ingestion_status => 'failed', error_message => repeat('x', 1001));
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't',
                              ingestion_status => 'failed', error_message => repeat('é', 1001));
\echo :SQLSTATE

-- ingestion_status: exactly these three words
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'SUCCESS');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'Failed');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'retry ');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'succes');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'successful');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => '');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => 'pending');
\echo :SQLSTATE
SELECT * FROM ingest_document('b', 'b', 't', ingestion_status => repeat('x', 51));
\echo :SQLSTATE

-- The server itself refuses invalid JSON and a missing argument.
\set VERBOSITY sqlstate
SELECT * FROM ingest_document('b', 'b', 't', metadata_extracted => '{');
SELECT * FROM ingest_document('b', 'b');
\set VERBOSITY default
SELECT * FROM written;

-- The same arguments are refused for a duplicate.
SELECT * FROM ingest_document('', 'a', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document('a', 'a', repeat('x', 51));
\echo :SQLSTATE
SELECT * FROM ingest_document('a', 'a', 't', ingestion_status => 'done');
\echo :SQLSTATE
SELECT * FROM written;

-- An error undoes what the same statement did before.
SELECT d.* FROM (VALUES (1, 'b'), (2, 'c'), (3, '')) AS v (i, name),
    LATERAL ingest_document(v.name, convert_to(v.name, 'UTF8'), 't') AS d;
\echo :SQLSTATE
SELECT documents, hash_index, duplicates, audit_log FROM written;

-- The limit is the column's own: if an owner widens the column, longer values fit.
ALTER TABLE documents ALTER file_type TYPE varchar(255);
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('b', 'b',
                     'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
SELECT * FROM ingest_document('c', 'c', repeat('x', 256));
\echo :SQLSTATE
ALTER TABLE documents ALTER file_type TYPE text;
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('c', 'c', repeat('x', 256));
SELECT file_name, length(file_type) FROM documents ORDER BY file_name;

-- A read-only transaction writes nothing, neither new documents nor counts.
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT * FROM ingest_document('d', 'd', 't');
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM ingest_document('a', 'a', 't');
ROLLBACK;
-- If a document's row in hash_index was deleted, the next duplicate restores it, and
-- the count restarts.
\set VERBOSITY default
DELETE FROM hash_index WHERE document_id = 1;
SELECT document_id, is_duplicate, duplicate_count FROM ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count FROM ingest_document('a', 'a', 't');
SELECT h.file_hash = d.file_hash AS same, h.document_id, h.duplicate_count
FROM hash_index h JOIN documents d ON d.id = h.document_id WHERE d.id = 1;
SELECT documents, hash_index, duplicates, audit_log FROM written;
-- So does a duplicate in the middle of a batch.
DELETE FROM hash_index WHERE file_hash = (SELECT file_hash FROM documents WHERE file_name = 'b');
SELECT is_duplicate, duplicate_count
FROM ingest_documents(ARRAY['b', 'x', 'b'], ARRAY['b', 'x', 'b']::bytea[], ARRAY['t', 't', 't']);
SELECT documents, hash_index, duplicates, audit_log FROM written;
-- A count that has reached the largest integer stays there.
UPDATE hash_index SET duplicate_count = 2147483646
WHERE file_hash = (SELECT file_hash FROM documents WHERE file_name = 'b');
SELECT is_duplicate, duplicate_count FROM ingest_document('b', 'b', 't');
SELECT is_duplicate, duplicate_count FROM ingest_document('b', 'b', 't');
SELECT is_duplicate, duplicate_count FROM ingest_document('b', 'b', 't');
SELECT duplicate_count
FROM hash_index WHERE file_hash = (SELECT file_hash FROM documents WHERE file_name = 'b');

RESET search_path;
DROP SCHEMA docs CASCADE;
