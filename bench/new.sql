-- Measures the ingestion of new documents, by every entry point.
--     make bench BENCH=new

\set part new
\set first 0
\set workload '2 kB'
\set content_size 2048
\set text_size 0
\set batch 1000
\ir new_size.sql

-- No round to warm up: these documents take long, and the server is warm by now.
\set first 1
\set workload '100 kB, text of 50 kB'
\set documents :large_documents
\set content_size 102400
\set text_size 51200
\set batch 100
\ir new_size.sql

\echo 'New documents. The limit is COPY of their finished rows into tables without triggers and'
\echo 'foreign keys, and SHA-256 of their bytes.'
\set base limit
\set heading 'x limit'
\ir report.sql
