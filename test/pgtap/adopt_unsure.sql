-- adopt alone is never wrong: shops whose structure has two readings. What it is not sure of it says, with the hint, and defines nothing of it.
SET client_min_messages = error;
SELECT no_plan();
-- A shop: its tables beside customers 1 and 2, hints, what adopt must say ("kind name"), a rule that must hold for customer 1, and words that must not be there.
CREATE TABLE shops (n integer GENERATED ALWAYS AS IDENTITY, about text, tables text, hints jsonb, said text[], rule text, missing text[]);
INSERT INTO shops (about, tables, hints, said, rule, missing) VALUES
  ('a time without zone', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, created_at timestamp);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01 23:30'')', '{"timezone": "Europe/Sofia"}', '{unsure orders.zone}', 'orders_total = 10', '{first_order_date,last_order_date}'),
  ('its zone by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, created_at timestamp);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01 23:30'')', '{"timezone": "Europe/Sofia", "zone": "UTC"}', '{source orders}', 'last_order_date = 2026-03-02 AND orders MATCHES (date = 2026-03-02)', NULL),
  ('its zone by a default', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, created_at timestamp DEFAULT (now() AT TIME ZONE ''utc''));
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01 23:30'')', '{"timezone": "Europe/Sofia"}', '{source orders}', 'last_order_date = 2026-03-02', NULL),
  ('its zone by its name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, date_created_gmt timestamp);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01 23:30'')', '{"timezone": "Europe/Sofia"}', '{source orders}', 'last_order_date = 2026-03-02', NULL),
  ('days in a timestamp', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, order_date timestamp);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01'')', '{"timezone": "Europe/Sofia"}', '{source orders}', 'last_order_date = 2026-03-01', NULL),
  ('when it was paid is not when it was ordered', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, created_at timestamptz, paid_at timestamptz);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01 12:00Z'', NULL)', NULL, '{attribute first_order_date}', 'first_order_date = 2026-03-01', NULL),
  ('nor when it will come', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, delivery_date date);
     INSERT INTO orders VALUES (1, 1, 10, ''2026-03-01'')', NULL, '{left out first_order_date}', 'orders_total = 10', '{first_order_date}'),
  ('a total in parts', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, subtotal numeric, shipping numeric, discount numeric);
     CREATE TABLE order_items (id int PRIMARY KEY, order_id int REFERENCES orders, quantity int, price numeric); INSERT INTO orders VALUES (1, 1, 10, 2, 3); INSERT INTO order_items VALUES (1, 1, 2, 5)',
     NULL, '{unsure orders_total}', 'number_of_orders = 1', '{orders_total,amount_spent}'),
  ('its parts by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, subtotal numeric, shipping numeric, discount numeric);
     INSERT INTO orders VALUES (1, 1, 10, 2, 3), (2, 1, 1, NULL, NULL)', '{"orders.total": ["subtotal", "shipping", "-discount"]}', '{attribute orders_total}', 'orders_total = 10 AND average_order_value = 5 AND orders_placed MATCHES (amount = 9)', NULL),
  ('parts in hundredths', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, subtotal int, shipping int, currency text);
     INSERT INTO orders VALUES (1, 1, 1000, 250, ''EUR'')', '{"orders.total": ["subtotal", "shipping"], "orders.minor_units": 100}', '{attribute orders_total}', 'orders_total = 12.5', NULL),
  ('whole numbers', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total int); INSERT INTO orders VALUES (1, 1, 1000)', NULL, '{unsure orders_total}', 'number_of_orders = 1', '{orders_total,amount_spent}'),
  ('payments without a total', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, created_at timestamptz);
     CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric); INSERT INTO orders VALUES (1, 1, now()); INSERT INTO payments VALUES (1, 1, 10), (2, 1, -4)',
     NULL, '{left out orders_total}', 'paid_total = 10 AND refunded_total = 4 AND amount_spent = 6', '{orders_total}'),
  ('refunds of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric);
     CREATE TABLE refunds (id int PRIMARY KEY, payment_id int REFERENCES payments, amount numeric); INSERT INTO orders VALUES (7, 1, 10); INSERT INTO payments VALUES (3, 7, 10); INSERT INTO refunds VALUES (1, 3, 4)',
     NULL, '{source refunds}', 'paid_total = 10 AND amount_spent = 6', NULL),
  ('refunds that lead nowhere', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE refunds (id int PRIMARY KEY, reference text, amount numeric);
     INSERT INTO orders VALUES (1, 1, 10)', NULL, '{unsure refunded_total}', 'orders_total = 10', '{refunded_total,amount_spent}'),
  ('refunds below zero', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE refunds (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric);
     INSERT INTO orders VALUES (1, 1, 100); INSERT INTO refunds VALUES (1, 1, -40)', NULL, '{attribute refunded_total}', 'refunded_total = 40 AND amount_spent = 60', NULL),
  ('refunds of both signs', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE refunds (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric);
     INSERT INTO orders VALUES (1, 1, 100); INSERT INTO refunds VALUES (1, 1, -40), (2, 1, 5)', NULL, '{unsure refunded_total}', 'orders_total = 100', '{refunded_total,amount_spent}'),
  ('refunded amounts of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, amount_refunded numeric, voided_at timestamptz);
     INSERT INTO orders VALUES (1, 1, 100); INSERT INTO payments VALUES (1, 1, 100, 30, NULL), (2, 1, 100, 0, now())', NULL, '{attribute refunded_total}', 'paid_total = 100 AND amount_spent = 70', NULL),
  ('refunded by the state of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, status text);
     INSERT INTO orders VALUES (1, 1, 150); INSERT INTO payments VALUES (1, 1, 100, ''paid''), (2, 1, 50, ''refunded'')', NULL, '{attribute refunded_total}', 'paid_total = 150 AND refunded_total = 50 AND amount_spent = 100', NULL),
  ('refunded in part by one of two states', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status text, payment_status text);
     INSERT INTO orders VALUES (1, 1, 150, ''refunded'', ''refunded''), (2, 1, 5, ''delivered'', ''partially_refunded'')', NULL, '{unsure refunded_total}', 'orders_total = 155', '{refunded_total,amount_spent}'),
  ('no currency, as a hint says', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, currency text); INSERT INTO orders VALUES (1, 1, 10, ''a''), (2, 1, 5, ''b'')', '{"orders.currency": null, "orders.date": null}',
     '{attribute orders_total}', 'orders_total = 15', NULL),
  ('amounts in hundredths', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total_cents int, currency text); INSERT INTO orders VALUES (1, 1, 10000, ''EUR'')', NULL, '{attribute orders_total}',
     'orders_total = 100 AND orders_placed MATCHES (amount = 100) AND average_order_value = 100', NULL),
  ('refunded by a mark', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, refunded_at timestamptz);
     INSERT INTO orders VALUES (1, 1, 100, now()), (2, 1, 10, NULL)', NULL, '{attribute refunded_total}', 'refunded_total = 100 AND amount_spent = 10', NULL),
  ('refunded by a number', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, refunded smallint); INSERT INTO orders VALUES (1, 1, 100, 1)', NULL, '{unsure refunded_total}', 'orders_total = 100', '{amount_spent}'),
  ('payments that failed by a mark', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, succeeded boolean);
     INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, true), (2, 1, 10, false)', NULL, '{attribute paid_total}', 'paid_total = 10', NULL),
  ('payments with a number as a state', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, status int);
     INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, 1), (2, 1, 10, 3)', NULL, '{unsure paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('states of payments by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, status text);
     INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''ok''), (2, 1, 10, ''no'')', '{"payments.paid": ["ok"]}', '{attribute paid_total}', 'paid_total = 10', NULL),
  ('a payment status that is a number', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, payment_status int); INSERT INTO orders VALUES (1, 1, 10, 1), (2, 1, 5, 2)', NULL, '{unsure paid_total}', 'orders_total = 15', '{paid_total,amount_spent}'),
  ('the same by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, payment_status int); INSERT INTO orders VALUES (1, 1, 10, 1), (2, 1, 5, 2)', '{"orders.paid": [2]}', '{attribute paid_total}', 'paid_total = 5', NULL),
  ('a payment status without values', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, payment_status text)', NULL, '{unsure paid_total}', 'number_of_orders = 0', '{paid_total,amount_spent}'),
  ('currencies of payments alone', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, currency text);
     INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''EUR''), (2, 1, 19.5, ''BGN'')', NULL, '{left out paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('a currency by a key', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, currency_id uuid); INSERT INTO orders VALUES (1, 1, 10, gen_random_uuid()), (2, 1, 10, gen_random_uuid())', NULL, '{left out orders_total}', 'number_of_orders = 2', '{orders_total}'),
  ('a currency by a number', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, currency_id int); INSERT INTO orders VALUES (1, 1, 10, 7)', NULL, '{attribute orders_total}', 'orders_total = 10', NULL),
  ('a currency of an unknown name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, presentment_currency text); INSERT INTO orders VALUES (1, 1, 10, ''EUR'')', NULL, '{unsure orders_total}', 'number_of_orders = 1', '{orders_total}'),
  ('two currencies at once', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, currency text, currency_code text); INSERT INTO orders VALUES (1, 1, 10, ''EUR'', ''EUR'')', NULL, '{ambiguous orders_total}', 'number_of_orders = 1', '{orders_total}'),
  ('two states at once', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status text, order_status text); INSERT INTO orders VALUES (1, 1, 10, ''cancelled'', ''cancelled'')', NULL, '{ambiguous orders}', 'id = 1', '{orders_total,number_of_orders}'),
  ('cancelled by a number', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, cancelled smallint); INSERT INTO orders VALUES (1, 1, 10, 0), (2, 1, 5, 1)', NULL, '{attribute number_of_orders}', 'number_of_orders = 1 AND paid_total = 10', NULL),
  ('cancelled on a day', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, cancellation_date date); INSERT INTO orders VALUES (1, 1, 10, NULL), (2, 1, 5, now())', NULL, '{attribute number_of_orders}', 'number_of_orders = 1', NULL),
  ('perhaps cancelled', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, cancel_reason text); INSERT INTO orders VALUES (1, 1, 10, NULL)', NULL, '{unsure orders.cancelled}', 'number_of_orders = 1', NULL),
  ('nothing tells cancelled or paid ones', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); INSERT INTO orders VALUES (1, 1, 10)', NULL, '{unsure orders.status}', 'paid_total = 10', NULL),
  ('carts that come later', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status text); INSERT INTO orders VALUES (1, 1, 10, ''paid'')', NULL, '{source orders}', 'orders_total = 10', NULL),
  ('a discount in lines', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers); CREATE TABLE order_details (id int PRIMARY KEY, order_id int REFERENCES orders, unit_price numeric, quantity int, discount real);
     INSERT INTO orders VALUES (1, 1); INSERT INTO order_details VALUES (1, 1, 20, 2, 0.25)', NULL, '{unsure orders_total}', 'number_of_orders = 1', '{orders_total}'),
  ('lines without a price', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers); CREATE TABLE order_items (id int PRIMARY KEY, order_id int REFERENCES orders, unit_price numeric, quantity int);
     INSERT INTO orders VALUES (1, 1); INSERT INTO order_items VALUES (1, 1, NULL, 2)', NULL, '{unsure orders_total}', 'number_of_orders = 1', '{orders_total}'),
  ('a price of one piece', 'CREATE TABLE sales (id int PRIMARY KEY, customer_id int REFERENCES customers, qty int, price numeric); INSERT INTO sales VALUES (1, 1, 3, 10)', NULL, '{ambiguous orders_total}', 'number_of_orders = 1', '{orders_total}'),
  ('totals below zero', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, type text); INSERT INTO orders VALUES (1, 1, 10, ''order''), (2, 1, -3, ''refund'')', NULL, '{unsure orders_total,unsure orders.condition}', 'number_of_orders = 2', '{orders_total}'),
  ('which rows are orders by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, type text); INSERT INTO orders VALUES (1, 1, 10, ''order''), (2, 1, -3, ''refund'')',
     '{"orders.condition": "type = ''order''", "orders.total": "total"}', '{attribute orders_total}', 'number_of_orders = 1 AND orders_total = 10', NULL),
  ('carts among orders, by what is active', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, placed_at timestamptz, updated_at timestamptz, active boolean, state text);
     INSERT INTO orders VALUES (1, 1, 10, now(), now(), false, ''paid''), (2, 1, 7, NULL, now(), true, ''AddingItems''), (3, 2, 7, NULL, now(), false, ''cancelled'')', NULL, '{source carts,attribute abandoned_checkout_date}',
     'number_of_orders = 1 AND count(carts) = 1 AND abandoned_checkout_date = today', NULL),
  ('carts among orders, by their state', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, created_at timestamptz, status text);
     INSERT INTO orders VALUES (1, 1, 10, now(), ''paid''), (2, 1, 7, now(), ''cart''), (3, 1, 7, now(), ''draft'')', NULL, '{source carts}', 'number_of_orders = 1 AND count(carts) = 1', NULL),
  ('perhaps carts', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, placed_at timestamptz, status text); INSERT INTO orders VALUES (1, 1, 10, NULL, ''address'')', NULL, '{left out carts}', 'number_of_orders = 0', NULL),
  ('carts by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, placed_at timestamptz, status text); INSERT INTO orders VALUES (1, 1, 10, NULL, ''address'')', '{"orders.cart": ["address"]}', '{source carts,left out abandoned_checkout_date}', 'count(carts) = 1', '{abandoned_checkout_date}'),
  ('two who may have ordered', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, account_id int REFERENCES customers, total numeric); ALTER TABLE customers RENAME TO accounts', NULL, '{ambiguous orders}', 'id = 1', '{orders_total}'),
  ('orders of an unknown name', 'CREATE TABLE wc_orders_hpos (id int PRIMARY KEY, who int, total numeric)', NULL, '{left out orders}', 'id = 1', NULL),
  ('orders put aside', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE orders_archive (id int PRIMARY KEY, who int, total numeric); INSERT INTO orders VALUES (1, 1, 10)', NULL, '{unsure orders}', 'orders_total = 10', NULL),
  ('a mark of deletion in letters', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, is_deleted char(1)); INSERT INTO orders VALUES (1, 1, 10, ''N'')', NULL, '{unsure orders.condition}', 'orders_total = 10', NULL),
  ('returns among sales', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, is_return boolean); INSERT INTO orders VALUES (1, 1, 10, false), (2, 1, 3, true)', NULL, '{unsure orders.condition,unsure orders_total,unsure paid_total}', 'number_of_orders = 2', '{orders_total,average_order_value,paid_total,amount_spent}'),
  ('returns among sales, by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, is_return boolean); INSERT INTO orders VALUES (1, 1, 10, false), (2, 1, 3, true)', '{"orders.condition": "is_return != true"}', '{attribute orders_total}', 'number_of_orders = 1 AND orders_total = 10', NULL),
  ('all of them count, by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, is_return boolean); INSERT INTO orders VALUES (1, 1, 10, false), (2, 1, 3, true)', '{"orders.condition": null}', '{attribute orders_total}', 'number_of_orders = 2 AND orders_total = 13', NULL),
  ('orders of several sellers, in parts', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, parent_order_id int REFERENCES orders, paid_at timestamptz); INSERT INTO orders VALUES (1, 1, 10, NULL, now()), (2, 1, 4, 1, now()), (3, 1, 6, 1, now())', NULL, '{unsure orders.condition,unsure orders_total}', 'number_of_orders = 3', '{orders_total,paid_total,amount_spent}'),
  ('orders in versions', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, is_current boolean); INSERT INTO orders VALUES (1, 1, 10, false), (2, 1, 12, true)', NULL, '{unsure orders.condition}', 'number_of_orders = 2', '{orders_total}'),
  ('cancelled by a column of another name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, stage text); INSERT INTO orders VALUES (1, 1, 10, ''done''), (2, 1, 5, ''cancelled'')', NULL, '{unsure orders.cancelled}', 'number_of_orders = 2', NULL),
  ('a state by a number', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, current_state int); INSERT INTO orders VALUES (1, 1, 10, 2)', NULL, '{unsure orders.cancelled}', 'number_of_orders = 1', NULL),
  ('which way money went', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, direction text); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''in''), (2, 1, 4, ''out'')', NULL, '{unsure paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('which way money went, by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, direction text); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''in''), (2, 1, 4, ''out'')', '{"payments.condition": "direction = ''in''"}', '{attribute paid_total}', 'paid_total = 10', NULL),
  ('what came of payments, in a column of another name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, result text); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''declined''), (2, 1, 10, ''approved'')', NULL, '{unsure paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('payments that are refunds of others', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, refund_of int REFERENCES payments); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, NULL), (2, 1, 4, 1)', NULL, '{unsure paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('two states of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, status text, state text); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, ''paid'', ''failed'')', NULL, '{ambiguous paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('tests of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, is_test boolean); INSERT INTO orders VALUES (1, 1, 10); INSERT INTO payments VALUES (1, 1, 10, true), (2, 1, 4, false)', NULL, '{attribute paid_total}', 'paid_total = 4', NULL),
  ('refunds in a column of an unknown name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, refund_sum numeric); INSERT INTO orders VALUES (1, 1, 10, 4)', NULL, '{unsure refunded_total}', 'paid_total = 10', '{refunded_total,amount_spent}'),
  ('refunds in a table of another name', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status text, amount_paid numeric); CREATE TABLE charges (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric, amount_refunded numeric); INSERT INTO orders VALUES (1, 1, 10, ''paid'', 10); INSERT INTO charges VALUES (1, 1, 10, 4)', NULL, '{unsure refunded_total}', 'paid_total = 10', '{refunded_total,amount_spent}'),
  ('what is to be paid, or was', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total_paid numeric); INSERT INTO orders VALUES (1, 1, 10)', NULL, '{unsure paid_total}', 'number_of_orders = 1', '{paid_total,amount_spent}'),
  ('the day of the invoice', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, invoice_date timestamptz, date_add timestamptz); INSERT INTO orders VALUES (1, 1, 10, NULL, now())', NULL, '{attribute last_order_date}', 'last_order_date = today', NULL),
  ('a currency by its values', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, geld text); INSERT INTO orders VALUES (1, 1, 10, ''EUR''), (2, 1, 10, ''CHF'')', NULL, '{left out orders_total}', 'number_of_orders = 2', '{orders_total}'),
  ('a state that is no region', 'ALTER TABLE customers ADD state text; UPDATE customers SET state = ''blocked''', NULL, '{attribute customer_account_status}', 'customer_account_status = ''blocked''', '{region}'),
  ('a state that is one', 'ALTER TABLE customers ADD state text, ADD city text; UPDATE customers SET state = ''TX''', NULL, '{attribute region}', 'region = ''TX''', NULL),
  ('names of applications', 'ALTER TABLE customers RENAME TO account_user; CREATE TABLE order_order (id int PRIMARY KEY, user_id int REFERENCES account_user, total_gross_amount numeric, created_at timestamptz); CREATE TABLE order_orderline (id int PRIMARY KEY, order_id int REFERENCES order_order, quantity int); INSERT INTO order_order VALUES (1, 1, 10, now()); INSERT INTO order_orderline VALUES (1, 1, 3)', NULL, '{customers customers,source orders,source items}', 'orders_total = 10 AND sum(items.quantity) = 3', NULL),
  ('no carts, though orders need not have been placed', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, placed_at timestamptz, status text); INSERT INTO orders VALUES (1, 1, 10, now(), ''paid'')', NULL, '{source orders}', 'number_of_orders = 1', '{left out carts}'),
  ('carts by the payment status, too', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status text, payment_status text); INSERT INTO orders VALUES (1, 1, 10, ''new'', ''paid''), (2, 1, 5, ''cart'', ''cart'')', NULL, '{attribute paid_total}', 'paid_total = 10', NULL),
  ('states by a number are told once', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, status int); INSERT INTO orders VALUES (1, 1, 10, 30)', NULL, '{unsure orders.cancelled}', 'number_of_orders = 1', '{unsure orders.status}'),
  ('tags in an array', 'ALTER TABLE customers ADD tags text[]; UPDATE customers SET tags = ''{vip,new}'' WHERE id = 1', NULL, '{attribute customer_tags}', 'customer_tags CONTAINS ''VIP''', NULL),
  ('orders that are not confirmed', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric, confirmed boolean); INSERT INTO orders VALUES (1, 1, 10, true), (2, 1, 3, false)', NULL, '{unsure orders.condition,unsure orders_total}', 'number_of_orders = 2', '{orders_total,paid_total,amount_spent}'),
  ('two tables of payments', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric); CREATE TABLE order_payments (id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric); INSERT INTO orders VALUES (1, 1, 10)', NULL, '{ambiguous payments,unsure paid_total}', 'orders_total = 10', '{paid_total,amount_spent}'),
  ('and that none is there, by a hint', 'CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric); INSERT INTO orders VALUES (1, 1, 10)', '{"orders.status": null}', '{attribute paid_total}', 'paid_total = 10', '{unsure orders.status}');
-- Each shop is undone again.
CREATE FUNCTION judge(shop shops) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  told    text[];
  holds   boolean;
  known   text[];
BEGIN
  BEGIN
    CREATE SCHEMA s;
    PERFORM set_config('search_path', 's, public', true);
    CREATE TABLE s.customers (id integer PRIMARY KEY, email text);
    INSERT INTO s.customers VALUES (1), (2);
    EXECUTE shop.tables;
    SET CONSTRAINTS ALL IMMEDIATE;
    told := ARRAY(SELECT a.kind || ' ' || a.name FROM segmentation.adopt('s', shop.hints) AS a WHERE a.kind <> 'missing index');
    known := ARRAY(SELECT a.name FROM segmentation.attributes AS a);
    BEGIN
      holds := segmentation.matches(shop.rule::segmentation.rule, 1);
    EXCEPTION WHEN OTHERS THEN told := told || SQLERRM; END;
    RAISE EXCEPTION USING ERRCODE = 'UNDO0';
  EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL;
  END;
  RETURN NEXT ok(told @> shop.said, format('%s: says %s', shop.about, shop.said));
  RETURN NEXT ok(holds, format('%s: %s', shop.about, shop.rule));
  RETURN NEXT is(ARRAY(SELECT m FROM unnest(shop.missing) AS m WHERE m = ANY (known || told)), '{}'::text[], shop.about || ': no other words');
  IF NOT told @> shop.said OR holds IS NOT TRUE THEN RETURN NEXT diag(told::text); END IF;
END $$;
SELECT judge(s) FROM shops AS s ORDER BY s.n;
SELECT throws_ok($$SELECT segmentation.adopt('public', '{"orders.payed": ["x"]}')$$, '22023', 'hint "orders.payed" is unknown', 'half a hint is none');
SELECT throws_ok($$SELECT segmentation.adopt('public', '{"zone": "Mars/X"}')$$, '22023', NULL, 'nor is a zone that there is not');
-- The list of hints is held against the source: each that is read or told is in it, and each in it is read.
CREATE VIEW read AS
  SELECT DISTINCT m[1] AS hint FROM pg_proc AS p, regexp_matches(pg_get_functiondef(p.oid), $re$(?:hints (?:->>?|\?) |hints, |given ->>? |\{)["']([a-z_]+\.[a-z_]+)["']$re$, 'g') AS m
  WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname ~ '^_(adopt|check_hints)' AND p.proname <> '_adopt_hint_names';
SELECT cmp_ok((SELECT count(*) FROM read), '>', 30::bigint, 'the source is read');
SELECT is_empty('SELECT hint FROM read WHERE hint <> ALL (segmentation._adopt_hint_names())', 'hints that are read or told are known');
SELECT is_empty($$SELECT h FROM unnest(segmentation._adopt_hint_names()) AS h WHERE h ~ '\.' AND h NOT LIKE 'customers.%' AND h NOT IN (TABLE read) AND NOT EXISTS (SELECT FROM pg_proc AS p
  WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname ~ '^_adopt' AND p.proname <> '_adopt_hint_names'
    AND pg_get_functiondef(p.oid) ~ ('''(\.|' || split_part(h, '.', 1) || '\.)?' || split_part(h, '.', 2) || ''''))$$, 'and those that are known are read');
SELECT throws_ok($$SELECT segmentation.adopt('public', '{"customers.nonsense": "x"}')$$, '22023', 'hint "customers.nonsense" is unknown', 'of customers too');

-- A condition that a hint says reaches what is bound, once.
BEGIN;
CREATE SCHEMA later;
CREATE TABLE later.customers (id integer PRIMARY KEY, email text);
CREATE TABLE later.orders (id integer PRIMARY KEY, customer_id integer REFERENCES later.customers, total numeric, status text, is_return boolean, created_at timestamptz);
INSERT INTO later.customers VALUES (1); INSERT INTO later.orders VALUES (1, 1, 10, 'paid', false, now()), (2, 1, 3, 'paid', true, now());
SELECT count(*) FROM segmentation.adopt('later') \g /dev/null
SELECT ok(segmentation.matches('number_of_orders = 2', 1), 'before the hint');
SELECT segmentation.create_segment('two', 'number_of_orders = 2') \g /dev/null
SELECT count(*) FROM segmentation.adopt('later', '{"orders.condition": "is_return = false"}') \g /dev/null
SELECT ok(segmentation.matches('number_of_orders = 1 AND orders_total = 10 AND last_order_date = today', 1), 'after it');
SELECT is_empty($$SELECT FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name = 'two'$$, 'members follow');
SELECT is_empty($$SELECT name, kind FROM segmentation.adopt('later', '{"orders.condition": "is_return = false"}') WHERE kind NOT IN ('kept', 'column', 'missing index', 'left out')$$, 'the same hint again does nothing');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');
ROLLBACK;

-- What people have defined is kept, whatever adopt could do itself.
CREATE SCHEMA kept;
CREATE TABLE kept.customers (id integer PRIMARY KEY, email text);
CREATE TABLE kept.orders (id integer PRIMARY KEY, customer_id integer REFERENCES kept.customers, total numeric, currency text);
INSERT INTO kept.customers VALUES (1);
INSERT INTO kept.orders VALUES (1, 1, 10, 'EUR'), (2, 1, 10, 'BGN');
SELECT segmentation.bind_customers('kept.customers'), segmentation.bind_source('orders', 'kept.orders', 'customer_id') \g /dev/null
SELECT segmentation.define_attribute(w, 'count(orders)') FROM unnest('{orders_total,average_order_value,paid_total,refunded_total,amount_spent,first_order_date}'::text[]) AS w \g /dev/null
SELECT set_eq($$SELECT a.name, a.kind FROM segmentation.adopt('kept') AS a WHERE a.name IN ('orders_total', 'average_order_value', 'paid_total', 'refunded_total', 'amount_spent', 'first_order_date')$$,
  $$SELECT w, 'kept' FROM unnest('{orders_total,average_order_value,paid_total,refunded_total,amount_spent,first_order_date}'::text[]) AS w$$, 'kept always wins');

-- A binding whose date was in doubt gets it where it is, not elsewhere.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE SCHEMA later;
CREATE TABLE later.customers (id integer PRIMARY KEY, email text);
CREATE TABLE later.orders (id integer PRIMARY KEY, customer_id integer REFERENCES later.customers, total numeric, created_at timestamptz);
CREATE TABLE later.payments (id integer PRIMARY KEY, order_id integer REFERENCES later.orders, amount numeric);
CREATE TABLE later.refunds (id integer PRIMARY KEY, payment_id integer REFERENCES later.payments, amount numeric, created_at timestamp);
INSERT INTO later.customers VALUES (1), (2);
INSERT INTO later.orders VALUES (1, 2, 10, now()), (2, 1, 10, now());
INSERT INTO later.payments VALUES (1, 2, 10), (2, 1, 10);
INSERT INTO later.refunds VALUES (1, 1, 4, '2026-03-01 23:30');
SELECT segmentation.adopt('later', '{"timezone": "Europe/Sofia"}') \g /dev/null
SELECT ok(segmentation.matches('refunded_total = 4', 1), 'a refund of a payment');
SELECT segmentation.adopt('later', '{"refunds.zone": "UTC"}') \g /dev/null
SELECT ok(segmentation.matches('refunded_total = 4 AND refunds MATCHES (date = 2026-03-02)', 1), 'is hers after a second run, too, and has a date');
SELECT segmentation.create_segment('s', 'refunds MATCHES (date > 2026-03-01)') \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.verify()', 'and SQL says the same');

-- A platform whose preset is there is told by its tables; its preset ends that.
DROP EXTENSION segmentation CASCADE;
CREATE EXTENSION segmentation;
CREATE SCHEMA med;
SELECT format('CREATE TABLE med.%I (id text PRIMARY KEY)', t) FROM unnest((SELECT p.telling FROM segmentation._platforms() AS p WHERE p.platform = 'Medusa')) AS t \gexec
CREATE TABLE med.customer (id text PRIMARY KEY, email text);
SELECT alike((SELECT a.reason FROM segmentation.adopt('med') AS a WHERE a.kind = 'preset'), '%presets/medusa.sql%', 'a platform is known');
DROP TABLE med.order_summary;
SELECT is_empty($$SELECT FROM segmentation.adopt('med') AS a WHERE a.kind = 'preset'$$, 'by all of its tables');
SELECT finish();
