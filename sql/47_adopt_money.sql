-- What the columns and values of orders mean for adopt: which are no orders yet, which are cancelled or paid, and how money is added.

-- Returns a name, or a value, as the rule language has it.
CREATE FUNCTION segmentation._rule_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN '"' || replace(name, '"', '""') || '"';
CREATE FUNCTION segmentation._rule_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN '''' || replace(replace(value, '\', '\\'), '''', '''''') || '''';

-- Returns the values of a column as adopt knows them: the labels of its enum, else those in the first 10,000 rows.
CREATE FUNCTION segmentation._adopt_distinct(relation regclass, column_name name) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text[];
BEGIN
  answer := ARRAY(SELECT e.enumlabel::text FROM pg_attribute AS a JOIN pg_enum AS e ON e.enumtypid = a.atttypid
                  WHERE a.attrelid = relation AND a.attname = column_name ORDER BY e.enumsortorder);
  IF answer <> '{}' THEN RETURN answer; END IF;
  RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
    'SELECT array_agg(DISTINCT r.v) FROM (SELECT c.%I::text AS v FROM %s AS c WHERE c.%1$I IS NOT NULL LIMIT 10000) AS r HAVING count(DISTINCT r.v) <= 100',
    column_name, relation)))[1]::text[], '{}');
END $$;

-- Returns what a status means as far as that is sure: 'cancelled', 'draft', 'paid' (paid, whatever came of it), 'unpaid', 'placed' (an order, paid or not), or NULL.
CREATE FUNCTION segmentation._adopt_status(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN replace(segmentation._words_of(value), '_', '') = ANY ('{cancelled,canceled,cancel,void,voided,annulled}') THEN 'cancelled'
  WHEN replace(segmentation._words_of(value), '_', '') = ANY ('{draft,cart,incart,basket,test,addingitems}') THEN 'draft'
  WHEN replace(segmentation._words_of(value), '_', '') = ANY ('{paid,refunded,partiallyrefunded,captured,settled,paymentsettled}') THEN 'paid'
  WHEN replace(segmentation._words_of(value), '_', '') = ANY ('{unpaid,pending,awaitingpayment,pendingpayment,new,open}') THEN 'unpaid'
  WHEN replace(segmentation._words_of(value), '_', '') = ANY ('{placed,confirmed,processing,inprogress,shipped,sent,dispatched,intransit,
    delivered,complete,completed,closed,fulfilled,partiallyfulfilled,received,returned,partiallyreturned,archived,ready,onhold,authorized,paymentauthorized}') THEN 'placed' END;

-- Returns the column that says what has become of an order, and the values that mean `meaning`, as a list for IN; those that a hint names, or else those
-- that are known for it, with the common spellings beside the ones that were found.
CREATE FUNCTION segmentation._adopt_meant(relation regclass, column_name name, meaning text, hints jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  listed jsonb := hints -> ('orders.' || meaning);
  hit  text[];
BEGIN
  IF listed IS NOT NULL THEN
    RETURN (SELECT string_agg(CASE jsonb_typeof(e) WHEN 'number' THEN e #>> '{}' ELSE segmentation._rule_text(e #>> '{}') END, ', ') FROM jsonb_array_elements(listed) AS e);
  END IF;
  IF NOT EXISTS (SELECT FROM segmentation._adopt_columns(relation) AS c WHERE c.name = column_name AND c.sort = 'text') THEN RETURN NULL; END IF;
  hit := ARRAY(SELECT v FROM unnest(segmentation._adopt_distinct(relation, column_name)) AS v WHERE segmentation._adopt_status(v) = meaning);
  IF meaning = 'cancelled' AND NOT EXISTS (SELECT FROM pg_attribute AS a JOIN pg_enum AS e ON e.enumtypid = a.atttypid
                                           WHERE a.attrelid = relation AND a.attname = column_name) THEN
    hit := hit || '{cancelled,canceled,Cancelled,Canceled,CANCELLED,CANCELED}'::text[];
  END IF;
  RETURN (SELECT string_agg(DISTINCT segmentation._rule_text(v), ', ') FROM unnest(hit) AS v);
END $$;

-- Returns the column with the orders' status.
CREATE FUNCTION segmentation._adopt_status_column(relation regclass, hints jsonb) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.name FROM segmentation._adopt_column(relation, '{text,integer,uuid}', ARRAY['status|order_status', 'state|order_state', 'status_id|order_status_id'], hints ->> 'orders.status') AS c);

-- Returns the conditions on orders that are not cancelled.
CREATE FUNCTION segmentation._adopt_placed(relation regclass, hints jsonb) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status name := segmentation._adopt_status_column(relation, hints);
  listed text := segmentation._adopt_meant(relation, status, 'cancelled', hints);
BEGIN
  RETURN CASE WHEN listed IS NOT NULL AND status IS NOT NULL THEN ARRAY[segmentation._rule_name(status) || ' NOT IN (' || listed || ')'] ELSE '{}' END
    || ARRAY(SELECT segmentation._rule_name(c.name) || CASE c.sort WHEN 'time' THEN ' IS NULL' ELSE ' != true' END
             FROM segmentation._adopt_columns(relation) AS c
             WHERE c.sort IN ('time', 'boolean') AND c.words ~ '^(is)?(cancell?ed|voided)(at|on|date)?$' ORDER BY c.name);
END $$;

-- Completes what was found of orders: carts, drafts and tests that stand among them are none.
CREATE FUNCTION segmentation._adopt_orders(step segmentation._adopted, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status name := segmentation._adopt_status_column(step.relation, hints);
  drafts text;
BEGIN
  IF step.kind <> 'source' THEN RETURN step; END IF;
  drafts := segmentation._adopt_meant(step.relation, status, 'draft', hints);
  step.condition := concat_ws(' AND ', step.condition,
    (SELECT string_agg(segmentation._rule_name(c.name) || CASE c.sort WHEN 'boolean' THEN ' != true' ELSE ' != 1' END, ' AND ' ORDER BY c.name)
     FROM segmentation._adopt_columns(step.relation) AS c
     WHERE c.sort IN ('boolean', 'integer') AND c.words ~ '^(is)?(draft|test|cart)(order)?$'),
    (SELECT segmentation._rule_name(c.name) || ' IS NOT NULL' FROM segmentation._adopt_columns(step.relation) AS c
     WHERE c.name = step.date AND c.fits AND c.words ~ '(placed|ordered)'),
    segmentation._rule_name(status) || ' NOT IN (' || drafts || ')');
  step.condition := NULLIF(step.condition, '');
  RETURN step;
END $$;

-- Returns the currencies in the first 100,000 orders.
CREATE FUNCTION segmentation._adopt_currencies(relation regclass, column_name name) RETURNS text[]
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
    'SELECT array_agg(DISTINCT r.v ORDER BY r.v) FROM (SELECT c.%I::text AS v FROM %s AS c WHERE c.%1$I IS NOT NULL LIMIT 100000) AS r', column_name, relation)))[1]::text[], '{}');

-- How a sum of money is written: over which source and column, in which currencies.
CREATE TYPE segmentation._money AS (
  source text, column_name name, prefix text, currency name, rates jsonb, divisor numeric, kind text, problem text, reason text, condition text);

-- Returns the column with an order's total.
CREATE FUNCTION segmentation._adopt_total(relation regclass, hints jsonb, OUT name name, OUT rivals text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.* FROM segmentation._adopt_column(relation, '{number,integer}', ARRAY['grand_total|grand_total_amount',
    'total|total_amount|amount_total|order_total|total_price|total_incl_tax|total_with_tax|order_amount|total_gross|gross_total|total_cents|total_minor|total_sum|order_sum|totalpricewithtax',
    'amount|sum|value|price|amount_cents|price_cents'], hints ->> 'orders.total') AS c;
$$;

-- Makes a computed column; returns why that cannot be, or NULL.
CREATE FUNCTION segmentation._adopt_computed(source text, name text, expression text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation_internal.bind_column(source, name, expression);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '54') THEN RAISE; END IF;
  RETURN SQLERRM;
END $$;

-- Returns how sums over a column of orders, or of rows of orders, are written; its problem where they cannot be.
CREATE FUNCTION segmentation._adopt_money_of(bound segmentation.binding, column_name name, hints jsonb, orders segmentation.binding DEFAULT NULL)
RETURNS segmentation._money LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money   segmentation._money;
  hit   record;
  present text[];
  own     boolean := orders IS NULL OR orders.id = bound.id;
  holder  segmentation.binding := CASE WHEN own THEN bound ELSE orders END;
BEGIN
  money.source := bound.name;
  money.column_name := column_name;
  money.prefix := CASE WHEN own THEN '' ELSE segmentation._rule_name(orders.name) || '.' END;
  money.divisor := COALESCE((hints ->> 'orders.minor_units')::numeric, CASE WHEN column_name ~* '(cents|minor)$' THEN 100 END);
  money.reason := format('%s.%I', bound.name, column_name)
    || CASE WHEN money.divisor > 1 THEN format(' in %s', CASE money.divisor WHEN 100 THEN 'hundredths' ELSE 'parts of ' || money.divisor END)
            WHEN money.divisor IS NULL AND (SELECT c.sort = 'integer' FROM segmentation._adopt_columns(bound.relation) AS c WHERE c.name = column_name)
            THEN ', whole units (where it is in cents, say {"orders.minor_units": 100})' ELSE '' END;
  SELECT c.* INTO hit FROM segmentation._adopt_column(holder.relation, '{text,integer}', ARRAY['currency|currency_code|currency_iso|order_currency|currency_id'], hints ->> 'orders.currency') AS c;
  IF hit.name IS NULL THEN RETURN money; END IF;
  money.currency := hit.name;
  money.rates := hints -> 'orders.rates';
  IF money.rates ? 'table' THEN
    IF NOT own THEN
      money.kind := 'left out';
      money.problem := format('rates in a table do for columns of orders only, not for %s', bound.name);
      RETURN money;
    END IF;
    money.column_name := left(column_name, 40) || '_in_base';
    money.reason := money.reason || format(', by the rates in %s', money.rates ->> 'table');
    IF NOT EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id AND c.name = money.column_name) THEN
      money.problem := segmentation._adopt_computed(bound.name, money.column_name::text, format('%I / NULLIF(rate.%I, 0)', column_name, money.rates ->> 'rate'));
      IF money.problem IS NOT NULL THEN money.kind := 'left out'; END IF;
    END IF;
    money.currency := NULL;
    RETURN money;
  END IF;
  present := segmentation._adopt_currencies(holder.relation, hit.name);
  IF money.rates IS NOT NULL THEN
    money.reason := money.reason || ', by the rates of the hint' || COALESCE((SELECT '; orders in ' || string_agg(p, ', ') || ' have none and are left out of sums'
      FROM unnest(present) AS p WHERE NOT money.rates ? p), '');
  ELSIF cardinality(present) > 1 THEN
    money.kind := 'left out';
    money.problem := format('orders are in %s, which cannot be added; say how many of each are one unit, {"orders.rates": {%s}}, or where that stands, '
      '{"orders.rates": {"table": "...", "currency": "...", "rate": "..."}}', array_to_string(present, ', '),
      (SELECT string_agg(format('"%s": %s', p.v, CASE p.n WHEN 1 THEN '1' ELSE '...' END), ', ') FROM unnest(present) WITH ORDINALITY AS p(v, n)));
  ELSIF cardinality(present) = 1 THEN
    money.rates := jsonb_build_object(present[1], 1);
    money.reason := money.reason || format(', orders in %s, which all are that adopt looked at', present[1]);
  ELSE
    money.kind := 'left out';
    money.problem := format('there are no orders to tell their currencies by; say {"orders.rates": {"EUR": 1}}');
  END IF;
  RETURN money;
END $$;

-- Returns how sums of orders are written: by a total, or else by the lines.
CREATE FUNCTION segmentation._adopt_money(orders segmentation.binding, items segmentation.binding, hints jsonb) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money segmentation._money;
  hit record;
  price record;
  count record;
BEGIN
  SELECT t.* INTO hit FROM segmentation._adopt_total(orders.relation, hints) AS t;
  IF hit.name IS NOT NULL THEN RETURN segmentation._adopt_money_of(orders, hit.name, hints); END IF;
  IF hit.rivals IS NOT NULL THEN
    money.kind := 'ambiguous';
    money.problem := format('%s could be the total; say {"orders.total": "%s"}', (SELECT string_agg(format('%I', r), ' and ') FROM unnest(hit.rivals) AS r), hit.rivals[1]);
    RETURN money;
  END IF;
  -- Of lines that are kept in versions only some count.
  IF items.id IS NOT NULL AND items.condition IS NULL AND NOT hints ?| '{items.total,items.price}' AND
    (SELECT count(DISTINCT a.attrelid) = 2 FROM pg_attribute AS a
     WHERE a.attrelid IN (items.relation, orders.relation) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ~* '^(version|revision|order_?version)$') THEN
    money.kind := 'unsure';
    money.problem := format('which versions of the lines in %s count is not known; bind them with a condition and call this again, or say {"items.total": "..."} if all do', items.relation);
    RETURN money;
  END IF;
  IF items.id IS NOT NULL THEN
    SELECT c.* INTO hit FROM segmentation._adopt_column(items.relation, '{number,integer}', ARRAY['line_total|total|row_total|total_price|total_amount|line_amount|amount'], hints ->> 'items.total') AS c;
    IF hit.name IS NOT NULL THEN RETURN segmentation._adopt_money_of(items, hit.name, hints, orders); END IF;
    SELECT c.* INTO price FROM segmentation._adopt_column(items.relation, '{number,integer}', ARRAY['unit_price|price|price_each|item_price|unit_cost|price_per_unit'], hints ->> 'items.price') AS c;
    SELECT c.* INTO count FROM segmentation._adopt_column(items.relation, '{number,integer}', ARRAY['quantity|qty|count|units|pieces|quantity_ordered'], hints ->> 'items.quantity') AS c;
    IF price.name IS NOT NULL AND count.name IS NOT NULL THEN
      IF NOT EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = items.id AND c.name = 'line_total') THEN
        money.problem := segmentation._adopt_computed(items.name, 'line_total', format('%I::numeric * %I', price.name, count.name));
        IF money.problem IS NOT NULL THEN
          money.kind := 'left out';
          RETURN money;
        END IF;
      END IF;
      money := segmentation._adopt_money_of(items, 'line_total', hints, orders);
      money.reason := format('orders have no total, so that it is that of their lines, %I times %I', price.name, count.name) || COALESCE(', ' || money.reason, '');
      RETURN money;
    END IF;
  END IF;
  money.kind := 'left out';
  money.problem := 'orders have no total, nor lines with a price and a quantity; say {"orders.total": "..."}';
  RETURN money;
END $$;

-- Returns how sums of payments or refunds are written, with `sign` of those above or below zero only. Those that a state tells to have failed do not count.
CREATE FUNCTION segmentation._adopt_paying(orders segmentation.binding, name text, hints jsonb, sign text DEFAULT NULL) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound  segmentation.binding;
  hit    record;
  money  segmentation._money;
  item   record;
  known  text[];
  values text[];
BEGIN
  SELECT b.* INTO STRICT bound FROM segmentation.binding AS b WHERE b.name = _adopt_paying.name;
  SELECT c.* INTO hit FROM segmentation._adopt_column(bound.relation, '{number,integer}', ARRAY['amount|total|sum|value|amount_cents|total_amount'], hints ->> (name || '.amount')) AS c;
  IF hit.name IS NULL THEN
    money.kind := CASE WHEN hit.rivals IS NULL THEN 'left out' ELSE 'ambiguous' END;
    money.problem := format('which column of %s has the amount is not clear; say {"%s.amount": "..."}', bound.relation, name);
    RETURN money;
  END IF;
  money := segmentation._adopt_money_of(bound, hit.name, hints, orders);
  IF sign IS NOT NULL THEN money.condition := segmentation._rule_name(hit.name) || ' ' || sign || ' 0'; END IF;
  -- Only what is known to have moved money, and to be of this kind, counts; where that is not known of all there is, nothing is said.
  FOR item IN
    SELECT r.* FROM (VALUES
      ('status', '{status|state|payment_status}', '{paid,captured,settled,succeeded,success,completed,complete,done,processed,refunded}'::text[],
       '{pending,failed,cancelled,canceled,declined,error,voided,void,authorized,new,open,unpaid,rejected,expired}'::text[]),
      ('type', '{type|kind|transaction_type|payment_type|reference}', CASE WHEN sign IS NULL THEN '{refund,credit}' WHEN sign = '<' THEN '{refund,credit,chargeback}'
         ELSE '{capture,charge,payment,sale,paid}' END::text[], CASE WHEN sign IS NULL THEN '{}' ELSE '{authorization,auth,void,capture,charge,payment,sale,paid}' END::text[])
    ) AS r(role, tiers, good, bad)
  LOOP
    SELECT c.* INTO hit FROM segmentation._adopt_column(bound.relation, '{text}', item.tiers::text[], hints ->> (name || '.' || item.role)) AS c;
    CONTINUE WHEN hit.name IS NULL OR money.problem IS NOT NULL;
    known := segmentation._adopt_distinct(bound.relation, hit.name);
    values := ARRAY(SELECT v FROM unnest(known) AS v WHERE replace(segmentation._words_of(v), '_', '') = ANY (item.good));
    IF values = '{}' AND sign = '<' AND item.role = 'type' THEN CONTINUE; END IF;
    IF values = '{}' OR EXISTS (SELECT FROM unnest(known) AS v WHERE v <> ALL (values) AND replace(segmentation._words_of(v), '_', '') <> ALL (item.bad)
        AND NOT (item.role = 'type' AND sign = '>' AND replace(segmentation._words_of(v), '_', '') IN ('refund', 'credit', 'chargeback')
                 AND segmentation._adopt_below_zero(bound.relation, hit.name, v, money.column_name))) THEN
      money.kind := 'unsure';
      money.problem := format('which values of %s.%I mean that money was moved is not clear: %s; bind it with a condition of your own, and run this again', name, hit.name,
        COALESCE((SELECT string_agg(quote_literal(v), ', ') FROM unnest(known[1:20]) AS v), 'it has none yet'));
    ELSE
      money.condition := concat_ws(' AND ', money.condition,
        segmentation._rule_name(hit.name) || ' IN (' || (SELECT string_agg(segmentation._rule_text(v), ', ') FROM unnest(values) AS v) || ')');
    END IF;
  END LOOP;
  RETURN money;
END $$;

-- Tells whether the first 10,000 amounts of rows with a value are below zero.
CREATE FUNCTION segmentation._adopt_below_zero(relation regclass, column_name name, value text, amount name) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
  'SELECT bool_and(r.v <= 0) FROM (SELECT c.%I AS v FROM %s AS c WHERE c.%I::text = %L LIMIT 10000) AS r', amount, relation, column_name, value)))[1]::boolean, false);

-- Returns conditions on orders joined, each of which begins with a column of them; `prefix` is what stands before it.
CREATE FUNCTION segmentation._joined(conditions text[], prefix text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(prefix || c, ' AND ') FROM unnest(conditions) AS c);

-- Returns the sum in the rule language, over those orders that meet the conditions.
CREATE FUNCTION segmentation._adopt_sum(money segmentation._money, conditions text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg('sum(' || segmentation._rule_name((money).source) || '.' || segmentation._rule_name((money).column_name)
           || COALESCE(' MATCHES (' || NULLIF(concat_ws(' AND ', w.filter, (money).condition, w.currency), '') || ')', '') || ')'
           || CASE WHEN w.rate = 1 THEN '' ELSE ' / ' || w.rate END, ' + ' ORDER BY w.n)
  FROM (SELECT row_number() OVER (ORDER BY r.key) AS n, segmentation._joined(conditions, (money).prefix) AS filter,
               (money).prefix || segmentation._rule_name((money).currency) || ' = ' || segmentation._rule_text(r.key) AS currency,
               COALESCE(r.value::numeric, 1) * COALESCE((money).divisor, 1) AS rate
        FROM (SELECT 1) AS one LEFT JOIN jsonb_each_text((money).rates) AS r ON (money).currency IS NOT NULL) AS w);
