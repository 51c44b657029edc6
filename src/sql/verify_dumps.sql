-- The checks of doc_extractor_verify() on what pg_dump leaves out: what users have added to the
-- extension's tables and changed of them, as statements that make it again. verify_schema.sql
-- explains the format. They read catalogs only.
--
-- There are two lists, for before the data is restored and for after it, as pg_dump has sections.
-- The first has what the data needs, what must protect it from the start (policies), and what keys
-- of other tables may refer to (unique indexes).
--
-- What is defined here are queries for statements. They return a step, a table and a number, to sort
-- by, and the statement. What they share comes first.

-- A view keeps the types of the columns that it uses, so the extension's own make way for a change.
-- Two of them use current_locations in 1.2, so they go before it, and come after it.
-- define: lists
WITH relations (id, name, label, kind, options, tablespace, has_policies, forces_policies, identity,
        toast) AS MATERIALIZED (
    SELECT c.oid, c.relname, format('%I.%I', n.nspname, c.relname), c.relkind, c.reloptions,
        c.reltablespace, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.reltoastrelid
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relnamespace = $1 AND c.relname = ANY (
@table_names@
        ||
@view_names@
    )),
indexes (id, name, label, relation, options, tablespace, is_users, is_key, is_clustered, is_identity)
        AS MATERIALIZED (
    SELECT x.indexrelid, c.relname, format('%I.%I', n.nspname, c.relname), t.id, c.reloptions,
        c.reltablespace, k.oid IS NULL AND e.i IS NULL,
        x.indisunique AND x.indimmediate AND x.indpred IS NULL, x.indisclustered, x.indisreplident
    FROM relations AS t
    JOIN pg_index AS x ON x.indrelid = t.id AND x.indisvalid
    JOIN pg_class AS c ON c.oid = x.indexrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_constraint AS k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
    LEFT JOIN
@shipped_indexes@
        ON e.t = t.name AND e.i = c.relname),
users_of_columns (id, name, label) AS MATERIALIZED (
    SELECT DISTINCT v.id, v.name, v.label
    FROM relations AS t
    JOIN
@shipped_columns@
        ON e.t = t.name
    JOIN pg_attribute AS a ON a.attrelid = t.id AND a.attname = e.c
    JOIN pg_type AS y ON y.oid = a.atttypid
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.id
        AND d.refobjsubid = a.attnum AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS w ON w.oid = d.objid
    JOIN relations AS v ON v.id = w.ev_class AND v.kind = 'v'
    WHERE format_type(a.atttypid, a.atttypmod) NOT IN (e.type, e.narrow)
        OR a.attcollation NOT IN (0, y.typcollation)),
views (id, name, label) AS MATERIALIZED (
    SELECT u.id, u.name, u.label FROM users_of_columns AS u
    UNION
    SELECT t.id, t.name, t.label
    FROM relations AS t
    JOIN users_of_columns AS u ON u.name = 'current_locations'
    WHERE t.name IN ('ingestion_stats', 'documents_with_locations'));

-- define: dropped_views
SELECT CASE v.name WHEN 'current_locations' THEN 1 ELSE 0 END, v.label, s.number,
    format(s.statement, v.label)
FROM views AS v
CROSS JOIN (VALUES (1, 'ALTER EXTENSION doc_extractor DROP VIEW %s'), (2, 'DROP VIEW %s'))
    AS s (number, statement);

-- define: created_views
SELECT 6, v.label, 1, format('CREATE VIEW %s AS%s', v.label,
    rtrim(pg_get_viewdef(v.id), ';'))
FROM views AS v
UNION ALL
SELECT 6, v.label, 2, format('COMMENT ON %s %s IS %L',
    CASE c.objsubid WHEN 0 THEN 'VIEW' ELSE 'COLUMN' END, o.identity, c.description)
FROM views AS v
JOIN pg_description AS c ON c.classoid = 'pg_class'::regclass AND c.objoid = v.id
CROSS JOIN LATERAL pg_identify_object(c.classoid, c.objoid, c.objsubid) AS o
UNION ALL
SELECT 6, v.label, 3, format('ALTER EXTENSION doc_extractor ADD VIEW %s', v.label)
FROM views AS v;

-- define: tables
SELECT 2, t.label, s.number, format('ALTER TABLE %s %s', t.label, s.action)
FROM relations AS t
LEFT JOIN pg_class AS o ON o.oid = t.toast
LEFT JOIN pg_tablespace AS p ON p.oid = t.tablespace
CROSS JOIN LATERAL (VALUES
    (1, 'SET TABLESPACE ' || quote_ident(p.spcname)),
    (2, 'RESET (' || (
        SELECT string_agg(quote_ident(x.option_name), ', ')
        FROM pg_options_to_table(CASE t.name WHEN 'hash_index' THEN ARRAY['fillfactor=50'] END) AS x
        WHERE x.option_name NOT IN (
            SELECT option_name FROM pg_options_to_table(t.options))) || ')'),
    (3, 'SET (' || (
        SELECT string_agg(format('%s%I = %L', x.prefix, x.name, x.value), ', '
            ORDER BY x.prefix, x.number)
        FROM (
            SELECT '', y.* FROM pg_options_to_table(t.options) WITH ORDINALITY AS y
            UNION ALL
            SELECT 'toast.', y.* FROM pg_options_to_table(o.reloptions) WITH ORDINALITY AS y
        ) AS x (prefix, name, value, number)
        WHERE (t.name, x.prefix, x.name, x.value) <> ('hash_index', '', 'fillfactor', '50')) || ')')
    ) AS s (number, action)
WHERE t.kind = 'r' AND s.action IS NOT NULL;

-- define: sequence_options
format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s CYCLE',
    q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache,
    CASE WHEN q.seqcycle THEN '' ELSE ' NO' END);

-- Sequences of 1.2 may be narrow or wide, as columns may. A sequence of a column that users have
-- added is dumped, unless it is an identity column's. That the column owns it is not.
-- define: sequences
SELECT 5, format('%I.%I', n.nspname, c.relname), 1,
    format('ALTER SEQUENCE %I.%I AS %s %s', n.nspname, c.relname, format_type(q.seqtypid, NULL),
@sequence_options@
    )
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_sequence AS q ON q.seqrelid = c.oid
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.relname IN ('document_locations_id_seq', 'scans_id_seq')
        OR q.seqtypid = 'bigint'::regtype AND
@has_locations@
        THEN 'bigint'::regtype ELSE 'integer'::regtype END) AS y (type)
WHERE c.relnamespace = $1 AND c.relname = ANY (
@sequence_names@
    )
    AND (q.seqtypid, q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, q.seqcycle)
        <> (y.type, 1, 1, CASE y.type WHEN 'bigint'::regtype THEN 9223372036854775807
            ELSE 2147483647 END, 1, 1, false)
UNION ALL
SELECT 5, format('%I.%I', n.nspname, c.relname), 2,
    format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, c.relname, t.label, a.attname)
FROM relations AS t
JOIN pg_attribute AS a ON a.attrelid = t.id
JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.id
    AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relnamespace, c.relname) <> ($1, concat(t.name, '_id_seq'));

-- A type changes without its default, which might not fit the new one. Some minor releases stamp
-- each column with the option pg_attver.
-- define: columns
SELECT CASE WHEN e.t IS NULL THEN 4 ELSE 3 END, t.label, a.attnum::integer,
    format('ALTER TABLE %s %s', t.label, s.actions)
FROM relations AS t
JOIN pg_attribute AS a ON a.attrelid = t.id AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS y ON y.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_depend AS i ON i.refclassid = 'pg_class'::regclass AND i.refobjid = t.id
    AND i.refobjsubid = a.attnum AND i.classid = 'pg_class'::regclass AND i.deptype = 'i'
LEFT JOIN pg_sequence AS q ON q.seqrelid = i.objid
LEFT JOIN
@shipped_columns@
    ON e.t = t.name AND e.c = a.attname
CROSS JOIN LATERAL (
    SELECT pg_get_expr(d.adbin, d.adrelid), (
        SELECT format(' COLLATE %I.%I', n.nspname, l.collname)
        FROM pg_collation AS l
        JOIN pg_namespace AS n ON n.oid = l.collnamespace
        WHERE l.oid = a.attcollation AND l.oid <> y.typcollation)
) AS f (def, collated)
CROSS JOIN LATERAL (
    SELECT format_type(a.atttypid, a.atttypmod), t.kind = 'r' AND e.t IS NULL,
        regexp_replace(f.def, '^[('']0[)'']::bigint$', '0') IS DISTINCT FROM e.def
            AND a.attidentity = '' AND a.attgenerated = '' AND (t.kind = 'r' OR f.def IS NOT NULL)
) AS c (type, is_added, changes_default)
CROSS JOIN LATERAL (
    SELECT concat_ws(', ',
        CASE WHEN c.is_added THEN concat('ADD COLUMN ', quote_ident(a.attname), ' ', c.type,
            f.collated,
            CASE WHEN a.attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', f.def,
                    CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                WHEN a.attidentity <> '' THEN format(
                    ' GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
                    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                    (pg_identify_object(i.classid, i.objid, 0)).identity,
@sequence_options@
                    )
                ELSE ' DEFAULT ' || f.def END,
            CASE WHEN a.attnotnull AND a.attidentity = '' THEN ' NOT NULL' END) END,
        CASE WHEN t.kind = 'r' AND NOT c.is_added
                AND (c.type NOT IN (e.type, e.narrow) OR f.collated IS NOT NULL)
            THEN concat(CASE WHEN c.changes_default THEN format('ALTER COLUMN %I DROP DEFAULT, ',
                    a.attname) END,
                format('ALTER COLUMN %I TYPE %s%s USING %1$I::%2$s', a.attname, c.type, f.collated))
            END,
        CASE WHEN NOT c.is_added AND c.changes_default THEN format('ALTER COLUMN %I %s', a.attname,
            coalesce('SET DEFAULT ' || f.def, 'DROP DEFAULT')) END,
        CASE WHEN NOT c.is_added AND a.attnotnull <> e.not_null THEN format(
            'ALTER COLUMN %I %s NOT NULL', a.attname, CASE WHEN a.attnotnull THEN 'SET' ELSE 'DROP' END) END,
        CASE WHEN a.attstorage <> y.typstorage THEN format(
            'ALTER COLUMN %I SET STORAGE %s', a.attname, CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'
                ELSE 'EXTENDED' END) END,
        CASE WHEN a.attcompression <> '' THEN format(
            'ALTER COLUMN %I SET COMPRESSION %s', a.attname, CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END) END,
        CASE WHEN a.attstattarget >= 0 THEN format('ALTER COLUMN %I SET STATISTICS %s', a.attname,
            a.attstattarget) END,
        format('ALTER COLUMN %I SET (', a.attname) || (
            SELECT string_agg(format('%I = %L', x.name, x.value), ', ' ORDER BY x.number)
            FROM pg_options_to_table(a.attoptions) WITH ORDINALITY AS x (name, value, number)
            WHERE x.name <> 'pg_attver') || ')')
) AS s (actions)
WHERE s.actions <> '';

-- define: unique_keys
SELECT 7, t.label, 1, pg_get_indexdef(i.id)
FROM relations AS t
JOIN indexes AS i ON i.relation = t.id
WHERE i.is_users AND i.is_key
UNION ALL
SELECT 7, t.label, 2, format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.label, k.conname,
    pg_get_constraintdef(k.oid))
FROM relations AS t
JOIN pg_constraint AS k ON k.conrelid = t.id AND k.contype IN ('p', 'u')
LEFT JOIN
@shipped_constraints@
    ON e.t = t.name AND e.k = k.conname
WHERE e.t IS NULL;

-- define: policies
SELECT 8, t.label, 1, concat('CREATE POLICY ', quote_ident(p.polname), ' ON ', t.label,
    CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
    ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
        WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    ' TO ', (
        SELECT string_agg(CASE r.id WHEN 0 THEN 'PUBLIC'
            ELSE quote_ident(pg_get_userbyid(r.id)) END, ', ' ORDER BY r.number)
        FROM unnest(p.polroles) WITH ORDINALITY AS r (id, number)),
    ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
    ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
FROM relations AS t
JOIN pg_policy AS p ON p.polrelid = t.id
UNION ALL
SELECT 8, t.label, 2, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.label)
FROM relations AS t
WHERE t.has_policies;

-- An identity column's sequence is not dumped. It goes on after the last value that is in use.
-- define: identities
SELECT 0, t.label, a.attnum::integer, format(
    'SELECT pg_catalog.setval(%L, pg_catalog.%s(%I)) FROM %s', (pg_identify_object(i.classid, i.objid, 0)).identity,
    CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, a.attname, t.label)
FROM relations AS t
JOIN pg_attribute AS a ON a.attrelid = t.id AND a.attidentity <> ''
JOIN pg_depend AS i ON i.refclassid = 'pg_class'::regclass AND i.refobjid = t.id
    AND i.refobjsubid = a.attnum AND i.classid = 'pg_class'::regclass AND i.deptype = 'i'
JOIN pg_sequence AS q ON q.seqrelid = i.objid;

-- The server shows an index with its options, but not a constraint's, nor with its tablespace.
-- define: indexes
SELECT 1, t.label, 1, pg_get_indexdef(i.id)
FROM relations AS t
JOIN indexes AS i ON i.relation = t.id
WHERE i.is_users AND NOT i.is_key
UNION ALL
SELECT 3, t.label, s.number, s.statement
FROM relations AS t
JOIN indexes AS i ON i.relation = t.id
LEFT JOIN pg_tablespace AS p ON p.oid = i.tablespace
CROSS JOIN LATERAL (
    SELECT 1, format('ALTER INDEX %s SET (%s)', i.label, string_agg(
        format('%I = %L', x.name, x.value), ', ' ORDER BY x.number))
    FROM pg_options_to_table(i.options) WITH ORDINALITY AS x (name, value, number)
    WHERE NOT i.is_users
    HAVING count(*) > 0
    UNION ALL
    SELECT 2, format('ALTER INDEX %s SET TABLESPACE %I', i.label, p.spcname)
    WHERE p.oid IS NOT NULL
    UNION ALL
    SELECT 3, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', i.label, a.attnum,
        a.attstattarget)
    FROM pg_attribute AS a
    WHERE a.attrelid = i.id AND a.attstattarget >= 0
    UNION ALL
    SELECT 4, format('ALTER TABLE %s CLUSTER ON %I', t.label, i.name)
    WHERE i.is_clustered
    UNION ALL
    SELECT 5, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', t.label, i.name)
    WHERE i.is_identity AND t.identity = 'i') AS s (number, statement)
UNION ALL
SELECT 3, t.label, 6, format('ALTER TABLE %s REPLICA IDENTITY %s', t.label,
    CASE t.identity WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
FROM relations AS t
WHERE t.kind = 'r' AND t.identity IN ('f', 'n');

-- define: constraints
SELECT 2, t.label, CASE k.contype WHEN 'x' THEN 1 WHEN 'c' THEN 2 ELSE 3 END,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.label, k.conname, pg_get_constraintdef(k.oid))
FROM relations AS t
JOIN pg_constraint AS k ON k.conrelid = t.id AND k.contype IN ('c', 'f', 'x');

-- define: statistics
SELECT 4, t.label, 1, pg_get_statisticsobjdef(o.oid)
FROM relations AS t
JOIN pg_statistic_ext AS o ON o.stxrelid = t.id
UNION ALL
SELECT 5, t.label, 1, format('ALTER STATISTICS %s SET STATISTICS %s',
    (pg_identify_object('pg_statistic_ext'::regclass, o.oid, 0)).identity, o.stxstattarget)
FROM relations AS t
JOIN pg_statistic_ext AS o ON o.stxrelid = t.id
WHERE o.stxstattarget >= 0;

-- define: triggers
SELECT 6, t.label, 1, pg_get_triggerdef(g.oid)
FROM relations AS t
JOIN pg_trigger AS g ON g.tgrelid = t.id AND NOT g.tgisinternal
LEFT JOIN
@shipped_triggers@
    ON e.t = t.name AND e.g = g.tgname
WHERE e.t IS NULL
UNION ALL
SELECT 7, t.label, 1, format('ALTER TABLE %s %s TRIGGER %I', t.label,
    CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
        ELSE 'ENABLE ALWAYS' END, g.tgname)
FROM relations AS t
JOIN pg_trigger AS g ON g.tgrelid = t.id AND NOT g.tgisinternal AND g.tgenabled <> 'O'
LEFT JOIN
@shipped_triggers@
    ON e.t = t.name AND e.g = g.tgname
WHERE e.t IS NULL;

-- define: rules
SELECT 8, t.label, 1, rtrim(pg_get_ruledef(w.oid), ';')
FROM relations AS t
JOIN pg_rewrite AS w ON w.ev_class = t.id AND w.ev_type <> '1'
UNION ALL
SELECT 9, t.label, 1, format('ALTER TABLE %s %s RULE %I', t.label,
    CASE w.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
        ELSE 'ENABLE ALWAYS' END, w.rulename)
FROM relations AS t
JOIN pg_rewrite AS w ON w.ev_class = t.id AND w.ev_type <> '1' AND w.ev_enabled <> 'O';

-- A publication of PostgreSQL 15 and later can have columns and a condition for a table. pg_dump 18
-- includes all that: the statement may find it done.
-- define: publications
SELECT 10, t.label, 1, format('DO %L', concat(
    format('BEGIN ALTER PUBLICATION %I ADD TABLE ONLY %s', p.pubname, t.label),
    ' (' || (
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a
        WHERE a.attrelid = t.id
            AND jsonb_contains(j.published -> 'prattrs', to_jsonb(a.attnum))) || ')',
    ' WHERE ' || (
        SELECT to_jsonb(v) ->> 'rowfilter'
        FROM pg_publication_tables AS v
        JOIN pg_namespace AS n ON n.nspname = v.schemaname
        WHERE v.pubname = p.pubname AND n.oid = $1 AND v.tablename = t.name
            AND j.published ->> 'prqual' IS NOT NULL),
    '; EXCEPTION WHEN duplicate_object THEN NULL; END'))
FROM relations AS t
JOIN pg_publication_rel AS r ON r.prrelid = t.id
JOIN pg_publication AS p ON p.oid = r.prpubid
CROSS JOIN LATERAL (SELECT to_jsonb(r)) AS j (published);

-- While security is forced, the owner cannot restore rows.
-- define: forced_policies
SELECT 11, t.label, 1, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.label)
FROM relations AS t
WHERE t.forces_policies;

-- define: comments
SELECT 12, t.label, 1, format('COMMENT ON %s %s IS %L',
    CASE i.type WHEN 'table column' THEN 'COLUMN' WHEN 'table constraint' THEN 'CONSTRAINT'
        WHEN 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END, i.identity,
    c.description)
FROM relations AS t
CROSS JOIN LATERAL (
    SELECT 'pg_class'::regclass, t.id
    UNION ALL
    SELECT 'pg_class'::regclass, x.indexrelid FROM pg_index AS x WHERE x.indrelid = t.id
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint AS k WHERE k.conrelid = t.id
    UNION ALL
    SELECT 'pg_policy'::regclass, p.oid FROM pg_policy AS p WHERE p.polrelid = t.id
    UNION ALL
    SELECT 'pg_rewrite'::regclass, w.oid FROM pg_rewrite AS w WHERE w.ev_class = t.id
    UNION ALL
    SELECT 'pg_statistic_ext'::regclass, o.oid FROM pg_statistic_ext AS o WHERE o.stxrelid = t.id
    UNION ALL
    SELECT 'pg_trigger'::regclass, g.oid FROM pg_trigger AS g WHERE g.tgrelid = t.id
) AS o (class, id)
JOIN pg_description AS c ON c.classoid = o.class AND c.objoid = o.id
CROSS JOIN LATERAL pg_identify_object(c.classoid, c.objoid, c.objsubid) AS i
WHERE t.kind = 'r' AND c.description <> ALL (ARRAY[
    'Every ingested document once, by the SHA-256 of its content',
    'The document of each content hash, and how often the same content was ingested again; '
        'written by the triggers of documents',
    'The trail: who did what to which document, when and why; '
        'written by the triggers of documents',
    'Failed ingestions, for investigation',
    'The login role, whatever user_or_system says; NULL in rows written by 1.0',
    'What extracted document_text, or metadata_extracted if there is no text; NULL if unknown',
    'When that was recorded',
    'Where the file came from; NULL if unknown',
    'Where the file was, within its source; NULL if unknown',
    'The SHA-256 of the file''s content; NULL if unknown',
    'Observations: where documents were seen; '
        'the latest row of a location is what is there now',
    'Later observations of a location have higher numbers',
    'Whose location it is, for example a host',
    'A path, a URL or the key of an object; compared byte for byte',
    'The SHA-256 hash of location, in the bytes of the database''s encoding',
    'The document that was there; NULL if the location had vanished',
    'When the file was modified, if the client said so',
    'What tells the client whether the file has changed, for example size, time and inode, '
        'or an ETag',
    'The size of the document',
    'When the document was first seen there',
    'Complete scans of all locations below a root; '
        'a row stands for scans that follow each other without changes',
    'Whose locations these are, for example a host',
    'What was scanned',
    'When the last of these scans began',
    'When it was recorded',
    'Locations that it has seen',
    'Those that were new',
    'Those that had another document',
    'Locations that were gone',
    'Locations that could not be read or ingested']);

-- check: not in dumps: pre-data
-- lists: statements for what pg_dump leaves out, to run before the data is restored
@lists@
SELECT s.statement
FROM (
@dropped_views@
    UNION ALL
@tables@
    UNION ALL
@columns@
    UNION ALL
@sequences@
    UNION ALL
@created_views@
    UNION ALL
@unique_keys@
    UNION ALL
@policies@
) AS s (step, label, number, statement)
ORDER BY s.step, s.label COLLATE "C", s.number, s.statement COLLATE "C";

-- check: not in dumps: post-data
-- lists: statements for what pg_dump leaves out, to run after the data is restored
@lists@
SELECT s.statement
FROM (
@identities@
    UNION ALL
@indexes@
    UNION ALL
@constraints@
    UNION ALL
@statistics@
    UNION ALL
@triggers@
    UNION ALL
@rules@
    UNION ALL
@publications@
    UNION ALL
@forced_policies@
    UNION ALL
@comments@
) AS s (step, label, number, statement)
ORDER BY s.step, s.label COLLATE "C", s.number, s.statement COLLATE "C";
