-- An application's role may write the shop's tables and nothing of ours: its orders reach the members all the same, and it
-- can do nothing with our functions that it could not do before.
\ir shops/kept.sql
SELECT no_plan();
CREATE ROLE pgtap_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON customers, orders, lines, products, tags TO pgtap_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pgtap_app;
SET ROLE pgtap_app;
SELECT lives_ok($$INSERT INTO orders VALUES (2000, 25, 'paid', 95, now(), '')$$, 'it sells');
SELECT lives_ok($$INSERT INTO lines (order_id, product_id, quantity) VALUES (2000, 2, 9)$$, 'it adds lines');
SELECT lives_ok($$UPDATE products SET category = 'hat' WHERE id = 1$$, 'it changes products');
SELECT lives_ok($$DELETE FROM customers WHERE id = 4$$, 'it deletes customers');
RESET ROLE;
SELECT is_empty('SELECT * FROM oracle()', 'members follow');
SELECT is(of(25), 'hats,lately,spent', 'they do');
SET ROLE pgtap_app;
SET segmentation.maintain = background;
SELECT lives_ok($$INSERT INTO orders VALUES (2001, 26, 'paid', 95, now(), '')$$, 'it may have its work done later');
SET segmentation.maintain = statement;
SELECT lives_ok($$INSERT INTO orders VALUES (2002, 27, 'paid', 95, now(), '')$$, 'or after each statement');
SELECT lives_ok('TRUNCATE lines', 'it truncates');
RESET segmentation.maintain;
BEGIN;
INSERT INTO orders VALUES (2003, 28, 'paid', 95, now(), '');
RESET ROLE;
INSERT INTO orders VALUES (2004, 28, 'paid', 95, now(), '');
SET ROLE pgtap_app;
INSERT INTO orders VALUES (2005, 28, 'paid', 95, now(), '');
COMMIT;
SELECT throws_ok('CALL segmentation.tick()', '42501', NULL, 'it may not tick');
SELECT throws_ok('SELECT segmentation.start_worker()', '42501', NULL, 'it may not start a worker');
SELECT throws_ok('SELECT * FROM segmentation.dirty', '42501', NULL, 'it may not read the queue');
SELECT throws_ok('INSERT INTO segmentation.membership VALUES (1, 1, now())', '42501', NULL, 'it may not make members');
SELECT throws_ok('SELECT segmentation._capture()', NULL, NULL, 'it may not call the trigger');
RESET ROLE;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'members are right after all that');

-- The trigger put on a table of its own: nothing happens.
GRANT CREATE ON SCHEMA public TO pgtap_app;
SET ROLE pgtap_app;
CREATE TABLE mine (customer_id integer, total numeric);
SELECT throws_ok($$CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION segmentation._capture()$$,
  '42501', NULL, 'a stranger may not use the trigger''s function');
RESET ROLE;

-- A function of the owner's that an application calls; and a view.
CREATE FUNCTION sell(id integer, customer integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS
  $$INSERT INTO orders VALUES (id, customer, 'paid', 95, now(), '')$$;
CREATE VIEW shop_orders AS SELECT * FROM orders;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop_orders TO pgtap_app;
REVOKE ALL ON orders FROM pgtap_app;
SET ROLE pgtap_app;
SELECT lives_ok('SELECT sell(2010, 1)', 'it sells by a function');
SELECT lives_ok($$INSERT INTO shop_orders VALUES (2011, 2, 'paid', 95, now(), '')$$, 'it sells by a view');
SELECT lives_ok($$UPDATE shop_orders SET customer_id = 3 WHERE id = 2011$$, 'it changes by a view');
RESET ROLE;
SELECT is_empty('SELECT * FROM oracle()', 'members are right after a function and a view');

-- An owner who is no superuser, and who owns all of it.
CREATE ROLE pgtap_owner;
GRANT CREATE, USAGE ON SCHEMA public TO pgtap_owner;
ALTER TABLE customers OWNER TO pgtap_owner; ALTER TABLE orders OWNER TO pgtap_owner; ALTER TABLE lines OWNER TO pgtap_owner;
ALTER TABLE products OWNER TO pgtap_owner; ALTER TABLE tags OWNER TO pgtap_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO pgtap_app;
SET ROLE pgtap_app;
SELECT lives_ok($$INSERT INTO orders VALUES (2020, 5, 'paid', 95, now(), '')$$, 'it sells when the tables have another owner');
SELECT lives_ok($$INSERT INTO lines (order_id, product_id, quantity) VALUES (2020, 2, 9)$$, 'and adds lines');
RESET ROLE;
SELECT segmentation.bind_customers('customers', timezone => 'UTC', replace => true) \g /dev/null
SET ROLE pgtap_app;
SELECT lives_ok($$INSERT INTO orders VALUES (2021, 6, 'paid', 95, now(), '')$$, 'and after customers were bound anew');
RESET ROLE;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'members are right with another owner');
DROP OWNED BY pgtap_app;
DROP ROLE pgtap_app;
REASSIGN OWNED BY pgtap_owner TO postgres;
DROP OWNED BY pgtap_owner;
DROP ROLE pgtap_owner;
SELECT finish();
