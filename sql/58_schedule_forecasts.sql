-- Refreshing forecasts by the clock: what is to be done when, and how it went. Who does it is in worker/forecasts.cpp: a process of the
-- worker's, or tick().

-- No row: not by the clock. What is kept is the next day, not its instant: so the shop's zone, its rules and its clock changes are always the present ones.
CREATE TABLE segmentation.forecast_timing (
  one             boolean          PRIMARY KEY DEFAULT true CHECK (one),
  every           integer          NOT NULL CHECK (every > 0), -- days
  at              time             NOT NULL,
  horizon         interval         NOT NULL,
  holdout         interval         NOT NULL,
  high_percentile double precision NOT NULL,
  low_percentile  double precision NOT NULL,
  next_on         date             NOT NULL CHECK (isfinite(next_on)), -- stays until the refresh of that day is over
  tries           integer          NOT NULL DEFAULT 0,                 -- to do that of next_on
  started_at      timestamptz,
  finished_at     timestamptz, -- of the last that went well
  error_at        timestamptz,
  last_error      text
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_timing', '');

CREATE VIEW segmentation.forecast_schedule AS
SELECT t.every * interval '1 day' AS every, t.at, t.horizon, t.holdout, t.high_percentile, t.low_percentile,
  segmentation.instant_of(t.next_on + t.at, b.timezone) AS next_at, t.started_at, t.finished_at, t.error_at, t.last_error
FROM segmentation.forecast_timing AS t LEFT JOIN segmentation.binding AS b ON b.role = 'customers';
COMMENT ON VIEW segmentation.forecast_schedule IS
  'By which clock forecasts are refreshed, one row; none where they are not. next_at is past while that refresh has not ended yet, started_at is later than finished_at and error_at '
  'while it goes on, finished_at is of the last that went well, and last_error what became of the last that did not, at error_at.';

-- Tells whether a refresh should begin now. One that was broken off, with its process or its tick(), is tried again, but not at once.
CREATE FUNCTION segmentation._refresh_is_due() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM segmentation.forecast_timing AS t JOIN segmentation.binding AS b ON b.role = 'customers'
    WHERE segmentation.instant_of(t.next_on + t.at, b.timezone) <= clock_timestamp()
      AND (t.tries = 0 OR NOT t.started_at BETWEEN clock_timestamp() - interval '10 s' AND clock_timestamp()))
$$;

-- Returns the first of the days `first`, `first` + `every` and so on whose time has not come yet. The time of a day comes once, whatever clocks
-- do that day: one that is skipped or comes twice is the instant that PostgreSQL has for it.
CREATE FUNCTION segmentation._next_refresh(first date, every integer, at time, zone text, now timestamptz) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT d.day + CASE WHEN segmentation.instant_of(d.day + at, zone) <= now THEN every ELSE 0 END
        FROM (SELECT first + every * greatest(0, (segmentation.local_day(now, zone) - first) / every) AS day) AS d);

-- Notes that the refresh that was due is over: well, or with an error.
CREATE FUNCTION segmentation._end_refresh(error text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE segmentation.forecast_timing AS t
  SET next_on = segmentation._next_refresh(t.next_on, t.every, t.at, b.timezone, clock_timestamp()), tries = 0,
    finished_at = CASE WHEN error IS NULL THEN clock_timestamp() ELSE t.finished_at END,
    error_at = CASE WHEN error IS NULL THEN t.error_at ELSE clock_timestamp() END, last_error = COALESCE(error, t.last_error)
  FROM segmentation.binding AS b WHERE b.role = 'customers'
$$;

CREATE FUNCTION segmentation.schedule_forecasts(every interval DEFAULT '1 day', at time DEFAULT '04:20', horizon interval DEFAULT '1 year',
  holdout interval DEFAULT '3 months', high_percentile double precision DEFAULT 70, low_percentile double precision DEFAULT 10) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shop  segmentation.binding := segmentation._bound('customers');
  today date := segmentation.local_day(clock_timestamp(), shop.timezone);
  days  integer := extract(day FROM schedule_forecasts.every);
BEGIN
  IF schedule_forecasts.every IS NULL THEN
    DELETE FROM segmentation.forecast_timing;
    RETURN NULL;
  END IF;
  IF NOT COALESCE(schedule_forecasts.every = days * interval '1 day' AND extract(month FROM schedule_forecasts.every) = 0
                  AND extract(year FROM schedule_forecasts.every) = 0 AND days BETWEEN 1 AND 36525, false) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'every must be whole days, from one to a hundred years',
      HINT = 'Say every => ''1 day'', or NULL to end it.';
  END IF;
  IF schedule_forecasts.at IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'at must not be null', HINT = 'Say a time of day in the shop''s zone, at => ''04:20''.';
  END IF;
  PERFORM segmentation._check_forecast_settings(today - 1, schedule_forecasts.horizon, schedule_forecasts.holdout, schedule_forecasts.high_percentile,
    schedule_forecasts.low_percentile);
  PERFORM segmentation._forecast_queries();
  -- Who says the same again, as scripts do, puts nothing off.
  INSERT INTO segmentation.forecast_timing AS t (every, at, horizon, holdout, high_percentile, low_percentile, next_on)
  VALUES (days, schedule_forecasts.at, schedule_forecasts.horizon, schedule_forecasts.holdout, schedule_forecasts.high_percentile,
    schedule_forecasts.low_percentile, segmentation._next_refresh(today, 1, schedule_forecasts.at, shop.timezone, clock_timestamp()))
  ON CONFLICT (one) DO UPDATE
  SET every = EXCLUDED.every, at = EXCLUDED.at, horizon = EXCLUDED.horizon, holdout = EXCLUDED.holdout, high_percentile = EXCLUDED.high_percentile,
    low_percentile = EXCLUDED.low_percentile, tries = 0,
    next_on = CASE WHEN (t.every, t.at) = (EXCLUDED.every, EXCLUDED.at) THEN t.next_on ELSE EXCLUDED.next_on END;
  PERFORM segmentation._warn_without_clock('forecasts are to be refreshed by the clock');
  RETURN (SELECT s.next_at FROM segmentation.forecast_schedule AS s);
END $$;
COMMENT ON FUNCTION segmentation.schedule_forecasts(interval, time, interval, interval, double precision, double precision) IS
  'Has the worker, or tick(), refresh forecasts every so many days at a time of day in the shop''s zone, as refresh_forecasts does with these settings and without a day; in place of '
  'what was scheduled before. With every => NULL it ends. Returns when the next one is. View segmentation.forecast_schedule shows it and how it goes. Locks until the '
  'transaction ends: its row of segmentation.forecast_timing.';
