-- doc_extractor_verify(): every check passes for a ledger that is new, filled or
-- adopted, and every kind of damage fails its own check.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT * FROM docs.doc_extractor_verify();
-- Filled by functions and plain SQL, with a deleted document's trail.
SELECT count(*)
FROM generate_series(1, 20) i,
    docs.ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain');
SELECT count(*)
FROM generate_series(1, 20) i,
    docs.ingest_document('again', ('content ' || i % 5 + 1)::bytea, 'text/plain');
SELECT count(*)
FROM docs.ingest_documents(ARRAY['a', 'b', 'c'], ARRAY['a', 'b', 'a']::bytea[],
                           ARRAY['t', 't', 't']);
SELECT is_duplicate
FROM docs.ingest_document('failed', 'failed', 't',
                          ingestion_status => 'failed', error_message => 'no');
SELECT is_duplicate
FROM docs.ingest_document('retry', 'retry', 't',
                          ingestion_status => 'retry', error_message => 'no');
SELECT docs.record_document_event(1, 'classified') > 0 AS recorded;
UPDATE docs.documents SET file_hash = repeat('0', 64) WHERE id = 2;
DELETE FROM docs.documents WHERE id IN (3, 4);
INSERT INTO docs.error_log (file_name, error_type, error_message)
VALUES ('lost', 'timeout', 'no answer');
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SELECT count(*) AS checks, count(*) FILTER (WHERE detail ~ '^(-- )?0 ') AS nothing_found
FROM docs.doc_extractor_verify();
-- It runs in a read-only transaction, whatever the search_path is.
BEGIN READ ONLY;
SET LOCAL search_path = docs;
SELECT * FROM doc_extractor_verify() WHERE NOT passed;
SET LOCAL search_path = '';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
COMMIT;
-- What users add fails no check.
BEGIN;
ALTER TABLE docs.documents ADD COLUMN department text, ADD CONSTRAINT named CHECK (file_name <> '');
CREATE INDEX by_source ON docs.documents (ingestion_source);
CREATE FUNCTION docs.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER theirs BEFORE INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION docs.nothing();
ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
ROLLBACK;

-- Damages the ledger, and returns the checks that fail; the damage is rolled back.
CREATE FUNCTION broken_by(damage text)
RETURNS TABLE (check_name text, detail text) LANGUAGE plpgsql AS $$
DECLARE
    failed json;
BEGIN
    BEGIN
        PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
        EXECUTE damage;
        RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = coalesce((
            SELECT json_agg(v) FROM docs.doc_extractor_verify() v WHERE NOT v.passed), '[]');
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
        failed := SQLERRM;
    END;
    RETURN QUERY SELECT v ->> 'check_name', v ->> 'detail' FROM json_array_elements(failed) v;
END
$$;
-- The tables' owner can disable the extension's triggers.
SELECT $$
    ALTER TABLE docs.documents DISABLE TRIGGER USER;
    ALTER TABLE docs.hash_index DISABLE TRIGGER USER;
    ALTER TABLE docs.audit_log DISABLE TRIGGER USER;$$ AS off, $$
    ALTER TABLE docs.documents ENABLE TRIGGER USER;
    ALTER TABLE docs.documents ENABLE ALWAYS TRIGGER documents_refuse_truncate;
    ALTER TABLE docs.hash_index ENABLE TRIGGER USER;
    ALTER TABLE docs.audit_log ENABLE TRIGGER USER;
    ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change;
    ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_truncate$$ AS on \gset
SELECT * FROM broken_by('');
SELECT * FROM broken_by(:'off' || :'on');

-- Views prevent a column from changing its type, but their owner can drop them.
SELECT string_agg(format('ALTER EXTENSION doc_extractor DROP VIEW docs.%1$I;
                          DROP VIEW docs.%1$I;', view), '' ORDER BY n) AS drop_views
FROM unnest(ARRAY['ingestion_stats', 'ingestion_stats_by_source', 'ingestion_stats_by_type'])
    WITH ORDINALITY AS v (view, n) \gset
-- tables: one is missing, or is not a table. The function returns a result even if
-- other checks fail.
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.error_log;
     ALTER TABLE docs.error_log RENAME TO errors')
WHERE check_name = 'tables';
SELECT * FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.hash_index;
     ALTER TABLE docs.hash_index RENAME TO hashes;
     CREATE VIEW docs.hash_index AS SELECT * FROM docs.hashes')
WHERE check_name = 'tables';
-- columns: another type, default or nullability, or a missing column. A wider integer is fine.
SELECT * FROM broken_by('ALTER TABLE docs.documents ALTER COLUMN file_name TYPE varchar(600)');
SELECT * FROM broken_by(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER COLUMN file_type TYPE varchar(50)');
SELECT * FROM broken_by('ALTER TABLE docs.audit_log ALTER COLUMN id TYPE bigint');
SELECT * FROM broken_by('ALTER TABLE docs.hash_index ALTER COLUMN last_seen DROP DEFAULT');
SELECT * FROM broken_by('ALTER TABLE docs.error_log ALTER COLUMN retry_attempted SET DEFAULT true');
SELECT * FROM broken_by('ALTER TABLE docs.documents ALTER COLUMN ingestion_source DROP NOT NULL');
SELECT * FROM broken_by('ALTER TABLE docs.documents ALTER COLUMN document_text SET DEFAULT ''''');
SELECT * FROM broken_by('ALTER TABLE docs.audit_log DROP COLUMN db_user');
SELECT * FROM broken_by('ALTER TABLE docs.error_log RENAME COLUMN resolution_notes TO notes');
SELECT * FROM broken_by(:'drop_views' ||
    'ALTER TABLE docs.documents ALTER COLUMN ingestion_timestamp TYPE timestamptz');
-- A type that other checks cannot read fails the check, and no more.
SELECT * FROM broken_by('ALTER TABLE docs.hash_index ALTER COLUMN document_id TYPE text')
WHERE check_name = 'columns';
-- If there are more than five faults, five are named.
SELECT * FROM broken_by(
    'ALTER TABLE docs.error_log ALTER file_name DROP NOT NULL, ALTER error_type DROP NOT NULL,
         ALTER error_message DROP NOT NULL, ALTER error_timestamp DROP NOT NULL,
         ALTER retry_attempted DROP NOT NULL, ALTER resolution_notes SET DEFAULT ''none''');
-- indexes: one is missing, renamed, different or invalid.
SELECT * FROM broken_by('DROP INDEX docs.ix_documents_file_type');
SELECT * FROM broken_by('ALTER INDEX docs.ix_audit_log_document_id RENAME TO trail');
SELECT * FROM broken_by(
    'DROP INDEX docs.ix_documents_ingestion_timestamp;
     CREATE INDEX ix_documents_ingestion_timestamp ON docs.documents (created_at)');
SELECT * FROM broken_by(
    'DROP INDEX docs.ix_audit_log_action_timestamp;
     CREATE INDEX ix_audit_log_action_timestamp ON docs.audit_log (action_timestamp) WHERE id > 0');
SELECT * FROM broken_by(
    'UPDATE pg_index SET indisvalid = false
     WHERE indexrelid = ''docs.ix_error_log_error_timestamp''::regclass');
-- constraints: one is missing, or has other columns.
SELECT * FROM broken_by(
    'ALTER TABLE docs.hash_index DROP CONSTRAINT ix_hash_index_file_hash;
     ALTER TABLE docs.hash_index ADD CONSTRAINT ix_hash_index_file_hash UNIQUE (file_hash, id)');
SELECT * FROM broken_by('ALTER TABLE docs.documents DROP CONSTRAINT ix_documents_file_hash');
SELECT * FROM broken_by('ALTER TABLE docs.error_log DROP CONSTRAINT error_log_pkey');
SELECT * FROM broken_by(
    'ALTER TABLE docs.audit_log DROP CONSTRAINT audit_log_pkey;
     ALTER TABLE docs.audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id, document_id)');
-- The version has no foreign key, so a user's foreign key fails no check.
SELECT * FROM broken_by(
    'ALTER TABLE docs.hash_index
         ADD FOREIGN KEY (document_id) REFERENCES docs.documents ON DELETE CASCADE NOT VALID');
-- triggers: one is disabled, does not fire in replicas, is missing, is another one, or
-- only looks right.
SELECT * FROM broken_by('ALTER TABLE docs.documents DISABLE TRIGGER documents_after_insert');
SELECT * FROM broken_by('ALTER TABLE docs.audit_log DISABLE TRIGGER USER');
SELECT * FROM broken_by('ALTER TABLE docs.audit_log ENABLE TRIGGER audit_log_refuse_change');
SELECT * FROM broken_by('ALTER TABLE docs.documents ENABLE REPLICA TRIGGER documents_after_delete');
SELECT * FROM broken_by('DROP TRIGGER documents_before_update ON docs.documents');
SELECT * FROM broken_by(
    'DROP TRIGGER audit_log_refuse_change ON docs.audit_log;
     CREATE FUNCTION docs.nothing() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END'';
     CREATE TRIGGER audit_log_refuse_change BEFORE UPDATE OR DELETE ON docs.audit_log
         FOR EACH ROW EXECUTE FUNCTION docs.nothing();
     ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change');
SELECT * FROM broken_by(
    'DROP TRIGGER audit_log_refuse_change ON docs.audit_log;
     CREATE TRIGGER audit_log_refuse_change BEFORE DELETE ON docs.audit_log
         FOR EACH ROW EXECUTE FUNCTION docs.audit_log_refuse_change();
     ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change');
SELECT * FROM broken_by(
    'DROP TRIGGER audit_log_refuse_change ON docs.audit_log;
     CREATE TRIGGER audit_log_refuse_change BEFORE UPDATE OR DELETE ON docs.audit_log
         FOR EACH ROW WHEN (OLD.id < 0) EXECUTE FUNCTION docs.audit_log_refuse_change();
     ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change');
SELECT * FROM broken_by(
    'DROP TRIGGER documents_after_insert ON docs.documents;
     CREATE TRIGGER documents_after_insert AFTER INSERT ON docs.documents
         REFERENCING NEW TABLE AS new_documents
         FOR EACH STATEMENT EXECUTE FUNCTION docs.documents_after_insert()');
SELECT * FROM broken_by(
    'DROP TRIGGER documents_after_update ON docs.documents;
     CREATE TRIGGER documents_after_update AFTER UPDATE OF file_name ON docs.documents
         FOR EACH STATEMENT EXECUTE FUNCTION docs.documents_after_update(''check_status'')');
SELECT * FROM broken_by('DROP TRIGGER audit_log_check_actions ON docs.audit_log');
SELECT * FROM broken_by(
    'DROP TRIGGER audit_log_check_actions ON docs.audit_log;
     CREATE TRIGGER audit_log_check_actions BEFORE INSERT ON docs.audit_log
         FOR EACH STATEMENT EXECUTE FUNCTION docs.audit_log_check_actions()');
-- event triggers: one is disabled, does not fire in ordinary sessions, or is renamed.
SELECT * FROM broken_by('ALTER EVENT TRIGGER doc_extractor_ddl_start DISABLE');
SELECT * FROM broken_by('ALTER EVENT TRIGGER doc_extractor_ddl_end ENABLE REPLICA');
SELECT * FROM broken_by('ALTER EVENT TRIGGER doc_extractor_ddl_end RENAME TO other');

-- documents are indexed, index has documents: rows of hash_index are missing, different
-- or left over.
SELECT * FROM broken_by(:'off' ||
    'DELETE FROM docs.hash_index WHERE document_id = 5;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'DELETE FROM docs.hash_index WHERE document_id > 10;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'UPDATE docs.hash_index SET file_hash = repeat(''1'', 64) WHERE document_id = 5;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'INSERT INTO docs.hash_index (file_hash, document_id) VALUES (''another'', 5);' || :'on');
SELECT * FROM broken_by(
    'SET LOCAL session_replication_role = replica;
     DELETE FROM docs.documents WHERE id IN (5, 6);
     SET LOCAL session_replication_role = origin');
SELECT * FROM broken_by(
    'SET LOCAL session_replication_role = replica;
     UPDATE docs.hash_index SET document_id = 3 WHERE document_id = 5;
     SET LOCAL session_replication_role = origin');
-- documents have a trail: the first document as well as the others.
SELECT * FROM broken_by(:'off' ||
    'DELETE FROM docs.audit_log WHERE document_id = 5;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'DELETE FROM docs.audit_log WHERE document_id = 1;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'DELETE FROM docs.audit_log WHERE document_id > 1;' || :'on');
SELECT * FROM broken_by(:'off' || 'TRUNCATE docs.audit_log;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'UPDATE docs.audit_log SET action = ''updated'' WHERE document_id = 7;' || :'on');
-- hashes: forged hashes, which are in both tables.
SELECT * FROM broken_by('UPDATE docs.documents SET file_hash = ''abc123def456'' WHERE id = 5');
SELECT * FROM broken_by('UPDATE docs.documents SET file_hash = upper(file_hash) WHERE id > 15');
SELECT * FROM broken_by('UPDATE docs.documents SET file_hash = repeat(''g'', 64) WHERE id = 5');
SELECT *
FROM broken_by('UPDATE docs.documents SET file_hash = repeat('' '', 63) || ''a'' WHERE id = 5');
-- statuses, actions: invalid ones.
SELECT * FROM broken_by(:'off' ||
    'UPDATE docs.documents SET ingestion_status = ''done'' WHERE id IN (5, 6);' || :'on');
SELECT * FROM broken_by(:'off' ||
    'UPDATE docs.documents SET ingestion_status = ''Success'' WHERE id > 5;' || :'on');
SELECT * FROM broken_by(:'off' ||
    'UPDATE docs.audit_log SET action = ''seen'' WHERE action = ''classified'';' || :'on');
-- sequences: one is behind, or is at the last id and would give it again.
SELECT * FROM broken_by('ALTER SEQUENCE docs.documents_id_seq RESTART WITH 5');
SELECT * FROM broken_by(
    'ALTER SEQUENCE docs.hash_index_id_seq RESTART;
     ALTER SEQUENCE docs.audit_log_id_seq RESTART WITH 2');
SELECT * FROM broken_by('ALTER SEQUENCE docs.error_log_id_seq RESTART');
SELECT * FROM broken_by('ALTER SEQUENCE docs.error_log_id_seq RESTART WITH 2');
SELECT * FROM broken_by('UPDATE docs.error_log SET id = 100');
-- Several faults at once, each in its own check.
SELECT * FROM broken_by(
    'DROP INDEX docs.ix_documents_file_type; ALTER SEQUENCE docs.documents_id_seq RESTART WITH 5;
     UPDATE docs.documents SET file_hash = ''forged'' WHERE id = 5');
-- All damage has been rolled back.
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
-- Updates between versions leave no fault.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;

-- A caller needs only EXECUTE; without it, the call is refused.
CREATE ROLE regress_docs_monitor;
GRANT USAGE ON SCHEMA docs TO regress_docs_monitor;
SET ROLE regress_docs_monitor;
SELECT * FROM docs.doc_extractor_verify();
\echo :SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION docs.doc_extractor_verify TO regress_docs_monitor;
SET ROLE regress_docs_monitor;
SELECT count(*) FROM docs.doc_extractor_verify() WHERE passed;
SELECT count(*) FROM docs.documents;
\echo :SQLSTATE
SELECT current_user;
RESET ROLE;
-- The caller's temporary objects do not mislead it.
GRANT SELECT ON docs.documents TO regress_docs_monitor;
SET ROLE regress_docs_monitor;
CREATE FUNCTION pg_temp.length(varchar) RETURNS int LANGUAGE sql AS 'SELECT 1/0';
CREATE TEMPORARY TABLE pg_class (oid oid, relkind "char");
SET search_path = pg_temp, docs, pg_catalog;
SELECT count(*) FROM doc_extractor_verify() WHERE passed;
RESET search_path;
DROP TABLE pg_temp.pg_class;
DROP FUNCTION pg_temp.length(varchar);
RESET ROLE;

-- A ledger of adopted tables: old documents without a trail are no fault, old invalid values are.
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
DROP EXTENSION doc_extractor;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'old ' || i, i, encode(sha256(i::text::bytea), 'hex'), 't', 's'
FROM generate_series(1, 10) i;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SELECT is_duplicate FROM docs.ingest_document('new', 'new', 't');
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
SELECT * FROM broken_by(:'off' || 'DELETE FROM docs.audit_log;' || :'on');
-- They are no fault either if the application wrote a trail for some of them.
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'late ' || i, i, encode(sha256(i::text::bytea), 'hex'), 't', 's'
FROM generate_series(21, 25) i;
INSERT INTO docs.audit_log (document_id, action)
SELECT id, 'ingested' FROM docs.documents WHERE file_name IN ('old 3', 'late 22');
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
UPDATE docs.documents SET ingestion_status = 'Done' WHERE file_name = 'old 3';
INSERT INTO docs.audit_log (document_id, action) VALUES (3, 'viewed');
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT check_name, regexp_replace(detail, ': .*', '') AS detail FROM docs.doc_extractor_verify()
WHERE NOT passed AND check_name IN ('statuses', 'actions');
DROP EXTENSION doc_extractor;

-- In schemas whose names need quotes.
DROP SCHEMA docs;
CREATE SCHEMA "Do cs";
CREATE EXTENSION doc_extractor SCHEMA "Do cs" VERSION '1.1';
SELECT count(*) FROM "Do cs".ingest_document('a', 'a', 't');
SELECT * FROM "Do cs".doc_extractor_verify() WHERE NOT passed;
DROP SCHEMA "Do cs" CASCADE;
CREATE SCHEMA "100% docs";
CREATE EXTENSION doc_extractor SCHEMA "100% docs" VERSION '1.1';
SELECT count(*) FROM "100% docs".ingest_document('a', 'a', 't');
SELECT * FROM "100% docs".doc_extractor_verify() WHERE NOT passed;
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
DROP SCHEMA "100% docs" CASCADE;
DROP FUNCTION broken_by(text);
DROP OWNED BY regress_docs_monitor;
DROP ROLE regress_docs_monitor;
