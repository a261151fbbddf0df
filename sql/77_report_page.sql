-- report: one page of HTML about segments, by what segment_summary, segment_trend and overlap say. It says nothing of single customers, so
-- that it can be sent around.

-- Returns the segments that a report is about, as an array of objects, the largest first: what segment_summary says, and whether the
-- charts show it, which have room for twelve: of more the eight largest and the four others of whom most came or went.
CREATE FUNCTION segmentation._report_segments(segments text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  ids integer[] := ARRAY(SELECT segmentation._segment_id(u.name) FROM unnest(segments) AS u(name));
BEGIN
  IF segments = '{}' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'segments must be names, at least one', HINT = 'Leave them away for all.';
  END IF;
  RETURN (
    SELECT COALESCE(jsonb_agg(to_jsonb(r) ORDER BY r.size), '[]')
    FROM (
      SELECT l.*, l.total <= 12 OR l.size <= 8 OR row_number() OVER (PARTITION BY l.size <= 8 ORDER BY l.entered_30_days + l.left_30_days DESC, l.size) <= 4 AS is_shown
      FROM (SELECT s.*, row_number() OVER (ORDER BY s.members DESC, s.segment) AS size, count(*) OVER () AS total
            FROM segmentation.segment_summary AS s WHERE CASE WHEN segments IS NULL THEN s.status <> 'archived' ELSE s.segment_id = ANY (ids) END) AS l) AS r);
END $$;

-- Returns a segment's name, and what it is where it is not live.
CREATE FUNCTION segmentation._report_name(segment jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (segment ->> 'segment') || CASE segment ->> 'status' WHEN 'live' THEN '' ELSE format(' (%s)', segment ->> 'status') END;

CREATE FUNCTION segmentation._report_sizes(shown jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('<section><h2>Sizes</h2><div class="pair">%s%s</div></section>',
    segmentation._svg_bars('sizes', 'Members of each segment', 'Bars, the largest segment first. The table beside has the same figures.', array_agg(s ->> 'segment' ORDER BY n),
      array_agg((s ->> 'members')::numeric ORDER BY n), array_agg(segmentation._figure((s ->> 'members')::numeric) ORDER BY n)),
    segmentation._html_table('Members now, and their part of all customers', '{Segment,Members,"Of all customers"}', 1, jsonb_agg(jsonb_build_array(
      segmentation._report_name(s), segmentation._figure((s ->> 'members')::numeric),
      to_char((s ->> 'share')::numeric * 100, 'FM990.0" %"')) ORDER BY n)))
  FROM jsonb_array_elements(shown) WITH ORDINALITY AS u(s, n)
$$;

-- What each segment's trend says: a card with a line. Days before it was made are left out.
CREATE FUNCTION segmentation._report_trends(shown jsonb, zone text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('<section class="long"><h2>Trends</h2><p class="quiet">Members at the end of each of the last 90 days, or since the segment was made.</p>'
      '<div class="cards">%s</div></section>', string_agg(format(
    '<div class="card"><h3>%s</h3><p>%s <span class="quiet">%s</span></p>%s</div>', segmentation._html(segmentation._cut(c.name, 80)), segmentation._figure(c.last),
    CASE WHEN c.count = 1 THEN 'made today' WHEN c.least = c.most THEN format('the same for %s', CASE c.count WHEN 2 THEN 'a day' ELSE format('%s days', c.count - 1) END)
         ELSE format('%s in %s; between %s and %s', replace(to_char(c.last - c.first, 'FMSG999,999,999,990'), '-', chr(8722)), CASE c.count WHEN 2 THEN 'a day' ELSE format('%s days', c.count - 1) END,
                     segmentation._figure(c.least), segmentation._figure(c.most)) END,
    segmentation._svg_line('trend-' || c.n, 'Members of ' || c.name,
      format('A line of %s days: from %s to %s members, never below %s or above %s.', c.count, segmentation._figure(c.first), segmentation._figure(c.last),
        segmentation._figure(c.least), segmentation._figure(c.most)), c.days, c.points)), '' ORDER BY c.n))
  FROM (
    SELECT u.n, u.s ->> 'segment' AS name, array_agg(t.day ORDER BY t.day) AS days, array_agg(t.members ORDER BY t.day) AS points, count(*),
      min(t.members) AS least, max(t.members) AS most, (array_agg(t.members ORDER BY t.day))[1] AS first, (array_agg(t.members ORDER BY t.day DESC))[1] AS last
    FROM jsonb_array_elements(shown) WITH ORDINALITY AS u(s, n)
    JOIN segmentation.segment AS d ON d.id = (u.s ->> 'segment_id')::integer,
      LATERAL segmentation.segment_trend(u.s ->> 'segment', 90) AS t
    WHERE t.day >= least(segmentation.local_day(d.created_at, zone), segmentation.local_day(now(), zone)) GROUP BY u.n, u.s) AS c
$$;

CREATE FUNCTION segmentation._came_and_went(segment jsonb, span text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('+%s %s%s', segmentation._figure((segment ->> ('entered_' || span))::numeric), chr(8722), segmentation._figure((segment ->> ('left_' || span))::numeric));

CREATE FUNCTION segmentation._report_moves(shown jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('<section><h2>Who came and went</h2><p class="quiet">Memberships that began (right) and ended (left) in the last 30 days, the segments with most of them first. '
      'Whoever is in when a segment is made begins then.</p><div class="pair">%s%s</div></section>',
    segmentation._svg_moves('moves', 'How many came into each segment and left it in 30 days', 'Bars to the right for who came, to the left for who went. The table beside has the same figures.',
      array_agg(m.s ->> 'segment' ORDER BY m.n), array_agg((m.s ->> 'entered_30_days')::bigint ORDER BY m.n), array_agg((m.s ->> 'left_30_days')::bigint ORDER BY m.n)),
    segmentation._html_table('Came and went in the last 1, 7 and 30 days', '{Segment,"1 day","7 days","30 days"}', 1, jsonb_agg(jsonb_build_array(m.s ->> 'segment',
      segmentation._came_and_went(m.s, '1_day'), segmentation._came_and_went(m.s, '7_days'), segmentation._came_and_went(m.s, '30_days')) ORDER BY m.n)))
  FROM (SELECT u.s, row_number() OVER (ORDER BY (u.s ->> 'entered_30_days')::bigint + (u.s ->> 'left_30_days')::bigint DESC, u.n) AS n
        FROM jsonb_array_elements(shown) WITH ORDINALITY AS u(s, n)) AS m
$$;

-- Which part of each segment is in each other, and the pairs that have most in common.
CREATE FUNCTION segmentation._report_overlap(shown jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  names text[] := ARRAY(SELECT s ->> 'segment' FROM jsonb_array_elements(shown) WITH ORDINALITY AS u(s, n) ORDER BY n);
  size  integer := cardinality(names);
  pairs jsonb;
BEGIN
  IF size < 2 THEN RETURN ''; END IF;
  SELECT jsonb_agg(to_jsonb(o)) INTO pairs FROM segmentation.overlap(names) AS o;
  RETURN (
    WITH ways AS (
      SELECT array_position(names, p.a) AS i, array_position(names, p.b) AS j, p.common, p.common + p.only_a AS whole FROM jsonb_to_recordset(pairs) AS p(a text, b text, common bigint, only_a bigint, only_b bigint)
      UNION ALL
      SELECT array_position(names, p.b), array_position(names, p.a), p.common, p.common + p.only_b FROM jsonb_to_recordset(pairs) AS p(a text, b text, common bigint, only_a bigint, only_b bigint)),
    cells AS (
      SELECT i, j, b.common::numeric / NULLIF(b.whole, 0) AS share,
        CASE WHEN i = j THEN names[i] ELSE format('%s of the %s members of %s are in %s', segmentation._figure(b.common), segmentation._figure(b.whole), names[i], names[j]) END AS note
      FROM generate_series(1, size) AS i CROSS JOIN generate_series(1, size) AS j LEFT JOIN ways AS b USING (i, j))
    SELECT format('<section><h2>Overlaps</h2><p class="quiet">Each row says how many of 100 members of its segment are in the segments of the columns too.</p>'
        '<div class="pair"><div>%s<ol class="names">%s</ol></div>%s</div></section>',
      segmentation._svg_matrix('overlap', 'Which part of each segment is in each other', 'A grid of percentages; the list below names its rows and columns, and the table beside has the largest overlaps.', size,
        array_agg(c.share ORDER BY c.i, c.j), array_agg(c.note ORDER BY c.i, c.j)),
      (SELECT string_agg('<li>' || segmentation._html(n) || '</li>', '' ORDER BY at) FROM unnest(names) WITH ORDINALITY AS u(n, at)),
      segmentation._html_table('Pairs with most members in common', '{Segment,"And another","Both","First only","Second only"}', 2,
        (SELECT jsonb_agg(jsonb_build_array(p.a, p.b, segmentation._figure(p.common), segmentation._figure(p.only_a), segmentation._figure(p.only_b)) ORDER BY p.common DESC, p.a, p.b)
         FROM (SELECT p.* FROM jsonb_to_recordset(pairs) AS p(a text, b text, common bigint, only_a bigint, only_b bigint) ORDER BY p.common DESC, p.a, p.b LIMIT 12) AS p)))
    FROM cells AS c);
END $$;

CREATE FUNCTION segmentation._report_money(shown jsonb, zone text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('<section><h2>Revenue</h2>%s</section>', CASE
    WHEN count(m.money) = 0 THEN '<p class="quiet">Nothing can be said of orders and money: the shop has no such words, there are no orders, or whoever asked may not read them.</p>'
    ELSE format('<p class="quiet">What the members have %s, from their first order to today. Customers in several segments count in each.</p><div class="pair">%s%s</div>',
      CASE WHEN bool_or(m.is_paid) THEN 'paid' ELSE 'ordered' END,
      segmentation._svg_bars('revenue', 'Revenue of each segment', 'Bars, the segment with most revenue first. The table beside has the same figures.', array_agg(m.s ->> 'segment' ORDER BY m.n),
        array_agg(m.money ORDER BY m.n), array_agg(COALESCE(segmentation._money(m.money), chr(8211)) ORDER BY m.n)),
      segmentation._html_table('Orders and money of the members', '{Segment,Orders,Revenue,Paid,"Average order","Last order"}', 1, jsonb_agg(jsonb_build_array(m.s ->> 'segment',
        segmentation._figure((m.s ->> 'orders')::numeric), segmentation._money((m.s ->> 'revenue')::numeric), segmentation._money((m.s ->> 'paid_revenue')::numeric),
        segmentation._money((m.s ->> 'average_order')::numeric), segmentation.local_day((m.s ->> 'last_order')::timestamptz, zone)) ORDER BY m.n))) END)
  FROM (SELECT p.*, row_number() OVER (ORDER BY p.money DESC NULLS LAST, p.at) AS n
        FROM (SELECT u.s, u.at, bool_or(u.s ->> 'paid_revenue' IS NOT NULL) OVER () AS is_paid,
                     COALESCE(u.s ->> 'paid_revenue', CASE WHEN NOT bool_or(u.s ->> 'paid_revenue' IS NOT NULL) OVER () THEN u.s ->> 'revenue' END)::numeric AS money
              FROM jsonb_array_elements(shown) WITH ORDINALITY AS u(s, at)) AS p) AS m
$$;

-- All segments where the charts show but some.
CREATE FUNCTION segmentation._report_rest(everything jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('<section class="long"><h2>All %s segments</h2>%s</section>', jsonb_array_length(everything), segmentation._html_table(
    CASE WHEN count(*) < jsonb_array_length(everything) THEN format('The %s largest', count(*)) ELSE 'The largest first' END,
    '{Segment,Members,"Of all customers","Came in 30 days","Went in 30 days"}', 1, jsonb_agg(jsonb_build_array(
      segmentation._report_name(u.s), segmentation._figure((u.s ->> 'members')::numeric), to_char((u.s ->> 'share')::numeric * 100, 'FM990.0" %"'),
      segmentation._figure((u.s ->> 'entered_30_days')::numeric), segmentation._figure((u.s ->> 'left_30_days')::numeric)) ORDER BY u.n)))
  FROM jsonb_array_elements(everything) WITH ORDINALITY AS u(s, n) WHERE u.n <= 1000
$$;

CREATE FUNCTION segmentation.report(segments text[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  zone       text := COALESCE((SELECT b.timezone FROM segmentation.bindings AS b WHERE b.role = 'customers'), 'UTC');
  everything jsonb := segmentation._report_segments(segments);
  shown      jsonb := (SELECT jsonb_agg(s ORDER BY n) FROM jsonb_array_elements(everything) WITH ORDINALITY AS u(s, n) WHERE (s ->> 'is_shown')::boolean);
  count      integer := jsonb_array_length(everything);
  today      text := to_char(segmentation.local_time(now(), zone), 'FMDD Mon YYYY, HH24:MI');
  body       text;
BEGIN
  IF count = 0 THEN
    body := '<p>There is no segment yet.</p>';
  ELSE
    body := format('<dl class="tiles"><div><dt>Customers</dt><dd>%s</dd></div><div><dt>Segments</dt><dd>%s</dd></div><div><dt>Came in 30 days</dt><dd>%s</dd></div><div><dt>Went in 30 days</dt><dd>%s</dd></div></dl>',
        COALESCE(segmentation._figure(segmentation._customer_total()), '&#8211;'), segmentation._figure(count),
        (SELECT segmentation._figure(sum((s ->> 'entered_30_days')::numeric)) FROM jsonb_array_elements(everything) AS s),
        (SELECT segmentation._figure(sum((s ->> 'left_30_days')::numeric)) FROM jsonb_array_elements(everything) AS s))
      || CASE WHEN jsonb_array_length(shown) < count THEN format('<p>The charts show %s of %s segments: the eight largest, and the four others of whom most came or went in 30 days. All are listed at the end.</p>',
                jsonb_array_length(shown), count) ELSE '' END
      || segmentation._report_sizes(shown) || segmentation._report_trends(shown, zone) || segmentation._report_moves(shown)
      || segmentation._report_overlap(shown) || segmentation._report_money(shown, zone)
      || CASE WHEN jsonb_array_length(shown) < count THEN segmentation._report_rest(everything) ELSE '' END;
  END IF;
  RETURN format(E'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>'
    '<meta name="referrer" content="no-referrer"/><title>Segments, %1$s</title><style>%2$s</style></head>\n<body><header><h1>Customer segments</h1><p class="quiet">%1$s (%3$s)</p></header>\n<main>%4$s</main>\n'
    '<footer>Of members as stored at that time. No single customer is in this page.</footer></body></html>\n',
    today, segmentation._report_style(), segmentation._html(zone), body);
END $$;
COMMENT ON FUNCTION segmentation.report(text[]) IS
  'One page of HTML about these segments, or all that are not archived: sizes, trends, who came and went, overlaps, revenue, with charts, in itself whole and without a script. Of more than twelve '
  'the charts show the eight largest and the four others of whom most came or went. Money by the rights of whoever asks. Locks: ACCESS SHARE on the tables of '
  'members and the shop''s that segment_summary reads.';
