# Levels of access through dump and restore: they are rights, and come back as such, by the roles' names; a role that is not
# there any more costs its rights only. By a superuser who is not the one that made the extension.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('access');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE owner LOGIN; CREATE ROLE editor LOGIN; CREATE ROLE "Reader's" LOGIN; CREATE ROLE leaver; CREATE ROLE other SUPERUSER LOGIN;
CREATE DATABASE shop});
$node->safe_psql('shop', q{
CREATE EXTENSION segmentation;
CREATE SCHEMA shop AUTHORIZATION owner;
SET client_min_messages = warning;
SELECT segmentation.grant_access('owner', 'admin'), segmentation.grant_access('editor', 'edit'), segmentation.grant_access('Reader''s', 'read'),
  segmentation.grant_access('leaver', 'admin');
});
sub as { my ($role, $database, $sql) = @_; return $node->safe_psql($database, $sql, extra_params => [ '-U', $role ]); }
as('owner', 'shop', q{
CREATE TABLE shop.customers (id integer PRIMARY KEY, city text);
INSERT INTO shop.customers SELECT i, 'city ' || i % 3 FROM generate_series(1, 30) AS i;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
SELECT segmentation.create_segment('first', $$city = 'city 1'$$);
});

my $levels = q{SELECT role, level FROM segmentation.access ORDER BY role};
my $rights = q{SELECT o.name, x.grantee::regrole, x.privilege_type FROM (
	SELECT c.oid::regclass::text AS name, c.relacl AS acl FROM pg_class AS c WHERE c.relnamespace IN ('segmentation'::regnamespace, 'segments'::regnamespace)
	UNION ALL SELECT p.oid::regprocedure::text, p.proacl FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text LIKE 'segmentation%') AS o, aclexplode(o.acl) AS x
	WHERE x.grantee::regrole::text IN ('owner', 'editor', '"Reader''s"') AND x.grantor <> x.grantee ORDER BY 1, 2, 3};
my %before = (levels => $node->safe_psql('shop', $levels), rights => $node->safe_psql('shop', $rights));
is($before{levels}, "Reader's|read\neditor|edit\nleaver|admin\nowner|admin", 'who has what');

my $file = $node->basedir . '/shop.sql';
$node->command_ok([ 'pg_dump', '-f', $file, 'shop' ], 'dump');
for my $gone ('', 'leaver')
{
	my $database = "back$gone";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	if ($gone ne '')
	{
		$node->safe_psql('shop', "DROP OWNED BY $gone");
		$node->safe_psql('back', "DROP OWNED BY $gone");
		$node->safe_psql('postgres', "DROP ROLE $gone");
	}
	my ($stdout, $stderr);
	IPC::Run::run([ 'psql', '-XqAt', '-U', 'other', '-d', $database, '-f', $file, '-p', $node->port, '-h', $node->host ], '>', \$stdout, '2>', \$stderr);
	unlike($stderr, qr/ERROR(?!:  role "leaver" does not exist)/, "restored without errors" . ($gone ? ' but of the role that is gone' : ''));
	if ($gone ne '') { $before{levels} =~ s/leaver\|admin\n// }
	is($node->safe_psql($database, $levels), $before{levels}, 'the levels are back');
	is($node->safe_psql($database, $rights), $before{rights}, 'and all rights');
	as('owner', $database, q{SELECT segmentation.create_segment('second', $$city = 'city 2'$$)});
	as('editor', $database, q{SELECT segmentation.create_segment('third', $$segments CONTAINS 'second'$$)});
	is(as("Reader's", $database, q{SELECT count(*) FROM segmentation.members('third')}), '10', 'definitions go on, and reach the readers');
	is($node->safe_psql($database, q{SELECT has_table_privilege('Reader''s', 'segments.third', 'SELECT')}), 't', 'with their views');
	is(as('owner', $database, 'SELECT count(*) FROM segmentation.verify()'), '0', 'and are right');
}

# A role that is dropped leaves nothing behind that its name could come back to.
$node->safe_psql('back', 'DROP OWNED BY editor');
$node->safe_psql($_, 'DROP OWNED BY editor') for ('backleaver', 'shop');
$node->safe_psql('postgres', 'DROP ROLE editor; CREATE ROLE editor LOGIN');
my ($code, $out, $err) = $node->psql('back', q{SELECT segmentation.create_segment('no', 'id = 1')}, extra_params => [ '-U', 'editor' ]);
like($err, qr/permission denied for function create_segment/, 'another role of the same name has no access');
as('owner', 'back', q{SELECT segmentation.create_segment('fourth', 'id = 1')});
is($node->safe_psql('back', q{SELECT has_table_privilege('editor', 'segments.fourth', 'SELECT')}), 'f', 'nor gets any');

# DROP EXTENSION takes all of it along.
$node->safe_psql('back', 'DROP EXTENSION segmentation CASCADE');
is($node->safe_psql('back', q{SELECT count(*) FROM pg_namespace WHERE nspname IN ('segments', 'segmentation_internal')}), '0', 'no schema of bodies is left');
as('owner', 'back', q{INSERT INTO shop.customers VALUES (100, 'x')});
$node->stop;
done_testing();
