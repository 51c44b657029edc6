# Every path between the versions unpackaged, 1.0, 1.1 and 1.2, up and down: no row is lost or changed
# but, where that is allowed, those of locations; no table is rewritten but documents on the way down
# to 1.0, and those of a wide ledger on the way down from 1.2; and the catalogs afterwards are those of
# a fresh install of the version. In 1.2, a ledger that came from below stays narrow, and some are
# widened then.
use strict;
use warnings;

use Ledger;
use Migrations;
use Test::More;

my $node = start_server('upgrade_paths');
$node->safe_psql('postgres', 'CREATE ROLE regress_docs_keeper LOGIN');

# Adds to a ledger rows of every kind, new ones each time; none that an older version cannot hold.
# In 1.1 the trail of the deleted document stays.
my $visits = 0;
sub fill
{
	my ($database, $owner, $schema, $version) = @_;
	my $visit = ++$visits;
	my $name = quoted($schema);
	my $script = $version eq 'unpackaged' ? qq{
		INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
		VALUES ('plain $visit', 5, encode(sha256('plain $visit'), 'hex'), 'text/plain', 'test');
		INSERT INTO hash_index (file_hash, document_id, duplicate_count)
		SELECT file_hash, id, 3 FROM documents WHERE file_name = 'plain $visit';
		INSERT INTO audit_log (document_id, action, change_reason)
		SELECT id, 'ingested', 'by hand' FROM documents WHERE file_name = 'plain $visit';
	} : qq{
		SELECT FROM generate_series(1, 5) i,
			ingest_document('file ' || i, ('content $visit ' || i)::bytea, 'text/plain');
		SELECT FROM generate_series(1, 7) i,
			ingest_document('again ' || i, ('content $visit ' || i % 3 + 1)::bytea, 'text/plain');
		SELECT FROM ingest_documents(ARRAY['one', 'two', 'one'],
			ARRAY['one $visit', 'two $visit', 'one $visit']::bytea[],
			array_fill('text/csv'::text, ARRAY[3]));
		SELECT FROM ingest_document('failed', 'failed $visit', 'text/plain',
			ingestion_status => 'failed', error_message => 'no text');
		SELECT FROM ingest_document('healed', 'healed $visit', 'text/plain',
			ingestion_status => 'retry', error_message => 'busy');
		SELECT FROM ingest_document('healed', 'healed $visit', 'text/plain',
			document_text => 'at last');
		SELECT FROM ingest_document('large', 'large $visit', 'text/plain', document_text =>
			(SELECT string_agg(md5(i::text), ' ') FROM generate_series(1, 5000) i));
		SELECT FROM ingest_document(E'odd \\U0001F600 "name"', 'odd $visit', 'text/plain',
			document_text => E'line\\n\\\\line \\U0001F389\\r\\x01',
			metadata_extracted => '{"a" : [1,  2], "a": "\\ud83d\\ude00"}');
		SET doc_extractor.reason = E'because \\U0001F92F';
		UPDATE documents SET file_type = 'text/html'
			WHERE file_hash = encode(sha256('content $visit 1'), 'hex');
		UPDATE documents SET file_hash = encode(sha256('moved $visit'), 'hex')
			WHERE file_hash = encode(sha256('content $visit 2'), 'hex');
		SELECT FROM record_document_event((SELECT max(id) FROM documents), 'classified', NULL,
			E'{"class": "\\U0001F4E8"}', 'by hand');
		DELETE FROM documents WHERE file_hash = encode(sha256('content $visit 3'), 'hex');
	};
	# Two documents at one location after each other, one at two, and one that is deleted.
	$script .= qq{
		SELECT FROM generate_series(1, 4) i,
			ingest_document('seen ' || i, ('seen $visit ' || i / 2)::bytea, 'text/plain',
				location => '/' || i % 3, modified_at => now(), fingerprint => i::text);
		DELETE FROM documents WHERE file_hash = encode(sha256('seen $visit 2'), 'hex');
	} if $version eq '1.2';
	my (undef, $err) = run_script(
		$node, $database, $owner, qq{
		SET search_path = $name;
		$script
		INSERT INTO error_log (file_name, error_type, error_message)
		VALUES (E'lost \\U0001F4A5 $visit', 'timeout', 'no answer');
		-- Ids are lost to rollbacks, so a sequence is not just at the greatest id.
		SELECT FROM generate_series(1, 2)
		WHERE nextval('documents_id_seq') + nextval('hash_index_id_seq') +
			nextval('audit_log_id_seq') + nextval('error_log_id_seq') = 0});

	is($err, '', "$database: filled at $version");
	return;
}

# The catalogs of a fresh install of each version, for an owner and a schema; and those of a 1.2 that
# came from below.
my %fresh;
sub fresh
{
	my ($owner, $schema, $version) = @_;
	my $key = join('|', $owner // '', $schema, $version);

	if (!defined $fresh{$key})
	{
		my $database = 'fresh_' . keys %fresh;
		new_database($node, $database, $owner, $schema);
		install($node, $database, $owner, $schema, $version eq 'narrow 1.2' ? '1.1' : $version);
		step($node, $database, $owner, '1.2') if $version eq 'narrow 1.2';
		$fresh{$key} = catalogs_of($node, $database, $schema);
	}
	return $fresh{$key};
}

# There is something to compare, and a comparison can fail: the versions differ.
my %members = (
	'unpackaged' => 0,
	'1.0' => 8 + 7,
	'1.1' => 8 + 4 + 22 + 3,
	'narrow 1.2' => 12 + 7 + 28 + 3,
	'1.2' => 12 + 7 + 28 + 3);
foreach my $version (sort keys %members)
{
	my $catalogs = fresh(undef, 'docs', $version);
	# Newer servers make the tables' row types members, too.
	is(() = $catalogs =~ /^member \| (?!type )/mg,
		$members{$version}, "$version: the objects of the extension");
	is(() = $catalogs =~ /^column \| (?:documents|hash_index|audit_log|error_log)\./mg,
		$version =~ /1\.2/ ? 40 : $version eq '1.1' ? 35 : 34, "$version: the columns");
}
isnt(join("\n", differences(fresh(undef, 'docs', $_->[0]), fresh(undef, 'docs', $_->[1]))), '',
	"$_->[0] and $_->[1] differ")
  foreach ([ '1.0', '1.1' ], [ '1.1', '1.2' ], [ 'narrow 1.2', '1.2' ]);

# Returns whether in a version the trail of a document outlives it: there is no foreign key.
sub keeps_trail
{
	my ($version) = @_;
	return $version eq '1.1' || $version eq '1.2';
}

# Returns the number of observations, which only 1.2 has.
sub observations_of
{
	my ($database, $schema) = @_;
	return $node->safe_psql($database,
		'SELECT count(*) FROM ' . quoted($schema) . '.document_locations');
}

# Takes a step from 1.2 down: it is refused, then allowed, if there are locations.
sub step_down
{
	my ($database, $user, $schema, $to, $name) = @_;
	my $count = observations_of($database, $schema);

	return step($node, $database, $user, $to) if $count == 0;
	like(step($node, $database, $user, $to),
		qr/^ERROR:  55000: version 1\.1 cannot hold .*\nDETAIL:  $count rows of document_locations /,
		"$name: refused");
	my $err = step($node, $database, $user, $to, 'SET doc_extractor.allow_data_loss = on');
	ok($err =~ s/^WARNING:  01000: $count rows of document_locations are lost\n//,
		"$name: says what is lost");
	return $err;
}

# Which databases have wide ledgers, while they are at 1.2, and which are to get them there.
my %is_wide;
my %widens;

# Widens a ledger: no row is changed, and its catalogs are those of a fresh one.
sub check_widening
{
	my ($database, $user, $owner, $schema) = @_;
	my $rows = rows_of($node, $database, $schema);

	$node->safe_psql($database,
		'SELECT * FROM ' . quoted($schema) . ".doc_extractor_widen('UTC')",
		extra_params => user_option($user));
	is_same(without_offsets(rows_of($node, $database, $schema)),
		$rows, "$database: every row is as it was, but wide");
	is_same(catalogs_of($node, $database, $schema),
		fresh($owner, $schema, '1.2'), "$database: the catalogs of a fresh 1.2");
	$is_wide{$database} = 1;
	return;
}

# Takes one step, and checks what it must keep and what it must change.  Returns whether the trail's
# foreign key is not validated now.
sub check_step
{
	my ($database, $user, $owner, $schema, $to, $not_valid) = @_;
	my ($from, $files, $orphans, $rows) = contents_of($node, $database, $schema);
	my $name = "$database: $from to $to";

	# The key comes back with the first step below 1.1, and goes with the step up to it.
	my $goes_down = keeps_trail($from) && !keeps_trail($to);
	$not_valid = $goes_down ? $orphans > 0 : $not_valid && !keeps_trail($to);

	is( $from eq '1.2'
		? step_down($database, $user, $schema, $to, $name)
		: step($node, $database, $user, $to),
		'',
		"$name: done");
	my ($version, $files_after, undef, $rows_after) = contents_of($node, $database, $schema);
	is($version, $to, "$name: the version");
	is_same($rows_after, without_offsets($rows), "$name: every row is as it was");
	# A narrower file_type rewrites documents, narrower numbers and times all, and nothing else does.
	my $rewritten = $is_wide{$database} ? qr/\w+ \d+/ : $goes_down ? qr/\bdocuments \d+/ : qr/^\b$/;
	s/$rewritten//g foreach ($files, $files_after);
	is($files_after, $files, "$name: no table was rewritten");
	delete $is_wide{$database};

	my $key = 'audit_log_document_id_fkey';
	my $expected = fresh($owner, $schema, $to eq '1.2' ? 'narrow 1.2' : $to);
	$expected =~ s/^(constraint \| audit_log\.$key \| .*) validated t/$1 NOT VALID validated f/m
	  if $not_valid;
	is_same(catalogs_of($node, $database, $schema),
		$expected, "$name: the catalogs of a fresh $to");
	check_widening($database, $user, $owner, $schema) if $to eq '1.2' && $widens{$database};
	return $not_valid;
}

# Drops the extension, which leaves plain tables, and puts them into it again.
sub leave_and_return
{
	my ($database, $owner, $schema) = @_;
	my $rows = rows_of($node, $database, $schema);

	$node->safe_psql($database, 'DROP EXTENSION doc_extractor',
		extra_params => user_option($owner));
	is_same(rows_of($node, $database, $schema),
		$rows, "$database: every row stays without the extension");
	$node->safe_psql($database,
		'CREATE EXTENSION doc_extractor SCHEMA ' . quoted($schema) . " VERSION 'unpackaged'",
		extra_params => user_option($owner));
	is_same(rows_of($node, $database, $schema), $rows, "$database: every row is still there");
	return;
}

# Starts at one version and goes to others, with new rows at each.
sub check_path
{
	my ($database, $owner, $schema, $start, @steps) = @_;
	my $not_valid = 0;

	$is_wide{$database} = 1 if $start eq '1.2';

	new_database($node, $database, $owner, $schema);
	install($node, $database, $owner, $schema, $start);
	fill($database, $owner, $schema, $start);
	foreach my $to (@steps)
	{
		if ($to eq 'out')
		{
			leave_and_return($database, $owner, $schema);
			next;
		}
		$not_valid = check_step($database, $owner, $owner, $schema, $to, $not_valid);
		fill($database, $owner, $schema, $to);
	}
	return;
}

# All twelve steps, from each version, some of them twice; for a ledger of a superuser, and for one of
# an owner who is none, in a schema whose name needs quotes.
my %paths = (
	from_unpackaged => [qw(unpackaged 1.0 1.1 unpackaged 1.1 1.0 unpackaged out 1.1
		  1.2 unpackaged 1.2 1.0 1.2 1.1)],
	from_1_0 => [qw(1.0 1.1 1.0 1.1 1.0 unpackaged out 1.0 unpackaged 1.1)],
	from_1_1 => [qw(1.1 unpackaged 1.1 unpackaged out 1.0 1.1 1.0 1.1)],
	from_1_2 => [qw(1.2 1.1 1.2 unpackaged out 1.2 1.0)]);
foreach my $path (sort keys %paths)
{
	$widens{"${path}_owner"} = 1;
	check_path("${path}_superuser", undef, 'docs', @{ $paths{$path} });
	check_path("${path}_owner", 'regress_docs_keeper', 'Do cs', @{ $paths{$path} });
}

# The steps of a ledger without rows are the same.
my ($empty, $not_valid) = ('empty', 0);
new_database($node, $empty, undef, 'docs');
install($node, $empty, undef, 'docs', '1.1');
$not_valid = check_step($empty, undef, undef, 'docs', $_, $not_valid)
  foreach qw(unpackaged 1.1 1.0 1.1 1.2 1.1 1.2 1.0 1.2 unpackaged 1.2);

# Without deleted documents the step down leaves V001's key as it was, validated.
my $kept = 'kept';
new_database($node, $kept, undef, 'docs');
install($node, $kept, undef, 'docs', '1.1');
$node->safe_psql($kept, q{SELECT FROM docs.ingest_document('a', 'a', 'text/plain')});
is(check_step($kept, undef, undef, 'docs', '1.0', 0),
	'', 'without deleted documents the key is valid');

# A superuser takes the steps for an owner: everything stays with the owner, or goes to the owner.
my $served = 'served';
$widens{$served} = 1;
new_database($node, $served, 'regress_docs_keeper', 'docs');
install($node, $served, 'regress_docs_keeper', 'docs', '1.0');
fill($served, 'regress_docs_keeper', 'docs', '1.0');
$not_valid = 0;
foreach my $to (qw(1.1 1.0 unpackaged 1.0 1.1 unpackaged 1.1 1.2 1.1 1.2 unpackaged 1.2))
{
	$not_valid = check_step($served, undef, 'regress_docs_keeper', 'docs', $to, $not_valid);
	fill($served, 'regress_docs_keeper', 'docs', $to);
}

# A step in a transaction that is rolled back leaves everything as it was, the version too.
my $before = catalogs_of($node, $kept, 'docs');
$node->safe_psql($kept, q{BEGIN; ALTER EXTENSION doc_extractor UPDATE TO '1.1'; ROLLBACK});
is_same(catalogs_of($node, $kept, 'docs'), $before, 'a step that is rolled back leaves nothing');

# The trail written by 1.0 has no login role, the one written by 1.1 has.
$node->safe_psql($kept, q{
	ALTER EXTENSION doc_extractor UPDATE TO '1.1';
	SELECT FROM docs.ingest_document('b', 'b', 'text/plain')});
is( $node->safe_psql($kept, q{SELECT id, db_user = session_user FROM docs.audit_log ORDER BY id}),
	"1|\n2|t", 'db_user is NULL in the rows of 1.0');

done_testing();
