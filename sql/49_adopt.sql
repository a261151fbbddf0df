-- adopt: binds a conventional shop by what its catalogs say, and tells what it took for what and why.

-- Returns the hints that are read, of tables and of what is in them.
CREATE FUNCTION segmentation._adopt_hint_names() RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  WITH role(name, kind) AS (
    SELECT r, CASE WHEN r IN ('items', 'addresses') THEN 'rows' ELSE 'source' END
    FROM unnest('{orders,items,payments,refunds,addresses,carts,page_views,subscriptions,store_credit,email_events}'::text[]) AS r
    UNION ALL SELECT r, 'set' FROM unnest('{customer_tags,customer_groups,interests,product_tags,product_categories,companies}'::text[]) AS r
    UNION ALL SELECT r, 'lookup' FROM unnest('{variant,product,category,brand,group,company,tag,interest}'::text[]) AS r
    UNION ALL VALUES ('fields', 'fields'), ('customers', 'customers'))
  SELECT n FROM unnest('{timezone,zone}'::text[]) AS n
  UNION ALL SELECT r.name FROM role AS r
  UNION ALL SELECT r.name || '.' || k.name
  FROM role AS r JOIN (VALUES ('source', '{key,condition,date,zone}'::text[]), ('rows', '{key,condition}'), ('set', '{key,value}'), ('lookup', '{key}'), ('fields', '{key,condition,field,value}'),
    ('customers', '{condition,zone}')) AS w(kind, names) ON w.kind = r.kind, unnest(w.names) AS k(name)
  UNION ALL SELECT 'customers.' || w.name FROM segmentation._adopt_own_names() AS w
  UNION ALL SELECT n FROM unnest('{orders.total,orders.currency,orders.status,orders.number,orders.payment_status,orders.paid_total,orders.refunded_total,orders.cancelled,orders.draft,
    orders.cart,orders.paid,orders.minor_units,orders.rates,items.total,items.price,items.quantity,payments.amount,payments.status,payments.type,payments.paid,payments.refunded,
    refunds.amount,refunds.status,refunds.type,refunds.paid,category.name,brand.name,company.name,product.category,product.brand,page_views.product,page_views.collection,
    subscriptions.channel,addresses.countries,addresses.regions,addresses.cities,email_events.kind,email_events.activity,store_credit.balance}'::text[]) AS n);

-- Raises unless hints are an object of known keys.
CREATE FUNCTION segmentation._check_hints(hints jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
  known text[] := segmentation._adopt_hint_names();
  lists text[] := '{orders.paid,orders.cancelled,orders.draft,orders.cart,payments.paid,refunds.paid}';
BEGIN
  IF jsonb_typeof(hints) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'hints must be a jsonb object', HINT = 'Say, for example, {"customers": "users", "orders.date": "placed_at"}.';
  END IF;
  SELECT k INTO wrong FROM jsonb_object_keys(hints) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('hint "%s" is unknown', wrong), HINT = segmentation._name_hint(wrong, known, '');
  END IF;
  SELECT h.key INTO wrong FROM jsonb_each(hints) AS h
  WHERE h.key <> ALL (lists || '{orders.minor_units,orders.rates}'::text[]) AND NOT (h.key = 'orders.total' AND jsonb_typeof(h.value) = 'array') AND jsonb_typeof(h.value) NOT IN ('string', 'null') ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('hint "%s" must be a name', wrong), HINT = 'Say the table or column that is meant, or null for none.';
  END IF;
  SELECT h.key INTO wrong FROM jsonb_each(hints) AS h WHERE h.key = ANY (lists) AND CASE WHEN jsonb_typeof(h.value) = 'array'
    THEN h.value = '[]' OR EXISTS (SELECT FROM jsonb_array_elements(h.value) AS e WHERE jsonb_typeof(e) NOT IN ('string', 'number')) ELSE true END ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('hint "%s" must be a list of values', wrong), HINT = format('Say {"%s": ["...", "..."]}.', wrong);
  END IF;
  IF jsonb_typeof(hints -> 'orders.total') = 'array' AND (hints -> 'orders.total' = '[]' OR EXISTS (SELECT FROM jsonb_array_elements(hints -> 'orders.total') AS e WHERE jsonb_typeof(e) <> 'string')) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'hint "orders.total" must be a name or a list of names', HINT = 'Say the columns whose sum it is, {"orders.total": ["subtotal", "shipping", "-discount"]}.';
  END IF;
  PERFORM segmentation._time_zone(h.value #>> '{}') FROM jsonb_each(hints) AS h WHERE (h.key = 'zone' OR h.key LIKE '%.zone') AND jsonb_typeof(h.value) = 'string';
  IF hints ? 'orders.minor_units' AND COALESCE(jsonb_typeof(hints -> 'orders.minor_units') = 'number' AND (hints ->> 'orders.minor_units')::numeric > 0, false) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'hint "orders.minor_units" must be a number above zero', HINT = 'Say how many minor units are one, such as 100.';
  END IF;
  IF hints ? 'orders.rates' AND NOT COALESCE(jsonb_typeof(hints -> 'orders.rates') = 'object' AND hints -> 'orders.rates' <> '{}'
      AND CASE WHEN hints -> 'orders.rates' ? 'table' THEN hints -> 'orders.rates' ?& '{currency,rate}'
               ELSE NOT EXISTS (SELECT FROM jsonb_each(hints -> 'orders.rates') AS r
                                WHERE CASE WHEN jsonb_typeof(r.value) = 'number' THEN r.value::numeric <= 0 ELSE true END) END, false) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'hint "orders.rates" must give each currency a rate, or name a table of rates',
      HINT = 'Say {"EUR": 1, "BGN": 1.95583}, or {"table": "rates", "currency": "code", "rate": "rate"}: how many of it are one unit.';
  END IF;
END $$;

-- Binds one step, or says why not.
CREATE FUNCTION segmentation._adopt_bind(step segmentation._adopted, zone text) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  note text;
BEGIN
  CASE step.kind
    WHEN 'customers' THEN PERFORM segmentation_internal.bind_customers(step.relation, step.key, zone, step.condition);
    WHEN 'source' THEN
      IF step.zone IS NOT NULL OR step.dated THEN PERFORM segmentation._adopt_bind_dated(step);
      ELSE PERFORM segmentation_internal.bind_source(step.name, step.relation, step.key, step.parent, step.of_key, step.date, step.condition);
      END IF;
    WHEN 'lookup' THEN PERFORM segmentation_internal.bind_lookup(step.name, step.relation, step.parent, step.key, step.of_key,
      parent => step.field, label => CASE WHEN step.field IS NOT NULL THEN step.value END);
    WHEN 'set' THEN PERFORM segmentation_internal.bind_set(step.name, step.relation, step.key, step.value, step.parent, step.of_key, step.via, step.target, NULL, step.field, step.condition);
    WHEN 'fields' THEN PERFORM segmentation_internal.bind_fields(step.name, step.relation, step.key, step.field, step.value, step.parent, step.of_key, step.condition);
    ELSE NULL;
  END CASE;
  RETURN step;
EXCEPTION WHEN OTHERS THEN
  -- Without customers there is nothing to tell of.
  IF step.kind = 'customers' OR left(SQLSTATE, 2) NOT IN ('42', '22', '23', '0A', '2B', '54') THEN RAISE; END IF;
  GET STACKED DIAGNOSTICS note = PG_EXCEPTION_HINT;
  step.kind := CASE WHEN step.dated THEN 'kept' ELSE 'left out' END;
  step.reason := SQLERRM || COALESCE('; ' || NULLIF(note, ''), '');
  RETURN step;
END $$;

-- Returns the indexes that keeping one customer right lacks.
CREATE FUNCTION segmentation._missing_indexes() RETURNS SETOF segmentation._adopted
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ON (w.relation, w.key) w.name, 'missing index', w.relation, format('CREATE INDEX ON %s (%I);', w.relation, w.key),
         NULL::text, NULL::name, NULL::name, NULL::name, NULL::name, NULL::name, NULL::name, NULL::regclass, NULL::text, NULL::text, NULL::text, NULL::boolean
  FROM (SELECT b.id, b.name, b.relation, CASE b.role WHEN 'lookup' THEN b.lookup_key ELSE b.key END AS key FROM segmentation.binding AS b WHERE b.role <> 'customers'
        UNION ALL
        -- Whom a change of what many rows share concerns.
        SELECT b.id, p.name, p.relation, b.key FROM segmentation.binding AS b JOIN segmentation.binding AS p ON p.id = b.of_id WHERE b.role = 'lookup' AND p.role <> 'customers') AS w
  WHERE EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = w.relation AND a.attname = w.key AND a.attnum > 0 AND NOT a.attisdropped)
    AND NOT segmentation._is_indexed(w.relation, w.key)
  ORDER BY w.relation, w.key, w.id;
$$;

CREATE FUNCTION segmentation.adopt(schema name, hints jsonb DEFAULT NULL)
RETURNS TABLE (name text, kind text, relation regclass, reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = error AS $$
#variable_conflict use_variable
DECLARE
  caller oid := segmentation._caller();
  given  jsonb := COALESCE(adopt.hints, '{}');
  steps  segmentation._adopted[];
  step   segmentation._adopted;
  names  jsonb := '{}';
  rates  segmentation._adopted;
  others text;
BEGIN
  PERFORM segmentation._check_hints(given);
  IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = adopt.schema) OR adopt.schema IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = COALESCE(format('schema "%s" does not exist', adopt.schema), 'schema must not be null'),
      HINT = segmentation._name_hint(COALESCE(adopt.schema, ''), ARRAY(SELECT n.nspname::text FROM pg_namespace AS n WHERE n.nspname !~ '^(pg_|information_schema|segment)' ORDER BY 1), 'Name the shop''s schema.');
  END IF;
  steps := ARRAY(SELECT p FROM segmentation._adopt_plan(adopt.schema, caller, given) AS p);
  IF given -> 'orders.rates' ? 'table' THEN
    rates := segmentation._adopt_note('rate', 'lookup', segmentation._adopt_table_named(given -> 'orders.rates' ->> 'table', adopt.schema), 'the hint');
    rates.of_key := (segmentation._adopt_column(rates.relation, NULL, NULL, given -> 'orders.rates' ->> 'currency')).name;
    PERFORM segmentation._adopt_column(rates.relation, NULL, NULL, given -> 'orders.rates' ->> 'rate');
  END IF;
  -- All at once and in one order, before the gate. What the caller does not own, binding it will tell.
  PERFORM segmentation._check_relation(s.relation) FROM unnest(steps) AS s WHERE s.kind = 'customers';
  PERFORM segmentation._lock_definitions(ARRAY(SELECT r.relation FROM unnest(steps || rates) AS s, unnest(ARRAY[s.relation, s.target]) AS r(relation)
    JOIN pg_class AS c ON c.oid = r.relation WHERE s.kind IN ('customers', 'source', 'lookup', 'set', 'fields') AND pg_has_role(caller, c.relowner, 'USAGE')));

  FOREACH step IN ARRAY steps LOOP
    IF step.parent IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.name = step.parent) AND step.kind NOT IN ('ambiguous', 'left out') THEN
      step.kind := 'left out';
      step.reason := format('"%s" is not bound', step.parent);
    END IF;
    IF step.kind IN ('customers', 'source', 'lookup', 'set', 'fields') THEN step := segmentation._adopt_bind(step, given ->> 'timezone'); END IF;
    IF step.kind IN ('customers', 'source', 'lookup', 'set', 'fields', 'kept') THEN
      names := names || jsonb_build_object(step.role, step.name);
    END IF;
    RETURN QUERY SELECT step.name, step.kind, step.relation, step.reason;
  END LOOP;
  others := (SELECT string_agg(t.relation::text, ', ') FROM segmentation._adopt_tables(adopt.schema, caller) AS t WHERE NOT t.owned);
  IF others IS NOT NULL THEN
    RETURN QUERY SELECT NULL::text, 'left out'::text, NULL::regclass, format('not looked at, since others own them: %s', others);
  END IF;
  RETURN QUERY SELECT p.name, p.kind, p.relation, p.reason FROM segmentation._adopt_platform(adopt.schema) AS p;
  IF NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.role = 'customers') THEN RETURN; END IF;

  IF rates.relation IS NOT NULL AND names ? 'orders' AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.name = 'rate') THEN
    rates.parent := names ->> 'orders';
    rates.key := (SELECT c.name FROM segmentation.binding AS b, segmentation._adopt_column(b.relation, '{text,integer}',
      ARRAY['currency|currency_code|currency_iso|order_currency|currency_id'], given ->> 'orders.currency') AS c WHERE b.name = names ->> 'orders');
    rates := segmentation._adopt_bind(rates, NULL);
    RETURN QUERY SELECT rates.name, rates.kind, rates.relation, rates.reason;
  END IF;
  RETURN QUERY SELECT w.name, w.kind, w.relation, w.reason FROM segmentation._adopt_own_words(given) AS w;
  RETURN QUERY SELECT w.name, w.kind, w.relation, w.reason FROM segmentation._adopt_order_words(given, names) AS w;
  RETURN QUERY SELECT w.name, w.kind, w.relation, w.reason FROM segmentation._adopt_other_words(given, names) AS w;
  RETURN QUERY SELECT w.name, w.kind, w.relation, w.reason FROM segmentation._missing_indexes() AS w;
END $$;
COMMENT ON FUNCTION segmentation.adopt(name, jsonb) IS
  'Binds the tables of a conventional shop by their foreign keys, types and names, defines the standard vocabulary over them, and returns what it took '
  'for what and why, what it left out, where it was not sure (with the hint to give), and which indexes are missing. What is bound or defined already is kept. '
  'Looks at tables of the caller''s roles only. Locks: SHARE ROW EXCLUSIVE on the tables that it binds, in the order of their OIDs, before '
  'segmentation.segment; waits 3 s at most unless lock_timeout is set.';
