-- doc_extractor.audit_value_limit: how the trail replaces a value that is too long.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;
-- Returns what the trail has in place of a value.
CREATE FUNCTION stands_for(value text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('length', octet_length(convert_to(value, 'UTF8')),
                              'sha256', encode(digest(convert_to(value, 'UTF8'), 'sha256'), 'hex'))
$$;
-- Return a column's old and new value in the last trail row.
CREATE FUNCTION last_old(name text) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT old_value::jsonb -> name FROM audit_log ORDER BY id DESC LIMIT 1 $$;
CREATE FUNCTION last_new(name text) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT new_value::jsonb -> name FROM audit_log ORDER BY id DESC LIMIT 1 $$;

-- The default is 8 kB: a value of that length is kept, a value of one byte more is not.
SHOW doc_extractor.audit_value_limit;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('1', '1', 't', document_text => repeat('x', 8192));
SELECT last_new('document_text') = to_jsonb(repeat('x', 8192)) AS kept;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('2', '2', 't', document_text => repeat('x', 8193));
SELECT new_value ->> 'document_text' AS document_text, new_value ->> 'file_name' AS file_name,
       last_new('document_text') = stands_for(repeat('x', 8193)) AS proven
FROM audit_log ORDER BY id DESC LIMIT 1;
-- The document itself has the whole value.
SELECT length(document_text) FROM documents WHERE file_name = '2';

-- The limit counts bytes, not characters.
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('3', '3', 't', document_text => repeat('é', 4097));
SELECT last_new('document_text') = stands_for(repeat('é', 4097)) AS proven,
       last_new('document_text') ->> 'length' AS length;
-- It counts the value's own bytes, not JSON's escapes.
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('4', '4', 't', document_text => repeat(E'\n', 8192));
SELECT last_new('document_text') = to_jsonb(repeat(E'\n', 8192)) AS kept;
-- Both sides of an update, each by its own length.
UPDATE documents SET document_text = repeat('y', 8193) WHERE file_name = '1';
SELECT last_old('document_text') = to_jsonb(repeat('x', 8192)) AS old_kept,
       last_new('document_text') = stands_for(repeat('y', 8193)) AS new_proven;
UPDATE documents SET document_text = 'short' WHERE file_name = '1';
SELECT last_old('document_text') = stands_for(repeat('y', 8193)) AS old_proven,
       last_new('document_text') AS new;
-- JSON is measured and hashed as it is written.
UPDATE documents SET metadata_extracted = ('{"a" :  "' || repeat('j', 8192) || '"}')::json
WHERE file_name = '1';
SELECT last_old('metadata_extracted') AS old,
       last_new('metadata_extracted') = stands_for('{"a" :  "' || repeat('j', 8192) || '"}')
           AS new_proven;
-- A large value that is TOASTed and compressed is measured and hashed by its text, too.
UPDATE documents SET document_text = repeat('large ', 1000000) WHERE file_name = '1';
SELECT last_new('document_text') = stands_for(repeat('large ', 1000000)) AS proven;

-- 0 means no limit.
SET doc_extractor.audit_value_limit = 0;
UPDATE documents SET document_text = repeat('z', 100000) WHERE file_name = '1';
SELECT last_old('document_text') = to_jsonb(repeat('large ', 1000000)) AS old_kept,
       last_new('document_text') = to_jsonb(repeat('z', 100000)) AS new_kept;

-- A small limit, for every column: 10 bytes are kept, 11 are not.
SET doc_extractor.audit_value_limit = 10;
INSERT INTO documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, metadata_extracted)
VALUES ('1234567890', 1, '12345678901', '', 's', '[1,2,3,4,5]');
SELECT new_value ->> 'file_name' AS file_name,
       last_new('file_hash') = stands_for('12345678901') AS hash_proven,
       last_new('metadata_extracted') = stands_for('[1,2,3,4,5]') AS metadata_proven
FROM audit_log ORDER BY id DESC LIMIT 1;
-- Types that to_json() converts are measured and hashed by their text, without JSON's
-- quotes; bytea by its bytes.
ALTER TABLE documents ADD day date, ADD bits bytea, ADD number numeric, ADD list int[],
    ADD at timestamptz;
UPDATE documents
SET day = '2001-02-03', bits = '\x01020304', number = 1234567890, list = '{1,2,34,5}'
WHERE file_name = '1';
SELECT last_new('day') AS day, last_new('bits') AS bits, last_new('number') AS number,
       last_new('list') AS list;
SET datestyle = iso;
SET timezone = 'UTC';
UPDATE documents
SET at = '2001-02-03 04:05:06+00', bits = '\x0102030405060708090a', number = 12345678901,
    list = '{1,2,34,56}'
WHERE file_name = '1';
SELECT last_new('at') = stands_for('2001-02-03 04:05:06+00') AS at, last_new('bits') AS bits,
       last_new('number') = stands_for('12345678901') AS number,
       last_new('list') = stands_for('{1,2,34,56}') AS list;
UPDATE documents SET bits = '\x0102030405060708090a0b' WHERE file_name = '1';
SELECT last_old('bits') AS old,
       last_new('bits') = jsonb_build_object(
           'length', 11,
           'sha256', encode(digest('\x0102030405060708090a0b'::bytea, 'sha256'), 'hex')) AS bits;
RESET datestyle;
RESET timezone;
-- With 1, almost every value is replaced. The trail is still valid JSON.
SET doc_extractor.audit_value_limit = 1;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('one', 'one', 't', document_text => 'ab', metadata_extracted => '1');
SELECT last_new('document_text') = stands_for('ab') AS text,
       last_new('metadata_extracted') AS metadata, last_new('file_type') AS type,
       last_new('file_name') = stands_for('one') AS name;
SELECT count(*)
FROM audit_log WHERE json_typeof(new_value) <> 'object' OR json_typeof(old_value) <> 'object';

-- The digest of a date does not depend on the session's DateStyle.
BEGIN;
ALTER TABLE documents ADD moment timestamp, ADD that_day date;
SET LOCAL doc_extractor.audit_value_limit = 5;
SET LOCAL datestyle = 'German';
UPDATE documents SET moment = '2026-01-31 12:30', that_day = '2026-01-31' WHERE file_name = 'one';
SELECT last_new('moment') = stands_for('2026-01-31 12:30:00') AS moment,
       last_new('that_day') = stands_for('2026-01-31') AS day;
ROLLBACK;

-- The limit can have a unit, and cannot be negative.
SET doc_extractor.audit_value_limit = '1MB';
SHOW doc_extractor.audit_value_limit;
\set VERBOSITY sqlstate
SET doc_extractor.audit_value_limit = -1;
SET doc_extractor.audit_value_limit = 'many';
-- Only superusers can set it, so that a writer cannot shorten its own trail,
CREATE ROLE regress_docs_writer;
GRANT USAGE ON SCHEMA docs TO regress_docs_writer;
GRANT EXECUTE ON FUNCTION ingest_document, stands_for, last_new TO regress_docs_writer;
SET ROLE regress_docs_writer;
SET doc_extractor.audit_value_limit = 5;
SHOW doc_extractor.audit_value_limit;
RESET ROLE;
-- not even before the session's first call, when the server does not know the setting yet.
\c -
\set VERBOSITY sqlstate
SET client_min_messages = error;
SET search_path = docs, public;
SET SESSION AUTHORIZATION regress_docs_writer;
SET doc_extractor.audit_value_limit = 5;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('writer', 'writer', 't', document_text => 'longer than five');
RESET SESSION AUTHORIZATION;
SELECT last_new('document_text');

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
DROP ROLE regress_docs_writer;
