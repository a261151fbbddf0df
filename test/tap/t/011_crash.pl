# The server dies in the middle of a load, in each way that there is: after its restart the members are what the rows say,
# although segmentation.state is gone, and stay so with the next orders.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('crash');
is_right($node, 'members are right to begin with');

my $load = start_load($node);
end_load($load);
is_right($node, 'members are right after a load that nothing disturbed');
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM segmentation.state'), '>', 50, 'customers have rows of state');

# One process, in the middle of its commit where one can be caught there.
for my $round (1 .. 3)
{
	$load = start_load($node);
	my $pid = '';
	for (1 .. 50)
	{
		$pid = $node->safe_psql('shop', q{SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench' AND state = 'active'
			AND query LIKE 'END%' LIMIT 1});
		last if $pid ne '';
	}
	kill 'KILL', $pid if $pid ne '';
	ok($pid ne '', "a process was killed at its commit, round $round");
	end_load($load);
	wait_for_server($node);
	is($node->safe_psql('shop', 'SELECT count(*) FROM segmentation.state'), '0', 'state is empty after the crash') if $round == 1;
	is_right($node, "members are right after a killed process, round $round");
}

# A few more orders over an empty state.
$load = start_load($node);
end_load($load);
is_right($node, 'members are right with the next orders');

$load = start_load($node);
$node->stop('immediate');
end_load($load);
$node->start;
is_right($node, 'members are right after an immediate stop');

$load = start_load($node);
$node->kill9;
end_load($load);
# Its children notice by themselves, but not at once.
sleep 2;
$node->start;
is_right($node, 'members are right after a killed postmaster');

# Between a claim and its commit: a tick's process.
$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total + 1; UPDATE customers SET city = city || '!'});
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM segmentation.dirty'), '>', 100, 'there is a queue');
my $ticker = $node->background_psql('shop', on_error_stop => 0);
$ticker->query_safe('BEGIN');
$ticker->query_safe('CALL segmentation.tick()');
kill 'KILL', $ticker->query_safe('SELECT pg_backend_pid()');
eval { $ticker->quit; };
wait_for_server($node);
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM segmentation.dirty'), '>', 100, 'what a killed tick had taken is there again');
is_right($node, 'members are right after a killed tick');

done_testing();
