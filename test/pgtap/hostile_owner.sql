-- The owner of the shop's tables is no superuser and wants to become one: whatever of his runs inside a call of ours, whoever
-- called, must run by his own rights at most, and leave nothing behind in the session.
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE pgtap_evil;
CREATE SCHEMA evil AUTHORIZATION pgtap_evil;
SELECT segmentation.grant_access('pgtap_evil', 'admin') \g /dev/null
SET ROLE pgtap_evil;
CREATE TABLE evil.seen (place text, who name);
-- Armed where he has not the session himself: who has come by SET ROLE goes back by RESET ROLE.
CREATE TABLE evil.armed (resets boolean);
-- Every place where his code gets to run comes by here.
CREATE FUNCTION evil.note(place text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM evil.armed) THEN RETURN; END IF;
  INSERT INTO evil.seen VALUES (place, current_user);
  BEGIN EXECUTE 'ALTER ROLE pgtap_evil SUPERUSER'; INSERT INTO evil.seen VALUES (place || ': SUPERUSER', current_user || '!'); EXCEPTION WHEN OTHERS THEN NULL; END;
  IF NOT EXISTS (SELECT FROM evil.armed WHERE resets) THEN RETURN; END IF;
  BEGIN EXECUTE 'SET ROLE postgres'; INSERT INTO evil.seen VALUES (place || ': SET ROLE', current_user); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'RESET ROLE'; INSERT INTO evil.seen VALUES (place || ': RESET ROLE', current_user); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; INSERT INTO evil.seen VALUES (place || ': RESET SESSION', current_user); EXCEPTION WHEN OTHERS THEN NULL; END;
  PERFORM set_config('search_path', 'evil, pg_catalog', false);
  PERFORM set_config('segmentation.maintain', 'background', false);
END $$;
-- Said to be immutable, so that the planner may run it.
CREATE FUNCTION evil.spy(place text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM evil.note(place); RETURN true; END $$;
CREATE FUNCTION evil.length(place text, value text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.note(place); RETURN pg_catalog.length(value); END $$;

CREATE TABLE evil.customers (id integer PRIMARY KEY, city text);
CREATE TABLE evil.orders (id integer, customer_id integer, total numeric, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE evil.orders_1 PARTITION OF evil.orders FOR VALUES FROM (1) TO (100);
CREATE TABLE evil.fields (customer_id integer, field text, value text);
INSERT INTO evil.customers SELECT g, CASE WHEN g % 2 = 0 THEN 'Sofia' END FROM generate_series(1, 9) AS g;
INSERT INTO evil.orders SELECT g, 1 + g % 9, g FROM generate_series(1, 20) AS g;
INSERT INTO evil.fields SELECT g, 'size', 'M' FROM generate_series(1, 9) AS g;
-- Planning a query over a table runs what its indexes' expressions call on constants.
CREATE INDEX ON evil.customers ((evil.spy('index of customers') AND city = 'x'));
CREATE INDEX ON evil.orders ((evil.spy('index of orders') AND total > 0));
CREATE INDEX ON evil.fields ((evil.spy('index of fields') AND value = 'x'));
-- Reading a literal runs the checks of a domain.
CREATE DOMAIN evil.checked AS integer CHECK (evil.length('check of domain', value::text) > 0);
-- Printing a value runs casts.
CREATE TYPE evil.pair AS (a integer);
CREATE FUNCTION evil.print(evil.pair) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM evil.note('cast'); RETURN 'pair'; END $$;
CREATE CAST (evil.pair AS text) WITH FUNCTION evil.print(evil.pair);
ALTER TABLE evil.orders ADD COLUMN pair evil.pair;
UPDATE evil.orders SET pair = ROW(1)::evil.pair WHERE id = 3;
RESET ROLE;
CREATE FUNCTION others_ran() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT DISTINCT place || ' as ' || who FROM evil.seen WHERE who <> 'pgtap_evil' $$;
CREATE FUNCTION is_clean(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT is_empty('SELECT others_ran()', what || ': his code ran by his rights only');
  RETURN NEXT is((SELECT rolsuper FROM pg_roles WHERE rolname = 'pgtap_evil'), false, what || ': he is no superuser');
END $$;

-- As the superuser, who has everything bound and defined.
INSERT INTO evil.armed VALUES (true);
SELECT lives_ok($$SELECT segmentation.bind_customers('evil.customers', timezone => 'UTC')$$, 'customers are bound');
SELECT lives_ok($$SELECT segmentation.bind_source('orders', 'evil.orders', 'customer_id')$$, 'orders are bound');
SELECT lives_ok($$SELECT segmentation.bind_fields('fields', 'evil.fields', 'customer_id', 'field', 'value')$$, 'fields are bound');
SELECT lives_ok($$SELECT segmentation.bind_column('customers', 'sized', $q$evil.length('computed column', city)$q$)$$, 'a computed column');
SELECT lives_ok($$SELECT segmentation.bind_column('customers', 'constant', $q$evil.length('constant', 'x')$q$)$$, 'a constant one');
SELECT lives_ok($$SELECT segmentation.bind_column('customers', 'domain', $q$('{1,2}'::evil.checked[])[1]$q$)$$, 'one of a domain');
SELECT is_clean('bind');
SELECT lives_ok($$SELECT segmentation.create_segment('cities', 'sized > 1 AND constant = 1 AND domain = 1')$$, 'a segment of them');
SELECT lives_ok($$SELECT segmentation.create_segment('pairs', $q$orders MATCHES (pair = 'pair')$q$)$$, 'a segment of casts');
SELECT lives_ok($$SELECT segmentation.create_segment('shown', $q$FROM customers SHOW sized, domain WHERE city = 'Sofia' ORDER BY constant$q$)$$, 'a view of them');
SELECT is_clean('create_segment');
SELECT ok(EXISTS (SELECT FROM evil.seen WHERE place = p), p || ' has run') FROM unnest('{index of customers,check of domain,constant,computed column,cast}'::text[]) AS p;
SELECT is(current_setting('search_path'), '"$user", public', 'search_path is what it was');
SELECT is(current_setting('segmentation.maintain'), 'commit', 'and so are other settings');
SELECT is(member_count, 4::bigint, 'members are there') FROM segmentation.member_count('cities');
SELECT lives_ok($$SELECT segmentation.define_attribute('big', 'sized > 3')$$, 'an attribute');
SELECT lives_ok($$SELECT segmentation.alter_segment('cities', 'big AND domain = 1 AND NOT segments CONTAINS ''pairs''')$$, 'another rule');
SELECT lives_ok($$SELECT segmentation.rename_segment('cities', 'towns')$$, 'another name');
SELECT lives_ok($$SELECT segmentation.refresh(1), segmentation.refresh_all()$$, 'refreshing');
SELECT lives_ok($$SELECT * FROM segmentation.status$$, 'status');
SELECT lives_ok($$SELECT * FROM segmentation.attributes$$, 'attributes');
SELECT is_clean('definitions');
SELECT lives_ok($$SELECT segmentation.create_segment('built', 'sized > 1 AND domain = 1', wait => false)$$, 'a segment to be built');
SELECT lives_ok($$SELECT segmentation.alter_segment('towns', 'big AND domain = 1 AND id > 4', wait => false)$$, 'a rule to be built');
SELECT lives_ok($$SELECT * FROM segmentation.builds$$, 'builds');
SELECT lives_ok($$SELECT * FROM segmentation.check_replication()$$, 'check_replication');
CALL segmentation.build_segment('built');
CALL segmentation.build_segment('towns');
SELECT is_empty($$SELECT * FROM segmentation.builds$$, 'all is built');
SELECT is(member_count, 4::bigint, 'with members') FROM segmentation.member_count('built');
SELECT is_clean('builds');

-- His members' tables: triggers of his own, also deferred ones, which fire when nobody's rights but the session's are left.
TRUNCATE evil.armed;
SET ROLE pgtap_evil;
SELECT throws_ok($$CREATE INDEX ON segmentation.membership ((evil.spy('index of members') AND segment_id > 0))$$, '42501', NULL, 'he makes nothing in our schema');
CREATE FUNCTION evil.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.note('trigger ' || TG_NAME); RETURN NULL; END $$;
CREATE TRIGGER members AFTER INSERT OR DELETE ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION evil.trigger();
INSERT INTO evil.customers VALUES (10, 'Varna');
RESET ROLE;
TRUNCATE evil.seen;
INSERT INTO evil.armed VALUES (true);
SELECT lives_ok($$SELECT segmentation.refresh(1), segmentation.refresh_all()$$, 'refreshing with his trigger');
SELECT lives_ok($$SELECT segmentation.alter_segment('towns', 'sized > 1')$$, 'writing with his trigger');
SELECT ok(EXISTS (SELECT FROM evil.seen WHERE place LIKE 'trigger%'), 'which has fired');
SELECT segmentation._queue_everyone() \g /dev/null
SELECT lives_ok('CALL segmentation.tick()', 'ticking');
SELECT lives_ok($$SELECT segmentation.drop_segment('pairs', cascade => true)$$, 'dropping');
SELECT is_clean('his members'' tables');
TRUNCATE evil.armed;
SET ROLE pgtap_evil;
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR DELETE ON segmentation.membership DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.trigger();
RESET ROLE;
INSERT INTO evil.armed VALUES (true);
TRUNCATE evil.seen;
SELECT throws_ok($$SELECT segmentation.alter_segment('towns', 'sized > 6')$$, '42501', NULL, 'a deferred trigger of his is refused');
SELECT segmentation._queue_everyone() \g /dev/null
CALL segmentation.tick();
SELECT is_clean('deferred triggers');
TRUNCATE evil.armed;
SET ROLE pgtap_evil;
DROP TRIGGER later ON segmentation.membership;
DROP TRIGGER members ON segmentation.membership;
RESET ROLE;

-- DDL of his fires our event triggers, which run by the extension's owner's rights.
INSERT INTO evil.armed VALUES (false);
SET ROLE pgtap_evil;
TRUNCATE evil.seen;
CREATE TABLE evil.orders_2 (LIKE evil.orders INCLUDING INDEXES);
CREATE INDEX ON evil.orders_2 ((evil.spy('index of a partition') AND total > 1));
INSERT INTO evil.orders_2 VALUES (101, 1, 1);
SELECT lives_ok('ALTER TABLE evil.orders ATTACH PARTITION evil.orders_2 FOR VALUES FROM (100) TO (200)', 'a partition is attached');
SELECT lives_ok('ALTER TABLE evil.orders DETACH PARTITION evil.orders_2', 'and detached');
SELECT lives_ok('ALTER TABLE evil.orders ALTER COLUMN total TYPE numeric(20, 2)', 'a column is retyped');
SELECT lives_ok('DROP TABLE evil.orders_2', 'a table is dropped');
-- What definitions read is looked up before commands, views follow after them.
SELECT lives_ok('ALTER TABLE evil.customers RENAME city TO town', 'a column is renamed');
SELECT lives_ok('ALTER TABLE evil.customers ADD COLUMN more evil.checked DEFAULT 1', 'one is added');
SELECT throws_ok('ALTER TABLE evil.customers DROP COLUMN town', '2BP01', NULL, 'one that is read stays');
SELECT lives_ok('ALTER TABLE evil.customers DISABLE TRIGGER segmentation_insert', 'a trigger is disabled');
SELECT lives_ok('ALTER TABLE evil.customers ENABLE TRIGGER segmentation_insert', 'and enabled');
SELECT lives_ok('DROP TRIGGER segmentation_insert ON evil.customers', 'and dropped');
RESET ROLE;
SELECT is_clean('event triggers');
UPDATE evil.armed SET resets = true;
CALL segmentation.tick();
SELECT is_clean('tick');
SELECT lives_ok('SELECT segmentation.refresh_all()', 'refreshing gives triggers back');
SELECT is_empty('SELECT * FROM segmentation._trigger_gaps()', 'none is missing');
SELECT is_clean('what is given back');

SELECT lives_ok($$SELECT segmentation.unbind('fields')$$, 'unbinding');
SELECT is_clean('unbind');
SELECT is(current_setting('search_path'), '"$user", public', 'search_path is what it was at the end');
TRUNCATE evil.armed; -- verify reads by the rights of who asks
SELECT is_empty('SELECT * FROM segmentation.verify() WHERE NOT pending', 'members are right');
DROP OWNED BY pgtap_evil CASCADE;
DROP ROLE pgtap_evil;
SELECT finish();
