-- FROM customers SHOW .. ORDER BY .. LIMIT: what the view of a segment shows, in which order, and how many.
\pset format unaligned
\pset null null
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text;
BEGIN
  EXECUTE statement;
  RETURN 'accepted: ' || statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', state || ' ' || message, '  ' || nullif(detail, ''), '  ' || coalesce(nullif(hint, ''), 'NO HINT'));
END $$;
CREATE FUNCTION columns_of(view regclass) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = view AND attnum > 0 AND NOT attisdropped$$;
CREATE FUNCTION own_functions() RETURNS SETOF text LANGUAGE sql AS
  $$SELECT p.oid::regprocedure || ' ' || d.deptype::text FROM pg_proc AS p LEFT JOIN pg_depend AS d ON d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
    WHERE p.proname ~ '^_segment_rows_\d+$' ORDER BY p.oid::regprocedure::text COLLATE "C"$$;

-- A shop with every kind of value.
CREATE SCHEMA shop;
CREATE TYPE shop.tier AS ENUM ('low', 'high');
CREATE TABLE shop.regions (code char(2) PRIMARY KEY, name varchar(30));
CREATE TABLE shop.region_labels (region char(2), label text);
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, region char(2), points numeric(10,2), tier shop.tier, born date,
  registered timestamptz, seen timestamp, active boolean, colours varchar[], sizes integer[], facts jsonb, spare integer);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer, total numeric(10,2), status varchar(10), deleted boolean, created_at timestamptz);
CREATE TABLE shop.tags (customer_id integer, tag varchar(20), hidden boolean);
CREATE TABLE shop.scores (customer_id integer, score integer);
CREATE INDEX ON shop.region_labels (region);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.tags (customer_id);
CREATE INDEX ON shop.scores (customer_id);
INSERT INTO shop.regions VALUES ('BG', 'Bulgaria'), ('DE', 'Germany');
INSERT INTO shop.region_labels VALUES ('BG', 'euro'), ('BG', 'balkan');
INSERT INTO shop.customers VALUES
  (1, 'Anna', 'BG', 10.50, 'high', '1990-02-28', '2024-01-01 00:00+00', '2024-05-01 10:00', true, '{red,blue}', '{38,40}',
   '{"pet": "cat", "kids": 2, "birth": {"Day": "1990-02-28"}, "list": [1, "a"], "none": null}'),
  (2, 'Boris', 'DE', NULL, 'low', NULL, NULL, NULL, false, NULL, NULL, '{"pet": "dog", "kids": 10, "none": 1}'),
  (3, 'Clara', NULL, 'NaN', NULL, '2000-12-31', '2023-01-01 00:00+00', NULL, NULL, '{}', '{}', NULL),
  (4, 'Dora', 'BG', 7, 'low', NULL, '2025-01-01 00:00+00', NULL, true, NULL, NULL, '{"kids": 1}');
INSERT INTO shop.orders VALUES (1, 1, 10.00, 'paid', false, '2025-01-01 12:00+00'), (2, 1, 5.00, 'open', false, '2025-02-01 12:00+00'),
  (3, 1, 99.00, 'paid', true, '2025-03-01 12:00+00'), (4, 2, 8.00, 'paid', false, '2025-01-15 12:00+00'), (5, 4, NULL, 'open', false, NULL);
INSERT INTO shop.tags VALUES (1, 'vip', false), (1, 'Sale', false), (1, 'vip', false), (1, 'secret', true), (2, NULL, false);
INSERT INTO shop.scores VALUES (1, 9), (1, 10), (2, 3);
SET client_min_messages = warning;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at', condition => 'NOT deleted');
SELECT segmentation.bind_lookup('area', 'shop.regions', of => 'customers', key => 'region');
SELECT segmentation.bind_set('area_labels', 'shop.region_labels', key => 'region', value => 'label', of => 'area');
SELECT segmentation.bind_set('tags', 'shop.tags', key => 'customer_id', value => 'tag', condition => 'NOT hidden');
SELECT segmentation.bind_set('scores', 'shop.scores', key => 'customer_id', value => 'score');
SELECT segmentation.bind_column('customers', 'shout', 'upper(name)');
SELECT segmentation.define_attribute('amount_spent', 'sum(orders.total)');
SELECT segmentation.define_attribute('basket', 'avg(orders.total)');
SELECT segmentation.define_attribute('share', '100 * sum(orders.total MATCHES (status = ''paid'')) / sum(orders.total)');
SELECT segmentation.define_attribute('last_order_date', 'max(orders.created_at)');
SELECT segmentation.define_attribute('last_status', 'last(orders.status)');
SELECT segmentation.define_attribute('usual_status', 'mode(orders.status)');
SELECT segmentation.define_attribute('buyer', 'amount_spent > 9');
SELECT segmentation.define_attribute('wares', 'tags');
SELECT segmentation.define_attribute('older', 'age(born)');
SELECT segmentation.define_attribute('party', 'anniversary(born)');
SELECT segmentation.define_attribute('metafields.facts.birth_date', 'facts.birth."Day"');
RESET client_min_messages;

-- Columns, their names, order and types.
SELECT segmentation.create_segment('own', 'FROM customers SHOW Name, points, tier, region, born, registered, seen, active, colours, sizes, facts WHERE id > 0') > 0;
SELECT columns_of('segments.own');
SELECT s.segment_id = 1 AS found, array_length(s.names, 1) FROM segmentation._settings_of('{NULL,1,NULL}') AS s;
SELECT (SELECT count(*) FROM segmentation._settings_of(NULL)) AS null, (SELECT count(*) FROM segmentation._settings_of('{}')) AS empty;
SET timezone = 'UTC';
SELECT id, name, points, tier, region, born, registered, seen, active, colours, sizes, facts FROM segments.own ORDER BY id;
SELECT segmentation.create_segment('reached', 'FROM customers SHOW name, id, shout, area.name, customer.facts.pet, facts.kids, facts.list, facts.birth."Day", facts.none,
  tags, scores, area_labels, orders, "Name", name WHERE id > 0') > 0;
SELECT columns_of('segments.reached');
SELECT name, id, shout, "area.name", "facts.pet", "facts.kids", "facts.list", "facts.birth.Day", "facts.none", tags, scores, area_labels, orders, "Name" FROM segments.reached ORDER BY id;
SELECT segmentation.create_segment('defined', 'FROM customers SHOW amount_spent, basket, share, last_order_date, last_status, usual_status, buyer, wares, older, party,
  metafields.facts.birth_date WHERE id > 0') > 0;
SELECT columns_of('segments.defined');
SELECT id, amount_spent, round(basket, 3) AS basket, round(share, 3) AS share, last_order_date, last_status, usual_status, buyer, wares,
  older = extract(year FROM age((now() AT TIME ZONE 'Europe/Sofia')::date, (SELECT born FROM shop.customers AS c WHERE c.id = d.id))) AS older,
  to_char(party, 'MM-DD') AS party, "metafields.facts.birth_date"
FROM segments.defined AS d ORDER BY id;

-- ORDER BY and LIMIT: missing ones last, the key among equals. Members are who they were.
SELECT segmentation.create_segment('points', 'FROM customers SHOW name WHERE id > 0 ORDER BY points DESC') > 0;
SELECT id, name FROM segments.points;
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name WHERE id > 0 ORDER BY points');
SELECT id, name FROM segments.points;
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name WHERE id > 0 ORDER BY facts.kids DESC');
SELECT id, name FROM segments.points;
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name WHERE id > 0 ORDER BY facts.none, orders DESC, tags');
SELECT id, name FROM segments.points;
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name WHERE id > 0 ORDER BY buyer DESC, basket, area.name, party, older, colours, last_status LIMIT 2');
SELECT id, name FROM segments.points;
SELECT name, members, version FROM segmentation.segments WHERE name = 'points';
SELECT count(*) FROM segmentation.members('points');
-- Without SHOW the columns are all of the customer's.
SELECT segmentation.create_segment('two', 'id > 0 LIMIT 2') > 0;
SELECT columns_of('segments.two');
SELECT id, name FROM segments.two;
SELECT segmentation.create_segment('latest', 'id > 0 ORDER BY registered DESC LIMIT 99999999999999999999') > 0;
SELECT segmentation.create_segment('latest', 'id > 0 ORDER BY registered DESC LIMIT 18446744073709551615') > 0;
SELECT id, name FROM segments.latest;
SELECT segmentation.create_segment('nobody shown', 'id > 0 LIMIT 0') > 0;
SELECT count(*) FROM segments."nobody shown";
-- A segment that names another takes its members, not its view.
SELECT segmentation.create_segment('of two', $$segments CONTAINS 'two'$$) > 0;
SELECT segmentation.member_count('of two');

-- Names that mean nothing that can be shown are left out.
SELECT segmentation.create_segment('wrong', 'FROM customers SHOW nam, segments, orders.total, Amount_Spend, memberships, name.x, id WHERE id > 0 ORDER BY pointz, points, area') > 0;
SELECT columns_of('segments.wrong');
SELECT id FROM segments.wrong;
SELECT segmentation.create_segment('nothing', 'FROM customers SHOW nothing WHERE id > 0') > 0;
SELECT columns_of('segments.nothing');
-- What is defined later is shown from then on, and what goes is shown no more.
SELECT segmentation.define_attribute('nothing', 'count(orders)');
SELECT columns_of('segments.nothing');
SELECT id, nothing FROM segments.nothing ORDER BY id;
SELECT segmentation.define_attribute('nothing', 'count(orders MATCHES (status = ''paid''))', replace => true);
SELECT id, nothing FROM segments.nothing ORDER BY id;
SELECT segmentation.define_attribute('nothing', 'name', replace => true);
SELECT columns_of('segments.nothing');
SELECT segmentation.drop_attribute('nothing');
SELECT columns_of('segments.nothing');
SELECT segmentation.bind_column('customers', 'shout', 'name || ''!''', replace => true);
SELECT shout FROM segments.reached WHERE id = 1;
-- Another row counts when the binding says so.
SET client_min_messages = warning;
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at', replace => true);
RESET client_min_messages;
SELECT orders FROM segments.reached WHERE id = 1;

-- A source by another name, with a condition of its own, and fields kept as rows.
CREATE TABLE shop.extra (customer_id integer, name text, value text, PRIMARY KEY (customer_id, name));
INSERT INTO shop.extra VALUES (1, 'pet', 'cat'), (1, 'kids', '12'), (2, 'pet', 'dog');
SELECT segmentation.create_segment('more', 'FROM customers SHOW purchases, more.pet, more.kids WHERE id > 0 ORDER BY purchases DESC, more.pet DESC') > 0;
SELECT segmentation.define_source('purchases', 'orders', condition => 'status = ''paid''');
SELECT segmentation.bind_fields('more', 'shop.extra', 'customer_id', 'name', 'value');
SELECT columns_of('segments.more');
SELECT id, purchases, "more.pet", "more.kids" FROM segments.more;
SELECT segmentation.define_source('purchases', 'orders', condition => 'status = ''open''', replace => true);
SELECT id, purchases FROM segments.more;
SELECT segmentation.drop_source('purchases'), segmentation.unbind('more');
SELECT segmentation.drop_segment('more');

-- Names that an identifier cannot hold, that are the key's or that the view needs itself.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT segmentation.define_attribute(repeat('long ', 20) || '1', 'count(orders)');
SELECT segmentation.define_attribute(repeat('long ', 20) || '2', 'sum(orders.total)');
SELECT segmentation.define_attribute('entered_at', 'min(orders.created_at)');
SELECT segmentation.define_attribute('id', 'points');
SELECT segmentation.create_segment('names', format('FROM customers SHOW "%1$s1", "%1$s2", entered_at, id WHERE points > 0', repeat('long ', 20))) > 0;
SELECT columns_of('segments.names');
SELECT customer_key, id FROM segments.names ORDER BY 1;
ROLLBACK;

-- Grants are kept where a view is made anew, and where it is not.
CREATE ROLE regress_view_settings_reader;
GRANT USAGE ON SCHEMA shop, segmentation TO regress_view_settings_reader;
GRANT SELECT ON segments.two, segments.points TO regress_view_settings_reader;
GRANT SELECT ON segmentation.membership, shop.customers TO regress_view_settings_reader;
SELECT segmentation.alter_segment('two', 'FROM customers SHOW name WHERE id > 1');
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name, orders WHERE id > 1 LIMIT 1');
SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'segments' AND grantee = 'regress_view_settings_reader' ORDER BY 2;
SELECT reloptions FROM pg_class WHERE oid = 'segments.two'::regclass;
-- The reader's own rights decide, on all that is shown.
SET ROLE regress_view_settings_reader;
SELECT id, name FROM segments.two ORDER BY id;
SELECT refused('SELECT * FROM segments.points');
RESET ROLE;
GRANT SELECT ON shop.orders TO regress_view_settings_reader;
SET ROLE regress_view_settings_reader;
SELECT id, name, orders FROM segments.points;
RESET ROLE;

-- What others built on a view stays, and does not stand in the way of other columns: new ones come last, and what is gone is NULL.
CREATE VIEW shop.report AS SELECT id, name FROM segments.two;
SELECT segmentation.alter_segment('two', 'FROM customers SHOW name, points WHERE id > 1');
SELECT columns_of('segments.two');
SELECT segmentation.alter_segment('two', 'id > 1');
SELECT columns_of('segments.two');
SELECT id, name, points, born, entered_at IS NOT NULL AS since FROM segments.two ORDER BY id;
SELECT segmentation.alter_segment('two', 'FROM customers SHOW name WHERE id > 0 ORDER BY name DESC LIMIT 3');
SELECT * FROM shop.report;
SELECT name, rule, version FROM segmentation.segments WHERE name = 'two';
DROP VIEW shop.report;
CREATE VIEW shop.report AS SELECT * FROM segments."of two";
SELECT segmentation.alter_segment('of two', $$segments CONTAINS 'two' ORDER BY name DESC$$);
SELECT id, name FROM shop.report;
SELECT segmentation.alter_segment('of two', $$segments CONTAINS 'two'$$);
SELECT id, name FROM shop.report ORDER BY id;
DROP VIEW shop.report;
-- Of another type it is cast.
SET client_min_messages = warning;
SELECT segmentation.define_attribute('kind', 'points');
SELECT segmentation.alter_segment('two', 'FROM customers SHOW kind, name WHERE id > 0');
CREATE VIEW shop.report AS SELECT id, kind FROM segments.two;
SELECT segmentation.define_attribute('kind', 'name', replace => true);
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name, orders, points WHERE id > 1 LIMIT 1');
SELECT columns_of('segments.two'), columns_of('segments.points');
SELECT segmentation.alter_segment('two', 'FROM customers SHOW kind WHERE id > 0');
DROP VIEW shop.report;
SELECT segmentation.alter_segment('points', 'FROM customers SHOW name, orders WHERE id > 1 LIMIT 1');
SELECT columns_of('segments.two');
SELECT segmentation.alter_segment('two', 'id > 0'), segmentation.drop_attribute('kind');
RESET client_min_messages;
-- From settings to none the function goes; the same rule again changes nothing.
SELECT segmentation.alter_segment('two', 'id > 0');
SELECT columns_of('segments.two');
SELECT own_functions();
SELECT p.xmin AS before FROM pg_proc AS p WHERE proname = '_segment_rows_1' \gset
SELECT segmentation.alter_segment('own', (SELECT rule FROM segmentation.segments WHERE name = 'own'));
SELECT p.xmin::text = :'before' AS same FROM pg_proc AS p WHERE proname = '_segment_rows_1';

-- Copies have the settings, another name keeps them, and a dropped segment leaves nothing behind.
SELECT segmentation.copy_segment('reached', 'copied') > 0;
SELECT columns_of('segments.copied') = columns_of('segments.reached') AS same;
SELECT segmentation.rename_segment('copied', 'renamed');
SELECT count(*), max(shout) FROM segments.renamed;
DROP VIEW segments.renamed;
SELECT segmentation.drop_segment('renamed'), segmentation.drop_segment('nothing');
SELECT own_functions();
SELECT relname FROM pg_class WHERE relnamespace = 'segments'::regnamespace ORDER BY relname;

-- No view stands in a migration's way, nor is one ever without what it shows: each follows in the statement that changes it.
SELECT segmentation.create_segment('safe', 'FROM customers SHOW name WHERE id > 0') > 0;
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
ALTER EVENT TRIGGER segmentation_guard_types DISABLE; -- definitions are to break
ALTER EVENT TRIGGER segmentation_guard_rewrites DISABLE;
ALTER TABLE shop.customers DROP COLUMN spare, DROP COLUMN tier, ALTER COLUMN name TYPE varchar(50), ALTER COLUMN points TYPE bigint USING 5;
ALTER TABLE shop.orders DROP COLUMN status;
SELECT refused('SELECT id, name FROM segments.own');
SELECT refused('SELECT id FROM segments.safe');
SELECT refused('SELECT * FROM segments.defined');
SELECT id FROM segments.points;
SELECT segmentation.create_segment('next', 'id > 0') > 0;
SELECT columns_of('segments.own');
SELECT columns_of('segments.defined');
SELECT id, name, points FROM segments.own ORDER BY id;
SELECT count(*) FROM segments.safe;
-- The table's new owner has functions and views.
CREATE ROLE regress_view_settings_owner;
GRANT ALL ON SCHEMA shop TO regress_view_settings_owner;
ALTER TABLE shop.customers OWNER TO regress_view_settings_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO regress_view_settings_owner;
SET client_min_messages = warning;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia', replace => true);
RESET client_min_messages;
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'segments'::regnamespace;
SELECT DISTINCT proowner::regrole FROM pg_proc WHERE proname ~ '^_segment_rows';
SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'segments' AND grantee = 'regress_view_settings_reader' ORDER BY 2;
SELECT count(*) FROM segmentation.verify();
-- When the shop's tables are gone, segments with settings can still be dropped.
SET client_min_messages = warning;
DROP TABLE shop.orders;
SELECT segmentation.drop_segment(name) FROM segmentation.segments ORDER BY id DESC;
SELECT own_functions();
SELECT segmentation.unbind('orders');
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_view_settings_reader, regress_view_settings_owner;
DROP ROLE regress_view_settings_reader;
DROP ROLE regress_view_settings_owner;
