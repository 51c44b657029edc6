-- Locations and rights: a role that may only call the functions, another owner of
-- document_locations, row security, and triggers of the owner's.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_keeper;
CREATE ROLE regress_docs_loader;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner',
    current_database()) AS "grant" \gset
:grant;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SELECT relname, relowner::regrole FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relname LIKE '%location%' AND relkind <> 'i'
ORDER BY 1;
GRANT USAGE ON SCHEMA docs TO regress_docs_loader, regress_docs_keeper;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_loader;
GRANT INSERT ON docs.document_inbox TO regress_docs_loader;
RESET ROLE;
CREATE VIEW docs.rows AS
SELECT l.location, d.file_name AS document, l.fingerprint
FROM docs.document_locations l JOIN docs.documents d ON d.id = l.document_id ORDER BY l.id;

-- EXECUTE is enough to store and refresh locations, and gives no right to read them.
SET ROLE regress_docs_loader;
SELECT is_duplicate, at_location FROM docs.ingest_document('a', 'a', 't', location => '/a');
SELECT is_duplicate, at_location FROM docs.ingest_document('a', 'a', 't', location => '/a',
    fingerprint => 'f');
SELECT is_duplicate, at_location
FROM docs.ingest_documents('{a,b}', '{a,b}', '{t,t}', locations => '{/a,/b}',
    fingerprints => '{g,NULL}');
INSERT INTO docs.document_inbox (file_name, content, file_type, location)
VALUES ('a', 'a', 't', '/inbox'), ('c', 'c', 't', '/inbox');
SELECT count(*) FROM docs.document_locations;
SELECT count(*) FROM docs.current_locations;
SELECT count(*) FROM docs.location_history;
INSERT INTO docs.document_locations DEFAULT VALUES;
SELECT nextval('docs.document_locations_id_seq');
RESET ROLE;
TABLE docs.rows;

-- Row security of the owner's holds for others, not for what the functions do.
ALTER TABLE docs.document_locations ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs.document_locations FORCE ROW LEVEL SECURITY;
SET ROLE regress_docs_loader;
SELECT is_duplicate, at_location FROM docs.ingest_document('a', 'a', 't', location => '/a',
    fingerprint => 'h');
SELECT is_duplicate, at_location FROM docs.ingest_document('a', 'a', 't', location => '/rls');
RESET ROLE;
ALTER TABLE docs.document_locations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE docs.document_locations DISABLE ROW LEVEL SECURITY;

-- The owner's triggers run as the owner, with the ledger's search_path.
SET ROLE regress_docs_owner;
CREATE TABLE docs.fired (what text);
CREATE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fired VALUES (concat_ws(' ', TG_OP, current_user, NEW.location, NEW.fingerprint));
    RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON docs.document_locations
FOR EACH ROW EXECUTE FUNCTION docs.note();
SET ROLE regress_docs_loader;
SELECT at_location FROM docs.ingest_document('d', 'd', 't', location => '/d');
SELECT at_location FROM docs.ingest_document('d', 'd', 't', location => '/d', fingerprint => 'f');
RESET ROLE;
TABLE docs.fired;
-- They cannot leave anything behind that runs as the caller.
CREATE OR REPLACE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMPORARY VIEW left_behind AS SELECT 1;
    RETURN NEW;
END
$$;
SELECT at_location FROM docs.ingest_document('e', 'e', 't', location => '/e');
SELECT at_location FROM docs.ingest_document('d', 'd', 't', location => '/d', fingerprint => 'g');
DROP TRIGGER note ON docs.document_locations;

-- An owner without INSERT or UPDATE.
REVOKE INSERT ON docs.document_locations FROM regress_docs_owner;
SELECT at_location FROM docs.ingest_document('e', 'e', 't', location => '/e');
SELECT at_location FROM docs.ingest_document('d', 'd', 't', location => '/d', fingerprint => 'g');
GRANT INSERT ON docs.document_locations TO regress_docs_owner;
REVOKE UPDATE ON docs.document_locations FROM regress_docs_owner;
SELECT at_location FROM docs.ingest_document('e', 'e', 't', location => '/e');
SELECT at_location FROM docs.ingest_document('d', 'd', 't', location => '/d', fingerprint => 'h');
GRANT UPDATE ON docs.document_locations TO regress_docs_owner;

-- Another owner than that of the functions: only if these may act as that owner.
ALTER TABLE docs.document_locations OWNER TO regress_docs_keeper;
SET ROLE regress_docs_loader;
SELECT at_location FROM docs.ingest_document('f', 'f', 't', location => '/f');
SELECT at_location FROM docs.ingest_document('f', 'f', 't');
RESET ROLE;
GRANT regress_docs_keeper TO regress_docs_owner;
SET ROLE regress_docs_loader;
SELECT at_location FROM docs.ingest_document('f', 'f', 't', location => '/f');
SELECT at_location FROM docs.ingest_document('f', 'f', 't', location => '/f', fingerprint => 'f');
RESET ROLE;
TABLE docs.rows;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner',
    current_database()) AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_keeper, regress_docs_loader;
