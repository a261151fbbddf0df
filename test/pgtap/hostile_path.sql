-- A search_path that somebody else has filled: functions, operators, casts, types and tables of the names that ours use, in
-- front of pg_catalog, in public and among temporary ones, never come to be used by ours, and whatever they would have done is not done.
SET client_min_messages = error;
\ir shops/kept.sql
SELECT no_plan();
CREATE ROLE pgtap_evil;
CREATE SCHEMA trap AUTHORIZATION pgtap_evil;
GRANT CREATE ON SCHEMA public TO pgtap_evil;
CREATE TABLE trap.caught (what text);
GRANT INSERT ON trap.caught TO PUBLIC;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
-- Every trap notes that somebody has stepped into it. It is made for each signature of what ours call by name.
CREATE FUNCTION trap.note(what text) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$ BEGIN INSERT INTO trap.caught VALUES (what); END $$;
CREATE FUNCTION lay(place text) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  item record;
  laid integer := 0;
BEGIN
  FOR item IN
    SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
      AND p.proname = ANY ('{format,quote_ident,quote_literal,lower,unnest,count,array_to_string,string_to_array,left,char_length,octet_length,btrim,
        set_config,current_setting,pg_has_role,has_table_privilege,has_schema_privilege,now,clock_timestamp,coalesce,to_regclass,to_regprocedure,jsonb_typeof,
        starts_with,regexp_match,date,timestamptz,numeric,int4,int8,text,float8,round,trunc,textcat,array_append,array_position,pg_backend_pid,asin,radians,
        current_database,pg_relation_size,format_type,pg_get_function_result,upper,sqrt,sin,cos,make_date,jsonb_extract_path_text,jsonb_object_field_text}')
      AND NOT 'anyelement'::regtype = ANY (p.proargtypes) AND p.prorettype::regtype::text !~ '^(any|internal|cstring)'
      AND p.provariadic = 0 AND p.proargtypes::text <> '' AND NOT 'internal'::regtype = ANY (p.proargtypes) AND NOT 'anyarray'::regtype = ANY (p.proargtypes)
      AND NOT 'cstring'::regtype = ANY (p.proargtypes)
  LOOP
    EXECUTE format('CREATE FUNCTION %s.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', place, item.proname, item.arguments, item.result,
      format('BEGIN PERFORM trap.note(%L); RETURN NULL; END', item.proname));
    laid := laid + 1;
  END LOOP;
  -- No cast is needed to get here, so that these win over pg_catalog's where both are found.
  FOR item IN
    SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result
    FROM pg_operator AS o
    WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0 AND o.oprname = ANY ('{=,<>,<,>,<=,>=,||,+,-,*,/,~,!~,@>,->,->>,#>,#>>}')
      AND o.oprleft::regtype::text = ANY ('{integer,bigint,text,name,oid,boolean,numeric,"timestamp with time zone",date,jsonb,regclass,"double precision",smallint,interval}')
      AND o.oprright::regtype::text = ANY ('{integer,bigint,text,name,oid,boolean,numeric,"timestamp with time zone",date,jsonb,"text[]","double precision",smallint,interval}')
  LOOP
    laid := laid + 1;
    EXECUTE format('CREATE FUNCTION %s.op_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', place, laid, item.l, item.r, item.result,
      format('BEGIN PERFORM trap.note(%L); RETURN NULL; END', format('operator %s (%s, %s)', item.oprname, item.l, item.r)));
    EXECUTE format('CREATE OPERATOR %s.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %s.op_%s)', place, item.oprname, item.l, item.r, place, laid);
  END LOOP;
  RETURN laid;
END $$;
SELECT cmp_ok(lay('trap'), '>', 150, 'traps are laid');
SELECT cmp_ok(lay('public'), '>', 150, 'in public, too');
-- Relations and types that ours name: views over the real catalogs that lie, and tables of our own names.
CREATE VIEW trap.pg_class AS SELECT c.*, trap.note('pg_class')::pg_catalog.text AS trapped FROM pg_catalog.pg_class AS c WHERE false;
CREATE VIEW trap.pg_roles AS SELECT r.*, trap.note('pg_roles')::pg_catalog.text AS trapped FROM pg_catalog.pg_roles AS r WHERE false;
CREATE VIEW trap.pg_attribute AS SELECT a.attrelid, a.attname, a.atttypid, a.attnum, trap.note('pg_attribute')::pg_catalog.text AS trapped FROM pg_catalog.pg_attribute AS a WHERE false;
CREATE TABLE trap.segment (LIKE segmentation.segment);
CREATE TABLE trap.membership (LIKE segmentation.membership);
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.note('type text') IS NULL);
CREATE DOMAIN trap.regclass AS pg_catalog.regclass CHECK (trap.note('type regclass') IS NULL);
CREATE DOMAIN trap.numeric AS pg_catalog.numeric CHECK (trap.note('type numeric') IS NULL);
CREATE TEMP TABLE pg_class (oid oid, relname name, relowner oid);
CREATE TEMP TABLE pg_roles (oid oid, rolname name, rolsuper boolean);
CREATE TEMP TABLE segment (id integer, name text, rule text);
CREATE TEMP TABLE membership (segment_id integer, customer_id integer, entered_at timestamptz);
CREATE TEMP TABLE binding (id integer, name text);
-- Work as is done every day, by the superuser with that path.
CREATE FUNCTION day(called text) RETURNS SETOF text LANGUAGE plpgsql AS $body$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY[
    $$SELECT segmentation.bind_customers('public.customers', timezone => 'UTC', replace => true)$$,
    $$SELECT segmentation.bind_source('orders', 'public.orders', 'customer_id', date => 'placed', condition => 'status != ''cart''', replace => true)$$,
    $$SELECT segmentation.bind_column('orders', 'label', 'status || ''-'' || total::text', replace => true)$$,
    $$SELECT segmentation.define_attribute('spent', 'sum(orders.total)', replace => true)$$,
    $$SELECT segmentation.create_segment('path', 'spent > 10 AND orders MATCHES (label CONTAINS ''paid'', date >= -90d)')$$,
    $$SELECT segmentation.create_segment('shown', 'FROM customers SHOW city, spent WHERE spent > 0 ORDER BY spent LIMIT 3')$$,
    $$SELECT segmentation.alter_segment('path', 'spent > 20 OR city = ''Sofia''')$$,
    $$SELECT segmentation.rename_segment('path', 'other path')$$,
    $$INSERT INTO public.orders VALUES (5000, 7, 'paid', 95, pg_catalog.now(), '')$$,
    $$UPDATE public.lines SET quantity = 2 WHERE id OPERATOR(pg_catalog.=) 3$$,
    $$DELETE FROM public.orders WHERE id OPERATOR(pg_catalog.=) 5000$$,
    $$SELECT * FROM segments."other path"$$,
    $$SELECT * FROM segments.shown$$,
    $$SELECT segmentation.is_member('other path', 7), segmentation.member_count('other path')$$,
    $$SELECT segmentation.segments_of(7)$$, $$SELECT segmentation.members('other path')$$, $$SELECT segmentation.segments_of('{1,2}'::pg_catalog.int8[])$$,
    $$SELECT segmentation.members_at('other path', pg_catalog.now())$$,
    $$SELECT segmentation.preview('spent > 5')$$, $$SELECT segmentation.explain('other path', 7)$$, $$SELECT segmentation.matches('spent > 5', 7)$$,
    $$SELECT segmentation.estimate_matching('spent > 5')$$, $$SELECT segmentation.diff_segment('other path', 'spent > 5')$$, $$SELECT segmentation.count_diff('other path', 'spent > 5')$$,
    $$SELECT segmentation.what_if(7, '{"orders": [{"total": 5, "status": "paid"}]}')$$,
    $$SELECT segmentation.suggest('orders.')$$, $$SELECT segmentation.to_sql('spent > 5')$$, $$SELECT segmentation.check_rule('spnt > 5')$$,
    $$SELECT * FROM segmentation.status$$, $$SELECT * FROM segmentation.attributes$$, $$SELECT * FROM segmentation.segments$$, $$SELECT * FROM segmentation.access$$,
    $$SELECT segmentation.refresh(7), segmentation.refresh_all()$$, $$SELECT segmentation.verify()$$, $$CALL segmentation.tick()$$,
    $$SELECT segmentation.grant_access('pgtap_evil', 'read'), segmentation.revoke_access('pgtap_evil')$$,
    $$CREATE TABLE public.more (id pg_catalog.int4) PARTITION BY LIST (id)$$, $$CREATE TABLE public.most PARTITION OF public.more DEFAULT$$, $$DROP TABLE public.more$$,
    $$ALTER TABLE public.orders ALTER COLUMN note TYPE pg_catalog.varchar(90)$$, $$ALTER TABLE public.orders ALTER COLUMN note TYPE pg_catalog.text$$,
    $$ALTER TABLE public.customers RENAME city TO town$$, $$ALTER TABLE public.customers RENAME town TO city$$,
    $$ALTER TABLE public.customers ADD COLUMN more pg_catalog.text$$, $$ALTER TABLE public.customers DROP COLUMN more$$,
    $$ALTER TABLE public.orders DISABLE TRIGGER segmentation_insert$$, $$ALTER TABLE public.orders ENABLE TRIGGER segmentation_insert$$,
    $$DROP TRIGGER segmentation_insert ON public.orders$$, $$SELECT segmentation.refresh_all()$$, $$CALL segmentation.tick()$$,
    $$SELECT segmentation.create_segment('slow', 'spent > 15', wait => false)$$,
    $$SELECT segmentation.alter_segment('other path', 'spent > 25 OR city = ''Sofia''', wait => false)$$,
    $$SELECT * FROM segmentation.builds$$, $$SELECT * FROM segmentation.check_replication()$$,
    $$SELECT segmentation.grant_backup('pgtap_evil'), segmentation.revoke_backup('pgtap_evil')$$, $$SELECT segmentation.drop_segment('slow')$$,
    $$SELECT segmentation.drop_segment('shown')$$, $$SELECT segmentation.drop_segment('other path')$$, $$SELECT segmentation.drop_attribute('spent')$$,
    $$SELECT segmentation.unbind('orders.label')$$]
  LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN RETURN NEXT pg_catalog.format('%s: %s: %s %s', called, statement, SQLSTATE, SQLERRM);
    END;
  END LOOP;
END $body$;
-- That this would tell: the trap does catch.
SET search_path = trap, pg_catalog;
SELECT pg_catalog.lower('X') IS NOT NULL, lower('X'::pg_catalog.text) IS NULL AS caught, 1 OPERATOR(trap.=) 1 \g /dev/null
RESET search_path;
SELECT isnt_empty('SELECT * FROM trap.caught', 'traps catch who steps into them');
DELETE FROM trap.caught;
SELECT is_empty($$SELECT day('plain')$$, 'a day without traps in the path');
SELECT is_empty('SELECT * FROM trap.caught', 'catches nobody');
CREATE TABLE told (line text);
GRANT INSERT ON told TO PUBLIC;
SET search_path = trap, pg_catalog, pg_temp, public;
INSERT INTO public.told SELECT d FROM public.day('traps first') AS d;
SET search_path = pg_temp, trap, public, pg_catalog;
INSERT INTO public.told SELECT d FROM public.day('temporary tables first') AS d;
SET search_path = '';
INSERT INTO public.told SELECT d FROM public.day('no path') AS d;
RESET search_path;
SELECT is_empty('SELECT DISTINCT line FROM told', 'the same days with traps in front go as they did');
SELECT is_empty('SELECT what, count(*) FROM trap.caught GROUP BY what', 'and catch nobody');
SELECT is_empty('SELECT * FROM oracle()', 'members are right');
-- Printed rules are run by people with whatever path they have: all they name is the server's or has its schema.
SELECT is((SELECT count(*) FROM segmentation.segment), 10::bigint, 'ten segments are left');

-- Every function that is not inlined pins its path, and pins it to what nobody else can write to.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
  WHERE p.pronamespace IN ('segmentation'::regnamespace, 'segmentation_internal'::regnamespace) AND l.lanname = 'plpgsql'
    AND NOT 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig)$$, 'PL/pgSQL has a pinned path');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
  WHERE p.pronamespace = 'segmentation'::regnamespace AND l.lanname = 'sql' AND p.prosqlbody IS NULL
    AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
    AND p.proname <> ALL ('{members,members_at,segments_of,_segment_rows,export}')$$, 'so has SQL as text, but what is inlined and names all schemas');
-- The schema is ours, or the extension is not made.
SELECT is((SELECT nspowner FROM pg_namespace WHERE nspname = 'segmentation'), (SELECT extowner FROM pg_extension WHERE extname = 'segmentation'), 'the schema is the extension owner''s');
DROP EXTENSION segmentation CASCADE;
DROP SCHEMA IF EXISTS segmentation CASCADE;
CREATE SCHEMA segmentation AUTHORIZATION pgtap_evil;
SELECT throws_like('CREATE EXTENSION segmentation', 'schema "segmentation" already exists', 'nobody prepares it for us');
DROP SCHEMA segmentation;
SELECT lives_ok('CREATE EXTENSION segmentation', 'without it the extension is made');
DROP OWNED BY pgtap_evil CASCADE;
DROP ROLE pgtap_evil;
SELECT finish();
