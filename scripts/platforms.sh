#!/bin/sh
# platforms.sh [PLATFORM...]: real shop platforms against segments (default: all). Each is a folder of test/platforms: its package.json names
# the platform's packages and says how its own code makes the tables (npm run migrate), fills them (seed), and goes on while
# segments are alive (play). In between presets/PLATFORM.sql is applied, and adopt adds what the preset leaves. In a copy adopt comes first (alone), and
# the preset after it. Installs hundreds of MB from npm, so `make test` does not run it.
# Everything lives in build/platforms/PLATFORM, the databases in a private server, which listens on a random port of 127.0.0.1.
# PRESETS is another folder of presets.
# The platform's tables are one role's, its code has another one that may write to them and knows nothing of segments.
set -eu
. "$(dirname "$0")/common.sh"

command -v npm >/dev/null 2>&1 || fail "npm is missing; the platforms are programs for Node.js 20 or later"
if [ $# = 0 ]; then
  for package in "$root"/test/platforms/*/package.json; do set -- "$@" "$(basename "$(dirname "$package")")"; done
fi

# Where the platforms' code runs: far from the shop's zone and from the server's.
node_timezone=America/New_York
presets=${PRESETS:-$root/presets} preset_settings="timezone=Europe/Sofia node_timezone=$node_timezone"
# What all of this writes goes into the log.
npm_run() { (cd "$home" && TZ=$node_timezone exec nice -n 5 npm run -s "$1") </dev/null >>"$log" 2>&1; }
psql_as() { user=$1; shift; PGOPTIONS="-c client_min_messages=error" PGUSER=$user psql -Xqd "$database" -v ON_ERROR_STOP=1 "$@" >>"$log" 2>&1; }

install_platform() {
  mkdir -p "$home"
  cp "$root/test/platforms/$platform"/* "$root"/test/platforms/*.js "$home/"
  # What is to be installed; the scripts may change.
  if sed -n '/dependencies/,$p' "$home/package.json" | cmp -s - "$home/installed"; then return; fi
  echo "Installing $platform from npm"
  (cd "$home" && exec nice -n 5 npm install --no-audit --no-fund) </dev/null >>"$log" 2>&1 && sed -n '/dependencies/,$p' "$home/package.json" >"$home/installed"
}

make_shop() {
  OWNER_URL=postgres://$owner@127.0.0.1:$PGPORT/$platform
  PGOPTIONS="-c client_min_messages=error" psql -Xqd postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $platform" \
    -c "DROP ROLE IF EXISTS $owner, $app" -c "CREATE ROLE $owner LOGIN" -c "CREATE ROLE $app LOGIN" \
    -c "CREATE DATABASE $platform OWNER $owner" >>"$log" 2>&1 &&
  psql_as postgres -c "ALTER SCHEMA public OWNER TO $owner" -c "CREATE EXTENSION segmentation" \
    -c "SELECT segmentation.grant_access('$owner', 'admin')" &&
  DATABASE_URL=$OWNER_URL npm_run migrate &&
  psql_as "$owner" -c "GRANT USAGE ON SCHEMA public TO $app" -c "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO $app" \
    -c "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO $app"
}

apply_preset() {
  # shellcheck disable=SC2046,SC2086
  psql_as "$owner" $(printf -- '-v %s ' $preset_settings) -f "$presets/$platform.sql"
}

# All that is bound and defined, before and after adopt: it adds, and changes nothing.
adopt_after() {
  made="SELECT 'binding', (to_jsonb(b) - 'computed')::text FROM segmentation.bindings AS b
    UNION ALL SELECT b.name, c::text FROM segmentation.bindings AS b, jsonb_each(b.computed) AS c UNION ALL SELECT 'attribute', (to_jsonb(a) - 'used_by')::text FROM segmentation.attributes AS a
    UNION ALL SELECT 'source', s::text FROM segmentation.sources AS s"
  psql_as "$owner" -At -c "CREATE TEMP TABLE made AS $made" -c "SELECT * FROM segmentation.adopt('public')" \
    -c "SELECT CASE count(*) WHEN 0 THEN 'ok: ' ELSE 'not ok: ' END || 'adopt changes nothing that the preset makes' FROM (TABLE made EXCEPT ($made)) AS gone"
}

# In a copy of the shop, before anything is bound there.
adopt_alone() {
  database=${platform}_alone OWNER_URL=postgres://$owner@127.0.0.1:$PGPORT/$database
  PGOPTIONS="-c client_min_messages=error" psql -Xqd postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $database" \
    -c "CREATE DATABASE $database TEMPLATE $platform OWNER $owner" >>"$log" 2>&1 &&
  DATABASE_URL=$OWNER_URL PRESET=$presets/$platform.sql PRESET_SETTINGS="$preset_settings" npm_run alone || return 1
  database=$platform OWNER_URL=postgres://$owner@127.0.0.1:$PGPORT/$database
}

passed=0 failed=0
run_platform() {
  platform=$1 database=$1 home=$build/platforms/$1 log=$build/platforms/$1.log owner=${1}_owner app=${1}_app
  echo "== $platform"
  mkdir -p "$build/platforms"
  : >"$log"
  began=$(date +%s) status=0
  install_platform && make_shop && DATABASE_URL=postgres://$app@127.0.0.1:$PGPORT/$platform && npm_run seed && adopt_alone && apply_preset && adopt_after && npm_run play &&
    apply_preset && adopt_after && psql_as "$owner" -At -c "SELECT CASE count(*) WHEN 0 THEN 'ok: ' ELSE 'not ok: ' END ||
      'verify finds nothing after the preset has run again under segments' FROM segmentation.verify()" || status=$?
  # The judge's lines.
  grep -E '^(ok|not ok):|^  (got|expected) ' "$log" || true
  passed=$((passed + $(grep -c '^ok:' "$log" || true)))
  wrong=$(grep -c '^not ok:' "$log" || true)
  if [ "$wrong" = 0 ] && { [ "$status" != 0 ] || ! grep -q '^judged' "$log"; }; then
    tail -n 30 "$log"
    echo "not ok: $platform did not come to its end ($log)"
    wrong=1
  fi
  failed=$((failed + wrong))
  echo "$platform: $(($(date +%s) - began)) s"
}

export MEDUSA_DISABLE_TELEMETRY=true CI=true DATABASE_URL='' OWNER_URL=''
"$root/scripts/private_server.sh" remove platforms
trap '"$root/scripts/private_server.sh" stop platforms' EXIT
trap 'exit 130' INT TERM
SERVER_SETTINGS="listen_addresses = '127.0.0.1'
track_commit_timestamp = on" "$root/scripts/private_server.sh" start platforms
settings=$("$root/scripts/private_server.sh" env platforms)
eval "$settings"
for name in "$@"; do
  [ -e "$root/test/platforms/$name/package.json" ] || fail "there is no platform \"$name\" in test/platforms"
  run_platform "$name"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
