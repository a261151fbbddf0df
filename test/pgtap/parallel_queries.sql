-- What reads members works in queries that the server runs in parallel, also as the first call of a session, which has yet to read the
-- definitions: a snapshot cannot be taken while workers run.
\ir shops/kept.sql
SELECT no_plan();
INSERT INTO orders SELECT 10000 + g, 1 + g % 30, 'paid', 100, now(), '' FROM generate_series(1, 500) AS g;
ANALYZE orders;
\setenv PGOPTIONS '-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c client_min_messages=error'
\set gathers `psql -XAtqc "EXPLAIN SELECT count(*) FROM orders WHERE total > 0" | grep -c Gather`
SELECT isnt(:gathers, 0, 'the server runs such a query in parallel');
\set segment `psql -XAtqc "SELECT name FROM segmentation.segments ORDER BY members DESC, name LIMIT 1"`
\setenv segment :segment
\set is_member `psql -XAtqc "SELECT count(*) > 0, segmentation.is_member('$segment', 1) IS NOT NULL FROM orders WHERE total > 0" 2>&1`
SELECT is(:'is_member'::text, 't|t', 'is_member');
\set segments_of `psql -XAtqc "SELECT count(*) > 0, (SELECT count(*) FROM segmentation.segments_of(1)) > 0 FROM orders WHERE total > 0" 2>&1`
SELECT is(:'segments_of'::text, 't|t', 'segments_of');
\set members `psql -XAtqc "SELECT count(*) > 0, (SELECT count(*) FROM segmentation.members('$segment')) > 0 FROM orders WHERE total > 0" 2>&1`
SELECT is(:'members'::text, 't|t', 'members');
\set listed `psql -XAtqc "SELECT count(*) > 0, (SELECT count(*) FROM segmentation.list_members('$segment')) > 0 FROM orders WHERE total > 0" 2>&1`
SELECT is(:'listed'::text, 't|t', 'list_members');
\set summary `psql -XAtqc "SELECT count(*) > 0, (SELECT count(entered_1_day) FROM segmentation.segment_summary) > 0 FROM orders WHERE total > 0" 2>&1`
SELECT is(:'summary'::text, 't|t', 'segment_summary');
SELECT * FROM finish();
