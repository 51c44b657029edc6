# The client program doc_extractor, for the TAP tests that run it.
package Loader;

use strict;
use warnings;

use Exporter 'import';
use Fcntl;
use File::Path qw(make_path);
use IPC::Run;
use JSON::PP;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(require_loader create_new_ledger write_content let_age load load_json start_loader
  with_faults block unblock documents_at scans_of);

# The program leaves signals ignored that were ignored when it began, as those of this test may be.
$SIG{$_} = 'DEFAULT' foreach qw(INT TERM HUP);

# Skips the test if the program was not built, for lack of its libraries.
sub require_loader
{
	plan skip_all => 'the loader was not built'
	  if !grep { -x "$_/doc_extractor" } split /:/, $ENV{PATH};
	return;
}

# Creates a database with an empty ledger of the version that the loader needs.
sub create_new_ledger
{
	my ($node, $database, $options) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database " . ($options // ''));
	$node->safe_psql($database,
		"CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2'");
	return;
}

# Writes a file, and the folders that it is in; names and content are bytes.
sub write_content
{
	my ($path, $content) = @_;
	my ($folder) = $path =~ m{^(.*)/}s;
	make_path($folder);
	sysopen(my $file, $path, O_WRONLY | O_CREAT | O_TRUNC) or die "$path: $!";
	syswrite($file, $content) // die "$path: $!";
	close $file;
	return;
}

# Waits until the next load does not take files that were changed before for recent.  It reads those
# again that were, when it has read them.
sub let_age
{
	sleep 2.1;
	return;
}

sub command
{
	my ($node, $database, @arguments) = @_;
	return [
		'doc_extractor', shift(@arguments), '-d', $node->connstr($database), @arguments
	];
}

# Runs the program; returns its exit status, and what it printed.
sub load
{
	my ($node, $database, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(command($node, $database, 'load', @arguments),
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(Ledger::PATIENCE));
	my $status = $? >> 8;
	note $err if $err ne '';
	return ($status, $out, $err);
}

# The same with --json; returns the exit status, the summary, and the other objects.
sub load_json
{
	my ($node, $database, @arguments) = @_;
	my ($status, $out, $err) = load($node, $database, '--json', @arguments);
	my @objects = map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
	my ($summary) = grep { $_->{type} eq 'summary' } @objects;
	return ($status, $summary // {}, [ grep { $_->{type} ne 'summary' } @objects ], $err);
}

# Starts a load beside the test.
sub start_loader
{
	my ($node, $database, @arguments) = @_;
	my $loader = { out => '', err => '' };
	$loader->{run} = IPC::Run::start(command($node, $database, 'load', @arguments),
		'<', \undef, '>', \$loader->{out}, '2>', \$loader->{err},
		IPC::Run::timeout(Ledger::PATIENCE));
	return $loader;
}

# Calls a function while system calls of the loader fail, as faults.c says; returns what it returns.
sub with_faults
{
	my ($faults, $function) = @_;
	my $library = $ENV{TESTDATADIR} . '/faults.so';
	system_or_bail('cc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', $library,
		$ENV{TESTDIR} . '/test/helpers/faults.c')
	  if !-e $library;
	local %ENV = (%ENV, %$faults, LD_PRELOAD => $library);
	return $function->();
}

# Starts a client that locks tables until unblock(): by default so that nobody writes documents.
sub block
{
	my ($node, $database, $lock) = @_;
	$lock //= 'docs.documents IN EXCLUSIVE MODE';
	my $blocker = { in => "BEGIN; LOCK TABLE $lock;\n\\echo locked\n", out => '' };
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

# Returns the current locations of a source below a folder, each with its document's size.
sub documents_at
{
	my ($node, $database, $folder) = @_;
	return $node->safe_psql(
		$database, qq{
		SELECT replace(location, '$folder', ''), file_size_bytes
		FROM docs.current_locations l JOIN docs.documents d ON d.id = l.document_id
		ORDER BY location COLLATE "C"});
}

# Returns what the scans of a ledger have counted.
sub scans_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database,
		'SELECT seen, added, changed, vanished, failed FROM docs.scans ORDER BY id');
}

1;
