# A backend that ends in the middle of its work, in whatever way, leaves no trace of it; an error
# that a transaction recovers from leaves no trace of the part that failed.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

# The server looks now and then if a waiting backend's client is still there.
my $node = start_server('killed_backend',
	'max_prepared_transactions = 5', 'client_connection_check_interval = 100ms');
my $database = 'ledger';

create_ledger($node, $database);

# A lock stops the client, each time at the same point of its work.  A prepared transaction holds
# the lock: no session has to stay for that.
my %points = (
	'inserting' => q{
		SELECT FROM docs.ingest_document('holder', 'content 500', 'text/plain')},
	'writing the trail' => q{
		SELECT pg_advisory_xact_lock(42)},
	'counting' => q{
		UPDATE docs.hash_index SET last_seen = last_seen
		WHERE file_hash = encode(sha256('known 5'), 'hex')},
	'healing' => q{
		UPDATE docs.documents SET file_type = 'text/html'
		WHERE file_hash = encode(sha256('failed 5'), 'hex')});

# Known and failed documents, and a user's trigger that stops in the middle of the trail.
$node->safe_psql(
	$database, q{
	SELECT FROM generate_series(1, 10) i,
		docs.ingest_document('known', ('known ' || i)::bytea, 'text/plain');
	SELECT FROM generate_series(1, 10) i,
		docs.ingest_document('failed', ('failed ' || i)::bytea, 'text/plain',
			ingestion_status => 'failed', error_message => 'no text');
	CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.new_value ->> 'file_name' = 'file 300' THEN
				PERFORM pg_advisory_xact_lock(42);
			END IF;
			RETURN NEW;
		END $$;
	CREATE TRIGGER stop AFTER INSERT ON docs.audit_log FOR EACH ROW EXECUTE FUNCTION stop()});

# New, known and failed documents, as a batch and call by call.
my $offered = q{(SELECT 'file ' || i AS name, 'content ' || i AS content
			FROM generate_series(1, 600) i
		UNION ALL SELECT 'file', 'known ' || i FROM generate_series(1, 10) i
		UNION ALL SELECT 'file', 'failed ' || i FROM generate_series(1, 10) i) AS offered};
my %works = (
	'a batch' => qq{
		SELECT count(r.document_id) FROM
			(SELECT array_agg(name) AS names, array_agg(content::bytea) AS contents
				FROM $offered) a,
			LATERAL docs.ingest_documents(names, contents,
				array_fill('text/plain'::text, ARRAY[cardinality(names)])) r;},
	'a loop' => qq{
		SELECT count(r.document_id) FROM $offered,
			LATERAL docs.ingest_document(name, content::bytea, 'text/plain') r;});

# How the client's work ends, and the settings that it takes.
my %ends = (
	client_ends($node),
	'timed out' => {
		# The time runs out while the client waits, however long it takes to get there.
		end => sub { },
		settings => q{SET lock_timeout = '10ms';},
		error => qr/ERROR:  55P03/
	},
	'out of statement time' => {
		end => sub { },
		settings => q{SET statement_timeout = '500ms';},
		error => qr/ERROR:  57014/
	});

# Stops the client at a point of its work and ends it there.
sub interrupt
{
	my ($point, $work, $end, $script) = @_;

	$node->safe_psql($database, "BEGIN; $points{$point}; PREPARE TRANSACTION 'holder'");
	my $client = start_client($node, $database, ($end->{settings} // '') . $script);
	wait_for_lock($node) unless defined $end->{settings};
	my ($out, $err) = end_client($node, $client, $end);
	$node->safe_psql($database, q{ROLLBACK PREPARED 'holder'});
	return ($out, $err);
}

my $before = tables_of($node, $database);
is(problems_of($node, $database), '', 'the ledger is consistent');

foreach my $work (sort keys %works)
{
	foreach my $point (sort keys %points)
	{
		foreach my $end (sort keys %ends)
		{
			# These end as others do.
			next if $end eq 'out of statement time' && $point ne 'counting';
			next if $work eq 'a loop' && $end !~ /^(?:terminated|cancelled)$/;

			my $name = "$work, $end while $point";
			my ($out, $err) = interrupt($point, $work, $ends{$end}, $works{$work});
			like($err, $ends{$end}->{error}, "$name: it ends");
			is(tables_of($node, $database), $before, "$name: no trace");
		}
	}
}

# The server itself ends.
foreach my $point (sort keys %points)
{
	$node->safe_psql($database, "BEGIN; $points{$point}; PREPARE TRANSACTION 'holder'");
	my $client = start_client($node, $database, $works{'a batch'});
	wait_for_lock($node);
	$node->stop('immediate');
	finish_client($client);
	$node->start;
	$node->safe_psql($database, q{ROLLBACK PREPARED 'holder'});
	is(tables_of($node, $database), $before, "a batch, crashed while $point: no trace");
}

# ROLLBACK TO takes back the part that was cancelled, and no more; the session goes on.
foreach my $point (sort keys %points)
{
	my ($out, $err) = interrupt(
		$point, 'a batch', $ends{cancelled}, qq{
		BEGIN;
		SELECT document_id > 20, is_duplicate
			FROM docs.ingest_document('kept', 'before $point', 'text/plain');
		SELECT document_id, duplicate_count
			FROM docs.ingest_document('again', 'known 1', 'text/plain');
		SAVEPOINT s;
		$works{'a batch'}
		ROLLBACK TO s;
		SELECT document_id, duplicate_count
			FROM docs.ingest_document('again', 'known 1', 'text/plain');
		SELECT document_id > 20, is_duplicate
			FROM docs.ingest_document('kept', 'after $point', 'text/plain');
		SELECT session_user = current_user;
		ROLLBACK TO s;
		SELECT document_id, duplicate_count
			FROM docs.ingest_document('again', 'known 1', 'text/plain');
		COMMIT;});
	like($err, qr/ERROR:  57014/, "a savepoint, $point: cancelled");
	is($out, "t|f\n1|1\n1|2\nt|f\nt\n1|2\n", "a savepoint, $point: the session goes on");
	is( $node->safe_psql(
			$database, qq{
			SELECT file_name, file_hash = encode(sha256('before $point'), 'hex'),
				(SELECT string_agg(action, ',') FROM docs.audit_log WHERE document_id = d.id)
			FROM docs.documents d WHERE file_name NOT IN ('known', 'failed');
			SELECT count(*), sum(duplicate_count) FROM docs.hash_index}),
		"kept|t|ingested\n21|2",
		"a savepoint, $point: what was before it is there, and once");
	is(problems_of($node, $database), '', "a savepoint, $point: the ledger is consistent");
	$node->safe_psql(
		$database, q{
		DELETE FROM docs.documents WHERE file_name = 'kept';
		UPDATE docs.hash_index SET duplicate_count = 0});
}

# Afterwards nothing blocks the ledger.
is($node->safe_psql($database, $works{'a batch'}), '620', 'the work is done in the end');
is(problems_of($node, $database), '', 'and the ledger is consistent');
is( $node->safe_psql(
		$database, q{
		SELECT count(*), sum(duplicate_count), count(*) FILTER (WHERE ingestion_status = 'success')
		FROM docs.documents JOIN docs.hash_index h ON h.document_id = documents.id}),
	'620|10|620',
	'with every document in it');

done_testing();
