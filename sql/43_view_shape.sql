-- The shape of views: how their columns follow what they stand on. A view on which nothing depends is dropped and made again
-- within the statement; one on which somebody built keeps its columns, and what is new comes last. A view that somebody is
-- just reading is not waited for, since he may be waiting for the table that this transaction holds: it keeps its columns
-- for now, and its function goes on to deliver these.

-- Returns the columns of a view or of a function under views.
CREATE FUNCTION segmentation._shape_of(view regclass, rows regprocedure, OUT names text[], OUT types text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(c.name ORDER BY c.at), array_agg(format_type(c.type, -1) ORDER BY c.at)
  FROM (SELECT a.attname::text AS name, a.atttypid AS type, a.attnum AS at
        FROM pg_attribute AS a WHERE a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT u.name, u.type, u.at
        FROM pg_proc AS p, unnest(p.proallargtypes, p.proargnames, p.proargmodes) WITH ORDINALITY AS u(type, name, mode, at)
        WHERE p.oid = rows AND u.mode = 't') AS c;
$$;

-- Returns which names that columns of a segment's view have (0: plain ones') are old ones, with the new ones: of columns that were
-- renamed while somebody was reading, or in this statement.
CREATE FUNCTION segmentation._old_columns(segment_id integer) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT COALESCE(jsonb_object_agg(v.name, v.column_name), '{}') FROM segmentation.view_column AS v
        WHERE v.segment_id = _old_columns.segment_id);

-- Returns whether there is a cast, other than by way of text.
CREATE FUNCTION segmentation._casts(source regtype, target regtype) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_cast AS c WHERE c.castsource = source AND c.casttarget = target);

-- Returns expressions that deliver what a source shows under other columns: by name, or by what is the new name of it; as NULL what is gone.
CREATE FUNCTION segmentation._fit(source segmentation._view_source, names text[], types text[], renamed jsonb) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  SELECT CASE WHEN s.name IS NULL THEN format('NULL::%s', w.type)
              WHEN s.type = w.type THEN s.shown
              WHEN segmentation._casts(s.type::regtype, w.type::regtype) THEN format('(%s)::%s', s.shown, w.type)
              ELSE format('((%s)::text)::%s', s.shown, w.type) END
  FROM unnest(names, types) WITH ORDINALITY AS w(name, type, at)
  LEFT JOIN unnest(source.names, source.types, source.shown) AS s(name, type, shown)
    ON s.name = COALESCE(renamed ->> w.name, w.name)
  ORDER BY w.at);

-- Returns commands that give a view again what it has besides its query, once it has been made anew with columns of these names.
CREATE FUNCTION segmentation._view_belongings(view regclass, names text[], renamed jsonb) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  SELECT b.command
  FROM pg_class AS c,
    LATERAL (
      SELECT 1 AS rank, format('GRANT %s ON %s TO %s%s', x.privilege_type, view,
               CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
               CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS command
      FROM aclexplode(c.relacl) AS x WHERE x.grantee <> c.relowner
      UNION ALL
      SELECT 2, format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, COALESCE(renamed ->> a.attname::text, a.attname), view,
               CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
               CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute AS a, aclexplode(a.attacl) AS x
      WHERE a.attrelid = view AND NOT a.attisdropped AND COALESCE(renamed ->> a.attname::text, a.attname) = ANY (names)
      UNION ALL
      SELECT 3, format('COMMENT ON %s %s IS %L',
               CASE WHEN a.attname IS NULL THEN 'VIEW' ELSE 'COLUMN' END,
               concat_ws('.', view::text, quote_ident(COALESCE(renamed ->> a.attname::text, a.attname))), d.description)
      FROM pg_description AS d LEFT JOIN pg_attribute AS a ON a.attrelid = view AND a.attnum = d.objsubid AND d.objsubid > 0
      WHERE d.objoid = view AND d.classoid = 'pg_class'::regclass
        AND (a.attname IS NULL OR COALESCE(renamed ->> a.attname::text, a.attname) = ANY (names))) AS b
  WHERE c.oid = view ORDER BY b.rank, b.command);

-- Returns whether a view has what would go with it and could not be made again here: triggers, rules, defaults, labels.
CREATE FUNCTION segmentation._is_built_upon(view regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = view)
    OR EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = view AND r.rulename <> '_RETURN')
    OR EXISTS (SELECT FROM pg_attrdef AS d WHERE d.adrelid = view)
    OR EXISTS (SELECT FROM pg_seclabel AS l WHERE l.objoid = view AND l.classoid = 'pg_class'::regclass);

-- Drops views on which nothing depends; returns whether it is gone.
CREATE FUNCTION segmentation._drop_unused_view(view regclass) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segmentation._is_built_upon(view) THEN RETURN false; END IF;
  EXECUTE format('DROP VIEW %s', view);
  RETURN true;
EXCEPTION WHEN dependent_objects_still_exist THEN
  RETURN false;
END $$;

-- Gives columns of a view their new names, where names may change places, and whatever else has such a name gets another.
CREATE FUNCTION segmentation._rename_view_columns(view regclass, renamed jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  present text[] := (SELECT s.names FROM segmentation._shape_of(view, NULL) AS s);
  item    record;
  taken   text;
BEGIN
  FOR item IN SELECT r.old, r.new, row_number() OVER (ORDER BY r.old) AS number FROM jsonb_each_text(renamed) AS r(old, new)
              WHERE r.old = ANY (present) AND r.old <> r.new LOOP
    EXECUTE format('ALTER VIEW %s RENAME COLUMN %I TO %I', view, item.old, '~ ' || item.number);
  END LOOP;
  FOR item IN SELECT r.old, r.new, row_number() OVER (ORDER BY r.old) AS number FROM jsonb_each_text(renamed) AS r(old, new)
              WHERE r.old = ANY (present) AND r.old <> r.new LOOP
    present := (SELECT s.names FROM segmentation._shape_of(view, NULL) AS s);
    IF item.new = ANY (present) THEN
      SELECT n.name INTO taken FROM (SELECT left(item.new, 12) || '~' || i AS name, i FROM generate_series(1, 2000) AS i) AS n
      WHERE n.name <> ALL (present) ORDER BY n.i LIMIT 1;
      EXECUTE format('ALTER VIEW %s RENAME COLUMN %I TO %I', view, item.new, taken);
    END IF;
    EXECUTE format('ALTER VIEW %s RENAME COLUMN %I TO %I', view, '~ ' || item.number, item.new);
  END LOOP;
END $$;

-- Makes a view over a call of a function, or has the present one stand on that. What it reads is judged by its reader's rights, on the
-- members and on the customers. What it says of the customers' table is true whatever is in that; it has the reader wait for who changes the
-- table before he reads the function's text, which the change may have made another.
CREATE FUNCTION segmentation._write_view(view_name name, options text, list text, source text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE VIEW segments.%I WITH (%s) AS SELECT %s%s', view_name,
    COALESCE(options, 'security_invoker=true'), list,
    CASE WHEN source IS NULL THEN ''
         ELSE format(' FROM %s AS f WHERE true OR EXISTS (SELECT FROM %s)', source,
                     (SELECT b.relation FROM segmentation.binding AS b WHERE b.role = 'customers')) END);
END $$;

-- Has a view on which others built show what the function under it delivers, as far as its columns allow, and tells where it is other than
-- until now: `shown` are the columns that it has had from its function, with their types.
CREATE FUNCTION segmentation._refit_view(view_name name, options text, source segmentation._view_source, call text, shown jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  view    regclass := format('segments.%I', view_name)::regclass;
  present record;
  told    record;
  list    text[];
BEGIN
  source.shown := ARRAY(SELECT format('f.%I', n) FROM unnest(source.names) WITH ORDINALITY AS u(n, at) ORDER BY at);
  SELECT s.* INTO present FROM segmentation._shape_of(view, NULL) AS s;
  list := segmentation._fit(source, present.names, present.types, '{}');
  list := ARRAY(SELECT format('%s AS %I', l.expression, l.name)
                FROM unnest(list, present.names) WITH ORDINALITY AS l(expression, name, at) ORDER BY l.at)
    || ARRAY(SELECT s.expression FROM unnest(source.names, source.shown) WITH ORDINALITY AS s(name, expression, at)
             WHERE s.name <> ALL (present.names) ORDER BY s.at);
  PERFORM segmentation._write_view(view_name, options, array_to_string(list, ', '), call);
  SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.at) FILTER (WHERE s.name IS NULL) AS gone,
         string_agg(format('"%s"', p.name), ', ' ORDER BY p.at) FILTER (WHERE s.type <> shown ->> p.name) AS cast
  INTO told
  FROM unnest(present.names, present.types) WITH ORDINALITY AS p(name, type, at)
  LEFT JOIN unnest(source.names, source.types) AS s(name, type) ON s.name = p.name
  WHERE shown ? p.name AND p.type IS DISTINCT FROM s.type;
  IF told.gone IS NOT NULL THEN
    RAISE WARNING USING MESSAGE = format('view %s goes on with NULL in %s', view, told.gone),
      DETAIL = 'What it showed there is gone, but others built on the view.',
      HINT = 'Once nothing depends on the view, the next definition makes it anew without.';
  END IF;
  IF told.cast IS NOT NULL THEN
    RAISE WARNING USING MESSAGE = format('view %s goes on with the former types of %s', view, told.cast),
      DETAIL = 'What it shows there is cast, since others built on the view.',
      HINT = 'Once nothing depends on the view, the next definition makes it anew.';
  END IF;
END $$;

-- Makes a function under views, or gives the present one another body.
CREATE FUNCTION segmentation._write_rows(rows text, arguments text, source segmentation._view_source, settings text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- Reading expressions of the shop's could run code of its, by the rights of the extension's owner.
SET check_function_bodies = off AS $$
DECLARE
  signature text := format('%s(%s)', rows, arguments);
  columns   text := (SELECT string_agg(format('%I %s', n.name, n.type), ', ' ORDER BY n.at)
                     FROM unnest(source.names, source.types) WITH ORDINALITY AS n(name, type, at));
  body      text := format('SELECT %s%s', array_to_string(source.shown, ', '), source.rest);
  owner     name := segmentation._view_owner();
  present   record;
BEGIN
  SELECT p.prosrc, r.rolname INTO present
  FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner WHERE p.oid = to_regprocedure(signature);
  IF present.prosrc IS DISTINCT FROM body THEN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS TABLE (%s) LANGUAGE sql STABLE PARALLEL SAFE%s AS %L', signature, columns,
      settings, body);
  END IF;
  IF present.prosrc IS DISTINCT FROM body THEN -- CREATE OR REPLACE takes it away again
    EXECUTE format('ALTER FUNCTION %s DEPENDS ON EXTENSION segmentation', signature);
    -- Whatever the server's default privileges say: it gives no right away (90_privileges.sql).
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', signature);
  END IF;
  IF present.rolname IS DISTINCT FROM owner THEN
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', signature, owner);
  END IF;
END $$;

-- Makes a view anew that was dropped, with all that it had, or for the first time.
CREATE FUNCTION segmentation._make_view(view_name name, options text, owner name, belongings text[], call text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  command text;
BEGIN
  PERFORM segmentation._write_view(view_name, options, '*', call);
  EXECUTE format('ALTER VIEW segments.%I OWNER TO %I', view_name, COALESCE(owner, segmentation._view_owner()));
  IF belongings IS NULL THEN
    FOREACH command IN ARRAY segmentation._reader_rights(view_name) LOOP
      EXECUTE command;
    END LOOP;
    RETURN;
  END IF;
  -- Not what the server's default privileges give to new views, but what the old one had.
  FOR command IN
    SELECT DISTINCT format('REVOKE ALL ON segments.%I FROM %s', view_name,
                           CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
    FROM pg_class AS c, aclexplode(c.relacl) AS x
    WHERE c.oid = to_regclass(format('segments.%I', view_name)) AND x.grantee <> c.relowner
  LOOP
    EXECUTE command;
  END LOOP;
  FOREACH command IN ARRAY belongings LOOP
    EXECUTE command;
  END LOOP;
END $$;

-- Brings a function under views, and the views of these segments that stand on it, to what a source says. `key` is the segment whose own
-- function it is, or 0; `renamed` tells which of the views' present columns have new names. Returns whether a view was changed.
CREATE FUNCTION segmentation._place_rows(rows text, arguments text, source segmentation._view_source, settings text, key integer,
  ids integer[], renamed jsonb)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  signature text := format('%s(%s)', rows, arguments);
  present   record;
  same      boolean;
  old_owner name := (SELECT r.rolname FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner WHERE p.oid = to_regprocedure(signature));
  last      text := source.names[cardinality(source.names)]; -- since when
  customers regclass := (SELECT b.relation FROM segmentation.binding AS b WHERE b.role = 'customers');
  lags      boolean;
  shown     jsonb;
  views     jsonb;
  item      record;
BEGIN
  source.types := ARRAY(SELECT format_type(t.type::regtype, -1) FROM unnest(source.types) WITH ORDINALITY AS t(type, at) ORDER BY t.at);
  SELECT s.* INTO present FROM segmentation._shape_of(NULL, to_regprocedure(signature)) AS s;
  same := COALESCE(present.names = source.names AND present.types = source.types, false);
  IF present.names[cardinality(present.names)] <> last THEN
    renamed := renamed || jsonb_build_object(present.names[cardinality(present.names)], last);
  END IF;

  SELECT COALESCE(jsonb_agg(to_jsonb(w) ORDER BY w.id), '[]') INTO views
  FROM (SELECT s.id, s.view_name, v.oid::integer AS view, format('%s(%s)', rows, CASE WHEN key = 0 THEN s.id::text ELSE '' END) AS call,
               array_to_string(c.reloptions, ', ') AS options, NULLIF(r.rolname, old_owner) AS owner,
               (SELECT count(*) = 2 -- on the function, and on the customers
                FROM (VALUES ('pg_proc'::regclass, to_regprocedure(signature)::oid), ('pg_class'::regclass, customers::oid)) AS k(class, object)
                WHERE EXISTS (SELECT FROM pg_rewrite AS w JOIN pg_depend AS d ON d.objid = w.oid AND d.classid = 'pg_rewrite'::regclass
                              WHERE w.ev_class = v.oid AND d.refclassid = k.class AND d.refobjid = k.object)) AS stands,
               h.names, h.types, h.names = source.names AND h.types = source.types AS fits
        FROM segmentation.segment AS s
        CROSS JOIN LATERAL (SELECT to_regclass(format('segments.%I', s.view_name))) AS v(oid)
        LEFT JOIN pg_class AS c ON c.oid = v.oid LEFT JOIN pg_roles AS r ON r.oid = c.relowner
        CROSS JOIN LATERAL segmentation._shape_of(v.oid, NULL) AS h
        WHERE s.id = ANY (ids)) AS w
  WHERE w.view IS NULL OR NOT same OR NOT w.stands OR NOT w.fits OR w.owner IS NULL AND old_owner <> segmentation._view_owner();

  shown := (SELECT jsonb_object_agg(COALESCE(renamed ->> p.name, p.name), p.type) FROM unnest(present.names, present.types) AS p(name, type));
  lags := NOT segmentation._try_lock_views(ARRAY(SELECT (v ->> 'view')::oid FROM jsonb_array_elements(views) AS v
                                                 WHERE v ->> 'view' IS NOT NULL ORDER BY 1));
  IF lags AND present.names IS NULL THEN RETURN false; END IF;
  IF lags THEN
    -- What it has to deliver for now: the present columns.
    source.shown := segmentation._fit(source, present.names, present.types, renamed);
    source.names := present.names;
    source.types := present.types;
    views := COALESCE((SELECT jsonb_agg(v) FROM jsonb_array_elements(views) AS v WHERE v ->> 'view' IS NULL), '[]');
    IF NOT same THEN
      RAISE NOTICE USING MESSAGE = 'views of segments that somebody is reading keep their columns for now',
        HINT = 'The next definition, or the next change of the table, makes them anew.';
    END IF;
  ELSE
    views := segmentation._clear_views(views, source, renamed, same);
    IF NOT same AND present.names IS NOT NULL THEN EXECUTE format('DROP FUNCTION %s', signature); END IF;
  END IF;
  PERFORM segmentation._write_rows(rows, arguments, source, settings);
  FOR item IN SELECT v.* FROM jsonb_to_recordset(views) AS v(view_name name, options text, owner name, belongings text[], call text,
                                                             kept boolean, stands boolean, names text[], types text[]) LOOP
    IF item.kept THEN
      PERFORM segmentation._refit_view(item.view_name, item.options, source, item.call,
        CASE WHEN item.stands THEN shown ELSE jsonb_object(item.names, item.types) END);
    ELSE
      PERFORM segmentation._make_view(item.view_name, item.options, item.owner, item.belongings, item.call);
    END IF;
  END LOOP;
  IF NOT lags THEN DELETE FROM segmentation.view_column AS v WHERE v.segment_id = key; END IF;
  RETURN views <> '[]';
END $$;

-- Drops the views that can be dropped, and frees the others from the function that they stand on. Returns those to be written, without those
-- that can be no other than they are.
CREATE FUNCTION segmentation._clear_views(views jsonb, source segmentation._view_source, renamed jsonb, same boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  answer jsonb := '[]';
  item   jsonb;
  name   name;
  view   regclass;
  list   text;
  more   text[];
BEGIN
  FOR item IN SELECT v FROM jsonb_array_elements(views) AS v LOOP
    view := (item ->> 'view')::oid::regclass;
    name := item ->> 'view_name';
    IF view IS NOT NULL THEN
      IF item ->> 'owner' IS NULL THEN
        EXECUTE format('ALTER VIEW %s OWNER TO %I', view, segmentation._view_owner());
      END IF;
      CONTINUE WHEN same AND (item ->> 'stands')::boolean AND (item ->> 'fits')::boolean;
      more := segmentation._view_belongings(view, source.names, renamed);
      IF segmentation._drop_unused_view(view) THEN
        item := item || jsonb_build_object('belongings', more);
      ELSIF same AND (item ->> 'stands')::boolean THEN
        CONTINUE;
      ELSE
        PERFORM segmentation._rename_view_columns(view, renamed);
        SELECT string_agg(format('NULL::%s AS %I', c.type, c.name), ', ' ORDER BY c.at) INTO list
        FROM segmentation._shape_of(view, NULL) AS s, unnest(s.names, s.types) WITH ORDINALITY AS c(name, type, at);
        PERFORM segmentation._write_view(name, item ->> 'options', list, NULL);
        item := item || '{"kept": true}';
      END IF;
    END IF;
    answer := answer || jsonb_build_array(item);
  END LOOP;
  RETURN answer;
END $$;
