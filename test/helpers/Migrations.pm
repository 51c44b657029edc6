# What the TAP tests of the migrations share: V001's tables without the extension, the catalogs of a
# ledger as text, its rows as text, and steps from version to version.
package Migrations;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use Ledger;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

our @EXPORT = qw(v001_ddl quoted make_schema new_database install step version_of catalogs_of
  rows_of without_offsets files_of contents_of is_same differences);

# Returns V001's DDL.
sub v001_ddl
{
	return slurp_file(dirname(__FILE__) . '/v001.sql');
}

# Returns a name as SQL wants it.
sub quoted
{
	my ($name) = @_;
	return '"' . ($name =~ s/"/""/gr) . '"';
}

# Creates a database with an empty schema, both the given role's (undef: the superuser's).
sub new_database
{
	my ($node, $database, $owner, $schema) = @_;

	$node->safe_psql('postgres',
		"CREATE DATABASE $database" . (defined $owner ? " OWNER $owner" : ''));
	make_schema($node, $database, $owner, $schema);
	return;
}

sub make_schema
{
	my ($node, $database, $owner, $schema) = @_;

	$node->safe_psql($database, 'CREATE SCHEMA ' . quoted($schema),
		extra_params => user_option($owner));
	return;
}

# Installs a version; for "unpackaged", creates the tables first.
sub install
{
	my ($node, $database, $owner, $schema, $version) = @_;
	my $name = quoted($schema);

	$node->safe_psql(
		$database,
		($version eq 'unpackaged' ? "SET search_path = $name;" . v001_ddl() : '')
		  . "CREATE EXTENSION doc_extractor SCHEMA $name VERSION '$version'",
		extra_params => user_option($owner));
	return;
}

# Updates to a version in one session, after the given settings; returns the errors and warnings,
# without the one that 1.0 has no guard, with which every step down ends.
sub step
{
	my ($node, $database, $user, $version, $settings) = @_;
	my ($out, $err) = run_script($node, $database, $user,
		($settings // '') . ";ALTER EXTENSION doc_extractor UPDATE TO '$version'");
	# The location in the server's source is no part of a message.
	$err =~ s/^LOCATION: .*\n?//mg;
	$err =~ s/^psql:<stdin>:\d+: //mg;
	$err =~ s/^WARNING:  01000: version 1\.0 does not guard .*\nDETAIL: .*\nHINT: .*\n?//m;
	return $err;
}

# Returns the installed version.
sub version_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database,
		"SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor'");
}

# Returns what the catalogs say about a ledger, a line for each object and aspect.  Columns are
# numbered without the dropped ones.
sub catalogs_of
{
	my ($node, $database, $schema) = @_;
	my $literal = "'" . ($schema =~ s/'/''/gr) . "'";

	return $node->safe_psql(
		$database, qq{
SET search_path = pg_catalog;
WITH relations AS (
    SELECT c.*, format('%I', c.relname) AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $literal
), tables AS (
    SELECT * FROM relations WHERE relkind = 'r'
), functions AS (
    SELECT p.* FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = $literal
), members AS (
    SELECT d.classid, d.objid, d.objsubid FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND x.extname = 'doc_extractor'
), lines (aspect, object, description) AS (
    SELECT 'relation', c.name,
           concat_ws(' ', c.relkind, c.relpersistence, c.relowner::regrole, c.relacl, c.reloptions,
                     c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relhasrules,
                     c.relhassubclass, c.relispartition, 'tablespace', c.reltablespace,
                     obj_description(c.oid, 'pg_class'))
    FROM relations c
    UNION ALL
    SELECT 'column', c.name || '.' || a.attname,
           concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
                     format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull, 'default',
                     pg_get_expr(d.adbin, d.adrelid), 'storage', a.attstorage, a.attcompression,
                     a.attcollation::regcollation, coalesce(a.attstattarget, -1), a.attidentity,
                     a.attgenerated, a.attacl,
                     -- Some minor releases stamp each column here.
                     (SELECT array_agg(o) FROM unnest(a.attoptions) o
                      WHERE o NOT LIKE 'pg\\_attver=%'),
                     col_description(c.oid, a.attnum))
    FROM relations c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    UNION ALL
    SELECT 'constraint', c.name || '.' || k.conname,
           concat_ws(' ', pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'deferrable',
                     k.condeferrable, k.condeferred, 'index', k.conindid::regclass, 'references',
                     k.confrelid::regclass, 'inherited', k.coninhcount, k.conislocal,
                     obj_description(k.oid, 'pg_constraint'))
    FROM tables c JOIN pg_constraint k ON k.conrelid = c.oid
    UNION ALL
    SELECT 'index', i.indexrelid::regclass::text,
           concat_ws(' ', pg_get_indexdef(i.indexrelid), 'unique', i.indisunique, 'primary',
                     i.indisprimary, 'valid', i.indisvalid, 'ready', i.indisready, 'immediate',
                     i.indimmediate, 'clustered', i.indisclustered, 'replica identity',
                     i.indisreplident)
    FROM tables c JOIN pg_index i ON i.indrelid = c.oid
    UNION ALL
    SELECT 'sequence', c.name,
           concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmax,
                     s.seqmin, s.seqcache, s.seqcycle)
    FROM relations c JOIN pg_sequence s ON s.seqrelid = c.oid
    UNION ALL
    SELECT 'trigger', c.name || '.' || t.tgname,
           concat_ws(' ', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'arguments', t.tgnargs,
                     encode(t.tgargs, 'escape'), obj_description(t.oid, 'pg_trigger'))
    FROM tables c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'key''s trigger', c.name || '.' || k.conname || '.' || t.tgfoid::regproc,
           t.tgenabled::text
    FROM tables c JOIN pg_trigger t ON t.tgrelid = c.oid
    JOIN pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgisinternal
    UNION ALL
    SELECT 'policy', c.name || '.' || p.polname,
           concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[],
                     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM tables c JOIN pg_policy p ON p.polrelid = c.oid
    UNION ALL
    SELECT 'rule', c.name || '.' || r.rulename, pg_get_ruledef(r.oid)
    FROM relations c JOIN pg_rewrite r ON r.ev_class = c.oid
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text,
           concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
                     p.proowner::regrole, 'acl', p.proacl, 'config', p.proconfig, p.prosrc,
                     p.probin, p.prolang, p.prokind, p.prosecdef, p.proleakproof, p.proisstrict,
                     p.proretset, p.provolatile, p.proparallel, p.procost, p.prorows, p.prosupport,
                     obj_description(p.oid, 'pg_proc'))
    FROM functions p
    UNION ALL
    SELECT 'type', t.oid::regtype::text, concat_ws(' ', t.typtype, t.typowner::regrole, t.typacl)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $literal
    UNION ALL
    SELECT 'event trigger', e.evtname::text,
           concat_ws(' ', e.evtevent, e.evttags, e.evtenabled, e.evtfoid::regproc,
                     e.evtowner::regrole, obj_description(e.oid, 'pg_event_trigger'))
    FROM pg_event_trigger e
    UNION ALL
    SELECT 'extension', x.extname::text,
           concat_ws(' ', x.extversion, x.extowner::regrole, x.extnamespace::regnamespace,
                     x.extrelocatable, obj_description(x.oid, 'pg_extension'))
    FROM pg_extension x
    UNION ALL
    SELECT 'configuration', u.id::regclass::text, concat_ws(' ', 'in dumps:', u.condition)
    FROM pg_extension x, unnest(x.extconfig, x.extcondition) AS u (id, condition)
    WHERE x.extname = 'doc_extractor'
    UNION ALL
    SELECT 'member', pg_describe_object(m.classid, m.objid, m.objsubid), '' FROM members m
    UNION ALL
    SELECT 'initial privileges', pg_describe_object(i.classoid, i.objoid, i.objsubid),
           i.initprivs::text
    FROM pg_init_privs i
    WHERE (i.classoid, i.objoid) IN (SELECT m.classid, m.objid FROM members m)
    UNION ALL
    SELECT 'dependency', pg_describe_object(d.classid, d.objid, d.objsubid),
           concat_ws(' ', d.deptype, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
    FROM pg_depend d
    WHERE (d.classid = 'pg_class'::regclass
           AND d.objid IN (SELECT oid FROM relations WHERE relkind <> 't'))
       OR (d.classid = 'pg_proc'::regclass AND d.objid IN (SELECT oid FROM functions))
)
SELECT concat_ws(' | ', aspect, object, replace(description, E'\\n', ' ')) FROM lines
ORDER BY aspect, object COLLATE "C", description});
}

# Returns the queries for all rows of the four tables and the state of their sequences.  db_user,
# which only 1.1 has, is not among the columns.
sub rows_query
{
	my ($schema) = @_;
	my $name = quoted($schema);
	my %columns = (
		documents =>
		  'id, file_name, file_size_bytes, file_hash, file_type, ingestion_source, ingestion_timestamp,'
		  . ' document_text, metadata_extracted, ingestion_status, error_message, created_at, updated_at',
		hash_index => 'id, file_hash, document_id, first_seen, duplicate_count, last_seen',
		audit_log =>
		  'id, document_id, action, action_timestamp, user_or_system, old_value, new_value,'
		  . ' change_reason',
		error_log =>
		  'id, file_name, error_type, error_message, error_timestamp, retry_attempted, resolution_notes');

	return join(
		';',
		map {
			("SELECT '$_', ROW($columns{$_})::text FROM $name.$_ ORDER BY id",
				"SELECT '$_', last_value, is_called FROM $name.${_}_id_seq")
		} sort keys %columns);
}

# Returns them.
sub rows_of
{
	my ($node, $database, $schema) = @_;
	return $node->safe_psql($database, rows_query($schema));
}

# Returns rows without the offset that wide times have; the server's time zone is UTC. What the trail
# says of times stays.
sub without_offsets
{
	my ($rows) = @_;
	return $rows =~ s/( \d\d:\d\d:\d\d(?:\.\d+)?)\+00\b/$1/gr;
}

# The files of the tables: a table that is rewritten has another.
my $files_query = q{
	SELECT string_agg(relname || ' ' || pg_relation_filenode(oid), ', ' ORDER BY relname) FROM pg_class
	WHERE relkind = 'r' AND relname IN ('documents', 'hash_index', 'audit_log', 'error_log')};

# Returns them.
sub files_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, $files_query);
}

# Returns, in one session: the version, the files, the number of trail rows of deleted documents,
# and all rows.
sub contents_of
{
	my ($node, $database, $schema) = @_;
	my $name = quoted($schema);
	return split /\n/, $node->safe_psql(
		$database,
		join(
			';',
			"SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor'",
			$files_query,
			"SELECT count(*) FROM $name.audit_log WHERE document_id NOT IN (SELECT id FROM $name.documents)",
			rows_query($schema))), 4;
}

# Returns the lines that only one of two texts has, with a sign before each.
sub differences
{
	my ($got, $expected) = @_;
	my %got = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;

	return ((map { "+ $_" } grep { !$expected{$_} } sort keys %got),
		(map { "- $_" } grep { !$got{$_} } sort keys %expected));
}

# A test that two texts have the same lines; shows only those that differ.
sub is_same
{
	my ($got, $expected, $name) = @_;
	is(join("\n", differences($got, $expected)), '', $name);
	return;
}

1;
