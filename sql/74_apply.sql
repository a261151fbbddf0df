-- apply_definitions: what a document says and is not so is made so, in one go: all rows are written first and checked together, then everyone
-- is judged once.

-- One difference between what is wanted and what there is.
CREATE TYPE segmentation._definition_step AS (
  action  text,  -- create, alter, drop
  kind    text,  -- binding, column, word, source, attribute, segment, schedule
  name    text,
  wanted  jsonb,
  present jsonb
);

-- Returns what a document says of one thing as definitions would say it. What may be left to defaults is as it is at present.
CREATE FUNCTION segmentation._filled_definition(kind text, wanted jsonb, present jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer jsonb := jsonb_strip_nulls(wanted);
  item   record;
BEGIN
  IF kind = 'column' THEN
    answer := answer || jsonb_build_object('of', COALESCE(present -> 'of', answer -> 'of'), 'name', COALESCE(present -> 'name', answer -> 'name'));
  ELSIF kind = 'binding' THEN
    answer := (SELECT COALESCE(jsonb_object_agg(p.key, p.value), '{}') FROM jsonb_each(present) AS p
               WHERE p.key = ANY ('{key,of_key,lookup_key,target_key,timezone}') OR p.key = 'label' AND answer ? 'parent') || answer;
    IF answer ? 'kind' AND NOT answer ? 'of' THEN answer := answer || '{"of": "customers"}'; END IF;
    IF segmentation._fold(answer ->> 'of') = segmentation._fold(present ->> 'of') THEN answer := answer || jsonb_build_object('of', present -> 'of'); END IF;
    FOR item IN SELECT a.key, a.value::regclass::text AS value FROM jsonb_each_text(answer) AS a WHERE a.key IN ('relation', 'target') LOOP
      answer := answer || jsonb_build_object(item.key, item.value);
    END LOOP;
    IF NOT answer ? 'target' THEN answer := answer - 'target_key'; END IF;
  ELSIF kind = 'source' AND answer -> 'renames' = '{}' THEN answer := answer - 'renames';
  ELSIF kind = 'segment' THEN
    IF answer ->> 'kind' = 'rule' THEN answer := answer - 'kind'; END IF;
    IF segmentation._fold(answer ->> 'family') = segmentation._fold(present ->> 'family') THEN
      answer := answer || jsonb_build_object('family', present -> 'family');
    END IF;
    IF answer -> 'archived' = 'false' THEN answer := answer - 'archived'; END IF;
    IF answer ->> 'description' = '' THEN answer := answer - 'description'; END IF;
    IF answer ? 'labels' THEN
      answer := jsonb_set(answer, '{labels}', to_jsonb(segmentation._check_labels(ARRAY(SELECT jsonb_array_elements_text(answer -> 'labels')))));
    END IF;
    IF answer -> 'labels' = '[]' THEN answer := answer - 'labels'; END IF;
  ELSIF kind = 'schedule' THEN
    answer := '{"every": "1 day", "at": "04:20", "horizon": "1 year", "holdout": "3 months", "high_percentile": 70, "low_percentile": 10}' || answer;
    answer := answer || jsonb_build_object('every', (answer ->> 'every')::interval, 'at', (answer ->> 'at')::time,
      'horizon', (answer ->> 'horizon')::interval, 'holdout', (answer ->> 'holdout')::interval);
  END IF;
  RETURN answer;
END $$;

-- Returns the things that a document says, each by kind and name. What definitions returns has them all.
CREATE FUNCTION segmentation._things(given jsonb, OUT kind text, OUT name text, OUT item jsonb) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'binding', 'customers', given -> 'customers' WHERE given -> 'customers' <> 'null'
  UNION ALL SELECT 'binding', m.name, m.item FROM segmentation._members_of(given -> 'bindings', 'bindings') AS m
  UNION ALL SELECT 'column', m.name || '.' || c.key, jsonb_build_object('of', m.name, 'name', c.key, 'expression', c.value)
    FROM segmentation._members_of(given -> 'columns', 'columns') AS m, jsonb_each(m.item) AS c
  UNION ALL SELECT 'word', m.name::regclass || '.' || c.key, jsonb_build_object('relation', m.name::regclass, 'word', c.key, 'column', c.value)
    FROM segmentation._members_of(given -> 'words', 'words') AS m, jsonb_each(m.item) AS c
  UNION ALL SELECT 'source', m.name, m.item FROM segmentation._members_of(given -> 'sources', 'sources') AS m
  UNION ALL SELECT 'attribute', m.name, m.item FROM segmentation._members_of(given -> 'attributes', 'attributes') AS m
  UNION ALL SELECT 'segment', m.name, m.item FROM segmentation._members_of(given -> 'segments', 'segments') AS m
  UNION ALL SELECT 'schedule', m.name, m.item FROM segmentation._members_of(given -> 'schedules', 'schedules') AS m;
$$;

-- Returns what is to be done for definitions to be as a document says; with `prune` also what it leaves out, in the sections that it has.
CREATE FUNCTION segmentation._definition_steps(given jsonb, prune boolean) RETURNS SETOF segmentation._definition_step
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET jit = off AS $$
  WITH wanted AS MATERIALIZED (SELECT t.* FROM segmentation._things(given) AS t),
    present AS MATERIALIZED (SELECT t.* FROM segmentation._things(segmentation.definitions()) AS t),
    step AS (
      SELECT CASE WHEN p.name IS NULL THEN 'create' WHEN w.name IS NULL THEN 'drop' ELSE 'alter' END AS action, COALESCE(w.kind, p.kind) AS kind,
             COALESCE(p.name, w.name) AS name, CASE WHEN w.name IS NOT NULL THEN segmentation._filled_definition(w.kind, w.item, p.item) END AS wanted, p.item AS present
      FROM wanted AS w FULL JOIN present AS p ON p.kind = w.kind AND CASE WHEN p.kind = 'word' THEN p.name = w.name
        ELSE segmentation._fold(p.name) = segmentation._fold(w.name) END)
  SELECT s.action, s.kind, s.name, s.wanted, s.present FROM step AS s
  WHERE CASE WHEN s.wanted IS NOT NULL THEN s.wanted IS DISTINCT FROM s.present
             ELSE prune AND s.kind <> 'word' AND s.name <> 'customers' AND given -> (s.kind || 's') <> 'null' END
  ORDER BY array_position('{binding,column,word,source,attribute,segment,schedule}', s.kind), s.name <> 'customers', s.name COLLATE "C";
$$;

-- Writes a binding of a document; returns its ids.
CREATE FUNCTION segmentation._write_definition(step segmentation._definition_step) RETURNS integer[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new  segmentation.binding := jsonb_populate_record(NULL::segmentation.binding, step.wanted - '{of,kind,via,target}'::text[]);
  kind text := COALESCE(step.wanted ->> 'kind', 'customers');
BEGIN
  new.name := step.name;
  new.role := CASE kind WHEN 'fields' THEN 'source' ELSE kind END;
  IF kind = 'customers' THEN
    new.key := COALESCE(new.key, segmentation._primary_key(new.relation));
    IF new.key IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '42830', MESSAGE = format('%s has no primary key of one column', new.relation), HINT = 'Name a unique column as customers.key.';
    END IF;
    new.timezone := segmentation._time_zone(COALESCE(new.timezone, current_setting('TimeZone')));
  ELSE
    PERFORM segmentation._check_name('binding', new.name);
  END IF;
  IF kind = 'fields' AND segmentation._fold(step.wanted ->> 'of') <> 'customers' THEN
    RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'fields can only be of customers', HINT = 'Bind the table as a set, or as a source, of these rows.';
  END IF;
  IF kind = 'lookup' AND new.parent IS NOT NULL THEN
    new.value := COALESCE(step.wanted ->> 'label', segmentation._default_label(new.relation));
  END IF;
  IF kind = 'set' THEN
    new.parent := NULL;
    RETURN segmentation._write_set(new, step.wanted ->> 'of', step.wanted ->> 'via', (step.wanted ->> 'target')::regclass, step.wanted ->> 'target_key',
      step.wanted ->> 'parent', true);
  END IF;
  new := segmentation._write_binding(new, step.wanted ->> 'of', true);
  RETURN ARRAY[new.id];
END $$;

-- Writes all bindings of a document, each after the one that it hangs on, with computed columns and former names; returns their ids.
CREATE FUNCTION segmentation._write_bindings(steps segmentation._definition_step[]) RETURNS integer[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer  integer[] := '{}';
  pending segmentation._definition_step[] := ARRAY(SELECT s FROM unnest(steps) AS s WHERE s.kind = 'binding' AND s.action <> 'drop');
  later   segmentation._definition_step[];
  step    segmentation._definition_step;
  bound   segmentation.binding;
BEGIN
  WHILE pending <> '{}' LOOP
    later := '{}';
    FOREACH step IN ARRAY pending LOOP
      IF step.wanted ->> 'of' IS NOT NULL AND later || pending <> ARRAY[step]
         AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = segmentation._fold(step.wanted ->> 'of')) THEN
        later := later || step;
      ELSE
        answer := answer || segmentation._write_definition(step);
      END IF;
    END LOOP;
    -- None has what it hangs on: the first says so.
    IF later = pending THEN PERFORM segmentation._write_definition(later[1]); END IF;
    pending := later;
  END LOOP;
  FOREACH step IN ARRAY steps LOOP
    CONTINUE WHEN step.action = 'drop';
    IF step.kind = 'column' THEN
      PERFORM segmentation._check_name('column', step.wanted ->> 'name');
      bound := segmentation._bound(step.wanted ->> 'of');
      PERFORM segmentation._check_relation(bound.relation);
      PERFORM segmentation._has_computed(bound, step.wanted ->> 'name');
      PERFORM segmentation._write_column(bound, step.wanted ->> 'name', step.wanted ->> 'expression');
      answer := answer || bound.id;
    ELSIF step.kind = 'word' THEN
      PERFORM segmentation._write_word((step.wanted ->> 'relation')::regclass, step.wanted ->> 'word', step.wanted ->> 'column');
    END IF;
  END LOOP;
  RETURN ARRAY(SELECT DISTINCT i FROM unnest(answer) AS i ORDER BY i);
END $$;

-- Has rules know a column by what it was called before.
CREATE FUNCTION segmentation._write_word(relation regclass, word text, column_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = _write_word.relation AND NOT b.by_hand) THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('words.%s: it is not bound', relation), HINT = 'Words are for columns of bound tables.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped) THEN
    RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = format('words.%s.%s: column "%s" does not exist', relation, word, column_name),
      HINT = 'A word stands for a column by its present name.';
  END IF;
  -- What the table calls a column is its word anyway.
  IF word = column_name THEN RETURN; END IF;
  INSERT INTO segmentation.column_word AS w (relation, word, column_name) VALUES (relation, word, column_name)
  ON CONFLICT ON CONSTRAINT column_word_pkey DO UPDATE SET column_name = EXCLUDED.column_name;
END $$;

-- Writes sources and attributes of a document.
CREATE FUNCTION segmentation._write_words(steps segmentation._definition_step[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step segmentation._definition_step;
BEGIN
  FOREACH step IN ARRAY steps LOOP
    CONTINUE WHEN step.action = 'drop' OR step.kind NOT IN ('source', 'attribute');
    PERFORM segmentation._check_name(step.kind, step.name);
    IF step.action = 'create' THEN PERFORM segmentation._check_name_is_free(step.kind, step.name); END IF;
    IF step.kind = 'source' THEN
      PERFORM segmentation._check_renames(step.wanted -> 'renames');
      INSERT INTO segmentation.source_definition AS s (name, source, parameters, condition, description)
      VALUES (step.name, step.wanted ->> 'source', COALESCE(step.wanted -> 'renames', '{}'), step.wanted ->> 'condition', step.wanted ->> 'description')
      ON CONFLICT ON CONSTRAINT source_definition_pkey DO UPDATE
      SET source = EXCLUDED.source, parameters = EXCLUDED.parameters, condition = EXCLUDED.condition, description = EXCLUDED.description;
    ELSE
      INSERT INTO segmentation.attribute_definition AS a (name, expression, description)
      VALUES (step.name, step.wanted ->> 'expression', step.wanted ->> 'description')
      ON CONFLICT ON CONSTRAINT attribute_definition_pkey DO UPDATE SET expression = EXCLUDED.expression, description = EXCLUDED.description;
    END IF;
  END LOOP;
END $$;

-- Writes one segment of a document, without its members. Returns whether these are to be written.
CREATE FUNCTION segmentation._write_segment(step segmentation._definition_step, wait boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  next    segmentation.rule := segmentation.rule(step.wanted ->> 'rule');
  present segmentation.segment;
  kind    text := COALESCE(step.wanted ->> 'kind', 'rule');
  rests   boolean := COALESCE((step.wanted ->> 'archived')::boolean, false);
  walks   boolean := kind = 'rule' AND NOT wait AND NOT rests;
  new_id  integer;
BEGIN
  IF step.action = 'create' THEN
    PERFORM segmentation._check_name(CASE kind WHEN 'rule' THEN 'segment' ELSE kind END, step.name);
    PERFORM segmentation._check_new_segment(step.name);
    IF kind <> 'rule' THEN PERFORM segmentation._check_group(kind, step.wanted ->> 'family'); END IF;
    INSERT INTO segmentation.segment (name, kind, rule, family, archived, status, walk_id)
    VALUES (step.name, kind, next, step.wanted ->> 'family', rests, CASE WHEN walks THEN 'building' ELSE 'live' END,
      CASE WHEN walks THEN segmentation._request_walk() END)
    RETURNING segment.id INTO new_id;
    UPDATE segmentation.segment AS s SET view_name = segmentation._view_name(s.id, s.name) WHERE s.id = new_id;
    PERFORM segmentation._note_segment(new_id, step.wanted ->> 'description', ARRAY(SELECT jsonb_array_elements_text(step.wanted -> 'labels')));
    RETURN kind = 'rule' AND NOT walks AND NOT rests;
  END IF;
  present := segmentation._segment(step.name);
  IF present.kind <> kind OR segmentation._fold(present.family) IS DISTINCT FROM segmentation._fold(step.wanted ->> 'family') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('segments."%s": a %s%s stays one', present.name, present.kind,
        COALESCE(format(' of family "%s"', present.family), '')), HINT = 'Drop it first, or give the other another name.';
  END IF;
  PERFORM segmentation._note_segment(present.id, COALESCE(step.wanted ->> 'description', ''), ARRAY(SELECT jsonb_array_elements_text(step.wanted -> 'labels')));
  IF step.wanted ->> 'rule' IS NOT DISTINCT FROM step.present ->> 'rule' THEN RETURN false; END IF;
  -- The same rule in other words.
  UPDATE segmentation.segment AS s SET rule = next WHERE s.id = present.id AND s.rule OPERATOR(segmentation.=) next;
  UPDATE segmentation.alteration AS a SET rule = next WHERE a.segment_id = present.id AND a.rule OPERATOR(segmentation.=) next;
  IF segmentation.rule(step.present ->> 'rule') OPERATOR(segmentation.=) next THEN RETURN false; END IF;
  -- Back to the present rule, which another was to follow.
  IF present.rule OPERATOR(segmentation.=) next THEN
    PERFORM segmentation._drop_draft(present.id);
    RETURN false;
  END IF;
  IF next IS NULL OR walks AND NOT present.archived THEN RETURN false; END IF;
  PERFORM segmentation._drop_draft(present.id);
  UPDATE segmentation.segment AS s SET rule = next, version = s.version + 1, changed_at = now(), changed_by = SESSION_USER,
    status = 'live', walk_id = NULL
  WHERE s.id = present.id;
  RETURN NOT present.archived AND NOT rests;
END $$;

-- Takes away what a document leaves out: each when nothing needs it any more. What goes on being needed says so.
CREATE FUNCTION segmentation._prune(steps segmentation._definition_step[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pending segmentation._definition_step[] := ARRAY(SELECT s FROM unnest(steps) AS s WHERE s.action = 'drop'
    ORDER BY array_position('{schedule,segment,attribute,source,column,binding}', s.kind));
  later   segmentation._definition_step[];
  step    segmentation._definition_step;
BEGIN
  WHILE pending <> '{}' LOOP
    later := '{}';
    FOREACH step IN ARRAY pending LOOP
      BEGIN
        PERFORM segmentation._drop_definition(step);
      EXCEPTION WHEN dependent_objects_still_exist THEN
        later := later || step;
      END;
    END LOOP;
    IF later = pending THEN PERFORM segmentation._drop_definition(later[1]); END IF;
    pending := later;
  END LOOP;
END $$;

CREATE FUNCTION segmentation._drop_definition(step segmentation._definition_step) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  CASE step.kind
    WHEN 'schedule' THEN PERFORM segmentation_internal.schedule_forecasts(NULL);
    WHEN 'segment' THEN PERFORM segmentation_internal.drop_segment(step.name, false);
    WHEN 'attribute' THEN PERFORM segmentation_internal.drop_attribute(step.name);
    WHEN 'source' THEN PERFORM segmentation_internal.drop_source(step.name);
    WHEN 'column' THEN
      -- It may have gone with its binding.
      IF EXISTS (SELECT FROM segmentation.binding AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.id
                 WHERE b.name = step.present ->> 'of' AND c.name = step.present ->> 'name') THEN
        PERFORM segmentation_internal.unbind(step.name);
      END IF;
    ELSE PERFORM segmentation_internal.unbind(step.name);
  END CASE;
END $$;

-- Tells whether steps are about descriptions and labels of segments alone.
CREATE FUNCTION segmentation._are_notes(steps segmentation._definition_step[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN NOT EXISTS (SELECT FROM unnest(steps) AS s WHERE s.kind <> 'segment' OR s.action <> 'alter'
  OR s.wanted - '{description,labels}'::text[] <> s.present - '{description,labels}'::text[]);

-- Tells whether rules that are there may mean something else by other steps than theirs.
CREATE FUNCTION segmentation._change_words(steps segmentation._definition_step[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM segmentation.segment) AND EXISTS (SELECT FROM unnest(steps) AS s WHERE s.kind NOT IN ('segment', 'schedule') AND s.action <> 'drop'
  AND (s.action = 'alter' OR segmentation._rules_may_read(COALESCE(s.wanted ->> 'word', s.wanted ->> 'name', s.name))));

-- Tells whether a segment's next members hang on its own step alone, so that they can be counted before.
CREATE FUNCTION segmentation._is_apart(steps segmentation._definition_step[], segment text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN NOT segmentation._change_words(steps) AND NOT (
  EXISTS (SELECT FROM unnest(steps) AS s WHERE s.kind = 'segment' AND s.action = 'alter' AND s.name <> segment)
  AND EXISTS (SELECT FROM (SELECT s.wanted ->> 'rule' FROM unnest(steps) AS s WHERE s.kind = 'segment' AND s.name = segment
                           UNION ALL SELECT a.expression FROM segmentation.attribute_definition AS a) AS r(text)
              WHERE r.text ~* 'segments|memberships|customer_groups|customer_tags'));

-- Makes definitions as a document says, alone with the gate.
CREATE FUNCTION segmentation._apply(given jsonb, prune boolean, wait boolean) RETURNS SETOF segmentation._definition_step
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  steps    segmentation._definition_step[];
  step     segmentation._definition_step;
  known    text[];
  others   boolean;         -- rules that are there may mean something else afterwards
  ids      integer[];       -- of bindings
  made     integer[] := '{}'; -- segments
  changed  integer[] := '{}';
BEGIN
  steps := ARRAY(SELECT s FROM segmentation._definition_steps(given, prune) AS s);
  IF segmentation._are_notes(steps) THEN
    PERFORM segmentation._write_segment(s, wait) FROM unnest(steps) AS s;
    RETURN QUERY SELECT s.* FROM unnest(steps) AS s;
    RETURN;
  END IF;
  PERFORM segmentation._check_relation(s.relation), segmentation._check_ownership(s.relation) FROM segmentation._relations_of(steps, 'wanted') AS s;
  PERFORM segmentation._check_ownership(s.relation) FROM segmentation._relations_of(steps, 'present') AS s;
  PERFORM segmentation._tell_users(segmentation._segment(s.name), segmentation.rule(s.wanted ->> 'rule'), segmentation._is_apart(steps, s.name)) FROM unnest(steps) AS s
  WHERE s.kind = 'segment' AND s.action = 'alter' AND s.wanted ->> 'rule' IS DISTINCT FROM s.present ->> 'rule' AND s.wanted ? 'rule';
  PERFORM segmentation._wait_for_marks();
  PERFORM segmentation._lock_definitions(ARRAY(SELECT w.relation FROM segmentation._relations_of(steps, 'wanted') AS w),
    ARRAY(SELECT p.relation FROM segmentation._relations_of(steps, 'present') AS p EXCEPT SELECT w.relation FROM segmentation._relations_of(steps, 'wanted') AS w));
  PERFORM segmentation._follow_columns();
  -- Somebody may have been there while this one waited.
  steps := ARRAY(SELECT s FROM segmentation._definition_steps(given, prune) AS s);
  IF steps = '{}' THEN RETURN; END IF;
  known := segmentation._problems();
  others := segmentation._change_words(steps);

  ids := segmentation._write_bindings(steps);
  IF NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.role = 'customers') THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'customers are not bound', HINT = 'Say what they are in customers.';
  END IF;
  -- Where members are stored must be there before segments are.
  IF segmentation._key_type() IS NULL THEN
    PERFORM segmentation._check_binding(b.id, true), segmentation._make_storage(b) FROM segmentation.binding AS b WHERE b.role = 'customers';
  END IF;
  PERFORM segmentation._write_words(steps);
  IF EXISTS (SELECT FROM segmentation.forecast_in_force)
     AND NOT EXISTS (SELECT FROM segmentation.attribute_definition AS a WHERE segmentation._fold(a.name) = 'forecast_purchases') THEN
    PERFORM segmentation._forget_forecasts();
  END IF;
  FOREACH step IN ARRAY steps LOOP
    CONTINUE WHEN step.kind <> 'segment' OR step.action = 'drop';
    IF segmentation._write_segment(step, wait) THEN
      IF step.action = 'create' THEN made := made || segmentation._segment_id(step.name);
      ELSE changed := changed || segmentation._segment_id(step.name);
      END IF;
    END IF;
    IF COALESCE(step.present -> 'archived' = 'true', false) AND NOT step.wanted ? 'archived' THEN
      changed := changed || segmentation._revive(segmentation._segment(step.name), wait);
    END IF;
  END LOOP;
  IF ids <> '{}' THEN
    PERFORM segmentation._settle_bindings(known, ids, ARRAY(SELECT p.relation FROM segmentation._relations_of(steps, 'present') AS p
      WHERE NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = p.relation)), false);
  ELSE
    PERFORM segmentation._check_sound(known);
  END IF;
  FOREACH step IN ARRAY steps LOOP
    CONTINUE WHEN step.kind <> 'segment' OR step.action <> 'alter' OR wait OR step.present ? 'archived' OR step.wanted ? 'archived';
    IF segmentation.rule(step.wanted ->> 'rule') OPERATOR(segmentation.<>) ALL (SELECT segmentation.rule(step.present ->> 'rule')
         UNION ALL SELECT s.rule FROM segmentation.segment AS s WHERE s.name = step.name) THEN
      PERFORM segmentation._alter_by_walk(segmentation._segment(step.name), segmentation.rule(step.wanted ->> 'rule'));
    END IF;
  END LOOP;

  IF others AND wait THEN PERFORM segmentation._rewrite_members();
  ELSIF others THEN
    UPDATE segmentation.definition_version SET shrunk = version;
    PERFORM segmentation._follow_purchases(), segmentation._queue_everyone(false);
  END IF;
  IF NOT (others AND wait) AND made || changed <> '{}' THEN
    PERFORM segmentation._write(ARRAY(SELECT DISTINCT u FROM unnest(made || changed
      || ARRAY(SELECT d FROM unnest(changed) AS c, unnest(segmentation._dependents(c)) AS d)) AS u ORDER BY u), true);
  END IF;
  PERFORM segmentation._date_version(c) FROM unnest(changed) AS c;
  -- Nobody came to what is new because of a change.
  DELETE FROM segmentation.definition_change AS c WHERE c.segment_id = ANY (made);
  IF changed <> '{}' OR others THEN PERFORM segmentation._walk_again(); END IF;
  PERFORM segmentation._archive(s.name) FROM unnest(steps) AS s WHERE s.kind = 'segment' AND s.action = 'alter' AND s.wanted ? 'archived' AND NOT s.present ? 'archived';
  PERFORM segmentation_internal.schedule_forecasts((s.wanted ->> 'every')::interval, (s.wanted ->> 'at')::time, (s.wanted ->> 'horizon')::interval,
    (s.wanted ->> 'holdout')::interval, (s.wanted ->> 'high_percentile')::float8, (s.wanted ->> 'low_percentile')::float8)
  FROM unnest(steps) AS s WHERE s.kind = 'schedule' AND s.action <> 'drop';
  PERFORM segmentation._prune(steps);
  PERFORM segmentation._follow_views();
  PERFORM segmentation._warn_of_clock(m.name, m.rule) FROM (
    SELECT s.name, s.rule FROM segmentation.segment AS s JOIN unnest(steps) AS t ON t.kind = 'segment' AND t.name = s.name
    WHERE s.rule IS NOT NULL AND NOT s.archived AND segmentation._moves(s.rule) ORDER BY s.name LIMIT 1) AS m;
  RETURN QUERY SELECT s.* FROM unnest(steps) AS s;
END $$;

-- Returns the relations that steps are about, of what is wanted or of what there is.
CREATE FUNCTION segmentation._relations_of(steps segmentation._definition_step[], side text, OUT relation regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT r.relation::regclass
  FROM unnest(steps) AS s, LATERAL (SELECT CASE side WHEN 'wanted' THEN s.wanted ELSE s.present END) AS d(item),
    LATERAL (SELECT d.item ->> 'relation' UNION ALL SELECT d.item ->> 'target') AS r(relation)
  WHERE s.kind = 'binding' AND to_regclass(r.relation) IS NOT NULL ORDER BY 1;
$$;

CREATE FUNCTION segmentation.apply_definitions(definitions jsonb, prune boolean DEFAULT false, dry_run boolean DEFAULT false, wait boolean DEFAULT true)
RETURNS TABLE (action text, kind text, name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM segmentation._check_wait(apply_definitions.wait);
  IF apply_definitions.prune IS NULL OR apply_definitions.dry_run IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'prune and dry_run must not be null', HINT = 'Say true or false.';
  END IF;
  PERFORM segmentation._check_definitions(apply_definitions.definitions);
  IF apply_definitions.dry_run THEN
    RETURN QUERY SELECT s.action, s.kind, s.name FROM segmentation._definition_steps(apply_definitions.definitions, apply_definitions.prune) AS s;
  ELSE
    RETURN QUERY SELECT s.action, s.kind, s.name FROM segmentation._apply(apply_definitions.definitions, apply_definitions.prune, apply_definitions.wait) AS s;
  END IF;
END $$;
COMMENT ON FUNCTION segmentation.apply_definitions(jsonb, boolean, boolean, boolean) IS
  'Makes what is bound and defined as a document of definitions says: creates what is missing, alters what differs, leaves alone what is equal, and with '
  'prune drops what its sections leave out. Returns what it did, or with dry_run would do: action, kind and name. Everyone is judged once, at the '
  'end; with wait => false the worker, tick() or build_segment writes the members. Where nothing differs it locks nothing; else until the transaction ends as '
  'the calls that define: SHARE ROW EXCLUSIVE on the tables that are bound and on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';
