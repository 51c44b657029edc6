# Documents that are larger than the server can take, and statements that run out of time or of disk
# in the middle: an error with the right SQLSTATE, and nothing half-written.
use strict;
use warnings;

use Ledger;
use Test::More;

my $node = start_server('limits', 'fsync = off', 'max_wal_size = 4GB', 'autovacuum = off',
	'jit = off');
my $database = 'ledger';

create_ledger($node, $database);

# Returns what a script prints, each error as its SQLSTATE.
sub results_of
{
	my ($script) = @_;
	my ($out, $err) =
	  run_script($node, $database, undef, "SET search_path = docs, public; $script");
	return join "\n", grep { $_ ne '' } $out, $err =~ /ERROR:  (\w{5}):/g;
}

# Checks that a script fails and leaves nothing behind, and that its session goes on.
sub is_refused
{
	my ($script, $state, $name) = @_;
	my $before = tables_of($node, $database);

	is(results_of("$script; SELECT 'goes on'"), "goes on\n$state", $name);
	is(tables_of($node, $database), $before, "$name: nothing was written");
	return;
}

# The largest bytea that the server has; the hash is sha256sum's.
is( results_of(
		q{SELECT is_duplicate, file_hash
			FROM ingest_document('largest', convert_to(repeat('x', 1073741819), 'UTF8'), 't');
		SELECT file_size_bytes FROM documents}),
	"f|72ed3d0b09dfa3b6a6b40e0175af56fc0d9eb535bed6ec0cbb8173d2a9637e54\n1073741819",
	'a document of 1 GB');

# Metadata of any form, as deep as the server takes it, and no deeper.
is( results_of(
		q{SELECT count(*)
			FROM unnest(ARRAY['null', '0', '"text"', '[]', '{"a": 1, "a": 2}', ' {} ']) AS form,
				ingest_document(form, form::bytea, 't', metadata_extracted => form::json);
		SELECT count(*) FROM documents d JOIN audit_log a ON a.document_id = d.id
		WHERE d.metadata_extracted::text = d.file_name
			AND (a.new_value -> 'metadata_extracted')::text = trim(d.file_name)}),
	"6\n6", 'metadata of any form');
my $nested = q{(repeat('[', %d) || repeat(']', %1$d))::json};
my $ingest_nested = "SELECT is_duplicate
	FROM ingest_document('deep', 'deep', 't', metadata_extracted => $nested)";
is( results_of(
		sprintf($ingest_nested, 2000) . q{;
		SELECT (a.new_value -> 'metadata_extracted')::text = d.metadata_extracted::text
		FROM documents d JOIN audit_log a ON a.document_id = d.id WHERE d.file_name = 'deep'}),
	"f\nt", 'metadata of 2,000 levels');
is_refused(sprintf($ingest_nested, 100_000), '54001', 'metadata of 100,000 levels');
is( results_of(
		q{SELECT is_duplicate FROM ingest_document('huge', 'huge', 't',
			metadata_extracted => ('["' || repeat('x', 50000000) || '"]')::json);
		SELECT octet_length(metadata_extracted::text),
			new_value -> 'metadata_extracted' ->> 'length'
		FROM documents d JOIN audit_log a ON a.document_id = d.id WHERE d.file_name = 'huge'}),
	"f\n50000004|50000004", 'metadata of 50 MB');

# Ways to write many documents with texts.
$node->safe_psql(
	$database, q{
	CREATE TABLE offered AS
	SELECT 'file ' || i AS name, ('content ' || i)::bytea AS content,
		repeat(md5(i::text), 20) AS text
	FROM generate_series(1, 20000) i;
	SELECT FROM docs.ingest_document('known', ('content ' || 7)::bytea, 't');
	SELECT FROM generate_series(1, 2000) i,
		docs.ingest_document('stored ' || i, ('stored ' || i)::bytea, 't',
			document_text => repeat(md5(i::text), 20))});
my $inbox = q{
	INSERT INTO document_inbox (file_name, content, file_type, document_text)
	SELECT name, content, 't', text FROM offered};
my %ways = (
	'ingest_documents()' => q{
		SELECT FROM (SELECT array_agg(name) AS names, array_agg(content) AS contents,
				array_agg(text) AS texts FROM offered) a,
			LATERAL ingest_documents(names, contents,
				array_fill('t'::text, ARRAY[cardinality(names)]), document_texts => texts)},
	'INSERT' => q{
		INSERT INTO documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
			document_text)
		SELECT name, 1, 'hash of ' || name, 't', 's', text FROM offered},
	'UPDATE' => q{UPDATE documents SET document_text = document_text || 'x'},
	'DELETE' => q{DELETE FROM documents});

# A timeout strikes when part of the rows has been written.
foreach my $statement ($inbox, @ways{qw(ingest_documents() INSERT)})
{
	is_refused("SET statement_timeout = '150ms'; $statement",
		'57014', 'out of time: ' . ($statement =~ /(\w+)/)[0]);
}

# Transition tables that do not fit in work_mem go to temporary files.  temp_file_limit stands for
# the full disk: there the same write fails, at the same point, with another SQLSTATE of the same
# class (53100).  To see it, mount a tmpfs of 1 MB, as root, and set temp_tablespaces to a
# tablespace there.
my $no_disk = q{
	SET work_mem = '64kB';
	SET temp_file_limit = '64kB';
	SET doc_extractor.on_bad_document = log;};
foreach my $way (sort keys %ways)
{
	is_refused("$no_disk $ways{$way}", '53400', "$way: out of disk");
}

# document_inbox takes any number of documents in batches that need no disk.
is( results_of(
		qq{$no_disk $inbox; RESET work_mem;
		SELECT count(*), sum(duplicate_count)
		FROM documents d JOIN hash_index h ON h.document_id = d.id}),
	'22009|1', 'document_inbox: no disk needed');
is(failed_checks($node, $database), '', 'the ledger is as it should be');

done_testing();
