-- Row-level security: members are of all rows, whatever policies let the writer see; who asks by his own rights is told where
-- policies could hide rows from him; views show the reader's customers only.
SET client_min_messages = error;
\ir shops/kept.sql
SELECT no_plan();
CREATE ROLE pgtap_owner;
CREATE ROLE pgtap_app;
CREATE ROLE pgtap_south;
CREATE ROLE pgtap_bypass BYPASSRLS;
GRANT ALL ON SCHEMA public TO pgtap_owner;
ALTER TABLE customers OWNER TO pgtap_owner; ALTER TABLE orders OWNER TO pgtap_owner; ALTER TABLE lines OWNER TO pgtap_owner;
ALTER TABLE products OWNER TO pgtap_owner; ALTER TABLE tags OWNER TO pgtap_owner;
SELECT segmentation.bind_customers('customers', timezone => 'UTC', replace => true) \g /dev/null
GRANT SELECT, INSERT, UPDATE, DELETE ON customers, orders, lines, products, tags TO pgtap_app, pgtap_bypass;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pgtap_app, pgtap_bypass;
SELECT segmentation.grant_access('pgtap_owner', 'read') \g /dev/null
SET ROLE pgtap_owner;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
-- The application writes everything, and sees of it what is cheap, of a customer with an even number.
CREATE POLICY app_sees ON orders FOR ALL TO pgtap_app USING (total < 20 OR id >= 4000) WITH CHECK (true);
CREATE POLICY app_customers ON customers FOR ALL TO pgtap_app USING (id % 2 = 0) WITH CHECK (true);
CREATE POLICY app_lines ON lines FOR ALL TO pgtap_app USING (quantity = 1) WITH CHECK (true);
CREATE POLICY app_tags ON tags FOR INSERT TO pgtap_app WITH CHECK (true);
RESET ROLE;
SELECT is_empty('SELECT * FROM oracle()', 'policies change no member');
-- Each mode, each kind of write, by a session that has just begun to know of the definitions, and one that does.
CREATE FUNCTION write_as(role name, base integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', role);
  INSERT INTO orders VALUES (base, 25, 'paid', 95, now(), ''), (base + 1, 26, 'paid', 95, now(), ''), (base + 2, 27, 'open', 1, now(), '');
  INSERT INTO lines (order_id, product_id, quantity) VALUES (base, 2, 9), (base + 1, 4, 1);
  UPDATE orders SET total = 500 WHERE id = base + 2;
  INSERT INTO tags VALUES (1, 'vip ' || base), (3, 'vip ' || base);
  UPDATE customers SET city = 'Sofia' WHERE id = 8;
  DELETE FROM orders WHERE id = base + 1;
  DELETE FROM customers WHERE id = 30 - base % 10;
  RESET ROLE;
END $$;
SELECT is((SELECT w FROM (SELECT segmentation.is_member('spent', 25) AS w) AS w), false, 'she has not spent yet');
SELECT write_as('pgtap_app', 4000) \g /dev/null
SELECT is(segmentation.is_member('spent', 25), true, 'a sale of which the seller sees the half reaches the members at its commit');
SELECT is((SELECT count(*) FROM segmentation.dirty), 0::bigint, 'and not by way of the queue');
SELECT is_empty('SELECT * FROM oracle()', 'members are of all rows');
SET segmentation.maintain = statement;
SELECT write_as('pgtap_app', 4011) \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'after each statement, too');
SET segmentation.maintain = background;
SELECT write_as('pgtap_app', 4022) \g /dev/null
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'and in background');
RESET segmentation.maintain;
SELECT write_as('pgtap_bypass', 4033) \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'by who sees all rows');
-- Definitions read anew in the application's own session: nothing is left to the queue.
SELECT segmentation.create_segment('fresh', 'orders MATCHES (total > 300)') \g /dev/null
SET ROLE pgtap_app;
INSERT INTO orders VALUES (4100, 12, 'paid', 400, now(), '');
RESET ROLE;
SELECT is(segmentation.is_member('fresh', 12), true, 'a new definition reaches a session under policies');
SELECT is((SELECT count(*) FROM segmentation.dirty), 0::bigint, 'at once');
-- row_security = off asks for an error where policies would hide rows: none of ours has any.
SET ROLE pgtap_bypass;
SET row_security = off;
SELECT lives_ok($$INSERT INTO orders VALUES (4200, 13, 'paid', 400, now(), '')$$, 'row_security off, bypassing');
RESET ROLE;
SELECT lives_ok($$INSERT INTO orders VALUES (4201, 14, 'paid', 400, now(), '')$$, 'row_security off, as the superuser');
SELECT lives_ok('SELECT segmentation.refresh_all()', 'refreshing');
SELECT lives_ok('CALL segmentation.tick()', 'ticking');
SET ROLE pgtap_owner;
SELECT lives_ok($$INSERT INTO orders VALUES (4202, 15, 'paid', 400, now(), '')$$, 'row_security off, as the owner');
RESET ROLE;
RESET row_security;
SET ROLE pgtap_app;
SET row_security = off;
SELECT throws_ok('SELECT * FROM orders', '42501', NULL, 'where it hides, the server says so');
RESET row_security;
RESET ROLE;
SELECT is_empty('SELECT * FROM oracle()', 'members are right after that');

-- Policies that ask us, or run code, meet the customers' owner only who is not under them.
SET ROLE pgtap_owner;
CREATE POLICY raises ON orders AS RESTRICTIVE FOR SELECT TO pgtap_south USING (1 / (id - id) > 0);
RESET ROLE;
SELECT lives_ok($$SELECT segmentation.refresh_all()$$, 'a policy that fails fails nobody');

-- An editor under policies: defines by the owner's sight, is told where he asks by his own.
SELECT segmentation.grant_access('pgtap_app', 'edit') \g /dev/null
SET ROLE pgtap_app;
SELECT lives_ok($$SELECT segmentation.create_segment('dear', 'orders MATCHES (total > 50)')$$, 'an editor under policies makes a segment');
SELECT lives_ok($$SELECT segmentation.refresh(12)$$, 'and refreshes');
SELECT throws_like($$SELECT segmentation.preview('orders MATCHES (total > 50)')$$, 'row security may hide rows of "%" from role "pgtap_app"', 'and is told why he cannot preview');
SELECT throws_like($$SELECT segmentation.matches('orders MATCHES (total > 50)', 12)$$, 'row security may hide rows of "%" from role "pgtap_app"', 'nor judge');
SELECT throws_like($$SELECT * FROM segmentation.explain('dear', 12)$$, 'row security may hide rows of "%" from role "pgtap_app"', 'nor explain');
RESET ROLE;
SELECT is((SELECT count(*) FROM segmentation.members('dear')), (SELECT count(DISTINCT customer_id) FROM orders WHERE total > 50 AND status <> 'cart'), 'its members are of all rows');
SELECT is_empty('SELECT * FROM oracle()', 'and right');

-- Views of segments are read by their readers' sight of the customers.
SELECT segmentation.grant_access('pgtap_south', 'read') \g /dev/null
GRANT SELECT ON customers, orders TO pgtap_south;
SET ROLE pgtap_owner;
CREATE POLICY south ON customers FOR SELECT TO pgtap_south USING (id % 3 = 0);
RESET ROLE;
SET ROLE pgtap_south;
SELECT set_eq('SELECT id FROM segments.dear', 'SELECT m FROM segmentation.members(''dear'') AS m WHERE m % 3 = 0', 'a view shows the reader''s customers');
SELECT cmp_ok((SELECT count(*) FROM segments.dear), '<', (SELECT count(*) FROM segmentation.members('dear')), 'which are not all members');
RESET ROLE;
SET ROLE pgtap_owner;
SELECT is((SELECT count(*) FROM segments.dear), (SELECT count(*) FROM segmentation.members('dear')), 'the owner sees all');
RESET ROLE;

-- Policies on the members themselves, which are their owner's: they hold for readers.
SET ROLE pgtap_owner;
ALTER TABLE segmentation.membership ENABLE ROW LEVEL SECURITY;
CREATE POLICY south ON segmentation.membership FOR SELECT TO pgtap_south USING (customer_id % 3 = 0);
RESET ROLE;
SET ROLE pgtap_app;
INSERT INTO orders VALUES (4300, 17, 'paid', 400, now(), '');
RESET ROLE;
SELECT is_empty('SELECT * FROM oracle()', 'members are written under policies on them');
SET ROLE pgtap_south;
SELECT is_empty('SELECT m FROM segmentation.members(''dear'') AS m WHERE m % 3 <> 0', 'and a policy on them holds for readers');
SELECT isnt_empty('SELECT m FROM segmentation.members(''dear'') AS m', 'who read the rest');
RESET ROLE;

-- What would make members wrong is refused: policies that hold for the owner himself, or for him as another table's reader.
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
ALTER TABLE products FORCE ROW LEVEL SECURITY;
SELECT throws_like($$SELECT segmentation.bind_lookup('product', 'products', of => 'lines', key => 'product_id', replace => true)$$,
  'table public.products forces row level security upon role pgtap_owner%', 'forced policies are refused at bind');
CREATE TABLE others (customer_id integer);
CREATE INDEX ON others (customer_id);
ALTER TABLE others ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON others TO pgtap_owner;
SELECT throws_like($$SELECT segmentation.bind_source('others', 'others', 'customer_id')$$, 'row level security of table public.others applies to role pgtap_owner%', 'and those of another''s table');
ALTER ROLE pgtap_owner BYPASSRLS;
SELECT lives_ok($$SELECT segmentation.bind_lookup('product', 'products', of => 'lines', key => 'product_id', replace => true)$$, 'not where the owner bypasses them');
SELECT lives_ok($$SELECT segmentation.bind_source('others', 'others', 'customer_id')$$, 'either way');
SELECT is_empty('SELECT * FROM oracle()', 'members are right at the end');
-- Forced later: nobody is taken for gone.
ALTER ROLE pgtap_owner NOBYPASSRLS;
SELECT segmentation.unbind('others') \g /dev/null
ALTER TABLE products NO FORCE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE TABLE before AS SELECT count(*) AS members FROM segmentation.membership;
SET ROLE pgtap_app;
SELECT lives_ok($$INSERT INTO orders VALUES (4400, 18, 'paid', 400, now(), '')$$, 'a sale goes on under policies that were forced later');
RESET ROLE;
SELECT throws_like('SELECT segmentation.refresh_all()', 'row security may hide rows of "orders" from role "pgtap_owner"', 'refreshing says why it cannot');
SELECT cmp_ok((SELECT count(*) FROM segmentation.membership), '>=', (SELECT members FROM before), 'nobody left');
ALTER TABLE orders NO FORCE ROW LEVEL SECURITY;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'and once they are not forced all is right');
DROP OWNED BY pgtap_app, pgtap_south, pgtap_bypass;
REASSIGN OWNED BY pgtap_owner TO postgres;
DROP OWNED BY pgtap_owner;
DROP ROLE pgtap_owner, pgtap_app, pgtap_south, pgtap_bypass;
SELECT finish();
