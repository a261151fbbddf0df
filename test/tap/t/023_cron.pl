# pg_cron as the clock: it calls tick() each minute as a role of level admin, where no worker runs. Two calls of one minute share the
# work, and do nothing twice.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('cron');
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0')
{
	$node->stop;
	plan skip_all => 'pg_cron is not installed';
}
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'shop'\ncron.host = '" . $node->host . q{'});
$node->restart;
$node->safe_psql('shop', q{
CREATE EXTENSION pg_cron;
CREATE ROLE clock LOGIN;
GRANT USAGE ON SCHEMA cron TO clock;
SELECT segmentation.grant_access('clock', 'admin');
SET ROLE clock;
SELECT cron.schedule('one', '* * * * *', 'CALL segmentation.tick()');
SELECT cron.schedule('two', '* * * * *', 'CALL segmentation.tick()');
});
# Each customer moves in and out of segments, so that what is done twice shows in the history.
$node->safe_psql('shop', q{SET segmentation.maintain = background; UPDATE orders SET total = total * 3; INSERT INTO tags SELECT i, 'vip' FROM generate_series(1, 200) AS i});
my $runs = q{SELECT count(*) FILTER (WHERE status = 'succeeded'), count(*) FILTER (WHERE status = 'failed') FROM cron.job_run_details};
for (1 .. 180)
{
	last if $node->safe_psql('shop', $runs) =~ /^([2-9]|\d\d)\|/;
	sleep 1;
}
is($node->safe_psql('shop', $runs), '2|0', 'both calls were made, and succeeded');
is($node->safe_psql('shop', 'SELECT worker, queued, ticked_at IS NOT NULL FROM segmentation.status'), '|0|t', 'the queue is worked off, without a worker');
is($node->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', 'members are right');
is($node->safe_psql('shop', q{SELECT count(*) FROM (SELECT segment_id, customer_id FROM segmentation.membership_history GROUP BY 1, 2 HAVING count(*) > 1) AS twice}), '0',
	'nobody entered or left twice');
$node->safe_psql('shop', q{SELECT cron.unschedule(jobid) FROM cron.job});

# A role that may not.
my (undef, undef, $error) = $node->psql('shop', q{SET ROLE clock; RESET ROLE; SELECT segmentation.grant_access('clock', 'edit'); SET ROLE clock; CALL segmentation.tick()});
like($error, qr/permission denied for procedure tick/, 'level edit does not do');

$node->stop;
done_testing();
