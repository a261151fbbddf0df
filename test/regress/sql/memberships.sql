-- Rules over who was in a segment: judged after the segments that they name, by what is stored of these.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text, points integer);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, created_at timestamptz DEFAULT now(), total numeric(10,2));
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, CASE WHEN i % 2 = 0 THEN 'Sofia' ELSE 'Varna' END, i FROM generate_series(1, 6) AS i;
INSERT INTO orders SELECT 10 * i, i, now(), 500 FROM generate_series(1, 4) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'created_at');
CREATE FUNCTION members() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.name || ': ' || coalesce(m.who, '-'), '  ' ORDER BY s.id)
    || CASE WHEN EXISTS (SELECT FROM segmentation.verify()) THEN '  WRONG' ELSE '' END
    || CASE WHEN EXISTS (SELECT FROM segmentation.segments AS c JOIN segmentation.segment AS d ON d.id = c.id
              WHERE c.members <> (SELECT count(*) FROM segmentation.membership AS r WHERE r.segment_id = c.id)) THEN '  MISCOUNTED' ELSE '' END
  FROM segmentation.segment AS s LEFT JOIN (
    SELECT segment_id, string_agg(customer_id::text, ' ' ORDER BY customer_id) AS who FROM segmentation.membership GROUP BY 1) AS m ON m.segment_id = s.id $$;
CREATE FUNCTION history(customer integer) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(h.segment || CASE WHEN h.left_at IS NULL THEN '' WHEN h.left_at = h.entered_at THEN ' for no time' ELSE ' left' END, ', '
    ORDER BY h.segment, h.entered_at) FROM segmentation.memberships AS h WHERE h.customer_id = customer $$;
CREATE FUNCTION refused(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text; hint text;
BEGIN
  EXECUTE call;
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;

-- Create: what is stored is read.
SELECT segmentation.create_segment('vip', 'sum(orders.total) >= 300');
SELECT segmentation.create_segment('win-back', 'memberships MATCHES (segment = ''VIP'', left_at > -30d) AND NOT segments CONTAINS ''vip''');
SELECT segmentation.create_segment('mailed', 'memberships MATCHES (segment = ''win-back'', left_at IS NULL) AND city = ''Sofia''');
SELECT segmentation.create_segment('never', 'memberships NOT MATCHES (segment IN (''vip'', ''win-back''))');
SELECT members();

-- Commits: she leaves vip, enters win-back and what follows from it, in one transaction.
UPDATE orders SET total = 1 WHERE customer_id = 2;
SELECT members(), history(2);
SELECT DISTINCT count(*) OVER () AS rows, count(left_at) OVER () AS ended, max(coalesce(left_at, entered_at)) OVER () = max(entered_at) OVER () AS at_once
FROM segmentation.memberships WHERE customer_id = 2 AND segment <> 'never';
BEGIN; UPDATE orders SET total = 1 WHERE customer_id = 3; UPDATE orders SET total = 500 WHERE customer_id = 2; COMMIT;
SELECT members(), history(2), history(3);
-- What a rule reads is never the members of before: nobody is in for no time.
BEGIN; UPDATE orders SET total = 500 WHERE customer_id = 3; UPDATE customers SET city = 'Sofia' WHERE id = 3; COMMIT;
SELECT members(), history(3);
BEGIN; UPDATE orders SET total = 2 WHERE customer_id = 4; UPDATE customers SET city = 'Varna' WHERE id = 4; COMMIT;
SELECT members(), history(4);
-- New customers, and one who goes.
BEGIN; INSERT INTO customers VALUES (7, 'Sofia', 1); INSERT INTO orders VALUES (70, 7, now(), 900); COMMIT;
SELECT members(), history(7);
BEGIN; DELETE FROM orders WHERE customer_id = 7; COMMIT;
SELECT members(), history(7);
DELETE FROM customers WHERE id = 7;
SELECT members(), count(*) FROM segmentation.memberships WHERE customer_id IS NULL;
-- Nothing that memberships lean on: the images serve.
UPDATE customers SET city = 'Ruse' WHERE id = 5;
SELECT members();

-- Statement and background modes.
BEGIN;
SET LOCAL segmentation.maintain = statement;
UPDATE orders SET total = 3 WHERE customer_id = 1;
SELECT members(), history(1);
UPDATE orders SET total = 300 WHERE customer_id = 1;
SELECT members(), history(1);
COMMIT;
SET segmentation.maintain = background;
UPDATE orders SET total = 4 WHERE customer_id IN (1, 2);
CALL segmentation.tick();
SELECT members(), history(2);
RESET segmentation.maintain;
-- Many at once, an empty table, all anew.
UPDATE orders SET total = 400;
SELECT members();
TRUNCATE orders;
SELECT members();
SELECT segmentation.refresh_all();
SELECT segmentation.refresh(2);
INSERT INTO orders SELECT 10 * i, i, now(), 500 FROM generate_series(1, 4) AS i;
SELECT members();
-- A savepoint that was rolled back.
BEGIN; SAVEPOINT s; SET LOCAL segmentation.maintain = statement; UPDATE orders SET total = 1 WHERE customer_id = 1; ROLLBACK TO s; COMMIT;
SELECT members();

-- Alter: those whose rules lean on it are written after it, in turn.
SELECT segmentation.alter_segment('vip', 'sum(orders.total) >= 600');
SELECT members(), history(4);
SELECT segmentation.alter_segment('vip', 'sum(orders.total) >= 300');
SELECT members();
SELECT segmentation.create_segment('regular', 'is_vip_since IS NOT NULL') FROM segmentation.define_attribute('is_vip_since',
  'min(memberships.entered_at MATCHES (segment = ''vip'', left_at IS NULL))');
SELECT segmentation.define_attribute('last_tier', 'last(memberships.segment MATCHES (segment IN (''vip'', ''win-back'')))');
SELECT segmentation.create_segment('tiers', 'last_tier = ''VIP'' AND last_tier IN (''win-back'', ''vip'')');
SELECT members();
SELECT segmentation.define_attribute('is_vip_since', 'min(memberships.entered_at MATCHES (segment = ''vip''))', replace => true);
SELECT members();

-- Looking without storing.
SELECT segmentation.count_matching('memberships MATCHES (segment = ''vip'', count >= 2)'), segmentation.count_matching('memberships MATCHES (segment IN (''vip'', ''win-back''), distinct_segment >= 2)'),
  segmentation.count_matching('max(memberships.left_at MATCHES (segment = ''vip'')) <= today'), segmentation.count_matching('memberships MATCHES (segment = ''vip'', date > today)');
SELECT p.members, jsonb_array_length(p.sample) FROM segmentation.preview('memberships MATCHES (segment = ''win-back'', left_at IS NOT NULL)') AS p;
SELECT c.id, segmentation.matches('memberships MATCHES (segment = ''win-back'')', c.id) FROM customers AS c ORDER BY 1;
SELECT depth, condition, actual, holds, missing, rows FROM segmentation.explain('memberships MATCHES (segment = ''VIP'', count >= 9) OR segments CONTAINS ''mailed''', 2);
SELECT segmentation.to_sql('memberships MATCHES (segment = ''VIP'', left_at IS NULL)');
SELECT * FROM segmentation.suggest('memberships MATCHES (segment = ''');
SELECT name, type, operators FROM segmentation.attributes WHERE name = 'last_tier';

-- What is refused.
SELECT r, refused(format('SELECT segmentation.count_matching(%L)', r)) FROM unnest(ARRAY['memberships MATCHES (left_at > -30d)', 'memberships IS NOT NULL',
  'memberships MATCHES (segment = ''vup'')', 'memberships MATCHES (segment STARTS WITH ''v'')']) AS r;
SELECT refused('SELECT segmentation.alter_segment(''vip'', ''memberships MATCHES (segment = ''''mailed'''')'')');
SELECT refused('SELECT segmentation.alter_segment(''vip'', ''memberships MATCHES (segment = ''''vip'''')'')');
SELECT refused('SELECT segmentation.create_segment(''self'', ''memberships NOT MATCHES (segment = ''''Self'''')'')');
SELECT refused('SELECT segmentation.define_source(''tier'', ''memberships'', condition => ''segment = ''''vip'''''')');
SELECT refused('SELECT segmentation.drop_segment(''vip'')'), refused('SELECT segmentation.drop_segment(''win-back'')');
SELECT refused('SELECT segmentation.unbind(''memberships'')');
SELECT members();

-- Rename: rules and attributes follow, members stay.
SELECT segmentation.rename_segment('vip', 'Gold "1"');
SELECT name, segmentation.rule_source(rule) FROM segmentation.segments ORDER BY id;
SELECT name, expression FROM segmentation.attribute_definition ORDER BY name;
SELECT members();
UPDATE orders SET total = 1 WHERE customer_id = 2;
SELECT members();

-- A rule that lost what it reads, and those that lean on it, keep their members; the others go on.
ALTER TABLE customers ADD COLUMN level integer DEFAULT 1;
SELECT segmentation.create_segment('levelled', 'level = 1');
SELECT segmentation.create_segment('leaning', 'memberships MATCHES (segment = ''levelled'')');
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
ALTER TABLE customers DROP COLUMN level;
UPDATE orders SET total = 500 WHERE customer_id = 2;
SELECT string_agg(s.name || ' ' || (SELECT count(*) FROM segmentation.membership AS m WHERE m.segment_id = s.id), ', ' ORDER BY s.id) FROM segmentation.segment AS s;
SELECT segmentation.alter_segment('levelled', 'points > 4');
SELECT members();
-- Drop, with all that leans on it.
SELECT segmentation.drop_segment('levelled', cascade => true);
SELECT segmentation.drop_segment('never');
SELECT refused('SELECT segmentation.drop_segment(''gold "1"'', cascade => true)');
SELECT members();

-- Commits work by the rights of the customers' owner, who has none on the extension's tables; readers need the view.
CREATE ROLE regress_memberships_owner;
ALTER TABLE customers OWNER TO regress_memberships_owner;
ALTER TABLE orders OWNER TO regress_memberships_owner;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', replace => true);
SET ROLE regress_memberships_owner;
UPDATE orders SET total = 1 WHERE customer_id = 2;
SELECT count(*) FROM segmentation.memberships;
RESET ROLE;
SELECT members(), count(*) FROM segmentation.set_aside;
CREATE ROLE regress_memberships_reader;
GRANT USAGE ON SCHEMA public, segmentation TO regress_memberships_reader;
GRANT SELECT ON customers TO regress_memberships_reader;
GRANT EXECUTE ON FUNCTION segmentation.count_matching(segmentation.rule) TO regress_memberships_reader;
SET ROLE regress_memberships_reader;
SELECT segmentation.count_matching('memberships MATCHES (segment = ''win-back'')');
RESET ROLE;
GRANT SELECT ON segmentation.memberships TO regress_memberships_reader;
SET ROLE regress_memberships_reader;
SELECT segmentation.count_matching('memberships MATCHES (segment = ''win-back'')');
RESET ROLE;
DROP OWNED BY regress_memberships_reader;
DROP ROLE regress_memberships_reader;
ALTER TABLE customers OWNER TO CURRENT_USER;
ALTER TABLE orders OWNER TO CURRENT_USER;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', replace => true);
DROP OWNED BY regress_memberships_owner;
DROP ROLE regress_memberships_owner;
SELECT members();
