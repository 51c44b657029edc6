# Wide types: dumps of narrow and wide ledgers, the rights in them, what others hold while a ledger is
# widened, writers meanwhile, and files of more than 2 GB (5 GB with LONG).
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('widen');
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE ROLE regress_widen_reader LOGIN');

# Creates a ledger of 1.2: a new one, or one that came from 1.1.
sub new_ledger
{
	my ($database, $is_new) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs VERSION '
		  . ($is_new ? "'1.2'" : "'1.1'; ALTER EXTENSION doc_extractor UPDATE TO '1.2'"));
	return;
}

# Dumps the data and rights of a database, and restores them into a new, wide ledger of another, with a
# time zone.
sub copy_ledger
{
	my ($from, $to, $zone) = @_;
	my $file = "$folder/$from.dump";

	new_ledger($to, 1);
	$node->command_ok(command_line($node, 'pg_dump', $from, undef, '-Fc', '-f', $file), "$from: dumped");
	local $ENV{PGTZ} = $zone;
	my ($list) = run_command([ 'pg_restore', '-l', $file ]);
	append_to_file("$file.list", join "\n", (grep { !/ SCHEMA - docs / } split /\n/, $list), '');
	$node->command_ok(
		command_line($node, 'pg_restore', $to, undef, '-L', "$file.list", $file),
		"$from: restored into $to");
	is(failed_checks($node, $to), '', "$to: all is well");
	return;
}

# Returns the moments that a ledger tells, if its zoneless times are of a zone.
sub moments_of
{
	my ($database, $zone) = @_;
	my %columns = (
		documents => [qw(ingestion_timestamp created_at updated_at)],
		hash_index => [qw(first_seen last_seen)],
		audit_log => ['action_timestamp'],
		error_log => ['error_timestamp']);

	return $node->safe_psql(
		$database,
		join ';',
		"SET timezone = '$zone'",
		map {
			"SELECT id, "
			  . join(', ', map { "extract(epoch FROM $_\::timestamptz)" } @{ $columns{$_} })
			  . " FROM docs.$_ ORDER BY id"
		} sort keys %columns);
}

my $types = q{SELECT string_agg(DISTINCT format_type(atttypid, NULL), ' ') FROM pg_attribute
	WHERE attrelid = 'docs.hash_index'::regclass AND attnum > 0 AND attname <> 'file_hash'};
my $wide = 'bigint timestamp with time zone';
my $narrow = 'integer timestamp without time zone';

# A narrow ledger, written in another zone than the server's, goes into a wide one.
my $zone = 'America/New_York';
my $fill = q{
	SELECT FROM docs.ingest_document('a', 'a', 't');
	SELECT FROM docs.ingest_document('a', 'a', 't');
	SELECT docs.log_ingestion_error('b', 'timeout', 'no answer')};
new_ledger('narrow', 0);
is($node->safe_psql('narrow', $types), $narrow, 'an update keeps narrow types');
$node->safe_psql('narrow', "SET timezone = '$zone'; $fill");
copy_ledger('narrow', 'from_narrow', $zone);
is($node->safe_psql('from_narrow', $types), $wide, 'a new ledger is wide');
is(moments_of('from_narrow', 'UTC'), moments_of('narrow', $zone),
	'with PGTZ, the times of a dump are what they were');
copy_ledger('narrow', 'in_utc', 'UTC');
isnt(moments_of('in_utc', 'UTC'), moments_of('narrow', $zone), 'and without, they are not');

# Widened with its zone, it is the same; and what was granted is in dumps, by whom it was granted.
my $rights = q{SELECT relname, x.grantee::regrole, x.privilege_type, x.is_grantable FROM pg_class,
	aclexplode(relacl) AS x WHERE relnamespace = 'docs'::regnamespace AND x.grantee <> relowner
	ORDER BY 1, 2, 3};
$node->safe_psql('narrow', q{
	GRANT USAGE ON SCHEMA docs TO regress_widen_reader;
	GRANT SELECT ON docs.ingestion_stats, docs.documents_with_locations TO regress_widen_reader;
	GRANT SELECT ON docs.ingestion_stats_by_type TO PUBLIC});
my ($moments, $had) = (moments_of('narrow', $zone), $node->safe_psql('narrow', $rights));
$node->safe_psql('narrow', "SELECT docs.doc_extractor_widen('$zone')");
is($node->safe_psql('narrow', $types), $wide, 'widened');
is(moments_of('narrow', 'UTC'), $moments, 'the times are what they were');
is($node->safe_psql('narrow', $rights), $had, 'the rights are there');
is( failed_checks($node, 'narrow'),
	'public rights: 1 rights of PUBLIC: SELECT on ingestion_stats_by_type',
	'but for a right of PUBLIC, all is well');
$node->safe_psql('narrow', 'REVOKE ALL ON docs.ingestion_stats_by_type FROM PUBLIC');
$had = $node->safe_psql('narrow', $rights);
copy_ledger('narrow', 'from_wide', 'Asia/Kolkata');
is(moments_of('from_wide', 'UTC'), $moments, 'a dump of wide times needs no zone');
is($node->safe_psql('from_wide', $rights), $had, 'the rights are in the dump');
is( $node->safe_psql(
		'from_wide', 'SELECT documents FROM docs.ingestion_stats',
		extra_params => user_option('regress_widen_reader')),
	'1',
	'and work');

# What others hold is waited for: for documents as long as lock_timeout says, for the rest a little at
# a time, without a lock meanwhile. Nothing changes if it is not had.
new_ledger('locked', 0);
$node->safe_psql('locked', $fill);
foreach my $held (
	'LOCK TABLE docs.documents IN ACCESS SHARE MODE',
	'LOCK TABLE docs.error_log IN ACCESS SHARE MODE',
	'SELECT * FROM docs.ingestion_stats',
	q{SELECT nextval('docs.audit_log_id_seq')})
{
	my $holder = start_client($node, 'locked', "BEGIN; $held; SELECT pg_sleep(600)");
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'})
	  or die 'nobody holds a lock';
	my ($status, $out, $err) =
	  $node->psql('locked', q{SET lock_timeout = '1s'; SELECT docs.doc_extractor_widen('UTC')});
	like(
		$err,
		qr/canceling statement due to lock timeout|could not lock the tables of doc_extractor/,
		"$held: not widened");
	is($node->safe_psql('locked', $types), $narrow, "$held: nothing has changed");
	$node->safe_psql('postgres',
		q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
	finish_client($holder);
}

# A table with a foreign key is not waited for either: who uses it may want documents next.
$node->safe_psql('locked', 'CREATE TABLE tags (document_id integer REFERENCES docs.documents (id))');
my $tagger = start_client($node, 'locked', q{
	BEGIN;
	LOCK TABLE tags IN ROW EXCLUSIVE MODE;
	SELECT pg_sleep(2);
	SELECT FROM docs.ingest_document('tagged', 'tagged', 't');
	COMMIT});
$node->poll_query_until('postgres',
	q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'})
  or die 'nobody tags';
my ($status, undef, $message) = $node->psql('locked', 'SELECT docs.doc_extractor_widen()');
is($message, '', 'a table with a foreign key is locked without a deadlock');
my (undef, $tagger_error) = finish_client($tagger);
is($tagger_error, '', 'and its writer notices nothing');

# Writers go on, before and after, with what their sessions know of the tables.
my $writer = start_client(
	$node, 'locked', join "\n", map {
		"SELECT is_duplicate FROM docs.ingest_document('m' || $_, ($_ / 2)::text::bytea, 't');"
		  . "INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES ('m', '$_', 't');"
		  . 'SELECT pg_sleep(0.01);'
	} 1 .. 300);
$node->poll_query_until('locked', 'SELECT count(*) > 20 FROM docs.documents') or die 'nobody writes';
$node->safe_psql('locked', q{SELECT docs.doc_extractor_widen('UTC')});
my (undef, $err) = finish_client($writer);
is($err, '', 'a writer notices nothing');
is($node->safe_psql('locked', $types), $wide, 'and all is wide');
is(failed_checks($node, 'locked'), '', 'and well');

# Files and large objects that are larger than an integer tells, sparse.
my $size = ($ENV{LONG} ? 5 * 2**30 : 2**31) + 1;
my $file = "$folder/large";
open(my $handle, '>', $file) or die "$file: $!";
truncate($handle, $size) or die "$file: $!";
close $handle;
chmod 0644, $file;
is( $node->safe_psql('locked', qq{
		SELECT FROM docs.ingest_file('$file', 't');
		SELECT file_size_bytes FROM docs.documents WHERE file_name = 'large'}),
	$size,
	'a large file');
is( $node->safe_psql('locked', qq{
		BEGIN;
		SELECT lo_create(4711);
		SELECT lo_lseek64(lo_open(4711, x'20000'::int), $size - 1, 0);
		SELECT lowrite(0, '\\x00');
		SELECT is_duplicate FROM docs.ingest_large_object(4711, 'large', 't');
		COMMIT}) =~ s/.*\n//sr,
	't',
	'the same as a large object');

$node->stop;
done_testing();
