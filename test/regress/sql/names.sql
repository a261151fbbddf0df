-- Names that need quoting, in mixed case, not in ASCII, too long: of tables, columns, bindings, attributes, segments, views.
\pset format unaligned
\pset null null
SET client_min_messages = warning;
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text;
BEGIN
  EXECUTE statement;
  RETURN 'accepted: ' || statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', state || ' ' || message, '  ' || nullif(detail, ''), '  ' || coalesce(nullif(hint, ''), 'NO HINT'));
END $$;

CREATE SCHEMA "The ""Shop"";";
CREATE TABLE "The ""Shop"";"."Клиенти" ("ИД" bigint PRIMARY KEY, "E-mail" text, "select" text, "Date of 'birth'" date, "100%" numeric, град text, "a.b" text);
CREATE TABLE "The ""Shop"";"."Order Lines" ("Customer ""ID""" bigint, "Total (лв.)" numeric, "date" timestamptz, "%I %s $1" integer, "Product" text);
CREATE INDEX "by 'customer'" ON "The ""Shop"";"."Order Lines" ("Customer ""ID""");
CREATE TABLE "The ""Shop"";"."x'y" ("key" text PRIMARY KEY, "value" text);
CREATE TABLE "The ""Shop"";"."TAGS" (c bigint, "tag" text);
CREATE INDEX ON "The ""Shop"";"."TAGS" (c);
INSERT INTO "The ""Shop"";"."Клиенти" SELECT n, n || '@abv.bg', CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, NULL, n / 2.0, 'Пловдив', 'x' FROM generate_series(1, 6) AS n;
INSERT INTO "The ""Shop"";"."Order Lines" SELECT 1 + n % 4, n, '2025-05-05', n, CASE WHEN n % 2 = 0 THEN 'p' ELSE 'q' END FROM generate_series(1, 12) AS n;
INSERT INTO "The ""Shop"";"."x'y" VALUES ('p', 'Обувки'), ('q', 'Други');
INSERT INTO "The ""Shop"";"."TAGS" VALUES (1, 'ВИП'), (2, 'o''k');

SELECT segmentation.bind_customers('"The ""Shop"";"."Клиенти"', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('Order "Lines"', '"The ""Shop"";"."Order Lines"', 'Customer "ID"', date => 'date');
SELECT segmentation.bind_lookup('стока', '"The ""Shop"";"."x''y"', 'order "lines"', 'Product');
SELECT segmentation.bind_set('My Tags', '"The ""Shop"";"."TAGS"', 'c', 'tag');
SELECT segmentation.bind_column('ORDER "LINES"', 'Сума "x''2"', $$"Total (лв.)" * 2 + length(стока."value") * 0$$);
SELECT segmentation.bind_column('customers', 'order', $$"select" || ' %s $1 ' || ' -- ' || "a.b"$$);
SELECT * FROM segmentation.bindings;
-- Bindings go without regard to case, columns do not.
SELECT refused($$SELECT segmentation.bind_source('oRDER "lINES"', '"The ""Shop"";"."Order Lines"', 'Customer "ID"')$$);
SELECT refused($$SELECT segmentation.bind_source('lines', '"The ""Shop"";"."Order Lines"', 'customer "id"')$$);
SELECT refused($$SELECT segmentation.bind_lookup('СТОКА', '"The ""Shop"";"."x''y"', 'Order "Lines"', 'Product')$$);
-- The warning's statement can be run as it stands.
DROP INDEX "The ""Shop"";"."by 'customer'";
SELECT segmentation.bind_source('Order "Lines"', '"The ""Shop"";"."Order Lines"', 'Customer "ID"', date => 'date', replace => true);

-- Attributes and rules.
SELECT segmentation.define_attribute('Оборот "общо"', $$sum("Order ""Lines"""."Сума ""x'2""")$$);
SELECT segmentation.create_segment('Добри "клиенти"', $$"Оборот ""общо""" > 40$$) > 0;
SELECT array_agg(m ORDER BY m) FROM segmentation.members('ДОБРИ "КЛИЕНТИ"') AS m;
SELECT segmentation.create_segment('it''s; DROP TABLE x; -- %I', $$"select" = 'even' AND "E-mail" ENDS WITH '@abv.bg'$$) > 0;
SELECT segmentation.create_segment('обувки', $$"Order ""Lines""" MATCHES (стока.value = 'Обувки', "Total (лв.)" > 5)$$) > 0;
SELECT segmentation.create_segment('с етикет', $$"My Tags" CONTAINS 'вип'$$) > 0;
SELECT segmentation.create_segment('select', $$"100%" > 1 AND "order" ENDS WITH '-- x'$$) > 0;
SELECT name, members, view FROM segmentation.segments ORDER BY name COLLATE "C";
SELECT segment, count(*) FROM segmentation.segments_of(ARRAY[1, 2, 3, 4, 5, 6]) GROUP BY segment ORDER BY segment COLLATE "C";
SELECT "ИД", "E-mail", град FROM segments."Добри ""клиенти""" ORDER BY 1;
SELECT refused($$SELECT segmentation.create_segment('ДОБРИ "клиенти"', '"100%" > 1')$$);
SELECT refused($$SELECT segmentation.member_count('Добри клиенти')$$);
SELECT segmentation.rename_segment('select', 'From "now" on');
SELECT count(*) FROM segments."From ""now"" on";
SELECT count(*) FROM segmentation.verify();

-- Long names: cut at a character, not at a byte, and told apart by the id.
SELECT segmentation.create_segment(repeat('я', 31), '"100%" > 2') > 0;
SELECT segmentation.create_segment(repeat('я', 32), '"100%" > 2') > 0;
SELECT segmentation.create_segment(repeat('я', 255), '"100%" > 2') > 0;
SELECT segmentation.create_segment(repeat('x', 63), '"100%" > 2') > 0;
SELECT segmentation.create_segment(repeat('x', 64), '"100%" > 2') > 0;
SELECT refused($$SELECT segmentation.create_segment(repeat('я', 256), '"100%" > 2')$$);
CREATE FUNCTION rows_of(view text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  answer bigint;
BEGIN
  EXECUTE 'SELECT count(*) FROM ' || view INTO answer;
  RETURN answer;
END $$;
SELECT char_length(s.name) AS characters, octet_length(c.relname::text) AS bytes,
       regexp_replace(regexp_replace(s.view, '~' || s.id, '~id'), '(.)\1{5,}', '\1...', 'g') AS view, s.members = rows_of(s.view) AS whole
FROM segmentation.segments AS s JOIN pg_class AS c ON c.oid = s.view::regclass WHERE s.name ~ 'яяя|xxx' ORDER BY s.id;
-- Names that others have in the schema, or that another's cut name is, are avoided.
CREATE TABLE segments.taken (x integer);
SELECT segmentation.create_segment('taken', '"100%" > 2') AS id \gset
SELECT view = format('segments."taken~%s"', :id) AS told_apart FROM segmentation.segments WHERE id = :id;
SELECT segmentation.create_segment(repeat('y', 62 - length((:id + 2)::text)) || '~' || :id + 2, '"100%" > 2') = :id + 1 AS as_foreseen;
SELECT segmentation.create_segment(repeat('y', 70), '"100%" > 2') = :id + 2 AS as_foreseen;
SELECT s.view = format('segments."%s~%s~2"', repeat('y', 60 - length(s.id::text)), s.id) AS told_apart, s.members = rows_of(s.view) AS whole
FROM segmentation.segments AS s WHERE s.id = :id + 2;
DROP TABLE segments.taken;
SELECT segmentation.rename_segment('taken', 'Taken');
SELECT view FROM segmentation.segments WHERE id = :id;
SELECT count(segmentation.drop_segment(name)) FROM segmentation.segments WHERE name ~ 'яяя|xxx|yyy';
SELECT relname FROM pg_class WHERE relnamespace = 'segments'::regnamespace ORDER BY relname COLLATE "C";
