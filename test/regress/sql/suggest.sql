-- suggest: completion of an unfinished rule, with the values that ANALYZE saw.
SELECT * FROM segmentation.suggest('ci');
SELECT * FROM segmentation.suggest(NULL);

CREATE SCHEMA shop;
CREATE TABLE shop.regions (id integer PRIMARY KEY, name text, country text);
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, city text, points integer, spent numeric(12,2), vip boolean,
                             born date, tags text[], data jsonb, region_id integer REFERENCES shop.regions, "E-mail" text);
CREATE TABLE shop.customer_labels (customer_id integer REFERENCES shop.customers, label text);
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id integer REFERENCES shop.customers, total numeric(12,2),
                          status text, placed timestamptz, details jsonb);
CREATE TABLE shop.products (id integer PRIMARY KEY, name text, category text);
CREATE TABLE shop.items (id bigint PRIMARY KEY, order_id bigint REFERENCES shop.orders, product_id integer REFERENCES
                         shop.products, quantity integer);
ALTER TABLE shop.customers SET (autovacuum_enabled = off); -- so that nothing is known before ANALYZE below
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.items (order_id);
CREATE INDEX ON shop.customer_labels (customer_id);
INSERT INTO shop.regions VALUES (1, 'West', 'Bulgaria'), (2, 'East', 'Bulgaria'), (3, 'Else', 'C:\'), (4, 'More', 'C:\');
INSERT INTO shop.customers
SELECT i, 'Customer ' || i,
       CASE WHEN i % 10 < 5 THEN 'Sofia' WHEN i % 10 < 8 THEN 'Варна' WHEN i % 10 < 9 THEN 'Val d''Or' END,
       i % 4 * 10, i % 2 * 1.5, i % 2 = 0, '1990-01-01',
       CASE WHEN i % 2 = 0 THEN '{gold,News}'::text[] WHEN i % 4 = 1 THEN '{news}' END,
       CASE WHEN i % 2 = 0 THEN '{"size": 38, "Pet": {"kind": "cat"}, "colors": ["red", "blue"], "a\"b": true}'::jsonb
            ELSE '{"size": "big"}' END, i % 3 + 1, NULL
FROM generate_series(1, 100) AS i;
INSERT INTO shop.customer_labels SELECT i, CASE WHEN i % 4 = 0 THEN 'vip' ELSE 'new' END FROM generate_series(1, 100) AS i;
INSERT INTO shop.orders SELECT i, i, i % 2, CASE WHEN i % 4 = 0 THEN 'open' ELSE 'paid' END, now(),
                               '{"channel": "web"}' FROM generate_series(1, 100) AS i;
INSERT INTO shop.products VALUES (1, 'Shoe', 'Shoes'), (2, 'Sock', 'Socks'), (3, 'Boot', 'Shoes');
INSERT INTO shop.items SELECT i, i, i % 3 + 1, 1 FROM generate_series(1, 100) AS i;

SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_lookup('region', 'shop.regions', of => 'customers', key => 'region_id');
SELECT segmentation.bind_set('labels', 'shop.customer_labels', key => 'customer_id', value => 'label');
SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'placed');
SELECT segmentation.bind_source('items', 'shop.items', key => 'order_id', of => 'orders');
SELECT segmentation.bind_lookup('product', 'shop.products', of => 'items', key => 'product_id');
SELECT segmentation.bind_column('customers', 'shouted', 'upper(city)');
SELECT segmentation.define_attribute('number_of_orders', 'count(orders)');
SELECT segmentation.define_attribute('last_status', 'last(orders.status)');
SELECT segmentation.define_attribute('is_rich', 'spent > 1');
SELECT segmentation.create_segment('Rich', 'spent > 1');
SELECT segmentation.create_segment('It''s me', 'points > 20');

SELECT segmentation.define_source('bought', 'items', '{"category": "product.category", "number": "quantity"}');
CREATE TABLE shop.fields (id integer PRIMARY KEY, customer_id integer REFERENCES shop.customers, field text, value text);
CREATE INDEX ON shop.fields (customer_id);
INSERT INTO shop.fields SELECT i, i, CASE WHEN i % 4 = 0 THEN 'Shoe size' ELSE 'height' END, '40' FROM generate_series(1, 100) AS i;
SELECT segmentation.bind_fields('extra', 'shop.fields', key => 'customer_id', field => 'field', value => 'value');

-- Before ANALYZE nothing is known of values.
SELECT * FROM segmentation.suggest('city = ');
ANALYZE shop.regions, shop.customers, shop.customer_labels, shop.orders, shop.products, shop.items, shop.fields;

-- Names.
SELECT * FROM segmentation.suggest('');
SELECT * FROM segmentation.suggest('s');
SELECT * FROM segmentation.suggest('"e');
SELECT * FROM segmentation.suggest('region.');
SELECT * FROM segmentation.suggest('items MATCHES (');
SELECT * FROM segmentation.suggest('items MATCHES (product.c');
SELECT * FROM segmentation.suggest('sum(ord');
SELECT * FROM segmentation.suggest('sum(orders.');
-- Operators, and what goes on.
SELECT completion, kind FROM segmentation.suggest('city ');
SELECT completion, kind FROM segmentation.suggest('orders ');
SELECT completion, kind FROM segmentation.suggest('vip ');
SELECT completion, kind FROM segmentation.suggest('city = ''Sofia'' ');
SELECT completion, kind FROM segmentation.suggest('orders MATCHES (total > 1 ');
-- Values.
SELECT * FROM segmentation.suggest('city = ');
SELECT * FROM segmentation.suggest('city = ''v');
SELECT * FROM segmentation.suggest('city IN (''Sofia'', ''Val d''''');
SELECT * FROM segmentation.suggest('points >= ') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('spent = 1') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('labels CONTAINS ');
SELECT * FROM segmentation.suggest('tags CONTAINS ''n');
SELECT * FROM segmentation.suggest('region.country = ') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('last_status = ') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('mode(orders.status) = ''p');
SELECT * FROM segmentation.suggest('items MATCHES (product.category = ''s');
SELECT * FROM segmentation.suggest('segments CONTAINS ''');
SELECT * FROM segmentation.suggest('vip = ') WHERE kind = 'value';
SELECT string_agg(completion, ' ') FROM segmentation.suggest('born > ') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('shouted = ''');
-- Keys and values of jsonb, from the first rows.
SELECT * FROM segmentation.suggest('data.');
SELECT * FROM segmentation.suggest('data.p');
SELECT * FROM segmentation.suggest('data."Pet".');
SELECT * FROM segmentation.suggest('data.size = ') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('data.colors CONTAINS ''') WHERE kind = 'value';
SELECT * FROM segmentation.suggest('last(orders.details.channel) = ''');

-- Blanks at the end of character(n) are not part of a value; what jsonb cannot hold is skipped.
BEGIN;
CREATE DOMAIN shop.code AS char(5);
CREATE DOMAIN shop.document AS json;
ALTER TABLE shop.customers ADD short char(5), ADD codes char(5)[], ADD code shop.code, ADD plain json, ADD document shop.document;
UPDATE shop.customers SET short = 'ab', codes = '{ab,"c d"}', code = 'x y',
  plain = CASE WHEN id % 2 = 0 THEN '{"fine": "a"}' WHEN id % 5 = 0 THEN '{"large": 1e999999}' ELSE '{"fine": "\u0000"}' END::json,
  document = CASE WHEN id % 2 = 0 THEN '{"fine": "b"}' ELSE '"\u0000"' END::json;
ANALYZE shop.customers;
SELECT p.prefix, s.completion, s.frequency
FROM unnest(ARRAY['short = ', 'codes CONTAINS ', 'code = ', 'short = ''ab', 'short = ''ab ', 'plain.', 'plain.fine = ', 'document.', 'document.fine = ']) AS p (prefix),
     segmentation.suggest(p.prefix) AS s
WHERE s.kind IN ('value', 'column') AND s.frequency IS NOT NULL;
SELECT segmentation.count_matching('short = ''ab'' AND code = ''x y'' AND codes CONTAINS ''c d''');
ROLLBACK;

-- Sources with words of their own, and key-value fields.
SELECT * FROM segmentation.suggest('bought MATCHES (cat');
SELECT * FROM segmentation.suggest('bought(category: ');
SELECT * FROM segmentation.suggest('extra.');
SELECT * FROM segmentation.suggest('extra."sh');

-- Every value completes to a rule that is right.
SELECT p.prefix, s.completion, r.message
FROM unnest(ARRAY['city = ', 'points = ', 'spent = ', 'labels CONTAINS ', 'tags CONTAINS ', 'region.country = ', 'data.size = ',
                  'segments CONTAINS ', 'vip = ', 'born > ', 'data.', 'data."Pet".', 'extra.']) AS p (prefix),
     segmentation.suggest(p.prefix) AS s,
     segmentation.check_rule(left(p.prefix, s.replace_from - 1) || s.completion ||
                             CASE WHEN p.prefix LIKE '%.' THEN ' IS NULL' ELSE '' END) AS r
WHERE s.kind IN ('value', 'column') OR p.prefix = 'extra.';

-- Places are counted in characters; clauses before the last do not matter.
SELECT completion, replace_from FROM segmentation.suggest('city = ''Варна'' AND ci');
SELECT completion, replace_from FROM segmentation.suggest('city = ''Варна'' AND city != ''ВАР');
SELECT completion, replace_from FROM segmentation.suggest(E'-- Варна\n/* (((( */ ci');
SELECT completion, replace_from FROM segmentation.suggest('no such = thing = AND ) OR ci');
SELECT completion, replace_from FROM segmentation.suggest('-- ci');
SELECT completion, replace_from FROM segmentation.suggest('city /* ');
SELECT completion, replace_from FROM segmentation.suggest('~~ garbage ??');
SELECT completion, replace_from FROM segmentation.suggest('nobody = ''');
SELECT completion, replace_from FROM segmentation.suggest('city.');
SELECT count(*) FROM segmentation.suggest(repeat('x', 1000000));
SELECT count(*) FROM segmentation.suggest(repeat('(', 1048576));
SELECT completion, replace_from FROM segmentation.suggest(repeat('city = ''Sofia'' AND ', 50000) || 'ci');

-- The view of attributes tells the same types and operators.
SELECT name, type, kind, array_to_string(operators, ', ') AS operators FROM segmentation.attributes ORDER BY kind, name;
SELECT count(*) FROM segmentation.attributes AS a, segmentation.suggest(a.name || ' ') AS s
WHERE a.kind NOT IN ('key', 'field') AND s.kind = 'operator' AND NOT split_part(s.completion, ' (', 1) = ANY (a.operators) AND s.completion !~ 'MATCHES';
-- A broken attribute has no type; what is broken beneath all of them leaves the names.
ALTER EVENT TRIGGER segmentation_names DISABLE; -- a rename that goes unseen leaves words without a meaning
ALTER TABLE shop.orders RENAME status TO state;
SELECT name, type, operators IS NULL AS broken FROM segmentation.attributes WHERE kind = 'defined' ORDER BY name;
ALTER TABLE shop.orders RENAME placed TO ordered;
SELECT name, type, operators IS NULL AS broken FROM segmentation.attributes WHERE kind = 'defined' ORDER BY name;
SELECT count(*) FROM segmentation.suggest('ci');
ALTER TABLE shop.orders RENAME state TO status;
ALTER TABLE shop.orders RENAME ordered TO placed;
ALTER EVENT TRIGGER segmentation_names ENABLE ALWAYS;

-- A reader sees the values that pg_stats shows him, and no more.
CREATE ROLE regress_suggest_reader;
GRANT USAGE ON SCHEMA shop TO regress_suggest_reader;
GRANT SELECT (id, city) ON shop.customers TO regress_suggest_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA segmentation TO regress_suggest_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA segmentation TO regress_suggest_reader;
SET ROLE regress_suggest_reader;
SELECT completion FROM segmentation.suggest('city = ''s');
SELECT completion FROM segmentation.suggest('points = ') WHERE kind = 'value';
SELECT completion FROM segmentation.suggest('data.');
RESET ROLE;
DROP OWNED BY regress_suggest_reader;
DROP ROLE regress_suggest_reader;
