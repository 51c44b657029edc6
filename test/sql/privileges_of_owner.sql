-- Installed by an owner that is no superuser: everything belongs to the owner, and works the same.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE "regress_docs Owner";
CREATE ROLE regress_docs_heir;
CREATE ROLE regress_docs_ingester;
CREATE ROLE regress_docs_writer;
-- A trusted extension needs only CREATE on the database.
\set VERBOSITY sqlstate
SET ROLE "regress_docs Owner";
CREATE EXTENSION doc_extractor;
RESET ROLE;
SELECT format('GRANT CREATE ON DATABASE %I TO "regress_docs Owner"', current_database())
    AS "grant" \gset
:grant;
SET ROLE "regress_docs Owner";
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
\set VERBOSITY default
-- Everything in the schema belongs to the owner, and so does the extension, except the
-- event triggers' functions, which run for superusers too.
SELECT count(*) FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relowner <> '"regress_docs Owner"'::regrole;
SELECT proname FROM pg_proc
WHERE pronamespace = 'docs'::regnamespace AND proowner <> '"regress_docs Owner"'::regrole
ORDER BY proname;
SELECT count(*) FROM pg_type
WHERE typnamespace = 'docs'::regnamespace AND typowner <> '"regress_docs Owner"'::regrole;
SELECT extowner::regrole FROM pg_extension WHERE extname = 'doc_extractor';
SELECT (SELECT count(*) FROM pg_class
        WHERE relnamespace = 'docs'::regnamespace AND relkind IN ('r', 'S')) AS relations,
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'docs'::regnamespace) AS functions;

-- The owner uses the extension, and grants what other roles need.
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT is_duplicate
FROM docs.ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't']);
SELECT docs.record_document_event(1, 'tagged') > 0 AS recorded;
SELECT count(*) FROM docs.audit_log;
GRANT USAGE ON SCHEMA docs TO regress_docs_ingester, regress_docs_writer;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.record_document_event TO regress_docs_ingester;
GRANT SELECT, INSERT, UPDATE ON docs.documents TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_writer;
CREATE INDEX documents_by_source ON docs.documents (ingestion_source);
ALTER TABLE docs.documents ADD COLUMN department text;
COMMENT ON TABLE docs.error_log IS 'Owners may';
RESET ROLE;
SET ROLE regress_docs_ingester;
SELECT document_id, is_duplicate FROM docs.ingest_document('c', 'c', 't');
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('c', 'c', 't');
SELECT docs.record_document_event(1, 'classified') > 0 AS recorded;
\set VERBOSITY sqlstate
SELECT count(*) FROM docs.documents;
\set VERBOSITY default
SET ROLE regress_docs_writer;
INSERT INTO docs.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, department)
VALUES ('d', 1, 'd', 't', 's', 'archive');
UPDATE docs.documents SET department = 'library', file_hash = 'd2' WHERE file_name = 'd';
RESET ROLE;
SELECT d.file_name, h.duplicate_count, string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM docs.documents d JOIN docs.hash_index h ON (h.document_id, h.file_hash) = (d.id, d.file_hash)
JOIN docs.audit_log a ON a.document_id = d.id
GROUP BY d.id, d.file_name, h.duplicate_count ORDER BY d.file_name;

-- A trigger that the owner adds runs as the owner whoever ingests; that does not make the owner a
-- superuser.
SET ROLE "regress_docs Owner";
CREATE TABLE docs.seen (who name, superuser boolean);
CREATE FUNCTION docs.look_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.seen SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user;
    RETURN NEW;
END
$$;
CREATE TRIGGER look_round BEFORE INSERT OR UPDATE ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION docs.look_round();
CREATE TRIGGER look_round BEFORE INSERT OR UPDATE ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION docs.look_round();
CREATE TRIGGER look_round AFTER INSERT ON docs.audit_log
    FOR EACH ROW EXECUTE FUNCTION docs.look_round();
RESET ROLE;
SET ROLE regress_docs_ingester;
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
RESET ROLE;
SELECT who, superuser, count(*) FROM docs.seen GROUP BY 1, 2 ORDER BY 1;
-- If a superuser ingests, the owner's triggers still run as the owner, so they gain nothing.
TRUNCATE docs.seen;
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't');
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't');
SELECT who, superuser, count(*) FROM docs.seen GROUP BY 1, 2 ORDER BY 1;
-- Such a trigger cannot change the session's role either: it runs under the same
-- restriction as foreign key checks.
SET ROLE "regress_docs Owner";
CREATE OR REPLACE FUNCTION docs.look_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RESET ROLE;
    RETURN NEW;
END
$$;
RESET ROLE;
\set VERBOSITY sqlstate
SELECT is_duplicate FROM docs.ingest_document('g', 'g', 't');
\set VERBOSITY default
SELECT current_user = session_user AS same;
SET ROLE "regress_docs Owner";
DROP FUNCTION docs.look_round CASCADE;
RESET ROLE;

-- If the tables get a new owner, the functions are refused until they get the same owner,
GRANT USAGE, CREATE ON SCHEMA docs TO regress_docs_heir;
ALTER TABLE docs.documents OWNER TO regress_docs_heir;
ALTER TABLE docs.hash_index OWNER TO regress_docs_heir;
ALTER TABLE docs.audit_log OWNER TO regress_docs_heir;
SET ROLE regress_docs_ingester;
SELECT is_duplicate FROM docs.ingest_document('h', 'h', 't');
\echo :SQLSTATE
SELECT docs.record_document_event(1, 'tagged') > 0 AS recorded;
\echo :SQLSTATE
SET ROLE regress_docs_heir;
\set VERBOSITY sqlstate
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('h', 1, 'h', 't', 's');
UPDATE docs.documents SET file_type = 'u';
DELETE FROM docs.documents;
\set VERBOSITY default
RESET ROLE;
ALTER FUNCTION docs.ingest_document OWNER TO regress_docs_heir;
ALTER FUNCTION docs.documents_after_insert() OWNER TO regress_docs_heir;
SET ROLE regress_docs_ingester;
SELECT is_duplicate FROM docs.ingest_document('h', 'h', 't');
SELECT is_duplicate, duplicate_count FROM docs.ingest_document('h', 'h', 't');
RESET ROLE;
-- or until their owner may act as the new owner.
GRANT regress_docs_heir TO "regress_docs Owner";
SET ROLE regress_docs_ingester;
SELECT docs.record_document_event(1, 'tagged') > 0 AS recorded;
RESET ROLE;

-- The owner drops the extension.
SET doc_extractor.allow_data_loss = on;
SET ROLE "regress_docs Owner";
DROP EXTENSION doc_extractor CASCADE;
SELECT relname FROM pg_class WHERE relnamespace = 'docs'::regnamespace ORDER BY relname;
DROP SCHEMA docs CASCADE;
RESET ROLE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM "regress_docs Owner"', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE "regress_docs Owner", regress_docs_heir, regress_docs_ingester, regress_docs_writer;
