-- Archived segments: they keep name, rule, words by hand, history and view, and have no members; no program knows their rule, so they cost
-- nothing, and whatever it reads may go.

-- Takes the names of other segments' groups of the family to be free for who is in an archived group, and back when it comes back: who is in another
-- group of the family by then is in this one no more. Returns how many these are.
CREATE FUNCTION segmentation._rest_family(segment segmentation.segment, rests boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  family text := segmentation._fold(segment.family);
  barred bigint := 0;
BEGIN
  IF family IS NULL OR to_regclass('segmentation.by_hand') IS NULL THEN RETURN 0; END IF;
  IF NOT rests THEN
    barred := (segmentation._write_as(segmentation._reader(), format(
      'WITH barred AS (UPDATE segmentation.by_hand AS h SET standing = -1, changed_by = %L, changed_at = clock_timestamp() '
      'WHERE h.segment_id = %s AND h.standing = 1 AND EXISTS (SELECT FROM segmentation.by_hand AS o '
      'WHERE o.customer_id = h.customer_id AND o.family = %L AND o.standing = 1 AND o.segment_id <> h.segment_id) RETURNING h.customer_id) '
      'SELECT count(*) FROM barred', SESSION_USER, segment.id, family), true))[1];
  END IF;
  PERFORM segmentation._write_as(segmentation._reader(), format('UPDATE segmentation.by_hand AS h SET family = %L WHERE h.segment_id = %s AND h.standing = 1',
    CASE WHEN NOT rests THEN family END, segment.id), true);
  RETURN barred;
END $$;

-- Has rules that ask for any group or tag look again.
CREATE FUNCTION segmentation._rewrite_lists() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lists integer[] := segmentation._dependents(0);
BEGIN
  IF lists <> '{}' THEN PERFORM segmentation._write(lists, true); END IF;
END $$;

CREATE FUNCTION segmentation._archive(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  segment segmentation.segment;
  instant timestamptz;
  known   text[];
BEGIN
  PERFORM segmentation._wait_for_marks();
  PERFORM segmentation._open_definitions(name);
  LOCK TABLE segmentation.segment_use IN SHARE MODE;
  segment := segmentation._segment(name);
  IF segment.archived THEN RETURN; END IF;
  known := segmentation._problems();
  PERFORM segmentation._check_unused_segment(segment.id, 'archive', known IS NOT NULL);
  PERFORM segmentation._drop_draft(segment.id);
  instant := clock_timestamp();
  INSERT INTO segmentation.definition_change (segment_id, at, reason) VALUES (segment.id, instant, 'archived');
  -- A draft that nobody is in.
  PERFORM segmentation._take_over(segment.id, nextval('segmentation.segment_id_seq')::integer, instant);
  PERFORM segmentation._rest_family(segment, true);
  UPDATE segmentation.segment AS s SET archived = true, status = 'live', walk_id = NULL, changed_at = instant, changed_by = SESSION_USER
  WHERE s.id = segment.id;
  UPDATE segmentation.definition_version SET shrunk = version;
  -- An attribute or a rule that is being built may name it.
  PERFORM segmentation._check_not_missed('segment', segment.name, known, 'archive');
  IF segment.kind <> 'rule' THEN PERFORM segmentation._rewrite_lists(); END IF;
  PERFORM segmentation._follow_views(segment.id);
END $$;

-- Says that an archived segment lives again: by a walk that is to write its members, or at once. Returns its id where these are still to be written.
CREATE FUNCTION segmentation._revive(segment segmentation.segment, wait boolean) RETURNS integer[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  walks  boolean := segment.kind = 'rule' AND NOT wait;
  barred bigint := segmentation._rest_family(segment, false);
BEGIN
  UPDATE segmentation.segment AS s SET archived = false, changed_at = now(), changed_by = SESSION_USER,
    status = CASE WHEN walks THEN 'building' ELSE 'live' END, walk_id = CASE WHEN walks THEN segmentation._request_walk() END
  WHERE s.id = segment.id;
  IF barred > 0 THEN
    RAISE NOTICE USING MESSAGE = format('%s of the customers in "%s" are in another group of family "%s" by now', barred, segment.name, segment.family),
      DETAIL = 'They stay there.';
  END IF;
  IF NOT walks THEN RETURN ARRAY[segment.id]; END IF;
  UPDATE segmentation.definition_version SET shrunk = version;
  PERFORM segmentation._tell_building(segment.name);
  RETURN '{}';
END $$;

-- Has an archived segment live again, with its members.
CREATE FUNCTION segmentation._bring_back(segment segmentation.segment, wait boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known text[];
  ids   integer[];
BEGIN
  -- What people say by hand of an archived segment is in no schema that a program could be made by.
  IF segment.kind = 'rule' AND wait AND NOT segment.by_hand THEN
    PERFORM segmentation._build_ahead(segment.id, segmentation.rule_source(segment.rule), false);
  END IF;
  PERFORM segmentation._open_definitions(segment.name);
  segment := segmentation._segment(segment.name);
  IF NOT segment.archived THEN RETURN; END IF;
  known := segmentation._problems();
  ids := segmentation._revive(segment, wait);
  PERFORM segmentation._check_sound(known, 'segment ' || segment.name);
  IF ids <> '{}' AND (segment.kind <> 'rule' OR NOT segmentation._catch_up(segment.id, true)) THEN PERFORM segmentation._write(ids, true); END IF;
  IF segment.kind <> 'rule' THEN PERFORM segmentation._rewrite_lists(); END IF;
  PERFORM segmentation._follow_views(segment.id);
  IF segment.kind = 'rule' THEN PERFORM segmentation._warn_of_clock(segment.name, segment.rule); END IF;
END $$;
