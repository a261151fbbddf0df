-- The functions that printed SQL and row feeds read values with: nothing raises, what does not read as its type is NULL.
\pset format unaligned
\pset null null
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Numbers
SELECT v, segmentation.finite(v::numeric), segmentation.finite(v::double precision), segmentation.finite(v::real)
FROM unnest(ARRAY['1.50', '-0.1', 'NaN', 'Infinity', '-Infinity', NULL]) AS v;

-- Dates in jsonb
SELECT v, segmentation.json_day(v, 'Europe/Sofia'), segmentation.json_instant(v, 'Europe/Sofia')
FROM unnest(ARRAY['"2026-05-30"', '"2024-02-29"', '"2026-02-29"', '"2026-13-01"', '"0000-01-01"', '"2026-05-30T16:00:00Z"',
  '"2026-05-30T23:30+00:00"', '"2026-05-30 16:00:01.5-0530"', '"2026-03-29T03:30"', '"2026-05-30T24:00"', '"2026-05-30T16:00:60"',
  '"9999-12-31T23:00-15:59"', '"0001-01-01T00:00+15"', '"2026-05-30\n"', '" 2026-05-30"', '"today"', '20260530', 'true', 'null',
  '{"a": 1}', '["2026-05-30"]']::jsonb[]) AS v;

-- Lists in jsonb
SELECT v, segmentation.json_texts(v), segmentation.json_numbers(v)
FROM unnest(ARRAY['["a", 1, 2.50, true, null, {"x": 1}, []]', '[]', '"a"', 'null', '{"a": 1}', '1']::jsonb[]) AS v;

-- The ends of time
SELECT v, segmentation.local_time(v, 'America/Sao_Paulo'), segmentation.local_day(v, 'America/Sao_Paulo')
FROM unnest(ARRAY['2017-10-15 02:59:59', '2017-10-15 03:00:00', 'infinity', '-infinity', '294276-12-31 23:59:59', '294276-01-01',
  '294275-12-31 23:59:59', '4714-11-24 BC', '4712-01-01 BC', NULL]::timestamptz[]) AS v;
SELECT v, segmentation.instant_of(v, 'America/Sao_Paulo')
FROM unnest(ARRAY['2017-10-15 00:30', '2018-02-17 23:30', 'infinity', '-infinity', '294276-12-31 23:59:59', '294275-12-31 23:59:59',
  '4714-11-24 BC', NULL]::timestamp[]) AS v;
SELECT v, segmentation.start_of_day(v, 'America/Sao_Paulo'), segmentation.whole_years(v, '2026-03-01')
FROM unnest(ARRAY['2017-10-15', '2000-02-29', '2026-03-02', 'infinity', '-infinity', '5874897-12-31', '4714-11-24 BC', NULL]::date[]) AS v;

-- Anniversaries
SELECT d, since, segmentation.next_anniversary(d, since)
FROM (VALUES ('2000-02-29', '2023-02-28'), ('2000-02-29', '2023-03-01'), ('2000-02-29', '2024-02-28'), ('1990-12-31', '2026-12-31'),
  ('1990-01-01', '2026-12-31'), ('1990-05-05', '-infinity'), ('1990-05-05', 'infinity'), ('2000-06-01', '0001-07-01 BC'),
  ('2000-02-29', '0001-02-01 BC'), ('infinity', '2026-01-01'), ('300000-05-05', '2026-05-06'), (NULL, '2026-01-01')) AS v(a, b),
  LATERAL (SELECT a::date, b::date) AS c(d, since);

-- The planner sees through what is one plain expression.
EXPLAIN (COSTS OFF, VERBOSE) SELECT segmentation.finite(v) FROM (VALUES (1.5), (2)) AS n(v);
