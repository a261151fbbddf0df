-- Keeping members right as the shop's data changes: what a transaction has changed reaches them when it commits, or is queued.

CREATE FUNCTION segmentation.flush() RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_flush';
COMMENT ON FUNCTION segmentation.flush() IS
  'brings this transaction''s own changes to the members of segments now. Locks until the transaction ends: the changed '
  'customers'' rows of segmentation.state, in the order of their keys, and ROW EXCLUSIVE on segmentation.segment (SHARE ROW '
  'EXCLUSIVE where a lookup changed)';

CREATE PROCEDURE segmentation.tick()
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_tick';
COMMENT ON PROCEDURE segmentation.tick() IS
  'applies all that is queued, in batches that each commit (in one, inside a transaction block), tries again who was set '
  'aside, builds, and deletes what is left of dropped segments; for pg_cron or by hand. Locks as flush, for the time of a batch';

CREATE FUNCTION segmentation.start_worker() RETURNS integer
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_start_worker';
COMMENT ON FUNCTION segmentation.start_worker() IS
  'starts a background worker of this database that does what tick() does whenever there is something to do; returns its '
  'process id. It runs until pg_terminate_backend, DROP EXTENSION or the server''s stop';

CREATE FUNCTION segmentation._has_news() RETURNS boolean
  LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'segmentation_has_news';
COMMENT ON FUNCTION segmentation._has_news() IS
  'whether this transaction has changed anything that has not reached the members yet';

CREATE FUNCTION segmentation._news() RETURNS SETOF text
  LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'segmentation_news';
COMMENT ON FUNCTION segmentation._news() IS
  'the customers whom this transaction''s own changes concern that have not reached the members yet; NULL is all';

CREATE FUNCTION segmentation._queued() RETURNS SETOF text
  LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'segmentation_queued';
COMMENT ON FUNCTION segmentation._queued() IS
  'the customers whom the queue concerns, and those set aside; NULL is all';

-- Returns the members of a segment as the commit of this transaction will store them, by key.
CREATE FUNCTION segmentation._members_now(segment text) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on
SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  wanted integer := segmentation._segment_id(segment);
  news   text[] := ARRAY(SELECT n FROM segmentation._news() AS n);
  rule   segmentation.rule := (SELECT s.rule FROM segmentation.segment AS s WHERE s.id = wanted);
BEGIN
  IF array_position(news, NULL) IS NOT NULL THEN -- everyone
    RETURN QUERY EXECUTE format('SELECT m.customer::text FROM (%s) AS m (customer)', segmentation.to_sql(rule));
    RETURN;
  END IF;
  RETURN QUERY
    SELECT m.customer_id::text FROM segmentation.membership AS m
    WHERE m.segment_id = wanted AND m.customer_id::text <> ALL (news)
    UNION ALL
    SELECT c::text FROM segmentation.matches(rule, news) AS c;
END $$;

-- Returns the segments of customers, given as keys are printed, likewise.
CREATE FUNCTION segmentation._segments_now(customers text[]) RETURNS TABLE (customer text, segment text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  news text[] := ARRAY(SELECT c FROM unnest(customers) AS c WHERE segmentation._is_news(c));
BEGIN
  RETURN QUERY
    SELECT m.customer_id::text, s.name FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id
    WHERE m.customer_id::text = ANY (customers) AND m.customer_id::text <> ALL (news)
    UNION ALL
    SELECT c::text, s.name FROM segmentation.segment AS s, segmentation.matches(s.rule, news) AS c;
END $$;

-- Returns the segments whose rules lost what they read, and in `fault` what is wrong where the definitions cannot be read at all.
CREATE FUNCTION segmentation._broken(OUT segments text[], OUT fault text) RETURNS record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  segments := ARRAY(SELECT s.name FROM segmentation.segment AS s
    WHERE EXISTS (SELECT FROM segmentation.check_rule(segmentation.rule_source(s.rule))) ORDER BY s.name);
EXCEPTION WHEN OTHERS THEN
  segments := ARRAY(SELECT s.name FROM segmentation.segment AS s ORDER BY s.name);
  fault := SQLERRM;
END $$;

CREATE VIEW segmentation.status AS
SELECT
  (SELECT a.pid FROM pg_catalog.pg_stat_activity AS a
   WHERE a.backend_type = 'segmentation worker' AND a.datname = pg_catalog.current_database() ORDER BY a.pid LIMIT 1) AS worker,
  (SELECT pg_catalog.count(*) FROM segmentation.dirty) AS queued,
  (SELECT pg_catalog.count(*) FROM segmentation.set_aside) AS set_aside,
  (SELECT pg_catalog.array_agg(a.customer_id ORDER BY a.since, a.customer_id)
   FROM (SELECT s.customer_id, s.since FROM segmentation.set_aside AS s ORDER BY s.since, s.customer_id LIMIT 100) AS a)
   AS set_aside_customers,
  (SELECT a.message FROM segmentation.set_aside AS a ORDER BY a.tried_at DESC, a.customer_id LIMIT 1) AS set_aside_because,
  u.ticked_at, u.error_at, u.error AS last_error,
  b.segments AS broken_segments, b.fault AS broken_because,
  t.disabled AS relations_with_disabled_triggers,
  t.missing AS relations_without_triggers,
  t.not_as_replica AS relations_silent_as_replica,
  ARRAY(SELECT h FROM segmentation._hidden_relations() AS h ORDER BY h) AS relations_hiding_rows,
  t.interruptions, v.restored_at
FROM segmentation.upkeep AS u, segmentation._broken() AS b, segmentation._capture_state() AS t, segmentation.definition_version AS v;
COMMENT ON VIEW segmentation.status IS
  'How the upkeep goes: the worker, what is queued, who could not be judged and why, what is broken, and which changes of '
  'bound tables are or were not captured.';
