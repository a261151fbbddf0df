CREATE TEMP VIEW everyone AS SELECT id FROM shop.customers;
-- name, rule, the same by hand. The hand-written queries read these views of their own.
CREATE TEMP VIEW sale AS
SELECT invoice_no, customer_id AS id, issued_at, country FROM shop.invoices WHERE NOT cancelled AND customer_id IS NOT NULL;
CREATE TEMP VIEW cancellation AS
SELECT invoice_no, customer_id AS id, issued_at FROM shop.invoices WHERE cancelled AND customer_id IS NOT NULL;
CREATE TEMP VIEW sale_line AS
SELECT s.id, s.issued_at, s.invoice_no, l.line_id, p.code, p.description, p.kind, l.quantity, l.unit_price, l.quantity * l.unit_price AS amount
FROM sale s, shop.invoice_lines l, shop.products p
WHERE l.invoice_no = s.invoice_no AND p.code = upper(l.stock_code) AND l.quantity > 0;
CREATE TEMP VIEW return_line AS
SELECT c.id, c.issued_at, l.quantity, l.quantity * l.unit_price AS amount
FROM cancellation c JOIN shop.invoice_lines l USING (invoice_no);

INSERT INTO wanted (name, rule, hand) VALUES
('British', $$ country = 'United Kingdom' $$,
 $$ SELECT id FROM shop.customers WHERE country = 'United Kingdom' $$),

('abroad', $$ country NOT IN ('United Kingdom', 'EIRE') AND country != 'Channel Islands' $$,
 $$ SELECT id FROM shop.customers WHERE country <> ALL ('{United Kingdom,EIRE,Channel Islands}') $$),

('regulars', $$ invoices MATCHES (count >= 5) $$,
 $$ SELECT id FROM sale GROUP BY id HAVING count(*) >= 5 $$),

('every month so far', $$ invoices MATCHES (date BETWEEN 2010-12-01 AND 2011-06-30, months >= 6) $$,
 $$ SELECT id FROM sale WHERE issued_at < '2011-07-01' GROUP BY id HAVING count(DISTINCT to_char(issued_at, 'YYYY-MM')) >= 6 $$),

('big spenders', $$ sum(lines.amount) > 5000 $$,
 $$ SELECT id FROM sale_line GROUP BY id HAVING sum(amount) > 5000 $$),

('Christmas only', $$ invoices MATCHES (date <= 2010-12-24) AND invoices NOT MATCHES (date > 2010-12-24) $$,
 $$ SELECT id FROM sale GROUP BY id HAVING max(issued_at) < '2010-12-25' $$),

('hearts for Valentine', $$ lines MATCHES (product_words = 'HEART', date BETWEEN 2011-01-15 AND 2011-02-14, sum_quantity >= 12) $$,
 $$ SELECT id FROM sale_line WHERE description ~ '(^|[^A-Z])HEART($|[^A-Z])' AND issued_at >= '2011-01-15' AND issued_at < '2011-02-15'
    GROUP BY id HAVING sum(quantity) >= 12 $$),

('lapsed since spring', $$ max(invoices.issued_at) < 2011-03-01 AND count(invoices) >= 2 $$,
 $$ SELECT id FROM sale GROUP BY id HAVING max(issued_at) < '2011-03-01' AND count(*) >= 2 $$),

('never sent anything back', $$ cancellations IS NULL $$,
 $$ SELECT id FROM shop.customers c WHERE NOT EXISTS (SELECT FROM shop.invoices i WHERE i.customer_id = c.id AND i.cancelled) $$),

('sends a lot back', $$ returned MATCHES (sum_quantity <= -50, count >= 3) $$,
 $$ SELECT id FROM return_line GROUP BY id HAVING sum(quantity) <= -50 AND count(*) >= 3 $$),

('only cancellations', $$ invoices IS NULL AND cancellations IS NOT NULL $$,
 $$ SELECT id FROM cancellation EXCEPT SELECT id FROM sale $$),

('carriage abroad', $$ country != 'United Kingdom' AND lines MATCHES (product.kind = 'carriage', sum_amount >= 100) $$,
 $$ SELECT id FROM shop.customers JOIN sale_line USING (id) WHERE country <> 'United Kingdom' AND code IN ('POST', 'DOT', 'C2')
    GROUP BY id HAVING sum(amount) >= 100 $$),

('hundred articles', $$ count(DISTINCT lines.article) >= 100 $$,
 $$ SELECT id FROM sale_line GROUP BY id HAVING count(DISTINCT code) >= 100 $$),

('dear taste', $$ avg(lines.unit_price) > 5 AND max(lines.unit_price) BETWEEN 10 AND 100 $$,
 $$ SELECT id FROM sale_line GROUP BY id
    HAVING sum(unit_price) > 5 * count(*) AND max(unit_price) >= 10 AND max(unit_price) <= 100 $$),

('got something for nothing', $$ lines MATCHES (unit_price = 0) $$,
 $$ SELECT DISTINCT customer_id FROM shop.invoice_lines JOIN shop.invoices USING (invoice_no)
    WHERE unit_price = 0 AND quantity > 0 AND NOT cancelled AND customer_id IS NOT NULL $$),

('favourite is the white heart', $$ mode(lines.article) = '85123A' $$,
 $$ WITH placed AS (SELECT *, row_number() OVER (PARTITION BY id ORDER BY issued_at, line_id) AS place FROM sale_line)
    SELECT id FROM (SELECT DISTINCT ON (id) id, code FROM placed GROUP BY id, code ORDER BY id, count(*) DESC, max(place) DESC) AS favourite
    WHERE code = '85123A' $$),

('began with a bag', $$ first(lines.article) STARTS WITH '2' AND first(lines.description) CONTAINS ' BAG' $$,
 $$ SELECT id FROM (SELECT DISTINCT ON (id) * FROM sale_line ORDER BY id, issued_at, line_id) AS opening
    WHERE code LIKE '2%' AND position(' BAG' IN description) > 0 $$),

('latest invoice not British', $$ last(invoices.country) != 'United Kingdom' $$,
 $$ SELECT id FROM shop.customers c
    WHERE (SELECT country FROM sale WHERE sale.id = c.id ORDER BY issued_at DESC, invoice_no DESC LIMIT 1) IS DISTINCT FROM 'United Kingdom' $$),

('travels', $$ countries CONTAINS ALL ('belgium', 'SPAIN') OR countries CONTAINS ANY ('Denmark', 'Cyprus') AND NOT countries CONTAINS 'Austria' $$,
 $$ SELECT customer_id FROM shop.invoices WHERE customer_id IS NOT NULL GROUP BY customer_id
    HAVING array_agg(country) @> '{Belgium,Spain}'
        OR (bool_or(country IN ('Denmark', 'Cyprus')) AND NOT bool_or(country = 'Austria')) $$),

('often', $$ invoices MATCHES (days >= 8, weeks >= 7, date > -30y) $$,
 $$ SELECT id FROM sale GROUP BY id
    HAVING count(DISTINCT issued_at::date) >= 8 AND count(DISTINCT to_char(issued_at, 'IYYY-IW')) >= 7 $$),

('before noon on the first day', $$ min(invoices.issued_at) < 2010-12-01T12:00:00 $$,
 $$ SELECT id FROM sale WHERE issued_at < '2010-12-01 12:00' $$),

('a full spring', $$ invoices MATCHES (date >= 2011-03-27 AND date BETWEEN -40y AND 2011-05-31, count >= 3) AND max(invoices.issued_at) < -5y $$,
 $$ SELECT id FROM sale WHERE issued_at >= '2011-03-27' AND issued_at < '2011-06-01' GROUP BY id HAVING count(*) >= 3 $$),

('good after returns', $$ net_revenue > 2000 AND average_invoice BETWEEN 300 AND 600 $$,
 $$ SELECT c.id FROM shop.customers c,
           LATERAL (SELECT coalesce(sum(amount), 0) AS sold FROM sale_line l WHERE l.id = c.id) AS s,
           LATERAL (SELECT coalesce(sum(amount), 0) AS back FROM return_line r WHERE r.id = c.id) AS r,
           LATERAL (SELECT count(*) AS n FROM sale WHERE sale.id = c.id) AS i
    WHERE sold + back > 2000 AND sold >= 300 * n AND sold <= 600 * n AND n > 0 $$),

('good, and of the regulars', $$ segments CONTAINS 'regulars' AND NOT segments CONTAINS 'good after returns' $$,
 $$ SELECT id FROM sale GROUP BY id HAVING count(*) >= 5
    EXCEPT
    SELECT id FROM (SELECT id, sum(amount) AS sold FROM sale_line GROUP BY id) AS s
                   JOIN (SELECT id, count(*) AS n FROM sale GROUP BY id) AS i USING (id)
                   LEFT JOIN (SELECT id, sum(amount) AS back FROM return_line GROUP BY id) AS r USING (id)
    WHERE sold + coalesce(back, 0) > 2000 AND sold BETWEEN 300 * n AND 600 * n $$),

('two of these three lights', $$ lines MATCHES (product.description ENDS WITH 'T-LIGHT HOLDER', unit_price BETWEEN 1 AND 3,
                                                distinct_article >= 2, avg_quantity >= 6, NOT stock_code IN ('22178', '84970S')) $$,
 $$ SELECT id FROM sale_line WHERE description LIKE '%T-LIGHT HOLDER' AND unit_price >= 1 AND unit_price <= 3 AND code NOT IN ('22178', '84970S')
    GROUP BY id HAVING count(DISTINCT code) >= 2 AND sum(quantity) >= 6 * count(*) $$),

('hardly any goods', $$ lines NOT MATCHES (product.kind = 'goods', sum_amount >= 50) $$,
 $$ SELECT id FROM shop.customers
    EXCEPT SELECT id FROM sale_line WHERE code ~ '^[0-9]{5}' GROUP BY id HAVING sum(amount) >= 50 $$),

('little in spring, nobody else''s', $$ sum(lines.amount MATCHES (date BETWEEN 2011-03-01 AND 2011-05-31)) < 100 AND NOT shops_for_others
                                        AND (country = 'Germany' OR country = 'France' OR since >= 2011-02-01) $$,
 $$ SELECT c.id FROM shop.customers c
    LEFT JOIN sale_line l ON l.id = c.id AND l.issued_at >= '2011-03-01' AND l.issued_at < '2011-06-01'
    WHERE (c.country IN ('Germany', 'France') OR c.since >= '2011-02-01')
      AND c.id NOT IN (SELECT id FROM sale_line WHERE code LIKE 'GIFT%')
    GROUP BY c.id HAVING coalesce(sum(l.amount), 0) < 100 $$),

('not on record', $$ id BETWEEN 13000 AND 13999 AND (average_invoice IS NULL OR average_invoice > 1000) $$,
 $$ SELECT c.id FROM shop.customers c LEFT JOIN sale s USING (id) WHERE c.id / 1000 = 13
    GROUP BY c.id HAVING count(s.id) = 0
    OR (SELECT sum(amount) FROM sale_line l WHERE l.id = c.id) > 1000 * count(s.id) $$);
