-- changes(): who enters and leaves, in order, from any cursor on; what becomes of it when segments are made, altered, renamed and dropped, customers
-- deleted and merged, and when it is old or another database's.
\ir shops/kept.sql
SELECT no_plan();
SET client_min_messages = error;
SELECT segmentation.create_group('press') \g /dev/null

-- A consumer's copy: everything that was told from a cursor on, replayed.
CREATE TABLE consumer (cursor bigint NOT NULL);
INSERT INTO consumer VALUES (0);
CREATE TABLE copied (segment text, customer bigint, PRIMARY KEY (segment, customer));
CREATE FUNCTION follow(most integer DEFAULT 1000) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  told record;
  read bigint := 0;
  found_now bigint;
BEGIN
  LOOP
    found_now := 0;
    FOR told IN SELECT * FROM segmentation.changes((SELECT c.cursor FROM consumer AS c), most) LOOP
      found_now := found_now + 1;
      IF told.change = 'entered' THEN INSERT INTO copied VALUES (told.segment, told.customer); -- fails where she is there
      ELSE
        DELETE FROM copied AS c WHERE c.segment = told.segment AND c.customer = told.customer;
        IF NOT FOUND THEN RAISE 'customer % left "%" twice', told.customer, told.segment; END IF;
      END IF;
      UPDATE consumer AS c SET cursor = told.cursor WHERE c.cursor < told.cursor;
      IF NOT FOUND THEN RAISE 'cursor % comes too late', told.cursor; END IF;
    END LOOP;
    read := read + found_now;
    EXIT WHEN found_now = 0;
  END LOOP;
  RETURN read;
END $$;
-- Where the copy differs from what is stored: no row is right.
CREATE VIEW wrong AS SELECT * FROM (SELECT s.name, m.customer_id::bigint FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id) AS m
  FULL JOIN copied AS c ON (c.segment, c.customer) = (m.name, m.customer_id) WHERE c.segment IS NULL OR m.name IS NULL;
-- What was told last, in short.
CREATE FUNCTION told(after bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', c.customer, c.change, c.segment, c.reason) FROM segmentation.changes(after) AS c ORDER BY c.segment, c.customer, c.cursor $$;
CREATE FUNCTION at() RETURNS bigint LANGUAGE sql AS 'SELECT segmentation.changes_position()';

SELECT is_empty('SELECT * FROM segmentation.changes(0)', 'nothing is told before it has its place');
CALL segmentation.tick();
SELECT cmp_ok(follow(), '>', 10::bigint, 'members of new segments enter');
SELECT is_empty('SELECT * FROM wrong', 'all of them');
SELECT is(at(), cursor, 'the position is that of the last change') FROM consumer;

-- What the shop does.
INSERT INTO orders VALUES (910, 7, 'paid', 70, now(), ''), (911, 7, 'paid', 70, now(), ''), (912, 8, 'paid', 700, now(), '');
BEGIN; DELETE FROM orders WHERE id = 912; SAVEPOINT s; DELETE FROM orders WHERE id = 910; SELECT segmentation.flush() \g /dev/null
ROLLBACK TO s; COMMIT;
BEGIN; INSERT INTO orders SELECT i, 9, 'paid', 1000, now(), '' FROM generate_series(920, 930) AS i; SELECT segmentation.flush() \g /dev/null
DELETE FROM orders WHERE id BETWEEN 920 AND 930; SELECT segmentation.flush() \g /dev/null
COMMIT;
BEGIN; UPDATE customers SET city = 'Sofia'; SELECT segmentation.flush() \g /dev/null
ROLLBACK;
SELECT is(follow(), 0::bigint, 'a consumer sees only what has its place');
CALL segmentation.tick();
SELECT cmp_ok(follow(), '>', 0::bigint, 'a tick gives it');
SELECT is_empty('SELECT * FROM wrong', 'what was rolled back was never told');
SELECT set_config('t.before', at()::text, false) \g /dev/null
UPDATE orders SET note = 'x';
CALL segmentation.tick();
SELECT is(at()::text, current_setting('t.before'), 'who moves nobody writes nothing');
SELECT is((SELECT count(*) FROM segmentation.change_pending), 0::bigint, 'nothing at all');

-- Who, why, and since when: as the history has it.
SELECT set_config('t.before', at()::text, false) \g /dev/null
SELECT segmentation.add_members('press', ARRAY[3, 4], 'met') \g /dev/null
SELECT segmentation.remove_members('press', 4) \g /dev/null
DELETE FROM customers WHERE id = 5;
CALL segmentation.tick();
SELECT results_eq($$SELECT * FROM told(current_setting('t.before')::bigint) AS t WHERE t ~ 'press'$$,
  $$VALUES ('3 entered press by hand'), ('4 entered press by hand'), ('4 left press by hand')$$, 'people''s words are told as theirs');
SELECT ok(bool_and(t ~ '5 left .* customer deleted') AND count(*) > 0, 'who is deleted leaves, with her key') FROM told(current_setting('t.before')::bigint) AS t WHERE t !~ 'press';
SELECT is_empty($$SELECT c.* FROM segmentation.changes(current_setting('t.before')::bigint) AS c JOIN segmentation.segment AS s ON s.name = c.segment
  WHERE c.change = 'entered' AND NOT EXISTS (SELECT FROM segmentation.membership_history AS h
    WHERE h.segment_id = s.id AND h.customer_id = c.customer AND h.entered_at = c.effective_at AND h.entered_reason = c.reason)$$, 'as history says');
SELECT set_config('t.before', at()::text, false) \g /dev/null
SELECT segmentation.merge_customers(3, 6) \g /dev/null
CALL segmentation.tick();
SELECT ok('3 left press by hand' = ANY (array_agg(t)) AND '6 entered press by hand' = ANY (array_agg(t))
  AND '3 left three customer merged' = ANY (array_agg(t)) AND '6 entered three customer merged' = ANY (array_agg(t)), 'who is merged leaves, and the other comes')
FROM told(current_setting('t.before')::bigint) AS t;
SELECT cmp_ok(follow(), '>', 0::bigint, 'all that');
SELECT is_empty('SELECT * FROM wrong', 'comes to what is stored');

-- What definitions do.
SELECT set_config('t.before', at()::text, false) \g /dev/null
SELECT segmentation.create_segment('Sofia', 'city = ''Sofia'''), segmentation.alter_segment('Sofia', 'city = ''Sofia'' OR city = ''Varna''') \g /dev/null
CALL segmentation.tick();
SELECT follow() \g /dev/null
SELECT is_empty('SELECT * FROM wrong', 'creating and altering is told');
SELECT segmentation.create_segment('walked', 'orders NOT MATCHES ()', wait => false), segmentation.alter_segment('Sofia', 'city = ''Varna''', wait => false) \g /dev/null
UPDATE customers SET city = 'Varna' WHERE id IN (11, 12, 13);
CALL segmentation.tick();
SELECT follow() \g /dev/null
SELECT is_empty('SELECT * FROM wrong', 'so are batches, and a draft that takes over');
SELECT segmentation.rename_segment('Sofia', 'Varna') \g /dev/null
UPDATE copied SET segment = 'Varna' WHERE segment = 'Sofia';
SELECT is_empty($$SELECT FROM segmentation.changes(current_setting('t.before')::bigint) AS c WHERE c.segment = 'Sofia'$$, 'a segment has the name that it has when it is read');
SET segmentation.commit_limit = 2;
SELECT set_config('t.before', at()::text, false) \g /dev/null
SELECT segmentation.drop_segment('walked') \g /dev/null
SELECT segmentation.create_segment('walked', 'city = ''Varna''') \g /dev/null
CALL segmentation.tick();
RESET segmentation.commit_limit;
SELECT ok(count(*) > 2, 'everybody leaves a dropped segment') FROM told(current_setting('t.before')::bigint) AS t WHERE t ~ 'left walked segment dropped';
SELECT follow() \g /dev/null
SELECT is_empty('SELECT * FROM wrong', 'before another of its name has members');
SELECT segmentation.drop_segment('walked') \g /dev/null
CALL segmentation.tick();
SELECT cmp_ok((SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint, segments => '{WALKED}')), '>', 2::bigint,
  'what is dropped can still be asked for, whatever the case');
SELECT segmentation.refresh_all() \g /dev/null
CALL segmentation.tick();
SELECT follow() \g /dev/null
SELECT is_empty('SELECT * FROM wrong', 'refreshing everyone tells what it wrote');

-- In pieces: a transaction whole, every cursor one to go on from.
SELECT set_config('t.before', at()::text, false) \g /dev/null
UPDATE customers SET city = 'Rousse' WHERE id BETWEEN 11 AND 12;
UPDATE customers SET city = 'Varna' WHERE id BETWEEN 14 AND 18;
CALL segmentation.tick();
SELECT is((SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint, 1, '{Varna}')), 2::bigint, 'max is exceeded to the end of a transaction');
SELECT is((SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint, 2, '{Varna}')), 2::bigint, 'but not by more');
SELECT is((SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint, 3, '{Varna}')), 7::bigint, 'nor the next one''s torn');
SELECT is_empty($$SELECT c.cursor FROM segmentation.changes(current_setting('t.before')::bigint) AS c,
  LATERAL (SELECT count(*) AS n FROM segmentation.changes(c.cursor)) AS rest, LATERAL (SELECT count(*) AS n FROM segmentation.changes(current_setting('t.before')::bigint) AS d WHERE d.cursor > c.cursor) AS due
  WHERE rest.n <> due.n$$, 'from each row''s cursor the rest follows');
SELECT is_empty($$SELECT * FROM segmentation.changes(current_setting('t.before')::bigint, segments => '{press}')$$, 'other segments'' changes are left out');
SELECT cmp_ok(follow(1), '>', 6::bigint, 'one by one');
SELECT is_empty('SELECT * FROM wrong', 'it comes to the same');
SELECT results_eq($$SELECT pg_typeof(c.customer)::text FROM segmentation.changes(0, 1) AS c LIMIT 1$$, $$SELECT pg_typeof(m)::text FROM segmentation.members('press') AS m LIMIT 1$$, 'customers are of the key''s own type');

-- Not in somebody's transaction, whose own changes are not committed.
BEGIN;
UPDATE customers SET city = 'Rousse' WHERE id = 14;
CALL segmentation.tick();
SELECT is_empty($$SELECT FROM segmentation.changes((SELECT cursor FROM consumer))$$, 'a transaction''s own changes wait for its commit');
COMMIT;
CALL segmentation.tick();
SELECT is(follow(), (SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint) AS c WHERE c.customer = 14 AND c.change = 'left'), 'and come then');

-- What cannot be read.
SELECT throws_ok('SELECT * FROM segmentation.changes(NULL)', '22004', 'cursor must not be null');
SELECT throws_ok('SELECT * FROM segmentation.changes(0, 0)', '22023', 'max must be at least 1');
SELECT throws_ok($$SELECT * FROM segmentation.changes(0, segments => '{pres}')$$, '42704', 'segment "pres" does not exist');
SELECT throws_ok('SELECT * FROM segmentation.changes(5)', '22023', 'cursor 5 is not one of this database', 'a cursor of nobody''s');
SELECT throws_ok(format('SELECT * FROM segmentation.changes(%s)', at() + 1), '22023', format('cursor %s is not one of this database', at() + 1), 'nor one of what is to come');
UPDATE segmentation.change_log SET last = last - 8 * 86400000000, first = first - 8 * 86400000000, ends_at = ends_at - 8 * 86400000000 WHERE last <= current_setting('t.before')::bigint;
\! psql -Xqc 'CALL segmentation.tick()'
SELECT throws_ok('SELECT * FROM segmentation.changes(0)', '55000', 'changes after cursor 0 are not kept any more', 'after seven days they are gone');
SELECT is(follow(), 0::bigint, 'who has kept up goes on');
INSERT INTO segmentation.change_log SELECT f.position + i, f.position + i, f.position + i, 1, true, now(), 'rule', '{1}' FROM segmentation.change_floor AS f, generate_series(1, 20001) AS i;
\! psql -Xqc 'CALL segmentation.tick()' -c 'CALL segmentation.tick()' -c 'CALL segmentation.tick()'
SELECT is((SELECT count(*) FROM segmentation.change_log WHERE last < current_setting('t.before')::bigint - 7 * 86400000000), 0::bigint, 'however many they are');
SELECT throws_ok($$SELECT segmentation.keep_changes('-1 day')$$, '22023');
INSERT INTO segmentation.change_log SELECT at() + 86400000000, at() + 1, at() + 86400000000, 1, true, now(), 'rule', '{1}';
SELECT set_config('t.ahead', at()::text, false) \g /dev/null
SELECT segmentation.keep_changes('0') \g /dev/null
SELECT throws_ok('SELECT * FROM segmentation.changes(0)', '55000', 'changes are not kept');
SELECT throws_ok('SELECT segmentation.changes_position()', '55000', 'changes are not kept');
UPDATE customers SET city = 'Varna' WHERE id = 14;
SELECT is((SELECT count(*) FROM segmentation.change_pending), 0::bigint, 'then none are written');
SELECT segmentation.keep_changes('1 day') \g /dev/null
SELECT throws_ok('SELECT follow()', '55000', format('changes after cursor %s are not kept any more', cursor), 'nobody goes on as if nothing had been') FROM consumer;
SELECT throws_ok(format('SELECT * FROM segmentation.changes(%s)', current_setting('t.ahead')), '55000', NULL, 'nor by positions that ran ahead of the clock');
UPDATE consumer SET cursor = at();
DELETE FROM copied;
INSERT INTO copied SELECT s.name, m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id;
UPDATE customers SET city = 'Rousse' WHERE id = 14;
CALL segmentation.tick();
SELECT cmp_ok(follow(), '>', 0::bigint, 'starting over');
SELECT is_empty('SELECT * FROM wrong', 'makes it right');
INSERT INTO segmentation.dropped_segment (id, name) SELECT s.id, s.name FROM segmentation.segment AS s; -- deleted, and come back by a restore of data
SELECT set_config('t.before', at()::text, false) \g /dev/null
UPDATE customers SET city = 'Varna' WHERE id = 14;
CALL segmentation.tick();
SELECT is((SELECT count(*) FROM segmentation.changes(current_setting('t.before')::bigint) AS c WHERE c.segment = 'Varna'), 1::bigint, 'a segment that came back is told once');
UPDATE customers SET city = 'Rousse' WHERE id = 14;

-- Who may.
CREATE ROLE changes_reader;
SELECT segmentation.grant_access('changes_reader', 'read') \g /dev/null
SET ROLE changes_reader;
SELECT lives_ok('SELECT * FROM segmentation.changes(segmentation.changes_position())', 'level read follows');
SELECT throws_ok('SELECT * FROM segmentation.change_log', '42501', NULL, 'by the functions alone');
SELECT throws_ok('SELECT segmentation.keep_changes(''1 day'')', '42501', NULL, 'and does not say how long they are kept');
RESET ROLE;
DROP OWNED BY changes_reader;
DROP ROLE changes_reader;
-- Statements write members where somebody has made more of their tables: he and consumers learn the same.
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER see AFTER INSERT OR DELETE ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION see();
UPDATE customers SET city = 'Varna' WHERE id BETWEEN 14 AND 17;
SELECT segmentation.add_members('press', 9) \g /dev/null
SELECT segmentation.create_segment('again', 'city = ''Varna''') \g /dev/null
CALL segmentation.tick();
SELECT follow() \g /dev/null
SELECT is_empty('SELECT * FROM wrong', 'with triggers on the members'' table, too');
SELECT ok('9 entered press by hand' = ANY (array_agg(t)), 'for the same reasons') FROM told((SELECT position FROM segmentation.change_floor)) AS t;
SELECT * FROM finish();
