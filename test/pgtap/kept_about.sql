-- What is kept about segments: who uses them, labels, versions, archives, copies; and that altering one in use says so first.
\ir shops/kept.sql
SELECT no_plan();
CREATE FUNCTION who(name text) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(m.customer_id::text, ',' ORDER BY m.customer_id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1$$;
CREATE FUNCTION users(name text) RETURNS text LANGUAGE sql AS $$SELECT array_to_string(s.used_by, '; ') FROM segmentation.segments AS s WHERE s.name = $1$$;
-- What a refusal says: SQLSTATE, message, detail, hint.
CREATE FUNCTION refusal(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text; h text;
BEGIN
  EXECUTE command;
  RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE, SQLERRM, NULLIF(d, ''), NULLIF(h, ''));
END $$;
-- The locks that this transaction has on tables of definitions.
CREATE FUNCTION locks() RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(l.relation::regclass || ' ' || l.mode, ', ' ORDER BY l.relation::regclass::text) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace = 'segmentation'::regnamespace AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')$$;

-- Uses.
SELECT segmentation.use_segment('VIP', 'campaign: spring sale'), segmentation.use_segment('vip', 'campaign: spring sale'), segmentation.use_segment('vip', 'a "price" list') \g /dev/null
SELECT is(users('vip'), 'a "price" list; campaign: spring sale; segment "vip hats"', 'who uses a segment: by mark and by rule');
SELECT is(users('hats') || users('three'), 'segment "vip hats"', 'by rule alone, and not at all');
SELECT is(refusal($$SELECT segmentation.drop_segment('vip')$$), '2BP01 | cannot drop segment "vip" because it is in use | '
  'It is used by a "price" list, campaign: spring sale, segment "vip hats". | '
  'Whoever does not use it any more calls segmentation.release_segment(''vip'', ...); cascade => true drops it with the segments that name it.', 'one in use is not dropped');
SELECT is(refusal($$SELECT segmentation.drop_segment('hats')$$), '2BP01 | cannot drop segment "hats" because rules of others name it | It is needed by "vip hats". | '
  'Change their rules first, or say cascade => true to drop these segments as well.', 'nor one that rules name');
SELECT segmentation.release_segment('vip', 'a "price" list') \g /dev/null
SELECT is(users('vip'), 'campaign: spring sale; segment "vip hats"', 'and released');
SELECT is(refusal($$SELECT segmentation.release_segment('vip', 'campaign: spring sal')$$), '42704 | segment "vip" is not marked as used by "campaign: spring sal" | '
  'The nearest name is "campaign: spring sale".', 'what was not marked');
SELECT throws_ok($$SELECT segmentation.use_segment('nobody', 'x')$$, '42704', NULL, 'an unknown segment');
SELECT throws_ok($$SELECT segmentation.use_segment('vip', ' ')$$, '42602', NULL, 'a user without a name');
SELECT throws_ok($$SELECT segmentation.use_segment('vip', NULL)$$, '22004', NULL, 'nobody');
BEGIN;
SELECT segmentation.use_segment('three', 'mail'), segmentation.release_segment('three', 'mail') \g /dev/null
SELECT is(locks(), 'segmentation.segment_use RowExclusiveLock', 'marking takes no gate');
ROLLBACK;

-- Descriptions and labels.
SELECT segmentation.describe_segment('vip', 'our best', labels => '{spring,b,spring}') \g /dev/null
SELECT is((SELECT concat_ws(' ', description, labels) FROM segmentation.segments WHERE labels @> '{spring}'), 'our best {spring,b}', 'labels, each once');
SELECT segmentation.describe_segment('vip', '') \g /dev/null
SELECT is((SELECT concat_ws(' ', description, labels) FROM segmentation.segments WHERE name = 'vip'), '{spring,b}', 'one goes, the other stays');
SELECT is((SELECT labels FROM segmentation.segments WHERE name = 'three'), '{}', 'one without labels has an empty list');
SELECT throws_ok($$SELECT segmentation.describe_segment('vip', labels => '{a,NULL}')$$, '22004', NULL, 'a label is a name');
SELECT throws_ok($$SELECT segmentation.describe_segment('vip', labels => '{" "}')$$, '42602', NULL, 'and not blank');
BEGIN;
SELECT segmentation.describe_segment('vip', 'x', labels => '{y}', archived => false) \g /dev/null
SELECT is(locks(), 'segmentation.segment_note RowExclusiveLock', 'describing takes no gate');
ROLLBACK;

-- Copies.
SELECT segmentation.describe_segment('vip', 'our best') \g /dev/null
SELECT segmentation.copy_segment('vip', 'vip too') \g /dev/null
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', segmentation.rule_source(rule), description, labels, members), ' | ') FROM segmentation.segments WHERE name IN ('vip', 'vip too')),
  'tags CONTAINS ''vip'' OR city = ''Sofia'' our best {spring,b} 15', 'a copy has rule, description and labels');
SELECT is(users('vip too'), '', 'and nobody uses it');
SELECT throws_ok($$SELECT segmentation.copy_segment('vip', 'VIP Too')$$, '42710', NULL, 'under a name of its own');
SELECT segmentation.create_group('press', 'who writes', family => 'f'), segmentation.add_members('press', ARRAY[1, 2], 'a note'), segmentation.describe_segment('press', labels => '{l}') \g /dev/null
SELECT segmentation.copy_segment('press', 'press 2') \g /dev/null
SELECT is((SELECT string_agg(concat_ws(' ', h.customer_id, h.note, s.description, s.labels, s.family), ', ' ORDER BY h.customer_id) FROM segmentation.by_hand AS h
  JOIN segmentation.segments AS s ON s.id = h.segment_id WHERE s.name = 'press 2'), '1 a note who writes {l}, 2 a note who writes {l}', 'of a group its members with their notes');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');

-- Versions.
SELECT segmentation.create_segment('changing', 'id <= 3') \g /dev/null
SELECT segmentation.alter_segment('changing', '  ID <= 3') \g /dev/null
SELECT segmentation.alter_segment('changing', 'id <= 5') \g /dev/null
SELECT segmentation.rename_segment('changing', 'changed') \g /dev/null
SELECT segmentation.alter_segment('changed', 'id <= 7', wait => false) \g /dev/null
SELECT is((SELECT string_agg(version || ' ' || segmentation.rule_source(rule), ', ' ORDER BY version) FROM segmentation.segment_versions WHERE name = 'changed'),
  '1   ID <= 3, 2 id <= 5', 'every rule, the same in other words as one; not one that waits');
CALL segmentation.build_segment('changed');
SELECT is((SELECT string_agg(concat_ws(' ', v.version, segmentation.rule_source(v.rule), n.valid_from = v.valid_till, v.changed_by = session_user,
    (SELECT count(*) FROM segmentation.members_at('changed', COALESCE(v.valid_till - interval '1 microsecond', clock_timestamp()))),
    (SELECT count(*) FROM segmentation.members_at('changed', v.valid_from)) - CASE v.version WHEN 1 THEN 0 ELSE 3 END), ', ' ORDER BY v.version)
  FROM segmentation.segment_versions AS v LEFT JOIN segmentation.segment_versions AS n ON n.segment_id = v.segment_id AND n.version = v.version + 1 WHERE v.name = 'changed'),
  '1   ID <= 3 t t 3 0, 2 id <= 5 t t 5 2, 3 id <= 7 t 7 4', 'from when till when, with the members of each');
SELECT is((SELECT count(*) FROM segmentation.segment_versions WHERE name IN ('press', 'vip')), 1::bigint, 'groups have none');
SELECT segmentation.drop_segment('changed') \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.segment_version AS v WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = v.segment_id)), 0::bigint, 'they go with it');

-- Archives.
SELECT is(refusal($$SELECT segmentation.describe_segment('vip', archived => true)$$), '2BP01 | cannot archive segment "vip" because it is in use | '
  'It is used by campaign: spring sale, segment "vip hats". | Whoever does not use it any more calls segmentation.release_segment(''vip'', ...).', 'one in use is not archived');
SELECT is(refusal($$SELECT segmentation.describe_segment('hats', archived => true)$$), '2BP01 | cannot archive segment "hats" because rules of others name it | '
  'It is needed by "vip hats". | Change their rules first.', 'nor one that rules name');
SELECT segmentation.define_attribute('liked', 'segments CONTAINS ''three''') \g /dev/null
SELECT is(refusal($$SELECT segmentation.describe_segment('three', archived => true)$$), '2BP01 | cannot archive segment "three" because it is needed | '
  'Without it: attribute "liked": segment "three" is archived. | Change or drop what needs it first.', 'nor one that an attribute names');
SELECT segmentation.drop_attribute('liked'), segmentation.alter_segment('none', 'segments CONTAINS ''three''', wait => false) \g /dev/null
SELECT is(refusal($$SELECT segmentation.describe_segment('three', archived => true)$$), '2BP01 | cannot archive segment "three" because it is needed | '
  'Without it: segment "three" is archived. | Change or drop what needs it first.', 'nor one that a rule will name which is being built');
SELECT segmentation.alter_segment('none', 'orders NOT MATCHES ()') \g /dev/null
SELECT who('vip hats') AS before, who('spent') AS spent \gset
SELECT segmentation.describe_segment('vip hats', 'of 2025', archived => true), segmentation.describe_segment('VIP hats', archived => true) \g /dev/null
SELECT is((SELECT concat_ws(' ', status, members, description) FROM segmentation.segments WHERE name = 'vip hats'), 'archived 0 of 2025', 'an archived segment has no members');
SELECT is((SELECT string_agg(h.customer_id::text, ',' ORDER BY h.customer_id) FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id
  WHERE s.name = 'vip hats' AND h.left_reason = 'archived' AND h.changed_by = session_user), :'before', 'all have left, and history says why');
SELECT is((SELECT string_agg(m::text, ',' ORDER BY m) FROM segmentation.members_at('vip hats', (SELECT min(h.left_at) - interval '1 microsecond' FROM segmentation.membership_history AS h
  JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name = 'vip hats')) AS m), :'before', 'who was in it can be asked');
SELECT is(segmentation.is_member('vip hats', split_part(:'before', ',', 1)), false, 'nobody is in it');
SELECT is_empty('SELECT * FROM segments."vip hats"', 'its view is there, and empty');
SELECT is(users('vip'), 'campaign: spring sale', 'its rule uses nothing');
SELECT is(refusal($$SELECT segmentation.create_segment('x', 'segments CONTAINS ''VIP hats''')$$), E'42703 | segment "vip hats" is archived | line 1, column 19:\nsegments CONTAINS \'VIP hats\'\n                  ^ | '
  'It has no members; segmentation.describe_segment with archived => false brings it back.', 'no rule can name it');
SELECT is(refusal($$SELECT segmentation.alter_segment('vip hats', 'id < 3')$$), '55000 | segment "vip hats" is archived | '
  'segmentation.describe_segment(''vip hats'', archived => false) brings it back.', 'nor can it get another');
SELECT throws_ok($$SELECT segmentation.add_members('vip hats', 1)$$, '55000', NULL, 'nor members by hand');
SELECT throws_ok($$SELECT segmentation.use_segment('vip hats', 'mail')$$, '55000', NULL, 'nor users');
SELECT throws_ok($$SELECT * FROM segmentation.explain('vip hats', 1)$$, '55000', 'segment "vip hats" is archived', 'there is nothing to explain');
SELECT is_empty($$SELECT FROM segmentation.suggest('segments CONTAINS ''vip h') AS s WHERE s.completion ~ 'hats'$$, 'nor to suggest');
SELECT is((SELECT broken_segments FROM segmentation.status), '{}', 'nothing is broken');
BEGIN;
INSERT INTO orders SELECT 1000 + i, i, 'paid', 500, now(), '' FROM generate_series(1, 9) AS i;
INSERT INTO lines (order_id, product_id, quantity) SELECT 1000 + i, 2, 9 FROM generate_series(1, 9) AS i;
SELECT is((SELECT count(*) FROM segmentation.members('vip hats')), 0::bigint, 'not by this transaction''s own changes');
SELECT is(segmentation.is_member('vip hats', 3), false, 'for nobody');
COMMIT;
SELECT is((SELECT members FROM segmentation.segments WHERE name = 'vip hats'), 0::bigint, 'nor by commits');
SELECT is(segmentation.refresh_all() >= 0, true, 'everyone can be judged');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT segmentation.describe_segment('vip hats', archived => false) \g /dev/null
SELECT isnt(who('vip hats'), NULL, 'it comes back');
SELECT is((SELECT concat_ws(' ', status, version) FROM segmentation.segments WHERE name = 'vip hats'), 'live 1', 'as it was');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
-- Pins stay with it; what it reads may go meanwhile; batches bring it back, too.
SELECT segmentation.create_segment('pinned', 'city = ''Sofia'' AND id < 10'), segmentation.add_members('pinned', 1), segmentation.remove_members('pinned', 3) \g /dev/null
SELECT segmentation.describe_segment('pinned', archived => true) \g /dev/null
SELECT segmentation.describe_segment('pinned', archived => false) \g /dev/null
SELECT is(who('pinned'), '1,6,9', 'words by hand come back with it');
SELECT segmentation.describe_segment('pinned', archived => true) \g /dev/null
SELECT segmentation.describe_segment('pinned', archived => false, wait => false) \g /dev/null
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'pinned'), 'building', 'with wait => false in batches');
CALL segmentation.build_segment('pinned');
SELECT is(who('pinned'), '1,6,9', 'likewise');
SELECT segmentation.define_attribute('passing', 'id < 5'), segmentation.create_segment('passed', 'passing') \g /dev/null
SELECT segmentation.describe_segment('passed', archived => true), segmentation.drop_attribute('passing') \g /dev/null
SELECT throws_ok($$SELECT segmentation.describe_segment('passed', archived => false)$$, '42703', NULL, 'a rule that lost its words does not come back');
SELECT is((SELECT status FROM segmentation.segments WHERE name = 'passed'), 'archived', 'it stays where it was');
-- What guards columns against migrations knows it, too.
ALTER TABLE customers ADD COLUMN spare text;
SELECT segmentation.create_segment('spare', 'spare = ''x''') \g /dev/null
SELECT throws_ok('ALTER TABLE customers DROP COLUMN spare', '2BP01', NULL, 'a column that a rule reads is guarded');
SELECT segmentation.describe_segment('spare', archived => true) \g /dev/null
SELECT segmentation.describe_segment('spare', archived => false) \g /dev/null
SELECT throws_ok('ALTER TABLE customers DROP COLUMN spare', '2BP01', NULL, 'again, when it has come back');
SELECT segmentation.describe_segment('spare', archived => true) \g /dev/null
SELECT lives_ok('ALTER TABLE customers DROP COLUMN spare', 'not for an archived one');
SELECT throws_ok($$SELECT segmentation.freeze_segment('spare', 'frozen')$$, '55000', NULL, 'which cannot be frozen either');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT segmentation.drop_segment('passed'), segmentation.drop_segment('spare'), segmentation.create_segment('shown', 'FROM customers SHOW id, city WHERE id < 4 ORDER BY id') \g /dev/null
CREATE VIEW on_shown AS SELECT id FROM segments.shown;
SELECT segmentation.describe_segment('shown', archived => true) \g /dev/null
SELECT is_empty('SELECT * FROM on_shown', 'what others built on a view stays');
SELECT segmentation.describe_segment('shown', archived => false) \g /dev/null
SELECT results_eq('SELECT id FROM on_shown', '{1,2,3}'::integer[], 'and shows what it showed');
-- Groups.
SELECT segmentation.create_group('gold', family => 'F'), segmentation.create_segment('grouped', 'customer_groups IS NOT NULL') \g /dev/null
SELECT segmentation.describe_segment('press', archived => true), segmentation.describe_segment('press 2', archived => true) \g /dev/null
SELECT is(who('press') || '', NULL, 'a group rests, too');
SELECT is(who('grouped'), NULL, 'lists of groups follow');
SELECT is(segmentation.add_members('gold', 2), 1::bigint, 'its family bars nobody meanwhile');
SELECT segmentation.describe_segment('press', archived => false) \g /dev/null
SELECT is(who('press') || ' ' || who('gold') || ' ' || who('grouped'), '1 2 1,2', 'its members come back, but those who are in another of the family');
SELECT throws_ok($$SELECT segmentation.add_members('gold', 1)$$, '23505', NULL, 'and the family holds again');
SELECT is((SELECT string_agg(concat_ws(' ', customer_id, note), ',') FROM segmentation.by_hand AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name = 'press' AND standing = 1), '1 a note', 'with their notes');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
-- Merging customers minds archived segments.
SELECT segmentation.add_members('press', 7, 'seven') \g /dev/null
SELECT segmentation.describe_segment('press', archived => true), segmentation.merge_customers(7, 8) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name = 'press' AND h.customer_id = 8 AND h.left_reason = 'archived'), 1::bigint,
  'the history of one who is merged goes along');
SELECT segmentation.describe_segment('press', archived => false) \g /dev/null
SELECT is(who('press'), '1,8', 'and what was said of her');

-- Cascade.
SELECT segmentation.use_segment('vip hats', 'mail') \g /dev/null
SELECT segmentation.drop_segment('vip', cascade => true) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.segment WHERE name LIKE 'vip hats'), 0::bigint, 'cascade drops what names it');
SELECT is((SELECT count(*) FROM segmentation.segment_use) + (SELECT count(*) FROM segmentation.segment_note AS n WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = n.segment_id)),
  0::bigint, 'and forgets marks and notes');
SELECT is_empty('SELECT * FROM oracle()', 'all of it is right by plain SQL');
SELECT finish();
