CREATE TEMP VIEW everyone AS SELECT id FROM customers;
-- name, rule, the same by hand. The hand-written queries read this view of their own.
CREATE TEMP VIEW bought AS SELECT customer_id AS id, date AS day, cds, dollars FROM purchases WHERE dollars <> 0;

INSERT INTO wanted (name, rule, hand) VALUES
('once', $$ purchases MATCHES (count = 1) $$,
 $$ SELECT id FROM bought GROUP BY id HAVING count(*) = 1 $$),

-- Fader, Hardie and Lee (2005): 946 of the sample's 2,357 customers came back by the end of September 1997.
('repeat customers of the sample', $$ sample MATCHES (date <= 1997-09-30, days >= 2) $$,
 $$ SELECT c.id FROM customers c JOIN sample_purchases s USING (sample_id) WHERE s.day < '1997-10-01'
    GROUP BY c.id HAVING count(DISTINCT s.day) > 1 $$),

('returned in the calibration period', $$ count(DISTINCT purchases.date MATCHES (date <= 1997-09-30)) >= 2 $$,
 $$ SELECT DISTINCT a.id FROM bought a JOIN bought b ON a.id = b.id AND a.day < b.day AND b.day <= '1997-09-30' $$),

('gone by summer', $$ max(purchases.date) < 1997-07-01 $$,
 $$ SELECT id FROM bought GROUP BY id HAVING bool_and(day < '1997-07-01') $$),

('good customers', $$ customer_value > 500 $$,
 $$ SELECT id FROM bought GROUP BY id HAVING sum(dollars) > 500 $$),

('evenly middling', $$ min(purchases.dollars) >= 10 AND max(purchases.dollars) <= 40 AND avg(purchases.dollars) BETWEEN 15.5 AND 25 $$,
 $$ SELECT id FROM bought GROUP BY id
    HAVING min(dollars) >= 10 AND max(dollars) <= 40 AND sum(dollars) BETWEEN 15.5 * count(*) AND 25 * count(*) $$),

('nothing in 1998', $$ purchases NOT MATCHES (date >= 1998-01-01) $$,
 $$ SELECT id FROM customers WHERE id NOT IN (SELECT id FROM bought WHERE day >= '1998-01-01') $$),

('paid nothing ever', $$ purchases IS NULL $$,
 $$ SELECT id FROM customers EXCEPT SELECT id FROM bought $$),

('fewer than two in 1998', $$ purchases MATCHES (count < 2, date >= 1998-01-01) $$,
 $$ SELECT c.id FROM customers c LEFT JOIN bought b ON b.id = c.id AND b.day >= '1998-01-01' GROUP BY c.id HAVING count(b.id) <= 1 $$),

('six different months', $$ purchases MATCHES (months >= 6) $$,
 $$ SELECT id FROM bought GROUP BY id HAVING count(DISTINCT date_trunc('month', day)) >= 6 $$),

('ten different weeks', $$ purchases MATCHES (weeks >= 10, days != 10) $$,
 $$ SELECT id FROM bought GROUP BY id HAVING count(DISTINCT date_trunc('week', day)) >= 10 AND count(DISTINCT day) <> 10 $$),

('large in the end', $$ last(purchases.dollars) > 50 $$,
 $$ SELECT DISTINCT id FROM bought b
    WHERE dollars > 50 AND NOT EXISTS (SELECT FROM bought x WHERE x.id = b.id AND x.day > b.day) $$),

('small at first', $$ first(purchases.dollars) < 12 AND first(purchases.cds) = 1 AND count(purchases) > 1 $$,
 $$ SELECT id FROM (SELECT id, day, min(day) OVER person AS opening, dollars, cds, count(*) OVER person AS n FROM bought WINDOW person AS (PARTITION BY id)) AS b
    WHERE day = opening AND n > 1 GROUP BY id HAVING min(dollars) < 12 AND min(cds) = 1 $$),

('mostly two at a time', $$ mode(purchases.cds) = 2 $$,
 $$ SELECT id FROM (SELECT DISTINCT ON (id) id, cds FROM (SELECT id, cds, count(*) AS n, max(day) AS latest FROM bought GROUP BY id, cds) AS each
                    ORDER BY id, n DESC, latest DESC, cds DESC) AS favourite
    WHERE cds = 2 $$),

('early numbers', $$ id STARTS WITH '000' OR id IN ('23570', '12345', 'nobody') OR id ENDS WITH '777' $$,
 $$ SELECT id FROM customers WHERE id::integer < 100 OR id::integer IN (23570, 12345) OR id::integer % 1000 = 777 $$),

('nobody in the sample', $$ sample_id IS NULL AND cohort BETWEEN 1997-02-01 AND 1997-02-28 $$,
 $$ SELECT id FROM customers WHERE sample_id IS NULL AND to_char(cohort, 'YYYY-MM') = '1997-02' $$),

('first half of the sample', $$ sample_id BETWEEN 1 AND 1178 AND sum(sample.dollars) >= 100.5 $$,
 $$ SELECT c.id FROM customers c JOIN sample_purchases s USING (sample_id) WHERE sample_id <= 1178
    GROUP BY c.id HAVING sum(s.dollars::numeric) >= 100.5 $$),

('quarter and quarter', $$ sum(purchases.dollars MATCHES (date BETWEEN 1997-01-01 AND 1997-03-31)) > 100
                           AND sum(purchases.dollars MATCHES (date BETWEEN 1998-04-01 AND 1998-06-30)) = 0 $$,
 $$ SELECT id FROM bought GROUP BY id
    HAVING sum(dollars) FILTER (WHERE day < '1997-04-01') > 100 AND NOT bool_or(day >= '1998-04-01' AND day < '1998-07-01') $$),

('cheap discs', $$ dollars_per_cd BETWEEN 10 AND 11.5 $$,
 $$ SELECT id FROM bought GROUP BY id HAVING sum(dollars) >= 10 * sum(cds) AND sum(dollars) <= 11.5 * sum(cds) $$),

('dear discs', $$ purchases MATCHES (each > 30, cds > 1) $$,
 $$ SELECT DISTINCT id FROM bought WHERE dollars > 30 * cds AND cds > 1 $$),

('Christmas Eve', $$ purchases MATCHES (date = 1997-12-24) $$,
 $$ SELECT id FROM bought WHERE day = '1997-12-24' $$),

('by the pile or dear, later', $$ purchases MATCHES ((cds >= 5 OR dollars > 100), NOT date < 1997-06-01, count >= 2) $$,
 $$ SELECT id FROM bought WHERE day >= '1997-06-01' AND (cds > 4 OR dollars > 100) GROUP BY id HAVING count(*) >= 2 $$),

('often, long ago', $$ purchases MATCHES (date BETWEEN 1998-01-01 AND -20y, count >= 3) AND max(purchases.date) < -120m $$,
 $$ SELECT id FROM bought WHERE day >= '1998-01-01' AND day < current_date - interval '20 years' GROUP BY id HAVING count(*) >= 3 $$),

('frequent but not good', $$ frequent AND NOT segments CONTAINS 'good customers' $$,
 $$ SELECT id FROM bought GROUP BY id HAVING count(DISTINCT to_char(day, 'YYYYMM')) >= 4 AND sum(dollars) <= 500 $$);

\ir forecast.sql
