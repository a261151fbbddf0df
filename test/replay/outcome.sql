-- What the whole replay must have shown, and the report that run.sh counts.
\o /dev/null
CREATE TEMP TABLE left_over AS SELECT segmentation.refresh_all() AS n;
\o
INSERT INTO outcome (what, members, problem)
SELECT 'nothing is left for refresh_all', n, CASE WHEN n <> 0 THEN 'member rows were written' END FROM left_over;
-- A segment that nobody or everybody was in all the time, or that never changed, proves nothing.
INSERT INTO outcome (what, members, problem)
SELECT 'moved: ' || j.name, max(j.members), CASE WHEN count(DISTINCT j.members) < 2 THEN 'always the same number of members' END
FROM judged AS j GROUP BY j.name ORDER BY j.name;

\pset tuples_only
\pset format unaligned
SELECT CASE WHEN problem IS NULL THEN 'ok:     ' ELSE 'not ok: ' END
       || rpad(what, 60) || lpad(coalesce(members::text, ''), 7) || coalesce('  ' || problem, '')
FROM outcome ORDER BY id;
