-- doc_extractor_verify(): damaged data fails its own check, and no other, and no application can
-- silence a check.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT count(*)
FROM generate_series(1, 10) i, docs.ingest_document('file ' || i, ('content ' || i)::bytea, 't');
SELECT count(*) FROM docs.ingest_document('again', 'content 1', 't');
DELETE FROM docs.documents WHERE id = 10;
-- Damages the ledger with its triggers disabled, and returns the checks that fail; the damage is
-- rolled back.
CREATE FUNCTION broken_by(damage text)
RETURNS TABLE (check_name text, detail text) LANGUAGE plpgsql AS $$
DECLARE
    failed json;
BEGIN
    BEGIN
        ALTER TABLE docs.documents DISABLE TRIGGER USER;
        ALTER TABLE docs.audit_log DISABLE TRIGGER USER;
        PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
        EXECUTE damage;
        ALTER TABLE docs.documents ENABLE TRIGGER USER;
        ALTER TABLE docs.documents ENABLE ALWAYS TRIGGER documents_refuse_truncate;
        ALTER TABLE docs.audit_log ENABLE TRIGGER USER;
        ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change;
        ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_truncate;
        RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = coalesce((
            SELECT json_agg(v) FROM docs.doc_extractor_verify() v WHERE NOT v.passed), '[]');
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
        failed := SQLERRM;
    END;
    RETURN QUERY SELECT v ->> 'check_name', v ->> 'detail' FROM json_array_elements(failed) v;
END
$$;
SELECT * FROM broken_by('');

-- trail has documents: a document is gone without a trace but its trail, or never was there.
SELECT * FROM broken_by(
    'DELETE FROM docs.documents WHERE id IN (4, 5);
     DELETE FROM docs.hash_index WHERE document_id IN (4, 5)');
SELECT * FROM broken_by('INSERT INTO docs.audit_log (document_id, action) VALUES (99, ''tagged'')');
SELECT * FROM broken_by('DELETE FROM docs.audit_log WHERE action = ''deleted''');
SELECT * FROM broken_by(
    'UPDATE docs.documents SET id = 1004 WHERE id = 4;
     UPDATE docs.hash_index SET document_id = 1004 WHERE document_id = 4;
     ALTER SEQUENCE docs.documents_id_seq RESTART WITH 1005;
     INSERT INTO docs.audit_log (document_id, action) VALUES (1004, ''ingested'')');

-- documents have a trail: one is ingested twice, as after a restore that derived its rows again.
SELECT * FROM broken_by(
    'INSERT INTO docs.audit_log (document_id, action, user_or_system, old_value, new_value,
         change_reason, db_user)
     SELECT document_id, action, user_or_system, old_value, new_value, change_reason, db_user
     FROM docs.audit_log WHERE document_id IN (4, 5) AND action = ''ingested''');
SELECT * FROM broken_by('INSERT INTO docs.audit_log (document_id, action) VALUES (9, ''ingested'')');
-- Rows of other actions, and of documents that are gone, do not count.
SELECT * FROM broken_by(
    'INSERT INTO docs.audit_log (document_id, action)
     VALUES (4, ''tagged''), (4, ''updated''), (10, ''ingested'')');

-- values: sizes and names.
SELECT * FROM broken_by('UPDATE docs.documents SET file_size_bytes = -1 WHERE id = 4');
SELECT * FROM broken_by('UPDATE docs.documents SET file_name = '''' WHERE id = 4');
SELECT * FROM broken_by('UPDATE docs.documents SET file_name = E'' \t\r\n\f'' WHERE id = 4');
SELECT * FROM broken_by('UPDATE docs.documents SET file_type = '' '' WHERE id IN (4, 5)');
SELECT * FROM broken_by('UPDATE docs.documents SET file_size_bytes = 0, file_name = ''.''');

-- counts: negative ones, and times in the wrong order.
SELECT * FROM broken_by('UPDATE docs.hash_index SET duplicate_count = -1 WHERE document_id = 4');
SELECT * FROM broken_by(
    'UPDATE docs.hash_index SET last_seen = first_seen - interval ''1 s'' WHERE id < 3');

-- hashes: one in upper case beside its twin.
SELECT * FROM broken_by(
    'INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
     SELECT file_name, file_size_bytes, upper(file_hash), file_type, ingestion_source
     FROM docs.documents WHERE id = 4;
     INSERT INTO docs.hash_index (document_id, file_hash)
     SELECT id, file_hash FROM docs.documents WHERE file_hash <> lower(file_hash);
     INSERT INTO docs.audit_log (document_id, action)
     SELECT id, ''ingested'' FROM docs.documents WHERE file_hash <> lower(file_hash)');

-- sequences: backwards, behind, about to end by their own limit or by that of the column.
SELECT * FROM broken_by(
    'ALTER SEQUENCE docs.documents_id_seq INCREMENT -1 MINVALUE -100');
SELECT * FROM broken_by('ALTER SEQUENCE docs.audit_log_id_seq RESTART WITH 3');
SELECT * FROM broken_by('ALTER SEQUENCE docs.documents_id_seq RESTART WITH 2126008810');
SELECT * FROM broken_by('ALTER SEQUENCE docs.documents_id_seq RESTART WITH 2126008811');
SELECT * FROM broken_by('ALTER SEQUENCE docs.hash_index_id_seq MAXVALUE 11');
SELECT * FROM broken_by(
    'ALTER SEQUENCE docs.error_log_id_seq AS bigint;
     ALTER SEQUENCE docs.error_log_id_seq RESTART WITH 2147483648');
SELECT * FROM broken_by(
    'ALTER SEQUENCE docs.error_log_id_seq AS bigint;
     ALTER TABLE docs.error_log ALTER COLUMN id TYPE bigint;
     ALTER SEQUENCE docs.error_log_id_seq RESTART WITH 2147483648');

-- documents have a trail: what an application says is no adoption, whatever it has set. It is a
-- second ingestion of that document, which shows.
CREATE ROLE regress_docs_application;
GRANT USAGE ON SCHEMA docs TO regress_docs_application;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_application;
GRANT INSERT ON docs.documents, docs.document_inbox TO regress_docs_application;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_application;
CREATE FUNCTION forge() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL doc_extractor.reason = 'adopted with all documents before';
    PERFORM docs.ingest_document('forged', 'forged', 't');
    INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES ('plain', 1, encode(sha256('plain'), 'hex'), 't', 's');
    PERFORM docs.record_document_event(9, 'ingested');
    PERFORM docs.record_document_event(9, 'ingested', NULL, NULL,
        'adopted with all documents before');
END
$$;
SET ROLE regress_docs_application;
SELECT forge();
SET doc_extractor.application_user = 'system';
SELECT docs.record_document_event(9, 'ingested', NULL, NULL, 'adopted with all documents before')
    IS NOT NULL AS recorded;
SET doc_extractor.application_user = ' ';
SELECT docs.record_document_event(9, 'ingested', NULL, NULL, 'adopted with all documents before')
    IS NOT NULL AS recorded;
SET doc_extractor.application_user = '';
SELECT docs.record_document_event(9, 'ingested', NULL, NULL, 'adopted with all documents before')
    IS NOT NULL AS recorded;
INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES ('inbox', 'inbox', 't');
RESET doc_extractor.application_user;
RESET ROLE;
SELECT count(*) FROM docs.audit_log
WHERE change_reason = 'adopted with all documents before' AND user_or_system = '';
SELECT * FROM broken_by('DELETE FROM docs.audit_log WHERE document_id IN (4, 5)');
-- Nor under 1.0, whose trail has no db_user.
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SET ROLE regress_docs_application;
SET doc_extractor.application_user = 'system';
SELECT docs.record_document_event(9, 'ingested', NULL, NULL, 'adopted with all documents before')
    IS NOT NULL AS recorded;
RESET doc_extractor.application_user;
RESET ROLE;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SELECT * FROM broken_by('DELETE FROM docs.audit_log WHERE document_id IN (4, 5)');
-- The forgeries do not keep the mark out, either, when the tables are adopted later.
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
DELETE FROM docs.audit_log WHERE document_id IN (4, 5);
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT document_id, action, user_or_system, change_reason, db_user
FROM docs.audit_log WHERE user_or_system = '';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
-- The mark speaks for the documents before it only.
SELECT * FROM broken_by('DELETE FROM docs.audit_log WHERE document_id = 8');

DROP EXTENSION doc_extractor;
DROP FUNCTION broken_by(text);
DROP FUNCTION forge();
DROP OWNED BY regress_docs_application;
DROP ROLE regress_docs_application;
DROP SCHEMA docs;
