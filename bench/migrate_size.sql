-- Measures the steps for one number of documents, in a ledger of its own. Each document has a text
-- of 300 characters, a hash_index row and a trail row.

CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.0';
INSERT INTO docs.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, document_text)
SELECT 'file ' || i, 2048, encode(sha256(i::text::bytea), 'hex'), 'text/plain', 'bench',
       repeat(md5(i::text), 9) || i
FROM generate_series(1, :documents) AS i;
VACUUM ANALYZE;
CHECKPOINT;

CREATE TEMPORARY TABLE start AS SELECT clock_timestamp() AS at;
SELECT 'UPDATE start SET at = clock_timestamp()',
       format('ALTER EXTENSION doc_extractor UPDATE TO %L', target),
       format('INSERT INTO migrate_time SELECT %s, %L, clock_timestamp() - at FROM start',
              :documents, step)
FROM generate_series(1, :rounds) AS round,
     (VALUES (1, '1.1', '1.0 to 1.1'), (2, '1.2', '1.1 to 1.2'), (3, '1.1', '1.2 to 1.1'),
             (4, '1.0', '1.1 to 1.0'), (5, 'unpackaged', '1.0 to unpackaged (detach)'),
             (6, '1.0', 'unpackaged to 1.0 (adopt)')) AS steps (n, target, step)
ORDER BY round, n
\gexec

ALTER EXTENSION doc_extractor UPDATE TO '1.1';
UPDATE start SET at = clock_timestamp();
SELECT count(*) FILTER (WHERE NOT passed) AS failed_checks FROM docs.doc_extractor_verify();
INSERT INTO migrate_time
SELECT :documents, 'doc_extractor_verify()', clock_timestamp() - at FROM start;
DROP TABLE start;

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = warning;
DROP SCHEMA docs CASCADE;
RESET client_min_messages;
RESET doc_extractor.allow_data_loss;
