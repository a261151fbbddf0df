-- View attributes tells of customers alone, not of rows that their condition excludes, and shows values of any type as rules read them.
SET client_min_messages = error;
SELECT no_plan();
CREATE SCHEMA shop;
CREATE DOMAIN shop.points AS numeric(10,2) CHECK (VALUE >= 0);
CREATE DOMAIN shop.word AS text;
CREATE TABLE shop.customers (id integer PRIMARY KEY, is_deleted boolean NOT NULL, data jsonb, price money, address inet, rate double precision, share real,
  amount numeric, born date, at timestamptz, points shop.points[], words shop.word[]);
INSERT INTO shop.customers SELECT g, g % 2 = 0, jsonb_build_object('n', g % 4, CASE WHEN g % 2 = 0 THEN 'gone' ELSE 'here' END, g % 4), (1000.5 * (1 + g % 4))::text::money, '10.0.0.1', 1 / 3.0, 1 / 3.0,
  CASE WHEN g % 4 = 1 THEN 'NaN' ELSE 1.50 END, CASE WHEN g % 4 = 1 THEN 'infinity'::date ELSE '1990-05-14' END, '2026-05-14 10:00+00', ARRAY[1.50], ARRAY['a'] FROM generate_series(1, 40) AS g;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia', condition => 'is_deleted = false') \g /dev/null

-- Each figure is what the rule says, each example one that she has whom a rule finds by it.
CREATE FUNCTION told() RETURNS TABLE (name text, filled bigint, examples text) LANGUAGE sql AS
  $$SELECT name, filled, examples::text FROM segmentation.attributes WHERE name <> 'id' AND type <> 'json'$$;
CREATE FUNCTION of_nobody() RETURNS TABLE (rule text) LANGUAGE sql AS $$
  SELECT r.rule FROM segmentation.attributes AS a, unnest(a.examples) AS e,
    LATERAL (SELECT a.name || CASE WHEN a.type LIKE 'list%' THEN ' CONTAINS ' ELSE ' = ' END || CASE WHEN a.type ~ 'text' THEN '''' || e || '''' ELSE e END AS rule) AS r
  WHERE segmentation.count_matching(r.rule::segmentation.rule) = 0 $$;
SELECT results_eq('SELECT * FROM told()', $$VALUES ('address', 20::bigint, '{10.0.0.1/32}'), ('amount', 10, '{1.5}'), ('at', 20, '{2026-05-14T10:00:00+00:00}'), ('born', 20, '{1990-05-14}'),
  ('is_deleted', 20, '{false}'), ('points', 20, '{1.50}'), ('price', 20, '{2001,4002}'), ('rate', 20, '{0.333333333333333}'), ('share', 20, '{0.333333}'), ('words', 20, '{a}'),
  ('data.here', 20, '{1,3}'), ('data.n', 20, '{1,3}')$$, 'a small shop');
SELECT is_empty('SELECT * FROM of_nobody()', 'with examples that rules find');

-- A large shop goes by statistics, which print some types as rules do not.
INSERT INTO shop.customers SELECT g + 40, false, c.data, c.price, c.address, c.rate, c.share, c.amount, c.born, c.at, c.points, c.words
FROM generate_series(1, 4000) AS g JOIN shop.customers AS c ON c.id = 1 + g % 40 AND NOT c.is_deleted;
INSERT INTO shop.customers SELECT g + 4040, true, '{"gone": 1}' FROM generate_series(1, 2000) AS g;
ANALYZE shop.customers;
SELECT results_eq('SELECT name, (SELECT array_agg(e ORDER BY e) FROM unnest(examples::text[]) AS e)::text FROM told() WHERE name <> ''is_deleted''', $$VALUES ('address', '{10.0.0.1/32}'), ('amount', '{1.5}'), ('at', '{2026-05-14T10:00:00+00}'), ('born', '{1990-05-14}'),
  ('points', '{1.50}'), ('price', '{2001,4002}'), ('rate', '{0.333333333333333}'), ('share', '{0.333333}'), ('words', '{a}'), ('data.here', '{1,3}'), ('data.n', '{1,3}')$$, 'a large shop');
SELECT ok(filled BETWEEN 1500 AND 2600, name || ' of about so many customers') FROM told() WHERE name LIKE 'data%';

-- A key that has just been added is there, of many customers on one page, too.
INSERT INTO shop.customers VALUES (10000, false, '{"new": 1}');
SELECT isnt_empty('SELECT FROM told() WHERE name = ''data.new'' AND filled >= 1', 'the last customer''s key');

-- Lists of a domain's values are read as such, at commits, too.
SELECT segmentation.create_segment('listed', 'points CONTAINS 7 AND words CONTAINS ''b''') \g /dev/null
UPDATE shop.customers SET points = '{7.00,1}', words = '{B}' WHERE id IN (1, 2, 3);
SELECT is(array_agg(m ORDER BY m), '{1,3}', 'lists of domains') FROM segmentation.members('listed') AS m;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');

-- One attribute that cannot be computed hides no other one's figures.
SELECT segmentation.bind_column('customers', 'wrong', '(100 / (id - id))') \g /dev/null
SELECT ok(count(*) > 10, 'the others are told') FROM told() WHERE filled > 0 AND examples <> '{}' AND name <> 'wrong';

-- Long values beside the table count, too: few of them are read.
DELETE FROM shop.customers WHERE id > 40;
VACUUM FULL shop.customers;
SELECT ok(bool_and(filled_is_exact), 'a small shop') FROM segmentation.attributes WHERE name LIKE 'data%';
INSERT INTO shop.customers SELECT g, false, (SELECT jsonb_object_agg('k' || i, md5(format('%s %s', g, i))) FROM generate_series(1, 1200) AS i) FROM generate_series(41, 400) AS g;
INSERT INTO shop.customers VALUES (401, false, '{"newest": 1}');
SELECT ok(bool_and(NOT filled_is_exact), 'not if its values are long') FROM segmentation.attributes WHERE name LIKE 'data%';
SELECT cmp_ok((SELECT for_keys FROM segmentation._customers_drawn()), '<', 100, 'of which few are read');

-- Where a condition cannot be computed for one row, all is listed.
SELECT segmentation.drop_segment('listed') \g /dev/null
SELECT segmentation.bind_column('customers', 'inverse', '(1 / (id - 3))') \g /dev/null
SELECT segmentation.bind_customers('shop.customers', condition => 'inverse >= 0', replace => true) \g /dev/null
SELECT cmp_ok(count(*), '>=', 10::bigint, 'a condition that fails hides nothing') FROM segmentation.attributes WHERE kind = 'column';
SELECT * FROM finish();
