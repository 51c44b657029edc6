# Load on a ledger, from several sessions at once, that can be held against it afterwards, whatever
# became of the server in between.
#
# Every operation of a session is one transaction, which also writes into a table "done" what it did
# to which document: so the ledger and that table agree exactly, or something was done by halves.
# Once the server has confirmed it, the session writes that down in a file of its own: what is in
# there must be in "done", or something was lost.
package Load;

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use IO::Handle;
use IPC::Run;
use Ledger;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(create_load_table start_load run_session operations wait_for_operations end_load
  check_acknowledged check_ledger random_number);

# Contents that all sessions offer, and everything is done to; few, so that they meet.
use constant CONTENTS => 40;

# A test repeats its sessions' operations with SEED, if not the moment at which they were stopped.
my $seed = $ENV{SEED} // int(rand(1_000_000));
diag("SEED=$seed");
srand($seed);

# The server opens files from here too.
my $folder = abs_path(PostgreSQL::Test::Utils::tempdir());
my $sessions = 0;

# Returns a random number from 0 to one less than this.
sub random_number
{
	my ($limit) = @_;
	return int(rand($limit));
}

# A content is a name; its bytes are the name's.
sub shared_content
{
	return 'content ' . random_number(CONTENTS);
}

sub hash_of
{
	my ($content) = @_;
	return q{'} . sha256_hex($content) . q{'};
}

# Returns the arrays that a batch consists of.
sub arrays_of
{
	my (@contents) = @_;
	my $names = join(',', map { "'$_'" } @contents);
	my $count = @contents;

	return "ARRAY[$names], ARRAY[$names]::bytea[], array_fill('text/plain'::text, ARRAY[$count])";
}

# Returns the query for what became of these contents, each offered once, where the road itself does
# not tell: what this transaction did not only count is in its trail.
sub outcome_of
{
	my ($label, @contents) = @_;
	my $hashes = join(',', map { hash_of($_) } @contents);

	return qq{
		SELECT d.id, NOT EXISTS (SELECT FROM docs.audit_log a
			WHERE a.document_id = d.id AND a.change_reason = '$label')
		FROM docs.documents d WHERE d.file_hash IN ($hashes)};
}

# The roads into the ledger, and what else is done to it: how often, and with what SQL.  That is a
# query that does it and returns a row for each document that it found or made: its id, and whether
# it was a duplicate.  It may have statements before it, which run in the same transaction, and an
# SQLSTATE with which it may fail.  "label" is new for each operation, and the trail's reason.
my %roads = (
	ingest_document => {
		share => 30,
		sql => sub {
			my $content = shared_content();
			return qq{SELECT document_id, is_duplicate
				FROM docs.ingest_document('$content', '$content', 'text/plain')};
		}
	},
	ingest_hashed_document => {
		share => 10,
		sql => sub {
			my $content = shared_content();
			my ($hash, $size) = (hash_of($content), length $content);
			return qq{SELECT document_id, is_duplicate
				FROM docs.ingest_hashed_document('$content', $hash, $size, 'text/plain')};
		}
	},
	ingest_failed => {
		share => 8,
		sql => sub {
			my ($label) = @_;
			my $content = shared_content();
			return qq{SELECT document_id, is_duplicate
				FROM docs.ingest_document('$content', '$content', 'text/plain',
					ingestion_status => 'failed', error_message => '$label')};
		}
	},
	try_ingest_document => {
		share => 5,
		sql => sub {
			my $content = shared_content();
			return qq{SELECT document_id, is_duplicate
				FROM docs.try_ingest_document('$content', '$content', 'text/plain')};
		}
	},
	ingest_file => {
		share => 5,
		sql => sub {
			my $content = shared_content();
			return qq{SELECT document_id, is_duplicate
				FROM docs.ingest_file('$folder/$content', 'text/plain')};
		}
	},
	ingest_large_object => {
		share => 5,
		sql => sub {
			my ($label) = @_;
			my $content = shared_content();
			my $object = sprintf('%d%06d', split(/\./, $label));
			return qq{SELECT FROM lo_from_bytea($object, '$content') o WHERE o = 0},
			  qq{SELECT document_id, is_duplicate
				FROM docs.ingest_large_object($object, '$content', 'text/plain'), lo_unlink($object)};
		}
	},
	ingest_documents => {
		share => 15,
		sql => sub {
			my ($label) = @_;
			my @contents = ((map { shared_content() } 1 .. 5), (map { "$label $_" } 1 .. 5));
			my $arrays = arrays_of(@contents);
			return qq{SELECT document_id, is_duplicate FROM docs.ingest_documents($arrays)};
		}
	},
	inbox_insert => {
		share => 5,
		sql => sub {
			my ($label) = @_;
			my @contents = (shared_content(), map { "$label $_" } 1 .. 2);
			my $rows = join(',', map { "('$_', '$_', 'text/plain')" } @contents);
			return qq{INSERT INTO docs.document_inbox (file_name, content, file_type) VALUES $rows},
			  outcome_of($label, @contents);
		}
	},
	insert => {
		share => 10,
		may_fail => '23505',
		sql => sub {
			my $content = shared_content();
			my ($hash, $size) = (hash_of($content), length $content);
			return qq{INSERT INTO docs.documents
					(file_name, file_size_bytes, file_hash, file_type, ingestion_source)
				VALUES ('$content', $size, $hash, 'text/plain', 'insert')
				RETURNING id, false};
		}
	},
	update => {
		share => 8,
		sql => sub {
			my ($label) = @_;
			my $hash = hash_of(shared_content());
			return qq{UPDATE docs.documents SET document_text = '$label' WHERE file_hash = $hash
				RETURNING id, false};
		}
	},
	move => {
		share => 4,
		sql => sub {
			my ($label) = @_;
			my ($from, $to) = (hash_of(shared_content()), hash_of($label));
			return qq{UPDATE docs.documents SET file_name = '$label', file_hash = $to
				WHERE file_hash = $from RETURNING id, false};
		}
	},
	delete => {
		share => 10,
		sql => sub {
			my $hash = hash_of(shared_content());
			return qq{DELETE FROM docs.documents WHERE file_hash = $hash RETURNING id, false};
		}
	});

# Each road as often as its share.
my @wheel = map { ($_) x $roads{$_}->{share} } sort keys %roads;

# Creates the table of what was done, and the files that the shared contents are as well.
sub create_load_table
{
	my ($node, $database) = @_;

	append_to_file("$folder/content $_", "content $_") foreach 0 .. CONTENTS - 1;
	$node->safe_psql(
		$database, q{
		CREATE TABLE done (session integer, operation integer, road text,
			document_id bigint, is_duplicate boolean)});
	return;
}

# Returns the script of these operations of a session.
sub operations
{
	my ($session, $from, $to) = @_;
	return join('', map { operation($session, $_) } $from .. $to);
}

# Returns the script of one: a message to the server, which is a transaction by that, and a line with
# its SQLSTATE once that is known.
sub operation
{
	my ($session, $number) = @_;
	my $label = "$session.$number";
	my $road = $wheel[ random_number(scalar @wheel) ];
	my @statements = $roads{$road}->{sql}->($label);
	my $query = pop @statements;
	my $witness = qq{
		WITH r AS ($query)
		INSERT INTO done SELECT $session, $number, '$road', r.* FROM (SELECT) o LEFT JOIN r ON true};

	# Recovery starts somewhere in between, from pages as vacuum left them.
	return ($number % 300 == 0 ? "CHECKPOINT;\nVACUUM docs.documents, docs.hash_index;\n" : '')
	  . "SET doc_extractor.reason = '$label';\n"
	  . join("\\;\n", @statements, $witness)
	  . ";\n\\echo $session $number $road :SQLSTATE\n";
}

# Starts a session on the script that a function prints for its number, while the session goes on.
sub start_session
{
	my ($node, $database, $print) = @_;
	my $number = ++$sessions;
	my $file = "$folder/session_$number";
	my $session = { number => $number, acknowledged => "$file.out", errors => "$file.err" };
	my $write = sub {
		# It ends with psql; the test itself ignores this.
		local $SIG{PIPE} = 'DEFAULT';
		# Its operations depend on its number alone.
		srand($seed + $number);
		eval { $print->($number); 1 } or warn $@;
		STDOUT->flush;
		# What a test does at its end, to stop its servers, is not for this copy of it.
		POSIX::_exit(0);
	};

	$session->{run} = IPC::Run::start(
		$write, '|',
		[
			'psql', '-XAqt', '-v', 'VERBOSITY=verbose', '-f', '-',
			'-d', $node->connstr($database) . ' application_name=load'
		],
		'>', $session->{acknowledged}, '2>', $session->{errors}, IPC::Run::timeout(5 * Ledger::PATIENCE));
	return $session;
}

# Runs a session of this many operations to its end, or of the script that a function prints;
# returns it.
sub run_session
{
	my ($name, $node, $database, $what) = @_;
	my $print = ref $what ? $what : sub { print operations($_[0], 1, $what) };
	my $session = start_session($node, $database, $print);

	$session->{run}->finish;
	is(join(' ', $session->{run}->results), '0 0', "$name: a session is through");
	return $session;
}

# Starts sessions that go on until they are cut off.  They may run a script of the test's own first,
# and then wait for a file.
sub start_load
{
	my ($node, $database, $count, $first, $file) = @_;
	my $print = sub {
		my ($session) = @_;
		if (defined $first)
		{
			print $first;
			STDOUT->flush;
			wait_until(sub { -e $file });
		}
		for (my $n = 1;; $n += 10)
		{
			print operations($session, $n, $n + 9);
		}
	};
	return map { start_session($node, $database, $print) } 1 .. $count;
}

# Waits until each of these sessions has done this many operations more.
sub wait_for_operations
{
	my ($node, $database, $more, @load) = @_;
	my %reached = map { $_->{number} => 0 } @load;
	my $rows = $node->safe_psql($database, 'SELECT session, max(operation) FROM done GROUP BY session');
	%reached = (%reached, map { split /\|/ } split /\n/, $rows);
	my $goals = join(',', map { "($_->{number}, $reached{$_->{number}} + $more)" } @load);

	$node->poll_query_until(
		$database, qq{
		SELECT count(*) = 0 FROM (VALUES $goals) g (session, operation)
		WHERE NOT EXISTS (SELECT FROM done d
			WHERE d.session = g.session AND d.operation >= g.operation)}
	) or die 'the load does not go on';
	return;
}

# Waits until sessions have ended; without their server, or else because we end them.
sub end_load
{
	my ($name, $node, $database, @load) = @_;

	if (defined $node)
	{
		$node->safe_psql($database,
			q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'load'});
	}
	$_->{run}->finish foreach @load;
	# For psql 2 is the end of its connection.
	is(join(' ', map { ($_->{run}->results)[1] } @load),
		join(' ', (2) x @load), "$name: all sessions were cut off");
	return;
}

# Returns the query for where the ledger is not what was done to it; no rows, if all is well.
sub differences_query
{
	my $trail = 'SELECT document_id, change_reason FROM docs.audit_log';
	my $written = q{SELECT document_id, session || '.' || operation FROM done WHERE NOT is_duplicate};
	my $counts = 'SELECT document_id, duplicate_count FROM docs.hash_index';
	my $counted = q{SELECT document_id, count(*) FILTER (WHERE is_duplicate) FROM done
		WHERE document_id IS NOT NULL GROUP BY document_id HAVING bool_and(road <> 'delete')};

	return qq{
		SELECT * FROM (
		SELECT 'trail of nothing done', t::text FROM ($trail EXCEPT ALL $written) t UNION ALL
		SELECT 'done without a trail', t::text FROM ($written EXCEPT ALL $trail) t UNION ALL
		SELECT 'nobody made or counted', t::text FROM ($counts EXCEPT ALL $counted) t UNION ALL
		SELECT 'made or counted, and not there', t::text FROM ($counted EXCEPT ALL $counts) t UNION ALL
		SELECT 'not the hash of its content', d.file_hash FROM docs.documents d
		WHERE d.file_hash <> encode(sha256(d.file_name::bytea), 'hex')
		) d LIMIT 5};
}

# Checks that what the server confirmed to sessions is done, and of what it did not confirm at most
# the one operation that each was at when it was cut off.
sub check_acknowledged
{
	my ($name, $node, $database, @load) = @_;
	my $copies = join('', map { "\\copy acknowledged FROM '$_->{acknowledged}' (DELIMITER ' ')\n" } @load);
	my $may_fail = join(' OR ',
		map { "(road, state) = ('$_', '$roads{$_}->{may_fail}')" }
		grep { defined $roads{$_}->{may_fail} } sort keys %roads);
	my ($out, $err) = run_script(
		$node, $database, undef, qq{
		CREATE TEMP TABLE acknowledged (session integer, operation integer, road text, state text);
		$copies
		CREATE TEMP VIEW confirmed AS
			SELECT session, operation, road FROM acknowledged WHERE state = '00000';
		SELECT 'failed', * FROM acknowledged WHERE state <> '00000' AND NOT ($may_fail)
			LIMIT 5;
		SELECT 'lost', c FROM (TABLE confirmed EXCEPT SELECT session, operation, road FROM done) c
			LIMIT 5;
		SELECT 'done unasked', u FROM
			(SELECT session, operation, road FROM done EXCEPT TABLE confirmed) u
		WHERE session IN (SELECT session FROM acknowledged) AND (session, operation) NOT IN
			(SELECT session, max(operation) + 1 FROM acknowledged GROUP BY session) LIMIT 5});

	is($out . $err, '', "$name: what was acknowledged is done");
	return;
}

# Checks that a ledger is what was done to it.
sub check_ledger
{
	my ($name, $node, $database) = @_;

	is($node->safe_psql($database, differences_query()), '', "$name: the ledger is what was done, no more and no less");
	is(problems_of($node, $database), '', "$name: it is consistent");
	is($node->safe_psql($database, 'SELECT * FROM docs.doc_extractor_verify() WHERE NOT passed'),
		'', "$name: doc_extractor_verify() finds nothing");
	return;
}

1;
