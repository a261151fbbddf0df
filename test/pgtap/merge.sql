-- merge_customers: what a customer was a member of becomes another's, and both are judged by their rows as they are.
SET client_min_messages = warning;
SELECT no_plan();
CREATE TABLE customers (id integer PRIMARY KEY, city text, deleted_at timestamptz);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer, total numeric(12,2) NOT NULL DEFAULT 10, placed timestamptz DEFAULT now());
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'Sofia' FROM generate_series(1, 20) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC', condition => 'deleted_at IS NULL') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed') \g /dev/null
SELECT segmentation.create_segment('buyers', 'orders MATCHES (count >= 1)'), segmentation.create_segment('three', 'orders MATCHES (count >= 3)'),
  segmentation.create_segment('guests', 'orders NOT MATCHES ()'), segmentation.create_segment('old buyers', 'memberships MATCHES (segment = ''buyers'', entered_at <= -10d)'),
  segmentation.create_segment('vip', 'city = ''Varna''') \g /dev/null

-- Members, counts and history as they must be: no row is right.
CREATE FUNCTION wrong() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', v.segment, v.customer, v.stored) FROM segmentation.verify() AS v
  UNION ALL
  SELECT concat_ws(' ', 'count', s.name, s.members) FROM segmentation.segments AS s
  WHERE s.members <> (SELECT count(*) FROM segmentation.membership AS m WHERE m.segment_id = s.id)
  UNION ALL
  SELECT concat_ws(' ', 'overlap', a.segment_id, a.customer_id, a.entered_at) FROM segmentation.membership_past AS a
  WHERE EXISTS (SELECT FROM segmentation.membership_history AS b WHERE b.segment_id = a.segment_id AND b.customer_id = a.customer_id
    AND b.entered_at < a.left_at AND COALESCE(b.left_at, 'infinity') > a.entered_at AND (b.entered_at, b.left_at) IS DISTINCT FROM (a.entered_at, a.left_at))
$$;
-- What a customer's history in a segment is, in days before now and rounded.
CREATE FUNCTION history(segment text, customer integer) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s..%s', round(extract(epoch FROM now() - h.entered_at) / 86400), round(extract(epoch FROM now() - h.left_at) / 86400)), ' '
    ORDER BY h.entered_at, h.left_at)
  FROM segmentation.membership_history AS h WHERE h.customer_id = $2 AND h.segment_id = (SELECT s.id FROM segmentation.segments AS s WHERE s.name = $1)
$$;
-- Sets down that a customer was in a segment from so many days ago until so many.
CREATE FUNCTION was(segment text, customer integer, entered integer, "left" integer, why text DEFAULT 'rule') RETURNS void LANGUAGE sql AS $$
  INSERT INTO segmentation.membership_past SELECT s.id, $2, now() - make_interval(days => $3), now() - make_interval(days => $4),
    now() - make_interval(days => $3), now() - make_interval(days => $4), $5, 'rule' FROM segmentation.segments AS s WHERE s.name = $1
$$;

-- Orders moved in the same transaction, not committed: members go on without a gap, since the earlier of the two.
INSERT INTO orders (customer_id) VALUES (1), (1), (2);
UPDATE segmentation.membership SET entered_at = now() - interval '30 days' WHERE customer_id = 1;
UPDATE segmentation.membership SET entered_at = now() - interval '20 days' WHERE customer_id = 2;
SELECT segmentation.refresh(ARRAY[1, 2]) \g /dev/null
BEGIN;
UPDATE orders SET customer_id = 2 WHERE customer_id = 1;
SELECT cmp_ok(segmentation.merge_customers(1, 2), '>=', 1::bigint, 'says how many memberships were moved');
SELECT is(history('buyers', 2), '30..', 'one who stays is a member since the earlier of both');
SELECT is(history('three', 2), '0..', 'and comes where only both together belong');
SELECT is(history('buyers', 1), NULL, 'nothing is left with the other');
SELECT is((SELECT array_agg(s) FROM segmentation.segments_of(1) AS s), ARRAY['guests'], 'who is where her rows say');
SELECT is_empty('SELECT * FROM wrong()', 'all is right in the transaction');
SELECT is((SELECT array_agg(m ORDER BY m) FROM segmentation.members_at('buyers', now() - interval '25 days') AS m), ARRAY[2], 'who stays was in when either was');
SELECT ok(segmentation.is_member('old buyers', 2), 'a rule over memberships knows');
ROLLBACK;
SELECT is(history('buyers', 1) || ' ' || history('buyers', 2), '30.. 20..', 'rolled back, it never was');
SELECT is_empty('SELECT * FROM wrong()', 'and all is right');

BEGIN;
UPDATE orders SET customer_id = 2 WHERE customer_id = 1;
SELECT segmentation.merge_customers(1, 2) \g /dev/null
DELETE FROM customers WHERE id = 1;
COMMIT;
SELECT is(history('buyers', 2), '30..', 'committed with the deletion');
SELECT is_empty('SELECT * FROM wrong()', 'all is right then');
SELECT is((SELECT count(*) FROM segmentation.membership_past WHERE customer_id IS NULL AND left_at - entered_at > interval '1 minute'), 0::bigint,
  'and no history is lost');

-- Ended memberships: what overlaps or touches becomes one, what does not stays as it is, of both.
SELECT was('three', 3, 90, 80), was('three', 3, 70, 60, 'time'), was('three', 3, 50, 40), was('three', 3, 12, 11),
  was('three', 4, 75, 65), was('three', 4, 60, 55), was('three', 4, 30, 20), was('three', 4, 20, 15), was('vip', 4, 9, 8) \g /dev/null
SELECT is(segmentation.merge_customers(3, 4), 5::bigint, 'four ended ones and the open one of customer 3');
SELECT is(history('three', 4), '90..80 75..55 50..40 30..20 20..15 12..11', 'overlapping and touching spans are joined, and only where they are of both');
SELECT is(history('vip', 4), '9..8', 'nor are other segments touched');
SELECT is(history('three', 3), NULL, 'the other has none');
SELECT results_eq($$SELECT entered_reason, left_reason FROM segmentation.membership_past WHERE customer_id = 4 AND entered_at = (SELECT min(entered_at)
  FROM segmentation.membership_past WHERE customer_id = 4 AND entered_at > now() - interval '80 days')$$, $$VALUES ('rule', 'rule')$$,
  'who came first says why she came');
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Moved earlier, in transactions of their own, and three in a row.
INSERT INTO orders (customer_id) VALUES (5), (6), (7);
UPDATE segmentation.membership SET entered_at = now() - make_interval(days => 10 * (customer_id::integer - 3)) WHERE customer_id IN (5, 6, 7);
UPDATE orders SET customer_id = 8 WHERE customer_id IN (5, 6, 7);
SELECT is(history('buyers', 8), '0..', 'moved orders bring the customer in now');
SELECT segmentation.merge_customers('5', '6'), segmentation.merge_customers(6, 7), segmentation.merge_customers(7, 8) \g /dev/null
SELECT is(history('buyers', 8), '40..', 'three in a row: since the earliest of all');
SELECT is(history('guests', 8), '0..0', 'she has left what she was in before');
SELECT is((SELECT array_agg(s) FROM segmentation.segments_of(ARRAY[5, 6, 7]) AS c, segmentation.segments_of(c.customer) AS s), ARRAY['guests', 'guests', 'guests'],
  'the others are where their rows say');
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Rows moved after the merge: what came of that in between is put right by merging again.
INSERT INTO orders (customer_id) VALUES (9);
UPDATE segmentation.membership SET entered_at = now() - interval '30 days' WHERE customer_id = 9;
SELECT segmentation.merge_customers(9, 10) \g /dev/null
SELECT is(history('buyers', 9), '0..', 'who has rows stays a member, from the merge on');
SELECT is(history('buyers', 10), '30..0', 'what was before is the other''s');
SELECT is((SELECT left_reason FROM segmentation.membership_past WHERE customer_id = 10 AND entered_at < now() - interval '1 day'), 'customer merged', 'which ended by the merge');
SELECT is_empty('SELECT * FROM wrong()', 'all is right');
UPDATE orders SET customer_id = 10 WHERE customer_id = 9;
SELECT segmentation.merge_customers(9, 10) \g /dev/null
SELECT is(history('buyers', 9), NULL, 'after the rows moved, merging again leaves nothing');
SELECT is(history('buyers', 10), '30..', 'of the other, and no gap');
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Who comes in by time keeps when that was seen.
INSERT INTO segmentation.membership (segment_id, customer_id, entered_at, recorded_at)
  SELECT s.id, 11, now() - interval '3 days', now() - interval '2 days' FROM segmentation.segments AS s WHERE s.name = 'vip';
UPDATE customers SET city = 'Varna' WHERE id IN (11, 12);
SELECT segmentation.refresh(ARRAY[11, 12]) \g /dev/null
SELECT segmentation.merge_customers(11, 12) \g /dev/null
SELECT is((SELECT entered_reason FROM segmentation.membership_history AS h JOIN segmentation.segments AS s ON s.id = h.segment_id
  WHERE h.customer_id = 12 AND s.name = 'vip'), 'time', 'and why she came');
DELETE FROM segmentation.count_delta; -- rows were put in by hand above
INSERT INTO segmentation.count_delta (segment_ids, deltas) SELECT array_agg(m.segment_id), array_agg(m.n)
  FROM (SELECT segment_id, count(*) AS n FROM segmentation.membership GROUP BY 1) AS m;
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Who does not count as a customer any more, and who is gone.
UPDATE customers SET deleted_at = now() WHERE id = 13;
UPDATE segmentation.membership_past SET entered_at = now() - interval '50 days' WHERE customer_id = 13;
SELECT is(segmentation.merge_customers(13, 14), 1::bigint, 'who is only marked as deleted has her history');
SELECT is(history('guests', 14), '50..', 'which is moved');
DELETE FROM customers WHERE id = 20;
SELECT throws_ok('SELECT segmentation.merge_customers(20, 14)', '23503', 'customer "20" does not exist', 'deleted before: there is nothing left to move');
BEGIN;
DELETE FROM customers WHERE id = 15;
SELECT throws_ok('SELECT segmentation.merge_customers(15, 14)', '23503', 'customer "15" does not exist', 'deleted before in the same transaction as well');
ROLLBACK;
SET segmentation.maintain = background;
DELETE FROM customers WHERE id = 15;
SELECT is(segmentation.merge_customers(15, 14), 1::bigint, 'a deletion that is only queued has taken nothing yet');
RESET segmentation.maintain;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- What is refused.
SELECT throws_ok('SELECT segmentation.merge_customers(16, 16)', '22023', 'customer "16" cannot be merged into the same customer', 'into herself');
SELECT throws_ok('SELECT segmentation.merge_customers(16, 99)', '23503', 'customer "99" does not exist', 'into nobody');
SELECT throws_ok('SELECT segmentation.merge_customers(99, 16)', '23503', 'customer "99" does not exist', 'of nobody');
SELECT throws_ok($$SELECT segmentation.merge_customers('16'::text, 'x')$$, '23503', 'customer "x" does not exist', 'no key');
SELECT throws_ok('SELECT segmentation.merge_customers(16, 5000000000)', '23503', 'customer "5000000000" does not exist', 'no number of the key''s type');
SELECT throws_ok('SELECT segmentation.merge_customers(16, NULL)', '22004', 'customer must not be null', 'NULL');
SELECT is(history('guests', 16), '0..', 'and nothing has changed');

-- Rights: level edit, and none on the shop's tables or ours.
DROP ROLE IF EXISTS merge_reader, merge_editor;
CREATE ROLE merge_reader; CREATE ROLE merge_editor;
SELECT segmentation.grant_access('merge_reader', 'read'), segmentation.grant_access('merge_editor', 'edit') \g /dev/null
SET ROLE merge_reader;
SELECT throws_ok('SELECT segmentation.merge_customers(16, 17)', '42501', NULL, 'level read may not');
SET ROLE merge_editor;
SELECT lives_ok('SELECT segmentation.merge_customers(16, 17)', 'level edit may');
RESET ROLE;
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Somebody's own triggers on the members see what happens to them.
CREATE TABLE seen (what text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.seen VALUES (concat_ws(' ', TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN OLD.customer_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.customer_id END));
  RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION see();
UPDATE customers SET city = 'Varna' WHERE id = 18;
TRUNCATE seen;
BEGIN;
UPDATE customers SET city = CASE id WHEN 19 THEN 'Varna' END WHERE id IN (18, 19);
SELECT segmentation.merge_customers(18, 19) \g /dev/null
COMMIT;
SELECT ok(count(*) FILTER (WHERE what = 'DELETE 18') >= 1 AND count(*) FILTER (WHERE what ~ '19') >= 1, 'triggers see it') FROM seen;
SELECT is_empty('SELECT * FROM wrong()', 'all is right');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep BEFORE DELETE ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION keep();
BEGIN;
UPDATE customers SET city = 'Varna' WHERE id IN (18, 19);
SELECT segmentation.merge_customers(18, 19) \g /dev/null
COMMIT;
SELECT is_empty('SELECT * FROM wrong()', 'counts tell what triggers left of it');
DROP TRIGGER keep ON segmentation.membership;
SELECT segmentation.refresh(ARRAY[18, 19]) \g /dev/null
DROP OWNED BY merge_reader, merge_editor;
DROP ROLE merge_reader, merge_editor;

-- A segment whose next rule is being built: its members are moved, and judged by both rules.
DROP TRIGGER see ON segmentation.membership;
SELECT segmentation.alter_segment('guests', 'orders NOT MATCHES (total > 5)', wait => false) \g /dev/null
INSERT INTO orders (customer_id) VALUES (16);
SELECT segmentation.merge_customers(17, 16) \g /dev/null
CALL segmentation.tick();
SELECT is((SELECT count(*) FROM segmentation.alteration), 0::bigint, 'a next rule is in force');
SELECT is_empty('SELECT * FROM wrong()', 'all is right');

-- Keys that are text and uuid.
SELECT segmentation.drop_segment('old buyers') \g /dev/null
SELECT segmentation.drop_segment(s.name) FROM segmentation.segments AS s \g /dev/null
CREATE TABLE people (code text PRIMARY KEY, city text);
CREATE TABLE sales (id integer PRIMARY KEY, code text);
CREATE INDEX ON sales (code);
SELECT segmentation.unbind('orders'), segmentation.bind_customers('people', timezone => 'UTC', replace => true) \g /dev/null
SELECT segmentation.bind_source('sales', 'sales', 'code') \g /dev/null
SELECT segmentation.create_segment('buyers', 'sales MATCHES ()') \g /dev/null
INSERT INTO people VALUES ('a''"b', 'x'), ('B', 'y');
INSERT INTO sales VALUES (1, 'a''"b');
UPDATE segmentation.membership SET entered_at = now() - interval '5 days';
BEGIN;
UPDATE sales SET code = 'B';
SELECT is(segmentation.merge_customers('a''"b', 'B'), 1::bigint, 'text keys');
COMMIT;
SELECT results_eq('SELECT customer_id, (now() - entered_at) > interval ''4 days'' FROM segmentation.membership', $$VALUES ('B', true)$$, 'are merged');
SELECT throws_ok($$SELECT segmentation.merge_customers('B', 'b')$$, '23503', 'customer "b" does not exist', 'letter by letter');
SELECT is_empty('SELECT segment FROM segmentation.verify()', 'all is right');
SELECT segmentation.drop_segment('buyers'), segmentation.unbind('sales') \g /dev/null
ALTER TABLE sales ADD person uuid;
CREATE TABLE persons (id uuid PRIMARY KEY);
CREATE INDEX ON sales (person);
SELECT segmentation.bind_customers('persons', timezone => 'UTC', replace => true) \g /dev/null
SELECT segmentation.bind_source('sales', 'sales', 'person') \g /dev/null
SELECT segmentation.create_segment('buyers', 'sales MATCHES ()') \g /dev/null
INSERT INTO persons VALUES ('a0000000-0000-0000-0000-000000000001'), ('00000000-0000-0000-0000-00000000000b');
UPDATE sales SET person = 'a0000000-0000-0000-0000-000000000001';
UPDATE segmentation.membership SET entered_at = now() - interval '5 days';
BEGIN;
UPDATE sales SET person = '00000000-0000-0000-0000-00000000000b';
SELECT is(segmentation.merge_customers('A0000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b'::uuid), 1::bigint, 'uuids');
COMMIT;
SELECT results_eq('SELECT customer_id, (now() - entered_at) > interval ''4 days'' FROM segmentation.membership',
  $$VALUES ('00000000-0000-0000-0000-00000000000b'::uuid, true)$$, 'are merged');
SELECT is_empty('SELECT segment FROM segmentation.verify()', 'all is right');
SELECT finish();
