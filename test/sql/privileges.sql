-- Who may do what: PUBLIC nothing, EXECUTE alone is enough to ingest, and writers leave a trail.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
CREATE ROLE regress_docs_ingester;
CREATE ROLE regress_docs_writer;
CREATE ROLE regress_docs_stranger;
GRANT USAGE ON SCHEMA docs TO regress_docs_ingester, regress_docs_writer, regress_docs_stranger;

-- Only the owner has privileges. That shows in an ACL on functions, and in no ACL on tables and
-- sequences.
SELECT p.oid::regprocedure AS function FROM pg_proc p
WHERE p.pronamespace = 'docs'::regnamespace
  AND (p.proacl IS NULL OR
       EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner))
ORDER BY 1;
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'docs'::regnamespace AND c.relkind IN ('r', 'S', 'v')
  AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner)
ORDER BY 1;
SELECT count(*) AS functions FROM pg_proc WHERE pronamespace = 'docs'::regnamespace;
-- No function is SECURITY DEFINER or has settings of its own; all belong to the extension's owner.
SELECT bool_or(p.prosecdef) AS security_definer, bool_or(p.proconfig IS NOT NULL) AS settings,
       bool_or(p.proleakproof) AS leakproof, bool_and(p.proowner = e.extowner) AS owner,
       string_agg(DISTINCT p.provolatile::text || p.proparallel::text, ' ') AS volatile_unsafe
FROM pg_proc p, pg_extension e
WHERE p.pronamespace = 'docs'::regnamespace AND e.extname = 'doc_extractor';

-- A role that has only USAGE on the schema is refused everywhere.
\set VERBOSITY sqlstate
SET ROLE regress_docs_stranger;
SELECT * FROM docs.ingest_document('a', 'a', 't');
SELECT * FROM docs.ingest_hashed_document('a', repeat('a', 64), 1, 't');
SELECT * FROM docs.ingest_documents(ARRAY['a'], ARRAY['a']::bytea[], ARRAY['t']);
SELECT * FROM docs.ingest_file('PG_VERSION', 't');
SELECT * FROM docs.ingest_large_object(1, 'a', 't');
SELECT docs.record_document_event(1, 'tagged');
SELECT docs.documents_after_insert();
SELECT docs.documents_after_update();
SELECT docs.documents_before_update();
SELECT docs.documents_after_delete();
SELECT docs.documents_refuse_truncate();
SELECT docs.audit_log_check_actions();
SELECT docs.audit_log_refuse_change();
SELECT docs.doc_extractor_ddl_start();
SELECT docs.doc_extractor_ddl_end();
SELECT * FROM docs.doc_extractor_verify();
SELECT count(*) FROM docs.documents;
SELECT count(*) FROM docs.hash_index;
SELECT count(*) FROM docs.audit_log;
SELECT count(*) FROM docs.error_log;
SELECT count(*) FROM docs.ingestion_stats;
SELECT count(*) FROM docs.ingestion_stats_by_source;
SELECT count(*) FROM docs.ingestion_stats_by_type;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, 'a', 't', 's');
UPDATE docs.documents SET file_name = 'a';
DELETE FROM docs.documents;
TRUNCATE docs.audit_log CASCADE;
SELECT nextval('docs.documents_id_seq');
SELECT last_value FROM docs.audit_log_id_seq;
-- A trigger of the role's own needs EXECUTE on the extension's function.
CREATE TEMPORARY TABLE mine (id int);
CREATE TRIGGER mine BEFORE TRUNCATE ON mine EXECUTE FUNCTION docs.documents_refuse_truncate();
DROP TABLE mine;
RESET ROLE;
-- EXECUTE on one function gives no right to another, nor to the schema.
GRANT EXECUTE ON FUNCTION docs.ingest_hashed_document TO regress_docs_stranger;
SET ROLE regress_docs_stranger;
SELECT * FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;
REVOKE USAGE ON SCHEMA docs FROM regress_docs_stranger;
SET ROLE regress_docs_stranger;
SELECT * FROM docs.ingest_hashed_document('a', repeat('a', 64), 1, 't');
RESET ROLE;
\set VERBOSITY default
SELECT (SELECT count(*) FROM docs.documents) AS documents,
       (SELECT count(*) FROM docs.audit_log) AS audit_log;

-- An application needs only EXECUTE: for a single document, by hash, a batch, an event;
-- new, duplicate and healed.
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.ingest_hashed_document, docs.ingest_documents,
    docs.record_document_event TO regress_docs_ingester;
SET ROLE regress_docs_ingester;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_hashed_document('h', repeat('1', 64), 1, 't', ingestion_status => 'failed');
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_hashed_document('h', repeat('1', 64), 1, 't');
SELECT is_duplicate, duplicate_count
FROM docs.ingest_documents(ARRAY['a', 'b', 'c', 'b'], ARRAY['a', 'b', 'c', 'b']::bytea[],
                           ARRAY['t', 't', 't', 't']);
SELECT docs.record_document_event(1, 'tagged', NULL, '["new"]');
-- It gets no more than that: the tables are closed to the caller, in arguments of the
-- functions too.
\set VERBOSITY sqlstate
SELECT count(*) FROM docs.documents;
SELECT * FROM docs.ingest_document('d', (SELECT file_name::bytea FROM docs.documents LIMIT 1), 't');
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, 'z', 't', 's');
UPDATE docs.hash_index SET duplicate_count = 0;
DELETE FROM docs.audit_log;
SELECT nextval('docs.documents_id_seq');
\set VERBOSITY default
RESET ROLE;
SELECT d.file_name, h.duplicate_count, string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM docs.documents d
    JOIN docs.hash_index h ON h.document_id = d.id
    JOIN docs.audit_log a ON a.document_id = d.id
GROUP BY d.id, d.file_name, h.duplicate_count ORDER BY d.file_name;

-- The current role is the caller again afterwards: after a success, an error, an error
-- that is caught, and a user's trigger that fails.
SET ROLE regress_docs_ingester;
SELECT document_id IS NOT NULL AS ingested, current_user
FROM docs.ingest_document('who 1', 'who 1', 't');
SELECT current_user;
SELECT * FROM docs.ingest_document(NULL, 'a', 't');
SELECT current_user;
SELECT * FROM docs.ingest_hashed_document('a', repeat('1', 64), 2, 't');
SELECT current_user;
RESET ROLE;
CREATE FUNCTION docs.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by %, working as %', TG_TABLE_NAME,
            CASE current_user WHEN 'regress_docs_ingester' THEN 'the caller' ELSE 'the owner' END
        USING errcode = 'DX001';
END
$$;
CREATE TABLE docs.caught (number int GENERATED ALWAYS AS IDENTITY, step text, state text,
                          message text, who text);
GRANT INSERT ON docs.caught TO regress_docs_ingester;
CREATE FUNCTION docs.try_all(step text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        format($f$SELECT docs.ingest_document(%L, %L, 't')$f$, step, step),
        format($f$SELECT docs.ingest_documents(ARRAY[%L], ARRAY[%L]::bytea[], ARRAY['t'])$f$,
               step, step),
        'SELECT docs.ingest_document(''a'', ''a'', ''t'')',
        'SELECT docs.record_document_event(1, ''tagged'')']
    LOOP
        BEGIN
            EXECUTE call;
            INSERT INTO docs.caught (step, state, message, who)
            VALUES (step, 'none', left(call, 30), current_user);
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO docs.caught (step, state, message, who)
            VALUES (step, SQLSTATE, SQLERRM, current_user);
        END;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION docs.try_all TO regress_docs_ingester;
CREATE TRIGGER refuse BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION docs.refuse();
SET ROLE regress_docs_ingester;
SELECT docs.try_all('documents');
SELECT current_user;
RESET ROLE;
DROP TRIGGER refuse ON docs.documents;
CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION docs.refuse();
SET ROLE regress_docs_ingester;
SELECT docs.try_all('hash_index');
SELECT current_user;
RESET ROLE;
DROP TRIGGER refuse ON docs.hash_index;
CREATE TRIGGER refuse AFTER INSERT ON docs.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION docs.refuse();
SET ROLE regress_docs_ingester;
SELECT docs.try_all('audit_log');
SELECT current_user;
-- After all of this, the caller still lacks the owner's privileges, and the next call
-- works as before.
\set VERBOSITY sqlstate
SELECT count(*) FROM docs.audit_log;
\set VERBOSITY default
RESET ROLE;
DROP TRIGGER refuse ON docs.audit_log;
SET ROLE regress_docs_ingester;
SELECT is_duplicate, duplicate_count, current_user FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;
SELECT * FROM docs.caught ORDER BY number;
SELECT count(*) FROM docs.documents WHERE file_name IN ('documents', 'hash_index', 'audit_log');

-- A writer with privileges on documents alone leaves a trail, and cannot change it.
GRANT SELECT, INSERT, UPDATE, DELETE ON docs.documents TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_writer;
SET SESSION AUTHORIZATION regress_docs_writer;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('written', 1, 'w', 't', 's');
UPDATE docs.documents SET file_type = 'u', file_hash = 'w2' WHERE file_name = 'written';
COPY docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source) FROM stdin;
copied	1	w3	t	s
\.
SELECT current_user;
\set VERBOSITY sqlstate
SELECT count(*) FROM docs.audit_log;
DELETE FROM docs.audit_log;
INSERT INTO docs.hash_index (file_hash, document_id) VALUES ('x', 1);
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
SELECT d.file_name, h.file_hash, a.action, a.user_or_system, a.new_value ->> 'file_hash' AS new_hash
FROM docs.documents d
    JOIN docs.hash_index h ON h.document_id = d.id
    JOIN docs.audit_log a ON a.document_id = d.id
WHERE d.file_name IN ('written', 'copied') ORDER BY a.id;
SET SESSION AUTHORIZATION regress_docs_writer;
DELETE FROM docs.documents WHERE file_name = 'written';
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM docs.hash_index WHERE file_hash = 'w2';
-- A writer cannot pretend that its rows come from a backup, to leave no trail: the
-- setting works for the owner only.
SET SESSION AUTHORIZATION regress_docs_writer;
SET doc_extractor.restoring = on;
INSERT INTO docs.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, created_at)
VALUES ('secret', 1, 'w4', 't', 's', '2001-01-01');
RESET doc_extractor.restoring;
SET check_function_bodies = off;
SET client_min_messages = warning;
SELECT set_config('search_path', '', false);
INSERT INTO docs.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, created_at)
VALUES ('secret', 1, 'w5', 't', 's', '2001-01-01');
RESET check_function_bodies;
RESET search_path;
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
SELECT h.file_hash, a.action, a.user_or_system
FROM docs.documents d
    JOIN docs.hash_index h ON h.document_id = d.id
    JOIN docs.audit_log a ON a.document_id = d.id
WHERE d.file_name = 'secret' ORDER BY a.id;

-- A SECURITY DEFINER function lends EXECUTE: its caller needs a privilege neither on
-- the schema nor on the function. The trail has the login role.
CREATE FUNCTION public.regress_docs_drop_box(name text, content bytea) RETURNS boolean
LANGUAGE sql SECURITY DEFINER
AS $$ SELECT is_duplicate FROM docs.ingest_document(name, content, 't', 'drop box') $$;
ALTER FUNCTION public.regress_docs_drop_box OWNER TO regress_docs_ingester;
SET SESSION AUTHORIZATION regress_docs_stranger;
SELECT public.regress_docs_drop_box('box', 'box');
SELECT public.regress_docs_drop_box('box', 'box');
SELECT current_user;
RESET SESSION AUTHORIZATION;
SELECT user_or_system, new_value ->> 'ingestion_source' AS source
FROM docs.audit_log ORDER BY id DESC LIMIT 1;
DROP FUNCTION public.regress_docs_drop_box;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_ingester, regress_docs_writer, regress_docs_stranger;
