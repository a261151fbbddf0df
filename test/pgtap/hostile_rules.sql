-- Texts of rules and expressions of computed columns that try to be more than that: no rule runs any SQL of its writer's, whoever
-- she is, and a computed column's expression does not get out of its parentheses.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE victim (still integer);
INSERT INTO victim VALUES (1);
CREATE TABLE caught (what text);
CREATE FUNCTION note(what text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO public.caught VALUES (what); RETURN what; END $$;
-- Passes for immutable; what it is called with tells whether it was meant to be called.
CREATE FUNCTION spy(what text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note(what); RETURN what; END $$;
CREATE TABLE payload (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text);
INSERT INTO payload (text) VALUES
  (''''), (''''''), ('\'), ('\'''), ('\\'''), (''' OR true --'), (''' OR ''1''=''1'), ('''; DROP TABLE public.victim; --'), ('\''; DROP TABLE public.victim; --'),
  (''') OR public.note(''x'') = (''x'), (''' || public.spy(''x'') || '''), ('$$ || public.spy($$x$$) || $$'), ('$a$'), ('/*'), ('*/'), ('/* /* */ public.spy(''x'') */'), ('--'),
  (E'\n'), (E'a\n''b'), ('"'), ('""'), ('"; DROP TABLE public.victim; --'), (E'\\u0027 OR true'), ('U&''\0027 OR true'), ('x''x'), (';'), ('%s %I %L %%'), ('{0} {}'), ('$1'),
  (E'\u02BC OR true --'), (E'\uFF07 OR true --'), (E'e\u0301'), (E'\u202E''--'), ('NULL'), ('(SELECT public.note(''x''))'), (repeat('''', 500)), (repeat('\', 500)), (repeat('(', 300));
CREATE TABLE customers (id integer PRIMARY KEY, city text, tags text[], data jsonb);
INSERT INTO customers SELECT id, text, ARRAY[text, 'all'], jsonb_build_object('key', text, text, 'here') FROM payload;
INSERT INTO customers VALUES (1000, 'Sofia', '{all}', '{"key": "Sofia"}'), (1001, NULL, NULL, NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, status text, placed timestamptz DEFAULT now());
CREATE INDEX ON orders (customer_id);
INSERT INTO orders SELECT id, id, text FROM payload;
SELECT segmentation.bind_customers('customers', timezone => 'UTC') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed') \g /dev/null
CREATE FUNCTION literal(value text) RETURNS text LANGUAGE sql AS $$SELECT '''' || replace(replace(value, '\', '\\'), '''', '''''') || ''''$$;
CREATE FUNCTION nothing_ran(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT is_empty('SELECT DISTINCT what FROM caught', what || ': nothing ran');
  RETURN NEXT is((SELECT count(*) FROM victim), 1::bigint, what || ': the victim is there');
END $$;
-- Each way of saying a value finds exactly the customer who has it, by the core, by printed SQL and by commits.
CREATE FUNCTION find(p payload, rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  by_sql integer[];
  sql text := segmentation.to_sql(rule::segmentation.rule);
BEGIN
  EXECUTE format('SELECT array_agg(c ORDER BY c) FROM (%s) AS s (c)', sql) INTO by_sql;
  RETURN concat_ws(' ', ARRAY(SELECT m FROM segmentation.matches(rule::segmentation.rule, ARRAY(SELECT id FROM customers)::bigint[]) AS m ORDER BY m), by_sql,
    segmentation.count_matching(rule::segmentation.rule),
    (SELECT w.sample #>> '{0,id}' FROM segmentation.preview(rule::segmentation.rule) AS w), segmentation.matches(rule::segmentation.rule, p.id),
    (SELECT bool_or(e.holds) FROM segmentation.explain(rule::segmentation.rule, p.id) AS e WHERE e.depth = 0));
END $$;
SELECT is(find(p, 'city = ' || literal(p.text)), format('{%1$s} {%1$s} 1 %1$s t t', p.id), 'city is ' || left(quote_literal(p.text), 40)) FROM payload AS p;
SELECT is(find(p, 'tags CONTAINS ' || literal(p.text)), format('{%1$s} {%1$s} 1 %1$s t t', p.id), 'tags contain ' || left(quote_literal(p.text), 40)) FROM payload AS p;
SELECT is(find(p, 'data.key = ' || literal(p.text)), format('{%1$s} {%1$s} 1 %1$s t t', p.id), 'a key of jsonb is ' || left(quote_literal(p.text), 40)) FROM payload AS p;
SELECT is(find(p, 'data."' || replace(p.text, '"', '""') || '" = ''here'''), format('{%1$s} {%1$s} 1 %1$s t t', p.id), 'a key of jsonb named ' || left(quote_literal(p.text), 40))
FROM payload AS p WHERE octet_length(p.text) < 200;
SELECT is(find(p, 'orders MATCHES (status = ' || literal(p.text) || ')'), format('{%1$s} {%1$s} 1 %1$s t t', p.id), 'an order''s status is ' || left(quote_literal(p.text), 40)) FROM payload AS p;
SELECT nothing_ran('values');
-- As segments, whose members follow.
SELECT segmentation.create_segment('p' || p.id, 'orders MATCHES (status = ' || literal(p.text) || ') OR city = ' || literal(p.text || '!')) FROM payload AS p WHERE length(p.text) < 100 \g /dev/null
UPDATE orders SET status = status || '?' WHERE id % 2 = 0;
UPDATE customers SET city = city || '!' WHERE id % 3 = 0;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members follow');
SELECT set_eq('SELECT customer_id FROM segmentation.membership', $$SELECT id FROM payload WHERE length(text) < 100 AND (id % 2 <> 0 OR id % 3 = 0)$$, 'as they should');
SELECT nothing_ran('segments');

-- As the text itself: a mistake is told, by the same few SQLSTATEs, wherever a rule or a name is taken.
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RAISE EXCEPTION USING ERRCODE = 'SG001'; -- leave nothing behind
EXCEPTION
  WHEN SQLSTATE 'SG001' THEN RETURN 'accepted';
  WHEN syntax_error OR undefined_column OR undefined_object OR datatype_mismatch OR invalid_name OR name_too_long OR program_limit_exceeded OR statement_too_complex
    OR feature_not_supported OR undefined_function OR wrong_object_type OR reserved_name OR invalid_object_definition OR undefined_table OR ambiguous_column
    OR indeterminate_datatype OR invalid_parameter_value OR invalid_text_representation OR invalid_table_definition OR grouping_error THEN RETURN 'refused';
  WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE attack (text text);
INSERT INTO attack VALUES ('true; DROP TABLE public.victim'), ('id = 1) OR (public.note(''x'') = ''x'''), ('public.note(''x'') = ''x'''), ('note(''x'')'), ('id = (SELECT 1)'),
  ('id = 1 UNION SELECT public.note(''x'')'), ('id = 1 -- '' OR true'), ('id IN (SELECT id FROM customers)'), ('"id"" = 1 OR true --" = 1'), ('id = $1'), ('id = $$1$$'),
  ('city = E''\'' OR true --'''), ('city = U&''\0027'''), ('id = 1 /* /* */ OR public.note(''x'') = ''x'), ('customers; TRUNCATE victim'), ('id::text = ''1'''), ('id = CAST(''1'' AS integer)'),
  ('pg_sleep(10) IS NULL'), ('orders MATCHES (public.note(''x'') = ''x'')'), ('sum(public.note(''x'')) > 1'), ('FROM customers SHOW public.note(''x'') WHERE id = 1'),
  ('FROM customers, victim WHERE id = 1'), ('FROM victim WHERE id = 1'), ('FROM customers WHERE id = 1 LIMIT (SELECT 1)'), ('FROM customers WHERE id = 1 ORDER BY public.note(''x'')'),
  ('city = ''a'' ''b'''), ('city LIKE ''%'), ('xmin = 1'), ('ctid = ''(0,1)'''), ('tableoid = 1'), ('orders.customer_id.victim = 1'), ('pg_catalog.version() = ''''');
SELECT is(refused(format('SELECT segmentation.create_segment(%L, %L)', 'attack', a.text)), CASE WHEN a.text LIKE 'id = 1 --%' THEN 'accepted' ELSE 'refused' END, 'rule ' || a.text)
FROM attack AS a;
SELECT is(refused(format('SELECT segmentation.define_attribute(%L, %L)', 'attack', a.text)), CASE WHEN a.text LIKE 'id = 1 --%' THEN 'accepted' ELSE 'refused' END, 'attribute ' || a.text)
FROM attack AS a;
SELECT is(refused(format('SELECT segmentation.bind_source(%L, %L, %L, condition => %L)', 'attack', 'orders', 'customer_id', a.text)), 'refused', 'condition ' || a.text)
FROM attack AS a WHERE a.text NOT LIKE 'id = 1 --%';
SELECT isnt(refused(format('SELECT segmentation.define_source(%L, %L, %L::jsonb, %L)', 'attack', 'orders', jsonb_build_object('x', a.text), a.text)), 'accepted', 'source ' || a.text)
FROM attack AS a WHERE a.text NOT LIKE 'id = 1 --%';
SELECT lives_ok(format('SELECT * FROM segmentation.check_rule(%L)', a.text), 'check_rule of ' || a.text) FROM attack AS a;
SELECT lives_ok(format('SELECT * FROM segmentation.suggest(%L)', left(a.text, i)), 'suggest of ' || left(a.text, i)) FROM attack AS a, generate_series(1, 20, 6) AS i;
SELECT nothing_ran('rules');

-- Computed columns are SQL, of whoever owns the table: still one immutable expression, in its parentheses.
TRUNCATE attack;
INSERT INTO attack VALUES
  ('1) AS v FROM customers; DROP TABLE victim; --'), ('1; DROP TABLE victim'), ('1) OR (1 = 1'), ('1)) AS x, (SELECT (2'), ('(1'), ('1)'), ('city -- comment'), ('city /* comment */'), ('/* a /* b */ c */ city'),
  ('$$a$$'), ('$a$b$a$'), ('$1'), (''''), ('"'), ('E''\'''), ($x$E'a'$x$ || E'\n' || $x$'\'') AS v) AS c --'$x$), ($x$E'a'$x$ || E'\n' || $x$'\'' || public.note('x') || '''$x$),
  ($x$e'a'$x$ || E' \r\n ' || $x$'\'', (SELECT public.note('y')) || ''$x$), 
  ('U&''\0027'' || public.note(''x'')'), ('U&"\0069d" UESCAPE ''!'' ; DROP TABLE victim'),
  ('(SELECT public.note(''x''))'), ('public.note(''x'')'), ('ARRAY(SELECT 1)'), ('EXISTS (SELECT 1)'), ('count(*)'), ('row_number() OVER ()'), ('generate_series(1, 2)'), ('unnest(tags)'), ('now()'), ('random()'),
  ('current_user'), ('current_date'), ('nextval(''x'')'), ('city::regclass'), ('now()::text'), ('''now''::timestamptz > now()'), ('customers.*'), ('customers'), ('1, 2'), ('1 AS x'), ('1 FROM victim'), ('1 INTO TEMP x'),
  ('*'), (''), (E'\n'), ('x IN (TABLE victim)'), ('pg_sleep(1)'), ('set_config(''role'', ''postgres'', false)'), ('pg_read_file(''/etc/passwd'')'), ('lo_import(''/etc/passwd'')'), ('query_to_xml(''DROP TABLE victim'', true, true, '''')'),
  ('b''1'' || public.note(''x'')'), ('city COLLATE "C"; SELECT 1'), ('1 LIMIT 1'), ('1 WHERE true'), ('1 UNION SELECT 2'), ('VALUES (1)'), ('DEFAULT'), ('xmin'), ('other.id');
SELECT isnt(refused(format('SELECT segmentation.bind_column(%L, %L, %L)', 'customers', 'attack', a.text)), 'accepted', 'a computed column is not ' || quote_literal(a.text)) FROM attack AS a WHERE a.text <> 'xmin';
SELECT nothing_ran('computed columns');
SELECT is_empty($$SELECT * FROM segmentation.binding_column$$, 'none of them is left');
SELECT lives_ok($$SELECT segmentation.count_matching('id = 1')$$, 'and rules are judged as before');
-- What only looks like an attack is taken for what it is.
CREATE TABLE harmless (text text, value text);
INSERT INTO harmless VALUES ('''--''', '--'), ('''/*''', '/*'), (''';''', ';'), ('''$$''', '$$'), ('''(''', '('), ('E''\\''', '\'), ('E''\'' || 1 || \''''', ''' || 1 || '''), ('''a''' || E'\n' || '''b''', 'ab'),
  ('E''a''' || E'\n' || '''\'')''', 'a'')'), ('U&''\0027''', ''''), ('''\''', '\'), ('(((''x'')))', 'x'), ('CASE WHEN true THEN '')'' END', ')');
CREATE FUNCTION value_of(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  PERFORM segmentation.bind_column('customers', 'v', expression, replace => true);
  SELECT e.actual INTO answer FROM segmentation.explain('v = ''none''', 1) AS e WHERE e.depth = 0;
  RETURN answer;
END $$;
SELECT is(value_of(h.text), h.value, 'a computed column ' || h.text) FROM harmless AS h;
SELECT nothing_ran('harmless ones');
SELECT finish();
