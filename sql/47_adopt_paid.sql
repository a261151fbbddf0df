-- What was paid and paid back, for adopt: by what a shop tells it.

-- How what was paid is known: sums over `money` where orders meet the conditions; `untold` where nothing of the shop's tells.
CREATE TYPE segmentation._paid AS (money segmentation._money, conditions text[], reason text, untold boolean);

-- Returns tables of the shop's schema that bear such names and are not bound, as a text; NULL for none.
CREATE FUNCTION segmentation._adopt_unbound(near regclass, pattern text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(t.relation::text, ' and ' ORDER BY t.relation::text)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, segmentation._adopt_tables(n.nspname, segmentation._caller()) AS t
        WHERE c.oid = near AND t.owned AND t.words ~ pattern AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = t.relation));

-- Returns tables that refer to orders, are not bound, and have amounts that were paid back.
CREATE FUNCTION segmentation._adopt_unbound_refunds(orders regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(DISTINCT f.conrelid::regclass::text, ' and ') FROM pg_constraint AS f JOIN pg_class AS r ON r.oid = f.conrelid, segmentation._adopt_columns(f.conrelid) AS c
        WHERE f.contype = 'f' AND f.confrelid = orders AND NOT r.relispartition AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = f.conrelid)
          AND c.sort IN ('number', 'integer') AND c.words ~ 'refund');

-- Returns the conditions on marks of payments: what has failed or was taken back moved no money. `odd` are marks that are not understood, and that the
-- binding's condition does not know.
CREATE FUNCTION segmentation._adopt_payment_marks(relation regclass, condition text, OUT conditions text[], OUT odd text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  conditions := '{}'; odd := '{}';
  FOR item IN SELECT c.* FROM segmentation._adopt_columns(relation) AS c WHERE COALESCE(strpos(condition, c.name) = 0, true) ORDER BY c.name LOOP
    IF item.short ~ '^(is)?(captured|settled|succeeded|success|successful|completed|paid)(at|on)?$' AND item.sort IN ('boolean', 'time') THEN
      conditions := conditions || segmentation._rule_mark(item.name, item.sort, true);
    ELSIF item.short ~ '^(is)?(voided|void|cancell?ed|failed|declined|rejected|reversed|test|sandbox)(at|on)?$' AND item.sort IN ('boolean', 'time') THEN
      conditions := conditions || segmentation._rule_mark(item.name, item.sort, false);
    ELSIF item.sort <> 'text' AND item.short ~ '^(status|state|statusid|stateid|type|typeid|kind)$|^(is)?(captured|settled|succeeded|success|successful|paid|void|voided|cancell?ed|failed|declined|refund|refunded|pending|authori[sz]ed|approved|accepted|live|livemode)$'
      -- Which way it went, or of which other one it is.
      OR item.words ~ '^(direction|flow|inout|debitcredit)$' OR item.words ~ '^((refund|reversal|reverses|chargeback)(of|for)|(refunded|reversed|original|parent)(payment|transaction)?)(id)?$' AND item.sort IN ('integer', 'text', 'uuid')
         AND NOT EXISTS (SELECT FROM segmentation._adopt_columns(relation) AS c WHERE c.sort = 'text' AND c.short IN ('type', 'kind', 'transactiontype', 'reference'))
      -- What is called otherwise, and speaks of failure or of going back.
      OR item.sort = 'text' AND item.short !~ '^(status|state|type|kind|reference)$|(method|descri|note|comment|message|reason|detail|raw|name|error)'
         AND EXISTS (SELECT FROM unnest(segmentation._adopt_distinct(relation, item.name)) AS v WHERE segmentation._adopt_plain(v)
           = ANY ('{failed,failure,fail,declined,rejected,refused,error,expired,void,voided,cancelled,canceled,reversed,refund,refunded,chargeback,debit,out,outgoing,payout,withdrawal}')) THEN
      odd := odd || item.name::text;
    END IF;
  END LOOP;
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
  listed jsonb;
BEGIN
  SELECT b.* INTO STRICT bound FROM segmentation.binding AS b WHERE b.name = _adopt_paying.name;
  SELECT c.* INTO hit FROM segmentation._adopt_column(bound.relation, '{number,integer}', ARRAY['amount|total|sum|value|amount_cents|total_amount'], hints ->> (name || '.amount')) AS c;
  IF hit.name IS NULL THEN
    money.kind := CASE WHEN hit.rivals IS NULL THEN 'left out' ELSE 'ambiguous' END;
    money.problem := format('which column of %s has the amount is not clear; say {"%s.amount": "..."}', bound.relation, name);
    RETURN money;
  END IF;
  money := segmentation._adopt_money_of(bound, hit.name, hints, orders);
  IF sign IS NOT NULL THEN money.condition := segmentation._rule_name(hit.name) || ' ' || sign || ' 0';
  ELSE money := segmentation._adopt_signed(money, bound.relation, hit.name);
  END IF;
  IF money.problem IS NOT NULL THEN RETURN money; END IF;
  SELECT m.* INTO hit FROM segmentation._adopt_payment_marks(bound.relation, bound.condition) AS m;
  IF hit.odd <> '{}' THEN
    money.kind := 'unsure';
    money.problem := format('what %s of %s says is not known; say {"%s.condition": "..."}, which rows count, with %1$s in it', segmentation._and(hit.odd), bound.relation, name);
    RETURN money;
  END IF;
  money.condition := NULLIF(concat_ws(' AND ', money.condition, segmentation._joined(hit.conditions, '')), '');
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
    IF hit.rivals IS NOT NULL THEN
      money.kind := 'ambiguous';
      money.problem := format('%s of %s could be the %s; say {"%s.%3$s": "%5$s"}', segmentation._and(hit.rivals), bound.relation, item.role, name, hit.rivals[1]);
    END IF;
    CONTINUE WHEN hit.name IS NULL OR money.problem IS NOT NULL OR strpos(bound.condition, hit.name) > 0;
    known := segmentation._adopt_distinct(bound.relation, hit.name);
    listed := CASE item.role WHEN 'status' THEN hints -> (name || '.paid') END;
    values := ARRAY(SELECT v FROM unnest(known) AS v WHERE segmentation._adopt_plain(v) = ANY (item.good));
    IF listed IS NOT NULL THEN values := ARRAY(SELECT e #>> '{}' FROM jsonb_array_elements(listed) AS e);
    ELSIF values = '{}' AND sign = '<' AND item.role = 'type' THEN CONTINUE;
    ELSIF values = '{}' OR EXISTS (SELECT FROM unnest(known) AS v WHERE v <> ALL (values) AND segmentation._adopt_plain(v) <> ALL (item.bad)
        AND NOT (item.role = 'type' AND sign = '>' AND segmentation._adopt_plain(v) IN ('refund', 'credit', 'chargeback')
                 AND segmentation._adopt_sign(bound.relation, money.column_name, hit.name, v) = -1)) THEN
      money.kind := 'unsure';
      money.problem := format('which values of %s.%I mean that money was moved is not clear: %s; %s', name, hit.name,
        COALESCE((SELECT string_agg(quote_literal(v), ', ') FROM unnest(known[1:20]) AS v), 'it has none yet'),
        CASE item.role WHEN 'status' THEN format('say {"%s.paid": [...]}', name) ELSE format('say {"%s.condition": "..."}, which rows count, with %I in it', name, hit.name) END);
      CONTINUE;
    END IF;
    -- What is known and comes later, as those are written that are there.
    IF listed IS NULL AND item.role = 'status' AND NOT segmentation._adopt_is_enum(bound.relation, hit.name) THEN
      values := values || ARRAY(SELECT CASE values[1] WHEN upper(values[1]) THEN upper(g) WHEN lower(values[1]) THEN g ELSE initcap(g) END FROM unnest(item.good) AS g);
    END IF;
    money.condition := concat_ws(' AND ', money.condition,
      segmentation._rule_name(hit.name) || ' IN (' || (SELECT string_agg(DISTINCT segmentation._rule_text(v), ', ') FROM unnest(values) AS v) || ')');
  END LOOP;
  RETURN money;
END $$;

-- Returns the conditions on orders that a list of states in a hint means: in the payment's status, where one of them is there, else in the order's.
CREATE FUNCTION segmentation._adopt_paid_as_told(orders segmentation.binding, hints jsonb, payment name) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status name := (segmentation._adopt_status_column(orders.relation, hints)).name;
BEGIN
  IF payment IS NOT NULL AND (status IS NULL OR hints ? 'orders.payment_status' OR EXISTS (
      SELECT FROM unnest(segmentation._adopt_distinct(orders.relation, payment)) AS v WHERE (hints -> 'orders.paid') @> to_jsonb(v))) THEN
    status := payment;
  END IF;
  RETURN segmentation._rule_name(status) || ' IN (' || segmentation._adopt_meant(orders.relation, status, 'paid', hints) || ')';
END $$;

-- Returns how what orders of a payment's status are paid is known.
CREATE FUNCTION segmentation._adopt_paid_by_status(orders segmentation.binding, paid segmentation._paid, column_name name, sort text) RETURNS segmentation._paid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known text[] := segmentation._adopt_distinct(orders.relation, column_name);
  odd   text[] := ARRAY(SELECT v FROM unnest(known) AS v WHERE COALESCE(segmentation._adopt_status(v) NOT IN ('paid', 'unpaid', 'cancelled', 'cart', 'draft'), true)
    AND segmentation._adopt_plain(v) <> ALL ('{notpaid,awaiting,authorized,failed,declined,expired,rejected,none}'));
  money segmentation._money := paid.money;
BEGIN
  IF sort <> 'text' OR odd <> '{}' OR known = '{}' THEN
    money.kind := 'unsure';
    money.problem := format('which values of %I mean that an order is paid is not clear: %s; say {"orders.paid": [...]}', column_name,
      COALESCE((SELECT string_agg(quote_literal(v), ', ') FROM unnest((CASE odd WHEN '{}' THEN known ELSE odd END)[1:20]) AS v), 'it has none yet'));
    paid.money := money;
  END IF;
  paid.conditions := ARRAY[segmentation._rule_name(column_name) || ' IN (' || COALESCE(segmentation._adopt_meant(orders.relation, column_name, 'paid', '{}'), '''paid''') || ')'];
  paid.reason := format('paid by %I', column_name);
  RETURN paid;
END $$;

-- Returns how what was paid is known: by a column with the sum, a state, an instant, a mark, payments, or else nothing tells and all is paid that is not cancelled.
CREATE FUNCTION segmentation._adopt_paid(orders segmentation.binding, money segmentation._money, names jsonb, hints jsonb) RETURNS segmentation._paid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  paid    segmentation._paid;
  hit     record;
  payment record;
  status  name := (segmentation._adopt_status_column(orders.relation, hints)).name;
  problem text;
  known   text[];
  odd     text[];
  near    text;
BEGIN
  paid.money := money;
  SELECT c.* INTO payment FROM segmentation._adopt_one(orders.relation, '{text,integer,uuid}', '{payment_status|financial_status|payment_state|paid_status,payment_status_id|payment_state_id}', hints, 'orders.payment_status') AS c;
  IF jsonb_typeof(hints -> 'orders.paid') = 'array' AND (status IS NOT NULL OR payment.name IS NOT NULL) THEN
    paid.conditions := ARRAY[segmentation._adopt_paid_as_told(orders, hints, payment.name)];
    paid.reason := 'paid by its state, as the hint says';
    RETURN paid;
  END IF;
  SELECT c.name, c.problem INTO hit FROM segmentation._adopt_one(orders.relation, '{number,integer}', '{paid_total|total_paid|amount_paid|paid_amount|paid_cents|payment_total|total_charged_amount}', hints, 'orders.paid_total') AS c;
  IF hit.name IS NULL AND hit.problem IS NULL AND NOT hints ? 'orders.paid_total' THEN
    SELECT c.name, NULL::text AS problem INTO hit FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort = 'number' AND c.words = 'paid';
  END IF;
  problem := COALESCE(hit.problem, CASE WHEN hit.name IS NULL THEN payment.problem END);
  IF problem IS NOT NULL THEN
    money.kind := 'ambiguous'; money.problem := problem;
    paid.money := money;
    RETURN paid;
  ELSIF hit.name ~* '^total_?paid' AND NOT hints ?| '{orders.paid_total,orders.total}' AND (segmentation._adopt_total(orders.relation, hints)).name IS NULL THEN
    money.kind := 'unsure';
    money.problem := format('whether %I is what was paid or what is to be paid is not known, as orders have no other total; say {"orders.paid_total": "%1$s"} or {"orders.total": "%1$s"}', hit.name);
    paid.money := money;
    RETURN paid;
  ELSIF hit.name IS NOT NULL THEN
    paid.money := segmentation._adopt_money_of(orders, hit.name, hints);
    paid.reason := 'the orders'' own sum';
    RETURN paid;
  ELSIF payment.name IS NOT NULL THEN RETURN segmentation._adopt_paid_by_status(orders, paid, payment.name, payment.sort);
  END IF;
  SELECT c.name, c.sort INTO hit FROM segmentation._adopt_columns(orders.relation) AS c
  WHERE c.sort = 'time' AND c.words ~ '^(paid|payment)(at|on|date)$|^datepaid$' OR c.sort = 'boolean' AND c.words ~ '^(is)?paid$' OR c.sort = 'integer' AND c.words = 'ispaid'
  ORDER BY c.sort LIMIT 1;
  IF FOUND THEN
    paid.conditions := ARRAY[segmentation._rule_mark(hit.name, hit.sort, true)];
    paid.reason := format('paid by %I', hit.name);
    RETURN paid;
  ELSIF names ? 'payments' THEN
    paid.money := segmentation._adopt_paying(orders, names ->> 'payments', hints, '>');
    paid.reason := 'what was paid';
    RETURN paid;
  END IF;
  near := segmentation._adopt_unbound(orders.relation, '(^|_)(payment|transaction|charge|capture|payment_collection)$');
  IF EXISTS (SELECT FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort = 'integer' AND c.words = 'paid') THEN
    problem := 'whether the whole numbers in paid are a mark or an amount is not known; say {"orders.paid_total": "paid"}, or define it';
  ELSIF near IS NOT NULL THEN
    problem := format('%s may tell what was paid, and is not bound; say {"payments": "...", "payments.key": "..."}, or {"orders.paid": [...]}', near);
  ELSIF status IS NULL THEN
    paid.conditions := (segmentation._adopt_placed(orders.relation, hints)).conditions;
    paid.reason := 'nothing tells paid orders from others, so that all count that are not cancelled';
    paid.untold := true;
  ELSE
    known := segmentation._adopt_distinct(orders.relation, status);
    odd := ARRAY(SELECT v FROM unnest(known) AS v
                 WHERE COALESCE(segmentation._adopt_status(v) NOT IN ('paid', 'unpaid', 'cancelled', 'draft', 'cart'), true));
    paid.conditions := ARRAY[segmentation._rule_name(status) || ' IN (' || segmentation._adopt_meant(orders.relation, status, 'paid', hints) || ')'];
    paid.reason := format('paid by %I', status);
    IF paid.conditions[1] IS NULL OR odd <> '{}' THEN
      problem := format('which values of %I mean that an order is paid is not clear: %s; say {"orders.paid": [...]}', status,
        COALESCE((SELECT string_agg(quote_literal(v), ', ') FROM unnest(known[1:20]) AS v), 'it has no values yet'));
    END IF;
  END IF;
  IF problem IS NOT NULL THEN
    money.kind := 'unsure'; money.problem := problem;
    paid.money := money;
  END IF;
  RETURN paid;
END $$;

-- Returns how what was paid back is known: by a column, refunds, payments below zero, or states of orders whose total is all of it; its problem, of kind
-- 'left out' where nothing is there that could tell.
CREATE FUNCTION segmentation._adopt_paid_back(orders segmentation.binding, money segmentation._money, paid segmentation._paid, names jsonb, hints jsonb) RETURNS segmentation._paid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  back   segmentation._paid;
  doubt  segmentation._money;
  hit    record;
  status name := (segmentation._adopt_status_column(orders.relation, hints)).name;
  bound  segmentation.binding;
  odd    text[];
BEGIN
  doubt.kind := 'unsure';
  SELECT c.* INTO hit FROM segmentation._adopt_one(orders.relation, '{number,integer}', '{refunded_total|total_refunded|amount_refunded|refunded_amount|refunded|refund_amount|refund_total|grand_total_refunded|total_refunded_amount}', hints, 'orders.refunded_total') AS c;
  SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'payments';
  IF hit.problem IS NOT NULL THEN
    doubt.kind := 'ambiguous';
    doubt.problem := hit.problem;
  ELSIF hit.sort = 'integer' AND hit.name ~* '^refunded$' AND NOT hints ? 'orders.refunded_total' THEN
    doubt.problem := format('whether the whole numbers in %I are a mark or an amount is not known; say {"orders.refunded_total": "%1$s"}, or define it', hit.name);
  ELSIF hit.name IS NOT NULL THEN
    back.money := segmentation._adopt_signed(segmentation._adopt_money_of(orders, hit.name, hints), orders.relation, hit.name);
    RETURN back;
  ELSIF names ? 'refunds' THEN
    back.money := segmentation._adopt_paying(orders, names ->> 'refunds', hints);
    RETURN back;
  ELSIF (paid.money).source = names ->> 'payments' AND (paid.money).problem IS NULL THEN
    SELECT c.* INTO hit FROM segmentation._adopt_one(bound.relation, '{number,integer}', '{refunded_total|total_refunded|amount_refunded|refunded_amount|refunded|refund_amount}', hints, 'payments.refunded') AS c;
    IF hit.name IS NOT NULL THEN
      back.money := segmentation._adopt_signed(segmentation._adopt_money_of(bound, hit.name, hints, orders), bound.relation, hit.name);
      RETURN back;
    END IF;
    -- A payment whose state is refunded was paid and paid back.
    SELECT c.name, segmentation._adopt_sign(bound.relation, (paid.money).column_name) AS sign, ARRAY(SELECT v FROM unnest(segmentation._adopt_distinct(bound.relation, c.name)) AS v
      WHERE segmentation._adopt_plain(v) = 'refunded') AS whole INTO hit
    FROM segmentation._adopt_column(bound.relation, '{text}', '{status|state|payment_status}', hints ->> 'payments.status') AS c;
    IF hit.whole <> '{}' AND hit.sign = 1 THEN
      back.money := segmentation._adopt_paying(orders, names ->> 'payments', hints, '>');
      back.money.condition := concat_ws(' AND ', (back.money).condition, segmentation._rule_name(hit.name) || ' IN (' || (SELECT string_agg(segmentation._rule_text(v), ', ') FROM unnest(hit.whole) AS v) || ')');
      back.reason := 'payments whose state says so';
      RETURN back;
    ELSIF hit.whole <> '{}' THEN
      doubt.problem := format('payments below zero and ones whose %I is refunded are there, and which of them count is not known; define it yourself', hit.name);
      back.money := doubt;
      RETURN back;
    END IF;
    doubt.problem := segmentation._adopt_unbound(orders.relation, '(refund|credit_?memo|credit_?note|chargeback)$');
    IF doubt.problem IS NULL OR segmentation._adopt_sign(bound.relation, (paid.money).column_name) <= 0 THEN
      back.money := segmentation._adopt_paying(orders, names ->> 'payments', hints, '<');
      -- Below zero, as _adopt_sum has it.
      back.money.divisor := COALESCE((back.money).divisor, 1) * -1;
      back.reason := 'payments below zero';
      RETURN back;
    END IF;
    doubt.problem := format('%s may tell what was paid back, and is not bound; say {"refunds": "...", "refunds.key": "..."}', doubt.problem);
  END IF;
  IF doubt.problem IS NOT NULL THEN
    back.money := doubt;
    RETURN back;
  END IF;
  SELECT c.name, c.sort INTO hit FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort IN ('time', 'boolean') AND c.words ~ '^(is)?refunded(at|on)?$' LIMIT 1;
  IF FOUND THEN
    back.money := money;
    back.conditions := ARRAY[segmentation._rule_mark(hit.name, hit.sort, true)];
    back.reason := format('all of the orders that %I says so of', hit.name);
    RETURN back;
  END IF;
  -- A state may say that all of an order was paid back; one that says that some of it was, does not say how much.
  FOR hit IN
    SELECT c.name, ARRAY(SELECT v FROM unnest(c.known) AS v WHERE segmentation._adopt_plain(v) = 'refunded') AS whole, c.parts
    FROM (SELECT c.name, d.known, ARRAY(SELECT v FROM unnest(d.known) AS v WHERE segmentation._adopt_plain(v) ~ '.refunded$') AS parts
          FROM segmentation._adopt_columns(orders.relation) AS c, segmentation._adopt_distinct(orders.relation, c.name) AS d(known)
          WHERE c.sort = 'text' AND (c.name = status OR c.words ~ '^(payment|financial|paid)(status|state)$')) AS c
    ORDER BY c.parts = '{}', c.name = status, c.name
  LOOP
    IF hit.parts <> '{}' THEN
      doubt.problem := format('orders whose %I is %s are there, and nothing tells how much of them was paid back', hit.name, (SELECT string_agg(quote_literal(v), ', ') FROM unnest(hit.parts) AS v));
      back.money := doubt;
      RETURN back;
    ELSIF hit.whole <> '{}' THEN
      back.money := money;
      back.conditions := ARRAY[segmentation._rule_name(hit.name) || ' IN (' || (SELECT string_agg(segmentation._rule_text(v), ', ') FROM unnest(hit.whole) AS v) || ')'];
      back.reason := format('all of the orders that %I says so of', hit.name);
      RETURN back;
    END IF;
  END LOOP;
  -- What is left, and speaks of it.
  odd := ARRAY(SELECT c.name FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.words ~ '(refund|chargeback|paidback|returned)' AND c.words !~ '(refundable|returnedby|reason|note)'
    AND c.sort IN ('number', 'integer', 'time', 'boolean'));
  doubt.problem := COALESCE(segmentation._adopt_unbound(orders.relation, '(refund|credit_?memo|credit_?note|chargeback|return)$'), segmentation._adopt_unbound_refunds(orders.relation));
  IF odd <> '{}' AND NOT hints ? 'orders.refunded_total' THEN
    doubt.problem := format('what %s of %s says of refunds is not known; say {"orders.refunded_total": "..."}, or null if it is nothing', segmentation._and(odd), orders.relation);
  ELSIF doubt.problem IS NOT NULL THEN
    doubt.problem := format('%s may tell what was paid back, and is not bound; say {"refunds": "...", "refunds.key": "..."}', doubt.problem);
  ELSE
    doubt.kind := 'left out';
    doubt.problem := 'nothing tells what was refunded';
    back.untold := true;
  END IF;
  back.money := doubt;
  RETURN back;
END $$;
