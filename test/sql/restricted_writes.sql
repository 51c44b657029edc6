-- What the owner of a ledger puts on its tables runs as the owner, and leaves nothing behind that
-- would later run with the rights of the session that called.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set admin :USER
CREATE ROLE regress_docs_owner LOGIN;
CREATE ROLE regress_docs_caller LOGIN;
CREATE ROLE regress_docs_writer;
SELECT format('GRANT CREATE, TEMP ON DATABASE %I TO regress_docs_owner', current_database())
    AS "grant" \gset
:grant;
SET SESSION AUTHORIZATION regress_docs_owner;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
GRANT USAGE ON SCHEMA docs TO regress_docs_caller, regress_docs_writer;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.ingest_documents, docs.log_ingestion_error
    TO regress_docs_caller;
GRANT INSERT ON docs.document_inbox TO regress_docs_caller;
GRANT SELECT, INSERT, UPDATE, DELETE ON docs.documents TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_writer;
-- Who runs the owner's code; anybody may call it.
CREATE TABLE docs.ran (number int GENERATED ALWAYS AS IDENTITY, what text, who name);
GRANT SELECT, INSERT, DELETE ON docs.ran TO PUBLIC;
CREATE FUNCTION docs.run(what text) RETURNS boolean LANGUAGE sql AS
    $$ INSERT INTO docs.ran (what, who) VALUES (what, current_user) RETURNING true $$;
-- The owner's trigger: runs a command.
CREATE TABLE docs.orders (command text);
GRANT SELECT ON docs.orders TO PUBLIC;
CREATE FUNCTION docs.obey() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    command text;
BEGIN
    FOR command IN SELECT o.command FROM docs.orders o LOOP
        EXECUTE command;
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER obey BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION docs.obey();
-- A table with a deferred constraint trigger.
CREATE TABLE docs.later (what text);
CREATE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.run(TG_NAME || ' ' || TG_OP);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON docs.later DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE TABLE docs.parts (what text) PARTITION BY LIST (what);
CREATE TABLE docs.part PARTITION OF docs.parts DEFAULT;
CREATE CONSTRAINT TRIGGER parts AFTER INSERT ON docs.parts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE MATERIALIZED VIEW docs.numbered AS SELECT 1 AS number;
CREATE UNIQUE INDEX ON docs.numbered (number);
CREATE SEQUENCE docs.numbers;
RESET SESSION AUTHORIZATION;

CREATE TABLE commands (number int GENERATED ALWAYS AS IDENTITY, command text);
GRANT SELECT ON commands TO PUBLIC;
INSERT INTO commands (command) VALUES
    ($$DECLARE c CURSOR WITH HOLD FOR SELECT docs.run('cursor')$$),
    ($$CREATE TEMP VIEW pg_stat_activity AS SELECT docs.run('view')$$),
    ($$CREATE VIEW pg_temp.pg_stat_activity AS SELECT docs.run('view')$$),
    ($$CREATE TEMP TABLE pg_stat_activity (c bool DEFAULT docs.run('default'))$$),
    ($$CREATE TABLE pg_temp.pg_class AS SELECT 1$$),
    ($$CREATE TEMP SEQUENCE pg_class$$),
    ($$CREATE TYPE pg_temp.name AS ENUM ()$$),
    ($$CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (docs.run('domain'))$$),
    ($$CREATE FUNCTION pg_temp.now() RETURNS boolean LANGUAGE sql
       AS 'SELECT docs.run(''temporary'')'$$),
    ($$CREATE AGGREGATE pg_temp.max(boolean) (SFUNC = booland_statefunc, STYPE = boolean)$$),
    ($$PREPARE p AS SELECT docs.run('prepared')$$),
    ($$DEALLOCATE ALL$$),
    ($$LISTEN channel$$),
    ($$UNLISTEN *$$),
    ($$CLOSE ALL$$),
    ($$DISCARD PLANS$$),
    ($$SET ROLE regress_docs_writer$$),
    ($$SET SESSION AUTHORIZATION DEFAULT$$),
    ($$SELECT set_config('role', 'none', false)$$),
    ($$RESET ROLE$$),
    ($$INSERT INTO docs.later VALUES ('deferred')$$),
    ($$SET search_path = docs, pg_catalog$$),
    ($$SET LOCAL search_path = docs, pg_catalog$$),
    ($$SELECT set_config('doc_extractor.application_user', 'somebody', false)$$),
    ($$CREATE OR REPLACE FUNCTION docs.permanent() RETURNS int LANGUAGE sql AS 'SELECT 1'$$),
    ($$SELECT pg_notify('channel', 'message')$$),
    ($$SELECT nextval('docs.numbers')$$),
    ($$SELECT pg_advisory_xact_lock(1)$$),
    ($$DECLARE c CURSOR FOR SELECT 1$$),
    ($$DO 'BEGIN PERFORM 1 / 0;
           EXCEPTION WHEN division_by_zero THEN PERFORM docs.run(''savepoint''); END'$$),
    ($$INSERT INTO docs.parts VALUES ('routed')$$),
    ($$REFRESH MATERIALIZED VIEW CONCURRENTLY docs.numbered$$),
    ($$REFRESH MATERIALIZED VIEW docs.numbered$$);
-- A temporary type is refused by the server or by us; that depends on the server's minor release.
CREATE FUNCTION outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM give_order(command);
    PERFORM docs.ingest_document(command, convert_to(command, 'UTF8'), 't');
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || replace(SQLERRM, 'a type in a temporary schema', 'temporary type');
END
$$;
CREATE FUNCTION give_order(command text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    DELETE FROM docs.orders;
    INSERT INTO docs.orders VALUES (command)
$$;
-- Tries all commands, and shows what has run, and what is left behind.
CREATE VIEW left_behind AS
    SELECT 'cursor ' || name AS what FROM pg_cursors WHERE is_holdable
    UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements WHERE from_sql AND name = 'p'
    UNION ALL SELECT 'channel ' || c FROM pg_listening_channels() c
    UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
    UNION ALL SELECT 'temporary ' || typname FROM pg_type
              WHERE typnamespace = pg_my_temp_schema() AND typtype IN ('d', 'e')
    UNION ALL SELECT 'temporary ' || proname FROM pg_proc WHERE pronamespace = pg_my_temp_schema()
    UNION ALL SELECT 'search_path ' || setting FROM pg_settings
              WHERE name = 'search_path' AND setting NOT LIKE '%public%'
    UNION ALL SELECT 'user ' || current_setting('doc_extractor.application_user')
              WHERE current_setting('doc_extractor.application_user') <> '';
GRANT SELECT ON left_behind TO PUBLIC;

-- Shows what has run, and what is left behind.
CREATE FUNCTION try_all() RETURNS TABLE (outcome text, commands text) LANGUAGE sql AS $$
    SELECT outcome, string_agg(number::text, ' ' ORDER BY number)
    FROM (SELECT number, outcome(command) FROM commands ORDER BY number) t
    GROUP BY outcome ORDER BY min(number)
$$;

-- A superuser calls.
SELECT number, command, outcome(command) FROM commands ORDER BY number;
TABLE left_behind;
SELECT what, who FROM docs.ran ORDER BY number;
-- It calls as the owner, after SET ROLE, and as the caller.
DELETE FROM docs.documents;
DELETE FROM docs.ran;
SET ROLE regress_docs_owner;
SELECT * FROM try_all();
RESET ROLE;
DELETE FROM docs.documents;
SET ROLE regress_docs_caller;
SELECT * FROM try_all();
RESET ROLE;
DELETE FROM docs.documents;
-- A role that is no superuser calls, but has rights that the owner lacks: its own.
SET SESSION AUTHORIZATION regress_docs_caller;
SELECT * FROM try_all();
RESET SESSION AUTHORIZATION;
DELETE FROM docs.documents;
TABLE left_behind;
SELECT DISTINCT what, who FROM docs.ran ORDER BY what;
-- A role calls a SECURITY DEFINER function of the owner's: the session user counts.
SET SESSION AUTHORIZATION regress_docs_owner;
CREATE FUNCTION docs.for_anybody(command text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM docs.ingest_document(command, convert_to(command, 'UTF8'), 't');
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SET SESSION AUTHORIZATION regress_docs_caller;
SELECT give_order(command), docs.for_anybody(command) FROM commands WHERE number = 1;
-- A superuser that is the owner only after SET SESSION AUTHORIZATION would come back.
SET SESSION AUTHORIZATION regress_docs_owner;
SELECT outcome(command), command FROM commands WHERE number IN (1, 2, 11) ORDER BY number;
-- The owner itself calls: nothing is restricted but roles, and settings end with the write.
\c - regress_docs_owner
SET client_min_messages = warning;
DELETE FROM docs.ran;
BEGIN;
SELECT outcome(command), command FROM commands
WHERE number NOT IN (3, 4, 6, 12, 14, 15, 16, 29) ORDER BY number;
SELECT * FROM left_behind ORDER BY what;
SELECT what FROM docs.ran;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT what FROM docs.ran;
ROLLBACK;
DEALLOCATE ALL;
-- The opt-out: the owner gets the caller's rights. A superuser's call stays restricted.
\c - :admin
SET client_min_messages = warning;
GRANT regress_docs_caller TO regress_docs_owner;
\c - regress_docs_caller
BEGIN;
SELECT outcome(command), command FROM commands WHERE number IN (1, 2, 11) ORDER BY number;
SELECT * FROM left_behind ORDER BY what;
ROLLBACK;
\c - :admin
SET client_min_messages = warning;
SET ROLE regress_docs_caller;
SELECT outcome(command), command FROM commands WHERE number = 1;
RESET ROLE;
REVOKE regress_docs_caller FROM regress_docs_owner;

-- The owner's code on any table, by every entry point.
DROP TRIGGER obey ON docs.documents;
DELETE FROM docs.documents;
DELETE FROM docs.error_log;
SELECT give_order(command) FROM commands WHERE number = 1;
CREATE TABLE calls (number int GENERATED ALWAYS AS IDENTITY, call text);
INSERT INTO calls (call) VALUES
    ($$SELECT docs.ingest_document('new', 'new', 't')$$),
    ($$SELECT docs.ingest_hashed_document('hashed', encode(sha256('hashed'), 'hex'), 6, 't')$$),
    ($$SELECT docs.ingest_documents('{batch}', '{batch}', '{t}')$$),
    ($$SELECT docs.try_ingest_document('tried', 'tried', 't')$$),
    ($$SELECT docs.try_ingest_document('tried', NULL, 't')$$),
    ($$SELECT docs.ingest_document('known', 'known', 't')$$),
    ($$SELECT docs.ingest_document('bad', 'bad', 't')$$),
    ($$SELECT docs.ingest_document('bad', 'bad', 't', ingestion_status => 'retry')$$),
    ($$INSERT INTO docs.document_inbox (file_name, content, file_type)
       VALUES ('new', 'new', 't')$$),
    ($$SELECT docs.record_document_event(id, 'tagged')
       FROM docs.documents WHERE file_name = 'known'$$),
    ($$SELECT docs.log_ingestion_error('f', 't', 'm')$$),
    ($$SELECT docs.resolve_ingestion_error(id, 'n')
       FROM docs.error_log WHERE file_name = 'known'$$),
    ($$INSERT INTO docs.documents
           (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
       VALUES ('plain', 1, 'plain', 't', 's')$$),
    ($$UPDATE docs.documents SET file_hash = 'moved' WHERE file_name = 'known'$$),
    ($$DELETE FROM docs.documents WHERE file_name = 'known'$$);
SELECT FROM docs.ingest_document('known', 'known', 't');
SELECT FROM docs.ingest_document('bad', 'bad', 't', ingestion_status => 'failed');
SELECT FROM docs.log_ingestion_error('known', 'known', 'known');
CREATE FUNCTION outcome_of_call(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RAISE 'nothing';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
-- Those writes to each table that meet the owner's trigger are refused.
CREATE FUNCTION refused(relation regclass, event text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('CREATE TRIGGER obey BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION docs.obey()',
                   event, relation);
    SELECT string_agg(number || CASE outcome
               WHEN 'cannot create a cursor WITH HOLD within security-restricted operation' THEN ''
               ELSE ' ' || outcome END, ', ' ORDER BY number)
    FROM (SELECT number, outcome_of_call(call) AS outcome FROM calls) c
    WHERE outcome <> 'nothing' INTO answer;
    EXECUTE format('DROP TRIGGER obey ON %s', relation);
    RETURN answer;
END
$$;
SELECT * FROM calls ORDER BY number;
SELECT t AS relation, e AS event, refused(t, e)
FROM unnest('{docs.documents,docs.hash_index,docs.audit_log,docs.error_log}'::regclass[]) t,
     unnest('{INSERT,UPDATE,DELETE}'::text[]) e
WHERE t <> 'docs.audit_log'::regclass OR e = 'INSERT'
ORDER BY t, e DESC;
-- So are defaults and checks.
CREATE FUNCTION docs.hold(anyelement) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT docs.run(''cursor'')';
    RETURN 1;
END
$$;
CREATE FUNCTION refused_with(setup text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE setup;
    SELECT string_agg(number || CASE outcome
               WHEN 'cannot create a cursor WITH HOLD within security-restricted operation' THEN ''
               ELSE ' ' || outcome END, ', ' ORDER BY number)
    FROM (SELECT number, outcome_of_call(call) AS outcome FROM calls) c
    WHERE outcome <> 'nothing' INTO answer;
    RAISE '%', answer;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END
$$;
SELECT t AS relation, kind, refused_with(replace(setup, '%', 'docs.' || t)) AS refused
FROM unnest('{documents,hash_index,audit_log,error_log}'::text[]) WITH ORDINALITY t (t, n),
     (VALUES ('default', 'ALTER TABLE % ADD x int; ALTER TABLE % ALTER x SET DEFAULT docs.hold(1)'),
             ('check', 'ALTER TABLE % ADD CHECK (docs.hold(id) > 0) NOT VALID')) s (kind, setup)
ORDER BY n, kind;

-- Deferrable constraints are checked at the end of each statement.
DELETE FROM docs.documents;
DELETE FROM docs.error_log;
TRUNCATE docs.ran;
SET SESSION AUTHORIZATION regress_docs_owner;
CREATE TABLE docs.types (file_type text PRIMARY KEY);
INSERT INTO docs.types VALUES ('t'), ('u');
ALTER TABLE docs.documents
    ADD CONSTRAINT known_type FOREIGN KEY (file_type) REFERENCES docs.types
        DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT one_name UNIQUE (file_name) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE docs.hash_index
    ADD CONSTRAINT known_document FOREIGN KEY (document_id) REFERENCES docs.documents
        DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER documents_deferred AFTER INSERT OR UPDATE OR DELETE ON docs.documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE CONSTRAINT TRIGGER documents_immediate AFTER INSERT OR UPDATE OR DELETE ON docs.documents
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE CONSTRAINT TRIGGER hash_index_deferred AFTER INSERT OR UPDATE OR DELETE ON docs.hash_index
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE CONSTRAINT TRIGGER audit_log_deferred AFTER INSERT ON docs.audit_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION docs.note();
CREATE CONSTRAINT TRIGGER error_log_deferred AFTER INSERT OR UPDATE ON docs.error_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION docs.note();
RESET SESSION AUTHORIZATION;
-- Shows what has run so far, and forgets it.
CREATE FUNCTION ran() RETURNS TABLE (what text, who name) LANGUAGE sql SECURITY DEFINER AS
    $$ WITH gone AS (DELETE FROM docs.ran RETURNING *)
       SELECT what, who FROM gone ORDER BY number $$;
SET SESSION AUTHORIZATION regress_docs_caller;
BEGIN;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT * FROM ran();
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT * FROM ran();
SELECT is_duplicate FROM docs.ingest_document('b', 'b', 't', ingestion_status => 'failed');
SELECT * FROM ran();
SELECT is_duplicate FROM docs.ingest_document('b', 'b', 't', ingestion_status => 'retry',
                                              error_message => 'again');
SELECT * FROM ran();
SELECT docs.log_ingestion_error('b', 'e', 'm') > 0 AS logged;
SELECT * FROM ran();
-- It heals b, and marks the failure.
INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES ('b', 'b', 't');
SELECT * FROM ran();
SET CONSTRAINTS ALL DEFERRED;
SELECT is_duplicate FROM docs.ingest_documents('{c,c}', '{c,c}', '{t,t}');
SELECT * FROM ran();
COMMIT;
SELECT * FROM ran();
SELECT is_duplicate FROM docs.ingest_document('d', 'd', 'no such type');
SELECT is_duplicate FROM docs.ingest_document('c', 'd', 't');
SELECT * FROM ran();
-- In log mode, these are bad documents.
SET doc_extractor.on_bad_document = log;
SELECT is_duplicate
FROM docs.ingest_documents('{d,c,e}', '{d,e,f}', ARRAY['no such type', 't', 't']);
RESET doc_extractor.on_bad_document;
-- What others have deferred stays so: a plain UPDATE's own constraints, not those of the rows that
-- follow from it.
SET SESSION AUTHORIZATION regress_docs_writer;
SELECT FROM ran();
BEGIN;
UPDATE docs.documents SET file_hash = 'moved', file_type = 'u' WHERE file_name = 'a';
DELETE FROM docs.documents WHERE file_name = 'b';
SELECT * FROM ran();
COMMIT;
SELECT count(*) AS deferred FROM ran();
-- The caller's own deferred constraint waits until commit, and the mode that it has set stays.
RESET SESSION AUTHORIZATION;
CREATE TABLE own (id int PRIMARY KEY, parent int REFERENCES own DEFERRABLE INITIALLY IMMEDIATE);
GRANT INSERT, SELECT ON own TO regress_docs_caller;
SET SESSION AUTHORIZATION regress_docs_caller;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO own VALUES (1, 2);
SELECT is_duplicate FROM docs.ingest_document('f', 'a', 't');
INSERT INTO own VALUES (2, 3), (3, NULL);
COMMIT;
TABLE own;
-- For the owner, they are deferred as always.
\c - regress_docs_owner
SELECT FROM ran();
BEGIN;
SELECT is_duplicate FROM docs.ingest_document('g', 'g', 'new type');
SELECT * FROM ran();
INSERT INTO docs.types VALUES ('new type');
COMMIT;
SELECT * FROM ran();

\c - :admin
SET client_min_messages = warning;
SELECT check_name, detail FROM docs.doc_extractor_verify()
WHERE NOT passed AND check_name <> 'hashes';
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP VIEW left_behind;
DROP FUNCTION outcome, give_order, try_all, outcome_of_call, refused, refused_with, ran;
DROP TABLE commands, calls, own;
SELECT format('REVOKE ALL ON DATABASE %I FROM regress_docs_owner', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_caller, regress_docs_writer;
