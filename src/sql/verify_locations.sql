-- The checks of doc_extractor_verify() on where documents were seen. verify_schema.sql explains the
-- format.

-- check: location tables
-- since: 1.2
-- counts: tables or sequences of locations missing, unlogged, or of another owner than documents
SELECT e.name
FROM (VALUES ('document_locations', 'r'), ('document_locations_id_seq', 'S')) AS e (name, kind)
WHERE NOT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_class AS d ON d.relname = 'documents' AND d.relnamespace = $1
    WHERE c.relname = e.name AND c.relnamespace = $1 AND c.relkind = e.kind::"char"
        AND c.relpersistence = 'p' AND c.relowner = d.relowner)
ORDER BY 1;

-- check: location columns
-- since: 1.2
-- counts: columns of document_locations missing or changed
SELECT e.c
FROM (VALUES
    ('id', 'bigint', true,
        format('nextval(%L::regclass)', $1::regnamespace || '.document_locations_id_seq')),
    ('ingestion_source', 'character varying(255)', true, NULL),
    ('location', 'text', true, NULL),
    ('location_key', 'bytea', true, NULL),
    ('document_id', 'bigint', false, NULL),
    ('modified_at', 'timestamp with time zone', false, NULL),
    ('fingerprint', 'text', false, NULL),
    ('size_bytes', 'bigint', false, NULL),
    ('seen_at', 'timestamp with time zone', true, 'now()')
) AS e (c, type, not_null, def)
WHERE NOT EXISTS (
    SELECT FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_class AS r ON r.oid = a.attrelid AND r.relnamespace = $1
    WHERE r.relname = 'document_locations' AND a.attname = e.c AND NOT a.attisdropped
        AND format_type(a.atttypid, a.atttypmod) = e.type AND a.attnotnull = e.not_null
        AND pg_get_expr(d.adbin, d.adrelid) IS NOT DISTINCT FROM e.def)
ORDER BY 1;

-- check: location indexes
-- since: 1.2
-- counts: indexes of document_locations missing, changed or invalid
SELECT e.i
FROM (VALUES
    ('document_locations_pkey', true, '(id)'),
    ('ix_document_locations_current', false, '(ingestion_source, location_key, id)'),
    ('ix_document_locations_document_id', false, '(document_id)')
) AS e (i, is_key, columns)
WHERE NOT EXISTS (
    SELECT FROM pg_index AS x
    JOIN pg_class AS r ON r.oid = x.indrelid
    JOIN pg_class AS c ON c.oid = x.indexrelid
    WHERE r.relnamespace = $1 AND r.relname = 'document_locations' AND c.relname = e.i
        AND x.indisvalid AND x.indisunique = e.is_key AND x.indisprimary = e.is_key
        AND substring(pg_get_indexdef(c.oid) FROM ' USING .*') = ' USING btree ' || e.columns)
ORDER BY 1;

-- Since 18, columns of a single table are printed without its name.
-- check: location views
-- since: 1.2
-- counts: views of locations missing, changed, or of another owner than documents
WITH schema (prefix) AS (
    SELECT format('%I.', n.nspname) FROM pg_namespace AS n WHERE n.oid = $1),
expected (name, definition) AS (
    VALUES ('current_locations', 'SELECT l.id, l.ingestion_source, l.location, l.document_id,
        l.modified_at, l.fingerprint, l.size_bytes, l.seen_at FROM document_locations l
        WHERE ((NOT (EXISTS (SELECT FROM document_locations n
            WHERE (((n.ingestion_source)::text = (l.ingestion_source)::text)
                AND (n.location_key = l.location_key) AND (n.id > l.id)))))
            AND (EXISTS (SELECT FROM documents d WHERE (d.id = l.document_id))))'),
    ('location_history', 'SELECT l.id, l.ingestion_source, l.location, l.document_id,
        l.modified_at, l.fingerprint, l.size_bytes, l.seen_at,
        lead(l.seen_at) OVER (PARTITION BY l.ingestion_source, l.location_key ORDER BY l.id)
            AS replaced_at FROM document_locations l'),
    ('documents_with_locations', 'SELECT d.id AS document_id, d.file_name, d.file_type,
        d.file_size_bytes, COALESCE(p.locations, (0)) AS locations,
        COALESCE(p.first_locations, ''{}''::text[]) AS first_locations
        FROM (documents d LEFT JOIN (SELECT l.document_id, count(*) AS locations,
            (array_agg(l.location ORDER BY l.id))[1:5] AS first_locations
            FROM current_locations l GROUP BY l.document_id) p ON ((p.document_id = d.id)))
        ORDER BY COALESCE(p.locations, (0)) DESC, d.id'))
SELECT e.name
FROM expected AS e
CROSS JOIN schema AS s
WHERE NOT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_class AS d ON d.relname = 'documents' AND d.relnamespace = $1
    WHERE c.relname = e.name AND c.relnamespace = $1 AND c.relkind = 'v'
        AND c.relowner = d.relowner AND c.reloptions IS NULL
        AND regexp_replace(regexp_replace(
                rtrim(replace(pg_get_viewdef(c.oid), s.prefix, ''), chr(59)),
                '[[:space:]]|::bigint', '', 'g'), '(SELECT|,|lead\(|BY)l\.', '\1', 'g')
            = regexp_replace(regexp_replace(replace(e.definition, s.prefix, ''),
                '[[:space:]]', '', 'g'), '(SELECT|,|lead\(|BY)l\.', '\1', 'g'))
ORDER BY 1;

-- A location in other bytes than its key is found by nobody.
-- check: location keys
-- since: 1.2
-- counts: document_locations rows whose location_key is not the SHA-256 hash of their location
SELECT l.id::text
FROM @extschema@.document_locations AS l
WHERE l.location_key <> sha256(convert_to(l.location, getdatabaseencoding()))
ORDER BY l.id;

-- check: locations
-- since: 1.2
-- counts: document_locations rows with a document_id that is not positive, or a negative size
SELECT l.id::text
FROM @extschema@.document_locations AS l
WHERE l.document_id <= 0 OR l.size_bytes < 0
ORDER BY l.id;

-- Numbers that are given out again, after a TRUNCATE, would put new documents into old places.
-- check: locations have documents
-- since: 1.2
-- counts: documents with locations that are not there and were not deleted
SELECT l.document_id::text
FROM @extschema@.document_locations AS l
WHERE NOT EXISTS (
    SELECT FROM @extschema@.documents AS d
    WHERE d.id = l.document_id)
    AND NOT EXISTS (
    SELECT FROM @extschema@.audit_log AS g
    WHERE g.document_id = l.document_id AND g.action = 'deleted')
    AND l.document_id IS NOT NULL
GROUP BY l.document_id
ORDER BY l.document_id;

-- check: location sequences
-- since: 1.2
-- counts: sequences of locations that run backwards, or are behind the ids of their table
SELECT c.relname
FROM @extschema@.document_locations_id_seq AS s
JOIN pg_class AS c ON c.relname = 'document_locations_id_seq' AND c.relnamespace = $1
JOIN pg_sequence AS q ON q.seqrelid = c.oid
CROSS JOIN (SELECT max(id) FROM @extschema@.document_locations) AS p (id)
WHERE q.seqincrement < 0 OR s.last_value < p.id OR s.last_value = p.id AND NOT s.is_called;
