# The loader's patterns are gitignore's: it and git choose the same files of the same trees, by patterns
# that are made for it and by random ones.
use strict;
use warnings;

use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
plan skip_all => 'git is not installed' if !grep { -x "$_/git" } split /:/, $ENV{PATH};
my $node = start_server('loader_patterns');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $tree = "$folder/tree";
create_new_ledger($node, 'db');

my $seed = $ENV{SEED} // int(rand(1_000_000));
note "SEED=$seed";
srand($seed);

my @names = ('a', 'b', 'ab', 'a.o', 'b.c', 'A', '#x', '!y', ' z ', 'a[b', 'a\\b', '-', '**', '[a]',
	"\xC3\xA4", 'foo', 'a*b');

# A tree in which a name may be a file's or a folder's, at any depth.
my %seen;
my @files;
foreach (1 .. 400)
{
	my $path = join '/', map { $names[ rand @names ] } 1 .. 1 + rand 4;
	next if grep { $seen{$_} } $path, map { substr $path, 0, $_ } grep { substr($path, $_, 1) eq '/' }
	  0 .. length($path) - 1;
	next if -d "$tree/$path";
	$seen{$path} = 1;
	push @files, $path;
	write_content("$tree/$path", $path);
}
@files = sort @files;
$ENV{GIT_CONFIG_NOSYSTEM} = 1;
$ENV{GIT_CONFIG_GLOBAL} = '/dev/null';
# The repository is elsewhere: in the tree it would be loaded.
command_ok([ 'git', 'init', '-q', "$folder/repository" ], 'git works');
my @git = ('git', "--git-dir=$folder/repository/.git", "--work-tree=$tree");

# Returns the files that git does not ignore.
sub chosen_by_git
{
	my ($patterns) = @_;
	my ($out, $err) = ('', '');
	write_content("$folder/repository/.git/info/exclude", $patterns);
	IPC::Run::run([ @git, '-C', $tree, 'check-ignore', '--no-index', '-z', '--stdin' ],
		'<', \join('', map { "$_\0" } @files), '>', \$out, '2>', \$err);
	die $err if $err ne '';
	my %ignored = map { $_ => 1 } split /\0/, $out;
	return grep { !$ignored{$_} } @files;
}

# Returns the files that a dry run of the loader chooses.
sub chosen_by_loader
{
	my (@options) = @_;
	my (undef, undef, $objects) = load_json($node, 'db', '-n', '-v', @options, $tree);
	my @chosen = map { $_->{location} } @$objects;
	utf8::encode($_) foreach @chosen;
	return sort map { s/^\Q$tree\E\///r } @chosen;
}

# Compares both.
sub compare
{
	my ($name, $patterns) = @_;
	write_content("$folder/patterns", $patterns);
	my @by_git = chosen_by_git($patterns);
	my @by_loader = chosen_by_loader("--exclude-from=$folder/patterns");
	is_deeply(\@by_loader, \@by_git, $name) or diag $patterns;
	return scalar @by_git;
}

# Patterns that are made for it.
foreach my $pattern (
	'a', '/a', 'a/', '/a/', 'a/b', '/a/b', '*.o', '*', '*/', '/*', '*/*', '**', '**/a', 'a/**', 'a/**/b',
	'**/a/**', 'a**b', '**a', '/**/b', '/**', '**/', 'a/*', 'a/*/b', '?', '??', '[ab]', '[!a]', '[^a]',
	'[a-c]', '[[:alpha:]]', '[[:upper:]]', '[[:nonsense:]]', '[', '[a', '[]a]', '[!]a]', 'a\\', 'a\\\\b',
	'\\#x', '#x', '\\!y', '!y', ' z\\ ', ' z', 'z', '\\*\\*', 'a\\*b', 'a\\[b', '[[]a]', '[\\]]',
	'[a-]', '[--0]', '[b-[!a]', '[b-a]', '[a-b-c]', '[\\b-a]',
	"*\n!a", "*\n!*/\n!a", "a\n!a/b", "/*\n!/a\n/a/*\n!/a/b", "*.o\r\nfoo\r\n",
	"\xEF\xBB\xBFa", "\xC3\xA4", '???', 'a/b/', 'a//b', '//a', '/', '!', '!/', 'A', '-', '*a*', 'a*',
	'*[*]*', '[*]b', '*/b', '**/*', '**/**', 'a/***/b', '***', 'b.?', 'a.[a-z]', "\n\n#\n", 'a/.', './a')
{
	compare("pattern: $pattern", "$pattern\n");
}

# Random ones.
my @pieces = (@names, '*', '*', '?', '**', '/', '/', '/', '[ab]', '[!a]', '\\', '!', 'a', 'b', ' ');
my $some = 0;
foreach my $round (1 .. 300)
{
	last if $round > 60 && $some >= 20;
	# Of "**" right behind plain characters, the gits of the supported Debians think differently.
	my $patterns = join '', grep { !/^!?[^*?\[\\]*[^*?\[\\\/]\*\*/ } map {
		(rand() < 0.2 ? '!' : '') . join('', map { $pieces[ rand @pieces ] } 1 .. 1 + rand 5) . "\n"
	} 1 .. 1 + rand 5;
	my $chosen = compare("random patterns $round", $patterns);
	$some++ if $chosen > 0 && $chosen < @files;
}
cmp_ok($some, '>=', 20, 'random patterns that choose some of the files');

# The options: patterns one by one, and those for what to load.
is_deeply([ chosen_by_loader('--exclude=*', '--exclude=!a', '--exclude=!*/') ],
	[ chosen_by_git("*\n!a\n!*/\n") ], '--exclude, several times');
my %all = map { $_ => 1 } @files;
foreach my $pattern ('*.o', 'a', '/a/', 'a/b', '[ab].?', 'foo')
{
	my %excluded = map { $_ => 1 } chosen_by_git("$pattern\n");
	is_deeply([ chosen_by_loader("--include=$pattern") ],
		[ grep { !$excluded{$_} } @files ], "--include=$pattern: just what --exclude leaves out");
}
is_deeply([ chosen_by_loader('--include=a', '--exclude=a/b') ],
	[ grep { my $path = $_; !{ map { $_ => 1 } chosen_by_git("a\n") }->{$path}
		&& { map { $_ => 1 } chosen_by_git("a/b\n") }->{$path} } @files ],
	'--include and --exclude: both count');
my ($status, undef, $err) = load($node, 'db', '-n', '--exclude-from=/nowhere', $tree);
is($status, 1, '--exclude-from: no such file');
like($err, qr/could not read file "\/nowhere": No such file or directory/, '--exclude-from: message');

# Many wildcards take no exponential time.
write_content("$tree/" . 'a' x 200, '');
my @chosen = chosen_by_loader('--exclude=' . 'a*' x 60 . 'b', '--include=aaaa*');
is(scalar @chosen, 1, 'many wildcards');

done_testing();
