-- Views in schema segments follow the customers' table in the statement that changes it, with all that they have; those on which others
-- built keep their columns.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, city varchar(20), age integer, entered_at date);
INSERT INTO shop.customers VALUES (1, 'Anna', 'Sofia', 30, '2020-01-01'), (2, 'Boris', 'Varna', 40, '2021-01-01');
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');
SELECT segmentation.create_segment('plain', 'id > 0'), segmentation.create_segment('sorted', 'FROM customers WHERE id > 0 ORDER BY name DESC'),
  segmentation.create_segment('shown', 'FROM customers SHOW city, age WHERE id > 0'), segmentation.create_segment('used', 'id > 0');
CREATE VIEW shape AS
SELECT c.relname AS view, string_agg(a.attname || ' ' || format_type(a.atttypid, -1), ', ' ORDER BY a.attnum) AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'segments'::regnamespace GROUP BY c.relname ORDER BY c.relname;
CREATE ROLE regress_migrated_views_reader;
CREATE ROLE regress_migrated_views_owner;
GRANT USAGE ON SCHEMA shop, segmentation TO regress_migrated_views_reader;
GRANT CREATE ON SCHEMA segments TO regress_migrated_views_owner;
GRANT SELECT ON segments.plain TO regress_migrated_views_reader WITH GRANT OPTION;
GRANT SELECT (id, name, city) ON segments.sorted TO regress_migrated_views_reader;
COMMENT ON VIEW segments.plain IS 'everyone';
COMMENT ON COLUMN segments.plain.name IS 'how she is called';
ALTER VIEW segments.plain SET (security_barrier = true);
ALTER VIEW segments.sorted OWNER TO regress_migrated_views_owner;
CREATE VIEW had AS
SELECT c.relname, c.relowner::regrole, c.reloptions, ARRAY(SELECT x.grantee::regrole || ' ' || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END
         FROM aclexplode(c.relacl) AS x WHERE x.grantee <> c.relowner ORDER BY 1) AS rights,
       ARRAY(SELECT a.attname || ' ' || x.grantee::regrole || ' ' || x.privilege_type FROM pg_attribute AS a, aclexplode(a.attacl) AS x
             WHERE a.attrelid = c.oid ORDER BY 1) AS column_rights, obj_description(c.oid, 'pg_class') AS said,
       (SELECT string_agg(a.attname || ': ' || d.description, ', ') FROM pg_description AS d JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
        WHERE d.objoid = c.oid) AS said_of
FROM pg_class AS c WHERE c.relnamespace = 'segments'::regnamespace AND c.relname IN ('plain', 'sorted') ORDER BY c.relname;
CREATE VIEW report AS SELECT id, name, city, age FROM segments.used;
CREATE FUNCTION oldest(segments.sorted) RETURNS integer LANGUAGE sql AS 'SELECT $1.age';
SELECT * FROM shape;
SELECT * FROM had;

-- A column is renamed: in each view, and for all that others built.
ALTER TABLE shop.customers RENAME name TO full_name;
SELECT * FROM shape;
SELECT * FROM had;
SELECT * FROM report ORDER BY id;
-- One is added: in its place where nothing depends on the view, else at the end.
ALTER TABLE shop.customers ADD COLUMN level integer DEFAULT 5;
SELECT * FROM shape;
-- One gets another type, one is dropped: cast and NULL where others built on the view.
ALTER TABLE shop.customers ALTER COLUMN age TYPE text;
ALTER TABLE shop.customers DROP COLUMN city;
SELECT * FROM shape;
SELECT * FROM had;
SELECT * FROM report ORDER BY id;
SELECT id, full_name, city, age, level FROM segments.sorted;
SELECT s.id, oldest(s) FROM segments.sorted AS s;
SELECT * FROM segments.shown LIMIT 0;
-- The column that says since when gives its name to the shop's, and gets it back.
ALTER TABLE shop.customers RENAME entered_at TO signed;
SELECT * FROM shape;
ALTER TABLE shop.customers RENAME full_name TO entered_at;
SELECT * FROM shape;
SELECT id, entered_at, segment_entered_at IS NOT NULL AS since, signed FROM segments.used ORDER BY id;
SELECT id, entered_at, segment_entered_at IS NOT NULL AS since, signed FROM segments.sorted ORDER BY id;
-- A new column with the name of one that stays as NULL; and names that change places.
ALTER TABLE shop.customers ADD COLUMN city text DEFAULT 'Rila';
ALTER TABLE shop.customers RENAME entered_at TO passing;
ALTER TABLE shop.customers RENAME signed TO entered_at;
ALTER TABLE shop.customers RENAME passing TO signed;
SELECT id, signed, entered_at, city FROM segments.used ORDER BY id;
SELECT * FROM report ORDER BY id;
SELECT id, signed, entered_at, city FROM segments.plain ORDER BY id;
-- The table gets another name and schema, and the schema another name; views are as they were.
ALTER TABLE shop.customers RENAME TO people;
CREATE SCHEMA crowd;
ALTER TABLE shop.people SET SCHEMA crowd;
ALTER SCHEMA crowd RENAME TO public_people;
SELECT count(*) FROM segments.plain, segments.shown;
SELECT * FROM report ORDER BY id;
-- A migration that is rolled back.
BEGIN;
ALTER TABLE public_people.people RENAME level TO grade;
ALTER TABLE public_people.people DROP COLUMN signed;
SELECT id, grade FROM segments.used ORDER BY id;
ROLLBACK;
SELECT id, level FROM segments.plain ORDER BY id;
SELECT * FROM report ORDER BY id;
-- Definitions do not fail because somebody built on a view, and once nobody does, the view is as it would be.
SELECT segmentation.alter_segment('used', 'FROM customers SHOW level WHERE id > 0');
SELECT * FROM report ORDER BY id;
SELECT segmentation.alter_segment('used', 'id > 1');
SELECT * FROM report ORDER BY id;
DROP VIEW report;
DROP FUNCTION oldest;
SELECT segmentation.create_segment('later', 'id = 1') > 0;
SELECT * FROM shape;
-- What a view has that cannot be made anew keeps it as well.
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER tells INSTEAD OF INSERT ON segments.later FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE public_people.people DROP COLUMN level;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'segments.later'::regclass;
SELECT * FROM shape WHERE view IN ('later', 'plain');
-- Default privileges are not what a view has got.
ALTER DEFAULT PRIVILEGES IN SCHEMA segments GRANT SELECT ON TABLES TO regress_migrated_views_owner;
ALTER TABLE public_people.people ADD COLUMN level integer;
SELECT relname, rights, column_rights FROM had;
-- A role with rights on the shop's table alone migrates it.
GRANT ALL ON SCHEMA public_people TO regress_migrated_views_owner;
ALTER TABLE public_people.people OWNER TO regress_migrated_views_owner;
SET ROLE regress_migrated_views_owner;
ALTER TABLE public_people.people RENAME level TO grade;
RESET ROLE;
SELECT * FROM shape WHERE view IN ('plain', 'sorted');
SELECT DISTINCT proowner::regrole FROM pg_proc WHERE proname ~ '^_segment_rows';
SELECT count(*) FROM segmentation.verify();
SELECT count(*) FROM segmentation.view_column;
DROP OWNED BY regress_migrated_views_reader, regress_migrated_views_owner CASCADE;
DROP ROLE regress_migrated_views_reader, regress_migrated_views_owner;
