-- The views of 1.2 on where documents were seen, and who may use what 1.2 creates.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- PUBLIC gets nothing, whatever a superuser's default privileges say; the owner is another role.
CREATE ROLE regress_docs_owner;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database()) \gexec
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
RESET ROLE;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM PUBLIC;
SELECT c.relname, c.relkind, c.relowner::regrole AS owner, x.grantee::regrole AS grantee
FROM pg_class AS c
LEFT JOIN LATERAL (SELECT DISTINCT grantee FROM aclexplode(c.relacl)) AS x ON true
WHERE c.relnamespace = 'docs'::regnamespace AND c.relname ~ 'location' AND c.relkind <> 'i'
ORDER BY c.relname COLLATE "C", 4;

-- Every relation of the ledger's, and every column of what 1.2 creates, has a comment.
SELECT c.relname, a.attname
FROM pg_class AS c
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relname ~ 'location'
WHERE c.relnamespace = 'docs'::regnamespace AND c.relkind IN ('r', 'v')
    AND (obj_description(c.oid) IS NULL
        OR a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL);
SELECT col_description('docs.current_locations'::regclass, 1) AS id,
    col_description('docs.location_history'::regclass, 9) AS replaced_at,
    col_description('docs.ingestion_stats'::regclass, 10) AS locations;

-- One document in seven places of two sources, of which one then has another document.
SET search_path = docs;
SELECT document_id, is_duplicate, at_location
FROM generate_series(1, 6) AS i, ingest_document('a', 'a', 'text/plain', location => '/a/' || i);
SELECT document_id FROM ingest_document('b', 'b', 'text/plain', location => '/a/2');
SELECT document_id FROM ingest_document('a', 'a', 'text/plain', 'host', location => '/a/2');
SELECT document_id FROM ingest_document('nowhere', 'c', 'text/plain');
SELECT id, ingestion_source, location, document_id, size_bytes FROM current_locations ORDER BY id;
SELECT id, location, document_id, replaced_at IS NULL AS is_there FROM location_history
WHERE ingestion_source = 'manual' ORDER BY location, id;
TABLE documents_with_locations;
SELECT documents, duplicates, locations FROM ingestion_stats;

-- A location whose document was deleted has none; nor has one that vanished.
DELETE FROM documents WHERE id = 2;
INSERT INTO document_locations (ingestion_source, location, location_key)
VALUES ('host', '/a/2', sha256('/a/2'));
SELECT ingestion_source, location FROM current_locations WHERE location = '/a/2';
SELECT document_id, locations FROM documents_with_locations;
SELECT locations FROM ingestion_stats;
-- The history keeps all of it.
SELECT document_id, replaced_at IS NULL AS is_last FROM location_history
WHERE location = '/a/2' ORDER BY id;

-- A client with a memory of its own can find the same in all rows and the documents deleted.
CREATE TEMPORARY TABLE gone AS
SELECT DISTINCT l.document_id FROM document_locations AS l
WHERE l.document_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM documents AS d WHERE d.id = l.document_id);
TABLE gone;
WITH last AS (
    SELECT DISTINCT ON (ingestion_source, location) id, document_id
    FROM document_locations ORDER BY ingestion_source, location, id DESC),
current AS (
    SELECT id FROM last
    WHERE document_id IS NOT NULL AND document_id NOT IN (SELECT document_id FROM gone))
SELECT count(*), bool_and(c.id IS NOT NULL AND l.id IS NOT NULL) AS are_the_same
FROM current AS c FULL JOIN current_locations AS l USING (id);

-- A query for one document, or for other columns of the statistics, reads no more than it needs.
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_bitmapscan = off;
    RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END
$$;
SELECT count(*) FILTER (WHERE plan ~ 'ix_document_locations_document_id') AS by_document,
    count(*) FILTER (WHERE plan ~ 'ix_document_locations_current') AS by_location
FROM plan('SELECT location FROM docs.current_locations WHERE document_id = 1') AS plan;
SELECT count(*) FILTER (WHERE plan ~ 'document_locations') AS reads_locations
FROM plan('SELECT documents, bytes FROM docs.ingestion_stats') AS plan;

-- Options, privileges and comments of the views that get new columns stay.
DROP EXTENSION doc_extractor;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
RESET doc_extractor.allow_data_loss;
ALTER SCHEMA docs OWNER TO CURRENT_USER;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
GRANT SELECT ON ingestion_stats TO regress_docs_owner;
GRANT INSERT (content, file_name) ON document_inbox TO regress_docs_owner;
ALTER VIEW ingestion_stats SET (security_barrier);
ALTER VIEW document_inbox ALTER COLUMN file_type SET DEFAULT 'text/plain';
COMMENT ON VIEW document_inbox IS 'in here';
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT has_table_privilege('regress_docs_owner', 'ingestion_stats', 'SELECT') AS may_read,
    has_column_privilege('regress_docs_owner', 'document_inbox', 'content', 'INSERT') AS may_fill,
    (SELECT reloptions FROM pg_class WHERE oid = 'ingestion_stats'::regclass),
    obj_description('document_inbox'::regclass);
INSERT INTO document_inbox (file_name, content, location) VALUES ('d', 'd', '/d');
SELECT d.file_type, l.location
FROM documents AS d JOIN current_locations AS l ON l.document_id = d.id;

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP SCHEMA docs CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database()) \gexec
DROP ROLE regress_docs_owner;
