# Sessions do everything to few contents at random, at all isolation levels, with savepoints, roll-backs,
# cancels, timeouts, terminated backends and lost answers.  The ledger is then exactly what the clients
# were told: every document, count and trail row, no more and no less.
#
# SEED=... repeats what the sessions choose, if not how they meet.
use strict;
use warnings;

use IPC::Run;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

use constant SECONDS => $ENV{LONG} ? 120 : 7;

my $seed = $ENV{SEED} // int(rand(1_000_000));
diag("SEED=$seed");

# Deadlocks are found at once, so that they do not slow the load down.
my $node = start_server('random', 'deadlock_timeout = 100ms', 'log_statement = none',
	q{log_line_prefix = '%m [%p] %e '});

# Runs a load and checks what it left behind; returns how often what happened.
sub check_load
{
	my ($name, $database, $ingestions) = @_;
	my ($out, $err) = ('', '');
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $database);

	create_ledger($node, $database);
	ok( IPC::Run::run(
			[ '/usr/bin/python3', 'test/helpers/random_load/check.py', SECONDS, $seed, $ingestions ],
			'>', \$out, '2>', \$err),
		"$name: the load ends") or diag($err);
	note($out);
	my @problems = $out =~ /^PROBLEM: .*/mg;
	is(join("\n", splice(@problems, 0, 10)), '', "$name: the ledger is what the clients were told");
	is(problems_of($node, $database), '', "$name: the ledger is consistent");
	return map { /^(.*): (\d+)$/ ? ($1 => $2) : () } split /\n/, $out;
}

# Checks that these have happened.
sub check_events
{
	my ($name, $events, @expected) = @_;
	is(join(', ', grep { !$events->{$_} } @expected), '', "$name: all has been done that was to be done");
	return;
}

my @roads = qw(ingest_document ingest_documents inbox_insert inbox_copy ingest_hashed_document ingest_file
  ingest_large_object try_ingest_document insert update fail move delete);
my @outcomes = ('stored', 'counted', 'changed', 'deleted', 'failed', 'rolled back', 'rolled back to savepoint',
	'committed unsaid', qw(23505 40001 57014 57P01));

# Transactions of one ingestion each never deadlock.
my %events = check_load('one in a transaction', 'one', 'one');
check_events('one in a transaction', \%events, @roads, @outcomes);
is(() = slurp_file($node->logfile) =~ /deadlock detected/g, 0, 'one in a transaction: no deadlock');

# Those of several may.
%events = check_load('several in a transaction', 'several', 'several');
check_events('several in a transaction', \%events, @roads, @outcomes, '40P01');

is(join("\n", slurp_file($node->logfile) =~ /.*(?:PANIC|terminated by signal| XX\d{3} ).*/g), '', 'the server is well');

done_testing();
