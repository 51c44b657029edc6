# Random load on a ledger, from several sessions at once, for the TAP tests: starts and ends
# random_load/load.py, and has it check what the load left behind.
#
# A load has a folder with its sessions' journals.  These say what the server acknowledged, so they
# can be held against the ledger afterwards, whatever became of the server in between.
package RandomLoad;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Copy qw(copy);
use IPC::Run;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(prepare_load new_folder start_load run_load wait_for_load end_load copy_journals
  check_load problems_of_load);

# A test repeats what its sessions choose with SEED, if not how they meet.
my $seed = $ENV{SEED} // int(rand(1_000_000));
diag("SEED=$seed");
srand($seed);

my $sessions = 0;

# Starts load.py for a database.
sub start_program
{
	my ($node, $database, @arguments) = @_;
	my $program = { out => '', err => '' };
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $database);

	$program->{run} = IPC::Run::start(
		[ '/usr/bin/python3', 'test/helpers/random_load/load.py', @arguments ],
		'<', \undef, '>', \$program->{out}, '2>', \$program->{err},
		IPC::Run::timeout(5 * Ledger::PATIENCE));
	return $program;
}

# Returns the problems that it printed.
sub problems_in
{
	my ($program) = @_;
	return $program->{out} =~ /^PROBLEM: (.*)/mg;
}

# Waits for its end, and checks that it has no problems; returns how often what happened.
sub finish_program
{
	my ($name, $program) = @_;
	my @problems;

	push @problems, $program->{err} unless $program->{run}->finish;
	push @problems, problems_in($program);
	is(join("\n", splice(@problems, 0, 10)), '', $name);
	note($program->{out});
	return map { /^(.*): (\d+)$/ ? ($1 => $2) : () } split /\n/, $program->{out};
}

# Makes a database's ledger ready for loads; returns their folder.
sub prepare_load
{
	my ($node, $database) = @_;

	finish_program("$database: prepared for a load", start_program($node, $database, 'prepare'));
	return new_folder();
}

# Makes a folder for the loads on a ledger, or on a copy of one; the server opens files there, too.
sub new_folder
{
	return abs_path(PostgreSQL::Test::Utils::tempdir());
}

# Starts this many sessions, with further options of load.py; without any they go on until they are
# cut off.
sub start_load
{
	my ($node, $database, $folder, $count, @options) = @_;
	my $first = $sessions + 1;
	my $load;

	$sessions += $count;
	$load = start_program($node, $database, 'run', '--seed', $seed, '--first', $first, '--sessions',
		$count, @options, $folder);
	$load->{sessions} = [ $first .. $sessions ];
	return $load;
}

# Runs sessions to their end; returns how often what happened.
sub run_load
{
	my ($name, @arguments) = @_;
	return finish_program("$name: the load has no problems", start_load(@arguments));
}

# Waits until each session of a load has come this many transactions further.
sub wait_for_load
{
	my ($node, $database, $load, $more) = @_;
	my $sessions = join(',', @{ $load->{sessions} });
	my $reached = "SELECT s, coalesce(max(d.transaction), 0) AS n
		FROM unnest(ARRAY[$sessions]) s LEFT JOIN done d ON d.session = s GROUP BY s";
	my $goals = join(',',
		map { my ($session, $n) = split /\|/; "($session, $n + $more)" }
		  split /\n/, $node->safe_psql($database, $reached));

	$node->poll_query_until($database,
		"SELECT bool_and(r.n >= g.n) FROM ($reached) r JOIN (VALUES $goals) g (s, n) USING (s)")
	  or diag(state_of_load($node, $database, $load)), die 'the load does not go on';
	return;
}

# Returns what a load's sessions and the server's other processes are doing, and what it has said.
sub state_of_load
{
	my ($node, $database, $load) = @_;

	$load->{run}->pump_nb if $load->{run}->pumpable;
	return $node->safe_psql($database, q{
		SELECT pid, backend_type, state, wait_event_type, wait_event, pg_blocking_pids(pid),
		       clock_timestamp() - xact_start AS since, left(query, 200)
		FROM pg_stat_activity ORDER BY backend_type, pid}) . "\n$load->{out}$load->{err}";
}

# Waits until all sessions of a load have ended, as their server is gone, or else as we cut them
# off; returns how often what happened.
sub end_load
{
	my ($name, $load, $node) = @_;
	my %events;

	if (defined $node)
	{
		$node->safe_psql('postgres', q{
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'random load'});
	}
	%events = finish_program("$name: the load has no problems", $load);
	is($events{'cut off'}, scalar @{ $load->{sessions} }, "$name: all sessions were cut off");
	return %events;
}

# Copies the journals of a folder, as they are now, into another one.
sub copy_journals
{
	my ($from, $to) = @_;
	mkdir $to or die "$to: $!";
	foreach my $journal (glob "$from/session_*")
	{
		copy($journal, $to) or die "$journal: $!";
	}
	return;
}

# Checks that a ledger is what the sessions of a folder were told, and consistent; returns how often
# what happened.
sub check_load
{
	my ($name, $node, $database, $folder) = @_;
	my %events =
	  finish_program("$name: the ledger is what was done to it, no more and no less",
		start_program($node, $database, 'check', $folder));

	is(problems_of($node, $database), '', "$name: it is consistent");
	return %events;
}

# Returns what that check finds wrong.
sub problems_of_load
{
	my ($node, $database, $folder) = @_;
	my $program = start_program($node, $database, 'check', $folder);

	$program->{run}->finish or die $program->{err};
	return problems_in($program);
}

1;
