# The loader's options are the same in the program, its --help, its man page and doc/loader.md. And
# the first commands of README.md, and the search of doc/loader.md, work as they stand there.
use strict;
use warnings;

use IPC::Run;
use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
my $page_file = 'loader/doc_extractor.1';
my ($help) = run_command([qw(doc_extractor --help)]);
my $page = slurp_file($page_file);
my $manual = slurp_file('doc/loader.md');
my $readme = slurp_file('README.md');

# The options that --help describes, with the names of their values.
sub options_of_help
{
	my @lines = grep { !/ as for load$/ } split /\n/, $help;

	return map { split /, / } map { /^ {2,6}(-[^ ,]+(?:, -[^ ,]+)*)(?: |$)/ } @lines;
}

# The same of the man page.
sub options_of_page
{
	my @options = map { split / , / } $page =~ /^\.It (Fl .*)$/gm;

	return map { s/^Fl /-/r =~ s/ Ns = Ns Ar /=/r =~ s/\\&//r } @options;
}

# The same of the manual: what stands in the first column of its tables.
sub options_of_manual
{
	my @cells = $manual =~ /^\| (`-.*?`) \|/gm;

	return map { /`([^`]*)`/g } @cells;
}

# Options in order, one a line; a value that may be one of two makes two.
sub sorted
{
	return join "\n", sort map { /^(.*)=(N)\|(.*)$/ ? ("$1=$2", "$1=$3") : $_ } @_;
}

# The section of a text below a heading.
sub section_of
{
	my ($text, $heading) = @_;
	my ($section) = $text =~ /^#+ \Q$heading\E\n(.*?)(?=^## |\z)/ms;

	return $section // die "no section is called $heading";
}

my $options = sorted(options_of_help());
cmp_ok(scalar split(/\n/, $options), '>', 30, '--help has options');
is(sorted(options_of_page()), $options, 'the man page has the options of --help');
is(sorted(options_of_manual()), $options, 'doc/loader.md has the options of --help');

# What the program takes: its table of long options, and the letters.
my $source = slurp_file('loader/options.c');
my @names = $source =~ /^\t\{"([a-z-]+)", \w+_argument, NULL, \S+\},?$/gm;
my ($letters) = $source =~ /getopt_long\(argc, argv, "([^"]*)"/;
my %described = map { $_ => 1 } $options =~ /^--([a-z-]+)/gm;
is_deeply([ sort keys %described ], [ sort @names, 'help', 'version' ],
	'--help has the long options that the program takes');
is( join('', sort $options =~ /^-([^-])$/gm),
	join('', sort split //, ($letters =~ s/://gr) . 'V?'),
	'--help has the letters that the program takes');

is(join("\n", grep { length > 80 } split /\n/, $help), '', '--help fits 80 columns');

# The exit statuses.
my @statuses = section_of($manual, 'Exit status') =~ /^\| (\d+) \|/gm;
is_deeply([ $page =~ /^\.It (\d+)$/gm ], \@statuses, 'the man page has the exit statuses');
is_deeply([ $help =~ /(?:status: |, )(\d+) /g ], \@statuses, '--help has the exit statuses');

# What a newcomer runs, but for what the sandbox has done, and a folder that is there everywhere.
my $node = start_server('manual');
my ($commands) = section_of($readme, 'Load a folder') =~ /^```sh\n(.*?)^```/ms;
$commands =~ s/^(?:sudo )?make .*\n//gm;
$commands =~ s{/usr/share/doc$}{/usr/share/common-licenses}m or die 'README.md loads no folder';
{
	my ($out, $err) = ('', '');
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);

	IPC::Run::run([ 'sh', '-e', '-c', $commands ], '>', \$out, '2>', \$err);
	is($?, 0, 'README.md: the first commands work') or diag $err;
	like($out, qr/ files seen\n.* document_id \|.*common-licenses.*^Ledger$/ms,
		'README.md: what they show');
	my ($search) = section_of($manual, 'Search the texts') =~ /((?:^    .*\n)+)/m;
	like($node->safe_psql('archive', $search), qr/common-licenses/, 'doc/loader.md: a search');
}

SKIP:
{
	my ($out, $err) = ('', '');

	skip 'there is no groff with mdoc', 1 if !-e '/usr/share/groff/current/tmac/mdoc.tmac';
	IPC::Run::run([ qw(groff -mdoc -ww -z), $page_file ], '>', \$out, '2>', \$err);
	is($out . $err, '', 'groff has no complaints about the man page');
}

done_testing();
