-- Names of schemas, tables, columns, constraints, roles, bindings, attributes, segments and partitions that try to be more than
-- names: quotes of all kinds, dots, backslashes, newlines, comments, placeholders of format(), and long ones of letters of many bytes.
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE public.victim (still integer);
INSERT INTO public.victim VALUES (1);
CREATE TABLE hostile (n integer GENERATED ALWAYS AS IDENTITY, name text);
INSERT INTO hostile (name) VALUES
  ('quote"d'), ('apos''trophe'), ('a.b.c'), ('back\slash'), (E'new\nline'), (E'tab\tand\rreturn'), ('x"; DROP TABLE public.victim; --'), ('x''; DROP TABLE public.victim; --'),
  ('x$$; DROP TABLE public.victim; $$'), ('%I %s %L %1$s %%'), ('-- comment'), ('/* comment'), ('*/'), ('$1'), ('select'), ('CamelCase'), (' leading and trailing '),
  ('ž' || repeat('š', 30)), (repeat('日', 20)), (E'\u202E\u0301'), ('') , ('segmentation.membership'), ('"already quoted"'), (E'\\'';DROP TABLE public.victim;--'), ('U&"\0041"'), ('{a,b}'), ('NULL'), ('ⅷ İı');
DELETE FROM hostile WHERE name = '';
-- One shop for each name, made of it throughout: what is asked is that it works, is right, and leaves the victim alone.
CREATE FUNCTION shop_of(n integer, name text) RETURNS SETOF text LANGUAGE plpgsql AS $body$
#variable_conflict use_column
DECLARE
  s text := format('%I', name); -- schema, table, column
  answer text;
  step text;
  customers text := format('%1$s.%1$s', s);
  orders text := format('%s.%I', s, 'o' || left(name, 15));
  part text := format('%s.%I', s, 'p' || left(name, 15));
  tags text := format('%s.%I', s, 't' || left(name, 15));
BEGIN
  EXECUTE format('CREATE ROLE %I', 'pgtap ' || left(name, 15));
  EXECUTE format('CREATE SCHEMA %s AUTHORIZATION %I', s, 'pgtap ' || left(name, 15));
  EXECUTE format('CREATE TABLE %s (%s integer CONSTRAINT %s PRIMARY KEY, city text, "entered_at" text)', customers, s, format('%I', 'k' || left(name, 15)));
  EXECUTE format('CREATE TABLE %s (id integer, %s integer, total numeric, %I text DEFAULT ''v'') PARTITION BY LIST (id)', orders, s, 'c' || left(name, 15));
  EXECUTE format('CREATE TABLE %s PARTITION OF %s DEFAULT', part, orders);
  EXECUTE format('CREATE INDEX %I ON %s (%s)', 'i' || left(name, 15), orders, s);
  EXECUTE format('CREATE TABLE %s (%s integer, %I text)', tags, s, 'g' || left(name, 15));
  EXECUTE format('CREATE INDEX ON %s (%s)', tags, s);
  EXECUTE format('INSERT INTO %s SELECT g, ''Sofia'' FROM generate_series(1, 5) AS g', customers);
  EXECUTE format('INSERT INTO %s SELECT g, 1 + g %% 5, g FROM generate_series(1, 10) AS g', orders);
  EXECUTE format('INSERT INTO %s VALUES (2, %L)', tags, name);
  EXECUTE (SELECT string_agg(format('ALTER TABLE %s OWNER TO %I', w, 'pgtap ' || left(name, 15)), '; ') FROM unnest(ARRAY[customers, orders, part, tags]) AS w);
  PERFORM segmentation.bind_customers(customers::regclass, name::name, 'UTC');
  PERFORM segmentation.bind_source('o' || left(name, 15), orders::regclass, name::name);
  PERFORM segmentation.bind_set('t' || left(name, 15), tags::regclass, name::name, ('g' || left(name, 15))::name);
  PERFORM segmentation.bind_column('customers', 'x' || left(name, 15), format('%I || %L', 'city', name));
  PERFORM segmentation.bind_column('o' || left(name, 15), 'y' || left(name, 15), format('total * 2'));
  PERFORM segmentation.define_attribute('a' || left(name, 15), format('sum("o%1$s"."y%1$s")', replace(left(name, 15), '"', '""')));
  PERFORM segmentation.define_source('s' || left(name, 15), 'o' || left(name, 15), jsonb_build_object('r' || left(name, 15), format('"y%s"', replace(left(name, 15), '"', '""'))));
  PERFORM segmentation.create_segment(name, format('"a%1$s" > 15', replace(left(name, 15), '"', '""')));
  PERFORM segmentation.create_segment('2' || name, format('"x%s" = %s', replace(left(name, 15), '"', '""'), '''' || replace(replace('Sofia' || name, '\', '\\'), '''', '''''') || ''''));
  PERFORM segmentation.create_segment('3' || name, format('"t%s" CONTAINS %s', replace(left(name, 15), '"', '""'), '''' || replace(replace(name, '\', '\\'), '''', '''''') || ''''));
  PERFORM segmentation.create_segment('4' || name, format('"s%1$s" MATCHES ("r%1$s" > 10) AND segments CONTAINS %2$s', replace(left(name, 15), '"', '""'),
    '''' || replace(replace(name, '\', '\\'), '''', '''''') || ''''));
  PERFORM segmentation.create_segment('5' || name, format('FROM customers SHOW "x%1$s", "a%1$s" WHERE city = ''Sofia'' ORDER BY "a%1$s"', replace(left(name, 15), '"', '""')));
  RETURN NEXT format('members of %s: %s', name, (SELECT string_agg(w.members::text, ',' ORDER BY w.id) FROM segmentation.segments AS w));
  step := (SELECT string_agg(v.segment, ',') FROM segmentation.verify() AS v);
  IF step IS NOT NULL THEN RETURN NEXT format('%s: wrong in %s', name, step); END IF;
  PERFORM segmentation.grant_access(('pgtap ' || left(name, 15))::name, 'admin');
  EXECUTE format('SET LOCAL ROLE %I', 'pgtap ' || left(name, 15));
  EXECUTE format('INSERT INTO %s VALUES (100, 1, 100)', orders);
  PERFORM segmentation.rename_segment(name, 'renamed ' || name);
  EXECUTE format('SELECT string_agg(v::text, '','') FROM segments.%I AS v',
    (SELECT w.view_name FROM segmentation.segment AS w WHERE w.name = 'renamed ' || shop_of.name)) INTO answer;
  IF answer IS NULL THEN RETURN NEXT format('%s: an empty view', name); END IF;
  PERFORM segmentation.refresh(1);
  PERFORM segmentation.flush();
  EXECUTE format('CREATE TABLE %s.%I PARTITION OF %s FOR VALUES IN (200)', s, 'n' || left(name, 15), orders);
  EXECUTE format('ALTER TABLE %s DETACH PARTITION %s.%I', orders, s, 'n' || left(name, 15));
  EXECUTE format('DROP TABLE %s.%I', s, 'n' || left(name, 15));
  RESET ROLE;
  PERFORM segmentation.explain('renamed ' || name, 1);
  PERFORM segmentation.suggest(left('"a' || name, 12));
  PERFORM segmentation.check_rule(name);
  step := (SELECT string_agg(v.segment, ',') FROM segmentation.verify() AS v);
  IF step IS NOT NULL THEN RETURN NEXT format('%s: wrong in %s after a sale', name, step); END IF;
  PERFORM segmentation.drop_segment(w.name) FROM segmentation.segment AS w WHERE w.name LIKE '4%';
  PERFORM segmentation.drop_segment(w.name) FROM segmentation.segment AS w;
  PERFORM segmentation.drop_source('s' || left(name, 15)), segmentation.drop_attribute('a' || left(name, 15));
  PERFORM segmentation.unbind('t' || left(name, 15));
  PERFORM segmentation.unbind('o' || left(name, 15));
  PERFORM segmentation.unbind('customers');
  PERFORM segmentation.revoke_access(('pgtap ' || left(name, 15))::name);
  EXECUTE format('DROP SCHEMA %s CASCADE', s);
  EXECUTE format('DROP OWNED BY %1$I CASCADE; DROP ROLE %1$I', 'pgtap ' || left(name, 15));
END $body$;
CREATE FUNCTION try_shop(n integer, name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  place text;
BEGIN
  RETURN QUERY SELECT * FROM shop_of(n, name);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS place = PG_EXCEPTION_CONTEXT;
  RETURN NEXT format('%s: %s %s at %s', name, SQLSTATE, SQLERRM, place);
END $$;
SELECT set_eq(format('SELECT try_shop(%s, %L)', h.n, h.name), ARRAY[format('members of %s: 4,5,1,4,5', h.name)], 'a shop of ' || quote_ident(h.name)) FROM hostile AS h;
SELECT is((SELECT count(*) FROM public.victim), 1::bigint, 'the victim is still there');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'pgtap %'$$, 'all shops were taken down');
SELECT finish();
