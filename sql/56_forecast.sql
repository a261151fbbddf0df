-- Forecasts: what is there of them. Which purchases they are made of is a word like any other, the attribute forecast_purchases; what they say
-- are rows of segmentation.forecast, one a customer, which are bound like a table of the shop's, so that rules read them by words and members
-- follow a refresh as they follow an order. Models and refreshing are in 57_refresh_forecasts.sql.

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
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_model', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_class', '');

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
  COMMENT ON TABLE segmentation.forecast IS 'What segmentation.forecasts shows; written by refresh_forecasts.';
  EXECUTE 'CREATE VIEW segmentation.forecasts AS '
    'SELECT f.customer_id, f.frequency, f.recency, f.age, f.monetary, f.probability_alive, f.predicted_purchases, f.predicted_spend, '
    'f.predicted_spend_tier, f.recency_score, f.frequency_score, f.monetary_score, f.rfm_group, f.orders, f.spend, f.last_order, f.observed_until '
    'FROM segmentation.forecast AS f';
  COMMENT ON VIEW segmentation.forecasts IS
    'Each customer as of the last refresh_forecasts: days with a purchase after the first, weeks from the first to the last of them and to the end '
    'of observation, their mean value; what the models expect of her in the time of the horizon; and her scores and group by RFM.';
  EXECUTE 'CREATE VIEW segmentation.rfm_cutoffs AS '
    'SELECT m.measure, m.score, min(m.number) AS lowest, max(m.number) AS highest, min(m.day) AS earliest, max(m.day) AS latest, '
    'count(*) AS customers '
    'FROM segmentation.forecast AS f CROSS JOIN LATERAL (VALUES '
    '(''recency'', f.recency_score, NULL::numeric, f.last_order), '
    '(''frequency'', f.frequency_score, f.orders::numeric, NULL::date), '
    '(''monetary'', f.monetary_score, f.spend, NULL)) AS m (measure, score, number, day) '
    'WHERE m.score IS NOT NULL GROUP BY m.measure, m.score ORDER BY m.measure DESC, m.score DESC';
  COMMENT ON VIEW segmentation.rfm_cutoffs IS
    'From what to what each score of RFM goes: the day of the last order, the number of orders, and what they are worth.';
END $$;

-- Has forecasts hang on the customers as they are bound now, where the shop has forecasts.
CREATE FUNCTION segmentation._follow_forecasts(customers segmentation.binding) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The table may have been dropped with all that its owner owned, and be another by now.
  DELETE FROM segmentation.binding AS b WHERE b.own AND NOT b.by_hand AND b.relation <> 'segmentation.forecast'::regclass;
  UPDATE segmentation.binding AS b SET of_id = customers.id, of_key = customers.key WHERE b.own AND NOT b.by_hand;
  -- A shop may have taken the name for something else, and have an attribute forecast_purchases of its own.
  IF NOT FOUND AND EXISTS (SELECT FROM segmentation.attribute_definition AS a WHERE segmentation._fold(a.name) = 'forecast_purchases')
     AND NOT EXISTS (SELECT FROM (SELECT b.name FROM segmentation.binding AS b
                                  UNION ALL SELECT s.name FROM segmentation.source_definition AS s
                                  UNION ALL SELECT a.name FROM segmentation.attribute_definition AS a) AS w
                     WHERE segmentation._fold(w.name) = 'forecasts') THEN
    INSERT INTO segmentation.binding (name, role, relation, of_id, key, of_key, date, own)
    VALUES ('forecasts', 'source', 'segmentation.forecast', customers.id, 'customer_id', customers.key, 'observed_until', true);
    PERFORM segmentation._install_capture('segmentation.forecast');
  END IF;
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

-- Takes forecasts and their words away, with the customers that they are about. Raises 2BP01 where something else needs them; `known` is what was
-- broken before.
CREATE FUNCTION segmentation._forget_forecasts(known text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM segmentation.attribute_definition AS a USING segmentation._forecast_words() AS w
  WHERE (a.name, a.expression) = (w.name, w.expression);
  DELETE FROM segmentation.binding AS b WHERE b.own AND NOT b.by_hand;
  PERFORM segmentation._check_not_missed('binding', 'forecasts', known);
  DELETE FROM segmentation.forecast_model;
  DELETE FROM segmentation.forecast_class;
  DELETE FROM segmentation.forecast_timing;
END $$;

CREATE FUNCTION segmentation.forecast_source(source text, amount text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  customers segmentation.binding := segmentation._bound('customers');
  wrong     text;
  word      record;
BEGIN
  wrong := CASE WHEN forecast_source.source IS NULL THEN 'source' WHEN forecast_source.amount IS NULL THEN 'amount' END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = format('%s must not be null', wrong),
      HINT = 'Name the source whose rows are purchases, and its column that holds what they are worth.';
  END IF;
  PERFORM segmentation._lock_definitions(NULL);
  IF NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.own AND b.name = 'forecasts') THEN
    PERFORM segmentation._check_name_is_free('binding', 'forecasts');
  END IF;
  PERFORM segmentation_internal.define_attribute('forecast_purchases',
    format('sum(%s.%s)', segmentation._word_in_rule(forecast_source.source), segmentation._word_in_rule(forecast_source.amount)),
    'What her purchases are worth: the rows that refresh_forecasts goes by', true);
  PERFORM segmentation._forecast_queries();
  PERFORM segmentation._follow_forecasts(customers);
  FOR word IN SELECT w.* FROM segmentation._forecast_words() AS w LOOP
    IF EXISTS (SELECT FROM segmentation.check_rule(word.name || ' IS NULL')) THEN -- nobody knows it
      PERFORM segmentation_internal.define_attribute(word.name, word.expression, word.description);
    ELSIF NOT EXISTS (SELECT FROM segmentation.attribute_definition AS a WHERE (a.name, a.expression) = (word.name, word.expression)) THEN
      RAISE NOTICE USING MESSAGE = format('"%s" goes on to mean what it means already', word.name),
        HINT = format('Rules can say %s for what forecasts say.', word.expression);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION segmentation.forecast_source(text, text) IS
  'Says which source''s rows are purchases, and which of its columns what they are worth: attribute forecast_purchases. Makes the source forecasts and the '
  'words rfm_group, predicted_spend_tier, predicted_spend, predicted_purchases and probability_alive, which say something after the first '
  'refresh_forecasts. Returns nothing. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.segment, and ACCESS EXCLUSIVE on '
  'views that are made anew.';

-- Returns a name as rules write it, where it is not plain.
CREATE FUNCTION segmentation._word_in_rule(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN name ~ '^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$' THEN name ELSE segmentation._rule_name(name) END;
