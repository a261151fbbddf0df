-- Segments in figures: summary, trend, overlap and breakdown against SQL by hand, over a history of random spans that is written into the members' rows.
SET client_min_messages = error;
SELECT no_plan();
SELECT setseed(0.76);
CREATE ROLE pgtap_reads;
SELECT segmentation.grant_access('pgtap_reads', 'read') \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.segment_summary', 'before anything is bound the summary is empty');
SELECT throws_ok($$SELECT segmentation.segment_trend('x')$$, '42704', 'segment "x" does not exist', 'and there is no segment to follow');

CREATE TABLE customers (id bigint PRIMARY KEY, city text, code character(4), tags text[], born date, score float8, points numeric, extra jsonb,
                        seen_at timestamp, fan boolean, "select ""this""" text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, total numeric(10,2), paid boolean, cancelled boolean, at timestamptz);
CREATE TABLE tags (customer_id bigint, tag text);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers
SELECT i, (ARRAY['Sofia', 'Varna', NULL])[1 + i % 3], (ARRAY['BG', 'RO'])[1 + i % 2], CASE i % 5 WHEN 0 THEN '{}' WHEN 1 THEN NULL WHEN 2 THEN '{a,a,b}' ELSE '{b}' END::text[],
       DATE '1990-02-28' + i % 3, CASE WHEN i % 10 = 0 THEN 'NaN' WHEN i % 10 = 1 THEN 'Infinity' ELSE i % 4 / 2.0 END, CASE i % 3 WHEN 0 THEN 2.5 WHEN 1 THEN 2.50 END,
       CASE i % 4 WHEN 0 THEN '{"pet": "cat"}' WHEN 1 THEN '{"pet": null}' WHEN 2 THEN '{"pet": "dog"}' END::jsonb, now()::timestamp, (ARRAY[true, false, NULL])[1 + i % 3], 'it''s ' || i % 2
FROM generate_series(1, 300) AS i;
INSERT INTO orders SELECT i, 1 + floor(random() * 200), round((random() * 100)::numeric, 2), random() < 0.7, random() < 0.2, now() - random() * interval '100 days' FROM generate_series(1, 900) AS i;
INSERT INTO tags SELECT i, t FROM generate_series(1, 300, 2) AS i, unnest('{x,y}'::text[]) AS t WHERE i % 3 <> 0 OR t = 'x';
SELECT segmentation.bind_customers('customers', timezone => 'America/New_York') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'at') \g /dev/null
SELECT segmentation.bind_set('labels', 'tags', key => 'customer_id', value => 'tag') \g /dev/null
SELECT segmentation.create_segment('all', 'id > 0') \g /dev/null
SELECT segmentation.create_segment('none', 'id < 0') \g /dev/null
SELECT segmentation.create_segment('Buyers "in" spring', 'count(orders) > 2') \g /dev/null
SELECT segmentation.create_group('press') \g /dev/null
SELECT segmentation.add_members('press', ARRAY(SELECT generate_series(10, 40))) \g /dev/null
SELECT segmentation.create_group('a tag', kind => 'tag') \g /dev/null
SELECT count(segmentation.create_segment('part ' || n, format('id > %s AND id <= %s', n * 20, n * 35 + 60))) FROM generate_series(0, 7) AS n \g /dev/null

-- A past: who is in came at some moment of a year, which has both changes of the clocks; others came and went, some of them since deleted.
UPDATE segmentation.membership SET entered_at = now() - interval '1 year' * power(random(), 3);
INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, recorded_at, left_recorded_at, entered_reason, left_reason)
SELECT s.id, CASE WHEN random() < 0.7 THEN i END, x.entered_at, least(now(), x.entered_at + interval '60 days' * power(random(), 4)), now(), now(), 'rule', 'rule'
FROM segmentation.segment AS s, generate_series(1, 150) AS i, LATERAL (SELECT now() - interval '1 year' * power(random() + i * 0, 3) AS entered_at) AS x;
CREATE VIEW spans AS SELECT s.name, h.entered_at, h.left_at FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id;

-- Trend: each day by itself, by the instants at which it begins and ends in the shop's zone.
CREATE FUNCTION days_by_hand(segment text, days integer, zone text) RETURNS TABLE (day date, members bigint, entered bigint, "left" bigint) LANGUAGE sql AS $$
  SELECT d.day, count(*) FILTER (WHERE h.entered_at < d.ends AND (h.left_at IS NULL OR h.left_at >= d.ends)),
         count(*) FILTER (WHERE h.entered_at >= d.begins AND h.entered_at < d.ends), count(*) FILTER (WHERE h.left_at >= d.begins AND h.left_at < d.ends)
  FROM (SELECT n.day, n.day::timestamp AT TIME ZONE zone AS begins, (n.day + 1)::timestamp AT TIME ZONE zone AS ends
        FROM (SELECT (now() AT TIME ZONE zone)::date - i AS day FROM generate_series(0, days - 1) AS i) AS n) AS d
  LEFT JOIN (SELECT * FROM spans AS s WHERE s.name = segment) AS h ON true
  GROUP BY d.day ORDER BY d.day $$;
SELECT results_eq(format('SELECT * FROM segmentation.segment_trend(%L, 380)', s.name), format('SELECT * FROM days_by_hand(%L, 380, ''America/New_York'')', s.name),
                  'a year and more of "' || s.name || '" day by day') FROM segmentation.segment AS s WHERE s.id <= 5 ORDER BY s.id;
SELECT is((SELECT count(*) FROM segmentation.segment_trend('ALL')), 90::bigint, 'ninety days, if nobody says how many, whatever the case of the name');
SELECT results_eq($$SELECT t.day, t.members FROM segmentation.segment_trend('all', 1) AS t$$,
  $$SELECT (now() AT TIME ZONE 'America/New_York')::date, segmentation.member_count('all')$$, 'one day is today, with the members that are stored');
SET timezone = 'Pacific/Kiritimati';
SELECT results_eq($$SELECT * FROM segmentation.segment_trend('all', 30)$$, $$SELECT * FROM days_by_hand('all', 30, 'America/New_York')$$, 'days are the shop''s, whatever the session''s zone');
RESET timezone;
UPDATE segmentation.membership SET entered_at = now() + interval '2 days' WHERE customer_id = 7;
SELECT is((SELECT t.entered >= 1 AND t.members = segmentation.member_count('all') FROM segmentation.segment_trend('all', 1) AS t), true, 'what a clock that was turned back has ahead counts today');
UPDATE segmentation.membership SET entered_at = now() - interval '3 days' WHERE customer_id = 7;
SELECT throws_ok(format($$SELECT segmentation.segment_trend('all', %L)$$, n), '22023', format('a trend of %s days cannot be shown', COALESCE(n, 'NULL')), COALESCE(n, 'NULL') || ' days are no trend')
FROM unnest('{NULL,0,-1,36526}'::text[]) AS n;

-- Summary.
CREATE FUNCTION moves_by_hand(segment text) RETURNS bigint[] LANGUAGE sql AS $$
  SELECT ARRAY[count(*) FILTER (WHERE entered_at > now() - interval '24 hours'), count(*) FILTER (WHERE entered_at > now() - interval '168 hours'),
               count(*) FILTER (WHERE entered_at > now() - interval '720 hours'), count(*) FILTER (WHERE left_at > now() - interval '24 hours'),
               count(*) FILTER (WHERE left_at > now() - interval '168 hours'), count(*) FILTER (WHERE left_at > now() - interval '720 hours')]
  FROM spans WHERE name = segment $$;
SELECT results_eq(
  $$SELECT segment_id, segment, kind, status, members, share, ARRAY[entered_1_day, entered_7_days, entered_30_days, left_1_day, left_7_days, left_30_days]
    FROM segmentation.segment_summary ORDER BY 1$$,
  $$SELECT s.id, s.name, s.kind, 'live'::text, count(m.*), round(count(m.*) / 300.0, 6), moves_by_hand(s.name)
    FROM segmentation.segment AS s LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id GROUP BY s.id ORDER BY 1$$, 'sizes, shares, who came and who went');
SELECT ok((SELECT entered_30_days > entered_7_days AND entered_7_days > entered_1_day AND entered_1_day > 0 AND left_30_days > left_1_day AND left_1_day > 0
           FROM segmentation.segment_summary WHERE segment = 'all'), 'of which there are some of each');
SELECT is_empty($$SELECT * FROM segmentation.segment_summary WHERE num_nonnulls(orders, revenue, paid_revenue, average_order, last_order) > 0$$,
  'without the words of a standard shop nothing is told of money');
SELECT segmentation.define_source('orders_placed', 'orders', condition => 'NOT cancelled') \g /dev/null
SELECT segmentation.define_attribute('number_of_orders', 'count(orders_placed)') \g /dev/null
SELECT segmentation.define_attribute('paid_total', 'sum(orders.total MATCHES (paid))') \g /dev/null
CREATE FUNCTION money_by_hand() RETURNS TABLE (id integer, orders bigint, revenue numeric, paid numeric, average numeric, last_order timestamptz) LANGUAGE sql AS $$
  SELECT s.id, CASE WHEN count(m.*) > 0 THEN count(o.*) FILTER (WHERE NOT o.cancelled) END, CASE WHEN count(m.*) > 0 THEN COALESCE(sum(o.total) FILTER (WHERE NOT o.cancelled), 0) END,
         CASE WHEN count(m.*) > 0 THEN COALESCE(sum(o.total) FILTER (WHERE o.paid), 0) END,
         round(sum(o.total) FILTER (WHERE NOT o.cancelled) / NULLIF(count(o.*) FILTER (WHERE NOT o.cancelled), 0), 4), max(o.at) FILTER (WHERE NOT o.cancelled)
  FROM segmentation.segment AS s LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id LEFT JOIN orders AS o ON o.customer_id = m.customer_id
  GROUP BY s.id ORDER BY s.id $$;
SELECT results_eq('SELECT segment_id, orders, revenue, paid_revenue, last_order FROM segmentation.segment_summary ORDER BY 1',
  'SELECT id, orders, NULL::numeric, paid, last_order FROM money_by_hand()', 'with some of them what they say');
SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', 'NOT cancelled', replace => true) \g /dev/null
SELECT results_eq('SELECT segment_id, orders, revenue, paid_revenue, average_order, last_order FROM segmentation.segment_summary ORDER BY 1',
  'SELECT * FROM money_by_hand()', 'with all of them all');
SELECT segmentation.define_attribute('amount_spent', 'paid_total - 1') \g /dev/null
SELECT results_eq('SELECT segment_id, paid_revenue FROM segmentation.segment_summary WHERE members > 0 ORDER BY 1',
  'SELECT id, paid - segmentation.member_count(name) FROM money_by_hand() JOIN segmentation.segment USING (id) WHERE paid IS NOT NULL ORDER BY 1', 'what was paid back counts');
SELECT segmentation.define_attribute('number_of_orders', 'city', replace => true) \g /dev/null
SELECT results_eq($$SELECT orders, revenue IS NULL FROM segmentation.segment_summary WHERE segment = 'all'$$, $$VALUES (NULL::bigint, false)$$, 'a word that is no number is not added up');

-- What nobody asks for is not computed.
CREATE FUNCTION computed(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    RETURN QUERY SELECT m[1] FROM regexp_matches(line, '(_segment_moves|_segment_money|_customer_total|count_delta)', 'g') AS m;
  END LOOP;
END $$;
SELECT set_eq(format('SELECT DISTINCT c FROM computed(%L) AS c', 'SELECT ' || w.list || ' FROM segmentation.segment_summary'), w.parts, 'for ' || w.list)
FROM (VALUES ('segment, kind, status', '{}'::text[]), ('members', '{count_delta}'), ('entered_1_day, left_30_days', '{_segment_moves}'),
             ('share', '{count_delta,_customer_total}'), ('revenue, average_order', '{_segment_money}'),
             ('count(*)', '{}'), ('sum(members)', '{count_delta}')) AS w(list, parts);
SELECT is_empty($$SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'segmentation.segment_summary'::regclass AND a.attnum > 0
  AND col_description(a.attrelid, a.attnum) IS NULL$$, 'each column says what it is');

-- Overlap.
CREATE FUNCTION pairs_by_hand(names text[]) RETURNS TABLE (a text, b text, common bigint, only_a bigint, only_b bigint) LANGUAGE sql AS $$
  WITH m AS (SELECT n.at, s.name, ARRAY(SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = s.id) AS ids
             FROM unnest(names) WITH ORDINALITY AS n(name, at) JOIN segmentation.segment AS s USING (name))
  SELECT x.name, y.name, (SELECT count(*) FROM (SELECT unnest(x.ids) INTERSECT SELECT unnest(y.ids)) AS i), (SELECT count(*) FROM (SELECT unnest(x.ids) EXCEPT SELECT unnest(y.ids)) AS i),
         (SELECT count(*) FROM (SELECT unnest(y.ids) EXCEPT SELECT unnest(x.ids)) AS i)
  FROM m AS x JOIN m AS y ON x.at < y.at ORDER BY x.at, y.at $$;
SELECT results_eq('SELECT * FROM segmentation.overlap(ARRAY(SELECT name FROM segmentation.segment ORDER BY id DESC))',
  'SELECT * FROM pairs_by_hand(ARRAY(SELECT name FROM segmentation.segment ORDER BY id DESC))', 'all segments with one another, in the order given');
SELECT results_eq($$SELECT * FROM segmentation.overlap('{press,all,none,PRESS}')$$, $$SELECT * FROM pairs_by_hand('{press,all,none}')$$, 'one that is named twice is one');
SELECT is_empty($$SELECT * FROM segmentation.overlap('{press}')$$, 'one makes no pair');
SELECT is_empty($$SELECT * FROM segmentation.overlap('{}')$$, 'nor does none');
SELECT throws_ok($$SELECT * FROM segmentation.overlap('{all,nobody}')$$, '42704', 'segment "nobody" does not exist', 'an unknown one is a mistake');
SELECT throws_ok($$SELECT * FROM segmentation.overlap('{all,NULL}')$$, '22004', 'segment name must not be null', 'NULL, too');
SELECT throws_ok('SELECT * FROM segmentation.overlap(NULL)', '22004', 'segments must not be null', 'and no array');

-- Breakdown: of all members, and of those alone who are in.
SELECT results_eq(format('SELECT * FROM segmentation.breakdown(%L, %L)', w.segment, w.attribute), format(
  $q$SELECT value, count(*), round(count(*)::numeric / segmentation.member_count(%L), 6) FROM (SELECT DISTINCT c.id, x.value FROM segmentation.membership AS m
     JOIN customers AS c ON c.id = m.customer_id LEFT JOIN LATERAL (%s) AS x(value) ON true WHERE m.segment_id = segmentation._segment_id(%L)) AS v
     GROUP BY 1 ORDER BY 2 DESC, value COLLATE "C" NULLS LAST$q$, w.segment, w.query, w.segment), format('"%s" by %s', w.segment, w.attribute))
FROM (VALUES
  ('press', 'city', 'SELECT c.city'),
  ('all', 'code', 'SELECT rtrim(c.code::text)'),
  ('all', 'tags', 'SELECT unnest(c.tags)'),
  ('press', 'labels', 'SELECT t.tag FROM tags AS t WHERE t.customer_id = c.id'),
  ('all', 'born', 'SELECT c.born::text'),
  ('all', 'score', $q$SELECT trim_scale(c.score::numeric)::text WHERE c.score < 'Infinity'$q$),
  ('all', 'points', $q$SELECT '2.5' WHERE c.points IS NOT NULL$q$),
  ('all', 'extra.pet', $q$SELECT c.extra ->> 'pet'$q$),
  ('all', '"select ""this"""', $q$SELECT c."select ""this"""$q$),
  ('all', 'paid_total', 'SELECT COALESCE(trim_scale(sum(o.total)), 0)::text FROM orders AS o WHERE o.customer_id = c.id AND o.paid'),
  ('Buyers "in" spring', 'count(orders_placed)', 'SELECT count(*)::text FROM orders AS o WHERE o.customer_id = c.id AND NOT o.cancelled'),
  ('press', 'avg(orders.total)', 'SELECT trim_scale(avg(o.total))::text FROM orders AS o WHERE o.customer_id = c.id'),
  ('all', 'points * 2', $q$SELECT '5' WHERE c.points IS NOT NULL$q$),
  ('all', 'fan', 'SELECT c.fan::text'),
  ('all', 'city = ''Varna'' OR fan', $q$SELECT (COALESCE(c.city = 'Varna', false) OR COALESCE(c.fan, false))::text$q$),
  ('all', 'city = ''Sofia''', $q$SELECT (c.city IS NOT NULL AND c.city = 'Sofia')::text$q$)) AS w(segment, attribute, query);
SELECT is_empty($$SELECT * FROM segmentation.breakdown('none', 'city')$$, 'nobody has no values');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'citty')$$, '42703', 'attribute "citty" does not exist', 'an unknown name');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'city; DROP TABLE customers')$$, '42601', NULL, 'what is no name');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'sum(orders.nothing)')$$, '42703', NULL, 'an expression over nothing');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'segments')$$, '42804', '"segments" has no values to break a segment down by', 'segments, which overlap compares');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', NULL)$$, '22004', 'attribute must not be null', 'NULL');
SET timezone = 'Asia/Tokyo'; SET datestyle = 'German';
SELECT set_eq($$SELECT value FROM segmentation.breakdown('all', 'born')$$, ARRAY['1990-02-28', '1990-03-01', '1990-03-02'], 'dates are as they are, whatever the session');
RESET timezone; RESET datestyle;

-- A role of level read has sizes and shares without any right on the shop's tables; values and money with it.
SET ROLE pgtap_reads;
SELECT is((SELECT share FROM segmentation.segment_summary WHERE segment = 'all'), 1.000000, 'level read sees shares');
SELECT ok((SELECT entered_30_days > 0 AND revenue IS NULL AND last_order IS NULL FROM segmentation.segment_summary WHERE segment = 'all'), 'movements, and no money');
SELECT is((SELECT count(*) FROM segmentation.segment_trend('all', 5)), 5::bigint, 'trends');
SELECT is((SELECT common FROM segmentation.overlap('{all,press}')), 31::bigint, 'overlaps');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'city')$$, '42501', NULL, 'and no values');
RESET ROLE;
GRANT SELECT ON customers, orders TO pgtap_reads;
SET ROLE pgtap_reads;
SELECT ok((SELECT revenue > 0 AND last_order IS NOT NULL FROM segmentation.segment_summary WHERE segment = 'all'), 'money with rights on orders');
SELECT isnt_empty($$SELECT * FROM segmentation.breakdown('all', 'city')$$, 'and values');
SELECT throws_ok($$SELECT * FROM segmentation.breakdown('all', 'labels')$$, '42501', NULL, 'but none of a table that it may not read');
RESET ROLE;
DROP OWNED BY pgtap_reads;
DROP ROLE pgtap_reads;

-- Other keys, and rows that are no customers.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer, gone boolean, bought timestamp DEFAULT '2026-05-30 12:00');
INSERT INTO people (n, gone) SELECT i, i > 40 FROM generate_series(1, 50) AS i;
SELECT segmentation.bind_customers('people', timezone => 'Europe/Sofia', condition => 'NOT gone') \g /dev/null
SELECT segmentation.create_segment('few', 'n <= 10') \g /dev/null
SELECT segmentation.create_segment('odd', 'n >= 6') \g /dev/null
SELECT results_eq('SELECT segment, members, share FROM segmentation.segment_summary ORDER BY 1', $$VALUES ('few', 10::bigint, 0.250000), ('odd', 35, 0.875000)$$, 'rows that are no customers are in no share');
SELECT segmentation.define_attribute('last_order_date', 'bought') \g /dev/null
SELECT results_eq($$SELECT last_order, orders FROM segmentation.segment_summary WHERE segment = 'few'$$, $$VALUES (timestamptz '2026-05-30 12:00+03', NULL::bigint)$$,
  'without orders a word of the customers'' own; a time without zone is the shop''s');
SELECT results_eq($$SELECT * FROM segmentation.overlap('{few,odd}')$$, $$VALUES ('few', 'odd', 5::bigint, 5::bigint, 30::bigint)$$, 'keys may be uuids');
SELECT results_eq($$SELECT value FROM segmentation.breakdown('few', 'n') ORDER BY value::integer$$, 'SELECT i::text FROM generate_series(1, 10) AS i', 'in a breakdown, too');
SELECT * FROM finish();
