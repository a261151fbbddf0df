-- A small shop: 20,000 customers, about 150,000 orders, their lines, products in categories, tags. It is the same every
-- time, but for its dates, which count back from today.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'Europe/Sofia';
SET work_mem = '256MB';

CREATE SCHEMA shop;
CREATE TABLE shop.customers (
  id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL, city text, country text, birth_date date,
  accepts_marketing boolean NOT NULL, registered_at timestamptz NOT NULL, extra jsonb);
CREATE TABLE shop.categories (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop.products (
  id integer PRIMARY KEY, name text NOT NULL, brand text NOT NULL,
  category_id integer NOT NULL REFERENCES shop.categories, price numeric(12,2) NOT NULL);
CREATE TABLE shop.orders (
  id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, paid boolean NOT NULL,
  total numeric(12,2) NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE shop.order_items (
  order_id bigint NOT NULL, product_id integer NOT NULL, quantity integer NOT NULL, price numeric(12,2) NOT NULL);
CREATE TABLE shop.customer_tags (customer_id bigint NOT NULL, tag text NOT NULL);

INSERT INTO shop.categories
SELECT ordinality, name
FROM unnest('{Shoes,Socks,Shirts,Jackets,Bags,Hats,Kitchen,Garden,Books,Toys,Tea,Candles}'::text[]) WITH ORDINALITY AS c (name);

SELECT setseed(0.1);
INSERT INTO shop.products
SELECT p, brand || ' ' || lower(rtrim(c.name, 's')) || ' no. ' || p, brand, c.id, round((6 + 90 * r * r)::numeric, 2)
FROM (SELECT p, random() AS r, ('{Vitosha,Pirin,Rila,Strandzha,Osogovo}'::text[])[1 + p % 5] AS brand
      FROM generate_series(1, 600) AS p) AS s
JOIN shop.categories AS c ON c.id = 1 + s.p % 12;

SELECT setseed(0.2);
INSERT INTO shop.customers
SELECT id, first || ' ' || last, lower(first) || '.' || lower(last) || id || '@example.com',
  places[1 + 2 * place], places[2 + 2 * place],
  CASE WHEN r1 < 0.8 THEN date '1950-01-01' + (r2 * 20000)::integer END,
  r3 < 0.6, date_trunc('minute', current_date - interval '1 day' * (4 + 1500 * power(r4, 1.4))) + interval '10 hours',
  CASE WHEN r5 < 0.5 THEN jsonb_build_object('pet', ('{cat,dog,bird,none}'::text[])[1 + floor(4 * r6)::integer]) END
FROM (SELECT id,
        ('{Anna,Boris,Daria,Emil,Elena,Georgi,Ivan,Irina,Kalina,Lora,Maria,Martin,Nikola,Petar,Raya,Stefan,Teodora,Viktor,Yana,Zora}'::text[])
          [1 + floor(20 * random())::integer] AS first,
        ('{Angelov,Bonev,Dimitrov,Georgiev,Hristov,Iliev,Kolev,Marinov,Nikolov,Petrov,Popov,Stoyanov,Todorov,Vasilev}'::text[])
          [1 + floor(14 * random())::integer] AS last,
        '{Sofia,BG,Plovdiv,BG,Varna,BG,Ruse,BG,Bucharest,RO,Athens,GR,Vienna,AT,Berlin,DE}'::text[] AS places,
        floor(8 * power(random(), 1.6))::integer AS place,
        random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6
      FROM generate_series(1, 20000) AS id) AS s;

-- Orders: a fifth of the customers have none, most have a few, some have hundreds.
SELECT setseed(0.3);
CREATE TEMPORARY TABLE planned AS
SELECT row_number() OVER (ORDER BY created_at, customer_id) AS id, customer_id, status, created_at, lines
FROM (SELECT c.id AS customer_id,
        CASE WHEN random() < 0.07 THEN 'cancelled' WHEN random() < 0.05 THEN 'returned' ELSE 'shipped' END AS status,
        registered_at + (current_date - interval '1 hour' - registered_at) * random() AS created_at,
        1 + floor(3 * random())::integer AS lines
      FROM (SELECT id, registered_at,
              least(400, floor(exp(1.08 + 1.42 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))))::integer AS n
            FROM shop.customers) AS c,
        generate_series(1, c.n)
      WHERE c.id <> 2026) AS s;
INSERT INTO shop.order_items
SELECT s.id, p.id, sum(s.quantity), p.price
FROM (SELECT planned.id, 1 + floor(600 * power(random(), 1.5))::integer AS product_id,
        1 + floor(2.2 * power(random(), 3))::integer AS quantity
      FROM planned, generate_series(1, lines)) AS s
JOIN shop.products AS p ON p.id = s.product_id
GROUP BY s.id, p.id, p.price;
INSERT INTO shop.orders
SELECT planned.id, customer_id, status, status <> 'cancelled', sum(price * quantity), created_at
FROM planned JOIN shop.order_items ON order_id = planned.id
GROUP BY planned.id, customer_id, status, created_at
ORDER BY planned.id;

-- Maria has bought four times.
UPDATE shop.customers SET name = 'Maria Ivanova', email = 'maria@example.com', city = 'Sofia', country = 'BG',
  accepts_marketing = true, registered_at = current_date - 400 WHERE id = 2026;
INSERT INTO shop.orders VALUES
  (1000001, 2026, 'shipped', true, 199.90, current_date - 310), (1000002, 2026, 'shipped', true, 149.00, current_date - 150),
  (1000003, 2026, 'cancelled', false, 80.00, current_date - 45), (1000004, 2026, 'shipped', true, 138.70, current_date - 12);
INSERT INTO shop.order_items VALUES
  (1000001, 12, 2, 99.95), (1000002, 25, 1, 149.00), (1000003, 24, 1, 80.00), (1000004, 36, 1, 138.70);

SELECT setseed(0.4);
INSERT INTO shop.customer_tags
SELECT DISTINCT id, ('{vip,wholesale,newsletter,staff,press}'::text[])[1 + floor(5 * r)::integer]
FROM (SELECT id, random() AS r FROM shop.customers, generate_series(1, 2)) AS s WHERE r < 0.25 OR r > 0.9;

ALTER TABLE shop.orders ADD PRIMARY KEY (id);
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
CREATE INDEX orders_customer_id_idx ON shop.orders (customer_id);
ALTER TABLE shop.order_items ADD PRIMARY KEY (order_id, product_id);
ALTER TABLE shop.order_items ADD FOREIGN KEY (order_id) REFERENCES shop.orders;
ALTER TABLE shop.order_items ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.customer_tags ADD PRIMARY KEY (customer_id, tag);
VACUUM (ANALYZE) shop.customers, shop.orders, shop.order_items, shop.products, shop.categories, shop.customer_tags;
COMMENT ON SCHEMA shop IS :'loaded';
