#!/bin/sh
# regress.sh [TEST...]: the regression tests, each in a database of its own, against the server that PGHOST, PGPORT,
# PGUSER ... name and that has the extension installed. Inputs: test/regress/sql; outputs: expected. Every input file
# is a test: there is no list to forget one in.
set -eu
. "$(dirname "$0")/common.sh"

pgxs=$($PG_CONFIG --pgxs) || fail "could not run \"$PG_CONFIG\""
pg_regress=$(dirname "$pgxs")/../test/regress/pg_regress
[ -x "$pg_regress" ] || fail "no pg_regress at \"$pg_regress\""

# pg_regress wants inputs and outputs side by side.
work=$build/regress
rm -rf "$work"
mkdir -p "$work/input"
ln -s "$root/test/regress/sql" "$work/input/sql"
ln -s "$root/expected" "$work/input/expected"

passed=0 failed=0
for output in "$root"/expected/*.out; do
  name=$(basename "$output" .out)
  # A test may have several outputs: name.out, name_1.out ...
  if [ ! -e "$root/test/regress/sql/$name.sql" ] && [ ! -e "$root/test/regress/sql/${name%_[0-9]}.sql" ]; then
    echo "not ok: expected/$name.out has no test/regress/sql/$name.sql"
    failed=$((failed + 1))
  fi
done

tests=$*
[ -n "$tests" ] || tests=$(cd "$root/test/regress/sql" && ls -- *.sql | sed 's/\.sql$//' | sort)
for name in $tests; do
  mkdir -p "$work/$name"
  load=
  grep -qi '^create extension .*segmentation' "$root/test/regress/sql/$name.sql" || load=--load-extension=segmentation
  if "$pg_regress" --bindir="$($PG_CONFIG --bindir)" --inputdir="$work/input" \
      --outputdir="$work/$name" --dbname="regress_$name" --encoding=UTF8 $load "$name" >"$work/$name/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "not ok: $name"
    cat "$work/$name/regression.diffs" 2>/dev/null || cat "$work/$name/output"
  fi
  psql -Xqd postgres -c "DROP DATABASE IF EXISTS \"regress_$name\"" >/dev/null 2>&1 || true
done
report "$passed" "$failed" 0
[ "$failed" = 0 ]
