# What users add to the tables (rights, views, indexes, columns, triggers, policies) survives every
# step between the versions, or stops it with a message that names it, before anything changes.
use strict;
use warnings;

use Ledger;
use Migrations;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('user_objects');
$node->safe_psql('postgres', q{
	CREATE ROLE regress_docs_keeper LOGIN;
	CREATE ROLE regress_docs_reader LOGIN});
my $owner = 'regress_docs_keeper';

# Additions that survive.
my $additions = q{
SET search_path = docs;
GRANT USAGE ON SCHEMA docs TO regress_docs_reader;
GRANT SELECT, INSERT ON documents TO regress_docs_reader;
GRANT SELECT (id, action), UPDATE (change_reason) ON audit_log TO regress_docs_reader;
GRANT ALL ON error_log TO regress_docs_reader WITH GRANT OPTION;
GRANT USAGE ON SEQUENCE documents_id_seq TO regress_docs_reader;
REVOKE DELETE ON hash_index FROM regress_docs_keeper;
CREATE VIEW their_names AS SELECT id, file_name, file_hash, ingestion_status FROM documents;
GRANT SELECT ON their_names TO regress_docs_reader;
CREATE VIEW their_trail AS SELECT id, document_id, action, new_value FROM audit_log;
CREATE MATERIALIZED VIEW their_counts AS SELECT document_id, duplicate_count FROM hash_index;
CREATE INDEX their_sources ON documents (ingestion_source, file_type);
CREATE UNIQUE INDEX their_ingests ON audit_log (document_id) WHERE action = 'ingested';
ALTER TABLE documents ADD COLUMN their_department varchar(20) NOT NULL DEFAULT 'archive',
	ADD COLUMN their_length int GENERATED ALWAYS AS (length(file_name)) STORED,
	ADD CONSTRAINT their_check CHECK (file_name <> '' AND their_department <> ''),
	ALTER COLUMN file_type SET STORAGE MAIN, ALTER COLUMN file_type SET COMPRESSION pglz,
	ALTER COLUMN file_type TYPE varchar(50) COLLATE "C";
COMMENT ON INDEX their_sources IS 'theirs, too';
ALTER TABLE documents CLUSTER ON their_sources;
ALTER TABLE audit_log ADD COLUMN their_case int;
COMMENT ON COLUMN documents.their_department IS 'theirs';
CREATE TABLE their_pages (document_id int REFERENCES documents ON DELETE CASCADE,
	file_hash varchar(64) REFERENCES documents (file_hash));
CREATE TABLE their_fired (what text);
CREATE FUNCTION their_note() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN INSERT INTO docs.their_fired VALUES (TG_NAME); RETURN NEW; END$$;
CREATE TRIGGER their_note AFTER INSERT ON documents
	FOR EACH ROW EXECUTE FUNCTION their_note();
CREATE TRIGGER their_other AFTER INSERT ON hash_index
	FOR EACH STATEMENT EXECUTE FUNCTION their_note();
ALTER TABLE hash_index DISABLE TRIGGER their_other;
CREATE POLICY their_policy ON documents FOR SELECT TO regress_docs_reader
	USING (their_department = 'archive');
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE STATISTICS their_statistics ON ingestion_source, ingestion_status FROM documents;
ALTER TABLE audit_log SET (fillfactor = 90);
ALTER TABLE hash_index SET (fillfactor = 80);
ALTER TABLE documents ALTER COLUMN document_text SET STORAGE EXTERNAL,
	ALTER COLUMN file_name SET STATISTICS 500;
};

# Returns all of it, as the catalogs have it.
my $additions_query = q{
SET search_path = pg_catalog;
SELECT 'rights', relname, relacl, reloptions, relrowsecurity FROM pg_class
WHERE relnamespace = 'docs'::regnamespace AND relkind IN ('r', 'v', 'm', 'S')
	AND NOT (relkind = 'v' AND EXISTS (SELECT FROM pg_depend
		WHERE objid = pg_class.oid AND deptype = 'e')) ORDER BY relname;
SELECT 'column', attrelid::regclass, attname,
	CASE WHEN attname <> 'file_type' THEN format_type(atttypid, atttypmod) END, attnotnull,
	attgenerated, attacl, attstorage, attcompression, attcollation::regcollation, attstattarget,
	col_description(attrelid, attnum),
	(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
		WHERE (adrelid, adnum) = (attrelid, attnum))
FROM pg_attribute
WHERE attrelid IN ('docs.documents'::regclass, 'docs.audit_log'::regclass) AND NOT attisdropped
	AND (attname LIKE 'their%' OR attacl IS NOT NULL
		OR attname IN ('document_text', 'file_name', 'file_type')) ORDER BY 2, 3;
SELECT 'view', c.oid::regclass, c.relkind, c.relowner::regrole, pg_get_viewdef(c.oid)
FROM pg_class c
WHERE relnamespace = 'docs'::regnamespace AND relkind IN ('v', 'm')
	AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e') ORDER BY 2;
SELECT 'index', indexdef, obj_description(format('docs.%I', indexname)::regclass),
	(SELECT indisclustered FROM pg_index WHERE indexrelid = format('docs.%I', indexname)::regclass)
FROM pg_indexes WHERE schemaname = 'docs' AND indexname LIKE 'their%' ORDER BY 2;
SELECT 'constraint', conrelid::regclass, pg_get_constraintdef(oid), convalidated
FROM pg_constraint
WHERE connamespace = 'docs'::regnamespace AND conname LIKE 'their%' ORDER BY 2, 3;
SELECT 'trigger', tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgname LIKE 'their%' ORDER BY 3;
SELECT 'policy', polname, polroles::regrole[], pg_get_expr(polqual, polrelid) FROM pg_policy;
SELECT 'statistics', pg_get_statisticsobjdef(oid) FROM pg_statistic_ext};

# Makes a database with a ledger of a version, and adds something to it, as the owner.
sub new_ledger
{
	my ($database, $version, $addition) = @_;

	new_database($node, $database, $owner, 'docs');
	install($node, $database, $owner, 'docs', $version);
	as_owner($database, $addition);
	return;
}

sub as_owner
{
	my ($database, $script) = @_;
	return $node->safe_psql($database, $script, extra_params => user_option($owner));
}

sub as_reader
{
	my ($database, $script) = @_;
	return $node->safe_psql($database, $script,
		extra_params => user_option('regress_docs_reader'));
}

new_ledger('additions', '1.0', $additions);
my $expected = $node->safe_psql('additions', $additions_query);
my $kinds = qr/rights|column|view|index|constraint|trigger|policy|statistics/;
is(() = $expected =~ /^(?:$kinds)\|/mg, 34, 'there are additions') or diag($expected);

# The GRANTs are in a dump, too, at every version: a restored ledger lets in whom this one does.
my @grants = (
	'GRANT SELECT,INSERT ON TABLE docs.documents TO regress_docs_reader',
	'GRANT SELECT(action) ON TABLE docs.audit_log TO regress_docs_reader',
	'GRANT ALL ON TABLE docs.error_log TO regress_docs_reader WITH GRANT OPTION',
	'GRANT USAGE ON SEQUENCE docs.documents_id_seq TO regress_docs_reader',
	'GRANT SELECT ON TABLE docs.their_names TO regress_docs_reader');
sub missing_grants
{
	my ($dump) = run_command(command_line($node, 'pg_dump', 'additions'));
	return join("\n", grep { index($dump, $_) < 0 } @grants);
}

is(missing_grants(), '', '1.0: the rights are in a dump');
foreach my $to (qw(1.1 1.0 unpackaged 1.0 1.1 unpackaged 1.1 1.0))
{
	my $from = version_of($node, 'additions');

	is(step($node, 'additions', $owner, $to), '', "$from to $to: done");
	is_same($node->safe_psql('additions', $additions_query),
		$expected, "$from to $to: what users added is as it was");
	is(missing_grants(), '', "$from to $to: the rights are in a dump");
}
is(step($node, 'additions', $owner, '1.1'), '', 'up again');
as_owner('additions', q{SELECT FROM docs.ingest_document('a', 'a', 'text/plain')});
is($node->safe_psql('additions', 'TABLE docs.their_fired'),
	'their_note', 'the users\' trigger fires, the disabled one does not');
is(as_reader('additions', 'SELECT file_name FROM docs.their_names'),
	'a', 'a role that may read the view reads it');
$node->safe_psql('additions', 'REVOKE ALL ON docs.documents FROM regress_docs_reader');

# EXECUTE on the functions that both versions have.
new_ledger('execute', '1.0', q{
	GRANT USAGE ON SCHEMA docs TO regress_docs_reader;
	GRANT EXECUTE ON FUNCTION docs.ingest_document TO regress_docs_reader});
foreach my $to (qw(1.1 1.0 1.1))
{
	is(step($node, 'execute', $owner, $to), '', "execute: to $to");
	is( as_reader('execute',
			"SELECT count(*) FROM docs.ingest_document('a', '$to', 'text/plain')"),
		'1',
		"a role that may execute a function executes it at $to");
}

# Takes a step with one more object there.  It must stop the step with an error that matches, and
# nothing changes; or, if no error is expected, survive it: the query's result is the same.
my $cases = 0;
sub check_case
{
	my ($name, $from, $to, $addition, $error, $query) = @_;
	my $database = 'case_' . ++$cases;

	new_ledger($database, $from, qq{
		SET search_path = docs;
		SELECT FROM ingest_document('a', 'a', 'text/plain');
		$addition});
	my $catalogs = catalogs_of($node, $database, 'docs');
	my $rows = rows_of($node, $database, 'docs');
	my $result = defined $query ? $node->safe_psql($database, $query) : '';
	my $err = step($node, $database, $owner, $to);

	if (defined $error)
	{
		like($err, $error, "$name: $from to $to is stopped");
		is(version_of($node, $database), $from, "$name: the version is as it was");
		is_same(catalogs_of($node, $database, 'docs'), $catalogs, "$name: so are the catalogs");
		is_same(rows_of($node, $database, 'docs'), $rows, "$name: and the rows");
	}
	else
	{
		is($err, '', "$name: $from to $to is done");
		is($node->safe_psql($database, $query), $result, "$name: it is as it was");
	}
	return;
}

# Returns what an error says of objects that depend on file_type.
sub dependents
{
	my $message = 'other objects depend on the type of documents.file_type, which changes';
	return qr/^ERROR:  2BP01: \Q$message\E\nDETAIL:  Dependent: \Q$_[0]\E\.\nHINT:  Drop them, /m;
}

# Both ways: what has recorded the width of file_type, or would run code, stops the step.
my %dependents = (
	'a view with file_type' =>
	  [ 'CREATE VIEW theirs AS SELECT file_type FROM documents', 'view docs.theirs' ],
	'a view of all columns' =>
	  [ 'CREATE VIEW theirs AS SELECT * FROM documents', 'view docs.theirs' ],
	'a materialized view' => [
		'CREATE MATERIALIZED VIEW theirs AS SELECT DISTINCT file_type FROM documents',
		'materialized view docs.theirs'
	],
	'a view of a row' => [
		'CREATE VIEW theirs AS SELECT (d).file_type FROM (SELECT d FROM documents d) s',
		'view docs.theirs'
	],
	'a view on a view, and a function on it' => [
		q{CREATE VIEW theirs AS SELECT file_type FROM documents;
		CREATE VIEW their_second AS SELECT file_type AS t FROM theirs;
		CREATE FUNCTION their_function() RETURNS SETOF text
			BEGIN ATOMIC SELECT t FROM docs.their_second; END},
		'function docs.their_function(), view docs.their_second, view docs.theirs'
	],
	'a rule' => [
		q{CREATE TABLE their_log (t text);
		CREATE RULE theirs AS ON UPDATE TO their_log
			DO ALSO SELECT file_type FROM docs.documents},
		'rule theirs on docs.their_log'
	],
	'a function' => [
		q{CREATE FUNCTION theirs() RETURNS text
			BEGIN ATOMIC SELECT max(file_type) FROM docs.documents; END},
		'function docs.theirs()'
	],
	'a trigger' => [
		q{CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER theirs AFTER UPDATE OF file_type ON documents
			FOR EACH ROW EXECUTE FUNCTION note()},
		'trigger theirs on docs.documents'
	],
	'a policy' => [
		q{CREATE POLICY theirs ON documents USING (file_type <> 'secret')},
		'policy theirs on docs.documents'
	],
	'a generated column' => [
		'ALTER TABLE documents ADD theirs text GENERATED ALWAYS AS (lower(file_type)) STORED',
		qr/(?:default value for|table column) docs\.documents\.theirs/
	],
	'a check' => [
		q{ALTER TABLE documents ADD CONSTRAINT theirs CHECK (file_type <> '')},
		'table constraint theirs on docs.documents'
	],
	'several objects' => [
		q{CREATE INDEX theirs ON documents (lower(file_type));
		CREATE INDEX their_some ON documents (id) WHERE file_type <> '';
		CREATE TABLE their_rows (d documents[]);
		CREATE VIEW their_view AS SELECT id FROM documents WHERE file_type = 't'},
		'index docs.their_some, index docs.theirs, table column docs.their_rows.d,'
		  . ' view docs.their_view'
	]);
foreach my $name (sort keys %dependents)
{
	my ($addition, $list) = @{ $dependents{$name} };
	$list = ref $list ? qr/^ERROR:  2BP01: .*\nDETAIL:  Dependent: $list\.$/m : dependents($list);
	check_case($name, '1.0', '1.1', $addition, $list);
	check_case($name, '1.1', '1.0', $addition, $list);
}
check_case('a default', '1.0', '1.1', q{ALTER TABLE documents ALTER file_type SET DEFAULT 't'},
	undef, q{
	SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
	WHERE adrelid = 'docs.documents'::regclass
		AND adnum = (SELECT attnum FROM pg_attribute
			WHERE attrelid = adrelid AND attname = 'file_type')});
check_case('a foreign key to the hash', '1.0', '1.1', q{
	CREATE TABLE theirs (file_hash varchar(64) REFERENCES documents (file_hash))},
	undef, q{
	SELECT pg_get_constraintdef(oid) FROM pg_constraint
	WHERE conrelid = 'docs.theirs'::regclass AND contype = 'f'});

# Returns what an error says of tables that are not as the version has them.
sub changed_tables
{
	my ($version, $changes) = @_;
	my $message = "ERROR:  55000: the tables are not as version $version has them";
	return qr/^\Q$message\E\nDETAIL:  Changed: \Q$changes\E\.$/m;
}

# A column that is not as the version has it.
check_case('another width', '1.0', '1.1',
	'ALTER TABLE documents ALTER file_type TYPE varchar(60)',
	changed_tables('1.0', 'documents.file_type is character varying(60)'));
check_case('another type', '1.0', '1.1',
	'ALTER TABLE documents ALTER file_type TYPE text',
	changed_tables('1.0', 'documents.file_type is text'));
check_case('other types, down', '1.1', '1.0', q{
	ALTER EXTENSION doc_extractor DROP VIEW ingestion_stats_by_type;
	DROP VIEW ingestion_stats_by_type;
	ALTER TABLE documents ALTER file_type TYPE text;
	ALTER TABLE audit_log ALTER document_id TYPE bigint},
	changed_tables('1.1', 'audit_log.document_id is bigint; documents.file_type is text'));

# Down: db_user goes, and the type of file_type shrinks.
check_case('a view with db_user', '1.1', '1.0',
	'CREATE VIEW theirs AS SELECT db_user FROM audit_log',
	qr/^ERROR:  2BP01: .*db_user.*\nDETAIL: .*\btheirs depends on column db_user/m);
check_case('a policy with db_user', '1.1', '1.0',
	'CREATE POLICY theirs ON audit_log USING (db_user = current_user)',
	qr/^ERROR:  2BP01: .*db_user.*
DETAIL: .*\btheirs on table (?:docs\.)?audit_log depends on column db_user/m);
check_case('a generated column with db_user', '1.1', '1.0',
	'ALTER TABLE audit_log ADD theirs name GENERATED ALWAYS AS (db_user) STORED',
	qr/^ERROR:  2BP01: .*db_user.*\nDETAIL: .*\btheirs\b.* depends on column db_user/m);
my $needs_user = 'version 1.0 has no column db_user for what depends on it';
foreach my $case (
	[ 'an index', 'CREATE INDEX theirs ON audit_log (db_user)', 'index docs.theirs' ],
	[
		'a check', q{ALTER TABLE audit_log ADD CONSTRAINT theirs CHECK (db_user <> 'x')},
		'table constraint theirs on docs.audit_log'
	],
	[
		'statistics', 'CREATE STATISTICS theirs ON db_user, action FROM audit_log',
		'statistics object docs.theirs'
	])
{
	my ($name, $addition, $dependent) = @$case;
	check_case("$name with db_user", '1.1', '1.0', $addition,
		qr/^ERROR:  2BP01: \Q$needs_user\E\nDETAIL:  Dependent: \Q$dependent\E\.\nHINT:  Drop them, /m);
}
check_case('a view on a function of 1.1', '1.1', '1.0',
	'CREATE VIEW theirs AS SELECT * FROM doc_extractor_verify()',
	qr/^ERROR:  2BP01: .*doc_extractor_verify.*\nDETAIL: .*\btheirs depends on function/m);

# It survives, or stops the step; but, for example, no index is silently gone.
foreach my $case (
	[
		'a view with file_type, down',
		'CREATE VIEW theirs AS SELECT file_type FROM documents',
		q{SELECT format_type(atttypid, atttypmod) = 'character varying(255)' FROM pg_attribute
		WHERE attname = 'file_type' AND attrelid = 'docs.theirs'::regclass}
	],
	[
		'an index on db_user, down',
		'CREATE INDEX theirs ON audit_log (db_user)',
		q{SELECT to_regclass('docs.theirs') IS NOT NULL}
	],
	[
		'an index with file_type twice, down',
		'CREATE INDEX theirs ON documents (file_type, file_type text_pattern_ops)',
		q{SELECT count(*) = 2 FROM pg_attribute i JOIN pg_attribute t
			ON t.attname = 'file_type' AND t.attrelid = 'docs.documents'::regclass
		WHERE i.attrelid = 'docs.theirs'::regclass AND i.atttypmod = t.atttypmod}
	])
{
	my ($name, $addition, $query) = @$case;
	my $database = 'case_' . ++$cases;

	new_ledger($database, '1.1', "SET search_path = docs; $addition");
	is($node->safe_psql($database, $query), 't', "$name: it is there");
	my $err = step($node, $database, $owner, '1.0');
	is($node->safe_psql($database, $query), 't', "$name: it stops the step or survives it whole");
	like($err, $err eq '' ? qr// : qr/theirs/, "$name: an error names it");
}

# What is stored as an expression of file_type must stay what queries have: a user's index is used
# as before, or stops the step.
new_ledger('expressions', '1.0', q{
	CREATE UNIQUE INDEX their_expression ON docs.documents (lower(file_type), file_hash);
	CREATE INDEX their_predicate ON docs.documents (file_name)
		WHERE file_type = 'application/pdf'});
foreach my $to (qw(1.1 1.0))
{
	my $err = step($node, 'expressions', $owner, $to);
	like($err, qr/\A(?:NOTICE:.*)?\z|ERROR:.*their_/s,
		"expressions: to $to, or stopped with a message");
	my ($out, $errors) = run_script($node, 'expressions', $owner, q{
		SET enable_seqscan = off;
		SET enable_bitmapscan = off;
		EXPLAIN (COSTS off) SELECT FROM docs.documents WHERE lower(file_type) = 'a';
		EXPLAIN (COSTS off) SELECT FROM docs.documents
		WHERE file_name = 'a' AND file_type = 'application/pdf';
		INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type,
			ingestion_source)
		VALUES ('a', 1, 'a', 't', 's') ON CONFLICT (lower(file_type), file_hash) DO NOTHING});
	like($out, qr/using their_expression/,
		"expressions: to $to, the index of an expression is used");
	like($out, qr/using their_predicate/, "expressions: to $to, the index of some rows is used");
	is($errors, '', "expressions: to $to, ON CONFLICT finds its index");
}

# Another parent of documents, or of a table that inherits from it, is read as before, or stops the
# step, as it would stop ALTER TABLE.
foreach my $case (
	[ 'a parent', 'ALTER TABLE docs.documents INHERIT docs.their_parent' ],
	[
		'another parent',
		'CREATE TABLE docs.their_child () INHERITS (docs.their_parent, docs.documents)'
	])
{
	my ($name, $addition) = @$case;
	my $database = $name =~ s/ /_/r;

	new_ledger($database, '1.0', qq{
		CREATE TABLE docs.their_parent (file_type varchar(50) NOT NULL);
		$addition});
	like(step($node, $database, $owner, '1.1'),
		qr/\A\z|ERROR:.*their_/s, "$name: updated, or stopped with a message");
	is(as_owner($database, 'SELECT count(file_type) FROM docs.their_parent'),
		'0', "$name: can be read");
}

# Tables that inherit from documents, and all indexes of either, have the width that documents has.
new_ledger('children', '1.0', q{
	SET search_path = docs;
	ALTER TABLE documents ADD COLUMN gone int;
	ALTER TABLE documents DROP COLUMN gone;
	CREATE TABLE child (note text) INHERITS (documents);
	CREATE TABLE grandchild () INHERITS (child);
	CREATE INDEX ON grandchild (note, file_type);
	CREATE INDEX ON child (id) INCLUDE (file_type);
	CREATE INDEX ON documents (file_type DESC) INCLUDE (file_type)});
my $there = 0;
foreach my $to (qw(1.1 1.0 1.1))
{
	my $width = $to eq '1.1' ? 255 : 50;
	is(step($node, 'children', $owner, $to), '', "children: to $to");
	is( $node->safe_psql('children', q{
			SELECT format_type(a.atttypid, a.atttypmod), count(*),
				string_agg(DISTINCT c.relkind::text, '')
			FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
				LEFT JOIN pg_index i ON i.indexrelid = c.oid
			WHERE c.relnamespace = 'docs'::regnamespace AND c.relkind IN ('r', 'i')
				AND a.atttypid = 'varchar'::regtype AND a.attname ~ '^file_type'
			GROUP BY 1}),
		"character varying($width)|8|ir",
		"children: the tables and their indexes have the width");
	if ($to eq '1.0')
	{
		as_owner('children', qq{
			INSERT INTO docs.grandchild (file_name, file_size_bytes, file_hash, file_type,
				ingestion_source)
			VALUES ('a', 1, 'a$to', repeat('x', $width), 's')});
		$there = 1;
	}
	is( $node->safe_psql('children', q{
			SET enable_seqscan = off;
			SELECT count(*) FROM docs.documents WHERE file_type = repeat('x', 50)}),
		$there,
		"children: and work");
}

done_testing();
