/* doc_extractor--1.0.sql: creates the schema of migration V001, with ingestion and audit trail. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION doc_extractor" to load this file. \quit

/*
 * The tables are exactly V001's, except for its ON UPDATE NOW(), which
 * PostgreSQL does not have: a trigger does that.  An owner who is no superuser
 * may install the extension; all objects then belong to that owner.
 */

CREATE TABLE @extschema@.documents (
    id SERIAL PRIMARY KEY,
    file_name pg_catalog.varchar(500) NOT NULL,
    file_size_bytes pg_catalog.int4 NOT NULL,
    file_hash pg_catalog.varchar(64) NOT NULL UNIQUE,
    file_type pg_catalog.varchar(50) NOT NULL,
    ingestion_source pg_catalog.varchar(255) NOT NULL,
    ingestion_timestamp pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    document_text pg_catalog.text,
    metadata_extracted pg_catalog.json,
    ingestion_status pg_catalog.varchar(50) DEFAULT 'success' NOT NULL,
    error_message pg_catalog.varchar(1000),
    created_at pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    updated_at pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ix_documents_file_hash ON @extschema@.documents (file_hash);
CREATE INDEX ix_documents_ingestion_timestamp
    ON @extschema@.documents (ingestion_timestamp);
CREATE INDEX ix_documents_file_type ON @extschema@.documents (file_type);

CREATE TABLE @extschema@.hash_index (
    id SERIAL PRIMARY KEY,
    file_hash pg_catalog.varchar(64) NOT NULL UNIQUE,
    document_id pg_catalog.int4 NOT NULL,
    first_seen pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    duplicate_count pg_catalog.int4 DEFAULT 0 NOT NULL,
    last_seen pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    FOREIGN KEY (document_id) REFERENCES @extschema@.documents (id)
        ON DELETE CASCADE
);
CREATE INDEX ix_hash_index_file_hash ON @extschema@.hash_index (file_hash);

CREATE TABLE @extschema@.audit_log (
    id SERIAL PRIMARY KEY,
    document_id pg_catalog.int4 NOT NULL,
    action pg_catalog.varchar(50) NOT NULL,
    action_timestamp pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    user_or_system pg_catalog.varchar(255) NOT NULL DEFAULT 'system',
    old_value pg_catalog.json,
    new_value pg_catalog.json,
    change_reason pg_catalog.varchar(500),
    FOREIGN KEY (document_id) REFERENCES @extschema@.documents (id)
        ON DELETE CASCADE
);
CREATE INDEX ix_audit_log_document_id ON @extschema@.audit_log (document_id);
CREATE INDEX ix_audit_log_action_timestamp
    ON @extschema@.audit_log (action_timestamp);

CREATE TABLE @extschema@.error_log (
    id SERIAL PRIMARY KEY,
    file_name pg_catalog.varchar(500) NOT NULL,
    error_type pg_catalog.varchar(100) NOT NULL,
    error_message pg_catalog.varchar(2000) NOT NULL,
    error_timestamp pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    retry_attempted pg_catalog.bool DEFAULT FALSE NOT NULL,
    resolution_notes pg_catalog.varchar(1000)
);
CREATE INDEX ix_error_log_error_timestamp
    ON @extschema@.error_log (error_timestamp);

ALTER TABLE @extschema@.documents OWNER TO @extowner@;
ALTER TABLE @extschema@.hash_index OWNER TO @extowner@;
ALTER TABLE @extschema@.audit_log OWNER TO @extowner@;
ALTER TABLE @extschema@.error_log OWNER TO @extowner@;

/* What another role installs is not what a superuser's default privileges are for. */
DO $script$
DECLARE
    relation pg_catalog.regclass;
    grantees pg_catalog.text;
BEGIN
    FOR relation, grantees IN
        SELECT c.oid, pg_catalog.string_agg(DISTINCT
            CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, ', ')
        FROM pg_catalog.pg_class AS c
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS x
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND c.relname OPERATOR(pg_catalog.=) ANY (
                ARRAY['documents', 'hash_index', 'audit_log', 'error_log',
                    'documents_id_seq', 'hash_index_id_seq',
                    'audit_log_id_seq', 'error_log_id_seq'])
            AND x.grantee OPERATOR(pg_catalog.<>) c.relowner
            AND pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.<>) current_user
        GROUP BY c.oid
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', relation, grantees);
    END LOOP;
END
$script$;

/* From here to the end, doc_extractor--unpackaged--1.0.sql has the same: make copies it. */

COMMENT ON TABLE @extschema@.documents IS
    'Every ingested document once, by the SHA-256 of its content';
COMMENT ON TABLE @extschema@.hash_index IS
    'The document of each content hash, and how often the same content was ingested again; written by the triggers of documents';
COMMENT ON TABLE @extschema@.audit_log IS
    'The trail: who did what to which document, when and why; written by the triggers of documents';
COMMENT ON TABLE @extschema@.error_log IS
    'Failed ingestions, for investigation';

/* pg_dump includes the data. */

SELECT pg_catalog.pg_extension_config_dump('@extschema@.documents', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.documents_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.hash_index', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.hash_index_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.audit_log', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.audit_log_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.error_log', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.error_log_id_seq', '');

/* documents is the source: its triggers derive hash_index and audit_log. */

CREATE FUNCTION @extschema@.documents_before_update()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_before_update() IS
    'Trigger of documents: sets updated_at';

CREATE FUNCTION @extschema@.documents_after_insert()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_after_insert() IS
    'Trigger of documents: derives the hash_index and audit_log rows of new documents';

CREATE FUNCTION @extschema@.documents_after_update()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_after_update() IS
    'Trigger of documents: writes changed columns to audit_log, moves changed hashes in hash_index';

CREATE TRIGGER documents_before_update
    BEFORE UPDATE ON @extschema@.documents
    FOR EACH ROW EXECUTE FUNCTION @extschema@.documents_before_update();
CREATE TRIGGER documents_after_insert
    AFTER INSERT ON @extschema@.documents
    REFERENCING NEW TABLE AS new_documents
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_insert();
CREATE TRIGGER documents_after_update
    AFTER UPDATE ON @extschema@.documents
    REFERENCING OLD TABLE AS old_documents NEW TABLE AS new_documents
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_update();

/* Functions for applications. */

CREATE FUNCTION @extschema@.ingest_document(
    file_name pg_catalog.text,
    content pg_catalog.bytea,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    location pg_catalog.text DEFAULT NULL,
    modified_at pg_catalog.timestamptz DEFAULT NULL,
    fingerprint pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'Stores a document, or counts a duplicate if its content is stored already';

CREATE FUNCTION @extschema@.ingest_hashed_document(
    file_name pg_catalog.text,
    file_hash pg_catalog.text,
    file_size_bytes pg_catalog.int8,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    location pg_catalog.text DEFAULT NULL,
    modified_at pg_catalog.timestamptz DEFAULT NULL,
    fingerprint pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'As ingest_document(), for content kept elsewhere, given by its SHA-256 and size';

CREATE FUNCTION @extschema@.ingest_documents(
    file_names pg_catalog.text[],
    contents pg_catalog.bytea[],
    file_types pg_catalog.text[],
    ingestion_sources pg_catalog.text[] DEFAULT NULL,
    document_texts pg_catalog.text[] DEFAULT NULL,
    metadata_extracted pg_catalog.json[] DEFAULT NULL,
    ingestion_statuses pg_catalog.text[] DEFAULT NULL,
    error_messages pg_catalog.text[] DEFAULT NULL,
    locations pg_catalog.text[] DEFAULT NULL,
    modified_ats pg_catalog.timestamptz[] DEFAULT NULL,
    fingerprints pg_catalog.text[] DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[],
    pg_catalog.text[]) IS
    'As ingest_document(), for a batch; returns a row for each document, in their order';

CREATE FUNCTION @extschema@.record_document_event(
    document_id pg_catalog.int8,
    action pg_catalog.text,
    old_value pg_catalog.json DEFAULT NULL,
    new_value pg_catalog.json DEFAULT NULL,
    change_reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.record_document_event(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json,
    pg_catalog.text) IS
    'Writes an event of a document, such as classified or tagged, to audit_log; returns the id of the row';

/*
 * The functions belong to the owner of the tables, whoever runs this script, and
 * PUBLIC may call none of them, nor whom a superuser's default privileges let.
 */
DO $script$
DECLARE
    owner constant pg_catalog.name := (
        SELECT pg_catalog.pg_get_userbyid(c.relowner)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass);
    owner_id constant pg_catalog.oid := (
        SELECT c.relowner FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass);
    function pg_catalog.regprocedure;
    others pg_catalog.text;
BEGIN
    FOR function, others IN
        SELECT p.oid,
            (SELECT pg_catalog.string_agg(', ' OPERATOR(pg_catalog.||)
                    pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)), '')
                FROM pg_catalog.aclexplode(p.proacl) AS x
                WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[0, p.proowner,
                        owner_id])
                    AND owner OPERATOR(pg_catalog.<>) current_user)
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND d.refclassid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.refobjid OPERATOR(pg_catalog.=) (
                SELECT x.oid FROM pg_catalog.pg_extension AS x
                WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor')
            AND p.probin OPERATOR(pg_catalog.=) 'MODULE_PATHNAME'
            AND p.prolang OPERATOR(pg_catalog.=) (
                SELECT l.oid FROM pg_catalog.pg_language AS l
                WHERE l.lanname OPERATOR(pg_catalog.=) 'c')
            AND p.prorettype OPERATOR(pg_catalog.<>)
                'pg_catalog.event_trigger'::pg_catalog.regtype
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO %I', function,
            owner);
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC%s',
            function, others);
    END LOOP;
END
$script$;
