-- Views of rules with SHOW, ORDER BY and LIMIT under other people's eyes: neither a reader's search_path nor his settings
-- nor a server's default privileges say what they do.
\pset format unaligned
\pset null null
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TABLE shop.regions (code char(2) PRIMARY KEY, name text);
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, region char(2));
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer, total numeric(10,2), gap interval, at timestamp);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.regions VALUES ('BG', 'Bulgaria'), ('DE', 'Germany');
INSERT INTO shop.customers VALUES (1, 'Anna', 'BG'), (2, 'Boris', 'DE'), (3, 'Clara', NULL), (4, 'Dora', 'BG');
INSERT INTO shop.orders VALUES (1, 1, 10, '1 day 2 hours', '2025-06-01 12:00'), (2, 2, 5, '1 month', '2025-06-02 12:00'), (3, 4, 7, '3 hours', NULL);
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'at');
SELECT segmentation.bind_lookup('area', 'shop.regions', of => 'customers', key => 'region');
SELECT segmentation.bind_column('customers', 'shout', 'upper(name)');
SELECT segmentation.define_attribute('gap', 'last(orders.gap)');
SELECT segmentation.define_attribute('spent', 'sum(orders.total)');
SELECT segmentation.define_attribute('last_at', 'max(orders.at)');
SELECT segmentation.create_segment('buyers', 'FROM customers SHOW shout, area.name, gap, spent, last_at WHERE orders MATCHES (count > 0) ORDER BY shout DESC LIMIT 2') > 0;
SELECT segmentation.create_segment('areas', 'FROM customers SHOW area.name WHERE id > 2') > 0;
SELECT segmentation.create_segment('plain', 'id > 1') > 0;

-- Nobody's operators and functions run for a reader who has them in his path.
CREATE SCHEMA tools;
CREATE FUNCTION tools.evil(char, char) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'evil operator ran as %', current_user; END $$;
CREATE OPERATOR tools.= (FUNCTION = tools.evil, LEFTARG = char, RIGHTARG = char);
SET search_path = tools, pg_catalog;
SELECT id, "area.name" FROM segments.areas ORDER BY id;
DROP OPERATOR tools.= (char, char);
CREATE FUNCTION tools.upper(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'evil function ran as %', current_user; END $$;
SELECT shout FROM segments.buyers;
RESET search_path;
-- What is read as text says the same in every session; times are the session's to show.
SELECT id, gap, last_at FROM segments.buyers;
SET intervalstyle = iso_8601;
SET datestyle = 'German';
SET timezone = 'Asia/Tokyo';
SELECT id, gap, last_at FROM segments.buyers;
RESET intervalstyle;
RESET datestyle;
RESET timezone;
-- Of the orders only the members' are read.
SELECT substring(prosrc FROM '\S+ IN [(]SELECT [^)]*[)]') FROM pg_proc WHERE proname = '_segment_rows_1';
-- The order is the view's.
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT shout FROM segments.buyers;
RESET enable_hashjoin;
RESET enable_nestloop;

-- A server where new functions are not for everyone: who may read a view reads it.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
CREATE ROLE regress_view_readers;
GRANT USAGE ON SCHEMA shop TO regress_view_readers;
GRANT SELECT ON segmentation.membership, shop.customers, shop.regions, shop.orders TO regress_view_readers;
ALTER TABLE shop.customers ADD extra text;
SELECT segmentation.create_segment('own', 'FROM customers SHOW name, spent WHERE id > 2') > 0;
GRANT SELECT ON segments.own, segments.plain TO regress_view_readers;
SET ROLE regress_view_readers;
SELECT id, name, spent FROM segments.own ORDER BY id;
SELECT id, name, extra FROM segments.plain ORDER BY id;
RESET ROLE;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

SET client_min_messages = error;
DROP SCHEMA tools CASCADE;
SELECT segmentation.drop_segment(name) FROM segmentation.segments ORDER BY id DESC;
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_view_readers;
DROP ROLE regress_view_readers;
