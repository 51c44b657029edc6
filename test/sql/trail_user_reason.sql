-- Who and why: doc_extractor.application_user, its alias doc_extractor.user, and doc_extractor.reason
-- in the trail.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
CREATE ROLE regress_docs_clerk;
CREATE ROLE regress_docs_team;
GRANT regress_docs_team TO regress_docs_clerk;
GRANT USAGE ON SCHEMA docs TO regress_docs_clerk, regress_docs_team;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_clerk, regress_docs_team;
-- Returns the last trail row's user and reason; the login role's name differs between machines.
CREATE FUNCTION docs.last_entry() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
    SELECT concat_ws(' ', action, 'by',
                     CASE user_or_system WHEN session_user THEN '(login role)'
                                         ELSE user_or_system END,
                     'because', change_reason)
    FROM docs.audit_log ORDER BY id DESC LIMIT 1
$$;
GRANT EXECUTE ON FUNCTION docs.last_entry TO PUBLIC;

-- By default, the user is the login role, and there is no reason. SET ROLE does not
-- change the login role, SET SESSION AUTHORIZATION does.
SELECT document_id FROM docs.ingest_document('1', '1', 't');
SELECT docs.last_entry();
SELECT user_or_system = session_user AS login_role, change_reason IS NULL AS no_reason
FROM docs.audit_log;
SET ROLE regress_docs_clerk;
SELECT document_id FROM docs.ingest_document('2', '2', 't');
SELECT docs.last_entry();
RESET ROLE;
SET SESSION AUTHORIZATION regress_docs_clerk;
SELECT document_id FROM docs.ingest_document('3', '3', 't');
SET ROLE regress_docs_team;
SELECT document_id FROM docs.ingest_document('4', '4', 't');
RESET SESSION AUTHORIZATION;
SELECT document_id, user_or_system FROM docs.audit_log WHERE document_id > 2 ORDER BY id;

-- Any role can SET them for its session.
SET ROLE regress_docs_clerk;
SET doc_extractor.application_user = 'scanner 7';
SET doc_extractor.reason = 'nightly "import", 1st try';
SELECT document_id FROM docs.ingest_document('5', '5', 't');
SELECT docs.last_entry();
RESET ROLE;
-- They apply to UPDATE and plain INSERT as well as to the functions.
UPDATE docs.documents SET file_type = 'u' WHERE file_name = '5';
SELECT docs.last_entry();
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('6', 1, 'h6', 't', 's');
SELECT docs.last_entry();
-- Each can be set without the other.
RESET doc_extractor.application_user;
UPDATE docs.documents SET file_type = 'v' WHERE file_name = '5';
SELECT docs.last_entry();
SET doc_extractor.reason = '';
UPDATE docs.documents SET file_type = 'w' WHERE file_name = '5';
SELECT docs.last_entry();
SELECT change_reason IS NULL AS no_reason FROM docs.audit_log ORDER BY id DESC LIMIT 1;

-- SET LOCAL lasts until the end of the transaction.
BEGIN;
SET LOCAL doc_extractor.application_user = 'only now';
SELECT set_config('doc_extractor.reason', 'by set_config()', true);
UPDATE docs.documents SET file_type = 'x' WHERE file_name = '5';
SELECT docs.last_entry();
COMMIT;
UPDATE docs.documents SET file_type = 'y' WHERE file_name = '5';
SELECT docs.last_entry();
-- A rollback to a savepoint restores the value.
BEGIN;
SAVEPOINT s;
SET LOCAL doc_extractor.application_user = 'undone';
ROLLBACK TO s;
UPDATE docs.documents SET file_type = 'z' WHERE file_name = '5';
SELECT docs.last_entry();
COMMIT;
-- A function can set them for itself.
CREATE FUNCTION docs.as_robot() RETURNS bigint LANGUAGE sql
SET doc_extractor.application_user = 'robot'
AS $$ SELECT document_id FROM docs.ingest_document('7', '7', 't') $$;
SELECT docs.as_robot();
SELECT docs.last_entry();
UPDATE docs.documents SET file_type = 'a' WHERE file_name = '5';
SELECT docs.last_entry();

-- A value that is too long for audit_log is refused by SET: more than 255 and 500
-- characters, not bytes.
SELECT set_config('doc_extractor.application_user', repeat('é', 255), false) = repeat('é', 255)
    AS set;
SELECT set_config('doc_extractor.reason', repeat('😀', 500), false) = repeat('😀', 500) AS set;
UPDATE docs.documents SET file_type = 'b' WHERE file_name = '5';
SELECT user_or_system = repeat('é', 255) AS "user", change_reason = repeat('😀', 500) AS reason
FROM docs.audit_log ORDER BY id DESC LIMIT 1;
SELECT repeat('0', 256) AS too_long \gset
SET doc_extractor.application_user = :'too_long';
\echo :SQLSTATE
SELECT set_config('doc_extractor.application_user', repeat('é', 256), false);
\echo :SQLSTATE
SELECT set_config('doc_extractor.reason', repeat('é', 501), false);
\echo :SQLSTATE
-- The refused value has not replaced the old one.
SELECT current_setting('doc_extractor.application_user') = repeat('é', 255) AS "user";
RESET doc_extractor.application_user;
RESET doc_extractor.reason;
-- doc_extractor.user is an alias, whose name needs quotes: user is a reserved word. It counts if
-- doc_extractor.application_user is empty. Each keeps its own value, in any order, and as long as
-- it lasts.
SET doc_extractor.user = 'unquoted';
SET doc_extractor."user" = 'old name';
UPDATE docs.documents SET file_type = 'c' WHERE file_name = '5';
SELECT docs.last_entry();
BEGIN;
SET LOCAL doc_extractor.application_user = 'new name';
SET LOCAL doc_extractor."user" = 'old name, later';
UPDATE docs.documents SET file_type = 'd' WHERE file_name = '5';
SELECT docs.last_entry();
SHOW doc_extractor.application_user;
SHOW doc_extractor."user";
SET LOCAL doc_extractor.application_user = '';
UPDATE docs.documents SET file_type = 'e' WHERE file_name = '5';
SELECT docs.last_entry();
COMMIT;
UPDATE docs.documents SET file_type = 'f' WHERE file_name = '5';
SELECT docs.last_entry();
CREATE OR REPLACE FUNCTION docs.as_robot() RETURNS bigint LANGUAGE sql
SET doc_extractor."user" = 'old robot'
AS $$ SELECT document_id FROM docs.ingest_document('7a', '7a', 't') $$;
SELECT docs.as_robot();
SELECT docs.last_entry();
SELECT name, setting, source FROM pg_settings
WHERE name IN ('doc_extractor.application_user', 'doc_extractor.user') ORDER BY 1;
SELECT set_config('doc_extractor.user', repeat('é', 256), false);
\echo :SQLSTATE
-- RESET empties the one it names, RESET ALL and DISCARD ALL both.
SET doc_extractor.application_user = 'new name';
RESET doc_extractor."user";
UPDATE docs.documents SET file_type = 'g' WHERE file_name = '5';
SELECT docs.last_entry();
SET doc_extractor."user" = 'old name';
RESET doc_extractor.application_user;
UPDATE docs.documents SET file_type = 'h' WHERE file_name = '5';
SELECT docs.last_entry();
SET doc_extractor.application_user = 'new name';
RESET ALL;
UPDATE docs.documents SET file_type = 'i' WHERE file_name = '5';
SELECT docs.last_entry();
SET doc_extractor."user" = 'old name';
SET doc_extractor.application_user = 'new name';
DISCARD ALL;
UPDATE docs.documents SET file_type = 'j' WHERE file_name = '5';
SELECT docs.last_entry();
-- Settings that do not exist are refused too, by servers that can reserve a prefix.
SELECT current_setting('server_version_num')::int >= 150000 AS reserves \gset
\set VERBOSITY sqlstate
\if :reserves
SET doc_extractor.no_such_setting = 1;
\else
DO $$ BEGIN RAISE invalid_name; END $$;
\endif
\set VERBOSITY default

-- In a session that has not called the extension yet, values that are set count from
-- its first call.
\c -
\set SHOW_CONTEXT never
SET doc_extractor.application_user = 'early bird';
SET doc_extractor.reason = 'first thing';
SELECT document_id FROM docs.ingest_document('8', '8', 't');
SELECT docs.last_entry();
-- A value that is too long then is not cut: the trail has the login role instead.
\c -
\set SHOW_CONTEXT never
SET client_min_messages = error;
SELECT length(set_config('doc_extractor.application_user', repeat('x', 256), false));
SELECT document_id FROM docs.ingest_document('9', '9', 't');
SELECT docs.last_entry();
-- What a database has is where a session starts, and what RESET goes back to.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET doc_extractor.application_user = 'database''s';
\c -
\set SHOW_CONTEXT never
UPDATE docs.documents SET file_type = 'k' WHERE file_name = '5';
SELECT docs.last_entry();
SET doc_extractor.application_user = 'session''s';
UPDATE docs.documents SET file_type = 'l' WHERE file_name = '5';
SELECT docs.last_entry();
RESET doc_extractor.application_user;
UPDATE docs.documents SET file_type = 'm' WHERE file_name = '5';
SELECT docs.last_entry();
ALTER DATABASE :"database" RESET doc_extractor.application_user;

SET client_min_messages = warning;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP ROLE regress_docs_clerk, regress_docs_team;
