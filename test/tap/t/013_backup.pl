# A base backup taken under load, restored; and a restore to a point in time: the members are those of that moment.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('primary', has_archiving => 1, allows_streaming => 1);
my $load = start_load($node);
$node->backup('hot');
end_load($load);

my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init_from_backup($node, 'hot');
$copy->start;
is_right($copy, 'a copy from a backup under load is right');
my $again = start_load($copy);
end_load($again);
is_right($copy, 'and stays right with the next orders');
$copy->stop;

# A point in the middle of a load.
$load = start_load($node);
$node->safe_psql('shop', q{SELECT pg_create_restore_point('here')});
my $orders = $node->safe_psql('shop', 'SELECT max(id) FROM orders');
$node->poll_query_until('shop', "SELECT max(id) > $orders + 50 FROM orders");
end_load($load);
is_right($node, 'the primary is right');
$node->safe_psql('shop', 'SELECT pg_switch_wal()');
$node->poll_query_until('shop', 'SELECT archived_count > 0 AND last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 16 * 1024 * 1024) FROM pg_stat_archiver');
my $past = PostgreSQL::Test::Cluster->new('past');
$past->init_from_backup($node, 'hot', has_restoring => 1, standby => 0);
$past->append_conf('postgresql.conf', "recovery_target_name = 'here'\nrecovery_target_action = promote");
$past->start;
ok($past->poll_query_until('shop', 'SELECT NOT pg_is_in_recovery()'), 'restored to the point');
cmp_ok($past->safe_psql('shop', 'SELECT max(id) FROM orders'), '<', $node->safe_psql('shop', 'SELECT max(id) FROM orders'), 'which is before the end');
is_right($past, 'what is restored to a point is right');
$again = start_load($past);
end_load($again);
is_right($past, 'and stays right with the next orders');
$past->stop;

# A standby is promoted.
$node->backup('cold');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'cold', has_streaming => 1);
$standby->start;
$load = start_load($node);
end_load($load);
$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
is($standby->safe_psql('shop', q{SELECT count(*) FROM segmentation.members('many')}), $node->safe_psql('shop', q{SELECT count(*) FROM segmentation.members('many')}),
	'members can be read on a standby');
$node->stop('immediate');
$standby->promote;
is_right($standby, 'a promoted standby is right');
$again = start_load($standby);
end_load($again);
is_right($standby, 'and stays right with the next orders');

done_testing();
