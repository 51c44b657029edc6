/* doc_extractor--1.2--1.1.sql: goes back to a ledger without locations and scans, and narrow. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.1'" to load this file. \quit

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
 * tables, so the script does not wait for views.  The lock on ingestion_stats is also
 * one on its tables.  The tables of a wide ledger are rewritten; every other step
 * changes catalogs only.
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
            LOCK TABLE @extschema@.document_locations, @extschema@.hash_index,
                @extschema@.audit_log, @extschema@.error_log, @extschema@.scans
                IN ACCESS EXCLUSIVE MODE NOWAIT;
            FOREACH view IN ARRAY ARRAY['document_inbox', 'ingestion_stats',
                'ingestion_stats_by_source', 'ingestion_stats_by_type', 'current_locations',
                'location_history', 'documents_with_locations']
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
                        'document_locations', 'scans', 'document_inbox', 'ingestion_stats',
                        'ingestion_stats_by_source', 'ingestion_stats_by_type',
                        'current_locations', 'location_history', 'documents_with_locations'])
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

/* What depends on a column that is dropped would be dropped with it, if the server lets it. */
DO $script$
DECLARE
    wrong pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%s %s', i.type, i.identity), ', ')
        INTO wrong
    FROM (VALUES ('documents', 'extractor'), ('documents', 'extracted_at'),
        ('error_log', 'ingestion_source'), ('error_log', 'location'), ('error_log', 'file_hash')
    ) AS m (name, col)
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=)
            pg_catalog.format('%s.%I', '@extschema@', m.name)::pg_catalog.regclass
        AND a.attname::pg_catalog.text OPERATOR(pg_catalog.=) m.col
    JOIN pg_catalog.pg_depend AS d
        ON d.refclassid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid OPERATOR(pg_catalog.=) a.attrelid
        AND d.refobjsubid OPERATOR(pg_catalog.=) a.attnum
    LEFT JOIN pg_catalog.pg_class AS c
        ON d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_class'::pg_catalog.regclass
        AND c.oid OPERATOR(pg_catalog.=) d.objid
    LEFT JOIN pg_catalog.pg_constraint AS k
        ON d.classid OPERATOR(pg_catalog.=)
            'pg_catalog.pg_constraint'::pg_catalog.regclass
        AND k.oid OPERATOR(pg_catalog.=) d.objid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS i
    WHERE d.classid OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog.pg_class',
            'pg_catalog.pg_constraint', 'pg_catalog.pg_statistic_ext'
            ]::pg_catalog.regclass[]::pg_catalog.oid[])
        AND d.objsubid OPERATOR(pg_catalog.=) 0
        AND k.contype IS DISTINCT FROM 'n'
        AND (c.relname IS NULL OR c.relname OPERATOR(pg_catalog.<>) ALL (ARRAY[
            'ix_error_log_location', 'ix_error_log_file_hash', 'ix_error_log_unidentified']));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'version 1.1 does not have all columns of documents and error_log',
            DETAIL = pg_catalog.format('These depend on columns that are dropped: %s.', wrong),
            HINT = 'Drop them, then try again.';
    END IF;
END
$script$;

/*
 * All numbers and times must fit into narrow types, and nothing of users' may depend on
 * wide ones.  The second call, when the views are gone, changes the types.
 */
CREATE FUNCTION @extschema@.narrow_types(is_check pg_catalog.bool)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME' LANGUAGE C;
DO $script$
BEGIN
    PERFORM @extschema@.narrow_types(true);
END
$script$;

/*
 * Data that 1.1 cannot hold stops the script, unless its loss is allowed.  The script
 * may run with more privileges than the owner of the tables has, so it looks at the
 * data as the owner.
 */
CREATE FUNCTION @extschema@.run_as_owner(queries pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;

DO $script$
DECLARE
    allowed constant pg_catalog.bool := coalesce(nullif(
        pg_catalog.current_setting('doc_extractor.allow_data_loss', true),
        ''), 'off')::pg_catalog.bool;
    observations constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.document_locations
    $query$);
    scans constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.scans
    $query$);
    extractions constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.documents
        WHERE extractor IS NOT NULL OR extracted_at IS NOT NULL
    $query$);
    failures constant pg_catalog.int8 := @extschema@.run_as_owner($query$
        SELECT pg_catalog.count(*) FROM @extschema@.error_log
        WHERE ingestion_source IS NOT NULL OR location IS NOT NULL OR file_hash IS NOT NULL
    $query$);
    lost pg_catalog.text;
BEGIN
    lost := pg_catalog.concat_ws('; ',
        CASE WHEN observations OPERATOR(pg_catalog.>) 0 THEN pg_catalog.format(
            '%s rows of document_locations say where documents were seen', observations) END,
        CASE WHEN scans OPERATOR(pg_catalog.>) 0 THEN pg_catalog.format(
            '%s rows of scans tell of scans', scans) END,
        CASE WHEN extractions OPERATOR(pg_catalog.>) 0 THEN pg_catalog.format(
            '%s rows of documents say what extracted the text', extractions) END,
        CASE WHEN failures OPERATOR(pg_catalog.>) 0 THEN pg_catalog.format(
            '%s rows of error_log say what file it was', failures) END);
    IF lost OPERATOR(pg_catalog.<>) '' AND NOT allowed THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'version 1.1 cannot hold all that is in the ledger',
            DETAIL = lost OPERATOR(pg_catalog.||) '.',
            HINT = 'Take a backup, or copy this into tables of your own, then '
                'SET doc_extractor.allow_data_loss = on: the tables document_locations and scans are dropped, and the new columns of documents and error_log.';
    END IF;
    IF observations OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING '% rows of document_locations are lost', observations;
    END IF;
    IF scans OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING '% rows of scans are lost', scans;
    END IF;
    IF extractions OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING 'extractor and extracted_at of % documents are lost', extractions;
    END IF;
    IF failures OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING 'ingestion_source, location and file_hash of % rows of error_log are lost',
            failures;
    END IF;
END
$script$;

DROP FUNCTION @extschema@.run_as_owner(pg_catalog.text);

/*
 * What is dropped takes along what users have set on it: privileges, comments other
 * than ours, triggers, indexes, options and the like.  Only the user can set it again:
 * a GRANT by this script would be missing in later dumps.  Four views are created
 * again below, two of them with fewer columns.
 */
DO $script$
DECLARE
    path constant pg_catalog.text := pg_catalog.current_setting('search_path');
    owner constant pg_catalog.oid := (
        SELECT t.relowner FROM pg_catalog.pg_class AS t
        WHERE t.oid OPERATOR(pg_catalog.=) '@extschema@.documents'::pg_catalog.regclass);
    kept pg_catalog.text;
    gone pg_catalog.text;
BEGIN
    /* So that all names in the commands are qualified. */
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
    WITH ours (name, col, meaning) AS (VALUES
        ('document_inbox', '',
            'Ingests the rows that INSERT or COPY puts into it; always empty'),
        ('ingestion_stats', '', 'What is in the ledger, in one row'),
        ('ingestion_stats', 'documents', 'Documents in the ledger'),
        ('ingestion_stats', 'bytes', 'Sum of their file_size_bytes'),
        ('ingestion_stats', 'duplicates', 'How often their content was ingested again'),
        ('ingestion_stats', 'bytes_saved', 'Bytes of these duplicates, which are stored once'),
        ('ingestion_stats', 'failed', 'Documents with ingestion_status failed'),
        ('ingestion_stats', 'retry', 'Documents with ingestion_status retry'),
        ('ingestion_stats', 'open_errors', 'Rows of error_log that nobody has resolved or retried'),
        ('ingestion_stats', 'first_ingestion',
            'The earliest ingestion_timestamp; NULL without documents'),
        ('ingestion_stats', 'last_ingestion',
            'The latest ingestion_timestamp; NULL without documents'),
        ('ingestion_stats', 'locations', 'Current locations of documents'),
        ('ingestion_stats_by_source', '',
            'ingestion_stats for each ingestion_source of documents'),
        ('ingestion_stats_by_source', 'ingestion_source', 'Where these documents came from'),
        ('ingestion_stats_by_type', '', 'ingestion_stats for each file_type of documents'),
        ('ingestion_stats_by_type', 'file_type', 'The type of these documents'),
        ('document_locations', '',
            'Observations: where documents were seen; the latest row of a location is what is there now'),
        ('document_locations', 'id', 'Later observations of a location have higher numbers'),
        ('document_locations', 'ingestion_source', 'Whose location it is, for example a host'),
        ('document_locations', 'location',
            'A path, a URL or the key of an object; compared byte for byte'),
        ('document_locations', 'location_key',
            'The SHA-256 hash of location, in the bytes of the database''s encoding'),
        ('document_locations', 'document_id',
            'The document that was there; NULL if the location had vanished'),
        ('document_locations', 'modified_at', 'When the file was modified, if the client said so'),
        ('document_locations', 'fingerprint',
            'What tells the client whether the file has changed, for example size, time and inode, or an ETag'),
        ('document_locations', 'size_bytes', 'The size of the document'),
        ('document_locations', 'seen_at', 'When the document was first seen there'),
        ('current_locations', '',
            'Where documents are now: the latest observation of each location, if its document is there'),
        ('location_history', '', 'What was at each location, and until when'),
        ('documents_with_locations', '',
            'Every document with the number of its current locations, those with the most first'),
        ('location_history', 'replaced_at',
            'When something else was seen there; NULL if nothing was'),
        ('documents_with_locations', 'document_id', 'The document'),
        ('documents_with_locations', 'file_name', 'Its file_name'),
        ('documents_with_locations', 'file_type', 'Its file_type'),
        ('documents_with_locations', 'file_size_bytes', 'Its file_size_bytes'),
        ('documents_with_locations', 'locations',
            'The number of its current locations, in all sources'),
        ('documents_with_locations', 'first_locations',
            'The first five of them, in the order in which they were seen'),
        ('scans', '',
            'Complete scans of all locations below a root; a row stands for scans that follow each other without changes'),
        ('scans', 'ingestion_source', 'Whose locations these are, for example a host'),
        ('scans', 'root', 'What was scanned'),
        ('scans', 'started_at', 'When the last of these scans began'),
        ('scans', 'finished_at', 'When it was recorded'),
        ('scans', 'seen', 'Locations that it has seen'),
        ('scans', 'added', 'Those that were new'),
        ('scans', 'changed', 'Those that had another document'),
        ('scans', 'vanished', 'Locations that were gone'),
        ('scans', 'failed', 'Locations that could not be read or ingested'),
        ('documents', 'extractor',
            'What extracted document_text, or metadata_extracted if there is no text; NULL if unknown'),
        ('documents', 'extracted_at', 'When that was recorded'),
        ('error_log', 'ingestion_source', 'Where the file came from; NULL if unknown'),
        ('error_log', 'location', 'Where the file was, within its source; NULL if unknown'),
        ('error_log', 'file_hash', 'The SHA-256 of the file''s content; NULL if unknown')),
    /* The columns of these views are commented like those of the table. */
    comments (name, col, meaning) AS (
        SELECT o.name, o.col, o.meaning FROM ours AS o
        UNION ALL
        SELECT v.name, o.col, o.meaning
        FROM ours AS o
        JOIN (VALUES ('document_locations', 'current_locations'),
            ('document_locations', 'location_history'),
            ('ingestion_stats', 'ingestion_stats_by_source'),
            ('ingestion_stats', 'ingestion_stats_by_type')) AS v (like_name, name)
            ON v.like_name OPERATOR(pg_catalog.=) o.name
        WHERE o.col OPERATOR(pg_catalog.<>) ALL (ARRAY['', 'location_key'])),
    relations (id, kind, name, short, acl, relowner, options, is_kept, is_whole) AS (
        SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
                ELSE 'TABLE' END,
            pg_catalog.format('%I.%I', n.nspname, c.relname), c.relname::pg_catalog.text,
            c.relacl, c.relowner, c.reloptions, c.relname OPERATOR(pg_catalog.=) ANY (
                ARRAY['document_inbox', 'ingestion_stats', 'ingestion_stats_by_source',
                    'ingestion_stats_by_type']),
            c.relname OPERATOR(pg_catalog.<>) ALL (ARRAY['documents', 'error_log'])
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[
                'document_locations', 'document_locations_id_seq', 'current_locations',
                'location_history', 'documents_with_locations', 'document_inbox',
                'ingestion_stats', 'ingestion_stats_by_source', 'ingestion_stats_by_type',
                'scans', 'scans_id_seq', 'documents', 'error_log'])),
    columns (id, number, col, acl) AS (
        SELECT a.attrelid, a.attnum, a.attname, a.attacl
        FROM relations AS r
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) r.id
        WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
            /* Of two tables, only columns go. */
            AND (r.is_whole OR EXISTS (SELECT FROM ours AS o
                WHERE o.name OPERATOR(pg_catalog.=) r.short
                    AND o.col OPERATOR(pg_catalog.=) a.attname::pg_catalog.text))),
    /* Columns that version 1.1 does not have are gone, even if the view is not. */
    missing (name, col) AS (VALUES ('document_inbox', 'location'),
        ('document_inbox', 'modified_at'), ('document_inbox', 'fingerprint'),
        ('ingestion_stats', 'locations')),
    placed (id, col, is_kept) AS (
        SELECT r.id, '', r.is_kept FROM relations AS r WHERE r.is_whole
        UNION ALL
        SELECT r.id, c.col::pg_catalog.text, r.is_kept AND NOT EXISTS (
            SELECT FROM missing AS m
            WHERE m.name OPERATOR(pg_catalog.=) r.short
                AND m.col OPERATOR(pg_catalog.=) c.col::pg_catalog.text)
        FROM relations AS r
        JOIN columns AS c ON c.id OPERATOR(pg_catalog.=) r.id),
    privileges (id, col, acl, part) AS (
        SELECT r.id, '', r.acl, '' FROM relations AS r WHERE r.is_whole
        UNION ALL
        SELECT c.id, c.col::pg_catalog.text, c.acl, pg_catalog.format(' (%I)', c.col)
        FROM columns AS c),
    commands (id, col, command) AS (
        SELECT r.id, p.col, pg_catalog.format('GRANT %s ON %s%s TO %s%s;',
            pg_catalog.string_agg(x.privilege_type OPERATOR(pg_catalog.||) p.part, ', '
                ORDER BY x.privilege_type),
            CASE r.kind WHEN 'SEQUENCE' THEN 'SEQUENCE ' ELSE '' END, r.name,
            CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM relations AS r
        JOIN privileges AS p ON p.id OPERATOR(pg_catalog.=) r.id
        CROSS JOIN LATERAL pg_catalog.aclexplode(p.acl) AS x
        WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[r.relowner, owner])
        GROUP BY r.id, p.col, p.part, r.kind, r.name, x.grantee, x.is_grantable
        UNION ALL
        SELECT r.id, p.col, pg_catalog.format('COMMENT ON %s %s IS %L;',
            CASE p.col WHEN '' THEN r.kind ELSE 'COLUMN' END,
            pg_catalog.concat_ws('.', r.name, nullif(pg_catalog.quote_ident(p.col), '""')),
            d.description)
        FROM relations AS r
        JOIN placed AS p ON p.id OPERATOR(pg_catalog.=) r.id
        LEFT JOIN columns AS c
            ON c.id OPERATOR(pg_catalog.=) r.id
            AND c.col OPERATOR(pg_catalog.=) p.col::pg_catalog.name
        LEFT JOIN pg_catalog.pg_description AS d
            ON d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objoid OPERATOR(pg_catalog.=) r.id
            AND d.objsubid OPERATOR(pg_catalog.=) coalesce(c.number, 0)
        LEFT JOIN comments AS o
            ON o.name OPERATOR(pg_catalog.=) r.short AND o.col OPERATOR(pg_catalog.=) p.col
        WHERE d.description IS DISTINCT FROM o.meaning
        UNION ALL
        SELECT r.id, '', pg_catalog.format('ALTER %s %s SET (%s);', r.kind, r.name,
            pg_catalog.array_to_string(r.options, ', '))
        FROM relations AS r
        WHERE r.is_whole AND r.options IS NOT NULL
        UNION ALL
        SELECT r.id, c.col::pg_catalog.text, pg_catalog.format(
            'ALTER %s %s ALTER COLUMN %I SET DEFAULT %s;', r.kind, r.name, c.col,
            pg_catalog.pg_get_expr(f.adbin, f.adrelid))
        FROM relations AS r
        JOIN columns AS c ON c.id OPERATOR(pg_catalog.=) r.id
        JOIN pg_catalog.pg_attrdef AS f
            ON f.adrelid OPERATOR(pg_catalog.=) c.id
            AND f.adnum OPERATOR(pg_catalog.=) c.number
        WHERE r.kind OPERATOR(pg_catalog.=) 'VIEW' OR NOT r.is_whole
        UNION ALL
        SELECT r.id, '', pg_catalog.pg_get_triggerdef(g.oid) OPERATOR(pg_catalog.||) ';'
        FROM relations AS r
        JOIN pg_catalog.pg_trigger AS g ON g.tgrelid OPERATOR(pg_catalog.=) r.id
        WHERE r.is_whole AND NOT g.tgisinternal
            AND NOT (r.short OPERATOR(pg_catalog.=) 'document_inbox'
                AND g.tgname OPERATOR(pg_catalog.=) ANY (ARRAY['document_inbox_before_insert',
                    'document_inbox_insert', 'document_inbox_after_insert']))
        UNION ALL
        SELECT r.id, '', pg_catalog.pg_get_ruledef(w.oid)
        FROM relations AS r
        JOIN pg_catalog.pg_rewrite AS w ON w.ev_class OPERATOR(pg_catalog.=) r.id
        WHERE r.is_whole AND w.ev_type OPERATOR(pg_catalog.<>) '1'
        UNION ALL
        SELECT r.id, '', pg_catalog.pg_get_indexdef(i.indexrelid) OPERATOR(pg_catalog.||) ';'
        FROM relations AS r
        JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) r.id
        JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
        WHERE r.is_whole AND c.relname OPERATOR(pg_catalog.<>) ALL (ARRAY[
                'document_locations_pkey', 'ix_document_locations_current',
                'ix_document_locations_document_id', 'scans_pkey', 'ix_scans_ingestion_source'])),
    /* What is set on other objects that go: functions, and indexes of error_log. */
    functions (id, name, meaning, acl, proowner) AS (
        SELECT p.oid, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
                pg_catalog.oidvectortypes(p.proargtypes)), m.meaning, p.proacl, p.proowner
        FROM (VALUES
            ('finish_scan',
                'Records a complete scan of a source, and which of its locations have vanished'),
            ('record_extraction',
                'Stores the text and metadata of a document where it has none, or replaces them; returns what it has stored'),
            ('ingest_hashed_documents',
                'As ingest_hashed_document(), for a batch; returns a row for each document, in their order'),
            ('log_failed_document',
                'As log_ingestion_error(), with what tells the file from others of its name'),
            ('doc_extractor_widen',
                'Makes ids, counts and sizes bigint and, with the time zone that they were written in, times timestamptz; returns what it has done'),
            ('doc_extractor_widen_preview',
                'Returns what doc_extractor_widen() would do, and what stands in its way')
        ) AS m (name, meaning)
        JOIN pg_catalog.pg_proc AS p
            ON p.proname::pg_catalog.text OPERATOR(pg_catalog.=) m.name
            AND p.pronamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
        JOIN pg_catalog.pg_depend AS d
            ON d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.objid OPERATOR(pg_catalog.=) p.oid
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
        JOIN pg_catalog.pg_extension AS x
            ON x.oid OPERATOR(pg_catalog.=) d.refobjid
            AND x.extname OPERATOR(pg_catalog.=) 'doc_extractor'),
    indexes (id, name, options) AS (
        SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), c.reloptions
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n
            ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relnamespace OPERATOR(pg_catalog.=)
                '@extschema@'::pg_catalog.regnamespace
            AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY['ix_error_log_location',
                'ix_error_log_file_hash', 'ix_error_log_unidentified'])),
    further (command) AS (
        SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s%s;', f.name,
            CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM functions AS f
        CROSS JOIN LATERAL pg_catalog.aclexplode(f.acl) AS x
        WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[f.proowner, owner])
        UNION ALL
        SELECT pg_catalog.format('COMMENT ON FUNCTION %s IS %L;', f.name,
            pg_catalog.obj_description(f.id, 'pg_proc'))
        FROM functions AS f
        WHERE pg_catalog.obj_description(f.id, 'pg_proc') IS DISTINCT FROM f.meaning
        UNION ALL
        SELECT pg_catalog.format('COMMENT ON INDEX %s IS %L;', i.name,
            pg_catalog.obj_description(i.id, 'pg_class'))
        FROM indexes AS i
        WHERE pg_catalog.obj_description(i.id, 'pg_class') IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('ALTER INDEX %s SET (%s);', i.name,
            pg_catalog.array_to_string(i.options, ', '))
        FROM indexes AS i
        WHERE i.options IS NOT NULL)
    SELECT pg_catalog.string_agg(a.command, E'\n' ORDER BY a.command) FILTER (WHERE a.is_kept),
        pg_catalog.string_agg(a.command, E'\n' ORDER BY a.command) FILTER (WHERE NOT a.is_kept)
        INTO kept, gone
    FROM (
        SELECT c.command, p.is_kept
        FROM commands AS c
        JOIN placed AS p
            ON p.id OPERATOR(pg_catalog.=) c.id AND p.col OPERATOR(pg_catalog.=) c.col
        UNION ALL
        SELECT f.command, false FROM further AS f
    ) AS a (command, is_kept);
    PERFORM pg_catalog.set_config('search_path', path, true);
    IF kept IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'what was set on views that are created again is lost',
            DETAIL = kept,
            HINT = 'Run these commands now.';
    END IF;
    IF gone IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = 'what was set on objects that version 1.1 does not have is lost',
            DETAIL = gone,
            HINT = 'Run these commands after an update to version 1.2.';
    END IF;
END
$script$;

/* A view loses columns only by being dropped.  Its triggers keep users' comments. */
DO $script$
DECLARE
    comments pg_catalog.text;
BEGIN
    SELECT coalesce(pg_catalog.string_agg(pg_catalog.format(
        'COMMENT ON TRIGGER %I ON %s.document_inbox IS %L;', g.tgname, '@extschema@',
        pg_catalog.obj_description(g.oid, 'pg_trigger')), ''), '') INTO comments
    FROM pg_catalog.pg_trigger AS g
    WHERE g.tgrelid OPERATOR(pg_catalog.=) '@extschema@.document_inbox'::pg_catalog.regclass
        AND g.tgname OPERATOR(pg_catalog.=) ANY (ARRAY['document_inbox_before_insert',
            'document_inbox_insert', 'document_inbox_after_insert']);
    DROP VIEW @extschema@.document_inbox;
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
    EXECUTE comments;
END
$script$;
DROP FUNCTION @extschema@.finish_scan(
    pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.int8,
    pg_catalog.int8, pg_catalog.int8, pg_catalog.int8, pg_catalog.int8[],
    pg_catalog.int8);
DROP FUNCTION @extschema@.record_extraction(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.bool);
DROP FUNCTION @extschema@.ingest_hashed_documents(
    pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[],
    pg_catalog.text[], pg_catalog.text[]);
DROP FUNCTION @extschema@.log_failed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.text);
DROP FUNCTION @extschema@.doc_extractor_widen(pg_catalog.text);
DROP FUNCTION @extschema@.doc_extractor_widen_preview(pg_catalog.text);

/* The columns take the indexes on them along. */
ALTER TABLE @extschema@.documents
    DROP COLUMN extractor,
    DROP COLUMN extracted_at;
ALTER TABLE @extschema@.error_log
    DROP COLUMN ingestion_source,
    DROP COLUMN location,
    DROP COLUMN file_hash;

/*
 * Locations and scans.  The server leaves a table that is dropped in the extension's list of what
 * it dumps, but not one that leaves the extension.
 */
DROP VIEW @extschema@.ingestion_stats;
DROP VIEW @extschema@.ingestion_stats_by_source;
DROP VIEW @extschema@.ingestion_stats_by_type;
DROP VIEW @extschema@.documents_with_locations;
DROP VIEW @extschema@.location_history;
DROP VIEW @extschema@.current_locations;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.document_locations;
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.document_locations_id_seq;
DROP TABLE @extschema@.document_locations;
ALTER EXTENSION doc_extractor DROP TABLE @extschema@.scans;

/* Narrow types, as the tables' owner, whose code can run here. */
DO $script$
BEGIN
    PERFORM @extschema@.narrow_types(false);
END
$script$;
DROP FUNCTION @extschema@.narrow_types(pg_catalog.bool);

/* The statistics of 1.1.  Their types, too, are those of the columns. */
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
ALTER EXTENSION doc_extractor DROP SEQUENCE @extschema@.scans_id_seq;
DROP TABLE @extschema@.scans;

/*
 * The views belong to the owner of the tables, whoever runs this script.  Nobody else
 * has privileges on them, whatever a superuser's default privileges say.
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
    view pg_catalog.regclass;
    others pg_catalog.text;
BEGIN
    FOR view, others IN
        SELECT c.oid, (SELECT pg_catalog.string_agg(DISTINCT
                CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, ', ')
            FROM pg_catalog.aclexplode(c.relacl) AS x
            WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[c.relowner, owner_id])
                AND owner OPERATOR(pg_catalog.<>) current_user)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[
            '@extschema@.document_inbox', '@extschema@.ingestion_stats',
            '@extschema@.ingestion_stats_by_source', '@extschema@.ingestion_stats_by_type'
            ]::pg_catalog.regclass[]::pg_catalog.oid[])
    LOOP
        EXECUTE pg_catalog.format('ALTER VIEW %s OWNER TO %I', view, owner);
        IF others IS NOT NULL THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', view, others);
        END IF;
    END LOOP;
END
$script$;
