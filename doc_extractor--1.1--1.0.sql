/* doc_extractor--1.1--1.0.sql: goes back to exactly V001. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.0'" to load this file. \quit

/*
 * The views come first, as a statement locks a view before its tables.  Whoever
 * has changed a column's type had to drop those of statistics.
 */
DROP VIEW @extschema@.document_inbox;
DROP VIEW IF EXISTS @extschema@.ingestion_stats;
DROP VIEW IF EXISTS @extschema@.ingestion_stats_by_source;
DROP VIEW IF EXISTS @extschema@.ingestion_stats_by_type;

LOCK TABLE @extschema@.documents, @extschema@.hash_index,
    @extschema@.audit_log IN ACCESS EXCLUSIVE MODE;

DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s.%s is %s', e.tab,
        e.col, pg_catalog.format_type(a.atttypid, a.atttypmod)), '; '
        ORDER BY e.tab, e.col) INTO wrong
    FROM (VALUES
        ('documents', 'id', 'integer'),
        ('documents', 'file_hash', 'character varying(64)'),
        ('documents', 'file_type', 'character varying(255)'),
        ('hash_index', 'document_id', 'integer'),
        ('hash_index', 'file_hash', 'character varying(64)'),
        ('audit_log', 'document_id', 'integer'),
        ('audit_log', 'user_or_system', 'character varying(255)'),
        ('audit_log', 'db_user', 'name')
    ) AS e (tab, col, typ)
    JOIN pg_catalog.pg_class AS c
        ON c.relname OPERATOR(pg_catalog.=) e.tab
        AND c.relnamespace OPERATOR(pg_catalog.=)
            '@extschema@'::pg_catalog.regnamespace
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) c.oid
        AND a.attname OPERATOR(pg_catalog.=) e.col
    WHERE c.relkind OPERATOR(pg_catalog.<>) 'r'
        OR pg_catalog.format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM e.typ;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the tables are not as version 1.1 has them',
            DETAIL = pg_catalog.format('Changed: %s.', wrong),
            HINT = 'Give the columns their types back, then try again.';
    END IF;
    WITH RECURSIVE tables (id) AS (
        SELECT '@extschema@.documents'::pg_catalog.regclass::pg_catalog.oid
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
        JOIN tables AS t ON i.inhparent OPERATOR(pg_catalog.=) t.id)
    SELECT pg_catalog.string_agg(DISTINCT
        i.inhparent::pg_catalog.regclass::pg_catalog.text, ', ') INTO wrong
    FROM pg_catalog.pg_inherits AS i
    JOIN tables AS t ON i.inhrelid OPERATOR(pg_catalog.=) t.id
    WHERE NOT EXISTS (SELECT FROM tables AS p
        WHERE p.id OPERATOR(pg_catalog.=) i.inhparent);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'table documents, or a child of it, inherits from another table',
            DETAIL = pg_catalog.format('Parents: %s.', wrong),
            HINT = 'ALTER TABLE ... NO INHERIT first: what is done through a parent leaves no trail.';
    END IF;
    SELECT pg_catalog.string_agg(DISTINCT c.relname, ', ') INTO wrong
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid
        AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
    JOIN pg_catalog.pg_index AS i
        ON i.indexrelid OPERATOR(pg_catalog.=) d.objid
    JOIN pg_catalog.pg_class AS c
        ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
    WHERE d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refclassid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid OPERATOR(pg_catalog.=) ANY (
            WITH RECURSIVE tables (id) AS (
                SELECT '@extschema@.documents'::pg_catalog.regclass::pg_catalog.oid
                UNION
                SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                JOIN tables AS t ON i.inhparent OPERATOR(pg_catalog.=) t.id)
            SELECT id FROM tables)
        AND a.attname OPERATOR(pg_catalog.=) 'file_type'
        AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'indexes have an expression or condition on documents.file_type, whose width changes',
            DETAIL = pg_catalog.format('Indexes: %s.', wrong),
            HINT = 'Drop them, update, then create them again.';
    END IF;
END
$script$;

/*
 * An index on the column that is dropped would be dropped with it.  And a view,
 * rule or function that has file_type with 255 characters would let them in.
 */
DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(DISTINCT coalesce(
        r.ev_class::pg_catalog.regclass::pg_catalog.text,
        p.oid::pg_catalog.regprocedure::pg_catalog.text), ', ') INTO wrong
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid
        AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
    LEFT JOIN pg_catalog.pg_rewrite AS r
        ON d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND r.oid OPERATOR(pg_catalog.=) d.objid
    LEFT JOIN pg_catalog.pg_proc AS p
        ON d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_proc'::pg_catalog.regclass
        AND p.oid OPERATOR(pg_catalog.=) d.objid
    WHERE d.refclassid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass
        AND a.attname OPERATOR(pg_catalog.=) 'file_type'
        AND coalesce(r.oid, p.oid) IS NOT NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'views, rules or functions depend on the width of documents.file_type',
            DETAIL = pg_catalog.format('Dependent: %s.', wrong),
            HINT = 'Drop them, roll back, then create them again.';
    END IF;
    SELECT pg_catalog.string_agg(c.relname, ', ' ORDER BY c.relname) INTO wrong
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.objid
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid
        AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
    WHERE d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refclassid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid OPERATOR(pg_catalog.=)
            '@extschema@.audit_log'::pg_catalog.regclass
        AND c.relkind OPERATOR(pg_catalog.=) 'i'
        AND a.attname OPERATOR(pg_catalog.=) 'db_user';
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'version 1.0 has no column db_user for your indexes on it',
            DETAIL = pg_catalog.format('Indexes: %s.', wrong),
            HINT = 'Drop them, then try again.';
    END IF;
END
$script$;

/*
 * Data that 1.0 cannot hold stops the script, unless its loss is allowed.  The
 * script may run with more privileges than the owner of the tables has, so it
 * looks at the data as the owner; no query here runs code of the owner's.
 */
CREATE FUNCTION @extschema@.run_as_owner(queries pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;

DO $script$
DECLARE
    allowed constant pg_catalog.bool := coalesce(nullif(
        pg_catalog.current_setting('doc_extractor.allow_data_loss', true),
        ''), 'off')::pg_catalog.bool;
    long_types constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.documents
        WHERE pg_catalog.length(file_type) OPERATOR(pg_catalog.>) 50
    $query$);
    other_users constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.audit_log
        WHERE db_user::pg_catalog.text
            OPERATOR(pg_catalog.<>) user_or_system::pg_catalog.text
    $query$);
BEGIN
    IF (long_types OPERATOR(pg_catalog.>) 0
        OR other_users OPERATOR(pg_catalog.>) 0) AND NOT allowed THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'version 1.0 cannot hold all that is in the ledger',
            DETAIL = pg_catalog.format(
                '%s documents have a file_type of over 50 characters; %s rows of audit_log have a db_user that differs from user_or_system.',
                long_types, other_users),
            HINT = 'Take a backup, then SET doc_extractor.allow_data_loss = on: the types are cut to 50 characters (their full form stays in audit_log), db_user is dropped.';
    END IF;
    IF other_users OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING 'db_user of % rows of audit_log is lost', other_users;
    END IF;
    IF long_types OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING 'file_type of % documents is cut to 50 characters', long_types;
    END IF;
END
$script$;

/*
 * Narrow file_type to 50 characters, in the catalog: ALTER COLUMN would rewrite
 * the table with all its texts.  Longer types are cut below.
 */
UPDATE pg_catalog.pg_attribute AS a SET atttypmod = 54
FROM (
    WITH RECURSIVE tables (id) AS (
        SELECT '@extschema@.documents'::pg_catalog.regclass::pg_catalog.oid
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
        JOIN tables AS t ON i.inhparent OPERATOR(pg_catalog.=) t.id),
    columns (id, number) AS (
        SELECT c.attrelid, c.attnum FROM pg_catalog.pg_attribute AS c
        JOIN tables AS t ON c.attrelid OPERATOR(pg_catalog.=) t.id
        WHERE c.attname OPERATOR(pg_catalog.=) 'file_type')
    SELECT id, number FROM columns
    UNION
    SELECT i.indexrelid, k.number FROM pg_catalog.pg_index AS i
    JOIN columns AS c ON i.indrelid OPERATOR(pg_catalog.=) c.id
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[])
        WITH ORDINALITY AS k (attribute, number)
    WHERE k.attribute OPERATOR(pg_catalog.=) c.number) AS changed (id, number)
WHERE a.attrelid OPERATOR(pg_catalog.=) changed.id
    AND a.attnum OPERATOR(pg_catalog.=) changed.number
    AND a.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.varchar'::pg_catalog.regtype
    AND a.atttypmod OPERATOR(pg_catalog.=) 259;

/* Functions for documents that the client does not hold in memory. */
DROP FUNCTION @extschema@.ingest_file(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.json, pg_catalog.text, pg_catalog.text);
DROP FUNCTION @extschema@.ingest_large_object(
    pg_catalog.oid, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text);

/* Event triggers, and functions of 1.1. */
DROP EVENT TRIGGER doc_extractor_ddl_start;
DROP EVENT TRIGGER doc_extractor_ddl_end;
DROP FUNCTION @extschema@.doc_extractor_ddl_start();
DROP FUNCTION @extschema@.doc_extractor_ddl_end();
DROP FUNCTION @extschema@.doc_extractor_verify();
DROP FUNCTION @extschema@.try_ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text);
DROP FUNCTION @extschema@.log_ingestion_error(
    pg_catalog.text, pg_catalog.text, pg_catalog.text);
DROP FUNCTION @extschema@.resolve_ingestion_error(
    pg_catalog.int8, pg_catalog.text);
DROP INDEX @extschema@.ix_error_log_file_name;
DROP FUNCTION @extschema@.document_inbox_before_insert();
DROP FUNCTION @extschema@.document_inbox_insert();
DROP FUNCTION @extschema@.document_inbox_after_insert();

/* Triggers. */
DROP TRIGGER documents_after_delete ON @extschema@.documents;
DROP TRIGGER documents_refuse_truncate ON @extschema@.documents;
DROP TRIGGER audit_log_refuse_change ON @extschema@.audit_log;
DROP TRIGGER audit_log_refuse_truncate ON @extschema@.audit_log;
DROP FUNCTION @extschema@.documents_after_delete();
DROP FUNCTION @extschema@.documents_refuse_truncate();
DROP FUNCTION @extschema@.audit_log_refuse_change();
DROP TRIGGER audit_log_check_actions ON @extschema@.audit_log;
DROP FUNCTION @extschema@.audit_log_check_actions();
DROP TRIGGER documents_after_insert ON @extschema@.documents;
CREATE TRIGGER documents_after_insert
    AFTER INSERT ON @extschema@.documents
    REFERENCING NEW TABLE AS new_documents
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_insert();
DROP TRIGGER documents_after_update ON @extschema@.documents;
CREATE TRIGGER documents_after_update
    AFTER UPDATE ON @extschema@.documents
    REFERENCING OLD TABLE AS old_documents NEW TABLE AS new_documents
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_update();

/* V001 has a plain index beside each UNIQUE index. */
ALTER TABLE @extschema@.documents
    RENAME CONSTRAINT ix_documents_file_hash TO documents_file_hash_key;
CREATE INDEX ix_documents_file_hash ON @extschema@.documents (file_hash);
ALTER TABLE @extschema@.hash_index
    RENAME CONSTRAINT ix_hash_index_file_hash TO hash_index_file_hash_key;
CREATE INDEX ix_hash_index_file_hash ON @extschema@.hash_index (file_hash);

/* The fillfactor, if it is that of 1.1. */
DO $script$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_class AS c,
            pg_catalog.unnest(c.reloptions) AS o (option)
        WHERE c.oid OPERATOR(pg_catalog.=)
                '@extschema@.hash_index'::pg_catalog.regclass
            AND o.option OPERATOR(pg_catalog.=) 'fillfactor=50') THEN
        ALTER TABLE @extschema@.hash_index RESET (fillfactor);
    END IF;
END
$script$;

/*
 * The foreign keys.  The trail of deleted documents stays, under a key that is
 * not validated; without such rows, the key is validated below, as V001 has it.
 */
ALTER TABLE @extschema@.audit_log DROP COLUMN db_user;
ALTER TABLE @extschema@.audit_log
    ADD CONSTRAINT audit_log_document_id_fkey FOREIGN KEY (document_id)
    REFERENCES @extschema@.documents (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE @extschema@.hash_index
    ADD CONSTRAINT hash_index_document_id_fkey FOREIGN KEY (document_id)
    REFERENCES @extschema@.documents (id) ON DELETE CASCADE NOT VALID;

/* What can run code of the owner's comes last: in one call, as the owner. */
DO $script$
DECLARE
    queries pg_catalog.text := '';
BEGIN
    IF @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.documents
        WHERE pg_catalog.length(file_type) OPERATOR(pg_catalog.>) 50
    $query$) OPERATOR(pg_catalog.>) 0 THEN
        queries := $query$
            UPDATE @extschema@.documents
            SET file_type = pg_catalog.left(file_type, 50)
            WHERE pg_catalog.length(file_type) OPERATOR(pg_catalog.>) 50;
            DO $check$
            BEGIN
                IF EXISTS (SELECT FROM @extschema@.documents
                    WHERE pg_catalog.length(file_type)
                        OPERATOR(pg_catalog.>) 50)
                THEN
                    RAISE EXCEPTION USING
                        ERRCODE = 'triggered_data_change_violation',
                        MESSAGE = 'types of over 50 characters could not be cut',
                        HINT = 'Look for a trigger on documents that keeps them.';
                END IF;
            END
            $check$;
        $query$;
    END IF;
    IF @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.audit_log AS a
        WHERE NOT EXISTS (SELECT FROM @extschema@.documents AS d
            WHERE d.id OPERATOR(pg_catalog.=) a.document_id)
    $query$) OPERATOR(pg_catalog.=) 0 THEN
        queries := queries OPERATOR(pg_catalog.||) $query$
            ALTER TABLE @extschema@.audit_log
                VALIDATE CONSTRAINT audit_log_document_id_fkey;
        $query$;
    END IF;
    IF @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.hash_index AS h
        WHERE NOT EXISTS (SELECT FROM @extschema@.documents AS d
            WHERE d.id OPERATOR(pg_catalog.=) h.document_id)
    $query$) OPERATOR(pg_catalog.=) 0 THEN
        queries := queries OPERATOR(pg_catalog.||) $query$
            ALTER TABLE @extschema@.hash_index
                VALIDATE CONSTRAINT hash_index_document_id_fkey;
        $query$;
    END IF;
    IF queries OPERATOR(pg_catalog.<>) '' THEN
        PERFORM @extschema@.run_as_owner(queries);
    END IF;
END
$script$;

DROP FUNCTION @extschema@.run_as_owner(pg_catalog.text);
