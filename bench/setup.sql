-- Creates what all parts of the benchmark share: the tables for figures and steps, functions that
-- make statements, and text for documents.

\pset pager off
\pset footer off

SELECT version();
SELECT name, current_setting(name) AS setting FROM pg_settings
WHERE name IN ('autovacuum', 'default_toast_compression', 'fsync', 'full_page_writes', 'jit',
               'maintenance_work_mem', 'max_wal_size', 'max_parallel_workers_per_gather',
               'shared_buffers', 'synchronous_commit', 'wal_level', 'work_mem')
ORDER BY name;

-- WAL files that the server can recycle: a step that must create new ones waits for them.
SELECT count(pg_logical_emit_message(false, 'bench', '')), count(pg_switch_wal())
FROM generate_series(1, 192) \g /dev/null
CHECKPOINT;

CREATE SCHEMA bench;

-- A step is what rounds.sql measures: a statement, after "prepare" has put the tables in the state
-- that it needs. "test" must hold afterwards, so that a fast failure does not pass for a result.
CREATE TABLE bench.step (
    n int GENERATED ALWAYS AS IDENTITY,
    workload text, variant text, documents int,
    prepare text, vacuum text, statement text, test text
);

CREATE TABLE bench.measure (
    part text, workload text, variant text, n int, round int, documents float8, seconds float8
);

-- The best of "ours" should take at most "at_most" times as long as "other".
CREATE TABLE bench.target (
    n int GENERATED ALWAYS AS IDENTITY,
    part text, workload text, target text, ours text[], other text, at_most float8
);

CREATE VIEW bench.result AS
SELECT part, workload, variant, min(n) AS n, count(*) AS rounds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS median, min(us), max(us)
FROM (SELECT *, seconds / documents * 1000000 AS us FROM bench.measure) AS measure
GROUP BY part, workload, variant;

-- Returns a statement that empties a ledger. TRUNCATE gives fresh files, and ids from 1 on.
CREATE FUNCTION bench.empty(ledger text) RETURNS text LANGUAGE sql
RETURN format('TRUNCATE %1$s.documents, %1$s.hash_index, %1$s.audit_log RESTART IDENTITY;', ledger);

-- Returns a COPY of one table, with the columns that its writers set; the others get defaults.
CREATE FUNCTION bench.load(ledger text, tablename text, files text) RETURNS text LANGUAGE sql
RETURN format('COPY %s.%s (%s) FROM %L', ledger, tablename, CASE tablename
    WHEN 'documents' THEN
        'file_name, file_size_bytes, file_hash, file_type, ingestion_source, document_text'
    WHEN 'hash_index' THEN 'file_hash, document_id'
    WHEN 'audit_log' THEN 'document_id, action, user_or_system, db_user, new_value'
END, files || '/' || tablename);

-- Returns the entry points of docs for many documents: a variant and its statement each.
CREATE FUNCTION bench.bulk(batch int, files text, OUT variant text, OUT statement text)
RETURNS SETOF record LANGUAGE sql
BEGIN ATOMIC
    VALUES
    ('ingest_documents() by ' || batch,
     'SELECT count(document_id) FROM bench.batch, docs.ingest_documents(file_names, contents,
          file_types, ingestion_sources, document_texts)'),
    ('INSERT ... SELECT into document_inbox',
     'INSERT INTO docs.document_inbox
          (file_name, content, file_type, ingestion_source, document_text)
      SELECT file_name, content, ''text/plain'', ''bench'', document_text FROM bench.source'),
    ('COPY into document_inbox, text',
     format('COPY docs.document_inbox
                 (file_name, content, file_type, ingestion_source, document_text)
             FROM %L', files || '/inbox.text')),
    ('COPY into document_inbox, binary',
     format('COPY docs.document_inbox
                 (file_name, content, file_type, ingestion_source, document_text)
             FROM %L (FORMAT binary)', files || '/inbox.binary'));
END;

-- Returns statements that COPY the source's rows into all three tables as they are: no trigger
-- fires. With modulo 1, every tenth document is left out.
CREATE FUNCTION bench.fill(ledger text, files text, modulo int DEFAULT 0)
RETURNS text LANGUAGE sql
RETURN concat_ws(E'\n', bench.empty(ledger), 'SET LOCAL session_replication_role = replica;',
    bench.load(ledger, 'documents', files) || format(' WHERE id %% 10 >= %s;', modulo),
    bench.load(ledger, 'hash_index', files) || format(' WHERE document_id %% 10 >= %s;', modulo),
    bench.load(ledger, 'audit_log', files) || format(' WHERE document_id %% 10 >= %s;', modulo));

CREATE FUNCTION bench.start() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('bench.start', extract(epoch FROM clock_timestamp())::text, false);
END;

CREATE FUNCTION bench.stop(part text, step_n int, round int) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.measure
    SELECT part, workload, variant, n, round, documents,
           extract(epoch FROM clock_timestamp()) - current_setting('bench.start')::numeric
    FROM bench.step WHERE n = step_n;
END;

CREATE FUNCTION bench.expect(holds bool, test text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE 'a measured step has not done its work: %', test;
    END IF;
END
$$;

-- Prose that looks like text: words of 2 to 10 letters, few of them frequent and most of them rare.
SELECT setseed(0.25) \g /dev/null
CREATE TABLE bench.prose AS
SELECT convert_to(string_agg(word[1 + floor(4000 ^ random())::int], ' '), 'UTF8') AS prose
FROM (SELECT array_agg(translate(substr(md5(i::text), 1, 2 + i % 9), '0123456789', 'etaoinshrl'))
                 AS word
      FROM generate_series(1, 4000) AS i) AS words,
     generate_series(1, 600000);
ALTER TABLE bench.prose ALTER prose SET STORAGE EXTERNAL;
UPDATE bench.prose SET prose = prose || '';

-- Returns the n-th text of a size: a piece of the prose, under a heading of its own.
CREATE FUNCTION bench.text(n int, size int) RETURNS bytea LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT substr(convert_to('Document ' || n || E'\n', 'UTF8') ||
                  substr(prose, (1 + n * 7919::bigint % (length(prose) - size))::int, size),
                  1, size)
    FROM bench.prose;
END;
