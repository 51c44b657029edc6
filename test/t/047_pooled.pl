# A pool hands a connection on with the settings that a dump's script has made.  An ORM that gets it and
# sends times of its own inserts new documents all the same: with their rows in hash_index and the
# trail.  And the connection may not drop the ledger.
use strict;
use warnings;

use IPC::Run;
use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# It is unpacked beside the tests, but its libraries take root to install.
my ($version) = eval { run_command([ 'pgbouncer', '--version' ]) };
plan skip_all => 'pgbouncer does not run here' unless ($version // '') =~ /PgBouncer/i;

my $node = start_server('pooled');
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');
create_ledger($node, 'kept', 'keeper');

# One connection to the server for all clients, transaction by transaction.
my $port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file("$folder/users.txt", qq{"keeper" ""\n});
append_to_file("$folder/pgbouncer.ini", sprintf(q{
[databases]
kept = host=%s port=%d user=keeper
[pgbouncer]
listen_addr =
listen_port = %d
unix_socket_dir = %s
auth_type = any
auth_file = %s/users.txt
pool_mode = transaction
default_pool_size = 1
ignore_startup_parameters = extra_float_digits
}, $node->host, $node->port, $port, $node->host, $folder));

my $output = '';
my $pool = IPC::Run::start([ 'pgbouncer', "$folder/pgbouncer.ini" ],
	'<', \undef, '>&', \$output);
END { local $?; $pool->kill_kill if $pool }
wait_until(sub { $pool->pump_nb; -S $node->host . "/.s.PGSQL.$port" });

# Runs a command as a client of the pool; returns what it prints and its errors.
sub run_pooled
{
	my (@command) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $port, PGDATABASE => 'kept',
		PGUSER => 'keeper');
	return run_command(\@command);
}

# The head of a dump's script, without its tables.
$node->safe_psql('postgres', 'CREATE DATABASE empty');
my ($script, $error) =
  run_command([ 'pg_dump', '-h', $node->host, '-p', $node->port, 'empty' ]);
append_to_file("$folder/schema.sql", $script);
my (undef, $errors) = run_pooled('psql', '-Xqv', 'ON_ERROR_STOP=1', '-f', "$folder/schema.sql");
is($errors, '', 'a script has run');
my ($settings) = run_pooled('psql', '-XAqt', '-c', q{
	SELECT current_setting('search_path'), current_setting('check_function_bodies'),
		current_setting('client_min_messages')});
# PostgreSQL 18 reports search_path, so that a pool can keep one for each client.
like($settings, qr/^(?:|"\$user", public)\|off\|warning$/, 'the next client has its settings');

# New documents by an ORM.
my $documents = 0;
foreach my $way (qw(server_id sequence_first))
{
	my ($ids, $errors) =
	  run_pooled('/usr/bin/python3', 'test/helpers/orm/insert.py', $way, "by $way");
	like($ids, qr/^\d+ \d+ \d+$/, "$way: inserted") or diag($errors);
	$documents += 3;
	is( $node->safe_psql(
			'kept', q{
			SELECT count(*), count(DISTINCT h.id), count(DISTINCT a.id) FROM docs.documents d
				LEFT JOIN docs.hash_index h ON h.document_id = d.id AND h.file_hash = d.file_hash
				LEFT JOIN docs.audit_log a ON a.document_id = d.id AND a.action = 'ingested'}),
		join('|', ($documents) x 3),
		"$way: all rows are derived");
}
(undef, $errors) = run_pooled('psql', '-Xq', '-c', 'DROP EXTENSION doc_extractor');
like($errors, qr/cannot drop extension doc_extractor/, 'the ledger cannot be dropped');
is(problems_of($node, 'kept'), '', 'the ledger is consistent');

done_testing();
