-- A shop with segments that have a past, for a BI client that may read and nothing else. The past is written into the members' rows, since
-- nobody waits a month for a test.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, city text, registered_at timestamptz NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, total numeric(10,2) NOT NULL, paid boolean NOT NULL,
                     cancelled_at timestamptz, created_at timestamptz NOT NULL);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'Customer ' || i, (ARRAY['Sofia', 'Varna', 'Plovdiv', NULL])[1 + i % 4], now() - i * interval '1 day' FROM generate_series(1, 400) AS i;
INSERT INTO orders SELECT i, 1 + i * 7 % 300, 10 + i % 90, i % 5 <> 0, CASE WHEN i % 11 = 0 THEN now() END, now() - i % 200 * interval '13 hours' FROM generate_series(1, 1500) AS i;

CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', 'cancelled_at IS NULL');
SELECT segmentation.define_attribute('number_of_orders', 'count(orders_placed)');
SELECT segmentation.define_attribute('amount_spent', 'sum(orders.total MATCHES (paid))');
SELECT segmentation.create_segment('vip', 'amount_spent > 250');
SELECT segmentation.create_segment('Who "lives" in Sofia', 'city = ''Sofia''');
SELECT segmentation.create_group('press');
SELECT segmentation.add_members('press', ARRAY[1, 2, 3]);
SELECT segmentation.add_members('press', ARRAY[4, 5]);
SELECT segmentation.remove_members('press', 5);
-- When this was, for whoever compares.
SELECT format('CREATE FUNCTION began() RETURNS timestamptz RETURN timestamptz %L', now()) \gexec
UPDATE segmentation.membership SET entered_at = began() - customer_id % 100 * interval '17 hours';
UPDATE segmentation.membership_past SET entered_at = began() - interval '20 days', left_at = began() - interval '3 days';

GRANT SELECT, INSERT ON orders TO bi_shop;
GRANT SELECT ON customers, orders TO bi_reader;
SELECT segmentation.grant_access('bi_reader', 'read');
