# The loader is cancelled, loses its connections, meets other loaders, and shows its progress.
use strict;
use warnings;

use IPC::Run;
use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
# The harness's name for all sessions would hide the loader's own.
delete $ENV{PGAPPNAME};
my $node = start_server('loader_interrupted');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $files = "$folder/files";
write_content("$files/$_ % 10/$_", $_) foreach 1 .. 4500;

# Starts a client that keeps all others from writing documents until unblock().
sub block
{
	my ($database) = @_;
	my $blocker = {
		in => "BEGIN; LOCK TABLE docs.documents IN EXCLUSIVE MODE;\n\\echo locked\n",
		out => ''
	};
	$blocker->{run} = IPC::Run::start([ 'psql', '-XAqt', '-d', $node->connstr($database) ],
		'<', \$blocker->{in}, '>', \$blocker->{out}, '2>', \my $err,
		IPC::Run::timeout(Ledger::PATIENCE));
	$blocker->{run}->pump until $blocker->{out} =~ /locked/;
	return $blocker;
}

sub unblock
{
	my ($blocker) = @_;
	$blocker->{in} .= "COMMIT;\n\\q\n";
	$blocker->{run}->finish;
	return;
}

# Waits until so many sessions of loaders wait for a lock.
sub wait_for_senders
{
	my ($database, $number) = @_;
	$node->poll_query_until(
		'postgres', qq{
		SELECT count(*) = $number FROM pg_stat_activity WHERE datname = '$database'
		AND application_name = 'doc_extractor' AND wait_event_type = 'Lock'})
	  or die 'the loader does not wait for the lock';
	return;
}

# Returns the exit status of a loader that has ended.
sub status_of
{
	my ($loader) = @_;
	$loader->{run}->finish;
	note $loader->{err} if $loader->{err} ne '';
	return $loader->{run}->full_result(0) >> 8;
}

# Returns what is in the ledger, and what is wrong with it.
sub sums_of
{
	my ($database) = @_;
	return $node->safe_psql(
		$database, q{
		SELECT count(*), (SELECT count(*) FROM docs.current_locations),
			(SELECT coalesce(sum(duplicate_count), 0) FROM docs.hash_index),
			(SELECT count(*) FROM docs.scans) FROM docs.documents}) . problems_of($node, $database);
}

# Cancelled: what is in flight ends, and no scan is recorded.
create_new_ledger($node, 'cancelled');
foreach my $signal (qw(INT TERM HUP))
{
	my $blocker = block('cancelled');
	my $loader = start_loader($node, 'cancelled', '--source', $signal, $files);
	wait_for_senders('cancelled', 2);
	$loader->{run}->signal($signal);
	# Nothing more is sent once the program has seen the signal.
	sleep 1;
	unblock($blocker);
	is(status_of($loader), 130, "SIG$signal: exit status");
	like($loader->{err}, qr/cancelled: no scan was recorded/, "SIG$signal: message");
	is( $node->safe_psql(
			'cancelled',
			"SELECT count(*) FROM docs.current_locations WHERE ingestion_source = '$signal'"),
		2000, "SIG$signal: the batches in flight are ingested");
	is($node->safe_psql('cancelled', 'SELECT count(*) FROM docs.scans'), 0,
		"SIG$signal: no scan");
}
my ($status, $summary) = load_json($node, 'cancelled', '--source', 'INT', $files);
is("$status $summary->{unchanged} $summary->{new} $summary->{duplicates}",
	'0 2000 ' . ($summary->{new}) . ' ' . (2500 - $summary->{new}), 'the next load goes on');

# Twice cancelled: it ends at once.
{
	my $blocker = block('cancelled');
	my $loader = start_loader($node, 'cancelled', '--source', 'twice', $files);
	wait_for_senders('cancelled', 2);
	$loader->{run}->signal('INT');
	sleep 1;
	$loader->{run}->signal('INT');
	is(status_of($loader), 130, 'cancelled twice: exit status');
	unblock($blocker);
}

# The server restarts in the middle: the batches in flight are sent again.
create_new_ledger($node, 'restarted');
{
	my $blocker = block('restarted');
	my $loader = start_loader($node, 'restarted', '--source', 's', '--json', $files);
	wait_for_senders('restarted', 2);
	$node->restart;
	eval { unblock($blocker) };
	is(status_of($loader), 0, 'restart: exit status');
	like($loader->{err}, qr/connection to the server was lost; trying to open it again/,
		'restart: warning');
	like($loader->{out}, qr/"seen": 4500, "unchanged": 0, "new": 4500, "duplicates": 0/,
		'restart: counts');
	is(sums_of('restarted'), '4500|4500|0|1', 'restart: all is there, once');
}

# A session ends after its batch was committed, or before.
create_new_ledger($node, 'terminated');
{
	my $loader = start_loader($node, 'terminated', '--source', 's', '--json', $files);
	my $killed = 0;
	while ($killed < 6 && $loader->{run}->pumpable)
	{
		$killed += $node->safe_psql('postgres', q{
			SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = 'terminated' AND application_name = 'doc_extractor'
			AND (query LIKE '%ingest_hashed_documents%' OR state = 'active')});
		$loader->{run}->pump_nb;
	}
	my $is = status_of($loader);
	# While the locations are fetched, it cannot go on.
	if ($is == 1)
	{
		($is) = load_json($node, 'terminated', '--source', 's', $files);
	}
	is($is, 0, 'terminated sessions: exit status');
	is( $node->safe_psql('terminated', q{
			SELECT count(*), (SELECT count(*) FROM docs.current_locations),
			(SELECT coalesce(sum(duplicate_count), 0) FROM docs.hash_index) FROM docs.documents}),
		'4500|4500|0',
		"terminated sessions: all is there, once, after $killed");
}

# Two loaders at once: the same root, one below the other, and roots apart.
create_new_ledger($node, 'two');
{
	my $blocker = block('two');
	my $loader = start_loader($node, 'two', '--source', 's', $files);
	wait_for_senders('two', 2);
	foreach my $other ($files, "$files/1 % 10", $folder, '/')
	{
		my ($is, undef, $err) = load($node, 'two', '--source', 's', $other);
		is($is, 1, "two loaders, $other: exit status");
		like($err, qr/another load of source "s" is at work in/, "two loaders, $other: message");
	}
	mkdir "$folder/files apart";
	($status) = load($node, 'two', '--source', 's', '-n', $files);
	is($status, 0, 'two loaders: a dry run locks nothing');
	($status) = load($node, 'two', '--source', 's', "$folder/files apart");
	is($status, 0, 'two loaders: a root apart, with a similar name');
	my $second = start_loader($node, 'two', '--source', 'other', "$files/5 % 10");
	unblock($blocker);
	is(status_of($loader), 0, 'two loaders: the first one ends well');
	is(status_of($second), 0, 'two loaders: another source, at once');
	($status) = load($node, 'two', '--source', 's', $files);
	is($status, 0, 'two loaders: the lock has ended with the first one');
}

# Progress on a terminal.
create_new_ledger($node, 'progress');
SKIP:
{
	skip 'IO::Pty is not installed', 1 if !eval { require IO::Pty; 1 };
	my $blocker = block('progress');
	my $out = '';
	my $loader = IPC::Run::start(
		[ 'doc_extractor', 'load', '-d', $node->connstr('progress'), '--source', 's', $files ],
		'<', \undef, '>pty>', \$out, IPC::Run::timeout(Ledger::PATIENCE));
	wait_for_senders('progress', 2);
	$loader->pump until $out =~ /4500 files, .* ETA/;
	unblock($blocker);
	$loader->finish;
	like($out, qr/^\d+ of \d+ files, [0-9.]+ (bytes|KiB) of [0-9.]+ (bytes|KiB), \d+\/s/,
		'progress: files and bytes done of those found');
	# The walk may be over before the first line is shown.
	like($out, qr{(?:^|\r\e\[K)\d+ of 4500 files, .*, \d+/s, ETA \d+:\d\d  }, 'progress: ETA');
	like($out, qr{/s, ETA \d+:\d\d  \.\.\..*/\d+\r\e\[K}, 'progress: the current file');
	like($out, qr/\r\e\[K +4500 files seen\r\n/, 'progress: the line goes before the summary');
	foreach my $line (map { s/\e\[K//r } split /\r\n?/, $out)
	{
		fail("progress: a line is too long: $line") if length $line > 80;
	}

	$out = '';
	IPC::Run::run(
		[
			'doc_extractor', 'load', '-d', $node->connstr('progress'), '--source', 's',
			'--no-progress', $files
		],
		'<', \undef, '>pty>', \$out);
	unlike($out, qr/\e|files, /, '--no-progress: none on a terminal');
}
my (undef, undef, $objects) =
  load_json($node, 'progress', '--source', 's', '--rescan', '--progress', $files);
is($objects->[0]->{type}, 'progress', '--json --progress: an object');
like(join(' ', sort keys %{ $objects->[0] }),
	qr/^bytes_done bytes_found files_done files_found seconds type walk_is_over$/,
	'--json --progress: its members');

done_testing();
