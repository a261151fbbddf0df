# The shop of the tests of backup and removal: it belongs to the role shop, which is no superuser; a superuser has made the extension.
package BackupShop;
use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(make_backup_shop facts is_restored follows_orders try_command);

# Partitions, foreign keys, a computed column (beside a source without one, whose measures a commit folds onto), rules over segments and their history, and a queue that is not empty.
my $schema = q{
SET client_min_messages = warning;
CREATE EXTENSION segmentation;
CREATE SCHEMA web AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE web.customers (id bigint PRIMARY KEY, city text, extra jsonb);
CREATE TABLE web.orders (id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint REFERENCES web.customers, total numeric(12,2),
  created_at timestamptz, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE TABLE web.orders_old PARTITION OF web.orders FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE web.orders_new PARTITION OF web.orders FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE INDEX ON web.orders (customer_id);
CREATE TABLE web.tags (customer_id bigint REFERENCES web.customers, tag text, PRIMARY KEY (customer_id, tag));
INSERT INTO web.customers SELECT i, 'city ' || i % 7, jsonb_build_object('pet', CASE WHEN i % 3 = 0 THEN 'cat' ELSE 'dog' END)
  FROM generate_series(1, 500) AS i;
INSERT INTO web.orders (customer_id, total, created_at)
  SELECT 1 + i % 400, i % 97, timestamptz '2024-06-01' - interval '4 hours' * i FROM generate_series(1, 3000) AS i;
INSERT INTO web.tags SELECT i, 'vip' FROM generate_series(1, 500, 11) AS i;
RESET ROLE;
SELECT segmentation.bind_customers('web.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'web.orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('purchases', 'web.orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_set('tags', 'web.tags', 'customer_id', 'tag');
SELECT segmentation.bind_column('orders', 'with_tax', 'total * 1.2');
SELECT segmentation.define_attribute('spent', 'sum(orders.with_tax)');
SELECT segmentation.create_segment('good', 'spent > 400');
SELECT segmentation.create_segment('Good & cat', $$segments CONTAINS 'good' AND extra.pet = 'cat'$$, description => 'an ''odd'' name');
SELECT segmentation.create_segment('rich', 'sum(purchases.total) > 300');
SELECT segmentation.create_segment('vip', $$tags CONTAINS 'vip'$$);
SELECT segmentation.create_segment('best', 'FROM customers SHOW city, extra.pet, spent, orders WHERE spent > 100 ORDER BY spent DESC, city LIMIT 7');
SELECT segmentation.create_segment('was good', $$memberships MATCHES (segment = 'good')$$);
SELECT segmentation.create_segment('gone', 'city = ''city 1''');
SELECT segmentation.drop_segment('gone');
SELECT segmentation.create_segment('changing', 'city = ''city 3''');
SELECT segmentation.create_group('press', family => 'trade');
SELECT segmentation.forecast_source('orders', 'total');
SELECT segmentation.schedule_forecasts('7 days', horizon => '2 years');
-- What a refresh would write, had these customers more of customers.
INSERT INTO segmentation.forecast (customer_id, predicted_purchases, predicted_spend, predicted_spend_tier, rfm_group, orders, spend, observed_until)
  SELECT i, i % 9, i * 1.1, 'MEDIUM', CASE WHEN i % 5 = 0 THEN 'LOYAL' ELSE 'PROSPECTS' END, i, i, '2024-03-01' FROM generate_series(1, 490) AS i;
INSERT INTO segmentation.forecast_model (model, parameters, log_likelihood, customers, repeat_customers, observed_until, horizon)
  VALUES ('BG/NBD', '{"r": 0.1, "alpha": 2, "a": 3, "b": 4}', -1.5, 400, 300, '2024-03-01', '1 year');
INSERT INTO segmentation.forecast_class VALUES ('all', 400, 12.5, 13, '2023-12-01', '2024-03-01');
INSERT INTO segmentation.forecast_cutoff VALUES ('monetary', 5, 321.5, 400, NULL, NULL, 80), ('recency', 1, NULL, NULL, '2023-01-01', '2023-02-01', 80);
INSERT INTO segmentation.forecast_in_force (model)
  VALUES ('0.2425945 4.4136019 0.7929199 2.4258881 6.249574 3.744225 15.443518 8826 1 365 8700 8750 8800 8850 2 4 6 8 100 200 300 400 1.5 250');
SELECT segmentation.create_segment('to come back', 'predicted_purchases > 3 AND rfm_group != ''PROSPECTS''');
SELECT segmentation.add_members('press', ARRAY[1, 2, 77], 'by hand'), segmentation.remove_members('press', 77), segmentation.add_members('rich', 480), segmentation.remove_members('rich', 2);
GRANT SELECT ON segments.vip TO PUBLIC;
SET ROLE shop;
DELETE FROM web.tags WHERE customer_id = 12;
INSERT INTO web.tags VALUES (13, 'vip');
INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 1000, '2024-06-02');
UPDATE web.orders SET total = total + 1 WHERE customer_id < 20;
UPDATE web.orders SET total = 0 WHERE customer_id = 9;
RESET ROLE;
SELECT segmentation.create_segment('coming', 'city = ''city 4''', wait => false);
SELECT segmentation.alter_segment('changing', 'city = ''city 5''', wait => false);
SET ROLE shop;
SET segmentation.maintain = background;
INSERT INTO web.tags VALUES (15, 'vip');
};

# Returns a node with the role shop and, in database shop, its shop.
sub make_backup_shop
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%options);
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE shop LOGIN');
	$node->safe_psql('postgres', 'CREATE DATABASE shop OWNER shop');
	$node->safe_psql('shop', $schema);
	return $node;
}

# What must be the same in a restored database.
my %asked = (
	bindings => 'SELECT id, name, role, relation::text, of_id, key FROM segmentation.binding ORDER BY id',
	columns => 'SELECT * FROM segmentation.binding_column',
	attributes => 'SELECT name, expression FROM segmentation.attribute_definition ORDER BY name',
	segments => 'SELECT s.id, s.name, s.rule, segmentation.rule_source(s.rule), n.description, s.view_name FROM segmentation.segment AS s LEFT JOIN segmentation.segment_note AS n ON n.segment_id = s.id ORDER BY s.id',
	members => 'SELECT segment_id, customer_id, entered_at FROM segmentation.membership ORDER BY 1, 2',
	history => 'SELECT * FROM segmentation.membership_history ORDER BY 1, 2, 3, 4',
	'by hand' => 'SELECT * FROM segmentation.by_hand ORDER BY customer_id, segment_id',
	forecasts => 'SELECT * FROM segmentation.forecast ORDER BY customer_id',
	'forecasts moved' => 'SELECT * FROM segmentation.forecasts WHERE customer_id IN (SELECT customer_id FROM segmentation.forecast_moved) ORDER BY customer_id',
	cutoffs => 'SELECT * FROM segmentation.rfm_cutoffs',
	'model in force' => 'SELECT * FROM segmentation.forecast_in_force',
	models => 'SELECT * FROM segmentation.forecast_models',
	quality => 'SELECT * FROM segmentation.forecast_quality',
	schedule => 'SELECT * FROM segmentation.forecast_schedule',
	counts => 'SELECT name, members FROM segmentation.segments',
	building => 'SELECT segment_id, draft_id, rule, walk_id, (SELECT count(*) FROM segmentation.walk) FROM segmentation.alteration',
	queue => 'SELECT binding_id, value FROM segmentation.dirty ORDER BY seq',
	sequences => q{SELECT relname, pg_sequence_last_value(oid) FROM pg_class WHERE relkind = 'S' ORDER BY 1},
	shop => 'SELECT count(*), sum(total) FROM web.orders',
	view => 'SELECT * FROM segments."Good & cat" ORDER BY id',
	settings => 'SELECT * FROM segments.best',
	rights => q{SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relnamespace = 'segments'::regnamespace AND relkind = 'v' ORDER BY 1},
	triggers => q{SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2},
	'event triggers' => 'SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1',
	dependencies => q{SELECT p.oid::regprocedure::text, d.deptype FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
		WHERE d.deptype <> 'e' ORDER BY 1},
	difference => 'SELECT * FROM segmentation.verify() WHERE NOT pending');

sub facts
{
	my ($node, $database) = @_;
	return { map { $_ => $node->safe_psql($database, $asked{$_}) } keys %asked };
}

# Holds a restored database against what facts() told of the first one. Without rights, that of views is left out.
sub is_restored
{
	my ($node, $database, $before, $name, %options) = @_;
	my $now = facts($node, $database);
	my @wrong = grep { $now->{$_} ne $before->{$_} && !($options{without_rights} && $_ eq 'rights') } sort keys %$now;
	is("@wrong", '', "$name: all is as it was");
	foreach my $what (@wrong)
	{
		my %known = map { $_ => 1 } split /\n/, $before->{$what};
		diag("$what: " . substr(join("\n", grep { !$known{$_} } split /\n/, $now->{$what}), 0, 500));
	}
}

# Lets the shop go on in a restored database: members must follow at the commit, or wait for tick where `waits` says so; and afterwards
# nothing is left to do.
sub follows_orders
{
	my ($node, $database, $name, %options) = @_;
	my $member = q{SELECT segmentation.is_member('vip', 14), segmentation.is_member('rich', 499)};
	$node->safe_psql($database, q{SET ROLE shop; INSERT INTO web.tags VALUES (14, 'vip'); INSERT INTO web.orders (customer_id, total, created_at) VALUES (499, 301, '2024-06-03')});
	is($node->safe_psql($database, $member), $options{waits} ? 'f|f' : 't|t',
		"$name: an order " . ($options{waits} ? 'waits for everyone to be judged' : 'moves members at its commit'));
	is($node->safe_psql($database, 'SELECT * FROM segmentation.verify() WHERE NOT pending'), '', "$name: no difference but what waits");
	is($node->safe_psql($database, 'SELECT restored_at IS NOT NULL FROM segmentation.status'), $options{unnoticed} ? 'f' : 't', "$name: status tells of the restore");
	$node->safe_psql($database, 'CALL segmentation.tick()');
	is($node->safe_psql($database, $member), 't|t', "$name: members are right after tick");
	is($node->safe_psql($database, 'SELECT restored_at, queued, (SELECT count(*) FROM segmentation.alteration) FROM segmentation.status'), '|0|0', "$name: nothing waits any more");
	is($node->safe_psql($database, 'SELECT * FROM segmentation.verify()'), '', "$name: no difference");
	is($node->safe_psql($database, 'SELECT s.name FROM segmentation.segments AS s WHERE s.members <> (SELECT count(*) FROM segmentation.membership AS m WHERE m.segment_id = s.id)'),
		'', "$name: counts are right");
	$node->safe_psql($database, q{SET ROLE shop; INSERT INTO web.tags VALUES (16, 'vip')});
	is($node->safe_psql($database, q{SELECT segmentation.is_member('vip', 16)}), 't', "$name: the next order moves members at its commit");
	$node->safe_psql($database, q{SELECT segmentation.create_segment('later', 'city = ''city 2''')});
	is($node->safe_psql($database, 'SELECT * FROM segmentation.verify()'), '', "$name: a new segment is right");
}

# Runs a program that must say nothing and succeed.
sub try_command
{
	my ($node, $name, @command) = @_;
	local %ENV = $node->_get_env();
	$ENV{PGUSER} = $1 if @command && $command[0] =~ /^as=(.*)/ && shift @command;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run(\@command, '>', \$out, '2>', \$err);
	ok($ok && $err eq '', "$name: $command[0] succeeds without a word") or diag($err);
}

1;
