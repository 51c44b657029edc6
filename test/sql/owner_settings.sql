-- Code of users runs as the owner of the tables, with the ledger's search_path. A call that has
-- only searched so far still has the caller's settings: it must change them before that.
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
CREATE TABLE seen (what text, by_owner bool, path text);
CREATE FUNCTION note(what text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.seen
    VALUES (what, current_user OPERATOR(pg_catalog.=) 'regress_docs_owner',
            current_setting('search_path'))
$$;
CREATE FUNCTION noted(value bigint, what text) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note(what), set_config('work_mem', '123kB', false);
    RETURN value;
END
$$;
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note(TG_ARGV[0]), set_config('work_mem', '123kB', false);
    RETURN NEW;
END
$$;
-- Shows what was seen since the last time.
CREATE FUNCTION look() RETURNS SETOF seen LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM public.seen RETURNING *)
    SELECT DISTINCT * FROM gone ORDER BY what
$$;

-- The caller has no rights on the tables, and is not who owns them.
CREATE ROLE regress_docs_owner SUPERUSER;
CREATE ROLE regress_docs_caller;
SELECT format('ALTER TABLE docs.%I OWNER TO regress_docs_owner', relname)
FROM pg_class WHERE relnamespace = 'docs'::regnamespace AND relkind = 'r' ORDER BY relname
\gexec
GRANT USAGE ON SCHEMA docs TO regress_docs_caller;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_caller;
SET ROLE regress_docs_caller;
SET search_path = public;
SET work_mem = '456kB';

SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
-- A count without code of users.
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;

-- A count that inserts into an index with an expression, alone and in a batch.
RESET ROLE;
CREATE INDEX noted ON docs.hash_index (public.noted(duplicate_count, 'index of counts'));
SELECT count(*) > 0 AS seen FROM look();
SET ROLE regress_docs_caller;
SELECT duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT duplicate_count FROM docs.ingest_documents('{a,a}', '{a,a}', '{t,t}');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();

-- One with a condition.
DROP INDEX docs.noted;
CREATE INDEX noted ON docs.hash_index (duplicate_count)
WHERE public.noted(duplicate_count, 'condition') > 0;
SELECT count(*) > 0 AS seen FROM look();
SET ROLE regress_docs_caller;
SELECT duplicate_count FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;
SELECT * FROM look();
DROP INDEX docs.noted;

-- One with a type of a user's. Its comparison is called by the server's own operators of arrays.
CREATE TYPE tag AS ENUM ('x');
CREATE FUNCTION compare_tags(tag, tag) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note('type of an element'), set_config('work_mem', '123kB', false);
    RETURN 0;
END
$$;
CREATE OPERATOR CLASS tag_ops DEFAULT FOR TYPE tag USING btree AS FUNCTION 1 compare_tags(tag, tag);
ALTER TABLE docs.hash_index ADD tags tag[] DEFAULT '{x}';
CREATE INDEX noted ON docs.hash_index (tags, duplicate_count);
SET ROLE regress_docs_caller;
SELECT duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
ALTER TABLE docs.hash_index DROP tags;

-- One by statement.
CREATE TRIGGER noted BEFORE UPDATE ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION note_change('trigger of counts');
SET ROLE regress_docs_caller;
SELECT duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT duplicate_count FROM docs.ingest_documents('{a,a}', '{a,a}', '{t,t}');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
DROP TRIGGER noted ON docs.hash_index;

-- New documents, alone, after a duplicate, and many.
CREATE INDEX noted ON docs.documents (public.noted(id, 'index of documents'));
SELECT count(*) > 0 AS seen FROM look();
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('b', 'b', 't');
SELECT is_duplicate FROM docs.ingest_documents('{a,c}', '{a,c}', '{t,t}');
RESET ROLE;
SELECT * FROM look();
DROP INDEX docs.noted;
CREATE INDEX noted ON docs.audit_log (public.noted(id, 'index of the trail'));
SELECT count(*) > 0 AS seen FROM look();
SET ROLE regress_docs_caller;
SELECT count(*)
FROM docs.ingest_documents(ARRAY(SELECT 'n' || i FROM generate_series(1, 20) i),
                           ARRAY(SELECT ('n' || i)::bytea FROM generate_series(1, 20) i),
                           array_fill('t'::text, '{20}'));
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
DROP INDEX docs.noted;

-- A default that the server computes once, the constant part of an expression, and the cast of a
-- column of a user's type for the trail. The text of a regclass depends on search_path, too.
CREATE TYPE label AS ENUM ('x');
CREATE FUNCTION label_json(label) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note('cast'), set_config('work_mem', '123kB', false);
    RETURN to_json($1::text);
END
$$;
CREATE CAST (label AS json) WITH FUNCTION label_json(label);
ALTER TABLE docs.documents ADD number bigint, ADD label label DEFAULT 'x',
    ADD relation regclass DEFAULT 'docs.documents';
ALTER TABLE docs.documents ALTER number SET DEFAULT public.noted(1, 'default');
CREATE INDEX noted ON docs.documents ((id + public.noted(1, 'constant')));
SELECT count(*) > 0 AS seen FROM look();
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('d', 'd', 't');
SELECT count(*)
FROM docs.ingest_documents(ARRAY(SELECT 'd' || i FROM generate_series(1, 20) i),
                           ARRAY(SELECT ('d' || i)::bytea FROM generate_series(1, 20) i),
                           array_fill('t'::text, '{20}'));
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
SELECT DISTINCT new_value ->> 'number' AS number, new_value ->> 'label' AS label,
       new_value ->> 'relation' AS relation
FROM docs.audit_log WHERE new_value ->> 'file_name' ~ '^d';
DROP INDEX docs.noted;
ALTER TABLE docs.documents DROP number, DROP label, DROP relation;
DROP CAST (label AS json);

-- A type of the server's whose operators are a user's: those of its arrays call them.
CREATE FUNCTION compare_json(json, json) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note('json of an array'), set_config('work_mem', '123kB', false);
    RETURN 0;
END
$$;
CREATE OPERATOR CLASS json_ops DEFAULT FOR TYPE json USING btree AS
    FUNCTION 1 compare_json(json, json);
ALTER TABLE docs.audit_log ADD notes json[] DEFAULT '{1}';
CREATE INDEX noted ON docs.audit_log (notes);
SELECT FROM look();
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('j', 'j', 't');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
ALTER TABLE docs.audit_log DROP notes;

-- A caller whose search_path is the ledger's already.
CREATE FUNCTION call_all() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        'ingest_document(''p'', ''p'', ''t'')',
        'ingest_document(''p'', ''p'', ''t'')',
        'ingest_documents(ARRAY(SELECT ''p'' || i FROM generate_series(1, 20) i),
             ARRAY(SELECT (''p'' || i)::bytea FROM generate_series(1, 20) i),
             array_fill(''t''::text, ''{20}''))',
        'ingest_documents(''{p,q}'', ''{p,q}'', ''{t,t}'')']
    LOOP
        EXECUTE 'SELECT count(*) FROM docs.' || call;
        RETURN NEXT current_setting('work_mem');
        PERFORM set_config('work_mem', '456kB', false);
    END LOOP;
    RAISE EXCEPTION 'again' USING errcode = 'DX000';
EXCEPTION
    WHEN SQLSTATE 'DX000' THEN
        RETURN;
END
$$;
CREATE INDEX noted ON docs.documents (public.noted(id, 'index'));
SET ROLE regress_docs_caller;
SET search_path = pg_catalog, docs, pg_temp;
SELECT * FROM public.call_all();
RESET ROLE;
DROP INDEX docs.noted;
CREATE INDEX noted ON docs.hash_index (public.noted(duplicate_count, 'index'));
SET ROLE regress_docs_caller;
SELECT * FROM public.call_all();
RESET ROLE;
DROP INDEX docs.noted;
CREATE INDEX noted ON docs.audit_log (public.noted(id, 'index'));
SET ROLE regress_docs_caller;
SELECT * FROM public.call_all();
RESET ROLE;
DROP INDEX docs.noted;
CREATE TRIGGER noted BEFORE INSERT ON docs.audit_log
    FOR EACH ROW EXECUTE FUNCTION public.note_change('trigger of the trail');
SET ROLE regress_docs_caller;
SELECT * FROM public.call_all();
RESET ROLE;
DROP TRIGGER noted ON docs.audit_log;
ALTER TABLE docs.documents ADD number bigint;
ALTER TABLE docs.documents ALTER number SET DEFAULT public.noted(1, 'default');
SET ROLE regress_docs_caller;
SELECT * FROM public.call_all();
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
SET search_path = public;
RESET ROLE;
ALTER TABLE docs.documents DROP number;
SELECT count(*) > 0 AS seen FROM look();

-- What a trigger of hash_index sets is there for the trail.
CREATE FUNCTION give_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('doc_extractor.reason', 'by a trigger', true);
    RETURN NEW;
END
$$;
CREATE TRIGGER reason BEFORE INSERT ON docs.hash_index
    FOR EACH ROW EXECUTE FUNCTION give_reason();
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('r', 'r', 't');
SELECT count(*)
FROM docs.ingest_documents(ARRAY(SELECT 'r' || i FROM generate_series(1, 20) i),
                           ARRAY(SELECT ('r' || i)::bytea FROM generate_series(1, 20) i),
                           array_fill('t'::text, '{20}'));
SELECT current_setting('doc_extractor.reason') AS reason;
RESET ROLE;
SELECT change_reason, count(*) FROM docs.audit_log WHERE new_value ->> 'file_name' ~ '^r' GROUP BY 1;
DROP TRIGGER reason ON docs.hash_index;

-- A failure, a further one, and a success that heals it.
CREATE TRIGGER noted BEFORE UPDATE ON docs.documents
    FOR EACH ROW EXECUTE FUNCTION note_change('trigger of documents');
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT is_duplicate FROM docs.ingest_document('f', 'f', 't');
RESET ROLE;
SELECT * FROM look();
DROP TRIGGER noted ON docs.documents;

-- A duplicate that resolves a failure, and one at a location.
CREATE TRIGGER noted BEFORE UPDATE ON docs.error_log
    FOR EACH ROW EXECUTE FUNCTION note_change('trigger of failures');
CREATE TRIGGER noted BEFORE INSERT ON docs.document_locations
    FOR EACH ROW EXECUTE FUNCTION note_change('trigger of locations');
SET ROLE regress_docs_caller;
SELECT docs.log_ingestion_error('a', 'type', 'message') > 0 AS logged;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't', location => 'here');
SELECT current_user, current_setting('search_path') AS path, current_setting('work_mem') AS work_mem;
RESET ROLE;
SELECT * FROM look();
DROP TRIGGER noted ON docs.error_log;
DROP TRIGGER noted ON docs.document_locations;

-- A document whose row in hash_index is gone.
CREATE INDEX noted ON docs.hash_index (public.noted(document_id, 'index of a row restored'));
DELETE FROM docs.hash_index
WHERE document_id = (SELECT id FROM docs.documents WHERE file_name = 'a');
DELETE FROM seen;
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;
SELECT * FROM look();
DROP INDEX docs.noted;

-- Equal rows are a matter of the server's operators: an index with others is not searched.
SET ROLE regress_docs_owner;
CREATE FUNCTION compare(text, text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note('operator');
    RETURN bttextcmp($1, $2);
END
$$;
CREATE OPERATOR CLASS odd_ops FOR TYPE text USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 compare(text, text);
CREATE UNIQUE INDEX odd ON docs.hash_index (file_hash odd_ops);
DELETE FROM seen;
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;
SELECT * FROM look();
SELECT format('ALTER TABLE docs.hash_index DROP CONSTRAINT %I', conname)
FROM pg_constraint
WHERE conrelid = 'docs.hash_index'::regclass AND contype = 'u'
\gexec
SET ROLE regress_docs_caller;
SELECT is_duplicate FROM docs.ingest_document('a', 'a', 't');
RESET ROLE;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP TABLE seen CASCADE;
DROP OPERATOR FAMILY odd_ops USING btree;
DROP OPERATOR FAMILY tag_ops USING btree;
DROP OPERATOR FAMILY json_ops USING btree;
DROP FUNCTION note, noted, note_change, compare, compare_tags, label_json,
    compare_json, call_all, give_reason;
DROP TYPE tag, label;
DROP ROLE regress_docs_owner, regress_docs_caller;
