-- Between refreshes a customer's own numbers move with her own purchases: view forecasts and the words of rules say of everyone, at each commit, what
-- the model in force says of her purchases as they are, added up by hand here.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text DEFAULT 'Sofia');
CREATE TABLE shops (id integer PRIMARY KEY, kind text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, shop_id integer DEFAULT 1, status text DEFAULT 'paid', total numeric(12,2), placed timestamptz);
CREATE TABLE items (order_id integer, gift boolean DEFAULT false);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (shop_id);
CREATE INDEX ON items (order_id);
INSERT INTO shops VALUES (1, 'web'), (2, 'test');
INSERT INTO customers (id) SELECT i FROM generate_series(1, 320) AS i;
CREATE FUNCTION chance(a integer, b integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (hashint4(a * 1000 + b)::float8 + 2147483649) / 4294967298$$;
INSERT INTO orders (id, customer_id, total, placed)
SELECT row_number() OVER (ORDER BY c, n), c, round((worth * -ln(chance(c, 500 + n) * chance(c, 600 + n)))::numeric, 2), timestamptz '2025-01-01 10:00+00' + at * interval '1 day'
FROM (SELECT c, n, 2 - 15 * ln(chance(c, 901)) AS worth, c % 60 + COALESCE(sum(gap) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS at,
        bool_or(leaves) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS has_left
      FROM (SELECT c, n, ln(chance(c, n)) / (0.03 * ln(chance(c, 900))) AS gap, n > 1 AND chance(c, 100 + n) < chance(c, 902) ^ 2 AS leaves
            FROM generate_series(1, 300) AS c, generate_series(1, 60) AS n) AS o) AS o
WHERE has_left IS NOT TRUE AND at < 360;
INSERT INTO items SELECT id FROM orders;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', condition => 'city = ''Sofia'''),
  segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed', condition => 'status = ''paid'''),
  segmentation.bind_lookup('shop', 'shops', of => 'orders', key => 'shop_id'),
  segmentation.bind_source('items', 'items', key => 'order_id', of => 'orders'),
  segmentation.forecast_source('orders', 'total'),
  segmentation.define_attribute('forecast_purchases', 'sum(orders.total MATCHES (shop.kind != ''test''))', replace => true) \g /dev/null
SELECT no_plan();
-- What the model in force says of everyone, added up here; what the view says and that does not, and the other way round.
CREATE VIEW by_hand AS
SELECT c.id AS customer_id, f.frequency, f.recency, f.age, f.monetary, f.probability_alive, f.predicted_purchases, f.predicted_spend, f.predicted_spend_tier,
  f.recency_score::smallint, f.frequency_score::smallint, f.monetary_score::smallint, f.rfm_group, COALESCE(h.orders, 0) AS orders, COALESCE(h.spend, 0) AS spend, h.last AS last_order, f.observed_until
FROM (SELECT id FROM customers WHERE city = 'Sofia') AS c
CROSS JOIN (SELECT model, '2000-01-01'::date + split_part(model, ' ', 8)::integer AS until, split_part(model, ' ', 9) = '1' AS goes_on FROM segmentation.forecast_in_force) AS m
LEFT JOIN LATERAL (
  SELECT sum(n)::bigint AS orders, count(*) AS days, min(day) AS first, max(day) AS last, sum(total) AS spend, (array_agg(total ORDER BY day))[1] AS first_value
  FROM (SELECT (o.placed AT TIME ZONE 'Europe/Sofia')::date AS day, COALESCE(sum(o.total), 0) AS total, count(*) AS n
        FROM orders AS o LEFT JOIN shops AS s ON s.id = o.shop_id WHERE o.customer_id = c.id AND o.status = 'paid' AND s.kind IS DISTINCT FROM 'test' AND isfinite(o.placed) GROUP BY 1) AS d
  WHERE m.goes_on OR d.day <= m.until) AS h ON true,
LATERAL segmentation._forecast_row(m.model, h.orders, NULLIF(h.days, 0), h.first, h.last, h.spend, h.first_value) AS f;
CREATE FUNCTION wrong() RETURNS TABLE (whose text, customer integer) LANGUAGE sql AS $$
  SELECT 'hand', h.customer_id FROM (TABLE by_hand EXCEPT ALL TABLE segmentation.forecasts) AS h
  UNION ALL SELECT 'view', h.customer_id FROM (TABLE segmentation.forecasts EXCEPT ALL TABLE by_hand) AS h
  UNION ALL SELECT v.segment, v.customer::integer FROM segmentation.verify() AS v
  UNION ALL (SELECT 'prospects', customer_id FROM by_hand WHERE rfm_group = 'PROSPECTS' EXCEPT SELECT 'prospects', m FROM segmentation.members('prospects') AS m)
  UNION ALL (SELECT 'dear', m FROM segmentation.members('dear') AS m EXCEPT SELECT 'dear', customer_id FROM by_hand WHERE predicted_spend_tier = 'HIGH') $$;
-- How many customers the view computes.
CREATE FUNCTION moved() RETURNS bigint LANGUAGE sql AS $$SELECT count(DISTINCT customer_id) + 1000 * count(*) FILTER (WHERE customer_id IS NULL) FROM segmentation.forecast_moved$$;
CREATE FUNCTION of(customer integer) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', frequency, orders, spend, last_order, observed_until) FROM segmentation.forecasts WHERE customer_id = $1 $$;

-- Before the first refresh nothing is noted; what was there then is in it.
INSERT INTO orders VALUES (90001, 301, 1, 'paid', 5, '2025-11-30');
SELECT is(moved(), 0::bigint, 'where no model is in force nobody is noted');
SELECT is_empty('SELECT FROM segmentation.forecasts', 'and nothing shown');
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT segmentation.create_segment('prospects', 'rfm_group = ''PROSPECTS'''), segmentation.create_segment('dear', 'predicted_spend_tier = ''HIGH''') \g /dev/null
SELECT is_empty('SELECT wrong()', 'a refresh says what its model says');
SELECT is(moved(), 0::bigint, 'of nobody is it computed');

-- Orders come, change and go.
INSERT INTO orders VALUES (90002, 302, 1, 'paid', 20, '2026-01-10 10:00+00'), (90003, 302, 1, 'paid', 40, '2026-03-01 22:30+00'), (90004, 1, 1, 'paid', 500, '2026-02-01');
SELECT is(of(302), '1 2 60.00 2026-03-02 2026-03-02', 'an order counts at its commit, and she is observed until then');
SELECT is_empty('SELECT wrong()', 'orders that come');
SELECT is(moved(), 2::bigint, 'only of who bought is it computed');
UPDATE orders SET total = 1000 WHERE id = 90003;
SELECT is(of(302), '1 2 1020.00 2026-03-02 2026-03-02', 'another amount');
UPDATE orders SET placed = '2026-04-01' WHERE id = 90003;
SELECT is_empty('SELECT wrong()', 'amounts and dates that change');
UPDATE orders SET customer_id = 303 WHERE id = 90003;
SELECT is_empty('SELECT wrong()', 'an order that is another customer''s');
DELETE FROM orders WHERE customer_id = 302;
SELECT is(of(302), '0 0 2025-12-31', 'orders that go');
UPDATE orders SET status = 'draft' WHERE customer_id = 2;
INSERT INTO orders VALUES (90005, 304, 1, 'draft', 20, '2026-01-10'), (90006, 305, 1, 'paid', NULL, '2026-01-10'), (90007, 306, 1, 'paid', 20, NULL), (90008, NULL, 1, 'paid', 20, '2026-01-10'),
  (90009, 307, 2, 'paid', 7, '2026-01-10'), (90010, 308, NULL, 'paid', 7, '2026-01-10'), (90011, 308, 1, 'paid', 7, '2026-01-09 23:00+00'), (90012, 309, 1, 'paid', 7, 'infinity'), (90013, 309, 1, 'paid', 7, '-infinity');
SELECT is_empty('SELECT wrong()', 'rows that are no purchases');
SELECT is(of(308), '0 2 14.00 2026-01-10 2026-01-10', 'two of a day in the shop''s zone are one');
UPDATE orders SET shop_id = 1 WHERE id = 90009;
UPDATE shops SET kind = 'test' WHERE id = 1;
SELECT is_empty('SELECT wrong()', 'a table of which the condition of purchases reads changes');
UPDATE shops SET kind = 'web' WHERE id = 1;
BEGIN;
UPDATE orders SET total = total + 1 WHERE customer_id = 3;
SAVEPOINT s;
UPDATE orders SET total = total + 1 WHERE customer_id = 4;
ROLLBACK TO s;
COMMIT;
SELECT is_empty('SELECT wrong()', 'savepoints');

-- Where no rule reads purchases.
SELECT segmentation.drop_segment('dear'), segmentation.drop_segment('prospects'), segmentation.create_segment('prospects', 'city = ''nowhere'''), segmentation.create_segment('dear', 'orders MATCHES (total > 1000000)') \g /dev/null
CREATE OR REPLACE FUNCTION wrong() RETURNS TABLE (whose text, customer integer) LANGUAGE sql AS $$
  SELECT 'hand', h.customer_id FROM (TABLE by_hand EXCEPT ALL TABLE segmentation.forecasts) AS h
  UNION ALL SELECT 'view', h.customer_id FROM (TABLE segmentation.forecasts EXCEPT ALL TABLE by_hand) AS h $$;
CALL segmentation.refresh_forecasts('2026-04-30');
SELECT is_empty('SELECT wrong()', 'the next refresh');
INSERT INTO orders VALUES (91001, 5, 1, 'paid', 12, '2026-05-10');
UPDATE orders SET total = 3.5 WHERE customer_id = 6;
UPDATE orders SET placed = placed + interval '1 day' WHERE customer_id = 7;
UPDATE orders SET status = 'draft' WHERE customer_id = 8;
UPDATE orders SET shop_id = 2 WHERE customer_id = 9;
UPDATE items SET gift = true;
SELECT is_empty('SELECT wrong()', 'what no rule reads is noted for forecasts');
SELECT is(moved(), 5::bigint, 'but not what they do not read either');
SELECT segmentation.drop_segment('dear') \g /dev/null
UPDATE orders SET total = 4.5 WHERE customer_id = 10;
SELECT is_empty('SELECT wrong()', 'also where no rule reads a table of them');

-- Rows of which forecasts are not made, though rules read them.
CREATE TABLE visits (customer_id integer, page text);
CREATE INDEX ON visits (customer_id);
SELECT segmentation.bind_source('visits', 'visits', key => 'customer_id'), segmentation.create_segment('dear', 'count(visits) > 1'), segmentation.create_group('kept') \g /dev/null
SELECT moved() AS before \gset
INSERT INTO visits SELECT 1 + i % 100, 'home' FROM generate_series(1, 200) AS i;
SELECT segmentation.add_members('kept', ARRAY[101, 102]) \g /dev/null
SELECT is(moved(), :before::bigint, 'move nobody');
SELECT is((SELECT count(*) FROM segmentation.members('dear') AS m), 100::bigint, 'whoever they move in segments');
BEGIN;
INSERT INTO visits VALUES (103, 'home');
UPDATE orders SET total = 5.5 WHERE customer_id = 10;
COMMIT;
SELECT is_empty('SELECT wrong()', 'together with such that they are made of');
SELECT segmentation.drop_segment('dear'), segmentation.drop_segment('kept'), segmentation.unbind('visits') \g /dev/null

-- Customers.
INSERT INTO customers VALUES (1001, 'Sofia'), (1002, 'Varna'), (1003, 'Sofia');
INSERT INTO orders VALUES (92001, 1001, 1, 'paid', 8, '2026-05-01'), (92002, 1002, 1, 'paid', 8, '2026-05-01'), (92003, 1004, 1, 'paid', 8, '2026-05-01');
SELECT is_empty('SELECT wrong()', 'customers who come');
SELECT is(of(1002), NULL, 'who is none is not shown');
UPDATE customers SET city = 'Varna' WHERE id = 11;
UPDATE customers SET city = 'Sofia' WHERE id = 1002;
SELECT is_empty('SELECT wrong()', 'and stop or begin to count');
DELETE FROM customers WHERE id IN (12, 1003);
SELECT is(of(12), NULL, 'who goes');
SELECT is_empty('SELECT FROM segmentation.forecast WHERE customer_id = 12', 'with what was stored of her');
UPDATE customers SET id = 2000 WHERE id = 13;
SELECT is_empty('SELECT wrong()', 'and change their keys');
UPDATE orders SET customer_id = 15 WHERE customer_id = 14;
SELECT segmentation.merge_customers(14, 15) \g /dev/null
DELETE FROM customers WHERE id = 14;
SELECT is_empty('SELECT wrong()', 'and turn out to be one');
CALL segmentation.refresh_forecasts('2026-04-30');
SELECT is_empty('SELECT wrong()', 'a refresh looks them through');
SELECT is_empty('SELECT customer_id FROM segmentation.forecast EXCEPT SELECT id FROM customers', 'and forgets who is gone');
SELECT is((SELECT max(day) FROM (SELECT (placed AT TIME ZONE 'Europe/Sofia')::date AS day FROM orders WHERE status = 'paid' AND isfinite(placed)) AS o) > '2026-04-30', true, 'there are later purchases');
SELECT is(split_part(model, ' ', 9), '0', 'which do not count where one looks back') FROM segmentation.forecast_in_force;
SELECT is(of(1001), '0 0 2026-04-30', 'nor later');
INSERT INTO orders VALUES (93001, 16, 1, 'paid', 12, '2026-06-10'), (93002, 17, 1, 'paid', 12, '2026-04-30');
SELECT is_empty('SELECT wrong()', 'while earlier ones do');

-- Beyond the limit, and later.
SET segmentation.commit_limit = 10;
UPDATE orders SET total = total * 1.5;
CALL segmentation.tick();
SELECT is_empty('SELECT wrong()', 'more than a commit may judge');
UPDATE shops SET kind = 'test' WHERE id = 1;
CALL segmentation.tick();
SELECT is_empty('SELECT wrong()', 'by what many share');
UPDATE shops SET kind = 'web' WHERE id = 1;
CALL segmentation.tick();
RESET segmentation.commit_limit;
SET segmentation.maintain = background;
UPDATE orders SET total = 1 WHERE customer_id = 18;
CALL segmentation.tick();
SELECT is_empty('SELECT wrong()', 'in the background');
SET segmentation.maintain = statement;
UPDATE orders SET total = 2 WHERE customer_id = 18;
SELECT is_empty('SELECT wrong()', 'at the statement');
RESET segmentation.maintain;
CALL segmentation.refresh_forecasts();
SELECT is(moved(), 0::bigint, 'a refresh takes notes away');

-- Today's purchases are there already when it refreshes.
INSERT INTO orders VALUES (94001, 19, 1, 'paid', 12, now());
CALL segmentation.refresh_forecasts();
SELECT is_empty('SELECT wrong()', 'who has bought today');
SELECT is(moved(), 1::bigint, 'is computed');
SELECT is((SELECT observed_until FROM segmentation.forecast_models LIMIT 1), (now() AT TIME ZONE 'Europe/Sofia')::date - 1, 'though the models end yesterday');

-- An unchanged model is no new definition.
SELECT built AS before FROM segmentation.segment WHERE name = 'prospects' \gset
SELECT version AS v FROM segmentation.definition_version \gset
CALL segmentation.refresh_forecasts();
SELECT is(version, :v::bigint, 'the same model again changes no definition') FROM segmentation.definition_version;
SELECT is(moved(), 1::bigint, 'and who is computed is still');

-- Definitions.
SELECT segmentation.define_attribute('big', 'sum(orders.total) > 100'), segmentation.define_attribute('big', 'sum(orders.total) > 200', replace => true) \g /dev/null
SELECT is(moved(), 1::bigint, 'other definitions move nobody');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed', replace => true) \g /dev/null
SELECT is(moved() >= 1000, true, 'where other rows are purchases, everyone moves');
SELECT is((SELECT concat_ws(' ', orders, spend) FROM segmentation.forecasts WHERE customer_id = 304), '1 30.00', 'who was none has bought');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed', condition => 'status = ''paid''', replace => true) \g /dev/null
SELECT is_empty('SELECT wrong()', 'everyone is computed anew');
SELECT is((SELECT count(*) FROM segmentation.forecasts WHERE customer_id = 20), 1::bigint, 'each once');
CALL segmentation.refresh_forecasts();

-- What nobody can note.
TRUNCATE items, orders;
SELECT is_empty('SELECT wrong()', 'TRUNCATE');
SELECT is((SELECT array_agg(DISTINCT rfm_group) FROM segmentation.forecasts), '{PROSPECTS}', 'nobody has bought');
INSERT INTO orders VALUES (95001, 20, 1, 'paid', 12, '2026-06-10');
ALTER TABLE orders DISABLE TRIGGER USER;
INSERT INTO orders VALUES (95002, 21, 1, 'paid', 12, '2026-06-10');
ALTER TABLE orders ENABLE TRIGGER USER;
SELECT is_empty('SELECT wrong()', 'triggers that were away for a while');
CALL segmentation.tick();
DELETE FROM segmentation.forecast_moved; -- as if nobody had noticed
SELECT segmentation.refresh(21) \g /dev/null
SELECT is(of(21), '0 1 12.00 2026-06-10 ' || (SELECT greatest(observed_until, '2026-06-10') FROM segmentation.forecast_models LIMIT 1), 'refresh of one customer');
SELECT is(moved(), 1::bigint, 'moves her alone');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT wrong()', 'refresh_all');

-- Without segments customers who are bound again get tables of their own.
SELECT segmentation.drop_segment('prospects') \g /dev/null
CALL segmentation.tick();
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', condition => 'city = ''Sofia''', replace => true) \g /dev/null
SELECT is_empty('SELECT wrong()', 'customers who are bound anew');

-- Triggers of the shop's own on the notes.
CREATE TABLE told (customer_id integer);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.told VALUES (NEW.customer_id); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT ON segmentation.forecast_moved FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO orders VALUES (95003, 22, 1, 'paid', 12, '2026-06-10');
SELECT is((SELECT array_agg(customer_id) FROM told), '{22}', 'fire');
DROP TRIGGER tell ON segmentation.forecast_moved;

-- Many notes of whom nothing is known to the planner.
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
ALTER TABLE segmentation.forecast_moved SET (autovacuum_enabled = off);
CREATE TABLE noted AS TABLE segmentation.forecast_moved;
INSERT INTO segmentation.forecast_moved SELECT i FROM generate_series(1, 30000) AS i;
SELECT is_empty($$SELECT p FROM plan_of('SELECT FROM segmentation.forecasts WHERE customer_id = 20') AS p WHERE p ~ 'Seq Scan on forecast_moved'$$, 'are not all read for one customer');
DELETE FROM segmentation.forecast_moved;
INSERT INTO segmentation.forecast_moved TABLE noted;

-- Who may read: with a level also what is computed; the functions under the view are everybody's, and refuse others.
DROP ROLE IF EXISTS pgtap_forecasts_reader, pgtap_forecasts_other;
CREATE ROLE pgtap_forecasts_reader;
CREATE ROLE pgtap_forecasts_other;
SELECT segmentation.grant_access('pgtap_forecasts_reader', 'read') \g /dev/null
SET ROLE pgtap_forecasts_reader;
SELECT is((SELECT count(*) FROM segmentation.forecasts WHERE customer_id IN (20, 21) AND orders = 1), 2::bigint, 'a reader sees forecasts without a right on orders');
SELECT throws_ok('SELECT FROM orders', '42501', NULL, 'which he has not');
SELECT throws_ok('SELECT segmentation._forecast_customers(''x''::text)', '42804', 'the customers'' key is of type integer, not text', 'nor are keys taken for what they are not');
SET ROLE pgtap_forecasts_other;
SELECT throws_ok('SELECT segmentation._forecast_now(22)', '42501', 'permission denied for view forecasts of schema segmentation', 'nobody else does');
SELECT throws_ok('SELECT segmentation._forecast_customers(22)', '42501', 'permission denied for view forecasts of schema segmentation', 'nor learns who the customers are');
RESET ROLE;
SELECT segmentation.revoke_access('pgtap_forecasts_reader') \g /dev/null
DROP ROLE pgtap_forecasts_reader, pgtap_forecasts_other;
SELECT * FROM finish();
