-- Failures: try_ingest_document(), log_ingestion_error(), resolve_ingestion_error(),
-- and how a later success marks the failures of its file name.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- The caller is not the tables' owner.
SELECT current_database() AS database \gset
CREATE ROLE regress_docs_owner;
GRANT CREATE ON DATABASE :"database" TO regress_docs_owner;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs;
RESET ROLE;
SET search_path = docs;
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log,
    (SELECT count(*) FROM error_log) AS error_log;
-- Rows of error_log; a long text is shown by its ends and its length.
CREATE VIEW failed AS
SELECT id,
    CASE WHEN length(file_name) > 40 THEN left(file_name, 3) || ' ~ ' || right(file_name, 3)
         ELSE file_name END AS file_name,
    replace(error_type, repeat('t', 99), '99 ') AS error_type,
    CASE WHEN length(error_message) > 100
         THEN left(error_message, 3) || ' ~ ' || right(error_message, 3)
         ELSE error_message END AS error_message,
    length(file_name) AS name_length, length(error_message) AS message_length,
    retry_attempted AS retried, resolution_notes
FROM error_log ORDER BY id;
-- Empties error_log and restarts its ids.
CREATE PROCEDURE forget_failures() LANGUAGE sql AS
    $$TRUNCATE docs.error_log; SELECT setval('docs.error_log_id_seq', 1, false)$$;

-- A success returns what ingest_document() returns, and leaves no row in error_log.
SELECT document_id, is_duplicate, file_hash = encode(sha256('a'), 'hex') AS hash, duplicate_count,
       error_id
FROM try_ingest_document('a.txt', 'a', 't', 'api', 'the text', '{"pages": 1}');
SELECT document_id, is_duplicate, duplicate_count, error_id
FROM try_ingest_document('b.txt', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count, error_id
FROM try_ingest_document('c.txt', 'c', 't',
                         ingestion_status => 'failed', error_message => 'no text');
SELECT document_id, is_duplicate, duplicate_count, error_id
FROM try_ingest_document('c.txt', 'c', 't', document_text => 'text at last');
SELECT file_name, ingestion_source, document_text, metadata_extracted, ingestion_status,
       error_message
FROM documents ORDER BY id;
SELECT document_id, action FROM audit_log ORDER BY id;
SELECT * FROM written;

-- Bad input becomes a row of error_log with the name of the condition; the result row has its id,
-- and the hash if there are bytes.
SELECT document_id, is_duplicate, file_hash = encode(sha256('bad'), 'hex') AS hash, duplicate_count,
       error_id
FROM (VALUES (1, 'two words', 'bad'::bytea, 't', NULL, 'two words', NULL),
             (2, NULL, 'bad', 't', NULL, NULL, NULL),
             (3, '', 'bad', 't', NULL, NULL, NULL),
             (4, E' \t\n', 'bad', 't', NULL, NULL, NULL),
             (5, repeat('x', 501), 'bad', 't', NULL, NULL, NULL),
             (6, repeat('é', 501), 'bad', 't', NULL, NULL, NULL),
             (7, 'type null', 'bad', NULL, NULL, NULL, NULL),
             (8, 'type blank', 'bad', ' ', NULL, NULL, NULL),
             (9, 'type long', 'bad', repeat('é', 256), NULL, NULL, NULL),
             (10, 'content null', NULL, 't', NULL, NULL, NULL),
             (11, 'source long', 'bad', 't', repeat('s', 256), NULL, NULL),
             (12, 'status', 'bad', 't', NULL, 'Success', NULL),
             (13, 'status', 'bad', 't', NULL, '', NULL),
             (14, 'message long', 'bad', 't', NULL, 'failed', repeat('m', 1001)))
    AS v (i, name, content, type, source, status, message),
    LATERAL try_ingest_document(name, content, type, source, NULL, NULL, status, message)
ORDER BY i;
TABLE failed;
SELECT * FROM written;
-- Names and messages that are too long for error_log are cut.
CALL forget_failures();
SELECT error_id
FROM try_ingest_document(repeat('日', 600), 'bad', 't', ingestion_status => repeat('本', 3000));
SELECT error_id
FROM try_ingest_document('status', 'bad', 't', ingestion_status => repeat('本', 3000));
SELECT file_name = repeat('日', 499) || '…' AS name_cut,
       error_message = 'file_name is too long: 600 characters, at most 500 are allowed' AS whole
FROM error_log WHERE id = 1;
SELECT error_message = rpad('ingestion_status "', 1999, '本') || '…' AS message_cut
FROM error_log WHERE id = 2;
SELECT * FROM written;

-- A document that a user's constraint or trigger refuses is logged, with the name of the condition.
CALL forget_failures();
ALTER TABLE documents ADD CONSTRAINT no_secrets CHECK (file_name <> 'secret.txt');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = TG_ARGV[0],
            MESSAGE = format('refused in %s', TG_TABLE_NAME),
            DETAIL = 'the detail', HINT = 'the hint';
    END $$;
SELECT document_id, is_duplicate, file_hash IS NOT NULL AS hash, duplicate_count, error_id
FROM try_ingest_document('secret.txt', 's', 't');
CREATE TRIGGER refuse BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_type = 'refused') EXECUTE FUNCTION refuse('22ABC');
SELECT document_id, error_id FROM try_ingest_document('refused.txt', 's', 'refused');
DROP TRIGGER refuse ON documents;
CREATE TRIGGER refuse BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_type = 'refused') EXECUTE FUNCTION refuse('raise_exception');
SELECT document_id, error_id FROM try_ingest_document('refused.txt', 's', 'refused');
DROP TRIGGER refuse ON documents;
-- On the derived tables, a trigger refuses after the document has been written: the
-- document is rolled back.
CREATE TRIGGER refuse AFTER INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse('raise_exception');
SELECT document_id, error_id FROM try_ingest_document('trail.txt', 's', 't');
DROP TRIGGER refuse ON audit_log;
CREATE TRIGGER refuse BEFORE INSERT ON hash_index
    FOR EACH ROW EXECUTE FUNCTION refuse('raise_exception');
SELECT document_id, error_id FROM try_ingest_document('index.txt', 's', 't');
DROP TRIGGER refuse ON hash_index;
-- A duplicate that must not be counted, and a document that must not be healed.
CREATE TRIGGER refuse BEFORE UPDATE ON hash_index
    FOR EACH ROW EXECUTE FUNCTION refuse('raise_exception');
SELECT document_id, is_duplicate, error_id FROM try_ingest_document('count.txt', 'a', 't');
DROP TRIGGER refuse ON hash_index;
SELECT document_id, error_id
FROM try_ingest_document('heal.txt', 'h', 't', ingestion_status => 'retry');
CREATE TRIGGER refuse BEFORE UPDATE ON documents
    FOR EACH ROW EXECUTE FUNCTION refuse('raise_exception');
SELECT document_id, is_duplicate, error_id
FROM try_ingest_document('heal.txt', 'h', 't', document_text => 'text');
DROP TRIGGER refuse ON documents;
-- A trigger that suppresses the row would lose the document.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT document_id, error_id FROM try_ingest_document('suppressed.txt', 's', 't');
DROP TRIGGER suppress ON documents;
SELECT id, file_name, error_type, error_message FROM error_log ORDER BY id;
SELECT * FROM written;
SELECT file_name, ingestion_status, document_text FROM documents ORDER BY id;
SELECT * FROM doc_extractor_verify() WHERE NOT passed;
-- The caller's transaction goes on with everything that it did before; the rows of
-- error_log are part of it.
BEGIN;
SELECT is_duplicate FROM ingest_document('before.txt', 'before', 't');
SELECT document_id, error_id IS NOT NULL AS logged FROM try_ingest_document('secret.txt', 's', 't');
SAVEPOINT s;
SELECT document_id, error_id IS NOT NULL AS logged FROM try_ingest_document('secret.txt', 's', 't');
ROLLBACK TO s;
SELECT is_duplicate FROM ingest_document('after.txt', 'after', 't');
COMMIT;
SELECT count(*) FILTER (WHERE file_name IN ('before.txt', 'after.txt')) AS documents,
       (SELECT count(*) FROM error_log WHERE file_name = 'secret.txt') AS failures FROM documents;
-- Many failures in one statement.
SELECT count(document_id) AS documents, count(error_id) AS failures,
       count(DISTINCT error_id) AS error_ids
FROM generate_series(1, 300) AS i,
    try_ingest_document(CASE i % 3 WHEN 0 THEN 'secret.txt' WHEN 1 THEN '' ELSE 'f' || i END,
                        ('f' || i)::bytea, 't');
SELECT * FROM doc_extractor_verify() WHERE NOT passed;

-- Which errors are about the document: a trigger raises each of them at one of these places, while
-- a document is inserted, counted, healed, fails again, or marks an earlier failure.
CALL forget_failures();
SELECT * FROM written;
CREATE TABLE places (name text PRIMARY KEY, moment text, target text, content bytea, status text);
INSERT INTO places VALUES
    ('document', 'BEFORE INSERT', 'documents', 'new', 'success'),
    ('inserted', 'AFTER INSERT', 'documents', 'new', 'success'),
    ('hash', 'BEFORE INSERT', 'hash_index', 'new', 'success'),
    ('trail', 'AFTER INSERT', 'audit_log', 'new', 'success'),
    ('count', 'BEFORE UPDATE', 'hash_index', 'a', 'success'),
    ('heal', 'BEFORE UPDATE', 'documents', 'heal', 'success'),
    ('healed', 'BEFORE INSERT', 'audit_log', 'heal', 'success'),
    ('again', 'AFTER UPDATE', 'documents', 'heal', 'failed'),
    ('mark', 'BEFORE UPDATE', 'error_log', 'marked', 'success');
CREATE FUNCTION raise_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = TG_ARGV[0], MESSAGE = 'raised by a trigger';
    END $$;
-- Returns "logged" or "passed on".
CREATE FUNCTION outcome(place text, errcode text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        p docs.places;
        logged bigint;
    BEGIN
        SELECT * INTO STRICT p FROM docs.places WHERE name = place;
        EXECUTE format('CREATE TRIGGER raise_it %s ON docs.%I FOR EACH ROW
                        EXECUTE FUNCTION docs.raise_it(%L)', p.moment, p.target, errcode);
        SELECT error_id INTO logged
        FROM docs.try_ingest_document('x', p.content, 't', 's', 'text', NULL, p.status, 'message');
        EXECUTE format('DROP TRIGGER raise_it ON docs.%I', p.target);
        RETURN CASE WHEN logged IS NULL THEN 'ingested' ELSE 'logged' END;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
        RETURN CASE WHEN SQLSTATE = errcode AND SQLERRM = 'raised by a trigger' THEN 'passed on'
                    ELSE SQLSTATE || ' ' || SQLERRM END;
    END $$;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('heal', 'heal', 't', ingestion_status => 'retry');
SELECT log_ingestion_error('x', 'before', 'm') AS id;
CREATE TABLE written_before AS TABLE written;
CREATE TABLE outcomes AS
SELECT code, name AS place, outcome(name, code)
FROM places, unnest(ARRAY[
    '22000', '22001', '22023', '22ABC', '23000', '23502', '23503', '23505', '23514', '23ABC',
    '23P01', '27000', 'P0001',
    '03000', '0A000', '0B000', '21000', '2200H', '24000', '25001', '25006', '26000', '28000',
    '2BP01', '2F000', '34000', '38000', '39P01', '3D000', '3F000', '40001', '40P01', '42501',
    '42703', '42883', '42P01', '44000', '53100', '53200', '53300', '53400', '54000', '54001',
    '55000', '55006', '55P03', '57014', '57P01', '57P05', '58030', 'DX001', 'F0001', 'HV000',
    'P0000', 'P0002', 'P0003', 'P0004', 'U0001', 'XX000', 'XX001', 'ZZZZZ']) AS code;
SELECT place, string_agg(code, ' ' ORDER BY code) FILTER (WHERE outcome = 'logged') AS logged,
       count(*) FILTER (WHERE outcome = 'passed on') AS passed_on, count(*) AS of
FROM outcomes GROUP BY place ORDER BY place;
SELECT * FROM outcomes WHERE outcome NOT IN ('logged', 'passed on');
-- Whatever was logged, nothing else is left.
SELECT w.documents = b.documents AND w.hash_index = b.hash_index AND w.duplicates = b.duplicates
       AND w.audit_log = b.audit_log AS unchanged,
       w.error_log - b.error_log
           = (SELECT count(*) FROM outcomes WHERE outcome = 'logged') AS logged
FROM written w, written_before b;
SELECT DISTINCT error_message FROM error_log WHERE file_name = 'x' ORDER BY 1;
SELECT count(*) FROM error_log WHERE retry_attempted;
DELETE FROM documents WHERE file_name = 'heal';
DROP FUNCTION raise_it, outcome;
DROP TABLE places, outcomes, written_before;
-- In a read-only transaction, a failure is not logged either.
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT * FROM try_ingest_document('read.txt', 'read', 't');
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM try_ingest_document('', 'read', 't');
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM log_ingestion_error('read.txt', 'timeout', 'read');
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM resolve_ingestion_error(1, 'read');
ROLLBACK;
\set VERBOSITY default
-- Nor is it if a user's trigger on error_log suppresses the row, or fails.
CREATE TRIGGER suppress BEFORE INSERT ON error_log FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM try_ingest_document('', 's', 't');
\echo :SQLSTATE
SELECT * FROM log_ingestion_error('s', 's', 's');
\echo :SQLSTATE
DROP TRIGGER suppress ON error_log;
CREATE TRIGGER refuse AFTER INSERT ON error_log FOR EACH ROW EXECUTE FUNCTION refuse('DX005');
SELECT * FROM try_ingest_document('', 's', 't');
\echo :SQLSTATE
DROP TRIGGER refuse ON error_log;
SELECT * FROM written;

-- log_ingestion_error(): failures that the client saw itself.
CALL forget_failures();
SELECT log_ingestion_error('scan 1.pdf', 'ocr_timeout', 'no answer within 30 s');
SELECT log_ingestion_error(file_name => repeat('é', 500), error_type => repeat('t', 99) || 'é',
                           error_message => repeat('é', 2000));
-- Only the message is cut if it is too long: an error in the report of an error helps nobody.
SELECT log_ingestion_error('long.pdf', 'trace', repeat('é', 2001));
SELECT log_ingestion_error('long.pdf', 'trace', repeat('日本', 500000));
TABLE failed;
SELECT error_message = repeat('é', 1999) || '…' AS cut FROM error_log WHERE id = 3;
BEGIN;
SELECT log_ingestion_error('now.pdf', 'trace', 'm');
SELECT error_timestamp = now() AS now, retry_attempted, resolution_notes
FROM error_log WHERE file_name = 'now.pdf';
ROLLBACK;
-- What log_ingestion_error() refuses.
SELECT log_ingestion_error(NULL, 't', 'm');
\echo :SQLSTATE
SELECT log_ingestion_error('f', NULL, 'm');
\echo :SQLSTATE
SELECT log_ingestion_error('f', 't', NULL);
\echo :SQLSTATE
SELECT log_ingestion_error('', 't', 'm');
\echo :SQLSTATE
SELECT log_ingestion_error('f', E'\t', 'm');
\echo :SQLSTATE
SELECT log_ingestion_error('f', 't', E' \n');
\echo :SQLSTATE
SELECT log_ingestion_error(repeat('é', 501), 't', 'm');
\echo :SQLSTATE
SELECT log_ingestion_error('f', repeat('é', 101), 'm');
\echo :SQLSTATE
SELECT count(*) FROM error_log;

-- resolve_ingestion_error() records what became of a failure; a later note replaces an earlier one.
SELECT resolve_ingestion_error(1, 'the scanner was off');
SELECT resolve_ingestion_error(1, 'the scanner''s cable');
SELECT resolve_ingestion_error(error_id => 2, resolution_notes => repeat('é', 1000));
SELECT id, retry_attempted,
       CASE WHEN length(resolution_notes) > 40 THEN length(resolution_notes)::text
            ELSE resolution_notes END AS notes
FROM error_log ORDER BY id;
SELECT resolve_ingestion_error(2147483647, 'unknown');
\echo :SQLSTATE
SELECT resolve_ingestion_error(9223372036854775807, 'unknown');
\echo :SQLSTATE
SELECT resolve_ingestion_error(0, 'unknown');
\echo :SQLSTATE
SELECT resolve_ingestion_error(NULL, 'unknown');
\echo :SQLSTATE
SELECT resolve_ingestion_error(1, NULL);
\echo :SQLSTATE
SELECT resolve_ingestion_error(1, '  ');
\echo :SQLSTATE
SELECT resolve_ingestion_error(1, repeat('é', 1001));
\echo :SQLSTATE
SELECT resolution_notes FROM error_log WHERE id = 1;

-- A success marks all rows of its file name that were not retried, whoever wrote them,
-- and no others.
CALL forget_failures();
INSERT INTO error_log
    (file_name, error_type, error_message, resolution_notes, retry_attempted)
VALUES
    ('m', 'x', 'open', NULL, false),
    ('m', 'x', 'open too', NULL, false),
    ('m', 'x', 'noted', 'waiting for the customer', false),
    ('m', 'x', 'retried before', NULL, true),
    ('m', 'x', 'retried and noted', 'given up', true),
    ('M', 'x', 'another name', NULL, false),
    ('m ', 'x', 'another name', NULL, false),
    ('mm', 'x', 'another name', NULL, false),
    ('m', 'x', 'a full note', repeat('é', 1000), false),
    ('m', 'x', 'a note with room for the other', repeat('é', 973), false),
    ('m', 'x', 'a note with too little room', repeat('é', 974), false);
CREATE VIEW marks AS
SELECT id, error_message, retry_attempted AS retried,
    left(resolution_notes, 30) ||
        CASE WHEN length(resolution_notes) > 60 THEN ' ~ ' || right(resolution_notes, 30)
             ELSE substr(resolution_notes, 31) END AS notes,
    length(resolution_notes) AS length
FROM error_log ORDER BY id;
-- Makes the next document's id independent of what this file has done before.
SELECT setval('documents_id_seq', 1000) AS last_id;
-- A transaction that is rolled back marks nothing,
BEGIN;
SELECT document_id FROM ingest_document('m', 'm', 't');
SELECT count(*) FROM error_log WHERE resolution_notes ~ 'ingested';
ROLLBACK;
SELECT count(*) FROM error_log WHERE resolution_notes ~ 'ingested';
-- nor does a document that is not complete yet,
SELECT document_id FROM ingest_document('m', 'm', 't', ingestion_status => 'retry');
SELECT document_id FROM ingest_document('m', 'm', 't', ingestion_status => 'failed');
-- nor another failure, nor plain SQL.
SELECT document_id FROM try_ingest_document('m', 'm', '');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('m', 1, 'plain', 't', 's');
SELECT count(*) FROM error_log WHERE resolution_notes ~ 'ingested';
SELECT document_id, is_duplicate FROM ingest_document('m', 'm', 't');
TABLE marks;
-- Rows that are marked stay as they are.
SELECT document_id, is_duplicate FROM ingest_document('m', 'another m', 't');
SELECT count(*) FROM error_log WHERE resolution_notes ~ 'ingested';
-- Every function marks, for new, duplicate and healed documents; in a batch, each for its own name.
CALL forget_failures();
SELECT count(log_ingestion_error(name, 'x', 'open'))
FROM unnest(ARRAY['try', 'hashed', 'object', 'one', 'two', 'two', 'three', 'four']) AS name;
SELECT document_id FROM ingest_document('four', 'four', 't', ingestion_status => 'failed');
SELECT document_id, is_duplicate, error_id FROM try_ingest_document('try', 'm', 't');
SELECT document_id, is_duplicate FROM ingest_hashed_document('hashed', repeat('0', 64), 1, 't');
SELECT lo_from_bytea(0, 'object') AS object \gset
SELECT document_id, is_duplicate FROM ingest_large_object(:object, 'object', 't');
SELECT lo_unlink(:object);
SELECT document_id, is_duplicate
FROM ingest_documents(ARRAY['two', 'three', 'one', 'two', 'four', 'new'],
                      ARRAY['2', '3', 'm', 'm', 'four', 'new']::bytea[],
                      array_fill('t'::text, ARRAY[6]),
                      ingestion_statuses => ARRAY[NULL, 'failed', NULL, NULL, NULL, NULL])
    WITH ORDINALITY
ORDER BY ordinality;
SELECT file_name, retry_attempted, resolution_notes FROM error_log ORDER BY id;
-- If the file fails again, a new, open row is added.
SELECT document_id FROM try_ingest_document('try', NULL, 't');
SELECT file_name, error_type, retry_attempted, resolution_notes
FROM error_log WHERE file_name = 'try' ORDER BY id;
-- A user's trigger that refuses the mark refuses the document.
CREATE TRIGGER refuse BEFORE UPDATE ON error_log FOR EACH ROW EXECUTE FUNCTION refuse('DX006');
SELECT * FROM ingest_document('try', 'm', 't');
\echo :SQLSTATE
DROP TRIGGER refuse ON error_log;
SELECT count(*) FROM error_log WHERE file_name = 'try' AND NOT retry_attempted;

-- Without the index nothing is marked, and doc_extractor_verify() reports it; another index of that
-- name does not serve.
DROP INDEX ix_error_log_unidentified;
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('try', 'm', 't');
SELECT count(*) FROM error_log WHERE file_name = 'try' AND NOT retry_attempted;
SELECT * FROM doc_extractor_verify() WHERE NOT passed AND check_name = 'indexes';
CREATE INDEX ix_error_log_unidentified ON error_log (retry_attempted);
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('try', 'm', 't');
SELECT count(*) FROM error_log WHERE file_name = 'try' AND NOT retry_attempted;
SELECT * FROM doc_extractor_verify() WHERE NOT passed AND check_name = 'indexes';
DROP INDEX ix_error_log_unidentified;
CREATE INDEX ix_error_log_unidentified ON error_log (file_name)
WHERE NOT retry_attempted AND location IS NULL AND file_hash IS NULL;
SELECT * FROM doc_extractor_verify() WHERE NOT passed AND check_name = 'indexes';
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('try', 'm', 't');
SELECT count(*) FROM error_log WHERE file_name = 'try' AND NOT retry_attempted;

-- A caller needs EXECUTE, and nothing else.
CREATE ROLE regress_docs_importer;
CREATE ROLE regress_docs_stranger;
GRANT USAGE ON SCHEMA docs TO regress_docs_importer, regress_docs_stranger;
GRANT EXECUTE ON FUNCTION try_ingest_document, log_ingestion_error, resolve_ingestion_error
    TO regress_docs_importer;
CALL forget_failures();
-- A trigger on error_log runs as the tables' owner.
CREATE TABLE witness (who name, login name);
GRANT INSERT ON witness TO regress_docs_owner;
CREATE FUNCTION bear_witness() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO docs.witness VALUES (current_user, session_user);
        RETURN NULL;
    END $$;
CREATE TRIGGER bear_witness AFTER INSERT OR UPDATE ON error_log
    FOR EACH ROW EXECUTE FUNCTION bear_witness();
SET ROLE regress_docs_importer;
SELECT document_id, error_id FROM docs.try_ingest_document('role.txt', NULL, 't');
SELECT docs.log_ingestion_error('role.txt', 'ocr_timeout', 'no answer');
SELECT docs.resolve_ingestion_error(1, 'no bytes');
SELECT is_duplicate, error_id FROM docs.try_ingest_document('role.txt', 'role', 't');
SELECT current_user;
\set VERBOSITY sqlstate
TABLE docs.error_log;
UPDATE docs.error_log SET resolution_notes = 'mine';
SELECT nextval('docs.error_log_id_seq');
SET ROLE regress_docs_stranger;
SELECT * FROM docs.try_ingest_document('stranger.txt', 's', 't');
SELECT * FROM docs.try_ingest_document('', 's', 't');
SELECT docs.log_ingestion_error('stranger.txt', 't', 'm');
SELECT docs.resolve_ingestion_error(1, 'mine');
RESET ROLE;
\set VERBOSITY default
SELECT file_name, error_type, retry_attempted, resolution_notes FROM error_log ORDER BY id;
SELECT who, login = session_user AS login, count(*) FROM witness GROUP BY 1, 2;

-- 1.0 has neither the functions nor the index nor marks; the rows stay.
DROP TRIGGER bear_witness ON error_log;
DROP VIEW written, failed, marks;
CALL forget_failures();
SELECT log_ingestion_error('old.txt', 'x', 'open');
SET doc_extractor.allow_data_loss = on; -- db_user goes
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
RESET doc_extractor.allow_data_loss;
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('old.txt', 'old', 't');
SELECT file_name, retry_attempted, resolution_notes FROM error_log;
SELECT to_regclass('ix_error_log_file_name') AS index, to_regproc('try_ingest_document') AS try,
       to_regproc('log_ingestion_error') AS log, to_regproc('resolve_ingestion_error') AS resolve;
ALTER EXTENSION doc_extractor UPDATE;
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('old.txt', 'old', 't');
SELECT file_name, retry_attempted, resolution_notes IS NOT NULL AS noted FROM error_log;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
REVOKE CREATE ON DATABASE :"database" FROM regress_docs_owner;
DROP ROLE regress_docs_importer, regress_docs_stranger, regress_docs_owner;
