# The owner of a database installs the extension, into any schema, and drops it again; the ledgers
# of two databases have nothing to do with each other.
use strict;
use warnings;

use Ledger;
use Test::More;

my $node = start_server('install');

$node->safe_psql(
	'postgres', q{
	CREATE ROLE keeper LOGIN;
	CREATE ROLE "Other Keeper" LOGIN;
	CREATE ROLE stranger LOGIN;
	CREATE DATABASE first OWNER keeper;
	CREATE DATABASE second OWNER "Other Keeper"});

# Returns what is left of the extension in a database.
sub leftovers_of
{
	my ($database) = @_;
	return $node->safe_psql(
		$database, q{
		SELECT relname FROM pg_class
		WHERE relname ~ '(documents|hash_index|audit_log|error_log)'
		UNION ALL SELECT proname FROM pg_proc WHERE probin LIKE '%doc_extractor%'
		UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'});
}

my ($out, $err);
my $allow_data_loss = 'SET doc_extractor.allow_data_loss = on';

# Nobody else may install it.
($out, $err) = run_script($node, 'first', 'stranger', 'CREATE EXTENSION doc_extractor;');
like(
	$err,
	qr/ERROR:  42501: permission denied to create extension/,
	'a stranger may not install it');

# The owner may, into any schema: an existing one, one with a name that has to be quoted, one named
# as a reserved word, and one that the command does not name.
$node->safe_psql('first', 'GRANT CREATE ON SCHEMA public TO keeper');
foreach my $schema ('docs', '"Docs of 2024"', '"select"', undef)
{
	my $target = $schema // 'public';
	my $name = "in $target";

	$node->safe_psql('first', "CREATE SCHEMA $schema", extra_params => user_option('keeper'))
	  if defined $schema;
	my $create = 'CREATE EXTENSION doc_extractor' . (defined $schema ? " SCHEMA $schema" : '');
	($out, $err) = run_script($node, 'first', 'keeper', "$create; DROP EXTENSION doc_extractor;");
	is($err, '', "$name: an empty ledger can be dropped");
	is(leftovers_of('first'), '', "$name: nothing is left of it");

	($out, $err) = run_script(
		$node, 'first', 'keeper', qq{
		$create;
		SELECT document_id, is_duplicate FROM $target.ingest_document('a', 'content', 'text/plain');
		SELECT document_id, is_duplicate FROM $target.ingest_document('b', 'content', 'text/plain');
		SELECT count(*) FROM $target.audit_log;});
	is($err, '', "$name: installed");
	is($out, "1|f\n1|t\n1", "$name: it works");

	is( $node->safe_psql(
			'first', qq{
			SELECT DISTINCT o.type, r.rolname
			FROM pg_extension e JOIN pg_depend d ON d.refobjid = e.oid AND d.deptype = 'e',
				LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o,
				LATERAL (SELECT relowner FROM pg_class
						WHERE d.classid = 'pg_class'::regclass AND oid = d.objid
					UNION ALL SELECT proowner FROM pg_proc
						WHERE d.classid = 'pg_proc'::regclass AND oid = d.objid
						-- These run for everybody: a superuser owns them.
						AND prorettype <> 'event_trigger'::regtype) x (owner)
				JOIN pg_roles r ON r.oid = x.owner
			WHERE e.extname = 'doc_extractor' AND o.type IN ('table', 'sequence', 'function')
			ORDER BY 1}),
		"function|keeper\nsequence|keeper\ntable|keeper",
		"$name: all is the owner's");

	($out, $err) = run_script(
		$node, 'first', 'stranger', qq{
		SELECT FROM $target.documents;
		SELECT FROM $target.ingest_document('c', 'content', 'text/plain');
		DROP EXTENSION doc_extractor;});
	is(() = $err =~ /ERROR:  42501/g, 3, "$name: a stranger may do nothing with it");

	($out, $err) = run_script(
		$node, 'first', 'keeper', "$allow_data_loss; DROP EXTENSION doc_extractor;");
	is($err, '', "$name: a full one too, by force");
	is(leftovers_of('first'), '', "$name: nothing is left of that");
}

# It does not go into a schema that does not exist, nor in twice.
($out, $err) = run_script(
	$node, 'first', 'keeper', q{
	CREATE EXTENSION doc_extractor SCHEMA nowhere;
	CREATE EXTENSION doc_extractor SCHEMA docs;
	CREATE EXTENSION doc_extractor SCHEMA public;});
like($err, qr/ERROR:  3F000.*ERROR:  42710/s, 'a schema must exist, and a database has one ledger');

# A transaction that is rolled back leaves nothing.
($out, $err) = run_script(
	$node, 'first', 'keeper', "$allow_data_loss;" . q{
	DROP EXTENSION doc_extractor;
	BEGIN;
	CREATE EXTENSION doc_extractor SCHEMA docs;
	SELECT document_id FROM docs.ingest_document('a', 'content', 'text/plain');
	ROLLBACK;
	CREATE EXTENSION doc_extractor SCHEMA docs;
	SELECT document_id FROM docs.ingest_document('a', 'content', 'text/plain');
	DROP EXTENSION doc_extractor;
	CREATE EXTENSION doc_extractor SCHEMA "select";
	SELECT document_id, is_duplicate FROM "select".ingest_document('a', 'content', 'text/plain');});
is($err, '', 'one session creates it again and again');
is($out, "1\n1\n1|f", 'and always gets the new one');

# A session goes on with the ledger when its schema gets another name.
($out, $err) = run_script(
	$node, 'first', 'keeper', q{
	SELECT is_duplicate FROM "select".ingest_document('b', 'content', 'text/plain');
	ALTER SCHEMA "select" RENAME TO renamed;
	SELECT is_duplicate, duplicate_count
		FROM renamed.ingest_document('c', 'content', 'text/plain');});
is($err, '', 'the schema is renamed');
is($out, "t\nt|2", 'and the ledger works on');

# Two databases at once.
($out, $err) = run_script(
	$node, 'second', 'Other Keeper', q{
	CREATE SCHEMA renamed;
	CREATE EXTENSION doc_extractor SCHEMA renamed;
	SELECT document_id, is_duplicate, duplicate_count
		FROM renamed.ingest_document('a', 'content', 'text/plain');
	\connect first keeper
	SELECT document_id, is_duplicate, duplicate_count
		FROM renamed.ingest_document('d', 'content', 'text/plain');});
is($err, '', 'another database has its own ledger');
is($out, "1|f|0\n1|t|3", 'and its own documents');
($out, $err) = run_script($node, 'second', 'Other Keeper',
	"$allow_data_loss; DROP EXTENSION doc_extractor;");
is($err, '', 'it is dropped');
is($node->safe_psql('first', 'SELECT count(*), sum(duplicate_count) FROM renamed.hash_index'),
	'1|3', 'and the other one is not');

done_testing();
