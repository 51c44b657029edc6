-- Measures what version 1.2 adds: ingestion without a location, beside 1.1; new documents with
-- their locations; a read of all current locations; and the end of a scan.
--     make bench BENCH=locations BENCH_LOCATIONS=100000 BENCH_VANISHED=20000

\set part locations
\set content_size 2048
\set text_size 0
\set batch 1000
\set first 0
\ir ledgers.sql
\ir source.sql
\ir locations_ingest.sql
\ir locations_read.sql

\echo 'Documents and their locations; of a read and of a scan, microseconds per location'
SELECT result.workload, result.variant, round(result.median::numeric, 2) AS "µs per document",
       round(result.min::numeric, 2) AS min, round(result.max::numeric, 2) AS max,
       round((result.median / base.median)::numeric, 2) AS "x base"
FROM bench.result JOIN bench.result AS base
     ON base.part = result.part AND base.workload = result.workload
     AND base.variant IN ('1.1', 'limit', 'plain table', 'plain INSERT')
WHERE result.part = :'part'
ORDER BY result.workload LIKE 'with%', result.n, result.workload;
\ir teardown.sql
DROP FUNCTION bench.ledger, bench.offered;
