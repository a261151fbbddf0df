-- The view of each segment in schema segments: its members with the customer's own columns, for people and BI
-- tools. A view over the customers table itself would refuse the shop's migrations (DROP COLUMN, ALTER TYPE).
-- So views stand on functions whose bodies are text: nothing depends on the table's columns. All plain views
-- share segmentation._segment_rows, which the planner inlines; those of rules with SHOW, ORDER BY or LIMIT have
-- a function each, which it does not (42_view_settings.sql). How views follow what the shop does to its table, and are left
-- to whoever built on them, is in 43_view_shape.sql.

-- What a function under views selects: its columns, and after the SELECT list the rest of the query.
CREATE TYPE segmentation._view_source AS (
  names text[],
  types text[],
  shown text[], -- expressions, one a column
  rest  text
);

-- Returns a name for the column that says since when: entered_at, unless another column of the view has it.
CREATE FUNCTION segmentation._entered_at(others text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT n.name
        FROM unnest('{entered_at,segment_entered_at}'::text[]
                    || ARRAY(SELECT 'segment_entered_at_' || i FROM generate_series(2, 2000) AS i))
             WITH ORDINALITY AS n(name, at)
        WHERE n.name <> ALL (others) ORDER BY n.at LIMIT 1);

-- Returns what plain views show of the customers, who stand under alias c, and since when, under m; `rest` is empty.
CREATE FUNCTION segmentation._customer_columns() RETURNS segmentation._view_source
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT ROW(array_agg(a.attname::text ORDER BY a.attnum) || segmentation._entered_at(array_agg(a.attname::text)),
             array_agg(format_type(a.atttypid, -1) ORDER BY a.attnum) || 'timestamp with time zone'::text,
             array_agg(format('c.%I', a.attname) ORDER BY a.attnum) || 'm.entered_at'::text,
             '')::segmentation._view_source
  FROM segmentation.binding AS b JOIN pg_attribute AS a ON a.attrelid = b.relation
  WHERE b.role = 'customers' AND a.attnum > 0 AND NOT a.attisdropped);

-- Returns whether there are customers to show, and a place where their segments' members are stored.
CREATE FUNCTION segmentation._can_show() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN segmentation._key_type() IS NOT NULL
   AND EXISTS (SELECT FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation WHERE b.role = 'customers');

-- Makes the function that plain views stand on, and them, again where the customers table or its columns are not what they stand on.
-- `more` are segments that are to stand on it from now on instead of on one of their own.
CREATE FUNCTION segmentation._make_plain_views(more integer[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source segmentation._view_source := segmentation._customer_columns();
  ids    integer[];
  own    regprocedure;
BEGIN
  SELECT format(' FROM segmentation.membership AS m JOIN %s AS c ON c.%I OPERATOR(pg_catalog.=) m.customer_id '
    'WHERE m.segment_id OPERATOR(pg_catalog.=) $1', b.relation, b.key)
  INTO STRICT source.rest FROM segmentation.binding AS b WHERE b.role = 'customers';
  ids := ARRAY(SELECT s.id FROM segmentation.segment AS s
               WHERE s.view_name IS NOT NULL AND (to_regprocedure(segmentation._own_rows(s.id)) IS NULL OR s.id = ANY (more)));
  PERFORM segmentation._place_rows('segmentation._segment_rows', 'integer', source, '', 0, ids, segmentation._old_columns(0));
  FOR own IN
    SELECT f.oid FROM unnest(more) AS m(id), to_regprocedure(segmentation._own_rows(m.id)) AS f(oid)
    WHERE f.oid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid)
  LOOP
    EXECUTE format('DROP FUNCTION %s', own);
  END LOOP;
END $$;

-- Drops the function that plain views stand on. Only for when there is no segment.
CREATE FUNCTION segmentation._drop_plain_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF to_regprocedure('segmentation._segment_rows(integer)') IS NOT NULL THEN
    DROP FUNCTION segmentation._segment_rows(integer);
  END IF;
  DELETE FROM segmentation.view_column;
END $$;

-- Returns the role that views and their functions belong to: the customers table's owner.
CREATE FUNCTION segmentation._view_owner() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT r.rolname FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation
          JOIN pg_roles AS r ON r.oid = c.relowner
        WHERE b.role = 'customers');

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
