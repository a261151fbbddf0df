-- Behind the gate: its figures are read by the rights of the customers' owner, not of whoever asks.
CREATE VIEW segmentation.attributes AS
SELECT a.name, a.type, a.kind, a.operators, a.expression, a.description, a.used_by, a.filled, a.filled_is_exact, a.examples
FROM segmentation._attributes() AS a;
COMMENT ON VIEW segmentation.attributes IS
  'The values of a customer that rules can name, by the names that rules write: defined attributes, the customers'' own and computed '
  'columns, those of their lookups, sets, and all keys of jsonb and key-value fields that there are. type is number, text, boolean, date, '
  'list of text, list of number, json or mixed, and NULL where an attribute is broken; operators are those that rules can test the '
  'value with; used_by names the segments and attributes that read it; filled is how many customers have a value, examples are some of them. '
  'These two are NULL for who may not read the table. Locks: ACCESS SHARE on the bound relations.';
