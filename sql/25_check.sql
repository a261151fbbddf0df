-- Checks over everything that is bound and defined; bind and define functions call them last.
CREATE FUNCTION segmentation._check_bindings() RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_check_bindings';
COMMENT ON FUNCTION segmentation._check_bindings() IS
  'checks all bindings, defined attributes and segments'' rules; raises the first problem, with what it is in';

CREATE FUNCTION segmentation._segments_named(rule segmentation.rule) RETURNS integer[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_segments_named';
COMMENT ON FUNCTION segmentation._segments_named(segmentation.rule) IS
  'ids of the segments that a rule names, itself or by way of attributes and of other segments'' rules; 0: it asks whether a customer is in '
  'any group or tag that is kept by hand';

CREATE FUNCTION segmentation._segment_sql(id integer) RETURNS text
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_segment_sql';
COMMENT ON FUNCTION segmentation._segment_sql(integer) IS
  'a segment as plain SQL: its rule as to_sql prints it, with what people say by hand';

CREATE FUNCTION segmentation._rule_uses(rule segmentation.rule) RETURNS text[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_rule_uses';
COMMENT ON FUNCTION segmentation._rule_uses(segmentation.rule) IS 'names of the bindings and defined attributes that a rule reads';
