-- adopt where it cannot be sure: close candidates, hints, a second run after a migration, rights, names that try to be more.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE public.said (name text, kind text, relation regclass, reason text);
CREATE FUNCTION public.says(schema name, hints jsonb, wanted text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(a.kind || ': ' || a.reason, '; ' ORDER BY a.kind) FROM segmentation.adopt(schema, hints) AS a WHERE a.name = wanted AND a.kind <> 'missing index'
$$;

-- Two tables that could be the customers, two columns that could be the reference, the date and the total.
CREATE SCHEMA two;
CREATE TABLE two.customers (id integer PRIMARY KEY, name text);
CREATE TABLE two.clients (id integer PRIMARY KEY, name text, city text, town text);
CREATE TABLE two.orders (id integer PRIMARY KEY, customer_id integer REFERENCES two.customers, client_id integer REFERENCES two.clients, buyer integer REFERENCES two.clients,
  placed_at timestamptz, order_date date, total numeric, total_amount numeric, status text);
INSERT INTO two.customers VALUES (1, 'x');
INSERT INTO two.clients VALUES (1, 'Ana', 'Sofia', 'Sofia'), (2, 'Bo', 'Varna', 'Varna');
INSERT INTO two.orders VALUES (1, 1, 1, 2, now(), current_date, 10, 11, 'weird'), (2, 1, 2, 1, now(), current_date, 20, 21, '7'), (3, 1, 2, 1, now(), current_date, 40, 41, 'declined');
SELECT is(says('two', NULL, 'customers'), 'ambiguous: two.customers and two.clients could be it; say which: {"customers": "two.customers"} or {"customers": "two.clients"}', 'two tables are close');
SELECT is_empty('SELECT FROM segmentation.bindings', 'so nothing is bound');
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"customers": "nobody"}')$$, '42P01', 'there is no table "nobody"', 'a hint must name a table');
INSERT INTO said SELECT * FROM segmentation.adopt('two', '{"customers": "clients"}');
SELECT is((SELECT relation FROM segmentation.bindings WHERE name = 'customers'), 'two.clients'::regclass, 'the hint settles it');
SELECT alike((SELECT reason FROM said WHERE name = 'orders' AND kind = 'source'), 'its name and its foreign key client_id, which refers to two.clients; '
  'without a date: order_date and placed_at could be it, say {"orders.date": "order_date"}%', 'the column that is named so is the reference');
SELECT is((SELECT kind FROM said WHERE name = 'orders_total'), 'ambiguous', 'two totals');
SELECT is((SELECT kind || reason FROM said WHERE name = 'city'), 'columna column of customers has this name', 'a column keeps its name');
SELECT alike((SELECT reason FROM said WHERE name = 'orders.cancelled'), 'what ''7'', ''declined'', ''weird'' of status means is not known%', 'states nobody knows are told');
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"orders.total": "nix"}')$$, '42703', 'column "nix" of two.orders does not exist', 'a hint must name a column');
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
SELECT lives_ok($$INSERT INTO said SELECT 'hinted ' || name, kind, relation, reason FROM segmentation.adopt('two', '{"customers": "two.clients", "orders.key": "buyer", "orders.date": "placed_at",
  "orders.total": "total_amount", "orders.cancelled": ["declined", "it''s \\ odd"], "orders.draft": ["7"], "orders.paid": ["weird"]}')$$, 'hints for all of it');
SELECT set_eq($$SELECT c, segmentation.matches('number_of_orders = 1', c) FROM unnest(ARRAY[1, 2]) AS c$$, 'VALUES (1, false), (2, true)', 'the reference, the drafts and the cancelled ones of the hints');
SELECT ok(segmentation.matches('orders_total = 41 AND paid_total = 0', 1) AND segmentation.matches('orders_total = 11 AND paid_total = 11 AND last_order_date = today', 2), 'the total, what is paid and the date');

-- What is wrong with hints.
SELECT throws_ok($$SELECT segmentation.adopt('two', '[]')$$, '22023', 'hints must be a jsonb object', 'an object');
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"custmers": "x"}')$$, '22023', 'hint "custmers" is unknown', 'of known keys');
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"orders": 1}')$$, '22023', 'hint "orders" must be a name', 'with names');
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"orders.minor_units": 0}')$$, '22023', NULL, 'units');
SELECT throws_ok(format($$SELECT segmentation.adopt('two', '{"orders.rates": %s}')$$, r), '22023', NULL, r) FROM unnest('{"{}","[]","{\"EUR\": 0}","{\"EUR\": \"x\"}","{\"table\": \"x\"}"}'::text[]) AS r;
SELECT throws_ok($$SELECT segmentation.adopt('two', '{"orders.paid": "paid"}')$$, '22023', NULL, 'and lists');
SELECT throws_ok($$SELECT segmentation.adopt('tow')$$, '3F000', 'schema "tow" does not exist', 'no such schema');
SELECT throws_ok($$SELECT segmentation.adopt(NULL)$$, '3F000', NULL, 'none');

-- A migration: what is new is added, what people made is kept.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE SCHEMA grows;
CREATE TABLE grows.users (id integer PRIMARY KEY, email text);
CREATE TABLE grows.orders (id integer PRIMARY KEY, user_id integer REFERENCES grows.users, total numeric, created_at timestamptz);
INSERT INTO grows.users VALUES (1, 'a@b.c'), (2, NULL);
INSERT INTO grows.orders VALUES (1, 1, 5, now()), (2, 2, 7, now());
SELECT segmentation.bind_customers('grows.users', timezone => 'Europe/Sofia') \g /dev/null
SELECT segmentation.bind_source('purchases', 'grows.orders', 'user_id', condition => 'total > 5') \g /dev/null
SELECT segmentation.define_attribute('number_of_orders', 'count(purchases) * 10', 'ours') \g /dev/null
INSERT INTO said SELECT 'first ' || name, kind, relation, reason FROM segmentation.adopt('grows');
SELECT is((SELECT kind || ' ' || reason FROM said WHERE name = 'first purchases' AND kind <> 'missing index'), 'kept it is bound already, as "purchases"', 'a binding of another name is found');
SELECT is((SELECT condition FROM segmentation.bindings WHERE name = 'purchases'), 'total > 5', 'and stays as it is');
SELECT is((SELECT expression || description FROM segmentation.attributes WHERE name = 'number_of_orders'), 'count(purchases) * 10ours', 'and so does a definition');
SELECT is((SELECT timezone FROM segmentation.bindings WHERE name = 'customers'), 'Europe/Sofia', 'and the zone');
SELECT ok(segmentation.matches('orders_total = 7', 2), 'what is defined goes by it');
SELECT segmentation.create_segment('seven', 'orders_total = 7') \g /dev/null
ALTER TABLE grows.users ADD birthday date, ADD deleted_at timestamptz;
ALTER TABLE grows.orders RENAME total TO grand_total;
CREATE TABLE grows.user_tags (user_id integer REFERENCES grows.users, tag text);
INSERT INTO grows.user_tags VALUES (2, 'new');
INSERT INTO said SELECT 'second ' || name, kind, relation, reason FROM segmentation.adopt('grows');
SELECT set_eq($$SELECT substr(name, 8) FROM said WHERE name LIKE 'second %' AND kind NOT IN ('kept', 'column', 'left out', 'missing index', 'unsure')$$, $$VALUES ('birth_date'), ('age'), ('customer_tags')$$, 'what the migration brought');
SELECT alike((SELECT reason FROM said WHERE name = 'second customers'), '%"deleted_at" IS NULL%', 'and what it would bind otherwise now');
SELECT ok(segmentation.matches('customer_tags CONTAINS ''new'' AND orders_total = 7', 2), 'both at once');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

-- Rights: level admin, and tables of the caller's own; of others' nothing is read.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE ROLE pgtap_adopt_editor; CREATE ROLE pgtap_adopt_shop; CREATE ROLE pgtap_adopt_other;
CREATE SCHEMA mine AUTHORIZATION pgtap_adopt_shop;
GRANT ALL ON SCHEMA mine TO pgtap_adopt_other;
SELECT segmentation.grant_access('pgtap_adopt_shop', 'admin'), segmentation.grant_access('pgtap_adopt_editor', 'edit') \g /dev/null
SET ROLE pgtap_adopt_other;
CREATE TABLE mine.orders (id integer PRIMARY KEY, customer_id integer, total numeric, status text);
INSERT INTO mine.orders VALUES (1, 1, 1, 'secret');
SET ROLE pgtap_adopt_editor;
SELECT throws_ok($$SELECT segmentation.adopt('mine')$$, '42501', 'permission denied for function adopt', 'level edit does not do');
SET ROLE pgtap_adopt_shop;
CREATE TABLE mine.customers (id integer PRIMARY KEY, email text);
SELECT is(says('mine', NULL, 'orders'), 'left out: no table is named like it; say {"orders": "...", "orders.key": "..."}', 'what others own is not looked at');
SELECT is((SELECT reason FROM segmentation.adopt('mine') WHERE name IS NULL), 'not looked at, since others own them: mine.orders', 'and that is told');
SELECT is(says('mine', '{"orders": "mine.orders"}', 'orders'), 'left out: must be owner of table mine.orders', 'nor bound by a hint');
SELECT is((SELECT relation FROM segmentation.bindings), 'mine.customers'::regclass, 'customers are bound');
RESET ROLE;

-- An index whose expression runs when its table is read: by the owner's rights or not at all.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
SELECT segmentation.grant_access('pgtap_adopt_shop', 'admin') \g /dev/null
DROP TABLE mine.orders;
SET ROLE pgtap_adopt_shop;
CREATE FUNCTION mine.note(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$BEGIN IF current_user <> 'pgtap_adopt_shop' THEN RAISE EXCEPTION 'run by %', current_user; END IF; RETURN $1; END$$;
CREATE TABLE mine.orders (id integer PRIMARY KEY, customer_id integer, total numeric, status text);
INSERT INTO mine.customers VALUES (1);
INSERT INTO mine.orders VALUES (1, 1, 1, 'paid');
CREATE INDEX ON mine.orders (mine.note(status));
CREATE INDEX ON mine.customers (mine.note(5));
ANALYZE mine.orders;
SELECT lives_ok($$SELECT segmentation.adopt('mine')$$, 'nothing of the shop''s runs as somebody else');
RESET ROLE;
SELECT throws_like('SELECT FROM mine.orders WHERE mine.note(status) = ''x''', 'run by %', 'which would have been told');
-- Who has the level and not the tables learns nothing of their values.
CREATE ROLE pgtap_adopt_nosy;
SELECT segmentation.grant_access('pgtap_adopt_nosy', 'admin') \g /dev/null
SELECT segmentation.drop_attribute('amount_spent'), segmentation.drop_attribute('paid_total') \g /dev/null
SET ROLE pgtap_adopt_shop;
INSERT INTO mine.orders VALUES (2, 1, 1, 'secret');
SET ROLE pgtap_adopt_nosy;
SELECT is_empty($$SELECT * FROM segmentation.adopt('mine') WHERE reason ~ 'secret'$$, 'the values of others'' tables are not told');
RESET ROLE;

-- Names that try to be more than names.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE TABLE public.victim (still integer);
INSERT INTO public.victim VALUES (1);
CREATE SCHEMA "a"";DROP TABLE public.victim;--";
SET search_path = "a"";DROP TABLE public.victim;--";
CREATE TABLE "Customer's" ("Id" integer PRIMARY KEY, "e-mail" text, "is deleted" boolean DEFAULT false);
CREATE TABLE "Order""s" ("Id" integer PRIMARY KEY, "Customer's Id" integer REFERENCES "Customer's", "Order ""Date""" timestamptz, "Grand %s Total" numeric, "State" text, "Currency" text);
INSERT INTO "Customer's" VALUES (1, 'x@y.z'), (2, NULL);
INSERT INTO "Order""s" VALUES (1, 1, now(), 5, 'it''s \ "cancelled"', 'E"U''R\'), (2, 1, now(), 7, 'Cancelled', 'E"U''R\'), (3, 2, now(), 8, '%s', 'E"U''R\');
RESET search_path;
SELECT lives_ok($q$INSERT INTO said SELECT 'hostile ' || name, kind, relation, reason FROM segmentation.adopt('a";DROP TABLE public.victim;--',
  '{"customers": "Customer''s", "orders": "Order\"s", "orders.date": "Order \"Date\"", "orders.total": "Grand %s Total", "orders.cancelled": ["it''s \\ \"cancelled\"", "%s"], "orders.paid": ["Cancelled"]}')$q$, 'adopts it');
SELECT ok(segmentation.matches('number_of_orders = 1 AND orders_total = 12 AND paid_total = 7 AND email = ''x@y.z''', 1), 'and it is right');
SELECT is((SELECT condition FROM segmentation.bindings WHERE name = 'customers'), '"is deleted" != true', 'so is the mark');
SELECT ok(EXISTS (SELECT FROM public.victim), 'and the victim is there');
SELECT segmentation.create_segment('s', 'orders_total = 12') \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
SELECT finish();
