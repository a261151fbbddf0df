# The shop of the crash tests: a node with it, a load that changes it, and what must be true of it afterwards.
package CrashShop;
use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(make_shop start_load end_load is_right wait_for_server);
our @EXPORT_OK = qw($tables $segments);

our $tables = q{
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer, status text, total numeric(12,2), placed timestamptz);
CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint, product_id integer, quantity integer);
CREATE TABLE products (id integer PRIMARY KEY, category text);
CREATE TABLE tags (customer_id integer, tag text, PRIMARY KEY (customer_id, tag));
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON lines (order_id);
CREATE INDEX ON lines (product_id);
INSERT INTO customers SELECT i, 'city ' || i % 5 FROM generate_series(1, 200) AS i;
INSERT INTO products SELECT i, (ARRAY['hat', 'coat', 'shoe', 'sock'])[1 + i % 4] FROM generate_series(1, 20) AS i;
INSERT INTO orders (customer_id, status, total, placed)
  SELECT 1 + i % 150, (ARRAY['cart', 'open', 'paid', 'paid'])[1 + i % 4], i % 61, now() - interval '1 day' * (i % 170) FROM generate_series(1, 500) AS i;
INSERT INTO lines (order_id, product_id, quantity) SELECT 1 + i % 500, 1 + i % 20, 1 + i % 3 FROM generate_series(1, 1200) AS i;
};

our $segments = q{
SET client_min_messages = warning;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed', condition => $$status != 'cart'$$);
SELECT segmentation.bind_source('lines', 'lines', 'order_id', of => 'orders');
SELECT segmentation.bind_lookup('product', 'products', of => 'lines', key => 'product_id');
SELECT segmentation.bind_set('tags', 'tags', 'customer_id', 'tag');
SELECT segmentation.create_segment('many', 'orders MATCHES (count >= 4)');
SELECT segmentation.create_segment('spent', 'sum(orders.total) >= 150');
SELECT segmentation.create_segment('lately', 'orders MATCHES (date >= -90d, sum_total >= 50)');
SELECT segmentation.create_segment('open', $$last(orders.status) = 'open'$$);
SELECT segmentation.create_segment('range', 'max(orders.total) > 55 AND min(orders.total) < 5');
SELECT segmentation.create_segment('hats', $$lines MATCHES (category = 'hat', sum_quantity >= 3)$$);
SELECT segmentation.create_segment('kinds', 'count(DISTINCT lines.product_id) >= 6');
SELECT segmentation.create_segment('vip', $$tags CONTAINS 'vip' OR city = 'city 3'$$);
SELECT segmentation.create_segment('none', 'orders NOT MATCHES ()');
CREATE FUNCTION oracle() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', 'member', v.segment, v.customer, CASE WHEN v.stored THEN 'is stored' ELSE 'is not stored' END) FROM segmentation.verify() AS v
  UNION ALL
  SELECT concat_ws(' ', 'count', s.name, s.members, 'for', m.n)
  FROM segmentation.segments AS s, LATERAL (SELECT count(*) AS n FROM segmentation.membership AS m WHERE m.segment_id = s.id) AS m
  WHERE s.members <> m.n
  UNION ALL
  SELECT concat_ws(' ', 'history', a.segment_id, a.customer_id, a.entered_at, a.left_at) FROM segmentation.membership_past AS a
  WHERE a.left_at < a.entered_at
  UNION ALL
  SELECT concat_ws(' ', 'queue', d.binding_id, d.value) FROM segmentation.dirty AS d
  UNION ALL
  SELECT concat_ws(' ', 'aside', a.customer_id, a.message) FROM segmentation.set_aside AS a
$$;
};

# One transaction in some ways of a shop: new orders with lines, an order paid, moved, deleted with its lines or alone, tags, a product's category.
my $script = q{
\set customer random(1, 200)
\set other random(1, 200)
\set product random(1, 20)
\set row random(1, 500)
\set kind random(1, 12)
BEGIN;
INSERT INTO orders (customer_id, status, total, placed) VALUES (:customer, 'open', :kind * 7, now() - interval '1 day' * (:product * 9)) RETURNING id AS fresh \gset
INSERT INTO lines (order_id, product_id, quantity) VALUES (:fresh, :product, 1), (:fresh, 1 + :product % 20, :kind);
\if :kind < 3
SAVEPOINT s;
UPDATE orders SET customer_id = :other WHERE id = :row;
ROLLBACK TO s;
\elif :kind < 5
UPDATE orders SET status = 'paid', total = total + 1 WHERE id = (SELECT o.id FROM orders AS o WHERE o.customer_id = :customer ORDER BY o.id LIMIT 1);
\elif :kind < 7
UPDATE orders SET customer_id = :other WHERE id = :row;
\elif :kind = 7
DELETE FROM lines WHERE order_id = :row;
DELETE FROM orders WHERE id = :row;
\elif :kind = 8
INSERT INTO tags VALUES (:other, 'vip') ON CONFLICT DO NOTHING;
DELETE FROM tags WHERE customer_id = :customer;
\elif :kind = 9
UPDATE lines SET order_id = :fresh WHERE order_id = :row;
\elif :kind = 10
SET LOCAL segmentation.maintain = background;
DELETE FROM orders WHERE id = :row;
\elif :kind = 11
UPDATE products SET category = CASE category WHEN 'hat' THEN 'coat' ELSE 'hat' END WHERE id = :product;
\endif
END;
};

# Returns a node with the shop in it, started.
sub make_shop
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%options);
	$node->append_conf('postgresql.conf', "max_prepared_transactions = 10\nrestart_after_crash = on\nfull_page_writes = on\ndeadlock_timeout = '100ms'");
	$node->start;
	$node->safe_psql('postgres', 'CREATE DATABASE shop');
	$node->safe_psql('shop', $tables . $segments);
	return $node;
}

# Starts clients that change the shop until they are stopped or the server is gone; gives them a moment.
sub start_load
{
	my ($node, $clients) = @_;
	my $file = $node->basedir . '/load.pgbench';
	open my $out, '>', $file or die $!;
	print $out $script;
	close $out;
	my ($stdout, $stderr) = ('', '');
	local $ENV{PGAPPNAME} = 'pgbench';
	my $load = IPC::Run::start(
		[ 'pgbench', '-n', '-c', $clients // 4, '-T', 60, '--max-tries', 20, '-f', $file, '-h', $node->host, '-p', $node->port, 'shop' ],
		'>', \$stdout, '2>', \$stderr);
	my $before = $node->safe_psql('shop', 'SELECT coalesce(max(id), 0) FROM orders');
	$node->poll_query_until('shop', "SELECT coalesce(max(id), 0) > $before + 150 FROM orders") or die "the load does nothing: $stderr";
	return { run => $load, stdout => \$stdout, stderr => \$stderr };
}

# Ends the load.
sub end_load
{
	my ($load) = @_;
	$load->{run}->kill_kill(grace => 5);
	return;
}

# Waits until a server that restarts by itself takes connections again.
sub wait_for_server
{
	my ($node) = @_;
	for (1 .. 300)
	{
		my ($code) = $node->psql('shop', 'SELECT 1');
		return if $code == 0;
		select undef, undef, undef, 0.1;
	}
	die 'the server does not come back';
}

# The queue worked off, everything is as the independent path says.
sub is_right
{
	my ($node, $what) = @_;
	$node->safe_psql('shop', 'CALL segmentation.tick()');
	is($node->safe_psql('shop', 'SELECT * FROM oracle() ORDER BY 1 LIMIT 10'), '', $what);
	return;
}

1;
