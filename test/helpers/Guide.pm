# The commands of doc/operations.md and other pages, for the TAP tests that run them: so what a guide
# says is what they test.
package Guide;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils qw(slurp_file);

our @EXPORT = qw(guide_commands run_commands);

# Returns the commands of the guide, or of the section with this heading, each with the output that
# the guide shows, if any.  Another page than doc/operations.md can be the guide.
sub guide_commands
{
	my ($heading, $page) = @_;
	my $guide = slurp_file('doc/' . ($page // 'operations.md'));
	my @commands;

	if (defined $heading)
	{
		($guide) = $guide =~ /^(##+ \Q$heading\E\n.*?)(?=^##|\z)/ms
		  or die "the guide has no section \"$heading\"";
	}
	while ($guide =~ /^```sh\n(.*?)^```\n(?:```text\n(.*?)^```\n)?/gms)
	{
		push @commands, { text => $1, output => $2 };
	}
	return @commands;
}

# Runs commands in a shell, in a folder, as a role; returns whether all succeeded, and what they
# printed.
sub run_commands
{
	my ($node, $folder, $user, $text) = @_;
	my $out = '';

	local %ENV = (
		%ENV,
		PGHOST => $node->host,
		PGPORT => $node->port,
		PGUSER => $user,
		PGOPTIONS => '-c client_min_messages=warning');
	my $ok = IPC::Run::run([ 'sh', '-ec', "cd '$folder'\n$text" ], '>&', \$out);
	return ($ok, $out);
}

1;
