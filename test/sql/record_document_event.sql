-- record_document_event(): trail rows for what happens to a document outside its columns.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;
SELECT document_id FROM ingest_document('a', 'a', 't');
SELECT document_id FROM ingest_document('b', 'b', 't');

-- The six actions of V001; the function returns the id of the trail row.
SELECT action, record_document_event(1, action) AS id
FROM unnest(ARRAY['ingested', 'updated', 'deleted', 'classified', 'tagged', 'error'])
    WITH ORDINALITY AS u (action, n) ORDER BY n;
SELECT id, document_id, action, action_timestamp <= localtimestamp AS now,
       user_or_system = session_user AS login_role, old_value, new_value, change_reason
FROM audit_log WHERE id > 2 ORDER BY id;
SELECT pg_typeof(record_document_event(2, 'tagged'));

-- The values are stored as they are written, and JSON's null is not SQL's NULL.
-- audit_value_limit does not apply, as the caller chose the values.
SELECT record_document_event(2, 'classified', '{"class":  "a"}', ' ["b", 1.50, null] ',
                             'by "hand"') AS id \gset
SELECT old_value::text, new_value::text, change_reason FROM audit_log WHERE id = :id;
SELECT record_document_event(document_id => 2, action => 'tagged', new_value => 'null') AS id \gset
SELECT old_value IS NULL AS no_old, new_value::text, change_reason IS NULL AS no_reason
FROM audit_log WHERE id = :id;
SELECT record_document_event(2, 'tagged', NULL, to_json(repeat('x', 100000))) AS id \gset
SELECT new_value #>> '{}' = repeat('x', 100000) AS kept FROM audit_log WHERE id = :id;

-- The reason is the argument's, otherwise the setting's. The user is the setting's.
SET doc_extractor.reason = 'from the setting';
SET doc_extractor.application_user = 'classifier 2';
SELECT record_document_event(2, 'tagged', change_reason => 'from the call') AS a,
       record_document_event(2, 'tagged') AS b \gset
SELECT user_or_system, change_reason FROM audit_log WHERE id IN (:a, :b) ORDER BY id;
RESET doc_extractor.reason;
RESET doc_extractor.application_user;
-- The limit is 500 characters, not bytes.
SELECT record_document_event(2, 'tagged', change_reason => repeat('é', 500)) AS id \gset
SELECT length(change_reason), octet_length(change_reason) FROM audit_log WHERE id = :id;
-- The document's row is not changed.
SELECT updated_at = created_at AS untouched FROM documents ORDER BY id;

-- What record_document_event() refuses; nothing is written.
SELECT count(*) FROM audit_log;
SELECT record_document_event(NULL, 'tagged');
\echo :SQLSTATE
SELECT record_document_event(1, NULL);
\echo :SQLSTATE
SELECT record_document_event(1, 'Tagged');
\echo :SQLSTATE
SELECT record_document_event(1, 'archived');
\echo :SQLSTATE
SELECT record_document_event(1, '');
\echo :SQLSTATE
SELECT record_document_event(1, 'tagged ');
\echo :SQLSTATE
SELECT record_document_event(3, 'tagged');
\echo :SQLSTATE
SELECT record_document_event(0, 'tagged');
\echo :SQLSTATE
SELECT record_document_event(-1, 'tagged');
\echo :SQLSTATE
-- An id that is too large for the column, even if it would be 1 when cut to the column's width.
SELECT record_document_event(9223372036854775807, 'tagged');
\echo :SQLSTATE
SELECT record_document_event(4294967297, 'tagged');
\echo :SQLSTATE
SELECT record_document_event(1, 'tagged', change_reason => repeat('x', 501));
\echo :SQLSTATE
SELECT record_document_event(1, 'tagged', change_reason => repeat('é', 501));
\echo :SQLSTATE
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT record_document_event(1, 'tagged');
ROLLBACK;
SELECT record_document_event(1, 'tagged', '{');
SELECT count(*) FROM audit_log;
-- A deleted document has no events.
DELETE FROM documents WHERE id = 1;
SELECT record_document_event(1, 'tagged');
-- A rollback takes the row back.
BEGIN;
SELECT record_document_event(2, 'error') > 0 AS recorded;
ROLLBACK;
SELECT count(*) FROM audit_log WHERE action = 'error' AND document_id = 2;
-- Many events in one statement.
SELECT count(DISTINCT record_document_event(2, 'tagged', NULL, to_json(i)))
FROM generate_series(1, 1000) i;
SELECT count(*), sum((new_value #>> '{}')::int)
FROM audit_log WHERE action = 'tagged' AND json_typeof(new_value) = 'number';

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
