#!/bin/sh
# A year in fast motion: on a server of its own whose clock the test sets, by libfaketime, members are held against PostgreSQL running the rules at each stop of
# the clock. SEED chooses another run; YEAR=long takes more customers, more stops, and Online Retail's year in each of the four zones.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

library=$(ls /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
if [ -z "$library" ]; then
  echo "skipped: year: no libfaketime to set a server's clock with"
  report 0 0 1
  exit 0
fi
skipped=0
data=${SEGMENTATION_DATA:-$root/../shared/data}
if ! command -v xz >/dev/null 2>&1 || [ ! -r "$data/online_retail.csv.xz" ]; then
  echo "skipped: a year of Online Retail: no xz, or no \"$data/online_retail.csv.xz\" (SEGMENTATION_DATA names the folder)"
  data='' skipped=1
fi

# The server's account reads the clock; nobody else's programs look at it.
clock=$(mktemp -d /tmp/segmentation-clock.XXXXXX)
chmod 755 "$clock"
output=$(mktemp)
finish() {
  "$root/scripts/private_server.sh" remove year >/dev/null 2>&1 || true
  rm -rf "$clock" "$output"
}
trap finish EXIT
trap 'exit 130' INT TERM

echo "2019-01-01 00:00:00.000000" > "$clock/now"
"$root/scripts/private_server.sh" remove year
# Waiting goes by the monotonic clock, which stays as it is.
export SERVER_SETTINGS="autovacuum = off"
export SERVER_ENVIRONMENT="TZ=UTC LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$clock/now FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1"
"$root/scripts/private_server.sh" start year
settings=$("$root/scripts/private_server.sh" env year)
eval "$settings"

long=
[ "${YEAR:-}" != long ] || long="--people 5000 --hops 80 --slice 1 --whole"
status=0
# shellcheck disable=SC2086
python3 "$root/test/year/run.py" --clock "$clock/now" ${data:+--data "$(cd "$data" && pwd)"} ${SEED:+--seed "$SEED"} $long "$@" >"$output" 2>&1 || status=$?
cat "$output"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output" | tail -n 1)
[ -n "$counts" ] || counts="0 1"
# shellcheck disable=SC2086
report $counts "$skipped"
exit $status
