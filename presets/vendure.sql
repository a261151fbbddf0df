-- vendure.sql: binds a shop of Vendure 3 (tried with 3.7.3) and defines the words that rules use.
--   psql -d SHOP -f presets/vendure.sql [-v schema=public] [-v timezone=Europe/Sofia] [-v node_timezone=UTC] [-v database_timezone=UTC] [-v language=en]
--     [-v rates='{"EUR": 1, "USD": 1.08}']
-- As the owner of the shop's tables, with level admin. Can run again: it says how things shall be. Timestamps have no zone: "orderPlacedAt" is
-- the local time of the Node.js process (its TZ), "createdAt" that of its database sessions. Sums are in the shop's one currency, and leave out orders in others; a shop that has
-- sold in several gets sums once rates say how many of each are one unit.
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema public \endif
\if :{?timezone}
\else
  SELECT current_setting('TimeZone') AS timezone \gset
\endif
\if :{?node_timezone} \else \set node_timezone UTC \endif
\if :{?database_timezone} \else \set database_timezone UTC \endif
\if :{?language} \else \set language en \endif
SELECT format('"orderPlacedAt" AT TIME ZONE %L', :'node_timezone') AS placed, format('"createdAt" AT TIME ZONE %L', :'database_timezone') AS created,
  format('"updatedAt" AT TIME ZONE %L', :'database_timezone') AS updated, format('"languageCode" = ''%s''', :'language') AS spoken,
  format('CASE WHEN "languageCode" = %L THEN "baseId" END', :'language') AS named,
  format('%I.', :'schema') AS here \gset
SELECT NOT 'orders' = ANY (b.names) AS new_orders, NOT 'carts' = ANY (b.names) AS new_carts, NOT 'payments' = ANY (b.names) AS new_payments,
  NOT 'refunds' = ANY (b.names) AS new_refunds, NOT 'collections' = ANY (b.names) AS new_collections
FROM (SELECT ARRAY(SELECT b.name FROM segmentation.bindings AS b JOIN (VALUES ('orders', '"order"'), ('carts', '"order"'), ('payments', 'payment'), ('refunds', 'refund'),
    ('collections', 'collection_product_variants_product_variant')) AS t(name, relation) ON b.name = t.name AND b.relation = to_regclass(:'here' || t.relation)) AS names) AS b \gset
\if :{?rates} \else \set rates '{}' \endif
BEGIN;
SET LOCAL search_path = pg_catalog, :"schema", pg_temp;
\o /dev/null

SELECT segmentation.bind_customers('customer', timezone => :'timezone', condition => '"deletedAt" IS NULL', replace => true);
SELECT segmentation.bind_column('customers', 'registered_at', :'created', replace => true);
SELECT segmentation.bind_source('addresses', 'address', 'customerId', replace => true);
SELECT segmentation.bind_lookup('country', 'region', of => 'addresses', key => 'countryId', replace => true);
SELECT segmentation.bind_set('cities', 'address', 'customerId', 'city', replace => true);
SELECT segmentation.bind_set('regions', 'address', 'customerId', 'province', replace => true);
SELECT segmentation.bind_set('customer_groups', 'customer_groups_customer_group', 'customerId', 'name', via => 'customerGroupId', target => 'customer_group',
  replace => true);

-- A source's date may be computed once the source is there. Later runs leave the date as it is: rules may be using it.
\if :new_orders
SELECT segmentation.bind_source('orders', '"order"', 'customerId', replace => true);
\endif
\if :new_carts
SELECT segmentation.bind_source('carts', '"order"', 'customerId', replace => true);
\endif
\if :new_payments
SELECT segmentation.bind_source('payments', 'payment', 'orderId', of => 'orders', replace => true);
\endif
\if :new_refunds
SELECT segmentation.bind_source('refunds', 'refund', 'paymentId', of => 'payments', replace => true);
\endif
SELECT segmentation.bind_column('orders', 'placed_at', :'placed', replace => true);
-- Hundredths, as Vendure has them where nothing else is set. There is no total with shipping.
SELECT segmentation.bind_column('orders', 'total', '("subTotalWithTax" + "shippingWithTax") / 100.0', replace => true);
-- Carts are rows of the same table; an order of several sellers is one row for the customer, and one a seller.
SELECT segmentation.bind_source('orders', '"order"', 'customerId', date => 'placed_at',
  condition => '"orderPlacedAt" IS NOT NULL AND type != ''Seller''', replace => true);
SELECT segmentation.bind_column('carts', 'changed_at', :'updated', replace => true);
SELECT segmentation.bind_source('carts', '"order"', 'customerId', date => 'changed_at',
  condition => 'active AND "orderPlacedAt" IS NULL AND type != ''Seller''', replace => true);
SELECT segmentation.bind_column('payments', 'paid_at', :'created', replace => true);
SELECT segmentation.bind_column('payments', 'paid', 'amount / 100.0', replace => true);
SELECT segmentation.bind_source('payments', 'payment', 'orderId', of => 'orders', date => 'paid_at', condition => 'state = ''Settled''', replace => true);
SELECT segmentation.bind_column('refunds', 'refunded', 'total / 100.0', replace => true);
SELECT segmentation.bind_column('refunds', 'refunded_at', :'created', replace => true);
SELECT segmentation.bind_source('refunds', 'refund', 'paymentId', of => 'payments', date => 'refunded_at', condition => 'state = ''Settled''', replace => true);

-- What was cancelled stays a line, of quantity 0.
SELECT segmentation.bind_source('items', 'order_line', 'orderId', of => 'orders', condition => 'quantity > 0', replace => true);
SELECT segmentation.bind_column('items', 'list_price', '"listPrice" / 100.0', replace => true);
SELECT segmentation.bind_column('items', 'list_amount', 'quantity * "listPrice" / 100.0', replace => true);
SELECT segmentation.bind_lookup('variant', 'product_variant', of => 'items', key => 'productVariantId', replace => true);
SELECT segmentation.bind_lookup('product', 'product', of => 'variant', key => 'productId', replace => true);
-- A name in each language is a row: names are sets, so that lines stay what they are.
SELECT segmentation.bind_set('variant_names', 'product_variant_translation', 'baseId', 'name', of => 'variant', condition => :'spoken', replace => true);
SELECT segmentation.bind_set('product_names', 'product_translation', 'baseId', 'name', of => 'product', condition => :'spoken', replace => true);
-- Collections are Vendure's categories of variants. A lookup has one row: that of the language.
\if :new_collections
SELECT segmentation.bind_set('collections', 'collection_product_variants_product_variant', 'productVariantId', 'collectionId', of => 'variant');
SELECT segmentation.bind_lookup('collection', 'collection_translation', of => 'collections', key => 'collectionId', lookup_key => 'id');
\endif
SELECT segmentation.bind_column('collection', 'named', :'named', replace => true);
SELECT segmentation.bind_lookup('collection', 'collection_translation', of => 'collections', key => 'collectionId', lookup_key => 'named', replace => true);
SELECT segmentation.bind_column('collections', 'name', 'collection.name', replace => true);
SELECT segmentation.bind_set('collections', 'collection_product_variants_product_variant', 'productVariantId', 'name', of => 'variant', replace => true);
-- The values of facets (brand, colour) by their codes.
SELECT segmentation.bind_set('product_tags', 'product_facet_values_facet_value', 'productId', 'code', of => 'product', via => 'facetValueId',
  target => 'facet_value', replace => true);

SELECT segmentation.define_attribute('customer_added_date', 'registered_at', 'when the customer was added', replace => true);
SELECT segmentation.define_attribute('number_of_orders', 'count(orders MATCHES (state != ''Cancelled''))', 'orders placed and not cancelled', replace => true);
SELECT segmentation.define_attribute('first_order_date', 'min(orders.placed_at MATCHES (state != ''Cancelled''))', 'of the orders that count', replace => true);
SELECT segmentation.define_attribute('last_order_date', 'max(orders.placed_at MATCHES (state != ''Cancelled''))', 'of the orders that count', replace => true);
SELECT segmentation.define_attribute('last_order_status', 'last(orders.state)', 'Vendure''s state of the latest order', replace => true);
SELECT segmentation.define_attribute('last_order_number', 'last(orders.code)', 'code of the latest order', replace => true);
SELECT segmentation.define_attribute('abandoned_checkout_date', 'max(carts.changed_at)', 'when the latest open cart was changed', replace => true);
SELECT segmentation.define_source('products_purchased', 'items', '{"id": "variant.productId", "sku": "variant.sku", "title": "product_names", "tag": "product_tags", "category": "collections"}',
  'orders.state != ''Cancelled''', 'lines of orders that count', replace => true);
SELECT segmentation.define_attribute('categories_purchased', 'list(products_purchased.category)', 'collections of all that was bought', replace => true);

-- What each currency is worth: as told, else one where there is one, else the shop's own before its first order.
SELECT COALESCE(NULLIF(:'rates'::jsonb, '{}'), (SELECT jsonb_object_agg(c.code, 1) FROM (SELECT DISTINCT "currencyCode" AS code FROM "order" WHERE "orderPlacedAt" IS NOT NULL) AS c
    HAVING count(*) = 1), (SELECT jsonb_object_agg(c."defaultCurrencyCode", 1) FROM channel AS c WHERE c.code = '__default_channel__'
    AND NOT EXISTS (SELECT FROM "order" WHERE "orderPlacedAt" IS NOT NULL)), '{}') AS rates \gset
SELECT count(*) > 0 AS has_rates,
  'CASE "currencyCode"' || string_agg(format(' WHEN %s THEN ("subTotalWithTax" + "shippingWithTax") / %s', r.code, r.rate * 100), '') || ' END' AS amount,
  string_agg(format('sum(orders.total MATCHES ("currencyCode" = %s))%s', r.code, r.by), ' + ') AS total,
  string_agg(format('sum(orders.total MATCHES (state != ''Cancelled'', "currencyCode" = %s))%s', r.code, r.by), ' + ') AS counted,
  string_agg(format('sum(payments.paid MATCHES (orders."currencyCode" = %s))%s', r.code, r.by), ' + ') AS paid,
  string_agg(format('sum(refunds.refunded MATCHES (orders."currencyCode" = %s))%s', r.code, r.by), ' + ') AS refunded,
  string_agg(r.code, ', ') AS codes
FROM (SELECT quote_literal(key) AS code, value::numeric(20,6) AS rate, CASE WHEN value::numeric = 1 THEN '' ELSE ' / ' || value::numeric END AS by FROM jsonb_each_text(:'rates')) AS r \gset
SELECT segmentation.define_source('orders_placed', 'orders', '{}', 'state != ''Cancelled''', 'orders that are not cancelled', replace => true);
\if :has_rates
-- An order's amount in the unit of sums.
SELECT segmentation.bind_column('orders', 'amount', :'amount', replace => true);
SELECT segmentation.define_attribute('orders_total', :'total', 'all placed orders; of a cancelled one Vendure keeps no total', replace => true);
SELECT segmentation.define_attribute('paid_total', :'paid', 'settled payments, before refunds', replace => true);
SELECT segmentation.define_attribute('refunded_total', :'refunded', 'settled refunds', replace => true);
SELECT segmentation.define_attribute('amount_spent', 'paid_total - refunded_total', 'what was paid and not paid back', replace => true);
SELECT segmentation.define_attribute('average_order_value', format('(%s) / count(orders MATCHES (state != ''Cancelled'', "currencyCode" IN (%s)))', :'counted', :'codes'),
  'mean total of the orders that count', replace => true);
\else
\warn 'Orders are in several currencies: sums are not defined. Say what each is worth, as in -v rates={"EUR":1,"USD":1.08}'
\endif
\o
COMMIT;
