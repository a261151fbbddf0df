-- What people say by hand: groups, tags, families, and customers who are put into a rule's segment or kept out of it; by all that shows members.
\ir shops/kept.sql
SELECT no_plan();
CREATE FUNCTION who(name text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1$$;
CREATE FUNCTION history(name text, customer integer) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(concat_ws(' ', h.entered_reason, '-', h.left_reason, '(' || h.note || ')'), '; ' ORDER BY h.entered_at)
    FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name = $1 AND h.customer_id = $2$$;
CREATE FUNCTION why(name text, customer integer) RETURNS text LANGUAGE sql AS
  $$SELECT e.condition || ' ' || e.holds FROM segmentation.explain($1, $2) AS e LIMIT 1$$;

-- Groups.
SELECT is(segmentation.create_group('Gold', 'our best', family => 'loyalty') > 0, true, 'create_group returns an id');
SELECT segmentation.create_group('silver', family => 'Loyalty'), segmentation.create_group('press'), segmentation.create_group('blocked', kind => 'tag') \g /dev/null
SELECT is((SELECT string_agg(concat_ws(' ', kind, rule IS NULL, members, status, view, family), ', ' ORDER BY lower(name)) FROM segmentation.segments WHERE kind <> 'rule'),
  'tag t 0 live segments.blocked, group t 0 live segments."Gold" loyalty, group t 0 live segments.press, group t 0 live segments.silver Loyalty', 'groups and tags are among the segments');
SELECT is(segmentation.add_members('gold', 1, 'first of all'), 1::bigint, 'one customer');
SELECT is(segmentation.add_members('gold', ARRAY[1, 2, 3, 3]), 2::bigint, 'several, one of whom is in');
SELECT is(segmentation.add_members('gold', '4'), 1::bigint, 'one by an untyped literal');
SELECT is(segmentation.add_members('press', '{7,8}'::text[]), 2::bigint, 'several by text');
SELECT is(segmentation.add_members('press', '{}'::text[]), 0::bigint, 'nobody');
SELECT is(who('Gold') || ' ' || who('press'), '1,2,3,4 7,8', 'they are in when the transaction commits');
SELECT is(segmentation.member_count('gold'), 4::bigint, 'and counted');
SELECT is(history('Gold', 1), 'by hand - (first of all)', 'history tells that it was by hand, and the note');
SELECT is(segmentation.add_members('gold', 1, 'a friend'), 1::bigint, 'who is in already gets the note');
SELECT is(history('Gold', 1), 'by hand - (a friend)', 'and stays since when she was');
SELECT is((SELECT h.changed_by FROM segmentation.membership_history AS h WHERE h.customer_id = 1 AND h.entered_reason = 'by hand'), session_user, 'and it tells who');
BEGIN;
SELECT segmentation.add_members('press', 9) \g /dev/null
SELECT is(segmentation.is_member('press', 9), true, 'is_member sees what this transaction has said');
SELECT is(who('press'), '7,8', 'which is stored at its commit');
ROLLBACK;
SELECT is(segmentation.is_member('press', 9), false, 'or not at all');
SELECT is(segmentation.remove_members('press', 8, 'moved abroad'), 1::bigint, 'one is taken out');
SELECT is(segmentation.remove_members('press', 8), 0::bigint, 'who is out already is not');
SELECT is(who('press') || ' ' || history('press', 8), '7 by hand - by hand (moved abroad)', 'with her reason');
SELECT is(why('press', 8), format('taken out by hand by %s (moved abroad) false', session_user), 'explain tells of one who was taken out');
SELECT is(why('press', 7) || ', ' || why('press', 1), format('put in by hand by %s true, not put in by hand false', session_user), 'of one who was put in, and of another');
SELECT results_eq('SELECT id FROM segments."Gold" ORDER BY id', ARRAY[1, 2, 3, 4], 'a group has a view');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- Mistakes.
SELECT throws_ok($$SELECT segmentation.add_members('gild', 1)$$, '42704', 'segment "gild" does not exist', 'an unknown group');
SELECT throws_ok($$SELECT segmentation.add_members('gold', 99)$$, '23503', 'customer "99" does not exist', 'an unknown customer');
SELECT throws_ok($$SELECT segmentation.add_members('gold', ARRAY[5, 99, 100, 101, 102])$$, '23503', '4 customers do not exist', 'several of them');
SELECT throws_ok($$SELECT segmentation.add_members('gold', '{5,x}'::text[])$$, '23503', 'customer "x" does not exist', 'what is no key');
SELECT throws_ok($$SELECT segmentation.add_members('gold', 99999999999)$$, '23503', 'customer "99999999999" does not exist', 'what is no key of the type');
SELECT throws_ok($$SELECT segmentation.add_members('gold', NULL::bigint)$$, '22004', 'customer must not be null', 'nobody');
SELECT throws_ok($$SELECT segmentation.create_group('GOLD')$$, '42710', 'segment "Gold" already exists', 'a name that is taken');
SELECT throws_ok($$SELECT segmentation.create_group('x', kind => 'club')$$, '22023', 'kind "club" is unknown', 'another kind');
SELECT throws_ok($$SELECT segmentation.alter_segment('gold', 'city = ''Sofia''')$$, '42809', '"Gold" is a group, which has no rule', 'a group gets no rule');
SELECT throws_ok($$SELECT segmentation.create_segment('gold', 'city = ''Sofia''', replace => true)$$, '42809', '"Gold" is a group, which has no rule', 'nor by replacing it');
SELECT throws_ok($$SELECT segmentation.clear_overrides('gold', 1)$$, '42809', '"Gold" is a group, which has no rule to go by instead', 'nor anything to clear');
SELECT throws_ok($$SELECT segmentation.move_members(1, 'gold', 'three')$$, '42809', '"three" is a segment of a rule', 'nobody is moved into a rule');
SELECT throws_ok($$SELECT segmentation.unbind('by_hand')$$, '42704', 'binding "by_hand" does not exist', 'the table below is no binding of theirs');
SELECT throws_ok($$SELECT segmentation.bind_set('by_hand', 'tags', 'customer_id', 'tag')$$, '42939', NULL, 'and its name is taken');
SELECT is_empty($$SELECT FROM segmentation.bindings WHERE name = 'by_hand' UNION ALL SELECT FROM segmentation.sources WHERE name = 'by_hand'$$, 'nor shown as one');
SELECT throws_ok($$SELECT segmentation.count_matching('by_hand MATCHES (standing = 1)')$$, '42703', NULL, 'nor a source of rules');

-- Families.
SELECT throws_ok($$SELECT segmentation.add_members('silver', ARRAY[3, 5])$$, '23505', 'customer "3" is in "Gold" already, of family "Loyalty"', 'in one group of a family at most');
SELECT is(who('silver'), NULL, 'nobody of the others is put in');
SELECT throws_ok($$SELECT segmentation.move_members(ARRAY[3, 5], 'gold', 'silver')$$, '22023', 'not all of these customers are in "Gold"', 'moved is who is there');
SELECT is(segmentation.move_members(ARRAY[3, 4], 'gold', 'silver'), 2::bigint, 'moving is one step');
SELECT is(who('Gold') || ' ' || who('silver'), '1,2 3,4', 'out of the one, into the other');
SELECT is((SELECT count(*) FROM segmentation.membership_past AS p JOIN segmentation.membership AS m USING (customer_id) WHERE p.left_at = m.entered_at AND p.left_reason = 'by hand'), 2::bigint,
  'at the same instant');
SELECT is(segmentation.remove_members('silver', 4) + segmentation.add_members('gold', 4), 2::bigint, 'who was taken out may come to the other');

-- As criteria.
SELECT segmentation.create_segment(n, r) FROM (VALUES ('golden', 'segments CONTAINS ''gold'' AND NOT segments CONTAINS ''blocked'''),
  ('listed', 'customer_groups CONTAINS ANY (''GOLD'', ''Press'')'), ('both', 'customer_groups CONTAINS ALL (''gold'', ''press'')'),
  ('any', 'customer_groups IS NOT NULL'), ('tagged', 'customer_tags CONTAINS ''Blocked'''), ('unheard', 'customer_tags NOT CONTAINS ''nobody has it'''),
  ('was gold', 'memberships MATCHES (segment = ''gold'', left_at IS NOT NULL)')) AS s (n, r) \g /dev/null
SELECT is(concat_ws(' ', who('golden'), who('listed'), who('both'), who('any'), who('tagged')), '1,2,4 1,2,4,7 1,2,3,4,7', 'rules name groups');
SELECT segmentation.add_members('blocked', ARRAY[1, 20]), segmentation.add_members('press', 2) \g /dev/null
SELECT is(concat_ws(' ', who('golden'), who('listed'), who('both'), who('any'), who('tagged'), who('was gold')), '2,4 1,2,4,7 2 1,2,3,4,7 1,20 3,4', 'and follow at the commit');
SELECT is((SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = 'unheard'), 30::bigint, 'a tag that nobody has is no mistake');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
-- Beside the shop's own.
INSERT INTO tags SELECT i, 'gift' FROM generate_series(2, 30, 4) AS i;
SELECT segmentation.define_attribute('customer_tags', 'tags') \g /dev/null
SELECT segmentation.create_segment('gifted', 'customer_tags CONTAINS ''GIFT'''), segmentation.create_segment('all tagged', 'customer_tags CONTAINS ALL (''gift'', ''blocked'')'),
  segmentation.create_segment('no tag', 'customer_tags IS NULL') \g /dev/null
SELECT is(who('gifted'), '2,6,10,14,18,22,26,30', 'the shop''s tags');
SELECT segmentation.create_group('Gift', kind => 'tag') \g /dev/null
SELECT segmentation.add_members('gift', ARRAY[1, 20]), segmentation.add_members('blocked', 2) \g /dev/null
SELECT is(who('gifted'), '1,2,6,10,14,18,20,22,26,30', 'and a tag of the same name that is kept by hand');
SELECT is(who('all tagged'), '1,2,20', 'of both kinds, for one rule');
SELECT is((SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = 'no tag'), 20::bigint, 'who has none has none of either');
INSERT INTO tags VALUES (5, 'Blocked');
SELECT is(who('tagged'), '1,2,5,20', 'whichever changes');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT throws_ok($$SELECT segmentation.drop_segment('press')$$, '2BP01', 'cannot drop segment "press" because rules of others name it', 'a group that rules name is not dropped');
SELECT throws_ok($$SELECT segmentation.drop_segment('gift')$$, '2BP01', NULL, 'nor one that they name in a list of the shop''s');
SELECT segmentation.rename_segment('gold', 'platinum') \g /dev/null
SELECT is((SELECT rule::text FROM segmentation.segments WHERE name = 'listed'), 'customer_groups CONTAINS ANY (''platinum'', ''Press'')', 'rules follow a new name');
SELECT segmentation.rename_segment('blocked', 'barred') \g /dev/null
SELECT is((SELECT rule::text FROM segmentation.segments WHERE name = 'tagged'), 'customer_tags CONTAINS ''Blocked''', 'but not where the shop has a list of such names');
SELECT is(who('tagged') || ' ' || who('listed'), '5 1,2,4,7', 'and mean what they say');
SELECT segmentation.rename_segment('barred', 'blocked') \g /dev/null
SELECT is(who('tagged'), '1,2,5,20', 'also by a name that they say already');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

SELECT results_eq($$SELECT completion FROM segmentation.suggest('customer_groups CONTAINS ''p')$$, ARRAY['''platinum''', '''press'''], 'an editor completes names of groups');
SELECT is((SELECT string_agg(completion, ' ') FROM segmentation.suggest('customer_gr')), 'customer_groups', 'and the list''s own');
ANALYZE tags;
SELECT is((SELECT string_agg(completion, ' ' ORDER BY completion COLLATE "C") FROM segmentation.suggest('customer_tags CONTAINS ''g')), '''Gift'' ''gift''', 'tags of both kinds');

-- Into a rule's segment, and out of it, whatever the rule says.
SELECT segmentation.create_segment('rich', 'sum(orders.total) >= 70') \g /dev/null
SELECT is(segmentation.is_member('rich', 21), false, 'without orders') ;
SELECT segmentation.add_members('rich', 21, 'a friend of the house') \g /dev/null
SELECT is(segmentation.is_member('rich', 21), true, 'put in');
INSERT INTO orders VALUES (900, 21, 'paid', 500, now(), '');
DELETE FROM orders WHERE id = 900;
SELECT is(segmentation.is_member('rich', 21), true, 'whatever she orders');
SELECT segmentation.remove_members('rich', 20, 'abuse') \g /dev/null
INSERT INTO orders VALUES (901, 20, 'paid', 5000, now(), '');
SELECT is(segmentation.is_member('rich', 20), false, 'kept out, whatever she orders');
SELECT is(why('rich', 20), format('kept out by hand by %s (abuse) false', session_user), 'explain says so');
SELECT results_eq($$SELECT depth, holds FROM segmentation.explain('rich', 21)$$, $$VALUES (0, true), (1, false)$$, 'and below what the rule says');
SELECT is(history('rich', 21) || ', ' || history('rich', 20), 'by hand - (a friend of the house), rule - by hand (abuse)', 'history tells it');
SELECT segmentation.create_segment('rich too', 'segments CONTAINS ''rich''') \g /dev/null
SELECT is(who('rich too'), who('rich'), 'rules that name it see who is in');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT segmentation.alter_segment('rich', 'sum(orders.total) >= 1000') \g /dev/null
SELECT is(who('rich'), '21', 'another rule leaves that as it is');
SET client_min_messages = error;
SELECT segmentation.alter_segment('rich', 'sum(orders.total) >= 60', wait => false) \g /dev/null
SELECT segmentation.add_members('rich', 22) \g /dev/null
CALL segmentation.build_segment('rich');
SET client_min_messages = warning;
SELECT is(segmentation.is_member('rich', 21) AND segmentation.is_member('rich', 22) AND NOT segmentation.is_member('rich', 20), true, 'and so does one that is built meanwhile');
SELECT segmentation.add_members('rich', 20) \g /dev/null
SELECT is(segmentation.is_member('rich', 20), true, 'put in who was kept out');
SELECT is(segmentation.clear_overrides('rich', ARRAY[20, 21, 22, 23]), 3::bigint, 'nothing is said any more');
SELECT is(segmentation.is_member('rich', 20) AND NOT segmentation.is_member('rich', 21), true, 'the rule decides again');
SELECT is(history('rich', 21), 'by hand - rule', 'history knows that she had been put in');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- Freezing and copying.
SELECT segmentation.freeze_segment('rich', 'rich today') \g /dev/null
SELECT is(who('rich today'), who('rich'), 'today''s members as a group');
DELETE FROM orders WHERE customer_id = 20;
SELECT is(segmentation.is_member('rich today', 20) AND NOT segmentation.is_member('rich', 20), true, 'which stays as it is');
SELECT is(history('rich today', 20), 'by hand -', 'and is one by hand');
SELECT segmentation.copy_segment('platinum', 'platinum 2') \g /dev/null
SELECT is(who('platinum 2') || history('platinum 2', 1), who('platinum') || 'by hand - (a friend)', 'a copy of a group has its members and their notes');
SELECT is((SELECT family FROM segmentation.segments WHERE name = 'platinum 2'), NULL, 'and no family');
SELECT is((SELECT count(*) FROM segmentation.members_at('rich today', clock_timestamp())), segmentation.member_count('rich today'), 'members_at knows it');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT segmentation.drop_segment('rich today') \g /dev/null
SELECT is_empty($$SELECT FROM segmentation.by_hand AS h WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = h.segment_id)$$, 'a dropped group leaves nothing behind');

-- Time.
INSERT INTO orders SELECT 950 + i, 24 + i, 'paid', 10, now() - interval '1 hour' + interval '1.5 s', '' FROM generate_series(1, 3) AS i;
SET client_min_messages = error;
SELECT segmentation.create_segment('this hour', 'orders MATCHES (date > -1h, count >= 1)') \g /dev/null
SET client_min_messages = warning;
SELECT segmentation.add_members('this hour', 25, 'stays') \g /dev/null
SELECT pg_sleep(1.7) \g /dev/null
SELECT is(segmentation.is_member('this hour', 25) AND NOT segmentation.is_member('this hour', 26), true, 'who was put in stays when it has passed');
CALL segmentation.tick();
SELECT is(who('this hour'), '25', 'in the tables, too');
SELECT is(history('this hour', 26), 'rule - time', 'and who left, left by time');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- Rights.
CREATE ROLE pgtap_groups_edit;
CREATE ROLE pgtap_groups_read;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO pgtap_groups_edit, pgtap_groups_read;
SELECT segmentation.grant_access('pgtap_groups_edit', 'edit'), segmentation.grant_access('pgtap_groups_read', 'read') \g /dev/null
SET ROLE pgtap_groups_edit;
SELECT lives_ok($$SELECT segmentation.add_members('press', 13, 'by an editor'), segmentation.remove_members('spent', 13), segmentation.create_group('theirs')$$, 'who edits says who is in');
SELECT throws_ok($$INSERT INTO segmentation.by_hand SELECT 14, h.segment_id, 1, NULL, NULL, 'me', now(), now() FROM segmentation.by_hand AS h LIMIT 1$$, '42501', NULL, 'but writes no table');
SELECT throws_ok($$SELECT segmentation._write_as(10, 'SELECT 1')$$, '42501', NULL, 'nor has anybody else write');
RESET ROLE;
SET ROLE pgtap_groups_read;
SELECT throws_ok($$SELECT segmentation.add_members('press', 14)$$, '42501', NULL, 'who reads does not');
SELECT is(why('press', 13), format('put in by hand by %s (by an editor) true', session_user), 'but may know');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and verify');
RESET ROLE;
SELECT is(segmentation.is_member('press', 13), true, 'she is in');
SELECT segmentation.revoke_access('pgtap_groups_edit'), segmentation.revoke_access('pgtap_groups_read') \g /dev/null
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM pgtap_groups_edit, pgtap_groups_read;
DROP ROLE pgtap_groups_edit, pgtap_groups_read;

-- More groups than are counted in what is kept of each customer.
SELECT count(segmentation.create_group('many ' || i)) FROM generate_series(1, 70) AS i \g /dev/null
SELECT count(segmentation.add_members('many ' || i, ARRAY[i % 30 + 1, i % 7 + 1])) FROM generate_series(1, 70) AS i \g /dev/null
INSERT INTO orders SELECT 960 + i, i, 'paid', 20, now(), '' FROM generate_series(1, 5) AS i;
SELECT segmentation.remove_members('many 3', 4) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name LIKE 'many %'), (SELECT count(*) FROM segmentation.by_hand AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name LIKE 'many %' AND h.standing = 1), 'each of many is right');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT count(segmentation.drop_segment('many ' || i)) FROM generate_series(1, 70) AS i \g /dev/null
UPDATE orders SET total = 21 WHERE id > 960;
SELECT is_empty('SELECT * FROM oracle()', 'and when they are gone');

-- Customers come and go.
UPDATE customers SET id = 101 WHERE id = 4;
SELECT is((SELECT count(*) FROM segmentation.by_hand WHERE customer_id IN (4, 101)), 0::bigint, 'another key is another customer');
DELETE FROM customers WHERE id = 1;
SELECT is((SELECT count(*) FROM segmentation.by_hand WHERE customer_id = 1), 0::bigint, 'who is deleted takes what was said of her along');
SELECT is((SELECT count(*) FROM segmentation.membership_history AS h WHERE h.customer_id IS NULL AND h.entered_reason = 'by hand' AND h.left_reason = 'customer deleted') > 0, true,
  'history keeps that somebody was in');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
-- Who does not count by the binding's condition may come back.
SELECT segmentation.bind_customers('customers', timezone => 'UTC', condition => 'city IS NULL OR city != ''gone''', replace => true) \g /dev/null
UPDATE customers SET city = 'gone' WHERE id = 2;
SELECT is(segmentation.is_member('platinum', 2), false, 'who does not count is in no group');
UPDATE customers SET city = NULL WHERE id = 2;
SELECT is(segmentation.is_member('platinum', 2), true, 'and is again when she does');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
-- One person.
SELECT segmentation.add_members('press', ARRAY[10, 11]), segmentation.add_members('silver', 10), segmentation.add_members('platinum', 11), segmentation.add_members('gift', 10),
  segmentation.remove_members('rich', 10, 'no'), segmentation.add_members('rich', 11), segmentation.add_members('open', 10), segmentation.remove_members('gift', 11) \g /dev/null
SELECT throws_ok('SELECT segmentation.merge_customers(10, 10)', '22023', NULL, 'nobody becomes herself');
SELECT segmentation.merge_customers(10, 11) \g /dev/null
SELECT is((SELECT string_agg(s.name || ' ' || h.standing, ', ' ORDER BY lower(s.name)) FROM segmentation.by_hand AS h JOIN segmentation.segment AS s ON s.id = h.segment_id
  WHERE h.customer_id = 11 AND h.standing <> 0), 'Gift 1, open 1, platinum 1, press 1, rich -1', 'she is in the groups of both, in one of a family, and kept out by either');
SELECT is_empty('SELECT FROM segmentation.by_hand WHERE customer_id = 10', 'nothing is left of the other');
SELECT is(history('silver', 11), 'by hand - by hand', 'history tells who had put her into the group that the family bars');
SELECT set_eq($$SELECT s.name FROM segmentation.membership_history AS h JOIN segmentation.segments AS s ON s.id = h.segment_id WHERE h.customer_id = 11 AND h.left_at IS NULL AND s.kind <> 'rule'$$,
  $$VALUES ('press'), ('platinum'), ('Gift')$$, 'as what she is in says');
SELECT is_empty($$SELECT s.name, h.* FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE h.customer_id = 10 AND s.kind <> 'rule'$$, 'and what the other was in by hand is hers');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- The table's owner may make another of it.
SELECT segmentation.add_members('press', 15, 'by mistake') \g /dev/null
ALTER TABLE segmentation.by_hand DROP CONSTRAINT by_hand_pkey;
SELECT is(segmentation.remove_members('press', 15, 'was one'), 1::bigint, 'who leaves where there is no key');
SELECT is(segmentation.is_member('press', 15), false, 'is out');
SELECT is(history('press', 15), 'by hand - by hand (was one)', 'and history tells it');
ALTER TABLE segmentation.by_hand ADD PRIMARY KEY (segment_id, customer_id);
DELETE FROM customers WHERE id = 15;
SELECT is_empty('SELECT * FROM oracle()', 'nor is another key in the way');
ALTER TABLE segmentation.by_hand DROP CONSTRAINT by_hand_pkey, ADD PRIMARY KEY (customer_id, segment_id);

SELECT isnt_empty('SELECT * FROM segmentation.attributes', 'who looks at attributes finds them beside groups, which have no rule');

-- By other ways than the commit of one.
SET segmentation.commit_limit = 5;
SET client_min_messages = error;
SELECT is(segmentation.add_members('press', ARRAY(SELECT id FROM customers ORDER BY id LIMIT 20)) > 5, true, 'more than a commit may judge');
SELECT is((SELECT count(*) > 0 FROM segmentation.dirty), true, 'are queued');
CALL segmentation.tick();
SELECT is(segmentation.member_count('press') >= 20, true, 'and in after a tick');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
RESET segmentation.commit_limit;
SET segmentation.maintain = statement;
SELECT segmentation.remove_members('press', ARRAY[2, 3]) \g /dev/null
DELETE FROM customers WHERE id = 3;
SELECT is_empty('SELECT * FROM oracle()', 'after each statement');
SET segmentation.maintain = background;
SELECT segmentation.add_members('press', 2), segmentation.remove_members('open', ARRAY(SELECT id FROM customers)) \g /dev/null
DELETE FROM customers WHERE id = 7;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'by the queue');
SELECT is((SELECT count(*) FROM segmentation.by_hand WHERE customer_id IN (3, 7)), 0::bigint, 'who is deleted there takes it along, too');
RESET segmentation.maintain;
BEGIN;
SELECT segmentation.add_members('silver', 12) \g /dev/null
SAVEPOINT s;
SELECT segmentation.move_members(12, 'silver', 'platinum') \g /dev/null
ROLLBACK TO s;
COMMIT;
SELECT is(segmentation.is_member('silver', 12) AND NOT segmentation.is_member('platinum', 12), true, 'what is taken back was never said');
BEGIN;
SELECT segmentation.remove_members('silver', 12), segmentation.add_members('silver', 12, 'after all') \g /dev/null
COMMIT;
SELECT is(history('silver', 12), 'by hand - (after all)', 'who never was out is in by hand as before');
SET segmentation.maintain = background;
SELECT segmentation.merge_customers(12, 13) \g /dev/null
CALL segmentation.tick();
SELECT is(history('silver', 13), 'by hand - (after all)', 'also where what was said of her moves by the queue');
SELECT segmentation.add_members('platinum', 14) \g /dev/null
CALL segmentation.tick();
SELECT segmentation.merge_customers(13, 14) \g /dev/null
CALL segmentation.tick();
SELECT segmentation.add_members('press', 16, 'first') \g /dev/null
SELECT segmentation.add_members('press', 17) \g /dev/null
SELECT segmentation.remove_members('press', ARRAY[16, 17]) \g /dev/null
CALL segmentation.tick();
RESET segmentation.maintain;
SELECT segmentation.add_members('press', 16, 'first of both') \g /dev/null
SELECT segmentation.add_members('press', 17) \g /dev/null
SELECT segmentation.merge_customers(16, 17) \g /dev/null
SELECT matches(history('press', 17), 'by hand - \(first of both\)$', 'of two who were in, whoever was first says why');
SET segmentation.maintain = background;
SELECT is(history('silver', 14), 'by hand - by hand (after all)', 'and where a family bars it');
RESET segmentation.maintain;
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'refresh_all finds nothing else');
TRUNCATE customers CASCADE;
SELECT is((SELECT count(*) FROM segmentation.by_hand), 0::bigint, 'TRUNCATE leaves nobody of whom anything could be said');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- Keys of other types, and the end.
DO $$ BEGIN WHILE EXISTS (SELECT FROM segmentation.segment) LOOP PERFORM segmentation.drop_segment((SELECT s.name FROM segmentation.segment AS s LIMIT 1), true); END LOOP; END $$;
SELECT segmentation.drop_attribute('customer_tags'), segmentation.unbind('tags'), segmentation.unbind('product'), segmentation.unbind('lines'), segmentation.unbind('orders') \g /dev/null
SELECT segmentation.unbind('customers') \g /dev/null
SELECT is_empty('SELECT FROM segmentation.binding', 'customers are unbound with what was made for them');
SELECT hasnt_table('segmentation', 'by_hand', 'the table with it');
CREATE TABLE people (id uuid PRIMARY KEY, name text);
INSERT INTO people SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'p' || i FROM generate_series(1, 5) AS i;
SELECT segmentation.bind_customers('people', timezone => 'UTC') \g /dev/null
SELECT segmentation.create_group('g') \g /dev/null
SELECT segmentation.add_members('g', '00000000-0000-0000-0000-000000000001'::uuid), segmentation.add_members('g', '{00000000-0000-0000-0000-000000000002}'::uuid[]),
  segmentation.add_members('g', upper('00000000-0000-0000-0000-000000000003')), segmentation.remove_members('g', '00000000000000000000000000000002') \g /dev/null
SELECT results_eq($$SELECT name FROM segments.g ORDER BY 1$$, ARRAY['p1', 'p3'], 'keys of type uuid');
SELECT throws_ok($$SELECT segmentation.add_members('g', 5)$$, '23503', 'customer "5" does not exist', 'what is no uuid');
SELECT segmentation.drop_segment('g'), segmentation.unbind('customers') \g /dev/null
CREATE TABLE "odd people" ("the key" text PRIMARY KEY, name text);
INSERT INTO "odd people" VALUES ('a''b', 'x'), ('{c,"d"}', 'y'), ('', 'z');
SELECT segmentation.bind_customers('"odd people"', timezone => 'UTC') \g /dev/null
SELECT segmentation.create_group('g') \g /dev/null
SELECT segmentation.add_members('g', ARRAY['a''b', '{c,"d"}']), segmentation.add_members('g', '', 'it''s "empty"') \g /dev/null
SELECT results_eq($$SELECT name FROM segments.g ORDER BY 1$$, ARRAY['x', 'y', 'z'], 'keys of type text, whatever is in them');
SELECT is((SELECT note FROM segmentation.membership_history WHERE customer_id = ''), 'it''s "empty"', 'notes, too');
SELECT * FROM finish();
