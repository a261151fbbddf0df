-- Completion for an editor: what may be written next, and the values that the database knows.
CREATE FUNCTION segmentation._suggest(
  prefix text, OUT completion text, OUT kind text, OUT type text, OUT replace_from integer, OUT relation oid,
  OUT attribute text, OUT path text[], OUT wanted text, OUT typed text) RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_suggest';
COMMENT ON FUNCTION segmentation._suggest(text) IS
  'completions as segmentation.suggest; at most one row, without a completion, says whose values are wanted in its '
  'place: of a column''s values or elements, the keys below a jsonb value, or the names of key-value fields';

-- Returns a value as a rule writes it, or where the type is json, a key behind a dot.
CREATE FUNCTION segmentation._literal(value text, type text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN
  CASE WHEN type = 'json' THEN
         CASE WHEN value ~ '^[a-z_][a-z0-9_]*$' THEN value ELSE '"' || replace(value, '"', '""') || '"' END
       WHEN type <> 'text' THEN value
       ELSE '''' || replace(replace(value, chr(92), repeat(chr(92), 2)), '''', '''''') || '''' END;

-- Returns the type that a column's values, or the elements of its arrays, have below all domains.
CREATE FUNCTION segmentation._stored_type(relation oid, attribute text) RETURNS regtype
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE stored AS (
    SELECT t.*, 1 AS depth FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attname = attribute
    UNION ALL
    SELECT t.*, s.depth + 1 FROM stored AS s JOIN pg_type AS t
      ON t.oid = CASE WHEN s.typtype = 'd' THEN s.typbasetype WHEN s.typsubscript = 'array_subscript_handler'::regproc
                      THEN s.typelem END)
  SELECT s.oid::regtype FROM stored AS s ORDER BY s.depth DESC LIMIT 1;
$$;

-- Returns a json value as jsonb; NULL where jsonb cannot hold it, such as "\u0000" or a number of a million digits.
CREATE FUNCTION segmentation._as_jsonb(value json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $$;

-- Returns up to 20 values of a column that begin with what is typed, as rules write them, the most frequent first: from
-- the statistics that ANALYZE left, as far as the caller may see them.
CREATE FUNCTION segmentation._common_values(
  relation oid, attribute text, elements boolean, type text, typed text, OUT completion text,
  OUT frequency double precision) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  padded boolean := segmentation._stored_type($1, $2) = 'bpchar'::regtype;
BEGIN
  RETURN QUERY
    SELECT segmentation._literal(v.value, $4), round(v.frequency::numeric * s.share::numeric, 6)::double precision
    FROM (SELECT CASE WHEN $3 THEN s.most_common_elems ELSE s.most_common_vals END::text::text[] AS value_list,
                 CASE WHEN $3 THEN s.most_common_elem_freqs ELSE s.most_common_freqs END AS frequencies,
                 CASE WHEN $3 THEN 1 - s.null_frac ELSE 1 END AS share -- elements are counted in rows with an array
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2
          WHERE c.oid = $1 ORDER BY s.inherited DESC LIMIT 1) AS s,
         unnest(s.value_list, s.frequencies) AS u (value, frequency),
         -- Blanks at the end of character(n) are not part of what rules read.
         LATERAL (SELECT CASE WHEN padded THEN rtrim(u.value, ' ') ELSE u.value END, u.frequency) AS v (value, frequency)
    WHERE starts_with(lower(v.value COLLATE "und-x-icu"), $5)
      AND ($4 <> 'number' OR v.value ~ '^-?[0-9]+([.][0-9]+)?$')
    ORDER BY v.frequency DESC, v.value COLLATE "C" LIMIT 20;
END $$;

-- Returns up to 20 keys below a jsonb value, or values, that begin with what is typed, the most frequent first. There
-- are no statistics of them: the table's first rows are looked at, but no long value is read for that. Few enough that a
-- keystroke does not wait for them; an object has many keys, so that fewer rows show those.
CREATE FUNCTION segmentation._sampled_values(
  relation oid, attribute text, path text[], wanted text, typed text, OUT completion text, OUT type text,
  OUT frequency double precision) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = $1 AND a.attname = $2 AND a.attnum > 0
                   AND NOT a.attisdropped AND has_column_privilege($1, a.attnum, 'SELECT')) THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE format($query$
    WITH sample AS MATERIALIZED (
      SELECT CASE WHEN pg_column_size(t.%1$I) < 2000 THEN %3$s #> $1 END AS value
      FROM %2$s AS t LIMIT CASE $2 WHEN 'keys' THEN 200 ELSE 500 END)
    SELECT segmentation._literal(found.word, found.type), found.type,
           count(*)::double precision / (SELECT count(*) FROM sample)
    FROM sample AS s
    CROSS JOIN LATERAL (
      SELECT k.word, 'json' FROM jsonb_object_keys(
        CASE WHEN $2 = 'keys' AND jsonb_typeof(s.value) = 'object' THEN s.value ELSE '{}' END) AS k (word)
      WHERE k.word <> ''
      UNION ALL
      SELECT DISTINCT e.element #>> '{}',
             CASE jsonb_typeof(e.element) WHEN 'string' THEN 'text' ELSE jsonb_typeof(e.element) END
      FROM jsonb_array_elements(
        CASE WHEN $2 = 'keys' THEN '[]' WHEN jsonb_typeof(s.value) = 'array' THEN s.value
             ELSE jsonb_build_array(s.value) END) AS e (element)
      WHERE jsonb_typeof(e.element) IN ('string', 'number', 'boolean')) AS found (word, type)
    WHERE starts_with(lower(found.word COLLATE "und-x-icu"), $3)
    GROUP BY found.word, found.type ORDER BY 3 DESC, found.word COLLATE "C" LIMIT 20
    $query$, $2, $1::regclass,
    format(CASE WHEN segmentation._stored_type($1, $2) = 'json'::regtype THEN 'segmentation._as_jsonb(t.%I)'
                ELSE 't.%I::jsonb' END, $2)) USING $3, $4, $5;
END $$;

CREATE FUNCTION segmentation.suggest(prefix text)
RETURNS TABLE (completion text, kind text, type text, frequency double precision, replace_from integer)
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN SELECT * FROM segmentation._suggest(prefix) LOOP
    kind := item.kind;
    type := item.type;
    replace_from := item.replace_from;
    completion := item.completion;
    frequency := NULL;
    IF item.wanted IS NULL THEN
      RETURN NEXT;
    ELSIF item.wanted = 'keys' OR item.wanted <> 'fields' AND (item.path <> '{}' OR item.type = 'json') THEN
      FOR completion, type, frequency IN
        SELECT s.* FROM segmentation._sampled_values(item.relation, item.attribute, item.path, item.wanted,
                                                     item.typed) AS s LOOP
        RETURN NEXT;
      END LOOP;
    ELSE
      FOR completion, frequency IN
        SELECT c.* FROM segmentation._common_values(item.relation, item.attribute, item.wanted = 'elements',
                                                    item.type, item.typed) AS c LOOP
        RETURN NEXT;
      END LOOP;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION segmentation.suggest(text) IS
  'what may be written next at the end of an unfinished rule, for an editor: each completion replaces the text from '
  'character replace_from to its end. Values carry their frequency, the share of rows that have it, as the last ANALYZE '
  'saw it; values and keys of jsonb come from the table''s first few hundred rows. No row where nothing is bound, in a comment '
  'and behind what no rule can begin with. Raises what loading the bindings raises. Locks: ACCESS SHARE on the bound '
  'relations.';
