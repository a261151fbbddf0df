-- Forecasts: what is there of them. Which purchases they are made of is a word like any other, the attribute forecast_purchases; the words for
-- what they say are measures of the core, by the model in force. What the last refresh has found of each customer stands in
-- segmentation.forecast, and view forecasts computes it anew for whoever has been touched since. Models and refreshing are in
-- 57_refresh_forecasts.sql.

-- The models of the last refresh, and how well they would have foretold the time before it.
CREATE TABLE segmentation.forecast_model (
  model            text             PRIMARY KEY CHECK (model IN ('BG/NBD', 'Gamma-Gamma')),
  parameters       jsonb            NOT NULL,
  log_likelihood   double precision NOT NULL,
  customers        bigint           NOT NULL, -- whose purchases it was fitted on
  repeat_customers bigint           NOT NULL,
  observed_until   date             NOT NULL,
  horizon          interval         NOT NULL,
  fitted_at        timestamptz      NOT NULL DEFAULT now()
);
CREATE TABLE segmentation.forecast_class (
  frequency      text             PRIMARY KEY, -- 0 to 6, 7+, all
  customers      bigint           NOT NULL,
  predicted      double precision NOT NULL,
  actual         bigint           NOT NULL,
  fitted_until   date             NOT NULL,
  observed_until date             NOT NULL
);
CREATE TABLE segmentation.forecast_cutoff (
  measure   text     NOT NULL,
  score     smallint NOT NULL,
  lowest    numeric,
  highest   numeric,
  earliest  date,
  latest    date,
  customers bigint   NOT NULL,
  PRIMARY KEY (measure, score)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_model', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_class', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_cutoff', '');

CREATE VIEW segmentation.forecast_models AS
SELECT m.model, m.parameters, m.log_likelihood, m.customers, m.repeat_customers, m.observed_until, m.horizon, m.fitted_at
FROM segmentation.forecast_model AS m ORDER BY m.model;
COMMENT ON VIEW segmentation.forecast_models IS
  'The models that the last refresh_forecasts has fitted, with their published names of parameters; time is in weeks, value in the shop''s currency.';

CREATE VIEW segmentation.forecast_quality AS
SELECT c.frequency, c.customers, c.predicted, c.actual, c.predicted / NULLIF(c.actual, 0) - 1 AS error, c.fitted_until, c.observed_until
FROM segmentation.forecast_class AS c ORDER BY c.frequency;
COMMENT ON VIEW segmentation.forecast_quality IS
  'A check on purchases that the model had not seen: fitted on those until fitted_until, what it predicted from then until observed_until, and what '
  'happened; by how often customers had come back before. Empty where there were too few then.';

CREATE VIEW segmentation.rfm_cutoffs AS
SELECT c.measure, c.score, c.lowest, c.highest, c.earliest, c.latest, c.customers
FROM segmentation.forecast_cutoff AS c ORDER BY c.measure DESC, c.score DESC;
COMMENT ON VIEW segmentation.rfm_cutoffs IS
  'From what to what each score of RFM went at the last refresh_forecasts: the day of the last order, the number of orders, and what they are worth. '
  'Between refreshes customers are scored by the same cut-offs.';

CREATE FUNCTION segmentation._forecast_now(customer anyelement,
    OUT frequency integer, OUT recency double precision, OUT age double precision, OUT monetary double precision,
    OUT probability_alive double precision, OUT predicted_purchases double precision, OUT predicted_spend double precision,
    OUT predicted_spend_tier text, OUT recency_score integer, OUT frequency_score integer, OUT monetary_score integer, OUT rfm_group text,
    OUT orders bigint, OUT spend numeric, OUT last_order date, OUT observed_until date)
  LANGUAGE c STABLE STRICT COST 10000 AS 'MODULE_PATHNAME', 'segmentation_forecast_now';
COMMENT ON FUNCTION segmentation._forecast_now(anyelement) IS
  'what view forecasts shows of a customer, by her purchases as they are; NULLs of who is none. For whoever may read the view';
CREATE FUNCTION segmentation._forecast_customers(like_key anyelement) RETURNS SETOF anyelement
  LANGUAGE c STABLE ROWS 100000 AS 'MODULE_PATHNAME', 'segmentation_forecast_customers';
COMMENT ON FUNCTION segmentation._forecast_customers(anyelement) IS
  'the keys of all customers who count, where it is known which rows are purchases; for whoever may read view forecasts';

-- Makes what bind_customers makes of forecasts, with the type of the customers' key.
CREATE FUNCTION segmentation._make_forecasts(key_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Every refresh updates every row: in place, so pages keep room.
  EXECUTE format(
    'CREATE TABLE segmentation.forecast (customer_id %s PRIMARY KEY, frequency integer, recency double precision, age double precision, '
    'monetary double precision, probability_alive double precision, predicted_purchases double precision NOT NULL, '
    'predicted_spend double precision NOT NULL, predicted_spend_tier text NOT NULL, recency_score smallint, frequency_score smallint, '
    'monetary_score smallint, rfm_group text NOT NULL, orders bigint NOT NULL, spend numeric NOT NULL, last_order date, observed_until date NOT NULL) '
    'WITH (fillfactor = 50)', key_type);
  COMMENT ON TABLE segmentation.forecast IS 'What the last refresh_forecasts has found of each customer; read segmentation.forecasts.';
  -- Only added to until a refresh takes all of it away, so that commits wait for nobody: a customer may stand there often.
  EXECUTE format('CREATE TABLE segmentation.forecast_moved (customer_id %s)', key_type);
  ALTER TABLE segmentation.forecast_moved REPLICA IDENTITY FULL; -- without a key, so that it can be published
  CREATE INDEX forecast_moved_customer_id_idx ON segmentation.forecast_moved (customer_id);
  COMMENT ON TABLE segmentation.forecast_moved IS
    'Who has been touched since the last refresh_forecasts, so that segmentation.forecasts computes what it shows of her; NULL: everyone.';
  -- Whether everyone has moved is asked in an order, for the index: with EXISTS the planner would read all notes as long as it knows nothing of them.
  EXECUTE format(
    'CREATE VIEW segmentation.forecasts AS '
    'SELECT f.customer_id, f.frequency, f.recency, f.age, f.monetary, f.probability_alive, f.predicted_purchases, f.predicted_spend, '
    'f.predicted_spend_tier, f.recency_score, f.frequency_score, f.monetary_score, f.rfm_group, f.orders, f.spend, f.last_order, f.observed_until '
    'FROM segmentation.forecast AS f '
    'WHERE NOT EXISTS (SELECT FROM segmentation.forecast_moved AS m WHERE m.customer_id = f.customer_id) '
    'AND (SELECT true FROM segmentation.forecast_moved AS m WHERE m.customer_id IS NULL ORDER BY m.customer_id LIMIT 1) IS NULL '
    'UNION ALL '
    'SELECT m.customer_id, n.frequency, n.recency, n.age, n.monetary, n.probability_alive, n.predicted_purchases, n.predicted_spend, '
    'n.predicted_spend_tier, n.recency_score::smallint, n.frequency_score::smallint, n.monetary_score::smallint, n.rfm_group, n.orders, n.spend, '
    'n.last_order, n.observed_until '
    'FROM (SELECT o.customer_id FROM segmentation.forecast_moved AS o WHERE o.customer_id IS NOT NULL '
    'UNION SELECT c FROM segmentation._forecast_customers(NULL::%1$s) AS c '
    'WHERE (SELECT true FROM segmentation.forecast_moved AS e WHERE e.customer_id IS NULL ORDER BY e.customer_id LIMIT 1)) AS m (customer_id), '
    'LATERAL segmentation._forecast_now(m.customer_id) AS n WHERE n.orders IS NOT NULL', key_type);
  COMMENT ON VIEW segmentation.forecasts IS
    'Each customer by the models of the last refresh_forecasts and her purchases as they are: days with a purchase after the first, weeks from the '
    'first to the last of them and to the end of observation, their mean value; what the models expect of her in the time of the horizon; and her '
    'scores and group by RFM. Whoever nothing has touched since is shown as of then.';
END $$;

-- Has view forecasts compute what it shows of everyone.
CREATE FUNCTION segmentation._move_everyone() RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_move_everyone';
COMMENT ON FUNCTION segmentation._move_everyone() IS
  'notes in segmentation.forecast_moved that everybody''s forecast may be another, where a model is in force';
CREATE FUNCTION segmentation._move_meanwhile() RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_move_meanwhile';
COMMENT ON FUNCTION segmentation._move_meanwhile() IS 'notes in segmentation.forecast_moved whom segmentation.meanwhile concerns';

-- Does that where other rows are purchases than those that stored forecasts were made of.
CREATE FUNCTION segmentation._follow_purchases() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  present text[];
BEGIN
  IF NOT EXISTS (SELECT FROM segmentation.forecast_in_force) THEN RETURN; END IF;
  BEGIN
    present := segmentation._forecast_queries();
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '55', '54') THEN RAISE; END IF; -- the rest is the server's
  END;
  UPDATE segmentation.forecast_in_force AS f SET purchases = present WHERE f.purchases IS DISTINCT FROM present;
  IF FOUND THEN PERFORM segmentation._move_everyone(); END IF;
END $$;

-- The words of rules for what forecasts say.
CREATE FUNCTION segmentation._forecast_words(OUT name text, OUT expression text, OUT description text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('rfm_group', 'forecasts.rfm_group', 'Which of eleven groups she is in by when, how often and for how much she bought'),
    ('predicted_spend_tier', 'forecasts.predicted_spend_tier', 'HIGH, MEDIUM or LOW: what she is expected to spend, against the shop''s others'),
    ('predicted_spend', 'forecasts.predicted_spend', 'What she is expected to spend in the time of the horizon, a year by default'),
    ('predicted_purchases', 'forecasts.predicted_purchases', 'How often she is expected to buy in that time'),
    ('probability_alive', 'forecasts.probability_alive', 'How likely she is to come back at all: 0 to 1')
$$;

-- Takes what forecasts there are and their words away, with the customers whom they are about or what is known of their purchases.
CREATE FUNCTION segmentation._forget_forecasts() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM segmentation.attribute_definition AS a USING segmentation._forecast_words() AS w
  WHERE (a.name, a.expression) = (w.name, w.expression);
  DELETE FROM segmentation.forecast_in_force;
  IF NOT FOUND THEN RETURN; END IF;
  DELETE FROM segmentation.forecast_model;
  DELETE FROM segmentation.forecast_class;
  DELETE FROM segmentation.forecast_cutoff;
  IF to_regclass('segmentation.forecast') IS NULL THEN RETURN; END IF; -- dropped with all that its owner owned
  PERFORM segmentation._write_as(segmentation._reader(), 'DELETE FROM segmentation.forecast'),
    segmentation._write_as(segmentation._reader(), 'DELETE FROM segmentation.forecast_moved');
END $$;

-- Tells whether a rule has a meaning, and that by what is known of purchases.
CREATE FUNCTION segmentation._reads_purchases(rule text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM segmentation.check_rule(rule)) THEN RETURN false; END IF;
  RETURN EXISTS (SELECT FROM unnest(segmentation._rule_uses(segmentation.rule(rule))) AS u (name) WHERE segmentation._fold(u.name) = 'forecast_purchases');
END $$;

CREATE FUNCTION segmentation.forecast_source(source text, amount text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
  word  record;
BEGIN
  wrong := CASE WHEN forecast_source.source IS NULL THEN 'source' WHEN forecast_source.amount IS NULL THEN 'amount' END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('%s must not be null', wrong),
      HINT = 'Name the source whose rows are purchases, and its column that holds what they are worth.';
  END IF;
  PERFORM segmentation._lock_definitions(NULL);
  PERFORM segmentation_internal.define_attribute('forecast_purchases',
    format('sum(%s.%s)', segmentation._word_in_rule(forecast_source.source), segmentation._word_in_rule(forecast_source.amount)),
    'What her purchases are worth: the rows that refresh_forecasts goes by', true);
  PERFORM segmentation._forecast_queries();
  FOR word IN SELECT w.* FROM segmentation._forecast_words() AS w LOOP
    CONTINUE WHEN EXISTS (SELECT FROM segmentation.attribute_definition AS a WHERE (a.name, a.expression) = (word.name, word.expression));
    IF NOT EXISTS (SELECT FROM segmentation.check_rule(word.name || ' IS NULL')) THEN
      RAISE NOTICE USING MESSAGE = format('"%s" goes on to mean what it means already', word.name),
        HINT = format('Rules can say %s for what forecasts say.', word.expression);
    ELSIF NOT segmentation._reads_purchases(word.expression || ' IS NULL') THEN
      RAISE NOTICE USING MESSAGE = format('there is no word "%s", since %s is the shop''s own', word.name, word.expression),
        HINT = 'Bind what is called forecasts by another name, and call forecast_source again.';
    ELSE
      PERFORM segmentation_internal.define_attribute(word.name, word.expression, word.description);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION segmentation.forecast_source(text, text) IS
  'Says which source''s rows are purchases, and which of its columns what they are worth: attribute forecast_purchases. Makes the words '
  'rfm_group, predicted_spend_tier, predicted_spend, predicted_purchases and probability_alive, which say something after the first '
  'refresh_forecasts. Returns nothing. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on '
  'views that are made anew.';

-- Returns a name as rules write it, where it is not plain.
CREATE FUNCTION segmentation._word_in_rule(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN name ~ '^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$' THEN name ELSE segmentation._rule_name(name) END;
