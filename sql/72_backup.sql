-- Backup and restore: what comes back by COPY instead of by the calls that define.

-- Notes that definitions come from a dump. They may be of higher versions than this database has counted, and nothing that comes
-- with them is believed of measures. Members, counts and queue may still be on their way. Where the shop's tables have their triggers
-- already, as in a restore of data alone, its rows must not be judged in between: as long as the session that this runs in goes on,
-- commits judge nobody, and where any has left that, none does until everyone is judged. That tick, the worker or refresh_all does in any
-- case, if only because time has passed since the dump. A parallel restore's sessions all go on until its data is there.
CREATE FUNCTION segmentation._note_restore() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- By v itself: another session of the restore may have updated it since.
  UPDATE segmentation.definition_version AS v
  SET version = GREATEST(v.version, n.built) + 1, shrunk = GREATEST(v.version, n.built) + 1, epoch = hashtextextended(gen_random_uuid()::text, 0),
      restoring_pid = pg_backend_pid(), restoring_since = a.backend_start,
      restored_at = clock_timestamp()
  FROM (SELECT max(s.built) AS built FROM segmentation.segment AS s) AS n, pg_stat_get_activity(pg_backend_pid()) AS a;
  PERFORM segmentation._forget_changes(); -- members come without
END $$;

CREATE FUNCTION segmentation._follow_restore() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT segmentation._holds_gate() THEN PERFORM segmentation._note_restore(); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER restored AFTER INSERT ON segmentation.binding EXECUTE FUNCTION segmentation._follow_restore();
CREATE TRIGGER restored AFTER INSERT ON segmentation.segment EXECUTE FUNCTION segmentation._follow_restore();

-- Of a restore with --disable-triggers these triggers do not tell, but that it disables them does, before any definition is there; and
-- when it enables them again, how high versions are.
CREATE FUNCTION segmentation._follow_silent_restore() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS d JOIN pg_trigger AS t ON t.tgrelid = d.objid
             WHERE d.classid = 'pg_class'::regclass AND t.tgname = 'restored' AND t.tgfoid = 'segmentation._follow_restore'::regproc
               AND (t.tgenabled = 'D' OR EXISTS (SELECT FROM segmentation.definition_version AS v WHERE v.restoring_pid IS NOT NULL))) THEN
    PERFORM segmentation._note_restore();
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._follow_silent_restore() IS 'notes a restore that disables the triggers of the tables of definitions';
CREATE EVENT TRIGGER segmentation_restore ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION segmentation._follow_silent_restore();
ALTER EVENT TRIGGER segmentation_restore ENABLE ALWAYS;

-- Gives or takes (`verb`, `preposition`) what grant_backup tells.
CREATE FUNCTION segmentation._change_backup_rights(verb text, preposition text, role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT format(CASE WHEN c.relkind = 'S' THEN 'SELECT, UPDATE ON SEQUENCE %s' ELSE 'SELECT, INSERT ON TABLE %s' END,
                  c.oid::regclass) AS rights
    FROM pg_extension AS e, unnest(e.extconfig) AS x(oid) JOIN pg_class AS c ON c.oid = x.oid
    WHERE e.extname = 'segmentation'
    UNION ALL
    SELECT r FROM unnest(ARRAY['CREATE ON SCHEMA segmentation, segments',
      'EXECUTE ON FUNCTION segmentation._capture(), segmentation._capture_row(), segmentation._fold(text)']) AS r
  LOOP
    EXECUTE format('%s %s %s %I', verb, item.rights, preposition, role);
  END LOOP;
END $$;

CREATE FUNCTION segmentation.grant_backup(role name) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT segmentation._change_backup_rights('GRANT', 'TO', role);
END;
COMMENT ON FUNCTION segmentation.grant_backup(name) IS
  'Lets a role that owns its shop but is no superuser dump this database, and restore such a dump into it: reading and filling the '
  'tables of definitions, the queue and their sequences, making tables, functions and views in the extension''s schemas, and '
  'giving its tables their triggers. Returns nothing. Locks: none but of the system catalogs'' rows.';

CREATE FUNCTION segmentation.revoke_backup(role name) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT segmentation._change_backup_rights('REVOKE', 'FROM', role);
END;
COMMENT ON FUNCTION segmentation.revoke_backup(name) IS
  'Takes back what grant_backup gave. Returns nothing. Locks: none but of the system catalogs'' rows.';

-- CREATE EXTENSION has taken the comment from the control file. A dump would carry it, and only the extension's owner may restore it.
COMMENT ON EXTENSION segmentation IS NULL;
