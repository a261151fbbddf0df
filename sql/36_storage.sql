-- What bind_customers makes, with the key's real type: the table of members, the rows by which writers of one
-- customer's members take turns, and the functions whose results are keys. None of it belongs to the extension, since an extension's members are not dumped and a restore
-- could not know the type: pg_dump carries these as the ordinary objects they are, before the views that read
-- them. The functions DEPEND ON EXTENSION, so that DROP EXTENSION takes them along; members themselves
-- survive it until customers are bound anew.

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

  IF old IS DISTINCT FROM key.type AND EXISTS (SELECT FROM segmentation.segment) THEN
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
      'entered_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (segment_id, customer_id))', key.full_type,
        key.collation);
    CREATE INDEX membership_customer_id_idx ON segmentation.membership (customer_id);
    COMMENT ON TABLE segmentation.membership
      IS 'Who is in which segment since when. Kept by the extension; read it freely.';
    -- Updated whenever its customer is judged anew: in place, so pages keep room.
    EXECUTE format(
      'CREATE TABLE segmentation.state (customer_id %s%s PRIMARY KEY, version bigint NOT NULL DEFAULT 0, as_of timestamptz) '
      'WITH (fillfactor = 70)', key.full_type, key.collation);
    COMMENT ON TABLE segmentation.state
      IS 'One row for each customer who was judged by herself: who writes her members holds its lock.';
    PERFORM segmentation._make_readers(key.type);
  END IF;
  PERFORM segmentation._give_storage(owner);
  PERFORM segmentation._make_plain_views();
END $$;

-- Makes the functions whose results are keys. Their bodies are plain text that the planner inlines.
CREATE FUNCTION segmentation._make_readers(key regtype) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Every integer casts to bigint, and an array of any of them to bigint[].
  taken text := CASE WHEN key IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'bigint'
    WHEN key = 'uuid'::regtype THEN 'uuid' END;
BEGIN
  EXECUTE format(
    'CREATE FUNCTION segmentation.members(segment text) RETURNS SETOF %s LANGUAGE sql STABLE PARALLEL SAFE '
    'AS %L', key,
    -- In a SELECT of its own the name is looked up when the statement runs. The planner would otherwise ask
    -- it for an estimate, by a snapshot that does not see a segment made just before in the same transaction.
    'SELECT m.customer_id FROM segmentation.membership AS m '
    'WHERE m.segment_id OPERATOR(pg_catalog.=) (SELECT segmentation._segment_id($1))');
  COMMENT ON FUNCTION segmentation.members(text)
    IS 'The members of a segment, by key. Locks: ACCESS SHARE on segmentation.membership.';
  IF taken IS NOT NULL THEN
    EXECUTE format(
      'CREATE FUNCTION segmentation.segments_of(customers %s[]) RETURNS TABLE (customer %s, segment text) '
      'LANGUAGE sql STABLE PARALLEL SAFE AS %L', taken, key,
      'SELECT m.customer_id, s.name FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id '
      'OPERATOR(pg_catalog.=) m.segment_id '
      'WHERE m.customer_id OPERATOR(pg_catalog.=) ANY ($1) ORDER BY m.customer_id, s.name');
    EXECUTE format(
      'COMMENT ON FUNCTION segmentation.segments_of(%s[]) IS %L', taken,
      'The segments of each of these customers. Locks: ACCESS SHARE on segmentation.membership.');
  END IF;
  EXECUTE format(
    'CREATE FUNCTION segmentation.segments_of(customers text[]) RETURNS TABLE (customer %s, segment text) '
    'LANGUAGE sql STABLE PARALLEL SAFE AS %L', key,
    format(
      'SELECT m.customer_id, s.name FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id '
      'OPERATOR(pg_catalog.=) m.segment_id '
      'WHERE m.customer_id OPERATOR(pg_catalog.=) ANY (%s) ORDER BY m.customer_id, s.name',
      CASE WHEN taken IS NULL THEN '$1'
           ELSE format('ARRAY(SELECT segmentation._%s_of(c.given) FROM pg_catalog.unnest($1) AS '
             'c(given))', taken) END));
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
    EXECUTE format('ALTER TABLE segmentation.state OWNER TO %I', owner);
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
    AND (p.proname = 'members' OR p.proname = 'segments_of' AND p.proretset
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
  IF segmentation._key_type() IS NOT NULL THEN DROP TABLE segmentation.membership, segmentation.state; END IF;
  DELETE FROM segmentation.count_delta;
END $$;
