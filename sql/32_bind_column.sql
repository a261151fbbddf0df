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

-- Returns what a SELECT lists for the columns of a row that expressions may read: all but those that are generated when they are
-- read, as _column_type says.
CREATE FUNCTION segmentation._row_sql(bound segmentation.binding) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN bool_or(a.attgenerated = 'v')
                    THEN string_agg(format('%I.%I', (bound).name, a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated <> 'v')
                    ELSE format('%I.*', (bound).name) END
        FROM pg_attribute AS a WHERE a.attrelid = (bound).relation AND a.attnum > 0 AND NOT a.attisdropped);

-- Returns what stands in FROM for a bound relation: the table, or a SELECT that adds its computed columns to
-- it. The row feeds and the printed SQL say the same (src/pg/live).
CREATE FUNCTION segmentation._relation_sql(bound segmentation.binding) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  list text;
BEGIN
  SELECT string_agg(format('(%s) AS %I', c.expression, segmentation._computed_name(bound.relation, c.name)), ', '
                    ORDER BY c.name) INTO list
  FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id;
  IF list IS NULL THEN RETURN bound.relation::text; END IF;
  RETURN format('(SELECT %s, "computed columns".* FROM %s CROSS JOIN LATERAL %s AS "computed columns")',
    segmentation._row_sql(bound), segmentation._lookups_sql(bound), segmentation._computed_row_sql(bound, list));
END $$;

-- Returns how a computed column is called in SQL: by its name, or by another where a column has got that name since.
CREATE FUNCTION segmentation._computed_name(relation regclass, name text) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN EXISTS (SELECT FROM pg_attribute AS a
                         WHERE a.attrelid = relation AND a.attname = name::name AND a.attnum > 0 AND NOT a.attisdropped)
            THEN '~' || md5(name) ELSE name END::name;

-- Returns the SELECT list that gives a relation's columns under the words that they are called by: their names, and what they were
-- called before. NULL where these are just the names of all columns. With `computed` the relation stands with its computed columns.
CREATE FUNCTION segmentation._words_sql(bound segmentation.binding, computed boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
  WITH own AS (
    SELECT c.name::name AS word, segmentation._computed_name((bound).relation, c.name) AS column_name
    FROM segmentation.binding_column AS c WHERE c.binding_id = (bound).id)
  SELECT CASE WHEN bool_or(w.word <> w.column_name)
                OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = (bound).relation AND a.attgenerated = 'v' AND NOT a.attisdropped)
              THEN string_agg(format('%I.%I AS %I', (bound).name, w.column_name, w.word), ', ' ORDER BY w.word) END
  FROM (SELECT o.word, o.column_name FROM own AS o WHERE computed
        UNION ALL
        SELECT w.word, w.column_name FROM segmentation._words((bound).relation) AS w
        WHERE w.word NOT IN (SELECT o.word FROM own AS o)) AS w);

-- Returns the SELECT over a row and its lookups that gives what is computed of them, to stand behind LATERAL. A name without a
-- qualifier is the row's own column, also where a lookup has one of that name: hence the inner SELECT. Where columns have words
-- besides their names, the row and the lookups are renamed for it.
CREATE FUNCTION segmentation._computed_row_sql(bound segmentation.binding, list text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer  text := format('(SELECT %s FROM (SELECT %s) AS %I)', list,
    COALESCE(segmentation._words_sql(bound, false), format('%I.*', bound.name)), bound.name);
  renamed text;
BEGIN
  SELECT string_agg(format('(SELECT %s) AS %I', w.list, w.name), ', ' ORDER BY w.id) INTO renamed
  FROM (SELECT r.id, r.name, segmentation._words_sql(r.lookup, true) AS list FROM segmentation._lookups_of(bound) AS r) AS w
  WHERE w.list IS NOT NULL;
  IF renamed IS NULL THEN RETURN answer; END IF;
  RETURN format('(SELECT "computed columns".* FROM %s CROSS JOIN LATERAL %s AS "computed columns")', renamed, answer);
END $$;

-- Returns how a column that a binding names, its own or a computed one, is called in SQL.
CREATE FUNCTION segmentation._key_name(bound segmentation.binding, column_name name) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = (bound).id AND c.name = column_name)
                    THEN segmentation._computed_name((bound).relation, column_name) ELSE column_name END);

-- Returns the lookups in reach of a relation's computed columns, the nearest first. A lookup behind one of these is not in reach:
-- the order would have no beginning.
CREATE FUNCTION segmentation._lookups_of(bound segmentation.binding, OUT id integer, OUT name text,
  OUT of_binding segmentation.binding, OUT lookup segmentation.binding)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE reach AS (
    SELECT b.id, b.name, bound AS of_binding, b AS lookup, 1 AS depth
    FROM segmentation.binding AS b
    WHERE b.of_id = bound.id AND b.role = 'lookup'
      AND EXISTS (SELECT FROM pg_attribute AS a
                  WHERE a.attrelid = bound.relation AND a.attname = b.key AND a.attnum > 0
                    AND NOT a.attisdropped)
      AND NOT EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id AND c.name = b.key)
    UNION ALL
    SELECT b.id, b.name, r.lookup, b, r.depth + 1
    FROM segmentation.binding AS b JOIN reach AS r ON b.of_id = r.id WHERE b.role = 'lookup'
  )
  SELECT r.id, r.name, r.of_binding, r.lookup FROM reach AS r ORDER BY r.depth, r.id;
$$;

-- Returns FROM's content under which a relation's computed columns are read: the relation under its binding's
-- name, the lookups in reach under theirs.
CREATE FUNCTION segmentation._lookups_sql(bound segmentation.binding) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text := format('%s AS %I', bound.relation, bound.name);
  step   record;
BEGIN
  FOR step IN SELECT r.* FROM segmentation._lookups_of(bound) AS r LOOP
    answer := answer || format(' LEFT JOIN %s AS %I ON %I.%I = %I.%I',
      segmentation._relation_sql(step.lookup), step.name,
      (step.of_binding).name, segmentation._key_name(step.of_binding, (step.lookup).key),
      step.name, segmentation._key_name(step.lookup, (step.lookup).lookup_key));
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

-- Returns a SELECT of one column v: an expression over a bound relation's row and its lookups.
CREATE FUNCTION segmentation._computed_sql(bound segmentation.binding, expression text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT c.v FROM %s CROSS JOIN LATERAL %s AS c', segmentation._lookups_sql(bound),
              segmentation._computed_row_sql(bound, format('(%s) AS v', expression)));

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
  behind  segmentation.binding;
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
    IF EXISTS (SELECT FROM (SELECT bound.name, bound.relation
                            UNION ALL SELECT l.name, (l.lookup).relation FROM segmentation._lookups_of(bound) AS l) AS r
                 JOIN pg_attribute AS a ON a.attrelid = r.relation AND a.attgenerated = 'v'
               WHERE message = format('column %s.%s does not exist', r.name, a.attname)) THEN
      state := '0A000';
      message := replace(message, 'does not exist', 'is generated when it is read');
      note := 'Make it STORED, or write its expression here.';
    END IF;
    SELECT b.* INTO behind FROM segmentation.binding AS b
    WHERE b.of_id = bound.id AND b.role = 'lookup' AND message = format('missing FROM-clause entry for table "%s"', b.name);
    RAISE EXCEPTION USING ERRCODE = state,
      MESSAGE = format('computed column "%s" of "%s": %s', column_name, bound.name, message),
      HINT = CASE WHEN state = '42703' THEN segmentation._name_hint('', segmentation._column_names(bound),
        'The table has no columns.')
                  WHEN note <> '' THEN note
                  WHEN behind.id IS NOT NULL THEN format('Lookup "%s" hangs on the computed column "%s", and computed columns do not read one another. '
                    'Hang it on a column of %s, which may be GENERATED ... STORED.', behind.name, behind.key, bound.relation)
                  ELSE format('It is one SQL expression over columns of %s and of its lookups (as '
                              'lookup.column); functions and types outside pg_catalog need their schema.',
                              bound.relation) END;
  END;
  SELECT format('column "%s" of %s is generated when it is read', a.attname, a.attrelid::regclass) INTO message
  FROM segmentation._columns_of_query(segmentation._reader(), segmentation._computed_sql(bound, expression), true) AS r
    JOIN pg_attribute AS a ON a.attrelid = r.relation AND a.attnum = r.number
  WHERE a.attgenerated = 'v' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = format('computed column "%s" of "%s": %s', column_name, bound.name, message),
      HINT = 'Make it STORED, or write its expression here.';
  END IF;

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

-- Returns whether a binding has a computed column of a name. Raises 42710 where its relation has a column of it.
CREATE FUNCTION segmentation._has_computed(bound segmentation.binding, given text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known boolean := EXISTS (SELECT FROM segmentation.binding_column AS c
                           WHERE c.binding_id = bound.id AND segmentation._fold(c.name) = segmentation._fold(given));
BEGIN
  IF NOT known AND (
      EXISTS (SELECT FROM pg_attribute AS a
              WHERE a.attrelid = bound.relation AND segmentation._fold(a.attname) = segmentation._fold(given)
                AND a.attnum > 0 AND NOT a.attisdropped)
      OR EXISTS (SELECT FROM segmentation.column_word AS w
                 WHERE w.relation = bound.relation AND segmentation._fold(w.word) = segmentation._fold(given))) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('%s has a column "%s" of its own', bound.relation, given),
      HINT = 'Choose another name for the computed column.';
  END IF;
  RETURN known;
END $$;

-- Writes a computed column of a binding, in place of the one of that name. Its expression is not checked yet.
CREATE FUNCTION segmentation._write_column(bound segmentation.binding, given text, expression text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM segmentation.binding_column AS c
    WHERE c.binding_id = bound.id AND segmentation._fold(c.name) = segmentation._fold(given);
  INSERT INTO segmentation.binding_column (binding_id, name, expression) VALUES (bound.id, given, expression);
END $$;

-- Writes a computed column of a binding; returns whether there was one of that name.
CREATE FUNCTION segmentation._save_column(bound segmentation.binding, given text, expression text, replace boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known boolean := segmentation._has_computed(bound, given);
BEGIN
  IF known AND NOT COALESCE(replace, false) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('computed column "%s" of "%s" already exists', given, bound.name),
      HINT = 'Choose another name, or say replace => true.';
  END IF;
  PERFORM segmentation._expression_type(bound, given, expression);
  PERFORM segmentation._write_column(bound, given, expression);
  RETURN known;
END $$;

-- Writes the computed columns that a binding is made with: an object of expressions by name.
CREATE FUNCTION segmentation._save_columns(bound segmentation.binding, computed jsonb, replace boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  IF computed IS NULL OR jsonb_typeof(computed) = 'null' THEN RETURN; END IF;
  IF jsonb_typeof(computed) <> 'object' OR EXISTS (SELECT FROM jsonb_each(computed) AS c WHERE jsonb_typeof(c.value) <> 'string') THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'computed must be an object of expressions by name',
      HINT = 'Write it as {"placed_at": "coalesce(ordered, created)"}.';
  END IF;
  FOR item IN SELECT c.key, c.value FROM jsonb_each_text(computed) AS c ORDER BY c.key LOOP
    PERFORM segmentation._check_name('column', item.key);
    PERFORM segmentation._save_column(bound, item.key, item.value, replace);
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
  known := segmentation._save_column(bound, bind_column.name, bind_column.expression, bind_column.replace);
  IF known THEN
    -- It may be the key or date of this binding, or what others refer to.
    FOR other IN SELECT b.id FROM segmentation.binding AS b
      WHERE bound.id IN (b.id, b.of_id) ORDER BY b.id LOOP
      PERFORM segmentation._check_binding(other, false);
    END LOOP;
  END IF;
  PERFORM segmentation._check_sound(before);
  IF known OR segmentation._bring_lists(ARRAY[bound.id]) THEN PERFORM segmentation._rewrite_members_soon(); END IF;
  PERFORM segmentation._follow_views();
END $$;
COMMENT ON FUNCTION segmentation.bind_column(text, text, text, boolean) IS
  'Gives a bound relation a computed column: one immutable SQL expression over its own columns and its '
  'lookups'' (lookup.column). Usable in rules, and as key or date. Locks: SHARE ROW EXCLUSIVE on '
  'segmentation.segment, ACCESS SHARE on the tables that it reads, and ACCESS EXCLUSIVE on views that are made '
  'anew.';
