# Sessions do everything to a few documents at random, at all isolation levels, with savepoints,
# roll-backs, cancels, timeouts, terminated backends and lost answers.  The ledger is then exactly
# what the clients were told: every document, count and trail row, no more and no less.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

use constant SECONDS => $ENV{LONG} ? 120 : 7;
use constant SESSIONS => 8;

# Deadlocks are found at once, so that they do not slow the load down.
my $node = start_server('random', 'deadlock_timeout = 100ms', 'log_statement = none',
	q{log_line_prefix = '%m [%p] %e '});

my @entry_points = qw(ingest_document ingest_documents inbox_insert inbox_copy
  ingest_hashed_document ingest_hashed_documents ingest_file ingest_large_object
  try_ingest_document insert update fail move record_extraction delete);
my @outcomes = ('stored', 'counted', 'seen', 'changed', 'deleted', 'failed', 'rolled back',
	'rolled back to savepoint', 'unknown, done', qw(23505 40001 57014 57P01));

# Runs a load, ends what was done beside it, checks what is left behind, and that all has been done,
# and these outcomes too.
sub check_random_load
{
	my ($name, $database, $options, $end_of_rest, @further) = @_;
	my $folder = prepare_load($node, $database);
	my %events = run_load($name, $node, $database, $folder, SESSIONS, '--interrupts', '--seconds',
		SECONDS, @$options);

	$end_of_rest->();
	%events = (%events, check_load($name, $node, $database, $folder));
	is(join(', ', grep { !$events{$_} } @entry_points, @outcomes, @further),
		'', "$name: all has been done that was to be done");
	return;
}

sub nothing_else
{
	return;
}

# Transactions of one ingestion each never deadlock.
create_ledger($node, 'one');
check_random_load('one in a transaction', 'one', [], \&nothing_else);
is(() = slurp_file($node->logfile) =~ /deadlock detected/g, 0, 'one in a transaction: no deadlock');

# Those of several may. This ledger has narrow types.
create_narrow_ledger($node, 'several');
check_random_load('several in a transaction', 'several', ['--several'], \&nothing_else, '40P01');

# Maintenance of all tables at the same time.  Triggers that come and go change the way in which a
# table is written.
sub maintenance
{
	my ($table) = @_;
	return qq{
REINDEX TABLE CONCURRENTLY docs.$table;
ALTER TABLE docs.$table ADD COLUMN spare int;
CREATE TRIGGER spare AFTER INSERT OR UPDATE ON docs.$table
	FOR EACH ROW EXECUTE FUNCTION docs.nothing();
VACUUM FULL docs.$table;
ALTER TABLE docs.$table DROP COLUMN spare;
DROP TRIGGER spare ON docs.$table;
ALTER TABLE docs.$table ADD COLUMN spare int DEFAULT CASE WHEN random() < 0 THEN 1 END;
ALTER TABLE docs.$table DROP COLUMN spare;
\\echo maintained $table
};
}

my @tables = qw(documents hash_index audit_log error_log);
create_ledger($node, 'maintenance');
$node->safe_psql('maintenance', q{
	CREATE FUNCTION docs.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TABLE enough ()});
my $round = join('', map { maintenance($_) } @tables)
  . "SELECT EXISTS (TABLE enough) AS done \\gset\n\\if :done\n\\q\n\\endif\n";
my $maintenance = start_client($node, 'maintenance', $round x 1000);
my ($done, $errors);
# The rewriting of a table would hide its rows from the check.
check_random_load('beside maintenance', 'maintenance', ['--several'], sub {
	$node->safe_psql('maintenance', 'INSERT INTO enough DEFAULT VALUES');
	($done, $errors) = finish_client($maintenance);
});
is(join("\n", grep { /ERROR/ && !/40P01/ } split /\n/, $errors), '', 'no maintenance failed');
foreach my $table (@tables)
{
	like($done, qr/maintained $table/, "$table was maintained");
}

is(join("\n", slurp_file($node->logfile) =~ /.*(?:PANIC|terminated by signal| XX\d{3} ).*/g),
	'', 'the server is well');

done_testing();
