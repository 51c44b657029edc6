/* doc_extractor_router--1.0.sql: the functions of doc_extractor over many shards. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION doc_extractor_router" to load this file. \quit

/*
 * First what runs on the shards: functions of PL/Proxy, which call those of the same name
 * and schema there, of extension doc_extractor_shard.  PL/Proxy takes the lowest bits of
 * what follows RUN ON for the number of the shard.  SPLIT cuts arrays so that each shard
 * gets its own elements.  Values travel as text, so the functions that call these set
 * datestyle, as enter_shard() does on the shard.  Nothing here has a backslash, whose
 * meaning the caller's standard_conforming_strings would decide.
 */

CREATE FUNCTION @extschema@.shard_ping(
    shards pg_catalog.int4[])
RETURNS SETOF pg_catalog.int4
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    SPLIT shards;
    RUN ON shards;
$function$;
COMMENT ON FUNCTION @extschema@.shard_ping IS 'Fails unless these shards answer';

/* What a shard says of a document, or, without ordinality, of all that it was sent. */
CREATE TYPE @extschema@.shard_result AS (
    shard pg_catalog.int4,
    ordinality pg_catalog.int8,
    document_id pg_catalog.int8,
    is_duplicate pg_catalog.bool,
    file_hash pg_catalog.text,
    duplicate_count pg_catalog.int8,
    at_location pg_catalog.bool,
    has_text pg_catalog.bool,
    error_id pg_catalog.int8,
    seen_at pg_catalog.timestamptz,
    state pg_catalog.text,
    message pg_catalog.text,
    detail pg_catalog.text,
    hint pg_catalog.text
);
COMMENT ON TYPE @extschema@.shard_result IS
    'What a shard says of a document of a batch; without ordinality, why it has stored none';

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
    extractors pg_catalog.text[])
RETURNS SETOF @extschema@.shard_result
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    SPLIT routes, numbers, names, hashes, sizes, types, sources, texts, metadata, statuses,
        messages, places, times, fingerprints, extractors;
    RUN ON routes;
$function$;
COMMENT ON FUNCTION @extschema@.shard_ingest IS 'Ingests each document on its shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON pg_catalog.unnest(shards);
$function$;
COMMENT ON FUNCTION @extschema@.shard_end_locations IS 'Tells these shards that places have documents of other shards now';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_record_extraction IS 'record_extraction() on a shard';

CREATE FUNCTION @extschema@.shard_record_event(
    who pg_catalog.text[],
    route pg_catalog.int4,
    id pg_catalog.int8,
    action pg_catalog.text,
    old_value pg_catalog.json,
    new_value pg_catalog.json,
    change_reason pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_record_event IS 'record_document_event() on a shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_log_failure IS 'log_failed_document() or log_ingestion_error() on a shard';

CREATE FUNCTION @extschema@.shard_resolve_error(
    who pg_catalog.text[],
    route pg_catalog.int4,
    id pg_catalog.int8,
    notes pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_resolve_error IS 'resolve_ingestion_error() on a shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_document IS 'Finds a document on its shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON route;
$function$;
COMMENT ON FUNCTION @extschema@.shard_trail IS 'Returns the trail of a document from its shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON wanted;
$function$;
COMMENT ON FUNCTION @extschema@.shard_status IS 'Returns what doc_extractor_router_check() compares, of one shard';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON ALL;
$function$;
COMMENT ON FUNCTION @extschema@.shard_locations IS 'Returns what all shards know of a place, or of the places of a document';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON ALL;
$function$;
COMMENT ON FUNCTION @extschema@.shard_open_errors IS 'Returns the latest open failures of all shards';

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
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON ALL;
$function$;
COMMENT ON FUNCTION @extschema@.shard_stats IS 'Returns the statistics of all shards';

CREATE FUNCTION @extschema@.shard_verify(
    OUT shard pg_catalog.int4,
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plproxy
AS $function$
    CLUSTER 'doc_extractor_shards';
    RUN ON ALL;
$function$;
COMMENT ON FUNCTION @extschema@.shard_verify IS 'Checks all shards';

/* Then what the router itself does. */

/* In PL/pgSQL, as every call asks, and that keeps the plan. */
CREATE FUNCTION @extschema@.shard_count()
RETURNS pg_catalog.int4
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN (SELECT count(*)
        FROM pg_foreign_server AS s, pg_options_to_table(s.srvoptions) AS o
        WHERE s.srvname = 'doc_extractor_shards' AND o.option_name ~ '^(p|partition_)[0-9]+$');
END
$function$;
COMMENT ON FUNCTION @extschema@.shard_count() IS
    'Returns the number of shards that server doc_extractor_shards has';

/* The lowest bits decide, of the first 32 of the hash. Any shard can refuse a bad hash. */
CREATE FUNCTION @extschema@.route_of_hash(hash pg_catalog.text)
RETURNS pg_catalog.int4
LANGUAGE sql IMMUTABLE
AS $function$
    SELECT CASE WHEN hash OPERATOR(pg_catalog.~) '^[0-9A-Fa-f]{64}$'
        THEN ('x' OPERATOR(pg_catalog.||) pg_catalog.left(hash, 8))::bit(32)::pg_catalog.int4
        ELSE 0 END
$function$;
COMMENT ON FUNCTION @extschema@.route_of_hash(pg_catalog.text) IS
    'Returns the number that decides on the shard of a hash';
CREATE FUNCTION @extschema@.route_of_id(id pg_catalog.int8)
RETURNS pg_catalog.int4
LANGUAGE sql IMMUTABLE
AS $function$
    SELECT coalesce((id OPERATOR(pg_catalog.>>) 40)::pg_catalog.int4, 0)
$function$;
COMMENT ON FUNCTION @extschema@.route_of_id(pg_catalog.int8) IS
    'Returns the number of the shard of an id';

/*
 * Settings do not travel to a shard, so they go as an argument.  Nor does READ ONLY, in
 * which nothing must be written.
 */
CREATE FUNCTION @extschema@.who_calls()
RETURNS pg_catalog.text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF current_setting('transaction_read_only')::bool THEN
        RAISE EXCEPTION USING ERRCODE = 'read_only_sql_transaction',
            MESSAGE = 'cannot write to shards in a read-only transaction';
    END IF;
    RETURN ARRAY[session_user::text,
        coalesce(nullif(current_setting('doc_extractor.application_user', true), ''),
            nullif(current_setting('doc_extractor.user', true), '')),
        nullif(current_setting('doc_extractor.reason', true), '')];
END
$function$;
COMMENT ON FUNCTION @extschema@.who_calls() IS
    'Returns the role that logged in, the application''s user, and its reason';

/* The client library's messages have several lines. */
CREATE FUNCTION @extschema@.in_one_line(message pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT rtrim(regexp_replace(message, '[[:space:]]+', ' ', 'g'))
$function$;
COMMENT ON FUNCTION @extschema@.in_one_line(pg_catalog.text) IS
    'Returns a message in one line';

/* PL/Proxy's own errors have code XX000.  Those that a shard has raised keep theirs. */
CREATE FUNCTION @extschema@.raise_shard_failure(
    route pg_catalog.int4,
    failure pg_catalog.text,
    others pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    shard constant text :=
        coalesce('shard ' || (route & (@extschema@.shard_count() - 1)), 'a shard');
BEGIN
    failure := @extschema@.in_one_line(failure);
    IF failure ~ ' REMOTE [A-Z]+: ' AND failure !~ ' REMOTE FATAL: ' THEN
        RAISE EXCEPTION USING ERRCODE = 'internal_error', MESSAGE = failure;
    ELSIF failure ~ 'PQconnect|connect timeout' AND NOT others THEN
        RAISE EXCEPTION USING ERRCODE = 'connection_failure',
            MESSAGE = format('%s cannot be reached', shard),
            DETAIL = failure,
            HINT = 'Try again when it is back. The other shards go on working.';
    ELSIF failure ~ 'cluster not found|user mapping' THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the router has no shards yet', DETAIL = failure,
            HINT = 'Create server doc_extractor_shards, and a user mapping for the owner of the functions.';
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'transaction_resolution_unknown',
        MESSAGE = format('the connection to %s broke off', shard),
        DETAIL = format('What it was sent may be stored. %s', failure),
        HINT = 'Try again. A document that is sent again is not stored twice, and not counted as a duplicate if it has a location.';
END
$function$;
COMMENT ON FUNCTION @extschema@.raise_shard_failure(
    pg_catalog.int4, pg_catalog.text, pg_catalog.bool) IS
    'Raises the error for a shard that does not answer';

/* Only after a failure, it asks them one by one. */
CREATE FUNCTION @extschema@.unreachable_shards(wanted pg_catalog.int4[])
RETURNS SETOF @extschema@.shard_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    failed @extschema@.shard_result;
BEGIN
    PERFORM @extschema@.shard_ping(wanted);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    FOREACH failed.shard IN ARRAY wanted LOOP
        BEGIN
            PERFORM @extschema@.shard_ping(ARRAY[failed.shard]);
        EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
            failed.state := '08006';
            failed.message := format('shard %s cannot be reached', failed.shard);
            failed.detail := @extschema@.in_one_line(SQLERRM);
            failed.hint := 'Try again when it is back. The other shards go on working.';
            RETURN NEXT failed;
        END;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION @extschema@.unreachable_shards(pg_catalog.int4[]) IS
    'Returns those of these shards that cannot be reached, and why';

CREATE FUNCTION @extschema@.list_documents(numbers pg_catalog.int8[])
RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT format('%s of the batch: %s%s.', CASE WHEN cardinality(numbers) = 1 THEN 'Document'
            ELSE format('%s documents', cardinality(numbers)) END,
        array_to_string(numbers[1:20], ', '),
        CASE WHEN cardinality(numbers) > 20 THEN ' ...' END)
$function$;
COMMENT ON FUNCTION @extschema@.list_documents(pg_catalog.int8[]) IS
    'Names documents of a batch, the first twenty';

CREATE FUNCTION @extschema@.numbers_of(
    routes pg_catalog.int4[],
    mask pg_catalog.int4,
    shard pg_catalog.int4)
RETURNS pg_catalog.int8[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT array_agg(r.number ORDER BY r.number)
    FROM unnest(routes) WITH ORDINALITY AS r (route, number)
    WHERE r.route & mask = shard
$function$;
COMMENT ON FUNCTION @extschema@.numbers_of(
    pg_catalog.int4[], pg_catalog.int4, pg_catalog.int4) IS
    'Returns the numbers of the documents of a batch that belong to a shard';

/* As the ledger does: PL/Proxy's own message would name no argument. Four are required. */
CREATE FUNCTION @extschema@.check_arrays(
    names pg_catalog.text[],
    lengths pg_catalog.int4[],
    dimensions pg_catalog.int4[])
RETURNS pg_catalog.void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        IF lengths[i] IS NULL AND i <= 4 THEN
            RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
                MESSAGE = format('%s must not be null', names[i]);
        ELSIF dimensions[i] > 1 THEN
            RAISE EXCEPTION USING ERRCODE = 'array_subscript_error',
                MESSAGE = format('%s must have one dimension, not %s', names[i], dimensions[i]);
        ELSIF lengths[i] <> lengths[1] THEN
            RAISE EXCEPTION USING ERRCODE = 'array_subscript_error',
                MESSAGE = format('%s has %s elements, but %s has %s', names[i], lengths[i],
                    names[1], lengths[1]),
                HINT = 'Every array must have one element for each document. An array that is NULL or left out means the default for all documents.';
        END IF;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION @extschema@.check_arrays(
    pg_catalog.text[], pg_catalog.int4[], pg_catalog.int4[]) IS
    'Checks that the arrays of a batch have a dimension and an element for each document';

CREATE FUNCTION @extschema@.raise_error(
    state pg_catalog.text,
    message pg_catalog.text,
    detail pg_catalog.text,
    hint pg_catalog.text)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF coalesce(detail, '') = '' AND coalesce(hint, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
    ELSIF coalesce(hint, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = detail;
    ELSIF coalesce(detail, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, HINT = hint;
    END IF;
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = detail, HINT = hint;
END
$function$;
COMMENT ON FUNCTION @extschema@.raise_error(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Raises an error of a shard, as it came';

/* What one shard has not done is an error, or with log a warning. */
CREATE FUNCTION @extschema@.report_failure(
    failed @extschema@.shard_result,
    on_bad pg_catalog.text,
    numbers pg_catalog.int8[],
    outcome pg_catalog.text)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    detail constant text := concat_ws(' ', @extschema@.list_documents(numbers), outcome,
        nullif(failed.detail, ''));
    hint constant text := coalesce(nullif(failed.hint, ''), 'Send these documents again.');
BEGIN
    IF on_bad = 'log' THEN
        RAISE WARNING USING ERRCODE = failed.state, MESSAGE = failed.message, DETAIL = detail,
            HINT = hint;
    ELSE
        RAISE EXCEPTION USING ERRCODE = failed.state, MESSAGE = failed.message, DETAIL = detail,
            HINT = hint;
    END IF;
END
$function$;
COMMENT ON FUNCTION @extschema@.report_failure(
    @extschema@.shard_result, pg_catalog.text, pg_catalog.int8[], pg_catalog.text) IS
    'Reports which documents of a batch were not ingested, and why';

CREATE FUNCTION @extschema@.warn_of_places(
    failed @extschema@.shard_result,
    places pg_catalog.int4)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE WARNING USING ERRCODE = failed.state, MESSAGE = failed.message,
        DETAIL = concat_ws(' ', format(
            '%s may still have older documents at %s of the call''s locations.',
            coalesce('Shard ' || failed.shard, 'A shard'), places), failed.detail);
END
$function$;
COMMENT ON FUNCTION @extschema@.warn_of_places(
    @extschema@.shard_result, pg_catalog.int4) IS
    'Warns that a shard could not be told of places';

/*
 * A place can have had a document of another shard.  Shards do not know of each other, so
 * those that can have it are told; twice does no harm.  Of several documents of a batch
 * at a place, the last one is there now.  Who fails to hear of it keeps an older
 * observation: a search takes the latest of all.
 */
CREATE FUNCTION @extschema@.hand_over_places(
    results @extschema@.shard_result[],
    sources pg_catalog.text[],
    places pg_catalog.text[],
    shards pg_catalog.int4)
RETURNS pg_catalog.void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    every int4[] := ARRAY(SELECT generate_series(0, shards - 1));
    moved record;
    failed @extschema@.shard_result;
BEGIN
    SELECT array_agg(m.source) AS sources, array_agg(m.place) AS places,
        array_agg(m.id) AS ids, array_agg(m.until) AS until INTO moved
    FROM (SELECT coalesce(sources[r.ordinality], 'manual') AS source,
            places[r.ordinality] AS place,
            (array_agg(r.document_id ORDER BY r.ordinality DESC))[1] AS id,
            max(r.seen_at) AS until
        FROM unnest(results) AS r
        WHERE r.document_id IS NOT NULL AND places[r.ordinality] IS NOT NULL
        GROUP BY 1, 2 HAVING NOT bool_and(r.at_location)) AS m;
    IF moved.ids IS NULL THEN
        RETURN;
    END IF;
    FOR attempt IN 1 .. 2 LOOP
        BEGIN
            FOR failed.shard, failed.state, failed.message IN
                SELECT e.shard, e.state, e.message FROM @extschema@.shard_end_locations(every,
                    moved.sources, moved.places, moved.ids, moved.until) AS e
            LOOP
                PERFORM @extschema@.warn_of_places(failed, cardinality(moved.ids));
            END LOOP;
            RETURN;
        EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
            FOR failed IN SELECT * FROM @extschema@.unreachable_shards(every) LOOP
                PERFORM @extschema@.warn_of_places(failed, cardinality(moved.ids));
                every := array_remove(every, failed.shard);
            END LOOP;
        END;
    END LOOP;
    RAISE WARNING USING ERRCODE = 'connection_failure', MESSAGE = 'a shard broke off',
        DETAIL = format('Shards may still have older documents at %s of the call''s locations.',
            cardinality(moved.ids));
END
$function$;
COMMENT ON FUNCTION @extschema@.hand_over_places(
    @extschema@.shard_result[], pg_catalog.text[], pg_catalog.text[], pg_catalog.int4) IS
    'Tells the other shards that documents were seen at places where theirs may have been';

/*
 * PL/Proxy wants no NULL arrays: unnest() fills them.  Custom plans would be the generic
 * one, made anew for each call.
 */
CREATE FUNCTION @extschema@.send_documents(
    mask pg_catalog.int4,
    down pg_catalog.int4[],
    is_batch pg_catalog.bool,
    contents pg_catalog.text,
    on_bad pg_catalog.text,
    routes pg_catalog.int4[],
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
    extractors pg_catalog.text[])
RETURNS @extschema@.shard_result[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
SET plan_cache_mode = force_generic_plan
AS $function$
BEGIN
    RETURN ARRAY(SELECT r FROM (SELECT
            array_agg(u.route) AS routes, array_agg(u.number) AS numbers,
            array_agg(u.name) AS names, array_agg(u.hash) AS hashes,
            array_agg(u.size) AS sizes, array_agg(u.type) AS types,
            array_agg(u.source) AS sources, array_agg(u.text) AS texts,
            array_agg(u.meta) AS metadata, array_agg(u.status) AS statuses,
            array_agg(u.message) AS messages, array_agg(u.place) AS places,
            array_agg(u.time) AS times, array_agg(u.fingerprint) AS fingerprints,
            array_agg(u.extractor) AS extractors
        FROM unnest(routes, names, hashes, sizes, types, sources, texts, metadata, statuses,
            messages, places, times, fingerprints, extractors) WITH ORDINALITY
            AS u (route, name, hash, size, type, source, text, meta, status, message, place,
                time, fingerprint, extractor, number)
        WHERE u.route & mask <> ALL (down)) AS a,
        LATERAL @extschema@.shard_ingest(@extschema@.who_calls(), on_bad, is_batch, contents,
            a.routes, a.numbers, a.names, a.hashes, a.sizes, a.types, a.sources, a.texts,
            a.metadata, a.statuses, a.messages, a.places, a.times, a.fingerprints,
            a.extractors) AS r
        WHERE a.routes IS NOT NULL);
END
$function$;
COMMENT ON FUNCTION @extschema@.send_documents(
    pg_catalog.int4, pg_catalog.int4[], pg_catalog.bool, pg_catalog.text, pg_catalog.text,
    pg_catalog.int4[], pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.text[], pg_catalog.json[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[],
    pg_catalog.text[], pg_catalog.text[]) IS
    'Sends documents to their shards, but those of shards that are down; returns what the shards say';

/*
 * All ingests end here.  Documents go to their shards in one call for each shard, at the
 * same time.  A batch asks its shards first whether they are there: then those of a shard
 * that is down are known, and nothing of them was sent.  The setting decides, as in a
 * ledger, whether a document that fails is an error or a row; but what the other shards
 * have stored stays.
 */
CREATE FUNCTION @extschema@.route_documents(
    contents pg_catalog.text,
    on_bad pg_catalog.text,
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
    extractors pg_catalog.text[])
RETURNS SETOF @extschema@.shard_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    is_batch constant bool := on_bad IS NULL;
    mask constant int4 := @extschema@.shard_count() - 1;
    routes int4[];
    used int4[];
    down @extschema@.shard_result[] := '{}';
    results @extschema@.shard_result[];
    failed @extschema@.shard_result;
BEGIN
    IF is_batch THEN
        on_bad := lower(coalesce(
            nullif(current_setting('doc_extractor.on_bad_document', true), ''), 'error'));
        IF on_bad NOT IN ('error', 'log') THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('invalid value for parameter "doc_extractor.on_bad_document": "%s"',
                    on_bad),
                HINT = 'Available values: error, log.';
        END IF;
        PERFORM @extschema@.check_arrays(
            ARRAY['file_names', contents, 'file_types', 'file_sizes_bytes', 'ingestion_sources',
                'document_texts', 'metadata_extracted', 'ingestion_statuses', 'error_messages',
                'locations', 'modified_ats', 'fingerprints', 'extractors'],
            ARRAY[cardinality(names), cardinality(hashes), cardinality(types),
                cardinality(sizes), cardinality(sources), cardinality(texts),
                cardinality(metadata), cardinality(statuses), cardinality(messages),
                cardinality(places), cardinality(times), cardinality(fingerprints),
                cardinality(extractors)],
            ARRAY[array_ndims(names), array_ndims(hashes), array_ndims(types),
                array_ndims(sizes), array_ndims(sources), array_ndims(texts),
                array_ndims(metadata), array_ndims(statuses), array_ndims(messages),
                array_ndims(places), array_ndims(times), array_ndims(fingerprints),
                array_ndims(extractors)]);
    END IF;
    IF mask < 0 THEN
        PERFORM @extschema@.raise_shard_failure(NULL, 'cluster not found');
    END IF;
    routes := ARRAY(SELECT @extschema@.route_of_hash(h.hash)
        FROM unnest(hashes) WITH ORDINALITY AS h (hash, number) ORDER BY h.number);
    used := ARRAY(SELECT DISTINCT r & mask FROM unnest(routes) AS r ORDER BY 1);
    IF cardinality(used) > 1 THEN
        down := ARRAY(SELECT u FROM @extschema@.unreachable_shards(used) AS u);
        FOREACH failed IN ARRAY down LOOP
            PERFORM @extschema@.report_failure(failed, on_bad,
                @extschema@.numbers_of(routes, mask, failed.shard),
                CASE WHEN on_bad <> 'log' THEN 'Nothing of the batch was stored.' END);
        END LOOP;
    END IF;
    BEGIN
        results := @extschema@.send_documents(mask, ARRAY(SELECT d.shard FROM unnest(down) AS d),
            is_batch, contents, CASE WHEN is_batch THEN 'log' ELSE on_bad END, routes, names,
            hashes, sizes, types, sources, texts, metadata, statuses, messages, places, times,
            fingerprints, extractors);
    EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
        PERFORM @extschema@.raise_shard_failure(
            CASE WHEN cardinality(used) = 1 THEN used[1] END, SQLERRM, cardinality(used) > 1);
    WHEN OTHERS THEN
        /* A shard refused the call, or its commit has failed; the others know nothing of it. */
        GET STACKED DIAGNOSTICS failed.detail = PG_EXCEPTION_DETAIL,
            failed.hint = PG_EXCEPTION_HINT;
        PERFORM @extschema@.raise_error(SQLSTATE, SQLERRM, concat_ws(' ',
            CASE WHEN cardinality(used) > 1 THEN 'What the other shards were sent may be stored.' END,
            nullif(failed.detail, '')), failed.hint);
    END;
    IF mask > 0 AND array_length(array_remove(places, NULL), 1) > 0 THEN
        PERFORM @extschema@.hand_over_places(results, sources, places, mask + 1);
    END IF;
    FOREACH failed IN ARRAY results LOOP
        CONTINUE WHEN failed.ordinality IS NOT NULL;
        IF NOT is_batch THEN
            PERFORM @extschema@.raise_error(failed.state, failed.message,
                regexp_replace(failed.detail,
                    ' ?It is document 1 of the batch(, with file name ".*")?[.]$', ''),
                failed.hint);
        END IF;
        /* An error is the only one, so it names what no shard has stored. */
        PERFORM @extschema@.report_failure(failed, on_bad,
            CASE WHEN on_bad = 'log' THEN @extschema@.numbers_of(routes, mask, failed.shard)
                ELSE ARRAY(SELECT n FROM generate_series(1, cardinality(names)::int8) AS n
                    EXCEPT SELECT r.ordinality FROM unnest(results) AS r
                    WHERE r.document_id IS NOT NULL ORDER BY 1) END,
            CASE WHEN on_bad <> 'log' AND cardinality(used) > 1
                THEN 'The other documents are stored.' END);
    END LOOP;
    SELECT * INTO failed FROM unnest(results) AS r
    WHERE r.error_id IS NOT NULL ORDER BY r.ordinality LIMIT 1;
    IF FOUND AND is_batch AND on_bad <> 'log' THEN
        RAISE EXCEPTION USING ERRCODE = failed.state,
            MESSAGE = failed.message,
            DETAIL = format('It is document %s of the batch, with file name "%s". The documents of the batch that can be ingested are stored.',
                failed.ordinality, left(names[failed.ordinality], 500)),
            HINT = 'Each shard commits by itself. With doc_extractor.on_bad_document = log, such documents are rows of the result.';
    END IF;
    RETURN QUERY SELECT r.shard, n.number, r.document_id, r.is_duplicate, r.file_hash,
        r.duplicate_count, r.at_location, r.has_text, r.error_id, r.seen_at, r.state, r.message,
        r.detail, r.hint
    FROM generate_series(1, cardinality(names)::int8) AS n (number)
    LEFT JOIN unnest(results) AS r ON r.ordinality = n.number
    ORDER BY n.number;
END
$function$;
COMMENT ON FUNCTION @extschema@.route_documents(
    pg_catalog.text, pg_catalog.text, pg_catalog.text[], pg_catalog.text[],
    pg_catalog.int8[], pg_catalog.text[], pg_catalog.text[], pg_catalog.text[],
    pg_catalog.json[], pg_catalog.text[], pg_catalog.text[], pg_catalog.text[],
    pg_catalog.timestamptz[], pg_catalog.text[], pg_catalog.text[]) IS
    'Ingests documents on their shards: a batch, or with on_bad one alone; returns a row for each, in their order';

/* The functions of doc_extractor. */

CREATE FUNCTION @extschema@.ingest_document(
    file_name pg_catalog.text,
    content pg_catalog.bytea,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    location pg_catalog.text DEFAULT NULL,
    modified_at pg_catalog.timestamptz DEFAULT NULL,
    fingerprint pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    SELECT r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count, r.at_location,
        r.has_text
    INTO document_id, is_duplicate, file_hash, duplicate_count, at_location, has_text
    FROM @extschema@.route_documents('contents', 'error', ARRAY[file_name],
        ARRAY[encode(sha256(content), 'hex')], ARRAY[length(content)::int8], ARRAY[file_type],
        ARRAY[ingestion_source], ARRAY[document_text], ARRAY[metadata_extracted],
        ARRAY[ingestion_status], ARRAY[error_message], ARRAY[location], ARRAY[modified_at],
        ARRAY[fingerprint], NULL) AS r;
END
$function$;
COMMENT ON FUNCTION @extschema@.ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'Stores a document on its shard, or counts a duplicate if its content is stored already';

CREATE FUNCTION @extschema@.try_ingest_document(
    file_name pg_catalog.text,
    content pg_catalog.bytea,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    location pg_catalog.text DEFAULT NULL,
    modified_at pg_catalog.timestamptz DEFAULT NULL,
    fingerprint pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    SELECT r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count, r.at_location,
        r.has_text, r.error_id
    INTO document_id, is_duplicate, file_hash, duplicate_count, at_location, has_text, error_id
    FROM @extschema@.route_documents('contents', 'log', ARRAY[file_name],
        ARRAY[encode(sha256(content), 'hex')], ARRAY[length(content)::int8], ARRAY[file_type],
        ARRAY[ingestion_source], ARRAY[document_text], ARRAY[metadata_extracted],
        ARRAY[ingestion_status], ARRAY[error_message], ARRAY[location], ARRAY[modified_at],
        ARRAY[fingerprint], NULL) AS r;
END
$function$;
COMMENT ON FUNCTION @extschema@.try_ingest_document(
    pg_catalog.text, pg_catalog.bytea, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'Ingests a document; a failure becomes a row of error_log of its shard instead of an error';

CREATE FUNCTION @extschema@.ingest_hashed_document(
    file_name pg_catalog.text,
    file_hash pg_catalog.text,
    file_size_bytes pg_catalog.int8,
    file_type pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    document_text pg_catalog.text DEFAULT NULL,
    metadata_extracted pg_catalog.json DEFAULT NULL,
    ingestion_status pg_catalog.text DEFAULT 'success',
    error_message pg_catalog.text DEFAULT NULL,
    location pg_catalog.text DEFAULT NULL,
    modified_at pg_catalog.timestamptz DEFAULT NULL,
    fingerprint pg_catalog.text DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count, r.at_location,
        r.has_text
    FROM @extschema@.route_documents('file_hashes', 'error', ARRAY[file_name], ARRAY[file_hash],
        ARRAY[file_size_bytes], ARRAY[file_type], ARRAY[ingestion_source], ARRAY[document_text],
        ARRAY[metadata_extracted], ARRAY[ingestion_status], ARRAY[error_message], ARRAY[location],
        ARRAY[modified_at], ARRAY[fingerprint], NULL) AS r
$function$;
COMMENT ON FUNCTION @extschema@.ingest_hashed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.int8, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text) IS
    'As ingest_document(), for content kept elsewhere, given by its SHA-256 and size';

CREATE FUNCTION @extschema@.ingest_documents(
    file_names pg_catalog.text[],
    contents pg_catalog.bytea[],
    file_types pg_catalog.text[],
    ingestion_sources pg_catalog.text[] DEFAULT NULL,
    document_texts pg_catalog.text[] DEFAULT NULL,
    metadata_extracted pg_catalog.json[] DEFAULT NULL,
    ingestion_statuses pg_catalog.text[] DEFAULT NULL,
    error_messages pg_catalog.text[] DEFAULT NULL,
    locations pg_catalog.text[] DEFAULT NULL,
    modified_ats pg_catalog.timestamptz[] DEFAULT NULL,
    fingerprints pg_catalog.text[] DEFAULT NULL,
    OUT document_id pg_catalog.int8,
    OUT is_duplicate pg_catalog.bool,
    OUT file_hash pg_catalog.text,
    OUT duplicate_count pg_catalog.int8,
    OUT at_location pg_catalog.bool,
    OUT has_text pg_catalog.bool,
    OUT error_id pg_catalog.int8)
RETURNS SETOF pg_catalog.record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count, r.at_location,
        r.has_text, r.error_id
    FROM (SELECT array_agg(encode(sha256(u.content), 'hex')) AS hashes,
            array_agg(length(u.content)::int8) AS sizes
        FROM (SELECT unnest(contents) AS content) AS u) AS c,
        LATERAL @extschema@.route_documents('contents', NULL, file_names,
            CASE WHEN array_ndims(contents) > 1 THEN array_fill(NULL::text, ARRAY[1, 1])
                WHEN contents IS NOT NULL THEN coalesce(c.hashes, '{}') END,
            coalesce(c.sizes, '{}'), file_types,
            ingestion_sources, document_texts, metadata_extracted, ingestion_statuses,
                error_messages, locations, modified_ats, fingerprints, NULL) AS r
$function$;
COMMENT ON FUNCTION @extschema@.ingest_documents(
    pg_catalog.text[], pg_catalog.bytea[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[], pg_catalog.text[]) IS
    'As ingest_document(), for a batch; returns a row for each document, in their order';

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
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT r.ordinality, r.document_id, r.is_duplicate, r.file_hash, r.duplicate_count,
        r.at_location, r.has_text, r.error_id
    FROM @extschema@.route_documents('file_hashes', NULL, file_names, file_hashes,
        file_sizes_bytes, file_types, ingestion_sources, document_texts, metadata_extracted,
        ingestion_statuses, error_messages, locations, modified_ats, fingerprints, extractors) AS
        r
$function$;
COMMENT ON FUNCTION @extschema@.ingest_hashed_documents(
    pg_catalog.text[], pg_catalog.text[], pg_catalog.int8[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.json[], pg_catalog.text[],
    pg_catalog.text[], pg_catalog.text[], pg_catalog.timestamptz[], pg_catalog.text[], pg_catalog.text[]) IS
    'As ingest_hashed_document(), for a batch; returns a row for each document, in their order';

CREATE FUNCTION @extschema@.record_extraction(
    document_id pg_catalog.int8,
    document_text pg_catalog.text,
    metadata_extracted pg_catalog.json,
    extractor pg_catalog.text,
    replace pg_catalog.bool DEFAULT false,
    OUT text_stored pg_catalog.bool,
    OUT metadata_stored pg_catalog.bool)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    SELECT r.text_stored, r.metadata_stored INTO text_stored, metadata_stored
    FROM @extschema@.shard_record_extraction(@extschema@.who_calls(),
        @extschema@.route_of_id(document_id), document_id, document_text, metadata_extracted,
        extractor, replace) AS r;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_id(document_id), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.record_extraction(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.text, pg_catalog.bool) IS
    'Stores the text and metadata of a document where it has none, or replaces them; returns what it has stored';

CREATE FUNCTION @extschema@.record_document_event(
    document_id pg_catalog.int8,
    action pg_catalog.text,
    old_value pg_catalog.json DEFAULT NULL,
    new_value pg_catalog.json DEFAULT NULL,
    change_reason pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN @extschema@.shard_record_event(@extschema@.who_calls(),
        @extschema@.route_of_id(document_id), document_id, action, old_value, new_value,
        change_reason);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_id(document_id), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.record_document_event(
    pg_catalog.int8, pg_catalog.text, pg_catalog.json, pg_catalog.json, pg_catalog.text) IS
    'Writes an event of a document to audit_log of its shard; returns the id of the row';

CREATE FUNCTION @extschema@.log_failed_document(
    file_name pg_catalog.text,
    error_type pg_catalog.text,
    error_message pg_catalog.text,
    ingestion_source pg_catalog.text DEFAULT 'manual',
    location pg_catalog.text DEFAULT NULL,
    file_hash pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN @extschema@.shard_log_failure(@extschema@.who_calls(),
        @extschema@.route_of_hash(coalesce(file_hash,
            encode(sha256(convert_to(file_name, getdatabaseencoding())), 'hex'))),
        false, file_name, error_type, error_message, ingestion_source, location, file_hash);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.log_failed_document(
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.text) IS
    'Writes a failure that the application saw to error_log of a shard: that of the hash, else of the hash of the name';

CREATE FUNCTION @extschema@.log_ingestion_error(
    file_name pg_catalog.text,
    error_type pg_catalog.text,
    error_message pg_catalog.text)
RETURNS pg_catalog.int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN @extschema@.shard_log_failure(@extschema@.who_calls(),
        @extschema@.route_of_hash(encode(sha256(convert_to(file_name, getdatabaseencoding())), 'hex')),
        true, file_name, error_type, error_message, NULL, NULL, NULL);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.log_ingestion_error(
    pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Writes a failure that the application saw to error_log of a shard';

CREATE FUNCTION @extschema@.resolve_ingestion_error(
    error_id pg_catalog.int8,
    resolution_notes pg_catalog.text)
RETURNS pg_catalog.void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM @extschema@.shard_resolve_error(@extschema@.who_calls(),
        @extschema@.route_of_id(error_id), error_id, resolution_notes);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_id(error_id), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.resolve_ingestion_error(
    pg_catalog.int8, pg_catalog.text) IS
    'Notes what became of a failure';

/* Searches.  They are functions, as a view over shards would read all of them. */

CREATE FUNCTION @extschema@.document_by_id(
    wanted pg_catalog.int8,
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
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM @extschema@.shard_document(
        @extschema@.route_of_id(wanted), wanted, NULL);
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_id(wanted), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.document_by_id(
    pg_catalog.int8) IS
    'Returns the document with this id';

CREATE FUNCTION @extschema@.document_by_hash(
    wanted pg_catalog.text,
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
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM @extschema@.shard_document(
        @extschema@.route_of_hash(wanted), NULL, lower(wanted));
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_hash(wanted), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.document_by_hash(
    pg_catalog.text) IS
    'Returns the document with this SHA-256 hash';

CREATE FUNCTION @extschema@.document_trail(
    wanted pg_catalog.int8,
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
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM @extschema@.shard_trail(@extschema@.route_of_id(wanted), wanted) AS t
    ORDER BY t.id;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(@extschema@.route_of_id(wanted), SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.document_trail(
    pg_catalog.int8) IS
    'Returns the trail of a document, the oldest row first';

CREATE FUNCTION @extschema@.locations_of_document(
    wanted pg_catalog.int8,
    OUT id pg_catalog.int8,
    OUT ingestion_source pg_catalog.text,
    OUT location pg_catalog.text,
    OUT document_id pg_catalog.int8,
    OUT modified_at pg_catalog.timestamptz,
    OUT fingerprint pg_catalog.text,
    OUT size_bytes pg_catalog.int8,
    OUT seen_at pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at,
        l.fingerprint, l.size_bytes, l.seen_at
    FROM @extschema@.shard_locations(wanted, NULL, NULL) AS l ORDER BY l.id;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.locations_of_document(
    pg_catalog.int8) IS
    'Returns where a document is now';

CREATE FUNCTION @extschema@.location_history_of(
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
    OUT replaced_at pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    /* A row without document ends what another shard's document has replaced. */
    RETURN QUERY WITH seen AS (
        SELECT * FROM @extschema@.shard_locations(NULL, source, place))
    SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at, l.fingerprint,
        l.size_bytes, l.seen_at, lead(l.seen_at) OVER (ORDER BY l.seen_at, l.id)
    FROM seen AS l
    WHERE l.document_id IS NOT NULL OR NOT EXISTS (SELECT FROM seen AS s
        WHERE s.document_id IS NOT NULL AND s.seen_at = l.seen_at
            AND s.id >> 40 <> l.id >> 40)
    ORDER BY l.seen_at, l.id;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.location_history_of(
    pg_catalog.text, pg_catalog.text) IS
    'Returns what was at a location, the oldest first, over all shards';

CREATE FUNCTION @extschema@.document_at(
    source pg_catalog.text,
    place pg_catalog.text,
    OUT id pg_catalog.int8,
    OUT ingestion_source pg_catalog.text,
    OUT location pg_catalog.text,
    OUT document_id pg_catalog.int8,
    OUT modified_at pg_catalog.timestamptz,
    OUT fingerprint pg_catalog.text,
    OUT size_bytes pg_catalog.int8,
    OUT seen_at pg_catalog.timestamptz)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT l.id, l.ingestion_source, l.location, l.document_id, l.modified_at,
        l.fingerprint, l.size_bytes, l.seen_at
    FROM @extschema@.shard_locations(NULL, source, place) AS l
    WHERE l.is_current ORDER BY l.seen_at DESC, l.id DESC LIMIT 1;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.document_at(
    pg_catalog.text, pg_catalog.text) IS
    'Returns what is at a location now: the latest observation of all shards';

CREATE FUNCTION @extschema@.open_errors(
    max_rows pg_catalog.int8 DEFAULT 100,
    OUT id pg_catalog.int8,
    OUT file_name pg_catalog.text,
    OUT error_type pg_catalog.text,
    OUT error_message pg_catalog.text,
    OUT error_timestamp pg_catalog.timestamptz,
    OUT ingestion_source pg_catalog.text,
    OUT location pg_catalog.text,
    OUT file_hash pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM @extschema@.shard_open_errors(max_rows) AS e
    ORDER BY e.error_timestamp DESC, e.id DESC LIMIT max_rows;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.open_errors(
    pg_catalog.int8) IS
    'Returns the open failures of all shards, the latest first';

/* Statistics: the columns of the ledger's views, added up. */

CREATE FUNCTION @extschema@.stats_of_shards(
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
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
BEGIN
    RETURN QUERY SELECT s.name, sum(s.documents)::int8,
        least(sum(s.bytes), 9223372036854775807)::int8,
        least(sum(s.duplicates), 9223372036854775807)::int8,
        sum(s.bytes_saved), sum(s.failed)::int8, sum(s.retry)::int8, sum(s.open_errors)::int8,
        min(s.first_ingestion), max(s.last_ingestion), sum(s.locations)::int8
    FROM @extschema@.shard_stats(by_what) AS s GROUP BY s.name ORDER BY s.name;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.stats_of_shards(
    pg_catalog.text) IS
    'Returns the statistics of all shards, in one row, or for each source or type';

CREATE VIEW @extschema@.ingestion_stats AS
SELECT s.documents, s.bytes, s.duplicates, s.bytes_saved, s.failed, s.retry, s.open_errors,
    s.first_ingestion, s.last_ingestion, s.locations
FROM @extschema@.stats_of_shards('all') AS s;
COMMENT ON VIEW @extschema@.ingestion_stats IS
    'What is in the ledger, over all shards';

CREATE VIEW @extschema@.ingestion_stats_by_source AS
SELECT s.name::pg_catalog.varchar AS ingestion_source, s.documents, s.bytes, s.duplicates,
    s.bytes_saved, s.failed, s.retry, s.first_ingestion, s.last_ingestion
FROM @extschema@.stats_of_shards('source') AS s;
COMMENT ON VIEW @extschema@.ingestion_stats_by_source IS
    'What is in the ledger, over all shards, for each ingestion_source';

CREATE VIEW @extschema@.ingestion_stats_by_type AS
SELECT s.name::pg_catalog.varchar AS file_type, s.documents, s.bytes, s.duplicates, s.bytes_saved,
    s.failed, s.retry, s.first_ingestion, s.last_ingestion
FROM @extschema@.stats_of_shards('type') AS s;
COMMENT ON VIEW @extschema@.ingestion_stats_by_type IS
    'What is in the ledger, over all shards, for each file_type';

CREATE FUNCTION @extschema@.doc_extractor_verify(
    OUT shard pg_catalog.int4,
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN QUERY WITH checks AS MATERIALIZED (
        SELECT v.shard, v.check_name, v.passed, v.detail, row_number() OVER () AS place
        FROM @extschema@.shard_verify() AS v)
    SELECT t.shard, t.check_name, t.passed, t.detail
    FROM (SELECT v.shard, v.check_name, v.passed, v.detail, v.place FROM checks AS v
        UNION ALL
        SELECT NULL, v.check_name, bool_and(v.passed),
            format('passed on %s of %s shards', count(*) FILTER (WHERE v.passed), count(*)),
            min(v.place)
        FROM checks AS v GROUP BY v.check_name) AS t
    ORDER BY t.shard NULLS LAST, t.place;
EXCEPTION WHEN internal_error OR admin_shutdown OR crash_shutdown THEN
    PERFORM @extschema@.raise_shard_failure(NULL, SQLERRM);
END
$function$;
COMMENT ON FUNCTION @extschema@.doc_extractor_verify() IS
    'Checks every shard; the rows without a shard say on how many each check has passed';

/* What the router cannot work with, or would get wrong. */
CREATE FUNCTION @extschema@.doc_extractor_router_check(
    OUT shard pg_catalog.int4,
    OUT check_name pg_catalog.text,
    OUT passed pg_catalog.bool,
    OUT detail pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, MDY'
AS $function$
DECLARE
    shards constant int4 := @extschema@.shard_count();
    first_version text;
    router_version constant text := (
        SELECT x.extversion FROM pg_extension AS x WHERE x.extname = 'doc_extractor_router');
    status record;
    asked timestamptz;
    low int8;
    high int8;
BEGIN
    IF shards = 0 THEN
        RETURN QUERY SELECT NULL::int4, 'shards', false, 'there is no server doc_extractor_shards';
        RETURN;
    END IF;
    FOR shard IN 0 .. shards - 1 LOOP
        BEGIN
            asked := clock_timestamp();
            SELECT * INTO STRICT status FROM @extschema@.shard_status(shard);
        EXCEPTION WHEN OTHERS THEN
            RETURN QUERY SELECT shard, 'answers', false, SQLERRM;
            CONTINUE;
        END;
        first_version := coalesce(first_version, status.version);
        low := shard::int8 << 40;
        high := (shard + 1)::int8 << 40;
        RETURN QUERY SELECT shard, c.name, c.passed, CASE WHEN NOT c.passed THEN c.detail END
        FROM (VALUES
            ('answers', true, NULL),
            ('is the shard', (status.number, status.shards) IS NOT DISTINCT FROM (shard, shards),
                CASE WHEN status.number IS NULL THEN 'it is not set up'
                    ELSE format('it is shard %s of %s', status.number, status.shards) END),
            ('versions', status.version = first_version AND status.shard_version = router_version,
                format('doc_extractor %s, doc_extractor_shard %s; the first shard and the router have %s and %s',
                    status.version, status.shard_version, first_version, router_version)),
            ('wide types', status.narrow = 0, 'doc_extractor_widen() has something to do'),
            ('ids', coalesce(status.lowest_id >= low AND status.highest_id < high, true)
                AND status.lowest_next >= greatest(low, 1) AND status.highest_next < high,
                format('there are ids from %s to %s and sequences from %s to %s, outside of %s to %s',
                    status.lowest_id, status.highest_id, status.lowest_next,
                    status.highest_next, low, high - 1)),
            ('encoding', status.encoding = getdatabaseencoding(),
                format('it is %s, the router''s is %s', status.encoding, getdatabaseencoding())),
            ('writes', NOT status.read_only, 'it is a standby, or default_transaction_read_only is on'),
            ('clock', status.clock BETWEEN asked - interval '1 s'
                    AND clock_timestamp() + interval '1 s',
                format('it differs by %s', status.clock - clock_timestamp()))
        ) AS c (name, passed, detail)
        WHERE c.passed IS NOT NULL;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION @extschema@.doc_extractor_router_check() IS
    'Checks that the shards are there, are the right ones, and go together';

/*
 * All belongs to the owner of the schema, as whom the functions for users run: not to the
 * superuser who has created the extension.  PUBLIC may call nothing.
 */
DO $script$
DECLARE
    owner constant pg_catalog.name := (
        SELECT pg_catalog.pg_get_userbyid(n.nspowner)
        FROM pg_catalog.pg_namespace AS n
        WHERE n.oid OPERATOR(pg_catalog.=) '@extschema@'::pg_catalog.regnamespace);
    function pg_catalog.regprocedure;
    view pg_catalog.text;
BEGIN
    EXECUTE pg_catalog.format('ALTER TYPE @extschema@.shard_result OWNER TO %I', owner);
    EXECUTE 'REVOKE ALL ON TYPE @extschema@.shard_result FROM PUBLIC';
    FOREACH view IN ARRAY ARRAY['ingestion_stats', 'ingestion_stats_by_source',
        'ingestion_stats_by_type']
    LOOP
        EXECUTE pg_catalog.format('ALTER VIEW @extschema@.%I OWNER TO %I', view, owner);
    END LOOP;
    FOR function IN
        SELECT p.oid
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.deptype OPERATOR(pg_catalog.=) 'e'
            AND d.refobjid OPERATOR(pg_catalog.=) (
                SELECT x.oid FROM pg_catalog.pg_extension AS x
                WHERE x.extname OPERATOR(pg_catalog.=) 'doc_extractor_router')
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO %I', function, owner);
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END
$script$;
