/* doc_extractor--1.0--unpackaged.sql: leaves V001's plain tables, with their data. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged'" to load this file. \quit

DROP TRIGGER documents_before_update ON @extschema@.documents;
DROP TRIGGER documents_after_insert ON @extschema@.documents;
DROP TRIGGER documents_after_update ON @extschema@.documents;

DROP FUNCTION @extschema@.documents_before_update();
DROP FUNCTION @extschema@.documents_after_insert();
DROP FUNCTION @extschema@.documents_after_update();
DROP FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text);
DROP FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.text);
DROP FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
    pg_catalog.text[], pg_catalog.text[]);
DROP FUNCTION @extschema@.record_document_event(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json,
    pg_catalog.text);

/* The tables leave the extension, so that they stay when it is dropped. */

COMMENT ON TABLE @extschema@.documents IS NULL;
COMMENT ON TABLE @extschema@.hash_index IS NULL;
COMMENT ON TABLE @extschema@.audit_log IS NULL;
COMMENT ON TABLE @extschema@.error_log IS NULL;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.documents;
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.documents_id_seq;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.hash_index;
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.hash_index_id_seq;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.audit_log;
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.audit_log_id_seq;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.error_log;
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.error_log_id_seq;
