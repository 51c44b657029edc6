# A dump names no version: one of 1.0 comes back where 1.1 is the default, with all its data.  So
# does one of 1.1, with the trail of documents that are gone, and one of 1.1 or 1.2 where the
# extension is at 1.2, wide.  One of 1.2 needs 1.2.
use strict;
use warnings;

use Ledger;
use Migrations;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('restore_versions');
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE ROLE regress_docs_keeper LOGIN');

my $fill = q{
	SET search_path = docs;
	SELECT FROM generate_series(1, 10) i,
		ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain');
	SELECT FROM generate_series(1, 10) i,
		ingest_document('again', ('content ' || i % 3 + 1)::bytea, 'text/plain');
	SELECT FROM ingest_document('failed', 'failed', 'text/plain',
		ingestion_status => 'failed', error_message => 'no');
	SELECT FROM ingest_document(E'odd \U0001F600', 'odd', 'text/plain',
		document_text => E'line\n\\\\.\n\U0001F389',
		metadata_extracted => '{"a" : 1, "a": "\ud83d\ude00"}');
	UPDATE documents SET file_type = 'text/html' WHERE id = 4;
	SELECT FROM record_document_event(5, 'classified', NULL, '"letter"', 'by hand');
	DELETE FROM documents WHERE id IN (6, 7);
	INSERT INTO error_log (file_name, error_type, error_message)
	VALUES ('lost', 'timeout', 'no answer');
};

my %only_in = (
	# 1.1 would not let this in, but it is history, and comes back as such.
	'1.0' => q{
		UPDATE documents SET ingestion_status = 'Done' WHERE id = 8;
		INSERT INTO audit_log (document_id, action) VALUES (8, 'viewed');
		UPDATE audit_log SET user_or_system = 'somebody' WHERE document_id = 9;
	},
	'1.1' => q{
		SELECT FROM ingest_document('docx', 'docx',
			'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
		SET doc_extractor.application_user = 'a user';
		SELECT FROM ingest_document('by a user', 'by a user', 'text/plain');
	});
# The location of a document that is gone, and one with two documents after each other.
$only_in{'1.2'} = $only_in{'1.1'} . q{
	SELECT FROM generate_series(1, 3) i,
		ingest_document('new ' || i, ('seen ' || i)::bytea, 'text/plain',
			location => E'/\U0001F600\n\\\\.\n' || i / 2, fingerprint => i::text);
	DELETE FROM documents WHERE file_name = 'new 1';
	SELECT FROM documents d, record_extraction(d.id, E'a text\n', NULL, 'an extractor')
	WHERE file_name = 'new 2';
	SELECT FROM log_failed_document('lost', 'timeout', 'no answer', 'a scanner', E'/\\.\n');
	SELECT FROM finish_scan('manual', E'/\U0001F600', now(), 3, 3, 0, 0);
};

# Ways to restore: a dump's format, and a program with its options.
my %ways = (
	restored => [ 'dump', 'pg_restore' ],
	data => [ 'dump', 'pg_restore', '-a', '-j2' ],
	script => [ 'sql', 'psql', '-Xq', '-f' ]);

# Returns all rows of a version's tables, in columns of their names; db_user too.
sub all_rows
{
	my ($database, $version) = @_;
	# A ledger of 1.2 has more columns, which are empty in rows of 1.1.
	my $row = q{to_jsonb(t) - 'db_user'};
	$row = "jsonb_strip_nulls($row)" if $version eq '1.1';
	my $columns = qq{$row, to_jsonb(t) -> 'db_user'};

	return join "\n",
	  map { $node->safe_psql($database, "SELECT $columns FROM docs.$_ t ORDER BY id") }
	  qw(documents hash_index audit_log error_log),
	  $version eq '1.2' ? qw(document_locations scans) : ();
}

# Makes a ledger of a version and dumps it, in both formats.
sub dump_ledger
{
	my ($who, $database, $user, $version) = @_;
	my $file = "$folder/$database";

	new_database($node, $database, $user, 'docs');
	install($node, $database, $user, 'docs', $version);
	my (undef, $err) = run_script($node, $database, $user, $fill . $only_in{$version});
	is($err, '', "$who: filled");

	$node->command_ok(
		command_line($node, 'pg_dump', $database, $user, '-Fc', '-f', "$file.dump"),
		"$who: dumped");
	$node->command_ok(command_line($node, 'pg_dump', $database, $user, '-f', "$file.sql"),
		"$who: dumped as a script");
	unlike(slurp_file("$file.sql"),
		qr/CREATE EXTENSION[^;]*VERSION/, "$who: the dump names no version");
	return;
}

# Checks that a restored ledger is the original's, at the version of the target.
sub check_restored
{
	my ($name, $target, $original, $version, $at) = @_;

	# A ledger of 1.2 is wide now.
	is_same(
		without_offsets(rows_of($node, $target, 'docs')),
		without_offsets(rows_of($node, $original, 'docs')),
		"$name: every row is back");
	is(version_of($node, $target), $at, "$name: at $at");
	like(
		$node->safe_psql($target, 'SELECT count(db_user), count(db_user) = 0 FROM docs.audit_log'),
		$version eq '1.0' ? qr/^0\|t$/ : qr/^[1-9][0-9]*\|f$/,
		"$name: db_user is there if it was known");
	my $rows = all_rows($target, $version);
	$rows =~ s/(T\d\d:\d\d:\d\d(?:\.\d+)?)\+00:00\b/$1/g if $version ne $at;
	is_same($rows, all_rows($original, $version), "$name: all is as it was")
	  if $version ne '1.0';
	is( $node->safe_psql($target, 'SELECT last_value, is_called FROM docs.document_locations_id_seq'),
		'3|t', "$name: the sequence of locations")
	  if $version eq '1.2';
	is($node->safe_psql($target, 'SELECT last_value, is_called FROM docs.scans_id_seq'),
		'1|t', "$name: the sequence of scans")
	  if $version eq '1.2';
	is( $node->safe_psql(
			$target, q{
			SELECT count(*) > 0 FROM docs.audit_log
			WHERE document_id NOT IN (SELECT id FROM docs.documents)}),
		$version eq '1.0' ? 'f' : 't',
		"$name: the trail of deleted documents");
	is( $node->safe_psql(
			$target, q{
			SELECT string_agg(check_name, ', ')
			FROM docs.doc_extractor_verify() WHERE NOT passed}),
		$version eq '1.0' ? 'statuses, actions' : '',
		"$name: nothing is wrong but what was before");
	return;
}

# Checks that a restored ledger works on, and takes new rows by the rules of 1.1.
sub check_use
{
	my ($name, $target, $user, $version) = @_;
	my ($out, $err) = run_script($node, $target, $user, q{
		SELECT is_duplicate, duplicate_count
			FROM docs.ingest_document('again', 'content 1', 'text/plain');
		SELECT is_duplicate FROM docs.ingest_document('new', 'new', 'text/plain');
		SELECT count(*) FROM docs.documents WHERE ingestion_status = 'Done';
		UPDATE docs.documents SET ingestion_status = 'Done' WHERE id = 1;
		DELETE FROM docs.audit_log});

	is($out, join("\n", 't|4', 'f', $version eq '1.0' ? 1 : 0), "$name: the ledger works on");
	is(() = $err =~ /ERROR:  (?:23514|55000)/g, 2, "$name: by the rules of 1.1");
	return;
}

# Restores a ledger in one way into a database that has the extension already, at a version that may
# be the default, whatever it is on this server.
sub check_way
{
	my ($name, $original, $user, $version, $way, $at) = @_;
	my ($format, $program, @options) = @{ $ways{$way} };
	my $target = "${original}_$way" . ($at eq '1.1' ? '' : '_at_' . $at =~ s/\./_/r);

	new_database($node, $target, $user, 'docs');
	install($node, $target, $user, 'docs', $at);
	my (undef, $err) = run_command(
		command_line($node, $program, $target, $user, @options, "$folder/$original.$format"));
	# The schema is there already, and the extension's comment is not the owner's to set.
	$err =~ s/^.*schema "docs" already exists.*$//mg;
	unlike($err, qr/ERROR/, "$name: no error") or diag($err);
	check_restored($name, $target, $original, $version, $at);
	check_use($name, $target, $user, $version);
	return;
}

foreach my $user (undef, 'regress_docs_keeper')
{
	foreach my $version (qw(1.0 1.1 1.2))
	{
		my $role = defined $user ? 'owner' : 'superuser';
		my $original = "${role}_" . ($version =~ s/\./_/r);

		dump_ledger("$role, $version", $original, $user, $version);
		foreach my $at ($version eq '1.0' ? '1.1' : $version eq '1.1' ? qw(1.1 1.2) : '1.2')
		{
			check_way("$role, $version, $_, to $at", $original, $user, $version, $_, $at)
			  foreach sort keys %ways;
		}
	}
}

# A dump of 1.2 where the extension is at 1.1, as CREATE EXTENSION makes it: neither its documents nor
# its failures fit, and errors say it.
new_database($node, 'too_old', undef, 'docs');
install($node, 'too_old', undef, 'docs', '1.1');
my (undef, $refusals) = run_command(
	command_line($node, 'pg_restore', 'too_old', undef, '-a', "$folder/superuser_1_2.dump"));
like($refusals, $_, '1.2 to 1.1: an error says it')
  foreach (
	qr/column "extractor" of relation "documents" does not exist/,
	qr/column "ingestion_source" of relation "error_log" does not exist/,
	qr/relation "docs\.document_locations" does not exist/,
	qr/relation "docs\.scans" does not exist/);
is($node->safe_psql('too_old', 'SELECT count(*) FROM docs.documents'),
	'0', '1.2 to 1.1: no document is there');

# The guide's way into an empty database: the extension first, at 1.2, then all but the schema.
$node->safe_psql('postgres', 'CREATE DATABASE by_list');
$node->safe_psql('by_list', q{
	CREATE SCHEMA docs;
	CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2'});
my ($entries) = run_command([ 'pg_restore', '-l', "$folder/superuser_1_2.dump" ]);
my $rest = join '', grep { !/ SCHEMA - docs / } split /^/, $entries;
isnt($rest, $entries, '1.2 by a list: the schema is left out');
append_to_file("$folder/rest.list", $rest);
my (undef, $by_list) = run_command(
	command_line($node, 'pg_restore', 'by_list', undef, '-1', '-L', "$folder/rest.list",
		"$folder/superuser_1_2.dump"));
unlike($by_list, qr/ERROR/, '1.2 by a list: no error') or diag($by_list);
check_restored('1.2 by a list', 'by_list', 'superuser_1_2', '1.2', '1.2');

# A 1.0 that came down from 1.1 has the trail of documents that are gone, under a key that is not
# validated; its dump goes to 1.1, and all but the trail goes to a fresh 1.0.
my $key = 'audit_log_document_id_fkey';
my $down = 'superuser_1_1_data';
my $allow = 'SET doc_extractor.allow_data_loss = on';
unlike(step($node, $down, undef, '1.0', $allow), qr/ERROR/, 'down to 1.0');
$node->command_ok(
	command_line($node, 'pg_dump', $down, undef, '-Fc', '-f', "$folder/down.dump"),
	'down: dumped');
foreach my $version (qw(1.0 1.1))
{
	my $target = 'down_' . ($version =~ s/\./_/r);
	new_database($node, $target, undef, 'docs');
	install($node, $target, undef, 'docs', $version);
	my (undef, $errors) =
	  run_command(command_line($node, 'pg_restore', $target, undef, '-a', "$folder/down.dump"));
	my ($rows, $expected) = map { rows_of($node, $_, 'docs') } $target, $down;
	if ($version eq '1.1')
	{
		unlike($errors, qr/ERROR/, "down, to $version: no error");
	}
	else
	{
		# The key is valid there, and is checked whoever loads the rows: the trail fits in 1.1 only.
		like($errors,
			qr/ERROR:  .*on table "audit_log" violates foreign key constraint "$key"/,
			"down, to $version: the trail is refused with a message");
		is(() = $errors =~ /ERROR/g, 1, "down, to $version: nothing else is");
		$_ =~ s/^audit_log\|\(.*\n//mg foreach $rows, $expected;
	}
	is_same($rows, $expected, "down, to $version: every row is back");
}

done_testing();
