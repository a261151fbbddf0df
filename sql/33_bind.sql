-- Binding: where the shop's data is. Each call writes its row first and has it checked together with
-- everything that hangs on it; an error takes the whole call back, so nothing is left behind.

-- Tells whether this transaction has taken the definition gate already.
CREATE FUNCTION segmentation._holds_gate() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
    AND l.relation = 'segmentation.segment'::regclass AND l.mode = 'ShareRowExclusiveLock'
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()));
$$;

-- Takes the definition gate: definitions change one at a time, and not while members are written; first the relations
-- that are to be bound, or bound otherwise, whose writers must be done: what they changed before its triggers were there, nobody
-- has noted. Waits 3 s at most unless lock_timeout is set, so that a forgotten transaction does not hold the shop's writers
-- behind this one. With a relation in hand it hardly waits for another, but lets go of it and waits for that one first: a writer who
-- has that and wants this must not be the one who is taken for the deadlock.
-- `released` are relations that lose their triggers.
CREATE FUNCTION segmentation._lock_definitions(relations regclass[], released regclass[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before   text := current_setting('lock_timeout');
  patience interval := CASE before WHEN '0' THEN '3 s' ELSE before END::interval;
  brief    interval := least('200 ms'::interval, current_setting('deadlock_timeout')::interval / 4);
  deadline timestamptz := clock_timestamp() + patience;
  -- After an earlier definition of this transaction a commit may wait for the gate with a relation: no waiting then.
  at_once  boolean := segmentation._holds_gate();
  wanted   regclass;
  item     record;
BEGIN
  LOOP
    BEGIN
      FOR item IN
        SELECT w.relation, min(w.mode) AS mode, row_number() OVER (ORDER BY w.relation IS DISTINCT FROM wanted, w.relation) AS n
        FROM (SELECT r.relation, 'SHARE ROW EXCLUSIVE' FROM unnest(relations) AS r(relation)
              UNION ALL SELECT r.relation, 'ACCESS EXCLUSIVE' FROM unnest(released) AS r(relation)) AS w(relation, mode)
        WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = w.relation) GROUP BY w.relation ORDER BY n
      LOOP
        wanted := item.relation;
        PERFORM set_config('lock_timeout', (1 + ceil(1000 * greatest(0, extract(epoch FROM
          least(deadline - clock_timestamp(), CASE WHEN item.n > 1 THEN brief END)))))::text, true);
        EXECUTE format('LOCK TABLE %s IN %s MODE%s', item.relation, item.mode, CASE WHEN at_once THEN ' NOWAIT' ELSE '' END);
      END LOOP;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      IF at_once OR clock_timestamp() >= deadline THEN RAISE; END IF;
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', extract(epoch FROM patience) * 1000 || 'ms', true);
  PERFORM segmentation._open_definitions();
  PERFORM set_config('lock_timeout', before, true);
END $$;

-- The gate alone, with whatever lock_timeout there is. Raises 40001 where definitions have changed behind this
-- transaction's snapshot. `segment` is one whose view will be dropped or made anew.
CREATE FUNCTION segmentation._open_definitions(segment text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A commit of the shop that has these waits for the gate; so nobody may want these who has the gate.
  PERFORM segmentation._lock_before_gate((SELECT s.view_name FROM segmentation.segment AS s
    WHERE segmentation._fold(s.name) = segmentation._fold(segment)), segmentation._holds_gate());
  LOCK TABLE segmentation.segment IN SHARE ROW EXCLUSIVE MODE;
  -- Segments that came from a dump with triggers disabled may be of versions that were never counted here.
  UPDATE segmentation.definition_version AS v
  SET version = GREATEST(v.version, (SELECT max(s.built) FROM segmentation.segment AS s)) + 1;
END $$;

-- Returns what is broken as it stands, as "attribute NAME", "source NAME" and "segment NAME": definitions that have lost a
-- column, a segment or an attribute that they read, and what reads those. NULL where a binding itself is broken,
-- so that nothing can be judged. Whoever changes definitions asks before, and calls _check_sound with the answer after.
-- With check_only it is that check: raises the first problem that is not in `known`; NULL there tolerates all but `own`.
CREATE FUNCTION segmentation._problems(check_only boolean DEFAULT false, known text[] DEFAULT NULL,
  own text DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text[] := '{}';
  place  text;
  item   record;
BEGIN
  -- One problem is reported at a time: what has it is taken away for a moment, and the rest is checked again.
  LOOP
    BEGIN
      PERFORM segmentation._check_bindings();
      EXIT;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS place = PG_EXCEPTION_CONTEXT;
      -- Syntax, data, features, states: faults of definitions. The rest is the server's.
      IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '55', '54') THEN RAISE; END IF;
      SELECT k.kind, k.name INTO item
      FROM (SELECT 'attribute' AS kind, a.name FROM segmentation.attribute_definition AS a
            UNION ALL
            SELECT 'source', d.name FROM segmentation.source_definition AS d
            UNION ALL
            SELECT 'segment', s.name FROM segmentation.segment AS s) AS k
      WHERE starts_with(place, format('%s "%s"', k.kind, k.name))
         OR starts_with(place, format('rule of %s "%s"', k.kind, k.name))
      ORDER BY char_length(k.name) DESC LIMIT 1;
      IF item IS NULL AND NOT check_only THEN
        answer := NULL;
        EXIT;
      END IF;
      IF check_only AND (item IS NULL OR item.kind || ' ' || item.name = own
                         OR NOT COALESCE(item.kind || ' ' || item.name = ANY (known), true)) THEN
        RAISE;
      END IF;
    END;
    answer := answer || (item.kind || ' ' || item.name);
    DELETE FROM segmentation.attribute_definition AS a WHERE item.kind = 'attribute' AND a.name = item.name;
    DELETE FROM segmentation.source_definition AS d WHERE item.kind = 'source' AND d.name = item.name;
    DELETE FROM segmentation.segment AS s WHERE item.kind = 'segment' AND s.name = item.name;
  END LOOP;
  IF answer = '{}' THEN RETURN answer; END IF;
  RAISE EXCEPTION USING ERRCODE = 'SG000', MESSAGE = 'this was a question, not an answer';
EXCEPTION WHEN SQLSTATE 'SG000' THEN
  RETURN answer;
END $$;

-- Raises the first problem that was not there before: neither in `known`, which _problems returned then, nor in
-- `own`, what is being defined.
CREATE FUNCTION segmentation._check_sound(known text[], own text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF known = '{}' THEN PERFORM segmentation._check_bindings();
  ELSE PERFORM segmentation._problems(true, known, own);
  END IF;
END $$;

-- Brings members up to date after a definition has changed under existing segments. Broken ones keep theirs.
CREATE FUNCTION segmentation._rewrite_members() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  broken   text[] := segmentation._problems();
  everyone integer[] := ARRAY(SELECT i.id FROM segmentation.segment AS s, LATERAL (SELECT s.id
      UNION ALL SELECT a.draft_id FROM segmentation.alteration AS a WHERE a.segment_id = s.id) AS i(id)
    WHERE NOT s.archived AND NOT COALESCE('segment ' || s.name = ANY (broken), false) ORDER BY i.id);
BEGIN
  PERFORM segmentation._follow_purchases();
  IF everyone <> '{}' THEN PERFORM segmentation._write(everyone, true); END IF;
END $$;

-- The same after a binding has changed, whose table's writers wait: more than segmentation.commit_limit customers are left to a walk.
CREATE FUNCTION segmentation._rewrite_members_soon() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most text := current_setting('segmentation.commit_limit');
  many boolean;
BEGIN
  PERFORM segmentation._follow_purchases();
  IF NOT EXISTS (SELECT FROM segmentation.segment) THEN RETURN; END IF;
  SELECT (segmentation._read_as(segmentation._reader(), format(
    'SELECT count(*) > %1$s FROM (SELECT FROM %2$s LIMIT %1$s::bigint + 1) AS c', most, b.relation)))[1]::boolean INTO STRICT many
  FROM segmentation.binding AS b WHERE b.role = 'customers';
  IF NOT many THEN
    PERFORM segmentation._rewrite_members();
    RETURN;
  END IF;
  UPDATE segmentation.definition_version SET shrunk = version; -- what is kept of measures may mean something else
  PERFORM segmentation._queue_everyone(false);
END $$;

-- Has a binding as it is to be, alone. `of` is the binding that it hangs on, NULL for customers; `computed` are columns that it is made with.
CREATE FUNCTION segmentation._save_binding(new segmentation.binding, of text, replace boolean, computed jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known text[];
  old   segmentation.binding;
BEGIN
  PERFORM segmentation._open_binding(new, replace);
  known := segmentation._problems();
  SELECT b.* INTO old FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = segmentation._fold(new.name);
  new := segmentation._write_binding(new, of, replace, computed);
  PERFORM segmentation._settle_bindings(known, ARRAY[new.id], ARRAY[old.relation], old.id IS NOT NULL);
END $$;

-- Raises unless the caller may bind this relation under this name, and waits for its writers and for those of the relation that has
-- the name now.
CREATE FUNCTION segmentation._open_binding(new segmentation.binding, replace boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF replace IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'replace must not be null',
      HINT = 'Say true or false.';
  END IF;
  IF new.role <> 'customers' THEN
    PERFORM segmentation._check_name('binding', new.name);
  END IF;
  PERFORM segmentation._check_relation(new.relation);
  -- Before it is locked.
  PERFORM segmentation._check_ownership(b.relation) FROM segmentation.binding AS b
  WHERE replace AND segmentation._fold(b.name) = segmentation._fold(new.name);
  PERFORM segmentation._lock_definitions(ARRAY[new.relation], ARRAY(
    SELECT b.relation FROM segmentation.binding AS b
    WHERE replace AND segmentation._fold(b.name) = segmentation._fold(new.name) AND b.relation <> new.relation));
  PERFORM segmentation._follow_columns();
END $$;

-- Writes one row of the catalog and returns it. What it says of columns is not checked yet.
CREATE FUNCTION segmentation._write_binding(new segmentation.binding, of text, replace boolean, computed jsonb DEFAULT NULL) RETURNS segmentation.binding
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old    segmentation.binding;
  parent segmentation.binding;
BEGIN
  SELECT b.* INTO old FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = segmentation._fold(new.name);
  IF old.id IS NULL OR NOT replace THEN
    PERFORM segmentation._check_name_is_free('binding', new.name);
  ELSIF old.role <> new.role THEN
    RAISE EXCEPTION USING ERRCODE = '42809',
      MESSAGE = format('binding "%s" is a %s, not a %s', old.name, old.role, new.role),
      HINT = format('Call segmentation.unbind(%L) first.', old.name);
  END IF;
  new.id := old.id;

  IF new.role <> 'customers' THEN
    IF of IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'of must not be null',
        HINT = 'Name the binding that the rows belong to.';
    END IF;
    parent := segmentation._bound(of);
    PERFORM segmentation._check_place(new, parent);
    new.of_id := parent.id;
    IF new.key IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('key of "%s" must not be null', new.name),
        HINT = CASE new.role WHEN 'lookup' THEN format('Name the column of "%s" that refers to the lookup''s '
          'rows.', parent.name)
                             ELSE format('Name the column that refers to the rows of "%s".', parent.name) END;
    END IF;
    IF new.role = 'lookup' THEN
      new.lookup_key := COALESCE(new.lookup_key, segmentation._default_key(new, 'lookup_key'));
    ELSE
      new.of_key := COALESCE(new.of_key, segmentation._default_key(parent, 'of_key'));
    END IF;
  END IF;

  -- Columns may be called what they were called before; kept are their names.
  IF new.role = 'lookup' THEN
    new.key := segmentation._column_named(parent.relation, new.key);
  ELSE
    new.key := segmentation._column_named(new.relation, new.key);
    new.of_key := segmentation._column_named(parent.relation, new.of_key);
  END IF;
  new.lookup_key := segmentation._column_named(new.relation, new.lookup_key);
  new.parent := segmentation._column_named(new.relation, new.parent);
  new.date := segmentation._column_named(new.relation, new.date);
  new.value := segmentation._column_named(new.relation, new.value);
  new.field := segmentation._column_named(new.relation, new.field);

  IF new.parent IS NOT NULL AND old.parent IS NULL THEN
    PERFORM segmentation._check_name_is_free('binding', segmentation._path_name(new.name, new.of_id));
  END IF;
  IF old.id IS NULL THEN
    INSERT INTO segmentation.binding (name, role, relation, of_id, key, of_key, lookup_key, parent, date, value,
      field, condition, timezone)
    VALUES (new.name, new.role, new.relation, new.of_id, new.key, new.of_key, new.lookup_key, new.parent, new.date,
      new.value, new.field, new.condition, new.timezone)
    RETURNING binding.id INTO new.id;
  ELSE
    UPDATE segmentation.binding AS b
    SET name = new.name, relation = new.relation, of_id = new.of_id, key = new.key, of_key = new.of_key,
      lookup_key = new.lookup_key, parent = new.parent,
        date = new.date, value = new.value, field = new.field, condition = new.condition,
        timezone = new.timezone
    WHERE b.id = new.id;
  END IF;
  PERFORM segmentation._follow_columns();
  PERFORM segmentation._save_columns(new, computed, replace);
  RETURN new;
END $$;

-- Tells whether a rule may read a word, the first of a name, that has just been given a meaning: as a column it may have had another, and
-- customer_groups and customer_tags stand for what is kept by hand where the shop has nothing of that name.
CREATE FUNCTION segmentation._rules_may_read(name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM (SELECT segmentation.rule_source(s.rule) FROM segmentation.segment AS s
               UNION ALL SELECT segmentation.rule_source(a.rule) FROM segmentation.alteration AS a
               UNION ALL SELECT a.expression FROM segmentation.attribute_definition AS a
                 WHERE segmentation._fold(a.name) <> segmentation._fold(_rules_may_read.name)) AS r(source)
  WHERE strpos(segmentation._fold(r.source), (regexp_match(segmentation._fold(name), '[^ ."]+'))[1]) > 0);

-- Tells whether bindings bring the shop's own customer_groups or customer_tags into rules that name these lists.
CREATE FUNCTION segmentation._bring_lists(ids integer[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM segmentation.binding AS b, LATERAL (
      SELECT b.name UNION ALL SELECT c.name FROM segmentation.binding_column AS c WHERE c.binding_id = b.id
      UNION ALL SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = b.relation AND a.attnum > 0 AND NOT a.attisdropped) AS w(name)
  WHERE b.id = ANY (ids) AND segmentation._fold(w.name) IN ('customer_groups', 'customer_tags') AND segmentation._rules_may_read(w.name));

-- Checks bindings that were written, together with everything that hangs on them, and has capture, members and views follow. `known` is what
-- was broken before (_problems), `released` are relations that they had before.
CREATE FUNCTION segmentation._settle_bindings(known text[], ids integer[], released regclass[], replaced boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  this  segmentation.binding;
  child integer;
  extra record;
BEGIN
  FOR this IN SELECT b.* FROM segmentation.binding AS b WHERE b.id = ANY (ids) ORDER BY b.id LOOP
    PERFORM segmentation._check_binding(this.id, true);
    IF this.role = 'customers' THEN
      PERFORM segmentation._make_storage(this);
      FOR extra IN SELECT b.relation, c.relowner FROM segmentation.binding AS b, pg_class AS c
                   WHERE b.id <> this.id AND c.oid = this.relation LOOP
        PERFORM segmentation._check_visible(extra.relation, extra.relowner);
      END LOOP;
    END IF;
    FOR child IN SELECT b.id FROM segmentation.binding AS b WHERE b.of_id = this.id AND b.id <> ALL (ids) ORDER BY b.id LOOP
      PERFORM segmentation._check_binding(child, false);
    END LOOP;
  END LOOP;
  PERFORM segmentation._check_computed();
  PERFORM segmentation._check_sound(known);
  -- Making triggers fires event triggers, which look at all that is bound.
  PERFORM segmentation._install_capture(b.relation) FROM segmentation.binding AS b WHERE b.id = ANY (ids);
  PERFORM segmentation._remove_capture(r.relation) FROM unnest(released) AS r(relation)
  WHERE r.relation IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.id = ANY (ids) AND b.relation = r.relation);
  IF replaced OR segmentation._bring_lists(ids) THEN PERFORM segmentation._rewrite_members_soon(); END IF;
  PERFORM segmentation._follow_views();
END $$;

-- Raises 42P17 unless a binding of this role may hang where it is put.
CREATE FUNCTION segmentation._check_place(new segmentation.binding, parent segmentation.binding) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  above integer := parent.id;
BEGIN
  WHILE above IS NOT NULL LOOP
    IF above = new.id THEN
      RAISE EXCEPTION USING ERRCODE = '42P17',
        MESSAGE = CASE WHEN parent.id = new.id THEN format('binding "%s" cannot be of itself', new.name)
                       ELSE format('binding "%s" cannot be of "%s", which hangs on it', new.name,
                         parent.name) END,
        HINT = 'Every binding leads to customers, step by step.';
    END IF;
    SELECT b.of_id INTO STRICT above FROM segmentation.binding AS b WHERE b.id = above;
  END LOOP;
  IF parent.role = 'set' AND new.role <> 'lookup' THEN
    RAISE EXCEPTION USING ERRCODE = '42P17',
      MESSAGE = format('"%s" is a set, and only facts about its rows can hang on it', parent.name),
      HINT = 'Name customers, a source or a lookup as of; what describes a set''s rows is a lookup.';
  END IF;
  IF new.role = 'source' AND parent.role = 'lookup' THEN
    RAISE EXCEPTION USING ERRCODE = '42P17',
      MESSAGE = format('source "%s" does not lead to customers: "%s" is a lookup, whose rows belong to no '
        'customer', new.name, parent.name),
      HINT = 'Name customers or a source as of; what describes a lookup''s rows is a lookup or a set.';
  END IF;
END $$;

CREATE FUNCTION segmentation.bind_customers(
  relation regclass, key name DEFAULT NULL, timezone text DEFAULT NULL, condition text DEFAULT NULL,
  replace boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new  segmentation.binding;
  keys text[];
BEGIN
  new.name := 'customers';
  new.role := 'customers';
  new.relation := bind_customers.relation;
  new.condition := bind_customers.condition;
  PERFORM segmentation._check_relation(new.relation);
  new.key := COALESCE(bind_customers.key, segmentation._primary_key(new.relation));
  IF new.key IS NULL THEN
    keys := ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                  WHERE a.attrelid = new.relation AND a.attnum > 0 AND a.attnotnull
                    AND segmentation._unique_by_index(new.relation, a.attname)
                  ORDER BY a.attnum);
    RAISE EXCEPTION USING ERRCODE = '42830',
      MESSAGE = format('%s has no primary key of one column', new.relation),
      HINT = CASE WHEN keys <> '{}'
                  THEN format('Name a unique column: segmentation.bind_customers(%L, key => %L).',
                    new.relation::text, keys[1])
                  ELSE format('ALTER TABLE %s ADD PRIMARY KEY (...), or make a NOT NULL column unique and '
                    'name it as key.', new.relation) END;
  END IF;
  -- A session's zone is not the shop's: whoever binds anew for another reason has not said that it changes.
  new.timezone := segmentation._time_zone(COALESCE(bind_customers.timezone,
    (SELECT b.timezone FROM segmentation.binding AS b WHERE b.role = 'customers' AND bind_customers.replace), current_setting('TimeZone')));
  PERFORM segmentation._save_binding(new, NULL, bind_customers.replace);
END $$;
COMMENT ON FUNCTION segmentation.bind_customers(regclass, name, text, text, boolean) IS
  'Binds the table of customers: one row each, a key of type smallint, integer, bigint, uuid, text or '
  'varchar (default: the primary key), the shop''s IANA time zone (default: the server''s, with replace what it was). Creates '
  'segmentation.membership. Locks: SHARE ROW EXCLUSIVE on the table and on segmentation.segment, '
  'and with replace ACCESS EXCLUSIVE on views that are made anew.';

-- Returns an IANA time zone's name as the server spells it. Raises 22023 for anything else.
CREATE FUNCTION segmentation._time_zone(name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text;
BEGIN
  SELECT z.name INTO answer FROM pg_timezone_names AS z
  WHERE segmentation._fold(z.name) = segmentation._fold(_time_zone.name) AND z.name !~ '^(posix|right)/'
    AND z.name NOT IN ('Factory', 'localtime', 'posixrules')
  LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('time zone "%s" is not an IANA time zone', name),
      HINT = 'Use a name such as Europe/Sofia; view pg_timezone_names has them all.';
  END IF;
  RETURN answer;
END $$;

CREATE FUNCTION segmentation.bind_source(
  name text, relation regclass, key name, of text DEFAULT 'customers', of_key name DEFAULT NULL,
  date name DEFAULT NULL, condition text DEFAULT NULL, replace boolean DEFAULT false, computed jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new segmentation.binding;
BEGIN
  new.name := bind_source.name;
  new.role := 'source';
  new.relation := bind_source.relation;
  new.key := bind_source.key;
  new.of_key := bind_source.of_key;
  new.date := bind_source.date;
  new.condition := bind_source.condition;
  PERFORM segmentation._save_binding(new, bind_source.of, bind_source.replace, bind_source.computed);
END $$;
COMMENT ON FUNCTION segmentation.bind_source(text, regclass, name, text, name, name, text, boolean, jsonb) IS
  'Binds rows of a customer (orders, carts, page views) or rows of another source (order items): key refers '
  'to of_key of the binding named by of (default: its primary key). computed gives it computed columns as bind_column does, an object of '
  'expressions by name: key and date may be among them. Locks: SHARE ROW EXCLUSIVE on the table, SHARE '
  'ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';

CREATE FUNCTION segmentation.bind_lookup(
  name text, relation regclass, of text, key name, lookup_key name DEFAULT NULL, parent name DEFAULT NULL,
  label name DEFAULT NULL, condition text DEFAULT NULL, replace boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new segmentation.binding;
BEGIN
  IF bind_lookup.parent IS NULL AND bind_lookup.label IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('a lookup without a parent has no label'),
      HINT = 'label is the column with the names of a tree''s rows; parent is the one that refers to the row above.';
  END IF;
  new.name := bind_lookup.name;
  new.role := 'lookup';
  new.relation := bind_lookup.relation;
  new.key := bind_lookup.key;
  new.lookup_key := bind_lookup.lookup_key;
  new.parent := bind_lookup.parent;
  IF new.parent IS NOT NULL THEN
    PERFORM segmentation._check_relation(new.relation);
    new.value := COALESCE(bind_lookup.label, segmentation._default_label(new.relation));
  END IF;
  new.condition := bind_lookup.condition;
  PERFORM segmentation._save_binding(new, bind_lookup.of, bind_lookup.replace);
END $$;
COMMENT ON FUNCTION segmentation.bind_lookup(text, regclass, text, name, name, name, name, text, boolean) IS
  'Binds facts about the rows of another binding, one row for many (products behind items, a category behind '
  'a product): key, a column of the binding named by of, refers to lookup_key (default: the primary key), '
  'which must be unique. With parent, the column that refers to lookup_key of the row above, the rows are a tree, and NAME.path is '
  'the list of the names of a row and of all above it; label is the column with the names (default: name, title or label). Locks: SHARE ROW EXCLUSIVE on the table and on segmentation.segment, '
  'and ACCESS EXCLUSIVE on views that are made anew.';

CREATE FUNCTION segmentation.bind_fields(
  name text, relation regclass, key name, field name, value name, of text DEFAULT 'customers',
  of_key name DEFAULT NULL, condition text DEFAULT NULL, replace boolean DEFAULT false, computed jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new segmentation.binding;
BEGIN
  IF bind_fields.field IS NULL OR bind_fields.value IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = format('%s of fields must not be null', CASE WHEN field IS NULL THEN 'field' ELSE 'value' END),
      HINT = 'Name the columns that hold the fields'' names and values.';
  END IF;
  IF segmentation._fold(bind_fields.of) <> 'customers' THEN
    RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'fields can only be of customers',
      HINT = 'Bind the table as a set, or as a source, of these rows.';
  END IF;
  new.name := bind_fields.name;
  new.role := 'source';
  new.relation := bind_fields.relation;
  new.key := bind_fields.key;
  new.of_key := bind_fields.of_key;
  new.field := bind_fields.field;
  new.value := bind_fields.value;
  new.condition := bind_fields.condition;
  PERFORM segmentation._save_binding(new, bind_fields.of, bind_fields.replace, bind_fields.computed);
END $$;
COMMENT ON FUNCTION segmentation.bind_fields(text, regclass, name, name, name, text, name, text, boolean, jsonb) IS
  'Binds extra fields kept as rows of a key, a field''s name and its value: each field is the attribute '
  'name.field at once, without a definition. A value of type text or jsonb is read as what a rule compares it '
  'with. A customer has each field once, by a unique index or by the rows as they are. computed as of bind_source. Locks: SHARE ROW EXCLUSIVE on '
  'the table, SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on views that are made anew.';
