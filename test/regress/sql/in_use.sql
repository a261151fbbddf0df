-- What altering, dropping and archiving a segment that is in use say, in which words.
SET client_min_messages = notice;
CREATE TABLE customers (id integer PRIMARY KEY, city text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total numeric);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'c' || i % 5 FROM generate_series(1, 40000) AS i;
INSERT INTO orders SELECT i, i % 90, i FROM generate_series(1, 500) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');
SELECT segmentation.create_segment('vip', 'id <= 20') > 0;
SELECT segmentation.alter_segment('vip', 'id <= 21');
SELECT segmentation.use_segment('vip', 'campaign: spring sale');
SELECT segmentation.create_segment('gold', 'segments CONTAINS ''vip''') > 0;
SELECT segmentation.create_segment('platinum', 'segments CONTAINS ''gold''') > 0;
-- In one pass that is made anyway, and members are what it said.
SELECT segmentation.alter_segment('vip', 'id BETWEEN 4 AND 22');
SELECT name, members FROM segmentation.segments;
-- Nothing changes by other words.
SELECT segmentation.alter_segment('vip', 'id between 4 and 22');
SELECT segmentation.create_segment('vip', 'id BETWEEN 4 AND 23', replace => true) > 0;
-- In several passes, and where they are made behind the gate.
ANALYZE customers;
SET segmentation.build_memory = '1MB';
SELECT segmentation.alter_segment('vip', 'id BETWEEN 2 AND 24 AND orders MATCHES (count >= 1)');
RESET segmentation.build_memory;
BEGIN;
SELECT segmentation.alter_segment('vip', 'id <= 3');
SELECT segmentation.alter_segment('vip', 'id <= 2');
ROLLBACK;
SELECT segmentation.create_group('press') > 0;
SELECT segmentation.alter_segment('vip', 'memberships MATCHES (segment = ''press'')');
-- Pins stay.
SELECT segmentation.add_members('vip', 50);
SELECT segmentation.alter_segment('vip', 'id <= 2');
-- With batches: when it is asked for, and when it happens.
SELECT segmentation.alter_segment('vip', 'id <= 3', wait => false);
CALL segmentation.build_segment('vip');
SELECT segmentation.drop_segment('vip', cascade => true);
SELECT segmentation.create_segment('a', 'id < 3') > 0;
SELECT segmentation.use_segment('a', 'mail');
SELECT segmentation.drop_segment('a', cascade => true);
SELECT * FROM segmentation.segment_use;
SELECT segmentation.apply_definitions('{"segments": {"b": {"rule": "id < 4"}}}');
SELECT segmentation.use_segment('b', 'mail');
SELECT segmentation.apply_definitions('{"segments": {"b": {"rule": "id < 7"}}}');
-- What other changes of the same document have a part in is not counted.
SELECT segmentation.define_attribute('few', 'id < 3');
SELECT segmentation.apply_definitions('{"attributes": {"few": {"expression": "id < 2"}}, "segments": {"b": {"rule": "few"}}}');
-- A rule that does not check is told as ever.
\set VERBOSITY terse
SELECT segmentation.alter_segment('b', 'nobody < 3');
