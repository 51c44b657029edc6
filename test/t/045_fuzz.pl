# Random calls of every function and entry point, with random values and settings: no crash, no
# internal error, only documented SQLSTATEs, a trail that is JSON, and a ledger without
# contradictions.  FUZZ_SEED repeats a run, FUZZ_SECONDS makes it longer.  Then random statements of
# sqlsmith, if it is installed.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{FUZZ_SEED} // int(time);
my $seconds = $ENV{FUZZ_SECONDS} // 6;
note("FUZZ_SEED=$seed");
srand($seed);

my $node = start_server('fuzz', 'log_min_messages = panic');
create_ledger($node, 'fuzz');
$node->safe_psql('fuzz', q{
	CREATE ROLE fuzzer;
	GRANT pg_read_server_files TO fuzzer;
	GRANT USAGE ON SCHEMA docs TO fuzzer;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO fuzzer;
	GRANT SELECT, INSERT, UPDATE, DELETE ON docs.documents TO fuzzer;
	GRANT INSERT ON docs.document_inbox TO fuzzer;
	GRANT SELECT, INSERT, UPDATE, DELETE ON docs.error_log TO fuzzer;
	GRANT SELECT ON ALL TABLES IN SCHEMA docs TO fuzzer;
	GRANT USAGE ON ALL SEQUENCES IN SCHEMA docs TO fuzzer;
	SELECT FROM generate_series(1, 5) i, lo_from_bytea(1000 + i::int, ('content ' || i)::bytea);
	GRANT SELECT ON LARGE OBJECT 1001, 1002, 1003 TO fuzzer});

# The documented SQLSTATEs, and those of transactions that have failed.
my %documented = map { $_ => 1 } slurp_file('doc/reference.md') =~ /`([0-9A-Z]{5})`/g, '25P02',
  '3B001', 'P0002';

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }
sub several { return map { $_[1]->() } 1 .. $_[0] }
sub list { return join(', ', @_) }

# Returns a text as a literal of ASCII characters alone.
sub literal
{
	my ($text) = @_;
	my @characters =
	  map { /[a-zA-Z0-9 .\/{}\[\]",:_-]/ ? $_ : sprintf('\U%08X', ord) } split //, $text;
	return q(E') . join('', @characters) . q(');
}

my @odd = (
	' ', "\t", "\n", '\\', "'", '"', '%', '$', '{', ',', "\x01", "\x7f", "\x{a0}", "\x{e9}",
	"\x{301}", "\x{65e5}", "\x{feff}", "\x{1f600}");

sub odd_text
{
	my ($length) = @_;
	my @alphabet = chance(0.5) ? ('a' .. 'z') : @odd;
	return join '', several($length, sub { pick(@alphabet) });
}

sub text
{
	my (@lengths) = @_;
	return 'NULL' if chance(0.05);
	return literal(odd_text(chance(0.8) ? 1 + int(rand(12)) : pick(0, @lengths)));
}

sub number
{
	return pick(
		0, 1, -1,
		1 + int(rand(60)),
		1 + int(rand(60)),
		32767, 2147483647, 2147483648, -2147483648, '(-9223372036854775808)',
		9223372036854775807, 'NULL');
}

sub bytes
{
	return 'NULL' if chance(0.05);
	return sprintf("convert_to('content %d', 'UTF8')", rand(40)) if chance(0.7);
	return sprintf("decode(repeat('%02x', %d), 'hex')",
		rand(256), pick(0, 1, 55, 56, 63, 64, 65, 3000, 100_000));
}

my @numbers = ('0', '-0', '1e400', '1.50', '-123456789012345678901234567890.5E-10', '1e-999999');
my @strings =
  ('"\u0000"', '"\ud83d\ude00"', '"\\\\ \" \/ \b"', '""', '"' . 'x' x 9000 . '"');

sub json_member
{
	my ($depth) = @_;
	return '"' . pick('a', 'a', '', "\x{e9}", '\u0061') . '":' . json_text($depth);
}

sub json_text
{
	my ($depth) = @_;
	my $kind = int(rand($depth > 0 ? 9 : 6));
	return pick('null', 'true', 'false') if $kind == 0;
	return pick(@numbers) if $kind == 1;
	return pick(@strings) if $kind == 2;
	return '"' . (odd_text(int(rand(20))) =~ s/[\\"\x00-\x1f]/./gr) . '"' if $kind < 6;
	return '[' . join(' , ', several(int(rand(4)), sub { json_text($depth - 1) })) . ']'
	  if $kind < 8;
	return '{' . join(',', several(int(rand(4)), sub { json_member($depth - 1) })) . '}';
}

sub json
{
	return 'NULL' if chance(0.2);
	if (chance(0.1))
	{
		my $depth = int(rand(1000));
		return "repeat('[', $depth)::text || '1' || repeat(']', $depth)";
	}
	return literal(json_text(4));
}
sub cast_json { my $value = json(); return "($value)::json" }

sub status { return chance(0.8) ? pick(map { "'$_'" } qw(success failed retry)) : text(50) }
sub type { return chance(0.8) ? "'text/plain'" : text(50, 51, 255, 256) }

# Returns a location: often one that other documents have had.
sub location
{
	return 'NULL' if chance(0.3);
	return pick(map { "'/$_'" } 1 .. 10) if chance(0.6);
	return text(4096, 100_000);
}

sub modified_at
{
	return 'NULL' if chance(0.3);
	return pick(map { "timestamptz '$_'" } 'infinity', '-infinity', '4714-11-24 00:00:00 BC UTC',
		'294276-12-31 23:59:59.999999 UTC', '2026-01-15 10:30 UTC');
}

sub fingerprint { return chance(0.3) ? 'NULL' : text(1000, 10_000) }

# The arguments that follow the type in most functions, some of them left out.
sub further
{
	my @values = (
		'ingestion_source => ' . text(255, 256),
		'document_text => ' . text(1000, 8192, 8193, 40_000),
		'metadata_extracted => ' . cast_json(),
		'ingestion_status => ' . status(),
		'error_message => ' . text(1000, 1001),
		'location => ' . location(),
		'modified_at => ' . modified_at(),
		'fingerprint => ' . fingerprint());
	return join '', map { ", $_" } grep { chance(0.5) } @values;
}

# An array of a batch: usually as long as the others, at times of an odd shape.
sub array
{
	my ($length, $type, $value) = @_;
	return 'NULL' if chance(0.03);
	return "'{}'::$type\[]" if chance(0.02);
	return "'[5:6]={NULL,NULL}'::$type\[]" if chance(0.02);
	return "ARRAY[[NULL, NULL], [NULL, NULL]]::$type\[]" if chance(0.02);
	$length++ if chance(0.02);
	return 'ARRAY[' . list(several($length, $value)) . "]::$type\[]";
}

sub hash
{
	return sprintf("encode(sha256('content %d'), 'hex')", rand(40)) if chance(0.6);
	return sprintf("upper(repeat('%x', 64))", rand(16)) if chance(0.6);
	return text(63, 64, 65);
}

sub inbox_row
{
	return '('
	  . list(text(500, 501), bytes(), type(), text(255, 256), text(9000), cast_json(), status(),
		text(1000, 1001), location(), modified_at(), fingerprint())
	  . ')';
}

sub batch
{
	my $n = pick(0, 1, 2, 3, 3, 20);
	return list(
		array($n, 'text', \&text),
		array($n, 'bytea', \&bytes),
		array($n, 'text', \&type),
		array($n, 'text', sub { text(255, 256) }),
		array($n, 'text', \&text),
		array($n, 'json', \&json),
		array($n, 'text', \&status),
		array($n, 'text', \&text),
		array($n, 'text', \&location),
		array($n, 'timestamptz', \&modified_at),
		array($n, 'text', \&fingerprint));
}

sub file
{
	return chance(0.5)
	  ? pick("'PG_VERSION'", "'postgresql.conf'", "'base'", "'/dev/zero'", "'nowhere'")
	  : text(1024, 4096);
}

# An event that says "ingested" is a second ingestion, which verify reports.
sub action
{
	return chance(0.8)
	  ? pick(map { "'$_'" } qw(tagged classified updated deleted error))
	  : text(50, 51);
}

sub assignment
{
	return pick(
		'document_text = ' . text(8192, 8193),
		'metadata_extracted = ' . cast_json(),
		'ingestion_status = ' . status(),
		'file_hash = ' . hash(),
		'file_hash = reverse(file_hash)',
		'file_name = ' . text(500),
		'id = id + 1',
		'updated_at = NULL',
		'error_message = ' . text(1000));
}

my @settings = (
	sub { 'doc_extractor.application_user = ' . (text(255, 256) =~ s/^NULL$/DEFAULT/r) },
	sub { 'doc_extractor.reason = ' . (text(500, 501) =~ s/^NULL$/DEFAULT/r) },
	sub { 'doc_extractor.on_bad_document = ' . pick(qw(log error)) },
	sub { 'doc_extractor.restoring = ' . pick(qw(on off)) },
	sub { 'doc_extractor.allow_data_loss = ' . pick(qw(on off)) },
	sub { 'work_mem = ' . pick(64, 4096) },
	sub { 'plan_cache_mode = ' . pick(qw(auto force_custom_plan force_generic_plan)) },
	sub { 'enable_indexscan = ' . pick(qw(on off)) },
	sub { 'search_path = ' . pick("''", 'docs', 'pg_temp', 'pg_catalog, docs') },
	sub { 'TimeZone = ' . pick("'UTC'", "'Asia/Kathmandu'") },
	sub { 'DateStyle = ' . pick("'ISO, DMY'", "'SQL, DMY'", "'German'") },
	sub { 'client_min_messages = ' . pick(qw(warning debug5)) },
	sub { 'check_function_bodies = ' . pick(qw(on off)) },
	sub { 'quote_all_identifiers = ' . pick(qw(on off)) },
	sub { 'bytea_output = ' . pick(qw(hex escape)) },
	sub { 'standard_conforming_strings = ' . pick(qw(on off)) });

# Returns a function that returns a call of a function with arguments from these functions.
sub call
{
	my ($function, @arguments) = @_;
	return sub {
		"SELECT FROM docs.$function(" . list(map { $_->() } @arguments) . ')';
	};
}

# The last argument of most functions, with those that follow it.
my $type_and_further = sub { type() . further() };
my $name = sub { text(500, 501) };
my $object = sub { pick(0, 1001 .. 1006, 4294967295, 'NULL') };
my $hash_size = sub { chance(0.5) ? 9 : number() };

# Statements that ingest, log and record, each as often as it is to be made.
my @calls = (
	(call('ingest_document', $name, \&bytes, $type_and_further)) x 4,
	(call('try_ingest_document', $name, \&bytes, $type_and_further)) x 3,
	(call('ingest_hashed_document', $name, \&hash, $hash_size, $type_and_further)) x 2,
	(call('ingest_documents', \&batch)) x 3,
	call('ingest_file', \&file, $type_and_further),
	call('ingest_large_object', $object, $name, $type_and_further),
	(call('record_document_event', \&number, \&action, \&cast_json, \&cast_json, $name)) x 2,
	call('log_ingestion_error', $name, sub { text(100, 101) }, sub { text(2000, 2001, 9000) }),
	call('resolve_ingestion_error', \&number, sub { text(1000, 1001) }),
	call('doc_extractor_verify'));

# Statements on the tables and views.
my @inbox = (
	(sub { 'INSERT INTO docs.document_inbox VALUES ' . list(several(pick(1, 2, 10), \&inbox_row)) })
	  x 3,
	sub {
		'INSERT INTO docs.document_inbox (file_name, content, file_type)
		SELECT file_name, file_name::bytea, file_type FROM docs.documents
		WHERE file_name !~ $$\\\\$$ LIMIT 10';
	});
my @plain = (
	sub {
		'INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type,
			ingestion_source, metadata_extracted, ingestion_status) VALUES ('
		  . list(text(500, 501), number(), hash(), type(), text(255), cast_json(), status()) . ')';
	},
	(
		sub {
			'UPDATE docs.documents SET '
			  . assignment()
			  . pick('', ' WHERE id = ' . number(), ' WHERE id % 7 = ' . int(rand(7)));
		}
	) x 2,
	(
		sub {
			'DELETE FROM docs.documents WHERE '
			  . pick('id = ' . number(), 'id % 5 = ' . int(rand(5)), "file_name LIKE 'a%'");
		}
	) x 2,
	sub {
		'INSERT INTO docs.documents SELECT * FROM docs.documents
		ON CONFLICT (file_hash) DO UPDATE SET file_name = ' . text();
	},
	sub {
		'MERGE INTO docs.documents d USING (VALUES (1), (2), (3)) v (id) ON d.id = v.id
		WHEN MATCHED AND v.id = 1 THEN DELETE
		WHEN MATCHED THEN UPDATE SET document_text = ' . text();
	},
	sub {
		'WITH gone AS (DELETE FROM docs.documents WHERE id % 3 = 1 RETURNING file_name, file_hash)
		SELECT FROM gone, docs.ingest_hashed_document(file_name, file_hash, 9, $$t$$)';
	},
	sub { 'DELETE FROM docs.error_log WHERE id = ' . number() },
	sub { 'UPDATE docs.audit_log SET action = action' },
	sub {
		'SELECT FROM docs.current_locations, docs.location_history LIMIT 100';
	},
	sub {
		'SELECT FROM docs.ingestion_stats, docs.ingestion_stats_by_type,
			docs.ingestion_stats_by_source';
	});

# Trigger functions must not be called, and settings and plans change between the rest.
my @triggers = qw(documents_after_insert document_inbox_after_insert audit_log_refuse_change
  doc_extractor_ddl_start);
my @statements = (
	@calls, @inbox, @plain,
	sub { 'SELECT docs.' . pick(@triggers) . '()' },
	sub { 'DISCARD PLANS' },
	(sub { 'SET ' . pick('', 'LOCAL ') . pick(@settings)->() }) x 4);

# Returns statements as a transaction, and some of them in a subtransaction.
sub transaction
{
	my @body = @_;
	my $level = pick('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE',
		'READ COMMITTED READ ONLY');
	my $nested = chance(0.3);

	@body = ($body[0], 'SAVEPOINT s', @body[ 1 .. $#body ], pick('ROLLBACK TO s', 'RELEASE s'))
	  if $nested;
	return @body unless $nested || chance(0.3);
	return ("BEGIN ISOLATION LEVEL $level", @body, pick('COMMIT', 'COMMIT', 'ROLLBACK'));
}

# Returns a script of such transactions, and statements by themselves.
sub script
{
	my @lines = (
		'SET doc_extractor.audit_value_limit = ' . pick(0, 1, 10, 64, 8192),
		'SET ROLE fuzzer');

	while (@lines < 150)
	{
		push @lines, transaction(several(1 + int(rand(5)), sub { pick(@statements)->() }));
	}
	push @lines, 'ROLLBACK', 'RESET client_min_messages', q(SELECT current_user || ' goes on');
	return join(";\n", @lines) . ";\n";
}

# Returns what is wrong after a script; counts its errors by their SQLSTATEs.
my %seen;
sub failure_of
{
	my ($out, $err) = @_;
	my @undocumented;

	$seen{$_}++ foreach $err =~ /^psql.*?(?:ERROR|FATAL|PANIC):  (\w{5}):/mg;
	@undocumented = grep { !$documented{$_} } keys %seen;
	return 'the session ended, or is another role' if $out !~ /^fuzzer goes on$/m;
	return "undocumented: @undocumented" if @undocumented;

	my (undef, $not_json) = run_script($node, 'fuzz', undef, q{
		SELECT count(old_value::text::json), count(new_value::text::json) FROM docs.audit_log});
	return $not_json eq '' ? '' : "the trail has a value that is not JSON: $not_json";
}

my $start = time;
my $scripts = 0;
my $failure = '';
@statements = grep { $_->() !~ /^MERGE/ } @statements if $node->pg_version < 15;
while (time - $start < $seconds && $failure eq '')
{
	my ($out, $err) = run_script($node, 'fuzz', undef, script());

	$failure = failure_of($out, $err);
	diag("FUZZ_SEED=$seed: $failure\n$err") if $failure ne '';
	$scripts++;
}
is($failure, '', "$scripts scripts");
note(list(map { "$_: $seen{$_}" } sort keys %seen));
cmp_ok(scalar keys %seen, '>', 8, 'errors of many kinds among them');

# A plain INSERT or UPDATE may have any file_hash, name and size.
is( $node->safe_psql(
		'fuzz', q{
		SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed AND check_name NOT IN ('hashes', 'values')}),
	'',
	'all other checks pass') or diag("FUZZ_SEED=$seed");
is(problems_of($node, 'fuzz'), '', 'the ledger does not contradict itself');
is( $node->safe_psql(
		'fuzz', q{
		SELECT count(*) > 0,
			bool_and(location_key = sha256(convert_to(location, 'UTF8')) AND isfinite(modified_at))
		FROM docs.document_locations}),
	't|t',
	'locations have their keys');

# Random statements on tables and views; sqlsmith rolls them back.
SKIP:
{
	skip 'sqlsmith is not installed', 1 if system('command -v sqlsmith >/dev/null 2>&1') != 0;
	$node->safe_psql('fuzz', q{
		CREATE ROLE smith LOGIN;
		GRANT fuzzer TO smith;
		GRANT ALL ON ALL TABLES IN SCHEMA docs TO smith});
	$node->command_ok(
		[
			'sqlsmith', '--target=' . $node->connstr('fuzz') . ' user=smith', '--exclude-catalog',
			"--seed=$seed", '--max-queries=' . int(20 * $seconds)
		],
		'sqlsmith comes to its end');
}

done_testing();
