-- What users add to the tables keeps working: triggers of all kinds, constraints, columns, indexes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
-- Rows that must never exist: derived rows without a document, except the trail of a deleted one.
CREATE VIEW orphans AS
SELECT (SELECT count(*) FROM hash_index
        WHERE document_id NOT IN (SELECT id FROM documents)) AS hash_index,
       (SELECT count(*) FROM audit_log a
        WHERE NOT EXISTS (SELECT FROM documents d WHERE d.id = a.document_id)
          AND NOT EXISTS (SELECT FROM audit_log b
                          WHERE b.document_id = a.document_id AND b.action = 'deleted'))
           AS audit_log;

-- BEFORE and AFTER, ROW and STATEMENT, with transition tables, on all three tables.
CREATE TABLE fired (number int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows text := '';
BEGIN
    IF TG_ARGV[0] = 'transition' THEN
        rows := format(' of %s rows', (SELECT count(*) FROM new_rows));
    ELSIF TG_LEVEL = 'ROW' THEN
        rows := format(' %s', coalesce(to_json(NEW) ->> 'file_hash', to_json(NEW) ->> 'action'));
    END IF;
    INSERT INTO fired (what)
    VALUES (concat(lower(concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL)), ' on ', TG_TABLE_NAME, rows));
    RETURN NEW;
END
$$;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['documents', 'hash_index', 'audit_log'] LOOP
        EXECUTE format('CREATE TRIGGER note_1 BEFORE INSERT OR UPDATE ON %I
                            FOR EACH STATEMENT EXECUTE FUNCTION note()', t);
        EXECUTE format('CREATE TRIGGER note_2 BEFORE INSERT OR UPDATE ON %I
                            FOR EACH ROW EXECUTE FUNCTION note()', t);
        EXECUTE format('CREATE TRIGGER note_3 AFTER INSERT OR UPDATE ON %I
                            FOR EACH ROW EXECUTE FUNCTION note()', t);
        EXECUTE format('CREATE TRIGGER note_4 AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows
                            FOR EACH STATEMENT EXECUTE FUNCTION note(''transition'')', t);
        EXECUTE format('CREATE TRIGGER note_5 AFTER UPDATE ON %I REFERENCING NEW TABLE AS new_rows
                            FOR EACH STATEMENT EXECUTE FUNCTION note(''transition'')', t);
    END LOOP;
END
$$;
CREATE FUNCTION fired_since() RETURNS SETOF text LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM fired RETURNING number, what) SELECT what FROM gone ORDER BY number
$$;
-- A plain INSERT of two rows is one statement on each table.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, 'ha', 't', 's'), ('b', 1, 'hb', 't', 's');
SELECT * FROM fired_since();
-- An ingestion, a duplicate, and an event.
SELECT is_duplicate FROM ingest_hashed_document('c', repeat('c', 64), 1, 't');
SELECT count(*), string_agg(DISTINCT split_part(what, ' ', 2), ' ') AS events
FROM fired_since() AS f (what);
SELECT is_duplicate FROM ingest_hashed_document('c', repeat('c', 64), 1, 't');
SELECT replace(f, repeat('c', 64), 'hc') FROM fired_since() f;
SELECT record_document_event(1, 'tagged') IS NOT NULL AS recorded;
SELECT * FROM fired_since();
-- An UPDATE that changes a hash.
UPDATE documents SET file_hash = 'ha2' WHERE file_name = 'a';
SELECT * FROM fired_since();
-- A batch of two documents.
SELECT is_duplicate
FROM ingest_documents(ARRAY['d', 'e'], ARRAY['d', 'e']::bytea[], ARRAY['t', 't']);
SELECT count(*), count(*) FILTER (WHERE f LIKE '%of 2 rows') AS of_two_rows FROM fired_since() f;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['documents', 'hash_index', 'audit_log'] LOOP
        FOR i IN 1..5 LOOP
            EXECUTE format('DROP TRIGGER note_%s ON %I', i, t);
        END LOOP;
    END LOOP;
END
$$;
SELECT * FROM orphans;

-- A BEFORE trigger may change the row; the derived rows follow the row as it is stored.
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW := json_populate_record(NEW, TG_ARGV[0]::json);
    RETURN NEW;
END
$$;
CREATE TRIGGER change BEFORE INSERT ON documents
    FOR EACH ROW EXECUTE FUNCTION change('{"file_type": "changed"}');
CREATE TRIGGER change BEFORE INSERT ON hash_index
    FOR EACH ROW EXECUTE FUNCTION change('{"duplicate_count": 100}');
CREATE TRIGGER change BEFORE INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION change('{"change_reason": "changed"}');
SELECT is_duplicate, duplicate_count FROM ingest_document('f', 'f', 't');
SELECT d.file_type, h.duplicate_count, a.change_reason, a.new_value ->> 'file_type' AS in_trail
FROM documents d
    JOIN hash_index h ON h.document_id = d.id
    JOIN audit_log a ON a.document_id = d.id
WHERE d.file_name = 'f';
DROP TRIGGER change ON documents;
DROP TRIGGER change ON hash_index;
DROP TRIGGER change ON audit_log;
-- A trigger that gives the document another hash, so that its bytes are never found
-- again: an error, and no endless loop.
CREATE TRIGGER change BEFORE INSERT ON documents
    FOR EACH ROW EXECUTE FUNCTION change('{"file_hash": "same for all"}');
SELECT is_duplicate, duplicate_count FROM ingest_document('g', 'g', 't');
SELECT d.file_hash, h.file_hash AS in_index
FROM documents d JOIN hash_index h ON h.document_id = d.id WHERE d.file_name = 'g';
SELECT * FROM ingest_document('g', 'g', 't');
\echo :SQLSTATE
DROP TRIGGER change ON documents;
DELETE FROM documents WHERE file_name = 'g';

-- A trigger that suppresses the document's row: the documented error.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER suppress BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM ingest_document('g', 'g', 't');
\echo :SQLSTATE
SELECT * FROM ingest_documents(ARRAY['g', 'h'], ARRAY['g', 'h']::bytea[], ARRAY['t', 't']);
\echo :SQLSTATE
-- A plain INSERT whose row is suppressed is no error, and a duplicate is still counted.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('x', 1, 'x', 't', 's');
SELECT is_duplicate FROM ingest_document('f', 'f', 't');
DROP TRIGGER suppress ON documents;
-- One row of a batch is suppressed.
CREATE TRIGGER suppress BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name = 'h') EXECUTE FUNCTION suppress();
SELECT *
FROM ingest_documents(ARRAY['g', 'h', 'i'], ARRAY['g', 'h', 'i']::bytea[], ARRAY['t', 't', 't']);
\echo :SQLSTATE
SELECT count(*) FROM documents WHERE file_name IN ('g', 'h', 'i');
DROP TRIGGER suppress ON documents;
-- The UPDATE of a document that failed before is suppressed.
SELECT is_duplicate FROM ingest_document('j', 'j', 't', ingestion_status => 'failed');
CREATE TRIGGER suppress BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM ingest_document('j', 'j', 't');
\echo :SQLSTATE
DROP TRIGGER suppress ON documents;
-- On hash_index: the duplicate cannot be counted.
CREATE TRIGGER suppress BEFORE INSERT OR UPDATE ON hash_index
    FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT is_duplicate FROM ingest_document('k', 'k', 't');
SELECT * FROM ingest_document('k', 'k', 't');
\echo :SQLSTATE
SELECT * FROM ingest_document('f', 'f', 't');
\echo :SQLSTATE
DROP TRIGGER suppress ON hash_index;
-- On audit_log: the document is stored without a trail, as the trigger wants; an event is an error.
CREATE TRIGGER suppress BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT is_duplicate FROM ingest_document('l', 'l', 't');
SELECT record_document_event(1, 'tagged');
\echo :SQLSTATE
DROP TRIGGER suppress ON audit_log;
SELECT d.file_name, (SELECT count(*) FROM hash_index h WHERE h.document_id = d.id) AS hash_index,
       (SELECT count(*) FROM audit_log a WHERE a.document_id = d.id) AS audit_log
FROM documents d WHERE d.file_name IN ('k', 'l') ORDER BY d.file_name;
DELETE FROM documents WHERE file_name IN ('k', 'l');

-- Triggers that delete the new document, each at another time: no orphan is left, with
-- or without an error.
CREATE FUNCTION delete_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM documents WHERE file_name LIKE 'delete%';
    RETURN NEW;
END
$$;
\set VERBOSITY sqlstate
CREATE TRIGGER delete_again AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 1', 1, 'd1', 't', 's');
SELECT is_duplicate FROM ingest_document('delete 2', 'delete 2', 't');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON documents;
CREATE TRIGGER a_delete_again AFTER INSERT ON documents
    FOR EACH STATEMENT EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 3', 1, 'd3', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER a_delete_again ON documents;
CREATE TRIGGER z_delete_again AFTER INSERT ON documents
    FOR EACH STATEMENT EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 4', 1, 'd4', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER z_delete_again ON documents;
-- On hash_index, by row and by statement.
CREATE TRIGGER delete_again AFTER INSERT ON hash_index FOR EACH ROW EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 5', 1, 'd5', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON hash_index;
CREATE TRIGGER delete_again BEFORE INSERT ON hash_index
    FOR EACH ROW EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 5a', 1, 'd5a', 't', 's');
SELECT * FROM orphans;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 5b', 1, 'd5b', 't', 's'), ('delete 5c', 1, 'd5c', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON hash_index;
DELETE FROM hash_index WHERE document_id NOT IN (SELECT id FROM documents);
CREATE TRIGGER delete_again BEFORE INSERT ON hash_index
    FOR EACH STATEMENT EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 6', 1, 'd6', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON hash_index;
-- On audit_log.
CREATE TRIGGER delete_again BEFORE INSERT ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 7', 1, 'd7', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON audit_log;
CREATE TRIGGER delete_again AFTER INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION delete_again();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 8', 1, 'd8', 't', 's');
SELECT * FROM orphans;
DROP TRIGGER delete_again ON audit_log;
-- Without a trigger: a function in the statement itself, here in RETURNING.
CREATE FUNCTION delete_now(document bigint) RETURNS int LANGUAGE sql VOLATILE AS
    $$ DELETE FROM documents WHERE id = document RETURNING 0 $$;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('delete 9', 1, 'd9', 't', 's') RETURNING delete_now(id);
SELECT * FROM orphans;
-- A BEFORE trigger that gives a derived row the id of no document: that is the owner's own doing.
CREATE TRIGGER change BEFORE INSERT ON hash_index
    FOR EACH ROW EXECUTE FUNCTION change('{"document_id": -1}');
SELECT is_duplicate FROM ingest_document('delete 10', 'delete 10', 't');
SELECT * FROM orphans;
DROP TRIGGER change ON hash_index;
CREATE TRIGGER change BEFORE INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION change('{"document_id": -1}');
SELECT is_duplicate FROM ingest_document('delete 11', 'delete 11', 't');
SELECT * FROM orphans;
DROP TRIGGER change ON audit_log;
\set VERBOSITY default
DELETE FROM hash_index WHERE document_id NOT IN (SELECT id FROM documents);
DELETE FROM documents WHERE file_name LIKE 'delete%';
INSERT INTO audit_log (document_id, action, change_reason)
VALUES (-1, 'deleted', 'there never was one');
SELECT * FROM orphans;

-- A trigger ingests the document's attachment, and so on three levels deep; in the
-- middle of a batch too.
CREATE FUNCTION ingest_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.ingest_document(NEW.file_name || '+', convert_to(NEW.file_name || '+', 'UTF8'),
                                 'attachment');
    RETURN NEW;
END
$$;
CREATE TRIGGER attach AFTER INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name ~ '^m[^+]*\+?\+?$') EXECUTE FUNCTION ingest_attachment();
SELECT is_duplicate, duplicate_count FROM ingest_document('m', 'm', 'mail');
SELECT is_duplicate, duplicate_count FROM ingest_document('m', 'm', 'mail');
SELECT is_duplicate, duplicate_count
FROM ingest_documents(ARRAY['m2', 'm3', 'm2'], ARRAY['m2', 'm3', 'm2']::bytea[],
                      ARRAY['mail', 'mail', 'mail']);
DROP TRIGGER attach ON documents;
CREATE TRIGGER attach BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name ~ '^m[^+]*\+?\+?$') EXECUTE FUNCTION ingest_attachment();
SELECT is_duplicate, duplicate_count FROM ingest_document('m4', 'm4', 'mail');
-- Two documents of a batch share an attachment, which has the same content as the
-- batch's own third document. The BEFORE trigger fires once for each document, also for
-- that one, whose row conflicts.
CREATE OR REPLACE FUNCTION ingest_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.ingest_document('shared', 'm5', 'attachment');
    RETURN NEW;
END
$$;
SELECT is_duplicate
FROM ingest_documents(ARRAY['m5', 'm6', 'm7'], ARRAY['m5', 'm6', 'm7']::bytea[],
                      ARRAY['mail', 'mail', 'mail']);
DROP TRIGGER attach ON documents;
SELECT d.file_name, d.file_type, h.duplicate_count, string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM documents d JOIN hash_index h ON h.document_id = d.id JOIN audit_log a ON a.document_id = d.id
WHERE d.file_name ~ '^m|shared' AND d.file_name !~ '^m[567]$'
GROUP BY d.id, h.id ORDER BY d.file_name;
SELECT count(*) AS documents, count(h.id) AS hash_index
FROM documents d LEFT JOIN hash_index h ON (h.document_id, h.file_hash) = (d.id, d.file_hash)
WHERE d.file_name ~ '^m|shared';
SELECT * FROM orphans;
-- A trigger counts a duplicate that the batch has yet to count, after the batch has
-- counted another: by their hashes, the documents' order is x, z, y.
CREATE OR REPLACE FUNCTION ingest_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM docs.ingest_document('attached', 'y', 'attachment');
    RETURN NEW;
END
$$;
SELECT string_agg(content, ' ' ORDER BY sha256(content::bytea))
FROM (VALUES ('x'), ('y'), ('z')) c (content);
SELECT is_duplicate
FROM ingest_documents(ARRAY['x1', 'y1'], ARRAY['x', 'y']::bytea[], ARRAY['t', 't']);
CREATE TRIGGER attach BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name = 'z2') EXECUTE FUNCTION ingest_attachment();
SELECT is_duplicate, duplicate_count
FROM ingest_documents(ARRAY['x2', 'z2', 'y2'], ARRAY['x', 'z', 'y']::bytea[],
                      ARRAY['t', 't', 't']);
DROP TRIGGER attach ON documents;
SELECT * FROM orphans;
-- A trigger updates the document that has just been inserted.
CREATE FUNCTION classify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents SET metadata_extracted = '{"class": 1}' WHERE id = NEW.id;
    PERFORM docs.record_document_event(NEW.id, 'classified', NULL, '1');
    RETURN NULL;
END
$$;
CREATE TRIGGER classify AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION classify();
SELECT is_duplicate FROM ingest_document('n', 'n', 't');
DROP TRIGGER classify ON documents;
-- Row triggers fire before the extension's statement trigger, so its trail row is the
-- last; it has the document as it was inserted.
SELECT a.action, a.old_value,
       CASE a.action WHEN 'ingested' THEN a.new_value -> 'metadata_extracted'
                     ELSE a.new_value END AS new_value
FROM documents d JOIN audit_log a ON a.document_id = d.id WHERE d.file_name = 'n' ORDER BY a.id;
-- A trigger changes the document's hash: the hash_index row follows, and both hashes
-- can be ingested.
CREATE FUNCTION change_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents SET file_hash = repeat('1', 64) WHERE id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER change_hash AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION change_hash();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('changed', 1, repeat('0', 64), 't', 's');
DROP TRIGGER change_hash ON documents;
SELECT d.file_hash = h.file_hash AS same
FROM documents d JOIN hash_index h ON h.document_id = d.id WHERE d.file_name = 'changed';
SELECT is_duplicate FROM ingest_hashed_document('1', repeat('1', 64), 1, 't');
SELECT is_duplicate FROM ingest_hashed_document('0', repeat('0', 64), 1, 't');

-- Constraints, columns and indexes on all three tables.
CREATE SEQUENCE entry_number;
ALTER TABLE hash_index ADD COLUMN note text NOT NULL DEFAULT 'none',
    ADD COLUMN twice int GENERATED ALWAYS AS (document_id * 2) STORED,
    ADD CONSTRAINT short_hash CHECK (length(file_hash) < 65),
    ADD CONSTRAINT one_entry UNIQUE (document_id);
CREATE INDEX hash_prefix ON hash_index (left(file_hash, 8)) WHERE duplicate_count = 0;
ALTER TABLE audit_log ADD COLUMN entry bigint NOT NULL DEFAULT nextval('entry_number') + 1000,
    ADD COLUMN upper_action text GENERATED ALWAYS AS (upper(action)) STORED,
    ADD COLUMN host text DEFAULT NULL, ADD CONSTRAINT some_action CHECK (action <> '') NOT VALID;
ALTER TABLE audit_log DROP COLUMN host;
CREATE UNIQUE INDEX one_ingest ON audit_log (document_id) WHERE action = 'ingested';
ALTER TABLE documents ADD COLUMN department text NOT NULL DEFAULT 'archive',
    ADD COLUMN name_length int GENERATED ALWAYS AS (length(file_name)) STORED,
    ADD CONSTRAINT named CHECK (file_name !~ '^bad');
ALTER TABLE documents ALTER COLUMN ingestion_timestamp SET DEFAULT '2001-01-01';
SELECT is_duplicate FROM ingest_document('o', 'o', 't');
SELECT is_duplicate FROM ingest_document('o', 'o', 't');
SELECT d.department, d.name_length, d.ingestion_timestamp, h.note, h.twice = d.id * 2 AS twice,
       h.duplicate_count, a.entry > 1000 AS entry, a.upper_action,
       a.new_value ->> 'department' AS in_trail, a.new_value ->> 'name_length' AS length_in_trail
FROM documents d
    JOIN hash_index h ON h.document_id = d.id
    JOIN audit_log a ON a.document_id = d.id
WHERE d.file_name = 'o';
-- The new indexes have entries for the new rows.
SET enable_seqscan = off;
SELECT count(*) FROM hash_index WHERE document_id = (SELECT max(id) FROM documents);
SELECT count(*) FROM audit_log
WHERE document_id = (SELECT max(id) FROM documents) AND action = 'ingested';
RESET enable_seqscan;
-- What the constraints forbid is refused as a whole.
\set VERBOSITY sqlstate
SELECT is_duplicate FROM ingest_document('bad', 'bad', 't');
SELECT record_document_event(max(id), 'ingested') FROM documents;
ALTER TABLE hash_index ADD CONSTRAINT nothing_new CHECK (file_hash IS NULL) NOT VALID;
SELECT is_duplicate FROM ingest_document('p', 'p', 't');
ALTER TABLE hash_index DROP CONSTRAINT nothing_new;
ALTER TABLE audit_log ADD CONSTRAINT nothing_new CHECK (action <> 'ingested') NOT VALID;
SELECT is_duplicate FROM ingest_document('p', 'p', 't');
ALTER TABLE audit_log DROP CONSTRAINT nothing_new;
ALTER TABLE audit_log ADD COLUMN required int;
ALTER TABLE audit_log ADD CONSTRAINT required CHECK (required IS NOT NULL) NOT VALID;
SELECT is_duplicate FROM ingest_document('p', 'p', 't');
ALTER TABLE audit_log DROP COLUMN required;
\set VERBOSITY default
SELECT count(*) FROM documents WHERE file_name IN ('bad', 'p');
-- A deferred constraint on a derived table is checked at the end of the transaction.
ALTER TABLE audit_log ADD COLUMN approval int DEFAULT 1;
CREATE TABLE approvals (id int PRIMARY KEY);
ALTER TABLE audit_log ADD CONSTRAINT approved FOREIGN KEY (approval) REFERENCES approvals
    DEFERRABLE INITIALLY DEFERRED NOT VALID;
BEGIN;
SELECT is_duplicate FROM ingest_document('q', 'q', 't');
INSERT INTO approvals VALUES (1);
COMMIT;
SELECT count(*) FROM audit_log a JOIN documents d ON d.id = a.document_id
WHERE d.file_name = 'q' AND a.approval = 1;
\set VERBOSITY sqlstate
ALTER TABLE audit_log ALTER approval SET DEFAULT 2;
BEGIN;
SELECT is_duplicate FROM ingest_document('r', 'r', 't');
COMMIT;
\set VERBOSITY default
SELECT count(*) FROM documents WHERE file_name = 'r';
ALTER TABLE audit_log DROP COLUMN approval;
SELECT * FROM orphans;

-- What a trigger function keeps from row to row stays: here its settings, for many rows
-- in a statement.
CREATE FUNCTION note_path() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET work_mem = '123kB' AS $$
BEGIN
    NEW.change_reason := concat_ws(' ', NEW.change_reason, current_setting('work_mem'),
                                   current_setting('search_path'));
    RETURN NEW;
END
$$;
CREATE TRIGGER note_path BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION note_path();
SELECT count(*)
FROM ingest_documents(ARRAY(SELECT 'path ' || repeat('x', i) FROM generate_series(1, 400) i),
                      ARRAY(SELECT ('path ' || i)::bytea FROM generate_series(1, 400) i),
                      array_fill('t'::text, '{400}'));
UPDATE documents SET metadata_extracted = to_json(repeat('y', id::int)) WHERE file_name LIKE 'path %';
DELETE FROM documents WHERE file_name LIKE 'path %';
SELECT action, change_reason, count(*)
FROM audit_log WHERE change_reason LIKE '%123kB%' GROUP BY 1, 2 ORDER BY 1;
DROP TRIGGER note_path ON audit_log;

-- If the owner disables the extension's trigger, nothing is derived.
ALTER TABLE documents DISABLE TRIGGER documents_after_insert;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('s', 1, 's', 't', 's');
ALTER TABLE documents ENABLE TRIGGER documents_after_insert;
SELECT count(h.id)
FROM documents d LEFT JOIN hash_index h ON h.document_id = d.id WHERE d.file_name = 's';

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
