-- Measures what the trail costs when documents change: UPDATE of a column, and DELETE, of all of
-- them.
--     make bench BENCH=trail

\set part trail
\set content_size 2048
\set text_size 0
\set batch 1000
\set first 0
\ir ledgers.sql
\ir source.sql

-- In all variants, DELETE also deletes the rows of hash_index. V001 has no index for that, so each
-- document would read the whole table; here all have the same additional index.
ALTER TABLE bare.hash_index
    ADD FOREIGN KEY (document_id) REFERENCES bare.documents (id) ON DELETE CASCADE;
CREATE INDEX ON docs.hash_index (document_id);
CREATE INDEX ON bare.hash_index (document_id);
CREATE INDEX ON peer.hash_index (document_id);

CREATE FUNCTION peer.audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO peer.audit_log
            (document_id, action, user_or_system, db_user, old_value, new_value)
        VALUES (old.id, 'updated', session_user, session_user, to_json(old), to_json(new));
    ELSE
        INSERT INTO peer.audit_log (document_id, action, user_or_system, db_user, old_value)
        VALUES (old.id, 'deleted', session_user, session_user, to_json(old));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER UPDATE OR DELETE ON peer.documents
    FOR EACH ROW EXECUTE FUNCTION peer.audit();

INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT workload, :documents, variant, bench.fill(ledger, :'files'),
       format('VACUUM ANALYZE %1$s.documents, %1$s.hash_index, %1$s.audit_log', ledger),
       format(statement, ledger),
       format('(SELECT count(*) FROM %1$s.audit_log) = %2$s AND ', ledger, entries)
           || format(test, ledger, :documents)
FROM (VALUES
    (1, 'UPDATE', 'UPDATE %s.documents SET ingestion_source = ''archive''',
        '(SELECT count(*) FROM %s.documents WHERE ingestion_source = ''archive'') = %s'),
    (2, 'DELETE', 'DELETE FROM %s.documents',
        'NOT EXISTS (SELECT FROM %1$s.documents) AND NOT EXISTS (SELECT FROM %1$s.hash_index)')
) AS workloads (position, workload, statement, test),
(VALUES
    ('bare', 'no trail', :documents),
    ('docs', 'doc_extractor', 2 * :documents),
    ('peer', 'PL/pgSQL row trigger', 2 * :documents)
) AS variants (ledger, variant, entries)
ORDER BY position, entries, ledger;
\ir rounds.sql

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', 'UPDATE', 'with trail / without', ARRAY['doc_extractor'], 'no trail', 1.50);

\echo 'Changed documents. hash_index has an index on document_id that V001 does not have.'
\set base 'no trail'
\set heading 'x no trail'
\ir report.sql
\ir teardown.sql
