-- The checks of doc_extractor_verify() on the schema: the extension's objects, and who may use them.
--
-- A check begins with its name and with what it counts. Its query returns a row for each thing that
-- is wrong: one text that names it. A check that informs passes, whatever it finds. One that lists
-- passes, too: its rows are SQL statements, without their semicolons, and the detail has them all.
-- In the query, @extschema@ is the schema of the ledger, and $1 its oid. It runs as the owner of the
-- tables, with pg_catalog first in search_path, and without the schemas of users.
--
-- What is defined stands in later queries for a line with its name between two "@". A check with a
-- version is for ledgers of that version and later. verify_locations.sql has those of 1.2.
--
-- make turns this file, verify_dumps.sql, verify_data.sql and verify_locations.sql into strings for
-- verify.c, with verify_checks.awk. The function's result has the order of these files.

-- A ledger of an earlier version may have tables of users with the names of later ones.
-- define: has_locations
EXISTS (SELECT FROM pg_extension WHERE extname = 'doc_extractor' AND extversion >= '1.2');

-- define: table_names
ARRAY['documents', 'hash_index', 'audit_log', 'error_log']
    || CASE WHEN
@has_locations@
    THEN ARRAY['document_locations', 'scans'] ELSE '{}' END;

-- define: sequence_names
ARRAY['documents_id_seq', 'hash_index_id_seq', 'audit_log_id_seq', 'error_log_id_seq']
    || CASE WHEN
@has_locations@
    THEN ARRAY['document_locations_id_seq', 'scans_id_seq'] ELSE '{}' END;

-- define: view_names
ARRAY['document_inbox', 'ingestion_stats', 'ingestion_stats_by_source', 'ingestion_stats_by_type']
    || CASE WHEN
@has_locations@
    THEN ARRAY['current_locations', 'location_history', 'documents_with_locations'] ELSE '{}' END;

-- After a crash, an unlogged table is empty, and an unlogged sequence begins again.
-- check: tables
-- counts: tables or sequences missing, unlogged, or of another owner than documents
SELECT e.name
FROM (
    SELECT t.name, 'r' FROM unnest(
@table_names@
    ) AS t (name)
    UNION ALL
    SELECT q.name, 'S' FROM unnest(
@sequence_names@
    ) AS q (name)
) AS e (name, kind)
WHERE NOT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_class AS d ON d.relname = 'documents' AND d.relnamespace = $1
    WHERE c.relname = e.name AND c.relnamespace = $1 AND c.relkind = e.kind::"char"
        AND c.relpersistence = 'p' AND c.relowner = d.relowner)
ORDER BY 1;

-- The server dumps the data of a member only if extconfig has it, and drops a table that is no
-- member without asking.
-- check: extension
-- counts: objects missing from the extension, or from its dumps
WITH found (class, id, name, is_dumped) AS (
    SELECT 'pg_class'::regclass, c.oid, c.relname::text, c.relkind <> 'v'
    FROM pg_class AS c
    WHERE c.relnamespace = $1 AND c.relname = ANY (
@table_names@
        ||
@sequence_names@
        ||
@view_names@
    )
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, format('%s()', p.proname), false
    FROM pg_proc AS p
    JOIN pg_proc AS v ON v.probin = p.probin
    WHERE p.pronamespace = $1 AND v.pronamespace = $1 AND v.proname = 'doc_extractor_verify'
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, g.oid, g.evtname::text, false
    FROM pg_event_trigger AS g
    WHERE g.evtname = ANY (ARRAY['doc_extractor_ddl_start', 'doc_extractor_rewrite',
                                'doc_extractor_ddl_end']))
SELECT f.name
FROM found AS f
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS d
    JOIN pg_extension AS x ON x.oid = d.refobjid
    WHERE d.classid = f.class AND d.objid = f.id AND d.deptype = 'e'
        AND d.refclassid = 'pg_extension'::regclass AND x.extname = 'doc_extractor')
UNION ALL
SELECT format('dump of %s', f.name)
FROM found AS f
WHERE f.is_dumped AND NOT EXISTS (
    SELECT FROM pg_extension AS x, unnest(x.extconfig, x.extcondition) AS c (id, condition)
    WHERE x.extname = 'doc_extractor' AND c.id = f.id AND c.condition = '')
ORDER BY 1;

-- What is written through a parent or to a child leaves no trail.
-- check: inheritance
-- counts: tables that inherit from the ledger's, or that these inherit from
SELECT DISTINCT format('%s of %s', i.inhrelid::regclass, i.inhparent::regclass)
FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid OR c.oid = i.inhparent
WHERE c.relnamespace = $1
    AND c.relname = ANY (
@table_names@
    )
ORDER BY 1;

-- V001's columns are wide in a ledger that began as 1.2, and narrow in one that was updated and not
-- widened.
-- define: shipped_columns
(SELECT v.t, v.c, coalesce(w.wide, v.type), v.not_null, v.def, v.type FROM (VALUES
    ('documents', 'id', 'integer', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.documents_id_seq')),
    ('documents', 'file_name', 'character varying(500)', true, NULL),
    ('documents', 'file_size_bytes', 'integer', true, NULL),
    ('documents', 'file_hash', 'character varying(64)', true, NULL),
    ('documents', 'file_type', 'character varying(255)', true, NULL),
    ('documents', 'ingestion_source', 'character varying(255)', true, NULL),
    ('documents', 'ingestion_timestamp', 'timestamp without time zone', true, 'now()'),
    ('documents', 'document_text', 'text', false, NULL),
    ('documents', 'metadata_extracted', 'json', false, NULL),
    ('documents', 'ingestion_status', 'character varying(50)', true,
        '''success''::character varying'),
    ('documents', 'error_message', 'character varying(1000)', false, NULL),
    ('documents', 'created_at', 'timestamp without time zone', true, 'now()'),
    ('documents', 'updated_at', 'timestamp without time zone', true, 'now()'),
    ('hash_index', 'id', 'integer', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.hash_index_id_seq')),
    ('hash_index', 'file_hash', 'character varying(64)', true, NULL),
    ('hash_index', 'document_id', 'integer', true, NULL),
    ('hash_index', 'first_seen', 'timestamp without time zone', true, 'now()'),
    ('hash_index', 'duplicate_count', 'integer', true, '0'),
    ('hash_index', 'last_seen', 'timestamp without time zone', true, 'now()'),
    ('audit_log', 'id', 'integer', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.audit_log_id_seq')),
    ('audit_log', 'document_id', 'integer', true, NULL),
    ('audit_log', 'action', 'character varying(50)', true, NULL),
    ('audit_log', 'action_timestamp', 'timestamp without time zone', true, 'now()'),
    ('audit_log', 'user_or_system', 'character varying(255)', true,
        '''system''::character varying'),
    ('audit_log', 'old_value', 'json', false, NULL),
    ('audit_log', 'new_value', 'json', false, NULL),
    ('audit_log', 'change_reason', 'character varying(500)', false, NULL),
    ('audit_log', 'db_user', 'name', false, NULL),
    ('error_log', 'id', 'integer', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.error_log_id_seq')),
    ('error_log', 'file_name', 'character varying(500)', true, NULL),
    ('error_log', 'error_type', 'character varying(100)', true, NULL),
    ('error_log', 'error_message', 'character varying(2000)', true, NULL),
    ('error_log', 'error_timestamp', 'timestamp without time zone', true, 'now()'),
    ('error_log', 'retry_attempted', 'boolean', true, 'false'),
    ('error_log', 'resolution_notes', 'character varying(1000)', false, NULL)
) AS v (t, c, type, not_null, def)
LEFT JOIN (VALUES ('integer', 'bigint'),
    ('timestamp without time zone', 'timestamp with time zone')
) AS w (narrow, wide) ON w.narrow = v.type AND
@has_locations@
UNION ALL
SELECT v.*, v.type FROM (VALUES
    ('documents', 'extractor', 'character varying(255)', false, NULL),
    ('documents', 'extracted_at', 'timestamp with time zone', false, NULL),
    ('error_log', 'ingestion_source', 'character varying(255)', false, NULL),
    ('error_log', 'location', 'text', false, NULL),
    ('error_log', 'file_hash', 'character varying(64)', false, NULL),
    ('document_locations', 'id', 'bigint', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.document_locations_id_seq')),
    ('document_locations', 'ingestion_source', 'character varying(255)', true, NULL),
    ('document_locations', 'location', 'text', true, NULL),
    ('document_locations', 'location_key', 'bytea', true, NULL),
    ('document_locations', 'document_id', 'bigint', false, NULL),
    ('document_locations', 'modified_at', 'timestamp with time zone', false, NULL),
    ('document_locations', 'fingerprint', 'text', false, NULL),
    ('document_locations', 'size_bytes', 'bigint', false, NULL),
    ('document_locations', 'seen_at', 'timestamp with time zone', true, 'now()'),
    ('scans', 'id', 'bigint', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.scans_id_seq')),
    ('scans', 'ingestion_source', 'character varying(255)', true, NULL),
    ('scans', 'root', 'text', true, NULL),
    ('scans', 'started_at', 'timestamp with time zone', true, NULL),
    ('scans', 'finished_at', 'timestamp with time zone', true, 'clock_timestamp()'),
    ('scans', 'seen', 'bigint', true, NULL),
    ('scans', 'added', 'bigint', true, NULL),
    ('scans', 'changed', 'bigint', true, NULL),
    ('scans', 'vanished', 'bigint', true, NULL),
    ('scans', 'failed', 'bigint', true, NULL)
) AS v (t, c, type, not_null, def)
WHERE
@has_locations@
) AS e (t, c, type, not_null, def, narrow);

-- A wider integer type or jsonb is fine, and so is a 0 of the wider type.
-- check: columns
-- counts: columns missing or changed
SELECT e.t || '.' || e.c
FROM
@shipped_columns@
WHERE NOT EXISTS (
    SELECT FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_class AS r ON r.oid = a.attrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND a.attname = e.c AND NOT a.attisdropped
        AND format_type(a.atttypid, a.atttypmod) IN (
            e.type, e.narrow, CASE e.type WHEN 'json' THEN 'jsonb' WHEN 'integer' THEN 'bigint' END)
        AND a.attnotnull = e.not_null
        AND regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^[('']0[)'']::bigint$', '0')
            IS NOT DISTINCT FROM e.def)
ORDER BY 1;

-- A hint only: nothing is wrong with them until a number or a size gets too large.
-- check: narrow types
-- since: 1.2
-- informs: columns and sequences that doc_extractor_widen() can widen
SELECT e.t || '.' || e.c
FROM
@shipped_columns@
JOIN pg_class AS r ON r.relname = e.t AND r.relnamespace = $1
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attname = e.c
WHERE e.narrow <> e.type AND a.atttypid IN ('int4'::regtype, 'timestamp'::regtype)
UNION ALL
SELECT c.relname
FROM pg_sequence AS q
JOIN pg_class AS c ON c.oid = q.seqrelid
WHERE c.relnamespace = $1 AND q.seqtypid <> 'bigint'::regtype AND c.relname = ANY (
@sequence_names@
    )
ORDER BY 1;

-- define: shipped_indexes
(SELECT v.* FROM (VALUES
    ('documents', 'ix_documents_ingestion_timestamp', 'btree (ingestion_timestamp)'),
    ('documents', 'ix_documents_file_type', 'btree (file_type)'),
    ('audit_log', 'ix_audit_log_document_id', 'btree (document_id)'),
    ('audit_log', 'ix_audit_log_action_timestamp', 'btree (action_timestamp)'),
    ('error_log', 'ix_error_log_error_timestamp', 'btree (error_timestamp)'),
    ('error_log', 'ix_error_log_file_name', 'btree (file_name) WHERE (NOT retry_attempted)')
) AS v (t, i, columns)
UNION ALL
SELECT v.* FROM (VALUES
    ('error_log', 'ix_error_log_location', 'hash (location) WHERE (NOT retry_attempted)'),
    ('error_log', 'ix_error_log_file_hash',
        'btree (file_hash) WHERE ((NOT retry_attempted) AND (file_hash IS NOT NULL))'),
    ('error_log', 'ix_error_log_unidentified', 'btree (file_name) '
        'WHERE ((NOT retry_attempted) AND (location IS NULL) AND (file_hash IS NULL))'),
    ('document_locations', 'ix_document_locations_current',
        'btree (ingestion_source, location_key, id)'),
    ('document_locations', 'ix_document_locations_document_id', 'btree (document_id)'),
    ('scans', 'ix_scans_ingestion_source', 'btree (ingestion_source, id)')
) AS v (t, i, columns)
WHERE
@has_locations@
) AS e (t, i, columns);

-- check: indexes
-- counts: indexes missing, changed or invalid
SELECT e.i
FROM
@shipped_indexes@
WHERE NOT EXISTS (
    SELECT FROM pg_index AS x
    JOIN pg_class AS r ON r.oid = x.indrelid
    JOIN pg_class AS c ON c.oid = x.indexrelid
    WHERE r.relnamespace = $1 AND r.relname = e.t AND c.relname = e.i
        AND x.indisvalid AND NOT x.indisunique
        AND substring(pg_get_indexdef(c.oid) FROM ' USING .*') = ' USING ' || e.columns)
ORDER BY 1;

-- define: shipped_constraints
(SELECT v.* FROM (VALUES
    ('documents', 'documents_pkey', 'PRIMARY KEY (id)'),
    ('documents', 'ix_documents_file_hash', 'UNIQUE (file_hash)'),
    ('hash_index', 'hash_index_pkey', 'PRIMARY KEY (id)'),
    ('hash_index', 'ix_hash_index_file_hash', 'UNIQUE (file_hash)'),
    ('audit_log', 'audit_log_pkey', 'PRIMARY KEY (id)'),
    ('error_log', 'error_log_pkey', 'PRIMARY KEY (id)')
) AS v (t, k, def)
UNION ALL
SELECT v.* FROM (VALUES
    ('document_locations', 'document_locations_pkey', 'PRIMARY KEY (id)'),
    ('scans', 'scans_pkey', 'PRIMARY KEY (id)')
) AS v (t, k, def)
WHERE
@has_locations@
) AS e (t, k, def);

-- check: constraints
-- counts: constraints missing, changed or not validated
SELECT e.k
FROM
@shipped_constraints@
WHERE NOT EXISTS (
    SELECT FROM pg_constraint AS k
    LEFT JOIN pg_index AS x ON x.indexrelid = k.conindid
    JOIN pg_class AS r ON r.oid = k.conrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND k.conname = e.k
        AND k.convalidated AND x.indisvalid
        AND pg_get_constraintdef(k.oid) = e.def)
ORDER BY 1;

-- define: shipped_triggers
(VALUES
    ('documents', 'documents_before_update', 'O', 'documents_before_update', 19, '', NULL, NULL),
    ('documents', 'documents_after_insert', 'O', 'documents_after_insert', 4,
        'check_status', NULL, 'new_documents'),
    ('documents', 'documents_after_update', 'O', 'documents_after_update', 16,
        'check_status', 'old_documents', 'new_documents'),
    ('documents', 'documents_after_delete', 'O', 'documents_after_delete', 8,
        '', 'old_documents', NULL),
    ('documents', 'documents_refuse_truncate', 'A', 'documents_refuse_truncate', 34,
        '', NULL, NULL),
    ('audit_log', 'audit_log_check_actions', 'O', 'audit_log_check_actions', 4,
        '', NULL, 'new_entries'),
    ('audit_log', 'audit_log_refuse_change', 'A', 'audit_log_refuse_change', 27, '', NULL, NULL),
    ('audit_log', 'audit_log_refuse_truncate', 'A', 'audit_log_refuse_change', 34, '', NULL, NULL),
    ('document_inbox', 'document_inbox_before_insert', 'O', 'document_inbox_before_insert', 6,
        '', NULL, NULL),
    ('document_inbox', 'document_inbox_insert', 'O', 'document_inbox_insert', 69, '', NULL, NULL),
    ('document_inbox', 'document_inbox_after_insert', 'O', 'document_inbox_after_insert', 4,
        '', NULL, NULL)
) AS e (t, g, enabled, f, type, arguments, old, new);

-- check: triggers
-- counts: triggers missing, changed or disabled
SELECT e.g
FROM
@shipped_triggers@
WHERE NOT EXISTS (
    SELECT FROM pg_trigger AS g
    JOIN pg_proc AS p ON p.oid = g.tgfoid
    JOIN pg_class AS r ON r.oid = g.tgrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND g.tgname = e.g AND g.tgenabled = e.enabled
        AND g.tgtype = e.type AND g.tgqual IS NULL AND g.tgattr = '' AND g.tgconstraint = 0
        AND encode(g.tgargs, 'escape')
            = CASE e.arguments WHEN '' THEN '' ELSE concat(e.arguments, '\000') END
        AND g.tgoldtable IS NOT DISTINCT FROM e.old::name
        AND g.tgnewtable IS NOT DISTINCT FROM e.new::name
        AND p.proname = e.f AND p.pronamespace = $1)
ORDER BY 1;

-- Such a trigger may be there on purpose, and nothing tells for sure what it does. So this informs.
-- check: triggers of users
-- informs: BEFORE ROW or INSTEAD OF triggers of users, which can change and suppress rows
SELECT format('%s.%s', r.relname, g.tgname)
FROM pg_trigger AS g
JOIN pg_class AS r ON r.oid = g.tgrelid
WHERE r.relnamespace = $1 AND r.relname = ANY (
@table_names@
        || ARRAY['document_inbox'])
    AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 1 <> 0 AND g.tgtype & 66 <> 0
    AND g.tgname <> ALL (ARRAY['documents_before_update', 'audit_log_refuse_change',
        'document_inbox_insert'])
ORDER BY 1;

-- What PL/pgSQL says can be read, its comments apart.
-- check: suppressed rows
-- counts: BEFORE ROW or INSTEAD OF triggers of users that say RETURN NULL
SELECT format('%s.%s', r.relname, g.tgname)
FROM pg_trigger AS g
JOIN pg_class AS r ON r.oid = g.tgrelid
JOIN pg_proc AS p ON p.oid = g.tgfoid
JOIN pg_language AS l ON l.oid = p.prolang
WHERE r.relnamespace = $1 AND r.relname = ANY (
@table_names@
        || ARRAY['document_inbox'])
    AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 1 <> 0 AND g.tgtype & 66 <> 0
    AND l.lanname = 'plpgsql'
    AND regexp_replace(p.prosrc, '--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', ' ', 'g')
        ~* '\mreturn\s+null\M'
ORDER BY 1;

-- The engine refuses rules; other writes would follow them.
-- check: rules
-- counts: rules on tables or views
SELECT format('%s.%s', r.relname, w.rulename)
FROM pg_rewrite AS w
JOIN pg_class AS r ON r.oid = w.ev_class
WHERE r.relnamespace = $1 AND r.relname = ANY (
@table_names@
        ||
@view_names@
    )
    AND NOT (r.relkind = 'v' AND w.rulename = '_RETURN')
ORDER BY 1;

-- The library is that of this function. Functions of event triggers may be a superuser's.
-- check: functions
-- counts: functions missing, changed, or of another owner than documents
WITH ingesting (defaults) AS (
    VALUES ('''manual''::text, NULL::text, NULL::json, ''success''::text, NULL::text, NULL::text, '
        'NULL::timestamp with time zone, NULL::text'))
SELECT format('%s(%s)', e.f, e.arguments)
FROM (VALUES
    ('ingest_document', 'text, bytea, text, text, text, json, text, text, text, '
        'timestamp with time zone, text', 'record', NULL),
    ('ingest_hashed_document', 'text, text, bigint, text, text, text, json, text, text, text, '
        'timestamp with time zone, text', 'record', NULL),
    ('ingest_documents', 'text[], bytea[], text[], text[], text[], json[], text[], text[], '
        'text[], timestamp with time zone[], text[]', 'SETOF record',
        'NULL::text[], NULL::text[], NULL::json[], NULL::text[], NULL::text[], NULL::text[], '
        'NULL::timestamp with time zone[], NULL::text[]'),
    ('ingest_file', 'text, text, text, text, json, text, text, text, timestamp with time zone, '
        'text', 'record', NULL),
    ('ingest_large_object', 'oid, text, text, text, text, json, text, text, text, '
        'timestamp with time zone, text', 'record', NULL),
    ('try_ingest_document', 'text, bytea, text, text, text, json, text, text, text, '
        'timestamp with time zone, text', 'record', NULL),
    ('record_document_event', 'bigint, text, json, json, text', 'bigint',
        'NULL::json, NULL::json, NULL::text'),
    ('log_ingestion_error', 'text, text, text', 'bigint', ''),
    ('resolve_ingestion_error', 'bigint, text', 'void', ''),
    ('finish_scan', 'text, text, timestamp with time zone, bigint, bigint, bigint, bigint, bigint[], '
        'bigint', 'record', 'NULL::bigint[], NULL::bigint'),
    ('record_extraction', 'bigint, text, json, text, boolean', 'record', 'false'),
    ('ingest_hashed_documents', 'text[], text[], bigint[], text[], text[], text[], json[], text[], '
        'text[], text[], timestamp with time zone[], text[], text[]', 'SETOF record',
        'NULL::text[], NULL::text[], NULL::json[], NULL::text[], NULL::text[], NULL::text[], '
        'NULL::timestamp with time zone[], NULL::text[], NULL::text[]'),
    ('log_failed_document', 'text, text, text, text, text, text', 'bigint',
        '''manual''::text, NULL::text, NULL::text'),
    ('doc_extractor_widen', 'text', 'SETOF record', 'NULL::text'),
    ('doc_extractor_widen_preview', 'text', 'SETOF record', 'NULL::text'),
    ('doc_extractor_verify', '', 'SETOF record', ''),
    ('doc_extractor_ddl_start', '', 'event_trigger', ''),
    ('doc_extractor_ddl_end', '', 'event_trigger', ''),
    ('documents_before_update', '', 'trigger', ''),
    ('documents_after_insert', '', 'trigger', ''),
    ('documents_after_update', '', 'trigger', ''),
    ('documents_after_delete', '', 'trigger', ''),
    ('documents_refuse_truncate', '', 'trigger', ''),
    ('audit_log_check_actions', '', 'trigger', ''),
    ('audit_log_refuse_change', '', 'trigger', ''),
    ('document_inbox_before_insert', '', 'trigger', ''),
    ('document_inbox_insert', '', 'trigger', ''),
    ('document_inbox_after_insert', '', 'trigger', '')
) AS e (f, arguments, result, defaults)
CROSS JOIN ingesting AS i
WHERE NOT EXISTS (
    SELECT FROM pg_proc AS p
    JOIN pg_language AS l ON l.oid = p.prolang
    JOIN pg_roles AS o ON o.oid = p.proowner
    JOIN pg_class AS d ON d.relname = 'documents' AND d.relnamespace = $1
    JOIN pg_proc AS v ON v.proname = 'doc_extractor_verify' AND v.pronamespace = $1
    WHERE p.pronamespace = $1 AND p.proname = e.f AND oidvectortypes(p.proargtypes) = e.arguments
        AND pg_get_function_result(p.oid) = e.result
        AND coalesce(pg_get_expr(p.proargdefaults, 0), '') = coalesce(e.defaults, i.defaults)
        AND l.lanname = 'c' AND p.prosrc = e.f AND p.probin = v.probin
        AND p.prokind = 'f' AND p.provolatile = 'v' AND p.proconfig IS NULL
        AND NOT p.prosecdef AND NOT p.proisstrict AND NOT p.proleakproof
        AND (p.proowner = d.relowner OR e.result = 'event_trigger' AND o.rolsuper))
    AND (e.f <> ALL (ARRAY['finish_scan', 'record_extraction', 'ingest_hashed_documents',
        'log_failed_document', 'doc_extractor_widen', 'doc_extractor_widen_preview']) OR
@has_locations@
    )
ORDER BY 1;

-- The server's majors lay out a definition in different ways, and with the types of columns and sums
-- the casts differ.
-- check: views
-- counts: views missing, changed, or of another owner than documents
WITH schema (prefix) AS (
    SELECT format('%I.', n.nspname) FROM pg_namespace AS n WHERE n.oid = $1),
version (inbox, stats) AS (
    SELECT v.inbox, v.stats FROM (VALUES ('1.1', '', ''),
        ('1.2', ', NULL::text AS location, NULL::timestamp with time zone AS modified_at,
            NULL::text AS fingerprint',
            ', (SELECT count(*) AS count FROM current_locations l) AS locations')
    ) AS v (since, inbox, stats)
    WHERE v.since <= (SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor')
    ORDER BY v.since DESC LIMIT 1),
statistics (sums, times) AS (
    VALUES ('count(*) AS documents,
        COALESCE(sum(d.file_size_bytes), (0)) AS bytes,
        COALESCE(sum(h.duplicate_count), (0)) AS duplicates,
        COALESCE(sum(((h.duplicate_count) * (d.file_size_bytes))), (0)) AS bytes_saved,
        count(*) FILTER (WHERE ((d.ingestion_status)::text = ''failed''::text)) AS failed,
        count(*) FILTER (WHERE ((d.ingestion_status)::text = ''retry''::text)) AS retry,',
        'min(d.ingestion_timestamp) AS first_ingestion,
        max(d.ingestion_timestamp) AS last_ingestion
        FROM (documents d LEFT JOIN hash_index h
            ON ((((h.file_hash)::text = (d.file_hash)::text) AND (h.duplicate_count > 0))))')),
expected (name, definition) AS (
    VALUES ('document_inbox', 'SELECT NULL::text AS file_name, NULL::bytea AS content,
        NULL::text AS file_type, NULL::text AS ingestion_source, NULL::text AS document_text,
        NULL::json AS metadata_extracted, NULL::text AS ingestion_status,
        NULL::text AS error_message' || (SELECT v.inbox FROM version AS v) || ' WHERE false')
    UNION ALL
    SELECT 'ingestion_stats', concat('SELECT ', s.sums, '(SELECT count(*) AS count
        FROM error_log e WHERE ((e.resolution_notes IS NULL) AND (NOT e.retry_attempted)))
        AS open_errors, ', replace(s.times, 'FROM (documents', v.stats || ' FROM (documents'))
    FROM statistics AS s, version AS v
    UNION ALL
    SELECT format('ingestion_stats_by_%s', g.name), concat('SELECT ', g.col, ', ', s.sums, s.times,
        ' GROUP BY ', g.col)
    FROM statistics AS s,
        (VALUES ('source', 'd.ingestion_source'), ('type', 'd.file_type')) AS g (name, col))
SELECT e.name
FROM expected AS e
CROSS JOIN schema AS s
WHERE NOT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_class AS d ON d.relname = 'documents' AND d.relnamespace = $1
    WHERE c.relname = e.name AND c.relnamespace = $1 AND c.relkind = 'v'
        AND c.relowner = d.relowner AND c.reloptions IS NULL
        AND regexp_replace(regexp_replace(replace(regexp_replace(
                rtrim(replace(pg_get_viewdef(c.oid), s.prefix, ''), ';'),
                '[[:space:]]|::bigint|::numeric', '', 'g'), '((0))', '(0)'),
                '([^a-z])\(([dh]\.[a-z_]+)\)', '\1\2', 'g'),
                '\(?LEAST\((COALESCE\(sum\([^()]*\),\(?0\)?\)),\(*''9223372036854775807''\)+AS',
                '\1AS', 'g')
            = regexp_replace(regexp_replace(replace(e.definition, s.prefix, ''),
                '[[:space:]]', '', 'g'), '([^a-z])\(([dh]\.[a-z_]+)\)', '\1\2', 'g'))
ORDER BY 1;

-- check: event triggers
-- counts: event triggers missing, changed or disabled
SELECT e.g
FROM (VALUES
    ('doc_extractor_ddl_start', 'doc_extractor_ddl_start', 'ddl_command_start',
     ARRAY['ALTER EXTENSION', 'ALTER FOREIGN TABLE', 'ALTER MATERIALIZED VIEW', 'ALTER SEQUENCE',
           'ALTER TABLE', 'ALTER TYPE', 'ALTER VIEW', 'DROP ACCESS METHOD', 'DROP AGGREGATE',
           'DROP CAST', 'DROP COLLATION', 'DROP DOMAIN', 'DROP EXTENSION',
           'DROP FOREIGN DATA WRAPPER', 'DROP FOREIGN TABLE', 'DROP FUNCTION', 'DROP INDEX',
           'DROP LANGUAGE', 'DROP MATERIALIZED VIEW', 'DROP OPERATOR', 'DROP OPERATOR CLASS',
           'DROP OPERATOR FAMILY', 'DROP OWNED', 'DROP PROCEDURE', 'DROP ROUTINE', 'DROP SCHEMA',
           'DROP SEQUENCE', 'DROP SERVER', 'DROP TABLE', 'DROP TEXT SEARCH CONFIGURATION',
           'DROP TEXT SEARCH DICTIONARY', 'DROP TEXT SEARCH PARSER', 'DROP TEXT SEARCH TEMPLATE',
           'DROP TRANSFORM', 'DROP TYPE', 'DROP VIEW']),
    ('doc_extractor_rewrite', 'doc_extractor_ddl_start', 'table_rewrite', NULL),
    ('doc_extractor_ddl_end', 'doc_extractor_ddl_end', 'ddl_command_end',
     ARRAY['ALTER TABLE', 'CREATE INDEX'])
) AS e (g, f, event, tags)
WHERE NOT EXISTS (
    SELECT FROM pg_event_trigger AS g
    JOIN pg_proc AS p ON p.oid = g.evtfoid
    WHERE g.evtname = e.g AND g.evtenabled = 'A' AND g.evtevent = e.event
        AND g.evttags IS NOT DISTINCT FROM e.tags
        AND p.proname = e.f AND p.pronamespace = $1)
ORDER BY 1;

-- Where there is no list of rights, PUBLIC has those that the server gives: EXECUTE on functions.
-- check: public rights
-- counts: rights of PUBLIC
WITH relations (id, name, kind, acl, owner) AS (
    SELECT c.oid, c.relname, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relacl,
        c.relowner
    FROM pg_class AS c
    WHERE c.relnamespace = $1 AND c.relname = ANY (
@table_names@
        ||
@sequence_names@
        ||
@view_names@
    )),
lists (name, acl) AS (
    SELECT r.name::text, coalesce(r.acl, acldefault(r.kind, r.owner)) FROM relations AS r
    UNION ALL
    SELECT format('%s.%s', r.name, a.attname), a.attacl
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.id AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s()', p.proname), coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc AS p
    JOIN pg_proc AS v ON v.probin = p.probin
    WHERE p.pronamespace = $1 AND v.pronamespace = $1 AND v.proname = 'doc_extractor_verify')
SELECT format('%s on %s', a.privilege_type, l.name)
FROM lists AS l, aclexplode(l.acl) AS a
WHERE a.grantee = 0
ORDER BY 1;
