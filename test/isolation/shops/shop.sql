-- The shop of the specs that say "# shop: shop": made once, copied into each spec's database. Orders in status cart do
-- not count; nothing has a foreign key; lines reach their customer through orders, products stand behind lines.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text, level integer);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, status text, total numeric(12,2), placed timestamptz, note text);
CREATE TABLE lines (id integer PRIMARY KEY, order_id integer, product_id integer, quantity integer);
CREATE TABLE products (id integer PRIMARY KEY, category text, stock integer);
CREATE TABLE product_tags (product_id integer, tag text, PRIMARY KEY (product_id, tag));
CREATE TABLE tags (customer_id integer, tag text, PRIMARY KEY (customer_id, tag));
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON lines (order_id);
CREATE INDEX ON lines (product_id);

DO $$BEGIN
  PERFORM segmentation.bind_customers('customers', timezone => 'UTC');
  PERFORM segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed', condition => 'status != ''cart''');
  PERFORM segmentation.bind_source('lines', 'lines', 'order_id', of => 'orders');
  PERFORM segmentation.bind_lookup('product', 'products', of => 'lines', key => 'product_id');
  PERFORM segmentation.bind_set('product_tags', 'product_tags', 'product_id', 'tag', of => 'product');
  PERFORM segmentation.bind_set('tags', 'tags', 'customer_id', 'tag');
  PERFORM segmentation.create_segment('two', 'orders MATCHES (count >= 2)');
  PERFORM segmentation.create_segment('big', 'sum(orders.total) >= 100 AND min(orders.total) < 60');
  PERFORM segmentation.create_segment('lately', 'orders MATCHES (date >= -90d, sum_total >= 50)');
  PERFORM segmentation.create_segment('open', 'last(orders.status) = ''open'' OR max(orders.total) > 500');
  PERFORM segmentation.create_segment('hats', 'lines MATCHES (category = ''hat'')');
  PERFORM segmentation.create_segment('kinds', 'count(DISTINCT lines.product_id) >= 2');
  PERFORM segmentation.create_segment('sale', 'lines MATCHES (product_tags = ''sale'', sum_quantity >= 2)');
  PERFORM segmentation.create_segment('vip', 'tags CONTAINS ''vip'' AND city = ''Sofia''');
  PERFORM segmentation.create_segment('vips twice', 'segments CONTAINS ''two'' AND segments CONTAINS ''vip''');
  PERFORM segmentation.create_segment('none', 'orders NOT MATCHES ()');
END$$;

-- What is wrong: stored members against the independent path, counts against rows, members of nothing, intervals that
-- overlap, entries that stayed in the queue. No row is right.
CREATE FUNCTION oracle() RETURNS TABLE (wrong text, what text) LANGUAGE sql AS $$
  SELECT 'member', concat_ws(' ', v.segment, v.customer, CASE WHEN v.stored THEN 'is stored' ELSE 'is not stored' END)
  FROM segmentation.verify() AS v
  UNION ALL
  SELECT 'count', concat_ws(' ', s.name, s.members, 'for', m.n)
  FROM segmentation.segments AS s, LATERAL (SELECT count(*) AS n FROM segmentation.membership AS m WHERE m.segment_id = s.id) AS m
  WHERE s.members <> m.n
  UNION ALL
  SELECT 'orphan', m.segment_id || ' ' || m.customer_id FROM segmentation.membership AS m
  WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = m.segment_id)
  UNION ALL
  SELECT 'history', concat_ws(' ', a.segment_id, a.customer_id, a.entered_at, a.left_at)
  FROM segmentation.membership_past AS a
  WHERE a.left_at < a.entered_at
    OR EXISTS (SELECT FROM segmentation.membership_history AS b
               WHERE b.segment_id = a.segment_id AND b.customer_id = a.customer_id AND b.entered_at < a.left_at
                 AND coalesce(b.left_at, 'infinity') > a.entered_at
                 AND (b.left_at IS NULL OR (b.entered_at, b.left_at) <> (a.entered_at, a.left_at)))
  UNION ALL
  SELECT 'queue', concat_ws(' ', d.binding_id, d.value) FROM segmentation.dirty AS d
  UNION ALL
  SELECT 'aside', concat_ws(' ', a.customer_id, a.message) FROM segmentation.set_aside AS a
  ORDER BY 1, 2;
$$;

-- The members by customer.
CREATE VIEW members AS
SELECT m.customer_id AS customer, string_agg(s.name, ', ' ORDER BY s.name) AS segments
FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id
GROUP BY m.customer_id ORDER BY m.customer_id;

-- The shop as each permutation finds it. Customers 1 and 2 have been judged before, 3 and 4 have not.
CREATE PROCEDURE open_shop() LANGUAGE plpgsql SET segmentation.maintain = statement AS $$
BEGIN
  TRUNCATE customers, orders, lines, products, product_tags, tags, segmentation.dirty, segmentation.set_aside,
    segmentation.state, segmentation.membership_past;
  -- What an earlier permutation got wrong is not this one's.
  DELETE FROM segmentation.membership AS m WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = m.segment_id);
  INSERT INTO customers VALUES (1, 'Sofia', 1), (2, 'Varna', 2), (3, 'Sofia', 3), (4, NULL, NULL);
  INSERT INTO products VALUES (1, 'hat', 10), (2, 'coat', 10), (3, 'shoe', 10);
  INSERT INTO product_tags VALUES (1, 'new'), (2, 'sale');
  INSERT INTO orders VALUES
    (10, 1, 'open', 40, now() - interval '2 days', ''), (11, 1, 'paid', 55, now() - interval '100 days', ''),
    (20, 2, 'paid', 70, now() - interval '1 day', ''), (21, 2, 'cart', 45, now(), ''),
    (30, 3, 'paid', 10, now() - interval '3 days', '');
  INSERT INTO lines VALUES (100, 10, 1, 1), (101, 11, 2, 1), (200, 20, 2, 1), (210, 21, 1, 5), (300, 30, 3, 1);
  INSERT INTO tags VALUES (1, 'vip'), (2, 'vip'), (3, 'new');
  DELETE FROM segmentation.state WHERE customer_id > 2;
END $$;

