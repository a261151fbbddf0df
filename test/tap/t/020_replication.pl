# A logical-replication subscriber keeps segments of tables that a publisher without the extension sends: the first copy, all
# kinds of changes, definitions that change or break meanwhile, crashes under load. The oracle is verify() on the subscriber, and
# that its tables equal the publisher's.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop qw(:DEFAULT $tables $segments);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @names = qw(customers orders lines products tags visits clicks);

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', "max_wal_senders = 20\nmax_prepared_transactions = 10\nlogical_decoding_work_mem = '64kB'");
$publisher->start;
$publisher->safe_psql('postgres', 'CREATE DATABASE shop');
$publisher->safe_psql('shop', $tables . q{
ALTER TABLE lines ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE;
CREATE TABLE visits (id integer, customer_id integer, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE INDEX ON visits (customer_id);
CREATE TABLE clicks (LIKE visits, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE clicks_old PARTITION OF clicks FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE clicks_new PARTITION OF clicks FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE INDEX ON clicks (customer_id);
INSERT INTO visits SELECT i, 1 + i % 90, date '2025-12-01' + i % 60 FROM generate_series(1, 300) AS i;
INSERT INTO clicks SELECT i, 1 + i % 80, date '2025-12-01' + i % 60 FROM generate_series(1, 300) AS i;
CREATE PUBLICATION shop FOR TABLE customers, orders, lines, products, tags;
CREATE PUBLICATION whole FOR TABLE visits WITH (publish_via_partition_root = true);
CREATE PUBLICATION parts FOR TABLE clicks;
});

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 1);
$subscriber->append_conf('postgresql.conf', "restart_after_crash = on\nmax_prepared_transactions = 10\nwal_retrieve_retry_interval = '100ms'\nmax_logical_replication_workers = 8\nmax_worker_processes = 16");
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE DATABASE shop');
my $ddl = $publisher->basedir . '/shop.sql';
$publisher->command_ok([ 'pg_dump', '--schema-only', '--no-publications', '-f', $ddl, $publisher->connstr('shop') ], 'the schema is dumped');
$subscriber->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $ddl, $subscriber->connstr('shop') ], 'and restored');
$subscriber->safe_psql('shop', $segments . q{
SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'day');
SELECT segmentation.bind_source('clicks', 'clicks', 'customer_id', date => 'day');
SELECT segmentation.create_segment('visitors', $$visits MATCHES (date >= '2026-01-01', count >= 2)$$);
SELECT segmentation.create_segment('clickers', $$clicks MATCHES (date >= '2026-01-01', count >= 2)$$);
});
like($subscriber->safe_psql('shop', 'SELECT * FROM segmentation.check_replication()'), qr/no subscription/, 'the check tells that nothing is subscribed to');
$subscriber->safe_psql('shop', "CREATE SUBSCRIPTION shop CONNECTION \$\$" . $publisher->connstr('shop') . "\$\$ PUBLICATION shop, whole, parts WITH (streaming = on, two_phase = on)");
$subscriber->wait_for_subscription_sync($publisher, 'shop', 'shop');
$subscriber->safe_psql('shop', 'SELECT segmentation.start_worker()');

# The rows of all tables, in one number each.
sub rows_of
{
	my ($node) = @_;
	return $node->safe_psql('shop', join(' UNION ALL ', map { "SELECT '$_', count(*), coalesce(sum(hashtext(t::text)), 0) FROM $_ AS t" } @names) . ' ORDER BY 1');
}

# All has come, the worker has worked it off, and everything is right.
sub is_replicated
{
	my ($what) = @_;
	# Sessions of clients that were killed may still be ending.
	$publisher->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pgbench'});
	$publisher->wait_for_catchup('shop');
	ok($subscriber->poll_query_until('shop', 'SELECT count(*) = 0 FROM segmentation.dirty'), "$what: the queue is worked off");
	is($subscriber->safe_psql('shop', 'SELECT * FROM oracle() ORDER BY 1 LIMIT 10'), '', "$what: members are right");
	is(rows_of($subscriber), rows_of($publisher), "$what: the tables are equal");
	return;
}

sub members
{
	return $subscriber->safe_psql('shop', "SELECT count(*) FROM segmentation.members('$_[0]')");
}

is_replicated('the first copy');
cmp_ok(members($_), '>', 0, "segment $_ has members") for qw(many spent lately vip visitors clickers);

# One kind of change after another.
my @changes = (
	[ 'orders inserted', q{INSERT INTO orders (customer_id, status, total, placed) SELECT 190 + i % 10, 'paid', 50, now() FROM generate_series(1, 60) AS i} ],
	[ 'orders that go to others', q{UPDATE orders SET customer_id = 201 - customer_id WHERE id <= 200} ],
	[ 'a key that changes', q{UPDATE customers SET id = 1000 WHERE id = 199; UPDATE orders SET customer_id = 1000 WHERE customer_id = 199} ],
	[ 'orders deleted with their lines', q{DELETE FROM orders WHERE id % 5 = 0} ],
	[ 'a lookup', q{UPDATE products SET category = 'hat' WHERE id % 3 = 0} ],
	[ 'lines that go to other orders', q{UPDATE lines SET order_id = (SELECT max(id) FROM orders) WHERE id % 7 = 0} ],
	[ 'tags', q{INSERT INTO tags SELECT i, 'vip' FROM generate_series(1, 100, 3) AS i; DELETE FROM tags WHERE customer_id > 50; UPDATE tags SET customer_id = customer_id + 1 WHERE customer_id = 1} ],
	[ 'customers deleted', q{DELETE FROM customers WHERE id BETWEEN 100 AND 120} ],
	[ 'partitions, by their root', q{UPDATE visits SET day = day + 31 WHERE id % 2 = 0; INSERT INTO visits SELECT i, 150, '2026-02-01' FROM generate_series(1001, 1005) AS i; DELETE FROM visits WHERE customer_id = 5} ],
	[ 'partitions, by their leaves', q{UPDATE clicks SET day = day + 31 WHERE id % 2 = 0; INSERT INTO clicks SELECT i, 150, '2026-02-01' FROM generate_series(1001, 1005) AS i; DELETE FROM clicks WHERE customer_id = 5} ],
	[ 'rolled back in part', q{BEGIN; INSERT INTO tags VALUES (61, 'vip'); SAVEPOINT s; INSERT INTO tags VALUES (62, 'vip'); ROLLBACK TO s; COMMIT} ],
	[ '10,000 rows at once', q{INSERT INTO orders (customer_id, status, total, placed) SELECT 1 + i % 200, 'open', i % 97, now() - interval '1 day' * (i % 100) FROM generate_series(1, 10000) AS i} ],
	[ 'a partition truncated', q{TRUNCATE clicks_new} ],
	[ 'partitions truncated by their root', q{TRUNCATE visits; INSERT INTO visits SELECT i, 1 + i % 90, date '2025-12-01' + i % 60 FROM generate_series(1, 300) AS i} ],
	[ 'a table truncated', q{TRUNCATE tags} ],
	[ 'orders truncated with their lines', q{TRUNCATE orders CASCADE} ],
	[ 'orders and lines anew', q{
		INSERT INTO orders (id, customer_id, status, total, placed) OVERRIDING SYSTEM VALUE SELECT i, 1 + i % 150, 'paid', i % 61, now() - interval '1 day' * (i % 170) FROM generate_series(1, 500) AS i;
		INSERT INTO lines (order_id, product_id, quantity) SELECT 1 + i % 500, 1 + i % 20, 1 + i % 3 FROM generate_series(1, 1200) AS i;
		SELECT setval(pg_get_serial_sequence('orders', 'id'), 100000)} ],
);
for my $change (@changes)
{
	$publisher->safe_psql('shop', $change->[1]);
	is_replicated($change->[0]);
}

cmp_ok(members('hats'), '>', 0, 'segment hats has members');
$publisher->safe_psql('shop', q{BEGIN; UPDATE orders SET total = total + 100 WHERE customer_id IN (11, 12, 13); PREPARE TRANSACTION 'p'});
$publisher->wait_for_catchup('shop');
is($subscriber->safe_psql('shop', 'SELECT count(*) FROM pg_prepared_xacts'), '1', 'a prepared transaction is replicated');
$publisher->safe_psql('shop', q{COMMIT PREPARED 'p'});
is_replicated('a prepared transaction');

# The worker is woken: looking once a second it would need half a second for most of these. Both servers have one clock.
my @waits;
for my $id (150 .. 165)
{
	my $sent = $publisher->safe_psql('shop', "INSERT INTO tags VALUES ($id, 'vip') RETURNING extract(epoch FROM clock_timestamp())");
	$subscriber->poll_query_until('shop', "SELECT segmentation.is_member('vip', $id)");
	push @waits, $subscriber->safe_psql('shop', "SELECT extract(epoch FROM m.entered_at) - $sent FROM segmentation.membership AS m " .
		"JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = 'vip' AND m.customer_id = $id");
}
@waits = sort { $a <=> $b } @waits;
cmp_ok($waits[8], '<', 0.3, 'the worker is woken by what is queued');

# What rules do not read queues nobody.
$subscriber->safe_psql('shop', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'segmentation worker'});
$subscriber->poll_query_until('shop', 'SELECT worker IS NULL FROM segmentation.status');
$publisher->safe_psql('shop', q{ALTER TABLE customers ADD COLUMN phone text});
$subscriber->safe_psql('shop', q{ALTER TABLE customers ADD COLUMN phone text});
$publisher->safe_psql('shop', q{UPDATE customers SET phone = 'x'});
$publisher->wait_for_catchup('shop');
is($subscriber->safe_psql('shop', q{SELECT count(*) FROM customers WHERE phone = 'x'}), $publisher->safe_psql('shop', 'SELECT count(*) FROM customers'), 'a column that no rule reads is replicated');
is($subscriber->safe_psql('shop', 'SELECT count(*) FROM segmentation.dirty'), '0', 'and queues nobody');
$publisher->safe_psql('shop', q{UPDATE customers SET city = 'city 3' WHERE id = 7});
$publisher->wait_for_catchup('shop');
is($subscriber->safe_psql('shop', 'SELECT value FROM segmentation.dirty'), '7', 'a column that some rule reads queues whom it concerns');

# Beyond 100,000 rows everyone is queued, not each.
$subscriber->safe_psql('shop', 'CALL segmentation.tick()');
$publisher->safe_psql('shop', q{INSERT INTO visits SELECT i, 1 + i % 200, '2026-03-01' FROM generate_series(10001, 110100) AS i});
$publisher->wait_for_catchup('shop');
is($subscriber->safe_psql('shop', 'SELECT count(*), count(value) FROM segmentation.dirty'), '1|0', 'a transaction of many rows queues everyone');

# Replication waits neither for a customer's lock nor for the definitions, whatever segmentation.maintain says.
$subscriber->safe_psql('postgres', 'ALTER DATABASE shop SET segmentation.maintain = statement');
$subscriber->safe_psql('shop', 'ALTER SUBSCRIPTION shop DISABLE');
$subscriber->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^logical replication .*worker$'});
$subscriber->safe_psql('shop', 'ALTER SUBSCRIPTION shop ENABLE');
my $holder = $subscriber->background_psql('shop');
$holder->query_safe(q{BEGIN; SELECT segmentation.refresh(ARRAY(SELECT id FROM customers))});
$publisher->safe_psql('shop', q{UPDATE orders SET total = total + 20 WHERE customer_id < 50});
$publisher->wait_for_catchup('shop');
pass('replication does not wait for customers who are locked');
$holder->query_safe(q{COMMIT; BEGIN; SET LOCAL client_min_messages = warning; SELECT segmentation.create_segment('more', 'sum(orders.total) >= 100')});
$publisher->safe_psql('shop', q{UPDATE orders SET total = total + 20 WHERE customer_id BETWEEN 50 AND 99; UPDATE customers SET phone = 'y' WHERE id < 10});
$publisher->wait_for_catchup('shop');
pass('replication does not wait for definitions that are being changed');
$holder->query_safe('COMMIT');
$holder->quit;
$subscriber->safe_psql('postgres', 'ALTER DATABASE shop RESET segmentation.maintain');
$subscriber->safe_psql('shop', 'SELECT segmentation.start_worker()');
is_replicated('after those locks');

# Definitions that cannot be read do not stop it.
$subscriber->safe_psql('shop', q{
CREATE FUNCTION public.half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
SELECT segmentation.bind_column('orders', 'half', 'public.half(total)');
SELECT segmentation.create_segment('halves', 'sum(orders.half) > 60');
DROP FUNCTION public.half(numeric)});
$publisher->safe_psql('shop', q{UPDATE orders SET total = total + 30 WHERE customer_id BETWEEN 20 AND 40; INSERT INTO tags SELECT i, 'vip' FROM generate_series(30, 60) AS i});
$publisher->wait_for_catchup('shop');
is($subscriber->safe_psql('shop', 'SELECT count(*) > 0 FROM segmentation.dirty WHERE value IS NULL'), 't', 'replication goes on while definitions cannot be read, and queues everyone');
$subscriber->safe_psql('shop', q{CREATE FUNCTION public.half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2'});
is_replicated('definitions that can be read again');

# A foreign key here says nothing of rows that replication brings, which checks none.
$publisher->safe_psql('shop', q{DELETE FROM orders WHERE NOT EXISTS (SELECT FROM customers AS c WHERE c.id = customer_id)});
$publisher->wait_for_catchup('shop');
$subscriber->safe_psql('shop', 'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers');
$publisher->safe_psql('shop', q{INSERT INTO orders (customer_id, status, total, placed) SELECT 5000, 'paid', 200, now() FROM generate_series(1, 6)});
$publisher->wait_for_catchup('shop');
$subscriber->safe_psql('shop', 'SELECT segmentation.refresh_all()');
is_replicated('orders of nobody below a foreign key');

# Definitions that come, change and go under load.
my $load = start_load($publisher, 2);
for my $round (1 .. 6)
{
	$subscriber->safe_psql('shop', "SET client_min_messages = warning; SELECT segmentation.create_segment('passing', 'count(orders) >= $round')");
	$subscriber->safe_psql('shop', "SELECT segmentation.alter_segment('spent', 'sum(orders.total) >= 1$round')");
	$subscriber->safe_psql('shop', q{SET client_min_messages = warning; SELECT segmentation.drop_segment('vip'); SELECT segmentation.unbind('tags')});
	$subscriber->safe_psql('shop', q{SET client_min_messages = warning; SELECT segmentation.bind_set('tags', 'tags', 'customer_id', 'tag');
		SELECT segmentation.create_segment('vip', $$tags CONTAINS 'vip' OR city = 'city 3'$$); SELECT segmentation.drop_segment('passing')});
}
end_load($load);
is_replicated('definitions that changed under load');
is($subscriber->safe_psql('shop', 'SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats'), '0', 'replication had no error in all this');

# Crashes under load: the process that applies, the worker, the whole server.
for my $victim ('logical replication (apply )?worker', 'segmentation worker')
{
	$load = start_load($publisher, 2);
	kill 'KILL', $subscriber->safe_psql('shop', "SELECT pid FROM pg_stat_activity WHERE backend_type ~ '^$victim\$' AND datname = 'shop' LIMIT 1");
	select undef, undef, undef, 0.5;
	end_load($load);
	wait_for_server($subscriber);
	ok($subscriber->poll_query_until('shop', 'SELECT worker IS NOT NULL FROM segmentation.status'), 'the worker comes back by itself');
	is_replicated("after a killed $victim");
}
for my $round (1, 2)
{
	$load = start_load($publisher, 2);
	$subscriber->kill9;
	sleep 2;
	$subscriber->start;
	select undef, undef, undef, 0.5;
	end_load($load);
	$subscriber->safe_psql('shop', 'SELECT segmentation.start_worker()');
	is_replicated("after a killed server, round $round");
}

# Readers on a hot standby of the subscriber.
$subscriber->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($subscriber, 'copy', has_streaming => 1);
$standby->start;
$publisher->safe_psql('shop', q{UPDATE orders SET total = total + 1 WHERE id % 3 = 0; INSERT INTO tags SELECT i, 'vip' FROM generate_series(1, 200, 2) AS i ON CONFLICT DO NOTHING});
is_replicated('beside a standby');
$subscriber->wait_for_catchup($standby);
for my $query ("SELECT * FROM segmentation.members('vip') ORDER BY 1", "SELECT segmentation.is_member('vip', 3)", 'SELECT * FROM segmentation.segments_of(3) ORDER BY 1',
	"SELECT segmentation.member_count('vip')", 'SELECT count(*) FROM segments.vip', 'SELECT name, members FROM segmentation.segments ORDER BY 1',
	"SELECT segmentation.matches('sum(orders.total) >= 150', 3)", "SELECT members FROM segmentation.preview('sum(orders.total) >= 150')", 'SELECT * FROM segmentation.verify()')
{
	is($standby->safe_psql('shop', $query), $subscriber->safe_psql('shop', $query), "a standby answers $query");
}

# The checks.
is($subscriber->safe_psql('shop', q{SELECT severity, relation, problem FROM segmentation.check_replication() WHERE severity <> 'note'}), '', 'the check finds nothing wrong');

like($subscriber->safe_psql('shop', 'SELECT problem FROM segmentation.check_replication()'), qr/^whether the publication has row filters .* cannot be seen/, 'and tells what it cannot see');
$subscriber->safe_psql('shop', q{ALTER TABLE tags DROP CONSTRAINT tags_pkey; ALTER TABLE clicks_new DISABLE TRIGGER segmentation_row});
is($subscriber->safe_psql('shop', q{SELECT severity, relation, problem FROM segmentation.check_replication() WHERE severity <> 'note'}),
	"error|clicks_new|trigger \"segmentation_row\" does not fire for what is replicated\n"
	  . "warning|tags|column \"customer_id\" has no index\nwarning|tags|it has neither a primary key nor another replica identity by index",
	'it finds what is wrong now');

done_testing();
