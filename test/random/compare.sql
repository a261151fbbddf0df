-- Both paths for one rule over everybody: the evaluator against the printed SQL run by PostgreSQL alone.
-- NULL where they agree, else what differs or the error.
CREATE FUNCTION public.compare(rule_text text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
  everyone text;
  expected text[];
  actual   text[];
  counted  bigint;
  state    text;
  message  text;
BEGIN
  EXECUTE 'SELECT array_agg(k::text ORDER BY k::text COLLATE "C") FROM (' || segmentation.to_sql(rule_text) || ') AS q(k)' INTO expected;
  SELECT format('SELECT array_agg(m::text ORDER BY m::text COLLATE "C") '
                'FROM segmentation.matches($1, (SELECT array_agg(c.%I) FROM %s AS c)) AS m', b.key, b.relation)
    INTO everyone FROM segmentation.binding AS b WHERE b.role = 'customers';
  EXECUTE everyone USING rule_text::segmentation.rule INTO actual;
  IF expected IS DISTINCT FROM actual THEN
    RETURN format('only by SQL: %s; only by the evaluator: %s',
                  (SELECT array_agg(x) FROM (SELECT unnest(expected) EXCEPT SELECT unnest(actual) LIMIT 5) AS d(x)),
                  (SELECT array_agg(x) FROM (SELECT unnest(actual) EXCEPT SELECT unnest(expected) LIMIT 5) AS d(x)));
  END IF;
  -- The same for everybody at once: other SELECTs bring the rows then, with less in them.
  counted := segmentation.count_matching(rule_text::segmentation.rule);
  IF counted <> coalesce(cardinality(expected), 0) THEN
    RETURN format('%s members by SQL, %s counted by the evaluator', coalesce(cardinality(expected), 0), counted);
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  RETURN format('error %s: %s', state, message);
END
$f$;
