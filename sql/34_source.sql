-- Sources: the words that define_source gives to the rows of bound ones.

-- Raises unless an object gives parameters of a source names of their own.
CREATE FUNCTION segmentation._check_renames(renames jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
BEGIN
  IF jsonb_typeof(renames) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'renames must be a jsonb object',
      HINT = 'Give each parameter the name that it stands for: {"id": "product_id"}.';
  END IF;
  SELECT r.key INTO wrong FROM jsonb_each(renames) AS r
  WHERE jsonb_typeof(r.value) <> 'string' ORDER BY r.key LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('parameter "%s" must stand for a name', wrong),
      HINT = format('Give it a string, as in {"%s": "product_id"}.', wrong);
  END IF;
  SELECT r.key INTO wrong FROM jsonb_object_keys(renames) AS r(key)
  WHERE segmentation._fold(r.key) = ANY ('{count,date,days,weeks,months}') OR btrim(r.key) = '' ORDER BY r.key LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42939',
      MESSAGE = format('parameter "%s" cannot be renamed', wrong),
      DETAIL = CASE WHEN btrim(wrong) = '' THEN 'A parameter needs a name.'
                    ELSE format('"%s" has its meaning inside every MATCHES.', wrong) END,
      HINT = CASE WHEN segmentation._fold(wrong) = 'date'
                  THEN 'Bind the table once more under another name, with that column as its date.'
                  ELSE 'Choose another name for the parameter.' END;
  END IF;
  SELECT string_agg(format('"%s"', r.key), ' and ' ORDER BY r.key) INTO wrong
  FROM jsonb_object_keys(renames) AS r(key)
  GROUP BY segmentation._fold(r.key) HAVING count(*) > 1 ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('parameters %s are one name', wrong),
      DETAIL = 'Names are the same in either case.', HINT = 'Give each parameter a name of its own.';
  END IF;
END $$;

CREATE FUNCTION segmentation.define_source(
  name text, source text, renames jsonb DEFAULT NULL, condition text DEFAULT NULL,
  description text DEFAULT NULL, replace boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known  text;
  before text[];
BEGIN
  PERFORM segmentation._check_name('source', define_source.name);
  IF define_source.source IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'source must not be null',
      HINT = 'Name the source that it stands for.';
  END IF;
  PERFORM segmentation._check_renames(define_source.renames);
  PERFORM segmentation._lock_definitions(NULL);
  IF NOT EXISTS (SELECT FROM segmentation.binding) THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'customers are not bound',
      HINT = 'Call segmentation.bind_customers first.';
  END IF;
  before := segmentation._problems();
  SELECT s.name INTO known FROM segmentation.source_definition AS s
    WHERE segmentation._fold(s.name) = segmentation._fold(define_source.name);
  IF known IS NOT NULL AND define_source.replace THEN
    UPDATE segmentation.source_definition AS s
    SET name = define_source.name, source = define_source.source,
        parameters = COALESCE(define_source.renames, '{}'), condition = define_source.condition,
        description = COALESCE(define_source.description, s.description)
    WHERE s.name = known;
  ELSE
    PERFORM segmentation._check_name_is_free('source', define_source.name);
    INSERT INTO segmentation.source_definition (name, source, parameters, condition, description)
    VALUES (define_source.name, define_source.source, COALESCE(define_source.renames, '{}'),
      define_source.condition, define_source.description);
  END IF;
  PERFORM segmentation._check_sound(before, 'source ' || define_source.name);
  IF known IS NOT NULL THEN PERFORM segmentation._rewrite_members(); END IF;
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.define_source(text, text, jsonb, text, text, boolean) IS
  'Gives the rows of a source another name, words of its own for their columns ({"id": "product_id", "tag": '
  '"product.tags"}) and a condition on rows. The source''s own words stay usable. With replace, segments that '
  'use it follow. Locks: SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made '
  'anew.';

CREATE FUNCTION segmentation.drop_source(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known  text;
  before text[];
BEGIN
  PERFORM segmentation._lock_definitions(NULL);
  before := segmentation._problems();
  SELECT s.name INTO known FROM segmentation.source_definition AS s
    WHERE segmentation._fold(s.name) = segmentation._fold(drop_source.name);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704',
      MESSAGE = format('source "%s" does not exist', drop_source.name),
      HINT = segmentation._name_hint(COALESCE(drop_source.name, ''), ARRAY(SELECT s.name
        FROM segmentation.source_definition AS s ORDER BY s.name),
                                     'No source is defined; a bound one is taken away by segmentation.unbind.');
  END IF;
  PERFORM segmentation._check_unused('source', known);
  DELETE FROM segmentation.source_definition AS s WHERE s.name = known;
  PERFORM segmentation._check_not_missed('source', known, before);
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.drop_source(text) IS
  'Drops a source that define_source made; refused while segments, attributes or other sources need it. Locks: '
  'SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';

CREATE VIEW segmentation.sources AS
SELECT s.name, 'defined' AS kind, s.source, s.parameters, s.condition, s.description
FROM segmentation.source_definition AS s
UNION ALL
SELECT b.name, 'bound', NULL, NULL, b.condition, obj_description(b.relation, 'pg_class')
FROM segmentation.binding AS b LEFT JOIN segmentation.binding AS p ON p.id = b.of_id
WHERE b.role = 'source' AND NOT b.by_hand OR b.role = 'set' AND p.role = 'customers'
UNION ALL
SELECT 'memberships', 'built in', NULL, NULL, NULL, obj_description(to_regclass('segmentation.memberships'), 'pg_class')
WHERE to_regclass('segmentation.memberships') IS NOT NULL AND EXISTS (SELECT FROM segmentation.binding AS b WHERE b.role = 'customers');
COMMENT ON VIEW segmentation.sources IS
  'What can stand before MATCHES: bound sources and sets of customers, the words that define_source gave, and memberships.';
