-- Who has come to segments and who has left them, for whoever keeps a copy: a mail tool, a price list, a search index. Writers of
-- members append what they changed, sharing nothing (stored/change_notes.cpp); afterwards the worker, or tick(), gives it positions, all that
-- is committed by then, transaction by transaction in the order of their ends (worker/numbering.cpp). So what a consumer has read
-- up to is one number, behind which nothing appears any more.

-- What is still to be given positions. A row is a segment's customers who came, or left, by one write.
CREATE TABLE segmentation.change_pending (
  at_lsn       pg_lsn      NOT NULL, -- the clock of the order: read after the members were written, under the customers' locks
  transaction  xid8        NOT NULL,
  segment_id   integer     NOT NULL,
  entered      boolean     NOT NULL, -- else left
  effective_at timestamptz NOT NULL,
  reason       text        NOT NULL,
  customers    text[]      NOT NULL  -- none: only says that the transaction ends after this
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
-- Without a key of its own, so that it can be published all the same. Packing long lists would cost whoever makes or drops a segment more
-- than it saves.
ALTER TABLE segmentation.change_pending REPLICA IDENTITY FULL, ALTER COLUMN customers SET STORAGE EXTERNAL;

-- What has positions, one a customer. They are microseconds since 1970 when they were given, or the next number where that is taken: so a copy of
-- the database and one that went back in time go on by others, and a position that is in none of these rows is somebody else's.
CREATE TABLE segmentation.change_log (
  last         bigint      PRIMARY KEY, -- of these customers; the first is `first`
  first        bigint      NOT NULL,
  ends_at      bigint      NOT NULL,    -- the last of the transaction
  segment_id   integer     NOT NULL,
  entered      boolean     NOT NULL,
  effective_at timestamptz NOT NULL,
  reason       text        NOT NULL,
  customers    text[]      NOT NULL
);

ALTER TABLE segmentation.change_log ALTER COLUMN customers SET STORAGE EXTERNAL;

-- Up to where changes are not there any more; whoever has read up to just there can go on. 0: none are missing.
CREATE TABLE segmentation.change_floor (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint  NOT NULL DEFAULT 0
);
INSERT INTO segmentation.change_floor DEFAULT VALUES;

-- How long changes are kept. No row: seven days; '0': none are written.
CREATE TABLE segmentation.change_keeping (
  one  boolean  PRIMARY KEY DEFAULT true CHECK (one),
  kept interval NOT NULL CHECK (kept >= '0')
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.change_keeping', '');
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.change_keeping
  EXECUTE FUNCTION segmentation._definitions_changed();
ALTER TABLE segmentation.change_keeping ENABLE ALWAYS TRIGGER changed;

-- Segments that are gone, by whose names their changes are still told.
CREATE TABLE segmentation.dropped_segment (
  id         integer     PRIMARY KEY,
  name       text        NOT NULL,
  dropped_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION segmentation._note_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO segmentation.dropped_segment (id, name) SELECT o.id, o.name FROM old_rows AS o ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_dropped AFTER DELETE ON segmentation.segment REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION segmentation._note_dropped();
ALTER TABLE segmentation.segment ENABLE ALWAYS TRIGGER tell_dropped;

CREATE VIEW segmentation._change_names AS
SELECT s.id, s.name FROM segmentation.segment AS s UNION ALL SELECT d.id, d.name FROM segmentation.dropped_segment AS d
WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = d.id); -- one may have come back by a restore
COMMENT ON VIEW segmentation._change_names IS 'The names of segments, and of those dropped whose changes are still told, by their ids.';

-- Returns how long changes are kept; zero: not at all.
CREATE FUNCTION segmentation._changes_kept() RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((SELECT k.kept FROM segmentation.change_keeping AS k), '7 days');

-- Returns the position that an instant has.
CREATE FUNCTION segmentation._change_position(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN GREATEST(extract(epoch FROM at) * 1000000, 0)::bigint;

-- Takes all changes away, so that whoever follows them must start over. Waits for who is giving positions.
CREATE FUNCTION segmentation._forget_changes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  LOCK TABLE segmentation.change_keeping IN SHARE UPDATE EXCLUSIVE MODE;
  DELETE FROM segmentation.change_pending;
  -- Behind all that were given, which run ahead of the clock where they are many.
  UPDATE segmentation.change_floor AS f SET position = GREATEST(f.position + 1, segmentation._change_position(clock_timestamp()),
    (SELECT max(l.last) + 1 FROM segmentation.change_log AS l));
  DELETE FROM segmentation.change_log;
END $$;

-- Raises 55000 where changes are not kept.
CREATE FUNCTION segmentation._check_changes_kept() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segmentation._changes_kept() = '0' THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'changes are not kept',
      HINT = 'SELECT segmentation.keep_changes(''7 days'') keeps those to come.';
  END IF;
END $$;

CREATE FUNCTION segmentation.keep_changes(how_long interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before interval;
BEGIN
  IF how_long IS NULL OR how_long < '0' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = COALESCE(format('changes cannot be kept for %s', how_long), 'how_long must not be null'),
      HINT = 'Say how long, such as ''7 days''; ''0'' keeps none.';
  END IF;
  PERFORM segmentation._open_definitions();
  before := segmentation._changes_kept();
  INSERT INTO segmentation.change_keeping (kept) VALUES (how_long) ON CONFLICT (one) DO UPDATE SET kept = EXCLUDED.kept;
  IF (before = '0') <> (how_long = '0') THEN PERFORM segmentation._forget_changes(); END IF;
END $$;
COMMENT ON FUNCTION segmentation.keep_changes(interval) IS
  'Says how long changes() can be read: seven days unless said otherwise. ''0'' keeps none and takes away those that there are; whoever '
  'follows changes must start over when they are kept again. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment.';

CREATE FUNCTION segmentation.changes_position() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._check_changes_kept();
  RETURN GREATEST((SELECT f.position FROM segmentation.change_floor AS f), (SELECT max(l.last) FROM segmentation.change_log AS l));
END $$;
COMMENT ON FUNCTION segmentation.changes_position() IS
  'The cursor of the last change that changes() shows: take it first, then read members, then follow changes from there. Raises 55000 where '
  'changes are not kept. Locks: ACCESS SHARE on segmentation.change_log.';

-- Raises unless changes can be read on from a cursor: 55000 where some behind it are gone, 22023 where it is none of this database.
CREATE FUNCTION segmentation._check_cursor(after bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  floor bigint := (SELECT f.position FROM segmentation.change_floor AS f);
  start text := 'Start over: take segmentation.changes_position(), read the members anew, and go on from that cursor.';
BEGIN
  IF after = floor THEN RETURN; END IF;
  IF after < floor THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = format('changes after cursor %s are not kept any more', after), HINT = start;
  END IF;
  IF COALESCE((SELECT l.first <= after FROM segmentation.change_log AS l WHERE l.last >= after ORDER BY l.last LIMIT 1), false) THEN RETURN; END IF;
  -- A standby may be behind the server that the cursor comes from.
  IF pg_is_in_recovery() AND after > segmentation.changes_position() THEN RETURN; END IF;
  RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('cursor %s is not one of this database', after),
    DETAIL = 'It may be of before a restore, or of another copy.', HINT = start;
END $$;

-- Returns the ids of segments by their names, whatever their case, also of dropped ones. Raises 42704 for one that never was.
CREATE FUNCTION segmentation._change_segments(names text[]) RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer integer[];
BEGIN
  PERFORM segmentation._segment_id(n) FROM unnest(names) AS n
  WHERE NOT EXISTS (SELECT FROM segmentation.dropped_segment AS d WHERE segmentation._fold(d.name) = segmentation._fold(n));
  SELECT COALESCE(array_agg(s.id), '{}') INTO answer FROM segmentation._change_names AS s
  WHERE segmentation._fold(s.name) IN (SELECT segmentation._fold(n) FROM unnest(names) AS n);
  RETURN answer;
END $$;

-- Under changes(), which bind_customers makes with the key's own type. A standby can be asked, and a transaction that only reads.
CREATE FUNCTION segmentation._changes(after bigint, max integer, segments text[])
RETURNS TABLE (cursor bigint, segment text, customer text, change text, effective_at timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
  chosen integer[] := segmentation._change_segments(_changes.segments);
  stop   bigint;
BEGIN
  IF after IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'cursor must not be null',
      HINT = 'Begin with segmentation.changes_position(), or with 0 for all changes that there ever were.';
  END IF;
  IF max IS NULL OR max < 1 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'max must be at least 1', HINT = 'Leave it out for 1000.';
  END IF;
  PERFORM segmentation._check_changes_kept();
  PERFORM segmentation._check_cursor(after);
  -- The end of the transaction that the max-th change is of; NULL: there are fewer.
  SELECT u.ends_at INTO stop
  FROM (SELECT l.last, l.ends_at, sum(l.last - GREATEST(l.first - 1, _changes.after)) OVER (ORDER BY l.last ROWS UNBOUNDED PRECEDING) AS told
        FROM segmentation.change_log AS l
        WHERE l.last > _changes.after AND (_changes.segments IS NULL OR l.segment_id = ANY (chosen))) AS u
  WHERE u.told >= _changes.max ORDER BY u.last LIMIT 1;
  RETURN QUERY
    SELECT l.first - 1 + c.place, s.name, c.customer, CASE WHEN l.entered THEN 'entered' ELSE 'left' END, l.effective_at, l.reason
    FROM segmentation.change_log AS l JOIN segmentation._change_names AS s ON s.id = l.segment_id
      CROSS JOIN LATERAL unnest(l.customers) WITH ORDINALITY AS c (customer, place)
    WHERE l.last > _changes.after AND l.last <= COALESCE(stop, 9223372036854775807) AND l.first - 1 + c.place > _changes.after
      AND (_changes.segments IS NULL OR l.segment_id = ANY (chosen))
    ORDER BY 1;
END $$;

-- Makes changes() with the key's own type.
CREATE FUNCTION segmentation._make_changes(key regtype) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE FUNCTION segmentation.changes(after bigint, max integer DEFAULT 1000, segments text[] DEFAULT NULL) '
    'RETURNS TABLE (cursor bigint, segment text, customer %1$s, change text, effective_at timestamptz, reason text) '
    'LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS %2$L', key,
    format('SELECT c.cursor, c.segment, c.customer::%s, c.change, c.effective_at, c.reason FROM segmentation._changes($1, $2, $3) AS c '
      'ORDER BY c.cursor', format('pg_catalog.%I', (SELECT t.typname FROM pg_type AS t WHERE t.oid = key))));
  COMMENT ON FUNCTION segmentation.changes(bigint, integer, text[]) IS
    'Who has entered and left segments (NULL: all) since a cursor, each customer''s changes in the order in which they were committed, and whole '
    'transactions: up to max changes, and as many more as end the last one. Each row''s cursor is where to read on from. Shows what the worker or '
    'tick() has put in order, within a second or so. Raises 55000 for a cursor that is too old, 22023 for one of another database. '
    'Locks: ACCESS SHARE on segmentation.change_log.';
END $$;
