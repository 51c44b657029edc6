-- The trail's values are valid JSON, and equal to what to_json() makes under fixed settings, for
-- every value and type.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs, public;

-- Texts of all kinds, in all the text columns.
CREATE TABLE texts (label text PRIMARY KEY, value text);
INSERT INTO texts VALUES ('quotes', 'say "yes" and ''no'''), ('backslash', 'C:\new\u0041\'),
    ('slash', '</script>'), ('emoji', '😀 👩‍👩‍👧'), ('accents', 'Größe, naïve'),
    ('wide', '日本語'), ('braces', '{"a": [1, null]}'), ('empty', ''), ('blanks', '  '),
    ('line separators', U&'\2028\2029'), ('last code point', U&'\+10FFFF'), ('word null', 'null'),
    ('a number', '-0.5e-3'), ('NBSP', U&'\00A0');
-- Every control character of ASCII, alone and between letters, and all of them together.
INSERT INTO texts SELECT 'control ' || lpad(i::text, 3, '0'), chr(i) FROM generate_series(1, 31) i;
INSERT INTO texts
SELECT 'between ' || lpad(i::text, 3, '0'), 'a' || chr(i) || 'b' FROM generate_series(1, 31) i;
INSERT INTO texts SELECT 'all', string_agg(chr(i), '' ORDER BY i) FROM generate_series(1, 255) i;
INSERT INTO texts VALUES ('control 127', chr(127)), ('next line', chr(133));
SELECT count(*) FROM texts;
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                       document_text, error_message)
SELECT label, 1, md5(label), label, value, value, value FROM texts;
-- Read back as JSON, each equals the original text; and its form equals to_json()'s, byte by byte.
SELECT count(*) AS rows,
       count(*) FILTER (WHERE a.new_value ->> 'document_text' = t.value
                          AND a.new_value ->> 'ingestion_source' = t.value
                          AND a.new_value ->> 'error_message' = t.value
                          AND a.new_value ->> 'file_name' = t.label) AS equal,
       count(*) FILTER (WHERE (a.new_value -> 'document_text')::text = to_json(t.value)::text)
           AS same_form
FROM audit_log a JOIN documents d ON d.id = a.document_id JOIN texts t ON t.label = d.file_name;
-- Some of them, to look at.
SELECT t.label, a.new_value -> 'document_text' AS json
FROM audit_log a JOIN documents d ON d.id = a.document_id JOIN texts t ON t.label = d.file_name
WHERE t.label IN ('quotes', 'backslash', 'slash', 'accents', 'braces', 'empty', 'word null',
                  'between 001', 'between 008', 'between 009', 'between 010', 'between 012',
                  'between 013', 'between 031')
ORDER BY t.label COLLATE "C";
-- Both sides of an update, too.
UPDATE documents d SET document_text = '"' || t.value || '\' FROM texts t
WHERE t.label = d.file_name;
SELECT count(*) AS rows,
       count(*) FILTER (WHERE a.old_value ->> 'document_text' = t.value
                          AND a.new_value ->> 'document_text' = '"' || t.value || '\') AS equal,
       count(*) FILTER (WHERE a.old_value::text = '{"document_text":' || to_json(t.value) || '}')
           AS alone
FROM audit_log a JOIN documents d ON d.id = a.document_id JOIN texts t ON t.label = d.file_name
WHERE a.action = 'updated';

-- Numbers are JSON numbers.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
SELECT 'number', n, n::text, 't', 's' FROM unnest(ARRAY[0, -1, 2147483647, -2147483648]) n;
SELECT new_value -> 'file_size_bytes' AS size, json_typeof(new_value -> 'file_size_bytes') AS type
FROM audit_log a JOIN documents d ON d.id = a.document_id
WHERE d.file_name = 'number' ORDER BY d.file_size_bytes;

-- JSON is stored as it is written, with its blanks, its duplicate keys and their order.
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
                       metadata_extracted)
SELECT 'json ' || i, 1, 'json' || i, 't', 's', v::json
FROM (VALUES (1, '{"b" : 1,  "a":[ ], "b": "\u00e9\n"}'), (2, ' 1e400 '), (3, 'null'),
             (4, '"\"\\"'), (5, E'[\n 1,\t2\n]'), (6, 'true')) AS j (i, v);
SELECT d.file_name, (a.new_value -> 'metadata_extracted')::text AS json,
       json_typeof(a.new_value -> 'metadata_extracted') AS type,
       (a.new_value -> 'metadata_extracted')::text =
           btrim(d.metadata_extracted::text, E' \n\t') AS same
FROM audit_log a JOIN documents d ON d.id = a.document_id
WHERE d.file_name LIKE 'json%' ORDER BY d.file_name;
-- JSON's null is a value; SQL's NULL is not.
UPDATE documents SET metadata_extracted = NULL WHERE file_name = 'json 3';
SELECT old_value, new_value FROM audit_log ORDER BY id DESC LIMIT 1;
UPDATE documents SET metadata_extracted = 'null' WHERE file_name = 'json 3';
SELECT count(*)
FROM audit_log a JOIN documents d ON d.id = a.document_id WHERE d.file_name = 'json 3';

-- Columns of users' types, each value beside what to_json() makes of it.
CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'happy');
CREATE TYPE place AS (shelf int, box text, note json);
CREATE DOMAIN page_count AS int CHECK (VALUE >= 0);
CREATE DOMAIN note AS text;
CREATE DOMAIN small_note AS note CHECK (length(VALUE) < 100);
CREATE DOMAIN facts AS json;
CREATE TABLE user_values (number int, type text, value text);
INSERT INTO user_values SELECT row_number() OVER (), * FROM (VALUES
    ('numeric', 'NaN'), ('numeric', '-0.00'), ('numeric', '123456789012345678901234567890.10'),
    ('float8', 'NaN'), ('float8', '-Infinity'), ('float8', '1e-300'), ('float4', '0.1'),
    ('int2', '-32768'), ('int4', '-5'), ('int8', '-9223372036854775808'), ('oid', '4294967295'),
    ('money', '1.50'),
    ('bool', 't'), ('bool', 'f'),
    ('timestamptz', '2001-02-03 04:05:06.789+05:30'), ('timestamptz', '-infinity'),
    ('timestamp', '2001-02-03 04:05:06'), ('timestamp', 'infinity'),
    ('date', '2001-02-03'), ('date', 'infinity'), ('date', '0044-03-15 BC'),
    ('time', '04:05:06.7'), ('timetz', '04:05:06+02'), ('interval', '1 year 2 days -3 hours'),
    ('int[]', '{1,NULL,3}'), ('int[]', '{{1,2},{3,4}}'), ('int[]', '{}'),
    ('text[]', '{"a \"b\"",NULL,"NULL","\\"}'), ('json[]', '{"{\"a\": 1}",NULL}'),
    ('jsonb', '{"b": 1, "a": [null, "\u00e9"]}'), ('jsonb', 'null'), ('json', ' [1, 2] '),
    ('uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), ('bytea', '\x00ff22'), ('bytea', '\x'),
    ('inet', '192.168.0.1/24'), ('macaddr', '08:00:2b:01:02:03'), ('bit(4)', '1010'),
    ('tsvector', '''a'':1 ''b"'':2'), ('tsquery', '''a'' & ''b'''),
    ('int4range', '[1,10)'), ('point', '(1,2)'), ('char(5)', 'ab'), ('"char"', 'x'),
    ('name', 'a "name"'), ('varchar', 'x'), ('text', 'y'),
    ('mood', 'so "so"'), ('place', '(1,"a ""b""","{""x"": 1}")'), ('place', '(,,)'),
    ('place[]', '{"(1,b,)"}'),
    ('page_count', '12'), ('note', 'a "note"'), ('small_note', 'x\y'),
    ('facts', '{"f":  [1]}')) AS v;
-- Returns what to_json() makes of a value under the settings that the trail has.
CREATE FUNCTION expected_json(type text, value text) RETURNS text LANGUAGE plpgsql
    SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 1 SET bytea_output = 'hex' SET lc_monetary = 'C'
    SET xmlbinary = 'base64' SET quote_all_identifiers = off AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT to_json(%L::%s)::text', value, type) INTO result;
    RETURN result;
END
$$;
-- Adds a column for each value in turn, and returns the values that the trail has and should have.
CREATE FUNCTION compare_user_values()
RETURNS TABLE (number int, type text, value text, trail text, expected text, in_old text)
LANGUAGE plpgsql AS $$
DECLARE
    v user_values;
BEGIN
    INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES ('user value', 1, 'user value', 't', 's');
    FOR v IN SELECT * FROM user_values ORDER BY user_values.number LOOP
        EXECUTE format('ALTER TABLE documents ADD COLUMN v %s', v.type);
        EXECUTE format('UPDATE documents SET v = %L WHERE file_name = ''user value''', v.value);
        EXECUTE format('UPDATE documents SET v = NULL WHERE file_name = ''user value''');
        expected := docs.expected_json(v.type, v.value);
        number := v.number;
        type := v.type;
        value := v.value;
        SELECT regexp_replace(a.new_value::text, '^\{"v":(.*)\}$', '\1') INTO trail
        FROM audit_log a ORDER BY id DESC OFFSET 1 LIMIT 1;
        SELECT regexp_replace(a.old_value::text, '^\{"v":(.*)\}$', '\1') INTO in_old
        FROM audit_log a ORDER BY id DESC LIMIT 1;
        RETURN NEXT;
        ALTER TABLE documents DROP COLUMN v;
    END LOOP;
END
$$;
SET timezone = 'Asia/Kolkata';
CREATE TABLE compared AS SELECT * FROM compare_user_values();
SELECT count(*) AS of FROM user_values;
SELECT count(*) AS compared FROM compared WHERE trail IS NOT NULL;
SELECT * FROM compared
WHERE trail IS DISTINCT FROM expected OR in_old IS DISTINCT FROM expected ORDER BY number;
-- Some of them, to look at.
SELECT type, trail FROM compared
WHERE type IN ('numeric', 'float8', 'timestamptz', 'date', 'int[]', 'jsonb', 'bytea', 'mood',
               'place', 'small_note', 'facts', 'bool', 'uuid')
ORDER BY number;
-- All of them are valid JSON.
SELECT count(trail::json) FROM compared;
RESET timezone;

-- A user's type with a cast of its own to json: to_json() uses the cast, and so does the trail.
CREATE TYPE level AS ENUM ('low', 'high');
CREATE FUNCTION level_to_json(level) RETURNS json LANGUAGE sql IMMUTABLE AS
    $$ SELECT json_build_object('above_low', $1 <> 'low') $$;
CREATE CAST (level AS json) WITH FUNCTION level_to_json(level);
ALTER TABLE documents ADD COLUMN risk level;
UPDATE documents SET risk = 'high' WHERE file_name = 'user value';
SELECT new_value::text, to_json('high'::level)::text AS to_json
FROM audit_log ORDER BY id DESC LIMIT 1;

SELECT count(*)
FROM audit_log WHERE json_typeof(new_value) <> 'object' OR json_typeof(old_value) <> 'object';
RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
