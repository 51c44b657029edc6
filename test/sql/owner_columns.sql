-- What the owner does to columns: defaults that call the ledger, domains, checks that read it,
-- wider types, dropped columns.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;
CREATE SEQUENCE s;
CREATE SEQUENCE depth;

-- A default that ingests another document, while the value of its own row is being computed.
CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    level bigint := nextval('docs.depth');
BEGIN
    IF level % 100 BETWEEN 1 AND 5 THEN
        PERFORM docs.ingest_document('nested ' || level, convert_to('nested ' || level, 'UTF8'),
                                     't');
    END IF;
    RETURN level;
END
$$;
ALTER TABLE documents ADD x text;
ALTER TABLE documents ALTER x SET DEFAULT
    repeat(to_char(nextval('docs.s'), 'FM000'), 300)
    || query_to_xml('select docs.f()', true, true, '')::text;
SELECT is_duplicate FROM ingest_document('outer', 'outer', 't');
SELECT is_duplicate FROM ingest_documents('{p,q,r}', '{p,q,r}', '{t,t,t}');
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'inbox ' || n, convert_to('inbox ' || n, 'UTF8'), 't' FROM generate_series(1, 3) n;
-- Each row has its own number, 300 times, and its own call's result.
CREATE FUNCTION is_whole(x text) RETURNS boolean LANGUAGE sql AS
    $$ SELECT x LIKE repeat(left(x, 3), 300) || '<%' $$;
SELECT file_name, left(x, 3) AS number, is_whole(x), substring(x FROM '<f>(.*)</f>') AS level
FROM documents ORDER BY number;
-- The same on the tables that follow.
ALTER TABLE hash_index ADD x text;
ALTER TABLE hash_index ALTER x SET DEFAULT
    repeat(to_char(nextval('docs.s'), 'FM000'), 300)
    || query_to_xml('select docs.f()', true, true, '')::text;
ALTER TABLE audit_log ADD x text;
ALTER TABLE audit_log ALTER x SET DEFAULT
    repeat(to_char(nextval('docs.s'), 'FM000'), 300)
    || query_to_xml('select docs.f()', true, true, '')::text;
SELECT setval('depth', 100);
SELECT is_duplicate FROM ingest_documents('{u,v}', '{u,v}', '{t,t}');
SELECT count(*), bool_and(is_whole(d.x)) AS documents, bool_and(is_whole(h.x)) AS hash_index,
       bool_and(is_whole(a.x)) AS audit_log
FROM documents d JOIN hash_index h ON h.document_id = d.id JOIN audit_log a ON a.document_id = d.id
WHERE h.x IS NOT NULL;
ALTER TABLE hash_index DROP x;
ALTER TABLE audit_log DROP x;
-- Dropped columns are no part of the trail, whether they had values or not.
ALTER TABLE documents ADD gone text DEFAULT 'gone', ADD never text;
SELECT is_duplicate FROM ingest_document('dropped', 'dropped', 't');
ALTER TABLE documents DROP gone, DROP never, DROP x;
UPDATE documents SET document_text = 'changed' WHERE file_name = 'dropped';
DELETE FROM documents WHERE file_name = 'dropped';
SELECT action, (SELECT string_agg(key, ' ')
                FROM json_object_keys(coalesce(old_value, new_value)) key) AS keys
FROM audit_log WHERE document_id = (SELECT max(document_id) FROM audit_log) ORDER BY id;
SELECT is_duplicate FROM ingest_document('dropped', 'dropped', 't');
DELETE FROM documents;

-- A NOT NULL domain without default refuses a row that does not set the column, as in a plain
-- INSERT.
CREATE DOMAIN required AS text NOT NULL;
CREATE DOMAIN checked AS text CHECK (value IS NOT NULL);
CREATE DOMAIN over_required AS required;
CREATE DOMAIN optional AS text CHECK (value <> '');
CREATE FUNCTION outcome(relation text, type text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ADD d %s', relation, type);
    PERFORM docs.ingest_document('a', 'a', 't');
    RAISE 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT relation, type, outcome(relation, type)
FROM unnest('{documents,hash_index,audit_log}'::text[]) relation,
     unnest(ARRAY['required', 'checked', 'over_required', 'optional', 'required DEFAULT $$x$$',
                  'checked DEFAULT $$x$$']) type
ORDER BY relation, type;
ALTER TABLE documents ADD d required;
SELECT FROM ingest_documents('{a}', '{a}', '{t}');
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('a', 'a', 't');
SET doc_extractor.on_bad_document = log;
SELECT error_id IS NOT NULL AS logged FROM try_ingest_document('a', 'a', 't');
RESET doc_extractor.on_bad_document;
ALTER TABLE documents DROP d;
SELECT count(*) FROM documents;

-- A BEFORE trigger on audit_log cannot store an action that V001 does not have.
CREATE FUNCTION change_action() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.action := 'Ingested'; RETURN NEW; END $$;
CREATE TRIGGER change BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION change_action();
SELECT FROM ingest_document('a', 'a', 't');
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('a', 'a', 't');
SELECT count(*) FROM documents;
CREATE OR REPLACE FUNCTION change_action() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.action := 'tagged'; RETURN NEW; END $$;
SELECT FROM ingest_document('a', 'a', 't');
SELECT record_document_event(id, 'classified') > 0 AS recorded FROM documents;
SELECT action FROM audit_log WHERE document_id = (SELECT max(id) FROM documents) ORDER BY id;
DROP TRIGGER change ON audit_log;
DELETE FROM documents;

-- A STABLE function in a check or a default sees the document that was just inserted, and the
-- duplicates that were counted.
CREATE FUNCTION seen(id bigint) RETURNS text STABLE LANGUAGE sql AS
    $$ SELECT file_name FROM docs.documents d WHERE d.id = seen.id $$;
CREATE FUNCTION documents_seen() RETURNS bigint STABLE LANGUAGE sql AS
    $$ SELECT count(*) FROM docs.documents $$;
ALTER TABLE hash_index ADD CONSTRAINT seen CHECK (seen(document_id) IS NOT NULL) NOT VALID;
ALTER TABLE audit_log
    ADD CONSTRAINT seen CHECK (seen(document_id) IS NOT NULL OR action = 'deleted') NOT VALID;
ALTER TABLE hash_index ADD n bigint;
ALTER TABLE hash_index ALTER n SET DEFAULT documents_seen();
ALTER TABLE audit_log ADD n bigint;
ALTER TABLE audit_log ALTER n SET DEFAULT documents_seen();
SELECT is_duplicate FROM ingest_document('a', 'a', 't');
SELECT is_duplicate FROM ingest_documents('{b,c}', '{b,c}', '{t,t}');
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('d', 'd', 't');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('e', 1, repeat('e', 64), 't', 's');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is_duplicate FROM ingest_document('f', 'f', 't');
SELECT record_document_event(id, 'tagged') > 0 AS recorded FROM documents WHERE file_name = 'f';
COMMIT;
SELECT d.file_name, h.n AS hash_index, a.n AS audit_log, a.action
FROM documents d JOIN hash_index h ON h.document_id = d.id JOIN audit_log a ON a.document_id = d.id
ORDER BY d.file_name, a.id;
ALTER TABLE hash_index DROP n, DROP CONSTRAINT seen;
ALTER TABLE audit_log DROP n, DROP CONSTRAINT seen;

SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor CASCADE;
RESET doc_extractor.allow_data_loss;
DROP FUNCTION documents_seen, seen;

-- A count stays at its type's maximum, also if the owner has made the type wider, whether the
-- engine or a statement counts. (The views of 1.1 keep the type.)
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SELECT is_duplicate FROM ingest_document('a', 'a', 't');
CREATE FUNCTION count_to(count bigint, n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    UPDATE docs.hash_index SET duplicate_count = count WHERE file_hash = encode(sha256('a'), 'hex');
    PERFORM docs.ingest_documents(array_fill('a'::text, ARRAY[n]), array_fill('a'::bytea, ARRAY[n]),
                                  array_fill('t'::text, ARRAY[n]));
    RETURN (SELECT duplicate_count FROM docs.hash_index);
END
$$;
CREATE FUNCTION counted() RETURNS SETOF bigint LANGUAGE sql AS $$
    SELECT count_to(c, 5) FROM unnest(ARRAY[2147483640, 2147483645, 2147483647]) c
$$;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT * FROM counted();
CREATE TRIGGER by_statement AFTER UPDATE ON hash_index EXECUTE FUNCTION nothing();
SELECT * FROM counted();
ALTER TABLE hash_index ALTER duplicate_count TYPE bigint;
CREATE OR REPLACE FUNCTION counted() RETURNS SETOF bigint LANGUAGE sql AS $$
    SELECT count_to(c, 5)
    FROM unnest(ARRAY[2147483640, 2147483645, 2147483647, 9223372036854775800, 9223372036854775805,
                      9223372036854775807]) c
$$;
SELECT * FROM counted();
DROP TRIGGER by_statement ON hash_index;
SELECT * FROM counted();

-- A sequence whose values do not fit is no fault of the documents.
ALTER TABLE documents ADD number integer DEFAULT nextval('docs.s');
ALTER SEQUENCE s RESTART 2147483648;
SET doc_extractor.on_bad_document = log;
SELECT is_duplicate FROM ingest_documents('{fits not}', '{fits not}', '{t}');
\echo :SQLSTATE
RESET doc_extractor.on_bad_document;
ALTER SEQUENCE s RESTART;
SELECT is_duplicate FROM ingest_document('fits', 'fits', 't');

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
