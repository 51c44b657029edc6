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

-- table_log, an extension in C, copies whole rows to a table, with the time and the user. Debian has it
-- for most versions of PostgreSQL.
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'table_log') AS has_table_log
\gset
\if :has_table_log
    CREATE EXTENSION table_log;
    SELECT table_log_init(5, 'logged', 'documents', 'logged', 'documents_log') \g /dev/null
\else
    \echo 'There is no table_log for this PostgreSQL.'
\endif

-- In all variants, DELETE also deletes the rows of hash_index. V001 has no index for that, so each
-- document would read the whole table; here all have the same additional index.
ALTER TABLE bare.hash_index
    ADD FOREIGN KEY (document_id) REFERENCES bare.documents (id) ON DELETE CASCADE;
ALTER TABLE logged.hash_index
    ADD FOREIGN KEY (document_id) REFERENCES logged.documents (id) ON DELETE CASCADE;
CREATE INDEX ON docs.hash_index (document_id);
CREATE INDEX ON bare.hash_index (document_id);
CREATE INDEX ON peer.hash_index (document_id);
CREATE INDEX ON logged.hash_index (document_id);

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

-- The rows of the trail, copied from a run of the extension, for the limit: COPY writes them.
SELECT bench.fill('docs', :'files'), statement,
       format('COPY (SELECT document_id, action, user_or_system, db_user, old_value, new_value
                     FROM docs.audit_log WHERE action <> ''ingested'' ORDER BY id) TO %L',
              :'files' || '/trail.' || workload),
       bench.empty('docs')
FROM (VALUES ('UPDATE', 'UPDATE docs.documents SET ingestion_source = ''archive'''),
             ('DELETE', 'DELETE FROM docs.documents')) AS statements (workload, statement)
\o /dev/null
\gexec
\o

INSERT INTO bench.step (workload, documents, variant, prepare, vacuum, statement, test)
SELECT workload, :documents, variant, concat_ws(E'\n', truncate, bench.fill(ledger, :'files')),
       format('VACUUM ANALYZE %1$s.documents, %1$s.hash_index, %1$s.audit_log', ledger),
       format(statement, ledger) || format(copy, :'files' || '/trail.' || workload),
       format('(SELECT count(*) FROM %1$s.%2$s) = %3$s AND ', ledger, trail,
              :documents * CASE workload WHEN 'UPDATE' THEN for_update ELSE for_delete END)
           || format(test, ledger, :documents)
FROM (VALUES
    (1, 'UPDATE', 'UPDATE %s.documents SET ingestion_source = ''archive''',
        '(SELECT count(*) FROM %s.documents WHERE ingestion_source = ''archive'') = %s'),
    (2, 'DELETE', 'DELETE FROM %s.documents',
        'NOT EXISTS (SELECT FROM %1$s.documents) AND NOT EXISTS (SELECT FROM %1$s.hash_index)')
) AS workloads (position, workload, statement, test),
-- The rows in the trail, for each document. table_log writes the old row and the new one.
(VALUES
    (1, 'bare', 'no trail', 'audit_log', NULL, 1, 1, ''),
    (2, 'bare', 'limit: COPY of the finished rows of the trail', 'audit_log', NULL, 2, 2,
        '; COPY bare.audit_log (document_id, action, user_or_system, db_user, old_value, new_value)
         FROM %L'),
    (3, 'docs', 'doc_extractor', 'audit_log', NULL, 2, 2, ''),
    (4, 'peer', 'PL/pgSQL row trigger', 'audit_log', NULL, 2, 2, ''),
    (5, 'logged', 'table_log', 'documents_log', 'TRUNCATE logged.documents_log;', 2, 1, '')
) AS variants (number, ledger, variant, trail, truncate, for_update, for_delete, copy)
WHERE ledger <> 'logged' OR :'has_table_log'
ORDER BY position, number;
\ir rounds.sql

INSERT INTO bench.target (part, workload, target, ours, other, at_most)
VALUES (:'part', 'UPDATE', 'with trail / without', ARRAY['doc_extractor'], 'no trail', 1.35);

\echo 'Changed documents. hash_index has an index on document_id that V001 does not have. The limit is'
\echo 'the change without a trail, and COPY of the finished rows into audit_log.'
\set base 'no trail'
\set heading 'x no trail'
\ir report.sql
\if :has_table_log
    SET client_min_messages = warning;
    DROP EXTENSION table_log CASCADE;
    RESET client_min_messages;
\endif
\ir teardown.sql
