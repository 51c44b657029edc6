-- The extension's trigger functions refuse any use but by their own triggers.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SET search_path = docs;

-- Called as plain functions.
SELECT documents_before_update();
\echo :SQLSTATE
SELECT documents_after_insert();
\echo :SQLSTATE
SELECT documents_after_update();
\echo :SQLSTATE
SELECT documents_after_delete();
\echo :SQLSTATE
SELECT audit_log_check_actions();
\echo :SQLSTATE

-- As triggers with another time, level or event.
CREATE FUNCTION try_trigger(definition text, action text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TRIGGER misplaced ' || definition;
    EXECUTE action;
    RAISE EXCEPTION 'no error' USING errcode = 'DX000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE mine (LIKE documents INCLUDING ALL);
SELECT number, definition, try_trigger(definition, action) FROM (VALUES
    (1, 'BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION documents_before_update()', 'INSERT'),
    (2, 'AFTER UPDATE ON mine FOR EACH ROW EXECUTE FUNCTION documents_before_update()', 'UPDATE'),
    (3, 'BEFORE UPDATE ON mine EXECUTE FUNCTION documents_before_update()', 'UPDATE'),
    (4, 'BEFORE DELETE ON mine FOR EACH ROW EXECUTE FUNCTION documents_before_update()', 'DELETE'),
    (5, 'BEFORE INSERT ON mine EXECUTE FUNCTION documents_after_insert()', 'INSERT'),
    (6, 'AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION documents_after_insert()', 'INSERT'),
    (7, 'AFTER UPDATE ON mine EXECUTE FUNCTION documents_after_insert()', 'UPDATE'),
    (8, 'AFTER TRUNCATE ON mine EXECUTE FUNCTION documents_after_insert()', 'TRUNCATE'),
    (9, 'AFTER INSERT ON mine EXECUTE FUNCTION documents_after_insert()', 'INSERT'),
    (10, 'AFTER INSERT ON mine EXECUTE FUNCTION documents_after_update()', 'INSERT'),
    (11, 'AFTER UPDATE ON mine FOR EACH ROW EXECUTE FUNCTION documents_after_update()', 'UPDATE'),
    (12, 'AFTER UPDATE ON mine EXECUTE FUNCTION documents_after_update()', 'UPDATE'),
    (13, 'AFTER UPDATE ON mine REFERENCING OLD TABLE AS o '
         'EXECUTE FUNCTION documents_after_update()', 'UPDATE'),
    (14, 'AFTER UPDATE ON mine REFERENCING NEW TABLE AS n '
         'EXECUTE FUNCTION documents_after_update()', 'UPDATE'),
    (15, 'AFTER DELETE ON mine REFERENCING OLD TABLE AS o '
         'EXECUTE FUNCTION documents_after_update()', 'DELETE'),
    (16, 'AFTER INSERT ON mine EXECUTE FUNCTION documents_after_delete()', 'INSERT'),
    (17, 'AFTER DELETE ON mine FOR EACH ROW EXECUTE FUNCTION documents_after_delete()', 'DELETE'),
    (18, 'AFTER DELETE ON mine REFERENCING OLD TABLE AS o '
         'EXECUTE FUNCTION documents_after_delete()', 'DELETE'),
    (19, 'BEFORE INSERT ON mine EXECUTE FUNCTION audit_log_check_actions()', 'INSERT'),
    (20, 'AFTER INSERT ON mine REFERENCING NEW TABLE AS n '
         'EXECUTE FUNCTION audit_log_check_actions()', 'INSERT'),
    (21, 'BEFORE TRUNCATE ON mine EXECUTE FUNCTION documents_refuse_truncate()', 'TRUNCATE')
    ) AS t (number, definition, event),
    LATERAL (SELECT CASE event WHEN 'TRUNCATE' THEN 'TRUNCATE mine'
        ELSE $$INSERT INTO mine (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
               VALUES ('a', 1, 'a', 't', 's')$$ ||
             CASE event WHEN 'UPDATE' THEN $$; UPDATE mine SET file_type = 'u'$$
                        WHEN 'DELETE' THEN '; DELETE FROM mine'
                        ELSE '' END END) AS a (action)
ORDER BY number;

-- On their own table, but without the transition tables or events that they need.
CREATE FUNCTION try_own(definition text, action text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TRIGGER misplaced ' || definition;
    EXECUTE action;
    RAISE EXCEPTION 'no error' USING errcode = 'DX000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
\set insert 'INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type,'
\set insert :insert ' ingestion_source) VALUES (\'a\', 1, \'a\', \'t\', \'s\')'
SELECT try_own('AFTER INSERT ON documents EXECUTE FUNCTION documents_after_insert()', :'insert')
UNION ALL
SELECT try_own('AFTER UPDATE ON documents REFERENCING OLD TABLE AS o
                    EXECUTE FUNCTION documents_after_update()',
               :'insert' || '; UPDATE documents SET file_type = ''u''')
UNION ALL
SELECT try_own('AFTER UPDATE ON documents REFERENCING NEW TABLE AS n
                    EXECUTE FUNCTION documents_after_update()',
               :'insert' || '; UPDATE documents SET file_type = ''u''')
UNION ALL
SELECT try_own('AFTER DELETE ON documents EXECUTE FUNCTION documents_after_delete()',
               :'insert' || '; DELETE FROM documents')
UNION ALL
SELECT try_own('AFTER INSERT ON audit_log EXECUTE FUNCTION audit_log_check_actions()',
               'INSERT INTO audit_log (document_id, action) VALUES (1, ''tagged'')');
-- On another of the extension's tables.
SELECT try_own('AFTER DELETE ON hash_index REFERENCING OLD TABLE AS o
                    EXECUTE FUNCTION documents_after_delete()', 'DELETE FROM hash_index');

-- For more events than its own, the function raises an error for the row with the wrong
-- event, even if the statement's first row has the right one.
BEGIN;
CREATE TRIGGER wrong BEFORE INSERT OR UPDATE ON documents
    FOR EACH ROW WHEN (NEW.file_name LIKE 'wrong%') EXECUTE FUNCTION documents_before_update();
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('taken', 1, 'taken', 't', 's');
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('right', 1, 'taken', 't', 's'), ('wrong', 1, 'free', 't', 's')
ON CONFLICT (file_hash) DO UPDATE SET file_name = 'wrong as well';
\echo :SQLSTATE
ROLLBACK;

-- With the right time, level and event, but on another table or in another schema.
\set VERBOSITY sqlstate
CREATE TABLE no_columns (id int, remark text);
CREATE TRIGGER misplaced BEFORE UPDATE ON no_columns
    FOR EACH ROW EXECUTE FUNCTION documents_before_update();
INSERT INTO no_columns VALUES (1);
UPDATE no_columns SET remark = 'x';
CREATE TRIGGER misplaced_too AFTER INSERT ON no_columns REFERENCING NEW TABLE AS n
    EXECUTE FUNCTION documents_after_insert();
INSERT INTO no_columns VALUES (2);
\set VERBOSITY default
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.documents (LIKE documents INCLUDING ALL);
CREATE TRIGGER misplaced AFTER INSERT ON elsewhere.documents REFERENCING NEW TABLE AS n
    EXECUTE FUNCTION documents_after_insert();
INSERT INTO elsewhere.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('a', 1, 'a', 't', 's');
\echo :SQLSTATE
SELECT (SELECT count(*) FROM elsewhere.documents) AS elsewhere,
       (SELECT count(*) FROM audit_log) AS audit_log;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA elsewhere CASCADE;
DROP SCHEMA docs CASCADE;
