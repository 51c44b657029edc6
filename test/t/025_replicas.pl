# A streaming replica reads, verifies and refuses to write, and does what its primary does, a drop
# included; a logical one gets the rows as they are, with nothing derived a second time, also while
# documents are ingested.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

my ($primary, $subscriber);

# Replicates a database's ledger to the subscriber's.
sub subscribe
{
	my ($database) = @_;
	my $connection = $primary->connstr($database);

	$primary->safe_psql($database, qq{
		CREATE PUBLICATION $database FOR TABLE docs.documents, docs.hash_index, docs.audit_log,
			docs.error_log, docs.document_locations, docs.scans});
	$subscriber->safe_psql($database,
		"CREATE SUBSCRIPTION $database CONNECTION \$c\$$connection\$c\$ PUBLICATION $database");
	$subscriber->poll_query_until($database,
		q{SELECT count(*) = 6 FROM pg_subscription_rel WHERE srsubstate = 'r'})
	  or die 'the first copy has not ended';
	return;
}

$primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--no-locale' ]);
$primary->append_conf('postgresql.conf', "log_statement = none\nlog_error_verbosity = verbose");
$primary->start;
create_ledger($primary, 'ledger');
$primary->safe_psql('ledger', q{
	SELECT FROM generate_series(1, 9) i,
		docs.ingest_document('file ' || i, (i % 6)::text::bytea, 'text/plain');
	UPDATE docs.documents SET document_text = 'text' WHERE id = 1;
	DELETE FROM docs.documents WHERE id = 2;
	SELECT FROM docs.log_ingestion_error('lost', 'timeout', 'no answer');
	SELECT FROM docs.ingest_document('file', '1', 'text/plain', location => '/1', fingerprint => '1');
	SELECT FROM docs.finish_scan('manual', '/', now(), 1, 1, 0, 0);
	SELECT FROM lo_from_bytea(4711, 'large')});

# One with something to widen.
create_narrow_ledger($primary, 'narrow');

# Streaming.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is(tables_of($standby, 'ledger'), tables_of($primary, 'ledger'), 'streaming: the same rows');
is(failed_checks($standby, 'ledger'), '', 'streaming: all checks pass');
my $writers = $standby->safe_psql('ledger', q{
	SELECT proname FROM pg_extension e JOIN pg_depend d ON d.refobjid = e.oid
		JOIN pg_proc p ON p.oid = d.objid
	WHERE e.extname = 'doc_extractor' AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
	AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
	AND p.proname NOT IN ('doc_extractor_verify', 'doc_extractor_widen_preview') ORDER BY 1});
my $inbox = 'docs.document_inbox (file_name, content, file_type)';
my @calls = (
	q{SELECT docs.ingest_document('new', 'new', 'text/plain')},
	q{SELECT docs.ingest_document('again', '1', 'text/plain')},
	q{SELECT docs.ingest_hashed_document('new', repeat('0', 64), 1, 'text/plain')},
	q{SELECT docs.ingest_documents(ARRAY['new'], ARRAY['new']::bytea[], ARRAY['text/plain'])},
	q{SELECT docs.ingest_file('PG_VERSION', 'text/plain')},
	q{SELECT docs.ingest_large_object(4711, 'new', 'text/plain')},
	q{SELECT docs.try_ingest_document('new', 'new', 'text/plain')},
	q{SELECT docs.try_ingest_document('again', '1', 'text/plain')},
	q{SELECT docs.try_ingest_document('bad', NULL, 'text/plain')},
	q{SELECT docs.log_ingestion_error('new', 'timeout', 'no answer')},
	q{SELECT docs.resolve_ingestion_error(1, 'found')},
	q{SELECT docs.ingest_hashed_documents('{new}', ARRAY[repeat('0', 64)], '{1}', '{text/plain}')},
	q{SELECT docs.ingest_document('again', '1', 'text/plain', location => '/1', fingerprint => '2')},
	q{SELECT docs.log_failed_document('new', 'timeout', 'no answer', 'manual', '/new')},
	q{SELECT docs.record_extraction(1, 'text', NULL, 'extractor')},
	q{SELECT docs.finish_scan('manual', '/', now(), 1, 0, 0, 0)},
	q{SELECT docs.record_document_event(1, 'tagged')},
	qq{\\connect narrow\nSELECT docs.doc_extractor_widen()},
	qq{INSERT INTO $inbox VALUES ('new', 'new', 'text/plain')},
	qq{SET doc_extractor.on_bad_document = log;
		INSERT INTO $inbox VALUES ('bad', NULL, 'text/plain')},
	qq{COPY $inbox FROM PROGRAM 'printf "new\\tnew\\ttext/plain\\n"'},
	q{UPDATE docs.documents SET document_text = 'other'},
	q{DELETE FROM docs.documents},
	q{DROP EXTENSION doc_extractor});
is(join(' ', grep { "@calls" !~ /docs\.$_\(/ } split /\n/, $writers),
	'', 'streaming: each function that writes is called');
foreach my $call (@calls)
{
	my ($code, $out, $err) = $standby->psql('ledger', "\\set VERBOSITY sqlstate\n$call");
	like($err, qr/^psql:\S+ ERROR:  25006$/, "streaming: refused: $call");
}
unlike(slurp_file($standby->logfile),
	qr/XX000|PANIC|terminated by signal/, 'streaming: refused cleanly');

# Logical, to a server that has the extension.
$subscriber = start_server('subscriber');
create_ledger($subscriber, 'ledger');
subscribe('ledger');
is(tables_of($subscriber, 'ledger'), tables_of($primary, 'ledger'), 'logical: the first copy');
$primary->safe_psql('ledger', q{
	SELECT FROM docs.ingest_documents(ARRAY['a', 'b', 'a'], ARRAY['a', 'b', 'a']::bytea[],
		array_fill('text/plain'::text, ARRAY[3]));
	SELECT FROM docs.ingest_document('again', '1', 'text/plain');
	SELECT FROM docs.ingest_document('failed', 'f', 'text/plain', ingestion_status => 'failed');
	SELECT FROM docs.ingest_document('healed', 'f', 'text/plain');
	UPDATE docs.documents SET document_text = 'other' WHERE id = 1;
	DELETE FROM docs.documents WHERE id = 3;
	SELECT FROM docs.ingest_document('moved', '1', 'text/plain', location => '/2');
	SELECT FROM docs.ingest_document('other', 'other', 'text/plain', location => '/1');
	SELECT FROM docs.record_extraction(4, 'text', NULL, 'extractor');
	SELECT FROM docs.finish_scan('manual', '/', now(), 2, 1, 1, 0)});
$primary->wait_for_catchup('ledger');
is(tables_of($subscriber, 'ledger'), tables_of($primary, 'ledger'), 'logical: changes');
like(failed_checks($subscriber, 'ledger'),
	qr/\Asequences: .*\nlocation sequences: .*\z/, 'logical: all checks pass, but sequences are not replicated');
$subscriber->safe_psql('ledger', 'DROP SUBSCRIPTION ledger');

# The first copy is made while documents are ingested; what it misses follows.
create_ledger($_, 'busy') foreach ($primary, $subscriber);
my $folder = prepare_load($primary, 'busy');
my $load = start_load($primary, 'busy', $folder, 3, '--vacuum');
wait_for_load($primary, 'busy', $load, 100);
subscribe('busy');
wait_for_load($primary, 'busy', $load, 100);
end_load('logical, busy', $load, $primary);
check_load('logical, busy', $primary, 'busy', $folder);
$primary->wait_for_catchup('busy');
is(tables_of($subscriber, 'busy'), tables_of($primary, 'busy'), 'logical, busy: the same rows');
like(failed_checks($subscriber, 'busy'),
	qr/\Asequences: .*\nlocation sequences: .*\z/, 'logical, busy: all checks pass, but sequences are not replicated');
$subscriber->safe_psql('busy', 'DROP SUBSCRIPTION busy');

# A drop that the guard refuses on the primary does not reach the standby; one that it allows does.
my ($code, $out, $err) = $primary->psql('ledger', 'DROP EXTENSION doc_extractor');
like($err, qr/cannot drop extension doc_extractor/, 'the primary refuses to drop it');
$primary->safe_psql('ledger',
	'SET doc_extractor.allow_data_loss = on; DROP EXTENSION doc_extractor CASCADE');
$primary->wait_for_catchup($standby);
is( $standby->safe_psql(
		'ledger', q{SELECT count(*) FROM pg_extension WHERE extname = 'doc_extractor'}),
	'0',
	'streaming: a drop arrives');

done_testing();
