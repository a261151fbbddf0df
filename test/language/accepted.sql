-- Queries as people write them for Shopify, from its documentation and from tutorials, in both spellings, each beside a
-- condition of plain SQL over the customers (alias c) that was written by hand.
CREATE FUNCTION pg_temp.today() RETURNS date LANGUAGE sql AS $$SELECT (now() AT TIME ZONE 'Europe/Sofia')::date$$;
CREATE FUNCTION pg_temp.day(at timestamptz) RETURNS date LANGUAGE sql AS $$SELECT (at AT TIME ZONE 'Europe/Sofia')::date$$;
CREATE TEMP VIEW placed AS SELECT * FROM shop.orders WHERE cancelled_at IS NULL;
CREATE TEMP VIEW bought AS
SELECT o.customer_id, o.created_at, i.id AS line, i.quantity, i.product_id AS id, p.category_id
FROM shop.order_items i JOIN placed o ON o.id = i.order_id JOIN shop.products p ON p.id = i.product_id;
CREATE TEMP VIEW spent AS
SELECT c.id, COALESCE(sum(o.paid), 0) - COALESCE(sum(o.refunded), 0) AS amount, count(o.id) AS orders, min(o.created_at) AS first, max(o.created_at) AS last
FROM shop.customers c LEFT JOIN placed o ON o.customer_id = c.id GROUP BY c.id;
CREATE TEMP VIEW left_behind AS
SELECT customer_id AS id, max(created_at) AS last FROM shop.checkouts WHERE completed_at IS NULL GROUP BY 1;
-- The next birthday, today included; 29 February is the 28th in other years; what is no date is none.
CREATE TEMP VIEW birthday AS
SELECT c.id, min(d.day) AS next
FROM shop.customers c, generate_series(0, 365) AS n, LATERAL (SELECT pg_temp.today() + n AS day) AS d,
     LATERAL (SELECT metafields -> 'facts' ->> 'birth_date' AS born) AS b
WHERE b.born ~ '^\d{4}-' AND to_char(d.day, 'MM-DD') = CASE
  WHEN right(b.born, 5) = '02-29' AND to_char(make_date(extract(year FROM d.day)::int, 3, 1) - 1, 'DD') = '28' THEN '02-28' ELSE right(b.born, 5) END
GROUP BY c.id;

CREATE TEMP TABLE asked (n integer GENERATED ALWAYS AS IDENTITY, rule text, hand text);
INSERT INTO asked (rule, hand) VALUES
($r$email_subscription_status = 'SUBSCRIBED'$r$, $h$email_subscription_status = 'SUBSCRIBED'$h$),
($r$email_subscription_status != 'SUBSCRIBED'$r$, $h$email_subscription_status IS DISTINCT FROM 'SUBSCRIBED'$h$),
($r$sms_subscription_status = 'REDACTED'$r$, $h$sms_subscription_status = 'REDACTED'$h$),
($r$product_subscription_status = 'SUBSCRIBED'$r$, $h$product_subscription_status = 'SUBSCRIBED'$h$),
($r$customer_language = 'fr'$r$, $h$customer_language = 'fr'$h$),
($r$customer_account_status IN ('ENABLED', 'INVITED')$r$, $h$customer_account_status IN ('ENABLED', 'INVITED')$h$),
($r$created_by_app_id = 580111$r$, $h$created_by_app_id = 580111$h$),
($r$created_by_app_id IS NULL$r$, $h$created_by_app_id IS NULL$h$),
($r$number_of_orders = 0$r$, $h$NOT EXISTS (SELECT FROM placed o WHERE o.customer_id = c.id)$h$),
($r$number_of_orders = 1$r$, $h$(SELECT count(*) FROM placed o WHERE o.customer_id = c.id) = 1$h$),
($r$number_of_orders BETWEEN 4 AND 5$r$, $h$(SELECT count(*) FROM placed o WHERE o.customer_id = c.id) BETWEEN 4 AND 5$h$),
($r$abandoned_checkout_date >= -30d$r$, $h$(SELECT pg_temp.day(last) FROM left_behind l WHERE l.id = c.id) >= pg_temp.today() - 30$h$),
($r$abandoned_checkout_date > -8m$r$, $h$(SELECT pg_temp.day(last) FROM left_behind l WHERE l.id = c.id) > (pg_temp.today() - interval '8 months')::date$h$),
($r$abandoned_checkout_date >= 7_days_ago$r$, $h$(SELECT pg_temp.day(last) FROM left_behind l WHERE l.id = c.id) >= pg_temp.today() - 7$h$),
($r$abandoned_checkout_date IS NULL$r$, $h$NOT EXISTS (SELECT FROM left_behind l WHERE l.id = c.id)$h$),
($r$amount_spent BETWEEN 1 AND 999.99$r$, $h$(SELECT amount FROM spent s WHERE s.id = c.id) BETWEEN 1 AND 999.99$h$),
($r$amount_spent > 1500.50$r$, $h$(SELECT amount FROM spent s WHERE s.id = c.id) > 1500.50$h$),
($r$customer_countries CONTAINS 'CA'$r$, $h$id IN (SELECT customer_id FROM shop.addresses WHERE country = 'CA')$h$),
($r$customer_countries NOT CONTAINS 'CA'$r$, $h$id NOT IN (SELECT customer_id FROM shop.addresses WHERE country = 'CA')$h$),
($r$customer_countries IS NULL$r$, $h$id NOT IN (SELECT customer_id FROM shop.addresses)$h$),
($r$customer_regions CONTAINS 'NY'$r$, $h$id IN (SELECT customer_id FROM shop.addresses WHERE region = 'NY')$h$),
($r$customer_cities CONTAINS 'US-NY-NewYorkCity'$r$, $h$id IN (SELECT customer_id FROM shop.addresses WHERE country = 'US' AND region = 'NY' AND city = 'New York City')$h$),
($r$customer_tags CONTAINS 'vip'$r$, $h$id IN (SELECT customer_id FROM shop.tags WHERE tag IN ('vip', 'VIP'))$h$),
($r$customer_tags NOT CONTAINS 'vip'$r$, $h$id NOT IN (SELECT customer_id FROM shop.tags WHERE tag IN ('vip', 'VIP'))$h$),
($r$companies IS NOT NULL$r$, $h$id IN (SELECT customer_id FROM shop.companies)$h$),
($r$companies IS NULL$r$, $h$id NOT IN (SELECT customer_id FROM shop.companies)$h$),
($r$customer_email_domain = 'example.com'$r$, $h$email LIKE '%@example.com'$h$),
($r$predicted_spend_tier = 'HIGH' AND last_order_date > -30d$r$,
 $h$predicted_spend_tier = 'HIGH' AND (SELECT pg_temp.day(last) FROM spent s WHERE s.id = c.id) > pg_temp.today() - 30$h$),
($r$rfm_group = 'CHAMPIONS'$r$, $h$rfm_group = 'CHAMPIONS'$h$),
($r$rfm_group IN ('CHAMPIONS', 'LOYAL')$r$, $h$rfm_group IN ('CHAMPIONS', 'LOYAL')$h$),
($r$last_order_date > 2020-05-30T16:00:00$r$, $h$(SELECT last FROM spent s WHERE s.id = c.id) >= timestamp '2020-05-30 16:00:00.000001' AT TIME ZONE 'Europe/Sofia'$h$),
($r$last_order_date BETWEEN 2021-01-01 AND today$r$, $h$(SELECT pg_temp.day(last) FROM spent s WHERE s.id = c.id) BETWEEN '2021-01-01' AND pg_temp.today()$h$),
($r$last_order_date < 90_days_ago$r$, $h$(SELECT pg_temp.day(last) FROM spent s WHERE s.id = c.id) < pg_temp.today() - 90$h$),
($r$customer_added_date != yesterday$r$, $h$pg_temp.day(created_at) <> pg_temp.today() - 1$h$),
($r$first_order_date <= 12_months_ago$r$, $h$(SELECT pg_temp.day(first) FROM spent s WHERE s.id = c.id) <= (pg_temp.today() - interval '12 months')::date$h$),
($r$customer_added_date = yesterday$r$, $h$pg_temp.day(created_at) = pg_temp.today() - 1$h$),
($r$customer_added_date BETWEEN -4w AND -2w$r$, $h$pg_temp.day(created_at) BETWEEN pg_temp.today() - 28 AND pg_temp.today() - 14$h$),
($r$number_of_orders >= 1 AND customer_countries CONTAINS 'CA'$r$,
 $h$EXISTS (SELECT FROM placed o WHERE o.customer_id = c.id) AND id IN (SELECT customer_id FROM shop.addresses WHERE country = 'CA')$h$),
($r$(number_of_orders >= 1) OR (number_of_orders = 0)$r$, $h$true$h$),
($r$email_subscription_status = 'SUBSCRIBED' AND (customer_countries CONTAINS 'CA' OR amount_spent > 999.99)$r$,
 $h$email_subscription_status = 'SUBSCRIBED' AND (id IN (SELECT customer_id FROM shop.addresses WHERE country = 'CA') OR (SELECT amount FROM spent s WHERE s.id = c.id) > 999.99)$h$),
($r$email_subscription_status = 'SUBSCRIBED' AND number_of_orders = 0 AND customer_added_date > -30d$r$,
 $h$email_subscription_status = 'SUBSCRIBED' AND NOT EXISTS (SELECT FROM placed o WHERE o.customer_id = c.id) AND pg_temp.day(created_at) > pg_temp.today() - 30$h$),
($r$products_purchased MATCHES ()$r$, $h$id IN (SELECT customer_id FROM bought)$h$),
($r$products_purchased NOT MATCHES ()$r$, $h$id NOT IN (SELECT customer_id FROM bought)$h$),
($r$products_purchased MATCHES (id IN (2012162031638, 1012132033639))$r$, $h$id IN (SELECT b.customer_id FROM bought b WHERE b.id IN (2012162031638, 1012132033639))$h$),
($r$products_purchased MATCHES (id NOT IN (1012132033639))$r$, $h$id IN (SELECT b.customer_id FROM bought b WHERE b.id <> 1012132033639)$h$),
($r$products_purchased MATCHES (id = 1012132033639, date BETWEEN -12m AND today)$r$,
 $h$id IN (SELECT b.customer_id FROM bought b WHERE b.id = 1012132033639 AND pg_temp.day(b.created_at) BETWEEN (pg_temp.today() - interval '12 months')::date AND pg_temp.today())$h$),
($r$products_purchased MATCHES (id = 1234, count > 1)$r$, $h$(SELECT count(*) FROM bought b WHERE b.customer_id = c.id AND b.id = 1234) > 1$h$),
($r$products_purchased NOT MATCHES (date > -3m)$r$,
 $h$id NOT IN (SELECT b.customer_id FROM bought b WHERE pg_temp.day(b.created_at) > (pg_temp.today() - interval '3 months')::date)$h$),
($r$products_purchased MATCHES (id = 1) AND products_purchased NOT MATCHES (id = 2)$r$,
 $h$id IN (SELECT b.customer_id FROM bought b WHERE b.id = 1) AND id NOT IN (SELECT b.customer_id FROM bought b WHERE b.id = 2)$h$),
($r$products_purchased(tag: 'summer') = true$r$, $h$id IN (SELECT b.customer_id FROM bought b JOIN shop.product_tags t ON t.product_id = b.id WHERE t.tag = 'summer')$h$),
($r$products_purchased(tag: ('winter', 'sale'), date: BETWEEN -6m AND -1m) = false$r$,
 $h$id NOT IN (SELECT b.customer_id FROM bought b JOIN shop.product_tags t ON t.product_id = b.id WHERE t.tag IN ('winter', 'sale')
    AND pg_temp.day(b.created_at) BETWEEN (pg_temp.today() - interval '6 months')::date AND (pg_temp.today() - interval '1 month')::date)$h$),
($r$products_purchased(id: (1, 2)) != true$r$, $h$id NOT IN (SELECT b.customer_id FROM bought b WHERE b.id IN (1, 2))$h$),
($r$products_purchased() = true$r$, $h$id IN (SELECT customer_id FROM bought)$h$),
($r$products_purchased MATCHES (tag != 'summer', quantity >= 3)$r$,
 $h$id IN (SELECT b.customer_id FROM bought b WHERE b.quantity >= 3 AND b.id NOT IN (SELECT product_id FROM shop.product_tags WHERE tag = 'summer'))$h$),
($r$products_purchased MATCHES (category = 'Shoes', sum_quantity >= 8)$r$,
 $h$(SELECT sum(b.quantity) FROM bought b WHERE b.customer_id = c.id AND b.category_id = 1) >= 8$h$),
($r$products_purchased MATCHES (tag IN ('winter')) AND products_purchased NOT MATCHES (category = 'Hats', date > -3m)$r$,
 $h$id IN (SELECT b.customer_id FROM bought b JOIN shop.product_tags t ON t.product_id = b.id WHERE t.tag = 'winter') AND id NOT IN (SELECT b.customer_id FROM bought b WHERE b.category_id = 3 AND pg_temp.day(b.created_at) > (pg_temp.today() - interval '3 months')::date)$h$),
($r$orders_placed MATCHES (date > -90d, count >= 2)$r$, $h$(SELECT count(*) FROM placed o WHERE o.customer_id = c.id AND pg_temp.day(o.created_at) > pg_temp.today() - 90) >= 2$h$),
($r$orders_placed MATCHES (date > -500d, count >= 5)$r$, $h$(SELECT count(*) FROM placed o WHERE o.customer_id = c.id AND pg_temp.day(o.created_at) > pg_temp.today() - 500) >= 5$h$),
($r$orders_placed NOT MATCHES (date > -90d)$r$, $h$id NOT IN (SELECT o.customer_id FROM placed o WHERE pg_temp.day(o.created_at) > pg_temp.today() - 90)$h$),
($r$orders_placed MATCHES (count < 2, date > -6m)$r$,
 $h$(SELECT count(*) FROM placed o WHERE o.customer_id = c.id AND pg_temp.day(o.created_at) > (pg_temp.today() - interval '6 months')::date) < 2$h$),
($r$orders_placed MATCHES (amount > 600)$r$, $h$id IN (SELECT customer_id FROM placed WHERE total > 600)$h$),
($r$orders_placed MATCHES (sum_amount >= 2400, date > -12m)$r$,
 $h$(SELECT COALESCE(sum(total), 0) FROM placed o WHERE o.customer_id = c.id AND pg_temp.day(o.created_at) > (pg_temp.today() - interval '12 months')::date) >= 2400$h$),
($r$orders_placed(app_id: 580112, location_id: BETWEEN 1 AND 2) = true$r$, $h$id IN (SELECT customer_id FROM placed WHERE app_id = 580112 AND location_id BETWEEN 1 AND 2)$h$),
($r$orders_placed(date: BETWEEN 2023-01-01 AND 2099-12-31, location_id: 0)$r$,
 $h$id IN (SELECT customer_id FROM placed WHERE location_id = 0 AND pg_temp.day(created_at) BETWEEN '2023-01-01' AND '2099-12-31')$h$),
($r$shopify_email.opened MATCHES (activity_id = 5240029206, date > -30d)$r$,
 $h$id IN (SELECT customer_id FROM shop.email_events WHERE kind = 'opened' AND activity_id = 5240029206 AND pg_temp.day(happened_at) > pg_temp.today() - 30)$h$),
($r$shopify_email.bounced NOT MATCHES (activity_id = 5240029206, date BETWEEN -12m AND today)$r$,
 $h$id NOT IN (SELECT customer_id FROM shop.email_events WHERE kind = 'bounced' AND activity_id = 5240029206
    AND pg_temp.day(happened_at) BETWEEN (pg_temp.today() - interval '12 months')::date AND pg_temp.today())$h$),
($r$shopify_email.opened(activity_id: 123) = true$r$, $h$id IN (SELECT customer_id FROM shop.email_events WHERE kind = 'opened' AND activity_id = 123)$h$),
($r$shopify_email.clicked NOT MATCHES ()$r$, $h$id NOT IN (SELECT customer_id FROM shop.email_events WHERE kind = 'clicked')$h$),
($r$shopify_email.marked_as_spam(activity_id: 77) = true OR shopify_email.unsubscribed(date: -14d) = true$r$,
 $h$id IN (SELECT customer_id FROM shop.email_events WHERE kind = 'marked_as_spam' AND activity_id = 77 OR kind = 'unsubscribed' AND pg_temp.day(happened_at) = pg_temp.today() - 14)$h$),
($r$storefront.product_viewed MATCHES (id = 8954690273503, date > -7d, count >= 3)$r$,
 $h$(SELECT count(*) FROM shop.storefront_events e WHERE e.customer_id = c.id AND kind = 'product_viewed' AND subject_id = 8954690273503
    AND pg_temp.day(happened_at) > pg_temp.today() - 7) >= 3$h$),
($r$storefront_event.product_viewed(id: 3, date: BETWEEN -30d AND today) = true$r$,
 $h$id IN (SELECT customer_id FROM shop.storefront_events WHERE kind = 'product_viewed' AND subject_id = 3 AND pg_temp.day(happened_at) BETWEEN pg_temp.today() - 30 AND pg_temp.today())$h$),
($r$storefront.collection_viewed NOT MATCHES (id = 123)$r$, $h$id NOT IN (SELECT customer_id FROM shop.storefront_events WHERE kind = 'collection_viewed' AND subject_id = 123)$h$),
($r$store_credit_accounts MATCHES (balance > 0)$r$, $h$id IN (SELECT customer_id FROM shop.store_credit WHERE balance > 0)$h$),
($r$store_credit_accounts MATCHES (currency = 'EUR', balance BETWEEN 20 AND 60)$r$, $h$id IN (SELECT customer_id FROM shop.store_credit WHERE balance BETWEEN 20 AND 60)$h$),
($r$customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = true$r$,
 $h$latitude IS NOT NULL AND 6371.0088 * acos(least(1, sin(radians(45.42)) * sin(radians(latitude)) + cos(radians(45.42)) * cos(radians(latitude)) * cos(radians(longitude + 75.69)))) <= 6.2 * 1.609344$h$),
($r$customer_within_distance(coordinates: (45.5, -75.7), distance_km: 8) = false$r$,
 $h$(latitude IS NOT NULL AND 6371.0088 * acos(least(1, sin(radians(45.5)) * sin(radians(latitude)) + cos(radians(45.5)) * cos(radians(latitude)) * cos(radians(longitude + 75.7)))) <= 8) IS NOT TRUE$h$),
($r$anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d$r$, $h$(SELECT next FROM birthday b WHERE b.id = c.id) <= pg_temp.today() + 30$h$),
($r$anniversary(date: 'metafields.facts.birth_date') = +3d$r$, $h$(SELECT next FROM birthday b WHERE b.id = c.id) = pg_temp.today() + 3$h$),
($r$anniversary(metafields.facts.birth_date) BETWEEN +1w AND +3m$r$,
 $h$(SELECT next FROM birthday b WHERE b.id = c.id) BETWEEN pg_temp.today() + 7 AND (pg_temp.today() + interval '3 months')::date$h$),
($r$metafields.facts.birth_date IS NULL$r$, $h$(metafields -> 'facts' ->> 'birth_date') IS NULL$h$),
($r$metafields.facts.birth_date < 1997-01-01$r$,
 $h$CASE WHEN metafields -> 'facts' ->> 'birth_date' ~ '^\d' THEN (metafields -> 'facts' ->> 'birth_date')::date < '1997-01-01' ELSE false END$h$),
($r$customer.points_balance >= 100$r$, $h$points_balance >= 100$h$),
($r$customer.storefront_event.product_viewed(id: 3) = true$r$,
 $h$id IN (SELECT customer_id FROM shop.storefront_events WHERE kind = 'product_viewed' AND subject_id = 3)$h$),
($r$FROM customers SHOW customer_name, note, email_subscription_status, location, orders, amount_spent WHERE amount_spent > 500 ORDER BY updated_at$r$,
 $h$(SELECT amount FROM spent s WHERE s.id = c.id) > 500$h$),
-- Fields kept as rows.
($r$extra.facts.shoe_size >= 40.5$r$, $h$(SELECT value::numeric FROM shop.extra_fields f WHERE f.customer_id = c.id AND key = 'shoe_size') >= 40.5$h$),
($r$extra.facts.shoe_size IS NULL OR extra.facts.shoe_size IN (36, 44.5)$r$,
 $h$id % 5 = 0 OR (SELECT value::numeric FROM shop.extra_fields f WHERE f.customer_id = c.id AND key = 'shoe_size') IN (36, 44.5)$h$),
($r$extra.facts.likes_hats$r$, $h$id IN (SELECT customer_id FROM shop.extra_fields WHERE key = 'likes_hats' AND value = 'true')$h$),
($r$extra.facts.likes_hats = false$r$, $h$id IN (SELECT customer_id FROM shop.extra_fields WHERE key = 'likes_hats' AND value = 'no')$h$),
($r$extra.facts.likes_hats = 'maybe'$r$, $h$id IN (SELECT customer_id FROM shop.extra_fields WHERE key = 'likes_hats' AND value = 'maybe')$h$),
($r$anniversary(extra.facts.birth_date) BETWEEN today AND +30d$r$,
 $h$id % 5 <> 0 AND id IN (SELECT e.id FROM shop.customers e, generate_series(0, 30) AS n
    WHERE to_char(pg_temp.today() + n, 'MM-DD') = to_char((current_date + e.id::int * 3 - interval '30 years')::date, 'MM-DD'))$h$),
($r$more.colours CONTAINS 'BLUE'$r$, $h$id % 4 <> 0 AND id % 2 = 0$h$),
($r$more.colours IS NULL$r$, $h$id % 4 = 0$h$),
($r$more."Level" > 3 AND more.level IS NULL$r$, $h$id % 4 <> 0 AND id % 6 > 3$h$),
-- What Shopify cannot say.
($r$NOT (customer_tags CONTAINS 'vip' OR orders_placed MATCHES (count > 4))$r$,
 $h$NOT (id IN (SELECT customer_id FROM shop.tags WHERE tag IN ('vip', 'VIP')) OR (SELECT count(*) FROM placed o WHERE o.customer_id = c.id) > 4)$h$),
($r$avg(orders_placed.amount) > 480$r$, $h$(SELECT avg(total) FROM placed o WHERE o.customer_id = c.id) > 480$h$),
($r$orders_placed MATCHES ((amount < 60 OR amount > 800) AND NOT app_id = 580111, months >= 2)$r$,
 $h$(SELECT count(DISTINCT date_trunc('month', created_at AT TIME ZONE 'Europe/Sofia')) FROM placed o
    WHERE o.customer_id = c.id AND (total < 60 OR total > 800) AND app_id <> 580111) >= 2$h$),
($r$mode(products_purchased.category) = 'Socks'$r$,
 $h$(SELECT category_id FROM bought b WHERE b.customer_id = c.id GROUP BY category_id
    ORDER BY count(*) DESC, max(created_at) DESC, (array_agg(line ORDER BY created_at DESC, line DESC))[1] DESC LIMIT 1) = 2$h$),
($r$count(DISTINCT products_purchased.id MATCHES (date > -1y)) >= 4$r$,
 $h$(SELECT count(DISTINCT b.id) FROM bought b WHERE b.customer_id = c.id AND pg_temp.day(b.created_at) > (pg_temp.today() - interval '1 year')::date) >= 4$h$),
($r$max(products_purchased.quantity) < 3$r$, $h$(SELECT max(quantity) FROM bought b WHERE b.customer_id = c.id) < 3$h$),
($r$orders_placed IS NULL$r$, $h$id NOT IN (SELECT customer_id FROM placed)$h$);
