-- The segments of docs/gallery.md, each as SQL that somebody wrote by hand: a condition on a customer c. What it reads is gathered in these
-- views, anew at each look.
CREATE MATERIALIZED VIEW hand.ordered AS -- all orders but carts and drafts
SELECT o.*, (o.placed_at AT TIME ZONE 'Europe/Sofia')::date AS day FROM shop.orders AS o WHERE o.placed_at IS NOT NULL AND o.status IS DISTINCT FROM 'draft';
CREATE MATERIALIZED VIEW hand.placed AS -- those that are not cancelled
SELECT o.* FROM hand.ordered AS o WHERE o.status IS DISTINCT FROM 'cancelled';
CREATE MATERIALIZED VIEW hand.line AS
SELECT o.customer_id, o.placed_at, o.day, i.*, i.quantity * i.price AS amount, k.name AS category, a.name AS above, t.name AS top, b.name AS brand,
       EXISTS (SELECT FROM shop.product_tags AS t WHERE t.product_id = p.id AND t.tag = 'sale') AS on_sale
FROM hand.placed AS o JOIN shop.order_items AS i ON i.order_id = o.id LEFT JOIN shop.products AS p ON p.id = i.product_id LEFT JOIN shop.brands AS b ON b.id = p.brand_id
  LEFT JOIN shop.categories AS k ON k.id = p.category_id LEFT JOIN shop.categories AS a ON a.id = k.parent_id
  LEFT JOIN shop.categories AS t ON t.id = a.parent_id;
CREATE MATERIALIZED VIEW hand.customer AS
SELECT c.*, (c.created_at AT TIME ZONE 'Europe/Sofia')::date AS joined, p.*, o.paid, o.refunded, o.paid - o.refunded AS spent
FROM shop.customers AS c,
  LATERAL (SELECT count(*) AS orders, min(p.day) AS first_day, max(p.day) AS last_day, max(p.placed_at) AS last_at, coalesce(sum(p.total), 0) AS placed_total
           FROM hand.placed AS p WHERE p.customer_id = c.id) AS p,
  LATERAL (SELECT coalesce(sum(o.total) FILTER (WHERE o.payment_status IN ('paid', 'refunded', 'partially_refunded')), 0) AS paid, coalesce(sum(o.refunded_total), 0) AS refunded
           FROM hand.ordered AS o WHERE o.customer_id = c.id) AS o
WHERE c.deleted_at IS NULL;
CREATE INDEX ON hand.ordered (customer_id);
CREATE INDEX ON hand.placed (customer_id);
CREATE INDEX ON hand.line (customer_id);
CREATE VIEW hand.tagged AS SELECT t.customer_id, lower(n.name) AS tag FROM shop.customer_tags AS t JOIN shop.tags AS n ON n.id = t.tag_id;
CREATE VIEW hand.subscribed AS SELECT s.* FROM shop.subscriptions AS s WHERE s.unsubscribed_at IS NULL;
-- Returns whether a day comes round within these days; 29 February does on the 28th where there is none.
CREATE FUNCTION hand.comes_round(born date, first date, last date) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM generate_series(first::timestamp, last::timestamp, interval '1 day') AS d
  WHERE to_char(d, 'MMDD') = to_char(born, 'MMDD') OR to_char(born, 'MMDD') = '0229' AND to_char(d, 'MMDD') = '0228' AND to_char(d + interval '1 day', 'MMDD') = '0301');
-- Returns a text as a number or a day, NULL where it is none.
CREATE FUNCTION hand.number(value text) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN CASE WHEN value ~ '^[0-9]+(\.[0-9]+)?$' THEN value::numeric END;
CREATE FUNCTION hand.day(value text) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE WHEN value ~ '^\d{4}-\d\d-\d\d$' THEN value::date END;
EXCEPTION WHEN datetime_field_overflow THEN RETURN NULL;
END $$;
-- Who was in a segment at an earlier look, by hand.
CREATE TABLE hand.earlier (name text, id bigint);

CREATE TABLE hand.segment (name text PRIMARY KEY, query text);
INSERT INTO hand.segment VALUES
-- Who comes back
('Win back', $$ c.last_day < hand.today() - 60 AND c.spent > 100 $$),
('Registered, never ordered', $$ c.joined < hand.today() - 7 AND NOT EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id) $$),
('New buyers', $$ c.first_day >= hand.today() - 30 $$),
('Second order missing', $$ c.orders = 1 AND c.last_day BETWEEN hand.today() - 90 AND hand.today() - 30 $$),
('Ordered two days ago', $$ EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id AND p.placed_at >= hand.at(hand.today() - 2, '00:00') AND p.placed_at < hand.at(hand.today() - 1, '00:00')) $$),
('Fewer than 2 orders in 6 months', $$ (SELECT count(*) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day >= hand.today() - interval '6 months') < 2 $$),
('Fewer than 2 orders in 12 months', $$ (SELECT count(*) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day >= hand.today() - interval '12 months') < 2 $$),
('Gone quiet', $$ (SELECT count(*) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day >= hand.today() - interval '12 months' AND p.day <= hand.today() - interval '6 months') >= 2
  AND c.last_day <= hand.today() - interval '6 months' $$),
('Monthly buyers', $$ (SELECT count(DISTINCT date_trunc('month', p.day)) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day >= hand.today() - interval '6 months') >= 6 $$),
('Weekly buyers', $$ (SELECT count(DISTINCT to_char(p.day, 'IYYY-IW')) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day BETWEEN hand.today() - 70 AND hand.today()) >= 8 $$),
('Twice in a week', $$ (SELECT count(DISTINCT p.day) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.day BETWEEN hand.today() - 6 AND hand.today()) >= 2 $$),
-- What they buy
('Shoes and socks', $$ (SELECT array_agg(l.category) FROM hand.line AS l WHERE l.customer_id = c.id) @> '{Shoes,Socks}' $$),
('Shoes but no socks', $$ c.id IN (SELECT customer_id FROM hand.line WHERE category = 'Shoes' EXCEPT SELECT customer_id FROM hand.line WHERE category = 'Socks') $$),
('Footwear this year', $$ EXISTS (SELECT FROM hand.line AS l WHERE l.customer_id = c.id AND l.category = ANY ('{Shoes,Boots}') AND date_part('year', l.day) = date_part('year', hand.today())) $$),
('Anything for outdoors', $$ EXISTS (SELECT FROM hand.line AS l WHERE l.customer_id = c.id AND 'Outdoor' IN (l.category, l.above, l.top)) $$),
('Loyal to a brand', $$ (SELECT count(DISTINCT l.order_id) FROM hand.line AS l WHERE l.customer_id = c.id AND l.brand = 'Nordpeak') >= 3 $$),
('Favourite brand', $$ (SELECT l.brand FROM (SELECT *, row_number() OVER (ORDER BY placed_at, id) AS place FROM hand.line WHERE customer_id = c.id) AS l WHERE l.brand IS NOT NULL
  GROUP BY 1 ORDER BY count(*) DESC, max(l.place) DESC LIMIT 1) = 'Nordpeak' $$),
('One brand only', $$ c.orders >= 2 AND (SELECT min(l.brand) = max(l.brand) FROM hand.line AS l WHERE l.customer_id = c.id) $$),
('Spent on a brand', $$ (SELECT sum(l.amount) FROM hand.line AS l WHERE l.customer_id = c.id AND l.brand = 'Nordpeak') > 300 $$),
('Time for a refill', $$ (SELECT max(l.day) FROM hand.line AS l WHERE l.customer_id = c.id AND l.product_id = 7) < hand.today() - 60 $$),
('Sale hunters', $$ (SELECT bool_and(l.on_sale) FROM hand.line AS l WHERE l.customer_id = c.id) $$),
('By the dozen', $$ (SELECT max(l.quantity) FROM hand.line AS l WHERE l.customer_id = c.id) >= 12 $$),
('All over the shop', $$ (SELECT count(DISTINCT l.category) FROM hand.line AS l WHERE l.customer_id = c.id) >= 5 $$),
('Returned orders', $$ EXISTS (SELECT FROM hand.ordered AS o WHERE o.customer_id = c.id AND o.status = 'returned') $$),
('Returns often', $$ (SELECT count(*) FROM hand.ordered AS o WHERE o.customer_id = c.id AND o.status = 'returned' AND o.day >= hand.today() - 180) >= 2 $$),
('On its way', $$ (SELECT o.status FROM hand.ordered AS o WHERE o.customer_id = c.id AND o.status IS NOT NULL ORDER BY o.placed_at DESC, o.id DESC LIMIT 1) = 'shipped' $$),
('Used a code', $$ EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id AND (p.discount_code = 'SPRING10' OR p.discount_code = 'WELCOME')) $$),
('Never without a code', $$ c.orders >= 2 AND c.orders = (SELECT count(p.discount_code) FROM hand.placed AS p WHERE p.customer_id = c.id) $$),
-- Carts and visits
('Cart left behind', $$ (SELECT max(k.created_at) FROM shop.carts AS k WHERE k.customer_id = c.id AND k.completed_at IS NULL) >= greatest(hand.at(hand.today() - 7, '00:00'), c.last_at + interval '1 microsecond') $$),
('Full cart left behind', $$ EXISTS (SELECT FROM shop.carts AS k WHERE k.customer_id = c.id AND k.completed_at IS NULL AND k.created_at >= hand.at(hand.today() - 1, '00:00') AND k.total > 100) $$),
('Looked and did not buy', $$ EXISTS (SELECT FROM shop.page_views AS v WHERE v.customer_id = c.id AND v.product_id = 7 AND v.viewed_at >= hand.at(hand.today() - 14, '00:00'))
  AND NOT EXISTS (SELECT FROM hand.line AS l WHERE l.customer_id = c.id AND l.product_id = 7) $$),
('Undecided', $$ (SELECT count(DISTINCT (v.viewed_at AT TIME ZONE 'Europe/Sofia')::date) FROM shop.page_views AS v WHERE v.customer_id = c.id AND v.viewed_at >= hand.at(hand.today() - 14, '00:00')) >= 3
  AND (c.last_day IS NULL OR c.last_day < hand.today() - 14) $$),
-- Where they live
('One town', $$ c.city = 'Sofia' $$),
('Any address in a town', $$ EXISTS (SELECT FROM shop.addresses AS a WHERE a.customer_id = c.id AND a.city IN ('Plovdiv', 'PLOVDIV')) $$),
('Abroad', $$ c.id IN (SELECT customer_id FROM shop.addresses WHERE upper(country) IN ('DE', 'AT', 'RO') EXCEPT SELECT customer_id FROM shop.addresses WHERE country = 'BG') $$),
('Region without its capital', $$ c.region = 'Plovdiv' AND c.city <> 'Plovdiv' $$),
('Near the shop', $$ 2 * 6371.0088 * asin(sqrt(sin(radians((c.latitude - 42.6977) / 2)) ^ 2 + cos(radians(42.6977)) * cos(radians(c.latitude)) * sin(radians((c.longitude - 23.3219) / 2)) ^ 2)) <= 10 $$),
('Nowhere to send to', $$ c.orders > 0 AND c.city IS NULL AND c.id NOT IN (SELECT customer_id FROM shop.addresses) $$),
('Comes to fetch it', $$ (SELECT count(*) FROM hand.placed AS p WHERE p.customer_id = c.id AND p.delivery = 'pickup' AND p.day >= hand.today() - interval '1 year') >= 2 $$),
-- Consent and channels
('Messenger subscribers with orders', $$ EXISTS (SELECT FROM hand.subscribed AS s WHERE s.customer_id = c.id AND s.channel = 'Messenger') AND EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id) $$),
('Newsletter', $$ c.accepts_marketing AND c.email IS NOT NULL $$),
('Never asked', $$ c.orders > 0 AND c.accepts_marketing IS NULL $$),
('Viber but no SMS', $$ c.id IN (SELECT customer_id FROM hand.subscribed WHERE channel = 'Viber' EXCEPT SELECT customer_id FROM hand.subscribed WHERE channel = 'SMS') $$),
('Reachable', $$ c.id IN (SELECT customer_id FROM hand.subscribed) OR c.accepts_marketing $$),
('Unsubscribed lately', $$ EXISTS (SELECT FROM shop.subscriptions AS s WHERE s.customer_id = c.id AND s.channel = 'Messenger' AND s.unsubscribed_at >= hand.at(hand.today() - 30, '00:00')) $$),
('Opened, not bought', $$ EXISTS (SELECT FROM shop.letters AS l WHERE l.customer_id = c.id AND l.opened_at IS NOT NULL AND l.sent_at >= hand.at(hand.today() - 30, '00:00'))
  AND (c.last_day IS NULL OR c.last_day < hand.today() - 30) $$),
('Letters go unread', $$ (SELECT count(*) >= 3 AND count(l.opened_at) = 0 FROM shop.letters AS l WHERE l.customer_id = c.id AND l.sent_at >= hand.at(hand.today() - 90, '00:00')) $$),
('Social sign-in', $$ c.facebook_id IS NOT NULL $$),
('Mail at abv.bg', $$ c.email ILIKE '%@abv.bg' $$),
-- Money
('Regulars', $$ c.paid >= 50000 AND c.paid <= 200000 AND c.last_day >= '2025-01-01' AND c.last_day < '2026-01-01' $$),
('Big spenders', $$ c.spent > 1000 $$),
('High average', $$ c.orders >= 2 AND c.placed_total >= 200 * c.orders $$),
('One large order', $$ EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id AND p.total >= 500) $$),
('Good quarter', $$ (SELECT sum(o.total) FROM hand.ordered AS o WHERE o.customer_id = c.id AND o.payment_status = 'paid' AND o.day >= hand.today() - 90) > 300 $$),
('Spends more than before', $$ (SELECT coalesce(sum(p.total) FILTER (WHERE p.day > hand.today() - interval '6 months'), 0)
  > coalesce(sum(p.total) FILTER (WHERE p.day > hand.today() - interval '12 months' AND p.day <= hand.today() - interval '6 months'), 0) FROM hand.placed AS p WHERE p.customer_id = c.id) $$),
('Dear taste', $$ (SELECT sum(l.price) > 100 * count(l.price) FROM hand.line AS l WHERE l.customer_id = c.id) $$),
('Waiting for payment', $$ EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id AND p.payment_status = 'pending' AND p.placed_at < hand.at(hand.today() - 3, '00:00')) $$),
('Sends half of it back', $$ c.refunded > 0 AND c.refunded >= c.paid / 2 $$),
('Cancels often', $$ (SELECT count(*) FROM hand.ordered AS o WHERE o.customer_id = c.id AND o.status = 'cancelled') > 1 $$),
-- Time and birthdays
('Birthday in the coming week', $$ hand.comes_round(c.birth_date, hand.today(), hand.today() + 7) $$),
('Birthday today', $$ hand.comes_round(c.birth_date, hand.today(), hand.today()) $$),
('Young buyers', $$ c.birth_date <= hand.today() - interval '18 years' AND c.birth_date > hand.today() - interval '26 years' AND c.last_day >= hand.today() - interval '1 year' $$),
('New this month', $$ to_char(c.joined, 'YYYY-MM') = to_char(hand.today(), 'YYYY-MM') $$),
('Anniversary this week', $$ hand.comes_round(c.joined, hand.today(), hand.today() + 6) AND c.joined < hand.today() $$),
('Points expire soon', $$ c.points > 0 AND c.points_expire_at - hand.today() BETWEEN 0 AND 30 $$),
('Many points expire soon', $$ (SELECT sum(b.points) FROM shop.bonus_points AS b WHERE b.customer_id = c.id AND b.expires_at - hand.today() BETWEEN 0 AND 30) >= 100 $$),
('Last Christmas', $$ c.last_day BETWEEN '2025-11-20' AND '2025-12-24' $$),
-- Extra fields
('Cat owners', $$ EXISTS (SELECT FROM shop.customer_fields AS f WHERE f.customer_id = c.id AND f.field = 'pet' AND f.value = 'cat') $$),
('Small feet', $$ EXISTS (SELECT FROM shop.customer_fields AS f WHERE f.customer_id = c.id AND f.field = 'shoe_size' AND hand.number(f.value) BETWEEN 35 AND 37) $$),
('Wedding day soon', $$ EXISTS (SELECT FROM shop.customer_fields AS f WHERE f.customer_id = c.id AND f.field = 'wedding_day' AND hand.comes_round(hand.day(f.value), hand.today(), hand.today() + 14)) $$),
('Dog owners with children', $$ jsonb_typeof(c.metafields #> '{home,pets}') = 'array' AND c.metafields #> '{home,pets}' ?| '{dog,Dog}' AND c.metafields @? '$.home.children ? (@ >= 1)' $$),
('Has a club card', $$ EXISTS (SELECT FROM shop.customer_fields AS f WHERE f.customer_id = c.id AND f.field = 'club_card' AND f.value IN ('yes', 'true', '1')) $$),
-- Groups and tags
('VIP, no staff', $$ c.id IN (SELECT customer_id FROM hand.tagged WHERE tag = 'vip' EXCEPT SELECT customer_id FROM hand.tagged WHERE tag = 'staff') $$),
('Two tags at once', $$ c.id IN (SELECT customer_id FROM hand.tagged WHERE tag = 'vip' INTERSECT SELECT customer_id FROM hand.tagged WHERE tag = 'reviewer') $$),
('Wholesale', $$ EXISTS (SELECT FROM shop.customer_groups AS g JOIN shop.groups AS n ON n.id = g.group_id WHERE g.customer_id = c.id AND n.name = 'Wholesale')
  AND NOT EXISTS (SELECT FROM hand.placed AS p WHERE p.customer_id = c.id AND to_char(p.day, 'YYYY-MM') = to_char(hand.today(), 'YYYY-MM')) $$),
('Runs or hikes', $$ c.gender = 'female' AND EXISTS (SELECT FROM shop.customer_interests AS i WHERE i.customer_id = c.id AND lower(i.interest) IN ('running', 'hiking')) $$),
('Companies of one manager', $$ c.company IS NOT NULL AND c.manager = 'Petrov' $$),
-- Combinations
('Big spenders without the tag', $$ c.spent > 1000 AND NOT EXISTS (SELECT FROM hand.tagged AS t WHERE t.customer_id = c.id AND t.tag = 'vip') $$),
('About to lose a good one', $$ c.spent > 1000 AND c.last_day < hand.today() - 90 AND c.accepts_marketing
  AND NOT EXISTS (SELECT FROM shop.letters AS l WHERE l.customer_id = c.id AND l.sent_at >= hand.at(hand.today() - 14, '00:00')) $$),
('Were big spenders', $$ c.spent <= 1000 AND EXISTS (SELECT FROM hand.earlier AS e WHERE e.name = 'Big spenders' AND e.id = c.id) $$),
('Whom to call today', $$ c.phone IS NOT NULL AND (c.last_day = hand.today() - 30 OR c.points > 0 AND c.points_expire_at BETWEEN hand.today() AND hand.today() + 30 AND c.spent > 0) $$);
