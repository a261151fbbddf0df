# A database made of one with the extension as TEMPLATE, and one that is renamed: each has its own queue, worker and measures.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use BackupShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_backup_shop('copies');
my $before = facts($node, 'shop');
# Her kept measures are made those of one who has spent nothing.
$node->safe_psql('shop', q{UPDATE segmentation.state AS s SET measures = o.measures FROM segmentation.state AS o WHERE s.customer_id = 1 AND o.customer_id = 9});

foreach my $strategy (qw(wal_log file_copy))
{
	$node->safe_psql('postgres', "CREATE DATABASE copy_$strategy TEMPLATE shop STRATEGY $strategy OWNER shop");
	is_restored($node, "copy_$strategy", $before, $strategy);
	$node->safe_psql("copy_$strategy", q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 1, '2024-06-03')});
	is($node->safe_psql("copy_$strategy", q{SELECT segmentation.is_member('rich', 1)}), 't', "$strategy: kept measures are not believed");
	follows_orders($node, "copy_$strategy", $strategy, unnoticed => 1);
}
$node->safe_psql('shop', 'SELECT segmentation.start_worker()');
ok($node->poll_query_until('shop', 'SELECT queued = 0 FROM segmentation.status'), 'the first one has its own queue, and a worker');
isnt($node->psql('postgres', 'CREATE DATABASE busy TEMPLATE shop'), 0, 'no copy is made while a worker runs');
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'segmentation worker' AND datname = 'shop'});
$node->safe_psql('postgres', 'CREATE DATABASE quiet TEMPLATE shop');
select undef, undef, undef, 6.0; # a worker that dies is started again after five seconds
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), '', 'told to stop it has ended for good');
is($node->safe_psql('quiet', 'SELECT worker, (SELECT count(*) FROM segmentation.verify()) FROM segmentation.status'), '|0', 'but when it has been ended; the copy has none');
$node->safe_psql('quiet', 'SELECT segmentation.start_worker()');
$node->safe_psql('quiet', q{SET ROLE shop; SET segmentation.maintain = background; INSERT INTO web.tags VALUES (14, 'vip')});
ok($node->poll_query_until('quiet', q{SELECT segmentation.is_member('vip', 14)}), 'until one is started');
is($node->safe_psql('shop', q{SELECT segmentation.is_member('vip', 14)}), 'f', 'which leaves the first database alone');

# A renamed one is the same.
$node->safe_psql('copy_wal_log', q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (3, 1, '2024-06-03')});
my $kept = q{SELECT stamp IS NOT NULL AND measures IS NOT NULL FROM segmentation.state WHERE customer_id = 3};
is($node->safe_psql('copy_wal_log', $kept), 't', 'measures are kept');
$node->safe_psql('postgres', 'ALTER DATABASE copy_wal_log RENAME TO renamed');
$node->safe_psql('renamed', q{SELECT segmentation.start_worker(); SET ROLE shop; INSERT INTO web.tags VALUES (17, 'vip'); INSERT INTO web.orders (customer_id, total, created_at) VALUES (3, 500, '2024-06-03')});
is($node->safe_psql('renamed', q{SELECT segmentation.is_member('vip', 17), segmentation.is_member('rich', 3), worker IS NOT NULL FROM segmentation.status}), 't|t|t', 'a renamed database goes on');
is($node->safe_psql('renamed', 'SELECT * FROM segmentation.verify()'), '', 'and is right');

$node->stop;
done_testing();
