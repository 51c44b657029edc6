/* doc_extractor--1.0--1.1.sql: fixes what V001 promises and cannot keep. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.1'" to load this file. \quit

/* The script compares definitions as PostgreSQL prints them. */
SET LOCAL quote_all_identifiers = off;

/* An older snapshot would hide what others commit before the script has its locks. */
DO $script$
DECLARE
    level constant pg_catalog.text := pg_catalog.current_setting('transaction_isolation');
BEGIN
    IF level OPERATOR(pg_catalog.=) ANY (ARRAY['repeatable read', 'serializable'])
        /* What this transaction creates holds nothing yet, whatever the level. */
        AND NOT (SELECT pg_catalog.bool_and(
                pg_catalog.age(c.xmin) OPERATOR(pg_catalog.<=) 0
                AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.=) 0)
            FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace OPERATOR(pg_catalog.=)
                    '@extschema@'::pg_catalog.regnamespace
                AND c.relname OPERATOR(pg_catalog.=) ANY (
                    ARRAY['documents', 'hash_index', 'audit_log', 'error_log'])) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = 'doc_extractor changes its version at isolation level READ COMMITTED only',
            DETAIL = pg_catalog.format(
                'At %s, the transaction does not see what others commit while it waits.',
                pg_catalog.upper(level)),
            HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED, or set '
                'default_transaction_isolation to ''read committed''.';
    END IF;
END
$script$;

/*
 * Locks are taken in the order of all code: documents first.  Only for it does the
 * script wait, holding no other lock, so it cannot deadlock.  It does not wait long
 * at a time, as all others queue behind it.  Until the end, it holds ACCESS
 * EXCLUSIVE on documents, hash_index and audit_log.  Every step but one changes
 * catalogs only: it takes the same time at any table size.
 */
DO $script$
DECLARE
    given constant pg_catalog.int4 := (SELECT s.setting::pg_catalog.int4
        FROM pg_catalog.pg_settings AS s
        WHERE s.name OPERATOR(pg_catalog.=) 'lock_timeout');
    started constant pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    remaining pg_catalog.int4 := 60000;
    holders pg_catalog.text;
BEGIN
    LOOP
        BEGIN
            PERFORM pg_catalog.set_config('lock_timeout', least(remaining,
                coalesce(nullif(given, 0), 2000))::pg_catalog.text, true);
            LOCK TABLE @extschema@.documents IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE @extschema@.hash_index, @extschema@.audit_log
                IN ACCESS EXCLUSIVE MODE NOWAIT;
            LOCK TABLE @extschema@.error_log IN SHARE MODE NOWAIT;
            PERFORM pg_catalog.set_config('lock_timeout', given::pg_catalog.text, true);
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            remaining := 60000 OPERATOR(pg_catalog.-) (1000 OPERATOR(pg_catalog.*)
                pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                    OPERATOR(pg_catalog.-) started));
        END;
        EXIT WHEN remaining OPERATOR(pg_catalog.<=) 0;
        PERFORM pg_catalog.pg_sleep(0.1);
        remaining := greatest(remaining OPERATOR(pg_catalog.-) 100, 1);
    END LOOP;
    IF remaining OPERATOR(pg_catalog.<=) 0 THEN
        SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%s (%s on %s)',
            coalesce('process ' OPERATOR(pg_catalog.||) l.pid::pg_catalog.text,
                'a prepared transaction'), l.mode, c.relname), ', ') INTO holders
        FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) l.relation
        WHERE l.granted
            AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
            AND l.database OPERATOR(pg_catalog.=) (
                SELECT b.oid FROM pg_catalog.pg_database AS b
                WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
            AND l.relation OPERATOR(pg_catalog.=) ANY (
                WITH RECURSIVE relations (id) AS (
                    SELECT r.oid FROM pg_catalog.pg_class AS r
                    WHERE r.relnamespace OPERATOR(pg_catalog.=)
                            '@extschema@'::pg_catalog.regnamespace
                        AND r.relname OPERATOR(pg_catalog.=) ANY (ARRAY[
                        'documents', 'hash_index', 'audit_log', 'error_log'])
                    UNION
                    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                    JOIN relations AS r ON i.inhparent OPERATOR(pg_catalog.=) r.id)
                SELECT id FROM relations)
            /* These do not keep from creating an index. */
            AND NOT (c.relname OPERATOR(pg_catalog.=) 'error_log'
                AND l.mode OPERATOR(pg_catalog.=) ANY (
                    ARRAY['AccessShareLock', 'RowShareLock', 'ShareLock']));
        RAISE EXCEPTION USING
            ERRCODE = 'lock_not_available',
            MESSAGE = 'could not lock the tables of doc_extractor within 60 seconds',
            DETAIL = pg_catalog.format('They are in use by %s.',
                coalesce(holders, 'nobody any more')),
            HINT = 'Wait for these transactions or end them, then try again.';
    END IF;
END
$script$;

DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s.%s is %s', e.tab,
        e.col, pg_catalog.format_type(a.atttypid, a.atttypmod)), '; '
        ORDER BY e.tab, e.col) INTO wrong
    FROM (VALUES
        ('documents', 'file_type', 'character varying(50)')
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
            MESSAGE = 'the tables are not as version 1.0 has them',
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
    /*
     * A column's type changes under nothing that has recorded it or would run code
     * of the owner's.  A dependent's own dependents go with it.
     */
    WITH RECURSIVE tables (id) AS (
        SELECT '@extschema@.documents'::pg_catalog.regclass::pg_catalog.oid
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
        JOIN tables AS t ON i.inhparent OPERATOR(pg_catalog.=) t.id),
    objects (classid, objid, objsubid) AS (
        SELECT d.classid, d.objid, d.objsubid
        FROM tables AS t
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid OPERATOR(pg_catalog.=) t.id
            AND a.attname OPERATOR(pg_catalog.=) 'file_type'
        JOIN pg_catalog.pg_depend AS d
            ON d.refclassid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid OPERATOR(pg_catalog.=) a.attrelid
            AND d.refobjsubid OPERATOR(pg_catalog.=) a.attnum
        LEFT JOIN pg_catalog.pg_class AS c
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objsubid OPERATOR(pg_catalog.=) 0
            AND c.oid OPERATOR(pg_catalog.=) d.objid
        LEFT JOIN pg_catalog.pg_index AS i
            ON i.indexrelid OPERATOR(pg_catalog.=) c.oid
        LEFT JOIN pg_catalog.pg_constraint AS k
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_constraint'::pg_catalog.regclass
            AND k.oid OPERATOR(pg_catalog.=) d.objid
        LEFT JOIN pg_catalog.pg_attrdef AS f
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_attrdef'::pg_catalog.regclass
            AND f.oid OPERATOR(pg_catalog.=) d.objid
            AND f.adrelid OPERATOR(pg_catalog.=) a.attrelid
            AND f.adnum OPERATOR(pg_catalog.=) a.attnum
        WHERE f.oid IS NULL
            AND d.classid OPERATOR(pg_catalog.<>)
                'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
            AND c.relkind IS DISTINCT FROM 'S'
            AND (k.oid IS NULL OR k.contype OPERATOR(pg_catalog.=) 'c')
            AND (i.indexrelid IS NULL OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
        UNION
        /* Columns of other tables that hold rows of these. */
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum
        FROM tables AS t
        JOIN pg_catalog.pg_type AS y ON y.typrelid OPERATOR(pg_catalog.=) t.id
        JOIN pg_catalog.pg_attribute AS a
            ON a.atttypid OPERATOR(pg_catalog.=) ANY (ARRAY[y.oid, y.typarray])
            AND NOT a.attisdropped
        JOIN pg_catalog.pg_class AS c
            ON c.oid OPERATOR(pg_catalog.=) a.attrelid
            AND c.relkind OPERATOR(pg_catalog.=) ANY (
                ARRAY['r', 'm', 'p']::pg_catalog."char"[])
        UNION
        SELECT n.classid, n.objid, n.objsubid
        FROM objects AS o
        CROSS JOIN LATERAL (
            SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0
            FROM pg_catalog.pg_rewrite AS r
            WHERE o.classid OPERATOR(pg_catalog.=)
                    'pg_catalog.pg_rewrite'::pg_catalog.regclass
                AND r.oid OPERATOR(pg_catalog.=) o.objid
                AND r.ev_type OPERATOR(pg_catalog.=) '1'
            UNION ALL
            SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d
            WHERE d.refclassid OPERATOR(pg_catalog.=) o.classid
                AND d.refobjid OPERATOR(pg_catalog.=) o.objid
                AND (d.refobjsubid OPERATOR(pg_catalog.=) o.objsubid
                    OR o.objsubid OPERATOR(pg_catalog.=) 0)
                AND d.deptype OPERATOR(pg_catalog.=) 'n'
        ) AS n (classid, objid, objsubid))
    SELECT pg_catalog.string_agg(DISTINCT
        pg_catalog.format('%s %s', i.type, i.identity), ', ') INTO wrong
    FROM objects AS o
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, o.objsubid) AS i
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r
            WHERE o.classid OPERATOR(pg_catalog.=)
                    'pg_catalog.pg_rewrite'::pg_catalog.regclass
                AND r.oid OPERATOR(pg_catalog.=) o.objid
                AND r.ev_type OPERATOR(pg_catalog.=) '1')
        /* The views of the extension itself come and go with the step. */
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid OPERATOR(pg_catalog.=) o.classid
                AND d.objid OPERATOR(pg_catalog.=) o.objid
                AND o.objsubid OPERATOR(pg_catalog.=) 0
                AND d.deptype OPERATOR(pg_catalog.=) 'e'
                AND d.refclassid OPERATOR(pg_catalog.=)
                    'pg_catalog.pg_extension'::pg_catalog.regclass
                AND d.refobjid OPERATOR(pg_catalog.=) (
                    SELECT x.oid FROM pg_catalog.pg_extension AS x
                    WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor'));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'other objects depend on the type of documents.file_type, which changes',
            DETAIL = pg_catalog.format('Dependent: %s.', wrong),
            HINT = 'Drop them, update, then create them again.';
    END IF;
END
$script$;

/*
 * Widen file_type to 255 characters, as the owner of the table.  A wider type needs
 * no rewrite, and its indexes stay.  The column's collation, storage and compression
 * stay, too.
 */
CREATE FUNCTION @extschema@.run_as_owner(queries pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;

DO $script$
DECLARE
    change pg_catalog.text;
BEGIN
    SELECT pg_catalog.format(
        'ALTER TABLE %s.documents ALTER COLUMN file_type '
        'TYPE pg_catalog.varchar(255) COLLATE %I.%I;', '@extschema@', n.nspname, l.collname)
        INTO STRICT change
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_collation AS l
        ON l.oid OPERATOR(pg_catalog.=) a.attcollation
    JOIN pg_catalog.pg_namespace AS n
        ON n.oid OPERATOR(pg_catalog.=) l.collnamespace
    WHERE a.attrelid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass
        AND a.attname OPERATOR(pg_catalog.=) 'file_type';
    WITH RECURSIVE tables (id) AS (
        SELECT '@extschema@.documents'::pg_catalog.regclass::pg_catalog.oid
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
        JOIN tables AS t ON i.inhparent OPERATOR(pg_catalog.=) t.id)
    SELECT pg_catalog.concat(change, pg_catalog.string_agg(pg_catalog.format(
        'ALTER TABLE ONLY %I.%I ALTER COLUMN file_type SET STORAGE %s, '
        'ALTER COLUMN file_type SET COMPRESSION %s;', n.nspname, c.relname,
        CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
            WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
        CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
            ELSE 'default' END), '')) INTO change
    FROM tables AS t
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.id
    JOIN pg_catalog.pg_namespace AS n
        ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) t.id
        AND a.attname OPERATOR(pg_catalog.=) 'file_type'
    WHERE a.attstorage OPERATOR(pg_catalog.<>) 'x'
        OR a.attcompression OPERATOR(pg_catalog.<>) '';
    PERFORM @extschema@.run_as_owner(change);
END
$script$;

DROP FUNCTION @extschema@.run_as_owner(pg_catalog.text);

/* What users have set on the indexes and keys that are dropped below goes with them. */
DO $script$
DECLARE
    lost pg_catalog.text;
BEGIN
    WITH indexes (id, tab, name, options, space, is_clustered) AS (
        SELECT c.oid, pg_catalog.format('%s.%s', '@extschema@', e.tab), c.relname,
            c.reloptions, c.reltablespace, i.indisclustered
        FROM (VALUES ('documents'), ('hash_index')) AS e (tab)
        JOIN pg_catalog.pg_class AS c
            ON c.relname OPERATOR(pg_catalog.=) pg_catalog.format('ix_%s_file_hash', e.tab)
            AND c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
        JOIN pg_catalog.pg_index AS i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid),
    keys (id, tab, name, is_deferrable, is_deferred) AS (
        SELECT k.oid, pg_catalog.format('%s.%s', '@extschema@', e.tab), k.conname,
            k.condeferrable, k.condeferred
        FROM (VALUES ('audit_log'), ('hash_index')) AS e (tab)
        JOIN pg_catalog.pg_constraint AS k
            ON k.conname OPERATOR(pg_catalog.=)
                pg_catalog.format('%s_document_id_fkey', e.tab)
            AND k.conrelid OPERATOR(pg_catalog.=) pg_catalog.format('%s.%s',
                '@extschema@', e.tab)::pg_catalog.regclass),
    commands (command) AS (
        SELECT pg_catalog.format('COMMENT ON INDEX %s.%I IS %L;', '@extschema@', i.name,
            pg_catalog.obj_description(i.id, 'pg_class'))
        FROM indexes AS i
        WHERE pg_catalog.obj_description(i.id, 'pg_class') IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER INDEX %s.%I SET (%s);', '@extschema@', i.name,
            pg_catalog.array_to_string(i.options, ', '))
        FROM indexes AS i
        WHERE i.options IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER INDEX %s.%I SET TABLESPACE %I;', '@extschema@', i.name,
            s.spcname)
        FROM indexes AS i
        JOIN pg_catalog.pg_tablespace AS s ON s.oid OPERATOR(pg_catalog.=) i.space
        UNION ALL
        SELECT pg_catalog.format('ALTER TABLE %s CLUSTER ON %I;', i.tab, i.name)
        FROM indexes AS i
        WHERE i.is_clustered
        UNION ALL
        SELECT pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS %L;', k.name, k.tab,
            pg_catalog.obj_description(k.id, 'pg_constraint'))
        FROM keys AS k
        WHERE pg_catalog.obj_description(k.id, 'pg_constraint') IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY %s;',
            k.tab, k.name, CASE WHEN k.is_deferred THEN 'DEFERRED' ELSE 'IMMEDIATE' END)
        FROM keys AS k
        WHERE k.is_deferrable)
    SELECT pg_catalog.string_agg(c.command, E'\n' ORDER BY c.command) INTO lost
    FROM commands AS c;
    IF lost IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'what was set on indexes and foreign keys of version 1.0 is lost',
            DETAIL = lost,
            HINT = 'Run the commands on indexes now, as version 1.1 has indexes of these names. '
                'Run those on foreign keys after a return to version 1.0.';
    END IF;
END
$script$;

/*
 * The trail outlives its document.  A document's hash_index row is still deleted
 * with it, by its hash in the trigger below, as the key's cascade has no index to
 * find it by.  And without keys, a parallel restore may load the tables in any
 * order.
 */
ALTER TABLE @extschema@.audit_log DROP CONSTRAINT audit_log_document_id_fkey;
ALTER TABLE @extschema@.hash_index DROP CONSTRAINT hash_index_document_id_fkey;
ALTER TABLE @extschema@.audit_log ADD COLUMN db_user pg_catalog.name;
COMMENT ON COLUMN @extschema@.audit_log.db_user IS
    'The login role, whatever user_or_system says; NULL in rows written by 1.0';

/* A UNIQUE column needs one index only; it takes the name that V001 lists. */
DROP INDEX @extschema@.ix_documents_file_hash;
ALTER TABLE @extschema@.documents
    RENAME CONSTRAINT documents_file_hash_key TO ix_documents_file_hash;
DROP INDEX @extschema@.ix_hash_index_file_hash;
ALTER TABLE @extschema@.hash_index
    RENAME CONSTRAINT hash_index_file_hash_key TO ix_hash_index_file_hash;

/*
 * Room on each page for the row versions that counting writes, so that it need not
 * touch the indexes.  A fillfactor that somebody has set stays.
 */
DO $script$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c,
            pg_catalog.unnest(c.reloptions) AS o (option)
        WHERE c.oid OPERATOR(pg_catalog.=)
                '@extschema@.hash_index'::pg_catalog.regclass
            AND o.option OPERATOR(pg_catalog.~~) 'fillfactor=%') THEN
        ALTER TABLE @extschema@.hash_index SET (fillfactor = 50);
    END IF;
END
$script$;

/*
 * New rows must have valid statuses and actions.  The triggers stay enabled or disabled
 * as they are, and keep users' comments.
 */
DO $script$
DECLARE
    settings pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.concat(
        pg_catalog.format('ALTER TABLE %s.documents %s TRIGGER %I;', '@extschema@',
            CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, g.tgname),
        pg_catalog.format('COMMENT ON TRIGGER %I ON %s.documents IS %L;', g.tgname,
            '@extschema@', pg_catalog.obj_description(g.oid, 'pg_trigger'))), '') INTO settings
    FROM pg_catalog.pg_trigger AS g
    WHERE g.tgrelid OPERATOR(pg_catalog.=) '@extschema@.documents'::pg_catalog.regclass
        AND g.tgname OPERATOR(pg_catalog.=) ANY (
            ARRAY['documents_after_insert', 'documents_after_update']);
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
    EXECUTE settings;
END
$script$;
CREATE FUNCTION @extschema@.audit_log_check_actions()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.audit_log_check_actions() IS
    'Trigger of audit_log: accepts the actions of V001 only';
CREATE TRIGGER audit_log_check_actions
    AFTER INSERT ON @extschema@.audit_log
    REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.audit_log_check_actions();

/* DELETE leaves a trail, and the trail is append-only. */
CREATE FUNCTION @extschema@.documents_after_delete()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.documents_after_delete() IS
    'Trigger of documents: keeps deleted documents in audit_log, deletes their hash_index rows';
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

/* Event triggers guard against losing the ledger, and log changes to its tables. */
CREATE FUNCTION @extschema@.doc_extractor_ddl_start()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_ddl_start() IS
    'Event trigger: guards the extension''s data against being dropped or changed, logs DROP INDEX';
CREATE FUNCTION @extschema@.doc_extractor_ddl_end()
RETURNS pg_catalog.event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_ddl_end() IS
    'Event trigger: logs ALTER TABLE and CREATE INDEX on the extension''s tables';
CREATE EVENT TRIGGER doc_extractor_ddl_start ON ddl_command_start
    -- A column of a table can also be renamed by the commands for its like.  By CASCADE, every DROP of
    -- what a table, view or function can depend on takes it along, and with it the extension.
    WHEN TAG IN ('ALTER EXTENSION', 'ALTER FOREIGN TABLE', 'ALTER MATERIALIZED VIEW',
                 'ALTER SEQUENCE', 'ALTER TABLE', 'ALTER TYPE', 'ALTER VIEW', 'DROP ACCESS METHOD',
                 'DROP AGGREGATE', 'DROP CAST', 'DROP COLLATION', 'DROP DOMAIN', 'DROP EXTENSION',
                 'DROP FOREIGN DATA WRAPPER', 'DROP FOREIGN TABLE', 'DROP FUNCTION', 'DROP INDEX',
                 'DROP LANGUAGE', 'DROP MATERIALIZED VIEW', 'DROP OPERATOR', 'DROP OPERATOR CLASS',
                 'DROP OPERATOR FAMILY', 'DROP OWNED', 'DROP PROCEDURE', 'DROP ROUTINE',
                 'DROP SCHEMA', 'DROP SEQUENCE', 'DROP SERVER', 'DROP TABLE',
                 'DROP TEXT SEARCH CONFIGURATION', 'DROP TEXT SEARCH DICTIONARY',
                 'DROP TEXT SEARCH PARSER', 'DROP TEXT SEARCH TEMPLATE', 'DROP TRANSFORM',
                 'DROP TYPE', 'DROP VIEW')
    EXECUTE FUNCTION @extschema@.doc_extractor_ddl_start();
ALTER EVENT TRIGGER doc_extractor_ddl_start ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER doc_extractor_ddl_start IS
    'Guards doc_extractor''s data against being dropped or changed, logs DROP INDEX';
CREATE EVENT TRIGGER doc_extractor_rewrite ON table_rewrite
    EXECUTE FUNCTION @extschema@.doc_extractor_ddl_start();
ALTER EVENT TRIGGER doc_extractor_rewrite ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER doc_extractor_rewrite IS
    'Guards values in doc_extractor''s tables against being changed by a rewrite';
CREATE EVENT TRIGGER doc_extractor_ddl_end ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX')
    EXECUTE FUNCTION @extschema@.doc_extractor_ddl_end();
ALTER EVENT TRIGGER doc_extractor_ddl_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER doc_extractor_ddl_end IS
    'Logs ALTER TABLE and CREATE INDEX on doc_extractor''s tables';

CREATE FUNCTION @extschema@.doc_extractor_verify(
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_verify() IS
    'Checks the schema and the data of the ledger; returns a row for each check';

/* For loaders: rows inserted into the view are ingested, in batches. */
CREATE VIEW @extschema@.document_inbox AS
SELECT
    NULL::pg_catalog.text AS file_name,
    NULL::pg_catalog.bytea AS content,
    NULL::pg_catalog.text AS file_type,
    NULL::pg_catalog.text AS ingestion_source,
    NULL::pg_catalog.text AS document_text,
    NULL::pg_catalog.json AS metadata_extracted,
    NULL::pg_catalog.text AS ingestion_status,
    NULL::pg_catalog.text AS error_message
WHERE false;
COMMENT ON VIEW @extschema@.document_inbox IS
    'Ingests the rows that INSERT or COPY puts into it; always empty';
CREATE FUNCTION @extschema@.document_inbox_before_insert()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.document_inbox_before_insert() IS
    'Trigger of document_inbox: prepares for the rows of a statement';
CREATE FUNCTION @extschema@.document_inbox_insert()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.document_inbox_insert() IS
    'Trigger of document_inbox: collects a row';
CREATE FUNCTION @extschema@.document_inbox_after_insert()
RETURNS pg_catalog.trigger
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.document_inbox_after_insert() IS
    'Trigger of document_inbox: ingests the remaining rows';
CREATE TRIGGER document_inbox_before_insert
    BEFORE INSERT ON @extschema@.document_inbox
    FOR EACH STATEMENT
    EXECUTE FUNCTION @extschema@.document_inbox_before_insert();
CREATE TRIGGER document_inbox_insert
    INSTEAD OF INSERT ON @extschema@.document_inbox
    FOR EACH ROW EXECUTE FUNCTION @extschema@.document_inbox_insert();
CREATE TRIGGER document_inbox_after_insert
    AFTER INSERT ON @extschema@.document_inbox
    FOR EACH STATEMENT
    EXECUTE FUNCTION @extschema@.document_inbox_after_insert();

/* Functions for documents that the client does not hold in memory. */
CREATE FUNCTION @extschema@.ingest_file(
    path pg_catalog.text,
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
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_file(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.json, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.timestamptz, pg_catalog.text) IS
    'As ingest_document(), for a file on the server; requires the privileges of pg_read_server_files';
CREATE FUNCTION @extschema@.ingest_large_object(
    loid pg_catalog.oid,
    file_name pg_catalog.text,
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
COMMENT ON FUNCTION @extschema@.ingest_large_object(
    pg_catalog.oid, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'As ingest_document(), for a large object that the caller may read';

/*
 * Functions for failures: they become rows of error_log instead of errors, and
 * are resolved later.  A success finds the failures of its file by the index.
 * Creating it is the one step that takes longer the longer its table is.
 */
CREATE INDEX ix_error_log_file_name
    ON @extschema@.error_log (file_name) WHERE NOT retry_attempted;
CREATE FUNCTION @extschema@.try_ingest_document(
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
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.try_ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'Ingests a document; a failure becomes a row of error_log instead of an error';
CREATE FUNCTION @extschema@.log_ingestion_error(
    file_name pg_catalog.text,
    error_type pg_catalog.text,
    error_message pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.log_ingestion_error(
    pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Writes a failure that the client saw to error_log; returns the id of the row';
CREATE FUNCTION @extschema@.resolve_ingestion_error(
    error_id pg_catalog.int8,
    resolution_notes pg_catalog.text)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.resolve_ingestion_error(
    pg_catalog.int8, pg_catalog.text) IS
    'Marks a failure in error_log as resolved, with notes';

/*
 * Statistics of the whole ledger, of each source and of each type, each in one pass
 * over documents.  As few documents are ingested again, only those are joined with
 * hash_index: by its UNIQUE hash, so that no document counts twice, and a query for
 * other columns leaves hash_index out.
 */
DO $script$
DECLARE
    view pg_catalog.text;
    purpose pg_catalog.text;
    group_column pg_catalog.text;
    open_errors pg_catalog.text;
    group_by pg_catalog.text;
    col pg_catalog.text;
    meaning pg_catalog.text;
BEGIN
    FOR view, purpose, group_column, open_errors, group_by IN VALUES
        ('ingestion_stats', 'What is in the ledger, in one row', '',
            $columns$
            (SELECT pg_catalog.count(*) FROM @extschema@.error_log AS e
                WHERE e.resolution_notes IS NULL AND NOT e.retry_attempted)
                AS open_errors,
            $columns$, ''),
        ('ingestion_stats_by_source',
            'ingestion_stats for each ingestion_source of documents',
            'd.ingestion_source,', '', 'GROUP BY d.ingestion_source'),
        ('ingestion_stats_by_type',
            'ingestion_stats for each file_type of documents',
            'd.file_type,', '', 'GROUP BY d.file_type')
    LOOP
        EXECUTE pg_catalog.concat('CREATE VIEW @extschema@.', view, ' AS SELECT ',
            group_column, $columns$
            pg_catalog.count(*) AS documents,
            coalesce(pg_catalog.sum(d.file_size_bytes), 0) AS bytes,
            coalesce(pg_catalog.sum(h.duplicate_count), 0) AS duplicates,
            coalesce(pg_catalog.sum(h.duplicate_count::pg_catalog.numeric
                OPERATOR(pg_catalog.*) d.file_size_bytes), 0) AS bytes_saved,
            pg_catalog.count(*) FILTER (WHERE d.ingestion_status
                OPERATOR(pg_catalog.=) 'failed') AS failed,
            pg_catalog.count(*) FILTER (WHERE d.ingestion_status
                OPERATOR(pg_catalog.=) 'retry') AS retry,
            $columns$, open_errors, $columns$
            pg_catalog.min(d.ingestion_timestamp) AS first_ingestion,
            pg_catalog.max(d.ingestion_timestamp) AS last_ingestion
            FROM @extschema@.documents AS d
            LEFT JOIN @extschema@.hash_index AS h
                ON h.file_hash OPERATOR(pg_catalog.=) d.file_hash
                AND h.duplicate_count OPERATOR(pg_catalog.>) 0
            $columns$, group_by);
        EXECUTE pg_catalog.format('COMMENT ON VIEW %s.%I IS %L', '@extschema@',
            view, purpose);
        FOR col, meaning IN
            SELECT c.name, c.meaning
            FROM (VALUES
                ('ingestion_source', 'Where these documents came from'),
                ('file_type', 'The type of these documents'),
                ('documents', 'Documents in the ledger'),
                ('bytes', 'Sum of their file_size_bytes'),
                ('duplicates', 'How often their content was ingested again'),
                ('bytes_saved', 'Bytes of these duplicates, which are stored once'),
                ('failed', 'Documents with ingestion_status failed'),
                ('retry', 'Documents with ingestion_status retry'),
                ('open_errors', 'Rows of error_log that nobody has resolved or retried'),
                ('first_ingestion', 'The earliest ingestion_timestamp; NULL without documents'),
                ('last_ingestion', 'The latest ingestion_timestamp; NULL without documents')
            ) AS c (name, meaning)
            JOIN pg_catalog.pg_attribute AS a
                ON a.attname OPERATOR(pg_catalog.=) c.name
            WHERE a.attrelid OPERATOR(pg_catalog.=)
                pg_catalog.format('%s.%I', '@extschema@', view)::pg_catalog.regclass
        LOOP
            EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I.%I IS %L',
                '@extschema@', view, col, meaning);
        END LOOP;
    END LOOP;
END
$script$;

/*
 * Functions and views belong to the owner of the tables, whoever runs this
 * script; but event triggers run for everybody, and their functions stay a
 * superuser's.  PUBLIC may call none of the new functions, nor may whom a superuser's
 * default privileges let.  Those of 1.0 are in pg_init_privs: a REVOKE here would
 * take later GRANTs out of dumps.
 *
 * The owner gets the right to grant EXECUTE on the event triggers' functions, which
 * nobody can call: so GRANT ... ON ALL FUNCTIONS IN SCHEMA works.  This script will
 * do so again in a restore.
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
    is_for_event pg_catalog.bool;
    is_new pg_catalog.bool;
    view pg_catalog.regclass;
BEGIN
    FOR function, others, is_for_event, is_new IN
        SELECT p.oid,
            (SELECT pg_catalog.string_agg(', ' OPERATOR(pg_catalog.||)
                    pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)), '')
                FROM pg_catalog.aclexplode(p.proacl) AS x
                WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[0, p.proowner, owner_id])
                    AND owner OPERATOR(pg_catalog.<>) current_user),
            p.prorettype OPERATOR(pg_catalog.=)
                'pg_catalog.event_trigger'::pg_catalog.regtype,
            NOT EXISTS (SELECT FROM pg_catalog.pg_init_privs AS i
                WHERE i.classoid OPERATOR(pg_catalog.=) d.classid
                    AND i.objoid OPERATOR(pg_catalog.=) d.objid)
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
    LOOP
        IF NOT is_for_event THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO %I', function,
                owner);
        END IF;
        IF is_new THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC%s',
                function, others);
        END IF;
        IF is_for_event AND owner OPERATOR(pg_catalog.<>) current_user THEN
            EXECUTE pg_catalog.format(
                'GRANT EXECUTE ON FUNCTION %s TO %I WITH GRANT OPTION', function, owner);
        END IF;
    END LOOP;
    FOR view, others IN
        SELECT c.oid, (SELECT pg_catalog.string_agg(DISTINCT
                CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, ', ')
            FROM pg_catalog.aclexplode(c.relacl) AS x
            WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[c.relowner, owner_id])
                AND owner OPERATOR(pg_catalog.<>) current_user)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[
            '@extschema@.document_inbox',
            '@extschema@.ingestion_stats',
            '@extschema@.ingestion_stats_by_source',
            '@extschema@.ingestion_stats_by_type']::pg_catalog.regclass[]::pg_catalog.oid[])
    LOOP
        EXECUTE pg_catalog.format('ALTER VIEW %s OWNER TO %I', view, owner);
        IF others IS NOT NULL THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', view, others);
        END IF;
    END LOOP;
END
$script$;
