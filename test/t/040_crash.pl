# A server that is killed under load, again and again, comes back with all that it had acknowledged,
# and with nothing done by halves.
#
# What a killed process has handed to the kernel stays with the kernel, so fsync, which the test
# servers are without, makes no difference here; a power cut is not what this tests.
use strict;
use warnings;

use Ledger;
use RandomLoad;
use Test::More;

use constant SESSIONS => 6;
use constant CRASHES => $ENV{LONG} ? 25 : 3;

# Few buffers and frequent checkpoints, so that recovery finds pages older and newer than its start.
my $node = start_server('crash', 'synchronous_commit = on', 'shared_buffers = 1MB',
	'max_wal_size = 32MB', 'min_wal_size = 32MB', 'bgwriter_delay = 10ms',
	'autovacuum_naptime = 1s', 'log_statement = none');
my ($folder, %events);

create_ledger($node, 'ledger');
$folder = prepare_load($node, 'ledger');
foreach my $crash (1 .. CRASHES)
{
	my $load = start_load($node, 'ledger', $folder, SESSIONS, '--vacuum');

	wait_for_load($node, 'ledger', $load, 20 + int(rand(150)));
	kill_server($node);
	end_load("crash $crash", $load);
	$node->start;
	%events = check_load("crash $crash", $node, 'ledger', $folder);
}
cmp_ok(($events{'unknown, done'} // 0) + ($events{'unknown, not done'} // 0),
	'<=', SESSIONS * CRASHES, 'each session misses one answer at most');
cmp_ok($events{'committed, done'},
	'>=', 10 * SESSIONS * CRASHES, 'the sessions had many other answers');

done_testing();
