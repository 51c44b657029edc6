# Sessions do everything to a few documents at random, at all isolation levels, with savepoints,
# roll-backs, cancels, timeouts, terminated backends and lost answers.  The ledger is then exactly
# what the clients were told: every document, count and trail row, no more and no less.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

use constant SECONDS => $ENV{LONG} ? 120 : 7;
use constant SESSIONS => 8;

# Deadlocks are found at once, so that they do not slow the load down.
my $node = start_server('random', 'deadlock_timeout = 100ms', 'log_statement = none',
	q{log_line_prefix = '%m [%p] %e '});

my @entry_points = qw(ingest_document ingest_documents inbox_insert inbox_copy
  ingest_hashed_document ingest_file ingest_large_object try_ingest_document insert update fail
  move delete);
my @outcomes = ('stored', 'counted', 'changed', 'deleted', 'failed', 'rolled back',
	'rolled back to savepoint', 'unknown, done', qw(23505 40001 57014 57P01));

# Runs a load, checks what it left behind, and that all has been done, and these outcomes too.
sub check_random_load
{
	my ($name, $database, $options, @further) = @_;
	my ($folder, %events);

	create_ledger($node, $database);
	$folder = prepare_load($node, $database);
	%events = run_load($name, $node, $database, $folder, SESSIONS, '--interrupts', '--seconds',
		SECONDS, @$options);
	%events = (%events, check_load($name, $node, $database, $folder));
	is(join(', ', grep { !$events{$_} } @entry_points, @outcomes, @further),
		'', "$name: all has been done that was to be done");
	return;
}

# Transactions of one ingestion each never deadlock.
check_random_load('one in a transaction', 'one', []);
is(() = slurp_file($node->logfile) =~ /deadlock detected/g, 0, 'one in a transaction: no deadlock');

# Those of several may.
check_random_load('several in a transaction', 'several', ['--several'], '40P01');

is(join("\n", slurp_file($node->logfile) =~ /.*(?:PANIC|terminated by signal| XX\d{3} ).*/g),
	'', 'the server is well');

done_testing();
