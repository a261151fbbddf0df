-- medusa.sql: binds a shop of Medusa 2 (tried with 2.18.0) and defines the words that rules use.
--   psql -d SHOP -f presets/medusa.sql [-v schema=public] [-v timezone=Europe/Sofia] [-v rates='{"eur": 1, "usd": 1.08}']
-- As the owner of the shop's tables, with level admin. Can run again: it says how things shall be. Sums are in the shop's one currency, and leave out orders in
-- others; a shop that has sold in several gets sums once rates say how many of each are one unit. Rows keep `deleted_at` instead of going away; "order" and "return" are also SQL's own words.
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema public \endif
\if :{?timezone}
\else
  SELECT current_setting('TimeZone') AS timezone \gset
\endif
\if :{?rates} \else \set rates '{}' \endif
BEGIN;
SET LOCAL search_path = pg_catalog, :"schema", pg_temp;
\o /dev/null

-- A guest and a customer with an account may have the same e-mail: two customers here, as in Medusa.
SELECT segmentation.bind_customers('customer', timezone => :'timezone', condition => 'deleted_at IS NULL', replace => true);
SELECT segmentation.bind_set('countries', 'customer_address', 'customer_id', 'country_code', condition => 'deleted_at IS NULL', replace => true);
SELECT segmentation.bind_set('regions', 'customer_address', 'customer_id', 'province', condition => 'deleted_at IS NULL', replace => true);
SELECT segmentation.bind_set('cities', 'customer_address', 'customer_id', 'city', condition => 'deleted_at IS NULL', replace => true);
SELECT segmentation.bind_set('customer_groups', 'customer_group_customer', 'customer_id', 'name', via => 'customer_group_id', target => 'customer_group',
  condition => 'deleted_at IS NULL AND "customer_groups.target".deleted_at IS NULL', replace => true);
SELECT segmentation.bind_source('carts', 'cart', 'customer_id', date => 'created_at', condition => 'completed_at IS NULL AND deleted_at IS NULL', replace => true);

-- An order's status does not say whether it is paid; drafts are rows of the same table.
SELECT segmentation.bind_source('orders', '"order"', 'customer_id', date => 'created_at',
  condition => 'deleted_at IS NULL AND is_draft_order = false AND status != ''draft''', replace => true);

-- Each change of an order writes its lines and its summary once more under the next version.
SELECT segmentation.bind_source('order_totals', 'order_summary', 'order_id', of => 'orders',
  condition => 'deleted_at IS NULL AND version = orders.version', replace => true);
SELECT segmentation.bind_source('items', 'order_item', 'order_id', of => 'orders',
  condition => 'deleted_at IS NULL AND version = orders.version AND quantity > 0', replace => true);
SELECT segmentation.bind_lookup('line', 'order_line_item', of => 'items', key => 'item_id', replace => true);
SELECT segmentation.bind_lookup('product', 'product', of => 'line', key => 'product_id', replace => true);
SELECT segmentation.bind_set('product_categories', 'product_category_product', 'product_id', 'name', of => 'product', via => 'product_category_id',
  target => 'product_category', parent => 'parent_category_id', condition => '"product_categories.target".deleted_at IS NULL', replace => true);
SELECT segmentation.bind_set('product_tags', 'product_tags', 'product_id', 'value', of => 'product', via => 'product_tag_id', target => 'product_tag',
  condition => '"product_tags.target".deleted_at IS NULL', replace => true);
-- The first version of a line leaves the price to what it refers to.
SELECT segmentation.bind_column('items', 'price', 'coalesce(unit_price, line.unit_price)', replace => true);
SELECT segmentation.bind_column('items', 'amount', 'quantity * coalesce(unit_price, line.unit_price)', replace => true);

-- A refund makes a credit line, which lowers the order's total: `total` is before it. raw_x has the exact decimals.
SELECT segmentation.bind_column('order_totals', 'total',
  '(totals #>> ''{raw_current_order_total,value}'')::numeric + coalesce((totals #>> ''{raw_credit_line_total,value}'')::numeric, 0)', replace => true);
SELECT segmentation.bind_column('order_totals', 'due', '(totals #>> ''{raw_pending_difference,value}'')::numeric', replace => true);
-- Captures are positive, refunds negative.
SELECT segmentation.bind_source('payments', 'order_transaction', 'order_id', of => 'orders', date => 'created_at',
  condition => 'deleted_at IS NULL', replace => true);

SELECT segmentation.define_attribute('customer_added_date', 'created_at', 'when the customer was added', replace => true);
SELECT segmentation.define_attribute('registered_at', 'created_at', 'when the customer was added', replace => true);
SELECT segmentation.define_attribute('number_of_orders', 'count(orders MATCHES (canceled_at IS NULL))', 'orders placed and not cancelled', replace => true);
SELECT segmentation.define_attribute('first_order_date', 'min(orders.created_at MATCHES (canceled_at IS NULL))', 'of the orders that count', replace => true);
SELECT segmentation.define_attribute('last_order_date', 'max(orders.created_at MATCHES (canceled_at IS NULL))', 'of the orders that count', replace => true);
SELECT segmentation.define_attribute('last_order_status', 'last(orders.status)', 'Medusa''s status of the latest order', replace => true);
SELECT segmentation.define_attribute('last_order_number', 'last(orders.display_id)', 'number of the latest order', replace => true);
SELECT segmentation.define_attribute('abandoned_checkout_date', 'max(carts.created_at)', 'when the latest open cart was begun', replace => true);
SELECT segmentation.define_source('products_purchased', 'items', '{"id": "line.product_id", "title": "line.product_title", "type": "line.product_type",
  "category": "product_categories.path", "tag": "product_tags"}',
  'orders.canceled_at IS NULL', 'lines of orders that count', replace => true);
SELECT segmentation.define_attribute('categories_purchased', 'list(products_purchased.category)', 'categories of all that was bought', replace => true);

-- What each currency is worth: as told, else one where there is one, else the shop's own before its first order.
SELECT COALESCE(NULLIF(:'rates'::jsonb, '{}'), (SELECT jsonb_object_agg(c.code, 1) FROM (SELECT DISTINCT currency_code AS code FROM "order" WHERE deleted_at IS NULL AND NOT is_draft_order) AS c
    HAVING count(*) = 1), (SELECT jsonb_object_agg(s.currency_code, 1) FROM store_currency AS s WHERE s.is_default
    AND NOT EXISTS (SELECT FROM "order" WHERE deleted_at IS NULL AND NOT is_draft_order)), '{}') AS rates \gset
SELECT count(*) > 0 AS has_rates, count(*) = 1 AS is_one,
  string_agg(format('sum(order_totals.total MATCHES (orders.currency_code = %s))%s', r.code, r.by), ' + ') AS total,
  string_agg(format('sum(order_totals.total MATCHES (orders.canceled_at IS NULL, orders.currency_code = %s))%s', r.code, r.by), ' + ') AS counted,
  string_agg(format('sum(payments.amount MATCHES (amount > 0, orders.currency_code = %s))%s', r.code, r.by), ' + ') AS paid,
  string_agg(format('sum(payments.amount MATCHES (amount < 0, orders.currency_code = %s))%s', r.code, r.by), ' + ') AS refunded,
  string_agg(r.code, ', ') AS codes
FROM (SELECT quote_literal(key) AS code, CASE WHEN value::numeric = 1 THEN '' ELSE ' / ' || value::numeric END AS by FROM jsonb_each_text(:'rates')) AS r \gset
-- An order's amount is its own currency's.
\if :is_one
SELECT segmentation.define_source('orders_placed', 'order_totals', '{"id": "order_id", "amount": "total"}', 'orders.canceled_at IS NULL',
  'orders that are not cancelled; amount is before refunds', replace => true);
\else
SELECT segmentation.define_source('orders_placed', 'orders', '{}', 'canceled_at IS NULL', 'orders that are not cancelled', replace => true);
\endif
\if :has_rates
SELECT segmentation.define_attribute('orders_total', :'total', 'all placed orders, cancelled too, before refunds', replace => true);
SELECT segmentation.define_attribute('paid_total', :'paid', 'what was captured, before refunds', replace => true);
SELECT segmentation.define_attribute('refunded_total', format('0 - (%s)', :'refunded'), 'what was paid back', replace => true);
SELECT segmentation.define_attribute('amount_spent', 'paid_total - refunded_total', 'what was paid and not paid back', replace => true);
SELECT segmentation.define_attribute('average_order_value', format('(%s) / count(orders MATCHES (canceled_at IS NULL, currency_code IN (%s)))', :'counted', :'codes'),
  'mean total of the orders that count', replace => true);
\else
\warn 'Orders are in several currencies: sums are not defined. Say what each is worth, as in -v rates={"eur":1,"usd":1.08}'
\endif
\o
COMMIT;
