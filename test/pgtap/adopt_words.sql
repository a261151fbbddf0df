-- Words of the standard vocabulary that adopt defines beside those of adopt.sql: lists of what was bought, age, and Shopify's names for what a
-- conventional shop may have. Each against SQL written by hand.
SET client_min_messages = error;
SELECT no_plan();
CREATE FUNCTION public.found(rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM segmentation.create_segment(rule, rule::segmentation.rule, replace => true);
  RETURN (SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id)
          FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name = found.rule);
END $$;
CREATE FUNCTION public.same(rule text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  expected text;
BEGIN
  EXECUTE format($q$SELECT string_agg(DISTINCT q.k::text, ',' ORDER BY q.k::text) FROM (%s) AS q(k)$q$, query) INTO expected;
  IF expected IS NULL THEN RETURN fail('the query finds somebody: ' || rule); END IF;
  RETURN is(found(rule), expected, rule);
END $$;
CREATE TABLE public.said (name text, kind text, relation regclass, reason text);
CREATE FUNCTION public.kind(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.kind, ',' ORDER BY s.kind) FROM public.said AS s WHERE s.name = $1 AND s.kind <> 'missing index'
$$;

CREATE SCHEMA shop; SET search_path = shop;
CREATE TABLE companies (id int PRIMARY KEY, name text);
CREATE TABLE categories (id int PRIMARY KEY, name text);
CREATE TABLE brands (id int PRIMARY KEY, name text);
CREATE TABLE products (id int PRIMARY KEY, name text, category_id int REFERENCES categories, brand_id int REFERENCES brands);
CREATE TABLE product_tags (product_id int REFERENCES products, tag text);
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, birthday date, newsletter boolean, sms_opt_in boolean, created_by_app bigint, company_id int REFERENCES companies);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, status text, total numeric(12,2), placed_at timestamptz);
CREATE TABLE order_items (id int PRIMARY KEY, order_id int REFERENCES orders, product_id int REFERENCES products, quantity int, price numeric(12,2));
CREATE TABLE page_views (id int PRIMARY KEY, customer_id int REFERENCES customers, product_id int, category_id int, viewed_at timestamptz);
CREATE TABLE store_credits (id int PRIMARY KEY, customer_id int REFERENCES customers, available_balance numeric(12,2), currency text);
CREATE TABLE email_events (id int PRIMARY KEY, customer_id int REFERENCES customers, event text, campaign_id int, occurred_at timestamptz);
INSERT INTO companies VALUES (1, 'Acme Ltd');
INSERT INTO categories VALUES (1, 'Shoes'), (2, 'Socks'), (3, 'Hats');
INSERT INTO brands VALUES (1, 'Nike'), (2, 'Acme');
INSERT INTO products VALUES (1, 'Runner', 1, 1), (2, 'Wool', 2, NULL), (3, 'Sun hat', 3, 2);
INSERT INTO product_tags VALUES (1, 'sale'), (1, 'new'), (2, 'winter'), (2, NULL);
INSERT INTO customers VALUES (1, 'Ana', 'a@x.bg', current_date - interval '40 years', true, false, 7, 1), (2, 'Bo', 'b@x.bg', current_date - interval '20 years' + interval '2 days', false, true, NULL, NULL),
  (3, 'Cy', 'c@x.bg', NULL, NULL, NULL, 8, NULL);
INSERT INTO orders VALUES (1, 1, 'paid', 10, now() - interval '10 days'), (2, 1, 'cancelled', 10, now()), (3, 2, 'paid', 10, now() - interval '100 days');
INSERT INTO order_items VALUES (1, 1, 1, 1, 10), (2, 1, 2, 1, 10), (3, 2, 3, 1, 10), (4, 3, 2, 1, 10);
INSERT INTO page_views VALUES (1, 1, 1, 1, now()), (2, 2, NULL, 3, now());
INSERT INTO store_credits VALUES (1, 1, 25, 'EUR'), (2, 3, 0, 'EUR');
INSERT INTO email_events VALUES (1, 1, 'Opened', 5, now()), (2, 1, 'link_clicked', 5, now()), (3, 2, 'hard_bounce', 5, now()), (4, 3, 'Opened', 6, now() - interval '90 days'), (5, 3, 'queued', 6, now());
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('shop', '{"timezone": "Europe/Sofia"}');

-- What was bought: two steps away from the lines, and not what was cancelled.
SELECT is((SELECT string_agg(a.type, ', ') FROM segmentation.attributes AS a WHERE a.name IN ('categories_purchased', 'brands_purchased')), 'list of text, list of text', 'lists of what was bought');
SELECT same('categories_purchased CONTAINS ''socks''', $$SELECT o.customer_id FROM shop.orders AS o JOIN shop.order_items AS i ON i.order_id = o.id JOIN shop.products AS p ON p.id = i.product_id
  JOIN shop.categories AS c ON c.id = p.category_id WHERE c.name = 'Socks' AND o.status <> 'cancelled'$$);
SELECT same('categories_purchased CONTAINS ALL (''Shoes'', ''Socks'') AND categories_purchased NOT CONTAINS ''Hats''', 'SELECT 1');
SELECT is(found('categories_purchased CONTAINS ''Hats'''), NULL, 'what was cancelled was not bought');
SELECT same('brands_purchased CONTAINS ''NIKE''', 'SELECT 1');
SELECT same('brands_purchased IS NULL', 'SELECT unnest(ARRAY[2, 3])');
SELECT segmentation.define_attribute('tags_purchased', 'list(products_purchased.tag)') \g /dev/null
SELECT segmentation.create_segment('shown', 'FROM customers SHOW id, categories_purchased, brands_purchased, tags_purchased WHERE categories_purchased IS NOT NULL') \g /dev/null
SELECT results_eq('SELECT id, categories_purchased, brands_purchased, tags_purchased FROM segments.shown ORDER BY id',
  $$VALUES (1, '{Shoes,Socks}'::text[], '{Nike}'::text[], '{new,sale,winter}'::text[]), (2, '{Socks}', '{}', '{winter}')$$, 'and shown as arrays');
-- Members follow what changes at the far end, and between.
UPDATE shop.categories SET name = 'Boots' WHERE id = 1;
SELECT is((SELECT string_agg(m.customer_id::text, ',') FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name ~ 'ALL'), NULL, 'a renamed category');
UPDATE shop.categories SET name = 'SHOES' WHERE id = 3;
UPDATE shop.orders SET status = 'paid' WHERE id = 2;
SELECT is((SELECT string_agg(m.customer_id::text, ',') FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name ~ 'ALL'), '1', 'an order that counts after all');
UPDATE shop.products SET category_id = NULL WHERE id = 2;
SELECT is((SELECT string_agg(m.customer_id::text, ',') FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name ~ 'ALL'), NULL, 'a product in no category');

SELECT same('age >= 40', 'SELECT 1');
SELECT same('age = 19', 'SELECT 2');
SELECT same('age IS NULL', 'SELECT 3');
SELECT throws_ok($$SELECT segmentation.define_attribute('list', 'number_of_orders')$$, '42939', NULL, 'other functions are no names');
SELECT same('companies = ''Acme Ltd''', 'SELECT 1');
SELECT same('created_by_app_id = 8', 'SELECT 3');
SELECT same('sms_subscription_status = ''SUBSCRIBED''', 'SELECT id FROM shop.customers WHERE sms_opt_in');
SELECT same('sms_subscription_status != ''SUBSCRIBED'' AND email_subscription_status = ''SUBSCRIBED''', 'SELECT 1');
SELECT same('storefront.product_viewed MATCHES (id = 1)', 'SELECT 1');
SELECT same('storefront.collection_viewed MATCHES (id = 3, date > -1d)', 'SELECT 2');
SELECT is(found('storefront.collection_viewed MATCHES (id = 1)'), NULL, 'a view of a product is none of its category');
SELECT same('store_credit_accounts MATCHES (balance > 10, currency = ''EUR'')', 'SELECT 1');
SELECT same('store_credit_accounts IS NOT NULL', 'SELECT customer_id FROM shop.store_credits');
SELECT same('shopify_email.opened MATCHES (activity_id = 5, date > -30d)', $$SELECT customer_id FROM shop.email_events WHERE event = 'Opened' AND campaign_id = 5$$);
SELECT same('shopify_email.opened(count_at_least: 1) = true', $$SELECT customer_id FROM shop.email_events WHERE event = 'Opened'$$);
SELECT same('shopify_email.clicked MATCHES ()', 'SELECT 1');
SELECT same('shopify_email.bounced MATCHES ()', 'SELECT 2');
SELECT is(kind('shopify_email.delivered'), NULL, 'what no row says is no word');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
SELECT is_empty($$SELECT * FROM segmentation.adopt('shop') WHERE kind NOT IN ('kept', 'column', 'missing index') AND name <> 'refunded_total'$$, 'a second run finds all that was made');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;

-- Where it is written otherwise: companies by a link table, a brand and a category as texts, Shopify's words in columns of their names, credit that cannot be read.
CREATE SCHEMA shop2; SET search_path = shop2;
CREATE TABLE customer (id int PRIMARY KEY, email text, email_subscription_status text, accepts_marketing boolean, age int, date_of_birth date);
CREATE TABLE company (id int PRIMARY KEY, company_name text);
CREATE TABLE customer_company (customer_id int REFERENCES customer, company_id int REFERENCES company, PRIMARY KEY (customer_id, company_id));
CREATE TABLE product (id int PRIMARY KEY, title text, product_type text, vendor text);
CREATE TABLE "order" (id int PRIMARY KEY, customer_id int REFERENCES customer, total numeric, created_at timestamptz);
CREATE TABLE order_item (id int PRIMARY KEY, order_id int REFERENCES "order", product_id int REFERENCES product, quantity int, category text);
CREATE TABLE page_view (id int PRIMARY KEY, customer_id int REFERENCES customer, collection_id int, viewed_at timestamptz);
CREATE TABLE store_credit (id int PRIMARY KEY, customer_id int REFERENCES customer, change numeric, at timestamptz);
CREATE TABLE email_activity (id int PRIMARY KEY, customer_id int REFERENCES customer, action text, at timestamptz);
INSERT INTO customer VALUES (1, 'a@x.bg', 'PENDING', true, 77, '1990-01-01'), (2, 'b@x.bg', NULL, false, NULL, NULL);
INSERT INTO company VALUES (1, 'Acme'), (2, 'Bolt'); INSERT INTO customer_company VALUES (1, 1), (1, 2);
INSERT INTO product VALUES (1, 'Runner', 'Shoes', 'Nike'); INSERT INTO "order" VALUES (1, 1, 5, now()); INSERT INTO order_item VALUES (1, 1, 1, 1, 'Sale');
INSERT INTO page_view VALUES (1, 1, 4, now());
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('shop2');
SELECT same('companies CONTAINS ALL (''acme'', ''bolt'')', 'SELECT 1');
SELECT same('companies IS NULL', 'SELECT 2');
SELECT same('brands_purchased CONTAINS ''nike''', 'SELECT 1');
SELECT same('categories_purchased CONTAINS ''sale''', 'SELECT 1');
SELECT same('email_subscription_status = ''PENDING''', 'SELECT 1');
SELECT is(kind('email_subscription_status'), 'column', 'its own column is the word');
SELECT is(kind('age'), 'column', 'and so is age');
SELECT same('age = 77', 'SELECT 1');
SELECT same('storefront.collection_viewed MATCHES (id = 4)', 'SELECT 1');
SELECT is(kind('store_credit_accounts'), 'left out', 'a balance is not guessed');
SELECT alike((SELECT reason FROM said WHERE name = 'store_credit_accounts'), '%{"store_credit.balance": "..."}%', 'but the hint is told');
SELECT is(kind('shopify_email'), 'left out', 'events that are not there yet');
SELECT is_empty($$SELECT name FROM said WHERE name IN ('created_by_app_id', 'sms_subscription_status', 'product_subscription_status')$$, 'what is not there is no word');
INSERT INTO said SELECT 'hint ' || name, kind, relation, reason FROM segmentation.adopt('shop2', '{"store_credit.balance": "change"}');
SELECT is(kind('hint store_credit_accounts'), 'defined source', 'a hint settles it');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
SELECT finish();
