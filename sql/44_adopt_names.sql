-- What names of tables and columns say, for adopt: introspection of a schema. Knows the catalogs, and reads rows only to tell
-- whether a column refers to a table where no foreign key says so.

-- Returns a name, or a value, as the rule language has it.
CREATE FUNCTION segmentation._rule_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN '"' || replace(name, '"', '""') || '"';
CREATE FUNCTION segmentation._rule_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN '''' || replace(replace(value, '\', '\\'), '''', '''''') || '''';

-- Returns the condition that a mark is set, or not: an instant, true, or a 1, by the sort of the column. What is missing is not set.
CREATE FUNCTION segmentation._rule_mark(name text, sort text, is_set boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN segmentation._rule_name(name) || CASE sort WHEN 'time' THEN CASE WHEN is_set THEN ' IS NOT NULL' ELSE ' IS NULL' END
  ELSE CASE WHEN is_set THEN ' = ' ELSE ' != ' END || CASE sort WHEN 'boolean' THEN 'true' ELSE '1' END END;

-- Returns a name as words: lower case, joined by "_", whatever its style (camelCase, "With spaces").
CREATE FUNCTION segmentation._words_of(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN btrim(regexp_replace(lower(regexp_replace(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1_\2', 'g')
         COLLATE "C"), '[^[:alnum:]]+', '_', 'g'), '_');

-- Returns words with each of them in the singular.
CREATE FUNCTION segmentation._singular(words text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(CASE WHEN w.word = 'people' THEN 'person'
                               WHEN w.word ~ '..ies$' THEN left(w.word, -3) || 'y'
                               WHEN w.word ~ '(ss|us|x|sh)es$' THEN left(w.word, -2)
                               WHEN w.word ~ '..s$' AND w.word !~ '(ss|us|is)$' THEN left(w.word, -1)
                               ELSE w.word END, '_' ORDER BY w.n)
        FROM unnest(string_to_array(words, '_')) WITH ORDINALITY AS w(word, n));

-- Returns the tables of a schema with their names in the singular, without a prefix that most have (shop_, tbl) or, where some are called so (order_order),
-- the application that they are of, and whether the role owns them. Partitions and children are parts of others.
CREATE FUNCTION segmentation._adopt_tables(schema name, role oid, OUT relation regclass, OUT words text, OUT owned boolean)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH named AS (
    SELECT c.oid, regexp_replace(segmentation._singular(segmentation._words_of(c.relname)), '^(tbl|tb|t)_|^tbl', '') AS words,
           pg_has_role(role, c.relowner, 'USAGE') AS owned
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhrelid, i.inhparent) AND c.relkind = 'r')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ), prefix AS (
    SELECT split_part(m.words, '_', 1) AS word FROM named AS m
    WHERE m.words ~ '_' AND split_part(m.words, '_', 1) !~ '^(customer|client|user|order|product|item|cart|address)$'
    GROUP BY 1 HAVING count(*) >= 3 AND count(*) * 3 >= (SELECT count(*) * 2 FROM named)
  ), twice AS (
    SELECT split_part(m.words, '_', 1) AS word FROM named AS m WHERE m.words ~ '^([^_]+)_\1$'
  ), app AS (
    TABLE twice UNION ALL SELECT w FROM unnest('{account,auth,catalogue}'::text[]) AS w WHERE EXISTS (TABLE twice)
  )
  SELECT m.oid::regclass, COALESCE((SELECT substr(m.words, char_length(p.word) + 2) FROM (TABLE prefix UNION TABLE app) AS p
                                    WHERE starts_with(m.words, p.word || '_') LIMIT 1), m.words), m.owned
  FROM named AS m ORDER BY m.oid;
$$;

-- Returns how well a table's name fits a role, 0 for not at all.
CREATE FUNCTION segmentation._adopt_score(role text, words text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((SELECT max(w.score) FROM (VALUES
    ('customers', 10, '^(shop|store|web)?customer(entity|account)?$'),
    ('customers', 9, '^(client|shopper|buyer|consumer)$'),
    ('customers', 6, '^((site|app|web|shop|end)?user(account)?|member)$'),
    ('customers', 5, '^(account|contact|person)$'),
    ('orders', 10, '^((customer|sale|shop|store|web)?order(header|entity)?)$'),
    ('orders', 7, '^(purchase|sale)$'),
    ('orders', 6, '^(invoice|receipt)$'),
    ('items', 10, '^((sale|customer)?order|purchase|sale|invoice)(item|line|lineitem|detail|position|row|entry|product)$|^lineitem$'),
    ('items', 7, '(item|line|detail|position|row|entry)$'),
    ('product', 10, '^(shop|catalog)?product(entity)?$'),
    ('product', 7, '^(item|article|good|sku|stockitem)$'),
    ('variant', 10, '^(product)?variant$'),
    ('variant', 7, '^(sku|productsku|productoption)$'),
    ('category', 10, '^(product|shop)?category$'),
    ('category', 7, '^(department|collection|productgroup|section)$'),
    ('brand', 10, '^(product)?brand$'),
    ('brand', 7, '^(manufacturer|maker)$'),
    ('payments', 10, '^(order|shop)?payment$'),
    ('payments', 7, '^(order|payment)?transaction$'),
    ('refunds', 10, '^(order|payment)?refund$'),
    ('refunds', 7, '^(creditmemo|creditnote)$'),
    ('addresses', 10, '^(customer|client|user|shop)?address(book|entry)?$'),
    ('carts', 10, '^(shopping|abandoned)?(cart|basket)$'),
    ('carts', 9, '^(abandoned)?checkout$'),
    ('carts', 7, '^quote$'),
    ('page_views', 10, '^(page|product)view(ed)?$'),
    ('page_views', 7, '^(page|site)?visit$|^view$|^pagehit$|^(storefront|browsing)event$|^productvisit$'),
    ('subscriptions', 10, '^(customer|newsletter|channel|marketing)?subscription$'),
    ('subscriptions', 7, '^newsletter(subscriber)?$|^subscriber$|^channel$|^(marketing)?consent$'),
    ('store_credit', 10, '^(customer|client|user)?(storecredit|creditaccount|storecreditaccount|wallet)$'),
    ('email_events', 10, '^(customer|user|campaign|newsletter|marketing)?e?mail(event|activity)$|^(campaign|newsletter)event$'),
    ('companies', 10, '^(customer|client|user)company(link|map)?$|^company(customer|client|user|contact|member)$'),
    ('companies', 7, '^company$'),
    ('company', 10, '^(customer|client|user|shop)?company$'),
    ('company', 7, '^organi[sz]ation$'),
    ('fields', 10, '^(customer|client|user|shop)?(extra|custom|meta)(field|data|value)(value)?$'),
    ('fields', 9, '^(customer|client|user)(field|meta|attribute|property|param|option|setting)(value)?$'),
    ('fields', 7, '^(field|attribute|property)(value)?$'),
    ('customer_tags', 10, '^(customer|client|user)(tag|label)(link|map|customer|assignment)?$|^tag(customer|client|user)$'),
    ('customer_tags', 7, '(tag|label)'),
    ('customer_groups', 10, '^(customer|client|user)group(member|membership|customer|link|map|assignment)?$|^(customer|client|user)customergroup$'),
    ('customer_groups', 7, 'group'),
    ('interests', 10, '^(customer|client|user)?interest(customer|link)?$'),
    ('product_tags', 10, '^(product|article|item)(tag|label)(link|map|assignment|product)?$|^tag(product|article|item)$'),
    ('product_tags', 7, '(tag|label)'),
    ('product_categories', 10, '^(product|article|item|category)?(product|article|item|category)(category|product|article|item)(link|map|assignment)?$'),
    ('product_categories', 7, 'categor|collection'),
    ('tag', 10, '^(customer|client|user|product|shop)?(tag|label)$'),
    ('group', 10, '^(customer|client|user|shop)?(group|segment)$'),
    ('interest', 10, '^interest$')
  ) AS w(role, score, pattern) WHERE w.role = _adopt_score.role AND replace(words, '_', '') ~ w.pattern), 0);

-- Returns the columns of a table with their names as words, also without the table's own name in front (customer_email), and what sort
-- of values they have. Those generated when they are read are none.
CREATE FUNCTION segmentation._adopt_columns(relation regclass, OUT name name, OUT words text, OUT short text, OUT sort text, OUT fits boolean)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname, replace(w.words, '_', ''), replace(regexp_replace(w.words, '^' || o.word || '_?(?=.)', ''), '_', ''),
         CASE WHEN t.typtype = 'e' THEN 'text'
              WHEN t.typcategory = 'S' OR f.family IN ('text', 'character') THEN 'text'
              WHEN f.family = 'integer' THEN 'integer'
              WHEN f.family IN ('numeric', 'double precision', 'real', 'money') THEN 'number'
              WHEN f.family IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN 'time'
              WHEN f.family IN ('json', 'jsonb') THEN 'json'
              ELSE f.family END, NOT a.attnotnull
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_class AS c ON c.oid = a.attrelid,
    LATERAL (SELECT segmentation._type_family(a.atttypid) AS family) AS f,
    LATERAL (SELECT segmentation._words_of(a.attname) AS words) AS w,
    LATERAL (SELECT regexp_replace(segmentation._singular(segmentation._words_of(c.relname)), '^(.*_)?(tbl)?([^_]+)$', '\3') AS word) AS o
  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
  ORDER BY a.attnum;
$$;

-- Returns the column that is meant by the first of `tiers` that any column fits ("total|total_amount"), and where several do, these as
-- rivals instead. A hint is the column's own name; one that there is no column for is told.
CREATE FUNCTION segmentation._adopt_column(relation regclass, sorts text[], tiers text[], hint text, OUT name name, OUT rivals text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tier  text;
  hit text[];
BEGIN
  IF hint IS NOT NULL THEN
    SELECT c.name INTO name FROM segmentation._adopt_columns(relation) AS c WHERE c.name = hint;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = format('column "%s" of %s does not exist', hint, relation),
        HINT = segmentation._name_hint(hint, ARRAY(SELECT c.name::text FROM segmentation._adopt_columns(relation) AS c), 'The table has no columns.');
    END IF;
    RETURN;
  END IF;
  FOREACH tier IN ARRAY tiers LOOP
    hit := ARRAY(SELECT c.name FROM segmentation._adopt_columns(relation) AS c, unnest(string_to_array(tier, '|')) AS w(word)
                   WHERE c.sort = ANY (sorts) AND replace(w.word, '_', '') IN (c.words, c.short) GROUP BY c.name);
    IF hit <> '{}' THEN
      IF cardinality(hit) = 1 THEN name := hit[1]; ELSE rivals := hit; END IF;
      RETURN;
    END IF;
  END LOOP;
END $$;

-- Returns the role by whose rights a table's rows are looked at: its owner, where the caller is one of his; else NULL, and nothing is read.
CREATE FUNCTION segmentation._adopt_reader(relation regclass) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.relowner FROM pg_class AS c WHERE c.oid = relation AND pg_has_role(segmentation._caller(), c.relowner, 'USAGE'));

-- Returns the share of the first 1,000 values in 100,000 rows of a column that are values of another one, NULL where there are none, or where
-- whose the other is may not read them.
CREATE FUNCTION segmentation._adopt_share(child regclass, child_column name, parent regclass, parent_column name) RETURNS numeric
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader oid;
BEGIN
  SELECT segmentation._adopt_reader(parent) INTO reader FROM pg_class AS p, pg_class AS c
  WHERE p.oid = parent AND c.oid = child AND has_table_privilege(p.relowner, c.oid, 'SELECT') AND has_table_privilege(p.relowner, p.oid, 'SELECT')
    AND has_schema_privilege(p.relowner, c.relnamespace, 'USAGE') AND has_schema_privilege(p.relowner, p.relnamespace, 'USAGE')
    AND NOT c.relrowsecurity AND NOT p.relrowsecurity;
  IF segmentation._adopt_reader(child) IS NULL THEN RETURN NULL; END IF;
  RETURN (segmentation._read_as(reader, format('SELECT count(p.v)::numeric / NULLIF(count(*), 0) FROM (SELECT c.v FROM (SELECT c.%1$I AS v FROM %2$s AS c LIMIT 100000) AS c '
    'WHERE c.v IS NOT NULL LIMIT 1000) AS s LEFT JOIN LATERAL (SELECT p.%4$I AS v FROM %3$s AS p WHERE p.%4$I = s.v LIMIT 1) AS p ON true',
    child_column, child, parent, parent_column)))[1]::numeric;
END $$;

-- Returns the column by which rows of one table refer to those of another, and how that is known: by a foreign key, or else by its name
-- and type, and the rows do not belie it. Where several columns could be it they are rivals instead.
CREATE FUNCTION segmentation._adopt_reference(child regclass, parent regclass, parent_words text[], hint text,
  OUT key name, OUT parent_key name, OUT how text, OUT rivals text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hit record;
  words text[];
  share numeric;
  named boolean;
BEGIN
  words := ARRAY(SELECT replace(w, '_', '') FROM unnest(parent_words) AS w);
  parent_key := segmentation._primary_key(parent);
  IF hint IS NOT NULL THEN
    key := (segmentation._adopt_column(child, NULL, NULL, hint)).name;
    how := format('its %I, as the hint says', key);
  END IF;
  FOR hit IN
    SELECT a.attname AS column_name, p.attname AS parent_column,
           regexp_replace(replace(segmentation._words_of(a.attname), '_', ''), '^(id|fk)|(id|key|no|number|uuid|ref|fk|code)$', '', 'g') = ANY (words) AS named
    FROM pg_constraint AS f JOIN pg_attribute AS a ON a.attrelid = child AND a.attnum = f.conkey[1]
      JOIN pg_attribute AS p ON p.attrelid = parent AND p.attnum = f.confkey[1]
    WHERE f.contype = 'f' AND f.conrelid = child AND f.confrelid = parent AND cardinality(f.conkey) = 1 AND (hint IS NULL OR a.attname = hint)
    GROUP BY 1, 2, 3 ORDER BY named DESC, 1
  LOOP
    IF how IS NULL THEN
      key := hit.column_name; parent_key := hit.parent_column;
      how := format('its foreign key %I', key);
      named := hit.named;
    ELSIF named AND NOT hit.named THEN EXIT;
    ELSIF hint IS NOT NULL THEN parent_key := hit.parent_column;
    ELSE rivals := COALESCE(rivals, ARRAY[key::text]) || hit.column_name::text;
    END IF;
  END LOOP;
  IF rivals IS NOT NULL THEN key := NULL; how := NULL; END IF;
  IF how IS NOT NULL OR rivals IS NOT NULL OR parent_key IS NULL OR child = parent THEN RETURN; END IF;
  FOR hit IN
    SELECT a.attname AS column_name FROM pg_attribute AS a JOIN pg_attribute AS p ON p.attrelid = parent AND p.attname = parent_key
    WHERE a.attrelid = child AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
      AND segmentation._type_family(a.atttypid) = segmentation._type_family(p.atttypid)
      AND regexp_replace(replace(segmentation._words_of(a.attname), '_', ''), '^(id|fk)|(id|key|no|number|uuid|ref|fk|code)$', '', 'g') = ANY (words)
      -- A foreign key that says otherwise is believed.
      AND NOT EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conrelid = child AND a.attnum = ANY (f.conkey) AND f.confrelid <> parent)
    ORDER BY a.attnum
  LOOP
    share := segmentation._adopt_share(child, hit.column_name, parent, parent_key);
    CONTINUE WHEN share < 0.5;
    IF key IS NOT NULL THEN
      rivals := COALESCE(rivals, ARRAY[key::text]) || hit.column_name::text;
    END IF;
    key := hit.column_name;
    how := format('the name of its %I%s', key, CASE WHEN share IS NOT NULL THEN
      format(', %s %% of whose first 1,000 values are there', round(share * 100)) ELSE ' (it has no rows to look at)' END);
  END LOOP;
  IF rivals IS NOT NULL THEN key := NULL; how := NULL; END IF;
END $$;
