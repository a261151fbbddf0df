-- Segments: making, changing, renaming, copying, dropping; their views and catalog rows; segments that name segments.
\pset format unaligned
\pset null null
SET client_min_messages = warning;
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

CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, city varchar(20), entered_at date, spare integer);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer, total numeric(10,2), created_at timestamptz);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.customers SELECT n, 'c' || n, (ARRAY['Sofia', 'Varna', NULL])[1 + n % 3] FROM generate_series(1, 9) AS n;
INSERT INTO shop.orders SELECT n, 1 + n % 5, n * 10, '2025-01-01 12:00+00'::timestamptz + n * interval '1 day' FROM generate_series(1, 20) AS n;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at');

-- Making.
SELECT segmentation.create_segment('Sofia', $$city = 'Sofia'$$, 'who lives there') AS sofia \gset
SELECT segmentation.create_segment('buyers', 'orders MATCHES (count >= 4)', wait => true) AS buyers \gset
SELECT name, kind, rule, members, status, version, description, view, changed_by = session_user AS mine, created_at = changed_at AS fresh FROM segmentation.segments;
SELECT segment_id = :sofia AS sofia, customer_id FROM segmentation.membership ORDER BY segment_id, customer_id;
-- The view: the customer's columns and since when, under another name where the customer has a column of that name.
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'segments."Sofia"'::regclass AND attnum > 0 ORDER BY attnum;
SELECT reloptions FROM pg_class WHERE oid = 'segments."Sofia"'::regclass;
SELECT id, name, city, segment_entered_at IS NOT NULL AS entered FROM segments."Sofia" ORDER BY id;
-- It is planned as the join that it is.
CREATE FUNCTION planned_without_function(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP
    IF line ~ 'Function Scan' THEN RETURN false; END IF;
  END LOOP;
  RETURN line IS NOT NULL;
END $$;
SELECT planned_without_function('SELECT name FROM segments.buyers WHERE id = 3');
-- Names go without regard to case; the same rule in other words keeps its version.
SELECT segmentation.alter_segment('SOFIA', $$ (  city  =  'Sofia' ) $$);
SELECT version, segmentation.rule_source(rule) FROM segmentation.segments WHERE name = 'Sofia';
SELECT segmentation.alter_segment('sofia', $$city IN ('Sofia', 'Varna')$$);
SELECT name, rule, members, version, description FROM segmentation.segments WHERE name = 'Sofia';
SELECT segmentation.create_segment('sofia', $$city = 'Varna'$$, replace => true) = :sofia AS same;
SELECT name, rule, members, version, description FROM segmentation.segments WHERE name = 'Sofia';
SELECT segmentation.create_segment('sofia', $$city = 'Sofia'$$, 'as it was', replace => true) = :sofia AS same;
SELECT name, rule, members, version, description FROM segmentation.segments WHERE name = 'Sofia';
SELECT segmentation.describe_segment('Sofia', 'new words');
SELECT segmentation.describe_segment('Sofia');
SELECT description FROM segmentation.segments WHERE name = 'Sofia';
SELECT segmentation.describe_segment('Sofia', '');
SELECT description FROM segmentation.segments WHERE name = 'Sofia';

-- Copies and new names.
SELECT segmentation.copy_segment('sofia', 'Sofia 2') > :sofia AS later;
SELECT segmentation.rename_segment('sofia 2', 'SOFIA 2');
SELECT segmentation.rename_segment('Sofia 2', 'Second "Sofia"');
SELECT name, rule, members, view FROM segmentation.segments ORDER BY id;
SELECT count(*) FROM segments."Second ""Sofia""";

-- Segments that name segments follow, also by way of an attribute or of each other.
SELECT segmentation.create_segment('both', $$segments CONTAINS 'SOFIA' AND segments CONTAINS 'buyers'$$) > 0;
SELECT segmentation.define_attribute('at_home', $$segments CONTAINS 'sofia'$$);
SELECT segmentation.create_segment('home', 'at_home') > 0;
SELECT segmentation.create_segment('far', $$NOT segments CONTAINS 'home'$$) > 0;
SELECT name, members FROM segmentation.segments;
SELECT segmentation.alter_segment('Sofia', $$city IN ('Sofia', 'Varna')$$);
SELECT name, members FROM segmentation.segments;
SELECT count(*) FROM segmentation.verify();
SELECT refused($$SELECT segmentation.drop_segment('Sofia')$$);
SELECT segmentation.rename_segment('Sofia', 'Capital');
SELECT name, rule FROM segmentation.segments UNION ALL SELECT name, expression::segmentation.rule FROM segmentation.attribute_definition ORDER BY name;
SELECT segmentation.rename_segment('capital', 'SOFIA');
SELECT refused($$SELECT segmentation.alter_segment('sofia', 'at_home')$$);
SELECT refused($$SELECT segmentation.alter_segment('sofia', $r$segments CONTAINS 'far'$r$)$$);
SELECT refused($$SELECT segmentation.alter_segment('sofia', $r$segments CONTAINS 'Sofia'$r$)$$);
SELECT refused($$SELECT segmentation.drop_segment('Sofia', cascade => true)$$);
SELECT name, members FROM segmentation.segments;
SELECT segmentation.drop_segment('far'), segmentation.drop_segment('home'), segmentation.drop_attribute('at_home');
SELECT segmentation.drop_segment('Sofia', cascade => true);
SELECT name, members FROM segmentation.segments;
SELECT count(*) FROM segmentation.membership WHERE segment_id NOT IN (SELECT id FROM segmentation.segments);
SELECT count(*) FROM segmentation.member_counts WHERE members <> 0 AND segment_id NOT IN (SELECT id FROM segmentation.segments);
SELECT relname FROM pg_class WHERE relnamespace = 'segments'::regnamespace ORDER BY relname;

-- Views never stand in a migration's way, and keep their grants when they are made anew.
CREATE ROLE regress_segment_reader;
GRANT SELECT ON segments.buyers TO regress_segment_reader;
ALTER EVENT TRIGGER segmentation_guard_types DISABLE; -- definitions are to break
ALTER EVENT TRIGGER segmentation_guard_rewrites DISABLE;
ALTER TABLE shop.customers DROP COLUMN spare, ALTER COLUMN city TYPE text, ADD COLUMN "Born On" date;
SELECT segmentation.create_segment('another', 'id > 7') > 0;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'segments.buyers'::regclass AND attnum > 0 ORDER BY attnum;
SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'segments' AND grantee = 'regress_segment_reader';
SELECT * FROM segments.another ORDER BY id LIMIT 0;
-- The reader's own rights decide.
SET ROLE regress_segment_reader;
SELECT refused('SELECT FROM segments.buyers');
RESET ROLE;
GRANT USAGE ON SCHEMA segmentation, shop TO regress_segment_reader;
GRANT SELECT ON segmentation.membership TO regress_segment_reader;
SET ROLE regress_segment_reader;
SELECT refused('SELECT FROM segments.buyers');
RESET ROLE;
GRANT SELECT ON shop.customers TO regress_segment_reader;
SET ROLE regress_segment_reader;
SELECT count(*) FROM segments.buyers;
RESET ROLE;
-- What others built on a view is dropped with it only when asked to.
CREATE VIEW shop.report AS SELECT id FROM segments.another;
SELECT refused($$SELECT segmentation.drop_segment('another')$$);
SELECT segmentation.drop_segment('another', cascade => true);
SELECT to_regclass('shop.report');
-- A view that somebody dropped is no obstacle.
DROP VIEW segments.buyers;
SELECT segmentation.rename_segment('buyers', 'clients');
SELECT segmentation.drop_segment('clients');

-- Members and views belong to the owner of the customers.
CREATE ROLE regress_segment_owner;
ALTER TABLE shop.customers OWNER TO regress_segment_owner;
GRANT SELECT ON shop.orders TO regress_segment_owner;
GRANT USAGE ON SCHEMA shop TO regress_segment_owner;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia', replace => true);
SELECT relnamespace::regnamespace, relname, relowner::regrole FROM pg_class
WHERE relnamespace = 'segments'::regnamespace OR oid = 'segmentation.membership'::regclass ORDER BY relname;
SELECT oid::regprocedure, proowner::regrole FROM pg_proc
WHERE pronamespace = 'segmentation'::regnamespace AND proowner = 'regress_segment_owner'::regrole ORDER BY oid::regprocedure::text;
-- None of it is the extension's (deptype e), so that pg_dump carries it; the functions go with the extension (x).
SELECT deptype, pg_describe_object(classid, objid, objsubid) FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'segmentation')
  AND (objid = 'segmentation.membership'::regclass OR objid IN (SELECT oid FROM pg_proc WHERE proowner = 'regress_segment_owner'::regrole))
ORDER BY 2;

-- Bad input.
SELECT refused($$SELECT segmentation.create_segment(NULL, 'id > 1')$$);
SELECT refused($$SELECT segmentation.create_segment('', 'id > 1')$$);
SELECT refused($$SELECT segmentation.create_segment(repeat('x', 256), 'id > 1')$$);
SELECT refused($$SELECT segmentation.create_segment('x', NULL)$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'id >')$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'idd > 1')$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'name > 1')$$);
SELECT refused($$SELECT segmentation.create_segment('x', $r$segments CONTAINS 'y'$r$)$$);
SELECT refused($$SELECT segmentation.create_segment('x', $r$segments CONTAINS 'x'$r$)$$);
SELECT refused($$SELECT segmentation.create_segment('x', 'id > 1', wait => NULL)$$);
SELECT refused($$SELECT segmentation.alter_segment('x', 'id > 1', wait => NULL)$$);
SELECT refused($$SELECT segmentation.create_segment('Second "sofia"', 'id > 1')$$);
SELECT refused($$SELECT segmentation.copy_segment('Second "Sofia"', 'second "SOFIA"')$$);
SELECT refused($$SELECT segmentation.copy_segment('nobody', 'x')$$);
SELECT refused($$SELECT segmentation.alter_segment('nobody', 'id > 1')$$);
SELECT refused($$SELECT segmentation.alter_segment('Second Sofia', 'id > 1')$$);
SELECT refused($$SELECT segmentation.alter_segment(NULL, 'id > 1')$$);
SELECT refused($$SELECT segmentation.alter_segment('Second "Sofia"', NULL)$$);
SELECT refused($$SELECT segmentation.alter_segment('Second "Sofia"', 'idd > 1')$$);
SELECT refused($$SELECT segmentation.rename_segment('nobody', 'x')$$);
SELECT refused($$SELECT segmentation.rename_segment('Second "Sofia"', ' ')$$);
SELECT refused($$SELECT segmentation.drop_segment('nobody')$$);
SELECT refused($$SELECT segmentation.describe_segment('nobody', 'x')$$);
SELECT name, rule, members FROM segmentation.segments;
SELECT relname FROM pg_class WHERE relnamespace = 'segments'::regnamespace;

SELECT segmentation.drop_segment('Second "Sofia"');
-- What was broken before stands in nobody's way.
ALTER TABLE shop.customers ADD COLUMN doomed integer, ADD COLUMN segment_entered_at date;
SELECT segmentation.define_attribute('broken_value', 'doomed + 1');
SELECT segmentation.create_segment('broken', 'doomed IS NULL') > 0;
SELECT segmentation.create_segment('broken too', $$broken_value > 1 OR segments CONTAINS 'broken'$$) > 0;
SELECT segmentation.create_segment('whole', 'id > 1') > 0;
SELECT segmentation.create_segment('base', 'id > 5') > 0;
SELECT segmentation.create_segment('follower', $$segments CONTAINS 'base'$$) > 0;
SELECT segmentation.define_attribute('spare', 'count(orders)');
-- A customer's own columns keep their names, both of them.
SELECT attname FROM pg_attribute WHERE attrelid = 'segments.whole'::regclass AND attnum > 0 ORDER BY attnum DESC LIMIT 1;
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
ALTER TABLE shop.customers DROP COLUMN doomed;
SELECT segmentation._problems();
SELECT refused($$SELECT segmentation.define_attribute('good', 'count(orders) + 1')$$);
SELECT refused($$SELECT segmentation.define_attribute('good', 'count(orders) + 2', replace => true)$$);
SELECT refused($$SELECT segmentation.define_attribute('bad', 'doomed + 1')$$);
SELECT refused($$SELECT segmentation.define_attribute('broken_value', 'doomed + 2', replace => true)$$);
SELECT refused($$SELECT segmentation.bind_column('orders', 'net', 'total / 1.2')$$);
SELECT refused($$SELECT segmentation.bind_column('orders', 'net', 'total / 1.21', replace => true)$$);
SELECT refused($$SELECT segmentation.bind_source('orders2', 'shop.orders', 'customer_id', condition => 'total > 3')$$);
SELECT refused($$SELECT segmentation.bind_source('orders2', 'shop.orders', 'customer_id', replace => true)$$);
SELECT refused($$SELECT segmentation.unbind('orders2')$$);
SELECT refused($$SELECT segmentation.drop_attribute('spare')$$);
SELECT refused($$SELECT segmentation.drop_segment('whole')$$);
-- What breaks now does.
SELECT refused($$SELECT segmentation.drop_segment('base')$$);
SELECT segmentation.define_attribute('in_base', $$segments CONTAINS 'base'$$);
SELECT refused($$SELECT segmentation.drop_segment('base', cascade => true)$$);
SELECT refused($$SELECT segmentation.drop_attribute('good')$$);
SELECT segmentation.drop_attribute('in_base');
-- Mended.
SELECT segmentation.define_attribute('broken_value', 'id + 1', replace => true);
SELECT segmentation._problems();
SELECT segmentation.alter_segment('broken', 'broken_value > 8');
SELECT segmentation._problems();
SELECT segmentation.drop_segment('broken', cascade => true), segmentation.drop_attribute('broken_value');
SELECT name, members FROM segmentation.segments;
SELECT segmentation.create_segment('read', $$NOT segments CONTAINS 'base'$$) > 0;

-- When the shop's tables are gone, bindings can still be taken away.
SELECT segmentation.define_attribute('total', 'sum(orders.total)');
DROP SCHEMA shop CASCADE;
SELECT refused($$SELECT segmentation.define_attribute('other', 'count(orders)')$$);
SELECT segmentation.drop_segment('read'), segmentation.drop_segment('base', cascade => true), segmentation.drop_segment('follower');
SELECT name FROM segmentation.segments;
SELECT name, relation::text ~ '^\d+$' AS gone FROM segmentation.bindings;
SELECT segmentation.unbind('orders'), segmentation.unbind('customers'), segmentation.drop_attribute('total');
SELECT count(*) FROM segmentation.bindings;
DROP OWNED BY regress_segment_reader, regress_segment_owner;
DROP ROLE regress_segment_reader;
DROP ROLE regress_segment_owner;
