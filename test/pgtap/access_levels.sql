-- Levels: what each lets a role do and what not, segments and views to come included, and that nothing of it reaches the
-- shop's own tables.
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE pgtap_owner; CREATE ROLE pgtap_admin; CREATE ROLE "pgtap ed'it""or"; CREATE ROLE pgtap_reader; CREATE ROLE pgtap_other;
CREATE SCHEMA shop AUTHORIZATION pgtap_owner;
-- The owner of the shop's tables, no superuser, with level admin: all of it.
SELECT segmentation.grant_access('pgtap_owner', 'admin') \g /dev/null
SELECT segmentation.grant_access('pgtap_admin', 'admin') \g /dev/null
SELECT segmentation.grant_access('pgtap_reader', 'read') \g /dev/null
SET ROLE pgtap_owner;
CREATE TABLE shop.customers (id integer PRIMARY KEY, city text, secret text);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer REFERENCES shop.customers, total numeric);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.customers SELECT g, CASE WHEN g % 2 = 0 THEN 'Sofia' ELSE 'Varna' END FROM generate_series(1, 10) AS g;
INSERT INTO shop.orders SELECT g, 1 + g % 5, g FROM generate_series(1, 20) AS g;
SELECT lives_ok($$SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC')$$, 'the owner binds customers');
SELECT lives_ok($$SELECT segmentation.bind_source('orders', 'shop.orders', 'customer_id')$$, 'and orders');
SELECT lives_ok($$SELECT segmentation.bind_column('orders', 'double', 'total * 2')$$, 'and a computed column');
SELECT lives_ok($$SELECT segmentation.define_attribute('spent', 'sum(orders.double)')$$, 'defines an attribute');
SELECT lives_ok($$SELECT segmentation.create_segment('big', 'spent > 80')$$, 'makes a segment');
SELECT lives_ok($$SELECT segmentation.create_segment('shown', 'FROM customers SHOW city, spent WHERE city = ''Sofia'' ORDER BY spent')$$, 'with a view of its own');
SELECT lives_ok($$SELECT segmentation.alter_segment('big', 'spent > 90')$$, 'changes it');
SELECT lives_ok($$INSERT INTO shop.orders VALUES (100, 9, 1000)$$, 'sells');
SELECT ok(segmentation.is_member('big', 9), 'and reads members');
SELECT lives_ok('CALL segmentation.tick()', 'ticks');
SELECT lives_ok('SELECT segmentation.refresh_all()', 'refreshes');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'verifies');
SELECT isnt_empty('SELECT * FROM segments.shown', 'reads views');
SELECT lives_ok('SELECT * FROM segmentation.status', 'reads how it goes');
SELECT lives_ok($$SELECT segmentation.preview('spent > 1')$$, 'previews');
RESET ROLE;
SELECT is((SELECT changed_by FROM segmentation.segments WHERE name = 'big'), session_user, 'who changed it is the session''s user');

-- Level admin without the tables: keeps up and grants, binds nothing.
GRANT USAGE ON SCHEMA shop TO pgtap_admin;
SET ROLE pgtap_admin;
SELECT throws_like($$SELECT segmentation.bind_source('again', 'shop.orders', 'customer_id')$$, 'must be owner of table shop.orders', 'admin is not owner');
SELECT throws_like($$SELECT segmentation.bind_column('orders', 'c', 'total')$$, 'must be owner of table shop.orders', 'nor for columns');
SELECT throws_like($$SELECT segmentation.bind_customers('shop.customers', replace => true)$$, 'must be owner of table shop.customers', 'nor for customers');
SELECT throws_like($$SELECT segmentation.unbind('orders')$$, 'must be owner of table shop.orders', 'nor for unbinding');
SELECT lives_ok('CALL segmentation.tick()', 'admin ticks');
SELECT lives_ok('SELECT segmentation.refresh_all()', 'admin refreshes');
SELECT lives_ok($q$SELECT segmentation.grant_access('pgtap ed''it"or', 'edit')$q$, 'admin grants');
SELECT throws_ok('SELECT * FROM shop.orders', '42501', NULL, 'admin reads nothing of the shop''s');
SELECT lives_ok('SELECT * FROM segmentation.check_replication()', 'admin looks after replication');
SELECT throws_ok('SELECT segmentation.grant_backup(''pgtap_admin'')', '42501', NULL, 'who could restore could do anything in our schema');
RESET ROLE;
-- A table of his own: what he makes of it would run as the customers' owner.
CREATE SCHEMA mine AUTHORIZATION pgtap_admin;
GRANT USAGE ON SCHEMA mine TO pgtap_owner;
SET ROLE pgtap_admin;
CREATE TABLE mine.visits (customer_id integer);
CREATE INDEX ON mine.visits (customer_id);
GRANT SELECT ON mine.visits TO pgtap_owner;
SELECT throws_like($$SELECT segmentation.bind_source('visits', 'mine.visits', 'customer_id')$$, 'must be a member of role pgtap_owner%', 'own tables hang on customers of a role of his only');
CREATE TABLE mine.customers (id integer PRIMARY KEY);
SELECT throws_like($$SELECT segmentation.bind_customers('mine.customers', replace => true)$$, 'must be a member of role pgtap_owner%', 'nor does he take the members over');
RESET ROLE;
GRANT pgtap_owner TO pgtap_admin;
SET ROLE pgtap_admin;
SELECT lives_ok($$SELECT segmentation.bind_source('visits', 'mine.visits', 'customer_id')$$, 'as a member of both he may');
SELECT lives_ok($$SELECT segmentation.unbind('visits')$$, 'and may take it away');
RESET ROLE;
REVOKE pgtap_owner FROM pgtap_admin;

-- Level edit.
SET ROLE "pgtap ed'it""or";
SELECT lives_ok($$SELECT segmentation.create_segment('sofia', 'city = ''Sofia''')$$, 'edit makes a segment');
SELECT lives_ok($$SELECT segmentation.alter_segment('sofia', 'city = ''Varna''')$$, 'changes it');
SELECT lives_ok($$SELECT segmentation.rename_segment('sofia', 'varna')$$, 'renames it');
SELECT lives_ok($$SELECT segmentation.copy_segment('varna', 'copy')$$, 'copies it');
SELECT lives_ok($$SELECT segmentation.describe_segment('copy', 'a copy')$$, 'describes it');
SELECT lives_ok($$SELECT segmentation.create_segment('copy', 'city = ''Plovdiv''', replace => true)$$, 'replaces it');
SELECT lives_ok($$SELECT segmentation.drop_segment('copy')$$, 'drops it');
SELECT lives_ok($$SELECT segmentation.define_attribute('local', 'city = ''Sofia''')$$, 'defines an attribute');
SELECT lives_ok($$SELECT segmentation.drop_attribute('local')$$, 'drops it');
SELECT lives_ok($$SELECT segmentation.define_source('buys', 'orders')$$, 'defines a source');
SELECT lives_ok($$SELECT segmentation.drop_source('buys')$$, 'drops it');
SELECT lives_ok($$SELECT segmentation.refresh(1)$$, 'refreshes a customer');
SELECT lives_ok($$SELECT segmentation.refresh('{1,2}'::bigint[])$$, 'and several');
SELECT is(segmentation.member_count('varna'), 5::bigint, 'counts members');
SELECT lives_ok($$SELECT * FROM segmentation.suggest('city = ')$$, 'has rules completed');
SELECT throws_ok($$SELECT * FROM segmentation.count_diff('varna', 'city = ''Sofia''')$$, '42501', 'permission denied for schema shop', 'asks what another rule would change, as who may read the shop');
SELECT throws_ok($$SELECT * FROM segmentation.diff_segment('varna', 'city = ''Sofia''')$$, '42501', 'permission denied for schema shop', 'and for whom');
SELECT throws_ok($$SELECT segmentation.grant_backup('pgtap ed''it"or')$$, '42501', NULL, 'makes itself no backup role');
-- Whoever builds, the customers' owner reads: also what policies hide from others.
RESET ROLE;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
SET ROLE "pgtap ed'it""or";
SELECT lives_ok($$SELECT segmentation.create_segment('built', 'spent > 90', wait => false)$$, 'has a segment built');
SELECT lives_ok($$SELECT segmentation.alter_segment('varna', 'city = ''Varna'' AND spent > 0', wait => false)$$, 'and a rule');
CALL segmentation.build_segment('built');
CALL segmentation.build_segment('varna');
SELECT is_empty('SELECT * FROM segmentation.builds', 'until it is done');
SELECT is(segmentation.member_count('built'), segmentation.member_count('big'), 'with its members');
SELECT lives_ok($$SELECT segmentation.alter_segment('varna', 'city = ''Varna''')$$, 'takes a rule back');
SELECT lives_ok($$SELECT segmentation.drop_segment('built')$$, 'and a segment');
RESET ROLE;
ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY;
SET ROLE "pgtap ed'it""or";
SELECT throws_ok($$SELECT segmentation.preview('city = ''Sofia''')$$, '42501', NULL, 'previews with its own rights on the shop''s tables only');
SELECT throws_ok($$SELECT segmentation.count_matching('city = ''Sofia''')$$, '42501', NULL, 'and counts so');
SELECT throws_ok($$SELECT * FROM segmentation.explain('varna', 1)$$, '42501', NULL, 'and explains so');
SELECT throws_ok($$SELECT segmentation.matches('city = ''Sofia''', 1)$$, '42501', NULL, 'and judges so');
SELECT throws_ok($$SELECT segmentation.bind_column('orders', 'c', 'total')$$, '42501', NULL, 'edit binds nothing');
SELECT throws_ok($$SELECT segmentation.unbind('orders')$$, '42501', NULL, 'nor unbinds');
SELECT throws_ok($$SELECT segmentation.grant_access('pgtap_other', 'read')$$, '42501', NULL, 'nor grants');
SELECT throws_ok($$SELECT segmentation.refresh_all()$$, '42501', NULL, 'nor refreshes everyone');
SELECT throws_ok($$CALL segmentation.tick()$$, '42501', NULL, 'nor ticks');
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO "pgtap ed'it""or";
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO "pgtap ed'it""or";
SET ROLE "pgtap ed'it""or";
SELECT lives_ok($$SELECT segmentation.preview('city = ''Sofia''')$$, 'with rights on the tables it previews');
SELECT lives_ok($$SELECT * FROM segmentation.explain('varna', 1)$$, 'and explains');

-- Level read, given before anything was bound.
SET ROLE pgtap_reader;
SELECT isnt_empty('SELECT * FROM segmentation.membership', 'read reads members');
SELECT isnt_empty('SELECT * FROM segmentation.membership_history', 'and their history');
SELECT isnt_empty('SELECT * FROM segmentation.segments', 'and segments');
SELECT ok(segmentation.is_member('big', 9) AND segmentation.is_member('big', '9') AND NOT segmentation.is_member('big', 'nobody'), 'asks for a member');
SELECT set_eq('SELECT segmentation.segments_of(9)', '{big,varna}'::text[], 'for a customer''s segments');
SELECT isnt_empty($$SELECT * FROM segmentation.segments_of('{9}'::bigint[])$$, 'for several');
SELECT isnt_empty($$SELECT * FROM segmentation.members('varna')$$, 'for all members');
SELECT lives_ok($$SELECT * FROM segmentation.members_at('varna', now())$$, 'for those of a day');
SELECT throws_like($$SELECT segmentation.member_count('verna')$$, 'segment "verna" does not exist', 'is told of mistakes');
SELECT lives_ok('SELECT segmentation.flush()', 'and may flush its own changes');
SELECT lives_ok(format('SELECT * FROM %s', v), 'read reads ' || v)
FROM (SELECT c.oid::regclass::text AS v FROM pg_class AS c WHERE c.relnamespace = 'segmentation'::regnamespace AND c.relkind = 'v') AS v;
SELECT throws_ok('SELECT * FROM segmentation.state', '42501', NULL, 'but not what is kept of customers');
SELECT throws_ok('SELECT * FROM segmentation.dirty', '42501', NULL, 'nor the queue');
SELECT throws_ok($$SELECT segmentation.create_segment('mine', 'city = ''Sofia''')$$, '42501', NULL, 'nor makes segments');
SELECT throws_ok('SELECT segmentation.refresh(1)', '42501', NULL, 'nor refreshes');
SELECT throws_ok('SELECT * FROM segments.varna', '42501', NULL, 'nor reads customers by views of segments');
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO pgtap_reader;
GRANT SELECT (id, city) ON shop.customers TO pgtap_reader;
SET ROLE pgtap_reader;
SELECT throws_ok('SELECT id FROM segments.varna', '42501', NULL, 'some columns are not enough');
SELECT throws_ok('SELECT * FROM segments.shown', '42501', NULL, 'nor for one that shows other tables');
RESET ROLE;
GRANT SELECT ON shop.customers TO pgtap_reader;
SET ROLE pgtap_reader;
SELECT results_eq('SELECT count(*) FROM segments.varna', '{5}'::bigint[], 'the customers'' table is');
SELECT throws_ok('SELECT * FROM segments.shown', '42501', NULL, 'what SHOW reads is needed, too');
RESET ROLE;
GRANT SELECT ON shop.orders TO pgtap_reader;
SET ROLE pgtap_reader;
SELECT results_eq('SELECT count(*) FROM segments.shown', '{5}'::bigint[], 'then it shows');
RESET ROLE;
-- Views made anew keep it.
ALTER TABLE shop.customers ADD COLUMN more text;
SELECT segmentation.create_segment('next', 'city = ''Sofia''') \g /dev/null
SELECT segmentation.alter_segment('shown', 'FROM customers SHOW id, city WHERE city = ''Sofia''') \g /dev/null
SET ROLE pgtap_reader;
SELECT lives_ok('SELECT more FROM segments.varna', 'a view made anew');
SELECT lives_ok('SELECT id FROM segments.shown', 'one with other columns');
SELECT lives_ok('SELECT id FROM segments.next', 'and one to come');
RESET ROLE;

-- The list of levels follows the roles.
SELECT set_eq($$SELECT role || ' has ' || level FROM segmentation.access$$,
  '{"pgtap ed''it\"or has edit",pgtap_admin has admin,pgtap_owner has admin,pgtap_reader has read}'::text[], 'who has what');
ALTER ROLE pgtap_reader RENAME TO pgtap_analyst;
SELECT ok(EXISTS (SELECT FROM segmentation.access WHERE role = 'pgtap_analyst' AND level = 'read'), 'a renamed role keeps its level');
CREATE ROLE pgtap_reader;
SELECT segmentation.create_segment('later', 'city = ''Sofia''') \g /dev/null
SELECT ok(has_table_privilege('pgtap_analyst', 'segments.later', 'SELECT'), 'for segments to come, too');
SELECT ok(NOT has_table_privilege('pgtap_reader', 'segments.later', 'SELECT'), 'and not whoever has its old name');
-- Down, and away.
SELECT segmentation.grant_access('pgtap_admin', 'read') \g /dev/null
SET ROLE pgtap_admin;
SELECT throws_ok($$SELECT segmentation.create_segment('mine', 'city = ''Sofia''')$$, '42501', NULL, 'a lower level takes what the higher gave');
SELECT lives_ok('SELECT * FROM segmentation.membership', 'and leaves what both give');
RESET ROLE;
SELECT segmentation.grant_backup('pgtap_analyst') \g /dev/null
SELECT segmentation.revoke_access(r) FROM unnest('{pgtap_admin,pgtap_analyst,"pgtap ed''it\"or"}'::name[]) AS r \g /dev/null
SELECT is_empty(format($$SELECT c.oid::regclass FROM pg_class AS c, aclexplode(c.relacl) AS x WHERE x.grantee = %L::regrole
    AND c.relnamespace IN ('segmentation'::regnamespace, 'segments'::regnamespace)
  UNION ALL SELECT p.oid::regclass FROM pg_proc AS p, aclexplode(p.proacl) AS x WHERE x.grantee = %1$L::regrole
    AND p.pronamespace = 'segmentation'::regnamespace
  UNION ALL SELECT n.oid::regclass FROM pg_namespace AS n, aclexplode(n.nspacl) AS x WHERE x.grantee = %1$L::regrole AND n.nspname LIKE 'segment%%'$$,
  quote_ident(r)), r || ' has nothing left')
FROM unnest('{pgtap_admin,pgtap_analyst,"pgtap ed''it\"or"}'::text[]) AS r;
-- Whose the members are keeps them.
SELECT segmentation.revoke_access('pgtap_owner') \g /dev/null
SET ROLE pgtap_owner;
SELECT lives_ok($$INSERT INTO shop.orders VALUES (101, 8, 1000)$$, 'the owner sells without any level');
SELECT ok(EXISTS (SELECT FROM segmentation.membership AS m WHERE m.customer_id = 8 AND m.segment_id = (SELECT min(m.segment_id) FROM segmentation.membership AS m)), 'members follow');
SELECT throws_ok($$SELECT segmentation.create_segment('mine', 'city = ''Sofia''')$$, '42501', NULL, 'but defines nothing any more');
RESET ROLE;

SELECT throws_ok($$SELECT segmentation.grant_access('pgtap_readr', 'read')$$, '42704', 'role "pgtap_readr" does not exist', 'an unknown role');
SELECT throws_ok($$SELECT segmentation.grant_access('public', 'read')$$, '42704', NULL, 'everybody is no role');
SELECT throws_ok($$SELECT segmentation.grant_access('pgtap_other', 'write')$$, '22023', 'level "write" is unknown', 'an unknown level');
SELECT throws_ok($$SELECT segmentation.grant_access(NULL, 'read')$$, '22004', NULL, 'no role');
SELECT throws_ok($$SELECT segmentation.grant_access('pgtap_other', NULL)$$, '22023', NULL, 'no level');
SELECT throws_ok($$SELECT segmentation.revoke_access('nobody there')$$, '42704', NULL, 'an unknown role to revoke from');
-- A name that is a keyword.
CREATE ROLE "current_user"; CREATE ROLE "session_user";
SELECT segmentation.grant_access('current_user', 'read') \g /dev/null
SELECT is((SELECT level FROM segmentation.access WHERE role = 'current_user'), 'read', 'a role is meant by its name');
SELECT segmentation.revoke_access('current_user') \g /dev/null
DROP ROLE "current_user", "session_user";

-- Every function that people call is at one level or for everyone.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
  WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname !~ '^_|^(grant|revoke)_backup$' AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
    AND p.oid NOT IN (SELECT segmentation._routines_of(l) FROM unnest('{shared,read,edit,admin}'::text[]) AS l)$$, 'every function has a level');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'segmentation_internal'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_proc AS o WHERE o.pronamespace = 'segmentation'::regnamespace AND o.proname = p.proname AND o.proargtypes = p.proargtypes)$$,
  'every body has its gate');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace IN ('segmentation'::regnamespace, 'segmentation_internal'::regnamespace)
  AND p.proname ~ '^_' AND p.oid IN (SELECT segmentation._routines_of(l) FROM unnest('{shared,read,edit,admin}'::text[]) AS l)
  AND p.proname ~ '^_(write|delete|queue_|follow|capture($|_row)|mend|end|finish|take|request|install|remove|save|read_as|analysed|columns_of|grant|make|drop|give|lock|open)'$$, 'no level reaches what writes');
DROP OWNED BY pgtap_owner, pgtap_admin, "pgtap ed'it""or", pgtap_reader, pgtap_analyst, pgtap_other CASCADE;
DROP ROLE pgtap_owner, pgtap_admin, "pgtap ed'it""or", pgtap_reader, pgtap_analyst, pgtap_other;
SELECT finish();
