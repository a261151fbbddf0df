#!/bin/sh
# Checks of the source tree and of what the build makes of it.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
cd "$root"

passed=0 failed=0 skipped=0
# check WHAT COMMAND...: one check; its output is shown where it fails.
check() {
  what=$1
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    echo "not ok: $what"
    printf '%s\n' "$output" | head -n 40
  fi
}

sources_are_formatted() { ${MAKE:-make} check-format; }

# Modules of one server share their symbols, so that a name too many can break another extension.
exports_only_entry_points() {
  extra=$(nm -D --defined-only build/release/segmentation.so |
    awk '{print $3}' | grep -vE '^(Pg_magic_func|_PG_init|pg_finfo_segmentation_.*|segmentation_.*)$' || true)
  [ -z "$extra" ] || { printf 'exported: %s\n' "$extra"; return 1; }
  nm -D --defined-only build/release/segmentation.so | grep -q ' Pg_magic_func$'
}

# Only the crossing between the server and the core may know both a jump and an exception.
jumps_stay_in_the_boundary() {
  ! grep -rnE '\b(sigsetjmp|PG_TRY|PG_CATCH|PG_FINALLY)\b' src --include='*.cpp' --include='*.hpp' |
    grep -vE '^src/pg/boundary/' | grep -vE ':[0-9]+: *(//|\*)'
}

core_knows_no_server() {
  ! grep -rnE '#include *[<"](postgres|fmgr|utils/|executor/|catalog/|pg/|iostream)' src/core
}

shell_scripts_parse() {
  for script in scripts/*.sh test/*/*.sh .ci/run; do sh -n "$script" || return 1; done
}

sources_are_ascii() {
  ! grep -rnP '[^\x00-\x7F]' src sql scripts Makefile CMakeLists.txt --include='*' | grep -vE '\.(gz|xz):'
}

# Makes $database anew.
make_database() {
  psql -Xq -v ON_ERROR_STOP=1 -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" \
    -c "CREATE DATABASE $database"
}

# sql_of FILE: the SQL of a page.
sql_of() {
  awk '/^```sql$/ { on = 1; next } /^```$/ { on = 0 } on' "$1"
}

# Everything that SQL can call says what it does.
functions_have_comments() {
  database=tree_comments
  make_database
  psql -Xqd $database -v ON_ERROR_STOP=1 -c "CREATE EXTENSION segmentation"
  missing=$(psql -XAtd $database -c "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname = 'segmentation' AND left(proname, 1) <> '_' AND obj_description(p.oid, 'pg_proc') IS NULL")
  psql -Xqc "DROP DATABASE $database"
  [ -z "$missing" ] || { printf '%s\n' "$missing"; return 1; }
}

# The SQL of the README, in its order, in an empty database.
readme_examples_run() {
  database=tree_readme
  make_database
  status=0
  sql_of README.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The commands of docs/operations.md run in the database that the README's examples leave.
operations_run() {
  database=tree_operations
  make_database
  status=0
  { sql_of README.md
    echo 'CREATE TABLE carts (id bigint PRIMARY KEY, customer_id bigint, created_at timestamptz);'
    sql_of docs/operations.md
  } | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The SQL of docs/binding.md, in its order, in an empty database.
binding_examples_run() {
  database=tree_binding
  make_database
  status=0
  awk '/^## By hand$/ { exit } /^```sql$/ { on = 1; next } /^```$/ { on = 0 } on' docs/binding.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(name, ' ') FROM (SELECT name FROM segmentation.segments WHERE members = 1
    UNION ALL SELECT 'problem' FROM segmentation.verify()) AS s")
  [ "$found" = good ] || { echo "found: $found"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# Its second part, in another: what a block of SQL answers is what the block of text behind it says.
binding_by_hand_answers() {
  database=tree_by_hand
  answers=$(mktemp -d)
  make_database
  status=0
  awk -v to="$answers" '/^## By hand$/ { part = 1 } !part { next }
    /^```sql$/ { on = 1; n++; printf "\\o %s/%d.out\n", to, n; next } /^```text$/ { on = 2; next } /^```$/ { on = 0; next }
    on == 1 { print } on == 2 { print > (to "/" n ".expected") }' docs/binding.md |
    psql -Xqd $database -v ON_ERROR_STOP=1 -P footer=off || status=1
  for expected in "$answers"/*.expected; do
    diff -bBu "$expected" "${expected%expected}out" || status=1
  done
  psql -Xqc "DROP DATABASE $database"
  rm -rf "$answers"
  return $status
}

# The SQL of docs/forecast.md, likewise.
forecast_examples_run() {
  database=tree_forecast
  make_database
  status=0
  sql_of docs/forecast.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(name, ', ' ORDER BY name) FILTER (WHERE members BETWEEN 1 AND 999),
      (SELECT count(*) FROM segmentation.verify()), (SELECT count(DISTINCT rfm_group) FROM segmentation.forecasts) FROM segmentation.segments")
  [ "$found" = "at risk, likely to spend, worth a call|0|11" ] || { echo "found: $found"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The SQL of docs/groups.md, likewise.
groups_examples_run() {
  database=tree_groups
  make_database
  status=0
  sql_of docs/groups.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(n.name || ' ' || s.members, ', ' ORDER BY n.at) || (SELECT count(*) FROM segmentation.verify())
    FROM segmentation.segments AS s JOIN unnest('{press,do not call,to be called,bronze,gold,vip,\"vip, autumn campaign\"}'::text[])
      WITH ORDINALITY AS n(name, at) USING (name)")
  [ "$found" = "press 1, do not call 1, to be called 2, bronze 2, gold 1, vip 3, vip, autumn campaign 20" ] || { echo "found: $found"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The README's reference names every function and view that SQL can use.
readme_names_everything() {
  database=tree_names
  make_database
  psql -Xqd $database -v ON_ERROR_STOP=1 -c "CREATE EXTENSION segmentation"
  names=$(psql -XAtd $database <<'SQL'
SELECT DISTINCT proname FROM pg_proc AS p WHERE pronamespace = 'segmentation'::regnamespace AND proname !~ '^(_|rule_(in|out|send|recv|eq|ne|hash))'
  AND prorettype <> 'trigger'::regtype
UNION SELECT relname FROM pg_class WHERE relnamespace = 'segmentation'::regnamespace AND relkind = 'v' AND relname !~ '^_';
SQL
  )
  psql -Xqc "DROP DATABASE $database"
  status=0
  for name in $names; do
    grep -q "\`$name\b" README.md || { echo "not in README.md: $name"; status=1; }
  done
  return $status
}

install_and_uninstall_match() {
  target=$(mktemp -d)
  ${MAKE:-make} install DESTDIR="$target" >/dev/null
  so=$target$($PG_CONFIG --pkglibdir)/segmentation.so
  share=$target$($PG_CONFIG --sharedir)/extension
  ok=0
  if [ -s "$so" ] && [ -s "$share/segmentation.control" ] && ls "$share"/segmentation--*.sql >/dev/null; then
    ${MAKE:-make} uninstall DESTDIR="$target" >/dev/null
    left=$(find "$target" -type f)
    [ -z "$left" ] || { printf 'left behind: %s\n' "$left"; ok=1; }
  else
    find "$target" -type f
    ok=1
  fi
  rm -rf "$target"
  return $ok
}

# Sessions have the old module mapped, and others begin meanwhile: there is the old file or the new one, whole.
install_replaces_at_once() {
  target=$(mktemp -d)
  so=$target$($PG_CONFIG --pkglibdir)/segmentation.so
  ${MAKE:-make} install DESTDIR="$target" >/dev/null
  ${MAKE:-make} install DESTDIR="$target" >/dev/null &
  pid=$!
  while kill -0 $pid 2>/dev/null; do stat -c '%i %s' "$so" || echo missing; done >"$target/seen" 2>/dev/null
  wait $pid
  stat -c '%i %s' "$so" >>"$target/seen"
  ok=0
  [ "$(sort -u "$target/seen" | wc -l)" = 2 ] || { uniq "$target/seen"; ok=1; }
  rm -rf "$target"
  return $ok
}

# Other versions lay out otherwise.
if command -v clang-format-14 >/dev/null 2>&1; then
  check "sources are formatted" sources_are_formatted
else
  echo "skipped: sources are formatted: no clang-format-14"
  skipped=1
fi
check "module exports only its entry points" exports_only_entry_points
check "jumps stay in src/pg/boundary" jumps_stay_in_the_boundary
check "core includes nothing of the server" core_knows_no_server
check "shell scripts parse" shell_scripts_parse
check "sources are ASCII" sources_are_ascii
check "functions have comments" functions_have_comments
check "README examples run" readme_examples_run
check "commands of docs/operations.md run" operations_run
check "SQL of docs/binding.md runs" binding_examples_run
check "SQL of docs/binding.md by hand answers what it says" binding_by_hand_answers
check "SQL of docs/groups.md runs" groups_examples_run
check "SQL of docs/forecast.md runs" forecast_examples_run
check "README names every function and view" readme_names_everything
check "install and uninstall match" install_and_uninstall_match
check "install replaces the module at once" install_replaces_at_once
report "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
