-- Online Retail as test/data loads it, one customer in :slice. One invoice in eight is held back, to arrive in its time; the others are there from the
-- beginning, dated ahead.
DELETE FROM shop.invoice_lines WHERE invoice_no IN (SELECT invoice_no FROM shop.invoices WHERE customer_id IS NULL OR customer_id % :slice <> 0);
DELETE FROM shop.invoices WHERE customer_id IS NULL OR customer_id % :slice <> 0;
DELETE FROM shop.customers WHERE id % :slice <> 0;
CREATE SCHEMA late;
CREATE TABLE late.invoices AS SELECT * FROM shop.invoices WHERE abs(hashtext(invoice_no)) % 8 = 0;
CREATE TABLE late.invoice_lines AS SELECT l.* FROM shop.invoice_lines AS l JOIN late.invoices USING (invoice_no);
CREATE INDEX ON late.invoice_lines (invoice_no);
DELETE FROM shop.invoice_lines WHERE invoice_no IN (SELECT invoice_no FROM late.invoices);
DELETE FROM shop.invoices WHERE invoice_no IN (SELECT invoice_no FROM late.invoices);
CREATE VIEW customers AS SELECT id FROM shop.customers;
ANALYZE;
CREATE EXTENSION segmentation;
\ir ../data/online_retail/bind.sql
