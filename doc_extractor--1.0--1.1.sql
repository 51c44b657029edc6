/* doc_extractor--1.0--1.1.sql: mends what V001 promises and cannot keep. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.1'" to load this file. \quit

/*
 * Every step changes catalogs only, so it takes as long on any table.  It
 * holds ACCESS EXCLUSIVE on documents, hash_index and audit_log meanwhile.
 *
 * First what can fail: a view on file_type stops us here, with its name.
 */
ALTER TABLE @extschema@.documents
    ALTER COLUMN file_type TYPE pg_catalog.varchar(255);

/* The trail outlives its document. */
ALTER TABLE @extschema@.audit_log DROP CONSTRAINT audit_log_document_id_fkey;
ALTER TABLE @extschema@.audit_log ADD COLUMN db_user pg_catalog.name;
COMMENT ON COLUMN @extschema@.audit_log.db_user IS
    'The login role, whatever user_or_system says; NULL in rows written by 1.0';

/* One index does for a UNIQUE column; it takes the name that V001 checks. */
DROP INDEX @extschema@.ix_documents_file_hash;
ALTER TABLE @extschema@.documents
    RENAME CONSTRAINT documents_file_hash_key TO ix_documents_file_hash;
DROP INDEX @extschema@.ix_hash_index_file_hash;
ALTER TABLE @extschema@.hash_index
    RENAME CONSTRAINT hash_index_file_hash_key TO ix_hash_index_file_hash;

/* Only valid statuses and actions, for new rows. */
DROP TRIGGER documents_after_insert ON @extschema@.documents;
CREATE TRIGGER documents_after_insert
    AFTER INSERT ON @extschema@.documents
    REFERENCING NEW TABLE AS new_documents
    FOR EACH STATEMENT
    EXECUTE FUNCTION @extschema@.documents_after_insert('check_status');
DROP TRIGGER documents_after_update ON @extschema@.documents;
CREATE TRIGGER documents_after_update
    AFTER UPDATE ON @extschema@.documents
    REFERENCING OLD TABLE AS old_documents NEW TABLE AS new_documents
    FOR EACH STATEMENT
    EXECUTE FUNCTION @extschema@.documents_after_update('check_status');
DROP TRIGGER audit_log_after_insert ON @extschema@.audit_log;
CREATE TRIGGER audit_log_after_insert
    AFTER INSERT ON @extschema@.audit_log
    REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.ledger_after_insert();
ALTER TABLE @extschema@.audit_log
    ENABLE ALWAYS TRIGGER audit_log_after_insert;

/* DELETE leaves a trail, and the trail is append-only. */
CREATE FUNCTION @extschema@.documents_after_delete()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_after_delete() IS
    'Trigger of documents: keeps deleted documents in audit_log';
CREATE FUNCTION @extschema@.documents_refuse_truncate()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_refuse_truncate() IS
    'Trigger of documents: refuses TRUNCATE, which would leave no trail';
CREATE FUNCTION @extschema@.audit_log_refuse_change()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.audit_log_refuse_change() IS
    'Trigger of audit_log: refuses UPDATE, DELETE and TRUNCATE';

CREATE TRIGGER documents_after_delete
    AFTER DELETE ON @extschema@.documents
    REFERENCING OLD TABLE AS old_documents
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_delete();
CREATE TRIGGER documents_refuse_truncate
    BEFORE TRUNCATE ON @extschema@.documents
    FOR EACH STATEMENT
    EXECUTE FUNCTION @extschema@.documents_refuse_truncate();
ALTER TABLE @extschema@.documents
    ENABLE ALWAYS TRIGGER documents_refuse_truncate;
CREATE TRIGGER audit_log_refuse_change
    BEFORE UPDATE OR DELETE ON @extschema@.audit_log
    FOR EACH ROW EXECUTE FUNCTION @extschema@.audit_log_refuse_change();
ALTER TABLE @extschema@.audit_log
    ENABLE ALWAYS TRIGGER audit_log_refuse_change;
CREATE TRIGGER audit_log_refuse_truncate
    BEFORE TRUNCATE ON @extschema@.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.audit_log_refuse_change();
ALTER TABLE @extschema@.audit_log
    ENABLE ALWAYS TRIGGER audit_log_refuse_truncate;

/* Guards against losing the ledger, and a log of changes to its tables. */
CREATE FUNCTION @extschema@.doc_extractor_ddl_start()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_ddl_start() IS
    'Event trigger: refuses to drop the extension while there are documents, logs DROP INDEX';
CREATE FUNCTION @extschema@.doc_extractor_ddl_end()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_ddl_end() IS
    'Event trigger: logs ALTER TABLE and CREATE INDEX on the extension''s tables';
CREATE EVENT TRIGGER doc_extractor_ddl_start ON ddl_command_start
    WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED', 'DROP INDEX')
    EXECUTE FUNCTION @extschema@.doc_extractor_ddl_start();
COMMENT ON EVENT TRIGGER doc_extractor_ddl_start IS
    'Refuses to drop doc_extractor while there are documents, logs DROP INDEX';
CREATE EVENT TRIGGER doc_extractor_ddl_end ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX')
    EXECUTE FUNCTION @extschema@.doc_extractor_ddl_end();
COMMENT ON EVENT TRIGGER doc_extractor_ddl_end IS
    'Logs ALTER TABLE and CREATE INDEX on doc_extractor''s tables';

CREATE FUNCTION @extschema@.doc_extractor_verify(
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C
SET search_path TO pg_catalog, pg_temp;
COMMENT ON FUNCTION @extschema@.doc_extractor_verify() IS
    'Checks schema and data of the ledger, a result row for each check';

ALTER FUNCTION @extschema@.documents_after_delete()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.documents_refuse_truncate()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.audit_log_refuse_change()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.doc_extractor_verify()
    OWNER TO @extowner@;
REVOKE ALL ON FUNCTION @extschema@.documents_after_delete()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.documents_refuse_truncate()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.audit_log_refuse_change()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.doc_extractor_ddl_start()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.doc_extractor_ddl_end()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.doc_extractor_verify()
    FROM PUBLIC;
