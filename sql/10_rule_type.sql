-- Type rule: what a merchant writes. Input checks syntax, output is the canonical form; = and hash go by it.
CREATE TYPE segmentation.rule;

CREATE FUNCTION segmentation.rule_in(cstring) RETURNS segmentation.rule
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_in';
COMMENT ON FUNCTION segmentation.rule_in(cstring) IS 'input function of type rule; checks syntax';

CREATE FUNCTION segmentation.rule_out(segmentation.rule) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_out';
COMMENT ON FUNCTION segmentation.rule_out(segmentation.rule) IS 'output function of type rule; the canonical form';

CREATE FUNCTION segmentation.rule_recv(internal) RETURNS segmentation.rule
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_recv';
COMMENT ON FUNCTION segmentation.rule_recv(internal) IS 'binary input function of type rule; takes its text';

CREATE FUNCTION segmentation.rule_send(segmentation.rule) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_send';
COMMENT ON FUNCTION segmentation.rule_send(segmentation.rule) IS 'binary output function of type rule; sends its canonical text';

-- Category S: where a function takes a rule or a list of rules, a bare literal is a rule.
CREATE TYPE segmentation.rule (
  INPUT = segmentation.rule_in,
  OUTPUT = segmentation.rule_out,
  RECEIVE = segmentation.rule_recv,
  SEND = segmentation.rule_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = int4,
  STORAGE = extended,
  CATEGORY = 'S'
);
COMMENT ON TYPE segmentation.rule IS 'a condition on customers, in the rule language; equal when the canonical form is';

CREATE FUNCTION segmentation.rule(text) RETURNS segmentation.rule
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_from_text';
COMMENT ON FUNCTION segmentation.rule(text) IS 'reads a rule from text';

CREATE FUNCTION segmentation.rule(varchar) RETURNS segmentation.rule
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_from_text';
COMMENT ON FUNCTION segmentation.rule(varchar) IS 'reads a rule from varchar';

CREATE CAST (text AS segmentation.rule) WITH FUNCTION segmentation.rule(text) AS IMPLICIT;
CREATE CAST (varchar AS segmentation.rule) WITH FUNCTION segmentation.rule(varchar) AS IMPLICIT;

CREATE FUNCTION segmentation.rule_source(rule segmentation.rule) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rule_source';
COMMENT ON FUNCTION segmentation.rule_source(segmentation.rule) IS 'the rule''s text as it was typed';

CREATE FUNCTION segmentation.rule_eq(segmentation.rule, segmentation.rule) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'segmentation_rule_eq';
COMMENT ON FUNCTION segmentation.rule_eq(segmentation.rule, segmentation.rule) IS 'implementation of = operator';

CREATE FUNCTION segmentation.rule_ne(segmentation.rule, segmentation.rule) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'segmentation_rule_ne';
COMMENT ON FUNCTION segmentation.rule_ne(segmentation.rule, segmentation.rule) IS 'implementation of <> operator';

CREATE FUNCTION segmentation.rule_hash(segmentation.rule) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'segmentation_rule_hash';
COMMENT ON FUNCTION segmentation.rule_hash(segmentation.rule) IS 'hash';

CREATE FUNCTION segmentation.rule_hash_extended(segmentation.rule, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'MODULE_PATHNAME', 'segmentation_rule_hash_extended';
COMMENT ON FUNCTION segmentation.rule_hash_extended(segmentation.rule, bigint) IS 'hash';

CREATE OPERATOR segmentation.= (
  LEFTARG = segmentation.rule, RIGHTARG = segmentation.rule, FUNCTION = segmentation.rule_eq,
  COMMUTATOR = OPERATOR(segmentation.=), NEGATOR = OPERATOR(segmentation.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
CREATE OPERATOR segmentation.<> (
  LEFTARG = segmentation.rule, RIGHTARG = segmentation.rule, FUNCTION = segmentation.rule_ne,
  COMMUTATOR = OPERATOR(segmentation.<>), NEGATOR = OPERATOR(segmentation.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR CLASS segmentation.rule_ops DEFAULT FOR TYPE segmentation.rule USING hash AS
  OPERATOR 1 segmentation.=,
  FUNCTION 1 segmentation.rule_hash(segmentation.rule),
  FUNCTION 2 segmentation.rule_hash_extended(segmentation.rule, bigint);
