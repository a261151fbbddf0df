-- The guard: DDL that would take a column from what reads it is refused, and no other DDL. Which columns are read is known
-- beforehand, since after the command they are gone and nothing that reads them can be checked any more.

-- What is read, by whom, and of which type. Made from the definitions, so not dumped.
CREATE TABLE segmentation.needed (
  kind        text     NOT NULL, -- binding, computed column, attribute, source, segment
  name        text     NOT NULL,
  relation    regclass NOT NULL,
  number      smallint NOT NULL, -- of the column, which stays when it is renamed
  column_name name     NOT NULL,
  type        regtype  NOT NULL,
  modifier    integer  NOT NULL,
  collation_id oid     NOT NULL,
  broken      boolean  NOT NULL DEFAULT false -- the definition does not check any more: this is what it read when it did
);
-- Without a key of its own, so that it can be published all the same.
ALTER TABLE segmentation.needed REPLICA IDENTITY FULL;

-- Whether definitions have changed since. The row is updated with each change, and looked at by a deferred trigger.
CREATE TABLE segmentation.guard (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  stale  boolean NOT NULL DEFAULT true,
  broken boolean NOT NULL DEFAULT false -- something did not check; DDL may have healed it since
);
INSERT INTO segmentation.guard DEFAULT VALUES;

CREATE FUNCTION segmentation._rule_needs(OUT kind text, OUT name text, OUT binding_id integer, OUT column_name text)
  RETURNS SETOF record
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_rule_needs';
COMMENT ON FUNCTION segmentation._rule_needs() IS
  'columns, computed ones among them, that the conditions of bindings, attributes, sources and segments read; NULL where one does not check';

CREATE FUNCTION segmentation._columns_of_query(reader oid, query text, conditions boolean, OUT relation regclass, OUT number smallint)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_columns_of_query';
COMMENT ON FUNCTION segmentation._columns_of_query(oid, text, boolean) IS
  'columns of tables that the result of a query is made of, and with conditions also those that decide which rows there are; it is analysed by the '
  'rights of a role, and not run';

CREATE FUNCTION segmentation._needed_by_now() RETURNS SETOF segmentation.needed
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_needed_by_now';
COMMENT ON FUNCTION segmentation._needed_by_now() IS 'the rows of segmentation.needed that are there by now, whatever this transaction''s snapshot';

-- Returns the columns without which a definition would lose its meaning; a row without a column for each that has none.
CREATE FUNCTION segmentation._needs(OUT kind text, OUT name text, OUT relation regclass, OUT number smallint, OUT column_name name)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH reads (kind, name, binding_id, column_name) AS MATERIALIZED (
    SELECT n.kind, n.name, n.binding_id, n.column_name FROM segmentation._rule_needs() AS n
    UNION
    SELECT 'binding', b.name, k.binding_id, k.column_name
    FROM segmentation.binding AS b,
      LATERAL (VALUES (CASE b.role WHEN 'lookup' THEN b.of_id ELSE b.id END, b.key), (b.of_id, b.of_key), (b.id, b.lookup_key),
                      (b.id, b.parent), (b.id, b.date), (b.id, b.value), (b.id, b.field)) AS k(binding_id, column_name)
    WHERE k.column_name IS NOT NULL
  ), inputs AS MATERIALIZED (
    SELECT b.id, b.name AS binding, c.name, i.relation, i.number
    FROM segmentation.binding_column AS c JOIN segmentation.binding AS b ON b.id = c.binding_id,
      LATERAL segmentation._columns_of_query(segmentation._reader(), segmentation._computed_sql(b, c.expression), false) AS i
  ), needs AS (
    SELECT r.kind, r.name, b.relation, a.attnum AS number
    FROM reads AS r JOIN segmentation.binding AS b ON b.id = r.binding_id
    JOIN pg_attribute AS a ON a.attrelid = b.relation AND a.attname = r.column_name AND a.attnum > 0
    WHERE NOT EXISTS (SELECT FROM segmentation.binding_column AS c WHERE c.binding_id = b.id AND c.name = r.column_name)
    UNION
    SELECT r.kind, r.name, i.relation, i.number FROM reads AS r JOIN inputs AS i ON i.id = r.binding_id AND i.name = r.column_name
    UNION
    SELECT 'computed column', format('%s.%s', i.binding, i.name), i.relation, i.number FROM inputs AS i
  )
  SELECT n.kind, n.name, n.relation, n.number, a.attname
  FROM needs AS n JOIN pg_attribute AS a ON a.attrelid = n.relation AND a.attnum = n.number
  UNION ALL
  SELECT r.kind, r.name, NULL, NULL, NULL FROM reads AS r WHERE r.column_name IS NULL;
$$;

-- Brings segmentation.needed up to date where definitions have changed. What does not check keeps what it read when it
-- did: it may heal, and must not get worse. By the rights of the extension's owner, since whoever changes the shop's tables
-- need have none on the extension's.
CREATE FUNCTION segmentation._refresh_needs(or_broken boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  faulty boolean;
BEGIN
  IF NOT (SELECT g.stale OR or_broken AND g.broken FROM segmentation.guard AS g) THEN RETURN; END IF;
  DELETE FROM segmentation.needed AS n WHERE NOT EXISTS (
    SELECT FROM segmentation.binding AS b WHERE n.kind = 'binding' AND b.name = n.name
    UNION ALL
    SELECT FROM segmentation.binding AS b JOIN segmentation.binding_column AS c ON c.binding_id = b.id
    WHERE n.kind = 'computed column' AND n.name = format('%s.%s', b.name, c.name)
    UNION ALL SELECT FROM segmentation.attribute_definition AS a WHERE n.kind = 'attribute' AND a.name = n.name
    UNION ALL SELECT FROM segmentation.source_definition AS s WHERE n.kind = 'source' AND s.name = n.name
    UNION ALL SELECT FROM segmentation.segment AS s WHERE n.kind = 'segment' AND s.name = n.name);
  WITH fresh AS MATERIALIZED (
    SELECT n.kind, n.name, n.relation, n.number, n.column_name, a.atttypid::regtype AS type, a.atttypmod AS modifier,
      a.attcollation AS collation_id
    FROM segmentation._needs() AS n LEFT JOIN pg_attribute AS a ON a.attrelid = n.relation AND a.attnum = n.number
  ), broken AS MATERIALIZED (
    SELECT f.kind, f.name FROM fresh AS f WHERE f.relation IS NULL
  ), gone AS (
    DELETE FROM segmentation.needed AS n
    WHERE (n.kind, n.name) NOT IN (SELECT b.kind, b.name FROM broken AS b)
      AND (n.broken OR NOT EXISTS (
        SELECT FROM fresh AS f
        WHERE (f.kind, f.name, f.relation, f.number, f.column_name, f.type, f.modifier, f.collation_id)
            = (n.kind, n.name, n.relation::oid, n.number, n.column_name, n.type::oid, n.modifier, n.collation_id)))
  ), marked AS (
    UPDATE segmentation.needed AS n SET broken = true
    WHERE NOT n.broken AND (n.kind, n.name) IN (SELECT b.kind, b.name FROM broken AS b)
  ), added AS (
    INSERT INTO segmentation.needed (kind, name, relation, number, column_name, type, modifier, collation_id)
    SELECT f.* FROM fresh AS f
    WHERE f.relation IS NOT NULL AND NOT EXISTS (
      SELECT FROM segmentation.needed AS n
      WHERE NOT n.broken AND (f.kind, f.name, f.relation, f.number, f.column_name, f.type, f.modifier, f.collation_id)
            = (n.kind, n.name, n.relation::oid, n.number, n.column_name, n.type::oid, n.modifier, n.collation_id))
  )
  SELECT EXISTS (SELECT FROM broken) INTO faulty;
  UPDATE segmentation.guard AS g SET stale = false, broken = faulty WHERE g.stale OR g.broken <> faulty;
EXCEPTION WHEN OTHERS THEN
  -- A binding itself is broken: what was read stays as it was. The rest is the server's.
  IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '55', '54') THEN RAISE; END IF;
  UPDATE segmentation.guard AS g SET stale = false, broken = true WHERE g.stale OR NOT g.broken;
END $$;

CREATE FUNCTION segmentation._needs_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE segmentation.guard SET stale = true;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION segmentation._needs_changed() IS 'notes that definitions may read other columns than before';

CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.binding
  EXECUTE FUNCTION segmentation._needs_changed();
CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.binding_column
  EXECUTE FUNCTION segmentation._needs_changed();
CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.attribute_definition
  EXECUTE FUNCTION segmentation._needs_changed();
CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.source_definition
  EXECUTE FUNCTION segmentation._needs_changed();
CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OF name, rule, archived OR DELETE OR TRUNCATE ON segmentation.segment
  EXECUTE FUNCTION segmentation._needs_changed();
CREATE TRIGGER needs_changed AFTER INSERT OR UPDATE OF rule OR DELETE OR TRUNCATE ON segmentation.alteration
  EXECUTE FUNCTION segmentation._needs_changed();

-- Once a transaction, when all its definitions are there.
CREATE FUNCTION segmentation._note_needs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._refresh_needs(false);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION segmentation._note_needs() IS 'brings segmentation.needed up to date when a transaction that changed definitions commits';
CREATE CONSTRAINT TRIGGER note_needs AFTER UPDATE ON segmentation.guard DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.stale) EXECUTE FUNCTION segmentation._note_needs();

ALTER TABLE segmentation.binding ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.binding_column ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.attribute_definition ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.source_definition ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.segment ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.alteration ENABLE ALWAYS TRIGGER needs_changed;
ALTER TABLE segmentation.guard ENABLE ALWAYS TRIGGER note_needs;

-- Before DDL: what this transaction defined, and what a restore brought, is known in time.
CREATE FUNCTION segmentation._guard_begins() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._refresh_needs(true);
END $$;
COMMENT ON FUNCTION segmentation._guard_begins() IS 'has the columns that definitions read ready before a command that may drop or retype them';

-- Raises that a command would take something away: `what` it would do, and to which columns (numbers NULL: the whole relation).
CREATE FUNCTION segmentation._refuse_ddl(state text, what text, lost segmentation.needed[], hint text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most    CONSTANT integer := 20; -- names in a message
  detail  text;
  columns integer := (SELECT count(DISTINCT (l.relation, l.number)) FROM unnest(lost) AS l);
BEGIN
  SELECT string_agg(format('%s %s%s.', t.subject, array_to_string(t.users[1:most], ', '),
      CASE WHEN cardinality(t.users) > most THEN format(' and %s more', cardinality(t.users) - most) ELSE '' END), E'\n'
      ORDER BY t.subject) INTO detail
  FROM (SELECT u.subject, array_agg(format('%s "%s"', u.kind, u.name) ORDER BY u.place, u.name) AS users
        FROM (SELECT DISTINCT CASE WHEN columns > 1 THEN format('Column "%s" is used by', l.column_name) ELSE 'It is used by' END AS subject,
                l.kind, l.name, array_position('{segment,attribute,source,computed column,binding}', l.kind) AS place
              FROM unnest(lost) AS l) AS u
        GROUP BY u.subject) AS t;
  RAISE EXCEPTION USING ERRCODE = state,
    MESSAGE = format('cannot %s because %s', what, CASE WHEN EXISTS (SELECT FROM unnest(lost) AS l WHERE l.kind = 'segment')
      THEN 'segments need it' ELSE 'segmentation needs it' END),
    DETAIL = detail, HINT = hint;
END $$;

-- Returns the name of a binding of a relation, of several the first, for hints; of what belongs to a set, the set's.
CREATE FUNCTION segmentation._binding_of(relation regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT COALESCE(s.name, b.name) FROM segmentation.binding AS b LEFT JOIN segmentation.binding AS s ON s.id = b.of_id AND s.role = 'set'
        WHERE b.relation = _binding_of.relation ORDER BY b.id LIMIT 1);

-- Whatever command it is that drops: ALTER TABLE, DROP TABLE, DROP SCHEMA or DROP TYPE with CASCADE. DROP OWNED is for
-- when a role goes with all it has.
CREATE FUNCTION segmentation._guard_drops() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  dropped record;
  lost    segmentation.needed[];
BEGIN
  IF TG_TAG = 'DROP OWNED' THEN RETURN; END IF;
  SELECT d.objid::regclass AS relation, d.objsubid = 0 AS whole, d.object_identity AS name, n.column_name INTO dropped
  FROM pg_event_trigger_dropped_objects() AS d JOIN segmentation._needed_by_now() AS n ON n.relation = d.objid
  WHERE d.classid = 'pg_class'::regclass AND d.objsubid IN (0, n.number)
  ORDER BY d.objsubid <> 0, d.objid, d.objsubid LIMIT 1;
  IF NOT FOUND THEN RETURN; END IF;
  lost := ARRAY(
    SELECT n FROM segmentation._needed_by_now() AS n
    WHERE n.relation = dropped.relation
      AND (dropped.whole OR n.number IN (SELECT d.objsubid FROM pg_event_trigger_dropped_objects() AS d
                                         WHERE d.classid = 'pg_class'::regclass AND d.objid = n.relation)));
  PERFORM segmentation._refuse_ddl('2BP01',
    CASE WHEN dropped.whole THEN format('drop table %s', dropped.name)
         ELSE format('drop column "%s" of table %s', dropped.column_name, dropped.relation) END,
    lost,
    format('Alter or drop what uses it first; segmentation.unbind(%L) lets the whole table go.',
      COALESCE(segmentation._binding_of(dropped.relation), 'name')));
END $$;
COMMENT ON FUNCTION segmentation._guard_drops() IS 'refuses to drop columns and tables that definitions read';

-- A column keeps its type; how long or how precise it is means nothing to rules, and how texts are compared only to bindings. Looks
-- at the columns before a table is written anew, so that nobody waits for that in vain, and after every ALTER TABLE.
CREATE FUNCTION segmentation._guard_types() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  retyped record;
  lost    segmentation.needed[];
BEGIN
  IF TG_EVENT = 'ddl_command_end' AND NOT EXISTS (
      SELECT FROM pg_event_trigger_ddl_commands() AS d JOIN segmentation._needed_by_now() AS n ON n.relation = d.objid
      WHERE d.classid = 'pg_class'::regclass) THEN
    RETURN;
  END IF;
  SELECT n.relation, n.number, n.column_name, n.type, a.atttypid::regtype AS other, n.collation_id::regcollation AS collation,
    a.attcollation::regcollation AS other_collation INTO retyped
  FROM segmentation._needed_by_now() AS n JOIN pg_attribute AS a ON a.attrelid = n.relation AND a.attnum = n.number
  WHERE NOT a.attisdropped AND (a.atttypid <> n.type OR n.kind = 'binding' AND a.attcollation <> n.collation_id)
  ORDER BY n.relation, n.number LIMIT 1;
  IF FOUND THEN
    lost := ARRAY(SELECT n FROM segmentation._needed_by_now() AS n WHERE n.relation = retyped.relation AND n.number = retyped.number);
    PERFORM segmentation._refuse_ddl('0A000',
      format(CASE WHEN retyped.type = retyped.other THEN 'alter collation of column "%s" of table %s from %s to %s'
                  ELSE 'alter type of column "%s" of table %s from %s to %s' END, retyped.column_name, retyped.relation,
        CASE WHEN retyped.type = retyped.other THEN retyped.collation::text ELSE retyped.type::text END,
        CASE WHEN retyped.type = retyped.other THEN retyped.other_collation::text ELSE retyped.other::text END),
      lost,
      'Alter or drop what uses it first and create it again afterwards, or add a column of the new type and have rules read that.');
  END IF;
  -- What is kept here of lengths and the like is old then.
  IF TG_EVENT = 'ddl_command_end' AND EXISTS (
      SELECT FROM segmentation._needed_by_now() AS n JOIN pg_attribute AS a ON a.attrelid = n.relation AND a.attnum = n.number
      WHERE (a.atttypmod, a.attcollation) <> (n.modifier, n.collation_id)) THEN
    UPDATE segmentation.guard SET stale = true;
  END IF;
END $$;
COMMENT ON FUNCTION segmentation._guard_types() IS 'refuses another type for columns that definitions read';

CREATE EVENT TRIGGER segmentation_guard_begins ON ddl_command_start
  WHEN TAG IN ('ALTER TABLE', 'DROP TABLE', 'DROP SCHEMA', 'DROP TYPE', 'DROP DOMAIN', 'DROP FUNCTION', 'DROP ROUTINE',
               'DROP COLLATION', 'DROP EXTENSION')
  EXECUTE FUNCTION segmentation._guard_begins();
CREATE EVENT TRIGGER segmentation_guard_drops ON sql_drop EXECUTE FUNCTION segmentation._guard_drops();
CREATE EVENT TRIGGER segmentation_guard_types ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
  EXECUTE FUNCTION segmentation._guard_types();
CREATE EVENT TRIGGER segmentation_guard_rewrites ON table_rewrite EXECUTE FUNCTION segmentation._guard_types();
-- Tools that write as a replica change tables, too.
ALTER EVENT TRIGGER segmentation_guard_begins ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_guard_drops ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_guard_types ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_guard_rewrites ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_partitions ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_lists ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_drops ENABLE ALWAYS;
ALTER EVENT TRIGGER segmentation_rewrites ENABLE ALWAYS;
