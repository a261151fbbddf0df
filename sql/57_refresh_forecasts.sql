-- Fitting the models and writing what they say of each customer. The shop's rows are read, and forecasts written, by the rights of the
-- customers' owner, in one statement with one pass over the purchases; the models are fitted on customers grouped by what likelihoods look at.

CREATE FUNCTION segmentation._purchases_sql(attribute text) RETURNS text[]
  LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'segmentation_purchases_sql';
COMMENT ON FUNCTION segmentation._purchases_sql(text) IS
  'queries of the keys of customers (alone where the attribute is no sum over rows with a date), and of customer, day and value of the rows that it adds up';

-- The models, on plain values; time in weeks.
CREATE FUNCTION segmentation._fit_bg_nbd(frequencies bigint[], recencies double precision[], ages double precision[], customers bigint[],
    OUT outcome text, OUT r double precision, OUT alpha double precision, OUT a double precision, OUT b double precision,
    OUT log_likelihood double precision)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_fit_bg_nbd';
CREATE FUNCTION segmentation._fit_gamma_gamma(purchases bigint[], means double precision[], customers bigint[],
    OUT outcome text, OUT p double precision, OUT q double precision, OUT gamma double precision, OUT log_likelihood double precision)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_fit_gamma_gamma';
COMMENT ON FUNCTION segmentation._fit_bg_nbd(bigint[], double precision[], double precision[], bigint[]) IS
  'the BG/NBD model under which these histories, each of so many customers, are most likely; outcome: converged, unbounded or failed';
COMMENT ON FUNCTION segmentation._fit_gamma_gamma(bigint[], double precision[], bigint[]) IS
  'the Gamma-Gamma model under which these means of so many purchases, each of so many customers, are most likely; outcome likewise';
CREATE FUNCTION segmentation._probability_alive(r double precision, alpha double precision, a double precision, b double precision,
    frequency bigint, recency double precision, age double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_probability_alive';
CREATE FUNCTION segmentation._expected_purchases(r double precision, alpha double precision, a double precision, b double precision,
    frequency bigint, recency double precision, age double precision, horizon double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_expected_purchases';
CREATE FUNCTION segmentation._expected_new_purchases(r double precision, alpha double precision, a double precision, b double precision,
    horizon double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_expected_new_purchases';
CREATE FUNCTION segmentation._expected_value(p double precision, q double precision, gamma double precision,
    frequency bigint, monetary double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_expected_value';

-- What the models say of one customer. Her purchases added up: rows, different days, the first and the last of these, what the rows are worth, and
-- what those of the first day; NULL for who has never bought. `model` is what _forecast_model() prints.
CREATE FUNCTION segmentation._forecast("column" text, model text, orders bigint, days bigint, first date, last date, spend numeric, first_value numeric)
RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_forecast';
COMMENT ON FUNCTION segmentation._forecast(text, text, bigint, bigint, date, date, numeric, numeric) IS
  'a column of view forecasts for one customer, as a text; what printed rules call';
CREATE FUNCTION segmentation._forecast_row(model text, orders bigint, days bigint, first date, last date, spend numeric, first_value numeric,
    OUT frequency integer, OUT recency double precision, OUT age double precision, OUT monetary double precision,
    OUT probability_alive double precision, OUT predicted_purchases double precision, OUT predicted_spend double precision,
    OUT predicted_spend_tier text, OUT recency_score integer, OUT frequency_score integer, OUT monetary_score integer, OUT rfm_group text,
    OUT observed_until date)
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_forecast_row';
COMMENT ON FUNCTION segmentation._forecast_row(text, bigint, bigint, date, date, numeric, numeric) IS
  'all of them at once, but for those that are arguments';

CREATE FUNCTION segmentation._rfm_group(recency integer, frequency integer, monetary integer) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'segmentation_rfm_group';
COMMENT ON FUNCTION segmentation._rfm_group(integer, integer, integer) IS
  'the group of Shopify''s grid for scores of 1 to 5; PROSPECTS where one is NULL: who has not bought. Half scores count as the lower whole one';

-- Returns the queries of _purchases_sql for forecasts. Raises 55000 where purchases are not known.
CREATE FUNCTION segmentation._forecast_queries() RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  queries text[] := segmentation._purchases_sql(COALESCE(
    (SELECT a.name FROM segmentation.attribute_definition AS a WHERE segmentation._fold(a.name) = 'forecast_purchases'), 'forecast_purchases'));
BEGIN
  IF cardinality(queries) = 2 THEN RETURN queries; END IF;
  RAISE EXCEPTION USING ERRCODE = '55000',
    MESSAGE = CASE cardinality(queries) WHEN 0 THEN 'it is not known which rows are purchases'
      ELSE 'attribute "forecast_purchases" is no sum over rows of customers that have a date' END,
    HINT = 'Name a source with a date, and the column with the value: SELECT segmentation.forecast_source(''orders'', ''total'');';
END $$;

-- Returns the statement of a refresh, which answers with one row: customers who bought, who came back, and whose repeat purchases are worth
-- something; the two fits as jsonb; the classes of the hold-out check; and the model as core::ForecastModel prints it. Writes nothing unless both
-- models were fitted. `looks_back`: purchases after `until` do not count, if there are any.
CREATE FUNCTION segmentation._refresh_statement(queries text[], until date, horizon integer, holdout integer, fewest integer,
  high double precision, low double precision, looks_back boolean) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET extra_float_digits = 1 AS $$
DECLARE
  -- Each customer's purchases added up, those until then apart from later ones.
  histories CONSTANT text := $sql$
  person AS (%1$s),
  purchase AS (%2$s OFFSET 0), -- computes each day once
  bought AS ( -- what was bought on one day is one purchase
    SELECT p.customer, p.day, COALESCE(sum(p.value), 0) AS value, count(*) AS orders
    FROM purchase AS p WHERE p.day > '-infinity' AND p.day < 'infinity'
    GROUP BY p.customer, p.day),
  seen AS (
    SELECT b.customer, CASE WHEN b.day <= %3$L THEN b.day END AS day, CASE WHEN b.day <= %3$L THEN b.value END AS value,
      CASE WHEN b.day <= %3$L THEN b.orders END AS orders
    FROM bought AS b),
  counted AS (
    SELECT b.customer, count(b.day)::integer - 1 AS frequency, min(b.day) AS first, max(b.day) AS last, sum(b.orders)::bigint AS orders,
      sum(b.value) AS spend, (min(ARRAY[b.day - '2000-01-01'::date, b.value]))[2] AS first_value, count(*) > count(b.day) AS has_later,
      -- as it was before the hold-out
      count(*) FILTER (WHERE b.day <= %3$L::date - %5$s)::integer - 1 AS known, max(b.day) FILTER (WHERE b.day <= %3$L::date - %5$s) AS last_known
    FROM seen AS b GROUP BY b.customer),
  everyone AS MATERIALIZED (
    SELECT c.customer, c.frequency, c.first, c.last, (c.last - c.first) / 7.0::float8 AS recency, (%3$L::date - c.first) / 7.0::float8 AS age,
      CASE WHEN c.frequency > 0 THEN (c.spend - c.first_value)::float8 / c.frequency END AS monetary, c.orders, c.spend, c.known, c.last_known, c.has_later
    FROM counted AS c WHERE c.customer IN (SELECT p.* FROM person AS p)),
  history AS (SELECT e.* FROM everyone AS e WHERE e.frequency >= 0),
  size AS (
    SELECT count(*) AS customers, count(*) FILTER (WHERE h.frequency > 0) AS repeats, count(*) FILTER (WHERE h.monetary > 0) AS valued,
      count(*) FILTER (WHERE h.known > 0) AS known_repeats
    FROM history AS h)$sql$;
  -- The models, on customers grouped by what likelihoods look at; the second time as of before the hold-out.
  fits CONSTANT text := $sql$
  fit AS MATERIALIZED (
    SELECT f.* FROM (
      SELECT array_agg(g.frequency) AS x, array_agg(g.recency) AS t, array_agg(g.age) AS age, array_agg(g.customers) AS n
      FROM (SELECT h.frequency::bigint, h.recency, h.age, count(*) AS customers FROM history AS h GROUP BY 1, 2, 3 ORDER BY 1) AS g) AS g,
      size AS s, LATERAL segmentation._fit_bg_nbd(g.x, g.t, g.age, g.n) AS f
    WHERE s.repeats >= %6$s),
  worth AS MATERIALIZED (
    SELECT f.* FROM (
      SELECT array_agg(g.frequency) AS x, array_agg(g.monetary) AS m, array_agg(g.customers) AS n
      FROM (SELECT h.frequency::bigint, h.monetary, count(*) AS customers FROM history AS h WHERE h.monetary > 0
            GROUP BY 1, 2 ORDER BY 1) AS g) AS g,
      size AS s, LATERAL segmentation._fit_gamma_gamma(g.x, g.m, g.n) AS f
    WHERE s.valued >= %6$s),
  known_fit AS MATERIALIZED (
    SELECT f.* FROM (
      SELECT array_agg(g.known) AS x, array_agg(g.recency) AS t, array_agg(g.age) AS age, array_agg(g.customers) AS n
      FROM (SELECT h.known::bigint, (h.last_known - h.first) / 7.0::float8 AS recency, (%3$L::date - %5$s - h.first) / 7.0::float8 AS age,
              count(*) AS customers
            FROM history AS h WHERE h.known >= 0 GROUP BY 1, 2, 3 ORDER BY 1) AS g) AS g,
      size AS s, LATERAL segmentation._fit_bg_nbd(g.x, g.t, g.age, g.n) AS f
    WHERE s.known_repeats >= %6$s),
  class AS (
    SELECT CASE WHEN grouping(c.class) = 1 THEN 'all' WHEN c.class = 7 THEN '7+' ELSE c.class::text END AS frequency,
      count(*) AS customers, sum(c.predicted) AS predicted, sum(c.actual) AS actual
    FROM (SELECT least(h.known, 7) AS class, h.frequency - h.known AS actual,
            segmentation._expected_purchases(f.r, f.alpha, f.a, f.b, h.known, (h.last_known - h.first) / 7.0::float8,
              (%3$L::date - %5$s - h.first) / 7.0::float8, %5$s / 7.0::float8) AS predicted
          FROM history AS h, known_fit AS f WHERE h.known >= 0 AND f.outcome = 'converged') AS c
    GROUP BY GROUPING SETS ((c.class), ()) HAVING count(*) > 0)$sql$;
  -- What they say of each, and by what scores and tiers are cut.
  scores CONSTANT text := $sql$
  scored AS MATERIALIZED (
    SELECT h.customer, h.frequency, h.last, h.recency, h.age, h.monetary, h.orders, h.spend,
      segmentation._probability_alive(f.r, f.alpha, f.a, f.b, h.frequency, h.recency, h.age) AS alive, e.purchases,
      e.purchases * segmentation._expected_value(w.p, w.q, w.gamma, h.frequency, COALESCE(greatest(h.monetary, 0), 0)) AS worth
    FROM history AS h, fit AS f, worth AS w,
      LATERAL (SELECT segmentation._expected_purchases(f.r, f.alpha, f.a, f.b, h.frequency, h.recency, h.age, %4$s / 7.0::float8) AS purchases
               OFFSET 0) AS e
    -- Where q is at most 1, who came once has no mean to be expected.
    WHERE f.outcome = 'converged' AND w.outcome = 'converged' AND w.q > 1),
  -- A score is 1 and the number of cut-offs that she is above, so that equal customers have equal scores.
  cut AS MATERIALIZED (
    SELECT percentile_disc('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY s.last) AS r,
      percentile_disc('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY s.orders) AS f,
      percentile_disc('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY s.spend) AS m,
      percentile_disc(%7$L::float8[]) WITHIN GROUP (ORDER BY s.worth) AS tier
    FROM scored AS s),
  new AS (
    SELECT p.key, s.frequency, s.recency, s.age, s.monetary, s.alive, COALESCE(s.purchases, 0) AS purchases, COALESCE(s.worth, 0) AS worth,
      CASE WHEN COALESCE(s.worth, 0) <= 0 OR s.worth < c.tier[1] THEN 'LOW' WHEN s.worth > c.tier[2] THEN 'HIGH' ELSE 'MEDIUM' END AS tier,
      1 + (s.last > c.r[1])::integer + (s.last > c.r[2])::integer + (s.last > c.r[3])::integer + (s.last > c.r[4])::integer AS r,
      1 + (s.orders > c.f[1])::integer + (s.orders > c.f[2])::integer + (s.orders > c.f[3])::integer + (s.orders > c.f[4])::integer AS f,
      1 + (s.spend > c.m[1])::integer + (s.spend > c.m[2])::integer + (s.spend > c.m[3])::integer + (s.spend > c.m[4])::integer AS m,
      COALESCE(s.orders, 0) AS orders, COALESCE(s.spend, 0) AS spend, s.last
    FROM cut AS c, person AS p (key) LEFT JOIN scored AS s ON s.customer = p.key
    WHERE EXISTS (SELECT FROM scored))$sql$;
  writing CONSTANT text := $sql$
  written AS (
    INSERT INTO segmentation.forecast AS f (customer_id, frequency, recency, age, monetary, probability_alive, predicted_purchases, predicted_spend,
      predicted_spend_tier, recency_score, frequency_score, monetary_score, rfm_group, orders, spend, last_order, observed_until)
    SELECT n.key, n.frequency, n.recency, n.age, n.monetary, n.alive, n.purchases, n.worth, n.tier, n.r, n.f, n.m,
      segmentation._rfm_group(n.r, n.f, n.m), n.orders, n.spend, n.last, %3$L
    FROM new AS n
    ON CONFLICT (customer_id) DO UPDATE SET (frequency, recency, age, monetary, probability_alive, predicted_purchases, predicted_spend,
        predicted_spend_tier, recency_score, frequency_score, monetary_score, rfm_group, orders, spend, last_order, observed_until)
      = (EXCLUDED.frequency, EXCLUDED.recency, EXCLUDED.age, EXCLUDED.monetary, EXCLUDED.probability_alive, EXCLUDED.predicted_purchases,
        EXCLUDED.predicted_spend, EXCLUDED.predicted_spend_tier, EXCLUDED.recency_score, EXCLUDED.frequency_score, EXCLUDED.monetary_score,
        EXCLUDED.rfm_group, EXCLUDED.orders, EXCLUDED.spend, EXCLUDED.last_order,
        EXCLUDED.observed_until)
      WHERE f IS DISTINCT FROM EXCLUDED),
  moved AS ( -- who has bought since is shown with that
    INSERT INTO segmentation.forecast_moved (customer_id)
    SELECT e.customer FROM everyone AS e WHERE e.has_later AND NOT %8$L AND EXISTS (SELECT FROM scored)),
  model AS (
    SELECT concat_ws(' ', f.r, f.alpha, f.a, f.b, w.p, w.q, w.gamma, %3$L::date - '2000-01-01'::date,
      (NOT %8$L OR NOT EXISTS (SELECT FROM everyone AS e WHERE e.has_later))::integer, %4$s,
      c.r[1] - '2000-01-01'::date, c.r[2] - '2000-01-01'::date, c.r[3] - '2000-01-01'::date, c.r[4] - '2000-01-01'::date,
      array_to_string(c.f, ' '), array_to_string(c.m, ' '), array_to_string(c.tier, ' ')) AS printed
    FROM fit AS f, worth AS w, cut AS c WHERE EXISTS (SELECT FROM scored))$sql$;
BEGIN
  RETURN format(concat('WITH ', concat_ws(',', histories, fits, scores, writing),
      ' SELECT s.customers, s.repeats, s.valued, (SELECT to_jsonb(f) FROM fit AS f), (SELECT to_jsonb(w) FROM worth AS w), '
      '(SELECT jsonb_agg(c) FROM class AS c), (SELECT m.printed FROM model AS m) FROM size AS s'),
    queries[1], queries[2], until, horizon, holdout, fewest, ARRAY[low / 100, high / 100], looks_back);
END $$;

-- Raises 22023 unless a refresh can be made with these settings.
CREATE FUNCTION segmentation._check_forecast_settings(until date, horizon interval, holdout interval, high_percentile double precision,
  low_percentile double precision) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF horizon IS NULL OR NOT (until + horizon)::date BETWEEN until + 1 AND until + 36525
     OR holdout IS NULL OR NOT (until - holdout)::date BETWEEN until - 36525 AND until - 1 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'horizon and holdout must be from a day to a hundred years',
      HINT = 'Say horizon => ''1 year'', holdout => ''3 months''.';
  END IF;
  IF NOT COALESCE(0 <= low_percentile AND low_percentile <= high_percentile AND high_percentile <= 100, false) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'percentiles must be from 0 to 100, the low one not above the high one',
      HINT = 'Say high_percentile => 70, low_percentile => 10.';
  END IF;
END $$;

CREATE FUNCTION segmentation._refresh_forecasts(observed_until date, horizon interval, holdout interval, high_percentile double precision,
  low_percentile double precision) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  -- With fewer who came back parameters are noise; and Shopify's own wants more than 100 sales.
  fewest  CONSTANT integer := 100;
  shop    segmentation.binding := segmentation._bound('customers');
  today   date := (now() AT TIME ZONE shop.timezone)::date;
  until   date := COALESCE(observed_until, today - 1);
  queries text[];
  answer  text[];
  models  jsonb[];
  is_first boolean;
BEGIN
  IF until > today OR NOT isfinite(until) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('observed_until must not be later than today, %s', today),
      HINT = 'Name the last day whose purchases are all there.';
  END IF;
  PERFORM segmentation._check_forecast_settings(until, horizon, holdout, high_percentile, low_percentile);
  LOCK TABLE segmentation.forecast_model IN SHARE ROW EXCLUSIVE MODE; -- one refresh at a time
  is_first := NOT EXISTS (SELECT FROM segmentation.forecast_in_force);
  IF is_first THEN PERFORM segmentation._watch_commits(); END IF;
  -- Before anything is read: what commits from here on stays, or is in no way missed. In one snapshot it is the same.
  PERFORM segmentation._write_as(segmentation._reader(), 'DELETE FROM segmentation.forecast_moved');
  queries := segmentation._forecast_queries();
  answer := segmentation._write_as(segmentation._reader(), segmentation._refresh_statement(queries, until, (until + horizon)::date - until,
    until - (until - holdout)::date, fewest, high_percentile, low_percentile, observed_until IS NOT NULL AND until < today - 1));
  models := ARRAY[answer[4]::jsonb, answer[5]::jsonb];
  PERFORM segmentation._check_fits(models, answer[1:3]::bigint[], fewest, until);

  DELETE FROM segmentation.forecast_model;
  INSERT INTO segmentation.forecast_model (model, parameters, log_likelihood, customers, repeat_customers, observed_until, horizon)
  SELECT m.name, m.fit - '{outcome,log_likelihood}'::text[], (m.fit ->> 'log_likelihood')::float8, m.customers, m.repeats, until,
    _refresh_forecasts.horizon
  FROM (VALUES ('BG/NBD', models[1], answer[1]::bigint, answer[2]::bigint),
               ('Gamma-Gamma', models[2], answer[3]::bigint, answer[3]::bigint)) AS m (name, fit, customers, repeats);
  DELETE FROM segmentation.forecast_class;
  INSERT INTO segmentation.forecast_class (frequency, customers, predicted, actual, fitted_until, observed_until)
  SELECT c.frequency, c.customers, c.predicted, c.actual, (until - holdout)::date, until
  FROM jsonb_to_recordset(answer[6]::jsonb) AS c (frequency text, customers bigint, predicted float8, actual bigint);
  PERFORM segmentation._write_as(segmentation._reader(),
    format('DELETE FROM segmentation.forecast AS f WHERE NOT EXISTS (SELECT FROM (%s) AS p (key) WHERE p.key = f.customer_id)', queries[1]));
  PERFORM segmentation._note_cutoffs();
  PERFORM segmentation._put_in_force(answer[7], queries, is_first);
END $$;

-- Where no model is in force, commits do not note whom they touch, but they do for whoever builds a segment: the first refresh has them take it for
-- that, as of the next snapshot.
CREATE FUNCTION segmentation._watch_commits() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF segmentation._holds_gate() THEN RETURN; END IF; -- nobody commits
  LOCK TABLE segmentation.build_mark IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM segmentation.meanwhile;
END $$;

-- Notes from what to what each score goes.
CREATE FUNCTION segmentation._note_cutoffs() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer text[] := segmentation._read_as(segmentation._reader(), $sql$
    WITH together AS MATERIALIZED ( -- a row for each three scores
      SELECT f.recency_score, f.frequency_score, f.monetary_score, count(*) AS customers, min(f.last_order) AS earliest, max(f.last_order) AS latest,
        min(f.orders) AS fewest, max(f.orders) AS most, min(f.spend) AS least, max(f.spend) AS dearest
      FROM segmentation.forecast AS f WHERE f.frequency IS NOT NULL GROUP BY 1, 2, 3)
    SELECT jsonb_agg(c) FROM (
      SELECT m.measure, m.score, min(m.lowest) AS lowest, max(m.highest) AS highest, min(m.earliest) AS earliest, max(m.latest) AS latest,
        sum(t.customers) AS customers
      FROM together AS t CROSS JOIN LATERAL (VALUES ('recency', t.recency_score, NULL::numeric, NULL::numeric, t.earliest, t.latest),
        ('frequency', t.frequency_score, t.fewest, t.most, NULL, NULL), ('monetary', t.monetary_score, t.least, t.dearest, NULL, NULL))
        AS m (measure, score, lowest, highest, earliest, latest)
      GROUP BY m.measure, m.score) AS c$sql$);
BEGIN
  DELETE FROM segmentation.forecast_cutoff;
  INSERT INTO segmentation.forecast_cutoff (measure, score, lowest, highest, earliest, latest, customers)
  SELECT c.measure, c.score, c.lowest, c.highest, c.earliest, c.latest, c.customers
  FROM jsonb_to_recordset(answer[1]::jsonb) AS c (measure text, score smallint, lowest numeric, highest numeric, earliest date, latest date, customers bigint);
END $$;

-- Has rules go by a model from here on, unless it is the one that they go by.
CREATE FUNCTION segmentation._put_in_force(printed text, read_from text[], is_first boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segmentation.forecast_in_force AS f WHERE (f.model, f.purchases) = (printed, read_from)) THEN RETURN; END IF;
  PERFORM segmentation._open_definitions();
  INSERT INTO segmentation.forecast_in_force AS f (model, purchases) VALUES (printed, read_from)
  ON CONFLICT ON CONSTRAINT forecast_in_force_pkey DO UPDATE SET model = EXCLUDED.model, purchases = EXCLUDED.purchases;
  IF is_first AND current_setting('transaction_isolation') = 'read committed' THEN
    PERFORM segmentation._move_meanwhile();
  ELSIF is_first THEN
    PERFORM segmentation._move_everyone(); -- the snapshot is older than the watch
  END IF;
  PERFORM segmentation._follow_purchases(); -- somebody may have changed what they are while they were read
  INSERT INTO segmentation.meanwhile (binding_id)
  SELECT b.id FROM segmentation.binding AS b WHERE b.role = 'customers' AND segmentation._is_building_ahead();
  IF segmentation._rules_read_forecasts() THEN PERFORM segmentation._rewrite_members_soon(); END IF;
END $$;

-- Tells whether the rule of a segment reads what forecasts say, itself or by others.
CREATE FUNCTION segmentation._rules_read_forecasts() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM (SELECT s.rule FROM segmentation.segment AS s WHERE s.rule IS NOT NULL AND NOT s.archived
               UNION ALL SELECT a.rule FROM segmentation.alteration AS a WHERE a.error IS NULL) AS r
  WHERE segmentation._reads_purchases(segmentation.rule_source(r.rule)));

-- Raises 55000 unless both models were fitted: `counts` are of customers who bought, who came back, and of those whose purchases are worth something.
CREATE FUNCTION segmentation._check_fits(models jsonb[], counts bigint[], fewest integer, until date) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  seen  text := format('Until %s %s customers had bought, %s of them on more than one day, and of these %s for more than nothing.',
    until, counts[1], counts[2], counts[3]);
  wrong text := CASE WHEN models[1] ->> 'outcome' <> 'converged' THEN 'BG/NBD' WHEN models[2] ->> 'outcome' <> 'converged' THEN 'Gamma-Gamma' END;
BEGIN
  IF counts[2] < fewest OR counts[3] < fewest THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'too few customers have come back for forecasts', DETAIL = seen,
      HINT = format('At least %s must have bought again, on another day.', fewest);
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = format('model %s does not fit these purchases', wrong),
      DETAIL = seen || CASE models[CASE wrong WHEN 'BG/NBD' THEN 1 ELSE 2 END] ->> 'outcome'
        WHEN 'unbounded' THEN ' Its likelihood grows without end: customers hardly differ, or never leave.'
        ELSE ' No maximum of its likelihood was found.' END,
      HINT = 'Look at what forecast_source names: rows that are no purchases, or only some customers'' purchases, are the usual cause.';
  END IF;
  IF (models[2] ->> 'q')::float8 <= 1 THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'the values of these purchases have no mean', DETAIL = seen
      || format(' By model Gamma-Gamma q is %s, and a mean exists above 1.', models[2] ->> 'q'),
      HINT = 'A few enormous values do this: leave them out with a condition of the source.';
  END IF;
END $$;

CREATE PROCEDURE segmentation.refresh_forecasts(observed_until date DEFAULT NULL, horizon interval DEFAULT '1 year', holdout interval DEFAULT '3 months',
  high_percentile double precision DEFAULT 70, low_percentile double precision DEFAULT 10)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._refresh_forecasts(observed_until, horizon, holdout, high_percentile, low_percentile);
END $$;
COMMENT ON PROCEDURE segmentation.refresh_forecasts(date, interval, interval, double precision, double precision) IS
  'Fits the models on purchases up to and with a day (NULL: yesterday in the shop''s zone), writes what they say of each customer for the time of the '
  'horizon, and checks them on the hold-out, the last part of the time. Tiers: HIGH is above the high percentile of the shop''s own predicted '
  'spends, LOW below the low one or zero. Raises 55000, and leaves all as it was, where too few have come back. Locks until the transaction ends: '
  'SHARE ROW EXCLUSIVE on segmentation.forecast_model, one refresh at a time, and at its end on segmentation.segment, while at most '
  'segmentation.commit_limit customers are judged; more are left to the worker or tick(). The first one also on segmentation.build_mark, for '
  'which only who builds a segment waits.';
