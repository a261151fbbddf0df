-- Every kind of statement that changes rows is noticed: members are right after each, in each mode.
\ir shops/kept.sql
SELECT no_plan();
SELECT is_empty('SELECT * FROM oracle()', 'right to begin with');

\set mode commit
\ir shops/statements.sql
\set mode statement
\ir shops/statements.sql
\set mode background
\ir shops/statements.sql
SELECT finish();
