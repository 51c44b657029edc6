# The loader: what is new, unchanged, changed, duplicate, moved, deleted or gone; what it says, and
# its exit status.
use strict;
use warnings;

use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
my $node = start_server('loader');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $files = "$folder/files";
create_new_ledger($node, 'db');

# Runs a load of the folder, and checks its exit status and the counts that are not 0.
sub check_load
{
	my ($name, $status, $expected, @options) = @_;
	my ($is, $summary, $objects, $err) = load_json($node, 'db', '--source', 's', @options, $files);
	my @keys = qw(seen unchanged new duplicates changed vanished failed skipped_deleted
	  skipped_too_large skipped_too_young);
	my %counts = map { $_ => $summary->{$_} } grep { $summary->{$_} } @keys;
	is($is, $status, "$name: exit status");
	is($summary->{exit_status}, $status, "$name: exit status in the summary");
	is_deeply(\%counts, $expected, "$name: counts") or diag explain \%counts;
	return ($summary, $objects, $err);
}

write_content("$files/a.txt", 'a');
write_content("$files/b.txt", 'bb');
write_content("$files/deep/er/c.txt", 'ccc');
write_content("$files/copy of a.txt", 'a');
write_content("$files/empty", '');
let_age();

my ($summary) = check_load('first run', 0, { seen => 5, new => 4, duplicates => 1 });
is($summary->{bytes}, 7, 'first run: bytes');
is($summary->{source}, 's', 'first run: source');
is( $node->safe_psql(
		'db', q{
		SELECT l.ingestion_source, d.file_hash = encode(sha256('ccc'), 'hex'), file_name,
			file_size_bytes, d.ingestion_source, ingestion_status,
			abs(extract(epoch FROM now() - modified_at)) < 1000
		FROM docs.current_locations l JOIN docs.documents d ON d.id = document_id
		WHERE location LIKE '%/files/deep/er/c.txt'}),
	's|t|c.txt|3|s|success|t',
	'first run: a document with its location');
is(scans_of($node, 'db'), '5|5|0|0|0', 'first run: the scan');
is(problems_of($node, 'db'), '', 'first run: the ledger is consistent');
is(failed_checks($node, 'db'), '', 'first run: the checks pass');

check_load('second run', 0, { seen => 5, unchanged => 5 });
($summary) = check_load('third run', 0, { seen => 5, unchanged => 5 });
is($summary->{bytes}, 0, 'unchanged files are not read');
is($node->safe_psql('db', 'SELECT sum(duplicate_count) FROM docs.hash_index'),
	1, 'a repeated run counts no duplicate');

# What changes: b has other content, one is new, one has gone, one has moved, one was touched.
write_content("$files/b.txt", 'BB');
write_content("$files/new/d.txt", 'dddd');
unlink "$files/copy of a.txt";
rename "$files/deep/er/c.txt", "$files/deep/moved.txt";
utime 1_000_000_000, 1_000_000_000, "$files/a.txt";
let_age();
my (undef, $objects) = check_load(
	'changes', 0,
	{ seen => 5, unchanged => 2, new => 1, duplicates => 1, changed => 1, vanished => 2 }, '-v');
is_deeply(
	{ map { $_->{location} =~ s{^.*/files}{}r => $_->{result} } @$objects },
	{
		'/a.txt' => 'unchanged',
		'/b.txt' => 'changed',
		'/new/d.txt' => 'new',
		'/deep/moved.txt' => 'duplicate',
		'/copy of a.txt' => 'vanished',
		'/deep/er/c.txt' => 'vanished'
	},
	'changes: what became of each file');
is( documents_at($node, 'db', $files),
	"/a.txt|1\n/b.txt|2\n/deep/moved.txt|3\n/empty|0\n/new/d.txt|4",
	'changes: where documents are now');
is($node->safe_psql('db', q{SELECT count(*) FROM docs.documents}),
	6, 'changes: no document is deleted');
check_load('after changes', 0, { seen => 5, unchanged => 5 });

# A document that was deleted.
$node->safe_psql('db', "DELETE FROM docs.documents WHERE file_name = 'd.txt'");
check_load('deleted', 0, { seen => 5, unchanged => 4, skipped_deleted => 1 });
check_load('deleted, rescan', 0, { seen => 5, unchanged => 4, skipped_deleted => 1 }, '--rescan');
check_load('deleted, restored', 0, { seen => 5, unchanged => 4, new => 1 }, '--restore-deleted');
check_load('after that', 0, { seen => 5, unchanged => 5 });

# --rescan finds what the fingerprint does not show.
$node->safe_psql(
	'db', q{
	INSERT INTO docs.document_locations (ingestion_source, location, location_key, document_id,
		fingerprint)
	SELECT ingestion_source, location, sha256(location::bytea),
		(SELECT id FROM docs.documents WHERE file_size_bytes = 1), fingerprint
	FROM docs.current_locations WHERE location LIKE '%/b.txt'});
check_load('fingerprint lies', 0, { seen => 5, unchanged => 5 });
check_load('rescan', 0, { seen => 5, unchanged => 4, changed => 1 }, '--rescan');

# What had changed just before it was read is read again, as it may have changed since.
write_content("$files/b.txt", 'Bb');
check_load('recent', 0, { seen => 5, unchanged => 4, changed => 1 });
like($node->safe_psql('db', q{SELECT fingerprint FROM docs.current_locations
	WHERE location LIKE '%/b.txt'}), qr/^2 .* recent$/, 'recent: the fingerprint');
$node->safe_psql(
	'db', q{
	INSERT INTO docs.document_locations (ingestion_source, location, location_key, document_id,
		fingerprint)
	SELECT ingestion_source, location, sha256(location::bytea),
		(SELECT id FROM docs.documents WHERE file_size_bytes = 1), fingerprint
	FROM docs.current_locations WHERE location LIKE '%/b.txt'});
let_age();
($summary) = check_load('recent, again', 0, { seen => 5, unchanged => 4, changed => 1 });
is($summary->{bytes}, 2, 'recent, again: it was read');
($summary) = check_load('recent no more', 0, { seen => 5, unchanged => 5 });
is($summary->{bytes}, 0, 'recent no more: it was not read');
write_content("$files/recent", 'recent');
load($node, 'db', '--source', 's', $files);
$node->safe_psql('db', "DELETE FROM docs.documents WHERE file_name = 'recent'");
check_load('recent and deleted', 0, { seen => 6, unchanged => 5, skipped_deleted => 1 });
unlink "$files/recent";

# Limits.
write_content("$files/large", 'x' x 1025);
check_load('too large', 0, { seen => 6, unchanged => 5, skipped_too_large => 1 }, '--max-size=1k');
check_load('too young', 0, { seen => 6, unchanged => 5, skipped_too_young => 1 }, '--min-age=3600');
utime time + 100_000, time + 100_000, "$files/large";
check_load('of the future', 0, { seen => 6, unchanged => 5, skipped_too_young => 1 },
	'--min-age=3600');
utime time - 4000, time - 4000, "$files/large";

# A dry run changes nothing.
my $before = tables_of($node, 'db') . scans_of($node, 'db');
unlink "$files/new/d.txt";
($summary, $objects) =
  check_load('dry run', 0, { seen => 5, unchanged => 4, vanished => 1 }, '-n', '-v');
is($summary->{to_read}, 1, 'dry run: files to read');
is($summary->{bytes_to_read}, 1025, 'dry run: bytes to read');
is_deeply([ map { $_->{result} } @$objects ], [ 'would add', 'vanished' ], 'dry run: files');
is(tables_of($node, 'db') . scans_of($node, 'db'), $before, 'dry run: nothing has changed');

# A limit on what may vanish.
unlink "$files/large";
foreach my $limit (0, '0%', '19%')
{
	my (undef, undef, $err) = check_load(
		"--max-vanished=$limit", 1,
		{ seen => 4, unchanged => 4, vanished => 1 },
		"--max-vanished=$limit");
	like($err, qr/1 locations below .* have vanished, more than --max-vanished/,
		"--max-vanished=$limit: message");
}
is(tables_of($node, 'db') . scans_of($node, 'db'), $before, '--max-vanished: nothing is recorded');
check_load('--max-vanished=20%', 0, { seen => 4, unchanged => 4, vanished => 1 },
	'--max-vanished=20%');

# An empty folder looks like one on which nothing is mounted.
rename $files, "$folder/elsewhere";
mkdir $files;
my (undef, undef, $err) = check_load('empty', 0, {});
like($err, qr/is empty, so the 4 locations below it do not count as vanished/, 'empty: warning');
rmdir $files;
my ($status, undef, $message) = load($node, 'db', '--source', 's', $files);
is($status, 1, 'no folder: exit status');
like($message, qr/could not access ".*\/files": No such file or directory/, 'no folder: message');
rename "$folder/elsewhere", $files;

# Another source, single files, and paths that lead to the same place.
($status, $summary) = load_json(
	$node, 'db', '--source', 'other', "$files/a.txt", "$files/./deep//", "$files/deep/../deep");
is($status, 0, 'several paths: exit status');
is("$summary->{seen} $summary->{duplicates}", '2 2', 'several paths: each file once');
is( $node->safe_psql(
		'db', q{SELECT regexp_replace(root, '.*/files', ''), seen FROM docs.scans
		WHERE ingestion_source = 'other' ORDER BY root}),
	"/a.txt|1\n/deep|1",
	'several paths: a scan for each');
symlink $files, "$folder/link";
($status, $summary) = load_json($node, 'db', '--source', 's', "$folder/link");
is($summary->{unchanged}, 4, 'a path that is a link stands for what it leads to');

# What people see.
($status, my $out) = load($node, 'db', '--source', 's', '-v', "$files/");
like($out, qr/^ +4 files seen\n +4 unchanged\n +0 new\n/, 'summary for people');
like($out, qr/\n0 bytes read in [0-9.]+ seconds, \d+ files\/s\n$/, 'summary: the last line');
unlike($out, qr/[\r\e]/, 'no progress where stdout is no terminal');

# Errors of the caller.
foreach my $case (
	[ [], qr/error: no PATH is given/ ],
	[ [ '--jobs=0', $files ], qr/--jobs must be in the range 1\.\.120/ ],
	[ [ '--max-size=1x', $files ], qr/invalid value for --max-size: "1x"/ ],
	[ [ '--max-vanished=101%', $files ], qr/invalid value for --max-vanished: "101%"/ ],
	[ [ '--missing', $files ], qr/an option does not belong to this command/ ],
	[ [ '--schema=other', $files ], qr/the ledger is in schema "docs", not in "other"/ ],
	[ [ '--password=x', $files ], qr/unrecognized option '--password=x'/ ])
{
	my ($arguments, $expected) = @$case;
	my ($is, undef, $stderr) = load($node, 'db', @$arguments);
	is($is, 1, "@$arguments: exit status");
	like($stderr, $expected, "@$arguments: message");
}
($status, undef, $message) = load($node, 'postgres', $files);
is($status, 1, 'no ledger: exit status');
like($message, qr/database "postgres" has no ledger\n.*hint: .*CREATE EXTENSION/, 'no ledger: message');
$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', "CREATE EXTENSION doc_extractor VERSION '1.1'");
($status, undef, $message) = load($node, 'old', $files);
is($status, 1, 'old ledger: exit status');
like($message, qr/the ledger has version 1\.1, and the loader needs 1\.2\n.*UPDATE/,
	'old ledger: message');
($status, undef, $message) = load($node, 'nowhere', $files);
is($status, 1, 'no database: exit status');
like($message, qr/database "nowhere" does not exist/, 'no database: message');

# Two ways to name the database, and the other commands.
{
	local $ENV{DATABASE_URL} = 'postgresql:///db?host=' . $node->host . '&port=' . $node->port;
	command_like([qw(doc_extractor verify)], qr/^All checks have passed\n$/, 'verify');
	command_like([qw(doc_extractor status)],
		qr/^Ledger\n +documents .*\n.*\nSources\n.*\n +other .*\n +s .*Last scans\n/s, 'status');
	command_like([qw(doc_extractor status --json --source other)],
		qr/^\{"type": "source", "source": "other", "documents": 0,.*"locations": 2\}\n.*"scan"/s,
		'status: JSON');
}
$node->safe_psql('db', 'ALTER TABLE docs.documents DISABLE TRIGGER documents_after_insert');
$node->command_checks_all(
	[ 'doc_extractor', 'verify', '-d', $node->connstr('db') ],
	3, [qr/^Checks that did not pass\n.*triggers +f /s], [qr/^$/], 'verify: a check fails');
command_like([qw(doc_extractor --help)], qr/^doc_extractor loads files.*Exit status/s, '--help');
command_like([qw(doc_extractor load -?)], qr/^doc_extractor loads files/, 'load -?');
command_like([qw(doc_extractor --version)], qr/^doc_extractor 1\.\d+\n$/, '--version');

done_testing();
