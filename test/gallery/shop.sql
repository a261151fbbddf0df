-- Fills the shop of docs/gallery.md, by the dice of :seed: 2,000 customers, of whom every segment must find some and not all.
-- Days are counted from today in the shop's zone, so that rules find the same on whatever day this runs.
CREATE SCHEMA hand;
CREATE FUNCTION hand.today() RETURNS date LANGUAGE sql STABLE RETURN (now() AT TIME ZONE 'Europe/Sofia')::date;
CREATE FUNCTION hand.at(day date, clock time) RETURNS timestamptz LANGUAGE sql STABLE RETURN (day + clock) AT TIME ZONE 'Europe/Sofia';
-- Returns one of 0 .. faces - 1: the same for the same throw, whatever the order of rows.
CREATE TABLE hand.seed AS SELECT :seed::bigint AS seed;
CREATE FUNCTION hand.dice(throw text, id bigint, faces integer) RETURNS integer LANGUAGE sql STABLE
RETURN mod(hashtextextended(throw || ' ' || id, (SELECT s.seed FROM hand.seed AS s)) & 9223372036854775807, faces)::integer;
CREATE FUNCTION hand.noon(throw text, id bigint) RETURNS time LANGUAGE sql STABLE RETURN time '00:00' + interval '1 second' * hand.dice(throw, id, 86400);

INSERT INTO shop.categories VALUES (1, NULL, 'Clothing'), (2, NULL, 'Footwear'), (3, NULL, 'Outdoor'), (4, 2, 'Shoes'), (5, 1, 'Socks'), (6, 2, 'Boots'), (7, 10, 'Tents'),
  (8, 3, 'Stoves'), (9, 1, 'Jackets'), (10, 3, NULL);
INSERT INTO shop.brands VALUES (1, 'Nordpeak'), (2, 'Arda'), (3, 'Vitosha'), (4, 'Kite');
INSERT INTO shop.products
SELECT p, 'Article ' || p, CASE WHEN p % 17 = 0 THEN NULL WHEN p % 19 = 0 THEN 10 ELSE 4 + p % 6 END, CASE WHEN p % 13 = 0 THEN NULL ELSE 1 + p % 4 END FROM generate_series(1, 60) AS p;
INSERT INTO shop.product_tags SELECT p, 'sale' FROM generate_series(1, 60) AS p WHERE p % 3 = 0 UNION ALL SELECT p, 'new' FROM generate_series(1, 60) AS p WHERE p % 5 = 0;
INSERT INTO shop.tags VALUES (1, 'VIP'), (2, 'staff'), (3, 'Reviewer'), (4, 'wholesale');
INSERT INTO shop.groups VALUES (1, 'Wholesale'), (2, 'Retail'), (3, 'Partners');

-- Customers. Birthdays: each day of the year, 29 February often, and the edges of the coming week.
INSERT INTO shop.customers
SELECT c, 'First' || c, CASE WHEN hand.dice('last', c, 9) > 0 THEN 'Last' || c END,
       CASE WHEN hand.dice('mail', c, 12) > 0 THEN 'c' || c || (ARRAY['@abv.bg', '@gmail.com', '@Mail.example', '@ABV.bg'])[1 + hand.dice('domain', c, 4)] END,
       CASE WHEN hand.dice('phone', c, 3) > 0 THEN '+359 88 ' || lpad(c::text, 7, '0') END,
       CASE WHEN hand.dice('company', c, 6) = 0 THEN 'Company ' || c END,
       (ARRAY['female', 'male', NULL])[1 + hand.dice('gender', c, 3)],
       CASE WHEN c % 40 = 0 THEN make_date(1960 + 4 * hand.dice('leap', c, 12), 2, 29)
            WHEN c % 40 = 1 THEN (hand.today() + hand.dice('edge', c, 12) - 2 - interval '1 year' * (18 + hand.dice('age', c, 9)))::date
            WHEN c % 20 = 18 THEN hand.today() - 7500
            WHEN c % 40 > 6 THEN hand.today() - 5500 - hand.dice('birth', c, 20000) END,
       (ARRAY['bg', 'en', NULL])[1 + hand.dice('language', c, 3)], (ARRAY['enabled', 'invited', NULL])[1 + hand.dice('status', c, 3)],
       (ARRAY['Petrov', 'Ivanova', NULL])[1 + hand.dice('manager', c, 3)],
       (ARRAY['BG', 'BG', 'DE', NULL])[1 + hand.dice('country', c, 4)], (ARRAY['Sofia', 'Plovdiv', 'Varna', NULL])[1 + hand.dice('region', c, 4)],
       (ARRAY['Sofia', 'sofia', 'Plovdiv', 'Asenovgrad', 'Varna', NULL])[1 + hand.dice('city', c, 6)],
       CASE WHEN hand.dice('place', c, 5) > 0 THEN 42.3 + hand.dice('north', c, 8000) / 10000.0 END, CASE WHEN hand.dice('place', c, 7) > 0 THEN 22.9 + hand.dice('east', c, 8000) / 10000.0 END,
       (ARRAY[true, true, false, NULL])[1 + hand.dice('consent', c, 4)], CASE WHEN hand.dice('social', c, 6) = 0 THEN 'f' || c END,
       (ARRAY[0, 1, 100, 400, NULL])[1 + hand.dice('points', c, 5)],
       CASE WHEN hand.dice('expires', c, 4) > 0 THEN hand.today() + CASE WHEN hand.dice('expires', c, 4) = 1 THEN (ARRAY[-1, 0, 29, 30, 31])[1 + hand.dice('expiry', c, 5)] ELSE hand.dice('expiry', c, 200) - 60 END END,
       CASE hand.dice('meta', c, 6) WHEN 0 THEN format('{"home": {"pets": ["Dog", "fish"], "children": %s}}', hand.dice('children', c, 4)) WHEN 1 THEN '{"home": {"pets": ["dog"], "children": "some"}}'
            WHEN 2 THEN '{"home": {"pets": "dog", "children": "1"}}' WHEN 3 THEN '{"home": {"pets": ["cat"], "children": 3}}' WHEN 4 THEN '{"home": null}' END::jsonb,
       CASE WHEN c % 25 = 0 THEN hand.at((hand.today() - interval '1 year' * hand.dice('joined', c, 3))::date + hand.dice('day', c, 9) - 1, '12:00')
            WHEN c % 25 = 1 THEN hand.at(hand.today() - 7, (ARRAY['00:00', '23:59:59']::time[])[1 + hand.dice('edge', c, 2)])
            WHEN c % 25 = 2 THEN hand.at(hand.today() - 8, (ARRAY['00:00', '23:59:59']::time[])[1 + hand.dice('edge', c, 2)])
            WHEN c % 25 = 3 THEN hand.at(date_trunc('month', hand.today())::date, '00:00') - interval '1 microsecond' * hand.dice('edge', c, 2)
            WHEN c % 25 > 4 THEN hand.at(hand.today() - hand.dice('since', c, 900), hand.noon('since', c)) END,
       CASE WHEN hand.dice('deleted', c, 40) = 0 THEN now() END
FROM generate_series(1, 2000) AS c;

-- When who ordered. Of twenty customers three never did, four at an edge of days only; the others have a habit.
CREATE TABLE hand.visit (customer_id bigint, at timestamptz);
INSERT INTO hand.visit
SELECT c, hand.at(hand.today() - hand.dice('day ' || n, c, 750), hand.noon('clock ' || n, c))
FROM generate_series(1, 2000) AS c, LATERAL generate_series(1, CASE WHEN c % 20 BETWEEN 3 AND 5 THEN 1 WHEN c % 20 BETWEEN 6 AND 9 THEN 1 + hand.dice('orders', c, 5) ELSE 0 END) AS n
UNION ALL -- each month, or each week
SELECT c, hand.at((hand.today() - interval '1 month' * n)::date - hand.dice('slack ' || n, c, 3), hand.noon('month ' || n, c))
FROM generate_series(10, 2000, 20) AS c, generate_series(0, 13) AS n WHERE hand.dice('missed ' || n, c, 9) > 0
UNION ALL
SELECT c, hand.at(hand.today() - 7 * n - hand.dice('slack ' || n, c, 2), hand.noon('week ' || n, c))
FROM generate_series(11, 2000, 20) AS c, generate_series(0, 11) AS n, LATERAL generate_series(1, CASE WHEN c % 200 = 11 THEN 2 ELSE 1 END) AS twice
WHERE hand.dice('missed ' || n, c, CASE WHEN c % 200 = 11 THEN 2 ELSE 9 END) > 0
UNION ALL -- lately not, or in a year by the calendar only
SELECT c, hand.at(hand.today() - 185 - hand.dice('day ' || n, c, 300), hand.noon('clock ' || n, c)) FROM generate_series(12, 2000, 20) AS c, generate_series(1, 5) AS n
UNION ALL
SELECT c, hand.at(date '2025-12-31' - hand.dice('day ' || n, c, 400), hand.noon('clock ' || n, c))
FROM generate_series(13, 2000, 20) AS c, LATERAL generate_series(1, 1 + hand.dice('orders', c, 5)) AS n
UNION ALL
SELECT c, hand.at((ARRAY['2024-12-31', '2025-01-01', '2025-11-19', '2025-11-20', '2025-12-24', '2025-12-25', '2025-12-31', '2026-01-01']::date[])[1 + hand.dice('edge', c, 8)],
                  (ARRAY['00:00', '23:59:59.999999']::time[])[1 + hand.dice('clock', c, 2)])
FROM generate_series(14, 2000, 20) AS c
UNION ALL -- whole days back, by days, weeks, months and years, at both ends of the day; some have an order of yesterday beside it, some two more at the same edge, some an old one
SELECT c, hand.at(yesterday.day, '08:00') FROM generate_series(16, 2000, 20) AS c, LATERAL (SELECT hand.today() - 1 AS day) AS yesterday
UNION ALL
SELECT c, hand.at(hand.today() - 500, '08:00') FROM generate_series(18, 2000, 20) AS c
UNION ALL
SELECT c, hand.at((hand.today() - (ARRAY['-1 day', '0 days', '1 day', '2 days', '3 days', '4 days', '6 days', '7 days', '14 days', '15 days', '29 days', '30 days', '31 days', '59 days', '60 days', '61 days',
    '70 days', '89 days', '90 days', '91 days', '179 days', '180 days', '181 days', '6 months', '6 months -1 day', '6 months 1 day', '12 months', '12 months 1 day']::interval[])[1 + mod(c / 20, 28)])::date,
    (ARRAY['00:00', '23:59:59.999999']::time[])[1 + mod(c / 500, 2)])
FROM generate_series(1, 2000) AS c, LATERAL generate_series(1, CASE c % 20 WHEN 17 THEN 3 ELSE 1 END) AS n WHERE c % 20 BETWEEN 15 AND 18
UNION ALL -- wholesale
SELECT c, CASE WHEN hand.dice('year', c, 2) = 0 THEN hand.at(date '2025-12-31' - hand.dice('day ' || n, c, 360), '10:00') ELSE hand.at(hand.today() - hand.dice('day ' || n, c, 500), '11:00') END
FROM generate_series(19, 2000, 20) AS c, LATERAL generate_series(1, 1 + hand.dice('orders', c, 6)) AS n
UNION ALL -- the days of 23 and 25 hours in the last two years
SELECT c, hand.at(d::date, t.clock) + t.later
FROM generate_series(6, 2000, 40) AS c,
  (SELECT d FROM generate_series(hand.today() - 740, hand.today(), interval '1 day') AS d
   WHERE hand.at(d::date + 1, '00:00') - hand.at(d::date, '00:00') <> interval '24 hours') AS days,
  (VALUES ('00:00'::time, interval '0'), ('03:30', '0'), ('03:30', '-1 hour'), ('23:59:59', '0')) AS t(clock, later)
WHERE hand.dice('changed ' || d || t.clock || t.later, c, 3) = 0
UNION ALL -- some of these also ordered two or three times within the week, on one day or on two
SELECT c, hand.at(hand.today() - hand.dice('week ' || n, c, 8), hand.noon('clock ' || n, c)) FROM generate_series(9, 2000, 20) AS c, generate_series(1, 3) AS n;

INSERT INTO shop.orders
SELECT o.id, o.customer_id, 'N' || o.id, CASE WHEN hand.dice('cart', o.id, 40) > 0 THEN o.at END, s.status,
       CASE s.status WHEN 'completed' THEN 'paid' WHEN 'shipped' THEN (ARRAY['paid', 'pending'])[1 + hand.dice('pay', o.id, 2)] WHEN 'returned' THEN (ARRAY['refunded', 'partially_refunded'])[1 + hand.dice('pay', o.id, 2)]
                     WHEN 'cancelled' THEN (ARRAY['voided', 'refunded', 'pending'])[1 + hand.dice('pay', o.id, 3)] WHEN 'pending' THEN 'pending' END,
       NULL, NULL, CASE WHEN hand.dice('coded', o.customer_id, 4) = 0 AND s.status IS DISTINCT FROM 'cancelled' OR hand.dice('code', o.id, 6) = 0 THEN (ARRAY['SPRING10', 'WELCOME', 'FRIEND'])[1 + hand.dice('which', o.id, 3)] END,
       (ARRAY['courier', 'pickup', 'post', NULL])[1 + hand.dice('delivery', o.id, 4)]
FROM (SELECT row_number() OVER (ORDER BY v.customer_id, v.at) AS id, v.* FROM hand.visit AS v) AS o,
  LATERAL (SELECT CASE WHEN o.customer_id % 100 < 3 THEN (ARRAY['returned', 'cancelled', 'completed'])[1 + hand.dice('status', o.id, 3)]
    ELSE (ARRAY['completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'shipped', 'shipped', 'pending', 'pending', 'cancelled',
                'cancelled', 'returned', 'returned', 'draft', NULL])[1 + hand.dice('status', o.id, 19)] END AS status) AS s;

-- Lines: every fifth customer has a brand that she mostly buys, every seventh looks for what is on sale, every twentieth resells.
INSERT INTO shop.order_items
SELECT row_number() OVER (ORDER BY o.id, n), o.id,
       CASE WHEN hand.dice('none', o.id * 9 + n, 60) = 0 THEN NULL
            WHEN o.customer_id % 5 = 1 AND hand.dice('brand', o.id * 9 + n, 8) > 0 THEN 4 * (1 + hand.dice('article', o.id * 9 + n, 15))
            WHEN o.customer_id % 7 = 1 THEN 3 * (1 + hand.dice('article', o.id * 9 + n, 20))
            WHEN hand.dice('refill', o.id * 9 + n, 6) = 0 THEN 7
            ELSE 1 + hand.dice('article', o.id * 9 + n, 60) END,
       CASE WHEN o.customer_id % 20 = 19 THEN 60 + hand.dice('many', o.id * 9 + n, 240) ELSE (ARRAY[1, 1, 1, 1, 2, 2, 3, 11, 12])[1 + hand.dice('many', o.id * 9 + n, 9)] END,
       CASE WHEN hand.dice('free', o.id * 9 + n, 90) = 0 THEN NULL ELSE (5 + hand.dice('price', o.id * 9 + n, CASE WHEN o.customer_id % 3 = 0 THEN 36000 ELSE 6000 END) / 100.0)::numeric(12,2) END
FROM shop.orders AS o, LATERAL generate_series(1, 1 + hand.dice('lines', o.id, 4)) AS n;
UPDATE shop.orders AS o SET total = s.total, refunded_total = CASE o.payment_status WHEN 'refunded' THEN s.total WHEN 'partially_refunded' THEN round(s.total / 2, 2) ELSE 0 END
FROM (SELECT i.order_id, COALESCE(sum(i.quantity * i.price), 0) AS total FROM shop.order_items AS i GROUP BY 1) AS s WHERE s.order_id = o.id;
-- Some totals are lost, where no mean of several orders hangs on whether they count as 0 or not at all.
UPDATE shop.orders SET total = NULL WHERE hand.dice('lost', id, 4) = 0 AND (customer_id % 20 = 5 OR status = 'cancelled' AND payment_status <> 'pending' AND customer_id % 9 <> 2);
-- Sums at the very ends of what the rules say: of whoever ordered once, in one line; of whoever ordered twice, the mean.
UPDATE shop.orders SET total = (ARRAY[100, 100.01, 500, 1000, 1000.5, 300, 300.5, 200])[1 + mod(customer_id / 20, 8)], status = 'completed', payment_status = 'paid', refunded_total = 0,
  placed_at = hand.at(hand.today() - 20 - 5 * (customer_id / 160)::integer, '10:00')
WHERE customer_id % 20 IN (3, 4);
DELETE FROM shop.order_items AS i USING shop.orders AS o WHERE o.id = i.order_id AND o.customer_id % 20 IN (3, 4) AND EXISTS (SELECT FROM shop.order_items AS e WHERE e.order_id = i.order_id AND e.id < i.id);
UPDATE shop.order_items AS i SET quantity = 1, price = o.total, product_id = 4 FROM shop.orders AS o WHERE o.id = i.order_id AND o.customer_id % 20 IN (3, 4);
UPDATE shop.orders SET total = (ARRAY[200, 199.5, 150.25])[1 + mod(customer_id / 20, 3)], status = 'shipped', payment_status = 'paid', refunded_total = (ARRAY[200, 199.5, 0])[1 + mod(customer_id / 20, 3)] * mod(id, 2)
WHERE customer_id % 20 = 16 AND customer_id / 20 % 2 = 0;
UPDATE shop.orders SET total = 600, status = 'completed', payment_status = 'paid', refunded_total = 0 WHERE customer_id % 20 = 17;
-- Regulars' first order is at an end, and the only one.
DELETE FROM shop.order_items WHERE order_id IN (SELECT o.id FROM shop.orders AS o, shop.orders AS f WHERE o.customer_id IN (19, 39, 59, 79, 99, 119, 139, 159) AND f.customer_id = o.customer_id AND f.id < o.id);
DELETE FROM shop.orders AS o USING shop.orders AS f WHERE o.customer_id IN (19, 39, 59, 79, 99, 119, 139, 159) AND f.customer_id = o.customer_id AND f.id < o.id;
UPDATE shop.orders SET total = (ARRAY[50000, 49999.99, 200000, 200000.01])[1 + mod(customer_id / 20, 4)], payment_status = 'paid', status = 'completed', refunded_total = 0, placed_at = '2025-06-01 10:00'
WHERE customer_id IN (19, 39, 59, 79, 99, 119, 139, 159);
-- Returned at the edge of 180 days, and not only then; as long ago as a cart.
UPDATE shop.orders SET status = 'returned', payment_status = 'refunded', refunded_total = total WHERE customer_id % 20 = 17
  AND (placed_at AT TIME ZONE 'Europe/Sofia')::date BETWEEN hand.today() - 184 AND hand.today() - 179;

INSERT INTO shop.addresses
SELECT row_number() OVER (ORDER BY c, n), c, a.country, (ARRAY['Sofia', 'Plovdiv', NULL])[1 + hand.dice('region ' || n, c, 3)], (ARRAY['Sofia', 'PLOVDIV', 'Plovdiv', 'Varna', NULL])[1 + hand.dice('city ' || n, c, 5)]
FROM generate_series(1, 2000) AS c, LATERAL generate_series(1, hand.dice('addresses', c, 4)) AS n, LATERAL (SELECT (ARRAY['BG', 'BG', 'DE', 'at', 'RO', 'FR', NULL])[1 + hand.dice('country ' || n, c, 7)] AS country) AS a;
INSERT INTO shop.customer_tags SELECT c, t FROM generate_series(1, 2000) AS c, generate_series(1, 4) AS t WHERE hand.dice('tag ' || t, c, 5) = 0;
INSERT INTO shop.customer_groups SELECT c, g FROM generate_series(1, 2000) AS c, generate_series(1, 3) AS g WHERE hand.dice('group ' || g, c, 6) = 0;
INSERT INTO shop.customer_interests SELECT c, i FROM generate_series(1, 2000) AS c, unnest('{Running,hiking,cooking}'::text[]) AS i WHERE hand.dice(i, c, 5) = 0;
INSERT INTO shop.subscriptions
SELECT row_number() OVER (ORDER BY c, k), c, k, hand.at(hand.today() - 300 - hand.dice(k, c, 100), '09:00'),
       CASE WHEN hand.dice('left ' || k, c, 3) = 0 THEN hand.at(hand.today() - (ARRAY[0, 29, 30, 31, 90])[1 + hand.dice('when ' || k, c, 5)], (ARRAY['00:00', '23:59:59']::time[])[1 + hand.dice('clock' || k, c, 2)]) END
FROM generate_series(1, 2000) AS c, unnest('{Messenger,Viber,SMS}'::text[]) AS k WHERE hand.dice('channel ' || k, c, 4) = 0;
INSERT INTO shop.carts
SELECT row_number() OVER (ORDER BY c, n), c, hand.at(hand.today() - (ARRAY[0, 1, 2, 6, 7, 8, 60])[1 + hand.dice('cart ' || n, c, 7)], (ARRAY['00:00', '13:00', '23:59:59']::time[])[1 + hand.dice('clock ' || n, c, 3)]),
       (ARRAY[40, 100, 100.01, 250, NULL])[1 + hand.dice('worth ' || n, c, 5)], CASE WHEN hand.dice('done ' || n, c, 2) = 0 THEN now() END
FROM generate_series(1, 2000, 3) AS c, LATERAL generate_series(1, 1 + hand.dice('carts', c, 2)) AS n;
INSERT INTO shop.carts SELECT 100000 + o.id, o.customer_id, o.placed_at + interval '1 microsecond' * mod(o.id, 3) - interval '1 microsecond', 70 FROM shop.orders AS o
WHERE o.placed_at BETWEEN hand.at(hand.today() - 6, '00:00') AND now() AND o.id % 2 = 0;
INSERT INTO shop.page_views
SELECT row_number() OVER (ORDER BY c, n), c, CASE WHEN hand.dice('page ' || n, c, 3) > 0 THEN (ARRAY[7, 7, 8, 9])[1 + hand.dice('what ' || n, c, 4)] END,
       hand.at(hand.today() - hand.dice('seen ' || n, c, 17), (ARRAY['00:00', '13:00', '23:59:59']::time[])[1 + hand.dice('clock ' || n, c, 3)])
FROM generate_series(1, 2000, 2) AS c, LATERAL generate_series(1, hand.dice('views', c, 7)) AS n;
INSERT INTO shop.customer_fields
SELECT c, f.field, f.of[1 + hand.dice(f.field, c, cardinality(f.of))] FROM generate_series(1, 2000) AS c,
  (VALUES ('pet', '{cat,dog,Cat,"cat, dog"}'::text[]), ('shoe_size', '{34.5,35,36.5,37,37.5,42,"don''t know"}'), ('club_card', '{yes,no,true,1,0,perhaps}')) AS f(field, of)
WHERE hand.dice('has ' || f.field, c, 3) > 0
UNION ALL
SELECT c, 'wedding_day', CASE WHEN hand.dice('wedding', c, 20) = 0 THEN '2012-02-29' WHEN hand.dice('wedding', c, 20) = 1 THEN '2015-02-30' WHEN hand.dice('wedding', c, 20) = 2 THEN 'in May'
       WHEN hand.dice('wedding', c, 20) < 6 THEN ((hand.today() + (ARRAY[-1, 0, 14, 15])[1 + hand.dice('edge', c, 4)] - interval '8 years')::date)::text
       ELSE (hand.today() - 1000 - hand.dice('married', c, 9000))::text END
FROM generate_series(1, 2000, 3) AS c;
INSERT INTO shop.bonus_points
SELECT row_number() OVER (ORDER BY c, n), c, (ARRAY[40, 50, 60, 99, 100])[1 + hand.dice('lot ' || n, c, 5)], hand.today() + (ARRAY[-1, 0, 15, 30, 31, 90, NULL])[1 + hand.dice('expiry ' || n, c, 7)]
FROM generate_series(1, 2000, 2) AS c, LATERAL generate_series(1, hand.dice('lots', c, 5)) AS n;
INSERT INTO shop.letters
SELECT row_number() OVER (ORDER BY c, n), c, 'letter ' || n, l.at, CASE WHEN hand.dice('reader', c, 3) > 0 AND hand.dice('read ' || n, c, 3) = 0 THEN l.at + interval '1 hour' END
FROM generate_series(1, 2000) AS c, LATERAL generate_series(1, hand.dice('letters', c, 8)) AS n,
  LATERAL (SELECT hand.at(hand.today() - (ARRAY[3, 14, 15, 29, 30, 31, 89, 90, 91, 120])[1 + hand.dice('sent ' || n, c, 10)], (ARRAY['00:00', '23:59:59']::time[])[1 + hand.dice('clock ' || n, c, 2)]) AS at) AS l;
-- What else docs/vocabulary.md tells of; no segment of the page asks for it.
ALTER TABLE shop.customers ADD accepts_sms boolean, ADD created_by_app_id text;
ALTER TABLE shop.page_views ADD category_id integer;
CREATE TABLE shop.companies (id integer PRIMARY KEY, name text);
CREATE TABLE shop.customer_companies (customer_id bigint REFERENCES shop.customers, company_id integer REFERENCES shop.companies, PRIMARY KEY (customer_id, company_id));
CREATE TABLE shop.store_credit (id bigint PRIMARY KEY, customer_id bigint REFERENCES shop.customers, balance numeric(12,2));
CREATE TABLE shop.email_events (id bigint PRIMARY KEY, customer_id bigint REFERENCES shop.customers, event text, campaign_id text, occurred_at timestamptz);
CREATE INDEX ON shop.customer_companies (company_id);
CREATE INDEX ON shop.store_credit (customer_id);
CREATE INDEX ON shop.email_events (customer_id);
INSERT INTO shop.email_events SELECT n, n, (ARRAY['delivered', 'opened', 'clicked', 'bounced', 'spam', 'unsubscribed'])[n], 'spring', now() FROM generate_series(1, 6) AS n;
ANALYZE;
