#!/bin/sh
# Random schemas, data and rules: the evaluator against to_sql. SEED, RANDOM_SHOPS and RANDOM_RULES choose another run.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
output=$(mktemp)
status=0
python3 "$root/test/random/run.py" --shops "${RANDOM_SHOPS:-12}" --rules "${RANDOM_RULES:-250}" ${SEED:+--seed "$SEED"} >"$output" 2>&1 || status=$?
cat "$output"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output" | tail -n 1)
rm -f "$output"
[ -n "$counts" ] || counts="0 1"
# shellcheck disable=SC2086
report $counts 0
exit $status
