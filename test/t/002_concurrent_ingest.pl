# Many clients ingest the same few documents at once: each is stored once, counts are exact, and
# there is neither an error nor a deadlock.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

use constant CLIENTS => 8;
use constant DOCUMENTS => 20;

my $node = start_server('concurrent_ingest');
my $folder = PostgreSQL::Test::Utils::tempdir();

# Has each client run a script this many times; a client that gets an error ends, which shows.
sub bench
{
	my ($name, $database, $transactions, $script) = @_;
	my $file = "$folder/$database.sql";
	my $all = CLIENTS * $transactions;

	open my $out, '>', $file or die "$file: $!";
	print $out $script;
	close $out;
	$node->command_checks_all(
		[
			'pgbench', '-n', '-c', CLIENTS, '-j', CLIENTS, '-t', $transactions, '-M', 'prepared',
			'-f', $file, $node->connstr($database)
		],
		0,
		[qr{processed: $all/$all}],
		[qr/^(?!.*(?:ERROR|FATAL))/s],
		"$name: all clients are through");
	is(() = slurp_file($node->logfile) =~ /deadlock detected/g, 0, "$name: no deadlock");
	return;
}

# Returns the number of documents, of distinct hashes, of calls accounted for, and of derived rows.
sub sums_of
{
	my ($database) = @_;
	return $node->safe_psql(
		$database, q{
		SELECT count(*), count(DISTINCT d.file_hash), sum(1 + h.duplicate_count)
		FROM docs.documents d JOIN docs.hash_index h ON h.document_id = d.id;
		SELECT count(*) FROM docs.hash_index;
		SELECT action, count(*) FROM docs.audit_log GROUP BY action ORDER BY action});
}

# Single documents.
create_ledger($node, 'single');
bench('single', 'single', 400, '\set n random(1, ' . DOCUMENTS . q{)
SELECT document_id
	FROM docs.ingest_document('file ' || :n, convert_to('content ' || :n, 'UTF8'), 'text/plain');
});
is(sums_of('single'), "20|20|3200\n20\ningested|20",
	'single: nothing is lost and nothing is counted twice');
is(problems_of($node, 'single'), '', 'single: the ledger is consistent');

# Batches of ten, each in an order of its own, with duplicates within.
create_ledger($node, 'batches');
bench('batches', 'batches', 100, q{
SELECT count(r.document_id) FROM
	(SELECT array_agg('content ' || (random() * 19)::integer) AS contents
		FROM generate_series(1, 10)) c,
	LATERAL docs.ingest_documents(contents, contents::bytea[],
		array_fill('text/plain'::text, ARRAY[10])) r;
});
is(sums_of('batches'), "20|20|8000\n20\ningested|20",
	'batches: nothing is lost and nothing is counted twice');
is(problems_of($node, 'batches'), '', 'batches: the ledger is consistent');

# New documents all the time, which the clients reach together: of each batch this client, and
# perhaps others, know the first half, and nobody or all know the second half.
create_ledger($node, 'frontier');
$node->safe_psql('frontier', 'CREATE SEQUENCE frontier');
bench('frontier', 'frontier', 50, q{
SELECT count(r.document_id) FROM
	(SELECT array_agg('content ' || (n + i) / 8 ORDER BY random()) AS contents
		FROM (SELECT nextval('frontier') AS n) f, generate_series(-40, 40, 8) i) c,
	LATERAL docs.ingest_documents(contents, contents::bytea[],
		array_fill('text/plain'::text, ARRAY[11])) r;
});
is( $node->safe_psql(
		'frontier', q{
		SELECT count(*) = count(DISTINCT file_hash),
			(SELECT sum(1 + duplicate_count) FROM docs.hash_index)
		FROM docs.documents}),
	't|' . CLIENTS * 50 * 11,
	'frontier: nothing is lost and nothing is counted twice');
is(problems_of($node, 'frontier'), '', 'frontier: the ledger is consistent');

# Other clients delete documents, move them and let them fail: ingesting still never ends in an
# error.
create_ledger($node, 'mixed');
bench('mixed', 'mixed', 300, '\set n random(1, ' . DOCUMENTS . q{)
\set what random(1, 10)
\if :what <= 6
SELECT document_id
	FROM docs.ingest_document('file ' || :n, convert_to('content ' || :n, 'UTF8'), 'text/plain');
\elif :what <= 8
SELECT document_id
	FROM docs.ingest_document('file ' || :n, convert_to('content ' || :n, 'UTF8'), 'text/plain',
		ingestion_status => 'failed', error_message => 'no text');
\elif :what <= 9
DELETE FROM docs.documents
	WHERE file_hash = encode(sha256(convert_to('content ' || :n, 'UTF8')), 'hex');
\else
UPDATE docs.documents SET file_hash = md5(id::text), ingestion_status = 'failed'
	WHERE file_hash = encode(sha256(convert_to('content ' || :n, 'UTF8')), 'hex');
\endif
});
is(problems_of($node, 'mixed'), '', 'mixed: the ledger is consistent');

# Batches whose documents are deleted meanwhile do not deadlock either.
create_ledger($node, 'vanishing');
bench('vanishing', 'vanishing', 100, q{
\set n random(0, 5)
\set what random(1, 10)
\if :what <= 7
SELECT count(r.document_id) FROM
	(SELECT array_agg('content ' || (random() * 5)::integer) AS contents
		FROM generate_series(1, 5)) c,
	LATERAL docs.ingest_documents(contents, contents::bytea[],
		array_fill('text/plain'::text, ARRAY[5])) r;
\else
DELETE FROM docs.documents
	WHERE file_hash = encode(sha256(convert_to('content ' || :n, 'UTF8')), 'hex');
\endif
});
is(problems_of($node, 'vanishing'), '', 'vanishing: the ledger is consistent');

done_testing();
