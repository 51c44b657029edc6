# ingest_file() and ingest_large_object() on real files: hashes, memory, everything that is no plain
# file, and files that change while they are read.
use strict;
use warnings;

use Digest::SHA;
use File::Temp;
use IO::Socket::UNIX;
use Ledger;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = start_server('files');
my $database = 'ledger';
my $dir = File::Temp::tempdir(CLEANUP => 1);

create_ledger($node, $database);

# Quotes a path for SQL.
sub quoted_path
{
	my ($path) = @_;
	$path =~ s/'/''/g;
	return "'$path'";
}

# Makes a file with this content in the test's directory; returns its path.
sub make_file
{
	my ($name, $content) = @_;
	my $path = "$dir/$name";

	open my $file, '>', $path or die "$path: $!";
	binmode $file;
	print $file $content;
	close $file or die "$path: $!";
	return $path;
}

# Makes one of this size that takes no room on disk: all zeros.
sub make_sparse_file
{
	my ($name, $size) = @_;
	my $path = make_file($name, '');

	truncate $path, $size or die "$path: $!";
	return $path;
}

# Returns the SQLSTATE, or the result, of an ingest_file() call.
sub result_of
{
	my ($path, $ledger) = @_;
	my ($out, $err) = run_script($node, $ledger // $database, undef,
		'SELECT is_duplicate, file_hash, duplicate_count FROM docs.ingest_file('
		  . quoted_path($path)
		  . q{, 'text/plain')});

	return $err =~ /ERROR:  (\w{5}):/ ? $1 : $out;
}

# From no bytes to several megabytes, around the size of the pieces that are read at once.  Each
# comes as a file, as a large object that psql sends, and in memory.
foreach my $size (0, 1, 65_535, 65_536, 65_537, 131_072, 5_000_003)
{
	my $path = make_file("$size bytes", join('', map { chr(int(rand(256))) } 1 .. $size));
	my $hash = Digest::SHA->new(256)->addfile($path, 'b')->hexdigest;

	is(result_of($path), "f|$hash|0", "$size bytes: a file");
	my ($out, $err) = run_script(
		$node, $database, undef, qq{
		\\lo_import '$path'
		SELECT is_duplicate, file_hash, duplicate_count
		FROM docs.ingest_large_object(:LASTOID, 'object', 'text/plain');
		SELECT is_duplicate, file_hash, duplicate_count
		FROM docs.ingest_document('memory', lo_get(:LASTOID), 'text/plain');
		SELECT lo_unlink(:LASTOID)});
	like($out, qr/^t\|$hash\|1\nt\|$hash\|2\n1$/m, "$size bytes: a large object, and in memory");
	is($err, '', "$size bytes: no errors");
	is( $node->safe_psql(
			$database, qq{
			SELECT file_name, file_size_bytes, metadata_extracted FROM docs.documents
			WHERE file_hash = '$hash'}),
		qq{$size bytes|$size|{"path": "$path"}},
		"$size bytes: its row");
}
is(problems_of($node, $database), '', 'the ledger is consistent');

# Names are taken as they are, and the path with them.
my %names = (
	'quotes' => q{it's a "name"},
	'a backslash' => 'back\\slash',
	'a tab and a line feed' => "tab\tand\nline",
	'UTF-8' => "\xc3\xa9\xf0\x9f\x98\x80",
	'a leading space' => ' leading',
	'255 bytes' => 'x' x 255);
foreach my $name (sort keys %names)
{
	my $path = make_file($names{$name}, "content of $name");
	my $quoted = quoted_path($path);

	like(result_of($path), qr/^f\|/, "a name with $name");
	is( $node->safe_psql(
			$database, qq{
			SELECT $quoted = '$dir/' || file_name, metadata_extracted ->> 'path' = $quoted
			FROM docs.documents ORDER BY id DESC LIMIT 1}),
		't|t',
		"a name with $name: as it is");
}

# A link is the file that it leads to.
my $small = make_file('small', 'small');
symlink $small, "$dir/link" or die $!;
my $small_hash = Digest::SHA::sha256_hex('small');
is(result_of("$dir/link"), "f|$small_hash|0", 'a link');
is(result_of($small), "t|$small_hash|1", 'its file');

# What cannot be read, is no file, or is too large: nothing is written, and nothing waits.
my $secret = make_file('secret', 'secret');
chmod 0, $secret or die $!;
mkdir "$dir/closed" or die $!;
make_file('closed/file', 'closed');
chmod 0, "$dir/closed" or die $!;
symlink "$dir/nothing", "$dir/dangling" or die $!;
symlink "$dir/round", "$dir/round" or die $!;
mkfifo("$dir/pipe", oct(600)) or die $!;
my $socket = IO::Socket::UNIX->new(Local => "$dir/socket", Listen => 1) or die $!;

my $before = tables_of($node, $database);
is(result_of("$dir/nothing"), '58P01', 'a missing file');
is(result_of("$dir/dangling"), '58P01', 'a link to a missing file');
is(result_of($secret), '42501', 'a file that the server may not read');
is(result_of("$dir/closed/file"), '42501', 'a file in a directory that it may not read');
is(result_of($dir), '42809', 'a directory');
is(result_of("$dir/pipe"), '42809', 'a pipe');
is(result_of("$dir/socket"), '42809', 'a socket');
is(result_of('/dev/zero'), '42809', 'a device');
is(result_of("$small/file"), '42809', 'a file in a file');
is(result_of("$dir/round"), '22023', 'a link to itself');
is(result_of("$dir/" . 'x' x 256), '22023', 'a name that no file can have');
is(result_of(make_file(' ', 'blank')), '22023', 'a blank name');
is(result_of('/proc/self/status'), '55006', 'a file that has more in it than its size says');
is(tables_of($node, $database), $before, 'nothing was written');

# Narrow types have less room.
my $narrow = 'narrow';
create_narrow_ledger($node, $narrow);
my $nothing = tables_of($node, $narrow);
is(result_of(make_sparse_file('3 GB', 3 * 2**30), $narrow), '22003', 'narrow: a file of 3 GB');
is(result_of(make_sparse_file('2 GB', 2**31), $narrow), '22003', 'narrow: one byte too many');
is(tables_of($node, $narrow), $nothing, 'narrow: nothing was written');
chmod oct(700), "$dir/closed";
close $socket;

# A file of more than PostgreSQL's 1 GB takes no room, neither on disk nor in memory.
use constant LARGE => 1_100_000_000;
my $large = make_sparse_file('large', LARGE);
my $large_hash = Digest::SHA->new(256)->addfile($large, 'b')->hexdigest;
make_sparse_file('megabyte', 2**20);

# The most memory that the session's process has ever had, in kilobytes.
my $peak = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB');};
my $ingest_object = q{SELECT file_hash FROM docs.ingest_large_object(:object, 'object', 't');};
my $grow_object = q{
	BEGIN;
	SELECT lowrite(0, '\x00') FROM lo_open(:object, x'20000'::int) fd,
		LATERAL lo_lseek64(fd, %d - 1, 0) \g /dev/null
	COMMIT;};
my ($out, $err) = run_script(
	$node, $database, undef, join "\n",
	"SELECT is_duplicate FROM docs.ingest_file('$dir/megabyte', 't');", $peak,
	"SELECT file_hash FROM docs.ingest_file('$large', 't');", $peak,
	'SELECT lo_create(0) AS object \gset', sprintf($grow_object, 2**20), $ingest_object, $peak,
	sprintf($grow_object, LARGE), $ingest_object, $peak);
my (undef, $file_before, $file_hash, $file_after,
	undef, $object_before, $object_hash, $object_after) = split /\n/, $out;
is($err, '', '1.1 GB: no errors');
is($file_hash, $large_hash, '1.1 GB: the hash of a file');
is($object_hash, $large_hash, '1.1 GB: the hash of a large object');
is( $node->safe_psql(
		$database, "SELECT file_size_bytes FROM docs.documents WHERE file_hash = '$large_hash'"),
	LARGE,
	'1.1 GB: its size');
cmp_ok($file_after - $file_before,
	'<=', 1024, '1.1 GB: kilobytes of memory that a file takes more than one of 1 MB');
cmp_ok($object_after - $object_before,
	'<=', 1024, '1.1 GB: kilobytes of memory that a large object takes more than one of 1 MB');

# However many files a session reads, or fails to read within a transaction, none stays open.
$node->safe_psql($database,
	q{CREATE FUNCTION open_files() RETURNS bigint LANGUAGE sql AS
	  $$ SELECT count(*) FROM pg_ls_dir('/proc/self/fd') $$});
($out, $err) = run_script(
	$node, $database, undef, qq{
	SELECT FROM docs.ingest_file('$small', 't');
	SELECT open_files() AS before \\gset
	BEGIN;
	SELECT count(*) FROM generate_series(1, 3000), docs.ingest_file('$small', 't');
	DO \$\$
	BEGIN
		FOR i IN 1..100 LOOP
			BEGIN
				PERFORM docs.ingest_file('/proc/self/status', 't');
			EXCEPTION WHEN object_in_use THEN
				NULL;
			END;
		END LOOP;
	END \$\$;
	SELECT open_files() - :before;
	COMMIT});
is($err, '', 'many files: no errors');
is($out, "3000\n0", 'many files: none stays open');

# Files that change while they are read, and readers that are stopped.  The backend is halted in the
# middle of a file, so that each change comes at a known moment.
use constant HUGE_SIZE => 2**31 - 1;
my $huge = make_sparse_file('huge', HUGE_SIZE);

# Returns how far a process has read the file; undef if it has not opened it.
sub offset_in_file
{
	my ($pid) = @_;
	foreach my $descriptor (glob "/proc/$pid/fd/*")
	{
		next if (readlink $descriptor // '') ne $huge;
		my $info = slurp_file("/proc/$pid/fdinfo/" . ($descriptor =~ s/.*\///r));
		return $info =~ /^pos:\s*(\d+)/m ? $1 : undef;
	}
	return;
}

# Halts the client's backend once it has read part of the file; returns its process id.
sub halt_reader
{
	my ($pid, $offset);
	for (my $waited = 0; $waited < Ledger::PATIENCE && !defined $pid; $waited += 0.01)
	{
		sleep 0.01;
		$pid = $node->safe_psql('postgres',
			q{SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'client'}) || undef;
	}
	for (my $waited = 0; $waited < Ledger::PATIENCE && !$offset; $waited += 0.001)
	{
		sleep 0.001;
		$offset = eval { offset_in_file($pid) };
	}
	kill 'STOP', $pid;
	$offset = offset_in_file($pid);
	cmp_ok($offset, '>', 0, 'halted after the beginning of the file');
	cmp_ok($offset, '<', HUGE_SIZE, 'and before its end');
	return $pid;
}

my $write = sub {
	my ($offset) = @_;
	open my $file, '+<', $huge or die $!;
	seek $file, $offset, 0;
	print $file 'x';
	close $file or die $!;
};

# A reader that is cancelled does not read on to the end: there it would see that the file has
# grown.
my %changes = (
	'a file that grows' => { change => sub { $write->(HUGE_SIZE) }, state => '55006' },
	'a file that shrinks' => { change => sub { truncate $huge, 1000 }, state => '55006' },
	'a file that is rewritten' => { change => sub { $write->(0) }, state => '55006' },
	'a reader that is cancelled' => {
		change => sub {
			$write->(HUGE_SIZE);
			$node->safe_psql('postgres', "SELECT pg_cancel_backend($_[0])");
		},
		state => '57014'
	},
	'a reader that runs out of time' => {
		change => sub { $write->(HUGE_SIZE); sleep 2 },
		settings => q{SET statement_timeout = '2s';},
		state => '57014'
	});

$before = tables_of($node, $database);
foreach my $name (sort keys %changes)
{
	my $case = $changes{$name};

	# Last changed an hour ago, as far as the server can tell.
	make_sparse_file('huge', HUGE_SIZE);
	utime time - 3600, time - 3600, $huge;
	my $client = start_client(
		$node, $database, ($case->{settings} // '') . qq{
		SELECT * FROM docs.ingest_file('$huge', 't');
		BEGIN;
		SELECT is_duplicate, file_hash FROM docs.ingest_file('$small', 't');
		ROLLBACK;});
	my $pid = halt_reader();
	$case->{change}->($pid);
	kill 'CONT', $pid;
	($out, $err) = finish_client($client);
	like($err, qr/ERROR:  $case->{state}:(?!.*ERROR)/s, "$name: the error");
	is($out, "t|$small_hash\n", "$name: the session goes on");
	is(tables_of($node, $database), $before, "$name: nothing was written");
}
is(problems_of($node, $database), '', 'the ledger is consistent');

# A file's time, where there is a file system that stores it, is its modified_at, unless timestamptz
# cannot hold it.
SKIP:
{
	my %times = (
		'-1' => '1969-12-31 23:59:59+00',
		'9224318015999' => '294276-12-31 23:59:59+00',
		'9224318016000' => '',
		'-210866803200' => '4714-11-24 00:00:00+00 BC',
		'-210866803201' => '',
		'9223372036854775807' => '',
		'-9223372036854775808' => '');
	my $shm = -d '/dev/shm' && -w '/dev/shm'
	  && eval { File::Temp->new(TEMPLATE => 'files.XXXXXX', DIR => '/dev/shm') };

	skip 'no file system for times', 1 unless $shm;
	chmod 0644, "$shm" or die "$shm: $!";
	foreach my $time (sort keys %times)
	{
		system('touch', '-d', "\@$time", "$shm") == 0 or die "touch";
		skip 'the file system does not store all times', 1 if `stat -c %Y $shm` ne "$time\n";
		is( $node->safe_psql(
				$database, qq{
				SET timezone = 'UTC';
				SET datestyle = 'ISO';
				SELECT FROM docs.ingest_file('$shm', 'text/plain', location => '/$time');
				SELECT modified_at FROM docs.document_locations WHERE location = '/$time'}) =~ s/^\n//r,
			$times{$time},
			"time $time");
	}
}

done_testing();
