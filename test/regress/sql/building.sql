-- Segments made and altered with wait => false: what is seen meanwhile, who does the work, what becomes of other definitions.
CREATE EXTENSION segmentation;
SET client_min_messages = warning;
SET timezone = 'UTC';
\set VERBOSITY terse
CREATE TABLE customers (id integer PRIMARY KEY, city text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, total numeric(10,2), placed timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT g, CASE WHEN g % 3 = 0 THEN 'Sofia' ELSE 'Varna' END FROM generate_series(1, 50) AS g;
INSERT INTO orders SELECT g, 1 + g % 50, g, '2026-01-01' FROM generate_series(1, 120) AS g;
ANALYZE customers, orders;
DO $$BEGIN
  PERFORM segmentation.bind_customers('customers');
  PERFORM segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed');
  PERFORM segmentation.create_segment('big', 'sum(orders.total) > 200');
  PERFORM segmentation.create_segment('small', 'segments NOT CONTAINS ''big''');
END$$;
CREATE VIEW standing AS
SELECT s.name, s.status, s.members, s.version, s.rule, b.kind, b.judged, b.started_at IS NOT NULL AS started
FROM segmentation.segments AS s LEFT JOIN segmentation.builds AS b ON b.segment = s.name;

-- A new one: nobody waits, and its members come batch by batch; orders meanwhile count.
SET segmentation.build_batch = 20;
SET client_min_messages = notice;
\set VERBOSITY default
SELECT segmentation.create_segment('sofia', 'city = ''Sofia''', 'those of Sofia', wait => false) > 0 AS made;
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT * FROM standing ORDER BY name;
SELECT segment, count(*), bool_and(pending) AS pending FROM segmentation.verify() GROUP BY segment;
UPDATE customers SET city = 'Sofia' WHERE id = 1;
SELECT id FROM segments.sofia;
SELECT segmentation.is_member('sofia', 1) AS one, segmentation.is_member('sofia', 3) AS three;
CALL segmentation.build_segment('SOFIA');
SELECT * FROM standing ORDER BY name;
SELECT count(*) AS differences FROM segmentation.verify();
SELECT count(*) AS walks FROM segmentation.walk;

-- Altered: rule and members stay until the new ones are complete; commits keep both right.
DO $$BEGIN PERFORM segmentation.alter_segment('big', 'sum(orders.total) > 100 AND city = ''Varna''', wait => false); END$$;
SELECT * FROM standing ORDER BY name;
SELECT count(*) AS differences FROM segmentation.verify();
INSERT INTO orders VALUES (500, 2, 1000, '2026-02-01'), (501, 3, 1000, '2026-02-01');
SELECT segmentation.is_member('big', 2) AS two, segmentation.is_member('big', 3) AS three;
SELECT count(*) AS differences FROM segmentation.verify();
SELECT segment FROM segmentation.memberships WHERE customer_id = 2 ORDER BY segment;
CREATE TABLE since AS SELECT customer_id, entered_at FROM segmentation.membership WHERE segment_id = (SELECT id FROM segmentation.segments WHERE name = 'big');
CALL segmentation.tick();
SELECT * FROM standing ORDER BY name;
SELECT count(*) AS differences FROM segmentation.verify();
-- Who was in stays since when she was; who came and went did so because the rule was changed.
SELECT count(*) > 0 AS stayed, bool_and(m.entered_at = s.entered_at) AS since_then
FROM since AS s JOIN segmentation.membership AS m USING (customer_id)
WHERE m.segment_id = (SELECT id FROM segmentation.segments WHERE name = 'big') AND customer_id <> 2;
SELECT s.name, h.entered_reason, h.left_reason, count(*), count(DISTINCT COALESCE(h.left_at, h.entered_at)) AS instants
FROM segmentation.membership_history AS h JOIN segmentation.segments AS s ON s.id = h.segment_id
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*) AS of_nobody FROM segmentation.membership_history AS h
WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = h.segment_id);
SELECT s.name FROM segmentation.segments AS s, LATERAL (SELECT count(*) AS n FROM segmentation.membership AS m WHERE m.segment_id = s.id) AS m
WHERE m.n <> s.members;

-- Mistakes are told at once, also those that only all rules together have.
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
  EXECUTE statement;
  RETURN 'accepted: ' || statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || SQLERRM || COALESCE(E'\n  ' || NULLIF(hint, ''), '');
END $$;
\pset format unaligned
\pset tuples_only on
SELECT refused($$SELECT segmentation.create_segment('x', 'nothing = 1', wait => false)$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'segments CONTAINS ''x''', wait => false)$$);
SELECT refused($$SELECT segmentation.alter_segment('big', 'segments CONTAINS ''small''', wait => false)$$);
SELECT refused($$SELECT segmentation.alter_segment('big', 'city = 1', wait => false)$$);
SELECT refused($$SELECT segmentation.alter_segment('bigger', 'id > 1', wait => false)$$);
SELECT refused($$CALL segmentation.build_segment('nobody')$$);
CALL segmentation.build_segment('nobody');
CALL segmentation.build_segment(NULL);
BEGIN; CALL segmentation.build_segment('big'); ROLLBACK;
\pset format aligned
\pset tuples_only off
SET client_min_messages = notice;
CALL segmentation.build_segment('big');
SET client_min_messages = warning;
SELECT * FROM standing ORDER BY name;

-- One walk for all that is asked before it begins; a second change of mind; a draft that cannot take over.
DO $$BEGIN
  PERFORM segmentation.create_segment('a', 'id > 10', wait => false);
  PERFORM segmentation.create_segment('b', 'id > 20', wait => false);
  PERFORM segmentation.alter_segment('sofia', 'city = ''Sofia'' AND id > 5', wait => false);
  PERFORM segmentation.alter_segment('sofia', 'city = ''Sofia'' AND id > 6', wait => false);
  PERFORM segmentation.alter_segment('b', 'id > 30', wait => false);
  PERFORM segmentation.alter_segment('small', 'segments CONTAINS ''a''', wait => false);
  PERFORM segmentation.alter_segment('a', 'NOT (segments CONTAINS ''b'')', wait => false);
  PERFORM segmentation.rename_segment('b', 'bb');
END$$;
SELECT count(*) AS walks FROM segmentation.walk;
SELECT rule FROM segmentation.alteration ORDER BY draft_id;
SELECT segmentation.alter_segment('bb', 'segments CONTAINS ''small'' OR id > 30');
SELECT * FROM standing ORDER BY name;
CALL segmentation.tick();
SELECT segment, kind, error FROM segmentation.builds;
SELECT name, status, members, rule FROM segmentation.segments ORDER BY name;
SELECT count(*) AS differences FROM segmentation.verify();
CALL segmentation.build_segment('small');
DO $$BEGIN PERFORM segmentation.alter_segment('small', 'id < 5', wait => false); END$$;
CALL segmentation.build_segment('small');
SELECT * FROM segmentation.builds;

-- Dropped while they are built; members at last without a walk.
DO $$BEGIN
  PERFORM segmentation.create_segment('c', 'id > 10', wait => false);
  PERFORM segmentation.alter_segment('sofia', 'id < 3', wait => false);
  PERFORM segmentation.create_segment('d', 'id > 40', wait => false);
END$$;
UPDATE customers SET city = 'Plovdiv' WHERE id IN (1, 2, 41);
DO $$BEGIN
  PERFORM segmentation.drop_segment('c');
  PERFORM segmentation.drop_segment('sofia');
  PERFORM segmentation.alter_segment('d', 'id > 45');
END$$;
SELECT * FROM standing ORDER BY name;
SELECT count(*) AS differences FROM segmentation.verify();
CALL segmentation.tick();
SELECT count(*) AS walks FROM segmentation.walk;
SELECT count(*) AS of_nobody FROM segmentation.membership_history AS h
WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = h.segment_id);

-- Everyone is judged again by a walk, too, also those who are no longer there.
ALTER TABLE customers DISABLE TRIGGER segmentation_delete;
ALTER TABLE customers DISABLE TRIGGER segmentation_update;
DELETE FROM customers WHERE id = 50 AND NOT EXISTS (SELECT FROM orders WHERE customer_id = 50);
DELETE FROM orders WHERE customer_id = 50;
DELETE FROM customers WHERE id = 50;
UPDATE customers SET city = 'Sofia';
ALTER TABLE customers ENABLE TRIGGER segmentation_delete;
ALTER TABLE customers ENABLE TRIGGER segmentation_update;
-- Enabled again, they have everyone queued.
SELECT count(*) > 0 AS differ, bool_and(pending) AS pending FROM segmentation.verify();
CALL segmentation.tick();
SELECT count(*) AS differences FROM segmentation.verify();
SELECT count(*) AS walks FROM segmentation.walk;
