-- Values of customers as JSON, by what rules call them: for a customer card, a mail merge, and beside the members of a page. Read by the
-- rights of who asks, like the views of segments. Functions whose results are keys are made by bind_customers: see 66_typed_calls.sql.

CREATE FUNCTION segmentation._values_of(names text[], ordered text[], members text, strict boolean,
  OUT shown integer[], OUT called text[], OUT types regtype[], OUT places integer[], OUT query text, OUT zone text) RETURNS record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_values_of';
COMMENT ON FUNCTION segmentation._values_of(text[], text[], text, boolean) IS
  'a query of customers'' "key", values "value_1" and so on of names, and "order_1" and so on of what they are ordered by; which of the names '
  'these are (shown, places), what the values are called without quotes, and of which types; members is a SELECT of the keys of whom it is '
  'asked. strict raises what is wrong with one of names; others are left out. zone is the shop''s';

-- Returns an instant in ISO 8601, as it is in a zone: 2026-05-30T16:00:00+03:00.
CREATE FUNCTION segmentation._instant_json(at timestamptz, zone text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT CASE WHEN isfinite(l.local_time) THEN to_jsonb((to_jsonb(l.local_time) #>> '{}')
    || CASE WHEN l.ahead < 0 THEN '-' ELSE '+' END || to_char(make_interval(secs => abs(l.ahead)),
         CASE WHEN l.ahead % 60 = 0 THEN 'HH24:MI' ELSE 'HH24:MI:SS' END))
    ELSE to_jsonb(l.local_time) END
  FROM (SELECT t.local_time, extract(epoch FROM t.local_time - t.at AT TIME ZONE 'UTC')::integer AS ahead
        FROM (SELECT at, segmentation.local_time(at, zone) AS local_time) AS t WHERE t.at IS NOT NULL) AS l);

-- Returns an expression for a value as JSON: numbers exact, whatever the type, NaN and infinite ones missing as in rules; instants in the
-- shop's zone.
CREATE FUNCTION segmentation._as_json(value text, type regtype, zone text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN format(CASE
  WHEN type IN ('numeric'::regtype, 'float8'::regtype, 'float4'::regtype) THEN 'to_jsonb(segmentation.finite(%1$s))'
  WHEN type = 'money'::regtype THEN 'to_jsonb(%1$s::numeric)'
  WHEN type = 'timestamptz'::regtype THEN 'segmentation._instant_json(%1$s, %2$L)'
  WHEN type = 'timestamp'::regtype THEN 'segmentation._instant_json(segmentation.instant_of(%1$s, %2$L), %2$L)'
  ELSE 'to_jsonb(%1$s)' END, value, zone);

-- Returns the type in which given keys are compared with the customers', so that a number too large for theirs is nobody's and no error; and
-- what makes texts compare as theirs do.
CREATE FUNCTION segmentation._key_of_given(OUT type text, OUT collation text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype) THEN 'bigint' ELSE a.atttypid::regtype::text END,
         CASE WHEN a.attcollation = 0 THEN '' ELSE format(' COLLATE %I.%I', n.nspname, c.collname) END
  FROM pg_attribute AS a
  LEFT JOIN pg_collation AS c ON c.oid = a.attcollation LEFT JOIN pg_namespace AS n ON n.oid = c.collnamespace
  WHERE a.attrelid = to_regclass('segmentation.membership') AND a.attname = 'customer_id';
$$;

-- Returns the values of customers, given as keys are printed, in the order of their keys. `exact`: by the names as they were given, of
-- which none may be wrong; else without quotes, as columns of a view are called.
CREATE FUNCTION segmentation._json_values(names text[], customers text[], exact boolean) RETURNS TABLE (customer text, "values" jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1
SET standard_conforming_strings = on SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  key    record := segmentation._key_of_given();
  chosen text := format('SELECT k%s FROM unnest($1::%s[]) AS k', key.collation, key.type);
  given  text[] := ARRAY(SELECT unnest(names)); -- from 1 on, and of one dimension
  answer record;
  parts  text;
BEGIN
  IF names IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'names must not be null', HINT = 'View segmentation.attributes has all names.';
  END IF;
  SELECT v.* INTO answer FROM segmentation._values_of(given, '{}', chosen, exact) AS v;
  -- A function takes at most 100 arguments.
  SELECT string_agg('jsonb_build_object(' || p.pairs || ')', ' || ' ORDER BY p.part) INTO parts
  FROM (SELECT u.n / 45 AS part,
               string_agg(format('%L::text, %s', CASE WHEN exact THEN given[u.place] ELSE u.name END,
                                 segmentation._as_json('v.value_' || u.n, u.type, answer.zone)), ', ' ORDER BY u.n) AS pairs
        FROM unnest(answer.shown, answer.called, answer.types) WITH ORDINALITY AS u(place, name, type, n) GROUP BY 1) AS p;
  RETURN QUERY EXECUTE format('SELECT v.key::text, %s FROM (%s) AS v WHERE v.key IN (%s) ORDER BY v.key',
    COALESCE(parts, '''{}''::jsonb'), answer.query, chosen) USING customers;
END $$;
