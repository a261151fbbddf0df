-- Segments in figures, for dashboards: how large they are, who came and went, what their members have bought. Each group of columns of
-- the view is a query of its own behind a join that the planner leaves out where nobody asks for them (GROUP BY its key makes it one row
-- at most), so that reading sizes costs no look at the orders.

-- Returns how many customers there are, without the rows that their condition excludes.
CREATE FUNCTION segmentation._customer_total() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
  IF segmentation._reader() IS NULL THEN RETURN NULL; END IF;
  RETURN (segmentation._read_as(segmentation._reader(),
    format('SELECT count(*) FROM (%s) AS v', (segmentation._values_sql('{}', ''))[1])))[1]::bigint;
EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
  RETURN NULL; -- the bindings cannot be loaded
END $$;
COMMENT ON FUNCTION segmentation._customer_total() IS 'how many customers there are, counted by the rights of their table''s owner';

-- Returns of each segment how many memberships began and ended since as many hours ago. One that has ended since has begun and ended, if it
-- began since; one that ended before has not begun since either, so the index on left_at finds both.
CREATE FUNCTION segmentation._segment_moves(
  OUT segment_id integer, OUT entered_1_day bigint, OUT entered_7_days bigint, OUT entered_30_days bigint,
  OUT left_1_day bigint, OUT left_7_days bigint, OUT left_30_days bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
  day_ago   timestamptz := now() - interval '24 hours';
  week_ago  timestamptz := now() - interval '168 hours';
  month_ago timestamptz := now() - interval '720 hours';
BEGIN
  IF segmentation._key_type() IS NULL THEN RETURN; END IF;
  RETURN QUERY
    SELECT s.id, m.day + p.entered_day, m.week + p.entered_week, m.month + p.entered_month, p.left_day, p.left_week, p.left_month
    FROM segmentation.segment AS s,
      LATERAL (SELECT count(*) FILTER (WHERE m.entered_at > day_ago) AS day, count(*) FILTER (WHERE m.entered_at > week_ago) AS week, count(*) AS month
               FROM segmentation.membership AS m WHERE m.segment_id = s.id AND m.entered_at > month_ago) AS m,
      LATERAL (SELECT count(*) FILTER (WHERE p.entered_at > day_ago) AS entered_day, count(*) FILTER (WHERE p.entered_at > week_ago) AS entered_week,
                      count(*) FILTER (WHERE p.entered_at > month_ago) AS entered_month, count(*) FILTER (WHERE p.left_at > day_ago) AS left_day,
                      count(*) FILTER (WHERE p.left_at > week_ago) AS left_week, count(*) AS left_month
               FROM segmentation.membership_past AS p WHERE p.segment_id = s.id AND p.left_at > month_ago) AS p;
END $$;
COMMENT ON FUNCTION segmentation._segment_moves() IS 'what view segment_summary shows of who came and went';

-- Returns what the words of a standard shop say of the members of each segment, in one pass over the shop's rows. By the rights of whoever asks;
-- no row where he may not read them, or they are gone. A word that the shop does not have, or uses for something else, is NULL.
CREATE FUNCTION segmentation._segment_money(
  OUT segment_id integer, OUT orders bigint, OUT revenue numeric, OUT paid_revenue numeric, OUT last_order timestamptz)
RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1
SET standard_conforming_strings = on SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  zone  text := (SELECT b.timezone FROM segmentation.bindings AS b WHERE b.role = 'customers');
  known jsonb;  -- the type of each attribute
  found text[]; -- what can be said here
  given text[];
  list  text;
BEGIN
  IF segmentation._key_type() IS NULL THEN RETURN; END IF;
  SELECT jsonb_object_agg(segmentation._fold(d.name), d.type) INTO known
  FROM segmentation._describe_attributes() AS d WHERE d.kind IN ('defined', 'column') AND d.type IN ('number', 'date');
  found := (segmentation._values_sql(ARRAY(
    SELECT w.said FROM (VALUES ('number_of_orders', 'number'), ('amount_spent', 'number'), ('paid_total', 'number'), ('last_order_date', 'date'))
      AS w(said, type) WHERE known ->> w.said = w.type) || '{sum(orders_placed.amount),max(orders_placed.date)}'::text[], ''))[2:];
  -- Of two that say the same the first: the latest of all orders takes no sorting.
  SELECT array_agg(w.said ORDER BY w.at) FILTER (WHERE w.said IS NOT NULL),
         string_agg(format('(%s)::%s', CASE WHEN w.said IS NULL THEN 'NULL' ELSE format(w.shown, 'v.value_' || w.n) END, w.type), ', ' ORDER BY w.at)
  INTO given, list
  FROM (SELECT w.*, sum(num_nonnulls(w.said)) OVER (ORDER BY w.at) AS n
        FROM (SELECT w.at, w.type, w.shown, (SELECT u.said FROM unnest(w.words) WITH ORDINALITY AS u(said, at) WHERE u.said = ANY (found) ORDER BY u.at LIMIT 1) AS said
              FROM (VALUES (1, '{number_of_orders}'::text[], 'bigint', 'sum(%s)'), (2, '{sum(orders_placed.amount)}', 'numeric', 'sum(%s)'),
                           (3, '{amount_spent,paid_total}', 'numeric', 'sum(%s)'),
                           (4, '{max(orders_placed.date),last_order_date}', 'timestamptz',
                            format('CASE pg_typeof(max(%%1$s)) WHEN ''timestamptz''::regtype THEN max(%%1$s)::timestamptz '
                              'ELSE max(%%1$s)::timestamp AT TIME ZONE %L END', zone))) AS w(at, words, type, shown)) AS w) AS w;
  IF given IS NULL THEN RETURN; END IF;
  -- Materialized, or each parallel worker would compute all customers' values for itself.
  RETURN QUERY EXECUTE format(
    'WITH v AS MATERIALIZED (%s) SELECT m.segment_id, %s FROM segmentation.membership AS m JOIN v ON v.key OPERATOR(pg_catalog.=) m.customer_id GROUP BY 1',
    (segmentation._values_sql(given, ''))[1], list);
EXCEPTION WHEN insufficient_privilege OR undefined_table OR undefined_column THEN
  RETURN;
END $$;
COMMENT ON FUNCTION segmentation._segment_money() IS 'what view segment_summary shows of orders and money';
