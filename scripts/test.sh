#!/bin/sh
# test.sh [SUITE...]: installs what is missing, builds, and runs every suite: each test/*/run.sh. A suite is run with
# the settings of a private server (PGHOST ...; SERVER_TREE is its tree) and says how it ended by `report` of common.sh,
# which writes "passed failed skipped" into the file SUITE_RESULT. The last line adds them up. DEPENDENCIES=versions installs
# what scripts/test_versions.sh needs instead.
set -eu
. "$(dirname "$0")/common.sh"

passed=0 failed=0 skipped=0
summary() {
  tail=
  [ "$skipped" = 0 ] || tail=", $skipped skipped"
  echo "$passed passed, $failed failed$tail"
}
give_up() {
  echo "$*"
  failed=$((failed + 1))
  summary
  exit 1
}

"$root/scripts/install_dependencies.sh" "${DEPENDENCIES:-test}" || give_up "could not install what is missing"
make=${MAKE:-make}
$make -C "$root" all || give_up "could not build"

"$root/scripts/private_server.sh" remove test || give_up "could not remove the last run's server"
# One that is killed leaves no server behind.
trap '"$root/scripts/private_server.sh" stop test' EXIT
trap 'exit 130' INT TERM
"$root/scripts/private_server.sh" start test || give_up "could not start a private server"
settings=$("$root/scripts/private_server.sh" env test)
eval "$settings"

suites=$*
if [ -z "$suites" ]; then
  # Cheap ones first; any that is not named here comes last.
  suites="tree unit regress pgtap isolation tap random time data fuzz"
  for run in "$root"/test/*/run.sh; do
    suite=$(basename "$(dirname "$run")")
    case " $suites " in *" $suite "*) ;; *) suites="$suites $suite" ;; esac
  done
fi

results=$(mktemp -d)
# How the suites' programs (prove, pg_regress, GoogleTest, ours) mark what failed.
failure_marks='^not ok|Failed test|Failed:|Non-zero exit|FAILED|^FAIL|[Ff]ailure|^differs|ERROR:.*Sanitizer|timed out'
table=$results/table
: > "$table"
for suite in $suites; do
  run=$root/test/$suite/run.sh
  [ -x "$run" ] || continue
  echo "== $suite"
  began=$(date +%s)
  status=0
  { SUITE_RESULT=$results/$suite "$run" </dev/null 2>&1 || echo $? > "$results/$suite.status"; } | tee "$results/$suite.log"
  [ ! -e "$results/$suite.status" ] || read -r status < "$results/$suite.status"
  seconds=$(($(date +%s) - began))
  if [ -s "$results/$suite" ]; then
    read -r p f s < "$results/$suite"
  else
    p=0 f=1 s=0
    echo "suite \"$suite\" ended without a report, with exit status $status"
  fi
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then
    f=1
    echo "suite \"$suite\" reported no failure but ended with exit status $status"
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  # Said again at the end, where one who sees no more than that looks.
  if [ "$f" != 0 ]; then
    echo "== $suite" >> "$results/failures"
    grep -E "$failure_marks" "$results/$suite.log" | head -n 30 >> "$results/failures" || true
  fi
  printf '%-10s %6d passed %4d failed %4d skipped %5d s\n' "$suite" "$p" "$f" "$s" "$seconds" | tee -a "$table"
done

# What no test may do: bring a server process down, or leave its error stack broken.
echo "== server log"
if grep -nE 'PANIC|was terminated by signal|longjmp causes|TRAP:|stack smashing' "$SERVER_DATA/server.log"; then
  failed=$((failed + 1))
else
  passed=$((passed + 1))
fi

echo
[ ! -s "$results/failures" ] || cat "$results/failures"
cat "$table"
rm -rf "$results"
summary
[ "$failed" = 0 ]
