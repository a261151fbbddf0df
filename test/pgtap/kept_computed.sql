-- Lookups that only computed columns read: their changes reach the members as those of any other.
SET client_min_messages = warning;
SELECT no_plan();
\o /dev/null
CREATE TABLE customers (id integer PRIMARY KEY, city integer);
CREATE TABLE regions (id integer PRIMARY KEY, name text);
CREATE TABLE cities (id integer PRIMARY KEY, region_id integer, name text);
CREATE TABLE statuses (code text PRIMARY KEY, paid boolean, note text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, status text, total integer);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (status);
INSERT INTO regions VALUES (1, 'north'), (2, 'south');
INSERT INTO cities VALUES (1, 1, 'Ruse'), (2, 2, 'Plovdiv');
INSERT INTO customers SELECT i, 1 + i % 2 FROM generate_series(1, 20) AS i;
INSERT INTO statuses VALUES ('paid', true), ('open', false);
INSERT INTO orders SELECT i, 1 + i % 20, (ARRAY['paid', 'open', 'lost'])[1 + i % 3], i FROM generate_series(1, 60) AS i;
SELECT segmentation.bind_customers('customers');
SELECT segmentation.bind_lookup('place', 'cities', of => 'customers', key => 'city');
SELECT segmentation.bind_lookup('region', 'regions', of => 'place', key => 'region_id');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id');
SELECT segmentation.bind_lookup('statuses', 'statuses', of => 'orders', key => 'status');
SELECT segmentation.bind_column('orders', 'done', 'coalesce(statuses.paid, false)');
SELECT segmentation.bind_column('customers', 'address', 'place.name || '', '' || region.name');
SELECT segmentation.create_segment('spent', 'sum(orders.total MATCHES (done)) >= 60');
SELECT segmentation.create_segment('north', 'address = ''Ruse, north''');
\o
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as built');
UPDATE statuses SET paid = NOT paid;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'a lookup of a source is updated');
SELECT results_eq('SELECT members FROM segmentation.segments WHERE name = ''spent''',
  'SELECT count(*) FROM (SELECT FROM orders WHERE status = ''open'' GROUP BY customer_id HAVING sum(total) >= 60) AS c', 'by hand, too');
INSERT INTO statuses VALUES ('lost', true);
SELECT is_empty('SELECT * FROM segmentation.verify()', 'a row of it comes');
DELETE FROM statuses WHERE code = 'open';
SELECT is_empty('SELECT * FROM segmentation.verify()', 'a row of it goes');
UPDATE statuses SET note = 'x';
SELECT is_empty('SELECT * FROM segmentation.verify()', 'what nothing reads changes');
UPDATE cities SET name = 'Varna' WHERE id = 1;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'a lookup of customers is updated');
UPDATE cities SET name = 'Ruse' WHERE id = 2;
UPDATE regions SET name = 'north' WHERE id = 2;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'a lookup behind it is updated');
SELECT set_eq($$SELECT m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = 'north'$$,
  'SELECT id FROM customers WHERE city = 2', 'by hand, too');
SET segmentation.maintain = background;
UPDATE regions SET name = 'east' WHERE id = 2;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and in the background');
RESET segmentation.maintain;

-- A lookup says whose the rows are: those whose they were are judged, too.
\o /dev/null
CREATE TABLE accounts (code text PRIMARY KEY, owner integer);
INSERT INTO accounts SELECT i::text, i FROM generate_series(1, 20) AS i;
CREATE TABLE payments (id integer PRIMARY KEY, account text, amount integer);
CREATE INDEX ON payments (account);
INSERT INTO payments SELECT i, 1 + i % 20, i FROM generate_series(1, 60) AS i;
SELECT segmentation.bind_source('payments', 'payments', key => 'id');
SELECT segmentation.bind_lookup('accounts', 'accounts', of => 'payments', key => 'account');
SELECT segmentation.bind_column('payments', 'payer', 'accounts.owner');
SELECT segmentation.bind_source('payments', 'payments', key => 'payer', replace => true);
SELECT segmentation.create_segment('payers', 'sum(payments.amount) >= 90');
\o
UPDATE accounts SET owner = 1 WHERE owner = 20;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'rows move with their lookup');
SET segmentation.maintain = background;
UPDATE accounts SET owner = 2 WHERE owner = 19;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and in the background');
RESET segmentation.maintain;
UPDATE accounts SET owner = 3 WHERE owner = 18;
DELETE FROM accounts WHERE owner = 17;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'or are nobody''s without it');
SELECT set_eq($$SELECT m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = 'payers'$$,
  'SELECT owner FROM payments JOIN accounts ON code = account GROUP BY owner HAVING sum(amount) >= 90', 'by hand, too');
SELECT finish();
