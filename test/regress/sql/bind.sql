-- Binding what a shop has: every kind of binding, defaults, replacing, partitioned tables, computed columns, taking away.
\pset format unaligned
\pset null null
SET client_min_messages = warning;

CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, city text, born date, country_id integer, extra jsonb);
CREATE TABLE shop.countries (id integer PRIMARY KEY, name text, currency text);
CREATE TABLE shop.orders (
  id bigint NOT NULL, customer_id bigint, total numeric(12,2), paid boolean, created_at timestamptz NOT NULL, placed_at timestamp,
  PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.orders_rest PARTITION OF shop.orders DEFAULT;
CREATE INDEX ON shop.orders (customer_id);
CREATE TABLE shop.items (id integer PRIMARY KEY, order_id bigint, product_id integer, quantity integer, unit_price numeric);
CREATE INDEX ON shop.items (order_id) WHERE order_id IS NOT NULL;
CREATE TABLE shop.products (id integer PRIMARY KEY, name text, unit_price numeric, category_code text);
CREATE TABLE shop.categories (code text NOT NULL, name text);
CREATE TABLE shop.tags (customer_id bigint, tag text);
CREATE TABLE shop.product_tags (product_id integer, tag text, PRIMARY KEY (product_id, tag));
INSERT INTO shop.countries VALUES (1, 'Bulgaria', 'EUR'), (2, 'Greece', 'EUR');
INSERT INTO shop.customers SELECT n, n || '@example.com', CASE WHEN n % 2 = 0 THEN 'Sofia' END, NULL, 1 + n % 2, '{}' FROM generate_series(1, 6) AS n;
INSERT INTO shop.orders SELECT n, 1 + n % 3, n * 10, n % 2 = 0, '2025-06-01 00:00+00'::timestamptz + n * interval '1 day', '2025-06-01' FROM generate_series(1, 6) AS n;
INSERT INTO shop.items SELECT n, 1 + n % 6, 1 + n % 2, n, CASE WHEN n % 3 = 0 THEN 7 END FROM generate_series(1, 12) AS n;
INSERT INTO shop.products VALUES (1, 'shoe', 50, 'S'), (2, 'sock', 5, 'C');
INSERT INTO shop.categories VALUES ('S', 'Shoes'), ('C', 'Clothes');
INSERT INTO shop.tags VALUES (1, 'vip'), (2, 'vip'), (2, 'staff');
INSERT INTO shop.product_tags VALUES (1, 'sale'), (2, 'sale'), (2, 'new');

-- Defaults: the primary key and the server's time zone.
SET timezone = 'Europe/Sofia';
SELECT segmentation.bind_customers('shop.customers');
SELECT * FROM segmentation.bindings;
\d segmentation.membership
-- A zone in any case is stored as the server spells it; a unique column that is not null may be the key.
SELECT segmentation.bind_customers('shop.customers', key => 'email', timezone => 'america/NEW_YORK', replace => true);
SELECT key, timezone FROM segmentation.bindings;
SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'segmentation.membership'::regclass AND attname = 'customer_id';
SELECT segmentation.bind_customers('shop.customers', replace => true, timezone => 'Europe/Sofia');

-- Sources of customers and of sources. `of` goes without regard to case. orders.id is unique by its rows only.
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('items', 'shop.items', 'order_id', of => 'ORDERS', of_key => 'id');
-- Lookups, one behind another; the second one's key has no index: a warning, as for a set without one.
SELECT segmentation.bind_lookup('product', 'shop.products', of => 'items', key => 'product_id');
SELECT segmentation.bind_lookup('category', 'shop.categories', of => 'product', key => 'category_code', lookup_key => 'code');
SELECT segmentation.bind_lookup('country', 'shop.countries', of => 'customers', key => 'country_id');
SELECT segmentation.bind_set('tags', 'shop.tags', 'customer_id', 'tag');
SELECT segmentation.bind_set('product_tags', 'shop.product_tags', 'product_id', 'tag', of => 'product');
SELECT * FROM segmentation.bindings;
-- Rows that count.
SELECT segmentation.bind_source('paid_orders', 'shop.orders', 'customer_id', date => 'created_at', condition => 'paid');
SELECT name, condition FROM segmentation.bindings WHERE condition IS NOT NULL;

-- Computed columns: a bare name is the row's own column, also where a lookup has one of that name.
SELECT segmentation.bind_column('items', 'price', 'coalesce(unit_price, product.unit_price) * quantity');
SELECT segmentation.bind_column('items', 'kind', $$upper(category.name) || ' (' || product.name || e'\')' || ')'$$);
SELECT segmentation.bind_column('orders', 'placed', $$placed_at AT TIME ZONE 'UTC'$$);
SELECT segmentation.bind_column('customers', 'domain', $$split_part(email, '@', 2)$$);
-- A lookup's computed column is a column of the lookup.
SELECT segmentation.bind_column('product', 'cents', '(unit_price * 100)::integer');
SELECT segmentation.bind_column('items', 'list_cents', 'product.cents * quantity');
-- A computed column may be date and key.
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'placed', replace => true);
SELECT segmentation.bind_column('customers', 'text_id', 'id::text');
CREATE TABLE shop.visits (customer text, at timestamptz);
CREATE INDEX ON shop.visits USING hash (customer);
SELECT segmentation.bind_source('visits', 'shop.visits', 'customer', of_key => 'text_id', date => 'at');
SELECT name, role, "of", key, of_key, date, computed FROM segmentation.bindings ORDER BY name;
SELECT segmentation.bind_column('items', 'price', 'product.unit_price * quantity', replace => true);
SELECT computed ->> 'price' FROM segmentation.bindings WHERE name = 'items';
-- Rules read them.
SELECT segmentation.create_segment('buyers of clothes', $$items MATCHES (category.name = 'Clothes', count >= 1)$$) > 0;
SELECT array_agg(m ORDER BY m) FROM segmentation.members('buyers of clothes') AS m;
SELECT segmentation.create_segment('spent', 'sum(items.price) > 600') > 0;
SELECT array_agg(m ORDER BY m) FROM segmentation.members('spent') AS m;
-- What was changed is followed: price is now a tenth.
SELECT segmentation.bind_column('items', 'price', 'product.unit_price * quantity / 10', replace => true);
SELECT segmentation.member_count('spent');

-- Attributes.
SELECT segmentation.define_attribute('revenue', 'sum(orders.total)', 'all that she ordered');
SELECT segmentation.define_attribute('loyal', 'orders MATCHES (count >= 2) AND revenue > 55');
SELECT segmentation.create_segment('loyal ones', 'loyal') > 0;
SELECT array_agg(m ORDER BY m) FROM segmentation.members('loyal ones') AS m;
SELECT segmentation.define_attribute('Revenue', 'sum(paid_orders.total)', replace => true);
SELECT array_agg(m ORDER BY m) FROM segmentation.members('loyal ones') AS m;
SELECT name, type, kind, expression, description FROM segmentation.attributes ORDER BY kind, name;

-- Taking away.
SELECT segmentation.drop_segment('loyal ones'), segmentation.drop_segment('spent'), segmentation.drop_segment('buyers of clothes');
SELECT segmentation.drop_attribute('LOYAL'), segmentation.drop_attribute('revenue');
SELECT segmentation.unbind('items.list_cents'), segmentation.unbind('Items.Kind');
SELECT segmentation.unbind(name) FROM unnest('{visits,paid_orders,product_tags,tags,country}'::text[]) AS name;
SELECT segmentation.unbind('category');
SELECT segmentation.unbind('items.price'), segmentation.unbind('product'), segmentation.unbind('items'), segmentation.unbind('orders');
SELECT segmentation.unbind('customers');
SELECT count(*) FROM segmentation.bindings;
-- Nothing of what binding made is left, but what CREATE EXTENSION made is all there.
SELECT to_regclass('segmentation.membership'), to_regprocedure('segmentation.members(text)'), to_regprocedure('segmentation._segment_rows(integer)'),
       to_regprocedure('segmentation.segments_of(text[])'), to_regprocedure('segmentation.segments_of(text)');
-- And it can begin again.
SELECT segmentation.bind_customers('shop.customers');
SELECT name FROM segmentation.bindings;
