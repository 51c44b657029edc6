# The extension takes over tables that psql or Alembic made from V001, in place and with all their
# data, and gives them back again. It refuses tables that differ, with a list of the differences.
# Nothing that their owner has put on them runs with more privileges than that owner has.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Ledger;
use Migrations;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('adopt');
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', q{
	CREATE ROLE regress_docs_keeper LOGIN;
	CREATE ROLE regress_docs_other LOGIN;
	CREATE ROLE regress_docs_reader});

# What an application has written: documents with and without a hash_index row, counted duplicates,
# statuses, actions and trail rows of its own, emoji, and a sequence that is ahead.
my $application_rows = q{
INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
	created_at, updated_at, document_text, metadata_extracted)
SELECT E'old \U0001F4C4 ' || i, length('content ' || i),
	encode(sha256(convert_to('content ' || i, 'UTF8')), 'hex'), 'text/plain', 'batch_import',
	timestamp '2020-01-01' + i * interval '1 day', '2021-01-01', repeat('text ', i * 1000),
	'{"a" : [1,  2]}'
FROM generate_series(1, 8) i;
UPDATE documents SET ingestion_status = 'failed', error_message = 'no text' WHERE id = 3;
INSERT INTO hash_index (file_hash, document_id, first_seen, duplicate_count, last_seen)
SELECT file_hash, id, '2020-05-05', id * 10, '2020-06-06' FROM documents WHERE id IN (1, 2, 5);
INSERT INTO audit_log (document_id, action, action_timestamp, user_or_system, old_value, new_value,
	change_reason)
VALUES (1, 'ingested', '2020-05-05', 'the application', NULL, '{"x" : 1}', NULL),
	(1, 'classified', '2020-05-06', 'system', '1', '2', E'because \U0001F914');
INSERT INTO error_log (file_name, error_type, error_message, retry_attempted)
VALUES ('lost', 'timeout', 'no answer', true);
SELECT FROM setval('documents_id_seq', 20);
};

# The hash_index rows that adoption must add: one for each document without, as of the document's
# created_at.
my $filled_in = q{
SELECT h.file_hash = d.file_hash AND h.first_seen = d.created_at AND h.last_seen = d.created_at
	AND h.duplicate_count = 0, d.id
FROM docs.hash_index h JOIN docs.documents d ON d.id = h.document_id WHERE h.id > 3 ORDER BY h.id};

# Makes V001's tables with psql, and fills them.
sub make_tables
{
	my ($database, $owner, $schema, $rows) = @_;

	new_database($node, $database, $owner, $schema);
	$node->safe_psql($database,
		'SET search_path = ' . quoted($schema) . ';' . v001_ddl() . ($rows // ''),
		extra_params => user_option($owner));
	return;
}

# Starts an adoption: the extension knows nothing of the tables yet.
sub create_unpackaged
{
	my ($database, $owner, $schema) = @_;
	$node->safe_psql($database,
		'CREATE EXTENSION doc_extractor SCHEMA ' . quoted($schema) . " VERSION 'unpackaged'",
		extra_params => user_option($owner));
	return;
}

# Returns rows_of() without what adoption may change: hash_index and its sequence, the sequence of
# audit_log, and the one trail row that speaks for all documents without one.
sub rows_but_hashes
{
	my ($database, $schema) = @_;
	my $changed = qr/^hash_index\|\(?[0-9]+[|,]
		| ^audit_log\|[0-9]+\|
		| ,"adopted\ with\ all\ documents\ before"\)$/x;
	return join("\n", grep { !/$changed/ } split(/\n/, rows_of($node, $database, $schema)));
}

# Returns the checks of doc_extractor_verify() that fail.
sub failing_checks
{
	my ($database, $schema) = @_;
	return $node->safe_psql($database,
		'SELECT * FROM ' . quoted($schema) . '.doc_extractor_verify() WHERE NOT passed');
}

foreach my $owner (undef, 'regress_docs_keeper')
{
	my $who = defined $owner ? 'owner' : 'superuser';
	my $database = "made_by_psql_$who";

	make_tables($database, $owner, 'docs', $application_rows);
	my $rows = rows_but_hashes($database, 'docs');
	my $hashes = $node->safe_psql($database, 'SELECT * FROM docs.hash_index ORDER BY id');
	my $files = files_of($node, $database);
	create_unpackaged($database, $owner, 'docs');

	is(step($node, $database, $owner, '1.1'), '', "$who: adopted");
	is_same(rows_but_hashes($database, 'docs'), $rows, "$who: every row is as it was");
	is(files_of($node, $database), $files, "$who: in place");
	is($node->safe_psql($database, 'SELECT * FROM docs.hash_index WHERE id <= 3 ORDER BY id'),
		$hashes, "$who: the hash_index rows of the application are as they were");
	is($node->safe_psql($database, $filled_in),
		"t|3\nt|4\nt|6\nt|7\nt|8", "$who: the others are filled in");
	is( $node->safe_psql($database,
			'SELECT document_id, action, change_reason FROM docs.audit_log WHERE id > 2'),
		'8|ingested|adopted with all documents before', "$who: one trail row says so");
	is(failing_checks($database, 'docs'), '', "$who: all checks pass");

	# The ledger goes on where the application left off.
	is( $node->safe_psql(
			$database, q{
			SET search_path = docs;
			SELECT is_duplicate, duplicate_count FROM ingest_document('again', 'content 2', 'text/plain');
			SELECT is_duplicate, duplicate_count FROM ingest_document('again', 'content 4', 'text/plain');
			SELECT document_id, is_duplicate FROM ingest_document('healed', 'content 3', 'text/plain');
			SELECT document_id, is_duplicate FROM ingest_document('new', 'new', 'text/plain');
			SELECT document_id, action FROM audit_log WHERE id > 3 ORDER BY id},
			extra_params => user_option($owner)),
		"t|21\nt|1\n3|f\n21|f\n3|updated\n21|ingested",
		"$who: the same content is a duplicate, new content is not");

	# A dump has the data, and restores it.
	my $target = "restored_$who";
	$node->safe_psql('postgres', "CREATE DATABASE $target");
	my $dump = "$folder/$who.sql";
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($database), '-f', $dump ], "$who: dumped");
	# The dump names no version, and the default may be another.
	$node->safe_psql($target, q{
		CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1'});
	my (undef, $err) = run_command([ 'psql', '-Xq', '-d', $node->connstr($target), '-f', $dump ]);
	unlike($err, qr/ERROR(?!:  schema "docs" already exists)/, "$who: restored");
	is_same(rows_of($node, $target, 'docs'), rows_of($node, $database, 'docs'),
		"$who: every row is in the dump");

	# Out and in again.
	$rows = rows_of($node, $database, 'docs');
	is(step($node, $database, $owner, 'unpackaged'), '', "$who: detached");
	$node->safe_psql($database, 'DROP EXTENSION doc_extractor', extra_params => user_option($owner));
	is_same(rows_of($node, $database, 'docs'), $rows, "$who: every row stays");
	$node->command_like([ 'pg_dump', '-d', $node->connstr($database) ],
		qr/^CREATE TABLE docs\.documents .*^COPY docs\.documents /ms,
		"$who: plain tables are dumped as such");
	create_unpackaged($database, $owner, 'docs');
	is(step($node, $database, $owner, '1.1'), '', "$who: adopted again");
	is_same(rows_of($node, $database, 'docs'), $rows, "$who: everything is back");
	is(failing_checks($database, 'docs'), '', "$who: all checks pass again");
}

# Without a schema of its own: where the tables are, by search_path.
new_database($node, 'in_public', undef, 'unused');
$node->safe_psql('in_public', v001_ddl() . $application_rows);
$node->safe_psql('in_public', q{CREATE EXTENSION doc_extractor VERSION 'unpackaged'});
is(step($node, 'in_public', undef, '1.1'), '', 'in schema public: adopted');
is($node->safe_psql('in_public', 'SELECT count(*) FROM public.hash_index'),
	'8', 'in schema public: filled in');

# Grants on functions of 1.0 outlive the update, and are in dumps; PUBLIC may call no new function.
make_tables('granted', 'regress_docs_keeper', 'docs');
create_unpackaged('granted', 'regress_docs_keeper', 'docs');
is(step($node, 'granted', 'regress_docs_keeper', '1.0'), '', 'grants: adopted');
my $public_functions = q{
	SELECT oid::regproc FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
	WHERE pronamespace = 'docs'::regnamespace AND grantee = 0};
is($node->safe_psql('granted', $public_functions),
	'', 'grants: PUBLIC may call no function of 1.0');
$node->safe_psql('granted', q{
	GRANT EXECUTE ON FUNCTION docs.ingest_document TO regress_docs_reader;
	GRANT EXECUTE ON FUNCTION docs.record_document_event TO PUBLIC},
	extra_params => user_option('regress_docs_keeper'));
is(step($node, 'granted', 'regress_docs_keeper', '1.1'), '', 'grants: updated');
is($node->safe_psql('granted', $public_functions), 'docs.record_document_event',
	'grants: PUBLIC may call what the owner says');
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr('granted') ]);
like($dump, qr/^GRANT ALL ON FUNCTION docs\.ingest_document\(.* TO regress_docs_reader;$/m,
	'grants: a role\'s is in the dump');
like($dump, qr/^GRANT ALL ON FUNCTION docs\.record_document_event\(.* TO PUBLIC;$/m,
	'grants: PUBLIC\'s is in the dump');

# A real Alembic's tables.
SKIP:
{
	my $python = 'import alembic, psycopg2';
	skip 'Alembic is not installed here (Debian: python3-alembic, python3-psycopg2)', 1
	  unless run_log([ '/usr/bin/python3', '-c', $python ]);

	my $ini = "$folder/alembic.ini";
	my $scripts = abs_path(dirname(__FILE__) . '/../helpers/alembic');
	append_to_file($ini, "[alembic]\nscript_location = $scripts\n");
	local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
	local $ENV{DATABASE_URL} = 'postgresql+psycopg2://regress_docs_keeper@/alembic?host='
	  . $node->host . '&port=' . $node->port;
	my @alembic = ('/usr/bin/python3', '-m', 'alembic.config', '-c', $ini);

	new_database($node, 'alembic', 'regress_docs_keeper', 'unused');
	$node->safe_psql('alembic', 'GRANT ALL ON SCHEMA public TO regress_docs_keeper');
	command_ok([ @alembic, 'upgrade', 'head' ], 'Alembic: V001 is applied');
	command_like([ @alembic, 'current' ], qr/^001_initial_schema \(head\)$/m, 'Alembic: it says so');
	$node->safe_psql('alembic', $application_rows, extra_params => user_option('regress_docs_keeper'));
	my $rows = rows_but_hashes('alembic', 'public');

	create_unpackaged('alembic', 'regress_docs_keeper', 'public');
	is(step($node, 'alembic', 'regress_docs_keeper', '1.0'),
		'', 'Alembic: its tables are adopted as they are');
	is_same(rows_but_hashes('alembic', 'public'), $rows, 'Alembic: every row is as it was');
	is(step($node, 'alembic', 'regress_docs_keeper', '1.1'), '', 'Alembic: and updated');
	is(failing_checks('alembic', 'public'), '', 'Alembic: all checks pass');
	is( $node->safe_psql('alembic', q{
			SELECT is_duplicate, duplicate_count FROM ingest_document('again', 'content 4', 'text/plain')},
			extra_params => user_option('regress_docs_keeper')),
		't|1', 'Alembic: the ledger works');

	# From here on the extension guards the tables; Alembic's own table is left alone.
	command_like([ @alembic, 'current' ], qr/^001_initial_schema \(head\)$/m,
		'Alembic: it still knows its version');
	command_fails_like([ @alembic, 'downgrade', 'base' ],
		qr/cannot drop table error_log because extension doc_extractor requires it/,
		'Alembic: it cannot remove adopted tables');
	$rows = rows_of($node, 'alembic', 'public');
	is(step($node, 'alembic', 'regress_docs_keeper', 'unpackaged'), '', 'Alembic: detached');
	$node->safe_psql('alembic', 'DROP EXTENSION doc_extractor',
		extra_params => user_option('regress_docs_keeper'));
	is_same(rows_of($node, 'alembic', 'public'), $rows, 'Alembic: every row stays');
	create_unpackaged('alembic', 'regress_docs_keeper', 'public');
	is(step($node, 'alembic', 'regress_docs_keeper', '1.1'), '', 'Alembic: adopted again');
	is_same(rows_of($node, 'alembic', 'public'), $rows, 'Alembic: everything is back');
	is(step($node, 'alembic', 'regress_docs_keeper', 'unpackaged'), '', 'Alembic: detached again');
	$node->safe_psql('alembic', 'DROP EXTENSION doc_extractor',
		extra_params => user_option('regress_docs_keeper'));
	command_ok([ @alembic, 'downgrade', 'base' ], 'Alembic: what was given back it can remove');
	is( $node->safe_psql('alembic', q{
			SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'}),
		'alembic_version', 'Alembic: nothing else is left');
}

# What differs from V001 is refused, with a line for each difference, and nothing is changed.
my $refusals = 0;
sub check_refused
{
	my ($name, $change, $expected) = @_;
	my $database = 'refused_' . ++$refusals;

	make_tables($database, undef, 'docs', $application_rows);
	create_unpackaged($database, undef, 'docs');
	$node->safe_psql($database, "SET search_path = docs; $change");
	my $before = catalogs_of($node, $database, 'docs');
	my $err = step($node, $database, undef, '1.1');
	$err =~ s/^CONTEXT: .*//ms;
	is($err, $expected, "$name: refused");
	is_same(catalogs_of($node, $database, 'docs'), $before, "$name: nothing is changed");
	return;
}

# Returns the message for tables that differ.
sub differs
{
	return "ERROR:  55000: the tables differ from V001\nDETAIL:  "
	  . join("\n", @_)
	  . "\nHINT:  Bring them to V001's form with ALTER TABLE and CREATE INDEX, then try again.\n";
}

# Returns the message for tables that are missing.
sub misses
{
	return "ERROR:  42P01: the schema does not have all tables of V001\nDETAIL:  Missing: $_[0].\n"
	  . 'HINT:  Drop the extension, then create it in the schema of the tables:'
	  . " CREATE EXTENSION doc_extractor SCHEMA ... VERSION 'unpackaged'."
	  . " Without tables to take over: CREATE EXTENSION doc_extractor.\n";
}

check_refused('a table missing', 'DROP TABLE error_log', misses('error_log'));
check_refused('all missing', 'DROP TABLE documents, hash_index, audit_log, error_log',
	misses('audit_log, documents, error_log, hash_index'));
check_refused('a view in a table\'s place', q{
	ALTER TABLE error_log RENAME TO errors; CREATE VIEW error_log AS SELECT * FROM errors},
	misses('error_log'));
check_refused('a column of another type', 'ALTER TABLE documents ALTER file_size_bytes TYPE bigint',
	differs('column documents.file_size_bytes: V001 has integer NOT NULL, found bigint NOT NULL'));
check_refused('a column of another length',
	'ALTER TABLE documents ALTER file_type TYPE varchar(60)',
	differs('column documents.file_type: V001 has character varying(50) NOT NULL,'
		  . ' found character varying(60) NOT NULL'));
check_refused('a column missing', 'ALTER TABLE audit_log DROP COLUMN change_reason',
	differs('column audit_log.change_reason: V001 has character varying(500), found none'));
check_refused('a column renamed', 'ALTER TABLE error_log RENAME resolution_notes TO notes',
	differs('column error_log.resolution_notes: V001 has character varying(1000), found none'));
check_refused('a column that may be NULL',
	'ALTER TABLE hash_index ALTER duplicate_count DROP NOT NULL',
	differs('column hash_index.duplicate_count: V001 has integer NOT NULL DEFAULT 0,'
		  . ' found integer DEFAULT 0'));
check_refused('a default missing', 'ALTER TABLE documents ALTER created_at DROP DEFAULT',
	differs('column documents.created_at:'
		  . ' V001 has timestamp without time zone NOT NULL DEFAULT now(),'
		  . ' found timestamp without time zone NOT NULL'));
check_refused('another default',
	q{ALTER TABLE audit_log ALTER user_or_system SET DEFAULT 'nobody'},
	differs('column audit_log.user_or_system:'
		  . q{ V001 has character varying(255) NOT NULL DEFAULT 'system'::character varying,}
		  . q{ found character varying(255) NOT NULL DEFAULT 'nobody'::character varying}));
check_refused('an index missing', 'DROP INDEX ix_documents_file_type',
	differs('index ix_documents_file_type: V001 has'
		  . ' CREATE INDEX ix_documents_file_type ON docs.documents USING btree (file_type),'
		  . ' found none'));
check_refused('another index', q{
	DROP INDEX ix_audit_log_document_id; CREATE INDEX ix_audit_log_document_id ON audit_log (id)},
	differs('index ix_audit_log_document_id: V001 has'
		  . ' CREATE INDEX ix_audit_log_document_id ON docs.audit_log USING btree (document_id),'
		  . ' found CREATE INDEX ix_audit_log_document_id ON docs.audit_log USING btree (id)'));
check_refused('a key missing', 'ALTER TABLE documents DROP CONSTRAINT documents_file_hash_key',
	differs('constraint documents_file_hash_key of documents:'
		  . ' V001 has UNIQUE (file_hash), found none'));
check_refused('a key that does not cascade', q{
	ALTER TABLE hash_index DROP CONSTRAINT hash_index_document_id_fkey,
		ADD FOREIGN KEY (document_id) REFERENCES documents (id)},
	differs('constraint hash_index_document_id_fkey of hash_index:'
		  . ' V001 has FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE,'
		  . ' found FOREIGN KEY (document_id) REFERENCES documents(id)'));
check_refused('several differences', q{
	DROP INDEX ix_error_log_error_timestamp;
	ALTER TABLE error_log ALTER file_name TYPE text, DROP CONSTRAINT error_log_pkey},
	differs('column error_log.file_name: V001 has character varying(500) NOT NULL,'
		  . ' found text NOT NULL',
		'constraint error_log_pkey of error_log: V001 has PRIMARY KEY (id), found none',
		'index ix_error_log_error_timestamp: V001 has'
		  . ' CREATE INDEX ix_error_log_error_timestamp ON docs.error_log'
		  . ' USING btree (error_timestamp), found none'));
check_refused('a function of the same name', q{
	CREATE FUNCTION record_document_event(bigint, text, json, json, text) RETURNS bigint
		LANGUAGE sql AS 'SELECT 1::bigint'},
	'ERROR:  42723: function "record_document_event" already exists'
	  . " with same argument types\n");

# More than V001 has is no difference.
make_tables('more', undef, 'docs', $application_rows . q{
	ALTER TABLE documents ADD COLUMN department text DEFAULT 'archive';
	CREATE INDEX by_source ON documents (ingestion_source);
	CREATE TABLE mine (id int REFERENCES documents)});
create_unpackaged('more', undef, 'docs');
is(step($node, 'more', undef, '1.1'), '', 'more columns, indexes and tables: adopted');
is($node->safe_psql('more', q{SELECT count(*) FROM docs.documents WHERE department = 'archive'}),
	'8', 'and still there');

# Tables of another role are refused.
make_tables('others', 'regress_docs_other', 'docs', $application_rows);
$node->safe_psql('others', q{
	GRANT CREATE ON DATABASE others TO regress_docs_keeper;
	GRANT ALL ON SCHEMA docs TO regress_docs_keeper;
	GRANT ALL ON ALL TABLES IN SCHEMA docs TO regress_docs_keeper});
create_unpackaged('others', 'regress_docs_keeper', 'docs');
my $not_owned = sub {
	return "ERROR:  42501: the tables belong to another role than the extension\n"
	  . "DETAIL:  Not owned by it: $_[0].\n"
	  . "HINT:  Drop the extension, then let the tables' owner create it"
	  . " (SET ROLE; it needs CREATE on the database).\n";
};
my $before = catalogs_of($node, 'others', 'docs');
my $err = step($node, 'others', 'regress_docs_keeper', '1.1');
$err =~ s/^CONTEXT: .*//ms;
is($err, $not_owned->('audit_log, audit_log_id_seq, documents, documents_id_seq, error_log,'
		  . ' error_log_id_seq, hash_index, hash_index_id_seq'), 'others\' tables: refused');
is_same(catalogs_of($node, 'others', 'docs'), $before, 'others\' tables: nothing is changed');
$node->safe_psql('others', q{
	ALTER TABLE docs.documents OWNER TO regress_docs_keeper;
	ALTER TABLE docs.hash_index OWNER TO regress_docs_keeper;
	ALTER TABLE docs.audit_log OWNER TO regress_docs_keeper});
$err = step($node, 'others', 'regress_docs_keeper', '1.1');
$err =~ s/^CONTEXT: .*//ms;
is($err, $not_owned->('error_log, error_log_id_seq'), 'one table of another\'s: refused');

# All that owners can put on their tables to run code; each notes as whom it runs.
my $traps = q{
CREATE TABLE ran (what text, superuser boolean, who name DEFAULT current_user);
GRANT ALL ON ran TO PUBLIC;
GRANT USAGE ON SCHEMA docs TO PUBLIC;
CREATE FUNCTION note(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO docs.ran SELECT note.what, rolsuper FROM pg_roles WHERE rolname = current_user;
	RETURN true;
END
$$;
-- Said to be immutable, so that it may stand anywhere.
CREATE FUNCTION note(what text, value text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM docs.note(what);
	RETURN value;
END
$$;
CREATE FUNCTION note_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM docs.note('trigger on ' || TG_TABLE_NAME);
	RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON documents
	FOR EACH ROW EXECUTE FUNCTION note_trigger();
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON hash_index
	FOR EACH ROW EXECUTE FUNCTION note_trigger();
CREATE TRIGGER note_statement AFTER INSERT OR UPDATE ON hash_index
	FOR EACH STATEMENT EXECUTE FUNCTION note_trigger();
CREATE TRIGGER note BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION note_trigger();
ALTER TABLE documents ADD CONSTRAINT note CHECK (note('check on documents', file_type) IS NOT NULL);
ALTER TABLE hash_index ADD CONSTRAINT note
	CHECK (note('check on hash_index', file_hash) IS NOT NULL);
ALTER TABLE hash_index ADD COLUMN noted boolean DEFAULT note('default of hash_index');
CREATE INDEX note ON documents (note('index of documents', file_type));
CREATE INDEX note_rows ON hash_index (note('index of hash_index', file_hash));
CREATE INDEX note_where ON documents (id) WHERE note('index of some documents', file_type) <> '';
CREATE POLICY note ON documents USING (note('policy of documents'));
CREATE POLICY note ON hash_index USING (note('policy of hash_index'))
	WITH CHECK (note('policy of hash_index'));
CREATE POLICY note ON audit_log USING (note('policy of audit_log'));
ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE hash_index ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE RULE note AS ON INSERT TO hash_index DO ALSO SELECT docs.note('rule on hash_index');
-- In the way of unqualified names in the scripts.
CREATE FUNCTION docs.length(varchar) RETURNS int LANGUAGE plpgsql AS
	$$BEGIN PERFORM docs.note('length'); RETURN 1; END$$;
CREATE FUNCTION docs.equal(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN PERFORM docs.note('='); RETURN true; END$$;
CREATE OPERATOR docs.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = docs.equal);
CREATE FUNCTION docs.differ(name, varchar) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN PERFORM docs.note('<>'); RETURN true; END$$;
CREATE OPERATOR docs.<> (LEFTARG = name, RIGHTARG = varchar, FUNCTION = docs.differ);
};

# Returns what ran as a superuser.
sub ran_as_superuser
{
	my ($database) = @_;
	return $node->safe_psql($database,
		'SELECT DISTINCT what FROM docs.ran WHERE superuser ORDER BY what');
}

# The owner adopts, and takes every other step.
make_tables('hostile', 'regress_docs_keeper', 'docs', $application_rows . $traps);
$node->safe_psql('hostile', 'TRUNCATE docs.ran');
create_unpackaged('hostile', 'regress_docs_keeper', 'docs');
is(step($node, 'hostile', 'regress_docs_keeper', '1.0'), '', 'hostile: adopted');
is(ran_as_superuser('hostile'), '', 'hostile: nothing ran as a superuser in the adoption');
isnt(
	$node->safe_psql('hostile', q{
		SELECT count(*) FROM docs.ran WHERE what = 'trigger on hash_index'}),
	'0', 'hostile: the traps work');
# These stop the update, as their expressions have the old width of file_type, or would run.
like(
	step($node, 'hostile', 'regress_docs_keeper', '1.1'),
	qr/^DETAIL:  Dependent: index docs\.note, index docs\.note_where, table constraint note on docs/m,
	'hostile: what is in the way is named');
is(ran_as_superuser('hostile'), '', 'hostile: nothing ran as a superuser meanwhile');
$node->safe_psql('hostile', q{
	DROP INDEX docs.note, docs.note_where;
	ALTER TABLE docs.documents DROP CONSTRAINT note},
	extra_params => user_option('regress_docs_keeper'));
is(step($node, 'hostile', 'regress_docs_keeper', '1.1'), '', 'hostile: updated');
$node->safe_psql('hostile', q{
	ALTER TABLE docs.documents
		ADD CONSTRAINT note CHECK (docs.note('check on documents', file_name) IS NOT NULL);
	CREATE INDEX note ON docs.documents (docs.note('index of documents', file_name));
	CREATE INDEX note_where ON docs.documents (id)
		WHERE docs.note('index of some documents', file_name) <> ''},
	extra_params => user_option('regress_docs_keeper'));
is(ran_as_superuser('hostile'), '', 'hostile: nothing ran as a superuser in the update');
# This one stops the functions.
like(
	(run_script($node, 'hostile', 'regress_docs_keeper', q{SELECT docs.ingest_document('a', 'a', 't')}))[1],
	qr/ERROR:  0A000: doc_extractor does not support rules on table "hash_index"/,
	'hostile: the rule is refused');
$node->safe_psql('hostile', 'DROP RULE note ON docs.hash_index',
	extra_params => user_option('regress_docs_keeper'));
$node->safe_psql('hostile', q{
	TRUNCATE docs.ran;
	SELECT FROM docs.ingest_document('long', 'long', repeat('x', 60));
	UPDATE docs.documents SET file_hash = repeat('0', 64) WHERE id = 1;
	SELECT FROM docs.doc_extractor_verify()}, extra_params => user_option('regress_docs_keeper'));
$node->safe_psql('hostile', q{
	SELECT FROM docs.ingest_document('short', 'short', 'text/plain');
	SELECT FROM docs.ingest_document('again', 'short', 'text/plain');
	SELECT FROM docs.doc_extractor_verify()});
is(ran_as_superuser('hostile'),
	'', 'hostile: nothing ran as a superuser in the ledger\'s work, whoever calls it');
like(
	step($node, 'hostile', 'regress_docs_keeper', '1.0', 'SET doc_extractor.allow_data_loss = on'),
	qr/WARNING:  01000: file_type of 1 documents is cut/, 'hostile: rolled back');
is(ran_as_superuser('hostile'), '', 'hostile: nothing ran as a superuser in the rollback');
is(step($node, 'hostile', 'regress_docs_keeper', 'unpackaged'), '', 'hostile: detached');
is(ran_as_superuser('hostile'), '', 'hostile: nothing ran as a superuser in detaching');

# A superuser tries to adopt the same tables: that does not make their owner's code run as one.
make_tables('hostile_to_superuser', 'regress_docs_other', 'docs', $application_rows . $traps);
$node->safe_psql('hostile_to_superuser', 'TRUNCATE docs.ran');
create_unpackaged('hostile_to_superuser', undef, 'docs');
like(
	step($node, 'hostile_to_superuser', undef, '1.1'),
	qr/^ERROR:  42501: the tables belong to another role than the extension\n/,
	'hostile: a superuser does not adopt another\'s tables');
is(ran_as_superuser('hostile_to_superuser'),
	'', 'hostile: nothing ran as a superuser when one tried to adopt');
is( $node->safe_psql('hostile_to_superuser', q{
		SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
			JOIN pg_proc p ON p.oid = t.tgfoid
			JOIN pg_roles r ON r.oid = c.relowner
		WHERE r.rolsuper AND p.proowner = 'regress_docs_other'::regrole}),
	'0', 'hostile: no trigger of the former owner\'s is left on a superuser\'s table');

done_testing();
