-- From 1.2 back to 1.1: what was seen where is data, so its loss is refused unless it is allowed. What
-- users have set on objects that go is printed, as commands.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;
CREATE ROLE "regress_docs Reader";

-- Without locations, nothing is lost.
SELECT document_id FROM ingest_document('a', 'a', 'text/plain');
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT count(*) FROM pg_class WHERE relnamespace = 'docs'::regnamespace AND relname ~ 'location';
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

-- What users have set is printed: what to run now, and what to run after the next update.
GRANT SELECT ON ingestion_stats TO "regress_docs Reader" WITH GRANT OPTION;
GRANT INSERT (content, location) ON document_inbox TO "regress_docs Reader";
GRANT SELECT ON current_locations TO PUBLIC;
GRANT SELECT (location, id), UPDATE ON document_locations TO "regress_docs Reader";
GRANT USAGE ON SEQUENCE document_locations_id_seq TO "regress_docs Reader";
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
CREATE TABLE kept AS TABLE document_locations;
CREATE VIEW public.uses AS SELECT location FROM document_locations;
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
DROP VIEW public.uses;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
RESET doc_extractor.allow_data_loss;
-- This stays as it was.
SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgname = 'document_inbox_insert';

-- It works without locations, and says so.
SELECT ingest_document('c', 'c', 'text/plain', location => '/c');
SELECT document_id FROM ingest_document('c', 'c', 'text/plain');

-- The rows come back with the next update.
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
INSERT INTO document_locations TABLE kept;
SELECT setval('document_locations_id_seq', max(id)) FROM document_locations;
SELECT location, document_id, at_location
FROM ingest_document('a', 'a', 'text/plain', location => '/a') AS r
JOIN current_locations USING (document_id);
SELECT * FROM doc_extractor_verify() WHERE NOT passed;

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP SCHEMA docs CASCADE;
DROP FUNCTION public.nothing;
DROP ROLE "regress_docs Reader";
