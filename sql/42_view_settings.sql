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

-- Returns columns and body of the function for a segment's settings. Its rows are ordered by the key last, so
-- that LIMIT is the same customers every time.
CREATE FUNCTION segmentation._settings_source(settings segmentation._view_settings, OUT columns text, OUT body text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  customers segmentation.binding;
  shown     text;
  tables    text := 'segmentation.membership AS m';
  places    text;
BEGIN
  SELECT b.* INTO STRICT customers FROM segmentation.binding AS b WHERE b.role = 'customers';
  IF settings.names = '{}' THEN
    columns := segmentation._view_columns(false);
    shown := segmentation._view_columns(true);
    tables := tables || format(' JOIN %s AS c ON c.%I OPERATOR(pg_catalog.=) m.customer_id', customers.relation,
                               customers.key);
  ELSE
    SELECT string_agg(format('%I %s', n.name, n.type), ', ' ORDER BY n.at),
           string_agg(format('v.value_%s', n.at), ', ' ORDER BY n.at)
    INTO columns, shown
    FROM unnest(settings.names, settings.types) WITH ORDINALITY AS n(name, type, at);
    columns := columns || format(', %I timestamp with time zone', segmentation._entered_at(settings.names));
    shown := shown || ', m.entered_at';
  END IF;
  IF settings.names <> '{}' OR settings.descending <> '{}' THEN
    tables := tables || format(E' JOIN (\n%s\n) AS v ON v.key OPERATOR(pg_catalog.=) m.customer_id',
                               settings.query);
  END IF;
  SELECT string_agg(format('v.order_%s%s NULLS LAST', o.at, CASE WHEN o.descending THEN ' DESC' ELSE '' END), ', '
                    ORDER BY o.at)
  INTO places FROM unnest(settings.descending) WITH ORDINALITY AS o(descending, at);
  body := format('SELECT %s FROM %s WHERE m.segment_id OPERATOR(pg_catalog.=) %s', shown, tables,
                 settings.segment_id)
    || CASE WHEN places IS NULL AND settings.row_limit IS NULL THEN ''
            ELSE ' ORDER BY ' || concat_ws(', ', places, 'm.customer_id') END
    || COALESCE(' LIMIT ' || settings.row_limit, '');
END $$;

-- Brings a segment's view, and the function of its own that it has or is to have, to what the settings ask for.
-- Where columns stay as they are, so does the view with all that others built on it; else it is made anew with
-- its grants, and what others built on it stands in the way: 2BP01. Returns whether anything was changed.
CREATE FUNCTION segmentation._place_view(segment segmentation.segment, settings segmentation._view_settings)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- Reading expressions of the shop's could run code of its, by the rights of the extension's owner.
SET check_function_bodies = off AS $$
DECLARE
  own     text := segmentation._own_rows(segment.id);
  owner   name := segmentation._view_owner();
  shown   regclass := to_regclass(format('segments.%I', segment.view_name));
  source  text := own;
  wanted  record;
  present record;
  same    boolean;
  rights  text[] := '{}';
  detail  text;
BEGIN
  SELECT p.oid, p.prosrc, pg_get_function_result(p.oid) AS result, r.rolname AS owner INTO present
  FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner WHERE p.oid = to_regprocedure(own);
  IF settings.segment_id IS NULL THEN
    IF present.oid IS NULL AND shown IS NOT NULL THEN RETURN false; END IF;
    SELECT segmentation._view_columns(false) AS columns, NULL::text AS body INTO wanted;
    source := format('segmentation._segment_rows(%s)', segment.id);
  ELSE
    SELECT s.columns, s.body INTO wanted FROM segmentation._settings_source(settings) AS s;
    IF present.prosrc = wanted.body AND present.owner = owner
       AND present.result = format('TABLE(%s)', wanted.columns) THEN
      RETURN false;
    END IF;
  END IF;

  SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, NULL)), ', ' ORDER BY a.attnum)
         = wanted.columns
  INTO same FROM pg_attribute AS a WHERE a.attrelid = shown AND a.attnum > 0 AND NOT a.attisdropped;
  IF shown IS NULL THEN
    rights := segmentation._reader_rights(segment.view_name);
  ELSIF NOT same THEN
    rights := segmentation._view_rights(ARRAY[segment.view_name]);
    BEGIN
      EXECUTE format('DROP VIEW segments.%I', segment.view_name);
    EXCEPTION WHEN dependent_objects_still_exist THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      RAISE EXCEPTION USING ERRCODE = '2BP01',
        MESSAGE = format('cannot change the columns of view segments.%I because other objects depend on it',
                         segment.view_name),
        DETAIL = detail, HINT = 'Drop these objects first, and make them again afterwards.';
    END;
  END IF;
  IF present.oid IS NOT NULL AND present.result <> format('TABLE(%s)', wanted.columns) THEN
    EXECUTE format('DROP FUNCTION %s', own);
  END IF;
  IF wanted.body IS NOT NULL THEN
    EXECUTE format(
      'CREATE OR REPLACE FUNCTION %s RETURNS TABLE (%s) LANGUAGE sql STABLE PARALLEL SAFE '
      'SET search_path = pg_catalog, pg_temp SET datestyle = ''ISO, YMD'' SET intervalstyle = postgres '
      'SET timezone = ''UTC'' SET bytea_output = hex SET extra_float_digits = 1 SET standard_conforming_strings = on '
      'SET transform_null_equals = off SET array_nulls = on AS %L',
      own, wanted.columns, wanted.body);
    EXECUTE format('ALTER FUNCTION %s DEPENDS ON EXTENSION segmentation', own);
    -- Whatever the server's default privileges say: it gives no right away (90_privileges.sql).
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', own);
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', own, owner);
  END IF;
  PERFORM segmentation._write_view(segment.view_name, source, rights);
  IF wanted.body IS NULL AND to_regprocedure(own) IS NOT NULL THEN EXECUTE format('DROP FUNCTION %s', own); END IF;
  RETURN true;
END $$;

-- Has the views of rules with settings follow definitions. `changed` is the segment that was made or altered,
-- whose view is made where it is missing and whose settings are told about in any case. Another's view that
-- cannot follow, since somebody built on it, stays as it is: that must not stop everybody's definitions.
CREATE FUNCTION segmentation._follow_views(changed integer DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item    record;
  problem record;
  moved   boolean;
  detail  text;
  -- Words that no settings are without; which of these rules have any, the core says.
  likely  integer[] := ARRAY(
    SELECT s.id FROM segmentation.segment AS s
    WHERE segmentation.rule_source(s.rule) ~* '\m(show|order|limit)\M');
  follows integer[] := ARRAY(
    SELECT s.id FROM segmentation.segment AS s
    WHERE s.id = changed OR s.id = ANY (likely)
       OR to_regprocedure(segmentation._own_rows(s.id)) IS NOT NULL);
BEGIN
  -- Where a binding is broken nothing can be said about any value, and views stay as they are.
  IF follows = '{}' OR changed IS NULL AND segmentation._problems() IS NULL THEN RETURN; END IF;
  FOR item IN
    SELECT s AS segment, s.name, s.id, v AS settings, v.left_out, v.hints, v.row_limit
    FROM segmentation.segment AS s LEFT JOIN segmentation._settings_of(likely) AS v ON v.segment_id = s.id
    WHERE s.id = ANY (follows) ORDER BY s.id
  LOOP
    BEGIN
      moved := segmentation._place_view(item.segment, item.settings);
    EXCEPTION WHEN dependent_objects_still_exist THEN
      IF item.id = changed THEN RAISE; END IF;
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      RAISE WARNING USING
        MESSAGE = format('view of segment "%s" stays as it is because other objects depend on it', item.name),
        DETAIL = detail, HINT = 'Drop these objects first; the next definition makes the view anew.';
      moved := false;
    END;
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
END $$;
