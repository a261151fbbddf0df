-- How printed SQL and the row feeds read values that PostgreSQL alone would refuse with an error, or that rules count as
-- missing: times beyond what a zone can be applied to, dates inside jsonb, NaN and infinite numbers. What does not read
-- as its type is NULL. No function here depends on search_path: bodies in the SQL standard's form are resolved when
-- they are created. Those of one plain expression are inlined by the planner.
-- The clock days, 4712-01-01 BC to 294275-12-31, are those all of whose times exist in every zone (core/value/calendar.hpp).

-- NaN is above infinity in PostgreSQL's order.
CREATE FUNCTION segmentation.finite(value numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value > '-Infinity' AND value < 'Infinity' THEN value END;

CREATE FUNCTION segmentation.finite(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value > '-Infinity' AND value < 'Infinity' THEN value::numeric END;

CREATE FUNCTION segmentation.finite(value real) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value > '-Infinity' AND value < 'Infinity' THEN value::numeric END;

CREATE FUNCTION segmentation.local_time(at timestamptz, zone text) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at < TIMESTAMPTZ '4712-01-01 00:00:00+00 BC' THEN TIMESTAMP '-infinity'
            WHEN at >= TIMESTAMPTZ '294276-01-01 00:00:00+00' THEN TIMESTAMP 'infinity'
            ELSE at AT TIME ZONE zone END;

CREATE FUNCTION segmentation.local_day(at timestamptz, zone text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at < TIMESTAMPTZ '4712-01-01 00:00:00+00 BC' THEN DATE '-infinity'
            WHEN at >= TIMESTAMPTZ '294276-01-01 00:00:00+00' THEN DATE 'infinity'
            ELSE (at AT TIME ZONE zone)::date END;

CREATE FUNCTION segmentation.instant_of(local_time timestamp, zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN local_time < TIMESTAMP '4712-01-01 00:00:00 BC' THEN TIMESTAMPTZ '-infinity'
            WHEN local_time >= TIMESTAMP '294276-01-01 00:00:00' THEN TIMESTAMPTZ 'infinity'
            ELSE local_time AT TIME ZONE zone END;

CREATE FUNCTION segmentation.start_of_day(day date, zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN day < DATE '4712-01-01 BC' THEN TIMESTAMPTZ '-infinity'
            WHEN day > DATE '294275-12-31' THEN TIMESTAMPTZ 'infinity'
            ELSE day::timestamp AT TIME ZONE zone END;

CREATE FUNCTION segmentation.whole_years(born date, today date) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN born BETWEEN DATE '4712-01-01 BC' AND DATE '294275-12-31'
            THEN extract(year FROM age(today::timestamp, born::timestamp)) END;

CREATE FUNCTION segmentation.next_anniversary(day date, on_or_after date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT min(make_date(year, month, least(day_of_month, CASE WHEN month <> 2 THEN 31 WHEN leap THEN 29 ELSE 28 END)))
  FROM (SELECT extract(month FROM day)::integer AS month, extract(day FROM day)::integer AS day_of_month,
               greatest(on_or_after, DATE '4712-01-01 BC') AS start
        WHERE day BETWEEN DATE '4712-01-01 BC' AND DATE '294275-12-31' AND on_or_after <= DATE '294275-12-31') AS given,
       LATERAL (SELECT extract(year FROM start)::integer AS first_year) AS started,
       -- There is no year 0; the leap years before it are 1 BC, 5 BC, ...
       LATERAL (VALUES (first_year), (CASE WHEN first_year = -1 THEN 1 ELSE first_year + 1 END)) AS near (year),
       LATERAL (SELECT CASE WHEN year < 0 THEN year + 1 ELSE year END AS counted) AS counting,
       LATERAL (SELECT counted % 4 = 0 AND (counted % 100 <> 0 OR counted % 400 = 0) AS leap) AS leaping
  WHERE make_date(year, month, least(day_of_month, CASE WHEN month <> 2 THEN 31 WHEN leap THEN 29 ELSE 28 END)) >= start;
END;

-- The values of key-value fields are text, whatever they mean. A number has at most 255 digits on either side of the
-- point, so that no cast fails.
CREATE FUNCTION segmentation.text_number(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^\s*[-+]?(\d{1,255}(\.\d{0,255})?|\.\d{1,255})\s*$' THEN value::numeric END;

CREATE FUNCTION segmentation.text_boolean(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN lower(btrim(value)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
            WHEN lower(btrim(value)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END;

-- The formula, its source and the radius are in core/value/distance.hpp, and the same there to the last bit: the same
-- operations in the same order. What is no position is NULL and never an error.
CREATE FUNCTION segmentation.distance_km(latitude numeric, longitude numeric, from_latitude double precision, from_longitude double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 THEN
         12742.0176::double precision * asin(least(1::double precision, sqrt(
           sin(radians(trunc(latitude, 12)::double precision - from_latitude) / 2)
             * sin(radians(trunc(latitude, 12)::double precision - from_latitude) / 2)
           + cos(radians(from_latitude)) * cos(radians(trunc(latitude, 12)::double precision))
             * (sin(radians(trunc(longitude, 12)::double precision - from_longitude) / 2)
                * sin(radians(trunc(longitude, 12)::double precision - from_longitude) / 2))))) END;

-- A date in jsonb is a string of ISO 8601: 2026-05-30, or with a time 2026-05-30T16:00[:00[.000000]][Z|+02[:00]].
-- Without an offset the time is the shop's. In PL/pgSQL, which keeps its plans: it is called for every row, and as an SQL
-- function it took a hundred times as long.
CREATE FUNCTION segmentation.json_time(value jsonb, zone text, OUT day date, OUT at timestamptz)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part       text[];
  first_day  date;
  local_time timestamp;
BEGIN
  IF jsonb_typeof(value) IS DISTINCT FROM 'string' THEN RETURN; END IF;
  part := regexp_match(value #>> '{}',
            '^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])'
            '(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?'
            '(?:(Z)|([+-])(0\d|1[0-5])(?::?([0-5]\d))?)?)?$');
  IF part IS NULL OR part[1] = '0000' THEN RETURN; END IF;
  first_day := make_date(part[1]::integer, part[2]::integer, 1);
  day := first_day + (part[3]::integer - 1);
  IF extract(month FROM day) <> extract(month FROM first_day) THEN
    day := NULL;
  ELSIF part[4] IS NULL THEN
    at := segmentation.start_of_day(day, zone);
  ELSE
    local_time := day + make_time(part[4]::integer, part[5]::integer, coalesce(part[6], '0')::double precision);
    at := CASE WHEN part[7] IS NOT NULL THEN local_time AT TIME ZONE 'UTC'
               WHEN part[8] IS NULL THEN segmentation.instant_of(local_time, zone)
               ELSE (local_time - (part[8] || part[9] || ':' || coalesce(part[10], '00'))::interval) AT TIME ZONE 'UTC' END;
    day := segmentation.local_day(at, zone);
  END IF;
END $$;

CREATE FUNCTION segmentation.json_day(value jsonb, zone text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (segmentation.json_time(value, zone)).day;

CREATE FUNCTION segmentation.json_instant(value jsonb, zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (segmentation.json_time(value, zone)).at;

-- Lists in jsonb are arrays; elements that are objects, arrays or null do not count.
CREATE FUNCTION segmentation.json_texts(value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(value) = 'array' THEN ARRAY(
         SELECT element #>> '{}' FROM jsonb_array_elements(value) AS element
         WHERE jsonb_typeof(element) IN ('string', 'number', 'boolean')) END;

CREATE FUNCTION segmentation.json_numbers(value jsonb) RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(value) = 'array' THEN ARRAY(
         SELECT element::numeric FROM jsonb_array_elements(value) AS element
         WHERE jsonb_typeof(element) = 'number') END;

COMMENT ON FUNCTION segmentation.finite(numeric) IS 'the number, NULL for NaN and infinities';
COMMENT ON FUNCTION segmentation.finite(double precision) IS 'the number as numeric, NULL for NaN and infinities';
COMMENT ON FUNCTION segmentation.finite(real) IS 'the number as numeric, NULL for NaN and infinities';
COMMENT ON FUNCTION segmentation.local_time(timestamptz, text) IS
  'local time of an instant in a zone; infinite where the zone cannot be applied';
COMMENT ON FUNCTION segmentation.local_day(timestamptz, text) IS
  'local day of an instant in a zone; infinite where the zone cannot be applied';
COMMENT ON FUNCTION segmentation.instant_of(timestamp, text) IS
  'instant of a local time in a zone; infinite where the zone cannot be applied';
COMMENT ON FUNCTION segmentation.start_of_day(date, text) IS
  'instant of a day''s midnight in a zone; infinite where the zone cannot be applied';
COMMENT ON FUNCTION segmentation.whole_years(date, date) IS 'age in whole years as age() counts them, NULL for infinite days';
COMMENT ON FUNCTION segmentation.next_anniversary(date, date) IS
  'first anniversary of a day on or after another; 29 February is 28 February in other years';
COMMENT ON FUNCTION segmentation.text_number(text) IS 'the decimal number that a text spells, NULL for anything else';
COMMENT ON FUNCTION segmentation.text_boolean(text) IS
  'true for true, t, yes, y, on, 1, false for their opposites, whatever the case, NULL for anything else';
COMMENT ON FUNCTION segmentation.distance_km(numeric, numeric, double precision, double precision) IS
  'kilometres between two positions in degrees over a sphere, NULL for what is no position';
COMMENT ON FUNCTION segmentation.json_time(jsonb, text) IS 'day and instant of an ISO 8601 string in jsonb, NULL for anything else';
COMMENT ON FUNCTION segmentation.json_day(jsonb, text) IS 'day of an ISO 8601 string in jsonb, NULL for anything else';
COMMENT ON FUNCTION segmentation.json_instant(jsonb, text) IS 'instant of an ISO 8601 string in jsonb, NULL for anything else';
COMMENT ON FUNCTION segmentation.json_texts(jsonb) IS 'strings, numbers and booleans of an array in jsonb as text, NULL for anything else';
COMMENT ON FUNCTION segmentation.json_numbers(jsonb) IS 'numbers of an array in jsonb, NULL for anything else';
