-- An owner that is no superuser gains nothing by what it puts on its tables, and nobody else gains
-- anything by it.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_caller;
CREATE ROLE regress_docs_victim;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner, regress_docs_caller',
              current_database()) AS "grant" \gset
:grant;
SET ROLE regress_docs_owner;
CREATE SCHEMA docs;
GRANT USAGE ON SCHEMA docs TO regress_docs_caller;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
-- Records the role that it runs as, and tries to make the owner a superuser.
CREATE TABLE docs.ran (what text, superuser bool,
                       replication_role text DEFAULT current_setting('session_replication_role'));
CREATE FUNCTION docs.grab(what text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.ran SELECT grab.what, rolsuper FROM pg_roles WHERE rolname = current_user;
    EXECUTE 'ALTER ROLE regress_docs_owner SUPERUSER';
    RETURN true;
EXCEPTION WHEN insufficient_privilege THEN
    INSERT INTO docs.ran SELECT grab.what, rolsuper FROM pg_roles WHERE rolname = current_user;
    RETURN true;
END
$$;
CREATE FUNCTION docs.grab_check(value text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS
    $$BEGIN RETURN docs.grab('check'); END$$;
CREATE FUNCTION docs.grab_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM docs.grab('trigger'); RETURN NEW; END$$;
CREATE VIEW docs.looted AS
SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_docs_owner') AS superuser,
       what, bool_or(r.superuser) AS ran_as_superuser,
       string_agg(DISTINCT replication_role, ' ') AS replication_role
FROM docs.ran r GROUP BY what ORDER BY what;

-- The update to 1.1 runs no CHECK on file_type, but refuses it; it runs no triggers.
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
ALTER TABLE docs.documents ADD CONSTRAINT grab CHECK (docs.grab_check(file_type));
CREATE TRIGGER grab BEFORE INSERT OR UPDATE ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.grab_trigger();
TRUNCATE docs.ran;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
TABLE docs.looted;
ALTER TABLE docs.documents DROP CONSTRAINT grab;
ALTER TABLE docs.documents ADD CONSTRAINT grab CHECK (docs.grab_check(file_name));
TRUNCATE docs.ran;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
TABLE docs.looted;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_docs_owner';
-- They do run if a document is written: as the owner, also when a superuser writes it.
RESET ROLE;
SELECT is_duplicate FROM docs.ingest_document('b', 'b', repeat('x', 60));
TABLE docs.looted;

-- The update to 1.0 is refused if the owner's type has a cast to the column's type.
SET ROLE regress_docs_owner;
TRUNCATE docs.ran;
CREATE TYPE docs.number AS (value int);
CREATE FUNCTION docs.to_int(docs.number) RETURNS int LANGUAGE plpgsql AS
    $$BEGIN PERFORM docs.grab('cast'); RETURN $1.value; END$$;
CREATE FUNCTION docs.from_int(int) RETURNS docs.number LANGUAGE plpgsql AS
    $$BEGIN PERFORM docs.grab('cast'); RETURN ROW($1)::docs.number; END$$;
CREATE CAST (docs.number AS int) WITH FUNCTION docs.to_int AS IMPLICIT;
CREATE CAST (int AS docs.number) WITH FUNCTION docs.from_int AS IMPLICIT;
BEGIN;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER TABLE docs.audit_log ALTER document_id TYPE docs.number USING ROW(document_id)::docs.number;
SAVEPOINT step;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
\echo :SQLSTATE
ROLLBACK TO step;
TABLE docs.looted;
-- record_document_event() refuses such a table as well.
SELECT docs.record_document_event(1, 'tagged');
\echo :SQLSTATE
ROLLBACK TO step;
TABLE docs.looted;
ROLLBACK;
BEGIN;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER TABLE docs.audit_log ALTER db_user TYPE docs.number USING NULL;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ROLLBACK;

-- While the update to 1.0 cuts values, a trigger tries to replace the function that the
-- script uses.
CREATE FUNCTION docs.replace_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    command text;
BEGIN
    PERFORM docs.grab('replacing trigger');
    FOREACH command IN ARRAY ARRAY[
        'DROP FUNCTION docs.run_as_owner(text)',
        'ALTER EXTENSION doc_extractor DROP FUNCTION docs.run_as_owner(text)',
        'DROP FUNCTION docs.run_as_owner(text)',
        'ALTER FUNCTION docs.run_as_owner(text) RENAME TO aside',
        'CREATE OR REPLACE FUNCTION docs.run_as_owner(queries text) RETURNS bigint
            LANGUAGE plpgsql AS
            ''BEGIN PERFORM docs.grab(''''replaced function''''); RETURN 0; END''']
    LOOP
        BEGIN
            EXECUTE command;
            INSERT INTO docs.ran VALUES ('done: ' || command, false);
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER replace BEFORE UPDATE ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.replace_trigger();
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
RESET doc_extractor.allow_data_loss;
SELECT extversion, to_regproc('docs.run_as_owner') IS NULL AS function_gone
FROM pg_extension WHERE extname = 'doc_extractor';
SELECT file_name, length(file_type) FROM docs.documents ORDER BY id;
SELECT superuser, what, ran_as_superuser, replication_role
FROM docs.looted WHERE what NOT LIKE 'done:%';
-- The same while a superuser updates to 1.0.
DROP TRIGGER replace ON docs.documents;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
UPDATE docs.documents SET file_type = repeat('y', 60) WHERE file_name = 'b';
CREATE TRIGGER replace BEFORE UPDATE ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.replace_trigger();
RESET ROLE;
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
RESET doc_extractor.allow_data_loss;
SELECT superuser, what, ran_as_superuser, replication_role
FROM docs.looted WHERE what NOT LIKE 'done:%';
SELECT extversion, to_regproc('docs.run_as_owner') IS NULL AS function_gone
FROM pg_extension WHERE extname = 'doc_extractor';
DROP TRIGGER replace ON docs.documents;

-- Out of the extension and in again: what adoption writes is written as the owner, and a superuser
-- does not adopt another role's tables.
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
DROP EXTENSION doc_extractor;
DELETE FROM docs.hash_index;
ALTER TABLE docs.hash_index ADD CONSTRAINT grab CHECK (docs.grab_check(file_hash));
CREATE TRIGGER grab BEFORE INSERT ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION docs.grab_trigger();
CREATE TRIGGER grab BEFORE INSERT ON docs.audit_log
    FOR EACH ROW EXECUTE FUNCTION docs.grab_trigger();
DELETE FROM docs.audit_log;
TRUNCATE docs.ran;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
\echo :SQLSTATE
DROP EXTENSION doc_extractor;
TABLE docs.looted;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT superuser, what, ran_as_superuser, replication_role FROM docs.looted;
SELECT document_id, action, change_reason FROM docs.audit_log;
-- doc_extractor_verify() runs nothing with other privileges either, whoever calls it.
TRUNCATE docs.ran;
RESET ROLE;
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
TABLE docs.looted;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_docs_owner';
DROP TRIGGER grab ON docs.documents;
DROP TRIGGER grab ON docs.hash_index;
DROP TRIGGER grab ON docs.audit_log;
ALTER TABLE docs.documents DROP CONSTRAINT grab;
ALTER TABLE docs.hash_index DROP CONSTRAINT grab;

-- A caller with EXECUTE alone cannot redirect the owner's triggers: they use the
-- extension's schema, not the caller's search_path.
SET ROLE regress_docs_owner;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.record_document_event TO regress_docs_caller;
CREATE TABLE docs.notes (who text, what text);
CREATE FUNCTION docs.classify(name text) RETURNS text LANGUAGE sql AS $$SELECT 'the owner''s'$$;
CREATE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notes VALUES (TG_TABLE_NAME, classify(NEW.file_hash) || length('abc'));
    RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE TRIGGER note AFTER INSERT OR UPDATE ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION docs.note();
SET ROLE regress_docs_caller;
CREATE SCHEMA mine;
GRANT USAGE ON SCHEMA mine TO PUBLIC;
CREATE TABLE mine.seen (who text);
GRANT ALL ON mine.seen TO PUBLIC;
CREATE FUNCTION mine.classify(name varchar) RETURNS text LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO mine.seen VALUES (current_user); RETURN 'the caller''s'; END$$;
CREATE FUNCTION mine.length(name text) RETURNS int LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO mine.seen VALUES (current_user); RETURN -1; END$$;
CREATE FUNCTION mine.concat_them(text, int) RETURNS text LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO mine.seen VALUES (current_user); RETURN ''; END$$;
CREATE OPERATOR mine.|| (LEFTARG = text, RIGHTARG = int, FUNCTION = mine.concat_them);
CREATE FUNCTION mine.watch() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO mine.seen VALUES (current_user); RETURN NEW; END$$;
CREATE TABLE mine.notes (who text, what text);
CREATE TEMPORARY TABLE notes (who text, what text);
CREATE TRIGGER watch BEFORE INSERT ON pg_temp.notes FOR EACH ROW EXECUTE FUNCTION mine.watch();
GRANT ALL ON mine.notes, pg_temp.notes TO PUBLIC;
SET search_path = pg_temp, mine, pg_catalog;
SELECT is_duplicate FROM docs.ingest_document('c', 'c', 't');
SELECT is_duplicate FROM docs.ingest_document('c', 'c', 't');
SHOW search_path;
-- After an error, too, search_path is the caller's again.
SELECT is_duplicate FROM docs.ingest_document('', 'c', 't');
SHOW search_path;
DO $$
BEGIN
    PERFORM docs.record_document_event(-1, 'tagged');
EXCEPTION WHEN foreign_key_violation THEN
    NULL;
END
$$;
SHOW search_path;
RESET search_path;
SELECT count(*) FROM mine.seen;
SELECT (SELECT count(*) FROM pg_temp.notes) + (SELECT count(*) FROM mine.notes) AS caught;
RESET ROLE;
SELECT * FROM docs.notes ORDER BY who, what;
-- The owner's triggers do not find what only the caller has.
DROP FUNCTION docs.classify(text);
SET ROLE regress_docs_caller;
SET search_path = pg_temp, mine, docs;
\set VERBOSITY sqlstate
SELECT is_duplicate FROM docs.ingest_document('d', 'd', 't');
\set VERBOSITY default
RESET search_path;
SELECT count(*) FROM mine.seen;
RESET ROLE;
DROP FUNCTION docs.note() CASCADE;

-- Functions that are moved to another schema do not write there.
CREATE SCHEMA victim AUTHORIZATION regress_docs_victim;
GRANT ALL ON SCHEMA victim TO regress_docs_owner;
CREATE TABLE victim.documents (LIKE docs.documents INCLUDING ALL);
CREATE TABLE victim.hash_index (LIKE docs.hash_index INCLUDING ALL);
CREATE TABLE victim.audit_log (LIKE docs.audit_log INCLUDING ALL);
ALTER TABLE victim.documents OWNER TO regress_docs_victim;
ALTER TABLE victim.hash_index OWNER TO regress_docs_victim;
ALTER TABLE victim.audit_log OWNER TO regress_docs_victim;
INSERT INTO victim.documents
    (id, file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES (1, 'victim', 1, 'v', 't', 's');
SET ROLE regress_docs_owner;
BEGIN;
ALTER FUNCTION docs.ingest_document SET SCHEMA victim;
ALTER FUNCTION docs.ingest_documents SET SCHEMA victim;
ALTER FUNCTION docs.record_document_event SET SCHEMA victim;
ALTER FUNCTION docs.documents_after_insert() SET SCHEMA victim;
ALTER FUNCTION docs.documents_after_update() SET SCHEMA victim;
ALTER FUNCTION docs.documents_after_delete() SET SCHEMA victim;
ALTER FUNCTION docs.doc_extractor_verify() SET SCHEMA victim;
\set VERBOSITY terse
SAVEPOINT moved;
SELECT * FROM victim.ingest_document('x', 'x', 't');
\echo :SQLSTATE
ROLLBACK TO moved;
SELECT * FROM victim.ingest_documents('{x}', '{x}', '{t}');
ROLLBACK TO moved;
SELECT victim.record_document_event(1, 'tagged');
ROLLBACK TO moved;
SELECT * FROM victim.doc_extractor_verify();
ROLLBACK TO moved;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('x', 1, 'x', 't', 's');
\echo :SQLSTATE
ROLLBACK TO moved;
UPDATE docs.documents SET file_type = 'x';
ROLLBACK TO moved;
DELETE FROM docs.documents;
ROLLBACK;
RESET ROLE;
SELECT (SELECT count(*) FROM victim.documents) AS documents,
       (SELECT count(*) FROM victim.hash_index) +
       (SELECT count(*) FROM victim.audit_log) AS derived;
-- Functions do not write into tables that were given to another owner either.
ALTER TABLE docs.audit_log OWNER TO regress_docs_victim;
SELECT docs.record_document_event(1, 'tagged');
\echo :SQLSTATE
ALTER TABLE docs.audit_log OWNER TO regress_docs_owner;

-- Tables that are not as the extension made them: each call works or raises an error that says so;
-- none crashes. Each call is rolled back.
CREATE FUNCTION docs.after(change text)
RETURNS TABLE (call text, result text) LANGUAGE plpgsql AS $$
DECLARE
    calls text[] := ARRAY[
        'ingest', 'SELECT docs.ingest_document(''n'', ''new'', ''t'')',
        'duplicate', 'SELECT docs.ingest_document(''c'', ''c'', ''t'')',
        'batch', 'SELECT docs.ingest_documents(''{n,c}'', ''{new,c}'', ''{t,t}'')',
        'event', 'SELECT docs.record_document_event(max(id), ''tagged'') FROM docs.documents',
        'UPDATE', 'UPDATE docs.documents SET file_name = file_name || ''.''',
        'DELETE', 'DELETE FROM docs.documents',
        'verify', 'SELECT docs.doc_extractor_verify()'];
BEGIN
    FOR i IN 1..array_length(calls, 1) BY 2 LOOP
        call := calls[i];
        BEGIN
            PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
            EXECUTE change;
            EXECUTE calls[i + 1];
            RAISE EXCEPTION 'works' USING errcode = 'DX000';
        EXCEPTION WHEN OTHERS THEN
            -- The session's search_path decides whether a type's name is qualified.
            result := CASE SQLSTATE WHEN 'DX000' THEN SQLERRM
                                    ELSE concat_ws(' ', SQLSTATE, replace(SQLERRM, 'type docs.',
                                                                          'type ')) END;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
-- Views prevent a column from changing its type, but their owner can drop them.
SELECT string_agg(format('ALTER EXTENSION doc_extractor DROP VIEW docs.%1$I;
                          DROP VIEW docs.%1$I;', view), '' ORDER BY n) AS drop_views
FROM unnest(ARRAY['ingestion_stats', 'ingestion_stats_by_source', 'ingestion_stats_by_type'])
    WITH ORDINALITY AS v (view, n) \gset
CREATE TYPE docs.status AS ENUM ('success', 'failed', 'retry');
CREATE TYPE docs.action AS ENUM ('ingested', 'updated', 'deleted', 'classified', 'tagged', 'error');
SELECT * FROM docs.after(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER ingestion_status DROP DEFAULT,
         ALTER ingestion_status TYPE docs.status USING ingestion_status::docs.status');
SELECT * FROM docs.after('ALTER TABLE docs.documents ALTER metadata_extracted TYPE text');
SELECT * FROM docs.after(
    'ALTER TABLE docs.documents ALTER created_at TYPE date, ALTER updated_at TYPE date');
SELECT * FROM docs.after(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER file_hash TYPE bytea USING file_hash::bytea')
WHERE call <> 'verify';
SELECT * FROM docs.after('ALTER TABLE docs.documents ALTER id TYPE numeric');
SELECT * FROM docs.after('ALTER TABLE docs.hash_index ALTER document_id TYPE text')
WHERE call <> 'verify';
SELECT * FROM docs.after(:'drop_views' ||
    'ALTER TABLE docs.hash_index ALTER file_hash TYPE uuid USING gen_random_uuid()')
WHERE call <> 'verify';
SELECT * FROM docs.after(
    'ALTER TABLE docs.audit_log ALTER action TYPE docs.action USING action::docs.action');
SELECT * FROM docs.after('ALTER TABLE docs.audit_log ALTER new_value TYPE text');
SELECT * FROM docs.after('ALTER TABLE docs.audit_log ALTER action_timestamp TYPE date');
-- Wider types work.
SELECT * FROM docs.after(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER id TYPE bigint, ALTER created_at TYPE timestamptz,
         ALTER updated_at TYPE timestamptz;
     ALTER TABLE docs.hash_index ALTER document_id TYPE bigint, ALTER duplicate_count TYPE bigint;
     ALTER TABLE docs.audit_log ALTER document_id TYPE bigint, ALTER id TYPE bigint,
         ALTER action_timestamp TYPE timestamptz, ALTER action TYPE text');
-- NULL in columns that V001 declares NOT NULL.
SELECT * FROM docs.after(
    'ALTER TABLE docs.documents ALTER file_hash DROP NOT NULL;
     UPDATE docs.documents SET file_hash = NULL');
SELECT * FROM docs.after(
    'ALTER TABLE docs.documents ALTER file_hash DROP NOT NULL;
     INSERT INTO docs.documents (file_name, file_size_bytes, file_type, ingestion_source)
     VALUES (''x'', 1, ''t'', ''s'')')
WHERE call = 'ingest';
SELECT * FROM docs.after(
    'ALTER TABLE docs.documents ALTER ingestion_status DROP NOT NULL;
     ALTER TABLE docs.documents DISABLE TRIGGER USER;
     UPDATE docs.documents SET ingestion_status = NULL;
     ALTER TABLE docs.documents ENABLE TRIGGER USER');
SELECT * FROM docs.after(
    'ALTER TABLE docs.audit_log ALTER action DROP NOT NULL;
     INSERT INTO docs.audit_log (document_id, action) VALUES (1, NULL)')
WHERE call = 'ingest';
-- Columns that were dropped or renamed.
SELECT * FROM docs.after('ALTER TABLE docs.documents DROP error_message');
SELECT * FROM docs.after('ALTER TABLE docs.documents RENAME document_text TO content');
-- A view or a partitioned table in a table's place, and no table at all.
SELECT * FROM docs.after(format(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.%1$I; ALTER TABLE docs.%1$I RENAME TO aside;
     CREATE VIEW docs.%1$I AS TABLE docs.aside', 'audit_log'));
SELECT * FROM docs.after(format(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.%1$I; ALTER TABLE docs.%1$I RENAME TO aside;
     CREATE VIEW docs.%1$I AS TABLE docs.aside', 'hash_index'));
SELECT * FROM docs.after(format(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.%1$I; ALTER TABLE docs.%1$I RENAME TO aside;
     CREATE TABLE docs.%1$I (LIKE docs.aside) PARTITION BY HASH (id)', 'audit_log'))
WHERE call <> 'verify';
SELECT * FROM docs.after(format(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.%1$I; ALTER TABLE docs.%1$I RENAME TO aside',
    'hash_index'));
-- A document's id cannot change, in both versions.
SELECT * FROM docs.after('UPDATE docs.documents SET id = id + 1000') WHERE call = 'ingest';
SELECT * FROM docs.after('UPDATE docs.documents SET id = id') WHERE call = 'ingest';
SELECT result IN (
    '55000 the id of a document cannot change',
    '23503 update or delete on table "documents" violates foreign key constraint '
    '"hash_index_document_id_fkey" on table "hash_index"',
    '23503 update or delete on table "documents" violates foreign key constraint '
    '"audit_log_document_id_fkey" on table "audit_log"') AS refused
FROM docs.after(
    'ALTER EXTENSION doc_extractor UPDATE TO ''1.0'';
     UPDATE docs.documents SET id = id + 1000')
WHERE call = 'ingest';

-- Nothing changes session_replication_role, not even during a restore.
SET ROLE regress_docs_owner;
TRUNCATE docs.ran;
CREATE TRIGGER grab AFTER INSERT ON docs.documents
    FOR EACH STATEMENT EXECUTE FUNCTION docs.grab_trigger();
CREATE TRIGGER grab AFTER INSERT ON docs.hash_index
    FOR EACH STATEMENT EXECUTE FUNCTION docs.grab_trigger();
CREATE TRIGGER grab AFTER INSERT ON docs.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION docs.grab_trigger();
SET doc_extractor.restoring = on;
INSERT INTO docs.documents (id, file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES (100, 'r', 1, 'r', 't', 's');
INSERT INTO docs.hash_index (file_hash, document_id) VALUES ('r', 100);
INSERT INTO docs.audit_log (document_id, action) VALUES (100, 'once upon a time');
RESET doc_extractor.restoring;
SELECT count(*), string_agg(DISTINCT replication_role, ' ') AS replication_role FROM docs.ran;
SHOW session_replication_role;
RESET ROLE;
-- Other tables' foreign keys are still checked during a restore.
CREATE TABLE docs.pages (document_id int REFERENCES docs.documents);
CREATE FUNCTION docs.add_page() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO docs.pages VALUES (-1); RETURN NULL; END$$;
CREATE TRIGGER page AFTER INSERT ON docs.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION docs.add_page();
SET doc_extractor.restoring = on;
\set VERBOSITY sqlstate
INSERT INTO docs.audit_log (document_id, action) VALUES (100, 'tagged');
\set VERBOSITY default
RESET doc_extractor.restoring;
DROP TABLE docs.pages;
DROP FUNCTION docs.add_page() CASCADE;
DROP FUNCTION docs.grab_trigger() CASCADE;

-- A setting that comes with the connection and is not valid text.
\set bytes `printf '\377'`
\set connection 'options=-cdoc_extractor.application_user=' :bytes
\c -reuse-previous=on :connection
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
UPDATE docs.documents SET file_type = 'e';
\set connection 'options=-cdoc_extractor.reason=' :bytes
\c -reuse-previous=on :connection
\set VERBOSITY sqlstate
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
SET doc_extractor.reason = 'fixed';
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
\set VERBOSITY default
\c -reuse-previous=on options=

SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_docs_owner';
SET client_min_messages = error;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs, victim, mine CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner, regress_docs_caller',
              current_database()) AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_caller, regress_docs_victim;
