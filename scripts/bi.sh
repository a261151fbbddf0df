#!/bin/sh
# bi.sh: Cube, a BI client that npm installs, against segments (test/bi): what it makes of our views, as a role of level read. Installs 250 MB
# from npm, so `make test` does not run it. Nothing of it comes from elsewhere: its packages' own scripts, which would fetch binaries for
# its HTTP server and its cache, are left out, and so are those. Everything lives in build/bi, the database in a private server.
set -eu
. "$(dirname "$0")/common.sh"

command -v npm >/dev/null 2>&1 || fail "npm is missing; Cube is a program for Node.js 20 or later"
home=$build/bi log=$build/bi.log
mkdir -p "$home"
: >"$log"
cp "$root"/test/bi/* "$home/"
if ! cmp -s "$home/package-lock.json" "$home/installed"; then
  echo "Installing Cube from npm"
  (cd "$home" && exec nice -n 5 npm ci --ignore-scripts --no-audit --no-fund) </dev/null >>"$log" 2>&1 || { tail -n 30 "$log"; exit 1; }
  cp "$home/package-lock.json" "$home/installed"
fi

"$root/scripts/private_server.sh" remove bi
trap '"$root/scripts/private_server.sh" stop bi' EXIT
trap 'exit 130' INT TERM
"$root/scripts/private_server.sh" start bi
settings=$("$root/scripts/private_server.sh" env bi)
eval "$settings"
psql -Xq -v ON_ERROR_STOP=1 -c "CREATE ROLE bi_shop LOGIN" -c "CREATE ROLE bi_reader LOGIN" -c "CREATE DATABASE bi" >>"$log" 2>&1
export PGDATABASE=bi
psql -Xq -v ON_ERROR_STOP=1 -f "$home/shop.sql" >>"$log" 2>&1 || { tail -n 30 "$log"; exit 1; }
# Cube's clock and its database's are not the shop's.
status=0
(cd "$home" && TZ=America/New_York exec nice -n 5 npm run -s read) </dev/null >"$home/answers" 2>>"$log" || status=$?
cat "$home/answers" >>"$log"
grep -E '^(ok|not ok):|^  (got|expected) ' "$home/answers" || true
passed=$(grep -c '^ok:' "$home/answers" || true)
failed=$(grep -c '^not ok:' "$home/answers" || true)
if [ "$failed" = 0 ] && { [ "$status" != 0 ] || ! grep -q '^read to the end' "$home/answers"; }; then
  tail -n 30 "$log"
  echo "not ok: Cube did not come to its end ($log)"
  failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
