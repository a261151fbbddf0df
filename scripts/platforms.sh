#!/bin/sh
# platforms.sh [PLATFORM...]: real shop platforms against segments (default: all). Each is a folder of test/platforms: its package.json names
# the platform's packages and says how its own code makes the tables (npm run migrate), fills them (seed), and goes on while
# segments are alive (play). In between presets/PLATFORM.sql is applied. Installs hundreds of MB from npm, so `make test` does not run it.
# Everything lives in build/platforms/PLATFORM, the databases in a private server, which listens on a random port of 127.0.0.1.
# The platform's tables are one role's, its code has another one that may write to them and knows nothing of segments.
set -eu
. "$(dirname "$0")/common.sh"

command -v npm >/dev/null 2>&1 || fail "npm is missing; the platforms are programs for Node.js 20 or later"
if [ $# = 0 ]; then
  for package in "$root"/test/platforms/*/package.json; do set -- "$@" "$(basename "$(dirname "$package")")"; done
fi

# What a platform writes is for its log; lines of the judge are shown.
log=
npm_run() {
  if ! (cd "$home" && exec nice -n 5 npm run -s "$@") </dev/null >>"$log" 2>&1; then
    tail -n 30 "$log"
    return 1
  fi
}

prepare() {
  mkdir -p "$home"
  cp "$root/test/platforms/$platform"/* "$root"/test/platforms/*.js "$home/"
  if ! cmp -s "$home/package.json" "$home/installed"; then
    echo "Installing $platform from npm"
    (cd "$home" && exec nice -n 5 npm install --no-audit --no-fund) </dev/null >"$log" 2>&1 || { tail -n 30 "$log"; return 1; }
    cp "$home/package.json" "$home/installed"
  fi
}

psql_as() { user=$1; shift; PGOPTIONS="-c client_min_messages=error" PGUSER=$user psql -Xqd "$platform" -v ON_ERROR_STOP=1 "$@" >>"$log" 2>&1 || { tail -n 30 "$log"; return 1; }; }

make_shop() {
  owner=${platform}_owner app=${platform}_app
  psql -Xqd postgres -v ON_ERROR_STOP=1 >>"$log" 2>&1 <<SQL
SET client_min_messages = error;
DROP DATABASE IF EXISTS $platform;
DROP ROLE IF EXISTS $owner, $app;
CREATE ROLE $owner LOGIN;
CREATE ROLE $app LOGIN;
CREATE DATABASE $platform OWNER $owner;
SQL
  psql_as postgres -c "ALTER SCHEMA public OWNER TO $owner" -c "CREATE EXTENSION segmentation" \
    -c "SELECT segmentation.grant_access('$owner', 'admin')"
  OWNER_URL=postgres://$owner@127.0.0.1:$PGPORT/$platform
  DATABASE_URL=$OWNER_URL npm_run migrate
  psql_as "$owner" -c "GRANT USAGE ON SCHEMA public TO $app" -c "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO $app" \
    -c "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO $app"
  DATABASE_URL=postgres://$app@127.0.0.1:$PGPORT/$platform
}

passed=0 failed=0
run_platform() {
  platform=$1 home=$build/platforms/$1 log=$build/platforms/$1.log
  echo "== $platform"
  mkdir -p "$build/platforms"
  : >"$log"
  began=$(date +%s)
  prepare || return 1
  make_shop && npm_run seed || return 1
  psql_as "$owner" -v timezone=Europe/Sofia -f "$root/presets/$platform.sql" || return 1
  status=0
  npm_run play || status=$?
  grep -E '^(ok|not ok):|^  (got|expected) ' "$log" || true
  passed=$((passed + $(grep -c '^ok:' "$log" || true)))
  failed=$((failed + $(grep -c '^not ok:' "$log" || true)))
  grep -q '^judged' "$log" || return 1
  echo "$platform: $(($(date +%s) - began)) s"
  return "$status"
}

export MEDUSA_DISABLE_TELEMETRY=true CI=true DATABASE_URL= OWNER_URL=
"$root/scripts/private_server.sh" remove platforms
trap '"$root/scripts/private_server.sh" stop platforms' EXIT
trap 'exit 130' INT TERM
SERVER_SETTINGS="listen_addresses = '127.0.0.1'" "$root/scripts/private_server.sh" start platforms
settings=$("$root/scripts/private_server.sh" env platforms)
eval "$settings"
for name in "$@"; do
  [ -e "$root/test/platforms/$name/package.json" ] || fail "there is no platform \"$name\" in test/platforms"
  before=$failed
  run_platform "$name" || [ "$failed" != "$before" ] || { echo "not ok: $name did not come to its end ($log)"; failed=$((failed + 1)); }
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
