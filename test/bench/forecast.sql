-- What forecasts cost: customers who behave as the models say, in a database of their own. Expects the psql variable `customers`.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint, customer_id bigint NOT NULL, total numeric(12,2) NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO customers SELECT i FROM generate_series(1, :customers) AS i;
SELECT setseed(0.5) \g /dev/null
-- Three years; up to 40 purchases a customer.
INSERT INTO orders
SELECT row_number() OVER (), who, round((worth * (0.2 + 2 * random()))::numeric, 2), timestamptz '2023-01-01 08:00+00' + interval '1 day' * day
FROM (SELECT who, worth, since + sum(gap) OVER so_far AS day, COALESCE(bool_or(leaves) OVER before, false) AS has_left
      FROM (SELECT who, n, worth, since, CASE n WHEN 0 THEN 0 ELSE -ln(1 - random()) / rate END AS gap, n > 0 AND random() < leaving AS leaves
            FROM (SELECT who, 5 - 20 * ln(1 - random()) AS worth, 700 * random() AS since, -0.03 * ln(1 - random()) AS rate, random() ^ 3 AS leaving
                  FROM generate_series(1, :customers) AS who) AS customer, generate_series(0, 39) AS n) AS purchase
      WINDOW so_far AS (PARTITION BY who ORDER BY n), before AS (so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS purchase
WHERE day < 1095 AND NOT has_left;
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE INDEX ON orders (customer_id);
VACUUM ANALYZE customers, orders;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at'),
  segmentation.forecast_source('orders', 'total') \g /dev/null

-- Times one statement.
CREATE TEMP TABLE took (what text, seconds numeric);
CREATE PROCEDURE pg_temp.take(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz := clock_timestamp();
BEGIN
  EXECUTE statement;
  INSERT INTO took VALUES (what, round(extract(epoch FROM clock_timestamp() - began), 2));
END $$;
-- What the session takes of its own, five times a second while it lasts.
SELECT pg_backend_pid() AS pid, '/tmp/' || current_database() || '.memory' AS memory \gset
\setenv PID :pid
\setenv MEMORY :memory
\! (while grep -s RssAnon /proc/$PID/status; do sleep 0.2; done) >"$MEMORY" 2>/dev/null &
\set bare 'SELECT count(*) FROM (SELECT customer_id, count(*), sum(total), max(created_at) FROM orders GROUP BY 1 OFFSET 0) AS o'
CALL pg_temp.take('the same by customer and day', 'SELECT count(*) FROM (SELECT customer_id, (created_at AT TIME ZONE ''Europe/Sofia'')::date, count(*), sum(total) FROM orders GROUP BY 1, 2 OFFSET 0) AS o');
CALL pg_temp.take('one bare pass: count, sum and last day by customer', :'bare');
CALL pg_temp.take('the first refresh_forecasts', 'CALL segmentation.refresh_forecasts(''2025-12-30'')');
CALL pg_temp.take('one bare pass: count, sum and last day by customer', :'bare');
CALL pg_temp.take('a later refresh, which changes every row', 'CALL segmentation.refresh_forecasts(''2025-12-31'')');
CALL pg_temp.take('one bare pass: count, sum and last day by customer', :'bare');
CALL pg_temp.take('a later refresh, which changes every row', 'CALL segmentation.refresh_forecasts(''2026-01-01'')');
CALL pg_temp.take('view forecasts as a whole', 'SELECT count(*), sum(predicted_spend) FROM segmentation.forecasts');
INSERT INTO orders SELECT 100000000 + i, i, 20, '2026-01-01 10:00+02' FROM generate_series(1, 5000) AS i;
CALL segmentation.tick();
CALL pg_temp.take('the same after orders of 5,000 customers', 'SELECT count(*), sum(predicted_spend) FROM segmentation.forecasts');
CALL pg_temp.take('one customer of these', 'SELECT * FROM segmentation.forecasts WHERE customer_id = 77');
CALL pg_temp.take('making a segment of rfm_group', $$SELECT segmentation.create_segment('at risk', 'rfm_group = ''AT_RISK''')$$);
CALL pg_temp.take('making a segment of sum(orders.total)', $$SELECT segmentation.create_segment('spent', 'sum(orders.total) > 500')$$);
CALL pg_temp.take('a refresh with a rule that reads forecasts', 'CALL segmentation.refresh_forecasts(''2026-01-02'')');
\set worked `date +%s`
CALL segmentation.tick();
\set done `date +%s`
INSERT INTO took VALUES ('tick, which judges everyone after it', :done - :worked);
\pset footer off
SELECT (SELECT count(*) FROM customers) AS customers, (SELECT count(*) FROM orders) AS orders, current_setting('work_mem') AS work_mem,
  (SELECT repeat_customers FROM segmentation.forecast_models WHERE model = 'BG/NBD') AS came_back,
  (SELECT count(DISTINCT (frequency, recency, age)) FROM segmentation.forecasts) AS histories, (SELECT count(*) FROM segmentation.verify()) AS wrong;
SELECT what, array_agg(seconds) AS seconds FROM took GROUP BY what ORDER BY min(ctid);
\! echo "most memory of its own, kB: $(sort -k 2 -n "$MEMORY" | tail -n 1 | tr -dc 0-9)"; rm -f "$MEMORY"
