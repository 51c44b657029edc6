-- doc_extractor_verify(): what dumps leave out is listed, as statements that make it again, and
-- nothing else is. test/t/048_backup_recipes.pl restores dumps with them.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only
SET client_min_messages = warning;
CREATE ROLE regress_docs_reader;

-- Nothing is listed of a ledger that nobody has changed, whatever its versions were.
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
-- 1.0 had no fillfactor, and one that somebody has set stays.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER TABLE docs.hash_index SET (fillfactor = 70);
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
ALTER TABLE docs.hash_index RESET (fillfactor);
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
ALTER TABLE docs.hash_index SET (fillfactor = 50);
-- A column that 1.0 had comes before one of 1.1.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER TABLE docs.audit_log ADD COLUMN theirs int;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
ALTER TABLE docs.audit_log DROP COLUMN theirs;
-- Adopted tables.
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
-- Neither a foreign key of another table nor a right, which are in dumps, is listed; nor is an
-- invalid index.
CREATE TABLE docs.notes (document int REFERENCES docs.documents);
GRANT SELECT ON docs.documents TO regress_docs_reader;
GRANT UPDATE (file_name) ON docs.documents TO regress_docs_reader;
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, repeat('0', 64), 't', 's');
CREATE UNIQUE INDEX CONCURRENTLY invalid ON docs.documents (file_name);
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
DROP TABLE docs.notes;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
DROP SCHEMA docs;

-- Names that need quotes. The statements have no need of search_path.
CREATE SCHEMA "100% docs";
CREATE EXTENSION doc_extractor SCHEMA "100% docs" VERSION '1.1';
SET search_path = "100% docs";
CREATE TYPE "a level" AS ENUM ('low', 'high');
ALTER TABLE documents ADD COLUMN "a ""level""" "a level" DEFAULT 'low' NOT NULL,
    ADD COLUMN n serial, ADD CONSTRAINT "a ""check""" CHECK ("a ""level""" <> 'high'),
    ALTER metadata_extracted TYPE jsonb, ALTER id TYPE bigint;
CREATE INDEX "an ""index""" ON documents ("a ""level""");
CREATE FUNCTION "a function"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "a ""trigger""" BEFORE INSERT ON documents
    FOR EACH ROW EXECUTE FUNCTION "a function"('it''s; so');
ALTER TABLE documents DISABLE TRIGGER "a ""trigger""";
CREATE POLICY "a ""policy""" ON documents TO regress_docs_reader USING ("a ""level""" = 'low');
ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE STATISTICS "some ""statistics""" ON file_type, ingestion_source FROM documents;
SET client_min_messages = error;
CREATE PUBLICATION regress_docs_feed FOR TABLE documents (id, "a ""level""")
    WHERE (file_name <> 'it''s') WITH (publish = 'insert');
SET client_min_messages = warning;
COMMENT ON COLUMN documents."a ""level""" IS 'it''s a
level; \so';
COMMENT ON INDEX "an ""index""" IS 'an index';
RESET search_path;
SELECT check_name, passed, detail
FROM "100% docs".doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %' OR NOT passed;
SELECT max(detail) FILTER (WHERE check_name LIKE '%pre-data') AS pre,
    max(detail) FILTER (WHERE check_name LIKE '%post-data') AS post
FROM "100% docs".doc_extractor_verify() \gset
-- The statements make all that again; the sequence is in dumps.
DROP EXTENSION doc_extractor;
CREATE EXTENSION doc_extractor SCHEMA "100% docs" VERSION '1.1';
CREATE SEQUENCE "100% docs".documents_n_seq AS integer;
:pre
:post
SELECT count(*), bool_and(detail IN (:'pre', :'post'))
FROM "100% docs".doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
SELECT check_name FROM "100% docs".doc_extractor_verify() WHERE NOT passed;
DROP PUBLICATION regress_docs_feed;
DROP SCHEMA "100% docs" CASCADE;
DROP ROLE regress_docs_reader;
