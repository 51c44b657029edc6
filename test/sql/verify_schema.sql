-- doc_extractor_verify(): every change of the extension's own objects fails its own check, and no
-- other; what users may add fails none. test/sql/verify.sql has columns, indexes, constraints.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
CREATE ROLE regress_docs_other SUPERUSER;
-- Damages the ledger, and returns the checks that fail; the damage is rolled back.
CREATE FUNCTION broken_by(damage text)
RETURNS TABLE (check_name text, detail text) LANGUAGE plpgsql AS $$
DECLARE
    failed json;
BEGIN
    BEGIN
        PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
        EXECUTE damage;
        RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = coalesce((
            SELECT json_agg(v) FROM docs.doc_extractor_verify() v WHERE NOT v.passed), '[]');
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
        failed := SQLERRM;
    END;
    RETURN QUERY SELECT v ->> 'check_name', v ->> 'detail' FROM json_array_elements(failed) v;
END
$$;
SELECT * FROM broken_by('');

-- tables: one is unlogged, or a sequence, or another role's.
SELECT * FROM broken_by('ALTER TABLE docs.error_log SET UNLOGGED');
SELECT * FROM broken_by('ALTER SEQUENCE docs.documents_id_seq SET UNLOGGED');
SELECT * FROM broken_by('ALTER TABLE docs.audit_log SET UNLOGGED');
SELECT * FROM broken_by('ALTER TABLE docs.hash_index OWNER TO regress_docs_other');

-- extension: an object is no member.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.documents;
     ALTER EXTENSION doc_extractor DROP TABLE docs.hash_index');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.audit_log;
     ALTER EXTENSION doc_extractor DROP TABLE docs.error_log');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP SEQUENCE docs.documents_id_seq;
     ALTER EXTENSION doc_extractor DROP SEQUENCE docs.hash_index_id_seq');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP SEQUENCE docs.audit_log_id_seq;
     ALTER EXTENSION doc_extractor DROP SEQUENCE docs.error_log_id_seq');
-- A table that comes back is not in dumps, unless the owner says so.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.documents;
     ALTER EXTENSION doc_extractor ADD TABLE docs.documents');
SELECT * FROM broken_by('UPDATE pg_extension SET extconfig = NULL, extcondition = NULL');
SELECT * FROM broken_by(
    'UPDATE pg_extension SET extcondition[3] = ''WHERE id > 1''
     WHERE extname = ''doc_extractor''');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP VIEW docs.document_inbox');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP FUNCTION docs.doc_extractor_verify()');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP FUNCTION docs.audit_log_refuse_change()');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP EVENT TRIGGER doc_extractor_ddl_end');
SELECT * FROM broken_by(
    'CREATE FUNCTION docs.run_as_owner(text) RETURNS bigint
     AS ''$libdir/doc_extractor'' LANGUAGE C;
     REVOKE ALL ON FUNCTION docs.run_as_owner FROM PUBLIC');

-- inheritance: a parent, a child, a partitioned parent, and children of the other tables.
SELECT * FROM broken_by('CREATE TABLE docs.child () INHERITS (docs.documents)');
SELECT * FROM broken_by(
    'CREATE TABLE docs.parent (file_hash varchar(64));
     ALTER TABLE docs.hash_index INHERIT docs.parent');
SELECT * FROM broken_by(
    'CREATE TABLE docs.parts (LIKE docs.audit_log) PARTITION BY LIST (action);
     ALTER TABLE docs.parts ATTACH PARTITION docs.audit_log DEFAULT');
SELECT * FROM broken_by(
    'CREATE TABLE public.first () INHERITS (docs.audit_log);
     CREATE TABLE public.second () INHERITS (docs.error_log)');
SELECT * FROM broken_by(
    'CREATE TABLE public.parent (a int); CREATE TABLE public.child () INHERITS (public.parent)');

-- functions: a trigger function is replaced, here by one in another language, another symbol,
-- another library.
SELECT * FROM broken_by(
    'CREATE OR REPLACE FUNCTION docs.documents_after_delete() RETURNS trigger
     LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''');
SELECT * FROM broken_by(
    'CREATE OR REPLACE FUNCTION docs.audit_log_refuse_change() RETURNS trigger
     LANGUAGE C AS ''$libdir/doc_extractor'', ''documents_before_update''');
SELECT * FROM broken_by(
    'CREATE OR REPLACE FUNCTION docs.documents_before_update() RETURNS trigger
     LANGUAGE internal AS ''suppress_redundant_updates_trigger''');
SELECT * FROM broken_by(
    'UPDATE pg_proc SET probin = ''$libdir/other''
     WHERE oid = ''docs.documents_after_update''::regproc')
WHERE check_name = 'functions';
SELECT * FROM broken_by('ALTER FUNCTION docs.documents_after_insert() SECURITY DEFINER');
SELECT * FROM broken_by(
    'ALTER FUNCTION docs.documents_after_insert() SET doc_extractor.restoring = on');
SELECT * FROM broken_by('ALTER FUNCTION docs.record_document_event STRICT');
SELECT * FROM broken_by('ALTER FUNCTION docs.ingest_document IMMUTABLE LEAKPROOF');
-- It is missing, in another schema, or has other arguments or defaults.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP FUNCTION docs.ingest_file;
     DROP FUNCTION docs.ingest_file');
SELECT * FROM broken_by('ALTER FUNCTION docs.log_ingestion_error SET SCHEMA public');
SELECT * FROM broken_by(
    'CREATE OR REPLACE FUNCTION docs.record_document_event(document_id bigint, action text,
         old_value json DEFAULT ''1'', new_value json DEFAULT NULL, change_reason text DEFAULT NULL)
     RETURNS bigint AS ''$libdir/doc_extractor'' LANGUAGE C');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP FUNCTION docs.resolve_ingestion_error;
     DROP FUNCTION docs.resolve_ingestion_error;
     CREATE FUNCTION docs.resolve_ingestion_error(error_id int, resolution_notes text)
     RETURNS void AS ''$libdir/doc_extractor'' LANGUAGE C;
     ALTER EXTENSION doc_extractor ADD FUNCTION docs.resolve_ingestion_error;
     REVOKE ALL ON FUNCTION docs.resolve_ingestion_error FROM PUBLIC');
-- It belongs to another role; functions of event triggers may be a superuser's.
SELECT * FROM broken_by('ALTER FUNCTION docs.ingest_documents OWNER TO regress_docs_other');
SELECT * FROM broken_by('ALTER FUNCTION docs.audit_log_check_actions() OWNER TO regress_docs_other');
SELECT * FROM broken_by('ALTER FUNCTION docs.doc_extractor_ddl_end() OWNER TO regress_docs_other');
SELECT * FROM broken_by(
    'ALTER FUNCTION docs.doc_extractor_ddl_end() OWNER TO regress_docs_other;
     ALTER ROLE regress_docs_other NOSUPERUSER');
-- With the function goes its trigger.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP FUNCTION docs.documents_after_delete();
     DROP FUNCTION docs.documents_after_delete() CASCADE');

-- triggers: another argument, or without its transition table.
SELECT * FROM broken_by(
    'DROP TRIGGER documents_after_insert ON docs.documents;
     CREATE TRIGGER documents_after_insert AFTER INSERT ON docs.documents
         REFERENCING NEW TABLE AS new_documents
         FOR EACH STATEMENT EXECUTE FUNCTION docs.documents_after_insert(''unchecked'')');
SELECT * FROM broken_by(
    'DROP TRIGGER documents_after_delete ON docs.documents;
     CREATE TRIGGER documents_after_delete AFTER DELETE ON docs.documents
         FOR EACH STATEMENT EXECUTE FUNCTION docs.documents_after_delete()');
SELECT * FROM broken_by(
    'CREATE FUNCTION public.documents_after_delete() RETURNS trigger
     LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END'';
     DROP TRIGGER documents_after_delete ON docs.documents;
     CREATE TRIGGER documents_after_delete AFTER DELETE ON docs.documents
         REFERENCING OLD TABLE AS old_documents
         FOR EACH STATEMENT EXECUTE FUNCTION public.documents_after_delete()');

-- triggers of users: they are named, and fail no check; AFTER triggers are not named.
BEGIN;
CREATE FUNCTION docs.change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN /* Not RETURN NULL; -- */ RETURN coalesce(NEW, OLD); -- not RETURN NULL
     END';
CREATE TRIGGER theirs BEFORE INSERT ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER theirs BEFORE UPDATE ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER theirs BEFORE INSERT ON docs.audit_log
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER theirs BEFORE DELETE ON docs.error_log
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER a_theirs INSTEAD OF INSERT ON docs.document_inbox
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER row_after AFTER INSERT ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.change();
CREATE TRIGGER before_statement BEFORE INSERT ON docs.documents
    FOR EACH STATEMENT EXECUTE FUNCTION docs.change();
SELECT * FROM docs.doc_extractor_verify() WHERE check_name = 'triggers of users' OR NOT passed;
ALTER TABLE docs.audit_log DISABLE TRIGGER theirs;
ALTER TABLE docs.error_log DISABLE TRIGGER theirs;
SELECT * FROM docs.doc_extractor_verify() WHERE check_name = 'triggers of users' OR NOT passed;

-- suppressed rows: one that says RETURN NULL fails by its name, on each table; not if it is AFTER,
-- for statements, or disabled.
CREATE OR REPLACE FUNCTION docs.change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN /* Not ** for */ IF TG_OP <> ''UPDATE'' THEN RETURN
     null; END IF; /* others */ RETURN NEW; END';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
ALTER TABLE docs.audit_log ENABLE TRIGGER theirs;
ALTER TABLE docs.error_log ENABLE REPLICA TRIGGER theirs;
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
ROLLBACK;

-- rules: on a table, on a view.
SELECT * FROM broken_by('CREATE RULE note AS ON DELETE TO docs.hash_index DO INSTEAD NOTHING');
SELECT * FROM broken_by('CREATE RULE note AS ON INSERT TO docs.document_inbox DO INSTEAD NOTHING');

-- views: one is missing, has a condition, another table, an option, another owner.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP VIEW docs.ingestion_stats;
     DROP VIEW docs.ingestion_stats');
SELECT pg_get_viewdef('docs.ingestion_stats_by_type'::regclass) AS by_type,
    pg_get_viewdef('docs.ingestion_stats'::regclass) AS stats \gset
SELECT * FROM broken_by('CREATE OR REPLACE VIEW docs.ingestion_stats_by_type AS '
    || replace(:'by_type', 'GROUP BY', 'WHERE d.ingestion_status = ''success'' GROUP BY'));
SELECT * FROM broken_by('CREATE OR REPLACE VIEW docs.ingestion_stats AS '
    || replace(:'stats', '''failed''', '''retry'''));
SELECT * FROM broken_by('CREATE TABLE public.documents AS TABLE docs.documents;
    CREATE OR REPLACE VIEW docs.ingestion_stats AS '
    || replace(:'stats', 'docs.documents', 'public.documents'));
SELECT * FROM broken_by(
    'CREATE OR REPLACE VIEW docs.document_inbox AS
     SELECT file_name, content, file_type, ingestion_source, document_text, metadata_extracted,
         ingestion_status, error_message
     FROM (SELECT ''forged''::text, NULL::bytea, ''t''::text, ''s''::text, ''''::text, NULL::json,
         ''failed''::text, ''''::text) AS f (file_name, content, file_type, ingestion_source,
         document_text, metadata_extracted, ingestion_status, error_message)');
SELECT * FROM broken_by('ALTER VIEW docs.ingestion_stats_by_source SET (security_barrier)');
SELECT * FROM broken_by('ALTER VIEW docs.ingestion_stats_by_source OWNER TO regress_docs_other');
-- The same definition, created again, is as good.
SELECT * FROM broken_by('CREATE OR REPLACE VIEW docs.ingestion_stats AS ' || :'stats');

-- event triggers: one is missing, disabled, or fires at other commands.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP EVENT TRIGGER doc_extractor_ddl_start;
     DROP EVENT TRIGGER doc_extractor_ddl_start');
SELECT * FROM broken_by('ALTER EVENT TRIGGER doc_extractor_ddl_end DISABLE');
SELECT * FROM broken_by('ALTER EVENT TRIGGER doc_extractor_rewrite ENABLE');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP EVENT TRIGGER doc_extractor_ddl_start;
     DROP EVENT TRIGGER doc_extractor_ddl_start;
     CREATE EVENT TRIGGER doc_extractor_ddl_start ON ddl_command_start WHEN TAG IN (''COMMENT'')
         EXECUTE FUNCTION docs.doc_extractor_ddl_start();
     ALTER EXTENSION doc_extractor ADD EVENT TRIGGER doc_extractor_ddl_start');
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP EVENT TRIGGER doc_extractor_ddl_end;
     DROP EVENT TRIGGER doc_extractor_ddl_end;
     CREATE EVENT TRIGGER doc_extractor_ddl_end ON sql_drop
         WHEN TAG IN (''ALTER TABLE'', ''CREATE INDEX'')
         EXECUTE FUNCTION docs.doc_extractor_ddl_end();
     ALTER EXTENSION doc_extractor ADD EVENT TRIGGER doc_extractor_ddl_end');
SELECT * FROM broken_by(
    'CREATE FUNCTION docs.nothing() RETURNS event_trigger
     LANGUAGE plpgsql AS ''BEGIN RETURN; END'';
     ALTER EXTENSION doc_extractor DROP EVENT TRIGGER doc_extractor_ddl_start;
     DROP EVENT TRIGGER doc_extractor_ddl_start;
     CREATE EVENT TRIGGER doc_extractor_ddl_start ON ddl_command_start
         EXECUTE FUNCTION docs.nothing();
     ALTER EXTENSION doc_extractor ADD EVENT TRIGGER doc_extractor_ddl_start');

-- public rights: on a table, a column, a sequence, a view, a function; a function whose list of
-- rights is gone.
SELECT * FROM broken_by('GRANT SELECT, INSERT ON docs.documents TO PUBLIC');
SELECT * FROM broken_by('GRANT UPDATE (resolution_notes) ON docs.error_log TO PUBLIC');
SELECT * FROM broken_by('GRANT USAGE ON SEQUENCE docs.audit_log_id_seq TO PUBLIC');
SELECT * FROM broken_by('GRANT SELECT ON docs.ingestion_stats TO PUBLIC');
SELECT * FROM broken_by('GRANT EXECUTE ON FUNCTION docs.ingest_document TO PUBLIC');
SELECT * FROM broken_by(
    'UPDATE pg_proc SET proacl = NULL WHERE oid = ''docs.ingest_documents''::regproc');
SELECT * FROM broken_by(
    'GRANT ALL ON ALL TABLES IN SCHEMA docs TO regress_docs_other;
     GRANT ALL ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_other');

-- columns: wider integers, with the views created again, fail nothing.
SELECT string_agg(format('ALTER EXTENSION doc_extractor DROP VIEW docs.%1$I;
                          DROP VIEW docs.%1$I;', view), '') AS drop_views,
    string_agg(format('CREATE VIEW docs.%1$I AS %2$s
                       ALTER EXTENSION doc_extractor ADD VIEW docs.%1$I;', view,
        pg_get_viewdef(format('docs.%I', view)::regclass)), '') AS create_views
FROM unnest(ARRAY['ingestion_stats', 'ingestion_stats_by_source', 'ingestion_stats_by_type'])
    AS v (view) \gset
SELECT * FROM broken_by(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER COLUMN id TYPE bigint,
         ALTER COLUMN file_size_bytes TYPE bigint;
     ALTER TABLE docs.hash_index ALTER COLUMN id TYPE bigint,
         ALTER COLUMN document_id TYPE bigint, ALTER COLUMN duplicate_count TYPE bigint;
     ALTER TABLE docs.audit_log ALTER COLUMN id TYPE bigint, ALTER COLUMN document_id TYPE bigint;
     ALTER TABLE docs.error_log ALTER COLUMN id TYPE bigint;
     ALTER SEQUENCE docs.audit_log_id_seq AS bigint;'
    || :'create_views');
SELECT * FROM broken_by(:'drop_views' ||
    'ALTER TABLE docs.hash_index ALTER COLUMN duplicate_count DROP DEFAULT,
         ALTER COLUMN duplicate_count TYPE bigint,
         ALTER COLUMN duplicate_count SET DEFAULT 0::bigint;' || :'create_views');
SELECT * FROM broken_by(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER COLUMN file_size_bytes TYPE smallint;' || :'create_views');

-- All damage has been rolled back.
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs;
DROP FUNCTION broken_by(text);
DROP ROLE regress_docs_other;
