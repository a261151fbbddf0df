-- A segment through time: a row a day of the shop's zone. Counted backwards from the present size, so that only the rows of those who came
-- or went in these days are read, however old the segment is.
CREATE FUNCTION segmentation.segment_trend(segment text, days integer DEFAULT 90)
RETURNS TABLE (day date, members bigint, entered bigint, "left" bigint)
LANGUAGE plpgsql STABLE ROWS 90 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
  id    integer := segmentation._segment_id(segment);
  zone  text := (SELECT b.timezone FROM segmentation.bindings AS b WHERE b.role = 'customers');
  today date := segmentation.local_day(now(), zone);
  total bigint := segmentation.member_count(segment);
  since timestamptz;
BEGIN
  IF days IS NULL OR days NOT BETWEEN 1 AND 36525 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('a trend of %s days cannot be shown', COALESCE(days::text, 'NULL')),
      HINT = 'Give a number of days from 1, which is today alone, to 36525.';
  END IF;
  since := segmentation.start_of_day(today - days + 1, zone);
  RETURN QUERY
    WITH moved AS (
      -- A clock that was turned back leaves instants that are yet to come; they count today, as the size has them.
      SELECT least(segmentation.local_day(e.at, zone), today) AS day, sum(e.entered)::bigint AS entered, sum(e.gone)::bigint AS gone
      FROM (SELECT m.entered_at AS at, count(*) AS entered, 0 AS gone -- many come at one instant
            FROM segmentation.membership AS m WHERE m.segment_id = id AND m.entered_at >= since GROUP BY m.entered_at
            UNION ALL
            SELECT u.at, count(*) FILTER (WHERE u.came), count(*) FILTER (WHERE NOT u.came)
            FROM segmentation.membership_past AS p, LATERAL (VALUES (p.entered_at, true), (p.left_at, false)) AS u(at, came)
            WHERE p.segment_id = id AND p.left_at >= since AND u.at >= since GROUP BY u.at) AS e
      GROUP BY 1)
    SELECT d.day, total - COALESCE(sum(COALESCE(m.entered, 0) - COALESCE(m.gone, 0)) OVER later, 0)::bigint,
           COALESCE(m.entered, 0), COALESCE(m.gone, 0)
    FROM (SELECT today - n AS day FROM generate_series(0, days - 1) AS n) AS d LEFT JOIN moved AS m ON m.day = d.day
    WINDOW later AS (ORDER BY d.day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ORDER BY d.day;
END $$;
COMMENT ON FUNCTION segmentation.segment_trend(text, integer) IS
  'A segment through the last days of the shop''s zone, a row a day: how many members it had at the day''s end, and how many memberships began '
  'and ended on it, by when they did, not by when that was seen. The last day is today so far, its members those that are stored. Locks: ACCESS '
  'SHARE on segmentation.membership and membership_past.';
