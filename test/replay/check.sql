-- Judging a month: the stored members of each segment against SQL written by hand, and verify.
CREATE TEMP TABLE judged (month text, name text, members bigint);

CREATE FUNCTION pg_temp.judge_month(of_month text, note text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  asked   record;
  found   text[];
  wrong   text;
BEGIN
  FOR asked IN SELECT * FROM wanted ORDER BY id LOOP
    found := ARRAY(SELECT pg_temp.stored(asked.name));
    INSERT INTO judged VALUES (of_month, asked.name, cardinality(found));
    INSERT INTO outcome (what, members, problem) VALUES (of_month || ' ' || asked.name, cardinality(found), nullif(concat_ws('; ',
      pg_temp.difference(found, ARRAY(SELECT pg_temp.keys(asked.hand)), 'membership', 'the hand-written SQL'),
      pg_temp.number_differs(segmentation.member_count(asked.name), cardinality(found), 'member_count')), ''));
  END LOOP;
  SELECT string_agg(format('%s of "%s" (%s pending), like %s', n, segment, pending, customer), '; ') INTO wrong
  FROM (SELECT segment, count(*) AS n, count(*) FILTER (WHERE v.pending) AS pending, min(customer) AS customer FROM segmentation.verify() AS v GROUP BY segment) AS s;
  INSERT INTO outcome (what, members, problem) VALUES (of_month || ' verify, ' || note, (SELECT count(*) FROM segmentation.membership), 'wrong: ' || wrong);
END $$;
