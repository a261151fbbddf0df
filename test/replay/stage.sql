-- Takes the shop that test/data loaded for what will arrive, and opens an empty one. psql -v slice=N keeps one customer in N, and as
-- many of the invoices that are nobody's.
ALTER SCHEMA shop RENAME TO arriving;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (LIKE arriving.customers INCLUDING ALL);
CREATE TABLE shop.invoices (LIKE arriving.invoices INCLUDING ALL);
CREATE TABLE shop.invoice_lines (LIKE arriving.invoice_lines INCLUDING ALL);
CREATE TABLE shop.products (LIKE arriving.products INCLUDING ALL);
CREATE TABLE shop.product_words (LIKE arriving.product_words INCLUDING ALL);

CREATE SCHEMA replay;
CREATE TABLE replay.invoice (n bigint PRIMARY KEY, invoice_no text NOT NULL, month text NOT NULL);
INSERT INTO replay.invoice
SELECT row_number() OVER (ORDER BY issued_at, invoice_no), invoice_no, to_char(issued_at, 'YYYY-MM')
FROM arriving.invoices WHERE coalesce(customer_id, abs(hashtext(invoice_no))) % :slice = 0;
ANALYZE replay.invoice;

-- How each month reaches members, and who ends the transactions: a procedure of the shop's, or its client.
CREATE TABLE replay.month (month text PRIMARY KEY, mode text NOT NULL, by_client boolean NOT NULL, note text NOT NULL);
INSERT INTO replay.month VALUES
('2010-12', 'commit',     false, 'at commit, by a procedure'),
('2011-01', 'commit',     true,  'at commit, by the client'),
('2011-02', 'statement',  false, 'after each statement'),
('2011-03', 'background', false, 'in the background, a month at once'),
('2011-04', 'mixed',      true,  'each invoice in another mode'),
('2011-05', 'ticking',    true,  'in the background, a hundred invoices at once'),
('2011-06', 'commit',     false, 'at commit, by a procedure again');
