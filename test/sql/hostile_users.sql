-- What callers and users' triggers try on the functions and on document_inbox, in a
-- ledger whose names need quotes.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE "regress_docs owner %s";
CREATE ROLE regress_docs_caller;
CREATE ROLE regress_docs_other;
CREATE ROLE regress_docs_nobody;
GRANT regress_docs_other TO regress_docs_caller, "regress_docs owner %s";
SELECT format('GRANT CREATE ON DATABASE %I TO "regress_docs owner %%s"', current_database())
    AS "grant" \gset
:grant;
SET ROLE "regress_docs owner %s";
CREATE SCHEMA "My %s.schema";
CREATE EXTENSION doc_extractor SCHEMA "My %s.schema";
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE;
-- Names that are not allowed in an extension's script.
RESET ROLE;
ALTER ROLE "regress_docs owner %s" RENAME TO "regress_docs ""owner"" %s";
ALTER SCHEMA "My %s.schema" RENAME TO "it's ""my"" %s.schema";
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SET ROLE "regress_docs ""owner"" %s";
\set docs '"it\'s ""my"" %s.schema"'
GRANT USAGE ON SCHEMA :docs TO regress_docs_caller, regress_docs_other;
GRANT EXECUTE ON FUNCTION :docs.ingest_document, :docs.ingest_documents, :docs.try_ingest_document,
    :docs.log_ingestion_error, :docs.resolve_ingestion_error, :docs.record_document_event
    TO regress_docs_caller, regress_docs_other;
GRANT INSERT ON :docs.document_inbox, :docs.documents TO regress_docs_caller, regress_docs_other;
GRANT USAGE ON SEQUENCE :docs.documents_id_seq TO regress_docs_caller, regress_docs_other;
RESET ROLE;

-- Uses every entry point that a caller has, each time with documents of its own.
CREATE FUNCTION use_entry_points(name text)
RETURNS TABLE (entry_point text, result text) LANGUAGE plpgsql AS $$
DECLARE
    command text;
BEGIN
    FOREACH command IN ARRAY ARRAY[
        $q$SELECT is_duplicate FROM docs.ingest_document('n 1', 'n 1', 't')$q$,
        $q$SELECT bool_or(is_duplicate)
           FROM docs.ingest_documents(ARRAY['n 2', 'n 3'], ARRAY['n 1', 'n 3']::bytea[],
                                      ARRAY['t', 't'])$q$,
        $q$SELECT docs.log_ingestion_error('n 4', 'type', 'message') > 0$q$,
        $q$SELECT is_duplicate FROM docs.try_ingest_document('n 4', 'n 4', 't')$q$,
        $q$SELECT error_id > 0 FROM docs.try_ingest_document('n 5', NULL, 't')$q$,
        $q$SELECT docs.record_document_event(document_id, 'tagged') > 0
           FROM docs.ingest_document('n 1', 'n 1', 't')$q$,
        $q$INSERT INTO docs.document_inbox (file_name, content, file_type)
           VALUES ('n 5', 'n 5', 't'), ('n 6', 'n 1', 't')$q$,
        $q$INSERT INTO docs.documents
               (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
           VALUES ('n 7', 1, 'n 7', 't', 's')$q$]
    LOOP
        entry_point := substring(command, 'docs\.([a-z_]+)');
        BEGIN
            result := 'done';
            command := replace(command, 'n ', name || ' ');
            command := replace(command, 'docs.', '"it''s ""my"" %s.schema".');
            IF command LIKE 'SELECT%' THEN
                EXECUTE command INTO result;
            ELSE
                EXECUTE command;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            result := SQLSTATE || ' ' || SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
-- What the entry points left: documents, counts, trail, failures.
CREATE VIEW left_behind AS
SELECT n.name,
    (SELECT count(*) FROM :docs.documents WHERE file_name LIKE n.name || ' %') AS documents,
    (SELECT sum(h.duplicate_count)
     FROM :docs.documents d
         JOIN :docs.hash_index h ON (h.document_id, h.file_hash) = (d.id, d.file_hash)
     WHERE d.file_name LIKE n.name || ' %') AS duplicates,
    (SELECT count(*)
     FROM :docs.audit_log WHERE new_value ->> 'file_name' LIKE n.name || ' %') AS trail,
    (SELECT string_agg(split_part(file_name, ' ', 2) || ' ' || retry_attempted, ', ' ORDER BY id)
     FROM :docs.error_log WHERE file_name LIKE n.name || ' %') AS failures
FROM (SELECT DISTINCT split_part(file_name, ' ', 1) AS name FROM :docs.documents) n ORDER BY n.name;
GRANT SELECT ON left_behind TO regress_docs_caller;
SET ROLE regress_docs_caller;
SELECT * FROM use_entry_points('usual');
SELECT * FROM left_behind;

-- Temporary tables, views and functions of the same names are not used, whatever the search_path.
CREATE TEMPORARY TABLE documents (LIKE pg_class);
CREATE TEMPORARY TABLE hash_index (file_hash text, document_id int, duplicate_count int);
CREATE TEMPORARY TABLE audit_log (action text);
CREATE TEMPORARY TABLE error_log
    (id int, file_name text, retry_attempted bool, resolution_notes text);
CREATE INDEX ix_error_log_unidentified ON pg_temp.error_log (file_name);
CREATE TEMPORARY VIEW document_inbox AS SELECT 1 AS file_name;
CREATE FUNCTION pg_temp.length(text) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION pg_temp.concat(text, text, text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION pg_temp.eq(varchar, text) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR pg_temp.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = pg_temp.eq);
CREATE CAST (pg_temp.hash_index AS text) WITH INOUT AS IMPLICIT;
SET search_path = pg_temp, pg_catalog, public;
SELECT * FROM public.use_entry_points('temporary');
RESET search_path;
SELECT * FROM public.left_behind WHERE name = 'temporary';
SELECT (SELECT count(*) FROM pg_temp.documents) + (SELECT count(*) FROM pg_temp.hash_index) +
       (SELECT count(*) FROM pg_temp.audit_log) + (SELECT count(*) FROM pg_temp.error_log)
           AS trapped;
DROP CAST (pg_temp.hash_index AS text);
DROP VIEW pg_temp.document_inbox;
DROP FUNCTION pg_temp.length, pg_temp.concat, pg_temp.eq CASCADE;
DROP TABLE pg_temp.documents, pg_temp.hash_index, pg_temp.audit_log, pg_temp.error_log;
RESET ROLE;

-- A trigger that tries to change the role in the middle is refused while it runs with the owner's
-- privileges. The settings that it changes are restored after the extension's write.
CREATE TABLE tried (number int GENERATED ALWAYS AS IDENTITY, table_name text, what text, who text,
                    state text);
GRANT INSERT, SELECT ON tried TO PUBLIC;
CREATE FUNCTION escape() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what text;
    state text;
BEGIN
    FOREACH what IN ARRAY ARRAY[
        'SET ROLE regress_docs_other', 'RESET ROLE',
        'SET SESSION AUTHORIZATION regress_docs_caller',
        $q$SELECT set_config('role', 'none', true)$q$, 'SET session_replication_role = replica',
        $q$SET search_path = public$q$, 'SET doc_extractor.audit_value_limit = 1',
        $q$SET doc_extractor.reason = 'theirs'$q$] LOOP
        BEGIN
            state := 'done';
            EXECUTE what;
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE || ' ' || SQLERRM;
        END;
        INSERT INTO public.tried (table_name, what, who, state)
        VALUES (TG_TABLE_NAME, what, current_user, state);
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER escape BEFORE INSERT ON :docs.documents FOR EACH ROW EXECUTE FUNCTION escape();
CREATE TRIGGER escape BEFORE INSERT OR UPDATE ON :docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION escape();
CREATE TRIGGER escape AFTER INSERT ON :docs.audit_log FOR EACH ROW EXECUTE FUNCTION escape();
CREATE TRIGGER escape BEFORE INSERT OR UPDATE ON :docs.error_log
    FOR EACH ROW EXECUTE FUNCTION escape();
-- As the session's role, which cannot become every role as a superuser can.
SET SESSION AUTHORIZATION regress_docs_caller;
SELECT is_duplicate FROM :docs.ingest_document('escape 1', 'escape 1', 't');
SELECT is_duplicate FROM :docs.ingest_document('escape 1', 'escape 1', 't');
SELECT error_id > 0 AS logged FROM :docs.try_ingest_document('escape 2', NULL, 't');
INSERT INTO :docs.document_inbox (file_name, content, file_type)
VALUES ('escape 2', 'escape 2', 't'), ('escape 3', 'escape 1', 't');
SELECT current_user, session_user, current_setting('search_path') AS search_path,
       current_setting('doc_extractor.reason') AS reason;
RESET SESSION AUTHORIZATION;
SELECT what, string_agg(DISTINCT table_name, ' ') AS tables, who, state
FROM tried GROUP BY what, who, state ORDER BY what;
-- A plain INSERT runs the trigger on documents as the caller, who may change the role. The trail is
-- still written, with the session's role.
TRUNCATE tried;
SET SESSION AUTHORIZATION regress_docs_caller;
INSERT INTO :docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('escape 4', 1, 'escape 4', 't', 's');
SELECT current_user, session_user;
RESET SESSION AUTHORIZATION;
SET search_path = public;
SELECT what, string_agg(DISTINCT table_name, ' ') AS tables, who, state
FROM tried WHERE what LIKE '%ROLE%' GROUP BY what, who, state ORDER BY what, who;
SELECT * FROM left_behind WHERE name = 'escape';
SELECT DISTINCT db_user, user_or_system
FROM :docs.audit_log WHERE new_value ->> 'file_name' LIKE 'escape %';
DROP TRIGGER escape ON :docs.documents;
DROP TRIGGER escape ON :docs.hash_index;
DROP TRIGGER escape ON :docs.audit_log;
DROP TRIGGER escape ON :docs.error_log;
RESET search_path;
RESET doc_extractor.reason;

-- A trigger drops the function that is running: the call completes.
CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER EXTENSION doc_extractor DROP FUNCTION "it''s ""my"" %%s.schema".%1$s;
                    DROP FUNCTION "it''s ""my"" %%s.schema".%1$s', TG_ARGV[0]);
    RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER drop_it AFTER INSERT ON :docs.documents
    FOR EACH ROW EXECUTE FUNCTION drop_it('ingest_document');
SELECT is_duplicate FROM :docs.ingest_document('drop 1', 'drop 1', 't');
DROP TRIGGER drop_it ON :docs.documents;
CREATE TRIGGER drop_it AFTER INSERT ON :docs.documents
    FOR EACH ROW EXECUTE FUNCTION drop_it('try_ingest_document');
SELECT is_duplicate FROM :docs.try_ingest_document('drop 2', 'drop 2', 't');
ROLLBACK;

-- A role that inserts into document_inbox becomes another in the middle of the
-- statement: all rows are ingested, with the privileges at its start.
CREATE FUNCTION become(role text, value text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config('role', role, false); RETURN value; END $$;
SET SESSION AUTHORIZATION regress_docs_caller;
INSERT INTO :docs.document_inbox (file_name, content, file_type)
SELECT become(role, 'become ' || i), ('become ' || i)::bytea, 't'
FROM unnest(ARRAY['regress_docs_other', 'none', 'regress_docs_other'])
    WITH ORDINALITY AS r (role, i);
SELECT current_user, session_user;
RESET ROLE;
BEGIN;
SET LOCAL ROLE regress_docs_other;
INSERT INTO :docs.document_inbox (file_name, content, file_type)
SELECT become('regress_docs_caller', 'become 4'), 'become 4', 't';
SELECT current_user;
COMMIT;
RESET ROLE;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION log_in(role text, value text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config('session_authorization', role, true); RETURN value; END $$;
BEGIN;
INSERT INTO :docs.document_inbox (file_name, content, file_type)
SELECT log_in('regress_docs_nobody', 'become 5'), 'become 5', 't';
SELECT current_user;
COMMIT;
SELECT * FROM left_behind WHERE name = 'become';
SELECT new_value ->> 'file_name' AS name, db_user
FROM :docs.audit_log WHERE new_value ->> 'file_name' LIKE 'become _' ORDER BY id;

-- A SECURITY DEFINER function gives a caller without privileges the use of the inbox
-- and the functions.
CREATE FUNCTION lend(name text, content bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO "it's ""my"" %s.schema".document_inbox (file_name, content, file_type)
    VALUES (name, content, 't');
    RETURN (SELECT t.error_id FROM "it's ""my"" %s.schema".try_ingest_document(name, NULL, 't') t);
END
$$;
ALTER FUNCTION lend OWNER TO regress_docs_other;
SET SESSION AUTHORIZATION regress_docs_nobody;
SELECT lend('lend 1', 'lend 1') > 0 AS logged;
SELECT lend(NULL, 'lend 2') > 0 AS logged;
SELECT current_user;
RESET SESSION AUTHORIZATION;
SELECT * FROM left_behind WHERE name = 'lend';
SELECT DISTINCT db_user FROM :docs.audit_log WHERE new_value ->> 'file_name' = 'lend 1';

-- Row security applies to roles that write the tables; the functions and the inbox
-- write as the owner. It is forced on documents and error_log too.
SET ROLE "regress_docs ""owner"" %s";
ALTER TABLE :docs.documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE :docs.error_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON :docs.error_log TO regress_docs_caller;
CREATE POLICY mine ON :docs.documents TO regress_docs_caller
    USING (file_name LIKE 'mine%') WITH CHECK (file_name LIKE 'mine%');
CREATE POLICY mine ON :docs.error_log TO regress_docs_caller USING (file_name LIKE 'mine%');
SET ROLE regress_docs_caller;
SELECT * FROM use_entry_points('rows');
SELECT * FROM use_entry_points('mine');
UPDATE :docs.error_log SET resolution_notes = 'seen'
RETURNING split_part(file_name, ' ', 1) AS name;
SELECT :docs.resolve_ingestion_error(1, 'done');
RESET ROLE;
SELECT * FROM left_behind WHERE name IN ('rows', 'mine');
ALTER TABLE :docs.documents DISABLE ROW LEVEL SECURITY;
ALTER TABLE :docs.error_log DISABLE ROW LEVEL SECURITY;

-- What EXECUTE alone can forge: events, with any valid action and any user, for
-- documents that exist; db_user is the login role.
SET SESSION AUTHORIZATION regress_docs_caller;
SET doc_extractor.application_user = 'somebody else';
SELECT count(:docs.record_document_event(1, action, '{"forged": 1}', '{"forged": 2}', 'because'))
FROM unnest(ARRAY['ingested', 'updated', 'deleted', 'classified', 'tagged', 'error']) action;
RESET doc_extractor.application_user;
SELECT :docs.record_document_event(-1, 'deleted');
SELECT :docs.record_document_event(1, 'forged');
RESET SESSION AUTHORIZATION;
SELECT action, user_or_system, db_user, count(*)
FROM :docs.audit_log WHERE change_reason = 'because' GROUP BY 1, 2, 3 ORDER BY 1;

-- Another index with the name of the one that finds failures: documents are ingested,
-- marked or not.
CREATE FUNCTION with_index(definition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('DROP INDEX %1$I.ix_error_log_unidentified;
                    CREATE INDEX ix_error_log_unidentified ON %1$I.error_log ',
                   'it''s "my" %s.schema') || definition;
    SET LOCAL ROLE regress_docs_caller;
    PERFORM use_entry_points('index');
    RESET ROLE;
    SELECT concat_ws(' | ', documents, duplicates, trail, failures) INTO answer
    FROM left_behind WHERE name = 'index';
    RAISE EXCEPTION USING errcode = 'DX000', message = answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SELECT definition, with_index(definition)
FROM unnest(ARRAY['(file_name)', '(file_name text_pattern_ops)',
    '(file_name varchar_pattern_ops DESC, id)', '(file_name COLLATE "C") WHERE NOT retry_attempted',
    '(lower(file_name))', '(error_type)', '(file_name) WHERE retry_attempted',
    '((file_name::name))', '((file_name::bpchar))', '(id)',
    'USING hash (file_name)', 'USING brin (file_name)',
    'USING gin (to_tsvector(''simple'', file_name))'])
    WITH ORDINALITY AS d (definition, n)
ORDER BY n;

-- The ledger is consistent after all of this.
-- The forged row that says "ingested" shows.
SELECT * FROM :docs.doc_extractor_verify() WHERE NOT passed AND check_name <> 'hashes';
DROP FUNCTION use_entry_points, escape, drop_it, become, log_in, lend, with_index;
DROP VIEW left_behind;
DROP TABLE tried;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA :docs CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM "regress_docs ""owner"" %%s"', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE "regress_docs ""owner"" %s", regress_docs_caller, regress_docs_other, regress_docs_nobody;
