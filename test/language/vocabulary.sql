-- Shopify's names on the shop's own tables.
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_column('customers', 'customer_email_domain', $$split_part(email, '@', 2)$$);
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('items', 'shop.order_items', 'order_id', of => 'orders', condition => 'orders.cancelled_at IS NULL');
SELECT segmentation.bind_lookup('product', 'shop.products', 'items', 'product_id');
SELECT segmentation.bind_lookup('category', 'shop.categories', 'product', 'category_id');
SELECT segmentation.bind_set('product_tags', 'shop.product_tags', 'product_id', 'tag', of => 'product');
SELECT segmentation.bind_source('checkouts', 'shop.checkouts', 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('email_events', 'shop.email_events', 'customer_id', date => 'happened_at');
SELECT segmentation.bind_source('storefront_events', 'shop.storefront_events', 'customer_id', date => 'happened_at');
SELECT segmentation.bind_source('store_credit_accounts', 'shop.store_credit', 'customer_id');
SELECT segmentation.bind_set('customer_tags', 'shop.tags', 'customer_id', 'tag');
SELECT segmentation.bind_set('companies', 'shop.companies', 'customer_id', 'company');
SELECT segmentation.bind_set('customer_countries', 'shop.addresses', 'customer_id', 'country');
SELECT segmentation.bind_set('customer_regions', 'shop.addresses', 'customer_id', 'region');
SELECT segmentation.bind_set('customer_cities', 'shop.addresses', 'customer_id', 'city');
SELECT segmentation.bind_column('customer_cities', 'code', $$country || '-' || region || '-' || replace(city, ' ', '')$$);
SELECT segmentation.bind_set('customer_cities', 'shop.addresses', 'customer_id', 'code', replace => true);
SELECT segmentation.bind_fields('extra', 'shop.extra_fields', 'customer_id', 'key', 'value');
SELECT segmentation.bind_column('extra', 'full_key', $$namespace || '.' || key$$);
SELECT segmentation.bind_fields('extra', 'shop.extra_fields', 'customer_id', 'full_key', 'value', replace => true);
SELECT segmentation.bind_fields('more', 'shop.extra_values', 'customer_id', 'field', 'value');

SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', 'cancelled_at IS NULL');
SELECT segmentation.define_source('products_purchased', 'items',
  '{"id": "product_id", "tag": "product_tags", "category": "category.name"}');
SELECT segmentation.define_source('shopify_email.' || kind, 'email_events', condition => format('kind = %L', kind))
FROM unnest('{opened,clicked,bounced,delivered,marked_as_spam,unsubscribed}'::text[]) AS kind;
SELECT segmentation.define_source('storefront.' || kind, 'storefront_events', '{"id": "subject_id"}', format('kind = %L', kind))
FROM unnest('{product_viewed,collection_viewed}'::text[]) AS kind;

SELECT segmentation.define_attribute('number_of_orders', 'count(orders_placed)');
SELECT segmentation.define_attribute('amount_spent', 'sum(orders_placed.paid) - sum(orders_placed.refunded)');
SELECT segmentation.define_attribute('first_order_date', 'first(orders_placed.date)');
SELECT segmentation.define_attribute('last_order_date', 'last(orders_placed.date)');
SELECT segmentation.define_attribute('customer_added_date', 'created_at');
SELECT segmentation.define_attribute('abandoned_checkout_date', 'last(checkouts.date MATCHES (completed_at IS NULL))');
