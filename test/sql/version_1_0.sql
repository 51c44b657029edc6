-- Everything of version 1.0 works with the current library while 1.0 is installed: fresh, after the
-- update back from 1.1, and in a session that has called it in other versions before.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SET search_path = docs;
-- The functions of 1.0; all of them are called below.
SELECT p.oid::regprocedure AS function FROM pg_proc p
WHERE p.pronamespace = 'docs'::regnamespace ORDER BY p.proname COLLATE "C";
CREATE FUNCTION public.call_all(version text)
RETURNS TABLE (what text, result text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT 'ingest_document', concat_ws(' ', is_duplicate, duplicate_count, length(file_hash))
    FROM ingest_document(version || ' a', convert_to(version || ' a', 'UTF8'), 'text/plain', 'test',
                         'text', '{"a": 1}', 'success', NULL);
    RETURN QUERY
    SELECT 'ingest_document, again', concat_ws(' ', is_duplicate, duplicate_count)
    FROM ingest_document(version || ' a', convert_to(version || ' a', 'UTF8'), 'text/plain');
    RETURN QUERY
    SELECT 'ingest_hashed_document', concat_ws(' ', is_duplicate, duplicate_count)
    FROM ingest_hashed_document(version || ' h',
                                encode(sha256(convert_to(version || ' h', 'UTF8')), 'hex'),
                                length(version) + 2, 'text/plain', 'test', 'text', '{"a": 1}',
                                'failed', 'no');
    RETURN QUERY
    SELECT 'ingest_document, healing it', concat_ws(' ', is_duplicate, duplicate_count)
    FROM ingest_document(version || ' h', convert_to(version || ' h', 'UTF8'), 'text/plain');
    RETURN QUERY
    SELECT 'ingest_documents', concat_ws(' ', is_duplicate, duplicate_count)
    FROM ingest_documents(ARRAY['a', 'b', 'c'],
                          ARRAY[convert_to(version || ' a', 'UTF8'),
                                convert_to(version || ' b', 'UTF8'),
                                convert_to(version || ' b', 'UTF8')],
                          ARRAY['t', 't', 't'], ARRAY['s', 's', 's'], ARRAY[NULL, 'b', 'b'],
                          ARRAY[NULL, '{}', '{}']::json[], ARRAY['success', 'success', 'success'],
                          ARRAY[NULL, NULL, NULL]::text[]);
    RETURN QUERY
    SELECT 'record_document_event',
           (record_document_event(d.id, 'classified', '1', '2', 'why') > 0)::text
    FROM documents d WHERE d.file_name = version || ' a';
    -- The triggers: documents_after_insert, documents_before_update, documents_after_update.
    INSERT INTO documents
        (file_name, file_size_bytes, file_hash, file_type, ingestion_source, updated_at)
    VALUES (version || ' plain', 1, version || ' plain', 't', 's', '2000-01-01');
    UPDATE documents d SET file_hash = version || ' moved' WHERE d.file_name = version || ' plain';
    RETURN QUERY
    SELECT 'triggers', concat_ws(' ', d.updated_at > '2000-01-01', h.duplicate_count,
                                 string_agg(a.action, ' ' ORDER BY a.id))
    FROM documents d
        JOIN hash_index h ON (h.document_id, h.file_hash) = (d.id, d.file_hash)
        JOIN audit_log a ON a.document_id = d.id
    WHERE d.file_name = version || ' plain' GROUP BY d.id, h.id;
    INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES ('x', 1, version || ' x', 't', 's') ON CONFLICT DO NOTHING;
    DELETE FROM documents d WHERE d.file_hash = version || ' x';
    RETURN QUERY
    SELECT 'trail of the deleted', count(*)::text
    FROM audit_log a WHERE a.action = 'deleted' AND a.old_value ->> 'file_hash' = version || ' x';
END
$$;
SELECT * FROM public.call_all('1.0');
SELECT count(*) FROM audit_log WHERE document_id NOT IN (SELECT id FROM documents);
-- The same session continues in 1.1, back in 1.0, and in 1.1 again; then with adopted tables.
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM public.call_all('1.1');
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SELECT * FROM public.call_all('1.0 again');
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM public.call_all('1.1 again');
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SELECT * FROM public.call_all('1.0 adopted');
-- Versions can change within a transaction, too.
BEGIN;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT count(*) FROM public.call_all('1.1 for a moment');
ROLLBACK;
SELECT count(*) FROM public.call_all('1.0 after all');
-- All settings of 1.0 work.
SET doc_extractor.application_user = 'a user';
SET doc_extractor.reason = 'a reason';
SET doc_extractor.audit_value_limit = '1MB';
SET doc_extractor.restoring = on;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('restored', 1, 'restored', 't', 's');
INSERT INTO hash_index (file_hash, document_id)
SELECT file_hash, id FROM documents WHERE file_name = 'restored';
INSERT INTO audit_log (document_id, action)
SELECT id, 'restored' FROM documents WHERE file_name = 'restored';
-- The foreign key is still checked.
\set VERBOSITY sqlstate
INSERT INTO audit_log (document_id, action) VALUES (-1, 'restored');
\set VERBOSITY default
SET doc_extractor.restoring = off;
SELECT count(a.id)
FROM documents d LEFT JOIN audit_log a ON a.document_id = d.id WHERE d.file_name = 'restored';
SELECT is_duplicate FROM ingest_document('last', 'last', 't');
SELECT user_or_system, change_reason FROM audit_log ORDER BY id DESC LIMIT 1;
-- A column that only looks like one of 1.1 is the user's.
ALTER TABLE audit_log ADD db_user text DEFAULT 'nobody';
SELECT is_duplicate FROM ingest_document('own column', 'own column', 't');
SELECT user_or_system, db_user FROM audit_log ORDER BY id DESC LIMIT 1;

RESET search_path;
DROP SCHEMA docs CASCADE;
DROP FUNCTION public.call_all(text);
