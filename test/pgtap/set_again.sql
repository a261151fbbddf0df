-- A set by links that is bound once more, as presets do that run again: rules that compare its values stay sound all the while.
SET client_min_messages = warning;
SELECT plan(5);
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
SELECT * FROM finish();
