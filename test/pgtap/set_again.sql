-- A set by links that is bound once more, as presets do that run again: rules that compare its values stay sound all the while.
SET client_min_messages = warning;
SELECT plan(28);
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE groups (id integer PRIMARY KEY, name text);
CREATE TABLE links (customer_id integer, group_id integer, PRIMARY KEY (customer_id, group_id));
CREATE TABLE nicknames (id integer PRIMARY KEY, name text);
INSERT INTO customers SELECT generate_series(1, 3);
INSERT INTO groups VALUES (1, 'VIP'), (2, 'staff');
INSERT INTO nicknames VALUES (1, 'friends'), (2, 'VIP');
INSERT INTO links VALUES (1, 1), (2, 2), (3, 1), (3, 2);
SELECT segmentation.bind_customers('customers') \g /dev/null
SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'name', via => 'group_id', target => 'groups') \g /dev/null
SELECT segmentation.create_segment('vip', 'groups CONTAINS ''VIP''') \g /dev/null
CREATE FUNCTION found() RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(m::text, ' ' ORDER BY m::text) FROM segmentation.members('vip') AS m);

SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'name', via => 'group_id', target => 'groups', replace => true)$$,
  'the same again');
SELECT is(found(), '1 3', 'nobody moves');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'name', via => 'group_id', target => 'nicknames',
  replace => true)$$, 'the values of another table');
SELECT is(found(), '2 3', 'members follow');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and are right');

-- Each of these is one change: rules never see what is only half of it.
CREATE TABLE ranks (id integer PRIMARY KEY, label text);
CREATE TABLE links2 (person integer, rank integer, PRIMARY KEY (person, rank));
CREATE TABLE written (person integer, name text, PRIMARY KEY (person, name));
INSERT INTO ranks VALUES (1, 'VIP'), (2, 'staff');
INSERT INTO links2 VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO written VALUES (2, 'VIP'), (3, 'VIP');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'label', via => 'group_id', target => 'ranks', replace => true)$$,
  'the values of a column of another name');
SELECT is(found(), '1 3', 'members follow');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links2', 'person', 'label', via => 'rank', target => 'ranks', replace => true)$$,
  'another link table');
SELECT is(found(), '1 2', 'members follow');
SELECT is_empty($$SELECT FROM pg_trigger WHERE tgrelid IN ('links'::regclass, 'groups'::regclass, 'nicknames'::regclass) AND NOT tgisinternal$$,
  'tables that are read no more have no triggers');
INSERT INTO links2 VALUES (3, 1);
UPDATE ranks SET label = 'staff' WHERE id = 2;
SELECT is(found(), '1 2 3', 'changes of the new tables are followed');
SELECT throws_like($$SELECT segmentation.bind_set('groups', 'links2', 'person', 'id', via => 'rank', target => 'ranks', replace => true)$$,
  '%list of numbers%', 'values that a rule cannot be compared with are refused');
SELECT lives_ok($$SELECT segmentation.bind_set('Groups', 'links2', 'person', 'label', via => 'rank', target => 'ranks', replace => true)$$,
  'the name in another case');
SELECT results_eq($$SELECT name FROM segmentation.bindings WHERE role <> 'customers'$$, ARRAY['Groups', 'Groups.target'], 'what belongs to it has it, too');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'written', 'person', 'name', replace => true)$$, 'values of its own');
SELECT is(found(), '2 3', 'members follow');
SELECT is_empty($$SELECT FROM segmentation.bindings WHERE name LIKE '%.target' UNION ALL SELECT FROM segmentation.binding_column$$, 'nothing of the links stays');
SELECT lives_ok('DROP TABLE ranks, links2', 'their tables are the shop''s again');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'name', via => 'group_id', target => 'groups', replace => true)$$, 'links again');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
SELECT results_eq($$SELECT customer_id, count(*) FROM segmentation.membership_history WHERE left_at IS NULL GROUP BY 1 ORDER BY 1$$, 'VALUES (1, 1::bigint), (3, 1)',
  'each is in once');

-- A lookup of somebody else's that is called like a set's values stays where it is.
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, product_id integer);
SELECT segmentation.bind_source('orders', 'orders', 'customer_id') \g /dev/null
SELECT segmentation.bind_lookup('tags.target', 'nicknames', 'orders', 'product_id') \g /dev/null
SELECT throws_ok($$SELECT segmentation.bind_set('tags', 'links', 'customer_id', 'name', via => 'group_id', target => 'groups', replace => true)$$,
  '42710', NULL, 'a name that is taken');
SELECT lives_ok($$SELECT segmentation.bind_set('the "best"', 'links', 'customer_id', 'name', via => 'group_id', target => 'nicknames')$$,
  'a name with quotes in it');
SELECT is(segmentation.count_matching('"the ""best""" CONTAINS ''friends'''), 2::bigint, 'and its values');
CREATE FUNCTION hint_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE command;
  RETURN NULL;
EXCEPTION WHEN dependent_objects_still_exist THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN hint;
END $$;
SELECT matches(hint_of('DROP TABLE groups'), 'unbind\(''groups''\)', 'who drops the table of the values is told of the set');
SELECT segmentation.bind_column('groups', 'large', 'upper("groups.target".name)') \g /dev/null
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', 'customer_id', 'large', replace => true)$$, 'a value that is computed of what the links lead to');
SELECT is(segmentation.count_matching('groups CONTAINS ''staff'''), 2::bigint, 'reads that');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and members are right');
SELECT * FROM finish();
