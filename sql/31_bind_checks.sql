-- What must be true of a bound relation, its key and its columns. Each check raises its own message and
-- SQLSTATE. Knows the catalogs; knows no rule.

-- Returns the binding of a name, whatever its case. Raises 55000 before customers are bound, 42704 for an
-- unknown name.
CREATE FUNCTION segmentation._bound(name text) RETURNS segmentation.binding
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_one segmentation.binding;
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'binding name must not be null',
      HINT = 'View segmentation.bindings lists what is bound.';
  END IF;
  SELECT b.* INTO found_one FROM segmentation.binding AS b WHERE NOT b.by_hand AND segmentation._fold(b.name) = segmentation._fold(_bound.name);
  IF FOUND THEN RETURN found_one; END IF;
  IF NOT EXISTS (SELECT FROM segmentation.binding) THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'customers are not bound',
      HINT = 'Call segmentation.bind_customers first.';
  END IF;
  RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('binding "%s" does not exist', name),
    HINT = segmentation._name_hint(name, ARRAY(SELECT b.name FROM segmentation.binding AS b WHERE NOT b.by_hand ORDER BY b.id),
                                   'View segmentation.bindings lists what is bound.');
END $$;

-- Raises unless a relation is the caller's own permanent table, plain or partitioned and a whole one, with all its rows in
-- this database. Since what its owner makes of it (computed columns, casts) is run by the rights of the customers'
-- owner, that must be a role of the caller's, too.
CREATE FUNCTION segmentation._check_relation(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  class  record;
  remote regclass;
  reader name;
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'relation must not be null',
      HINT = 'Name the table to bind.';
  END IF;
  SELECT c.relkind, c.relpersistence, c.relnamespace::regnamespace::text AS schema, c.relowner, r.rolname
  INTO class
  FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
  WHERE c.oid = relation;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42P01',
      MESSAGE = format('relation with OID %s does not exist', relation::oid),
      HINT = 'Name the table to bind.';
  END IF;
  IF class.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('%s is not a table', relation),
      DETAIL = CASE class.relkind
        WHEN 'v' THEN 'Changes are seen where rows are written, and a view has none.'
        WHEN 'm' THEN 'A materialized view changes all at once when it is refreshed, and no trigger tells.'
        WHEN 'f' THEN 'Changes made on another server cannot be seen here.'
        ELSE 'It has no rows of a shop.' END,
      HINT = CASE class.relkind
        WHEN 'v' THEN 'Bind the tables that it reads: conditions, computed columns and lookups say what the view says.'
        WHEN 'm' THEN 'Bind the tables that it reads, or a table that is filled in its place.'
        WHEN 'f' THEN 'Bind a table that is kept like the other by logical replication or by copying what changed.'
        ELSE 'Bind a plain or a partitioned table.' END;
  END IF;
  IF class.relpersistence = 't' THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('table %s is temporary', relation),
      HINT = 'Bind a permanent table.';
  END IF;
  IF class.schema IN ('segmentation', 'segmentation_internal', 'segments', 'pg_catalog', 'information_schema') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('%s is not a table of the shop', relation),
      HINT = 'Bind a table outside the schemas of the server and of this extension.';
  END IF;
  IF NOT pg_has_role(segmentation._caller(), class.relowner, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of table %s', relation),
      HINT = format('Bind it as a member of role %I.', class.rolname);
  END IF;
  SELECT r.rolname INTO reader FROM pg_roles AS r WHERE r.oid = segmentation._reader();
  IF NOT pg_has_role(segmentation._caller(), segmentation._reader(), 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501',
      MESSAGE = format('must be a member of role %I, as whom segments are kept', reader),
      DETAIL = 'It owns the customers table.',
      HINT = format('Bind tables as a member of both %I and %I.', reader, class.rolname);
  END IF;
  WITH RECURSIVE part (oid) AS (
    SELECT relation::oid
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN part AS p ON p.oid = i.inhparent
  )
  SELECT c.oid INTO remote
  FROM part AS p JOIN pg_class AS c ON c.oid = p.oid
  WHERE c.relkind = 'f' ORDER BY c.oid LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42809',
      MESSAGE = format('table %s has the foreign table %s as a partition', relation, remote),
      HINT = 'Changes made on another server cannot be seen here; bind a table whose partitions are all '
        'local.';
  END IF;
  IF class.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = relation) THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = format('table %s has inheritance children', relation),
      DETAIL = 'SQL reads the children''s rows with it, but no key holds across them.',
      HINT = 'Bind a partitioned table or a table without children.';
  END IF;
  -- A statement that names the whole fires the triggers of the whole only.
  SELECT i.inhparent INTO remote FROM pg_inherits AS i WHERE i.inhrelid = relation LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = format('table %s is a part of %s', relation, remote),
      DETAIL = format('Changes by way of %s could not be told.', remote),
      HINT = format('Bind %s, with a condition where only some of its rows are meant.', remote);
  END IF;
END $$;

-- Raises unless the customers' owner, as whom segments are kept, sees every row of the relation.
CREATE FUNCTION segmentation._check_visible(relation regclass, reader oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  class record;
  role  record;
BEGIN
  SELECT c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relnamespace, n.nspname INTO STRICT class
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = relation;
  SELECT r.rolname, r.rolsuper OR r.rolbypassrls AS bypasses INTO STRICT role FROM pg_roles AS r
    WHERE r.oid = reader;
  IF NOT has_schema_privilege(reader, class.relnamespace, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501',
      MESSAGE = format('role %I, the owner of the customers table, may not use schema %I', role.rolname, class.nspname),
      HINT = format('GRANT USAGE ON SCHEMA %I TO %I;', class.nspname, role.rolname);
  END IF;
  IF NOT has_table_privilege(reader, relation, 'SELECT') THEN
    RAISE EXCEPTION USING ERRCODE = '42501',
      MESSAGE = format('role %I, the owner of the customers table, may not read %s', role.rolname, relation),
      HINT = format('GRANT SELECT ON %s TO %I;', relation, role.rolname);
  END IF;
  IF NOT class.relrowsecurity OR role.bypasses THEN RETURN; END IF;
  IF class.relforcerowsecurity THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = format('table %s forces row level security upon role %I, as whom segments are kept',
        relation, role.rolname),
      HINT = format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, or ALTER ROLE %I BYPASSRLS.', relation,
        role.rolname);
  END IF;
  IF NOT pg_has_role(reader, class.relowner, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = format('row level security of table %s applies to role %I, as whom segments are kept',
        relation, role.rolname),
      HINT = format('ALTER ROLE %I BYPASSRLS, or make both tables one role''s.', role.rolname);
  END IF;
END $$;

-- Returns the type of a bound relation's column, its own or a computed one. Raises 42703 for any other name, 0A000 for a column
-- that is generated when it is read (PostgreSQL 18): triggers see rows without it, and a new expression for it writes no row.
CREATE FUNCTION segmentation._column_type(bound segmentation.binding, column_name name) RETURNS regtype
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer     regtype;
  is_virtual boolean;
  computed   text;
BEGIN
  SELECT c.expression INTO computed FROM segmentation.binding_column AS c
    WHERE c.binding_id = bound.id AND c.name = column_name;
  IF FOUND THEN RETURN segmentation._expression_type(bound, column_name, computed); END IF;
  SELECT a.atttypid, a.attgenerated = 'v' INTO answer, is_virtual FROM pg_attribute AS a
  WHERE a.attrelid = bound.relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
  IF is_virtual THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = format('column "%s" of %s is generated when it is read', column_name, bound.relation),
      HINT = 'Make it STORED, or give its expression to segmentation.bind_column and name that column.';
  END IF;
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  RAISE EXCEPTION USING ERRCODE = '42703',
    MESSAGE = format('column "%s" of %s does not exist', column_name, bound.relation),
    HINT = segmentation._name_hint(column_name::text, segmentation._column_names(bound),
      'The table has no columns.');
END $$;

-- Returns the words that a relation's columns are called by: their names, unless these are old words of others, and old words. Those that
-- are generated when they are read have none, as _column_type says.
CREATE FUNCTION segmentation._words(relation regclass, OUT word name, OUT column_name name) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.word, a.attname
  FROM segmentation.column_word AS w JOIN pg_attribute AS a ON a.attrelid = w.relation AND a.attname = w.column_name
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
  UNION ALL
  SELECT a.attname, a.attname FROM pg_attribute AS a
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
    AND NOT EXISTS (SELECT FROM segmentation.column_word AS w WHERE w.relation = a.attrelid AND w.word = a.attname);
$$;

-- Returns the name that a relation's column has by now, by its name or by what it was called before.
CREATE FUNCTION segmentation._column_named(relation regclass, word name) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN COALESCE((SELECT w.column_name FROM segmentation.column_word AS w
                 WHERE w.relation = _column_named.relation AND w.word = _column_named.word), word);

-- Returns the names of a bound relation's columns, computed ones last.
CREATE FUNCTION segmentation._column_names(bound segmentation.binding) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT a.attname::text FROM pg_attribute AS a
             WHERE a.attrelid = (bound).relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
             ORDER BY a.attnum)
       || ARRAY(SELECT c.name FROM segmentation.binding_column AS c
         WHERE c.binding_id = (bound).id ORDER BY c.name);

-- Returns what types must share so that one may refer to the other: integers of any size are one family, text
-- and varchar another, a domain is what it stands on, every other type is its own.
CREATE FUNCTION segmentation._type_family(type regtype) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base oid := type;
  next oid;
BEGIN
  LOOP
    SELECT t.typbasetype INTO next FROM pg_type AS t WHERE t.oid = base AND t.typtype = 'd';
    EXIT WHEN NOT FOUND;
    base := next;
  END LOOP;
  RETURN CASE WHEN base IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'integer'
              WHEN base IN ('text'::regtype, 'varchar'::regtype) THEN 'text'
              ELSE base::regtype::text END;
END $$;

-- Returns the only column of a relation's primary key, or NULL.
CREATE FUNCTION segmentation._primary_key(relation regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT a.attname
        FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = relation AND i.indisprimary AND i.indnkeyatts = 1);

-- Returns whether an index alone makes a column of the relation unique.
CREATE FUNCTION segmentation._unique_by_index(relation regclass, column_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_index AS i
  JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
                 AND i.indpred IS NULL
                 AND a.attname = column_name);

-- Returns the column that a reference to `bound` means where none is named. Raises 42830 where there is none.
CREATE FUNCTION segmentation._default_key(bound segmentation.binding, argument text) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer name;
BEGIN
  IF bound.role = 'customers' THEN RETURN bound.key; END IF;
  answer := segmentation._primary_key(bound.relation);
  IF answer IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42830',
      MESSAGE = format('%s has no primary key of one column', bound.relation),
      HINT = format('Name the column of "%s" that is meant: %s => ''...''.', bound.name, argument);
  END IF;
  RETURN answer;
END $$;

-- Returns the collation of a bound relation's column, its own or a computed one, NULL where its type has none.
-- Raises 0A000 unless texts are the same under it exactly when their bytes are, which is how rules compare keys.
CREATE FUNCTION segmentation._key_collation(bound segmentation.binding, column_name name) RETURNS regcollation
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type   regtype := segmentation._column_type(bound, column_name);
  answer regcollation;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_type AS t WHERE t.oid = type AND t.typcollation <> 0) THEN RETURN NULL; END IF;
  answer := (segmentation._analysed(segmentation._reader(), segmentation._column_sql(bound, column_name))).collation;
  IF NOT (SELECT c.collisdeterministic FROM pg_collation AS c WHERE c.oid = answer) THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = format('column "%s" of %s has the nondeterministic collation %s', column_name, bound.relation,
        answer),
      DETAIL = 'Rules compare keys byte by byte.',
      HINT = 'Name a key with a deterministic collation, or change the column''s: ALTER TABLE ... ALTER COLUMN '
        '... TYPE text COLLATE "C".';
  END IF;
  RETURN answer;
END $$;

-- Raises 42804 unless two columns have types whose values can be the same, 0A000 unless their collations allow
-- to compare them.
CREATE FUNCTION segmentation._check_key_types(
  from_binding segmentation.binding, from_column name, to_binding segmentation.binding,
  to_column name)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  from_type regtype := segmentation._column_type(from_binding, from_column);
  to_type   regtype := segmentation._column_type(to_binding, to_column);
  from_collation regcollation;
  to_collation   regcollation;
BEGIN
  IF segmentation._type_family(from_type) <> segmentation._type_family(to_type) THEN
    RAISE EXCEPTION USING ERRCODE = '42804',
      MESSAGE = format('column "%s" of %s is of type %s, but "%s" of %s is of type %s',
                                  from_column, from_binding.relation, from_type, to_column,
                                    to_binding.relation, to_type),
      HINT = format('Give one of the bound tables a computed column of the other type with '
        'segmentation.bind_column.');
  END IF;
  IF from_type IN ('json'::regtype, 'xml'::regtype, 'point'::regtype) THEN
    RAISE EXCEPTION USING ERRCODE = '42804',
      MESSAGE = format('a column of type %s cannot be a key', from_type),
      HINT = 'Name a column whose values can be compared.';
  END IF;
  from_collation := segmentation._key_collation(from_binding, from_column);
  to_collation := segmentation._key_collation(to_binding, to_column);
  -- The default gives way to any other.
  IF from_collation <> to_collation AND 'pg_catalog."default"'::regcollation NOT IN (from_collation, to_collation) THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = format('column "%s" of %s has the collation %s, but "%s" of %s has %s',
                                  from_column, from_binding.relation, from_collation, to_column,
                                    to_binding.relation, to_collation),
      DETAIL = 'The server cannot choose the one by which to compare them.',
      HINT = 'Give both columns one collation: ALTER TABLE ... ALTER COLUMN ... TYPE text COLLATE "C".';
  END IF;
END $$;

-- Raises unless a column is unique: by an index, or else by its rows as they are now, which reads the table
-- once.
CREATE FUNCTION segmentation._check_unique(bound segmentation.binding, column_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  twice text;
BEGIN
  IF bound.role = 'customers' AND bound.key = column_name THEN RETURN; END IF;
  IF segmentation._unique_by_index(bound.relation, column_name) THEN RETURN; END IF;
  twice := (segmentation._read_as(segmentation._reader(),
    format('SELECT r.v::text FROM (%s) AS r WHERE r.v IS NOT NULL GROUP BY r.v HAVING count(*) > 1 LIMIT 1',
      segmentation._column_sql(bound, column_name))))[1];
  IF twice IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '23505',
      MESSAGE = format('column "%s" of %s is not unique', column_name, bound.relation),
      DETAIL = format('Key (%s)=(%s) is duplicated.', column_name, twice),
      HINT = 'Refer to a column that has each value once.';
  END IF;
END $$;

-- Raises unless every customer has each field once: by a unique index, or else by the rows as they are now, which
-- reads the table once; then a warning tells that nothing keeps it so.
CREATE FUNCTION segmentation._check_one_value(fields segmentation.binding) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  twice text[];
BEGIN
  IF EXISTS (SELECT FROM pg_index AS i
             WHERE i.indrelid = fields.relation AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
               AND ARRAY(SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = i.indrelid
                         AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
                   <@ ARRAY[fields.key, fields.field]) THEN
    RETURN;
  END IF;
  twice := segmentation._read_as(segmentation._reader(), format('SELECT r.%1$I::text, r.%2$I::text FROM %3$s AS r '
    'WHERE r.%1$I IS NOT NULL AND r.%2$I IS NOT NULL GROUP BY r.%1$I, r.%2$I HAVING count(*) > 1 LIMIT 1',
    fields.key, fields.field, segmentation._relation_sql(fields)));
  IF twice IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '23505',
      MESSAGE = format('field "%s" of one customer stands in several rows of %s', twice[2], fields.relation),
      DETAIL = format('Key (%s, %s)=(%s, %s) is duplicated.', fields.key, fields.field, twice[1], twice[2]),
      HINT = 'What has several values is a set: bind it with segmentation.bind_set.';
  END IF;
  IF NOT EXISTS (SELECT FROM segmentation.binding_column AS c
                 WHERE c.binding_id = fields.id AND c.name IN (fields.key, fields.field)) THEN
    RAISE WARNING USING MESSAGE = format('nothing keeps the fields of %s unique', fields.relation),
      DETAIL = 'Where a field of one customer stands in several rows, tests may look at different ones.',
      HINT = format('CREATE UNIQUE INDEX ON %s (%I, %I);', fields.relation, fields.key, fields.field);
  END IF;
END $$;

-- Tells whether an index leads with a column, so that rows can be looked up by it.
CREATE FUNCTION segmentation._is_indexed(relation regclass, column_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_index AS i
               JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               JOIN pg_class AS c ON c.oid = i.indexrelid
               JOIN pg_am AS m ON m.oid = c.relam
               WHERE i.indrelid = relation AND i.indisvalid AND a.attname = column_name AND m.amname IN ('btree', 'hash')
                 AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', column_name)));

-- Warns where no index leads with a column that rows are looked up by. Computed columns are not judged.
CREATE FUNCTION segmentation._warn_unindexed(bound segmentation.binding, column_name name,
  make_unique boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_attribute AS a
             WHERE a.attrelid = bound.relation AND a.attname = column_name AND a.attnum > 0
               AND NOT a.attisdropped)
     AND NOT segmentation._is_indexed(bound.relation, column_name) THEN
    RAISE WARNING USING MESSAGE = format('column "%s" of %s has no index', column_name, bound.relation),
      DETAIL = format('Bringing one customer up to date reads the whole of binding "%s" without it.',
        bound.name),
      HINT = format('CREATE %sINDEX ON %s (%I);', CASE WHEN make_unique THEN 'UNIQUE ' ELSE '' END,
        bound.relation, column_name);
  END IF;
END $$;

-- Returns the column of a tree that has its rows' names, where none is named. Raises 22004 where there is none that is called so.
CREATE FUNCTION segmentation._default_label(relation regclass) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer name;
BEGIN
  SELECT a.attname INTO answer
  FROM unnest('{name,title,label}'::name[]) WITH ORDINALITY AS w(word, place)
  JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = segmentation._column_named(relation, w.word) AND a.attnum > 0
  ORDER BY w.place LIMIT 1;
  IF answer IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('which column of %s has the names is not clear', relation),
      DETAIL = 'None is called name, title or label.', HINT = 'Name it: label => ''...''.';
  END IF;
  RETURN answer;
END $$;

-- Raises unless a lookup's rows can refer to one another as a tree's and have names that are texts.
CREATE FUNCTION segmentation._check_tree(tree segmentation.binding) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type  regtype := segmentation._column_type(tree, tree.value);
  above segmentation.binding;
BEGIN
  PERFORM segmentation._check_key_types(tree, tree.parent, tree, tree.lookup_key);
  IF tree.parent = tree.lookup_key THEN
    RAISE EXCEPTION USING ERRCODE = '42P17', MESSAGE = format('column "%s" of %s cannot be both key and parent', tree.parent, tree.relation),
      HINT = 'parent is the column that refers to the row above.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_type AS t WHERE t.oid = type AND t.typcategory IN ('S', 'E')) THEN
    RAISE EXCEPTION USING ERRCODE = '42804',
      MESSAGE = format('column "%s" of %s is of type %s and cannot hold a tree''s names', tree.value, tree.relation, type),
      HINT = 'Name a column of texts as label, or a computed one made with segmentation.bind_column.';
  END IF;
  PERFORM segmentation._check_name('binding', segmentation._path_name(tree.name, tree.of_id));
  -- Behind links of a row it is the row's. Rules ask a customer's own set for its rows, and deeper ones have none that is one row's.
  SELECT b.* INTO STRICT above FROM segmentation.binding AS b WHERE b.id = tree.of_id;
  IF above.role = 'set' THEN SELECT b.* INTO STRICT above FROM segmentation.binding AS b WHERE b.id = above.of_id; END IF;
  LOOP
    IF above.role = 'set' OR above.role = 'customers' AND (SELECT b.role = 'set' FROM segmentation.binding AS b WHERE b.id = tree.of_id) THEN
      RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = format('lookup "%s" cannot be a tree', tree.name),
        DETAIL = 'It describes rows of a set of customers, or of a lookup of a set.',
        HINT = 'Bind it without a parent; or bind the links as a source, and the tree as its lookup.';
    END IF;
    EXIT WHEN above.role IN ('customers', 'source');
    SELECT b.* INTO STRICT above FROM segmentation.binding AS b WHERE b.id = above.of_id;
  END LOOP;
END $$;

-- Checks one row of the catalog against what it refers to. Called after it is written, and again for its
-- children when it changes.
CREATE FUNCTION segmentation._check_binding(id integer, warn boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  this   segmentation.binding;
  parent segmentation.binding;
  type   regtype;
  reader oid;
BEGIN
  SELECT b.* INTO STRICT this FROM segmentation.binding AS b WHERE b.id = _check_binding.id;
  SELECT c.relowner INTO reader
  FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation WHERE b.role = 'customers';
  PERFORM segmentation._check_visible(this.relation, reader);

  IF this.role = 'customers' THEN
    type := segmentation._column_type(this, this.key);
    IF type NOT IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'text'::regtype,
      'varchar'::regtype) THEN
      RAISE EXCEPTION USING ERRCODE = '42804',
        MESSAGE = format('customers cannot have a key of type %s', type),
        DETAIL = format('It is the type of column "%s" of %s.', this.key, this.relation),
        HINT = 'Name a key of type smallint, integer, bigint, uuid, text or varchar.';
    END IF;
    PERFORM segmentation._key_collation(this, this.key);
    IF NOT segmentation._unique_by_index(this.relation, this.key)
       OR NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = this.relation AND a.attname = this.key AND a.attnotnull) THEN
      RAISE EXCEPTION USING ERRCODE = '42830',
        MESSAGE = format('column "%s" of %s is not a key', this.key, this.relation),
        HINT = 'The customers'' key must be NOT NULL and have a primary key or unique index of its own.';
    END IF;
    RETURN;
  END IF;

  SELECT b.* INTO STRICT parent FROM segmentation.binding AS b WHERE b.id = this.of_id;
  IF this.role = 'lookup' THEN
    PERFORM segmentation._check_key_types(parent, this.key, this, this.lookup_key);
    PERFORM segmentation._check_unique(this, this.lookup_key);
    IF this.parent IS NOT NULL THEN PERFORM segmentation._check_tree(this); END IF;
    IF warn THEN PERFORM segmentation._warn_unindexed(this, this.lookup_key, true); END IF;
  ELSE
    PERFORM segmentation._check_key_types(this, this.key, parent, this.of_key);
    PERFORM segmentation._check_unique(parent, this.of_key);
    IF warn THEN PERFORM segmentation._warn_unindexed(this, this.key, false); END IF;
  END IF;
  IF this.date IS NOT NULL THEN
    type := segmentation._column_type(this, this.date);
    IF segmentation._type_family(type) NOT IN ('date', 'timestamp without time zone',
      'timestamp with time zone') THEN
      RAISE EXCEPTION USING ERRCODE = '42804',
        MESSAGE = format('column "%s" of %s is of type %s and cannot be its date', this.date, this.relation,
          type),
        HINT = 'Name a column of type date or timestamp, or a computed one made with '
          'segmentation.bind_column.';
    END IF;
  END IF;
  IF this.value IS NOT NULL THEN
    PERFORM segmentation._column_type(this, this.value);
  END IF;
  IF this.field IS NOT NULL THEN
    type := segmentation._column_type(this, this.field);
    IF segmentation._type_family(type) NOT IN ('text', 'name', 'character') THEN
      RAISE EXCEPTION USING ERRCODE = '42804',
        MESSAGE = format('column "%s" of %s is of type %s and cannot hold names of fields', this.field,
          this.relation, type),
        HINT = 'Name a column of type text, or a computed one made with segmentation.bind_column.';
    END IF;
    PERFORM segmentation._check_one_value(this);
  END IF;
END $$;
