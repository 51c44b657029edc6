-- Installing, dropping and installing again; which objects belong to the extension.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- Without SCHEMA, the extension is created in the current schema; the control file describes it.
CREATE EXTENSION doc_extractor VERSION '1.0';
SELECT n.nspname, e.extversion, e.extrelocatable
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'doc_extractor';
SELECT superuser, trusted, relocatable, schema, requires FROM pg_available_extension_versions
WHERE name = 'doc_extractor' AND version = '1.0';
SELECT is_duplicate FROM ingest_document('a', 'a', 't');
DROP EXTENSION doc_extractor;

-- DROP EXTENSION leaves nothing behind: no table, function, sequence, type, trigger or index.
CREATE SCHEMA docs;
CREATE FUNCTION public.objects_in_docs() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'docs'::regnamespace ORDER BY 1
$$;
SELECT * FROM objects_in_docs();
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
-- The extension's members are its tables, their sequences and types, and its functions. It has no
-- operator, cast or event trigger.
SELECT CASE d.classid WHEN 'pg_class'::regclass THEN 'relation ' || c.relkind::text
                      ELSE d.classid::regclass::text END AS class, count(*)
FROM pg_depend d LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'doc_extractor')
  AND d.classid <> 'pg_type'::regclass
GROUP BY 1 ORDER BY 1;
SELECT p.oid::regprocedure AS function, pg_get_function_result(p.oid) AS result
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'doc_extractor')
ORDER BY p.proname COLLATE "C";
-- Callers write the arguments' names and rely on their defaults.
SELECT proname, pg_get_function_arguments(oid) AS arguments FROM pg_proc
WHERE pronamespace = 'docs'::regnamespace AND prorettype <> 'trigger'::regtype
ORDER BY proname COLLATE "C";

-- The extension, every table and every function have a comment; those without would be listed.
SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'doc_extractor';
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment FROM pg_depend d
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
WHERE d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'doc_extractor')
  AND (d.classid = 'pg_proc'::regclass OR c.relkind IN ('r', 'v'))
  AND obj_description(d.objid, d.classid::regclass::name) IS NULL
ORDER BY 1;

-- pg_dump dumps all data: that of four tables and four sequences, without a condition.
SELECT c.oid::regclass AS relation, condition = '' AS whole
FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS x (relation, condition)
    JOIN pg_class c ON c.oid = x.relation
WHERE e.extname = 'doc_extractor' ORDER BY c.relname COLLATE "C";

-- One session creates the extension several times and ingests each time: nothing of the one before
-- is remembered.
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
DROP EXTENSION doc_extractor;
SELECT * FROM objects_in_docs();
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
DROP SCHEMA docs CASCADE;
SELECT count(*) FROM pg_extension WHERE extname = 'doc_extractor';
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
-- An installation that is rolled back leaves nothing behind, and the next one works.
DROP EXTENSION doc_extractor;
BEGIN;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
ROLLBACK;
SELECT * FROM objects_in_docs();
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
-- A DROP EXTENSION that is rolled back keeps everything.
BEGIN;
DROP EXTENSION doc_extractor;
ROLLBACK;
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');

-- Refused: a second installation, dropping a single member, another schema, and an installation
-- over existing objects (it takes no table over).
\set VERBOSITY sqlstate
CREATE EXTENSION doc_extractor SCHEMA public VERSION '1.0';
DROP TABLE docs.error_log;
DROP FUNCTION docs.ingest_document;
ALTER EXTENSION doc_extractor SET SCHEMA public;
DROP EXTENSION doc_extractor;
CREATE TABLE docs.hash_index (id int);
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
DROP TABLE docs.hash_index;
CREATE FUNCTION docs.documents_before_update() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RETURN NEW; END $$;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
DROP FUNCTION docs.documents_before_update;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '0.0';
\set VERBOSITY default
SELECT * FROM objects_in_docs();

DROP FUNCTION public.objects_in_docs;
DROP SCHEMA docs;
