# Names of files and roles that are not in the database's encoding: what the functions say of them,
# what error_log and the trail have, and that every dump of such a ledger can be loaded.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('names');
my $folder = $node->data_dir . '/scans';

# The same name in Latin-1 and in UTF-8, a name in EUC_JP, and a folder.
my $latin1 = "caf\xe9.txt";
my $utf8 = "th\xc3\xa9.txt";
my $euc_jp = "\xc6\xfc.txt";

mkdir $folder or die $!;
mkdir "$folder/dossi\xe9" or die $!;
foreach my $name ('plain.txt', $latin1, $utf8, $euc_jp, "dossi\xe9/plain.txt")
{
	append_to_file("$folder/$name", "content of $name");
}

foreach my $encoding ('UTF8', 'LATIN1', 'EUC_JP', 'SQL_ASCII')
{
	$node->safe_psql('postgres',
		"CREATE DATABASE $encoding ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql(
		lc $encoding, q{
		CREATE SCHEMA docs;
		CREATE EXTENSION doc_extractor SCHEMA docs;
		CREATE VIEW files AS
		SELECT name, path, pg_read_binary_file(path) AS content
		FROM pg_ls_dir('scans') AS name, concat('scans/', name) AS path
		WHERE NOT (pg_stat_file(path)).isdir;
		-- Ingests each of them by itself, and returns the outcomes.
		CREATE FUNCTION ingest_each() RETURNS SETOF text LANGUAGE plpgsql AS $$
		DECLARE
			file record;
		BEGIN
			FOR file IN SELECT * FROM files ORDER BY name COLLATE "C" LOOP
				BEGIN
					PERFORM docs.ingest_file(file.path, 'text/plain');
					RETURN NEXT file.name;
				EXCEPTION WHEN character_not_in_repertoire THEN
					RETURN NEXT SQLERRM;
				END;
			END LOOP;
		END $$});
}

# Returns what a script prints, each line with invalid bytes as they are, and the first error.
sub results_of
{
	my ($database, $script, $user) = @_;
	my ($out, $err) = run_script(
		$node, $database, $user, qq{
		SET client_encoding = SQL_ASCII;
		SET search_path = docs, public;
		$script});
	my ($error) = $err =~ /ERROR:  (\w{5}: .*)/;
	return join "\n", grep { defined $_ && $_ ne '' } $out, $error;
}

# Dumps a database, loads the dump into another one of the same encoding, and compares them.
sub check_dump
{
	my ($encoding) = @_;
	my $dump = "$PostgreSQL::Test::Utils::tmp_check/$encoding.sql";
	my $copy = lc "${encoding}_copy";

	$node->command_ok([ 'pg_dump', '-d', $node->connstr(lc $encoding), '-f', $dump ], "$encoding: dumped");
	$node->safe_psql('postgres',
		"CREATE DATABASE $copy ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($copy), '-f', $dump ],
		"$encoding: the dump can be loaded");
	is(tables_of($node, $copy), tables_of($node, lc $encoding), "$encoding: the same ledger");
	is(results_of($copy, 'SELECT check_name, detail FROM doc_extractor_verify() WHERE NOT passed'),
		'', "$encoding: the copy is consistent");
	return;
}

my $invalid = "bytes that are invalid in the database's encoding";

# UTF8: two of the names are invalid, and one of the folder's.
is( results_of('utf8', "SELECT FROM files, ingest_file(path, 'text/plain')"),
	"22021: path has $invalid, UTF8",
	'UTF8: ingest_file() names its argument');
is( results_of('utf8', q{
		SELECT FROM pg_ls_dir('scans') AS folder, ingest_file(concat('scans/', folder, '/plain.txt'), 't')
		WHERE folder ~ '^dossi'}),
	"22021: path has $invalid, UTF8",
	'UTF8: a folder whose name is invalid');
is(results_of('utf8', 'SELECT count(*) FROM documents'), '0', 'UTF8: nothing is stored');
is( results_of('utf8', 'SELECT ingest_each()'),
	join("\n", "path has $invalid, UTF8", 'plain.txt', $utf8, "path has $invalid, UTF8"),
	'UTF8: file by file');
# What the hint says.
is( results_of(
		'utf8', q{
		SELECT is_duplicate FROM files,
			ingest_document(convert_from(textsend(name), 'LATIN1'), content, 'text/plain')
		WHERE name ~ '^caf';
		SELECT file_name FROM documents WHERE file_name ~ '^caf'}),
	"f\ncaf\xc3\xa9.txt",
	'UTF8: with a name that is converted');
# The ways that log what is bad.
is( results_of(
		'utf8', q{
		SET doc_extractor.on_bad_document = log;
		INSERT INTO document_inbox (file_name, content, file_type)
		SELECT name, content, 'text/plain' FROM files;
		SELECT count(*) FROM error_log;
		SELECT count(document_id) FROM
			(SELECT array_agg(name) AS names, array_agg(content) AS bytes,
				array_agg('t'::text) AS types FROM files) AS a,
			ingest_documents(names, bytes, types);
		SELECT count(error_id) FROM files, try_ingest_document(name, 'x', 't');
		SELECT file_name, count(*), min(regexp_replace(error_message, '^.*: ', ''))
		FROM error_log GROUP BY file_name ORDER BY file_name COLLATE "C"}),
	"2\n2\n2\n\\xC6\\xFC.txt|3|file_name has $invalid, UTF8\ncaf\\xE9.txt|3|file_name has $invalid, UTF8",
	'UTF8: error_log has the bytes escaped');
is( results_of('utf8', "SELECT log_ingestion_error(name, 't', 'm') FROM files"),
	"22021: file_name has $invalid, UTF8",
	'UTF8: log_ingestion_error() names its argument');
is( results_of(
		'utf8', q{
		SELECT record_document_event(id, 'tagged', change_reason => name) FROM files, documents}),
	"22021: change_reason has $invalid, UTF8",
	'UTF8: record_document_event() names its argument');

# A setting of the connection's is no fault of a document.
{
	local $ENV{PGOPTIONS} = "-cdoc_extractor.reason=caf\xe9";
	is( results_of(
			'utf8', q{
			SET doc_extractor.on_bad_document = log;
			INSERT INTO document_inbox (file_name, content, file_type) VALUES ('setting', 'setting', 't')}),
		'22021: invalid byte sequence for encoding "UTF8": 0xe9',
		'UTF8: a setting');
}

# LATIN1 and SQL_ASCII take any byte, EUC_JP its own.
my @all = ($latin1, 'plain.txt', $utf8, $euc_jp);
is(results_of('latin1', 'SELECT ingest_each()'), join("\n", @all), 'LATIN1: all names are valid');
is(results_of('sql_ascii', 'SELECT ingest_each()'), join("\n", @all), 'SQL_ASCII: all names are valid');
is( results_of('euc_jp', 'SELECT ingest_each()'),
	join("\n", "path has $invalid, EUC_JP", 'plain.txt', $utf8, $euc_jp),
	'EUC_JP: one is invalid');
is( results_of(
		'euc_jp', q{
		SELECT count(error_id) FROM files, try_ingest_document(name, 'x', 't');
		SELECT file_name FROM error_log}),
	"1\ncaf\\xE9.txt",
	'EUC_JP: error_log has the bytes escaped');

# All databases share the names of roles.
$node->safe_psql('latin1', qq{SET client_encoding = SQL_ASCII; CREATE ROLE "ren\xe9" SUPERUSER LOGIN});
foreach my $case ([ 'utf8', 'ren\\xE9' ], [ 'latin1', "ren\xe9" ], [ 'euc_jp', 'ren\\xE9' ])
{
	my ($database, $recorded) = @$case;

	is( results_of(
			$database, q{
			SELECT is_duplicate FROM ingest_document('role', 'role', 't');
			SELECT user_or_system, db_user FROM audit_log ORDER BY id DESC LIMIT 1}, "ren\xe9"),
		"f\n$recorded|$recorded",
		"$database: the name of a role in the trail");
}

foreach my $encoding ('UTF8', 'LATIN1', 'EUC_JP', 'SQL_ASCII')
{
	check_dump($encoding);
}

done_testing();
