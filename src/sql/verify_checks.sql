-- The checks of doc_extractor_verify(), in the order of its result.
--
-- A check begins with its name and with what it counts. Its query returns a row for each thing that
-- is wrong: one text that names it. In the query, @extschema@ is the schema of the ledger, and $1 its
-- oid. It runs as the owner of the tables, with pg_catalog first in search_path.
--
-- make turns this file into strings for verify.c, with verify_checks.awk.

-- check: tables
-- counts: missing tables
SELECT e.t
FROM (VALUES ('documents'), ('hash_index'), ('audit_log'), ('error_log')) AS e (t)
WHERE NOT EXISTS (
    SELECT FROM pg_class AS c
    WHERE c.relname = e.t AND c.relnamespace = $1 AND c.relkind = 'r')
ORDER BY 1;

-- check: columns
-- counts: columns missing or changed
SELECT e.t || '.' || e.c
FROM (VALUES
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
) AS e (t, c, type, not_null, def)
WHERE NOT EXISTS (
    SELECT FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_class AS r ON r.oid = a.attrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND a.attname = e.c AND NOT a.attisdropped
        AND format_type(a.atttypid, a.atttypmod) IN (e.type, CASE e.type WHEN 'json' THEN 'jsonb' END)
        AND a.attnotnull = e.not_null
        AND pg_get_expr(d.adbin, d.adrelid) IS NOT DISTINCT FROM e.def)
ORDER BY 1;

-- check: indexes
-- counts: indexes missing, changed or invalid
SELECT e.i
FROM (VALUES
    ('documents', 'ix_documents_ingestion_timestamp', '(ingestion_timestamp)'),
    ('documents', 'ix_documents_file_type', '(file_type)'),
    ('audit_log', 'ix_audit_log_document_id', '(document_id)'),
    ('audit_log', 'ix_audit_log_action_timestamp', '(action_timestamp)'),
    ('error_log', 'ix_error_log_error_timestamp', '(error_timestamp)'),
    ('error_log', 'ix_error_log_file_name', '(file_name) WHERE (NOT retry_attempted)')
) AS e (t, i, columns)
WHERE NOT EXISTS (
    SELECT FROM pg_index AS x
    JOIN pg_class AS r ON r.oid = x.indrelid
    JOIN pg_class AS c ON c.oid = x.indexrelid
    WHERE r.relnamespace = $1 AND r.relname = e.t AND c.relname = e.i
        AND x.indisvalid AND NOT x.indisunique
        AND substring(pg_get_indexdef(c.oid) FROM ' USING .*') = ' USING btree ' || e.columns)
ORDER BY 1;

-- check: constraints
-- counts: constraints missing, changed or not validated
SELECT e.k
FROM (VALUES
    ('documents', 'documents_pkey', 'PRIMARY KEY (id)'),
    ('documents', 'ix_documents_file_hash', 'UNIQUE (file_hash)'),
    ('hash_index', 'hash_index_pkey', 'PRIMARY KEY (id)'),
    ('hash_index', 'ix_hash_index_file_hash', 'UNIQUE (file_hash)'),
    ('audit_log', 'audit_log_pkey', 'PRIMARY KEY (id)'),
    ('error_log', 'error_log_pkey', 'PRIMARY KEY (id)')
) AS e (t, k, def)
WHERE NOT EXISTS (
    SELECT FROM pg_constraint AS k
    LEFT JOIN pg_index AS x ON x.indexrelid = k.conindid
    JOIN pg_class AS r ON r.oid = k.conrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND k.conname = e.k
        AND k.convalidated AND x.indisvalid
        AND pg_get_constraintdef(k.oid) = e.def)
ORDER BY 1;

-- check: triggers
-- counts: triggers missing, changed or disabled
SELECT e.g
FROM (VALUES
    ('documents', 'documents_before_update', 'O', 'documents_before_update', 19, 0),
    ('documents', 'documents_after_insert', 'O', 'documents_after_insert', 4, 1),
    ('documents', 'documents_after_update', 'O', 'documents_after_update', 16, 1),
    ('documents', 'documents_after_delete', 'O', 'documents_after_delete', 8, 0),
    ('documents', 'documents_refuse_truncate', 'A', 'documents_refuse_truncate', 34, 0),
    ('audit_log', 'audit_log_check_actions', 'O', 'audit_log_check_actions', 4, 0),
    ('audit_log', 'audit_log_refuse_change', 'A', 'audit_log_refuse_change', 27, 0),
    ('audit_log', 'audit_log_refuse_truncate', 'A', 'audit_log_refuse_change', 34, 0),
    ('document_inbox', 'document_inbox_before_insert', 'O', 'document_inbox_before_insert', 6, 0),
    ('document_inbox', 'document_inbox_insert', 'O', 'document_inbox_insert', 69, 0),
    ('document_inbox', 'document_inbox_after_insert', 'O', 'document_inbox_after_insert', 4, 0)
) AS e (t, g, enabled, f, type, arguments)
WHERE NOT EXISTS (
    SELECT FROM pg_trigger AS g
    JOIN pg_proc AS p ON p.oid = g.tgfoid
    JOIN pg_class AS r ON r.oid = g.tgrelid AND r.relnamespace = $1
    WHERE r.relname = e.t AND g.tgname = e.g AND g.tgenabled = e.enabled
        AND g.tgtype = e.type AND g.tgnargs = e.arguments
        AND g.tgqual IS NULL AND g.tgattr = ''
        AND p.proname = e.f AND p.pronamespace = $1)
ORDER BY 1;

-- check: event triggers
-- counts: event triggers missing or disabled
SELECT e.g
FROM (VALUES ('doc_extractor_ddl_start'), ('doc_extractor_ddl_end')) AS e (g)
WHERE NOT EXISTS (
    SELECT FROM pg_event_trigger AS g
    JOIN pg_proc AS p ON p.oid = g.evtfoid
    WHERE g.evtname = e.g AND g.evtenabled = 'A' AND p.pronamespace = $1)
ORDER BY 1;

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
