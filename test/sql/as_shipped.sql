-- What users add to documents decides whether the engine writes rows by itself, or by INSERT
-- statements, which fire the extension's own trigger. Either way, the rows are what an INSERT makes
-- of them.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SET search_path = docs;
SET track_functions = 'all';

CREATE DOMAIN required AS text CHECK (VALUE <> '');
CREATE SEQUENCE numbers;
CREATE TABLE types (type varchar(50) PRIMARY KEY);
INSERT INTO types VALUES ('t');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION initial(t text) RETURNS text IMMUTABLE LANGUAGE sql RETURN left(t, 1);

CREATE FUNCTION trigger_calls() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_xact_user_functions
    WHERE funcname = 'documents_after_insert'
$$;
-- Returns what derives rows after a change, and what is there then; takes the change back.
CREATE FUNCTION try(change text, OUT derived_by text, OUT documents bigint, OUT hashes bigint,
                    OUT trail bigint, OUT duplicates bigint)
LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    EXECUTE change;
    before := docs.trigger_calls();
    PERFORM docs.ingest_documents('{a,b,a}', '{a,b,a}', '{t,t,t}');
    SELECT count(*) INTO documents FROM docs.documents;
    SELECT count(*), sum(duplicate_count) INTO hashes, duplicates FROM docs.hash_index;
    SELECT count(*) INTO trail FROM docs.audit_log WHERE action = 'ingested';
    derived_by := CASE WHEN docs.trigger_calls() > before THEN 'trigger'
                       WHEN trail > 0 THEN 'engine' ELSE 'nothing' END;
    RAISE SQLSTATE 'T0000';
EXCEPTION WHEN SQLSTATE 'T0000' THEN
    RESET session_replication_role;
END
$$;

SELECT n, t.* FROM (VALUES
    (1, 'SELECT'),
    (2, 'CREATE UNIQUE INDEX ON docs.documents (file_hash)'),
    (3, 'CREATE UNIQUE INDEX ON docs.documents (lower(file_hash)) WHERE id > 0'),
    (4, 'CREATE INDEX ON docs.documents (docs.initial(file_name))'),
    (5, 'ALTER TABLE docs.documents ADD UNIQUE (file_name, file_type)'),
    (6, 'ALTER TABLE docs.documents ADD UNIQUE (file_name, file_type) DEFERRABLE'),
    (7, 'ALTER TABLE docs.documents ADD EXCLUDE (file_name WITH =)'),
    (8, 'ALTER TABLE docs.documents ADD x int, ADD y text[], ADD z docs.types'),
    (9, 'ALTER TABLE docs.documents ADD x int DEFAULT 1, ADD y text DEFAULT upper(''y'');
         ALTER TABLE docs.documents DROP x'),
    (10, 'ALTER TABLE docs.documents ADD x timestamptz DEFAULT now(),
          ADD y timestamp NOT NULL DEFAULT now()'),
    (11, 'ALTER TABLE docs.documents ADD x bigint DEFAULT nextval(''docs.numbers'')'),
    (12, 'ALTER TABLE docs.documents ADD x smallserial'),
    (13, 'ALTER TABLE docs.documents ADD x float DEFAULT random()'),
    (14, 'ALTER TABLE docs.documents ADD x text DEFAULT CURRENT_USER'),
    (15, 'ALTER TABLE docs.documents ADD x docs.required'),
    (16, 'ALTER TABLE docs.documents ADD x int GENERATED ALWAYS AS IDENTITY'),
    (17, 'ALTER TABLE docs.documents ADD x int GENERATED ALWAYS AS (file_size_bytes * 2) STORED'),
    (18, 'ALTER TABLE docs.documents ADD CHECK (file_name <> ''x'')'),
    (19, 'ALTER TABLE docs.documents ADD FOREIGN KEY (file_type) REFERENCES docs.types'),
    (20, 'CREATE TABLE docs.pages (document_id int REFERENCES docs.documents)'),
    (21, 'CREATE TABLE docs.child () INHERITS (docs.documents)'),
    (22, 'ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'),
    (23, 'CREATE TRIGGER t AFTER INSERT ON docs.documents
          FOR EACH ROW EXECUTE FUNCTION docs.nothing()'),
    (24, 'CREATE TRIGGER t BEFORE INSERT ON docs.documents EXECUTE FUNCTION docs.nothing()'),
    (25, 'CREATE TRIGGER t BEFORE UPDATE ON docs.documents
          FOR EACH ROW EXECUTE FUNCTION docs.nothing()'),
    (26, 'CREATE TRIGGER t AFTER INSERT ON docs.documents
          FOR EACH ROW EXECUTE FUNCTION docs.nothing();
          ALTER TABLE docs.documents DISABLE TRIGGER t'),
    (27, 'CREATE TRIGGER t AFTER INSERT ON docs.documents
          FOR EACH ROW EXECUTE FUNCTION docs.nothing();
          ALTER TABLE docs.documents ENABLE REPLICA TRIGGER t'),
    (28, 'ALTER TABLE docs.documents ENABLE ALWAYS TRIGGER documents_after_insert'),
    -- These leave nothing that derives rows, as with an INSERT. The duplicate restores a row.
    (29, 'ALTER TABLE docs.documents DISABLE TRIGGER documents_after_insert'),
    (30, 'SET session_replication_role = replica'),
    (31, 'CREATE OR REPLACE FUNCTION docs.documents_after_insert() RETURNS trigger LANGUAGE plpgsql
          AS ''BEGIN RETURN NULL; END''')
) AS changes (n, change), LATERAL try(change) t ORDER BY n;

-- Only the defaults of columns that we do not set are computed.
ALTER TABLE audit_log ALTER user_or_system TYPE varchar(5);
ALTER TABLE documents ALTER file_type SET DEFAULT (1 / 0)::text;
SET doc_extractor.application_user = 'abc';
SELECT is_duplicate FROM ingest_document('c', 'c', 't');
-- A text loses the blanks that do not fit, and nothing else.
ALTER TABLE audit_log ALTER user_or_system DROP DEFAULT;
SET doc_extractor.application_user = 'abc        ';
SELECT is_duplicate FROM ingest_document('d', 'd', 't');
SET doc_extractor.application_user = 'abc    def ';
SELECT is_duplicate FROM ingest_document('e', 'e', 't');
RESET doc_extractor.application_user;
SELECT DISTINCT user_or_system || '|' AS "user" FROM audit_log ORDER BY 1;
ALTER TABLE audit_log ALTER user_or_system TYPE varchar(255);
ALTER TABLE documents ALTER file_type DROP DEFAULT;

-- Several rows of hash_index that are out of date, in one batch.
INSERT INTO hash_index (file_hash, document_id)
SELECT encode(sha256(c::bytea), 'hex'), 99990 + n
FROM unnest('{o1,o2,o3,o4,o5}'::text[]) WITH ORDINALITY o (c, n);
SELECT count(*) FROM ingest_documents('{o1,o2,o3,o4,o5}', '{o1,o2,o3,o4,o5}', '{t,t,t,t,t}');
SELECT count(*) FROM documents d JOIN hash_index h ON h.document_id = d.id
WHERE d.file_name ~ '^o' AND h.file_hash = d.file_hash;

-- Times are as precise as their columns.
SET doc_extractor.allow_data_loss = on;
ALTER TABLE hash_index ALTER last_seen TYPE timestamp(0);
ALTER TABLE audit_log ALTER action_timestamp DROP DEFAULT,
    ALTER action_timestamp TYPE timestamp(0);
RESET doc_extractor.allow_data_loss;
SELECT is_duplicate FROM ingest_document('f', 'f', 't');
SELECT is_duplicate FROM ingest_document('f', 'f', 't');
SELECT bool_and(last_seen = date_trunc('second', last_seen)) AS last_seen FROM hash_index;
SELECT bool_and(action_timestamp = date_trunc('second', action_timestamp)) AS action_timestamp
FROM audit_log;

-- A trigger that keeps the rows of hash_index elsewhere fires once for each of them.
CREATE TABLE kept (LIKE hash_index);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.kept VALUES (NEW.*);
    RETURN NULL;
END
$$;
CREATE TRIGGER keep BEFORE INSERT ON hash_index FOR EACH ROW EXECUTE FUNCTION keep();
SELECT is_duplicate FROM ingest_document('g', 'g', 't');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('h', 1, repeat('h', 64), 't', 's');
DROP TRIGGER keep ON hash_index;
SELECT count(*), count(DISTINCT document_id) AS documents FROM kept;

-- A deferrable constraint, and a row of hash_index that is out of date; a trigger that ingests a
-- later document of the batch.
ALTER TABLE hash_index ADD CONSTRAINT later UNIQUE (document_id, id) DEFERRABLE;
INSERT INTO hash_index (file_hash, document_id) VALUES (encode(sha256('i'), 'hex'), 99999);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is_duplicate FROM ingest_document('i', 'i', 't');
COMMIT;
ALTER TABLE hash_index DROP CONSTRAINT later;
ALTER TABLE documents ADD CONSTRAINT later UNIQUE (file_name, id) DEFERRABLE;
CREATE FUNCTION ingest_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.ingest_documents('{j,k}', '{j,k}', '{t,t}');
    RETURN NULL;
END
$$;
CREATE TRIGGER ingest_both AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION ingest_both();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is_duplicate, duplicate_count FROM ingest_documents('{j,k}', '{j,k}', '{t,t}');
COMMIT;
DROP TRIGGER ingest_both ON documents;

-- The error of another schema's table of the same name.
CREATE SCHEMA other;
CREATE TABLE other.documents (file_hash text CONSTRAINT ix_documents_file_hash UNIQUE);
CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO other.documents VALUES (NEW.file_hash);
    RETURN NEW;
END
$$;
CREATE TRIGGER copy BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION copy();
INSERT INTO other.documents VALUES (encode(sha256('l'), 'hex'));
SELECT is_duplicate FROM ingest_document('l', 'l', 't');
\echo :SQLSTATE
DROP TRIGGER copy ON documents;
ALTER TABLE documents DROP CONSTRAINT later;

SET client_min_messages = error;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs, other CASCADE;
