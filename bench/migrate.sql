-- Measures the steps from version to version, by the number of documents.
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
       max(median) FILTER (WHERE documents = 1000) AS "1,000 documents",
       max(median) FILTER (WHERE documents = 100000) AS "100,000",
       max(median) FILTER (WHERE documents = 1000000) AS "1,000,000"
FROM (SELECT step, documents,
             round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM took)))
                 AS median
      FROM migrate_time GROUP BY step, documents) AS medians
GROUP BY step ORDER BY step;

DROP TABLE migrate_time;
