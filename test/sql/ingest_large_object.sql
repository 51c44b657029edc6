-- ingest_large_object(): documents that are large objects.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
-- A ledger that came from 1.1 has narrow types.
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE;
SET search_path = docs, public;
-- Sizes around those of a large object's pages and of the pieces that the function
-- reads. The objects are numbered from 4201, by size.
CREATE TABLE samples AS
SELECT 4200 + row_number() OVER (ORDER BY size) AS loid, size,
       CASE size
           WHEN 0 THEN ''
           ELSE substr(decode(string_agg(md5(size || ' ' || i), '' ORDER BY i), 'hex'), 1, size)
       END AS content
FROM unnest(ARRAY[0, 1, 2047, 2048, 2049, 65535, 65536, 65537, 131072, 1000000]) AS size,
    generate_series(0, size / 16) AS i
GROUP BY size;
SELECT count(lo_from_bytea(loid::oid, content)) FROM samples;
SELECT size, r.document_id, r.is_duplicate,
       r.file_hash = encode(digest(content, 'sha256'), 'hex') AS hash
FROM samples,
    ingest_large_object(loid::oid, 'object ' || size, 'application/octet-stream') AS r
ORDER BY size;
SELECT file_name, file_size_bytes, file_type, ingestion_source, document_text, metadata_extracted,
       ingestion_status, error_message
FROM documents ORDER BY id;
-- The same bytes again, from the large objects and from memory.
SELECT sum(r.duplicate_count) FROM samples, ingest_large_object(loid::oid, 'again', 't') AS r;
SELECT sum(r.duplicate_count) FROM samples, ingest_document('again', content, 't') AS r;
-- Parts of an object that were never written are zeros.
SELECT lo_create(4300);
BEGIN;
SELECT lowrite(fd, 'end')
FROM lo_open(4300, x'20000'::int) AS fd, LATERAL lo_lseek64(fd, 1000000, 0);
COMMIT;
SELECT is_duplicate,
       file_hash = encode(digest(decode(repeat('00', 1000000), 'hex') || 'end', 'sha256'), 'hex')
           AS hash
FROM ingest_large_object(4300, 'zeros', 't');
SELECT file_size_bytes FROM documents WHERE file_name = 'zeros';
-- All arguments by name; a failure, then a success.
SELECT lo_from_bytea(4301, 'named');
SELECT is_duplicate FROM ingest_large_object(
    error_message => 'not read', ingestion_status => 'failed', metadata_extracted => '[1]',
    document_text => 'text', ingestion_source => 'client', file_type => 'text/plain',
    file_name => 'named', loid => 4301);
SELECT file_name, file_type, ingestion_source, document_text, metadata_extracted, ingestion_status,
       error_message
FROM documents WHERE file_name = 'named';
SELECT is_duplicate, duplicate_count
FROM ingest_large_object(4301, 'named', 'text/plain', NULL, 'read', NULL, NULL);
SELECT document_text, metadata_extracted, ingestion_status, error_message
FROM documents WHERE file_name = 'named';
-- A change of the object is seen from the next statement on, as always.
SELECT lo_put(4301, 0, 'N');
SELECT is_duplicate, file_hash = encode(digest('Named', 'sha256'), 'hex') AS hash
FROM ingest_large_object(4301, 'Named', 't');
-- The function leaves no descriptor open: lo_open() returns the transaction's first one.
BEGIN;
SELECT is_duplicate FROM ingest_large_object(4301, 'a', 't');
SELECT is_duplicate FROM ingest_large_object(4301, 'a', 't');
SELECT lo_open(4301, x'40000'::int);
-- The caller's own descriptor stays open, at its position.
SELECT loread(0, 2);
SELECT is_duplicate FROM ingest_large_object(4301, 'a', 't');
SELECT loread(0, 2);
SAVEPOINT s;
SELECT * FROM ingest_large_object(4301, '', 't');
ROLLBACK TO s;
SELECT loread(0, 2);
SELECT lo_open(4301, x'40000'::int);
COMMIT;
-- A trigger removes the object while it is being ingested.
CREATE FUNCTION unlink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lo_unlink(4301);
    RETURN NEW;
END
$$;
CREATE TRIGGER unlink BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION unlink();
DELETE FROM documents WHERE file_name = 'Named';
SELECT is_duplicate FROM ingest_large_object(4301, 'Named', 't');
DROP TRIGGER unlink ON documents;
SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 4301;

-- What ingest_large_object() refuses; nothing is written.
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log;
SELECT * FROM written;
SELECT * FROM ingest_large_object(NULL, 'a', 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4301, 'a', 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(0, 'a', 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4300, NULL, 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4300, '', 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4300, repeat('x', 501), 't');
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4300, 'a', NULL);
\echo :SQLSTATE
SELECT * FROM ingest_large_object(4300, 'a', 't', ingestion_status => 'done');
\echo :SQLSTATE
-- An object with one byte more than the column can hold is not read.
BEGIN;
SELECT lowrite(fd, 'x')
FROM lo_open(4300, x'20000'::int) AS fd, LATERAL lo_lseek64(fd, 2147483647, 0);
COMMIT;
SELECT * FROM ingest_large_object(4300, 'a', 't');
\echo :SQLSTATE
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT * FROM ingest_large_object(4201, 'a', 't');
ROLLBACK;
\set VERBOSITY default
SELECT * FROM written;

-- The caller needs EXECUTE, and SELECT on the object unless lo_compat_privileges is on.
CREATE ROLE regress_docs_ingester;
GRANT USAGE ON SCHEMA docs TO regress_docs_ingester;
SET ROLE regress_docs_ingester;
SELECT * FROM ingest_large_object(4202, 'a', 't');
\echo :SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION ingest_large_object TO regress_docs_ingester;
SET ROLE regress_docs_ingester;
SELECT * FROM ingest_large_object(4202, 'a', 't');
\echo :SQLSTATE
RESET ROLE;
GRANT SELECT ON LARGE OBJECT 4202 TO regress_docs_ingester;
SET ROLE regress_docs_ingester;
SELECT is_duplicate, duplicate_count FROM ingest_large_object(4202, 'a', 't');
SELECT lo_from_bytea(4302, 'its own');
SELECT is_duplicate, duplicate_count FROM ingest_large_object(4302, 'a', 't');
RESET ROLE;
BEGIN;
SET LOCAL lo_compat_privileges = on;
SET LOCAL ROLE regress_docs_ingester;
SELECT is_duplicate, duplicate_count FROM ingest_large_object(4203, 'a', 't');
COMMIT;

SELECT count(lo_unlink(oid)) FROM pg_largeobject_metadata WHERE oid BETWEEN 4201 AND 4302;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
DROP ROLE regress_docs_ingester;
