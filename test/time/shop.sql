-- A customer has a time of each type, and rows with one: an instant, a local time without zone, a day. Two more are in jsonb. A row's part
-- is what list() lists.
CREATE TABLE customers (id integer PRIMARY KEY, instant timestamptz, local timestamp, day date, data jsonb);
CREATE TABLE instants (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer REFERENCES customers, at timestamptz, part integer GENERATED ALWAYS AS (customer_id % 3) STORED);
CREATE TABLE locals (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer, at timestamp, part integer GENERATED ALWAYS AS (customer_id % 3) STORED);
CREATE TABLE days (customer_id integer REFERENCES customers, at date, part integer GENERATED ALWAYS AS (customer_id % 3) STORED);
CREATE INDEX ON instants (customer_id);
CREATE INDEX ON locals (customer_id);
CREATE INDEX ON days (customer_id);
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('instants', 'instants', key => 'customer_id', date => 'at');
SELECT segmentation.bind_source('locals', 'locals', key => 'customer_id', date => 'at');
SELECT segmentation.bind_source('day_rows', 'days', key => 'customer_id', date => 'at');

-- Members by PostgreSQL alone, by the evaluator for given customers, and their number by the evaluator over everyone.
CREATE FUNCTION judge(rule_text text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  by_sql   integer[];
  by_rule  integer[];
  counted  bigint;
  state    text;
  message  text;
BEGIN
  EXECUTE 'SELECT array_agg(k ORDER BY k) FROM (' || segmentation.to_sql(rule_text) || ') AS q (k)' INTO by_sql;
  SELECT array_agg(m::integer ORDER BY m) INTO by_rule
  FROM segmentation.matches(rule_text::segmentation.rule, ARRAY(SELECT id FROM customers)) AS m;
  counted := segmentation.count_matching(rule_text::segmentation.rule);
  RETURN format('%s|%s|%s', coalesce(by_sql, '{}'), coalesce(by_rule, '{}'), counted);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
  RETURN format('error %s: %s', state, message);
END $$;
