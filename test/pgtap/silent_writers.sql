-- Writers who get around the triggers: as a replica they do not; while a trigger is disabled or gone they do. Status tells of it, and
-- members are right again when the queue is worked off or by refresh_all().
\ir shops/kept.sql
SELECT no_plan();
CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', 'disabled ' || s.relations_with_disabled_triggers::text, 'without ' || s.relations_without_triggers::text,
    'silent ' || s.relations_silent_as_replica::text,
    regexp_replace(s.interruptions::text, '\d{4}-\d\d-\d\d [\d:.]+[+-]\d\d', 'T', 'g')) FROM segmentation.status AS s
$$;
CREATE FUNCTION triggers_of(relation regclass) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(t.tgenabled::text, '' ORDER BY t.tgname) FROM pg_trigger AS t
  WHERE t.tgrelid = relation AND t.tgname IN ('segmentation_insert', 'segmentation_update', 'segmentation_delete', 'segmentation_truncate')
$$;
PREPARE buy AS INSERT INTO orders VALUES ($1, $2, 'paid', 50, now(), '');
CREATE PROCEDURE buy_for(id integer, customer integer) LANGUAGE plpgsql AS $$BEGIN INSERT INTO orders VALUES (id, customer, 'paid', 50, now(), ''); END$$;
EXECUTE buy (1000, 21);
CALL buy_for(1001, 22);
SELECT is_empty('SELECT * FROM oracle()', 'right to begin with');
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'and nothing to tell');

-- As a replica: captured as any other, also by plans that were made before.
SET session_replication_role = replica;
EXECUTE buy (1002, 21);
CALL buy_for(1003, 22);
INSERT INTO orders SELECT i, 1 + i % 25, 'paid', i % 100, now(), '' FROM generate_series(1100, 1200) AS i;
UPDATE orders SET total = total + 45 WHERE id % 7 = 0;
DELETE FROM tags WHERE customer_id % 8 = 2;
UPDATE products SET category = 'hat' WHERE id = 1;
SELECT is_empty('SELECT * FROM oracle()', 'writes as a replica');
TRUNCATE tags;
SELECT is_empty('SELECT * FROM oracle()', 'TRUNCATE as a replica');
SELECT segmentation.create_segment('replica', 'orders MATCHES (count > 4)') \g /dev/null
SELECT matches((SELECT string_agg(n.column_name, ' ') FROM segmentation.needed AS n WHERE n.name = 'replica'), 'customer_id', 'and definitions');
RESET session_replication_role;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'and nothing is left');

-- Disabled, one statement or all, and enabled again.
ALTER TABLE orders DISABLE TRIGGER segmentation_update;
SELECT is(told(), 'disabled {public.orders} | without {} | silent {} | {"public.orders since T: a trigger was disabled, and changes are missed; members may be wrong until it is over and segmentation.refresh_all() has run"}',
  'one is disabled: status tells');
UPDATE orders SET total = 100 WHERE customer_id = 5;
EXECUTE buy (1004, 23);
SELECT isnt_empty('SELECT * FROM oracle()', 'members are wrong');
SELECT lives_ok('SELECT segmentation.refresh(5)', 'one customer can be refreshed meanwhile');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'refresh_all mends everyone');
SELECT matches(told(), 'since T: a trigger was disabled, and changes are missed', 'but it goes on');
UPDATE orders SET total = 1 WHERE customer_id IN (5, 6);
ALTER TABLE orders ENABLE TRIGGER segmentation_update;
SELECT is(triggers_of('orders'), 'AAAA', 'enabled again it fires for replicas, too');
SELECT is(told(), 'disabled {} | without {} | silent {} | {"public.orders since T until T: a trigger was disabled, and changes were missed; members may be wrong until the queue is worked off or segmentation.refresh_all() has run"}',
  'status tells that it was');
SELECT isnt_empty('SELECT * FROM segmentation.verify()', 'verify finds what was missed');
SELECT is((SELECT bool_and(v.pending) FROM segmentation.verify() AS v), true, 'which is pending');
EXECUTE buy (1005, 6);
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'a tick mends it');
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'and status forgets it');
EXECUTE buy (1006, 6);
UPDATE orders SET total = total + 1 WHERE customer_id IN (5, 6);
SELECT is_empty('SELECT * FROM oracle()', 'measures that were kept before are not trusted after');

ALTER TABLE orders DISABLE TRIGGER ALL;
ALTER TABLE lines DISABLE TRIGGER USER;
EXECUTE buy (1007, 23);
CALL buy_for(1008, 24);
DELETE FROM lines WHERE id % 3 = 0;
SELECT is((SELECT cardinality(interruptions) FROM segmentation.status), 2, 'all of two tables');
ALTER TABLE lines ENABLE TRIGGER USER;
ALTER TABLE orders ENABLE TRIGGER ALL;
SELECT is(triggers_of('orders') || triggers_of('lines'), 'AAAAAAAA', 'they are as they were');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'refresh_all mends, and status forgets');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
EXECUTE buy (1009, 23);
CALL buy_for(1010, 24);
SELECT is_empty('SELECT * FROM oracle()', 'and stay so');

-- Enabled for replicas only is disabled for all others; what is rolled back has not been.
ALTER TABLE tags ENABLE REPLICA TRIGGER segmentation_insert;
INSERT INTO tags VALUES (9, 'vip'), (10, 'vip');
SELECT matches(told(), 'disabled {public.tags}', 'for replicas only');
ALTER TABLE tags ENABLE TRIGGER segmentation_insert;
BEGIN;
ALTER TABLE products DISABLE TRIGGER USER;
ROLLBACK;
SELECT is((SELECT cardinality(interruptions) FROM segmentation.status), 1, 'rolled back');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');

-- A trigger is dropped: back by refresh_all, or by the next ALTER TABLE.
DROP TRIGGER segmentation_insert ON orders;
SELECT is(told(), 'disabled {} | without {public.orders} | silent {} | {"public.orders since T: a trigger was dropped, and changes are missed; members may be wrong until it is over and segmentation.refresh_all() has run"}',
  'one is dropped');
EXECUTE buy (1011, 25);
CALL buy_for(1012, 26);
SELECT isnt_empty('SELECT * FROM oracle()', 'members are wrong');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is(triggers_of('orders'), 'AAAA', 'refresh_all gives it back');
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'and mends');
SELECT is_empty('SELECT * FROM oracle()', 'members are right, and nothing is queued twice');
DROP TRIGGER segmentation_truncate ON tags;
TRUNCATE tags;
ALTER TABLE tags ADD COLUMN note text;
SELECT is(triggers_of('tags'), 'AAAA', 'so does ALTER TABLE');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
EXECUTE buy (1013, 25);
SELECT is_empty('SELECT * FROM oracle()', 'and stay so');

-- Where nobody could see it: the state is told, and refresh_all mends.
ALTER EVENT TRIGGER segmentation_triggers DISABLE;
ALTER EVENT TRIGGER segmentation_dropped_triggers DISABLE;
ALTER TABLE orders DISABLE TRIGGER segmentation_insert, ENABLE TRIGGER segmentation_delete;
DROP TRIGGER segmentation_update ON lines;
ALTER EVENT TRIGGER segmentation_triggers ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_dropped_triggers ENABLE ALWAYS;
SELECT is(told(), 'disabled {public.orders} | without {public.lines} | silent {public.orders} | {}', 'unseen, only the state tells');
EXECUTE buy (1014, 27);
UPDATE lines SET quantity = quantity + 3;
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'refresh_all mends');
SELECT is(told(), 'disabled {public.orders} | without {} | silent {} | {"public.orders since T: a trigger was disabled, and changes are missed; members may be wrong until it is over and segmentation.refresh_all() has run"}',
  'what is missing is given back; what somebody disabled stays disabled, and counts from then on');
ALTER TABLE orders ENABLE ALWAYS TRIGGER segmentation_insert;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');

-- Partitions have triggers of their own. Unbound, nothing is told of a table any more.
CREATE TABLE visits (id integer, customer_id integer, at timestamptz) PARTITION BY RANGE (id);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (100);
CREATE INDEX ON visits (customer_id);
SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'at') \g /dev/null
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (100) TO (200);
SELECT segmentation.create_segment('seen', 'visits MATCHES (count >= 2)') \g /dev/null
SELECT is(triggers_of('visits') || triggers_of('visits_1') || triggers_of('visits_2'), 'AAAAAAAAAAAA', 'all of them, always');
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'a new partition is no interruption');
ALTER TABLE visits_2 DISABLE TRIGGER USER;
INSERT INTO visits_2 SELECT i, i % 10, now() FROM generate_series(100, 150) AS i;
SELECT matches(told(), 'public.visits_2 since T: a trigger was disabled', 'one partition''s');
ALTER TABLE visits_2 ENABLE TRIGGER USER;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
ALTER TABLE visits_1 DISABLE TRIGGER USER;
SELECT segmentation.drop_segment('seen') \g /dev/null
SELECT segmentation.unbind('visits') \g /dev/null
SELECT is(told(), 'disabled {} | without {} | silent {} | {}', 'unbound');

-- Row-level security switched on later hides rows from the customers' owner, as whom segments are kept.
CREATE ROLE pgtap_silent_owner;
GRANT ALL ON SCHEMA public TO pgtap_silent_owner;
ALTER TABLE customers OWNER TO pgtap_silent_owner;
ALTER TABLE tags OWNER TO pgtap_silent_owner;
SELECT is((SELECT relations_hiding_rows FROM segmentation.status), '{}', 'no security, nothing hidden');
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
SELECT is((SELECT relations_hiding_rows FROM segmentation.status), '{}', 'an owner sees his own');
ALTER TABLE tags FORCE ROW LEVEL SECURITY;
SELECT is((SELECT relations_hiding_rows FROM segmentation.status), '{public.tags}', 'unless it is forced upon him');
ALTER TABLE tags NO FORCE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
SELECT is((SELECT relations_hiding_rows FROM segmentation.status), '{public.orders}', 'or the table is another''s');
ALTER ROLE pgtap_silent_owner BYPASSRLS;
SELECT is((SELECT relations_hiding_rows FROM segmentation.status), '{}', 'or he may see all');
ALTER TABLE customers OWNER TO CURRENT_USER;
ALTER TABLE tags OWNER TO CURRENT_USER;
DROP OWNED BY pgtap_silent_owner;
DROP ROLE pgtap_silent_owner;
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
SELECT finish();
