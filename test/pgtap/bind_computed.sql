-- Bindings that are made with their computed columns, so that key, date and value may be computed; and what refusals say to do.
SET client_min_messages = warning;
SELECT no_plan();
CREATE FUNCTION refusal(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; hint text;
BEGIN
  EXECUTE command;
  RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', state || ' ' || message, hint);
END $$;
CREATE TABLE customers (id integer PRIMARY KEY, mail text);
CREATE TABLE orders (id integer PRIMARY KEY, mail text, at bigint, cents integer, currency text, day date);
CREATE TABLE tags (who text, tag text);
CREATE TABLE extra (who text, what text, value text, UNIQUE (who, what));
CREATE TABLE rates (code text PRIMARY KEY, rate numeric);
INSERT INTO customers VALUES (1, 'Ana@x.bg'), (2, 'boris@x.bg');
INSERT INTO orders VALUES (1, 'ana@x.bg', 1767225600, 1999, 'EUR', '2026-01-01'), (2, 'ANA@X.BG', 1767312000, 1, 'BGN', '2026-01-02');
INSERT INTO tags VALUES ('1', ' VIP ');
INSERT INTO extra VALUES ('2', 'Size', '38');
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.bind_column('customers', 'email', 'lower(mail)') \g /dev/null

SELECT lives_ok($$SELECT segmentation.bind_source('orders', 'orders', key => 'email', of_key => 'email', date => 'placed',
  computed => '{"email": "lower(mail)", "placed": "to_timestamp(at)", "total": "cents / 100.0"}')$$, 'key and date are computed');
SELECT lives_ok($$SELECT segmentation.bind_set('tags', 'tags', key => 'customer', value => 'word',
  computed => '{"customer": "who::integer", "word": "lower(btrim(tag))"}')$$, 'key and value of a set');
SELECT lives_ok($$SELECT segmentation.bind_fields('extra', 'extra', key => 'customer', field => 'name', value => 'value',
  computed => '{"customer": "who::integer", "name": "lower(what)"}')$$, 'key and name of fields');
SELECT is((SELECT string_agg(b.name || ' ' || b.computed::text, ', ' ORDER BY b.name) FROM segmentation.bindings AS b WHERE b.name IN ('tags', 'extra')),
  'extra {"name": "lower(what)", "customer": "who::integer"}, tags {"word": "lower(btrim(tag))", "customer": "who::integer"}', 'which are shown');
SELECT segmentation.create_segment('a', 'sum(orders.total) = 20 AND last(orders.total) = 0.01 AND orders MATCHES (date = 2026-01-02)'),
  segmentation.create_segment('t', 'tags CONTAINS ''vip'''), segmentation.create_segment('f', 'extra.size = 38') \g /dev/null
SELECT results_eq('SELECT s.name, m.customer_id FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id ORDER BY 1',
  $$VALUES ('a', 1), ('f', 2), ('t', 1)$$, 'rules read them');
INSERT INTO orders VALUES (3, 'ana@X.bg', 1767312000, 1, 'EUR', NULL);
INSERT INTO tags VALUES ('2', 'Vip');
SELECT results_eq('SELECT s.name, m.customer_id FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id ORDER BY 1, 2',
  $$VALUES ('f', 2), ('t', 1), ('t', 2)$$, 'commits follow');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and all is right');

SELECT is(refusal($$SELECT segmentation.bind_source('orders', 'orders', key => 'email', of_key => 'email', date => 'placed', computed => '{"total": "cents"}')$$),
  E'42710 binding "orders" already exists\nChoose another name, or say replace => true.', 'a second time not without replace');
SELECT lives_ok($$SELECT segmentation.bind_source('orders', 'orders', key => 'email', of_key => 'email', date => 'placed', replace => true,
  computed => '{"total": "cents / 10.0"}')$$, 'with it one column is changed');
SELECT is((SELECT b.computed ->> 'total' || ' ' || (b.computed ->> 'email') FROM segmentation.bindings AS b WHERE b.name = 'orders'), 'cents / 10.0 lower(mail)', 'and the others stay');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'members follow');
SELECT is(refusal($$SELECT segmentation.bind_source('x', 'orders', key => 'email', of_key => 'email', computed => '{"email": "lower(mail)", "cents": "1"}')$$),
  E'42710 public.orders has a column "cents" of its own\nChoose another name for the computed column.', 'a column of the table''s name');
SELECT matches(refusal($$SELECT segmentation.bind_source('x', 'orders', key => 'k', computed => '{"k": "now()"}')$$), '^42P17 computed column "k" of "x" is not immutable', 'what is not immutable');
SELECT is(refusal($$SELECT segmentation.bind_source('x', 'orders', key => 'k', computed => '["k"]')$$),
  E'22023 computed must be an object of expressions by name\nWrite it as {"placed_at": "coalesce(ordered, created)"}.', 'no object');
SELECT is(refusal($$SELECT segmentation.bind_source('x', 'orders', key => 'k', computed => '{"k": 1}')$$),
  E'22023 computed must be an object of expressions by name\nWrite it as {"placed_at": "coalesce(ordered, created)"}.', 'no text');
SELECT is_empty('SELECT FROM segmentation.binding WHERE name = ''x'' UNION ALL SELECT FROM segmentation.binding_column WHERE name IN (''k'')', 'nothing is left of what was refused');

-- The zone of a shop is not that of whoever binds it anew.
SET TimeZone = 'America/New_York';
SELECT segmentation.bind_customers('customers', condition => 'mail IS NOT NULL', replace => true) \g /dev/null
SELECT is((SELECT timezone FROM segmentation.bindings WHERE name = 'customers'), 'UTC', 'customers bound anew keep the shop''s zone');
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', replace => true) \g /dev/null
SELECT is((SELECT timezone FROM segmentation.bindings WHERE name = 'customers'), 'Europe/Sofia', 'unless another is said');

-- A link table: its key may be computed, its value comes from the second table.
CREATE TABLE names (id integer PRIMARY KEY, name text);
CREATE TABLE links (who text, name_id integer);
INSERT INTO names VALUES (1, 'Gold'); INSERT INTO links VALUES ('2', 1);
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', key => 'customer', value => 'name', via => 'name_id', target => 'names',
  computed => '{"customer": "who::integer"}')$$, 'a link table with a computed key');
SELECT lives_ok($$SELECT segmentation.bind_set('groups', 'links', key => 'customer', value => 'name', via => 'name_id', target => 'names',
  computed => '{"customer": "who::integer"}', replace => true)$$, 'again');
SELECT is(segmentation.count_matching('groups CONTAINS ''gold'''), 1::bigint, 'is read');

SELECT matches(refusal('SELECT segmentation.unbind(''groups.target'')'), 'It goes with segmentation.unbind\(''groups''\).$', 'what a link leads to does not go alone');

-- What cannot be said is told, and what to do instead.
SELECT segmentation.bind_column('orders', 'code', 'currency || ''''') , segmentation.bind_lookup('rate', 'rates', of => 'orders', key => 'code') \g /dev/null
SELECT is(refusal($$SELECT segmentation.bind_column('orders', 'euros', 'cents / rate.rate')$$), E'42P01 computed column "euros" of "orders": missing FROM-clause entry for table "rate"\n'
  'Lookup "rate" hangs on the computed column "code", and computed columns do not read one another. Hang it on a column of public.orders, which may be GENERATED ... STORED.',
  'a lookup behind a computed column');
CREATE VIEW seen AS SELECT * FROM orders;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM orders;
SELECT is(refusal($$SELECT segmentation.bind_source('x', 'seen', 'id')$$),
  E'42809 public.seen is not a table\nBind the tables that it reads: conditions, computed columns and lookups say what the view says.', 'a view');
SELECT is(refusal($$SELECT segmentation.bind_source('x', 'kept', 'id')$$),
  E'42809 public.kept is not a table\nBind the tables that it reads, or a table that is filled in its place.', 'a materialized view');
SELECT finish();
