-- Measures the workload of new.sql for one size of documents.

\ir ledgers.sql
\ir source.sql

INSERT INTO bench.step (workload, documents, variant, prepare, statement, test)
SELECT :'workload', :documents, variant,
       CASE WHEN ledger <> '' THEN bench.empty(ledger) END, statement,
       CASE WHEN ledger <> '' THEN format('(SELECT count(*) FROM %1$s.documents) = %2$s
           AND (SELECT count(*) FROM %1$s.hash_index) = %2$s
           AND (SELECT count(*) FROM %1$s.audit_log) = %2$s', ledger, :documents) END
FROM (
    VALUES
    ('bare', 'COPY of the rows into bare tables', concat_ws('; ',
        bench.load('bare', 'documents', :'files'), bench.load('bare', 'hash_index', :'files'),
        bench.load('bare', 'audit_log', :'files'))),
    ('', 'SHA-256 of the bytes', 'SELECT count(sha256(content)) FROM bench.source'),
    ('peer', 'PL/pgSQL, one call each',
        $$SELECT count(peer.ingest_document(file_name, content, 'text/plain', 'bench',
                                            document_text))
          FROM bench.source$$),
    ('docs', 'ingest_document(), one call each',
        $$SELECT count(docs.ingest_document(file_name, content, 'text/plain', 'bench',
                                            document_text))
          FROM bench.source$$),
    ('docs', 'COPY into documents', bench.load('docs', 'documents', :'files'))
    UNION ALL
    SELECT 'docs', variant, statement FROM bench.bulk(:batch, :'files')
) AS variants (ledger, variant, statement);
\ir rounds.sql

INSERT INTO bench.measure
SELECT part, workload, 'limit', min(n), round, documents, sum(seconds)
FROM bench.measure
WHERE part = :'part' AND workload = :'workload'
  AND variant IN ('COPY of the rows into bare tables', 'SHA-256 of the bytes')
GROUP BY part, workload, round, documents;

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
SELECT :'part', :'workload', 'best in bulk / limit',
       ARRAY(SELECT variant FROM bench.bulk(:batch, :'files')), 'limit', 1.10
UNION ALL
-- Without a text: storing one is nearly all the work of either.
SELECT :'part', :'workload', 'one call each / PL/pgSQL, one call each',
       ARRAY['ingest_document(), one call each'], 'PL/pgSQL, one call each', 0.62
WHERE :text_size = 0;
\ir teardown.sql
