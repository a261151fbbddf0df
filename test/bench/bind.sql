-- Binds the benchmark's shop, from nothing.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS segmentation CASCADE;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('lines', 'shop.lines', key => 'order_id', of => 'orders');
SELECT segmentation.bind_source('carts', 'shop.carts', key => 'customer_id', date => 'abandoned_at');
SELECT segmentation.bind_source('social', 'shop.social', key => 'customer_id');
SELECT segmentation.bind_set('tags', 'shop.tags', key => 'customer_id', value => 'tag');
RESET client_min_messages;
