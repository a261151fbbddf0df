# Following changes(): the worker tells listeners, a consumer who keeps only his cursor and his copy loses nothing and gets nothing twice while the server
# is killed under load, a standby can be read, and a restored copy refuses the cursor.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('changes', allows_streaming => 1);
$node->safe_psql('shop', 'CALL segmentation.tick()');

# A consumer: where he is, whom he has, and what was wrong with what he was told.
my ($cursor, %copy, @wrong) = (0);

sub follow
{
	my ($from) = @_;
	my $read = 0;
	while (my $told = ($from || $node)->safe_psql('shop', "SELECT cursor, change, segment, customer FROM segmentation.changes($cursor, 100)"))
	{
		for my $line (split /\n/, $told)
		{
			my ($at, $change, $segment, $customer) = split /\|/, $line;
			push @wrong, "cursor $at after $cursor" if $at <= $cursor;
			push @wrong, "$customer $change $segment twice" if ($change eq 'entered') == exists $copy{"$segment|$customer"};
			if ($change eq 'entered') { $copy{"$segment|$customer"} = 1 } else { delete $copy{"$segment|$customer"} }
			$cursor = $at;
			++$read;
		}
	}
	return $read;
}

sub is_followed
{
	my ($what) = @_;
	my $stored = $node->safe_psql('shop', q{SELECT s.name || '|' || m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id});
	is(join("\n", @wrong, sort keys %copy), join("\n", sort split /\n/, $stored), $what);
}

cmp_ok(follow(), '>', 100, 'all members have entered');
is_followed('and are the copy');

# The worker tells.
my $listener = $node->background_psql('shop');
$listener->query('LISTEN segmentation');
$node->safe_psql('shop', q{
	INSERT INTO customers VALUES (5000, 'city 3');
	DO $$DECLARE pid integer := segmentation.start_worker(); BEGIN END$$});
ok($node->poll_query_until('shop', "SELECT count(*) = 2 FROM segmentation.changes($cursor)"), 'the worker puts in order what is committed');
my $position = $node->safe_psql('shop', 'SELECT segmentation.changes_position()');
my $heard = '';
for (1 .. 50)
{
	$heard .= $listener->query('SELECT 1');
	last if $heard =~ /payload/;
	select undef, undef, undef, 0.1;
}
like($heard, qr/notification "segmentation" with payload "$position"/, 'and tells listeners up to where');
$listener->quit;
is(follow(), 2, 'which is what can be read');

# The server is killed with the consumer in the middle; then with a transaction prepared, which comes after what is committed before its end.
$node->append_conf('postgresql.conf', 'synchronous_commit = off');
$node->reload;
for my $round (1 .. 2)
{
	my $load = start_load($node);
	for (1 .. 6) { follow(); select undef, undef, undef, 0.1; }
	$node->stop('immediate');
	end_load($load);
	$node->start;
	follow();
}
$node->safe_psql('shop', 'CALL segmentation.tick()') for 1 .. 2;
follow();
is_followed('nothing was lost by crashes, and nothing told twice');
$node->safe_psql('shop', q{BEGIN; INSERT INTO customers VALUES (5001, 'city 3'); PREPARE TRANSACTION 'p'});
$node->stop('immediate');
$node->start;
$node->safe_psql('shop', q{INSERT INTO tags VALUES (5000, 'vip'); DELETE FROM customers WHERE id = 5000});
$node->safe_psql('shop', 'CALL segmentation.tick()');
is(follow(), 2, 'others go on beside a prepared transaction');
$node->safe_psql('shop', q{COMMIT PREPARED 'p'});
$node->safe_psql('shop', 'CALL segmentation.tick()');
is(follow(), 2, 'and it is told when it has ended');
is_followed('all right');

# A standby, where nothing can be written.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('shop', q{INSERT INTO customers VALUES (5002, 'city 3')});
$node->safe_psql('shop', 'CALL segmentation.tick()');
$node->wait_for_catchup($standby);
is(follow($standby), 2, 'a standby tells');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$node->safe_psql('shop', q{INSERT INTO customers VALUES (5003, 'city 3')});
$node->safe_psql('shop', 'CALL segmentation.tick()');
is(follow(), 2, 'who has read the primary');
is(follow($standby), 0, 'finds nothing on a standby that is behind');
is_followed('and all is there');
$standby->stop;

# A copy is another database.
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $node->basedir . '/shop.dump', '-h', $node->host, '-p', $node->port, 'shop' ], 'a dump');
$node->command_ok([ 'pg_restore', '-d', 'copy', '-h', $node->host, '-p', $node->port, $node->basedir . '/shop.dump' ], 'and its restore');
my (undef, undef, $error) = $node->psql('copy', "SELECT * FROM segmentation.changes($cursor)");
like($error, qr/ERROR:  changes after cursor $cursor are not kept any more/, 'which refuses the cursor');
$cursor = $node->safe_psql('copy', 'SELECT segmentation.changes_position()');
(undef, undef, $error) = $node->psql('shop', "SELECT * FROM segmentation.changes($cursor)");
like($error, qr/ERROR:  cursor $cursor is not one of this database/, 'as the shop does one of its copy');
$node->safe_psql('copy', 'CALL segmentation.tick()');
$node->safe_psql('copy', q{INSERT INTO customers VALUES (5004, 'city 3')});
$node->safe_psql('copy', 'CALL segmentation.tick()');
is($node->safe_psql('copy', "SELECT count(*) FROM segmentation.changes($cursor) AS c WHERE c.customer = 5004"), '2', 'and goes on by its own');
$node->stop;
done_testing();
