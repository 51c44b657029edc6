-- Failures are told apart by what identifies the file: its source and location, its hash, or, where
-- a failure has neither, its name.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;
CREATE VIEW failures AS
SELECT file_name, ingestion_source, location, left(file_hash, 8) AS hash, retry_attempted AS retried,
    resolution_notes
FROM error_log ORDER BY id;

-- What each entry point says of a failure.
SET doc_extractor.on_bad_document = log;
SELECT error_id IS NOT NULL AS logged, left(file_hash, 8) AS hash
FROM try_ingest_document('report.pdf', 'monday', '', 'host', location => '/in/report.pdf');
SELECT document_id, left(file_hash, 8) AS hash
FROM ingest_documents('{report.pdf,report.pdf,report.pdf}', '{x,y,NULL}', '{t," "," "}',
                      '{host,NULL,host}', locations => '{/x,NULL,/z}');
INSERT INTO document_inbox (file_name, content, file_type, location)
VALUES ('report.pdf', 'inbox', '', '/inbox/report.pdf');
SELECT document_id, left(file_hash, 8) AS hash, error_id IS NOT NULL AS logged
FROM ingest_hashed_documents('{report.pdf}', ARRAY[repeat('A', 64)], '{-1}', '{t}');
SELECT document_id, file_hash FROM ingest_file('/no such/report.pdf', 't', 'server');
SELECT document_id, file_hash FROM ingest_file('/no such/b.pdf', 't', location => 'file:///b.pdf');
SELECT log_ingestion_error('report.pdf', 'timeout', 'no answer');
SELECT log_failed_document('report.pdf', 'timeout', 'no answer', location => 's3://bucket/report.pdf');
SELECT log_failed_document('report.pdf', 'timeout', 'no answer', 'bucket', NULL, repeat('B', 64));
SELECT log_failed_document('report.pdf', 'timeout', 'no answer', NULL);
SELECT * FROM failures;

-- A success marks failures of its own file only: another one of the same name is another file, if
-- the failure says where it was, or what was in it.
RESET doc_extractor.on_bad_document;
CREATE FUNCTION marked() RETURNS SETOF failures LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM failures WHERE retried;
    UPDATE error_log SET retry_attempted = false, resolution_notes = NULL WHERE retry_attempted;
END
$$;
SELECT document_id FROM ingest_document('other.pdf', 'tuesday', 't', 'host');
SELECT * FROM marked();
SELECT document_id FROM ingest_document('report.pdf', 'tuesday', 't', 'host', location => '/2/report.pdf');
SELECT * FROM marked();
-- The same location, of another source and of its own; the name may be another.
SELECT document_id FROM ingest_document('new.pdf', 'tuesday', 't', location => '/in/report.pdf');
SELECT * FROM marked();
SELECT document_id FROM ingest_document('new.pdf', 'tuesday', 't', 'host', location => '/in/report.pdf');
SELECT * FROM marked();
SELECT log_failed_document('report.pdf', 'timeout', 'no answer', source, '/same') IS NOT NULL AS logged
FROM unnest(ARRAY['a', 'b']) AS source;
SELECT document_id FROM ingest_document('new.pdf', 'tuesday', 't', 'a', location => '/same');
SELECT * FROM marked();
-- The same content, anywhere.
SELECT document_id FROM ingest_document('new.pdf', 'monday', 't');
SELECT * FROM marked();
SELECT document_id FROM ingest_hashed_document('new.pdf', repeat('b', 64), 1, 't', location => '/new');
SELECT * FROM marked();
-- What has failed once more, has not succeeded.
SELECT document_id FROM ingest_document('new.pdf', 'wednesday', 't', 'host', location => '/in/report.pdf',
                                        ingestion_status => 'failed');
SELECT * FROM marked();
-- All of a batch; of several with the same failure, the first is noted.
SELECT document_id
FROM ingest_documents('{1,2,3}', '{one,two,three}', '{t,t,t}', '{host,host,server}',
                      locations => '{/x,/x,/no such/report.pdf}');
SELECT * FROM marked();
-- The inbox and a file on the server.
INSERT INTO document_inbox (file_name, content, file_type, location)
VALUES ('1', 'one', 't', '/inbox/report.pdf');
SELECT * FROM marked();
SELECT log_failed_document('x', 'timeout', 'no answer', 'server', 'PG_VERSION') IS NOT NULL AS logged;
SELECT document_id IS NOT NULL AS ingested FROM ingest_file('PG_VERSION', 't', 'server');
SELECT file_name, location FROM marked();

-- Locations of any length and with any characters.
SELECT log_failed_document('long', 'timeout', 'no answer', location => repeat('/é ' || chr(10), 2000) || n)
    IS NOT NULL AS logged
FROM generate_series(1, 3) AS n;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_document('x', 'long', 't', location => repeat('/é ' || chr(10), 2000) || 2);
SELECT right(location, 1) AS number FROM marked();
-- A location that is not in the database's encoding is escaped; a blank one identifies nothing.
CREATE FUNCTION raw_text(bytea) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
SET doc_extractor.on_bad_document = log;
SELECT document_id FROM ingest_documents(
    '{raw,blank,source}', '{a,NULL,a}', '{t,t,t}',
    ARRAY[raw_text('\x61ff'), NULL, repeat('x', 256)],
    locations => ARRAY[raw_text('\x2f61ff'), ' ', '/source']);
RESET doc_extractor.on_bad_document;
SELECT file_name, length(ingestion_source) AS length, left(ingestion_source, 9) AS source, location,
    left(file_hash, 8) AS hash
FROM error_log ORDER BY id DESC LIMIT 3;
SELECT document_id FROM ingest_document('blank', 'not blank', 't');
SELECT file_name, location FROM marked();

-- What log_failed_document() refuses.
SELECT log_failed_document(NULL, 'timeout', 'no answer');
\echo :SQLSTATE
SELECT log_failed_document('x', 'timeout', 'no answer', repeat('x', 256));
\echo :SQLSTATE
SELECT log_failed_document('x', 'timeout', 'no answer', ' ');
\echo :SQLSTATE
SELECT log_failed_document('x', 'timeout', 'no answer', location => '');
\echo :SQLSTATE
SELECT log_failed_document('x', 'timeout', 'no answer', location => raw_text('\xff'));
\echo :SQLSTATE
SELECT log_failed_document('x', 'timeout', 'no answer', file_hash => md5('x'));
\echo :SQLSTATE

-- Each way to find failures has its index; the statement that marks them, here without its UPDATE,
-- uses all three.
INSERT INTO error_log (file_name, error_type, error_message, ingestion_source, location, file_hash)
SELECT 'many', 't', 'm', 'host', CASE WHEN n % 3 = 0 THEN '/' || n END,
    CASE WHEN n % 3 = 1 THEN lpad(n::text, 64, '0') END
FROM generate_series(1, 20000) AS n;
ANALYZE error_log;
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE mark (text, text, text, text) AS
SELECT id FROM error_log AS e
WHERE NOT e.retry_attempted
    AND ((e.location = $4 AND e.ingestion_source = $3) OR e.file_hash = $2
        OR (e.location IS NULL AND e.file_hash IS NULL AND e.file_name = $1))
FOR UPDATE SKIP LOCKED;
EXPLAIN (COSTS OFF) EXECUTE mark ('n', 'h', 's', 'l');
DEALLOCATE mark;
RESET enable_seqscan;
RESET plan_cache_mode;
SELECT document_id IS NOT NULL AS ingested
FROM ingest_hashed_document('any', lpad('1', 64, '0'), 1, 't', 'host', location => '/3');
SELECT count(*) FROM marked();
SELECT document_id IS NOT NULL AS ingested FROM ingest_document('many', 'many', 't');
SELECT count(*) FROM marked();

SET doc_extractor.allow_data_loss = on;
RESET search_path;
DROP SCHEMA docs CASCADE;

-- Failures of 1.1 have neither: they are found by their name, as in 1.1.
CREATE EXTENSION doc_extractor VERSION '1.1';
SELECT log_ingestion_error('a', 'timeout', 'no answer');
SELECT log_ingestion_error('b', 'timeout', 'no answer');
SELECT error_id FROM try_ingest_document('c', 'content of c', '');
SELECT document_id FROM ingest_document('c', 'another', 't');
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT document_id FROM ingest_document('a', 'content of a', 't', location => '/a');
SELECT file_name, retry_attempted, resolution_notes, ingestion_source, location, file_hash
FROM error_log ORDER BY id;
DROP EXTENSION doc_extractor;
