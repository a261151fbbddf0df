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
  'applies what time has changed and all that is queued, in batches that each commit (in one, inside a transaction block), tries again who was set '
  'aside, builds, and deletes what is left of dropped segments; for pg_cron or by hand. Locks as flush, for the time of a batch';

-- The worker of this database is who holds its lock (worker_lock in worker.cpp): one at most. Every role sees that, while pg_stat_activity
-- shows others' processes to some.
CREATE FUNCTION segmentation._worker() RETURNS integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT l.pid FROM pg_locks AS l
        WHERE l.locktype = 'advisory' AND l.objsubid = 3 AND l.classid = 1583866135 AND l.objid = 0 AND l.mode = 'ExclusiveLock' AND l.granted
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()));
COMMENT ON FUNCTION segmentation._worker() IS 'the process id of the worker of this database; NULL where there is none';

CREATE FUNCTION segmentation.start_worker() RETURNS integer
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_start_worker';
COMMENT ON FUNCTION segmentation.start_worker() IS
  'starts the background worker of this database, unless it runs, which does what tick() does whenever there is something to do; '
  'returns its process id. It runs until DROP EXTENSION or segmentation.worker = off; with the module in shared_preload_libraries it '
  'comes back by itself, else it ends for good by pg_terminate_backend or the server''s stop';

CREATE FUNCTION segmentation._before_removal() RETURNS event_trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_before_removal';
COMMENT ON FUNCTION segmentation._before_removal() IS 'ends the worker before DROP EXTENSION segmentation; it comes back where that is rolled back';
CREATE EVENT TRIGGER segmentation_removal ON ddl_command_start WHEN TAG IN ('DROP EXTENSION') EXECUTE FUNCTION segmentation._before_removal();
ALTER EVENT TRIGGER segmentation_removal ENABLE ALWAYS;

CREATE FUNCTION segmentation._has_news() RETURNS boolean
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_has_news';
COMMENT ON FUNCTION segmentation._has_news() IS
  'whether this transaction has changed anything that has not reached the members yet';

CREATE FUNCTION segmentation._news() RETURNS SETOF text
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_news';
COMMENT ON FUNCTION segmentation._news() IS
  'the customers whom this transaction''s own changes concern that have not reached the members yet; NULL is all';

CREATE FUNCTION segmentation._queued() RETURNS SETOF text
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_queued';
COMMENT ON FUNCTION segmentation._queued() IS
  'the customers whom the queue concerns, and those set aside; NULL is all';

CREATE FUNCTION segmentation._is_due(customer text) RETURNS boolean
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_is_due';
COMMENT ON FUNCTION segmentation._is_due(text) IS
  'whether time alone may have changed in which segments a customer (NULL: anybody) is, and the clock has not seen to it by now()';

CREATE FUNCTION segmentation._due() RETURNS SETOF text
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_due_customers';
COMMENT ON FUNCTION segmentation._due() IS 'the customers of whom _is_due is true';

CREATE FUNCTION segmentation._due_state(OUT due bigint, OUT due_in_hour bigint, OUT due_in_day bigint, OUT next_at timestamptz) RETURNS record
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_due_state';
COMMENT ON FUNCTION segmentation._due_state() IS
  'how many instants have come, and will have within an hour and a day, and which is the earliest; NULLs where no customers are bound';

CREATE FUNCTION segmentation._judged(customers text[]) RETURNS TABLE (customer text, segment_id integer)
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_judged';
COMMENT ON FUNCTION segmentation._judged(text[]) IS
  'the segments of customers, given as keys are printed, as their rules say at now(), by the rights of the customers'' owner; of '
  'rules that lost what they read, as is stored';

-- Tells whether what is stored of anybody, or of a customer, is behind now(): by this transaction's own changes, which have not
-- reached the members yet, or because the clock has not.
CREATE FUNCTION segmentation._any_behind() RETURNS boolean
LANGUAGE sql STABLE
RETURN segmentation._has_news() OR segmentation._is_due(NULL);

CREATE FUNCTION segmentation._is_behind(customer text) RETURNS boolean
LANGUAGE sql STABLE
RETURN segmentation._has_news() AND EXISTS (SELECT FROM segmentation._news() AS n WHERE n IS NULL OR n = customer)
  OR segmentation._is_due(customer);

-- Returns the members of a segment at now(), by key.
CREATE FUNCTION segmentation._members_now(segment text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on
SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  wanted integer := segmentation._segment_id(segment);
  behind text[] := ARRAY(SELECT n FROM segmentation._news() AS n UNION SELECT d FROM segmentation._due() AS d);
BEGIN
  IF (SELECT s.archived FROM segmentation.segment AS s WHERE s.id = wanted) THEN RETURN; END IF;
  IF array_position(behind, NULL) IS NOT NULL THEN -- everyone
    RETURN QUERY EXECUTE format('SELECT m.customer::text FROM (%s) AS m (customer)', segmentation._segment_sql(wanted));
    RETURN;
  END IF;
  RETURN QUERY
    SELECT m.customer_id::text FROM segmentation.membership AS m
    WHERE m.segment_id = wanted AND NOT EXISTS (SELECT FROM unnest(behind) AS b WHERE b = m.customer_id::text)
    UNION ALL
    SELECT j.customer FROM segmentation._judged(behind) AS j WHERE j.segment_id = wanted;
END $$;

-- Returns the segments of customers, given as keys are printed, likewise.
CREATE FUNCTION segmentation._segments_now(customers text[]) RETURNS TABLE (customer text, segment text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  behind text[] := ARRAY(SELECT c FROM unnest(customers) AS c WHERE segmentation._is_behind(c));
  stored text[] := ARRAY(SELECT c FROM unnest(customers) AS c EXCEPT SELECT b FROM unnest(behind) AS b);
BEGIN
  -- Members are found by the key itself, whose index serves.
  RETURN QUERY EXECUTE format('SELECT m.customer_id::text, s.name FROM segmentation.membership AS m '
    'JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE m.customer_id = ANY ($1::%s[])',
    CASE WHEN segmentation._key_type() IN ('int2'::regtype, 'int4'::regtype) THEN 'bigint'::regtype ELSE segmentation._key_type() END)
    USING stored;
  RETURN QUERY
    SELECT j.customer, s.name FROM segmentation._judged(behind) AS j JOIN segmentation.segment AS s ON s.id = j.segment_id;
END $$;

-- Returns the segments whose rules lost what they read, and in `fault` what is wrong where the definitions cannot be read at all.
CREATE FUNCTION segmentation._broken(OUT segments text[], OUT fault text) RETURNS record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  segments := ARRAY(SELECT s.name FROM segmentation.segment AS s
    WHERE NOT s.archived AND EXISTS (SELECT FROM segmentation.check_rule(segmentation.rule_source(s.rule))) ORDER BY s.name);
EXCEPTION WHEN OTHERS THEN
  segments := ARRAY(SELECT s.name FROM segmentation.segment AS s ORDER BY s.name);
  fault := SQLERRM;
END $$;

CREATE VIEW segmentation.status AS
SELECT
  segmentation._worker() AS worker,
  (SELECT pg_catalog.count(*) FROM segmentation.dirty) AS queued,
  (SELECT pg_catalog.count(*) FROM segmentation.set_aside) AS set_aside,
  (SELECT pg_catalog.array_agg(a.customer_id ORDER BY a.since, a.customer_id)
   FROM (SELECT s.customer_id, s.since FROM segmentation.set_aside AS s ORDER BY s.since, s.customer_id LIMIT 100) AS a)
   AS set_aside_customers,
  (SELECT a.message FROM segmentation.set_aside AS a ORDER BY a.tried_at DESC, a.customer_id LIMIT 1) AS set_aside_because,
  c.due, c.due_in_hour, c.due_in_day, c.next_at AS next_due_at,
  GREATEST(pg_catalog.clock_timestamp() - c.next_at, '0') AS lag,
  CASE WHEN u.latest_at > pg_catalog.clock_timestamp() + '1 minute' THEN u.latest_at - pg_catalog.clock_timestamp() END AS clock_behind,
  u.ticked_at, u.due_judged, u.queue_done, u.per_second, u.error_at, u.error AS last_error,
  b.segments AS broken_segments, b.fault AS broken_because,
  t.disabled AS relations_with_disabled_triggers,
  t.missing AS relations_without_triggers,
  t.not_as_replica AS relations_silent_as_replica,
  ARRAY(SELECT h FROM segmentation._hidden_relations() AS h ORDER BY h) AS relations_hiding_rows,
  t.interruptions, v.restored_at
FROM segmentation.upkeep AS u, segmentation._broken() AS b, segmentation._capture_state() AS t,
  segmentation._due_state() AS c, segmentation.definition_version AS v;
COMMENT ON VIEW segmentation.status IS
  'How the upkeep goes: the worker, who is due by time and how late that is (lag: zero where the clock keeps up), by how much the servers clock was turned back, what is queued, who could not be judged and why, what is broken, and which changes of '
  'bound tables are or were not captured.';
