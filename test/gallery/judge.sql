-- Makes a segment of every rule of the page, and holds its members against the SQL written by hand: as made, after writes, and when a day has
-- gone by, by the server's clock where the test sets it (:clock), else by the shop's data. A NULL problem is a pass.
CREATE TABLE hand.outcome (n integer GENERATED ALWAYS AS IDENTITY, what text, members bigint, problem text);

INSERT INTO hand.outcome (what, problem)
SELECT 'the page and the SQL by hand tell of the same segments',
       (SELECT 'only in one of them: ' || string_agg(COALESCE(p.name, s.name), ', ') FROM hand.page AS p FULL JOIN hand.segment AS s ON s.name = p.name WHERE p.name IS NULL OR s.name IS NULL);

CREATE FUNCTION hand.make(name text, rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM segmentation.create_segment(name, rule::segmentation.rule);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- Returns what is wrong with a segment's members.
CREATE FUNCTION hand.judge(segment text, query text, OUT members bigint, OUT problem text) LANGUAGE plpgsql AS $$
DECLARE
  found  bigint[];
  wanted bigint[];
BEGIN
  EXECUTE format('SELECT array_agg(c.id ORDER BY c.id) FROM hand.customer AS c WHERE %s', query) INTO wanted;
  wanted := COALESCE(wanted, '{}');
  found := ARRAY(SELECT m FROM segmentation.members(segment) AS m ORDER BY m);
  members := cardinality(found);
  problem := CASE WHEN found <> wanted THEN format('%s members, by hand %s; not by hand: %s, only by hand: %s', members, cardinality(wanted),
               (ARRAY(SELECT unnest(found) EXCEPT SELECT unnest(wanted) ORDER BY 1))[1:5], (ARRAY(SELECT unnest(wanted) EXCEPT SELECT unnest(found) ORDER BY 1))[1:5])
             WHEN wanted = '{}' THEN 'proves nothing: nobody'
             WHEN members = (SELECT count(*) FROM hand.customer) THEN 'proves nothing: everybody' END;
EXCEPTION WHEN OTHERS THEN
  problem := SQLSTATE || ' ' || SQLERRM;
END $$;

-- Looks at all of them at one instant, except for those who left a segment when nobody can have.
CREATE FUNCTION hand.look(stage text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  REFRESH MATERIALIZED VIEW hand.ordered;
  REFRESH MATERIALIZED VIEW hand.placed;
  REFRESH MATERIALIZED VIEW hand.line;
  REFRESH MATERIALIZED VIEW hand.customer;
  INSERT INTO hand.outcome (what, members, problem)
  SELECT p.name || ', ' || stage, j.members, j.problem FROM hand.page AS p JOIN hand.segment AS s ON s.name = p.name, hand.judge(s.name, s.query) AS j
  WHERE stage <> 'as made' OR p.rule !~ 'memberships' ORDER BY p.n;
  INSERT INTO hand.outcome (what, problem)
  SELECT 'verify, ' || stage, string_agg(format('%s: %s', v.segment, v.customer), ', ') FROM (SELECT * FROM segmentation.verify() AS d WHERE NOT d.pending LIMIT 5) AS v;
  -- The one with a view of its own shows what its rule says, in that order.
  INSERT INTO hand.outcome (what, problem)
  SELECT 'view, ' || stage, CASE WHEN v.seen IS DISTINCT FROM h.wanted THEN format('%s, by hand %s', v.seen, h.wanted) END
  FROM (SELECT array_agg(ROW(s.id, s.name, s.phone, s.city, s.amount_spent, s.last_order_date)::text) AS seen FROM segments."Whom to call today" AS s) AS v,
    (SELECT array_agg(ROW(c.id, COALESCE(c.first_name || ' ' || c.last_name, c.first_name), c.phone, c.city, c.spent, c.last_at)::text) AS wanted
     FROM (SELECT c.* FROM hand.customer AS c WHERE c.id IN (SELECT segmentation.members('Whom to call today')) ORDER BY c.spent DESC, c.id LIMIT 50) AS c) AS h;
  INSERT INTO hand.earlier SELECT 'Big spenders', c.id FROM hand.customer AS c WHERE c.spent > 1000;
END $$;

INSERT INTO hand.outcome (what, problem) SELECT 'to make ' || p.name, hand.make(p.name, p.rule) FROM (SELECT * FROM hand.page ORDER BY n) AS p;
INSERT INTO hand.outcome (what, problem)
SELECT 'the same by way of JSON: ' || p.name, CASE WHEN segmentation.rule_from_json(segmentation.rule_to_json(p.rule))::text <> p.rule::segmentation.rule::text THEN 'not so' END
FROM hand.page AS p ORDER BY p.n;
SELECT hand.look('as made');
\ir writes.sql
CALL segmentation.tick();
SELECT hand.look('after writes');
\if :{?clock}
  \! echo "$TOMORROW" > "$CLOCK"
\else
  \ir day.sql
\endif
CALL segmentation.tick();
SELECT hand.look('a day later');
