-- The story that `make demo` tells, in one session. Statements worth reading are shown as they run.
\set QUIET on
\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset pager off
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS segmentation CASCADE;
CREATE EXTENSION segmentation;
SELECT format('The shop: %s customers, %s orders, %s order lines.',
  (SELECT count(*) FROM shop.customers), (SELECT count(*) FROM shop.orders), (SELECT count(*) FROM shop.order_items));

\echo
\echo '1. Say where the data is. The tables stay as they are.'
\echo
\o /dev/null
\set ECHO queries
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('items', 'shop.order_items', key => 'order_id', of => 'orders');
SELECT segmentation.bind_lookup('products', 'shop.products', of => 'items', key => 'product_id');
SELECT segmentation.bind_lookup('category', 'shop.categories', of => 'products', key => 'category_id');
SELECT segmentation.bind_set('tags', 'shop.customer_tags', key => 'customer_id', value => 'tag');
SELECT segmentation.bind_column('customers', 'email_subscription_status',
  $$CASE WHEN accepts_marketing THEN 'SUBSCRIBED' ELSE 'UNSUBSCRIBED' END$$);
SELECT segmentation.define_attribute('number_of_orders', $$count(orders MATCHES (status != 'cancelled'))$$);
SELECT segmentation.define_attribute('amount_spent', 'sum(orders.total MATCHES (paid))');
SELECT segmentation.define_attribute('last_order_date', 'max(orders.created_at)');
SELECT segmentation.define_attribute('customer_added_date', 'registered_at');
SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', $$status != 'cancelled'$$);
SELECT segmentation.define_source('products_purchased', 'items', '{"id": "product_id", "category": "category.name"}');
\set ECHO none
-- Makes a segment and says how many members it has and how long that took.
CREATE FUNCTION pg_temp.make(name text, rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz := clock_timestamp();
BEGIN
  PERFORM segmentation.create_segment(name, rule);
  RETURN format('%s %s %s   %s', rpad(name, 15), lpad(segmentation.member_count(name)::text, 7),
    lpad(round(extract(epoch FROM clock_timestamp() - began) * 1000)::text, 5), rule);
END $$;
\o

\echo
\echo '2. Write rules: SELECT segmentation.create_segment(name, rule). The last three are pasted from Shopify.'
\echo
SELECT format('%s %s %s   %s', rpad('segment', 15), 'members', '   ms', 'rule');
SELECT pg_temp.make('newcomers', 'registered_at >= -30d');
SELECT pg_temp.make('loyal', 'number_of_orders >= 3 AND amount_spent >= 500');
SELECT pg_temp.make('win back', 'last_order_date < -60d AND amount_spent > 100');
SELECT pg_temp.make('big baskets', 'avg(orders.total) > 150');
SELECT pg_temp.make('never bought', 'orders NOT MATCHES ()');
SELECT pg_temp.make('every month', 'orders MATCHES (date >= -6m, months >= 6)');
SELECT pg_temp.make('shoes, no socks', $$items MATCHES (category.name = 'Shoes') AND items NOT MATCHES (category.name = 'Socks')$$);
SELECT pg_temp.make('returned', $$orders MATCHES (status = 'returned', date >= -90d)$$);
SELECT pg_temp.make('wholesale', $$tags CONTAINS 'wholesale' AND NOT tags CONTAINS 'staff'$$);
SELECT pg_temp.make('cat people', $$extra.pet = 'cat'$$);
SELECT pg_temp.make('birthday soon', 'anniversary(birth_date) BETWEEN today AND +7d');
SELECT pg_temp.make('Shopify''s', $$orders_placed MATCHES (date > -90d, count >= 5)$$);
SELECT pg_temp.make('older spelling', $$products_purchased(id: (7, 12), date: BETWEEN -12m AND today) = true$$);
SELECT pg_temp.make('from Shopify', $$email_subscription_status = 'SUBSCRIBED' AND number_of_orders = 0 AND customer_added_date > -30d$$);

\echo
\echo '3. A typing mistake.'
\echo
\set ECHO queries
\set ON_ERROR_STOP off
SELECT segmentation.create_segment('almost loyal', 'number_of_orders >= 3 AND amout_spent >= 400');
\set ON_ERROR_STOP on
\set ECHO none

\echo
\echo '4. Why is Maria (customer 2026) not among the loyal?'
\echo
\set ECHO queries
\pset format aligned
\pset tuples_only off
\pset footer off
SELECT repeat('  ', depth) || condition AS condition, actual, holds, missing
FROM segmentation.explain('loyal', 2026);
\set ECHO none

\echo '5. She orders. Members are right at every commit: no job runs, and the shop calls nothing.'
\echo
-- The answer of the story's questions in one word.
CREATE OR REPLACE FUNCTION pg_temp.loyal() RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN segmentation.is_member('loyal', 2026) THEN 'she is' ELSE 'she is not' END $$;
\set ECHO queries
BEGIN;
INSERT INTO shop.orders VALUES (1000005, 2026, 'new', true, 12.40, now());
SELECT pg_temp.loyal() AS "loyal, to her own transaction";
ROLLBACK;
SELECT pg_temp.loyal() AS "loyal, after ROLLBACK";
BEGIN;
INSERT INTO shop.orders VALUES (1000005, 2026, 'new', true, 12.40, now());
COMMIT;
SELECT pg_temp.loyal() AS "loyal, after COMMIT", count(*) AS "rows of her in the view" FROM segments.loyal WHERE id = 2026;
DELETE FROM shop.orders WHERE id = 1000005;
SELECT pg_temp.loyal() AS "loyal, once the order is taken back";
SELECT entered_at::time(3), left_at::time(3), left_reason FROM segmentation.membership_history WHERE customer_id = 2026 AND left_at IS NOT NULL;
\set ECHO none

\echo '6. Are the stored members right? verify() prints each rule as plain SQL, runs it, and compares.'
\echo
\set ECHO queries
SELECT count(*) AS differences FROM segmentation.verify();
\set ECHO none

\echo '7. A campaign uses the loyal. What would an edit change? First nothing happens, then it is told before it does.'
\echo
\set ECHO queries
SELECT segmentation.use_segment('loyal', 'campaign: spring') \g /dev/null
SELECT change, count(*), min(customer) AS "the first" FROM segmentation.diff_segment('loyal', 'number_of_orders >= 3 AND amount_spent >= 450') GROUP BY change;
SET client_min_messages = notice;
SELECT segmentation.alter_segment('loyal', 'number_of_orders >= 3 AND amount_spent >= 450') \g /dev/null
SET client_min_messages = warning;
SELECT segment, now, "then" FROM segmentation.what_if(2026, '{"orders": [{"total": 250, "paid": true, "status": "new"}]}', only_changes => true);
\set ECHO none

\if :{?clock}
\echo '8. A day passes: this server''s clock goes forward. Nobody writes anything. Who is due is judged anew, and nobody else.'
\echo
-- Another day: the shop is to be loaded anew next time, as its dates count back from today.
COMMENT ON SCHEMA shop IS 'a day later';
\! echo +1d > "$DEMO_CLOCK"
SELECT pg_sleep(2) \g /dev/null
\set ECHO queries
SELECT due AS "customers due", (SELECT count(*) FROM shop.customers) AS "of", lag FROM segmentation.status;
CALL segmentation.tick();
SELECT s.name AS segment, count(*) FILTER (WHERE h.entered_reason = 'time' AND h.left_at IS NULL) AS entered, count(*) FILTER (WHERE h.left_reason = 'time') AS "left",
       max(greatest(h.left_at, h.entered_at))::timestamp(0) AS at
FROM segmentation.membership_history AS h JOIN segmentation.segments AS s ON s.id = h.segment_id
WHERE 'time' IN (h.entered_reason, h.left_reason) GROUP BY s.name ORDER BY s.name;
SELECT count(*) AS differences FROM segmentation.verify();
\set ECHO none
\endif

\if :{?report}
\echo '9. One page to read and to mail, by one call: SELECT segmentation.report().'
\echo
\pset format unaligned
\pset tuples_only on
\o :report
SELECT segmentation.report();
\o
\echo :report
\echo
\endif
