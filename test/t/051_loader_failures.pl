# The loader and files that cannot be loaded, or have odd names: none of them stops the others, and
# nothing counts as vanished that may be there.
use strict;
use warnings;

use Cwd;
use Fcntl;
use File::Path qw(remove_tree);
use IO::Socket::UNIX;
use Ledger;
use Loader;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

require_loader();
my $node = start_server('loader_failures');
my $folder = PostgreSQL::Test::Utils::tempdir();

# Returns the failures in error_log that are open, without the start of their locations.
sub open_failures
{
	my ($database, $below) = @_;
	return $node->safe_psql(
		$database, qq{
		SELECT error_type, error_message, replace(location, '$below', ''), ingestion_source
		FROM docs.error_log WHERE NOT retry_attempted AND resolution_notes IS NULL
		ORDER BY location});
}

# Unreadable files and folders. Root reads everything, so root tests nothing of this.
SKIP:
{
	skip 'root can read everything', 1 if $> == 0;
	create_new_ledger($node, 'unreadable');
	my $files = "$folder/unreadable";
	write_content("$files/a", 'a');
	write_content("$files/locked/b", 'b');
	write_content("$files/c", 'c');
	load($node, 'unreadable', '--source', 's', $files);
	write_content("$files/new", 'new');
	chmod 0, "$files/locked", "$files/c", "$files/new";
	utime 1, 1, "$files/c";
	my ($status, $summary, $objects) = load_json($node, 'unreadable', '--source', 's', $files);
	is($status, 3, 'unreadable: exit status');
	is("$summary->{seen} $summary->{unchanged} $summary->{failed} $summary->{vanished}",
		'3 1 3 0', 'unreadable: counts');
	is_deeply(
		[ sort map { "$_->{type} $_->{class} $_->{message}" } @$objects ],
		[
			'failure file_unreadable Permission denied',
			'failure file_unreadable Permission denied',
			'failure folder_unreadable Permission denied'
		],
		'unreadable: failures in JSON');
	my $expected = join "\n", 'file_unreadable|Permission denied|/c|s',
	  'folder_unreadable|Permission denied|/locked|s', 'file_unreadable|Permission denied|/new|s';
	is(open_failures('unreadable', $files), $expected, 'unreadable: failures in error_log');
	load($node, 'unreadable', '--source', 's', $files);
	is(open_failures('unreadable', $files), $expected, 'unreadable again: no row is repeated');

	# Only these are tried again.
	chmod 0755, "$files/locked";
	chmod 0644, "$files/c";
	write_content("$files/later", 'later');
	($status, $summary) = load_json($node, 'unreadable', '--source', 's', '--retry-failed', $files);
	is("$status $summary->{seen} $summary->{unchanged} $summary->{failed}", '3 2 1 1',
		'--retry-failed: exit status and counts');
	is(open_failures('unreadable', $files), 'file_unreadable|Permission denied|/new|s',
		'--retry-failed: what is left');
	unlink "$files/new";
	($status) = load_json($node, 'unreadable', '--source', 's', '--retry-failed', $files);
	is($status, 0, '--retry-failed: the file has vanished');
	is(open_failures('unreadable', $files), '', '--retry-failed: nothing is left');
	is(scans_of($node, 'unreadable'), "3|3|0|0|0\n3|0|0|0|3\n3|0|0|0|3",
		'--retry-failed: no scan is recorded');
}

# A folder that can be read, but not searched.
SKIP:
{
	skip 'root can read everything', 1 if $> == 0;
	create_new_ledger($node, 'listed');
	my $files = "$folder/listed";
	write_content("$files/$_", $_) foreach qw(a/b a/c a/d/e f);
	load($node, 'listed', '--source', 's', $files);
	chmod 0444, "$files/a";
	my ($status, $summary) = load_json($node, 'listed', '--source', 's', $files);
	chmod 0755, "$files/a";
	is("$status $summary->{failed} $summary->{vanished}", '3 1 0', 'not searchable: counts');
	is(open_failures('listed', $files), 'folder_unreadable|Permission denied|/a|s',
		'not searchable: the failure');
	chmod 0444, $files;
	($status, $summary) = load_json($node, 'listed', '--source', 's', $files);
	chmod 0755, $files;
	is("$status $summary->{failed} $summary->{vanished}", '3 1 0', 'PATH not searchable: counts');
	($status, $summary) = load_json($node, 'listed', '--source', 's', '--retry-failed', $files);
	is("$status " . open_failures('listed', $files), '0 ', 'not searchable: settled');

	# A name that is blank, and as long as an escape as no name may be.
	my $blank = ' ' x 200;
	write_content("$files/$blank", 'blank');
	chmod 0, "$files/$blank";
	($status, $summary) = load_json($node, 'listed', '--source', 's', $files);
	is("$status $summary->{unchanged} $summary->{failed}", '3 4 1', 'long blank name: counts');
	is($node->safe_psql('listed', q{
			SELECT location LIKE '%/listed/' || repeat(' ', 200), file_name = left(repeat('%20', 200), 500)
			FROM docs.error_log WHERE NOT retry_attempted AND resolution_notes IS NULL}),
		't|t', 'long blank name: the failure');
}

# Errors of the disk.
create_new_ledger($node, 'disk');
my $disk = "$folder/disk";
write_content("$disk/$_/$_", $_) foreach qw(a b c);
load($node, 'disk', '--source', 's', $disk);
foreach my $case (
	[ FAULT_STAT => 'file_unreadable|Input/output error|/b/b|s' ],
	[ FAULT_READDIR => 'folder_unreadable|Input/output error|/b|s' ])
{
	my ($fault, $expected) = @$case;
	my ($status, $summary) =
	  with_faults({ $fault => 'b' }, sub { load_json($node, 'disk', '--source', 's', "$disk/b") });
	is("$status $summary->{failed} $summary->{vanished}", '3 1 0', "$fault: counts");
	is(open_failures('disk', $disk), $expected, "$fault: the failure");
	load($node, 'disk', '--source', 's', '--retry-failed', $disk);
	is(open_failures('disk', $disk), '', "$fault: settled");
	($status, $summary) = with_faults({ $fault => 'b' },
		sub { load_json($node, 'disk', '--source', 's', '--exclude=b', $disk) });
	is("$status $summary->{failed} $summary->{vanished}", '0 0 0', "$fault: excluded")
	  if $fault eq 'FAULT_STAT';
}

# Odd names.
create_new_ledger($node, 'names');
my $odd = "$folder/odd";
my %names = (
	"new\nline" => undef,
	q{quotes ' " \\ `$(x)`} => undef,
	"tab\tand \e[31m" => undef,
	' ' => undef,
	' ' x 200 => undef,
	"\xC2\x9B31m" => undef,
	"\xE2\x80\xAEtxt.exe" => undef,
	'#hash' => undef,
	'%41' => undef,
	"\xC3\xA4 UTF-8" => undef,
	"\xE4 Latin-1" => '%E4%20Latin-1',
	("x" x 255) => undef,
	("\xE4" x 255) => '%E4' x 255);
write_content("$odd/$_", "content of $_") foreach keys %names;
my ($status, $summary) = load_json($node, 'names', '--source', 's', $odd);
is("$status $summary->{new} $summary->{failed}", '0 13 0', 'odd names: all are loaded');
my @expected = map { defined $names{$_} ? "file://$odd/$names{$_}" : "$odd/$_" } keys %names;
is( $node->safe_psql(
		'names', q{SELECT string_agg(location, E'\n---\n' ORDER BY location COLLATE "C")
		FROM docs.current_locations}),
	join("\n---\n", sort @expected),
	'odd names: locations');
is( $node->safe_psql(
		'names', q{SELECT file_name FROM docs.documents
		WHERE file_name LIKE '%Latin-1' OR file_name LIKE '\%2%'  ORDER BY file_name}),
	"%20\n" . '%20' x 166 . "%2\n\xEF\xBF\xBD Latin-1",
	'odd names: a blank one, and one with bytes that are not UTF-8');
($status, $summary) = load_json($node, 'names', '--source', 's', $odd);
is("$status $summary->{unchanged} $summary->{vanished}", '0 13 0', 'odd names: unchanged');
unlink "$odd/\xE4 Latin-1", "$odd/%41";
($status, $summary) = load_json($node, 'names', '--source', 's', $odd);
is("$status $summary->{unchanged} $summary->{vanished}", '0 11 2', 'odd names: vanished');
my (undef, $out, $err) = load($node, 'names', '--source', 's', '--rescan', '-v', $odd);
unlike($out, qr/[\e\t]|\xC2\x9B|\xE2\x80\xAE/, 'odd names: no control characters in what is shown');


# Nor are any in messages, whatever they quote.
foreach my $arguments (
	["$folder/\e[31m"], ["$folder/\x9B31m"], ["$folder/\xC2\x9B31m"], [ "--max-size=\e[31m", $odd ],
	["--\e[31m"], ["-\x9B"], ["--json=\e[31m"], [ '--exclude-from', "\e[31m", $odd ],
	[ '--source', "\x9B", $odd ], [ '--schema', "\e[31m", $odd ])
{
	($status, $out, $err) = load($node, 'names', @$arguments);
	is("$status $out", '1 ', 'odd arguments: exit status');
	like($err, qr/^doc_extractor: error: .*\\x(1b|9b)|takes no argument/, 'odd arguments: message');
	unlike($err, qr/[\e\x9B]/, 'odd arguments: no control characters');
}
($status, $out) = load($node, 'names', '--source', "\e[31m", '--json', $odd);
unlike($out, qr/\e/, 'odd source: no control characters in JSON');
$node->command_checks_all([ 'doc_extractor', 'status', '-d', $node->connstr('names') ],
	0, [qr/ \\x1b\[31m /], [qr/^$/], 'odd source: status');

# The names of sources that the server would refuse.
foreach my $case ([ ' ', 'is blank' ], [ 'x' x 256, 'has more than 255 characters' ])
{
	my ($source, $expected) = @$case;
	($status, undef, $err) = load($node, 'names', '--source', $source, $odd);
	is($status, 1, "bad source: exit status");
	like($err, qr/the name of the source $expected/, 'bad source: message');
}

# A root with such a name, and files below it.
write_content("$folder/\xFF/\xC3\xA4", 'x');
write_content("$folder/\xFF/y", 'y');
($status, $summary) = load_json($node, 'names', '--source', 'root', "$folder/\xFF");
is("$status $summary->{new}", '0 2', 'odd root: loaded');
($status, $summary) = load_json($node, 'names', '--source', 'root', "$folder/\xFF");
is("$status $summary->{unchanged}", '0 2', 'odd root: unchanged');

# A database that cannot hold all characters.
$node->safe_psql('postgres', q{
	CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('latin1',
	"CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2'");
write_content("$folder/latin1/\xC3\xA4", 'a umlaut');
write_content("$folder/latin1/\xE2\x82\xAC", 'euro');
($status, $summary) = load_json($node, 'latin1', '--source', 's', "$folder/latin1");
is("$status $summary->{new}", '0 2', 'LATIN1: loaded');
is( $node->safe_psql(
		'latin1', qq{
		SET client_encoding = 'UTF8';
		SELECT replace(location, '$folder/latin1', ''), file_name
		FROM docs.current_locations JOIN docs.documents d ON d.id = document_id ORDER BY 2}),
	"file:///%E2%82%AC|?\n/\xC3\xA4|\xC3\xA4",
	'LATIN1: locations and names');
($status, $summary) = load_json($node, 'latin1', '--source', 's', "$folder/latin1");
is("$status $summary->{unchanged}", '0 2', 'LATIN1: unchanged');

# A path of over 4,096 bytes.
create_new_ledger($node, 'deep');
my $here = getcwd();
mkdir "$folder/deep" or die $!;
chdir "$folder/deep";
foreach (1 .. 25)
{
	mkdir 'd' x 200 or die $!;
	chdir 'd' x 200 or die $!;
}
sysopen(my $deep, 'file', O_WRONLY | O_CREAT) or die $!;
syswrite($deep, 'deep');
close $deep;
chdir $here;
($status, $summary) = load_json($node, 'deep', '--source', 's', "$folder/deep");
is("$status $summary->{new} $summary->{bytes}", '0 1 4', 'deep: loaded');
cmp_ok($node->safe_psql('deep', 'SELECT length(location) FROM docs.current_locations'),
	'>', 5000, 'deep: its location');
($status, $summary) = load_json($node, 'deep', '--source', 's', "$folder/deep");
is("$status $summary->{unchanged}", '0 1', 'deep: unchanged');

# A kernel, or a container, without openat2().
create_new_ledger($node, 'old_kernel');
with_faults(
	{ FAULT_OPENAT2 => 1 },
	sub {
		($status, $summary) = load_json($node, 'old_kernel', '--source', 's', $odd, "$folder/deep");
		is("$status $summary->{new}", '0 12', 'without openat2: loaded');
	});

# What is no file: links, loops of links, pipes, sockets, devices.
create_new_ledger($node, 'special');
my $special = "$folder/s";
write_content("$special/file", 'file');
symlink '.', "$special/loop";
symlink 'file', "$special/link";
symlink 'nowhere', "$special/dangling";
mkfifo("$special/pipe", 0600);
my $socket = IO::Socket::UNIX->new(Local => "$special/sock", Listen => 1);
($status, $summary) = load_json($node, 'special', '--source', 's', $special);
is("$status $summary->{seen} $summary->{new}", '0 1 1', 'no files: only the file is seen');
($status) = load_json($node, 'special', '/dev/null');
is($status, 1, 'no files: a device is no PATH');
unlink "$special/file";
symlink 'pipe', "$special/file";
($status, $summary) = load_json($node, 'special', '--source', 's', $special);
is("$status $summary->{vanished}", '0 1', 'no files: a file that became a link has vanished');

# Folders that are swapped for links to others between the walk and the open.
sub processes
{
	my ($command) = @_;
	my @found;
	foreach my $file (glob '/proc/[0-9]*/cmdline')
	{
		open my $cmdline, '<', $file or next;
		push @found, $file if (<$cmdline> // '') eq $command;
	}
	return @found;
}

foreach my $fault ({}, { FAULT_OPENAT2 => 1 })
{
	my $database = %$fault ? 'swapped_by_entries' : 'swapped';
	create_new_ledger($node, $database);
	my $swapped = "$folder/$database";
	write_content("$swapped/in/$_/file.txt", 'inside') foreach qw(a b);
	write_content("$swapped/out/file.txt", 'outside');
	# The extractor of the first file takes a while; the second one waits for its turn.
	my $swap_loader = with_faults($fault,
		sub { start_loader($node, $database, '--source', 's', '-j', 1,
			'--extractor=text/plain=sleep 1.7309; cat', "$swapped/in") });
	wait_until(sub { processes("sleep\0001.7309\0") });
	foreach my $name (qw(a b))
	{
		rename "$swapped/in/$name", "$swapped/$name";
		symlink "$swapped/out", "$swapped/in/$name";
	}
	$swap_loader->{run}->finish;
	is($swap_loader->{run}->full_result(0) >> 8, 3, "$database: exit status");
	is( $node->safe_psql($database, 'SELECT string_agg(document_text, $$ $$) FROM docs.documents'),
		'inside', "$database: nothing was read through a link");
	like(open_failures($database, $swapped), qr{^file_vanished\|.*\|/in/[ab]/file.txt\|s$},
		"$database: the failure");
}

# A file that grows all the time, one that is written to in its middle, and a quiet one.
create_new_ledger($node, 'growing');
my $growing = "$folder/growing";
write_content("$growing/quiet", 'quiet');
write_content("$growing/log", '');
write_content("$growing/middle", '');
truncate "$growing/$_", 200_000_000 foreach qw(log middle);
my $loader = start_loader($node, 'growing', '--source', 's', '-j', 1, $growing);
open my $log, '>>', "$growing/log" or die $!;
open my $middle, '+<', "$growing/middle" or die $!;
while ($loader->{run}->pumpable)
{
	syswrite $log, 'more';
	sysseek $middle, 1000, 0;
	syswrite $middle, 'more';
	usleep(1000);
	$loader->{run}->pump_nb;
}
$loader->{run}->finish;
is($loader->{run}->full_result(0) >> 8, 3, 'growing: exit status');
is( open_failures('growing', $growing),
	join("\n", map { "file_changed|the file changes while it is read|/$_|s" } qw(log middle)),
	'growing: the failure');
is(documents_at($node, 'growing', $growing), '/quiet|5', 'growing: the other file is loaded');
($status, $summary) = load_json($node, 'growing', '--source', 's', $growing);
is("$status $summary->{new}", '0 2', 'growing: they are loaded once they are quiet');
is(open_failures('growing', $growing), '', 'growing: the failures are settled');

# The server refuses documents: by a constraint, and by a value that fails the statement.
create_new_ledger($node, 'refused');
my $refused = "$folder/refused";
write_content("$refused/$_", $_) foreach 1 .. 20;
$node->safe_psql('refused', q{
	ALTER TABLE docs.documents ADD CONSTRAINT no_seven CHECK (file_name <> '7')});
($status, $summary) = load_json($node, 'refused', '--source', 's', $refused);
is("$status $summary->{new} $summary->{failed}", '3 19 1', 'refused: exit status and counts');
like(open_failures('refused', $refused),
	qr/^check_violation\|.*"no_seven".*\|\/7\|s$/, 'refused: the failure');
$node->safe_psql('refused', 'ALTER TABLE docs.documents DROP CONSTRAINT no_seven');
($status, $summary) = load_json($node, 'refused', '--source', 's', '--retry-failed', $refused);
is("$status $summary->{new}", '0 1', 'refused: retried');
is(open_failures('refused', $refused), '', 'refused: nothing is left');

# It refuses a failure.
create_new_ledger($node, 'refused_failures');
$node->safe_psql('refused_failures', q{
	ALTER TABLE docs.error_log ADD CONSTRAINT no_seven CHECK (file_name <> '7')});
($status, $summary, undef, $err) = load_json($node, 'refused_failures', '--source', 's',
	'--extractor=text/plain=exit 3', $refused);
is("$status $summary->{new} $summary->{failed}", '3 20 20', 'refused failure: exit status and counts');
is($node->safe_psql('refused_failures', 'SELECT count(*) FROM docs.error_log'),
	19, 'refused failure: the others are in error_log');
like($err, qr{/7: could not write the failure to error_log: .*"no_seven"}, 'refused failure: message');
is(scans_of($node, 'refused_failures'), '20|20|0|0|20', 'refused failure: the scan');

# Without a privilege, it says so and ends.
$node->safe_psql('refused', 'CREATE ROLE nobody LOGIN');
write_content("$refused/21", '21');
($status, undef, $err) = load($node, 'refused', '-U', 'nobody', '--source', 's', $refused);
is($status, 1, 'no privilege: exit status');
like($err, qr/permission denied for schema docs/, 'no privilege: message');
# What the manual says that a loader needs.
my $manual = slurp_file('doc/loader.md');
my ($grants) = $manual =~ /```sql\n(GRANT .*?)```/s or die 'the manual has no grants';
$node->safe_psql('refused', $grants =~ s/\bloader\b/nobody/gr);
($status, $summary) = load_json($node, 'refused', '-U', 'nobody', '--source', 's', $refused);
is("$status $summary->{new} $summary->{unchanged}", '0 1 20', 'privileges of the manual: load');
unlink "$refused/21";
chmod 0, "$refused/20";
utime 1, 1, "$refused/20";
($status, $summary) = load_json($node, 'refused', '-U', 'nobody', '--source', 's', $refused);
is("$status $summary->{vanished} $summary->{failed}", '3 1 1', 'privileges of the manual: a failure');
chmod 0644, "$refused/20";
($status) = load($node, 'refused', '-U', 'nobody', '--source', 's', '--retry-failed', $refused);
is($status, 0, 'privileges of the manual: --retry-failed');
foreach my $command (qw(status verify))
{
	$node->command_ok([ 'doc_extractor', $command, '-d', $node->connstr('refused'), '-U', 'nobody' ],
		"privileges of the manual: $command");
}

# What is not looked at does not vanish.
create_new_ledger($node, 'unseen');
my $unseen = "$folder/unseen";
foreach my $name (qw(mount/a cache/b excluded/c d.tmp e here/f))
{
	write_content("$unseen/$name", $name);
}
load($node, 'unseen', '--source', 's', $unseen);
remove_tree("$unseen/$_") foreach qw(mount cache excluded here);
unlink "$unseen/d.tmp";
write_content("$unseen/cache/CACHEDIR.TAG", 'Signature: 8a477f597d28d172789f06886806bc55 etc.');
write_content("$unseen/cache/new", 'new');
mkdir "$unseen/mount";
write_content("$folder/fstab", "none $unseen/mount ext4 defaults 0 0\n");
{
	local $ENV{LIBMOUNT_FSTAB} = "$folder/fstab";
	($status, $summary) = load_json($node, 'unseen', '--source', 's', '--exclude-caches',
		'--exclude=excluded/', '--exclude=*.tmp', $unseen);
}
is("$status $summary->{seen} $summary->{vanished}", '0 1 1', 'not looked at: counts');
is( documents_at($node, 'unseen', $unseen),
	"/cache/b|7\n/d.tmp|5\n/e|1\n/excluded/c|10\n/mount/a|7",
	'not looked at: what has not vanished');
($status, $summary) = load_json($node, 'unseen', '--source', 's', '--include=e', $unseen);
is("$status $summary->{seen} $summary->{vanished}", '0 1 0', 'not included: nothing vanishes');
($status, $summary) = load_json($node, 'unseen', '--source', 's', '-n', $unseen);
is("$status $summary->{seen} $summary->{vanished}", '0 3 4', 'looked at: the rest vanishes');

{
	local $ENV{LIBMOUNT_FSTAB} = "$folder/fstab";
	($status, $summary) = load_json($node, 'unseen', '--source', 's', '-n', "$unseen/mount");
	is("$status $summary->{failed} $summary->{vanished}", '3 1 0',
		'not looked at: a PATH where nothing is mounted is a failure');
}

# A file system that fstab does not name, and that is not mounted any more.
SKIP:
{
	my $files = "$folder/mounted";
	my $disk = "$files/disk";
	my @in_namespace = qw(unshare --user --map-root-user --mount sh -c);
	my @load = ('load', '-d', $node->connstr('mounted'), '-U', scalar getpwuid($>), '--source', 's');

	write_content("$files/here", 'here');
	mkdir $disk;
	skip 'no file system can be mounted here', 1
	  if !run_log([ @in_namespace, 'mount -t tmpfs none "$1"', 'sh', $disk ]);
	create_new_ledger($node, 'mounted');
	$node->command_ok(
		[   @in_namespace,
			'mount -t tmpfs none "$1" && echo a >"$1/a" && mkdir "$1/b" && echo c >"$1/b/c" && shift &&
			exec "$@"',
			'sh', $disk, 'doc_extractor', @load, $files
		],
		'a file system is mounted');
	my $names = ($disk =~ tr|/||);
	is( $node->safe_psql(
			'mounted', qq{SELECT count(*) FROM docs.current_locations
				WHERE location ~ '/disk/' AND fingerprint ~ ' mount $names( recent)?\$'}),
		2, 'a fingerprint has the mount point');
	foreach my $state ('empty', 'gone')
	{
		rmdir $disk if $state eq 'gone';
		my ($status, $summary, undef, $error) = load_json($node, 'mounted', '--source', 's', $files);
		is("$status $summary->{vanished}", '0 0', "not mounted, the folder is $state: nothing vanishes");
		like($error, qr/no file system is mounted on "\Q$disk\E"/, 'this is said');
		is(() = $error =~ /no file system/g, 1, 'once');
	}
	mkdir $disk;
	my ($out, $error) = ('', '');
	ok( IPC::Run::run([   @in_namespace, 'mount -t tmpfs none "$1" && shift && exec "$@"', 'sh', $disk,
				'doc_extractor', @load, '-n', '-v', $files
			],
			'>' => \$out, '2>' => \$error),
		'an empty file system is mounted');
	is(() = $out =~ /vanish/g, 3, 'the files of another one have vanished') or diag("$out$error");
	write_content("$disk/other", 'other');
	my ($status, $summary) = load_json($node, 'mounted', '--source', 's', $files);
	is("$status $summary->{vanished}", '0 2', 'the folder has another file: they vanish');
}

# Other file systems.
SKIP:
{
	my @device = map { (stat $_)[0] } '/dev', '/dev/shm';
	skip '/dev/shm is no file system of its own', 1
	  if grep(!defined, @device) || $device[0] == $device[1] || !-w '/dev/shm';
	my $file = File::Temp->new(DIR => '/dev/shm');
	my @arguments = ('-n', '-v', '/dev');
	(undef, $out) = load($node, 'unseen', @arguments);
	like($out, qr/would add: \Q$file\E\n/, 'another file system is looked into');
	(undef, $out) = load($node, 'unseen', '--one-file-system', @arguments);
	unlike($out, qr/\Q$file\E/, '--one-file-system: it is not');
}

done_testing();
