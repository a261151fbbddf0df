# Forecasts by the clock, with a worker: at the time and once, beside the queue, out of the way of who needs the database, and what becomes of
# a refresh that is broken off. Then, where there is libfaketime, by tick() on a clock that the test sets, for that of background processes cannot be set:
# a day on which clocks are put back, and a server that was down.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::Local qw(timegm);

my $shop = q{
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total numeric, placed timestamptz);
CREATE INDEX ON orders (customer_id);
CREATE FUNCTION chance(a integer, b integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (hashint4(a * 1000 + b)::float8 + 2147483649) / 4294967298$$;
INSERT INTO customers SELECT i FROM generate_series(1, 300) AS i;
INSERT INTO orders
SELECT row_number() OVER (ORDER BY c, n), c, (2 - 15 * ln(chance(c, 901))) * -ln(chance(c, 500 + n) * chance(c, 600 + n)), now() + (at - 600) * interval '1 day'
FROM (SELECT c, n, c % 60 + COALESCE(sum(gap) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS at,
        bool_or(leaves) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS has_left
      FROM (SELECT c, n, ln(chance(c, n)) / (0.03 * ln(chance(c, 900))) AS gap, n > 1 AND chance(c, 100 + n) < chance(c, 902) ^ 2 AS leaves
            FROM generate_series(1, 299) AS c, generate_series(1, 60) AS n) AS o) AS o
WHERE has_left IS NOT TRUE AND at < 590;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed');
SELECT segmentation.forecast_source('orders', 'total');
SELECT segmentation.create_segment('dear', $$predicted_spend_tier = 'HIGH'$$);
SELECT segmentation.create_segment('many', 'count(orders) > 1000');
-- Counts refreshes that were committed, and makes them slow.
CREATE TABLE runs (at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE pace (seconds integer);
INSERT INTO pace VALUES (0);
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT seconds < 0 FROM public.pace) THEN RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'deadlock, as it were'; END IF;
  INSERT INTO public.runs DEFAULT VALUES; PERFORM pg_sleep(seconds) FROM public.pace; RETURN NULL;
END $$;
CREATE TRIGGER run AFTER INSERT ON segmentation.forecast_model EXECUTE FUNCTION run();
};
my $processes = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'segmentation forecasts'};
my $sleeping = "SELECT ($processes AND wait_event = 'PgSleep') = 1";
my $runs = 'SELECT count(*) FROM runs';
# Has it be due: today's time is past. Before that the worker has seen that the last one is over; else it takes it for one that could not begin, and waits.
my $due = q{SELECT pg_sleep(1.2); UPDATE segmentation.forecast_timing SET next_on = (now() AT TIME ZONE 'Europe/Sofia')::date, at = '00:00'};
# What was broken off is tried again after ten seconds.
my $while_ago = q{UPDATE segmentation.forecast_timing SET started_at = started_at - interval '10 s'};
my $over = 'SELECT next_at > now() AND finished_at >= started_at FROM segmentation.forecast_schedule';

my $node = PostgreSQL::Test::Cluster->new('forecasts');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'segmentation'\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', $shop);

# Has a refresh begin that takes long; returns its process.
sub begin_slowly
{
	my ($what) = @_;
	$node->safe_psql('shop', 'UPDATE pace SET seconds = 60');
	$node->safe_psql('shop', $due);
	ok($node->poll_query_until('shop', $sleeping), "$what: a slow refresh goes on");
	$node->safe_psql('shop', 'UPDATE pace SET seconds = 0');
	return $node->safe_psql('shop', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'segmentation forecasts'});
}

# At the time.
$node->safe_psql('shop', q{SELECT segmentation.schedule_forecasts(at => ((now() + interval '3 s') AT TIME ZONE 'Europe/Sofia')::time)});
is($node->safe_psql('shop', $runs), '0', 'not before the time');
ok($node->poll_query_until('shop', $over), 'the worker refreshes');
is($node->safe_psql('shop', q{SELECT r.at BETWEEN s.next_at - interval '1 day' AND s.next_at - interval '1 day' + interval '10 s' FROM segmentation.forecast_schedule AS s, runs AS r}),
	't', 'once, at the time');
is($node->safe_psql('shop', q{SELECT members BETWEEN 1 AND 299 FROM segmentation.segments WHERE name = 'dear'}), 't', 'members follow');
ok($node->poll_query_until('postgres', "SELECT ($processes) = 0"), 'its process ends');

# Beside the queue, and beside tick().
my $pid = begin_slowly('beside the queue');
$node->safe_psql('shop', q{SET segmentation.maintain = background; INSERT INTO orders SELECT 100000 + i, 1, 1, now() FROM generate_series(1, 1001) AS i});
ok($node->poll_query_until('shop', q{SELECT members = 1 FROM segmentation.segments WHERE name = 'many'}), 'the queue is worked off meanwhile');
is($node->safe_psql('shop', q{SELECT started_at > finished_at AND next_at < now() FROM segmentation.forecast_schedule}), 't', 'the view tells that it goes on');
$node->safe_psql('shop', q{SET statement_timeout = '20 s'; CALL segmentation.tick()});
is($node->safe_psql('shop', "SELECT pg_sleep(2); $processes"), "\n1", 'nobody begins another one');

# Cancelled: that is an error.
$node->safe_psql('shop', "SELECT pg_cancel_backend($pid)");
ok($node->poll_query_until('shop', q{SELECT last_error = 'canceling statement due to user request' AND error_at > started_at AND next_at > now() FROM segmentation.forecast_schedule}),
	'one that is cancelled is not tried again before its next time');
is($node->safe_psql('shop', $runs), '1', 'and has written nothing');
like(slurp_file($node->logfile), qr/WARNING:  forecasts could not be refreshed: canceling statement due to user request/, 'the log tells');

# Out of the way.
begin_slowly('out of the way');
is($node->psql('postgres', 'ALTER DATABASE shop RENAME TO store'), 0, 'a database is renamed in the middle of a refresh');
$node->safe_psql('store', $while_ago);
is($node->psql('postgres', 'CREATE DATABASE copy TEMPLATE store'), 0, 'and copied');
is($node->psql('postgres', 'ALTER DATABASE store RENAME TO shop'), 0, 'and named back');
ok($node->poll_query_until('shop', $over), 'the refresh is made afterwards');
ok($node->poll_query_until('copy', $over), 'in the copy as well');
is($node->safe_psql($_, $runs), '2', "once in $_") for qw(shop copy);
is($node->psql('postgres', 'DROP DATABASE copy'), 0, 'the copy is dropped');

# A refresh by hand.
my $by_hand = $node->background_psql('shop');
$by_hand->query_safe('BEGIN; CALL segmentation.refresh_forecasts()');
$node->safe_psql('shop', $due);
is($node->safe_psql('shop', "SELECT pg_sleep(2); $processes"), "\n0", 'it is waited for');
$by_hand->query_safe('COMMIT');
$by_hand->quit;
ok($node->poll_query_until('shop', $over), 'and followed');
is($node->safe_psql('shop', $runs), '4', 'by one');

# After a crash, and where nothing was done for days.
$pid = begin_slowly('a crash');
kill 'KILL', $pid;
for (1 .. 300)
{
	last if $node->psql('shop', 'SELECT 1') == 0;
	select undef, undef, undef, 0.1;
}
$node->safe_psql('shop', $while_ago);
ok($node->poll_query_until('shop', $over), 'what a crash has ended is done afterwards');
is($node->safe_psql('shop', $runs), '5', 'once');
$node->append_conf('postgresql.conf', 'segmentation.worker = off');
$node->restart;
$node->safe_psql('shop', "$due; UPDATE segmentation.forecast_timing SET next_on = next_on - 3");

# No room: ours, the server's launcher of subscriptions, and the worker.
$node->append_conf('postgresql.conf', "segmentation.worker = on\nmax_worker_processes = 3");
$node->restart;
ok($node->poll_query_until('shop', q{SELECT last_error LIKE 'no process could be had for it: raise max_worker_processes%' AND next_at < now() FROM segmentation.forecast_schedule}),
	'where no process can be had the view tells, and it stays due');
is($node->safe_psql('shop', $runs), '5', 'nothing was done');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
ok($node->poll_query_until('shop', $over), 'with room it is done');
is($node->safe_psql('shop', "SELECT pg_sleep(2); $runs"), "\n6", 'once for all days that were missed');

# Bad luck is no error.
$node->safe_psql('shop', "UPDATE pace SET seconds = -1; $due");
ok($node->poll_query_until('shop', "SELECT tries = 1 AND ($processes) = 0 AND next_on <= (now() AT TIME ZONE 'Europe/Sofia')::date AND error_at < started_at FROM segmentation.forecast_timing"),
	'one that loses in a deadlock stays due');
$node->safe_psql('shop', "SELECT pg_sleep(1.2); UPDATE pace SET seconds = 0; $while_ago");
ok($node->poll_query_until('shop', $over), 'and is tried again');

# With the extension.
begin_slowly('with the extension');
$node->safe_psql('shop', q{SET client_min_messages = warning; SET statement_timeout = '20 s'; DROP EXTENSION segmentation CASCADE});
is($node->safe_psql('postgres', $processes), '0', 'a refresh ends with the extension');
$node->stop;

SKIP:
{
	my ($library) = glob('/usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1');
	skip 'no libfaketime to set a clock with', 1 unless defined $library && -e $library;
	my $clock = $node->basedir . '/clock';
	# The clock goes on from there.
	my $set = sub {
		my ($y, $m, $d, $h, $min, $s) = @_;
		append_to_file("$clock.new", sprintf("%+d\n", timegm($s, $min, $h, $d, $m - 1, $y) - time));
		rename "$clock.new", $clock or die $!;
	};
	my $start = sub {
		my ($what) = @_;
		local %ENV = (%ENV, LD_PRELOAD => $library, FAKETIME_TIMESTAMP_FILE => $clock, FAKETIME_NO_CACHE => 1, FAKETIME_DONT_FAKE_MONOTONIC => 1, FAKETIME_DISABLE_SHM => 1);
		$what->start;
	};
	my $dated = PostgreSQL::Test::Cluster->new('dated');
	$dated->init;
	$dated->append_conf('postgresql.conf', 'autovacuum = off');
	# 03:30 comes twice in Sofia on the 25th, at 00:30 and at 01:30 UTC; the second is standard time.
	$set->(2026, 10, 24, 0, 0, 0);
	$start->($dated);
	$dated->safe_psql('postgres', 'CREATE DATABASE shop');
	$dated->safe_psql('shop', $shop . q{SELECT segmentation.schedule_forecasts(at => '03:30')});
	my $is = sub {
		my ($count, $what) = @_;
		is($dated->safe_psql('shop', "CALL segmentation.tick(); CALL segmentation.tick(); $runs"), $count, $what);
	};
	$set->(2026, 10, 24, 0, 29, 30);
	$is->(0, 'not before the time');
	$set->(2026, 10, 24, 0, 30, 1);
	$is->(1, 'at the time');
	$set->(2026, 10, 25, 0, 35, 0);
	$is->(1, 'not at the first 03:30 of the day on which clocks are put back');
	$set->(2026, 10, 25, 1, 30, 1);
	$is->(2, 'but at the second');
	$set->(2026, 10, 26, 1, 29, 30);
	$is->(2, 'not again that day');
	$set->(2026, 10, 26, 1, 30, 1);
	$is->(3, 'on the next');
	$dated->stop;
	$set->(2026, 10, 30, 12, 0, 0);
	$start->($dated);
	$is->(4, 'once after four days without a server');
	$set->(2026, 10, 31, 1, 29, 30);
	$is->(4, 'no more');
	$set->(2026, 10, 31, 1, 30, 1);
	$is->(5, 'and at the next time as before');
	$dated->stop;
}
done_testing();
