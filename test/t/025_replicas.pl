# A streaming replica reads, verifies and refuses to write, and does what its primary does, a drop
# included; a logical one gets the rows as they are, with nothing derived a second time.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--no-locale' ]);
$primary->start;
create_ledger($primary, 'ledger');
$primary->safe_psql('ledger', q{
	SELECT FROM generate_series(1, 9) i, docs.ingest_document('file ' || i, (i % 6)::text::bytea, 'text/plain');
	UPDATE docs.documents SET document_text = 'text' WHERE id = 1;
	DELETE FROM docs.documents WHERE id = 2});

# Streaming.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is(tables_of($standby, 'ledger'), tables_of($primary, 'ledger'), 'streaming: the same rows');
is($standby->safe_psql('ledger', 'SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed'),
	'', 'streaming: all checks pass');
foreach my $call (
	q{SELECT docs.ingest_document('new', 'new', 'text/plain')},
	q{SELECT docs.ingest_document('again', '1', 'text/plain')},
	q{SELECT docs.record_document_event(1, 'tagged')},
	q{DROP EXTENSION doc_extractor})
{
	my ($code, $out, $err) = $standby->psql('ledger', "\\set VERBOSITY sqlstate\n$call");
	like($err, qr/ERROR:  25006/, "streaming: refused: $call");
}

# Logical, to a server that has the extension.
my $subscriber = start_server('subscriber');
create_ledger($subscriber, 'ledger');
my $connection = $primary->connstr('ledger');
$primary->safe_psql('ledger', q{
	CREATE PUBLICATION ledger FOR TABLE docs.documents, docs.hash_index, docs.audit_log, docs.error_log});
$subscriber->safe_psql('ledger', "CREATE SUBSCRIPTION ledger CONNECTION \$c\$$connection\$c\$ PUBLICATION ledger");
$subscriber->poll_query_until('ledger', q{SELECT count(*) = 4 FROM pg_subscription_rel WHERE srsubstate = 'r'})
  or die 'the first copy has not ended';
is(tables_of($subscriber, 'ledger'), tables_of($primary, 'ledger'), 'logical: the first copy');
$primary->safe_psql('ledger', q{
	SELECT FROM docs.ingest_documents(ARRAY['a', 'b', 'a'], ARRAY['a', 'b', 'a']::bytea[], array_fill('text/plain'::text, ARRAY[3]));
	SELECT FROM docs.ingest_document('again', '1', 'text/plain');
	SELECT FROM docs.ingest_document('failed', 'f', 'text/plain', ingestion_status => 'failed');
	SELECT FROM docs.ingest_document('healed', 'f', 'text/plain');
	UPDATE docs.documents SET document_text = 'other' WHERE id = 1;
	DELETE FROM docs.documents WHERE id = 3});
$primary->wait_for_catchup('ledger');
is(tables_of($subscriber, 'ledger'), tables_of($primary, 'ledger'), 'logical: changes');
is($subscriber->safe_psql('ledger', q{SELECT check_name FROM docs.doc_extractor_verify() WHERE NOT passed}),
	'sequences', 'logical: all checks pass, but sequences are not replicated');
$subscriber->safe_psql('ledger', 'DROP SUBSCRIPTION ledger');

# What the guard refuses on the primary does not reach the standby; what it lets go does.
my ($code, $out, $err) = $primary->psql('ledger', 'DROP EXTENSION doc_extractor');
like($err, qr/cannot drop extension doc_extractor/, 'the primary refuses to drop it');
$primary->safe_psql('ledger', 'SET doc_extractor.allow_data_loss = on; DROP EXTENSION doc_extractor CASCADE');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('ledger', q{SELECT count(*) FROM pg_extension WHERE extname = 'doc_extractor'}),
	'0', 'streaming: a drop arrives');

done_testing();
