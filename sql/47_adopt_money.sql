-- How sums of money are written for adopt: over which column, in which currencies and units, and where that cannot be known.

-- Returns the currencies in the first 100,000 orders.
CREATE FUNCTION segmentation._adopt_currencies(relation regclass, column_name name) RETURNS text[]
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
    'SELECT array_agg(DISTINCT r.v ORDER BY r.v) FILTER (WHERE r.v IS NOT NULL) FROM (SELECT c.%I::text AS v FROM %s AS c LIMIT 100000) AS r', column_name, relation)))[1]::text[], '{}');

-- How a sum of money is written: over which source and column, in which currencies, and how many parts are one unit, below zero where the sign turns.
CREATE TYPE segmentation._money AS (
  source text, column_name name, prefix text, currency name, currency_prefix text, is_number boolean, rates jsonb, divisor numeric, kind text, problem text, reason text, condition text);

-- Returns columns as a text.
CREATE FUNCTION segmentation._and(names text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(format('%I', n), ' and ') FROM unnest(names) AS n);

-- Returns the column that is meant as _adopt_column does; where several could be, its problem and the hint.
CREATE FUNCTION segmentation._adopt_one(relation regclass, sorts text[], tiers text[], hints jsonb, hint text, OUT name name, OUT sort text, OUT problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rivals text[];
BEGIN
  IF hints ? hint AND hints ->> hint IS NULL THEN RETURN; END IF;
  SELECT c.name, c.rivals INTO name, rivals FROM segmentation._adopt_column(relation, sorts, tiers, hints ->> hint) AS c;
  IF rivals IS NOT NULL THEN problem := format('%s of %s could be it; say {"%s": "%s"}', segmentation._and(rivals), relation, hint, rivals[1]); END IF;
  SELECT c.sort INTO sort FROM segmentation._adopt_columns(relation) AS c WHERE c.name = _adopt_one.name;
END $$;

-- Returns the column with the currency of a table's rows, by its name or because all its values are codes of currencies; its problem, and of which kind it is,
-- where there is one that is not understood.
CREATE FUNCTION segmentation._adopt_currency(relation regclass, hints jsonb, OUT name name, OUT sort text, OUT problem text, OUT kind text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  odd text[];
BEGIN
  SELECT c.* INTO name, sort, problem FROM segmentation._adopt_one(relation, '{text,integer,uuid,character}', ARRAY[
    'currency|currency_code|currency_iso|order_currency|order_currency_code|currency_iso_code|currency_code_iso|iso_currency|currency_id'], hints, 'orders.currency') AS c;
  kind := CASE WHEN problem IS NOT NULL THEN 'ambiguous' END;
  IF name IS NOT NULL OR problem IS NOT NULL OR hints ? 'orders.currency' THEN RETURN; END IF;
  odd := ARRAY(SELECT c.name FROM segmentation._adopt_columns(relation) AS c WHERE c.words ~ '(currenc|waehrung|valuta|devise)' AND c.sort NOT IN ('number', 'time', 'boolean'));
  IF odd = '{}' THEN
    odd := ARRAY(SELECT c.name FROM segmentation._adopt_columns(relation) AS c, segmentation._adopt_distinct(relation, c.name) AS d(values)
      WHERE c.sort = 'text' AND d.values <> '{}' AND d.values <@ '{EUR,USD,GBP,CHF,BGN,PLN,CZK,HUF,RON,SEK,NOK,DKK,ISK,TRY,RSD,MKD,BAM,UAH,RUB,GEL,KZT,JPY,CNY,INR,AUD,CAD,NZD,BRL,MXN,ARS,CLP,COP,
        PEN,ZAR,NGN,KES,EGP,MAD,ILS,AED,SAR,SGD,HKD,KRW,TWD,THB,MYR,IDR,PHP,VND,PKR,BDT}'::text[]);
    IF cardinality(odd) = 1 THEN
      name := odd[1];
      sort := 'text';
      RETURN;
    END IF;
  END IF;
  IF odd <> '{}' THEN
    kind := 'unsure';
    problem := format('what %s of %s says of the currency is not known; say {"orders.currency": "%s"}, or null where all are one', segmentation._and(odd), relation, odd[1]);
  END IF;
END $$;

-- Makes a computed column; returns why that cannot be, or NULL.
CREATE FUNCTION segmentation._adopt_computed(source text, name text, expression text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segmentation.binding_column AS c JOIN segmentation.binding AS b ON b.id = c.binding_id
             WHERE b.name = source AND segmentation._fold(c.name) = segmentation._fold(_adopt_computed.name)) THEN RETURN NULL; END IF;
  PERFORM segmentation_internal.bind_column(source, name, expression);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '54') THEN RAISE; END IF;
  RETURN SQLERRM;
END $$;

-- Returns how sums over a column of orders, or of rows of orders, are written; its problem where they cannot be. `made` is the expression and `made_of` the
-- columns that a computed one is made of.
CREATE FUNCTION segmentation._adopt_money_of(bound segmentation.binding, column_name name, hints jsonb, orders segmentation.binding DEFAULT NULL,
  made text DEFAULT NULL, made_of name[] DEFAULT NULL)
RETURNS segmentation._money LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money   segmentation._money;
  hit     record;
  present text[];
  own     boolean := orders IS NULL OR orders.id = bound.id;
  holder  segmentation.binding := bound;
BEGIN
  money.source := bound.name;
  money.column_name := column_name;
  made_of := COALESCE(made_of, ARRAY[column_name]);
  money.prefix := CASE WHEN own THEN '' ELSE segmentation._rule_name(orders.name) || '.' END;
  money.divisor := COALESCE((hints ->> 'orders.minor_units')::numeric, (SELECT 100 FROM unnest(made_of) AS o(name) WHERE o.name ~* '(cents|minor)$' LIMIT 1));
  money.reason := format('%s.%I', bound.name, column_name)
    || CASE WHEN money.divisor > 1 THEN format(' in %s', CASE money.divisor WHEN 100 THEN 'hundredths' ELSE 'parts of ' || money.divisor END) ELSE '' END;
  -- The rows' own currency, else that of their orders.
  SELECT c.* INTO hit FROM segmentation._adopt_currency(bound.relation, CASE WHEN own THEN hints ELSE '{}' END) AS c;
  IF hit.name IS NULL AND hit.problem IS NULL AND NOT own THEN
    holder := orders;
    SELECT c.* INTO hit FROM segmentation._adopt_currency(orders.relation, hints) AS c;
  END IF;
  IF hit.problem IS NOT NULL THEN
    money.kind := hit.kind;
    money.problem := hit.problem;
    RETURN money;
  ELSIF money.divisor IS NULL AND EXISTS (SELECT FROM segmentation._adopt_columns(bound.relation) AS c WHERE c.name = ANY (made_of) AND c.sort = 'integer')
      AND NOT EXISTS (SELECT FROM segmentation._adopt_columns(bound.relation) AS c WHERE c.name = ANY (made_of) AND c.sort = 'number') THEN
    money.kind := 'unsure';
    money.problem := format('whether the whole numbers in %s are units or parts of them is not known; say {"orders.minor_units": 100} where they are hundredths, 1 where they are units',
      (SELECT string_agg(format('%s.%I', bound.name, o.name), ' and ') FROM unnest(made_of) AS o(name)));
    RETURN money;
  ELSIF hit.name IS NULL THEN RETURN money;
  END IF;
  money.currency := hit.name;
  money.is_number := hit.sort = 'integer';
  money.currency_prefix := CASE WHEN holder.id = bound.id THEN '' ELSE money.prefix END;
  money.rates := hints -> 'orders.rates';
  IF money.rates ? 'table' THEN
    IF NOT own THEN
      money.kind := 'left out';
      money.problem := format('rates in a table do for columns of orders only, not for %s', bound.name);
      RETURN money;
    END IF;
    money.column_name := left(column_name, 40) || '_in_base';
    money.reason := money.reason || format(', by the rates in %s', money.rates ->> 'table');
    money.problem := segmentation._adopt_computed(bound.name, money.column_name::text, format('%s / NULLIF(rate.%I, 0)', COALESCE(made, format('%I', column_name)), money.rates ->> 'rate'));
    IF money.problem IS NOT NULL THEN money.kind := 'left out'; END IF;
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
    money.reason := money.reason || format(', orders in %s, the only currency seen', present[1]);
  ELSE
    money.kind := 'left out';
    money.problem := format('there are no orders to tell their currencies by; say {"orders.rates": {"EUR": 1}}');
  END IF;
  RETURN money;
END $$;

-- Returns the column with an order's total, and with what right: by its name, or one that may also be of a piece.
CREATE FUNCTION segmentation._adopt_total(relation regclass, hints jsonb, OUT name name, OUT sort text, OUT problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.* FROM segmentation._adopt_one(relation, '{number,integer}', ARRAY['grand_total|grand_total_amount',
    'total|total_amount|total_gross_amount|amount_total|order_total|total_price|total_incl_tax|total_with_tax|order_amount|total_gross|gross_total|total_cents|total_minor|total_sum|order_sum|totalpricewithtax',
    'amount|sum|value|price|amount_cents|price_cents'], hints, 'orders.total') AS c;
$$;

-- Returns the columns of orders of whose sum a total may be made, with "-" before what is taken off; none without one for the goods.
CREATE FUNCTION segmentation._adopt_parts(relation regclass) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  goods name := (segmentation._adopt_column(relation, '{number,integer}', ARRAY['subtotal_with_tax|sub_total_with_tax|subtotal_incl_tax|subtotal_gross|gross_subtotal',
    'subtotal|sub_total|items_total|item_total|goods_total|products_total|net_total|total_net|amount_net'], NULL)).name;
  answer text[];
BEGIN
  IF goods IS NULL THEN RETURN '{}'; END IF;
  answer := ARRAY[goods::text,
    (segmentation._adopt_column(relation, '{number,integer}', ARRAY['shipping_with_tax|shipping_incl_tax|shipping_gross',
      'shipping|shipping_total|shipping_amount|shipping_cost|shipping_price|shipping_fee|delivery_cost|delivery_fee|delivery_price|freight|postage'], NULL)).name::text,
    CASE WHEN goods !~* '(tax|gross)' THEN (segmentation._adopt_column(relation, '{number,integer}', ARRAY['tax_total|tax_amount|total_tax|tax|vat|vat_amount|vat_total'], NULL)).name::text END,
    '-' || (segmentation._adopt_column(relation, '{number,integer}', ARRAY['discount_total|discount_amount|total_discount|discount'], NULL)).name::text];
  RETURN array_remove(answer, NULL);
END $$;

-- Returns how sums of orders are written that are the sum of several columns, which a hint lists.
CREATE FUNCTION segmentation._adopt_money_of_parts(orders segmentation.binding, hints jsonb) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money segmentation._money;
  part  text;
  made  text;
  made_of name[];
  minus boolean;
BEGIN
  FOREACH part IN ARRAY ARRAY(SELECT e #>> '{}' FROM jsonb_array_elements(hints -> 'orders.total') AS e) LOOP
    minus := starts_with(part, '-');
    part := (segmentation._adopt_column(orders.relation, NULL, NULL, CASE WHEN minus THEN substr(part, 2) ELSE part END)).name;
    made := COALESCE(made || CASE WHEN minus THEN ' - ' ELSE ' + ' END, CASE WHEN minus THEN '- ' ELSE '' END) || format('COALESCE(%I::numeric, 0)', part);
    made_of := made_of || part::name;
  END LOOP;
  money.problem := segmentation._adopt_computed(orders.name, 'order_total', made);
  IF money.problem IS NOT NULL THEN
    money.kind := 'left out';
    RETURN money;
  END IF;
  RETURN segmentation._adopt_money_of(orders, 'order_total', hints, NULL, '(' || made || ')', made_of);
END $$;

-- Returns how sums of orders are written by their lines.
CREATE FUNCTION segmentation._adopt_money_of_lines(orders segmentation.binding, items segmentation.binding, hints jsonb) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money segmentation._money;
  hit   record;
  price record;
  count record;
  odd   text[];
  told  boolean := hints ?| '{items.total,items.price}';
BEGIN
  money.kind := 'unsure';
  -- Of lines that are kept in versions only some count.
  SELECT v.line INTO hit FROM segmentation._adopt_version_columns(items.relation, orders.relation) AS v;
  IF hit.line IS NOT NULL AND NOT told AND NOT hints ? 'items.condition' AND COALESCE(items.condition, '') !~* 'version|revision' THEN
    money.problem := format('which versions of the lines in %s count is not known; bind them with a condition and call this again, or say {"items.total": "..."} if all do', items.relation);
    RETURN money;
  END IF;
  SELECT c.* INTO hit FROM segmentation._adopt_one(items.relation, '{number,integer}', ARRAY['line_total|total|row_total|total_price|total_amount|line_amount|amount'], hints, 'items.total') AS c;
  SELECT c.* INTO price FROM segmentation._adopt_one(items.relation, '{number,integer}', ARRAY['unit_price|price|price_each|item_price|unit_cost|price_per_unit|price_cents|unit_price_cents'], hints, 'items.price') AS c;
  SELECT c.* INTO count FROM segmentation._adopt_one(items.relation, '{number,integer}', ARRAY['quantity|qty|count|units|pieces|quantity_ordered'], hints, 'items.quantity') AS c;
  money.problem := COALESCE(hit.problem, CASE WHEN hit.name IS NULL THEN COALESCE(price.problem, count.problem) END);
  IF money.problem IS NOT NULL THEN
    money.kind := 'ambiguous';
    RETURN money;
  END IF;
  odd := ARRAY(SELECT c.name FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort IN ('number', 'integer') AND c.words ~ '(shipping|delivery|freight|postage|discount|rebate|surcharge|taxtotal|taxamount|totaltax|vat)(fee|cost|price|total|amount|cents)?$');
  IF odd <> '{}' AND NOT told AND (hit.name IS NOT NULL OR price.name IS NOT NULL) THEN
    money.problem := format('whether orders come to the sum of their lines is not known, since they have %s; say {"items.%s": "%s"} if so, or the columns whose sum it is, {"orders.total": ["...", "..."]}',
      segmentation._and(odd), CASE WHEN hit.name IS NOT NULL THEN 'total' ELSE 'price' END, COALESCE(hit.name, price.name));
    RETURN money;
  ELSIF hit.name IS NOT NULL THEN RETURN segmentation._adopt_money_of(items, hit.name, hints, orders);
  END IF;
  odd := ARRAY(SELECT c.name FROM segmentation._adopt_columns(items.relation) AS c WHERE c.sort IN ('number', 'integer') AND c.words ~ '(discount|rebate|reduction|tax|vat)'
    OR c.short ~ '^(is)?(status|state|cancel|return|refund)');
  IF price.name IS NULL OR count.name IS NULL THEN
    money.kind := 'left out';
    money.problem := 'orders have no total, nor lines with a price and a quantity; say {"orders.total": "..."}';
  ELSIF odd <> '{}' AND NOT told THEN
    money.problem := format('whether lines come to %I times %I is not known, since they have %s; say {"items.price": "%s"} if so, or {"items.total": "..."}', price.name, count.name, segmentation._and(odd), price.name);
  ELSIF (segmentation._read_as(segmentation._adopt_reader(items.relation), format('SELECT true FROM (SELECT * FROM %s AS i LIMIT 10000) AS i WHERE i.%I IS NULL OR i.%I IS NULL LIMIT 1',
      items.relation, price.name, count.name)))[1]::boolean THEN
    money.problem := format('what lines of %s without %I or %I come to is not known; say {"items.total": "..."}, or {"orders.total": "..."}', items.relation, price.name, count.name);
  ELSE
    money.problem := segmentation._adopt_computed(items.name, 'line_total', format('%I::numeric * %I', price.name, count.name));
    money.kind := 'left out';
  END IF;
  IF money.problem IS NOT NULL THEN RETURN money; END IF;
  money := segmentation._adopt_money_of(items, 'line_total', hints, orders, NULL, ARRAY[price.name]);
  money.reason := format('orders have no total, so that it is that of their lines, %I times %I', price.name, count.name) || COALESCE(', ' || money.reason, '');
  RETURN money;
END $$;

-- Returns how sums of orders are written: by a total, or else by the lines.
CREATE FUNCTION segmentation._adopt_money(orders segmentation.binding, items segmentation.binding, hints jsonb) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  money segmentation._money;
  hit   record;
  parts text[] := segmentation._adopt_row_marks(orders.relation, orders.condition);
BEGIN
  IF parts <> '{}' AND NOT hints ? 'orders.condition' THEN
    money.kind := 'unsure';
    money.problem := 'which rows count is not known; see orders.condition';
    RETURN money;
  END IF;
  IF jsonb_typeof(hints -> 'orders.total') = 'array' THEN RETURN segmentation._adopt_money_of_parts(orders, hints); END IF;
  SELECT t.* INTO hit FROM segmentation._adopt_total(orders.relation, hints) AS t;
  money.kind := 'ambiguous';
  money.problem := hit.problem;
  IF hit.name ~* '(price|value)(_cents)?$' AND hit.name !~* 'total' AND NOT hints ? 'orders.total'
     AND EXISTS (SELECT FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.words IN ('quantity', 'qty', 'pieces', 'units')) THEN
    money.problem := format('whether %I is of one piece or of all is not known; say {"orders.total": "%1$s"} if it is of all, else bind a column for it', hit.name);
  END IF;
  IF money.problem IS NOT NULL THEN RETURN money; END IF;
  IF hit.name IS NOT NULL AND NOT hints ? 'orders.total' AND COALESCE(segmentation._adopt_sign(orders.relation, hit.name), 1) <= 0 THEN
    money.kind := 'unsure';
    money.problem := format('what %I below zero means is not known; say {"orders.total": "%1$s"} if it is taken off, and {"orders.condition": "..."} if such rows are no orders', hit.name);
    RETURN money;
  ELSIF hit.name IS NOT NULL THEN RETURN segmentation._adopt_money_of(orders, hit.name, hints);
  END IF;
  parts := segmentation._adopt_parts(orders.relation);
  IF cardinality(parts) > 1 AND NOT hints ?| '{items.total,items.price}' THEN
    money.kind := 'unsure';
    money.problem := format('orders have no total; where it is the sum of %s, say {"orders.total": %s}', segmentation._and(parts), to_json(parts));
    RETURN money;
  END IF;
  IF items.id IS NOT NULL THEN RETURN segmentation._adopt_money_of_lines(orders, items, hints); END IF;
  money.kind := 'left out';
  money.problem := 'orders have no total, nor lines with a price and a quantity; say {"orders.total": "..."}';
  RETURN money;
END $$;

-- Returns whether the amounts of the first 10,000 rows, of those with a value if one is given, are all above zero (1), below (-1), or both (0); NULL where there are none.
CREATE FUNCTION segmentation._adopt_sign(relation regclass, amount name, column_name name DEFAULT NULL, value text DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN amount IS NOT NULL THEN (segmentation._read_as(segmentation._adopt_reader(relation), format(
  'SELECT CASE WHEN bool_and(r.v >= 0) THEN 1 WHEN bool_and(r.v <= 0) THEN -1 ELSE 0 END FROM (SELECT c.%I::numeric AS v, %s AS of FROM %s AS c LIMIT 10000) AS r '
  'WHERE r.v <> 0 AND (r.of = %L OR %4$L IS NULL) HAVING count(*) > 0',
  amount, COALESCE('c.' || quote_ident(column_name) || '::text', 'NULL::text'), relation, value)))[1]::integer END;

-- Turns the sign of amounts that are all below zero; where some are, and some above, nothing is known.
CREATE FUNCTION segmentation._adopt_signed(money segmentation._money, relation regclass, amount name) RETURNS segmentation._money
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sign integer := segmentation._adopt_sign(relation, amount);
BEGIN
  IF money.problem IS NULL AND sign = 0 THEN
    money.kind := 'unsure';
    money.problem := format('%I of %s is above zero in some rows and below in others, and what that means is not known; define it yourself', amount, relation);
  ELSIF sign = -1 THEN
    money.divisor := COALESCE(money.divisor, 1) * -1;
    money.reason := money.reason || ', below zero there';
  END IF;
  RETURN money;
END $$;

-- Returns conditions on orders joined, each of which begins with a column of them; `prefix` is what stands before it.
CREATE FUNCTION segmentation._joined(conditions text[], prefix text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(prefix || c, ' AND ') FROM unnest(conditions) AS c);

-- Returns a currency as the rule language has it.
CREATE FUNCTION segmentation._adopt_currency_value(money segmentation._money, value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (money).is_number THEN value ELSE segmentation._rule_text(value) END;

-- Returns the sum in the rule language, or another aggregate where one rate is enough, over those orders that meet the conditions.
CREATE FUNCTION segmentation._adopt_sum(money segmentation._money, conditions text[], aggregate text DEFAULT 'sum') RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(aggregate || '(' || segmentation._rule_name((money).source) || '.' || segmentation._rule_name((money).column_name)
           || COALESCE(' MATCHES (' || NULLIF(concat_ws(' AND ', w.filter, (money).condition, w.currency), '') || ')', '') || ')'
           || CASE WHEN abs(w.rate) = 1 THEN '' ELSE ' / ' || abs(w.rate) END || CASE WHEN w.rate < 0 THEN ' * -1' ELSE '' END, ' + ' ORDER BY w.n)
  FROM (SELECT row_number() OVER (ORDER BY r.key) AS n, segmentation._joined(conditions, (money).prefix) AS filter,
               (money).currency_prefix || segmentation._rule_name((money).currency) || ' = ' || segmentation._adopt_currency_value(money, r.key) AS currency,
               COALESCE(r.value::numeric, 1) * COALESCE((money).divisor, 1) AS rate
        FROM (SELECT 1) AS one LEFT JOIN jsonb_each_text((money).rates) AS r ON (money).currency IS NOT NULL) AS w);

-- Returns the mean total of the orders that meet the conditions, in the rule language: over those alone that have a rate.
CREATE FUNCTION segmentation._adopt_mean(money segmentation._money, conditions text[], orders text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (money).source = orders AND ((money).currency IS NULL OR (SELECT count(*) FROM jsonb_object_keys((money).rates)) = 1)
  THEN segmentation._adopt_sum(money, conditions, 'avg')
  ELSE format('(%s) / count(%s MATCHES (%s))', segmentation._adopt_sum(money, conditions), segmentation._rule_name(orders), concat_ws(' AND ', segmentation._joined(conditions, ''),
    CASE WHEN (money).source = orders THEN segmentation._rule_name((money).column_name) || ' IS NOT NULL' END,
    CASE WHEN (money).currency IS NOT NULL AND (money).currency_prefix = (money).prefix THEN segmentation._rule_name((money).currency) || ' IN ('
      || (SELECT string_agg(segmentation._adopt_currency_value(money, k), ', ') FROM jsonb_object_keys((money).rates) AS k) || ')' END)) END;
