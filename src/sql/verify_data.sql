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

-- For adopted documents, the trail row of the last one speaks for all.
-- check: documents have a trail
-- counts: documents without their "ingested" trail row
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE NOT EXISTS (
    SELECT FROM @extschema@.audit_log AS a
    WHERE a.document_id = d.id AND a.action = 'ingested')
    AND d.id > coalesce((
        SELECT max(a.document_id) FROM @extschema@.audit_log AS a
        WHERE a.action = 'ingested'
            AND a.change_reason = 'adopted with all documents before'), 0)
ORDER BY d.id;

-- check: hashes
-- counts: documents whose file_hash is not a SHA-256 hash
SELECT d.id::text
FROM @extschema@.documents AS d
WHERE length(d.file_hash) <> 64 OR btrim(d.file_hash, '0123456789abcdef') <> ''
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

-- check: sequences
-- counts: sequences behind the ids of their table
SELECT 'documents_id_seq'
FROM @extschema@.documents_id_seq AS s, (SELECT max(id) FROM @extschema@.documents) AS m (id)
WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called
UNION ALL
SELECT 'hash_index_id_seq'
FROM @extschema@.hash_index_id_seq AS s, (SELECT max(id) FROM @extschema@.hash_index) AS m (id)
WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called
UNION ALL
SELECT 'audit_log_id_seq'
FROM @extschema@.audit_log_id_seq AS s, (SELECT max(id) FROM @extschema@.audit_log) AS m (id)
WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called
UNION ALL
SELECT 'error_log_id_seq'
FROM @extschema@.error_log_id_seq AS s, (SELECT max(id) FROM @extschema@.error_log) AS m (id)
WHERE s.last_value < m.id OR s.last_value = m.id AND NOT s.is_called
ORDER BY 1;
