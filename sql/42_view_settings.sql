-- View settings: what FROM customers SHOW .. ORDER BY .. LIMIT of a rule make of its segment's view. Such a view
-- stands on a function of its own, segmentation._segment_rows_ID, like the one that plain views share text that
-- nothing depends on. It is compared with what rule and definitions ask for whenever a definition changes, and
-- made anew where it differs.
--
-- Unlike the plain ones' it names operators and functions as printed rules do, without their schema, and reads
-- some types as text. So it runs under settings of its own, the same as segmentation.verify's: else a reader's
-- search_path would say whose code runs, and his intervalstyle what is shown. The price is that the planner does
-- not inline it: a reader's WHERE on the view is applied to all of its rows, in the order that they have.

-- What the core makes of one rule's settings.
CREATE TYPE segmentation._view_settings AS (
  segment_id integer,
  names      text[],    -- of the columns that are shown; none where the rule does not say SHOW
  types      text[],    -- of these
  query      text,      -- everyone's values: "key", "value_1" ..., "order_1" ...
  descending boolean[], -- for each of ORDER BY
  row_limit  bigint,
  left_out   text[],    -- what is wrong with names that mean nothing that can be shown, or gone by
  hints      text[]     -- for each of these, perhaps NULL
);

CREATE FUNCTION segmentation._settings_of(segments integer[]) RETURNS SETOF segmentation._view_settings
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_settings_of';
COMMENT ON FUNCTION segmentation._settings_of(integer[]) IS
  'the view settings of these segments; no row for a segment whose rule has none';

-- Returns what the function for a segment's settings selects. Its rows are ordered by the key last, so
-- that LIMIT is the same customers every time.
CREATE FUNCTION segmentation._settings_source(settings segmentation._view_settings) RETURNS segmentation._view_source
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  customers segmentation.binding;
  answer    segmentation._view_source;
  tables    text := 'segmentation.membership AS m';
  places    text;
BEGIN
  SELECT b.* INTO STRICT customers FROM segmentation.binding AS b WHERE b.role = 'customers';
  IF settings.names = '{}' THEN
    answer := segmentation._customer_columns();
    tables := tables || format(' JOIN %s AS c ON c.%I OPERATOR(pg_catalog.=) m.customer_id', customers.relation,
                               customers.key);
  ELSE
    answer.names := settings.names || segmentation._entered_at(settings.names);
    answer.types := settings.types || 'timestamp with time zone'::text;
    answer.shown := ARRAY(SELECT 'v.value_' || n FROM generate_series(1, cardinality(settings.names)) AS n ORDER BY n)
      || 'm.entered_at'::text;
  END IF;
  IF settings.names <> '{}' OR settings.descending <> '{}' THEN
    tables := tables || format(E' JOIN (\n%s\n) AS v ON v.key OPERATOR(pg_catalog.=) m.customer_id',
                               settings.query);
  END IF;
  SELECT string_agg(format('v.order_%s%s NULLS LAST', o.at, CASE WHEN o.descending THEN ' DESC' ELSE '' END), ', '
                    ORDER BY o.at)
  INTO places FROM unnest(settings.descending) WITH ORDINALITY AS o(descending, at);
  answer.rest := format(' FROM %s WHERE m.segment_id OPERATOR(pg_catalog.=) %s', tables, settings.segment_id)
    || CASE WHEN places IS NULL AND settings.row_limit IS NULL THEN ''
            ELSE ' ORDER BY ' || concat_ws(', ', places, 'm.customer_id') END
    || COALESCE(' LIMIT ' || settings.row_limit, '');
  RETURN answer;
END $$;

-- Brings a segment's view, and the function of its own that it stands on, to what the settings ask for. Returns whether that changed anything.
CREATE FUNCTION segmentation._place_view(settings segmentation._view_settings)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own   text := segmentation._own_rows(settings.segment_id);
  body  text := (SELECT p.prosrc FROM pg_proc AS p WHERE p.oid = to_regprocedure(own));
  moved boolean;
BEGIN
  moved := segmentation._place_rows(left(own, -2), '', segmentation._settings_source(settings),
    ' SET search_path = pg_catalog, pg_temp SET datestyle = ''ISO, YMD'' SET intervalstyle = postgres '
    'SET timezone = ''UTC'' SET bytea_output = hex SET extra_float_digits = 1 SET standard_conforming_strings = on '
    'SET transform_null_equals = off SET array_nulls = on',
    settings.segment_id, ARRAY[settings.segment_id],
    CASE WHEN settings.names = '{}' THEN segmentation._old_columns(settings.segment_id) ELSE '{}' END);
  RETURN moved OR body IS DISTINCT FROM (SELECT p.prosrc FROM pg_proc AS p WHERE p.oid = to_regprocedure(own));
END $$;

-- Has the views of segments follow definitions. `changed` is the segment that was made or altered,
-- whose view is made where it is missing and whose settings are told about in any case. `done`: plain ones have followed already.
CREATE FUNCTION segmentation._follow_views(changed integer DEFAULT NULL, done boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item    record;
  problem record;
  moved   boolean;
  -- Words that no settings are without; which of these rules have any, the core says.
  likely  integer[] := ARRAY(
    SELECT s.id FROM segmentation.segment AS s
    WHERE NOT s.archived AND segmentation.rule_source(s.rule) ~* '\m(show|order|limit)\M');
  owning  integer[] := ARRAY(
    SELECT s.id FROM segmentation.segment AS s WHERE to_regprocedure(segmentation._own_rows(s.id)) IS NOT NULL);
  plain   integer[] := '{}'; -- those that have a function of their own and are to have none
BEGIN
  IF NOT segmentation._can_show() THEN RETURN; END IF;
  -- Where a binding is broken nothing can be said about any value, and views with settings stay as they are.
  IF likely || owning <> '{}' AND (changed IS NOT NULL OR segmentation._problems() IS NOT NULL) THEN
    FOR item IN
      SELECT s.name, s.id, v AS settings, v.segment_id, v.left_out, v.hints, v.row_limit
      FROM segmentation.segment AS s LEFT JOIN segmentation._settings_of(likely) AS v ON v.segment_id = s.id
      WHERE s.id = ANY (likely || owning) ORDER BY s.id
    LOOP
      IF item.segment_id IS NULL THEN
        plain := plain || item.id;
        CONTINUE;
      END IF;
      moved := segmentation._place_view(item.settings);
      CONTINUE WHEN NOT moved AND item.id IS DISTINCT FROM changed;
      FOR problem IN SELECT p.text, p.hint FROM unnest(item.left_out, item.hints) AS p(text, hint) LOOP
        IF problem.hint IS NULL THEN
          RAISE NOTICE USING MESSAGE = format('view of segment "%s" leaves out %s', item.name, problem.text);
        ELSE
          RAISE NOTICE USING MESSAGE = format('view of segment "%s" leaves out %s', item.name, problem.text),
            HINT = problem.hint;
        END IF;
      END LOOP;
      IF item.row_limit IS NOT NULL AND item.id = changed THEN
        RAISE NOTICE USING MESSAGE = format('LIMIT shortens the view of segment "%s", not its members', item.name);
      END IF;
    END LOOP;
  END IF;
  IF NOT done OR plain <> '{}' THEN PERFORM segmentation._make_plain_views(plain); END IF;
END $$;
