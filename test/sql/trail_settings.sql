-- The trail has one form for each value, whatever the settings of the session that writes it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;

CREATE TYPE visit AS (at timestamptz, lasted interval, share float8, key bytea);
CREATE DOMAIN moment AS timestamptz;
-- A type whose cast to json shows the settings under which it runs.
CREATE TYPE probe AS ENUM ('probe');
CREATE FUNCTION probe_to_json(probe) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_object_agg(name, current_setting(name) ORDER BY position)
    FROM unnest(ARRAY['TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits',
                      'bytea_output', 'lc_monetary', 'xmlbinary', 'quote_all_identifiers'])
        WITH ORDINALITY AS s (name, position)
$$;
CREATE CAST (probe AS json) WITH FUNCTION probe_to_json(probe);
-- A column for every type whose text depends on a setting, alone and inside of others.
CREATE TABLE user_columns (position int, name text, type text, value text);
INSERT INTO user_columns SELECT row_number() OVER (), * FROM (VALUES
    ('timestamptz', 'timestamptz', '2001-02-03 04:05:06.789+05:30'),
    ('timestamp', 'timestamp', '2001-02-03 04:05:06'),
    ('date', 'date', '2001-02-03'), ('time', 'time', '04:05:06'),
    ('timetz', 'timetz', '04:05:06+02'),
    ('interval', 'interval', 'P1Y2M3DT4H5M6.7S'), ('negative', 'interval', 'P-1Y2M-3DT-4H'),
    ('float4', 'float4', '0.1'), ('float8', 'float8', '0.30000000000000004'),
    ('point', 'point', '(0.30000000000000004,1e-300)'), ('bytea', 'bytea', '\x00ff5c41'),
    ('money', 'money', '1234.5'), ('domain', 'moment', '2001-02-03 04:05:06+00'),
    ('times', 'timestamptz[]', '{2001-02-03 04:05:06+00,infinity}'),
    ('dates', 'date[]', '{2001-02-03}'), ('intervals', 'interval[]', '{P1Y2M3DT4H5M6.7S}'),
    ('floats', 'float8[]', '{0.30000000000000004}'), ('keys', 'bytea[]', '{"\\x00ff5c41"}'),
    ('time_range', 'tstzrange', '[2001-02-03 04:05:06+00,2002-02-03 04:05:06+00)'),
    ('date_range', 'daterange', '[2001-02-03,2002-02-03)'),
    ('time_ranges', 'tstzmultirange', '{[2001-02-03 04:05:06+00,2002-02-03 04:05:06+00)}'),
    ('visit', 'visit', '("2001-02-03 04:05:06+00",P1Y2M3DT4H,0.30000000000000004,"\\x00ff")'),
    ('visits', 'visit[]', '{"(\"2001-02-03 04:05:06+00\",P1DT4H,0.1,\"\\\\x00ff\")"}'),
    ('class', 'regclass', 'docs.documents'), ('type_of', 'regtype', 'docs.visit'),
    ('function', 'regprocedure', 'docs.probe_to_json(docs.probe)'),
    ('numeric', 'numeric', '1234.50'), ('probe', 'probe', 'probe')
    ) AS v;
SELECT string_agg(format('ADD %I %s', name, type), ', ' ORDER BY position) AS columns,
       string_agg(format('%I = %L', name, value), ', ' ORDER BY position) AS assignments,
       string_agg(format('%I = NULL', name), ', ' ORDER BY position) AS nulls
FROM user_columns \gset
ALTER TABLE documents :columns;

CREATE TABLE session_settings (name text, value text);
INSERT INTO session_settings VALUES ('application_name', 'as it is'),
    ('TimeZone', 'UTC'), ('TimeZone', 'Asia/Kolkata'), ('TimeZone', 'America/New_York'),
    ('DateStyle', 'ISO, DMY'), ('DateStyle', 'ISO, YMD'), ('DateStyle', 'SQL, DMY'),
    ('DateStyle', 'SQL, MDY'), ('DateStyle', 'German'), ('DateStyle', 'Postgres, DMY'),
    ('IntervalStyle', 'sql_standard'), ('IntervalStyle', 'postgres'),
    ('IntervalStyle', 'postgres_verbose'), ('IntervalStyle', 'iso_8601'),
    ('extra_float_digits', '-15'), ('extra_float_digits', '0'), ('extra_float_digits', '1'),
    ('extra_float_digits', '3'), ('bytea_output', 'hex'), ('bytea_output', 'escape'),
    ('lc_monetary', 'C'), ('lc_monetary', 'POSIX'), ('xmlbinary', 'hex'), ('xmlbinary', 'base64'),
    ('quote_all_identifiers', 'on'), ('quote_all_identifiers', 'off'),
    ('search_path', ''), ('search_path', 'docs'), ('search_path', 'pg_catalog, public');
-- The row as it is written: by UPDATE, DELETE and INSERT, under each of the settings.
CREATE FUNCTION write_under(name text, value text, statements text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    before text := current_setting(name);
    statement text;
BEGIN
    PERFORM set_config(name, value, true);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM set_config(name, before, true);
END
$$;
-- Returns what a value of the trail has of the user's columns.
CREATE FUNCTION user_columns_of(recorded json) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(name || ': ' || coalesce((recorded -> name)::text, 'missing'), E'\n'
                      ORDER BY position)
    FROM docs.user_columns
$$;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('kept', 1, 'kept', 't', 's');
UPDATE documents SET :assignments;
CREATE TABLE template AS TABLE documents;
DELETE FROM documents;
SELECT max(id) AS mark FROM audit_log \gset
SELECT count(write_under(name, value, ARRAY[
    'INSERT INTO docs.documents SELECT * FROM docs.template',
    'DELETE FROM docs.documents'])) FROM session_settings;
CREATE TABLE by_insert AS SELECT * FROM audit_log WHERE id > :mark;
SELECT action, count(*) AS rows,
       count(DISTINCT user_columns_of(coalesce(new_value, old_value))) AS forms
FROM by_insert GROUP BY action ORDER BY action DESC;
SELECT name, new_value -> name AS json
FROM user_columns, (SELECT new_value FROM by_insert WHERE action = 'ingested' LIMIT 1) AS a
ORDER BY position;
-- The other way round: the values change.
INSERT INTO documents SELECT * FROM template;
SELECT max(id) AS mark FROM audit_log \gset
SELECT format('UPDATE docs.documents SET %s', :'nulls') AS clear,
       format('UPDATE docs.documents d SET (%1$s) = (SELECT %1$s FROM docs.template)',
              string_agg(quote_ident(name), ', ' ORDER BY position)) AS fill
FROM user_columns \gset
SELECT count(write_under(name, value, ARRAY[:'clear', :'fill'])) FROM session_settings;
SELECT count(*) AS rows,
       count(DISTINCT old_value::text) FILTER (WHERE old_value ->> 'date' <> '') AS old_forms,
       count(DISTINCT new_value::text) FILTER (WHERE new_value ->> 'date' <> '') AS new_forms
FROM audit_log WHERE id > :mark;
SELECT count(DISTINCT user_columns_of(value)) AS forms
FROM (SELECT new_value FROM by_insert WHERE action = 'ingested' UNION ALL
      SELECT old_value FROM by_insert WHERE action = 'deleted' UNION ALL
      SELECT new_value FROM audit_log
      WHERE id > :mark AND new_value ->> 'probe' IS NOT NULL UNION ALL
      SELECT old_value FROM audit_log WHERE id > :mark AND old_value ->> 'probe' IS NOT NULL)
    AS v (value);
-- So have the lengths and hashes of values that are too long.
SET doc_extractor.audit_value_limit = 1;
SELECT max(id) AS mark FROM audit_log \gset
SELECT count(write_under(name, value, ARRAY[:'clear', :'fill'])) FROM session_settings;
SELECT count(DISTINCT new_value::text) AS forms,
       min(new_value -> 'interval' ->> 'length') AS interval_length,
       bool_and(new_value -> 'interval' ->> 'sha256'
                = encode(sha256('1 year 2 mons 3 days 04:05:06.7'), 'hex')) AS interval_hash,
       bool_and(new_value -> 'bytea' ->> 'sha256'
                = encode(sha256('\x00ff5c41'), 'hex')) AS bytea_hash
FROM audit_log WHERE id > :mark AND new_value -> 'probe' ->> 'length' IS NOT NULL;
RESET doc_extractor.audit_value_limit;

-- A value that cannot be written leaves the session's settings as they were,
SET TimeZone = 'Asia/Kolkata';
SET IntervalStyle = 'iso_8601';
CREATE OR REPLACE FUNCTION probe_to_json(probe) RETURNS json LANGUAGE sql STABLE AS
    $$ SELECT json_build_object('x', 1 / length('')) $$;
UPDATE documents SET probe = NULL, "interval" = 'P1D';
SHOW TimeZone;
SHOW IntervalStyle;
-- as does one that can.
UPDATE documents SET "interval" = 'P1D', "timestamptz" = '2001-02-03 00:00+05:30';
SHOW TimeZone;
SHOW IntervalStyle;
SELECT new_value::text FROM audit_log ORDER BY id DESC LIMIT 1;
SELECT "interval", "timestamptz" FROM documents;
-- A setting that changes for the statement only.
BEGIN;
SET LOCAL TimeZone = 'America/New_York';
UPDATE documents SET "timestamptz" = '2001-02-03 12:00+00';
SHOW TimeZone;
ROLLBACK;
SHOW TimeZone;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
