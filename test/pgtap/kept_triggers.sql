-- Changes that come by triggers, constraints, functions and odd ends of transactions.
\ir shops/kept.sql
SELECT no_plan();

-- Deferred constraints.
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO orders VALUES (2000, 900, 'paid', 95, now(), '');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23503', NULL, 'the shop''s own constraints still refuse');
ROLLBACK;
SELECT is_empty('SELECT * FROM oracle()', 'a transaction that its constraints refuse');
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO orders VALUES (2000, 900, 'paid', 95, now(), '');
INSERT INTO customers VALUES (900, 'Sofia');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'a customer who comes after her order');
SELECT is(of(900), 'lately,spent,vip', 'she is in her segments');
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO orders VALUES (2001, 5, 'paid', 95, now(), '');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'INSERT as the last statement after SET CONSTRAINTS ALL IMMEDIATE');
BEGIN;
INSERT INTO orders VALUES (2002, 6, 'paid', 95, now(), '');
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE orders SET customer_id = 7 WHERE id = 2002;
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'SET CONSTRAINTS ALL IMMEDIATE between two statements');

-- The shop's own deferred trigger changes bound tables while the transaction commits.
CREATE FUNCTION give_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tags VALUES (new.customer_id + 1, 'vip') ON CONFLICT DO NOTHING;
  UPDATE orders SET total = total + 50 WHERE id = new.id AND total < 50;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER give_tag AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION give_tag();
INSERT INTO orders VALUES (2003, 10, 'paid', 45, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'a deferred trigger changes other customers and the row itself');
SELECT is((SELECT total FROM orders WHERE id = 2003), 95.00, 'it did');
BEGIN;
INSERT INTO orders VALUES (2004, 12, 'paid', 45, now(), '');
SELECT segmentation.flush() \g /dev/null
INSERT INTO orders VALUES (2005, 14, 'paid', 45, now(), '');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'a deferred trigger after flush()');
DROP TRIGGER give_tag ON orders;

-- Triggers at once: one changes the same table again, one has transition tables and rows of its own.
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() = 1 THEN UPDATE orders SET total = total * 2, customer_id = customer_id + 1 WHERE id = new.id; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER again AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION double();
CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO lines (order_id, product_id, quantity) SELECT max(id), 2, count(*) FROM new_rows HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER a_rows AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows FOR EACH ROW EXECUTE FUNCTION count_rows();
INSERT INTO orders VALUES (2010, 15, 'paid', 30, now(), ''), (2011, 16, 'paid', 30, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'triggers that change the table again and read transition tables by row');
UPDATE orders SET note = 'x' WHERE id IN (2010, 2011);
SELECT is_empty('SELECT * FROM oracle()', 'a trigger that changes what the statement does not');
SET segmentation.maintain = statement;
INSERT INTO orders VALUES (2012, 17, 'paid', 30, now(), ''), (2013, 17, 'paid', 30, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'the same after each statement');
RESET segmentation.maintain;
DROP TRIGGER again ON orders;
DROP TRIGGER a_rows ON orders;
CREATE FUNCTION before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.total > 1000 THEN RETURN NULL; END IF;
  new.customer_id := coalesce(new.customer_id, 18);
  RETURN new;
END $$;
CREATE TRIGGER before BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION before();
INSERT INTO orders VALUES (2020, NULL, 'paid', 95, now(), ''), (2021, 19, 'paid', 2000, now(), '');
UPDATE orders SET total = 2000 WHERE id = 2020;
SELECT is_empty('SELECT * FROM oracle()', 'triggers before the row');
DROP TRIGGER before ON orders;
-- A key that names nobody, and none.
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO orders VALUES (2022, NULL, 'paid', 95, now(), '');
UPDATE orders SET customer_id = NULL WHERE id = 2010;
INSERT INTO lines (order_id, product_id, quantity) VALUES (2022, 2, 9), (NULL, 2, 9), (2010, NULL, 9);
INSERT INTO tags VALUES (901, 'vip');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'rows that are nobody''s');
SELECT is(of(901), NULL, 'nobody is no member');
INSERT INTO customers VALUES (901, NULL);
SELECT is(of(901), 'none,vip', 'until she comes');

-- Security-restricted operations.
CREATE FUNCTION shop_of(customer integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.orders VALUES (3000 + customer, customer, 'paid', 95, now(), '');
  RETURN customer;
END $$;
CREATE MATERIALIZED VIEW looks AS SELECT 0 AS customer WITH NO DATA;
DROP MATERIALIZED VIEW looks;
CREATE MATERIALIZED VIEW looks AS SELECT public.shop_of(c.id) FROM public.customers AS c WHERE c.id IN (20, 21) WITH NO DATA;
SELECT lives_ok('REFRESH MATERIALIZED VIEW looks', 'rows come in REFRESH MATERIALIZED VIEW');
SELECT is((SELECT count(*) FROM orders WHERE id IN (3020, 3021)), 2::bigint, 'they did');
SELECT is_empty('SELECT * FROM oracle()', 'DML inside REFRESH MATERIALIZED VIEW');
DELETE FROM orders WHERE id IN (3020, 3021);
SET segmentation.maintain = statement;
SELECT lives_ok('REFRESH MATERIALIZED VIEW looks', 'and after each statement');
RESET segmentation.maintain;
SELECT is_empty('SELECT * FROM oracle()', 'DML inside REFRESH MATERIALIZED VIEW, after each statement');

-- Odd ends of transactions.
BEGIN;
INSERT INTO orders VALUES (2030, 22, 'paid', 95, now(), '');
SET TRANSACTION READ ONLY;
SELECT lives_ok('SELECT 1', 'a transaction becomes read only after it has written');
\set ON_ERROR_STOP off
COMMIT;
\set ON_ERROR_STOP on
SELECT is((SELECT count(*) FROM orders WHERE id = 2030), 1::bigint, 'its sale is not stopped');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'and its members are right');
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT public.shop_of(c.id) FROM customers AS c WHERE c.id IN (23, 24);
COMMIT;
CLOSE c;
SELECT is((SELECT count(*) FROM orders WHERE id IN (3023, 3024)), 2::bigint, 'a held cursor is run at the commit');
SELECT is_empty('SELECT * FROM oracle()', 'rows that come while a held cursor is stored');
CREATE PROCEDURE many() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..5 LOOP
    INSERT INTO orders VALUES (4000 + i, 25, 'paid', i * 10, now(), '');
    COMMIT;
    INSERT INTO orders VALUES (4100 + i, 26, 'paid', i * 10, now(), '');
    IF i % 2 = 0 THEN ROLLBACK AND CHAIN; ELSE COMMIT AND CHAIN; END IF;
  END LOOP;
END $$;
SELECT is_empty('SELECT * FROM oracle()', 'before a procedure');
CALL many();
SELECT is_empty('SELECT * FROM oracle()', 'a procedure that commits');
SELECT is((SELECT count(*) FROM orders WHERE id > 4000), 8::bigint, 'it did');
BEGIN;
INSERT INTO orders VALUES (2031, 27, 'paid', 95, now(), '');
SET LOCAL search_path = pg_temp;
SET LOCAL datestyle = 'German, DMY';
SET LOCAL role = pg_monitor;
SET LOCAL timezone = 'Pacific/Chatham';
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'whatever a session has set');
CREATE TABLE other (id integer);
BEGIN;
INSERT INTO orders VALUES (2032, 28, 'paid', 95, now(), '');
ALTER TABLE orders ADD COLUMN more integer DEFAULT 3;
ALTER TABLE orders DROP COLUMN note;
INSERT INTO orders VALUES (2033, 28, 'paid', 1, now(), 4);
DROP TABLE other;
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'columns come and go in the same transaction');
SELECT finish();
