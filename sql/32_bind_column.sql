-- Computed columns of bound relations: SQL expressions over a row and its lookups. What is accepted here is
-- what the row feeds and the printed SQL may put into a SELECT as it stands.

-- Raises unless the text, put into parentheses, stays one expression: quotes and parentheses are balanced,
-- and nothing in it ends the statement or hides what follows. Types and names are the server's to judge.
CREATE FUNCTION segmentation._check_expression_text(expression text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bare  text;
  depth integer := 0;
  mark  text;
BEGIN
  IF expression IS NULL OR btrim(expression, E' \t\r\n') = '' THEN
    RAISE EXCEPTION USING ERRCODE = '42601', MESSAGE = 'expression is empty',
      HINT = 'Give an SQL expression over the row''s columns.';
  END IF;
  -- Strings and quoted names become one harmless letter. A backslash string is taken before a plain one, with what goes
  -- on with it behind a line's end: there, too, backslashes escape.
  bare := regexp_replace(expression,
    $re$(?<![a-zA-Z0-9_$\u0080-\U0010FFFF])[eE]'(?:[^'\\]|''|\\.)*'(?:[ \t\f\v]*[\n\r]\s*'(?:[^'\\]|''|\\.)*')*|'(?:[^']|'')*'|"(?:[^"]|"")*"$re$,
    'x', 'g');
  IF bare ~ '--|/\*|;|''|"|\$' THEN
    RAISE EXCEPTION USING ERRCODE = '42601',
      MESSAGE = CASE WHEN bare ~ '''|"' THEN 'expression has an unfinished quote'
        ELSE 'expression is more than one expression' END,
      HINT = 'Comments, semicolons and dollar quotes cannot stand in a computed column''s expression.';
  END IF;
  FOR mark IN SELECT m[1] FROM regexp_matches(bare, '[()]', 'g') AS m LOOP
    depth := depth + CASE mark WHEN '(' THEN 1 ELSE -1 END;
    EXIT WHEN depth < 0;
  END LOOP;
  IF depth <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = '42601', MESSAGE = 'expression has unbalanced parentheses',
      HINT = 'Every parenthesis needs its partner.';
  END IF;
END $$;

-- Returns what stands in FROM for a bound relation: the table, or a SELECT that adds its computed columns to
-- it. The row feeds and the printed SQL say the same (src/pg/live).
CREATE FUNCTION segmentation._relation_sql(bound segmentation.binding) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  list text;
BEGIN
  SELECT string_agg(format('(%s) AS %I', c.expression, c.name), ', ' ORDER BY c.name) INTO list
  FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id;
  IF list IS NULL THEN RETURN bound.relation::text; END IF;
  RETURN format('(SELECT %I.*, "computed columns".* FROM %s CROSS JOIN LATERAL (SELECT %s FROM (SELECT %I.*) '
    'AS %I) AS "computed columns")',
                           bound.name, segmentation._lookups_sql(bound), list, bound.name, bound.name);
END $$;

-- Returns FROM's content under which a relation's computed columns are read: the relation under its binding's
-- name, the lookups in reach under theirs. A lookup behind one of its computed columns is not in reach: the
-- order would have no beginning.
CREATE FUNCTION segmentation._lookups_sql(bound segmentation.binding) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text := format('%s AS %I', bound.relation, bound.name);
  step   record;
BEGIN
  FOR step IN
    WITH RECURSIVE reach AS (
      SELECT b.id, b.name, b.key, b.lookup_key, bound.name AS of_name, 1 AS depth
      FROM segmentation.binding AS b
      WHERE b.of_id = bound.id AND b.role = 'lookup'
        AND EXISTS (SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = bound.relation AND a.attname = b.key AND a.attnum > 0
                      AND NOT a.attisdropped)
      UNION ALL
      SELECT b.id, b.name, b.key, b.lookup_key, r.name, r.depth + 1
      FROM segmentation.binding AS b JOIN reach AS r ON b.of_id = r.id WHERE b.role = 'lookup'
    )
    SELECT r.*, b AS lookup FROM reach AS r
      JOIN segmentation.binding AS b ON b.id = r.id ORDER BY r.depth, r.id
  LOOP
    answer := answer || format(' LEFT JOIN %s AS %I ON %I.%I = %I.%I',
      segmentation._relation_sql(step.lookup),
                                          step.name, step.of_name, step.key, step.name, step.lookup_key);
  END LOOP;
  RETURN answer;
END $$;

-- Returns a SELECT of one column v: a bound relation's column, its own or a computed one.
CREATE FUNCTION segmentation._column_sql(bound segmentation.binding, column_name name) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  computed text;
BEGIN
  SELECT c.expression INTO computed FROM segmentation.binding_column AS c
    WHERE c.binding_id = bound.id AND c.name = column_name;
  IF NOT FOUND THEN
    RETURN format('SELECT %I.%I AS v FROM %s AS %I', bound.name, column_name, bound.relation, bound.name);
  END IF;
  RETURN segmentation._computed_sql(bound, computed);
END $$;

-- Returns a SELECT of one column v: an expression over a bound relation's row and its lookups. A name without
-- a qualifier is the row's own column, also where a lookup has one of that name: hence the inner SELECT.
CREATE FUNCTION segmentation._computed_sql(bound segmentation.binding, expression text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT c.v FROM %s CROSS JOIN LATERAL (SELECT (%s) AS v FROM (SELECT %I.*) AS %I) AS c',
                         segmentation._lookups_sql(bound), expression, (bound).name, (bound).name);

-- Returns the type of a computed column's expression. Raises unless it is one immutable expression without
-- subqueries, aggregates, window functions or set-returning functions: the server's own SQLSTATE for what
-- does not parse, 42P17 for the rest. The analysed tree names every function and operator that it calls.
CREATE FUNCTION segmentation._expression_type(bound segmentation.binding, column_name text,
  expression text) RETURNS regtype
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on
SET transform_null_equals = off SET array_nulls = on AS $$
DECLARE
  answer  regtype;
  tree    text;
  culprit text;
  state   text;
  message text;
  note    text;
BEGIN
  BEGIN
    PERFORM segmentation._check_expression_text(expression);
    SELECT a.type, a.tree INTO answer, tree
    FROM segmentation._analysed(segmentation._reader(), segmentation._computed_sql(bound, expression)) AS a;
    IF EXISTS (SELECT FROM pg_type AS t WHERE t.oid = answer AND t.typtype = 'p') THEN
      RAISE EXCEPTION USING ERRCODE = '42P16', MESSAGE = format('expression has pseudo-type %s', answer);
    END IF;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, note = PG_EXCEPTION_HINT;
    IF message = 'column c.v does not exist' THEN -- orders.* and its like
      state := '42601';
      message := 'expression is more than one value';
    END IF;
    RAISE EXCEPTION USING ERRCODE = state,
      MESSAGE = format('computed column "%s" of "%s": %s', column_name, bound.name, message),
      HINT = CASE WHEN state = '42703' THEN segmentation._name_hint('', segmentation._column_names(bound),
        'The table has no columns.')
                  WHEN note <> '' THEN note
                  ELSE format('It is one SQL expression over columns of %s and of its lookups (as '
                              'lookup.column); functions and types outside pg_catalog need their schema.',
                              bound.relation) END;
  END;

  culprit := CASE WHEN tree ~ '\{SUBLINK' THEN 'a subquery'
    WHEN tree ~ '\{AGGREF|\{GROUPINGFUNC' THEN 'an aggregate function'
                  WHEN tree ~ '\{WINDOWFUNC' THEN 'a window function'
                    WHEN tree ~ ':funcretset true' THEN 'a set-returning function' END;
  IF culprit IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42P17',
      MESSAGE = format('computed column "%s" of "%s" has %s', column_name, bound.name, culprit),
      HINT = 'A computed column is one value of one row: use columns, operators and plain functions.';
  END IF;

  culprit := segmentation._mutable_part(tree);
  IF culprit IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42P17',
      MESSAGE = format('computed column "%s" of "%s" is not immutable', column_name, bound.name),
      DETAIL = format('The result of %s can change without the row.', culprit),
      HINT = 'Use immutable functions only; an instant becomes a local time with AT TIME ZONE '
        '''Europe/Sofia''.';
  END IF;
  RETURN answer;
END $$;

-- Returns what is not immutable in a stored query tree, or NULL. Conversions by way of text are judged by the
-- output function of what goes in and the input function of what comes out; the first type named below such a
-- node is that of its argument.
CREATE FUNCTION segmentation._mutable_part(tree text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE(
  (SELECT p.oid::regprocedure::text
   FROM regexp_matches(tree, ':(?:funcid|opfuncid) (\d+)', 'g') AS m JOIN pg_proc AS p ON p.oid = m[1]::oid
   WHERE p.provolatile <> 'i' LIMIT 1),
  (SELECT o.oid::regoperator::text
   FROM regexp_matches(tree, ':opno (\d+)', 'g') AS m JOIN pg_operator AS o ON o.oid = m[1]::oid
   JOIN pg_proc AS p ON p.oid = o.oprcode
   WHERE p.provolatile <> 'i' LIMIT 1),
  (SELECT format('the conversion from %s to %s', a.oid::regtype, r.oid::regtype)
   FROM regexp_matches(tree,
          '\{COERCEVIAIO :arg \{.*?:(?:vartype|consttype|funcresulttype|opresulttype|resulttype|coalescetype|'
          'casetype|minmaxtype|refrestype|array_typeid) (\d+) ',
          'g') AS m
   JOIN pg_type AS a ON a.oid = m[1]::oid
   JOIN pg_proc AS p ON p.oid = a.typoutput,
   pg_type AS r
   WHERE p.provolatile <> 'i' AND r.oid = 'text'::regtype LIMIT 1),
  (SELECT format('the conversion to %s', r.oid::regtype)
   FROM regexp_matches(tree, '\{COERCEVIAIO .*?:resulttype (\d+) :resultcollid \d+ :coerceformat', 'g') AS m
   JOIN pg_type AS r ON r.oid = m[1]::oid
   JOIN pg_proc AS p ON p.oid = r.typinput
   WHERE p.provolatile <> 'i' LIMIT 1),
  (SELECT 'CURRENT_DATE or its like' WHERE tree ~ '\{SQLVALUEFUNCTION|\{NEXTVALUEEXPR'));

-- Raises, naming the column, unless every computed column still reads.
CREATE FUNCTION segmentation._check_computed() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN SELECT b, c.name, c.expression FROM segmentation.binding_column AS c
    JOIN segmentation.binding AS b ON b.id = c.binding_id
              ORDER BY c.binding_id, c.name LOOP
    PERFORM segmentation._expression_type(item.b, item.name, item.expression);
  END LOOP;
END $$;

CREATE FUNCTION segmentation.bind_column(source text, name text, expression text,
  replace boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound segmentation.binding;
  other integer;
  known boolean;
  before text[];
BEGIN
  IF bind_column.source IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'source must not be null',
      HINT = 'Name the binding that gets the column.';
  END IF;
  PERFORM segmentation._check_name('column', bind_column.name);
  PERFORM segmentation._bound(bind_column.source);
  PERFORM segmentation._lock_definitions(NULL);
  before := segmentation._problems();
  bound := segmentation._bound(bind_column.source);
  PERFORM segmentation._check_relation(bound.relation);
  IF EXISTS (SELECT FROM pg_attribute AS a
             WHERE a.attrelid = bound.relation AND segmentation._fold(a.attname) = segmentation._fold(bind_column.name)
               AND a.attnum > 0 AND NOT a.attisdropped) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('%s has a column "%s" of its own', bound.relation, bind_column.name),
      HINT = 'Choose another name for the computed column.';
  END IF;
  known := EXISTS (SELECT FROM segmentation.binding_column AS c
                   WHERE c.binding_id = bound.id AND segmentation._fold(c.name) = segmentation._fold(bind_column.name));
  IF known AND NOT COALESCE(bind_column.replace, false) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('computed column "%s" of "%s" already exists', bind_column.name, bound.name),
      HINT = 'Choose another name, or say replace => true.';
  END IF;
  PERFORM segmentation._expression_type(bound, bind_column.name, bind_column.expression);
  DELETE FROM segmentation.binding_column AS c
    WHERE c.binding_id = bound.id AND segmentation._fold(c.name) = segmentation._fold(bind_column.name);
  INSERT INTO segmentation.binding_column (binding_id, name, expression)
    VALUES (bound.id, bind_column.name, bind_column.expression);
  IF known THEN
    -- It may be the key or date of this binding, or what others refer to.
    FOR other IN SELECT b.id FROM segmentation.binding AS b
      WHERE bound.id IN (b.id, b.of_id) ORDER BY b.id LOOP
      PERFORM segmentation._check_binding(other, false);
    END LOOP;
  END IF;
  PERFORM segmentation._check_sound(before);
  IF known THEN PERFORM segmentation._rewrite_members(); END IF;
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.bind_column(text, text, text, boolean) IS
  'Gives a bound relation a computed column: one immutable SQL expression over its own columns and its '
  'lookups'' (lookup.column). Usable in rules, and as key or date. Locks: SHARE ROW EXCLUSIVE on '
  'segmentation.segment, ACCESS SHARE on the tables that it reads, and ACCESS EXCLUSIVE on views that are made '
  'anew.';
