# What the TAP tests share: servers with a ledger, its state and its consistency, and clients that
# run beside the test.
package Ledger;

use strict;
use warnings;

use Exporter 'import';
use File::Temp;
use IPC::Run;

# Bounds every wait, in seconds; none takes nearly as long.  The harness reads it when it is loaded.
use constant PATIENCE => 60;
BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} //= PATIENCE }

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(start_server kill_server create_ledger create_narrow_ledger user_option
  command_line tables_of state_of problems_query problems_of failed_checks run_script start_client
  finish_client client_ends end_client wait_for_lock wait_until);

# Starts a server of the test's own, with these lines in its configuration.
sub start_server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	# The test harness takes the locale away, and with it the encoding.
	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->append_conf('postgresql.conf', join("\n", @settings));
	$node->start;
	return $node;
}

# Kills a server with all its processes at once, as a power cut or the kernel would.
sub kill_server
{
	my ($node) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my @others;

	# While it is stopped it can neither start others nor tell them to end.
	kill 'STOP', $postmaster;
	wait_until(sub { (state_of_process($postmaster))[0] eq 'T' });
	@others = grep { (state_of_process($_))[1] == $postmaster }
	  map { m{(\d+)$} } glob '/proc/[0-9]*';
	kill 'KILL', @others;
	$node->kill9;
	# A zombie would pass for a server that runs.
	foreach my $process ($postmaster, @others)
	{
		wait_until(sub { (state_of_process($process))[0] eq 'X' });
	}
	return;
}

# Returns a process's state, and its parent; X is the state of one that is gone.
sub state_of_process
{
	my ($process) = @_;
	open my $file, '<', "/proc/$process/stat" or return ('X', 0);
	return (<$file> // '') =~ /\) (\w) (\d+)/ ? ($1, $2) : ('X', 0);
}

# Waits until a condition holds.
sub wait_until
{
	my ($condition) = @_;
	foreach (1 .. 100 * PATIENCE)
	{
		return if $condition->();
		usleep(10_000);
	}
	die 'waited in vain';
}

# Creates a database with an empty ledger in schema docs, all of it the given role's.
sub create_ledger
{
	my ($node, $database, $owner) = @_;
	my $authorization = defined $owner ? "AUTHORIZATION $owner" : '';

	$node->safe_psql('postgres',
		"CREATE DATABASE $database" . (defined $owner ? " OWNER $owner" : ''));
	$node->safe_psql(
		$database,
		"CREATE SCHEMA docs $authorization; CREATE EXTENSION doc_extractor SCHEMA docs",
		extra_params => user_option($owner));
	return;
}

# Makes a ledger that came from 1.1, so that its types are narrow.
sub create_narrow_ledger
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, q{CREATE SCHEMA docs;
		CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
		ALTER EXTENSION doc_extractor UPDATE});
	return;
}

# Returns psql's options to connect as a role, or as the server's superuser.
sub user_option
{
	my ($user) = @_;
	return defined $user ? [ '-U', $user ] : [];
}

# Returns the command line of a client program that connects to a database as a role.
sub command_line
{
	my ($node, $program, $database, $user, @options) = @_;
	return [ $program, '-d', $node->connstr($database), @{ user_option($user) }, @options ];
}

# Returns all that a ledger holds, in a few lines: rows and a digest of all values for each table.
sub tables_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, tables_query());
}

# Returns all that a backup has to bring back: besides the tables, sequences and triggers.
sub state_of
{
	my ($node, $database) = @_;
	return $node->safe_psql(
		$database,
		tables_query() . q{;
		SELECT t.name, x.* FROM } . existing_tables() . q{ AS t,
			XMLTABLE('//row' PASSING query_to_xml(format(
				'SELECT last_value, is_called FROM docs.%s_id_seq', t.name), true, false, '')
				COLUMNS last_value text, is_called text) AS x
		ORDER BY 1;
		SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
		WHERE NOT tgisinternal ORDER BY 1, 2});
}

# The tables of a ledger, for FROM; those of 1.2 if there are any.
sub existing_tables
{
	return q{(SELECT name FROM unnest('{documents, hash_index, audit_log, error_log,
			document_locations, scans}'::text[]) AS name
		WHERE to_regclass('docs.' || name) IS NOT NULL)};
}

sub tables_query
{
	return q{SELECT t.name, x.* FROM } . existing_tables() . q{ AS t,
			XMLTABLE('//row' PASSING query_to_xml(format(
				'SELECT count(*) AS n, md5(string_agg(t::text, chr(10) ORDER BY id)) AS digest
				FROM docs.%s t', t.name), true, false, '')
				COLUMNS n text, digest text) AS x
		ORDER BY 1};
}

sub union
{
	return join(' UNION ALL ', @_);
}

# Returns the query for the contradictions in a ledger: no rows, if all is well.
sub problems_query
{
	return q{
		SELECT 'document without its hash', d.id FROM docs.documents d
		WHERE (SELECT count(*) FROM docs.hash_index h
			WHERE h.document_id = d.id AND h.file_hash = d.file_hash) <> 1
		UNION ALL
		SELECT 'hash without its document', h.id FROM docs.hash_index h
		WHERE NOT EXISTS (SELECT FROM docs.documents d
			WHERE d.id = h.document_id AND d.file_hash = h.file_hash)
		UNION ALL
		SELECT 'document not ingested once', d.id FROM docs.documents d
		WHERE (SELECT count(*) FROM docs.audit_log a
			WHERE a.document_id = d.id AND a.action = 'ingested') <> 1
		UNION ALL
		SELECT 'trail without its document', a.id FROM docs.audit_log a
		WHERE NOT EXISTS (SELECT FROM docs.documents d WHERE d.id = a.document_id)
		AND NOT EXISTS (SELECT FROM docs.audit_log b
			WHERE b.document_id = a.document_id AND b.action = 'deleted')};
}

# Returns its rows.
sub problems_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, problems_query());
}

# Returns what doc_extractor_verify() finds wrong, a line each.
sub failed_checks
{
	my ($node, $database) = @_;
	return $node->safe_psql($database,
		q{SELECT check_name || ': ' || detail FROM docs.doc_extractor_verify() WHERE NOT passed});
}

# Starts psql on a script, beside the test; in pg_stat_activity it is called "client".
sub start_client
{
	my ($node, $database, $script) = @_;
	my $client = { out => '', err => '', script => File::Temp->new };

	# From a file, as nobody would feed its input.
	print { $client->{script} } $script;
	close $client->{script};
	$client->{run} = IPC::Run::start(
		[
			'psql', '-XAqt', '-v', 'VERBOSITY=verbose', '-f', $client->{script}->filename,
			'-d', $node->connstr($database) . ' application_name=client'
		],
		'<', \undef, '>', \$client->{out}, '2>', \$client->{err}, IPC::Run::timeout(PATIENCE));
	return $client;
}

# Waits for its end; returns what it printed, and its errors.
sub finish_client
{
	my ($client) = @_;
	$client->{run}->finish;
	return ($client->{out}, $client->{err});
}

# Returns ways to end a client at its work: what does it, given the client, and the error that the
# client gets.
sub client_ends
{
	my ($node) = @_;
	my $signal = sub {
		my ($function) = @_;
		return sub {
			$node->safe_psql('postgres',
				"SELECT $function(pid) FROM pg_stat_activity WHERE application_name = 'client'");
		};
	};

	return (
		'terminated' => { end => $signal->('pg_terminate_backend'), error => qr/57P01/ },
		'cancelled' => { end => $signal->('pg_cancel_backend'), error => qr/ERROR:  57014/ },
		'without its client' => {
			end => sub { $_[0]->{run}->kill_kill(grace => 0) },
			error => qr/^$/
		});
}

# Ends a client in one of these ways; returns what it printed, and its errors, once its backend has
# gone, too.
sub end_client
{
	my ($node, $client, $end) = @_;
	my ($out, $err);

	$end->{end}->($client);
	($out, $err) = finish_client($client);
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'client'})
	  or die 'the client\'s backend does not end';
	return ($out, $err);
}

# Waits until the client waits for a lock.
sub wait_for_lock
{
	my ($node) = @_;
	$node->poll_query_until(
		'postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'client' AND wait_event_type = 'Lock'}
	) or die 'the client does not wait for a lock';
	return;
}

# Runs a script as a role (undef: the superuser) in one session, going on after errors; returns what
# it printed, and its errors with their SQLSTATEs.
sub run_script
{
	my ($node, $database, $user, $script) = @_;
	my ($out, $err) = ('', '');

	$node->psql(
		$database, $script,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose', @{ user_option($user) } ]);
	return ($out, $err);
}

1;
