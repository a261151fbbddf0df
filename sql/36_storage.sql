-- What bind_customers makes, with the key's real type: the table of members, the rows by which writers of one
-- customer's members take turns, and the functions whose results are keys. None of it belongs to the extension, since an extension's members are not dumped and a restore
-- could not know the type: pg_dump carries these as the ordinary objects they are, before the views that read
-- them. They stand in the extension's schema, so that DROP EXTENSION is refused, or takes them along with CASCADE.

-- Makes the storage for a customers binding that has just been written, or adapts it where customers were
-- bound before. Refuses another key type while there are segments.
CREATE FUNCTION segmentation._make_storage(customers segmentation.binding) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key   record;
  owner name;
  old   regtype := segmentation._key_type();
BEGIN
  -- Without a length, so that the shop may make its key longer.
  SELECT a.atttypid::regtype AS type, format_type(a.atttypid, NULL) AS full_type,
         CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN format(' COLLATE %I.%I', n.nspname,
           c.collname) ELSE '' END AS collation
  INTO STRICT key
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_collation AS c ON c.oid = a.attcollation LEFT JOIN pg_namespace AS n ON n.oid = c.collnamespace
  WHERE a.attrelid = customers.relation AND a.attname = customers.key;
  SELECT r.rolname INTO STRICT owner
  FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = customers.relation;

  -- NULL: whoever dropped what the owner owned has dropped it, too. It is made anew for the segments that there are.
  IF old <> key.type AND EXISTS (SELECT FROM segmentation.segment) THEN
    RAISE EXCEPTION USING ERRCODE = '2BP01',
      MESSAGE = format('cannot change the customers'' key from %s to %s while there are segments', old,
        key.type),
      HINT = 'Drop the segments, bind customers again, and create the segments again.';
  END IF;
  IF old IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation.segment) THEN
    PERFORM segmentation._drop_storage();
    old := NULL;
  END IF;
  IF old IS NULL THEN
    EXECUTE format(
      'CREATE TABLE segmentation.membership (segment_id integer NOT NULL, customer_id %s%s NOT NULL, '
      'entered_at timestamptz NOT NULL DEFAULT now(), recorded_at timestamptz, PRIMARY KEY (segment_id, customer_id))', key.full_type,
        key.collation);
    CREATE INDEX membership_customer_id_idx ON segmentation.membership (customer_id);
    -- Who came lately (76_summary.sql, 76_trend.sql). Those who come at one instant share an entry.
    CREATE INDEX membership_entered_at_idx ON segmentation.membership (segment_id, entered_at);
    COMMENT ON TABLE segmentation.membership
      IS 'Who is in which segment since when. Kept by the extension; read it freely.';
    COMMENT ON COLUMN segmentation.membership.recorded_at IS 'When time brought her in, seen at this later instant; NULL: seen as it happened.';
    -- Closed memberships. One that is open stands in membership alone.
    EXECUTE format(
      'CREATE TABLE segmentation.membership_past ('
      'segment_id integer NOT NULL, customer_id %s%s, entered_at timestamptz NOT NULL, left_at timestamptz NOT NULL, '
      'recorded_at timestamptz NOT NULL, left_recorded_at timestamptz NOT NULL, entered_reason text NOT NULL, '
      'left_reason text NOT NULL, changed_by name, note text)', key.full_type, key.collation);
    ALTER TABLE segmentation.membership_past REPLICA IDENTITY FULL; -- without a key, so that it can be published
    CREATE INDEX membership_past_segment_id_idx ON segmentation.membership_past (segment_id, left_at);
    CREATE INDEX membership_past_customer_id_idx ON segmentation.membership_past (customer_id);
    COMMENT ON TABLE segmentation.membership_past
      IS 'Memberships that have ended; read segmentation.membership_history, which has those that go on, too.';
    -- Updated at every change of its customer: in place, so pages keep room, and without a log: what it holds can
    -- be read again from the shop's rows, so that a crash costs time, not truth.
    EXECUTE format(
      'CREATE UNLOGGED TABLE segmentation.state (customer_id %s%s PRIMARY KEY, version bigint NOT NULL, '
      'as_of timestamptz NOT NULL, due_at timestamptz NOT NULL, stamp bigint, definitions bigint, verdicts bytea, measures bytea) '
      'WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)', key.full_type, key.collation);
    ALTER TABLE segmentation.state ALTER COLUMN verdicts SET STORAGE EXTERNAL, ALTER COLUMN measures SET STORAGE EXTERNAL;
    COMMENT ON TABLE segmentation.state
      IS 'One row for each customer who changed: who writes her members holds its lock. Keeps her measures and verdicts.';
    -- When time alone may change what is stored of a customer. Of several rows the earliest counts: whoever finds an
    -- earlier instant adds a row, and waits for nobody; the clock takes away all that she has.
    EXECUTE format(
      'CREATE TABLE segmentation.due (customer_id %s%s NOT NULL, due_at timestamptz NOT NULL)', key.full_type, key.collation);
    ALTER TABLE segmentation.due REPLICA IDENTITY FULL; -- without a key, so that it can be published
    CREATE INDEX due_due_at_idx ON segmentation.due (due_at, customer_id);
    CREATE INDEX due_customer_id_idx ON segmentation.due (customer_id, due_at);
    COMMENT ON TABLE segmentation.due
      IS 'When time alone may change in which segments a customer is: never too late, perhaps too early.';
    -- What people say by hand, a row for each customer and segment of whom they have: data like the shop's, captured and judged at the
    -- commit. The row stays when it says nothing more, for history to know who let go, and since when.
    EXECUTE format(
      'CREATE TABLE segmentation.by_hand (customer_id %s%s NOT NULL, segment_id integer NOT NULL, '
      'standing smallint NOT NULL CHECK (standing IN (-1, 0, 1)), family text, note text, changed_by name NOT NULL, '
      'changed_at timestamptz NOT NULL, put_in_at timestamptz, PRIMARY KEY (customer_id, segment_id))', key.full_type, key.collation);
    CREATE UNIQUE INDEX by_hand_family_idx ON segmentation.by_hand (customer_id, family) WHERE standing = 1 AND family IS NOT NULL;
    CREATE INDEX by_hand_segment_id_idx ON segmentation.by_hand (segment_id);
    COMMENT ON TABLE segmentation.by_hand
      IS 'Whom people have put into segments by hand (standing 1) or keep out (-1); 0: neither any more. Written by add_members and its like.';
    COMMENT ON COLUMN segmentation.by_hand.family IS 'Of a group''s family, without case: a customer is in at most one of its groups.';
    COMMENT ON COLUMN segmentation.by_hand.changed_at IS 'Since when the standing is what it is.';
    COMMENT ON COLUMN segmentation.by_hand.put_in_at IS 'When she was put in: last, but for words that were taken back before they told.';
    EXECUTE 'CREATE VIEW segmentation.membership_history AS '
      'SELECT m.segment_id, m.customer_id, m.entered_at, NULL::timestamptz AS left_at, COALESCE(m.recorded_at, m.entered_at) AS recorded_at, '
      'NULL::timestamptz AS left_recorded_at, CASE WHEN h.segment_id IS NOT NULL THEN ''by hand'' '
      'WHEN c.segment_id IS NOT NULL THEN ''rule changed'' '
      'WHEN m.recorded_at IS NOT NULL THEN ''time'' ELSE ''rule'' END AS entered_reason, '
      'NULL::text AS left_reason, COALESCE(h.changed_by, c.changed_by) AS changed_by, h.note '
      'FROM segmentation.membership AS m JOIN segmentation.segment_names AS s ON s.id = m.segment_id '
      'LEFT JOIN segmentation.definition_change AS c ON c.segment_id = m.segment_id AND c.at = m.entered_at '
      'LEFT JOIN segmentation.by_hand AS h ON h.customer_id = m.customer_id AND h.segment_id = m.segment_id '
      'AND h.put_in_at <= m.entered_at AND (h.standing = 1 OR m.entered_at < h.changed_at) '
      'UNION ALL '
      'SELECT p.segment_id, p.customer_id, p.entered_at, p.left_at, p.recorded_at, p.left_recorded_at, p.entered_reason, '
      'p.left_reason, p.changed_by, p.note FROM segmentation.membership_past AS p '
      'JOIN segmentation.segment_names AS s ON s.id = p.segment_id';
    COMMENT ON VIEW segmentation.membership_history
      IS 'Who was in which segment, since when and why, until when and why. Deleted customers have lost their key.';
    PERFORM segmentation._make_readers(key.type);
    PERFORM segmentation._make_forecasts(key.full_type || key.collation);
    PERFORM segmentation._make_typed_calls(key.type);
    PERFORM segmentation._make_changes(key.type);
  END IF;
  PERFORM segmentation._make_memberships();
  PERFORM segmentation._give_storage(owner);
  IF old IS NULL THEN PERFORM segmentation._move_everyone(); END IF; -- nothing is stored, and a model may be in force
  PERFORM segmentation._bind_by_hand(customers);
  PERFORM segmentation._make_plain_views();
  PERFORM segmentation._grant_to_all();
END $$;

-- Has what people say by hand captured and judged like what the shop's tables say.
CREATE FUNCTION segmentation._bind_by_hand(customers segmentation.binding) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The table may have been dropped with all that its owner owned, and be another by now.
  DELETE FROM segmentation.binding AS b WHERE b.by_hand AND b.relation <> 'segmentation.by_hand'::regclass;
  UPDATE segmentation.binding AS b SET of_id = customers.id, of_key = customers.key WHERE b.by_hand;
  IF NOT FOUND THEN
    INSERT INTO segmentation.binding (name, role, relation, of_id, key, of_key, by_hand)
    VALUES ('by_hand', 'source', 'segmentation.by_hand', customers.id, 'customer_id', customers.key, true);
  END IF;
  PERFORM segmentation._install_capture('segmentation.by_hand');
END $$;

-- Makes the view behind the source memberships of rules. It reads what its owner owns, and of the extension's own tables
-- only what everybody may: commits of the shop read it by the rights of the customers' owner.
CREATE FUNCTION segmentation._make_memberships() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF to_regclass('segmentation.memberships') IS NOT NULL THEN RETURN; END IF;
  EXECUTE 'CREATE VIEW segmentation.memberships AS '
    'SELECT h.customer_id, s.name AS segment, h.entered_at, h.left_at '
    'FROM (SELECT m.segment_id, m.customer_id, m.entered_at, NULL::timestamptz AS left_at '
    'FROM segmentation.membership AS m '
    'UNION ALL SELECT p.segment_id, p.customer_id, p.entered_at, p.left_at '
    'FROM segmentation.membership_past AS p) AS h '
    'JOIN segmentation.segment_names AS s ON s.id = h.segment_id';
  COMMENT ON VIEW segmentation.memberships
    IS 'What rules read as memberships: who was in which segment, from when until when.';
  -- A session may have read the bindings a moment ago, when there was no such source.
  UPDATE segmentation.binding SET name = name WHERE false;
END $$;

-- Makes the functions whose results are keys. Their bodies are plain text that the planner inlines: under whatever
-- search_path there is, so that operators, functions and types stand with their schema.
CREATE FUNCTION segmentation._make_readers(key regtype) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Every integer casts to bigint, and an array of any of them to bigint[].
  taken text := CASE WHEN key IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'bigint'
    WHEN key = 'uuid'::regtype THEN 'uuid' END;
  written text := format('pg_catalog.%I', (SELECT t.typname FROM pg_type AS t WHERE t.oid = key));
BEGIN
  EXECUTE format(
    'CREATE FUNCTION segmentation.members(segment text) RETURNS SETOF %s LANGUAGE sql STABLE '
    'AS %L', written,
    -- In a SELECT of its own the name is looked up when the statement runs. The planner would otherwise ask
    -- it for an estimate, by a snapshot that does not see a segment made just before in the same transaction.
    format(
      'SELECT m.customer_id FROM segmentation.membership AS m '
      'WHERE m.segment_id OPERATOR(pg_catalog.=) (SELECT segmentation._segment_id($1)) '
      'AND NOT (SELECT segmentation._any_behind()) '
      'UNION ALL SELECT n.customer::%s FROM segmentation._members_now($1) AS n (customer) '
      'WHERE (SELECT segmentation._any_behind())', written));
  COMMENT ON FUNCTION segmentation.members(text)
    IS 'The members of a segment, by key. Locks: ACCESS SHARE on segmentation.membership.';
  EXECUTE format(
    'CREATE FUNCTION segmentation.members_at(segment text, at timestamptz) RETURNS SETOF %s LANGUAGE sql STABLE '
    'AS %L', key,
    'SELECT m.customer_id FROM segmentation.membership AS m '
    'WHERE m.segment_id OPERATOR(pg_catalog.=) (SELECT segmentation._segment_id($1)) '
    'AND m.entered_at OPERATOR(pg_catalog.<=) $2 '
    'UNION ALL '
    'SELECT p.customer_id FROM segmentation.membership_past AS p '
    'WHERE p.segment_id OPERATOR(pg_catalog.=) (SELECT segmentation._segment_id($1)) '
    'AND p.left_at OPERATOR(pg_catalog.>) $2 AND p.entered_at OPERATOR(pg_catalog.<=) $2');
  COMMENT ON FUNCTION segmentation.members_at(text, timestamptz)
    IS 'Who was in a segment at an instant, by key; NULL for each who has been deleted since. Locks: ACCESS SHARE on '
      'segmentation.membership and membership_past.';
  EXECUTE format(
    'CREATE FUNCTION segmentation.diff_segment(name text, rule segmentation.rule) RETURNS TABLE (customer %s, change text) LANGUAGE sql STABLE '
    'SET search_path = pg_catalog, pg_temp AS %L', key,
    format(
      'SELECT d.customer::%s, d.change FROM segmentation._diff_segment(segmentation._rule_segment_id($1, $2), $2) AS d ORDER BY 2, 1', written));
  COMMENT ON FUNCTION segmentation.diff_segment(text, segmentation.rule)
    IS 'Whom a rule would bring into a segment that has another one (enters), and whom it would make leave (leaves), against the members stored '
      'now; who is put in or kept out by hand stays so. Stores nothing. Locks: ACCESS SHARE on segmentation.membership and on the bound tables that the rule reads.';
  IF taken IS NOT NULL THEN
    EXECUTE format(
      'CREATE FUNCTION segmentation.segments_of(customers %s[]) RETURNS TABLE (customer %s, segment text) '
      'LANGUAGE sql STABLE AS %L', taken, key,
      'SELECT m.customer_id, s.name FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id '
      'OPERATOR(pg_catalog.=) m.segment_id '
      'WHERE m.customer_id OPERATOR(pg_catalog.=) ANY ($1) AND NOT (SELECT segmentation._any_behind()) '
      'UNION ALL SELECT n.customer::' || written || ', n.segment FROM segmentation._segments_now(ARRAY(SELECT c::pg_catalog.text FROM '
      'pg_catalog.unnest($1) AS c)) AS n WHERE (SELECT segmentation._any_behind()) ORDER BY 1, 2');
    EXECUTE format(
      'COMMENT ON FUNCTION segmentation.segments_of(%s[]) IS %L', taken,
      'The segments of each of these customers. Locks: ACCESS SHARE on segmentation.membership.');
  END IF;
  EXECUTE format(
    'CREATE FUNCTION segmentation.segments_of(customers text[]) RETURNS TABLE (customer %s, segment text) '
    'LANGUAGE sql STABLE AS %L', key,
    format(
      'SELECT m.customer_id, s.name FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id '
      'OPERATOR(pg_catalog.=) m.segment_id '
      'WHERE m.customer_id OPERATOR(pg_catalog.=) ANY (%s) AND NOT (SELECT segmentation._any_behind()) '
      'UNION ALL SELECT n.customer::%s, n.segment FROM segmentation._segments_now(ARRAY(SELECT segmentation._key_text(c) FROM '
      'pg_catalog.unnest($1) AS c)) AS n WHERE (SELECT segmentation._any_behind()) ORDER BY 1, 2',
      CASE WHEN taken IS NULL THEN '$1'
           ELSE format('ARRAY(SELECT segmentation._%s_of(c.given) FROM pg_catalog.unnest($1) AS '
             'c(given))', taken) END, written));
  COMMENT ON FUNCTION segmentation.segments_of(text[]) IS
    'The segments of each of these customers. Locks: ACCESS SHARE on segmentation.membership.';
END $$;

-- Gives table, functions and views to a role, and has the functions go with the extension.
CREATE FUNCTION segmentation._give_storage(owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item regprocedure;
BEGIN
  IF (SELECT c.relowner::regrole::text FROM pg_class AS c
    WHERE c.oid = 'segmentation.membership'::regclass) <> quote_ident(owner) THEN
    EXECUTE format('ALTER TABLE segmentation.membership OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.membership_past OWNER TO %I', owner);
    EXECUTE format('ALTER VIEW segmentation.membership_history OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.state OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.due OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.by_hand OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.forecast OWNER TO %I', owner);
    EXECUTE format('ALTER VIEW segmentation.forecasts OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE segmentation.forecast_moved OWNER TO %I', owner);
  END IF;
  IF (SELECT c.relowner::regrole::text FROM pg_class AS c
    WHERE c.oid = 'segmentation.memberships'::regclass) <> quote_ident(owner) THEN
    EXECUTE format('ALTER VIEW segmentation.memberships OWNER TO %I', owner);
  END IF;
  FOR item IN SELECT f.oid FROM segmentation._readers() AS f(oid) LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item);
    EXECUTE format('ALTER FUNCTION %s DEPENDS ON EXTENSION segmentation', item);
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', item, owner);
  END LOOP;
END $$;

-- Returns the functions that bind_customers made.
CREATE FUNCTION segmentation._readers() RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.oid::regprocedure FROM pg_proc AS p
  WHERE p.pronamespace = 'segmentation'::regnamespace
    AND (p.proname IN ('members', 'members_at', 'list_members', 'attribute_values', 'changes', 'diff_segment') OR p.proname = 'segments_of' AND p.proretset
      AND p.proargnames[1] = 'customers')
  ORDER BY p.oid;
$$;

-- Drops what bind_customers made. Only for when there is no segment.
CREATE FUNCTION segmentation._drop_storage() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item regprocedure;
BEGIN
  PERFORM segmentation._drop_plain_views();
  FOR item IN SELECT f.oid FROM segmentation._readers() AS f(oid) LOOP
    EXECUTE format('DROP FUNCTION %s', item);
  END LOOP;
  IF segmentation._key_type() IS NOT NULL THEN
    DROP VIEW segmentation.membership_history, segmentation.memberships, segmentation.forecasts;
    DELETE FROM segmentation.binding AS b WHERE b.by_hand; -- before the guard looks
    DROP TABLE segmentation.membership, segmentation.membership_past, segmentation.state, segmentation.due, segmentation.by_hand,
      segmentation.forecast, segmentation.forecast_moved;
  END IF;
  DELETE FROM segmentation.count_delta;
  DELETE FROM segmentation.leftover;
  PERFORM segmentation._forget_changes(); -- keys were of another type
END $$;
