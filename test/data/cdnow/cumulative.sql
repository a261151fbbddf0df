-- Figure 4 of Fader, Hardie and Lee (2005): repeat purchases of the sample week by week, and those that the model expects of customers who
-- came when these came, nothing else being known of them. Expects forecasts of the sample's first 39 weeks.
CREATE TEMP VIEW cumulative AS
WITH bought AS (SELECT DISTINCT sample_id, day FROM sample_purchases),
came AS (SELECT sample_id, min(day) AS day FROM bought GROUP BY sample_id),
model AS (SELECT (parameters ->> 'r')::float8 AS r, (parameters ->> 'alpha')::float8 AS alpha, (parameters ->> 'a')::float8 AS a, (parameters ->> 'b')::float8 AS b
          FROM segmentation.forecast_models WHERE model = 'BG/NBD')
SELECT w.week, a.actual, p.predicted
FROM generate_series(1, 78) AS w (week), LATERAL (SELECT date '1996-12-31' + 7 * w.week AS until) AS u,
  LATERAL (SELECT count(*) AS actual FROM bought AS b JOIN came AS c USING (sample_id) WHERE b.day > c.day AND b.day <= u.until) AS a,
  LATERAL (SELECT sum(c.customers * segmentation._expected_new_purchases(m.r, m.alpha, m.a, m.b, (u.until - c.day) / 7.0)) AS predicted
           FROM (SELECT day, count(*) AS customers FROM came GROUP BY day) AS c, model AS m WHERE c.day <= u.until) AS p;
