-- Every query must be accepted, find those whom the SQL written by hand finds, by every way to its members, and keep its meaning
-- through its canonical form. A NULL problem is a pass.
CREATE FUNCTION pg_temp.keys(query text) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT k FROM (%s) AS q (k)', query);
END $$;

CREATE FUNCTION pg_temp.difference(a bigint[], b bigint[], name text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN a <> b THEN format('%s finds %s, not %s: also %s, not %s', name, cardinality(a), cardinality(b),
    (ARRAY(SELECT unnest(a) EXCEPT SELECT unnest(b) ORDER BY 1))[1:5], (ARRAY(SELECT unnest(b) EXCEPT SELECT unnest(a) ORDER BY 1))[1:5]) END
$$;

CREATE FUNCTION pg_temp.judge(rule text, hand text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  everyone  bigint[] := ARRAY(SELECT id FROM shop.customers ORDER BY 1);
  wanted    bigint[] := ARRAY(SELECT pg_temp.keys('SELECT c.id FROM shop.customers AS c WHERE ' || hand) ORDER BY 1);
  canonical text := rule::segmentation.rule::text;
BEGIN
  IF hand <> 'true' AND wanted IN ('{}', everyone) THEN RETURN 'proves nothing: everyone or nobody'; END IF;
  RETURN nullif(concat_ws('; ',
    pg_temp.difference(ARRAY(SELECT segmentation.matches(rule::segmentation.rule, everyone) ORDER BY 1), wanted, 'matches'),
    pg_temp.difference(ARRAY(SELECT segmentation.matches(canonical::segmentation.rule, everyone) ORDER BY 1), wanted, 'the canonical form'),
    pg_temp.difference(ARRAY(SELECT pg_temp.keys(segmentation.to_sql(rule::segmentation.rule)) ORDER BY 1), wanted, 'to_sql'),
    CASE WHEN segmentation.count_matching(rule::segmentation.rule) <> cardinality(wanted) THEN 'count_matching differs' END,
    CASE WHEN canonical::segmentation.rule::text <> canonical THEN 'the canonical form is not its own' END,
    CASE WHEN segmentation.rule_from_json(segmentation.rule_to_json(rule::segmentation.rule))::text <> canonical THEN 'not the same by way of JSON' END), '');
EXCEPTION WHEN OTHERS THEN
  DECLARE
    detail text;
    hint   text;
  BEGIN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
  END;
END $$;

SELECT CASE WHEN problem IS NULL THEN 'ok: ' || rule ELSE format('not ok: %s: %s', rule, problem) END
FROM (SELECT n, rule, pg_temp.judge(rule, hand) AS problem FROM asked) AS judged ORDER BY n;
