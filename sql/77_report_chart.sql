-- What reports are drawn with: numbers in, HTML and SVG out, of nothing but what is given. All of it is well-formed XML as well. Charts are
-- 360 units wide, a phone's width, so that their text has the size of the page's; colours are the page's (77_report_style.sql).

-- Returns text that is nothing but text in HTML and XML, in attributes too. Characters that neither allows become a mark of their own,
-- and those that would turn the text around them about are left out.
CREATE FUNCTION segmentation._html(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN replace(replace(replace(replace(replace(
  regexp_replace(regexp_replace(value, '[\u202a-\u202e\u2066-\u2069]', '', 'g'), '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]', chr(65533), 'g'),
  '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');

-- Returns text cut to so many letters of usual width, capitals and those of East Asia being wider, with an ellipsis where it was longer.
CREATE FUNCTION segmentation._cut(value text, width integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN max(l.used) <= width THEN value
                    ELSE COALESCE(string_agg(l.letter, '' ORDER BY l.at) FILTER (WHERE l.used < width), '') || chr(8230) END
        FROM (SELECT u.letter, u.at, sum(CASE WHEN ascii(u.letter) BETWEEN 4352 AND 4447 OR ascii(u.letter) >= 11904 THEN 2
                WHEN u.letter IN ('M', 'W', '@', '%') THEN 1.9 WHEN u.letter <> lower(u.letter) OR u.letter IN ('m', 'w') THEN 1.4 ELSE 1 END) OVER (ORDER BY u.at) AS used
              FROM regexp_split_to_table(left(value, 1000), '') WITH ORDINALITY AS u(letter, at)) AS l);

-- Return numbers as people read them, NULL for none.
CREATE FUNCTION segmentation._figure(value numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN to_char(value, 'FM999,999,999,999,999,990');
CREATE FUNCTION segmentation._money(value numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN value IN ('NaN', 'Infinity', '-Infinity') THEN value::text ELSE to_char(value, 'FM999,999,999,999,999,990.00') END;
-- Returns a day without its year, in English.
CREATE FUNCTION segmentation._day(value date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN to_char(value, 'FMDD Mon');

-- Returns a picture with a title and a description for who cannot see it. `id` is its own in the page.
CREATE FUNCTION segmentation._svg(id text, title text, description text, height numeric, body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('<svg viewBox="0 0 360 %s" role="img" aria-labelledby="%s-title %2$s-text"><title id="%2$s-title">%3$s</title><desc id="%2$s-text">%4$s</desc>%5$s</svg>',
  height, id, segmentation._html(title), segmentation._html(description), body);

-- Draws a bar for each label, the largest as wide as the picture, with what is to be said of it above its end.
CREATE FUNCTION segmentation._svg_bars(id text, title text, description text, labels text[], bars numeric[], notes text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT segmentation._svg(id, title, description, 36 * count(*), string_agg(format(
      '<g><title>%s</title><text x="0" y="%s">%s</text><text x="360" y="%2$s" class="end strong">%4$s</text>'
      '<rect class="track" x="0" y="%5$s" width="360" height="10" rx="2"/><rect class="bar" x="0" y="%5$s" width="%6$s" height="10" rx="2"/></g>',
      segmentation._html(concat_ws(': ', b.label, b.note)), 36 * b.at - 21, segmentation._html(segmentation._cut(b.label, 52 - char_length(b.note))),
      segmentation._html(b.note), 36 * b.at - 15, COALESCE(round(greatest(b.bar, 0) * 360 / NULLIF(b.most, 0), 1), 0)), '' ORDER BY b.at))
  FROM (SELECT u.*, max(u.bar) OVER () AS most FROM unnest(labels, bars, notes) WITH ORDINALITY AS u(label, bar, note, at)) AS b);

-- Draws for each label how many came, to the right, and how many went, to the left, of a line in the middle.
CREATE FUNCTION segmentation._svg_moves(id text, title text, description text, labels text[], came bigint[], gone bigint[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT segmentation._svg(id, title, description, 40 * count(*) + 4, string_agg(format(
      '<g><title>%s: %s came, %s went</title><text x="180" y="%4$s" class="middle">%5$s</text>'
      '<rect class="gone" x="%6$s" y="%7$s" width="%8$s" height="12"/><rect class="came" x="180" y="%7$s" width="%9$s" height="12"/>'
      '<text x="%10$s" y="%11$s" class="end">&#8722;%3$s</text><text x="%12$s" y="%11$s">+%2$s</text><line class="axis" x1="180" y1="%13$s" x2="180" y2="%14$s"/></g>',
      segmentation._html(m.label), segmentation._figure(m.came), segmentation._figure(m.gone), 40 * m.at - 26, segmentation._html(segmentation._cut(m.label, 52)),
      180 - m.left_width, 40 * m.at - 20, m.left_width, m.right_width, 176 - m.left_width, 40 * m.at - 10, 184 + m.right_width,
      40 * m.at - 22, 40 * m.at - 6), '' ORDER BY m.at))
  FROM (SELECT u.*, COALESCE(round(u.came * 110.0 / NULLIF(greatest(max(u.came) OVER (), max(u.gone) OVER ()), 0), 1), 0) AS right_width,
               COALESCE(round(u.gone * 110.0 / NULLIF(greatest(max(u.came) OVER (), max(u.gone) OVER ()), 0), 1), 0) AS left_width
        FROM unnest(labels, came, gone) WITH ORDINALITY AS u(label, came, gone, at)) AS m);

-- Draws a number through days. The scale goes from zero where that leaves most of the picture to the line, else from below the least; both ends are written.
CREATE FUNCTION segmentation._svg_line(id text, title text, description text, days date[], points bigint[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
  WITH bounds AS (
    SELECT CASE WHEN min(p) * 2 <= max(p) OR min(p) = max(p) THEN 0 ELSE greatest(2 * min(p) - max(p), 0) END AS low, greatest(max(p), 1) AS high, count(*) AS many
    FROM unnest(points) AS p),
  places AS (
    SELECT u.at, CASE WHEN b.many = 1 THEN 180 ELSE round((u.at - 1) * 352.0 / (b.many - 1) + 4, 1) END AS x,
           round(88 - (u.point - b.low) * 76.0 / (b.high - b.low), 1) AS y
    FROM unnest(points) WITH ORDINALITY AS u(point, at), bounds AS b)
  SELECT segmentation._svg(id, title, description, 112, format(
    '<line class="grid" x1="0" y1="12" x2="360" y2="12"/><line class="axis" x1="0" y1="88" x2="360" y2="88"/>'
    '<text x="0" y="9" class="small">%s</text>%s<text x="0" y="106" class="small">%s</text><text x="%s" y="106" class="small %s">%s</text>%s',
    segmentation._figure(b.high), CASE WHEN b.low > 0 THEN format('<text x="0" y="84" class="small">%s</text>', segmentation._figure(b.low)) ELSE '' END,
    CASE WHEN b.many > 1 THEN segmentation._day(days[1]) ELSE '' END, CASE WHEN b.many > 1 THEN 360 ELSE 180 END,
    CASE WHEN b.many > 1 THEN 'end' ELSE 'middle' END, segmentation._day(days[b.many::integer]),
    (SELECT CASE WHEN b.many = 1 THEN format('<circle class="point" cx="%s" cy="%s" r="4"/>', min(p.x), min(p.y))
                 ELSE format('<polygon class="area" points="4,88 %s 356,88"/><polyline class="line" points="%1$s"/>', string_agg(p.x || ',' || p.y, ' ' ORDER BY p.at)) END
     FROM places AS p)))
  FROM bounds AS b);

-- Draws which part of each row's segment is in each column's: shares from 0 to 1, row by row, NULL where there is nobody. Rows and columns bear numbers.
CREATE FUNCTION segmentation._svg_matrix(id text, title text, description text, size integer, shares numeric[], notes text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
  WITH scale AS (SELECT least(60, 336.0 / size) AS cell)
  SELECT segmentation._svg(id, title, description, round(size * s.cell + 24, 1),
    (SELECT string_agg(format('<text x="%s" y="16" class="middle">%s</text><text x="10" y="%s" class="middle">%2$s</text>',
       round(24 + (n - 0.5) * s.cell, 1), n, round(28 + (n - 0.5) * s.cell, 1)), '' ORDER BY n) FROM generate_series(1, size) AS n)
    || (SELECT string_agg(format('<g><title>%s</title><rect class="%s" fill-opacity="%s" x="%s" y="%s" width="%6$s" height="%6$s"/>%7$s</g>',
       segmentation._html(c.note), CASE WHEN (c.at - 1) % (size + 1) = 0 THEN 'same' ELSE 'cell' END,
       CASE WHEN (c.at - 1) % (size + 1) = 0 THEN 1 ELSE round(COALESCE(c.share, 0) * 0.5, 3) END,
       round(24 + (c.at - 1) % size * s.cell, 1), round(24 + (c.at - 1) / size * s.cell, 1), round(s.cell - 1, 1),
       CASE WHEN (c.at - 1) % (size + 1) <> 0 AND c.share IS NOT NULL THEN format('<text x="%s" y="%s" class="middle small">%s</text>',
         round(24 + (0.5 + (c.at - 1) % size) * s.cell, 1), round(28 + (0.5 + (c.at - 1) / size) * s.cell, 1),
         CASE WHEN c.share > 0 AND c.share < 0.005 THEN '&lt;1' WHEN c.share < 1 THEN least(round(c.share * 100), 99)::text ELSE '100' END) ELSE '' END), '' ORDER BY c.at)
        FROM unnest(shares, notes) WITH ORDINALITY AS c(share, note, at)))
  FROM scale AS s);

-- Returns a table; rows is an array of arrays of text. The first columns are words, as many as `words` says, the others figures.
CREATE FUNCTION segmentation._html_table(caption text, headings text[], words integer, rows jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('<div class="table" role="region" aria-label="%1$s" tabindex="0"><table><caption>%1$s</caption><thead><tr>%2$s</tr></thead><tbody>%3$s</tbody></table></div>', segmentation._html(caption),
  (SELECT string_agg(format('<th scope="col"%s>%s</th>', CASE WHEN h.at > words THEN ' class="figure"' ELSE '' END, segmentation._html(h.heading)), '' ORDER BY h.at)
   FROM unnest(headings) WITH ORDINALITY AS h(heading, at)),
  (SELECT string_agg('<tr>' || (
     SELECT string_agg(format(CASE WHEN c.at = 1 THEN '<th scope="row">%s</th>' WHEN c.at > words THEN '<td class="figure">%s</td>' ELSE '<td>%s</td>' END,
                              COALESCE(segmentation._html(c.cell), '&#8211;')), '' ORDER BY c.at)
     FROM jsonb_array_elements_text(r.cells) WITH ORDINALITY AS c(cell, at)) || '</tr>', '' ORDER BY r.at)
   FROM jsonb_array_elements(rows) WITH ORDINALITY AS r(cells, at)));
