-- The catalogs show no difference between the extension's tables and those of V001's own DDL.
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
CREATE SCHEMA plain;

SET search_path = plain;
\set ECHO none
\i test/helpers/v001.sql
\set ECHO all

-- What a schema holds, as (aspect, object, description), without the schema's own name.
CREATE SCHEMA compare;
SET search_path = compare;
CREATE FUNCTION describe_schema(name text)
RETURNS TABLE (aspect text, object text, description text) LANGUAGE sql STABLE AS $$
WITH relations AS (
    SELECT c.* FROM pg_class c
    WHERE c.relnamespace = name::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), described AS (
    SELECT 'table' AS aspect, c.relname::text AS object,
           concat_ws(' ', c.relkind, c.relpersistence, m.amname, c.reltablespace, c.reloptions,
                     c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
                     c.relhassubclass, c.relhasrules, c.reltoastrelid <> 0, t.relpersistence,
                     t.reloptions, 'columns:', c.relnatts) AS description
    FROM relations c JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
    UNION ALL
    SELECT 'column', c.relname || '.' || a.attname,
           concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), 'not null:', a.attnotnull,
                     'default:', pg_get_expr(d.adbin, d.adrelid), 'storage:', a.attstorage,
                     a.attcompression, 'collation:', l.collname, 'statistics:',
                     coalesce(a.attstattarget, -1),
                     a.attidentity, a.attgenerated, a.attndims, a.attislocal,
                     'dropped:', a.attisdropped)
    FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    UNION ALL
    SELECT 'constraint', c.relname || '.' || n.conname,
           concat_ws(' ', n.contype, pg_get_constraintdef(n.oid), 'deferrable:', n.condeferrable,
                     'deferred:', n.condeferred, 'validated:', n.convalidated, 'on:', n.conkey,
                     'index:', n.conindid::regclass, 'references:', n.confrelid::regclass)
    FROM relations c JOIN pg_constraint n ON n.conrelid = c.oid
    UNION ALL
    SELECT 'index', i.indexrelid::regclass::text,
           concat_ws(' ', pg_get_indexdef(i.indexrelid), 'unique:', i.indisunique, 'primary:',
                     i.indisprimary, 'valid:', i.indisvalid, 'ready:', i.indisready, 'immediate:',
                     i.indimmediate, 'clustered:', i.indisclustered, 'replica identity:',
                     i.indisreplident, x.reloptions)
    FROM relations c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
    UNION ALL
    SELECT 'sequence', q.sequencename::text,
           concat_ws(' ', q.data_type, q.start_value, q.min_value, q.max_value, q.increment_by,
                     q.cycle, q.cache_size, 'owned by:', d.refobjid::regclass, d.refobjsubid,
                     d.deptype)
    FROM pg_sequences q
    JOIN pg_class s ON s.oid = format('%I.%I', q.schemaname, q.sequencename)::regclass
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    WHERE q.schemaname = name
)
SELECT aspect, replace(object, name || '.', ''), replace(description, name || '.', '')
FROM described
$$;

-- The differences in both directions; there must be none.
CREATE VIEW differences AS
SELECT 'only V001' AS side, v.* FROM
    (SELECT * FROM describe_schema('plain') EXCEPT SELECT * FROM describe_schema('docs')) v
UNION ALL
SELECT 'only the extension', e.* FROM
    (SELECT * FROM describe_schema('docs') EXCEPT SELECT * FROM describe_schema('plain')) e;

-- There is something to compare: 4 tables with 34 columns, 8 constraints, 13 indexes, 4 sequences.
SELECT aspect, count(*)
FROM describe_schema('docs') WHERE description !~ '^n ' GROUP BY aspect ORDER BY aspect;
SELECT * FROM differences ORDER BY side, aspect, object;

-- What a description looks like, for one object of each kind.
SELECT * FROM describe_schema('docs')
WHERE object IN ('hash_index.hash_index_document_id_fkey', 'documents.file_name',
                 'hash_index_id_seq', 'ix_documents_file_type')
ORDER BY aspect, object;

-- The comparison can fail: each change is one in another aspect, and is undone.
CREATE FUNCTION differences_after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE change;
    SELECT string_agg(side || ': ' || aspect || ' ' || object, ', ' ORDER BY side, aspect, object)
    INTO found FROM differences;
    RAISE EXCEPTION USING message = found;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END
$$;
SELECT change, differences_after(change) FROM (VALUES
    (1, 'ALTER TABLE plain.documents ALTER file_type TYPE varchar(51)'),
    (2, 'ALTER TABLE plain.hash_index ALTER last_seen DROP DEFAULT'),
    (3, 'ALTER TABLE plain.documents ALTER document_text SET STORAGE EXTERNAL'),
    (4, 'ALTER TABLE plain.error_log ADD severity int'),
    (5, 'ALTER TABLE plain.audit_log ALTER CONSTRAINT audit_log_document_id_fkey DEFERRABLE'),
    (6, 'ALTER TABLE plain.documents DROP CONSTRAINT documents_file_hash_key'),
    (7, 'DROP INDEX plain.ix_documents_file_type'),
    (8, 'ALTER INDEX plain.ix_hash_index_file_hash RENAME TO ix_hash_index_hash'),
    (9, 'ALTER SEQUENCE plain.error_log_id_seq CACHE 10'),
    (10, 'ALTER SEQUENCE plain.error_log_id_seq OWNED BY NONE'),
    (11, 'ALTER TABLE plain.error_log SET UNLOGGED'),
    (12, 'ALTER TABLE plain.audit_log SET (fillfactor = 90)'),
    (13, 'CREATE TABLE plain.extra (id int)')) AS changes (number, change) ORDER BY number;
SELECT count(*) FROM differences;

-- What the extension has beyond V001: its triggers, no other rule or policy.
SELECT tgrelid::regclass AS "table", tgname, tgenabled,
       replace(pg_get_triggerdef(oid), 'docs.', '') AS definition
FROM pg_trigger
WHERE NOT tgisinternal
  AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'docs'::regnamespace)
ORDER BY tgrelid::regclass::text, tgname;
SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = 'docs'::regnamespace;

SET client_min_messages = warning;
RESET search_path;
DROP SCHEMA plain, compare CASCADE;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs;
