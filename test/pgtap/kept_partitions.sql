-- Partitions: whatever a statement names, the parent or a partition, and wherever a row goes, members follow.
\ir shops/kept.sql
SELECT no_plan();
CREATE TABLE visits (id integer, customer_id integer, kind text, at date NOT NULL) PARTITION BY RANGE (at);
-- Another order of columns than the parent's.
CREATE TABLE visits_old (at date NOT NULL, gone text, kind text, customer_id integer, id integer);
ALTER TABLE visits_old DROP COLUMN gone;
ALTER TABLE visits ATTACH PARTITION visits_old FOR VALUES FROM ('2000-01-01') TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2100-01-01') PARTITION BY LIST (kind);
CREATE TABLE visits_new_web PARTITION OF visits_new FOR VALUES IN ('web');
CREATE TABLE visits_new_rest PARTITION OF visits_new DEFAULT;
CREATE INDEX ON visits (customer_id);
SELECT lives_ok($$SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'at')$$, 'a partitioned table is bound');
SELECT segmentation.create_segment(n, r) FROM (VALUES ('visited', 'visits MATCHES (count >= 2)'), ('web', 'visits MATCHES (kind = ''web'')'),
  ('long ago', 'max(visits.at) < 2020-01-01'), ('last shop', 'last(visits.kind) = ''shop''')) AS s (n, r) \g /dev/null

INSERT INTO visits VALUES (1, 1, 'web', '2010-01-01'), (2, 1, 'web', '2025-01-01'), (3, 2, 'shop', '2010-01-01'), (4, 3, 'shop', '2025-01-01');
SELECT is_empty('SELECT * FROM oracle()', 'INSERT into the parent');
INSERT INTO visits_old VALUES ('2010-02-02', 'web', 4, 5), ('2010-02-03', 'web', 2, 6);
SELECT is_empty('SELECT * FROM oracle()', 'INSERT into a partition with other columns'' places');
INSERT INTO visits_new VALUES (7, 5, 'web', '2025-02-02'), (8, 5, 'shop', '2025-02-03');
INSERT INTO visits_new_web VALUES (9, 6, 'web', '2025-02-02');
SELECT is_empty('SELECT * FROM oracle()', 'INSERT into a partition that has partitions, and into one of those');
COPY visits FROM stdin;
10	7	web	2011-01-01
11	7	shop	2025-01-01
\.
SELECT is_empty('SELECT * FROM oracle()', 'COPY to the parent');
COPY visits_old (id, customer_id, kind, at) FROM stdin;
12	8	web	2011-01-01
13	8	shop	2012-01-01
\.
SELECT is_empty('SELECT * FROM oracle()', 'COPY to a partition');
UPDATE visits SET kind = 'shop' WHERE id = 9;
SELECT is_empty('SELECT * FROM oracle()', 'UPDATE moves a row to the partition beside');
UPDATE visits SET at = '2010-05-05', customer_id = 9 WHERE id IN (7, 9);
SELECT is_empty('SELECT * FROM oracle()', 'UPDATE moves rows to another partition and another customer');
UPDATE visits_new SET kind = CASE kind WHEN 'web' THEN 'shop' ELSE 'web' END;
SELECT is_empty('SELECT * FROM oracle()', 'UPDATE of a partition moves rows among its own');
UPDATE visits_old SET customer_id = 10 WHERE id = 1;
SELECT is_empty('SELECT * FROM oracle()', 'UPDATE of a partition');
DELETE FROM visits_old WHERE id = 5;
DELETE FROM visits WHERE id = 3;
SELECT is_empty('SELECT * FROM oracle()', 'DELETE from a partition and from the parent');

-- A trigger that swallows a row on its way: it is gone from the one and has not come to the other.
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.customer_id = 11 THEN RETURN NULL; END IF; new.customer_id := new.customer_id + 1; RETURN new; END';
CREATE TRIGGER swallow BEFORE INSERT ON visits_old FOR EACH ROW EXECUTE FUNCTION swallow();
INSERT INTO visits VALUES (20, 11, 'web', '2010-01-01'), (21, 12, 'web', '2010-01-01'), (22, 11, 'web', '2025-01-01'), (23, 11, 'shop', '2025-01-01');
SELECT is_empty('SELECT * FROM oracle()', 'INSERT with a trigger that swallows and changes');
UPDATE visits SET at = '2010-01-01' WHERE id IN (22, 4);
SELECT is((SELECT count(*) FROM visits WHERE id = 22), 0::bigint, 'the row was swallowed');
SELECT is_empty('SELECT * FROM oracle()', 'UPDATE that moves a row whose INSERT is swallowed');
DROP TRIGGER swallow ON visits_old;

MERGE INTO visits AS v USING (VALUES (2, 1, 'shop', '2010-09-09'::date), (30, 14, 'web', '2010-09-09'), (31, 14, 'web', '2026-09-09'), (8, 5, 'x', '2024-09-09')) AS s (id, customer_id, kind, at) ON v.id = s.id
  WHEN MATCHED AND s.kind = 'x' THEN DELETE WHEN MATCHED THEN UPDATE SET at = s.at, kind = s.kind
  WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.customer_id, s.kind, s.at);
SELECT is_empty('SELECT * FROM oracle()', 'MERGE into a partitioned table, with a row that moves');
TRUNCATE visits_new_web;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'TRUNCATE of a partition');
TRUNCATE visits;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'TRUNCATE of the parent');

-- Statements that name the whole fire the triggers of the whole only.
SELECT throws_ok($$SELECT segmentation.bind_source('old visits', 'visits_old', 'customer_id', date => 'at')$$, '0A000',
  'table public.visits_old is a part of public.visits', 'a partition cannot be bound by itself');

-- A partition made or attached later.
CREATE TABLE visits_2100 PARTITION OF visits FOR VALUES FROM ('2100-01-01') TO ('2200-01-01');
INSERT INTO visits VALUES (51, 18, 'web', '2100-01-01');
SELECT is_empty('SELECT * FROM oracle()', 'INSERT into the parent reaches a partition that was made later');
INSERT INTO visits_2100 VALUES (50, 20, 'web', '2100-01-01');
SELECT is_empty('SELECT * FROM oracle()', 'INSERT into a partition that was made later');
SELECT segmentation.refresh_all() \g /dev/null
CREATE TABLE visits_2200 (LIKE visits);
INSERT INTO visits_2200 VALUES (60, 19, 'web', '2200-01-01'), (61, 19, 'web', '2200-01-01');
ALTER TABLE visits ATTACH PARTITION visits_2200 FOR VALUES FROM ('2200-01-01') TO ('2300-01-01');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'rows of a partition that is attached');
SELECT segmentation.refresh_all() \g /dev/null
ALTER TABLE visits DETACH PARTITION visits_2200;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'rows of a partition that is detached');
SELECT hasnt_trigger('visits_2200', 'segmentation_insert', 'a detached partition has no triggers');
INSERT INTO visits VALUES (70, 1, 'web', '2110-01-01'), (71, 1, 'web', '2110-01-01'), (72, 2, 'web', '2025-01-01');
DROP TABLE visits_2100;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'rows of a partition that is dropped');

-- Rows that ALTER TABLE changes.
ALTER TABLE visits ALTER customer_id TYPE integer USING customer_id + 1;
SELECT is((SELECT count(*) FROM segmentation.dirty), 1::bigint, 'everyone is queued once, however many partitions are rewritten');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'rows that ALTER COLUMN TYPE computes anew');
ALTER TABLE visits ADD note text;
DROP TABLE visits_2200;
SELECT is_empty('SELECT FROM segmentation.dirty', 'a new column and a table that is not bound queue nobody');

-- A parallel restore alters partitions side by side.
BEGIN;
ALTER TABLE ONLY visits_new_rest ADD CHECK (at > '2000-01-01');
SELECT is((SELECT string_agg(DISTINCT l.relation::regclass::text, ',') FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
  WHERE l.pid = pg_backend_pid() AND c.relkind IN ('r', 'p') AND c.relname LIKE 'visits%'),
  'visits_new_rest', 'altering one locks none of the others');
COMMIT;
SELECT finish();
