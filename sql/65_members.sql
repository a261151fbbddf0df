-- Reading members at now(): stored ones, and for customers whom this transaction has changed itself what its commit will
-- store, and for those whom the clock has not reached what it will. A customer
-- may be given as bigint (and whatever casts to it), uuid or text: an untyped
-- literal or parameter is text, which is read as the key's own type, and text that is no such key is
-- nobody's. An unknown segment is an error, an unknown customer is not. Functions whose results are keys are
-- made by bind_customers: see 36_storage.sql.

-- Returns a key as the server prints it, whatever form it was given in.
CREATE FUNCTION segmentation._key_text(customer text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE segmentation._key_type() WHEN 'uuid'::regtype THEN segmentation._uuid_of(customer)::text
  WHEN 'text'::regtype THEN customer WHEN 'varchar'::regtype THEN customer ELSE segmentation._bigint_of(customer)::text END;

-- Judges a customer now by a segment's rule.
CREATE FUNCTION segmentation._judge(segment_id integer, customer text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM segmentation._judged(ARRAY[customer]) AS j WHERE j.segment_id = _judge.segment_id);

CREATE FUNCTION segmentation.is_member(segment text, customer bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id   integer := segmentation._segment_id(segment);
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(customer::text) THEN RETURN segmentation._judge(id, customer::text); END IF;
  -- Each statement is planned when it is first reached, so only the one for the key's type ever is.
  IF type IN ('int8'::regtype, 'int4'::regtype, 'int2'::regtype) THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = customer);
  ELSIF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = customer::text);
  END IF;
  RETURN false;
END $$;

CREATE FUNCTION segmentation.is_member(segment text, customer uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id   integer := segmentation._segment_id(segment);
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(customer::text) THEN RETURN segmentation._judge(id, customer::text); END IF;
  IF type = 'uuid'::regtype THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = customer);
  ELSIF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = customer::text);
  END IF;
  RETURN false;
END $$;

CREATE FUNCTION segmentation.is_member(segment text, customer text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id   integer := segmentation._segment_id(segment);
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(segmentation._key_text(customer)) THEN RETURN segmentation._judge(id, segmentation._key_text(customer)); END IF;
  IF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = customer);
  ELSIF type = 'uuid'::regtype THEN
    RETURN EXISTS (SELECT FROM segmentation.membership AS m
      WHERE m.segment_id = id AND m.customer_id = segmentation._uuid_of(customer));
  END IF;
  RETURN EXISTS (SELECT FROM segmentation.membership AS m
    WHERE m.segment_id = id AND m.customer_id = segmentation._bigint_of(customer));
END $$;

CREATE FUNCTION segmentation.segments_of(customer bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(customer::text) THEN
    RETURN QUERY SELECT n.segment FROM segmentation._segments_now(ARRAY[customer::text]) AS n ORDER BY n.segment;
    RETURN;
  END IF;
  IF type IN ('int8'::regtype, 'int4'::regtype, 'int2'::regtype) THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = customer ORDER BY s.name;
  ELSIF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = customer::text ORDER BY s.name;
  END IF;
END $$;

CREATE FUNCTION segmentation.segments_of(customer uuid) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(customer::text) THEN
    RETURN QUERY SELECT n.segment FROM segmentation._segments_now(ARRAY[customer::text]) AS n ORDER BY n.segment;
    RETURN;
  END IF;
  IF type = 'uuid'::regtype THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = customer ORDER BY s.name;
  ELSIF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = customer::text ORDER BY s.name;
  END IF;
END $$;

CREATE FUNCTION segmentation.segments_of(customer text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type regtype := segmentation._key_type();
BEGIN
  IF segmentation._is_behind(segmentation._key_text(customer)) THEN
    RETURN QUERY SELECT n.segment FROM segmentation._segments_now(ARRAY[segmentation._key_text(customer)]) AS n ORDER BY n.segment;
    RETURN;
  END IF;
  IF type IN ('text'::regtype, 'varchar'::regtype) THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = customer ORDER BY s.name;
  ELSIF type = 'uuid'::regtype THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = segmentation._uuid_of(customer) ORDER BY s.name;
  ELSIF type IS NOT NULL THEN
    RETURN QUERY SELECT s.name FROM segmentation.membership AS m
      JOIN segmentation.segment AS s ON s.id = m.segment_id
                 WHERE m.customer_id = segmentation._bigint_of(customer) ORDER BY s.name;
  END IF;
END $$;

CREATE FUNCTION segmentation.member_count(segment text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id integer := segmentation._segment_id(segment);
BEGIN
  RETURN COALESCE((SELECT n.members FROM segmentation.member_counts AS n WHERE n.segment_id = id), 0);
END $$;

COMMENT ON FUNCTION segmentation.is_member(text, bigint)
  IS 'Whether a customer is in a segment; an unknown customer is not. Locks: ACCESS SHARE on '
    'segmentation.membership.';
COMMENT ON FUNCTION segmentation.is_member(text, uuid)
  IS 'Whether a customer is in a segment; an unknown customer is not. Locks: ACCESS SHARE on '
    'segmentation.membership.';
COMMENT ON FUNCTION segmentation.is_member(text, text)
  IS 'Whether a customer is in a segment; an unknown customer is not. Locks: ACCESS SHARE on '
    'segmentation.membership.';
COMMENT ON FUNCTION segmentation.segments_of(bigint)
  IS 'The names of the segments that a customer is in. Locks: ACCESS SHARE on segmentation.membership.';
COMMENT ON FUNCTION segmentation.segments_of(uuid)
  IS 'The names of the segments that a customer is in. Locks: ACCESS SHARE on segmentation.membership.';
COMMENT ON FUNCTION segmentation.segments_of(text)
  IS 'The names of the segments that a customer is in. Locks: ACCESS SHARE on segmentation.membership.';
COMMENT ON FUNCTION segmentation.member_count(text) IS
  'How many members of a segment are stored: exact in every snapshot, without counting them. Locks: ACCESS '
  'SHARE on segmentation.count_delta.';
