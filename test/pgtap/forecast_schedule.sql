-- Forecasts by the clock: when a refresh is due and what it does, what becomes of one that fails or was broken off, who may say so, and what goes along
-- with definitions. That the worker does it, and on which days, is in test/tap.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total numeric(12,2), placed timestamptz);
CREATE INDEX ON orders (customer_id);
CREATE FUNCTION chance(a integer, b integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (hashint4(a * 1000 + b)::float8 + 2147483649) / 4294967298$$;
INSERT INTO customers SELECT i, 'Sofia' FROM generate_series(1, 300) AS i;
INSERT INTO orders
SELECT row_number() OVER (ORDER BY c, n), c, (2 - 15 * ln(chance(c, 901))) * -ln(chance(c, 500 + n) * chance(c, 600 + n)), now() + (at - 600) * interval '1 day'
FROM (SELECT c, n, c % 60 + COALESCE(sum(gap) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS at,
        bool_or(leaves) OVER (PARTITION BY c ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS has_left
      FROM (SELECT c, n, ln(chance(c, n)) / (0.03 * ln(chance(c, 900))) AS gap, n > 1 AND chance(c, 100 + n) < chance(c, 902) ^ 2 AS leaves
            FROM generate_series(1, 299) AS c, generate_series(1, 60) AS n) AS o) AS o
WHERE has_left IS NOT TRUE AND at < 590;
SELECT no_plan();

-- Refused.
SELECT throws_ok('SELECT segmentation.schedule_forecasts()', '55000', 'customers are not bound', 'without customers');
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia'), segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'placed') \g /dev/null
SELECT throws_ok('SELECT segmentation.schedule_forecasts()', '55000', 'it is not known which rows are purchases', 'without purchases');
SELECT segmentation.forecast_source('orders', 'total') \g /dev/null
SELECT throws_ok(format('SELECT segmentation.schedule_forecasts(%L)', every), '22023', 'every must be whole days, from one to a hundred years', 'every ' || every)
FROM unnest('{0 days,-1 day,1 month,1 year -360 days,24 hours,1 day 02:00,2 days -24 hours,40000 days}'::text[]) AS every;
SELECT throws_ok('SELECT segmentation.schedule_forecasts(at => NULL)', '22004', 'at must not be null', 'at no time');
SELECT throws_ok('SELECT segmentation.schedule_forecasts(' || settings || ')', '22023', NULL, 'with ' || settings)
FROM unnest('{"horizon => ''0 days''",horizon => NULL,"holdout => ''-1 day''",high_percentile => 5,low_percentile => NULL}'::text[]) AS settings;
SELECT is_empty('SELECT FROM segmentation.forecast_schedule', 'nothing is left of it');
CALL segmentation.tick();
SELECT is_empty('SELECT FROM segmentation.forecast_models', 'without a schedule tick() leaves forecasts alone');

-- When.
CREATE FUNCTION sofia(at timestamptz) RETURNS timestamp LANGUAGE sql RETURN at AT TIME ZONE 'Europe/Sofia';
SELECT sofia(now()) - interval '1 minute' AS past \gset
SELECT is(sofia(segmentation.schedule_forecasts(at => sofia(now() + interval '1 minute')::time)), sofia(now() + interval '1 minute'), 'the first is at the next such time');
SELECT is(sofia(segmentation.schedule_forecasts(at => :'past'::timestamp::time)), :'past'::timestamp + interval '1 day', 'tomorrow, where that is past');
SELECT is(sofia(segmentation.schedule_forecasts('2 weeks', :'past'::timestamp::time)), :'past'::timestamp + interval '1 day', 'likewise where it is each other week');
CALL segmentation.tick();
SELECT is_empty('SELECT FROM segmentation.forecast_models', 'before that tick() does nothing');
UPDATE segmentation.forecast_timing SET next_on = next_on + 9;
SELECT is(sofia(segmentation.schedule_forecasts('14 days', at, '3 months')), :'past'::timestamp + interval '10 days', 'who says the same again puts nothing off') FROM segmentation.forecast_schedule;
SELECT is((SELECT (every, at, horizon, holdout, high_percentile, low_percentile)::text FROM segmentation.forecast_schedule),
  format('("14 days",%s,"3 mons","3 mons",70,10)', :'past'::timestamp::time), 'the view shows what was said');

-- A refresh by tick().
CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(', ', CASE WHEN s.finished_at > s.started_at THEN 'done' END, CASE WHEN s.error_at > s.started_at THEN s.last_error END, sofia(s.next_at)::date - sofia(now())::date,
    (SELECT format('%s until %s', m.horizon, sofia(now())::date - m.observed_until) FROM segmentation.forecast_models AS m WHERE m.model = 'BG/NBD'))
  FROM segmentation.forecast_schedule AS s $$;
CREATE FUNCTION make_due(days_ago integer) RETURNS void LANGUAGE sql AS $$
  UPDATE segmentation.forecast_timing SET next_on = sofia(now())::date - days_ago, at = '00:00'; UPDATE segmentation.forecast_model SET horizon = '1 day'; $$;
SELECT segmentation.create_segment('dear', 'predicted_spend_tier = ''HIGH''') \g /dev/null
SELECT make_due(0) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'done, 14, 3 mons until 1', 'when it is due tick() refreshes, by these settings and until yesterday');
SELECT cmp_ok((SELECT members FROM segmentation.segments), '>', 10::bigint, 'members follow');
SELECT make_due(30) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'done, 12, 3 mons until 1', 'once for several that were missed, and goes on by the same days');
SELECT make_due(-12) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'done, 12, 1 day until 1', 'no more than that');
SET segmentation.commit_limit = 100;
SELECT make_due(1) \g /dev/null
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM segmentation.verify()', 'the same tick() judges everyone who was left to it');
RESET segmentation.commit_limit;
-- In somebody's transaction.
SELECT make_due(1) \g /dev/null
BEGIN;
DELETE FROM orders WHERE customer_id = 7;
CALL segmentation.tick();
SELECT is(told(), 'done, 13, 3 mons until 1', 'a tick() inside a transaction refreshes in it');
SELECT is((SELECT orders FROM segmentation.forecasts WHERE customer_id = 7), 0::bigint, 'by what it has changed');
ROLLBACK;
SELECT is(told(), 'done, -1, 1 day until 1', 'rolled back it is due as before');
CALL segmentation.tick();
SELECT is(told(), 'done, 13, 3 mons until 1', 'for the next');

-- What goes wrong.
SET client_min_messages = error;
CREATE TABLE aside AS SELECT * FROM orders;
DELETE FROM orders WHERE customer_id > 50;
SELECT make_due(0) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'too few customers have come back for forecasts, 14, 1 day until 1', 'an error is kept, forecasts stay, and it waits for the next time');
SELECT is((SELECT started_at < error_at AND finished_at < started_at FROM segmentation.forecast_schedule), true, 'with when it was');
CREATE TEMP TABLE errors AS SELECT error_at FROM segmentation.forecast_schedule;
CALL segmentation.tick();
SELECT is((SELECT error_at FROM segmentation.forecast_schedule), (SELECT error_at FROM errors), 'it is not tried at once');
INSERT INTO orders SELECT * FROM aside ON CONFLICT DO NOTHING;
SELECT make_due(0) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'done, 14, 3 mons until 1', 'it is tried then');
SELECT is((SELECT last_error FROM segmentation.forecast_schedule WHERE error_at < finished_at), 'too few customers have come back for forecasts', 'the last error stays to be seen');
-- Broken off, as by a crash.
SELECT make_due(0) \g /dev/null
UPDATE segmentation.forecast_timing SET tries = 1, started_at = clock_timestamp();
CALL segmentation.tick();
SELECT is(told(), '0, 1 day until 1', 'what somebody has just begun is left to him');
UPDATE segmentation.forecast_timing SET started_at = clock_timestamp() - interval '11 s';
CALL segmentation.tick();
SELECT is(told(), 'done, 14, 3 mons until 1', 'what was begun and not ended is done again');
SELECT make_due(0) \g /dev/null
UPDATE segmentation.forecast_timing SET tries = 3, started_at = clock_timestamp() - interval '11 s';
CALL segmentation.tick();
SELECT is(told(), 'the refresh was broken off each time that it was tried, 14, 1 day until 1', 'but not for ever');
SELECT make_due(0) \g /dev/null
CALL segmentation.tick();
SELECT is(told(), 'done, 14, 3 mons until 1', 'the next is begun afresh');
SET client_min_messages = warning;

-- Who may.
CREATE ROLE pgtap_admin; CREATE ROLE pgtap_editor;
SET client_min_messages = error;
SELECT segmentation.grant_access('pgtap_admin', 'admin'), segmentation.grant_access('pgtap_editor', 'edit') \g /dev/null
SET client_min_messages = warning;
SELECT make_due(0) \g /dev/null
SET ROLE pgtap_editor;
SELECT throws_ok('SELECT segmentation.schedule_forecasts()', '42501', NULL, 'level edit schedules nothing');
SELECT isnt_empty('SELECT FROM segmentation.forecast_schedule', 'but sees what is scheduled');
SET ROLE pgtap_admin;
CALL segmentation.tick();
RESET ROLE;
SELECT is(told(), 'done, 14, 3 mons until 1', 'a tick() by level admin refreshes, who may not read orders');
SET ROLE pgtap_admin;
SELECT lives_ok($$SELECT segmentation.schedule_forecasts('3 days', '12:00')$$, 'and level admin schedules');
RESET ROLE;
DROP OWNED BY pgtap_admin, pgtap_editor;
DROP ROLE pgtap_admin, pgtap_editor;

-- As a definition.
SELECT is(segmentation.definitions() -> 'schedules', '{"forecasts": {"every": "3 days", "at": "12:00:00", "horizon": "1 year", "holdout": "3 mons", "high_percentile": 70, "low_percentile": 10}}', 'definitions tell of it');
SELECT set_eq($$SELECT * FROM segmentation.apply_definitions('{"schedules": {"forecasts": {}}}')$$, $$VALUES ('alter', 'schedule', 'forecasts')$$, 'a document says another');
SELECT segmentation.schedule_forecasts() \g /dev/null
SET intervalstyle = iso_8601;
SELECT is_empty($$SELECT * FROM segmentation.apply_definitions('{"schedules": {"forecasts": {}}}')$$, 'defaults are those of the call');
SELECT is_empty($$SELECT * FROM segmentation.apply_definitions('{"schedules": {"forecasts": {"every": "P1D", "at": "4:20", "horizon": "12 months", "low_percentile": 10.0}}}')$$, 'the same in other words is nothing to do');
SELECT is_empty('SELECT * FROM segmentation.apply_definitions(segmentation.definitions(), prune => true)', 'nor is what definitions tell');
RESET intervalstyle;
SELECT is_empty($$SELECT * FROM segmentation.apply_definitions('{"segments": {}, "schedules": null}')$$, 'without the section nothing is said of it');
SELECT throws_ok(format('SELECT * FROM segmentation.apply_definitions(%L)', '{"schedules": {' || document || '}}'), left(answer, 5), substr(answer, 7), 'refused: ' || answer)
FROM (VALUES ('"members": {}', '22023 schedules has no member "members"'), ('"forecasts": 3', '22023 schedules."forecasts" must be an object'),
  ('"forecasts": {"evry": "1 day"}', '22023 schedules."forecasts" has no member "evry"'), ('"forecasts": {"every": 1}', '22023 schedules."forecasts".every must be a string'),
  ('"forecasts": {"low_percentile": "1"}', '22023 schedules."forecasts".low_percentile must be a number'),
  ('"forecasts": {"at": "noon"}', '22007 schedules."forecasts".at: invalid input syntax for type time: "noon"'),
  ('"forecasts": {"every": "1 month"}', '22023 every must be whole days, from one to a hundred years')) AS d (document, answer);
CREATE TEMP TABLE document AS SELECT segmentation.definitions() AS d;
SELECT set_eq($$SELECT * FROM segmentation.apply_definitions('{"schedules": {}}', prune => true)$$, $$VALUES ('drop', 'schedule', 'forecasts')$$, 'a document that leaves it out ends it');
SELECT is_empty('SELECT FROM segmentation.forecast_schedule', 'it is ended');
SELECT is(segmentation.schedule_forecasts(NULL), NULL, 'as by the call');
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
SET client_min_messages = error; -- nothing has looked at the clock there
SELECT set_has('SELECT a.* FROM document, segmentation.apply_definitions(d) AS a', $$VALUES ('create', 'schedule', 'forecasts')$$, 'in a fresh extension it is made with all it needs');
SELECT is(segmentation.definitions(), (SELECT d FROM document), 'and comes back equal');

SET client_min_messages = warning;

-- With the customers.
SELECT is(sofia((SELECT next_at FROM segmentation.forecast_schedule))::time, '04:20', 'it is by the shop''s zone');
SELECT segmentation.bind_customers('customers', timezone => 'Asia/Tokyo', replace => true) \g /dev/null
SELECT is((SELECT next_at AT TIME ZONE 'Asia/Tokyo' FROM segmentation.forecast_schedule)::time, '04:20', 'the present one');
SELECT segmentation.drop_segment('dear'), segmentation.drop_attribute('forecast_purchases') \g /dev/null
SET client_min_messages = error;
SELECT make_due(1) \g /dev/null
CALL segmentation.tick();
SET client_min_messages = warning;
SELECT is((SELECT last_error FROM segmentation.forecast_schedule), 'it is not known which rows are purchases', 'purchases may go, it says so');
SELECT segmentation.unbind('orders'), segmentation.unbind('customers') \g /dev/null
SELECT is_empty('SELECT FROM segmentation.forecast_schedule', 'with the customers it ends');

-- Each day once, in whatever zone and at whatever time, while clocks are put forward and back; looked at each minute.
CREATE FUNCTION missed(zone text, first date, at time) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  next date := segmentation._next_refresh(first, 1, at, zone, segmentation.start_of_day(first, zone) - interval '1 minute');
  ran  date[] := '{}';
BEGIN
  FOR minute IN 0 .. 6 * 1440 LOOP
    IF segmentation.instant_of(next + at, zone) <= segmentation.start_of_day(first, zone) + minute * interval '1 minute' THEN
      ran := ran || next;
      next := segmentation._next_refresh(next, 1, at, zone, segmentation.start_of_day(first, zone) + minute * interval '1 minute');
    END IF;
  END LOOP;
  RETURN QUERY SELECT format('%s %s at %s: %s', zone, d.day, at, (SELECT count(*) FROM unnest(ran) AS r WHERE r = d.day))
  FROM (SELECT first + i AS day FROM generate_series(0, 4) AS i) AS d
  WHERE (SELECT count(*) FROM unnest(ran) AS r WHERE r = d.day) <> 1;
END $$;
SELECT is_empty(format('SELECT missed(%L, %L, at::time) FROM unnest(''{00:00,00:30,02:00,02:30,03:00,03:30,23:59,24:00}''::text[]) AS at', zone, day), format('each day once in %s around %s', zone, day))
FROM (VALUES ('Europe/Sofia', date '2026-03-27'), ('Europe/Sofia', '2026-10-23'), ('America/New_York', '2026-03-06'), ('America/New_York', '2026-10-30'),
  ('America/Santiago', '2026-04-03'), ('America/Santiago', '2026-09-04'), ('Australia/Lord_Howe', '2026-04-03'), ('Australia/Lord_Howe', '2026-10-02'), ('Africa/Cairo', '2026-04-22')) AS z (zone, day);
SELECT is(segmentation._next_refresh('2011-12-30', 1, '10:00', 'Pacific/Apia', segmentation.instant_of('2011-12-30 10:00', 'Pacific/Apia')), '2012-01-01', 'a day that is left out is the one after it');
SELECT * FROM finish();
