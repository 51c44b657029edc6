# The guards, seen from outside of a session: pg_restore --clean is refused unless it may lose data,
# a missing library stops nobody else, DROP DATABASE is not concerned, and the server log says who changed the tables' form.
use strict;
use warnings;

use Ledger;
use Migrations;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('guards');
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', q{
	CREATE ROLE regress_docs_keeper LOGIN;
	CREATE ROLE regress_docs_admin LOGIN;
	GRANT regress_docs_keeper TO regress_docs_admin});

# Ways to restore over another ledger: a dump's format, and a program with its options.
my %ways = (
	clean => [ 'dump', 'pg_restore', '--clean' ],
	clean_if_exists => [ 'dump', 'pg_restore', '--clean', '--if-exists' ],
	clean_in_one => [ 'dump', 'pg_restore', '--clean', '-1' ],
	clean_script => [ 'sql', 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f' ]);

# Makes a ledger and dumps it, in both formats.  It is one of 1.0, so that the backup fits whichever
# version is this server's default.
sub dump_ledger
{
	my ($who, $database, $user) = @_;
	my $file = "$folder/$who";

	new_database($node, $database, $user, 'docs');
	install($node, $database, $user, 'docs', '1.0');
	$node->safe_psql($database, q{
		SELECT FROM generate_series(1, 5) i,
			docs.ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain')},
		extra_params => user_option($user));
	$node->command_ok(
		command_line($node, 'pg_dump', $database, $user, '-Fc', '-f', "$file.dump"),
		"$who: dumped");
	$node->command_ok(
		command_line($node, 'pg_dump', $database, $user, '--clean', '-f', "$file.sql"),
		"$who: dumped as a script");
	return;
}

# Restores in one way over a ledger that has another document, and the guard.
sub check_way
{
	my ($who, $user, $way, $rows) = @_;
	my ($format, $program, @options) = @{ $ways{$way} };
	my $database = "${way}_$who";

	new_database($node, $database, $user, 'docs');
	install($node, $database, $user, 'docs', '1.1');
	$node->safe_psql($database,
		q{SELECT FROM docs.ingest_document('other', 'other', 'text/plain')},
		extra_params => user_option($user));
	my $command = command_line($node, $program, $database, $user, @options, "$folder/$who.$format");
	my $before = rows_of($node, $database, 'docs');
	$node->command_fails_like($command, qr/cannot drop extension doc_extractor/,
		"$who, $way: refused");
	# After an error, pg_restore goes on with the next command, unless all are one transaction.
	is_same(rows_of($node, $database, 'docs'), $before, "$who, $way: nothing has changed")
	  if $way =~ /in_one|script/;
	local $ENV{PGOPTIONS} = '-c doc_extractor.allow_data_loss=on';
	$node->command_ok($command, "$who, $way: restored over another ledger");
	is_same(without_offsets(rows_of($node, $database, 'docs')),
		$rows, "$who, $way: the rows are the backup's");
	return;
}

foreach my $user (undef, 'regress_docs_keeper')
{
	my $who = defined $user ? 'owner' : 'superuser';
	my $original = "original_$who";

	dump_ledger($who, $original, $user);
	my $rows = rows_of($node, $original, 'docs');
	check_way($who, $user, $_, $rows) foreach sort keys %ways;

	# The same commands from psql are refused.
	is(step($node, $original, $user, '1.1'), '', "$who: updated");
	my (undef, $err) = run_script($node, $original, $user,
		'DROP EXTENSION doc_extractor; DROP SCHEMA docs CASCADE;');
	my $refused = 'cannot drop extension doc_extractor while there is data in its tables';
	is(() = $err =~ /ERROR:  2BP01: $refused/g, 2, "$who: by hand it is refused");
	is_same(rows_of($node, $original, 'docs'), $rows, "$who: nothing is lost");

	# A database is dropped with all that is in it.
	$node->command_ok(
		[ 'dropdb', '-h', $node->host, '-p', $node->port, @{ user_option($user) }, $original ],
		"$who: DROP DATABASE is not concerned");
}

# The schema of another ledger over this one, with psql going on after errors: nothing is lost.
foreach my $user (undef, 'regress_docs_keeper')
{
	my $who = defined $user ? 'owner' : 'superuser';
	my $database = "schema_of_$who";

	new_database($node, $database, $user, 'docs');
	install($node, $database, $user, 'docs', '1.1');
	$node->safe_psql($database, q{
		SELECT FROM generate_series(1, 5) i,
			docs.ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain')},
		extra_params => user_option($user));
	my $before = rows_of($node, $database, 'docs');
	foreach my $way (
		[ 'sql', [ '-s', '--clean' ], 'psql', '-Xq', '-f' ],
		[ 'dump', [ '-s', '-Fc' ], 'pg_restore', '--clean', '--if-exists' ])
	{
		my ($format, $dump, $program, @options) = @$way;
		my $file = "$folder/schema_$who.$format";

		run_command(command_line($node, 'pg_dump', $database, $user, @$dump, '-f', $file));
		my (undef, $err) =
		  run_command(command_line($node, $program, $database, $user, @options, $file));
		like($err, qr/cannot drop extension doc_extractor/, "$who, schema by $program: refused");
		is_same(rows_of($node, $database, 'docs'),
			$before, "$who, schema by $program: nothing has changed");
		is(failed_checks($node, $database), '', "$who, schema by $program: all is well");
	}
}

# Without the library, commands that the guard has no part in work; those that could lose data do not.
new_database($node, 'no_library', 'regress_docs_keeper', 'docs');
install($node, 'no_library', 'regress_docs_keeper', 'docs', '1.1');
$node->safe_psql('no_library', q{
	SELECT FROM docs.ingest_document('a', 'a', 'text/plain');
	UPDATE pg_proc SET probin = '$libdir/doc_extractor_is_missing'
	WHERE proname ~ '^doc_extractor_ddl'});
my (undef, $unloaded) = run_script($node, 'no_library', 'regress_docs_keeper', q{
	CREATE TABLE docs.theirs (id serial PRIMARY KEY, note text UNIQUE);
	CREATE VIEW docs.their_view AS SELECT id FROM docs.theirs;
	CREATE FUNCTION docs.their_function() RETURNS int LANGUAGE sql AS 'SELECT 1';
	INSERT INTO docs.theirs (note) VALUES ('a');
	GRANT SELECT ON docs.theirs TO regress_docs_admin;
	TRUNCATE docs.theirs});
is($unloaded, '', 'without the library: others\' commands work');
(undef, $unloaded) = run_script($node, 'no_library', 'regress_docs_keeper', q{
	DROP EXTENSION doc_extractor;
	DROP SCHEMA docs CASCADE;
	ALTER TABLE docs.documents DROP COLUMN document_text;
	DROP VIEW docs.their_view});
is(() = $unloaded =~ /ERROR:  58P01: could not access file/g, 4,
	'without the library: what could lose data is refused');
is($node->safe_psql('no_library', 'SELECT count(*) FROM docs.documents'),
	'1', 'without the library: nothing is lost');

# The log of the server, with the role and the login role.
new_database($node, 'logged', 'regress_docs_keeper', 'docs');
install($node, 'logged', 'regress_docs_keeper', 'docs', '1.1');
my $start = -s $node->logfile;
my (undef, $err) = run_script($node, 'logged', 'regress_docs_admin', q{
	SET ROLE regress_docs_keeper;
	ALTER TABLE docs.documents ADD COLUMN department text;
	ALTER TABLE docs.documents RENAME COLUMN department TO unit;
	CREATE INDEX by_unit ON docs.documents (unit);
	CREATE INDEX CONCURRENTLY by_source ON docs.documents (ingestion_source);
	DROP INDEX docs.by_unit;
	DROP INDEX CONCURRENTLY docs.by_source;
	ALTER TABLE docs.error_log OWNER TO regress_docs_keeper;
	CREATE TABLE docs.mine (id int);
	ALTER TABLE docs.mine ADD COLUMN note text;
	CREATE INDEX ON docs.mine (id);
});
is($err, '', 'the tables\' form is changed');
my @lines = map { s/^.*?(LOG|DETAIL): +/$1: /r }
  grep { /LOG:  doc_extractor|DETAIL:  Role/ } split /\n/, slurp_file($node->logfile, $start);
my $role = 'DETAIL: Role regress_docs_keeper, logged in as regress_docs_admin.';
my @changes = map { ("LOG: doc_extractor: $_", $role) } (
	'ALTER TABLE of docs.documents on table docs.documents',
	'ALTER TABLE of docs.documents.unit on table docs.documents',
	'CREATE INDEX of docs.by_unit on table docs.documents',
	'CREATE INDEX of docs.by_source on table docs.documents',
	'DROP INDEX of by_unit on table docs.documents',
	'DROP INDEX of by_source on table docs.documents',
	'ALTER TABLE of docs.error_log on table docs.error_log');
is(join("\n", @lines),
	join("\n", @changes), 'the log has each change of the four tables, and who made it');

# The extension's own scripts are not in it.
$start = -s $node->logfile;
$node->safe_psql('logged', q{
	DROP EXTENSION doc_extractor;
	CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
	ALTER EXTENSION doc_extractor UPDATE TO '1.0';
	ALTER EXTENSION doc_extractor UPDATE TO '1.1'},
	extra_params => user_option('regress_docs_keeper'));
unlike(slurp_file($node->logfile, $start),
	qr/LOG:  doc_extractor/, 'the extension\'s own scripts are not in the log');

done_testing();
