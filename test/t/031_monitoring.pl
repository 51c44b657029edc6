# The queries in monitoring/ for Prometheus's postgres_exporter: they need no more rights than the
# file says, return what it declares, and the exporter itself publishes what is in the ledger.
use strict;
use warnings;

use HTTP::Tiny;
use IPC::Run;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;
use YAML::XS;

my $file = 'monitoring/postgres_exporter.yaml';
my $text = slurp_file($file);
my $queries = YAML::XS::Load($text);
is(join(' ', sort keys %$queries),
	'doc_extractor doc_extractor_scan doc_extractor_source doc_extractor_type',
	'the file has four queries');

# The server's time zone is not UTC, so that a mix-up shows.
my $node = start_server('monitoring', q{timezone = 'Asia/Kolkata'});
create_ledger($node, 'ledger');
$node->safe_psql('ledger', 'CREATE ROLE monitor LOGIN');

# The file says what to grant.
my ($comment) = $text =~ /\A((?:#.*\n)+)/;
my @grants = ($comment =~ s/^# ?//mgr) =~ /^ +(GRANT [^;]+);/mg;
is(scalar @grants, 2, 'the file says what to grant');

# Runs a query as the exporter's role; returns the columns' names, and the rows.
sub run_query
{
	my ($sql) = @_;
	return split /\n/,
	  $node->safe_psql('ledger', "\\t off\n\\pset footer off\n$sql",
		extra_params => user_option('monitor'));
}

my (undef, $err) = run_script($node, 'ledger', 'monitor', $queries->{doc_extractor}{query});
like($err, qr/permission denied for schema docs/, 'without a grant there is nothing');
$node->safe_psql('ledger', $_) foreach @grants;
is( $node->safe_psql(
		'ledger', q{
		SELECT count(*) FROM information_schema.table_privileges WHERE grantee = 'monitor'}),
	'4',
	'the grants are for three views and a table');

# The columns are the metrics that the file declares, in their order.
foreach my $name (sort keys %$queries)
{
	my @metrics = @{ $queries->{$name}{metrics} };
	my @declared = map { keys %$_ } @metrics;
	my %usage = map { $_->{usage} => 1 } map { values %$_ } @metrics;
	my ($header, @rows) = run_query($queries->{$name}{query});
	is($header, join('|', @declared), "$name: the columns are the metrics");
	is(scalar @rows, $name eq 'doc_extractor' ? 1 : 0, "$name: without documents");
	is(join(' ', sort keys %usage),
		$name eq 'doc_extractor' ? 'GAUGE' : 'GAUGE LABEL', "$name: their usage");
}

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $exporter;
END { $exporter->kill_kill if $exporter }

# Starts the exporter, as that role, and returns what it says.  Each exporter is asked once, as it
# keeps its answers.
sub ask_exporter
{
	my ($output, $response) = ('');
	my $client = HTTP::Tiny->new(timeout => Ledger::PATIENCE, no_proxy => ['127.0.0.1']);
	my $server = 'host=' . $node->host . ' port=' . $node->port;
	local %ENV =
	  (%ENV, DATA_SOURCE_NAME => "$server user=monitor dbname=ledger sslmode=disable");

	$exporter = IPC::Run::start(
		[
			'prometheus-postgres-exporter', "--web.listen-address=127.0.0.1:$port",
			"--extend.query-path=$file", '--disable-default-metrics'
		],
		'<', \undef, '>&', \$output);
	foreach my $try (1 .. Ledger::PATIENCE * 10)
	{
		$exporter->pump_nb;
		$response = $client->get("http://127.0.0.1:$port/metrics");
		last if $response->{success} || !$exporter->pumpable;
		select(undef, undef, undef, 0.1);
	}
	$exporter->kill_kill;
	undef $exporter;
	ok($response->{success}, 'the exporter answers') or diag($output);
	return ($response->{content}, $output);
}

# Returns the exporter's metrics: for a name and its labels the value.
sub scrape
{
	my ($content, $output) = ask_exporter();
	my %metrics;

	like($content, qr/^pg_exporter_user_queries_load_error\{.*\} 0$/m, 'it has read the file');
	like($content, qr/^pg_exporter_last_scrape_error 0$/m, 'and run its queries')
	  or diag($output);
	while ($content =~ /^(doc_extractor_\w+)\{(.*)\} (\S+)$/mg)
	{
		my ($name, $labels, $value) = ($1, $2, $3);
		$labels =~ s/,?server="[^"]*"//;
		$metrics{"$name\{$labels}"} = $value;
	}
	return \%metrics;
}

# Returns what a query of the file gives, in the same form.
sub expected
{
	my ($name) = @_;
	my ($header, @rows) = run_query($queries->{$name}{query});
	my @columns = split /\|/, $header;
	my %expected;

	foreach my $row (@rows)
	{
		my %value;
		@value{@columns} = split /\|/, $row, -1;
		my @labels = grep { /^(?:ingestion_source|root|file_type)$/ } @columns;
		my $labels = join ',', map { "$_=\"$value{$_}\"" } @labels;
		foreach my $column (grep { !/^(?:ingestion_source|root|file_type)$/ } @columns)
		{
			$expected{"${name}_$column\{$labels}"} =
			  $value{$column} eq '' ? 'NaN' : $value{$column} + 0;
		}
	}
	return %expected;
}

# Checks that two sets of metrics are the same; the exporter writes large ones in scientific
# notation.
sub is_same_metrics
{
	my ($got, $expected, $name) = @_;
	my %got = map { $_ => $got->{$_} eq 'NaN' ? 'NaN' : $got->{$_} + 0 } keys %$got;
	is_deeply(\%got, $expected, $name);
	return;
}

my $metrics = scrape();
is_same_metrics($metrics, { expected('doc_extractor') }, 'an empty ledger');
is($metrics->{'doc_extractor_documents{}'}, 0, 'it has no documents');
is($metrics->{'doc_extractor_last_ingestion_timestamp_seconds{}'}, 'NaN', 'and no time');

my $before = time;
$node->safe_psql('ledger', q{
	SELECT FROM docs.ingest_document('a', '0123456789', 'text/plain', 'api');
	SELECT FROM docs.ingest_document('a', '0123456789', 'text/plain', 'mail');
	SELECT FROM docs.ingest_document('a', '0123456789', 'text/plain', 'mail', location => '/a');
	SELECT FROM docs.ingest_document('b', 'bytes', 'text/html', 'mail',
		ingestion_status => 'failed');
	SELECT FROM docs.ingest_document('b', 'other', 'text/html', 'mail',
		ingestion_status => 'failed');
	SELECT FROM docs.ingest_document('c', 'other bytes', 'text/html', 'mail',
		ingestion_status => 'retry');
	SELECT FROM docs.ingest_hashed_document('huge', repeat('a', 64), 2147483647, 'text/html',
		'api');
	SELECT FROM docs.finish_scan('mail', '/', now(), 1, 1, 0, 0);
	SELECT FROM docs.finish_scan('mail', '/', now(), 3, 1, 0, 2);
	SELECT FROM docs.ingest_document('gone', 'gone', 'text/html', 'gone');
	DELETE FROM docs.documents WHERE file_name = 'gone';
	INSERT INTO docs.error_log (file_name, error_type, error_message)
	VALUES ('d', 'OCR', 'no text');
	UPDATE docs.documents SET ingestion_timestamp = '2026-01-01 05:30:00' WHERE file_name = 'a'});
$metrics = scrape();
is_same_metrics(
	$metrics,
	{ map { expected($_) } keys %$queries },
	'the exporter publishes what the queries give');
my %known = (
	'documents' => 5,
	'bytes' => 10 + 5 + 5 + 11 + 2147483647,
	'duplicates' => 2,
	'saved_bytes' => 20,
	'locations' => 1,
	'failed_documents' => 2,
	'retry_documents' => 1,
	'open_errors' => 1,
	# Midnight in UTC.
	'first_ingestion_timestamp_seconds' => 1767225600);
is($metrics->{"doc_extractor_$_\{}"} + 0, $known{$_}, "$_ is right") foreach sort keys %known;
my $last = $metrics->{'doc_extractor_last_ingestion_timestamp_seconds{}'};
cmp_ok($last, '>=', $before, 'the latest ingestion was just now');
cmp_ok($last, '<=', time + 1, 'and not later');
is($metrics->{'doc_extractor_source_documents{ingestion_source="mail"}'}, 3, 'by source');
is($metrics->{'doc_extractor_scan_seen_locations{ingestion_source="mail",root="/"}'},
	3, 'by scan');
is($metrics->{'doc_extractor_type_saved_bytes{file_type="text/plain"}'}, 20, 'by type');

done_testing();
