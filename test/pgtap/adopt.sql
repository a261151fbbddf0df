-- adopt on shops of five styles: what it binds and defines must find whom SQL finds that is written by hand.
SET client_min_messages = error;
SELECT no_plan();
-- Returns the keys of those for whom a rule holds, as members are stored; of uuids the last digits.
CREATE FUNCTION public.found(rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM segmentation.create_segment(rule, rule::segmentation.rule, replace => true);
  RETURN (SELECT string_agg(right(m.customer_id::text, 4)::integer::text, ',' ORDER BY m.customer_id)
          FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name = found.rule);
END $$;
-- A rule against a query over the shop's tables.
CREATE FUNCTION public.same(rule text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  expected text;
BEGIN
  EXECUTE format($q$SELECT string_agg(right(q.k::text, 4)::integer::text, ',' ORDER BY q.k) FROM (%s) AS q(k)$q$, query) INTO expected;
  IF expected IS NULL THEN RETURN fail('the query finds somebody: ' || rule); END IF;
  RETURN is(found(rule), expected, rule);
END $$;
-- What adopt has said, and of what kind that is for a name.
CREATE TABLE public.said (name text, kind text, relation regclass, reason text);
CREATE FUNCTION public.kind(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.kind, ',' ORDER BY s.kind) FROM public.said AS s WHERE s.name = $1 AND s.kind <> 'missing index'
$$;

-- Plural names in snake_case, foreign keys, a tree of categories, tags by a link table, key-value fields.
CREATE SCHEMA shop;
SET search_path = shop;
CREATE TABLE categories (id int PRIMARY KEY, parent_id int REFERENCES categories, name text);
CREATE TABLE brands (id int PRIMARY KEY, name text);
CREATE TABLE products (id int PRIMARY KEY, name text, category_id int REFERENCES categories, brand_id int REFERENCES brands);
CREATE TABLE customers (id bigint PRIMARY KEY, first_name text, last_name text, email text, town text, date_of_birth date, newsletter boolean, created_at timestamptz DEFAULT now(), deleted_at timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, number text, status text, total numeric(12,2), created_at timestamptz DEFAULT now(), updated_at timestamptz);
CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, product_id int REFERENCES products, quantity int, price numeric(12,2));
CREATE TABLE tags (id int PRIMARY KEY, name text);
CREATE TABLE customer_tags (customer_id bigint REFERENCES customers, tag_id int REFERENCES tags, PRIMARY KEY (customer_id, tag_id));
CREATE TABLE product_tags (product_id int REFERENCES products, tag text);
CREATE TABLE addresses (id int PRIMARY KEY, customer_id bigint REFERENCES customers, country text, city text);
CREATE TABLE carts (id int PRIMARY KEY, customer_id bigint REFERENCES customers, created_at timestamptz, completed_at timestamptz);
CREATE TABLE page_views (id int PRIMARY KEY, customer_id bigint REFERENCES customers, product_id int, viewed_at timestamptz);
CREATE TABLE customer_fields (customer_id bigint REFERENCES customers, field text, value text, PRIMARY KEY (customer_id, field));
INSERT INTO categories VALUES (1,NULL,'Clothes'),(2,1,'Shoes'),(3,1,'Socks');
INSERT INTO brands VALUES (1,'Acme');
INSERT INTO products VALUES (1,'Runner',2,1),(2,'Wool',3,NULL);
INSERT INTO customers VALUES (1,'Ana','A','ana@abv.bg','Sofia','1990-05-05',true),(2,'Boris','B','b@example.com','Varna',NULL,false),(3,'C',NULL,NULL,NULL,NULL,NULL);
UPDATE customers SET deleted_at = now() WHERE id = 3;
INSERT INTO orders VALUES (1,1,'N1','paid',100),(2,1,'N2','cancelled',50),(3,2,'N3','pending',30),(4,2,'N4','paid',20);
INSERT INTO order_items VALUES (1,1,1,1,100),(2,2,2,1,50),(3,3,2,1,30),(4,4,1,1,20);
INSERT INTO tags VALUES (1,'vip'),(2,'old'); INSERT INTO customer_tags VALUES (1,1),(2,2); INSERT INTO product_tags VALUES (1,'sale');
INSERT INTO addresses VALUES (1,1,'BG','Sofia'),(2,1,'DE','Bonn'),(3,2,'BG','Varna');
INSERT INTO carts VALUES (1,1,now(),NULL),(2,2,now(),now());
INSERT INTO customer_fields VALUES (1,'size','38');
INSERT INTO page_views VALUES (1,2,1,now());
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('shop', '{"timezone": "Europe/Sofia"}');
SELECT is((SELECT timezone FROM segmentation.bindings WHERE name = 'customers'), 'Europe/Sofia', 'the zone of the hint');
SELECT is((SELECT string_agg(format('%s %s', kind, name), ', ' ORDER BY kind, name) FROM said WHERE kind IN ('ambiguous', 'unsure')), NULL, 'nothing is in doubt');
SELECT set_eq($$SELECT name, role, "of" FROM segmentation.bindings$$, $$VALUES ('customers', 'customers', NULL), ('orders', 'source', 'customers'), ('items', 'source', 'orders'),
  ('product', 'lookup', 'items'), ('category', 'lookup', 'product'), ('brand', 'lookup', 'product'), ('addresses', 'source', 'customers'),
  ('carts', 'source', 'customers'), ('page_views', 'source', 'customers'), ('fields', 'fields', 'customers'), ('customer_tags', 'set', 'customers'),
  ('customer_tags.target', 'lookup', 'customer_tags'), ('product_tags', 'set', 'product'), ('countries', 'set', 'customers'), ('cities', 'set', 'customers'), ('order_statuses', 'set', 'customers')$$, 'all of it is bound');
SELECT same('customer_tags CONTAINS ''VIP''', 'SELECT t.customer_id FROM shop.customer_tags AS t JOIN shop.tags AS n ON n.id = t.tag_id WHERE n.name = ''vip''');
SELECT same('number_of_orders = 2', 'SELECT customer_id FROM shop.orders WHERE status <> ''cancelled'' GROUP BY 1 HAVING count(*) = 2');
SELECT same('orders_total = 150', 'SELECT customer_id FROM shop.orders GROUP BY 1 HAVING sum(total) = 150');
SELECT same('amount_spent = 20', 'SELECT customer_id FROM shop.orders WHERE status = ''paid'' GROUP BY 1 HAVING sum(total) = 20');
SELECT same('average_order_value = 25', 'SELECT customer_id FROM shop.orders WHERE status <> ''cancelled'' GROUP BY 1 HAVING avg(total) = 25');
SELECT same('last_order_date > -1d', 'SELECT customer_id FROM shop.orders GROUP BY 1 HAVING max(created_at) > now() - interval ''12 hours''');
SELECT same('products_purchased MATCHES (category = ''Socks'')', 'SELECT customer_id FROM shop.orders WHERE id = 4');
SELECT same('products_purchased MATCHES (brand = ''Acme'', category = ''Clothes'')', 'SELECT customer_id FROM shop.orders WHERE id IN (1, 4)');
SELECT is((SELECT parent FROM segmentation.bindings WHERE name = 'category'), 'parent_id', 'categories are a tree');
SELECT same('products_purchased(tag: ''sale'', id: 1) = true', 'SELECT customer_id FROM shop.orders WHERE id IN (1, 4)');
SELECT same('customer_countries CONTAINS ''de''', 'SELECT customer_id FROM shop.addresses WHERE country = ''DE''');
SELECT same('cities CONTAINS ''Varna''', 'SELECT customer_id FROM shop.addresses WHERE city = ''Varna''');
SELECT same('abandoned_checkout_date > -2d', 'SELECT customer_id FROM shop.carts WHERE completed_at IS NULL');
SELECT same('storefront.product_viewed(id: 1) = true', 'SELECT customer_id FROM shop.page_views WHERE product_id = 1');
SELECT same('fields.size = 38', 'SELECT customer_id FROM shop.customer_fields');
SELECT same('email_subscription_status = ''NOT_SUBSCRIBED'' AND customer_email_domain = ''example.com''', 'SELECT id FROM shop.customers WHERE NOT newsletter');
SELECT same('name = ''Ana A'' AND age(birth_date) > 20 AND city = ''Sofia''', 'SELECT 1');
SELECT is(found('name IS NOT NULL OR name IS NULL'), '1,2', 'a deleted customer is nobody');
-- Members follow what stands behind the link.
UPDATE shop.tags SET name = 'gold' WHERE id = 1;
SELECT is((SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name ~ 'VIP'), 0::bigint, 'a renamed tag');
UPDATE shop.tags SET name = 'vip' WHERE id = 2;
SELECT is((SELECT customer_id FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name ~ 'VIP'), 2::bigint, 'another one');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
SELECT set_eq($$SELECT reason FROM said WHERE kind = 'missing index' AND relation = 'shop.order_items'::regclass$$,
  $$VALUES ('CREATE INDEX ON shop.order_items (order_id);'), ('CREATE INDEX ON shop.order_items (product_id);')$$, 'missing indexes are told');
SELECT lives_ok(s.reason, s.reason) FROM said AS s WHERE s.kind = 'missing index';
SELECT is_empty($$SELECT * FROM segmentation.adopt('shop') WHERE kind NOT IN ('kept', 'column', 'left out')$$, 'a second run finds all that was made, and the indexes');
SELECT throws_ok($$SELECT segmentation.unbind('customer_tags')$$, '2BP01', NULL, 'a set that is read stays');
SELECT segmentation.drop_segment('customer_tags CONTAINS ''VIP''') \g /dev/null
SELECT lives_ok($$SELECT segmentation.unbind('customer_tags')$$, 'the values'' table goes with its set');
SELECT is_empty($$SELECT FROM pg_trigger WHERE tgrelid IN ('shop.tags'::regclass, 'shop.customer_tags'::regclass) AND NOT tgisinternal$$, 'and the triggers of both');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;

-- Singular names with a prefix, a total only by the lines, payments told by an instant, a group by a column.
CREATE SCHEMA shop2; SET search_path = shop2;
CREATE TABLE shop_customer_group (id int PRIMARY KEY, name text);
CREATE TABLE shop_customer (customer_id int PRIMARY KEY, customer_name text, customer_email varchar(100), city text, group_id int REFERENCES shop_customer_group, sex text, registered_at date);
CREATE TABLE shop_category (id int PRIMARY KEY, title text);
CREATE TABLE shop_product (id int PRIMARY KEY, title text, category_id int REFERENCES shop_category);
CREATE TABLE shop_order (order_id int PRIMARY KEY, customer_id int REFERENCES shop_customer, order_date date, paid_at timestamptz, is_cancelled boolean NOT NULL DEFAULT false);
CREATE TABLE shop_order_line (order_id int REFERENCES shop_order, line_no int, product_id int REFERENCES shop_product, qty int, unit_price numeric(10,2), PRIMARY KEY (order_id, line_no));
CREATE TABLE shop_payment (id int PRIMARY KEY, order_id int REFERENCES shop_order, amount numeric);
CREATE TABLE shop_staff (id int PRIMARY KEY, name text);
INSERT INTO shop_customer_group VALUES (1,'Gold'),(2,'Plain');
INSERT INTO shop_customer VALUES (1,'Ana','ana@abv.bg','Sofia',1,'f','2020-01-01'),(2,'Bo','bo@x.com','Varna',2,'m','2024-05-05'),(3,'Cy',NULL,NULL,NULL,NULL,NULL);
INSERT INTO shop_category VALUES (1,'Shoes'),(2,'Hats'); INSERT INTO shop_product VALUES (1,'Runner',1),(2,'Sun hat',2);
INSERT INTO shop_order VALUES (1,1,current_date-3,now(),false),(2,1,current_date-100,NULL,false),(3,2,current_date-1,now(),true),(4,2,current_date-10,now(),false);
INSERT INTO shop_order_line VALUES (1,1,1,2,10.50),(1,2,2,1,5),(2,1,2,3,7),(3,1,1,1,99),(4,1,2,1,3.33);
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('shop2');
SELECT is(kind('customers'), 'customers', 'a prefix that all tables have does not matter');
SELECT is((SELECT reason FROM said WHERE name = 'orders_total'),
  'orders have no total, so that it is that of their lines, unit_price times qty, items.line_total: sum("items"."line_total")', 'why');
SELECT same('orders_total = 47', 'SELECT o.customer_id FROM shop2.shop_order AS o JOIN shop2.shop_order_line AS l USING (order_id) GROUP BY 1 HAVING sum(l.qty * l.unit_price) = 47');
SELECT same('paid_total = 26', 'SELECT o.customer_id FROM shop2.shop_order AS o JOIN shop2.shop_order_line AS l USING (order_id) WHERE o.paid_at IS NOT NULL GROUP BY 1 HAVING sum(l.qty * l.unit_price) = 26');
SELECT same('average_order_value = 3.33', 'SELECT 2');
SELECT same('number_of_orders = 1', 'SELECT customer_id FROM shop2.shop_order WHERE NOT is_cancelled GROUP BY 1 HAVING count(*) = 1');
SELECT same('last_order_date = -10d', 'SELECT 2');
SELECT same('customer_group.name = ''Gold'' AND gender = ''f'' AND registered_at = 2020-01-01', 'SELECT 1');
SELECT same('products_purchased MATCHES (category = ''Shoes'')', 'SELECT 1');
SELECT same('products_purchased MATCHES (category = ''Hats'')', 'SELECT unnest(ARRAY[1, 2])');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;

-- camelCase in double quotes, carts and drafts among orders, an enum of states, minor units, marks of deletion.
CREATE SCHEMA "Shop3"; SET search_path = "Shop3";
CREATE TYPE "OrderState" AS ENUM ('Draft', 'Placed', 'Paid', 'Cancelled', 'Refunded');
CREATE TABLE "Users" ("Id" bigint PRIMARY KEY, "firstName" text, "lastName" text, "emailAddress" text, "birthDate" date, "isDeleted" boolean NOT NULL DEFAULT false, "createdAt" timestamp, "facebookId" text, "metaData" jsonb);
CREATE TABLE "Products" ("Id" bigint PRIMARY KEY, "productName" text, "brandName" text);
CREATE TABLE "CustomerOrders" ("Id" bigint PRIMARY KEY, "userId" bigint REFERENCES "Users" ("Id"), "orderPlacedAt" timestamp, "state" "OrderState", "totalPriceWithTax" integer, "createdAt" timestamp);
CREATE TABLE "OrderItems" ("Id" bigint PRIMARY KEY, "orderId" bigint REFERENCES "CustomerOrders" ("Id"), "productId" bigint REFERENCES "Products" ("Id"), "quantity" int, "unitPrice" integer);
CREATE TABLE "UserTags" ("userId" bigint REFERENCES "Users" ("Id"), "tag" text);
CREATE TABLE "ProductViews" ("Id" bigint PRIMARY KEY, "userId" bigint REFERENCES "Users", "productId" bigint REFERENCES "Products", "viewedAt" timestamptz);
INSERT INTO "Users" VALUES (1,'Ana','Popova','a@b.c','1990-01-01',false,'2020-01-01','x'),(2,'Bo','Li','b@b.c',NULL,false,NULL,NULL),(3,'Gone','G','g@b.c',NULL,true,NULL,'y');
INSERT INTO "Products" VALUES (1,'Runner','Acme'),(2,'Hat',NULL);
INSERT INTO "CustomerOrders" VALUES (1,1,now()-interval '3 days','Paid',1050),(2,1,now()-interval '30 days','Cancelled',9900),(3,2,NULL,'Draft',500),(4,2,now(),'Placed',700),(5,1,now(),'Refunded',100);
INSERT INTO "OrderItems" VALUES (1,1,1,1,1050),(2,2,2,1,9900),(3,3,1,1,500),(4,4,2,7,100);
INSERT INTO "UserTags" VALUES (1,'VIP'),(2,'new'); INSERT INTO "ProductViews" VALUES (1,2,1,now());
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('Shop3');
SELECT is((SELECT condition FROM segmentation.bindings WHERE name = 'orders'), '"orderPlacedAt" IS NOT NULL AND "state" NOT IN (''Draft'')', 'carts and drafts are no orders');
SELECT is(kind('paid_total'), 'unsure', 'which states are paid is not guessed');
SELECT is(kind('amount_spent'), NULL, 'nor what depends on it');
SELECT alike((SELECT kind || reason FROM said WHERE name = 'orders_total'), 'unsure%minor_units%', 'nor what whole numbers are');
SELECT alike((SELECT kind || reason FROM said WHERE name = 'orders.zone'), 'unsure%"orders.zone": "UTC"%', 'nor whose clock wrote a time without zone');
SELECT is((SELECT date FROM segmentation.bindings WHERE name = 'orders'), NULL, 'so that orders have no date');
SELECT is(kind('registered_at') || (SELECT reason FROM said WHERE name = 'registered_at'), 'attributeall of "createdAt" are days: "createdAt"', 'times that are all midnight are days');
SELECT throws_ok($$SELECT found('amount_spent > 1')$$, '42703', NULL, 'no such word');
INSERT INTO said SELECT 'more ' || name, kind FROM segmentation.adopt('Shop3', '{"orders.minor_units": 1, "orders.zone": "America/New_York"}');
SELECT is(kind('more orders_total'), 'attribute', 'hints settle what they say');
SELECT is(kind('more first_order_date'), 'attribute', 'of dates, too');
INSERT INTO said SELECT 'again ' || name, kind FROM segmentation.adopt('Shop3', '{"orders.paid": ["Paid", "Refunded"], "orders.minor_units": 1}');
SELECT is(kind('again paid_total'), 'attribute', 'and so does another one');
SELECT is(kind('again orders_total'), 'kept', 'and what was defined is kept');
SELECT same('last_order_date BETWEEN ' || to_char(w.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' AND ' || to_char(w.at AT TIME ZONE 'UTC' + interval '1 s', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'SELECT unnest(ARRAY[1, 2])')
FROM (SELECT max("orderPlacedAt") AT TIME ZONE 'America/New_York' AS at FROM "Shop3"."CustomerOrders" WHERE "userId" = 2) AS w;
SELECT same('paid_total = 1150', 'SELECT "userId" FROM "Shop3"."CustomerOrders" WHERE "state" IN (''Paid'', ''Refunded'') GROUP BY 1 HAVING sum("totalPriceWithTax") = 1150');
SELECT same('amount_spent = 1050', 'SELECT 1');
SELECT same('orders_total = 700 AND number_of_orders = 1', 'SELECT 2');
SELECT same('last_order_status = ''Refunded''', 'SELECT 1');
SELECT same('order_statuses CONTAINS ''cancelled''', 'SELECT 1');
SELECT is(found('order_statuses CONTAINS ''draft'''), NULL, 'a draft is no order');
SELECT same('sum(items.quantity) = 7', 'SELECT 2');
SELECT same('customer_tags CONTAINS ''vip'' AND name = ''Ana Popova''', 'SELECT 1');
SELECT same('has_social_account', 'SELECT 1');
SELECT same('products_purchased MATCHES (brand = ''Acme'')', 'SELECT 1');
SELECT same('storefront.product_viewed(id: 1) = true AND birth_date IS NULL', 'SELECT 2');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;

-- No foreign key at all, words run together behind a prefix.
CREATE SCHEMA old; SET search_path = old;
CREATE TABLE tblclients (clientid int PRIMARY KEY, clientname varchar(50), email varchar(50), mobile varchar(20), country varchar(50));
CREATE TABLE tblsuppliers (supplierid int PRIMARY KEY, name text);
CREATE TABLE tblorders (orderid int PRIMARY KEY, clientid int, employeeid int, orderdate date, orderstatus varchar(10), amount numeric(10,2), amountpaid numeric(10,2));
CREATE TABLE tblorderdetails (detailid int PRIMARY KEY, orderid int, productid int, qty int, price numeric(10,2));
CREATE TABLE tblproducts (productid int PRIMARY KEY, productname varchar(50), categoryid int, brand varchar(30));
CREATE TABLE tblcategories (categoryid int PRIMARY KEY, categoryname varchar(50));
CREATE TABLE tblrefunds (id int PRIMARY KEY, orderid int, amount numeric(10,2), refunddate date);
CREATE TABLE tblnewsletter (id int PRIMARY KEY, clientid int, channel text, active boolean, created date);
INSERT INTO tblclients VALUES (1,'Ana','a@x',NULL,'BG'),(2,'Bo',NULL,'1','DE'),(3,'Cy',NULL,NULL,NULL);
INSERT INTO tblorders VALUES (1,1,7,current_date-1,'shipped',100,100),(2,1,7,current_date-2,'void',60,0),(3,2,8,current_date-400,'new',30,10);
INSERT INTO tblorderdetails VALUES (1,1,1,1,100),(2,2,2,1,60),(3,3,2,3,10);
INSERT INTO tblproducts VALUES (1,'Runner',1,'Acme'),(2,'Wool',2,NULL); INSERT INTO tblcategories VALUES (1,'Shoes'),(2,'Socks');
INSERT INTO tblrefunds VALUES (1,1,25,current_date); INSERT INTO tblnewsletter VALUES (1,1,'email',true,current_date),(2,1,'viber',false,current_date),(3,2,'sms',true,current_date);
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('old');
SELECT is((SELECT relation FROM said WHERE name = 'customers' AND kind = 'customers'), 'old.tblclients'::regclass, 'clients are customers');
SELECT is(kind('orders.cancelled'), NULL, 'the states are known');
SELECT same('amount_spent = 75', 'SELECT 1');
SELECT same('orders_total = 160 AND number_of_orders = 1', 'SELECT 1');
SELECT same('refunded_total = 25', 'SELECT clientid FROM old.tblrefunds JOIN old.tblorders USING (orderid)');
SELECT same('last_order_date < -1y', 'SELECT 2');
SELECT same('products_purchased MATCHES (category = ''Shoes'', brand = ''Acme'')', 'SELECT 1');
SELECT same('products_purchased MATCHES (category = ''Socks'')', 'SELECT 2');
SELECT same('channels CONTAINS ''sms''', 'SELECT 2');
SELECT is(found('channels CONTAINS ''viber'''), NULL, 'a subscription that has ended is none');
SELECT same('phone = ''1''', 'SELECT 2');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;

-- uuid keys, link tables, marks of deletion everywhere, two currencies.
CREATE SCHEMA store; SET search_path = store;
CREATE TABLE customer (id uuid PRIMARY KEY, email text, phone text, created_at timestamptz, deleted_at timestamptz);
CREATE TABLE customer_group (id uuid PRIMARY KEY, name text, deleted_at timestamptz);
CREATE TABLE customer_group_customer (id uuid PRIMARY KEY, customer_id uuid REFERENCES customer, customer_group_id uuid REFERENCES customer_group, deleted_at timestamptz);
CREATE TABLE tag (id uuid PRIMARY KEY, name text);
CREATE TABLE customer_tag (customer_id uuid REFERENCES customer, tag_id uuid REFERENCES tag, PRIMARY KEY (customer_id, tag_id));
CREATE TABLE product (id uuid PRIMARY KEY, title text, deleted_at timestamptz);
CREATE TABLE product_variant (id uuid PRIMARY KEY, product_id uuid REFERENCES product, sku text);
CREATE TABLE product_category (id uuid PRIMARY KEY, parent_category_id uuid REFERENCES product_category, name text);
CREATE TABLE product_category_product (product_id uuid REFERENCES product, product_category_id uuid REFERENCES product_category, PRIMARY KEY (product_id, product_category_id));
CREATE TABLE product_tag (product_id uuid REFERENCES product, tag_id uuid REFERENCES tag, PRIMARY KEY (product_id, tag_id));
CREATE TABLE "order" (id uuid PRIMARY KEY, customer_id uuid REFERENCES customer, currency_code text, grand_total numeric, subtotal numeric, payment_status text, placed_at timestamptz, cancelled_at timestamptz, created_at timestamptz, deleted_at timestamptz, is_draft boolean DEFAULT false);
CREATE TABLE order_item (id uuid PRIMARY KEY, order_id uuid REFERENCES "order", variant_id uuid REFERENCES product_variant, quantity int, unit_price numeric, deleted_at timestamptz);
CREATE TABLE refund (id uuid PRIMARY KEY, order_id uuid REFERENCES "order", amount numeric, created_at timestamptz);
CREATE TABLE cart (id uuid PRIMARY KEY, customer_id uuid REFERENCES customer, completed_at timestamptz, created_at timestamptz);
CREATE TABLE customer_metafield (customer_id uuid REFERENCES customer, key text, value jsonb, PRIMARY KEY (customer_id, key));
CREATE TABLE customer_address (id uuid PRIMARY KEY, customer_id uuid REFERENCES customer, country_code text, province text, city text, deleted_at timestamptz);
CREATE TABLE exchange_rate (code text PRIMARY KEY, rate numeric NOT NULL);
CREATE FUNCTION u(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid$$;
INSERT INTO customer SELECT u(i), 'c' || i || '@x.bg', NULL, now() - make_interval(days => i), CASE WHEN i = 6 THEN now() END FROM generate_series(1, 6) AS i;
INSERT INTO customer_group VALUES (u(1), 'VIP', NULL), (u(2), 'Old', now());
INSERT INTO customer_group_customer VALUES (u(1), u(1), u(1), NULL), (u(2), u(2), u(1), now()), (u(3), u(3), u(2), NULL), (u(4), u(4), u(1), NULL);
INSERT INTO tag VALUES (u(1), 'fan'), (u(2), 'sale'); INSERT INTO customer_tag VALUES (u(1), u(1)), (u(5), u(1));
INSERT INTO product VALUES (u(1), 'Runner', NULL), (u(2), 'Wool', now()); INSERT INTO product_variant VALUES (u(1), u(1), 'R-38'), (u(2), u(1), 'R-39'), (u(3), u(2), 'W');
INSERT INTO product_category VALUES (u(1), NULL, 'Clothes'), (u(2), u(1), 'Shoes'), (u(3), u(1), 'Socks');
INSERT INTO product_category_product VALUES (u(1), u(2)), (u(1), u(1)), (u(2), u(3)); INSERT INTO product_tag VALUES (u(1), u(2));
INSERT INTO "order" SELECT u(i), u(1 + i % 5), CASE WHEN i % 3 = 0 THEN 'BGN' ELSE 'EUR' END, 10 * i + 0.5, 10 * i, CASE WHEN i % 4 = 0 THEN 'pending' ELSE 'paid' END,
  CASE WHEN i <> 7 THEN now() - make_interval(days => i * 10) END, CASE WHEN i = 8 THEN now() END, now(), CASE WHEN i = 9 THEN now() END, i = 10 FROM generate_series(1, 14) AS i;
INSERT INTO order_item SELECT u(i), u(i), u(1 + i % 3), 1, 10 * i + 0.5 FROM generate_series(1, 14) AS i;
INSERT INTO refund VALUES (u(1), u(1), 5, now()), (u(2), u(3), 1, now());
INSERT INTO cart VALUES (u(1), u(1), NULL, now() - interval '1 day'), (u(2), u(2), now(), now());
INSERT INTO customer_metafield VALUES (u(1), 'pet', '"cat"'), (u(2), 'size', '38');
INSERT INTO customer_address VALUES (u(1), u(1), 'BG', 'Sofia', 'Sofia', NULL), (u(2), u(1), 'DE', NULL, 'Bonn', now()), (u(3), u(2), 'BG', NULL, 'Varna', NULL);
INSERT INTO exchange_rate VALUES ('EUR', 1), ('BGN', 1.95583);
RESET search_path;
INSERT INTO said SELECT * FROM segmentation.adopt('store');
SELECT is(kind('orders_total'), 'left out', 'currencies are not added');
SELECT is(kind('paid_total'), 'left out', 'no sum is defined');
SELECT same('customer_groups CONTAINS ''vip''', 'SELECT c.customer_id FROM store.customer_group_customer AS c JOIN store.customer_group AS g ON g.id = c.customer_group_id
  WHERE g.name = ''VIP'' AND c.deleted_at IS NULL AND g.deleted_at IS NULL');
SELECT is(found('customer_groups CONTAINS ''old'''), NULL, 'a deleted group is none');
SELECT same('customer_tags CONTAINS ''fan''', 'SELECT customer_id FROM store.customer_tag');
SELECT is(found('countries CONTAINS ''de'''), NULL, 'nor a deleted address');
SELECT same('number_of_orders = 3', 'SELECT customer_id FROM store."order" WHERE cancelled_at IS NULL AND deleted_at IS NULL AND NOT is_draft AND placed_at IS NOT NULL GROUP BY 1 HAVING count(*) = 3');
SELECT same('products_purchased MATCHES (category = ''Socks'')', 'SELECT DISTINCT o.customer_id FROM store."order" AS o JOIN store.order_item AS i ON i.order_id = o.id
  JOIN store.customer AS c ON c.id = o.customer_id WHERE i.variant_id = store.u(3) AND o.cancelled_at IS NULL AND o.deleted_at IS NULL AND NOT o.is_draft AND o.placed_at IS NOT NULL');
SELECT same('products_purchased MATCHES (tag = ''sale'', variant.sku = ''R-38'')', 'SELECT DISTINCT o.customer_id FROM store."order" AS o JOIN store.order_item AS i ON i.order_id = o.id
  WHERE i.variant_id = store.u(1) AND o.cancelled_at IS NULL AND o.deleted_at IS NULL AND NOT o.is_draft AND o.placed_at IS NOT NULL');
SELECT same('fields.pet = ''cat''', 'SELECT store.u(1)');
SELECT same('abandoned_checkout_date > -2d', 'SELECT store.u(1)');
-- Members follow whatever happens at either end of a link, below customers and below products.
CREATE FUNCTION public.tagged() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s:%s', s.name ~ 'sale', right(m.customer_id::text, 1)), ' ' ORDER BY 1) FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id
  WHERE s.name ~ 'sale|fan'
$$;
SELECT tagged() AS tagged \gset
SELECT isnt(:'tagged'::text, '', 'somebody has tags');
UPDATE store.tag SET name = 'x' || name;
SELECT is(tagged(), NULL, 'renamed');
UPDATE store.tag SET name = substr(name, 2);
SELECT is(tagged(), :'tagged'::text, 'and back');
UPDATE store.customer_tag SET tag_id = store.u(2); UPDATE store.product_tag SET tag_id = store.u(1);
SELECT is(tagged(), NULL, 'links that lead elsewhere');
UPDATE store.customer_tag SET tag_id = store.u(1); UPDATE store.product_tag SET tag_id = store.u(2);
SELECT is(tagged(), :'tagged'::text, 'and back');
BEGIN;
DELETE FROM store.customer_tag; DELETE FROM store.product_tag; DELETE FROM store.tag;
INSERT INTO store.tag VALUES (store.u(3), 'FAN'), (store.u(2), 'sale'); INSERT INTO store.customer_tag VALUES (store.u(1), store.u(3)), (store.u(5), store.u(3));
INSERT INTO store.product_tag VALUES (store.u(1), store.u(2));
COMMIT;
SELECT is(tagged(), :'tagged'::text, 'made anew in one transaction');
TRUNCATE store.tag CASCADE;
CALL segmentation.tick();
SELECT is(tagged(), NULL, 'emptied');
UPDATE store.customer_group SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
-- Fixed rates, exact: 1.95583 BGN are one EUR.
INSERT INTO said SELECT 'rates ' || name, kind, relation, reason FROM segmentation.adopt('store', '{"orders.rates": {"EUR": 1, "BGN": 1.95583}}');
SELECT is(kind('rates amount_spent'), 'attribute', 'with rates there are sums');
SELECT segmentation.define_attribute('spent_in_bgn', 'amount_spent * 1.95583') \g /dev/null
SELECT same('spent_in_bgn = ' || r.spent, format('SELECT %L::uuid', r.customer_id))
FROM (SELECT o.customer_id, sum((o.grand_total - COALESCE((SELECT sum(amount) FROM store.refund WHERE order_id = o.id), 0)) * CASE currency_code WHEN 'EUR' THEN 1.95583 ELSE 1 END) AS spent
      FROM store."order" AS o WHERE payment_status = 'paid' AND deleted_at IS NULL AND NOT is_draft AND placed_at IS NOT NULL GROUP BY 1) AS r;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
TRUNCATE public.said;
INSERT INTO said SELECT * FROM segmentation.adopt('store', '{"orders.rates": {"table": "exchange_rate", "currency": "code", "rate": "rate"}}');
SELECT is(kind('orders_total'), 'attribute', 'with a table of rates there are sums of orders');
SELECT same('orders_total BETWEEN 50 AND 150', 'SELECT o.customer_id FROM store."order" AS o JOIN store.exchange_rate AS r ON r.code = o.currency_code
  WHERE o.deleted_at IS NULL AND NOT o.is_draft AND o.placed_at IS NOT NULL GROUP BY 1 HAVING sum(o.grand_total / r.rate) BETWEEN 50 AND 150');
UPDATE store.exchange_rate SET rate = 100 WHERE code = 'BGN';
SELECT is((SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m),
  (SELECT string_agg(k::text, ',' ORDER BY k) FROM (SELECT o.customer_id AS k FROM store."order" AS o JOIN store.exchange_rate AS r ON r.code = o.currency_code
  WHERE o.deleted_at IS NULL AND NOT o.is_draft AND o.placed_at IS NOT NULL GROUP BY 1 HAVING sum(o.grand_total / r.rate) BETWEEN 50 AND 150) AS q), 'members follow the rates');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
SELECT finish();
