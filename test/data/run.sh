#!/bin/sh
# run.sh [SHOP...]: the rules of three real shops against SQL written by hand, each shop in a database of its own on the server
# that PGHOST, PGPORT, PGUSER ... name. The data lies beside the checkout (../shared/data) or where SEGMENTATION_DATA says;
# a shop whose data is absent is skipped.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

here=$root/test/data
data=${SEGMENTATION_DATA:-$root/../shared/data}
passed=0 failed=0 skipped=0
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

if ! command -v xz >/dev/null 2>&1; then
  echo "skipped: real data: no xz to unpack it with"
  report 0 0 1
  exit 0
fi

for shop in ${*:-online_retail cdnow foodmart}; do
  case $shop in
    online_retail) files="$data/online_retail.csv.xz" ;;
    *) files="$data/$shop" ;;
  esac
  if [ ! -r "$files" ]; then
    echo "skipped: real data: no \"$files\" (SEGMENTATION_DATA names the folder)"
    skipped=$((skipped + 1))
    continue
  fi
  database=data_$shop
  began=$(date +%s)
  psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
  status=0
  # The session lives far from every shop's time zone: nothing may hang on it.
  PGCLIENTENCODING=UTF8 PGTZ=Pacific/Auckland psql -Xqd "$database" -v ON_ERROR_STOP=1 -v VERBOSITY=terse \
    -v data="$(cd "$data" && pwd)" -v change="$shop/change.sql" \
    -c "SET client_min_messages = warning" -f "$here/$shop/load.sql" -c "RESET timezone" -c "CREATE EXTENSION segmentation" \
    -c "\\o $output/ignored" -f "$here/$shop/bind.sql" -f "$here/check.sql" -f "$here/$shop/segments.sql" -c "\\o" \
    -f "$here/judge.sql" >"$output/$shop" 2>&1 || status=$?
  echo "-- $shop, $(($(date +%s) - began)) s"
  grep -v ' INFO:  ' "$output/$shop" || true
  p=$(grep -c '^ok:' "$output/$shop" || true)
  f=$(grep -c '^not ok:' "$output/$shop" || true)
  if [ "$status" != 0 ] || [ "$p" = 0 ]; then
    echo "not ok: $shop did not come to its end"
    f=$((f + 1))
  fi
  passed=$((passed + p)) failed=$((failed + f))
  # A shop with failures stays, to look into.
  [ "$f" != 0 ] || psql -Xqd postgres -c "DROP DATABASE $database"
done
report "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
