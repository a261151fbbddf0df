-- Fields that a shop adds: columns, keys of jsonb and rows of a key-value table are words of rules at once, as what their values are, and view attributes
-- lists them with examples, to whoever may see these.
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE pgtap_owner; CREATE ROLE pgtap_reader; CREATE ROLE pgtap_columns; CREATE ROLE pgtap_nothing; CREATE ROLE pgtap_stranger; CREATE ROLE pgtap_bypass BYPASSRLS;
CREATE SCHEMA shop AUTHORIZATION pgtap_owner;
SELECT segmentation.grant_access(r, 'read') FROM unnest('{pgtap_reader,pgtap_columns,pgtap_nothing,pgtap_bypass}'::name[]) AS r \g /dev/null
SELECT segmentation.grant_access('pgtap_owner', 'admin') \g /dev/null
SET ROLE pgtap_owner;
CREATE TABLE shop.countries (id integer PRIMARY KEY, name text);
CREATE TABLE shop.customers (id integer PRIMARY KEY, city text, points integer, rate double precision, country_id integer, joined timestamptz, code character(6), data jsonb, old json);
COMMENT ON COLUMN shop.customers.points IS 'of the card';
CREATE TABLE shop.extra (customer_id integer, field text, value text, PRIMARY KEY (customer_id, field));
CREATE TABLE shop.labels (customer_id integer, label text, PRIMARY KEY (customer_id, label));
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer, total numeric(10,2), data jsonb);
CREATE INDEX ON shop.orders (customer_id);
ALTER TABLE shop.countries ADD "Code" text DEFAULT 'xx', ADD code text, ADD "Zone" text DEFAULT 'E', ADD "two words" integer DEFAULT 2, ADD "count" integer DEFAULT 3;
INSERT INTO shop.countries VALUES (1, 'Bulgaria'), (2, 'Greece');
INSERT INTO shop.customers VALUES
  (1, 'Sofia', 10, 1.5, 1, '2026-05-30 12:00+03', 'ab', '{"n": 38, "s": "38", "b": true, "d": "2026-05-30", "l": ["x", 1, {"q": 1}], "o": {"p": {"q": 1}}, "z": null, "e": "", "m": 5, "count": 1, "and": 3, "a.b": 6, "A": 7, "say \"hi\"": 8, "": 9}', '{"k": 1}'),
  (2, 'Sofia', NULL, 'NaN', 1, NULL, NULL, '{"n": 7.50, "s": "x", "b": false, "d": "2026-06-01T10:00Z", "l": [], "m": "five", "t": "38"}', NULL),
  (3, 'Varna', 10, NULL, 2, NULL, NULL, '[1]', NULL), (4, NULL, 20, NULL, NULL, NULL, NULL, '"text"', NULL), (5, NULL, NULL, NULL, NULL, NULL, NULL, 'null', NULL), (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, 'Varna', NULL, NULL, NULL, NULL, NULL, '{"n": 38.00, "o": {"p": 3}, "m": true, "numbers": [1, 2.50]}', NULL);
INSERT INTO shop.extra VALUES (1, 'size', '38.5'), (2, 'size', '40'), (3, 'size', 'XL'), (1, 'born', '1990-05-14'), (2, 'news', 'yes'), (3, 'news', 'no'), (4, 'note', 'yes'), (5, 'note', 'perhaps'),
  (1, 'empty', NULL), (1, 'facts.pet', 'cat'), (9, 'orphan', '1'), (6, 'Größe', '3');
INSERT INTO shop.labels VALUES (1, 'vip'), (2, 'vip'), (2, 'new'), (8, 'orphan');
INSERT INTO shop.orders VALUES (1, 1, 10, NULL), (2, 1, 20, NULL), (3, 3, 5, NULL);
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia') \g /dev/null
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id') \g /dev/null
SELECT segmentation.bind_lookup('country', 'shop.countries', of => 'customers', key => 'country_id') \g /dev/null
SELECT segmentation.bind_set('labels', 'shop.labels', 'customer_id', 'label') \g /dev/null
SELECT segmentation.bind_fields('extra', 'shop.extra', 'customer_id', 'field', 'value') \g /dev/null
SELECT segmentation.bind_column('customers', 'twice', 'points * 2') \g /dev/null
SELECT segmentation.define_attribute('spent', 'sum(orders.total)', 'all orders') \g /dev/null
SELECT segmentation.define_attribute('average', 'spent / count(orders)') \g /dev/null
SELECT segmentation.define_attribute('is_regular', 'orders MATCHES (count >= 2)') \g /dev/null
SELECT segmentation.create_segment('rich', 'spent > 5 AND data.o.p.q = 1 AND extra.size > 30') \g /dev/null
SELECT segmentation.create_segment('Sofia', 'city = ''Sofia'' AND labels CONTAINS ''vip''') \g /dev/null
SELECT segmentation.create_segment('both', 'segments CONTAINS ''Sofia'' AND data."not yet" = 1 AND country.name = ''Greece''') \g /dev/null
RESET ROLE;

-- What is there, and as what.
SELECT results_eq($$SELECT name, type, filled, examples::text FROM segmentation.attributes WHERE kind = 'key'$$, $$VALUES
  ('data."A"', 'number', 1::bigint, '{7}'), ('data."a.b"', 'number', 1, '{6}'), ('data."not yet"', 'json', 0, '{}'), ('data."say ""hi"""', 'number', 1, '{8}'), ('data.and', 'number', 1, '{3}'),
  ('data.b', 'boolean', 2, '{false,true}'), ('data.count', 'number', 1, '{1}'), ('data.d', 'date', 2, '{2026-05-30,2026-06-01T10:00Z}'), ('data.e', 'text', 1, '{""}'), ('data.l', 'list of text', 1, '{1,x}'),
  ('data.m', 'mixed', 3, '{5,five,true}'), ('data.n', 'number', 3, '{38,7.5}'), ('data.numbers', 'list of number', 1, '{1,2.50}'), ('data.o.p', 'number', 1, '{3}'), ('data.o.p.q', 'number', 1, '{1}'),
  ('data.s', 'text', 2, '{38,x}'), ('data.t', 'text', 1, '{38}'), ('old.k', 'number', 1, '{1}')$$, 'keys of jsonb and json');
SELECT results_eq($$SELECT name, type, filled, examples::text FROM segmentation.attributes WHERE kind = 'field'$$, $$VALUES
  ('extra."Größe"', 'number', 1::bigint, '{3}'), ('extra."facts.pet"', 'text', 1, '{cat}'), ('extra.born', 'date', 1, '{1990-05-14}'), ('extra.news', 'boolean', 2, '{false,true}'), ('extra.note', 'text', 2, '{perhaps,yes}'),
  ('extra.orphan', 'number', 0, '{1}'), ('extra.size', 'mixed', 3, '{38.5,40,XL}')$$, 'fields');
SELECT results_eq($$SELECT name, type, kind, filled, examples::text, description FROM segmentation.attributes WHERE kind NOT IN ('key', 'field')$$, $$VALUES
  ('city', 'text', 'column', 4::bigint, '{Sofia,Varna}', NULL), ('code', 'text', 'column', 1, '{ab}', NULL), ('country_id', 'number', 'column', 3, '{1,2}', NULL), ('data', 'json', 'column', NULL, NULL, NULL), ('id', 'number', 'column', 7, '{1,2,3,4,5}', NULL),
  ('joined', 'date', 'column', 1, '{2026-05-30T09:00:00+00:00}', NULL), ('old', 'json', 'column', NULL, NULL, NULL), ('points', 'number', 'column', 3, '{10,20}', 'of the card'), ('rate', 'number', 'column', 1, '{1.5}', NULL), ('twice', 'number', 'computed', 3, '{20,40}', NULL),
  ('average', 'number', 'defined', 2, '{15,5}', NULL), ('is_regular', 'boolean', 'defined', 7, '{false,true}', NULL), ('spent', 'number', 'defined', 7, '{0,30,5}', 'all orders'), ('country."Code"', 'text', 'lookup', 3, '{xx}', NULL), ('country."count"', 'number', 'lookup', 3, '{3}', NULL), ('country."two words"', 'number', 'lookup', 3, '{2}', NULL), ('country.Zone', 'text', 'lookup', 3, '{E}', NULL), ('country.code', 'text', 'lookup', 0, NULL, NULL), ('country.id', 'number', 'lookup', 3, '{1,2}', NULL), ('country.name', 'text', 'lookup', 3, '{Bulgaria,Greece}', NULL),
  ('labels', 'list of text', 'set', 2, '{vip,new}', NULL)$$, 'the others');
SELECT ok(bool_and(filled_is_exact), 'in a small shop figures are exact') FROM segmentation.attributes WHERE filled IS NOT NULL;

-- Each name is the one that rules write, each figure what a rule says, and each operator one that rules take.
SELECT is(segmentation.count_matching((name || ' IS NOT NULL')::segmentation.rule), filled, name || ' is a name, and of so many') FROM segmentation.attributes WHERE type <> 'json' OR kind = 'key';
SELECT is((SELECT string_agg(m.message, '; ') FROM segmentation.check_rule(a.name || ' ' || o || CASE
    WHEN o LIKE 'IS %' THEN '' WHEN o LIKE '%MATCHES' THEN ' ()'
    ELSE (SELECT CASE WHEN o LIKE '%BETWEEN' THEN format(' %1$s AND %1$s', v) WHEN o ~ 'IN$|ANY$|ALL$' THEN format(' (%s)', v) ELSE ' ' || v END
          FROM (SELECT CASE WHEN o ~ 'WITH' THEN '''x''' WHEN a.type IN ('number', 'list of number') THEN '38' WHEN a.type = 'boolean' THEN 'true' WHEN a.type = 'date' THEN '2026-05-30'
                            WHEN a.type IN ('mixed', 'json') AND o ~ '[<>]|BETWEEN' THEN '38' ELSE '''x''' END AS v) AS literal) END) AS m), NULL, a.name || ' takes ' || o)
FROM segmentation.attributes AS a, unnest(a.operators) AS o;
-- And each example one that she has whom a rule finds by it.
SELECT isnt(segmentation.count_matching((a.name || CASE WHEN a.type LIKE 'list%' THEN ' CONTAINS ' ELSE ' = ' END || CASE
    WHEN a.type IN ('text', 'list of text') OR a.type = 'mixed' AND e !~ '^[0-9.]+$' THEN quote_literal(e) ELSE e END)::segmentation.rule), 0::bigint, format('%s has %s', a.name, e))
FROM segmentation.attributes AS a, unnest(a.examples) AS e WHERE a.filled > 0;

-- Who reads them: by attributes, too, and not by way of segments.
SELECT is(used_by, expected::text[], 'who reads ' || a.name) FROM (VALUES
  ('spent', '{attribute average,segment rich}'), ('average', '{}'), ('data.o.p.q', '{segment rich}'), ('data.o.p', '{}'), ('data', '{segment both,segment rich}'), ('extra.size', '{segment rich}'), ('extra.born', '{}'),
  ('city', '{segment Sofia}'), ('labels', '{segment Sofia}'), ('data."not yet"', '{segment both}'), ('country.name', '{segment both}'), ('id', '{}')) AS e(name, expected)
JOIN segmentation.attributes AS a ON a.name = e.name;

-- Values are read as what they are compared with: the rule says how.
CREATE FUNCTION found(rule text) RETURNS text LANGUAGE sql AS $$SELECT array_agg(m ORDER BY m)::text FROM segmentation.matches(rule, '{1,2,3,4,5,6,7}'::bigint[]) AS m$$;
SELECT is(found(rule), expected, rule) FROM (VALUES
  ('data.n = 38', '{1,7}'), ('data.n > 7', '{1,2,7}'), ('data.n BETWEEN 7.5 AND 8', '{2}'), ('data.n = ''38''', '{1}'), ('data.n < points', NULL), ('data.n > points', '{1}'),
  ('data.s = 38', NULL), ('data.s > 1', NULL), ('data.s = ''38''', '{1}'), ('data.b', '{1}'), ('data.b = false', '{2}'), ('data.b = ''true''', '{1}'),
  ('data.d = 2026-05-30', '{1}'), ('data.d > 2026-05-30', '{2}'), ('data.d STARTS WITH ''2026-05''', '{1}'), ('data.l CONTAINS ''X''', '{1}'), ('data.l CONTAINS 1', '{1}'), ('data.l IS NULL', '{2,3,4,5,6,7}'),
  ('data.o.p.q = 1', '{1}'), ('data.o.p = 3', '{7}'), ('data.z IS NULL', '{1,2,3,4,5,6,7}'), ('data.e = ''''', '{1}'), ('data.e IS NULL', '{2,3,4,5,6,7}'),
  ('data.m = 5', '{1}'), ('data.m > 4', '{1}'), ('data.m = ''five''', '{2}'), ('data.m = true', '{7}'), ('data.A = 7', NULL), ('data."A" = 7', '{1}'), ('data.nobody = 1', NULL), ('data.nobody != 1', '{1,2,3,4,5,6,7}'),
  ('extra.size > 30', '{1,2}'), ('extra.size = ''XL''', '{3}'), ('extra.news', '{2}'), ('extra.news = ''no''', '{3}'), ('extra.born < 2000-01-01', '{1}'), ('extra.empty IS NULL', '{1,2,3,4,5,6,7}'), ('extra.nobody IS NULL', '{1,2,3,4,5,6,7}'))
  AS r(rule, expected);

-- A segment that waits for a key that nobody has: it is right once somebody has it, and when she has it no more.
SELECT segmentation.create_segment('waiting', 'data.pets.kind = ''cat'' OR extra.pet = ''cat''') \g /dev/null
SELECT is(segmentation.member_count('waiting'), 0::bigint, 'nobody has the key');
SELECT results_eq($$SELECT type, filled, used_by::text FROM segmentation.attributes WHERE name IN ('data.pets.kind', 'extra.pet')$$, $$VALUES ('json', 0::bigint, '{"segment waiting"}'), ('json', 0, '{"segment waiting"}')$$, 'which is seen');
UPDATE shop.customers SET data = data || '{"pets": {"kind": "cat"}}' WHERE id = 2;
INSERT INTO shop.extra VALUES (3, 'pet', 'cat');
SELECT is(array_agg(m ORDER BY m), '{2,3}', 'who has it is in') FROM segmentation.members('waiting') AS m;
SELECT results_eq($$SELECT type, filled FROM segmentation.attributes WHERE name IN ('data.pets.kind', 'extra.pet')$$, $$VALUES ('text', 1::bigint), ('text', 1)$$, 'and it is listed as what it is');
UPDATE shop.customers SET data = data #- '{pets,kind}' WHERE id = 2;
UPDATE shop.extra SET value = NULL WHERE field = 'pet';
SELECT is(segmentation.member_count('waiting'), 0::bigint, 'nobody has it any more');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');

-- A new column, in the same transaction, in a session that knows the table already.
BEGIN;
ALTER TABLE shop.customers ADD loyalty integer DEFAULT 3;
UPDATE shop.customers SET loyalty = id WHERE id > 4;
SELECT is(segmentation.count_matching('loyalty > 4'), 3::bigint, 'a column added in this transaction');
SELECT results_eq($$SELECT type, filled, examples::text FROM segmentation.attributes WHERE name = 'loyalty'$$, $$VALUES ('number', 7::bigint, '{3,5,6,7}')$$, 'and listed');
SELECT segmentation.create_segment('loyal', 'loyalty >= 6') \g /dev/null
UPDATE shop.customers SET loyalty = 9 WHERE id = 1;
COMMIT;
SELECT is(array_agg(m ORDER BY m), '{1,6,7}', 'and members follow') FROM segmentation.members('loyal') AS m;

-- Rights: examples, figures and names of keys are data. A role sees those of columns that it may read, and the rest of each row of the others.
GRANT USAGE ON SCHEMA shop TO pgtap_reader, pgtap_columns, pgtap_bypass;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO pgtap_reader, pgtap_bypass;
GRANT SELECT (id, city) ON shop.customers TO pgtap_columns;
GRANT SELECT ON shop.labels, shop.orders TO pgtap_columns;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO pgtap_nothing; -- but not the schema
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$SELECT string_agg(name, ' ' ORDER BY name COLLATE "C") FROM segmentation.attributes WHERE examples IS NOT NULL OR filled IS NOT NULL$$;
CREATE TABLE all_rows AS SELECT name, type, kind, operators, expression, description, used_by, filled, examples FROM segmentation.attributes;
GRANT SELECT ON all_rows TO PUBLIC;
SET ROLE pgtap_reader;
SELECT set_eq('SELECT name, type, kind, operators, expression, description, used_by, filled, examples FROM segmentation.attributes', 'SELECT * FROM all_rows', 'who may read all sees all');
SET ROLE pgtap_columns;
SELECT is(seen(), 'average city id is_regular labels spent', 'columns one by one; an attribute where all that it reads may be read');
SELECT set_eq($$SELECT name, type, kind, operators, expression, description, used_by FROM segmentation.attributes WHERE kind NOT IN ('key', 'field')$$,
  $$SELECT name, type, kind, operators, expression, description, used_by FROM all_rows WHERE kind NOT IN ('key', 'field')$$, 'all else is there');
SELECT set_eq($$SELECT name FROM segmentation.attributes WHERE kind IN ('key', 'field')$$, $$VALUES ('data.o.p.q'), ('data."not yet"'), ('data.pets.kind'), ('extra.size'), ('extra.pet')$$, 'names of keys are data, too, but for those in rules');
SET ROLE pgtap_nothing;
SELECT is(seen(), NULL, 'nothing of what cannot be named');
SET ROLE pgtap_stranger;
SELECT throws_ok('SELECT * FROM segmentation.attributes', '42501', NULL, 'a stranger reads no view');
SELECT throws_ok('SELECT * FROM segmentation._attributes()', '42501', 'permission denied for view attributes', 'nor what is under it');
RESET ROLE;
-- Row security hides rows, and so all figures, from whom it concerns.
ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.extra ENABLE ROW LEVEL SECURITY;
SET ROLE pgtap_reader;
SELECT is(seen(), 'country."Code" country."count" country."two words" country.Zone country.code country.id country.name labels', 'figures of tables without policies alone');
SET ROLE pgtap_bypass;
SELECT set_eq('SELECT name, filled, examples FROM segmentation.attributes', 'SELECT name, filled, examples FROM all_rows', 'who bypasses it sees all');
SET ROLE pgtap_owner;
SELECT set_eq('SELECT name, filled, examples FROM segmentation.attributes', 'SELECT name, filled, examples FROM all_rows', 'and so does the owner');
RESET ROLE;
ALTER TABLE shop.customers DISABLE ROW LEVEL SECURITY;
ALTER TABLE shop.extra DISABLE ROW LEVEL SECURITY;

-- In a small shop a field of one customer is found among many rows.
BEGIN;
INSERT INTO shop.extra SELECT 1 + g % 7, 'many ' || g % 150, repeat('x', 90) FROM generate_series(1, 1050) AS g ON CONFLICT DO NOTHING;
INSERT INTO shop.extra SELECT g, 'of nobody', repeat('x', 90) FROM generate_series(1000, 40000) AS g;
SELECT cmp_ok(pg_relation_size('shop.extra') / 8192, '>', 500::bigint, 'more blocks than are looked at in a large shop');
SELECT results_eq($$SELECT filled, filled_is_exact, examples::text FROM segmentation.attributes WHERE name = 'extra."facts.pet"'$$, $$VALUES (1::bigint, true, '{cat}')$$, 'one field of many');
ROLLBACK;

-- What cannot be computed costs nobody else his figures.
SELECT segmentation.bind_column('customers', 'broken', '100 / (points - 20)') \g /dev/null
SELECT results_eq($$SELECT name, filled, examples FROM segmentation.attributes WHERE name IN ('broken', 'twice')$$, $$VALUES ('broken', NULL::bigint, NULL::text[]), ('twice', 3, '{20,40}')$$, 'a division by zero');
SELECT segmentation.unbind('customers.broken') \g /dev/null

-- A large shop: figures are estimates, and the table is not read. Before there are any statistics, and with them.
ALTER TABLE shop.customers SET (autovacuum_enabled = false);
INSERT INTO shop.customers (id, city, points, data)
SELECT g, CASE WHEN g % 4 = 0 THEN 'Sofia' WHEN g % 4 < 3 THEN 'Varna' END, g % 2, jsonb_build_object('n', g % 5, 'half', CASE WHEN g % 2 = 0 THEN 'x' END, 'pad', repeat('y', 300)) FROM generate_series(1001, 151000) AS g;
INSERT INTO shop.customers (id, data) VALUES (200000, '{"brand new": 1}');
CREATE FUNCTION near(name text) RETURNS text LANGUAGE sql AS $$SELECT format('%s %s', round(filled, -4), filled_is_exact) FROM segmentation.attributes AS a WHERE a.name = near.name$$;
SELECT cmp_ok(abs(filled - share * 150000), '<', 30000::numeric, format('%s without statistics: %s', a.name, filled))
FROM (VALUES ('city', 0.75), ('points', 1), ('data.n', 1), ('data.half', 0.5), ('twice', 1), ('spent', 1)) AS e(name, share) JOIN segmentation.attributes AS a ON a.name = e.name;
SELECT ok(NOT bool_or(filled_is_exact), 'which is told') FROM segmentation.attributes;
SELECT results_eq($$SELECT type, filled, examples::text FROM segmentation.attributes WHERE name = 'data."brand new"'$$, $$VALUES ('number', 1::bigint, '{1}')$$, 'what was written last is there');
ANALYZE shop.customers;
SELECT cmp_ok(abs(filled - share * 150000), '<', tolerance, format('%s with statistics: %s', a.name, filled))
FROM (VALUES ('city', 0.75, 5000::numeric), ('points', 1, 5000), ('data.n', 1, 5000), ('data.half', 0.5, 30000), ('twice', 1, 5000), ('spent', 1, 5000)) AS e(name, share, tolerance) JOIN segmentation.attributes AS a ON a.name = e.name;
SELECT is(examples[1:2], '{Varna,Sofia}', 'the most frequent first') FROM segmentation.attributes WHERE name = 'city';
SELECT count(*) FROM segmentation.attributes \g /dev/null
BEGIN;
SELECT count(*) FROM segmentation.attributes \g /dev/null
SELECT cmp_ok(pg_stat_get_xact_tuples_returned('shop.customers'::regclass), '<', 30000::bigint, 'few of 150,000 rows are read');
COMMIT;
SET ROLE pgtap_nothing;
SELECT is(seen(), NULL, 'statistics show nothing to whom the table does not');
RESET ROLE;
-- A table that cannot be looked up by customer is not read through for an attribute.
DROP INDEX shop.orders_customer_id_idx;
INSERT INTO shop.orders SELECT g, g, 1, jsonb_build_object('pad', repeat('y', 300)) FROM generate_series(1000, 31000) AS g;
SELECT is(filled, NULL, 'nothing of what would take long') FROM segmentation.attributes WHERE name = 'spent';

-- In a transaction that may not write.
BEGIN TRANSACTION READ ONLY;
SELECT count(*) > 0 AS some FROM segmentation.attributes WHERE filled > 0 \gset
ROLLBACK;
SELECT ok(:'some', 'a transaction that only reads');
DROP TABLE all_rows;
DROP OWNED BY pgtap_owner, pgtap_reader, pgtap_columns, pgtap_nothing, pgtap_stranger, pgtap_bypass CASCADE;
DROP ROLE pgtap_owner, pgtap_reader, pgtap_columns, pgtap_nothing, pgtap_stranger, pgtap_bypass;
SELECT finish();
