-- Views that show forecasts, or are in their order, say what the model in force says.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total numeric, placed date);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT generate_series(1, 3);
INSERT INTO orders VALUES (1, 1, 10, '2026-01-01'), (2, 1, 20, '2026-02-01'), (3, 2, 500, '2026-06-01');
SELECT segmentation.bind_customers('customers'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed'),
  segmentation.define_attribute('forecast_purchases', 'sum(orders.total)'),
  segmentation.create_segment('everyone', 'FROM customers SHOW id, forecasts.predicted_spend, forecasts.rfm_group WHERE id > 0 ORDER BY forecasts.spend DESC') \g /dev/null
SELECT no_plan();
-- Printed as a refresh prints it: in days that this is for, and with such groups for who has bought.
CREATE FUNCTION model(horizon integer, cut numeric) RETURNS text LANGUAGE sql AS
  $$SELECT format('0.2425945 4.4136019 0.7929199 2.4258881 6.249574 3.744225 15.443518 9700 1 %s 9700 9700 9700 9700 1 1 1 1 %s %2$s %2$s %2$s 0 40', horizon, cut)$$;
CREATE FUNCTION differ() RETURNS SETOF record LANGUAGE sql AS $$
  (SELECT id::bigint, "forecasts.predicted_spend", "forecasts.rfm_group" FROM segments.everyone)
  EXCEPT ALL
  (SELECT v.customer, (v.values ->> 'forecasts.predicted_spend')::numeric, v.values ->> 'forecasts.rfm_group'
   FROM segmentation.attribute_values('{forecasts.predicted_spend,forecasts.rfm_group}'::text[], '{1,2,3}'::bigint[]) AS v) $$;
SELECT is((SELECT count("forecasts.rfm_group") FROM segments.everyone), 0::bigint, 'nothing before there is a model');
CREATE VIEW shop_view AS SELECT * FROM segments.everyone;
INSERT INTO segmentation.forecast_in_force (model) VALUES (model(365, 30));
SELECT is((SELECT array_agg(id) FROM segments.everyone), '{2,1,3}', 'the first one brings an order');
SELECT is_empty('SELECT FROM differ() AS d (a bigint, b numeric, c text)', 'and values');
SELECT is((SELECT "forecasts.rfm_group" FROM segments.everyone WHERE id = 3), 'PROSPECTS', 'such as they are');
UPDATE segmentation.forecast_in_force SET model = model(30, 1000);
SELECT is_empty('SELECT FROM differ() AS d (a bigint, b numeric, c text)', 'the next one other values');
SELECT is((SELECT max("forecasts.predicted_spend") < 100 FROM shop_view), true, 'for a shorter time');
INSERT INTO segmentation.forecast_in_force AS f (model) VALUES (model(365, 1000)) ON CONFLICT ON CONSTRAINT forecast_in_force_pkey DO UPDATE SET model = EXCLUDED.model;
SELECT is_empty('SELECT FROM differ() AS d (a bigint, b numeric, c text)', 'likewise one that takes the place of another');
-- While somebody reads the view he is not waited for.
BEGIN;
DELETE FROM segmentation.forecast_in_force;
SELECT is((SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'segments.everyone'::regclass AND mode NOT IN ('AccessShareLock')), 0::bigint,
  'nobody who reads the view is waited for');
COMMIT;
SELECT is((SELECT count("forecasts.rfm_group") FROM segments.everyone), 0::bigint, 'and nothing when it is gone');
SELECT * FROM finish();
