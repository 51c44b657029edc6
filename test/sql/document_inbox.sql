-- document_inbox: whatever INSERT or COPY puts into the view is ingested.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_docs_loader;
CREATE ROLE regress_docs_other;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
CREATE VIEW written AS SELECT
    (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM hash_index) AS hash_index,
    (SELECT sum(duplicate_count) FROM hash_index) AS duplicates,
    (SELECT count(*) FROM audit_log) AS audit_log;
-- Returns what is stored under matching file names.
CREATE FUNCTION stored(pattern text)
RETURNS TABLE (file_name text, status text, duplicates int, trail text) LANGUAGE sql AS $$
    SELECT d.file_name, d.ingestion_status, h.duplicate_count,
           (SELECT string_agg(a.action, ' ' ORDER BY a.id)
            FROM docs.audit_log a WHERE a.document_id = d.id)
    FROM docs.documents d
        JOIN docs.hash_index h ON h.document_id = d.id AND h.file_hash = d.file_hash
    WHERE d.file_name ~ pattern ORDER BY d.file_name
$$;

-- One row inserts one document. It counts as inserted, and RETURNING returns it as it was given.
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('a1', 'a', 't'), ('a2', 'b', 't') RETURNING *;
\echo :ROW_COUNT
SELECT * FROM document_inbox;
SELECT * FROM stored('^a');

-- Every column reaches documents. A column that is omitted or NULL gets its default.
INSERT INTO document_inbox (file_name, content, file_type, ingestion_source, document_text,
                            metadata_extracted, ingestion_status, error_message)
VALUES ('b1', '\x00ff', 'application/x', 'api', 'the text', '{"pages": 3}', 'retry', 'half of it'),
       ('b2', '', 'application/y', NULL, NULL, NULL, NULL, NULL);
INSERT INTO document_inbox (file_type, content, file_name) VALUES ('text/z', 'z', 'b3');
INSERT INTO document_inbox VALUES ('b4', DEFAULT, 'text/z');
\echo :SQLSTATE
INSERT INTO document_inbox DEFAULT VALUES;
\echo :SQLSTATE
SELECT file_name, file_size_bytes, file_hash = encode(sha256(content), 'hex') AS right_hash,
       file_type, ingestion_source, document_text,
       metadata_extracted, ingestion_status, error_message, updated_at = created_at AS untouched
FROM documents
    JOIN (VALUES ('b1', '\x00ff'::bytea), ('b2', ''), ('b3', 'z')) AS offered (file_name, content)
    USING (file_name)
ORDER BY file_name;

-- The same bytes several times in one statement: the first is stored, the others are counted. What
-- was stored before is counted too.
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('c1', 'c', 't'), ('c2', 'a', 't'), ('c3', 'c', 't'), ('c4', 'c', 't');
SELECT * FROM stored('^[ac]');
-- An INSERT that reads documents does not see the rows that it adds.
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'again ' || file_name, convert_to('again ' || file_name, 'UTF8'), 't'
FROM documents WHERE file_name ~ '^[abc]';
\echo :ROW_COUNT
SELECT count(*) FROM stored('^again');
-- A statement without rows does nothing.
INSERT INTO document_inbox (file_name, content, file_type)
SELECT file_name, 'x', 't' FROM documents WHERE false;
\echo :ROW_COUNT
SELECT * FROM written;

-- A success heals a document that failed before, within a statement too; another
-- failure is recorded.
INSERT INTO document_inbox
    (file_name, content, file_type, document_text, ingestion_status, error_message)
VALUES ('d1', 'd1', 't', NULL, 'failed', 'no text'), ('d2', 'd2', 't', NULL, 'failed', 'no text'),
       ('d3', 'd3', 't', NULL, 'failed', 'no text'),
       ('d3', 'd3', 't', 'healed at once', 'success', NULL);
INSERT INTO document_inbox
    (file_name, content, file_type, document_text, ingestion_status, error_message)
VALUES ('d1 again', 'd1', 't', 'healed', 'success', NULL),
       ('d2 again', 'd2', 't', NULL, 'retry', 'still no text');
SELECT file_name, document_text, error_message, stored.*
FROM documents JOIN stored('^d') USING (file_name) ORDER BY 1;
SELECT d.file_name, a.action, a.old_value, a.new_value::jsonb - 'file_hash' AS new_value
FROM documents d JOIN audit_log a ON a.document_id = d.id
WHERE d.file_name ~ '^d' ORDER BY d.file_name, a.id;

-- COPY, in text and CSV format, with all columns, some of them, and a WHERE clause.
COPY document_inbox FROM stdin;
e1	\\x6531	text/plain	scanner	line one\nline two	{"n": 1}	success	\N	\N	\N	\N
e2	bytes	text/plain	\N	\N	\N	\N	\N	\N	\N	\N
\.
COPY document_inbox (file_name, file_type, content) FROM stdin (FORMAT csv, HEADER, NULL 'none');
name,type,bytes
e3,text/csv,"one, two"
"e4, quoted",text/csv,\x6534
e5,text/csv,
\.
COPY document_inbox (file_name, content, file_type, metadata_extracted)
FROM stdin (FORMAT csv) WHERE file_name <> 'e7';
e6,e6,text/csv,"{""a"": [1, 2]}"
e7,e7,text/csv,
e8,e1,text/csv,
\.
SELECT d.file_name, file_size_bytes, file_type, ingestion_source, document_text, metadata_extracted,
       duplicates, trail
FROM documents d JOIN stored('^e\d') USING (file_name) ORDER BY 1;
-- What COPY, the columns' types and the extension refuse, each time with the line
-- number. Nothing of the statement stays.
SELECT * FROM written;
\set SHOW_CONTEXT errors
COPY document_inbox (file_name, content, file_type) FROM stdin;
f1	\\x6631	t
f2	\\x663	t
\.
COPY document_inbox (file_name, content, file_type) FROM stdin;
f1	f1	t
f2	\N	t
f3	f3	t
\.
COPY document_inbox (file_name, content, file_type, ingestion_status) FROM stdin;
f1	f1	t	success
f2	f2	t	done
\.
COPY document_inbox (file_name, content) FROM stdin;
f1	f1
\.
\set SHOW_CONTEXT never
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('f1', 'f1', 't'), (NULL, 'f2', 't');
\echo :SQLSTATE
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('f1', 'f1', 't'), ('f2', 'f2', ' ');
\echo :SQLSTATE
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('f1', 'f1', 't'), (repeat('f', 501), 'f2', 't');
\echo :SQLSTATE
COPY document_inbox TO stdout;
\echo :SQLSTATE
UPDATE document_inbox SET file_name = 'x';
\echo :SQLSTATE
DELETE FROM document_inbox;
\echo :SQLSTATE
TRUNCATE document_inbox;
\echo :SQLSTATE
INSERT INTO document_inbox (file_name, content, file_type, file_hash)
VALUES ('f1', 'f1', 't', 'f1');
\echo :SQLSTATE
BEGIN READ ONLY;
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('f1', 'f1', 't');
\echo :SQLSTATE
ROLLBACK;
SELECT * FROM written;

-- A long statement is ingested in batches of work_mem; duplicates are counted across batches.
-- Within a batch, documents are stored in the order of their hashes.
CREATE FUNCTION batches(names text) RETURNS bigint[] LANGUAGE sql AS $$
    WITH documents AS (
        SELECT id, file_hash < lag(file_hash) OVER (ORDER BY id) AS is_first
        FROM docs.documents WHERE file_name ~ names),
    numbered AS (SELECT count(*) FILTER (WHERE is_first) OVER (ORDER BY id) AS batch FROM documents),
    sizes AS (SELECT batch, count(*) AS size FROM numbered GROUP BY batch)
    SELECT array_agg(size ORDER BY batch) FROM sizes
$$;
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'g' || i, convert_to('g' || i, 'UTF8'), 't' FROM generate_series(1, 25000) i;
\echo :ROW_COUNT
SELECT count(*) > 1 AS several, sum(size), max(size) < 15000 AS bounded
FROM unnest(batches('^g')) size;
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'h' || i, convert_to('h' || i % 18000, 'UTF8'), 't' FROM generate_series(1, 30000) i;
\echo :ROW_COUNT
SELECT count(*) > 1 AS several, sum(size), max(size) < 15000 AS bounded
FROM unnest(batches('^h')) size;
SELECT count(*), sum(duplicates), bool_and(substr(file_name, 2)::int <= 18000) AS first_ones,
       string_agg(DISTINCT trail, ',')
FROM stored('^h');
-- A batch is no larger than work_mem, however long the values are and wherever they are stored.
SET work_mem = '64kB';
INSERT INTO document_inbox (file_name, content, file_type, document_text)
SELECT 'i' || i, convert_to('i' || i, 'UTF8'), 't', repeat(md5(i::text), 300)
FROM generate_series(1, 300) i;
SELECT sum(size), max(size) < 60 AS small FROM unnest(batches('^i')) size;
CREATE TABLE toasted AS
SELECT 'j' || i AS name, repeat('type ', 20) || i AS type, repeat(md5(i::text), 3000) AS body
FROM generate_series(1, 50) i;
ALTER TABLE toasted ALTER body SET STORAGE EXTERNAL;
UPDATE toasted SET body = body || 'end';
INSERT INTO document_inbox (file_name, content, file_type, document_text)
SELECT name, convert_to(body, 'UTF8'), type, body FROM toasted;
SELECT count(*) FROM toasted t JOIN documents d ON (d.file_name, d.document_text) = (t.name, t.body)
WHERE d.file_hash = encode(sha256(convert_to(t.body, 'UTF8')), 'hex');
WITH gone AS (DELETE FROM toasted RETURNING *)
INSERT INTO document_inbox (file_name, content, file_type, document_text)
SELECT name || ' gone', convert_to(name || body, 'UTF8'), type, body FROM gone;
SELECT count(*)
FROM documents d
    JOIN documents e ON (e.file_name, e.document_text) = (d.file_name || ' gone', d.document_text);
RESET work_mem;

-- A bad row at the end takes back the batches before it, also in a savepoint and in an
-- exception block.
SELECT * FROM written;
CREATE FUNCTION offered(bad int)
RETURNS TABLE (file_name text, content bytea, file_type text) LANGUAGE sql AS $$
    SELECT 'k' || i, convert_to('k' || i, 'UTF8'), CASE WHEN i <> bad THEN 't' END
    FROM generate_series(1, 2200) i
$$;
INSERT INTO document_inbox (file_name, content, file_type) SELECT * FROM offered(2150);
\echo :SQLSTATE
SELECT * FROM written;
BEGIN;
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('l1', 'l1', 't');
SAVEPOINT s;
INSERT INTO document_inbox (file_name, content, file_type) SELECT * FROM offered(2150);
\echo :SQLSTATE
ROLLBACK TO s;
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('l2', 'l2', 't'), ('l3', 'l1', 't');
SAVEPOINT t;
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('l4', 'l4', 't'), ('l5', 'l1', 't');
ROLLBACK TO t;
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('l6', 'l1', 't');
COMMIT;
SELECT * FROM stored('^l');
CREATE FUNCTION load(bad int, OUT answer text) LANGUAGE plpgsql AS $$
DECLARE
    rows int;
BEGIN
    INSERT INTO docs.document_inbox (file_name, content, file_type) SELECT * FROM docs.offered(bad);
    GET DIAGNOSTICS rows = ROW_COUNT;
    answer := rows || ' rows';
EXCEPTION WHEN null_value_not_allowed THEN
    answer := SQLERRM;
END
$$;
SELECT load(1), load(2150), (SELECT count(*) FROM stored('^k'));
SELECT load(0);
SELECT load(0);
SELECT count(*), sum(duplicates), string_agg(DISTINCT trail, ',') FROM stored('^k');

-- A function that the statement calls uses an inbox of its own. The outer statement keeps its rows,
-- even if the inner one fails.
CREATE FUNCTION load_inner(name text, type text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.document_inbox (file_name, content, file_type)
    VALUES (name || ' 1', convert_to(name || ' 1', 'UTF8'), 't'),
           (name || ' 2', convert_to(name || ' 2', 'UTF8'), type), (name || ' 3', 'm', 't');
    RETURN name;
EXCEPTION WHEN null_value_not_allowed THEN
    RETURN name || ' without';
END
$$;
INSERT INTO document_inbox (file_name, content, file_type)
SELECT load_inner('m' || i, CASE WHEN i <> 2 THEN 't' END), convert_to('outer' || i, 'UTF8'), 't'
FROM generate_series(1, 3) i;
\echo :ROW_COUNT
SELECT * FROM stored('^m');
-- So does a trigger on documents, in the middle of a long statement too. Each attachment is stored
-- once, whichever batch it was in.
CREATE FUNCTION attach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.document_inbox (file_name, content, file_type)
    VALUES ('+' || NEW.file_name, convert_to('+' || NEW.file_name, 'UTF8'), 'attachment'),
           ('+n', 'n', 'attachment');
    RETURN NEW;
END
$$;
CREATE TRIGGER attach AFTER INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name ~ '^n') EXECUTE FUNCTION attach();
INSERT INTO document_inbox (file_name, content, file_type)
SELECT 'n' || i, convert_to('n' || i, 'UTF8'), 't' FROM generate_series(1, 1200) i;
DROP TRIGGER attach ON documents;
SELECT count(*), sum(duplicates), string_agg(DISTINCT trail, ',') FROM stored('^n');
SELECT count(*), sum(duplicates), string_agg(DISTINCT trail, ',') FROM stored('^\+');
CREATE TRIGGER attach BEFORE INSERT ON documents
    FOR EACH ROW WHEN (NEW.file_name ~ '^o') EXECUTE FUNCTION attach();
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('o1', 'o1', 't'), ('o2', '+o1', 't'), ('o3', 'o3', 't');
DROP TRIGGER attach ON documents;
SELECT * FROM stored('^\+?o|^\+n$');

-- Several INSERTs in one statement, a prepared statement, a view on the view, a loop
-- over RETURNING.
WITH first AS (INSERT INTO document_inbox (file_name, content, file_type)
               VALUES ('p1', 'p1', 't'), ('p2', 'p', 't') RETURNING file_name),
     second AS (INSERT INTO document_inbox (file_name, content, file_type)
                VALUES ('p3', 'p3', 't'), ('p4', 'p', 't') RETURNING file_name)
SELECT file_name FROM first UNION ALL SELECT file_name FROM second;
WITH first AS (INSERT INTO document_inbox (file_name, content, file_type)
               VALUES ('p5', 'p5', 't'))
INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('p6', 'p6', 't'), ('p7', 'p5', 't');
SELECT count(*), sum(duplicates), string_agg(DISTINCT trail, ',') FROM stored('^p');
PREPARE load(text, bytea) AS INSERT INTO document_inbox (file_name, content, file_type)
VALUES ($1, $2, 't') RETURNING file_name;
SET plan_cache_mode = force_generic_plan;
EXECUTE load('q1', 'q1');
EXECUTE load('q2', 'q2');
EXECUTE load('q3', 'q1');
RESET plan_cache_mode;
CREATE VIEW arrivals AS SELECT file_name, content, file_type, ingestion_source FROM document_inbox;
ALTER VIEW arrivals ALTER ingestion_source SET DEFAULT 'scanner';
INSERT INTO arrivals VALUES ('q4', 'q4', 't');
CREATE FUNCTION load_each(names text[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    n text;
    loaded int := 0;
BEGIN
    FOR n IN
        INSERT INTO docs.document_inbox (file_name, content, file_type)
        SELECT u, convert_to(u, 'UTF8'), 't' FROM unnest(names) u RETURNING file_name
    LOOP
        loaded := loaded + 1;
        PERFORM FROM docs.documents WHERE file_name = n;
        IF NOT FOUND THEN
            RAISE EXCEPTION '% is not there yet', n;
        END IF;
    END LOOP;
    RETURN loaded;
END
$$;
SELECT load_each('{q5,q6}');
SELECT d.file_name, ingestion_source, duplicates
FROM documents d JOIN stored('^q') USING (file_name) ORDER BY 1;
-- EXPLAIN does nothing; EXPLAIN ANALYZE ingests.
EXPLAIN INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('r1', 'r1', 't') \g /dev/null
EXPLAIN ANALYZE INSERT INTO document_inbox (file_name, content, file_type)
VALUES ('r2', 'r2', 't') \g /dev/null
SELECT * FROM stored('^r');

-- A loader needs only INSERT on the view, or on three of its columns; PUBLIC has no privilege.
SELECT grantee, privilege_type FROM information_schema.table_privileges
WHERE (table_schema, table_name) = ('docs', 'document_inbox') AND grantee <> grantor;
GRANT USAGE ON SCHEMA docs TO regress_docs_loader, regress_docs_other;
GRANT INSERT ON document_inbox TO regress_docs_loader;
GRANT INSERT (file_name, content, file_type) ON document_inbox TO regress_docs_other;
SET ROLE regress_docs_loader;
INSERT INTO docs.document_inbox VALUES ('s1', 's1', 't', 'loader');
COPY docs.document_inbox (file_name, content, file_type) FROM stdin;
s2	s2	t
s3	s1	t
\.
SELECT current_user;
SELECT count(*) FROM docs.documents;
\echo :SQLSTATE
SELECT * FROM docs.document_inbox;
\echo :SQLSTATE
INSERT INTO docs.document_inbox (file_name, content, file_type)
VALUES ('s4', 's4', 't') RETURNING file_name;
\echo :SQLSTATE
SELECT docs.document_inbox_insert();
\echo :SQLSTATE
SET ROLE regress_docs_other;
INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES ('s5', 's5', 't');
INSERT INTO docs.document_inbox (file_name, content, file_type, ingestion_source)
VALUES ('s6', 's6', 't', 'other');
\echo :SQLSTATE
RESET ROLE;
REVOKE ALL ON document_inbox FROM regress_docs_loader, regress_docs_other;
SET ROLE regress_docs_loader;
INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES ('s7', 's7', 't');
\echo :SQLSTATE
RESET ROLE;
SELECT d.file_name, d.ingestion_source, duplicates, trail
FROM documents d JOIN stored('^s') USING (file_name) ORDER BY 1;
-- The trail has the loader's login role, and the user and reason that the loader sets.
SET doc_extractor.application_user = 'web:4711';
SET doc_extractor.reason = 'nightly';
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('t1', 't1', 't');
RESET doc_extractor.application_user;
RESET doc_extractor.reason;
SELECT action, user_or_system, db_user = session_user AS login_role, change_reason,
       new_value::jsonb - 'file_hash' AS new_value
FROM audit_log WHERE document_id = (SELECT id FROM documents WHERE file_name = 't1');

-- The trigger functions refuse other tables, other events, and direct calls.
SELECT document_inbox_before_insert();
\echo :SQLSTATE
SELECT document_inbox_insert();
\echo :SQLSTATE
SELECT document_inbox_after_insert();
\echo :SQLSTATE
CREATE FUNCTION try_trigger(definition text, target text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TRIGGER misplaced ' || definition;
    EXECUTE 'INSERT INTO ' || target ||
            ' (file_name, content, file_type) VALUES (''u'', ''u'', ''t'')';
    RAISE EXCEPTION 'no error' USING errcode = 'DX000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE mine (file_name text, content bytea, file_type text);
CREATE VIEW my_inbox AS SELECT * FROM mine;
SELECT try_trigger(definition || ' EXECUTE FUNCTION ' || function || '()', target) FROM (VALUES
    ('BEFORE INSERT ON mine', 'document_inbox_before_insert', 'mine'),
    ('BEFORE INSERT ON mine FOR EACH ROW', 'document_inbox_before_insert', 'mine'),
    ('INSTEAD OF INSERT ON my_inbox FOR EACH ROW', 'document_inbox_insert', 'my_inbox'),
    ('BEFORE INSERT ON mine FOR EACH ROW', 'document_inbox_insert', 'mine'),
    ('AFTER INSERT ON mine', 'document_inbox_after_insert', 'mine'),
    ('AFTER INSERT ON document_inbox', 'document_inbox_before_insert', 'document_inbox'),
    ('BEFORE INSERT ON document_inbox', 'document_inbox_after_insert', 'document_inbox'))
    AS t (definition, function, target);
-- If misplaced or missing triggers would lose rows, an error is raised, and nothing is left behind
-- for the next statement.
CREATE TRIGGER twice BEFORE INSERT ON document_inbox
    FOR EACH STATEMENT EXECUTE FUNCTION document_inbox_before_insert();
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('u1', 'u1', 't');
\echo :SQLSTATE
DROP TRIGGER twice ON document_inbox;
CREATE FUNCTION without_triggers() RETURNS text LANGUAGE sql AS
    $$SELECT set_config('session_replication_role', 'replica', true)$$;
CREATE FUNCTION with_triggers() RETURNS text LANGUAGE sql AS
    $$SELECT set_config('session_replication_role', 'origin', true)$$;
INSERT INTO document_inbox (file_name, content, file_type) SELECT without_triggers(), 'u2', 't';
\echo :SQLSTATE
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO document_inbox (file_name, content, file_type) SELECT with_triggers(), 'u3', 't';
\echo :SQLSTATE
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
WITH dropped AS (INSERT INTO document_inbox (file_name, content, file_type)
                 VALUES ('u3', 'u3', 't') RETURNING 1)
SELECT with_triggers() FROM dropped;
\echo :SQLSTATE
ROLLBACK;
BEGIN;
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('u4', 'u4', 't');
SAVEPOINT s;
INSERT INTO document_inbox (file_name, content, file_type) SELECT without_triggers(), 'u5', 't';
ROLLBACK TO s;
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('u6', 'u6', 't');
COMMIT;
SELECT * FROM stored('^u');

-- TOASTed values of a table that computing the next row truncates.
CREATE TEMP TABLE page (body text);
ALTER TABLE page ALTER body SET STORAGE external;
CREATE FUNCTION fetch_page(number int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    fetched text;
BEGIN
    TRUNCATE pg_temp.page;
    INSERT INTO pg_temp.page VALUES (repeat(number::text, 5000));
    SELECT body INTO fetched FROM pg_temp.page;
    RETURN fetched;
END
$$;
INSERT INTO document_inbox (file_name, content, file_type, document_text)
SELECT 'v' || i, ('v' || i)::bytea, 't', fetch_page(i) FROM generate_series(1, 3) i;
SELECT file_name, left(document_text, 3), length(document_text)
FROM documents WHERE file_name LIKE 'v_' ORDER BY file_name;

-- The ledger is consistent after all of this.
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_loader, regress_docs_other;
