-- What orders say, defined by adopt: states, dates, sums, what was paid and paid back. None of these waits for another that it does not need.

-- Tells whether rules know a word already, by whomever.
CREATE FUNCTION segmentation._adopt_known(name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM segmentation.attribute_definition AS a WHERE segmentation._fold(a.name) = segmentation._fold(_adopt_known.name))
  OR EXISTS (SELECT FROM segmentation.source_definition AS s WHERE segmentation._fold(s.name) = segmentation._fold(_adopt_known.name))
  OR EXISTS (SELECT FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = segmentation._fold(_adopt_known.name))
  OR EXISTS (SELECT FROM segmentation.binding_column AS c JOIN segmentation.binding AS b ON b.id = c.binding_id
             WHERE b.role = 'customers' AND segmentation._fold(c.name) = segmentation._fold(_adopt_known.name));

-- Returns what is said of a word that adopt does not define: that it is kept, where somebody else has defined it.
CREATE FUNCTION segmentation._adopt_doubt(name text, kind text, relation regclass, reason text) RETURNS segmentation._adopted
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN segmentation._adopt_known(name) THEN segmentation._adopt_note(name, 'kept', relation, 'it is defined already')
            ELSE segmentation._adopt_note(name, kind, relation, reason) END;

-- Says what is not known of the orders' states, and defines which orders count.
CREATE FUNCTION segmentation._adopt_state_words(orders segmentation.binding, money segmentation._money, paid segmentation._paid, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status  name := (segmentation._adopt_status_column(orders.relation, hints)).name;
  fresh   boolean := NOT segmentation._adopt_known('number_of_orders');
  placed  record;
  odd     text[];
  item    record;
  renames jsonb;
BEGIN
  odd := '{}';
  SELECT p.* INTO placed FROM segmentation._adopt_placed(orders.relation, hints) AS p;
  IF status IS NOT NULL AND NOT hints ? 'orders.cancelled' THEN
    odd := ARRAY(SELECT v FROM unnest(segmentation._adopt_distinct(orders.relation, status)) AS v
                 WHERE segmentation._adopt_status(v) IS NULL AND NOT COALESCE(hints -> 'orders.draft', '[]') @> to_jsonb(v) AND NOT COALESCE(hints -> 'orders.cart', '[]') @> to_jsonb(v)
                   AND NOT COALESCE(hints -> 'orders.paid', '[]') @> to_jsonb(v));
    IF odd <> '{}' THEN
      RETURN NEXT segmentation._adopt_note('orders.cancelled', 'unsure', orders.relation, format('what %s of %I means is not known, and it counts as an order; if it '
        'means cancelled or no order yet, say {"orders.cancelled": [...], "orders.draft": [...]}', (SELECT string_agg(quote_literal(v), ', ') FROM unnest(odd[1:10]) AS v), status));
    END IF;
  END IF;
  IF placed.conditions = '{}' OR NOT hints ? 'orders.cancelled' AND cardinality(placed.conditions) = 1 AND NOT EXISTS (
      SELECT FROM unnest(segmentation._adopt_distinct(orders.relation, status)) AS v WHERE segmentation._adopt_status(v) = 'cancelled') THEN
    placed.odd := placed.odd || ARRAY(SELECT o FROM unnest(segmentation._adopt_state_marks(orders.relation, status)) AS o WHERE o <> ALL (placed.odd));
  END IF;
  IF placed.odd <> '{}' THEN
    RETURN NEXT segmentation._adopt_note('orders.cancelled', 'unsure', orders.relation, format('%s may say that an order is cancelled, but not how; all count. If so, say {"orders.condition": "..."}, which orders count', segmentation._and(placed.odd)));
  ELSIF placed.conditions = '{}' AND odd IS NOT DISTINCT FROM '{}' AND fresh AND NOT hints ? 'orders.status' THEN
    RETURN NEXT segmentation._adopt_note('orders.status', 'unsure', orders.relation, CASE WHEN paid.untold AND NOT segmentation._adopt_known('paid_total') THEN
        'nothing says which orders are cancelled or paid: all count, and as paid' ELSE 'nothing says which orders are cancelled: all count' END
      || '; where a column does, say {"orders.status": "...", "orders.cancelled": [...]}, and {"orders.status": null} where there is none');
  END IF;
  odd := segmentation._adopt_row_marks(orders.relation, orders.condition) || segmentation._adopt_kinds(orders.relation, orders.condition);
  IF odd <> '{}' AND NOT hints ? 'orders.condition' THEN
    RETURN NEXT segmentation._adopt_note('orders.condition', 'unsure', orders.relation, format('all orders count whatever %s says; where some are none, or parts of others, say {"orders.condition": "..."}, which ones count, '
      'and {"orders.condition": null} where all do', array_to_string(odd, ' and ')));
  END IF;

  -- One order's amount, in the unit of sums.
  IF money.problem IS NULL AND money.source = orders.name AND NOT EXISTS (SELECT FROM segmentation._words(orders.relation) AS w WHERE segmentation._fold(w.word) = 'amount') THEN
    IF money.currency IS NULL AND money.divisor IS NULL THEN renames := jsonb_build_object('amount', segmentation._rule_name(money.column_name));
    ELSIF money.currency IS NOT NULL AND money.column_name <> 'order_total' THEN
      PERFORM segmentation._adopt_computed(orders.name, 'amount', 'CASE ' || (SELECT string_agg(format('WHEN %I::text = %L THEN %I::numeric / %s', money.currency, r.key, money.column_name,
        r.value::numeric * COALESCE(money.divisor, 1)), ' ' ORDER BY r.key) FROM jsonb_each_text(money.rates) AS r) || ' END');
    END IF;
  END IF;
  RETURN NEXT segmentation._adopt_word('orders_placed', 'source', segmentation._joined(placed.conditions, ''), 'Orders without the cancelled ones',
    CASE WHEN placed.conditions = '{}' THEN 'nothing says that an order is cancelled' ELSE 'orders that are not cancelled' END, orders.name, renames);
  RETURN NEXT segmentation._adopt_word('number_of_orders', 'attribute', 'count(orders_placed)', 'How many orders she placed, without cancelled ones', NULL);
  IF orders.of_id = (SELECT b.id FROM segmentation.binding AS b WHERE b.role = 'customers')
     AND EXISTS (SELECT FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.name = status AND c.sort = 'text') THEN
    RETURN NEXT segmentation._adopt_list('order_statuses', orders, status, orders.condition, format('the %I of all her orders', status));
  END IF;
END $$;

-- Defines when orders were placed, and what the last one was.
CREATE FUNCTION segmentation._adopt_date_words(orders segmentation.binding, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status name := (segmentation._adopt_status_column(orders.relation, hints)).name;
  number record;
  item   record;
BEGIN
  SELECT c.* INTO number FROM segmentation._adopt_one(orders.relation, '{text,integer}', '{number|order_number|order_no|code|reference|increment_id|display_id}', hints, 'orders.number') AS c;
  FOR item IN
    SELECT w.* FROM (VALUES
      ('first_order_date', 'first(orders_placed.date)', 'When she placed her first order'),
      ('last_order_date', 'last(orders_placed.date)', 'When she placed her last order'),
      ('last_order_status', (SELECT format('last(%s.%s)', segmentation._rule_name(orders.name), segmentation._rule_name(c.name)) FROM segmentation._adopt_columns(orders.relation) AS c
                             WHERE c.name = status AND c.sort = 'text'), 'The state of her last order'),
      ('last_order_number', format('last(%s.%s)', segmentation._rule_name(orders.name), segmentation._rule_name(number.name)), 'The number of her last order'),
      ('last_order_id', format('last(%s.%s)', segmentation._rule_name(orders.name), segmentation._rule_name(segmentation._primary_key(orders.relation))), 'The key of her last order')
    ) AS w(name, expression, description)
  LOOP
    IF item.name = 'last_order_number' AND number.problem IS NOT NULL THEN RETURN NEXT segmentation._adopt_doubt(item.name, 'ambiguous', orders.relation, number.problem);
    ELSIF orders.date IS NULL THEN
      IF segmentation._adopt_known(item.name) OR item.name ~ 'date$' THEN
        RETURN NEXT segmentation._adopt_doubt(item.name, 'left out', orders.relation, format('"%s" is bound without a date', orders.name));
      END IF;
    ELSIF item.expression !~ '\.\)$' THEN RETURN NEXT segmentation._adopt_word(item.name, 'attribute', item.expression, item.description, NULL);
    END IF;
  END LOOP;
END $$;

-- Defines the sums of orders.
CREATE FUNCTION segmentation._adopt_total_words(orders segmentation.binding, money segmentation._money, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF money.problem IS NOT NULL THEN
    RETURN NEXT segmentation._adopt_doubt('orders_total', money.kind, orders.relation, money.problem);
    IF segmentation._adopt_known('average_order_value') THEN
      RETURN NEXT segmentation._adopt_doubt('average_order_value', money.kind, orders.relation, money.problem);
    END IF;
    RETURN;
  END IF;
  RETURN NEXT segmentation._adopt_word('orders_total', 'attribute', segmentation._adopt_sum(money, NULL), 'The sum of all her orders, cancelled ones too', money.reason);
  RETURN NEXT segmentation._adopt_word('average_order_value', 'attribute', segmentation._adopt_mean(money, (segmentation._adopt_placed(orders.relation, hints)).conditions, orders.name),
    'The mean total of the orders in number_of_orders', NULL);
END $$;

-- Defines what was paid, and what of it was not paid back.
CREATE FUNCTION segmentation._adopt_paid_words(orders segmentation.binding, money segmentation._money, paid segmentation._paid, names jsonb, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  back  segmentation._paid := segmentation._adopt_paid_back(orders, money, paid, names, hints);
  spent boolean := segmentation._adopt_known('amount_spent');
BEGIN
  IF (paid.money).problem IS NOT NULL THEN
    RETURN NEXT segmentation._adopt_doubt('paid_total', (paid.money).kind, orders.relation, (paid.money).problem);
  ELSE
    -- Where nothing tells cancelled ones either, that was said of both.
    IF paid.untold AND paid.conditions <> '{}' AND NOT segmentation._adopt_known('paid_total') AND NOT hints ? 'orders.status' THEN
      RETURN NEXT segmentation._adopt_note('orders.paid', 'unsure', orders.relation, paid.reason || '; where a column says it, name it: {"orders.payment_status": "..."} or {"orders.status": "...", "orders.paid": [...]}');
    END IF;
    RETURN NEXT segmentation._adopt_word('paid_total', 'attribute', segmentation._adopt_sum(paid.money, paid.conditions), 'What she paid, before refunds', paid.reason);
  END IF;
  IF (back.money).problem IS NOT NULL THEN
    RETURN NEXT segmentation._adopt_doubt('refunded_total', (back.money).kind, orders.relation, (back.money).problem
      || CASE WHEN spent AND (back.money).kind <> 'left out' AND NOT segmentation._adopt_known('refunded_total') THEN '; look at amount_spent, which is defined already' ELSE '' END);
  ELSE
    RETURN NEXT segmentation._adopt_word('refunded_total', 'attribute', segmentation._adopt_sum(back.money, back.conditions), 'What was paid back to her', back.reason);
  END IF;
  IF spent THEN RETURN NEXT segmentation._adopt_doubt('amount_spent', 'attribute', orders.relation, 'what was paid, less what was paid back');
  ELSIF NOT segmentation._adopt_known('paid_total') THEN NULL;
  ELSIF segmentation._adopt_known('refunded_total') THEN
    RETURN NEXT segmentation._adopt_word('amount_spent', 'attribute', 'paid_total - refunded_total', 'What she paid, less what was paid back', NULL);
  ELSIF back.untold THEN
    RETURN NEXT segmentation._adopt_word('amount_spent', 'attribute', 'paid_total', 'What she paid', 'nothing tells what was refunded');
  END IF;
END $$;

-- Defines what orders say.
CREATE FUNCTION segmentation._adopt_order_words(hints jsonb, names jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  orders segmentation.binding;
  items  segmentation.binding;
  money  segmentation._money;
  paid   segmentation._paid;
BEGIN
  SELECT b.* INTO orders FROM segmentation.binding AS b WHERE b.name = names ->> 'orders';
  IF NOT FOUND THEN RETURN; END IF;
  IF segmentation._adopt_reader(orders.relation) IS NULL THEN
    RETURN NEXT segmentation._adopt_note(orders.name, 'left out', orders.relation, format('what its values mean is not looked at: must be owner of table %s', orders.relation));
    RETURN;
  END IF;
  SELECT b.* INTO items FROM segmentation.binding AS b WHERE b.name = names ->> 'items';
  money := segmentation._adopt_money(orders, items, hints);
  paid := segmentation._adopt_paid(orders, money, names, hints);
  RETURN QUERY SELECT w.* FROM segmentation._adopt_state_words(orders, money, paid, hints) AS w;
  RETURN QUERY SELECT w.* FROM segmentation._adopt_date_words(orders, hints) AS w;
  RETURN QUERY SELECT w.* FROM segmentation._adopt_total_words(orders, money, hints) AS w;
  RETURN QUERY SELECT w.* FROM segmentation._adopt_paid_words(orders, money, paid, names, hints) AS w;
END $$;
