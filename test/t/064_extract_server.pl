# The process that starts the loader's extractors ends too early: the load ends, and no file is
# blamed.
use strict;
use warnings;

use IPC::Run;
use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

require_loader();
my $node   = start_server('extract_server');
my $folder = PostgreSQL::Test::Utils::tempdir();
my @wait   = ('--extractor', 'image/*=exec sleep 40');

# The images keep all threads at work; the pages need a child each.
write_content("$folder/files/$_.png", "\x89PNG\r\n\x1a\nbytes $_") foreach 1 .. 4;
write_content("$folder/files/later/$_.html", "<p>page $_</p>") foreach 1 .. 500;
let_age();

# Returns the processes of a name whose parent is another.
sub children_of
{
	my ($parent, $name) = @_;
	my @children;

	foreach my $file (glob '/proc/[0-9]*/stat')
	{
		open(my $in, '<', $file) or next;
		my ($pid, $comm, $of) = (<$in> // '') =~ /^(\d+) \((.*)\) \S+ (\d+)/ or next;
		push @children, $pid if $of == $parent && $comm =~ $name;
	}
	return @children;
}

# Starts a command of the program; returns it when both threads wait for images, and the pid of its
# extractors' server.
sub start_extraction
{
	my ($database, @arguments) = @_;
	my $loader = { out => '', err => '' };

	$loader->{run} = IPC::Run::start([ 'doc_extractor', @arguments, '-d', $node->connstr($database) ],
		'<', \undef, '>', \$loader->{out}, '2>', \$loader->{err},
		IPC::Run::timeout(Ledger::PATIENCE));
	for (1 .. 300)
	{
		my ($server) = children_of($loader->{run}->{KIDS}[0]{PID}, qr/^extract-spawn$/);

		my @sleepers = map { children_of($_, qr/^sleep$/) } $server ? children_of($server, qr/./) : ();
		return ($loader, $server) if @sleepers == 2;
		sleep 0.1;
	}
	die "no image is waited for: $loader->{err}";
}

# Returns how many failures and scans a ledger has.
sub failures_and_scans
{
	my ($database) = @_;
	my $failures = $node->safe_psql($database, 'SELECT * FROM docs.error_log');
	diag($failures) if $failures ne '';
	return $node->safe_psql($database,
		'SELECT (SELECT count(*) FROM docs.error_log), (SELECT count(*) FROM docs.scans)');
}

# Checks how a command ended whose server was killed.
sub expect_end
{
	my ($name, $loader) = @_;

	$loader->{run}->finish;
	is($loader->{run}->full_result(0) >> 8, 1, "$name: exit status");
	my @errors = grep { /error: the process for extraction has ended/ } split /\n/, $loader->{err};
	is(scalar @errors, 1, "$name: one error") or diag($loader->{err});
	return;
}

create_new_ledger($node, 'killed');
{
	my ($loader, $server) =
	  start_extraction('killed', 'load', '--source', 's', @wait, "$folder/files");

	kill 'KILL', $server;
	expect_end('load', $loader);
	is(failures_and_scans('killed'), '0|0', 'load: no failure and no scan is recorded');
}
my ($status, $summary) = load_json($node, 'killed', '--source', 's', "$folder/files");
is("$status $summary->{failed}", '0 0', 'the next load goes on');
is(failures_and_scans('killed'), '0|1', 'and records its scan');
{
	my ($loader, $server) =
	  start_extraction('killed', 'extract', '--missing', '--source', 's', @wait);

	kill 'KILL', $server;
	expect_end('extract', $loader);
	is(failures_and_scans('killed'), '0|1', 'extract: no failure is recorded');
}

# A server without room for processes waits for it; one without room for descriptors gets no whole
# request.
SKIP:
{
	skip 'prlimit is missing', 7 if system('prlimit --version >/dev/null 2>&1') != 0;
	create_new_ledger($node, 'crowded');
	my ($loader, $server) = start_extraction('crowded', 'load', '--source', 's', '--extractor',
		'image/*=exec sleep 3', "$folder/files");

	# Root has no such limit, so this tests nothing for root.
	my ($before) = `prlimit --pid $server --nproc --output SOFT --noheadings` =~ /(\w+)/;
	system('prlimit', '--pid', $server, '--nproc=1:') == 0 or die 'prlimit failed';
	sleep 5;
	system('prlimit', '--pid', $server, "--nproc=$before:") == 0 or die 'prlimit failed';
	$loader->{run}->finish;
	is($loader->{run}->full_result(0) >> 8, 0, 'crowded: exit status') or diag($loader->{err});

	# The signal has the server wait anew, for more descriptors than it may have.
	foreach my $signal (undef, 'CHLD')
	{
		my $database = $signal ? 'no_room_to_wait' : 'no_room';

		create_new_ledger($node, $database);
		($loader, $server) = start_extraction($database, 'load', '--source', 's', '--extractor',
			'image/*=exec sleep 3', "$folder/files");
		system('prlimit', '--pid', $server, '--nofile=3') == 0 or die 'prlimit failed';
		kill $signal, $server if $signal;
		expect_end($database, $loader);
		is(failures_and_scans($database), '0|0', "$database: no failure and no scan is recorded");
	}
}

# As many children as there are threads, and more, find room; so the threads have a limit.
my (undef, undef, $error) = load($node, 'killed', '-j', 121, $folder);
like($error, qr/--jobs must be in the range 1\.\.120/, 'a limit on threads');
create_new_ledger($node, 'threads');
($status, $summary) = load_json($node, 'threads', '--source', 's', '-j', 120, "$folder/files");
is("$status $summary->{failed} $summary->{new}", '0 0 504', 'as many threads as may be');

done_testing();
