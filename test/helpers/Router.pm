# What the tests of the router share: servers with shards, and a router that knows them.
package Router;

use strict;
use warnings;

use Exporter 'import';
use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(require_plproxy start_router address on_router texts_of_shard errors_of);

# Skips the test where PL/Proxy is not installed.
sub require_plproxy
{
	my ($share) = run_command([ 'pg_config', '--sharedir' ]);
	plan skip_all => 'PL/Proxy is not installed for this PostgreSQL'
	  unless -e "$share/extension/plproxy.control";
	return;
}

# Starts four servers with a shard each, and one with the router, all in databases "ledger". The
# schema of the router belongs to a role of its own. Returns the router and the shards.
sub start_router
{
	my (@settings) = @_;
	my @shards = map { start_server("shard$_", @settings) } 0 .. 3;
	my $router = start_server('router');

	$_->safe_psql('postgres', 'CREATE DATABASE ledger') foreach ($router, @shards);
	$router->safe_psql('ledger',
		'CREATE ROLE keeper; CREATE ROLE importer LOGIN; CREATE SCHEMA docs AUTHORIZATION keeper');
	my ($out, $err) = run_command(
		[ 'doc_extractor_shards', map { address($_) } ($router, @shards) ]);
	is("$out$err", " shard | check_name | passed | detail \n"
		. "-------+------------+--------+--------\n(0 rows)\n", 'shards and router are set up');
	return ($router, @shards);
}

# Returns the connection string of a server's database.
sub address
{
	my ($node, $database) = @_;
	return sprintf('host=%s port=%s dbname=%s', $node->host, $node->port, $database // 'ledger');
}

# Returns what psql prints for a query on the router, as its superuser, with schema docs.
sub on_router
{
	my ($router, $query) = @_;
	return $router->safe_psql('ledger', "SET search_path = docs; $query");
}

# Returns so many texts whose SHA-256 belongs to a shard: the lowest bits of its first four bytes say so.
sub texts_of_shard
{
	my ($router, $shard, $count, $prefix) = @_;
	return split /\n/, $router->safe_psql('ledger', qq{
		SELECT '$prefix' || n FROM generate_series(1, 1000) n
		WHERE get_byte(sha256(('$prefix' || n)::bytea), 3) & 3 = $shard LIMIT $count});
}

# Runs a script on the router as a role; returns its errors without their contexts.
sub errors_of
{
	my ($router, $script, $role) = @_;
	my (undef, $err) = run_script($router, 'ledger', $role, "SET search_path = docs; $script");
	return join("\n", $err =~ /^(?:psql:\S+ )?((?:ERROR|WARNING|DETAIL|HINT): .*)$/mg);
}

1;
