-- DDL that would take a column from what reads it is refused, with the names of who needs it; all other DDL just works, members
-- are right after it, and so are definitions.
\ir shops/kept.sql
SELECT no_plan();
-- What a command is refused with: its SQLSTATE, message and detail. Everything is taken back, also where it is not refused.
CREATE FUNCTION refusal(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text;
BEGIN
  EXECUTE command;
  RAISE EXCEPTION USING ERRCODE = 'SG001';
EXCEPTION
  WHEN SQLSTATE 'SG001' THEN RETURN 'nothing';
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(E'\n', state || ' ' || message, detail);
END $$;
CREATE FUNCTION hint_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE command;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN hint;
END $$;
ALTER TABLE customers ADD spare integer, ADD extra jsonb, ADD code varchar(50), ADD born date;
ALTER TABLE orders ADD tax numeric(10,2), ADD waited integer, ADD phone text;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN postcode AS text CHECK (value <> '');
ALTER TABLE customers ADD mood mood, ADD postcode postcode;
ALTER TABLE products ADD brand text, ADD shelf text;
SELECT segmentation.bind_column('orders', 'gross', 'total + tax') \g /dev/null
SELECT segmentation.bind_column('lines', 'label', 'product.brand || quantity::text') \g /dev/null
SELECT segmentation.define_attribute('age_group', 'age(born)') \g /dev/null
SELECT segmentation.define_attribute('taxed', 'max(orders.gross)') \g /dev/null
SELECT segmentation.define_source('long_orders', 'orders', renames => '{"length": "waited"}') \g /dev/null
SELECT segmentation.create_segment(n, r) FROM (VALUES
  ('gross', 'taxed > 10'), ('labelled', 'last(lines.label) = ''x2'''), ('moody', 'mood = ''bad'' OR postcode = ''1000'''),
  ('coded', 'code STARTS WITH ''a'' OR extra.colour = ''red'''), ('grown', 'age_group >= 18')) AS s (n, r) \g /dev/null

-- Who reads what is known, and agrees with what the printed SQL reads, as PostgreSQL understands it. Keys are the bindings'.
CREATE VIEW keys AS SELECT n.relation, n.column_name FROM segmentation.needed AS n WHERE n.kind = 'binding' AND n.column_name <> 'placed';
SELECT set_eq(
  $$SELECT n.name, n.relation::text, n.column_name::text FROM segmentation.needed AS n
    WHERE n.kind = 'segment' AND (n.relation, n.column_name) NOT IN (TABLE keys)$$,
  $$SELECT s.name, c.relation::text, a.attname::text
    FROM segmentation.segment AS s, LATERAL segmentation._columns_of_query(segmentation._reader(), segmentation.to_sql(s.rule), true) AS c
    JOIN pg_attribute AS a ON a.attrelid = c.relation AND a.attnum = c.number
    WHERE (c.relation, a.attname) NOT IN (TABLE keys)$$, 'columns that segments read are those of their SQL');
SELECT is((SELECT string_agg(n.name || ' ' || n.column_name, ', ' ORDER BY n.name, n.column_name) FROM segmentation.needed AS n WHERE n.kind = 'computed column'),
  'lines.label brand, lines.label quantity, orders.gross tax, orders.gross total', 'computed columns read what they name, no more');

-- Refused: dropping.
SELECT is(refusal('ALTER TABLE orders DROP COLUMN total'), '2BP01 cannot drop column "total" of table public.orders because segments need it
It is used by segment "gross", segment "lately", segment "spent", segment "wide", attribute "taxed", computed column "orders.gross".', 'a column of rules');
SELECT is(refusal('ALTER TABLE orders DROP COLUMN tax CASCADE'), '2BP01 cannot drop column "tax" of table public.orders because segments need it
It is used by segment "gross", attribute "taxed", computed column "orders.gross".', 'a column behind a computed one');
SELECT is(refusal('ALTER TABLE products DROP COLUMN brand'), '2BP01 cannot drop column "brand" of table public.products because segments need it
It is used by segment "labelled", computed column "lines.label".', 'a lookup''s column behind a computed one');
SELECT is(refusal('ALTER TABLE orders DROP COLUMN waited'), '2BP01 cannot drop column "waited" of table public.orders because segmentation needs it
It is used by source "long_orders".', 'what a source has a word for');
SELECT is(refusal('ALTER TABLE customers DROP COLUMN born'), '2BP01 cannot drop column "born" of table public.customers because segments need it
It is used by segment "grown", attribute "age_group".', 'what an attribute reads');
SELECT is(refusal('ALTER TABLE customers DROP COLUMN extra'), '2BP01 cannot drop column "extra" of table public.customers because segments need it
It is used by segment "coded".', 'a column of keys');
SELECT is(refusal('ALTER TABLE lines DROP COLUMN order_id CASCADE'), '2BP01 cannot drop column "order_id" of table public.lines because segments need it
It is used by segment "hats", segment "kinds", segment "labelled", segment "vip hats", binding "lines".', 'a key on the way');
SELECT is(refusal('ALTER TABLE tags DROP COLUMN tag CASCADE'), '2BP01 cannot drop column "tag" of table public.tags because segments need it
It is used by segment "vip", segment "vip hats", binding "tags".', 'a set''s value');
SELECT matches(refusal('ALTER TABLE orders DROP COLUMN status'), 'segment "gross".*binding "orders"', 'what a condition of a binding reads, all that read its rows do');
SELECT matches(refusal('ALTER TABLE orders DROP COLUMN placed'), '(?s)^2BP01 .*segment "lately", segment "open", binding "orders"', 'a date');
SELECT is(refusal('ALTER TABLE orders DROP COLUMN total, DROP COLUMN tax, DROP COLUMN note'), '2BP01 cannot drop column "total" of table public.orders because segments need it
Column "tax" is used by segment "gross", attribute "taxed", computed column "orders.gross".
Column "total" is used by segment "gross", segment "lately", segment "spent", segment "wide", attribute "taxed", computed column "orders.gross".', 'several at once');
SELECT matches(refusal('DROP TABLE tags'), '(?s)^2BP01 cannot drop table public.tags because segments need it.*Column "tag" is used by segment "vip", segment "vip hats", binding "tags"', 'a table');
SELECT matches(refusal('DROP TABLE customers CASCADE'), '^2BP01 cannot drop table public.customers because segments need it', 'a table with CASCADE');
SELECT matches(refusal('DROP SCHEMA public CASCADE'), '^2BP01 cannot drop table public\.', 'its schema');
SELECT is(refusal('DROP TYPE mood CASCADE'), '2BP01 cannot drop column "mood" of table public.customers because segments need it
It is used by segment "moody".', 'a type that takes a column along');
SELECT is(refusal('DROP DOMAIN postcode CASCADE'), '2BP01 cannot drop column "postcode" of table public.customers because segments need it
It is used by segment "moody".', 'a domain that does');
SELECT is(hint_of('ALTER TABLE orders DROP COLUMN total'), 'Alter or drop what uses it first; segmentation.unbind(''orders'') lets the whole table go.', 'the hint says what to do');
BEGIN;
CREATE TABLE clubs (id integer PRIMARY KEY, name text);
CREATE TABLE club_members (customer_id integer, club integer, PRIMARY KEY (customer_id, club));
SELECT segmentation.bind_set('clubs', 'club_members', 'customer_id', 'name', via => 'club', target => 'clubs') \g /dev/null
SELECT is(hint_of('DROP TABLE clubs'), 'Alter or drop what uses it first; segmentation.unbind(''clubs'') lets the whole table go.',
  'what a link table leads to goes with its set');
SELECT lives_ok('SELECT segmentation.unbind(''clubs'')', 'which is so');
SELECT lives_ok('DROP TABLE clubs', 'and then nobody needs it');
ROLLBACK;
SELECT is(refusal('SET LOCAL session_replication_role = replica; ALTER TABLE orders DROP COLUMN tax'), refusal('ALTER TABLE orders DROP COLUMN tax'), 'as a replica, too');

-- Refused: another type.
SELECT is(refusal('ALTER TABLE orders ALTER total TYPE text'), '0A000 cannot alter type of column "total" of table public.orders from numeric to text because segments need it
It is used by segment "gross", segment "lately", segment "spent", segment "wide", attribute "taxed", computed column "orders.gross".', 'another type');
SELECT matches(refusal('ALTER TABLE orders ALTER customer_id TYPE bigint'), '^0A000 .* from integer to bigint because segments need it', 'a larger key');
SELECT matches(refusal('ALTER TABLE customers ALTER code TYPE text'), '^0A000 ', 'another type without a rewrite');
SELECT matches(refusal('ALTER TABLE customers ALTER postcode TYPE text'), '^0A000 ', 'what a domain stands on');
CREATE COLLATION blunt (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE keyed (id text PRIMARY KEY, customer_id integer REFERENCES customers, size integer);
CREATE TABLE kept_values (keyed_id text, value text);
CREATE INDEX ON kept_values (keyed_id);
CREATE INDEX ON keyed (customer_id);
SELECT segmentation.bind_source('keyed', 'keyed', 'customer_id') \g /dev/null
SELECT segmentation.bind_set('values', 'kept_values', 'keyed_id', 'value', of => 'keyed') \g /dev/null
SELECT matches(refusal('ALTER TABLE kept_values ALTER keyed_id TYPE text COLLATE blunt'), '^0A000 cannot alter collation of column "keyed_id" of table public.kept_values from "default" to (public.)?blunt because segmentation needs it\nIt is used by binding "values"', 'a key that is compared otherwise');
SELECT lives_ok('ALTER TABLE customers ALTER city TYPE text COLLATE blunt', 'rules compare byte by byte whatever the collation');

-- Nothing is written anew before it is refused.
SELECT is(refusal($$ALTER TABLE orders ALTER total TYPE text USING (1 / (total - total))::text$$), refusal('ALTER TABLE orders ALTER total TYPE text'),
  'it is refused before the rows are computed');

-- Allowed: everything else.
SELECT lives_ok($$ALTER TABLE orders ALTER total TYPE numeric(14,2), ALTER tax TYPE numeric(12,4)$$, 'more digits');
SELECT lives_ok($$ALTER TABLE customers ALTER code TYPE varchar(100)$$, 'longer texts');
SELECT lives_ok($$ALTER TABLE orders ALTER phone TYPE varchar(30), ALTER note TYPE varchar(90), ALTER COLUMN waited SET DEFAULT 1$$, 'columns that nothing reads, or reads as they are');
SELECT lives_ok($$ALTER TABLE orders ALTER phone TYPE integer USING 1$$, 'the type of a column that nothing reads');
SELECT lives_ok($$ALTER TABLE orders DROP COLUMN phone, DROP COLUMN note$$, 'columns that nothing reads');
SELECT lives_ok($$ALTER TABLE customers DROP COLUMN spare, ADD COLUMN spare text DEFAULT 'x'$$, 'one that comes again');
SELECT lives_ok($$ALTER TABLE products DROP COLUMN shelf; ALTER TABLE products ADD COLUMN shelf integer$$, 'and in a lookup');
CREATE TABLE other (id integer, note text);
CREATE TEMP TABLE passing (id integer);
SELECT lives_ok('DROP TABLE other, passing', 'other tables');
SELECT lives_ok($$ALTER TABLE orders RENAME COLUMN tax TO vat; ALTER TABLE orders RENAME COLUMN vat TO tax$$, 'renaming there and back');
SELECT is((SELECT n.modifier FROM segmentation.needed AS n WHERE n.column_name = 'code'), 104, 'the column''s new length is known');
SELECT lives_ok('CALL segmentation.tick()');
SELECT is_empty('SELECT * FROM oracle()', 'members are right after all that');

-- What a definition no longer reads is free, in the same transaction; what a new one reads is not.
BEGIN;
SELECT segmentation.create_segment('long', 'orders MATCHES (waited > 3)') \g /dev/null
SELECT matches(refusal('ALTER TABLE orders DROP COLUMN waited'), 'segment "long", source "long_orders"', 'a segment of this transaction');
SELECT segmentation.drop_segment('long') \g /dev/null
SELECT segmentation.drop_source('long_orders') \g /dev/null
SELECT lives_ok('ALTER TABLE orders DROP COLUMN waited', 'free once nothing reads it');
COMMIT;
SELECT segmentation.alter_segment('moody', 'postcode = ''1000''') \g /dev/null
SELECT lives_ok('DROP TYPE mood CASCADE', 'altered, the segment lets it go');
SELECT segmentation.rename_segment('moody', 'posted') \g /dev/null
SELECT matches(refusal('ALTER TABLE customers DROP COLUMN postcode'), 'used by segment "posted"', 'its new name is told');
SELECT segmentation.drop_segment('labelled') \g /dev/null
SELECT segmentation.unbind('lines.label') \g /dev/null
SELECT lives_ok('ALTER TABLE products DROP COLUMN brand', 'the computed column is gone, and so is what it needed');
SELECT segmentation.unbind('values') \g /dev/null
SELECT lives_ok('DROP TABLE kept_values', 'unbound, a table may go');
SELECT is_empty('SELECT * FROM oracle()', 'members are right');

-- Partitions come and go; what the whole needs stays.
CREATE TABLE visits (id integer, customer_id integer, at timestamptz, page text, note text) PARTITION BY RANGE (id);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (100);
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (100) TO (200);
CREATE INDEX ON visits (customer_id);
SELECT segmentation.bind_source('visits', 'visits', 'customer_id', date => 'at') \g /dev/null
SELECT segmentation.create_segment('seen', 'visits MATCHES (page = ''home'')') \g /dev/null
INSERT INTO visits SELECT i, i % 10, now(), 'home' FROM generate_series(1, 199) AS i;
SELECT matches(refusal('ALTER TABLE visits DROP COLUMN page'), 'cannot drop column "page" of table public.visits because segments need it\nIt is used by segment "seen"', 'a column of the whole');
SELECT matches(refusal('ALTER TABLE visits ALTER page TYPE bigint USING 1'), '^0A000', 'its type');
SELECT matches(refusal('DROP TABLE visits'), '^2BP01', 'the whole');
SELECT lives_ok('ALTER TABLE visits DROP COLUMN note', 'a column that nothing reads');
SELECT lives_ok('DROP TABLE visits_2', 'a partition is dropped');
SELECT lives_ok('ALTER TABLE visits DETACH PARTITION visits_1', 'one is detached');
SELECT lives_ok('ALTER TABLE visits_1 DROP COLUMN page', 'and is free then');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');

-- Who is broken guards what he read when he was whole, and keeps nobody else from guarding.
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE;
ALTER TABLE customers DROP COLUMN extra;
ALTER EVENT TRIGGER segmentation_guard_drops ENABLE ALWAYS;
SELECT matches(refusal('ALTER TABLE customers DROP COLUMN code'), 'used by segment "coded"', 'what is left of a broken segment');
SELECT matches(refusal('ALTER TABLE orders DROP COLUMN tax'), 'used by segment "gross"', 'others are whole');
SELECT lives_ok('ALTER TABLE customers ALTER code TYPE varchar(120)', 'it is no obstacle for what it allows');
SELECT segmentation.create_segment('late', 'spare = ''x''') \g /dev/null
SELECT matches(refusal('ALTER TABLE customers DROP COLUMN spare'), 'used by segment "late"', 'a new one is known');
ALTER TABLE customers ADD extra jsonb;
SELECT matches(refusal('ALTER TABLE customers DROP COLUMN extra'), 'used by segment "coded"', 'healed, it guards all again');
SELECT segmentation.refresh_all() \g /dev/null
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE;
DROP TABLE tags;
ALTER EVENT TRIGGER segmentation_guard_drops ENABLE ALWAYS;
SELECT matches(refusal('ALTER TABLE orders DROP COLUMN tax'), 'used by segment "gross"', 'where a table is gone and nothing can be checked');
SELECT lives_ok('ALTER TABLE products DROP COLUMN shelf', 'what nothing reads is free there, too');
CREATE TABLE tags (customer_id integer, tag text, PRIMARY KEY (customer_id, tag));
SELECT segmentation.bind_set('tags', 'tags', 'customer_id', 'tag', replace => true) \g /dev/null
SELECT matches(refusal('ALTER TABLE tags DROP COLUMN tag'), 'used by segment "vip"', 'bound again, it is guarded');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');

-- Whoever owns the table meets the guard without any right on the extension.
CREATE ROLE pgtap_guard_owner;
GRANT CREATE ON SCHEMA public TO pgtap_guard_owner;
ALTER TABLE keyed OWNER TO pgtap_guard_owner;
SET ROLE pgtap_guard_owner;
SELECT matches(refusal('ALTER TABLE keyed DROP COLUMN customer_id'), '^2BP01 .*\nIt is used by binding "keyed"', 'its owner is told');
SELECT lives_ok('ALTER TABLE keyed DROP COLUMN size', 'and may drop what nothing reads');
RESET ROLE;
SELECT lives_ok('DROP OWNED BY pgtap_guard_owner CASCADE', 'who goes with all that he has is not kept');
DROP ROLE pgtap_guard_owner;
SELECT segmentation.unbind('keyed') \g /dev/null
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
-- The extension itself goes as ever.
SELECT lives_ok('DROP EXTENSION segmentation CASCADE', 'the extension is dropped');
SELECT lives_ok('DROP TABLE lines, orders', 'and nothing is guarded any more');
SELECT finish();
