-- Forecasts: which rows they are made of, what a refresh writes, groups and tiers with their ties, and members that follow.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, status text, total numeric(12,2), placed timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'Sofia' FROM generate_series(1, 420) AS i;
-- Customers 1 to 400 buy at rates of their own for values of their own, and leave after a purchase with a chance of their own; chance is the
-- same everywhere. The last twenty never buy.
CREATE FUNCTION chance(a integer, b integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (hashint4(a * 1000 + b)::float8 + 2147483649) / 4294967298$$;
INSERT INTO orders
SELECT row_number() OVER (ORDER BY c, n), c, 'paid', round((worth * -ln(chance(c, 500 + n) * chance(c, 600 + n)))::numeric, 2), timestamptz '2025-01-01 10:00+00' + at * interval '1 day'
FROM (SELECT c, n, 2 - 15 * ln(chance(c, 901)) AS worth, c % 60 + COALESCE(sum(gap) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS at,
        bool_or(leaves) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS has_left
      FROM (SELECT c, n, ln(chance(c, n)) / (0.03 * ln(chance(c, 900))) AS gap, n > 1 AND chance(c, 100 + n) < chance(c, 902) ^ 2 AS leaves
            FROM generate_series(1, 400) AS c, generate_series(1, 60) AS n) AS o) AS o
WHERE has_left IS NOT TRUE AND at < 500;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia') \g /dev/null
SELECT no_plan();
CREATE FUNCTION who(name text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1$$;

-- Which rows.
SELECT throws_ok($$SELECT segmentation.forecast_source('orders', 'total')$$, '42703', NULL, 'a source that is not there');
SELECT throws_ok($$CALL segmentation.refresh_forecasts()$$, '55000', 'it is not known which rows are purchases', 'nothing is refreshed before it is known of what');
SELECT segmentation.bind_source('undated', 'orders', key => 'customer_id'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed', condition => 'status = ''paid''') \g /dev/null
SELECT throws_ok($$SELECT segmentation.forecast_source('orders', 'totals')$$, '42703', NULL, 'a column that is not there');
SELECT throws_ok($$SELECT segmentation.forecast_source('orders', 'status')$$, '42804', NULL, 'a column that is no number');
SELECT throws_ok($$SELECT segmentation.forecast_source('orders', NULL)$$, '22004', 'amount must not be null', 'no column');
SELECT throws_ok($$SELECT segmentation.forecast_source('undated', 'total')$$, '55000', 'attribute "forecast_purchases" is no sum over rows of customers that have a date', 'a source without a date');
SELECT is_empty($$SELECT FROM segmentation.sources WHERE name = 'forecasts'$$, 'and nothing is left behind');
SELECT segmentation.forecast_source('Orders', 'total') \g /dev/null
SELECT is((SELECT string_agg(concat_ws(' ', name, type), ', ' ORDER BY name) FROM segmentation.attributes WHERE name IN ('forecast_purchases', 'rfm_group', 'predicted_spend_tier', 'predicted_spend', 'predicted_purchases', 'probability_alive')),
  'forecast_purchases number, predicted_purchases number, predicted_spend number, predicted_spend_tier text, probability_alive number, rfm_group text', 'the words are there');
SELECT throws_ok($$SELECT segmentation.unbind('orders')$$, '2BP01', NULL, 'what purchases are is not unbound');
SELECT throws_ok($$ALTER TABLE orders DROP COLUMN total$$, '2BP01', NULL, 'nor what they are worth dropped');
SELECT throws_ok($$SELECT segmentation.unbind('forecasts')$$, '42704', 'binding "forecasts" does not exist', 'nor forecasts themselves');
SELECT throws_ok($$SELECT segmentation.forecast_source('forecasts', 'spend')$$, '42703', NULL, 'nor do they count as purchases');
SELECT is_empty($$SELECT FROM segmentation.bindings WHERE name = 'forecasts'$$, 'and they are not among what the shop has bound');

-- Refused.
SELECT throws_ok($$CALL segmentation.refresh_forecasts('2025-01-20')$$, '55000', 'too few customers have come back for forecasts', 'too few who have come back');
SELECT is_empty('SELECT FROM segmentation.forecasts UNION ALL SELECT FROM segmentation.forecast_models', 'nothing is written then');
SELECT throws_ok($$CALL segmentation.refresh_forecasts('2999-01-01')$$, '22023', NULL, 'a day to come');
SELECT throws_ok($$CALL segmentation.refresh_forecasts('infinity')$$, '22023', NULL, 'the end of time');
SELECT throws_ok($$CALL segmentation.refresh_forecasts('2025-12-31', '0 days')$$, '22023', NULL, 'no horizon');
SELECT throws_ok($$CALL segmentation.refresh_forecasts('2025-12-31', holdout => '-1 day')$$, '22023', NULL, 'no hold-out');
SELECT throws_ok($$CALL segmentation.refresh_forecasts('2025-12-31', high_percentile => 5)$$, '22023', NULL, 'percentiles the wrong way round');

-- A refresh.
SELECT segmentation.create_segment(n, r) FROM (VALUES ('prospects', 'rfm_group = ''PROSPECTS'''), ('dear', 'predicted_spend_tier = ''HIGH'''),
  ('lost', 'probability_alive < 0.5 AND predicted_purchases < 100'), ('worth it', 'predicted_spend > 100'), ('old', 'forecasts.frequency_score = 5')) AS s (n, r) \g /dev/null
SELECT is((SELECT sum(members) FROM segmentation.segments), 0::numeric, 'nobody before it');
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is((SELECT string_agg(concat_ws(' ', model, customers, repeat_customers, observed_until), ', ') FROM segmentation.forecast_models),
  (SELECT format('BG/NBD %s %s 2025-12-31, Gamma-Gamma %2$s %2$s 2025-12-31', count(*), count(*) FILTER (WHERE days > 1))
   FROM (SELECT count(DISTINCT (placed AT TIME ZONE 'Europe/Sofia')::date) AS days FROM orders WHERE placed < '2026-01-01 00:00+02' GROUP BY customer_id) AS c), 'models are recorded');
SELECT is((SELECT bool_and(parameters ?& CASE model WHEN 'BG/NBD' THEN '{r,alpha,a,b}'::text[] ELSE '{p,q,gamma}' END AND log_likelihood < 0) FROM segmentation.forecast_models), true, 'by the names of their parameters');
-- The published definitions by hand.
CREATE VIEW history AS
SELECT customer_id, count(*) - 1 AS x, (max(day) - min(day)) / 7.0 AS t, ('2025-12-31' - min(day)) / 7.0 AS age,
  CASE WHEN count(*) > 1 THEN (sum(total) - (array_agg(total ORDER BY day))[1]) / (count(*) - 1) END AS mean, sum(n) AS orders, sum(total) AS spend, max(day) AS last
FROM (SELECT customer_id, (placed AT TIME ZONE 'Europe/Sofia')::date AS day, sum(total) AS total, count(*) AS n FROM orders
      WHERE status = 'paid' AND (placed AT TIME ZONE 'Europe/Sofia')::date <= '2025-12-31' GROUP BY 1, 2) AS d GROUP BY customer_id;
CREATE FUNCTION differences() RETURNS SETOF integer LANGUAGE sql AS $$
  SELECT COALESCE(h.customer_id, f.customer_id)
  FROM history AS h FULL JOIN (SELECT * FROM segmentation.forecasts WHERE frequency IS NOT NULL) AS f USING (customer_id)
  WHERE (h.x, h.orders, h.spend, h.last) IS DISTINCT FROM (f.frequency::bigint, f.orders::numeric, f.spend, f.last_order)
    OR abs(h.t - f.recency) > 1e-9 OR abs(h.age - f.age) > 1e-9 OR abs(COALESCE(h.mean, 0) - COALESCE(f.monetary, 0)) > 1e-9 $$;
SELECT is_empty('SELECT differences()', 'everyone''s history is as by hand');
SELECT is((SELECT count(*) FROM segmentation.forecasts), 420::bigint, 'there is a row for every customer');
SELECT is((SELECT max(abs(f.probability_alive - CASE WHEN h.x = 0 THEN 1 ELSE 1 / (1 + a / (b + h.x - 1) * ((alpha + h.age) / (alpha + h.t)) ^ (r + h.x)) END)) < 1e-9
           FROM history AS h JOIN segmentation.forecasts AS f USING (customer_id),
             (SELECT (parameters ->> 'r')::float8, (parameters ->> 'alpha')::float8, (parameters ->> 'a')::float8, (parameters ->> 'b')::float8
              FROM segmentation.forecast_models WHERE model = 'BG/NBD') AS m (r, alpha, a, b)), true, 'she is active as likely as the formula says');
SELECT is((SELECT max(abs(f.predicted_spend - f.predicted_purchases * p * (gamma + h.x * COALESCE(h.mean, 0)) / (p * h.x + q - 1))) < 1e-6
           FROM history AS h JOIN segmentation.forecasts AS f USING (customer_id),
             (SELECT (parameters ->> 'p')::float8, (parameters ->> 'q')::float8, (parameters ->> 'gamma')::float8
              FROM segmentation.forecast_models WHERE model = 'Gamma-Gamma') AS m (p, q, gamma)), true, 'she spends what her purchases are expected to be worth');
SELECT is((SELECT count(*) FROM segmentation.forecasts WHERE NOT (probability_alive BETWEEN 0 AND 1) OR NOT (predicted_purchases >= 0) OR NOT (predicted_spend < 1e9)), 0::bigint, 'all of it can be');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', rfm_group, predicted_spend_tier, predicted_spend, recency_score, probability_alive), ', ') FROM segmentation.forecasts WHERE customer_id > 400), 'PROSPECTS LOW 0', 'who never bought is a prospect');

-- Scores, by the share of customers who have less: equal ones have equal scores.
SELECT is_empty($$SELECT f.customer_id FROM segmentation.forecasts AS f JOIN (SELECT customer_id,
    1 + 5 * (rank() OVER (ORDER BY last) - 1) / count(*) OVER () AS r, 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS f,
    1 + 5 * (rank() OVER (ORDER BY spend) - 1) / count(*) OVER () AS m FROM history) AS h USING (customer_id)
  WHERE (f.recency_score, f.frequency_score, f.monetary_score) <> (h.r, h.f, h.m)$$, 'scores are fifths of customers');
SELECT is((SELECT sum(customers) FROM segmentation.rfm_cutoffs WHERE measure = 'monetary'), 400::numeric, 'cut-offs tell of all who bought');
SELECT is_empty($$SELECT FROM segmentation.rfm_cutoffs AS a JOIN segmentation.rfm_cutoffs AS b ON a.measure = b.measure AND a.score < b.score
  WHERE a.highest >= b.lowest OR a.latest >= b.earliest$$, 'and do not overlap');
SELECT is((SELECT string_agg((SELECT string_agg(segmentation._rfm_group(r, fm, fm), ' ' ORDER BY r) FROM generate_series(1, 5) AS r), E'\n' ORDER BY fm DESC) FROM generate_series(1, 5) AS fm),
'PREVIOUSLY_LOYAL PREVIOUSLY_LOYAL LOYAL LOYAL CHAMPIONS
AT_RISK AT_RISK LOYAL LOYAL CHAMPIONS
AT_RISK AT_RISK NEEDS_ATTENTION ACTIVE ACTIVE
DORMANT DORMANT ALMOST_LOST ACTIVE ACTIVE
DORMANT DORMANT ALMOST_LOST PROMISING NEW', 'the grid');
SELECT is(concat_ws(' ', segmentation._rfm_group(5, 1, 2), segmentation._rfm_group(5, 4, 3), segmentation._rfm_group(1, 4, 5), segmentation._rfm_group(1, 3, 2)), 'NEW ACTIVE AT_RISK DORMANT', 'half scores count as the lower whole');

-- Tiers.
SELECT is((SELECT array_agg(s ORDER BY t) FROM (SELECT predicted_spend_tier AS t, round(count(*) / 400.0, 1) AS s FROM segmentation.forecasts WHERE customer_id <= 400 GROUP BY 1) AS t), '{0.3,0.1,0.6}', 'a tenth is low, three tenths are high');
SELECT is_empty($$SELECT FROM segmentation.forecasts AS a, segmentation.forecasts AS b WHERE a.predicted_spend >= b.predicted_spend
  AND (a.predicted_spend_tier, b.predicted_spend_tier) IN (('LOW', 'MEDIUM'), ('LOW', 'HIGH'), ('MEDIUM', 'HIGH'))$$, 'by what is expected of them');

-- Members.
SELECT is(who('prospects'), '401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416,417,418,419,420', 'members are there at its commit');
SELECT is((SELECT string_agg(name || ' ' || (members BETWEEN 1 AND 399), ', ' ORDER BY name) FROM segmentation.segments), 'dear true, lost true, old true, prospects true, worth it true', 'by each of the words');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as plain SQL has it');
UPDATE orders SET status = 'draft' WHERE customer_id = 1;
INSERT INTO orders VALUES (100001, 401, 'paid', 500, '2025-12-31 21:59+00'), (100002, 402, 'paid', 500, '2025-12-31 22:00+00'), (100003, 403, 'draft', 5, '2025-12-01'),
  (100004, 404, 'paid', NULL, '2025-12-01 01:00+00'), (100005, 404, 'paid', 7, '2025-12-01 20:00+00'), (100006, 405, 'paid', 9, NULL);
CALL segmentation.refresh_forecasts('2025-12-31', '1 month', high_percentile => 50, low_percentile => 0);
SELECT is(who('prospects'), '1,402,403,405,406,407,408,409,410,411,412,413,414,415,416,417,418,419,420', 'the next refresh goes by the rows of then, and the day ends in the shop''s zone');
SELECT is_empty('SELECT differences()', 'everyone''s history is as by hand again');
SELECT is((SELECT concat_ws(' ', frequency, orders, spend) FROM segmentation.forecasts WHERE customer_id = 404), '0 2 7.00', 'two orders of a day are one purchase');
SELECT is((SELECT array_agg(DISTINCT predicted_spend_tier ORDER BY predicted_spend_tier) FROM segmentation.forecasts WHERE frequency IS NOT NULL), '{HIGH,MEDIUM}', 'other percentiles');
SELECT is((SELECT round(count(*) FILTER (WHERE predicted_spend_tier = 'HIGH') / count(*)::numeric, 1) FROM segmentation.forecasts WHERE frequency IS NOT NULL), 0.5, 'half are high');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as plain SQL has it');

SET segmentation.commit_limit = 100;
CALL segmentation.refresh_forecasts('2025-09-30');
SELECT isnt_empty('SELECT * FROM segmentation.verify() WHERE pending', 'more customers than the limit are left to the worker');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM segmentation.verify()', 'who has it as plain SQL');
RESET segmentation.commit_limit;
CALL segmentation.refresh_forecasts('2025-12-31');

-- Hold-out.
SELECT is((SELECT string_agg(frequency, ',' ORDER BY frequency) FROM segmentation.forecast_quality), '0,1,2,3,4,5,6,7+,all', 'classes');
SELECT is((SELECT actual FROM segmentation.forecast_quality WHERE frequency = 'all'),
  (SELECT count(DISTINCT (o.customer_id, (o.placed AT TIME ZONE 'Europe/Sofia')::date)) FROM orders AS o
   WHERE o.status = 'paid' AND (o.placed AT TIME ZONE 'Europe/Sofia')::date BETWEEN '2025-10-01' AND '2025-12-31'
     AND EXISTS (SELECT FROM orders AS e WHERE e.customer_id = o.customer_id AND e.status = 'paid' AND (e.placed AT TIME ZONE 'Europe/Sofia')::date < '2025-10-01')), 'what happened in the last quarter');
SELECT is((SELECT abs(sum(predicted) FILTER (WHERE frequency <> 'all') - sum(predicted) FILTER (WHERE frequency = 'all')) < 1e-6 FROM segmentation.forecast_quality), true, 'classes add up');
CALL segmentation.refresh_forecasts('2025-12-31', holdout => '364 days');
SELECT is_empty('SELECT FROM segmentation.forecast_quality', 'nothing where there were too few then');

-- What is renamed, deleted and bound anew.
ALTER TABLE orders RENAME COLUMN total TO amount;
ALTER TABLE customers RENAME COLUMN id TO number;
DELETE FROM customers WHERE number = 2;
SELECT is_empty('SELECT FROM segmentation.forecasts WHERE customer_id = 2', 'who is deleted goes from forecasts');
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is((SELECT count(*) FROM segmentation.forecasts), 419::bigint, 'renamed columns are followed');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as plain SQL has it');
SELECT segmentation.drop_segment(name) FROM segmentation.segments \g /dev/null
SELECT segmentation.bind_customers('customers', timezone => 'UTC', replace => true) \g /dev/null
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is((SELECT count(*) FROM segmentation.forecasts), 419::bigint, 'customers bound anew keep their source of forecasts');
SELECT throws_ok($$SELECT segmentation.define_attribute('forecast_purchases', 'count(orders)', replace => true)$$, '42804', 'attribute "forecast_purchases" is no sum over rows of customers that have a date',
  'its own attribute may be changed, within limits');
SELECT segmentation.define_attribute('Forecast_Purchases', 'sum(orders.amount MATCHES (amount > 20))', replace => true) \g /dev/null
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is((SELECT min(spend / orders) > 20 FROM segmentation.forecasts WHERE orders > 0), true, 'as to count only some rows');
UPDATE orders SET amount = 30;
SELECT throws_like($$CALL segmentation.refresh_forecasts('2025-12-31')$$, 'model Gamma-Gamma does not fit these purchases', 'values that do not differ');
SELECT segmentation.define_attribute('champion', 'rfm_group = ''CHAMPIONS''') \g /dev/null
SELECT throws_ok($$SELECT segmentation.drop_attribute('forecast_purchases')$$, '2BP01', NULL, 'what purchases are is known while words of the shop''s own need it');
SELECT segmentation.drop_attribute('champion'), segmentation.create_segment('champions', 'forecasts.rfm_group = ''CHAMPIONS''') \g /dev/null
SELECT throws_ok($$SELECT segmentation.drop_attribute('forecast_purchases')$$, '2BP01', NULL, 'or segments');
SELECT segmentation.drop_segment('champions'), segmentation.drop_attribute('forecast_purchases') \g /dev/null
SELECT is_empty('SELECT FROM segmentation.attribute_definition UNION ALL SELECT FROM segmentation.forecast_models UNION ALL SELECT FROM segmentation.rfm_cutoffs UNION ALL SELECT FROM segmentation.forecasts',
  'with it all of it goes');
SELECT segmentation.unbind('orders'), segmentation.unbind('undated'), segmentation.unbind('customers') \g /dev/null

-- Where the shop has such words, they are its own.
ALTER TABLE customers ADD COLUMN rfm_group text DEFAULT 'mine';
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed') \g /dev/null
SELECT segmentation.forecast_source('orders', 'amount') \g /dev/null
SELECT is(segmentation.count_matching('rfm_group = ''mine'''), 419::bigint, 'the shop''s own word goes on to mean what it meant');

-- As one document.
CREATE TEMP TABLE document AS SELECT segmentation.definitions() AS d;
SELECT is((SELECT d -> 'bindings' ? 'forecasts' FROM document), false, 'definitions leave out what is the extension''s own');
SELECT is_empty('SELECT a.* FROM document, segmentation.apply_definitions(d, prune => true) AS a', 'its own definitions are nothing to do');
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
SELECT lives_ok('SELECT a.* FROM document, segmentation.apply_definitions(d) AS a', 'in a fresh extension they are applied');
SELECT is(segmentation.definitions(), (SELECT d FROM document), 'and come back equal');
UPDATE orders SET amount = 10 + id % 97;
SELECT segmentation.create_segment('dear', 'predicted_spend_tier = ''HIGH''') \g /dev/null
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is((SELECT members BETWEEN 1 AND 399 FROM segmentation.segments), true, 'with forecasts that members follow');

-- Where it has a source of that name.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE TABLE guesses (customer integer PRIMARY KEY, probability_alive numeric);
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed'),
  segmentation.bind_source('Forecasts', 'orders', key => 'customer_id'), segmentation.forecast_source('orders', 'amount') \g /dev/null
CALL segmentation.refresh_forecasts('2025-12-31');
SELECT is(segmentation.count_matching('forecasts.rfm_group = ''PROSPECTS'' AND forecasts IS NULL'), segmentation.count_matching('orders IS NULL'), 'its rows are its own, what is asked of a customer is not');
SELECT segmentation.drop_attribute(name) FROM segmentation._forecast_words() WHERE name <> 'rfm_group' \g /dev/null
SELECT segmentation.unbind('Forecasts'), segmentation.bind_lookup('forecasts', 'guesses', of => 'customers', key => 'number', lookup_key => 'customer') \g /dev/null
SELECT segmentation.forecast_source('orders', 'amount') \g /dev/null
SELECT is((SELECT array_agg(name ORDER BY name) FROM segmentation.attributes WHERE expression ^@ 'forecasts.'), NULL, 'a lookup of that name comes first');
SELECT * FROM finish();
