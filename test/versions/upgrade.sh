#!/bin/sh
# upgrade.sh OLD NEW: pg_upgrade of a shop with segments, from the PostgreSQL whose programs are in directory OLD to that in NEW; both must
# have the extension installed. Without arguments, or where one is missing, it says so and is skipped.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

old=${1:-} new=${2:-}
skip() {
  echo "skipped: $*"
  report 0 0 1
  exit 0
}
for bindir in "$old" "$new"; do [ -x "$bindir/postgres" ] || skip "no PostgreSQL in \"$bindir\""; done

work=$(mktemp -d /tmp/segmentation.XXXXXX)
passed=0 failed=0
[ -z "$server_user" ] || chown "$server_user" "$work"
finish() {
  for name in old new; do
    if [ -e "$work/$name/postmaster.pid" ]; then as_server_user "$(bindir_of $name)/pg_ctl" -D "$work/$name" -m fast -w -s stop || true; fi
  done
  rm -rf "$work"
}
bindir_of() { if [ "$1" = old ]; then echo "$old"; else echo "$new"; fi; }
trap finish EXIT
make_cluster() {
  # Checksums are on by default from 18 on, and must be alike.
  as_server_user "$(bindir_of "$1")/initdb" -D "$work/$1" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N -k >"$work/log" ||
    { cat "$work/log"; exit 1; }
  echo "listen_addresses = ''" | as_server_user tee -a "$work/$1/postgresql.conf" >/dev/null
}
start() { as_server_user "$(bindir_of "$1")/pg_ctl" -D "$work/$1" -l "$work/$1.log" -w -s -o "-k $work -p 5432" start >/dev/null; }
ask() { "$(bindir_of "$1")/psql" -XAtq -h "$work" -p 5432 -U "${3:-postgres}" -d shop -v ON_ERROR_STOP=1 -c "$2"; }
# is WHAT GOT EXPECTED
is() {
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); echo "ok: $1"; return; fi
  failed=$((failed + 1))
  echo "not ok: $1 (< got, > expected)"
  printf '%s\n' "$2" >"$work/got"
  printf '%s\n' "$3" >"$work/expected"
  diff "$work/got" "$work/expected" | head -n 20
}

# Minor releases since 2026 keep versions of columns, which older ones of later versions do not take.
for name in old new; do
  make_cluster $name
  start $name
  facts=$("$(bindir_of $name)/psql" -XAtq -h "$work" -p 5432 -U postgres -d postgres -c "SELECT
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'segmentation'), EXISTS (SELECT FROM pg_attribute WHERE attoptions::text ~ 'pg_attver')")
  as_server_user "$(bindir_of $name)/pg_ctl" -D "$work/$name" -m fast -w -s stop
  case $name:$facts in
    *:f*) skip "no extension in \"$(bindir_of $name)\"" ;;
    old:*) column_versions=$facts ;;
    new:*) [ "$column_versions $facts" != 't|t t|f' ] || skip "$("$old/postgres" --version) keeps what $("$new/postgres" --version) does not know yet" ;;
  esac
done

start old
"$old/psql" -Xq -h "$work" -p 5432 -U postgres -d postgres -c 'CREATE ROLE shop LOGIN' -c 'CREATE DATABASE shop OWNER shop'
"$old/psql" -XAtq -h "$work" -p 5432 -U postgres -d shop -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION segmentation;
CREATE SCHEMA web AUTHORIZATION shop;
SET ROLE shop;
CREATE TABLE web.customers (id bigint PRIMARY KEY, city text);
CREATE TABLE web.orders (id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint REFERENCES web.customers, total numeric(12,2),
  created_at timestamptz, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE TABLE web.orders_old PARTITION OF web.orders FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE web.orders_new PARTITION OF web.orders FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE INDEX ON web.orders (customer_id);
CREATE TABLE web.tags (customer_id bigint REFERENCES web.customers, tag text, PRIMARY KEY (customer_id, tag));
INSERT INTO web.customers SELECT i, 'city ' || i % 7 FROM generate_series(1, 500) AS i;
INSERT INTO web.orders (customer_id, total, created_at)
  SELECT 1 + i % 400, i % 97, timestamptz '2024-06-01' - interval '4 hours' * i FROM generate_series(1, 3000) AS i;
INSERT INTO web.tags SELECT i, 'vip' FROM generate_series(1, 500, 11) AS i;
RESET ROLE;
SELECT segmentation.bind_customers('web.customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'web.orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_set('tags', 'web.tags', 'customer_id', 'tag');
SELECT segmentation.bind_column('tags', 'upper_tag', 'upper(tag)');
SELECT segmentation.define_attribute('spent', 'sum(orders.total)');
SELECT segmentation.create_segment('rich', 'spent > 300');
SELECT segmentation.create_segment('vip', $$tags CONTAINS 'vip'$$);
SELECT segmentation.create_segment('rich & vip', $$segments CONTAINS 'rich' AND segments CONTAINS 'vip'$$);
SELECT segmentation.create_segment('best', 'FROM customers SHOW city, spent WHERE spent > 100 ORDER BY spent DESC LIMIT 7');
SELECT segmentation.describe_segment('rich', 'who spends');
CREATE ROLE analyst LOGIN;
CREATE ROLE marketing LOGIN;
SELECT segmentation.grant_access('analyst', 'read');
SELECT segmentation.grant_access('marketing', 'edit');
GRANT SELECT ON segments.rich TO PUBLIC;
SET ROLE shop;
GRANT USAGE ON SCHEMA web TO analyst, marketing;
GRANT SELECT ON ALL TABLES IN SCHEMA web TO analyst, marketing;
-- Rules go on saying total.
ALTER TABLE web.orders RENAME COLUMN total TO amount;
DELETE FROM web.tags WHERE customer_id = 12;
INSERT INTO web.orders (customer_id, amount, created_at) VALUES (1, 1000, '2024-06-02');
UPDATE web.orders SET amount = 0 WHERE customer_id = 9;
SET segmentation.maintain = background;
INSERT INTO web.tags VALUES (15, 'vip');
SQL

facts="SELECT segment_id, customer_id, entered_at FROM segmentation.membership ORDER BY 1, 2;
SELECT * FROM segmentation.membership_history ORDER BY 1, 2, 3, 4;
SELECT id, name, rule, segmentation.rule_source(rule), members, view FROM segmentation.segments;
SELECT name, relation::text FROM segmentation.bindings;
SELECT binding_id, value FROM segmentation.dirty;
SELECT relname, pg_sequence_last_value(oid) FROM pg_class WHERE relkind = 'S' ORDER BY 1;
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2;
SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1;
SELECT * FROM segmentation.access ORDER BY role;
SELECT relation::text, word, column_name FROM segmentation.column_word ORDER BY 1, 2;
SELECT c.oid::regclass::text, c.relowner::regrole, c.reloptions, x.grantee::regrole::text, x.privilege_type
  FROM pg_class AS c LEFT JOIN LATERAL aclexplode(c.relacl) AS x ON x.grantee <> c.relowner
  WHERE c.relnamespace IN ('segments'::regnamespace, 'segmentation'::regnamespace) AND c.relkind IN ('r', 'v', 'S') ORDER BY 1, 4, 5;
SELECT p.oid::regprocedure::text, p.proowner::regrole, x.grantee::regrole::text
  FROM pg_proc AS p LEFT JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x ON x.grantee <> p.proowner
  WHERE p.pronamespace IN ('segmentation'::regnamespace, 'segmentation_internal'::regnamespace) ORDER BY 1, 3;
SELECT * FROM segments.best;
SELECT count(*) FROM segments.\"rich & vip\";
SELECT * FROM segmentation.verify() WHERE NOT pending"
# Her kept measures are made those of one who has spent nothing.
is "measures are kept" "$(ask old "UPDATE segmentation.state AS s SET measures = o.measures FROM segmentation.state AS o
  WHERE s.customer_id = 1 AND o.customer_id = 9 AND s.measures IS NOT NULL RETURNING 1")" 1
before=$(ask old "$facts")
as_server_user "$old/pg_ctl" -D "$work/old" -m fast -w -s stop

if (cd "$work" && as_server_user sh -c 'cd "$1" && exec "$3/pg_upgrade" -b "$2" -B "$3" -d "$1/old" -D "$1/new" -U postgres -s "$1"' \
    sh "$work" "$old" "$new") >"$work/log" 2>&1; then
  passed=$((passed + 1))
  echo "ok: $("$old/postgres" --version) to $("$new/postgres" --version)"
else
  failed=$((failed + 1))
  echo "not ok: pg_upgrade"
  tail -n 5 "$work/log"
  find "$work/new/pg_upgrade_output.d" -name '*.txt' -exec cat {} + -o -name 'pg_upgrade_dump_*.log' -exec grep -hE -A3 'error:' {} + 2>/dev/null || true
  report $passed $failed 0
  exit 1
fi
start new
is "all is as it was" "$(ask new "$facts")" "$before"
ask new "INSERT INTO web.orders (customer_id, amount, created_at) VALUES (1, 1, '2024-06-03')" shop
is "kept measures are not believed" "$(ask new "SELECT segmentation.is_member('rich', 1)")" t
ask new "INSERT INTO web.tags VALUES (14, 'vip'); INSERT INTO web.orders (customer_id, amount, created_at) VALUES (499, 301, '2024-06-03')" shop
is "an order moves members at its commit" "$(ask new "SELECT segmentation.is_member('vip', 14), segmentation.is_member('rich', 499)")" 't|t'
ask new 'CALL segmentation.tick()'
is "what was queued is worked off" "$(ask new "SELECT segmentation.is_member('vip', 15), queued FROM segmentation.status")" 't|0'
is "a reader reads members" "$(ask new "SELECT count(*) > 100, bool_and(segmentation.is_member('rich', id)) FROM segments.rich" analyst)" 't|t'
is "and does not define" "$(ask new "SELECT segmentation.drop_segment('vip')" analyst 2>&1 | sed 's/.*ERROR: *//')" 'permission denied for function drop_segment'
ask new "SELECT segmentation.alter_segment('rich', 'spent > 250 OR sum(orders.total) > 400 OR sum(orders.amount) > 400')" marketing >/dev/null
is "an editor alters a segment, by the old name of a column and the new" "$(ask new "SELECT rule FROM segmentation.segments WHERE name = 'rich'")" \
  'spent > 250 OR sum(orders.total) > 400 OR sum(orders.amount) > 400'
is "no difference" "$(ask new 'SELECT * FROM segmentation.verify()')" ''
ask new "CREATE TABLE web.orders_next (LIKE web.orders INCLUDING ALL); ALTER TABLE web.orders DETACH PARTITION web.orders_old" shop
ask new 'SET client_min_messages = warning; CALL segmentation.tick()'
is "partitions are followed" "$(ask new "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'web.orders_old'::regclass AND tgname LIKE 'segmentation%'),
  count(*) FROM segmentation.verify()")" '0|0'
ask new "SELECT segmentation.create_segment('later', 'city = ''city 2''')" >/dev/null
is "a new segment is right" "$(ask new 'SELECT count(*) FROM segmentation.verify()')" 0

report $passed $failed 0
[ $failed = 0 ]
