# Segments are built while a load goes on, and the server dies in the middle: the walk goes on where it stood, an altered segment keeps
# its members until the new ones are complete, and in the end the members are what the rows say.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_shop('build');
my $define = q{SET client_min_messages = warning;
SELECT segmentation.create_segment('socks', $$lines MATCHES (category = 'sock')$$, wait => false);
SELECT segmentation.alter_segment('many', 'orders MATCHES (count >= 3)', wait => false);};

# Starts a build that comes to customer 150, whom somebody holds; returns the clients.
sub start_build
{
	my ($segment) = @_;
	my $holder = $node->background_psql('shop', on_error_stop => 0);
	$holder->query_safe('BEGIN; SELECT segmentation.refresh(150)');
	my $builder = $node->background_psql('shop', on_error_stop => 0);
	$builder->query_safe(q{SET segmentation.build_batch = 1; SET client_min_messages = warning});
	my $pid = $builder->query_safe('SELECT pg_backend_pid()');
	$builder->query_until(qr/begun/, "\\echo begun\nCALL segmentation.build_segment('$segment');\n");
	ok($node->poll_query_until('shop', q{SELECT judged = 149 FROM segmentation.walk ORDER BY id LIMIT 1}), "the walk for $segment is on its way");
	return ($holder, $builder, $pid);
}

my $load = start_load($node);
$node->safe_psql('shop', $define);
end_load($load);
my $old = $node->safe_psql('shop', q{SELECT rule FROM segmentation.segments WHERE name = 'many'});
my ($holder, $builder, $pid) = start_build('socks');
kill 'KILL', $pid;
eval { $_->quit; } for $holder, $builder;
wait_for_server($node);
is($node->safe_psql('shop', q{SELECT judged || ' ' || position FROM segmentation.walk}), '149 149', 'a killed build stands where it was');
is($node->safe_psql('shop', q{SELECT string_agg(name || ' ' || status, ', ' ORDER BY name) FROM segmentation.segments WHERE status <> 'live'}),
	'many building, socks building', 'nothing has become live');
is($node->safe_psql('shop', q{SELECT rule FROM segmentation.segments WHERE name = 'many'}), $old, 'the altered one has its old rule');
is($node->safe_psql('shop', q{SELECT count(*) FROM segmentation.verify('many') WHERE NOT pending}), '0', 'and the members of that');

# It goes on, beside the load.
$load = start_load($node);
$node->safe_psql('shop', q{SET segmentation.build_batch = 7; CALL segmentation.build_segment('socks')});
is($node->safe_psql('shop', q{SELECT status FROM segmentation.segments WHERE name = 'socks'}), 'live', 'the next call completes it');
end_load($load);
$node->safe_psql('shop', 'CALL segmentation.tick()');
is($node->safe_psql('shop', 'SELECT count(*) FROM segmentation.builds'), '0', 'nothing is left to build');
is_right($node, 'members are right after a build with a crash');

# The postmaster dies while an alteration is written; the worker completes it.
$load = start_load($node);
$node->safe_psql('shop', q{SET client_min_messages = warning; SELECT segmentation.alter_segment('many', 'orders MATCHES (count >= 5)', wait => false)});
end_load($load);
($holder, $builder, $pid) = start_build('many');
$node->kill9;
kill 'KILL', $pid; # who is let go before noticing that the postmaster is gone would complete it
eval { $_->quit; } for $holder, $builder;
sleep 2;
$node->start;
is($node->safe_psql('shop', q{SELECT status FROM segmentation.segments WHERE name = 'many'}), 'building', 'it is still to be done after the restart');
$node->safe_psql('shop', 'SELECT segmentation.start_worker()');
ok($node->poll_query_until('shop', q{SELECT status = 'live' AND rule::text = 'orders MATCHES (count >= 5)' FROM segmentation.segments WHERE name = 'many'}),
	'the worker completes it');
is_right($node, 'members are right after a killed postmaster');

# A copy of the database in the middle of a build has all of it.
$node->safe_psql('shop', $define =~ s/socks/coats/r =~ s/sock/coat/r);
$node->safe_psql('shop', q{SELECT pg_terminate_backend(worker) FROM segmentation.status WHERE worker IS NOT NULL});
my $dump = "$PostgreSQL::Test::Utils::tmp_check/build.sql";
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-f', $dump, 'shop' ], 'it is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'copy', '-o', '/dev/null', '-f', $dump ], 'and restored');
$node->safe_psql('copy', 'CALL segmentation.tick()');
is($node->safe_psql('copy', q{SELECT string_agg(status, ', ') FROM segmentation.segments WHERE name IN ('many', 'coats')}), 'live, live', 'the copy completes it');
is($node->safe_psql('copy', 'SELECT count(*) FROM segmentation.verify()'), '0', 'and is right');

done_testing();
