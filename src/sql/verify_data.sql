-- The checks of doc_extractor_verify() on the data. verify_schema.sql explains the format.

-- check: documents are indexed
-- counts: documents without their hash_index row
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE NOT EXISTS (
    SELECT FROM @extschema@.hash_index AS h
    WHERE h.document_id = d.id AND h.file_hash = d.file_hash)
ORDER BY d.id;

-- check: index has documents
-- counts: hash_index rows without their document
SELECT h.id::text
FROM @extschema@.hash_index AS h
WHERE NOT EXISTS (
    SELECT FROM @extschema@.documents AS d
    WHERE d.id = h.document_id AND d.file_hash = h.file_hash)
ORDER BY h.id;

-- A second row is forged, or a restore has doubled the trail. For adopted documents, the trail row of
-- the last one speaks for all. Its user_or_system is empty, which neither the functions nor the
-- triggers write for anybody.
-- check: documents have a trail
-- counts: documents without one "ingested" trail row, or with several
SELECT d.id::text
FROM @extschema@.documents AS d
LEFT JOIN @extschema@.audit_log AS a ON a.document_id = d.id AND a.action = 'ingested'
WHERE d.id > coalesce((
        SELECT max(m.document_id) FROM @extschema@.audit_log AS m
        WHERE m.action = 'ingested' AND m.user_or_system = ''
            AND m.change_reason = 'adopted with all documents before'), 0)
GROUP BY d.id
HAVING count(a.document_id) <> 1
ORDER BY d.id;

-- check: trail has documents
-- counts: documents in the trail that are not there and were not deleted
SELECT a.document_id::text
FROM @extschema@.audit_log AS a
WHERE NOT EXISTS (
    SELECT FROM @extschema@.documents AS d
    WHERE d.id = a.document_id)
    AND NOT EXISTS (
    SELECT FROM @extschema@.audit_log AS g
    WHERE g.document_id = a.document_id AND g.action = 'deleted')
GROUP BY a.document_id
ORDER BY a.document_id;

-- check: hashes
-- counts: documents whose file_hash is not a SHA-256 hash
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE length(d.file_hash) <> 64 OR d.file_hash COLLATE "C" ~ '[^0-9a-f]'
ORDER BY d.id;

-- check: statuses
-- counts: documents whose ingestion_status is not valid
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE d.ingestion_status NOT IN ('success', 'failed', 'retry')
ORDER BY d.id;

-- check: actions
-- counts: audit_log rows whose action is not valid
SELECT a.id::text
FROM @extschema@.audit_log AS a
WHERE a.action NOT IN ('ingested', 'updated', 'deleted', 'classified', 'tagged', 'error')
ORDER BY a.id;

-- check: values
-- counts: documents with a blank file_name or file_type, or a negative size
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE d.file_size_bytes < 0 OR btrim(d.file_name, E' \t\n\f\r') = ''
    OR btrim(d.file_type, E' \t\n\f\r') = ''
ORDER BY d.id;

-- check: counts
-- counts: hash_index rows with a negative count, or last seen before they were first seen
SELECT h.id::text
FROM @extschema@.hash_index AS h
WHERE h.duplicate_count < 0 OR h.last_seen < h.first_seen
ORDER BY h.id;

-- The last hundredth of the ids is left for the time that a wider type takes.
-- check: sequences
-- counts: sequences that run backwards, are behind the ids of their table, or are about to end
WITH positions (name, last, is_called, id) AS (
    SELECT 'documents', s.last_value, s.is_called, (SELECT max(id) FROM @extschema@.documents)
    FROM @extschema@.documents_id_seq AS s
    UNION ALL
    SELECT 'hash_index', s.last_value, s.is_called, (SELECT max(id) FROM @extschema@.hash_index)
    FROM @extschema@.hash_index_id_seq AS s
    UNION ALL
    SELECT 'audit_log', s.last_value, s.is_called, (SELECT max(id) FROM @extschema@.audit_log)
    FROM @extschema@.audit_log_id_seq AS s
    UNION ALL
    SELECT 'error_log', s.last_value, s.is_called, (SELECT max(id) FROM @extschema@.error_log)
    FROM @extschema@.error_log_id_seq AS s),
sequences (name, last, is_called, id, increment, ends) AS (
    SELECT c.relname, p.last, p.is_called, p.id, q.seqincrement, least(q.seqmax,
        CASE format_type(a.atttypid, NULL) WHEN 'bigint' THEN 9223372036854775807
            ELSE 2147483647 END)
    FROM positions AS p
    JOIN pg_class AS t ON t.relname = p.name AND t.relnamespace = $1
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'id'
    JOIN pg_class AS c ON c.relname = concat(p.name, '_id_seq') AND c.relnamespace = $1
    JOIN pg_sequence AS q ON q.seqrelid = c.oid)
SELECT s.name
FROM sequences AS s
WHERE s.increment < 0 OR s.last < s.id OR s.last = s.id AND NOT s.is_called
    OR s.last >= s.ends - s.ends / 100
ORDER BY 1;
