# A primary with a synchronous replica is killed under load, and the replica takes over: nothing
# that was acknowledged is lost, and sessions that were there before the promotion ingest right
# after it.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

use constant SESSIONS => 4;
use constant PROMOTIONS => $ENV{LONG} ? 10 : 2;

# Starts a standby of a primary; from then on every commit there waits for it.
sub start_standby
{
	my ($primary, $name) = @_;
	my $standby = PostgreSQL::Test::Cluster->new($name);

	$primary->backup($name);
	$standby->init_from_backup($primary, $name, has_streaming => 1);
	$standby->start;
	$primary->append_conf('postgresql.conf', q{synchronous_standby_names = '*'});
	$primary->reload;
	$primary->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'})
	  or die 'the standby does not become synchronous';
	return $standby;
}

# Starts a load that waits for the promotion of a standby, after it was refused everywhere.
sub start_waiting_load
{
	my ($standby, $folder) = @_;
	my $load = start_load($standby, 'ledger', $folder, SESSIONS, '--vacuum');

	$standby->poll_query_until('ledger', 'SELECT count(*) = ' . SESSIONS . q{
		FROM pg_stat_activity
		WHERE application_name = 'random load' AND query = 'SELECT NOT pg_is_in_recovery()'})
	  or die 'the sessions do not get to wait for the promotion';
	return $load;
}

# Checks that a server's log has no error but those that are meant to be.
sub check_log
{
	my ($name, $node) = @_;
	my $meant = join '|', '25006: ', '40001: ', 'P0002: document \d+ does not exist',
	  '23505: duplicate key value violates unique constraint "ix_documents_file_hash"';
	my @lines = grep { !/ERROR:  (?:$meant)/ }
	  slurp_file($node->logfile) =~ /^.*(?:ERROR|PANIC|terminated by signal).*$/mg;

	is(join("\n", @lines), '', "$name: nothing else in the log");
	return;
}

my $primary = PostgreSQL::Test::Cluster->new('node_0');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--no-locale' ]);
$primary->append_conf('postgresql.conf',
	join("\n", 'synchronous_commit = on', 'wal_keep_size = 1GB', 'log_statement = none',
		'log_error_verbosity = verbose'));
$primary->start;
create_ledger($primary, 'ledger');

my $folder = prepare_load($primary, 'ledger');
my $load = start_load($primary, 'ledger', $folder, SESSIONS, '--vacuum');
my %events;
foreach my $promotion (1 .. PROMOTIONS)
{
	my $name = "promotion $promotion";
	my $standby = start_standby($primary, "node_$promotion");
	my $waiting = start_waiting_load($standby, $folder);

	wait_for_load($primary, 'ledger', $load, 20 + int(rand(100)));
	kill_server($primary);
	end_load("$name, the old primary", $load);
	$standby->promote;
	wait_for_load($standby, 'ledger', $waiting, 50);

	check_load($name, $standby, 'ledger', $folder);
	check_log($name, $standby);
	($primary, $load) = ($standby, $waiting);
}
%events = end_load('at last', $load, $primary);
cmp_ok($events{25006}, '>', SESSIONS, 'at last: the standby had refused');
%events = check_load('at last', $primary, 'ledger', $folder);
cmp_ok($events{'committed, done'}, '>', 20 * SESSIONS * PROMOTIONS,
	'at last: all that was acknowledged');
check_log('at last', $primary);

done_testing();
