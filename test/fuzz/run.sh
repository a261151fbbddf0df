#!/bin/sh
# A short run of every fuzzer; `make fuzz FUZZ_SECONDS=3600` for a long one.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

set -- "$root"/test/fuzz/*_fuzz.cpp
if [ ! -e "$1" ]; then echo "no test/fuzz/*_fuzz.cpp"; report 0 0 0; exit 0; fi
log=$build/fuzz.log
status=0
${MAKE:-make} -C "$root" fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-10}" >"$log" 2>&1 || status=$?
passed=$(grep -c '^ok: ' "$log" || true)
failed=$(grep -c '^not ok: ' "$log" || true)
if [ "$status" != 0 ]; then tail -n 60 "$log"; else grep '^ok: ' "$log" || true; fi
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
report "$passed" "$failed" 0
[ "$failed" = 0 ]
