-- Every function that SQL can call gets NULL for every argument, before and after a shop is bound. It may answer or raise an
-- error of its own; it may not fail inside (SQLSTATE XX000), and the session must live on.
SET client_min_messages = warning;
SELECT no_plan();

CREATE FUNCTION pg_temp.state_of(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call;
  RETURN '00000';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;

-- Calls with all arguments NULL, and with all but one left at values that fit their types.
CREATE FUNCTION pg_temp.calls() RETURNS TABLE (name text, call text) LANGUAGE sql AS $$
  WITH functions AS (
    SELECT p.oid::regprocedure::text AS name, p.oid::regproc::text AS called, p.proargtypes::oid[] AS types
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'segmentation'::regnamespace AND p.prokind = 'f' AND left(p.proname, 1) <> '_'
      AND p.pronargs > 0 AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring']::regtype[]::oid[])
  SELECT f.name || ', NULL for ' || CASE chosen WHEN 0 THEN 'all' ELSE chosen::text END,
    format('SELECT %s(%s)', f.called, (
      SELECT string_agg(CASE WHEN chosen IN (0, place) THEN format('NULL::%s', t::regtype)
                             ELSE format('%L::%s', CASE t::regtype::text
                                 WHEN 'text' THEN 'city = ''x''' WHEN 'segmentation.rule' THEN 'city = ''x'''
                                 WHEN 'segmentation.rule[]' THEN '{}' WHEN 'boolean' THEN 'f' WHEN 'regclass' THEN 'pg_class'
                                 WHEN 'uuid' THEN '00000000-0000-0000-0000-000000000000' WHEN 'date' THEN '2026-01-01'
                                 WHEN 'jsonb' THEN '[]' WHEN 'timestamp with time zone' THEN '2026-01-01'
                                 WHEN 'timestamp without time zone' THEN '2026-01-01'
                                 WHEN 'name' THEN 'id' WHEN 'character varying' THEN 'city = ''x'''
                                 ELSE CASE WHEN t::regtype::text LIKE '%[]' THEN '{}' ELSE '1' END END, t::regtype) END,
                        ', ' ORDER BY place)
      FROM unnest(f.types) WITH ORDINALITY AS a (t, place)))
  FROM functions AS f, generate_series(0, cardinality(f.types)) AS chosen
$$;

SELECT ok(count(*) > 100, 'calls are made') FROM pg_temp.calls();
SELECT ok(state !~ '^(XX|22P02)', name || ': ' || state)
FROM (SELECT name, pg_temp.state_of(call) AS state FROM pg_temp.calls()) AS s;

CREATE TABLE customers (id bigint PRIMARY KEY, city text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers VALUES (1, 'x'), (2, NULL);
INSERT INTO orders VALUES (1, 1, 10), (2, NULL, 20);
SELECT lives_ok($$SELECT segmentation.bind_customers('customers', timezone => 'UTC')$$, 'customers are bound');
SELECT lives_ok($$SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id')$$, 'orders are bound');
SELECT lives_ok($$SELECT segmentation.create_segment('in x', 'city = ''x''')$$, 'a segment is made');
SELECT ok(state !~ '^(XX|22P02)', 'bound: ' || name || ': ' || state)
FROM (SELECT name, pg_temp.state_of(call) AS state FROM pg_temp.calls()) AS s;
SELECT finish();
