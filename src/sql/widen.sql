-- The queries of widen.c. They read catalogs only, with nothing but pg_catalog in search_path.
--
-- The parameters are the schema of the ledger, whether types get wider (or narrower), whether those of
-- times do, and one that each query has for itself. queries.awk turns the queries into C strings.

-- The columns of V001 that change their types now.
-- define: changes
changes (id, name, label, number, col, type, is_time) AS MATERIALIZED (
    SELECT c.oid, c.relname, format('%I.%I', n.nspname, c.relname), a.attnum, a.attname,
        format_type(CASE WHEN a.atttypid IN ('int4'::regtype, 'int8'::regtype)
            THEN CASE WHEN $2 THEN 'int8'::regtype ELSE 'int4'::regtype END
            ELSE CASE WHEN $2 THEN 'timestamptz'::regtype ELSE 'timestamp'::regtype END
        END, a.atttypmod), a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)
    FROM (VALUES
        ('documents', 'id'), ('documents', 'file_size_bytes'),
        ('documents', 'ingestion_timestamp'), ('documents', 'created_at'),
        ('documents', 'updated_at'),
        ('hash_index', 'id'), ('hash_index', 'document_id'), ('hash_index', 'first_seen'),
        ('hash_index', 'duplicate_count'), ('hash_index', 'last_seen'),
        ('audit_log', 'id'), ('audit_log', 'document_id'), ('audit_log', 'action_timestamp'),
        ('error_log', 'id'), ('error_log', 'error_timestamp')) AS v (name, col)
    JOIN pg_class AS c ON c.relname = v.name AND c.relnamespace = $1 AND c.relkind = 'r'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = v.col
    WHERE a.atttypid = CASE WHEN $2 THEN 'int4'::regtype ELSE 'int8'::regtype END
        OR $3 AND a.atttypid = CASE WHEN $2 THEN 'timestamp'::regtype ELSE 'timestamptz'::regtype END
);

-- define: sequences
sequences (id, label, last) AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname), pg_sequence_last_value(c.oid)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_sequence AS q ON q.seqrelid = c.oid
    WHERE c.relnamespace = $1 AND c.relname = ANY (ARRAY['documents_id_seq', 'hash_index_id_seq',
            'audit_log_id_seq', 'error_log_id_seq'])
        AND CASE WHEN $2 THEN q.seqtypid <> 'int8'::regtype
            /* What a user has set stays. */
            ELSE q.seqtypid = 'int8'::regtype AND q.seqmax = 9223372036854775807
                AND q.seqmin >= -2147483648 END
);

-- All that depends on the columns, in tables that inherit them, too, and what depends on that in turn.
-- Plain indexes, keys, defaults and statistics change with their column. An expression of an index has
-- its columns in the text of a pg_node_tree.
-- define: dependents
tables (id, root) AS (
    SELECT DISTINCT c.id, c.id FROM changes AS c
    UNION
    SELECT i.inhrelid, t.root FROM pg_inherits AS i JOIN tables AS t ON i.inhparent = t.id
),
columns (id, number) AS (
    SELECT t.id, a.attnum
    FROM tables AS t
    JOIN changes AS c ON c.id = t.root
    JOIN pg_attribute AS a ON a.attrelid = t.id AND a.attname = c.col
),
objects (class, id, part) AS (
    SELECT d.classid, d.objid, d.objsubid
    FROM columns AS l
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = l.id
        AND d.refobjsubid = l.number
    LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
    LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
        AND f.adrelid = l.id AND f.adnum = l.number
    WHERE f.oid IS NULL AND d.classid <> 'pg_statistic_ext'::regclass
        AND c.relkind IS DISTINCT FROM 'S'
        AND (k.oid IS NULL OR k.contype = 'c')
        AND (i.indexrelid IS NULL OR concat(i.indexprs, i.indpred)
            ~ format(':varattno %s[^0-9]', l.number))
    UNION
    /* Columns of other tables that hold rows of these. */
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum
    FROM tables AS t
    JOIN pg_type AS y ON y.typrelid = t.id
    JOIN pg_attribute AS a ON a.atttypid IN (y.oid, y.typarray) AND NOT a.attisdropped
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'p', 'f')
    UNION
    SELECT n.class, n.id, n.part
    FROM objects AS o
    CROSS JOIN LATERAL (
        SELECT 'pg_class'::regclass, w.ev_class, 0
        FROM pg_rewrite AS w
        WHERE o.class = 'pg_rewrite'::regclass AND w.oid = o.id AND w.ev_type = '1'
        UNION ALL
        SELECT d.classid, d.objid, d.objsubid
        FROM pg_depend AS d
        WHERE d.refclassid = o.class AND d.refobjid = o.id
            AND (d.refobjsubid = o.part OR o.part = 0)
            AND d.deptype IN ('n', 'a', 'i')
    ) AS n (class, id, part)
);

-- The views of the extension itself make way, and come again with what has been set on them. A view
-- comes after those that it uses.
-- define: views
views (id, name, label, owner, acl, options) AS MATERIALIZED (
    SELECT c.oid, c.relname, format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl,
        c.reloptions
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relnamespace = $1 AND c.relkind = 'v'
        AND c.oid IN (SELECT o.id FROM objects AS o
            WHERE o.class = 'pg_class'::regclass AND o.part = 0)
        AND EXISTS (SELECT FROM pg_depend AS d
            JOIN pg_extension AS x ON x.oid = d.refobjid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                AND d.refclassid = 'pg_extension'::regclass AND x.extname = 'doc_extractor')
),
uses (id, used) AS (
    SELECT w.ev_class, d.refobjid
    FROM views AS v
    JOIN pg_rewrite AS w ON w.ev_class = v.id
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
    UNION
    SELECT u.id, d.refobjid
    FROM uses AS u
    JOIN pg_rewrite AS w ON w.ev_class = u.used
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
);

-- What of users stands in the way, as one text, or NULL.
-- define: obstacles
obstacles (name) AS (
    SELECT DISTINCT format('%s %s', i.type, i.identity)
    FROM objects AS o
    CROSS JOIN LATERAL pg_identify_object(o.class, o.id, o.part) AS i
    WHERE i.type IS NOT NULL
        AND o.class <> 'pg_type'::regclass
        AND NOT EXISTS (SELECT FROM pg_rewrite AS w
            WHERE o.class = 'pg_rewrite'::regclass AND w.oid = o.id AND w.ev_type = '1')
        AND NOT EXISTS (SELECT FROM pg_attrdef AS f JOIN pg_class AS c ON c.oid = f.adrelid
            WHERE o.class = 'pg_attrdef'::regclass AND f.oid = o.id AND c.relkind = 'v')
        AND NOT (o.class = 'pg_class'::regclass AND o.part = 0
            AND o.id IN (SELECT v.id FROM views AS v))
    UNION
    SELECT format('%s %s', i.type, i.identity)
    FROM pg_rewrite AS w
    JOIN tables AS t ON t.id = w.ev_class
    CROSS JOIN LATERAL pg_identify_object('pg_rewrite'::regclass, w.oid, 0) AS i
    UNION
    SELECT format('parent table %s', i.inhparent::regclass)
    FROM pg_inherits AS i
    JOIN tables AS t ON i.inhrelid = t.id
    WHERE i.inhparent NOT IN (SELECT t.id FROM tables AS t)
);

-- query: obstacles_query
WITH RECURSIVE
@changes@
,
@dependents@
,
@views@
,
@obstacles@
SELECT string_agg(o.name, ', ' ORDER BY o.name COLLATE "C") FROM obstacles AS o;

-- What there is to do: an action, its object, and the size of a table that is rewritten.
-- query: plan_query
WITH RECURSIVE
@changes@
,
@sequences@
,
@dependents@
,
@views@
,
@obstacles@
SELECT p.action, p.object, p.bytes
FROM (
    SELECT 1, 'in the way', o.name, NULL::bigint FROM obstacles AS o
    UNION ALL
    SELECT 2, 'rewrite', 'table ' || c.label, pg_total_relation_size(c.id)
    FROM (SELECT DISTINCT c.id, c.label FROM changes AS c) AS c
    UNION ALL
    SELECT 3, 'alter', 'sequence ' || s.label, NULL FROM sequences AS s
    UNION ALL
    SELECT 4, 'create again', 'view ' || v.label, NULL FROM views AS v
) AS p (step, action, object, bytes)
ORDER BY p.step, p.object COLLATE "C";

-- What is locked beside the four tables: views, sequences, child tables, and tables at the other end of
-- foreign keys, which are checked again.
-- query: relations_query
WITH RECURSIVE
@changes@
,
@sequences@
,
@dependents@
,
@views@
SELECT v.id::bigint FROM views AS v
UNION
SELECT s.id::bigint FROM sequences AS s
UNION
SELECT t.id::bigint FROM tables AS t
UNION
SELECT k.conrelid::bigint
FROM tables AS t
JOIN pg_constraint AS k ON k.contype = 'f' AND k.confrelid = t.id
UNION
SELECT k.confrelid::bigint
FROM tables AS t
JOIN pg_constraint AS k ON k.contype = 'f' AND k.conrelid = t.id;

-- The statements that change the types, in the order of the locks; those of times only, if the fourth
-- parameter says that numbers do not fit.
-- query: change_query
WITH
@changes@
,
@sequences@
SELECT s.statement
FROM (
    SELECT CASE c.name WHEN 'documents' THEN 1 WHEN 'hash_index' THEN 2 WHEN 'audit_log' THEN 3
            ELSE 4 END, format('ALTER TABLE %s %s', c.label,
        string_agg(format('ALTER COLUMN %I TYPE %s', c.col, c.type), ', ' ORDER BY c.number))
    FROM changes AS c
    WHERE c.is_time OR NOT $4
    GROUP BY c.name, c.label
    UNION ALL
    SELECT 5, format('ALTER SEQUENCE %s AS %s', s.label,
        CASE WHEN $2 THEN 'bigint' ELSE 'integer' END)
    FROM sequences AS s
    WHERE NOT $4
) AS s (step, statement)
ORDER BY s.step, s.statement COLLATE "C";

-- What does not fit into narrower types: what to count, and how to say it.
-- query: misfits_query
WITH
@changes@
,
@sequences@
SELECT CASE WHEN c.is_time
        THEN format('SELECT count(*) FROM %s WHERE %I::timestamp::timestamptz <> %2$I',
            c.label, c.col)
        ELSE format('SELECT count(*) FROM %s WHERE %I NOT BETWEEN -2147483648 AND 2147483647',
            c.label, c.col) END,
    concat(CASE WHEN c.is_time THEN 'times in ' ELSE 'numbers in ' END, c.name, '.', c.col)
        COLLATE "C",
    c.is_time
FROM changes AS c
UNION ALL
SELECT 'SELECT 1::bigint', concat('value of sequence ', s.label) COLLATE "C", false
FROM sequences AS s
WHERE s.last > 2147483647
ORDER BY 2;

-- The statements that drop the views (in phase 0) and those that make them again: with the role
-- that has to run them, if that is not the one that drops it. What its owner wrote, a query or a
-- default, runs as the owner: constants of the owner's types run code when they are parsed. (A script
-- that is making the ledger has just written the query itself.) What another role gave on is
-- given by that role again. A right that is given to a member while a script of the extension runs,
-- or that a view has when it becomes a member, would be missing in dumps; so the rights come last.
-- query: views_query
WITH RECURSIVE
@changes@
,
@dependents@
,
@views@
,
grants (id, col, acl) AS (
    SELECT v.id, NULL::name, v.acl FROM views AS v
    UNION ALL
    SELECT v.id, a.attname, a.attacl
    FROM views AS v
    JOIN pg_attribute AS a ON a.attrelid = v.id AND a.attacl IS NOT NULL
),
givers (id, maker, names) AS (
    SELECT v.id, pg_get_userbyid(m.id), (
        SELECT string_agg(DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC'
            ELSE quote_ident(pg_get_userbyid(x.grantee)) END, ', ')
        FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS x
        WHERE d.defaclobjtype = 'r' AND d.defaclrole = m.id AND d.defaclnamespace IN (0, $1))
    FROM views AS v
    CROSS JOIN LATERAL (SELECT CASE WHEN $4 THEN quote_ident(current_user)::regrole::oid
        ELSE v.owner END) AS m (id)
)
SELECT s.role::bigint, s.statement, s.phase::bigint
FROM (
    SELECT 0, 0::bigint, 0, 0::bigint, NULL::oid,
        format('ALTER EXTENSION doc_extractor DROP VIEW %s', v.label)
    FROM views AS v
    WHERE NOT $4
    UNION ALL
    SELECT 0, 0, 1, 0, NULL, 'DROP VIEW ' || string_agg(v.label, ', ') FROM views AS v
    UNION ALL
    SELECT 1, n.uses, s.step, s.number, s.role, s.statement
    FROM views AS v
    CROSS JOIN LATERAL (SELECT count(*) FROM uses AS u JOIN views AS w ON w.id = u.used
        WHERE u.id = v.id) AS n (uses)
    CROSS JOIN LATERAL (
        SELECT 1, 0::bigint, CASE WHEN NOT $4 THEN v.owner END, format('CREATE VIEW %s%s AS %s', v.label,
            ' WITH (' || array_to_string(v.options, ', ') || ')',
            rtrim(pg_get_viewdef(v.id), ';'))
        UNION ALL
        SELECT 2, 0, NULL, format('REVOKE ALL ON %s FROM %s', v.label, g.names)
        FROM givers AS g WHERE g.id = v.id AND g.names IS NOT NULL
        UNION ALL
        SELECT 2, 1, NULL, format('GRANT ALL ON %s TO %I', v.label, g.maker)
        FROM givers AS g WHERE g.id = v.id AND g.names IS NOT NULL
        UNION ALL
        SELECT 3, 0, NULL, format('ALTER VIEW %s OWNER TO %I', v.label, pg_get_userbyid(v.owner))
        WHERE $4 AND pg_get_userbyid(v.owner) <> current_user
        UNION ALL
        SELECT 4, 0, NULL, format('ALTER EXTENSION doc_extractor ADD VIEW %s', v.label)
        WHERE NOT $4
        UNION ALL
        SELECT 5, 0, NULL, format('REVOKE ALL ON %s FROM %I', v.label, pg_get_userbyid(v.owner))
        WHERE v.acl IS NOT NULL
        UNION ALL
        SELECT CASE WHEN g.col IS NULL THEN 6 ELSE 7 END, min(x.number),
            nullif(x.grantor, v.owner), format('GRANT %s ON %s TO %s%s',
            string_agg(concat(x.privilege_type, ' (' || quote_ident(g.col) || ')'), ', '), v.label,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM grants AS g
        CROSS JOIN LATERAL aclexplode(g.acl)
            WITH ORDINALITY AS x (grantor, grantee, privilege_type, is_grantable, number)
        WHERE g.id = v.id
        GROUP BY g.col, x.grantor, x.grantee, x.is_grantable
        UNION ALL
        SELECT 8, c.objsubid, NULL, format('COMMENT ON %s %s IS %L',
            CASE c.objsubid WHEN 0 THEN 'VIEW' ELSE 'COLUMN' END,
            concat_ws('.', v.label, quote_ident(a.attname)), c.description)
        FROM pg_description AS c
        LEFT JOIN pg_attribute AS a ON a.attrelid = v.id AND a.attnum = c.objsubid
            AND c.objsubid > 0
        WHERE c.classoid = 'pg_class'::regclass AND c.objoid = v.id
        UNION ALL
        SELECT 9, a.attnum, v.owner, format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', v.label,
            a.attname, pg_get_expr(f.adbin, f.adrelid))
        FROM pg_attrdef AS f
        JOIN pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
        WHERE f.adrelid = v.id
    ) AS s (step, number, role, statement)
) AS s (phase, uses, step, number, role, statement)
WHERE s.statement IS NOT NULL
ORDER BY s.phase, s.uses, s.step, s.number, s.statement COLLATE "C";
