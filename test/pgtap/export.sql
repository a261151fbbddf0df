-- Lists to hand on: the thirteen columns and chosen ones, what spreadsheets would take for formulas, CSV by COPY, whose rights, and
-- that rows come as they are asked for.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE customers (id integer PRIMARY KEY, name text, email text, phone text, company text, city varchar(20), birthday date, registered_at timestamptz,
  credit numeric, ratio float8, tags text[], attrs jsonb, "Odd ""name" text, secret text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, number text, status text, total numeric(10,2), created_at timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers VALUES
  (1, 'Anna; "the" first', 'anna@example.com', '+359 (88) 12-34', '=cmd|'' /C calc''!A0', 'Sofia', '1980-02-29', '2026-03-29 00:30:00.5+00', -5, -0.5, '{a,"b, c"}', '{"pet": "@cat", "n": -3}', '=x', 's'),
  (2, E'Boris\nthe second', NULL, '-1+2', E'\tInc', '@home', NULL, NULL, NULL, NULL, '{=1}', NULL, NULL, 's'),
  (3, 'Maria', '-2+3+cmd@example.com', '+', '', '＝1', '0044-03-15 BC', 'infinity', 1.50, 'NaN', '{}', '{}', 'plain', 's'),
  (4, 'nobody''s', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 's');
INSERT INTO orders VALUES (10, 1, '=N1', 'paid', 80, '2026-01-01'), (11, 1, 'N2', 'cancelled', 20.5, '2026-02-01'), (12, 2, '-N3', 'paid', 7, '2026-01-01'), (13, 3, '13', 'paid', 0, '2026-01-01'), (14, 2, '+7', 'cart', 99, '2026-02-01');
SELECT count(*) FROM segmentation.adopt('public', '{"timezone": "Europe/Sofia"}') \g /dev/null
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', replace => true) \g /dev/null
SELECT segmentation.define_attribute('total spent', 'orders_total') \g /dev/null
SELECT segmentation.create_segment('b''uy"ers', 'number_of_orders >= 0 AND id < 4') \g /dev/null

-- The thirteen.
SELECT is((SELECT string_agg(a.attname::text, ' ' ORDER BY a.attnum)
           FROM pg_proc AS p, unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a(attname, mode, attnum) WHERE p.oid = 'segmentation.export(text)'::regprocedure AND mode = 't'),
  'CustomerId Name Organization Email Phone ManagerName LastOrderNumber LastOrderId OrdersSum OrdersCount Location RegistrationDateTime BirthDay', 'the thirteen columns, in their order');
SELECT results_eq($$SELECT * FROM segmentation.export('B''UY"ERS')$$, $$VALUES
  ('1', 'Anna; "the" first', '''=cmd|'' /C calc''!A0', 'anna@example.com', '+359 (88) 12-34', NULL::text, 'N2', '11', '100.50', '2', 'Sofia', '2026-03-29 02:30:00', '1980-02-29'),
  ('2', E'Boris\nthe second', E'''\tInc', NULL, '''-1+2', NULL, '''-N3', '12', '7.00', '1', '''@home', NULL, NULL),
  ('3', 'Maria', '', '''-2+3+cmd@example.com', '+', NULL, '13', '13', '0.00', '1', '''＝1', 'infinity', '0044-03-15 BC')$$,
  'what the shop has, in the shop''s zone; formulas have an apostrophe, numbers and telephone numbers none');
SELECT segmentation.define_attribute('ManagerName', 'city'), segmentation.define_attribute('OrdersSum', 'sum(orders.total MATCHES (status = ''paid''))') \g /dev/null
SELECT results_eq($$SELECT "CustomerId", "ManagerName", "OrdersSum" FROM segmentation.export('b''uy"ers')$$, $$VALUES ('1', 'Sofia', '80.00'), ('2', '''@home', '7.00'), ('3', '''＝1', '0.00')$$,
  'an attribute of a heading''s name is what it shows');

-- Chosen ones.
SELECT results_eq($$SELECT customer, "values" FROM segmentation.export('b''uy"ers', ARRAY['customerid', 'total spent', 'attrs.pet', 'attrs.n', 'tags', 'Odd "name', 'credit', 'ratio', 'OrdersCount', 'orders_placed', 'max(orders.total)'])$$, $$VALUES
  ('1', ARRAY['1', '100.50', '''@cat', '-3', 'a, b, c', '''=x', '-5', '-0.5', '2', '1', '80.00']), ('2', ARRAY['2', '7.00', NULL, NULL, '''=1', NULL, NULL, NULL, '1', '1', '7.00']),
  ('3', ARRAY['3', '0.00', NULL, NULL, '', 'plain', '1.50', 'NaN', '1', '1', '0.00'])$$, 'names as rules or people write them, twice the same too');
SELECT results_eq($$SELECT "values" FROM segmentation.export('b''uy"ers', ARRAY['company', '"Odd ""name"'], guard => false)$$,
  $$VALUES (ARRAY['=cmd|'' /C calc''!A0', '=x']), (ARRAY[E'\tInc', NULL]), (ARRAY['', 'plain'])$$, 'guard => false leaves text as it is');
SELECT results_eq($$SELECT cardinality("values"), "values"[1] FROM segmentation.export('b''uy"ers', NULL)$$, $$VALUES (13, '1'), (13, '2'), (13, '3')$$, 'without names the thirteen');
SELECT throws_ok($$SELECT * FROM segmentation.export('b''uy"ers', ARRAY['emial'])$$, '42703', '"emial" is no value of a customer', 'an unknown name');
SELECT throws_ok($$SELECT * FROM segmentation.export('b''uy"ers', ARRAY['x; DROP TABLE customers; --'])$$, '42703', '"x; DROP TABLE customers; --" is no value of a customer', 'a hostile one');
SELECT throws_ok($$SELECT * FROM segmentation.export('b''uy"ers', ARRAY[NULL])$$, '22023', 'columns must be names, at least one', 'none');
SELECT throws_ok($$SELECT * FROM segmentation.export('b''uy"ers', '{}')$$, '22023', 'columns must be names, at least one', 'nothing');
SELECT throws_ok($$SELECT * FROM segmentation.export('none')$$, '42704', 'segment "none" does not exist', 'an unknown segment');
SELECT throws_ok($$SELECT * FROM segmentation.export('b''uy"ers', NULL, NULL)$$, '22004', 'guard must not be null', 'neither guarded nor not');

-- View settings; groups have none.
SELECT segmentation.create_segment('shown', 'FROM customers SHOW name, credit, attrs.pet WHERE id < 4 ORDER BY credit DESC, name LIMIT 2') \g /dev/null
SELECT results_eq($$SELECT customer, "values" FROM segmentation.export('shown', NULL)$$, $$VALUES ('3', ARRAY['3', 'Maria', '1.50', NULL]), ('1', ARRAY['1', 'Anna; "the" first', '-5', '''@cat'])$$, 'SHOW, ORDER BY and LIMIT of the rule');
SELECT is(segmentation.export_query('shown'), $$SELECT e."values"[1] AS id, e."values"[2] AS name, e."values"[3] AS credit, e."values"[4] AS "attrs.pet" FROM segmentation.export('shown', NULL) AS e$$, 'which export_query heads');
SELECT results_eq($$SELECT "CustomerId", "Name" FROM segmentation.export('shown')$$, $$VALUES ('3', 'Maria'), ('1', 'Anna; "the" first')$$, 'the thirteen honour the latter two');
SELECT segmentation.create_group('by hand'), segmentation.add_members('by hand', ARRAY[4, 1]) \g /dev/null
SELECT results_eq($$SELECT "CustomerId" FROM segmentation.export('by hand')$$, $$VALUES ('1'), ('4')$$, 'a group, by key');

-- CSV by COPY: what comes back is what went out.
\set file `mktemp`
SELECT format('COPY (%s) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *)', segmentation.export_query('b''uy"ers', ARRAY['name', 'total spent', 'Odd "name', 'company'])) AS copy \gset
:copy \g :file
\set csv `cat :file`
SELECT is(:'csv'::text, 'name,total spent,"Odd ""name",company
"Anna; ""the"" first","100.50","''=x","''=cmd|'' /C calc''!A0"
"Boris
the second","7.00",,"''	Inc"
"Maria","0.00","plain",""', 'CSV with headings');
COPY (SELECT * FROM segmentation.export('b''uy"ers')) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';') \g :file
\set csv `cat :file; rm :file`
SELECT matches(:'csv'::text, E'^CustomerId;Name;Organization;.*;BirthDay\n1;"Anna; ""the"" first";''=cmd', 'with semicolons');
SELECT segmentation.define_attribute('=evil', 'city') \g /dev/null
SELECT is(segmentation.export_query('shown', ARRAY['=evil'], false), $$SELECT e."values"[1] AS "=evil" FROM segmentation.export('shown', '{=evil}'::text[], false) AS e$$, 'headings as they are');
SELECT is(segmentation.export_query('shown', ARRAY['=evil']), $$SELECT e."values"[1] AS "'=evil" FROM segmentation.export('shown', '{=evil}'::text[]) AS e$$, 'or no formulas either');

-- Rows come as they are asked for, and the query ends whenever nobody asks any more.
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; answer text := ''; BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP answer := answer || trim(line, ' ->') || '; '; END LOOP;
  RETURN answer;
END $$;
SELECT is(plan_of($$SELECT * FROM segmentation.export('shown')$$), 'Subquery Scan on x; ProjectSet; Result; ', 'PostgreSQL stores no rows of it first');
SELECT is(plan_of(segmentation.export_query('shown')), 'Subquery Scan on x; ProjectSet; Result; ', 'nor of chosen columns');
INSERT INTO customers (id, name) SELECT i, 'c' || i FROM generate_series(100, 2999) AS i;
SELECT segmentation.create_segment('many', 'id >= 100') \g /dev/null
SELECT is((SELECT count(*) || ' ' || count(DISTINCT customer) FROM segmentation.export('many', ARRAY['name'])), '2900 2900', 'each once, in several batches');
SELECT results_eq($$SELECT "Name" FROM segmentation.export('many') LIMIT 2$$, $$VALUES ('c100'), ('c101')$$, 'a few');
SELECT results_eq($$SELECT s.name, count(e.customer) FROM unnest('{many,shown}'::text[]) AS s(name), generate_series(1, 2), LATERAL segmentation.export(s.name, ARRAY['name']) AS e GROUP BY 1 ORDER BY 1$$,
  $$VALUES ('many', 5800::bigint), ('shown', 4::bigint)$$, 'several segments, again and again');
BEGIN;
DECLARE first CURSOR FOR SELECT customer FROM segmentation.export('many', ARRAY['name']);
DECLARE kept CURSOR WITH HOLD FOR SELECT customer FROM segmentation.export('many', ARRAY['name']);
FETCH 2 FROM first \g /dev/null
FETCH 2 FROM kept \g /dev/null
MOVE ABSOLUTE 2450 FROM first;
SELECT cmp_ok((SELECT max(c.total_bytes) FROM pg_backend_memory_contexts AS c WHERE c.name = 'segmentation rows'), '<', 200000::bigint, 'some hundred rows are in memory, not all that were read');
DELETE FROM customers WHERE id = 2999;
SELECT results_eq('FETCH ABSOLUTE 2900 FROM first', $$VALUES ('2999')$$, 'a cursor goes on in its snapshot');
COMMIT;
SELECT results_eq('FETCH ABSOLUTE 2900 FROM kept', $$VALUES ('2999')$$, 'one that outlives its transaction too');
CLOSE kept;
SELECT segmentation.define_attribute('newer', 'city') \g /dev/null -- definitions are read again
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
SELECT count(*) AS many FROM segmentation.export('many', ARRAY['name']) \gset
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
SELECT is(:many, 2899, 'PostgreSQL does not go parallel around it');
BEGIN;
SELECT throws_ok($$SELECT 1 / (customer::integer - 1800) FROM segmentation.export('many', ARRAY['name'])$$, '22012', NULL, 'the statement fails half-way');
SELECT is((SELECT count(*) FROM segmentation.export('many')), 2899::bigint, 'and the next one is as ever');
COMMIT;
SELECT throws_ok($$SELECT segmentation._rows_of('DELETE FROM public.customers')$$, '0A000', NULL, 'nothing but a SELECT');
SELECT throws_ok($$SELECT segmentation._rows_of('WITH d AS (DELETE FROM public.customers RETURNING 1) SELECT ARRAY[''a''] FROM d')$$, '0A000', NULL, 'that changes nothing');
SELECT throws_ok($$SELECT segmentation._rows_of('SELECT 1')$$, '0A000', NULL, 'of rows of text');

-- By the caller's rights, whatever he has set.
CREATE ROLE pgtap_clerk; CREATE ROLE pgtap_nobody;
SELECT segmentation.grant_access('pgtap_clerk', 'read') \g /dev/null
GRANT SELECT ON customers TO pgtap_clerk;
SET ROLE pgtap_clerk;
SELECT results_eq($$SELECT "values" FROM segmentation.export('by hand', ARRAY['name', 'city'])$$, $$VALUES (ARRAY['Anna; "the" first', 'Sofia']), (ARRAY['nobody''s', NULL])$$, 'what he may read of the customers');
SELECT throws_ok($$SELECT * FROM segmentation.export('by hand', ARRAY['orders_total'])$$, '42501', NULL, 'nothing of orders');
RESET ROLE;
SET ROLE pgtap_nobody;
SELECT throws_ok($$SELECT * FROM segmentation.export('by hand')$$, '42501', NULL, 'nobody without the level');
RESET ROLE;
CREATE SCHEMA evil;
CREATE FUNCTION evil.array_to_string(anyarray, text) RETURNS text LANGUAGE sql AS $$SELECT 'evil'$$;
CREATE FUNCTION evil._guarded(text) RETURNS text LANGUAGE sql AS $$SELECT 'evil'$$;
SET search_path = evil, public, pg_catalog, segmentation;
SET datestyle = 'German'; SET timezone = 'Asia/Tokyo'; SET extra_float_digits = -10;
SELECT results_eq($$SELECT "values" FROM segmentation.export('by hand', ARRAY['tags', 'registered_at', 'birthday', 'ratio'])$$,
  $$VALUES (ARRAY['a, b, c', '2026-03-29 02:30:00', '1980-02-29', '-0.5']), (ARRAY[NULL::text, NULL, NULL, NULL])$$, 'whatever search_path and formats he has set');
RESET search_path; RESET datestyle; RESET timezone; RESET extra_float_digits;

-- Keys of other types.
SELECT segmentation.drop_segment(name) FROM segmentation.segments \g /dev/null
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE TABLE people (code text PRIMARY KEY, name text, secret text);
INSERT INTO people VALUES ('=1', 'Eve', 's'), ('b', 'Bob', 's');
SELECT segmentation.bind_customers('people') \g /dev/null
SELECT segmentation.create_segment('all', 'name IS NOT NULL') \g /dev/null
SELECT results_eq($$SELECT customer, "values" FROM segmentation.export('all', ARRAY['CustomerId', 'name', 'Email'])$$, $$VALUES ('=1', ARRAY['''=1', 'Eve', NULL]), ('b', ARRAY['b', 'Bob', NULL])$$, 'keys of text, in a shop with little');
SELECT segmentation.grant_access('pgtap_clerk', 'read') \g /dev/null
GRANT SELECT (code, name) ON people TO pgtap_clerk;
SET ROLE pgtap_clerk;
SELECT results_eq($$SELECT "values" FROM segmentation.export('all', ARRAY['name'])$$, $$VALUES (ARRAY['Eve']), (ARRAY['Bob'])$$, 'columns that one may read');
SELECT throws_ok($$SELECT * FROM segmentation.export('all', ARRAY['secret'])$$, '42501', NULL, 'and no others');
RESET ROLE;
-- What stands below takes any text from whoever has level read, and takes down no server.
SET ROLE pgtap_clerk;
SELECT throws_ok(format('SELECT %s(%L)', f, q), '0A000', NULL, f || ' of: ' || q)
FROM unnest('{segmentation._rows_of,segmentation._types_of}'::text[]) AS f, unnest(ARRAY['', 'CREATE TABLE t ()', 'SELECT 1; SELECT 2']) AS q;
SELECT throws_ok($$SELECT segmentation._rows_of('SELECT')$$, '0A000', NULL, 'nor does a SELECT of nothing');
RESET ROLE;
DROP OWNED BY pgtap_clerk, pgtap_nobody;
DROP ROLE pgtap_clerk, pgtap_nobody;
SELECT segmentation.drop_segment('all') \g /dev/null
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE TABLE members (id uuid PRIMARY KEY, name text);
INSERT INTO members VALUES ('00000000-0000-0000-0000-000000000001', 'Ann');
SELECT segmentation.bind_customers('members') \g /dev/null
SELECT segmentation.create_segment('all', 'name IS NOT NULL') \g /dev/null
SELECT results_eq($$SELECT "CustomerId", "Name", "Email", "OrdersCount" FROM segmentation.export('all')$$, $$VALUES ('00000000-0000-0000-0000-000000000001', 'Ann', NULL::text, NULL::text)$$, 'and uuid');
SELECT finish();
