# The examples of README.md (psql) and doc/clients.md (psycopg and pg), and the worker of
# doc/operations.md, work as they stand there.
use strict;
use warnings;

use Digest::SHA;
use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('drivers');
my $readme = slurp_file('README.md');
my $clients = slurp_file('doc/clients.md');
my $guide = slurp_file('doc/operations.md');

# The drivers come from Debian's packages, or from where tools/prerequisites.sh puts pg.
my %programs = (
	python => [ '/usr/bin/python3', '-' ],
	js => [ 'node', '-' ],
	sh => [ 'sh', '-e' ],
	sql => [ 'psql', '-X', '-P', 'footer=off', '-v', 'ON_ERROR_STOP=1', '-f', '-' ]);
$ENV{NODE_PATH} = "$ENV{PWD}/.tools/node_modules:/usr/share/nodejs";

$node->safe_psql(
	'postgres', q{
	CREATE ROLE keeper LOGIN;
	CREATE ROLE importer LOGIN;
	CREATE DATABASE documents OWNER keeper});

# Starts a program on a text, in a session of a role.
sub start_program
{
	my ($language, $user, $text) = @_;
	my $run = { out => '', err => '' };
	# From a file: a pipe would be filled only when somebody waits for the program.
	my $file = PostgreSQL::Test::Utils::tempdir() . '/program';

	append_to_file($file, $text);

	local %ENV = (
		%ENV,
		PGHOST => $node->host,
		PGPORT => $node->port,
		PGDATABASE => 'documents',
		PGUSER => $user,
		PGOPTIONS => '-c client_min_messages=warning');
	$run->{run} = IPC::Run::start(
		$programs{$language},
		'<', $file,
		'>', \$run->{out},
		'2>', \$run->{err},
		IPC::Run::timeout(Ledger::PATIENCE));
	return $run;
}

# Returns what a program prints; fails if it fails or complains.
sub output_of
{
	my ($language) = @_;
	my $run = start_program(@_);

	IPC::Run::finish($run->{run});
	is($?, 0, "$language: it runs") or diag($run->{out});
	is($run->{err}, '', "$language: no complaints");
	return $run->{out};
}

sub query
{
	my ($query) = @_;
	return $node->safe_psql('documents', "SET search_path = docs; $query");
}

# Returns the fenced blocks of a language in a text.
sub blocks_of
{
	my ($language, $text) = @_;
	my @blocks;

	push @blocks, $1 while $text =~ /^```$language\n(.*?)^```$/gms;
	return @blocks;
}

# Returns the indented blocks of a text that are SQL, as one script.
sub sql_of
{
	my ($text) = @_;
	my @blocks = $text =~ /^\n((?:    [^\n]*\n)+)/gm;

	return join '', grep { /\A\s+(?:CREATE|SET|SELECT|GRANT) / } @blocks;
}

# psql: the README's SQL, in its order.
my $printed = output_of('sql', 'keeper', sql_of($readme));
$printed =~ s/ +$//gm;
my @shown = blocks_of('text', $readme);
is(scalar @shown, 1, 'psql: the README shows an output');
cmp_ok(index($printed, $shown[0]), '>=', 0, 'psql: a duplicate and the trail, as shown')
  or diag($printed);
like($printed, qr/^ +\| +1$/m, 'psql: a failure');
is( query(q{SELECT document_id, action, user_or_system, new_value ->> 'file_name'
		FROM audit_log ORDER BY id LIMIT 1}),
	'1|ingested|keeper|hello.txt', 'psql: who is in the trail');
is(query('SELECT count(*), sum(duplicate_count) FROM hash_index'), '5|2',
	'psql: what is there then');
is(query('SELECT locations, first_locations FROM documents_with_locations LIMIT 1'),
	'2|{/srv/a.pdf,/srv/copies/b.pdf}', 'psql: a document in two places');
is(query('SELECT document_text, extractor FROM documents WHERE id = 1'),
	'Hello|tesseract 5.3', 'psql: a text that came later');
is(query(q{SELECT bool_and(file_hash ~ '^[0-9a-f]{64}$') FROM documents}), 't', 'psql: hashes');

# The privileges that the other examples need.
output_of('sql', 'keeper', sql_of($clients));

# Python: file by file, many at once, and what goes wrong.
my @python = blocks_of('python', $clients);
my %names_of_content;
foreach my $file (glob '/usr/share/common-licenses/*')
{
	push @{ $names_of_content{ slurp_file($file) } }, $file =~ s/.*\///r;
}
my $files = map { @$_ } values %names_of_content;
my $different = keys %names_of_content;
is(scalar @python, 3, 'Python: examples');
my @lines = split /\n/, output_of('python', 'importer', $python[0]);
is(scalar(grep { /^\d+ new \S+$/ } @lines), $different, 'Python: new documents');
is(scalar(grep { /^\d+ duplicate \S+$/ } @lines), $files - $different, 'Python: duplicates');
is( query(q{SELECT count(*), count(DISTINCT document_id) FROM audit_log
		WHERE action = 'ingested' AND user_or_system = 'importer' AND db_user = 'importer'}),
	"$different|$different",
	'Python: their trail');
my %names_of_hash =
  map { Digest::SHA::sha256_hex($_) => $names_of_content{$_} } keys %names_of_content;
my $known = 0;
my $imported =
  query(q{SELECT file_hash, file_name FROM documents WHERE ingestion_source = 'import'});
foreach my $row (split /\n/, $imported)
{
	my ($hash, $name) = split /\|/, $row;
	$known += grep { $_ eq $name } @{ $names_of_hash{$hash} };
}
is($known, $different, 'Python: their hashes');

my ($preamble) = $python[0] =~ /\A(.*?)^with/ms;
is(output_of('python', 'importer', $preamble . $python[1]),
	"[(3, True), (2, True)]\n", 'Python: arrays');
is( query('SELECT sum(duplicate_count) FROM hash_index'),
	2 + $files - $different + 2 + $files,
	'Python: COPY counts what is there');
like(
	output_of('python', 'importer', "import psycopg\n$python[2]"),
	qr/\A22023 file_type must not be blank\ndocument None error \d+\n\z/,
	'Python: errors');

# Text cannot hold a zero byte; the bytes of a document can.
is( output_of(
		'python', 'importer', q{
import psycopg
call = "SELECT docs.ingest_document(%s, %s, 't', document_text => %s)"
documents = [
    ("nul\0", b"x", None),
    ("nul", b"x", "text\0"),
    ("nul", b"x\0y", "text"),
]
with psycopg.connect(autocommit=True) as connection:
    for document in documents:
        try:
            connection.execute(call, document)
            print("ingested")
        except psycopg.DataError as error:
            print("refused")
}),
	"refused\nrefused\ningested\n",
	'Python: zero bytes');
is( query(q{SELECT file_size_bytes, document_text FROM documents WHERE file_name ~ '^nul'}),
	'3|text', 'Python: a zero byte in a document');

# Node.
my @js = blocks_of('js', $clients);
is(scalar @js, 1, 'Node: an example');
my $new = qr/\{ document_id: '\d+', is_duplicate: false \}/;
like(
	output_of('js', 'importer', $js[0]),
	qr/\A1[ ]true\n
		\[\s+$new,\s+$new\s+\]\n
		22023\ file_type\ must\ not\ be\ blank\n
		\{\ document_id:\ null,\ error_id:\ '\d+'\ \}\n\z/x,
	'Node: all of it');
is( query(q{SELECT file_name, file_size_bytes, file_hash = encode(sha256('three'), 'hex')
		FROM documents WHERE file_name = 'c.txt'}),
	'c.txt|5|t', 'Node: arrays of bytes');
like(
	output_of(
		'js', 'importer', q{
		const { Client } = require("pg");
		const client = new Client();
		client.connect()
			.then(() => client.query("SELECT docs.ingest_document($1, 'x', 't')", ["nul\0"]))
			.catch((error) => console.log(error.code))
			.then(() => client.end())}),
	qr/\A22021\n\z/,
	'Node: a zero byte');

# The worker, with the privileges that the guide gives it: documents to retry; files that failed,
# some of them twice; a file that cannot be had, and one that the ledger refuses.
my ($privileges) = grep { /CREATE ROLE worker/ } blocks_of('sh', $guide);
my ($index) = grep { /CREATE INDEX CONCURRENTLY/ } blocks_of('sh', $guide);
my ($worker) = grep { /def retry_document/ } blocks_of('python', $guide);
query('ALTER ROLE keeper CREATEROLE');
output_of('sh', 'keeper', $privileges);
output_of('sh', 'keeper', $index);
query(q{
	TRUNCATE error_log;
	SELECT FROM generate_series(1, 60) i,
		ingest_document('retry ' || i, ('retry ' || i)::bytea, 't', ingestion_status => 'retry');
	SELECT FROM ingest_document('gone', 'gone', 't', ingestion_status => 'retry');
	SELECT FROM ingest_document('refused', 'refused', 't', ingestion_status => 'retry');
	ALTER TABLE documents ADD CONSTRAINT refuse
		CHECK (file_name <> 'refused' OR document_text IS NULL);
	SELECT FROM generate_series(1, 60) i,
		log_ingestion_error('failed ' || i % 40, 'network', 'no answer');
	SELECT log_ingestion_error('gone', 'network', 'no answer');
	SELECT log_failed_document('placed', 'network', 'no answer', 'scanner', '/placed');
	SELECT log_failed_document('hashed', 'network', 'no answer', file_hash => repeat('0', 64))});

# The queries find their few rows by an index.
query(q{SELECT FROM generate_series(1, 20000) i, ingest_document('many', i::text::bytea, 't')});
query('ANALYZE documents');
like(
	query(q{EXPLAIN SELECT id, file_name FROM documents WHERE ingestion_status = 'retry'
		ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED}),
	qr/Index Scan using documents_to_retry/,
	'the worker: its index');

# Each of several workers stops when nothing is left that has waited; what failed again waits from
# then on.
query('CREATE SEQUENCE arrived; GRANT ALL ON SEQUENCE arrived TO worker');
my $started = query('SELECT LOCALTIMESTAMP');
my $loop = qq{
import hashlib, random, sys, time
def extract(file_name):
    if file_name == "gone":
        raise FileNotFoundError("no file gone")
    time.sleep(random.random() / 100)
    return file_name.encode(), "text of " + file_name
$worker
with psycopg.connect(autocommit=True) as connection:
    # All begin together, once all are there and every row has waited.
    connection.execute("SELECT nextval('docs.arrived')")
    while connection.execute("SELECT last_value FROM docs.arrived").fetchone() != (4,):
        time.sleep(0.01)
    connection.execute("SELECT pg_sleep_until('$started'::timestamp + interval '1.5 s')")
    done = 0
    while retry_document(connection, "1 s") or retry_failure(connection, "1 s"):
        done += 1
        if done == 500:
            raise RuntimeError("no end")
    print(done)
};
my @workers = map { start_program('python', 'worker', $loop) } 1 .. 4;
my $done = 0;
my $busy = 0;
foreach my $run (@workers)
{
	IPC::Run::finish($run->{run});
	is($run->{err}, '', 'a worker: no complaints');
	$done += $run->{out};
	$busy++ if $run->{out} > 0;
}
cmp_ok($busy, '>', 1, 'the workers shared the work');
is( query(q{SELECT count(*), bool_and(document_text = 'text of ' || file_name), max(duplicate_count)
		FROM documents d JOIN hash_index h ON h.document_id = d.id
		WHERE file_name ~ '^retry ' AND ingestion_status = 'success'}),
	'60|t|0', 'every document was taken by one of them');
is( query(q{SELECT file_name, ingestion_status,
			substring(error_message FROM '^no file gone$|violates check constraint "refuse"')
		FROM documents WHERE ingestion_status <> 'success' ORDER BY 1}),
	qq{gone|retry|no file gone\nrefused|retry|violates check constraint "refuse"},
	'what failed again');
is( query(q{SELECT count(*), count(DISTINCT file_name) FROM error_log
		WHERE file_name ~ '^failed ' AND retry_attempted
			AND resolution_notes ~ '^ingested as document \d+$'}),
	'60|40', 'every failure is marked');
is( query(q{SELECT error_type, error_message, count(*) FILTER (WHERE resolution_notes IS NULL),
			max(id) FILTER (WHERE resolution_notes IS NULL) = max(id), bool_or(retry_attempted)
		FROM error_log WHERE file_name = 'gone' GROUP BY 1, 2 ORDER BY min(id)}),
	"network|no answer|0||f\nFileNotFoundError|no file gone|1|t|f",
	'but those of a file that failed again');
is( query(q{SELECT bool_and(resolution_notes = 'failed again: error ' || next) FROM
		(SELECT resolution_notes, lead(id) OVER (ORDER BY id) AS next
			FROM error_log WHERE file_name = 'gone') g
		WHERE next IS NOT NULL}),
	't', 'whose rows name the next one');
is( query(q{SELECT file_name, retry_attempted, resolution_notes ~ '^ingested' FROM error_log
		WHERE file_name IN ('placed', 'hashed') ORDER BY 1}),
	"hashed|f|t\nplaced|t|t", 'a failure with a location is marked, one with other bytes noted');
is(query(q{SELECT ingestion_source, location FROM current_locations WHERE location = '/placed'}),
	'scanner|/placed', 'the document is where the file is');
cmp_ok($done, '>=', 60 + 40 + 2 + 3, 'tries');
is(query('SELECT * FROM doc_extractor_verify() WHERE NOT passed'), '',
	'the ledger is as it should be');

done_testing();
