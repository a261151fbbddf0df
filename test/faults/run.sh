#!/bin/sh
# Faults at every crossing between the server and C++: a module of its own, which throws, raises, cancels and runs out of
# memory on demand, 10,000 times in one session. Memory and session must stay sound. Then many clients on one customer.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

rounds=${FAULT_ROUNDS:-10000}
log=$build/faults.log
build_test_module segmentation_faults
place_test_module segmentation_faults segmentation_faults
trap 'rm -f "$library"' EXIT

psql -Xqd postgres -c 'DROP DATABASE IF EXISTS faults' -c 'CREATE DATABASE faults'
psql -Xq -d faults -v ON_ERROR_STOP=1 -f "$root/test/faults/shop.sql"
# From here on the session's functions come from the faulty module; the sound one is not loaded again.
status=0
psql -Xq -d faults -v ON_ERROR_STOP=1 -v rounds="$rounds" -f "$root/test/faults/faults.sql" >"$log" 2>&1 || status=$?
psql -XAtqd faults -v ON_ERROR_STOP=1 -f "$root/test/faults/crowd.sql" >>"$log" 2>&1 || status=$?
if [ "$status" = 0 ]; then
  # Eight clients on two customers whose rows share a page, each of whom dawdles between finding a row and locking it.
  if pgbench -n -c 8 -j 2 -T 5 -f "$root/test/faults/crowd_order.sql" faults >>"$log" 2>&1; then
    echo "ok: eight clients on two customers" >>"$log"
  else
    echo "not ok: eight clients on two customers" >>"$log"
  fi
  psql -XAtqd faults -v ON_ERROR_STOP=1 -f "$root/test/faults/crowd_end.sql" >>"$log" 2>&1 || status=$?
fi
cat "$log"
psql -Xqd postgres -c 'DROP DATABASE faults'
passed=$(grep -c '^ok: ' "$log" || true)
failed=$(grep -c '^not ok: ' "$log" || true)
if [ "$status" != 0 ]; then failed=$((failed + 1)); fi
report "$passed" "$failed" 0
[ "$failed" = 0 ]
