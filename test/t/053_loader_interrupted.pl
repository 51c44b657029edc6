# The loader is cancelled, loses its connections, meets other loaders, and shows its progress.
use strict;
use warnings;

use File::Path qw(remove_tree);
use IPC::Run;
use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
# The harness's name for all sessions would hide the loader's own.
delete $ENV{PGAPPNAME};
# With replication, a commit can be held up.
my $node = start_server('loader_interrupted', 'wal_level = replica', 'max_wal_senders = 2');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $files = "$folder/files";
write_content("$files/$_ % 10/$_", $_) foreach 1 .. 4500;

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
	my $blocker = block($node, 'cancelled');
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
	my $blocker = block($node, 'cancelled');
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
	my $blocker = block($node, 'restarted');
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

# A document that ends each backend that it meets: all others are loaded.
create_new_ledger($node, 'poison');
{
	my $poison = "$folder/poison";
	write_content("$poison/$_", $_) foreach 1 .. 20;
	$node->safe_psql('poison', q{
		CREATE FUNCTION docs.die() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
			PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END$$;
		CREATE TRIGGER die BEFORE INSERT ON docs.documents
			FOR EACH ROW WHEN (NEW.file_name = '7') EXECUTE FUNCTION docs.die()});
	my ($is, $counts) = load_json($node, 'poison', '--source', 's', $poison);
	is("$is $counts->{new} $counts->{duplicates} $counts->{unchanged} $counts->{failed}",
		'3 19 0 0 1', 'a deadly document: exit status and counts');
	is( $node->safe_psql(
			'poison', "SELECT error_type, replace(location, '$poison', '') FROM docs.error_log"),
		'document_refused|/7',
		'a deadly document: the failure');

	# A failure that does so is left out.
	write_content("$poison/8", 'other 8');
	$node->safe_psql('poison', q{
		CREATE TRIGGER die BEFORE INSERT ON docs.error_log
			FOR EACH ROW EXECUTE FUNCTION docs.die()});
	my $err;
	($is, $counts, undef, $err) = load_json($node, 'poison', '--source', 't', $poison);
	is("$is $counts->{new} $counts->{duplicates} $counts->{failed}",
		'3 1 18 1', 'a deadly failure: exit status and counts');
	like($err, qr/poison\/7: could not write the failure to error_log: each time/,
		'a deadly failure: message');
}

# A session ends after its batch was committed, before the loader knows.
create_new_ledger($node, 'committed');
{
	my $committed = "$folder/committed";
	write_content("$committed/$_", $_) foreach qw(a b c d);
	load($node, 'committed', '--source', 's', $committed);
	write_content("$committed/b", 'B');
	utime 1, 1, "$committed/c";
	write_content("$committed/$_", 'new') foreach qw(e f);
	write_content("$committed/g", 'a');
	$node->safe_psql('committed', q{DELETE FROM docs.documents WHERE file_name = 'd'});

	# The commit waits for a standby that there is not.
	$node->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'nobody'});
	$node->reload;
	my $loader = start_loader($node, 'committed', '--source', 's', '--json', '--restore-deleted',
		'--rescan', $committed);
	$node->poll_query_until('postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'
		AND query LIKE '%ingest_hashed_documents%'}) or die 'the loader does not commit';
	$node->append_conf('postgresql.auto.conf', 'synchronous_standby_names = \'\'');
	$node->safe_psql('postgres', q{
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'});
	$node->reload;
	is(status_of($loader), 0, 'committed: exit status');
	like($loader->{err}, qr/connection to the server was lost/, 'committed: warning');
	like($loader->{out},
		qr/"seen": 7, "unchanged": 2, "new": 2, "duplicates": 2, "changed": 1, "vanished": 0/,
		'committed: counts of a batch that was sent twice');
	is(scans_of($node, 'committed'), "4|4|0|0|0\n7|4|1|0|0", 'committed: the scan');
}

# Two loaders at once: the same root, one below the other, and roots apart.
create_new_ledger($node, 'two');
{
	my $blocker = block($node, 'two');
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

# A signal that is ignored from the start stays ignored.
{
	my $blocker = block($node, 'two');
	local $SIG{HUP} = 'IGNORE';
	my $loader = start_loader($node, 'two', '--source', 'nohup', $files);
	wait_for_senders('two', 2);
	$loader->{run}->signal('HUP');
	sleep 1;
	unblock($blocker);
	is(status_of($loader), 0, 'nohup: SIGHUP is ignored');
}

# The PATH is moved away and replaced, removed, or moved away, while the locations are fetched.
foreach my $case (qw(replaced removed moved))
{
	my $root = "$folder/$case";
	create_new_ledger($node, $case);
	write_content("$root/$_/$_", $_) foreach 1 .. 5;
	load($node, $case, '--source', 's', $root);
	my $blocker = block($node, $case, 'docs.document_locations IN ACCESS EXCLUSIVE MODE');
	my $loader = start_loader($node, $case, '--source', 's', '--json', $root);
	wait_for_senders($case, 1);
	$case eq 'removed' ? remove_tree($root) : rename $root, "$root.away";
	write_content("$root/other", 'other') if $case eq 'replaced';
	unblock($blocker);
	is(status_of($loader), 3, "$case: exit status");
	like($loader->{out}, qr/"vanished": 0,.* "failed": 1,/, "$case: nothing has vanished");
	is( $node->safe_psql(
			$case, "SELECT error_type, replace(location, '$folder/', '') FROM docs.error_log"),
		"folder_vanished|$case",
		"$case: the failure");
	is($node->safe_psql($case, 'SELECT count(*) FROM docs.current_locations'),
		5, "$case: all locations are there");
}

# Progress on a terminal.
create_new_ledger($node, 'progress');
SKIP:
{
	skip 'IO::Pty is not installed', 1 if !eval { require IO::Pty; 1 };
	my $blocker = block($node, 'progress');
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
