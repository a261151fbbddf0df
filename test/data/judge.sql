-- Three rounds over the rules in wanted; each is one transaction, so that all ways see the same now().
-- 1. Each segment as made.
BEGIN;
INSERT INTO outcome (what, members, problem)
SELECT name, j.members, j.problem FROM wanted, pg_temp.judge(name, rule, hand, true) AS j ORDER BY wanted.id;
COMMIT;

-- 2. Members are lost and invented: verify finds just these, refresh_all puts all segments right in one go.
BEGIN;
CREATE TEMP TABLE tampered (n bigint) ON COMMIT DROP;
WITH lost AS (DELETE FROM segmentation.membership WHERE hashtext(customer_id::text || segment_id) % 64 = 0 RETURNING 1)
INSERT INTO tampered SELECT count(*) FROM lost;
WITH invented AS (
  INSERT INTO segmentation.membership (segment_id, customer_id)
  SELECT s.id, e.id FROM segmentation.segments s, everyone e WHERE hashtext(e.id::text || s.id) % 64 = 1
  ON CONFLICT DO NOTHING RETURNING 1)
INSERT INTO tampered SELECT count(*) FROM invented;
INSERT INTO outcome (what, members, problem)
SELECT 'verify finds what was lost and what was invented', n,
       CASE WHEN n = 0 THEN 'nothing was changed'
            ELSE pg_temp.number_differs((SELECT count(*) FROM segmentation.verify()), n::bigint, 'verify') END
FROM (SELECT sum(n) AS n FROM tampered) AS t;
\o /dev/null
SELECT segmentation.refresh_all();
\o
INSERT INTO outcome (what, members, problem)
SELECT 'refresh_all puts it right', (SELECT count(*) FROM segmentation.membership),
       pg_temp.number_differs((SELECT count(*) FROM segmentation.verify()), 0, 'verify');
COMMIT;

-- 3. The shop's tables change; only the customers whom that touches are refreshed.
BEGIN;
\o /dev/null
\ir :change
SELECT format('SELECT segmentation.refresh(ARRAY(SELECT DISTINCT key::%s FROM touched WHERE key IS NOT NULL))', pg_typeof(id))
FROM everyone LIMIT 1 \gexec
\o
INSERT INTO outcome (what, members, problem)
SELECT name || ', after changes', j.members, j.problem FROM wanted, pg_temp.judge(name, rule, hand, false) AS j ORDER BY wanted.id;
INSERT INTO outcome (what, members, problem)
SELECT 'verify after changes', (SELECT count(*) FROM segmentation.membership),
       pg_temp.number_differs((SELECT count(*) FROM segmentation.verify()), 0, 'verify');
COMMIT;

\pset tuples_only
\pset format unaligned
SELECT CASE WHEN problem IS NULL THEN 'ok:     ' ELSE 'not ok: ' END
       || rpad(what, 52) || lpad(coalesce(members::text, ''), 7) || coalesce('  ' || problem, '')
FROM outcome ORDER BY id;
