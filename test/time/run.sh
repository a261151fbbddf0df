#!/bin/sh
# Time where it hurts: on a server of its own whose clock the test sets, by libfaketime. SEED and TIME_INSTANTS choose another run.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

library=$(ls /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
if [ -z "$library" ]; then
  echo "skipped: time: no libfaketime to set a server's clock with"
  report 0 0 1
  exit 0
fi

# The server's account reads the clock; nobody else's programs look at it.
clock=$(mktemp -d /tmp/segmentation-clock.XXXXXX)
chmod 755 "$clock"
output=$(mktemp)
finish() {
  "$root/scripts/private_server.sh" remove time >/dev/null 2>&1 || true
  rm -rf "$clock" "$output"
}
trap finish EXIT
trap 'exit 130' INT TERM

echo "2024-01-01 00:00:00.000000" > "$clock/now"
"$root/scripts/private_server.sh" remove time
# Waiting goes by the monotonic clock, which stays as it is.
SERVER_SETTINGS="autovacuum = off" \
SERVER_ENVIRONMENT="TZ=UTC LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$clock/now FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1" \
  "$root/scripts/private_server.sh" start time
settings=$("$root/scripts/private_server.sh" env time)
eval "$settings"

status=0
python3 "$root/test/time/run.py" --clock "$clock/now" --instants "${TIME_INSTANTS:-80}" ${SEED:+--seed "$SEED"} >"$output" 2>&1 || status=$?
cat "$output"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output" | tail -n 1)
[ -n "$counts" ] || counts="0 1"
# shellcheck disable=SC2086
report $counts 0
exit $status
