-- A segment's members page by page, as they are at now(). Where they go by key, a page costs the same however many there are; where the
-- rule has ORDER BY, all of them are put in order for each page.

-- Returns up to `wanted` members by key, behind `after`: both given as keys are printed. Of customers of whom what is stored is behind
-- now(), only those among them are judged.
CREATE FUNCTION segmentation._members_by_key(segment_id integer, after text, wanted integer, OUT customers text[], OUT entered timestamptz[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key    record := segmentation._key_of_given();
  behind text[];
  edge   text := after; -- where a stretch of members begins, behind which nobody has been looked at
  found  record;
BEGIN
  customers := '{}';
  entered := '{}';
  IF segmentation._any_behind() THEN
    behind := ARRAY(SELECT n FROM segmentation._news() AS n UNION SELECT d FROM segmentation._due() AS d);
    IF array_position(behind, NULL) IS NOT NULL THEN -- everyone: by their rules, in one pass
      EXECUTE format($query$
        SELECT array_agg(p.customer_id::text ORDER BY p.customer_id), array_agg(p.entered_at ORDER BY p.customer_id)
        FROM (SELECT n.customer_id, m.entered_at FROM (%2$s) AS n (customer_id)
              LEFT JOIN segmentation.membership AS m ON m.segment_id = $1 AND m.customer_id = n.customer_id
              WHERE $2 IS NULL OR n.customer_id > $2::%1$s%3$s ORDER BY n.customer_id LIMIT $3) AS p$query$,
        key.type, segmentation._segment_sql(segment_id), key.collation) INTO customers, entered USING segment_id, after, wanted;
      customers := COALESCE(customers, '{}');
      RETURN;
    END IF;
  END IF;
  LOOP
    EXECUTE format($query$
      WITH stored AS MATERIALIZED (
        SELECT m.customer_id, m.entered_at FROM segmentation.membership AS m
        WHERE m.segment_id = $1 %1$s ORDER BY m.customer_id LIMIT $3
      ), edge AS MATERIALIZED (
        SELECT s.customer_id FROM stored AS s WHERE (SELECT count(*) FROM stored) = $3 ORDER BY s.customer_id DESC LIMIT 1
      ), page AS (
        %2$s
      )
      SELECT array_agg(p.customer_id::text ORDER BY p.customer_id) AS customers, array_agg(p.entered_at ORDER BY p.customer_id) AS entered,
             (SELECT e.customer_id::text FROM edge AS e) AS edge FROM page AS p$query$,
      CASE WHEN edge IS NULL THEN '' ELSE format('AND m.customer_id > %L::%s%s', edge, key.type, key.collation) END,
      CASE WHEN behind IS NULL THEN 'SELECT s.customer_id, s.entered_at FROM stored AS s' ELSE format($query$
        SELECT s.customer_id, s.entered_at FROM stored AS s
        WHERE NOT EXISTS (SELECT FROM unnest($2::%1$s[]) AS b WHERE b%2$s = s.customer_id)
        UNION ALL
        SELECT j.customer::%1$s%2$s, m.entered_at
        FROM segmentation._judged(ARRAY(
          SELECT b::text FROM unnest($2::%1$s[]) AS b
          WHERE %3$s AND (b%2$s <= (SELECT e.customer_id FROM edge AS e) OR NOT EXISTS (SELECT FROM edge)))) AS j
        LEFT JOIN segmentation.membership AS m ON m.segment_id = $1 AND m.customer_id = j.customer::%1$s%2$s
        WHERE j.segment_id = $1$query$, key.type, key.collation,
        CASE WHEN edge IS NULL THEN 'true' ELSE format('b%s > %L::%s', key.collation, edge, key.type) END) END)
    INTO found USING segment_id, behind, wanted;
    customers := customers || COALESCE(found.customers, '{}');
    entered := entered || COALESCE(found.entered, '{}');
    EXIT WHEN found.edge IS NULL OR cardinality(customers) >= wanted;
    edge := found.edge;
  END LOOP;
  customers := customers[:wanted];
  entered := entered[:wanted];
END $$;

-- Returns likewise a page in the order of a rule, of the first `most` (NULL: all). Behind whoever `after` is comes who stands behind her by
-- the values that she has now.
CREATE FUNCTION segmentation._members_in_order(segment text, names text[], descending boolean[], most integer, after text, wanted integer,
  OUT customers text[], OUT entered timestamptz[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1
SET standard_conforming_strings = on SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  target  integer := segmentation._segment_id(segment);
  key     record := segmentation._key_of_given();
  members text := CASE WHEN segmentation._any_behind()
    THEN format('SELECT n::%s%s FROM segmentation._members_now(%L) AS n', key.type, key.collation, segment)
    ELSE format('SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = %s', target) END;
  answer  record;
  places  text;
  is_there boolean;
BEGIN
  SELECT v.* INTO answer
  FROM segmentation._values_of('{}', names, members || CASE WHEN after IS NULL THEN '' ELSE format(' UNION SELECT %L::%s%s', after, key.type, key.collation) END,
                               false) AS v;
  places := COALESCE((SELECT string_agg(format('v.order_%s%s NULLS LAST, ', o.n, CASE WHEN descending[o.place] THEN ' DESC' ELSE '' END), ''
                                        ORDER BY o.n) FROM unnest(answer.places) WITH ORDINALITY AS o(place, n)), '') || 'v.key';
  EXECUTE format($query$
    WITH mine (customer_id) AS MATERIALIZED (
      %2$s
    ), ranked AS MATERIALIZED (
      SELECT v.key, m.customer_id IS NOT NULL AS is_member, row_number() OVER w AS place, count(m.customer_id) OVER w AS number
      FROM (%3$s) AS v LEFT JOIN mine AS m ON m.customer_id = v.key
      WHERE m.customer_id IS NOT NULL OR v.key = $1::%1$s%5$s
      WINDOW w AS (ORDER BY %4$s ROWS UNBOUNDED PRECEDING)
    ), page AS (
      SELECT r.key, r.place FROM ranked AS r
      WHERE r.is_member AND ($2 IS NULL OR r.number <= $2)
        AND r.place > COALESCE((SELECT a.place FROM ranked AS a WHERE a.key = $1::%1$s%5$s), 0)
      ORDER BY r.place LIMIT $3
    )
    SELECT COALESCE(array_agg(p.key::text ORDER BY p.place), '{}'), COALESCE(array_agg(m.entered_at ORDER BY p.place), '{}'),
           $1 IS NULL OR EXISTS (SELECT FROM ranked AS r WHERE r.key = $1::%1$s%5$s)
    FROM page AS p LEFT JOIN segmentation.membership AS m ON m.segment_id = $4 AND m.customer_id = p.key$query$,
    key.type, members, answer.query, places, key.collation) INTO customers, entered, is_there USING after, most, wanted, target;
  IF NOT is_there THEN
    RAISE EXCEPTION USING ERRCODE = '23503', MESSAGE = format('customer "%s" does not exist', after),
      DETAIL = 'Where members are put in order by their values, a page begins behind a customer who has some.',
      HINT = 'Begin with the first page again, or behind another customer of the page before.';
  END IF;
END $$;

-- Returns a key as it is printed; raises 22P02 for what is none.
CREATE FUNCTION segmentation._after_text(after text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text := segmentation._key_text(after);
BEGIN
  IF answer IS NULL AND after IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22P02', MESSAGE = format('"%s" is no key of a customer', after),
      HINT = format('Customers'' keys are of type %s.', segmentation._key_type());
  END IF;
  RETURN answer;
END $$;

-- What list_members returns, with keys as they are printed.
CREATE FUNCTION segmentation._list_members(segment text, after text, lim integer, columns text[])
RETURNS TABLE (customer text, entered_at timestamptz, "values" jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target   integer := segmentation._segment_id(segment);
  settings jsonb := COALESCE((SELECT segmentation.rule_to_json(s.rule) FROM segmentation.segment AS s WHERE s.id = target), '{}');
  -- More than there can be customers is no limit to anybody.
  most     integer := (SELECT l.most FROM (SELECT COALESCE(settings -> 'limit' ->> 'number', settings ->> 'limit')::numeric AS most) AS l
                      WHERE l.most < 1000000000);
  start    text := segmentation._after_text(after);
  first    text[];
  names    text[] := columns;
  page     record;
BEGIN
  IF lim IS NULL OR lim NOT BETWEEN 0 AND 10000 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('lim must be between 0 and 10000, not %s', COALESCE(lim::text, 'null')),
      HINT = 'Ask for the next page with the last customer of this one as after; segmentation.members has all of them.';
  END IF;
  IF settings ? 'order_by' THEN
    SELECT p.* INTO page FROM segmentation._members_in_order(segment, ARRAY(SELECT o ->> 'name' FROM jsonb_array_elements(settings -> 'order_by') AS o),
      ARRAY(SELECT (o ->> 'descending')::boolean FROM jsonb_array_elements(settings -> 'order_by') AS o), most, start, lim) AS p;
  ELSE
    SELECT p.* INTO page FROM segmentation._members_by_key(target, start, least(lim, most)) AS p;
    IF most IS NOT NULL AND start IS NOT NULL THEN
      -- Which are the first must be known, to know where they end.
      SELECT p.customers INTO first FROM segmentation._members_by_key(target, NULL, most) AS p;
      SELECT COALESCE(array_agg(u.customer ORDER BY u.n), '{}') AS customers, COALESCE(array_agg(u.entered ORDER BY u.n), '{}') AS entered INTO page
      FROM unnest(page.customers, page.entered) WITH ORDINALITY AS u(customer, entered, n) WHERE u.customer = ANY (first);
    END IF;
  END IF;
  names := COALESCE(names, ARRAY(SELECT n FROM jsonb_array_elements_text(settings -> 'show') AS n));
  IF names = '{}' THEN
    RETURN QUERY SELECT u.customer, u.entered, '{}'::jsonb FROM unnest(page.customers, page.entered) WITH ORDINALITY AS u(customer, entered, n) ORDER BY u.n;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT u.customer, u.entered, v.values
    FROM unnest(page.customers, page.entered) WITH ORDINALITY AS u(customer, entered, n)
    LEFT JOIN segmentation._json_values(names, page.customers, columns IS NOT NULL) AS v ON v.customer = u.customer ORDER BY u.n;
END $$;
