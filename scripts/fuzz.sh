#!/bin/sh
# fuzz.sh BUILD_DIRECTORY SECONDS: runs every fuzzer there for so long, from the seeds in test/fuzz/seeds/NAME. Some ask
# a server: the one that PGHOST ... name, else a private one that is stopped at the end.
set -eu
. "$(dirname "$0")/common.sh"
directory=$1 seconds=$2

if [ -z "${PGHOST:-}" ]; then
  trap '"$root/scripts/private_server.sh" stop fuzz' EXIT
  trap 'exit 130' INT TERM
  "$root/scripts/private_server.sh" start fuzz
  settings=$("$root/scripts/private_server.sh" env fuzz)
  eval "$settings"
fi

failed=0
for program in "$directory"/test/*_fuzz; do
  [ -x "$program" ] || fail "no fuzzers in \"$directory/test\""
  name=$(basename "$program")
  corpus=$directory/corpus/$name
  mkdir -p "$corpus" "$directory/found"
  seeds=$root/test/fuzz/seeds/$name
  [ -d "$seeds" ] || seeds=
  # Weighing inputs by entropy takes longer than running them, where each has thousands of features.
  if "$program" -max_total_time="$seconds" -entropic=0 -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
      -artifact_prefix="$directory/found/" "$corpus" $seeds >"$directory/$name.log" 2>&1; then
    echo "ok: $name, $(sed -n 's/^stat::number_of_executed_units: *//p' "$directory/$name.log") runs in $seconds s"
  else
    failed=1
    tail -n 40 "$directory/$name.log"
    echo "not ok: $name"
  fi
done
exit "$failed"
