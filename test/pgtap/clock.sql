-- Members follow time: at now() in the functions, at the clock's next look in the tables; and what status, history and verify tell of it.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer REFERENCES customers ON DELETE CASCADE, placed timestamptz, total numeric);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 9) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed') \g /dev/null
SELECT no_plan();

SET client_min_messages = error; -- WARNINGs that nothing looks at the clock are among the regression tests
SELECT segmentation.create_segment('lost', 'orders NOT MATCHES (date > -1h)') \g /dev/null
SELECT segmentation.create_segment('lately', 'orders MATCHES (date > -1h, count >= 1)') \g /dev/null
SELECT segmentation.create_segment('rich', 'sum(orders.total) > 100') \g /dev/null
SET client_min_messages = warning;
SELECT is(segmentation._moves('sum(orders.total) > 100'), false, 'sums do not move with time');
SELECT is(segmentation._moves('segments CONTAINS ''lost'' AND sum(orders.total) > 100'), true, 'segments in rules do as their rules do');
SELECT is(segmentation._moves('name = ''x'' AND orders NOT MATCHES (date = today)'), true, 'windows move');

-- Nobody has orders: nothing will change by itself.
SELECT is_empty('SELECT FROM segmentation.due', 'without events nobody comes due');
INSERT INTO orders (customer_id, placed, total) VALUES
  (1, now() - interval '1 hour' + interval '2 s', 200), (2, now() - interval '1 hour' + interval '10 minutes', 1), (3, now() - interval '2 hours', 1),
  (4, now() + interval '1 s', 1), (5, now() + interval '1 day', 1);
SELECT results_eq('SELECT customer_id FROM segmentation.due ORDER BY due_at', ARRAY[1, 2, 4, 5], 'a commit notes when its customers come due');
CREATE FUNCTION stored(name text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1$$;
SELECT is(stored('lately'), '1,2,4,5', 'stored at the commit');
SELECT is((SELECT (s.due, s.due_in_hour, s.due_in_day, s.lag)::text FROM segmentation.status AS s), '(0,2,3,00:00:00)', 'status tells what is to come');
SELECT pg_sleep(2.2) \g /dev/null

-- The clock has not looked.
SELECT is(stored('lately'), '1,2,4,5', 'tables show what is stored');
SELECT is(segmentation.is_member('lately', 1), false, 'is_member answers for now()');
SELECT is(segmentation.is_member('lost', 1), true, 'and for who is not in yet');
SELECT is(segmentation.is_member('lately', '2'), true, 'also for who is not due');
SELECT results_eq($$SELECT m FROM segmentation.members('lost') AS m ORDER BY m$$, ARRAY[1, 3, 6, 7, 8, 9], 'so does members');
SELECT results_eq($$SELECT segmentation.segments_of(1)$$, ARRAY['lost', 'rich'], 'and segments_of');
SELECT results_eq($$SELECT customer || ' ' || segment FROM segmentation.segments_of(ARRAY[1, 2])$$, ARRAY['1 lost', '1 rich', '2 lately'], 'of several, too');
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT segmentation.segments_of(1), segmentation.segments_of(ARRAY[1, 2]), segmentation.segments_of(ARRAY['1', '2']) \g /dev/null
SELECT is(pg_stat_get_xact_numscans('segmentation.membership'::regclass), 0::bigint, 'segments_of finds members by the customer''s key');
ROLLBACK;
SELECT ok((SELECT s.due = 1 AND s.lag BETWEEN '0.1 s' AND '1 min' AND s.worker IS NULL FROM segmentation.status AS s), 'status tells how late the tables are');
SELECT results_eq('SELECT DISTINCT customer, pending FROM segmentation.verify()', $$VALUES ('1', true)$$, 'verify tells who is due apart');
SELECT is(segmentation.member_count('lately'), 4::bigint, 'counts are of what is stored');
CREATE ROLE pgtap_reader;
SET client_min_messages = error;
SELECT segmentation.grant_access('pgtap_reader', 'read') \g /dev/null
SET client_min_messages = warning;
SET ROLE pgtap_reader;
SELECT is(segmentation.is_member('lately', 1), false, 'who may read members need not be able to read orders');
SELECT results_eq($$SELECT m FROM segmentation.members('lost') AS m ORDER BY m$$, ARRAY[1, 3, 6, 7, 8, 9], 'to see them as they are now');
RESET ROLE;
BEGIN;
INSERT INTO orders (customer_id, placed, total) VALUES (1, now(), 1), (6, now(), 101);
SELECT is(segmentation.is_member('lately', 1), true, 'one''s own changes count as well');
SELECT results_eq($$SELECT m FROM segmentation.members('lately') AS m ORDER BY m$$, ARRAY[1, 2, 4, 5, 6], 'beside time');
ROLLBACK;

-- It does.
CALL segmentation.tick();
SELECT is(stored('lately'), '2,4,5', 'tick takes out whose time is over');
SELECT is(stored('lost'), '1,3,6,7,8,9', 'and brings in whose time has come');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
SELECT results_eq('SELECT segmentation.member_count(s.name) FROM segmentation.segments AS s ORDER BY s.id', ARRAY[6, 3, 1]::bigint[], 'and so are their counts');
SELECT ok((SELECT h.entered_at = o.placed + interval '1 hour' AND h.recorded_at > h.entered_at AND h.entered_reason = 'time' AND h.left_at IS NULL
           FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id, orders AS o
           WHERE s.name = 'lost' AND h.customer_id = 1 AND o.customer_id = 1 AND h.left_at IS NULL), 'history tells since when she is in, and when that was seen');
SELECT ok((SELECT h.left_at = o.placed + interval '1 hour' AND h.left_recorded_at > h.left_at AND h.left_reason = 'time' AND h.recorded_at = h.entered_at
           FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id, orders AS o
           WHERE s.name = 'lately' AND h.customer_id = 1 AND o.customer_id = 1), 'and until when she was');
SELECT ok((SELECT s.due = 0 AND s.lag = '0' AND s.due_judged = 1 AND s.ticked_at IS NOT NULL FROM segmentation.status AS s), 'status tells that nobody is due');
SELECT is_empty('SELECT FROM segmentation.due WHERE customer_id = 1', 'who has nothing to wait for is not visited again');

-- An earlier instant is noted at once, a later one when the clock comes to it.
INSERT INTO orders (customer_id, placed, total) VALUES (2, now() - interval '5 minutes', 1);
SELECT is((SELECT count(*) FROM segmentation.due WHERE customer_id = 2), 1::bigint, 'a later end leaves the instant as it is');
INSERT INTO orders (customer_id, placed, total) VALUES (6, now() - interval '1 hour' + interval '10 minutes', 1), (6, now() - interval '1 hour' + interval '2 s', 1);
DELETE FROM orders WHERE customer_id = 6 AND placed > now() - interval '55 minutes';
SELECT ok((SELECT min(d.due_at) < now() + interval '2.1 s' FROM segmentation.due AS d WHERE d.customer_id = 6), 'an earlier one is noted');
SELECT pg_sleep(2.2) \g /dev/null
CALL segmentation.tick();
SELECT is(stored('lately'), '2,4,5', 'and seen to');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right again');

-- Whoever ticks in the middle of a statement sees rows that are counted only at the commit.
SELECT segmentation.create_segment('three lately', 'orders MATCHES (date > -1h, count >= 3)') \g /dev/null
INSERT INTO orders (customer_id, placed, total) VALUES (8, now() - interval '1 hour' + interval '2 s', 1), (8, now(), 1);
CREATE FUNCTION ticks() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN CALL segmentation.tick(); RETURN NULL; END$$;
CREATE TRIGGER a_ticks AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION ticks();
SELECT pg_sleep(2.2) \g /dev/null
INSERT INTO orders (customer_id, placed, total) VALUES (8, now(), 1);
SELECT is_empty('SELECT * FROM segmentation.verify()', 'which are counted once');
DROP TRIGGER a_ticks ON orders;
SELECT segmentation.drop_segment('three lately') \g /dev/null
DELETE FROM orders WHERE customer_id = 8;

-- What is read beside a row is read by now(): nobody would come at the instant at which it goes.
CREATE TABLE channels (id integer PRIMARY KEY, name text, ends timestamptz);
ALTER TABLE orders ADD channel_id integer;
SELECT throws_like($$SELECT segmentation.bind_lookup('channel', 'channels', of => 'orders', key => 'channel_id', condition => 'ends > today')$$,
                   '%cannot come and go with time%', 'a lookup does not come and go with time');
SELECT lives_ok($$SELECT segmentation.bind_lookup('channel', 'channels', of => 'orders', key => 'channel_id', condition => 'ends > 2020-01-01')$$, 'but may have dates');

-- Customers who are deleted are not waited for, nor are all when they are truncated.
DELETE FROM customers WHERE id = 2;
SELECT is_empty('SELECT FROM segmentation.due WHERE customer_id = 2', 'with a customer go her instants');
TRUNCATE orders;
SELECT is_empty('SELECT FROM segmentation.due', 'TRUNCATE leaves nothing to wait for');
INSERT INTO orders (customer_id, placed, total) VALUES (7, now() - interval '30 minutes', 1);
SELECT segmentation.refresh_all() \g /dev/null
SELECT segmentation.refresh_all() \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.due), 1::bigint, 'refresh_all leaves one instant each');

-- A segment that comes later adds what it needs.
SELECT segmentation.create_segment('these hours', 'orders MATCHES (date > -2h)') \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.due), 1::bigint, 'who comes due earlier needs no other instant');
SELECT segmentation.drop_segment('lately') \g /dev/null
SELECT segmentation.drop_segment('lost') \g /dev/null
SELECT ok((SELECT d.due_at < now() + interval '31 minutes' FROM segmentation.due AS d), 'an instant may be too early');
SELECT segmentation.refresh_all() \g /dev/null
SELECT ok((SELECT d.due_at > now() + interval '89 minutes' FROM segmentation.due AS d), 'refresh_all finds the one that is right');
UPDATE orders SET placed = placed - interval '50 minutes' WHERE customer_id = 7;
SELECT ok((SELECT min(d.due_at) < now() + interval '41 minutes' FROM segmentation.due AS d), 'instants that refresh_all took away are not believed in any more');
UPDATE orders SET placed = placed + interval '50 minutes' WHERE customer_id = 7;
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right at the end');

-- The server has learnt that clocks will be put back, an hour later than it believed.
UPDATE segmentation.upkeep SET zone_rules = 'Europe/Sofia 0';
UPDATE segmentation.due SET due_at = due_at + interval '1 hour';
UPDATE segmentation.state SET due_at = due_at + interval '1 hour';
\! psql -Xqc 'CALL segmentation.tick()'
SELECT ok((SELECT min(d.due_at) BETWEEN now() + interval '89 minutes' AND now() + interval '91 minutes' FROM segmentation.due AS d),
          'other rules of the zone have everyone judged again');
SELECT matches(u.zone_rules, '^Europe/Sofia [1-9]') FROM segmentation.upkeep AS u;
-- The zone was bound anew meanwhile, and no session has looked since.
UPDATE segmentation.upkeep SET zone_rules = 'Asia/Tokyo 0';
UPDATE segmentation.due SET due_at = due_at + interval '1 hour';
UPDATE segmentation.state SET due_at = due_at + interval '1 hour';
\! psql -Xqc 'CALL segmentation.tick()'
SELECT ok((SELECT min(d.due_at) BETWEEN now() + interval '89 minutes' AND now() + interval '91 minutes' FROM segmentation.due AS d),
          'also where the rules known are another zone''s');

-- The clock was an hour ahead for a while.
UPDATE segmentation.upkeep SET latest_at = latest_at + interval '1 hour';
UPDATE segmentation.state SET as_of = as_of + interval '1 hour';
SELECT ok((SELECT s.clock_behind BETWEEN '59 min' AND '61 min' FROM segmentation.status AS s), 'status tells of a clock that was turned back');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT FROM segmentation.state AS s WHERE s.as_of > clock_timestamp()', 'refresh_all judges by the present clock');
SELECT ok((SELECT s.clock_behind IS NULL FROM segmentation.status AS s), 'and has status say no more');
SELECT * FROM finish();
DROP OWNED BY pgtap_reader; DROP ROLE pgtap_reader;
