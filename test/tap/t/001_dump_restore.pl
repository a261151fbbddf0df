# A database with bindings and segments, dumped and restored: definitions, members and views come back and still work.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shop');
$node->init;
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
CREATE TABLE customers (id bigint PRIMARY KEY, city text, extra jsonb);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric(12,2), created_at timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'city ' || i % 7, jsonb_build_object('pet', CASE WHEN i % 3 = 0 THEN 'cat' ELSE 'dog' END)
  FROM generate_series(1, 500) AS i;
INSERT INTO orders SELECT i, 1 + i % 400, i % 97, now() - interval '1 hour' * i FROM generate_series(1, 3000) AS i;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at');
CREATE TABLE places (city text PRIMARY KEY, above text, name text);
INSERT INTO places SELECT 'city ' || i, CASE WHEN i > 0 THEN 'city ' || i / 2 END, 'c' || i FROM generate_series(0, 6) AS i;
SELECT segmentation.bind_lookup('place', 'places', of => 'customers', key => 'city', parent => 'above');
SELECT segmentation.create_segment('around', 'place.path CONTAINS ''c1''');
ALTER TABLE places RENAME above TO part_of;
SELECT segmentation.bind_column('orders', 'with_tax', 'total * 1.2');
SELECT segmentation.define_attribute('spent', 'sum(orders.with_tax)');
SELECT segmentation.create_segment('good', 'spent > 400');
SELECT segmentation.create_segment('Good & cat', $$segments CONTAINS 'good' AND extra.pet = 'cat'$$, description => 'an ''odd'' name');
SELECT segmentation.create_segment('recent', 'orders MATCHES (date >= -30d, count >= 2)');
SET client_min_messages = warning;
SELECT segmentation.create_segment('best', 'FROM customers SHOW city, extra.pet, spent, orders WHERE spent > 100 ORDER BY spent DESC, city LIMIT 7');
RESET client_min_messages;
SELECT segmentation.create_group(n, family => 'level') FROM unnest(ARRAY['gold', 'silver']) AS n;
SELECT segmentation.add_members('gold', ARRAY[1, 2, 3], 'o''hara'), segmentation.add_members('silver', 4), segmentation.add_members('good', 450, 'friend'),
  segmentation.remove_members('good', 7, 'no'), segmentation.remove_members('gold', 3);
SELECT segmentation.alter_segment('recent', 'orders MATCHES (date >= -40d, count >= 2)'), segmentation.use_segment('good', 'a "price" list'),
  segmentation.describe_segment('good', labels => '{spring,"a, b"}'), segmentation.create_segment('old', 'spent > 1');
SELECT segmentation.describe_segment('old', archived => true);
-- Numbers of columns do not survive a dump where columns were dropped; what renamed ones were called before does.
ALTER TABLE orders ADD COLUMN passing integer;
ALTER TABLE orders DROP COLUMN passing;
ALTER TABLE orders ADD COLUMN late integer DEFAULT 1;
ALTER TABLE orders RENAME COLUMN total TO amount;
ALTER TABLE orders RENAME COLUMN created_at TO placed;
ALTER TABLE orders RENAME COLUMN late TO total;
ALTER TABLE customers RENAME COLUMN city TO town;
});

my %asked = (
	bindings => 'SELECT name, role, relation::text, parent, value FROM segmentation.binding ORDER BY name',
	attributes => 'SELECT name, expression FROM segmentation.attribute_definition ORDER BY name',
	segments => 'SELECT id, name, rule, segmentation.rule_source(rule), description, labels, status, used_by FROM segmentation.segments ORDER BY id',
	versions => 'SELECT * FROM segmentation.segment_versions ORDER BY 1, 3',
	definitions => 'SELECT segmentation.definitions()',
	applied => 'SELECT count(*) FROM segmentation.apply_definitions(segmentation.definitions(), prune => true)',
	members => 'SELECT segment_id, count(*), sum(customer_id) FROM segmentation.membership GROUP BY 1 ORDER BY 1',
	counts => q{SELECT name, segmentation.member_count(name) FROM segmentation.segment ORDER BY name},
	by_hand => 'SELECT * FROM segmentation.by_hand ORDER BY customer_id, segment_id',
	history => 'SELECT * FROM segmentation.membership_history ORDER BY 1, 2, 3',
	words => 'SELECT relation::text, word, column_name FROM segmentation.column_word ORDER BY 1, 2',
	view => 'SELECT count(*), min(town) FROM segments."Good & cat"',
	settings => 'SELECT * FROM segments.best',
	functions => q{SELECT p.oid::regprocedure, d.deptype FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
		WHERE p.proname LIKE '\_segment\_rows%' ORDER BY p.proname},
	difference => 'SELECT count(*) FROM segmentation.verify()');
my %before = map { $_ => $node->safe_psql('shop', $asked{$_}) } keys %asked;
is($before{difference}, '0', 'stored members are right before the dump');
isnt($before{members}, '', 'there are members');
like($before{versions}, qr/recent\|2\|/, 'there are versions');
is($before{applied}, '0', 'definitions are as they say');
is(scalar(split(/\n/, $before{settings})), 7, 'a view shows as many as its LIMIT says');

for my $format ('plain', 'custom')
{
	my $file = $node->basedir . "/shop.$format";
	$node->command_ok([ 'pg_dump', "--format=$format", '-f', $file, 'shop' ], "$format dump");
	$node->safe_psql('postgres', "CREATE DATABASE $format");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $format, '-f', $file ], 'plain restore');
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $format, $file ], 'custom restore');
	}
	is($node->safe_psql($format, $asked{$_}), $before{$_}, "$_ after $format restore") for sort keys %asked;
	$node->safe_psql($format, q{SELECT segmentation.create_segment('new', 'city = ''city 1''')});
	is($node->safe_psql($format, 'SELECT count(*) FROM segmentation.verify()'), '0', "a new segment after $format restore");
	$node->safe_psql($format, q{SELECT segmentation.alter_segment('best', 'FROM customers SHOW spent WHERE spent > 100')});
	is($node->safe_psql($format, 'SELECT count(*) > 7, count(spent) = count(*) FROM segments.best'), 't|t', "other settings after $format restore");
	# What was seen of the columns is this database's own: a rename after the restore is followed as well.
	$node->safe_psql($format, 'ALTER TABLE orders RENAME COLUMN amount TO sum; ALTER TABLE orders RENAME COLUMN placed TO ordered');
	is($node->safe_psql($format, q{SELECT string_agg(word || ' ' || column_name, ', ' ORDER BY word) FROM segmentation.column_word
		WHERE relation = 'orders'::regclass}), 'amount sum, created_at ordered, late total, placed ordered, total sum', "renames after $format restore");
	$node->safe_psql($format, 'INSERT INTO orders (id, customer_id, sum, ordered) VALUES (9001, 7, 5000, now())');
	is($node->safe_psql($format, 'SELECT count(*) FROM segmentation.verify()'), '0', "members follow after $format restore");
	$node->safe_psql($format, q{UPDATE places SET part_of = NULL WHERE city = 'city 3'});
	is($node->safe_psql($format, q{SELECT segmentation.member_count('around') || ' ' || count(*) FROM segmentation.verify()}),
		'286 0', "a tree's branch after $format restore");
	$node->safe_psql($format, q{SELECT segmentation.move_members(1, 'gold', 'silver'), segmentation.clear_overrides('good', 450)});
	is($node->safe_psql($format, q{SELECT segmentation.is_member('silver', 1), segmentation.is_member('good', 450), segmentation.is_member('good', 7), count(*)
		FROM segmentation.verify()}), 't|f|f|0', "and what people say after $format restore");
}

$node->stop('immediate');
$node->start;
is($node->safe_psql('shop', $asked{$_}), $before{$_}, "$_ after a crash") for sort keys %asked;

$node->stop;
done_testing();
