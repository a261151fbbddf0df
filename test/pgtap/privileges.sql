-- What a role without privileges may not do, and that owner's rights do not leak through functions.
SET client_min_messages = warning;
SELECT no_plan();

-- Functions that printed SQL calls and the models of forecasts work on values alone and are for everyone, and so are those under views attributes and forecasts; they
-- are exactly these.
SELECT set_eq(
  $$SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'segmentation'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')$$,
  '{finite,local_time,local_day,instant_of,start_of_day,whole_years,next_anniversary,json_time,json_day,json_instant,json_texts,json_numbers,text_number,text_boolean,distance_km,_attributes,_fit_bg_nbd,_fit_gamma_gamma,_probability_alive,_expected_purchases,_expected_new_purchases,_expected_value,_rfm_group,_forecast,_forecast_row,_forecast_now,_forecast_customers}'::text[],
  'what everyone may call');
SELECT ok(EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%'),
          p.oid::regprocedure || ' pins its search path')
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'segmentation'::regnamespace AND (p.prosecdef OR p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql'));
SELECT is(has_table_privilege('public', c.oid, privilege), false, c.oid::regclass || ' gives everyone no ' || privilege)
FROM pg_catalog.pg_class AS c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) AS privilege
WHERE c.relnamespace = 'segmentation'::regnamespace AND c.relkind IN ('r', 'v', 'p');

CREATE TABLE customers (id bigint PRIMARY KEY, city text);
SELECT lives_ok($$SELECT segmentation.bind_customers('customers', timezone => 'UTC')$$, 'the owner binds');
SELECT lives_ok($$SELECT segmentation.create_segment('all', 'id > 0')$$, 'the owner makes a segment');
CREATE ROLE pgtap_stranger;
SET ROLE pgtap_stranger;
SELECT throws_ok($$SELECT segmentation.create_segment('mine', 'id > 0')$$, '42501', NULL, 'a stranger makes no segment');
SELECT throws_ok($$SELECT segmentation.drop_segment('all')$$, '42501', NULL, 'a stranger drops no segment');
SELECT throws_ok($$SELECT segmentation.count_matching('id > 0')$$, '42501', NULL, 'a stranger counts nobody');
SELECT throws_ok($$SELECT * FROM segmentation.membership$$, '42501', NULL, 'a stranger reads no members');
SELECT throws_ok($$SELECT * FROM segments."all"$$, '42501', NULL, 'a stranger reads no view of a segment');
RESET ROLE;
DROP ROLE pgtap_stranger;
SELECT finish();
