-- Measures what the size of the ledger costs, which should be little: ingest_documents() ingests
-- 10,000 new documents of 2 kB, and as many duplicates spread over the table, by the number of
-- documents there.
--     make bench BENCH=growth BENCH_SIZES="10000 100000 1000000 10000000"
--
-- Each round begins with a CHECKPOINT, not each step. After a checkpoint, the first change of a
-- page writes the whole page to WAL, and random hashes change more pages in a larger table. A
-- server has minutes to get over that; in these short steps it would be most of the time.

\set part growth
\ir ledgers.sql

CREATE FUNCTION bench.content(kind text, n bigint) RETURNS bytea LANGUAGE sql
RETURN convert_to(rpad(kind || ' document ' || n || E'\n', 2048, 'and so on '), 'UTF8');

-- Fills the tables in docs up to a size, without triggers; the bytes of each document have its
-- number.
CREATE PROCEDURE bench.grow(size bigint) LANGUAGE plpgsql
SET session_replication_role = replica
SET work_mem = '256MB' AS $$
DECLARE
    old bigint := (SELECT count(*) FROM docs.documents WHERE ingestion_source = 'growth');
    rows bigint := size - (SELECT count(*) FROM docs.documents);
BEGIN
    WITH document AS (
        INSERT INTO docs.documents
            (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
        SELECT 'document ' || n, 2048, encode(sha256(bench.content('Old', n)), 'hex'),
               'text/plain', 'growth'
        FROM generate_series(old + 1, old + rows) AS n
        RETURNING id, file_hash
    ), entry AS (
        INSERT INTO docs.hash_index (document_id, file_hash) SELECT id, file_hash FROM document
    )
    INSERT INTO docs.audit_log (document_id, action, user_or_system, db_user, new_value)
    SELECT id, 'ingested', session_user, session_user,
           json_build_object('file_hash', file_hash, 'file_type', 'text/plain',
                             'ingestion_source', 'growth')
    FROM document;

    TRUNCATE bench.batch;
    INSERT INTO bench.batch
    SELECT 'new', array_agg('document ' || n), array_agg(bench.content('New', size + n)),
           array_agg('text/plain'::text)
    FROM generate_series(1, 10000) AS n GROUP BY n % 10;
    INSERT INTO bench.batch
    SELECT 'duplicates', array_agg('document ' || n),
           array_agg(bench.content('Old', n * (old + rows) / 10000)), array_agg('text/plain'::text)
    FROM generate_series(1, 10000) AS n GROUP BY n % 10;
END
$$;
CREATE TABLE bench.batch (kind text, file_names text[], contents bytea[], file_types text[]);
ALTER TABLE bench.batch ALTER contents SET STORAGE EXTERNAL;

INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT kind, 10000, to_char(size, 'FM999,999,999') || ' documents',
       CASE kind WHEN 'new' THEN format('CALL bench.grow(%s)', size) END,
       'VACUUM ANALYZE docs.documents, docs.hash_index, docs.audit_log, bench.batch',
       format('SELECT count(document_id)
               FROM bench.batch, docs.ingest_documents(file_names, contents, file_types)
               WHERE kind = %L', kind),
       format('(SELECT count(*) = %s FROM docs.documents)', size + 10000)
FROM regexp_split_to_table(:'sizes', ' +') WITH ORDINALITY AS sizes (word, position),
     CAST(word AS bigint) AS size, (VALUES ('new'), ('duplicates')) AS kinds (kind)
ORDER BY position, kind DESC;

\o /dev/null
SELECT CASE WHEN n = min(n) OVER (PARTITION BY round) THEN bench.empty('docs') END,
       CASE WHEN n = min(n) OVER (PARTITION BY round) THEN 'CHECKPOINT' END,
       prepare, vacuum, 'SELECT bench.start()', statement,
       format('SELECT bench.stop(%L, %s, %s)', :'part', n, round),
       'SELECT bench.expect((' || test || '), ' || quote_literal(variant || ': ' || test) || ')'
FROM bench.step, generate_series(0, :rounds) AS round
WHERE round > 0 OR n <= (SELECT min(n) + 1 FROM bench.step)
ORDER BY round, n
\gexec
\o
DELETE FROM bench.measure WHERE round = 0;
DELETE FROM bench.step;

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', 'new', '1,000,000 documents / 10,000',
        ARRAY[to_char(1000000, 'FM999,999,999') || ' documents'],
        to_char(10000, 'FM999,999,999') || ' documents', 1.50);

\echo 'ingest_documents(), 1,000 documents per call, by the number of documents there'
SELECT to_char(split_part(:'sizes', ' ', 1)::bigint, 'FM999,999,999') || ' documents' AS base
\gset
\set heading 'x first'
\ir report.sql
\ir teardown.sql
DROP PROCEDURE bench.grow;
DROP FUNCTION bench.content;
