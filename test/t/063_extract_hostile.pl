# Hostile files and programs: each ends within its time, with the right status, reaches neither the
# network nor other files, and leaves no process behind.
use strict;
use warnings;

use Extract;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $program = build_extractor();
my $folder = PostgreSQL::Test::Utils::tempdir();

# A sanitizer takes its time.
my $slowness = $ENV{EXTRACT_SANITIZED} ? 4 : 1;

# Extracts one file with options, at most so long; checks that no process is left.
sub extract_within
{
	my ($name, $seconds, $file, @options) = @_;
	my $start  = time;
	my $result = extract_files([ '-s', 3 * $slowness, '-m', 256, '-t', 8, @options ], $file)->{$file};
	my $taken  = time - $start;

	cmp_ok($taken, '<', $seconds * $slowness, "$name: in time");
	return $result;
}

# Checks what becomes of a file, whose text or message has to match.
sub hostile_file
{
	my ($name, $bytes, $status, $pattern) = @_;
	my $result = extract_within($name, 12, write_file("$folder/$name", $bytes));

	is($result->{status}, $status, "$name: status") or diag($result->{message});
	like($status eq 'done' ? $result->{text} : $result->{message}, $pattern, "$name: why");
	return $result;
}

# Archives that are not what they seem
my $declaration = '<?xml version="1.0"?>';
my $zeros       = '0' x 10_000_000;
hostile_file('bomb.odt', make_odt('', content => $declaration . "<a>" . " " x 300_000_000 . "</a>"),
	'too large', qr/more than 256 MB|more memory/);
hostile_file(
	'long.docx', make_docx("<w:p><w:t>$zeros</w:t></w:p>"),
	'too large', qr/longer than 8388608 bytes/
);
my @document = (
	'word/document.xml',
	"$declaration<w:d xmlns:w='w'><w:p><w:t>" . 'text ' x 1000 . '</w:t></w:p></w:d>'
);
hostile_file('small.docx', make_zip([ '[Content_Types].xml', '<a/>' ], [ @document, size => 10 ]),
	'failed', qr/ZIP/);
hostile_file('large.docx',
	make_zip([ '[Content_Types].xml', '<a/>' ], [ @document, size => 0x7fffffff ]),
	'failed', qr/ZIP/);
hostile_file('packed.docx',
	make_zip([ '[Content_Types].xml', '<a/>' ], [ @document, packed_size => 0x7fffffff ]),
	'failed', qr/ZIP|no word/);
hostile_file(
	'many.docx',
	make_zip(
		[ '[Content_Types].xml', '<a/>' ],
		map { [ "word/$_.xml", '', method => 0 ] } 1 .. 6000
	),
	'too large',
	qr/too many parts/
);
hostile_file('up.epub', make_epub({ a => 'text' }, ['a'], [ '../../../etc/cron.d/x', 'x' ]),
	'done', qr/^text$/);
hostile_file(
	'bomb.gz',
	do
	{
		require IO::Compress::Gzip;
		my $bytes = ' ' x 300_000_000;
		IO::Compress::Gzip::gzip(\$bytes => \my $packed);
		$packed;
	},
	'too large',
	qr/more than 256 MB|more memory/
);

# XML that wants to be expanded, or to be completed by other files
my $bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
  . join('',
	map { "<!ENTITY " . chr($_ + 1) . ' "' . ('&' . chr($_) . ';') x 10 . '">' }
	  ord('a') .. ord('k'))
  . ']>';
my $body = '<o:c xmlns:o="o" xmlns:text="t"><o:body><text:p>';
my $end  = '</text:p></o:body></o:c>';
my $result =
  hostile_file('entities.odt',
	make_odt('', content => "$declaration$bomb$body before &l; after$end"),
	'failed', qr/not defined/);
my $secret = write_file("$folder/secret", 'a secret');
foreach my $doctype (
	qq{<!DOCTYPE a [<!ENTITY x SYSTEM "file://$secret">]>},
	qq{<!DOCTYPE a [<!ENTITY % p SYSTEM "file://$secret"> %p; <!ENTITY x "y">]>},
	'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'
  )
{
	$result = extract_within(
		'external entity',
		6,
		write_file(
			"$folder/external.odt",
			make_odt('', content => "$declaration$doctype${body}before &x; after$end")
		)
	);
	unlike($result->{text}, qr/secret/, 'external entity: nothing of another file');
}
hostile_file('deep.docx', make_docx('<w:p>' x 10000), 'failed', qr/nested too deep|[Dd]epth/);

# HTML and text without end
hostile_file('deep.html', '<html>' . '<div><b>' x 200_000 . 'text', 'done', qr/^text$/);
hostile_file(
	'attributes.html', '<p ' . join(' ', map { "a$_=$_" } 1 .. 5000) . '>text',
	'done',            qr/^text$/
);
hostile_file('unclosed.html', '<!--' x 100_000 . '<p>text', 'no text',   qr/no text/);
hostile_file('endless.txt',   'x' x 9_000_000,              'too large', qr/longer/);

# A line of a gigabyte, sparse but for its last bytes
open(my $line, '>:raw', "$folder/gigabyte.txt") or die $!;
print $line 'x' x 100_000;
seek($line, 1 << 30, 0);
print $line "\n";
close($line);
$result = extract_within('gigabyte.txt', 3, "$folder/gigabyte.txt");
is($result->{status}, 'too large', 'gigabyte.txt: status');

# Messages
my $nested = "text\n";
$nested = "Content-Type: message/rfc822\n\n$nested" foreach 1 .. 1000;
hostile_file('nested.eml', "From: a\n$nested", 'failed', qr/too many parts/);
hostile_file(
	'parts.eml', "From: a\nContent-Type: multipart/mixed; boundary=b\n\n" . "--b\n\nx\n" x 20_000,
	'failed',    qr/too many parts/
);

# A PDF file whose form draws itself, and one whose pages are their own parents
SKIP:
{
	skip 'pdftotext is missing', 1 unless `pdftotext -v 2>&1` =~ /^pdftotext version/;
	my $form  = '/F1 Do ' x 20;
	my %forms = map {
		(       50 + $_ => '<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F1 '
			  . (51 + $_)
			  . ' 0 R>>>>/Length '
			  . length($form)
			  . ">>stream\n$form\nendstream")
	} 0 .. 15;
	$result = extract_within(
		'forms.pdf',
		6,
		write_file(
			"$folder/forms.pdf",
			make_pdf(
				[$form],
				%forms,
				10 =>
				  '<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 11 0 R/Resources<</XObject<</F1 50 0 R>>>>>>'
			)
		)
	);
	is($result->{status}, 'failed', 'forms.pdf: status');
	like($result->{message}, qr/took/, 'forms.pdf: why');
	hostile_file('loop.pdf',
		make_pdf(['x'], 2 => '<</Type/Pages/Kids[2 0 R 10 0 R]/Count 2/Parent 2 0 R>>'),
		'no text', qr/./);
}

# The user's commands with hostile files.
my $image = write_file("$folder/image.png", "\x89PNG\r\n\x1a\nbytes");
my $mark  = "mark$$";

# Returns how many processes have a word in their command line, besides ourselves.  A minimal Debian
# has no ps.
sub processes_with
{
	my ($word) = @_;
	my $count = 0;

	foreach my $file (glob '/proc/[0-9]*/cmdline')
	{
		open(my $in, '<:raw', $file) or next;
		my $line = do { local $/; <$in> } // '';
		$count++ if $line =~ /\Q$word\E/ && $line !~ /test_extract|prove|\.pl/;
	}
	return $count;
}

sub hostile_command
{
	my ($name, $command, $status, $pattern) = @_;
	my $result = extract_within($name, 20, $image, '-c', "image/png=: $mark; $command");

	is($result->{status}, $status, "$name: status") or diag($result->{message});
	like($status eq 'done' ? $result->{text} : $result->{message}, $pattern, "$name: result");
	is(processes_with($mark),                       0, "$name: no process is left");
	my $parent = $ENV{TMPDIR} // '/tmp';
	is(scalar(() = glob("$parent/extract-command.*")), 0, "$name: no folder is left");
	return;
}

hostile_command('background', "sh -c 'sleep 60; : $mark' & echo text",
	'failed', qr/more than \d+ seconds/);
hostile_command('detached', "sh -c 'sleep 60; : $mark' >/dev/null 2>&1 & echo text",
	'done', qr/^text$/);
hostile_command('session', "setsid sh -c 'sleep 60; : $mark' 2>&1; true",
	'done', qr/not permitted/i);
hostile_command('group', q{perl -e 'setpgrp(0, 0) or print "refused: $!"'}, 'done', qr/refused/);
hostile_command('network',
	q{perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) or print "refused: $!"'},
	'done', qr/refused/);
hostile_command('local socket',
	q{perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0) or print "refused: $!"'},
	'done', qr/refused/);
hostile_command(
	'kill', q{perl -e 'print kill("TERM", getppid) ? "killed" : "refused: $!"'},
	'done', qr/refused/
);
hostile_command('processes', "perl -e 'fork while 1; # $mark'",
	'failed', qr/seconds|failed|too long/);
# AddressSanitizer itself needs more address space than the limit.
hostile_command('memory', q{perl -e '$x .= "x" x 1e7 while 1'},
	'failed', qr/the command (failed|ended)/)
  if !$ENV{EXTRACT_SANITIZED};
hostile_command('time',    'while :; do :; done',            'failed',    qr/took (more|too)/);
hostile_command('output',  'yes',                            'too large', qr/longer/);
hostile_command('disk',    'yes >file',                      'failed',    qr/size/i);
hostile_command('folder',  'echo text >file; cat file; pwd', 'done', qr/^text\n.*extract-command/);
hostile_command('modes',   'mkdir -p a/b; >a/b/c; chmod 0 a/b a .; echo text', 'done', qr/^text$/);
hostile_command('nothing', 'exit 0',                         'no text', qr/no text/);
hostile_command('missing', 'nosuchprogram',                  'failed',  qr/127/);
hostile_command('stopped', 'kill -STOP $$; echo went on',    'done',    qr/went on/);

# Files of the user that runs the loader are out of reach, where the kernel has Landlock.
SKIP:
{
	my $note = `loader/test_extract 2>&1`;
	skip 'no Landlock here', 1 if $note =~ /Landlock/;

	# Paths in a command are what it may read, so these are made from parts.
	chmod 0755, $folder;
	chmod 0644, $secret;
	my ($parts) = $secret =~ s/^\///r;
	$result = extract_within('files', 6, $image, '-c',
		"image/png=s=/; cat \${s}$parts; ls \${s}tmp \${s}proc; echo x >\${s}tmp/extract$mark; true"
	);
	is($result->{text} =~ s/\n//gr, '', 'files: a command reads none, and lists no folder');
	ok(!-e "/tmp/extract$mark", 'files: it writes none');
	$ENV{PGPASSWORD} = 'a secret';
	$result = extract_within('environment', 6, $image, '-c', 'image/png=env');
	unlike($result->{text}, qr/secret/, 'the environment is clean');
}

# System calls that would reach other processes, what lasts, or the user's files.  Numbers of errors:
# 1 is EPERM, 38 ENOSYS.
SKIP:
{
	skip 'no seccomp filters here', 1 if `loader/test_extract 2>&1` =~ /seccomp/;
	my $sandbox = build_program('test_sandbox');
	my $own     = write_file("$folder/own", 'a file of the user');
	my %allowed = (
		parser  => 'open',
		program => 'open',
		command => 'open chmod fchmod chown utimensat setxattr'
	);

	# Root's children are nobody's.
	chown 65534, 65534, $own if $> == 0;
	foreach my $kind (sort keys %allowed)
	{
		my %errors = map { /^(.*): (\d+)$/ } `$sandbox $kind $own <$own`;

		cmp_ok(scalar keys %errors, '>=', 42, "$kind: all calls were tried");
		is(delete $errors{$_}, 38, "$kind: no $_") foreach 'clone3', 'a call of the future';
		delete $errors{$_} foreach split / /, $allowed{$kind};
		is(join(' ', grep { $errors{$_} != 1 } sort keys %errors), '', "$kind: the rest is refused");
	}
	foreach my $architecture (`uname -m` eq "x86_64\n" ? ('x32', 'i386') : ())
	{
		system($sandbox, $architecture);
		# Some kernels lack i386 at all.
		like($? & 127, qr/^(31|11)$/, "a call of $architecture ends the process");
	}
	is(-s $own, 18, 'the file is whole');
}

# Descriptors, limits and identity of a command
$result = extract_within('descriptors', 6, $image, '-c',
	q{image/png=perl -MPOSIX -e 'print scalar(grep { defined POSIX::dup($_) } 3 .. 100), "\n"'; }
	  . 'ulimit -n; ulimit -v; id -u');
my ($count, $files, $memory, $user) = split /\n/, $result->{text};
is($count, 0,   'a command has no descriptors but the standard ones');
is($files, 256, 'and few may be added');
is($memory, 256 * 1024, 'its memory is limited') if !$ENV{EXTRACT_SANITIZED};
isnt($user, 0, 'it is not run by root');

# More children than there is room for wait for each other.
{
	my @images = map { write_file("$folder/many$_.png", "\x89PNG\r\n\x1a\nbytes") } 1 .. 270;
	my $results =
	  extract_files([ '-s', 30, '-j', 270, '-c', 'image/png=exec sleep 3' ], @images);
	is(scalar(grep { $_->{status} eq 'no text' } values %$results), 270, 'many children: all run');

	# And each may have processes.
	$results = extract_files([ '-s', 30, '-j', 120, '-c', 'image/png=sleep 2 | cat; echo text' ],
		@images[ 0 .. 119 ]);
	is(scalar(grep { $_->{status} eq 'done' } values %$results), 120, 'many processes: all run');
}

# Without seccomp, a process leaves its group; it ends with its file all the same, and the loader does
# not wait for it.
SKIP:
{
	skip 'the kernel does not list children', 1 if !-e '/proc/thread-self/children';
	my $unfiltered = build_program('test_extract_unfiltered');
	my $start      = time;
	my $result     = extract_files_with(
		$unfiltered,
		[
			'-s', 3, '-c',
			"image/png=setsid sh -c 'sleep 30; : stray$mark' >/dev/null 2>&1 & sleep 0.5; echo text"
		],
		$image
	)->{$image};

	like(`$unfiltered 2>&1`, qr/seccomp/, 'without seccomp: a note');
	is($result->{status}, 'done', 'without seccomp: status');
	cmp_ok(time - $start, '<', 12, 'without seccomp: in time');
	is(processes_with("stray$mark"), 0, 'without seccomp: no process is left');
}

# When the loader dies, its children do.
my $killed = fork() // die $!;
if ($killed == 0)
{
	exec($program, '-s', 60, '-c', "image/png=sleep 50; : killed$mark", $image)
	  or POSIX::_exit(127);
}
for (1 .. 100)
{
	last if processes_with("killed$mark") > 0;
	sleep 0.1;
}
cmp_ok(processes_with("killed$mark"), '>', 0, 'a command runs');
kill 'KILL', $killed;
waitpid($killed, 0);
for (1 .. 100)
{
	last if processes_with("killed$mark") == 0;
	sleep 0.1;
}
is(processes_with("killed$mark"), 0, 'the loader was killed: so is its command');

done_testing();
