-- Measures a read of all current locations of a source, and a scan that ends many of them, for
-- locations.sql.

-- Makes a ledger with that many documents, each at a location of its own. Every tenth location has
-- an earlier row, too.
SELECT bench.ledger('1.2'), 'SET session_replication_role = replica',
       format('INSERT INTO docs.documents
                   (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
               SELECT ''document '' || n, 2048, encode(sha256(n::text::bytea), ''hex''),
                      ''text/plain'', ''bench''
               FROM generate_series(1, %1$s + %1$s / 10) AS n', :locations),
       format('INSERT INTO docs.document_locations (ingestion_source, location, location_key,
                   document_id, modified_at, fingerprint, size_bytes, seen_at)
               SELECT ''bench'', location, sha256(convert_to(location, ''UTF8'')), n,
                      now() - interval ''1 day'', ''2048 1767268800.123456789 '' || n, 2048,
                      now() - interval ''1 hour''
               FROM generate_series(1, %1$s + %1$s / 10) AS n,
                    concat(''/srv/archive/folder '', n %% %1$s / 100, ''/document '', n %% %1$s)
                        AS location', :locations),
       'RESET session_replication_role',
       'CREATE TABLE bench.location AS SELECT * FROM docs.current_locations ORDER BY id',
       'VACUUM ANALYZE docs.documents, docs.document_locations, bench.location'
\o /dev/null
\gexec
\o

-- As a loader reads them: with COPY, here to nowhere. A loader that keeps all locations in memory
-- can do without the view. It reads all rows, of which the last one of a location counts, and then
-- the documents that are not there any more.
INSERT INTO bench.step (workload, documents, variant, statement, test)
SELECT 'read', :locations, variant,
       format('COPY (SELECT id, ingestion_source, location, document_id, modified_at, fingerprint,
                            size_bytes, seen_at
                     FROM %s WHERE ingestion_source = ''bench'') TO ''/dev/null''', tablename)
           || further,
       format('(SELECT count(*) FROM %s) >= %s', tablename, :locations)
FROM (VALUES (1, 'plain table', 'bench.location', ''),
             (2, 'current_locations', 'docs.current_locations', ''),
             (3, 'all rows, and deleted documents', 'docs.document_locations',
              '; COPY (SELECT DISTINCT l.document_id FROM docs.document_locations AS l
                       WHERE l.document_id IS NOT NULL AND NOT EXISTS (
                           SELECT FROM docs.documents AS d WHERE d.id = l.document_id))
                 TO ''/dev/null''')) AS variants (position, variant, tablename, further)
ORDER BY position;
\ir rounds.sql

-- The rows that have vanished, in a ledger of just these.
TRUNCATE bare.document_locations;
CREATE TABLE bench.vanished AS
SELECT ingestion_source, location, sha256(convert_to(location, 'UTF8')) AS location_key,
       document_id, modified_at, fingerprint, size_bytes, seen_at
FROM bench.location ORDER BY id LIMIT :vanished;
VACUUM ANALYZE bench.vanished;
INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT 'end of a scan', :vanished, variant,
       format('TRUNCATE %1$s.document_locations RESTART IDENTITY;
               INSERT INTO %1$s.document_locations (ingestion_source, location, location_key,
                   document_id, modified_at, fingerprint, size_bytes, seen_at)
               SELECT * FROM bench.vanished', ledger),
       format('VACUUM ANALYZE %s.document_locations', ledger), statement,
       format('SELECT count(*) = %2$s FROM %1$s.document_locations WHERE document_id IS NULL',
              ledger, :vanished)
FROM (VALUES
    (1, 'bare', 'plain INSERT',
     'INSERT INTO bare.document_locations (ingestion_source, location, location_key)
      SELECT ingestion_source, location, location_key FROM bench.vanished'),
    (2, 'docs', 'finish_scan()',
     'SELECT docs.finish_scan(''bench'', ''/srv'', now(), 0, 0, 0, 0, array_agg(id))
      FROM docs.document_locations')) AS variants (position, ledger, variant, statement)
ORDER BY position;
\ir rounds.sql

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', 'read', 'current_locations / plain table', ARRAY['current_locations'],
        'plain table', 1.50),
       (:'part', 'read', 'all rows, and deleted documents / plain table',
        ARRAY['all rows, and deleted documents'], 'plain table', 1.50),
       (:'part', 'end of a scan', 'finish_scan() / plain INSERT', ARRAY['finish_scan()'],
        'plain INSERT', 3.00);
DROP TABLE bench.location, bench.vanished;
