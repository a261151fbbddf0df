-- definitions: all that is bound and defined as one document, to be kept in a repository. Its members go by names, so that it is the same
-- whatever order things were made in; NULLs and defaults are left out. What stands in it is checked here, too.

-- Returns the lookup that has the values of a set by way of links, and which column these are; NULLs for any other binding.
CREATE FUNCTION segmentation._link_of(bound segmentation.binding, OUT target segmentation.binding, OUT value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF bound.role = 'set' THEN target := (SELECT s.target FROM segmentation._set_named(bound.name) AS s); END IF;
  IF target.id IS NULL THEN RETURN; END IF;
  SELECT (parse_ident(c.expression))[2] INTO value FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id AND c.name = 'target value';
END $$;

CREATE FUNCTION segmentation._binding_definition(bound segmentation.binding) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  link record;
  tree boolean := bound.role = 'lookup' AND bound.parent IS NOT NULL;
BEGIN
  SELECT l.* INTO link FROM segmentation._link_of(bound) AS l;
  RETURN jsonb_strip_nulls(jsonb_build_object(
    'kind', CASE WHEN bound.field IS NOT NULL THEN 'fields' WHEN bound.role <> 'customers' THEN bound.role END, 'relation', bound.relation::text,
    'of', (SELECT p.name FROM segmentation.binding AS p WHERE p.id = bound.of_id), 'key', bound.key, 'of_key', bound.of_key,
    'lookup_key', bound.lookup_key, 'date', bound.date, 'field', bound.field, 'value', COALESCE(link.value, CASE WHEN NOT tree THEN bound.value END),
    'label', CASE WHEN tree THEN bound.value END, 'parent', COALESCE(bound.parent, (link.target).parent), 'via', (link.target).key,
    'target', (link.target).relation::text, 'target_key', (link.target).lookup_key, 'condition', bound.condition, 'timezone', bound.timezone));
END $$;

CREATE FUNCTION segmentation.definitions() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET jit = off AS $$
  WITH bound AS MATERIALIZED (
    SELECT b, b.id, b.name, (l.target).id AS target FROM segmentation.binding AS b, segmentation._link_of(b) AS l WHERE NOT b.by_hand)
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'customers', (SELECT segmentation._binding_definition(b.b) FROM bound AS b WHERE (b.b).role = 'customers'),
    'bindings', COALESCE((SELECT jsonb_object_agg(b.name, segmentation._binding_definition(b.b)) FROM bound AS b
                 WHERE (b.b).role <> 'customers' AND NOT EXISTS (SELECT FROM bound AS o WHERE o.target = b.id)), '{}'),
    'columns', COALESCE((SELECT jsonb_object_agg(c.name, c.columns) FROM (
                  SELECT b.name, jsonb_object_agg(c.name, c.expression) AS columns
                  FROM bound AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.id AND NOT (b.target IS NOT NULL AND c.name = 'target value')
                  GROUP BY b.name) AS c), '{}'),
    'words', COALESCE((SELECT jsonb_object_agg(w.relation, w.words) FROM (
                SELECT w.relation::text, jsonb_object_agg(w.word, w.column_name) AS words FROM segmentation.column_word AS w
                WHERE w.relation IN (SELECT (b.b).relation FROM bound AS b) GROUP BY w.relation) AS w), '{}'),
    'sources', COALESCE((SELECT jsonb_object_agg(s.name, jsonb_build_object('source', s.source, 'renames', NULLIF(s.parameters, '{}'), 'condition', s.condition,
                  'description', s.description)) FROM segmentation.source_definition AS s), '{}'),
    'attributes', COALESCE((SELECT jsonb_object_agg(a.name, jsonb_build_object('expression', a.expression, 'description', a.description))
                   FROM segmentation.attribute_definition AS a), '{}'),
    'segments', COALESCE((SELECT jsonb_object_agg(s.name, jsonb_build_object('kind', NULLIF(s.kind, 'rule'), 'rule', segmentation.rule_source(COALESCE(a.rule, s.rule)),
                   'family', s.family, 'archived', NULLIF(s.archived, false), 'description', n.description, 'labels', to_jsonb(NULLIF(n.labels, '{}'))))
                 FROM segmentation.segment AS s LEFT JOIN segmentation.segment_note AS n ON n.segment_id = s.id
                   LEFT JOIN segmentation.alteration AS a ON a.segment_id = s.id AND a.error IS NULL), '{}'),
    'schedules', COALESCE((SELECT jsonb_build_object('forecasts', jsonb_build_object('every', f.every, 'at', f.at, 'horizon', f.horizon, 'holdout', f.holdout,
                    'high_percentile', f.high_percentile, 'low_percentile', f.low_percentile))
                  FROM segmentation.forecast_schedule AS f), '{}')));
$$;
COMMENT ON FUNCTION segmentation.definitions() IS
  'All that is bound and defined, by name, as apply_definitions takes it: customers, bindings, computed columns, what columns were called before, '
  'sources, attributes, and segments with their rules as typed (of one that is being altered the next), descriptions, labels and whether they are '
  'archived, and when forecasts are refreshed. No members, words by hand, marks of use or rights. Locks: ACCESS SHARE on the tables of definitions.';

-- Raises 22023, saying where, unless a value is an object of the keys and types in `shape`: string, boolean, strings (a list), texts (an object
-- of strings), number, any; with ! it may not be missing.
CREATE FUNCTION segmentation._check_shape(doc jsonb, path text, shape jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item  record;
  wrong text;
BEGIN
  IF jsonb_typeof(doc) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s must be an object', path), HINT = 'segmentation.definitions() shows the form.';
  END IF;
  SELECT k INTO wrong FROM jsonb_object_keys(doc) AS k WHERE NOT shape ? k ORDER BY k LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s has no member "%s"', path, wrong),
      HINT = segmentation._name_hint(wrong, ARRAY(SELECT k FROM jsonb_object_keys(shape) AS k ORDER BY k), '');
  END IF;
  FOR item IN SELECT s.key, rtrim(s.value, '!') AS type, s.value LIKE '%!' AS wanted, NULLIF(doc -> s.key, 'null') AS given
              FROM jsonb_each_text(shape) AS s ORDER BY s.key LOOP
    IF item.given IS NULL THEN
      IF item.wanted THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s.%s is missing', path, item.key), HINT = 'segmentation.definitions() shows the form.';
      END IF;
      CONTINUE;
    END IF;
    wrong := CASE item.type
      WHEN 'string' THEN CASE WHEN jsonb_typeof(item.given) <> 'string' THEN 'a string' END
      WHEN 'number' THEN CASE WHEN jsonb_typeof(item.given) <> 'number' THEN 'a number' END
      WHEN 'boolean' THEN CASE WHEN jsonb_typeof(item.given) <> 'boolean' THEN 'true or false' END
      WHEN 'strings' THEN CASE WHEN jsonb_typeof(item.given) <> 'array' OR jsonb_path_exists(item.given, 'strict $[*] ? (@.type() != "string")', silent => true)
        THEN 'a list of strings' END
      WHEN 'texts' THEN CASE WHEN jsonb_typeof(item.given) <> 'object' OR jsonb_path_exists(item.given, 'strict $.* ? (@.type() != "string")', silent => true)
        THEN 'an object of strings' END END;
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s.%s must be %s', path, item.key, wrong), HINT = 'segmentation.definitions() shows the form.';
    END IF;
  END LOOP;
END $$;

-- Returns the members of an object whose members have names of their own, with their place. Raises where it is none, or two are one name.
CREATE FUNCTION segmentation._members_of(doc jsonb, section text, OUT name text, OUT item jsonb, OUT path text) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  twice text;
BEGIN
  IF doc IS NULL OR doc = 'null' THEN RETURN; END IF;
  IF jsonb_typeof(doc) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s must be an object', section), HINT = 'segmentation.definitions() shows the form.';
  END IF;
  SELECT string_agg(format('"%s"', k), ' and ' ORDER BY k) INTO twice FROM jsonb_object_keys(doc) AS k
  GROUP BY segmentation._fold(k) HAVING count(*) > 1 AND section <> 'words' ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('%s: %s are one name', section, twice), DETAIL = 'Names are the same in either case.';
  END IF;
  RETURN QUERY SELECT m.key, m.value, format('%s."%s"', section, m.key) FROM jsonb_each(doc) AS m ORDER BY m.key COLLATE "C";
END $$;

-- Raises, saying where, unless a text is a rule, a relation, or a value of a type, by its syntax.
CREATE FUNCTION segmentation._check_text(kind text, given text, path text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said text;
  hint text;
BEGIN
  IF kind = 'rule' AND given IS NOT NULL THEN PERFORM segmentation.rule(given);
  ELSIF kind = 'interval' THEN PERFORM given::interval;
  ELSIF kind = 'time' THEN PERFORM given::time;
  ELSIF kind = 'relation' AND to_regclass(given) IS NULL AND given IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42P01', MESSAGE = format('relation "%s" does not exist', given), HINT = 'Write it with its schema.';
  END IF;
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) NOT IN ('42', '22', '54') THEN RAISE; END IF;
  GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = format('%s: %s', path, said), HINT = hint;
END $$;

-- Raises, saying where, unless a document has the form of definitions.
CREATE FUNCTION segmentation._check_definitions(given jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  IF given IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'definitions must not be null', HINT = 'Give what segmentation.definitions() returned.';
  END IF;
  PERFORM segmentation._check_shape(given, 'definitions', '{"customers": "any", "bindings": "any", "columns": "any", "words": "any", "sources": "any",
    "attributes": "any", "segments": "any", "schedules": "any"}');
  IF given -> 'customers' <> 'null' THEN
    PERFORM segmentation._check_shape(given -> 'customers', 'customers',
      '{"relation": "string!", "key": "string", "timezone": "string", "condition": "string"}');
    PERFORM segmentation._check_text('relation', given -> 'customers' ->> 'relation', 'customers.relation');
  END IF;
  FOR item IN SELECT m.* FROM segmentation._members_of(given -> 'bindings', 'bindings') AS m LOOP
    PERFORM segmentation._check_shape(item.item, item.path, '{"kind": "string!", "relation": "string!", "key": "string!", "of": "string", "condition": "string"}'::jsonb
      || CASE item.item ->> 'kind' WHEN 'source' THEN '{"of_key": "string", "date": "string"}'
           WHEN 'fields' THEN '{"of_key": "string", "field": "string!", "value": "string!"}'
           WHEN 'lookup' THEN '{"of": "string!", "lookup_key": "string", "parent": "string", "label": "string"}'
           WHEN 'set' THEN '{"of_key": "string", "value": "string!", "via": "string", "target": "string", "target_key": "string", "parent": "string"}'
           ELSE '{}' END::jsonb);
    IF item.item ->> 'kind' NOT IN ('source', 'fields', 'lookup', 'set') THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s.kind "%s" is unknown', item.path, item.item ->> 'kind'),
        HINT = 'Say "source", "lookup", "set" or "fields".';
    END IF;
    IF (item.item ? 'via') <> (item.item ? 'target') OR NOT item.item ? 'via' AND item.item ->> 'kind' = 'set' AND item.item ?| '{parent,target_key}' THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s: via and target go together', item.path),
        HINT = 'via is the column of the link table that refers to target, the table that has the values.';
    END IF;
    PERFORM segmentation._check_text('relation', item.item ->> r, format('%s.%s', item.path, r)) FROM unnest('{relation,target}'::text[]) AS r;
  END LOOP;
  FOR item IN SELECT m.*, s.section FROM (VALUES ('columns'), ('words')) AS s(section), segmentation._members_of(given -> s.section, s.section) AS m LOOP
    PERFORM segmentation._check_shape(jsonb_build_object(item.name, item.item), item.section, jsonb_build_object(item.name, 'texts!'));
    IF item.section = 'words' THEN PERFORM segmentation._check_text('relation', item.name, item.path); END IF;
  END LOOP;
  FOR item IN SELECT m.* FROM segmentation._members_of(given -> 'sources', 'sources') AS m LOOP
    PERFORM segmentation._check_shape(item.item, item.path, '{"source": "string!", "renames": "texts", "condition": "string", "description": "string"}');
  END LOOP;
  FOR item IN SELECT m.* FROM segmentation._members_of(given -> 'attributes', 'attributes') AS m LOOP
    PERFORM segmentation._check_shape(item.item, item.path, '{"expression": "string!", "description": "string"}');
  END LOOP;
  FOR item IN SELECT m.* FROM segmentation._members_of(given -> 'segments', 'segments') AS m LOOP
    PERFORM segmentation._check_shape(item.item, item.path, '{"kind": "string", "rule": "string", "family": "string", "description": "string", "labels": "strings", "archived": "boolean"}');
    IF COALESCE(item.item ->> 'kind', 'rule') NOT IN ('rule', 'group', 'tag') THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('%s.kind "%s" is unknown', item.path, item.item ->> 'kind'),
        HINT = 'Say "group" or "tag", or nothing for a rule.';
    ELSIF (COALESCE(item.item ->> 'kind', 'rule') = 'rule') <> (item.item ->> 'rule' IS NOT NULL) OR item.item ->> 'rule' IS NOT NULL AND item.item ->> 'family' IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format(CASE WHEN item.item ->> 'rule' IS NULL THEN '%s.rule is missing'
          WHEN item.item ->> 'kind' IN ('group', 'tag') THEN '%s: a group or tag has no rule' ELSE '%s: a rule is of no family' END, item.path),
        HINT = 'A group or tag says so in "kind", and has no rule.';
    END IF;
    PERFORM segmentation._check_text('rule', item.item ->> 'rule', item.path || '.rule');
  END LOOP;
  IF given -> 'schedules' <> 'null' THEN
    PERFORM segmentation._check_shape(given -> 'schedules', 'schedules', '{"forecasts": "any"}');
    FOR item IN SELECT m.* FROM segmentation._members_of(given -> 'schedules', 'schedules') AS m LOOP
      PERFORM segmentation._check_shape(item.item, item.path,
        '{"every": "string", "at": "string", "horizon": "string", "holdout": "string", "high_percentile": "number", "low_percentile": "number"}');
      PERFORM segmentation._check_text(CASE f WHEN 'at' THEN 'time' ELSE 'interval' END, item.item ->> f, format('%s.%s', item.path, f))
      FROM unnest('{every,at,horizon,holdout}'::text[]) AS f;
    END LOOP;
  END IF;
END $$;
