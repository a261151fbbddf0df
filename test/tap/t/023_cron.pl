# pg_cron as the clock: it calls tick() each minute as a role of level admin, where no worker runs. Two calls of one minute share the
# work, and do nothing twice. They refresh forecasts when that is due.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $runs = q{SELECT count(*) FILTER (WHERE status = 'succeeded'), count(*) FILTER (WHERE status = 'failed') FROM cron.job_run_details};

# Returns a server on which pg_cron calls tick() twice each minute, and something is queued; how it runs its jobs is up to the caller.
sub make_clock
{
	my ($name, $home, $setting) = @_;
	my $node = make_shop($name);
	if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0')
	{
		$node->stop;
		plan skip_all => 'pg_cron is not installed';
	}
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = '$home'\ncron.host = '" . $node->host . "'\n$setting");
	$node->restart;
	$node->safe_psql($home, 'CREATE EXTENSION pg_cron; CREATE ROLE clock LOGIN; GRANT USAGE ON SCHEMA cron TO clock');
	$node->safe_psql('shop', q{SELECT segmentation.grant_access('clock', 'admin')});
	for my $job (qw(one two))
	{
		$node->safe_psql($home, $home eq 'shop' ? "SET ROLE clock; SELECT cron.schedule('$job', '* * * * *', 'CALL segmentation.tick()')"
			: "SELECT cron.schedule_in_database('$job', '* * * * *', 'CALL segmentation.tick()', 'shop', 'clock')");
	}
	# Forecasts that are due.
	$node->safe_psql('shop', q{SELECT segmentation.forecast_source('orders', 'total'); SELECT segmentation.schedule_forecasts(); UPDATE segmentation.forecast_timing SET next_on = next_on - 2});
	# More than a batch; each customer moves, so that what is done twice shows in the history.
	$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total * 3; INSERT INTO tags SELECT i, 'vip' FROM generate_series(1, 200) AS i});
	return $node;
}

my %clocks = (sessions => make_clock('sessions', 'shop', ''), workers => make_clock('workers', 'postgres', "cron.use_background_workers = on\nmax_worker_processes = 20"));
for my $name (sort keys %clocks)
{
	my $node = $clocks{$name};
	my $home = $name eq 'sessions' ? 'shop' : 'postgres';
	for (1 .. 130)
	{
		last if $node->safe_psql($home, $runs) !~ /^[01]\|0$/;
		sleep 1;
	}
	is($node->safe_psql($home, $runs), '2|0', "$name: both calls were made, and succeeded");
	$node->safe_psql($home, q{SELECT cron.unschedule(jobid) FROM cron.job});
	is($node->safe_psql('shop', 'SELECT worker, queued, ticked_at IS NOT NULL FROM segmentation.status'), '|0|t', "$name: the queue is worked off, without a worker");
	is($node->safe_psql('shop', 'SELECT next_at > now() AND GREATEST(finished_at, error_at) > started_at FROM segmentation.forecast_schedule'), 't', "$name: forecasts that were due have had their turn");
	is($node->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', "$name: members are right");
	is($node->safe_psql('shop', q{SELECT count(*) FROM (SELECT segment_id, customer_id FROM segmentation.membership_history GROUP BY 1, 2 HAVING count(*) > 1) AS twice}), '0',
		"$name: nobody entered or left twice");
}

# A role that may not.
my $node = $clocks{sessions};
my (undef, undef, $error) = $node->psql('shop', q{ SELECT segmentation.grant_access('clock', 'edit'); SET ROLE clock; CALL segmentation.tick()});
like($error, qr/permission denied for procedure tick/, 'level edit does not do');

$_->stop for values %clocks;
done_testing();
