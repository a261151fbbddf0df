-- Upkeep: recomputing on demand, and holding what is stored against the independent path.
CREATE FUNCTION segmentation.refresh(customer bigint) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(bigint) IS
  'recomputes this customer in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'her row of segmentation.state; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh(customers bigint[]) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(bigint[]) IS
  'recomputes these customers in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'their rows of segmentation.state, in the order of their keys; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh(customer uuid) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(uuid) IS
  'recomputes this customer in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'her row of segmentation.state; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh(customers uuid[]) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(uuid[]) IS
  'recomputes these customers in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'their rows of segmentation.state, in the order of their keys; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh(customer text) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(text) IS
  'recomputes this customer in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'her row of segmentation.state; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh(customers text[]) RETURNS bigint
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_refresh';
COMMENT ON FUNCTION segmentation.refresh(text[]) IS
  'recomputes these customers in all segments; returns the member rows written and deleted. Locks until the transaction ends: '
  'their rows of segmentation.state, in the order of their keys; waits for definitions and builds of whole segments';

CREATE FUNCTION segmentation.refresh_all() RETURNS bigint
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_refresh_all';
COMMENT ON FUNCTION segmentation.refresh_all() IS
  'recomputes everyone in all segments, telling how far it is every two seconds, and mends what interruptions of capture left '
  'out; returns the member rows written and deleted. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment, and '
  'on bound tables that lack a trigger, which get it again';

-- What a build says in front of its statement in pg_stat_activity. Other roles' statements are seen by members of pg_read_all_stats only.
CREATE FUNCTION segmentation.progress(OUT pid integer, OUT username name, OUT started_at timestamptz, OUT step text)
  RETURNS SETOF record
  LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT a.pid, a.usename, a.query_start, substring(a.query FROM '^/\* segmentation: (.*?) \*/')
  FROM pg_catalog.pg_stat_activity AS a
  WHERE a.datname = current_database() AND a.state = 'active' AND a.query LIKE '/* segmentation: %';
END;
COMMENT ON FUNCTION segmentation.progress() IS 'how far the builds that run in this database are, by session';

CREATE TYPE segmentation.difference AS (segment text, customer text, stored boolean, expected boolean, pending boolean);
COMMENT ON TYPE segmentation.difference IS 'what segmentation.verify returns';

-- STABLE: all its queries see the caller's snapshot, and now() is the same for what is expected and what it is held against.
CREATE FUNCTION segmentation.verify(segment text DEFAULT NULL) RETURNS SETOF segmentation.difference
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET intervalstyle = postgres
  SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1 SET standard_conforming_strings = on
  SET transform_null_equals = off SET array_nulls = on SET jit = off AS $$
DECLARE
  chosen record;
  mistake text;
  walking boolean := EXISTS (SELECT FROM segmentation.walk AS w WHERE w.everyone);
  pending text[] := ARRAY(SELECT q FROM segmentation._queued() AS q UNION SELECT n FROM segmentation._news() AS n
    UNION SELECT d FROM segmentation._due() AS d);
BEGIN
  IF verify.segment IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE segmentation._fold(s.name) = segmentation._fold(verify.segment)) THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('segment "%s" does not exist', verify.segment);
  END IF;
  FOR chosen IN
    SELECT s.id, s.name, s.rule, s.status FROM segmentation.segment AS s
    WHERE NOT s.archived AND (verify.segment IS NULL OR segmentation._fold(s.name) = segmentation._fold(verify.segment)) ORDER BY s.id
  LOOP
    -- A rule that lost what it reads has no answer to hold members against; the others have.
    SELECT c.message INTO mistake FROM segmentation.check_rule(segmentation.rule_source(chosen.rule)) AS c LIMIT 1;
    IF mistake IS NOT NULL THEN
      RAISE WARNING USING ERRCODE = '01000', MESSAGE = format('segment "%s" cannot be verified: %s', chosen.name, mistake),
        HINT = 'Alter the segment or drop it.';
      CONTINUE;
    END IF;
    RETURN QUERY EXECUTE format(
      'SELECT %L::text, coalesce(m.customer_id, e.customer)::text, m.customer_id IS NOT NULL, e.customer IS NOT NULL, '
      '$2 OR coalesce(m.customer_id, e.customer)::text = ANY ($1) '
      'FROM (SELECT * FROM segmentation.membership WHERE segment_id = %s) AS m '
      'FULL JOIN (%s) AS e (customer) ON e.customer = m.customer_id '
      'WHERE m.customer_id IS NULL OR e.customer IS NULL ORDER BY 2',
      chosen.name, chosen.id, segmentation._segment_sql(chosen.id))
    USING pending, array_position(pending, NULL) IS NOT NULL OR walking OR chosen.status = 'building';
  END LOOP;
END $$;
COMMENT ON FUNCTION segmentation.verify(text) IS
  'holds the stored members of a segment (NULL: of all) against its rule as plain SQL, in one snapshot at now(); no row means right. Differences '
  'of customers who have come due, whose changes are queued, set aside, or this transaction''s own and not flushed yet are pending, and so are all of a segment '
  'that is being built, and of everyone while everyone is judged again';
