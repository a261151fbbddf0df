-- What definitions leave to tick() and the worker beyond segmentation.commit_limit: judging everyone after a binding has changed, and
-- deleting the stored rows of segments that are gone. Until then verify() knows who is pending, and nothing shows what is left over.
\ir shops/kept.sql
SELECT no_plan();
SET client_min_messages = warning;

-- A binding is replaced.
SET segmentation.commit_limit = 29;
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed', replace => true) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.dirty), 1::bigint, 'everyone is queued');
SELECT ok((SELECT count(*) FROM segmentation.verify()) > 0, 'members are as they were');
SELECT is_empty('SELECT FROM segmentation.verify() WHERE NOT pending', 'which is known to be pending');
INSERT INTO orders VALUES (900, 5, 'paid', 1, now(), '');
SELECT is_empty('SELECT FROM segmentation.verify() WHERE customer = ''5''', 'whoever is judged meanwhile is so by what holds now');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'a tick brings all up to date');
SELECT segmentation.bind_column('orders', 'half', 'total / 2') \g /dev/null
SELECT segmentation.create_segment('half', 'max(orders.half) > 20') \g /dev/null
SELECT segmentation.bind_column('orders', 'half', 'total / 4', replace => true) \g /dev/null
SELECT ok((SELECT count(*) FILTER (WHERE pending) > 0 AND count(*) FILTER (WHERE NOT pending) = 0 FROM segmentation.verify()),
  'the same for a computed column');
INSERT INTO orders VALUES (901, 6, 'paid', 1, now(), '');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'and a tick');
SET segmentation.commit_limit = 30;
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed', condition => 'status != ''cart''', replace => true) \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'as many customers as a commit may judge are judged at once');

-- Segments are dropped.
DELETE FROM orders WHERE id = 900; -- somebody leaves
SET segmentation.commit_limit = 5;
CREATE TEMPORARY TABLE gone AS SELECT s.id, s.members FROM segmentation.segments AS s WHERE s.name IN ('vip', 'vip hats', 'three', 'none');
SELECT ok(max(g.members) > 5, 'they have members') FROM gone AS g;
CREATE VIEW left_over AS SELECT m.customer_id, m.segment_id FROM segmentation.membership AS m
  WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = m.segment_id);
SELECT segmentation.drop_segment('vip', cascade => true), segmentation.drop_segment('three') \g /dev/null
SELECT ok((SELECT count(*) FROM left_over) > 5, 'a dropped segment''s many rows are still there');
SELECT is_empty('SELECT FROM segmentation.membership_history AS h JOIN gone AS g ON g.id = h.segment_id WHERE g.id IN (SELECT segment_id FROM left_over)',
  'but in no history');
SELECT is_empty('SELECT FROM segmentation.memberships AS m WHERE m.segment NOT IN (SELECT name FROM segmentation.segments)', 'nor for rules');
SELECT is_empty('SELECT FROM segmentation.member_counts AS n WHERE n.members <> 0 AND n.segment_id NOT IN (SELECT id FROM segmentation.segment)',
  'nor counted');
SELECT is((SELECT string_agg(s, ',' ORDER BY s) FROM segmentation.segments_of((SELECT min(customer_id) FROM left_over)) AS s),
  of((SELECT min(customer_id) FROM left_over)), 'nor among a customer''s segments');
SELECT is((SELECT string_agg(s.segment, ',' ORDER BY s.segment) FROM segmentation.segments_of(ARRAY[(SELECT min(customer_id) FROM left_over)]) AS s),
  of((SELECT min(customer_id) FROM left_over)), 'or of several customers');
SELECT is_empty('SELECT * FROM oracle()', 'and the others are right');
UPDATE customers SET city = 'Sofia';
DELETE FROM customers WHERE id = (SELECT min(customer_id) FROM left_over);
SELECT is_empty('SELECT * FROM oracle()', 'and stay so, whatever happens to those customers');
SELECT lives_ok($$SELECT segmentation.create_segment('vip', 'city = ''Sofia''')$$, 'the name is free at once');
SELECT is((SELECT count(*) FROM segmentation.members('vip')), (SELECT count(*) FROM customers), 'for a segment with members of its own');
CALL segmentation.tick();
SELECT is_empty('SELECT FROM left_over', 'a tick deletes what is left over');
SELECT is_empty('SELECT FROM segmentation.leftover', 'all of it');
SELECT is_empty('SELECT FROM segmentation.membership_past AS p WHERE p.segment_id NOT IN (SELECT id FROM segmentation.segment)', 'also what had ended');
SELECT is_empty('SELECT * FROM oracle()', 'and nothing else');

-- Drafts.
SELECT segmentation.alter_segment('vip', 'city = ''Sofia'' AND orders MATCHES (count >= 0)', wait => false) \g /dev/null
SET segmentation.commit_limit = 10000; -- the new members, at the commits that come by
UPDATE customers SET city = city || ' ';
SELECT segmentation.alter_segment('vip', 'city = ''Sofia ''', wait => false) \g /dev/null
SET segmentation.commit_limit = 5;
UPDATE customers SET city = 'Sofia ';
CALL segmentation.tick();
SELECT is((SELECT count(*) FROM segmentation.members('vip')), (SELECT count(*) FROM customers), 'a draft that has taken over');
SELECT is_empty('SELECT FROM left_over', 'leaves nothing');
SELECT is_empty('SELECT * FROM oracle()', 'and all is right');
SELECT * FROM finish();
