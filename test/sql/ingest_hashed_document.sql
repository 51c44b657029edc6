-- ingest_hashed_document(): documents whose bytes are stored elsewhere.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
-- A ledger that came from 1.1 has narrow types.
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE;
SET search_path = docs, public;
SELECT encode(digest('abc', 'sha256'), 'hex') AS abc \gset

-- The document is new, then a duplicate. Upper-case digits mean the same hash; it is
-- stored in lower case.
SELECT * FROM ingest_hashed_document('abc.txt', upper(:'abc'), 3, 'text/plain');
SELECT file_name, file_hash, file_size_bytes, file_type, ingestion_source, ingestion_status
FROM documents;
SELECT file_hash, document_id, duplicate_count FROM hash_index;
SELECT * FROM ingest_hashed_document('abc.txt', :'abc', 3, 'text/plain');
SELECT * FROM ingest_hashed_document('abc.txt', initcap(:'abc'), 3, 'text/plain');
-- The bytes themselves have the same hash, so they are a duplicate, and the other way round.
SELECT is_duplicate, duplicate_count FROM ingest_document('abc.txt', 'abc', 'text/plain');
SELECT document_id, is_duplicate FROM ingest_document('def.txt', 'def', 'text/plain');
SELECT document_id, is_duplicate, duplicate_count
FROM ingest_hashed_document('def.txt', encode(digest('def', 'sha256'), 'hex'), 3, 'text/plain');

-- All arguments by name; a failure, then a success.
SELECT is_duplicate FROM ingest_hashed_document(
    error_message => 'not read', ingestion_status => 'failed', metadata_extracted => '[1]',
    document_text => NULL, ingestion_source => 's3', file_type => 'application/pdf',
    file_size_bytes => 2147483647, file_hash => repeat('0', 64), file_name => 'huge.pdf');
SELECT is_duplicate, duplicate_count
FROM ingest_hashed_document('huge.pdf', repeat('0', 64), 2147483647, 'application/pdf',
                            document_text => 'read');
SELECT file_name, file_size_bytes, file_hash, ingestion_source, document_text, metadata_extracted,
       ingestion_status, error_message
FROM documents WHERE file_hash = repeat('0', 64);
-- A size of 0 bytes is a size.
SELECT is_duplicate
FROM ingest_hashed_document('empty', encode(digest('', 'sha256'), 'hex'), 0, 'text/plain');
SELECT is_duplicate, duplicate_count FROM ingest_document('empty', '', 'text/plain');

-- What ingest_hashed_document() refuses; nothing is written.
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log,
    pg_sequence_last_value('documents_id_seq') AS last_id;
SELECT * FROM written;
SELECT * FROM ingest_hashed_document('x', NULL, 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', :'abc', NULL, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', '', 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 63), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 65), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 63) || 'g', 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 63) || ' ', 3, 't');
\echo :SQLSTATE
-- 64 bytes that are not 64 hexadecimal digits.
SELECT * FROM ingest_hashed_document('x', repeat('é', 32), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 62) || '٣', 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', '0x' || repeat('a', 62), 3, 't');
\echo :SQLSTATE
-- MD5, a hash of the wrong kind.
SELECT * FROM ingest_hashed_document('x', md5('abc'), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), -1, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), -9223372036854775808, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), 2147483648, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), 9223372036854775807, 't');
\echo :SQLSTATE
-- The other checks are those of ingest_document().
SELECT * FROM ingest_hashed_document(NULL, repeat('a', 64), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document(' ', repeat('a', 64), 3, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), 3, repeat('t', 256));
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('x', repeat('a', 64), 3, 't', ingestion_status => 'Success');
\echo :SQLSTATE

-- Another size under the same hash contradicts the stored document: the document stays
-- as it is, and nothing is counted.
SELECT * FROM ingest_hashed_document('abc.txt', :'abc', 4, 'text/plain');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('abc.txt', upper(:'abc'), 0, 'text/plain');
\echo :SQLSTATE
SELECT * FROM written;
-- A wrong size neither heals a failed document nor records another failure.
SELECT document_id AS failed
FROM ingest_hashed_document('f', repeat('f', 64), 7, 't',
                            ingestion_status => 'failed', error_message => 'first') \gset
SELECT * FROM ingest_hashed_document('f', repeat('f', 64), 8, 't');
\echo :SQLSTATE
SELECT * FROM ingest_hashed_document('f', repeat('f', 64), 8, 't',
                                     ingestion_status => 'failed', error_message => 'second');
\echo :SQLSTATE
SELECT ingestion_status, error_message, file_size_bytes FROM documents WHERE id = :failed;
-- The right size heals it.
SELECT document_id = :failed AS same, is_duplicate
FROM ingest_hashed_document('f', repeat('f', 64), 7, 't');

-- In a wide ledger, larger sizes fit.
DROP VIEW written;
SELECT count(*) > 0 AS is_wide FROM doc_extractor_widen();
SELECT is_duplicate FROM ingest_hashed_document('x', repeat('a', 64), 9223372036854775807, 't');
SELECT is_duplicate FROM ingest_hashed_document('x', repeat('a', 64), 9223372036854775807, 't');
SELECT file_size_bytes FROM documents WHERE file_hash = repeat('a', 64);

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
