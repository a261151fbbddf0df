-- What grant_access says of what it does not give, and its mistakes.
\set SHOW_CONTEXT never
CREATE EXTENSION segmentation;
CREATE ROLE regress_access_reader;
SELECT segmentation.grant_access('regress_access_reader', 'read');
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, city text);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer REFERENCES shop.customers);
CREATE INDEX ON shop.orders (customer_id);
-- Given before there was anything bound: told when there is.
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id');
SELECT segmentation.grant_access('regress_access_reader', 'edit');
GRANT USAGE ON SCHEMA shop TO regress_access_reader;
GRANT SELECT ON shop.customers TO regress_access_reader;
SELECT segmentation.grant_access('regress_access_reader', 'edit');
GRANT SELECT ON shop.orders TO regress_access_reader;
SELECT segmentation.grant_access('regress_access_reader', 'read');
SELECT * FROM segmentation.access;
SELECT segmentation.grant_access('regress_access_reder', 'read');
SELECT segmentation.grant_access('regress_access_reader', 'write');
SELECT segmentation.revoke_access('regress_access_reader');
SELECT * FROM segmentation.access;
-- A relation where the customers' owner cannot get at it is refused, since commits could not either.
CREATE ROLE regress_access_owner;
ALTER TABLE shop.customers OWNER TO regress_access_owner;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC', replace => true);
GRANT USAGE ON SCHEMA shop TO regress_access_owner;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC', replace => true);
GRANT SELECT ON shop.orders TO regress_access_owner;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC', replace => true);
DROP EXTENSION segmentation CASCADE;
DROP OWNED BY regress_access_owner, regress_access_reader CASCADE;
DROP ROLE regress_access_owner, regress_access_reader;
