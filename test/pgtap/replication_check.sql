-- check_replication, and the triggers by which replicated rows are noted.
SET client_min_messages = error; -- of wal_level and of a subscription to nothing
SELECT no_plan();

CREATE TABLE customers (id bigint PRIMARY KEY, city text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, product_id integer, total numeric(10,2));
CREATE TABLE products (id integer PRIMARY KEY, category text);
CREATE TABLE visits (customer_id bigint, day date) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON visits (customer_id);
INSERT INTO customers VALUES (1, 'a');
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');
SELECT segmentation.bind_lookup('product', 'products', of => 'orders', key => 'product_id');
SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'day');
SELECT segmentation.create_segment('many', 'orders MATCHES (count >= 1)');

-- Triggers.
SELECT bag_eq(
  $$SELECT t.tgrelid::regclass::text, t.tgname::text, t.tgenabled::text FROM pg_catalog.pg_trigger AS t WHERE t.tgname IN ('segmentation_row', 'segmentation_truncate')
     AND t.tgrelid <> 'segmentation.by_hand'::regclass$$,
  $$VALUES ('customers', 'segmentation_row', 'R'), ('orders', 'segmentation_row', 'R'), ('products', 'segmentation_row', 'R'), ('visits_old', 'segmentation_row', 'R'),
    ('customers', 'segmentation_truncate', 'A'), ('orders', 'segmentation_truncate', 'A'), ('products', 'segmentation_truncate', 'A'), ('visits', 'segmentation_truncate', 'A'),
    ('visits_old', 'segmentation_truncate', 'A')$$,
  'tables and leaf partitions have a row trigger for replication, all have one for TRUNCATE');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
SELECT is((SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'visits_new'::regclass AND tgname = 'segmentation_row'), 'R', 'a new partition has it, too');
ALTER TABLE visits DETACH PARTITION visits_new;
SELECT hasnt_trigger('visits_new', 'segmentation_row', 'a detached one has not');
SELECT hasnt_trigger('visits_new', 'segmentation_truncate', 'nor one for TRUNCATE');
ALTER TABLE visits ATTACH PARTITION visits_new FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
SELECT is((SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'visits_new'::regclass AND tgname = 'segmentation_row'), 'R', 'an attached one has it again');
SELECT throws_ok('SELECT segmentation._capture_row()', '39P01', NULL, 'the trigger function cannot be called');
CREATE TABLE other (id integer);
CREATE TRIGGER t BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION segmentation._capture_row();
SELECT throws_ok('INSERT INTO other VALUES (1)', '39P01', NULL, 'nor fire before a row');
DROP TABLE other;
SET session_replication_role = replica;
INSERT INTO orders VALUES (1, 1, 1, 1);
RESET session_replication_role;
SELECT lives_ok('UPDATE orders SET total = 2', 'a session that took the role of a replica goes on');

-- The check on a subscriber. Two columns lack an index: orders.product_id, which leads from a product to orders, and the partitions have no key.
CREATE VIEW found AS SELECT severity, relation::text, problem FROM segmentation.check_replication() WHERE problem NOT LIKE '%wal_level%';
SELECT is_empty($$SELECT 1 FROM found WHERE severity = 'error'$$, 'nothing is wrong to begin with');
SELECT bag_eq($$SELECT relation, problem FROM found WHERE problem LIKE '%index' AND problem LIKE 'column%'$$,
  $$VALUES ('orders', 'column "product_id" has no index')$$, 'a link without an index is told');
CREATE INDEX ON orders (product_id);
SELECT is_empty($$SELECT 1 FROM found WHERE problem LIKE 'column%'$$, 'and not any more with one');
SELECT bag_eq($$SELECT relation FROM found WHERE problem = 'no subscription brings its rows'$$,
  $$VALUES ('customers'), ('orders'), ('products'), ('visits')$$, 'relations without a subscription are told');
SELECT is_empty($$SELECT 1 FROM found WHERE problem LIKE 'subscription%'$$, 'no subscription is disabled');
CREATE SUBSCRIPTION pgtap_check CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
SELECT bag_eq($$SELECT severity, problem FROM found WHERE problem LIKE 'subscription%'$$,
  $$VALUES ('error', 'subscription "pgtap_check" is disabled')$$, 'a disabled subscription is told');
DROP SUBSCRIPTION pgtap_check;
SELECT bag_eq($$SELECT severity, problem FROM found WHERE problem LIKE '%queue%'$$, $$VALUES ('warning', 'nothing works the queue off')$$, 'so is that nothing works the queue off');
CALL segmentation.tick();
SELECT is_empty($$SELECT 1 FROM found WHERE problem LIKE '%queue%'$$, 'a tick a moment ago will do');

ALTER TABLE orders DISABLE TRIGGER segmentation_row;
ALTER TABLE visits_old DISABLE TRIGGER segmentation_truncate;
DROP TRIGGER segmentation_row ON products;
SELECT bag_eq($$SELECT relation, problem FROM found WHERE severity = 'error'$$,
  $$VALUES ('orders', 'trigger "segmentation_row" does not fire for what is replicated'), ('visits_old', 'trigger "segmentation_truncate" does not fire for what is replicated'),
    ('products', 'trigger "segmentation_row" is missing')$$, 'triggers that are missing or do not fire are told');
SELECT is((SELECT hint FROM segmentation.check_replication() WHERE relation = 'orders'::regclass AND severity = 'error'),
  'ALTER TABLE public.orders ENABLE REPLICA TRIGGER segmentation_row;', 'with what helps');
ALTER TABLE orders ENABLE TRIGGER segmentation_row;
ALTER TABLE visits_old ENABLE TRIGGER segmentation_truncate;
SELECT segmentation.bind_lookup('product', 'products', of => 'orders', key => 'product_id', replace => true);
SELECT is_empty($$SELECT 1 FROM found WHERE severity = 'error'$$, 'enabled and bound again they fire as they should');

-- On a publisher.
CREATE PUBLICATION p FOR TABLE customers, orders;
SELECT is_empty($$SELECT 1 FROM found WHERE severity = 'error'$$, 'a publication of the shop''s tables is none of its business');
ALTER PUBLICATION p ADD TABLE visits;
SELECT bag_eq($$SELECT relation FROM found WHERE severity = 'error' AND problem = 'publication "p" sends its changes, and it has no replica identity'$$,
  $$VALUES ('visits_old'), ('visits_new')$$, 'a table whose updates would fail is told');
DROP PUBLICATION p;
CREATE PUBLICATION p FOR ALL TABLES;
SELECT bag_eq($$SELECT problem FROM found WHERE severity = 'error' AND relation IS NULL$$,
  $$VALUES ('publication "p" sends the extension''s own tables')$$, 'a publication of all tables is told');
DROP PUBLICATION p;
CREATE PUBLICATION p FOR TABLES IN SCHEMA segmentation;
SELECT is((SELECT count(*) FROM found WHERE problem = 'publication "p" sends the extension''s own tables'), 1::bigint, 'so is one of the schema');
DROP PUBLICATION p;

-- With the extension the triggers go.
SELECT segmentation.drop_segment('many');
DROP EXTENSION segmentation CASCADE;
SELECT is_empty($$SELECT 1 FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'segmentation%'$$, 'DROP EXTENSION leaves no trigger');
SELECT finish();
