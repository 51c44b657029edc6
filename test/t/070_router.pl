# The router over four shards on four servers: the functions of doc_extractor, with the results of one
# ledger; who did what; searches; places that get documents of other shards; and what the checks find.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Router;
use Test::More;

require_plproxy();
my ($router, @shards) = start_router();
$router->safe_psql('postgres', 'CREATE DATABASE alone');
$router->safe_psql('alone', 'CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs');

# What both must have in common: names, arguments and results.
my $signatures = q{
	SELECT p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)
	FROM pg_proc p WHERE pronamespace = 'docs'::regnamespace
		AND (proname ~ 'ingest.*document|^try_ingest|^record_(ex|doc)|^log_|^resolve')
		AND proname !~ '^shard_' AND prorettype <> 'trigger'::regtype ORDER BY 1};
my $alone = $router->safe_psql('alone', $signatures);
is($router->safe_psql('ledger', $signatures), $alone, 'functions have the arguments of 1.2');
is(scalar(split /\n/, $alone), 10, 'ten of them');
my $columns = q{
	SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute
	WHERE attrelid = ANY ('{docs.ingestion_stats, docs.ingestion_stats_by_source,
		docs.ingestion_stats_by_type}'::regclass[]) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum};
is($router->safe_psql('ledger', $columns), $router->safe_psql('alone', $columns),
	'statistics have the columns of 1.2');

# PL/Proxy's functions must be those of the shards; and all that there is has a comment, and is in the reference.
my $proxies = q{
	SELECT p.proname, (SELECT string_agg(n || ' ' || t::regtype, ', ' ORDER BY o) FROM unnest(p.proargnames,
			p.proargtypes::oid[]) WITH ORDINALITY AS a (n, t, o) WHERE o <= p.pronargs),
		coalesce(nullif(p.prorettype, 'record'::regtype)::regtype::text,
			(SELECT string_agg(n || ' ' || t::regtype, ', ' ORDER BY o) FROM unnest(p.proargnames,
			p.proallargtypes) WITH ORDINALITY AS a (n, t, o) WHERE o > p.pronargs))
	FROM pg_proc p WHERE pronamespace = 'docs'::regnamespace AND proname ~ '^shard_'
		AND proname NOT IN ('shard_count') ORDER BY 1};
my $remote = $shards[0]->safe_psql('ledger', $proxies);
my $result = $router->safe_psql('ledger', q{SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = 'docs.shard_result'::regclass});
is($router->safe_psql('ledger', $proxies) =~ s/docs\.shard_result/$result/r, $remote,
	'functions of PL/Proxy and of the shards');
my $undocumented = q{
	SELECT pg_describe_object(classid, objid, 0) FROM pg_depend d
	WHERE deptype = 'e' AND classid <> 'pg_type'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = '%s')
		AND NOT (obj_description(objid, classid::regclass::name) IS NOT NULL AND position(
			substring(pg_describe_object(classid, objid, 0) FROM 'docs\.(\w+)') IN $ref$%s$ref$) > 0)};
my $reference = slurp_file('doc/reference.md');
is($router->safe_psql('ledger', sprintf($undocumented, 'doc_extractor_router', $reference)), '',
	'all of the router is documented');
is($shards[0]->safe_psql('ledger', sprintf($undocumented, 'doc_extractor_shard', $reference)), '',
	'all of a shard is documented');

# A script, with the same results from one ledger and from four shards; ids apart.
my $script = q{
	\set VERBOSITY verbose
	SET search_path = docs;
	CREATE FUNCTION pg_temp.show(r anyelement) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_object_agg(key, CASE WHEN key IN ('document_id', 'error_id')
			THEN to_jsonb(value <> 'null') ELSE value END) FROM jsonb_each(to_jsonb(r)) $$;
	SELECT pg_temp.show(r) FROM ingest_document('a', 'a', 't') r;
	SELECT pg_temp.show(r) FROM ingest_document('a', 'a', 't', 's', 'text', '{"a": 1}', 'failed',
		'it failed', '/a', '2026-01-02 03:04+05', 'print') r;
	SELECT pg_temp.show(r) FROM ingest_document('b', 'b', 't', 's', 'text', '{"a": 1}', 'failed',
		'it failed', '/b', '2026-01-02 03:04+05', 'print') r;
	SELECT pg_temp.show(r) FROM ingest_document('b', 'b', 't', location => '/b') r;
	SELECT pg_temp.show(r) FROM ingest_document('b', 'b', 't', location => '/b') r;
	SELECT pg_temp.show(r) FROM ingest_hashed_document('h', repeat('A', 64), 5000000000, 't') r;
	SELECT pg_temp.show(r) FROM ingest_hashed_document('h', repeat('a', 64), 7, 't') r;
	SELECT pg_temp.show(r) FROM ingest_document(NULL, 'a', 't') r;
	SELECT pg_temp.show(r) FROM ingest_document('n', NULL, 't') r;
	SELECT pg_temp.show(r) FROM ingest_document('n', 'n', repeat('t', 256)) r;
	SELECT pg_temp.show(r) FROM ingest_document('n', 'n', 't', ingestion_status => 'no') r;
	SELECT pg_temp.show(r) FROM ingest_document('n', 'n', 't', fingerprint => 'f') r;
	SELECT pg_temp.show(r) FROM ingest_hashed_document('n', 'xyz', 1, 't') r;
	SELECT pg_temp.show(r) FROM try_ingest_document('n', 'n', 't') r;
	SELECT pg_temp.show(r) FROM try_ingest_document('n', 'm', ' ') r;
	SELECT pg_temp.show(r) FROM try_ingest_document('n', NULL, 't') r;
	SELECT pg_temp.show(r) FROM ingest_documents(ARRAY['1', '2', '3', '4', '5', '6'],
		ARRAY['1', '2', '3', '1', '5', '2']::bytea[], array_fill('t'::text, ARRAY[6]),
		metadata_extracted => ARRAY[NULL, '{}', NULL, '[1]', NULL, NULL]::json[],
		locations => ARRAY['/1', NULL, '/3', NULL, '/5', '/6']) WITH ORDINALITY r;
	SELECT pg_temp.show(r) FROM ingest_documents(ARRAY['1'], ARRAY['1', '2']::bytea[], ARRAY['t']) r;
	SELECT pg_temp.show(r) FROM ingest_documents(ARRAY['1'], NULL, ARRAY['t']) r;
	SELECT pg_temp.show(r) FROM ingest_documents(ARRAY['1'], ARRAY[['1']]::bytea[], ARRAY['t']) r;
	SELECT pg_temp.show(r) FROM ingest_documents(NULL, ARRAY['1']::bytea[], ARRAY['t']) r;
	SELECT pg_temp.show(r) FROM ingest_documents('{}', '{}', '{}') r;
	SELECT pg_temp.show(r) FROM ingest_hashed_documents(ARRAY['1'], ARRAY[repeat('0', 64)], ARRAY[1],
		ARRAY['t'], fingerprints => ARRAY['a', 'b']) r;
	SET doc_extractor.on_bad_document = log;
	SELECT pg_temp.show(r) FROM ingest_documents(ARRAY['7', '', '8', '9', '9'],
		ARRAY['7', '2', NULL, '9', '9']::bytea[], array_fill('t'::text, ARRAY[5]),
		ingestion_sources => ARRAY['s', NULL, NULL, repeat('s', 256), 's']) r;
	SELECT pg_temp.show(r) FROM ingest_hashed_documents(ARRAY['x', 'y', 'z'],
		ARRAY['no', repeat('e', 64), repeat('0', 64)], ARRAY[1, -1, 3], ARRAY['t', 't', 't'],
		document_texts => ARRAY['x', 'y', 'z'], extractors => ARRAY['a', 'b', 'c']) r;
	SELECT to_jsonb(s) - 'first_ingestion' - 'last_ingestion' FROM ingestion_stats s;
	SELECT to_jsonb(s) - 'first_ingestion' - 'last_ingestion' FROM ingestion_stats_by_source s ORDER BY 1;
	SELECT to_jsonb(s) - 'first_ingestion' - 'last_ingestion' FROM ingestion_stats_by_type s ORDER BY 1;
	SELECT log_failed_document('n', 'e', 'm') > 0, log_ingestion_error('n', 'e', 'm') > 0;
	SELECT log_failed_document('n', 'e', 'm', file_hash => 'no');
	SELECT log_failed_document(NULL, 'e', 'm')};
sub run_both
{
	my ($database) = @_;
	my ($out, $err) = run_script($router, $database, undef, $script);
	# PL/Proxy says where an error was raised; the code and the message are the shard's.
	$err =~ s/docs\.\w+\(\d+\): \[\w+\] REMOTE ERROR: //g;
	return ($out, join("\n", $err =~ /ERROR:  .*/g));
}
my ($out, $err) = run_both('alone');
my ($routed_out, $routed_err) = run_both('ledger');
is($routed_out, $out, 'results are those of one ledger');
is($routed_err, $err, 'errors are those of one ledger');
cmp_ok(scalar(split /\n/, $err), '==', 14, 'as many errors as the script has');
my $failures = q{SELECT error_message, error_type, file_name, ingestion_source, location, file_hash
	FROM docs.%s ORDER BY 1, 2, 3, 4, 6};
is( $router->safe_psql('ledger', sprintf($failures, 'open_errors()')),
	$router->safe_psql('alone', sprintf($failures, 'error_log WHERE NOT retry_attempted')),
	'failures are those of one ledger, with the numbers of the caller\'s batch');

# Every shard has documents of its own, and only these.
foreach my $number (0 .. 3)
{
	is( $shards[$number]->safe_psql('ledger', qq{
			SELECT count(*) > 0, bool_and(id >> 40 = $number
				AND ('x' || substr(file_hash, 8, 1))::bit(4)::int & 3 = $number) FROM docs.documents}),
		't|t', "shard $number has documents and ids of its own");
}

# A role needs EXECUTE on a function; nothing else can be called or read.
on_router($router, q{GRANT USAGE ON SCHEMA docs TO importer;
	GRANT EXECUTE ON FUNCTION ingest_document, ingest_documents TO importer});
is( errors_of($router, q{
		SELECT ingest_document('i', 'importer', 't');
		SELECT * FROM shard_ping('{0}');
		SELECT * FROM document_by_id(1);
		SELECT * FROM ingestion_stats}, 'importer'),
	join("\n", map { "ERROR:  42501: permission denied for $_" }
		  'function shard_ping', 'function document_by_id', 'view ingestion_stats'),
	'EXECUTE is needed, and is enough');
is( $router->safe_psql('ledger', q{
		SELECT count(*) FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
		WHERE pronamespace = 'docs'::regnamespace AND grantee = 0}),
	'0', 'PUBLIC may call nothing on the router');
is( $shards[1]->safe_psql('ledger', q{
		SELECT count(*) FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
		WHERE pronamespace = 'docs'::regnamespace AND grantee = 0}),
	'0', 'nor on a shard');
is( $router->safe_psql('ledger', q{
		SELECT DISTINCT proowner::regrole FROM pg_proc WHERE pronamespace = 'docs'::regnamespace}),
	'keeper', 'all runs as the owner of the schema');
is( $shards[1]->safe_psql('ledger', q{
		SELECT string_agg(DISTINCT regexp_replace(proname, '_.*', ''), ' ') FROM pg_proc
		WHERE pronamespace = 'docs'::regnamespace
			AND has_function_privilege('doc_extractor_router', oid, 'EXECUTE')}),
	'shard', 'the router\'s role may call what is for it');

# The trail says who: the application's user and reason, and the role that logged in at the router.
my $trail = q{SELECT user_or_system, change_reason, db_user FROM document_trail((
	SELECT document_id FROM document_by_hash(encode(sha256('%s'), 'hex'))))};
is(on_router($router, sprintf($trail, 'importer')), 'importer||doc_extractor_router', 'trail: the role');
is( errors_of($router, q{SET doc_extractor.application_user = 'web:1'; SET doc_extractor.reason = 'why';
		SELECT ingest_documents(ARRAY['1', '2', '3'], ARRAY['w1', 'w2', 'w3']::bytea[], '{t, t, t}')},
		'importer'), '', 'a batch with a user');
foreach my $text ('w1', 'w2', 'w3')
{
	is(on_router($router, sprintf($trail, $text)), 'web:1 [importer]|why|doc_extractor_router',
		"trail of $text: user, role and reason");
}
like( errors_of($router, q{SELECT set_config('doc_extractor.application_user', repeat('u', 245), false);
		SELECT ingest_documents('{u, u, u, u}', '{u1, u2, u3, u4}'::bytea[], '{t, t, t, t}')}, 'importer'),
	qr/^ERROR:  22001: .*too long.*\nDETAIL:  .*doc_extractor.application_user has 256 characters/, 'a user that is too long with its role');
is(on_router($router, q{SELECT count(*) FROM generate_series(1, 4) n, document_by_hash(
	encode(sha256(('u' || n)::bytea), 'hex'))}), '0', 'nothing of it is stored');
is( on_router($router, q{SELECT ingest_document('u', 'no user', 't') IS NULL; } . sprintf($trail, 'no user')),
	"f\npostgres||doc_extractor_router", 'trail: the next call has no such user');

# Values travel as text, and are what they were whatever either session thinks of dates.
my $seen = q{SELECT modified_at = '2026-03-02 04:05:06.123456+00', now() - seen_at < '1 h'
	FROM document_at('manual', '/%1$s'); SELECT count(*) FROM location_history_of('manual', '/%1$s');
	SELECT now() - ingestion_timestamp < '1 h' FROM document_by_hash(encode(sha256('%1$s'), 'hex'));
	SELECT now() - first_ingestion < '1 h', now() - last_ingestion < '1 h' FROM ingestion_stats};
foreach my $style ('SQL, DMY', 'German', 'Postgres, MDY')
{
	my $text = (split /\W/, $style)[0];
	is( on_router($router, qq{SET datestyle = '$style'; SET timezone = 'Asia/Kathmandu';
			SELECT is_duplicate FROM ingest_document('$text', '$text', 't', location => '/$text',
				modified_at => '2026-03-02 04:05:06.123456+00'); SET datestyle = ISO; } . sprintf($seen, $text)),
		"f\nt|t\n1\nt\nt|t", "dates: $style on the router");
	$_->safe_psql('ledger', "ALTER DATABASE ledger SET datestyle = '$style'; ALTER DATABASE ledger
		SET timezone = 'Asia/Kathmandu'") foreach @shards;
	is(on_router($router, sprintf($seen, $text)), "t|t\n1\nt\nt|t", "dates: $style on the shards");
	is(on_router($router, q{SELECT * FROM doc_extractor_router_check() WHERE NOT passed}), '',
		"dates: $style, and the check");
	$_->safe_psql('ledger', 'ALTER DATABASE ledger RESET datestyle; ALTER DATABASE ledger RESET timezone')
	  foreach @shards;
}

# So is text, whatever the caller's session thinks of strings and arrays.
my $strings = q{SET standard_conforming_strings = off; SET escape_string_warning = off; SET array_nulls = off;
	SET quote_all_identifiers = on; SET transform_null_equals = on;};
is( on_router($router, $strings . q{
		SELECT count(*) FROM ingest_documents(ARRAY[$$a'b\c"d{},NULL$$, 'NULL', 'x y'], ARRAY['q1', 'q2', 'q3']::bytea[],
			ARRAY['t', 't', 't'], document_texts => ARRAY[$$a'b\c"d{},NULL$$, NULL, $$NULL$$],
			metadata_extracted => ARRAY[$${"a":"\u00e9 \" "}$$::json, NULL, '[1, 2]']);
		SELECT file_name, document_text, metadata_extracted, ingestion_source
		FROM unnest(ARRAY['q1', 'q2', 'q3']) AS t, document_by_hash(encode(sha256(t::bytea), 'hex'))}),
	qq(3\na'b\\c"d{},NULL|a'b\\c"d{},NULL|{"a":"\\u00e9 \\" "}|manual\nNULL|||manual\nx y|NULL|[1, 2]|manual),
	'texts: as they were');
is( errors_of($router, $strings . q{SELECT ingest_document('n', 'n', ' ')}),
	'ERROR:  22023: file_type must not be blank', 'texts: and of errors');
$_->safe_psql('ledger', 'ALTER DATABASE ledger SET standard_conforming_strings = off') foreach @shards;
is( errors_of($router, q{SET doc_extractor.on_bad_document = log; SELECT * FROM ingest_documents('{n}', '{n}', '{""}')})
	  . on_router($router, 'SELECT error_message FROM open_errors(1)'),
	'document 1 of the batch: file_type must not be blank', 'texts: of failures');
$_->safe_psql('ledger', 'ALTER DATABASE ledger RESET standard_conforming_strings') foreach @shards;

# READ ONLY holds for the shards, too.
is( errors_of($router, q{BEGIN READ ONLY; SELECT ingest_document('r', 'read only', 't')}),
	'ERROR:  25006: cannot write to shards in a read-only transaction', 'a read-only transaction');
is( on_router($router, q{BEGIN READ ONLY;
		SELECT count(*) FROM document_by_hash(encode(sha256('read only'), 'hex')), ingestion_stats}), '0',
	'a read-only transaction searches');

# The setting is read as a ledger reads it.
is( on_router($router, q{SET doc_extractor.on_bad_document = 'LOG';
		SELECT error_id IS NOT NULL FROM ingest_documents('{a}', '{a}', '{""}')}), 't', 'on_bad_document: LOG');
is( errors_of($router, q{SET doc_extractor.on_bad_document = 'no';
		SELECT error_id IS NOT NULL FROM ingest_documents('{a}', '{a}', '{""}')}),
	qq{ERROR:  22023: invalid value for parameter "doc_extractor.on_bad_document": "no"\n}
	  . 'HINT:  Available values: error, log.', 'on_bad_document: another word');

# By id, by hash, later texts, events, failures.
my ($id) = split /\|/, on_router($router, q{
	SELECT document_id FROM ingest_document('late', 'late', 't', location => '/late')});
is(on_router($router, qq{SELECT * FROM record_extraction($id, 'text', '{"p": 1}', 'ocr 1')}), 't|t',
	'a text comes later');
is( on_router($router, qq{SELECT document_text, metadata_extracted, extractor FROM document_by_id($id)}),
	'text|{"p": 1}|ocr 1', 'and is there');
is(on_router($router, qq{SELECT record_document_event($id, 'tagged', NULL, '["x"]', 'because') IS NOT NULL}),
	't', 'an event');
is(on_router($router, qq{SELECT action, change_reason FROM document_trail($id)}),
	"ingested|\nupdated|\ntagged|because", 'is in the trail');
is(on_router($router, qq{SELECT location FROM locations_of_document($id)}), '/late', 'where it is');
my $error = on_router($router, q{SELECT log_failed_document('f', 'mine', 'm', 's', '/f')});
on_router($router, "SELECT resolve_ingestion_error($error, 'done')");
is(on_router($router, q{SELECT count(*) FROM open_errors() WHERE error_type = 'mine'}), '0',
	'a failure is resolved');
like( errors_of($router, qq{SELECT record_extraction($id + 1000, 'x', NULL, 'x');
		SELECT record_document_event($id + 1000, 'tagged');
		SELECT resolve_ingestion_error($error + 1000, 'x')}),
	qr/ERROR:  P0002: .*\nHINT.*\n.*ERROR:  23503: .*\n.*ERROR:  P0002: .*has no row/,
	'none of these, with the code of the shard');

# A place gets documents of one shard after another; there is one at a time, and all are in its history.
my ($zero) = texts_of_shard($router, 0, 1, 'place');
my ($three) = texts_of_shard($router, 3, 1, 'place');
my $see = q{SELECT at_location FROM ingest_document('%1$s', '%1$s', 't', location => '/moves')};
foreach my $round ([$zero, 'f'], [$three, 'f'], [$three, 't'], [$zero, 'f'], [$zero, 't'])
{
	is(on_router($router, sprintf($see, $round->[0])), $round->[1], "$round->[0] is seen");
	is( on_router($router, q{SELECT file_name FROM document_at('manual', '/moves') l, document_by_id(l.document_id)}),
		$round->[0], "$round->[0] is there");
}
is( on_router($router, q{SELECT string_agg(file_name, ' ' ORDER BY l.seen_at), count(replaced_at)
		FROM location_history_of('manual', '/moves') l, document_by_id(l.document_id)}),
	"$zero $three $zero|2", 'history of the place');
is(on_router($router, 'SELECT locations FROM ingestion_stats'), '12', 'every place counts once');
on_router($router, qq{SELECT ingest_documents(ARRAY['1', '2', '3'], ARRAY['$three', '$zero', '$three']::bytea[],
	'{t, t, t}', locations => ARRAY['/moves', '/moves', '/moves'])});
is( on_router($router, q{SELECT file_name FROM document_at('manual', '/moves') l, document_by_id(l.document_id)}),
	$three, 'of a batch, the last one is there');

# Eight clients with colliding documents: every call is one document or one duplicate.
append_to_file($router->basedir . '/collide.sql', q{
	\set n random(1, 200)
	\set m random(1, 200)
	SELECT count(*) FROM docs.ingest_documents(ARRAY[:n::text, :m::text, 'same'],
		ARRAY['collide' || :n, 'collide' || :m, 'same']::bytea[], '{c, c, c}');
});
my $before = on_router($router, 'SELECT documents + duplicates FROM ingestion_stats');
run_command([ 'pgbench', '-n', '-c', '8', '-t', '50', '-f', $router->basedir . '/collide.sql',
	'-d', $router->connstr('ledger') ]);
is(on_router($router, 'SELECT documents + duplicates FROM ingestion_stats'), $before + 8 * 50 * 3,
	'8 clients: counts are exact');
is( on_router($router, q{SELECT documents, duplicates FROM ingestion_stats_by_type WHERE file_type = 'c'}),
	join('|', map { $_, 1200 - $_ } map { split /\n/ } on_router($router,
		q{SELECT count(*) FROM generate_series(0, 200) n, document_by_hash(encode(sha256(
			(CASE n WHEN 0 THEN 'same' ELSE 'collide' || n END)::bytea), 'hex'))})),
	'each document once');

# Checks.
is(on_router($router, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed'), '', 'all is well');
is( on_router($router, q{SELECT count(*), count(DISTINCT shard), count(*) FILTER (WHERE shard IS NULL
		AND detail = 'passed on 4 of 4 shards') = count(*) / 5 FROM doc_extractor_verify()}) =~ s/^\d+//r,
	'|4|t', 'every check on every shard, and the sums');
$shards[2]->safe_psql('ledger', q{UPDATE docs.documents SET file_hash = repeat('0', 64)
	WHERE id = (SELECT min(id) FROM docs.documents)});
is( on_router($router, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed') =~ s/: \d+$/: N/mr,
	"2|hashes of the shard|f|1 documents are of other shards: N\n"
	. '|hashes of the shard|f|passed on 3 of 4 shards', 'a document of another shard is found');
$shards[2]->safe_psql('ledger', 'DELETE FROM docs.documents WHERE id = (SELECT min(id) FROM docs.documents)');

# What the router would get wrong: each is found, and named.
my $check = 'SELECT shard, check_name, detail FROM doc_extractor_router_check() WHERE NOT passed';

# Changes a shard, checks what is found, and undoes the change.
sub check_finds
{
	my ($number, $change, $undo, $expected) = @_;
	$shards[$number]->safe_psql('ledger', $change);
	like(on_router($router, $check), qr/^$number\|$expected$/, "check: $expected");
	$shards[$number]->safe_psql('postgres', '\c ledger
		SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;' . $undo);
	return;
}

# Returns a statement that replaces a part of what a shard says of itself, as no clock can be set here.
sub says
{
	my ($from, $to) = @_;
	return qq{DO \$do\$ BEGIN EXECUTE replace(pg_get_functiondef('docs.shard_status'::regproc),
		\$from\$$from\$from\$, \$to\$$to\$to\$); END \$do\$};
}
check_finds(1, q{SELECT setval('docs.error_log_id_seq', 1)},
	q{SELECT setval('docs.error_log_id_seq', (1::int8 << 40) + 99)},
	qr/ids\|there are ids from .* sequences from 1 to .*/);
check_finds(0, q{SELECT setval('docs.scans_id_seq', 1::int8 << 40)}, q{SELECT setval('docs.scans_id_seq', 1)},
	qr/ids\|there are ids from .* outside of 0 to 1099511627775/);
check_finds(3, 'UPDATE docs.this_shard SET shards = 8', 'UPDATE docs.this_shard SET shards = 4',
	qr/is the shard\|it is shard 3 of 8/);
check_finds(3, 'DELETE FROM docs.this_shard', 'INSERT INTO docs.this_shard VALUES (true, 3, 4)',
	qr/is the shard\|it is not set up/);
check_finds(0, 'ALTER DATABASE ledger SET default_transaction_read_only = on',
	'ALTER DATABASE ledger RESET default_transaction_read_only', qr/writes\|it is a standby, or .*/);
my $hour = q{clock_timestamp() + interval '1 h'};
check_finds(3, says('clock_timestamp()', $hour), says($hour, 'clock_timestamp()'),
	qr/clock\|it differs by 0[01]:[05]\d:.*/);
my ($utf8, $latin) = ('getdatabaseencoding()::text', q{'LATIN1'::text});
check_finds(2, says($utf8, $latin), says($latin, $utf8), qr/encoding\|it is LATIN1, .* is UTF8/);
my ($none, $some) = ('SELECT count(*) FROM docs.doc_extractor_widen_preview()', 'SELECT 3::int8');
check_finds(2, says($none, $some), says($some, $none), qr/wide types\|.*/);
on_router($router, q{ALTER SERVER doc_extractor_shards OPTIONS (SET p1 '} . address($shards[2]) . q{', SET p2 '}
	. address($shards[1]) . q{')});
is(on_router($router, $check), "1|is the shard|it is shard 2 of 4\n1|ids|"
	. join("\n2|is the shard|it is shard 1 of 4\n2|ids|", map { (split /\|/)[2] } grep { /\|ids\|/ }
		  split /\n/, on_router($router, $check)), 'check: shards in the wrong order');
my ($two) = texts_of_shard($router, 2, 1, 'wrong');
like( errors_of($router, qq{SELECT ingest_document('w', '$two', 't')}),
	qr/ERROR:  55000: .*database ledger is shard 1 of 4, not the one that the router means/,
	'shards in the wrong order: nothing is stored');
on_router($router, q{ALTER SERVER doc_extractor_shards OPTIONS (SET p1 '} . address($shards[1]) . q{', SET p2 '}
	. address($shards[2]) . q{')});
is(on_router($router, $check), '', 'check: all is well again');

$_->stop foreach ($router, @shards);
done_testing();
