-- What view attributes shows: all that rules can name of a customer, for a builder screen.

CREATE TYPE segmentation._attribute AS (
  name       text,    -- as rules write it
  type       text,
  kind       text,
  operators  text[],
  binding_id integer, -- whose column or field it is; NULL for attributes
  word       text,    -- of the column, field or attribute
  keys       text[],  -- below a json column; NULL for none
  readable   boolean, -- by whoever asks
  filled     bigint,
  examples   text[]
);

-- Returns whether what a table has for one customer can be found without reading all of it.
CREATE FUNCTION segmentation._is_quick(binding_id integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT b.role = 'customers' OR (segmentation._table_size(b.relation)).blocks <= 1000 OR EXISTS (
    SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = b.relation AND i.indisvalid AND i.indpred IS NULL
      AND a.attname = CASE b.role WHEN 'lookup' THEN b.lookup_key ELSE b.key END)
  FROM segmentation.binding AS b WHERE b.id = binding_id;
$$;

-- Returns keys of customers drawn by chance, and of the last that were written; about how many customers there are, whether the
-- shop is so small that all are looked at, and else in how many to look for keys of json: where these are long, in fewer.
CREATE FUNCTION segmentation._customers_drawn(
  OUT keys text[], OUT recent text[], OUT total bigint, OUT is_small boolean, OUT for_keys integer, OUT key_type text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound  segmentation.binding := (SELECT b FROM segmentation.binding AS b WHERE b.role = 'customers');
  blocks bigint;
  sample record;
  answer text[];
  chosen text;
BEGIN
  SELECT sum(s.all_blocks) INTO blocks
  FROM (SELECT DISTINCT b.relation FROM segmentation.binding AS b) AS r, segmentation._table_size(r.relation) AS s;
  is_small := blocks <= 2048 AND
    (segmentation._read_as(segmentation._reader(), format('SELECT count(*) <= 3000 FROM (SELECT FROM %s LIMIT 3001) AS t', bound.relation)))[1]::boolean;
  SELECT s.* INTO sample
  FROM segmentation._sample_from(bound.relation, format('r.%I::text AS key, r.ctid AS place', bound.key), 1000, CASE WHEN is_small THEN blocks ELSE -1 END) AS s;
  answer := segmentation._read_as(segmentation._reader(), format(
    'WITH t AS MATERIALIZED (SELECT t.* FROM %s) '
    'SELECT ARRAY(SELECT t.key FROM t WHERE NOT t.is_recent ORDER BY random() LIMIT %s), '
    'ARRAY(SELECT t.key FROM t WHERE t.is_recent ORDER BY t.place DESC LIMIT 200)', sample.sql, CASE WHEN is_small THEN 3000 ELSE 1000 END));
  keys := answer[1];
  recent := answer[2];
  total := CASE WHEN is_small THEN cardinality(keys) ELSE round(segmentation._estimated_rows(bound.relation)) END;
  for_keys := least(1000, greatest(30, 500 * total / greatest((segmentation._table_size(bound.relation)).all_blocks, 1))); -- 500 blocks
  SELECT format_type(a.atttypid, NULL) INTO key_type
  FROM pg_attribute AS a WHERE a.attrelid = bound.relation AND a.attname = bound.key;
  IF bound.condition IS NOT NULL THEN -- which other rows are no customers
    chosen := format('SELECT unnest(%L::text[]::%s[])', keys, key_type);
    keys := (segmentation._read_as(segmentation._reader(), format('SELECT ARRAY(SELECT v.key FROM (%s) AS v WHERE v.key IN (%s) ORDER BY random())',
      (segmentation._values_sql('{}', chosen))[1], chosen)))[1]::text[];
    total := round(total * cardinality(keys)::numeric / greatest(cardinality(answer[1]::text[]), 1));
  END IF;
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') OR key_type IS NULL THEN RAISE; END IF; -- the server's own
  NULL; -- who is a customer cannot be computed
END $$;

-- Returns the keys below a json column, or the fields of a binding, by the names that rules give them: those that there are, as the data
-- say, and those that rules read. `total` is how many rows there are of which `found` has seen some.
CREATE FUNCTION segmentation._names_found(
  parent segmentation._attribute, found_as text, found jsonb, reads segmentation._value_read[], operators jsonb, total bigint)
RETURNS SETOF segmentation._attribute LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH seen AS (
    SELECT ARRAY(SELECT jsonb_array_elements_text(v.value -> 'path')) AS path, v.value AS told,
           -- Of texts that stand for something, those of other texts do not.
           CASE WHEN found_as = 'field' AND v.value -> 'kinds' = '["boolean", "text"]' THEN 'text'
                ELSE segmentation._common_type(ARRAY(SELECT jsonb_array_elements_text(v.value -> 'kinds'))) END AS type
    FROM jsonb_array_elements(found -> 'values') AS v
  ), named AS (
    SELECT s.* FROM seen AS s
    UNION ALL
    SELECT DISTINCT p.path, '{}'::jsonb, 'json'
    FROM unnest(reads) AS r, LATERAL (SELECT CASE found_as WHEN 'field' THEN ARRAY[r.word] ELSE r.keys END AS path) AS p
    WHERE r.binding_id = parent.binding_id
      AND CASE found_as WHEN 'field' THEN r.what = 'field' ELSE r.what = 'column' AND r.word = parent.word AND r.keys <> '{}' END
      AND NOT EXISTS (SELECT FROM seen AS s WHERE s.path = p.path)
  )
  SELECT parent.name || (SELECT string_agg('.' || segmentation._literal(u.part, 'json'), '' ORDER BY u.at)
                         FROM unnest(n.path) WITH ORDINALITY AS u(part, at)),
    n.type, found_as, ARRAY(SELECT jsonb_array_elements_text(operators -> CASE n.type WHEN 'mixed' THEN 'json' ELSE n.type END)),
    parent.binding_id, CASE found_as WHEN 'field' THEN n.path[1] ELSE parent.word END, CASE found_as WHEN 'key' THEN n.path END, parent.readable,
    CASE WHEN parent.readable THEN greatest(
      (n.told ->> 'seen')::bigint, round((n.told ->> 'filled')::numeric * total / NULLIF((found ->> 'rows')::numeric, 0)), 0)::bigint END,
    CASE WHEN parent.readable THEN ARRAY(
      SELECT v.value FROM jsonb_array_elements_text(n.told -> 'examples') WITH ORDINALITY AS w(word, at),
        LATERAL (SELECT CASE n.type WHEN 'boolean' THEN segmentation.text_boolean(w.word)::text
                                    WHEN 'number' THEN trim_scale(segmentation.text_number(w.word))::text ELSE w.word END) AS v(value)
      WHERE v.value IS NOT NULL GROUP BY v.value ORDER BY min(w.at)) END
  FROM named AS n;
$$;

-- Returns what rules can name of customers, with what whoever asks may know of the values: exact where the shop is small.
CREATE FUNCTION segmentation._attribute_items(asker oid, reads segmentation._value_read[], OUT items segmentation._attribute[], OUT is_small boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  drawn     record;
  operators jsonb;
  parents   segmentation._attribute[];
  parent    segmentation._attribute;
  found     jsonb;
  counts    jsonb;
  words     jsonb;
BEGIN
  SELECT jsonb_object_agg(d.type, to_jsonb(d.operators)) INTO operators FROM segmentation._describe_attributes() AS d WHERE d.kind = 'type';
  parents := ARRAY(
    SELECT ROW(d.name, d.type, d.kind, d.operators, d.binding_id, d.word, NULL::text[],
      CASE d.kind
        WHEN 'defined' THEN (SELECT bool_and(segmentation._may_read_value(asker, r.binding_id, r.word))
                             FROM (SELECT DISTINCT r.binding_id, r.word FROM unnest(reads) AS r
                                   WHERE r.kind = 'attribute' AND r.what = 'needs' AND r.name = d.word) AS r)
        WHEN 'set' THEN segmentation._may_read_value(asker, d.binding_id, b.key) AND segmentation._may_read_value(asker, d.binding_id, b.value)
        WHEN 'fields' THEN segmentation._may_read_value(asker, d.binding_id, b.key) AND segmentation._may_read_value(asker, d.binding_id, b.value)
          AND segmentation._may_read_value(asker, d.binding_id, b.field)
        ELSE segmentation._may_read_value(asker, d.binding_id, d.word) END,
      NULL::bigint, NULL::text[])::segmentation._attribute
    FROM segmentation._describe_attributes() AS d LEFT JOIN segmentation.binding AS b ON b.id = d.binding_id
    WHERE d.kind <> 'type');
  items := ARRAY(SELECT p FROM unnest(parents) AS p WHERE p.kind <> 'fields');
  SELECT d.* INTO drawn FROM segmentation._customers_drawn() AS d;
  is_small := drawn.is_small;
  FOREACH parent IN ARRAY parents LOOP
    IF parent.kind = 'fields' THEN
      SELECT CASE WHEN parent.readable THEN segmentation._fields_found(b, parent.type, is_small) END INTO found
      FROM segmentation.binding AS b WHERE b.id = parent.binding_id;
      items := items || ARRAY(SELECT f FROM segmentation._names_found(parent, 'field', found, reads, operators, (found ->> 'tuples')::numeric::bigint) AS f);
    ELSIF parent.kind IN ('column', 'lookup') AND parent.type = 'json' THEN
      found := CASE WHEN parent.readable THEN segmentation._keys_found(parent.name, drawn.key_type, is_small, drawn.keys[:drawn.for_keys], drawn.recent[:drawn.for_keys]) END;
      items := items || ARRAY(SELECT f FROM segmentation._names_found(parent, 'key', found, reads, operators, drawn.total) AS f);
    END IF;
  END LOOP;

  IF is_small THEN
    -- Keys were looked at in all customers.
    counts := segmentation._filled_of(ARRAY(SELECT i.name FROM unnest(items) AS i WHERE i.readable AND i.keys IS NULL AND (i.type <> 'json' OR i.kind = 'field')), NULL);
  ELSE
    parents := ARRAY(
      SELECT i FROM unnest(items) AS i
      WHERE i.readable AND i.type <> 'json' AND i.keys IS NULL AND i.kind <> 'field'
        AND (i.binding_id IS NULL OR segmentation._is_quick(i.binding_id))
        AND (i.kind <> 'defined' OR NOT EXISTS (
          SELECT FROM (SELECT DISTINCT r.binding_id FROM unnest(reads) AS r
                       WHERE r.kind = 'attribute' AND r.what = 'needs' AND r.name = i.word) AS r
          WHERE r.binding_id <> 0 AND NOT segmentation._is_quick(r.binding_id))));
    SELECT jsonb_object_agg(f.key, round(f.value::numeric * drawn.total / greatest(cardinality(drawn.keys[:300]), 1))) INTO counts
    FROM jsonb_each(segmentation._filled_of(ARRAY(SELECT p.name FROM unnest(parents) AS p), drawn.keys[:300])) AS f;
  END IF;
  parents := ARRAY(SELECT p FROM unnest(CASE WHEN is_small THEN items ELSE parents END) AS p
                   WHERE p.readable AND p.type <> 'json' AND p.keys IS NULL AND p.kind <> 'field');
  words := segmentation._examples_of(ARRAY(SELECT p.name FROM unnest(parents) AS p), ARRAY(SELECT p.type FROM unnest(parents) AS p),
                                     drawn.key_type, drawn.keys[:CASE WHEN is_small THEN 1000 ELSE 300 END]);
  items := ARRAY(
    SELECT ROW(i.name, i.type, i.kind, i.operators, i.binding_id, i.word, i.keys, i.readable,
      COALESCE(CASE WHEN i.type <> 'json' THEN round(s.share * drawn.total)::bigint END, (counts ->> i.name)::bigint, i.filled),
      COALESCE(s.examples, CASE WHEN words ? i.name THEN ARRAY(SELECT jsonb_array_elements_text(words -> i.name)) END, i.examples))::segmentation._attribute
    FROM unnest(items) AS i
    LEFT JOIN segmentation.binding AS b ON b.id = i.binding_id AND i.kind = 'column' AND i.readable AND NOT drawn.is_small
      AND NOT EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = b.id AND c.name = i.word)
    LEFT JOIN LATERAL segmentation._column_statistics(b.relation, i.word, i.type) AS s ON true);
END $$;

CREATE FUNCTION segmentation._attributes()
RETURNS TABLE (name text, type text, kind text, operators text[], expression text, description text, used_by text[], filled bigint,
               filled_is_exact boolean, examples text[])
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asker oid := segmentation._caller();
  reads segmentation._value_read[];
  found record;
BEGIN
  IF NOT has_table_privilege(asker, 'segmentation.attributes', 'SELECT') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied for view attributes';
  END IF;
  BEGIN
    IF segmentation._reader() IS NOT NULL THEN
      reads := ARRAY(SELECT r::segmentation._value_read FROM segmentation._values_read() AS r);
    END IF;
  EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
    NULL; -- the bindings cannot be loaded
  END;
  IF reads IS NULL THEN
    -- What is defined, and how, is told all the same.
    RETURN QUERY SELECT d.name, NULL::text, 'defined', NULL::text[], d.expression, d.description, NULL::text[], NULL::bigint, NULL::boolean,
                        NULL::text[] FROM segmentation.attribute_definition AS d;
    RETURN;
  END IF;
  SELECT f.* INTO found FROM segmentation._attribute_items(asker, reads) AS f;
  RETURN QUERY
    WITH users AS MATERIALIZED ( -- of a value, of a column with all below it, of a binding
      SELECT r.what, r.binding_id, r.word, r.keys, GROUPING(r.word, r.keys) AS level,
        array_agg(DISTINCT format('%s %s', r.kind, r.name) ORDER BY format('%s %s', r.kind, r.name)) AS names
      FROM unnest(reads) AS r WHERE r.what <> 'needs'
      GROUP BY GROUPING SETS ((r.what, r.binding_id, r.word, r.keys), (r.what, r.binding_id, r.word), (r.what, r.binding_id)))
    SELECT i.name, i.type, CASE WHEN c.name IS NULL THEN i.kind ELSE 'computed' END, i.operators, COALESCE(d.expression, c.expression),
      COALESCE(d.description, CASE i.kind
        WHEN 'set' THEN obj_description(b.relation, 'pg_class')
        WHEN 'column' THEN col_description(b.relation, a.attnum) WHEN 'lookup' THEN col_description(b.relation, a.attnum) END),
      CASE i.kind WHEN 'defined' THEN array_remove(COALESCE(u.names, '{}'), 'attribute ' || i.word) ELSE COALESCE(u.names, '{}') END,
      i.filled, CASE WHEN i.filled IS NOT NULL THEN found.is_small END, i.examples
    FROM unnest(found.items) AS i
    LEFT JOIN users AS u ON u.what = CASE i.kind WHEN 'defined' THEN 'attribute' WHEN 'field' THEN 'field' ELSE 'column' END
      AND u.level = CASE WHEN i.kind = 'set' THEN 3 WHEN i.keys IS NULL THEN 1 ELSE 0 END
      AND COALESCE(u.binding_id, -1) = COALESCE(i.binding_id, -1) AND COALESCE(u.keys, '{}') = COALESCE(i.keys, '{}')
      AND COALESCE(u.word, '') = CASE i.kind WHEN 'set' THEN '' ELSE i.word END
    LEFT JOIN segmentation.binding AS b ON b.id = i.binding_id
    LEFT JOIN segmentation.attribute_definition AS d ON i.kind = 'defined' AND d.name = i.word
    LEFT JOIN segmentation.binding_column AS c ON i.kind IN ('column', 'lookup') AND (c.binding_id, c.name) = (i.binding_id, i.word)
    LEFT JOIN pg_attribute AS a ON a.attrelid = b.relation AND a.attname = i.word AND a.attnum > 0 AND c.name IS NULL
    ORDER BY i.kind, i.name COLLATE "C";
END $$;
COMMENT ON FUNCTION segmentation._attributes() IS 'the rows of view segmentation.attributes, for whoever may read that';
