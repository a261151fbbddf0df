-- Changes of the shop's tables for the second round; touched says whose.
INSERT INTO touched SELECT DISTINCT customer_id FROM shop.invoices WHERE customer_id % 7 = 3;
DELETE FROM shop.invoice_lines WHERE invoice_no IN (SELECT invoice_no FROM shop.invoices WHERE customer_id % 7 = 3) AND line_id % 2 = 0;
UPDATE shop.invoices SET cancelled = true WHERE customer_id % 7 = 3 AND invoice_no::text LIKE '%1';
INSERT INTO touched SELECT DISTINCT customer_id FROM shop.invoices WHERE customer_id % 11 = 5;
UPDATE shop.invoices SET issued_at = issued_at + interval '40 days', country = 'Denmark' WHERE customer_id % 11 = 5 AND NOT cancelled;
-- Invoices that nobody owned find their customer.
INSERT INTO touched VALUES ('12346'), ('12747');
UPDATE shop.invoices SET customer_id = 12747
WHERE invoice_no IN (SELECT invoice_no FROM shop.invoices WHERE customer_id IS NULL ORDER BY invoice_no LIMIT 30);
