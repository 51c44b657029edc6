-- ingest_hashed_documents(): batches of documents whose bytes are stored elsewhere.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SET search_path = docs;
-- The hash of the number n: n in 64 digits.
CREATE FUNCTION hash(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lpad($1::text, 64, '0') $$;

-- A row for each document, in the order of the arrays, which is not that of the hashes.
SELECT ordinality, document_id, is_duplicate, ltrim(file_hash, '0') AS hash, duplicate_count,
    at_location, has_text, error_id
FROM ingest_hashed_documents(
    ARRAY['c', 'a', 'c again', 'b'], ARRAY[hash(3), hash(1), upper(hash(3)), hash(2)],
    ARRAY[30, 10, 30, 20], ARRAY['t', 't', 't', 't'], document_texts => ARRAY[NULL, 'a text', NULL, '']);
-- With all arguments; a duplicate, one of the batch, a failure, and what is at its location.
CREATE VIEW scanned AS
SELECT ordinality, document_id, is_duplicate, ltrim(file_hash, '0') AS hash, duplicate_count,
    at_location, has_text, error_id
FROM ingest_hashed_documents(
    ARRAY['a', 'd', 'd', 'e'], ARRAY[hash(1), hash(4), hash(4), hash(5)], ARRAY[10, 40, 40, 9223372036854775807],
    ARRAY['t', 't', 't', 't'], ARRAY['host', NULL, 'host', 'host'],
    ARRAY['another', 'd text', 'another', NULL],
    ARRAY[NULL, '{"pages": 4}', NULL, NULL]::json[], ARRAY[NULL, 'success', NULL, 'failed'],
    ARRAY[NULL, NULL, NULL, 'no text'], ARRAY['/a', NULL, '/d', '/e'],
    ARRAY[NULL, NULL, '2026-01-15 10:30Z', NULL]::timestamptz[], ARRAY['10', NULL, '40', NULL],
    ARRAY['x', 'pdftotext 22.12', 'x', NULL]);
SELECT * FROM scanned ORDER BY ordinality;
SELECT * FROM scanned ORDER BY ordinality;
SELECT file_name, file_size_bytes, ltrim(file_hash, '0') AS hash, ingestion_source, document_text,
    metadata_extracted, ingestion_status, error_message, extractor,
    extracted_at = ingestion_timestamp::timestamptz AS same_time
FROM documents ORDER BY id;
SELECT ingestion_source, location, document_id, modified_at AT TIME ZONE 'UTC' AS modified_at,
    fingerprint, size_bytes
FROM document_locations ORDER BY id;
SELECT document_id, new_value->>'extractor' AS extractor, new_value->>'extracted_at' AS extracted_at
FROM audit_log WHERE new_value->>'extractor' IS NOT NULL;
-- A document that had failed is healed, with its extractor.
SELECT ordinality, document_id, is_duplicate, duplicate_count, has_text
FROM ingest_hashed_documents('{e}', ARRAY[hash(5)], '{9223372036854775807}', '{t}', document_texts => '{read}',
                             extractors => '{tesseract}');
SELECT document_text, ingestion_status, extractor, extracted_at IS NOT NULL AS has_time
FROM documents WHERE file_hash = hash(5);
-- Many at a time.
CREATE TABLE results AS SELECT r.*
FROM (
    SELECT array_agg('f' || n ORDER BY n) AS names, array_agg(hash(n) ORDER BY n) AS hashes,
        array_agg(n::bigint ORDER BY n) AS sizes, array_agg('t'::text) AS types,
        array_agg('tesseract'::text) AS extractors
    FROM generate_series(1001, 3000) AS n) AS a,
    ingest_hashed_documents(names, hashes, sizes, types, extractors => a.extractors) AS r;
SELECT count(*), min(r.ordinality), max(r.ordinality)
FROM results AS r
JOIN documents AS d ON d.id = r.document_id AND d.file_hash = r.file_hash
    AND d.file_name = 'f' || (1000 + r.ordinality)
WHERE NOT r.is_duplicate;
SELECT count(*) FROM documents
WHERE extractor = 'tesseract' AND file_size_bytes BETWEEN 1001 AND 3000
    AND file_hash = hash(file_size_bytes) AND file_name = 'f' || file_size_bytes;
SELECT * FROM ingest_hashed_documents('{}', '{}', '{}', '{}');

-- What is refused: as by ingest_hashed_document(), with the document's position.
CREATE TABLE written AS SELECT (SELECT count(*) FROM documents) AS documents,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates;
CREATE FUNCTION answer(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
    detail text;
    hint text;
BEGIN
    EXECUTE 'SELECT count(*) FROM ingest_hashed_documents(' || arguments || ')' INTO rows;
    RETURN rows || ' rows';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, detail, hint);
END
$$;
CREATE TABLE bad (arguments text);
INSERT INTO bad VALUES
    ($$'{x,y}', ARRAY[hash(8), NULL], '{1,1}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), 'abc'], '{1,1}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), repeat('g', 64)], '{1,1}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,NULL}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,-1}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), hash(1)], '{1,11}', '{t,t}'$$),
    ($$'{x,NULL}', ARRAY[hash(8), hash(9)], '{1,1}', '{t,t}'$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,1}', '{t," "}'$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,1}', '{t,t}', extractors => ARRAY[NULL, repeat('x', 256)]$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,1}', '{t,t}', extractors => ARRAY[NULL, '']$$),
    ($$'{x,y}', ARRAY[hash(8), hash(9)], '{1,1}', '{t,t}', fingerprints => ARRAY[NULL, 'f']$$);
SELECT answer(arguments) FROM bad;
-- Arrays that do not fit.
SELECT answer($$NULL, ARRAY[hash(8)], '{1}', '{t}'$$);
SELECT answer($$'{x}', NULL, '{1}', '{t}'$$);
SELECT answer($$'{x}', ARRAY[hash(8)], NULL, '{t}'$$);
SELECT answer($$'{x}', ARRAY[hash(8)], '{1,2}', '{t}'$$);
SELECT answer($$'{x}', ARRAY[[hash(8)]], '{1}', '{t}'$$);
SELECT answer($$'{x}', ARRAY[hash(8)], '{1}', '{t}', extractors => '{a,b}'$$);
SELECT (SELECT count(*) FROM documents) = w.documents
    AND (SELECT sum(duplicate_count) FROM hash_index) = w.duplicates AS nothing_written
FROM written AS w;

-- In log mode, a bad document is a row of error_log, and the others are ingested.
SET doc_extractor.on_bad_document = log;
SELECT answer(arguments) FROM bad;
SELECT file_name, error_type, error_message FROM error_log ORDER BY id;
SELECT count(*) FROM documents WHERE file_hash = hash(8);
TRUNCATE results;
INSERT INTO results
SELECT * FROM ingest_hashed_documents('{v,w,x,y,z}', ARRAY[hash(12), 'abc', hash(11), NULL, hash(10)],
                                      '{1,1,-1,1,1}', '{t,t,t,t,t}');
SELECT r.ordinality, r.document_id IS NULL AS is_logged, ltrim(r.file_hash, '0') AS hash,
    r.is_duplicate, r.has_text, e.file_name
FROM results AS r LEFT JOIN error_log AS e ON e.id = r.error_id
ORDER BY r.ordinality;
RESET doc_extractor.on_bad_document;

-- A role needs EXECUTE, and nothing else.
CREATE ROLE hashing_loader;
GRANT USAGE ON SCHEMA docs TO hashing_loader;
SET ROLE hashing_loader;
SELECT * FROM ingest_hashed_documents('{x}', ARRAY[repeat('0', 64)], '{1}', '{t}');
\echo :SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION ingest_hashed_documents TO hashing_loader;
SET ROLE hashing_loader;
SELECT ordinality, is_duplicate
FROM ingest_hashed_documents('{x}', ARRAY[repeat('0', 64)], '{1}', '{t}', extractors => '{x}');
RESET ROLE;

-- Below 1.2, columns with the names of those to come are a user's own.
SET doc_extractor.allow_data_loss = on;
DROP OWNED BY hashing_loader;
DROP ROLE hashing_loader;
RESET search_path;
DROP SCHEMA docs CASCADE;
CREATE EXTENSION doc_extractor VERSION '1.1';
ALTER TABLE documents ADD extractor varchar(255) DEFAULT 'mine', ADD extracted_at timestamptz;
SELECT is_duplicate FROM ingest_document('x', 'x', 't', ingestion_status => 'failed');
SELECT is_duplicate FROM ingest_document('x', 'x', 't');
SELECT extractor, ingestion_status FROM documents;
DROP EXTENSION doc_extractor;
