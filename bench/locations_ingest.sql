-- Measures new documents, for locations.sql: without a location in ledgers of 1.1 and 1.2, and with
-- one in 1.2.

-- Returns statements that create an empty ledger of a version, in place of the one that is there.
CREATE FUNCTION bench.ledger(version text) RETURNS text LANGUAGE sql
RETURN format('SET LOCAL doc_extractor.allow_data_loss = on; SET LOCAL client_min_messages = error;
    DROP SCHEMA docs CASCADE; CREATE SCHEMA docs;
    CREATE EXTENSION doc_extractor SCHEMA docs VERSION %L', version);

-- Returns ways to ingest the documents of bench.source, with their locations or without.
CREATE FUNCTION bench.offered(with_location bool, batch int,
                              OUT way text, OUT is_bulk bool, OUT statement text)
RETURNS SETOF record LANGUAGE sql
BEGIN ATOMIC
    SELECT v.way, v.is_bulk, format(v.statement,
        CASE WHEN with_location THEN v.further_columns END,
        CASE WHEN with_location THEN v.further_values END)
    FROM (VALUES
        ('ingest_document(), one call each', false,
         'SELECT count(docs.ingest_document(file_name, content, ''text/plain'', ''bench''%2$s))
          FROM bench.source %1$s',
         '', ', location => file_name, modified_at => modified_at, fingerprint => fingerprint'),
        ('ingest_documents() by ' || batch, true,
         'SELECT count(document_id) FROM bench.batch %1$s, docs.ingest_documents(file_names,
              contents, file_types, ingestion_sources%2$s)',
         'JOIN bench.batch_location USING (n)',
         ', locations => file_names, modified_ats => modified_ats, fingerprints => fingerprints'),
        ('INSERT ... SELECT into document_inbox', true,
         'INSERT INTO docs.document_inbox (file_name, content, file_type, ingestion_source%1$s)
          SELECT file_name, content, ''text/plain'', ''bench''%2$s FROM bench.source',
         ', location, modified_at, fingerprint', ', file_name, modified_at, fingerprint')
    ) AS v (way, is_bulk, statement, further_columns, further_values);
END;

-- Where the documents were seen, as a loader says it: with size, time and inode.
ALTER TABLE bench.source ADD modified_at timestamptz, ADD fingerprint text;
UPDATE bench.source SET modified_at = timestamptz '2026-01-01 12:00 UTC' + n * interval '1 minute',
    fingerprint = '2048 1767268800.123456789 1767268800.123456789 ' || 1000000 + n;
CREATE TABLE bench.batch_location AS
SELECT (n - 1) / :batch AS n, array_agg(modified_at ORDER BY n) AS modified_ats,
       array_agg(fingerprint ORDER BY n) AS fingerprints
FROM bench.source GROUP BY 1 ORDER BY 1;
VACUUM FULL ANALYZE bench.source;

-- The limit stores the rows that 1.2 stores.
SELECT bench.ledger('1.2'), statement,
       'CREATE TABLE bare.document_locations (LIKE docs.document_locations INCLUDING ALL)',
       'CREATE SEQUENCE bare.document_locations_id_seq OWNED BY bare.document_locations.id',
       'ALTER TABLE bare.document_locations
            ALTER id SET DEFAULT nextval(''bare.document_locations_id_seq'')',
       format('COPY (SELECT ingestion_source, location, location_key, document_id, modified_at,
                     fingerprint, size_bytes FROM docs.document_locations ORDER BY id) TO %L',
              :'files' || '/document_locations')
FROM bench.offered(true, :batch) WHERE way LIKE 'INSERT%'
\o /dev/null
\gexec
\o

INSERT INTO bench.step (workload, documents, variant, prepare, statement, test)
SELECT 'no location, ' || way, :documents, version, bench.ledger(version), statement,
       format('SELECT count(*) = %s FROM docs.documents', :documents)
FROM bench.offered(false, :batch), (VALUES ('1.1'), ('1.2')) AS versions (version)
ORDER BY way, version;

INSERT INTO bench.step (workload, documents, variant, prepare, statement, test)
SELECT 'with a location', :documents, variant, prepare, statement,
       format('(SELECT count(*) FROM %1$s.documents) = %2$s
           AND (SELECT count(*) FROM %1$s.document_locations) = %2$s', ledger, :documents)
FROM (
    SELECT 1, 'bare', 'COPY of the rows into bare tables', concat_ws(E'\n', bench.empty('bare'),
               'TRUNCATE bare.document_locations RESTART IDENTITY'),
           concat_ws('; ', bench.load('bare', 'documents', :'files'),
               bench.load('bare', 'hash_index', :'files'),
               bench.load('bare', 'audit_log', :'files'),
               format('COPY bare.document_locations (ingestion_source, location, location_key,
                           document_id, modified_at, fingerprint, size_bytes) FROM %L',
                      :'files' || '/document_locations'))
    UNION ALL
    SELECT 2, 'docs', way, bench.ledger('1.2'), statement FROM bench.offered(true, :batch)
) AS variants (position, ledger, variant, prepare, statement)
ORDER BY position, variant;
INSERT INTO bench.step (workload, documents, variant, statement, test)
VALUES ('with a location', :documents, 'SHA-256 of the bytes and locations',
        'SELECT count(sha256(content)), count(sha256(convert_to(file_name, ''UTF8'')))
         FROM bench.source', 'true');
\ir rounds.sql

INSERT INTO bench.measure
SELECT part, workload, 'limit', min(n), round, documents, sum(seconds)
FROM bench.measure
WHERE part = :'part'
  AND variant IN ('COPY of the rows into bare tables', 'SHA-256 of the bytes and locations')
GROUP BY part, workload, round, documents;

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
SELECT :'part', 'no location, ' || way, '1.2 / 1.1', ARRAY['1.2'], '1.1', 1.02
FROM bench.offered(false, :batch)
UNION ALL
SELECT :'part', 'with a location', 'best in bulk / limit', array_agg(way), 'limit', 1.15
FROM bench.offered(true, :batch) WHERE is_bulk;
DROP TABLE bench.batch_location;
