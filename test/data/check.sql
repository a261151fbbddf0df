-- Tools of the comparison. A shop's segments.sql fills wanted and makes the view everyone (id); judge.sql does the rest.
-- Findings go into outcome: a NULL problem is a pass.
CREATE TEMP TABLE wanted (id integer GENERATED ALWAYS AS IDENTITY, name text UNIQUE, rule text, hand text);
CREATE TEMP TABLE touched (key text);
CREATE TEMP TABLE outcome (id integer GENERATED ALWAYS AS IDENTITY, what text, members bigint, problem text);

-- Runs a query with one column, the key.
CREATE FUNCTION pg_temp.keys(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT DISTINCT k::text FROM (%s) AS q (k)', regexp_replace(query, ';\s*$', ''));
END $$;

CREATE FUNCTION pg_temp.stored(segment text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT m.customer_id::text FROM segmentation.membership m JOIN segmentation.segments s ON s.id = m.segment_id WHERE s.name = segment
$$;

-- Returns NULL where both hold the same keys, else what differs.
CREATE FUNCTION pg_temp.difference(a text[], b text[], a_name text, b_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  missing text[] := ARRAY(SELECT unnest(b) EXCEPT SELECT unnest(a) ORDER BY 1);
  extra   text[] := ARRAY(SELECT unnest(a) EXCEPT SELECT unnest(b) ORDER BY 1);
BEGIN
  IF missing = '{}' AND extra = '{}' THEN RETURN NULL; END IF;
  RETURN format('%s of %s and %s of %s differ: %s only by the former %s, %s only by the latter %s', cardinality(a), a_name,
                cardinality(b), b_name, cardinality(extra), extra[1:3], cardinality(missing), missing[1:3]);
END $$;

CREATE FUNCTION pg_temp.number_differs(found bigint, wanted bigint, name text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN found IS DISTINCT FROM wanted THEN format('%s says %s', name, found) END
$$;

-- Answers of matches() about every 20th customer, which reads rows by key.
CREATE FUNCTION pg_temp.matching(rule text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE 'SELECT m::text FROM segmentation.matches($1::segmentation.rule,
                                       (SELECT array_agg(id) FROM everyone WHERE hashtext(id::text) % 20 = 0)) AS m' USING rule;
END $$;

-- Judges one segment: every way to its members must lead to those of the SQL written by hand. Where it is made already, only
-- the stored members are judged.
CREATE FUNCTION pg_temp.judge(segment text, rule text, hand text, make boolean) RETURNS TABLE (members bigint, problem text)
LANGUAGE plpgsql AS $$
DECLARE
  by_hand    text[];
  found      text[];
  other_ways text;
  detail     text;
  hint       text;
BEGIN
  IF make THEN
    PERFORM segmentation.create_segment(segment, rule::segmentation.rule);
    other_ways := concat_ws('; ',
      pg_temp.difference(ARRAY(SELECT pg_temp.stored(segment)),
                         ARRAY(SELECT pg_temp.keys(segmentation.to_sql(rule::segmentation.rule))), 'membership', 'to_sql'),
      pg_temp.difference(ARRAY(SELECT pg_temp.matching(rule)),
                         ARRAY(SELECT k FROM pg_temp.stored(segment) AS k WHERE hashtext(k) % 20 = 0), 'matches', 'membership'),
      pg_temp.number_differs(segmentation.count_matching(rule::segmentation.rule),
                             (SELECT count(*) FROM pg_temp.stored(segment)), 'count_matching'));
  END IF;
  by_hand := ARRAY(SELECT pg_temp.keys(hand));
  found := ARRAY(SELECT pg_temp.stored(segment));
  members := cardinality(found);
  problem := nullif(concat_ws('; ',
    pg_temp.difference(found, by_hand, 'membership', 'the hand-written SQL'),
    nullif(other_ways, ''),
    pg_temp.number_differs(segmentation.member_count(segment), members, 'member_count'),
    CASE WHEN cardinality(by_hand) IN (0, (SELECT count(*) FROM everyone)) THEN 'proves nothing: everyone or nobody' END), '');
  RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  members := NULL;
  problem := concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
  RETURN NEXT;
END $$;
