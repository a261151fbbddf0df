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
  IF segmentation.rule_from_json(segmentation.rule_to_json(rule_text)) OPERATOR(segmentation.<>) rule_text::segmentation.rule THEN
    RETURN 'not the same rule by way of JSON';
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  RETURN format('error %s: %s', state, message);
END
$f$;

-- What SHOW has of a list against what its tests say: who has nothing, and who has each of some values, of `words` or numbers too that nobody may have.
-- NULL where they agree.
CREATE FUNCTION public.compare_list(expression text, words text[]) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
  customers record;
  test      record;
  shown     text[];
  found     text[];
  state     text;
  message   text;
BEGIN
  SELECT b.key, b.relation INTO customers FROM segmentation.binding AS b WHERE b.role = 'customers';
  PERFORM segmentation.define_attribute('listed', expression, replace => true);
  PERFORM segmentation.create_segment('listed', 'FROM customers SHOW listed WHERE listed IS NULL OR listed IS NOT NULL', replace => true);
  EXECUTE format('CREATE TEMP TABLE shown ON COMMIT DROP AS SELECT v.%I::text AS key, to_jsonb(v.listed) AS listed FROM segments.listed AS v', customers.key);
  FOR test IN
    SELECT 'listed IS NULL' AS rule, NULL::jsonb AS value
    UNION ALL (SELECT DISTINCT 'listed CONTAINS ' || CASE jsonb_typeof(e) WHEN 'number' THEN e #>> '{}' ELSE segmentation._rule_text(e #>> '{}') END, e
               FROM (SELECT e FROM shown AS s, jsonb_array_elements(s.listed) AS e LIMIT 8) AS few(e))
    UNION ALL SELECT 'listed CONTAINS ' || segmentation._rule_text(w), to_jsonb(w) FROM unnest(words) AS w, segmentation.attributes AS a WHERE a.name = 'listed' AND a.type = 'list of text'
    UNION ALL SELECT 'listed CONTAINS ' || n, to_jsonb(n) FROM generate_series(-1, 4) AS n, segmentation.attributes AS a WHERE a.name = 'listed' AND a.type = 'list of number'
  LOOP
    SELECT array_agg(s.key ORDER BY s.key COLLATE "C") INTO shown FROM shown AS s
    WHERE CASE WHEN test.value IS NULL THEN s.listed = '[]'
               ELSE EXISTS (SELECT FROM jsonb_array_elements(s.listed) AS e WHERE e = test.value OR jsonb_typeof(e) = 'string' AND segmentation._fold(e #>> '{}') = segmentation._fold(test.value #>> '{}')) END;
    EXECUTE format('SELECT array_agg(m::text ORDER BY m::text COLLATE "C") FROM segmentation.matches($1, (SELECT array_agg(c.%I) FROM %s AS c)) AS m', customers.key, customers.relation)
      USING test.rule::segmentation.rule INTO found;
    IF shown IS DISTINCT FROM found THEN
      RETURN format('%s: shown to %s, found %s', test.rule, shown, found);
    END IF;
  END LOOP;
  DROP TABLE shown;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  RETURN format('error %s: %s', state, message);
END
$f$;
