-- The guards of 1.1: the extension refuses what would drop data, and writes changes of its tables'
-- definitions to the server log.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- A role that owns only what it creates itself.
CREATE ROLE regress_docs_keeper;
CREATE ROLE regress_docs_other;
CREATE ROLE regress_docs_admin;
GRANT regress_docs_keeper TO regress_docs_admin;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_keeper', current_database())
    AS "grant" \gset
:grant;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
CREATE VIEW alive AS
SELECT extversion AS version,
       (SELECT count(*) FROM pg_depend
        WHERE refobjid = x.oid AND deptype = 'e' AND classid <> 'pg_type'::regclass) AS objects
FROM pg_extension x WHERE extname = 'doc_extractor';
TABLE alive;

-- DROP EXTENSION, with the whole message.
DROP EXTENSION doc_extractor;
\echo :SQLSTATE
\set VERBOSITY terse
DROP EXTENSION doc_extractor CASCADE;
DROP EXTENSION IF EXISTS doc_extractor;
-- DROP EXTENSION with several names, at any position in the list: none is dropped.
CREATE EXTENSION tcn;
CREATE EXTENSION pgcrypto;
DROP EXTENSION tcn, doc_extractor, pgcrypto;
DROP EXTENSION IF EXISTS nothing, doc_extractor CASCADE;
DROP EXTENSION nothing, doc_extractor;
SELECT extname FROM pg_extension
WHERE extname IN ('tcn', 'pgcrypto', 'doc_extractor') ORDER BY extname;
-- DROP SCHEMA ... CASCADE, with one and several names.
DROP SCHEMA docs CASCADE;
CREATE SCHEMA other;
CREATE TABLE other.documents (id int);
INSERT INTO other.documents VALUES (1);
DROP SCHEMA other, docs CASCADE;
DROP SCHEMA IF EXISTS docs, nothing, other CASCADE;
-- In a transaction, and in DO.
BEGIN;
DROP EXTENSION doc_extractor;
ROLLBACK;
DO $$BEGIN EXECUTE 'DROP SCHEMA docs CASCADE'; END$$;
-- In a session with one of a restore's settings.
SET check_function_bodies = off;
DROP EXTENSION doc_extractor;
RESET check_function_bodies;
TABLE alive;
-- PostgreSQL's own refusals stay as they are, with PostgreSQL's errors.
\set VERBOSITY sqlstate
DROP SCHEMA docs;
DROP TABLE docs.documents CASCADE;
DROP SEQUENCE docs.documents_id_seq CASCADE;
DROP FUNCTION docs.doc_extractor_ddl_start();
DROP EVENT TRIGGER doc_extractor_ddl_start;
DROP EVENT TRIGGER doc_extractor_ddl_end CASCADE;
DROP OWNED BY CURRENT_USER;
\set VERBOSITY terse
TABLE alive;
-- A role without the right to drop it is told so, and not that there is data.
\set VERBOSITY sqlstate
SET ROLE regress_docs_other;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs CASCADE;
RESET ROLE;
\set VERBOSITY terse

-- The guard leaves other extensions, schemas and roles alone.
DROP EXTENSION tcn;
DROP EXTENSION pgcrypto CASCADE;
DROP SCHEMA other CASCADE;
CREATE SCHEMA docs2;
CREATE TABLE docs2.documents (id int);
INSERT INTO docs2.documents VALUES (1);
DROP SCHEMA docs2 CASCADE;
DROP OWNED BY regress_docs_other CASCADE;
DROP SCHEMA IF EXISTS nothing CASCADE;
DROP EXTENSION IF EXISTS nothing;
TABLE alive;

-- The trail alone is data as well; it outlives its documents.
\set VERBOSITY default
BEGIN;
DELETE FROM docs.documents;
DROP EXTENSION doc_extractor;
ROLLBACK;
\set VERBOSITY terse
-- The guard works at REPEATABLE READ too.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM docs.documents;
DROP EXTENSION doc_extractor;
ROLLBACK;
-- Row security hides nothing from the guard.
ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
DROP EXTENSION doc_extractor;
ALTER TABLE docs.documents DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
-- Two ways to drop it: one keeps the data, the other does not.
BEGIN;
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
DROP EXTENSION doc_extractor;
SELECT count(*) FROM docs.documents;
ROLLBACK;
BEGIN;
SET LOCAL doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
SELECT to_regclass('docs.documents') IS NULL AS gone;
ROLLBACK;
BEGIN;
SET LOCAL doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
ROLLBACK;
-- So is pg_restore --clean, whatever the session looks like.
BEGIN;
SET LOCAL check_function_bodies = false;
SELECT set_config('search_path', '', true);
SET LOCAL client_min_messages = warning;
DROP EXTENSION doc_extractor;
ROLLBACK;
-- A superuser's replication role does not matter.
BEGIN;
SET LOCAL session_replication_role = replica;
DROP EXTENSION doc_extractor;
ROLLBACK;

-- Columns of the extension's tables are not dropped or renamed, directly or by a cascade.
ALTER TABLE docs.documents DROP COLUMN document_text;
\echo :SQLSTATE
ALTER TABLE docs.documents RENAME COLUMN document_text TO body;
\echo :SQLSTATE
ALTER VIEW docs.documents RENAME COLUMN document_text TO body;
ALTER MATERIALIZED VIEW docs.documents RENAME COLUMN document_text TO body;
ALTER FOREIGN TABLE docs.documents RENAME COLUMN document_text TO body;
ALTER TABLE docs.documents ADD COLUMN mine int;
ALTER TABLE docs.documents RENAME COLUMN mine TO ours;
ALTER TABLE docs.documents DROP COLUMN ours;
ALTER TABLE docs.error_log DROP COLUMN resolution_notes, ADD COLUMN resolution_notes text;
-- An empty table can be changed, and a filled one if data may be lost.
BEGIN;
DELETE FROM docs.error_log;
ALTER TABLE docs.error_log RENAME COLUMN resolution_notes TO notes;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER TABLE docs.documents DROP COLUMN document_text;
ROLLBACK;
BEGIN;
CREATE DOMAIN docs.text_of_ours AS text;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER TABLE docs.documents ALTER document_text TYPE docs.text_of_ours;
SET LOCAL doc_extractor.allow_data_loss = off;
SAVEPOINT s;
DROP DOMAIN docs.text_of_ours CASCADE;
ROLLBACK TO s;
DROP TYPE docs.text_of_ours CASCADE;
ROLLBACK;

-- Values of documents and of the trail do not change without a trail.
BEGIN;
ALTER TABLE docs.documents ALTER document_text TYPE text USING 'changed';
ROLLBACK;
ALTER TABLE docs.documents ALTER document_text TYPE text USING upper(document_text);
ALTER TABLE docs.documents ALTER document_text TYPE text USING file_name::text;
ALTER TABLE docs.documents ALTER document_text TYPE text USING document_text::varchar(3);
ALTER TABLE docs.documents ALTER document_text TYPE varchar(3) USING document_text::varchar(3);
CREATE FUNCTION public.timezone(text, timestamp) RETURNS timestamp LANGUAGE sql AS
    $$SELECT timestamp '2001-01-01'$$;
ALTER TABLE docs.documents ALTER created_at TYPE timestamp USING public.timezone('UTC', created_at);
DROP FUNCTION public.timezone(text, timestamp);
ALTER TABLE docs.audit_log ALTER action_timestamp TYPE timestamp(0);
ALTER TABLE docs.audit_log ALTER change_reason TYPE text, ALTER action_timestamp TYPE date;
ALTER TABLE docs.audit_log ALTER new_value TYPE text USING new_value::text;
\echo :SQLSTATE
-- But types can become wider, and users' columns are users' own.
BEGIN;
ALTER TABLE docs.audit_log ALTER action_timestamp TYPE timestamptz,
    ALTER document_id TYPE bigint USING document_id::bigint;
ROLLBACK;
BEGIN;
ALTER TABLE docs.audit_log ALTER id TYPE bigint, ALTER old_value TYPE jsonb,
    ALTER new_value TYPE jsonb USING new_value::jsonb, ALTER change_reason TYPE text,
    ALTER action_timestamp TYPE timestamptz USING action_timestamp AT TIME ZONE 'UTC';
ALTER TABLE docs.documents ADD mine text;
ROLLBACK;
-- Not every change of time zone keeps a time, nor every limit a text.
ALTER TABLE docs.documents ALTER created_at TYPE timestamp USING created_at AT TIME ZONE 'Asia/Tokyo';
ALTER TABLE docs.documents ALTER created_at DROP NOT NULL,
    ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE NULL;
ALTER TABLE docs.documents ALTER document_text TYPE varchar(3);
ALTER TABLE docs.hash_index ALTER last_seen TYPE timestamp(0);
-- Another name or schema makes no difference.
BEGIN;
ALTER TABLE docs.documents RENAME TO papers;
SAVEPOINT s;
ALTER TABLE docs.papers DROP COLUMN document_text CASCADE;
ROLLBACK TO s;
ALTER TABLE docs.papers ALTER file_name TYPE varchar(500) USING 'changed';
ROLLBACK TO s;
ALTER TABLE docs.papers SET UNLOGGED;
ROLLBACK TO s;
ALTER EXTENSION doc_extractor DROP TABLE docs.papers;
ROLLBACK;
-- Nor does a parent, or a row type.
BEGIN;
CREATE TABLE docs.parent (LIKE docs.audit_log);
ALTER TABLE docs.audit_log INHERIT docs.parent;
SAVEPOINT s;
ALTER TABLE docs.parent ALTER user_or_system TYPE varchar(255) USING 'nobody';
ROLLBACK TO s;
ALTER TABLE docs.parent DROP COLUMN new_value;
ROLLBACK;
ALTER TYPE docs.documents RENAME ATTRIBUTE document_text TO body;
BEGIN;
CREATE TYPE docs.entry AS (id int, document_id int, action varchar(50), action_timestamp timestamp,
    user_or_system varchar(255), old_value json, new_value json, change_reason varchar(500),
    db_user name);
ALTER TABLE docs.audit_log OF docs.entry;
SAVEPOINT s;
ALTER TYPE docs.entry ALTER ATTRIBUTE action_timestamp TYPE timestamp(0) CASCADE;
ROLLBACK TO s;
ALTER TYPE docs.entry DROP ATTRIBUTE new_value CASCADE;
ROLLBACK;
-- What a table can depend on does not take it along.
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE docs.far () SERVER nowhere;
ALTER TABLE docs.documents INHERIT docs.far;
DROP SERVER nowhere CASCADE;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
DROP FOREIGN TABLE docs.far CASCADE;
ALTER TABLE docs.documents NO INHERIT docs.far;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
-- A role without rights learns nothing about data.
\set VERBOSITY sqlstate
SET ROLE regress_docs_other;
ALTER TABLE docs.documents ALTER file_name TYPE int;
ALTER TABLE docs.documents SET UNLOGGED;
ALTER EXTENSION doc_extractor DROP TABLE docs.documents;
RESET ROLE;
\set VERBOSITY terse
-- Users' columns are users' own, but the rewrite of the table must be asked for by itself.
BEGIN;
ALTER TABLE docs.documents ADD mine text;
ALTER TABLE docs.documents ALTER mine TYPE int USING length(mine);
ROLLBACK;

-- Tables are not taken out of the extension, nor made unlogged.
ALTER EXTENSION doc_extractor DROP TABLE docs.documents;
\echo :SQLSTATE
ALTER EXTENSION doc_extractor DROP SEQUENCE docs.documents_id_seq;
ALTER TABLE docs.hash_index SET UNLOGGED;
\echo :SQLSTATE
ALTER TABLE docs.hash_index SET LOGGED;
-- So are sequences, in both ways to say it, and whatever they are owned by. The server changes the
-- sequence with its table; a sequence of an empty table may change alone.
ALTER SEQUENCE docs.documents_id_seq SET UNLOGGED;
\echo :SQLSTATE
ALTER TABLE docs.audit_log_id_seq SET UNLOGGED;
ALTER SEQUENCE docs.documents_id_seq SET LOGGED;
BEGIN;
ALTER SEQUENCE docs.error_log_id_seq SET UNLOGGED;
ALTER EXTENSION doc_extractor DROP SEQUENCE docs.error_log_id_seq;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER SEQUENCE docs.documents_id_seq SET UNLOGGED;
SET LOCAL doc_extractor.allow_data_loss = off;
ALTER SEQUENCE docs.documents_id_seq SET UNLOGGED;
ALTER EXTENSION doc_extractor DROP SEQUENCE docs.documents_id_seq;
ROLLBACK;
BEGIN;
CREATE TABLE docs.theirs (id int);
ALTER SEQUENCE docs.hash_index_id_seq OWNED BY docs.theirs.id;
ALTER SEQUENCE docs.documents_id_seq OWNED BY NONE;
SAVEPOINT s;
ALTER SEQUENCE docs.documents_id_seq SET UNLOGGED;
ROLLBACK TO s;
ALTER EXTENSION doc_extractor DROP SEQUENCE docs.documents_id_seq;
ROLLBACK TO s;
ALTER SEQUENCE docs.hash_index_id_seq SET UNLOGGED;
ROLLBACK TO s;
ALTER EXTENSION doc_extractor DROP SEQUENCE docs.hash_index_id_seq;
ROLLBACK TO s;
DROP TABLE docs.theirs CASCADE;
ROLLBACK;
CREATE SEQUENCE docs.theirs;
ALTER SEQUENCE docs.theirs SET UNLOGGED;
DROP SEQUENCE docs.theirs;

-- What a view or function of ours depends on takes the extension along by CASCADE.
CREATE VIEW public.factor AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW public.kept AS SELECT 1 AS one;
CREATE SEQUENCE public.counter;
CREATE AGGREGATE public.total (int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE OPERATOR public.<+> (leftarg = int, rightarg = int, function = int4pl);
CREATE TEXT SEARCH CONFIGURATION public.words (COPY = simple);
CREATE DOMAIN public.positive AS int;
SELECT pg_get_viewdef('docs.ingestion_stats'::regclass) AS stats \gset
-- Lets the view depend on an expression's objects, and drops them; all is rolled back.
CREATE FUNCTION drop_below_view(view text, expression text, command text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW docs.ingestion_stats AS '
        || replace(view, 'count(*) AS documents', 'count(*) + 0 * ' || expression || ' AS documents');
    EXECUTE command;
    RAISE EXCEPTION 'dropped the ledger';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SELECT expression, drop_below_view(:'stats', expression, command)
FROM (VALUES
    ('(SELECT one FROM public.factor)', 'DROP VIEW public.factor CASCADE'),
    ('(SELECT one FROM public.kept)', 'DROP MATERIALIZED VIEW public.kept CASCADE'),
    ('(SELECT last_value FROM public.counter)', 'DROP SEQUENCE public.counter CASCADE'),
    ('public.total(d.id)', 'DROP AGGREGATE public.total(int) CASCADE'),
    ('(1 OPERATOR(public.<+>) 1)', 'DROP OPERATOR public.<+> (int, int) CASCADE'),
    ('length(to_tsvector(''public.words'', ''a''))',
        'DROP TEXT SEARCH CONFIGURATION public.words CASCADE'),
    ('1::public.positive', 'DROP DOMAIN public.positive CASCADE'))
    AS v (expression, command);
BEGIN;
CREATE LANGUAGE strange HANDLER plpgsql_call_handler;
CREATE OR REPLACE FUNCTION docs.documents_after_delete() RETURNS trigger LANGUAGE strange
    AS 'BEGIN RETURN NULL; END';
SAVEPOINT s;
DROP LANGUAGE strange CASCADE;
ROLLBACK;
-- Every DROP that the server has event triggers for arms the guard, if others can depend on what it
-- drops. On these eight kinds nothing depends.
SELECT tag FROM unnest(ARRAY['ACCESS METHOD', 'AGGREGATE', 'CAST', 'COLLATION', 'CONVERSION',
    'DOMAIN', 'EXTENSION', 'FOREIGN DATA WRAPPER', 'FOREIGN TABLE', 'FUNCTION', 'INDEX', 'LANGUAGE',
    'MATERIALIZED VIEW', 'OPERATOR', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'OWNED', 'POLICY',
    'PROCEDURE', 'PUBLICATION', 'ROUTINE', 'RULE', 'SCHEMA', 'SEQUENCE', 'SERVER', 'STATISTICS',
    'SUBSCRIPTION', 'TABLE', 'TEXT SEARCH CONFIGURATION', 'TEXT SEARCH DICTIONARY',
    'TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE', 'TRANSFORM', 'TRIGGER', 'TYPE', 'USER MAPPING',
    'VIEW']) AS t (tag)
WHERE 'DROP ' || tag <> ALL (
    SELECT unnest(evttags) FROM pg_event_trigger WHERE evtname = 'doc_extractor_ddl_start');
DROP FUNCTION drop_below_view(text, text, text);
DROP VIEW public.factor;
DROP MATERIALIZED VIEW public.kept;
DROP SEQUENCE public.counter;
DROP AGGREGATE public.total (int);
DROP OPERATOR public.<+> (int, int);
DROP TEXT SEARCH CONFIGURATION public.words;
DROP DOMAIN public.positive;

-- A parent or a referenced table takes no rows along.
BEGIN;
CREATE TABLE docs.parts (LIKE docs.audit_log) PARTITION BY LIST (action);
ALTER TABLE docs.parts ATTACH PARTITION docs.audit_log DEFAULT;
SAVEPOINT s;
DROP TABLE docs.parts;
ROLLBACK TO s;
DROP TABLE docs.parts CASCADE;
ROLLBACK TO s;
TRUNCATE docs.parts;
ROLLBACK;
BEGIN;
CREATE TABLE docs.sources (source varchar(255) PRIMARY KEY);
INSERT INTO docs.sources VALUES ('manual');
ALTER TABLE docs.documents ADD FOREIGN KEY (ingestion_source) REFERENCES docs.sources;
TRUNCATE docs.sources CASCADE;
ROLLBACK;
-- A new column does not take the name of ours, nor is a generated one in the way.
BEGIN;
ALTER TABLE docs.documents ADD constant text NOT NULL DEFAULT 'c',
    ADD generated text GENERATED ALWAYS AS (lower(document_text)) STORED;
ALTER TABLE docs.documents ALTER generated DROP EXPRESSION, DROP generated;
ALTER TABLE docs.documents SET (autovacuum_enabled = off);
SAVEPOINT s;
ALTER TABLE docs.documents RENAME COLUMN document_text TO former;
ROLLBACK TO s;
ALTER TABLE docs.documents DROP COLUMN document_text, ADD COLUMN document_text text DEFAULT 'c';
ROLLBACK;
-- The extension stays in its schema.
ALTER EXTENSION doc_extractor SET SCHEMA public;
\echo :SQLSTATE
-- What moves rows without changing them is not in the way.
VACUUM FULL docs.documents;
CLUSTER docs.documents USING documents_pkey;
REINDEX TABLE docs.documents;
ALTER TABLE docs.documents SET TABLESPACE pg_default;
TABLE alive;
TABLE alive;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
RESET doc_extractor.allow_data_loss;
-- Rows in any one of the tables are data, also if the table is in another schema by now.
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
CREATE SCHEMA moved;
\set VERBOSITY default
BEGIN;
INSERT INTO docs.error_log (file_name, error_type, error_message) VALUES ('a', 'b', 'c');
DROP EXTENSION doc_extractor;
ROLLBACK;
BEGIN;
INSERT INTO docs.hash_index (file_hash, document_id) VALUES ('a', 1);
ALTER TABLE docs.hash_index SET SCHEMA moved;
DROP EXTENSION doc_extractor;
ROLLBACK;
BEGIN;
INSERT INTO docs.audit_log (document_id, action) VALUES (1, 'tagged');
ALTER TABLE docs.audit_log SET SCHEMA moved;
ALTER TABLE moved.audit_log RENAME TO trail;
DROP SCHEMA docs CASCADE;
ROLLBACK;
BEGIN;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, 'a', 't', 's');
ALTER TABLE docs.documents SET SCHEMA moved;
DROP EXTENSION doc_extractor;
ROLLBACK;
\set VERBOSITY terse
-- A table that only has the name of one of the extension's tables does not count.
BEGIN;
CREATE TABLE moved.documents AS SELECT 1 AS id;
ALTER TABLE docs.documents RENAME TO papers;
CREATE TABLE docs.documents AS SELECT 1 AS id;
DROP EXTENSION doc_extractor;
ROLLBACK;
DROP SCHEMA moved;
-- No role that is no superuser disables an event trigger.
SET ROLE regress_docs_keeper;
ALTER EVENT TRIGGER doc_extractor_ddl_start DISABLE;
RESET ROLE;
-- Without data, any command may drop it. Rows that this transaction has added count; rows that it
-- has deleted do not.
BEGIN;
DROP SCHEMA docs CASCADE;
ROLLBACK;
BEGIN;
INSERT INTO docs.error_log (file_name, error_type, error_message) VALUES ('a', 'b', 'c');
SAVEPOINT filled;
DROP EXTENSION doc_extractor;
ROLLBACK TO filled;
DELETE FROM docs.error_log;
DROP EXTENSION doc_extractor;
ROLLBACK;
DROP EXTENSION doc_extractor;
TABLE alive;
DROP SCHEMA docs;

-- An owner that is no superuser.
SET ROLE regress_docs_keeper;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
DROP EXTENSION doc_extractor;
DROP SCHEMA docs CASCADE;
-- DROP OWNED warns about privileges that it cannot revoke before it is refused.
SET client_min_messages = error;
DROP OWNED BY regress_docs_keeper CASCADE;
DROP OWNED BY CURRENT_USER CASCADE;
RESET ROLE;
-- A member of that role, and a superuser; also together with other roles.
SET ROLE regress_docs_admin;
DROP EXTENSION doc_extractor;
DROP OWNED BY regress_docs_keeper CASCADE;
RESET ROLE;
DROP OWNED BY regress_docs_keeper CASCADE;
DROP OWNED BY regress_docs_other, regress_docs_keeper CASCADE;
DROP OWNED BY regress_docs_keeper;
-- Another role's own objects are dropped.
CREATE SCHEMA theirs AUTHORIZATION regress_docs_other;
DROP OWNED BY regress_docs_other;
TABLE alive;
SELECT count(*) FROM docs.documents;
-- REASSIGN OWNED drops nothing.
REASSIGN OWNED BY regress_docs_keeper TO regress_docs_admin;
SELECT extowner::regrole,
       (SELECT relowner::regrole FROM pg_class WHERE oid = 'docs.documents'::regclass)
FROM pg_extension WHERE extname = 'doc_extractor';
DROP OWNED BY regress_docs_admin CASCADE;
REASSIGN OWNED BY regress_docs_admin TO regress_docs_keeper;
SET ROLE regress_docs_keeper;
SET doc_extractor.allow_data_loss = on;
-- Not the warning about privileges that others granted.
SET client_min_messages = error;
DROP OWNED BY regress_docs_keeper CASCADE;
SET client_min_messages = warning;
RESET doc_extractor.allow_data_loss;
RESET ROLE;
TABLE alive;
-- One role owns the schema, another the extension: what drops the schema drops the extension too.
:grant;
CREATE SCHEMA docs AUTHORIZATION regress_docs_keeper;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
DROP OWNED BY regress_docs_keeper CASCADE;
SET ROLE regress_docs_keeper;
DROP SCHEMA docs CASCADE;
RESET ROLE;
TABLE alive;

-- The event triggers' functions refuse any other use.
\set VERBOSITY default
SELECT docs.doc_extractor_ddl_start();
\echo :SQLSTATE
SELECT docs.doc_extractor_ddl_end();
\echo :SQLSTATE
-- On an event that they are not made for, they do no harm.
CREATE EVENT TRIGGER odd ON sql_drop EXECUTE FUNCTION docs.doc_extractor_ddl_start();
CREATE TABLE odd (id int);
DROP TABLE odd;
DROP EVENT TRIGGER odd;

-- The log: the server writes it; a client sees it if it asks for it.
CREATE TABLE docs.mine (id int);
CREATE TABLE public.documents (id int);
CREATE ROLE regress_docs_dba SUPERUSER;
SET SESSION AUTHORIZATION regress_docs_dba;
SET client_min_messages = log;
ALTER TABLE docs.documents ADD COLUMN department text;
ALTER TABLE docs.documents RENAME COLUMN department TO unit;
ALTER TABLE docs.documents DROP COLUMN unit;
ALTER TABLE docs.hash_index ALTER COLUMN duplicate_count SET STATISTICS 10;
ALTER TABLE docs.audit_log DISABLE TRIGGER audit_log_refuse_change;
ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change;
ALTER TABLE docs.error_log OWNER TO regress_docs_keeper;
CREATE INDEX "by Name" ON docs.documents (file_name);
CREATE UNIQUE INDEX IF NOT EXISTS by_document ON docs.hash_index (document_id);
CREATE INDEX CONCURRENTLY by_type ON docs.error_log (error_type);
DROP INDEX docs."by Name";
DROP INDEX CONCURRENTLY docs.by_type;
SET search_path = docs, public;
DROP INDEX IF EXISTS by_document, nothing;
ALTER TABLE error_log ADD COLUMN note text, ADD COLUMN severity int;
DO $$BEGIN ALTER TABLE error_log DROP COLUMN note; END$$;
RESET search_path;
-- Each line names the current role and the session's role.
SET ROLE regress_docs_keeper;
ALTER TABLE docs.error_log DROP COLUMN severity;
RESET ROLE;
-- What fails is not logged: a role that does not own the table cannot make the log say that its
-- index was dropped.
GRANT USAGE ON SCHEMA docs TO regress_docs_other;
SET ROLE regress_docs_other;
\set VERBOSITY sqlstate
DROP INDEX docs.ix_documents_file_type;
\set VERBOSITY default
RESET ROLE;
-- Nothing is logged for other tables, even with the same name, or for what changes no definition.
ALTER TABLE docs.mine ADD COLUMN note text;
CREATE INDEX mine_note ON docs.mine (note);
DROP INDEX docs.mine_note;
ALTER TABLE public.documents ADD COLUMN note text;
CREATE INDEX documents_note ON public.documents (note);
DROP INDEX public.documents_note;
SET search_path = public, docs;
ALTER TABLE documents DROP COLUMN note;
RESET search_path;
GRANT SELECT ON docs.documents TO regress_docs_other;
COMMENT ON TABLE docs.mine IS 'mine';
ANALYZE docs.documents;
DROP INDEX IF EXISTS nothing.at_all;
ALTER TABLE IF EXISTS docs.nothing ADD COLUMN note text;
-- Nothing is logged for the extension's own scripts.
DELETE FROM docs.documents;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
RESET doc_extractor.allow_data_loss;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
-- 1.0 has no log and no guard.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
ALTER TABLE docs.documents ADD COLUMN department text;
SET client_min_messages = warning;
DROP EXTENSION doc_extractor;
RESET SESSION AUTHORIZATION;

DROP VIEW alive;
DROP TABLE public.documents;
DROP SCHEMA docs CASCADE;
DROP OWNED BY regress_docs_keeper, regress_docs_other, regress_docs_admin, regress_docs_dba;
DROP ROLE regress_docs_keeper, regress_docs_other, regress_docs_admin, regress_docs_dba;
