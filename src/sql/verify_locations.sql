-- The checks of doc_extractor_verify() on where documents were seen, and on scans. verify_schema.sql
-- explains the format, and checks the tables.

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

-- With a cache of more than one, a session's next location can get a lower id than one that another
-- session has stored before, and would not be the latest.
-- check: location sequences
-- since: 1.2
-- counts: sequences of locations and scans that run backwards, are behind the ids of their table, or cache ids of locations
WITH positions (name, last, is_called, id) AS (
    SELECT 'document_locations_id_seq', s.last_value, s.is_called,
        (SELECT max(id) FROM @extschema@.document_locations)
    FROM @extschema@.document_locations_id_seq AS s
    UNION ALL
    SELECT 'scans_id_seq', s.last_value, s.is_called, (SELECT max(id) FROM @extschema@.scans)
    FROM @extschema@.scans_id_seq AS s)
SELECT p.name
FROM positions AS p
JOIN pg_class AS c ON c.relname = p.name AND c.relnamespace = $1
JOIN pg_sequence AS q ON q.seqrelid = c.oid
WHERE q.seqincrement < 0 OR p.last < p.id OR p.last = p.id AND NOT p.is_called
    OR p.name = 'document_locations_id_seq' AND q.seqcache > 1
ORDER BY 1;
