-- A role that an application sells with has rights on the shop's tables only: it writes as ever, and can neither read members
-- nor make any, whatever of ours it calls or puts on tables of its own.
SET client_min_messages = error;
\ir shops/kept.sql
SELECT no_plan();
CREATE ROLE pgtap_app;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON customers, orders, lines, products, tags TO pgtap_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pgtap_app;
CREATE SCHEMA app AUTHORIZATION pgtap_app;
CREATE FUNCTION as_it_was() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(m::text, ',' ORDER BY m.segment_id, m.customer_id) FROM segmentation.membership AS m $$;
CREATE TABLE members_before AS SELECT as_it_was() AS members;

-- Reading and writing what is ours.
SET ROLE pgtap_app;
SELECT throws_ok(format('SELECT * FROM %s', c.oid::regclass), '42501', NULL, 'it reads no ' || c.oid::regclass)
FROM pg_class AS c WHERE c.relnamespace IN ('segmentation'::regnamespace, 'segments'::regnamespace) AND c.relkind IN ('r', 'v')
  AND c.oid::regclass::text <> ALL ('{segmentation.segment_names,segmentation.definition_change}');
SELECT throws_ok(format(s.sql, c.oid::regclass), '42501', NULL, format(s.sql, c.oid::regclass))
FROM pg_class AS c, (VALUES ('INSERT INTO %s DEFAULT VALUES'), ('DELETE FROM %s'), ('TRUNCATE %s'),
  ('CREATE TRIGGER t AFTER INSERT ON %s EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()'),
  ('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE'), ('ALTER TABLE %s OWNER TO pgtap_app')) AS s (sql)
WHERE c.relnamespace = 'segmentation'::regnamespace AND c.relkind = 'r';
SELECT throws_ok('INSERT INTO segmentation.membership VALUES (1, 1, now())', '42501', NULL, 'it makes no member');
SELECT throws_ok('UPDATE segmentation.state SET verdicts = NULL, measures = NULL', '42501', NULL, 'it forges nothing that is kept');
SELECT throws_ok($$INSERT INTO segmentation.count_delta VALUES ('{1}', '{5}')$$, '42501', NULL, 'it forges no counts');
SELECT throws_ok('CREATE TABLE segmentation.mine ()', '42501', NULL, 'it makes nothing in our schema');
SELECT throws_ok('CREATE TABLE segments.mine ()', '42501', NULL, 'nor among the views');
SELECT throws_ok('CREATE TABLE segmentation_internal.mine ()', '42501', NULL, 'nor among the bodies');
SELECT throws_ok('CREATE TABLE app.copy (LIKE segmentation.membership)', '42501', NULL, 'nor copies it');
SELECT throws_ok($$COPY segmentation.membership FROM '/dev/null'$$, '42501', NULL, 'nor loads into it');
RESET ROLE;

-- Calling: everything that is not for everybody is refused, with whatever arguments (a call of constant NULLs
-- alone may never take place).
CREATE FUNCTION calls() RETURNS TABLE (name text, call text) LANGUAGE sql AS $$
  SELECT p.oid::regprocedure::text,
    format(CASE p.prokind WHEN 'p' THEN 'CALL %I.%I(%s)' ELSE 'SELECT %I.%I(%s)' END, n.nspname, p.proname,
      (SELECT string_agg(format(CASE p.prokind WHEN 'p' THEN 'NULL::%s' ELSE '(SELECT NULL::%s)' END, format_type(t, NULL)), ', ' ORDER BY place) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, place)))
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname IN ('segmentation', 'segmentation_internal') AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
    AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype)
    AND NOT 'internal'::regtype = ANY (p.proargtypes) AND NOT 'cstring'::regtype = ANY (p.proargtypes) $$;
CREATE TABLE to_call AS SELECT * FROM calls();
GRANT SELECT ON to_call TO pgtap_app;
SET ROLE pgtap_app;
SELECT cmp_ok(count(*), '>', 100::bigint, 'there is much to call') FROM to_call;
SELECT throws_ok(c.call, '42501', NULL, 'it does not call ' || c.name) FROM to_call AS c;

-- Our triggers on tables of its own, by all ways of getting one there.
CREATE TABLE app.mine (id integer, customer_id integer, segment_id integer);
SELECT throws_ok(format('CREATE TRIGGER t AFTER INSERT ON app.mine %s EXECUTE FUNCTION segmentation.%s()', w.way, w.function), '42501', NULL,
  w.function || ' is no trigger function for it')
FROM (VALUES ('REFERENCING NEW TABLE AS n', '_capture'), ('', '_capture'), ('FOR EACH ROW', '_capture'), ('', '_definitions_changed')) AS w (way, function);
SELECT throws_ok('CREATE TRIGGER t AFTER INSERT ON orders REFERENCING NEW TABLE AS n EXECUTE FUNCTION segmentation._capture()', '42501', NULL,
  'nor on the shop''s tables, where it may have triggers');
SELECT throws_ok('CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION segmentation._follow_partitions()', '42501', NULL, 'event triggers are not for it');
SELECT throws_ok(format('DROP TRIGGER segmentation_%s ON orders', w), '42501', NULL, 'nor does it drop ours') FROM unnest('{insert,update,delete,truncate}'::text[]) AS w;
SELECT throws_ok('ALTER TABLE orders DISABLE TRIGGER USER', '42501', NULL, 'or disables them');
SELECT throws_ok('SET session_replication_role = replica', '42501', NULL, 'or hides from them');
-- Partitions of its own look like the shop's to nobody.
CREATE TABLE app.parts (id integer, customer_id integer) PARTITION BY LIST (id);
CREATE TABLE app.part PARTITION OF app.parts FOR VALUES IN (1);
ALTER TABLE app.parts DETACH PARTITION app.part;
ALTER TABLE app.parts ATTACH PARTITION app.part FOR VALUES IN (1);
ALTER TABLE app.parts ALTER COLUMN customer_id TYPE bigint;
DROP TABLE app.part CASCADE;
SELECT throws_ok('ALTER TABLE orders INHERIT app.parts', '42501', NULL, 'nor does it change what the shop''s tables are');
-- Settings that it has decide when, not what.
SET segmentation.maintain = background;
SELECT lives_ok($$INSERT INTO orders VALUES (3000, 25, 'paid', 95, now(), '')$$, 'it sells in background');
SET segmentation.commit_limit = 0;
SET segmentation.maintain = commit;
SELECT lives_ok($$INSERT INTO orders VALUES (3001, 24, 'paid', 95, now(), '')$$, 'and with a limit of none');
RESET segmentation.commit_limit;
SET transform_null_equals = on; SET standard_conforming_strings = off; SET datestyle = 'SQL, DMY'; SET array_nulls = off; SET extra_float_digits = -15;
SELECT lives_ok($$INSERT INTO orders VALUES (3002, 23, 'paid', 95, now(), '')$$, 'and with settings under which SQL means something else');
RESET ALL;
SET client_min_messages = error;
RESET ROLE;
SELECT is((SELECT count(*) FROM segmentation.dirty), 2::bigint, 'just its sales are queued');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
SELECT isnt(as_it_was(), (SELECT members FROM members_before), 'and follow what it sold');

-- A computed column is read as it was when it was bound, whatever the session says of strings.
SELECT segmentation.bind_column('customers', 'slash', $$CASE WHEN city = 'a\' THEN 'yes' WHEN city = NULL THEN 'null' ELSE 'no\' END$$) \g /dev/null
SELECT segmentation.create_segment('slash', $$slash = 'yes'$$) \g /dev/null
SELECT segmentation.create_segment('null', $$slash = 'null'$$) \g /dev/null
SET ROLE pgtap_app;
SET transform_null_equals = on; SET standard_conforming_strings = off; SET escape_string_warning = off;
INSERT INTO customers VALUES (101, E'a\\'), (102, NULL);
RESET transform_null_equals; RESET standard_conforming_strings; RESET escape_string_warning;
RESET ROLE;
SELECT results_eq($$SELECT customer_id FROM segmentation.membership WHERE segment_id = (SELECT id FROM segmentation.segment WHERE name = 'slash')$$, '{101}'::integer[], 'backslashes mean themselves');
SELECT is(segmentation.member_count('null'), 0::bigint, 'and NULL is equal to nothing');
SET standard_conforming_strings = off; SET transform_null_equals = on; SET escape_string_warning = off;
SELECT is_empty('SELECT * FROM oracle()', 'nor does verify follow the session');
RESET ALL;
SET client_min_messages = error;

-- Level read for an application that asks for members: its own changes are seen, by its own rights.
SELECT segmentation.grant_access('pgtap_app', 'read') \g /dev/null
SET ROLE pgtap_app;
BEGIN;
INSERT INTO orders VALUES (3010, 29, 'paid', 95, now(), '');
SELECT ok(segmentation.is_member('spent', 29), 'it sees its own sale');
SELECT lives_ok('SELECT segmentation.flush()', 'flushes it');
SELECT ok(segmentation.is_member('spent', 29), 'and sees it then');
ROLLBACK;
SELECT ok(NOT segmentation.is_member('spent', 29), 'and not what it took back');
SELECT throws_ok('INSERT INTO segmentation.membership VALUES (1, 1, now())', '42501', NULL, 'read is not write');
RESET ROLE;
DROP OWNED BY pgtap_app;
DROP ROLE pgtap_app;
SELECT finish();
