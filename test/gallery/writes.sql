-- What happens in a shop on a day, each in a transaction of its own: on every table that the rules read.
-- What makes customers spend less comes first, so that nobody comes and goes between two looks.
UPDATE shop.orders SET status = 'returned', payment_status = 'refunded', refunded_total = total WHERE customer_id % 9 = 2;
UPDATE shop.orders SET customer_id = customer_id + 1 WHERE customer_id % 80 = 7;
INSERT INTO shop.orders SELECT 100000 + c, c, 'N' || 100000 + c, now(), (ARRAY['completed', 'pending', 'cancelled', 'shipped'])[1 + c % 4], (ARRAY['paid', 'pending', NULL, 'paid'])[1 + c % 4], 120.5, 0, NULL, 'pickup'
FROM generate_series(7, 2000, 23) AS c;
INSERT INTO shop.order_items SELECT 100000 + c, 100000 + c, 1 + c % 60, 1, 120.5 FROM generate_series(7, 2000, 23) AS c;
UPDATE shop.orders SET payment_status = 'paid', status = 'completed' WHERE payment_status = 'pending' AND customer_id % 4 = 1;
UPDATE shop.orders SET status = 'cancelled' WHERE customer_id % 50 = 11 AND id % 2 = 0;
UPDATE shop.orders SET placed_at = now() WHERE placed_at IS NULL AND customer_id % 2 = 0;
DELETE FROM shop.order_items WHERE id % 40 = 3;
UPDATE shop.order_items SET quantity = 12 WHERE id % 50 = 4;
UPDATE shop.products SET category_id = 5, brand_id = 1 WHERE id IN (8, 21);
UPDATE shop.categories SET parent_id = 3 WHERE id = 9;
UPDATE shop.brands SET name = 'Nordpeak' WHERE id = 4;
DELETE FROM shop.product_tags WHERE product_id IN (3, 6);
INSERT INTO shop.customer_tags SELECT c, 1 FROM generate_series(5, 2000, 13) AS c ON CONFLICT DO NOTHING;
DELETE FROM shop.customer_tags WHERE customer_id % 11 = 4;
UPDATE shop.tags SET name = 'crew' WHERE name = 'staff';
UPDATE shop.groups SET name = CASE name WHEN 'Wholesale' THEN 'Retail' ELSE 'Wholesale' END WHERE id < 3;
UPDATE shop.customer_interests SET interest = 'hiking' WHERE interest = 'cooking' AND customer_id % 5 = 0 AND customer_id NOT IN (SELECT i.customer_id FROM shop.customer_interests AS i WHERE i.interest = 'hiking');
UPDATE shop.customers SET city = 'Sofia', accepts_marketing = NOT accepts_marketing, points = 70, company = NULL WHERE id % 12 = 5;
UPDATE shop.customers SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id % 30 = 8;
UPDATE shop.customers SET metafields = '{"home": {"pets": ["dog"], "children": 1}}', birth_date = birth_date + 1 WHERE id % 30 = 9;
UPDATE shop.customer_fields SET value = CASE field WHEN 'pet' THEN 'cat' WHEN 'shoe_size' THEN '36' WHEN 'club_card' THEN 'no' ELSE 'unknown' END WHERE customer_id % 7 = 0;
DELETE FROM shop.customer_fields WHERE customer_id % 14 = 1;
DELETE FROM shop.addresses WHERE customer_id % 10 = 0;
UPDATE shop.addresses SET country = 'DE', city = 'Plovdiv' WHERE id % 10 = 1;
UPDATE shop.subscriptions SET unsubscribed_at = CASE WHEN unsubscribed_at IS NULL THEN now() END WHERE id % 6 = 0;
UPDATE shop.carts SET completed_at = CASE WHEN completed_at IS NULL THEN now() END WHERE id % 5 = 0;
INSERT INTO shop.page_views SELECT 100000 + c, c, 7, now() FROM generate_series(1, 2000, 17) AS c;
UPDATE shop.letters SET opened_at = now() WHERE id % 20 = 0;
DELETE FROM shop.bonus_points WHERE id % 9 = 0;
