#!/bin/sh
# demo.sh: a short story in the terminal, from nothing: installs what is missing, builds, starts a private PostgreSQL,
# loads a shop, tells demo/story.sql, and leaves the user at a psql prompt. Without a terminal it ends there.
set -eu
. "$(dirname "$0")/common.sh"

"$root/scripts/install_dependencies.sh" build
mkdir -p "$build"
if [ ! -e "$build/release/segmentation.so" ]; then echo "Building; the first time takes a few minutes."; fi
${MAKE:-make} -s -C "$root" all >"$build/demo-build.log" 2>&1 || { cat "$build/demo-build.log"; exit 1; }

trap '"$root/scripts/private_server.sh" stop demo' EXIT
trap 'exit 130' INT TERM
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

psql -Xqd shop 2>&1 <"$root/demo/story.sql"

if [ -t 0 ] && [ -t 1 ]; then
  cat "$root/demo/try.txt"
  PGDATABASE=shop psql -Xq -P pager=off || true
  echo "The server stops now; \`make demo\` starts it again."
fi
