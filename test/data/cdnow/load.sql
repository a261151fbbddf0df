-- CDNOW as the smallest shop there is: customers with text keys ('00001') and one table of purchases right below them,
-- which has no primary key (the same purchase twice on a day is real). The published sample has keys of its own.
-- Expects the psql variable `data`: the folder with cdnow/.
\set ON_ERROR_STOP on
BEGIN;

CREATE TABLE purchases (
  customer_id  text     NOT NULL,
  date         date     NOT NULL,
  cds          smallint NOT NULL,
  dollars      numeric(8,2) NOT NULL
);
\set source 'xz -dc ' :data '/cdnow/master.txt.xz | tail -n +2 | tr -d "\\r" | awk -v OFS=, "{ print \\$1, \\$2, \\$3, \\$4 }"'
\set copy '\\copy purchases from program ''' :source ''' with (format csv)'
:copy
CREATE INDEX ON purchases (customer_id);

CREATE TEMP TABLE sample (master_id text, sample_id integer, day date, cds integer, dollars numeric) ON COMMIT DROP;
\set source 'tr -d "\\r" < ' :data '/cdnow/sample.txt | awk -v OFS=, "{ print \\$1, \\$2, \\$3, \\$4, \\$5 }"'
\set copy '\\copy sample from program ''' :source ''' with (format csv)'
:copy

CREATE TABLE customers (
  id         text PRIMARY KEY,
  cohort     date NOT NULL,    -- the day of the first purchase
  sample_id  integer UNIQUE    -- in the published sample, every tenth customer
);
INSERT INTO customers
SELECT p.customer_id, min(p.date), min(s.sample_id)
FROM purchases p LEFT JOIN (SELECT DISTINCT master_id, sample_id FROM sample) s ON s.master_id = p.customer_id
GROUP BY p.customer_id;

CREATE TABLE sample_purchases (
  sample_id  integer NOT NULL REFERENCES customers (sample_id),
  day        date    NOT NULL,
  cds        integer NOT NULL,
  dollars    double precision NOT NULL
);
INSERT INTO sample_purchases SELECT sample_id, day, cds, dollars FROM sample;
CREATE INDEX ON sample_purchases (sample_id);

ANALYZE customers, purchases, sample_purchases;
COMMIT;
