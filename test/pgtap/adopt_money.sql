-- What adopt takes for paid and paid back, in shops that say it in different ways; and that it says so where it cannot tell.
SET client_min_messages = error;
SELECT no_plan();
-- One shop a line: its orders' columns, their rows, further tables, hints; then paid_total and amount_spent of customer 1, or what is said of paid_total.
CREATE TABLE shops (n integer GENERATED ALWAYS AS IDENTITY, columns text, rows text, further text, hints jsonb, paid numeric, spent numeric, doubt text);
INSERT INTO shops (columns, rows, further, hints, paid, spent, doubt) VALUES
  ('total numeric', '(1, 1, 10), (2, 1, 5), (3, 2, 7)', 'SELECT', NULL, 15, 15, NULL),
  ('total numeric, cancelled_at timestamptz', '(1, 1, 10, NULL), (2, 1, 5, now()), (3, 2, 7, NULL)', 'SELECT', NULL, 10, 10, NULL),
  ('total numeric, status text', '(1, 1, 10, ''paid''), (2, 1, 5, ''pending''), (3, 1, 7, ''refunded'')', 'SELECT', NULL, 17, 10, NULL),
  ('total numeric, status text', '(1, 1, 10, ''paid''), (2, 1, 5, ''shipped'')', 'SELECT', NULL, NULL, NULL, 'unsure'),
  ('total numeric, status text', '(1, 1, 10, ''paid''), (2, 1, 5, ''shipped'')', 'SELECT', '{"orders.paid": ["shipped"]}', 5, 5, NULL),
  ('total numeric, status integer', '(1, 1, 10, 1), (2, 1, 5, 2)', 'SELECT', NULL, NULL, NULL, 'unsure'),
  ('total numeric, status integer', '(1, 1, 10, 1), (2, 1, 5, 2)', 'SELECT', '{"orders.paid": [2], "orders.cancelled": [1]}', 5, 5, NULL),
  ('total numeric, paid numeric, refunded numeric', '(1, 1, 10, 8, 3), (2, 1, 5, 0, 0)', 'SELECT', NULL, 8, 5, NULL),
  ('total numeric, paid integer', '(1, 1, 10, 1), (2, 1, 5, 0)', 'SELECT', NULL, NULL, NULL, 'unsure'),
  ('total numeric, is_paid integer', '(1, 1, 10, 1), (2, 1, 5, 0)', 'SELECT', NULL, 10, 10, NULL),
  ('total numeric, paid boolean', '(1, 1, 10, true), (2, 1, 5, NULL)', 'SELECT', NULL, 10, 10, NULL),
  ('total numeric, paid_at date', '(1, 1, 10, now()), (2, 1, 5, NULL)', 'SELECT', NULL, 10, 10, NULL),
  ('total numeric, financial_status text', '(1, 1, 10, ''Paid''), (2, 1, 5, ''partially_refunded''), (3, 1, 9, ''voided'')', 'SELECT', NULL, 15, NULL, NULL),
  ('total numeric, financial_status text', '(1, 1, 10, ''Paid''), (2, 1, 5, ''Refunded''), (3, 1, 9, ''voided'')', 'SELECT', NULL, 15, 10, NULL),
  ('total_cents integer', '(1, 1, 1050)', 'SELECT', NULL, 10.5, 10.5, NULL),
  ('total integer', '(1, 1, 1050)', 'SELECT', '{"orders.minor_units": 1000}', 1.05, 1.05, NULL),
  ('total numeric, currency text', '(1, 1, 10, ''EUR''), (2, 1, 5, ''EUR'')', 'SELECT', NULL, 15, 15, NULL),
  ('total numeric, currency text', '(1, 1, 10, ''EUR''), (2, 1, 5, ''USD'')', 'SELECT', '{"orders.rates": {"EUR": 1}}', 10, 10, NULL),
  ('total numeric', '(1, 1, 10), (2, 1, 5)', 'CREATE TABLE payments (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric, status text);
     INSERT INTO payments VALUES (1, 1, 10, ''captured''), (2, 1, -4, ''captured''), (3, 2, 5, ''failed'')', NULL, 10, 6, NULL),
  ('total numeric', '(1, 1, 10), (2, 1, 5)', 'CREATE TABLE payments (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric, status text);
     INSERT INTO payments VALUES (1, 1, 10, ''captured''), (2, 1, 4, ''odd'')', NULL, NULL, NULL, 'unsure'),
  ('total numeric', '(1, 1, 10), (2, 1, 5)', 'CREATE TABLE order_transactions (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric, type text);
     INSERT INTO order_transactions VALUES (1, 1, 10, ''capture''), (2, 1, 10, ''authorization''), (3, 1, -3, ''refund'')', NULL, 10, 7, NULL),
  ('total numeric', '(1, 1, 10), (2, 1, 5)', 'CREATE TABLE order_transactions (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric, type text);
     INSERT INTO order_transactions VALUES (1, 1, 10, ''capture''), (3, 1, 3, ''refund'')', NULL, NULL, NULL, 'unsure'),
  ('total numeric', '(1, 1, 10), (2, 1, 5)', 'CREATE TABLE refunds (id integer PRIMARY KEY, order_id integer REFERENCES orders, amount numeric, note text);
     INSERT INTO refunds VALUES (1, 1, 3), (2, 2, 1)', NULL, 15, 11, NULL),
  ('subtotal numeric', '(1, 1, 10)', 'SELECT', NULL, NULL, NULL, 'left out'),
  ('grand_total numeric, total numeric', '(1, 1, 12, 10)', 'SELECT', NULL, 12, 12, NULL);
-- Each shop is undone again.
CREATE FUNCTION judge(shop shops) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  doubt text;
  how   text;
  same  boolean;
BEGIN
  BEGIN
    CREATE SCHEMA s;
    PERFORM set_config('search_path', 's, public', true);
    CREATE TABLE s.customers (id integer PRIMARY KEY, email text);
    INSERT INTO s.customers VALUES (1), (2);
    EXECUTE format('CREATE TABLE s.orders (id integer PRIMARY KEY, customer_id integer REFERENCES s.customers, %s)', shop.columns);
    EXECUTE 'INSERT INTO s.orders VALUES ' || shop.rows;
    EXECUTE shop.further;
    SET CONSTRAINTS ALL IMMEDIATE;
    SELECT a.kind INTO doubt FROM segmentation.adopt('s', shop.hints) AS a WHERE a.name = 'paid_total';
    SELECT string_agg(a.name || ' = ' || a.expression, ', ') INTO how FROM segmentation.attributes AS a WHERE a.name IN ('paid_total', 'refunded_total', 'amount_spent');
    IF shop.paid IS NOT NULL THEN
      same := segmentation.matches((format('paid_total = %s', shop.paid) || CASE WHEN shop.spent IS NULL THEN '' ELSE format(' AND amount_spent = %s', shop.spent) END)::segmentation.rule, 1)
        AND (shop.spent IS NULL) = (how !~ 'amount_spent');
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'UNDO0';
  EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL;
  END;
  IF shop.paid IS NULL THEN
    RETURN NEXT is(how, NULL, format('no sum in shop %s: %s', shop.n, shop.columns));
    RETURN NEXT is(doubt, shop.doubt, 'but this');
  ELSE
    RETURN NEXT ok(same, format('%s in shop %s, %s', how, shop.n, shop.columns));
  END IF;
END $$;
SELECT judge(s) FROM shops AS s ORDER BY s.n;

-- Lines that are kept in versions.
CREATE SCHEMA versions;
CREATE TABLE versions.customers (id integer PRIMARY KEY, email text);
CREATE TABLE versions.orders (id integer PRIMARY KEY, customer_id integer REFERENCES versions.customers, version integer);
CREATE TABLE versions.order_items (id integer PRIMARY KEY, order_id integer REFERENCES versions.orders, version integer, quantity integer, price numeric);
INSERT INTO versions.customers VALUES (1);
INSERT INTO versions.orders VALUES (1, 1, 2);
INSERT INTO versions.order_items VALUES (1, 1, 1, 1, 10), (2, 1, 2, 1, 12);
SELECT is((SELECT a.kind FROM segmentation.adopt('versions') AS a WHERE a.name = 'items'), 'unsure', 'lines in versions are not bound');
SELECT is_empty($$SELECT FROM segmentation.attributes WHERE name = 'orders_total'$$, 'nothing is defined of what is not sure');
SELECT is((SELECT a.kind FROM segmentation.adopt('versions', '{"items.condition": "version = orders.version"}') AS a WHERE a.name = 'orders_total'), 'attribute', 'a hint says which count');
SELECT ok(segmentation.matches('orders_total = 12 AND sum(products_purchased.quantity) = 1', 1), 'those alone do');
SELECT finish();
