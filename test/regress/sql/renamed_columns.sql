-- Bindings, rules and computed columns follow columns and tables that the shop renames. The independent path is asked after each.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, level integer, rank integer, city text, joined date);
CREATE TABLE shop.products (id integer PRIMARY KEY, category text, price numeric);
CREATE TABLE shop.orders (id integer, customer_id integer, product_id integer, quantity integer, status text, placed timestamptz)
  PARTITION BY RANGE (id);
CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM (1) TO (100);
-- A partition whose columns have other numbers.
CREATE TABLE shop.orders_2 (passing integer, placed timestamptz, status text, quantity integer, product_id integer, customer_id integer, id integer);
ALTER TABLE shop.orders_2 DROP COLUMN passing;
ALTER TABLE shop.orders ATTACH PARTITION shop.orders_2 FOR VALUES FROM (100) TO (200);
CREATE INDEX ON shop.orders (customer_id);
CREATE TABLE shop.tags (customer integer, tag text, PRIMARY KEY (customer, tag));
CREATE TABLE shop.fields (customer integer, field text, value text, PRIMARY KEY (customer, field));
INSERT INTO shop.customers VALUES (1, 1, 10, 'Sofia', '2020-01-01'), (2, 2, 20, 'Varna', '2024-01-01'), (3, 3, 30, NULL, NULL);
INSERT INTO shop.products VALUES (1, 'hat', 5), (2, 'shoe', 50);
INSERT INTO shop.orders VALUES (1, 1, 1, 3, 'paid', now()), (101, 2, 2, 1, 'paid', now());
INSERT INTO shop.tags VALUES (1, 'vip'), (2, 'new');
INSERT INTO shop.fields VALUES (1, 'size', 'L'), (2, 'size', 'S');

DO $$BEGIN
  PERFORM segmentation.bind_customers('shop.customers', timezone => 'UTC', condition => 'rank > 0');
  PERFORM segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'placed', condition => 'status = ''paid''');
  PERFORM segmentation.bind_lookup('product', 'shop.products', of => 'orders', key => 'product_id', lookup_key => 'id');
  PERFORM segmentation.bind_set('tags', 'shop.tags', key => 'customer', value => 'tag');
  PERFORM segmentation.bind_fields('fields', 'shop.fields', key => 'customer', field => 'field', value => 'value');
  PERFORM segmentation.bind_column('orders', 'worth', 'quantity * product.price');
  PERFORM segmentation.bind_column('customers', 'score', 'level * 100 + rank');
  PERFORM segmentation.define_attribute('worth', 'sum(orders.worth)');
  PERFORM segmentation.define_source('hats', 'orders', renames => '{"pieces": "quantity"}', condition => 'product.category = ''hat''');
  PERFORM segmentation.create_segment('level 1', 'level = 1');
  PERFORM segmentation.create_segment('score', 'score > 200');
  PERFORM segmentation.create_segment('worth', 'worth >= 15 AND worth < 100');
  PERFORM segmentation.create_segment('hats', 'hats MATCHES (date >= -30d, sum_pieces >= 3)');
  PERFORM segmentation.create_segment('vip L', 'tags CONTAINS ''vip'' AND fields.size = ''L''');
  PERFORM segmentation.create_segment('old', 'joined < ''2022-01-01''');
END$$;
CREATE VIEW members AS
SELECT s.name, array_agg(m.customer_id ORDER BY m.customer_id) AS members
FROM segmentation.segment AS s LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id GROUP BY s.name ORDER BY s.name;
CREATE FUNCTION wrong() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM segmentation.verify()';
SELECT * FROM members;

-- All that bindings name, of every kind, on the whole of a partitioned table, too.
ALTER TABLE shop.customers RENAME id TO number;
ALTER TABLE shop.orders RENAME customer_id TO buyer;
ALTER TABLE shop.orders RENAME placed TO ordered;
ALTER TABLE shop.orders RENAME product_id TO product;
ALTER TABLE shop.products RENAME id TO product;
ALTER TABLE shop.tags RENAME customer TO buyer;
ALTER TABLE shop.tags RENAME tag TO word;
ALTER TABLE shop.fields RENAME customer TO buyer;
ALTER TABLE shop.fields RENAME field TO name;
ALTER TABLE shop.fields RENAME value TO content;
SELECT name, key, of_key, lookup_key, date, value, field FROM segmentation.bindings ORDER BY name;
-- What rules, attributes, conditions, sources' words and computed columns name: the old words stay.
ALTER TABLE shop.orders RENAME quantity TO pieces;
ALTER TABLE shop.orders RENAME status TO state;
ALTER TABLE shop.products RENAME price TO cost;
ALTER TABLE shop.products RENAME category TO kind;
ALTER TABLE shop.customers RENAME level TO grade;
ALTER TABLE shop.customers RENAME joined TO since;
-- Tables and schemas.
ALTER TABLE shop.orders RENAME TO purchases;
CREATE SCHEMA sales;
ALTER TABLE shop.purchases SET SCHEMA sales;
ALTER SCHEMA sales RENAME TO trade;
ALTER SCHEMA shop RENAME TO boutique;
SELECT wrong();
-- Members go on to follow, through each partition.
INSERT INTO trade.purchases (id, buyer, product, pieces, state, ordered) VALUES (2, 2, 1, 4, 'paid', now()), (102, 3, 1, 3, 'paid', now());
UPDATE boutique.customers SET grade = 1 WHERE number = 3;
INSERT INTO boutique.tags VALUES (2, 'vip');
UPDATE boutique.fields SET content = 'L' WHERE buyer = 2;
UPDATE boutique.customers SET since = '2021-01-01' WHERE number = 2;
SELECT * FROM members;
SELECT wrong();
-- Old and new words are the same; SHOW has the word that the rule says.
SELECT segmentation.count_matching('grade = 1 AND level = 1'), segmentation.count_matching('sum(orders.pieces) = sum(orders.quantity)'),
  segmentation.count_matching('hats MATCHES (product.kind = ''hat'')');
SELECT segmentation.create_segment('shown', 'FROM customers SHOW level, grade WHERE level > 0 ORDER BY level') > 0;
SELECT * FROM segments.shown LIMIT 0;
SELECT name FROM segmentation.attributes WHERE kind = 'column' ORDER BY name;
-- Bind functions take either, and keep what is now.
SELECT segmentation.bind_source('orders', 'trade.purchases', key => 'customer_id', of_key => 'id', date => 'placed',
  condition => 'status = ''paid''', replace => true);
SELECT key, of_key, date FROM segmentation.bindings WHERE name = 'orders';
SELECT segmentation.bind_column('orders', 'twice', 'quantity + pieces + 0 * (product.price + product.cost)');
SELECT segmentation.count_matching('orders MATCHES (twice = 6)');
SELECT segmentation.bind_column('orders', 'quantity', '1');
SELECT wrong();

-- Names that change places: what a rule says goes on to mean the same column.
ALTER TABLE boutique.customers RENAME grade TO passing;
ALTER TABLE boutique.customers RENAME rank TO grade;
ALTER TABLE boutique.customers RENAME passing TO rank;
SELECT word, column_name FROM segmentation.column_word WHERE relation = 'boutique.customers'::regclass ORDER BY word COLLATE "C";
SELECT wrong();
UPDATE boutique.customers SET rank = 1 WHERE number = 2;
SELECT * FROM members WHERE name IN ('level 1', 'score');
SELECT wrong();
-- A column that is added under an old word is told of, and cannot be named; nor can one with a computed column's name.
ALTER TABLE boutique.customers ADD COLUMN joined boolean DEFAULT true, ADD COLUMN score integer DEFAULT 0, ADD COLUMN extra integer DEFAULT 7;
SELECT segmentation.count_matching('extra = 7 AND joined < ''2022-01-01'''), segmentation.count_matching('score > 200');
SELECT name FROM segmentation.attributes WHERE kind IN ('column', 'computed') ORDER BY name;
UPDATE boutique.customers SET score = 1000, joined = false;
SELECT * FROM members WHERE name IN ('score', 'old');
SELECT wrong();
-- Renamed, it can.
ALTER TABLE boutique.customers RENAME COLUMN joined TO told;
SELECT segmentation.count_matching('NOT told');
-- Dropped, it takes its words along.
ALTER TABLE boutique.customers DROP COLUMN told, DROP COLUMN extra, DROP COLUMN score;
SELECT word FROM segmentation.column_word WHERE column_name = 'told';
-- A key cannot get the name of a computed column: the binding could not tell them apart.
ALTER TABLE boutique.customers RENAME number TO score;

-- A rename that is taken back, wholly and in part; and what was noted before it, in the same transaction.
BEGIN;
INSERT INTO trade.purchases (id, buyer, product, pieces, state, ordered) VALUES (3, 3, 2, 1, 'paid', now());
SAVEPOINT before;
ALTER TABLE trade.purchases RENAME buyer TO client;
ALTER TABLE trade.purchases RENAME pieces TO buyer;
UPDATE trade.purchases SET client = 1 WHERE id = 3;
ROLLBACK TO before;
ALTER TABLE trade.purchases RENAME pieces TO units;
COMMIT;
SELECT * FROM members;
SELECT wrong();
BEGIN;
ALTER TABLE trade.purchases RENAME units TO nothing;
ROLLBACK;
SELECT word, column_name FROM segmentation.column_word WHERE relation = 'trade.purchases'::regclass ORDER BY word COLLATE "C";
-- A rename that went unseen is followed when something else is.
ALTER EVENT TRIGGER segmentation_names DISABLE;
ALTER TABLE trade.purchases RENAME units TO buyers;
ALTER TABLE trade.purchases RENAME buyer TO units;
ALTER TABLE trade.purchases RENAME buyers TO buyer;
ALTER EVENT TRIGGER segmentation_names ENABLE ALWAYS;
ALTER TABLE trade.purchases ADD COLUMN note text;
SELECT key FROM segmentation.bindings WHERE name = 'orders';
DELETE FROM trade.purchases WHERE id = 3;
SELECT wrong();
-- A composite type's table.
CREATE TYPE boutique.visit AS (id integer, customer integer, page text);
CREATE TABLE boutique.visits OF boutique.visit (PRIMARY KEY (id));
SELECT segmentation.bind_source('visits', 'boutique.visits', key => 'customer');
SELECT segmentation.create_segment('visitors', 'visits MATCHES (page = ''home'')') > 0;
ALTER TYPE boutique.visit RENAME ATTRIBUTE customer TO visitor CASCADE;
ALTER TYPE boutique.visit RENAME ATTRIBUTE page TO path CASCADE;
INSERT INTO boutique.visits VALUES (1, 2, 'home');
SELECT * FROM members WHERE name = 'visitors';
SELECT wrong();
-- What is kept of a customer outlives the rename of a column that no rule reads: her rows are not read again, so that one which nothing has
-- told of is not seen. The rename of one that is read has them read.
CREATE TABLE boutique.logins (id integer PRIMARY KEY, customer integer, device text, note text);
CREATE INDEX ON boutique.logins (customer);
SELECT segmentation.bind_source('logins', 'boutique.logins', key => 'customer');
SELECT segmentation.create_segment('three', 'logins MATCHES (device = ''web'', count >= 3)'),
  segmentation.create_segment('three and four', 'logins MATCHES (device = ''web'', count >= 4)');
INSERT INTO boutique.logins VALUES (1, 1, 'web');
ALTER EVENT TRIGGER segmentation_triggers DISABLE;
ALTER TABLE boutique.logins DISABLE TRIGGER segmentation_insert;
INSERT INTO boutique.logins VALUES (2, 1, 'web');
ALTER TABLE boutique.logins ENABLE ALWAYS TRIGGER segmentation_insert;
ALTER EVENT TRIGGER segmentation_triggers ENABLE ALWAYS;
ALTER TABLE boutique.logins RENAME note TO remark;
INSERT INTO boutique.logins VALUES (3, 1, 'web');
SELECT * FROM members WHERE name LIKE 'three%';
ALTER TABLE boutique.logins RENAME device TO agent;
INSERT INTO boutique.logins VALUES (4, 1, 'web');
SELECT * FROM members WHERE name LIKE 'three%';
SELECT wrong();
-- Unbound, a table leaves no words.
SELECT segmentation.unbind('fields');
SELECT segmentation.drop_segment('vip L');
SELECT segmentation.unbind('fields');
SELECT count(*) FROM segmentation.column_word WHERE relation = 'boutique.fields'::regclass;
