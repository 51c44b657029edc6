-- location, modified_at and fingerprint: arguments that version 1.2 will need. Below it, a value for
-- one is refused, whatever else is set; NULL is not.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
SET search_path = docs;

-- What a call of each function with a value for each argument raises.
CREATE TABLE public.calls (call text, version text);
INSERT INTO public.calls VALUES
    ($$ingest_document('a', 'a', 't', $$, '1.0'),
    ($$ingest_hashed_document('a', repeat('0', 64), 1, 't', $$, '1.0'),
    ($$ingest_documents('{a}', '{a}', '{t}', $$, '1.0'),
    ($$ingest_file('PG_VERSION', 't', $$, '1.1'),
    ($$ingest_large_object(4201, 'a', 't', $$, '1.1'),
    ($$try_ingest_document('a', 'a', 't', $$, '1.1');
SELECT lo_from_bytea(4201, 'a');
CREATE FUNCTION public.answer(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE 'SELECT * FROM ' || call;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, detail, hint);
END
$$;
CREATE VIEW public.refusals AS
SELECT split_part(c.call, '(', 1) AS function, c.version, a.argument,
    public.answer(c.call || a.argument || ' => ' || a.value || ')') AS answer
FROM public.calls AS c,
    (VALUES ('location', $$''$$), ('modified_at', $$'2026-01-15 10:30Z'$$), ('fingerprint', $$'f'$$),
            ('locations', $$'{""}'$$), ('modified_ats', $$'{2026-01-15 10:30Z}'$$),
            ('fingerprints', $$'{f}'$$)) AS a (argument, value)
WHERE (c.call LIKE '%documents(%') = (a.argument LIKE '%s');
SELECT function, argument, answer FROM public.refusals WHERE version = '1.0'
ORDER BY function COLLATE "C", argument COLLATE "C";

ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT function, argument, answer FROM public.refusals
ORDER BY function COLLATE "C", argument COLLATE "C";
-- It is no fault of the document, so it is not logged either. Nor does a table of the user's with
-- the name of the one to come change anything: a value is never dropped in silence.
SET doc_extractor.on_bad_document = log;
CREATE TABLE document_locations (location text);
SELECT answer, count(*) FROM public.refusals GROUP BY answer ORDER BY answer COLLATE "C";
DROP TABLE document_locations;
RESET doc_extractor.on_bad_document;
SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM error_log) AS errors;

-- The value of one document of a batch is enough. The arrays must fit the others.
SELECT * FROM ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't'],
                               locations => ARRAY[NULL, '/b']);
SELECT * FROM ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't'],
                               modified_ats => ARRAY[NULL::timestamptz]);
SELECT * FROM ingest_documents(ARRAY['a', 'b'], ARRAY['a', 'b']::bytea[], ARRAY['t', 't'],
                               fingerprints => ARRAY[['x', 'y']]);

-- NULL may be given, by position and by name, with the types that drivers send: so a client need
-- not know which version it talks to.
SELECT document_id, at_location
FROM ingest_document('a', 'a', 't', 'manual', NULL, NULL, 'success', NULL, NULL, NULL, NULL);
SELECT document_id, at_location FROM ingest_document(
    file_name => 'a'::varchar, content => 'a', file_type => 't', fingerprint => NULL::varchar,
    modified_at => NULL::timestamp, location => NULL);
SELECT document_id, at_location
FROM ingest_hashed_document('b', repeat('0', 64), 1::int, 't', 'manual', NULL, NULL, 'success', NULL,
                            NULL::text, NULL::timestamptz, NULL::text);
SELECT document_id, at_location
FROM ingest_documents('{a,c}', '{a,c}', '{t,t}', NULL, NULL, NULL, NULL, NULL,
                      ARRAY[NULL, NULL], ARRAY[NULL, NULL]::timestamptz[], ARRAY[NULL, NULL]::varchar[]);
SELECT document_id, at_location
FROM ingest_documents('{a}', '{a}', '{t}', locations => NULL, modified_ats => NULL,
                      fingerprints => NULL);
SELECT document_id, at_location FROM ingest_documents('{}', '{}', '{}', locations => '{}',
                                                      modified_ats => '{}', fingerprints => '{}');
SELECT document_id > 0 AS ingested, at_location
FROM ingest_file('PG_VERSION', 't', 'manual', NULL, NULL, 'success', NULL, NULL, NULL, NULL);
SELECT document_id, at_location
FROM ingest_large_object(4201, 'a', 't', location => NULL, modified_at => NULL, fingerprint => NULL);
SELECT document_id, error_id, at_location FROM try_ingest_document(
    'a', 'a', 't', 'manual', NULL, NULL, 'success', NULL, NULL, NULL, NULL);
PREPARE ingest AS SELECT document_id, at_location
FROM ingest_document($1, $2, $3, location => $4, modified_at => $5, fingerprint => $6);
EXECUTE ingest('d', 'd', 't', NULL, NULL, NULL);
EXECUTE ingest('d', 'd', 't', NULL, now(), NULL);
DEALLOCATE ingest;

SELECT lo_unlink(4201);
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP VIEW public.refusals;
DROP FUNCTION public.answer;
DROP TABLE public.calls;
