-- The total of one of the orders :first .. :last is corrected. For pgbench.
\set order random(:first, :last)
\set total random(500, 20000)
UPDATE shop.orders SET total = :total::integer / 100.0 WHERE id = :order;
