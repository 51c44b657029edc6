# document_inbox under load: every format of COPY, flat memory, statements that end in the middle,
# and several loaders of the same documents.
use strict;
use warnings;

use File::Temp;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

# The server looks now and then if a waiting backend's client is still there.
my $node = start_server(
	'inbox', 'shared_buffers = 32MB', 'log_lock_waits = on', 'max_wal_size = 4GB',
	'autovacuum = off', 'jit = off', 'deadlock_timeout = 200ms', 'max_prepared_transactions = 5',
	'client_connection_check_interval = 100ms');
my $dir = File::Temp::tempdir(CLEANUP => 1);

# The batches of a statement end with work_mem: here after a few hundred short rows.
my $copy = q{SET work_mem = '64kB'; COPY docs.document_inbox (file_name, content, file_type) FROM};

# The server writes there.
chmod 0777, $dir or die "$dir: $!";

# Writes what a query yields to a file on the server, in a format of COPY; returns the file's path.
sub write_file
{
	my ($database, $name, $format, $query) = @_;
	$node->safe_psql($database, "COPY ($query) TO '$dir/$name' (FORMAT $format)");
	return "$dir/$name";
}

# Returns how many documents there are, how often they came, and what is wrong with the ledger.
sub sums_of
{
	my ($database) = @_;
	return $node->safe_psql(
		$database, q{
		SELECT count(*), sum(1 + duplicate_count)
		FROM docs.documents JOIN docs.hash_index USING (file_hash)
	}) . problems_of($node, $database);
}

# Formats.
create_ledger($node, 'formats');
$node->safe_psql(
	'formats', q{
	CREATE TABLE offered AS
	SELECT 'file ' || i AS file_name, decode(md5(i::text), 'hex') || '\x00ff0a'::bytea AS content,
		'text/plain'::text AS file_type, 'scanner'::text AS ingestion_source,
		CASE WHEN i % 2 = 0 THEN E'line 1\nline "2",\t\\\\' || i END AS document_text,
		CASE WHEN i % 3 = 0 THEN json_build_object('number', i) END AS metadata_extracted,
		CASE WHEN i % 4 = 0 THEN 'failed' END AS ingestion_status,
		CASE WHEN i % 4 = 0 THEN 'no text' END AS error_message
	FROM generate_series(1, 2500) i});
foreach my $format (qw(binary csv text))
{
	my $file = write_file('formats', $format, $format,
		qq{SELECT *, E'/$format\\t"' || file_name, timestamptz '2026-01-15 10:30+00', NULL
		FROM offered});

	$node->safe_psql('formats', "COPY docs.document_inbox FROM '$file' (FORMAT $format)");
	is( $node->safe_psql(
			'formats', q{
			SELECT count(*), count(d.id) FROM offered o LEFT JOIN docs.documents d
			ON d.file_hash = encode(sha256(o.content), 'hex') AND d.file_size_bytes = 19
			AND (d.file_name, d.file_type, d.ingestion_source, d.ingestion_status)
				= (o.file_name, o.file_type, o.ingestion_source,
					coalesce(o.ingestion_status, 'success'))
			AND (d.document_text, d.metadata_extracted::text, d.error_message) IS NOT DISTINCT FROM
				(o.document_text, o.metadata_extracted::text, o.error_message)}),
		'2500|2500',
		"$format: all values are the ones in the file");
	is( $node->safe_psql(
			'formats', qq{
			SELECT count(*) FROM docs.current_locations JOIN docs.documents d ON d.id = document_id
			WHERE location = E'/$format\\t"' || d.file_name
				AND modified_at = '2026-01-15 10:30+00'}),
		'2500',
		"$format: and so are all places");
	is(sums_of('formats'), '2500|2500', "$format: the ledger is consistent");
	$node->safe_psql('formats', 'DELETE FROM docs.documents');
}

# Memory: a statement looks at itself every 10,000 rows.
use constant ROWS => 220_000;

create_ledger($node, 'memory');
$node->safe_psql(
	'memory', q{
	-- Kilobytes of the process's own; NULL if the system does not tell.
	CREATE FUNCTION process_memory(what text) RETURNS integer LANGUAGE plpgsql AS $$
		BEGIN
			RETURN substring(pg_read_file('/proc/self/status') FROM what || ':\s*(\d+) kB');
		EXCEPTION WHEN OTHERS THEN
			RETURN NULL;
		END $$;
	CREATE TABLE looks (run text, rows integer, contexts bigint, resident integer);
	CREATE FUNCTION look(this_run text, file_name text) RETURNS boolean LANGUAGE sql AS $$
		INSERT INTO looks
			SELECT this_run, file_name::integer, sum(total_bytes) / 1024, process_memory('RssAnon')
			FROM pg_backend_memory_contexts;
		SELECT true $$});

sub check_memory
{
	my ($run, $file, $rows, $settings) = @_;

	$node->safe_psql(
		'memory', qq{$settings
		$copy '$file' (FORMAT binary)
		WHERE file_name NOT LIKE '%0000' OR look('$run', file_name)});
	my ($looks, $contexts, $resident) = split /\|/, $node->safe_psql(
		'memory', qq{
		SELECT count(*),
			max(contexts) FILTER (WHERE rows > 20000) - max(contexts) FILTER (WHERE rows = 20000),
			coalesce(max(resident) FILTER (WHERE rows > 20000)
				- max(resident) FILTER (WHERE rows = 20000), 0)
		FROM looks WHERE run = '$run'});
	is($looks, $rows / 10_000, "$run: it was looked at");
	# Not all batches are equally full.
	cmp_ok($contexts, '<=', 256,
		"$run: kilobytes that its memory contexts grew by after 20,000 rows");
	cmp_ok($resident, '<=', 2048, "$run: kilobytes that its process grew by after 20,000 rows");
	return;
}

my $rows = ROWS;
my $fewer = 60_000;
my ($many, $few) = map {
	write_file('memory', "rows $_", 'binary', qq{
		SELECT i::text, ('content ' || i)::bytea, 'text/plain'::text FROM generate_series(1, $_) i})
} $rows, $fewer;
check_memory('new documents', $many, $rows, '');
is(sums_of('memory'), "$rows|$rows", 'new documents: all are there');
check_memory('duplicates', $many, $rows, '');
is(sums_of('memory'), "$rows|" . 2 * $rows, 'duplicates: all were counted');
# Every batch has bad ones, so it takes many attempts.
$node->safe_psql(
	'memory', q{
	DELETE FROM docs.documents;
	ALTER TABLE docs.documents ADD CONSTRAINT no_bad CHECK (file_name !~ '[1-9]00$')});
check_memory('bad documents', $few, $fewer, 'SET doc_extractor.on_bad_document = log;');
is( $node->safe_psql('memory', 'SELECT count(*) FROM docs.error_log'),
	$node->safe_psql('memory',
		"SELECT count(*) FROM generate_series(1, $fewer) i WHERE i::text ~ '[1-9]00\$'"),
	'bad documents: all bad ones are in error_log');

# Failed documents, and long values that are stored compressed, leave no memory behind.
$node->safe_psql('memory',
	q{CREATE TABLE long AS SELECT i, repeat('x', 1000000) AS x FROM generate_series(1, 150) i});

# Returns the kilobytes by which a statement raises the peak of its session.
sub peak_of
{
	my ($statement) = @_;
	my ($before, $after) = split /\n/, $node->safe_psql(
		'memory', qq{
		SET doc_extractor.on_bad_document = log;
		SELECT coalesce(process_memory('VmHWM'), 0);
		$statement
		SELECT coalesce(process_memory('VmHWM'), 0);});
	return $after - $before;
}

# Each of these fails in a statement on document_inbox that a trigger makes.
$node->safe_psql(
	'memory', q{
	CREATE FUNCTION docs.fail() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO docs.document_inbox (file_name, content, file_type)
			SELECT 'inner', 'inner', 1 / (length(NEW.file_name) - 7);
			RETURN NEW;
		END $$;
	CREATE TRIGGER fail BEFORE INSERT ON docs.documents FOR EACH ROW
		WHEN (NEW.file_name = '100 200') EXECUTE FUNCTION docs.fail()});
cmp_ok(
	peak_of(q{
		DO $$
		BEGIN
			PERFORM FROM docs.ingest_documents(
				array_fill('100 200'::text, ARRAY[10000]),
				(SELECT array_agg(('bad ' || i)::bytea) FROM generate_series(1, 10000) i),
				array_fill('text/plain'::text, ARRAY[10000]));
		END $$;}),
	'<=', 100 * 1024, 'a batch of which all fail: kilobytes at the peak');
cmp_ok(
	peak_of(q{
		INSERT INTO docs.document_inbox (file_name, content, file_type)
		SELECT x, i::text::bytea, 'text/plain' FROM long;}),
	'<=', 100 * 1024, 'long names: kilobytes at the peak');
cmp_ok(
	peak_of(q{
		INSERT INTO docs.document_inbox (file_name, content, file_type, document_text)
		SELECT i, (i || x)::bytea, 'text/plain', x || i FROM long;}),
	'<=', 100 * 1024, 'long texts: kilobytes at the peak');

# A COPY that ends in its second batch, whatever ends it, leaves nothing, and blocks nothing.
create_ledger($node, 'ends');
my $file = write_file('ends', 'ends', 'text', q{
	SELECT 'file ' || i, 'content ' || i, 'text/plain' FROM generate_series(1, 2500) i
	UNION ALL SELECT 'known', 'known ' || i, 'text/plain' FROM generate_series(1, 10) i});
$node->safe_psql('ends', q{
	SELECT FROM generate_series(1, 10) i,
		docs.ingest_document('known', ('known ' || i)::bytea, 'text/plain')});
my $before = tables_of($node, 'ends');

my %ends = (
	client_ends($node),
	'out of statement time' => {
		end => sub { },
		settings => q{SET statement_timeout = '2s';},
		error => qr/ERROR:  57014/
	});
foreach my $end (sort keys %ends)
{
	foreach my $mode (qw(error log))
	{
		my $name = "$end, on_bad_document = $mode";

		$node->safe_psql('ends', q{
			BEGIN;
			SELECT FROM docs.ingest_document('holder', 'content 1500', 'text/plain');
			PREPARE TRANSACTION 'holder'});
		my $client = start_client($node, 'ends',
			($ends{$end}->{settings} // '')
			  . "SET doc_extractor.on_bad_document = $mode; $copy '$file'");
		wait_for_lock($node);
		my ($out, $err) = end_client($node, $client, $ends{$end});
		like($err, $ends{$end}->{error}, "$name: it ends");
		$node->safe_psql('ends', q{ROLLBACK PREPARED 'holder'});
		is(tables_of($node, 'ends'), $before, "$name: no trace");
	}
}

# The client is killed in the middle of its data, when the server has ingested some of it.
my ($in, $out, $err) = (join('', map { "file $_\tcontent $_\ttext/plain\n" } 1 .. 1500), '', '');
my $sender = IPC::Run::start(
	[ 'psql', '-XAqt', '-d', $node->connstr('ends'), '-c', "$copy STDIN" ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(Ledger::PATIENCE));
$sender->pump while length $in;
ok( $node->poll_query_until(
		'ends', 'SELECT coalesce(max(tuples_processed), 0) > 1000 FROM pg_stat_progress_copy'),
	'data cut off: batches are through');
$sender->kill_kill(grace => 0);
ok( $node->poll_query_until('ends', 'SELECT count(*) = 0 FROM pg_stat_progress_copy'),
	'data cut off: it ends');
is(tables_of($node, 'ends'), $before, 'data cut off: no trace');

# A session goes on after any of these, and the same file goes in.
($out, $err) = run_script(
	$node, 'ends', undef, qq{
	SET statement_timeout = 1;
	$copy '$file';
	RESET statement_timeout;
	BEGIN;
	$copy '$file';
	ROLLBACK;
	BEGIN;
	SAVEPOINT s;
	$copy '$file';
	ROLLBACK TO s;
	$copy '$file';
	PREPARE TRANSACTION 'loaded';
	COMMIT PREPARED 'loaded';
	SELECT session_user = current_user});
like($err, qr/57014/, 'the session goes on: it was cancelled first');
is($out, 't', 'the session goes on');
is(sums_of('ends'), '2510|2520', 'the session goes on: all documents are there, once');

# Loaders of the same documents, each in an order of its own: over several batches they may
# deadlock, and try again. Nothing is lost, and nothing is counted twice.
create_ledger($node, 'loaders');
my @orders = ('i', '-i', 'md5(i::text)', 'md5((i + 1)::text)');
my @loads = map {
	write_file('loaders', "load $_", 'csv', qq{
		SELECT 'file ' || i, 'content ' || i, 'text/plain' FROM generate_series(1, 4000) i
		ORDER BY $orders[$_]})
} 0 .. $#orders;
my $attempts = 0;
foreach my $round (1 .. 3)
{
	my @todo = @loads;
	while (@todo)
	{
		my @clients = map { start_client($node, 'loaders', "$copy '$_' (FORMAT csv)") } @todo;
		my @again;

		$attempts += @clients;
		foreach my $client (@clients)
		{
			my $load = shift @todo;
			my ($client_out, $client_err) = finish_client($client);
			next if $client_err eq '';
			like($client_err, qr/ERROR:  40P01/, "round $round: a loader's error is a deadlock");
			push @again, $load;
		}
		die 'all loaders deadlock' if @again == @clients;
		@todo = @again;
	}
	is(sums_of('loaders'),
		'4000|' . 4000 * @loads * $round, "round $round: all is there, and counted");
}
note "$attempts attempts for " . 3 * @loads . ' loads';

# MERGE into the view, since 17.
SKIP:
{
	skip 'no MERGE into views', 1
	  if $node->safe_psql('formats', 'SHOW server_version_num') < 170000;
	$node->safe_psql(
		'formats', q{
		MERGE INTO docs.document_inbox USING offered o ON false
		WHEN NOT MATCHED THEN INSERT (file_name, content, file_type)
			VALUES (o.file_name, o.content, 'merged')});
	is(sums_of('formats'), '2500|2500', 'MERGE: all rows were ingested');
}

done_testing();
