# shellcheck shell=sh disable=SC2034
# What the scripts share; sourced, after `set -eu`. Sets root (the checkout) and build (its build directory).
umask 022
root=$(cd "$(dirname "$0")" && pwd)
until [ -e "$root/segmentation.control" ]; do root=$(dirname "$root"); done
build=$root/build
PG_CONFIG=${PG_CONFIG:-pg_config}

fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The account that servers run as: PostgreSQL refuses root, so root hands them to another.
if [ "$(id -u)" != 0 ]; then
  server_user=
elif id postgres >/dev/null 2>&1; then
  server_user=postgres
else
  server_user=nobody
fi

# Runs a command as that account, in a directory that it can enter.
as_server_user() {
  if [ -n "$server_user" ]; then
    (cd / && exec setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --clear-groups "$@")
  else
    "$@"
  fi
}

# Says how a suite of tests ended: report PASSED FAILED SKIPPED. scripts/test.sh adds them up.
report() {
  if [ -n "${SUITE_RESULT:-}" ]; then echo "$1 $2 $3" > "$SUITE_RESULT"; else echo "$1 passed, $2 failed, $3 skipped"; fi
}

# Runs TAP programs by prove and reports their counts: run_prove ARGUMENT... Succeeds where all passed.
run_prove() {
  prove_output=$(mktemp)
  prove_status=0
  "$@" >"$prove_output" 2>&1 || prove_status=$?
  cat "$prove_output"
  tests=$(sed -n 's/^Files=[0-9]*, Tests=\([0-9]*\),.*/\1/p' "$prove_output")
  failures=$(sed -n 's/.*(Wstat: .* Failed: \([0-9]*\))$/\1/p' "$prove_output" | awk '{ n += $1 } END { print n + 0 }')
  rm -f "$prove_output"
  tests=${tests:-0}
  # A program that dies, or plans another number than it runs, fails without a failed test.
  if [ "$prove_status" != 0 ] && [ "$failures" = 0 ]; then failures=1 tests=$((tests + 1)); fi
  report $((tests - failures)) "$failures" 0
  return "$prove_status"
}

# Builds TARGET, a form of the module that is for tests alone; where it cannot be built, reports one failure and ends the suite.
build_test_module() {
  mkdir -p "$build"
  if ! { cmake -S "$root" -B "$build/release" -DPG_CONFIG="$PG_CONFIG" &&
         cmake --build "$build/release" --target "$1" -j "$(nproc)"; } >"$build/$1.log" 2>&1; then
    tail -n 40 "$build/$1.log"
    report 0 1 0
    exit 1
  fi
}

# Puts a built module among the private server's as NAME, by rename, as install_files.sh does: place_test_module TARGET NAME. Sets library.
place_test_module() {
  library=$SERVER_TREE$($PG_CONFIG --pkglibdir)/$2.so
  cp "$build/release/$1.so" "$library.new"
  chmod a+r "$library.new"
  mv -f "$library.new" "$library"
}
