/* doc_extractor_shard--1.0.sql: what a ledger needs to be a shard, called by the router. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION doc_extractor_shard" to load this file. \quit

DO $script$
BEGIN
    IF pg_catalog.to_regprocedure('@extschema@.record_extraction(pg_catalog.int8,'
        'pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.bool)') IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'schema @extschema@ has no ledger of version 1.2 or later',
            HINT = 'Create extension doc_extractor there first, or update it.';
    END IF;
END
$script$;

/* Which shard this is.  A dump has it, so that a shard can move to another server. */
CREATE TABLE @extschema@.this_shard (
    only_row pg_catalog.bool PRIMARY KEY DEFAULT true CHECK (only_row),
    number pg_catalog.int4 NOT NULL,
    shards pg_catalog.int4 NOT NULL
);
COMMENT ON TABLE @extschema@.this_shard IS
    'Which shard of how many this ledger is; written by doc_extractor_shard_setup()';
COMMENT ON COLUMN @extschema@.this_shard.only_row IS 'True: the table has one row';
COMMENT ON COLUMN @extschema@.this_shard.number IS 'The number of this shard, from 0';
COMMENT ON COLUMN @extschema@.this_shard.shards IS 'The number of shards';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.this_shard', '');

/*
 * The functions for the router run as the ledger's owner, whose triggers and views they
 * run: as another role, they would give that owner its rights.  Tables may get another
 * owner later, who may also rename them, so each name must be there.
 */
CREATE FUNCTION @extschema@.check_owners()
RETURNS pg_catalog.bool
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    me constant oid := to_regrole(quote_ident(current_user));
    found record;
BEGIN
    SELECT count(*) = 11 AS all_there, bool_or(c.relname = 'this_shard') AS is_shard,
        bool_or(c.relowner <> me AND NOT pg_has_role(c.relowner, me, 'USAGE')) AS others
    INTO found FROM pg_class AS c
    WHERE c.relnamespace = '@extschema@'::regnamespace AND c.relname IN ('documents',
        'hash_index', 'audit_log', 'error_log', 'document_locations', 'scans', 'this_shard',
        'current_locations', 'ingestion_stats', 'ingestion_stats_by_source',
        'ingestion_stats_by_type');
    IF found.others OR found.is_shard IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the ledger in database %s has another owner than the functions of the shard',
                current_database()),
            DETAIL = format('The functions belong to %s, and a table or view to a role without the rights of %1$s.',
                current_user),
            HINT = 'Call doc_extractor_shard_setup() again, as a superuser.';
    END IF;
    RETURN found.all_there;
END
$function$;
COMMENT ON FUNCTION @extschema@.check_owners() IS
    'Raises an error if the owner of a table or view could gain the rights of the functions for the router; returns whether all of 1.2 are there';

/*
 * Locks the ledger for the setup.  The caller may be a superuser: then nothing of the
 * owner's may run there, no trigger of this_shard, and no view that has the name of a
 * table.
 */
CREATE FUNCTION @extschema@.lock_shard()
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    refused text;
BEGIN
    LOCK TABLE @extschema@.documents, @extschema@.audit_log, @extschema@.error_log,
        @extschema@.document_locations, @extschema@.scans, @extschema@.this_shard
        IN SHARE ROW EXCLUSIVE MODE;
    SELECT string_agg(c.relname, ', ' ORDER BY c.relname) INTO refused FROM pg_class AS c
    WHERE c.relnamespace = '@extschema@'::regnamespace
        AND (c.relname = 'this_shard' AND (NOT pg_has_role(c.relowner, current_user, 'USAGE')
                OR EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid)
                OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid))
            OR c.relname IN ('documents', 'audit_log', 'error_log', 'document_locations',
                'scans', 'this_shard') AND c.relkind <> 'r');
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s cannot be trusted', refused),
            HINT = 'They must be tables. The owner of this_shard must be the caller, and it must have no triggers.';
    END IF;
END
$function$;
COMMENT ON FUNCTION @extschema@.lock_shard() IS
    'Locks the ledger, and raises an error if code of another role could run in its setup';

/* Locks the ledger, and makes its owner that of the functions for the router. */
CREATE FUNCTION @extschema@.own_shard()
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    owner oid;
    statement text;
BEGIN
    PERFORM @extschema@.lock_shard();
    owner := (SELECT c.relowner FROM pg_class AS c WHERE c.oid = '@extschema@.documents'::regclass);
    FOR statement IN
        SELECT format('ALTER FUNCTION %s OWNER TO %s', p.oid::regprocedure, owner::regrole)
        FROM pg_proc AS p
        WHERE p.oid = ANY (ARRAY(SELECT d.objid FROM pg_depend AS d
                JOIN pg_extension AS x ON x.oid = d.refobjid
                WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                    AND d.classid = 'pg_proc'::regclass AND x.extname = 'doc_extractor_shard'))
            AND (p.prosecdef OR p.proname IN ('check_owners', 'enter_shard', 'own_words'))
            AND p.proowner <> owner
        UNION ALL
        SELECT format('GRANT USAGE ON SCHEMA @extschema@ TO %s', owner::regrole)
        WHERE NOT has_schema_privilege(owner, '@extschema@', 'USAGE')
        UNION ALL
        SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', p.oid::regprocedure, owner::regrole)
        FROM pg_proc AS p
        WHERE p.pronamespace = '@extschema@'::regnamespace AND p.proname IN (
                'ingest_hashed_documents', 'record_extraction', 'record_document_event',
                'log_ingestion_error', 'log_failed_document', 'resolve_ingestion_error',
                'doc_extractor_verify', 'doc_extractor_widen_preview')
            AND NOT has_function_privilege(owner, p.oid, 'EXECUTE')
        UNION ALL
        SELECT format('GRANT SELECT ON @extschema@.%I TO %s', c.relname, owner::regrole)
        FROM pg_class AS c
        WHERE c.relnamespace = '@extschema@'::regnamespace AND c.relname IN ('this_shard',
                'current_locations', 'ingestion_stats', 'ingestion_stats_by_source',
                'ingestion_stats_by_type')
            AND NOT has_table_privilege(owner, c.oid, 'SELECT')
    LOOP
        EXECUTE statement;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION @extschema@.own_shard() IS
    'Locks the ledger, and makes its owner that of the functions for the router';

/*
 * The setup.  Ids of shard n start at n * 2^40: the router finds the shard of an id
 * by its upper bits.  A start survives dump and restore, an increment would not.
 */
CREATE FUNCTION @extschema@.doc_extractor_shard_setup(
    number pg_catalog.int4,
    shards pg_catalog.int4,
    router pg_catalog.name DEFAULT NULL)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    used text;
    function regprocedure;
BEGIN
    IF shards IS NULL OR shards < 1 OR shards & (shards - 1) <> 0
        OR number IS NULL OR number < 0 OR number >= shards THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s of %s is not a shard', coalesce(number::text, 'NULL'),
                coalesce(shards::text, 'NULL')),
            HINT = 'The number of shards must be a power of two. They are numbered from 0.';
    END IF;
    PERFORM @extschema@.own_shard();
    IF NOT EXISTS (SELECT FROM @extschema@.this_shard AS t
            WHERE t.number = doc_extractor_shard_setup.number
                AND t.shards = doc_extractor_shard_setup.shards) THEN
        IF EXISTS (SELECT FROM @extschema@.doc_extractor_widen_preview()) THEN
            RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = 'a narrow ledger cannot be a shard',
                HINT = 'Call doc_extractor_widen() first.';
        END IF;
        SELECT string_agg(t.name, ', ') INTO used
        FROM (SELECT 'documents' WHERE EXISTS (SELECT FROM @extschema@.documents)
            UNION ALL SELECT 'audit_log' WHERE EXISTS (SELECT FROM @extschema@.audit_log)
            UNION ALL SELECT 'error_log' WHERE EXISTS (SELECT FROM @extschema@.error_log)
            UNION ALL SELECT 'document_locations'
                WHERE EXISTS (SELECT FROM @extschema@.document_locations)
            UNION ALL SELECT 'scans' WHERE EXISTS (SELECT FROM @extschema@.scans)) AS t (name);
        IF used IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = 'only an empty ledger can become a shard',
                DETAIL = format('There are rows in %s.', used),
                HINT = 'Ingest the documents of another ledger through the router.';
        END IF;
        DELETE FROM @extschema@.this_shard;
        INSERT INTO @extschema@.this_shard (number, shards) VALUES (number, shards);
    END IF;
    /* In a ledger that was at 1.1 again, sequences of 1.2 are new. */
    PERFORM setval(s.id, number::bigint << 40, false)
    FROM (SELECT format('@extschema@.%s_id_seq', t)::regclass AS id
        FROM unnest(ARRAY['documents', 'hash_index', 'audit_log', 'error_log',
            'document_locations', 'scans']) AS t) AS s
    WHERE coalesce(pg_sequence_last_value(s.id), 0) < number::bigint << 40;
    IF router IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA @extschema@ TO %I', router);
        FOR function IN
            SELECT p.oid FROM pg_proc AS p
            WHERE p.pronamespace = '@extschema@'::regnamespace
                AND p.proname ~ '^shard_' AND p.prosecdef
                AND EXISTS (SELECT FROM pg_depend AS d
                    JOIN pg_extension AS x ON x.oid = d.refobjid
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                        AND d.deptype = 'e' AND x.extname = 'doc_extractor_shard')
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', function, router);
        END LOOP;
    END IF;
END
$function$;
COMMENT ON FUNCTION @extschema@.doc_extractor_shard_setup(
    pg_catalog.int4, pg_catalog.int4, pg_catalog.name) IS
    'Makes an empty ledger a shard: its number, where its ids start, and what the router''s role may call';

/*
 * Every call says where the router has routed it, and who called the router.  A wrong
 * connection string or another number of shards is an error, before anything is stored.
 * The trail has the application's user, and the role that logged in at the router in
 * brackets behind it, or that role alone.
 */
CREATE FUNCTION @extschema@.enter_shard(routes pg_catalog.int4[], who pg_catalog.text[])
RETURNS pg_catalog.int4
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    here @extschema@.this_shard;
    trail_user constant text := CASE WHEN who[1] = session_user THEN coalesce(who[2], '')
        WHEN who[2] IS NULL THEN coalesce(who[1], '')
        ELSE format('%s [%s]', who[2], who[1]) END;
BEGIN
    IF NOT @extschema@.check_owners() THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_function',
            MESSAGE = format('the ledger in database %s has no ingest_hashed_documents() and other parts of version 1.2',
                current_database()),
            HINT = 'Update doc_extractor there.';
    END IF;
    SELECT * INTO here FROM @extschema@.this_shard;
    IF here.number IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the ledger in database %s is not a shard', current_database()),
            HINT = 'Call doc_extractor_shard_setup() there.';
    END IF;
    IF EXISTS (SELECT FROM unnest(routes) AS r
            WHERE r & (here.shards - 1) IS DISTINCT FROM here.number) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('database %s is shard %s of %s, not the one that the router means',
                current_database(), here.number, here.shards),
            HINT = 'Compare the options of server doc_extractor_shards, on the router, with doc_extractor_router_check().';
    END IF;
    /* The library, if it is not loaded yet, would take a longer value for none. */
    IF char_length(trail_user) > 255 OR char_length(who[3]) > 500 THEN
        RAISE EXCEPTION USING ERRCODE = 'string_data_right_truncation',
            MESSAGE = 'the user or the reason is too long for the trail',
            DETAIL = format('doc_extractor.application_user has %s characters with the role, at most 255 are allowed; doc_extractor.reason has %s, at most 500 are allowed.',
                char_length(trail_user), coalesce(char_length(who[3]), 0));
    END IF;
    /* Results travel as text, which both must read alike. */
    PERFORM set_config('doc_extractor.application_user', trail_user, true),
        set_config('doc_extractor.reason', coalesce(who[3], ''), true),
        set_config('datestyle', 'ISO, MDY', true);
    RETURN here.number;
END
$function$;
COMMENT ON FUNCTION @extschema@.enter_shard(pg_catalog.int4[], pg_catalog.text[]) IS
    'Checks that the router means this shard, sets user and reason of the trail; returns the number of the shard';

CREATE FUNCTION @extschema@.shard_ping(shards pg_catalog.int4[])
RETURNS SETOF pg_catalog.int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN NEXT @extschema@.enter_shard(shards, NULL::text[]);
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_ping(pg_catalog.int4[]) IS
    'Returns the number of the shard, so that the router knows that it is there';

/* A shard gets part of a batch, and hashes where the router's caller may have given content. */
CREATE FUNCTION @extschema@.own_words(message pg_catalog.text, contents pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT regexp_replace(regexp_replace(message, '^document [0-9]+ of the batch: ', ''),
        CASE WHEN contents = 'contents' THEN '^file_hash(?= must not be null)' ELSE '^$' END,
        CASE WHEN contents = 'contents' THEN 'content' ELSE '' END)
$function$;
COMMENT ON FUNCTION @extschema@.own_words(pg_catalog.text, pg_catalog.text) IS
    'Takes the shard''s number of a document out of a message, and names the caller''s argument';

/*
 * Ingests the router's documents of this shard.  An error comes back as a row, so that
 * the other shards' rows reach the router, too.  Numbers are those of the router's batch.
 */
CREATE FUNCTION @extschema@.shard_ingest(
    who pg_catalog.text[],
    on_bad pg_catalog.text,
    is_batch pg_catalog.bool,
    contents pg_catalog.text,
    routes pg_catalog.int4[],
    numbers pg_catalog.int8[],
    names pg_catalog.text[],
    hashes pg_catalog.text[],
    sizes pg_catalog.int8[],
    types pg_catalog.text[],
    sources pg_catalog.text[],
    texts pg_catalog.text[],
    metadata pg_catalog.json[],
    statuses pg_catalog.text[],
    messages pg_catalog.text[],
    places pg_catalog.text[],
    times pg_catalog.timestamptz[],
    fingerprints pg_catalog.text[],
    extractors pg_catalog.text[],
    OUT shard pg_catalog.int4,
    OUT ordinality pg_catalog.int8,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8,
    OUT seen_at pg_catalog.timestamptz,
    OUT state pg_catalog.text,
    OUT message pg_catalog.text,
    OUT detail pg_catalog.text,
    OUT hint pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $function$
#variable_conflict use_column
DECLARE
    this int4 := @extschema@.enter_shard(routes, who);
    result record;
BEGIN
    PERFORM set_config('doc_extractor.on_bad_document', on_bad, true);
    BEGIN
        SELECT array_agg(r.ordinality) AS n, array_agg(r.document_id) AS id,
            array_agg(r.is_duplicate) AS dup, array_agg(r.file_hash) AS hash,
            array_agg(r.duplicate_count) AS dups, array_agg(r.at_location) AS kept,
            array_agg(r.has_text) AS text, array_agg(r.error_id) AS error,
            count(r.error_id) AS errors
        INTO result
        FROM @extschema@.ingest_hashed_documents(names, hashes, sizes, types, sources, texts,
            metadata, statuses, messages, places, times, fingerprints, extractors) AS r;
        IF result.errors > 0 THEN
            UPDATE @extschema@.error_log AS e
            SET error_message = left(concat(
                CASE WHEN is_batch THEN format('document %s of the batch: ', numbers[u.n]) END,
                @extschema@.own_words(e.error_message, contents)), 2000)
            FROM unnest(result.error, result.n) AS u (error, n)
            WHERE e.id = u.error;
            RETURN QUERY SELECT this, numbers[u.n], u.id, u.dup, u.hash, u.dups, u.kept, u.text,
                u.error, now(), e.error_type::text,
                @extschema@.own_words(e.error_message, contents),
                NULL::text, NULL::text
            FROM unnest(result.n, result.id, result.dup, result.hash, result.dups, result.kept,
                result.text, result.error) AS u (n, id, dup, hash, dups, kept, text, error)
            LEFT JOIN @extschema@.error_log AS e ON e.id = u.error;
        ELSE
            RETURN QUERY SELECT this, numbers[u.n], u.id, u.dup, u.hash, u.dups, u.kept, u.text,
                u.error, now(), NULL::text, NULL::text, NULL::text, NULL::text
            FROM unnest(result.n, result.id, result.dup, result.hash, result.dups, result.kept,
                result.text, result.error) AS u (n, id, dup, hash, dups, kept, text, error);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        shard := this;
        state := SQLSTATE;
        message := @extschema@.own_words(SQLERRM, contents);
        RETURN NEXT;
    END;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_ingest(
    pg_catalog.text[], pg_catalog.text, pg_catalog.bool, pg_catalog.text, pg_catalog.int4[], pg_catalog.int8[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[], pg_catalog.text[],
    pg_catalog.text[]) IS
    'Ingests the documents of a batch that belong to this shard; an error of all of them is a row without ordinality';

/*
 * Another shard has the document that is now at a place: what was there before has gone.
 * An error comes back as a row.  A shard that is read-only for a while has none, if there
 * is nothing to write.
 */
CREATE FUNCTION @extschema@.shard_end_locations(
    shards pg_catalog.int4[],
    sources pg_catalog.text[],
    places pg_catalog.text[],
    document_ids pg_catalog.int8[],
    until pg_catalog.timestamptz[],
    OUT shard pg_catalog.int4,
    OUT state pg_catalog.text,
    OUT message pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    ended record;
BEGIN
    shard := @extschema@.enter_shard(NULL::int4[], NULL::text[]);
    FOR ended IN
        SELECT u.source, u.place, k.key, u.until
        FROM unnest(sources, places, document_ids, until) AS u (source, place, id, until),
            LATERAL (SELECT sha256(convert_to(u.place, getdatabaseencoding())) AS key) AS k,
            LATERAL (SELECT l.document_id, l.seen_at FROM @extschema@.document_locations AS l
                WHERE l.ingestion_source = u.source AND l.location_key = k.key
                ORDER BY l.id DESC LIMIT 1) AS latest
        WHERE latest.document_id <> u.id AND latest.seen_at <= u.until
    LOOP
        INSERT INTO @extschema@.document_locations
            (ingestion_source, location, location_key, seen_at)
        VALUES (ended.source, ended.place, ended.key, ended.until);
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    state := SQLSTATE;
    message := SQLERRM;
    RETURN NEXT;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_end_locations(
    pg_catalog.int4[], pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[],
    pg_catalog.timestamptz[]) IS
    'Ends the observations of places where another shard''s document was seen later; returns why it could not';

CREATE FUNCTION @extschema@.shard_record_extraction(
    who pg_catalog.text[],
    route pg_catalog.int4,
    id pg_catalog.int8,
    new_text pg_catalog.text,
    metadata pg_catalog.json,
    extractor pg_catalog.text,
    replace pg_catalog.bool,
    OUT text_stored pg_catalog.bool,
    OUT metadata_stored pg_catalog.bool)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], who);
    SELECT r.text_stored, r.metadata_stored INTO text_stored, metadata_stored
    FROM @extschema@.record_extraction(id, new_text, metadata, extractor, replace) AS r;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_record_extraction(
    pg_catalog.text[], pg_catalog.int4, pg_catalog.int8, pg_catalog.text, pg_catalog.json,
    pg_catalog.text, pg_catalog.bool) IS
    'record_extraction(), for the router';

CREATE FUNCTION @extschema@.shard_record_event(
    who pg_catalog.text[],
    route pg_catalog.int4,
    id pg_catalog.int8,
    action pg_catalog.text,
    old_value pg_catalog.json,
    new_value pg_catalog.json,
    change_reason pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], who);
    RETURN @extschema@.record_document_event(id, action, old_value, new_value, change_reason);
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_record_event(
    pg_catalog.text[], pg_catalog.int4, pg_catalog.int8, pg_catalog.text, pg_catalog.json,
    pg_catalog.json, pg_catalog.text) IS
    'record_document_event(), for the router';

CREATE FUNCTION @extschema@.shard_log_failure(
    who pg_catalog.text[],
    route pg_catalog.int4,
    by_name pg_catalog.bool,
    name pg_catalog.text,
    type pg_catalog.text,
    message pg_catalog.text,
    source pg_catalog.text,
    place pg_catalog.text,
    hash pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], who);
    IF by_name THEN
        RETURN @extschema@.log_ingestion_error(name, type, message);
    END IF;
    RETURN @extschema@.log_failed_document(name, type, message, source, place, hash);
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_log_failure(
    pg_catalog.text[], pg_catalog.int4, pg_catalog.bool, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'log_failed_document() or log_ingestion_error(), for the router';

CREATE FUNCTION @extschema@.shard_resolve_error(
    who pg_catalog.text[],
    route pg_catalog.int4,
    id pg_catalog.int8,
    notes pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], who);
    PERFORM @extschema@.resolve_ingestion_error(id, notes);
    RETURN id;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_resolve_error(
    pg_catalog.text[], pg_catalog.int4, pg_catalog.int8, pg_catalog.text) IS
    'resolve_ingestion_error(), for the router';

/* Searches.  Types that the owner has changed (jsonb) become those of the version. */
CREATE FUNCTION @extschema@.shard_document(
    route pg_catalog.int4,
    wanted_id pg_catalog.int8,
    wanted_hash pg_catalog.text,
    OUT document_id pg_catalog.int8,
    OUT file_name pg_catalog.text,
    OUT file_size_bytes pg_catalog.int8,
    OUT file_hash pg_catalog.text,
    OUT file_type pg_catalog.text,
    OUT ingestion_source pg_catalog.text,
    OUT ingestion_timestamp pg_catalog.timestamptz,
    OUT document_text pg_catalog.text,
    OUT metadata_extracted pg_catalog.json,
    OUT ingestion_status pg_catalog.text,
    OUT error_message pg_catalog.text,
    OUT created_at pg_catalog.timestamptz,
    OUT updated_at pg_catalog.timestamptz,
    OUT extractor pg_catalog.text,
    OUT extracted_at pg_catalog.timestamptz,
    OUT duplicate_count pg_catalog.int8,
    OUT last_seen pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], NULL::text[]);
    IF wanted_id IS NOT NULL THEN
        RETURN QUERY SELECT d.id, d.file_name::text, d.file_size_bytes, d.file_hash::text,
            d.file_type::text, d.ingestion_source::text, d.ingestion_timestamp, d.document_text::text,
            d.metadata_extracted::json, d.ingestion_status::text, d.error_message::text,
            d.created_at, d.updated_at, d.extractor::text, d.extracted_at, h.duplicate_count, h.last_seen
        FROM @extschema@.documents AS d
        LEFT JOIN @extschema@.hash_index AS h ON h.file_hash = d.file_hash
        WHERE d.id = wanted_id;
    ELSE
        RETURN QUERY SELECT d.id, d.file_name::text, d.file_size_bytes, d.file_hash::text,
            d.file_type::text, d.ingestion_source::text, d.ingestion_timestamp, d.document_text::text,
            d.metadata_extracted::json, d.ingestion_status::text, d.error_message::text,
            d.created_at, d.updated_at, d.extractor::text, d.extracted_at, h.duplicate_count, h.last_seen
        FROM @extschema@.documents AS d
        LEFT JOIN @extschema@.hash_index AS h ON h.file_hash = d.file_hash
        WHERE d.file_hash = wanted_hash;
    END IF;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_document(
    pg_catalog.int4, pg_catalog.int8, pg_catalog.text) IS
    'Returns the document with this id or hash';

CREATE FUNCTION @extschema@.shard_trail(
    route pg_catalog.int4,
    wanted_id pg_catalog.int8,
    OUT id pg_catalog.int8,
    OUT document_id pg_catalog.int8,
    OUT action pg_catalog.text,
    OUT old_value pg_catalog.json,
    OUT new_value pg_catalog.json,
    OUT change_reason pg_catalog.text,
    OUT user_or_system pg_catalog.text,
    OUT db_user pg_catalog.text,
    OUT action_timestamp pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(ARRAY[route], NULL::text[]);
    RETURN QUERY SELECT a.id, a.document_id, a.action::text, a.old_value::json,
        a.new_value::json, a.change_reason::text, a.user_or_system::text, a.db_user::text,
        a.action_timestamp
    FROM @extschema@.audit_log AS a WHERE a.document_id = wanted_id;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_trail(pg_catalog.int4, pg_catalog.int8) IS
    'Returns the trail of a document';

/* Of a document (an id), or of a place: the history of it that this shard knows. */
CREATE FUNCTION @extschema@.shard_locations(
    wanted_id pg_catalog.int8,
    source pg_catalog.text,
    place pg_catalog.text,
    OUT id pg_catalog.int8,
    OUT ingestion_source pg_catalog.text,
    OUT location pg_catalog.text,
    OUT document_id pg_catalog.int8,
    OUT modified_at pg_catalog.timestamptz,
    OUT fingerprint pg_catalog.text,
    OUT size_bytes pg_catalog.int8,
    OUT seen_at pg_catalog.timestamptz,
    OUT is_current pg_catalog.bool)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(NULL::int4[], NULL::text[]);
    RETURN QUERY SELECT c.id, c.ingestion_source::text, c.location::text, c.document_id,
        c.modified_at, c.fingerprint::text, c.size_bytes, c.seen_at, true
    FROM @extschema@.current_locations AS c WHERE c.document_id = wanted_id;
    RETURN QUERY SELECT l.id, l.ingestion_source::text, l.location::text, l.document_id,
        l.modified_at, l.fingerprint::text, l.size_bytes, l.seen_at,
        lead(l.id) OVER (ORDER BY l.id) IS NULL
            AND EXISTS (SELECT FROM @extschema@.documents AS d WHERE d.id = l.document_id)
    FROM @extschema@.document_locations AS l
    WHERE l.ingestion_source = source
        AND l.location_key = sha256(convert_to(place, getdatabaseencoding()));
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_locations(
    pg_catalog.int8, pg_catalog.text, pg_catalog.text) IS
    'Returns the current locations of a document, or what this shard knows of a place';

CREATE FUNCTION @extschema@.shard_open_errors(
    max_rows pg_catalog.int8,
    OUT id pg_catalog.int8,
    OUT file_name pg_catalog.text,
    OUT error_type pg_catalog.text,
    OUT error_message pg_catalog.text,
    OUT error_timestamp pg_catalog.timestamptz,
    OUT ingestion_source pg_catalog.text,
    OUT location pg_catalog.text,
    OUT file_hash pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(NULL::int4[], NULL::text[]);
    RETURN QUERY SELECT e.id, e.file_name::text, e.error_type::text,
        e.error_message::text, e.error_timestamp, e.ingestion_source::text, e.location::text,
        e.file_hash::text
    FROM @extschema@.error_log AS e
    WHERE e.resolution_notes IS NULL AND NOT e.retry_attempted
    ORDER BY e.error_timestamp DESC, e.id DESC LIMIT max_rows;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_open_errors(pg_catalog.int8) IS
    'Returns the latest open failures';

CREATE FUNCTION @extschema@.shard_stats(
    by_what pg_catalog.text,
    OUT name pg_catalog.text,
    OUT documents pg_catalog.int8,
    OUT bytes pg_catalog.int8,
    OUT duplicates pg_catalog.int8,
    OUT bytes_saved pg_catalog.numeric,
    OUT failed pg_catalog.int8,
    OUT retry pg_catalog.int8,
    OUT open_errors pg_catalog.int8,
    OUT first_ingestion pg_catalog.timestamptz,
    OUT last_ingestion pg_catalog.timestamptz,
    OUT locations pg_catalog.int8)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(NULL::int4[], NULL::text[]);
    IF by_what = 'source' THEN
        RETURN QUERY SELECT s.ingestion_source::text, s.documents, s.bytes, s.duplicates,
            s.bytes_saved, s.failed, s.retry, NULL::int8, s.first_ingestion::timestamptz,
            s.last_ingestion::timestamptz, NULL::int8
        FROM @extschema@.ingestion_stats_by_source AS s;
    ELSIF by_what = 'type' THEN
        RETURN QUERY SELECT s.file_type::text, s.documents, s.bytes, s.duplicates,
            s.bytes_saved, s.failed, s.retry, NULL::int8, s.first_ingestion::timestamptz,
            s.last_ingestion::timestamptz, NULL::int8
        FROM @extschema@.ingestion_stats_by_type AS s;
    ELSE
        RETURN QUERY SELECT NULL::text, s.documents, s.bytes, s.duplicates, s.bytes_saved,
            s.failed, s.retry, s.open_errors, s.first_ingestion::timestamptz,
            s.last_ingestion::timestamptz, s.locations
        FROM @extschema@.ingestion_stats AS s;
    END IF;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_stats(pg_catalog.text) IS
    'Returns ingestion_stats, or with source or type the view by that';

/* Two checks more than the ledger's own: what only a shard can have wrong. */
CREATE FUNCTION @extschema@.shard_verify(
    OUT shard pg_catalog.int4,
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.enter_shard(NULL::int4[], NULL::text[]);
    RETURN QUERY SELECT t.number, v.check_name, v.passed, v.detail
    FROM @extschema@.this_shard AS t, @extschema@.doc_extractor_verify() AS v
    UNION ALL
    SELECT t.number, 'hashes of the shard', count(d.id) = 0,
        CASE WHEN count(d.id) > 0 THEN format('%s documents are of other shards: %s', count(d.id),
            array_to_string((array_agg(d.id ORDER BY d.id))[1:5], ', ')) END
    FROM @extschema@.this_shard AS t
    LEFT JOIN @extschema@.documents AS d ON d.file_hash ~ '^[0-9a-f]{64}$'
        AND ('x' || left(d.file_hash, 8))::bit(32)::int4 & (t.shards - 1) <> t.number
    GROUP BY t.number
    UNION ALL
    SELECT t.number, 'ids of the shard', count(i.name) = 0,
        string_agg(format('%s has ids of other shards: %s to %s', i.name, i.low, i.high), '; ')
    FROM @extschema@.this_shard AS t
    LEFT JOIN (SELECT 'documents' AS name, min(id) AS low, max(id) AS high FROM @extschema@.documents
        UNION ALL SELECT 'hash_index', min(id), max(id) FROM @extschema@.hash_index
        UNION ALL SELECT 'audit_log', min(id), max(id) FROM @extschema@.audit_log
        UNION ALL SELECT 'error_log', min(id), max(id) FROM @extschema@.error_log
        UNION ALL SELECT 'document_locations', min(id), max(id)
            FROM @extschema@.document_locations
        UNION ALL SELECT 'scans', min(id), max(id) FROM @extschema@.scans) AS i
        ON i.low >> 40 <> t.number OR i.high >> 40 <> t.number
    GROUP BY t.number;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_verify() IS
    'Returns doc_extractor_verify(), and whether hashes and ids are those of this shard';

/* What doc_extractor_router_check() compares. */
CREATE FUNCTION @extschema@.shard_status(
    wanted pg_catalog.int4,
    OUT number pg_catalog.int4,
    OUT shards pg_catalog.int4,
    OUT version pg_catalog.text,
    OUT shard_version pg_catalog.text,
    OUT narrow pg_catalog.int8,
    OUT lowest_id pg_catalog.int8,
    OUT highest_id pg_catalog.int8,
    OUT lowest_next pg_catalog.int8,
    OUT highest_next pg_catalog.int8,
    OUT encoding pg_catalog.text,
    OUT read_only pg_catalog.bool,
    OUT clock pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    is_complete constant bool := @extschema@.check_owners();
BEGIN
    PERFORM set_config('datestyle', 'ISO, MDY', true);
    SELECT t.number, t.shards INTO number, shards FROM @extschema@.this_shard AS t;
    SELECT max(x.extversion) FILTER (WHERE x.extname = 'doc_extractor'),
        max(x.extversion) FILTER (WHERE x.extname = 'doc_extractor_shard')
    INTO version, shard_version FROM pg_extension AS x;
    encoding := getdatabaseencoding()::text;
    read_only := pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool;
    /* A ledger below 1.2 has no more to say. */
    IF is_complete THEN
        narrow := (SELECT count(*) FROM @extschema@.doc_extractor_widen_preview());
        WITH ids AS (
            SELECT min(id) AS low, max(id) AS high FROM @extschema@.documents
            UNION ALL SELECT min(id), max(id) FROM @extschema@.hash_index
            UNION ALL SELECT min(id), max(id) FROM @extschema@.audit_log
            UNION ALL SELECT min(id), max(id) FROM @extschema@.error_log
            UNION ALL SELECT min(id), max(id) FROM @extschema@.document_locations
            UNION ALL SELECT min(id), max(id) FROM @extschema@.scans),
        sequences AS (
            SELECT last_value AS next FROM @extschema@.documents_id_seq
            UNION ALL SELECT last_value FROM @extschema@.hash_index_id_seq
            UNION ALL SELECT last_value FROM @extschema@.audit_log_id_seq
            UNION ALL SELECT last_value FROM @extschema@.error_log_id_seq
            UNION ALL SELECT last_value FROM @extschema@.document_locations_id_seq
            UNION ALL SELECT last_value FROM @extschema@.scans_id_seq)
        SELECT (SELECT min(low) FROM ids), (SELECT max(high) FROM ids),
            (SELECT min(next) FROM sequences), (SELECT max(next) FROM sequences)
        INTO lowest_id, highest_id, lowest_next, highest_next;
    END IF;
    clock := clock_timestamp();
    RETURN NEXT;
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_status(pg_catalog.int4) IS
    'Returns what doc_extractor_router_check() compares';

/* PUBLIC may use none of it. */
DO $script$
DECLARE
    function pg_catalog.regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND d.refobjid OPERATOR(pg_catalog.=) (
                SELECT x.oid FROM pg_catalog.pg_extension AS x
                WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor_shard')
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END
$script$;
SELECT @extschema@.own_shard();
