-- Watching capture itself: time spans in which changes of a bound table were not noted, because its triggers were disabled or
-- gone. What they left out is mended by judging everyone; until then status tells of them.

-- Returns what no two databases share, not even one and what was restored from its dump.
CREATE FUNCTION segmentation._this_database() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%s %s', c.system_identifier, d.oid) FROM pg_control_system() AS c, pg_database AS d WHERE d.datname = current_database());

CREATE TABLE segmentation.interruption (
  id       integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation regclass    NOT NULL, -- a bound table or a partition of one
  since    timestamptz NOT NULL,
  until    timestamptz,          -- NULL: it goes on
  cause    text        NOT NULL,
  database text        NOT NULL DEFAULT segmentation._this_database() -- where it began
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.interruption', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.interruption_id_seq', '');

-- Returns bound relations and partitions, these or all, with what is wrong with their triggers, where anything is.
CREATE FUNCTION segmentation._trigger_gaps(relations regclass[] DEFAULT NULL, OUT relation regclass, OUT missing boolean, OUT disabled boolean, OUT not_as_replica boolean)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  SELECT g.relation::regclass, g.missing, g.disabled, g.not_as_replica
  FROM (SELECT p.oid AS relation, bool_or(t.oid IS NULL) AS missing, COALESCE(bool_or(t.tgenabled = 'D' OR t.tgenabled = 'R' AND w.enabled = 'A'), false) AS disabled,
               COALESCE(bool_or(t.tgenabled IN ('O', 'A') AND t.tgenabled <> w.enabled), false) AS not_as_replica
        FROM (SELECT r.oid::oid FROM segmentation.binding AS b, LATERAL segmentation._with_partitions(b.relation) AS r(oid) WHERE relations IS NULL
              UNION
              -- Those asked for alone, without a lock on their siblings: others may be altering these, as a parallel restore does.
              SELECT r.oid::oid FROM unnest(relations) AS r(oid)
              WHERE EXISTS (SELECT FROM segmentation.binding AS b
                            WHERE b.relation = r.oid OR b.relation IN (SELECT a.relid FROM pg_partition_ancestors(r.oid) AS a))) AS p(oid)
        JOIN pg_class AS c ON c.oid = p.oid
        CROSS JOIN LATERAL segmentation._capture_triggers(c.relkind) AS w
        LEFT JOIN pg_trigger AS t ON t.tgrelid = p.oid AND t.tgname = w.name AND t.tgfoid = w.function
        GROUP BY p.oid) AS g
  WHERE g.missing OR g.disabled OR g.not_as_replica;
$$;

-- What status tells of capture: relations by what is wrong with their triggers, and interruptions that are not mended yet.
-- Whoever may read status need have no right on what it reads.
CREATE FUNCTION segmentation._capture_state(OUT disabled text[], OUT missing text[], OUT not_as_replica text[], OUT interruptions text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT COALESCE(array_agg(g.relation::text ORDER BY g.relation::text) FILTER (WHERE g.disabled), '{}'),
         COALESCE(array_agg(g.relation::text ORDER BY g.relation::text) FILTER (WHERE g.missing), '{}'),
         COALESCE(array_agg(g.relation::text ORDER BY g.relation::text) FILTER (WHERE g.not_as_replica), '{}')
  INTO disabled, missing, not_as_replica
  FROM segmentation._trigger_gaps() AS g;
  interruptions := ARRAY(
    SELECT format('%s since %s%s: %s, %s', i.relation, i.since, ' until ' || i.until::text, i.cause,
      CASE WHEN i.until IS NULL THEN 'and changes are missed; members may be wrong until it is over and segmentation.refresh_all() has run'
           ELSE 'and changes were missed; members may be wrong until the queue is worked off or segmentation.refresh_all() has run' END)
    FROM segmentation.interruption AS i ORDER BY i.since, i.id);
END $$;

-- Returns bound relations whose rows row-level security may hide from the customers' owner, as whom segments are kept: it was
-- refused when they were bound, and switched on later.
CREATE FUNCTION segmentation._hidden_relations() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT c.oid::regclass::text
  FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation,
    segmentation.binding AS k JOIN pg_class AS o ON o.oid = k.relation JOIN pg_roles AS r ON r.oid = o.relowner
  WHERE k.role = 'customers' AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
    AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'));
$$;

-- Takes away what is told of relations that are no longer bound.
CREATE FUNCTION segmentation._forget_interruptions() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM segmentation.interruption AS i WHERE i.relation NOT IN (
    SELECT r.oid::oid FROM segmentation.binding AS b, LATERAL segmentation._with_partitions(b.relation) AS r(oid));
$$;

-- Ends interruptions of these relations whose triggers are back. Who ends one has everyone judged, since nobody knows what was
-- changed meanwhile.
CREATE FUNCTION segmentation._end_interruptions(relations regclass[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE segmentation.interruption AS i SET until = clock_timestamp()
  WHERE i.until IS NULL AND i.relation = ANY (relations)
    AND i.relation NOT IN (SELECT g.relation FROM segmentation._trigger_gaps(relations) AS g WHERE g.missing OR g.disabled);
  -- While a dump is restored everyone waits to be judged in any case.
  IF FOUND AND NOT segmentation._is_restoring() THEN PERFORM segmentation._queue_everyone(); END IF;
END $$;

-- Follows what is done to the triggers. Those that come back by ENABLE TRIGGER fire for replicas again, too. ALTER TABLE of a table
-- that lost one gives it back, since it holds the table's lock already; but not while a dump is restored, which brings them itself.
CREATE FUNCTION segmentation._follow_triggers() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  altered regclass[] := ARRAY(
    SELECT r.oid::regclass
    FROM (SELECT DISTINCT COALESCE(t.tgrelid, d.objid)
          FROM pg_event_trigger_ddl_commands() AS d LEFT JOIN pg_trigger AS t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
          WHERE d.classid IN ('pg_class'::regclass, 'pg_trigger'::regclass)) AS r(oid)
    -- Our own a restore of data alone disables for a while, perhaps after it has brought the bindings.
    WHERE EXISTS (SELECT FROM segmentation.binding AS b WHERE NOT b.by_hand AND b.relation::oid IN (r.oid, pg_partition_root(r.oid)::oid)));
  item    record;
BEGIN
  IF TG_TAG = 'ALTER TABLE' THEN
    PERFORM segmentation._fire_as_made(ARRAY(
      SELECT DISTINCT d.objid::regclass FROM pg_event_trigger_ddl_commands() AS d WHERE d.classid = 'pg_class'::regclass));
  END IF;
  IF altered = '{}' THEN RETURN; END IF;
  IF TG_TAG = 'ALTER TABLE' THEN
    FOR item IN
      SELECT g.relation FROM segmentation._trigger_gaps(altered) AS g
      WHERE g.missing AND EXISTS (
        SELECT FROM segmentation.interruption AS i
        WHERE i.relation = g.relation AND i.until IS NULL AND i.database = segmentation._this_database())
      ORDER BY g.relation
    LOOP
      PERFORM segmentation._install_capture(item.relation);
    END LOOP;
    INSERT INTO segmentation.interruption (relation, since, cause)
    SELECT g.relation, clock_timestamp(), 'a trigger was disabled'
    FROM segmentation._trigger_gaps(altered) AS g
    WHERE g.disabled AND NOT EXISTS (SELECT FROM segmentation.interruption AS i WHERE i.relation = g.relation AND i.until IS NULL);
  END IF;
  PERFORM segmentation._end_interruptions(altered);
END $$;
COMMENT ON FUNCTION segmentation._follow_triggers() IS
  'notes when triggers of bound tables are disabled and enabled, gives back those that are missing, and queues everyone after an interruption';
CREATE EVENT TRIGGER segmentation_triggers ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE TRIGGER')
  EXECUTE FUNCTION segmentation._follow_triggers();
ALTER EVENT TRIGGER segmentation_triggers ENABLE ALWAYS;

CREATE FUNCTION segmentation._follow_dropped_triggers() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO segmentation.interruption (relation, since, cause)
  SELECT g.relation, clock_timestamp(), 'a trigger was dropped'
  FROM segmentation._trigger_gaps(ARRAY(
      SELECT DISTINCT to_regclass(format('%I.%I', d.address_names[1], d.address_names[2]))
      FROM pg_event_trigger_dropped_objects() AS d WHERE d.object_type = 'trigger' AND d.address_names[3] LIKE 'segmentation\_%')) AS g
  WHERE g.missing AND NOT EXISTS (SELECT FROM segmentation.interruption AS i WHERE i.relation = g.relation AND i.until IS NULL);
END $$;
COMMENT ON FUNCTION segmentation._follow_dropped_triggers() IS 'notes when a trigger of a bound table is dropped';
CREATE EVENT TRIGGER segmentation_dropped_triggers ON sql_drop WHEN TAG IN ('DROP TRIGGER')
  EXECUTE FUNCTION segmentation._follow_dropped_triggers();
ALTER EVENT TRIGGER segmentation_dropped_triggers ENABLE ALWAYS;

-- Gives bound tables the triggers that they lack, before everyone is judged. Waits 3 s at most for a table's writers unless
-- lock_timeout is set.
CREATE FUNCTION segmentation._mend_capture() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gaps    regclass[] := ARRAY(SELECT g.relation FROM segmentation._trigger_gaps() AS g WHERE g.missing OR g.not_as_replica ORDER BY g.relation);
  limited boolean := current_setting('lock_timeout') <> '0';
  item    regclass;
BEGIN
  PERFORM segmentation._forget_interruptions();
  IF gaps = '{}' THEN RETURN; END IF;
  -- Ended here, they do not have everyone queued as well.
  UPDATE segmentation.interruption AS i SET until = clock_timestamp()
  FROM segmentation._trigger_gaps() AS g
  WHERE i.until IS NULL AND g.relation = i.relation AND g.missing AND NOT g.disabled;
  IF NOT limited THEN PERFORM set_config('lock_timeout', '3s', true); END IF;
  FOREACH item IN ARRAY gaps LOOP
    PERFORM segmentation._install_capture(item);
  END LOOP;
  IF NOT limited THEN PERFORM set_config('lock_timeout', '0', true); END IF;
END $$;
