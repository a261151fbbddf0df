#!/bin/sh
# fuzz.sh BUILD_DIRECTORY SECONDS: runs every fuzzer there for so long, from the seeds in test/fuzz/seeds/NAME.
set -eu
. "$(dirname "$0")/common.sh"
directory=$1 seconds=$2

failed=0
for program in "$directory"/test/*_fuzz; do
  [ -x "$program" ] || fail "no fuzzers in \"$directory/test\""
  name=$(basename "$program")
  corpus=$directory/corpus/$name
  mkdir -p "$corpus" "$directory/found"
  seeds=$root/test/fuzz/seeds/$name
  [ -d "$seeds" ] || seeds=
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
      -artifact_prefix="$directory/found/" "$corpus" $seeds >"$directory/$name.log" 2>&1; then
    echo "ok: $name, $(sed -n 's/^stat::number_of_executed_units: *//p' "$directory/$name.log") runs in $seconds s"
  else
    failed=1
    tail -n 40 "$directory/$name.log"
    echo "not ok: $name"
  fi
done
exit "$failed"
