-- Look ahead: what another rule, or another basket, would change, with nothing stored.

-- Returns the id of a segment that has a rule and might have another. Raises 42704 for an unknown one, 42809 for a group or tag, 42P17 where
-- the other rule leads back to the segment, which alter_segment refuses, too.
CREATE FUNCTION segmentation._rule_segment_id(name text, rule segmentation.rule) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  segment segmentation.segment := segmentation._segment(name);
BEGIN
  PERFORM segmentation._check_has_rule(name);
  IF segment.id = ANY (segmentation._segments_named(rule)) THEN
    RAISE EXCEPTION USING ERRCODE = '42P17', MESSAGE = format('segment "%s" refers to itself', segment.name),
      HINT = 'By this rule its members would follow from its members.';
  END IF;
  RETURN segment.id;
END $$;

-- What segmentation.diff_segment answers, with keys as text: that one is made by bind_customers (36_storage.sql).
CREATE FUNCTION segmentation._diff_segment(segment_id integer, rule segmentation.rule)
  RETURNS TABLE (customer text, change text)
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_diff_segment';

CREATE FUNCTION segmentation._count_diff(segment_id integer, rule segmentation.rule)
  RETURNS TABLE (enters bigint, leaves bigint) ROWS 1
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_count_diff';

CREATE FUNCTION segmentation.count_diff(name text, rule segmentation.rule)
  RETURNS TABLE (enters bigint, leaves bigint) ROWS 1
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT d.enters, d.leaves FROM segmentation._count_diff(segmentation._rule_segment_id(count_diff.name, count_diff.rule), count_diff.rule) AS d;
END;
COMMENT ON FUNCTION segmentation.count_diff(text, segmentation.rule) IS
  'How many customers a rule would bring into a segment that has another one, and how many it would make leave: the numbers of '
  'diff_segment without its rows. Locks: ACCESS SHARE on segmentation.membership and on the bound tables that the rule reads.';

CREATE FUNCTION segmentation.what_if(customer bigint, rows jsonb, only_changes boolean DEFAULT false)
  RETURNS TABLE (segment text, now boolean, "then" boolean)
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_what_if';
COMMENT ON FUNCTION segmentation.what_if(bigint, jsonb, boolean) IS
  'In which segments that have rules a customer is now, and in which she would be if these rows were hers, too: an object of arrays of rows by the '
  'names of bound sources and sets, rows below inside them; NULL for a guest. Stores nothing. Locks: ACCESS SHARE on the tables that rules read';

CREATE FUNCTION segmentation.what_if(customer uuid, rows jsonb, only_changes boolean DEFAULT false)
  RETURNS TABLE (segment text, now boolean, "then" boolean)
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_what_if';
COMMENT ON FUNCTION segmentation.what_if(uuid, jsonb, boolean) IS
  'In which segments that have rules a customer is now, and in which she would be if these rows were hers, too: an object of arrays of rows by the '
  'names of bound sources and sets, rows below inside them; NULL for a guest. Stores nothing. Locks: ACCESS SHARE on the tables that rules read';

CREATE FUNCTION segmentation.what_if(customer text, rows jsonb, only_changes boolean DEFAULT false)
  RETURNS TABLE (segment text, now boolean, "then" boolean)
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_what_if';
COMMENT ON FUNCTION segmentation.what_if(text, jsonb, boolean) IS
  'In which segments that have rules a customer is now, and in which she would be if these rows were hers, too: an object of arrays of rows by the '
  'names of bound sources and sets, rows below inside them; NULL for a guest. Stores nothing. Locks: ACCESS SHARE on the tables that rules read';
