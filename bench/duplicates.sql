-- Measures the workloads of duplicates.sh that need only one session.

\set part duplicates
\set content_size 2048
\set text_size 0
\set batch 1000
\set first 0
\ir ledgers.sql
\ir source.sql

INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT workload, :documents, variant, bench.fill(ledger, :'files', modulo),
       format('VACUUM ANALYZE %1$s.documents, %1$s.hash_index, %1$s.audit_log', ledger), statement,
       format('SELECT count(*) = %2$s AND sum(duplicate_count) = %3$s FROM %1$s.hash_index',
              ledger, :documents, (SELECT count(*) FROM bench.source WHERE n % 10 >= modulo))
FROM (VALUES ('all there', 0), ('90 % there', 1)) AS workloads (workload, modulo),
    (
    VALUES
    ('bare', 'limit: SHA-256 of the bytes, one UPDATE',
        $$UPDATE bare.hash_index AS h SET duplicate_count = duplicate_count + 1, last_seen = now()
          FROM bench.source AS s WHERE h.file_hash = encode(sha256(s.content), 'hex')$$),
    ('peer', 'PL/pgSQL, one call each',
        $$SELECT count(peer.ingest_document(file_name, content, 'text/plain', 'bench',
                                            document_text))
          FROM bench.source$$),
    ('docs', 'ingest_document(), one call each',
        $$SELECT count(docs.ingest_document(file_name, content, 'text/plain', 'bench',
                                            document_text))
          FROM bench.source$$)
    UNION ALL
    SELECT 'docs', variant, statement FROM bench.bulk(:batch, :'files')
) AS variants (ledger, variant, statement)
-- An UPDATE alone does not insert the others.
WHERE ledger <> 'bare' OR modulo = 0
ORDER BY modulo, ledger DESC, variant;
\ir rounds.sql

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', 'all there', 'best in bulk / PL/pgSQL, one call each',
        ARRAY(SELECT variant FROM bench.bulk(:batch, :'files')), 'PL/pgSQL, one call each', 0.28),
       (:'part', 'all there', 'one call each / PL/pgSQL, one call each',
        ARRAY['ingest_document(), one call each'], 'PL/pgSQL, one call each', 0.48);
