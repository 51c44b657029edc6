# Backups that are made while documents are ingested: a dump is the ledger of one moment, and
# archived WAL brings it back as it was at any other.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

use constant SESSIONS => 4;

# Transactions of a session that starts and ends before a copy is made, or after it.
use constant TRANSACTIONS => 40;

my $backups = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('busy');
$node->init(
	has_archiving => 1,
	allows_streaming => 1,
	extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
create_ledger($node, 'ledger');
my $folder = prepare_load($node, 'ledger');

# Calls a function that copies the ledger while the load goes on.  A session is through before it,
# and another one begins after it.  Returns the folder for the copy's loads.
sub copy_ledger
{
	my ($name, $copy) = @_;
	my $copied = new_folder();
	my @session = ($node, 'ledger', $folder, 1, '--transactions', TRANSACTIONS);

	run_load("$name, before", @session);
	copy_journals($folder, "$copied/before");
	$copy->();
	copy_journals($folder, "$copied/after");
	run_load("$name, after", @session);
	return $copied;
}

# Checks that a copy that is back is the ledger of its moment, and that work goes on in it.
sub check_copy
{
	my ($name, $node, $database, $copied) = @_;
	my %events = check_load($name, $node, $database, $copied);

	cmp_ok($events{'committed, done'}, '>', SESSIONS * TRANSACTIONS / 2, "$name: it has the load");
	run_load("$name, then", $node, $database, $copied, 1, '--transactions', TRANSACTIONS);
	check_load("$name, then", $node, $database, $copied);
	return;
}

# Dumps, and ways to restore them: by psql without options.
my @dumps = (
	{ name => 'script', dump => [] },
	{ name => 'custom', dump => ['-Fc'], restore => ['-j2'] },
	{ name => 'directory', dump => [ '-Fd', '-j2' ], restore => [] });

my $load = start_load($node, 'ledger', $folder, SESSIONS, '--vacuum');
wait_for_load($node, 'ledger', $load, TRANSACTIONS);
foreach my $dump (@dumps)
{
	my $name = $dump->{name};
	my $first = $node->safe_psql('ledger', 'SELECT count(*) FROM done');

	$dump->{folder} = copy_ledger($name, sub {
		$node->command_ok(
			command_line($node, 'pg_dump', 'ledger', undef, @{ $dump->{dump} }, '-f',
				"$backups/$name"),
			"$name: dumped");
	});
	cmp_ok($node->safe_psql('ledger', 'SELECT count(*) FROM done'),
		'>', $first, "$name: meanwhile the load went on");
}

# A base backup, and later a point to which to go back.
$node->backup('base');
my $marked = copy_ledger('restore point', sub {
	$node->safe_psql('ledger', q{SELECT pg_create_restore_point('here')});
});
wait_for_load($node, 'ledger', $load, TRANSACTIONS / 2);
end_load('the original', $load, $node);
check_load('the original', $node, 'ledger', $folder);

foreach my $dump (@dumps)
{
	my $name = $dump->{name};

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok(
		defined $dump->{restore}
		? command_line($node, 'pg_restore', $name, undef, @{ $dump->{restore} }, "$backups/$name")
		: command_line($node, 'psql', $name, undef, '-Xqv', 'ON_ERROR_STOP=1', '-f',
			"$backups/$name"),
		"$name: restored");
	check_copy($name, $node, $name, $dump->{folder});
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
$restored->poll_query_until('ledger', 'SELECT NOT pg_is_in_recovery()')
  or die 'recovery does not end';
check_copy('restore point', $restored, 'ledger', $marked);

done_testing();
