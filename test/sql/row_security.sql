-- Row security on documents applies to roles that read and write the table, not to what
-- the functions do.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_ingester;
CREATE ROLE regress_docs_writer;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database())
    AS "grant" \gset
:grant;
SET ROLE regress_docs_owner;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
GRANT USAGE ON SCHEMA docs TO regress_docs_ingester, regress_docs_writer;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.ingest_documents, docs.record_document_event
    TO regress_docs_ingester;
GRANT SELECT, INSERT, UPDATE ON docs.documents TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_writer;

-- Enabled without a policy, only the owner sees rows. Ingestion is not affected.
ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs.hash_index ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs.audit_log ENABLE ROW LEVEL SECURITY;
SET ROLE regress_docs_ingester;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SET ROLE regress_docs_writer;
SELECT count(*) FROM docs.documents;
\set VERBOSITY sqlstate
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('w', 1, 'w', 't', 's');
\set VERBOSITY default

-- Forced, it applies to the owner's own statements too. It still does not apply to the
-- functions, just as it does not apply to foreign keys.
SET ROLE regress_docs_owner;
ALTER TABLE docs.documents FORCE ROW LEVEL SECURITY;
ALTER TABLE docs.hash_index FORCE ROW LEVEL SECURITY;
ALTER TABLE docs.audit_log FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM docs.documents;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SET ROLE regress_docs_ingester;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT is_duplicate, duplicate_count
FROM docs.ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't']);
SELECT is_duplicate, duplicate_count
FROM docs.ingest_document('c', 'c', 't', ingestion_status => 'failed');
SELECT is_duplicate, duplicate_count FROM docs.ingest_document('c', 'c', 't');
SELECT docs.record_document_event(1, 'tagged') > 0 AS recorded;

-- A policy for the writer checks its rows, and they leave a trail that the writer cannot see.
SET ROLE regress_docs_owner;
CREATE POLICY own_source ON docs.documents TO regress_docs_writer
    USING (ingestion_source = 'writer') WITH CHECK (ingestion_source = 'writer');
SET ROLE regress_docs_writer;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('w', 1, 'w', 't', 'writer');
\set VERBOSITY sqlstate
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('x', 1, 'x', 't', 'other');
UPDATE docs.documents SET ingestion_source = 'other';
\set VERBOSITY default
UPDATE docs.documents SET file_type = 'u', file_hash = 'w2';
SELECT file_name, file_type FROM docs.documents;
RESET ROLE;
SELECT d.file_name, h.file_hash = d.file_hash AS in_index, h.duplicate_count,
       string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM docs.documents d
    JOIN docs.hash_index h ON h.document_id = d.id
    JOIN docs.audit_log a ON a.document_id = d.id
GROUP BY d.id, h.id ORDER BY d.file_name;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_ingester, regress_docs_writer;
