-- Whom another rule would bring into a segment and make leave: what alter_segment does then, customer by customer, and nothing stored before.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE customers (id uuid PRIMARY KEY, n integer, city text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id uuid REFERENCES customers ON DELETE CASCADE, total numeric);
CREATE INDEX ON orders (customer_id);
CREATE FUNCTION of_customer(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$SELECT md5(n::text)::uuid$$;
INSERT INTO customers SELECT of_customer(i), i, CASE WHEN i % 3 = 0 THEN 'Sofia' ELSE 'Varna' END FROM generate_series(1, 20000) AS i;
INSERT INTO orders SELECT i, of_customer(1 + i * 7919 % 20000), i % 101 FROM generate_series(1, 30000) AS i;
ANALYZE customers;
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.bind_source('orders', 'orders', key => 'customer_id') \g /dev/null
SELECT segmentation.create_group('press'), segmentation.create_segment('Big "spenders"', 'orders MATCHES (total > 50, count >= 2)') \g /dev/null
SELECT segmentation.add_members('Big "spenders"', of_customer(1), 'a friend'), segmentation.remove_members('Big "spenders"', of_customer(m.n))
FROM (SELECT c.n FROM customers AS c JOIN segmentation.membership AS m ON m.customer_id = c.id ORDER BY c.n DESC LIMIT 1) AS m \g /dev/null

-- What a change of rule does, told by members before and after.
CREATE TEMP TABLE before (customer uuid, PRIMARY KEY (customer));
CREATE TEMP TABLE said (customer uuid, change text);
CREATE FUNCTION as_altered(rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint;
  counts text;
BEGIN
  DELETE FROM before; DELETE FROM said;
  INSERT INTO before SELECT segmentation.members('Big "spenders"');
  INSERT INTO said SELECT d.customer, d.change FROM segmentation.diff_segment('big "SPENDERS"', rule) AS d;
  SELECT format('%s enter, %s leave', d.enters, d.leaves) INTO counts FROM segmentation.count_diff('Big "spenders"', rule) AS d;
  IF (SELECT count(*) FROM segmentation.members('Big "spenders"') JOIN before ON customer = members) <> (SELECT count(*) FROM before) THEN RETURN 'something was stored'; END IF;
  PERFORM segmentation.alter_segment('Big "spenders"', rule);
  SELECT count(*) INTO wrong FROM said FULL JOIN
    (SELECT COALESCE(b.customer, m.customer) AS customer, CASE WHEN b.customer IS NULL THEN 'enters' ELSE 'leaves' END AS change
     FROM before AS b FULL JOIN segmentation.members('Big "spenders"') AS m(customer) ON m.customer = b.customer
     WHERE b.customer IS NULL OR m.customer IS NULL) AS done USING (customer, change)
  WHERE said.customer IS NULL OR done.customer IS NULL;
  RETURN CASE WHEN wrong > 0 THEN format('%s wrong', wrong)
    WHEN counts <> (SELECT format('%s enter, %s leave', count(*) FILTER (WHERE change = 'enters'), count(*) FILTER (WHERE change = 'leaves')) FROM said) THEN 'other counts'
    WHEN NOT EXISTS (SELECT FROM said WHERE change = 'enters') OR NOT EXISTS (SELECT FROM said WHERE change = 'leaves') THEN 'too easy' ELSE 'right' END;
END $$;
SELECT is(as_altered('orders MATCHES (total > 90) OR city = ''Sofia'' AND n < 500'), 'right', 'another rule');
SELECT is(as_altered('orders MATCHES (total > 20, count >= 2) AND city <> ''Sofia'''), 'right', 'a rule of rows');
SET segmentation.build_memory = '1MB';
SELECT is(as_altered('orders MATCHES (total > 70) OR list(orders.total) CONTAINS 3'), 'right', 'rows alone, in slices');
SELECT is(as_altered('orders MATCHES (total < 30)'), 'right', 'in slices again');
RESET segmentation.build_memory;

SELECT is_empty($$SELECT * FROM segmentation.diff_segment('Big "spenders"', 'orders MATCHES (total < 30)')$$, 'its own rule changes nobody, however people were put in and kept out');
SELECT is((SELECT array_agg(d.change || c.n) FROM segmentation.diff_segment('Big "spenders"', 'n = 1') AS d JOIN customers AS c ON c.id = d.customer WHERE c.n = 1), NULL, 'who was put in stays');
SELECT set_eq($$SELECT pg_typeof(d.customer)::text FROM segmentation.diff_segment('Big "spenders"', 'n = 5') AS d$$, '{uuid}'::text[], 'keys are of the shop''s own type');
-- Rows that went while nobody looked: members are stored, and rows alone do not name them any more.
ALTER TABLE orders DISABLE TRIGGER USER;
DELETE FROM orders WHERE customer_id IN (SELECT customer_id FROM orders WHERE total < 30 ORDER BY 1 LIMIT 400);
ALTER TABLE orders ENABLE TRIGGER USER;
SELECT segmentation.clear_overrides('Big "spenders"', ARRAY(SELECT h.customer_id FROM segmentation.by_hand AS h)) \g /dev/null
SET segmentation.build_memory = '1MB';
CREATE TEMP TABLE stale AS SELECT m.customer_id FROM segmentation.membership AS m WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.customer_id = m.customer_id AND o.total < 30);
SELECT cmp_ok((SELECT count(*) FROM stale), '>', 50::bigint, 'some have no rows any more');
SELECT is((SELECT count(*) FROM segmentation.diff_segment('Big "spenders"', 'orders MATCHES (total < 30)') AS d JOIN stale ON stale.customer_id = d.customer WHERE d.change = 'leaves'), (SELECT count(*) FROM stale), 'members without rows leave, in slices, too');
SELECT segmentation.refresh_all() \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and by refresh_all');
RESET segmentation.build_memory;

SELECT throws_ok($$SELECT * FROM segmentation.diff_segment('press', 'n = 1')$$, '42809', '"press" is a group, which has no rule', 'a group has no rule to differ from');
SELECT throws_ok($$SELECT * FROM segmentation.count_diff('press', 'n = 1')$$, '42809', NULL, 'nor to count by');
SELECT throws_ok($$SELECT * FROM segmentation.diff_segment('nobody', 'n = 1')$$, '42704', NULL, 'an unknown segment');
SELECT throws_ok($$SELECT * FROM segmentation.diff_segment('Big "spenders"', 'm = 1')$$, '42703', NULL, 'an unknown name in the rule');
SELECT segmentation.create_segment('after', 'segments CONTAINS ''Big "spenders"''') \g /dev/null
SELECT throws_ok(format('SELECT * FROM segmentation.%s(''Big "spenders"'', %L)', f, r), '42P17', 'segment "Big "spenders"" refers to itself', f || ': ' || r)
FROM unnest('{diff_segment,count_diff}'::text[]) AS f, unnest(ARRAY['segments CONTAINS ''after''', 'memberships MATCHES (segment = ''Big "spenders"'')']) AS r;
SELECT finish();
