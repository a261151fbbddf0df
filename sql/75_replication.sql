-- What would keep members from following where rows come by logical replication, or keep replication from going on.

-- Returns a relation, what it is a partition of, and its own partitions: which of them a publication or a subscription
-- names depends on publish_via_partition_root.
CREATE FUNCTION segmentation._family(relation regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT segmentation._with_partitions(relation) UNION SELECT a.relid FROM pg_partition_ancestors(relation) AS a;
$$;

-- Returns what is wrong with bound relations where this database subscribes to some publication, or is meant to.
CREATE FUNCTION segmentation._check_subscriber(OUT severity text, OUT relation regclass, OUT problem text, OUT hint text)
  RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH bound AS (SELECT DISTINCT b.relation FROM segmentation.binding AS b WHERE NOT b.by_hand),
  here AS (SELECT s.oid, s.subname, s.subenabled FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid WHERE d.datname = current_database()),
  fed AS (SELECT b.relation, r.srsubid, r.srsubstate
          FROM bound AS b JOIN pg_subscription_rel AS r ON r.srrelid IN (SELECT segmentation._family(b.relation)))
  SELECT 'warning', b.relation, 'no subscription brings its rows',
    CASE WHEN EXISTS (SELECT FROM here) THEN 'Where the publication has the table by now: ALTER SUBSCRIPTION ... REFRESH PUBLICATION.'
      ELSE 'Rows that are written here are followed all the same.' END
  FROM bound AS b WHERE NOT EXISTS (SELECT FROM fed WHERE fed.relation = b.relation)
  UNION ALL
  SELECT 'note', f.relation, 'its first copy is not done', 'SELECT * FROM pg_subscription_rel shows how far each table is.'
  FROM fed AS f WHERE f.srsubstate NOT IN ('r', 's') GROUP BY f.relation
  UNION ALL
  SELECT 'error', NULL, format('subscription "%s" is disabled', h.subname), format('ALTER SUBSCRIPTION %I ENABLE;', h.subname)
  FROM here AS h WHERE NOT h.subenabled
  UNION ALL
  SELECT 'error', p.oid::regclass, format('trigger "%s" %s', w.name,
      CASE WHEN t.oid IS NULL THEN 'is missing' ELSE 'does not fire for what is replicated' END),
    CASE WHEN t.oid IS NULL THEN 'Bind the relation again with replace => true.'
      ELSE format('ALTER TABLE %s ENABLE %s TRIGGER %I;', p.oid::regclass, w.fires, w.name) END
  FROM bound AS b, LATERAL segmentation._with_partitions(b.relation) AS p(oid) JOIN pg_class AS c ON c.oid = p.oid
    JOIN (VALUES ('segmentation_row', 'REPLICA', 'r'), ('segmentation_truncate', 'ALWAYS', NULL)) AS w(name, fires, kind)
      ON w.kind IS NULL OR w.kind = c.relkind::text
    LEFT JOIN pg_trigger AS t ON t.tgrelid = p.oid AND t.tgname = w.name
  WHERE t.oid IS NULL OR t.tgenabled NOT IN ('A', 'R')
  UNION ALL
  SELECT 'warning', p.oid::regclass, 'it has neither a primary key nor another replica identity by index',
    'Each replicated UPDATE and DELETE reads the whole table; and where the publisher''s table has none either, it refuses them.'
  FROM fed AS f, LATERAL segmentation._with_partitions(f.relation) AS p(oid) JOIN pg_class AS c ON c.oid = p.oid
  WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisvalid AND (i.indisprimary OR i.indisreplident))
  UNION
  SELECT 'warning', w.relation, format('column "%s" has no index', w.name),
    format('Each change of "%s" reads the whole table to find whom it concerns: CREATE INDEX ON %s (%I);', w.binding, w.relation, w.name)
  FROM (SELECT b.relation, CASE b.role WHEN 'lookup' THEN b.lookup_key ELSE b.key END AS name, b.name AS binding FROM segmentation.binding AS b
        UNION SELECT p.relation, CASE b.role WHEN 'lookup' THEN b.key ELSE b.of_key END, b.name
        FROM segmentation.binding AS b JOIN segmentation.binding AS p ON p.id = b.of_id) AS w
    JOIN pg_attribute AS a ON a.attrelid = w.relation AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
  WHERE NOT segmentation._is_indexed(w.relation, w.name)
  UNION ALL
  SELECT 'error', r.srrelid::regclass, format('subscription "%s" writes a table of the extension', h.subname),
    'Publish the shop''s tables by name instead of FOR ALL TABLES, then ALTER SUBSCRIPTION ... REFRESH PUBLICATION.'
  FROM pg_subscription_rel AS r JOIN here AS h ON h.oid = r.srsubid JOIN pg_class AS c ON c.oid = r.srrelid
  WHERE c.relnamespace = 'segmentation'::regnamespace
  UNION ALL
  SELECT 'note', NULL, 'whether the publication has row filters or column lists, or leaves out some kinds of changes, cannot be seen from here',
    'On the publisher: SELECT * FROM pg_publication_tables, and SELECT pubname, pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_publication.'
  WHERE EXISTS (SELECT FROM fed);
$$;

-- Returns what is wrong where this database publishes.
CREATE FUNCTION segmentation._check_publisher(OUT severity text, OUT relation regclass, OUT problem text, OUT hint text)
  RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'error', NULL::regclass, format('publication "%s" sends the extension''s own tables', p.pubname),
    'A subscriber would take this server''s members for its own. Publish the shop''s tables by name.'
  FROM pg_publication AS p
  WHERE EXISTS (SELECT FROM pg_publication_tables AS t WHERE t.pubname = p.pubname AND t.schemaname = 'segmentation')
  UNION ALL
  SELECT 'error', r.oid::regclass, format('publication "%s" sends its changes, and it has no replica identity', p.pubname),
    'UPDATE and DELETE fail. Give it a primary key, or ALTER TABLE ... REPLICA IDENTITY.'
  FROM pg_publication AS p JOIN pg_publication_tables AS t ON t.pubname = p.pubname AND (p.pubupdate OR p.pubdelete)
    JOIN pg_class AS published ON published.oid = format('%I.%I', t.schemaname, t.tablename)::regclass,
    LATERAL segmentation._with_partitions(published.oid) AS part(oid) JOIN pg_class AS r ON r.oid = part.oid
  WHERE r.relkind = 'r' AND (r.relreplident = 'n' OR r.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = r.oid AND i.indisprimary AND i.indisvalid))
  UNION ALL
  SELECT 'error', NULL, 'there are publications, and wal_level is not logical', 'ALTER SYSTEM SET wal_level = logical, and restart the server.'
  WHERE EXISTS (SELECT FROM pg_publication) AND current_setting('wal_level') <> 'logical';
$$;

-- Whoever may call it need have no right on what it reads, nor see other roles' sessions.
CREATE FUNCTION segmentation.check_replication()
  RETURNS TABLE (severity text, relation regclass, problem text, hint text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM segmentation._check_subscriber() UNION SELECT * FROM segmentation._check_publisher()
  UNION
  SELECT 'warning', NULL, 'nothing works the queue off', 'SELECT segmentation.start_worker(), or have pg_cron CALL segmentation.tick().'
  FROM segmentation.upkeep AS u
  WHERE segmentation._worker() IS NULL
    AND COALESCE(u.ticked_at < clock_timestamp() - interval '5 minutes', true)
  ORDER BY 1, 2, 3;
$$;
COMMENT ON FUNCTION segmentation.check_replication() IS
  'returns what would keep members from following changes that logical replication brings, or replication from going on, on a '
  'subscriber and on a publisher: severity is error, warning or note; no error and no warning means right. Locks: none beyond reading';
