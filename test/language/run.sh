#!/bin/sh
# The language as people write it: queries that must be accepted, against SQL written by hand; queries that must be refused,
# with the place and the message; every example of docs/language.md. On the server that PGHOST, PGPORT, PGUSER ... name.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

here=$root/test/language
output=$(mktemp)
trap 'rm -f "$output"' EXIT
database=language

# The session lives far from the shop's time zone: nothing may hang on it.
export PGTZ=Pacific/Auckland PGCLIENTENCODING=UTF8
psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
status=0
psql -XqAtd "$database" -v ON_ERROR_STOP=1 -v VERBOSITY=terse -c "SET client_min_messages = warning" -c '\o /dev/null' \
  -f "$here/shop.sql" -f "$here/vocabulary.sql" -c '\o' \
  -f "$here/accepted.sql" -f "$here/judge.sql" -f "$here/refused.sql" >"$output" 2>&1 || status=$?
if [ "$status" != 0 ]; then echo "not ok: the queries did not come to their end"; fi >>"$output"

# The page is a shop of its own.
psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS ${database}_docs" -c "CREATE DATABASE ${database}_docs"
PGDATABASE=${database}_docs python3 "$here/docs.py" >>"$output" 2>&1 || true
grep -v '^ok: ' "$output" || true
passed=$(grep -c '^ok: ' "$output" || true)
failed=$(grep -c '^not ok: ' "$output" || true)
# With failures the databases stay, to look into.
[ "$failed" != 0 ] || psql -Xqd postgres -c "DROP DATABASE $database" -c "DROP DATABASE ${database}_docs"
report "$passed" "$failed" 0
[ "$failed" = 0 ]
