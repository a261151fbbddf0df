-- rule_to_json and rule_from_json: there and back is the same rule; what is no rule is refused with its place; nothing in it becomes text of a rule.
SET client_min_messages = warning;
SELECT no_plan();

CREATE TEMP TABLE shapes (rule text, json jsonb);
INSERT INTO shapes VALUES
  ('points > 1.50', '{"condition": {"op": ">", "left": {"name": "points"}, "right": 1.5}}'),
  ('points != count(orders)', '{"condition": {"op": "!=", "left": {"name": "points"}, "right": {"function": "count", "of": {"name": "orders"}}}}'),
  ('city = ''Sofia''', '{"condition": {"op": "=", "left": {"name": "city"}, "right": "Sofia"}}'),
  ('active = true AND NOT (a = 1 OR b = 2)', '{"condition": {"op": "AND", "conditions": [{"op": "=", "left": {"name": "active"}, "right": true}, {"op": "NOT", "condition": {"op": "OR", "conditions": [
    {"op": "=", "left": {"name": "a"}, "right": 1}, {"op": "=", "left": {"name": "b"}, "right": 2}]}}]}}'),
  ('active', '{"condition": {"op": "IS TRUE", "left": {"name": "active"}}}'),
  ('d BETWEEN -90d AND today', '{"condition": {"op": "BETWEEN", "left": {"name": "d"}, "right": [{"date": "-90d"}, {"date": "today"}]}}'),
  ('d >= 2026-05-30T16:00', '{"condition": {"op": ">=", "left": {"name": "d"}, "right": {"date": "2026-05-30T16:00:00"}}}'),
  ('d = ''today''', '{"condition": {"op": "=", "left": {"name": "d"}, "right": "today"}}'),
  ('n NOT IN (1, 2)', '{"condition": {"op": "NOT IN", "left": {"name": "n"}, "right": [1, 2]}}'),
  ('tags CONTAINS ''vip''', '{"condition": {"op": "CONTAINS", "left": {"name": "tags"}, "right": "vip"}}'),
  ('tags NOT CONTAINS ALL (''a'', ''b'')', '{"condition": {"op": "NOT CONTAINS ALL", "left": {"name": "tags"}, "right": ["a", "b"]}}'),
  ('email STARTS WITH ''a''', '{"condition": {"op": "STARTS WITH", "left": {"name": "email"}, "right": "a"}}'),
  ('city IS NOT NULL', '{"condition": {"op": "IS NOT NULL", "left": {"name": "city"}}}'),
  ('orders MATCHES ()', '{"condition": {"op": "MATCHES", "source": "orders"}}'),
  ('orders NOT MATCHES (date > -1y, count >= 5)', '{"condition": {"op": "NOT MATCHES", "source": "orders", "where": {"op": "AND", "conditions": [
    {"op": ">", "left": {"name": "date"}, "right": {"date": "-1y"}}, {"op": ">=", "left": {"name": "count"}, "right": 5}]}}}'),
  ('count(DISTINCT items.brand MATCHES (price > 5)) >= 3', '{"condition": {"op": ">=", "left": {"function": "count", "of": {"name": "items.brand"}, "distinct": true,
    "where": {"op": ">", "left": {"name": "price"}, "right": 5}}, "right": 3}}'),
  ('count(orders MATCHES ()) > 1', '{"condition": {"op": ">", "left": {"function": "count", "of": {"name": "orders"}, "where": null}, "right": 1}}'),
  ('age(min(orders.date)) > 3', '{"condition": {"op": ">", "left": {"function": "age", "of": {"function": "min", "of": {"name": "orders.date"}}}, "right": 3}}'),
  ('customer_within_distance(coordinates: (42.7, 23.3), distance_km: 10) = false', '{"condition": {"op": "CALL", "function": "customer_within_distance", "is": false,
    "arguments": [{"name": "coordinates", "value": {"latitude": 42.7, "longitude": 23.3}}, {"name": "distance_km", "value": 10}]}}'),
  ('x."a b".c = 12345678901234567890.10', '{"condition": {"op": "=", "left": {"name": "x.\"a b\".c"}, "right": {"number": "12345678901234567890.1"}}}'),
  ('FROM customers SHOW name, "E-mail" WHERE "count" > 1 ORDER BY points DESC, name LIMIT 10', '{"condition": {"op": ">", "left": {"name": "\"count\""}, "right": 1},
    "show": ["name", "\"E-mail\""], "order_by": [{"name": "points", "descending": true}, {"name": "name", "descending": false}], "limit": 10}');
SELECT is(segmentation.rule_to_json(s.rule), s.json, 'to JSON: ' || s.rule) FROM shapes AS s;
SELECT is(segmentation.rule_from_json(s.json)::text, s.rule::segmentation.rule::text, 'from JSON: ' || s.rule) FROM shapes AS s;

-- Texts and names stay texts and names.
SELECT is(segmentation.rule_to_json(segmentation.rule_from_json(r.json)), r.json, 'a text: ' || left(to_json(t)::text, 30))
FROM unnest(ARRAY['', '''', '\', '\''', ''' OR 1 = 1 --', E'\n\t', '"', '/*', 'Σofia', '%s %1$s', repeat('x', 100000), '$1', E'\u2028']) AS t,
  LATERAL (SELECT jsonb_build_object('condition', jsonb_build_object('op', '=', 'left', '{"name": "city"}'::jsonb, 'right', t)) AS json) AS r;
SELECT is(segmentation.rule_to_json(segmentation.rule_from_json(r.json)), r.json, 'a name: ' || to_json(n))
FROM unnest(ARRAY['"a b"', '"and"', '"a""b"."C"', '"''"', '"); DROP"', 'limit', '"count"', 'ñandú', '"date"']) AS n,
  LATERAL (SELECT jsonb_build_object('condition', jsonb_build_object('op', 'IS NULL', 'left', jsonb_build_object('name', n))) AS json) AS r;
SELECT throws_ok(format('SELECT segmentation.rule_from_json(%L)', jsonb_build_object('condition', jsonb_build_object('op', 'IS NULL', 'left', jsonb_build_object('name', n)))),
  '22023', NULL, 'no name: ' || to_json(n))
FROM unnest(ARRAY['', ' ', 'a b', 'a = 1', 'a OR b', 'a)', 'count(orders)', '"', '"""', 'a.', '.a', 'and', '1', 'a;', '''a''', 'orders MATCHES ()', 'a, b', E'a\nIS NULL OR b', '""']) AS n;
SELECT is(segmentation.rule_from_json('{"condition": {"op": "IS NULL", "left": {"name": "customer.A -- and more"}}}')::text, 'a IS NULL', 'a name is read as in a rule');

-- Groups that say less than they seem to are what they say.
CREATE FUNCTION read(condition text) RETURNS text LANGUAGE sql AS $$SELECT segmentation.rule_from_json(jsonb_build_object('condition', condition::jsonb))::text$$;
SELECT is(read('{"op": "AND", "conditions": [{"op": "IS TRUE", "left": {"name": "a"}}]}'), 'a', 'a group of one');
SELECT is(read('{"op": "AND", "conditions": [{"op": "IS TRUE", "left": {"name": "a"}}, {"op": "AND", "conditions": [{"op": "IS TRUE", "left": {"name": "b"}}, {"op": "IS TRUE", "left": {"name": "c"}}]}]}'),
  'a AND b AND c', 'a group in a group');
SELECT is(read('{"op": "NOT", "condition": {"op": "NOT", "condition": {"op": "IS TRUE", "left": {"name": "a"}}}}'), 'a', 'NOT NOT');
SELECT is(read('{"op": "MATCHES", "source": "orders", "where": {"op": "AND", "conditions": [{"op": ">", "left": {"name": "x"}, "right": 1}, {"op": "<", "left": {"name": "x"}, "right": 5}]}}'),
  'orders MATCHES (x > 1 AND x < 5)', 'two tests of a column');
SELECT is(read('{"op": "=", "left": {"name": "a"}, "right": {"number": "007.50"}}'), 'a = 7.5', 'digits');
SELECT is(read('{"op": "=", "left": {"name": "a"}, "right": 1e3}'), 'a = 1000', 'and other numbers');

-- What is refused, and where.
CREATE TEMP TABLE refused (json text, message text);
INSERT INTO refused VALUES
  ('1', 'expected an object at $'), ('[]', 'expected an object at $'), ('{}', '"condition" is missing at $'), ('"a = 1"', 'expected an object at $'),
  ('{"condition": null}', 'expected an object, not null, at $.condition'),
  ('{"condition": "a = 1"}', 'expected an object, not a text, at $.condition'),
  ('{"condition": {}}', '"op" is missing at $.condition'),
  ('{"condition": {"op": "LIKE"}}', '"LIKE" is not an operator at $.condition.op'),
  ('{"condition": {"op": "and", "conditions": []}}', '"and" is not an operator at $.condition.op'),
  ('{"condition": {"op": "AND", "conditions": []}}', 'a list of conditions is empty at $.condition.conditions'),
  ('{"condition": {"op": "AND", "conditions": [{"op": "IS TRUE", "left": {"name": "a"}}, {"op": "=", "left": {"name": "b"}}]}}', '"right" is missing at $.condition.conditions[1]'),
  ('{"condition": {"op": "IS NULL", "left": {"name": "a"}, "right": 1}}', 'IS NULL has no "right", at $.condition.right'),
  ('{"condition": {"op": "IN", "left": {"name": "a"}, "right": []}}', 'list is empty at $.condition.right'),
  ('{"condition": {"op": "IN", "left": {"name": "a"}, "right": [1, [2]]}}', 'expected one value, not an array, at $.condition.right[1]'),
  ('{"condition": {"op": "IN", "left": {"name": "a"}, "right": [{"latitude": 1, "longitude": 2}]}}', 'expected a constant, not such an object, at $.condition.right[0]'),
  ('{"condition": {"op": "BETWEEN", "left": {"name": "a"}, "right": [1]}}', 'expected two values, not 1, at $.condition.right'),
  ('{"condition": {"op": "=", "left": {"name": "a"}, "right": null}}', 'null is not a value at $.condition.right'),
  ('{"condition": {"op": "=", "left": {"name": "a"}, "right": {"date": "-7x"}}}', '"-7x" is not a date at $.condition.right.date'),
  ('{"condition": {"op": "=", "left": {"name": "a"}, "right": {"date": "today OR a"}}}', '"today OR a" is not a date at $.condition.right.date'),
  ('{"condition": {"op": "=", "left": {"name": "a"}, "right": {"number": "1 OR 1"}}}', '"1 OR 1" is not a number at $.condition.right'),
  ('{"condition": {"op": "CONTAINS", "left": {"name": "a"}, "right": {"name": "b"}}}', 'expected a constant, not such an object, at $.condition.right'),
  ('{"condition": {"op": "IS TRUE", "left": {"function": "count", "of": {"name": "a"}}}}', 'IS TRUE is for names, not for functions, at $.condition.left'),
  ('{"condition": {"op": "=", "left": {"function": "pg_sleep", "of": {"name": "a"}}, "right": 1}}', 'there is no function "pg_sleep" at $.condition.left.function'),
  ('{"condition": {"op": "=", "left": {"function": "age", "of": {"function": "age", "of": {"name": "a"}}}, "right": 1}}', 'age and anniversary take a name or an aggregate, at $.condition.left.of'),
  ('{"condition": {"op": "=", "left": {"function": "sum", "of": {"name": "a"}, "distinct": true}, "right": 1}}', 'distinct belongs to count only, at $.condition.left.distinct'),
  ('{"condition": {"op": "CALL", "function": "now", "arguments": []}}', 'there is no function "now" at $.condition.function'),
  ('{"condition": {"op": "IS TRUE", "left": {"name": "a"}}, "limit": 1.5}', '"1.5" is not a whole number at $.limit'),
  ('{"condition": {"op": "IS TRUE", "left": {"name": "a"}}, "limit": -1}', '"-1" is not a whole number at $.limit'),
  ('{"condition": {"op": "IS TRUE", "left": {"name": "a"}}, "show": "a"}', 'expected an array, not a text, at $.show'),
  ('{"condition": {"op": "IS TRUE", "left": {"name": "a"}}, "order_by": [{"name": "a", "asc": true}]}', 'a column of order_by has no "asc", at $.order_by[0].asc'),
  ('{"condition": {"op": "IS TRUE", "left": {"name": "a"}}, "odd key": 1}', 'a rule has no "odd key", at $."odd key"');
SELECT throws_ok(format('SELECT segmentation.rule_from_json(%L)', r.json), '22023', r.message, 'refused: ' || r.json) FROM refused AS r;

-- As deep, as long and as many as a rule may be, and no deeper.
CREATE FUNCTION nested(depth integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT (format('{"condition": %s{"op": "IS TRUE", "left": {"name": "a"}}%s}', repeat('{"op": "MATCHES", "source": "s", "where": ', depth), repeat('}', depth)))::jsonb$$;
SELECT is(segmentation.rule_to_json(segmentation.rule_from_json(nested(200))), nested(200), 'as deep as a rule');
SELECT throws_ok('SELECT segmentation.rule_from_json(nested(201))', '54000', 'rule is nested more than 200 levels deep', 'no deeper');
SELECT throws_ok('SELECT segmentation.rule_from_json(nested(1000))', '54000', 'rule is nested more than 200 levels deep', 'much deeper');
SELECT throws_ok($$SELECT segmentation.rule_from_json((repeat('[', 1000000) || repeat(']', 1000000))::jsonb)$$, '54001', NULL, 'what the server''s own reader refuses');
SELECT throws_ok($$SELECT segmentation.rule_from_json(jsonb_build_object('condition', jsonb_build_object('op', 'IN', 'left', '{"name": "a"}'::jsonb, 'right', (SELECT jsonb_agg(i) FROM generate_series(1, 10001) AS i))))$$,
  '54000', 'list has more than 10000 values at $.condition.right', 'a list');
SELECT throws_ok($$SELECT segmentation.rule_from_json(jsonb_build_object('condition', jsonb_build_object('op', 'AND', 'conditions', (SELECT jsonb_agg('{"op": "IS TRUE", "left": {"name": "a"}}'::jsonb) FROM generate_series(1, 5001)))))$$,
  '54000', 'rule has more than 5000 conditions at $.condition.conditions[5000]', 'conditions');
SELECT throws_ok($$SELECT segmentation.rule_from_json(jsonb_build_object('condition', jsonb_build_object('op', '=', 'left', '{"name": "a"}'::jsonb, 'right', repeat('x', 1000000))))$$,
  '54000', 'rule is longer than 1000000 bytes', 'a text');
SELECT is(segmentation.rule_to_json(NULL), NULL, 'a group has no rule');
SELECT is(segmentation.rule_from_json(NULL)::text, NULL, 'and none is made of nothing');
SELECT * FROM finish();
