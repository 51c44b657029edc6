-- A fault of the ledger strikes every document: it is an error of the statement, even if bad
-- documents are logged. What errors show to a caller without rights on the tables.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_docs_caller;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
SET doc_extractor.on_bad_document = log;
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log,
    (SELECT count(*) FROM error_log) AS error_log,
    (SELECT count(*) FROM error_log WHERE retry_attempted) AS marked;
-- "old" has been stored, "failed" and "retry" have failed, "tried" is in error_log.
SELECT ingest_document('old', 'old', 't') IS NOT NULL AND
       ingest_document('failed', 'failed', 't', ingestion_status => 'failed') IS NOT NULL AND
       ingest_document('retry', 'retry', 't', ingestion_status => 'retry') IS NOT NULL AND
       log_ingestion_error('tried', 'timeout', 'no answer') IS NOT NULL AS ready;
CREATE TABLE before AS TABLE written;

-- Breaks the ledger, offers documents at each entry point, and repairs the ledger by a rollback.
-- Returns what becomes of them, and with how many new rows of error_log.
CREATE FUNCTION attempt(break text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
    EXECUTE break;
    BEGIN
        EXECUTE statement;
        SELECT w.error_log - b.error_log || ' logged' INTO result
        FROM docs.written w, docs.before b;
    EXCEPTION WHEN OTHERS THEN
        result := SQLSTATE;
    END;
    RAISE EXCEPTION USING ERRCODE = 'DX000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'DX000' THEN
    RETURN SQLERRM;
END
$$;
CREATE FUNCTION attempt_all(break text, name text, content text)
RETURNS TABLE (batch text, inbox text, try text) LANGUAGE sql AS $$
    SELECT docs.attempt(break, format(
            'SELECT docs.ingest_documents(ARRAY[%1$L, ''other''], ARRAY[%2$L, ''other'']::bytea[],
                                          ARRAY[''t'', ''t''])', name, content)),
        docs.attempt(break, format(
            'INSERT INTO docs.document_inbox (file_name, content, file_type)
             VALUES (''other'', ''other'', ''t''), (%1$L, %2$L, ''t'')', name, content)),
        docs.attempt(break, format(
            'SELECT docs.try_ingest_document(%1$L, %2$L, ''t'')', name, content))
$$;
CREATE PROCEDURE use_up(target text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER SEQUENCE docs.%I_id_seq MAXVALUE 1000 RESTART 1000', target);
    PERFORM nextval(format('docs.%I_id_seq', target));
END
$$;
CREATE TABLE faults (number int, fault text, break text, name text, content text);
INSERT INTO faults SELECT row_number() OVER (), * FROM (VALUES
    -- For comparison: the document is bad by itself.
    ('a check of documents', 'ALTER TABLE docs.documents ADD CHECK (file_name <> ''new'')',
     'new', 'new'),
    ('ids of documents are used up', $$CALL docs.use_up('documents')$$, 'new', 'new'),
    ('ids of hash_index are used up', $$CALL docs.use_up('hash_index')$$, 'new', 'new'),
    ('ids of audit_log are used up', $$CALL docs.use_up('audit_log')$$, 'new', 'new'),
    ('the sequence of documents is behind', 'ALTER SEQUENCE docs.documents_id_seq RESTART 1',
     'new', 'new'),
    ('the sequence of hash_index is behind', 'ALTER SEQUENCE docs.hash_index_id_seq RESTART 1',
     'new', 'new'),
    ('the sequence of audit_log is behind', 'ALTER SEQUENCE docs.audit_log_id_seq RESTART 1',
     'new', 'new'),
    ('documents has lost a constraint',
     'ALTER TABLE docs.documents DROP CONSTRAINT ix_documents_file_hash', 'new', 'new'),
    ('hash_index has lost a constraint',
     'ALTER TABLE docs.hash_index DROP CONSTRAINT ix_hash_index_file_hash', 'new', 'new'),
    ('documents has lost a column', 'ALTER TABLE docs.documents DROP document_text CASCADE',
     'new', 'new'),
    ('audit_log has lost a column', 'ALTER TABLE docs.audit_log DROP new_value CASCADE',
     'new', 'new'),
    ('documents has a rule', 'CREATE RULE r AS ON INSERT TO docs.documents DO ALSO NOTIFY x',
     'new', 'new'),
    ('a default calls a function that is gone',
     $$CREATE FUNCTION docs.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN docs.gone(); END';
     ALTER TABLE docs.documents ADD x int, ALTER x SET DEFAULT docs.f()$$, 'new', 'new'),
    ('a check of hash_index', 'ALTER TABLE docs.hash_index ADD CHECK (document_id < 0) NOT VALID',
     'new', 'new'),
    ('a default of hash_index',
     $$ALTER TABLE docs.hash_index ADD x int, ALTER x SET DEFAULT repeat('x', 2)::int$$,
     'new', 'new'),
    ('a check of audit_log',
     $$ALTER TABLE docs.audit_log ADD CHECK (action <> 'ingested') NOT VALID$$, 'new', 'new'),
    ('a count', 'ALTER TABLE docs.hash_index ADD CHECK (duplicate_count = 0) NOT VALID',
     'old', 'old'),
    ('a healed document''s trail',
     $$ALTER TABLE docs.audit_log ADD CHECK (action <> 'updated') NOT VALID$$, 'failed', 'failed'),
    ('a mark', 'ALTER TABLE docs.error_log ADD CHECK (NOT retry_attempted) NOT VALID',
     'tried', 'new'),
    ('a trail that a trigger deletes',
     $$ALTER TABLE docs.audit_log ADD CHECK (action <> 'deleted') NOT VALID;
     CREATE FUNCTION docs.f() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN DELETE FROM docs.documents WHERE file_name = ''old''; RETURN NULL; END';
     CREATE TRIGGER f AFTER INSERT ON docs.documents EXECUTE FUNCTION docs.f()$$, 'new', 'new')
    ) AS v;
SELECT number, fault, a.* FROM faults, attempt_all(break, name, content) a ORDER BY number;
TABLE written;
TABLE before;

-- If error_log cannot take the row of a document that a trigger ingests, the outer document is
-- not to blame.
CREATE FUNCTION ingest_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.try_ingest_document('another', NULL, 't');
    RETURN NEW;
END
$$;
CREATE TRIGGER another BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION ingest_another();
SELECT * FROM attempt_all('SELECT 1', 'new', 'new');
SELECT * FROM attempt_all('ALTER TABLE docs.error_log ADD CHECK (file_name <> ''another'')',
                          'new', 'new');
SELECT $$ALTER TABLE docs.audit_log
         ADD CHECK (new_value ->> 'file_name' <> 'another') NOT VALID$$ AS refuse_another \gset
-- A fault in a document that a trigger ingests is one of the outer document, too,
CREATE OR REPLACE FUNCTION ingest_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.file_name <> 'another' THEN
        PERFORM docs.try_ingest_document('another', 'another', 't');
    END IF;
    RETURN NEW;
END
$$;
SELECT * FROM attempt_all(:'refuse_another', 'new', 'new');
-- unless the trigger catches it: then the outer document can still be bad by itself.
CREATE OR REPLACE FUNCTION ingest_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.file_name <> 'another' THEN
        PERFORM docs.ingest_document('another', 'another', 't');
    END IF;
    RETURN NEW;
EXCEPTION WHEN check_violation THEN
    RETURN NEW;
END
$$;
SELECT * FROM attempt_all(:'refuse_another', 'new', 'new');
SELECT * FROM attempt_all(:'refuse_another' ||
    '; ALTER TABLE docs.documents ADD CHECK (file_name <> ''new'')', 'new', 'new');
DROP TRIGGER another ON documents;
-- A unique index on another table's id is the user's own affair.
CREATE TABLE taken (id int PRIMARY KEY);
INSERT INTO taken VALUES (3);
CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO docs.taken VALUES (length(NEW.file_name)); RETURN NEW; END';
CREATE TRIGGER take BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION take();
SELECT * FROM attempt_all('SELECT 1', 'new', 'new');
DROP TRIGGER take ON documents;
TABLE written;
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

-- COPY does not report success.
SELECT last_value AS last_id FROM documents_id_seq \gset
ALTER SEQUENCE documents_id_seq MAXVALUE :last_id;
\set VERBOSITY sqlstate
COPY document_inbox (file_name, content, file_type) FROM stdin;
one	one	t
two	two	t
\.
\set VERBOSITY default
ALTER SEQUENCE documents_id_seq NO MAXVALUE;
TABLE written;

-- A caller that may only ingest learns nothing of rows that it may not read.
GRANT USAGE ON SCHEMA docs TO regress_docs_caller;
GRANT EXECUTE ON FUNCTION ingest_document, try_ingest_document, resolve_ingestion_error
    TO regress_docs_caller;
GRANT INSERT ON document_inbox TO regress_docs_caller;
UPDATE documents SET file_name = 'a secret name' WHERE file_name IN ('failed', 'retry');
UPDATE error_log SET error_message = 'a secret message';
-- Runs a statement as that role, and returns what it learns of an error.
CREATE FUNCTION learn(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
    context text;
BEGIN
    SET LOCAL ROLE regress_docs_caller;
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''),
                     substring(context, 'secret'));
END
$$;
ALTER TABLE documents
    ADD CONSTRAINT no_text CHECK (document_text IS NULL) NOT VALID,
    ADD CONSTRAINT no_message CHECK (error_message <> 'again') NOT VALID;
SELECT learn($$SELECT docs.ingest_document('mine', 'failed', 't', document_text => 'text')$$);
SELECT learn($$SELECT docs.ingest_document('mine', 'retry', 't', ingestion_status => 'failed',
                                           error_message => 'again')$$);
SET doc_extractor.on_bad_document = error;
SELECT learn($$INSERT INTO docs.document_inbox (file_name, content, file_type, document_text)
               VALUES ('mine', 'failed', 't', 'text')$$);
SET doc_extractor.on_bad_document = log;
SELECT learn($$SELECT docs.try_ingest_document('mine', 'failed', 't', document_text => 'text')$$);
SELECT error_type, error_message FROM error_log WHERE file_name = 'mine';
-- Its own new document is described.
SELECT regexp_replace(learn($$SELECT docs.ingest_document('mine', 'new', 't',
                                                          document_text => 'text')$$),
                      'contains .\d+, mine.*', 'contains (..., mine, ...)');
ALTER TABLE documents DROP CONSTRAINT no_text, DROP CONSTRAINT no_message;
-- The trail of a document that is healed; a unique index; an exclusion constraint.
ALTER TABLE audit_log ADD CONSTRAINT no_update CHECK (action <> 'updated') NOT VALID;
SELECT learn($$SELECT docs.ingest_document('mine', 'failed', 't', document_text => 'text')$$);
ALTER TABLE audit_log DROP CONSTRAINT no_update;
CREATE UNIQUE INDEX one_name ON documents (file_name) WHERE ingestion_status = 'success';
SELECT learn($$SELECT docs.ingest_document('mine', 'failed', 't')$$);
SELECT learn($$SELECT docs.ingest_document('mine', 'retry', 't')$$);
DROP INDEX one_name;
UPDATE documents SET ingestion_status = 'retry' WHERE file_name = 'a secret name';
ALTER TABLE documents ADD CONSTRAINT one_name EXCLUDE (file_name WITH =)
    WHERE (ingestion_status = 'success');
SELECT learn($$SELECT docs.ingest_document('mine', 'failed', 't')$$);
SELECT learn($$SELECT docs.ingest_document('mine', 'retry', 't')$$);
ALTER TABLE documents DROP CONSTRAINT one_name;
-- A count, a mark and a note.
ALTER TABLE hash_index ADD CONSTRAINT no_count CHECK (duplicate_count = 0) NOT VALID;
SELECT learn($$SELECT docs.ingest_document('mine', 'old', 't')$$);
ALTER TABLE hash_index DROP CONSTRAINT no_count;
ALTER TABLE error_log ADD CONSTRAINT no_mark CHECK (NOT retry_attempted) NOT VALID,
    ADD CONSTRAINT no_note CHECK (resolution_notes <> 'note') NOT VALID;
SELECT learn($$SELECT docs.ingest_document('tried', 'new', 't')$$);
SELECT learn($$SELECT docs.resolve_ingestion_error(1, 'note')$$);

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_caller;
