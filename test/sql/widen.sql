-- doc_extractor_widen(): wide types, of a new ledger and of one that came from 1.1; what stands in the
-- way; what stays; mixed types; and the way back to narrow ones.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE widen_owner;
CREATE ROLE widen_reader;
CREATE ROLE widen_friend;
SELECT format('GRANT CREATE ON DATABASE %I TO widen_owner', current_database()) \gexec
CREATE SCHEMA docs AUTHORIZATION widen_owner;
CREATE SCHEMA other AUTHORIZATION widen_owner;
GRANT USAGE ON SCHEMA docs TO widen_reader WITH GRANT OPTION;
GRANT USAGE ON SCHEMA docs TO widen_friend;
-- The types of V001's columns and sequences, and of what statistics have.
CREATE VIEW public.types AS
SELECT string_agg(DISTINCT format_type(a.atttypid, a.atttypmod), ', ') FILTER (WHERE c.relkind = 'r'
        AND a.atttypid IN ('int4'::regtype, 'int8'::regtype)) AS numbers,
    string_agg(DISTINCT format_type(a.atttypid, a.atttypmod), ', ') FILTER (WHERE c.relkind = 'r'
        AND a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)) AS times,
    (SELECT string_agg(DISTINCT data_type::text, ', ') FROM pg_sequences
        WHERE schemaname = 'docs' AND sequencename !~ 'locations|scans') AS sequences,
    string_agg(DISTINCT format_type(a.atttypid, NULL), ', ') FILTER (WHERE c.relkind = 'v'
        AND a.attname IN ('bytes', 'duplicates')) AS sums,
    string_agg(DISTINCT format_type(a.atttypid, NULL), ', ') FILTER (WHERE c.relkind = 'v'
        AND a.attname ~ 'saved') AS saved,
    string_agg(DISTINCT format_type(a.atttypid, NULL), ', ') FILTER (WHERE c.relkind = 'v'
        AND a.attname ~ '_ingestion$') AS view_times
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'docs'::regnamespace AND (c.relname ~ '^ingestion_stats'
    OR c.relname IN ('documents', 'hash_index', 'audit_log', 'error_log')
        AND a.attname NOT IN ('extracted_at'));
GRANT SELECT ON public.types TO widen_owner;
CREATE FUNCTION public.message(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
SET ROLE widen_owner;

-- CREATE EXTENSION makes a wide ledger, an update leaves the types alone.
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SELECT * FROM types;
SELECT detail FROM docs.doc_extractor_verify() WHERE NOT passed OR check_name = 'narrow types';
SELECT * FROM docs.doc_extractor_widen('UTC');
DROP EXTENSION doc_extractor;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT * FROM types;
SELECT detail FROM docs.doc_extractor_verify() WHERE NOT passed OR check_name = 'narrow types';
SET search_path = docs, public;
SELECT document_id FROM ingest_document('a', 'a', 'text/plain');
SELECT duplicate_count FROM ingest_document('a', 'a', 'text/plain');
SELECT log_ingestion_error('b', 'timeout', 'no answer');
SELECT message($$SELECT ingest_hashed_document('c', repeat('c', 64), 5368709120, 't')$$);

-- What stands in the way: named in one error, and in the preview, with what there is to do.
CREATE VIEW other.ids AS SELECT id FROM documents;
CREATE VIEW other.of_ids AS SELECT * FROM other.ids;
CREATE MATERIALIZED VIEW other.numbers AS SELECT documents FROM ingestion_stats_by_type;
CREATE FUNCTION other.stats() RETURNS SETOF ingestion_stats LANGUAGE sql AS 'TABLE docs.ingestion_stats';
CREATE FUNCTION other.last() RETURNS bigint LANGUAGE sql
    BEGIN ATOMIC SELECT max(id) FROM docs.audit_log; END;
CREATE INDEX halves ON documents ((id / 2));
CREATE INDEX large ON documents (file_name) WHERE file_size_bytes > 1000000;
CREATE RULE shout AS ON INSERT TO error_log DO ALSO NOTIFY errors;
CREATE RULE keep AS ON DELETE TO ingestion_stats DO INSTEAD NOTHING;
CREATE FUNCTION other.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER on_count AFTER UPDATE OF duplicate_count ON hash_index
    FOR EACH ROW EXECUTE FUNCTION other.note();
CREATE TRIGGER on_view INSTEAD OF DELETE ON documents_with_locations
    FOR EACH ROW EXECUTE FUNCTION other.note();
ALTER TABLE documents ADD CONSTRAINT not_huge CHECK (file_size_bytes < 2000000000),
    ADD twice integer GENERATED ALWAYS AS (file_size_bytes * 2) STORED;
CREATE POLICY own ON audit_log USING (document_id > 0);
CREATE TABLE other.stats (s ingestion_stats_by_source, d documents[]);
-- These do not.
CREATE INDEX to_retry ON documents (id) WHERE ingestion_status = 'retry';
CREATE INDEX hashes ON documents (lower(file_hash), created_at);
CREATE UNIQUE INDEX pairs ON hash_index (document_id, last_seen);
CREATE STATISTICS docs.together ON id, file_size_bytes FROM documents;
CREATE FUNCTION other.name(documents) RETURNS text LANGUAGE sql AS 'SELECT $1.file_name';
CREATE TABLE other.tags (document_id integer REFERENCES documents (id) ON DELETE CASCADE, tag text);
INSERT INTO other.tags VALUES (1, 'new');
ALTER TABLE documents ALTER id SET STATISTICS 500;
ALTER TABLE documents CLUSTER ON ix_documents_ingestion_timestamp;
SET doc_extractor.allow_data_loss = on;
ALTER TABLE audit_log ALTER action_timestamp TYPE timestamp(3);
RESET doc_extractor.allow_data_loss;
COMMENT ON COLUMN documents.id IS 'the number';
COMMENT ON INDEX ix_documents_ingestion_timestamp IS 'by time';
SELECT action, object, bytes > 0 AS has_size FROM doc_extractor_widen_preview();
SELECT * FROM doc_extractor_widen('Europe/Berlin');
SELECT * FROM types;
DROP VIEW other.ids CASCADE;
DROP MATERIALIZED VIEW other.numbers;
DROP TABLE other.stats;
DROP FUNCTION other.stats(), other.last();
DROP INDEX halves, large;
DROP RULE shout ON error_log;
DROP RULE keep ON ingestion_stats;
DROP TRIGGER on_count ON hash_index;
DROP TRIGGER on_view ON documents_with_locations;
ALTER TABLE documents DROP CONSTRAINT not_huge, DROP twice;
DROP POLICY own ON audit_log;
-- A parent; a child is widened, too.
CREATE TABLE other.parent (id integer NOT NULL);
ALTER TABLE documents INHERIT other.parent;
CREATE TABLE other.child () INHERITS (documents);
SELECT action, object FROM doc_extractor_widen_preview('UTC') WHERE action = 'in the way';
ALTER TABLE documents NO INHERIT other.parent;
CREATE VIEW other.of_child AS SELECT updated_at FROM other.child;
SELECT action, object FROM doc_extractor_widen_preview() WHERE action = 'in the way';
SELECT action, object FROM doc_extractor_widen_preview('UTC') WHERE action = 'in the way';
DROP VIEW other.of_child;

-- Who may: the owner, if the extension is the owner's, too, and superusers.
SELECT message($$SELECT doc_extractor_widen('Mars/Olympus')$$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT message('SELECT doc_extractor_widen()');
COMMIT;
GRANT EXECUTE ON FUNCTION doc_extractor_widen, doc_extractor_widen_preview TO widen_friend;
SET ROLE widen_friend;
SELECT count(*) FROM docs.doc_extractor_widen_preview();
SELECT message('SELECT docs.doc_extractor_widen()');
SET ROLE widen_reader;
SELECT message('SELECT docs.doc_extractor_widen_preview()');
SET ROLE widen_owner;

-- Views keep what is set on them, and other roles' grants their grantor. What default privileges
-- give to a new view is taken away. Numbers go without a time zone, times do not.
GRANT SELECT ON ingestion_stats TO widen_reader WITH GRANT OPTION;
GRANT SELECT (document_id, locations) ON documents_with_locations TO widen_friend;
REVOKE INSERT ON documents_with_locations FROM widen_owner;
SET ROLE widen_reader;
GRANT SELECT ON ingestion_stats TO widen_friend;
SET ROLE widen_owner;
COMMENT ON VIEW ingestion_stats IS 'our numbers';
COMMENT ON COLUMN ingestion_stats_by_type.bytes IS 'octets';
ALTER VIEW ingestion_stats_by_type SET (security_barrier);
ALTER VIEW documents_with_locations ALTER locations SET DEFAULT 0;
ALTER DEFAULT PRIVILEGES IN SCHEMA docs GRANT SELECT ON TABLES TO PUBLIC, widen_friend;
ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM widen_owner;
CREATE TEMPORARY VIEW settings AS
SELECT c.relname, c.relowner::regrole, c.relacl, c.reloptions,
    (SELECT string_agg(concat(a.attname, a.attacl), ' ') FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) AS columns,
    md5(string_agg(concat(d.objsubid, d.description), ' ' ORDER BY d.objsubid)) AS comments,
    (SELECT count(*) FROM pg_attrdef AS f WHERE f.adrelid = c.oid) AS defaults,
    (SELECT count(*) FROM pg_depend AS e WHERE e.objid = c.oid AND e.deptype = 'e') AS members,
    (SELECT initprivs FROM pg_init_privs AS i WHERE i.objoid = c.oid) AS initial
FROM pg_class AS c
LEFT JOIN pg_description AS d ON d.objoid = c.oid
WHERE c.relnamespace = 'docs'::regnamespace AND c.relkind = 'v'
GROUP BY c.oid;
CREATE TEMPORARY TABLE settings_before AS TABLE settings;
CREATE TEMPORARY TABLE numbers AS SELECT oid AS id, relname FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relkind = 'v';
SELECT action, object FROM doc_extractor_widen();
SELECT * FROM types;
-- In Berlin, the clock went from 3 to 2 at 01:00 UTC on 27 October 2024. An hour that came twice is
-- taken for the second one.
UPDATE documents SET created_at = '2024-10-27 02:30';
UPDATE hash_index SET first_seen = '2024-07-01 12:00';
CREATE TEMPORARY TABLE times AS SELECT ingestion_timestamp FROM documents;
SELECT action, object FROM doc_extractor_widen('Europe/Berlin');
SELECT * FROM types;
SELECT * FROM doc_extractor_widen('Europe/Berlin');
SELECT created_at, first_seen, d.ingestion_timestamp = t.ingestion_timestamp AT TIME ZONE 'Europe/Berlin' AS same
FROM documents AS d, hash_index AS h, times AS t;
ALTER DEFAULT PRIVILEGES IN SCHEMA docs REVOKE SELECT ON TABLES FROM PUBLIC, widen_friend;
ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO widen_owner;
-- Nothing is different. A list of rights that was not there may say what the owner has.
SELECT relname, b.relacl IS NULL AND s.relacl = acldefault('r', s.relowner) AS has_defaults
FROM settings AS s JOIN settings_before AS b USING (relname)
WHERE s.relacl IS DISTINCT FROM b.relacl ORDER BY 1;
SELECT count(*), bool_and(ROW(s.relowner, s.reloptions, s.columns, s.comments, s.defaults, s.members)
    IS NOT DISTINCT FROM ROW(b.relowner, b.reloptions, b.columns, b.comments, b.defaults, b.members))
FROM settings AS s JOIN settings_before AS b USING (relname);
-- No dump takes a right for one that the extension gives.
SELECT relname, initial = acldefault('r', relowner) AS has_defaults FROM settings
WHERE initial IS NOT NULL ORDER BY 1;
SELECT count(*) FROM numbers AS n JOIN pg_class AS c ON c.oid = n.id;
SELECT attstattarget, col_description(attrelid, attnum),
    obj_description('ix_documents_ingestion_timestamp'::regclass),
    (SELECT indisclustered FROM pg_index
        WHERE indexrelid = 'ix_documents_ingestion_timestamp'::regclass) AS is_clustered
FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attname = 'id';
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'audit_log'::regclass AND attname = 'action_timestamp';
SELECT indexdef FROM pg_indexes WHERE indexname IN ('to_retry', 'hashes', 'pairs') ORDER BY 1;
SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxname = 'together';
SELECT conname, confrelid::regclass, convalidated FROM pg_constraint WHERE conrelid = 'other.tags'::regclass;
SELECT format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = 'other.child'::regclass AND attname = 'file_size_bytes';
DROP TABLE other.child, other.parent;
DROP INDEX hashes, pairs;
DROP STATISTICS together;
SELECT check_name, detail FROM doc_extractor_verify()
WHERE NOT passed OR check_name = 'narrow types';
ALTER VIEW ingestion_stats_by_type RESET (security_barrier);
ALTER TABLE audit_log ALTER action_timestamp TYPE timestamptz;
-- The guard is as it was.
ALTER TABLE documents ALTER file_size_bytes TYPE integer;
ALTER TABLE documents ALTER created_at TYPE timestamptz USING now();

-- A superuser does it for an owner who cannot, as the extension is not the owner's.
SET doc_extractor.allow_data_loss = on;
RESET ROLE;
DROP EXTENSION doc_extractor CASCADE;
SET ROLE widen_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
GRANT SELECT ON ingestion_stats TO widen_reader WITH GRANT OPTION;
SET ROLE widen_reader;
GRANT SELECT ON ingestion_stats TO widen_friend;
RESET ROLE;
SELECT count(*) FROM docs.doc_extractor_widen('UTC');
SELECT relname, relowner::regrole, (SELECT string_agg(concat(x.privilege_type, ' to ',
        x.grantee::regrole, ' by ', x.grantor::regrole), ', ')
    FROM aclexplode(relacl) AS x WHERE x.grantee <> relowner) AS others
FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relkind = 'v' ORDER BY 1;
SET ROLE widen_owner;
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

-- Numbers beyond 2^31, and 5 GB, wherever they go in or come out.
SELECT setval('documents_id_seq', 5000000000), setval('hash_index_id_seq', 6000000000),
    setval('audit_log_id_seq', 7000000000), setval('error_log_id_seq', 8000000000),
    setval('document_locations_id_seq', 9000000000);
SELECT document_id, duplicate_count FROM ingest_document('a', 'a', 't', location => '/a');
SELECT document_id FROM ingest_hashed_document('b', repeat('b', 64), 5368709120, 't',
    location => '/b', ingestion_status => 'retry');
SELECT document_id FROM ingest_documents('{c,d}', '{c,d}', '{t,t}');
SELECT document_id FROM ingest_hashed_documents('{e,f}', ARRAY[repeat('e', 64), repeat('f', 64)],
    '{5368709120,9223372036854775807}', '{t,t}');
SELECT document_id FROM try_ingest_document('g', 'g', 't');
SELECT error_id FROM try_ingest_document('g', 'g', ' ');
SELECT log_failed_document('h', 'timeout', 'no answer'), log_ingestion_error('h', 'timeout', 'none');
SELECT resolve_ingestion_error(8000000001, 'gone');
INSERT INTO document_inbox (file_name, content, file_type) VALUES ('i', 'i', 't'), ('a', 'a', 't');
SELECT lo_from_bytea(0, 'j') AS j \gset
SELECT document_id FROM ingest_large_object(:j, 'j', 't');
SELECT lo_unlink(:j);
SELECT record_document_event(5000000002, 'tagged', NULL, '"x"');
SELECT * FROM record_extraction(5000000002, 'text', NULL, 'an extractor');
UPDATE hash_index SET duplicate_count = 4000000000 WHERE document_id = 5000000001;
SELECT duplicate_count FROM ingest_document('a', 'a', 't');
SELECT duplicate_count FROM ingest_documents('{a,a}', '{a,a}', '{t,t}');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('k', 5368709120, repeat('0', 64), 't', 's');
UPDATE documents SET file_size_bytes = 6442450944, id = id WHERE file_name = 'k';
UPDATE documents SET file_hash = repeat('1', 64) WHERE file_name = 'k';
DELETE FROM documents WHERE file_name = 'k';
SELECT vanished_locations FROM finish_scan('manual', '/', now() + '0 s', 2, 2, 0, 0, '{9000000002}');
SELECT id, file_name, file_size_bytes FROM documents ORDER BY id;
SELECT id, document_id, duplicate_count FROM hash_index ORDER BY id;
SELECT id, document_id, action, coalesce(new_value, old_value)->'file_size_bytes' AS size
FROM audit_log ORDER BY id;
SELECT id, file_name, retry_attempted, resolution_notes FROM error_log ORDER BY id;
SELECT id, location, document_id, size_bytes FROM document_locations ORDER BY id;
SELECT bytes FROM ingestion_stats;
DELETE FROM documents WHERE file_name = 'f';
SELECT documents, bytes, duplicates, bytes_saved FROM ingestion_stats;
SELECT document_id, file_size_bytes, locations FROM documents_with_locations LIMIT 2;
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

-- Back to 1.1: not with what does not fit.
RESET doc_extractor.allow_data_loss;
SELECT message($$ALTER EXTENSION doc_extractor UPDATE TO '1.1'$$);
CREATE VIEW other.ids AS SELECT id FROM documents;
CREATE VIEW other.stats AS TABLE ingestion_stats;
SELECT message($$ALTER EXTENSION doc_extractor UPDATE TO '1.1'$$);
DROP VIEW other.ids, other.stats;
SET doc_extractor.allow_data_loss = on;
SET timezone = 'Europe/Berlin';
UPDATE documents SET created_at = '2024-10-27 00:30+00' WHERE file_name = 'c';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM types;
SELECT created_at FROM documents WHERE file_name = 'c';
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;
SELECT document_id FROM ingest_document('l', 'l', 't');
-- Sums keep their type, whatever it is.
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT * FROM types;
SELECT count(*) FROM doc_extractor_widen('Europe/Berlin');
SELECT * FROM types;
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

-- All fits, in a zone that has every hour once.
RESET ROLE;
DROP EXTENSION doc_extractor CASCADE;
SET ROLE widen_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
SELECT document_id FROM ingest_document('a', 'a', 't');
UPDATE documents SET created_at = '2024-10-27 00:30+00';
RESET doc_extractor.allow_data_loss;
SELECT message($$ALTER EXTENSION doc_extractor UPDATE TO '1.1'$$);
SET timezone = 'UTC';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT * FROM types;
SELECT created_at FROM documents;
SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed;

-- Mixed: all wide, numbers or times alone, every other column. What the functions, triggers and
-- views do is always the same.
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
TRUNCATE documents, hash_index, audit_log, error_log RESTART IDENTITY;
CREATE TEMPORARY TABLE changed (n int, name text, col text, type text);
INSERT INTO changed
SELECT row_number() OVER (ORDER BY table_name, ordinal_position), table_name, column_name,
    CASE data_type WHEN 'integer' THEN 'bigint' ELSE 'timestamptz' END
FROM information_schema.columns
WHERE table_schema = 'docs' AND table_name IN ('documents', 'hash_index', 'audit_log', 'error_log')
    AND data_type IN ('integer', 'timestamp without time zone');
CREATE FUNCTION other.work() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM setval(s::regclass, 1, false) FROM unnest('{documents_id_seq,hash_index_id_seq,
        audit_log_id_seq,error_log_id_seq,document_locations_id_seq,scans_id_seq}'::text[]) AS s;
    PERFORM ingest_document('a', 'a', 't', location => '/a');
    PERFORM ingest_document('a', 'a', 't');
    PERFORM ingest_documents('{a,b,c,b}', '{a,b,c,b}', '{t,t,t,t}');
    PERFORM ingest_hashed_document('d', repeat('d', 64), 7, 't', ingestion_status => 'retry');
    PERFORM ingest_hashed_document('d', repeat('d', 64), 7, 't', document_text => 'd');
    PERFORM error_id FROM try_ingest_document('e', 'e', ' ');
    PERFORM error_id FROM try_ingest_document('e', 'e', 't');
    PERFORM resolve_ingestion_error(log_ingestion_error('f', 'x', 'y'), 'z');
    INSERT INTO document_inbox (file_name, content, file_type) VALUES ('g', 'g', 't'), ('a', 'a', 't');
    PERFORM record_document_event(1, 'tagged');
    PERFORM record_extraction(1, 'text', NULL, 'x');
    PERFORM finish_scan('manual', '/', now(), 1, 1, 0, 0);
    INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES ('h', 1, repeat('0', 64), 't', 's');
    UPDATE documents SET file_hash = repeat('1', 64), file_size_bytes = 2 WHERE file_name = 'h';
    DELETE FROM documents WHERE file_name = 'c';
    IF NOT (SELECT bool_and(d.created_at = now() AND h.first_seen = now() AND h.last_seen = now())
            FROM documents AS d JOIN hash_index AS h ON h.document_id = d.id) THEN
        RETURN 'other times';
    END IF;
    SELECT concat_ws(' ',
        (SELECT string_agg(concat(id, file_name, file_size_bytes), ',' ORDER BY id) FROM documents),
        (SELECT string_agg(concat(document_id, 'x', duplicate_count), ',' ORDER BY id) FROM hash_index),
        (SELECT md5(string_agg(concat(document_id, action,
                regexp_replace(concat(old_value, new_value), '"\w+":"[^"]*T[^"]*"', '', 'g')), ',' ORDER BY id))
            FROM audit_log),
        (SELECT string_agg(concat(id, resolution_notes), ',' ORDER BY id) FROM error_log),
        (SELECT ROW(documents, bytes, duplicates, bytes_saved)::text FROM ingestion_stats),
        (SELECT string_agg(check_name || ': ' || detail, ' ') FROM doc_extractor_verify()
            WHERE NOT passed AND check_name NOT IN ('documents have a trail', 'trail has documents')))
        INTO result;
    RETURN result;
END
$$;
CREATE FUNCTION other.try(which text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT format('ALTER TABLE docs.%I ALTER %I TYPE %s', name, col, type)
        FROM changed WHERE name || '.' || col = ANY (which) LOOP
        EXECUTE statement;
    END LOOP;
    ALTER EXTENSION doc_extractor UPDATE TO '1.2';
    RAISE '%', other.work();
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END
$$;
SET timezone = 'Asia/Kolkata';
SELECT other.try('{}') AS narrow \gset
SELECT :'narrow' AS narrow;
SELECT other.try(array_agg(name || '.' || col)) = :'narrow' AS wide,
    other.try(array_agg(name || '.' || col) FILTER (WHERE type = 'bigint')) = :'narrow' AS numbers,
    other.try(array_agg(name || '.' || col) FILTER (WHERE type <> 'bigint')) = :'narrow' AS times,
    other.try(array_agg(name || '.' || col) FILTER (WHERE n % 2 = 0)) = :'narrow' AS even,
    other.try(array_agg(name || '.' || col) FILTER (WHERE n % 2 = 1)) = :'narrow' AS odd
FROM changed;

-- TimeZone's values, some of which AT TIME ZONE takes otherwise, or not at all: a number is hours.
RESET ROLE;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor CASCADE;
RESET doc_extractor.allow_data_loss;
SET ROLE widen_owner;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SET timezone = '-7';
SELECT document_id FROM ingest_document('a', 'a', 't');
UPDATE documents SET created_at = '2024-07-01 12:00';
SELECT message($$SELECT doc_extractor_widen('CEST')$$);
SELECT message($$SELECT doc_extractor_widen_preview('')$$);
SELECT count(*) FROM doc_extractor_widen('-7');
SELECT created_at, created_at AT TIME ZONE 'UTC' AS utc FROM documents;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT created_at FROM documents;

-- Constants in a user's view stay what they are, however the session shows them.
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SET timezone = 'UTC';
SET datestyle = 'SQL, DMY';
SET extra_float_digits = -15;
CREATE OR REPLACE VIEW location_history AS
SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at, l.fingerprint, l.size_bytes,
    l.seen_at, timestamptz '2024-07-01 06:30+00' AS replaced_at, float8 '0.1234567890123456' AS number
FROM document_locations AS l, documents AS d WHERE d.id > 0;
SET timezone = 'Asia/Kolkata';
SELECT count(*) FROM doc_extractor_widen('UTC');
SET datestyle = ISO;
RESET extra_float_digits;
SET timezone = 'UTC';
SELECT pg_get_viewdef('location_history') ~ '2024-07-01 06:30:00\+00' AS has_time,
    pg_get_viewdef('location_history') ~ '0\.1234567890123456' AS has_number;
RESET datestyle;

-- What an owner wrote never runs as a superuser who widens the ledger, and not in a script either:
-- the check of a domain, in a constant of a view or of a default; a cast of a foreign key; a function in
-- an index.
RESET ROLE;
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor CASCADE;
RESET doc_extractor.allow_data_loss;
SET ROLE widen_owner;
CREATE FUNCTION other.is_safe(integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'widen_owner' THEN
        RAISE 'run as %', current_user;
    END IF;
    RETURN true;
END
$$;
CREATE DOMAIN other.number AS integer CHECK (other.is_safe(VALUE));
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER VIEW ingestion_stats ALTER bytes SET DEFAULT ('{1}'::other.number[])[1];
BEGIN;
ALTER TABLE documents ALTER id SET STATISTICS 77;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT * FROM types;
ROLLBACK;
DROP EXTENSION doc_extractor;
CREATE TYPE other.key AS ENUM ('a');
CREATE FUNCTION other.to_number(other.key) RETURNS integer LANGUAGE plpgsql AS
    'BEGIN PERFORM other.is_safe(1); RETURN 1; END';
CREATE FUNCTION other.to_bigint(other.key) RETURNS bigint LANGUAGE plpgsql AS
    'BEGIN PERFORM other.is_safe(1); RETURN 1; END';
CREATE CAST (other.key AS integer) WITH FUNCTION other.to_number AS IMPLICIT;
CREATE CAST (other.key AS bigint) WITH FUNCTION other.to_bigint AS IMPLICIT;
CREATE TABLE other.keys (id other.key);
INSERT INTO other.keys VALUES ('a');
BEGIN;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER VIEW ingestion_stats ALTER bytes SET DEFAULT ('{1}'::other.number[])[1];
ALTER TABLE other.keys ADD FOREIGN KEY (id) REFERENCES documents (id) NOT VALID;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT numbers, times FROM types;
ROLLBACK;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER VIEW ingestion_stats ALTER bytes SET DEFAULT ('{1}'::other.number[])[1];
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
CREATE OR REPLACE VIEW location_history AS
SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at, l.fingerprint, l.size_bytes,
    l.seen_at, l.seen_at AS replaced_at, '{1}'::other.number[] AS numbers
FROM document_locations AS l, documents AS d WHERE d.id > 0;
RESET ROLE;
SELECT count(*) FROM docs.doc_extractor_widen('UTC');
SET ROLE widen_owner;
SELECT * FROM types;
-- A schema that a function of the owner renames, so that a script would call the owner's functions.
CREATE FUNCTION other.swap() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('widen.swap', true) = 'on' THEN
        SET LOCAL widen.swap = off;
        ALTER SCHEMA docs RENAME TO hidden;
        CREATE SCHEMA docs;
        CREATE FUNCTION docs.run_as_owner(text) RETURNS bigint LANGUAGE plpgsql AS
            'BEGIN PERFORM other.is_safe(1); RETURN 0; END';
        CREATE FUNCTION docs.narrow_types(boolean) RETURNS void LANGUAGE plpgsql AS
            'BEGIN PERFORM other.is_safe(1); END';
    END IF;
    RETURN 'x';
END
$$;
CREATE FUNCTION other.constant() RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN RETURN other.swap(); END';
CREATE INDEX swapped ON scans ((root || other.constant()));
SET widen.swap = on;
RESET ROLE;
SELECT message($$ALTER EXTENSION doc_extractor UPDATE TO '1.1'$$);
SET ROLE widen_owner;
DROP INDEX swapped;
RESET widen.swap;
-- An owner without the right to make views is told before anything is rewritten.
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
RESET doc_extractor.allow_data_loss;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
RESET ROLE;
ALTER SCHEMA docs OWNER TO current_user;
REVOKE CREATE ON SCHEMA docs FROM widen_owner;
GRANT USAGE ON SCHEMA docs TO widen_owner;
SELECT message('SELECT docs.doc_extractor_widen()');
GRANT CREATE ON SCHEMA docs TO widen_owner;
SELECT count(*) FROM docs.doc_extractor_widen();

RESET ROLE;
SET client_min_messages = error;
DROP EXTENSION doc_extractor CASCADE;
DROP SCHEMA docs, other CASCADE;
DROP VIEW IF EXISTS public.types;
DROP FUNCTION public.message;
DROP OWNED BY widen_owner, widen_reader, widen_friend;
DROP ROLE widen_owner, widen_reader, widen_friend;
