-- Forecasts of the CDNOW data against what is published of them: Fader, Hardie and Lee (2005) and Fader and Hardie (2013) for the sample, cross-checked
-- by the tests of CLVTools, lifetimes and PyMC-Marketing; for all 23,570 customers against a fit of our own by other means.
\o /dev/null
SELECT segmentation.bind_source('all_purchases', 'purchases', key => 'customer_id', date => 'date');
SELECT segmentation.forecast_source('all_purchases', 'dollars');
CALL segmentation.refresh_forecasts('1998-06-30', '39 weeks', holdout => '39 weeks');
\o
CREATE TEMP VIEW fitted AS
SELECT customers, repeat_customers, log_likelihood, p.key AS parameter, p.value::float8 AS value FROM segmentation.forecast_models, jsonb_each_text(parameters) AS p;
-- Returns what is further away than a share of what is wanted.
CREATE FUNCTION pg_temp.beyond(found float8, wanted float8, share float8, name text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN NOT COALESCE(abs(found - wanted) <= share * abs(wanted), false) THEN format('%s is %s, not %s', name, found, wanted) END
$$;
CREATE FUNCTION pg_temp.parameters_differ(wanted jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT nullif(concat_ws('; ', CASE WHEN count(*) <> 7 THEN count(*) || ' parameters' END, string_agg(pg_temp.beyond(f.value, w.value::float8, 1e-3, w.key), '; ')), '')
  FROM jsonb_each_text(wanted) AS w JOIN fitted AS f ON f.parameter = w.key
$$;
INSERT INTO outcome (what, members, problem)
SELECT 'all customers: purchases of 39 weeks foretold', customers, nullif(concat_ws('; ', pg_temp.number_differs(customers, 23570, 'customers'),
  pg_temp.number_differs(actual, 19684, 'actual'), pg_temp.beyond(predicted, 16873.7, 1e-5, 'predicted')), '')
FROM segmentation.forecast_quality WHERE frequency = 'all';
\o /dev/null
CALL segmentation.refresh_forecasts('1997-09-30', '39 weeks');
\o
INSERT INTO outcome (what, members, problem)
SELECT 'all customers: both models', max(customers), nullif(concat_ws('; ',
  pg_temp.parameters_differ('{"r": 0.251624, "alpha": 4.788942, "a": 0.723434, "b": 2.161088, "p": 6.275361, "q": 3.624450, "gamma": 14.983682}'),
  pg_temp.beyond(min(log_likelihood), -95368.4439, 1e-7, 'log-likelihood'), pg_temp.beyond(max(log_likelihood), -40763.4763, 1e-7, 'log-likelihood')), '')
FROM fitted;

\o /dev/null
SELECT segmentation.forecast_source('sample', 'dollars');
CALL segmentation.refresh_forecasts('1998-06-30', '39 weeks', holdout => '39 weeks');
\o
INSERT INTO outcome (what, members, problem)
SELECT 'sample: purchases of 39 weeks foretold by class', max(q.customers), nullif(concat_ws('; ', pg_temp.number_differs(count(*), 9, 'classes'),
  string_agg(pg_temp.number_differs(q.customers, w.customers, w.class), '; '), string_agg(pg_temp.number_differs(q.actual, w.actual, w.class), '; '),
  string_agg(CASE WHEN round((q.predicted / q.customers)::numeric, 4) <> w.predicted THEN format('%s: %s predicted', w.class, q.predicted / q.customers) END, '; ')), '')
FROM (VALUES ('0', 1411, 334, 0.2251), ('1', 439, 306, 0.5231), ('2', 214, 298, 1.0441), ('3', 100, 156, 1.5203), ('4', 62, 157, 2.1639),
        ('5', 38, 112, 2.6538), ('6', 29, 112, 3.5040), ('7+', 64, 407, 6.1572), ('all', 2357, 1882, 0.7015)) AS w (class, customers, actual, predicted)
JOIN segmentation.forecast_quality AS q ON q.frequency = w.class;
\o /dev/null
CALL segmentation.refresh_forecasts('1997-09-30', '39 weeks');
\o
INSERT INTO outcome (what, members, problem)
SELECT 'sample: BG/NBD and Gamma-Gamma as published', max(customers), nullif(concat_ws('; ',
  pg_temp.parameters_differ('{"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881, "p": 6.249574, "q": 3.744225, "gamma": 15.443518}'),
  pg_temp.number_differs(min(repeat_customers), 946, 'customers who came back'),
  CASE WHEN abs(min(log_likelihood) + 9582.43) > 0.01 OR abs(max(log_likelihood) + 4055.92) > 0.01 THEN 'log-likelihoods' END), '')
FROM fitted;
INSERT INTO outcome (what, members, problem)
SELECT 'sample: single customers as published', count(*), nullif(concat_ws('; ', pg_temp.number_differs(count(*), 4, 'customers'),
  string_agg(pg_temp.beyond(f.probability_alive, w.alive, 2e-4, 'P(alive) of ' || w.id), '; '),
  string_agg(pg_temp.beyond(f.predicted_purchases, w.purchases, 3e-4, 'purchases of ' || w.id), '; '),
  string_agg(pg_temp.beyond(f.predicted_spend / f.predicted_purchases, w.value, 1e-4, 'value of ' || w.id), '; '),
  string_agg(CASE WHEN (f.frequency, round(f.recency::numeric, 2), round(f.age::numeric, 2), round(f.monetary::numeric, 3)) IS DISTINCT FROM (w.x, w.t, 38.86, w.mean)
             THEN 'history of ' || w.id END, '; ')), '')
FROM (VALUES (1, 2, 30.43, 22.345, 0.7266, 1.2260, 24.654), (2, 1, 1.71, 11.77, 0.2124, 0.2034, 18.910), (3, 0, 0, NULL, 1, 0.1948, 35.170),
        (6, 7, 29.43, 73.741, 0.6418, 3.3376, 71.465)) AS w (id, x, t, mean, alive, purchases, value)
JOIN customers AS c ON c.sample_id = w.id JOIN segmentation.forecasts AS f ON f.customer_id = c.id;
INSERT INTO outcome (what, members, problem)
SELECT 'sample: new customers as published', count(*), nullif(concat_ws('; ', string_agg(CASE WHEN round(e.found::numeric, 4) <> w.wanted THEN format('%s weeks: %s', w.weeks, e.found) END, '; ')), '')
FROM (VALUES (0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8580)) AS w (weeks, wanted),
  (SELECT max(value) FILTER (WHERE parameter = 'r') AS r, max(value) FILTER (WHERE parameter = 'alpha') AS alpha, max(value) FILTER (WHERE parameter = 'a') AS a,
     max(value) FILTER (WHERE parameter = 'b') AS b FROM fitted) AS m,
  LATERAL (SELECT segmentation._expected_new_purchases(m.r, m.alpha, m.a, m.b, w.weeks)) AS e (found);

\ir cumulative.sql
INSERT INTO outcome (what, members, problem)
SELECT 'sample: 4 % below what was bought in the end', max(actual), nullif(concat_ws('; ', pg_temp.number_differs(max(actual) FILTER (WHERE week = 39), 2457, 'week 39'),
  pg_temp.number_differs(max(actual), 4339, 'week 78'), pg_temp.number_differs(round(100 * max(predicted / actual - 1) FILTER (WHERE week = 78))::bigint, -4, 'error in %')), '')
FROM cumulative;

-- Rules that read forecasts. Of those below the hand-written queries know nothing of how they are computed.
INSERT INTO wanted (name, rule, hand) VALUES
('champions', $$ rfm_group = 'CHAMPIONS' $$,
 $$ SELECT c.id FROM customers c JOIN (
      SELECT sample_id, 5 * (rank() OVER (ORDER BY max(day)) - 1) / count(*) OVER () AS r, 5 * (rank() OVER (ORDER BY count(*)) - 1) / count(*) OVER () AS f,
        5 * (rank() OVER (ORDER BY sum(dollars::numeric)) - 1) / count(*) OVER () AS m
      FROM sample_purchases WHERE day < '1997-10-01' GROUP BY sample_id) AS s USING (sample_id) WHERE r = 4 AND (f + 1 + m + 1) / 2 > 3 $$),
('likely to be gone', $$ probability_alive < 0.3 AND predicted_purchases > 0 $$,
 $$ SELECT customer_id FROM segmentation.forecasts WHERE probability_alive < 0.3 $$),
('dear ones', $$ predicted_spend_tier = 'HIGH' AND predicted_spend > 50 $$,
 $$ SELECT customer_id FROM (SELECT customer_id, predicted_spend, rank() OVER (ORDER BY predicted_spend DESC) AS place FROM segmentation.forecasts) AS f
    WHERE predicted_spend > 50 AND place <= 0.3 * 2357 $$);
