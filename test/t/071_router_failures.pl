# Shards that fail: one that is down, one that is slow, one that refuses, one that is killed under load.
# The others go on; the caller learns which documents are concerned; and sending them again does no harm.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Router;
use Test::More;

use constant CLIENTS => 8;
use constant CALLS => $ENV{LONG} ? 10000 : 2000;

require_plproxy();
my ($router, @shards) = start_router();
my ($zero, $zero2) = texts_of_shard($router, 0, 2, 'z');
my ($one, $one2, $one3) = texts_of_shard($router, 1, 3, 'o');
my ($two, $two2, $two3, $two4) = texts_of_shard($router, 2, 4, 't');

# Returns a call of ingest_documents() for texts, each with a place of its own.
sub batch
{
	my (@texts) = @_;
	my $list = join(', ', map { "'$_'" } @texts);
	my $places = join(', ', map { "'/$_'" } @texts);
	return "ingest_documents(ARRAY[$list], ARRAY[$list]::bytea[], array_fill('t'::text, ARRAY["
	  . @texts . "]), locations => ARRAY[$places])";
}
my $stored = q{SELECT string_agg(file_name, ' ' ORDER BY file_name) FROM unnest('{%s}'::text[]) AS t,
	document_by_hash(encode(sha256(t::bytea), 'hex'))};

# One is down.
$shards[2]->stop('fast');
is( errors_of($router, qq{SELECT ingest_document('$two', '$two', 't')}) =~ s/DETAIL:.*\n//r,
	"ERROR:  08006: shard 2 cannot be reached\n"
	. 'HINT:  Try again when it is back. The other shards go on working.', 'down: its documents fail, named');
is(on_router($router, qq{SELECT is_duplicate FROM ingest_document('$zero', '$zero', 't')}), 'f',
	'down: others are ingested');
like( errors_of($router, 'SELECT * FROM ' . batch($one, $two, $zero2, $two2)),
	qr/ERROR:  08006: shard 2 cannot be reached\nDETAIL:  .*2 documents of the batch: 2, 4\. Nothing of the batch was stored\./s,
	'down: a batch names its documents');
is(on_router($router, sprintf($stored, "$one,$zero2")), '', 'down: nothing of the batch was stored');
my $log = q{SET doc_extractor.on_bad_document = log;};
like( errors_of($router, $log . 'SELECT * FROM ' . batch($one, $two, $zero2, $two2)),
	qr/^WARNING:  08006: shard 2 cannot be reached.*2 documents of the batch: 2, 4\./s,
	'down: with log, a warning names them');
is( on_router($router, $log . 'SELECT n, document_id IS NULL, at_location, error_id FROM '
		. batch($one, $two, $zero2, $two2) . ' WITH ORDINALITY AS r (document_id, d, h, c, at_location, x,
			error_id, n)'),
	"1|f|t|\n2|t||\n3|f|t|\n4|t||", 'down: with log, the others are ingested, once');
like(errors_of($router, 'SELECT * FROM ingestion_stats'), qr/ERROR:  08006: a shard cannot be reached/,
	'down: statistics need all shards');
like(errors_of($router, 'SELECT * FROM doc_extractor_verify()'), qr/ERROR:  08006: /, 'down: so does verify');
like(errors_of($router, 'SELECT * FROM document_by_id(2::int8 << 40)'),
	qr/ERROR:  08006: shard 2 cannot be reached/, 'down: an id');
like(errors_of($router, 'SELECT record_document_event(2::int8 << 40, \'tagged\')'),
	qr/ERROR:  08006: shard 2 cannot be reached/, 'down: an event');
like(on_router($router, q{SELECT shard, check_name FROM doc_extractor_router_check() WHERE NOT passed}),
	qr/^2\|answers$/, 'down: the check says so');
like( errors_of($router, qq{SELECT ingest_document('$one2', '$one2', 't', location => '/a place')}),
	qr/^WARNING:  08006: shard 2 cannot be reached.*Shard 2 may still have older documents at 1 of/s,
	'down: it cannot be told of a new place');
is(on_router($router, sprintf($stored, $one2)), $one2, 'down: the document is stored all the same');

# It comes back, in the same session, too.
my $folder = $router->basedir;
my $session = start_client($router, 'ledger', qq{SET search_path = docs;
	SELECT ingest_document('$two', '$two', 't');
	\\! touch $folder/failed
	\\! while [ ! -e $folder/back ]; do sleep 0.1; done
	SELECT is_duplicate FROM ingest_document('$two', '$two', 't', location => '/$two');
	SELECT duplicate_count, at_location FROM ingest_document('$two', '$two', 't', location => '/$two')});
wait_until(sub { -e "$folder/failed" });
$shards[2]->start;
append_to_file("$folder/back", '');
my ($out, $err) = finish_client($session);
is($out, "f\n0|t\n", 'back: the session goes on') or diag($err);
is(on_router($router, 'SELECT count(*) FROM ' . batch($one, $two, $zero2, $two2)), '4', 'back: the batch again');
is( on_router($router, qq{SELECT sum(duplicate_count) FROM unnest('{$one,$two,$zero2,$two2}'::text[]) AS t,
		document_by_hash(encode(sha256(t::bytea), 'hex'))}),
	'0', 'back: documents that were sent again are not counted');

# A connection that breaks off, on either side, while a shard is at work.  The shard knows nothing of the
# router's transaction: what it has begun it ends.
$shards[2]->safe_psql('ledger', q{
	CREATE FUNCTION docs.wait() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN IF NEW.file_name = 'slow' THEN PERFORM pg_sleep(3); END IF; RETURN NEW; END $$;
	CREATE TRIGGER wait AFTER INSERT ON docs.documents FOR EACH ROW EXECUTE FUNCTION docs.wait()});
my $slow = "SELECT ingest_document('slow', '$two3', 't', location => '/slow')";
sub break_off
{
	my ($node, $user, $call) = @_;
	my $client = start_client($router, 'ledger', "SET search_path = docs; $call");
	$shards[2]->poll_query_until('ledger', q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE usename = 'doc_extractor_router' AND wait_event = 'PgSleep'}) or die 'it does not get there';
	$node->safe_psql('ledger', qq{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE usename = '$user' AND pid <> pg_backend_pid() AND backend_type = 'client backend'});
	return (finish_client($client))[1];
}
like(break_off($shards[2], 'doc_extractor_router', $slow),
	qr/ERROR:  08007: the connection to shard 2 broke off\nDETAIL:  What it was sent may be stored\./,
	'broken off: the outcome is not known');
like( break_off($shards[2], 'doc_extractor_router',
		"SELECT ingest_documents(ARRAY['slow', 'x'], ARRAY['$two4', '$one3']::bytea[], '{t, t}')"),
	qr/ERROR:  08007: the connection to a shard broke off/, 'broken off: nor that of a batch');
like(break_off($router, $router->safe_psql('postgres', 'SELECT current_user'), $slow), qr/FATAL:  57P01: /,
	'broken off: the session at the router');
$shards[2]->poll_query_until('ledger', q{SELECT count(*) = 1 FROM docs.documents WHERE file_name = 'slow'})
  or die 'the statement does not run on';
is( on_router($router, qq{SELECT is_duplicate, at_location, duplicate_count FROM
		ingest_document('slow', '$two3', 't', location => '/slow')}),
	't|t|0', 'broken off: the shard has done it; sent again, it is not counted');
$shards[2]->safe_psql('ledger', 'DROP TRIGGER wait ON docs.documents');

# A statement that the router cancels is cancelled on the shard.
$shards[2]->safe_psql('ledger', q{CREATE TRIGGER wait BEFORE INSERT ON docs.documents FOR EACH ROW
	EXECUTE FUNCTION docs.wait()});
like( errors_of($router, qq{SET statement_timeout = '1s'; SELECT ingest_document('slow', '$two4', 't')}),
	qr/ERROR:  57014: /, 'cancelled');
$shards[2]->poll_query_until('ledger', q{SELECT count(*) = 0 FROM pg_stat_activity
	WHERE usename = 'doc_extractor_router' AND wait_event = 'PgSleep'}) or die 'it sleeps on';
is($shards[2]->safe_psql('ledger', q{SELECT count(*) FROM docs.documents WHERE file_name = 'slow'}), '1',
	'cancelled: nothing was stored');
$shards[2]->safe_psql('ledger', 'DROP TRIGGER wait ON docs.documents');

# A shard that refuses everything, as a full disk or a lost privilege would.
$shards[1]->safe_psql('ledger', q{
	CREATE FUNCTION docs.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE 'no' USING ERRCODE = '53100', DETAIL = 'The disk is full.', HINT = 'Buy one.'; END $$;
	CREATE TRIGGER refuse AFTER INSERT ON docs.audit_log EXECUTE FUNCTION docs.refuse()});
my ($r0, $r1, $r3) = ((texts_of_shard($router, 0, 1, 'r')), (texts_of_shard($router, 1, 1, 'r')),
	(texts_of_shard($router, 3, 1, 'r')));
is( errors_of($router, qq{SELECT ingest_document('$r1', '$r1', 't')}),
	"ERROR:  53100: no\nDETAIL:  The disk is full.\nHINT:  Buy one.", 'refused: the error of the shard');
is( errors_of($router, 'SELECT * FROM ' . batch($r0, $r1, $r3)),
	"ERROR:  53100: no\nDETAIL:  Document of the batch: 2. The other documents are stored. The disk is full.\n"
	. 'HINT:  Buy one.', 'refused: the error names the document of the batch');
is( on_router($router, $log . 'SELECT at_location FROM ' . batch($r0, $r1, $r3)), "t\n\nt",
	'refused: the others are stored');
# With a second one, neither is said to have stored anything.
$shards[3]->safe_psql('ledger', q{
	CREATE FUNCTION docs.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nor here'; END $$;
	CREATE TRIGGER refuse AFTER INSERT ON docs.audit_log EXECUTE FUNCTION docs.refuse()});
my ($s0, $s1, $s3) = ((texts_of_shard($router, 0, 1, 's')), (texts_of_shard($router, 1, 1, 's')),
	(texts_of_shard($router, 3, 1, 's')));
like( errors_of($router, 'SELECT * FROM ' . batch($s3, $s0, $s1)),
	qr/^ERROR:  \w+: no.*\nDETAIL:  2 documents of the batch: 1, 3\. The other documents are stored\./,
	'two refuse: the error names the documents of both');
is(on_router($router, sprintf($stored, "$s0,$s1,$s3")), $s0, 'two refuse: the others are stored');
$shards[3]->safe_psql('ledger', 'DROP TRIGGER refuse ON docs.audit_log');
$shards[1]->safe_psql('ledger', 'DROP TRIGGER refuse ON docs.audit_log');
is(on_router($router, 'SELECT at_location FROM ' . batch($r0, $r1, $r3)), "t\nf\nt", 'sent again, it is stored');

# A shard that refuses the call itself: nobody can say what the others have done.
$shards[1]->safe_psql('ledger', 'REVOKE EXECUTE ON FUNCTION docs.shard_ingest FROM doc_extractor_router');
my ($d0, $d1) = ((texts_of_shard($router, 0, 1, 'd')), (texts_of_shard($router, 1, 1, 'd')));
like( errors_of($router, $log . 'SELECT * FROM ' . batch($d0, $d1)),
	qr/^ERROR:  42501: .*shard_ingest\nDETAIL:  What the other shards were sent may be stored\.$/,
	'no call: an error, also with log, which says that others may be stored');
unlike(errors_of($router, "SELECT ingest_document('$d1', '$d1', 't')"), qr/other shards/, 'no call: of one document');
$shards[1]->safe_psql('ledger', q{SELECT docs.doc_extractor_shard_setup(1, 4, 'doc_extractor_router')});
is(on_router($router, 'SELECT at_location IS NOT NULL FROM ' . batch($d0, $d1)), "t\nt", 'no call: sent again');

# A shard that cannot write for a while, while a place gets a document of another shard.
my ($p0, $p1) = ((texts_of_shard($router, 0, 1, 'place')), (texts_of_shard($router, 1, 1, 'place')));
my $at = q{SELECT file_name FROM document_at('manual', '/p') l, document_by_id(l.document_id)};
on_router($router, "SELECT ingest_document('$p1', '$p1', 't', location => '/p')");
$shards[1]->safe_psql('ledger', 'ALTER DATABASE ledger SET default_transaction_read_only = on');
is(errors_of($router, "SELECT ingest_document('$p0', '$p0', 't', location => '/other')"), '',
	'read-only: it has nothing to write');
like( errors_of($router, "SELECT ingest_document('$p0', '$p0', 't', location => '/p')"),
	qr/^WARNING:  25006: .*read-only.*\nDETAIL:  Shard 1 may still have older documents at 1 of/,
	'read-only: a warning');
is(on_router($router, $at), $p0, 'read-only: the later document is there');
like(errors_of($router, "SELECT ingest_document('$p1', '$p1', 't')"), qr/^ERROR:  25006: /,
	'read-only: its own documents fail');
$shards[1]->safe_psql('postgres', 'ALTER DATABASE ledger RESET default_transaction_read_only');
is(on_router($router, "SELECT at_location FROM ingest_document('$p0', '$p0', 't', location => '/p'); $at"),
	"t\n$p0", 'read-only: so it is afterwards');

# A shard is killed under load. Clients go on with what the others take, and with all when it is back.
# Every call has a document of its own, or one that all clients have; its number says which.
sub calls_of
{
	my ($client) = @_;
	# Nobody reads what it prints before it ends.
	return join('', "SET search_path = docs; SET client_min_messages = error;\n",
		"\\o $folder/known.$client\n\\set VERBOSITY sqlstate\n", map {
		my $text = $_ % 3 ? "load $client $_" : "load $_";
		"SELECT '$text', document_id FROM ingest_document('$text', '$text', 'load');\n"
	} 1 .. CALLS);
}
my @clients = map { start_client($router, 'ledger', calls_of($_)) } 1 .. CLIENTS;
$shards[3]->poll_query_until('ledger', q{SELECT count(*) > 20 FROM docs.documents WHERE file_type = 'load'})
  or die 'no load';
kill_server($shards[3]);
my $before = $shards[0]->safe_psql('ledger', 'SELECT count(*) FROM docs.documents');
$shards[0]->poll_query_until('ledger', "SELECT count(*) > $before + 10 FROM docs.documents")
  or die 'the others stand still';
$shards[3]->start;
my (@known, %errors);
foreach my $client (@clients)
{
	my (undef, $errors) = finish_client($client);
	$errors{$1}++ while $errors =~ /ERROR:  (\w+)$/mg;
}
push @known, split /\n/, slurp_file("$folder/known.$_") foreach 1 .. CLIENTS;
note(join(', ', map { "$_: $errors{$_}" } sort keys %errors));
cmp_ok(scalar(@known), '>', CLIENTS * CALLS / 4, 'killed: the load went on');
cmp_ok($errors{'08006'} // 0, '>', 0, 'killed: calls have failed');
delete @errors{qw(08006 08007)};
is(join(' ', %errors), '', 'killed: with these errors only');
append_to_file("$folder/known", join('', map { "$_\n" } @known));
is( $router->safe_psql('ledger', qq{CREATE TEMPORARY TABLE known (line text);
		COPY known FROM '$folder/known';
		SELECT count(*) FROM (SELECT split_part(line, '|', 1) AS text, split_part(line, '|', 2)::int8 AS id
				FROM known) k
			LEFT JOIN LATERAL docs.document_by_hash(encode(sha256(k.text::bytea), 'hex')) d ON true
			WHERE d.document_id IS DISTINCT FROM k.id}),
	'0', 'killed: what was acknowledged is there');
is(on_router($router, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed'), '', 'killed: all is well');
my $counted = on_router($router, q{SELECT documents + duplicates FROM ingestion_stats_by_type
	WHERE file_type = 'load'});
my $failed = CLIENTS * CALLS - @known;
cmp_ok($counted, '>=', scalar(@known), 'killed: all acknowledged calls are counted');
cmp_ok($counted, '<=', @known + CLIENTS, 'killed: and at most one more for each client');

$_->stop foreach ($router, @shards);
done_testing();
