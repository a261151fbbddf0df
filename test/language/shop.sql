-- A small shop that has everything Shopify's queries speak of: 120 customers, dates reckoned from now. Everything follows
-- from the customers' numbers, so that the same rule finds the same customers at every run.
CREATE SCHEMA shop;
SET search_path = shop;

CREATE TABLE customers (
  id                          bigint PRIMARY KEY,
  customer_name               text,
  email                       text,
  note                        text,
  location                    text,
  email_subscription_status   text,
  sms_subscription_status     text,
  product_subscription_status text,
  customer_language           text,
  customer_account_status     text,
  predicted_spend_tier        text,
  rfm_group                   text,
  points_balance              integer,
  created_by_app_id           bigint,
  latitude                    double precision,
  longitude                   double precision,
  metafields                  jsonb,
  created_at                  timestamptz NOT NULL,
  updated_at                  timestamptz NOT NULL
);
CREATE TABLE tags (customer_id bigint REFERENCES customers, tag text, PRIMARY KEY (customer_id, tag));
CREATE TABLE companies (customer_id bigint REFERENCES customers, company text NOT NULL);
CREATE TABLE addresses (customer_id bigint REFERENCES customers, country text, region text, city text);
CREATE TABLE checkouts (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, created_at timestamptz, completed_at timestamptz);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, created_at timestamptz NOT NULL, cancelled_at timestamptz,
  total numeric(12,2) NOT NULL, paid numeric(12,2) NOT NULL, refunded numeric(12,2) NOT NULL, app_id bigint, location_id bigint);
CREATE TABLE categories (id integer PRIMARY KEY, name text);
CREATE TABLE products (id bigint PRIMARY KEY, title text, category_id integer REFERENCES categories);
CREATE TABLE product_tags (product_id bigint REFERENCES products, tag text);
CREATE TABLE order_items (
  id bigint PRIMARY KEY, order_id bigint REFERENCES orders, product_id bigint REFERENCES products, quantity integer, price numeric(12,2));
CREATE TABLE email_events (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, kind text, activity_id bigint, happened_at timestamptz);
CREATE TABLE storefront_events (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, kind text, subject_id bigint, happened_at timestamptz);
CREATE TABLE store_credit (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, balance numeric(12,2), currency text);
CREATE TABLE extra_fields (
  customer_id bigint REFERENCES customers, namespace text, key text, value text, PRIMARY KEY (customer_id, namespace, key));
CREATE TABLE extra_values (customer_id bigint REFERENCES customers, field text, value jsonb, PRIMARY KEY (customer_id, field));

INSERT INTO customers
SELECT i, 'Customer ' || i, 'c' || i || (ARRAY['@example.com', '@abv.bg', '@shop.example.com'])[1 + i % 3], 'note ' || i, 'Sofia',
       (ARRAY['SUBSCRIBED', 'NOT_SUBSCRIBED', 'PENDING', NULL])[1 + i % 4], (ARRAY['SUBSCRIBED', 'REDACTED', NULL])[1 + i % 3],
       CASE WHEN i % 6 = 0 THEN 'SUBSCRIBED' END, (ARRAY['en', 'fr', 'bg'])[1 + i % 3], (ARRAY['ENABLED', 'DISABLED', 'INVITED'])[1 + i / 2 % 3],
       (ARRAY['HIGH', 'MEDIUM', 'LOW', NULL])[1 + i / 3 % 4], (ARRAY['CHAMPIONS', 'LOYAL', 'AT_RISK', 'DORMANT', NULL])[1 + i % 5],
       CASE WHEN i % 7 > 0 THEN i * 3 % 250 END, CASE WHEN i % 8 < 3 THEN 580111 + i % 3 END,
       CASE WHEN i % 9 > 0 THEN 45.42 + (i % 20) / 100.0 END, CASE WHEN i % 9 > 0 THEN -75.69 - (i % 7) / 50.0 END,
       -- Every birthday of the year to come lies on someone; some are on 29 February, some do not read as dates.
       CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN '{"facts": {"birth_date": "soon"}}'
            WHEN i % 17 = 0 THEN '{"facts": {"birth_date": "1988-02-29"}}'
            ELSE jsonb_build_object('facts', jsonb_build_object('birth_date', ((now() AT TIME ZONE 'Europe/Sofia')::date + i * 3 - interval '30 years')::date)) END,
       now() - make_interval(days => i % 60, hours => i % 24), now() - make_interval(hours => i)
FROM generate_series(1, 120) AS i;

INSERT INTO tags
SELECT i, t FROM generate_series(1, 120) AS i, unnest(CASE i % 5 WHEN 0 THEN '{vip}' WHEN 1 THEN '{VIP,wholesale}'
  WHEN 2 THEN '{newsletter}' WHEN 3 THEN '{vipers}' ELSE '{}' END::text[]) AS t;
INSERT INTO companies SELECT i, 'Company ' || i FROM generate_series(1, 120) AS i WHERE i % 10 = 0;
INSERT INTO addresses
SELECT i, a.country, a.region, a.city
FROM generate_series(1, 120) AS i,
     (VALUES (0, 'CA', 'ON', 'Ottawa'), (1, 'US', 'NY', 'New York City'), (2, 'BG', '22', 'Sofia'), (3, 'US', 'CA', 'Los Angeles')) AS a (n, country, region, city)
WHERE i % 6 <> 5 AND (i % 4 = a.n OR i % 12 = 3 * a.n);
INSERT INTO checkouts
SELECT i, 1 + i % 100, now() - make_interval(days => i * 5 % 400, hours => i % 5), CASE WHEN i % 3 = 0 THEN now() - make_interval(days => i * 5 % 400) END
FROM generate_series(1, 160) AS i;
INSERT INTO categories VALUES (1, 'Shoes'), (2, 'Socks'), (3, 'Hats');
INSERT INTO products
SELECT id, 'Product ' || id, 1 + id % 3
FROM unnest('{1,2,3,123,1234,2012162031638,1012132033639,8954690273503}'::bigint[]) AS id;
INSERT INTO product_tags SELECT id, t FROM products, unnest(CASE id % 3 WHEN 0 THEN '{summer,sale}' WHEN 1 THEN '{winter}' ELSE '{}' END::text[]) AS t;
-- Customers 91 and later have no order; 7, 14 ... have cancelled ones among theirs.
INSERT INTO orders
SELECT i, 1 + i % 90, now() - make_interval(days => (i * 7 + i / 90 * 31) % 500, hours => i % 24), CASE WHEN i % 7 = 0 THEN now() END,
       10 + i * 37 % 900 + 0.99, CASE WHEN i % 5 = 0 THEN 0 ELSE 10 + i * 37 % 900 + 0.99 END, CASE WHEN i % 11 = 0 THEN 5.5 ELSE 0 END,
       580111 + i % 4, i % 3
FROM generate_series(1, 500) AS i WHERE i % 90 <> 44 OR i < 100;
-- Two who come often of late.
INSERT INTO orders
SELECT 1000 + i, CASE WHEN i % 2 = 0 THEN 3 ELSE 8 END, now() - make_interval(days => i * 5), NULL, 20 + i, 20 + i, 0, 580111, 1
FROM generate_series(1, 12) AS i;
INSERT INTO order_items
SELECT o.id * 10 + n, o.id, (ARRAY[1, 2, 3, 123, 1234, 2012162031638, 1012132033639, 8954690273503])[1 + (o.id * 3 + n * 5) % 8], 1 + (o.id + n) % 3, 5 + n
FROM orders AS o, generate_series(1, 2) AS n;
INSERT INTO email_events
SELECT i, 1 + i % 110, (ARRAY['opened', 'clicked', 'bounced', 'delivered', 'marked_as_spam', 'unsubscribed'])[1 + i % 6],
       (ARRAY[5240029206, 123, 77])[1 + i / 6 % 3], now() - make_interval(days => i * 11 % 420)
FROM generate_series(1, 700) AS i;
INSERT INTO storefront_events
SELECT i, 1 + i % 40, (ARRAY['product_viewed', 'product_viewed', 'collection_viewed'])[1 + i % 3], (ARRAY[8954690273503, 3, 123])[1 + i / 40 % 3],
       now() - make_interval(days => i % 9, hours => i % 7)
FROM generate_series(1, 900) AS i;
INSERT INTO store_credit SELECT i, i, CASE WHEN i % 3 = 0 THEN 0 ELSE i END, 'EUR' FROM generate_series(1, 120, 2) AS i;
INSERT INTO extra_fields
SELECT i, 'facts', f.key, f.value
FROM generate_series(1, 120) AS i,
     LATERAL (VALUES ('birth_date', (((now() AT TIME ZONE 'Europe/Sofia')::date + i * 3 - interval '30 years')::date)::text), ('shoe_size', (36 + i % 10)::text || CASE WHEN i % 4 = 0 THEN '.5' ELSE '' END),
                     ('likes_hats', (ARRAY['true', 'no', 'maybe'])[1 + i % 3])) AS f (key, value)
WHERE i % 5 <> 0;
INSERT INTO extra_values
SELECT i, f.field, f.value
FROM generate_series(1, 120) AS i,
     LATERAL (VALUES ('colours', jsonb_build_array('red', CASE WHEN i % 2 = 0 THEN 'Blue' ELSE 'green' END)), ('Level', to_jsonb(i % 6))) AS f (field, value)
WHERE i % 4 <> 0;
CREATE INDEX ON tags (customer_id); CREATE INDEX ON companies (customer_id); CREATE INDEX ON addresses (customer_id);
CREATE INDEX ON checkouts (customer_id); CREATE INDEX ON orders (customer_id); CREATE INDEX ON product_tags (product_id);
CREATE INDEX ON order_items (order_id); CREATE INDEX ON email_events (customer_id); CREATE INDEX ON storefront_events (customer_id);
CREATE INDEX ON store_credit (customer_id); CREATE INDEX ON extra_fields (customer_id); CREATE INDEX ON extra_values (customer_id);
ANALYZE;
RESET search_path;
