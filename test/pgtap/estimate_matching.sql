-- Customers drawn by chance: the truth lies between the ends, of rules for few and for many, where customers who came together are alike, and where
-- some pages hold few since many are gone.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE customers (id integer, kind integer, padding text);
INSERT INTO customers SELECT i, i / 1000, repeat('x', i % 50) FROM generate_series(1, 80000) AS i;
DELETE FROM customers WHERE id % 3 = 0 AND id < 40000;
ALTER TABLE customers ADD PRIMARY KEY (id);
SELECT segmentation.bind_customers('customers', timezone => 'UTC') \g /dev/null
CREATE FUNCTION hits(rule text, draws integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  truth bigint := segmentation.count_matching(rule::segmentation.rule);
  found integer := 0;
BEGIN
  FOR i IN 1 .. draws LOOP
    found := found + (SELECT (truth BETWEEN p.low AND p.high)::integer FROM segmentation.preview(rule, exact => false, sample => 0) AS p);
  END LOOP;
  RETURN found;
END $$;
-- An interval holds the truth in 19 of 20 cases: of 12, 8 or fewer do once in 6,000 runs.
SELECT cmp_ok(hits(r, 12), '>=', 9, r) FROM unnest('{"kind < 3","id < 30000","id IN (1, 50000, 70000)","id > 0","kind IN (4, 40, 71)"}'::text[]) AS r;
SELECT ok(p.high BETWEEN 10 AND 200 AND p.low <= 3, 'three of all are no range of zero: ' || p::text) FROM segmentation.preview('id IN (1, 50000, 70000)', exact => false) AS p;
SELECT ok(p.high - p.low < 6000 AND p.low < p.high, 'and half of all are known well: ' || p::text) FROM segmentation.preview('kind < 40', exact => false, sample => 0) AS p;
SELECT ok(e.low <= e.estimate AND e.estimate <= e.high AND e.high < 80000, 'in little time something is known: ' || e::text) FROM segmentation.estimate_matching('kind < 40', '5 ms') AS e;
SELECT ok((SELECT min(s.estimate) = 26666 AND max(s.low) = 26666 FROM (SELECT e.* FROM segmentation.estimate_matching('id < 40000', '20 s') AS e) AS s), 'everyone is judged where there is time');
DELETE FROM customers WHERE id NOT IN (1, 79999);
SELECT ok(e.high >= 2 AND e.low <= 2, 'a table that is almost empty: ' || e::text) FROM segmentation.estimate_matching('id > 0') AS e;
DELETE FROM customers;
SELECT ok(e.low = 0 AND e.estimate = 0, 'one that is empty') FROM segmentation.estimate_matching('id > 0') AS e;

-- Partitions are drawn from alike, whatever their sizes.
SELECT segmentation.unbind('customers') \g /dev/null
CREATE TABLE parted (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (6000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (6000) TO (1000000);
INSERT INTO parted SELECT generate_series(1, 40000);
SELECT segmentation.bind_customers('parted', timezone => 'UTC') \g /dev/null
SELECT cmp_ok(hits(r, 12), '>=', 9, r || ', in partitions') FROM unnest('{id < 6000,id > 30000,id > 0}'::text[]) AS r;

-- Who stand at the same place of several partitions are neighbours, and no more likely to be drawn together: of 40, 32 or fewer do once in 400 runs.
SELECT segmentation.unbind('customers') \g /dev/null
CREATE TABLE spread (id bigint PRIMARY KEY) PARTITION BY HASH (id);
SELECT format('CREATE TABLE spread_%1$s PARTITION OF spread FOR VALUES WITH (MODULUS 16, REMAINDER %1$s)', i) FROM generate_series(0, 15) AS i \gexec
INSERT INTO spread SELECT generate_series(1, 40000);
SELECT segmentation.bind_customers('spread', timezone => 'UTC') \g /dev/null
SELECT cmp_ok(count(*) FILTER (WHERE 19999 BETWEEN e.low AND e.high), '>=', 33::bigint, 'neighbours in partitions')
FROM generate_series(1, 40) AS i, LATERAL (SELECT * FROM segmentation.estimate_matching('id < 20000', (20 + i % 1) * interval '1 ms')) AS e;
-- How many there are is known of a small table, however little time there is.
SELECT ok(bool_and(40000 BETWEEN e.low AND e.high), 'a last page that is not full')
FROM generate_series(1, 10) AS i, LATERAL (SELECT * FROM segmentation.estimate_matching('id > 0', (20 + i % 1) * interval '1 ms')) AS e;
SELECT finish();
