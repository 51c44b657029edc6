-- The counts of duplicates in one session, whatever happens to hash_index between two counts of the
-- same transaction.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
-- A ledger that came from 1.1 has narrow types.
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE;
SET search_path = docs;
-- Each document's content is a letter; a and b are stored, and counted once.
CREATE FUNCTION ingest(content text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', CASE WHEN is_duplicate THEN 'duplicate' ELSE 'new' END, duplicate_count)
    FROM docs.ingest_document(content, content::bytea, 't')
$$;
CREATE VIEW counts AS
SELECT d.file_name, h.duplicate_count, h.document_id = d.id AS same_document
FROM documents d FULL JOIN hash_index h ON h.file_hash = d.file_hash ORDER BY d.file_name;
SELECT c, ingest(c) FROM unnest('{a,b,a,b}'::text[]) c;

-- Savepoints: a rollback to one takes its counts back, and later duplicates are counted.
BEGIN;
SELECT ingest('a');
SAVEPOINT s;
SELECT ingest('a'), ingest('b'), ingest('a');
ROLLBACK TO s;
SELECT ingest('a'), ingest('b');
SAVEPOINT t;
SELECT ingest('a');
RELEASE t;
SELECT ingest('a');
ROLLBACK TO s;
SELECT ingest('a');
COMMIT;
TABLE counts;
-- After a rollback and VACUUM, other rows may have the TID of the row that was counted.
BEGIN;
SELECT ingest('a'), ingest('b');
ROLLBACK;
VACUUM hash_index;
SELECT ingest(c) FROM unnest('{c,d}'::text[]) c;
SELECT ingest('a'), ingest('b');
TABLE counts;

-- All rows move to a new file, and back by a rollback.
BEGIN;
SELECT ingest('a'), ingest('b');
SAVEPOINT s;
CLUSTER hash_index USING hash_index_pkey;
SELECT ingest('a'), ingest('b');
ALTER TABLE hash_index ADD COLUMN random float DEFAULT random();
SELECT ingest('a'), ingest('b');
ALTER TABLE hash_index DROP COLUMN random;
SELECT ingest('a'), ingest('b');
REINDEX TABLE hash_index;
SELECT ingest('a'), ingest('b');
ROLLBACK TO s;
SELECT ingest('a'), ingest('b');
COMMIT;
TABLE counts;
-- All rows are removed, and are back after a rollback.
BEGIN;
SELECT ingest('a'), ingest('b');
SAVEPOINT s;
TRUNCATE hash_index;
SELECT ingest('b'), ingest('b');
ROLLBACK TO s;
SELECT ingest('a'), ingest('b');
SAVEPOINT t;
DELETE FROM hash_index;
SELECT ingest('a');
ROLLBACK TO t;
SELECT ingest('a'), ingest('b');
COMMIT;
TABLE counts;
-- All rows are removed for good.
BEGIN;
SELECT ingest('a');
TRUNCATE hash_index;
SELECT ingest('a'), ingest('b'), ingest('a');
COMMIT;
TABLE counts;
BEGIN;
SELECT ingest('a'), ingest('c'), ingest('d');
DELETE FROM hash_index;
SELECT ingest(c) FROM unnest('{d,c,b,a,d,c,b,a}'::text[]) c;
COMMIT;
TABLE counts;

-- The row of a hash becomes another document's, with or without a change of the documents' hashes.
BEGIN;
SELECT ingest('a'), ingest('b');
UPDATE documents SET file_hash = 'free' WHERE file_name = 'a';
UPDATE documents SET file_hash = encode(sha256('a'), 'hex') WHERE file_name = 'b';
UPDATE documents SET file_hash = encode(sha256('b'), 'hex') WHERE file_name = 'a';
SELECT ingest('a'), ingest('b');
DELETE FROM documents WHERE file_name = 'b';
SELECT ingest('a'), ingest('b'), ingest('a');
COMMIT;
TABLE counts;

-- A trigger updates the row in the middle of a batch, at every isolation level: f is stored as
-- "failed", then healed and counted.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE docs.hash_index SET first_seen = '2001-01-01' WHERE document_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER touch AFTER UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION touch();
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT is_duplicate FROM ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT is_duplicate, duplicate_count FROM ingest_documents('{f,f}', '{f,f}', '{t,t}');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is_duplicate FROM ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT is_duplicate, duplicate_count FROM ingest_documents('{f,f}', '{f,f}', '{t,t}');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is_duplicate FROM ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT is_duplicate, duplicate_count FROM ingest_documents('{f,f}', '{f,f}', '{t,t}');
ROLLBACK;
DROP TRIGGER touch ON documents;
-- A hash_index row that was given to no document is given back to its document.
UPDATE hash_index SET document_id = -1 WHERE file_hash = encode(sha256('b'), 'hex');
SELECT ingest('b');
TABLE counts;

-- The tables have different owners, without privileges on each other's tables.
CREATE ROLE regress_docs_documents;
CREATE ROLE regress_docs_hashes;
GRANT USAGE ON SCHEMA docs TO regress_docs_documents, regress_docs_hashes;
BEGIN;
ALTER TABLE documents OWNER TO regress_docs_documents;
ALTER TABLE hash_index OWNER TO regress_docs_hashes;
SELECT is_duplicate, duplicate_count
FROM ingest_document('g', 'g', 't', ingestion_status => 'failed');
SELECT is_duplicate, duplicate_count
FROM ingest_document('g', 'g', 't', ingestion_status => 'failed');
SELECT ingest('g'), ingest('g');
ROLLBACK;
DROP OWNED BY regress_docs_documents, regress_docs_hashes;
DROP ROLE regress_docs_documents, regress_docs_hashes;

-- The extension is dropped and created again in the same transaction.
BEGIN;
SELECT ingest('a');
SET LOCAL doc_extractor.allow_data_loss = on;
DROP VIEW counts;
DROP EXTENSION doc_extractor;
CREATE EXTENSION doc_extractor SCHEMA docs;
SELECT ingest('a'), ingest('a');
SELECT duplicate_count FROM hash_index;
ROLLBACK;
SELECT ingest('a');

-- A count that has reached the largest integer stays there.
UPDATE hash_index SET duplicate_count = 2147483645 WHERE file_hash = encode(sha256('a'), 'hex');
SELECT ingest('a'), ingest('a'), ingest('a');
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'a', 'a', 't' FROM generate_series(1, 5);
SELECT duplicate_count FROM hash_index WHERE file_hash = encode(sha256('a'), 'hex');
-- last_seen never goes back.
UPDATE hash_index SET last_seen = '2999-01-01' WHERE file_hash = encode(sha256('b'), 'hex');
SELECT ingest('b') IS NOT NULL AS counted;
SELECT last_seen FROM hash_index WHERE file_hash = encode(sha256('b'), 'hex');
UPDATE hash_index SET last_seen = '2001-01-01' WHERE file_hash = encode(sha256('b'), 'hex');
SELECT ingest('b') IS NOT NULL AS counted;
SELECT last_seen >= now() - interval '1 hour' AS just_now
FROM hash_index WHERE file_hash = encode(sha256('b'), 'hex');
-- In a wide ledger, the largest number is another, and the times have a zone.
DROP VIEW counts;
SELECT count(*) > 0 AS is_wide FROM doc_extractor_widen('PST8PDT');
SELECT ingest('a');
UPDATE hash_index SET duplicate_count = 9223372036854775805
WHERE file_hash = encode(sha256('a'), 'hex');
SELECT ingest('a'), ingest('a'), ingest('a');
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'a', 'a', 't' FROM generate_series(1, 5);
SELECT duplicate_count FROM hash_index WHERE file_hash = encode(sha256('a'), 'hex');
UPDATE hash_index SET last_seen = '2999-01-01' WHERE file_hash = encode(sha256('b'), 'hex');
SELECT ingest('b') IS NOT NULL AS counted;
SELECT last_seen FROM hash_index WHERE file_hash = encode(sha256('b'), 'hex');
UPDATE hash_index SET last_seen = '2001-01-01' WHERE file_hash = encode(sha256('b'), 'hex');
SELECT ingest('b') IS NOT NULL AS counted;
SELECT last_seen >= now() - interval '1 hour' AS just_now
FROM hash_index WHERE file_hash = encode(sha256('b'), 'hex');
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
