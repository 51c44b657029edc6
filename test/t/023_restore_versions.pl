# A dump names no version: one of 1.0 comes back where 1.1 is the default, with all its data.  So does
# one of 1.1, with the trail of documents that are gone.
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
	SELECT FROM generate_series(1, 10) i, ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain');
	SELECT FROM generate_series(1, 10) i, ingest_document('again', ('content ' || i % 3 + 1)::bytea, 'text/plain');
	SELECT FROM ingest_document('failed', 'failed', 'text/plain', ingestion_status => 'failed', error_message => 'no');
	SELECT FROM ingest_document(E'odd \U0001F600', 'odd', 'text/plain', document_text => E'line\n\\\\.\n\U0001F389',
		metadata_extracted => '{"a" : 1, "a": "\ud83d\ude00"}');
	UPDATE documents SET file_type = 'text/html' WHERE id = 4;
	SELECT FROM record_document_event(5, 'classified', NULL, '"letter"', 'by hand');
	DELETE FROM documents WHERE id IN (6, 7);
	INSERT INTO error_log (file_name, error_type, error_message) VALUES ('lost', 'timeout', 'no answer');
};

# What 1.0 let in and 1.1 would not: it is history, and comes back as such.
my $only_in_1_0 = q{
	UPDATE documents SET ingestion_status = 'Done' WHERE id = 8;
	INSERT INTO audit_log (document_id, action) VALUES (8, 'viewed');
	UPDATE audit_log SET user_or_system = 'somebody' WHERE document_id = 9;
};

# What only 1.1 has.
my $only_in_1_1 = q{
	SELECT FROM ingest_document('docx', 'docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
	SET doc_extractor."user" = 'a user';
	SELECT FROM ingest_document('by a user', 'by a user', 'text/plain');
};

# How a target comes to the default 1.1, whatever it is on this server: the extension is there before.
sub new_target
{
	my ($database, $owner) = @_;

	new_database($node, $database, $owner, 'docs');
	install($node, $database, $owner, 'docs', '1.1');
	return;
}

# Returns all rows, in columns of their names; db_user too.
sub all_rows
{
	my ($database) = @_;
	return join "\n", map { $node->safe_psql($database, "SELECT to_jsonb(t) - 'db_user', to_jsonb(t) -> 'db_user' FROM docs.$_ t ORDER BY id") }
	  qw(documents hash_index audit_log error_log);
}

sub as_user
{
	my ($user) = @_;
	return defined $user ? ('-U', $user) : ();
}

foreach my $user (undef, 'regress_docs_keeper')
{
	foreach my $version (qw(1.0 1.1))
	{
		my $who = (defined $user ? 'owner' : 'superuser') . ", $version";
		my $name = (defined $user ? 'owner' : 'superuser') . '_' . ($version =~ s/\./_/r);

		new_database($node, $name, $user, 'docs');
		install($node, $name, $user, 'docs', $version);
		my (undef, $err) = run_script($node, $name, $user, $fill . ($version eq '1.0' ? $only_in_1_0 : $only_in_1_1));
		is($err, '', "$who: filled");
		my $rows = rows_of($node, $name, 'docs');

		$node->command_ok([ 'pg_dump', '-d', $node->connstr($name), as_user($user), '-Fc', '-f', "$folder/$name.dump" ], "$who: dumped");
		$node->command_ok([ 'pg_dump', '-d', $node->connstr($name), as_user($user), '-f', "$folder/$name.sql" ], "$who: dumped as a script");
		unlike(slurp_file("$folder/$name.sql"), qr/CREATE EXTENSION[^;]*VERSION/, "$who: the dump names no version");

		# By pg_restore over the extension that is there; with --clean; by psql.
		my %ways = (
			restored => sub {
				my ($target) = @_;
				return run_command([ 'pg_restore', '-d', $node->connstr($target), as_user($user), "$folder/$name.dump" ]);
			},
			data => sub {
				my ($target) = @_;
				return run_command([ 'pg_restore', '-a', '-j2', '-d', $node->connstr($target), as_user($user), "$folder/$name.dump" ]);
			},
			script => sub {
				my ($target) = @_;
				return run_command([ 'psql', '-Xq', '-d', $node->connstr($target), as_user($user), '-f', "$folder/$name.sql" ]);
			});
		foreach my $way (sort keys %ways)
		{
			my $target = "${name}_$way";
			new_target($target, $user);
			my (undef, $errors) = $ways{$way}->($target);
			# The schema is there before, and the extension's comment is not the owner's to set.
			$errors =~ s/^.*schema "docs" already exists.*$//mg;
			unlike($errors, qr/ERROR/, "$who, $way: no error") or diag($errors);
			is_same(rows_of($node, $target, 'docs'), $rows, "$who, $way: every row is back");
			is( version_of($node, $target), '1.1', "$who, $way: at 1.1");
			my $null_users = $node->safe_psql($target, 'SELECT count(db_user), count(db_user) = 0 FROM docs.audit_log');
			like($null_users, $version eq '1.0' ? qr/^0\|t$/ : qr/^[1-9][0-9]*\|f$/, "$who, $way: db_user is there where it was known");
			is_same(all_rows($target), all_rows($name), "$who, $way: db_user is as it was") if $version eq '1.1';
			is( $node->safe_psql($target, 'SELECT count(*) > 0 FROM docs.audit_log WHERE document_id NOT IN (SELECT id FROM docs.documents)'),
				$version eq '1.1' ? 't' : 'f', "$who, $way: the trail of the deleted");
			is( $node->safe_psql($target, q{SELECT string_agg(check_name, ', ') FROM docs.doc_extractor_verify() WHERE NOT passed}),
				$version eq '1.0' ? 'statuses, actions' : '', "$who, $way: nothing else is wrong than was before");
			# It works on, and takes new rows by the rules of 1.1.
			my ($out, $refused) = run_script($node, $target, $user, q{
				SELECT is_duplicate, duplicate_count FROM docs.ingest_document('again', 'content 1', 'text/plain');
				SELECT is_duplicate FROM docs.ingest_document('new', 'new', 'text/plain');
				SELECT count(*) FROM docs.documents WHERE ingestion_status = 'Done';
				UPDATE docs.documents SET ingestion_status = 'Done' WHERE id = 1;
				DELETE FROM docs.audit_log});
			is($out, join("\n", 't|4', 'f', $version eq '1.0' ? 1 : 0), "$who, $way: the ledger works on");
			is(() = $refused =~ /ERROR:  (?:23514|55000)/g, 2, "$who, $way: by the rules of 1.1");
		}
	}
}

# A 1.0 that came down from 1.1 has the trail of documents that are gone, under a key that is not
# validated; its dump goes to 1.1, and but for the trail to a fresh 1.0.
is(step($node, 'superuser_1_1_data', undef, '1.0', 'SET doc_extractor.allow_data_loss = on') =~ /ERROR/ ? 1 : 0, 0, 'down to 1.0');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('superuser_1_1_data'), '-Fc', '-f', "$folder/down.dump" ], 'down: dumped');
foreach my $version (qw(1.0 1.1))
{
	my $target = 'down_' . ($version =~ s/\./_/r);
	new_database($node, $target, undef, 'docs');
	install($node, $target, undef, 'docs', $version);
	my (undef, $errors) = run_command([ 'pg_restore', '-a', '-d', $node->connstr($target), "$folder/down.dump" ]);
	my ($rows, $expected) = map { rows_of($node, $_, 'docs') } $target, 'superuser_1_1_data';
	if ($version eq '1.1')
	{
		unlike($errors, qr/ERROR/, "down, to $version: no error");
	}
	else
	{
		# The key is valid there, and is checked whoever loads the rows: the trail fits in 1.1 only.
		like($errors, qr/ERROR:  insert or update on table "audit_log" violates foreign key constraint "audit_log_document_id_fkey"/,
			"down, to $version: the trail is refused with a word");
		is(() = $errors =~ /ERROR/g, 1, "down, to $version: nothing else is");
		$_ =~ s/^audit_log\|\(.*\n//mg foreach $rows, $expected;
	}
	is_same($rows, $expected, "down, to $version: every row is back");
}

done_testing();
