-- A shop for the benchmark: psql -v customers=100000 -v loaded=MARK -f shop.sql. With 100,000 customers about 1 million orders and
-- 2.5 million lines. How many orders a customer has is skewed as in real shops: a fifth have none, the median is 3, the
-- mean 10, a few have hundreds. The same every time, but for its dates, which count back from today (UTC).
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET work_mem = '1GB';

CREATE SCHEMA shop;
CREATE TABLE shop.customers (
  id bigint NOT NULL, name text, email text, organization text, birth_date date, gender text, city text, country text,
  accepts_marketing boolean, channel text, registered_at timestamptz NOT NULL, extra jsonb);
CREATE TABLE shop.orders (
  id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, paid boolean NOT NULL,
  total numeric(12,2) NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE shop.lines (
  order_id bigint NOT NULL, product_id integer NOT NULL, category text NOT NULL, brand text NOT NULL,
  quantity integer NOT NULL, price numeric(12,2) NOT NULL);
CREATE TABLE shop.tags (customer_id bigint NOT NULL, tag text NOT NULL);
CREATE TABLE shop.carts (customer_id bigint NOT NULL, abandoned_at timestamptz NOT NULL, total numeric(12,2) NOT NULL);
CREATE TABLE shop.social (customer_id bigint NOT NULL, provider text NOT NULL);

SELECT setseed(0.51);
INSERT INTO shop.customers
SELECT id, 'Customer ' || id, 'c' || id || '@example.com', CASE WHEN u1 < 0.2 THEN 'Company ' || id % 9973 END,
  CASE WHEN u2 < 0.9 THEN current_date - (6500 + 21000 * u3)::integer END,
  CASE WHEN u4 < 0.46 THEN 'f' WHEN u4 < 0.92 THEN 'm' END,
  'city ' || place, ('{BG,RO,PL,GR,HU,CZ,SK,HR,RS,DE}'::text[])[1 + place % 10],
  u5 < 0.55, ('{email,viber,messenger,sms,none}'::text[])[1 + floor(5 * u6)::integer],
  date_trunc('second', now() - interval '1 day' * (1800 * power(u7, 1.3))),
  CASE WHEN u8 < 0.6 THEN jsonb_build_object('pet', ('{cat,dog,bird,fish,none}'::text[])[1 + floor(5 * u9 * u9)::integer],
                                             'size', 34 + floor(14 * u9)::integer) END
FROM (SELECT id, floor(200 * power(random(), 2))::integer AS place, random() AS u1, random() AS u2, random() AS u3, random() AS u4,
             random() AS u5, random() AS u6, random() AS u7, random() AS u8, random() AS u9
      FROM generate_series(1, :customers) AS id) AS s;

-- The number of orders is log-normal; a part of the customers stopped buying at some moment of their past.
SELECT setseed(0.52);
INSERT INTO shop.orders
SELECT row_number() OVER (ORDER BY created_at, customer_id), customer_id,
  CASE WHEN u1 < 0.05 THEN 'returned' WHEN u1 < 0.12 THEN 'cancelled'
       WHEN created_at > now() - interval '10 days' AND u1 < 0.5 THEN 'pending' ELSE 'shipped' END,
  u1 < 0.05 OR (u1 >= 0.12 AND NOT (created_at > now() - interval '10 days' AND u1 < 0.5)),
  round(least(5000, exp(3.4 + 0.8 * z))::numeric, 2), created_at
FROM (SELECT c.id AS customer_id, random() AS u1, sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS z,
             date_trunc('second', registered_at + (now() - registered_at) * c.active * random()) AS created_at
      FROM (SELECT id, registered_at, CASE WHEN random() < 0.4 THEN 1 ELSE random() END AS active,
                   least(600, floor(exp(1.27 + 1.5 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))))::integer AS n
            FROM shop.customers) AS c, generate_series(1, c.n)) AS s;

SELECT setseed(0.53);
INSERT INTO shop.lines
SELECT id, product, 'category ' || (1 + product % 40), 'brand ' || product % 60, 1 + floor(3 * u1 * u1)::integer,
  round((2 + 60 * u2)::numeric, 2)
FROM (SELECT o.id, 1 + floor(5000 * power(random(), 2))::integer AS product, random() AS u1, random() AS u2
      FROM (SELECT id, 1 + floor(4 * random())::integer AS n FROM shop.orders) AS o, generate_series(1, o.n)) AS s;

SELECT setseed(0.54);
INSERT INTO shop.tags
SELECT DISTINCT id, ('{vip,staff,wholesale,newsletter,complaint}'::text[] || ARRAY(SELECT 'tag' || g FROM generate_series(6, 30) AS g))
                    [1 + floor(30 * u * u)::integer]
FROM (SELECT id, random() AS u, random() AS chosen FROM shop.customers, generate_series(1, 3)) AS s WHERE chosen < 0.27;
INSERT INTO shop.carts
SELECT id, date_trunc('second', now() - interval '1 day' * 90 * u1), round((10 + 200 * u2)::numeric, 2)
FROM (SELECT id, random() AS u1, random() AS u2, random() AS chosen FROM shop.customers, generate_series(1, 2)) AS s WHERE chosen < 0.1;
INSERT INTO shop.social
SELECT DISTINCT id, ('{facebook,google,apple,viber}'::text[])[1 + floor(4 * u * u)::integer]
FROM (SELECT id, random() AS u, random() AS chosen FROM shop.customers, generate_series(1, 2)) AS s WHERE chosen < 0.15;

RESET max_parallel_workers_per_gather;
ALTER TABLE shop.customers ADD PRIMARY KEY (id);
ALTER TABLE shop.orders ADD PRIMARY KEY (id);
CREATE INDEX orders_customer_id_idx ON shop.orders (customer_id);
CREATE INDEX lines_order_id_idx ON shop.lines (order_id);
ALTER TABLE shop.tags ADD PRIMARY KEY (customer_id, tag);
CREATE INDEX carts_customer_id_idx ON shop.carts (customer_id);
ALTER TABLE shop.social ADD PRIMARY KEY (customer_id, provider);
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop.tags ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop.carts ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop.social ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
-- For those who write: an order needs its customer, status and total only.
ALTER TABLE shop.orders ALTER id ADD GENERATED BY DEFAULT AS IDENTITY, ALTER created_at SET DEFAULT now();
SELECT setval(pg_get_serial_sequence('shop.orders', 'id'), (SELECT max(id) FROM shop.orders));
VACUUM (ANALYZE, FREEZE);
CHECKPOINT;
COMMENT ON SCHEMA shop IS :'loaded';
