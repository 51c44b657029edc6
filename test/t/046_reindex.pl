# Clients ingest the same documents while indexes are rebuilt, and beside invalid indexes that a
# cancelled rebuild has left: nobody gets an error, and the counts are exact.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

use constant CLIENTS => 8;

my $node = start_server('reindex');
my $folder = PostgreSQL::Test::Utils::tempdir();

# Every transaction offers three documents.  Each content is offered eight times, by clients that meet
# on it while it is new.
my %scripts = (
	single => join('', (q{
SELECT document_id FROM docs.ingest_document('single', ('c' || nextval('docs.n') / 8)::bytea, 't');
}) x 3),
	batch => q{
SELECT count(r.document_id) FROM
	(SELECT array_agg('c' || nextval('docs.n') / 8) AS c FROM generate_series(1, 3)) b,
	LATERAL docs.ingest_documents(c, c::bytea[], '{t,t,t}') r;
},
	inbox => q{
INSERT INTO docs.document_inbox (file_name, content, file_type)
SELECT 'inbox', ('c' || nextval('docs.n') / 8)::bytea, 't' FROM generate_series(1, 3);
});
foreach my $name (keys %scripts)
{
	append_to_file("$folder/$name.sql", $scripts{$name});
}

# Runs the clients in each mode.  A client that gets an error ends, and is missed.
sub ingest_all
{
	my ($name, $database, $transactions) = @_;

	foreach my $mode ('error', 'log')
	{
		my $all = CLIENTS * $transactions;
		local $ENV{PGOPTIONS} = "-c doc_extractor.on_bad_document=$mode";

		$node->command_checks_all(
			[
				'pgbench', '-n', '-c', CLIENTS, '-j', CLIENTS, '-t', $transactions,
				(map { ('-f', "$folder/$_.sql") } sort keys %scripts), $node->connstr($database)
			],
			0,
			[qr{processed: $all/$all}],
			[qr/^(?!.*(?:ERROR|FATAL))/s],
			"$name, on_bad_document = $mode: all clients are through");
	}
	is( $node->safe_psql(
			$database, q{
			SELECT (SELECT sum(1 + duplicate_count) FROM docs.hash_index), last_value,
				(SELECT count(*) FROM docs.error_log)
			FROM docs.n}),
		join('|', (2 * 3 * CLIENTS * $transactions) x 2, 0),
		"$name: everything is counted, and nothing is a bad document");
	is(problems_of($node, $database), '', "$name: the ledger is consistent");
	return;
}

sub create
{
	my ($database) = @_;
	create_ledger($node, $database);
	$node->safe_psql($database, 'CREATE SEQUENCE docs.n');
	return;
}

# Cancels a command that builds an index, at its last step: the index is ready, but not valid.
sub cancel_build
{
	my ($database, $command) = @_;
	my $builder = "application_name = 'client' AND query LIKE '%CONCURRENTLY%'";
	my $holder = "application_name = 'client' AND query LIKE '%pg_sleep%'";
	my ($old, $new, $error);

	# A session with a snapshot from before keeps the index from becoming valid.
	$old = start_client($node, $database,
		"BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM pg_class;\nSELECT pg_sleep(60);\n");
	$node->poll_query_until($database,
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' AND $holder");
	$new = start_client($node, $database, "$command;\n");
	$node->poll_query_until($database,
		q{SELECT count(*) = 1 FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'});
	$node->safe_psql($database,
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE $builder");
	(undef, $error) = finish_client($new);
	like($error, qr/57014/, "$command: canceled");
	$node->safe_psql($database,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $holder");
	finish_client($old);
	return;
}

# Returns how many unique indexes on file_hash refuse duplicates, but are not valid.
sub invalid_indexes
{
	my ($database) = @_;
	return $node->safe_psql(
		$database, q{
		SELECT count(*) FROM pg_index
		WHERE indrelid IN ('docs.documents'::regclass, 'docs.hash_index'::regclass)
		AND indisunique AND indisready AND NOT indisvalid});
}

# While all indexes are rebuilt, again and again.
create('during');
$node->safe_psql('during', 'CREATE TABLE done ()');
my $round = join('', map { "REINDEX TABLE CONCURRENTLY docs.$_;\n" }
	  qw(documents hash_index audit_log error_log))
  . "\\echo round\nSELECT EXISTS (TABLE done) AS done \\gset\n\\if :done\n\\q\n\\endif\n";
my $rebuilding = start_client($node, 'during', $round x 1000);
ingest_all('while indexes are rebuilt', 'during', 1500);
$node->safe_psql('during', 'INSERT INTO done DEFAULT VALUES');
my ($rounds, $errors) = finish_client($rebuilding);
is($errors, '', 'no rebuild failed');
cmp_ok(scalar(() = $rounds =~ /round/g), '>', 2, 'all indexes were rebuilt several times');

# Beside what a canceled rebuild leaves.
create('after_reindex');
cancel_build('after_reindex', 'REINDEX INDEX CONCURRENTLY docs.ix_documents_file_hash');
cancel_build('after_reindex', 'REINDEX INDEX CONCURRENTLY docs.ix_hash_index_file_hash');
is(invalid_indexes('after_reindex'), 2, 'two invalid indexes are left');
ingest_all('after a canceled REINDEX', 'after_reindex', 100);

# Beside what a canceled CREATE INDEX leaves, and an index that is valid, but not ours.
create('after_create');
cancel_build('after_create', 'CREATE UNIQUE INDEX CONCURRENTLY ON docs.documents (file_hash)');
cancel_build('after_create', 'CREATE UNIQUE INDEX CONCURRENTLY ON docs.hash_index (file_hash)');
$node->safe_psql('after_create', 'CREATE UNIQUE INDEX ON docs.documents (file_hash) INCLUDE (id)');
is(invalid_indexes('after_create'), 2, 'two invalid indexes are left again');
ingest_all('after a canceled CREATE INDEX', 'after_create', 100);

done_testing();
