-- What is kept about segments besides members: descriptions and labels, who uses them, and every rule that they have had. None of it is
-- read where members are judged, so none of it takes the gate or has a commit wait.

-- Says these things about a segment; NULL leaves what is there, an empty text and an empty list take it away.
CREATE FUNCTION segmentation._note_segment(id integer, description text, labels text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF description IS NULL AND labels IS NULL THEN RETURN; END IF;
  INSERT INTO segmentation.segment_note AS n (segment_id, description, labels)
  VALUES (id, NULLIF(_note_segment.description, ''), COALESCE(_note_segment.labels, '{}'))
  ON CONFLICT ON CONSTRAINT segment_note_pkey DO UPDATE
  SET description = CASE WHEN _note_segment.description IS NULL THEN n.description ELSE EXCLUDED.description END,
    labels = CASE WHEN _note_segment.labels IS NULL THEN n.labels ELSE EXCLUDED.labels END;
END $$;

-- Returns labels, each once, in the order in which they are given. Raises unless each is a name.
CREATE FUNCTION segmentation._check_labels(labels text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._check_name('label', l) FROM unnest(labels) AS l;
  RETURN CASE WHEN labels IS NOT NULL THEN
    ARRAY(SELECT l.label FROM unnest(labels) WITH ORDINALITY AS l(label, at) GROUP BY l.label ORDER BY min(l.at)) END;
END $$;

CREATE FUNCTION segmentation.describe_segment(name text, description text DEFAULT NULL, labels text[] DEFAULT NULL,
  archived boolean DEFAULT NULL, wait boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  segment segmentation.segment := segmentation._segment(describe_segment.name);
BEGIN
  PERFORM segmentation._check_wait(describe_segment.wait);
  PERFORM segmentation._note_segment(segment.id, describe_segment.description, segmentation._check_labels(describe_segment.labels));
  IF describe_segment.archived AND NOT segment.archived THEN
    PERFORM segmentation._archive(segment.name);
  ELSIF NOT describe_segment.archived AND segment.archived THEN
    PERFORM segmentation._bring_back(segment, describe_segment.wait);
  END IF;
END $$;
COMMENT ON FUNCTION segmentation.describe_segment(text, text, text[], boolean, boolean) IS
  'Says something about a segment, group or tag: its description, its labels (an empty text or list takes them away), whether it is archived; NULL '
  'leaves what is. An archived one keeps its history, has no members and costs nothing; with archived => false its members are written again, '
  'with wait => false by the worker, tick() or build_segment. Refused while it is in use. Returns nothing. Locks until the transaction ends: '
  'its row of segmentation.segment_note; only where archived changes as alter_segment, and SHARE on segmentation.segment_use.';

-- Returns who uses segments: what use_segment has marked, then segments whose rules name them, themselves or by way of others. Rules
-- that lost what they read have no answer.
CREATE FUNCTION segmentation._users() RETURNS TABLE (segment_id integer, used_by text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
  RETURN QUERY
    SELECT t.id, array_agg(t.used_by ORDER BY t.is_rule, t.used_by COLLATE "C")
    FROM (SELECT u.segment_id AS id, u.used_by, false AS is_rule FROM segmentation.segment_use AS u
          UNION ALL
          SELECT n.id, format('segment "%s"', s.name), true
          FROM segmentation.segment AS s,
            LATERAL unnest(CASE WHEN NOT EXISTS (SELECT FROM segmentation.check_rule(segmentation.rule_source(s.rule)))
                                THEN segmentation._segments_named(s.rule) END) AS n(id)
          WHERE s.kind = 'rule' AND NOT s.archived AND n.id NOT IN (0, s.id)) AS t
    GROUP BY t.id;
EXCEPTION WHEN OTHERS THEN
  -- Where a binding is broken no rule can be judged. The rest is the server's.
  IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '55', '54') THEN RAISE; END IF;
  RETURN QUERY SELECT u.segment_id, array_agg(u.used_by ORDER BY u.used_by COLLATE "C") FROM segmentation.segment_use AS u GROUP BY 1;
END $$;

CREATE FUNCTION segmentation._users_of(id integer) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((SELECT u.used_by FROM segmentation._users() AS u WHERE u.segment_id = id), '{}');

CREATE FUNCTION segmentation._foresee(segment_id integer, rule text, OUT entering bigint, OUT leaving bigint) RETURNS record
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_foresee';
COMMENT ON FUNCTION segmentation._foresee(integer, text) IS
  'how many customers would enter and leave a segment if its rule were another, of what _build_ahead has found or else in a pass over '
  'everyone; NULLs where the rule has no meaning. Locks until the transaction ends: ACCESS SHARE on all bound relations';

-- Tells who uses a segment, and what is about to change for them.
CREATE FUNCTION segmentation._tell_use(name text, users text[], entering bigint, leaving bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE NOTICE USING MESSAGE = format('segment "%s" is used by %s', name, array_to_string(users, ', ')),
    DETAIL = CASE WHEN entering IS NULL THEN '' -- the rule has no meaning, or not all members are there yet
      ELSE format('%s %s would enter and %s leave.', entering, CASE entering WHEN 1 THEN 'customer' ELSE 'customers' END, leaving) END;
END $$;

-- The same before a segment gets another rule, without the gate. Nothing is counted where nobody uses it, or where more than the rule is to
-- change (not `apart`).
CREATE FUNCTION segmentation._tell_users(segment segmentation.segment, rule segmentation.rule, apart boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  users  text[] := segmentation._users_of(segment.id);
  change record;
BEGIN
  IF users = '{}' OR segment.rule OPERATOR(segmentation.=) rule OR segment.archived THEN RETURN; END IF;
  SELECT f.* INTO change FROM segmentation._foresee(segment.id, CASE WHEN apart THEN segmentation.rule_source(rule) END) AS f;
  PERFORM segmentation._tell_use(segment.name, users, CASE WHEN segment.status = 'live' THEN change.entering END, change.leaving);
END $$;

-- The same where a draft is about to take over.
CREATE FUNCTION segmentation._tell_users_of_draft(segment segmentation.segment, draft integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  users  text[] := segmentation._users_of(segment.id);
  change bigint[];
BEGIN
  IF users = '{}' THEN RETURN; END IF;
  change := segmentation._read_as(segmentation._reader(), format(
    'SELECT count(*) FILTER (WHERE p.customer_id IS NULL), count(*) FILTER (WHERE d.customer_id IS NULL) '
    'FROM (SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = %s) AS p '
    'FULL JOIN (SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = %s) AS d USING (customer_id)', segment.id, draft))::bigint[];
  PERFORM segmentation._tell_use(segment.name, users, change[1], change[2]);
END $$;

-- Waits for whoever has just marked a segment, before the gate: with it a commit of the shop would wait as well.
CREATE FUNCTION segmentation._wait_for_marks() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segmentation._holds_gate() THEN RETURN; END IF;
  LOCK TABLE segmentation.segment_use IN SHARE MODE;
  RAISE EXCEPTION USING ERRCODE = 'SG000', MESSAGE = 'this was only to wait';
EXCEPTION WHEN SQLSTATE 'SG000' THEN
  NULL;
END $$;

CREATE FUNCTION segmentation._marks(segment_id integer) RETURNS text[]
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_marks';
COMMENT ON FUNCTION segmentation._marks(integer) IS 'who has marked a segment as used, by the newest snapshot whatever the isolation level';

-- Raises 2BP01, saying by whom, where a segment is used. `by_rules`: rules can be judged.
CREATE FUNCTION segmentation._check_unused_segment(segment_id integer, verb text, by_rules boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marks text[] := segmentation._marks(segment_id);
  rules text[];
  name  text;
BEGIN
  IF by_rules THEN
    rules := ARRAY(SELECT s.name FROM segmentation.segment AS s WHERE s.id = ANY (segmentation._dependents(segment_id)) ORDER BY s.name);
  END IF;
  IF marks || rules = '{}' THEN RETURN; END IF;
  SELECT s.name INTO name FROM segmentation.segment AS s WHERE s.id = segment_id;
  IF marks = '{}' THEN
    RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = format('cannot %s segment "%s" because rules of others name it', verb, name),
      DETAIL = format('It is needed by %s.', (SELECT string_agg(format('"%s"', r), ', ') FROM unnest(rules) AS r)),
      HINT = 'Change their rules first' || CASE verb WHEN 'drop' THEN ', or say cascade => true to drop these segments as well.' ELSE '.' END;
  END IF;
  RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = format('cannot %s segment "%s" because it is in use', verb, name),
    DETAIL = format('It is used by %s.', (SELECT string_agg(u.user, ', ' ORDER BY u.at) FROM (
      SELECT m AS user, 1 AS at FROM unnest(marks) AS m UNION ALL SELECT format('segment "%s"', r), 2 FROM unnest(rules) AS r) AS u)),
    HINT = format('Whoever does not use it any more calls segmentation.release_segment(%L, ...)', name)
      || CASE verb WHEN 'drop' THEN '; cascade => true drops it with the segments that name it.' ELSE '.' END;
END $$;

-- Tells what goes with a segment, as DROP ... CASCADE does.
CREATE FUNCTION segmentation._tell_cascade(dropped integer, gone integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  list text[] := ARRAY(SELECT g.text FROM (
    SELECT format('segment "%s"', s.name) AS text, s.name, 1 AS at FROM segmentation.segment AS s WHERE s.id = ANY (gone) AND s.id <> dropped
    UNION ALL
    SELECT format('use of segment "%s" by %s', s.name, u.used_by), u.used_by, 2
    FROM segmentation.segment_use AS u JOIN segmentation.segment AS s ON s.id = u.segment_id WHERE u.segment_id = ANY (gone)) AS g
    ORDER BY g.at, g.name COLLATE "C", g.text COLLATE "C");
BEGIN
  IF cardinality(list) = 1 THEN RAISE NOTICE 'drop cascades to %', list[1];
  ELSIF list <> '{}' THEN
    RAISE NOTICE USING MESSAGE = format('drop cascades to %s other objects', cardinality(list)),
      DETAIL = (SELECT string_agg('drop cascades to ' || l.text, E'\n' ORDER BY l.at) FROM unnest(list) WITH ORDINALITY AS l(text, at));
  END IF;
END $$;

CREATE FUNCTION segmentation.use_segment(name text, used_by text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used integer;
BEGIN
  PERFORM segmentation._check_name('user', use_segment.used_by);
  -- Who drops the segment has it locked; then its name is looked up behind him, and an older snapshot fails with 40001 at its row.
  LOCK TABLE segmentation.segment_use IN ROW EXCLUSIVE MODE;
  used := segmentation._usable(use_segment.name);
  PERFORM FROM segmentation.segment AS s WHERE s.id = used FOR KEY SHARE;
  INSERT INTO segmentation.segment_use (segment_id, used_by) VALUES (used, use_segment.used_by)
  ON CONFLICT ON CONSTRAINT segment_use_pkey DO NOTHING;
END $$;
COMMENT ON FUNCTION segmentation.use_segment(text, text) IS
  'Notes who uses a segment, such as ''campaign: spring sale'': column used_by of view segments shows it, altering the segment tells it, and dropping or '
  'archiving is refused. Noting it again does nothing. Returns nothing. Locks until the transaction ends: ROW EXCLUSIVE on segmentation.segment_use.';

-- Returns the id of a segment that may be used. Raises 55000 for an archived one.
CREATE FUNCTION segmentation._usable(name text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  segment segmentation.segment := segmentation._segment(name);
BEGIN
  PERFORM segmentation._check_not_archived(segment);
  RETURN segment.id;
END $$;

CREATE FUNCTION segmentation.release_segment(name text, used_by text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id integer := segmentation._segment_id(release_segment.name);
BEGIN
  DELETE FROM segmentation.segment_use AS u WHERE u.segment_id = id AND u.used_by = release_segment.used_by;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = COALESCE(format('segment "%s" is not marked as used by "%s"', release_segment.name, release_segment.used_by),
        'used_by must not be null'),
      HINT = segmentation._name_hint(COALESCE(release_segment.used_by, ''), ARRAY(SELECT u.used_by FROM segmentation.segment_use AS u WHERE u.segment_id = id
        ORDER BY u.used_by), 'Nobody is.');
  END IF;
END $$;
COMMENT ON FUNCTION segmentation.release_segment(text, text) IS
  'Takes back what use_segment noted. Returns nothing. Locks until the transaction ends: ROW EXCLUSIVE on segmentation.segment_use.';

-- Keeps the rule that a definition has given a segment. The same rule in other words is the same version. What comes from a dump comes
-- with its versions.
CREATE FUNCTION segmentation._keep_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A restore in one transaction has the gate as well, by making the extension, and has counted no definition.
  IF NOT segmentation._holds_gate() OR (SELECT v.version = 0 FROM segmentation.definition_version AS v) THEN RETURN NULL; END IF;
  INSERT INTO segmentation.segment_version (segment_id, version, rule, valid_from, changed_by)
  VALUES (NEW.id, NEW.version, NEW.rule, NEW.changed_at, NEW.changed_by)
  ON CONFLICT ON CONSTRAINT segment_version_pkey DO UPDATE SET rule = EXCLUDED.rule;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION segmentation._keep_version() IS 'keeps every rule that a segment has had';
CREATE TRIGGER keep_version AFTER INSERT OR UPDATE OF rule ON segmentation.segment
  FOR EACH ROW WHEN (NEW.rule IS NOT NULL) EXECUTE FUNCTION segmentation._keep_version();
ALTER TABLE segmentation.segment ENABLE ALWAYS TRIGGER keep_version;

-- Has a version that was just kept begin when the members that it brought came, and those that it took away went.
CREATE FUNCTION segmentation._date_version(id integer) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE segmentation.segment_version AS v SET valid_from = c.at
  FROM segmentation.segment AS s, LATERAL (SELECT max(c.at) AS at FROM segmentation.definition_change AS c WHERE c.segment_id = s.id) AS c
  WHERE s.id = _date_version.id AND v.segment_id = s.id AND v.version = s.version AND v.valid_from = s.changed_at AND c.at > v.valid_from;
$$;

CREATE VIEW segmentation.segment_versions AS
SELECT v.segment_id, s.name, v.version, v.rule, v.valid_from,
       lead(v.valid_from) OVER (PARTITION BY v.segment_id ORDER BY v.version) AS valid_till, v.changed_by
FROM segmentation.segment_version AS v JOIN segmentation.segment AS s ON s.id = v.segment_id
ORDER BY s.name, v.version;
COMMENT ON VIEW segmentation.segment_versions IS
  'Every rule that a segment has had, from when until when (NULL: it still has it), and who gave it; by the segment''s present name.';

CREATE VIEW segmentation.segments AS
SELECT s.id, s.name, s.kind, s.rule,
       COALESCE(n.members, 0) AS members,
       CASE WHEN s.archived THEN 'archived' WHEN a.segment_id IS NULL THEN s.status ELSE 'building' END AS status, s.created_at, s.changed_at, s.changed_by,
       s.version, t.description, 'segments.' || quote_ident(s.view_name) AS view, s.family, COALESCE(t.labels, '{}') AS labels,
       COALESCE((SELECT u.used_by FROM segmentation._users() AS u WHERE u.segment_id = s.id), '{}') AS used_by
FROM segmentation.segment AS s LEFT JOIN segmentation.member_counts AS n ON n.segment_id = s.id
  LEFT JOIN segmentation.segment_note AS t ON t.segment_id = s.id
  LEFT JOIN segmentation.alteration AS a ON a.segment_id = s.id AND a.error IS NULL
ORDER BY s.name;
COMMENT ON VIEW segmentation.segments
  IS 'Every segment, group and tag with its rule, its number of members, who uses it, and the view that shows its members; kind is rule, group or tag, '
  'status live, building or archived.';
