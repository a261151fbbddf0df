-- What values there are, for view attributes: of a small shop from all its rows, of a large one from PostgreSQL's statistics and a few
-- blocks of each table. All of it is read by the rights of the customers' owner, behind the gate; what a caller may see of it is asked
-- beforehand (_may_read).

-- Types of values are told apart where data are read, as rules read them.
CREATE FUNCTION segmentation._describe_attributes(
  OUT kind text, OUT name text, OUT type text, OUT operators text[], OUT binding_id integer, OUT word text)
  RETURNS SETOF record
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_describe_attributes';
COMMENT ON FUNCTION segmentation._describe_attributes() IS
  'all that rules can name of a customer, each ''defined'', ''column'', ''lookup'' or ''set'', the names of key-value ''fields'', and '
  'each ''type'' of values; type and operators are NULL where one is broken. word is its name in the catalogs. Raises what loading the bindings raises';

CREATE TYPE segmentation._value_read AS (kind text, name text, what text, binding_id integer, word text, keys text[]);
CREATE FUNCTION segmentation._values_read() RETURNS SETOF segmentation._value_read
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_values_read';
COMMENT ON FUNCTION segmentation._values_read() IS
  'what each segment and attribute names: a ''column'' with the keys below it, a ''field'', an ''attribute''; of attributes also the columns '
  'that it ''needs'', with those on the way';

CREATE FUNCTION segmentation._values_needed(names text[]) RETURNS SETOF segmentation._value_read
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_values_needed';
COMMENT ON FUNCTION segmentation._values_needed(text[]) IS
  'the columns that values of a customer ''need'', with those on the way, by what rules call the values; of what cannot be shown, what is ''wrong''';

CREATE FUNCTION segmentation._values_sql(names text[], members text) RETURNS text[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_values_sql';
COMMENT ON FUNCTION segmentation._values_sql(text[], text) IS
  'a SELECT of customers'' keys, "key", and values, "value_1" and so on, and then the names (or expressions of attributes) that it shows; members is a SELECT of the keys of '
  'whom it is asked, empty for all. Rows that the binding''s condition excludes are no customers';

CREATE FUNCTION segmentation._count_filled(names text[], keys text[]) RETURNS bigint[]
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_count_filled';
COMMENT ON FUNCTION segmentation._count_filled(text[], text[]) IS
  'how many customers, of all or of those with these keys, have a value of each name; by the rights of the customers'' owner';

-- Returns whether a role may read columns of a table, and all rows; NULL: all columns.
CREATE FUNCTION segmentation._may_read(asker oid, relation oid, columns text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT has_schema_privilege(asker, c.relnamespace, 'USAGE')
    AND (NOT c.relrowsecurity OR r.rolsuper OR r.rolbypassrls
         OR NOT c.relforcerowsecurity AND pg_has_role(asker, c.relowner, 'USAGE'))
    AND CASE WHEN columns IS NULL THEN has_table_privilege(asker, c.oid, 'SELECT')
             ELSE (SELECT bool_and(COALESCE(has_column_privilege(asker, c.oid, a.attnum, 'SELECT'), false))
                   FROM unnest(columns) AS u(name)
                   LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = u.name AND a.attnum > 0 AND NOT a.attisdropped) END
  FROM pg_class AS c, pg_roles AS r WHERE c.oid = relation AND r.oid = asker;
$$;

-- The same of a column of a binding. A computed one may read the whole row and those of its lookups; members are binding 0.
CREATE FUNCTION segmentation._may_read_value(asker oid, binding_id integer, word text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE beside AS (
    SELECT b.id, b.relation FROM segmentation.binding AS b WHERE b.id = binding_id
    UNION
    SELECT l.id, l.relation FROM beside AS o JOIN segmentation.binding AS l ON l.of_id = o.id AND l.role = 'lookup')
  SELECT CASE
    WHEN binding_id = 0 THEN has_table_privilege(asker, 'segmentation.membership', 'SELECT')
    WHEN EXISTS (SELECT FROM segmentation.binding_column AS c WHERE (c.binding_id, c.name) = (_may_read_value.binding_id, word))
      THEN (SELECT bool_and(segmentation._may_read(asker, o.relation, NULL)) FROM beside AS o)
    ELSE COALESCE((SELECT segmentation._may_read(asker, b.relation, ARRAY[word])
                   FROM segmentation.binding AS b WHERE b.id = binding_id), false) END;
$$;

-- Returns how large a table is by now, with its partitions: blocks, and about how many rows, NULL where nobody has counted any yet; and
-- blocks with those of long values, which stand beside the table.
CREATE FUNCTION segmentation._table_size(relation oid, OUT blocks bigint, OUT tuples double precision, OUT all_blocks bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT COALESCE(sum(s.blocks), 0)::bigint,
         CASE WHEN bool_and(c.relpages > 0 AND c.reltuples >= 0 OR s.blocks = 0)
              THEN COALESCE(sum(s.blocks * (c.reltuples / NULLIF(c.relpages, 0))), 0) END,
         COALESCE(sum(s.blocks + COALESCE(pg_relation_size(NULLIF(c.reltoastrelid, 0)) / s.size, 0)), 0)::bigint
  INTO blocks, tuples, all_blocks
  FROM pg_class AS c, LATERAL (SELECT current_setting('block_size')::integer) AS b(size),
    LATERAL (SELECT b.size, pg_relation_size(c.oid) / b.size AS blocks) AS s
  WHERE c.oid IN (SELECT relation UNION ALL SELECT t.relid FROM pg_partition_tree(relation) AS t) AND c.relkind <> 'p';
END $$;

-- Returns likewise about how many rows there are, looking at some blocks where nobody has counted yet.
CREATE FUNCTION segmentation._estimated_rows(relation oid) RETURNS double precision
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  size record;
BEGIN
  SELECT s.* INTO size FROM segmentation._table_size(relation) AS s;
  RETURN COALESCE(size.tuples, size.blocks * (segmentation._read_as(segmentation._reader(), format(
    'SELECT count(*)::double precision / greatest(count(DISTINCT (r.tableoid, (r.ctid::text::point)[0])), 1) FROM %s AS r TABLESAMPLE SYSTEM (%s)',
    relation::regclass, least(100, 5000.0 / greatest(size.blocks, 1)))))[1]::double precision);
END $$;

-- Returns a FROM clause, of alias t with columns as in `list`, of the row r, and is_recent, over some rows of a table: all of a table of
-- up to `all_blocks` blocks, else about `wanted` rows of blocks drawn by chance, which cost the same however large the table is
-- (TABLESAMPLE SYSTEM), and the last blocks: what was written a minute ago is mostly there. These tell that there is a value, not how
-- frequent it is.
CREATE FUNCTION segmentation._sample_from(relation oid, list text, wanted integer, all_blocks bigint, OUT sql text, OUT is_all boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  size record;
BEGIN
  SELECT s.* INTO size FROM segmentation._table_size(relation) AS s;
  is_all := size.blocks <= all_blocks;
  sql := format('SELECT %s, false AS is_recent FROM %s AS r', list, relation::regclass);
  IF NOT is_all THEN
    -- Rows of one block resemble one another, so there are not too few blocks.
    sql := sql || format(' TABLESAMPLE SYSTEM (%s)',
      least(100, 100 * greatest(50, wanted * size.blocks / greatest(COALESCE(size.tuples, 50.0 * size.blocks), 1)) / greatest(size.blocks, 1))::numeric(9, 6));
    -- By a range of places in a table itself: a partitioned one has no places.
    IF (SELECT c.relkind = 'r' FROM pg_class AS c WHERE c.oid = relation) THEN
      sql := sql || format(' UNION ALL SELECT %s, true FROM %s AS r WHERE r.ctid >= ''(%s,0)''', list, relation::regclass,
                           greatest(size.blocks - 10, 0));
    END IF;
  END IF;
  sql := format('(%s) AS t', sql);
END $$;

-- Returns a query that tells what values there are: of how many `rows`, those of `given`, and an array `values` of {path, filled, seen,
-- kinds, examples}. `source` has each value of each path once: the path of keys that leads to it, its kind (NULL: it is no value), its
-- words (of a list, each of its elements'), and how often it is there, `seen`, and in rows that are not recent, `filled`.
CREATE FUNCTION segmentation._values_told(source text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format($query$
  WITH RECURSIVE %s, counted AS (
    SELECT s.path, sum(s.filled) AS filled, sum(s.seen) AS seen, array_agg(DISTINCT s.kind) AS kinds
    FROM source AS s WHERE s.kind IS NOT NULL GROUP BY s.path ORDER BY seen DESC, s.path LIMIT 200
  ), words AS (
    SELECT s.path, w.word, row_number() OVER (PARTITION BY s.path ORDER BY sum(s.seen) DESC, w.word COLLATE "C") AS at
    FROM source AS s, unnest(s.words) AS w(word) WHERE s.kind IS NOT NULL AND char_length(w.word) <= 100 GROUP BY s.path, w.word
  ), examples AS (
    SELECT w.path, jsonb_agg(w.word ORDER BY w.at) AS words FROM words AS w WHERE w.at <= 5 GROUP BY w.path
  )
  SELECT jsonb_build_object('rows', (SELECT count(*) FROM given AS g WHERE NOT g.is_recent), 'values',
    COALESCE(jsonb_agg(jsonb_build_object('path', c.path, 'filled', c.filled, 'seen', c.seen, 'kinds', c.kinds,
      'examples', COALESCE(e.words, '[]'))), '[]'))
  FROM counted AS c LEFT JOIN examples AS e ON e.path = c.path
  $query$, source);

-- Returns an expression that is 'date' where a text is one, as rules read it. Most are told by their look: reading a date takes longer.
CREATE FUNCTION segmentation._date_or_text(value text, found text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format($kind$CASE WHEN left(%1$s, 5) !~ '^\d{4}-' THEN 'text' WHEN %1$s ~ '^[1-9]\d{3}-(0[1-9]|1[0-2])-([01][1-9]|[12]0|2[1-8])$' THEN 'date'
  WHEN segmentation.json_day(%2$s, 'UTC') IS NULL THEN 'text' ELSE 'date' END$kind$, value, found);

-- Returns an expression for the kind of a jsonb value, NULL where rules find none in it, and one for its words.
CREATE FUNCTION segmentation._json_kind(value text, OUT kind text, OUT words text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format($kind$CASE jsonb_typeof(%1$s) WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'boolean'
      WHEN 'string' THEN %2$s
      WHEN 'array' THEN CASE WHEN segmentation.json_texts(%1$s) = '{}' THEN NULL
        WHEN cardinality(segmentation.json_texts(%1$s)) = cardinality(segmentation.json_numbers(%1$s)) THEN 'list of number'
        ELSE 'list of text' END END$kind$, value, segmentation._date_or_text(value || ' #>> ''{}''', value)),
    format($words$CASE jsonb_typeof(%1$s) WHEN 'array' THEN segmentation.json_texts(%1$s) WHEN 'object' THEN '{}'
      WHEN 'number' THEN ARRAY[trim_scale(%1$s::numeric)::text] ELSE ARRAY[%1$s #>> '{}'] END$words$, value);
$$;

-- Returns the type of values of several kinds.
CREATE FUNCTION segmentation._common_type(kinds text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN cardinality(kinds) = 1 THEN kinds[1]
            WHEN kinds <@ '{list of text,list of number}' THEN 'list of text' ELSE 'mixed' END;

-- Returns what keys there are below a json column and what values they have: of all customers, or of those with these keys.
CREATE FUNCTION segmentation._keys_found(column_name text, key_type text, all_of_them boolean, customers text[], recent text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chosen text := format('%L::text[]::%s[]', customers || recent, key_type);
  kind   record;
BEGIN
  SELECT k.* INTO kind FROM segmentation._json_kind('w.value') AS k;
  RETURN (segmentation._read_as(segmentation._reader(), segmentation._values_told(format($query$
    given AS MATERIALIZED (
      SELECT v.value_1::jsonb AS value, %s AS is_recent FROM (%s) AS v WHERE %s
    ), walked AS (
      SELECT '{}'::text[] AS path, g.value, g.is_recent FROM given AS g
      UNION ALL
      SELECT w.path || e.key, e.value, w.is_recent
      FROM walked AS w, jsonb_each(CASE WHEN jsonb_typeof(w.value) = 'object' THEN w.value ELSE '{}' END) AS e
      WHERE e.key <> '' AND cardinality(w.path) < 10
    ), source AS MATERIALIZED (
      SELECT w.path, %s AS kind, %s AS words, w.filled, w.seen
      FROM (SELECT w.path, w.value, count(*) FILTER (WHERE NOT w.is_recent) AS filled, count(*) AS seen
            FROM walked AS w WHERE w.path <> '{}' AND jsonb_typeof(w.value) NOT IN ('object', 'null') GROUP BY w.path, w.value) AS w)
    $query$,
    CASE WHEN all_of_them THEN 'false' ELSE format('NOT v.key = ANY (%L::text[]::%s[])', customers, key_type) END,
    (segmentation._values_sql(ARRAY[column_name], CASE WHEN all_of_them THEN '' ELSE format('SELECT unnest(%s)', chosen) END))[1],
    CASE WHEN all_of_them THEN 'true' ELSE format('v.key = ANY (%s)', chosen) END,
    kind.kind, kind.words))))[1]::jsonb;
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF; -- the server's own
  RETURN NULL; -- of a computed column, or of type json and not to be read as jsonb
END $$;

-- Returns likewise what names key-value fields have, with about how many rows there are; `type` is that of the column of values. A
-- text is read as whatever it spells. NULL where a column is computed: no sample can be taken of it.
CREATE FUNCTION segmentation._fields_found(bound segmentation.binding, type text, all_of_them boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kind   record;
  sample record;
  answer jsonb;
BEGIN
  IF EXISTS (SELECT FROM segmentation.binding_column AS c
             WHERE c.binding_id = bound.id AND c.name IN (bound.field, bound.value, bound.key)) THEN
    RETURN NULL;
  END IF;
  SELECT s.* INTO sample
  FROM segmentation._sample_from(bound.relation, format('r.%I AS key, r.%I::text AS field, r.%I%s AS value', bound.key, bound.field, bound.value,
    CASE WHEN type = 'json' THEN '::jsonb' WHEN type = 'text' THEN '::text' ELSE '' END), 3000, CASE WHEN all_of_them THEN 2048 ELSE 300 END) AS s;
  IF type = 'json' THEN
    SELECT k.* INTO kind FROM segmentation._json_kind('t.value') AS k;
  ELSIF type = 'text' THEN
    SELECT format($kind$CASE WHEN segmentation.text_number(%1$s) IS NOT NULL THEN 'number'
        WHEN segmentation.text_boolean(%1$s) IS NOT NULL THEN 'boolean' ELSE %2$s END$kind$, 't.value',
        segmentation._date_or_text('t.value', 'to_jsonb(t.value)')) AS kind, 'ARRAY[t.value]' AS words INTO kind;
  ELSE
    SELECT quote_literal(type) AS kind,
      CASE WHEN type LIKE 'list%' THEN 't.value::text[]' ELSE 'ARRAY[to_jsonb(t.value) #>> ''{}'']' END AS words INTO kind;
  END IF;
  answer := (segmentation._read_as(segmentation._reader(), segmentation._values_told(format($query$
    given AS MATERIALIZED (
      SELECT t.* FROM %s
    ), source AS MATERIALIZED (
      SELECT ARRAY[t.field] AS path, %s AS kind, %s AS words, t.filled, t.seen
      FROM (SELECT t.field, t.value, count(*) FILTER (WHERE NOT t.is_recent) AS filled, count(*) AS seen
            FROM given AS t WHERE t.key IS NOT NULL AND t.value IS NOT NULL AND t.field <> '' GROUP BY t.field, t.value) AS t)
    $query$, sample.sql, kind.kind, kind.words))))[1]::jsonb;
  RETURN answer || jsonb_build_object('tuples', CASE WHEN sample.is_all THEN (answer ->> 'rows')::bigint
    ELSE segmentation._estimated_rows(bound.relation) END);
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF; -- the server's own
  RETURN NULL;
END $$;

-- Returns values of customers by what rules call them, the most frequent first: an object with an array of words for each name. Of a
-- list these are its elements. What cannot be computed for all of them is left out.
CREATE FUNCTION segmentation._examples_of(names text[], types text[], key_type text, customers text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chosen text := format('%L::text[]::%s[]', customers, key_type);
  half   integer := cardinality(names) / 2;
  given  text[];
  words  text;
  answer jsonb := '{}';
BEGIN
  given := segmentation._values_sql(names, format('SELECT unnest(%s)', chosen));
  SELECT string_agg(format('(%L, %s)', u.name, format(
    CASE WHEN types[array_position(names, u.name)] LIKE 'list%' THEN 'v.value_%s::text[]'
         WHEN types[array_position(names, u.name)] = 'text' THEN 'ARRAY[v.value_%s::text]'
         WHEN types[array_position(names, u.name)] = 'number' THEN 'ARRAY[trim_scale(v.value_%s::numeric)::text]'
         ELSE 'ARRAY[to_jsonb(v.value_%s) #>> ''{}'']' END, u.n)), ', ')
  INTO words FROM unnest(given[2:]) WITH ORDINALITY AS u(name, n);
  IF words IS NULL THEN RETURN answer; END IF;
  RETURN COALESCE((segmentation._read_as(segmentation._reader(), format($query$
    WITH v AS MATERIALIZED (SELECT v.* FROM (%s) AS v WHERE v.key = ANY (%s)),
    words AS (
      SELECT x.name, w.word, row_number() OVER (PARTITION BY x.name ORDER BY count(*) DESC, w.word COLLATE "C") AS at
      FROM v, LATERAL (VALUES %s) AS x(name, words), unnest(x.words) AS w(word)
      WHERE w.word NOT IN ('NaN', 'Infinity', '-Infinity', 'infinity', '-infinity') AND char_length(w.word) <= 100 GROUP BY x.name, w.word)
    SELECT jsonb_object_agg(g.name, g.words)
    FROM (SELECT w.name, jsonb_agg(w.word ORDER BY w.at) AS words FROM words AS w WHERE w.at <= 5 GROUP BY w.name) AS g
    $query$, given[1], chosen, words)))[1]::jsonb, answer);
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF; -- the server's own
  -- One of them is to blame, or there are more than a SELECT can have; the others are told.
  IF half = 0 THEN RETURN answer; END IF;
  RETURN segmentation._examples_of(names[:half], types[:half], key_type, customers)
    || segmentation._examples_of(names[half + 1:], types[half + 1:], key_type, customers);
END $$;

-- Returns by name how many customers have a value, of all (NULL) or of some; what cannot be computed is left out.
CREATE FUNCTION segmentation._filled_of(names text[], customers text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  half integer := cardinality(names) / 2;
BEGIN
  RETURN COALESCE((SELECT jsonb_object_agg(u.name, u.filled)
                   FROM unnest(names, segmentation._count_filled(names, customers)) AS u(name, filled)), '{}');
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF; -- the server's own
  IF half = 0 THEN RETURN '{}'; END IF;
  RETURN segmentation._filled_of(names[:half], customers) || segmentation._filled_of(names[half + 1:], customers);
END $$;

-- Returns what PostgreSQL's statistics say of a column: the share of rows with a value, and the most common ones, NULL where it
-- knows of none; no row where there are no statistics.
CREATE FUNCTION segmentation._column_statistics(relation oid, column_name text, type text, OUT share double precision, OUT examples text[])
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' AS $$
  SELECT 1 - s.null_frac, (
    SELECT array_agg(w.word ORDER BY u.at)
    FROM unnest(CASE WHEN type LIKE 'list%' THEN s.most_common_elems ELSE s.most_common_vals END::text::text[]) WITH ORDINALITY AS u(value, at),
      LATERAL (SELECT CASE -- as the language writes them
        WHEN type = 'boolean' THEN CASE u.value WHEN 't' THEN 'true' WHEN 'f' THEN 'false' ELSE u.value END
        WHEN type = 'date' THEN replace(u.value, ' ', 'T')
        WHEN type = 'number' AND u.value ~ '\.' THEN trim_scale(u.value::numeric)::text
        WHEN type = 'text' AND segmentation._stored_type(relation, column_name) = 'bpchar'::regtype THEN rtrim(u.value, ' ')
        ELSE u.value END AS word) AS w
    WHERE u.at <= 5 AND char_length(u.value) <= 100 AND CASE type WHEN 'date' THEN u.value ~ '^\d{4}-.*\d$' ELSE type <> 'number' OR u.value ~ '\d$' END
      -- Others print differently from what rules read: money, inet, floating-point numbers.
      AND segmentation._stored_type(relation, column_name) = ANY (
        '{smallint,integer,bigint,numeric,boolean,text,varchar,character,uuid,date,timestamp,timestamptz}'::regtype[]))
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = column_name
  WHERE c.oid = relation ORDER BY s.inherited DESC LIMIT 1;
$$;
