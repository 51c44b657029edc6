# A query of very many calls takes no more memory, and no more work, at its end than early on.
use strict;
use warnings;

use Ledger;
use Test::More;

my $node = start_server('memory', 'shared_buffers = 256MB', 'max_wal_size = 4GB',
	'autovacuum = off', 'jit = off');

use constant CALLS => 100_000;

# The query looks at itself every so many calls: at the memory contexts of its session, at its
# process (if the system tells), and at the blocks of the ledger that it has touched so far.
use constant STEP => 2_000;

create_ledger($node, 'ledger');
$node->safe_psql(
	'ledger', q{
	-- Kilobytes of the process's own; NULL if the system does not tell.
	CREATE FUNCTION resident() RETURNS integer LANGUAGE plpgsql AS $$
		BEGIN
			RETURN substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+) kB');
		EXCEPTION WHEN OTHERS THEN
			RETURN NULL;
		END $$;
	CREATE FUNCTION contexts() RETURNS bigint LANGUAGE sql AS
		'SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts';
	CREATE FUNCTION touched() RETURNS bigint LANGUAGE sql AS $$
		SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
		WHERE relnamespace = 'docs'::regnamespace $$;
	CREATE TABLE looks (run text, calls integer, contexts bigint, resident integer,
		touched bigint)});

# Runs a query that makes this call so many times; i is its number.
sub run_calls
{
	my ($run, $calls, $call) = @_;
	my $step = STEP;
	$node->safe_psql(
		'ledger', qq{
		INSERT INTO looks
		SELECT '$run', l.* FROM (
			SELECT i, CASE WHEN i % $step = 0 THEN contexts() END,
				CASE WHEN i % $step = 0 THEN resident() END,
				CASE WHEN i % $step = 0 THEN touched() END
			FROM generate_series(1, $calls) i, LATERAL $call r
			-- So that all calls are made.
			OFFSET 0) l (i)
		WHERE i % $step = 0});
	return;
}

# Checks that a run took no more memory after its first thousands of calls, and that no part of it
# had much more to do than the last: indexes grow by a level, but nothing is read from end to end.
sub check_run
{
	my ($run, $calls) = @_;
	my $from = 5 * STEP;
	my ($looks, $contexts, $resident, $cost, $last) = split /\|/, $node->safe_psql(
		'ledger', qq{
		WITH steps AS (
			SELECT *, touched - lag(touched, 1, 0::bigint) OVER (ORDER BY calls) AS cost
			FROM looks WHERE run = '$run')
		SELECT count(*),
			max(contexts) FILTER (WHERE calls > $from) - max(contexts) FILTER (WHERE calls = $from),
			coalesce(max(resident) FILTER (WHERE calls > $from)
				- max(resident) FILTER (WHERE calls = $from), 0),
			max(cost), max(cost) FILTER (WHERE calls = $calls)
		FROM steps});

	is($looks, $calls / STEP, "$run: it was looked at");
	cmp_ok($contexts, '<=', 64, "$run: kilobytes that its memory contexts grew by");
	cmp_ok($resident, '<=', 1024, "$run: kilobytes that its process grew by");
	cmp_ok($cost, '<=', 2 * $last, "$run: blocks that it touched in a step, at most");
	return;
}

my $document = q{docs.ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain')};

run_calls('new documents', CALLS, $document);
check_run('new documents', CALLS);
run_calls('duplicates', CALLS / 2, $document);
check_run('duplicates', CALLS / 2);
is( $node->safe_psql(
		'ledger', q{
		SELECT count(*), sum(1 + duplicate_count), (SELECT count(*) FROM docs.audit_log)
		FROM docs.hash_index}),
	'100000|150000|100000',
	'all calls were made');

done_testing();
