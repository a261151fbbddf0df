-- Which table of a schema has which role. Every decision says why, and where two tables are close there is none.

-- What adopt finds, and what it says of it.
CREATE TYPE segmentation._adopted AS (
  name text, kind text, relation regclass, reason text,
  parent text, key name, of_key name, value name, field name, date name, via name, target regclass, condition text, role text,
  -- The zone of a date that has none of its own; whether a binding that is there gets a date.
  zone text, dated boolean);

-- Returns one that only says something.
CREATE FUNCTION segmentation._adopt_note(name text, kind text, relation regclass, reason text, parent text DEFAULT NULL) RETURNS segmentation._adopted
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN ROW(name, kind, relation, reason, parent, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::segmentation._adopted;

-- Returns a table that a hint names: in the schema, or with one of its own. Raises 42P01 for none.
CREATE FUNCTION segmentation._adopt_table_named(hint text, schema name) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer regclass;
BEGIN
  SELECT c.oid::regclass INTO answer FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND (n.nspname = schema AND c.relname = hint OR n.nspname || '.' || c.relname = hint
    OR format('%I.%I', n.nspname, c.relname) = hint)
  ORDER BY n.nspname <> schema LIMIT 1;
  IF FOUND THEN RETURN answer; END IF;
  RAISE EXCEPTION USING ERRCODE = '42P01', MESSAGE = format('there is no table "%s"', hint),
    HINT = segmentation._name_hint(hint, ARRAY(SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = schema AND c.relkind IN ('r', 'p') ORDER BY 1), format('Schema %I has no tables.', schema));
END $$;

-- Returns the table of a role whose rows refer to those of `parent`, or with `upward` the one that its rows refer to; NULL for none. Its kind is
-- NULL, or says that nothing is to be bound. `taken` have another role.
CREATE FUNCTION segmentation._adopt_find(role text, schema name, tables jsonb, hints jsonb, parent regclass, parent_words text[],
  taken regclass[], upward boolean DEFAULT false) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hint   text := hints ->> role;
  hinted regclass;
  item   record;
  link   record;
  best   segmentation._adopted;
  top    integer := 0;
  close  text[] := '{}';
  scores integer[] := '{}';
  score  integer;
  texts  text[] := '{}';
BEGIN
  best.name := role;
  IF hints ? role AND hint IS NULL THEN
    best.kind := 'left out';
    best.reason := 'the hint says that there is none';
    RETURN best;
  END IF;
  IF hint IS NOT NULL THEN
    hinted := segmentation._adopt_table_named(hint, schema);
    IF segmentation._adopt_reader(hinted) IS NULL THEN
      best.kind := 'left out';
      best.relation := hinted;
      best.reason := format('must be owner of table %s', hinted);
      RETURN best;
    END IF;
  END IF;
  FOR item IN
    SELECT t.key::oid::regclass AS relation, t.value AS words, segmentation._adopt_score(role, t.value) AS score FROM jsonb_each_text(tables) AS t
    WHERE hinted IS NULL AND t.key::oid <> ALL (taken)
    UNION ALL SELECT hinted, '', 100 WHERE hinted IS NOT NULL
    ORDER BY 3 DESC, 1
  LOOP
    CONTINUE WHEN item.score = 0;
    score := item.score;
    IF parent IS NULL THEN
      link := NULL;
    ELSE
      IF upward THEN
        SELECT r.* INTO link FROM segmentation._adopt_reference(parent, item.relation, segmentation._adopt_words_of(item.relation, role, tables), hints ->> (role || '.key')) AS r;
      ELSE
        SELECT r.* INTO link FROM segmentation._adopt_reference(item.relation, parent, parent_words, hints ->> (role || '.key')) AS r;
      END IF;
      IF link.key IS NULL AND link.rivals IS NULL THEN
        IF hinted IS NULL THEN CONTINUE; END IF;
        best.kind := 'left out';
        best.relation := hinted;
        best.reason := format('no column of %s refers to %s; say which: {"%s.key": "..."}', CASE WHEN upward THEN parent ELSE hinted END,
          CASE WHEN upward THEN hinted ELSE parent END, role);
        RETURN best;
      END IF;
      score := score + CASE WHEN link.how LIKE '%foreign key%' OR link.rivals IS NOT NULL THEN 4 ELSE 2 END;
    END IF;
    close := close || item.relation::text;
    scores := scores || score;
    IF score > top THEN
      top := score;
      best.relation := item.relation;
      best.kind := NULL;
      IF parent IS NOT NULL THEN
        best.key := link.key; best.of_key := link.parent_key;
        best.reason := CASE WHEN hinted IS NOT NULL THEN 'the hint' ELSE 'its name' END
          || CASE WHEN upward THEN format(', and %s refers to it by %s', parent, link.how)
                  ELSE format(' and %s, which refers to %s', link.how, parent) END;
        IF link.rivals IS NOT NULL THEN
          best.kind := 'ambiguous';
          best.reason := format('%s refer to %s; say which: {"%s.key": "%s"}',
            (SELECT string_agg(format('%I', r), ' and ') FROM unnest(link.rivals) AS r), CASE WHEN upward THEN item.relation ELSE parent END, role, link.rivals[1]);
        END IF;
      ELSE
        best.reason := CASE WHEN hinted IS NULL THEN 'its name' ELSE 'the hint' END;
      END IF;
    END IF;
  END LOOP;
  IF best.relation IS NULL THEN RETURN NULL; END IF;
  texts := ARRAY(SELECT c.name FROM unnest(close, scores) AS c(name, score) WHERE c.score >= top - 2 ORDER BY c.score DESC, c.name);
  IF cardinality(texts) > 1 THEN
    best.kind := 'ambiguous';
    best.reason := format('%s could be it; say which: %s', array_to_string(texts, ' and '),
      (SELECT string_agg(format('{"%s": "%s"}', role, t), ' or ') FROM unnest(texts) AS t));
    best.relation := NULL;
  END IF;
  RETURN best;
END $$;

-- Returns the customers table: among those that bear such a name it is the one that orders refer to.
CREATE FUNCTION segmentation._adopt_find_customers(schema name, tables jsonb, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item   record;
  score  integer;
  best   segmentation._adopted;
  orders segmentation._adopted;
  top    integer := 0;
  hit  jsonb := '{}';
  close  text[];
BEGIN
  IF hints ->> 'customers' IS NOT NULL THEN
    RETURN segmentation._adopt_find('customers', schema, tables, hints, NULL, NULL, '{}');
  END IF;
  best.name := 'customers';
  FOR item IN
    SELECT t.key::oid::regclass AS relation, t.value AS words, segmentation._adopt_score('customers', t.value) AS score
    FROM jsonb_each_text(tables) AS t ORDER BY 3 DESC, 1
  LOOP
    CONTINUE WHEN item.score = 0 OR segmentation._primary_key(item.relation) IS NULL;
    orders := segmentation._adopt_find('orders', schema, tables, hints, item.relation,
      segmentation._adopt_words_of(item.relation, 'customer', tables), ARRAY[item.relation]);
    score := item.score + CASE WHEN orders IS NULL THEN 0 ELSE 4 END;
    hit := hit || jsonb_build_object(item.relation::text, score);
    IF score > top THEN
      top := score;
      best.relation := item.relation;
      best.reason := 'its name' || COALESCE(', and ' || orders.relation::text || ' refers to it', '');
    END IF;
  END LOOP;
  IF best.relation IS NULL THEN
    best.kind := 'left out';
    best.reason := COALESCE((SELECT string_agg(t.key::oid::regclass::text, ', ') || ' has no primary key of one column' FROM jsonb_each_text(tables) AS t
      WHERE segmentation._adopt_score('customers', t.value) > 0), 'no table is named like customers'
        || COALESCE(', but ' || (SELECT string_agg(DISTINCT t.key::oid::regclass::text, ' and ') FROM jsonb_each_text(tables) AS t, segmentation._adopt_columns(t.key::oid::regclass) AS c
          WHERE c.sort = 'text' AND c.words ~ '^(e?mail|emailaddress)$') || ' has e-mails', '')) || '; say which it is: {"customers": "..."}';
    RETURN best;
  END IF;
  close := ARRAY(SELECT f.key FROM jsonb_each_text(hit) AS f WHERE f.value::integer >= top - 2 ORDER BY f.value::integer DESC, f.key);
  IF cardinality(close) > 1 THEN
    best.kind := 'ambiguous';
    best.relation := NULL;
    best.reason := format('%s could be it; say which: %s', array_to_string(close, ' and '),
      (SELECT string_agg(format('{"customers": "%s"}', c), ' or ') FROM unnest(close) AS c));
  END IF;
  RETURN best;
END $$;

-- Returns the words by which a relation's key is called elsewhere. `tables` has the names of the schema's tables, by OID.
CREATE FUNCTION segmentation._adopt_words_of(relation regclass, role text, tables jsonb) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT ARRAY[role, w.words, CASE WHEN w.words !~ '_(entity|header|record)$' THEN split_part(w.words, '_', -1) ELSE role END]
        FROM (SELECT COALESCE(tables ->> relation::oid::text, segmentation._singular(segmentation._words_of(c.relname))) AS words
              FROM pg_class AS c WHERE c.oid = relation) AS w);

-- Returns the condition, in the rule language, that leaves out rows that are deleted only by a mark; NULL without one. `prefix` stands before
-- the column.
CREATE FUNCTION segmentation._adopt_alive(relation regclass, prefix text DEFAULT '') RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(prefix || segmentation._rule_mark(c.name, c.sort, false), ' AND ' ORDER BY c.name)
        FROM segmentation._adopt_columns(relation) AS c
        WHERE c.sort IN ('time', 'boolean', 'integer') AND c.words ~ '^(is)?(deleted|removed)(at|on|date|time)?$|^date(deleted|removed)$'
          AND (c.sort = 'time' OR c.words ~ '^(is)?(deleted|removed)$'));
