/* doc_extractor--1.0.sql: the schema of migration V001, ingest and trail. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION doc_extractor" to load this file. \quit

/*
 * Tables: V001 to the letter, but for its ON UPDATE NOW(), which PostgreSQL
 * does not have: a trigger does that.  The extension may be installed by an
 * owner that is no superuser; all objects then belong to that owner.
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

COMMENT ON TABLE @extschema@.documents IS
    'Every ingested document once, by the SHA-256 of its content';
COMMENT ON TABLE @extschema@.hash_index IS
    'The document of each content hash, and how often the content came again; written by the triggers of documents';
COMMENT ON TABLE @extschema@.audit_log IS
    'The trail: who did what to which document, when and why; written by the triggers of documents';
COMMENT ON TABLE @extschema@.error_log IS
    'Failed ingestions, for investigation';

/* The data belongs in backups. */

SELECT pg_catalog.pg_extension_config_dump('@extschema@.documents', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.documents_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.hash_index', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.hash_index_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.audit_log', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.audit_log_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.error_log', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.error_log_id_seq', '');

/* Triggers: documents is the source, they derive the rest. */

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

/* Functions. */

CREATE FUNCTION @extschema@.ingest_document(
    file_name pg_catalog.text,
    content pg_catalog.bytea,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text) IS
    'Stores a document unless its content is there, else counts the duplicate';

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
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.text) IS
    'As ingest_document(), for content that is elsewhere: with its SHA-256 and size';

CREATE FUNCTION @extschema@.ingest_documents(
    file_names pg_catalog.text[],
    contents pg_catalog.bytea[],
    file_types pg_catalog.text[],
    ingestion_sources pg_catalog.text[] DEFAULT NULL,
    document_texts pg_catalog.text[] DEFAULT NULL,
    metadata_extracted pg_catalog.json[] DEFAULT NULL,
    ingestion_statuses pg_catalog.text[] DEFAULT NULL,
    error_messages pg_catalog.text[] DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
    pg_catalog.text[], pg_catalog.text[]) IS
    'Stores or counts a batch of documents, a result row for each in their order';

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
    'Writes a trail row for a document, such as classified or tagged; returns its id';

/* Everything belongs to the extension's owner, and nothing to PUBLIC. */

ALTER FUNCTION @extschema@.documents_before_update()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.documents_after_insert()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.documents_after_update()
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text)
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.text)
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
    pg_catalog.text[], pg_catalog.text[])
    OWNER TO @extowner@;
ALTER FUNCTION @extschema@.record_document_event(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json,
    pg_catalog.text)
    OWNER TO @extowner@;
REVOKE ALL ON FUNCTION @extschema@.documents_before_update()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.documents_after_insert()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.documents_after_update()
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text)
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.text)
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
    pg_catalog.text[], pg_catalog.text[])
    FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.record_document_event(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json,
    pg_catalog.text)
    FROM PUBLIC;
