-- The view of each segment in schema segments: its members with the customer's own columns, for people and BI
-- tools. A view over the customers table itself would refuse the shop's migrations (DROP COLUMN, ALTER TYPE).
-- So views stand on functions whose bodies are text: nothing depends on the table's columns. All plain views
-- share segmentation._segment_rows, which the planner inlines; those of rules with SHOW, ORDER BY or LIMIT have
-- a function each, which it does not (42_view_settings.sql). After a migration the next definition (or bind_customers with
-- replace) makes function and views anew.

-- Returns a name for the column that says since when: entered_at, unless another column of the view has it.
CREATE FUNCTION segmentation._entered_at(others text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT n.name
        FROM unnest('{entered_at,segment_entered_at}'::text[]
                    || ARRAY(SELECT 'segment_entered_at_' || i FROM generate_series(2, 2000) AS i))
             WITH ORDINALITY AS n(name, at)
        WHERE n.name <> ALL (others) ORDER BY n.at LIMIT 1);

-- Returns the columns that plain views are to have, as a column list of RETURNS TABLE, or as a SELECT list over
-- alias c.
CREATE FUNCTION segmentation._view_columns(as_select boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(CASE WHEN as_select THEN format('c.%I', a.attname)
                         ELSE format('%I %s', a.attname, format_type(a.atttypid, NULL)) END, ', '
                    ORDER BY a.attnum)
         || CASE WHEN as_select THEN ', m.entered_at'
                 ELSE format(', %I timestamp with time zone',
                             segmentation._entered_at(array_agg(a.attname::text))) END
  FROM segmentation.binding AS b JOIN pg_attribute AS a ON a.attrelid = b.relation
  WHERE b.role = 'customers' AND a.attnum > 0 AND NOT a.attisdropped);

-- Makes the function that plain views stand on, and them, again where the customers table or its columns are
-- not what they stand on. Keeps their grants.
CREATE FUNCTION segmentation._make_plain_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET check_function_bodies = off AS $$
DECLARE
  customers segmentation.binding;
  owner     name := segmentation._view_owner();
  body      text;
  present   record;
  rights    text[];
  item      record;
BEGIN
  SELECT b.* INTO STRICT customers FROM segmentation.binding AS b WHERE b.role = 'customers';
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

  rights := segmentation._view_rights(ARRAY(SELECT p.view_name FROM segmentation._plain_views() AS p));
  PERFORM segmentation._drop_plain_views();
  EXECUTE format(
    'CREATE FUNCTION segmentation._segment_rows(integer) RETURNS TABLE (%s) LANGUAGE sql STABLE PARALLEL '
    'SAFE AS %L',
    segmentation._view_columns(false), body);
  ALTER FUNCTION segmentation._segment_rows(integer) DEPENDS ON EXTENSION segmentation;
  -- Whatever the server's default privileges say: it gives no right away (90_privileges.sql).
  GRANT EXECUTE ON FUNCTION segmentation._segment_rows(integer) TO PUBLIC;
  EXECUTE format('ALTER FUNCTION segmentation._segment_rows(integer) OWNER TO %I', owner);
  FOR item IN SELECT p.* FROM segmentation._plain_views() AS p LOOP
    PERFORM segmentation._write_view(item.view_name, format('segmentation._segment_rows(%s)', item.id), '{}');
  END LOOP;
  PERFORM segmentation._grant_again(rights);
END $$;

-- Returns the segments whose views stand on the function that they share, in the order of their making.
CREATE FUNCTION segmentation._plain_views(OUT id integer, OUT view_name name) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.view_name FROM segmentation.segment AS s
  WHERE s.view_name IS NOT NULL AND to_regprocedure(segmentation._own_rows(s.id)) IS NULL
  ORDER BY s.id;
$$;

-- Drops the plain views and their function. Whatever others built on the views stands in the way: 2BP01.
CREATE FUNCTION segmentation._drop_plain_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  views text;
BEGIN
  SELECT string_agg(format('segments.%I', p.view_name), ', ' ORDER BY p.id) INTO views
  FROM segmentation._plain_views() AS p
  WHERE to_regclass(format('segments.%I', p.view_name)) IS NOT NULL;
  IF views IS NOT NULL THEN EXECUTE 'DROP VIEW ' || views; END IF;
  IF to_regprocedure('segmentation._segment_rows(integer)') IS NOT NULL THEN
    DROP FUNCTION segmentation._segment_rows(integer);
  END IF;
END $$;

-- Returns the role that views and their functions belong to: the customers table's owner.
CREATE FUNCTION segmentation._view_owner() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT r.rolname FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation
          JOIN pg_roles AS r ON r.oid = c.relowner
        WHERE b.role = 'customers');

-- Returns the GRANTs on views, for when they are made anew.
CREATE FUNCTION segmentation._view_rights(views name[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  SELECT format('GRANT %s ON segments.%I TO %s%s', x.privilege_type, c.relname,
                CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
                CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_class AS c, aclexplode(c.relacl) AS x
  WHERE c.relnamespace = 'segments'::regnamespace AND c.relname = ANY (views) AND x.grantee <> c.relowner
  ORDER BY c.relname, x.grantee, x.privilege_type);

CREATE FUNCTION segmentation._grant_again(rights text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY rights LOOP
    EXECUTE command;
  END LOOP;
END $$;

-- Makes one view over a call of a function, or has the present one stand on that. What it reads is judged by
-- its reader's rights, on the members and on the customers.
CREATE FUNCTION segmentation._write_view(view_name name, source text, rights text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE VIEW segments.%I WITH (security_invoker = true) AS SELECT * FROM %s',
                 view_name, source);
  EXECUTE format('ALTER VIEW segments.%I OWNER TO %I', view_name, segmentation._view_owner());
  PERFORM segmentation._grant_again(rights);
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
