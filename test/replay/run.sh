#!/bin/sh
# run.sh: the real shop of test/data/online_retail replayed in time order, invoice by invoice, a transaction each, with 30 segments
# alive from the first one on. Customers and products come with their first invoice; cancellations come as invoices, as
# corrections and as deletions; names, owners and lines change in between. At each month's end the members of every segment are held
# against SQL written by hand, and verify is asked. Months differ in how changes reach members: at commit, after each statement,
# in the background, mixed (stage.sql).
#   REPLAY=full     all 12,800 invoices (the default); REPLAY=4: those of one customer in four
# Runs in a database of its own on the server that PGHOST, PGPORT ... name. The data is found as in test/data.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

here=$root/test/replay shop=$root/test/data/online_retail
data=${SEGMENTATION_DATA:-$root/../shared/data}
slice=${REPLAY:-full}
[ "$slice" != full ] || slice=1
if ! command -v xz >/dev/null 2>&1 || [ ! -r "$data/online_retail.csv.xz" ]; then
  echo "skipped: replay: no xz, or no \"$data/online_retail.csv.xz\" (SEGMENTATION_DATA names the folder)"
  report 0 0 1
  exit 0
fi

database=replay
output=$(mktemp)
trap 'rm -f "$output"' EXIT
psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
began=$(date +%s)
status=0
# As in test/data, the session lives far from the shop's time zone.
PGCLIENTENCODING=UTF8 PGTZ=Pacific/Auckland psql -Xqd "$database" -v ON_ERROR_STOP=1 -v VERBOSITY=terse \
  -v data="$(cd "$data" && pwd)" -v slice="$slice" -c "SET client_min_messages = warning" \
  -f "$shop/load.sql" -f "$here/stage.sql" -f "$here/events.sql" -c "CREATE EXTENSION segmentation" \
  -c "\\o /dev/null" -f "$shop/bind.sql" -f "$root/test/data/check.sql" -f "$here/check.sql" -f "$shop/segments.sql" -f "$here/segments.sql" \
  -f "$here/script.sql" -c "\\o" -f "$here/outcome.sql" >"$output" 2>&1 || status=$?
cat "$output"
passed=$(grep -c '^ok:' "$output" || true)
failed=$(grep -c '^not ok:' "$output" || true)
if [ "$status" != 0 ] || [ "$passed" = 0 ]; then
  echo "not ok: the replay did not come to its end"
  failed=$((failed + 1))
fi
echo "$(psql -XAtqd "$database" -c "SELECT count(*) FROM replay.invoice") invoices in $(($(date +%s) - began)) s"
# What has failed stays, to look into.
[ "$failed" != 0 ] || psql -Xqd postgres -c "DROP DATABASE $database"
report "$passed" "$failed" 0
[ "$failed" = 0 ]
