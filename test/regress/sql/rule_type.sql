-- Type rule: input, output, equality, hash, casts, binary form, errors with their place.
\set VERBOSITY default

-- Output is the canonical form; the text as typed is kept.
SELECT 'amount_spent>100   and not(tags contains ''x'')'::segmentation.rule AS rule;
SELECT segmentation.rule_source('amount_spent>100   and b=1'::segmentation.rule) AS source;
SELECT segmentation.rule_source('a > 1'::segmentation.rule) AS source;

-- Equality and hash go by the canonical form.
SELECT 'a>1'::segmentation.rule OPERATOR(segmentation.=) '(A > 1)'::segmentation.rule AS equal,
       'a>1'::segmentation.rule OPERATOR(segmentation.<>) 'a > 2'::segmentation.rule AS different,
       segmentation.rule_hash('a>1') = segmentation.rule_hash('A  >  1') AS same_hash,
       segmentation.rule_hash_extended('a>1', 7) = segmentation.rule_hash_extended('A  >  1', 7) AS same_long_hash;
SELECT count(*) AS rules, count(DISTINCT rule::text) AS texts
FROM (SELECT rule FROM unnest(ARRAY['a > 1', 'A>1', 'a > 2']::segmentation.rule[]) AS rule GROUP BY rule) AS r;
CREATE TABLE ruled (rule segmentation.rule);
INSERT INTO ruled VALUES ('a > 1'), ('city = ''Sofia''');
CREATE INDEX ON ruled USING hash (rule);
SET enable_seqscan = off;
SELECT count(*) FROM ruled WHERE rule OPERATOR(segmentation.=) 'CITY = ''Sofia''';
RESET enable_seqscan;

-- Text and varchar cast by themselves; back by assignment or on demand.
CREATE FUNCTION takes_rule(r segmentation.rule) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
SELECT takes_rule('a>1'::text) AS from_text, takes_rule('a>1'::varchar) AS from_varchar, takes_rule('a>1') AS from_literal;
CREATE TABLE texts (t text);
INSERT INTO texts SELECT rule FROM ruled;
SELECT t FROM texts ORDER BY t;

-- Binary form.
SELECT segmentation.rule_send('a>1'::segmentation.rule) = convert_to('a > 1', 'UTF8') AS sends_text;

-- A long rule goes through TOAST unharmed.
INSERT INTO ruled SELECT format('city IN (%s)', string_agg(quote_literal('city ' || g || md5(g::text)), ', '))::segmentation.rule
FROM generate_series(1, 5000) AS g;
SELECT length(rule::text) > 200000 AS long, rule OPERATOR(segmentation.=) rule::text::segmentation.rule AS same
FROM ruled ORDER BY length(rule::text) DESC LIMIT 1;

-- A mistake in a literal is shown in the rule's own text.
SELECT 'amount_spent > > 100'::segmentation.rule;
-- In a value also in DETAIL, for clients that show no positions; all mistakes are told.
SELECT segmentation.rule(E'amount_spent > > 100\n AND a = = 3'::text);
DO $$ BEGIN PERFORM 'Sofia = ='::text::segmentation.rule; END $$;
-- Positions count characters, not bytes.
SELECT 'град = ''София'' AND AND'::segmentation.rule;
-- SQLSTATEs.
\set VERBOSITY sqlstate
SELECT ''::segmentation.rule;
SELECT 'a ='::segmentation.rule;
SELECT 'd = 2025-02-30'::segmentation.rule;
SELECT (repeat('(', 300) || 'a = 1' || repeat(')', 300))::segmentation.rule;
