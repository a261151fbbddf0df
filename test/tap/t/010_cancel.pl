# A session whose statement is cancelled wherever it stands goes on: what it had half read is read again.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('cancel');

# While the trigger waits for a bound relation to read the definitions.
my $holder = $node->background_psql('shop', on_error_stop => 0);
$holder->query_safe('BEGIN; TRUNCATE orders;');
my $writer = $node->background_psql('shop', on_error_stop => 0);
$writer->query("SET statement_timeout = '300ms'");
$writer->query("INSERT INTO tags VALUES (1, 'one')");
$holder->query_safe('COMMIT');
$writer->query('RESET statement_timeout');
$writer->query("INSERT INTO tags VALUES (2, 'vip')");
is($writer->query('SELECT string_agg(tag, $$,$$ ORDER BY tag) FROM tags'), 'vip', 'a session goes on after its first write was cancelled');
eval { $writer->quit; };
eval { $holder->quit; };
wait_for_server($node);
unlike(slurp_file($node->logfile), qr/terminated by signal/, 'no process died');
is_right($node, 'members are right');

# Under a load: cancels hit commits, waits and reads alike.
my $load = start_load($node, 4);
for my $round (1 .. 150)
{
	$node->safe_psql('shop', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbench' AND state = 'active'");
	$load = start_load($node, 4) if !$load->{run}->pumpable;
}
end_load($load);
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'no process died of being cancelled');
is_right($node, 'members are right after cancels');

done_testing();
