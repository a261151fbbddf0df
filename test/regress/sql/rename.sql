-- Rules and attributes that name a segment say its new name after it was renamed; their members stay untouched.
\pset format unaligned
\pset null null
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, tags text[], "Note" text, gone integer);
INSERT INTO customers SELECT n, ARRAY['old'], 'old' FROM generate_series(1, 6) AS n;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.create_segment('old', 'id > 2') > 0;
SELECT segmentation.create_segment('O''Neil''s "best"', 'id > 3') > 0;
SELECT segmentation.define_attribute('groups', 'segments');
SELECT segmentation.define_attribute('my.groups', 'customer.groups');
SELECT segmentation.define_attribute('in_old', $$/* old */ segments CONTAINS 'OLD' OR "Note" = 'x'$$);
SELECT segmentation.create_segment('plain', $$FROM customers SHOW "Note", in_old WHERE
  tags CONTAINS 'old' -- the tag 'old'
  AND  SEGMENTS contains 'Old' /* segments CONTAINS 'old' */ AND "Note" = 'old' ORDER BY id LIMIT 2$$) > 0;
SELECT segmentation.create_segment('any', $$segments CONTAINS ANY ('old', 'O''Neil\'s "best"')$$) > 0;
SELECT segmentation.create_segment('all', $$NOT segments CONTAINS ALL ('old','O''Neil''s "best"')$$) > 0;
SELECT segmentation.create_segment('nobody''s', 'id < 0') > 0;
SELECT segmentation.create_segment('alias', $$groups CONTAINS 'old' AND NOT my.groups CONTAINS 'nobody''s'$$) > 0;
SELECT segmentation.create_segment('by attribute', 'in_old') > 0;
SELECT segmentation.create_segment('broken', $$segments CONTAINS 'old' AND gone = 1$$) > 0;
SELECT segmentation.define_attribute('broken_too', $$segments CONTAINS 'old' AND gone = 1$$);
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
ALTER TABLE customers DROP COLUMN gone;

CREATE TEMP TABLE before AS SELECT m.*, m.xmin::text AS written FROM segmentation.membership AS m;
CREATE TEMP TABLE versions AS SELECT s.id, s.version, s.changed_at FROM segmentation.segment AS s;
SELECT segmentation.rename_segment('OLD', 'Нов''и');
SELECT name, version, segmentation.rule_source(rule), rule FROM segmentation.segments ORDER BY id;
SELECT name, expression FROM segmentation.attribute_definition ORDER BY name;
SELECT segmentation.rename_segment('o''neil''s "best"', 'b\est');
SELECT name, segmentation.rule_source(rule) FROM segmentation.segments WHERE name IN ('any', 'all') ORDER BY id;
-- Another case alone is told, too.
SELECT segmentation.rename_segment('B\EST', 'B\est');
SELECT name, segmentation.rule_source(rule) FROM segmentation.segments WHERE name IN ('any', 'all') ORDER BY id;
SELECT segmentation.rename_segment('nobody''s', 'x');
SELECT segmentation.rule_source(rule) FROM segmentation.segments WHERE name = 'alias';
-- Nobody's membership was written, no rule got another version, and all of it is right.
SELECT count(*) FROM (SELECT m.*, m.xmin::text FROM segmentation.membership AS m EXCEPT SELECT * FROM before) AS d;
SELECT s.name FROM segmentation.segment AS s JOIN versions AS v ON v.id = s.id WHERE s.version <> v.version OR s.changed_at <> v.changed_at ORDER BY s.id;
SELECT * FROM segmentation.verify();
SELECT segmentation._problems();
SELECT id, "Note", in_old FROM segments.plain;
-- Whoever names it still cannot lose it.
SELECT segmentation.drop_segment('x');
SELECT segmentation.rename_segment('x', 'any');
SELECT segmentation.rename_segment('x', NULL);
-- Broken ones followed, so that they mean the same segment when they heal, whoever has its old name then.
SELECT segmentation.create_segment('old', 'id = 1') > 0;
ALTER TABLE customers ADD gone integer DEFAULT 1;
SELECT segmentation.refresh_all();
SELECT segmentation.rule_source(rule), members FROM segmentation.segments WHERE name = 'broken';
SELECT segmentation.create_segment('healed', 'broken_too') > 0;
SELECT string_agg(customer::text, ' ' ORDER BY customer) FROM segmentation.members('healed') AS m(customer);
SELECT * FROM segmentation.verify();
SELECT segmentation._problems();
