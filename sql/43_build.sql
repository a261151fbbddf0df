-- Building segments while the shop goes on writing: a definition only says what is to be; walks over the customers write the
-- members, batch by batch under the customers' own locks, and what is complete becomes live (src/pg/maintain/walk.cpp).
-- Commits judge by the rules that are being built, too, so that nothing is missed between.

-- Returns the walk that will write what is defined now: a new one, or one that nobody has begun. The caller holds the gate.
CREATE FUNCTION segmentation._request_walk() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer integer;
BEGIN
  -- An older snapshot does not see that one was begun.
  IF current_setting('transaction_isolation') = 'read committed' THEN
    SELECT w.id INTO answer FROM segmentation.walk AS w WHERE w.started_at IS NULL ORDER BY w.id LIMIT 1;
    IF FOUND THEN RETURN answer; END IF;
  END IF;
  INSERT INTO segmentation.walk (everyone) VALUES (false) RETURNING id INTO answer;
  RETURN answer;
END $$;

-- Raises unless a rule may be a segment's: nothing is wrong with what is defined then that was not before.
CREATE FUNCTION segmentation._check_next_rule(segment_id integer, rule segmentation.rule) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known text[] := segmentation._problems();
  name  text;
BEGIN
  UPDATE segmentation.segment AS s SET rule = _check_next_rule.rule WHERE s.id = segment_id RETURNING s.name INTO name;
  PERFORM segmentation._check_sound(known, 'segment ' || name);
  RAISE EXCEPTION USING ERRCODE = 'SG000', MESSAGE = 'this was a question, not an answer';
EXCEPTION WHEN SQLSTATE 'SG000' THEN
  NULL;
END $$;

-- Has a segment's new rule written by a walk: under its own id where it is being built, else as a draft.
CREATE FUNCTION segmentation._alter_by_walk(segment segmentation.segment, rule segmentation.rule) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._check_next_rule(segment.id, rule);
  PERFORM segmentation._drop_draft(segment.id);
  IF segment.status = 'building' THEN
    UPDATE segmentation.segment AS s
    SET rule = _alter_by_walk.rule, version = s.version + 1, changed_at = now(), changed_by = SESSION_USER,
      walk_id = segmentation._request_walk()
    WHERE s.id = segment.id;
    UPDATE segmentation.definition_version SET shrunk = version;
    PERFORM segmentation._follow_views(segment.id);
  ELSE
    INSERT INTO segmentation.alteration (segment_id, draft_id, rule, walk_id)
    VALUES (segment.id, nextval('segmentation.segment_id_seq'), rule, segmentation._request_walk());
  END IF;
END $$;

-- Takes a segment's draft away with what was written of it.
CREATE FUNCTION segmentation._drop_draft(segment_id integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  draft integer;
BEGIN
  DELETE FROM segmentation.alteration AS a WHERE a.segment_id = _drop_draft.segment_id RETURNING a.draft_id INTO draft;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM segmentation._delete_members(ARRAY[draft]);
  UPDATE segmentation.definition_version SET shrunk = version;
END $$;

-- Has drafts written again that may name a segment whose rule has changed.
CREATE FUNCTION segmentation._walk_again() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE segmentation.alteration AS a SET walk_id = segmentation._request_walk()
  WHERE segmentation.rule_source(a.rule) ~* 'segments|memberships|customer_groups|customer_tags'
    OR EXISTS (SELECT FROM segmentation.attribute_definition AS d
               WHERE d.expression ~* 'segments|memberships|customer_groups|customer_tags');
END $$;

-- Says who will do the work.
CREATE FUNCTION segmentation._tell_building(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE NOTICE USING MESSAGE = format('segment "%s" is being built', name),
    DETAIL = 'View segmentation.builds tells how far it is.',
    HINT = format('The worker does it, CALL segmentation.tick(), or CALL segmentation.build_segment(%L).', name);
END $$;

-- Returns the next segment that a walk which is done has completed, with the view that becoming live makes anew; NULL: none.
CREATE FUNCTION segmentation._completed(walk integer, OUT id integer, OUT draft_id integer) RETURNS record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, a.draft_id
  FROM segmentation.segment AS s LEFT JOIN segmentation.alteration AS a ON a.segment_id = s.id AND a.walk_id = walk AND a.error IS NULL
  WHERE s.walk_id = walk OR a.segment_id IS NOT NULL
  ORDER BY s.id LIMIT 1;
$$;

CREATE FUNCTION segmentation._take_over(segment integer, draft integer, instant timestamptz) RETURNS void
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_take_over';
COMMENT ON FUNCTION segmentation._take_over(integer, integer, timestamptz) IS
  'makes the members of a draft those of its segment, as a change of rules at an instant';

-- Makes one segment live that a walk has completed, in a transaction that has locked nothing yet; false where there is none left.
CREATE FUNCTION segmentation._finish_one(walk integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  next    record;
  present segmentation.segment;
  draft   segmentation.alteration;
  fault   text;
BEGIN
  SELECT c.id, c.draft_id INTO next FROM segmentation._completed(walk) AS c;
  IF next.id IS NULL THEN RETURN false; END IF;
  PERFORM segmentation._tell_users_of_draft(s, next.draft_id) FROM segmentation.segment AS s WHERE s.id = next.id AND next.draft_id IS NOT NULL;
  PERFORM segmentation._open_definitions((SELECT s.name FROM segmentation.segment AS s WHERE s.id = next.id AND next.draft_id IS NOT NULL));
  -- Somebody may have changed his mind while we waited.
  SELECT s.* INTO present FROM segmentation.segment AS s WHERE s.id = next.id;
  SELECT a.* INTO draft FROM segmentation.alteration AS a
    WHERE a.segment_id = next.id AND a.draft_id = next.draft_id AND a.walk_id = walk;
  IF present.walk_id = walk THEN
    UPDATE segmentation.segment AS s SET status = 'live', walk_id = NULL WHERE s.id = present.id;
  ELSIF draft.draft_id IS NOT NULL THEN
    BEGIN
      PERFORM segmentation._become_draft(present, draft);
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '54') THEN RAISE; END IF;
      GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT;
      UPDATE segmentation.alteration AS a SET error = fault WHERE a.segment_id = present.id;
      RAISE WARNING USING MESSAGE = format('segment "%s" keeps its present rule: %s', present.name, fault);
    END;
  END IF;
  RETURN true;
END $$;

-- Gives a segment its next rule with the members that were written for it.
CREATE FUNCTION segmentation._become_draft(present segmentation.segment, draft segmentation.alteration) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  dependents integer[];
  instant    timestamptz := clock_timestamp();
BEGIN
  -- What else was defined since may not go with it.
  PERFORM segmentation._check_next_rule(present.id, draft.rule);
  INSERT INTO segmentation.definition_change (segment_id, at, changed_by) VALUES (present.id, instant, draft.changed_by);
  PERFORM segmentation._take_over(present.id, draft.draft_id, instant);
  DELETE FROM segmentation.alteration AS a WHERE a.segment_id = present.id;
  UPDATE segmentation.definition_version SET shrunk = version;
  UPDATE segmentation.segment AS s
  SET rule = draft.rule, version = s.version + CASE WHEN s.rule OPERATOR(segmentation.=) draft.rule THEN 0 ELSE 1 END,
    changed_at = instant, changed_by = draft.changed_by, built = v.version
  FROM segmentation.definition_version AS v WHERE s.id = present.id;
  dependents := segmentation._dependents(present.id);
  IF dependents <> '{}' THEN PERFORM segmentation._write(dependents, true); END IF;
  PERFORM segmentation._walk_again();
  PERFORM segmentation._follow_views(present.id);
END $$;

CREATE PROCEDURE segmentation.build_segment(name text)
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_build_segment';
COMMENT ON PROCEDURE segmentation.build_segment(text) IS
  'builds a segment that was made or altered with wait => false, telling how far it is every two seconds; goes on where an earlier '
  'call, the worker or tick() stopped, and beside them. Commits after each batch, so not inside a transaction block; not while a restore brings '
  'segments. Locks for the '
  'time of a batch: its customers'' rows of segmentation.state, ROW EXCLUSIVE on segmentation.segment; at the end, while an altered '
  'segment''s members change, SHARE ROW EXCLUSIVE on that';

CREATE VIEW segmentation.builds AS
SELECT b.segment, b.kind, w.judged,
  (SELECT pg_catalog.sum(GREATEST(c.reltuples, 0))::bigint FROM pg_catalog.pg_class AS c
   WHERE c.oid = k.relation OR c.oid IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(k.relation) AS t WHERE t.isleaf)) AS customers,
  w.started_at, w.moved_at, b.error
FROM (
  SELECT s.name AS segment, 'new' AS kind, s.walk_id, NULL::text AS error FROM segmentation.segment AS s WHERE s.status = 'building'
  UNION ALL
  SELECT s.name, 'altered', a.walk_id, a.error
  FROM segmentation.alteration AS a JOIN segmentation.segment AS s ON s.id = a.segment_id
  UNION ALL
  SELECT NULL, 'everyone', w.id, NULL FROM segmentation.walk AS w WHERE w.everyone) AS b
  LEFT JOIN segmentation.walk AS w ON w.id = b.walk_id
  LEFT JOIN segmentation.binding AS k ON k.role = 'customers'
ORDER BY b.walk_id, b.segment;
COMMENT ON VIEW segmentation.builds IS
  'What is being built or judged again in batches: the segment (NULL: all), how many customers were judged of about how many, since '
  'when, when it last went on, and why an altered segment could not take its next rule.';
