# A primary with a synchronous replica is killed under load, and the replica takes over: nothing that
# was acknowledged is lost, and sessions that were there before the promotion ingest right after it.
use strict;
use warnings;

use Ledger;
use Load;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
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

# Checks that a server's log has no error but those that are meant to be.
sub check_log
{
	my ($name, $node) = @_;
	my $meant = qr/25006|23505: duplicate key value violates unique constraint "ix_documents_file_hash"/;
	my @lines = grep { !/ERROR:  $meant/ } slurp_file($node->logfile) =~ /^.*(?:ERROR|PANIC|terminated by signal).*$/mg;

	is(join("\n", @lines), '', "$name: nothing else in the log");
	return;
}

# What a session on a standby does before the promotion: it is refused, and verifies.  A row of the
# latter would be found among what it has acknowledged.
my $refused = q{
	SELECT FROM docs.ingest_document('new', 'new', 'text/plain');
	SELECT FROM docs.ingest_documents(ARRAY['new'], ARRAY['new']::bytea[], ARRAY['text/plain']);
	SELECT FROM docs.ingest_document('known', 'content 1', 'text/plain');
	SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed;
};

my $folder = PostgreSQL::Test::Utils::tempdir();
my $primary = PostgreSQL::Test::Cluster->new('node_0');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--no-locale' ]);
$primary->append_conf('postgresql.conf',
	"synchronous_commit = on\nwal_keep_size = 1GB\nlog_statement = none\nlog_error_verbosity = verbose");
$primary->start;
create_ledger($primary, 'ledger');
create_load_table($primary, 'ledger');

my @load = start_load($primary, 'ledger', SESSIONS);
my @ended;
foreach my $promotion (1 .. PROMOTIONS)
{
	my $name = "promotion $promotion";
	my $standby = start_standby($primary, "node_$promotion");
	my @waiting = start_load($standby, 'ledger', SESSIONS, $refused, "$folder/$promotion");

	$standby->poll_query_until('ledger', 'SELECT count(*) = ' . SESSIONS . q{
		FROM pg_stat_activity
		WHERE application_name = 'load' AND state = 'idle' AND query ~ 'doc_extractor_verify'})
	  or die 'the sessions do not get to wait for the promotion';
	wait_for_operations($primary, 'ledger', 20 + random_number(100), @load);
	kill_server($primary);
	end_load("$name, the old primary", undef, undef, @load);
	push @ended, @load;
	$standby->promote;
	append_to_file("$folder/$promotion", '');
	wait_for_operations($standby, 'ledger', 50, @waiting);

	check_acknowledged($name, $standby, 'ledger', @ended);
	check_ledger($name, $standby, 'ledger');
	is( join(' ', map { (slurp_file($_->{errors}) =~ /ERROR:  (\w+)/g)[ 0 .. 2 ] } @waiting),
		join(' ', ('25006') x (3 * SESSIONS)),
		"$name: before it the standby refused");
	check_log($name, $standby);
	($primary, @load) = ($standby, @waiting);
}
end_load('at last', $primary, 'ledger', @load);
check_acknowledged('at last', $primary, 'ledger', @ended, @load);
check_ledger('at last', $primary, 'ledger');
check_log('at last', $primary);

done_testing();
