-- Following the names of the shop's columns. PostgreSQL tells no dropped column from a renamed one by name; by number it does. So
-- what was seen of each bound relation is compared with what there is, in the very statement that changes it.

-- Brings names and words of bound relations up to date with their columns. No gate: who renames a column holds its table from
-- everybody else who reads definitions for long, and they hold it before they take the gate.
-- Of these relations alone, whose locks the caller has, or of all.
CREATE FUNCTION segmentation._follow_columns(relations oid[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  item record;
BEGIN
  DELETE FROM segmentation.column_word AS w
  WHERE NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = w.relation);
  DELETE FROM segmentation.column_seen AS s
  WHERE NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.relation = s.relation);
  FOR item IN
    SELECT c.relation::regclass AS relation,
           array_agg(c.attnum) AS numbers, array_agg(c.seen) AS seen, array_agg(c.present) AS present,
           bool_and(c.seen IS NULL) AS is_new
    FROM (SELECT COALESCE(s.relation, a.attrelid) AS relation, COALESCE(s.attnum, a.attnum) AS attnum,
                 s.column_name AS seen, a.attname AS present
          FROM (SELECT a.attrelid, a.attnum, a.attname FROM pg_attribute AS a
                WHERE a.attrelid IN (SELECT b.relation FROM segmentation.binding AS b) AND a.attnum > 0 AND NOT a.attisdropped) AS a
          FULL JOIN segmentation.column_seen AS s ON s.relation = a.attrelid AND s.attnum = a.attnum) AS c
    WHERE relations IS NULL OR c.relation = ANY (relations)
    GROUP BY c.relation HAVING bool_or(c.seen IS DISTINCT FROM c.present) ORDER BY c.relation
  LOOP
    IF NOT item.is_new THEN
      PERFORM segmentation._rename_columns(item.relation, item.seen, item.present);
      PERFORM segmentation._warn_of_words(item.relation, item.seen, item.present);
    END IF;
    DELETE FROM segmentation.column_seen AS s
    USING unnest(item.numbers, item.present) AS c(attnum, present)
    WHERE s.relation = item.relation AND s.attnum = c.attnum AND c.present IS NULL;
    INSERT INTO segmentation.column_seen AS s (relation, attnum, column_name)
    SELECT item.relation, c.attnum, c.present FROM unnest(item.numbers, item.present) AS c(attnum, present)
    WHERE c.present IS NOT NULL
    ON CONFLICT (relation, attnum) DO UPDATE SET column_name = EXCLUDED.column_name
      WHERE s.column_name <> EXCLUDED.column_name;
  END LOOP;
END $$;

-- Has bindings and words of a relation follow its columns, by the names seen and those present: NULL there is a dropped one. All at
-- once, so that names may change places.
CREATE FUNCTION segmentation._rename_columns(relation regclass, seen name[], present name[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  renamed jsonb := (SELECT jsonb_object_agg(c.old, c.new) FROM unnest(seen, present) AS c(old, new)
                    WHERE c.old IS NOT NULL AND c.new IS NOT NULL AND c.old <> c.new);
BEGIN
  DELETE FROM segmentation.column_word AS w USING unnest(seen, present) AS c(old, new)
  WHERE w.relation = _rename_columns.relation AND w.column_name = c.old AND c.new IS NULL;
  IF renamed IS NULL THEN RETURN; END IF;

  UPDATE segmentation.binding AS b
  SET key = segmentation._renamed(CASE b.role WHEN 'lookup' THEN b.of_id ELSE b.id END, b.key, _rename_columns.relation, renamed),
      of_key = segmentation._renamed(b.of_id, b.of_key, _rename_columns.relation, renamed),
      lookup_key = segmentation._renamed(b.id, b.lookup_key, _rename_columns.relation, renamed),
      parent = segmentation._renamed(b.id, b.parent, _rename_columns.relation, renamed),
      date = segmentation._renamed(b.id, b.date, _rename_columns.relation, renamed),
      value = segmentation._renamed(b.id, b.value, _rename_columns.relation, renamed),
      field = segmentation._renamed(b.id, b.field, _rename_columns.relation, renamed)
  WHERE EXISTS (SELECT FROM segmentation.binding AS o WHERE o.id IN (b.id, b.of_id) AND o.relation = _rename_columns.relation);

  UPDATE segmentation.column_word AS w SET column_name = (renamed ->> w.column_name::text)::name
  WHERE w.relation = _rename_columns.relation AND renamed ? w.column_name::text;
  -- What a word meant already, an old word or a computed column, it goes on to mean.
  INSERT INTO segmentation.column_word (relation, word, column_name)
  SELECT _rename_columns.relation, r.old::name, r.new::name FROM jsonb_each_text(renamed) AS r(old, new)
  WHERE NOT EXISTS (SELECT FROM segmentation.binding_column AS c JOIN segmentation.binding AS b ON b.id = c.binding_id
                    WHERE b.relation = _rename_columns.relation AND c.name = r.old)
  ON CONFLICT DO NOTHING;
  DELETE FROM segmentation.column_word AS w WHERE w.relation = _rename_columns.relation AND w.word = w.column_name;

  IF EXISTS (SELECT FROM segmentation.binding AS b WHERE b.role = 'customers' AND b.relation = _rename_columns.relation) THEN
    UPDATE segmentation.view_column AS v SET column_name = (renamed ->> v.column_name::text)::name
    WHERE renamed ? v.column_name::text;
    INSERT INTO segmentation.view_column (segment_id, name, column_name)
    SELECT f.segment_id, r.old::name, r.new::name
    FROM jsonb_each_text(renamed) AS r(old, new),
      (SELECT 0 UNION ALL
       SELECT s.id FROM segmentation.segment AS s WHERE to_regprocedure(segmentation._own_rows(s.id)) IS NOT NULL) AS f(segment_id)
    ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- Returns a column that a binding names, by its name after its relation's columns were renamed. Raises 42710 where a computed column
-- of the binding has that name.
CREATE FUNCTION segmentation._renamed(binding_id integer, column_name name, relation regclass, renamed jsonb) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  bound segmentation.binding;
BEGIN
  SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.id = binding_id;
  IF NOT COALESCE(bound.relation = relation AND renamed ? column_name::text, false)
     OR EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = bound.id AND c.name = column_name::text) THEN
    RETURN column_name;
  END IF;
  IF EXISTS (SELECT FROM segmentation.binding_column AS c
             WHERE c.binding_id = bound.id AND c.name = renamed ->> column_name::text) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = format('column "%s" of %s cannot be renamed: "%s" is a computed column of binding "%s"', column_name, relation,
        renamed ->> column_name::text, bound.name),
      DETAIL = 'The binding names the column as its key, date or value.', HINT = 'Choose another name for the column.';
  END IF;
  RETURN (renamed ->> column_name::text)::name;
END $$;

-- Warns of columns that have got names which mean something else in rules.
CREATE FUNCTION segmentation._warn_of_words(relation regclass, seen name[], present name[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT c.new AS word, m.meaning
    FROM unnest(seen, present) AS c(old, new),
      LATERAL (SELECT format('column "%s"', w.column_name) AS meaning FROM segmentation.column_word AS w
               WHERE w.relation = _warn_of_words.relation AND w.word = c.new
               UNION ALL
               SELECT format('computed column "%s"', k.name)
               FROM segmentation.binding_column AS k JOIN segmentation.binding AS b ON b.id = k.binding_id
               WHERE b.relation = _warn_of_words.relation AND k.name = c.new) AS m
    WHERE c.new IS NOT NULL AND c.old IS DISTINCT FROM c.new ORDER BY c.new
  LOOP
    RAISE WARNING USING MESSAGE = format('"%s" goes on to mean %s of %s in rules', item.word, item.meaning, relation),
      DETAIL = format('The column that is called "%s" now cannot be named in rules.', item.word),
      HINT = 'Give it a name that no column of the table had before, to use it in rules.';
  END LOOP;
END $$;

-- Returns the bound relations whose names or columns' names a command may have changed, or that it brought back from a dump, NULL for all;
-- and whether the segments' views may have to follow.
CREATE FUNCTION segmentation._concerned(class oid, object oid, OUT relation oid, OUT shows boolean) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT b.relation::oid, true FROM segmentation.binding AS b WHERE $1 = 'pg_class'::regclass AND b.relation = $2
  UNION
  -- A restore makes the triggers after it has loaded the tables.
  SELECT b.relation::oid, false FROM pg_trigger AS t JOIN segmentation.binding AS b ON b.relation = t.tgrelid
  WHERE $1 = 'pg_trigger'::regclass AND t.oid = $2
  UNION
  -- What a dump has of the data alone is loaded between two of these.
  SELECT NULL, false WHERE $1 = 'pg_class'::regclass AND $2 = 'segmentation.binding'::regclass
  UNION
  -- Attributes of a type are columns of its tables.
  SELECT NULL, true
  WHERE ($1 IN ('pg_namespace'::regclass, 'pg_type'::regclass)
         OR $1 = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = $2 AND c.relkind = 'c'))
    AND EXISTS (SELECT FROM segmentation.binding);
$$;

-- Has the segments' views follow the customers' table. Whatever stands in the way, it must not be the migration that fails.
CREATE FUNCTION segmentation._follow_shown() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT segmentation._can_show() THEN RETURN; END IF;
  -- The plain ones do not wait for what may be wrong with the others.
  BEGIN
    PERFORM segmentation._make_plain_views();
  EXCEPTION WHEN OTHERS THEN
    PERFORM segmentation._warn_of_views(SQLERRM);
  END;
  BEGIN
    PERFORM segmentation._follow_views(done => true);
  EXCEPTION WHEN OTHERS THEN
    PERFORM segmentation._warn_of_views(SQLERRM);
  END;
END $$;

-- What views show of forecasts is printed with the model in force. By the rights of the extension's owner, since a dump is restored by whom it may be.
CREATE FUNCTION segmentation._follow_model() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NOT EXISTS (SELECT FROM inserted) THEN RETURN NULL; END IF; -- the present one was updated instead
  END IF;
  IF NOT segmentation._is_restoring() THEN PERFORM segmentation._follow_shown(); END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION segmentation._follow_model() IS 'has the segments'' views that show forecasts follow a new model';
-- After the triggers "changed".
CREATE TRIGGER follow AFTER UPDATE OR DELETE ON segmentation.forecast_in_force EXECUTE FUNCTION segmentation._follow_model();
CREATE TRIGGER follow_first AFTER INSERT ON segmentation.forecast_in_force REFERENCING NEW TABLE AS inserted EXECUTE FUNCTION segmentation._follow_model();

CREATE FUNCTION segmentation._warn_of_views(message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE WARNING USING MESSAGE = format('the views of segments could not follow: %s', message),
    HINT = 'The next definition, or the next change of the tables, tries it again.';
END $$;

-- By the rights of the extension's owner, since whoever changes the shop's tables need have none on the extension's.
CREATE FUNCTION segmentation._follow_names() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  relations oid[];
  shows     boolean;
BEGIN
  SELECT array_agg(c.relation), bool_or(c.shows) INTO relations, shows
  FROM pg_event_trigger_ddl_commands() AS d, segmentation._concerned(d.classid, d.objid) AS c;
  IF shows IS NULL THEN RETURN; END IF;
  PERFORM segmentation._follow_columns(CASE WHEN array_position(relations, NULL) IS NULL THEN relations END);
  -- A dump brings the views, perhaps before the attributes that they show.
  IF shows AND NOT segmentation._is_restoring() THEN PERFORM segmentation._follow_shown(); END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_names() IS
  'has bindings, the words of rules and the segments'' views follow what is done to bound tables, in the statement that does it';
CREATE EVENT TRIGGER segmentation_names ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA', 'ALTER TYPE', 'CREATE TRIGGER')
  EXECUTE FUNCTION segmentation._follow_names();
-- Also where replication's role is played: a rename that goes unseen is followed at the next such statement only.
ALTER EVENT TRIGGER segmentation_names ENABLE ALWAYS;
