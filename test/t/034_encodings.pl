# Databases of other encodings: the tables, the trail and error_log hold texts as they were given,
# limits count characters, and what an encoding cannot hold is the server's own error.
use strict;
use warnings;

use Ledger;
use Test::More;

my $node = start_server('encodings');

# A character of each encoding, as the client sends it, and the number of characters that it counts
# as: SQL_ASCII knows only bytes; those here are not valid in UTF-8.
my %encodings = (
	UTF8 => {
		client => 'UTF8',
		character => "\xf0\x9f\x98\x80",
		count => 1,
		ellipsis => "\xe2\x80\xa6"
	},
	LATIN1 => { client => 'UTF8', character => "\xc3\xa9", count => 1, ellipsis => '...' },
	EUC_JP => { client => 'UTF8', character => "\xe6\x97\xa5", count => 1, ellipsis => '...' },
	SQL_ASCII =>
	  { client => 'SQL_ASCII', character => "\xff\xc3(", count => 3, ellipsis => '...' });

# Returns what a script prints, each error as its SQLSTATE and message.
sub results_of
{
	my ($encoding, $script) = @_;
	my ($out, $err) = run_script(
		$node, lc $encoding, undef, qq{
		SET client_encoding = '$encodings{$encoding}->{client}';
		SET search_path = docs;
		$script});
	return join "\n", grep { $_ ne '' } $out, $err =~ /ERROR:  (\w{5}: .*)/g;
}

foreach my $encoding (sort keys %encodings)
{
	my ($character, $count, $ellipsis) = @{ $encodings{$encoding} }{qw(character count ellipsis)};
	my $name = "repeat('$character', 500 / $count)";
	my $message = "$character of the message";

	$node->safe_psql('postgres',
		"CREATE DATABASE $encoding ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql(lc $encoding,
		'CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs');

	is(results_of($encoding, "SELECT length('$character')"), $count, "$encoding: the character");

	# Every column has it, quotes and control characters too.
	is( results_of(
			$encoding, qq{
			SET doc_extractor.application_user = '$character user';
			SET doc_extractor.reason = '$character reason';
			SELECT document_id FROM ingest_document($name, 'one', 'type $character',
				'source $character', E'text "$character" \\\\ \\t end',
				'{"key $character": ["$character"]}', 'failed', '$message');
			SELECT file_name = $name, file_type = 'type $character',
				ingestion_source = 'source $character',
				document_text = E'text "$character" \\\\ \\t end', metadata_extracted::text,
				error_message
			FROM documents;
			SELECT user_or_system, change_reason,
				(SELECT string_agg(key, ' ') FROM documents d, json_each_text(new_value) v
				 WHERE to_json(d) ->> key IS DISTINCT FROM value),
				new_value ->> 'document_text' = E'text "$character" \\\\ \\t end',
				new_value -> 'metadata_extracted' ->> 'key $character'
			FROM audit_log}),
		qq{1\nt|t|t|t|{"key $character": ["$character"]}|$message\n}
		  . qq{$character user|$character reason||t|["$character"]},
		"$encoding: a document and its trail");
	is( results_of(
			$encoding, qq{
			SELECT is_duplicate FROM ingest_document('again', 'one', 't',
				document_text => '$character healed');
			DELETE FROM documents;
			SELECT action, old_value ->> 'document_text', new_value ->> 'document_text',
				new_value ->> 'error_message'
			FROM audit_log ORDER BY id OFFSET 1}),
		qq{f\nupdated|text "$character" \\ \t end|$character healed|\ndeleted|$character healed||},
		"$encoding: the trail of its changes");

	# A long value's length and hash are those of its bytes in the database.
	is( results_of(
			$encoding, qq{
			SELECT FROM ingest_document('long', 'long', 't',
				document_text => repeat('$character', 9000));
			SELECT (a.new_value -> 'document_text' ->> 'length')::int = octet_length(document_text),
				a.new_value -> 'document_text' ->> 'sha256'
					= encode(sha256(convert_to(document_text, getdatabaseencoding())), 'hex')
			FROM documents d JOIN audit_log a ON a.document_id = d.id}),
		't|t', "$encoding: a long value in the trail");

	# Limits count characters, and messages say so; cuts leave whole characters.
	is( results_of(
			$encoding, qq{
			SELECT FROM ingest_document(repeat('$character', 501), 'two', 't');
			SELECT FROM log_ingestion_error('f', repeat('$character', 101), 'm');
			SELECT set_config('doc_extractor.application_user',
				repeat('$character', 255 / $count), false) <> '';
			SELECT set_config('doc_extractor.application_user', repeat('$character', 256), false)}),
		join("\n",
			't',
			'22001: file_name is too long: '
			  . 501 * $count
			  . ' characters, at most 500 are allowed',
			'22001: error_type is too long: '
			  . 101 * $count
			  . ' characters, at most 100 are allowed',
			'22023: invalid value for parameter "doc_extractor.application_user": "' . $character x 256 . '"'),
		"$encoding: what is too long");
	is( results_of(
			$encoding, qq{
			SELECT error_id FROM try_ingest_document(repeat('$character', 501), 'two', 't');
			SELECT log_ingestion_error('f', '$character', repeat('$character', 3000));
			SELECT file_name =
					left(repeat('$character', 501), 500 - length('$ellipsis')) || '$ellipsis',
				error_type, error_message LIKE 'file_name is too long%'
			FROM error_log WHERE id = 1;
			SELECT error_type, length(error_message),
				error_message =
					left(repeat('$character', 3000), 2000 - length('$ellipsis')) || '$ellipsis'
			FROM error_log WHERE id = 2}),
		"1\n2\nt|string_data_right_truncation|t\n$character|2000|t",
		"$encoding: what is cut for error_log");

	# The inbox, and the failure that it marks as retried, by its name.
	is( results_of(
			$encoding, qq{
			SELECT log_ingestion_error('$character.txt', 'x', 'm');
			COPY document_inbox (file_name, content, file_type, document_text) FROM stdin;
$character.txt	\\\\x616263	t	text $character
\\.
			SELECT file_name, document_text FROM documents
			WHERE file_hash = encode(sha256('abc'), 'hex');
			SELECT retry_attempted FROM error_log WHERE file_name = '$character.txt'}),
		"3\n$character.txt|text $character\nt", "$encoding: COPY");
	is(results_of($encoding, 'SELECT * FROM doc_extractor_verify() WHERE NOT passed'),
		'', "$encoding: all checks pass");

	# A location's key is the hash of its bytes in the database.
	is( results_of(
			$encoding, qq{
			SELECT at_location FROM ingest_document('place', 'place', 't', '$character',
				location => '/$character', fingerprint => '$character');
			COPY document_inbox (file_name, content, file_type, ingestion_source, location) FROM stdin;
place	place	t	$character	/$character
\\.
			SELECT ingestion_source, location, fingerprint,
				location_key = sha256(convert_to(location, getdatabaseencoding()))
			FROM document_locations}),
		"f\n$character|/$character|$character|t", "$encoding: a location");
}

# What an encoding cannot hold is refused before anything is written.
my $no_equivalent =
  '22P05: character with byte sequence %s in encoding "UTF8" has no equivalent in encoding "%s"';
my %refused = (
	LATIN1 => [ "\xe6\x97\xa5", sprintf($no_equivalent, '0xe6 0x97 0xa5', 'LATIN1') ],
	EUC_JP => [ "\xf0\x9f\x98\x80", sprintf($no_equivalent, '0xf0 0x9f 0x98 0x80', 'EUC_JP') ],
	UTF8 => [ "\xff", '22021: invalid byte sequence for encoding "UTF8": 0xff' ]);
foreach my $encoding (sort keys %refused)
{
	my ($character, $error) = @{ $refused{$encoding} };
	my $before = tables_of($node, lc $encoding);

	is(results_of($encoding, "SELECT FROM ingest_document('$character', 'x', 't')"),
		$error, "$encoding: refused");
	is(results_of($encoding, "SELECT FROM ingest_document('x', 'x', 't', location => '$character')"),
		$error, "$encoding: refused as a location");
	is( results_of(
			$encoding,
			"SELECT FROM try_ingest_document('x', 'x', 't', document_text => '$character')"),
		$error,
		"$encoding: refused, not logged");

	my (undef, $err) = run_script(
		$node, lc $encoding, undef, qq{
		SET client_encoding = 'UTF8';
		SET doc_extractor.on_bad_document = log;
		COPY docs.document_inbox (file_name, content, file_type) FROM stdin;
good	\\\\x01	t
bad $character	\\\\x02	t
\\.
});
	like(
		$err,
		qr/ERROR:  \Q$error\E\nCONTEXT:  COPY document_inbox, line 2\n/,
		"$encoding: COPY names the line");
	is(tables_of($node, lc $encoding), $before, "$encoding: nothing was written");
}

# COPY also names the column of a value that is no JSON, or no bytea.
foreach my $case (
	[ "bad\t\\\\x0", '22023', 'content' ],
	[ "bad\t\\\\x00\t{", '22P02', 'metadata_extracted' ])
{
	my ($row, $state, $column) = @$case;
	my $columns = 'file_name, content' . ($row =~ /\{/ ? ', metadata_extracted' : '');
	my (undef, $err) = run_script(
		$node, 'utf8', undef, qq{
		COPY docs.document_inbox ($columns) FROM stdin;
$row
\\.
});
	like(
		$err,
		qr/ERROR:  $state:.*COPY document_inbox, line 1, column $column/s,
		"COPY names column $column");
}

# JSON escapes of what the database cannot hold stay as they are; to read them as text is the
# server's error, also in the trail.
like(
	results_of(
		'LATIN1', q{
		SELECT FROM ingest_document('escapes', 'escapes', 't',
			metadata_extracted => '{"k": "\u65e5"}');
		SELECT metadata_extracted::text FROM documents ORDER BY id DESC LIMIT 1;
		SELECT new_value::text ~ 'metadata_extracted":\{"k": "\\\\u65e5"\}'
		FROM audit_log ORDER BY id DESC LIMIT 1;
		SELECT new_value ->> 'file_name' FROM audit_log ORDER BY id DESC LIMIT 1}),
	qr/\A\{"k": "\\u65e5"\}\nt\n22P05: /,
	'LATIN1: an escape in metadata');

done_testing();
