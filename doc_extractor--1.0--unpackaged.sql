/* doc_extractor--1.0--unpackaged.sql: leaves V001's plain tables, with their data. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged'" to load this file. \quit

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
 * at a time, as all others queue behind it.
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
            LOCK TABLE @extschema@.hash_index, @extschema@.audit_log,
                @extschema@.error_log IN ACCESS EXCLUSIVE MODE NOWAIT;
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

/*
 * What is dropped takes along what users have set on it: comments other than ours, and how
 * triggers are enabled.
 */
DO $script$
DECLARE
    lost pg_catalog.text;
BEGIN
    WITH ours (kind, name, meaning) AS (VALUES
        ('TABLE', 'documents',
            'Every ingested document once, by the SHA-256 of its content'),
        ('TABLE', 'hash_index',
            'The document of each content hash, and how often the same content was ingested again; written by the triggers of documents'),
        ('TABLE', 'audit_log',
            'The trail: who did what to which document, when and why; written by the triggers of documents'),
        ('TABLE', 'error_log', 'Failed ingestions, for investigation'),
        ('FUNCTION', 'documents_before_update', 'Trigger of documents: sets updated_at'),
        ('FUNCTION', 'documents_after_insert',
            'Trigger of documents: derives the hash_index and audit_log rows of new documents'),
        ('FUNCTION', 'documents_after_update',
            'Trigger of documents: writes changed columns to audit_log, moves changed hashes in hash_index'),
        ('FUNCTION', 'ingest_document',
            'Stores a document, or counts a duplicate if its content is stored already'),
        ('FUNCTION', 'ingest_hashed_document',
            'As ingest_document(), for content kept elsewhere, given by its SHA-256 and size'),
        ('FUNCTION', 'ingest_documents',
            'As ingest_document(), for a batch; returns a row for each document, in their order'),
        ('FUNCTION', 'record_document_event',
            'Writes an event of a document, such as classified or tagged, to audit_log; returns the id of the row')),
    comments (kind, short, name, found) AS (
        SELECT o.kind, o.name, pg_catalog.format('%s.%I', '@extschema@', o.name),
            pg_catalog.obj_description(pg_catalog.format('%s.%I', '@extschema@',
                o.name)::pg_catalog.regclass, 'pg_class')
        FROM ours AS o
        WHERE o.kind OPERATOR(pg_catalog.=) 'TABLE'
        UNION ALL
        SELECT 'FUNCTION', o.name, pg_catalog.format('%s.%I(%s)', '@extschema@', o.name,
            pg_catalog.oidvectortypes(p.proargtypes)),
            pg_catalog.obj_description(p.oid, 'pg_proc')
        FROM ours AS o
        JOIN pg_catalog.pg_proc AS p
            ON p.proname::pg_catalog.text OPERATOR(pg_catalog.=) o.name
            AND p.pronamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
        JOIN pg_catalog.pg_depend AS d
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.objid OPERATOR(pg_catalog.=) p.oid
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
        WHERE o.kind OPERATOR(pg_catalog.=) 'FUNCTION'),
    triggers (id, name, state) AS (
        SELECT g.oid, g.tgname, g.tgenabled
        FROM pg_catalog.pg_trigger AS g
        WHERE g.tgrelid OPERATOR(pg_catalog.=) '@extschema@.documents'::pg_catalog.regclass
            AND g.tgname OPERATOR(pg_catalog.=) ANY (ARRAY['documents_before_update',
                'documents_after_insert', 'documents_after_update'])),
    commands (command) AS (
        SELECT pg_catalog.format('COMMENT ON %s %s IS %L;', c.kind, c.name, c.found)
        FROM comments AS c
        JOIN ours AS o
            ON o.kind OPERATOR(pg_catalog.=) c.kind
            AND o.name OPERATOR(pg_catalog.=) c.short
        WHERE c.found IS DISTINCT FROM o.meaning
        UNION ALL
        SELECT pg_catalog.format('COMMENT ON TRIGGER %I ON %s.documents IS %L;', g.name,
            '@extschema@', pg_catalog.obj_description(g.id, 'pg_trigger'))
        FROM triggers AS g
        WHERE pg_catalog.obj_description(g.id, 'pg_trigger') IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER TABLE %s.documents %s TRIGGER %I;', '@extschema@',
            CASE g.state WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                ELSE 'ENABLE ALWAYS' END, g.name)
        FROM triggers AS g
        WHERE g.state OPERATOR(pg_catalog.<>) 'O')
    SELECT pg_catalog.string_agg(c.command, E'\n' ORDER BY c.command) INTO lost
    FROM commands AS c;
    IF lost IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'what was set on objects that version unpackaged does not have is lost',
            DETAIL = lost,
            HINT = 'Run these commands after an update to version 1.0.';
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
                'documents_before_update', 'documents_after_insert',
                'documents_after_update', 'ingest_document', 'ingest_hashed_document',
                'ingest_documents', 'record_document_event'])
    ) AS o (name, owner, acl, columns)
    CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) AS x
    WHERE x.grantee OPERATOR(pg_catalog.<>) o.owner
        /* The script of 1.1 grants the owner of the tables what they need. */
        AND x.grantee OPERATOR(pg_catalog.<>) (
            SELECT t.relowner FROM pg_catalog.pg_class AS t
            WHERE t.oid OPERATOR(pg_catalog.=)
                '@extschema@.documents'::pg_catalog.regclass)
    GROUP BY o.name, x.grantee, x.is_grantable) AS g (command);

    DROP TRIGGER documents_before_update ON @extschema@.documents;
    DROP TRIGGER documents_after_insert ON @extschema@.documents;
    DROP TRIGGER documents_after_update ON @extschema@.documents;

    DROP FUNCTION @extschema@.documents_before_update();
    DROP FUNCTION @extschema@.documents_after_insert();
    DROP FUNCTION @extschema@.documents_after_update();
    DROP FUNCTION @extschema@.ingest_document(
        pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
        pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text);
    DROP FUNCTION @extschema@.ingest_hashed_document(
        pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
        pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text,
        pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz,
        pg_catalog.text);
    DROP FUNCTION @extschema@.ingest_documents(
        pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
        pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
        pg_catalog.text[], pg_catalog.text[], pg_catalog.text[],
        pg_catalog.timestamptz[], pg_catalog.text[]);
    DROP FUNCTION @extschema@.record_document_event(
        pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json,
        pg_catalog.text);

    IF lost IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'privileges on what version unpackaged does not have are lost',
            DETAIL = lost,
            HINT = 'Run these commands after an update to version 1.0.';
    END IF;
END
$script$;

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
