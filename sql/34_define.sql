-- Taking bindings away again, and attributes: the words that define_attribute gives to expressions of the rule
-- language.

CREATE VIEW segmentation.bindings AS
SELECT b.name, CASE WHEN b.field IS NULL THEN b.role ELSE 'fields' END AS role, b.relation, p.name AS "of",
  b.key, b.of_key, b.lookup_key, b.parent, b.date, b.value, b.field, b.condition, b.timezone,
       (SELECT jsonb_object_agg(c.name, c.expression) FROM segmentation.binding_column AS c
         WHERE c.binding_id = b.id) AS computed
FROM segmentation.binding AS b LEFT JOIN segmentation.binding AS p ON p.id = b.of_id
WHERE NOT b.by_hand
ORDER BY b.id;
COMMENT ON VIEW segmentation.bindings
  IS 'What is bound: customers, sources, lookups and sets, with their computed columns by name.';

-- Returns whether a bound table was dropped. No rule can be checked then, and taking bindings away is the way
-- out.
CREATE FUNCTION segmentation._relation_is_gone() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM segmentation.binding AS b
  WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = b.relation));

-- Raises 2BP01, naming what needs it, where a word of the language is read by any segment's rule.
CREATE FUNCTION segmentation._check_unused(kind text, name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  users text;
BEGIN
  IF segmentation._relation_is_gone() THEN RETURN; END IF;
  SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name) INTO users
  FROM segmentation.segment AS s
  -- An archived rule reads nothing. What a broken rule reads cannot be told, and it does not get worse.
  WHERE NOT s.archived AND CASE WHEN NOT EXISTS (SELECT FROM segmentation.check_rule(segmentation.rule_source(s.rule)))
             THEN EXISTS (SELECT FROM unnest(segmentation._rule_uses(s.rule)) AS u(name)
                          WHERE segmentation._fold(u.name) = segmentation._fold(_check_unused.name)) END;
  IF users IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '2BP01',
      MESSAGE = format('cannot drop %s "%s" because segments need it', kind, name),
      DETAIL = format('It is used by %s.', users), HINT = 'Alter or drop these segments first.';
  END IF;
END $$;

-- Has everything that is left checked after something was taken away, and raises 2BP01 with the first thing
-- that misses it; not with `known`, what was broken before.
CREATE FUNCTION segmentation._check_not_missed(kind text, name text, known text[], verb text DEFAULT 'drop') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  message text;
  place   text;
BEGIN
  -- Where nothing could be judged before, nothing can be missed.
  IF known IS NULL OR segmentation._relation_is_gone() THEN RETURN; END IF;
  PERFORM segmentation._check_sound(known);
EXCEPTION
  WHEN syntax_error OR undefined_column OR undefined_object OR datatype_mismatch OR ambiguous_column THEN
    -- The innermost line of the context says what was being checked: attribute "x", source "y", ...
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, place = PG_EXCEPTION_CONTEXT;
    RAISE EXCEPTION USING ERRCODE = '2BP01',
      MESSAGE = format('cannot %s %s "%s" because it is needed', verb, kind, name),
      DETAIL = format('Without it: %s%s.',
                      substring(place FROM '^(?:attribute|source|segment|binding) "[^\n]*"') || ': ', message),
      HINT = 'Change or drop what needs it first.';
END $$;

CREATE FUNCTION segmentation.unbind(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound  segmentation.binding;
  item   record;
  others text;
  known  text[];
  own    regclass[];
BEGIN
  SELECT b.* INTO bound FROM segmentation.binding AS b WHERE NOT b.by_hand AND segmentation._fold(b.name) = segmentation._fold(unbind.name);
  IF FOUND THEN PERFORM segmentation._check_ownership(bound.relation); END IF;
  -- The lookups of a set (its values' table, by via) go with it.
  own := ARRAY(SELECT b.relation FROM segmentation.binding AS b WHERE b.of_id = bound.id AND bound.role = 'set');
  PERFORM segmentation._check_ownership(o.relation) FROM unnest(own) AS o(relation);
  PERFORM segmentation._lock_definitions(NULL, own || bound.relation);
  known := segmentation._problems();
  -- binding.column takes one computed column away, unless a binding has just that name.
  SELECT c.binding_id, c.name, b INTO item
  FROM segmentation.binding AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.id
  WHERE segmentation._fold(b.name || '.' || c.name) = segmentation._fold(unbind.name)
    AND NOT EXISTS (SELECT FROM segmentation.binding AS o WHERE segmentation._fold(o.name) = segmentation._fold(unbind.name));
  IF FOUND THEN
    bound := item.b;
    PERFORM segmentation._check_ownership(bound.relation);
    DELETE FROM segmentation.binding_column AS c WHERE c.binding_id = item.binding_id AND c.name = item.name;
    SELECT b.name INTO others FROM segmentation.binding AS b
    WHERE (b.id = item.binding_id AND b.role <> 'lookup' AND item.name IN (b.key, b.date, b.value, b.field))
       OR (b.id = item.binding_id AND b.role = 'lookup' AND item.name IN (b.lookup_key, b.parent, b.value))
       OR (b.of_id = item.binding_id AND (item.name = b.of_key OR b.role = 'lookup' AND item.name = b.key))
    ORDER BY b.id LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION USING ERRCODE = '2BP01',
        MESSAGE = format('cannot drop computed column "%s" because it is needed', name),
        DETAIL = format('It is a key, date or value of binding "%s".', others),
          HINT = 'Bind that with another column first.';
    END IF;
    PERFORM segmentation._check_not_missed('computed column', name, known);
    PERFORM segmentation._rewrite_members();
    PERFORM segmentation._follow_views();
    RETURN;
  END IF;

  bound := segmentation._bound(name);
  PERFORM segmentation._check_ownership(bound.relation);
  SELECT string_agg(format('"%s"', b.name), ', ' ORDER BY b.id) INTO others
  FROM segmentation.binding AS b WHERE NOT b.by_hand AND CASE bound.role
    WHEN 'set' THEN b.of_id IN (SELECT l.id FROM segmentation.binding AS l WHERE l.of_id = bound.id) ELSE b.of_id = bound.id END;
  IF others IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '2BP01',
      MESSAGE = format('cannot unbind "%s" because other bindings hang on it', bound.name),
      DETAIL = format('These are of it: %s.', others), HINT = 'Unbind these first.';
  END IF;
  IF bound.role = 'customers' THEN
    SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name) INTO others
      FROM segmentation.segment AS s;
    IF others IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = '2BP01',
        MESSAGE = 'cannot unbind customers because there are segments of them',
        DETAIL = format('Segments: %s.', others), HINT = 'Drop these segments first.';
    END IF;
    PERFORM segmentation._forget_forecasts();
    DELETE FROM segmentation.forecast_timing;
    PERFORM segmentation._drop_storage();
  ELSE
    PERFORM segmentation._check_unused('binding', bound.name);
  END IF;
  DELETE FROM segmentation.binding_column AS c USING segmentation.binding AS b
    WHERE c.binding_id = b.id AND (b.id = bound.id OR b.of_id = bound.id);
  DELETE FROM segmentation.binding AS b WHERE b.id = bound.id OR b.of_id = bound.id;
  PERFORM segmentation._follow_columns();
  PERFORM segmentation._remove_capture(r.relation) FROM unnest(own || bound.relation) AS r(relation);
  -- Only a lookup can be read by computed columns.
  IF bound.role = 'lookup' AND NOT segmentation._relation_is_gone() THEN
    BEGIN
      PERFORM segmentation._check_computed();
    EXCEPTION WHEN undefined_table OR undefined_column THEN
      GET STACKED DIAGNOSTICS others = MESSAGE_TEXT;
      RAISE EXCEPTION USING ERRCODE = '2BP01',
        MESSAGE = format('cannot unbind "%s" because it is needed', bound.name),
        DETAIL = format('Without it: %s.', others),
        HINT = COALESCE((SELECT format('It goes with segmentation.unbind(%L).', p.name) FROM segmentation.binding AS p
                         WHERE p.id = bound.of_id AND p.role = 'set' AND bound.name = p.name || '.target'), 'Change what needs it first.');
    END;
  END IF;
  PERFORM segmentation._check_not_missed('binding', bound.name, known);
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.unbind(text) IS
  'Takes a binding away, or (as binding.column) one computed column; refused while bindings, attributes or '
  'segments need it. The shop''s table stays as it is. Locks: ACCESS EXCLUSIVE on the table, for its '
  'triggers, SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew or dropped.';

-- Raises 42501 unless a relation, where it still exists, is the caller's own.
CREATE FUNCTION segmentation._check_ownership(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = relation
             AND NOT pg_has_role(segmentation._caller(), c.relowner, 'USAGE')) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of table %s', relation),
      HINT = 'Call this as a member of the role that owns the table.';
  END IF;
END $$;

CREATE FUNCTION segmentation.define_attribute(
  name text, expression text, description text DEFAULT NULL, replace boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known  text;
  before text[];
BEGIN
  PERFORM segmentation._check_name('attribute', define_attribute.name);
  IF define_attribute.expression IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'expression must not be null',
      HINT = 'Give a value or a condition of the rule language, such as sum(orders.total) or orders MATCHES '
        '(count > 3).';
  END IF;
  PERFORM segmentation._lock_definitions(NULL);
  IF NOT EXISTS (SELECT FROM segmentation.binding) THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'customers are not bound',
      HINT = 'Call segmentation.bind_customers first.';
  END IF;
  before := segmentation._problems();
  SELECT a.name INTO known FROM segmentation.attribute_definition AS a
    WHERE segmentation._fold(a.name) = segmentation._fold(define_attribute.name);
  IF known IS NOT NULL AND define_attribute.replace THEN
    UPDATE segmentation.attribute_definition AS a
    SET name = define_attribute.name, expression = define_attribute.expression,
        description = COALESCE(define_attribute.description, a.description)
    WHERE a.name = known;
  ELSE
    PERFORM segmentation._check_name_is_free('attribute', define_attribute.name);
    INSERT INTO segmentation.attribute_definition (name, expression, description)
    VALUES (define_attribute.name, define_attribute.expression, define_attribute.description);
  END IF;
  PERFORM segmentation._check_sound(before, 'attribute ' || define_attribute.name);
  IF known IS NOT NULL OR segmentation._rules_may_read(define_attribute.name) THEN PERFORM segmentation._rewrite_members(); END IF;
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.define_attribute(text, text, text, boolean) IS
  'Gives a name to a value or a condition of the rule language. With replace, segments that use it follow. '
  'Locks: SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';

CREATE FUNCTION segmentation.drop_attribute(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known  text;
  before text[];
BEGIN
  PERFORM segmentation._lock_definitions(NULL);
  before := segmentation._problems();
  SELECT a.name INTO known FROM segmentation.attribute_definition AS a
    WHERE segmentation._fold(a.name) = segmentation._fold(drop_attribute.name);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704',
      MESSAGE = format('attribute "%s" does not exist', drop_attribute.name),
      HINT = segmentation._name_hint(COALESCE(drop_attribute.name, ''), ARRAY(SELECT a.name
        FROM segmentation.attribute_definition AS a ORDER BY a.name),
                                     'No attribute is defined.');
  END IF;
  PERFORM segmentation._check_unused('attribute', known);
  DELETE FROM segmentation.attribute_definition AS a WHERE a.name = known;
  IF segmentation._fold(known) = 'forecast_purchases' THEN PERFORM segmentation._forget_forecasts(); END IF;
  PERFORM segmentation._check_not_missed('attribute', known, before);
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.drop_attribute(text) IS
  'Drops an attribute that define_attribute made; refused while segments or other attributes need it. Locks: '
  'SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';
