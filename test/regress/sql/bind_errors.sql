-- What cannot be bound: each fault has its own SQLSTATE, message and hint, and leaves nothing behind.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text;
BEGIN
  EXECUTE statement;
  RETURN 'accepted: ' || statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', state || ' ' || message, '  ' || nullif(detail, ''), '  ' || coalesce(nullif(hint, ''), 'NO HINT'));
END $$;
-- pg_regress sets another one, which not every server knows.
SET timezone = 'UTC';
CREATE ROLE regress_bind_shop;
CREATE ROLE regress_bind_other;

CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO regress_bind_shop, regress_bind_other;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text UNIQUE, code text NOT NULL UNIQUE, n numeric NOT NULL UNIQUE, city text);
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, created_at timestamptz, number text, ref json);
CREATE INDEX ON shop.orders (customer_id);
CREATE TABLE shop.items (order_id bigint, line integer, product text, PRIMARY KEY (order_id, line));
CREATE TABLE shop.products (code text, name text, unit_price numeric);
INSERT INTO shop.customers VALUES (1, 'a@b', 'a', 1), (2, 'c@d', 'b', 2);
INSERT INTO shop.orders VALUES (1, 1, 10, now(), 'A'), (2, 1, 10, now(), 'A');
INSERT INTO shop.products VALUES ('x', 'one'), ('x', 'two');

\echo # before customers are bound
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_column('orders', 'x', '1')$$);
SELECT refused($$SELECT segmentation.define_attribute('x', 'city')$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'city IS NULL')$$);
SELECT refused($$SELECT segmentation.unbind('orders')$$);

\echo # relations that cannot be bound
CREATE VIEW shop.customers_view AS SELECT * FROM shop.customers;
CREATE MATERIALIZED VIEW shop.customers_stored AS SELECT * FROM shop.customers;
CREATE TEMPORARY TABLE customers_temp (id bigint PRIMARY KEY);
CREATE SEQUENCE shop.numbers;
SELECT refused($$SELECT segmentation.bind_customers('shop.customers_view', key => 'id')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers_stored', key => 'id')$$);
SELECT refused($$SELECT segmentation.bind_customers('customers_temp')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.numbers')$$);
SELECT refused($$SELECT segmentation.bind_customers('segmentation.segment')$$);
SELECT refused($$SELECT segmentation.bind_customers('pg_class')$$);
SELECT refused($$SELECT segmentation.bind_customers(NULL)$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.no_such_table')$$);
SELECT refused($$SELECT segmentation.bind_customers(4294967295::oid::regclass)$$);
CREATE FOREIGN DATA WRAPPER regress_bind_wrapper;
CREATE SERVER regress_bind_server FOREIGN DATA WRAPPER regress_bind_wrapper;
CREATE TABLE shop.partitioned (id bigint, region text) PARTITION BY LIST (region);
CREATE TABLE shop.partitioned_here PARTITION OF shop.partitioned FOR VALUES IN ('here');
CREATE FOREIGN TABLE shop.partitioned_there PARTITION OF shop.partitioned FOR VALUES IN ('there') SERVER regress_bind_server;
SELECT refused($$SELECT segmentation.bind_customers('shop.partitioned', key => 'id')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.partitioned_here', key => 'id')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.partitioned_there', key => 'id')$$);
DROP TABLE shop.partitioned;
CREATE TABLE shop.parent (id bigint PRIMARY KEY);
CREATE TABLE shop.child () INHERITS (shop.parent);
SELECT refused($$SELECT segmentation.bind_customers('shop.parent')$$);
DROP TABLE shop.parent CASCADE;

\echo # customers without a key
CREATE TABLE shop.keyless (name text);
CREATE TABLE shop.two_keys (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE shop.unique_key (a integer, b integer NOT NULL UNIQUE);
CREATE TABLE shop.partly_unique (a integer NOT NULL);
CREATE UNIQUE INDEX ON shop.partly_unique (a) WHERE a > 0;
SELECT refused($$SELECT segmentation.bind_customers('shop.keyless')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.two_keys')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.unique_key')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.keyless', key => 'name')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.partly_unique', key => 'a')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', key => 'email')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', key => 'n')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', key => 'idd')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', key => 'ctid')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', timezone => 'Sofia')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC+2')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', timezone => '')$$);

CREATE COLLATION shop.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE shop.loose_key (code text COLLATE shop.loose PRIMARY KEY);
SELECT refused($$SELECT segmentation.bind_customers('shop.loose_key', timezone => 'UTC')$$);

\echo # nothing of all that was left behind
SELECT count(*) FROM segmentation.bindings;
SELECT to_regclass('segmentation.membership') IS NULL;

SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC')$$);

\echo # names
SELECT refused($$SELECT segmentation.bind_source(NULL, 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source(E' \n', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source(repeat('x', 64), 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source(repeat('я', 32), 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('Segments', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('memberships', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('customers', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('MATCHES', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.define_attribute('and', 'city')$$);

\echo # sources
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'custmer_id')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', NULL)$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'number')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'total')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', of_key => 'code')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'total')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'date')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', of => 'clients')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', of => NULL)$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', condition => 'totl > 3')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', condition => 'total >')$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', replace => NULL)$$);
SELECT count(*) FROM segmentation.bindings;
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at');
SELECT refused($$SELECT segmentation.bind_source('Orders', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.bind_lookup('orders', 'shop.orders', 'customers', 'id', replace => true)$$);
SELECT refused($$SELECT segmentation.bind_source('items', 'shop.items', 'order_id', of => 'orders', of_key => 'number')$$);
SELECT refused($$SELECT segmentation.bind_source('items', 'shop.items', 'order_id', of => 'order')$$);
SELECT segmentation.bind_source('items', 'shop.items', 'order_id', of => 'orders');
SELECT refused($$SELECT segmentation.bind_source('extras', 'shop.items', 'line', of => 'items')$$);

\echo # circles
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'id', of => 'orders', replace => true)$$);
SELECT refused($$SELECT segmentation.bind_source('orders', 'shop.orders', 'id', of => 'items', of_key => 'line', replace => true)$$);

\echo # lookups and sets
SELECT refused($$SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'product')$$);
SELECT refused($$SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'product', 'code')$$);
SELECT refused($$SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'produkt', 'code')$$);
SELECT refused($$SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'product', 'cod')$$);
DELETE FROM shop.products WHERE name = 'two';
SELECT refused($$SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'line', 'code')$$);
SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'product', 'code');
SELECT refused($$SELECT segmentation.bind_source('prices', 'shop.products', 'code', of => 'product', of_key => 'code')$$);
SELECT refused($$SELECT segmentation.bind_set('tags', 'shop.orders', 'customer_id', 'nmber')$$);
SELECT refused($$SELECT segmentation.bind_set('tags', 'shop.orders', 'customer_id', NULL)$$);
SELECT segmentation.bind_set('numbers', 'shop.orders', 'customer_id', 'number');
SELECT refused($$SELECT segmentation.bind_set('x', 'shop.products', 'code', 'name', of => 'numbers', of_key => 'number')$$);
SELECT refused($$SELECT segmentation.bind_source('x', 'shop.orders', 'number', of => 'numbers', of_key => 'number')$$);
SELECT refused($$SELECT segmentation.bind_set('x', 'shop.orders', 'customer_id', 'name', via => 'number')$$);
SELECT refused($$SELECT segmentation.bind_set('x', 'shop.orders', 'customer_id', 'name', target => 'shop.products')$$);
SELECT refused($$SELECT segmentation.bind_set('x', 'shop.orders', 'customer_id', 'name', target_key => 'code')$$);
SELECT refused($$SELECT segmentation.bind_set('x', 'shop.orders', 'customer_id', 'nme', via => 'number', target => 'shop.products', target_key => 'code')$$);

\echo # keys that the server and rules would compare differently, or not at all
CREATE TABLE shop.spelt (id integer, plain text, loose text COLLATE shop.loose, c text COLLATE "C", posix text COLLATE "POSIX");
CREATE UNIQUE INDEX ON shop.spelt (c);
SELECT refused($$SELECT segmentation.bind_source('spelt', 'shop.spelt', 'loose', of_key => 'code')$$);
SELECT refused($$SELECT segmentation.bind_set('spelt', 'shop.spelt', 'loose', 'id', of_key => 'code')$$);
SELECT segmentation.bind_source('spelt', 'shop.spelt', 'plain', of_key => 'code');
SELECT segmentation.bind_column('spelt', 'computed', 'loose || plain');
SELECT refused($$SELECT segmentation.bind_source('spelt', 'shop.spelt', 'computed', of_key => 'code', replace => true)$$);
SELECT refused($$SELECT segmentation.bind_lookup('other', 'shop.spelt', 'spelt', 'posix', 'c')$$);
-- The default gives way to any other.
SELECT segmentation.bind_source('spelt', 'shop.spelt', 'c', of_key => 'code', replace => true);
SELECT segmentation.bind_lookup('other', 'shop.spelt', 'spelt', 'plain', 'c');
SELECT segmentation.unbind('other'), segmentation.unbind('spelt');

\echo # computed columns
CREATE FUNCTION shop.changing() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION shop.changing_pair(integer, integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE OPERATOR shop.@@@ (leftarg = integer, rightarg = integer, function = shop.changing_pair);
SELECT expression, refused(format('SELECT segmentation.bind_column(%L, %L, %L)', 'orders', 'x', expression))
FROM (VALUES ('totl * 2'), ('total *'), (''), ('total + number'), ('product.name'), ('random()'), ('now()'), ('current_date'), ('localtimestamp(0)'),
             ('created_at::date'), ('created_at::text'), ('number::date'), ('to_char(created_at, ''YYYY'')'), ('shop.changing()'),
             ('id::integer OPERATOR(shop.@@@) 1'), ('CASE WHEN total > 0 THEN shop.changing() END'), ('date_trunc(''day'', created_at)'),
             ('sum(total)'), ('count(*) OVER ()'), ('generate_series(1, 3)'), ('(SELECT 1)'), ('SELECT 1'), ('EXISTS (SELECT FROM shop.items)'),
             ('total), (1'), ('1) AS v FROM pg_class AS c, (SELECT 1'), ('total; DROP TABLE shop.orders'), ('total -- x'), ('total /* x */'),
             ('$$x$$'), ('''abc'), ('"abc'), ('(total, id)'), ('orders.*'), ('orders'), ('nextval(''shop.numbers'')')) AS e (expression);
SELECT refused($$SELECT segmentation.bind_column('orders', 'total', '1')$$);
SELECT refused($$SELECT segmentation.bind_column('orders', 'TOTAL', '1')$$);
SELECT refused($$SELECT segmentation.bind_column('ordrs', 'x', '1')$$);
SELECT refused($$SELECT segmentation.bind_column(NULL, 'x', '1')$$);
SELECT refused($$SELECT segmentation.bind_column('orders', NULL, '1')$$);
SELECT refused($$SELECT segmentation.bind_column('orders', 'x', NULL)$$);
SELECT segmentation.bind_column('orders', 'double', 'total * 2');
SELECT refused($$SELECT segmentation.bind_column('orders', 'Double', 'total * 3')$$);
SELECT segmentation.bind_column('items', 'name', 'product.name');
SELECT segmentation.bind_column('orders', 'day', $$created_at AT TIME ZONE 'UTC'$$);
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'day', replace => true);
SELECT refused($$SELECT segmentation.bind_column('orders', 'day', 'total', replace => true)$$);
SELECT refused($$SELECT segmentation.unbind('orders.day')$$);
SELECT refused($$SELECT segmentation.unbind('orders.dy')$$);
SELECT refused($$SELECT segmentation.unbind('product')$$);
SELECT refused($$SELECT segmentation.unbind('orders')$$);
SELECT refused($$SELECT segmentation.unbind('customers')$$);
SELECT refused($$SELECT segmentation.unbind('ordrs')$$);
SELECT refused($$SELECT segmentation.unbind(NULL)$$);

\echo # attributes
SELECT refused($$SELECT segmentation.define_attribute('orders', 'city')$$);
SELECT refused($$SELECT segmentation.define_attribute('x', NULL)$$);
SELECT refused($$SELECT segmentation.define_attribute('x', '')$$);
SELECT refused($$SELECT segmentation.define_attribute('x', 'sum(orders.totl)')$$);
SELECT refused($$SELECT segmentation.define_attribute('x', 'city >')$$);
SELECT refused($$SELECT segmentation.define_attribute('x', 'x > 1')$$);
SELECT segmentation.define_attribute('revenue', 'sum(orders.total)');
SELECT segmentation.define_attribute('revenue_of_lines', 'revenue / count(items)');
SELECT refused($$SELECT segmentation.define_attribute('REVENUE', 'city')$$);
SELECT refused($$SELECT segmentation.bind_source('revenue', 'shop.orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.define_attribute('revenue', 'sum(orders.totl)', replace => true)$$);
SELECT refused($$SELECT segmentation.define_attribute('revenue', 'revenue_of_lines + 1', replace => true)$$);
SELECT refused($$SELECT segmentation.drop_attribute('revenu')$$);
SELECT refused($$SELECT segmentation.drop_attribute('revenue')$$);
SELECT segmentation.create_segment('big', 'revenue > 15') > 0;
SELECT refused($$SELECT segmentation.drop_attribute('revenue')$$);
SELECT refused($$SELECT segmentation.unbind('orders')$$);
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', key => 'code', timezone => 'UTC', replace => true)$$);
SELECT name, expression FROM segmentation.attributes WHERE kind = 'defined' ORDER BY name;

\echo # owners
CREATE TABLE shop.visits (customer_id bigint);
ALTER TABLE shop.visits OWNER TO regress_bind_other;
GRANT USAGE ON SCHEMA segmentation TO regress_bind_shop, regress_bind_other;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA segmentation TO regress_bind_shop, regress_bind_other;
GRANT ALL ON ALL TABLES IN SCHEMA segmentation TO regress_bind_shop, regress_bind_other;
SET ROLE regress_bind_shop;
SELECT refused($$SELECT segmentation.bind_source('visits', 'shop.visits', 'customer_id')$$);
SELECT refused($$SELECT segmentation.unbind('numbers')$$);
RESET ROLE;
-- Segments are kept as the owner of the customers table, who has to see all.
ALTER TABLE shop.customers OWNER TO regress_bind_shop;
SELECT refused($$SELECT segmentation.bind_source('visits', 'shop.visits', 'customer_id')$$);
GRANT SELECT ON shop.visits TO regress_bind_shop;
ALTER TABLE shop.visits ENABLE ROW LEVEL SECURITY;
SELECT refused($$SELECT segmentation.bind_source('visits', 'shop.visits', 'customer_id')$$);
ALTER TABLE shop.visits OWNER TO regress_bind_shop;
ALTER TABLE shop.visits FORCE ROW LEVEL SECURITY;
SELECT refused($$SELECT segmentation.bind_source('visits', 'shop.visits', 'customer_id')$$);
ALTER TABLE shop.visits NO FORCE ROW LEVEL SECURITY;
SELECT segmentation.bind_source('visits', 'shop.visits', 'customer_id');
ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT refused($$SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC', replace => true)$$);

\echo # what stands is what was bound
SELECT name, role, relation, computed FROM segmentation.bindings;

SELECT segmentation.drop_segment('big');
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
DROP SCHEMA shop CASCADE;
DROP SERVER regress_bind_server;
DROP FOREIGN DATA WRAPPER regress_bind_wrapper;
DROP OWNED BY regress_bind_shop, regress_bind_other;
DROP ROLE regress_bind_shop;
DROP ROLE regress_bind_other;
