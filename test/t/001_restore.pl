# A backup by pg_dump comes back row for row, whatever the format and the order of loading, for a
# superuser and for an owner who is none; and nobody but the owner can pass a new row off as one of
# a backup.
use strict;
use warnings;

use Ledger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('restore');
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres',
	'CREATE ROLE keeper LOGIN; CREATE ROLE writer LOGIN');

my $warning = qr/WARNING:  01000: rows of table "documents" were taken for those of a backup/;

# What pg_dump puts at the head of every script, as far as it matters here.
my $dump_settings = q{
	SET check_function_bodies = false;
	DO $$BEGIN PERFORM pg_catalog.set_config('search_path', '', false); END$$;
	SET client_min_messages = warning;
};

# Fills a ledger with all that can be in one; returns its state.
sub fill
{
	my ($database, $user) = @_;
	my ($out, $err) = run_script(
		$node, $database, $user, q{
		SET search_path = docs;
		SELECT FROM generate_series(1, 20) i,
			ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain');
		SELECT FROM generate_series(1, 30) i,
			ingest_document('again ' || i, ('content ' || i % 7)::bytea, 'text/plain');
		SELECT FROM ingest_documents(ARRAY['b 1', 'b 2', 'b 3'],
			ARRAY['batch 1', 'batch 2', 'batch 1']::bytea[],
			array_fill('text/csv'::text, ARRAY[3]));
		SELECT FROM ingest_document('failed', 'failed bytes', 'text/plain',
			ingestion_status => 'failed', error_message => 'no text');
		SELECT FROM ingest_document('healed', 'healed bytes', 'text/plain',
			ingestion_status => 'retry', error_message => 'busy');
		SELECT FROM ingest_document('healed', 'healed bytes', 'text/plain',
			document_text => 'at last');
		SELECT FROM ingest_document('big', 'big bytes', 'text/plain', document_text =>
			(SELECT string_agg(md5(i::text), ' ') FROM generate_series(1, 10000) i));
		SELECT FROM ingest_document(E'odd \U0001F600 "name"\t\\\\N', 'odd bytes', 'text/plain',
			document_text => E'line\n\\\\.\nline \U0001F389\r\\x01',
			metadata_extracted => '{"a" : [1,  2], "a": "\ud83d\ude00"}');
		INSERT INTO documents (id, file_name, file_size_bytes, file_hash, file_type,
			ingestion_source, created_at)
		VALUES (1000, 'plain', 1, 'abc123def456', 'application/pdf', 'test',
			'2001-02-03 04:05:06.789');
		SET doc_extractor.reason = 'a reason';
		UPDATE documents SET file_type = 'text/html', document_text = 'changed' WHERE id <= 5;
		UPDATE documents SET file_hash = repeat('0', 64) WHERE id = 6;
		SELECT FROM record_document_event(7, 'classified', NULL, '{"class": "letter"}', 'by hand');
		SELECT FROM record_document_event(7, 'tagged', '[]', '["x"]');
		DELETE FROM documents WHERE id IN (8, 1000);
		INSERT INTO error_log (file_name, error_type, error_message)
		SELECT 'lost ' || i, 'timeout', 'no answer' FROM generate_series(1, 3) i;
		-- Ids are lost to rollbacks, so a sequence is not just at the greatest id.
		SELECT FROM generate_series(1, 4) WHERE
			nextval('documents_id_seq') + nextval('hash_index_id_seq') +
			nextval('audit_log_id_seq') + nextval('error_log_id_seq') = 0;
	});

	is($err, '', "$database is filled");
	return state_of($node, $database);
}

# Writes a list of what is in a dump, with some of it last: an order that pg_restore is free to choose
# with several jobs.
sub list_with_last
{
	my ($dump, $last) = @_;
	my $list = "$folder/reordered.list";
	my ($entries, $err) = run_command([ 'pg_restore', '-l', $dump ]);
	my @lines = split /\n/, $entries;

	isnt(scalar(grep { /$last/ } @lines), 0, 'the dump has what is to come last');
	open my $file, '>', $list or die "$list: $!";
	print $file map { "$_\n" } (grep { !/$last/ } @lines), grep { /$last/ } @lines;
	close $file;
	return $list;
}

my $documents_last = qr/ TABLE DATA docs documents /;
my $sequences_first = qr/ TABLE DATA /;

# The ways to dump and to restore: by pg_restore with the options in "restore", in "sections" one by
# one, or else by psql.  With "data_only" the target is an empty ledger, with "over" it is another one.
# What needs "settings" fails without them, and leaves no document without its trail.
my @ways = (
	{ name => 'script', dump => [] },
	{ name => 'script in one transaction', dump => [], psql => ['-1'] },
	{ name => 'script of inserts', dump => ['--inserts'] },
	{ name => 'script of column inserts', dump => ['--column-inserts'] },
	{ name => 'script of inserts of 7 rows', dump => ['--rows-per-insert=7'] },
	{ name => 'script with row security', dump => ['--enable-row-security'] },
	{ name => 'script of data only', dump => ['-a'], data_only => 1 },
	{ name => 'custom', dump => ['-Fc'], restore => [] },
	{ name => 'custom in one transaction', dump => ['-Fc'], restore => ['-1'] },
	{ name => 'custom with 4 jobs', dump => ['-Fc'], restore => ['-j4'] },
	{ name => 'directory with 4 jobs', dump => ['-Fd'], restore => ['-j4'] },
	{ name => 'custom of data only', dump => [ '-Fc', '-a' ], restore => [], data_only => 1 },
	{
		name => 'data of a custom one with 4 jobs',
		dump => ['-Fc'],
		restore => [ '-a', '-j4' ],
		data_only => 1
	},
	{ name => 'custom, children first', dump => ['-Fc'], restore => [], last => $documents_last },
	{ name => 'custom, sequences first', dump => ['-Fc'], restore => [], last => $sequences_first },
	{
		name => 'custom of inserts, children first',
		dump => [ '-Fc', '--inserts' ],
		restore => ['-e'],
		last => $documents_last,
		settings => '-c doc_extractor.restoring=on'
	},
	{
		name => 'custom of inserts, sequences first',
		dump => [ '-Fc', '--inserts' ],
		restore => ['-e'],
		last => $sequences_first,
		settings => '-c doc_extractor.restoring=on'
	},
	{
		name => 'custom of inserts that skip conflicts, sequences first',
		dump => [ '-Fc', '--inserts', '--on-conflict-do-nothing' ],
		restore => ['-e'],
		last => $sequences_first,
		settings => '-c doc_extractor.restoring=on'
	},
	{
		name => 'custom in sections',
		dump => ['-Fc'],
		restore => [],
		sections => [qw(pre-data data post-data)]
	},
	{
		name => 'custom, children first, in one transaction',
		dump => ['-Fc'],
		restore => ['-1'],
		last => $documents_last
	},
	{
		name => 'directory with 4 jobs, children first',
		dump => ['-Fd'],
		restore => ['-j4'],
		last => $documents_last
	},
	{
		name => 'custom over another ledger',
		dump => ['-Fc'],
		restore => [ '--clean', '--if-exists', '--single-transaction' ],
		over => 1,
		settings => '-c doc_extractor.allow_data_loss=on'
	});

# Checks that a restored ledger is in the state of the original, and alive.
sub check_restored
{
	my ($name, $state, $database, $user) = @_;

	is(state_of($node, $database), $state, "$name: all is back");

	my ($out, $err) = run_script(
		$node, $database, $user, q{
		SELECT document_id, is_duplicate, duplicate_count
			FROM docs.ingest_document('known', 'content 3', 'text/plain');
		SELECT last_value AS last FROM docs.documents_id_seq \gset
		SELECT document_id - :last, is_duplicate
			FROM docs.ingest_document('new', 'new bytes', 'text/plain');
	} . problems_query() . ';');
	is($err, '', "$name: the ledger works on");
	is($out, "3|t|5\n1|f", "$name: as before, and nothing contradicts itself");
	return;
}

# Dumps a ledger with these options, once; returns the file's name.
my %dumps;
sub dump_of
{
	my ($original, $user, @options) = @_;
	my $key = join(' ', $original, @options);

	if (!defined $dumps{$key})
	{
		$dumps{$key} = "$folder/$original" . keys %dumps;
		$node->command_ok(
			command_line($node, 'pg_dump', $original, $user, '-f', $dumps{$key}, @options),
			"$key: dumped");
	}
	return $dumps{$key};
}

# Creates the database that a dump is restored into.
sub create_target
{
	my ($way, $target, $user) = @_;
	my $owner = defined $user ? "OWNER $user" : '';

	if ($way->{data_only} || $way->{over})
	{
		create_ledger($node, $target, $user);
	}
	else
	{
		$node->safe_psql('postgres', "CREATE DATABASE $target $owner");
	}
	if ($way->{over})
	{
		$node->safe_psql($target,
			"SELECT FROM docs.ingest_document('mine', 'content 1', 'text/plain')",
			extra_params => user_option($user));
	}
	return;
}

# Restores a dump in one way, as a role.
sub try_way
{
	my ($way, $original, $state, $user, $number) = @_;
	my $name = (defined $user ? 'owner' : 'superuser') . ", $way->{name}";
	my $target = "${original}_$number";
	my $dump = dump_of($original, $user, @{ $way->{dump} });

	create_target($way, $target, $user);
	if (defined $way->{restore})
	{
		my @order = $way->{last} ? ('-L', list_with_last($dump, $way->{last})) : ();
		my @command =
		  command_line($node, 'pg_restore', $target, $user, @{ $way->{restore} }, @order);
		my @sections = map { ["--section=$_"] } @{ $way->{sections} || [] };

		if ($way->{settings})
		{
			$node->command_fails([ @{ $command[0] }, $dump ], "$name: refused without the setting");
			is( $node->safe_psql($target, q{
					SELECT count(*) FROM docs.documents d WHERE NOT EXISTS
						(SELECT FROM docs.audit_log a WHERE a.document_id = d.id)}),
				'0',
				"$name: no document has lost its trail");
			$node->safe_psql('postgres', "DROP DATABASE $target");
			create_target($way, $target, $user);
			$ENV{PGOPTIONS} = $way->{settings};
		}
		foreach my $section (@sections ? @sections : ([]))
		{
			$node->command_ok([ @{ $command[0] }, @$section, $dump ], "$name: restored @$section");
		}
	}
	else
	{
		# The same session shows its replication role.
		$node->command_checks_all(
			command_line($node, 'psql', $target, $user, '-XqAt', '-v', 'ON_ERROR_STOP=1', '-v',
				'VERBOSITY=verbose', @{ $way->{psql} || [] }, '-f', $dump, '-c',
				'SHOW session_replication_role'),
			0,
			[qr/^origin$/m],
			[qr/\A\S+ $warning\nDETAIL: [^\n]*\nHINT: [^\n]*\n(?:LOCATION: [^\n]*\n)?\z/],
			"$name: restored, with a warning, and triggers fire for the session");
	}
	delete $ENV{PGOPTIONS};
	check_restored($name, $state, $target, $user);
	return;
}

# Both roles' ledgers are dumped and restored in all ways.
my %states;
foreach my $user (undef, 'keeper')
{
	my $original = defined $user ? 'kept' : 'central';
	my $number = 0;

	create_ledger($node, $original, $user);
	$states{$original} = fill($original, $user);
	try_way($_, $original, $states{$original}, $user, ++$number) foreach @ways;
}

# A superuser restores for an owner.
$node->safe_psql('postgres', 'CREATE DATABASE for_keeper OWNER keeper');
$node->command_ok(
	command_line($node, 'pg_restore', 'for_keeper', undef, '--role=keeper',
		dump_of('kept', 'keeper', '-Fc')),
	'restored for another');
check_restored('for another', $states{kept}, 'for_keeper', 'keeper');

# An empty ledger stays empty, and its sequences are as new.
create_ledger($node, 'blank');
$node->safe_psql('postgres', 'CREATE DATABASE blank_again');
$node->command_ok(
	command_line($node, 'psql', 'blank_again', undef, '-Xqv', 'ON_ERROR_STOP=1', '-f',
		dump_of('blank')),
	'empty: restored');
is(state_of($node, 'blank_again'), state_of($node, 'blank'), 'empty: all is back');

# A superuser can restore without any trigger.
create_ledger($node, 'without_triggers');
$node->command_ok(
	command_line($node, 'psql', 'without_triggers', undef, '-Xqv', 'ON_ERROR_STOP=1', '-f',
		dump_of('central', undef, '-a', '--disable-triggers')),
	'without triggers: restored');
is(tables_of($node, 'without_triggers'),
	tables_of($node, 'central'), 'without triggers: all is back');

# Who is taken for a restore, and who is not.
create_ledger($node, 'guarded', 'keeper');
$node->safe_psql(
	'guarded', q{
	GRANT USAGE ON SCHEMA docs TO writer;
	GRANT INSERT ON docs.documents, docs.hash_index TO writer;
	GRANT USAGE ON SEQUENCE docs.documents_id_seq, docs.hash_index_id_seq TO writer;
	CREATE FUNCTION docs.add(hash text, created timestamp) RETURNS void SECURITY DEFINER
	LANGUAGE sql AS $$
		INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type,
			ingestion_source, created_at)
		VALUES ('by function', 1, hash, 'text/plain', 'test', created) $$;
	CREATE FUNCTION docs.add_in_a_block(hash text, created timestamp) RETURNS void SECURITY DEFINER
	LANGUAGE plpgsql SET search_path = '' AS $$
		BEGIN PERFORM docs.add(hash, created); END $$;
	ALTER FUNCTION docs.add OWNER TO keeper;
	ALTER FUNCTION docs.add_in_a_block OWNER TO keeper});

# Returns the statement that inserts a document with these columns, besides those that it must have.
sub insert_document
{
	my (%columns) = @_;
	my $names = join('', map { ", $_" } sort keys %columns);
	my $values = join('', map { ", $columns{$_}" } sort keys %columns);
	return qq{
		INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type,
			ingestion_source$names)
		VALUES ('plain', 1, 'HASH', 'text/plain', 'test'$values);};
}

# Runs a script that inserts a document, and checks which rows were derived from it, and that there
# is a warning if there are none.
my $hashes = 0;
sub check_derived
{
	my ($name, $user, $settings, $insert, $expected, $warns) = @_;
	my $number = 5000 + ++$hashes;
	my $hash = "hash $number";

	$insert =~ s/HASH/$hash/g;
	$insert =~ s/NUMBER/$number/g;
	my ($out, $err) = run_script($node, 'guarded', $user, "$settings; $insert");
	if ($warns || $expected =~ /^1\|0/)
	{
		like($err, $warning, "$name: done, with a warning");
	}
	else
	{
		is($err, '', "$name: done");
	}
	is( $node->safe_psql(
			'guarded', qq{
			SELECT count(DISTINCT d.id), count(DISTINCT h.id), count(DISTINCT a.id),
				max(a.user_or_system)
			FROM docs.documents d LEFT JOIN docs.hash_index h ON h.file_hash = d.file_hash
				LEFT JOIN docs.audit_log a ON a.document_id = d.id
			WHERE d.file_hash = '$hash'}),
		$expected,
		$name);
	return;
}

my $past = q{timestamp '2020-01-01'};
my %times = (created_at => $past, updated_at => $past, ingestion_timestamp => $past);
my $old = insert_document(%times, id => 'NUMBER');
my $new = insert_document();
my $restoring = 'SET doc_extractor.restoring = on';

check_derived('a writer in a session like a restore',
	'writer', $dump_settings, $old, '1|1|1|writer');
check_derived('a writer with the setting', 'writer', $restoring, $old, '1|1|1|writer');
foreach my $function (qw(add add_in_a_block))
{
	my $call = "SELECT docs.$function('HASH', timestamp '2020-01-01')";

	$node->safe_psql('guarded', "GRANT EXECUTE ON FUNCTION docs.$function TO writer");
	check_derived("a writer in a session like a restore, through $function()",
		'writer', $dump_settings, "$call \\g /dev/null", '1|1|1|writer');
	check_derived("a writer with the setting, through $function()",
		'writer', $restoring, "$call \\g /dev/null", '1|1|1|writer');
}
check_derived('the owner, with a new document', 'keeper', $dump_settings, $new, '1|1|1|keeper');
check_derived('the owner, ingesting', 'keeper', $dump_settings, q{
	SELECT FROM docs.ingest_document('x', 'bytes', 'text/plain') \g /dev/null
	UPDATE docs.documents SET file_hash = 'HASH' WHERE file_name = 'x'}, '1|1|2|keeper');

# A pool hands a connection on with the settings of a script.  Applications that send times or ids of
# their own do not look like a restore even then.
foreach my $time (sort keys %times)
{
	check_derived("the owner, with a new $time", 'keeper', $dump_settings,
		insert_document(%times, id => 'NUMBER', $time => 'now()'),
		'1|1|1|keeper');
}
check_derived('the owner, with old times', 'keeper', $dump_settings, insert_document(%times),
	'1|1|1|keeper');
check_derived('the owner, with old times and an id of the sequence', 'keeper', $dump_settings, q{
	SELECT nextval('docs.documents_id_seq') AS id \gset
	} . insert_document(%times, id => ':id'), '1|1|1|keeper');

# A script of the schema, and then one that loads, in one session: what it loads is new, also into an
# empty ledger, with old times or in one transaction.
$node->safe_psql('postgres', 'CREATE DATABASE schema_source OWNER keeper');
$node->safe_psql('schema_source',
	'CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs',
	extra_params => user_option('keeper'));
run_command(
	command_line(
		$node, 'pg_dump', 'schema_source', 'keeper', '-s', '-f', "$folder/schema_only.sql"));
append_to_file("$folder/load.sql", qq{
	INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
	SELECT 'new ' || i, 1, pg_catalog.encode(pg_catalog.sha256(i::text::bytea), 'hex'), 't', 's'
	FROM pg_catalog.generate_series(1, 5) i;
	INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source,
		created_at, updated_at, ingestion_timestamp)
	SELECT 'old ' || i, 1, pg_catalog.encode(pg_catalog.sha256(i::text::bytea), 'hex'), 't', 's',
		$past, $past, $past
	FROM pg_catalog.generate_series(6, 10) i;
	SELECT FROM docs.ingest_document('by function', 'bytes', 't') \\g /dev/null
});
foreach my $options ([], ['-1'])
{
	my $database = "loaded_in_${\ scalar @$options}";

	$node->safe_psql('postgres', "CREATE DATABASE $database OWNER keeper");
	my (undef, $errors) = run_command(
		command_line(
			$node, 'psql', $database, 'keeper', '-Xq', @$options,
			'-f', "$folder/schema_only.sql", '-f', "$folder/load.sql"));
	is($errors, '', "schema and load @$options: no warning");
	is(problems_of($node, $database), '', "schema and load @$options: all rows are derived");
	is($node->safe_psql($database, 'SELECT count(*) FROM docs.documents'),
		'11', "schema and load @$options: all documents are there");
}

# All three settings make a restore.
foreach my $setting (qw(check_function_bodies search_path client_min_messages))
{
	check_derived("the owner, but for $setting", 'keeper',
		"$dump_settings RESET $setting", $old, '1|1|1|keeper');
}

# So far no trigger has stood aside; from here on the owner restores.
my $log_line = qr/WARNING: .*rows of table "documents" were taken for those of a backup/;
my $log = slurp_file($node->logfile);
my $before = () = $log =~ /$log_line/g;

check_derived('the owner, with an old document', 'keeper', $dump_settings, $old, '1|0|0|');
$log = slurp_file($node->logfile);
is(() = $log =~ /$log_line/g, $before + 1, 'the server log says that the triggers stood aside');

check_derived('the owner with the setting', 'keeper', $restoring, $new, '1|0|0|');
check_derived('the owner, with an old and a new document', 'keeper', $dump_settings, qq{
	INSERT INTO docs.documents (id, file_name, file_size_bytes, file_hash, file_type,
		ingestion_source, created_at, updated_at, ingestion_timestamp)
	VALUES (6000, 'old', 1, 'beside HASH', 'text/plain', 'test', $past, $past, $past),
		(6001, 'new', 1, 'HASH', 'text/plain', 'test', now(), now(), now())}, '1|1|1|keeper', 1);
is( $node->safe_psql('guarded', q{
		SELECT count(*) FROM docs.hash_index WHERE file_hash LIKE 'beside%'}),
	'0', 'the old one is taken for one of a backup');

# Changes are audited at all times.
check_derived('the owner, with an UPDATE', 'keeper', "$dump_settings $restoring",
	"$old UPDATE docs.documents SET file_type = 'text/html' WHERE file_hash = 'HASH'",
	'1|0|1|keeper');

# A restore, also one that fails in the middle, does not change whether triggers fire for its
# session.
my $copy = 'COPY docs.hash_index (file_hash, document_id) FROM stdin';
my $bad_copy = "$copy;\nearly 1\t5000\nno number\tx\n\\.\n";
my $good_copy = "$copy;\nearly 2\t5000\n\\.\n";
my $show = "SHOW session_replication_role;\n";

my ($out, $err) = run_script(
	$node, 'guarded', 'keeper', "$dump_settings\n"
	  . "${bad_copy}${show}"
	  . "${good_copy}${show}"
	  . "BEGIN;\nSAVEPOINT s;\n${bad_copy}ROLLBACK TO s;\n${show}"
	  . "DELETE FROM docs.hash_index;\n${good_copy}${show}"
	  . "SAVEPOINT t;\n${bad_copy}ROLLBACK TO t;\n${show}"
	  . "ROLLBACK TO s;\n${show}COMMIT;\n${show}");
is(() = $err =~ /ERROR:  22P02/g, 3, 'three restores fail in the middle');
is($out, join("\n", ('origin') x 7), 'and none changes the role of the session');
($out, $err) = run_script(
	$node, 'guarded', undef, "$dump_settings\nSET session_replication_role = replica;\n"
	  . "$copy;\nearly 3\t5000\n\\.\n$show");
is($out, 'replica', 'nor does one of a superuser with a role of its own');

done_testing();
