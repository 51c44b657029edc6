-- Every entry point of the ledger, with what users add to its tables: the result is the
-- same for each.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION amcheck;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_keeper;
CREATE ROLE regress_docs_stranger;
CREATE ROLE regress_docs_writer;
GRANT regress_docs_keeper TO regress_docs_owner;
GRANT pg_execute_server_program TO regress_docs_writer;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database())
    AS "grant" \gset
:grant;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs;
-- One role uses all entry points; it owns nothing, and can read nothing.
GRANT USAGE ON SCHEMA docs TO regress_docs_writer;
GRANT EXECUTE ON FUNCTION docs.ingest_document, docs.ingest_hashed_document, docs.ingest_documents
    TO regress_docs_writer;
GRANT INSERT ON docs.documents, docs.document_inbox TO regress_docs_writer;
GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_writer;
RESET ROLE;

-- Each entry point gets two documents, with the file names and content 'a' and 'b'.
CREATE TABLE entry_points (entry_point text PRIMARY KEY, counts boolean, command text);
INSERT INTO entry_points VALUES
    ('ingest_document', true,
     $$SELECT FROM docs.ingest_document('a', 'a', 'text/plain', 'test');
       SELECT FROM docs.ingest_document('b', 'b', 'text/plain', 'test')$$),
    ('ingest_hashed_document', true,
     $$SELECT FROM docs.ingest_hashed_document('a', encode(sha256('a'), 'hex'), 1,
                                               'text/plain', 'test');
       SELECT FROM docs.ingest_hashed_document('b', encode(sha256('b'), 'hex'), 1,
                                               'text/plain', 'test')$$),
    ('ingest_documents', true,
     $$SELECT FROM docs.ingest_documents('{a,b}', '{a,b}', '{text/plain,text/plain}',
                                         '{test,test}')$$),
    ('inbox by INSERT', true,
     $$INSERT INTO docs.document_inbox (file_name, content, file_type, ingestion_source)
       VALUES ('a', 'a', 'text/plain', 'test'), ('b', 'b', 'text/plain', 'test')$$),
    ('inbox by COPY', true,
     $$COPY docs.document_inbox (file_name, content, file_type, ingestion_source)
       FROM PROGRAM 'echo a,a,text/plain,test; echo b,b,text/plain,test' (FORMAT csv)$$),
    ('INSERT', false,
     $$INSERT INTO docs.documents
           (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
       SELECT v, 1, encode(sha256(v::bytea), 'hex'), 'text/plain', 'test'
       FROM unnest(ARRAY['a', 'b']) v$$),
    ('COPY', false, format(
     $$COPY docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
       FROM PROGRAM 'echo a,1,%s,text/plain,test; echo b,1,%s,text/plain,test' (FORMAT csv)$$,
     encode(sha256('a'), 'hex'), encode(sha256('b'), 'hex')));

-- What users add to the tables, and a query that uses it.
CREATE TABLE cases (number int PRIMARY KEY, name text, setup text, probe text);
CREATE TABLE docs.fired (what text);
ALTER TABLE docs.fired OWNER TO regress_docs_owner;
GRANT INSERT ON docs.fired TO regress_docs_keeper, regress_docs_writer;
CREATE FUNCTION docs.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO docs.fired VALUES (concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL, TG_TABLE_NAME,
        CASE WHEN TG_LEVEL = 'ROW' THEN
            coalesce(to_jsonb(NEW) ->> 'action', left(to_jsonb(NEW) ->> 'file_hash', 4)) END));
    RETURN NEW;
END
$$;
CREATE FUNCTION docs.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW := json_populate_record(NEW, TG_ARGV[0]::json);
    RETURN NEW;
END
$$;
INSERT INTO cases VALUES
    (1, 'nothing', 'SELECT', NULL),
    (2, 'row triggers', $$
        CREATE TRIGGER note_1 BEFORE INSERT OR UPDATE ON docs.documents
            FOR EACH ROW EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT OR UPDATE ON docs.documents
            FOR EACH ROW EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_1 BEFORE INSERT OR UPDATE ON docs.hash_index
            FOR EACH ROW EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT OR UPDATE ON docs.hash_index
            FOR EACH ROW EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_1 BEFORE INSERT ON docs.audit_log
            FOR EACH ROW EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT ON docs.audit_log
            FOR EACH ROW EXECUTE FUNCTION docs.note()$$, NULL),
    (3, 'statement triggers', $$
        CREATE TRIGGER note_1 BEFORE INSERT OR UPDATE ON docs.documents
            EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT OR UPDATE ON docs.documents
            EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_1 BEFORE INSERT ON docs.hash_index EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT ON docs.hash_index EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_1 BEFORE INSERT ON docs.audit_log EXECUTE FUNCTION docs.note();
        CREATE TRIGGER note_2 AFTER INSERT ON docs.audit_log EXECUTE FUNCTION docs.note()$$, NULL),
    (4, 'statement trigger on counts', $$
        CREATE TRIGGER note BEFORE UPDATE ON docs.hash_index EXECUTE FUNCTION docs.note()$$, NULL),
    (5, 'later statement trigger on counts', $$
        CREATE TRIGGER note AFTER UPDATE ON docs.hash_index EXECUTE FUNCTION docs.note()$$, NULL),
    (6, 'row trigger on counts', $$
        CREATE TRIGGER note BEFORE UPDATE ON docs.hash_index
            FOR EACH ROW EXECUTE FUNCTION docs.note()$$, NULL),
    (7, 'later row trigger on counts', $$
        CREATE TRIGGER note AFTER UPDATE OF duplicate_count ON docs.hash_index
            FOR EACH ROW EXECUTE FUNCTION docs.note()$$, NULL),
    (8, 'trigger that changes a document', $$
        CREATE TRIGGER change BEFORE INSERT ON docs.documents
            FOR EACH ROW EXECUTE FUNCTION docs.change('{"file_type": "changed"}')$$, NULL),
    (9, 'trigger that changes counts', $$
        CREATE TRIGGER change BEFORE UPDATE ON docs.hash_index
            FOR EACH ROW EXECUTE FUNCTION docs.change('{"duplicate_count": 40}')$$, NULL),
    (10, 'CHECK on documents', $$
        ALTER TABLE docs.documents ADD CONSTRAINT refused CHECK (file_name <> 'b')$$, NULL),
    (11, 'CHECK on hash_index', $$
        ALTER TABLE docs.hash_index ADD CONSTRAINT refused CHECK (duplicate_count < 1)$$, NULL),
    (12, 'CHECK on audit_log', $$
        ALTER TABLE docs.audit_log
            ADD CONSTRAINT refused CHECK (new_value ->> 'file_name' <> 'b')$$, NULL),
    (13, 'UNIQUE on documents', $$
        CREATE UNIQUE INDEX refused ON docs.documents (file_type)$$, NULL),
    (14, 'deferrable UNIQUE on hash_index', $$
        ALTER TABLE docs.hash_index
            ADD CONSTRAINT refused UNIQUE (duplicate_count, last_seen) DEFERRABLE$$, NULL),
    (15, 'exclusion on hash_index', $$
        ALTER TABLE docs.hash_index
            ADD CONSTRAINT refused EXCLUDE (duplicate_count WITH =)
                WHERE (duplicate_count > 0)$$, NULL),
    (16, 'columns with defaults', $$
        CREATE SEQUENCE docs.numbers;
        ALTER SEQUENCE docs.numbers OWNER TO regress_docs_owner;
        GRANT USAGE ON SEQUENCE docs.numbers TO regress_docs_writer;
        ALTER TABLE docs.documents ADD number int NOT NULL DEFAULT nextval('docs.numbers'),
            ADD department text DEFAULT upper('archive');
        ALTER TABLE docs.hash_index ADD note text NOT NULL DEFAULT 'none', ADD empty text;
        ALTER TABLE docs.audit_log ADD host text DEFAULT 'here'$$, NULL),
    (17, 'dropped columns', $$
        ALTER TABLE docs.documents ADD gone int DEFAULT 1;
        ALTER TABLE docs.documents DROP gone;
        ALTER TABLE docs.hash_index ADD gone int DEFAULT 1;
        ALTER TABLE docs.hash_index DROP gone, ADD wide text DEFAULT repeat('wide ', 2000)$$, NULL),
    (18, 'generated columns', $$
        ALTER TABLE docs.documents
            ADD long_name boolean GENERATED ALWAYS AS (length(file_name) > 1) STORED;
        ALTER TABLE docs.hash_index
            ADD twice int GENERATED ALWAYS AS (duplicate_count * 2) STORED;
        ALTER TABLE docs.audit_log
            ADD shout text GENERATED ALWAYS AS (upper(action)) STORED$$, NULL),
    (19, 'index on counts',
        'CREATE INDEX i ON docs.hash_index (duplicate_count)',
        'SELECT count(*) FROM docs.hash_index WHERE duplicate_count = 1'),
    (20, 'partial index on counts',
        'CREATE INDEX i ON docs.hash_index (file_hash) WHERE duplicate_count > 0',
        'SELECT count(*) FROM docs.hash_index WHERE duplicate_count > 0'),
    (21, 'expression index on counts',
        'CREATE INDEX i ON docs.hash_index ((duplicate_count % 2))',
        'SELECT count(*) FROM docs.hash_index WHERE duplicate_count % 2 = 1'),
    (22, 'BRIN on last_seen',
        'CREATE INDEX i ON docs.hash_index USING brin (last_seen)',
        'SELECT count(*) FROM docs.hash_index WHERE last_seen >= first_seen'),
    (23, 'other indexes', $$
        CREATE INDEX i ON docs.documents (lower(file_name));
        CREATE INDEX j ON docs.hash_index (left(file_hash, 4)) INCLUDE (duplicate_count);
        CREATE INDEX k ON docs.audit_log ((new_value ->> 'file_name'))$$,
        'SELECT count(*) FROM docs.documents WHERE lower(file_name) = $$a$$'),
    (24, 'dropped rule on counts', $$
        CREATE RULE note AS ON UPDATE TO docs.hash_index
            DO ALSO INSERT INTO docs.fired VALUES (left(OLD.file_hash, 4));
        DROP RULE note ON docs.hash_index$$, NULL),
    (25, 'keeper of hash_index', $$
        ALTER TABLE docs.hash_index OWNER TO regress_docs_keeper;
        GRANT USAGE ON SCHEMA docs TO regress_docs_keeper$$, NULL),
    (26, 'stranger''s hash_index', $$
        ALTER TABLE docs.hash_index OWNER TO regress_docs_stranger;
        GRANT USAGE ON SCHEMA docs TO regress_docs_stranger$$, NULL),
    (27, 'full replica identity', 'ALTER TABLE docs.hash_index REPLICA IDENTITY FULL', NULL),
    (28, 'row security on the derived tables', $$
        ALTER TABLE docs.hash_index ENABLE ROW LEVEL SECURITY;
        ALTER TABLE docs.hash_index FORCE ROW LEVEL SECURITY;
        ALTER TABLE docs.audit_log ENABLE ROW LEVEL SECURITY;
        ALTER TABLE docs.audit_log FORCE ROW LEVEL SECURITY$$, NULL),
    (29, 'row security on documents',
        'ALTER TABLE docs.documents ENABLE ROW LEVEL SECURITY', NULL);

-- Returns everything that is stored: documents, counts and trail, with the columns that users have
-- added; and the triggers and rules that have fired.
CREATE FUNCTION added(row_of jsonb, known text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(
        key || '=' || CASE key WHEN 'number' THEN 'n' ELSE left(value #>> '{}', 9) END,
        ' ' ORDER BY key)
    FROM jsonb_each(row_of - known)
$$;
CREATE FUNCTION outcome() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('; ',
        (SELECT string_agg(concat_ws(' ', file_name, file_size_bytes, file_type, ingestion_source,
                ingestion_status,
                added(to_jsonb(d), '{id,file_name,file_size_bytes,file_hash,file_type,
                    ingestion_source,ingestion_status,ingestion_timestamp,document_text,
                    metadata_extracted,error_message,created_at,updated_at}')),
            ', ' ORDER BY file_name) FROM docs.documents d),
        (SELECT string_agg(concat_ws(' ', left(file_hash, 4), duplicate_count,
                added(to_jsonb(h),
                    '{id,file_hash,document_id,first_seen,duplicate_count,last_seen}')),
            ', ' ORDER BY file_hash) FROM docs.hash_index h),
        (SELECT string_agg(concat_ws(' ', action, new_value ->> 'file_name',
                added(to_jsonb(a), '{id,document_id,action,action_timestamp,user_or_system,db_user,
                    old_value,new_value,change_reason}'),
                added(new_value::jsonb,
                    '{file_name,file_size_bytes,file_hash,ingestion_source,ingestion_status}')),
            ', ' ORDER BY new_value ->> 'file_name') FROM docs.audit_log a),
        (SELECT E'\n' || string_agg(DISTINCT what, E'\n' ORDER BY what) FROM docs.fired))
$$;
-- Uses an entry point in a case, once or "again"; all of it is rolled back.
CREATE FUNCTION use(entry_point text, number int, again boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c cases := (SELECT t FROM cases t WHERE t.number = use.number);
    command text := (SELECT e.command FROM entry_points e WHERE e.entry_point = use.entry_point);
    answer text;
    probed text;
BEGIN
    EXECUTE c.setup;
    SET LOCAL ROLE regress_docs_writer;
    EXECUTE command;
    IF again THEN
        EXECUTE command;
    END IF;
    RESET ROLE;
    IF c.probe IS NOT NULL THEN
        SET LOCAL enable_seqscan = off;
        EXECUTE c.probe INTO probed;
    END IF;
    SELECT concat_ws('; ', outcome(), 'probe: ' || probed) INTO answer;
    RAISE EXCEPTION USING errcode = 'DX000', message = answer;
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE = 'DX000' THEN SQLERRM ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;

-- New documents, by all entry points.
\pset format unaligned
\pset tuples_only on
SELECT format('%s %s (%s): %s', c.number, c.name,
              CASE WHEN count(*) < 7 THEN string_agg(e.entry_point, ', ' ORDER BY e.entry_point)
                   ELSE 'all' END, outcome)
FROM cases c, entry_points e, LATERAL use(e.entry_point, c.number, false) AS outcome
GROUP BY c.number, outcome ORDER BY c.number, min(e.entry_point);
-- The same documents again, by the entry points that count duplicates.
SELECT format('%s %s (%s): %s', c.number, c.name,
              CASE WHEN count(*) < 5 THEN string_agg(e.entry_point, ', ' ORDER BY e.entry_point)
                   ELSE 'all' END, outcome)
FROM cases c, entry_points e, LATERAL use(e.entry_point, c.number, true) AS outcome
WHERE e.counts GROUP BY c.number, outcome ORDER BY c.number, min(e.entry_point);
\pset format aligned
\pset tuples_only off

-- Many counts, with and without new index entries, in transactions that commit and that
-- roll back: the indexes agree with the heap.
CREATE INDEX i ON docs.hash_index (duplicate_count);
CREATE INDEX j ON docs.hash_index (document_id) WHERE duplicate_count % 2 = 1;
DO $$
BEGIN
    FOR i IN 1..300 LOOP
        BEGIN
            INSERT INTO docs.document_inbox (file_name, content, file_type)
            SELECT n, n::text::bytea, 't' FROM generate_series(1, 20 + i % 5) n;
            PERFORM docs.ingest_document('again', '7', 't');
            IF i % 3 = 0 THEN
                RAISE EXCEPTION 'undone';
            END IF;
        EXCEPTION WHEN raise_exception THEN
        END;
        IF i % 50 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
DROP INDEX docs.i;
INSERT INTO docs.document_inbox (file_name, content, file_type)
SELECT n, n::text::bytea, 't' FROM generate_series(1, 20) n, generate_series(1, 10);
SELECT count(*), sum(duplicate_count), max(duplicate_count),
       count(*) FILTER (WHERE duplicate_count % 2 = 1) FROM docs.hash_index;
SET enable_seqscan = off;
SELECT count(*) FROM docs.hash_index WHERE document_id > 0 AND duplicate_count % 2 = 1;
RESET enable_seqscan;
SELECT count(bt_index_check(indexrelid, true)) AS sound
FROM pg_index WHERE indrelid = 'docs.hash_index'::regclass;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP EXTENSION amcheck;
DROP FUNCTION use, outcome, added;
DROP TABLE entry_points, cases;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_keeper, regress_docs_stranger, regress_docs_writer;
