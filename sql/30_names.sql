-- Names: what they may be, which known ones are near to one that nobody knows, and how a key is read from
-- text. Knows no binding and no segment beyond their names.

-- Returns the least number of single-character changes that make b of a (Levenshtein 1966).
CREATE FUNCTION segmentation._edit_distance(a text, b text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  columns  text[] := string_to_array(b, NULL);
  width    integer := char_length(b);
  previous integer[] := ARRAY(SELECT generate_series(0, char_length(b)));
  this     integer[];
  letter   text;
  line     integer := 0;
BEGIN
  FOREACH letter IN ARRAY string_to_array(a, NULL) LOOP
    line := line + 1;
    this := ARRAY[line];
    FOR i IN 1 .. width LOOP
      this := this || LEAST(this[i] + 1, previous[i + 1] + 1,
                            previous[i] + CASE WHEN columns[i] = letter THEN 0 ELSE 1 END);
    END LOOP;
    previous := this;
  END LOOP;
  RETURN previous[width + 1];
END $$;

-- Returns a hint: the known names nearest to an unknown one, or else the first known names, or else
-- `otherwise`.
CREATE FUNCTION segmentation._name_hint(unknown text, known text[], otherwise text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  near text[];
BEGIN
  near := ARRAY(SELECT format('"%s"', n.name)
                FROM (SELECT k.name,
                             segmentation._edit_distance(segmentation._fold(left(k.name, 63)),
                                                         segmentation._fold(left(unknown, 63))) AS distance
                      FROM unnest(known[1:500]) AS k(name)) AS n
                WHERE n.distance <= (char_length(unknown) + 2) / 3
                ORDER BY n.distance, n.name
                LIMIT 3);
  IF near <> '{}' THEN
    RETURN format(CASE WHEN cardinality(near) = 1 THEN 'The nearest name is %s.'
                                  ELSE 'The nearest names are %s.' END,
                             array_to_string(near, ', '));
  END IF;
  IF cardinality(known) > 0 THEN
    RETURN format('Known names are %s%s.',
                             (SELECT string_agg(format('"%s"', k.name), ', ' ORDER BY k.at)
                              FROM unnest(known[1:20]) WITH ORDINALITY AS k(name, at)),
                             CASE WHEN cardinality(known) > 20 THEN ' and others' ELSE '' END);
  END IF;
  RETURN otherwise;
END $$;

-- Raises unless a name may be given: 22004 none, 42602 blank, 42622 too long, 42939 a word of the rule
-- language. Names of bindings and columns become identifiers in SQL, so they must fit one.
CREATE FUNCTION segmentation._check_name(kind text, name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  identifier boolean := kind IN ('binding', 'column');
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('%s name must not be null', kind),
      HINT = format('Give the %s a name.', kind);
  END IF;
  IF btrim(name, E' \t\r\n') = '' THEN
    RAISE EXCEPTION USING ERRCODE = '42602', MESSAGE = format('%s name must not be blank', kind),
      HINT = format('Give the %s a name.', kind);
  END IF;
  IF identifier AND octet_length(name) > 63 THEN
    RAISE EXCEPTION USING ERRCODE = '42622',
      MESSAGE = format('%s name "%s..." is too long', kind, left(name, 20)),
      HINT = 'Such a name may have at most 63 bytes.';
  ELSIF char_length(name) > 255 THEN
    RAISE EXCEPTION USING ERRCODE = '42622',
      MESSAGE = format('%s name "%s..." is too long', kind, left(name, 20)),
      HINT = 'A name may have at most 255 characters.';
  END IF;
  -- Of the functions only age is a name, too: the customer's age is a usual word.
  IF kind IN ('binding', 'attribute', 'source') AND NOT (kind = 'attribute' AND segmentation._fold(name) = 'age') AND segmentation._fold(name) = ANY (
      '{age,all,and,anniversary,any,asc,avg,between,by,by_hand,contains,count,customer,customer_within_distance,customers,
        desc,distinct,ends,
        false,first,from,in,is,last,last_month,last_quarter,last_week,last_year,limit,list,matches,max,memberships,
        min,mode,not,not_matches,null,or,order,segments,show,starts,storefront_event,sum,this_month,
        this_quarter,this_week,this_year,today,tomorrow,true,where,with,yesterday}'::text[]) THEN
    RAISE EXCEPTION USING ERRCODE = '42939',
      MESSAGE = format('"%s" is a word of the rule language', name),
      HINT = format('Choose another name for the %s.', kind);
  END IF;
  -- What a rule drops or reads as something else at the head of a name cannot begin one.
  IF kind IN ('binding', 'attribute', 'source') AND segmentation._fold(name) ~ '^(customers?|storefront_event)[.]' THEN
    RAISE EXCEPTION USING ERRCODE = '42939',
      MESSAGE = format('%s name "%s" begins with a word of the rule language', kind, name),
      DETAIL = 'In rules "customer." may stand before every attribute, and "storefront_event." is "storefront.".',
      HINT = format('Choose another name for the %s.', kind);
  END IF;
END $$;

-- Returns the name of the list of a tree's names: its own, or that of the links to it, and .path.
CREATE FUNCTION segmentation._path_name(tree text, of_id integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((SELECT b.name FROM segmentation.binding AS b WHERE b.id = of_id AND b.role = 'set'), tree) || '.path';

-- Raises 42710 where a binding, an attribute or a source has the name already: they are words of one language. `kind`
-- is what the name is wanted for.
CREATE FUNCTION segmentation._check_name_is_free(kind text, name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken record;
BEGIN
  SELECT w.kind, w.name INTO taken
  FROM (SELECT 'binding' AS kind, b.name FROM segmentation.binding AS b
        UNION ALL
        SELECT 'binding', segmentation._path_name(b.name, b.of_id) FROM segmentation.binding AS b WHERE b.parent IS NOT NULL
        UNION ALL
        SELECT 'attribute', a.name FROM segmentation.attribute_definition AS a
        UNION ALL
        SELECT 'source', s.name FROM segmentation.source_definition AS s) AS w
  WHERE segmentation._fold(w.name) = segmentation._fold(_check_name_is_free.name);
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('%s "%s" already exists', taken.kind, taken.name),
      HINT = CASE WHEN taken.kind <> _check_name_is_free.kind THEN 'Choose another name.'
                  WHEN taken.name = 'customers' THEN 'Say replace => true to bind them anew.'
                  ELSE 'Choose another name, or say replace => true.' END;
  END IF;
END $$;

-- Returns a whole number that fits bigint, or NULL where the text is none.
CREATE FUNCTION segmentation._bigint_of(value text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN value ~ '^\s*[-+]?[0-9]{1,30}\s*$'
            THEN CASE WHEN value::numeric >= -9223372036854775808
                       AND value::numeric <= 9223372036854775807
                      THEN value::numeric::int8 END END;

-- Returns a uuid, or NULL where the text is none.
CREATE FUNCTION segmentation._uuid_of(value text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN value ~ '^(([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}|\{([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\})$'
            THEN value::uuid END;

-- Returns the type of the customers' key as members are stored, or NULL before customers are bound.
CREATE FUNCTION segmentation._key_type() RETURNS regtype
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT a.atttypid::regtype
        FROM pg_attribute AS a
        WHERE a.attrelid = to_regclass('segmentation.membership')::oid
          AND a.attname = 'customer_id'::name);
