-- Rules that name the lists of what is kept by hand, and a shop that gets lists of the same names afterwards, by every way that gives a name.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE customers (id integer PRIMARY KEY, city text, labels text[] DEFAULT '{hot}');
CREATE TABLE clubs (customer_id integer, club text);
CREATE TABLE profiles (customer_id integer PRIMARY KEY, city text);
INSERT INTO customers SELECT i, CASE WHEN i % 2 = 0 THEN 'Sofia' END FROM generate_series(1, 10) AS i;
INSERT INTO clubs VALUES (1, 'VIP'), (2, 'chess');
INSERT INTO profiles SELECT i, 'Varna' FROM generate_series(1, 5) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.create_group('vip'), segmentation.create_group('hot', kind => 'tag') \g /dev/null
SELECT segmentation.add_members('vip', 3), segmentation.add_members('hot', 4) \g /dev/null
SELECT segmentation.define_attribute('clubs_of_ours', 'customer_groups') \g /dev/null
SELECT segmentation.create_segment(n, r) FROM (VALUES ('in vip as well', 'clubs_of_ours CONTAINS ''vip'''), ('in vip', 'customer_groups CONTAINS ''vip'''), ('in none', 'customer_groups IS NULL'),
  ('is hot', 'customer_tags CONTAINS ''hot'''), ('Sofia', 'city = ''Sofia''')) AS s (n, r) \g /dev/null
SELECT is(segmentation.count_matching('clubs_of_ours CONTAINS ''Sofia'''), 0::bigint, 'an attribute that stands for a list of groups is none of all segments');
CREATE FUNCTION who(name text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1$$;

SELECT segmentation.bind_set('customer_groups', 'clubs', 'customer_id', 'club') \g /dev/null
SELECT is(who('in vip') || ' ' || who('in none'), '1,3 4,5,6,7,8,9,10', 'a set that is bound');
SELECT is(who('in vip as well'), who('in vip'), 'and an attribute that stands for it');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
ALTER TABLE customers ADD COLUMN customer_tags text[] DEFAULT '{hot}';
CALL segmentation.tick();
SELECT is(who('is hot'), '1,2,3,4,5,6,7,8,9,10', 'a column that is added');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
ALTER TABLE customers RENAME COLUMN labels TO customer_groups;
CALL segmentation.tick();
SELECT is(who('in vip') || ' ' || COALESCE(who('in none'), 'nobody'), '3 nobody', 'one that gets such a name');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
ALTER TABLE customers ADD COLUMN other text;
SELECT is_empty('SELECT * FROM segmentation.dirty', 'other columns concern nobody');

-- A word that a rule reads already may be defined to mean something else.
SELECT segmentation.bind_lookup('profile', 'profiles', of => 'customers', key => 'id', lookup_key => 'customer_id') \g /dev/null
SELECT segmentation.define_attribute('city', 'profile.city') \g /dev/null
SELECT is(who('Sofia'), NULL, 'an attribute in front of a column that rules read');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members are right');
SELECT finish();
