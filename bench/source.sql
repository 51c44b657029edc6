-- Makes the documents to ingest: as a table, as arrays, and as files for COPY. The variables
-- documents, content_size, text_size (0: none), batch and files say how many and how large. Nothing
-- is compressed, so that all steps read them at the least cost.

CREATE TABLE bench.source (n int, file_name text, content bytea, document_text text)
WITH (toast_tuple_target = 8160);
ALTER TABLE bench.source
    ALTER content SET STORAGE EXTERNAL, ALTER document_text SET STORAGE EXTERNAL;
INSERT INTO bench.source
SELECT n, 'archive/folder ' || n / 100 || '/document ' || n || '.txt',
       bench.text(n, :content_size),
       CASE WHEN :text_size > 0 THEN convert_from(bench.text(n, :text_size), 'UTF8') END
FROM generate_series(1, :documents) AS n;

CREATE TABLE bench.batch (n int, file_names text[], contents bytea[], file_types text[],
                          ingestion_sources text[], document_texts text[]);
ALTER TABLE bench.batch ALTER file_names SET STORAGE EXTERNAL, ALTER contents SET STORAGE EXTERNAL,
    ALTER file_types SET STORAGE EXTERNAL, ALTER ingestion_sources SET STORAGE EXTERNAL,
    ALTER document_texts SET STORAGE EXTERNAL;
INSERT INTO bench.batch
SELECT (n - 1) / :batch AS batch, array_agg(file_name ORDER BY n), array_agg(content ORDER BY n),
       array_agg('text/plain'::text), array_agg('bench'::text),
       CASE WHEN :text_size > 0 THEN array_agg(document_text ORDER BY n) END
FROM bench.source GROUP BY batch ORDER BY batch;
VACUUM ANALYZE bench.source, bench.batch;

-- The same as files, as loaders send them.
SELECT format('COPY (SELECT file_name, content, ''text/plain'', ''bench'', document_text
                     FROM bench.source ORDER BY n)
               TO %L (FORMAT %s)', :'files' || '/inbox.' || format, format)
FROM unnest(ARRAY['text', 'binary']) AS format
\o /dev/null
\gexec
\o

-- The rows that the extension stores for these documents, copied from a run of it.
SELECT $$SELECT count(docs.ingest_document(file_name, content, 'text/plain', 'bench',
                                           document_text))
         FROM bench.source $$,
       format('COPY (SELECT file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                     document_text FROM docs.documents ORDER BY id) TO %L',
              :'files' || '/documents'),
       format('COPY (SELECT file_hash, document_id FROM docs.hash_index ORDER BY id) TO %L',
              :'files' || '/hash_index'),
       format('COPY (SELECT document_id, action, user_or_system, db_user, new_value
                     FROM docs.audit_log ORDER BY id) TO %L', :'files' || '/audit_log'),
       bench.empty('docs')
\o /dev/null
\gexec
\o
