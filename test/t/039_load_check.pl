# The check of the random load, on which the tests of crashes, promotions, backups and concurrency
# rely, finds what is wrong with a ledger: each time a copy of a good one is spoilt in one respect.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Ledger;
use PostgreSQL::Test::Utils;
use RandomLoad;
use Test::More;

my $node = start_server('spoilt', 'log_statement = none');
create_ledger($node, 'good');
my $folder = prepare_load($node, 'good');
run_load('good', $node, 'good', $folder, 4, '--transactions', 100);
check_load('good', $node, 'good', $folder);

# A document with duplicates and changes, one that was deleted, and the first session's last
# transaction.
my $document = $node->safe_psql('good', q{
	SELECT min(document_id) FROM docs.hash_index h WHERE duplicate_count > 1
	AND (SELECT count(*) FROM docs.audit_log a WHERE a.document_id = h.document_id) > 1});
my $gone = $node->safe_psql('good', q{
	SELECT min(document_id) FROM docs.audit_log WHERE action = 'deleted'});
my $transaction = 'session = 1
	AND transaction = (SELECT max(transaction) FROM done WHERE session = 1)';

# What is done to a copy, and what the check has to say.
my @cases = (
	[
		'a document is lost with all that belongs to it',
		"DELETE FROM docs.documents WHERE id = $document;
		DELETE FROM docs.hash_index WHERE document_id = $document;
		DELETE FROM docs.audit_log WHERE document_id = $document",
		qr/document $document is lost.*document $document has no trail/s
	],
	[
		'a deleted document is there',
		"INSERT INTO docs.documents (id, file_name, file_size_bytes, file_hash, file_type,
			ingestion_source)
		VALUES ($gone, 'back', 4, encode(sha256('back'), 'hex'), 'text/plain', 'x')",
		qr/document $gone is there, though deleted/
	],
	[
		'a duplicate is counted twice',
		"UPDATE docs.hash_index SET duplicate_count = duplicate_count + 1
		WHERE document_id = $document",
		qr/document $document has duplicate_count \d+, and \d+ duplicates were counted/
	],
	[
		'a duplicate is not counted',
		"UPDATE docs.hash_index SET duplicate_count = duplicate_count - 1
		WHERE document_id = $document",
		qr/document $document has duplicate_count \d+, and \d+ duplicates were counted/
	],
	[
		'a trail row is missing',
		"DELETE FROM docs.audit_log WHERE id =
			(SELECT max(id) FROM docs.audit_log WHERE document_id = $document)",
		qr/trail of document $document: has Counter\(\).*, and not Counter\(\{'/
	],
	[
		'a trail row is there twice',
		"INSERT INTO docs.audit_log (document_id, action, user_or_system, change_reason)
		SELECT document_id, 'updated', user_or_system, change_reason FROM docs.audit_log
		WHERE id = (SELECT max(id) FROM docs.audit_log WHERE document_id = $document)",
		qr/trail of document $document: has Counter\(\{'/
	],
	[
		'a change has left no trail',
		"UPDATE docs.documents SET document_text = 'other' WHERE id = $document",
		qr/trail of document $document adds up to/
	],
	[
		'a document has the hash of another content',
		"UPDATE docs.documents SET file_name = 'other' WHERE id = $document",
		qr/document $document has not the hash of its content/
	],
	[
		'a failure is not logged',
		'DELETE FROM docs.error_log WHERE id = (SELECT min(id) FROM docs.error_log)',
		qr/error_log has \d+ rows, and \d+ failures were logged/
	],
	[
		'an acknowledged transaction is lost',
		"DELETE FROM done WHERE $transaction",
		qr/transaction \d+\.\d+ is lost/
	],
	[
		'a transaction is done twice',
		"INSERT INTO done SELECT * FROM done WHERE $transaction",
		qr/transaction \d+\.\d+ is done twice/
	],
	[
		'a transaction is done that no session committed',
		'INSERT INTO done SELECT session, max(transaction) + 1 FROM done GROUP BY 1',
		qr/transaction \d+\.\d+ is done unasked/
	]);

my $copies = 0;

# Makes a copy of a ledger, by default of the good one, and spoils it, past all triggers.
sub spoil
{
	my ($script, $ledger) = @_;
	my $database = 'spoilt_' . ++$copies;

	$ledger //= 'good';
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE $ledger");
	$node->safe_psql($database, qq{
		SET session_replication_role = replica;
		ALTER TABLE docs.audit_log DISABLE TRIGGER audit_log_refuse_change;
		$script;
		ALTER TABLE docs.audit_log ENABLE ALWAYS TRIGGER audit_log_refuse_change});
	return $database;
}

foreach my $case (@cases)
{
	my ($name, $script, $expected) = @$case;
	like(join("\n", problems_of_load($node, spoil($script), $folder)), $expected, $name);
}

# Returns a folder with copies of the journals; these lines are added to the first session's.
sub journals_and
{
	my (@lines) = @_;
	my $copy = new_folder() . '/journals';

	copy_journals($folder, $copy);
	append_to_file("$copy/session_1", "$_\n") foreach @lines;
	return $copy;
}

# One transaction more.
my $done = spoil('');
my $new = $node->safe_psql($done, q{
	SET doc_extractor.reason = 'new';
	INSERT INTO done VALUES (1, 1000);
	SELECT document_id FROM docs.ingest_document('new', 'new', 'text/plain')});
my $hash = sha256_hex('new');
my $commits = qq{["commits", 1000, [["stored", $new, "$hash", null, "new"]]]};

# If its answer is missing, it is there or not, but not half of it.
my $open = journals_and($commits);
my $half = spoil('DELETE FROM done WHERE transaction = 1000', $done);
is(join("\n", problems_of_load($node, 'good', $open)), '', 'no answer: not done');
is(join("\n", problems_of_load($node, $done, $open)), '', 'no answer: done');
like(join("\n", problems_of_load($node, $half, $open)),
	qr/document $new is there, though deleted or never stored/, 'no answer: half of it is done');
$half = spoil("DELETE FROM docs.audit_log WHERE document_id = $new", $done);
like(join("\n", problems_of_load($node, $half, $open)),
	qr/document $new has no trail/, 'no answer: the other half of it is done');

# It is there if it was committed, and not there if it had failed.
my $committed = journals_and($commits, '["committed", 1000]');
my $failed = journals_and($commits, '["failed", 1000]');
is(join("\n", problems_of_load($node, $done, $committed)), '', 'committed: done');
like(join("\n", problems_of_load($node, 'good', $committed)),
	qr/transaction 1\.1000 is lost/, 'committed: not done');
is(join("\n", problems_of_load($node, 'good', $failed)), '', 'failed: not done');
like(join("\n", problems_of_load($node, $done, $failed)),
	qr/transaction 1\.1000 is done, and had failed/, 'failed: done');

# Only a connection that was lost may owe an answer.
my $mute = journals_and($commits, '["commits", 1001, []]');
ok(!eval { problems_of_load($node, $done, $mute); 1 }, 'an answer was not written down');
like($@, qr/goes on at 1001 without an answer/, 'and the check says so');
$mute = journals_and($commits, '["connected"]', '["commits", 1001, []]');
is(join("\n", problems_of_load($node, $done, $mute)), '', 'an answer got lost');

# A copy of a ledger has what was acknowledged before, and nothing that came later.
my $between = new_folder();
mkdir "$between/before";
copy_journals($folder, "$between/after");
is(join("\n", problems_of_load($node, 'good', $between)),
	'', 'a copy is made meanwhile: it has all');
my $first = $transaction =~ s/max/min/r;
like(
	join("\n", problems_of_load($node, spoil("DELETE FROM done WHERE $first"), $between)),
	qr/transaction 1\.\d+ is done, without 1\.\d+/,
	'a copy is made meanwhile: it lacks what came before the rest');

my $later = new_folder();
copy_journals($folder, "$later/$_") foreach qw(before after);
is(join("\n", problems_of_load($node, 'good', $later)), '', 'a copy is made later: it has all');
like(
	join("\n", problems_of_load($node, spoil("DELETE FROM done WHERE $first"), $later)),
	qr/transaction 1\.\d+ is lost/,
	'a copy is made later: it lacks something');

my $earlier = new_folder();
mkdir "$earlier/$_" foreach qw(before after);
like(join("\n", problems_of_load($node, 'good', $earlier)),
	qr/transaction 1\.\d+ is done unasked/, 'a copy is made earlier: it has what came later');

done_testing();
