# Real files of this machine's packages: the loader's extractors find the words that independent
# programs find in them.
use strict;
use warnings;

use Extract;
use PostgreSQL::Test::Utils;
use Test::More;

build_extractor();
my $folder = PostgreSQL::Test::Utils::tempdir();

# There is at least one office file of each kind.
my @texts = ('Two <b>words</b> &amp; more', "\xc3\x84pfel, \xe6\x97\xa5\xe6\x9c\xac", 1 .. 200);
s/<.*?>//g foreach @texts;
write_file("$folder/made.docx",
	make_docx(join '', map { "<w:p><w:r><w:t>$_ </w:t></w:r></w:p>" } @texts));
write_file(
	"$folder/made.odt",
	make_odt(
		'',
		content => '<o:c xmlns:o="o" xmlns:text="t"><o:body>'
		  . join('', map { "<text:p>$_</text:p>" } @texts)
		  . '</o:body></o:c>'
	)
);

# Other folders to search, separated by spaces
my $more = $ENV{EXTRACT_COMPARE} // '';

# Returns the first files of at most a megabyte that a pattern of find has.
sub find_files
{
	my ($pattern, $count) = @_;
	my @files = split /\0/,
	  `find /usr/share /usr/lib/python3 /usr/lib/libreoffice $folder $more -xdev -type f -size -1024k -name '$pattern' -print0 2>/dev/null | LC_ALL=C sort -z | head -z -n $count`;
	return @files;
}

# Returns the words of the first that the second lacks, as a sorted list.
sub missing_words
{
	my ($first, $second) = @_;
	return sort grep { $first->{$_} > ($second->{$_} // 0) } keys %$first;
}

# A pattern of names, the program to compare with (FILE is the file), and what only that program
# writes: names of images, buttons, numbers of lists.
my @kinds = (
	[ '*.docx',   20, 'docx2txt FILE -',                          qr/^\0/ ],
	[ '*.od[tp]', 20, 'odt2txt --encoding=UTF-8 --width=-1 FILE', qr/\[-- .*? --\]/ ],
	[ '*.ott',    20, 'odt2txt --encoding=UTF-8 --width=-1 FILE', qr/\[-- .*? --\]/ ],
	[
		'*.html', 60,
		'w3m -dump -T text/html -O UTF-8 -cols 10000 FILE',
		qr/\[[^\]\n]*\]|^ *(\d+|[ivx]+)\. /m
	],
	[ '*.pdf', 20, 'pdftotext -enc UTF-8 FILE -', qr/^\0/ ]
);

foreach my $kind (@kinds)
{
	my ($pattern, $count, $command, $own) = @$kind;
	my ($program) = $command =~ /^(\S+)/;
	my @files = find_files($pattern, $count);

	SKIP:
	{
		skip "$program is missing", 1 if system("command -v $program >/dev/null") != 0;
		skip "no $pattern here",    1 if @files == 0;
		my $results = extract_files([], @files);
		my ($words, $differing) = (0, 0);

		foreach my $file (@files)
		{
			my $quoted  = $command =~ s/FILE/'$file'/r;
			my $theirs  = words_of(`$quoted 2>/dev/null` =~ s/$own//gr);
			my $result  = $results->{$file};
			my $ours    = words_of($result->{text});
			my @missing = missing_words($theirs, $ours);

			# Where the other program fails there is nothing to compare.
			next if !%$theirs || $result->{status} ne 'done';
			$words     += scalar keys %$theirs;
			$differing += @missing;
			utf8::encode($_) foreach @missing;
			diag("$file: $program also has @missing[0 .. ($#missing > 9 ? 9 : $#missing)]")
			  if @missing;
		}
		note("$program: $words different words in " . @files . " files, $differing not found");
		cmp_ok($differing, '<=', $words / 100, "$pattern: at least 99 % of the words of $program");
		my @failed = grep { $results->{$_}{status} !~ /^(done|no text)$/ } @files;
		diag("$_: $results->{$_}{status}, $results->{$_}{message}") foreach @failed;
		is("@failed", '', "$pattern: no file fails");
	}
}

done_testing();
