-- doc_extractor.on_bad_document: what a bad document does to its batch, in
-- ingest_documents() and in document_inbox.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_docs_loader;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;

-- The documents that a test offers, through either entry point, in the order of their positions.
CREATE TABLE offered (position int PRIMARY KEY, name text, content bytea, type text, source text,
                      body text, status text, message text);
CREATE FUNCTION batch()
RETURNS TABLE ("position" bigint, document_id bigint, is_duplicate boolean, file_hash text,
               duplicate_count bigint)
LANGUAGE sql AS $$
    SELECT r.ordinality, r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count FROM
        (SELECT array_agg(name ORDER BY position) AS names,
                array_agg(content ORDER BY position) AS bytes,
                array_agg(type ORDER BY position) AS types,
                array_agg(source ORDER BY position) AS sources,
                array_agg(body ORDER BY position) AS bodies,
                array_agg(status ORDER BY position) AS statuses,
                array_agg(message ORDER BY position) AS messages
         FROM docs.offered) o,
        docs.ingest_documents(names, bytes, types, sources, bodies, NULL, statuses, messages)
            WITH ORDINALITY r
    ORDER BY r.ordinality
$$;
CREATE FUNCTION inbox() RETURNS void LANGUAGE sql AS $$
    INSERT INTO docs.document_inbox (file_name, content, file_type, ingestion_source, document_text,
                                     ingestion_status, error_message)
    SELECT name, content, type, source, body, status, message FROM docs.offered ORDER BY position
$$;
CREATE VIEW stored AS
SELECT d.file_name, d.ingestion_status AS status, h.duplicate_count AS duplicates,
    (SELECT string_agg(a.action, ' ' ORDER BY a.id)
     FROM audit_log a WHERE a.document_id = d.id) AS trail
    FROM documents d LEFT JOIN hash_index h ON h.document_id = d.id AND h.file_hash = d.file_hash
    ORDER BY d.file_name;
CREATE VIEW logged AS SELECT file_name, error_type, error_message FROM error_log ORDER BY id;
CREATE FUNCTION clear() RETURNS void LANGUAGE sql AS
    'DELETE FROM docs.documents; DELETE FROM docs.error_log';

-- A bad document is an error, unless a role sets otherwise for itself; any role may.
SHOW doc_extractor.on_bad_document;
SET doc_extractor.on_bad_document = skip;
\echo :SQLSTATE
SET ROLE regress_docs_loader;
SET doc_extractor.on_bad_document = log;
SET doc_extractor.on_bad_document = error;
RESET ROLE;

-- The result has the id of the row in error_log.
SET doc_extractor.on_bad_document = log;
SELECT array_agg(error_id ORDER BY ordinality) AS error_ids
FROM ingest_documents(ARRAY['bad', 'good', 'bad too'], ARRAY['b', 'g', NULL]::bytea[],
                      ARRAY['', 't', 't']) WITH ORDINALITY \gset
SELECT i, file_name FROM unnest(:'error_ids'::bigint[]) WITH ORDINALITY AS r (id, i)
LEFT JOIN error_log USING (id) ORDER BY i;
SELECT clear();
RESET doc_extractor.on_bad_document;

-- Everything that can be wrong with a document, each time between two good ones.
INSERT INTO offered (position, name, content, type, source, status, message) VALUES
    (1, 'good 1', 'good 1', 't', NULL, NULL, NULL),
    (2, NULL, 'b', 't', NULL, NULL, NULL),
    (3, '', 'b', 't', NULL, NULL, NULL),
    (4, E' \t', 'b', 't', NULL, NULL, NULL),
    (5, repeat('b', 501), 'b', 't', NULL, NULL, NULL),
    (6, 'bad content', NULL, 't', NULL, NULL, NULL),
    (7, 'bad type', 'b', NULL, NULL, NULL, NULL),
    (8, 'bad type', 'b', E'\n', NULL, NULL, NULL),
    (9, 'bad type', 'b', repeat('t', 256), NULL, NULL, NULL),
    (10, 'bad source', 'b', 't', repeat('s', 256), NULL, NULL),
    (11, 'bad status', 'b', 't', NULL, 'done', NULL),
    (12, 'bad message', 'b', 't', NULL, 'failed', repeat('m', 1001)),
    (13, 'good 2', 'good 2', 't', NULL, NULL, NULL);
CREATE FUNCTION try(entry_point text, p int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    DELETE FROM docs.offered WHERE position NOT IN (1, p, 13);
    EXECUTE format('SELECT docs.%I()', entry_point);
    RAISE EXCEPTION 'no error' USING errcode = 'DX000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' / ', SQLSTATE, SQLERRM, replace(detail, repeat('b', 501), 'b...'));
END
$$;
SELECT p, try('batch', p) AS error, try('inbox', p) = try('batch', p) AS same
FROM generate_series(2, 12) p ORDER BY p;
TABLE stored;
TABLE logged;
SET doc_extractor.on_bad_document = log;
SELECT position, document_id IS NOT NULL AS stored, is_duplicate,
       file_hash = encode(sha256(content), 'hex') AS right_hash, duplicate_count
FROM batch() JOIN offered USING (position) ORDER BY position;
TABLE stored;
SELECT replace(file_name, repeat('b', 499), 'b...b') AS file_name, length(file_name), error_type,
       error_message, error_timestamp = now() AS now, retry_attempted, resolution_notes
FROM error_log ORDER BY id;
-- The inbox leaves the same rows.
CREATE TABLE batch_logged AS TABLE logged;
SELECT clear();
SELECT inbox();
TABLE stored;
SELECT count(*) FROM (TABLE logged EXCEPT ALL TABLE batch_logged) different;
SELECT count(*) FROM (TABLE batch_logged EXCEPT ALL TABLE logged) different;
SELECT clear();
-- Batches with bad documents only, and a batch of one.
DELETE FROM offered WHERE name LIKE 'good%';
SELECT count(*), count(document_id) FROM batch();
SELECT inbox();
DELETE FROM offered WHERE position <> 6;
SELECT * FROM batch();
SELECT inbox();
SELECT count(*) FROM logged;
TABLE stored;
-- COPY reports all rows as copied.
COPY document_inbox (file_name, content, file_type) FROM stdin;
copied	copied	t
no type	no type	\N
\.
SELECT * FROM stored WHERE file_name = 'copied';
SELECT * FROM logged WHERE file_name = 'no type';
-- Arrays of a wrong shape are the caller's own mistake.
SELECT * FROM ingest_documents(ARRAY['a', 'b'], ARRAY['a']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents(NULL, ARRAY['a']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
SELECT * FROM ingest_documents('{{a}}', ARRAY['a']::bytea[], ARRAY['t']);
\echo :SQLSTATE
-- For a single document, the setting has no effect.
SELECT * FROM ingest_document('a', NULL, 't');
\echo :SQLSTATE
SELECT clear();

-- What a user's constraint, trigger or index refuses, among duplicates, failures and
-- successes of the same content.
ALTER TABLE documents ADD CONSTRAINT no_bad CHECK (file_name !~ '^bad');
CREATE UNIQUE INDEX one_report ON documents (file_type) WHERE file_type = 'report';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.document_text ~ '^raise ' THEN
        RAISE EXCEPTION 'refused: %', NEW.file_name USING errcode = substr(NEW.document_text, 7);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION refuse();
TRUNCATE offered;
INSERT INTO offered (position, name, content, type, body, status) VALUES
    (1, 'a1', 'a', 't', NULL, 'failed'),
    (2, 'bad 2', 'b', 't', NULL, NULL),
    (3, 'b3', 'b', 't', NULL, NULL),
    (4, 'bad 4', 'b', 't', NULL, NULL),
    (5, 'report 5', 'c', 'report', NULL, NULL),
    (6, 'report 6', 'd', 'report', NULL, NULL),
    (7, 'd7', 'd', 't', NULL, NULL),
    (8, 'a8', 'a', 't', 'raise P0001', NULL),
    (9, 'a9', 'a', 't', NULL, NULL),
    (10, 'e10', 'e', 't', 'raise 22U01', NULL),
    (11, NULL, 'a', 't', NULL, NULL);
SET doc_extractor.on_bad_document = error;
\set VERBOSITY sqlstate
SELECT * FROM batch();
SELECT inbox();
\set VERBOSITY default
TABLE stored;
SET doc_extractor.on_bad_document = log;
SELECT b.position, name, d.file_name AS stored_as, is_duplicate,
       b.file_hash = encode(sha256(content), 'hex') AS right_hash, b.duplicate_count
FROM batch() b JOIN offered o USING (position) LEFT JOIN documents d ON d.id = b.document_id
ORDER BY position;
TABLE stored;
TABLE logged;
CREATE TABLE batch_stored AS TABLE stored;
TRUNCATE batch_logged;
INSERT INTO batch_logged TABLE logged;
SELECT clear();
SELECT inbox();
SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE batch_stored) different;
SELECT count(*) FROM (TABLE batch_stored EXCEPT ALL TABLE stored) different;
SELECT count(*) FROM (TABLE logged EXCEPT ALL TABLE batch_logged) different;
SELECT count(*) FROM (TABLE batch_logged EXCEPT ALL TABLE logged) different;
SELECT clear();
-- If a trigger of hash_index or audit_log refuses a row, nothing of the document stays.
CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused in %', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER no_more BEFORE UPDATE ON hash_index
    FOR EACH ROW WHEN (NEW.duplicate_count > 1) EXECUTE FUNCTION refuse_row();
CREATE TRIGGER no_secret AFTER INSERT ON audit_log
    FOR EACH ROW WHEN (NEW.new_value ->> 'file_type' = 'secret') EXECUTE FUNCTION refuse_row();
TRUNCATE offered;
INSERT INTO offered (position, name, content, type)
VALUES (1, 'f1', 'f', 't'), (2, 'f2', 'f', 't'), (3, 'f3', 'f', 't'), (4, 'f4', 'f', 't'),
       (5, 'g5', 'g', 'secret'), (6, 'h6', 'h', 't');
SELECT position, is_duplicate, duplicate_count FROM batch();
TABLE stored;
TABLE logged;
DROP TRIGGER no_more ON hash_index;
DROP TRIGGER no_secret ON audit_log;
SELECT clear();
-- If a constraint does, no document is to blame: the statement fails.
ALTER TABLE hash_index ADD CONSTRAINT no_more CHECK (duplicate_count < 2);
\set VERBOSITY sqlstate
SELECT * FROM batch();
SELECT inbox();
ALTER TABLE hash_index DROP CONSTRAINT no_more;
ALTER TABLE audit_log ADD CONSTRAINT no_secret
    CHECK (new_value ->> 'file_type' IS DISTINCT FROM 'secret');
SELECT * FROM batch();
SELECT inbox();
\set VERBOSITY default
ALTER TABLE audit_log DROP CONSTRAINT no_secret;
TABLE stored;
TABLE logged;
-- In a statement of several batches: of 2,500 rows, every hundredth is bad, and the
-- others are stored.
INSERT INTO document_inbox (file_name, content, file_type)
SELECT CASE WHEN i % 100 = 0 THEN 'bad ' ELSE 'good ' END || i, convert_to('i' || i, 'UTF8'), 't'
FROM generate_series(1, 2500) i;
SELECT count(*), count(*) FILTER (WHERE file_name !~ '^good'), string_agg(DISTINCT trail, ',')
FROM stored;
SELECT count(*), min(error_message),
       bool_and(substr(error_message, 10, 4)::int = substr(file_name, 5)::int) AS positions_fit
FROM logged;
SELECT clear();

-- error_type is the condition's name in PL/pgSQL; if it has none, the SQLSTATE.
TRUNCATE offered;
INSERT INTO offered (position, name, content, type, body)
SELECT n, 'code', convert_to('code' || n, 'UTF8'), 't', 'raise ' || code
FROM unnest(ARRAY['22000', '22001', '22002', '22003', '22004', '22005', '22007', '22008', '22009',
                  '2200B', '2200C', '2200D', '2200F', '2200G', '2200L', '2200M', '2200N', '2200S',
                  '2200T', '22010', '22011', '22012', '22013', '22014', '22015', '22016', '22018',
                  '22019', '2201B', '2201E', '2201F', '2201G', '2201W', '2201X', '22021', '22022',
                  '22023', '22024', '22025', '22026', '22027', '2202E', '2202G', '2202H', '22030',
                  '22031', '22032', '22033', '22034', '22035', '22036', '22037', '22038', '22039',
                  '2203A', '2203B', '2203C', '2203D', '2203E', '2203F', '2203G', '22ABC', '22P01',
                  '22P02', '22P03', '22P04', '22P05', '22P06', '23000', '23001', '23502',
                  '23503', '23505', '23514', '23ABC', '23P01', '27000', 'P0001'])
    WITH ORDINALITY AS c (code, n);
SELECT inbox();
CREATE FUNCTION code_of(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DO $do$ BEGIN RAISE %I; END $do$', name);
EXCEPTION WHEN OTHERS OR assert_failure THEN
    RETURN SQLSTATE;
END
$$;
SELECT substr(body, 7) AS code, error_type,
       CASE WHEN error_type ~ '_' THEN code_of(error_type) = substr(body, 7) END AS same
FROM error_log JOIN offered ON error_message LIKE 'document ' || position || ' of the batch:%'
ORDER BY position;
SELECT clear();
-- A message is cut to the column's 2,000 characters, a name to 500: characters, not bytes.
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', NEW.document_text;
END
$$;
TRUNCATE offered;
INSERT INTO offered (position, name, content, type, body) VALUES
    (1, repeat('é', 500), '1', 't', repeat('€', 1976)), -- 2,001 characters with the position
    (2, '2', '2', 't', repeat('€', 1975)),
    (3, '3', '3', 't', repeat('a', 5000)),
    (4, '', '4', 't', NULL),
    (5, repeat('é', 501), '5', 't', NULL);
SELECT inbox();
SELECT length(file_name) AS name, right(file_name, 2) AS name_ends, error_type,
       length(error_message) AS message, left(error_message, 26) AS begins,
       right(error_message, 2) AS ends
FROM error_log ORDER BY id;
SELECT clear();

-- An error that is not about a document is raised; nothing is stored or logged.
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.document_text ~ '^raise ' THEN
        RAISE EXCEPTION 'refused: %', NEW.file_name USING errcode = substr(NEW.document_text, 7);
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION pass_on(entry_point text, code text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE docs.offered SET body = 'raise ' || code WHERE position = 3;
    EXECUTE format('SELECT docs.%I()', entry_point);
    RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    RETURN SQLSTATE;
END
$$;
TRUNCATE offered;
INSERT INTO offered (position, name, content, type)
VALUES (1, 'j1', 'j1', 't'), (2, NULL, 'j2', 't'), (3, 'j3', 'j3', 't'), (4, 'j4', 'j4', 't');
SELECT code, pass_on('batch', code) AS batch, pass_on('inbox', code) AS inbox
FROM unnest(ARRAY['0A000', '2200H', '25001', '25006', '2F000', '40001', '40P01', '42501', '42703',
                  '53100', '53200', '54000', '55000', '55006', '55P03', '57014', '57P01', '58030',
                  'HV000', 'P0002', 'U0001', 'XX000', 'XX001']) code;
TABLE stored;
TABLE logged;
BEGIN READ ONLY;
SELECT * FROM ingest_documents(ARRAY['a'], ARRAY['a']::bytea[], ARRAY['t']);
\echo :SQLSTATE
ROLLBACK;
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
CREATE TRIGGER slow AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION slow();
SET statement_timeout = '100ms';
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('k1', 'k1', 't'), ('k2', NULL, 't'), ('k3', 'k3', 't');
\echo :SQLSTATE
RESET statement_timeout;
DROP TRIGGER slow ON documents;
TABLE stored;
TABLE logged;

-- If a trigger suppresses a document's row, that document has failed. If a trigger
-- suppresses the row of error_log, nobody would learn of the failure, so it is an error.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name = 'j3') EXECUTE FUNCTION suppress();
UPDATE offered SET body = NULL;
SELECT position, is_duplicate FROM batch();
TABLE stored;
SELECT file_name, error_type, left(error_message, 50) AS error_message FROM logged;
DROP TRIGGER suppress ON documents;
SELECT clear();
CREATE TRIGGER suppress BEFORE INSERT ON error_log FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM batch();
\echo :SQLSTATE
SELECT inbox();
\echo :SQLSTATE
DROP TRIGGER suppress ON error_log;
ALTER TABLE error_log ADD CONSTRAINT no_null CHECK (error_type <> 'null_value_not_allowed');
\set VERBOSITY sqlstate
SELECT inbox();
\set VERBOSITY default
ALTER TABLE error_log DROP CONSTRAINT no_null;
TABLE stored;
TABLE logged;
-- A trigger gives the row of error_log an id of its own.
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 0; RETURN NEW; END';
CREATE TRIGGER number BEFORE INSERT ON error_log FOR EACH ROW EXECUTE FUNCTION number();
SELECT position, is_duplicate FROM batch();
SELECT id, error_message FROM error_log;
SELECT clear();
SELECT document_id, error_id FROM try_ingest_document(NULL, NULL, 't');
DROP TRIGGER number ON error_log;
SELECT clear();
-- A trigger on error_log ingests a document itself.
CREATE FUNCTION report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.document_inbox (file_name, content, file_type)
    VALUES ('report of ' || NEW.error_type, convert_to(NEW.error_message, 'UTF8'), 'text/plain');
    RETURN NULL;
END
$$;
CREATE TRIGGER report AFTER INSERT ON error_log FOR EACH ROW EXECUTE FUNCTION report();
SELECT inbox();
DROP TRIGGER report ON error_log;
TABLE stored;
TABLE logged;
SELECT clear();

-- A rollback takes back the rows of error_log as well; those before and after it stay.
BEGIN;
SELECT count(document_id) FROM batch();
SAVEPOINT s;
SELECT count(document_id) FROM batch();
SELECT inbox();
ROLLBACK TO s;
SELECT inbox();
COMMIT;
TABLE stored;
TABLE logged;
CREATE FUNCTION undo() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.inbox();
    RAISE EXCEPTION 'undone';
EXCEPTION WHEN raise_exception THEN
    RETURN current_user = session_user;
END
$$;
SELECT undo();
SELECT count(*) FROM logged;
SELECT clear();
-- A function can set doc_extractor.on_bad_document for itself.
CREATE FUNCTION strict_inbox() RETURNS void LANGUAGE sql
    SET doc_extractor.on_bad_document = error AS 'SELECT docs.inbox()';
SELECT strict_inbox();
\echo :SQLSTATE
-- A caller needs no privilege on error_log.
GRANT USAGE ON SCHEMA docs TO regress_docs_loader;
GRANT INSERT ON document_inbox TO regress_docs_loader;
GRANT EXECUTE ON FUNCTION ingest_documents TO regress_docs_loader;
SET ROLE regress_docs_loader;
INSERT INTO docs.document_inbox (file_name, content, file_type)
VALUES ('l1', 'l1', 't'), ('l2', NULL, 't'), ('bad l3', 'l3', 't');
SELECT is_duplicate
FROM docs.ingest_documents(ARRAY['l1', 'bad l4'], ARRAY['l1', 'l4']::bytea[], ARRAY['t', 't']);
SELECT current_user;
TABLE docs.error_log;
\echo :SQLSTATE
RESET ROLE;
TABLE stored;
TABLE logged;

SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;
RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_loader;
