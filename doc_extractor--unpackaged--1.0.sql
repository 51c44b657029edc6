/* doc_extractor--unpackaged--1.0.sql: takes over V001's tables, data and all. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE" to load this file. \quit

/* Definitions are compared as PostgreSQL shows them. */
SET LOCAL quote_all_identifiers = off;

/*
 * First what can fail: the tables are as V001 has them (more columns, indexes
 * and the like may be there), and belong to the one who takes them over, as
 * this script may run with more rights than its caller has.
 */
DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(t.name, ', ' ORDER BY t.name) INTO wrong
    FROM (VALUES ('documents'), ('hash_index'), ('audit_log'), ('error_log'))
        AS t (name)
    LEFT JOIN pg_catalog.pg_class AS c
        ON c.relname OPERATOR(pg_catalog.=) t.name
        AND c.relnamespace OPERATOR(pg_catalog.=)
            '@extschema@'::pg_catalog.regnamespace
        AND c.relkind OPERATOR(pg_catalog.=) 'r'
    WHERE c.oid IS NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = 'the schema does not have all tables of V001',
            DETAIL = pg_catalog.format('Missing: %s.', wrong),
            HINT = 'Drop the extension, then create it in the schema of the tables: CREATE EXTENSION doc_extractor SCHEMA ... VERSION ''unpackaged''. Without tables to take over: CREATE EXTENSION doc_extractor.';
    END IF;

    SELECT pg_catalog.string_agg(c.relname, ', ' ORDER BY c.relname) INTO wrong
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace OPERATOR(pg_catalog.=)
            '@extschema@'::pg_catalog.regnamespace
        AND c.relname OPERATOR(pg_catalog.=) ANY (
            ARRAY['documents', 'hash_index', 'audit_log', 'error_log',
                'documents_id_seq', 'hash_index_id_seq', 'audit_log_id_seq',
                'error_log_id_seq'])
        AND c.relowner OPERATOR(pg_catalog.<>) (
            SELECT x.extowner FROM pg_catalog.pg_extension AS x
            WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the tables belong to another role than the extension',
            DETAIL = pg_catalog.format('Not owned by it: %s.', wrong),
            HINT = 'Drop the extension, then let the tables'' owner create it (SET ROLE; it needs CREATE on the database).';
    END IF;

    SELECT pg_catalog.string_agg(d.line, E'\n' ORDER BY d.line) INTO wrong
    FROM (
        SELECT pg_catalog.format('column %s.%s: V001 has %s%s%s, found %s',
            e.tab, e.col, e.typ,
            CASE WHEN e.not_null THEN ' NOT NULL' ELSE '' END,
            ' DEFAULT ' OPERATOR(pg_catalog.||) e.def,
            coalesce(pg_catalog.format_type(a.atttypid, a.atttypmod)
                OPERATOR(pg_catalog.||)
                CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                OPERATOR(pg_catalog.||) coalesce(' DEFAULT '
                    OPERATOR(pg_catalog.||)
                    pg_catalog.pg_get_expr(f.adbin, f.adrelid), ''),
                'none')) AS line
        FROM (VALUES
            ('documents', 'id', 'integer', true, 'nextval(''documents_id_seq''::regclass)'),
            ('documents', 'file_name', 'character varying(500)', true, NULL),
            ('documents', 'file_size_bytes', 'integer', true, NULL),
            ('documents', 'file_hash', 'character varying(64)', true, NULL),
            ('documents', 'file_type', 'character varying(50)', true, NULL),
            ('documents', 'ingestion_source', 'character varying(255)', true, NULL),
            ('documents', 'ingestion_timestamp', 'timestamp without time zone', true, 'now()'),
            ('documents', 'document_text', 'text', false, NULL),
            ('documents', 'metadata_extracted', 'json', false, NULL),
            ('documents', 'ingestion_status', 'character varying(50)', true, '''success''::character varying'),
            ('documents', 'error_message', 'character varying(1000)', false, NULL),
            ('documents', 'created_at', 'timestamp without time zone', true, 'now()'),
            ('documents', 'updated_at', 'timestamp without time zone', true, 'now()'),
            ('hash_index', 'id', 'integer', true, 'nextval(''hash_index_id_seq''::regclass)'),
            ('hash_index', 'file_hash', 'character varying(64)', true, NULL),
            ('hash_index', 'document_id', 'integer', true, NULL),
            ('hash_index', 'first_seen', 'timestamp without time zone', true, 'now()'),
            ('hash_index', 'duplicate_count', 'integer', true, '0'),
            ('hash_index', 'last_seen', 'timestamp without time zone', true, 'now()'),
            ('audit_log', 'id', 'integer', true, 'nextval(''audit_log_id_seq''::regclass)'),
            ('audit_log', 'document_id', 'integer', true, NULL),
            ('audit_log', 'action', 'character varying(50)', true, NULL),
            ('audit_log', 'action_timestamp', 'timestamp without time zone', true, 'now()'),
            ('audit_log', 'user_or_system', 'character varying(255)', true, '''system''::character varying'),
            ('audit_log', 'old_value', 'json', false, NULL),
            ('audit_log', 'new_value', 'json', false, NULL),
            ('audit_log', 'change_reason', 'character varying(500)', false, NULL),
            ('error_log', 'id', 'integer', true, 'nextval(''error_log_id_seq''::regclass)'),
            ('error_log', 'file_name', 'character varying(500)', true, NULL),
            ('error_log', 'error_type', 'character varying(100)', true, NULL),
            ('error_log', 'error_message', 'character varying(2000)', true, NULL),
            ('error_log', 'error_timestamp', 'timestamp without time zone', true, 'now()'),
            ('error_log', 'retry_attempted', 'boolean', true, 'false'),
            ('error_log', 'resolution_notes', 'character varying(1000)', false, NULL)
        ) AS e (tab, col, typ, not_null, def)
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(
                pg_catalog.format('%s.%I', '@extschema@', e.tab))
            AND a.attname OPERATOR(pg_catalog.=) e.col
            AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_attrdef AS f
            ON f.adrelid OPERATOR(pg_catalog.=) a.attrelid
            AND f.adnum OPERATOR(pg_catalog.=) a.attnum
        WHERE (pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                pg_catalog.pg_get_expr(f.adbin, f.adrelid))
            IS DISTINCT FROM (e.typ, e.not_null, e.def)
        UNION ALL
        SELECT pg_catalog.format('index %s: V001 has %s, found %s', e.name,
            def.def, coalesce(pg_catalog.pg_get_indexdef(i.indexrelid), 'none'))
        FROM (VALUES
            ('documents', 'ix_documents_file_hash', '(file_hash)'),
            ('documents', 'ix_documents_ingestion_timestamp', '(ingestion_timestamp)'),
            ('documents', 'ix_documents_file_type', '(file_type)'),
            ('hash_index', 'ix_hash_index_file_hash', '(file_hash)'),
            ('audit_log', 'ix_audit_log_document_id', '(document_id)'),
            ('audit_log', 'ix_audit_log_action_timestamp', '(action_timestamp)'),
            ('error_log', 'ix_error_log_error_timestamp', '(error_timestamp)')
        ) AS e (tab, name, cols)
        CROSS JOIN LATERAL pg_catalog.format(
            'CREATE INDEX %s ON %s USING btree %s', e.name,
            pg_catalog.format('%s.%I', '@extschema@', e.tab), e.cols) AS def (def)
        LEFT JOIN pg_catalog.pg_index AS i
            ON i.indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(
                pg_catalog.format('%s.%I', '@extschema@', e.name))
        WHERE pg_catalog.pg_get_indexdef(i.indexrelid)
                IS DISTINCT FROM def.def
            OR NOT i.indisvalid
        UNION ALL
        SELECT pg_catalog.format('constraint %s of %s: V001 has %s, found %s',
            e.name, e.tab, e.def,
            coalesce(pg_catalog.pg_get_constraintdef(k.oid), 'none'))
        FROM (VALUES
            ('documents', 'documents_pkey',
                'PRIMARY KEY (id)'),
            ('documents', 'documents_file_hash_key',
                'UNIQUE (file_hash)'),
            ('hash_index', 'hash_index_pkey',
                'PRIMARY KEY (id)'),
            ('hash_index', 'hash_index_file_hash_key',
                'UNIQUE (file_hash)'),
            ('hash_index', 'hash_index_document_id_fkey',
                'FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE'),
            ('audit_log', 'audit_log_pkey',
                'PRIMARY KEY (id)'),
            ('audit_log', 'audit_log_document_id_fkey',
                'FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE'),
            ('error_log', 'error_log_pkey',
                'PRIMARY KEY (id)')
        ) AS e (tab, name, def)
        LEFT JOIN pg_catalog.pg_constraint AS k
            ON k.conrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(
                pg_catalog.format('%s.%I', '@extschema@', e.tab))
            AND k.conname OPERATOR(pg_catalog.=) e.name
        WHERE pg_catalog.regexp_replace(
                pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '')
            IS DISTINCT FROM e.def
    ) AS d;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the tables differ from V001',
            DETAIL = wrong,
            HINT = 'Bring them to V001''s form with ALTER TABLE and CREATE INDEX, then try again.';
    END IF;
END
$script$;

ALTER EXTENSION doc_extractor ADD TABLE @extschema@.documents;
ALTER EXTENSION doc_extractor ADD SEQUENCE @extschema@.documents_id_seq;
ALTER EXTENSION doc_extractor ADD TABLE @extschema@.hash_index;
ALTER EXTENSION doc_extractor ADD SEQUENCE @extschema@.hash_index_id_seq;
ALTER EXTENSION doc_extractor ADD TABLE @extschema@.audit_log;
ALTER EXTENSION doc_extractor ADD SEQUENCE @extschema@.audit_log_id_seq;
ALTER EXTENSION doc_extractor ADD TABLE @extschema@.error_log;
ALTER EXTENSION doc_extractor ADD SEQUENCE @extschema@.error_log_id_seq;

/* Grants that are there were not made by this script: pg_dump must dump them. */
DELETE FROM pg_catalog.pg_init_privs
WHERE classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND objoid OPERATOR(pg_catalog.=) ANY (
        SELECT c.oid FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND c.relname OPERATOR(pg_catalog.=) ANY (
                ARRAY['documents', 'hash_index', 'audit_log', 'error_log',
                    'documents_id_seq', 'hash_index_id_seq',
                    'audit_log_id_seq', 'error_log_id_seq']));

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

/* From here on, as the script of a fresh 1.0. */

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

/* The functions belong to the tables' owner, whoever runs this script. */
DO $script$
DECLARE
    function pg_catalog.regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid FROM pg_catalog.pg_depend AS d
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
            (SELECT pg_catalog.pg_get_userbyid(c.relowner)
                FROM pg_catalog.pg_class AS c
                WHERE c.oid OPERATOR(pg_catalog.=)
                    '@extschema@.documents'::pg_catalog.regclass));
    END LOOP;
END
$script$;

/* And nothing to PUBLIC. */

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

/*
 * Every document needs its hash_index row.  Rows that are there stay as they
 * are.  And where documents have no trail of their ingestion, one row says that
 * they were adopted.  All is written with the tables' owner's rights, and as
 * that can run code of the owner's, it comes last.
 */
CREATE FUNCTION @extschema@.run_as_owner(queries pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;
SELECT @extschema@.run_as_owner($query$
    INSERT INTO @extschema@.hash_index
        (file_hash, document_id, first_seen, last_seen)
    SELECT d.file_hash, d.id, d.created_at, d.created_at
    FROM @extschema@.documents AS d
    WHERE NOT EXISTS (SELECT FROM @extschema@.hash_index AS h
        WHERE h.file_hash OPERATOR(pg_catalog.=) d.file_hash)
    ORDER BY d.id;
    INSERT INTO @extschema@.audit_log (document_id, action, change_reason)
    SELECT pg_catalog.max(d.id), 'ingested', 'adopted with all documents before'
    FROM @extschema@.documents AS d
    WHERE NOT EXISTS (SELECT FROM @extschema@.audit_log AS a
        WHERE a.document_id OPERATOR(pg_catalog.=) d.id
            AND a.action OPERATOR(pg_catalog.=) 'ingested')
        AND d.id OPERATOR(pg_catalog.>) coalesce((
            SELECT pg_catalog.max(a.document_id)
            FROM @extschema@.audit_log AS a
            WHERE a.action OPERATOR(pg_catalog.=) 'ingested'
                AND a.change_reason OPERATOR(pg_catalog.=)
                    'adopted with all documents before'), 0)
    HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0;
$query$);
DROP FUNCTION @extschema@.run_as_owner(pg_catalog.text);
