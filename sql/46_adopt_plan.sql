-- The plan of adopt: what is to be bound, in the order in which it must be. It reads catalogs, and bounded pieces of tables.

-- Adds to a set what its values are: a column of its own, or by a link the text of a second table; without either it is left out.
CREATE FUNCTION segmentation._adopt_values(step segmentation._adopted, target_role text, words text, schema name, tables jsonb, hints jsonb)
RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target segmentation._adopted;
  item   record;
BEGIN
  IF step.kind IS NOT NULL THEN RETURN step; END IF;
  step.kind := 'set';
  step.condition := segmentation._adopt_alive(step.relation);
  target := segmentation._adopt_find(target_role, schema, tables, hints, step.relation, NULL, ARRAY[step.relation], true);
  IF target.relation IS NOT NULL AND target.kind IS NULL THEN
    SELECT c.* INTO item FROM segmentation._adopt_column(target.relation, '{text}', ARRAY[words || '|name|title|label', 'value|code'],
      hints ->> (step.name || '.value')) AS c;
    IF item.name IS NOT NULL THEN
      step.via := target.key; step.target := target.relation; step.value := item.name;
      step.condition := NULLIF(concat_ws(' AND ', step.condition,
        segmentation._adopt_alive(target.relation, format('"%s.target".', replace(step.name, '"', '""')))), '');
      step.reason := step.reason || format('; its %I leads to %s, whose %I are the values', step.via, step.target, step.value);
      IF step.name = 'product_categories' THEN
        step.field := segmentation._adopt_parent(step.target);
        step.reason := step.reason || COALESCE(' and whose ' || quote_ident(step.field) || ' refers to the one above', '');
      END IF;
      RETURN step;
    END IF;
  ELSIF target.kind IS NOT NULL THEN
    step.kind := target.kind;
    step.reason := target.reason;
    RETURN step;
  END IF;
  SELECT c.* INTO item FROM segmentation._adopt_column(step.relation, '{text}', ARRAY[words, 'name|value|title|label'], hints ->> (step.name || '.value')) AS c;
  step.value := item.name;
  IF item.name IS NULL THEN
    step.kind := 'left out';
    step.reason := format('which column of %s has the values is not clear; say {"%s.value": "..."}', step.relation, step.name);
  ELSE
    step.reason := step.reason || format('; its %I are the values', item.name);
  END IF;
  RETURN step;
END $$;

-- Returns the column by which categories refer to those above them.
CREATE FUNCTION segmentation._adopt_parent(relation regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.name FROM segmentation._adopt_column(relation, '{integer,text,uuid}',
    ARRAY['parent_id|parent_category_id|parent|parent_category|id_parent|parent_key'], NULL) AS c
  JOIN pg_attribute AS p ON p.attrelid = relation AND p.attname = c.name
  JOIN pg_attribute AS k ON k.attrelid = relation AND k.attname = segmentation._primary_key(relation)
  WHERE segmentation._type_family(p.atttypid) = segmentation._type_family(k.atttypid));

-- Returns the steps. What is bound already, by people or by an earlier run, is what the rest is hung on; it is kept.
CREATE FUNCTION segmentation._adopt_plan(schema name, caller oid, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step   segmentation._adopted;
  item   record;
  kept   segmentation.binding;
  taken  regclass[] := '{}';
  -- The tables that others hang on, by role.
  place  jsonb := '{}';
  tables jsonb := COALESCE((SELECT jsonb_object_agg(t.relation::oid::text, t.words) FROM segmentation._adopt_tables(schema, caller) AS t WHERE t.owned), '{}');
  names  jsonb := '{}';
  hit  record;
  parent regclass;
BEGIN
  FOR item IN
    SELECT r.* FROM (VALUES
      ('customers', NULL, 'customers'), ('orders', 'customers', 'source'), ('items', 'orders', 'source'), ('variant', 'items', 'lookup'),
      ('product', 'items', 'lookup'), ('category', 'product', 'lookup'), ('brand', 'product', 'lookup'),
      ('payments', 'orders', 'source'), ('refunds', 'orders', 'source'), ('addresses', 'customers', 'source'), ('carts', 'customers', 'source'),
      ('page_views', 'customers', 'source'), ('subscriptions', 'customers', 'source'), ('store_credit', 'customers', 'source'), ('email_events', 'customers', 'source'),
      ('fields', 'customers', 'fields'), ('customer_tags', 'customers', 'set'),
      ('customer_groups', 'customers', 'set'), ('customer_group', 'customers', 'lookup'), ('interests', 'customers', 'set'), ('product_tags', 'product', 'set'),
      ('product_categories', 'product', 'set'), ('companies', 'customers', 'set'), ('company', 'customers', 'lookup')) AS r(role, parent, kind)
  LOOP
    parent := (place ->> item.parent)::oid;
    CONTINUE WHEN item.parent IS NOT NULL AND parent IS NULL AND item.role <> 'product';
    -- A product may hang on the line's variant.
    IF item.role = 'product' AND place ? 'variant' THEN
      item.parent := 'variant';
      parent := (place ->> 'variant')::oid;
    END IF;
    CONTINUE WHEN item.parent IS NOT NULL AND parent IS NULL;
    SELECT b.* INTO kept FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = item.role;
    IF FOUND THEN
      step := segmentation._adopt_note(kept.name, 'kept', kept.relation, 'it is bound already', names ->> item.parent);
      step.date := kept.date; step.key := kept.key;
      step.condition := kept.condition;
    ELSE
      step := CASE item.role
        WHEN 'customers' THEN segmentation._adopt_find_customers(schema, tables, hints)
        WHEN 'customer_group' THEN CASE WHEN NOT place ? 'customer_groups' THEN
          segmentation._adopt_find('group', schema, tables, hints, parent, NULL, taken, true) END
        WHEN 'product_categories' THEN CASE WHEN NOT place ? 'category' THEN segmentation._adopt_find(item.role, schema, tables, hints, parent,
          segmentation._adopt_words_of(parent, 'product', tables), taken) END
        ELSE segmentation._adopt_find(item.role, schema, tables, hints, parent,
          segmentation._adopt_words_of(parent, CASE item.parent WHEN 'customers' THEN 'customer' WHEN 'orders' THEN 'order' ELSE item.parent END, tables),
          taken, item.kind = 'lookup') END;
      CONTINUE WHEN step.relation IS NULL AND step.kind IS NULL;
      step.name := item.role;
      step.parent := names ->> item.parent;
      SELECT b.* INTO kept FROM segmentation.binding AS b JOIN segmentation.binding AS p ON p.id = b.of_id
      WHERE b.relation = step.relation AND p.name = step.parent AND b.role = item.kind AND step.kind IS NULL ORDER BY b.id LIMIT 1;
      IF FOUND THEN
        step := segmentation._adopt_note(kept.name, 'kept', kept.relation, format('it is bound already, as "%s"', kept.name), step.parent);
        step.date := kept.date; step.key := kept.key;
        step.condition := kept.condition;
      END IF;
    END IF;
    IF step.kind = 'kept' AND item.kind NOT IN ('lookup', 'set') AND step.condition IS NULL THEN
      step.reason := step.reason || COALESCE('; its rows would count only where ' || segmentation._adopt_alive(step.relation), '');
    END IF;
    IF step.kind IS NULL THEN
      IF item.kind = 'set' THEN
        step := segmentation._adopt_values(step, CASE item.role WHEN 'customer_groups' THEN 'group' WHEN 'interests' THEN 'interest'
            WHEN 'product_categories' THEN 'category' WHEN 'companies' THEN 'company' ELSE 'tag' END,
          CASE item.role WHEN 'customer_groups' THEN 'group|group_name' WHEN 'interests' THEN 'interest' WHEN 'product_categories' THEN 'category'
            WHEN 'companies' THEN 'company|company_name' ELSE 'tag' END,
          schema, tables, hints);
      ELSE
        step.kind := item.kind;
        -- Categories with names are a tree where they refer to one another: field is the reference.
        IF item.role = 'category' THEN
          SELECT c.name INTO step.value FROM segmentation._adopt_column(step.relation, '{text}', ARRAY['name|title|label'], hints ->> 'category.name') AS c;
          step.field := CASE WHEN step.value IS NOT NULL THEN segmentation._adopt_parent(step.relation) END;
          step.reason := step.reason || COALESCE('; its ' || quote_ident(step.field) || ' refers to the category above', '');
        END IF;
        IF item.kind <> 'lookup' THEN step.condition := segmentation._adopt_alive(step.relation); END IF;
      END IF;
      IF step.kind = 'source' AND item.role NOT IN ('items', 'addresses') THEN
        SELECT d.* INTO hit FROM segmentation._adopt_date(step.relation, hints ->> (item.role || '.date')) AS d;
        step.date := hit.name;
        step.reason := step.reason || CASE WHEN hit.name IS NOT NULL THEN format('; its date is %I', hit.name)
          WHEN hit.rivals IS NOT NULL THEN format('; without a date: %s could be it, say {"%s.date": "%s"}',
            (SELECT string_agg(format('%I', r), ' and ') FROM unnest(hit.rivals) AS r), item.role, hit.rivals[1])
          ELSE '; it has no date' END;
      ELSIF step.kind = 'fields' THEN
        SELECT f.name, v.name AS value INTO hit
        FROM segmentation._adopt_column(step.relation, '{text}', ARRAY['field|field_name|key|attribute|property|meta_key|code|param', 'name|label'], hints ->> 'fields.field') AS f,
          segmentation._adopt_column(step.relation, '{text,json,number,integer}', ARRAY['value|field_value|meta_value|content|data'], hints ->> 'fields.value') AS v;
        step.field := hit.name; step.value := hit.value;
        IF hit.name IS NULL OR hit.value IS NULL THEN
          step.kind := 'left out';
          step.reason := format('which columns of %s have the fields'' names and values is not clear; say {"fields.field": "...", "fields.value": "..."}', step.relation);
        ELSE
          step.reason := step.reason || format('; %I names the field, %I is its value', step.field, step.value);
        END IF;
      END IF;
      IF item.role = 'orders' THEN step := segmentation._adopt_orders(step, hints); END IF;
      IF step.condition IS NOT NULL AND step.kind IN ('customers', 'source', 'set', 'fields') THEN
        step.reason := step.reason || format('; rows count where %s', step.condition);
      END IF;
    END IF;
    step.role := item.role;
    RETURN NEXT step;
    IF step.kind IN ('kept', 'customers', 'source', 'lookup', 'set', 'fields') THEN
      place := place || jsonb_build_object(item.role, step.relation::oid);
      names := names || jsonb_build_object(item.role, step.name);
      taken := taken || step.relation;
    END IF;
  END LOOP;
END $$;
