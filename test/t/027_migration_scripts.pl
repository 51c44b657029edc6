# What a migration meets besides the ledger: other sessions, settings, renamed objects, privileges.
# It waits briefly and in the order of all code, and loses nothing without a word.
use strict;
use warnings;

use Ledger;
use Migrations;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('migration_scripts', 'max_prepared_transactions = 5');
my $owner = 'regress_docs_keeper';
$node->safe_psql('postgres', q{
	CREATE ROLE regress_docs_keeper LOGIN;
	CREATE ROLE "regress_docs Reader";
	CREATE ROLE regress_docs_other});

# Makes a database with the owner's ledger of a version.
sub new_ledger
{
	my ($database, $version) = @_;

	new_database($node, $database, $owner, 'docs');
	install($node, $database, $owner, 'docs', $version);
	return;
}

# Runs a script as the owner; returns its output, and its errors.
sub as_owner
{
	my ($database, $script) = @_;
	return run_script($node, $database, $owner, $script);
}

# Starts psql on a command beside the test, for as long as it takes.
sub start_psql
{
	my ($database, $command) = @_;
	my $client = { out => '', err => '' };

	$client->{run} = IPC::Run::start(
		[
			'psql', '-XAqt', '-v', 'VERBOSITY=verbose', '-c', $command,
			'-d', $node->connstr($database) . ' application_name=client'
		],
		'<', \undef, '>', \$client->{out}, '2>', \$client->{err});
	return $client;
}

# Waits until a session other than this one has a lock on a table.
sub wait_for_holder
{
	my ($database, $table) = @_;

	$node->poll_query_until(
		$database, qq{
		SELECT count(*) > 0 FROM pg_locks
		WHERE relation = 'docs.$table'::regclass AND granted AND pid <> pg_backend_pid()})
	  or die 'nobody locks the table';
	return;
}

# The scripts change no catalog by hand: the server would not know.
foreach my $script (glob('doc_extractor--*.sql'))
{
	my @writes = slurp_file($script) =~
	  /\b((?:UPDATE|DELETE\s+FROM|INSERT\s+INTO|TRUNCATE)\s+(?:ONLY\s+)?pg_catalog\.\w+)/gi;
	is("@writes", '', "$script: writes into no table of pg_catalog");
}

# Two updates that wait in vain, while the rest of the test runs: for a session and for a prepared
# transaction.
new_ledger('held', '1.0');
new_ledger('prepared', '1.1');
my $holder = start_psql('held', 'BEGIN; SELECT FROM docs.documents; SELECT pg_sleep(600)');
wait_for_holder('held', 'documents');
$node->safe_psql('prepared', q{
	BEGIN;
	INSERT INTO docs.error_log (file_name, error_type, error_message) VALUES ('f', 'e', 'm');
	PREPARE TRANSACTION 'theirs'});
my $started = time;
my %waiting = map { $_->[0] => start_psql($_->[0], "ALTER EXTENSION doc_extractor UPDATE TO '$_->[1]'") }
  ([ 'held', '1.1' ], [ 'prepared', '1.0' ]);

# While the update waits, others work: it does not keep its place in the queue for long.
my (undef, $others) = as_owner('held', q{
	SET statement_timeout = '10s'; SELECT FROM docs.ingest_document('a', 'a', 't')});
is($others, '', 'others ingest while an update waits');
# It gives up documents at once if another table is in use.
(undef, $others) = as_owner('prepared', q{
	SET statement_timeout = '10s'; SELECT FROM docs.ingest_document('a', 'a', 't')});
is($others, '', 'others ingest while an update waits for error_log');

# A transaction that locks in another order than the update, which would be a deadlock.
foreach my $way ([ '1.0', '1.1' ], [ '1.1', '1.0' ], [ '1.1', '1.2' ], [ '1.2', '1.1' ])
{
	my ($from, $to) = @$way;
	my $database = 'order_' . "${from}_$to" =~ s/\./_/gr;

	new_ledger($database, $from);
	my $client = start_client($node, $database, q{
		BEGIN;
		INSERT INTO docs.error_log (file_name, error_type, error_message) VALUES ('f', 'e', 'm');
		SELECT pg_sleep(3);
		SELECT FROM docs.ingest_document('a', 'a', 't');
		COMMIT;});
	wait_for_holder($database, 'error_log');
	is(step($node, $database, $owner, $to), '', "$from to $to: done after who locks differently");
	my (undef, $err) = finish_client($client);
	is($err, '', "$from to $to: that session has no error");
	is($node->safe_psql($database, 'SELECT count(*) FROM docs.documents'),
		'1', "$from to $to: its document is there");
}

# A reader of a view has locked the view, and waits for documents behind a step that changes views.
foreach my $way (
	[ '1.1', '1.0', 'document_inbox' ],
	[ '1.1', '1.2', 'document_inbox' ],
	[ '1.2', '1.1', 'location_history' ])
{
	my ($from, $to, $view) = @$way;
	my $database = 'viewed_' . "${from}_$to" =~ s/\./_/gr;

	new_ledger($database, $from);
	my $reader = start_client($node, $database, qq{
		BEGIN;
		SELECT FROM docs.$view;
		SELECT pg_sleep(3);
		SELECT FROM docs.documents;
		COMMIT;});
	wait_for_holder($database, $view);
	is(step($node, $database, $owner, $to), '', "$from to $to: a reader of a view is no deadlock");
	is((finish_client($reader))[1], '', "$from to $to: nor has it an error");
}

# The caller's lock_timeout is for one try, and is as it was afterwards.
new_ledger('timeout', '1.0');
my $brief = start_client($node, 'timeout', 'BEGIN; SELECT FROM docs.documents; SELECT pg_sleep(3);');
wait_for_holder('timeout', 'documents');
my ($out, $err) = as_owner('timeout', q{
	SET lock_timeout = '100ms';
	BEGIN;
	ALTER EXTENSION doc_extractor UPDATE TO '1.1';
	SHOW lock_timeout;
	COMMIT});
is($err, '', 'an update tries again after lock_timeout');
is($out, '100ms', 'lock_timeout is as it was');
finish_client($brief);

# An adoption waits for documents that others are inserting, and finds them.
new_ledger('adopted', 'unpackaged');
my $insert = q{INSERT INTO docs.documents
	(file_name, file_size_bytes, file_hash, file_type, ingestion_source)
	VALUES ('a', 1, encode(sha256('a'), 'hex'), 't', 's');};
my $writer = start_client($node, 'adopted', "BEGIN; $insert SELECT pg_sleep(3); COMMIT;");
wait_for_holder('adopted', 'documents');
is(step($node, 'adopted', $owner, '1.1'), '', 'an adoption waits for a writer');
finish_client($writer);
is(failed_checks($node, 'adopted'), '', 'and adopts what it wrote');

# Isolation levels whose snapshot is older than the locks.
foreach my $way ([ '1.0', '1.1' ], [ '1.1', '1.0' ], [ '1.0', 'unpackaged' ], [ 'unpackaged', '1.0' ],
	[ '1.1', '1.2' ], [ '1.2', '1.1' ])
{
	my ($from, $to) = @$way;
	my $name = "$from to $to";
	my $database = 'isolation_' . "${from}_$to" =~ s/\./_/gr;

	new_ledger($database, $from);
	foreach my $level ('repeatable read', 'serializable')
	{
		my $upper = uc $level;
		my $begin = "BEGIN ISOLATION LEVEL $level; SELECT FROM docs.documents";
		like(
			step($node, $database, $owner, $to, $begin),
			qr/^ERROR:  25001: .* READ COMMITTED only\nDETAIL:  At $upper, .*\nHINT:  Use BEGIN /,
			"$name: refused at $level");
		is(version_of($node, $database), $from, "$name: nothing changed");
	}
	is(step($node, $database, $owner, $to, 'BEGIN ISOLATION LEVEL READ UNCOMMITTED'),
		'', "$name: done at a lower level");
}
new_database($node, 'serializable', $owner, 'docs');
$node->safe_psql('postgres',
	"ALTER DATABASE serializable SET default_transaction_isolation = 'serializable'");
(undef, $err) = as_owner('serializable', 'CREATE EXTENSION doc_extractor SCHEMA docs');
is($err, '', 'a new ledger needs no level');

# All steps with names that are printed in another form.
new_database($node, 'quoted', $owner, 'docs');
$node->safe_psql('postgres', 'ALTER DATABASE quoted SET quote_all_identifiers = on');
install($node, 'quoted', $owner, 'docs', 'unpackaged');
foreach my $to (qw(1.0 1.1 1.0 1.1 1.2 1.1 1.2 unpackaged 1.2))
{
	is(step($node, 'quoted', $owner, $to), '', "quote_all_identifiers: to $to");
}
is(failed_checks($node, 'quoted'), '', 'quote_all_identifiers: all is well');

# An index of ours that has another name goes, too, and none of the user's.
new_ledger('renamed', '1.1');
as_owner('renamed', q{
	ALTER INDEX docs.ix_error_log_file_name RENAME TO "Our index";
	CREATE INDEX theirs ON docs.error_log (file_name);
	CREATE INDEX their_second ON docs.error_log (error_type) WHERE NOT retry_attempted});
is(step($node, 'renamed', $owner, '1.0'), '', 'a renamed index: to 1.0');
is( $node->safe_psql('renamed', q{
		SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes
		WHERE schemaname = 'docs' AND tablename = 'error_log'}),
	'error_log_pkey ix_error_log_error_timestamp their_second theirs',
	'a renamed index: it is gone');
is(step($node, 'renamed', $owner, '1.1'), '', 'a renamed index: to 1.1');
as_owner('renamed', 'DROP INDEX docs.ix_error_log_file_name');
is(step($node, 'renamed', $owner, '1.0'), '', 'a dropped index: to 1.0');

# The scripts need PL/pgSQL.
new_database($node, 'bare', undef, 'docs');
$node->safe_psql('bare', 'DROP EXTENSION plpgsql');
(undef, $err) = run_script($node, 'bare', undef, 'CREATE EXTENSION doc_extractor SCHEMA docs');
like($err, qr/ERROR:  42704: required extension "plpgsql" is not installed$/m,
	'without PL/pgSQL: the error says what is missing');
$node->safe_psql('bare', q{
	CREATE EXTENSION plpgsql;
	CREATE EXTENSION doc_extractor SCHEMA docs});
(undef, $err) = run_script($node, 'bare', undef, 'DROP EXTENSION plpgsql');
like($err, qr/ERROR:  2BP01: cannot drop extension plpgsql/, 'PL/pgSQL stays while there is a ledger');

# The privileges on what a step drops: the step prints them, and they bring themselves back.
my $acl_query = q{
	SET search_path = pg_catalog;
	SELECT relname, (SELECT array_agg(a ORDER BY a::text) FROM unnest(relacl) a) FROM pg_class
	WHERE relnamespace = 'docs'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
	SELECT attrelid::regclass, attname, attacl FROM pg_attribute
	WHERE attacl IS NOT NULL AND NOT attisdropped AND attrelid > 16383 ORDER BY 1, 2;
	SELECT oid::regprocedure, (SELECT array_agg(a ORDER BY a::text) FROM unnest(proacl) a)
	FROM pg_proc WHERE pronamespace = 'docs'::regnamespace ORDER BY 1};
new_ledger('granted', '1.1');
as_owner('granted', q{
	GRANT SELECT, INSERT ON docs.document_inbox TO "regress_docs Reader";
	GRANT SELECT ON docs.ingestion_stats TO PUBLIC;
	GRANT SELECT ON docs.ingestion_stats TO regress_docs_other WITH GRANT OPTION;
	GRANT SELECT (file_type, documents) ON docs.ingestion_stats_by_type TO regress_docs_other;
	GRANT SELECT (id, db_user) ON docs.audit_log TO regress_docs_other;
	GRANT EXECUTE ON FUNCTION docs.ingest_file, docs.ingest_document TO regress_docs_other;
	GRANT SELECT ON docs.documents TO regress_docs_other});
my $acls = $node->safe_psql('granted', $acl_query);
my $down = step($node, 'granted', $owner, '1.0');
my $grants = q{GRANT EXECUTE ON FUNCTION docs.ingest_file(text, text, text, text, json, text, text,}
  . q{ text, timestamp with time zone, text) TO regress_docs_other;
GRANT INSERT, SELECT ON docs.document_inbox TO "regress_docs Reader";
GRANT SELECT (db_user) ON docs.audit_log TO regress_docs_other;
GRANT SELECT (documents), SELECT (file_type) ON docs.ingestion_stats_by_type TO regress_docs_other;
GRANT SELECT ON docs.ingestion_stats TO PUBLIC;
GRANT SELECT ON docs.ingestion_stats TO regress_docs_other WITH GRANT OPTION;};
$down =~ s/^CONTEXT: .*//ms;
is( $down,
	"WARNING:  01000: privileges on what version 1.0 does not have are lost\nDETAIL:  $grants\n"
	  . "HINT:  Run these commands after an update to version 1.1.\n",
	'grants: a warning has those that are lost');
is(step($node, 'granted', $owner, '1.1'), '', 'grants: back in 1.1');
is((as_owner('granted', $grants))[1], '', 'grants: the commands work');
is_same($node->safe_psql('granted', $acl_query), $acls, 'grants: all privileges are back');
my ($dump) = run_command(command_line($node, 'pg_dump', 'granted'));
like($dump, qr/^GRANT SELECT ON TABLE docs\.ingestion_stats TO PUBLIC;$/m, 'grants: a dump has them');
$down = step($node, 'granted', $owner, 'unpackaged');
like($down, qr/\Q$grants\E/, 'grants: the way out prints those of 1.1');
like($down,
	qr/^(?:DETAIL:  )?GRANT EXECUTE ON FUNCTION docs\.ingest_document\(.*\) TO regress_docs_other;$/m,
	'grants: and those of 1.0');

# Returns the commands that a warning of a step has.
sub commands_in
{
	my ($warning) = @_;
	my ($commands) = $warning =~ /^DETAIL:  (.*?)\nHINT: /ms;
	return $commands // '';
}

# How triggers are enabled, and users' comments on them, stay.
my $triggers_query = q{
	SELECT tgname, tgenabled, obj_description(oid, 'pg_trigger') FROM pg_trigger
	WHERE tgrelid = 'docs.documents'::regclass AND tgname ~ 'before_update|after_insert|after_update'
		AND NOT tgisinternal
	ORDER BY 1};
my $triggers = q{documents_after_insert|D|it's "theirs"
documents_after_update|R|
documents_before_update|A|
};
new_ledger('set', '1.0');
as_owner('set', q{
	ALTER TABLE docs.documents DISABLE TRIGGER documents_after_insert,
		ENABLE REPLICA TRIGGER documents_after_update,
		ENABLE ALWAYS TRIGGER documents_before_update;
	COMMENT ON TRIGGER documents_after_insert ON docs.documents IS 'it''s "theirs"'});
is($node->safe_psql('set', $triggers_query) . "\n", $triggers, 'settings: triggers are set');
foreach my $to (qw(1.1 1.0 1.1 1.0))
{
	is(step($node, 'set', $owner, $to), '', "settings: to $to");
	is($node->safe_psql('set', $triggers_query) . "\n",
		$triggers, "settings: at $to, the triggers are as they were");
}

# What is set on the indexes and keys that the step up drops is in a warning.
as_owner('set', q{
	COMMENT ON INDEX docs.ix_documents_file_hash IS 'our hashes';
	ALTER INDEX docs.ix_hash_index_file_hash SET (fillfactor = 70, deduplicate_items = off);
	ALTER TABLE docs.hash_index CLUSTER ON ix_hash_index_file_hash;
	COMMENT ON CONSTRAINT audit_log_document_id_fkey ON docs.audit_log IS 'our key';
	ALTER TABLE docs.hash_index ALTER CONSTRAINT hash_index_document_id_fkey
		DEFERRABLE INITIALLY DEFERRED});
my $up = step($node, 'set', $owner, '1.1');
my @on_indexes = (
	'ALTER INDEX docs.ix_hash_index_file_hash SET (fillfactor=70, deduplicate_items=off);',
	'ALTER TABLE docs.hash_index CLUSTER ON ix_hash_index_file_hash;',
	q{COMMENT ON INDEX docs.ix_documents_file_hash IS 'our hashes';});
my @on_keys = (
	'ALTER TABLE docs.hash_index ALTER CONSTRAINT hash_index_document_id_fkey'
	  . ' DEFERRABLE INITIALLY DEFERRED;',
	q{COMMENT ON CONSTRAINT audit_log_document_id_fkey ON docs.audit_log IS 'our key';});
like(
	$up,
	qr/\AWARNING:  01000: what was set on indexes and foreign keys of version 1\.0 is lost\nDETAIL: /,
	'settings: a warning of the step up');
is( join("\n", sort split /\n/, commands_in($up)),
	join("\n", sort(@on_indexes, @on_keys)),
	'settings: it has the commands');
is((as_owner('set', "@on_indexes"))[1], '', 'settings: those on indexes work at 1.1');
is(step($node, 'set', $owner, '1.0'), '', 'settings: back to 1.0');
is((as_owner('set', "@on_keys"))[1], '', 'settings: those on keys work at 1.0');

# What is set on objects that the step down drops is in a warning, and brings itself back.
new_ledger('set_down', '1.1');
as_owner('set_down', q{
	ALTER TABLE docs.audit_log DISABLE TRIGGER audit_log_check_actions,
		ENABLE TRIGGER audit_log_refuse_change;
	ALTER TABLE docs.documents ENABLE REPLICA TRIGGER documents_after_delete;
	COMMENT ON TRIGGER audit_log_refuse_truncate ON docs.audit_log IS E'two\nlines';
	COMMENT ON TRIGGER document_inbox_insert ON docs.document_inbox IS 'theirs';
	COMMENT ON VIEW docs.ingestion_stats IS 'our numbers';
	COMMENT ON VIEW docs.ingestion_stats_by_type IS NULL;
	COMMENT ON COLUMN docs.ingestion_stats.bytes IS 'how much';
	COMMENT ON COLUMN docs.document_inbox.content IS 'the file';
	COMMENT ON COLUMN docs.audit_log.db_user IS 'who';
	COMMENT ON FUNCTION docs.ingest_file IS 'for \our\ files';
	COMMENT ON FUNCTION docs.audit_log_refuse_change() IS NULL;
	COMMENT ON INDEX docs.ix_error_log_file_name IS 'theirs';
	ALTER INDEX docs.ix_error_log_file_name SET (fillfactor = 60);
	ALTER VIEW docs.ingestion_stats SET (security_barrier);
	ALTER VIEW docs.document_inbox ALTER COLUMN ingestion_source SET DEFAULT 'scanner';
	ALTER TABLE docs.audit_log ALTER COLUMN db_user SET DEFAULT 'nobody';
	CREATE FUNCTION docs."their Note"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER theirs INSTEAD OF INSERT ON docs.document_inbox
		FOR EACH ROW EXECUTE FUNCTION docs."their Note"();
	CREATE RULE theirs AS ON DELETE TO docs.ingestion_stats DO INSTEAD NOTHING});
$node->safe_psql('set_down', q{
	ALTER EVENT TRIGGER doc_extractor_ddl_end DISABLE;
	COMMENT ON EVENT TRIGGER doc_extractor_rewrite IS 'theirs'});
my $set_catalogs = catalogs_of($node, 'set_down', 'docs');
my $set_down = step($node, 'set_down', $owner, '1.0');
like(
	$set_down,
	qr/\AWARNING:  01000: what was set on objects that version 1\.0 does not have is lost\nDETAIL: /,
	'settings: a warning of the step down');
my $commands = commands_in($set_down);
is(() = $commands =~ /;$/mg, 21, 'settings: it has all') or diag($commands);
is(step($node, 'set_down', $owner, '1.1'), '', 'settings: up again');
isnt(catalogs_of($node, 'set_down', 'docs'), $set_catalogs, 'settings: they are lost');
# The event triggers are a superuser's.
is( (as_owner('set_down', join('', grep { !/EVENT TRIGGER/ } split /^/, $commands)))[1],
	'', 'settings: the commands work');
$node->safe_psql('set_down', join('', grep { /EVENT TRIGGER/ } split /^/, $commands));
is_same(catalogs_of($node, 'set_down', 'docs'), $set_catalogs, 'settings: all is as it was');

# The same from 1.2: what to run at once, and what to run after an update.
new_ledger('set_locations', '1.2');
as_owner('set_locations', q{
	GRANT EXECUTE ON FUNCTION docs.finish_scan, docs.ingest_hashed_documents, docs.log_failed_document
		TO regress_docs_other;
	GRANT EXECUTE ON FUNCTION docs.record_extraction TO "regress_docs Reader" WITH GRANT OPTION;
	GRANT SELECT, INSERT ON docs.scans, docs.document_locations TO regress_docs_other;
	GRANT USAGE ON SEQUENCE docs.scans_id_seq, docs.document_locations_id_seq TO regress_docs_other;
	GRANT SELECT (extractor, id) ON docs.documents TO regress_docs_other;
	GRANT SELECT (root) ON docs.scans TO PUBLIC;
	GRANT UPDATE (location, retry_attempted) ON docs.error_log TO "regress_docs Reader";
	GRANT SELECT (documents, locations) ON docs.ingestion_stats TO regress_docs_other;
	COMMENT ON FUNCTION docs.finish_scan IS NULL;
	COMMENT ON FUNCTION docs.log_failed_document IS 'for \our\ scanners';
	COMMENT ON TABLE docs.scans IS E'two\nlines';
	COMMENT ON COLUMN docs.scans.seen IS 'how many';
	COMMENT ON COLUMN docs.documents.extracted_at IS NULL;
	COMMENT ON COLUMN docs.error_log.location IS 'place';
	COMMENT ON INDEX docs.ix_error_log_unidentified IS 'by name';
	ALTER INDEX docs.ix_error_log_file_hash SET (fillfactor = 60);
	ALTER TABLE docs.scans SET (fillfactor = 80);
	ALTER TABLE docs.documents ALTER COLUMN extractor SET DEFAULT 'unknown';
	CREATE INDEX theirs ON docs.scans (root)});
my $set_locations = catalogs_of($node, 'set_locations', 'docs');
my $from_1_2 = step($node, 'set_locations', $owner, '1.1');
my ($now, $later) = $from_1_2 =~ /^DETAIL:  (.*?)\nHINT: /msg;
is(() = $now =~ /;$/mg, 1, 'settings of 1.2: what to run now') or diag($now);
is(() = $later =~ /;$/mg, 23, 'settings of 1.2: what to run later') or diag($later);
is((as_owner('set_locations', $now))[1], '', 'settings of 1.2: the first commands work at 1.1');
is(step($node, 'set_locations', $owner, '1.2'), '', 'settings of 1.2: up again');
isnt(catalogs_of($node, 'set_locations', 'docs'), $set_locations, 'settings of 1.2: they are lost');
is((as_owner('set_locations', $later))[1], '', 'settings of 1.2: the others work at 1.2');
is((as_owner('set_locations', q{SELECT FROM docs.doc_extractor_widen('UTC')}))[1],
	'', 'settings of 1.2: the ledger gets wide again');
is_same(catalogs_of($node, 'set_locations', 'docs'),
	$set_locations, 'settings of 1.2: all is as it was');

# The way out prints the same of 1.0.
new_ledger('set_out', '1.0');
as_owner('set_out', q{
	ALTER TABLE docs.documents DISABLE TRIGGER documents_after_insert,
		ENABLE ALWAYS TRIGGER documents_before_update;
	COMMENT ON TRIGGER documents_after_update ON docs.documents IS 'theirs';
	COMMENT ON TABLE docs.error_log IS 'our failures';
	COMMENT ON FUNCTION docs.ingest_document IS NULL});
$set_catalogs = catalogs_of($node, 'set_out', 'docs');
my $set_out = step($node, 'set_out', $owner, 'unpackaged');
like(
	$set_out,
	qr/\AWARNING:  01000: what was set on objects that version unpackaged does not have is lost\n/,
	'settings: a warning of the way out');
$commands = commands_in($set_out);
is(() = $commands =~ /;$/mg, 5, 'settings: it has all, too') or diag($commands);
is(step($node, 'set_out', $owner, '1.0'), '', 'settings: back in the extension');
is((as_owner('set_out', $commands))[1], '', 'settings: these commands work, too');
is_same(catalogs_of($node, 'set_out', 'docs'), $set_catalogs, 'settings: all is as it was at 1.0');

# The step down says that the guard is gone.
(undef, my $warning) = as_owner('set_down', q{ALTER EXTENSION doc_extractor UPDATE TO '1.0'});
like(
	$warning,
	qr/^[^\n]*WARNING:  01000: version 1\.0 does not guard the ledger
DETAIL:  DROP EXTENSION and .*
HINT:  Take a backup, and update /m,
	'a warning says that 1.0 has no guard');

# What a superuser says of its own new objects does not hold for an owner's ledger.
my $strangers_query = q{
	SELECT 'relation', relname, a::text FROM pg_class, unnest(relacl) a
	WHERE relnamespace = 'docs'::regnamespace AND a::text !~ '^regress_docs_keeper='
	UNION ALL
	SELECT 'function', proname, a::text FROM pg_proc, unnest(proacl) a
	WHERE pronamespace = 'docs'::regnamespace
		AND split_part(a::text, '=', 1) NOT IN ('regress_docs_keeper', proowner::regrole::text)};
foreach my $from ('1.0', 'unpackaged')
{
	my $database = 'defaults_' . $from =~ s/\./_/r;

	new_database($node, $database, $owner, 'docs');
	$node->safe_psql($database, q{
		ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, regress_docs_other;
		ALTER DEFAULT PRIVILEGES IN SCHEMA docs GRANT SELECT ON TABLES TO "regress_docs Reader";
		ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC, regress_docs_other;
		ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_docs_other});
	install($node, $database, $owner, 'docs', $from);
	foreach my $to (qw(1.0 1.1 1.0 1.1 1.2 1.1))
	{
		is(step($node, $database, $owner, $to) =~ s/^NOTICE: .*\n//r,
			'', "default privileges, $from: to $to");
		is($node->safe_psql($database, $strangers_query),
			'', "default privileges, $from: nobody else gets in at $to");
	}
	# A superuser takes the step for the owner.
	is(step($node, $database, undef, $_), '', "default privileges, $from: a superuser, to $_")
	  foreach qw(1.0 1.1 1.2 1.1 1.2);
	is($node->safe_psql($database, $strangers_query),
		'', "default privileges, $from: a superuser's step lets nobody in");
}

# Adoption takes grants along, what owners have taken from themselves too, and dumps have both.
new_ledger('adopted_grants', 'unpackaged');
as_owner('adopted_grants', q{
	GRANT SELECT, INSERT ON docs.documents TO PUBLIC, regress_docs_other;
	GRANT UPDATE (file_name) ON docs.documents TO "regress_docs Reader" WITH GRANT OPTION;
	GRANT USAGE ON SEQUENCE docs.audit_log_id_seq TO regress_docs_other WITH GRANT OPTION;
	REVOKE DELETE ON docs.audit_log FROM regress_docs_keeper});
my $before = $node->safe_psql('adopted_grants', $acl_query) =~ s/^.*\(.*\n//gmr;
is(step($node, 'adopted_grants', $owner, '1.0'), '', 'adopted grants: to 1.0');
is_same($node->safe_psql('adopted_grants', $acl_query) =~ s/^.*\(.*\n?//gmr,
	$before, 'adopted grants: they are as they were');
($dump) = run_command(command_line($node, 'pg_dump', 'adopted_grants'));
like($dump, qr/^\Q$_\E/m, "adopted grants: a dump has $_")
  foreach ('GRANT SELECT,INSERT ON TABLE docs.documents TO PUBLIC;',
	'GRANT SELECT,INSERT ON TABLE docs.documents TO regress_docs_other;',
	'GRANT UPDATE(file_name) ON TABLE docs.documents TO "regress_docs Reader" WITH GRANT OPTION;',
	'GRANT USAGE ON SEQUENCE docs.audit_log_id_seq TO regress_docs_other WITH GRANT OPTION;',
	'REVOKE ALL ON TABLE docs.audit_log FROM regress_docs_keeper;');

# What a superuser has installed can be given to another one, not to others, and goes every way then.
new_database($node, 'reassigned', undef, 'docs');
$node->safe_psql('postgres', q{
	CREATE ROLE regress_docs_installer SUPERUSER LOGIN;
	CREATE ROLE regress_docs_successor SUPERUSER LOGIN});
install($node, 'reassigned', 'regress_docs_installer', 'docs', '1.1');
$node->safe_psql('reassigned', q{SELECT FROM docs.ingest_document('a', 'a', 't')});
my $mine = catalogs_of($node, 'reassigned', 'docs');
(undef, $err) = run_script($node, 'reassigned', undef,
	"REASSIGN OWNED BY regress_docs_installer TO $owner");
like($err, qr/ERROR:  42501: permission denied to change owner of event trigger/,
	'reassigned: not to a role that is no superuser');
is_same(catalogs_of($node, 'reassigned', 'docs'), $mine, 'reassigned: nothing has changed then');
$node->safe_psql('reassigned', 'REASSIGN OWNED BY regress_docs_installer TO regress_docs_successor');
is(failed_checks($node, 'reassigned'), '', 'reassigned: all is well');
(undef, $err) =
  run_script($node, 'reassigned', undef, 'DROP OWNED BY regress_docs_successor CASCADE');
like($err, qr/ERROR:  2BP01: cannot drop extension doc_extractor/, 'reassigned: the guard works');
foreach my $to (qw(1.0 1.1 unpackaged 1.1))
{
	is(step($node, 'reassigned', undef, $to), '', "reassigned: to $to");
}
is(failed_checks($node, 'reassigned'), '', 'reassigned: all is well after the steps');

# The owner may grant all functions at once, and the rights are in a dump.
new_ledger('all_functions', '1.2');
(undef, $err) = as_owner('all_functions',
	'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_other');
is($err, '', 'GRANT ON ALL FUNCTIONS works');
is( $node->safe_psql('all_functions', q{
		SELECT count(*) FROM pg_proc WHERE pronamespace = 'docs'::regnamespace
			AND NOT has_function_privilege('regress_docs_other', oid, 'EXECUTE')}),
	'0', 'and grants them');
my $file = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
my $all_acls = $node->safe_psql('all_functions', $acl_query);
run_command(command_line($node, 'pg_dump', 'all_functions', undef, '-f', $file));
$node->safe_psql('postgres', "CREATE DATABASE all_functions_restored OWNER $owner");
(undef, $err) = run_command(
	command_line($node, 'psql', 'all_functions_restored', $owner, '-Xq', '-f', $file));
is($err, '', 'a dump of it is restored by the owner');
is_same($node->safe_psql('all_functions_restored', $acl_query),
	$all_acls, 'and has all privileges');

# The two updates give up within a minute, and name who is in the way.
$waiting{$_}->{run}->finish foreach sort keys %waiting;
my $waited = time - $started;
my ($pid) = $node->safe_psql('held', q{
	SELECT DISTINCT pid FROM pg_locks
	WHERE relation = 'docs.documents'::regclass AND pid <> pg_backend_pid()});
like(
	$waiting{held}->{err},
	qr/^ERROR:  55P03: could not lock the tables of doc_extractor within 60 seconds
DETAIL:  They are in use by process $pid \(AccessShareLock on documents\)\.
HINT:  Wait for these transactions or end them, then try again\.$/m,
	'an update that waits in vain names the session');
like(
	$waiting{prepared}->{err},
	qr/^DETAIL:  They are in use by a prepared transaction \(RowExclusiveLock on error_log\)\.$/m,
	'or the prepared transaction');
is(version_of($node, 'held'), '1.0', 'nothing has changed');
$node->safe_psql('held', "SELECT pg_terminate_backend($pid)");
$holder->{run}->finish;
is(step($node, 'held', $owner, '1.1'), '', 'the update works afterwards');
$node->safe_psql('prepared', q{ROLLBACK PREPARED 'theirs'});

done_testing();
