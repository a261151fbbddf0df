# The worker that comes by itself, where the server loads the module at its start: with the server, with the extension and with
# its database, once, and out of the way of statements that need the database without sessions.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use CrashShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'segmentation worker'};
my $launcher = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'segmentation launcher'};
my $queue = q{SET segmentation.maintain = background; UPDATE orders SET total = total + 1 WHERE id % 7 = 0};
my $empty = 'SELECT count(*) = 0 FROM segmentation.dirty';

my $node = make_shop('launched', allows_streaming => 1);
is($node->safe_psql('postgres', $workers), '0', 'without preloading none comes');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'segmentation'\nlog_min_messages = warning");
$node->restart;

# Returns the worker of a database once there is one, and it is not $other.
sub worker_of
{
	my ($database, $other) = @_;
	for (1 .. 300)
	{
		my $pid = $node->safe_psql($database, 'SELECT worker FROM segmentation.status');
		return $pid if $pid ne '' && $pid ne ($other // '');
		select undef, undef, undef, 0.1;
	}
	return "no worker in $database";
}

# What is queued in a database gets done, rightly.
sub works
{
	my ($database, $what) = @_;
	$node->safe_psql($database, $queue);
	ok($node->poll_query_until($database, $empty), "$what: the queue is worked off");
	is($node->safe_psql($database, 'SELECT * FROM oracle() LIMIT 10'), '', "$what: members are right");
	return;
}

# Succeeds: a worker that does not go has it fail.
sub is_done
{
	my ($statement, $what) = @_;
	my ($code, undef, $error) = $node->psql('postgres', $statement);
	is("$code $error", '0 ', $what);
	return;
}

# With the server.
like(my $pid = worker_of('shop'), qr/^\d+$/, 'it comes with the server');
works('shop', 'after the start');
is($node->safe_psql('postgres', $workers), '1', 'none where there is no extension');
is($node->safe_psql('shop', 'SELECT segmentation.start_worker()'), $pid, 'start_worker() finds it');
is($node->safe_psql('shop', q{CREATE ROLE reader; SELECT segmentation.grant_access('reader', 'read'); SET ROLE reader; SELECT worker FROM segmentation.status}), "\n$pid", 'a reader sees it');
# By what whoever is told to end and comes back would be a second one.
sleep 1;
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), $pid, 'it stays');

# A launcher that knows nothing finds it at work.
$node->safe_psql('postgres', "SELECT pg_terminate_backend(($launcher))");
ok($node->poll_query_until('postgres', "SELECT ($launcher) IS NOT NULL"), 'the launcher comes back');
sleep 1;
is($node->safe_psql('postgres', $workers), '1', 'there is one worker');
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), $pid, 'the same as before');

# Told to end it comes back.
$node->safe_psql('shop', 'SELECT pg_terminate_backend(worker) FROM segmentation.status');
my $next = worker_of('shop', $pid);
like($next, qr/^\d+$/, 'it comes back after pg_terminate_backend');

# Killed, and with it the server's sessions; killed with the postmaster.
kill 'KILL', $next;
select undef, undef, undef, 0.2;
wait_for_server($node);
like(worker_of('shop'), qr/^\d+$/, 'and after a crash');
ok($node->poll_query_until('postgres', "SELECT ($workers) = 1"), 'once');
works('shop', 'after a crash');
$node->stop('immediate');
$node->start;
like(worker_of('shop'), qr/^\d+$/, 'after a crash of the whole server');
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
$pid = worker_of('shop');
kill 'KILL', $postmaster;
for (1 .. 100)
{
	last unless kill 0, $pid;
	select undef, undef, undef, 0.1;
}
ok(!(kill 0, $pid), 'it goes with the postmaster');
$node->{_pid} = undef;
unlink $node->data_dir . '/postmaster.pid';
$node->start;
like(worker_of('shop'), qr/^\d+$/, 'and comes with the next');
works('shop', 'after that');

# With a database, with the extension.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', $CrashShop::tables . $CrashShop::segments);
like(worker_of('second'), qr/^\d+$/, 'it comes with the extension');
works('second', 'in a second database');
works('shop', 'in the first');
$node->safe_psql('second', 'SET client_min_messages = warning; DROP EXTENSION segmentation CASCADE');
ok($node->poll_query_until('postgres', "SELECT ($workers) = 1"), 'it goes with the extension');
$node->safe_psql('second', 'DROP FUNCTION oracle; ' . $CrashShop::segments);
like(worker_of('second'), qr/^\d+$/, 'and comes again with that');
$node->safe_psql('second', 'SET client_min_messages = warning; BEGIN; DROP EXTENSION segmentation CASCADE; CREATE EXTENSION segmentation; COMMIT');
like(worker_of('second'), qr/^\d+$/, 'also where it is dropped and made at once');

# Rolled back it was none.
$node->safe_psql('postgres', 'CREATE DATABASE third');
$node->safe_psql('third', 'BEGIN; CREATE EXTENSION segmentation; ROLLBACK');
is($node->safe_psql('postgres', "$workers AND datname = 'third'"), '0', 'none comes with an extension that is rolled back');

# What needs a database without sessions.
$pid = worker_of('shop');
is_done('CREATE DATABASE copy TEMPLATE shop', 'a database with a worker is copied');
isnt(worker_of('copy'), worker_of('shop', $pid), 'the copy gets a worker, the first one its own');
works('copy', 'in the copy');
works('shop', 'beside the copy');
is_done('ALTER DATABASE copy RENAME TO renamed', 'one is renamed');
works('renamed', 'renamed');
mkdir $node->basedir . '/space' or die $!;
$node->safe_psql('postgres', sprintf q{CREATE TABLESPACE space LOCATION '%s'}, $node->basedir . '/space');
is_done('ALTER DATABASE renamed SET TABLESPACE space', 'one is moved');
works('renamed', 'moved');
# Also in the middle of its work.
$node->safe_psql('renamed', q{SET segmentation.maintain = background; UPDATE orders SET total = total + 1; UPDATE lines SET quantity = quantity + 1});
is_done('ALTER DATABASE renamed RENAME TO copy', 'one is renamed whose worker works');
works('copy', 'after that');
$node->safe_psql('copy', q{SET segmentation.maintain = background; UPDATE orders SET total = total + 1; UPDATE lines SET quantity = quantity + 1});
is_done('DROP DATABASE copy', 'one is dropped');
is_done('DROP DATABASE second WITH (FORCE)', 'one is dropped by force');
$node->safe_psql('postgres', 'DROP TABLESPACE space');
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE DATABASE kept TEMPLATE shop OWNER keeper');
like(worker_of('kept'), qr/^\d+$/, 'one of another owner has a worker');
is_done('SET ROLE keeper; DROP DATABASE kept', 'its owner, who may not end a superuser\'s session, drops it');
append_to_file($node->basedir . '/copy.sql', "CREATE DATABASE copy:client_id TEMPLATE shop;\n");
$node->command_ok([ 'pgbench', '-n', '-c', 2, '-t', 1, '-f', $node->basedir . '/copy.sql', '-h', $node->host, '-p', $node->port, 'postgres' ],
	'two copies are made at once');
like(worker_of($_), qr/^\d+$/, "$_ has a worker") for qw(copy0 copy1 shop);
is_done("DROP DATABASE $_", "$_ is dropped") for qw(copy0 copy1);
# A statement that fails leaves the worker.
my $reader = $node->background_psql('shop');
$reader->query_safe('SELECT 1');
isnt($node->psql('postgres', 'ALTER DATABASE shop RENAME TO store'), 0, 'a session keeps its database from being renamed');
$reader->quit;
works('shop', 'after that');
$pid = worker_of('shop');
$node->safe_psql('postgres', 'CREATE ROLE stranger CREATEDB LOGIN');
isnt($node->psql('postgres', 'DROP DATABASE shop', extra_params => [ '-U', 'stranger' ]), 0, 'a stranger may not drop it');
is($node->safe_psql('shop', 'SELECT worker FROM segmentation.status'), $pid, 'nor end its worker');
# Whoever may make databases copies a template.
$node->safe_psql('postgres', 'CREATE DATABASE model');
$node->safe_psql('model', 'CREATE EXTENSION segmentation');
like(worker_of('model'), qr/^\d+$/, 'a database has a worker before it is a template');
$node->safe_psql('postgres', 'ALTER DATABASE model IS_TEMPLATE true');
ok($node->poll_query_until('postgres', "SELECT ($workers AND datname = 'model') = 0"), 'and none as a template');
is($node->psql('postgres', 'CREATE DATABASE made TEMPLATE model', extra_params => [ '-U', 'stranger' ]), 0, 'a stranger copies it');
$node->safe_psql('model', 'DROP EXTENSION segmentation; CREATE EXTENSION segmentation');
is($node->psql('postgres', 'CREATE DATABASE made_too TEMPLATE model', extra_params => [ '-U', 'stranger' ]), 0, 'also where it has just got the extension');
is($node->safe_psql('postgres', "$workers AND datname = 'model'"), '0', 'which starts none there');
$node->safe_psql('postgres', 'ALTER DATABASE model IS_TEMPLATE false');
like(worker_of('model'), qr/^\d+$/, 'one comes when it is a template no more');
is_done("DROP DATABASE $_", "$_ is dropped") for qw(made made_too model);
# Whoever ended it may not have come to start it again: the launcher sees that.
kill 'USR2', $pid;
like(worker_of('shop', $pid), qr/^\d+$/, 'one that ended for good is missed');
# Where databases go, nobody tries to get in.
unlike(slurp_file($node->logfile), qr/FATAL: .*database .* does not exist/, 'no worker looks for a database that is gone');

# The settings of a database are for its sessions.
$node->safe_psql('postgres', "ALTER DATABASE shop SET $_")
  for 'default_transaction_read_only = on', q{default_transaction_isolation = 'serializable'}, q{statement_timeout = '1ms'}, q{lock_timeout = '1ms'},
  q{idle_in_transaction_session_timeout = '1ms'}, 'row_security = off', q{role = 'reader'}, q{search_path = 'nowhere'}, q{session_replication_role = 'replica'},
  ($node->safe_psql('postgres', 'SHOW server_version_num') >= 170000 ? q{transaction_timeout = '1ms'} : ());
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'segmentation worker'});
$node->safe_psql('postgres', q{SELECT pg_sleep(0.5)});
{
	local $ENV{PGOPTIONS} = '-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c row_security=on -c role=none -c search_path=public'
	  . ' -c idle_in_transaction_session_timeout=0 -c session_replication_role=origin -c default_transaction_isolation=read\ committed';
	$ENV{PGOPTIONS} .= ' -c transaction_timeout=0' if $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000;
	like(worker_of('shop', $pid), qr/^\d+$/, 'a worker comes whatever is set on its database');
	works('shop', 'whatever is set on the database');
}
$node->safe_psql('postgres', 'ALTER DATABASE shop RESET ALL');

# Switched off and on.
$pid = worker_of('shop');
$node->append_conf('postgresql.conf', 'segmentation.worker = off');
$node->reload;
ok($node->poll_query_until('postgres', "SELECT ($workers) = 0"), 'off: it goes');
my (undef, undef, $error) = $node->psql('shop', 'SELECT segmentation.start_worker()');
like($error, qr/segmentation\.worker is off/, 'off: none is started');
$node->restart;
is($node->safe_psql('postgres', "SELECT pg_sleep(1); $workers"), "\n0", 'off: none comes with the server');
$node->append_conf('postgresql.conf', 'segmentation.worker = on');
$node->reload;
like(worker_of('shop'), qr/^\d+$/, 'on: it comes');

# A standby has none until it is promoted.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "$workers; $launcher"), '0', 'a standby has no worker');
is($standby->safe_psql('shop', 'SELECT worker FROM segmentation.status'), '', 'and knows of none');
$standby->promote;
ok($standby->poll_query_until('shop', 'SELECT worker IS NOT NULL FROM segmentation.status'), 'promoted it has one');
$standby->safe_psql('shop', $queue);
ok($standby->poll_query_until('shop', $empty), 'which works');
is($standby->safe_psql('shop', 'SELECT * FROM oracle() LIMIT 10'), '', 'rightly');
$standby->stop;

# No room for it: that is said once, and it comes when there is.
$node->append_conf('postgresql.conf', 'max_worker_processes = 2'); # the launchers of ours and of subscriptions
$node->restart;
ok($node->poll_query_until('postgres', "SELECT ($launcher) IS NOT NULL"), 'the launcher has its place');
sleep 4;
my $shortage = () = slurp_file($node->logfile) =~ /could not start a worker in each database/g;
is($shortage, 1, 'where no worker has one, that is told once');
(undef, undef, $error) = $node->psql('third', 'CREATE EXTENSION segmentation');
like($error, qr/WARNING:  could not start a worker.*\nHINT:  Raise max_worker_processes/, 'who makes the extension is told');
unlike(slurp_file($node->logfile), qr/PANIC/, 'nothing panicked');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
works('shop', 'with room again');

$node->stop;
done_testing();
