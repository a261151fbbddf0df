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

# A table of definitions that sessions do not know of is read once and then never again: its trigger tells them of nothing.
sessions_hear_of_definitions() {
  told=$(sed -n 's/^CREATE TRIGGER changed .* ON segmentation\.\([a-z_]*\)$/\1/p' "$root"/sql/*.sql | sort)
  heard=$(sed -n '/definition_tables\[\] = {/,/};/p' "$root/src/pg/live/live.cpp" | grep -o '"[a-z_]*"' | tr -d '"' | sort)
  [ "$told" = "$heard" ] || { printf 'triggers are on\n%s\nsessions hear of\n%s\n' "$told" "$heard" && return 1; }
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

# page_answers DATABASE FILE [FROM]: in a database of its own, from a line on or the whole page, what a block of SQL of a page answers is what the block of text behind
# it says.
page_answers() {
  database=$1
  answers=$(mktemp -d)
  make_database
  status=0
  awk -v to="$answers" -v from="${3:-}" 'from == "" || $0 == from { part = 1 } !part { next }
    /^```sql$/ { on = 1; n++; printf "\\o %s/%d.out\n", to, n; next } /^```text$/ { on = 2; next } /^```$/ { on = 0; next }
    on == 1 { print } on == 2 { print > (to "/" n ".expected") }' "$2" |
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

binding_by_hand_answers() { page_answers tree_by_hand docs/binding.md "## By hand"; }
explain_answers() { page_answers tree_explain docs/explain.md "# Why is she in, why is she not"; }
application_answers() { page_answers tree_application docs/application.md; }

# The SQL of docs/look.md, likewise: what it answers.
look_examples_run() {
  database=tree_look
  make_database
  status=0
  found=$(sql_of docs/look.md | psql -XAtqF, -d $database -v ON_ERROR_STOP=1 | sed -e '/^$/d' -e 's/,\[.*//' | paste -sd ' ') || status=1
  psql -Xqc "DROP DATABASE $database"
  expected='1 2 2 2 2,2,2 2,2,2 1,enters 1,0 VIP,f,t shoes,f,t VIP'
  [ "$found" = "$expected" ] || { echo "found: $found"; return 1; }
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

# The SQL of docs/export.md, likewise; its CSV has the headings, and no formula.
export_examples_run() {
  database=tree_export
  make_database
  status=0
  csv=$(sql_of docs/export.md | psql -Xqd $database -v ON_ERROR_STOP=1) || status=1
  for line in 'CustomerId,Name,Organization,Email,Phone,ManagerName,LastOrderNumber,LastOrderId,OrdersSum,OrdersCount,Location,RegistrationDateTime,BirthDay' \
    'email,total spent' '"boris@example.com","320.50"'; do
    printf '%s\n' "$csv" | grep -qxF "$line" || { printf 'missing: %s\n%s\n' "$line" "$csv"; status=1; }
  done
  printf '%s\n' "$csv" | grep -q ",\"'=HYPERLINK" || { echo "a formula is left"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The SQL of docs/report.md, likewise; it ends with two pages.
report_examples_run() {
  database=tree_report
  make_database
  status=0
  pages=$(sql_of docs/report.md | psql -XAtqd $database -v ON_ERROR_STOP=1) || status=1
  [ "$(printf '%s\n' "$pages" | grep -c '^<footer>.*</html>$')" = 2 ] || { printf '%s\n' "$pages"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The SQL of docs/bi.md, likewise; and its tables of columns are those that there are, with their types, in their order.
bi_examples_run() {
  database=tree_bi
  make_database
  status=0
  sql_of docs/bi.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(concat_ws(' ', segment, members, orders, revenue, paid_revenue), ', ' ORDER BY segment) FROM segmentation.segment_summary")
  [ "$found" = "buyers 2 3 500.00 200.00, from Sofia 2 1 80.00 80.00" ] || { echo "found: $found"; status=1; }
  columns=$(mktemp -d)
  awk -F ' *[|] *' '/^#/ || /^`segmentation/ { of = ""; if (match($0, /segmentation[.][a-z_]+/)) of = substr($0, RSTART + 13, RLENGTH - 13) }
    of && /^[|] `[a-z_0-9]+` [|]/ && NF == 5 { name = $2; gsub(/`/, "", name); print of, name, $3 }' docs/bi.md >"$columns/page"
  psql -XAtF ' ' -d $database -c "
    SELECT o.name, c.name, CASE c.name WHEN 'customer_id' THEN 'the key''s type' ELSE replace(format_type(c.type, NULL), 'timestamp with time zone', 'timestamptz') END
    FROM unnest('{segment_summary,segment_trend,overlap,breakdown,membership,membership_history}'::text[]) WITH ORDINALITY AS o(name, at),
      LATERAL (SELECT a.attname::text AS name, a.atttypid AS type, a.attnum AS at FROM pg_attribute AS a
               WHERE a.attrelid = to_regclass('segmentation.' || o.name) AND a.attnum > 0 AND NOT a.attisdropped
               UNION ALL SELECT u.name, u.type, u.at FROM pg_proc AS p, unnest(p.proallargtypes, p.proargnames, p.proargmodes) WITH ORDINALITY AS u(type, name, mode, at)
               WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname = o.name AND u.mode = 't') AS c
    ORDER BY o.at, c.at" >"$columns/catalog"
  diff -u "$columns/page" "$columns/catalog" || status=1
  rm -rf "$columns"
  psql -Xqc "DROP DATABASE $database" -c "DROP ROLE dashboard"
  return $status
}

# The SQL of docs/sharing.md, likewise: what the guests get, and which tokens are good in the end.
sharing_examples_run() {
  database=tree_sharing
  make_database
  status=0
  sql_of docs/sharing.md | psql -XAtqd $database -v ON_ERROR_STOP=1 >build/tree_sharing.out || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(format('%s %s %s %s', columns, uses, pages, is_good), ', ' ORDER BY id) FROM segmentation.shares")
  [ "$found" = '{name,spent} 1 0 f, {} 1 1 t' ] && grep -q '{"name" : "Boris", "spent" : 120.00}' build/tree_sharing.out &&
    [ "$(tail -n 2 build/tree_sharing.out | tr '\n' ' ')" = '3 3 ' ] || { echo "found: $found"; cat build/tree_sharing.out; status=1; }
  psql -Xqc "DROP DATABASE $database" -c "DROP ROLE IF EXISTS gateway"
  return $status
}

# The SQL of docs/definitions.md, likewise.
definitions_examples_run() {
  database=tree_definitions
  make_database
  status=0
  sql_of docs/definitions.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(concat_ws(' ', name, status, members, version, labels), ', ' ORDER BY name) || (SELECT count(*) FROM segmentation.verify())
    FROM segmentation.segments")
  [ "$found" = "press live 0 1 {}, spenders live 2 1 {loyalty}, vip live 1 2 {loyalty,spring}, vip in Sofia live 0 1 {}, vip, another try archived 0 1 {loyalty,spring}0" ] || { echo "found: $found"; status=1; }
  psql -Xqc "DROP DATABASE $database"
  return $status
}

# The SQL of docs/changes.md, likewise: it leaves a copy that is right.
changes_examples_run() {
  database=tree_changes
  make_database
  status=0
  sql_of docs/changes.md | psql -Xqd $database -v ON_ERROR_STOP=1 || status=1
  found=$(psql -XAtd $database -c "SELECT string_agg(segment || ' ' || customer, ', ' ORDER BY segment, customer) || (SELECT cursor = segmentation.changes_position() FROM copy_at)
    FROM copy")
  [ "$found" = "buyers 2, buyers 3, vip 2, vip 3true" ] || { echo "found: $found"; status=1; }
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
check "sessions hear of every table of definitions" sessions_hear_of_definitions
check "shell scripts parse" shell_scripts_parse
check "sources are ASCII" sources_are_ascii
check "functions have comments" functions_have_comments
check "README examples run" readme_examples_run
check "commands of docs/operations.md run" operations_run
check "SQL of docs/binding.md runs" binding_examples_run
check "SQL of docs/binding.md by hand answers what it says" binding_by_hand_answers
check "docs/explain.md answers as it says" explain_answers
check "SQL of docs/groups.md runs" groups_examples_run
check "SQL of docs/forecast.md runs" forecast_examples_run
check "SQL of docs/application.md answers what it says" application_answers
check "SQL of docs/export.md runs" export_examples_run
check "SQL of docs/report.md runs" report_examples_run
check "SQL of docs/bi.md runs, and its columns are the catalog's" bi_examples_run
check "SQL of docs/sharing.md runs" sharing_examples_run
check "SQL of docs/definitions.md runs" definitions_examples_run
check "SQL of docs/changes.md runs" changes_examples_run
check "SQL of docs/look.md answers what it says" look_examples_run
check "README names every function and view" readme_names_everything
check "install and uninstall match" install_and_uninstall_match
check "install replaces the module at once" install_replaces_at_once
report "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
