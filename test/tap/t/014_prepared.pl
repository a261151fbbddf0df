# A prepared transaction outlives a crash with its members written; segmentation.state, which kept others away from its
# customers, does not. The next orders of those customers and its end must still come to the right members.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('prepared');
for my $end ('COMMIT', 'ROLLBACK')
{
	for my $crash ('none', 'crash')
	{
		my $what = "$end PREPARED, " . ($crash eq 'none' ? 'no crash between' : 'a crash between');
		$node->safe_psql('shop', q{
			DELETE FROM lines WHERE order_id IN (SELECT id FROM orders WHERE customer_id IN (7, 8)); DELETE FROM orders WHERE customer_id IN (7, 8);
			INSERT INTO orders (customer_id, status, total, placed) VALUES (7, 'paid', 60, now()), (7, 'paid', 1, now()), (7, 'paid', 1, now() - interval '1 hour');});
		$node->safe_psql('shop', q{
			BEGIN;
			INSERT INTO orders (customer_id, status, total, placed) VALUES (8, 'open', 80, now()), (8, 'open', 80, now());
			UPDATE orders SET customer_id = 8 WHERE customer_id = 7 AND total = 60;
			PREPARE TRANSACTION 'p';});
		if ($crash eq 'crash')
		{
			$node->stop('immediate');
			$node->start;
		}
		# Whoever comes to these customers waits for its end, or is made right by it.
		my $writer = $node->background_psql('shop', on_error_stop => 0);
		$writer->query(q{SET lock_timeout = '500ms'});
		$writer->query(q{INSERT INTO orders (customer_id, status, total, placed) VALUES (8, 'paid', 30, now()), (8, 'paid', 30, now())});
		$writer->query(q{INSERT INTO orders (customer_id, status, total, placed) VALUES (7, 'paid', 90, now())});
		$node->safe_psql('shop', "$end PREPARED 'p'");
		eval { $writer->quit; };
		is_right($node, "members are right after $what");
	}
}

done_testing();
