-- Creates the tables to compare: docs has the extension's, bare has the same without a trigger or
-- foreign key, peer has the same with hash_index's foreign key, for PL/pgSQL, logged is as bare, for
-- another extension's trail.

CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
-- The benchmark empties the tables many times.
ALTER TABLE docs.documents DISABLE TRIGGER documents_refuse_truncate;
ALTER TABLE docs.audit_log DISABLE TRIGGER audit_log_refuse_truncate;

CREATE SCHEMA bare;
CREATE SCHEMA peer;
CREATE SCHEMA logged;
SELECT format('CREATE TABLE %1$s.%2$s (LIKE docs.%2$s INCLUDING ALL)', ledger, tablename),
       format('CREATE SEQUENCE %1$s.%2$s_id_seq AS int OWNED BY %1$s.%2$s.id',
              ledger, tablename),
       format('ALTER TABLE %1$s.%2$s ALTER id SET DEFAULT nextval(''%1$s.%2$s_id_seq'')',
              ledger, tablename)
FROM (VALUES ('bare'), ('peer'), ('logged')) AS ledgers (ledger),
     (VALUES ('documents'), ('hash_index'), ('audit_log')) AS tables (tablename)
\gexec
-- LIKE does not copy the fillfactor.
ALTER TABLE bare.hash_index SET (fillfactor = 50);
ALTER TABLE peer.hash_index SET (fillfactor = 50);
ALTER TABLE logged.hash_index SET (fillfactor = 50);
ALTER TABLE peer.hash_index
    ADD FOREIGN KEY (document_id) REFERENCES peer.documents (id) ON DELETE CASCADE;

-- Does the work of docs.ingest_document(), in PL/pgSQL.
CREATE FUNCTION peer.ingest_document(
    name text, content bytea, type text, source text DEFAULT 'manual',
    body text DEFAULT NULL, metadata json DEFAULT NULL,
    status text DEFAULT 'success', message text DEFAULT NULL,
    OUT id bigint, OUT is_duplicate bool, OUT hash text, OUT count bigint)
LANGUAGE plpgsql AS $$
DECLARE
    found_status text;
BEGIN
    IF name = '' OR type = '' OR status NOT IN ('success', 'failed', 'retry') THEN
        RAISE invalid_parameter_value;
    END IF;
    hash := encode(sha256(content), 'hex');
    LOOP
        SELECT d.id, d.ingestion_status INTO id, found_status
        FROM peer.documents AS d WHERE d.file_hash = hash;
        IF NOT FOUND THEN
            INSERT INTO peer.documents
                (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                 document_text, metadata_extracted, ingestion_status, error_message)
            VALUES (name, length(content), hash, type, source, body, metadata, status, message)
            ON CONFLICT (file_hash) DO NOTHING
            RETURNING documents.id INTO id;
            CONTINUE WHEN NOT FOUND;
            INSERT INTO peer.hash_index (file_hash, document_id) VALUES (hash, id);
            INSERT INTO peer.audit_log (document_id, action, user_or_system, db_user, new_value)
            VALUES (id, 'ingested', session_user, session_user,
                CASE WHEN body IS NULL AND metadata IS NULL AND message IS NULL THEN
                    json_build_object('file_name', name, 'file_size_bytes', length(content),
                        'file_hash', hash, 'file_type', type, 'ingestion_source', source,
                        'ingestion_status', status)
                ELSE
                    json_strip_nulls(json_build_object('file_name', name,
                        'file_size_bytes', length(content), 'file_hash', hash, 'file_type', type,
                        'ingestion_source', source, 'document_text',
                        CASE WHEN octet_length(body) > 8192 THEN
                            json_build_object('length', octet_length(body),
                                'sha256', encode(sha256(convert_to(body, 'UTF8')), 'hex'))
                        ELSE to_json(body) END,
                        'metadata_extracted', metadata, 'ingestion_status', status,
                        'error_message', message))
                END);
            is_duplicate := false;
            count := 0;
            RETURN;
        END IF;
        IF found_status = 'success' THEN
            UPDATE peer.hash_index AS h
            SET duplicate_count = duplicate_count + 1, last_seen = now()
            WHERE h.file_hash = hash
            RETURNING duplicate_count INTO count;
            CONTINUE WHEN NOT FOUND;
            is_duplicate := true;
            RETURN;
        END IF;
        RAISE 'the benchmark has only documents that succeed';
    END LOOP;
END
$$;
