#!/bin/sh
# Every segment of docs/gallery.md in a shop of 2,000 customers, against SQL written by hand: as made, after writes, a day later. On the server that
# PGHOST, PGPORT, PGUSER ... name. SEED throws other dice.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

seed=${SEED:-7}
database=gallery
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# The session lives far from the shop's time zone: nothing may hang on it.
export PGTZ=Pacific/Auckland PGCLIENTENCODING=UTF8
psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
status=0
{ echo "SET client_min_messages = error;"; echo "\\o /dev/null"; python3 "$root/test/gallery/script.py"; } |
  psql -XqAtd "$database" -v ON_ERROR_STOP=1 -v VERBOSITY=terse -v seed="$seed" >"$output" 2>&1 || status=$?
grep -v '^ok: ' "$output" || true
passed=$(grep -c '^ok: ' "$output" || true)
failed=$(grep -c '^not ok: ' "$output" || true)
if [ "$status" != 0 ] || [ "$passed" = 0 ]; then
  echo "not ok: the gallery did not come to its end"
  failed=$((failed + 1))
fi
# With failures the database stays, to look into.
if [ "$failed" = 0 ]; then psql -Xqd postgres -c "DROP DATABASE $database"; else echo "SEED=$seed"; fi
report "$passed" "$failed" 0
[ "$failed" = 0 ]
