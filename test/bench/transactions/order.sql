-- A customer of :first .. :last places an order of two lines. For pgbench.
\set customer random(:first, :last)
\set product1 random(1, 5000)
\set product2 random(1, 5000)
\set quantity random(1, 3)
\set price1 random(200, 6200)
\set price2 random(200, 6200)
\set paid random(0, 1)
BEGIN;
INSERT INTO shop.orders (customer_id, status, paid, total)
VALUES (:customer, 'pending', :paid::integer = 1, (:quantity::integer * :price1::integer + :price2::integer) / 100.0) RETURNING id \gset
INSERT INTO shop.lines (order_id, product_id, category, brand, quantity, price) VALUES
  (:id, :product1::integer, 'category ' || (1 + :product1::integer % 40), 'brand ' || (:product1::integer % 60), :quantity::integer, :price1::integer / 100.0),
  (:id, :product2::integer, 'category ' || (1 + :product2::integer % 40), 'brand ' || (:product2::integer % 60), 1, :price2::integer / 100.0);
COMMIT;
