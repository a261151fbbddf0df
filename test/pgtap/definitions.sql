-- definitions and apply_definitions: a rich shop comes back equal in a fresh extension over the same tables; what is equal is left alone; all that
-- differs is made so at once; garbage is refused with its place.
\ir shops/kept.sql
SELECT no_plan();
CREATE TABLE fields (customer_id integer, name text, value text, UNIQUE (customer_id, name));
CREATE TABLE labels (id integer PRIMARY KEY, above integer, "Label Text" text);
CREATE TABLE product_labels (product_id integer, label_id integer, PRIMARY KEY (product_id, label_id));
CREATE INDEX ON product_labels (label_id);
CREATE TABLE visits (customer_id integer, at_local timestamp, "odd ""key""" integer);
CREATE INDEX ON visits (customer_id);
INSERT INTO fields SELECT i, 'size', (i % 50)::text FROM generate_series(1, 30) AS i;
INSERT INTO labels VALUES (1, NULL, 'all'), (2, 1, 'warm'), (3, 2, 'wool');
INSERT INTO product_labels SELECT i, 1 + i % 3 FROM generate_series(1, 6) AS i;
INSERT INTO visits SELECT 1 + i % 30, now() - interval '1 hour' * i, i FROM generate_series(1, 200) AS i;
SET client_min_messages = error;
SELECT segmentation.bind_fields('extra', 'fields', 'customer_id', 'name', 'value') \g /dev/null
SELECT segmentation.bind_set('product tags', 'product_labels', 'product_id', 'Label Text', of => 'product', via => 'label_id', target => 'labels', parent => 'above') \g /dev/null
SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'seen', computed => '{"seen": "at_local AT TIME ZONE ''Europe/Sofia''"}') \g /dev/null
SELECT segmentation.bind_column('lines', 'is hat', 'product.category = ''hat'''), segmentation.bind_column('customers', 'half', 'id / 2') \g /dev/null
SELECT segmentation.define_source('hats_bought', 'lines', '{"n": "quantity"}', 'category = ''hat''', 'hats') \g /dev/null
SELECT segmentation.define_attribute('spent', 'sum(orders.total)', 'paid or not'), segmentation.define_attribute('rich', 'spent > 100') \g /dev/null
SELECT segmentation.create_segment(n, r) FROM (VALUES ('rich', 'rich'), ('sized', 'extra.size > 20')) AS s(n, r) \g /dev/null
SELECT segmentation.create_segment('hatters', 'hats_bought MATCHES (n >= 2)'), segmentation.create_segment('O''Hara "x"', 'half BETWEEN 3 AND 9 AND visits MATCHES (count >= 2)'),
  segmentation.create_segment('warm ones', 'lines MATCHES ("product tags" CONTAINS ''wool'')'), segmentation.create_segment('shown', 'FROM customers SHOW city, spent WHERE spent > 50 ORDER BY spent DESC') \g /dev/null
SELECT segmentation.describe_segment('rich', E'who "spends"\nmuch', '{a,"b c"}'), segmentation.describe_segment('sized', archived => true) \g /dev/null
SELECT segmentation.create_group('gold', 'by us', family => 'level'), segmentation.create_group('silver', family => 'Level'), segmentation.create_group('no mail', kind => 'tag') \g /dev/null
ALTER TABLE orders RENAME COLUMN total TO amount;
ALTER TABLE customers RENAME COLUMN city TO town;
CREATE TEMP TABLE before AS SELECT segmentation.definitions() AS d;
CREATE TEMP TABLE members_before AS SELECT s.name, m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id;
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT is((SELECT jsonb_object_agg(k, (SELECT count(*) FROM jsonb_object_keys(d -> k))) FROM before, jsonb_object_keys(d) AS k)::text,
  '{"words": 2, "columns": 3, "sources": 1, "bindings": 7, "segments": 19, "customers": 3, "schedules": 0, "attributes": 2}', 'definitions have all there is');

-- What is equal is left alone.
CREATE FUNCTION locks() RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(DISTINCT l.relation::regclass || ' ' || l.mode, ', ') FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('segmentation', 'public') AND l.mode NOT IN ('AccessShareLock')$$;
BEGIN;
SELECT is_empty('SELECT * FROM segmentation.apply_definitions((SELECT d FROM before), prune => true)', 'its own definitions are nothing to do');
SELECT is(locks(), NULL, 'and lock nothing');
ROLLBACK;
BEGIN;
SELECT set_eq($$SELECT a.* FROM before, segmentation.apply_definitions(jsonb_set(jsonb_set(d, '{segments,rich,labels}', '["z"]'), '{segments,gold,description}', '"g"')) AS a$$,
  $$VALUES ('alter', 'segment', 'gold'), ('alter', 'segment', 'rich')$$, 'descriptions and labels');
SELECT is(locks(), 'segmentation.segment_note RowExclusiveLock', 'take no gate');
ROLLBACK;

-- In a fresh extension.
DROP EXTENSION segmentation CASCADE;
DROP SCHEMA IF EXISTS segments CASCADE;
SET client_min_messages = error;
CREATE EXTENSION segmentation;
SELECT is((SELECT count(*) FROM before, segmentation.apply_definitions(d, dry_run => true)), 35::bigint, 'a dry run says what is to be made');
SELECT is((SELECT count(*) FROM segmentation.bindings), 0::bigint, 'and makes nothing');
SELECT is((SELECT count(*) FROM before, segmentation.apply_definitions(d) AS a WHERE a.action = 'create'), 35::bigint, 'all is made at once');
SELECT is(segmentation.definitions(), (SELECT d FROM before), 'and is what it was');
SELECT set_eq('SELECT s.name, m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id',
  'SELECT * FROM members_before WHERE name NOT IN (''gold'')', 'with the same members');
SELECT is_empty('SELECT FROM segmentation.verify()', 'which are right by plain SQL');
SELECT results_eq('SELECT count(*) FROM segments.shown', $$SELECT count(*) FROM members_before WHERE name = 'shown'$$, 'views are there');
SELECT is((SELECT string_agg(DISTINCT entered_reason, ',') FROM segmentation.membership_history), 'rule', 'nobody came because a rule was changed');
INSERT INTO orders SELECT 9000, 30, 'paid', 5000, now(), '';
SELECT is(segmentation.is_member('rich', 30), true, 'and commits reach them');
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');

-- Differences.
SELECT d || '{"attributes": {"spent": {"expression": "max(orders.amount)"}, "poor": {"expression": "spent < 20"}, "rich": {"expression": "spent > 40"}}}' AS d FROM before \gset
SELECT jsonb_set(jsonb_set(:'d', '{segments,poor}', '{"rule": "poor OR segments CONTAINS ''new one''"}'), '{segments,new one}', '{"rule": "id < 4"}') AS d \gset
SELECT jsonb_set(jsonb_set(:'d', '{segments,sized}', '{"rule": "extra.size > 10"}'), '{segments,hats,archived}', 'true') #- '{segments,three}' #- '{segments,vip hats}' AS d \gset
SELECT throws_ok(format('SELECT * FROM segmentation.apply_definitions(%L)', :'d'), '2BP01', NULL, 'what a rule names is not archived');
SELECT set_eq(format('SELECT * FROM segmentation.apply_definitions(%L, prune => true)', jsonb_set(:'d', '{segments,hats,archived}', 'null')), $$VALUES ('alter', 'attribute', 'spent'), ('alter', 'attribute', 'rich'),
  ('create', 'attribute', 'poor'), ('create', 'segment', 'poor'), ('create', 'segment', 'new one'), ('alter', 'segment', 'sized'), ('drop', 'segment', 'three'), ('drop', 'segment', 'vip hats')$$,
  'what differs is altered, and with prune dropped');
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
SELECT is((SELECT string_agg(name || ' ' || version, ', ' ORDER BY name) FROM segmentation.segments WHERE name IN ('rich', 'sized', 'poor')), 'poor 1, rich 1, sized 2', 'versions of what was altered');
SELECT is((SELECT members FROM segmentation.segments WHERE name = 'new one'), 3::bigint, 'one that another names');
SELECT set_eq(format('SELECT * FROM segmentation.apply_definitions(%L)', jsonb_set(segmentation.definitions(), '{segments,hats,archived}', 'true')), $$VALUES ('alter', 'segment', 'hats')$$, 'now it is archived');
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'hats'), 'archived', 'it is');
SELECT is((SELECT count(*) FROM segmentation.apply_definitions(jsonb_set(segmentation.definitions(), '{segments,hats,rule}', '"  lines MATCHES (category = ''hat'', sum_quantity>= 6)"'))), 1::bigint, 'the same rule in other words');
SELECT is((SELECT version FROM segmentation.segments WHERE name = 'hats'), 1, 'is no other version');
SELECT is_empty($$SELECT * FROM segmentation.apply_definitions('{"segments": {"GOLD": {"kind": "group", "description": "by us", "family": "LEVEL"}}}')$$, 'names are the same in either case');
-- A binding changes with what reads it.
SELECT jsonb_set(jsonb_set(segmentation.definitions(), '{bindings,orders,condition}', '"status = ''paid''"'), '{segments,paying}', '{"rule": "orders MATCHES (count >= 2)"}') AS d \gset
SELECT set_eq(format('SELECT * FROM segmentation.apply_definitions(%L, wait => false)', :'d'), $$VALUES ('alter', 'binding', 'orders'), ('create', 'segment', 'paying')$$, 'without waiting');
CALL segmentation.tick();
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'paying'), 'live', 'and built');
SELECT is(segmentation.definitions(), :'d'::jsonb, 'as the document says');
SELECT is((SELECT string_agg(a.kind, ',' ORDER BY a.kind) FROM segmentation.apply_definitions(jsonb_set(jsonb_set(jsonb_set(segmentation.definitions(), '{segments,paying,rule}', '"orders MATCHES (count >= 3)"'),
  '{columns,customers,half}', '"id / 3"'), '{sources,hats_bought,condition}', '"category = ''coat''"')) AS a), 'column,segment,source', 'columns and sources');
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
SELECT is((SELECT count(*) FROM segmentation.apply_definitions(jsonb_set(segmentation.definitions(), '{segments,paying,rule}', '"orders MATCHES (count >= 1)"'), wait => false)), 1::bigint, 'a rule without waiting');
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'paying'), 'building', 'waits');
SELECT is(segmentation.definitions() #>> '{segments,paying,rule}', 'orders MATCHES (count >= 1)', 'definitions say what is to be');
SELECT is_empty('SELECT FROM segmentation.apply_definitions(segmentation.definitions(), wait => false)', 'to say it again begins nothing anew');
BEGIN;
SELECT is((SELECT count(*) FROM segmentation.apply_definitions('{"segments": {"paying": {"rule": "orders MATCHES (count >= 3)"}}}', wait => false)), 1::bigint, 'who thinks better of it');
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'paying'), 'live', 'keeps the present rule');
ROLLBACK;
CALL segmentation.build_segment('paying');
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
SELECT is_empty($$SELECT FROM segmentation.apply_definitions('{"columns": {"Customers": {"HALF": "id / 3"}}}')$$, 'names of columns are the same in either case, too');
BEGIN;
SELECT is((SELECT count(*) FROM segmentation.apply_definitions('{"segments": {"paying": {"rule": "id > 3", "archived": true}}}')), 1::bigint, 'another rule for one that rests from now on');
SELECT is((SELECT count(*) FROM segmentation.membership_history AS h WHERE h.segment_id = (SELECT s.id FROM segmentation.segment AS s WHERE s.name = 'paying')
  AND h.entered_at >= now()), 0::bigint, 'brings nobody');
SELECT is((SELECT concat_ws(' ', status, members, version) FROM segmentation.segments WHERE name = 'paying'), 'archived 0 4', 'and takes away who is there');
COMMIT;
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
SELECT is((SELECT count(*) FROM segmentation.apply_definitions('{"segments": {"paying": {"rule": "orders MATCHES (count >= 1)"}}}')), 1::bigint, 'it comes back with another rule');
SELECT is_empty('SELECT FROM segmentation.verify()', 'right by plain SQL');
-- Prune keeps to the sections that are there, and to what nothing needs.
SELECT is_empty($$SELECT FROM segmentation.apply_definitions('{}', prune => true)$$, 'nothing is said of anything');
SELECT segmentation.use_segment('paying', 'mail') \g /dev/null
SELECT throws_ok($$SELECT FROM segmentation.apply_definitions('{"segments": {}}', prune => true)$$, '2BP01', 'cannot drop segment "paying" because it is in use', 'what is used stays');
SELECT segmentation.release_segment('paying', 'mail') \g /dev/null
SELECT throws_ok($$SELECT FROM segmentation.apply_definitions('{"attributes": {}}', prune => true)$$, '2BP01', NULL, 'what rules read stays');
SELECT is((SELECT count(*) FROM segmentation.apply_definitions('{"bindings": {}, "columns": {}, "sources": {}, "attributes": {}, "segments": {}}', prune => true) AS a WHERE a.action = 'drop'), 34::bigint, 'all goes');
SELECT is((SELECT string_agg(name, ',') FROM segmentation.bindings), 'customers', 'but the customers');

-- Garbage.
CREATE FUNCTION refusal(document jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM segmentation.apply_definitions(document);
  RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT is(refusal(g.document::jsonb), g.answer, g.answer) FROM (VALUES
  (NULL, '22004 definitions must not be null'),
  ('[]', '22023 definitions must be an object'),
  ('{"segmnts": {}}', '22023 definitions has no member "segmnts"'),
  ('{"segments": []}', '22023 segments must be an object'),
  ('{"segments": {"x": 1}}', '22023 segments."x" must be an object'),
  ('{"segments": {"x": {"rul": "id < 3"}}}', '22023 segments."x" has no member "rul"'),
  ('{"segments": {"x": {}}}', '22023 segments."x".rule is missing'),
  ('{"segments": {"x": {"rule": 3}}}', '22023 segments."x".rule must be a string'),
  ('{"segments": {"x": {"rule": "id <"}}}', '42601 segments."x".rule: a value is missing after "<"'),
  ('{"segments": {"x": {"rule": "nobody < 3"}}}', '42703 attribute "nobody" does not exist'),
  ('{"segments": {"x": {"rule": "id < 3", "labels": [1]}}}', '22023 segments."x".labels must be a list of strings'),
  ('{"segments": {"x": {"rule": "id < 3", "labels": [["a"]]}}}', '22023 segments."x".labels must be a list of strings'),
  ('{"segments": {"x": {"rule": "id < 3", "archived": "yes"}}}', '22023 segments."x".archived must be true or false'),
  ('{"segments": {"x": {"rule": "id < 3", "kind": "group"}}}', '22023 segments."x": a group or tag has no rule'),
  ('{"segments": {"x": {"kind": "club"}}}', '22023 segments."x".kind "club" is unknown'),
  ('{"segments": {"x": {"rule": "id < 3"}, "X": {"rule": "id < 3"}}}', '42710 segments: "X" and "x" are one name'),
  ('{"bindings": {"o": {"kind": "source", "key": "x"}}}', '22023 bindings."o".relation is missing'),
  ('{"bindings": {"o": {"kind": "heap", "relation": "public.orders", "key": "x"}}}', '22023 bindings."o".kind "heap" is unknown'),
  ('{"bindings": {"o": {"kind": "source", "relation": "public.nothing", "key": "x"}}}', '42P01 bindings."o".relation: relation "public.nothing" does not exist'),
  ('{"bindings": {"o": {"kind": "source", "relation": "public.orders", "key": "customer_id", "of": "nobody"}}}', '42704 binding "nobody" does not exist'),
  ('{"columns": {"customers": {"x": ["id"]}}}', '22023 columns.customers must be an object of strings'),
  ('{"columns": {"customers": 3}}', '22023 columns.customers must be an object of strings'),
  ('{"columns": {"customers": {"x": "random()"}}}', '42P17 computed column "x" of "customers" is not immutable'),
  ('{"words": {"public.customers": {"x": "nothing"}}}', '42703 words.public.customers.x: column "nothing" does not exist'),
  ('{"attributes": {"x": {"expression": "nobody"}}}', '42703 attribute "nobody" does not exist')) AS g(document, answer);
SELECT is((SELECT count(*) FROM segmentation.segments), 0::bigint, 'none of it has left anything');
SELECT finish();
