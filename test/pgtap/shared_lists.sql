-- Shared lists: whoever has a token reads what was shared and nothing else, as long as it is good; who shares can read what he shares; and a
-- token that is not good is answered in one way, whatever the reason.
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE pgtap_owner; CREATE ROLE pgtap_editor; CREATE ROLE "pgtap gu'e""st"; CREATE ROLE pgtap_reader;
CREATE SCHEMA shop AUTHORIZATION pgtap_owner;
SELECT segmentation.grant_access('pgtap_owner', 'admin'), segmentation.grant_access('pgtap_editor', 'edit'), segmentation.grant_access('pgtap_reader', 'read'),
  segmentation.grant_access('pgtap gu''e"st', 'shared') \g /dev/null
SET ROLE pgtap_owner;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, email text, "Odd name" text, profile jsonb, born date);
CREATE TABLE shop.orders (id integer PRIMARY KEY, customer_id integer, total numeric, created_at timestamptz);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.customers SELECT i, '=name ' || i, 'c' || i || '@example.org', 'o' || i, jsonb_build_object('city', 'Sofia'), date '1990-01-01' + i
FROM generate_series(1, 20) AS i;
INSERT INTO shop.orders SELECT i, 1 + i % 20, i, now() - interval '3 days' FROM generate_series(1, 40) AS i;
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC'), segmentation.bind_source('orders', 'shop.orders', 'customer_id', date => 'created_at'),
  segmentation.bind_column('customers', 'loud', 'upper(name)'), segmentation.bind_column('customers', 'inverse', '1 / (CASE WHEN id::text = ''15'' THEN 0 ELSE 1 END)'), segmentation.define_attribute('spent', 'sum(orders.total)'),
  segmentation.create_segment('odd''s "best"', 'spent > 42'), segmentation.create_segment('cut', 'FROM customers WHERE spent > 0 ORDER BY spent DESC LIMIT 3'),
  segmentation.create_group('by hand'), segmentation.add_members('by hand', ARRAY[3, 1]) \g /dev/null

-- Who shares can read what he shares.
RESET ROLE;
SET ROLE pgtap_editor;
SELECT segmentation.share('odd''s "best"', '1 day') AS token \gset
SELECT matches(:'token'::text, '^[A-Za-z0-9_-]{43}$', 'a token is 256 bits as base64url');
SELECT isnt(segmentation.share('odd''s "best"', '1 day'), :'token'::text, 'each its own');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{email}')$$, '42501', 'permission denied for column "email"', 'a column that he may not read');
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO pgtap_editor;
GRANT SELECT (id, email) ON shop.customers TO pgtap_editor;
SET ROLE pgtap_editor;
SELECT lives_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{email}')$$, 'and one that he may');
SELECT throws_ok(format($$SELECT segmentation.share('odd''s "best"', '1 day', %L)$$, ARRAY[c]), '42501', format('permission denied for column "%s"', c), c || ', which reads others')
FROM unnest('{loud,spent,profile.city,"\"Odd name\""}'::text[]) AS c;
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{emial}')$$, '42703', NULL, 'a name that means nothing');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{segments}')$$, '42703', NULL, 'and what cannot be shown');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{"email, name"}')$$, '42703', NULL, 'and what is no name');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{email,email}')$$, '22023', NULL, 'twice the same');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', '{email,NULL}')$$, '22023', NULL, 'no name');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '1 day', (SELECT array_agg('profile.k' || i) FROM generate_series(1, 51) AS i))$$, '54011', NULL, 'too many');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', '-1 day')$$, '22023', NULL, 'until the past');
SELECT throws_ok($$SELECT segmentation.share('odd''s "best"', NULL)$$, '22004', NULL, 'for ever');
SELECT throws_like($$SELECT segmentation.share('best', '1 day')$$, 'segment "best" does not exist', 'an unknown segment');
RESET ROLE;
SELECT is((SELECT count(*) FROM segmentation.share AS s WHERE s::text LIKE '%' || :'token' || '%'), 0::bigint, 'the token is not kept');
SELECT is((SELECT count(*) FROM segmentation.share AS s WHERE s.hash = sha256(convert_to(:'token', 'UTF8'))), 1::bigint, 'its hash is');
SELECT is_empty($$SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'segmentation.shares'::regclass AND a.attname ~ 'hash|token'$$, 'and is not shown');

-- What the guest gets.
SET ROLE pgtap_owner;
SELECT segmentation.share('odd''s "best"', '1 hour', '{name,spent,"\"Odd name\"",profile.city,loud,born}') AS wide \gset
SELECT segmentation.share('by hand', '1 hour') AS hand \gset
SELECT segmentation.share('cut', '1 hour', '{name}') AS cut \gset
RESET ROLE;
SET ROLE "pgtap gu'e""st";
SELECT results_eq(format('SELECT customer, "values"::text FROM segmentation.shared(%L)', :'token'),
  $$SELECT i::text, '{}' FROM unnest('{1,13,14,15,16,17,18,19,20}'::integer[]) AS i$$, 'keys alone by default, in their order');
SELECT ok(bool_and(s.entered_at <= now() AND s.entered_at > now() - interval '1 hour'), 'and since when') FROM segmentation.shared(:'token') AS s;
SELECT is((SELECT s.values::text FROM segmentation.shared(:'wide') AS s WHERE s.customer = '13'),
  '{"name" : "=name 13", "spent" : 44, "\"Odd name\"" : "o13", "profile.city" : "Sofia", "loud" : "=NAME 13", "born" : "1990-01-14"}',
  'columns in their order, by the rights of the customers'' owner');
SET datestyle = 'SQL, DMY'; SET intervalstyle = iso_8601; SET search_path = nowhere, public;
SELECT is((SELECT s.values ->> 'born' FROM segmentation.shared(:'wide') AS s WHERE s.customer = '13'), '1990-01-14', 'whatever the session has set');
RESET datestyle; RESET intervalstyle; RESET search_path;
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L)', :'hand'), '{1,3}'::text[], 'a group');
SELECT set_eq(format('SELECT customer FROM segmentation.shared(%L)', :'cut'), '{1,19,20}'::text[], 'no longer than the view');
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L, lim => 2)', :'wide'), '{1,13}'::text[], 'a first page');
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L, ''18'', 5)', :'wide'), '{19,20}'::text[], 'and the last');
SELECT is_empty(format('SELECT customer FROM segmentation.shared(%L, ''20'')', :'wide'), 'and none behind');
SELECT throws_ok(format('SELECT segmentation.shared(%L, ''x'')', :'wide'), '22023', 'after is not a key', 'a page behind no key');
SELECT throws_ok(format('SELECT segmentation.shared(%L, lim => -1)', :'wide'), '22023', NULL, 'less than none');
RESET ROLE;
SELECT results_eq($$SELECT s.uses, s.pages FROM segmentation.shares AS s WHERE s.segment = 'odd''s "best"' AND s.columns @> '{loud}'$$, 'SELECT 3::bigint, 2::bigint', 'uses are counted');
SELECT is(count(*), 5::bigint, 'and kept with the role') FROM segmentation.share_uses() AS u JOIN segmentation.shares AS s ON s.id = u.share_id
WHERE s.columns @> '{loud}' AND u.role = 'pgtap gu''e"st' AND u.used_at > now() - interval '1 minute';

-- It follows the segment, also where time has changed members and no clock has looked.
SET ROLE pgtap_owner;
SELECT segmentation.rename_segment('by hand', 'other'), segmentation.remove_members('other', 1) \g /dev/null
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L)', :'hand'), '{3}'::text[], 'a renamed segment, with its present members');
SELECT segmentation.create_segment('hour', 'orders MATCHES (date > -1h)'), segmentation.share('hour', '1 hour', '{name}') AS hour \gset
INSERT INTO shop.orders VALUES (50, 4, 1, clock_timestamp() - interval '1 hour' + interval '300 ms'), (51, 5, 1, now());
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L)', :'hour'), '{4,5}'::text[], 'while it lasts');
SELECT pg_sleep(0.4) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.membership AS m JOIN segmentation.segment_names AS n ON n.id = m.segment_id WHERE n.name = 'hour'), 2::bigint, 'stored is more');
SELECT results_eq(format('SELECT customer FROM segmentation.shared(%L)', :'hour'), '{5}'::text[], 'than holds');
CALL segmentation.tick();

-- What is not good is one answer.
SELECT segmentation.share('other', '1 ms') AS expired, segmentation.share('cut', '1 day') AS revoked, segmentation.share('hour', '1 day') AS dropped,
  segmentation.share('odd''s "best"', '1 day', '{born}') AS broken, segmentation.share('odd''s "best"', '1 day', '{inverse}') AS failing, segmentation.share('odd''s "best"', '1 day', '{spent}') AS grown \gset
SELECT is(segmentation.revoke_share('cut'), 2, 'all of a segment''s are revoked');
SELECT is(segmentation.revoke_share('cut'), 0, 'once');
SELECT throws_ok($$SELECT segmentation.revoke_share('other', (SELECT max(id) FROM segmentation.shares WHERE segment = 'hour'))$$, '42704', NULL, 'an id of another segment');
SELECT segmentation.share('other', '1 day') AS kept, segmentation.share('other', '1 day') AS gone \gset
SELECT is(segmentation.revoke_share('other', (SELECT max(id) FROM segmentation.shares WHERE segment = 'other')), 1, 'or one');
SELECT segmentation.drop_segment('hour') \g /dev/null
SELECT segmentation.define_attribute('spent', 'sum(orders.total) + sum(orders.id)', replace => true) \g /dev/null
ALTER TABLE shop.customers DROP COLUMN born;
RESET ROLE;
CREATE FUNCTION pg_temp.answer(token text, OUT answer text) LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text; place text; thing text;
BEGIN
  PERFORM segmentation.shared(token);
  answer := 'a list';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
    place = PG_EXCEPTION_CONTEXT, thing = TABLE_NAME;
  answer := ARRAY[state, message, detail, hint, place, thing]::text;
END $$;
SET ROLE "pgtap gu'e""st";
SELECT pg_temp.answer('unknown') AS unknown \gset
SELECT matches(:'unknown'::text, '^[{]28000,"no list is shared by this token"', 'an unknown token');
SELECT is(pg_temp.answer(t.token), :'unknown'::text, t.what || ' is as one')
FROM (VALUES ('an expired one', :'expired'), ('a revoked one', :'revoked'), ('another that was revoked with it', :'cut'), ('one of several', :'gone'),
  ('one whose segment was dropped', :'dropped'), ('the other', :'hour'), ('one whose column is gone', :'broken'), ('one whose column reads more now', :'grown'), ('one whose values fail', :'failing'),
  ('none', NULL), ('an empty one', ''), ('a hash', encode(sha256(:'kept'), 'hex'))) AS t(what, token);
SELECT is(pg_temp.answer(:'kept'), 'a list', 'the others are good');
SELECT is(CURRENT_USER::text, 'pgtap gu''e"st', 'and he is who he was');
BEGIN READ ONLY;
SELECT is(pg_temp.answer(:'kept'), pg_temp.answer('unknown'), 'who can write nothing is told so first');
SELECT throws_ok(format('SELECT segmentation.shared(%L)', :'kept'), '25006', NULL, 'since uses are counted');
ROLLBACK;
RESET ROLE;
SELECT results_eq('SELECT count(*) FILTER (WHERE is_good), count(*) FILTER (WHERE revoked_by IS NOT NULL), count(*) FILTER (WHERE segment IS NULL) FROM segmentation.shares',
  'SELECT 9::bigint, 5::bigint, 2::bigint', 'the view tells them apart');
SELECT is((SELECT count(*) FROM segmentation.share AS s WHERE s.revoked_at IS NOT NULL AND s.hash IS NOT NULL), 0::bigint, 'a revoked token''s hash is gone');
-- Time is the clock's, not the transaction's, and a revocation is known at once.
SELECT segmentation.share('other', '200 ms') AS short \gset
BEGIN;
SELECT is(pg_temp.answer(:'short'), 'a list', 'good when the transaction began');
SELECT pg_sleep(0.25) \g /dev/null
SELECT is(pg_temp.answer(:'short'), :'unknown'::text, 'it expires within');
COMMIT;

-- The role has nothing else.
SELECT is((SELECT level FROM segmentation.access WHERE role = 'pgtap gu''e"st'), 'shared', 'its level');
SELECT set_eq($$SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace IN ('segmentation'::regnamespace, 'segmentation_internal'::regnamespace)
  AND has_function_privilege('pgtap gu''e"st', p.oid, 'EXECUTE') AND NOT has_function_privilege('public', p.oid, 'EXECUTE')$$,
  '{"segmentation.shared(text,text,bigint)",segmentation._access_shared()}'::text[], 'it may call one function');
SELECT set_eq($$SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace IN ('segmentation'::regnamespace, 'segments'::regnamespace, 'shop'::regnamespace)
  AND c.relkind IN ('r', 'v', 'p') AND has_any_column_privilege('pgtap gu''e"st', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')$$,
  '{segmentation.segment_names,segmentation.definition_change}'::text[], 'and reads what everybody reads');
SET ROLE "pgtap gu'e""st";
SELECT throws_ok(s, '42501', NULL, s) FROM unnest(ARRAY['SELECT * FROM segmentation.segments', 'SELECT * FROM segmentation.membership', 'SELECT * FROM segmentation.share',
  'SELECT * FROM segmentation.shares', 'SELECT * FROM segmentation.share_use', 'SELECT segmentation.share_uses()', 'SELECT * FROM segmentation.segment', 'SELECT * FROM segments.cut',
  'SELECT segmentation.members(''cut'')', 'SELECT segmentation.is_member(''cut'', 1)', 'SELECT segmentation.share(''cut'', ''1 day'')', 'SELECT segmentation.revoke_share(''cut'')',
  'SELECT segmentation._note_use(''x'', true, ''y'')', 'SELECT segmentation._list_as(10, ''SELECT 1'', ''{}'', ''{}'')', 'SELECT segmentation_internal.shared(''x'')', 'SELECT * FROM shop.customers',
  'SELECT segmentation.grant_access(''pgtap gu''''e"st'', ''read'')', 'SELECT segmentation.flush()', 'SELECT * FROM segmentation.attributes']) AS s;
RESET ROLE;
SET ROLE pgtap_reader;
SELECT isnt_empty('SELECT * FROM segmentation.shares', 'level read sees what is shared');
SELECT throws_ok('SELECT segmentation.share_uses()', '42501', NULL, 'but not who reads it');
SELECT throws_ok($$SELECT segmentation.share('cut', '1 day')$$, '42501', NULL, 'and shares nothing');
RESET ROLE;
SELECT segmentation.grant_access('pgtap_reader', 'shared'), segmentation.create_segment('later', 'spent > 1') \g /dev/null
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c, aclexplode(c.relacl) AS x WHERE x.grantee = 'pgtap_reader'::regrole$$, 'down from read, views to come included');
SELECT segmentation.grant_access('pgtap_reader', 'read') \g /dev/null
SELECT ok(has_table_privilege('pgtap_reader', 'segments.later', 'SELECT') AND has_table_privilege('pgtap_reader', 'segmentation.membership', 'SELECT'), 'and up again');
SELECT segmentation.revoke_access('pgtap gu''e"st') \g /dev/null
SET ROLE "pgtap gu'e""st";
SELECT throws_ok(format('SELECT segmentation.shared(%L)', :'kept'), '42501', NULL, 'without the level a token is nothing');
RESET ROLE;

-- Whom time has changed and no clock has seen is judged now; her key is in no text that an error would show.
SELECT segmentation.create_segment('late', 'id >= 17 AND id < 20') \g /dev/null
SELECT segmentation.share('late', '1 day') AS late \gset
DELETE FROM segmentation.membership WHERE customer_id = 17 AND segment_id = segmentation._segment_id('late');
UPDATE segmentation.membership SET customer_id = 7 WHERE customer_id = 18 AND segment_id = segmentation._segment_id('late');
INSERT INTO segmentation.due (customer_id, due_at) SELECT i, now() FROM unnest('{7,17,18}'::integer[]) AS i;
SELECT is((SELECT array_agg(s.customer)::text FROM segmentation.shared(:'late') AS s), '{17,18,19}', 'who is due is judged');
SELECT is((SELECT format('%s %s', q.query ~ '17', (SELECT array_agg(k ORDER BY k) FROM unnest(q.due) AS k)) FROM segmentation.share AS s, segmentation._shared_sql(s, NULL, NULL) AS q WHERE s.hash = sha256(:'late')), 'f {17,18,7}',
  'by parameters');
CALL segmentation.tick();

-- What is old is added up, what ended long ago is gone.
SELECT sum(uses) AS uses, sum(pages) AS pages FROM segmentation.shares \gset
UPDATE segmentation.share_use AS u SET used_at = u.used_at - interval '91 days' WHERE u.seq % 2 = 0;
CALL segmentation.tick();
SELECT results_eq('SELECT sum(uses), sum(pages) FROM segmentation.shares', format('SELECT %s::numeric, %s::numeric', :uses, :pages), 'no use is lost');
SELECT ok(max(n) = 1, 'old ones are one row a share') FROM (SELECT count(*) AS n FROM segmentation.share_uses() AS u WHERE u.used_at < now() - interval '90 days' GROUP BY u.share_id) AS o;
SELECT is((SELECT count(*) FROM segmentation.share_uses() AS u WHERE u.used_at < now() - interval '90 days' AND (u.role IS NOT NULL OR u.client_address IS NOT NULL)), 0::bigint, 'that names nobody');
UPDATE segmentation.share AS s SET revoked_at = s.revoked_at - interval '91 days' WHERE s.revoked_at IS NOT NULL;
CALL segmentation.tick();
SELECT is((SELECT count(*) FROM segmentation.shares WHERE revoked_at IS NOT NULL), 0::bigint, 'a share goes 90 days after its end');
SELECT is((SELECT count(*) FROM segmentation.share_use AS u WHERE u.share_id NOT IN (SELECT s.id FROM segmentation.share AS s)), 0::bigint, 'with its uses');

-- Keys of other types.
SELECT segmentation.drop_segment(name, true) FROM segmentation.segment_names \g /dev/null
CREATE TABLE shop.people (id text PRIMARY KEY, name text);
INSERT INTO shop.people VALUES ('a''b', 'x'), ('}{",\', 'y'), ('  ', 'z'), ('b', NULL);
ALTER TABLE shop.people OWNER TO pgtap_owner;
SELECT segmentation.drop_attribute('spent') \g /dev/null
SELECT segmentation.unbind('orders') \g /dev/null
SELECT segmentation.bind_customers('shop.people', timezone => 'UTC', replace => true), segmentation.create_segment('all', 'id IS NOT NULL'),
  segmentation.share('all', '1 day', '{name}') AS texts \gset
SELECT results_eq(format('SELECT customer, "values" ->> ''name'' FROM segmentation.shared(%L)', :'texts'), 'SELECT id, name FROM shop.people ORDER BY id', 'keys of text');
SELECT results_eq(format($$WITH RECURSIVE pages AS (
    SELECT (SELECT s.customer FROM segmentation.shared(%1$L, lim => 1) AS s) AS customer
    UNION ALL SELECT (SELECT s.customer FROM segmentation.shared(%1$L, p.customer, 1) AS s) FROM pages AS p WHERE p.customer IS NOT NULL)
  SELECT customer FROM pages WHERE customer IS NOT NULL$$, :'texts'), 'SELECT id FROM shop.people ORDER BY id', 'page by page');

DROP OWNED BY pgtap_owner, pgtap_editor, "pgtap gu'e""st", pgtap_reader CASCADE;
DROP ROLE pgtap_owner, pgtap_editor, "pgtap gu'e""st", pgtap_reader;
SELECT finish();
