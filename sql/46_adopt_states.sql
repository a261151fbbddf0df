-- What the states of orders mean for adopt: which are no orders yet, which are cancelled or paid.

-- Returns the values of a column as adopt knows them: the labels of its enum, else those in the first 10,000 rows, and in the last ones by the
-- primary key: what is new is seen there. None where there are more than 100.
CREATE FUNCTION segmentation._adopt_distinct(relation regclass, column_name name) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text[];
  key    name := segmentation._primary_key(relation);
BEGIN
  IF column_name IS NULL THEN RETURN '{}'; END IF;
  answer := ARRAY(SELECT e.enumlabel::text FROM pg_attribute AS a JOIN pg_enum AS e ON e.enumtypid = a.atttypid
                  WHERE a.attrelid = relation AND a.attname = column_name ORDER BY e.enumsortorder);
  IF answer <> '{}' THEN RETURN answer; END IF;
  RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
    'SELECT array_agg(DISTINCT r.v) FILTER (WHERE r.v IS NOT NULL) FROM ((SELECT c.%1$I::text AS v FROM %2$s AS c LIMIT 10000)' || CASE WHEN key IS NULL THEN '' ELSE
      ' UNION ALL (SELECT c.%1$I::text AS v FROM %2$s AS c ORDER BY c.%3$I DESC LIMIT 10000)' END || ') AS r HAVING count(DISTINCT r.v) <= 100', column_name, relation, key)))[1]::text[], '{}');
END $$;

-- Tells whether some of the rows that _adopt_distinct looks at have nothing in a column.
CREATE FUNCTION segmentation._adopt_lacks(relation regclass, column_name name) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
  'SELECT bool_or(r.v) FROM ((SELECT c.%1$I IS NULL AS v FROM %2$s AS c LIMIT 10000)' || COALESCE(
    ' UNION ALL (SELECT c.%1$I IS NULL AS v FROM %2$s AS c ORDER BY c.' || quote_ident(segmentation._primary_key(relation)) || ' DESC LIMIT 10000)', '') || ') AS r',
  column_name, relation)))[1]::boolean, false);

-- Tells whether a column has an enum's labels: no other value can come.
CREATE FUNCTION segmentation._adopt_is_enum(relation regclass, column_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid WHERE a.attrelid = relation AND a.attname = column_name AND t.typtype = 'e');

-- Returns a value as one word, for comparing.
CREATE FUNCTION segmentation._adopt_plain(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN replace(segmentation._words_of(value), '_', '');

-- Returns what a status means as far as that is sure: 'cancelled', 'cart' and 'draft' (no order), 'paid' (paid, whatever came of it), 'unpaid', 'placed' (an order, paid or not), or NULL.
CREATE FUNCTION segmentation._adopt_status(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
  WHEN v = ANY ('{cancelled,canceled,cancel,void,voided,annulled}') THEN 'cancelled'
  WHEN v = ANY ('{cart,incart,basket,addingitems}') THEN 'cart'
  WHEN v = ANY ('{draft,test}') THEN 'draft'
  WHEN v = ANY ('{paid,refunded,partiallyrefunded,captured,settled,paymentsettled}') THEN 'paid'
  WHEN v = ANY ('{unpaid,pending,awaitingpayment,pendingpayment,new,open}') THEN 'unpaid'
  WHEN v = ANY ('{placed,confirmed,processing,inprogress,shipped,partiallyshipped,dispatched,intransit,delivered,partiallydelivered,complete,completed,closed,fulfilled,
    partiallyfulfilled,received,returned,partiallyreturned,archived,ready,onhold,authorized,paymentauthorized}') THEN 'placed' END
  FROM segmentation._adopt_plain(value) AS v);

-- Returns the values that mean one of `meanings`, as a list for IN; those that a hint of the first one's name has, or else those that are known for it, with the
-- common spellings beside the ones that were found.
CREATE FUNCTION segmentation._adopt_meant(relation regclass, column_name name, meaning text, hints jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  listed jsonb := hints -> ('orders.' || meaning);
  hit  text[];
BEGIN
  IF column_name IS NULL THEN RETURN NULL; END IF;
  IF listed IS NOT NULL THEN
    RETURN (SELECT string_agg(CASE jsonb_typeof(e) WHEN 'number' THEN e #>> '{}' ELSE segmentation._rule_text(e #>> '{}') END, ', ') FROM jsonb_array_elements(listed) AS e);
  END IF;
  IF NOT EXISTS (SELECT FROM segmentation._adopt_columns(relation) AS c WHERE c.name = column_name AND c.sort = 'text') THEN RETURN NULL; END IF;
  hit := ARRAY(SELECT v FROM unnest(segmentation._adopt_distinct(relation, column_name)) AS v
               WHERE segmentation._adopt_status(v) = meaning OR meaning = 'draft' AND segmentation._adopt_status(v) = 'cart');
  IF NOT segmentation._adopt_is_enum(relation, column_name) THEN
    hit := hit || CASE WHEN meaning = 'paid' AND hit = '{}' THEN '{}' ELSE ARRAY(
      SELECT f.v FROM unnest(CASE meaning WHEN 'cancelled' THEN '{cancelled,canceled}' WHEN 'draft' THEN '{draft,cart}'
                             WHEN 'paid' THEN '{paid,refunded,partially_refunded}' END::text[]) AS w(word), unnest(ARRAY[w.word, initcap(w.word), upper(w.word)]) AS f(v)) END;
  END IF;
  RETURN (SELECT string_agg(DISTINCT segmentation._rule_text(v), ', ') FROM unnest(hit) AS v);
END $$;

-- Returns the column with the orders' status.
CREATE FUNCTION segmentation._adopt_status_column(relation regclass, hints jsonb, OUT name name, OUT rivals text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.* FROM segmentation._adopt_column(relation, '{text,integer,uuid}', ARRAY['status|order_status', 'state|order_state', 'status_id|order_status_id'], hints ->> 'orders.status') AS c
  WHERE NOT hints ? 'orders.status' OR hints ->> 'orders.status' IS NOT NULL;
$$;

-- Returns the column that says when an order was placed, where some rows have none: these are no orders.
CREATE FUNCTION segmentation._adopt_placed_column(relation regclass, hints jsonb) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.name FROM segmentation._adopt_columns(relation) AS c
        WHERE c.name = (segmentation._adopt_date(relation, 'orders', hints ->> 'orders.date')).name AND c.fits AND c.words ~ '(placed|ordered)');

-- Returns the condition that marks which fit a pattern are not set.
CREATE FUNCTION segmentation._adopt_marks(relation regclass, pattern text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(segmentation._rule_mark(c.name, c.sort, false), ' AND ' ORDER BY c.name)
        FROM segmentation._adopt_columns(relation) AS c WHERE c.sort IN ('boolean', 'integer') AND c.words ~ pattern);

-- Returns the conditions on orders that are not cancelled; `odd` are columns that may say so and are not understood.
CREATE FUNCTION segmentation._adopt_placed(relation regclass, hints jsonb, OUT conditions text[], OUT odd text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status name := (segmentation._adopt_status_column(relation, hints)).name;
  listed text := segmentation._adopt_meant(relation, status, 'cancelled', hints);
  item   record;
BEGIN
  odd := '{}';
  conditions := CASE WHEN listed IS NOT NULL THEN ARRAY[segmentation._rule_name(status) || ' NOT IN (' || listed || ')'] ELSE '{}' END;
  FOR item IN SELECT c.* FROM segmentation._adopt_columns(relation) AS c WHERE c.words ~ '(cancel|void)' AND c.name IS DISTINCT FROM status ORDER BY c.name LOOP
    IF item.sort = 'time' AND item.words ~ '^(cancel|cancell?ed|voided|cancell?ation)(at|on|date|time)?$|^date(of)?(cancel|cancell?ed|voided|cancell?ation)$'
       OR item.sort IN ('boolean', 'integer') AND item.words ~ '^(is)?(cancell?ed|voided)$' THEN
      conditions := conditions || segmentation._rule_mark(item.name, item.sort, false);
    ELSE odd := odd || item.name::text;
    END IF;
  END LOOP;
END $$;

-- Completes what was found of orders: carts, drafts and tests that stand among them are none.
CREATE FUNCTION segmentation._adopt_orders(step segmentation._adopted, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status record;
  drafts text;
BEGIN
  IF step.kind <> 'source' THEN RETURN step; END IF;
  SELECT c.* INTO status FROM segmentation._adopt_status_column(step.relation, hints) AS c;
  IF status.rivals IS NOT NULL THEN
    step.kind := 'ambiguous';
    step.reason := format('%s of %s could be the status; say {"orders.status": "%s"}', (SELECT string_agg(format('%I', r), ' and ') FROM unnest(status.rivals) AS r), step.relation, status.rivals[1]);
    RETURN step;
  END IF;
  drafts := segmentation._adopt_meant(step.relation, status.name, 'draft', hints);
  step.condition := NULLIF(concat_ws(' AND ', step.condition, segmentation._adopt_marks(step.relation, '^(is)?(draft|test|cart)(order)?$'),
    segmentation._rule_name(segmentation._adopt_placed_column(step.relation, hints)) || ' IS NOT NULL',
    segmentation._rule_name(status.name) || ' NOT IN (' || drafts || ')'), '');
  RETURN step;
END $$;
