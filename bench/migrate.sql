-- What going from version to version takes, by the number of documents.
--     make bench BENCH=migrate

\set rounds 3
CREATE TABLE migrate_time (documents int, step text, took interval);

\set documents 1000
\ir migrate_size.sql
\set documents 100000
\ir migrate_size.sql
\set documents 1000000
\ir migrate_size.sql

\echo 'Median milliseconds of' :rounds 'rounds'
SELECT step,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE documents = 1000)) AS "1,000 documents",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE documents = 100000)) AS "100,000",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE documents = 1000000)) AS "1,000,000"
FROM migrate_time, LATERAL (SELECT extract(epoch FROM took)::float8 * 1000 AS ms) AS t
GROUP BY step ORDER BY step;

DROP TABLE migrate_time;
