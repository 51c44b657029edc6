-- Whatever sequence of hash changes a statement and its triggers make: afterwards each document has
-- its row in hash_index, with its own count.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION doc_extractor;
-- A document is called by the content that it had first, and has been ingested again a few times.
CREATE FUNCTION hash_of(content text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT encode(sha256(content::bytea), 'hex') $$;
CREATE FUNCTION ingest(content text) RETURNS void LANGUAGE sql AS
    $$ SELECT ingest_document(content, content::bytea, 't') $$;
CREATE TABLE names (file_hash text PRIMARY KEY, content text);
INSERT INTO names SELECT hash_of(c), c FROM unnest('{a,b,c,d,e,f,g,x,y,z}'::text[]) c;
CREATE VIEW ledger AS
    SELECT d.file_name AS document, n.content, h.duplicate_count AS count,
           h.file_hash = d.file_hash AS in_step
    FROM documents d LEFT JOIN names n USING (file_hash)
    FULL JOIN hash_index h ON h.document_id = d.id
    ORDER BY d.id, h.id;
-- What the AFTER ROW triggers do, once for each document.
CREATE TABLE actions (document text, event text, command text);
CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    command text;
BEGIN
    FOR command IN
        DELETE FROM actions
        WHERE document = coalesce(NEW.file_name, OLD.file_name) AND event = TG_OP
        RETURNING actions.command
    LOOP
        EXECUTE command;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER act AFTER INSERT OR UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION act();
-- Three documents, with 1, 2 and 3 duplicates.
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM documents;
    PERFORM ingest(c)
    FROM unnest('{a,b,c,a,b,c,b,c,c}'::text[]) WITH ORDINALITY u (c, n) ORDER BY n;
END
$$;

-- A trigger ingests the old content again: a new document.
CALL fill();
INSERT INTO actions VALUES ('a', 'UPDATE', $$SELECT ingest('a'), ingest('a')$$);
UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a';
TABLE ledger;
-- It ingests the new content: a duplicate of this document.
CALL fill();
INSERT INTO actions VALUES ('a', 'UPDATE', $$SELECT ingest('x'), ingest('x')$$);
UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a';
TABLE ledger;
-- Both.
CALL fill();
INSERT INTO actions VALUES ('a', 'UPDATE', $$SELECT ingest('x'), ingest('a'), ingest('x')$$);
UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a';
TABLE ledger;
-- It changes the hash once more, and back.
CALL fill();
INSERT INTO actions VALUES
    ('a', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('y') WHERE file_name = 'a'$$),
    ('b', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('b') WHERE file_name = 'b'$$);
UPDATE documents SET file_hash = hash_of('x' || file_name) WHERE file_name IN ('a', 'b');
TABLE ledger;
-- It gives the old hash to another document, while both change.
CALL fill();
INSERT INTO actions VALUES
    ('a', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('a') WHERE file_name = 'b'$$);
UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a';
TABLE ledger;
-- Three documents exchange their hashes in a circle.
CALL fill();
INSERT INTO actions VALUES
    ('a', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('b') WHERE file_name = 'a'$$),
    ('b', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('c') WHERE file_name = 'b'$$),
    ('c', 'UPDATE', $$UPDATE documents SET file_hash = hash_of('a') WHERE file_name = 'c'$$);
UPDATE documents SET file_hash = hash_of('x' || file_name);
TABLE ledger;
-- It deletes the document, or replaces it.
CALL fill();
INSERT INTO actions VALUES
    ('a', 'UPDATE', $$DELETE FROM documents WHERE file_name = 'a'$$),
    ('b', 'UPDATE', $$DELETE FROM documents WHERE file_name = 'b'$$),
    ('b', 'DELETE', $$SELECT ingest('b'), ingest('b')$$);
UPDATE documents SET file_hash = hash_of('x' || file_name) WHERE file_name IN ('a', 'b');
TABLE ledger;
-- A deleted document's content is ingested again: a new document, with a count of its own.
CALL fill();
INSERT INTO actions VALUES ('a', 'DELETE', $$SELECT ingest('a')$$);
DELETE FROM documents WHERE file_name = 'a';
TABLE ledger;

-- A new document: its hash changes before it has a row, also after a duplicate gave it one.
CALL fill();
INSERT INTO actions VALUES
    ('d', 'INSERT', $$UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'd'$$),
    ('e', 'INSERT', $$SELECT ingest('e');
                      UPDATE documents SET file_hash = hash_of('y') WHERE file_name = 'e'$$),
    ('f', 'INSERT', $$SELECT ingest('f');
                      UPDATE documents SET file_hash = hash_of('z') WHERE file_name = 'f';
                      SELECT ingest('f')$$);
SELECT FROM ingest_documents('{d,e,f}', '{d,e,f}', '{t,t,t}');
TABLE ledger;
-- The same when a trigger of hash_index does it.
CREATE TRIGGER act BEFORE INSERT ON hash_index FOR EACH ROW EXECUTE FUNCTION act();
CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'hash_index' THEN
        UPDATE documents SET file_hash = hash_of('x')
        WHERE id = NEW.document_id AND file_hash = hash_of('d');
        DELETE FROM documents WHERE id = NEW.document_id AND file_hash = hash_of('e');
    END IF;
    RETURN NEW;
END
$$;
CALL fill();
SELECT FROM ingest_documents('{d,e,f}', '{d,e,f}', '{t,t,t}');
TABLE ledger;
DROP TRIGGER act ON hash_index;
DROP TRIGGER act ON documents;

-- A data-modifying CTE re-uses a hash that it frees, in either order.
CALL fill();
WITH freed AS (
    UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a' RETURNING id
)
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'g', 1, hash_of('a'), 't', 's' FROM freed;
TABLE ledger;
CALL fill();
WITH freed AS (
    UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a' RETURNING id
), inserted AS (
    INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    SELECT 'g', 1, hash_of('a'), 't', 's' FROM freed RETURNING id
)
UPDATE documents SET file_hash = hash_of('y') WHERE file_name = 'b' AND EXISTS (TABLE inserted);
TABLE ledger;
CALL fill();
WITH freed AS (
    DELETE FROM documents WHERE file_name = 'a' RETURNING id
)
UPDATE documents SET file_hash = hash_of('a') FROM freed WHERE file_name = 'b';
TABLE ledger;
CALL fill();
WITH freed AS (
    DELETE FROM documents WHERE file_name = 'a' RETURNING documents.*
)
INSERT INTO documents SELECT (freed).* FROM freed;
TABLE ledger;
CALL fill();
WITH first AS (
    UPDATE documents SET file_hash = hash_of('x') WHERE file_name = 'a' RETURNING id
), second AS (
    UPDATE documents SET file_hash = hash_of('a') FROM first WHERE file_name = 'b' RETURNING 1
)
UPDATE documents SET file_hash = hash_of('b') FROM second WHERE file_name = 'c';
TABLE ledger;

-- A large circle.
CALL fill();
SELECT count(ingest(n::text)) FROM generate_series(1, 300) n;
SELECT count(ingest(n::text)) FROM generate_series(1, 300, 3) n;
CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.file_hash = hash_of('x' || NEW.file_name) THEN
        UPDATE documents SET file_hash = hash_of((NEW.file_name::int % 300 + 1)::text)
        WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER pass_on AFTER UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION pass_on();
UPDATE documents SET file_hash = hash_of('x' || file_name) WHERE file_name ~ '^[0-9]+$';
DROP TRIGGER pass_on ON documents;
SELECT h.duplicate_count, count(*), bool_and(d.file_hash = h.file_hash) AS in_step,
       bool_and(h.duplicate_count =
                CASE WHEN d.file_name::int % 3 = 1 THEN 1 ELSE 0 END) AS own_count
FROM documents d JOIN hash_index h ON h.document_id = d.id
WHERE d.file_name ~ '^[0-9]+$' GROUP BY h.duplicate_count ORDER BY h.duplicate_count;
-- Rows whose document is gone without a trace are in nobody's way.
INSERT INTO hash_index (file_hash, document_id, duplicate_count)
VALUES (hash_of('y'), -1, 9), (hash_of('z'), -2, 9);
UPDATE documents SET file_hash = hash_of('y') WHERE file_name = 'a';
SELECT ingest('z'), ingest('z');
SELECT * FROM ledger WHERE document ~ '^[az]$';
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed AND check_name <> 'hashes';
-- A trigger that keeps a row where it is would lose the hash.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE UPDATE ON hash_index FOR EACH ROW EXECUTE FUNCTION keep();
\set VERBOSITY sqlstate
UPDATE documents SET file_hash = hash_of('stuck') WHERE file_name = 'a';
\set VERBOSITY default
SELECT * FROM ledger WHERE document = 'a';
DROP TRIGGER keep ON hash_index;

SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor CASCADE;
DROP VIEW IF EXISTS ledger;
DROP TABLE names, actions;
DROP PROCEDURE fill;
DROP FUNCTION hash_of, ingest, act, pass_on, keep;
