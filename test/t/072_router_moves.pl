# A shard moves to another server under load, by the commands of doc/scaling.md; one is restored; and
# shards are at different versions for a while.
use strict;
use warnings;

use Guide;
use Ledger;
use PostgreSQL::Test::Utils;
use Router;
use Test::More;

use constant CLIENTS => 4;

require_plproxy();
my ($router, @shards) = start_router();
my $folder = $router->basedir;
my $check = 'SELECT shard, check_name, detail FROM doc_extractor_router_check() WHERE NOT passed';

# Clients ingest batches of four documents, until the test says that it is enough.
sub load_of
{
	my ($client) = @_;
	return "SET search_path = docs; SET client_min_messages = error;\n"
	  . "SET doc_extractor.on_bad_document = log;\n\\o $folder/known.$client\n"
	  . "\\set VERBOSITY sqlstate\n" . join('', map {
		my $list = join(', ', map { "'$client $_'" } 4 * $_ .. 4 * $_ + 3);
		# Four places, where each batch has other documents.
		my $places = join(', ', map { "'/$client/$_'" } 1 .. 4);
		"\\! test -e $folder/enough && kill \$PPID\n"
		  . "SELECT (ARRAY[$list])[n], id FROM ingest_documents(ARRAY[$list], ARRAY[$list]::bytea[],"
		  . " '{load, load, load, load}', locations => ARRAY[$places]) WITH ORDINALITY AS r (id, d, h, c, l, t, e, n);\n"
	} 1 .. 5000);
}

# Waits until the load has got further, on the shards that work.
sub wait_for_progress
{
	my ($count) = $shards[0]->safe_psql('ledger', 'SELECT count(*) FROM docs.documents');
	$shards[0]->poll_query_until('ledger', "SELECT count(*) > $count + 20 FROM docs.documents")
	  or die 'the load stands still';
	return;
}
my @clients = map { start_client($router, 'ledger', load_of($_)) } 1 .. CLIENTS;
wait_for_progress();

# Shard 2 goes to the server of shard 0.
my ($prepare, $move) = guide_commands('Move a shard', 'scaling.md');
$shards[0]->safe_psql('postgres', 'CREATE DATABASE moved');
my $variables = sprintf("OLD='%s' NEW='%s' ROUTER='%s' NUMBER=2\n",
	address($shards[2]), address($shards[0], 'moved'), address($router));
# The role is there, as the server has a shard.
my ($ok, $out) = run_commands($router, $folder, 'postgres', $variables . $prepare->{text});
like($out, qr/role "doc_extractor_router" already exists/, 'move: the role of the router');
my $user = $router->safe_psql('postgres', 'SELECT current_user');
($ok, $out) = run_commands($router, $folder, $user, $variables . $move->{text});
ok($ok, 'move: the commands run') or diag($out);
like($out, qr/\(0 rows\)\n\n\z/, 'move: the check finds nothing');
wait_for_progress();
append_to_file("$folder/enough", '');
my %errors;
foreach my $client (@clients)
{
	eval { $client->{run}->finish };
	$errors{$1}++ while $client->{err} =~ /ERROR:  (\w+)$/mg;
}
is(join(' ', sort grep { $_ ne '08007' } keys %errors), '', 'move: no errors but of what was under way');
is(on_router($router, $check), '', 'move: all is well');
is( on_router($router, join(' UNION ALL ', map { my $client = $_; map {
		"SELECT count(*) FROM document_at('manual', '/$client/$_')" } 1 .. 4 } 1 .. CLIENTS)),
	join("\n", (1) x (4 * CLIENTS)), 'move: every place has a document');
is($shards[2]->safe_psql('ledger', 'SELECT count(*) FROM docs.documents WHERE id NOT IN (SELECT id FROM docs.documents)'),
	'0', 'move: the old one can be read');

# All that was acknowledged is there, under its id; the shard got documents before and after.
foreach my $client (1 .. CLIENTS)
{
	# The last line may be cut off.
	my $known = slurp_file("$folder/known.$client") =~ s/[^\n]*\z//r;
	append_to_file("$folder/known", $known);
}
is( $router->safe_psql('ledger', qq{CREATE TEMPORARY TABLE known (line text);
		COPY known FROM '$folder/known';
		SELECT count(*) > 200, count(*) FILTER (WHERE k.id IS NOT NULL AND d.document_id IS DISTINCT FROM k.id)
		FROM (SELECT split_part(line, '|', 1) AS text, nullif(split_part(line, '|', 2), '')::int8 AS id
				FROM known) k
			LEFT JOIN LATERAL docs.document_by_hash(encode(sha256(k.text::bytea), 'hex')) d ON true}),
	't|0', 'move: what was acknowledged is there');
is($router->safe_psql('ledger', qq{CREATE TEMPORARY TABLE known (line text);
		COPY known FROM '$folder/known'; SELECT count(*) > 0 FROM known WHERE line LIKE '%|'}),
	't', 'move: the shard refused documents meanwhile');
my $old = $shards[2]->safe_psql('ledger', 'SELECT count(*) FROM docs.documents');
cmp_ok($old, '>', 0, 'move: documents before');
cmp_ok($shards[0]->safe_psql('moved', 'SELECT count(*) FROM docs.documents'), '>', $old, 'and after');
is($shards[0]->safe_psql('moved', 'SELECT bool_and(id >> 40 = 2) FROM docs.documents'), 't',
	'move: its ids go on');
is(on_router($router, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed'), '', 'move: verified');
$shards[2]->stop;

# A shard without the functions of 1.2.
my ($one) = texts_of_shard($router, 1, 1, 'v');
my ($zero) = texts_of_shard($router, 0, 1, 'v');
$shards[1]->safe_psql('ledger', q{SET doc_extractor.allow_data_loss = on;
	ALTER EXTENSION doc_extractor UPDATE TO '1.1'});
like( errors_of($router, "SELECT ingest_document('v', '$one', 't')"),
	qr/^ERROR:  42883: .*ingest_hashed_documents/, 'versions: an error of that shard');
is(on_router($router, "SELECT is_duplicate FROM ingest_document('v', '$zero', 't')"), 'f',
	'versions: the others work');
like(on_router($router, $check), qr/^1\|versions\|doc_extractor 1\.1, .* have 1\.2 and 1\.0$/m,
	'versions: the check says so');
$shards[1]->safe_psql('ledger', q{ALTER EXTENSION doc_extractor UPDATE TO '1.2';
	SELECT docs.doc_extractor_widen('UTC')});
like(on_router($router, $check), qr/^1\|ids\|/, 'versions: sequences of 1.2 are new');
$shards[1]->safe_psql('ledger', 'SELECT docs.doc_extractor_shard_setup(1, 4)');
is(on_router($router, $check), '', 'versions: all is well again');
is(on_router($router, "SELECT is_duplicate FROM ingest_document('v', '$one', 't')"), 'f',
	'versions: the shard goes on');
is(on_router($router, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed'), '', 'versions: verified');

# The setup can be repeated.
my @again = map { address($_) } ($router, @shards[0, 1], $shards[0], $shards[3]);
$again[3] =~ s/ledger/moved/;
on_router($router, q{ALTER USER MAPPING FOR keeper SERVER doc_extractor_shards OPTIONS (ADD password 'secret')});
my $arguments = join(' ', map { "'$_'" } @again);
is((run_command([ 'sh', '-c', "echo 'SELECT 42' | doc_extractor_shards $arguments" ]))[0],
	" shard | check_name | passed | detail \n-------+------------+--------+--------\n(0 rows)\n",
	'the setup, again: it reads no script of the caller\'s');
is( on_router($router, 'SELECT umoptions FROM pg_user_mappings'), '{user=doc_extractor_router,password=secret}',
	'the setup, again: it keeps the password');
like((run_command([ 'doc_extractor_shards', $again[0], 'postgresql://x:secret@localhost/ledger' ]))[1],
	qr/^not a connection string of the form key=value: postgresql$/, 'the setup: a URI has passwords for all to see');
is(on_router($router, "SELECT is_duplicate FROM ingest_document('v', '$one', 't')"), 't',
	'the setup, again: all is there');

# The router's database, from a dump.
$router->safe_psql('postgres', 'CREATE DATABASE restored');
$out = run_command([ 'pg_dump', '-d', $router->connstr('ledger'), '-f', "$folder/router.sql" ]);
run_command([ 'psql', '-Xqd', $router->connstr('restored'), '-v', 'ON_ERROR_STOP=1', '-f', "$folder/router.sql" ]);
is( $router->safe_psql('restored', qq{SELECT is_duplicate FROM docs.ingest_document('v', '$one', 't');
		SELECT * FROM docs.doc_extractor_router_check() WHERE NOT passed;
		SELECT DISTINCT proowner::regrole FROM pg_proc WHERE pronamespace = 'docs'::regnamespace}),
	"t\nkeeper", 'the router is restored');

# Only an empty ledger becomes a shard, and stays the one that it is.
$router->safe_psql('postgres', 'CREATE DATABASE other');
my (undef, $err) = run_script($router, 'other', undef, q{
	CREATE SCHEMA docs;
	CREATE EXTENSION doc_extractor_shard SCHEMA docs;
	CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
	CREATE EXTENSION doc_extractor_shard SCHEMA docs;
	ALTER EXTENSION doc_extractor UPDATE TO '1.2';
	CREATE EXTENSION doc_extractor_shard SCHEMA docs;
	SELECT docs.doc_extractor_shard_setup(0, 4);
	SELECT docs.doc_extractor_widen('UTC');
	SELECT docs.doc_extractor_shard_setup(0, 3);
	SELECT docs.doc_extractor_shard_setup(4, 4);
	SELECT docs.doc_extractor_shard_setup(3, 4);
	SELECT docs.doc_extractor_shard_setup(3, 4);
	SELECT docs.ingest_document('a', 'a', 't');
	SELECT docs.doc_extractor_shard_setup(3, 4);
	SELECT docs.doc_extractor_shard_setup(2, 4)});
is( join("\n", $err =~ /ERROR:  (\w+: .*)/g),
	"42704: required extension \"doc_extractor\" is not installed\n"
	. "55000: schema docs has no ledger of version 1.2 or later\n"
	. "55000: a narrow ledger cannot be a shard\n"
	. "22023: 0 of 3 is not a shard\n22023: 4 of 4 is not a shard\n"
	. '55000: only an empty ledger can become a shard', 'setup: what it refuses');

# A ledger that is given to another role: nothing of that role's runs with the rights of who gave it.
$router->safe_psql('postgres', 'CREATE ROLE taker LOGIN; CREATE ROLE doc_extractor_router LOGIN');
$router->safe_psql('postgres', 'CREATE DATABASE given');
$router->safe_psql('given', q{
	CREATE SCHEMA docs;
	CREATE EXTENSION doc_extractor SCHEMA docs;
	CREATE EXTENSION doc_extractor_shard SCHEMA docs;
	SELECT docs.doc_extractor_shard_setup(0, 1, 'doc_extractor_router');
	CREATE TABLE docs.ran (name text, role text);
	GRANT INSERT ON docs.ran TO PUBLIC;
	GRANT USAGE, CREATE ON SCHEMA docs TO taker;
	DO $$
	DECLARE t regclass;
	BEGIN
		FOREACH t IN ARRAY '{docs.documents, docs.hash_index, docs.audit_log, docs.error_log, docs.scans,
			docs.document_locations, docs.this_shard, docs.document_inbox}'::regclass[] LOOP
			EXECUTE format('ALTER TABLE %s OWNER TO taker', t);
		END LOOP;
	END $$});
run_script($router, 'given', 'taker', q{
	CREATE FUNCTION docs.grab(text) RETURNS bool LANGUAGE plpgsql AS $$
	BEGIN INSERT INTO docs.ran VALUES ($1, current_user); RETURN true; END $$;
	CREATE FUNCTION docs.grab() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN PERFORM docs.grab(TG_TABLE_NAME); RETURN NEW; END $$;
	CREATE TRIGGER grab BEFORE INSERT OR UPDATE ON docs.error_log FOR EACH ROW EXECUTE FUNCTION docs.grab();
	CREATE TRIGGER grab BEFORE INSERT ON docs.document_locations FOR EACH ROW EXECUTE FUNCTION docs.grab();
	CREATE TRIGGER grab BEFORE INSERT ON docs.this_shard FOR EACH ROW EXECUTE FUNCTION docs.grab();
	DELETE FROM docs.this_shard;
	ALTER TABLE docs.scans RENAME TO real_scans;
	CREATE VIEW docs.scans AS SELECT * FROM docs.real_scans WHERE docs.grab('view')});
my $as_router = q{
	SELECT count(error_id) FROM docs.shard_ingest('{a}', 'log', true, 'contents', '{0}', '{1}', '{""}',
		ARRAY[repeat('0', 64)], '{1}', '{t}', NULL, NULL, NULL, NULL, NULL, '{/a}', NULL, NULL, NULL);
	SELECT count(document_id) FROM docs.shard_ingest('{a}', 'log', true, 'contents', '{0}', '{1}', '{a}',
		ARRAY[repeat('0', 64)], '{1}', '{t}', NULL, NULL, NULL, NULL, NULL, '{/a}', NULL, NULL, NULL);
	SELECT state FROM docs.shard_end_locations('{0}', '{manual}', '{/a}', '{9}', ARRAY[now()]);
	SELECT count(*) FROM docs.shard_verify();
	SELECT count(*) FROM docs.shard_status(0);
	SELECT count(*) FROM docs.shard_stats('all');
	SELECT count(*) FROM docs.shard_open_errors(1);
	SELECT count(*) FROM docs.shard_document(0, 1, NULL);
	SELECT count(*) FROM docs.shard_trail(0, 1);
	SELECT count(*) FROM docs.shard_locations(1, NULL, NULL);
	SELECT count(*) FROM docs.shard_ping('{0}')};
my $ran = 'SELECT DISTINCT name, role FROM docs.ran ORDER BY 1, 2';
($out, $err) = run_script($router, 'given', 'doc_extractor_router', $as_router);
is("$out|" . join(',', $err =~ /ERROR:  (\w+): the ledger in database given has another owner/g),
	'55000|' . join(',', ('55000') x 10), 'given: no function works');
(undef, $err) = run_script($router, 'given', undef, q{
	SELECT docs.doc_extractor_shard_setup(0, 1);
	ALTER TABLE docs.this_shard OWNER TO postgres;
	DROP VIEW docs.scans;
	ALTER TABLE docs.real_scans RENAME TO scans;
	SELECT docs.doc_extractor_shard_setup(0, 1)} =~ s/postgres/$user/r);
is(join("\n", $err =~ /ERROR:  (.*)/g),
	"55000: scans, this_shard cannot be trusted\n55000: this_shard cannot be trusted", 'given: nor the setup');
is($router->safe_psql('given', $ran), '', 'given: nothing has run');
$router->safe_psql('given', q{
	DROP TRIGGER grab ON docs.this_shard;
	REVOKE USAGE ON SCHEMA docs FROM taker;
	INSERT INTO docs.this_shard VALUES (true, 0, 1);
	SELECT docs.doc_extractor_shard_setup(0, 1)});
($out, $err) = run_script($router, 'given', 'doc_extractor_router', $as_router);
# The failure is marked, and the document is no longer there.
is("$out$err" =~ s/^1\n1\n\d+\n//r, "1\n1\n0\n1\n1\n0\n1", 'given: after the setup, all work');
is($router->safe_psql('given', $ran), "document_locations|taker\nerror_log|taker",
	'given: as the role to whom it was given');

# The same with what only has the name of a table, in a ledger without it.
$router->safe_psql('postgres', 'CREATE DATABASE squatted');
$router->safe_psql('squatted', q{
	CREATE SCHEMA docs;
	CREATE EXTENSION doc_extractor SCHEMA docs;
	CREATE EXTENSION doc_extractor_shard SCHEMA docs;
	SELECT docs.doc_extractor_shard_setup(0, 1, 'doc_extractor_router');
	SET doc_extractor.allow_data_loss = on;
	ALTER EXTENSION doc_extractor UPDATE TO '1.1';
	GRANT USAGE, CREATE ON SCHEMA docs TO taker});
run_script($router, 'squatted', 'taker', q{CREATE VIEW docs.document_locations AS SELECT 1});
($out, $err) = run_script($router, 'squatted', 'doc_extractor_router', $as_router);
is("$out|" . (() = $err =~ /ERROR:  55000: the ledger in database squatted has another owner/g), '55000|10',
	'squatted: no function works');

$_->stop foreach ($router, @shards[0, 1, 3]);
done_testing();
