# A server that is killed under load, again and again, comes back with all that it had acknowledged,
# and with nothing done by halves.
#
# What a killed process has handed to the kernel stays with the kernel, so fsync, which the test
# servers are without, makes no difference here; a power cut is not what this tests.
use strict;
use warnings;

use Ledger;
use Load;
use Test::More;

use constant SESSIONS => 6;
use constant CRASHES => $ENV{LONG} ? 25 : 3;

# Few buffers and frequent checkpoints: recovery finds pages that are older and newer than its start.
my $node = start_server('crash', 'synchronous_commit = on', 'shared_buffers = 1MB', 'max_wal_size = 32MB',
	'min_wal_size = 32MB', 'bgwriter_delay = 10ms', 'autovacuum_naptime = 1s', 'log_statement = none');
my @load;

create_ledger($node, 'ledger');
create_load_table($node, 'ledger');
foreach my $crash (1 .. CRASHES)
{
	my $name = "crash $crash";
	my @sessions = start_load($node, 'ledger', SESSIONS);

	wait_for_operations($node, 'ledger', 20 + random_number(150), @sessions);
	kill_server($node);
	end_load($name, undef, undef, @sessions);
	push @load, @sessions;
	$node->start;
	check_acknowledged($name, $node, 'ledger', @load);
	check_ledger($name, $node, 'ledger');
}

done_testing();
