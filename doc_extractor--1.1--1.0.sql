/* doc_extractor--1.1--1.0.sql: goes back to exactly V001. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.0'" to load this file. \quit

/* The script compares definitions as PostgreSQL prints them. */
SET LOCAL quote_all_identifiers = off;

/* An older snapshot would hide what others commit before the script has its locks. */
DO $script$
DECLARE
    level constant pg_catalog.text := pg_catalog.current_setting('transaction_isolation');
BEGIN
    IF level OPERATOR(pg_catalog.=) ANY (ARRAY['repeatable read', 'serializable']) THEN
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
 * at a time, as all others queue behind it.  A statement locks a view before its
 * tables, so the script does not wait for views.
 */
DO $script$
DECLARE
    given constant pg_catalog.int4 := (SELECT s.setting::pg_catalog.int4
        FROM pg_catalog.pg_settings AS s
        WHERE s.name OPERATOR(pg_catalog.=) 'lock_timeout');
    started constant pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    remaining pg_catalog.int4 := 60000;
    holders pg_catalog.text;
    view pg_catalog.name;
BEGIN
    LOOP
        BEGIN
            PERFORM pg_catalog.set_config('lock_timeout', least(remaining,
                coalesce(nullif(given, 0), 2000))::pg_catalog.text, true);
            LOCK TABLE @extschema@.documents IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE @extschema@.hash_index, @extschema@.audit_log,
                @extschema@.error_log IN ACCESS EXCLUSIVE MODE NOWAIT;
            FOREACH view IN ARRAY ARRAY[
                'document_inbox', 'ingestion_stats', 'ingestion_stats_by_source',
                'ingestion_stats_by_type']
            LOOP
                CONTINUE WHEN pg_catalog.to_regclass(
                    pg_catalog.format('%s.%I', '@extschema@', view)) IS NULL;
                BEGIN
                    EXECUTE pg_catalog.format(
                        'LOCK TABLE %s.%I IN ACCESS EXCLUSIVE MODE NOWAIT',
                        '@extschema@', view);
                EXCEPTION WHEN insufficient_privilege THEN
                    /* The owner of the view may have no privilege on its tables. */
                    NULL;
                END;
            END LOOP;
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
                        'documents', 'hash_index', 'audit_log', 'error_log',
                        'document_inbox', 'ingestion_stats', 'ingestion_stats_by_source',
                        'ingestion_stats_by_type'])
                    UNION
                    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                    JOIN relations AS r ON i.inhparent OPERATOR(pg_catalog.=) r.id)
                SELECT id FROM relations);
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

/* What depends on the column that is dropped would be dropped with it, if the server lets it. */
DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%s %s', i.type, i.identity), ', ')
        INTO wrong
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid
        AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
    LEFT JOIN pg_catalog.pg_constraint AS k
        ON d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_constraint'::pg_catalog.regclass
        AND k.oid OPERATOR(pg_catalog.=) d.objid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS i
    WHERE d.classid OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog.pg_class',
            'pg_catalog.pg_constraint', 'pg_catalog.pg_statistic_ext'
            ]::pg_catalog.regclass[]::pg_catalog.oid[])
        AND d.refclassid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid OPERATOR(pg_catalog.=)
            '@extschema@.audit_log'::pg_catalog.regclass
        AND d.objsubid OPERATOR(pg_catalog.=) 0
        AND a.attname OPERATOR(pg_catalog.=) 'db_user'
        AND k.contype IS DISTINCT FROM 'n';
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'version 1.0 has no column db_user for what depends on it',
            DETAIL = pg_catalog.format('Dependent: %s.', wrong),
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
 * What is dropped takes along what users have set on it: comments other than ours, how
 * triggers are enabled, options and the like.
 */
DO $script$
DECLARE
    path constant pg_catalog.text := pg_catalog.current_setting('search_path');
    lost pg_catalog.text;
BEGIN
    /* So that all names in the commands are qualified. */
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
    WITH ours (kind, name, meaning) AS (VALUES
        ('VIEW', 'document_inbox',
            'Ingests the rows that INSERT or COPY puts into it; always empty'),
        ('VIEW', 'ingestion_stats', 'What is in the ledger, in one row'),
        ('VIEW', 'ingestion_stats_by_source',
            'ingestion_stats for each ingestion_source of documents'),
        ('VIEW', 'ingestion_stats_by_type',
            'ingestion_stats for each file_type of documents'),
        ('COLUMN', 'ingestion_source', 'Where these documents came from'),
        ('COLUMN', 'file_type', 'The type of these documents'),
        ('COLUMN', 'documents', 'Documents in the ledger'),
        ('COLUMN', 'bytes', 'Sum of their file_size_bytes'),
        ('COLUMN', 'duplicates', 'How often their content was ingested again'),
        ('COLUMN', 'bytes_saved', 'Bytes of these duplicates, which are stored once'),
        ('COLUMN', 'failed', 'Documents with ingestion_status failed'),
        ('COLUMN', 'retry', 'Documents with ingestion_status retry'),
        ('COLUMN', 'open_errors', 'Rows of error_log that nobody has resolved or retried'),
        ('COLUMN', 'first_ingestion',
            'The earliest ingestion_timestamp; NULL without documents'),
        ('COLUMN', 'last_ingestion',
            'The latest ingestion_timestamp; NULL without documents'),
        ('COLUMN', 'db_user',
            'The login role, whatever user_or_system says; NULL in rows written by 1.0'),
        ('FUNCTION', 'ingest_file',
            'As ingest_document(), for a file on the server; requires the privileges of pg_read_server_files'),
        ('FUNCTION', 'ingest_large_object',
            'As ingest_document(), for a large object that the caller may read'),
        ('FUNCTION', 'doc_extractor_ddl_start',
            'Event trigger: guards the extension''s data against being dropped or changed, logs DROP INDEX'),
        ('FUNCTION', 'doc_extractor_ddl_end',
            'Event trigger: logs ALTER TABLE and CREATE INDEX on the extension''s tables'),
        ('FUNCTION', 'doc_extractor_verify',
            'Checks the schema and the data of the ledger; returns a row for each check'),
        ('FUNCTION', 'try_ingest_document',
            'Ingests a document; a failure becomes a row of error_log instead of an error'),
        ('FUNCTION', 'log_ingestion_error',
            'Writes a failure that the client saw to error_log; returns the id of the row'),
        ('FUNCTION', 'resolve_ingestion_error',
            'Marks a failure in error_log as resolved, with notes'),
        ('FUNCTION', 'document_inbox_before_insert',
            'Trigger of document_inbox: prepares for the rows of a statement'),
        ('FUNCTION', 'document_inbox_insert', 'Trigger of document_inbox: collects a row'),
        ('FUNCTION', 'document_inbox_after_insert',
            'Trigger of document_inbox: ingests the remaining rows'),
        ('FUNCTION', 'documents_after_delete',
            'Trigger of documents: keeps deleted documents in audit_log, deletes their hash_index rows'),
        ('FUNCTION', 'documents_refuse_truncate',
            'Trigger of documents: refuses TRUNCATE, which would leave no trail'),
        ('FUNCTION', 'audit_log_refuse_change',
            'Trigger of audit_log: refuses UPDATE, DELETE and TRUNCATE'),
        ('FUNCTION', 'audit_log_check_actions',
            'Trigger of audit_log: accepts the actions of V001 only'),
        ('EVENT TRIGGER', 'doc_extractor_ddl_start',
            'Guards doc_extractor''s data against being dropped or changed, logs DROP INDEX'),
        ('EVENT TRIGGER', 'doc_extractor_rewrite',
            'Guards values in doc_extractor''s tables against being changed by a rewrite'),
        ('EVENT TRIGGER', 'doc_extractor_ddl_end',
            'Logs ALTER TABLE and CREATE INDEX on doc_extractor''s tables')),
    views (id, short, name, options) AS (
        SELECT c.oid, c.relname, pg_catalog.format('%s.%I', '@extschema@', c.relname),
            c.reloptions
        FROM pg_catalog.pg_class AS c
        JOIN ours AS o ON o.name OPERATOR(pg_catalog.=) c.relname::pg_catalog.text
        WHERE o.kind OPERATOR(pg_catalog.=) 'VIEW'
            AND c.relkind OPERATOR(pg_catalog.=) 'v'
            AND c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace),
    columns (short, id, name, number, command) AS (
        SELECT a.attname, a.attrelid, pg_catalog.format('%s.%I', r.name, a.attname),
            a.attnum, pg_catalog.format('ALTER %s %s ALTER COLUMN %I', r.kind, r.name, a.attname)
        FROM (SELECT 'VIEW', v.id, v.name, NULL FROM views AS v
            UNION ALL
            SELECT 'TABLE', '@extschema@.audit_log'::pg_catalog.regclass,
                '@extschema@.audit_log', 'db_user') AS r (kind, id, name, only_column)
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid OPERATOR(pg_catalog.=) r.id
            AND a.attnum OPERATOR(pg_catalog.>) 0
            AND a.attname::pg_catalog.text OPERATOR(pg_catalog.=)
                coalesce(r.only_column, a.attname::pg_catalog.text)),
    triggers (id, tab, name, state, usual) AS (
        SELECT g.oid, pg_catalog.format('%s.%s', '@extschema@', e.tab), g.tgname,
            g.tgenabled, e.usual
        FROM (VALUES
            ('documents', 'documents_after_delete', 'O'),
            ('documents', 'documents_refuse_truncate', 'A'),
            ('audit_log', 'audit_log_check_actions', 'O'),
            ('audit_log', 'audit_log_refuse_change', 'A'),
            ('audit_log', 'audit_log_refuse_truncate', 'A'),
            ('document_inbox', 'document_inbox_before_insert', 'O'),
            ('document_inbox', 'document_inbox_insert', 'O'),
            ('document_inbox', 'document_inbox_after_insert', 'O')
        ) AS e (tab, name, usual)
        JOIN pg_catalog.pg_trigger AS g
            ON g.tgname::pg_catalog.text OPERATOR(pg_catalog.=) e.name
            AND g.tgrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(
                pg_catalog.format('%s.%s', '@extschema@', e.tab))),
    indexes (id, name, options, space) AS (
        SELECT c.oid, pg_catalog.format('%s.%I', '@extschema@', c.relname), c.reloptions,
            c.reltablespace
        FROM pg_catalog.pg_class AS c
        WHERE c.relname OPERATOR(pg_catalog.=) 'ix_error_log_file_name'
            AND c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace),
    comments (kind, short, name, found) AS (
        SELECT 'VIEW', v.short, v.name, pg_catalog.obj_description(v.id, 'pg_class')
        FROM views AS v
        UNION ALL
        SELECT 'COLUMN', c.short, c.name, pg_catalog.col_description(c.id, c.number)
        FROM columns AS c
        WHERE c.id IS DISTINCT FROM pg_catalog.to_regclass('@extschema@.document_inbox')
            OR pg_catalog.col_description(c.id, c.number) IS NOT NULL
        UNION ALL
        SELECT 'FUNCTION', p.proname, pg_catalog.format('%s.%I(%s)', '@extschema@',
            p.proname, pg_catalog.oidvectortypes(p.proargtypes)),
            pg_catalog.obj_description(p.oid, 'pg_proc')
        FROM pg_catalog.pg_proc AS p
        JOIN ours AS o ON o.name OPERATOR(pg_catalog.=) p.proname::pg_catalog.text
        JOIN pg_catalog.pg_depend AS d
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.objid OPERATOR(pg_catalog.=) p.oid
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
        JOIN pg_catalog.pg_extension AS x
            ON x.oid OPERATOR(pg_catalog.=) d.refobjid
            AND x.extname OPERATOR(pg_catalog.=) 'doc_extractor'
        WHERE o.kind OPERATOR(pg_catalog.=) 'FUNCTION'
            AND p.pronamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
        UNION ALL
        SELECT 'TRIGGER', g.name, pg_catalog.format('%I ON %s', g.name, g.tab),
            pg_catalog.obj_description(g.id, 'pg_trigger')
        FROM triggers AS g
        UNION ALL
        SELECT 'INDEX', i.name, i.name, pg_catalog.obj_description(i.id, 'pg_class')
        FROM indexes AS i
        UNION ALL
        SELECT 'EVENT TRIGGER', e.evtname, e.evtname,
            pg_catalog.obj_description(e.oid, 'pg_event_trigger')
        FROM pg_catalog.pg_event_trigger AS e
        JOIN ours AS o ON o.name OPERATOR(pg_catalog.=) e.evtname::pg_catalog.text
        WHERE o.kind OPERATOR(pg_catalog.=) 'EVENT TRIGGER'),
    commands (command) AS (
        SELECT pg_catalog.format('COMMENT ON %s %s IS %L;', c.kind, c.name, c.found)
        FROM comments AS c
        LEFT JOIN ours AS o
            ON o.kind OPERATOR(pg_catalog.=) c.kind
            AND o.name OPERATOR(pg_catalog.=) c.short::pg_catalog.text
        WHERE c.found IS DISTINCT FROM o.meaning
        UNION ALL
        SELECT pg_catalog.format('ALTER TABLE %s %s TRIGGER %I;', g.tab,
            CASE g.state WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, g.name)
        FROM triggers AS g
        WHERE g.state OPERATOR(pg_catalog.<>) g.usual::pg_catalog."char"
        UNION ALL
        SELECT pg_catalog.format('ALTER EVENT TRIGGER %I %s;', e.evtname,
            CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                ELSE 'ENABLE' END)
        FROM pg_catalog.pg_event_trigger AS e
        JOIN ours AS o ON o.name OPERATOR(pg_catalog.=) e.evtname::pg_catalog.text
        WHERE o.kind OPERATOR(pg_catalog.=) 'EVENT TRIGGER'
            AND e.evtenabled OPERATOR(pg_catalog.<>) 'A'
        UNION ALL
        SELECT pg_catalog.format('ALTER VIEW %s SET (%s);', v.name,
            pg_catalog.array_to_string(v.options, ', '))
        FROM views AS v
        WHERE v.options IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('%s SET DEFAULT %s;', c.command,
            pg_catalog.pg_get_expr(f.adbin, f.adrelid))
        FROM columns AS c
        JOIN pg_catalog.pg_attrdef AS f
            ON f.adrelid OPERATOR(pg_catalog.=) c.id
            AND f.adnum OPERATOR(pg_catalog.=) c.number
        UNION ALL
        SELECT pg_catalog.pg_get_triggerdef(g.oid) OPERATOR(pg_catalog.||) ';'
        FROM views AS v
        JOIN pg_catalog.pg_trigger AS g ON g.tgrelid OPERATOR(pg_catalog.=) v.id
        WHERE NOT EXISTS (SELECT FROM triggers AS t
            WHERE t.id OPERATOR(pg_catalog.=) g.oid)
        UNION ALL
        SELECT pg_catalog.pg_get_ruledef(r.oid)
        FROM views AS v
        JOIN pg_catalog.pg_rewrite AS r ON r.ev_class OPERATOR(pg_catalog.=) v.id
        WHERE r.ev_type OPERATOR(pg_catalog.<>) '1'
        UNION ALL
        SELECT pg_catalog.format('ALTER INDEX %s SET (%s);', i.name,
            pg_catalog.array_to_string(i.options, ', '))
        FROM indexes AS i
        WHERE i.options IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER INDEX %s SET TABLESPACE %I;', i.name, s.spcname)
        FROM indexes AS i
        JOIN pg_catalog.pg_tablespace AS s ON s.oid OPERATOR(pg_catalog.=) i.space)
    SELECT pg_catalog.string_agg(c.command, E'\n' ORDER BY c.command) INTO lost
    FROM commands AS c;
    PERFORM pg_catalog.set_config('search_path', path, true);
    IF lost IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'what was set on objects that version 1.0 does not have is lost',
            DETAIL = lost,
            HINT = 'Run these commands after an update to version 1.1.';
    END IF;
END
$script$;

/* What is dropped takes its privileges along.  Only the user can grant them again. */
DO $script$
DECLARE
    lost pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(g.command, E'\n' ORDER BY g.command) INTO lost
    FROM (SELECT pg_catalog.format('GRANT %s ON %s TO %s%s;',
            pg_catalog.string_agg(x.privilege_type OPERATOR(pg_catalog.||) o.columns, ', '
                ORDER BY x.privilege_type, o.columns),
            o.name,
            CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl, ''
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND c.relkind OPERATOR(pg_catalog.=) 'v'
            AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[
                'document_inbox', 'ingestion_stats', 'ingestion_stats_by_source',
                'ingestion_stats_by_type'])
        UNION ALL
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relowner, a.attacl,
            pg_catalog.format(' (%I)', a.attname)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid OPERATOR(pg_catalog.=) c.oid
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND (c.relkind OPERATOR(pg_catalog.=) 'v'
                    AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[
                        'document_inbox', 'ingestion_stats', 'ingestion_stats_by_source',
                        'ingestion_stats_by_type'])
                OR c.relname OPERATOR(pg_catalog.=) 'audit_log'
                    AND a.attname OPERATOR(pg_catalog.=) 'db_user')
        UNION ALL
        SELECT pg_catalog.format('FUNCTION %I.%I(%s)', n.nspname, p.proname,
            pg_catalog.oidvectortypes(p.proargtypes)), p.proowner, p.proacl, ''
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
        JOIN pg_catalog.pg_depend AS d
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.objid OPERATOR(pg_catalog.=) p.oid
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND d.refclassid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_extension'::pg_catalog.regclass
        JOIN pg_catalog.pg_extension AS e
            ON e.oid OPERATOR(pg_catalog.=) d.refobjid
            AND e.extname OPERATOR(pg_catalog.=) 'doc_extractor'
        WHERE p.pronamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND p.proname OPERATOR(pg_catalog.=) ANY (ARRAY[
                'ingest_file', 'ingest_large_object', 'doc_extractor_ddl_start',
                'doc_extractor_ddl_end', 'doc_extractor_verify', 'try_ingest_document',
                'log_ingestion_error', 'resolve_ingestion_error',
                'document_inbox_before_insert', 'document_inbox_insert',
                'document_inbox_after_insert', 'documents_after_delete',
                'documents_refuse_truncate', 'audit_log_refuse_change',
                'audit_log_check_actions'])
    ) AS o (name, owner, acl, columns)
    CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) AS x
    WHERE x.grantee OPERATOR(pg_catalog.<>) o.owner
        /* The script of 1.1 grants the owner of the tables what they need. */
        AND x.grantee OPERATOR(pg_catalog.<>) (
            SELECT t.relowner FROM pg_catalog.pg_class AS t
            WHERE t.oid OPERATOR(pg_catalog.=)
                '@extschema@.documents'::pg_catalog.regclass)
    GROUP BY o.name, x.grantee, x.is_grantable) AS g (command);

    /* The views come first, as they use the rest. */
    DROP VIEW IF EXISTS @extschema@.document_inbox;
    DROP VIEW IF EXISTS @extschema@.ingestion_stats;
    DROP VIEW IF EXISTS @extschema@.ingestion_stats_by_source;
    DROP VIEW IF EXISTS @extschema@.ingestion_stats_by_type;

    /* Functions for documents that the client does not hold in memory. */
    DROP FUNCTION @extschema@.ingest_file(
        pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
        pg_catalog.json, pg_catalog.text, pg_catalog.text, pg_catalog.text,
        pg_catalog.timestamptz, pg_catalog.text);
    DROP FUNCTION @extschema@.ingest_large_object(
        pg_catalog.oid, pg_catalog.text, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text);

    /* Event triggers, and functions of 1.1. */
    DROP EVENT TRIGGER doc_extractor_ddl_start;
    DROP EVENT TRIGGER doc_extractor_rewrite;
    DROP EVENT TRIGGER doc_extractor_ddl_end;
    DROP FUNCTION @extschema@.doc_extractor_ddl_start();
    DROP FUNCTION @extschema@.doc_extractor_ddl_end();
    DROP FUNCTION @extschema@.doc_extractor_verify();
    DROP FUNCTION @extschema@.try_ingest_document(
        pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text);
    DROP FUNCTION @extschema@.log_ingestion_error(
        pg_catalog.text, pg_catalog.text, pg_catalog.text);
    DROP FUNCTION @extschema@.resolve_ingestion_error(
        pg_catalog.int8, pg_catalog.text);
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

    IF lost IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'privileges on what version 1.0 does not have are lost',
            DETAIL = lost,
            HINT = 'Run these commands after an update to version 1.1.';
    END IF;
END
$script$;

/* The index of open failures, whatever its name is now; it may have been dropped. */
DO $script$
DECLARE
    index pg_catalog.regclass;
BEGIN
    SELECT i.indexrelid INTO index
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
        AND a.attname OPERATOR(pg_catalog.=) 'file_name'
    WHERE i.indrelid OPERATOR(pg_catalog.=)
            '@extschema@.error_log'::pg_catalog.regclass
        AND i.indnatts OPERATOR(pg_catalog.=) 1
        AND i.indkey[0] OPERATOR(pg_catalog.=) a.attnum
        AND NOT i.indisunique
        AND pg_catalog.pg_get_expr(i.indpred, i.indrelid)
            OPERATOR(pg_catalog.=) '(NOT retry_attempted)'
    ORDER BY c.relname OPERATOR(pg_catalog.=) 'ix_error_log_file_name' DESC, c.oid
    LIMIT 1;
    IF index IS NOT NULL THEN
        EXECUTE pg_catalog.format('DROP INDEX %s', index);
    END IF;
END
$script$;

/*
 * The triggers that 1.0 has, too.  They stay enabled or disabled as they are, and keep
 * users' comments.
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
        FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_insert();
    DROP TRIGGER documents_after_update ON @extschema@.documents;
    CREATE TRIGGER documents_after_update
        AFTER UPDATE ON @extschema@.documents
        REFERENCING OLD TABLE AS old_documents NEW TABLE AS new_documents
        FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.documents_after_update();
    EXECUTE settings;
END
$script$;

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
    change pg_catalog.text;
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

    /* A narrower type rewrites the table. */
    SELECT pg_catalog.format(
        'ALTER TABLE %s.documents ALTER COLUMN file_type '
        'TYPE pg_catalog.varchar(50) COLLATE %I.%I;', '@extschema@', n.nspname, l.collname)
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
    queries := queries OPERATOR(pg_catalog.||) change;

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
    PERFORM @extschema@.run_as_owner(queries);
END
$script$;

DROP FUNCTION @extschema@.run_as_owner(pg_catalog.text);

DO $script$
BEGIN
    /* The server does not show a script's notices. */
    RAISE WARNING USING
        MESSAGE = 'version 1.0 does not guard the ledger',
        DETAIL = 'DROP EXTENSION and the like now drop tables that have data, the trail can be changed, and deleted documents take theirs along.',
        HINT = 'Take a backup, and update to version 1.1 when you can.';
END
$script$;
