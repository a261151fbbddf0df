-- What is done month by month, one statement a row, for psql to execute (\gexec). After each month members are judged; what is queued
-- is applied first where the month's mode queues, and nowhere else.
CREATE FUNCTION replay.script() RETURNS TABLE (statement text) LANGUAGE sql AS $$
  WITH modes AS (
    SELECT i.n, i.month, i.invoice_no, m.mode = 'ticking' AND row_number() OVER (PARTITION BY i.month ORDER BY i.n) % 100 = 0 AS ticks,
           CASE WHEN m.mode = 'mixed' THEN ('{commit,statement,background}'::text[])[1 + i.n % 3] END AS own_mode
    FROM replay.invoice AS i JOIN replay.month AS m ON m.month = i.month WHERE m.by_client)
  SELECT s.statement FROM (
    SELECT month, 1 AS step, 0::bigint AS n, 1 AS part, format('SET segmentation.maintain = %s',
             CASE mode WHEN 'ticking' THEN 'background' WHEN 'mixed' THEN 'commit' ELSE mode END) AS statement FROM replay.month
    UNION ALL SELECT month, 2, 0, 1, format('CALL replay.place_all(%L)', month) FROM replay.month WHERE NOT by_client
    UNION ALL SELECT month, 2, n, 1, format('SET segmentation.maintain = %s', own_mode) FROM modes WHERE own_mode IS NOT NULL
    UNION ALL SELECT month, 2, n, 2, format('SELECT replay.place(%L)', invoice_no) FROM modes
    UNION ALL SELECT month, 2, n, 3, 'CALL segmentation.tick()' FROM modes WHERE ticks
    UNION ALL SELECT month, 3, h.n, 1, format('SELECT replay.%s(%L)', h.name, month)
      FROM replay.month, unnest('{claim,move_lines,rename_products,recount_gifts,forget}'::text[]) WITH ORDINALITY AS h (name, n)
    UNION ALL SELECT month, 4, 0, 1, 'CALL segmentation.tick()' FROM replay.month WHERE mode IN ('background', 'ticking', 'mixed')
    UNION ALL SELECT month, 5, 0, 1, 'ANALYZE' FROM replay.month  -- for the queries that judge; as autovacuum would have done by then
    UNION ALL SELECT month, 6, 0, 1, format('SELECT pg_temp.judge_month(%L, %L)', month, note) FROM replay.month) AS s
  ORDER BY s.month, s.step, s.n, s.part
$$;

SELECT statement FROM replay.script() \gexec
