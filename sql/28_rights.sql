-- By whose rights definitions do their work. Whoever may call them need have no right on the extension's tables, and
-- the shop's code must not run by the rights of the extension's owner: only planning a query over a table, or reading
-- an expression, can run functions of whoever owns the table. So what definitions want to know of the shop's rows and
-- expressions is asked by the rights of the customers' owner, by which members are kept as well.
CREATE SCHEMA segmentation_internal;
COMMENT ON SCHEMA segmentation_internal IS
  'The bodies of functions of schema segmentation that run by the rights of the extension''s owner (80_gate.sql).';

CREATE FUNCTION segmentation._caller() RETURNS oid
  LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'segmentation_caller';
COMMENT ON FUNCTION segmentation._caller() IS
  'the role that called the definition that runs, which runs itself by the rights of the extension''s owner';

CREATE FUNCTION segmentation._read_as(reader oid, query text) RETURNS text[]
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_read_as';
COMMENT ON FUNCTION segmentation._read_as(oid, text) IS
  'the first row of a query that is run by the rights of a role, in a security-restricted operation; NULL without one';

CREATE FUNCTION segmentation._write_as(writer oid, statement text, quietly boolean DEFAULT false) RETURNS text[]
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_write_as';
COMMENT ON FUNCTION segmentation._write_as(oid, text, boolean) IS
  'the same for a statement that writes; quietly: what it changes of segmentation.by_hand is not noted, since whoever calls sees to the members '
  'himself';

CREATE FUNCTION segmentation._analysed(reader oid, query text, OUT type oid, OUT collation oid, OUT tree text)
  RETURNS record
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_analysed';
COMMENT ON FUNCTION segmentation._analysed(oid, text) IS
  'the first column of a query, which is not run, and the query''s tree; analysed by the rights of a role likewise';

-- Returns the role by whose rights the shop's rows are read: the customers' owner.
CREATE FUNCTION segmentation._reader() RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.relowner FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation
        WHERE b.role = 'customers');
