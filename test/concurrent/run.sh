#!/bin/sh
# Many clients change a shop at once; every few seconds they stop, and the members must be what SQL says. On a server of its own, which is
# killed in the middle of every second round. SEED chooses another run, CONCURRENT_SECONDS how long it takes; SOAK_SECONDS is a long run
# (make soak) with rounds of a minute. Arguments go to run.py.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

output=$(mktemp)
finish() {
  [ -n "${KEEP_SERVER:-}" ] || "$root/scripts/private_server.sh" remove concurrent >/dev/null 2>&1 || true
  rm -f "$output"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$root/scripts/private_server.sh" remove concurrent
SERVER_SETTINGS="max_prepared_transactions = 20
deadlock_timeout = 100ms
autovacuum_naptime = 2s" "$root/scripts/private_server.sh" start concurrent
settings=$("$root/scripts/private_server.sh" env concurrent)
eval "$settings"

if [ -n "${SOAK_SECONDS:-}" ]; then
  set -- --seconds "$SOAK_SECONDS" --round 60 "$@"
else
  set -- --seconds "${CONCURRENT_SECONDS:-40}" --round 10 "$@"
fi
CONCURRENT_LOG=$build python3 "$root/test/concurrent/run.py" --crash "$root/test/concurrent/crash.sh" ${SEED:+--seed "$SEED"} "$@" 2>&1 | tee "$output"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output" | tail -n 1)
[ -n "$counts" ] || counts="0 1"
passed=${counts% *} failed=${counts#* }
if grep -aE 'PANIC|was terminated by signal (11|6|7|4|8)|TRAP:|stack smashing' "$SERVER_DATA/server.log"; then
  echo "a server process came down"
  failed=$((failed + 1))
fi
report "$passed" "$failed" 0
[ "$failed" = 0 ]
