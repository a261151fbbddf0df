-- Rules as JSON, for screens that build them: the shape is in docs/application.md.
CREATE FUNCTION segmentation.rule_to_json(rule segmentation.rule) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_to_json';
COMMENT ON FUNCTION segmentation.rule_to_json(segmentation.rule) IS
  'A rule as JSON, for a screen that builds rules. rule_from_json of it is the same rule. Locks: none.';

CREATE FUNCTION segmentation.rule_from_json(tree jsonb) RETURNS segmentation.rule
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_from_json';
COMMENT ON FUNCTION segmentation.rule_from_json(jsonb) IS
  'A rule from JSON as rule_to_json writes it; raises 22023 with the place of what is no rule. What its names mean is not looked '
  'at: ask check_rule. Locks: none.';
