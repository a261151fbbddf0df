-- A statement that changes more rows than may be noted works all the same: what there is no room for goes to the queue, each customer once
-- a bundle of rows, and after a tick the members are right; rolled back, it leaves nothing.
\ir shops/kept.sql
SELECT no_plan();
SET client_min_messages = warning;
SET segmentation.capture_memory = '64kB';
CREATE VIEW queued AS SELECT count(*) AS entries FROM segmentation.dirty;
CREATE VIEW differ AS SELECT count(*) FILTER (WHERE NOT pending) AS silent, count(*) FILTER (WHERE pending) > 0 AS pending FROM segmentation.verify();

-- Inserted, and some customers have rows in both parts: those noted and those queued.
BEGIN;
INSERT INTO orders SELECT 10000 + g, 1 + g % 30, 'paid', 100, now(), repeat('x', 50) FROM generate_series(1, 20000) AS g;
SELECT ok((SELECT entries FROM queued) BETWEEN 60 AND 700, 'rows without room are queued at once, not one by one: ' || (SELECT entries FROM queued));
COMMIT;
SELECT is((SELECT silent FROM differ), 0::bigint, 'what is not right yet is known to be pending');
SELECT is_empty($$SELECT customer FROM segmentation.verify() WHERE NOT pending$$, 'and nobody else');
INSERT INTO orders VALUES (9001, 5, 'paid', 1, now(), '');
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'members are right after a tick');
INSERT INTO orders VALUES (9002, 5, 'paid', 1, now(), ''), (9003, 6, 'paid', 1, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'and after the next orders, whose measures nobody has kept wrongly');

-- Updated: an old and a new row each; moved to other customers.
UPDATE orders SET total = total + 1, customer_id = 1 + (customer_id + 7) % 30 WHERE id > 10000;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'an update of all these');

-- Rolled back as a whole, and to a savepoint.
BEGIN;
DELETE FROM orders WHERE id > 10000;
ROLLBACK;
SELECT is((SELECT entries FROM queued), 0::bigint, 'rolled back, nothing is queued');
BEGIN;
SAVEPOINT a;
DELETE FROM orders WHERE id > 10000;
ROLLBACK TO a;
INSERT INTO orders VALUES (9004, 7, 'paid', 1, now(), '');
COMMIT;
SELECT is((SELECT entries FROM queued), 0::bigint, 'nor back to a savepoint');
SELECT is_empty('SELECT * FROM oracle()', 'and the rest of that transaction counts');

-- In the other modes, and with a limit of customers.
SET segmentation.maintain = statement;
DELETE FROM orders WHERE id BETWEEN 20000 AND 25000;
SET segmentation.maintain = background;
DELETE FROM orders WHERE id BETWEEN 15000 AND 19999;
RESET segmentation.maintain;
SET segmentation.commit_limit = 10;
DELETE FROM orders WHERE id > 10000;
RESET segmentation.commit_limit;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'statement and background mode, and commit_limit');

-- By way of rows above: lines of orders that were there before, and a lookup's rows.
INSERT INTO orders SELECT 40000 + g, 1 + g % 30, 'open', 5, now(), '' FROM generate_series(1, 60) AS g;
INSERT INTO lines SELECT 50000 + g, 40000 + 1 + g % 60, 1 + g % 3, 1 FROM generate_series(1, 20000) AS g;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'rows that lead to their customers by way of others');
SELECT * FROM finish();
