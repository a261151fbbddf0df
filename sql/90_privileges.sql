-- Nobody but its owner and whom he grants it to (79_access.sql) uses the extension. Views in schema segments are read with
-- the reader's own rights; segmentation._segment_rows and segmentation._segment_rows_ID under them, made by
-- bind_customers and with segments, may be called by everybody, since they give no right away.
REVOKE ALL ON ALL ROUTINES IN SCHEMA segmentation, segmentation_internal FROM PUBLIC;

-- What printed rules call on values alone: they read no table, and whoever runs the text of to_sql needs them.
GRANT EXECUTE ON FUNCTION segmentation.finite(numeric), segmentation.finite(double precision),
  segmentation.finite(real), segmentation.local_time(timestamptz, text), segmentation.local_day(timestamptz, text),
  segmentation.instant_of(timestamp, text), segmentation.start_of_day(date, text), segmentation.whole_years(date, date),
  segmentation.next_anniversary(date, date), segmentation.json_time(jsonb, text), segmentation.json_day(jsonb, text),
  segmentation.distance_km(numeric, numeric, double precision, double precision),
  segmentation.json_instant(jsonb, text), segmentation.json_texts(jsonb), segmentation.json_numbers(jsonb),
  segmentation.text_number(text), segmentation.text_boolean(text) TO PUBLIC;
-- Likewise the models of forecasts, which refreshing calls by the rights of the customers' owner.
GRANT EXECUTE ON FUNCTION segmentation._fit_bg_nbd, segmentation._fit_gamma_gamma, segmentation._probability_alive, segmentation._expected_purchases,
  segmentation._expected_new_purchases, segmentation._expected_value, segmentation._rfm_group, segmentation._forecast,
  segmentation._forecast_row TO PUBLIC;
-- What stands under view forecasts: it asks whether its caller may read the view.
GRANT EXECUTE ON FUNCTION segmentation._forecast_now(anyelement), segmentation._forecast_customers(anyelement) TO PUBLIC;
-- What stands under view attributes: it asks whether its caller may read the view, and what he may read of the shop's tables.
GRANT EXECUTE ON FUNCTION segmentation._attributes() TO PUBLIC;
-- Names of segments, as the names of their views tell them to everybody: what reads members by rules needs them, whoever owns it.
GRANT SELECT ON segmentation.segment_names TO PUBLIC;
GRANT USAGE ON SCHEMA segmentation TO PUBLIC;
-- What whoever owns the members needs to tell why they came: instants of changes of rules.
GRANT SELECT ON segmentation.definition_change TO PUBLIC;
