-- What people say by hand: groups and tags, whose members they put in one by one, and whom they put into a rule's segment or keep out
-- whatever the rule says. Each such word is a row of segmentation.by_hand, which is bound like a table of the shop's; so it reaches members
-- as an order does, and all that is asked of segments knows of it. Only the first word about a rule's segment changes its definition.
-- All of it is written by the rights of the customers' owner.

-- Raises unless a group or tag may be made.
CREATE FUNCTION segmentation._check_group(kind text, family text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF kind IS NULL OR kind NOT IN ('group', 'tag') THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = COALESCE(format('kind "%s" is unknown', kind), 'kind must not be null'),
      HINT = 'Say ''group'' or ''tag''.';
  END IF;
  IF family IS NOT NULL THEN PERFORM segmentation._check_name('family', family); END IF;
END $$;

CREATE FUNCTION segmentation.create_group(name text, description text DEFAULT NULL, kind text DEFAULT 'group', family text DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_id integer;
BEGIN
  PERFORM segmentation._check_group(create_group.kind, create_group.family);
  PERFORM segmentation._check_name(create_group.kind, create_group.name);
  PERFORM segmentation._check_new_segment(create_group.name);
  PERFORM segmentation._open_definitions();
  PERFORM segmentation._check_new_segment(create_group.name);
  INSERT INTO segmentation.segment (name, kind, family) VALUES (create_group.name, create_group.kind, create_group.family)
  RETURNING id INTO new_id;
  PERFORM segmentation._note_segment(new_id, create_group.description);
  UPDATE segmentation.segment AS s SET view_name = segmentation._view_name(new_id, create_group.name) WHERE s.id = new_id;
  PERFORM segmentation._follow_views(new_id);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION segmentation.create_group(text, text, text, text) IS
  'Makes a group, or a tag (kind ''tag''), whose members are put in by add_members, and its view in schema segments; returns its id. Of the '
  'groups of a family a customer is in at most one. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment.';

-- Makes a group of those whom a table of members, by_hand or membership, has for another segment.
CREATE FUNCTION segmentation._copy_group(id integer, members_in text, name text, description text, kind text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  copy integer := segmentation_internal.create_group(name, description, kind);
BEGIN
  -- Nobody needs to note them: all of them are written below, with the gate held.
  PERFORM segmentation._write_as(segmentation._reader(), format(
    'INSERT INTO segmentation.by_hand (customer_id, segment_id, standing, note, changed_by, changed_at, put_in_at) '
    'SELECT m.customer_id, %s, 1, %s, %L, clock_timestamp(), clock_timestamp() FROM segmentation.%I AS m WHERE m.segment_id = %s%s',
    copy, CASE members_in WHEN 'by_hand' THEN 'm.note' ELSE 'NULL' END, SESSION_USER, members_in, id,
    CASE members_in WHEN 'by_hand' THEN ' AND m.standing = 1' ELSE '' END), true);
  PERFORM segmentation._write(ARRAY(SELECT DISTINCT u FROM unnest(copy || segmentation._dependents(copy) || segmentation._dependents(0)) AS u ORDER BY u));
  RETURN copy;
END $$;

CREATE FUNCTION segmentation.freeze_segment(name text, into_group text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  frozen segmentation.segment := segmentation._segment(freeze_segment.name);
BEGIN
  PERFORM segmentation._check_not_archived(frozen);
  RETURN segmentation._copy_group(frozen.id, 'membership', freeze_segment.into_group,
    format('Members of "%s" on %s.', frozen.name, to_char(now(), 'YYYY-MM-DD')), 'group');
END $$;
COMMENT ON FUNCTION segmentation.freeze_segment(text, text) IS
  'Makes a group of those who are members of a segment now, as is stored; returns its id. Locks until the transaction ends: SHARE ROW '
  'EXCLUSIVE on segmentation.segment.';

-- Takes away what people have said about segments that are gone.
CREATE FUNCTION segmentation._forget_by_hand(segments integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF to_regclass('segmentation.by_hand') IS NOT NULL THEN
    PERFORM segmentation._write_as(segmentation._reader(), format(
      'DELETE FROM segmentation.by_hand AS h WHERE h.segment_id = ANY (%L::integer[])', segments), true);
  END IF;
END $$;

-- Returns a segment by its name. Raises 42704.
CREATE FUNCTION segmentation._segment(name text) RETURNS segmentation.segment
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer segmentation.segment;
BEGIN
  SELECT s.* INTO STRICT answer FROM segmentation.segment AS s WHERE s.id = segmentation._segment_id(_segment.name);
  RETURN answer;
END $$;

-- Returns an array of keys as a value of SQL. Whole numbers may be too large for the key's own type.
CREATE FUNCTION segmentation._keys_sql(keys text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type regtype := segmentation._key_type();
BEGIN
  RETURN format('%L::pg_catalog.%s[]', keys, CASE type WHEN 'uuid'::regtype THEN 'uuid' WHEN 'text'::regtype THEN 'text'
    WHEN 'varchar'::regtype THEN 'varchar' ELSE 'int8' END);
END $$;

-- Returns the customers' keys as the server prints them, each once, and locks their rows as a foreign key would: who is about to be
-- deleted is waited for. Raises 23503, with the first few, where any is nobody's.
CREATE FUNCTION segmentation._check_customers(customers text[]) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type    regtype := segmentation._key_type();
  keys    text[]; -- as they are printed; NULL for what is no key
  known   text[];
  unknown text[];
BEGIN
  IF customers IS NULL OR array_position(customers, NULL) IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'customer must not be null', HINT = 'Give a key, or an array of keys.';
  END IF;
  IF type = 'uuid'::regtype THEN
    keys := ARRAY(SELECT segmentation._uuid_of(c)::text FROM unnest(customers) AS c);
  ELSIF type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN
    keys := ARRAY(SELECT segmentation._bigint_of(c)::text FROM unnest(customers) AS c);
  ELSE
    keys := customers;
  END IF;
  SELECT (segmentation._write_as(segmentation._reader(), format(
    'SELECT array_agg(f.key::text) FROM (SELECT c.%1$I AS key FROM %2$s AS c WHERE c.%1$I = ANY (%3$s) ORDER BY c.%1$I FOR KEY SHARE) AS f',
    b.key, b.relation, segmentation._keys_sql(keys))))[1]::text[] INTO known
  FROM segmentation.binding AS b WHERE b.role = 'customers';
  known := COALESCE(known, '{}');
  IF cardinality(known) = cardinality(customers) THEN RETURN known; END IF;
  unknown := ARRAY(SELECT DISTINCT c.customer FROM unnest(customers, keys) AS c(customer, key)
                   LEFT JOIN unnest(known) AS k(key) ON k.key = c.key WHERE k.key IS NULL ORDER BY 1);
  IF unknown <> '{}' THEN
    RAISE EXCEPTION USING ERRCODE = '23503',
      MESSAGE = CASE WHEN cardinality(unknown) = 1 THEN format('customer "%s" does not exist', unknown[1])
        ELSE format('%s customers do not exist', cardinality(unknown)) END,
      DETAIL = CASE WHEN cardinality(unknown) > 1 THEN format('The first are "%s".', array_to_string(unknown[1:3], '", "')) ELSE '' END,
      HINT = 'Give keys of the table that segmentation.bind_customers named.';
  END IF;
  RETURN known;
END $$;

-- Lets people speak about a rule's segment. Nobody has yet, so nobody comes or goes by that.
CREATE FUNCTION segmentation._open_to_hands(id integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._open_definitions();
  UPDATE segmentation.segment AS s SET by_hand = true WHERE s.id = _open_to_hands.id AND NOT s.by_hand;
END $$;

-- Writes where customers stand. Of whom the same was said before only the note is new. Returns of how many anything was written.
CREATE FUNCTION segmentation._stand(segment segmentation.segment, keys text[], standing integer, note text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  family    text := CASE WHEN standing = 1 THEN segmentation._fold(segment.family) END;
  statement text := format($sql$
    WITH written AS (
      INSERT INTO segmentation.by_hand AS h (customer_id, segment_id, standing, family, note, changed_by, changed_at, put_in_at)
      SELECT k, %1$s, %2$s, %3$L, %4$L, %5$L, clock_timestamp(), CASE WHEN %2$s = 1 THEN clock_timestamp() END
      FROM (SELECT k FROM unnest(%6$s) AS k ORDER BY k) AS given
      ON CONFLICT (customer_id, segment_id) DO UPDATE
      SET standing = EXCLUDED.standing, family = EXCLUDED.family,
        note = CASE WHEN h.standing = EXCLUDED.standing THEN COALESCE(EXCLUDED.note, h.note) ELSE EXCLUDED.note END,
        changed_by = CASE WHEN h.standing = EXCLUDED.standing THEN h.changed_by ELSE EXCLUDED.changed_by END,
        changed_at = CASE WHEN h.standing = EXCLUDED.standing THEN h.changed_at ELSE EXCLUDED.changed_at END,
        put_in_at = CASE WHEN h.standing = EXCLUDED.standing OR EXCLUDED.put_in_at IS NULL OR EXISTS (
            -- She is still in by an earlier word: that it was taken back has not been judged yet.
            SELECT FROM segmentation.membership AS m WHERE m.customer_id = h.customer_id AND m.segment_id = h.segment_id
              AND h.put_in_at <= m.entered_at AND m.entered_at < h.changed_at)
          THEN h.put_in_at ELSE EXCLUDED.put_in_at END
      WHERE h.standing <> EXCLUDED.standing OR EXCLUDED.note IS DISTINCT FROM h.note AND EXCLUDED.note IS NOT NULL
      RETURNING h.customer_id)
    SELECT count(*) FROM written$sql$, segment.id, standing, family, note, SESSION_USER, segmentation._keys_sql(keys));
  fault     text;
BEGIN
  IF family IS NULL THEN RETURN (segmentation._write_as(segmentation._reader(), statement))[1]; END IF;
  LOOP
    BEGIN
      RETURN (segmentation._write_as(segmentation._reader(), statement))[1];
    EXCEPTION WHEN unique_violation THEN
      GET STACKED DIAGNOSTICS fault = CONSTRAINT_NAME;
      IF fault <> 'by_hand_family_idx' THEN RAISE; END IF;
    END;
    PERFORM segmentation._check_family(segment, keys);
  END LOOP;
END $$;

-- Says in which other group of its family a customer is. What somebody said about a group while that was being dropped binds nobody: it is
-- taken away.
CREATE FUNCTION segmentation._check_family(segment segmentation.segment, keys text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  others text := format('FROM segmentation.by_hand AS h LEFT JOIN segmentation.segment_names AS s ON s.id = h.segment_id '
    'WHERE h.customer_id = ANY (%s) AND h.family = %L AND h.standing = 1 AND h.segment_id <> %s', segmentation._keys_sql(keys),
    segmentation._fold(segment.family), segment.id);
  other  text[];
BEGIN
  IF segmentation._write_as(segmentation._reader(), 'DELETE FROM segmentation.by_hand AS g WHERE (g.customer_id, g.segment_id) IN '
      '(SELECT h.customer_id, h.segment_id ' || others || ' AND s.id IS NULL) RETURNING g.segment_id', true) IS NOT NULL THEN
    RETURN;
  END IF;
  other := segmentation._read_as(segmentation._reader(), 'SELECT h.customer_id, s.name, count(*) OVER () ' || others
    || ' ORDER BY h.customer_id LIMIT 1');
  RAISE EXCEPTION USING ERRCODE = '23505',
    MESSAGE = CASE WHEN other IS NULL THEN format('a customer is in another group of family "%s" already', segment.family)
      ELSE format('customer "%s" is in "%s" already, of family "%s"', other[1], other[2], segment.family) END,
    DETAIL = CASE WHEN other[3]::bigint > 1 THEN format('%s of these customers are in others of the family.', other[3]) ELSE '' END,
    HINT = CASE WHEN other IS NULL THEN 'Move customers with segmentation.move_members.'
      ELSE format('Move her: segmentation.move_members(%L, %L, %L).', other[1], other[2], segment.name) END;
END $$;

-- Of customers who are in a group, or of whom anything is said, says that they are not in any more, or nothing. Returns of how many.
CREATE FUNCTION segmentation._let_go(segment segmentation.segment, keys text[], standing integer, note text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (segmentation._write_as(segmentation._reader(), format($sql$
    WITH held AS (
      SELECT h.customer_id FROM segmentation.by_hand AS h
      WHERE h.segment_id = %1$s AND h.customer_id = ANY (%2$s) AND h.standing %3$s ORDER BY h.customer_id FOR NO KEY UPDATE),
    written AS (
      UPDATE segmentation.by_hand AS h
      SET standing = %4$s, family = NULL, note = %5$L, changed_by = %6$L, changed_at = clock_timestamp()
      FROM held AS o WHERE h.segment_id = %1$s AND h.customer_id = o.customer_id
      RETURNING h.customer_id)
    SELECT count(*) FROM written$sql$,
    segment.id, segmentation._keys_sql(keys), CASE standing WHEN 0 THEN '<> 0' ELSE '= 1' END, standing, note, SESSION_USER)))[1];
END $$;

-- Puts customers in (1), or takes them out of a group and keeps them out of a rule's segment (-1).
CREATE FUNCTION segmentation._set_standing(segment text, customers text[], standing integer, note text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target segmentation.segment := segmentation._segment(segment);
  keys   text[];
BEGIN
  PERFORM segmentation._check_not_archived(target);
  IF target.kind = 'rule' AND NOT target.by_hand THEN
    PERFORM segmentation._open_to_hands(target.id);
    target := segmentation._segment(segment);
  END IF;
  keys := segmentation._check_customers(customers);
  IF keys = '{}' THEN RETURN 0; END IF;
  IF target.kind <> 'rule' AND standing = -1 THEN RETURN segmentation._let_go(target, keys, standing, note); END IF;
  RETURN segmentation._stand(target, keys, standing, note);
END $$;

CREATE FUNCTION segmentation._clear_overrides(segment text, customers text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target segmentation.segment := segmentation._segment(segment);
BEGIN
  PERFORM segmentation._check_not_archived(target);
  IF target.kind <> 'rule' THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('"%s" is a %s, which has no rule to go by instead', target.name, target.kind),
      HINT = 'Take customers out with segmentation.remove_members.';
  END IF;
  RETURN segmentation._let_go(target, segmentation._check_customers(customers), 0, NULL);
END $$;

CREATE FUNCTION segmentation._move_members(customers text[], from_group text, to_group text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old  segmentation.segment := segmentation._segment(from_group);
  new  segmentation.segment := segmentation._segment(to_group);
  keys text[];
BEGIN
  PERFORM segmentation._check_not_archived(old), segmentation._check_not_archived(new);
  IF 'rule' IN (old.kind, new.kind) THEN
    RAISE EXCEPTION USING ERRCODE = '42809',
      MESSAGE = format('"%s" is a segment of a rule', CASE old.kind WHEN 'rule' THEN old.name ELSE new.name END),
      HINT = 'Customers are moved between groups; put one in with segmentation.add_members, keep one out with segmentation.remove_members.';
  END IF;
  keys := segmentation._check_customers(customers);
  IF old.id = new.id OR keys = '{}' THEN RETURN 0; END IF;
  IF segmentation._let_go(old, keys, -1, NULL) < cardinality(keys) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = CASE WHEN cardinality(keys) = 1 THEN format('customer "%s" is not in "%s"', keys[1], old.name)
        ELSE format('not all of these customers are in "%s"', old.name) END,
      HINT = 'Put customers in with segmentation.add_members.';
  END IF;
  RETURN segmentation._stand(new, keys, 1, NULL);
END $$;

-- The calls as applications make them: one customer or an array, by a key of any type.
DO $$
DECLARE
  call record;
  type record;
BEGIN
  FOR call IN
    SELECT c.name, c.before, c.after, c.types_after, c.body, c.told
    FROM (VALUES
      ('add_members', 'segment text, ', ', note text DEFAULT NULL', ', text', '_set_standing(segment, %s, 1, note)',
       'Puts a customer, or several, into a group or tag; into a segment of a rule whatever the rule says. Who is in already gets the note.'),
      ('remove_members', 'segment text, ', ', note text DEFAULT NULL', ', text', '_set_standing(segment, %s, -1, note)',
       'Takes a customer, or several, out of a group or tag; keeps them out of a segment of a rule whatever the rule says.'),
      ('clear_overrides', 'segment text, ', '', '', '_clear_overrides(segment, %s)',
       'Has the rule of a segment decide again about a customer, or several, whom people have put in or kept out.'),
      ('move_members', '', ', from_group text, to_group text', ', text, text', '_move_members(%s, from_group, to_group)',
       'Moves a customer, or several, from a group or tag to another in one step.')) AS c(name, before, after, types_after, body, told)
  LOOP
    FOR type IN
      SELECT t.name, CASE WHEN t.name LIKE '%[]' THEN 'customers' ELSE 'customer' END AS argument,
             CASE WHEN t.name LIKE '%[]' THEN 'customers::text[]' ELSE 'ARRAY[customer::text]' END AS keys
      FROM unnest('{bigint,bigint[],uuid,uuid[],text,text[]}'::text[]) AS t(name)
    LOOP
      EXECUTE format('CREATE FUNCTION segmentation.%I(%s%s %s%s) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp '
        'AS %L', call.name, call.before, type.argument, type.name, call.after,
        format('BEGIN RETURN segmentation.%s; END', format(call.body, type.keys)));
      EXECUTE format('COMMENT ON FUNCTION segmentation.%I(%s%s%s) IS %L', call.name, replace(call.before, 'segment ', ''), type.name,
        call.types_after, call.told || ' Returns of how many anything was written. Locks until the transaction ends: rows of the '
        'customers FOR KEY SHARE, and theirs of segmentation.by_hand; the first time for a segment of a rule SHARE ROW EXCLUSIVE on '
        'segmentation.segment.');
    END LOOP;
  END LOOP;
END $$;
