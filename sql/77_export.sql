-- export: a segment as a list to hand on. The rows come one by one out of a query that runs while they are asked for, so a million
-- members take no more memory than ten: the functions below are plain SQL that the planner inlines, with _rows_of in their
-- select list, where PostgreSQL takes rows from a function as it gives them; in FROM it would store them first. The query is
-- made from the names of values as SHOW's is, and runs by the caller's rights and by his snapshot.

CREATE FUNCTION segmentation._rows_of(query text) RETURNS SETOF text[]
  LANGUAGE c STABLE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'segmentation_rows_of';
COMMENT ON FUNCTION segmentation._rows_of(text) IS
  'the rows of one SELECT of a text[], run by the caller''s rights in the snapshot of the statement that asks, as far as rows are asked for';

CREATE FUNCTION segmentation._types_of(query text) RETURNS text[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_types_of';
COMMENT ON FUNCTION segmentation._types_of(text) IS 'the types of the columns of a query, which is not run';

-- Returns a text that no spreadsheet takes for a formula: an apostrophe comes before one that begins like a formula. What is + or - and
-- then digits and what stands between digits, as telephone numbers have it, can call nothing and stays.
CREATE FUNCTION segmentation._guarded(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ascii(value) IN (9, 10, 13, 43, 45, 61, 64, 65291, 65293, 65309, 65312) AND value !~ '^[+-][0-9 ()./-]*$'
            THEN '''' || value ELSE value END;
COMMENT ON FUNCTION segmentation._guarded(text) IS
  'the text with an apostrophe before it where it begins with = + - @, one of these in full width, a tab or a line''s end';

-- The columns that an export has by default, in their order, and the names of the values that they show: the first that the shop has.
-- The customer's key has none.
CREATE FUNCTION segmentation._standard_columns(OUT at integer, OUT heading text, OUT names text[]) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES (1, 'CustomerId', NULL::text[]), (2, 'Name', '{Name}'), (3, 'Organization', '{Organization}'), (4, 'Email', '{Email}'),
    (5, 'Phone', '{Phone}'), (6, 'ManagerName', '{ManagerName,manager_name}'),
    (7, 'LastOrderNumber', '{LastOrderNumber,last_order_number}'), (8, 'LastOrderId', '{LastOrderId,last_order_id}'),
    (9, 'OrdersSum', '{OrdersSum,orders_total}'), (10, 'OrdersCount', '{OrdersCount,orders,number_of_orders}'),
    (11, 'Location', '{Location,city}'), (12, 'RegistrationDateTime', '{RegistrationDateTime,registered_at,customer_added_date}'),
    (13, 'BirthDay', '{BirthDay,birth_date}')
$$;

-- Returns the columns of an export, each with the name of the value that it shows: '' is the customer's key, NULL what the shop does not
-- have. Names go as rules write them, or as they are: what needs double quotes in a rule needs none here. Raises 42703 for one that
-- means nothing.
CREATE FUNCTION segmentation._export_columns(columns text[], OUT headings text[], OUT names text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted jsonb; -- of each column the names that it may mean, the best first
  known  text[];
  item   record;
BEGIN
  IF columns = '{}' OR array_position(columns, NULL) IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'columns must be names, at least one', HINT = 'Leave them away for the default ones.';
  END IF;
  headings := COALESCE(columns, ARRAY(SELECT c.heading FROM segmentation._standard_columns() AS c ORDER BY c.at));
  SELECT jsonb_agg(CASE WHEN columns IS NULL THEN '{}' ELSE ARRAY[h.heading, segmentation._rule_name(h.heading)] END || COALESCE(c.names, '{}') ORDER BY h.at)
  INTO wanted
  FROM unnest(headings) WITH ORDINALITY AS h(heading, at)
  LEFT JOIN segmentation._standard_columns() AS c ON lower(c.heading) = lower(h.heading);
  known := segmentation._values_sql(ARRAY(SELECT DISTINCT n FROM jsonb_array_elements(wanted) AS w, jsonb_array_elements_text(w) AS n), '');
  names := ARRAY(
    SELECT COALESCE((SELECT n.name FROM jsonb_array_elements_text(w.names) WITH ORDINALITY AS n(name, at)
                     WHERE n.name = ANY (known[2:]) ORDER BY n.at LIMIT 1),
                    CASE WHEN lower(headings[w.at]) = 'customerid' THEN '' END)
    FROM jsonb_array_elements(wanted) WITH ORDINALITY AS w(names, at) ORDER BY w.at);
  FOR item IN
    SELECT c.name FROM unnest(columns, names) AS c(name, found)
    WHERE c.found IS NULL AND lower(c.name) NOT IN (SELECT lower(s.heading) FROM segmentation._standard_columns() AS s)
  LOOP
    RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = format('"%s" is no value of a customer', item.name),
      HINT = COALESCE((SELECT c.hint FROM segmentation.check_rule(segmentation._rule_name(item.name) || ' IS NOT NULL') AS c LIMIT 1),
                      'View segmentation.attributes has all names.');
  END LOOP;
END $$;

-- Returns an expression of the text that an export shows of a value of some type: instants and days in the shop's zone as
-- 2026-05-30 16:00:00, lists with commas. `guarded` keeps spreadsheets from taking text for formulas; numbers, days and the like can be none.
CREATE FUNCTION segmentation._cell_sql(value text, type text, zone text, guarded boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN type = 'timestamp with time zone'
    THEN format('date_trunc(''second'', segmentation.local_time(%s, %L))::text', value, zone)
  WHEN type = 'timestamp without time zone' THEN format('date_trunc(''second'', %s)::text', value)
  WHEN type = ANY ('{smallint,integer,bigint,numeric,real,double precision,boolean,date,uuid}') THEN value || '::text'
  ELSE format(CASE WHEN guarded THEN 'segmentation._guarded(%s)' ELSE '%s' END,
              CASE WHEN type ~ '\[\]$' THEN format('array_to_string(%s, '', '')', value) ELSE value || '::text' END) END;

-- Returns the columns of an export, and the SELECT of its rows: an array of the customer's key and the values. A rule's ORDER BY and
-- LIMIT hold here as in its view; without columns its SHOW's are shown where `standard` does not ask for the default ones.
CREATE FUNCTION segmentation._export_plan(segment text, columns text[], guarded boolean, standard boolean, OUT headings text[], OUT query text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number   integer := segmentation._segment_id(segment);
  zone     text := (SELECT b.timezone FROM segmentation.bindings AS b WHERE b.role = 'customers');
  settings segmentation._view_settings;
  members  text := format('SELECT m.customer_id FROM segmentation.membership AS m WHERE m.segment_id = %s', number);
  names    text[];
  shown    text[];
  source   text;
  types    text[];
  places   text;
BEGIN
  IF guarded IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'guard must not be null', HINT = 'Say true or false.';
  END IF;
  IF (SELECT segmentation.rule_source(s.rule) ~* '\m(show|order|limit)\M' FROM segmentation.segment AS s WHERE s.id = number) THEN
    SELECT v.* INTO settings FROM segmentation._settings_of(ARRAY[number]) AS v;
  END IF;
  IF columns IS NULL AND NOT standard AND settings.names <> '{}' THEN
    headings := settings.names;
    source := settings.query;
    shown := ARRAY(SELECT n::text FROM generate_series(1, cardinality(headings)) AS n ORDER BY n);
  ELSE
    SELECT c.headings, c.names INTO headings, names FROM segmentation._export_columns(columns) AS c;
    source := (segmentation._values_sql(ARRAY(SELECT n FROM unnest(names) WITH ORDINALITY AS u(n, at) WHERE n <> '' ORDER BY at), members))[1];
    shown := ARRAY(SELECT CASE WHEN n <> '' THEN (count(*) FILTER (WHERE n <> '') OVER (ORDER BY at))::text ELSE n END
                   FROM unnest(names) WITH ORDINALITY AS u(n, at) ORDER BY at);
  END IF;
  types := segmentation._types_of(source);
  SELECT string_agg(format('o.order_%s%s NULLS LAST, ', d.at, CASE WHEN d.descending THEN ' DESC' ELSE '' END), '' ORDER BY d.at)
  INTO places FROM unnest(settings.descending) WITH ORDINALITY AS d(descending, at);
  SELECT format(E'SELECT ARRAY[y.customer_id::text, %s] FROM (\nSELECT m.customer_id, v.* FROM segmentation.membership AS m JOIN (\n%s\n) AS v ON v.key = m.customer_id%s '
      'WHERE m.segment_id = %s ORDER BY %sm.customer_id%s) AS y',
    string_agg(CASE WHEN s.place IS NULL THEN 'NULL::text'
                    WHEN s.place = '' THEN segmentation._cell_sql('y.customer_id', types[1], zone, guarded)
                    ELSE segmentation._cell_sql('y.value_' || s.place, types[s.place::integer + 1], zone, guarded) END, ', ' ORDER BY s.at),
    source, CASE WHEN places IS NOT NULL THEN format(E' JOIN (\n%s\n) AS o ON o.key = m.customer_id', settings.query) ELSE '' END,
    number, COALESCE(places, ''), COALESCE(' LIMIT ' || settings.row_limit, ''))
  INTO query FROM unnest(shown) WITH ORDINALITY AS s(place, at);
END $$;

-- Returns that SELECT alone.
CREATE FUNCTION segmentation._export_sql(segment text, columns text[], guarded boolean, standard boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT p.query FROM segmentation._export_plan(segment, columns, guarded, standard) AS p);

CREATE FUNCTION segmentation.export(segment text)
RETURNS TABLE ("CustomerId" text, "Name" text, "Organization" text, "Email" text, "Phone" text, "ManagerName" text, "LastOrderNumber" text,
               "LastOrderId" text, "OrdersSum" text, "OrdersCount" text, "Location" text, "RegistrationDateTime" text, "BirthDay" text)
LANGUAGE sql STABLE AS $$
  SELECT x.r[2], x.r[3], x.r[4], x.r[5], x.r[6], x.r[7], x.r[8], x.r[9], x.r[10], x.r[11], x.r[12], x.r[13], x.r[14]
  FROM (SELECT segmentation._rows_of(segmentation._export_sql($1, NULL, true, true)) AS r) AS x
$$;
COMMENT ON FUNCTION segmentation.export(text) IS
  'A segment''s members as stored, with the thirteen columns of AdvantShop''s export: NULL is what the shop does not have. Text that a '
  'spreadsheet would take for a formula has an apostrophe before it. By the caller''s rights; ORDER BY and LIMIT of the rule hold. '
  'Locks: ACCESS SHARE on segmentation.membership and the bound tables that it reads.';

CREATE FUNCTION segmentation.export(segment text, columns text[], guard boolean DEFAULT true)
RETURNS TABLE (customer text, "values" text[])
LANGUAGE sql STABLE AS $$
  SELECT x.r[1], x.r[2:] FROM (SELECT segmentation._rows_of(segmentation._export_sql($1, $2, $3)) AS r) AS x
$$;
COMMENT ON FUNCTION segmentation.export(text, text[], boolean) IS
  'A segment''s members as stored, each with the values of these names, in that order; NULL: those of the rule''s SHOW, else the thirteen of '
  'export(segment). guard => false leaves text as it is, also where a spreadsheet would take it for a formula. By the caller''s rights; ORDER '
  'BY and LIMIT of the rule hold. Locks: ACCESS SHARE on segmentation.membership and the bound tables that it reads.';

CREATE FUNCTION segmentation.export_query(segment text, columns text[] DEFAULT NULL, guard boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  headings text[] := (SELECT p.headings FROM segmentation._export_plan(segment, columns, guard, false) AS p);
BEGIN
  RETURN (SELECT format('SELECT %s FROM segmentation.export(%L, %s%s) AS e',
                        string_agg(format('e."values"[%s] AS %I', h.at, CASE WHEN guard THEN segmentation._guarded(h.heading) ELSE h.heading END), ', ' ORDER BY h.at),
                        segment, COALESCE(quote_literal(columns) || '::text[]', 'NULL'), CASE WHEN guard THEN '' ELSE ', false' END)
          FROM unnest(headings) WITH ORDINALITY AS h(heading, at));
END $$;
COMMENT ON FUNCTION segmentation.export_query(text, text[], boolean) IS
  'The SELECT of an export with a column for each name, headed by it: for COPY (...) TO STDOUT WITH (FORMAT csv, HEADER), or a view. columns '
  'and guard as in export. Locks: none beyond reading definitions.';
