# Shared lists beyond one session: through dump and restore, on a standby, beside readers who keep their transactions open, and what of them the
# log tells that no client sees.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shop');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "synchronous_commit = on\nlog_statement = all");
$node->start;
$node->safe_psql('postgres', q{CREATE ROLE guest LOGIN; CREATE DATABASE shop});
$node->safe_psql('shop', q{
SET client_min_messages = warning;
CREATE EXTENSION segmentation;
CREATE TABLE customers (id integer PRIMARY KEY, city text, email text);
INSERT INTO customers SELECT i, 'city ' || i % 3, 'c' || i FROM generate_series(1, 30) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.create_segment('first', $$city = 'city 1'$$),
  segmentation.grant_access('guest', 'shared')});
my @guest = (extra_params => [ '-U', 'guest' ]);
my ($token, $other) = map { $node->safe_psql('shop', $_) } q{SELECT segmentation.share('first', '1 day', '{email}')}, q{SELECT segmentation.share('first', '1 day', '{city}')};
my $count = sub { return "SELECT count(*) FROM segmentation.shared('$_[0]')" };
is($node->safe_psql('shop', $count->($token), @guest), '10', 'a guest reads');

# Uses are appended: who has read and goes on with his transaction keeps nobody waiting, and learns of a revocation all the same.
my $slow = $node->background_psql('shop', @guest, on_error_stop => 0);
$slow->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($slow->query_safe($count->($token)), '10', 'one in a transaction');
is($node->safe_psql('shop', "SET statement_timeout = '20s'; " . $count->($token), @guest), '10', 'another beside him');
is($slow->query_safe($count->($other)), '10', 'he reads another');
is($node->safe_psql('shop', q{SET statement_timeout = '20s'; SELECT segmentation.revoke_share('first', 2)}), '1', 'which is revoked');
my ($stdout, $failed) = $slow->query($count->($other));
like($slow->{stderr}, qr/no list is shared by this token/, 'and not for his snapshot any more');
$slow->quit;
is($node->safe_psql('shop', 'SELECT uses FROM segmentation.shares WHERE id = 1'), '2', 'what was rolled back is not counted');

# A session that has plans printed sees its own alone.
my (undef, undef, $printed) = $node->psql('shop', 'SET client_min_messages = debug5; SET debug_print_parse = on; SET debug_print_plan = on; ' . $count->($token), @guest);
like($printed, qr/LOG:  plan:.*aliasname shared/s, 'plans are printed');
unlike($printed, qr/aliasname (?:m|customers) |segment_id|city/, 'and none of what is behind the call');

# Where an error arose has the statements behind the call.
my $holder = $node->background_psql('shop');
$holder->query_safe('BEGIN; LOCK TABLE customers');
my (undef, undef, $cut) = $node->psql('shop', "\\set VERBOSITY verbose\nSET lock_timeout = '100ms';\n" . $count->($token), @guest);
like($cut, qr/canceling statement due to lock timeout/, 'a guest gives up waiting');
unlike($cut, qr/CONTEXT|QUERY|customers|city/, 'and learns nothing of what he waited for');
$holder->quit;

# Dump and restore: tokens, uses and the role's level come along.
my $file = $node->basedir . '/shop.sql';
$node->command_ok([ 'pg_dump', '-f', $file, 'shop' ], 'dump');
unlike(slurp_file($file), qr/\Q$token\E/, 'the token is in no dump');
$node->safe_psql('postgres', 'CREATE DATABASE back');
$node->command_ok([ 'psql', '-Xqv', 'ON_ERROR_STOP=1', '-d', 'back', '-f', $file ], 'restore');
my $state = 'SELECT id, segment, columns, uses, is_good FROM segmentation.shares ORDER BY id';
is($node->safe_psql('back', $state), $node->safe_psql('shop', $state), 'the same lists are shared');
is($node->safe_psql('back', $count->($token), @guest), '10', 'the token is good there, too');
is(($node->psql('back', $count->($other), @guest))[0], 3, 'one that was revoked is not');
like($node->safe_psql('back', q{SELECT segmentation.share('first', '1 day')}), qr/^[\w-]{43}$/, 'and more are shared');

# What a guest is not told stands in the log.
$node->safe_psql('shop', 'ALTER TABLE customers DROP COLUMN email');
my $from = -s $node->logfile;
my (undef, undef, $stderr) = $node->psql('shop', "SET client_min_messages = debug1;\nSELECT segmentation.shared(" . "'$token')", @guest);
like($stderr, qr/ERROR:  no list is shared by this token/, 'a list that cannot be read');
unlike($stderr, qr/email|first/, 'whatever he wants to be told');
my $log = slurp_file($node->logfile, $from);
like($log, qr/LOG:  shared list 1 of segment "first" cannot be read: column "email" cannot be shown any more/, 'the log has why');
# Tokens stay out of it where they are parameters and log_parameter_max_length is 0.
$node->safe_psql('postgres', 'ALTER ROLE guest SET log_parameter_max_length = 0');
$token = $node->safe_psql('shop', q{SELECT segmentation.share('first', '1 day')});
$from = -s $node->logfile;
is($node->safe_psql('shop', "SELECT count(*) FROM segmentation.shared(\$1) \\bind '$token' \\g", @guest), '10', 'as a parameter') if $node->pg_version >= 16;
my $bench = $node->basedir . '/bench.sql';
append_to_file($bench, 'SELECT count(*) FROM segmentation.shared(:token);');
$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', '-t', '1', '-U', 'guest', '-D', "token=$token", '-f', $bench, 'shop' ], 'as a driver would');
$log = slurp_file($node->logfile, $from);
like($log, qr/shared\(\$1\)/, 'the statement is logged');
unlike($log, qr/\Q$token\E/, 'without the token');

# Where nothing can be noted nothing is given.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
for my $any ($token, 'unknown')
{
	(undef, undef, $stderr) = $standby->psql('shop', $count->($any), @guest);
	like($stderr, qr/ERROR:  cannot read a shared list in a read-only transaction/, 'a standby refuses');
}
$standby->stop;
$node->stop;
done_testing();
