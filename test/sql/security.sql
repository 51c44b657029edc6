-- What doc/security.md says cannot be prevented, if no other test shows it.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_caller;
CREATE ROLE regress_docs_writer;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database())
    AS "grant" \gset
:grant;
SET SESSION AUTHORIZATION regress_docs_owner;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
GRANT USAGE ON SCHEMA docs TO regress_docs_caller, regress_docs_writer;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.ingest_hashed_document,
    docs.resolve_ingestion_error TO regress_docs_caller;
GRANT INSERT ON docs.audit_log TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.audit_log_id_seq TO regress_docs_writer;
CREATE FUNCTION docs.trail()
RETURNS TABLE (name text, action text, db_user name, reason text) LANGUAGE sql AS $$
    SELECT d.file_name, a.action, a.db_user, a.change_reason
    FROM docs.documents d LEFT JOIN docs.audit_log a ON a.document_id = d.id
    ORDER BY d.file_name, a.id
$$;
SELECT is_duplicate FROM docs.ingest_document('plans', 'secret plans', 't');
SELECT is_duplicate
FROM docs.ingest_document('scan', 'unreadable', 't',
                          ingestion_status => 'failed', error_message => 'the owner tries again');
INSERT INTO docs.error_log (file_name, error_type, error_message) VALUES ('fax', 'network', 'lost');

-- EXECUTE shows whether the ledger has a document with certain bytes, and its size, and
-- leaves no trace.
SET SESSION AUTHORIZATION regress_docs_caller;
BEGIN;
SELECT is_duplicate
FROM docs.ingest_hashed_document('?', encode(sha256('secret plans'), 'hex'), 12, 't');
SELECT is_duplicate
FROM docs.ingest_hashed_document('?', encode(sha256('other plans'), 'hex'), 11, 't');
SELECT is_duplicate
FROM docs.ingest_hashed_document('?', encode(sha256('secret plans'), 'hex'), 13, 't');
ROLLBACK;
-- A hash is trusted: the first caller that names it names the document.
SELECT is_duplicate
FROM docs.ingest_hashed_document('nothing of interest', encode(sha256('report'), 'hex'), 6, 't');
-- A success replaces another caller's failure, and any failure can be marked as resolved.
SELECT is_duplicate
FROM docs.ingest_document('another scan', 'unreadable', 't', document_text => 'the caller''s');
SELECT docs.resolve_ingestion_error(1, 'all is well');
SET SESSION AUTHORIZATION regress_docs_owner;
SELECT is_duplicate FROM docs.ingest_document('report', 'report', 't');
SELECT file_name, document_text FROM docs.documents ORDER BY id;
SELECT * FROM docs.trail();
SELECT file_name, resolution_notes FROM docs.error_log;

-- INSERT on audit_log can forge every column of a row.
SET SESSION AUTHORIZATION regress_docs_writer;
INSERT INTO docs.audit_log
    (document_id, action, action_timestamp, user_or_system, db_user, change_reason)
VALUES (1, 'deleted', '2001-01-01', 'auditor', 'regress_docs_owner', 'forged');
SET SESSION AUTHORIZATION regress_docs_owner;
SELECT * FROM docs.trail() WHERE reason = 'forged';

-- The owner can bypass the trail; doc_extractor_verify() reports what is missing, but not what was
-- changed.
SET doc_extractor.restoring = on;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('as if restored', 1, repeat('1', 64), 't', 's');
RESET doc_extractor.restoring;
ALTER TABLE docs.documents DISABLE TRIGGER documents_after_update;
UPDATE docs.documents SET document_text = 'changed' WHERE file_name = 'plans';
SELECT check_name, detail FROM docs.doc_extractor_verify() WHERE NOT passed;
ALTER TABLE docs.documents ENABLE TRIGGER documents_after_update;
SELECT check_name, detail FROM docs.doc_extractor_verify() WHERE NOT passed;
SELECT * FROM docs.trail() WHERE name IN ('as if restored', 'plans') AND reason IS NULL;
RESET SESSION AUTHORIZATION;
DELETE FROM docs.documents WHERE file_name = 'as if restored';
-- So can a superuser with session_replication_role; TRUNCATE and changes of the trail
-- are still refused.
SET session_replication_role = replica;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('as a replica', 1, repeat('2', 64), 't', 's');
DELETE FROM docs.documents WHERE file_name = 'nothing of interest';
TRUNCATE docs.documents;
DELETE FROM docs.audit_log;
RESET session_replication_role;
SELECT check_name, detail FROM docs.doc_extractor_verify() WHERE NOT passed;
DELETE FROM docs.documents WHERE file_name = 'as a replica';

-- TRIGGER on a table gives access to its owner's privileges.
GRANT TRIGGER ON docs.documents TO regress_docs_writer;
CREATE SCHEMA loot AUTHORIZATION regress_docs_writer;
GRANT USAGE ON SCHEMA loot TO regress_docs_owner;
SET SESSION AUTHORIZATION regress_docs_writer;
CREATE FUNCTION loot.read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.document_text := format('%s sees %s documents', current_user,
                                (SELECT count(*) FROM docs.documents));
    RETURN NEW;
END
$$;
CREATE TRIGGER read BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION loot.read();
SET SESSION AUTHORIZATION regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('bait', 'bait', 't');
RESET SESSION AUTHORIZATION;
SELECT document_text FROM docs.documents WHERE file_name = 'bait';
DROP TRIGGER read ON docs.documents;

-- The owner's trigger runs as the owner in the functions, also if it is deferrable. In a plain INSERT
-- it runs as the role that inserts.
SET SESSION AUTHORIZATION regress_docs_owner;
CREATE TABLE docs.ran (number int GENERATED ALWAYS AS IDENTITY, who name);
GRANT INSERT ON docs.ran, docs.documents TO regress_docs_caller;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_caller;
CREATE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO docs.ran (who) VALUES (current_user); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER note AFTER INSERT ON docs.documents DEFERRABLE
    FOR EACH ROW EXECUTE FUNCTION docs.note();
SET SESSION AUTHORIZATION regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('at once', 'at once', 't');
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
SELECT is_duplicate FROM docs.ingest_document('deferred', 'deferred', 't');
COMMIT;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('plain', 1, repeat('3', 64), 't', 's');
RESET SESSION AUTHORIZATION;
SELECT who FROM docs.ran ORDER BY number;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs, loot CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_caller, regress_docs_writer;
