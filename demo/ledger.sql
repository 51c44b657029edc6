-- What is in the ledger at the end of the demo. The variable "folder" is the one that was loaded.

\pset pager off
\pset footer off
SET search_path = docs;
-- Some texts have long words, which a search leaves out with a notice.
SET client_min_messages = warning;

\echo
\echo '== The ledger (views ingestion_stats, ingestion_stats_by_type) =='
SELECT documents, pg_size_pretty(bytes) AS bytes, locations, duplicates,
       pg_size_pretty(bytes_saved) AS bytes_saved, failed
FROM ingestion_stats;
SELECT file_type, documents, pg_size_pretty(bytes) AS bytes
FROM ingestion_stats_by_type ORDER BY documents DESC LIMIT 5;

\echo '== A search for "paper" in the texts (column documents.document_text) =='
SELECT ts_rank(words, query)::numeric(4, 3) AS rank, replace(location, :'folder', '') AS location,
       regexp_replace(ts_headline('english', left(document_text, 100000), query,
                                  'MaxWords=7, MinWords=4'), '\s+', ' ', 'g') AS headline
FROM documents JOIN current_locations ON document_id = documents.id,
     to_tsquery('english', 'paper') AS query,
     to_tsvector('english', left(document_text, 100000)) AS words
WHERE words @@ query
ORDER BY rank DESC, location LIMIT 3;

\echo '== The documents at most locations (view documents_with_locations) =='
SELECT document_id, locations, replace(first_locations[1], :'folder', '') AS first_location
FROM documents_with_locations LIMIT 3;

\echo '== What was changed or removed (view location_history) =='
SELECT replace(location, :'folder', '') AS location, document_id, seen_at::time(3)
FROM location_history
WHERE location LIKE '%/common-licenses/Artistic' OR location LIKE '%/common-licenses/BSD'
   OR location LIKE '%/invoice.pdf'
ORDER BY location, seen_at;

\echo '== The failures, and what became of them (table error_log) =='
SELECT file_name, error_type, retry_attempted AS tried_again,
       split_part(error_message, ':', 1) AS message
FROM error_log ORDER BY id;

\echo '== The trail of the invoice (table audit_log) =='
SELECT id, document_id, action, user_or_system AS who, action_timestamp::time(3) AS time
FROM audit_log
WHERE document_id IN (SELECT document_id FROM location_history WHERE location LIKE '%/invoice.pdf')
ORDER BY id;
