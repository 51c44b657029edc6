-- What an owner's code cannot do while it runs inside the extension's writes and update
-- scripts, which indirect drops the guard refuses, and how the ledger heals itself.
SET client_min_messages = warning;
CREATE ROLE regress_docs_owner;
SELECT current_database() AS database \gset
GRANT CREATE ON DATABASE :"database" TO regress_docs_owner;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
CREATE SCHEMA evil AUTHORIZATION regress_docs_owner;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', repeat('t', 60));

-- The owner's code is no part of the extension's script: it adds neither a dump
-- condition nor a member.
CREATE FUNCTION evil.try() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE FUNCTION evil.member() RETURNS int LANGUAGE sql AS ''SELECT 1''';
    PERFORM pg_extension_config_dump('docs.documents', 'WHERE evil.condition()');
    RETURN NULL;
END
$$;
CREATE TRIGGER try BEFORE UPDATE ON docs.documents FOR EACH STATEMENT EXECUTE FUNCTION evil.try();
SET doc_extractor.allow_data_loss = on;
\set VERBOSITY sqlstate
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
\set VERBOSITY default
CREATE OR REPLACE FUNCTION evil.try() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE FUNCTION evil.member() RETURNS int LANGUAGE sql AS ''SELECT 1''';
    RETURN NULL;
END
$$;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SELECT extversion, array_to_string(extcondition, '') AS conditions
FROM pg_extension WHERE extname = 'doc_extractor';
SELECT count(*) AS is_member
FROM pg_depend WHERE objid = 'evil.member()'::regprocedure AND deptype = 'e';
DROP TRIGGER try ON docs.documents;

-- An update does not change the owner of functions that are not the extension's own.
CREATE FUNCTION evil.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
ALTER EXTENSION doc_extractor ADD FUNCTION evil.mine();
RESET ROLE;
ALTER TABLE docs.documents OWNER TO CURRENT_USER;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT proowner::regrole FROM pg_proc WHERE oid = 'evil.mine()'::regprocedure;
ALTER TABLE docs.documents OWNER TO regress_docs_owner;
ALTER EXTENSION doc_extractor DROP FUNCTION evil.mine();
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';

-- A setting that the owner's code changes is restored after the extension's write.
SET ROLE regress_docs_owner;
CREATE FUNCTION evil.set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'evil, pg_catalog', false);
    PERFORM set_config('doc_extractor.allow_data_loss', 'off', false);
    RETURN NEW;
END
$$;
CREATE TRIGGER set BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION evil.set();
RESET ROLE;
SELECT is_duplicate FROM docs.ingest_document('b', 'b', 't');
SHOW search_path;
SHOW doc_extractor.allow_data_loss;
DROP TRIGGER set ON docs.documents;
RESET doc_extractor.allow_data_loss;

-- The guard refuses a drop that cascades from elsewhere: a table's or function's new
-- schema, a parent.
\set VERBOSITY terse
BEGIN;
CREATE SCHEMA other;
ALTER TABLE docs.error_log SET SCHEMA other;
DROP SCHEMA other CASCADE;
ROLLBACK;
BEGIN;
CREATE SCHEMA other;
ALTER FUNCTION docs.record_document_event SET SCHEMA other;
DROP SCHEMA other CASCADE;
ROLLBACK;
BEGIN;
CREATE TABLE parent ();
ALTER TABLE docs.documents INHERIT parent;
DROP TABLE parent CASCADE;
ROLLBACK;
\set VERBOSITY default
SELECT count(*) FROM docs.documents;

-- A hash_index row whose document was removed without it is given to the new document, whatever the
-- entry point.
INSERT INTO docs.hash_index (file_hash, document_id)
VALUES (encode(sha256('c'), 'hex'), 1000), ('d', 1001);
SELECT is_duplicate, duplicate_count FROM docs.ingest_document('c', 'c', 't');
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('d', 1, 'd', 't', 's');
SELECT d.file_name
FROM docs.hash_index h JOIN docs.documents d ON d.id = h.document_id AND d.file_hash = h.file_hash
WHERE d.file_name IN ('c', 'd') ORDER BY 1;

-- An explicit NULL stays NULL, whatever default the column has; a default is evaluated
-- anew each time.
ALTER TABLE docs.documents ALTER error_message SET DEFAULT 'none yet';
CREATE FUNCTION docs.origin() RETURNS text LANGUAGE sql AS $$SELECT 'one'$$;
ALTER TABLE docs.documents ADD origin text DEFAULT docs.origin();
SELECT is_duplicate FROM docs.ingest_document('e', 'e', 't');
CREATE OR REPLACE FUNCTION docs.origin() RETURNS text LANGUAGE sql AS $$SELECT 'two'$$;
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't');
SELECT file_name, error_message, origin
FROM docs.documents WHERE file_name IN ('e', 'f') ORDER BY 1;

SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs, evil CASCADE;
RESET doc_extractor.allow_data_loss;
REVOKE CREATE ON DATABASE :"database" FROM regress_docs_owner;
DROP ROLE regress_docs_owner;
