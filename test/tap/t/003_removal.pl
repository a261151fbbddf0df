# Taking the extension away, or the roles that own its parts: refused where it would take more along than is said, and the shop always goes on.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use BackupShop;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_backup_shop('removal');

# Returns what a statement that must fail says.
sub refusal
{
	my ($database, $sql) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql($database, $sql, stdout => \$out, stderr => \$err), 0, "$sql: refused");
	return $err;
}
my $triggers = q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'segmentation%'};

# Without CASCADE nothing goes.
like(refusal('shop', 'DROP EXTENSION segmentation'), qr/table segmentation\.membership depends on.*HINT:  Use DROP \.\.\. CASCADE/s, 'it says what would go, and how');
like(refusal('shop', "DROP SCHEMA $_ CASCADE"), qr/HINT:  You can drop extension segmentation instead/, 'it names the extension') foreach qw(segmentation segments);
cmp_ok($node->safe_psql('shop', $triggers), '>=', 20, 'all triggers are there');

# What is worth keeping is copied first; then all goes, also under sessions that have written.
$node->safe_psql('postgres', 'CREATE DATABASE gone TEMPLATE shop OWNER shop');
$node->safe_psql('gone', 'CREATE TABLE web.segment_history AS SELECT s.name, h.* FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id');
my $writer = $node->background_psql('gone', on_error_stop => 1);
$writer->query_safe(q{SET ROLE shop; PREPARE tag AS INSERT INTO web.tags VALUES ($1, 'vip'); EXECUTE tag(20); BEGIN; EXECUTE tag(21)});
my ($out, $err) = ('', '');
isnt($node->psql('gone', q{SET lock_timeout = '200ms'; DROP EXTENSION segmentation CASCADE}, stdout => \$out, stderr => \$err), 0, 'who has written is waited for');
like($err, qr/lock timeout/, 'as for any DDL of his tables');
$writer->query_safe('COMMIT');
is($node->safe_psql('gone', q{SELECT segmentation.is_member('vip', 21)}), 't', 'his commit judged');
# Rows noted before it in the same transaction are nobody's afterwards.
$node->safe_psql('gone', q{BEGIN; SET client_min_messages = warning; SAVEPOINT s; INSERT INTO web.tags VALUES (24, 'vip'); RELEASE s;
	DROP EXTENSION segmentation CASCADE; INSERT INTO web.tags VALUES (25, 'vip'); COMMIT});
$writer->query_safe('EXECUTE tag(22)');
is($node->safe_psql('gone', q{SELECT string_agg(customer_id::text, ' ' ORDER BY customer_id) FROM web.tags WHERE customer_id BETWEEN 20 AND 25}), '20 21 22 23 24 25', 'all were written');
is($node->safe_psql('gone', $triggers), '0', 'no trigger is left');
is($node->safe_psql('gone', q{SELECT count(*) FROM pg_namespace WHERE nspname IN ('segmentation', 'segments')}), '0', 'nor a view, function or table');
is($node->safe_psql('gone', 'SELECT count(*) FROM pg_event_trigger'), '0', 'nor an event trigger');
cmp_ok($node->safe_psql('gone', 'SELECT count(*) FROM web.segment_history'), '>', 500, 'what was copied is there');
$node->safe_psql('gone', q{CREATE EXTENSION segmentation; SELECT segmentation.bind_customers('web.customers'); SELECT segmentation.bind_set('tags', 'web.tags', 'customer_id', 'tag');
	SELECT segmentation.create_segment('vip', $$tags CONTAINS 'vip'$$)});
$writer->query_safe('EXECUTE tag(26)');
is($node->safe_psql('gone', q{SELECT segmentation.is_member('vip', 26)}), 't', 'made again, it works in sessions that had the old one');
$writer->quit;
is($node->safe_psql('gone', 'SELECT * FROM segmentation.verify()'), '', 'and is right');

# The shop's owner is replaced.
$node->safe_psql('postgres', 'CREATE DATABASE reassigned TEMPLATE shop OWNER shop');
$node->safe_psql('reassigned', q{CREATE ROLE heir; REASSIGN OWNED BY shop TO heir; DROP OWNED BY shop});
is($node->safe_psql('reassigned', q{SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'segments'::regnamespace
	OR oid IN ('segmentation.membership'::regclass, 'segmentation.state'::regclass, 'web.orders'::regclass)}), 'heir', 'members and views go with the shop');
$node->safe_psql('reassigned', q{SET ROLE heir; INSERT INTO web.tags VALUES (14, 'vip'); DELETE FROM web.tags WHERE customer_id = 23});
is($node->safe_psql('reassigned', q{SELECT segmentation.is_member('vip', 14), segmentation.is_member('vip', 23)}), 't|f', "an heir's orders move members");
$node->safe_psql('reassigned', 'CALL segmentation.tick()');
is($node->safe_psql('reassigned', 'SELECT * FROM segmentation.verify()'), '', 'all are right');

# The extension's owner is replaced, by another superuser only.
$node->safe_psql('postgres', 'CREATE ROLE chief SUPERUSER LOGIN; CREATE ROLE successor SUPERUSER; CREATE DATABASE chiefs OWNER chief');
$node->safe_psql('chiefs', q{SET SESSION AUTHORIZATION chief; CREATE EXTENSION segmentation; SET client_min_messages = warning;
	CREATE TABLE customers (id integer PRIMARY KEY, city text); ALTER TABLE customers OWNER TO shop;
	SELECT segmentation.bind_customers('customers'); SELECT segmentation.create_segment('here', 'city = ''here''')});
like(refusal('chiefs', 'REASSIGN OWNED BY chief TO shop'), qr/must be a superuser|permission denied to change owner of event trigger/, 'no other role may own event triggers');
$node->safe_psql('chiefs', 'REASSIGN OWNED BY chief TO successor');
$node->safe_psql('chiefs', q{SET ROLE shop; INSERT INTO customers VALUES (1, 'here')});
is($node->safe_psql('chiefs', q{SELECT segmentation.is_member('here', 1), (SELECT count(*) FROM segmentation.verify())}), 't|0', 'its successor keeps members right');
like(refusal('chiefs', 'DROP OWNED BY successor'), qr/cannot drop desired object/, 'DROP OWNED does not take the members along by itself');
$node->safe_psql('chiefs', 'SET client_min_messages = warning; DROP OWNED BY successor CASCADE');
$node->safe_psql('chiefs', q{SET ROLE shop; INSERT INTO customers VALUES (2, 'here')});
is($node->safe_psql('chiefs', $triggers), '0', 'with CASCADE it does, and no trigger dangles');

# The customers' owner goes with all he has; what others own goes on, and can be bound anew.
$node->safe_psql('postgres', 'CREATE DATABASE orphaned OWNER shop');
$node->safe_psql('orphaned', q{CREATE EXTENSION segmentation; SET client_min_messages = warning;
	CREATE TABLE customers (id integer PRIMARY KEY, city text); INSERT INTO customers SELECT i, 'here' FROM generate_series(1, 30) AS i;
	CREATE TABLE carts (id integer PRIMARY KEY, customer_id integer); CREATE INDEX ON carts (customer_id); GRANT SELECT ON carts TO shop;
	ALTER TABLE customers OWNER TO shop;
	SELECT segmentation.bind_customers('customers'); SELECT segmentation.bind_source('carts', 'carts', 'customer_id');
	SELECT segmentation.create_segment('has cart', 'carts MATCHES (count >= 1)'); SELECT segmentation.create_segment('here', 'city = ''here''');
	INSERT INTO carts VALUES (1, 1); DROP OWNED BY shop CASCADE; INSERT INTO carts VALUES (2, 2); UPDATE carts SET customer_id = 3 WHERE id = 1});
like($node->safe_psql('orphaned', 'SELECT broken_because FROM segmentation.status'), qr/relation of binding "customers" no longer exists/, 'status says what is gone');
$node->safe_psql('orphaned', q{SET client_min_messages = warning; SELECT segmentation.drop_segment('here');
	CREATE TABLE customers (id integer PRIMARY KEY, city text); INSERT INTO customers SELECT i, 'here' FROM generate_series(1, 30) AS i;
	SELECT segmentation.bind_customers('customers', replace => true); CALL segmentation.tick(); INSERT INTO carts VALUES (4, 4)});
is($node->safe_psql('orphaned', q{SELECT string_agg(id::text, ' ' ORDER BY id) FROM segments."has cart"}), '2 3 4', 'bound anew, members are right');
is($node->safe_psql('orphaned', 'SELECT * FROM segmentation.verify()'), '', 'no difference');

$node->stop;
done_testing();
