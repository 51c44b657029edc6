-- Where documents were seen: every entry point that takes a location, what document_locations holds
-- afterwards, and what does not count.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;
-- The answer of an entry point, without what differs from run to run.
CREATE VIEW rows AS
SELECT l.id, l.ingestion_source AS source, l.location, d.file_name AS document,
    l.modified_at, l.fingerprint, l.size_bytes AS size
FROM document_locations l LEFT JOIN documents d ON d.id = l.document_id ORDER BY l.id;
CREATE VIEW counts AS
SELECT d.file_name, h.duplicate_count FROM documents d JOIN hash_index h ON h.document_id = d.id
ORDER BY d.id;

-- Every entry point stores it. The same bytes there again are no duplicate that counts.
SELECT lo_from_bytea(4201, 'large');
COPY (SELECT WHERE false) TO PROGRAM 'printf file > locations.file; touch -d "2026-01-15 10:30:00Z" locations.file';
CREATE TABLE calls (name text PRIMARY KEY, call text);
INSERT INTO calls VALUES
    ('ingest_document', $$SELECT is_duplicate, duplicate_count, at_location FROM ingest_document(
        'single', 'single', 't', 'host', location => '/single', modified_at => '2026-01-15 10:30Z',
        fingerprint => 'f1')$$),
    ('ingest_hashed_document', $$SELECT is_duplicate, duplicate_count, at_location
        FROM ingest_hashed_document('hashed', encode(sha256('hashed'), 'hex'), 6, 't', 'host',
        location => '/hashed', modified_at => '2026-01-15 10:30Z', fingerprint => 'f1')$$),
    ('ingest_documents', $$SELECT is_duplicate, duplicate_count, at_location FROM ingest_documents(
        '{batch 1,batch 2,batch 3}', '{batch 1,batch 2,batch 3}', '{t,t,t}', '{host,host,host}',
        locations => '{/batch/1,NULL,/batch/3}', modified_ats => '{2026-01-15 10:30Z,NULL,NULL}',
        fingerprints => '{NULL,NULL,f1}')$$),
    ('ingest_file', $$SELECT is_duplicate, duplicate_count, at_location
        FROM ingest_file('locations.file', 't')$$),
    ('ingest_file elsewhere', $$SELECT is_duplicate, duplicate_count, at_location
        FROM ingest_file('locations.file', 't', location => '/elsewhere', fingerprint => 'f1',
        modified_at => '2026-01-16Z')$$),
    ('ingest_large_object', $$SELECT is_duplicate, duplicate_count, at_location
        FROM ingest_large_object(4201, 'large', 't', location => '/large',
        modified_at => '2026-01-15 10:30Z', fingerprint => 'f1')$$),
    ('try_ingest_document', $$SELECT is_duplicate, duplicate_count, at_location
        FROM try_ingest_document('try', 'try', 't', location => '/try',
        modified_at => '2026-01-15 10:30Z', fingerprint => 'f1')$$);
CREATE FUNCTION answers(call text)
RETURNS TABLE (is_duplicate boolean, duplicate_count bigint, at_location boolean)
LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE call; END $$;
SELECT c.name, a.* FROM calls c, answers(c.call) a ORDER BY c.name, a.*;
SELECT c.name, a.* FROM calls c, answers(c.call) a ORDER BY c.name, a.*;
INSERT INTO document_inbox (file_name, content, file_type, location, modified_at, fingerprint)
VALUES ('inbox 1', 'inbox 1', 't', '/inbox/1', '2026-01-15 10:30Z', 'f1'),
       ('inbox 2', 'inbox 2', 't', NULL, NULL, NULL);
COPY document_inbox (file_name, content, file_type, ingestion_source, location) FROM STDIN;
inbox 1	inbox 1	t	manual	/inbox/1
inbox 1	inbox 1	t	host	/inbox/1
inbox 3	inbox 3	t	host	/inbox/3
\.
TABLE rows;
TABLE counts;
SELECT bool_and(location_key = sha256(convert_to(location, getdatabaseencoding()))) AS keys,
    bool_and(seen_at = now()) IS NOT TRUE AS times
FROM document_locations;
SELECT ingestion_source, location, size_bytes FROM current_locations
ORDER BY ingestion_source, location COLLATE "C" LIMIT 3;
TRUNCATE document_locations RESTART IDENTITY;
DELETE FROM documents;

-- A, B, A at one location is three rows; A, A and B, B none more.
SELECT is_duplicate, at_location FROM ingest_document('A', 'A', 't', location => '/x');
SELECT is_duplicate, at_location FROM ingest_document('A', 'A', 't', location => '/x');
SELECT is_duplicate, at_location FROM ingest_document('B', 'B', 't', location => '/x');
SELECT is_duplicate, at_location FROM ingest_document('A', 'A', 't', location => '/x');
TABLE rows;
TABLE counts;
-- The same within one batch, in its order, which is not that of the hashes. The first A refreshes
-- the row that was there, the last A the row that is new.
SELECT is_duplicate, duplicate_count, at_location
FROM ingest_documents('{A,B,A,A,C,C}', '{A,B,A,A,C,C}', '{t,t,t,t,t,t}',
                      locations => '{/x,/x,/x,/x,/y,/y}', fingerprints => '{1,2,3,4,5,6}');
SELECT id, location, document, fingerprint FROM rows;
TABLE counts;
SELECT d.file_name, l.document_id = d.id AS now FROM current_locations l JOIN documents d
ON d.id = l.document_id ORDER BY l.location;
SELECT location, fingerprint, replaced_at = seen_at AS replaced FROM location_history
ORDER BY location, fingerprint;
-- Another source has its own locations, and a prefix is another location.
SELECT at_location FROM ingest_document('A', 'A', 't', 'other', location => '/x');
SELECT at_location FROM ingest_document('A', 'A', 't', 'othe', location => 'r/x');
SELECT at_location FROM ingest_document('A', 'A', 't', 'other', location => '/');
TABLE counts;

-- What is said of the file is refreshed in the latest row only. What is not said stays.
TRUNCATE document_locations RESTART IDENTITY;
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/x', fingerprint => 'A1');
SELECT at_location FROM ingest_document('B', 'B', 't', location => '/x', fingerprint => 'B1');
SELECT at_location FROM ingest_document('B', 'B', 't', location => '/x', fingerprint => 'B2');
SELECT at_location FROM ingest_document('B', 'B', 't', location => '/x',
                                        modified_at => '2026-01-15 10:30Z');
SELECT at_location FROM ingest_document('B', 'B', 't', location => '/x');
SELECT id, document, modified_at, fingerprint FROM rows;
-- What is as it was is not written again.
SELECT xmin AS before FROM document_locations WHERE id = 2 \gset
SELECT at_location FROM ingest_document('B', 'B', 't', location => '/x', fingerprint => 'B2',
                                        modified_at => '2026-01-15 10:30Z');
SELECT xmin = :'before'::xid AS same FROM document_locations WHERE id = 2;
-- Nor after the document was deleted: it is a new one.
DELETE FROM documents WHERE file_name = 'B';
TABLE current_locations;
SELECT is_duplicate, at_location FROM ingest_document('B', 'B', 't', location => '/x');
SELECT id, document, modified_at, fingerprint FROM rows;
-- A vanished location has no document.
INSERT INTO document_locations (ingestion_source, location, location_key)
SELECT 'manual', '/x', sha256('/x');
TABLE current_locations;
SELECT is_duplicate, at_location FROM ingest_document('B', 'B', 't', location => '/x');
SELECT id, document FROM rows;

-- A failure at a location, then its success.
SELECT at_location FROM ingest_document('D', 'D', 't', location => '/d',
    ingestion_status => 'failed', error_message => 'no text');
SELECT is_duplicate, at_location FROM ingest_document('D', 'D', 't', location => '/d');
SELECT document FROM rows WHERE location = '/d';

-- Times that say nothing, and the first and the last one.
SELECT FROM ingest_document('E', 'E', 't', location => '/e1', modified_at => 'infinity');
SELECT FROM ingest_document('E', 'E', 't', location => '/e2', modified_at => '-infinity');
SELECT FROM ingest_document('E', 'E', 't', location => '/e3',
    modified_at => '4713-01-01 00:00Z BC');
SELECT FROM ingest_document('E', 'E', 't', location => '/e4',
    modified_at => '294276-12-31 23:59:59Z');
SELECT location, modified_at FROM rows WHERE location LIKE '/e%';

-- Names of files: long ones, with any characters; bytes that are not in the encoding as a URI.
TRUNCATE document_locations RESTART IDENTITY;
CREATE TABLE names (name text);
INSERT INTO names VALUES (repeat('/0123456', 512)), (repeat('/0123456', 512) || 'x'), (E'/a\nb'),
    (E'/a\\b'), ('/a\b'), ('/a''b"'), ('file:///a%FF%FEb'), ('/ä'), ('/a '), ('/a'), (' /a'),
    (E'/a\t'),
    (repeat('x', 2 * 1024 * 1024));
SELECT count(*), sum(duplicate_count) FROM names, ingest_document('A', 'A', 't', location => name);
SELECT bool_and(at_location), count(DISTINCT duplicate_count)
FROM names, ingest_document('A', 'A', 't', location => name);
SELECT count(*), count(DISTINCT location) FROM document_locations;
SELECT left(location, 20) AS location, length(location), length(location_key) AS key
FROM document_locations ORDER BY id;
-- The fingerprint can be long, too.
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/a',
    fingerprint => (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 10000) i));
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/a',
    modified_at => '2026-01-15 10:30Z');
SELECT length(fingerprint), modified_at FROM document_locations WHERE location = '/a';

-- What cannot be right.
SELECT FROM ingest_document('A', 'A', 't', location => '');
SELECT FROM ingest_document('A', 'A', 't', location => E' \n');
SELECT FROM ingest_document('A', 'A', 't', fingerprint => 'f');
SELECT FROM ingest_document('A', 'A', 't', modified_at => '2026-01-15 10:30Z');
SELECT FROM ingest_documents('{A,B}', '{A,B}', '{t,t}', locations => '{/a,NULL}',
                             fingerprints => '{f,f}');
SELECT error_id, at_location FROM try_ingest_document('A', 'A', 't', fingerprint => 'f');
SELECT error_type, error_message FROM error_log;

-- Documents that are refused. The others come in the order of the batch, though it is ingested in
-- parts: what is at a location in the end is the last of them.
SET doc_extractor.on_bad_document = log;
TRUNCATE document_locations RESTART IDENTITY;
DELETE FROM documents;
ALTER TABLE documents ADD CHECK (file_name NOT LIKE 'bad%');
SELECT is_duplicate, duplicate_count, at_location
FROM ingest_documents('{A,bad,B,C,A,bad,C,C}', '{A,bad,B,C,A,bad,C,C}', '{t,t,t,t,t,t,t,t}',
                      locations => '{/x,/x,/x,/x,/x,/x,/x,/y}');
SELECT id, location, document FROM rows;
TABLE counts;
-- A rule of the user's for locations, as a constraint or a trigger, makes bad documents too.
ALTER TABLE document_locations ADD CHECK (location LIKE '/%');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.location = '/no' THEN RAISE 'not here'; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON document_locations FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT is_duplicate, at_location
FROM ingest_documents('{D,E,F,A}', '{D,E,F,A}', '{t,t,t,t}', locations => '{/d,e,/no,/x}');
SELECT id, location, document FROM rows WHERE id > 5;
SELECT file_name, error_type FROM error_log WHERE file_name <> 'A' ORDER BY id;
-- A taken number of a row is the fault of its sequence.
SELECT setval('document_locations_id_seq', 1, false);
SELECT is_duplicate FROM ingest_documents('{G}', '{G}', '{t}', locations => '{/g}');
SELECT setval('document_locations_id_seq', max(id)) > 0 AS set FROM document_locations;
RESET doc_extractor.on_bad_document;
DROP TRIGGER refuse ON document_locations;
ALTER TABLE document_locations DROP CONSTRAINT document_locations_location_check;

-- A trigger that suppresses the row, columns of the user's, another order of the columns.
ALTER TABLE document_locations ADD COLUMN note text DEFAULT 'new',
    ADD COLUMN at timestamptz DEFAULT now();
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/note');
SELECT note, at IS NOT NULL AS at FROM document_locations WHERE location = '/note';
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER suppress BEFORE INSERT OR UPDATE ON document_locations
FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/suppressed');
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/note', fingerprint => 'f');
DROP TRIGGER suppress ON document_locations;
SELECT location, fingerprint FROM document_locations WHERE location IN ('/suppressed', '/note');

-- Locations are searched for in an index: an ascending one, of all rows, that
-- tells all sources apart.
DROP INDEX ix_document_locations_current;
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/note');
CREATE INDEX other ON document_locations (ingestion_source, location_key, id DESC);
CREATE INDEX partial ON document_locations (ingestion_source, location_key, id) WHERE id < 0;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE INDEX any_source ON document_locations (ingestion_source COLLATE any_case, location_key, id);
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/note');
SELECT is_duplicate, at_location FROM ingest_document('A', 'A', 't');
CREATE INDEX whatever ON document_locations (ingestion_source, location_key,
    id) INCLUDE (fingerprint);
SELECT at_location FROM ingest_document('A', 'A', 't', location => '/note');

-- A read-only transaction, and rules.
BEGIN READ ONLY;
SELECT FROM ingest_document('A', 'A', 't', location => '/note');
ROLLBACK;
CREATE RULE nothing AS ON INSERT TO document_locations DO INSTEAD NOTHING;
SELECT FROM ingest_document('A', 'A', 't', location => '/note');
SELECT FROM ingest_document('A', 'A', 't');
DROP RULE nothing ON document_locations;

SELECT lo_unlink(4201);
COPY (SELECT WHERE false) TO PROGRAM 'rm locations.file';
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
