/* doc_extractor--1.1--1.2.sql: where documents were seen, and wide types. */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION doc_extractor UPDATE TO '1.2'" to load this file. \quit

/* The script compares definitions as PostgreSQL prints them. */
SET LOCAL quote_all_identifiers = off;

/* An older snapshot would hide what others commit before the script has its locks. */
DO $script$
DECLARE
    level constant pg_catalog.text := pg_catalog.current_setting('transaction_isolation');
BEGIN
    IF level OPERATOR(pg_catalog.=) ANY (ARRAY['repeatable read', 'serializable'])
        /* What this transaction creates holds nothing yet, whatever the level. */
        AND NOT (SELECT pg_catalog.bool_and(
                pg_catalog.age(c.xmin) OPERATOR(pg_catalog.<=) 0
                AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.=) 0)
            FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace OPERATOR(pg_catalog.=)
                    '@extschema@'::pg_catalog.regnamespace
                AND c.relname OPERATOR(pg_catalog.=) ANY (
                    ARRAY['documents', 'hash_index', 'audit_log', 'error_log'])) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = 'doc_extractor changes its version at isolation level READ COMMITTED only',
            DETAIL = pg_catalog.format(
                'At %s, the transaction does not see what others commit while it waits.',
                pg_catalog.upper(level)),
            HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED, or set '
                'default_transaction_isolation to ''read committed''.';
    END IF;
END
$script$;

/*
 * Locks are taken in the order of all code: documents first.  Only for it does the
 * script wait, holding no other lock, so it cannot deadlock.  It does not wait long
 * at a time, as all others queue behind it.  A statement locks a view before its
 * tables, so the script does not wait for views.  The lock on a view of statistics is
 * also one on its tables.  Every step but one changes catalogs only: it takes the same
 * time at any table size.  Indexes of error_log take longer the longer it is.
 */
DO $script$
DECLARE
    given constant pg_catalog.int4 := (SELECT s.setting::pg_catalog.int4
        FROM pg_catalog.pg_settings AS s
        WHERE s.name OPERATOR(pg_catalog.=) 'lock_timeout');
    started constant pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    remaining pg_catalog.int4 := 60000;
    holders pg_catalog.text;
    view pg_catalog.name;
BEGIN
    LOOP
        BEGIN
            PERFORM pg_catalog.set_config('lock_timeout', least(remaining,
                coalesce(nullif(given, 0), 2000))::pg_catalog.text, true);
            LOCK TABLE @extschema@.documents IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE @extschema@.error_log IN ACCESS EXCLUSIVE MODE NOWAIT;
            FOREACH view IN ARRAY ARRAY['document_inbox', 'ingestion_stats',
                'ingestion_stats_by_source', 'ingestion_stats_by_type']
            LOOP
                CONTINUE WHEN pg_catalog.to_regclass(
                    pg_catalog.format('%s.%I', '@extschema@', view)) IS NULL;
                BEGIN
                    EXECUTE pg_catalog.format(
                        'LOCK TABLE %s.%I IN ACCESS EXCLUSIVE MODE NOWAIT',
                        '@extschema@', view);
                EXCEPTION WHEN insufficient_privilege THEN
                    /* The owner of the view may have no privilege on its tables. */
                    NULL;
                END;
            END LOOP;
            PERFORM pg_catalog.set_config('lock_timeout', given::pg_catalog.text, true);
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            remaining := 60000 OPERATOR(pg_catalog.-) (1000 OPERATOR(pg_catalog.*)
                pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                    OPERATOR(pg_catalog.-) started));
        END;
        EXIT WHEN remaining OPERATOR(pg_catalog.<=) 0;
        PERFORM pg_catalog.pg_sleep(0.1);
        remaining := greatest(remaining OPERATOR(pg_catalog.-) 100, 1);
    END LOOP;
    IF remaining OPERATOR(pg_catalog.<=) 0 THEN
        SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%s (%s on %s)',
            coalesce('process ' OPERATOR(pg_catalog.||) l.pid::pg_catalog.text,
                'a prepared transaction'), l.mode, c.relname), ', ') INTO holders
        FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) l.relation
        WHERE l.granted
            AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
            AND l.database OPERATOR(pg_catalog.=) (
                SELECT b.oid FROM pg_catalog.pg_database AS b
                WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
            AND l.relation OPERATOR(pg_catalog.=) ANY (
                WITH RECURSIVE relations (id) AS (
                    SELECT r.oid FROM pg_catalog.pg_class AS r
                    WHERE r.relnamespace OPERATOR(pg_catalog.=)
                            '@extschema@'::pg_catalog.regnamespace
                        AND r.relname OPERATOR(pg_catalog.=) ANY (ARRAY[
                        'documents', 'hash_index', 'error_log', 'document_inbox',
                        'ingestion_stats', 'ingestion_stats_by_source',
                        'ingestion_stats_by_type'])
                    UNION
                    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                    JOIN relations AS r ON i.inhparent OPERATOR(pg_catalog.=) r.id)
                SELECT id FROM relations);
        RAISE EXCEPTION USING
            ERRCODE = 'lock_not_available',
            MESSAGE = 'could not lock the tables of doc_extractor within 60 seconds',
            DETAIL = pg_catalog.format('They are in use by %s.',
                coalesce(holders, 'nobody any more')),
            HINT = 'Wait for these transactions or end them, then try again.';
    END IF;
END
$script$;

/*
 * Where documents were seen.  A row is an observation: this document was at this
 * location of this source.  The latest row of a location says what is there now; a
 * row is appended only if that changes.  location_key has a fixed length, so that an
 * index can hold a path of any length.
 */
CREATE TABLE @extschema@.document_locations (
    id bigserial PRIMARY KEY,
    ingestion_source pg_catalog.varchar(255) NOT NULL,
    location pg_catalog.text NOT NULL,
    location_key pg_catalog.bytea NOT NULL,
    document_id pg_catalog.int8,
    modified_at pg_catalog.timestamptz,
    fingerprint pg_catalog.text,
    size_bytes pg_catalog.int8,
    seen_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ix_document_locations_current
    ON @extschema@.document_locations (ingestion_source, location_key, id);
CREATE INDEX ix_document_locations_document_id
    ON @extschema@.document_locations (document_id);
COMMENT ON TABLE @extschema@.document_locations IS
    'Observations: where documents were seen; the latest row of a location is what is there now';
COMMENT ON COLUMN @extschema@.document_locations.id IS
    'Later observations of a location have higher numbers';
COMMENT ON COLUMN @extschema@.document_locations.ingestion_source IS
    'Whose location it is, for example a host';
COMMENT ON COLUMN @extschema@.document_locations.location IS
    'A path, a URL or the key of an object; compared byte for byte';
COMMENT ON COLUMN @extschema@.document_locations.location_key IS
    'The SHA-256 hash of location, in the bytes of the database''s encoding';
COMMENT ON COLUMN @extschema@.document_locations.document_id IS
    'The document that was there; NULL if the location had vanished';
COMMENT ON COLUMN @extschema@.document_locations.modified_at IS
    'When the file was modified, if the client said so';
COMMENT ON COLUMN @extschema@.document_locations.fingerprint IS
    'What tells the client whether the file has changed, for example size, time and inode, or an ETag';
COMMENT ON COLUMN @extschema@.document_locations.size_bytes IS
    'The size of the document';
COMMENT ON COLUMN @extschema@.document_locations.seen_at IS
    'When the document was first seen there';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.document_locations', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.document_locations_id_seq', '');

/*
 * A document that was deleted is nowhere.  What has replaced a row is found by the
 * index, or, for all rows at once, by a hash join.
 */
CREATE VIEW @extschema@.current_locations AS
SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at,
    l.fingerprint, l.size_bytes, l.seen_at
FROM @extschema@.document_locations AS l
WHERE NOT EXISTS (SELECT FROM @extschema@.document_locations AS n
        WHERE n.ingestion_source OPERATOR(pg_catalog.=) l.ingestion_source
            AND n.location_key OPERATOR(pg_catalog.=) l.location_key
            AND n.id OPERATOR(pg_catalog.>) l.id)
    AND EXISTS (SELECT FROM @extschema@.documents AS d
        WHERE d.id OPERATOR(pg_catalog.=) l.document_id);
COMMENT ON VIEW @extschema@.current_locations IS
    'Where documents are now: the latest observation of each location, if its document is there';
CREATE VIEW @extschema@.location_history AS
SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at,
    l.fingerprint, l.size_bytes, l.seen_at,
    pg_catalog.lead(l.seen_at) OVER (
        PARTITION BY l.ingestion_source, l.location_key ORDER BY l.id) AS replaced_at
FROM @extschema@.document_locations AS l;
COMMENT ON VIEW @extschema@.location_history IS
    'What was at each location, and until when';
CREATE VIEW @extschema@.documents_with_locations AS
SELECT d.id AS document_id, d.file_name, d.file_type, d.file_size_bytes,
    coalesce(p.locations, 0) AS locations,
    coalesce(p.first_locations, '{}') AS first_locations
FROM @extschema@.documents AS d
LEFT JOIN (SELECT l.document_id, pg_catalog.count(*) AS locations,
        (pg_catalog.array_agg(l.location ORDER BY l.id))[1:5] AS first_locations
    FROM @extschema@.current_locations AS l
    GROUP BY l.document_id) AS p ON p.document_id OPERATOR(pg_catalog.=) d.id
ORDER BY coalesce(p.locations, 0) DESC, d.id;
COMMENT ON VIEW @extschema@.documents_with_locations IS
    'Every document with the number of its current locations, those with the most first';

/* What the columns of the views mean; most are columns of document_locations. */
DO $script$
DECLARE
    view pg_catalog.text;
    col pg_catalog.text;
    meaning pg_catalog.text;
BEGIN
    FOR view, col, meaning IN
        SELECT v.name, a.attname, coalesce(m.meaning,
            pg_catalog.col_description(t.attrelid, t.attnum))
        FROM (VALUES ('current_locations'), ('location_history'),
            ('documents_with_locations')) AS v (name)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=)
            pg_catalog.format('%s.%I', '@extschema@', v.name)::pg_catalog.regclass
            AND a.attnum OPERATOR(pg_catalog.>) 0
        LEFT JOIN (VALUES
            ('location_history', 'replaced_at',
                'When something else was seen there; NULL if nothing was'),
            ('documents_with_locations', 'document_id', 'The document'),
            ('documents_with_locations', 'file_name', 'Its file_name'),
            ('documents_with_locations', 'file_type', 'Its file_type'),
            ('documents_with_locations', 'file_size_bytes', 'Its file_size_bytes'),
            ('documents_with_locations', 'locations',
                'The number of its current locations, in all sources'),
            ('documents_with_locations', 'first_locations',
                'The first five of them, in the order in which they were seen')
        ) AS m (name, col, meaning)
            ON m.name OPERATOR(pg_catalog.=) v.name
            AND m.col OPERATOR(pg_catalog.=) a.attname::pg_catalog.text
        LEFT JOIN pg_catalog.pg_attribute AS t
            ON t.attrelid OPERATOR(pg_catalog.=)
                '@extschema@.document_locations'::pg_catalog.regclass
            AND t.attname OPERATOR(pg_catalog.=) a.attname
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I.%I IS %L', '@extschema@',
            view, col, meaning);
    END LOOP;
END
$script$;

/*
 * New columns of views, at their ends.  To replace a view keeps its owner and all
 * privileges, but not its options.  Sums keep their types when columns get wider,
 * and one document with an absurd size is no error.
 */
DO $script$
DECLARE
    options pg_catalog.text;
    view pg_catalog.text;
    group_column pg_catalog.text;
    open_errors pg_catalog.text;
    locations pg_catalog.text;
    group_by pg_catalog.text;
    bytes_type pg_catalog.text;
    duplicates_type pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('ALTER VIEW %s.%I SET (%s);', '@extschema@',
        c.relname, (SELECT pg_catalog.string_agg(pg_catalog.format('%I = %L', o.option_name,
                o.option_value), ', ')
            FROM pg_catalog.pg_options_to_table(c.reloptions) AS o)), '') INTO options
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace OPERATOR(pg_catalog.=) '@extschema@'::pg_catalog.regnamespace
        AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY['document_inbox', 'ingestion_stats',
            'ingestion_stats_by_source', 'ingestion_stats_by_type'])
        AND c.reloptions IS NOT NULL;
    CREATE OR REPLACE VIEW @extschema@.document_inbox AS
    SELECT
        NULL::pg_catalog.text AS file_name,
        NULL::pg_catalog.bytea AS content,
        NULL::pg_catalog.text AS file_type,
        NULL::pg_catalog.text AS ingestion_source,
        NULL::pg_catalog.text AS document_text,
        NULL::pg_catalog.json AS metadata_extracted,
        NULL::pg_catalog.text AS ingestion_status,
        NULL::pg_catalog.text AS error_message,
        NULL::pg_catalog.text AS location,
        NULL::pg_catalog.timestamptz AS modified_at,
        NULL::pg_catalog.text AS fingerprint
    WHERE false;
    FOR view, group_column, open_errors, locations, group_by IN VALUES
        ('ingestion_stats', '',
            $columns$
            (SELECT pg_catalog.count(*) FROM @extschema@.error_log AS e
                WHERE e.resolution_notes IS NULL AND NOT e.retry_attempted)
                AS open_errors,
            $columns$,
            $columns$,
            (SELECT pg_catalog.count(*) FROM @extschema@.current_locations AS l) AS locations
            $columns$, ''),
        ('ingestion_stats_by_source', 'd.ingestion_source,', '', '',
            'GROUP BY d.ingestion_source'),
        ('ingestion_stats_by_type', 'd.file_type,', '', '', 'GROUP BY d.file_type')
    LOOP
        SELECT pg_catalog.max(pg_catalog.format_type(a.atttypid, NULL))
                FILTER (WHERE a.attname OPERATOR(pg_catalog.=) 'bytes'),
            pg_catalog.max(pg_catalog.format_type(a.atttypid, NULL))
                FILTER (WHERE a.attname OPERATOR(pg_catalog.=) 'duplicates')
            INTO STRICT bytes_type, duplicates_type
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid OPERATOR(pg_catalog.=)
            pg_catalog.format('%s.%I', '@extschema@', view)::pg_catalog.regclass;
        EXECUTE pg_catalog.concat('CREATE OR REPLACE VIEW @extschema@.', view, ' AS SELECT ',
            group_column, $columns$
            pg_catalog.count(*) AS documents,
            least(coalesce(pg_catalog.sum(d.file_size_bytes::pg_catalog.int8), 0),
                9223372036854775807)::$columns$,
            bytes_type, $columns$ AS bytes,
            least(coalesce(pg_catalog.sum(h.duplicate_count::pg_catalog.int8), 0),
                9223372036854775807)::$columns$,
            duplicates_type, $columns$ AS duplicates,
            coalesce(pg_catalog.sum(h.duplicate_count::pg_catalog.numeric
                OPERATOR(pg_catalog.*) d.file_size_bytes), 0) AS bytes_saved,
            pg_catalog.count(*) FILTER (WHERE d.ingestion_status
                OPERATOR(pg_catalog.=) 'failed') AS failed,
            pg_catalog.count(*) FILTER (WHERE d.ingestion_status
                OPERATOR(pg_catalog.=) 'retry') AS retry,
            $columns$, open_errors, $columns$
            pg_catalog.min(d.ingestion_timestamp) AS first_ingestion,
            pg_catalog.max(d.ingestion_timestamp) AS last_ingestion
            $columns$, locations, $columns$
            FROM @extschema@.documents AS d
            LEFT JOIN @extschema@.hash_index AS h
                ON h.file_hash OPERATOR(pg_catalog.=) d.file_hash
                AND h.duplicate_count OPERATOR(pg_catalog.>) 0
            $columns$, group_by);
    END LOOP;
    COMMENT ON COLUMN @extschema@.ingestion_stats.locations IS
        'Current locations of documents';
    IF options IS NOT NULL THEN
        EXECUTE options;
    END IF;
END
$script$;

/* Complete scans of all locations below a root. */
CREATE TABLE @extschema@.scans (
    id bigserial PRIMARY KEY,
    ingestion_source pg_catalog.varchar(255) NOT NULL,
    root pg_catalog.text NOT NULL,
    started_at pg_catalog.timestamptz NOT NULL,
    finished_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    seen pg_catalog.int8 NOT NULL,
    added pg_catalog.int8 NOT NULL,
    changed pg_catalog.int8 NOT NULL,
    vanished pg_catalog.int8 NOT NULL,
    failed pg_catalog.int8 NOT NULL
);
CREATE INDEX ix_scans_ingestion_source ON @extschema@.scans (ingestion_source, id);
COMMENT ON TABLE @extschema@.scans IS
    'Complete scans of all locations below a root; a row stands for scans that follow each other without changes';
COMMENT ON COLUMN @extschema@.scans.ingestion_source IS
    'Whose locations these are, for example a host';
COMMENT ON COLUMN @extschema@.scans.root IS 'What was scanned';
COMMENT ON COLUMN @extschema@.scans.started_at IS 'When the last of these scans began';
COMMENT ON COLUMN @extschema@.scans.finished_at IS 'When it was recorded';
COMMENT ON COLUMN @extschema@.scans.seen IS 'Locations that it has seen';
COMMENT ON COLUMN @extschema@.scans.added IS 'Those that were new';
COMMENT ON COLUMN @extschema@.scans.changed IS 'Those that had another document';
COMMENT ON COLUMN @extschema@.scans.vanished IS 'Locations that were gone';
COMMENT ON COLUMN @extschema@.scans.failed IS 'Locations that could not be read or ingested';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.scans', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.scans_id_seq', '');
CREATE FUNCTION @extschema@.finish_scan(
    ingestion_source pg_catalog.text,
    root pg_catalog.text,
    started_at pg_catalog.timestamptz,
    seen pg_catalog.int8,
    added pg_catalog.int8,
    changed pg_catalog.int8,
    failed pg_catalog.int8,
    vanished pg_catalog.int8[] DEFAULT NULL,
    max_vanished pg_catalog.int8 DEFAULT NULL,
    OUT scan_id pg_catalog.int8,
    OUT vanished_locations pg_catalog.int8)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.finish_scan(
    pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.int8,
    pg_catalog.int8, pg_catalog.int8, pg_catalog.int8, pg_catalog.int8[],
    pg_catalog.int8) IS
    'Records a complete scan of a source, and which of its locations have vanished';

/* A text can arrive later than its document, and says where it comes from. */
ALTER TABLE @extschema@.documents
    ADD COLUMN extractor pg_catalog.varchar(255),
    ADD COLUMN extracted_at pg_catalog.timestamptz;
COMMENT ON COLUMN @extschema@.documents.extractor IS
    'What extracted document_text, or metadata_extracted if there is no text; NULL if unknown';
COMMENT ON COLUMN @extschema@.documents.extracted_at IS
    'When that was recorded';
CREATE FUNCTION @extschema@.record_extraction(
    document_id pg_catalog.int8,
    document_text pg_catalog.text,
    metadata_extracted pg_catalog.json,
    extractor pg_catalog.text,
    replace pg_catalog.bool DEFAULT false,
    OUT text_stored pg_catalog.bool,
    OUT metadata_stored pg_catalog.bool)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.record_extraction(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.text,
    pg_catalog.bool) IS
    'Stores the text and metadata of a document where it has none, or replaces them; returns what it has stored';

/* For clients that hash the content themselves, such as a loader. */
CREATE FUNCTION @extschema@.ingest_hashed_documents(
    file_names pg_catalog.text[],
    file_hashes pg_catalog.text[],
    file_sizes_bytes pg_catalog.int8[],
    file_types pg_catalog.text[],
    ingestion_sources pg_catalog.text[] DEFAULT NULL,
    document_texts pg_catalog.text[] DEFAULT NULL,
    metadata_extracted pg_catalog.json[] DEFAULT NULL,
    ingestion_statuses pg_catalog.text[] DEFAULT NULL,
    error_messages pg_catalog.text[] DEFAULT NULL,
    locations pg_catalog.text[] DEFAULT NULL,
    modified_ats pg_catalog.timestamptz[] DEFAULT NULL,
    fingerprints pg_catalog.text[] DEFAULT NULL,
    extractors pg_catalog.text[] DEFAULT NULL,
    OUT ordinality pg_catalog.int8,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.ingest_hashed_documents(
    pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[],
    pg_catalog.text[], pg_catalog.text[]) IS
    'As ingest_hashed_document(), for a batch; returns a row for each document, in their order';

/*
 * Failures say what identifies their file, beside its name, so that a success finds
 * those of its own file only.  A hash index takes locations of any length.
 */
ALTER TABLE @extschema@.error_log
    ADD COLUMN ingestion_source pg_catalog.varchar(255),
    ADD COLUMN location pg_catalog.text,
    ADD COLUMN file_hash pg_catalog.varchar(64);
COMMENT ON COLUMN @extschema@.error_log.ingestion_source IS
    'Where the file came from; NULL if unknown';
COMMENT ON COLUMN @extschema@.error_log.location IS
    'Where the file was, within its source; NULL if unknown';
COMMENT ON COLUMN @extschema@.error_log.file_hash IS
    'The SHA-256 of the file''s content; NULL if unknown';
CREATE INDEX ix_error_log_location
    ON @extschema@.error_log USING hash (location) WHERE NOT retry_attempted;
CREATE INDEX ix_error_log_file_hash
    ON @extschema@.error_log (file_hash)
    WHERE NOT retry_attempted AND file_hash IS NOT NULL;
CREATE INDEX ix_error_log_unidentified
    ON @extschema@.error_log (file_name)
    WHERE NOT retry_attempted AND location IS NULL AND file_hash IS NULL;
CREATE FUNCTION @extschema@.log_failed_document(
    file_name pg_catalog.text,
    error_type pg_catalog.text,
    error_message pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    location pg_catalog.text DEFAULT NULL,
    file_hash pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.log_failed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.text) IS
    'As log_ingestion_error(), with what tells the file from others of its name';

/*
 * Wide types: bigint for ids, counts and sizes, timestamptz for times.  A ledger that is
 * there keeps its types, until somebody calls this.
 */
CREATE FUNCTION @extschema@.doc_extractor_widen_preview(
    time_zone pg_catalog.text DEFAULT NULL,
    OUT action pg_catalog.text,
    OUT object pg_catalog.text,
    OUT bytes pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_widen_preview(pg_catalog.text) IS
    'Returns what doc_extractor_widen() would do, and what stands in its way';
CREATE FUNCTION @extschema@.doc_extractor_widen(
    time_zone pg_catalog.text DEFAULT NULL,
    OUT action pg_catalog.text,
    OUT object pg_catalog.text,
    OUT bytes pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION @extschema@.doc_extractor_widen(pg_catalog.text) IS
    'Makes ids, counts and sizes bigint and, with the time zone that they were written in, times timestamptz; returns what it has done';

/*
 * New objects belong to the owner of the tables, whoever runs this script.  Nobody else
 * has privileges on them, whatever a superuser's default privileges say.
 */
DO $script$
DECLARE
    owner constant pg_catalog.name := (
        SELECT pg_catalog.pg_get_userbyid(c.relowner)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass);
    owner_id constant pg_catalog.oid := (
        SELECT c.relowner FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass);
    relation pg_catalog.regclass;
    kind pg_catalog.text;
    others pg_catalog.text;
BEGIN
    FOR relation, kind, others IN
        SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
                ELSE 'TABLE' END,
            (SELECT pg_catalog.string_agg(DISTINCT
                CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, ', ')
            FROM pg_catalog.aclexplode(c.relacl) AS x
            WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[c.relowner, owner_id])
                AND owner OPERATOR(pg_catalog.<>) current_user)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[
            '@extschema@.document_locations',
            '@extschema@.document_locations_id_seq',
            '@extschema@.scans',
            '@extschema@.scans_id_seq',
            '@extschema@.current_locations',
            '@extschema@.location_history',
            '@extschema@.documents_with_locations'
            ]::pg_catalog.regclass[]::pg_catalog.oid[])
    LOOP
        /* A sequence goes with its table. */
        IF kind OPERATOR(pg_catalog.<>) 'SEQUENCE' THEN
            EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', kind, relation, owner);
        END IF;
        IF others IS NOT NULL THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON %s %s FROM %s',
                CASE kind WHEN 'VIEW' THEN 'TABLE' ELSE kind END, relation, others);
        END IF;
    END LOOP;
END
$script$;

/* The same for new functions.  PUBLIC may call none of them. */
DO $script$
DECLARE
    owner constant pg_catalog.oid := (
        SELECT c.relowner FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=)
            '@extschema@.documents'::pg_catalog.regclass);
    function pg_catalog.regprocedure;
    others pg_catalog.text;
BEGIN
    FOR function, others IN
        SELECT p.oid,
            (SELECT pg_catalog.string_agg(', ' OPERATOR(pg_catalog.||)
                    pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)), '')
                FROM pg_catalog.aclexplode(p.proacl) AS x
                WHERE x.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[0, p.proowner, owner])
                    AND pg_catalog.pg_get_userbyid(owner)
                        OPERATOR(pg_catalog.<>) current_user)
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.classid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND d.refclassid OPERATOR(pg_catalog.=)
                'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.refobjid OPERATOR(pg_catalog.=) (
                SELECT x.oid FROM pg_catalog.pg_extension AS x
                WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor')
            /* Those of earlier versions are there: their scripts have revoked, too. */
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_init_privs AS i
                WHERE i.classoid OPERATOR(pg_catalog.=) d.classid
                    AND i.objoid OPERATOR(pg_catalog.=) d.objid)
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO %I', function,
            pg_catalog.pg_get_userbyid(owner));
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC%s',
            function, others);
    END LOOP;
END
$script$;

/*
 * CREATE EXTENSION makes a wide ledger.  In an update, the function does nothing, as
 * another transaction has made the tables.
 */
DO $script$
BEGIN
    IF (SELECT pg_catalog.bool_and(
            pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.=) 0)
        FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[
            '@extschema@.documents', '@extschema@.hash_index', '@extschema@.audit_log',
            '@extschema@.error_log']::pg_catalog.regclass[]::pg_catalog.oid[])) THEN
        PERFORM @extschema@.doc_extractor_widen('UTC');
    END IF;
END
$script$;
