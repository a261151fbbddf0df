-- Functions of the shop that run while a segment is being built before its definition has the gate, and see or define segments.
\ir shops/kept.sql
SELECT no_plan();
SET client_min_messages = warning;

-- A trigger on members: those of a new segment come when it can be seen.
CREATE TABLE told (name text, customer integer);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.told SELECT s.name, new.customer_id FROM segmentation.segment_names AS s WHERE s.id = new.segment_id;
  IF current_setting('shop.defines', true) = 'on' AND NOT segmentation._is_segment('inner') THEN
    PERFORM segmentation.create_segment('inner', 'orders MATCHES (count >= 2)');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION tell();
SELECT segmentation.create_segment('altered', 'orders MATCHES (count >= 4)') \g /dev/null
SELECT segmentation.create_segment('two', 'orders MATCHES (count >= 2)') \g /dev/null
SELECT results_eq('SELECT customer FROM told WHERE name = ''two'' ORDER BY 1',
  'SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = segmentation._segment_id(''two'') ORDER BY 1',
  'a trigger on members sees the new segment''s name');
SELECT ok((SELECT count(*) > 3 FROM told WHERE name = 'two'), 'there are some');

-- It defines another in turn.
SET shop.defines = on;
SELECT segmentation.create_segment('outer', 'orders MATCHES (count >= 1)') \g /dev/null
RESET shop.defines;
SELECT set_eq('SELECT name FROM segmentation.segments WHERE name IN (''inner'', ''outer'')', ARRAY['inner', 'outer'],
  'a trigger on members defines a segment while one is being made');
SELECT is_empty('SELECT * FROM oracle()', 'all are right');
SELECT segmentation.drop_segment('inner') \g /dev/null
SET shop.defines = on;
SELECT segmentation.alter_segment('altered', 'orders MATCHES (count >= 0)') \g /dev/null
RESET shop.defines;
SELECT ok(segmentation._is_segment('inner'), 'and while one is being altered');
SELECT is_empty('SELECT * FROM oracle()', 'all are right then');
DROP TRIGGER tell ON segmentation.membership;
SELECT segmentation.drop_segment('inner') \g /dev/null

-- So does what a computed column calls, while everyone is judged; and alters the one that is being altered.
CREATE SEQUENCE turns;
CREATE FUNCTION defines(city text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF current_setting('shop.defines', true) = 'on' AND nextval('public.turns') = 1 THEN
    PERFORM segmentation.create_segment('inner', 'orders MATCHES (count >= 2)');
    PERFORM segmentation.alter_segment('altered', 'orders MATCHES (count >= 1)');
  END IF;
  RETURN coalesce(city, '');
END $$;
SELECT segmentation.bind_column('customers', 'place', 'public.defines(city)') \g /dev/null
SET shop.defines = on;
ALTER SEQUENCE turns RESTART;
SELECT segmentation.create_segment('placed', 'place = ''Sofia''') \g /dev/null
RESET shop.defines;
SELECT ok(segmentation._is_segment('inner'), 'a computed column defines a segment while one is being made');
SELECT is_empty('SELECT * FROM oracle()', 'all are right after that');
SELECT segmentation.drop_segment('inner') \g /dev/null
SET shop.defines = on;
ALTER SEQUENCE turns RESTART;
SELECT segmentation.alter_segment('altered', 'place = ''Sofia''') \g /dev/null
RESET shop.defines;
SELECT ok(segmentation._is_segment('inner'), 'and while one is being altered');
SELECT is_empty('SELECT * FROM oracle()', 'all are right in the end');

-- What a subtransaction has begun to build is forgotten when that is rolled back.
DO $$
BEGIN
  BEGIN
    PERFORM segmentation._build_ahead(segmentation._segment_id('altered'), 'orders MATCHES (count >= 3)', false);
    RAISE 'no';
  EXCEPTION WHEN raise_exception THEN NULL;
  END;
  PERFORM segmentation.drop_segment('inner');
  PERFORM segmentation.alter_segment('altered', 'orders MATCHES (count >= 2)');
END $$;
SELECT is_empty('SELECT * FROM oracle()', 'after one was rolled back and another is built behind the gate');
SELECT * FROM finish();
