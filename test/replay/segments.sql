-- Two more segments than test/data has, of the kind that an invoice moves back and forth.
INSERT INTO wanted (name, rule, hand) VALUES
('something came back last', $$ max(cancellations.issued_at) > max(invoices.issued_at) $$,
 $$ SELECT id FROM cancellation GROUP BY id HAVING max(issued_at) > (SELECT max(issued_at) FROM sale WHERE sale.id = cancellation.id) $$),

('one good day', $$ invoices MATCHES (date >= 2011-01-01, count >= 2, days = 1) $$,
 $$ SELECT id FROM sale WHERE issued_at >= '2011-01-01' GROUP BY id HAVING count(*) >= 2 AND count(DISTINCT issued_at::date) = 1 $$);

SELECT segmentation.create_segment(name, rule::segmentation.rule) FROM wanted ORDER BY id;
