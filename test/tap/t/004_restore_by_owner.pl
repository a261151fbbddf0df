# The shop's owner, who is no superuser, dumps it and restores it where a superuser has made the extension.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use BackupShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_backup_shop('owner');
my $base = $node->basedir;
my ($out, $err) = ('', '');
{
	local %ENV = $node->_get_env();
	IPC::Run::run([ 'pg_dump', '-U', 'shop', '-f', "$base/refused", 'shop' ], '>', \$out, '2>', \$err);
}
like($err, qr/permission denied for (table|sequence)|may lack SELECT privilege/, 'without a right the owner cannot dump the definitions');

$node->safe_psql('shop', q{SELECT segmentation.grant_backup('shop')});
my $before = facts($node, 'shop');
try_command($node, 'directory', 'as=shop', 'pg_dump', '-Fd', '-j2', '-f', "$base/dump", 'shop');
try_command($node, 'plain', 'as=shop', 'pg_dump', '--no-owner', '--no-privileges', '-f', "$base/plain", 'shop');

my @options = ('--no-owner', '--no-privileges');
my @ways = (
	[ 'whole', [ [ 'pg_restore', @options, '--exit-on-error', "$base/dump" ] ] ],
	[ 'parallel', [ [ 'pg_restore', @options, '-j2', "$base/dump" ] ] ],
	[ 'plain', [ [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse', '-o', "$base/out", "--file=$base/plain" ] ] ],
	[ 'sections', [ map { [ 'pg_restore', @options, '--exit-on-error', "--section=$_", "$base/dump" ] } qw(pre-data data post-data) ] ],
	[ 'parts', [ map { [ 'pg_restore', @options, '--exit-on-error', "--$_", "$base/dump" ] } qw(schema-only data-only) ], waits => 1 ]);
for my $way (@ways)
{
	my ($name, $steps, %options) = @$way;
	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER shop");
	$node->safe_psql($name, q{CREATE EXTENSION segmentation; SELECT segmentation.grant_backup('shop')});
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning'; # the extension exists, skipping
	try_command($node, $name, 'as=shop', @$_[0 .. $#$_ - 1], '-d', $name, $_->[-1]) foreach @$steps;
	is_restored($node, $name, $before, $name, without_rights => 1);
	follows_orders($node, $name, $name, %options);
}

$node->safe_psql('whole', q{SELECT segmentation.revoke_backup('shop')});
is($node->safe_psql('whole', q{SELECT has_table_privilege('shop', 'segmentation.binding', 'INSERT'), has_schema_privilege('shop', 'segments', 'CREATE'),
	has_function_privilege('shop', 'segmentation._capture()', 'EXECUTE')}), 'f|f|f', 'the right can be taken back');
$node->safe_psql('whole', q{SET ROLE shop; INSERT INTO web.tags VALUES (17, 'vip')});
is($node->safe_psql('whole', q{SELECT segmentation.is_member('vip', 17)}), 't', 'and the shop goes on');

$node->stop;
done_testing();
