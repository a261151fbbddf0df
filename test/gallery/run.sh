#!/bin/sh
# Every segment of docs/gallery.md in a shop of 2,000 customers, against SQL written by hand: as made, after writes, a day later. On the server that
# PGHOST, PGPORT, PGUSER ... name; then on one whose clock the test sets, by libfaketime, on each day of GALLERY_DAYS. SEED throws other dice.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

# The day after this one has the birthdays of 29 February.
days=${GALLERY_DAYS-2027-02-27T12:00}
seed=${SEED:-7}
database=gallery
passed=0 failed=0 skipped=0
output=$(mktemp)
clock=$(mktemp -d /tmp/segmentation-clock.XXXXXX)
chmod 755 "$clock"
finish() {
  [ -z "${started:-}" ] || "$root/scripts/private_server.sh" remove gallery >/dev/null 2>&1 || true
  rm -rf "$clock" "$output"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The session lives far from the shop's time zone: nothing may hang on it.
export PGTZ=Pacific/Auckland PGCLIENTENCODING=UTF8

# gallery DAY [SETTING...]: one shop.
gallery() {
  day=$1
  shift
  psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
  status=0
  { echo "SET client_min_messages = error;"; echo "\\o /dev/null"; python3 "$root/test/gallery/script.py"; } |
    psql -XqAtd "$database" -v ON_ERROR_STOP=1 -v VERBOSITY=terse -v seed="$seed" "$@" >"$output" 2>&1 || status=$?
  grep -v '^ok: ' "$output" || true
  p=$(grep -c '^ok: ' "$output" || true)
  f=$(grep -c '^not ok: ' "$output" || true)
  if [ "$status" != 0 ] || [ "$p" = 0 ]; then
    echo "not ok: the gallery did not come to its end"
    f=$((f + 1))
  fi
  echo "-- $day, SEED=$seed: $p passed, $f failed"
  passed=$((passed + p)) failed=$((failed + f))
  # With failures the database stays, to look into.
  [ "$f" != 0 ] || psql -Xqd postgres -c "DROP DATABASE $database"
}

gallery today

library=$(ls /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
if [ -n "$days" ] && [ -z "$library" ]; then
  echo "skipped: gallery on other days: no libfaketime to set a server's clock with"
  skipped=1
  days=
fi
for day in $days; do
  export CLOCK="$clock/now"
  date -u -d "$day" '+%F %T.000000' > "$CLOCK"
  TOMORROW=$(date -u -d "$day 1 day" '+%F %T.000000')
  export TOMORROW
  if [ -z "${started:-}" ]; then
    "$root/scripts/private_server.sh" remove gallery
    # Waiting goes by the monotonic clock, which stays as it is.
    SERVER_SETTINGS="autovacuum = off" \
      SERVER_ENVIRONMENT="TZ=UTC LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$CLOCK FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1" \
      "$root/scripts/private_server.sh" start gallery
    started=yes
    settings=$("$root/scripts/private_server.sh" env gallery)
    eval "$settings"
  fi
  gallery "$day" -v clock=1
done
report "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
