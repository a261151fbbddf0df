-- attribute_values: any word of the language for customers, as JSON whose numbers are exact and whose instants are the shop's.
SET client_min_messages = warning;
SET timezone = 'America/New_York';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = -5;
CREATE DOMAIN price AS numeric(12,2);
CREATE TABLE customers (id uuid PRIMARY KEY, name text, balance money, paid price, share float8, weight numeric, joined timestamptz, seen timestamp,
  born date, tags text[], sizes numeric[], data jsonb, old json, active boolean, span interval, "Odd ""name""" text, gone boolean DEFAULT false);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id uuid REFERENCES customers, total numeric(10,2), status text, placed timestamptz);
CREATE TABLE labels (customer_id uuid, label text);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON labels (customer_id);
CREATE FUNCTION c(i integer) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN lpad(i::text, 32, '0')::uuid;
INSERT INTO customers VALUES
  (c(1), 'O''Neil "x"\y', '$12.40'::money, 0.10, 0.1, 12345678901234567890.123456789, '2026-03-29 00:59:59.5+00', '2026-03-29 12:00', '1988-02-29', '{a,b}', '{1.50,2}',
   '{"size": 38.0, "list": [1, "x"], "word": "43", "nothing": null}', '{"a": 1}', true, '1 day 02:00', 'odd', false),
  (c(2), NULL, NULL, NULL, 'NaN', 'NaN', '2026-07-01 12:00+00', 'infinity', 'infinity', '{}', NULL, NULL, NULL, NULL, NULL, NULL, false),
  (c(3), 'gone', NULL, NULL, 'Infinity', '-Infinity', '-infinity', NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, true);
INSERT INTO orders VALUES (1, c(1), 10.10, 'paid', '2026-01-05 10:00+02'), (2, c(1), 20.20, 'open', '2026-01-06 10:00+02'), (3, c(1), 0.30, 'paid', '2026-01-07 10:00+02');
INSERT INTO labels VALUES (c(1), 'VIP'), (c(1), 'new');
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', condition => 'NOT gone') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed') \g /dev/null
SELECT segmentation.bind_set('labels', 'labels', 'customer_id', 'label') \g /dev/null
SELECT segmentation.define_attribute('spent', 'sum(orders.total)'), segmentation.define_attribute('average', 'spent / count(orders)'),
  segmentation.define_attribute('last_order', 'max(orders.date)'), segmentation.define_attribute('is_regular', 'orders MATCHES (count >= 3)'),
  segmentation.define_attribute('states', 'list(orders.status)'), segmentation.define_attribute('birthday', 'anniversary(born)') \g /dev/null
SELECT no_plan();

CREATE FUNCTION of(name text, i integer DEFAULT 1) RETURNS jsonb LANGUAGE sql AS
  $$SELECT v.values -> name FROM segmentation.attribute_values(ARRAY[name], c(i)) AS v$$;
SELECT is(of('name'), to_jsonb('O''Neil "x"\y'::text), 'a text');
SELECT is(of('balance')::text, '12.40', 'money is a number, whatever the session''s settings');
SELECT is(of('paid')::text, '0.10', 'a domain''s number');
SELECT is(of('share')::text, '0.1', 'a floating-point number, as short as it can be');
SELECT is(of('weight')::text, '12345678901234567890.123456789', 'a number longer than JavaScript''s');
SELECT is(of('spent')::text, '30.60', 'an exact sum');
SELECT is(round(of('average')::numeric, 4), 10.2, 'a quotient');
SELECT is(of('joined'), '"2026-03-29T02:59:59.5+02:00"', 'an instant in the shop''s zone');
SELECT is(of('joined', 2), '"2026-07-01T15:00:00+03:00"', 'whose offset is that of its day');
SELECT is(of('seen'), '"2026-03-29T12:00:00+03:00"', 'a time without a zone is the shop''s');
SELECT is(of('last_order'), '"2026-01-07T10:00:00+02:00"', 'the date of a source');
SELECT is(of('born'), '"1988-02-29"', 'a day');
SELECT is(of('birthday'), to_jsonb(segmentation.next_anniversary('1988-02-29', (now() AT TIME ZONE 'Europe/Sofia')::date)), 'an anniversary');
SELECT is((SELECT v.values FROM segmentation.attribute_values('[0:1]={born,active}', c(1)) AS v), '{"born": "1988-02-29", "active": true}', 'names of any array');
SELECT is(of('tags'), '["a", "b"]', 'a list of texts');
SELECT is(of('sizes')::text, '[1.50, 2]', 'a list of numbers');
SELECT is(of('labels'), '["VIP", "new"]', 'a set');
SELECT is(of('states'), '["open", "paid"]', 'a list of rows');
SELECT is(of('is_regular'), 'true', 'a condition');
SELECT is(of('is_regular', 2), 'false', 'which holds or not');
SELECT is(of('active'), 'true', 'a boolean');
SELECT is(of('orders'), '3', 'a source is its number of rows');
SELECT is(of('data.size')::text, '38.0', 'a key of jsonb is what it is: a number');
SELECT is(of('data.word'), '"43"', 'a text');
SELECT is(of('data.list'), '[1, "x"]', 'an array');
SELECT is(of('data.nothing'), 'null', 'null');
SELECT is(of('data.there_is_none'), 'null', 'or not there');
SELECT is(of('data'), '{"size": 38.0, "list": [1, "x"], "word": "43", "nothing": null}', 'or all of it');
SELECT is(of('old'), '{"a": 1}', 'json as well');
SELECT is(of('span'), '"1 day 02:00:00"', 'what has no form in JSON is printed alike for everybody');
SELECT is(of('"Odd ""name"""'), '"odd"', 'a name in quotes');
SELECT is(of('CUSTOMER.Name'), of('name'), 'a name is given back as it was given');
SELECT is((SELECT count(*) FROM unnest('{name,balance,paid,share,weight,tags,data,active}'::text[]) AS n WHERE of(n, 2) = 'null' OR n = 'tags' AND of(n, 2) = '[]'), 8::bigint, 'what is missing is null, NaN too');
SELECT is(of('born', 2), '"infinity"', 'a day that never comes');
SELECT is(of('seen', 2), '"infinity"', 'nor an instant');

-- Whose values.
SELECT is_empty($$SELECT FROM segmentation.attribute_values('{name}', c(3))$$, 'whom the condition excludes is no customer');
SELECT results_eq($$SELECT v.customer, v.values ->> 'active' FROM segmentation.attribute_values('{active}', ARRAY[c(2), c(1), c(1), NULL, c(9)]) AS v$$,
  $$VALUES (c(1), 'true'), (c(2), NULL)$$, 'several, each once, in the order of their keys');
SELECT is((SELECT count(*) FROM segmentation.attribute_values('{name}', ARRAY[c(1)::text, 'x', NULL])), 1::bigint, 'by text; what is no key is nobody');
SELECT is((SELECT count(*) FROM segmentation.attribute_values('{name}', '00000000-0000-0000-0000-000000000001')), 1::bigint, 'an untyped literal');
SELECT is((SELECT v.values FROM segmentation.attribute_values('{}', c(1)) AS v), '{}', 'no values');
SELECT is((SELECT count(*) FROM jsonb_object_keys((SELECT v.values FROM segmentation.attribute_values(ARRAY(SELECT 'data.k' || i FROM generate_series(1, 250) AS i), c(1)) AS v))), 250::bigint, 'many values');
SELECT is_empty($$SELECT FROM segmentation.attribute_values('{name}', NULL::uuid[])$$, 'nobody');

-- Mistakes.
SELECT throws_ok($$SELECT FROM segmentation.attribute_values('{nam}', c(1))$$, '42703', 'attribute "nam" does not exist', 'an unknown name');
SELECT throws_ok($$SELECT FROM segmentation.attribute_values('{segments}', c(1))$$, '42804', 'segments cannot be shown', 'what cannot be shown');
SELECT throws_ok($$SELECT FROM segmentation.attribute_values(ARRAY['name = ''x'''], c(1))$$, '42601', NULL, 'what is no name');
SELECT throws_ok($$SELECT FROM segmentation.attribute_values('{NULL}', c(1))$$, '22004', 'name must not be null', 'or null');
SELECT throws_ok($$SELECT FROM segmentation.attribute_values(NULL, c(1))$$, '22004', 'names must not be null', 'or no names');

-- Whose rights.
CREATE ROLE card;
SELECT segmentation.grant_access('card', 'read') \g /dev/null
GRANT SELECT (id, name, gone) ON customers TO card;
GRANT USAGE ON SCHEMA public TO card;
SET ROLE card;
SELECT is((SELECT v.values FROM segmentation.attribute_values('{name}', '00000000-0000-0000-0000-000000000001') AS v), '{"name": "O''Neil \"x\"\\y"}', 'by his own rights, column by column');
SELECT throws_ok($$SELECT FROM segmentation.attribute_values('{paid}', '00000000-0000-0000-0000-000000000001')$$, '42501', NULL, 'and no others');
RESET ROLE;
DROP OWNED BY card;
DROP ROLE card;
SELECT * FROM finish();
