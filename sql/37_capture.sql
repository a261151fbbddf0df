-- Capture: the triggers that tell the extension of changes to bound relations. They belong to the shop's tables and go
-- with the extension.
CREATE FUNCTION segmentation._capture() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_capture';
COMMENT ON FUNCTION segmentation._capture() IS
  'notes the rows that a statement changed, so that the members of segments follow when the transaction commits';

-- Returns a relation and its partitions.
CREATE FUNCTION segmentation._with_partitions(relation regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT relation UNION SELECT t.relid FROM pg_partition_tree(relation) AS t;
$$;

-- Gives a relation and its partitions the triggers that they lack. A statement fires those of the relation that it names only,
-- so each partition has its own. Locks: SHARE ROW EXCLUSIVE on each that gets one.
CREATE FUNCTION segmentation._install_capture(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT r.oid::regclass AS relation, w.name, w.event, w.rows
    FROM segmentation._with_partitions(_install_capture.relation) AS p(oid) JOIN pg_class AS r ON r.oid = p.oid,
      (VALUES ('segmentation_insert', 'INSERT', 'REFERENCING NEW TABLE AS new_rows '),
              ('segmentation_update', 'UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '),
              ('segmentation_delete', 'DELETE', 'REFERENCING OLD TABLE AS old_rows '),
              ('segmentation_truncate', 'TRUNCATE', '')) AS w(name, event, rows)
    WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = r.oid AND t.tgname = w.name)
    ORDER BY r.oid, w.name
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %sFOR EACH STATEMENT EXECUTE FUNCTION segmentation._capture()',
      item.name, item.event, item.relation, item.rows);
    EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION segmentation', item.name, item.relation);
  END LOOP;
END $$;

-- Takes the triggers from a relation and its partitions where no binding reads it any more.
CREATE FUNCTION segmentation._remove_capture(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT t.tgname, t.tgrelid::regclass AS relation
    FROM pg_trigger AS t JOIN segmentation._with_partitions(_remove_capture.relation) AS p(oid) ON p.oid = t.tgrelid
    WHERE t.tgfoid = 'segmentation._capture'::regproc
      AND NOT EXISTS (SELECT FROM segmentation.binding AS b
                      WHERE t.tgrelid IN (SELECT segmentation._with_partitions(b.relation)))
    ORDER BY t.tgrelid, t.tgname
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', item.tgname, item.relation);
  END LOOP;
END $$;
