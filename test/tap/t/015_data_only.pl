# Data restored without its triggers, into a shop with live segments: status tells, and the queue mends. And a restored database
# guards the columns that its definitions read.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shop');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
CREATE EXTENSION segmentation;
CREATE TABLE customers (id integer PRIMARY KEY, city text, born date);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, total numeric(12,2), tax numeric, note text);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'city ' || i % 7 FROM generate_series(1, 200) AS i;
INSERT INTO orders SELECT i, 1 + i % 150, i % 97, 1 FROM generate_series(1, 1000) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id');
SELECT segmentation.bind_column('orders', 'gross', 'total + tax');
SELECT segmentation.create_segment('spent', 'sum(orders.gross) > 300');
SELECT segmentation.create_segment('none', 'orders NOT MATCHES ()');
SELECT segmentation.create_segment('both', $$segments CONTAINS 'spent' AND memberships MATCHES (segment = 'none')$$);
});
my $dump = $node->basedir . '/shop.dump';
$node->command_ok([ 'pg_dump', '--format=custom', '-f', $dump, 'shop' ], 'dump');
my $wrong = 'SELECT count(*) FROM segmentation.verify()';
my $told = q{SELECT regexp_replace(interruptions::text, '\d{4}-\d\d-\d\d [\d:.]+[+-]\d\d', 'T', 'g') FROM segmentation.status};
my $missed = 'a trigger was disabled, and changes were missed; members may be wrong until the queue is worked off or segmentation.refresh_all() has run';

# A session of the application that was there before, with its plan, and is there after.
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('shop') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
sub ask
{
	my ($sql) = @_;
	$out = '';
	$in .= "$sql;\n\\echo done\n";
	$session->pump until $out =~ /^done$/m;
	return $out =~ s/done\n//r;
}
ask('PREPARE buy AS INSERT INTO orders VALUES ($1, $2, 400, 1)');
ask('EXECUTE buy(2000, 160)');
is($node->safe_psql('shop', $wrong), '0', 'members are right to begin with');

$node->safe_psql('shop', 'TRUNCATE orders');
is($node->safe_psql('shop', q{SELECT members FROM segmentation.segments WHERE name = 'spent'}), '0', 'all orders are lost');
$node->command_ok([ 'pg_restore', '--data-only', '--disable-triggers', '--table=orders', '-d', 'shop', $dump ], 'they are restored without triggers');
is($node->safe_psql('shop', $told), qq({"public.orders since T until T: $missed"}), 'status tells of it');
isnt($node->safe_psql('shop', $wrong), '0', 'verify finds what is missing');
is($node->safe_psql('shop', 'SELECT count(*) FILTER (WHERE pending) = count(*) FROM segmentation.verify()'), 't', 'all of it is pending');
ask('EXECUTE buy(2001, 160)');
ask('EXECUTE buy(2002, 1)');
ask('EXECUTE buy(2003, 151)');
$node->safe_psql('shop', 'CALL segmentation.tick()');
is($node->safe_psql('shop', $wrong), '0', 'a tick mends it');
is($node->safe_psql('shop', $told), '{}', 'and status is silent again');
is($node->safe_psql('shop', q{SELECT members > 0 FROM segmentation.segments WHERE name = 'spent'}), 't', 'there are members');
ask('EXECUTE buy(2004, 152)');
is(ask(q{SELECT segmentation.segments_of(152)}), "both\nspent\n", 'the session goes on being captured');
is($node->safe_psql('shop', $wrong), '0', 'and members stay right');

# As tools do that write as a replica, in the old session.
ask('SET session_replication_role = replica');
ask('EXECUTE buy(2005, 153)');
is($node->safe_psql('shop', $wrong), '0', 'written as a replica');
ask('RESET session_replication_role');

# The triggers are disabled while a transaction is under way, and by another session.
ask('BEGIN');
ask('EXECUTE buy(2006, 154)');
my ($waited) = $node->psql('shop', q{SET lock_timeout = '200ms'; ALTER TABLE orders DISABLE TRIGGER USER});
isnt($waited, 0, 'who disables waits for writers');
ask('COMMIT');
$node->safe_psql('shop', 'ALTER TABLE orders DISABLE TRIGGER USER');
ask('EXECUTE buy(2007, 155)');
$node->safe_psql('shop', 'ALTER TABLE orders ENABLE TRIGGER USER');
ask('EXECUTE buy(2008, 156)');
$node->safe_psql('shop', 'CALL segmentation.tick()');
is($node->safe_psql('shop', $wrong), '0', 'the plan of before follows');
ask('EXECUTE buy(2009, 155)');
is($node->safe_psql('shop', $wrong), '0', 'and on what was missed, too');
is($err, '', 'the session saw no error');
$in .= "\\q\n";
$session->finish;

# A restored database: triggers as they were, the guard as it was, an interruption still told of.
$node->safe_psql('shop', 'ALTER TABLE orders DISABLE TRIGGER USER');
$node->command_ok([ 'pg_dump', '--format=custom', '-f', $dump, 'shop' ], 'dump with disabled triggers');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', 'copy', $dump ], 'restore');
like($node->safe_psql('copy', $told), qr/^\{"public.orders since T: a trigger was disabled/, 'an interruption is carried along');
is($node->safe_psql('copy', q{SELECT string_agg(tgenabled::text, '' ORDER BY tgrelid::regclass::text) FROM pg_trigger
	WHERE tgname LIKE 'segmentation%' AND tgfoid = 'segmentation._capture'::regproc}), 'AAAADDDDAAAA', 'so is how triggers are enabled');
$node->safe_psql('copy', 'INSERT INTO orders VALUES (3000, 157, 1000, 1); ALTER TABLE orders ENABLE TRIGGER USER; CALL segmentation.tick()');
is($node->safe_psql('copy', $wrong), '0', 'enabled, it is mended');
for my $ddl ('ALTER TABLE orders DROP COLUMN tax', 'ALTER TABLE orders ALTER total TYPE text', 'DROP TABLE orders')
{
	my ($failed, undef, $why) = $node->psql('copy', $ddl);
	isnt($failed, 0, "refused after a restore: $ddl");
	like($why, qr/because segments need it\n.*used by segment "both", segment "spent", computed column "orders.gross"/s, 'with names');
}
$node->safe_psql('copy', 'ALTER TABLE orders DROP COLUMN note; ALTER TABLE customers DROP COLUMN born');
is($node->safe_psql('copy', $wrong), '0', 'what nothing reads may go');

# A copy by CREATE DATABASE guards as well.
$node->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE copy');
my ($failed) = $node->psql('twin', 'ALTER TABLE orders DROP COLUMN tax');
isnt($failed, 0, 'refused in a copy by CREATE DATABASE');

# In a database of another encoding there can be no rules, and tables come and go.
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('latin', q{
CREATE EXTENSION segmentation;
CREATE TABLE plain (id integer, name text);
ALTER TABLE plain ALTER name TYPE integer USING 1, DROP COLUMN id;
DROP TABLE plain;
});
is($node->safe_psql('latin', q{SELECT to_regclass('plain') IS NULL}), 't', 'tables go where there can be no rules');

$node->stop;
done_testing();
