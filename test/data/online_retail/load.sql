-- Online Retail as the tables of a web shop: customers, invoices, their lines, products and the words of their names.
-- Nothing is cleaned away: invoices without a customer, cancellations, gifts and duplicate lines stay in the tables.
-- Expects the psql variable `data`: the folder with online_retail.csv.xz.
\set ON_ERROR_STOP on
BEGIN;

CREATE TEMP TABLE raw (
  line_id      bigint GENERATED ALWAYS AS IDENTITY,
  invoice_no   text, stock_code text, description text, quantity integer,
  issued_at    timestamp, unit_price numeric, customer_ref text, country text
) ON COMMIT DROP;
\set source 'xz -dc ' :data '/online_retail.csv.xz'
\set copy '\\copy raw (invoice_no, stock_code, description, quantity, issued_at, unit_price, customer_ref, country) from program ''' :source ''' with (format csv, header)'
:copy

CREATE SCHEMA shop;

CREATE TABLE shop.customers (
  id         integer PRIMARY KEY,
  country    text NOT NULL,      -- of the latest invoice
  since      timestamp NOT NULL
);
INSERT INTO shop.customers
SELECT split_part(customer_ref, '.', 1)::integer, (array_agg(country ORDER BY issued_at DESC, line_id DESC))[1], min(issued_at)
FROM raw WHERE customer_ref IS NOT NULL GROUP BY 1;

-- customer_id is a bigint over an integer key, as happens where two teams made two tables.
CREATE TABLE shop.invoices (
  invoice_no   text PRIMARY KEY,
  customer_id  bigint,
  issued_at    timestamp NOT NULL,
  country      text NOT NULL,
  cancelled    boolean NOT NULL
);
INSERT INTO shop.invoices
SELECT invoice_no, split_part(min(customer_ref), '.', 1)::bigint, min(issued_at), min(country), invoice_no LIKE 'C%'
FROM raw GROUP BY invoice_no;
CREATE INDEX ON shop.invoices (customer_id);

-- The same article is typed in two ways ('85123A', '85123a'); products knows one.
CREATE TABLE shop.invoice_lines (
  line_id     bigint PRIMARY KEY,
  invoice_no  text NOT NULL,
  stock_code  text NOT NULL,
  quantity    integer NOT NULL,
  unit_price  numeric(10,3) NOT NULL
);
INSERT INTO shop.invoice_lines SELECT line_id, invoice_no, stock_code, quantity, unit_price FROM raw;
CREATE INDEX ON shop.invoice_lines (invoice_no);

CREATE TABLE shop.products (
  code         text PRIMARY KEY,
  description  text,
  kind         text NOT NULL
);
INSERT INTO shop.products
SELECT upper(stock_code), mode() WITHIN GROUP (ORDER BY description),
       CASE WHEN upper(stock_code) ~ '^[0-9]{5}' THEN 'goods'
            WHEN upper(stock_code) ~ '^GIFT' THEN 'voucher'
            WHEN upper(stock_code) IN ('POST', 'DOT', 'C2') THEN 'carriage'
            ELSE 'other' END
FROM raw GROUP BY 1;

CREATE TABLE shop.product_words (code text NOT NULL, word text NOT NULL, PRIMARY KEY (code, word));
INSERT INTO shop.product_words
SELECT DISTINCT code, word FROM shop.products, regexp_split_to_table(description, '[^A-Z]+') AS word WHERE length(word) > 2;

ANALYZE shop.customers, shop.invoices, shop.invoice_lines, shop.products, shop.product_words;
COMMIT;
