-- Changes of the shop's tables for the second round; touched says whose.
INSERT INTO touched SELECT id FROM customers WHERE id LIKE '%3';
DELETE FROM purchases WHERE customer_id LIKE '%3' AND date > '1997-05-01' AND cds = 2;
UPDATE purchases SET date = date + 200, dollars = dollars * 3 WHERE customer_id LIKE '%3' AND cds = 1;
INSERT INTO touched SELECT id FROM customers WHERE id LIKE '%41';
INSERT INTO purchases SELECT id, '1998-05-05', 4, 250 FROM customers WHERE id LIKE '%41';
UPDATE customers SET cohort = '1997-02-14' WHERE id LIKE '%41';
INSERT INTO touched VALUES ('23777');
INSERT INTO customers VALUES ('23777', '1997-02-03');
