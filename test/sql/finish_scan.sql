-- finish_scan(): a complete scan, and the locations that have vanished.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;

SELECT FROM ingest_documents('{a,b,c}', '{a,b,c}', '{t,t,t}', locations => '{/a,/b,/c}');
SELECT FROM ingest_document('b', 'b', 't', 'elsewhere', location => '/b');
SELECT clock_timestamp() AS before \gset
SELECT id AS a FROM current_locations WHERE location = '/a' \gset
SELECT id AS b FROM current_locations
WHERE location = '/b' AND ingestion_source = 'manual' \gset
SELECT id AS elsewhere FROM current_locations WHERE ingestion_source = 'elsewhere' \gset

-- More than there can be.
SELECT finish_scan('manual', '/', :'before', 1, 0, 0, 0, ARRAY[:a, :b], 1);
TABLE scans;

-- Those of the source that nobody has seen since, each once; /a is another document by now.
SELECT FROM ingest_document('a', 'A', 't', location => '/a');
SELECT * FROM finish_scan('manual', '/', :'before', 2, 1, 1, 0,
    ARRAY[:a, :b, :b, :elsewhere, 1000, NULL], 6);
SELECT * FROM finish_scan('manual', '/', :'before', 2, 1, 1, 0, ARRAY[:b]);
SELECT ingestion_source, location, document_id, size_bytes, seen_at = now() AS is_new
FROM document_locations ORDER BY id;
SELECT ingestion_source, location FROM current_locations ORDER BY 1, 2;
SELECT count(*) FROM documents;

-- What comes back is at a new place, and counts.
SELECT is_duplicate, duplicate_count, at_location
FROM ingest_document('b', 'b', 't', location => '/b');

-- Scans without changes share a row; another root has its own.
SELECT (finish_scan('manual', '/', :'before', 3, 0, 0, 0, '{}', 0)).scan_id AS first \gset
SELECT scan_id = :first AS is_same FROM finish_scan('manual', '/', clock_timestamp(), 4, 0, 0, 0);
SELECT scan_id = :first AS is_same FROM finish_scan('manual', '/x', :'before', 4, 0, 0, 0);
SELECT scan_id = :first AS is_same FROM finish_scan('manual', '/', :'before', 4, 0, 0, 1);
SELECT scan_id = :first AS is_same FROM finish_scan('manual', '/', :'before', 4, 0, 0, 0);
SELECT ingestion_source, root, started_at > :'before' AS is_later, finished_at >= started_at AS is_done,
    seen, added, changed, vanished, failed
FROM scans ORDER BY id;

-- A location that has vanished while somebody saw it.
SELECT id AS c FROM current_locations WHERE location = '/c' \gset
BEGIN;
SELECT vanished_locations FROM finish_scan('manual', '/', now() - interval '1 day', 1, 0, 0, 0, ARRAY[:c]);
ROLLBACK;

-- Arguments.
SELECT finish_scan(NULL, '/', now(), 1, 0, 0, 0);
SELECT finish_scan(' ', '/', now(), 1, 0, 0, 0);
SELECT finish_scan(repeat('s', 256), '/', now(), 1, 0, 0, 0);
SELECT finish_scan('s', NULL, now(), 1, 0, 0, 0);
SELECT finish_scan('s', '/', NULL, 1, 0, 0, 0);
SELECT finish_scan('s', '/', 'infinity', 1, 0, 0, 0);
SELECT finish_scan('s', '/', now() + interval '1 hour', 1, 0, 0, 0);
SELECT finish_scan('s', '/', now(), NULL, 0, 0, 0);
SELECT finish_scan('s', '/', now(), 1, -1, 0, 0);
SELECT finish_scan('s', '/', now(), 1, 0, 0, 0, '{1}', -1);
SELECT finish_scan('s', '/', now(), 1, 0, 0, 0, NULL, -1);

-- An id of another type.
TRUNCATE scans;
ALTER TABLE scans ALTER COLUMN id TYPE numeric;
SELECT scan_id AS inserted FROM finish_scan('s', '/', now(), 1, 0, 0, 0) \gset
SELECT scan_id AS updated FROM finish_scan('s', '/', now(), 1, 0, 0, 0) \gset
SELECT id = :inserted AS is_inserted, id = :updated AS is_updated FROM scans;
TRUNCATE scans;
ALTER TABLE scans ALTER COLUMN id TYPE bigint;

-- EXECUTE suffices.
CREATE ROLE scanner;
GRANT USAGE ON SCHEMA docs TO scanner;
SET ROLE scanner;
SELECT finish_scan('s', '/', now(), 1, 0, 0, 0);
RESET ROLE;
GRANT EXECUTE ON FUNCTION finish_scan TO scanner;
SET ROLE scanner;
SELECT vanished_locations FROM finish_scan('s', '/', now(), 1, 0, 0, 0, ARRAY[:c]);
RESET ROLE;

SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
DROP OWNED BY scanner;
DROP ROLE scanner;
DROP SCHEMA docs;
