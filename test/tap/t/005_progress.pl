# What a long refresh_all tells: lines to its own client, and its step to every other connection.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION segmentation;
  CREATE SCHEMA shop;
  CREATE TABLE shop.customers (id bigint PRIMARY KEY);
  CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric);
  CREATE INDEX ON shop.orders (customer_id);
  INSERT INTO shop.customers SELECT generate_series(1, 100);
  INSERT INTO shop.orders SELECT g, 1 + g % 100, g FROM generate_series(1, 10000) AS g;
  -- Slow rows: a build of some seconds on any machine.
  CREATE FUNCTION shop.slowly(total numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.0003); RETURN total; END $$;
  SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
  SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id');
  SELECT segmentation.bind_column('orders', 'slow', 'shop.slowly(total)');
  INSERT INTO segmentation.segment (name, rule) VALUES ('rich', 'sum(orders.slow) > 500000');
});

my ($out, $lines) = ('', '');
my $build = IPC::Run::start(
  [ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT segmentation.refresh_all()' ], '>', \$out, '2>', \$lines);

my %steps;
for (1 .. 600) {
  my $step = $node->safe_psql('postgres', 'SELECT step FROM segmentation.progress()');
  $steps{$step} = 1 if $step ne '';
  $build->pump_nb;
  last unless $build->pumpable;
  sleep 0.1;
}
$build->finish;

my @steps = sort keys %steps;
cmp_ok(scalar @steps, '>=', 3, 'another connection sees the build move');
is(scalar(grep { !/^orders: [\d,]+ rows read$/ } @steps), 0, 'in words: ' . ($steps[0] // ''));
like($lines, qr/^INFO:  orders: [\d,]+ rows read$/m, 'the client sees lines');
unlike($lines, qr/ERROR|WARNING/, 'and nothing else');
like($out, qr/^\d+$/, 'the build ended');
is($node->safe_psql('postgres', 'SELECT count(*) FROM segmentation.progress()'), '0', 'nothing is in progress afterwards');
is($node->safe_psql('postgres', 'SELECT count(*) FROM segmentation.verify()'), '0', 'the members are right');

# A build that is cancelled ends at once and leaves nothing behind.
$node->safe_psql('postgres', 'SET segmentation.maintain = background; UPDATE shop.orders SET total = 0');
my ($code, $stdout, $stderr) = $node->psql('postgres', q{SET statement_timeout = '500ms'; SELECT segmentation.refresh_all()});
like($stderr, qr/canceling statement due to statement timeout/, 'a timeout reaches the build');
is($node->safe_psql('postgres', 'SELECT segmentation.member_count(\'rich\')'), $out =~ s/\s+//r, 'and its members stay');

done_testing();
