#!/bin/sh
# Isolation tests: test/isolation/specs/*.spec against test/isolation/expected, by PostgreSQL's isolation tester.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
cd "$root/test/isolation"

set -- specs/*.spec
if [ ! -e "$1" ]; then echo "no test/isolation/specs/*.spec"; report 0 0 0; exit 0; fi
tester=$(dirname "$($PG_CONFIG --pgxs)")/../test/isolation/pg_isolation_regress
if [ ! -x "$tester" ]; then
  echo "skipped: no isolation tester at \"$tester\""
  report 0 0 $#
  exit 0
fi
work=$build/isolation
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0
for spec in "$@"; do
  name=$(basename "$spec" .spec)
  mkdir -p "$work/$name"
  if "$tester" --bindir="$($PG_CONFIG --bindir)" --inputdir=. --outputdir="$work/$name" --dbname="isolation_$name" \
      --load-extension=segmentation "$name" >"$work/$name/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "not ok: $name"
    cat "$work/$name/regression.diffs" 2>/dev/null || cat "$work/$name/output"
  fi
done
report "$passed" "$failed" 0
[ "$failed" = 0 ]
