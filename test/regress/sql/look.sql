-- count_matching, matches, preview, explain, to_sql, check_rule, verify, refresh: on one small shop.
\set VERBOSITY default
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, city varchar(20), spent numeric(12,2), vip boolean, born date,
                             tags text[], data jsonb, note text);
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id integer REFERENCES shop.customers, total numeric, state text, placed timestamptz);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.customers VALUES
  (1, 'Maria', 'Sofia', 120.50, true, '1990-05-05', '{gold,News}', '{"size": 38, "pet": {"kind": "cat"}}', NULL),
  (2, 'Ivan', 'Plovdiv', 80, false, '1985-02-28', '{news}', '{"size": "big"}', 'x'),
  (3, 'Peter', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 'Анна', 'Варна', 'NaN', true, '2001-01-01', '{}', '{}', '');
INSERT INTO shop.orders VALUES
  (10, 1, 100, 'paid', now() - interval '10 days'), (11, 1, 20.50, 'paid', now() - interval '100 days'),
  (12, 2, 80, 'open', now() - interval '5 days'), (13, 2, 'NaN', 'paid', now() - interval '5 days'),
  (14, NULL, 1000, 'paid', now()), (15, 1, 12345678901234567890.123456789, 'draft', NULL);

-- Nothing is bound yet.
SELECT segmentation.count_matching('city = ''Sofia''');
SELECT * FROM segmentation.check_rule('city = ''Sofia''');

SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'placed');

SELECT segmentation.count_matching('city = ''Sofia''');
SELECT segmentation.count_matching('city != ''Sofia''');
SELECT segmentation.count_matching('spent < 100'), segmentation.count_matching('spent IS NULL');
SELECT segmentation.count_matching(ARRAY['vip', 'NOT vip', 'tags CONTAINS ''NEWS''', 'data.size > 30',
  'orders MATCHES (state = ''paid'', date >= -30d)', 'sum(orders.total) > 12345678901234567000', 'city = ''Варна''']);
SELECT segmentation.count_matching(NULL::segmentation.rule), segmentation.count_matching('{}'::segmentation.rule[]);

-- A customer argument may come in any type that casts to the key's.
SELECT segmentation.matches('city = ''Sofia''', 1) AS int, segmentation.matches('city = ''Sofia''', 1::bigint) AS big,
       segmentation.matches('city = ''Sofia''', 1::smallint) AS small, segmentation.matches('city = ''Sofia''', '1') AS literal,
       segmentation.matches('city = ''Sofia''', '1'::text) AS text;
SELECT segmentation.matches('city = ''Sofia''', 99) AS unknown, segmentation.matches('city = ''Sofia''', 9999999999) AS too_large,
       segmentation.matches('city != ''Sofia''', 99) AS unknown_not, segmentation.matches('vip', NULL::bigint) AS nobody;
SELECT segmentation.matches('vip', 'one');
SELECT * FROM segmentation.matches('vip', ARRAY[4, 1, 2, 1, 77, NULL]);
SELECT * FROM segmentation.matches('vip', ARRAY['4', '3']);

SELECT members, low, high, jsonb_path_query_array(sample, '$[*].name') AS names FROM segmentation.preview('vip', sample => 1);
SELECT members, low, high, sample FROM segmentation.preview('city = ''Nowhere''');
SELECT * FROM segmentation.preview('vip', sample => -1);

-- Why is she in, why is he not.
SELECT depth, condition, actual, holds, missing, rows FROM segmentation.explain('city = ''Sofia'' AND spent > 200', 1);
SELECT depth, condition, actual, holds, missing, rows
FROM segmentation.explain('orders MATCHES (state = ''paid'', count >= 2)'::segmentation.rule, 2);
SELECT depth, condition, holds, changes_at IS NOT NULL AS will_change FROM segmentation.explain('orders MATCHES (date >= -30d)', '1');
SELECT segmentation.create_segment('Rich', 'spent > 100');
SELECT depth, condition, actual, holds, missing FROM segmentation.explain('rich', 2);
SELECT * FROM segmentation.explain('rich', 99);
SELECT * FROM segmentation.explain('no such segment', 1);

-- Plain SQL of the same meaning.
CREATE FUNCTION by_sql(rule segmentation.rule) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  EXECUTE 'SELECT count(*) FROM (' || segmentation.to_sql(rule) || ') AS q' INTO n;
  RETURN n;
END $$;
SELECT rule, segmentation.count_matching(rule) AS counted, by_sql(rule)
FROM unnest(ARRAY['spent < 100', 'tags CONTAINS ''news''', 'NOT orders MATCHES (total > 50)', 'data.pet.kind = ''cat''',
                  'born < 1990-01-01']::segmentation.rule[]) AS rule;

-- Mistakes: told in a table, or raised with their place.
SELECT * FROM segmentation.check_rule(E'cty = ''Sofia''\n  AND orders MATCHES (totl > 5) AND spent = ''x''');
SELECT * FROM segmentation.check_rule('city = ');
SELECT * FROM segmentation.check_rule('vip');
SELECT segmentation.count_matching('vip AND cty = ''Sofia''');
SELECT segmentation.to_sql('tags = ''gold''');

-- Members, refreshing, and the second path.
SELECT * FROM segmentation.verify();
ALTER EVENT TRIGGER segmentation_triggers DISABLE; -- nothing is to tell of disabled triggers
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
UPDATE shop.customers SET spent = 500 WHERE id IN (2, 3);
UPDATE shop.customers SET spent = 1 WHERE id = 1;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
SELECT * FROM segmentation.verify('RICH');
SELECT segmentation.refresh(2);
SELECT * FROM segmentation.verify();
SELECT segmentation.refresh(ARRAY[1, 99]);
SELECT segmentation.refresh_all(), segmentation.refresh_all();
SELECT * FROM segmentation.verify();
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
ALTER TABLE shop.orders DISABLE TRIGGER USER;
DELETE FROM shop.orders;
DELETE FROM shop.customers WHERE id = 3;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
ALTER TABLE shop.orders ENABLE TRIGGER USER;
SELECT * FROM segmentation.verify();
SELECT segmentation.refresh('3');
SELECT customer_id FROM segmentation.membership ORDER BY 1;
SELECT segmentation.member_count('rich');
SELECT * FROM segmentation.verify('poor');
SELECT segmentation._write_members(ARRAY[-1]);
SELECT * FROM segmentation.progress();

-- The row reader of numeric against numeric_out's digits, through sums and comparisons.
CREATE TABLE shop.numbers (id bigint PRIMARY KEY, customer_id integer, n numeric, m numeric(20,4));
INSERT INTO shop.numbers
SELECT row_number() OVER (), 1, v, CASE WHEN abs(v) < 1e15 THEN round(v, 4) END
FROM (SELECT sign * (base * 10::numeric ^ power) AS v
      FROM unnest(ARRAY[0, 1, 9, 10, 9999, 10000, 10001, 99999999, 100000000, 12345.6789, 0.0001, 0.5, 9223372036854775807,
                        9223372036854775808, 1234567890123456789012345678901234567890]::numeric[]) AS base,
           unnest(ARRAY[-1, 1]) AS sign, unnest(ARRAY[-20, -7, -4, -3, -1, 0, 1, 3, 4, 5, 8, 16, 40]) AS power) AS q;
SELECT segmentation.bind_source('numbers', 'shop.numbers', key => 'customer_id');
SELECT count(*) AS numbers,
       count(*) FILTER (WHERE NOT segmentation.matches(format('numbers MATCHES (id = %s, n = %s)', id, n)::segmentation.rule, 1)) AS n_wrong,
       count(*) FILTER (WHERE m IS NOT NULL AND NOT segmentation.matches(format('numbers MATCHES (id = %s, m = %s)', id, m)::segmentation.rule, 1)) AS m_wrong
FROM shop.numbers;
SELECT segmentation.matches(format('sum(numbers.m) = %s AND max(numbers.n) = %s', sum(m), max(n))::segmentation.rule, 1) AS folded FROM shop.numbers;

-- Slices: the same members with hardly any memory.
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
INSERT INTO shop.customers SELECT g, 'c' || g, 'city ' || g % 10, g FROM generate_series(1000, 41000) AS g;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
SET segmentation.build_memory = '1MB';
SELECT segmentation.count_matching('city = ''city 3'' OR spent > 30000');
SELECT segmentation.refresh_all();
SELECT count(*) FROM segmentation.verify();
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
DELETE FROM shop.customers WHERE id > 40000;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
SELECT segmentation.refresh_all();
SELECT count(*) FROM segmentation.verify();
SELECT segmentation.member_count('rich') = (SELECT count(*) FROM segmentation.membership) AS counted;
RESET segmentation.build_memory;
SELECT members = low, low = high FROM segmentation.preview('spent > 30000');
SELECT low BETWEEN 8000 AND 10900 AND high BETWEEN 9100 AND 12000 AND low < high AND members BETWEEN low AND high AS plausible FROM segmentation.preview('spent > 30000', exact => false);

-- A table that is not quite ours any more, here by a trigger, is written by INSERT.
CREATE TABLE shop.log (segment_id integer, customer_id integer);
CREATE FUNCTION shop.log_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shop.log VALUES (new.segment_id, new.customer_id);
  RETURN new;
END $$;
CREATE TRIGGER log_member AFTER INSERT ON segmentation.membership FOR EACH ROW EXECUTE FUNCTION shop.log_member();
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
UPDATE shop.customers SET spent = 0 WHERE id > 2000;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
SELECT segmentation.refresh_all();
ALTER TABLE shop.customers DISABLE TRIGGER USER; -- no trigger tells
UPDATE shop.customers SET spent = 101 WHERE id BETWEEN 5001 AND 7500;
ALTER TABLE shop.customers ENABLE TRIGGER USER;
SELECT segmentation.refresh_all();
SELECT count(*) AS logged FROM shop.log;
SELECT count(*) FROM segmentation.verify();
