# What time changes on a standby, where nothing can be written: the functions answer for now(), the tables show what is stored, and
# what would write says so.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('primary', allows_streaming => 1);
$node->safe_psql('shop', q{
	SET client_min_messages = error;
	SELECT segmentation.create_segment('hour', 'orders MATCHES (date > -1h)');
	SELECT segmentation.define_attribute('number_of_orders', 'count(orders)');
	CREATE ROLE reader LOGIN;
	SELECT segmentation.grant_access('reader', 'read')});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('shop', q{INSERT INTO orders (customer_id, status, total, placed) VALUES (7, 'paid', 1, now() - interval '1 hour' + interval '2 s')});
$node->wait_for_catchup($standby);
ok($standby->poll_query_until('shop', q{SELECT due = 1 AND lag > '0' FROM segmentation.status}), 'status tells who is due');
my $now = q{SELECT segmentation.is_member('hour', 7), EXISTS (SELECT FROM segmentation.segments_of(7) AS s WHERE s = 'hour'),
	EXISTS (SELECT FROM segmentation.members('hour') AS m WHERE m = 7)};
is($standby->safe_psql('shop', $now), 'f|f|f', 'the functions answer for now()');
is($standby->safe_psql('shop', $now, extra_params => [ '-U', 'reader' ]), 'f|f|f', 'who may read members is answered, too');
is($standby->safe_psql('shop', q{SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id
	WHERE s.name = 'hour' AND m.customer_id = 7}), '1', 'the tables show what is stored');
my $figures = q{SELECT members, share > 0, entered_1_day, (SELECT members FROM segmentation.segment_trend('hour', 2) ORDER BY day DESC LIMIT 1)
	FROM segmentation.segment_summary WHERE segment = 'hour'};
is($standby->safe_psql('shop', $figures, extra_params => [ '-U', 'reader' ]), $node->safe_psql('shop', $figures), 'segments in figures are read there');
$figures = q{SELECT orders, (SELECT array_agg(b ORDER BY b) FROM segmentation.breakdown('hour', 'number_of_orders') AS b)
	FROM segmentation.segment_summary WHERE segment = 'hour'};
is($standby->safe_psql('shop', $figures), $node->safe_psql('shop', $figures), 'orders and values, too');
for my $call ('CALL segmentation.tick()', 'SELECT segmentation.start_worker()')
{
	my (undef, undef, $error) = $standby->psql('shop', $call, timeout => 20);
	my ($name) = $call =~ /(\w+\(\))/;
	like($error, qr/ERROR:  cannot execute segmentation.\Q$name\E during recovery/, "$name says why it cannot");
}
$standby->promote;
$standby->safe_psql('shop', 'CALL segmentation.tick()');
is_right($standby, 'promoted it goes on');
$standby->stop;
$node->stop;
done_testing();
