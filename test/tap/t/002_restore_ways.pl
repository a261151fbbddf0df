# Every way of pg_dump and pg_restore by a superuser: the same segments come back, and go on.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use BackupShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_backup_shop('backup');
my $before = facts($node, 'shop');
# How often anybody was in a segment that is not being built.
my $settled = q{SELECT count(*) FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name NOT IN ('coming', 'changing')};
my $stays = $node->safe_psql('shop', $settled);
isnt($before->{$_}, '', "there are $_ before") foreach qw(members history queue triggers dependencies), 'event triggers';
is($before->{difference}, '', 'members are right before');

# What is kept of customer 1 is made that of customer 9, who has spent nothing.
my $lie = q{UPDATE segmentation.state AS s SET measures = o.measures FROM segmentation.state AS o WHERE s.customer_id = 1 AND o.customer_id = 9;
SELECT count(*) FROM segmentation.state WHERE customer_id IN (1, 9) AND measures IS NOT NULL};
is($node->safe_psql('shop', $lie), '2', 'measures are kept');

my $base = $node->basedir;
my $jobs = "$base/jobs";
try_command($node, 'custom', 'pg_dump', '-Fc', '-f', "$base/custom", 'shop');
try_command($node, 'directory', 'pg_dump', '-Fd', '-j2', '-f', $jobs, 'shop');
try_command($node, 'plain', 'pg_dump', '-f', "$base/plain", 'shop');
try_command($node, 'data', 'pg_dump', '--data-only', '--disable-triggers', '-Fc', '-f', "$base/data", 'shop');

# Each way: steps, and what is to be said of them.
my @ways = (
	[ 'custom', [ [ 'pg_restore', '--exit-on-error', "$base/custom" ] ] ],
	[ 'parallel', [ [ 'pg_restore', '-j2', $jobs ] ] ],
	[ 'plain', [ [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$base/out", "--file=$base/plain" ] ] ],
	# The extension's own statements hold the locks of a definition, so that nothing tells the restore from one.
	[ 'single', [ [ 'pg_restore', '--single-transaction', "$base/custom" ] ], unnoticed => 1 ],
	[ 'sections', [ map { [ 'pg_restore', '--exit-on-error', "--section=$_", "$base/custom" ] } qw(pre-data data post-data) ] ],
	[ 'parts', [ map { [ 'pg_restore', '--exit-on-error', "--$_", "$base/custom" ] } qw(schema-only data-only) ], waits => 1 ],
	[ 'untriggered', [ [ 'pg_restore', '--schema-only', "$base/custom" ], [ 'pg_restore', '--data-only', '--disable-triggers', '-j2', $jobs ] ] ]);
for my $way (@ways)
{
	my ($name, $steps, %options) = @$way;
	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER shop");
	try_command($node, $name, @$_[0 .. $#$_ - 1], '-d', $name, $_->[-1]) foreach @$steps;
	is_restored($node, $name, $before, $name);
	# Her kept measures are another's: to be judged by them would throw her out.
	$node->safe_psql($name, q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 1, '2024-06-03')});
	is($node->safe_psql($name, q{SELECT segmentation.is_member('rich', 1)}), 't', "$name: kept measures are not believed");
	follows_orders($node, $name, $name, %options);
}

# Into the database that it came from: the same place, and not to be believed either. Dropping what segments read is refused, so the
# extension goes first. (pg_dump cannot drop the constraints of partitions.)
$node->safe_psql('shop', q{DROP EXTENSION segmentation CASCADE; DROP TABLE web.orders});
$node->command_ok([ 'pg_restore', '--clean', '--if-exists', '--exit-on-error', '-d', 'shop', "$base/custom" ], 'clean restore');
is_restored($node, 'shop', $before, 'clean');
$node->safe_psql('shop', q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 1, '2024-06-03')});
is($node->safe_psql('shop', q{SELECT segmentation.is_member('rich', 1)}), 't', 'clean: kept measures are not believed');
follows_orders($node, 'shop', 'clean');

# That they would be, where they are of this database: the test above can fail.
$node->safe_psql('shop', q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 0, '2024-06-03'), (9, 0, '2024-06-03')});
is($node->safe_psql('shop', $lie), '2', 'measures are kept again');
$node->safe_psql('shop', q{INSERT INTO web.orders (customer_id, total, created_at) VALUES (1, 1, '2024-06-03')});
is($node->safe_psql('shop', q{SELECT segmentation.is_member('rich', 1)}), 'f', "a database's own measures are believed");

# While data comes in, neither a worker nor tick gets in between; nor in the session that restores does a commit.
$node->safe_psql('postgres', 'CREATE DATABASE slow OWNER shop');
try_command($node, 'slow', 'pg_restore', '--schema-only', '-d', 'slow', "$base/custom");
my $script = slurp_file("$base/plain");
my $data = join '', $script =~ /^(COPY (?:segmentation|web)\..*?^\\\.\n)/msg;
my $session = $node->background_psql('slow', on_error_stop => 1);
my ($definitions, $rest) = $data =~ /^(.*?)(^COPY segmentation\.membership .*)$/ms;
ok(defined $rest, 'the dump was cut in two');
# A file, since psql's COPY takes its rows from where the commands come from.
append_to_file("$base/first.sql", $definitions . join('', $rest =~ /^(COPY segmentation\.segment .*?^\\\.\n)/ms));
$rest =~ s/^COPY segmentation\.segment .*?^\\\.\n//ms;
append_to_file("$base/second.sql", $rest);
$session->query_safe("\\i $base/first.sql");
$node->safe_psql('slow', 'SELECT segmentation.start_worker()');
my ($out, $err) = ('', '');
$node->psql('slow', 'CALL segmentation.tick()', stdout => \$out, stderr => \$err);
like($err, qr/the queue waits for the restore by the session with PID/, 'tick waits for a restore');
$node->psql('slow', q{CALL segmentation.build_segment('rich')}, stdout => \$out, stderr => \$err);
like($err, qr/the session with PID \d+ is restoring segments/, 'and building refuses');
$node->safe_psql('slow', q{INSERT INTO web.customers VALUES (1000, 'city 9')});
select undef, undef, undef, 2.5;
is($node->safe_psql('slow', 'SELECT count(*) FROM segmentation.membership'), '0', 'so does the worker, and a commit');
$node->safe_psql('slow', q{DELETE FROM web.customers WHERE id = 1000});
$session->query_safe("\\i $base/second.sql");
$session->quit;
ok($node->poll_query_until('slow', q{SELECT restored_at IS NULL AND queued = 0 AND NOT EXISTS (SELECT FROM segmentation.alteration) FROM segmentation.status}),
	'the worker judges everyone when it has ended');
is($node->safe_psql('slow', 'SELECT * FROM segmentation.verify()'), '', 'members are right');
# One was queued when the dump was made.
is($node->safe_psql('slow', $settled), $stays + 1, 'and nobody came or left for the restore');

$node->stop;
done_testing();
