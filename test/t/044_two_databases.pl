# One library serves two ledgers of a server, at different versions: each has its own tables.
use strict;
use warnings;

use Ledger;
use Test::More;

my $node = start_server('two');

foreach my $version ('1.0', '1.1')
{
	(my $database = "v$version") =~ s/\.//;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, qq{
		CREATE SCHEMA docs;
		CREATE EXTENSION doc_extractor SCHEMA docs VERSION '$version'});
}

# Both get the same documents, in turns.
foreach my $round (1 .. 2)
{
	foreach my $database ('v10', 'v11')
	{
		$node->safe_psql($database, q{
			SELECT docs.ingest_document(n || '.txt', n::text::bytea, 't')
			FROM generate_series(1, 5) n});
	}
}
foreach my $database ('v10', 'v11')
{
	is( $node->safe_psql($database, 'SELECT count(*), sum(duplicate_count) FROM docs.hash_index'),
		'5|5', "$database: its own documents and counts");
	is($node->safe_psql($database, 'SELECT count(*) FROM docs.audit_log'),
		'5', "$database: its own trail");
}

# Only 1.1 has types of 255 characters, the inbox and doc_extractor_verify().
my $long = q{SELECT is_duplicate FROM docs.ingest_document('long', 'long', repeat('t', 255))};
is($node->safe_psql('v11', $long), 'f', '1.1: a long type');
my ($status, $out, $err) = $node->psql('v10', $long);
like($err, qr/file_type is too long: 255 characters, at most 50 are allowed/, '1.0: no long type');
is(failed_checks($node, 'v11'), '', '1.1: all is well');
is($node->safe_psql('v10', q{SELECT to_regclass('docs.document_inbox') IS NULL}),
	't', '1.0: no inbox');

# One is updated while the other stays.
$node->safe_psql('v10', 'ALTER EXTENSION doc_extractor UPDATE');
is($node->safe_psql('v10', $long), 'f', 'updated: a long type');
is(failed_checks($node, 'v10'), '', 'updated: all is well');
is($node->safe_psql('v11', 'SELECT count(*) FROM docs.documents'), '6', 'the other: as it was');

$node->stop;
done_testing();
