# The worker that start_worker() starts: works the queue off by itself, is restarted when it dies, and goes when it is told to.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('worker');
$node->append_conf('postgresql.conf', 'log_min_messages = warning');
# Many at once start one: whoever comes second goes again.
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'segmentation worker'};
append_to_file($node->basedir . '/start.sql', "SELECT segmentation.start_worker();\n");
$node->command_ok([ 'pgbench', '-n', '-c', 6, '-t', 1, '-f', $node->basedir . '/start.sql', '-h', $node->host, '-p', $node->port, 'shop' ], 'many start one');
my $pid = $node->safe_psql('shop', 'SELECT segmentation.start_worker()');
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), $pid, 'status names the worker');
ok($node->poll_query_until('shop', "SELECT ($workers) = 1"), 'the others go');
sleep 6; # a worker that dies is started again after five seconds
is($node->safe_psql('shop', $workers), '1', 'for good');
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), $pid, 'the first stays');

$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total + 10});
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM segmentation.dirty'), 'the worker works the queue off');
is($node->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', 'members are right');

# It is woken: looking once a second it would need half a second for most of these. The server tells, since programs take their time to start.
$node->safe_psql('shop', q{
  CREATE PROCEDURE wait_for_worker(id integer, INOUT seconds numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
  DECLARE
    started timestamptz;
  BEGIN
    UPDATE orders AS o SET total = o.total + 1 WHERE o.id = wait_for_worker.id;
    COMMIT;
    started := clock_timestamp();
    LOOP
      EXIT WHEN NOT EXISTS (SELECT FROM segmentation.dirty) OR clock_timestamp() > started + interval '1 minute';
      PERFORM pg_sleep(0.002);
    END LOOP;
    seconds := extract(epoch FROM clock_timestamp() - started);
  END $$});
my @waits = sort { $a <=> $b } map { $node->safe_psql('shop', "SET segmentation.maintain = background; CALL wait_for_worker($_)") } 1 .. 15;
cmp_ok($waits[7], '<', 0.3, 'the worker is woken by what is queued');

# One of them is enough; ticks beside it and a load do no harm.
is($node->safe_psql('shop', 'SELECT segmentation.start_worker()'), $pid, 'there is one worker');
my $load = start_load($node);
$node->safe_psql('shop', join(';', ('CALL segmentation.tick()') x 50));
end_load($load);
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM segmentation.dirty'), 'worker and ticks work the queue off');
is($node->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', 'members are right with a worker and ticks beside a load');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'no process died');

# Killed in the middle of its work.
$load = start_load($node);
$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total - 10});
kill 'KILL', $pid;
end_load($load);
wait_for_server($node);
ok($node->poll_query_until('shop', 'SELECT worker IS NOT NULL FROM segmentation.status'), 'a worker is back after a while');
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM segmentation.dirty'), 'and works the queue off');
is($node->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', 'members are right after a killed worker');

# A migration that has a table and wants the views' functions, beside a worker that waits for the table.
my $migration = $node->background_psql('shop');
$migration->query_safe('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
$node->safe_psql('shop', q{INSERT INTO segmentation.dirty (binding_id, value) SELECT b.id, '7' FROM segmentation.binding AS b WHERE b.name = 'customers'});
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'segmentation worker' AND wait_event_type = 'Lock'}),
	'the worker waits for a migration');
$migration->query_safe('ALTER TABLE customers RENAME city TO town; ALTER TABLE customers RENAME town TO city; COMMIT');
$migration->quit;
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM segmentation.dirty'), 'and works on after it');
unlike(slurp_file($node->logfile), qr/deadlock/, 'which did not wait for it');

# Nothing is preloaded here: it keeps others from renaming and dropping its database, until it is told to end, or by force.
for my $statement ('ALTER DATABASE shop RENAME TO store', 'DROP DATABASE shop')
{
	my (undef, undef, $error) = $node->psql('postgres', $statement);
	like($error, qr/is being accessed by other users/, "$statement fails beside a worker");
}
$node->safe_psql('shop', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'segmentation worker'});
ok($node->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'segmentation worker'}), 'workers end when told to');
# A worker that died is back after five seconds.
sleep 7;
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), '', 'and do not come back');
$node->safe_psql('shop', 'SELECT segmentation.start_worker()');
$node->safe_psql('shop', 'SET client_min_messages = warning; DROP EXTENSION segmentation CASCADE');
ok($node->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'segmentation worker'}), 'a worker ends with the extension');
# Rolled back it is there again; dropped it goes at once, even in the middle of its work.
$node->safe_psql('shop', 'DROP FUNCTION oracle; ' . $CrashShop::segments);
$pid = $node->safe_psql('shop', 'SELECT segmentation.start_worker()');
$node->safe_psql('shop', 'SET client_min_messages = warning; BEGIN; DROP EXTENSION segmentation CASCADE; ROLLBACK');
ok($node->poll_query_until('shop', "SELECT worker IS NOT NULL AND worker <> $pid FROM segmentation.status"), 'another one comes where DROP EXTENSION is rolled back');
$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total + 10; UPDATE lines SET quantity = quantity + 1});
$node->safe_psql('shop', 'SET client_min_messages = warning; DROP EXTENSION segmentation CASCADE');
ok($node->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'segmentation worker'}), 'none comes where it is not');
unlike(slurp_file($node->logfile), qr/deadlock/, 'nobody waited for another');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION segmentation');
$node->safe_psql('other', 'SELECT segmentation.start_worker()');
$node->safe_psql('postgres', 'DROP DATABASE other WITH (FORCE)');
sleep 6;
unlike(slurp_file($node->logfile), qr/database .* does not exist/, 'a worker whose database is dropped by force is gone for good');

done_testing();
