-- Segments beside one another, and the values of a segment's members.

CREATE FUNCTION segmentation.overlap(segments text[])
RETURNS TABLE (a text, b text, common bigint, only_a bigint, only_b bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
  ids    integer[];
  counts bigint[];
BEGIN
  IF segments IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'segments must not be null', HINT = 'Give the names of two or more, as an array.';
  END IF;
  ids := ARRAY(SELECT s.id FROM (SELECT segmentation._segment_id(u.name) AS id, u.at FROM unnest(segments) WITH ORDINALITY AS u(name, at)) AS s
               GROUP BY s.id ORDER BY min(s.at));
  counts := ARRAY(SELECT COALESCE(c.members, 0) FROM unnest(ids) WITH ORDINALITY AS u(id, at)
                  LEFT JOIN segmentation.member_counts AS c ON c.segment_id = u.id ORDER BY u.at);
  -- Customers who are in the same of these segments are one row before pairs are made of them.
  RETURN QUERY
    WITH together AS MATERIALIZED (
      SELECT row_number() OVER () AS id, t.who, count(*) AS customers
      FROM (SELECT array_agg(array_position(ids, m.segment_id)) AS who
            FROM (SELECT m.customer_id, m.segment_id FROM segmentation.membership AS m WHERE m.segment_id = ANY (ids)
                  ORDER BY m.customer_id, m.segment_id) AS m GROUP BY m.customer_id) AS t
      WHERE cardinality(t.who) > 1 GROUP BY t.who),
    pairs AS (
      SELECT least(x.n, y.n) AS a, greatest(x.n, y.n) AS b, sum(t.customers)::bigint AS common
      FROM together AS t, unnest(t.who) WITH ORDINALITY AS x(n, at), unnest(t.who) WITH ORDINALITY AS y(n, at) WHERE x.at < y.at GROUP BY 1, 2)
    SELECT s.name, z.name, COALESCE(p.common, 0), counts[i.n] - COALESCE(p.common, 0), counts[j.n] - COALESCE(p.common, 0)
    FROM generate_subscripts(ids, 1) AS i(n) JOIN generate_subscripts(ids, 1) AS j(n) ON i.n < j.n
    JOIN segmentation.segment AS s ON s.id = ids[i.n] JOIN segmentation.segment AS z ON z.id = ids[j.n]
    LEFT JOIN pairs AS p ON p.a = i.n AND p.b = j.n
    ORDER BY i.n, j.n;
END $$;
COMMENT ON FUNCTION segmentation.overlap(text[]) IS
  'Each pair of these segments once, in the order in which they are given: how many customers are in both, and how many in the first or the second '
  'alone. Of stored members. Locks: ACCESS SHARE on segmentation.membership.';

-- Raises what is wrong with an attribute of which _values_sql makes nothing.
CREATE FUNCTION segmentation._check_shown(attribute text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mistake record;
BEGIN
  IF attribute IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'attribute must not be null', HINT = 'View segmentation.attributes has all names.';
  END IF;
  SELECT c.* INTO mistake FROM segmentation.check_rule(attribute || ' IS NOT NULL') AS c LIMIT 1;
  IF mistake.sqlstate = '42601' THEN -- a condition, perhaps
    SELECT c.* INTO mistake FROM segmentation.check_rule(attribute) AS c LIMIT 1;
  END IF;
  IF mistake.sqlstate IS NULL OR mistake.message LIKE '% does not support "IS NOT NULL"' THEN
    RAISE EXCEPTION USING ERRCODE = '42804', MESSAGE = format('"%s" has no values to break a segment down by', attribute),
      HINT = 'View segmentation.attributes has all names.';
  END IF;
  IF mistake.hint IS NULL THEN RAISE EXCEPTION USING ERRCODE = mistake.sqlstate, MESSAGE = mistake.message; END IF;
  RAISE EXCEPTION USING ERRCODE = mistake.sqlstate, MESSAGE = mistake.message, HINT = mistake.hint;
END $$;

CREATE FUNCTION segmentation.breakdown(segment text, attribute text) RETURNS TABLE (value text, members bigint, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
-- As views of rules with SHOW have them (42_view_settings.sql): the same values, whoever asks.
SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1
SET standard_conforming_strings = on SET transform_null_equals = off SET array_nulls = on AS $$
#variable_conflict use_column
DECLARE
  id     integer := segmentation._segment_id(segment);
  total  bigint := segmentation.member_count(segment);
  chosen text := format('SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = %s', id);
  given  text[];
BEGIN
  -- The second says what rules count as missing. Nothing is where the first is a condition, to which it would be appended.
  given := segmentation._values_sql(
    ARRAY[attribute, CASE WHEN EXISTS (SELECT FROM segmentation.check_rule(attribute)) THEN attribute || ' IS NOT NULL' END], chosen);
  IF attribute IS NULL OR given[2] IS DISTINCT FROM attribute THEN
    PERFORM segmentation._check_shown(attribute);
  END IF;
  -- As json, in which numbers are equal that print differently; lists are taken apart once they are counted.
  RETURN QUERY EXECUTE format($query$
    SELECT w.value, sum(g.members)::bigint, round(sum(g.members) / %3$s, 6)
    FROM (SELECT CASE WHEN pg_typeof(v.value_1) = 'character'::regtype THEN to_jsonb(v.value_1::text) ELSE to_jsonb(v.value_1) END AS value,
                 count(*) AS members
          FROM (%1$s) AS m LEFT JOIN (%2$s) AS v ON v.key = m.customer_id AND %4$s GROUP BY 1) AS g,
      LATERAL (SELECT DISTINCT CASE jsonb_typeof(u.value) WHEN 'number' THEN trim_scale((u.value #>> '{}')::numeric)::text
                                 ELSE u.value #>> '{}' END AS value
               FROM jsonb_array_elements(CASE WHEN jsonb_typeof(g.value) = 'array' AND g.value <> '[]' THEN g.value
                                              ELSE jsonb_build_array(NULLIF(g.value, '[]')) END) AS u(value)) AS w
    GROUP BY w.value ORDER BY 2 DESC, w.value COLLATE "C" NULLS LAST$query$,
    chosen, given[1], greatest(total, 1), CASE WHEN cardinality(given) > 2 THEN 'v.value_2' ELSE 'true' END);
END $$;
COMMENT ON FUNCTION segmentation.breakdown(text, text) IS
  'The values that a segment''s members have of an attribute, or of an expression such as define_attribute takes, the most frequent first: the value '
  'as text, how many members have it, and their share of all. A member counts once for each element of a list; who has none, or no value, counts as '
  'NULL. Reads the shop''s tables by the rights of whoever asks. Locks: ACCESS SHARE on segmentation.membership and the tables that are read.';
