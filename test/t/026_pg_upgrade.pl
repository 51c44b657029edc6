# pg_upgrade brings ledgers of all versions from an older server to this one, with all that they
# hold, and they work on there.
use strict;
use warnings;

use File::Basename;
use Ledger;
use Migrations;
use Test::More;

if (!defined $ENV{OLD_BINDIR})
{
	plan skip_all => 'no older server here; make check-upgrade has one';
}

my @versions = qw(1.0 1.1 1.2);
my $owner = 'keeper';

# Documents 1 to 11 succeed, and 12 fails; 6 is deleted.
my $fill = q{
	SET search_path = docs;
	SELECT FROM generate_series(1, 11) i,
		ingest_document('file ' || i, ('content ' || i)::bytea, 'text/plain',
			document_text => repeat('x', 1000 * i));
	SELECT FROM generate_series(1, 4) i, ingest_document('again ' || i, 'content 1', 'text/plain');
	SELECT FROM ingest_document('failed', 'failed', 'text/plain',
		ingestion_status => 'failed', error_message => 'no');
	UPDATE documents SET file_type = 'text/html', metadata_extracted = '{"a" : 1, "a": 2}'
	WHERE id = 4;
	SELECT FROM record_document_event(5, 'classified', NULL, '"letter"', 'by hand');
	DELETE FROM documents WHERE id = 6;
	INSERT INTO error_log (file_name, error_type, error_message)
	VALUES ('lost', 'timeout', 'no answer')};

# Where they were seen, in 1.2: document 1 was replaced by document 2, and by nothing then.  With the
# other tables and columns of 1.2.
my $fill_locations = q{
	INSERT INTO docs.document_locations (ingestion_source, location, location_key, document_id)
	VALUES ('manual', '/a', sha256('/a'), 1), ('manual', '/a', sha256('/a'), 2),
		('manual', '/a', sha256('/a'), NULL), ('manual', '/b', sha256('/b'), 3);
	SELECT FROM docs.finish_scan('manual', '/', now(), 2, 1, 1, 0);
	SELECT FROM docs.record_extraction(3, 'a text', NULL, 'an extractor');
	UPDATE docs.error_log SET ingestion_source = 'a scanner', location = '/lost'};

my $work_on = q{
	SET search_path = docs;
	SELECT document_id, is_duplicate, duplicate_count
		FROM ingest_document('again', 'content 1', 'text/plain');
	SELECT document_id, is_duplicate FROM ingest_document('new', 'new', 'text/plain');
	SELECT document_id, is_duplicate FROM ingest_document('healed', 'failed', 'text/plain');
	INSERT INTO error_log (file_name, error_type, error_message)
	VALUES ('late', 'timeout', 'no answer') RETURNING id;
	DELETE FROM documents WHERE id = 7 RETURNING id};
my $worked = join("\n", '1|t|5', '13|f', '12|f', '2', '7');

my $clusters = 0;

# Returns a server that is not started, of this installation or of another.
sub new_cluster
{
	my @installation = @_;
	my $node = PostgreSQL::Test::Cluster->new('cluster_' . ++$clusters, @installation);

	# Since 18, clusters have checksums unless told otherwise; both must be of one kind.
	$node->init(extra => [ '--encoding=UTF8', '--no-locale', '--data-checksums' ]);
	return $node;
}

# Returns the name of the database with a version.
sub database_of { return 'ledger_' . ($_[0] =~ s/\./_/r) }

# Returns the name of the database with the same version that was made on the new server.
sub fresh_of { return 'fresh_' . ($_[0] =~ s/\./_/r) }

# Checks that a ledger of a version has the catalogs of one that was made on the new server.
sub check_catalogs
{
	my ($name, $node, $version) = @_;
	my $expected = catalogs_of($node, fresh_of($version), 'docs');
	my $installed = version_of($node, fresh_of($version));

	# A superuser owns any extension now, and PostgreSQL cannot give it back.
	$expected =~ s/^(extension .* $installed) $owner /$1 postgres /m;
	is_same(catalogs_of($node, database_of($version), 'docs'), $expected, $name);
	return;
}

my $old = new_cluster(install_path => dirname($ENV{OLD_BINDIR}));
my %states;

$old->start;
cmp_ok(int($old->pg_version), '<', int(new_cluster()->pg_version), 'the other server is older');
$old->safe_psql('postgres', "CREATE ROLE $owner LOGIN");
foreach my $version (@versions)
{
	my $database = database_of($version);

	new_database($old, $database, $owner, 'docs');
	install($old, $database, $owner, 'docs', $version);
	$old->safe_psql($database, $fill, extra_params => user_option($owner));
	$old->safe_psql($database, $fill_locations, extra_params => user_option($owner))
	  if $version eq '1.2';
	$states{$version} = state_of($old, $database);
}
$old->stop;

# Links come last: the old server is of no use afterwards.
foreach my $mode (qw(copy link))
{
	my $new = new_cluster();
	my @mode = $mode eq 'link' ? '--link' : ();

	$new->command_ok(
		[
			'pg_upgrade', '--no-sync', @mode,
			'--old-datadir' => $old->data_dir,
			'--new-datadir' => $new->data_dir,
			'--old-bindir' => $ENV{OLD_BINDIR},
			'--new-bindir' => $new->config_data('--bindir'),
			'--socketdir' => $new->host,
			'--old-port' => $old->port,
			'--new-port' => $new->port
		],
		"$mode: pg_upgrade");
	$new->start;

	foreach my $version (@versions)
	{
		my $database = database_of($version);
		my $fresh = fresh_of($version);
		my $name = "$mode, $version";

		is(version_of($new, $database), $version, "$name: the version is kept");
		is(state_of($new, $database),
			$states{$version}, "$name: so are rows, sequences and triggers");

		new_database($new, $fresh, $owner, 'docs');
		install($new, $fresh, $owner, 'docs', $version);
		check_catalogs("$name: the catalogs are as on a new server", $new, $version);

		my ($out, $err) = run_script($new, $database, $owner, $work_on);
		is("$out$err", $worked, "$name: the ledger works on");
		if ($version eq '1.0')
		{
			like(step($new, $database, $owner, '1.1'),
				qr/42501: must be owner of extension/, "$name: not the owner's to update");
			is(step($new, $database, undef, '1.1'), '', "$name: updated");
			step($new, $fresh, $owner, '1.1');
			check_catalogs("$name: to what it is on a new server", $new, $version);
		}
		is( $new->safe_psql(
				$database, q{
				SELECT document_id, location FROM docs.current_locations;
				SELECT document_id, at_location
				FROM docs.ingest_document('file 3', 'content 3', 'text/plain', location => '/b')}),
			"3|/b\n3|t",
			"$name: locations are known")
		  if $version eq '1.2';
		is(failed_checks($new, $database), '', "$name: all checks pass");
		(undef, $err) = run_script($new, $database, undef, 'DROP EXTENSION doc_extractor');
		like($err, qr/ERROR:  2BP01/, "$name: the data is guarded");
	}
	$new->stop;
}

done_testing();
