-- Segments: a name and a rule; groups and tags have a name alone (55_by_hand.sql). Every call here takes the definition gate, SHARE ROW EXCLUSIVE on
-- segmentation.segment: definitions change one at a time, and whoever writes members (ROW EXCLUSIVE) waits
-- until this transaction ends; readers and pg_dump do not. Everyone is judged by a new rule before that (_build_ahead).

-- Returns the id of a segment by its name, whatever its case. Raises 42704 for an unknown one.
CREATE FUNCTION segmentation._segment_id(name text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer integer;
BEGIN
  SELECT s.id INTO answer FROM segmentation.segment AS s WHERE segmentation._fold(s.name) = segmentation._fold(_segment_id.name);
  IF FOUND THEN RETURN answer; END IF;
  IF name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'segment name must not be null',
      HINT = 'View segmentation.segments has all names.';
  END IF;
  RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('segment "%s" does not exist', name),
    HINT = segmentation._name_hint(name, ARRAY(SELECT s.name FROM segmentation.segment AS s ORDER BY s.name),
      'There is no segment yet.');
END $$;

CREATE FUNCTION segmentation._is_segment(name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM segmentation.segment AS s WHERE segmentation._fold(s.name) = segmentation._fold(_is_segment.name));

-- Returns the function that a segment's view stands on where its rule has settings: its signature, and a call.
CREATE FUNCTION segmentation._own_rows(segment_id integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN format('segmentation._segment_rows_%s()', segment_id);

-- Evaluates these segments for everyone and writes the differences; `changed` tells that their rules have another meaning
-- than before.
CREATE FUNCTION segmentation._write(segments integer[], changed boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._write_members(segments, changed);
END $$;

-- Returns the segments whose rules name this one, themselves or by way of an attribute or another segment, in segments, memberships,
-- customer_groups or customer_tags; of 0, those that ask whether a customer is in any group or tag. Broken rules have no answer.
CREATE FUNCTION segmentation._dependents(segment_id integer) RETURNS integer[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(
    SELECT s.id FROM segmentation.segment AS s
    WHERE s.id <> _dependents.segment_id AND s.kind = 'rule' AND NOT s.archived
      AND CASE WHEN NOT EXISTS (SELECT FROM segmentation.check_rule(segmentation.rule_source(s.rule)))
               THEN _dependents.segment_id = ANY (segmentation._segments_named(s.rule)) END
    ORDER BY s.id);
$$;

-- Raises unless a segment may be made: a free name, customers bound.
CREATE FUNCTION segmentation._check_new_segment(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken text;
BEGIN
  IF segmentation._key_type() IS NULL OR NOT EXISTS (SELECT FROM segmentation.binding AS b
    WHERE b.role = 'customers') THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'customers are not bound',
      HINT = 'Call segmentation.bind_customers first.';
  END IF;
  SELECT s.name INTO taken FROM segmentation.segment AS s
    WHERE segmentation._fold(s.name) = segmentation._fold(_check_new_segment.name);
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('segment "%s" already exists', taken),
      HINT = 'Choose another name, or change its rule with segmentation.alter_segment.';
  END IF;
END $$;

-- Raises 22004 where it is not said how to build.
CREATE FUNCTION segmentation._check_wait(wait boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF wait IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'wait must not be null', HINT = 'Say true or false.';
  END IF;
END $$;

CREATE FUNCTION segmentation._moves(rule segmentation.rule) RETURNS boolean
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_moves';
COMMENT ON FUNCTION segmentation._moves(segmentation.rule) IS 'whether time alone may change for whom a rule holds';

-- Warns of what only a clock does where none has been seen.
CREATE FUNCTION segmentation._warn_without_clock(message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT u.ticked_at > clock_timestamp() - interval '1 hour' FROM segmentation.upkeep AS u)
    OR segmentation._worker() IS NOT NULL THEN
    RETURN;
  END IF;
  RAISE WARNING USING ERRCODE = '01000',
    MESSAGE = message || ', but nothing has looked at the clock for an hour',
    DETAIL = 'No worker runs in this database, and segmentation.tick() was not called.',
    HINT = 'SELECT segmentation.start_worker(), with shared_preload_libraries = ''segmentation'' for good; or have pg_cron CALL segmentation.tick() each minute.';
END $$;

-- The same for a rule whose members only a clock keeps right.
CREATE FUNCTION segmentation._warn_of_clock(name text, rule segmentation.rule) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segmentation._moves(rule) THEN
    PERFORM segmentation._warn_without_clock(format('time changes the members of segment "%s"', name));
  END IF;
END $$;

CREATE FUNCTION segmentation.create_segment(
  name text, rule segmentation.rule, description text DEFAULT NULL, replace boolean DEFAULT false,
  wait boolean DEFAULT true)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_id integer;
  known  text[];
BEGIN
  PERFORM segmentation._check_wait(create_segment.wait);
  PERFORM segmentation._check_name('segment', create_segment.name);
  IF create_segment.rule IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'rule must not be null',
      HINT = 'Give a rule, such as: orders MATCHES (count >= 2).';
  END IF;
  IF NOT COALESCE(create_segment.replace AND segmentation._is_segment(create_segment.name), false) THEN
    PERFORM segmentation._check_new_segment(create_segment.name);
    new_id := nextval('segmentation.segment_id_seq');
    IF create_segment.wait THEN
      PERFORM segmentation._build_ahead(new_id, segmentation.rule_source(create_segment.rule), true);
    END IF;
    PERFORM segmentation._open_definitions();
  END IF;
  -- Another may have made it while this one was being built.
  IF create_segment.replace AND (new_id IS NULL OR segmentation._is_segment(create_segment.name)) THEN
    PERFORM segmentation._delete_members(ARRAY[new_id]) WHERE new_id IS NOT NULL;
    PERFORM segmentation.alter_segment(create_segment.name, create_segment.rule, create_segment.wait);
    new_id := segmentation._segment_id(create_segment.name);
    PERFORM segmentation._note_segment(new_id, create_segment.description);
    RETURN new_id;
  END IF;
  PERFORM segmentation._check_new_segment(create_segment.name);
  IF create_segment.wait THEN
    INSERT INTO segmentation.segment (id, name, rule) OVERRIDING SYSTEM VALUE
    VALUES (new_id, create_segment.name, create_segment.rule);
    IF NOT segmentation._catch_up(new_id) THEN PERFORM segmentation._write(ARRAY[new_id]); END IF;
  ELSE
    known := segmentation._problems();
    INSERT INTO segmentation.segment (id, name, rule, status, walk_id) OVERRIDING SYSTEM VALUE
    VALUES (new_id, create_segment.name, create_segment.rule, 'building', segmentation._request_walk());
    PERFORM segmentation._check_sound(known, 'segment ' || create_segment.name);
    PERFORM segmentation._tell_building(create_segment.name);
  END IF;
  UPDATE segmentation.segment AS s SET view_name = segmentation._view_name(new_id, create_segment.name)
  WHERE s.id = new_id;
  PERFORM segmentation._note_segment(new_id, create_segment.description);
  PERFORM segmentation._follow_views(new_id);
  PERFORM segmentation._warn_of_clock(create_segment.name, create_segment.rule);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION segmentation.create_segment(text, segmentation.rule, text, boolean, boolean) IS
  'Makes a segment of a rule, writes its members and makes its view in schema segments; returns its id. With '
  'wait => false it returns at once, and the worker, tick() or build_segment writes the members while the shop '
  'goes on writing. With replace, an existing segment of that name gets the rule. What SHOW and ORDER BY name in vain is left out of '
  'the view with a NOTICE, and a LIMIT gives one. Locks until the transaction ends: SHARE ROW EXCLUSIVE on '
  'segmentation.segment, ACCESS EXCLUSIVE on views that are made anew. Members are written before that, unless the rule reads memberships '
  'or the transaction has changed definitions before, under ACCESS SHARE on the bound relations and SHARE ROW EXCLUSIVE on '
  'segmentation.build_mark, for which only others who build wait.';

-- Raises 55000 for an archived segment.
CREATE FUNCTION segmentation._check_not_archived(segment segmentation.segment) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segment.archived THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = format('segment "%s" is archived', segment.name),
      HINT = format('segmentation.describe_segment(%L, archived => false) brings it back.', segment.name);
  END IF;
END $$;

-- Raises 42809 for a group or tag, 55000 for what is archived.
CREATE FUNCTION segmentation._check_has_rule(name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  segment segmentation.segment := segmentation._segment(name);
BEGIN
  IF segment.kind <> 'rule' THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('"%s" is a %s, which has no rule', segment.name, segment.kind),
      HINT = 'Its members are put in by segmentation.add_members, and taken out by segmentation.remove_members.';
  END IF;
  PERFORM segmentation._check_not_archived(segment);
END $$;

CREATE FUNCTION segmentation.alter_segment(name text, rule segmentation.rule,
  wait boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  changed    integer;
  present    segmentation.segment;
  dependents integer[];
BEGIN
  PERFORM segmentation._check_wait(alter_segment.wait);
  IF alter_segment.rule IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'rule must not be null',
      HINT = 'Give a rule, such as: orders MATCHES (count >= 2).';
  END IF;
  PERFORM segmentation._check_has_rule(alter_segment.name);
  IF alter_segment.wait THEN
    PERFORM segmentation._build_ahead(segmentation._segment_id(alter_segment.name), segmentation.rule_source(alter_segment.rule), false);
  END IF;
  PERFORM segmentation._tell_users(segmentation._segment(alter_segment.name), alter_segment.rule);
  PERFORM segmentation._open_definitions(alter_segment.name);
  changed := segmentation._segment_id(alter_segment.name);
  IF NOT alter_segment.wait THEN
    SELECT s.* INTO STRICT present FROM segmentation.segment AS s WHERE s.id = changed;
    PERFORM segmentation._check_not_archived(present);
    PERFORM segmentation._alter_by_walk(present, alter_segment.rule);
    PERFORM segmentation._tell_building(present.name);
    PERFORM segmentation._warn_of_clock(present.name, alter_segment.rule);
    RETURN;
  END IF;
  PERFORM segmentation._check_not_archived(segmentation._segment(alter_segment.name));
  PERFORM segmentation._drop_draft(changed);
  -- The same rule in other words keeps its version; its text is the one typed last.
  UPDATE segmentation.segment AS s
  SET rule = alter_segment.rule, version = s.version + CASE
    WHEN s.rule OPERATOR(segmentation.=) alter_segment.rule THEN 0 ELSE 1 END,
      changed_at = now(), changed_by = SESSION_USER, status = 'live', walk_id = NULL
  WHERE s.id = changed;
  dependents := segmentation._dependents(changed);
  IF NOT segmentation._catch_up(changed, true) THEN PERFORM segmentation._write(changed || dependents, true);
  ELSIF dependents <> '{}' THEN PERFORM segmentation._write(dependents, true);
  END IF;
  PERFORM segmentation._date_version(changed);
  PERFORM segmentation._walk_again();
  PERFORM segmentation._follow_views(changed);
  PERFORM segmentation._warn_of_clock(alter_segment.name, alter_segment.rule);
END $$;
COMMENT ON FUNCTION segmentation.alter_segment(text, segmentation.rule, boolean) IS
  'Gives a segment another rule and brings its members, and those of segments whose rules name it, up to '
  'date. With wait => false it returns at once: the segment keeps rule and members until the worker, tick() or '
  'build_segment has written the new ones. Where SHOW says other columns, its view is made anew with all that it has; where others built on it, it '
  'keeps its columns, and those that are gone are NULL. Where anybody uses the segment a NOTICE says who, and how many customers would '
  'enter and leave, before anything is written. Locks until the transaction ends: as create_segment; while members who come and '
  'go are written, and everyone is judged for segments whose rules name it, commits of bound tables wait.';

-- Rules and attributes under another name of a segment. What does not parse comes back as it is. `lists` are
-- attributes that stand for the list "segments" itself, or for the name of a segment out of memberships.
CREATE FUNCTION segmentation._renamed_rule(rule text, old_name text, new_name text, lists text[]) RETURNS text
  LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_renamed_rule';
COMMENT ON FUNCTION segmentation._renamed_rule(text, text, text, text[]) IS
  'the text of a rule with another name for a segment, otherwise as it was';

CREATE FUNCTION segmentation._renamed_attribute(expression text, old_name text, new_name text, lists text[]) RETURNS text
  LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_renamed_attribute';
COMMENT ON FUNCTION segmentation._renamed_attribute(text, text, text, text[]) IS
  'the expression of an attribute with another name for a segment, otherwise as it was';

CREATE FUNCTION segmentation._is_segment_list(expression text, lists text[]) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_is_segment_list';
COMMENT ON FUNCTION segmentation._is_segment_list(text, text[]) IS
  'whether an expression is the list "segments" or a segment''s name out of memberships, by itself or by way of an attribute that is';

-- Has rules and attributes that name a segment say its new name. They mean what they meant, so members and
-- versions stay. Broken ones follow, too: they may heal, and another segment may get the old name. `lists` are lists of names like
-- segments.
CREATE FUNCTION segmentation._rename_in_rules(old_name text, new_name text, lists text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  more  text[];
BEGIN
  LOOP
    more := ARRAY(SELECT a.name FROM segmentation.attribute_definition AS a
                  WHERE a.name <> ALL (lists) AND segmentation._is_segment_list(a.expression, lists));
    EXIT WHEN more = '{}';
    lists := lists || more;
  END LOOP;
  WITH renamed AS MATERIALIZED (
    SELECT s.id, segmentation._renamed_rule(segmentation.rule_source(s.rule), old_name, new_name, lists) AS source
    FROM segmentation.segment AS s)
  UPDATE segmentation.segment AS s SET rule = segmentation.rule(r.source)
  FROM renamed AS r WHERE r.id = s.id AND r.source <> segmentation.rule_source(s.rule);
  WITH renamed AS MATERIALIZED (
    SELECT a.segment_id, segmentation._renamed_rule(segmentation.rule_source(a.rule), old_name, new_name, lists) AS source
    FROM segmentation.alteration AS a)
  UPDATE segmentation.alteration AS a SET rule = segmentation.rule(r.source)
  FROM renamed AS r WHERE r.segment_id = a.segment_id AND r.source <> segmentation.rule_source(a.rule);
  WITH renamed AS MATERIALIZED (
    SELECT a.name, segmentation._renamed_attribute(a.expression, old_name, new_name, lists) AS expression
    FROM segmentation.attribute_definition AS a)
  UPDATE segmentation.attribute_definition AS a SET expression = r.expression
  FROM renamed AS r WHERE r.name = a.name AND r.expression <> a.expression;
END $$;

-- Returns whether a word is bound, defined, or a column of the customers.
CREATE FUNCTION segmentation._has_word(word text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM segmentation.attribute_definition AS a WHERE segmentation._fold(a.name) = word
  UNION ALL
  SELECT FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = word
  UNION ALL
  SELECT FROM segmentation.binding AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.id
  WHERE b.role = 'customers' AND segmentation._fold(c.name) = word
  UNION ALL
  SELECT FROM segmentation.binding AS b JOIN pg_attribute AS a ON a.attrelid = b.relation AND a.attnum > 0 AND NOT a.attisdropped
  WHERE b.role = 'customers' AND segmentation._fold(a.attname) = word);

CREATE FUNCTION segmentation.rename_segment(name text, new_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  renamed segmentation.segment;
  shown   name;
  users   integer[];
  list    text;
  is_own  boolean; -- that list has nothing but names of groups, or tags, of ours
  judged  boolean;
BEGIN
  PERFORM segmentation._check_name('segment', rename_segment.new_name);
  PERFORM segmentation._open_definitions(rename_segment.name);
  SELECT s.* INTO STRICT renamed FROM segmentation.segment AS s
    WHERE s.id = segmentation._segment_id(rename_segment.name);
  IF renamed.name = rename_segment.new_name THEN RETURN; END IF;
  IF segmentation._fold(renamed.name) <> segmentation._fold(rename_segment.new_name) THEN
    PERFORM segmentation._check_new_segment(rename_segment.new_name);
  END IF;
  -- Where the shop has groups or tags of its own, a name in that list is one of these, too, and stays.
  list := CASE renamed.kind WHEN 'group' THEN 'customer_groups' WHEN 'tag' THEN 'customer_tags' END;
  is_own := list IS NOT NULL AND NOT segmentation._has_word(list);
  -- Where a binding is broken no rule can be judged.
  judged := list IS NOT NULL AND segmentation._problems() IS NOT NULL;
  IF judged THEN users := segmentation._dependents(renamed.id); END IF;
  PERFORM segmentation._rename_in_rules(renamed.name, rename_segment.new_name, CASE WHEN is_own THEN ARRAY[list] ELSE '{}' END);
  shown := segmentation._view_name(renamed.id, rename_segment.new_name);
  IF to_regclass(format('segments.%I', renamed.view_name)) IS NOT NULL THEN
    EXECUTE format('ALTER VIEW segments.%I RENAME TO %I', renamed.view_name, shown);
  END IF;
  UPDATE segmentation.segment AS s
  SET name = rename_segment.new_name, view_name = shown, changed_at = now(), changed_by = SESSION_USER
  WHERE s.id = renamed.id;
  IF NOT judged OR is_own AND users = segmentation._dependents(renamed.id) THEN RETURN; END IF;
  users := users || segmentation._dependents(renamed.id);
  IF users <> '{}' THEN PERFORM segmentation._write(ARRAY(SELECT DISTINCT u FROM unnest(users) AS u ORDER BY u), true); END IF;
END $$;
COMMENT ON FUNCTION segmentation.rename_segment(text, text) IS
  'Renames a segment and its view. Rules of other segments and attributes that name it say the new name from '
  'then on, nothing else in their text changes; broken ones, too. Locks until the transaction ends: SHARE ROW '
  'EXCLUSIVE on segmentation.segment, ACCESS EXCLUSIVE on its view.';

CREATE FUNCTION segmentation.copy_segment(name text, new_name text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  copied segmentation.segment := segmentation._segment(copy_segment.name);
  note   segmentation.segment_note;
  new_id integer;
BEGIN
  SELECT n.* INTO note FROM segmentation.segment_note AS n WHERE n.segment_id = copied.id;
  IF copied.kind <> 'rule' THEN
    new_id := segmentation._copy_group(copied.id, 'by_hand', copy_segment.new_name, note.description, copied.kind);
  ELSE
    new_id := segmentation.create_segment(copy_segment.new_name, copied.rule, note.description);
  END IF;
  PERFORM segmentation._note_segment(new_id, NULL, note.labels);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION segmentation.copy_segment(text, text) IS
  'Makes a segment with the rule, description and labels of another, without whom people have put in or keep out; of a group or tag one with the '
  'same members and their notes, in no family. Returns its id. Locks until the transaction '
  'ends: SHARE ROW EXCLUSIVE on segmentation.segment, ACCESS EXCLUSIVE on views that are made anew.';

CREATE FUNCTION segmentation.drop_segment(name text, cascade boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  dropped integer;
  kind    text;
  lists   integer[];
  gone    integer[];
  known   text[];
  item    record;
BEGIN
  PERFORM segmentation._wait_for_marks();
  PERFORM segmentation._open_definitions(drop_segment.name);
  LOCK TABLE segmentation.segment_use IN SHARE MODE;
  dropped := segmentation._segment_id(drop_segment.name);
  kind := (SELECT s.kind FROM segmentation.segment AS s WHERE s.id = dropped);
  gone := ARRAY[dropped];
  known := segmentation._problems();
  -- Where a bound table or column is gone no rule can be judged, and dropping is a way out.
  IF NOT drop_segment.cascade THEN
    PERFORM segmentation._check_unused_segment(dropped, 'drop', known IS NOT NULL);
  ELSE
    IF known IS NOT NULL THEN gone := gone || segmentation._dependents(dropped); END IF;
    PERFORM segmentation._tell_cascade(dropped, gone);
  END IF;
  FOR item IN SELECT s.view_name, segmentation._own_rows(s.id) AS own
    FROM segmentation.segment AS s WHERE s.id = ANY (gone) ORDER BY s.id DESC LOOP
    IF to_regclass(format('segments.%I', item.view_name)) IS NOT NULL THEN
      EXECUTE format('DROP VIEW segments.%I', item.view_name) || CASE
        WHEN drop_segment.cascade THEN ' CASCADE' ELSE '' END;
    END IF;
    IF to_regprocedure(item.own) IS NOT NULL THEN EXECUTE format('DROP FUNCTION %s', item.own); END IF;
  END LOOP;
  gone := gone || ARRAY(SELECT a.draft_id FROM segmentation.alteration AS a WHERE a.segment_id = ANY (gone));
  -- The segment first: that waits for whoever is writing its members, so that the rows below are all there are.
  DELETE FROM segmentation.segment AS s WHERE s.id = ANY (gone);
  DELETE FROM segmentation.alteration AS a WHERE a.segment_id = ANY (gone);
  DELETE FROM segmentation.segment_use AS u WHERE u.segment_id = ANY (gone);
  DELETE FROM segmentation.segment_note AS n WHERE n.segment_id = ANY (gone);
  DELETE FROM segmentation.segment_version AS v WHERE v.segment_id = ANY (gone);
  PERFORM segmentation._delete_members(gone);
  PERFORM segmentation._forget_by_hand(gone);
  IF kind <> 'rule' AND known IS NOT NULL THEN
    lists := segmentation._dependents(0);
    IF lists <> '{}' THEN PERFORM segmentation._write(lists, true); END IF;
  END IF;
  DELETE FROM segmentation.view_column AS v WHERE v.segment_id = ANY (gone);
  UPDATE segmentation.definition_version SET shrunk = version;
  -- An attribute that names the segment would be left without a meaning.
  PERFORM segmentation._check_not_missed('segment', drop_segment.name, known);
END $$;
COMMENT ON FUNCTION segmentation.drop_segment(text, boolean) IS
  'Drops a segment, its members, versions and view; refused while rules of other segments name it or it is marked as used, unless cascade '
  'drops these segments as well and forgets the marks, which a NOTICE tells. More than segmentation.commit_limit stored rows are deleted later, by the worker or tick(). Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment, '
  'ACCESS EXCLUSIVE on its view.';
