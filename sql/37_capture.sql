-- Capture: the triggers that tell the extension of changes to bound relations. They belong to the shop's tables and go
-- with the extension.
CREATE FUNCTION segmentation._capture() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_capture';
COMMENT ON FUNCTION segmentation._capture() IS
  'notes the rows that a statement changed, so that the members of segments follow when the transaction commits';

CREATE FUNCTION segmentation._capture_row() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_capture_row';
COMMENT ON FUNCTION segmentation._capture_row() IS
  'notes a row that logical replication changed, so that the customers concerned are queued when its transaction commits';

-- Returns a relation and its partitions.
CREATE FUNCTION segmentation._with_partitions(relation regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT relation UNION SELECT t.relid FROM pg_partition_tree(relation) AS t;
$$;

-- Returns the triggers of a bound table, a partition or a partitioned table. A statement fires those of the relation that it names only,
-- so each partition has its own; they fire for tools that write as a replica, too. Logical replication fires triggers of rows, and for
-- TRUNCATE; those of rows sleep in every other session. A partitioned table has none, or its partitions would have two.
CREATE FUNCTION segmentation._capture_triggers(kind "char", OUT name name, OUT event text, OUT called text, OUT fires text, OUT enabled "char",
  OUT function regproc)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.name, w.event, w.called, w.fires, w.enabled, w.function::regproc
  FROM (VALUES ('segmentation_insert', 'INSERT', 'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', 'ALWAYS', 'A', 'segmentation._capture'),
               ('segmentation_update', 'UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT', 'ALWAYS', 'A',
                'segmentation._capture'),
               ('segmentation_delete', 'DELETE', 'REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT', 'ALWAYS', 'A', 'segmentation._capture'),
               ('segmentation_truncate', 'TRUNCATE', 'FOR EACH STATEMENT', 'ALWAYS', 'A', 'segmentation._capture'),
               ('segmentation_row', 'INSERT OR UPDATE OR DELETE', 'FOR EACH ROW', 'REPLICA', 'R', 'segmentation._capture_row'))
       AS w(name, event, called, fires, enabled, function)
  WHERE w.fires = 'ALWAYS' OR kind = 'r';
$$;

-- Gives a relation and its partitions the triggers that they lack; who disabled one has it disabled still.
-- Locks: SHARE ROW EXCLUSIVE on each that gets one.
CREATE FUNCTION segmentation._install_capture(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT r.oid::regclass AS relation, w.*
    FROM segmentation._with_partitions(_install_capture.relation) AS p(oid) JOIN pg_class AS r ON r.oid = p.oid,
      LATERAL segmentation._capture_triggers(r.relkind) AS w
    WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = r.oid AND t.tgname = w.name)
    ORDER BY r.oid, w.name
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s EXECUTE FUNCTION %s()', item.name, item.event, item.relation, item.called,
      item.function);
    EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION segmentation', item.name, item.relation);
  END LOOP;
  PERFORM segmentation._fire_as_made(ARRAY(SELECT segmentation._with_partitions(_install_capture.relation)));
END $$;

-- Has triggers of ours fire as they are to: CREATE TRIGGER and ENABLE TRIGGER leave them like any other. All of a relation at once, when they
-- are there: ALTER TABLE is looked at by event triggers. Relations are whatever tables: a restore with --disable-triggers enables
-- triggers perhaps before it has brought the bindings, and those of the extension's own tables, too.
CREATE FUNCTION segmentation._fire_as_made(relations regclass[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT r.oid::regclass AS relation, string_agg(format('ENABLE %s TRIGGER %I', w.fires, t.tgname), ', ' ORDER BY t.tgname) AS actions
    FROM pg_class AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid
      JOIN (SELECT c.name, c.fires, c.enabled, c.function::oid FROM segmentation._capture_triggers('r') AS c
            UNION ALL SELECT n, 'ALWAYS', 'A', NULL FROM unnest('{changed,needs_changed,note_needs,keep_version,tell_dropped}'::name[]) AS n) AS w
        ON w.name = t.tgname AND (w.function = t.tgfoid OR w.function IS NULL AND r.relnamespace = 'segmentation'::regnamespace)
    WHERE r.oid = ANY (_fire_as_made.relations) AND (t.tgenabled = 'O' OR t.tgenabled = 'A' AND w.enabled = 'R')
    GROUP BY r.oid ORDER BY r.oid
  LOOP
    EXECUTE format('ALTER TABLE ONLY %s %s', item.relation, item.actions);
  END LOOP;
END $$;

-- Takes the triggers from a relation and its partitions where no binding reads it any more.
CREATE FUNCTION segmentation._remove_capture(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  PERFORM segmentation._forget_interruptions();
  FOR item IN
    SELECT t.tgname, t.tgrelid::regclass AS relation
    FROM pg_trigger AS t JOIN segmentation._with_partitions(_remove_capture.relation) AS p(oid) ON p.oid = t.tgrelid
    WHERE t.tgfoid IN ('segmentation._capture'::regproc, 'segmentation._capture_row'::regproc)
      AND NOT EXISTS (SELECT FROM segmentation.binding AS b
                      WHERE t.tgrelid IN (SELECT segmentation._with_partitions(b.relation)))
    ORDER BY t.tgrelid, t.tgname
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', item.tgname, item.relation);
  END LOOP;
END $$;

-- Returns whether a session goes on that restores a dump: definitions, the queue and its sequence may still be on their way.
CREATE FUNCTION segmentation._is_restoring() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM segmentation.definition_version AS v, pg_stat_get_activity(v.restoring_pid) AS a
               WHERE a.backend_start = v.restoring_since);

-- Has everyone judged again, once. `moved`: since rows have changed that nobody has noted.
CREATE FUNCTION segmentation._queue_everyone(moved boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF moved THEN PERFORM segmentation._move_everyone(); END IF;
  INSERT INTO segmentation.dirty (binding_id)
  SELECT b.id FROM segmentation.binding AS b
  WHERE b.role = 'customers'
    AND NOT EXISTS (SELECT FROM segmentation.dirty AS d
                    WHERE d.binding_id = b.id AND d.value IS NULL AND d.xmin = pg_current_xact_id()::xid);
  IF FOUND THEN
    INSERT INTO segmentation.meanwhile (binding_id)
    SELECT b.id FROM segmentation.binding AS b WHERE b.role = 'customers' AND segmentation._is_building_ahead();
    RAISE NOTICE USING MESSAGE = 'all customers will be brought up to date later',
      HINT = 'The worker does it, or CALL segmentation.tick().';
  END IF;
END $$;

-- Tells whether a command may have made, attached or detached a partition. All others must pass untouched, those above all that a
-- restore consists of: it brings the triggers itself, after the definitions, and in several sessions at once.
CREATE FUNCTION segmentation._moves_partitions(command pg_ddl_command) RETURNS boolean
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_moves_partitions';
COMMENT ON FUNCTION segmentation._moves_partitions(pg_ddl_command) IS
  'whether a command, as pg_event_trigger_ddl_commands tells it, may have made, attached or detached a partition';

-- Follows partitions that are made, attached and detached: gives them triggers or takes them away, and has everyone judged
-- again where rows came or went with them. By the rights of the extension's owner, since whoever changes the shop's tables need have
-- none on the extension's.
CREATE FUNCTION segmentation._follow_partitions() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item  record;
  moved boolean := false;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS d JOIN pg_class AS c ON c.oid = d.objid
                 WHERE d.classid = 'pg_class'::regclass AND (c.relispartition OR c.relkind = 'p')
                   AND segmentation._moves_partitions(d.command))
     OR NOT EXISTS (SELECT FROM segmentation.binding) THEN
    RETURN;
  END IF;
  FOR item IN
    SELECT b.relation, p.oid::regclass AS part
    FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation AND c.relkind = 'p',
      LATERAL segmentation._with_partitions(b.relation) AS p(oid)
    WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = p.oid AND t.tgfoid = 'segmentation._capture'::regproc)
  LOOP
    PERFORM segmentation._install_capture(item.relation);
    moved := moved OR pg_relation_size(item.part) > 0; -- no query: it could run code of the table's owner
  END LOOP;
  FOR item IN
    SELECT DISTINCT t.tgrelid::regclass AS part
    FROM pg_trigger AS t
    WHERE t.tgfoid = 'segmentation._capture'::regproc
      AND NOT EXISTS (SELECT FROM segmentation.binding AS b
                      WHERE t.tgrelid IN (SELECT segmentation._with_partitions(b.relation)))
  LOOP
    PERFORM segmentation._remove_capture(item.part);
    moved := moved OR pg_relation_size(item.part) > 0; -- no query: it could run code of the table's owner
  END LOOP;
  IF moved THEN
    PERFORM segmentation._queue_everyone();
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_partitions() IS
  'gives partitions of bound tables their triggers, and queues everyone where a partition came or went with rows';
CREATE EVENT TRIGGER segmentation_partitions ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
  EXECUTE FUNCTION segmentation._follow_partitions();

-- A dropped partition takes its rows along. By then it is gone from the catalogs; that it was watched is seen from the triggers that
-- went with it. A bound relation that is dropped itself is no news of its rows: its rules cannot be judged any more.
CREATE FUNCTION segmentation._follow_drops() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS d
             WHERE d.object_type = 'trigger' AND d.address_names[3] = 'segmentation_insert'
               AND d.address_names[1:2] <> '{segmentation,by_hand}')
     AND NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS d JOIN segmentation.binding AS b ON b.relation = d.objid
                     WHERE d.classid = 'pg_class'::regclass) THEN
    PERFORM segmentation._queue_everyone();
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_drops() IS 'queues everyone when a partition of a bound table is dropped';
CREATE EVENT TRIGGER segmentation_drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA')
  EXECUTE FUNCTION segmentation._follow_drops();

-- A column called customer_groups or customer_tags stands beside what is kept by hand in rules that name these lists: one that is added, or
-- gets such a name, changes whom they hold for. One that loses it is still known by it (column_word).
CREATE FUNCTION segmentation._follow_lists() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS d JOIN segmentation.binding AS b ON b.relation = d.objid
             JOIN pg_attribute AS a ON a.attrelid = d.objid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE d.classid = 'pg_class'::regclass AND b.role IN ('customers', 'lookup')
               AND age(a.xmin) <= age(pg_current_xact_id()::xid) -- made or changed just now
               AND segmentation._fold(a.attname) IN ('customer_groups', 'customer_tags') AND segmentation._rules_may_read(a.attname)) THEN
    PERFORM segmentation._queue_everyone();
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_lists() IS
  'queues everyone when the customers get a column customer_groups or customer_tags, which rules name';
CREATE EVENT TRIGGER segmentation_lists ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION segmentation._follow_lists();

-- ALTER TABLE that computes a column anew (ALTER COLUMN TYPE) changes rows without firing triggers.
CREATE FUNCTION segmentation._follow_rewrites() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger AS t
             WHERE t.tgrelid = pg_event_trigger_table_rewrite_oid() AND t.tgfoid = 'segmentation._capture'::regproc) THEN
    PERFORM segmentation._queue_everyone();
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_rewrites() IS 'queues everyone when ALTER TABLE computes a column of a bound table anew';
CREATE EVENT TRIGGER segmentation_rewrites ON table_rewrite EXECUTE FUNCTION segmentation._follow_rewrites();
