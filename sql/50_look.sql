-- Look before you leap: what a rule would say, with nothing stored.
CREATE FUNCTION segmentation.to_sql(rule segmentation.rule) RETURNS text
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_to_sql';
COMMENT ON FUNCTION segmentation.to_sql(segmentation.rule) IS
  'a rule as plain SQL over the bound tables: one SELECT of the keys of the customers for whom it holds';

CREATE FUNCTION segmentation.check_rule(rule text, OUT sqlstate text, OUT line integer, OUT col integer, OUT length integer,
                                        OUT message text, OUT hint text) RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_check_rule';
COMMENT ON FUNCTION segmentation.check_rule(text) IS
  'all mistakes in a rule''s text, each with its place in lines and characters; no row for a rule that is right';

CREATE FUNCTION segmentation.count_matching(rule segmentation.rule) RETURNS bigint
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_count_matching';
COMMENT ON FUNCTION segmentation.count_matching(segmentation.rule) IS 'number of customers for whom a rule holds now';

CREATE FUNCTION segmentation.count_matching(rules segmentation.rule[]) RETURNS bigint[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_count_matching_all';
COMMENT ON FUNCTION segmentation.count_matching(segmentation.rule[]) IS
  'numbers of customers for whom each of the rules holds now, in one pass over the bound tables';

CREATE FUNCTION segmentation.estimate_matching(rule segmentation.rule, budget interval DEFAULT '200 ms')
  RETURNS TABLE (estimate bigint, low bigint, high bigint) ROWS 1
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_estimate_matching';
COMMENT ON FUNCTION segmentation.estimate_matching(segmentation.rule, interval) IS
  'about how many customers a rule holds for now, and between which ends that lies in 19 of 20 cases: judges customers drawn by chance as long as '
  'the budget lasts, everyone where it lasts for that (then the three are equal). Locks: ACCESS SHARE on the bound tables that the rule reads';

CREATE TYPE segmentation.preview_result AS (members bigint, low bigint, high bigint, sample jsonb);
COMMENT ON TYPE segmentation.preview_result IS 'what segmentation.preview returns';

CREATE FUNCTION segmentation.preview(rule segmentation.rule, exact boolean DEFAULT true, sample integer DEFAULT 10)
  RETURNS SETOF segmentation.preview_result ROWS 1
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_preview';
COMMENT ON FUNCTION segmentation.preview(segmentation.rule, boolean, integer) IS
  'number of customers for whom a rule holds now, with some of them; exact => false judges some thousand drawn by chance and gives the 95 % interval';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customer bigint) RETURNS boolean
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, bigint) IS 'whether a rule holds for a customer now; false for one who does not exist';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customer uuid) RETURNS boolean
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, uuid) IS 'whether a rule holds for a customer now; false for one who does not exist';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customer text) RETURNS boolean
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, text) IS 'whether a rule holds for a customer now; false for one who does not exist';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customers bigint[]) RETURNS SETOF bigint
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches_of';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, bigint[]) IS 'those of the customers for whom a rule holds now';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customers uuid[]) RETURNS SETOF uuid
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches_of';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, uuid[]) IS 'those of the customers for whom a rule holds now';

CREATE FUNCTION segmentation.matches(rule segmentation.rule, customers text[]) RETURNS SETOF text
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_matches_of';
COMMENT ON FUNCTION segmentation.matches(segmentation.rule, text[]) IS 'those of the customers for whom a rule holds now';

CREATE FUNCTION segmentation.explain(rule_or_segment text, customer bigint, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain';
COMMENT ON FUNCTION segmentation.explain(text, bigint) IS
  'why a segment (by name) or a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';

CREATE FUNCTION segmentation.explain(rule_or_segment text, customer uuid, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain';
COMMENT ON FUNCTION segmentation.explain(text, uuid) IS
  'why a segment (by name) or a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';

CREATE FUNCTION segmentation.explain(rule_or_segment text, customer text, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain';
COMMENT ON FUNCTION segmentation.explain(text, text) IS
  'why a segment (by name) or a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';

CREATE FUNCTION segmentation.explain(rule segmentation.rule, customer bigint, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain_rule';
COMMENT ON FUNCTION segmentation.explain(segmentation.rule, bigint) IS
  'why a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';

CREATE FUNCTION segmentation.explain(rule segmentation.rule, customer uuid, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain_rule';
COMMENT ON FUNCTION segmentation.explain(segmentation.rule, uuid) IS
  'why a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';

CREATE FUNCTION segmentation.explain(rule segmentation.rule, customer text, OUT depth integer, OUT condition text, OUT actual text,
                                     OUT holds boolean, OUT missing text, OUT rows text[], OUT changes_at timestamptz)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_explain_rule';
COMMENT ON FUNCTION segmentation.explain(segmentation.rule, text) IS
  'why a rule holds for a customer or not: each condition with what was found, what is missing, the keys of the rows that count, and when time alone changes it; takes no lock';
