# Backups that are made while documents are ingested: a dump is the ledger of one moment, and archived
# WAL brings it back as it was at any other.
use strict;
use warnings;

use Ledger;
use Load;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant SESSIONS => 4;

# Operations of a session before a restore point, and after it.
use constant BEFORE => 60;
use constant AFTER => 40;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('busy');
$node->init(has_archiving => 1, allows_streaming => 1, extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
create_ledger($node, 'ledger');
create_load_table($node, 'ledger');

# Returns which of its operations the server has confirmed to a session.
sub acknowledged_by
{
	my ($session) = @_;
	return slurp_file($session->{acknowledged}) =~ /^\d+ (\d+) \w+ 00000$/mg;
}

# Returns which operations of a session a ledger has.
sub done_by
{
	my ($session, $node, $database) = @_;
	return split /\n/, $node->safe_psql($database,
		"SELECT DISTINCT operation FROM done WHERE session = $session->{number} ORDER BY 1");
}

# Checks that a ledger that is back is whole, and that work goes on in it.
sub check_restored
{
	my ($name, $node, $database) = @_;
	my $session;

	check_ledger($name, $node, $database);
	$session = run_session("$name, then", $node, $database, 50);
	check_acknowledged("$name, then", $node, $database, $session);
	check_ledger("$name, then", $node, $database);
	return;
}

# Dumps, and ways to restore them: by psql without options.
my @dumps = (
	{ name => 'script', dump => [] },
	{ name => 'custom', dump => ['-Fc'], restore => ['-j2'] },
	{ name => 'directory', dump => [ '-Fd', '-j2' ], restore => [] });

my @load = start_load($node, 'ledger', SESSIONS);
wait_for_operations($node, 'ledger', 50, @load);
foreach my $dump (@dumps)
{
	$dump->{before} = run_session("$dump->{name}, before", $node, 'ledger', 20);
	my $first = $node->safe_psql('ledger', 'SELECT count(*) FROM done');
	$node->command_ok([ 'pg_dump', @{ $dump->{dump} }, '-f', "$folder/$dump->{name}", '-d', $node->connstr('ledger') ],
		"$dump->{name}: dumped");
	cmp_ok($node->safe_psql('ledger', 'SELECT count(*) FROM done'),
		'>', $first, "$dump->{name}: meanwhile the load went on");
	$dump->{after} = run_session("$dump->{name}, after", $node, 'ledger', 20);
}

# A base backup, and later a point to which to go back.
$node->backup('base');
my $marked = run_session('to and fro', $node, 'ledger', sub {
	my ($session) = @_;
	print operations($session, 1, BEFORE), "SELECT pg_create_restore_point('here') \\g /dev/null\n",
	  operations($session, BEFORE + 1, BEFORE + AFTER);
});
wait_for_operations($node, 'ledger', 20, @load);
end_load('the original', $node, 'ledger', @load);
check_acknowledged('the original', $node, 'ledger', @load, $marked);
check_ledger('the original', $node, 'ledger');

foreach my $dump (@dumps)
{
	my $name = $dump->{name};

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok(
		defined $dump->{restore}
		? [ 'pg_restore', @{ $dump->{restore} }, '-d', $node->connstr($name), "$folder/$name" ]
		: [ 'psql', '-Xqv', 'ON_ERROR_STOP=1', '-d', $node->connstr($name), '-f', "$folder/$name" ],
		"$name: restored");
	check_acknowledged($name, $node, $name, $dump->{before});
	is(join(' ', done_by($dump->{after}, $node, $name)), '', "$name: nothing of later");
	check_restored($name, $node, $name);
}

# Back to that point.
my $last = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_switch_wal())');
$node->poll_query_until('postgres', "SELECT last_archived_wal >= '$last' FROM pg_stat_archiver")
  or die 'the WAL is not archived';
my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
$restored->append_conf('postgresql.conf',
	"archive_mode = off\nrecovery_target_name = 'here'\nrecovery_target_action = 'promote'");
$restored->start;
$restored->poll_query_until('ledger', 'SELECT NOT pg_is_in_recovery()') or die 'recovery does not end';
is( join(' ', done_by($marked, $restored, 'ledger')),
	join(' ', grep { $_ <= BEFORE } acknowledged_by($marked)),
	'restore point: all that a session had done until then, and nothing else');
check_restored('restore point', $restored, 'ledger');

done_testing();
