-- Measures new documents while documents has a trigger of a user's: the tables then take INSERT
-- statements, as for anybody.
--     make bench BENCH=triggers

\set part triggers
\set workload 'a row trigger'
\set content_size 2048
\set text_size 0
\set batch 1000
\set first 0
\ir ledgers.sql
\ir source.sql

CREATE FUNCTION bench.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.file_size_bytes < 0 THEN
        RAISE 'not even empty';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note AFTER INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION bench.note();
CREATE TRIGGER note AFTER INSERT ON peer.documents FOR EACH ROW EXECUTE FUNCTION bench.note();

INSERT INTO bench.step (workload, documents, variant, prepare, statement, test)
SELECT :'workload', :documents, variant, bench.empty(ledger), statement,
       format('(SELECT count(*) FROM %1$s.documents) = %2$s
           AND (SELECT count(*) FROM %1$s.hash_index) = %2$s
           AND (SELECT count(*) FROM %1$s.audit_log) = %2$s', ledger, :documents)
FROM (
    VALUES
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
) AS variants (ledger, variant, statement);
\ir rounds.sql

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', :'workload', 'best in bulk / PL/pgSQL, one call each',
        ARRAY(SELECT variant FROM bench.bulk(:batch, :'files')), 'PL/pgSQL, one call each', 1.00);

\echo 'New documents of 2 kB, with an AFTER ROW trigger on documents'
\set base 'PL/pgSQL, one call each'
\set heading 'x PL/pgSQL'
\ir report.sql
\ir teardown.sql
DROP FUNCTION bench.note CASCADE;
