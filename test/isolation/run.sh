#!/bin/sh
# Isolation tests: test/isolation/specs/*.spec against test/isolation/expected, by PostgreSQL's isolation tester.
# run.sh [NAME...] runs some of them. Lines in a spec's header ask for more than that:
#   # shop: NAME       its database is a copy of one that test/isolation/shops/NAME.sql was run in, once
#   # levels: LEVEL... the spec is run once for each isolation level of its transactions: rc, rr, ser
#   # modes: MODE...   and for each segmentation.maintain: commit, statement, background
# What comes out must be the same each time; where it may differ, expected has a file of its own: NAME.LEVEL-MODE.out,
# NAME.MODE.out or NAME.LEVEL.out.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
cd "$root/test/isolation"

if [ $# = 0 ]; then set -- specs/*.spec; else names=$*; set --; for name in $names; do set -- "$@" "specs/$name.spec"; done; fi
if [ ! -e "$1" ]; then echo "no test/isolation/specs/*.spec"; report 0 0 0; exit 0; fi
tester=$(dirname "$($PG_CONFIG --pgxs)")/../test/isolation/pg_isolation_regress
if [ ! -x "$tester" ]; then
  echo "skipped: no isolation tester at \"$tester\""
  report 0 0 $#
  exit 0
fi
# A permutation whose steps wait for one another for good, by mistake of ours or of the spec, ends after so many seconds.
PGISOLATIONTIMEOUT=${PGISOLATIONTIMEOUT:-20}
export PGISOLATIONTIMEOUT
work=$build/isolation
rm -rf "$work"
mkdir -p "$work"

# Prints what a header line of a spec says, or else a default.
header() {
  said=$(sed -n "s/^# $2: //p" "$1")
  printf '%s\n' "${said:-$3}"
}

# Prints which expected file a variant of a spec is held against.
expected_of() {
  for suffix in ".$2-$3" ".$3" ".$2" ""; do
    if [ -e "expected/$1$suffix.out" ]; then break; fi
  done
  printf '%s\n' "expected/$1$suffix.out"
}

# Makes a database as a shop's script leaves it.
make_shop() {
  psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS \"isolation_shop_$1\"" \
    -c "CREATE DATABASE \"isolation_shop_$1\"" || return 1
  psql -Xqd "isolation_shop_$1" -v ON_ERROR_STOP=1 -o /dev/null -c "CREATE EXTENSION segmentation" -f "shops/$1.sql" || return 1
  touch "$work/$1.shop"
}

passed=0 failed=0
for spec in "$@"; do
  name=$(basename "$spec" .spec)
  shop=$(header "$spec" shop "")
  if [ -n "$shop" ]; then
    [ -e "$work/$shop.shop" ] || make_shop "$shop" || fail "could not make the shop \"$shop\""
    psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS \"isolation_$name\" WITH (FORCE)" \
      -c "CREATE DATABASE \"isolation_$name\" TEMPLATE \"isolation_shop_$shop\""
  fi
  for level in $(header "$spec" levels default); do
    for mode in $(header "$spec" modes default); do
      case $level in
        rc) options="-c default_transaction_isolation=read\\ committed" ;;
        rr) options="-c default_transaction_isolation=repeatable\\ read" ;;
        ser) options="-c default_transaction_isolation=serializable" ;;
        *) options= ;;
      esac
      [ "$mode" = default ] || options="$options -c segmentation.maintain=$mode"
      variant=$name-$level-$mode
      mkdir -p "$work/$variant/specs" "$work/$variant/expected"
      cp "$spec" "$work/$variant/specs/"
      cat "$(expected_of "$name" "$level" "$mode")" >"$work/$variant/expected/$name.out" || true
      set -- --bindir="$($PG_CONFIG --bindir)" --inputdir="$work/$variant" --outputdir="$work/$variant" --dbname="isolation_$name"
      if [ -n "$shop" ]; then set -- "$@" --use-existing; else set -- "$@" --load-extension=segmentation; fi
      if PGOPTIONS=$options "$tester" "$@" "$name" >"$work/$variant/output" 2>&1; then
        passed=$((passed + 1))
        echo "ok: $variant"
      else
        failed=$((failed + 1))
        echo "not ok: $variant"
        cat "$work/$variant/regression.diffs" 2>/dev/null || cat "$work/$variant/output"
      fi
    done
  done
  [ -z "$shop" ] || psql -Xqd postgres -c "DROP DATABASE \"isolation_$name\"" >/dev/null 2>&1 || true
done
report "$passed" "$failed" 0
[ "$failed" = 0 ]
