-- bind_set: many values of one row. By way of a link table it makes three rows of the catalog, which are checked as one: in between, rules
-- that are there would read something else.

-- Returns the set of a name, whatever its case, and the lookup that has its values where it is by way of links.
CREATE FUNCTION segmentation._set_named(name text, OUT bound segmentation.binding, OUT target segmentation.binding)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT b.* INTO bound FROM segmentation.binding AS b WHERE segmentation._fold(b.name) = segmentation._fold(_set_named.name) AND b.role = 'set';
  SELECT b.* INTO target FROM segmentation.binding AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.of_id AND c.name = 'target value'
  WHERE b.of_id = bound.id AND segmentation._fold(b.name) = segmentation._fold(bound.name || '.target');
END $$;

-- Writes the rows of a set: its own, and where its values stand in a second table (via, target) a lookup of the link's rows and a computed column that
-- is its value. The rows of links that it had before go. Returns the ids.
CREATE FUNCTION segmentation._write_set(new segmentation.binding, of text, via name, target regclass, target_key name, parent name, replace boolean,
  computed jsonb DEFAULT NULL) RETURNS integer[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lookup segmentation.binding;
  old    record;
  others text;
  value  name := new.value;
BEGIN
  SELECT o.* INTO old FROM segmentation._set_named(CASE WHEN replace THEN new.name END) AS o;
  IF via IS NULL THEN
    IF (old.target).id IS NOT NULL THEN
      SELECT string_agg(format('"%s"', b.name), ', ' ORDER BY b.id) INTO others FROM segmentation.binding AS b WHERE b.of_id = (old.target).id;
      IF others IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = '2BP01',
          MESSAGE = format('cannot bind "%s" without "%s" because other bindings hang on that', (old.bound).name, (old.target).name),
          DETAIL = format('These are of it: %s.', others), HINT = 'Unbind these first.';
      END IF;
      DELETE FROM segmentation.binding_column AS c WHERE c.binding_id = (old.target).id OR c.binding_id = (old.bound).id AND c.name = 'target value';
      DELETE FROM segmentation.binding AS b WHERE b.id = (old.target).id;
    END IF;
    new := segmentation._write_binding(new, of, replace, computed);
    RETURN ARRAY[new.id];
  END IF;
  new.value := 'target value';
  new := segmentation._write_binding(new, of, replace, computed);
  lookup.name := new.name || '.target';
  PERFORM segmentation._check_name('binding', lookup.name);
  lookup.role := 'lookup';
  lookup.relation := target;
  lookup.key := via;
  lookup.lookup_key := target_key;
  lookup.parent := parent;
  IF lookup.parent IS NOT NULL THEN lookup.value := value; END IF;
  lookup := segmentation._write_binding(lookup, new.name, (old.target).id IS NOT NULL);
  lookup.value := segmentation._column_named(target, value);
  PERFORM segmentation._column_type(lookup, lookup.value);
  INSERT INTO segmentation.binding_column (binding_id, name, expression) VALUES (new.id, 'target value', format('%I.%I', lookup.name, value))
  ON CONFLICT ON CONSTRAINT binding_column_pkey DO UPDATE SET expression = excluded.expression;
  RETURN ARRAY[new.id, lookup.id];
END $$;

CREATE FUNCTION segmentation.bind_set(
  name text, relation regclass, key name, value name, of text DEFAULT 'customers', of_key name DEFAULT NULL,
  via name DEFAULT NULL, target regclass DEFAULT NULL, target_key name DEFAULT NULL, parent name DEFAULT NULL,
  condition text DEFAULT NULL, replace boolean DEFAULT false, computed jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new    segmentation.binding;
  old    record;
  known  text[];
BEGIN
  IF bind_set.value IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'value of a set must not be null',
      HINT = 'Name the column that holds the set''s values.';
  END IF;
  IF (bind_set.via IS NULL) <> (bind_set.target IS NULL) OR (bind_set.via IS NULL AND (bind_set.target_key IS NOT NULL OR bind_set.parent IS NOT NULL)) THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'via and target go together',
      HINT = 'via is the column of the link table that refers to target, the table that has the values.';
  END IF;
  new.name := bind_set.name;
  new.role := 'set';
  new.relation := bind_set.relation;
  new.key := bind_set.key;
  new.of_key := bind_set.of_key;
  new.value := bind_set.value;
  new.condition := bind_set.condition;
  SELECT o.* INTO old FROM segmentation._set_named(CASE WHEN bind_set.replace THEN bind_set.name END) AS o;
  -- What the links had goes, unless computed columns of people's own or the new condition may read it.
  IF bind_set.via IS NULL AND ((old.target).id IS NULL
      OR EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = (old.bound).id AND c.name <> 'target value')
      OR strpos(segmentation._fold(bind_set.condition), segmentation._fold((old.target).name)) > 0) THEN
    PERFORM segmentation._save_binding(new, bind_set.of, bind_set.replace, bind_set.computed);
    RETURN;
  END IF;

  IF bind_set.via IS NOT NULL THEN PERFORM segmentation._check_relation(bind_set.target); END IF;
  PERFORM segmentation._check_relation(bind_set.relation);
  PERFORM segmentation._check_ownership(o.relation) FROM unnest(ARRAY[(old.bound).relation, (old.target).relation]) AS o(relation);
  PERFORM segmentation._lock_definitions(ARRAY[bind_set.relation, bind_set.target], ARRAY(
    SELECT o.relation FROM unnest(ARRAY[(old.bound).relation, (old.target).relation]) AS o(relation)
    WHERE o.relation NOT IN (bind_set.relation, COALESCE(bind_set.target, bind_set.relation))));
  PERFORM segmentation._open_binding(new, bind_set.replace);
  known := segmentation._problems();
  -- Somebody may have been there while this one waited.
  SELECT o.* INTO old FROM segmentation._set_named(CASE WHEN bind_set.replace THEN bind_set.name END) AS o;

  PERFORM segmentation._settle_bindings(known, segmentation._write_set(new, bind_set.of, bind_set.via, bind_set.target, bind_set.target_key,
    bind_set.parent, bind_set.replace, bind_set.computed), ARRAY[(old.bound).relation, (old.target).relation], (old.bound).id IS NOT NULL);
END $$;
COMMENT ON FUNCTION segmentation.bind_set(text, regclass, name, name, text, name, name, regclass, name, name, text, boolean, jsonb) IS
  'Binds many values of a customer (tags), or of a source''s or lookup''s row (a product''s tags): key '
  'refers to of_key of the binding named by of (default: its primary key). With via the relation is a link table: its column via refers '
  'to target_key (default: the primary key) of target, whose column value has the values; target is bound as the lookup NAME.target; '
  'with parent, its column that refers to the row above, it is a tree, and NAME.path is the list of these values and of those above them. computed as of bind_source: key and value may be among them. Locks: '
  'SHARE ROW EXCLUSIVE on the table, the target and segmentation.segment, with replace ACCESS EXCLUSIVE on tables that are bound so no more, '
  'and ACCESS EXCLUSIVE on views that are made anew.';
