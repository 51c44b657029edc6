-- From 1.2 back to 1.1: what was seen where is data, and so are scans, what extracted a text, and what
-- file a failure is of. Their loss is refused unless it is allowed. What users have set on objects that
-- go is printed, as commands.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;
CREATE ROLE "regress_docs Reader";

-- Without locations, nothing is lost.
SELECT document_id FROM ingest_document('a', 'a', 'text/plain');
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT count(*) FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relname ~ 'location|scan|error_log_(file_hash|unident)';
SELECT count(*) FROM pg_proc
WHERE pronamespace = 'docs'::regnamespace AND proname ~ 'scan|extraction|hashed_documents|failed_document';
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'docs' AND (table_name, column_name) IN (('documents', 'extractor'),
    ('documents', 'extracted_at'), ('error_log', 'ingestion_source'), ('error_log', 'location'),
    ('error_log', 'file_hash'));
SELECT extconfig::regclass[] FROM pg_extension WHERE extname = 'doc_extractor';
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('b', 'b', 'text/plain');
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'docs' AND table_name IN ('document_inbox', 'ingestion_stats')
ORDER BY table_name, ordinal_position;
SELECT * FROM doc_extractor_verify() WHERE NOT passed;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';

-- With locations, the step is refused, to the way out of the extension, too.
SELECT document_id, at_location
FROM (VALUES ('/a'), ('/b')) AS l (location), ingest_document('a', 'a', 'text/plain',
    location => l.location);
DELETE FROM documents;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor';

-- The same with each other kind of data, alone.
CREATE FUNCTION public.refused(data text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE 'TRUNCATE document_locations';
    EXECUTE data;
    ALTER EXTENSION doc_extractor UPDATE TO '1.1';
    RETURN 'not refused';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END
$$;
SELECT public.refused(data) FROM (VALUES
    ($$SELECT finish_scan('manual', '/', now(), 0, 0, 0, 0)$$),
    ($$SELECT d.document_id FROM ingest_document('x', 'x', 't') AS d,
        record_extraction(d.document_id, 'x', NULL, 'x')$$),
    ($$SELECT log_failed_document('x', 'x', 'x', 'manual', '/x')$$),
    ($$SELECT log_failed_document('x', 'x', 'x', 'scanner')$$)) AS d (data);

-- What depends on a column that goes stops the step, even if the loss is allowed.
SET doc_extractor.allow_data_loss = on;
ALTER TABLE documents ADD CONSTRAINT named CHECK (extractor <> '');
CREATE INDEX "by Extractor" ON documents (extractor);
CREATE INDEX by_hash ON error_log (file_hash);
CREATE INDEX by_name ON error_log (file_name);
CREATE STATISTICS related ON ingestion_source, file_name FROM error_log;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
ALTER TABLE documents DROP CONSTRAINT named;
DROP INDEX "by Extractor", by_hash;
DROP STATISTICS related;
CREATE VIEW public.extractors AS SELECT extractor FROM documents;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
DROP VIEW public.extractors;
RESET doc_extractor.allow_data_loss;

-- What users have set is printed: what to run now, and what to run after the next update.
GRANT SELECT ON ingestion_stats TO "regress_docs Reader" WITH GRANT OPTION;
GRANT INSERT (content, location) ON document_inbox TO "regress_docs Reader";
GRANT SELECT ON current_locations TO PUBLIC;
GRANT SELECT (location, id), UPDATE ON document_locations TO "regress_docs Reader";
GRANT USAGE ON SEQUENCE document_locations_id_seq TO "regress_docs Reader";
GRANT EXECUTE ON FUNCTION finish_scan, record_extraction TO "regress_docs Reader";
GRANT EXECUTE ON FUNCTION log_failed_document TO PUBLIC;
GRANT SELECT ON scans TO "regress_docs Reader";
GRANT UPDATE ON SEQUENCE scans_id_seq TO "regress_docs Reader";
GRANT SELECT (extractor, file_name), DELETE ON documents TO "regress_docs Reader";
GRANT UPDATE (location) ON error_log TO "regress_docs Reader" WITH GRANT OPTION;
COMMENT ON FUNCTION ingest_hashed_documents IS 'for \our\ loader';
COMMENT ON FUNCTION finish_scan IS NULL;
COMMENT ON TABLE scans IS 'nightly';
COMMENT ON COLUMN scans.id IS 'a number';
COMMENT ON COLUMN documents.extractor IS 'our OCR';
COMMENT ON COLUMN documents.file_name IS 'stays';
COMMENT ON COLUMN error_log.file_hash IS NULL;
COMMENT ON INDEX ix_error_log_location IS 'by place';
ALTER INDEX ix_error_log_file_hash SET (fillfactor = 60);
ALTER TABLE documents ALTER COLUMN extractor SET DEFAULT 'none';
CREATE INDEX roots ON scans (root);
ALTER VIEW ingestion_stats SET (security_barrier);
ALTER VIEW document_inbox ALTER COLUMN file_type SET DEFAULT 'text/plain';
ALTER VIEW document_inbox ALTER COLUMN fingerprint SET DEFAULT 'none';
COMMENT ON COLUMN ingestion_stats.bytes IS 'octets';
COMMENT ON COLUMN ingestion_stats.locations IS 'places';
COMMENT ON COLUMN location_history.seen_at IS NULL;
COMMENT ON VIEW location_history IS 'before';
COMMENT ON TRIGGER document_inbox_insert ON document_inbox IS 'collects';
CREATE INDEX mine ON document_locations (location);
CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER mine BEFORE INSERT ON document_locations
    FOR EACH ROW EXECUTE FUNCTION public.nothing();
CREATE TRIGGER theirs AFTER INSERT ON document_inbox
    FOR EACH STATEMENT EXECUTE FUNCTION public.nothing();
-- The rows can be kept elsewhere, as the hint says. A view on the table stops the step.
SELECT vanished_locations FROM finish_scan('manual', '/', now(), 2, 2, 0, 0);
SELECT text_stored
FROM ingest_document('d', 'd', 't') AS d, record_extraction(d.document_id, 'text', NULL, 'hand');
SELECT log_failed_document('x', 'x', 'x', 'scanner', '/x', repeat('0', 64)) IS NOT NULL AS logged;
CREATE TABLE kept AS TABLE document_locations;
CREATE TABLE kept_scans AS TABLE scans;
CREATE VIEW public.uses AS SELECT location FROM document_locations;
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
DROP VIEW public.uses;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
RESET doc_extractor.allow_data_loss;
-- This stays as it was.
SELECT col_description('documents'::regclass, attnum) FROM pg_attribute
WHERE attrelid = 'documents'::regclass AND attname = 'file_name';
SELECT has_table_privilege('regress_docs Reader', 'documents', 'DELETE') AS may_delete;
SELECT indexname FROM pg_indexes WHERE schemaname = 'docs' AND tablename = 'error_log' ORDER BY 1;
SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgname = 'document_inbox_insert';

-- It works without locations, and says so.
SELECT ingest_document('c', 'c', 'text/plain', location => '/c');
SELECT document_id FROM ingest_document('c', 'c', 'text/plain');

-- The rows come back with the next update.
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
INSERT INTO document_locations TABLE kept;
INSERT INTO scans TABLE kept_scans;
SELECT setval('document_locations_id_seq', max(id)) FROM document_locations;
SELECT setval('scans_id_seq', max(id)) FROM scans;
SELECT location, document_id, at_location
FROM ingest_document('a', 'a', 'text/plain', location => '/a') AS r
JOIN current_locations USING (document_id);
SELECT * FROM doc_extractor_verify() WHERE NOT passed;

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP SCHEMA docs CASCADE;
DROP FUNCTION public.nothing, public.refused;
DROP ROLE "regress_docs Reader";
