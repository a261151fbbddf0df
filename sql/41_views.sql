-- The view of each segment in schema segments: its members with the customer's own columns, for people and BI
-- tools. A view over the customers table itself would refuse the shop's migrations (DROP COLUMN, ALTER TYPE).
-- So all views stand on one function, segmentation._segment_rows, whose body is text: nothing depends on the
-- table's columns, and the planner inlines it. After a migration the next definition (or bind_customers with
-- replace) makes function and views anew.

-- Returns the columns that the views are to have, as a column list of RETURNS TABLE, or as a SELECT list over
-- alias c.
CREATE FUNCTION segmentation._view_columns(as_select boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(CASE WHEN as_select THEN format('c.%I', a.attname)
                                    ELSE format('%I %s', a.attname, format_type(a.atttypid, NULL)) END, ', '
                                      ORDER BY a.attnum)
         || CASE WHEN as_select THEN ', m.entered_at'
                 ELSE format(', %I timestamp with time zone',
                        -- A customer's own column keeps its name.
                        (SELECT n.name
                         FROM unnest('{entered_at,segment_entered_at}'::text[]
                                     || ARRAY(SELECT 'segment_entered_at_' || i FROM generate_series(2, 2000) AS i))
                              WITH ORDINALITY AS n(name, at)
                         WHERE n.name <> ALL (array_agg(a.attname::text)) ORDER BY n.at LIMIT 1)) END
  FROM segmentation.binding AS b JOIN pg_attribute AS a ON a.attrelid = b.relation
  WHERE b.role = 'customers' AND a.attnum > 0 AND NOT a.attisdropped);

-- Makes the views again where the customers table or its columns are not what they stand on. Keeps their
-- grants.
CREATE FUNCTION segmentation._make_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  customers segmentation.binding;
  owner     name;
  body      text;
  present   record;
  rights    text[];
  item      record;
  command   text;
BEGIN
  SELECT b.* INTO STRICT customers FROM segmentation.binding AS b WHERE b.role = 'customers';
  SELECT r.rolname INTO STRICT owner
  FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = customers.relation;
  body := format(
    'SELECT %s FROM segmentation.membership AS m JOIN %s AS c ON c.%I OPERATOR(pg_catalog.=) m.customer_id '
    'WHERE m.segment_id OPERATOR(pg_catalog.=) $1', segmentation._view_columns(true), customers.relation,
      customers.key);
  SELECT p.oid, p.prosrc, pg_get_function_result(p.oid) AS result, r.rolname AS owner INTO present
  FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
  WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname = '_segment_rows';
  IF present.prosrc = body AND present.owner = owner
     AND present.result = format('TABLE(%s)', segmentation._view_columns(false)) THEN
    RETURN;
  END IF;

  rights := ARRAY(
    SELECT format('GRANT %s ON segments.%I TO %s%s', x.privilege_type, c.relname,
                             CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
                             CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM segmentation.segment AS s
    JOIN pg_class AS c ON c.relname = s.view_name AND c.relnamespace = 'segments'::regnamespace,
    aclexplode(c.relacl) AS x
    WHERE x.grantee <> c.relowner
    ORDER BY c.relname, x.grantee, x.privilege_type);
  PERFORM segmentation._drop_views();
  EXECUTE format(
    'CREATE FUNCTION segmentation._segment_rows(integer) RETURNS TABLE (%s) LANGUAGE sql STABLE PARALLEL '
    'SAFE AS %L',
    segmentation._view_columns(false), body);
  ALTER FUNCTION segmentation._segment_rows(integer) DEPENDS ON EXTENSION segmentation;
  EXECUTE format('ALTER FUNCTION segmentation._segment_rows(integer) OWNER TO %I', owner);
  FOR item IN SELECT s.id, s.view_name FROM segmentation.segment AS s
    WHERE s.view_name IS NOT NULL ORDER BY s.id LOOP
    PERFORM segmentation._make_view(item.id, item.view_name, owner);
  END LOOP;
  FOREACH command IN ARRAY rights LOOP
    EXECUTE command;
  END LOOP;
END $$;

-- Makes one view. What it reads is judged by its reader's rights, on the members and on the customers.
CREATE FUNCTION segmentation._make_view(segment_id integer, view_name name, owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE VIEW segments.%I WITH (security_invoker = true) AS SELECT * FROM '
    'segmentation._segment_rows(%s)',
                            view_name, segment_id);
  EXECUTE format('ALTER VIEW segments.%I OWNER TO %I', view_name, owner);
END $$;

-- Drops all views and their function. Whatever others built on the views stands in the way: 2BP01.
CREATE FUNCTION segmentation._drop_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  views text;
BEGIN
  SELECT string_agg(format('segments.%I', s.view_name), ', ' ORDER BY s.id) INTO views
  FROM segmentation.segment AS s
  WHERE to_regclass(format('segments.%I', s.view_name)) IS NOT NULL;
  IF views IS NOT NULL THEN EXECUTE 'DROP VIEW ' || views; END IF;
  IF to_regprocedure('segmentation._segment_rows(integer)') IS NOT NULL THEN
    DROP FUNCTION segmentation._segment_rows(integer);
  END IF;
END $$;

-- Returns a name for a segment's view that is free: the segment's own, or that cut at a character and ending
-- in ~id.
CREATE FUNCTION segmentation._view_name(segment_id integer, name text) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  suffix text := '';
  again  integer := 1;
  stem   text;
BEGIN
  LOOP
    stem := name;
    WHILE octet_length(stem || suffix) > 63 LOOP
      IF suffix = '' THEN suffix := '~' || segment_id; END IF;
      stem := left(stem, -1);
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_class AS c
                   WHERE c.relnamespace = 'segments'::regnamespace AND c.relname = (stem || suffix)::name)
       AND NOT EXISTS (SELECT FROM pg_type AS t
                       WHERE t.typnamespace = 'segments'::regnamespace
                         AND t.typname = (stem || suffix)::name) THEN
      RETURN (stem || suffix)::name;
    END IF;
    suffix := '~' || segment_id || CASE WHEN again > 1 THEN '~' || again ELSE '' END;
    again := again + 1;
  END LOOP;
END $$;
