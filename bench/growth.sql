-- Measures what the size of the ledger costs, which should be little: 10,000 new documents of 2 kB, and
-- as many duplicates spread over the table, by the number of documents there.
--     make bench BENCH=growth BENCH_SIZES="10000 100000 1000000 10000000"
--
-- The ledger grows once, from size to size; each round adds its new documents to it. Each size begins
-- with a CHECKPOINT, not each step. After a checkpoint, the first change of a page writes the whole page
-- to WAL, and random hashes change more pages in a larger table. A server has minutes to get over that;
-- in these short steps it would be most of the time.

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
END
$$;

-- The documents to ingest, as rows and as arrays: those of a round, some new and some not.
CREATE TABLE bench.offer (kind text, n int, file_name text, content bytea);
CREATE TABLE bench.batch (kind text, file_names text[], contents bytea[], file_types text[]);
ALTER TABLE bench.offer ALTER content SET STORAGE EXTERNAL;
ALTER TABLE bench.batch ALTER contents SET STORAGE EXTERNAL;

CREATE PROCEDURE bench.offer() LANGUAGE plpgsql AS $$
DECLARE
    size bigint := (SELECT max(id) FROM docs.documents);
    old bigint := (SELECT count(*) FROM docs.documents WHERE ingestion_source = 'growth');
BEGIN
    TRUNCATE bench.offer, bench.batch;
    INSERT INTO bench.offer
    SELECT 'new', n, 'document ' || n, bench.content('New', size + n)
    FROM generate_series(1, 20000) AS n;
    INSERT INTO bench.offer
    SELECT 'duplicates', n, 'document ' || n, bench.content('Old', n * old / 20000)
    FROM generate_series(1, 20000) AS n;
    INSERT INTO bench.batch
    SELECT kind, array_agg(file_name), array_agg(content), array_agg('text/plain'::text)
    FROM bench.offer WHERE n % 2 = 0 GROUP BY kind, n / 2 % 10;
END
$$;

INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT kind || ', ' || way, 10000, to_char(size, 'FM999,999,999') || ' documents',
       CASE WHEN kind = 'new' AND way = 'batches' THEN 'CALL bench.offer()' END,
       'VACUUM ANALYZE docs.documents, docs.hash_index, docs.audit_log, bench.offer, bench.batch',
       format(statement, kind),
       format('(SELECT count(*) FROM docs.documents) = (SELECT max(id) FROM docs.documents)
               AND (SELECT count(*) FROM docs.documents) - %s BETWEEN 10000 AND 1000000', size)
FROM regexp_split_to_table(:'sizes', ' +') WITH ORDINALITY AS sizes (word, position),
     CAST(word AS bigint) AS size,
     (VALUES ('new'), ('duplicates')) AS kinds (kind),
     (VALUES
      ('batches', 'SELECT count(document_id)
                   FROM bench.batch, docs.ingest_documents(file_names, contents, file_types)
                   WHERE kind = %L'),
      ('inbox', 'INSERT INTO docs.document_inbox (file_name, content, file_type)
                 SELECT file_name, content, ''text/plain'' FROM bench.offer
                 WHERE n %% 2 = 1 AND kind = %L')) AS ways (way, statement)
ORDER BY position, kind DESC, way;

\o /dev/null
SELECT bench.empty('docs');
SELECT CASE WHEN is_first THEN format('CALL bench.grow(%s)', size) END, prepare, vacuum,
       CASE WHEN is_first THEN 'CHECKPOINT' END, 'SELECT bench.start()', statement,
       format('SELECT bench.stop(%L, %s, %s)', :'part', n, round),
       'SELECT bench.expect((' || test || '), ' || quote_literal(variant || ': ' || test) || ')'
FROM (SELECT *, replace(split_part(variant, ' ', 1), ',', '') AS size,
             row_number() OVER (PARTITION BY variant, round ORDER BY n) = 1 AND round = 0 AS is_first
      FROM bench.step, generate_series(0, :rounds) AS round) AS step
ORDER BY size::bigint, round, n
\gexec
\o
DELETE FROM bench.measure WHERE round = 0;
DELETE FROM bench.step;

-- Between the first size and the last.
INSERT INTO bench.target (part, workload, target, ours, other, at_most)
SELECT :'part', workload, variant[array_length(variant, 1)] || ' / ' || variant[1],
       variant[array_length(variant, 1):], variant[1], at_most
FROM (SELECT array_agg(to_char(word::bigint, 'FM999,999,999') || ' documents' ORDER BY position)
      FROM regexp_split_to_table(:'sizes', ' +') WITH ORDINALITY AS sizes (word, position)
     ) AS sizes (variant),
     (VALUES ('new, inbox', 1.45), ('duplicates, inbox', 1.60)) AS workloads (workload, at_most);

\echo 'ingest_documents() by 1,000, and INSERT of 10,000 into document_inbox, by the size of the ledger'
SELECT to_char(split_part(:'sizes', ' ', 1)::bigint, 'FM999,999,999') || ' documents' AS base
\gset
\set heading 'x first'
\ir report.sql
\ir teardown.sql
DROP TABLE bench.offer;
DROP PROCEDURE bench.grow, bench.offer;
DROP FUNCTION bench.content;
