-- Texts with bytes that the database's encoding does not have: no function stores them, so that
-- every dump can be loaded.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT getdatabaseencoding();
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
-- Such texts come from functions that check nothing, for example from pg_ls_dir(). These return
-- their bytes as they are.
CREATE FUNCTION raw_text(bytea) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE FUNCTION raw_json(bytea) RETURNS json LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE VIEW stored AS
SELECT (SELECT count(*) FROM documents) AS documents,
       (SELECT count(*) FROM hash_index) AS hash_index,
       (SELECT count(*) FROM audit_log) AS audit_log,
       (SELECT count(*) FROM error_log) AS error_log;
-- Raises 22021 if a text in any of the tables is invalid.
CREATE FUNCTION count_valid_rows() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(convert_from(textsend(row_text), getdatabaseencoding())) FROM (
        SELECT d::text FROM docs.documents d UNION ALL
        SELECT h::text FROM docs.hash_index h UNION ALL
        SELECT a::text FROM docs.audit_log a UNION ALL
        SELECT e::text FROM docs.error_log e)
        AS t (row_text)
$$;

-- Every argument of every function, and every column of document_inbox.
CREATE TABLE calls (number int, statement text);
INSERT INTO calls SELECT row_number() OVER (), * FROM (VALUES
    ($$ingest_document(raw_text($1), 'x', 't')$$),
    ($$ingest_document('n', 'x', raw_text($1))$$),
    ($$ingest_document('n', 'x', 't', raw_text($1))$$),
    ($$ingest_document('n', 'x', 't', 's', raw_text($1))$$),
    ($$ingest_document('n', 'x', 't', 's', 'd', raw_json($1))$$),
    ($$ingest_document('n', 'x', 't', 's', 'd', '{}', raw_text($1))$$),
    ($$ingest_document('n', 'x', 't', 's', 'd', '{}', 'failed', raw_text($1))$$),
    ($$ingest_hashed_document(raw_text($1), repeat('0', 64), 1, 't')$$),
    ($$ingest_hashed_document('n', raw_text($1), 1, 't')$$),
    ($$ingest_large_object(4711, raw_text($1), 't')$$),
    ($$ingest_file(raw_text($1), 't')$$),
    ($$ingest_file('PG_VERSION', raw_text($1))$$),
    ($$ingest_file('PG_VERSION', 't', metadata_extracted => raw_json($1))$$),
    ($$ingest_documents(ARRAY['n', raw_text($1)], '{x,y}'::bytea[], '{t,t}')$$),
    ($$ingest_documents('{n}', '{x}', ARRAY[raw_text($1)])$$),
    ($$ingest_documents('{n}', '{x}', '{t}', ARRAY[raw_text($1)])$$),
    ($$ingest_documents('{n}', '{x}', '{t}', document_texts => ARRAY[raw_text($1)])$$),
    ($$ingest_documents('{n}', '{x}', '{t}', metadata_extracted => ARRAY[raw_json($1)])$$),
    ($$ingest_documents('{n}', '{x}', '{t}', ingestion_statuses => ARRAY[raw_text($1)])$$),
    ($$ingest_documents('{n}', '{x}', '{t}', error_messages => ARRAY[raw_text($1)])$$),
    ($$record_document_event(1, raw_text($1))$$),
    ($$record_document_event(1, 'tagged', raw_json($1))$$),
    ($$record_document_event(1, 'tagged', '{}', raw_json($1))$$),
    ($$record_document_event(1, 'tagged', '{}', '{}', raw_text($1))$$),
    ($$log_ingestion_error(raw_text($1), 't', 'm')$$),
    ($$log_ingestion_error('n', raw_text($1), 'm')$$),
    ($$log_ingestion_error('n', 't', raw_text($1))$$),
    ($$resolve_ingestion_error(1, raw_text($1))$$)) AS v;
CREATE FUNCTION error_of(statement text, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement USING bytes;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', SQLSTATE, SQLERRM, left(hint, 10));
END
$$;
SELECT count(*) FROM ingest_document('first', 'first', 't');
SELECT log_ingestion_error('n', 't', 'm');
SELECT lo_from_bytea(4711, 'x');
SELECT statement, error_of('SELECT ' || statement, '\x2e636166e9') AS error
FROM calls ORDER BY number;
SELECT lo_unlink(4711);
SELECT columns AS inserted,
       error_of(format('INSERT INTO document_inbox (%s) VALUES (%s)', columns, bytes),
                '\xe9') AS error
FROM (VALUES ('file_name, content, file_type', $$raw_text($1), 'x', 't'$$),
             ('file_type, file_name, content', $$raw_text($1), 'n', 'x'$$),
             ('ingestion_source, file_name, content, file_type', $$raw_text($1), 'n', 'x', 't'$$),
             ('document_text, file_name, content, file_type', $$raw_text($1), 'n', 'x', 't'$$),
             ('metadata_extracted, file_name, content, file_type', $$raw_json($1), 'n', 'x', 't'$$),
             ('ingestion_status, file_name, content, file_type', $$raw_text($1), 'n', 'x', 't'$$),
             ('error_message, file_name, content, file_type', $$raw_text($1), 'n', 'x', 't'$$))
    AS v (columns, bytes);
-- All kinds of invalid bytes: alone, cut off, overlong, surrogate, beyond Unicode, null; and two
-- names that are valid.
SELECT bytes, error_of('SELECT ingest_document(raw_text($1), ''x'', ''t'')', bytes) AS error
FROM unnest(ARRAY['\xff', '\x80', '\x61c3', '\xe697', '\xc0af', '\xeda080', '\xf4908080',
                  '\x610062', '\x00', '\xc3a9', '\xf09f9880']::bytea[]) AS bytes;
TABLE stored;
SELECT count_valid_rows();

-- If bad documents are logged, each becomes a row with the bytes escaped.
SET doc_extractor.on_bad_document = log;
DELETE FROM documents;
DELETE FROM error_log;
SELECT document_id IS NOT NULL AS ingested, is_duplicate
FROM ingest_documents(
    ARRAY['good', raw_text('\x636166e92e747874'), raw_text('\xe9'), 'again', 'text', 'metadata'],
    '{good,b,c,good,e,f}', '{t,t,t,t,t,t}',
    document_texts => ARRAY[NULL, NULL, NULL, NULL, raw_text('\x00'), NULL],
    metadata_extracted => ARRAY[NULL, NULL, NULL, NULL, NULL, raw_json('\x22e922')]);
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('good too', 'good too', 't'), (raw_text('\xc3a9e9c3a9'), 'x', 't'),
       ('type', 'x', raw_text('\xff'));
SELECT document_id, error_id IS NOT NULL AS logged
FROM try_ingest_document(raw_text('\x5c783030e9'), 'x', 't');
SELECT document_id, error_id IS NOT NULL AS logged
FROM try_ingest_document('status', 'x', 't', ingestion_status => raw_text('\xe9'));
-- A name that is too long is cut after it has been escaped.
SELECT error_id IS NOT NULL AS logged
FROM try_ingest_document(raw_text(convert_to(repeat('é', 499), 'UTF8') || '\xe9e9'), 'x', 't');
SELECT CASE WHEN length(file_name) > 100 THEN length(file_name) || ' ~ ' || right(file_name, 3)
            ELSE file_name END AS file_name, error_type, error_message
FROM error_log ORDER BY id;
-- The message of a user's trigger, too.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused: %', docs.raw_text('\x636166e92e747874');
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_type = 'refused') EXECUTE FUNCTION refuse();
SELECT error_id IS NOT NULL AS logged FROM try_ingest_document('refused', 'x', 'refused');
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('refused', 'x', 'refused');
SELECT error_type, error_message FROM error_log WHERE file_name = 'refused' ORDER BY id;
TABLE stored;
SELECT count_valid_rows();
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
