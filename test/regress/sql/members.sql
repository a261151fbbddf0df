-- Reading members with keys of every type: by whatever a client has in hand.
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

-- Before anything is bound.
SELECT refused($$SELECT segmentation.is_member('vip', 1)$$);
SELECT refused($$SELECT segmentation.member_count('vip')$$);
SELECT count(*) FROM segmentation.segments_of(1);

\echo # integers
CREATE TABLE shop.numbers (id integer PRIMARY KEY, vip boolean, level smallint NOT NULL UNIQUE, big bigint NOT NULL UNIQUE);
INSERT INTO shop.numbers SELECT n, n % 3 = 0, n, n + 5000000000 FROM generate_series(-1, 9) AS n;
SELECT segmentation.bind_customers('shop.numbers', timezone => 'UTC');
SELECT segmentation.create_segment('vip', 'vip') > 0, segmentation.create_segment('others', 'NOT vip') > 0;
SELECT segmentation.is_member('VIP', 3), segmentation.is_member('vip', 4), segmentation.is_member('vip', 3::smallint), segmentation.is_member('vip', 3::bigint);
SELECT segmentation.is_member('vip', '3'), segmentation.is_member('vip', ' +3 '), segmentation.is_member('vip', '3'::varchar), segmentation.is_member('others', '-1');
-- What is no key, or nobody's, is no member.
SELECT segmentation.is_member('vip', 'three'), segmentation.is_member('vip', ''), segmentation.is_member('vip', '3.0'), segmentation.is_member('vip', NULL),
       segmentation.is_member('vip', 9223372036854775807), segmentation.is_member('vip', '99999999999999999999999999999999'),
       segmentation.is_member('vip', '00000000-0000-0000-0000-000000000003'::uuid);
PREPARE by_parameter AS SELECT segmentation.is_member($1, $2);
EXECUTE by_parameter('vip', '6');
PREPARE by_integer (text, integer) AS SELECT segmentation.is_member($1, $2);
EXECUTE by_integer('vip', 6);
SELECT id FROM shop.numbers WHERE segmentation.is_member('vip', id) ORDER BY id;
SELECT segmentation.segments_of(3), segmentation.segments_of('3'), segmentation.segments_of(6::smallint);
SELECT count(*) FROM segmentation.segments_of(77);
SELECT count(*) FROM segmentation.segments_of('nobody');
SELECT count(*) FROM segmentation.segments_of(gen_random_uuid());
SELECT * FROM segmentation.segments_of(ARRAY[3, 4, 77, NULL]);
SELECT * FROM segmentation.segments_of(ARRAY[3::smallint, 4::smallint]);
SELECT * FROM segmentation.segments_of(ARRAY['3', 'x', '4']);
SELECT * FROM segmentation.segments_of('{3,4}'::bigint[]);
SELECT * FROM segmentation.segments_of(NULL::bigint[]);
SELECT pg_typeof(m), m FROM segmentation.members('vip') AS m ORDER BY m;
SELECT segmentation.member_count('vip'), segmentation.member_count('Others');
SELECT refused($$SELECT segmentation.is_member('vp', 1)$$);
SELECT refused($$SELECT segmentation.is_member('vp', '1')$$);
SELECT refused($$SELECT segmentation.is_member('vp', gen_random_uuid())$$);
SELECT refused($$SELECT segmentation.is_member(NULL, 1)$$);
SELECT refused($$SELECT segmentation.members('zzz')$$);
SELECT refused($$SELECT segmentation.member_count('zzz')$$);
-- Inlined into the caller's plan, but for a branch that only a transaction's own changes take.
CREATE FUNCTION planned_without_function(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP
    IF line ~ 'Function Scan on (members|segments_of)' OR line ~ 'ProjectSet' THEN RETURN false; END IF;
  END LOOP;
  RETURN line IS NOT NULL;
END $$;
SELECT planned_without_function($$SELECT FROM segmentation.members('vip') AS m WHERE m = 3$$),
       planned_without_function($$SELECT FROM segmentation.segments_of(ARRAY[3, 4]) AS s WHERE s.segment = 'vip'$$),
       planned_without_function($$SELECT FROM segmentation.segments_of(3)$$) AS not_this_one;
-- Another type of key is refused while there are segments.
SELECT refused($$SELECT segmentation.bind_customers('shop.numbers', key => 'big', timezone => 'UTC', replace => true)$$);
SELECT segmentation.drop_segment('vip'), segmentation.drop_segment('others');

\echo # every type of key
CREATE TABLE shop.texts (id text PRIMARY KEY, code varchar(10) NOT NULL UNIQUE, key uuid NOT NULL UNIQUE, vip boolean,
                         "Case" text COLLATE "C" NOT NULL UNIQUE);
INSERT INTO shop.texts
SELECT CASE n WHEN 1 THEN 'O''Hara "x"' WHEN 2 THEN 'Ани' WHEN 3 THEN '42' WHEN 4 THEN '' ELSE 'n' || n END, 'c' || n,
       ('00000000-0000-0000-0000-00000000000' || n)::uuid, n <= 4, CASE WHEN n = 1 THEN 'a' WHEN n = 2 THEN 'A' ELSE n::text END
FROM generate_series(1, 6) AS n;
DO $$
DECLARE
  bound  record;
  ids    text;
  agreed boolean;
  type   text;
BEGIN
  FOR bound IN SELECT * FROM (VALUES ('numbers', 'level'), ('numbers', 'id'), ('numbers', 'big'),
                                     ('texts', 'id'), ('texts', 'code'), ('texts', 'key'), ('texts', 'Case')) AS b (relation, key) LOOP
    PERFORM segmentation.bind_customers(format('shop.%I', bound.relation)::regclass, key => bound.key, timezone => 'UTC', replace => true);
    PERFORM segmentation.create_segment('vip', 'vip');
    EXECUTE 'SELECT string_agg(m::text, '', '' ORDER BY m), min(pg_typeof(m)::text) FROM segmentation.members(''vip'') AS m' INTO ids, type;
    RAISE INFO '% by %: % members of type %: %', bound.relation, bound.key, segmentation.member_count('vip'), type, ids;
    EXECUTE format('SELECT bool_and(segmentation.is_member(''vip'', t.%1$I) = vip AND segmentation.is_member(''vip'', t.%1$I::text) = vip '
                   'AND vip = EXISTS (SELECT FROM segmentation.segments_of(t.%1$I) AS s WHERE s = ''vip'') '
                   'AND vip = EXISTS (SELECT FROM segmentation.segments_of(ARRAY[t.%1$I]) AS s WHERE s.customer = t.%1$I) '
                   'AND vip = EXISTS (SELECT FROM segmentation.segments_of(ARRAY[t.%1$I::text]) AS s WHERE s.customer = t.%1$I)) '
                   'FROM shop.%2$I AS t', bound.key, bound.relation) INTO agreed;
    RAISE INFO '  all ways of asking agree: %', agreed;
    SELECT format_type(atttypid, atttypmod) || coalesce(' ' || nullif(nullif(attcollation, 100), 0)::regcollation, '') INTO type FROM pg_attribute
    WHERE attrelid = 'segmentation.membership'::regclass AND attname = 'customer_id';
    RAISE INFO '  stored as %', type;
    PERFORM segmentation.drop_segment('vip');
  END LOOP;
END $$;

\echo # text
SELECT segmentation.bind_customers('shop.texts', timezone => 'UTC', replace => true);
SELECT segmentation.create_segment('vip', 'vip') > 0;
SELECT segmentation.is_member('vip', 42), segmentation.is_member('vip', '42'), segmentation.is_member('vip', 'Ани'), segmentation.is_member('vip', 'ани'),
       segmentation.is_member('vip', 'O''Hara "x"'), segmentation.is_member('vip', ''), segmentation.is_member('vip', 43);
SELECT * FROM segmentation.segments_of(ARRAY['42', 'Ани', 'nobody']);
SELECT segmentation.segments_of(42);
SELECT segmentation.drop_segment('vip');
\echo # uuid
SELECT segmentation.bind_customers('shop.texts', key => 'key', timezone => 'UTC', replace => true);
SELECT segmentation.create_segment('vip', 'vip') > 0;
SELECT segmentation.is_member('vip', '00000000-0000-0000-0000-000000000001'), segmentation.is_member('vip', '{00000000-0000-0000-0000-000000000001}'),
       segmentation.is_member('vip', '00000000000000000000000000000001'), segmentation.is_member('vip', '00000000-0000-0000-0000-000000000001'::uuid),
       segmentation.is_member('vip', '{00000000-0000-0000-0000-000000000001'), segmentation.is_member('vip', '1'), segmentation.is_member('vip', 1);
SELECT * FROM segmentation.segments_of(ARRAY['00000000-0000-0000-0000-000000000001', 'x']);
SELECT count(*) FROM segmentation.segments_of(1);
-- Changed and deleted customers, once they are refreshed.
ALTER EVENT TRIGGER segmentation_triggers DISABLE; -- nothing is to tell of disabled triggers
ALTER TABLE shop.texts DISABLE TRIGGER USER; -- no trigger tells
UPDATE shop.texts SET vip = false WHERE code = 'c1';
DELETE FROM shop.texts WHERE code = 'c2';
ALTER TABLE shop.texts ENABLE TRIGGER USER;
SELECT segmentation.refresh_all() > 0;
SELECT segmentation.member_count('vip'), (SELECT count(*) FROM segmentation.members('vip')), (SELECT count(*) FROM segments.vip);
