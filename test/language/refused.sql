-- Queries that must be refused: SQLSTATE, the part of the text where the caret stands (the text ends: ''), and what the
-- message, with its hint, must make clear.
CREATE TEMP TABLE refused (n integer GENERATED ALWAYS AS IDENTITY, rule text, sqlstate text, at text, clear text);
INSERT INTO refused (sqlstate, rule, at, clear) VALUES
('42804', $r$customer_tags = 'vip'$r$, '=', 'is a list and does not support "=".*CONTAINS'),
('42703', $r$email_adress = 'x'$r$, 'email_adress', '"email_adress" does not exist.*email'),
('42703', $r$email_subscription_statu = 'SUBSCRIBED'$r$, 'email_subscription_statu', 'email_subscription_status'),
('42601', $r$orders_placed MATCHES (date > 2025-01-01, date < 2025-06-01)$r$, 'date < 2025-06-01', 'date.*twice.*BETWEEN'),
('42804', $r$number_of_orders > 1.5$r$, '>', 'whole number'),
('42601', $r$amount_spent > 1,000$r$, '1,000', 'thousands separator'),
('42601', $r$amount_spent > 999,99$r$, '999,99', 'decimal point.*999\.99'),
('42601', $r$orders_placed MATCHES (amount > 999,99)$r$, '999,99', 'decimal point.*999\.99'),
('42703', $r$email_subscription_status = SUBSCRIBED$r$, 'SUBSCRIBED', '''SUBSCRIBED'''),
('42703', $r$products_purchased MATCHES (tag = Summer)$r$, 'Summer', '''Summer'''),
('42703', $r$last_order_date > next_week$r$, 'next_week', 'date.*today, -7d or 2026-05-30'),
('42601', $r$orders_placed(date: today, date: yesterday) = true$r$, 'date: yesterday', 'date.*twice.*date: BETWEEN .*two tests of orders_placed joined by AND'),
('42601', $r$last_order_date BETWEEN 1pm AND 3pm$r$, '1pm', 'time.*date'),
('42601', $r$last_order_date > -7dT10:00:00$r$, '-7dT10:00:00', 'carries no time'),
('42601', $r$amount_spent >$r$, '', 'missing|expected'),
('42601', $r$(number_of_orders > 1$r$, '(number_of_orders > 1', 'parenthesis.*not closed'),
('42601', $r$number_of_orders > 1 amount_spent > 2$r$, 'amount_spent > 2', 'AND or OR'),
('42804', $r$amount_spent > 'much'$r$, '>', 'is a number.*text ''much'''),
('42804', $r$last_order_date > 5$r$, '>', 'is a date.*number 5'),
('42601', $r$city = 'Sofia$r$, '''Sofia', 'not closed'),
('42703', $r$orders_placed MATCHES (colour = 'red')$r$, 'colour', '"colour" does not exist in "orders_placed".*"amount".*"total"'),
('22008', $r$last_order_date = 2025-02-30$r$, '2025-02-30', 'no day'),
('42601', '', '', 'empty'),
('42601', E' \t\n-- only a comment', '', 'empty'),
-- Over several lines, behind letters of several bytes: the caret counts characters.
('42703', E'note = ''Здравей, свят'' -- коментар\n  AND имейл = ''x''', 'имейл', 'имейл'),
('42804', E'/* ü */ note = ''ü'' AND\n\n\tcustomer_tags = ''ü''', E'= ''ü''', 'CONTAINS'),
('42601', $r$products_purchased MATCHES (id = 1, id = 2)$r$, 'id = 2', 'id.*twice'),
('42601', $r$products_purchased(id: 1, id: 2) = true$r$, 'id: 2', 'id.*twice'),
('42703', $r$products_purchased(colour: 'red') = true$r$, 'colour', '"colour" does not exist in "products_purchased"'),
('42703', $r$product_purchased MATCHES (id = 1)$r$, 'product_purchased', 'products_purchased'),
('42703', $r$shopify_email.open MATCHES ()$r$, 'shopify_email.open', 'shopify_email.opened'),
('42804', $r$orders_placed = 3$r$, 'orders_placed', 'source'),
('42804', $r$orders_placed MATCHES (date > 5)$r$, '>', 'date'),
('42804', $r$orders_placed MATCHES (count > 1.5)$r$, '>', 'whole'),
('42601', $r$products_purchased MATCHES (id = 1 OR count > 2)$r$, 'count', 'top level of MATCHES'),
('42601', $r$sum(orders_placed.amount MATCHES (count > 2)) > 1$r$, 'count', 'aggregate'),
('42703', $r$segments CONTAINS 'nobody'$r$, '''nobody''', '"nobody" does not exist'),
('42601', $r$customer_within_distance(coordinates: (45.42, -75.69)) = true$r$, 'customer_within_distance', 'distance_km'),
('42601', $r$number_of_orders > 1 AND$r$, '', 'missing|expected'),
('42601', $r$number_of_orders > 1 OR OR amount_spent > 1$r$, 'OR amount_spent', 'expected|missing'),
('42601', $r$number_of_orders > 1)$r$, ')', 'parenthesis'),
('42601', $r$amount_spent > $5$r$, '$5', 'currency'),
('42601', $r$amount_spent > 5 EUR$r$, 'EUR', 'AND or OR|currency|unit'),
('54000', 'number_of_orders IN (' || (SELECT string_agg(i::text, ',') FROM generate_series(1, 10001) AS i) || ')', NULL, '10000|10,000'),
('54000', repeat('(', 100000) || 'number_of_orders > 1' || repeat(')', 100000), NULL, 'nested|deep|long'),
('54000', repeat('NOT ', 100000) || 'number_of_orders > 1', NULL, 'nested|deep|long'),
('54000', repeat('number_of_orders > 1 OR ', 500000) || 'number_of_orders > 1', NULL, 'long|large'),
('54000', 'note = ''' || repeat('ab', 5242880) || '''', NULL, 'long|large');

-- Several mistakes are told at once; the first one's place is the error's.
CREATE TEMP TABLE several (rule text, mistakes text[]);
INSERT INTO several VALUES
($r$email_adress = 'x' AND amount_spent > 'much' OR customer_tags = 'vip'$r$, '{42703,42804,42804}'),
($r$orders_placed MATCHES (colour = 'red', size > 3) AND last_order_date > 5$r$, '{42703,42703,42804}'),
($r$amount_spent > AND number_of_orders > 1.5$r$, '{42601,42804}'),
-- A mistake in the grammar of one condition hides nothing in the others.
($r$emial = 'x' AND amount_spent > 1,000$r$, '{42703,42601}'),
($r$amount_spent > 999,99 OR orders_placed MATCHES (colour = 'red', date > 1pm, count > 1.5)$r$, '{42601,42703,42601,42804}'),
($r$orders_placed(colour: 'red', date: today, date: yesterday) = true AND customer_tags = 'vip'$r$, '{42703,42601,42804}'),
($r$emial = 'x' AND city = 'Sofia$r$, '{42703,42601}'),
-- One mistake is told once.
($r$customer_tags DOES NOT CONTAIN 'vip'$r$, '{42601}'),
($r$amount_spent > 100 GROUP BY city$r$, '{42601}'),
($r$amount_spent > 5 EUR$r$, '{42601}');

CREATE FUNCTION pg_temp.judge_refused(rule text, wanted text, at text, clear text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  mistake record;
  said  text;
BEGIN
  SELECT * INTO mistake FROM segmentation.check_rule(rule) LIMIT 1;
  IF NOT FOUND THEN RETURN 'is accepted'; END IF;
  said := concat_ws(' ', mistake.message, mistake.hint);
  IF mistake.sqlstate <> wanted THEN RETURN format('%s, not %s: %s', mistake.sqlstate, wanted, said); END IF;
  IF said !~ clear THEN RETURN format('"%s" does not say %s', said, clear); END IF;
  IF at IS NOT NULL AND NOT starts_with(substr((string_to_array(rule, E'\n'))[mistake.line], mistake.col), at) THEN
    RETURN format('caret at line %s, column %s', mistake.line, mistake.col);
  END IF;
  BEGIN
    PERFORM segmentation.count_matching(rule::segmentation.rule);
    RETURN 'count_matching takes it';
  EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE <> wanted THEN format('count_matching raises %s %s', SQLSTATE, SQLERRM) END;
  END;
END $$;

SELECT CASE WHEN problem IS NULL THEN 'ok: refused: ' ELSE 'not ok: refused: ' END || left(translate(rule, E'\n\t', '  '), 70) || coalesce(': ' || problem, '')
FROM (SELECT n, rule, pg_temp.judge_refused(rule, sqlstate, at, clear) AS problem FROM refused) AS r ORDER BY n;
SELECT CASE WHEN found = mistakes THEN 'ok: ' ELSE format('not ok: %s, not %s: ', found, mistakes) END || 'all mistakes of ' || rule
FROM (SELECT rule, mistakes, ARRAY(SELECT sqlstate FROM segmentation.check_rule(rule)) AS found FROM several) AS s;
