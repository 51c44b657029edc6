# The commands of doc/operations.md work as they stand there, in their order, for a database owner
# who is not a superuser, and print what the guide shows.
use strict;
use warnings;

use Guide;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('operations_guide');
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN CREATEDB CREATEROLE');
$node->safe_psql('postgres', 'CREATE DATABASE documents OWNER keeper');

my @commands = guide_commands();
cmp_ok(scalar @commands, '>', 15, 'the guide has commands');

foreach my $command (@commands)
{
	my ($name) = $command->{text} =~ /(.*)/;

	# That needs a backup of an older version: 048_backup_recipes has one.
	next if $name =~ /documents_1_1/;
	my ($ok, $out) = run_commands($node, $folder, 'keeper', $command->{text});

	ok($ok, $name) or diag($out);
	is($out, $command->{output}, "$name: output") if defined $command->{output};
	# The guide's checks print only what is wrong.
	is($out, '', "$name: nothing is wrong")
	  if $command->{text} =~ /\A[^\n]*WHERE NOT passed'\n\z/;

	# Give the later commands something to lose.
	if ($command->{text} =~ /CREATE ROLE ingester/)
	{
		($ok, $out) = run_commands(
			$node, $folder, 'keeper',
			q{psql -d documents -v ON_ERROR_STOP=1 -c "SET search_path = docs" \
			-c "SELECT FROM generate_series(1, 10) i,
				ingest_document('f' || i, (i % 7)::text::bytea, 'text/plain')" \
			-c "UPDATE documents SET document_text = 'x' WHERE id = 1" \
			-c "DELETE FROM documents WHERE id = 2"});
		ok($ok, 'the ledger has documents') or diag($out);
	}
}

is( $node->safe_psql(
		'documents', q{SELECT count(*) FROM pg_extension WHERE extname = 'doc_extractor'}),
	'0', 'at the end, the extension is dropped');
is($node->safe_psql('documents_restored', 'SELECT count(*) FROM docs.documents'),
	'6', 'at the end, the backup is restored');

done_testing();
