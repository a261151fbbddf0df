#!/bin/sh
# Unit tests of the core, without a server: compiled by g++ as the module is, and by clang with sanitizers.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

passed=0 failed=0
# Runs one build's tests by `make TARGET` and adds its counts.
count() {
  log=$build/unit-$1.log
  status=0
  ${MAKE:-make} -C "$root" "$1" >"$log" 2>&1 || status=$?
  line=$(sed -n 's/^\([0-9]*\)% tests passed, \([0-9]*\) tests* failed out of \([0-9]*\)$/\2 \3/p' "$log")
  if [ -z "$line" ]; then
    tail -n 60 "$log"
    failed=$((failed + 1))
    return
  fi
  f=${line% *} all=${line#* }
  passed=$((passed + all - f)) failed=$((failed + f))
  echo "$1: $((all - f)) of $all passed"
  if [ "$status" != 0 ]; then grep -vE '^ *[0-9]+/[0-9]+ Test.*Passed|^ +Start ' "$log" | tail -n 80; fi
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then failed=$((failed + 1)); fi
}
count unit
count sanitize
report "$passed" "$failed" 0
[ "$failed" = 0 ]
