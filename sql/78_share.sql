-- Shared lists: who has a token reads a segment's members, with the columns that were shared, and nothing else. Of a token only its hash is
-- kept, and of one that was revoked, or whose segment was dropped, not even that. Whether a token never was, has expired or was revoked is not told:
-- one query looks for what is good, and where it finds nothing there is one error.

CREATE TABLE segmentation.share (
  id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash       bytea       UNIQUE,   -- of the token, by SHA-256; NULL: revoked, so that it is like one that never was
  segment_id integer     NOT NULL, -- without a foreign key, as in 20_catalog.sql; ids are not used twice
  columns    text[]      NOT NULL, -- as rules call them
  needs      text[]      NOT NULL, -- what these read; more was not allowed
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by name        NOT NULL DEFAULT session_user,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_by name,
  CHECK ((hash IS NULL) = (revoked_at IS NOT NULL))
);

-- Appended to, so that who reads waits for nobody else who does. Old ones are added up into one row for each share, without a role.
CREATE TABLE segmentation.share_use (
  seq            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  share_id       integer     NOT NULL,
  used_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  uses           bigint      NOT NULL, -- from the beginning
  pages          bigint      NOT NULL, -- from some key on
  role           name,
  client_address inet
);
CREATE INDEX share_use_used_at_idx ON segmentation.share_use (used_at) WHERE role IS NOT NULL;
CREATE INDEX share_use_share_id_idx ON segmentation.share_use (share_id);

SELECT pg_catalog.pg_extension_config_dump('segmentation.share', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.share_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.share_use', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.share_use_seq_seq', '');

-- Revokes what was shared of segments that are dropped.
CREATE FUNCTION segmentation._revoke_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE segmentation.share AS s SET hash = NULL, revoked_at = clock_timestamp(), revoked_by = SESSION_USER
  FROM dropped AS d WHERE d.id = s.segment_id AND s.revoked_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER revoke_dropped AFTER DELETE ON segmentation.segment REFERENCING OLD TABLE AS dropped EXECUTE FUNCTION segmentation._revoke_dropped();

CREATE FUNCTION segmentation._random_bytes(count integer) RETURNS bytea
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_random_bytes';
COMMENT ON FUNCTION segmentation._random_bytes(integer) IS 'bytes from the server''s cryptographic source of randomness';

CREATE FUNCTION segmentation._note_use(hash bytea, goes_on boolean, role name) RETURNS integer
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_note_use';
COMMENT ON FUNCTION segmentation._note_use(bytea, boolean, name) IS
  'the id of the share whose token has this hash, if it is good now, whatever the transaction''s snapshot; its use is noted';

CREATE FUNCTION segmentation._list_as(reader oid, query text, due text[], present text[]) RETURNS TABLE (customer text, entered_at timestamptz, "values" json)
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_list_as';
COMMENT ON FUNCTION segmentation._list_as(oid, text, text[], text[]) IS
  'the rows of a query, in which due is $1 and present $2, that is run by the rights of a role, in a security-restricted operation';

CREATE FUNCTION segmentation._tell_log(message text) RETURNS void
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_tell_log';
COMMENT ON FUNCTION segmentation._tell_log(text) IS 'writes a line into the server''s log, which no client sees';

-- Returns how long uses are kept one by one, and shares after their end.
CREATE FUNCTION segmentation._share_retention() RETURNS interval LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN interval '90 days';

-- Adds up uses that are older than that, and deletes shares that ended longer ago. tick() and the worker do it, too. Waits for nobody.
CREATE FUNCTION segmentation._forget_shares() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before timestamptz := clock_timestamp() - segmentation._share_retention();
BEGIN
  WITH locked AS MATERIALIZED (
    SELECT u.seq FROM segmentation.share_use AS u
    WHERE u.used_at < before AND u.share_id IN (SELECT o.share_id FROM segmentation.share_use AS o WHERE o.used_at < before AND o.role IS NOT NULL)
    FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM segmentation.share_use AS u USING locked AS l WHERE u.seq = l.seq RETURNING u.*)
  INSERT INTO segmentation.share_use (share_id, used_at, uses, pages)
  SELECT g.share_id, max(g.used_at), sum(g.uses), sum(g.pages) FROM gone AS g GROUP BY g.share_id;
  WITH locked AS MATERIALIZED (
    SELECT s.id FROM segmentation.share AS s WHERE LEAST(s.expires_at, s.revoked_at) < before FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM segmentation.share AS s USING locked AS l WHERE s.id = l.id RETURNING s.id)
  DELETE FROM segmentation.share_use AS u USING gone AS g WHERE u.share_id = g.id;
END $$;

-- Returns what values of a customer read: bindings and their columns. What cannot be shown is left out.
CREATE FUNCTION segmentation._share_needs(columns text[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT DISTINCT format('%s %s', r.binding_id, r.word) FROM segmentation._values_needed(columns) AS r
             WHERE r.what = 'needs' ORDER BY 1);

-- Returns such a list with the names that these columns have by now.
CREATE FUNCTION segmentation._present_needs(needs text[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT format('%s %s', n.binding_id, COALESCE(w.column_name, n.word))
             FROM unnest(needs) AS u(need), LATERAL (SELECT split_part(u.need, ' ', 1)::integer AS binding_id, substring(u.need FROM ' (.*)$') AS word) AS n
             LEFT JOIN segmentation.binding AS b ON b.id = n.binding_id
             LEFT JOIN segmentation.column_word AS w ON w.relation = b.relation AND w.word = n.word);

-- Raises unless a role may read these values of customers itself.
CREATE FUNCTION segmentation._check_may_share(asker oid, columns text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  IF NOT has_table_privilege(asker, 'segmentation.membership', 'SELECT') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied for table membership';
  END IF;
  FOR item IN SELECT r.name, r.what, r.binding_id, r.word FROM segmentation._values_needed(columns) AS r LOOP
    IF item.what = 'wrong' THEN
      RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = format('column "%s" cannot be shared: %s', item.name, item.word),
        HINT = 'View segmentation.attributes has the names that there are.';
    ELSIF NOT segmentation._may_read_value(asker, item.binding_id, item.word) THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied for column "%s"', item.name),
        DETAIL = format('It reads %s, which role "%s" may not.', CASE item.binding_id WHEN 0 THEN 'members' ELSE
          (SELECT format('"%s" of %s', item.word, b.relation) FROM segmentation.binding AS b WHERE b.id = item.binding_id) END, pg_get_userbyid(asker)),
        HINT = 'Whoever shares a column must be able to read it.';
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION segmentation.share(segment text, expires interval, columns text[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chosen segmentation.segment := segmentation._segment(segment);
  shown  text[] := COALESCE(share.columns, '{}');
  token  text;
BEGIN
  IF expires IS NULL OR expires <= interval '0' OR NOT isfinite(expires) THEN
    RAISE EXCEPTION USING ERRCODE = CASE WHEN expires IS NULL THEN '22004' ELSE '22023' END,
      MESSAGE = CASE WHEN expires IS NULL THEN 'expires must not be null' ELSE 'expires must be a time to come' END,
      HINT = 'Say for how long the list is to be read, such as ''30 days''.';
  END IF;
  IF array_position(shown, NULL) IS NOT NULL OR cardinality(shown) <> (SELECT count(DISTINCT c) FROM unnest(shown) AS c) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'columns must be names, each once', HINT = 'Such as: ARRAY[''name'', ''email''].';
  END IF;
  IF cardinality(shown) > 50 THEN
    RAISE EXCEPTION USING ERRCODE = '54011', MESSAGE = 'a shared list can have at most 50 columns', HINT = 'Share fewer columns.';
  END IF;
  PERFORM segmentation._check_may_share(segmentation._caller(), shown);
  PERFORM segmentation._forget_shares();
  -- As base64url, which stands in a path or a header as it is.
  token := rtrim(translate(encode(segmentation._random_bytes(32), 'base64'), '+/', '-_'), '=');
  INSERT INTO segmentation.share (hash, segment_id, columns, needs, expires_at)
  VALUES (sha256(convert_to(token, 'UTF8')), chosen.id, shown, segmentation._share_needs(shown), clock_timestamp() + expires);
  RETURN token;
END $$;
COMMENT ON FUNCTION segmentation.share(text, interval, text[]) IS
  'Returns a token, once: whoever has it reads this segment''s members by shared(token) until it expires. columns are values by what rules call '
  'them, which the caller must be able to read; by default none, only the customers'' keys and since when they are in. Locks: none on tables.';

CREATE FUNCTION segmentation.revoke_share(segment text, id integer DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chosen segmentation.segment := segmentation._segment(segment);
  found  integer;
BEGIN
  IF revoke_share.id IS NOT NULL
     AND NOT EXISTS (SELECT FROM segmentation.share AS s WHERE s.id = revoke_share.id AND s.segment_id = chosen.id) THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('share %s of segment "%s" does not exist', revoke_share.id, chosen.name),
      HINT = 'View segmentation.shares has those that there are.';
  END IF;
  UPDATE segmentation.share AS s SET hash = NULL, revoked_at = clock_timestamp(), revoked_by = SESSION_USER
  WHERE s.segment_id = chosen.id AND s.id = COALESCE(revoke_share.id, s.id) AND s.revoked_at IS NULL;
  GET DIAGNOSTICS found = ROW_COUNT;
  PERFORM segmentation._forget_shares();
  RETURN found;
END $$;
COMMENT ON FUNCTION segmentation.revoke_share(text, integer) IS
  'Makes the tokens of a segment, or the one of an id out of view shares, worthless from the commit on; returns how many there were. Locks until the transaction '
  'ends: these rows of segmentation.share.';

-- Returns the SELECT of a shared list, or a part of it: those behind a key, in the order of keys. It reads whom time has changed and no clock has
-- seen (`due`), and who of them is in (`present`), as parameters: keys of others stand in no text that a guest could get to see.
CREATE FUNCTION segmentation._shared_sql(list segmentation.share, after text, lim bigint, OUT query text, OUT due text[], OUT present text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  keys     text := substring(segmentation._keys_sql('{}') FROM '::.*$'); -- the type of many
  members  text := format('SELECT m.customer_id, m.entered_at FROM segmentation.membership AS m WHERE m.segment_id = %s', list.segment_id);
  settings segmentation._view_settings;
  given    text[];
BEGIN
  due := ARRAY(SELECT d FROM segmentation._due() AS d);
  present := '{}';
  IF due <> '{}' THEN
    present := ARRAY(SELECT j.customer FROM segmentation._judged(due) AS j WHERE j.segment_id = list.segment_id);
    members := format('%1$s AND m.customer_id <> ALL ($1%2$s) UNION ALL SELECT k, COALESCE(m.entered_at, now()) FROM unnest($2%2$s) AS k '
      'LEFT JOIN segmentation.membership AS m ON m.customer_id = k AND m.segment_id = %3$s', members, keys, list.segment_id);
  END IF;
  -- Only where the rule may have any: one that lost what it reads keeps its members, and has none to tell.
  IF (SELECT segmentation.rule_source(s.rule) ~* '\mlimit\M' FROM segmentation.segment AS s WHERE s.id = list.segment_id) THEN
    SELECT s.* INTO settings FROM segmentation._settings_of(ARRAY[list.segment_id]) AS s;
  END IF;
  members := format('SELECT m.customer_id, m.entered_at FROM (%s) AS m WHERE true%s%s ORDER BY m.customer_id%s', members,
    CASE WHEN after IS NOT NULL THEN ' AND m.customer_id > (' || segmentation._keys_sql(ARRAY[after]) || ')[1]' END,
    -- A list is no longer than the segment's view.
    CASE WHEN settings.row_limit IS NOT NULL
      THEN ' AND m.customer_id IN (SELECT m.customer_id' || (segmentation._settings_source(settings)).rest || ')' END,
    ' LIMIT ' || lim);
  IF list.columns = '{}' THEN
    query := format('SELECT m.customer_id::text, m.entered_at, ''{}''::json FROM (%s) AS m', members);
    RETURN;
  END IF;
  given := segmentation._values_sql(list.columns, 'SELECT p.customer_id FROM page AS p');
  IF given[2:] <> list.columns OR NOT segmentation._share_needs(list.columns) <@ segmentation._present_needs(list.needs) THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = COALESCE(
      (SELECT format('column "%s" cannot be shown any more', min(c)) FROM unnest(list.columns) AS c WHERE c <> ALL (given[2:]) HAVING count(*) > 0),
      'its columns read more than they did when it was shared');
  END IF;
  query := format('WITH page AS MATERIALIZED (%s) SELECT p.customer_id::text, p.entered_at, json_build_object(%s) FROM page AS p '
    'LEFT JOIN (%s) AS v ON v.key = p.customer_id ORDER BY p.customer_id', members,
    (SELECT string_agg(format('%L, v.value_%s', c.name, c.at), ', ' ORDER BY c.at) FROM unnest(list.columns) WITH ORDINALITY AS c(name, at)), given[1]);
END $$;

CREATE FUNCTION segmentation.shared(token text, after text DEFAULT NULL, lim bigint DEFAULT NULL)
RETURNS TABLE (customer text, entered_at timestamptz, "values" json)
-- Plans that a session has printed (debug_print_plan) go to its client, and have keys and constants that are not for a guest; so have notices.
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET client_min_messages = error SET datestyle = 'ISO, YMD' SET intervalstyle = postgres
SET timezone = 'UTC' SET bytea_output = hex SET extra_float_digits = 1 SET standard_conforming_strings = on
SET transform_null_equals = off SET array_nulls = on SET jit = off AS $$
DECLARE
  share_id integer;
  list     segmentation.share;
BEGIN
  IF current_setting('transaction_read_only')::boolean THEN
    RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = 'cannot read a shared list in a read-only transaction',
      DETAIL = 'Each use is noted.', HINT = 'Connect to the primary server, in a transaction that may write.';
  END IF;
  IF lim < 0 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'lim must not be negative', HINT = 'Say how many rows are wanted, or leave it out for all.';
  END IF;
  share_id := segmentation._note_use(sha256(convert_to(COALESCE(token, ''), 'UTF8')), after IS NOT NULL, pg_get_userbyid(segmentation._caller()));
  IF share_id IS NOT NULL THEN
    SELECT s.* INTO list FROM segmentation.share AS s WHERE s.id = share_id;
    IF segmentation._key_text(after) IS NULL AND after IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'after is not a key', HINT = 'Say the last customer that was read.';
    END IF;
    BEGIN
      RETURN QUERY SELECT l.* FROM segmentation._shared_sql(list, segmentation._key_text(after), lim) AS q,
        LATERAL segmentation._list_as(segmentation._reader(), q.query, q.due, q.present) AS l;
      RETURN;
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58') AND SQLSTATE <> '55000' THEN RAISE; END IF; -- the server's own
      PERFORM segmentation._tell_log(format('shared list %s of segment "%s" cannot be read: %s', list.id,
        (SELECT s.name FROM segmentation.segment AS s WHERE s.id = list.segment_id), SQLERRM));
    END;
  END IF;
  RAISE EXCEPTION USING ERRCODE = '28000', MESSAGE = 'no list is shared by this token', HINT = 'Ask whoever shared it for a new one.';
END $$;
COMMENT ON FUNCTION segmentation.shared(text, text, bigint) IS
  'The members of the segment that a token of share() stands for, by key, with the shared columns in the order in which they were shared; after and lim page through '
  'them. Each call is noted. 28000 for any token that is not good, whatever the reason. Locks: ACCESS SHARE on segmentation.membership, and what the columns read.';

CREATE FUNCTION segmentation.share_uses()
RETURNS TABLE (share_id integer, segment text, used_at timestamptz, uses bigint, pages bigint, role name, client_address inet)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.share_id, g.name, u.used_at, u.uses, u.pages, u.role, u.client_address
  FROM segmentation.share_use AS u JOIN segmentation.share AS s ON s.id = u.share_id LEFT JOIN segmentation.segment AS g ON g.id = s.segment_id
  ORDER BY u.used_at DESC, u.seq DESC;
$$;
COMMENT ON FUNCTION segmentation.share_uses() IS
  'When and by which role shared lists were read, the latest first; after 90 days uses are added up into one row a share. Locks: ACCESS SHARE on what it reads.';

CREATE VIEW segmentation.shares AS
SELECT s.id, g.name AS segment, s.columns, s.created_at, s.created_by, s.expires_at, s.revoked_at, s.revoked_by,
       g.id IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AS is_good,
       COALESCE(u.uses, 0) AS uses, COALESCE(u.pages, 0) AS pages, u.last_used_at
FROM segmentation.share AS s LEFT JOIN segmentation.segment AS g ON g.id = s.segment_id
LEFT JOIN (SELECT u.share_id, sum(u.uses)::bigint AS uses, sum(u.pages)::bigint AS pages, max(u.used_at) AS last_used_at
           FROM segmentation.share_use AS u GROUP BY u.share_id) AS u ON u.share_id = s.id
ORDER BY s.id;
COMMENT ON VIEW segmentation.shares IS
  'The lists that are shared, or were until 90 days ago: of which segment (NULL: it was dropped) and with which columns, until when, whether the token is still good, and how often it was used: uses '
  'from the beginning, pages further parts. The token is nowhere.';
