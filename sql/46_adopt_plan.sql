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

-- Returns the columns by which lines may be kept in versions, of which only some count: both tables have one.
CREATE FUNCTION segmentation._adopt_version_columns(items regclass, orders regclass, OUT line name, OUT current name)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.name, o.name FROM segmentation._adopt_columns(items) AS i, segmentation._adopt_columns(orders) AS o
  WHERE i.words ~ '^(order)?(version|revision)$' AND o.words ~ '^(order)?(version|revision)$' ORDER BY i.name, o.name LIMIT 1;
$$;

-- Completes what was found of lines: which of those in versions count is not guessed, since a version may also just count changes.
CREATE FUNCTION segmentation._adopt_versions(step segmentation._adopted, orders regclass, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hit record;
BEGIN
  SELECT v.* INTO hit FROM segmentation._adopt_version_columns(step.relation, orders) AS v;
  IF hit.line IS NULL OR hints ? 'items.condition' THEN RETURN step; END IF;
  step.kind := 'unsure';
  step.reason := format('which versions of the lines in %s count is not known; say {"items.condition": "%s = orders.%s"} where the last ones do, or {"items.condition": null} where all do',
    step.relation, hit.line, hit.current);
  RETURN step;
END $$;

-- Returns the carts among the rows of the orders' table, as far as its structure and known states tell: rows that are no orders, and active, or in a
-- cart's state. NULL where there are none.
CREATE FUNCTION segmentation._adopt_shared_carts(orders segmentation._adopted, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step   segmentation._adopted := segmentation._adopt_note('carts', NULL, orders.relation, NULL);
  status name := (segmentation._adopt_status_column(orders.relation, hints)).name;
  placed name := (segmentation._adopt_placed_column(orders.relation, hints));
  active name := (SELECT c.name FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort = 'boolean' AND c.words ~ '^(is)?active$' LIMIT 1);
  mark   name := (SELECT c.name FROM segmentation._adopt_columns(orders.relation) AS c WHERE c.sort = 'boolean' AND c.words ~ '^(is)?cart$' LIMIT 1);
  listed text := segmentation._adopt_meant(orders.relation, status, 'cart', hints);
BEGIN
  step.key := orders.key; step.of_key := orders.of_key;
  step.condition := concat_ws(' AND ', segmentation._rule_name(placed) || ' IS NULL', CASE WHEN mark IS NOT NULL THEN segmentation._rule_name(mark) || ' = true'
    WHEN hints ? 'orders.cart' THEN segmentation._rule_name(status) || ' IN (' || listed || ')' WHEN active IS NOT NULL AND placed IS NOT NULL THEN segmentation._rule_name(active) || ' = true'
    WHEN listed IS NOT NULL THEN segmentation._rule_name(status) || ' IN (' || listed || ')' END,
    segmentation._adopt_marks(orders.relation, '^(is)?(draft|test)(order)?$'));
  IF NOT (mark IS NOT NULL OR listed IS NOT NULL OR active IS NOT NULL AND placed IS NOT NULL) THEN
    IF placed IS NULL OR NOT segmentation._adopt_lacks(orders.relation, placed) THEN RETURN NULL; END IF;
    step.kind := 'left out';
    step.reason := format('rows of %s without %I may be carts, but not which', orders.relation, placed) || CASE WHEN status IS NULL THEN '' ELSE '; say {"orders.cart": [...]}, the states of carts' END;
    RETURN step;
  END IF;
  SELECT c.name INTO step.date FROM segmentation._adopt_column(orders.relation, '{time}', ARRAY['updated_at|modified_at|changed_at|last_modified|date_modified|date_updated|write_date',
    'created_at|created_on|created|date_created|creation_date|create_date|date_added'], hints ->> 'carts.date') AS c;
  step.reason := format('rows of %s that are no orders yet', orders.relation);
  RETURN step;
END $$;

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
  orders segmentation._adopted;
  doubt  segmentation._adopted;
  said   text[] := '{}';
  roles  text[] := '{customers,orders,items,variant,product,category,brand,payments,refunds,addresses,carts,page_views,subscriptions,store_credit,email_events,fields,
    customer_tags,customer_groups,customer_group,interests,product_tags,product_categories,companies,company}';
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
    doubt := NULL;
    SELECT b.* INTO kept FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = item.role;
    IF FOUND THEN
      step := segmentation._adopt_note(kept.name, 'kept', kept.relation, 'it is bound already', (SELECT p.name FROM segmentation.binding AS p WHERE p.id = kept.of_id));
      step.date := kept.date; step.key := kept.key; step.of_key := kept.of_key;
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
      -- Refunds may be of payments, and carts rows of the orders' table.
      IF (step.kind IS NULL AND step.relation IS NULL OR step.kind = 'left out' AND hints ->> 'refunds' IS NOT NULL) AND item.role = 'refunds' AND place ? 'payments' THEN
        item.parent := 'payments';
        parent := (place ->> 'payments')::oid;
        step := segmentation._adopt_find(item.role, schema, tables, hints, parent, segmentation._adopt_words_of(parent, 'payment', tables), taken);
      ELSIF step.relation IS NULL AND step.kind IS NULL AND item.role = 'carts' AND orders.relation IS NOT NULL AND orders.parent = names ->> 'customers' THEN
        step := segmentation._adopt_shared_carts(orders, hints);
      END IF;
      CONTINUE WHEN step.relation IS NULL AND step.kind IS NULL;
      step.name := item.role;
      step.parent := names ->> item.parent;
      SELECT b.* INTO kept FROM segmentation.binding AS b JOIN segmentation.binding AS p ON p.id = b.of_id
      WHERE b.relation = step.relation AND p.name = step.parent AND b.role = item.kind AND step.kind IS NULL AND segmentation._fold(b.name) <> ALL (roles)
        AND NOT (item.role = 'carts' AND b.name = names ->> 'orders') ORDER BY b.id LIMIT 1;
      IF FOUND THEN
        step := segmentation._adopt_note(kept.name, 'kept', kept.relation, format('it is bound already, as "%s"', kept.name), step.parent);
        step.date := kept.date; step.key := kept.key; step.of_key := kept.of_key;
        step.condition := kept.condition;
      END IF;
    END IF;
    -- One that was bound when its date was in doubt gets it once that is told.
    IF step.kind = 'kept' AND item.role IN ('orders', 'payments', 'refunds', 'carts', 'page_views', 'subscriptions') AND step.date IS NULL THEN
      SELECT d.* INTO hit FROM segmentation._adopt_dated(step, item.role, hints) AS d;
      doubt := hit.doubt;
      IF (hit.answer).date IS NOT NULL AND hints ?| ARRAY[item.role || '.date', item.role || '.zone', 'zone'] THEN
        step := hit.answer;
        step.kind := item.kind;
        step.dated := true;
      END IF;
    END IF;
    -- A condition that a hint says comes to the one that is there.
    IF item.kind = 'source' AND step.kind IN ('kept', 'source') AND kept.id IS NOT NULL AND hints ->> (item.role || '.condition') IS NOT NULL
       AND strpos(COALESCE(step.condition, ''), hints ->> (item.role || '.condition')) = 0 THEN
      step.condition := concat_ws(' AND ', step.condition, '(' || (hints ->> (item.role || '.condition')) || ')');
      step.reason := step.reason || format('; from now on its rows count where %s', step.condition);
      step.kind := item.kind;
      step.dated := true;
    END IF;
    IF step.kind = 'kept' AND item.kind NOT IN ('lookup', 'set') AND step.condition IS NULL THEN
      step.reason := step.reason || COALESCE('; its rows would count only where ' || segmentation._adopt_alive(step.relation), '');
    END IF;
    IF step.kind IS NULL THEN
      IF item.role = 'items' THEN step := segmentation._adopt_versions(step, orders.relation, hints); END IF;
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
        IF item.kind <> 'lookup' THEN
          step.condition := NULLIF(concat_ws(' AND ', segmentation._adopt_alive(step.relation), step.condition, hints ->> (item.role || '.condition')), '');
        END IF;
      END IF;
      IF item.role = 'orders' THEN step := segmentation._adopt_orders(step, hints); END IF;
      IF step.kind = 'source' AND item.role NOT IN ('items', 'addresses') THEN
        SELECT d.* INTO hit FROM segmentation._adopt_dated(step, item.role, hints) AS d;
        step := hit.answer;
        doubt := hit.doubt;
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
      IF step.condition IS NOT NULL AND step.kind IN ('customers', 'source', 'set', 'fields') THEN
        step.reason := step.reason || format('; rows count where %s', step.condition);
      END IF;
    END IF;
    step.role := item.role;
    RETURN NEXT step;
    said := said || item.role;
    IF doubt.name IS NOT NULL THEN RETURN NEXT doubt; END IF;
    IF item.role = 'orders' THEN orders := step; END IF;
    IF step.kind IN ('kept', 'customers', 'source', 'lookup', 'set', 'fields') THEN
      place := place || jsonb_build_object(item.role, step.relation::oid);
      names := names || jsonb_build_object(item.role, step.name);
      taken := taken || step.relation;
    END IF;
  END LOOP;
  RETURN QUERY SELECT n.* FROM segmentation._adopt_untold(tables, place, names, taken, said) AS n;
END $$;

-- Returns what is said of tables that bear the names of what matters and are not bound, and of marks whose rows may not count.
CREATE FUNCTION segmentation._adopt_untold(tables jsonb, place jsonb, names jsonb, taken regclass[], said text[]) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
  near text;
BEGIN
  IF NOT place ? 'customers' THEN RETURN; END IF;
  FOR item IN SELECT r.* FROM (VALUES ('orders', 'customers', '(^|_)(order|sale|purchase|invoice)(_|$)'), ('items', 'orders', NULL), ('payments', 'orders', NULL)) AS r(role, parent, pattern) LOOP
    CONTINUE WHEN item.role = ANY (said) OR NOT place ? item.parent;
    near := (SELECT string_agg(t.key::oid::regclass::text, ', ' ORDER BY t.key::oid::regclass::text) FROM jsonb_each_text(tables) AS t
             WHERE t.key::oid::regclass <> ALL (taken) AND (segmentation._adopt_score(item.role, t.value) >= 9 OR t.value ~ item.pattern));
    CONTINUE WHEN near IS NULL AND item.role <> 'orders';
    RETURN NEXT segmentation._adopt_note(item.role, 'left out', NULL, CASE WHEN near IS NULL THEN 'no table is named like it'
      ELSE format('%s may be it, but no column is known to refer to %s', near, (place ->> item.parent)::oid::regclass) END || format('; say {"%s": "...", "%1$s.key": "..."}', item.role));
  END LOOP;
  -- What was put aside.
  FOR item IN SELECT t.key::oid::regclass AS relation FROM jsonb_each_text(tables) AS t
              WHERE place ? 'orders' AND t.key::oid::regclass <> ALL (taken) AND t.value ~ '^(old_|archived?_|history_)?order(_header)?_?(archived?|old|history|backup|[0-9]{4})?$' LOOP
    RETURN NEXT segmentation._adopt_note('orders', 'unsure', item.relation, format('orders in %s are not looked at', item.relation));
  END LOOP;
  FOR item IN SELECT r.role, c.name, (place ->> r.role)::oid::regclass AS relation FROM (VALUES ('customers'), ('orders'), ('items')) AS r(role), segmentation._adopt_columns((place ->> r.role)::oid) AS c
              WHERE place ? r.role AND c.words ~ '^(is)?(deleted|removed|trashed|archived|enabled|hidden)(at|on|date|time)?$'
                AND COALESCE(segmentation._adopt_alive((place ->> r.role)::oid), '') NOT LIKE '%' || segmentation._rule_name(c.name) || '%'
                AND NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.name = names ->> r.role AND b.condition IS NOT NULL) LOOP
    RETURN NEXT segmentation._adopt_note(item.role || '.condition', 'unsure', item.relation, format('whether rows of %s count whatever %I says is not known, and all do; if not, say {"%s.condition": "..."}%4$s',
      item.relation, item.name, item.role, CASE item.role WHEN 'customers' THEN ' before they are bound' ELSE '' END));
  END LOOP;
END $$;
