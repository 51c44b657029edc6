-- The trail: which rows audit_log gets, and what they hold.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;
-- Returns the trail rows since the last call.
CREATE TABLE looked_at (id int);
INSERT INTO looked_at VALUES (0);
CREATE FUNCTION look()
RETURNS TABLE (document text, action text, old_value json, new_value json, reason text)
LANGUAGE plpgsql AS $$
DECLARE
    seen int := (SELECT l.id FROM looked_at l);
BEGIN
    UPDATE looked_at SET id = (SELECT max(a.id) FROM audit_log a);
    RETURN QUERY
    SELECT coalesce(d.file_name, '(gone)')::text, a.action::text, a.old_value, a.new_value,
           a.change_reason::text
    FROM audit_log a LEFT JOIN documents d ON d.id = a.document_id WHERE a.id > seen ORDER BY a.id;
END
$$;

-- ingested: the columns in their order, without id, NULLs and the times that equal the
-- trail row's own.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('plain', 1, 'h1', 't', 's');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                       document_text, metadata_extracted, ingestion_status, error_message)
VALUES ('full', 2, 'h2', 't', 's', 'text', '{"a": 1}', 'retry', 'message');
-- A time that differs is included, as PostgreSQL's to_json() writes it; so is a value
-- that equals its column's default.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                       ingestion_timestamp, created_at, ingestion_status)
VALUES ('old', 3, 'h3', 't', 's', '2001-02-03 04:05:06.789', 'infinity', 'success');
SELECT * FROM look();
SELECT a.action_timestamp = d.created_at AS now, a.user_or_system = session_user AS login_role,
       a.old_value IS NULL AS no_old
FROM audit_log a JOIN documents d ON d.id = a.document_id WHERE d.file_name = 'plain';
-- Every row of a statement gets a trail row, and a row in hash_index.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'row ' || i, i, 'r' || i, 't', 's' FROM generate_series(1, 3) i;
SELECT * FROM look();
SELECT d.file_name, h.file_hash, h.duplicate_count, h.first_seen = d.created_at AS first_seen
FROM hash_index h JOIN documents d ON d.id = h.document_id
WHERE d.file_name LIKE 'row%' ORDER BY d.file_name;
-- An INSERT of no rows leaves no trail.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'x', 1, 'x', 't', 's' WHERE false;
SELECT * FROM look();

-- updated: only the changed columns, before and after; a NULL on one side of the change
-- is included.
UPDATE documents SET document_text = 'new text' WHERE file_name = 'plain';
UPDATE documents SET document_text = NULL, file_size_bytes = -5 WHERE file_name = 'plain';
SELECT * FROM look();
-- Without a change there is no trail: the same value, no rows, updated_at alone.
UPDATE documents SET document_text = NULL, file_name = file_name WHERE file_name = 'plain';
UPDATE documents SET document_text = 'x' WHERE file_name = 'nobody';
UPDATE documents SET updated_at = '2000-01-01' WHERE file_name = 'plain';
SELECT * FROM look();
-- Only the rows that changed get a trail row; values that look alike but differ are a change.
UPDATE documents SET file_type = CASE file_name WHEN 'row 2' THEN 't' ELSE 'u' END
WHERE file_name LIKE 'row%';
UPDATE documents SET metadata_extracted = '{"a":1}' WHERE file_name = 'full';
UPDATE documents SET file_type = 't ' WHERE file_name = 'row 2';
SELECT * FROM look();

-- UPDATE sets updated_at to the transaction's time, whatever the statement says.
BEGIN;
UPDATE documents SET file_type = 'v' WHERE file_name = 'plain';
SELECT updated_at = localtimestamp AS now, updated_at > created_at AS later
FROM documents WHERE file_name = 'plain';
UPDATE documents SET updated_at = '1999-12-31', file_type = 'w' WHERE file_name = 'plain';
SELECT updated_at = localtimestamp AS now FROM documents WHERE file_name = 'plain';
COMMIT;
SELECT * FROM look();
-- INSERT may set the column.
INSERT INTO documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, updated_at)
VALUES ('given', 1, 'h4', 't', 's', '1999-12-31');
SELECT updated_at FROM documents WHERE file_name = 'given';
SELECT * FROM look();

-- A changed file_hash changes the hash_index row too; its count and times stay.
UPDATE hash_index
SET duplicate_count = 7, first_seen = '2001-01-01', last_seen = '2002-02-02' WHERE file_hash = 'h1';
UPDATE documents SET file_hash = 'h1 moved' WHERE file_name = 'plain';
SELECT h.file_hash, h.duplicate_count, h.first_seen, h.last_seen
FROM hash_index h JOIN documents d ON d.id = h.document_id
WHERE d.file_name = 'plain';
SELECT * FROM look();
-- A chain in one statement: each document gets the hash that the one before it has just given up.
DELETE FROM documents WHERE file_name LIKE 'row%' OR file_name = 'given';
SELECT document, action, old_value ->> 'file_name' AS old_name, new_value
FROM look() ORDER BY old_name;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'chain ' || i, i, 'c' || i, 't', 's' FROM generate_series(1, 4) i;
UPDATE documents SET file_hash = 'c' || substr(file_hash, 2)::int - 1 WHERE file_name LIKE 'chain%';
SELECT d.file_name, d.file_hash, h.file_hash AS in_index
FROM documents d JOIN hash_index h ON h.document_id = d.id
WHERE d.file_name LIKE 'chain%' ORDER BY d.file_name;
SELECT document, action, old_value, new_value ->> 'file_hash' AS new_hash FROM look();
SELECT count(*)
FROM hash_index h FULL JOIN documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash)
WHERE h.id IS NULL OR d.id IS NULL;

-- INSERT ... ON CONFLICT DO UPDATE: an ingested row for a new document, an updated row
-- for an old one.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('upsert new', 1, 'h5', 't', 's'), ('upsert there', 1, 'c0', 't', 's')
ON CONFLICT (file_hash) DO UPDATE SET file_type = 'upserted';
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('nothing', 1, 'c1', 't', 's') ON CONFLICT DO NOTHING;
SELECT document, action, old_value,
       new_value::jsonb - 'file_size_bytes' - 'ingestion_status' AS new_value
FROM look();
SELECT file_hash, duplicate_count
FROM hash_index WHERE file_hash IN ('h5', 'c0', 'c1') ORDER BY file_hash;
-- COPY leaves the same trail.
COPY documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                metadata_extracted) FROM stdin;
copied 1	1	k1	t	s	{"k": 1}
copied 2	2	k2	t	s	\N
\.
SELECT document, action, new_value FROM look();
SELECT count(*) FROM hash_index WHERE file_hash IN ('k1', 'k2');

-- So does MERGE, if the server has it.
SELECT current_setting('server_version_num')::int >= 150000 AS has_merge \gset
\if :has_merge
MERGE INTO documents d
USING (VALUES ('k1', 'merged 1'), ('k3', 'merged 3')) AS v (hash, name) ON d.file_hash = v.hash
WHEN MATCHED THEN UPDATE SET file_name = v.name
WHEN NOT MATCHED THEN INSERT (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES (v.name, 3, v.hash, 't', 's');
\else
UPDATE documents SET file_name = 'merged 1' WHERE file_hash = 'k1';
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('merged 3', 3, 'k3', 't', 's');
\endif
SELECT document, action, old_value, new_value ->> 'file_name' AS new_name
FROM look() ORDER BY document, action;
SELECT count(*) FROM hash_index WHERE file_hash = 'k3';

-- DELETE removes the hash_index rows, but not the trail.
DELETE FROM documents WHERE file_name LIKE 'copied%' OR file_name LIKE 'merged%';
SELECT count(*) FROM hash_index WHERE file_hash IN ('k1', 'k2', 'k3');
SELECT document, action, old_value ->> 'file_name' AS old_name, new_value
FROM look() ORDER BY old_name;

-- The trail includes columns that users add. A dropped column is no longer included,
-- and its values do no harm.
ALTER TABLE documents ADD COLUMN department text, ADD COLUMN pages int DEFAULT 1;
INSERT INTO documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, department)
VALUES ('added', 1, 'h7', 't', 's', 'archive');
UPDATE documents SET pages = 2, department = NULL WHERE file_name = 'added';
-- Older rows have the new column's default without being written: that is no change of theirs.
UPDATE documents SET file_type = 'x' WHERE file_name = 'old';
UPDATE documents SET pages = 1 WHERE file_name = 'old';
UPDATE documents SET pages = 3 WHERE file_name = 'full';
SELECT document, action, old_value,
       new_value::jsonb - 'file_size_bytes' - 'file_hash' - 'ingestion_status' AS new_value
FROM look();
ALTER TABLE documents DROP COLUMN department;
UPDATE documents SET pages = 4 WHERE file_name = 'added';
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('dropped', 1, 'h8', 't', 's');
SELECT * FROM look();
ALTER TABLE documents DROP COLUMN pages;
-- A column name with quotes is a key with quotes; a generated column is included.
ALTER TABLE documents ADD COLUMN "odd ""name\" text,
    ADD COLUMN upper_name text GENERATED ALWAYS AS (upper(file_name)) STORED;
UPDATE documents SET "odd ""name\" = 'x' WHERE file_name = 'dropped';
UPDATE documents SET file_name = 'renamed' WHERE file_name = 'dropped';
SELECT * FROM look();
ALTER TABLE documents DROP COLUMN "odd ""name\", DROP COLUMN upper_name;

-- A large TOASTed text is not in the trail of other columns' changes, and is not changed by them.
SELECT string_agg(md5(i::text), '' ORDER BY i) AS large FROM generate_series(1, 3000) i \gset
SET doc_extractor.audit_value_limit = 0;
INSERT INTO documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source, document_text)
VALUES ('large', 1, 'h9', 't', 's', :'large');
SELECT pg_column_size(document_text) > 8192 AS out_of_line FROM documents WHERE file_name = 'large';
SELECT document, action, new_value ->> 'document_text' = :'large' AS whole FROM look();
UPDATE documents SET file_type = 'u' WHERE file_name = 'large';
UPDATE documents SET document_text = document_text || '' WHERE file_name = 'large';
SELECT * FROM look();
UPDATE documents SET document_text = document_text || 'x' WHERE file_name = 'large';
SELECT document, action, old_value ->> 'document_text' = :'large' AS old,
       new_value ->> 'document_text' = :'large' || 'x' AS new
FROM look();
RESET doc_extractor.audit_value_limit;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION pgcrypto;
