# The loader's command extract: texts for documents that were loaded without.
use strict;
use warnings;

use JSON::PP;
use Ledger;
use Loader;
use PostgreSQL::Test::Utils;
use Test::More;

require_loader();
my $node = start_server('loader_extract');
my $files = PostgreSQL::Test::Utils::tempdir() . '/files';
create_new_ledger($node, 'db');

# Runs it; checks the exit status, and returns the counts that are not 0.
sub extract
{
	my ($name, $status, @options) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(
		[ 'doc_extractor', 'extract', '-d', $node->connstr('db'), '--json', '--source', 's', @options ],
		'<', \undef, '>', \$out, '2>', \$err);
	note $err if $err ne '';
	is($? >> 8, $status, "$name: exit status");
	my ($summary) = map { JSON::PP->new->utf8->decode($_) } $out =~ /^(\{"type": "summary".*)$/m;
	return join ' ', map { "$_ $summary->{$_}" }
	  grep { $summary->{$_} } qw(to_extract stored no_text changed failed);
}

# Returns the texts in the ledger.
sub texts
{
	return $node->safe_psql('db', q{
		SELECT coalesce(string_agg(document_text, ' ' ORDER BY document_text), '')
		FROM docs.documents});
}

write_content("$files/$_.txt", "text $_") foreach 1 .. 5;
write_content("$files/none.bin", "\0\1\2");
let_age();
load($node, 'db', '--source', 's', '--no-extract', $files);
is(texts(), '', 'no texts at first');
is(extract('dry run', 0, '--missing', '-n'), 'to_extract 6', 'dry run: counts');
is(texts(), '', 'dry run: nothing is stored');
is(extract('another type', 0, '--missing', '--type=image/png'), '', 'another type: counts');
write_content("$files/5.txt", 'other 5');
unlink "$files/4.txt";
is(extract('missing', 0, '--missing'), 'stored 3 no_text 1 changed 2', 'missing: counts');
is(texts(), 'text 1 text 2 text 3', 'missing: texts');
is( $node->safe_psql('db', q{
		SELECT count(*), bool_and(metadata_extracted IS NOT NULL), bool_and(extracted_at IS NOT NULL)
		FROM docs.documents WHERE extractor IS NOT NULL}),
	'3|t|t', 'missing: extractor and metadata');
is(extract('missing again', 0, '--missing'), 'no_text 1 changed 2', 'missing again: counts');

# Older extractors, by numbers.
$node->safe_psql('db', q{
	UPDATE docs.documents SET document_text = 'old', extractor = 'tool 1.9' WHERE file_name = '1.txt';
	UPDATE docs.documents SET document_text = 'new', extractor = 'tool 1.10' WHERE file_name = '2.txt';
	UPDATE docs.documents SET document_text = 'odd', extractor = 'tool' WHERE file_name = '3.txt'});
is(extract('older', 0, '--older-than=1.10'), 'stored 1', 'older: counts');
is(texts(), 'new odd text 1', 'older: texts');

# Documents whose extraction has failed.
$node->safe_psql('db', q{
	UPDATE docs.documents SET document_text = NULL, ingestion_status = 'failed',
		error_message = 'crash' WHERE file_name = '2.txt'});
is(extract('failed', 0, '--failed'), 'stored 1', 'failed: counts');
is( $node->safe_psql('db', q{
		SELECT document_text, ingestion_status, error_message IS NULL FROM docs.documents
		WHERE file_name = '2.txt'}),
	'text 2|success|t', 'failed: the document is healed');

# Texts are compressed by lz4 where the server has it, unless somebody has chosen otherwise.
SKIP:
{
	skip 'this server has no lz4', 2 if $node->safe_psql('db', q{
		SELECT 'lz4' = ANY (enumvals) FROM pg_settings
		WHERE name = 'default_toast_compression'}) ne 't';
	write_content("$files.long/$_.txt", "$_ long text " x 10000) foreach qw(any pglz);
	let_age();
	load($node, 'db', '--source', 'long', "$files.long/any.txt");
	$node->safe_psql('db', 'ALTER DATABASE db SET default_toast_compression = pglz');
	load($node, 'db', '--source', 'long', "$files.long/pglz.txt");
	$node->safe_psql('db', 'ALTER DATABASE db RESET default_toast_compression');
	is($node->safe_psql('db', "SELECT pg_column_compression(document_text) FROM docs.documents
		WHERE file_name = '$_->[0]'"), $_->[1], "compression: $_->[0]")
	  foreach [ 'any.txt', 'lz4' ], [ 'pglz.txt', 'pglz' ];
}

# Links are not followed below what was loaded, but on the way there.
{
	my $away = "$files.away";
	symlink $away, "$files.link";
	write_content("$away/in/$_/linked.txt", "linked $_") foreach qw(a b);
	let_age();
	load($node, 'db', '--source', 's', '--no-extract', "$files.link/in");
	rename "$away/in/b", "$away/b";
	symlink "$away/b", "$away/in/b";
	is(extract('links', 0, '--missing', '--type=text/plain'), 'stored 1 changed 3', 'links: counts');
	like(texts(), qr/linked a/, 'links: texts');
}
SKIP:
{
	skip 'root can read everything', 2 if $> == 0;
	chmod 0, "$files/3.txt";
	$node->safe_psql('db', q{
		UPDATE docs.documents SET extractor = 'tool 0.1' WHERE file_name = '3.txt';
		UPDATE docs.document_locations SET fingerprint = 'x' WHERE location LIKE '%/2.txt'});
	is(extract('unreadable', 3, '--older-than=1'), 'failed 1', 'unreadable: counts');
}
is(failed_checks($node, 'db'), '', 'the checks pass');
$node->command_checks_all([ 'doc_extractor', 'extract', '-d', $node->connstr('db') ],
	1, [qr/^$/], [qr/extract needs --missing, --failed or --older-than/], 'nothing is asked for');

done_testing();
