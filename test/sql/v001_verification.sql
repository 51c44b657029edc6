-- V001's "Manual verification", statements 2 to 6 as they stand there, in schema public as there.
CREATE EXTENSION doc_extractor VERSION '1.0';

-- 2. Verify schema
\d documents
\d hash_index
\d audit_log
\d error_log

-- 3. Verify indices
SELECT indexname FROM pg_indexes 
WHERE schemaname = 'public' 
ORDER BY indexname;

-- V001 lists eight of them in its table "Performance Optimization".
SELECT v001.name, i.tablename, i.indexdef
FROM (VALUES ('documents_pkey'), ('ix_documents_file_hash'), ('ix_documents_ingestion_timestamp'),
             ('ix_documents_file_type'), ('ix_hash_index_file_hash'), ('ix_audit_log_document_id'),
             ('ix_audit_log_action_timestamp'), ('ix_error_log_error_timestamp')) AS v001 (name)
LEFT JOIN pg_indexes i ON i.schemaname = 'public' AND i.indexname = v001.name
ORDER BY v001.name COLLATE "C";

-- 4. Verify constraints
-- In a view, as it has no ORDER BY, and names NOT NULL constraints differently in each version of
-- the server.
CREATE TEMPORARY VIEW v001_constraints AS
SELECT constraint_name, constraint_type 
FROM information_schema.table_constraints 
WHERE table_name IN ('documents', 'hash_index', 'audit_log', 'error_log');
SELECT * FROM v001_constraints
WHERE constraint_name NOT LIKE '%not\_null' ORDER BY constraint_name COLLATE "C";
SELECT constraint_type, count(*) FROM v001_constraints
WHERE constraint_name LIKE '%not\_null' GROUP BY constraint_type;

-- 5. Test insert/query
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source, ingestion_timestamp)
VALUES ('test.pdf', 1024, 'abc123def456', 'application/pdf', 'test', NOW());

SELECT COUNT(*) FROM documents;

-- 6. Verify index usage
-- Costs vary from server to server, and either index on the hash may serve: both are left out.
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE query LOOP
        RETURN NEXT regexp_replace(regexp_replace(line, '  \(cost=.*\)', ''),
                                   'using (documents_file_hash_key|ix_documents_file_hash) ',
                                   'using an index of file_hash ');
    END LOOP;
END
$$;
-- V001's statement as it stands, right after V001's insert.
SELECT * FROM pg_temp.plan_of($$
EXPLAIN SELECT * FROM documents WHERE file_hash = 'abc123def456';
$$);
-- Once the planner knows that the table is one page, it rightly reads that page ...
ANALYZE documents;
SELECT * FROM pg_temp.plan_of($$
EXPLAIN SELECT * FROM documents WHERE file_hash = 'abc123def456';
$$);
-- ... unless told not to: the index serves.
SET enable_seqscan = off;
SELECT * FROM pg_temp.plan_of($$
EXPLAIN SELECT * FROM documents WHERE file_hash = 'abc123def456';
$$);
RESET enable_seqscan;
-- With documents in it, the index is the planner's own choice.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'test ' || i, i, md5(i::text), 'application/pdf', 'test' FROM generate_series(1, 1000) i;
ANALYZE documents;
SELECT * FROM pg_temp.plan_of($$
EXPLAIN SELECT * FROM documents WHERE file_hash = 'abc123def456';
$$);
SELECT id, file_name FROM documents WHERE file_hash = 'abc123def456';

DROP VIEW v001_constraints;
DROP EXTENSION doc_extractor;
-- V001's "Verify removed": no table is left. Not \dt, whose empty answer differs between majors.
SELECT count(*) FROM pg_tables WHERE schemaname = 'public';
