#!/bin/sh
# demo.sh: a short story in the terminal, from nothing: installs what is missing, builds, starts a private PostgreSQL,
# loads a shop, tells demo/story.sql, and leaves the user at a psql prompt. Without a terminal it ends there.
set -eu
. "$(dirname "$0")/common.sh"

"$root/scripts/install_dependencies.sh" demo
mkdir -p "$build"
if [ ! -e "$build/release/segmentation.so" ]; then echo "Building; the first time takes a few minutes."; fi
${MAKE:-make} -s -C "$root" all >"$build/demo-build.log" 2>&1 || { cat "$build/demo-build.log"; exit 1; }

trap '"$root/scripts/private_server.sh" stop demo' EXIT
trap 'exit 130' INT TERM
# In the story a day passes: the server takes its clock from a file, which says by how much it is ahead.
library=$(ls /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
DEMO_CLOCK=$build/demo-clock
echo +0 > "$DEMO_CLOCK"
export DEMO_CLOCK
if [ -n "$library" ]; then
  "$root/scripts/private_server.sh" stop demo
  SERVER_ENVIRONMENT="LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$DEMO_CLOCK FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1"
  export SERVER_ENVIRONMENT
fi
"$root/scripts/private_server.sh" start demo
settings=$("$root/scripts/private_server.sh" env demo)
eval "$settings"
echo "PostgreSQL $(psql -XAtc 'SHOW server_version' | cut -d ' ' -f 1), private to this checkout, in ${SERVER_DATA%/data}"

# The shop is loaded once a day, since its dates count back from today, and again where its script has changed.
loaded="$(date +%F) $(cksum <"$root/demo/shop.sql")"
there=$(psql -XAtd shop -c "SELECT obj_description('shop'::regnamespace)" 2>/dev/null || true)
if [ "$there" != "$loaded" ]; then
  psql -Xqc "DROP DATABASE IF EXISTS shop" 2>/dev/null
  psql -Xqc "CREATE DATABASE shop"
  psql -Xqd shop -v loaded="$loaded" -f "$root/demo/shop.sql" >/dev/null
fi

psql -Xqd shop -v report="$build/report.html" ${library:+-v clock="$DEMO_CLOCK"} 2>&1 <"$root/demo/story.sql"

if [ -t 0 ] && [ -t 1 ]; then
  cat "$root/demo/try.txt"
  PGDATABASE=shop psql -Xq -P pager=off || true
  echo "The server stops now; \`make demo\` starts it again."
fi
