#!/bin/sh
# A module replaced under live sessions: they go on with the one that they have, new ones take the new one, which keeps what it knows of
# customers in another form. Both write the same customers, and what one has kept the other must not believe; verify is the judge.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

build_test_module segmentation_other
work=$(mktemp -d)
trap 'exec 3>&- 4>&-; rm -rf "$work" "${library:-}"' EXIT
passed=0 failed=0

# Sessions stay open behind pipes: old is on descriptor 3, new on 4. open_session NAME.
open_session() {
  mkfifo "$work/$1"
  psql -XAtqd modules -v ON_ERROR_STOP=1 <"$work/$1" >"$work/$1.out" 2>&1 &
}
steps=0
# tell NAME SQL: runs it in a session, and waits until it is done. Its output is in $said.
tell() {
  steps=$((steps + 1))
  case $1 in old) descriptor=3 ;; *) descriptor=4 ;; esac
  printf '%s\n' "\\echo begin-$steps" "$2;" "\\echo end-$steps" >&$descriptor
  tries=0
  until grep -q "^end-$steps\$" "$work/$1.out"; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ]; then cat "$work/$1.out"; echo "session $1 does not answer"; report "$passed" $((failed + 1)) 0; exit 1; fi
    sleep 0.05
  done
  said=$(sed -n "/^begin-$steps\$/,/^end-$steps\$/p" "$work/$1.out" | sed '1d;$d')
}
ask() { psql -XAtqd modules -v ON_ERROR_STOP=1 -c "$1"; }
# is WHAT GOT EXPECTED
is() {
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); echo "ok: $1"; else failed=$((failed + 1)); echo "not ok: $1: \"$2\", not \"$3\""; fi
}

psql -Xqd postgres -c 'DROP DATABASE IF EXISTS modules' -c 'CREATE DATABASE modules'
psql -XAtqd modules -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION segmentation;
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, total integer);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT generate_series(1, 20);
INSERT INTO orders (customer_id, total) SELECT 1 + i % 19, 100 FROM generate_series(1, 38) AS i;
SELECT segmentation.bind_customers('customers');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');
SELECT segmentation.create_segment('rich', 'sum(orders.total) >= 200');
SELECT segmentation.create_segment('even', 'count(orders) >= 10 OR max(orders.total) > 150');
UPDATE pg_proc SET probin = '$libdir/segmentation_replaced' WHERE probin = '$libdir/segmentation';
SQL
place_test_module segmentation segmentation_replaced
open_session old
exec 3>"$work/old"
tell old "SELECT pg_backend_pid()"
old_pid=$said
tell old "INSERT INTO orders (customer_id, total) SELECT i, 0 FROM generate_series(1, 20) AS i"
place_test_module segmentation_other segmentation_replaced
open_session new
exec 4>"$work/new"
tell new "SELECT pg_backend_pid()"
new_pid=$said
tell new "INSERT INTO orders (customer_id, total) VALUES (19, 0)"
tell old "INSERT INTO orders (customer_id, total) VALUES (18, 0)"
mapped() { if [ -r "/proc/$1/maps" ]; then grep -o 'segmentation_replaced.so.*' "/proc/$1/maps" | sort -u; else echo "$2"; fi; }
is "the old session goes on with the old module" "$(mapped "$old_pid" 'segmentation_replaced.so (deleted)')" 'segmentation_replaced.so (deleted)'
is "a new one has the new module" "$(mapped "$new_pid" segmentation_replaced.so)" 'segmentation_replaced.so'
is "they keep what they know under two stamps" "$(ask 'SELECT count(DISTINCT stamp) FROM segmentation.state WHERE customer_id IN (18, 19)')" 2

# What is kept of a rich customer is made that of customer 20, who has spent nothing.
lie() { ask "UPDATE segmentation.state AS s SET measures = o.measures FROM segmentation.state AS o WHERE s.customer_id = $1 AND o.customer_id = 20 AND s.measures IS NOT NULL AND s.stamp = o.stamp RETURNING 'lied'"; }
is "what the old session kept is changed" "$(lie 1)$(lie 2)" liedlied
tell new "INSERT INTO orders (customer_id, total) VALUES (1, 1)"
is "a new session does not believe what an old one kept" "$(ask "SELECT segmentation.is_member('rich', 1)")" t
tell old "INSERT INTO orders (customer_id, total) VALUES (2, 1)"
is "an old one does" "$(ask "SELECT segmentation.is_member('rich', 2)")" f
ask "SELECT segmentation.refresh(2)" >/dev/null
tell new "INSERT INTO orders (customer_id, total) SELECT i, 0 FROM generate_series(19, 20) AS i"
is "what the new session kept is changed" "$(lie 19)" lied
tell old "INSERT INTO orders (customer_id, total) VALUES (19, 1)"
is "an old session does not believe what a new one kept" "$(ask "SELECT segmentation.is_member('rich', 19)")" t
is "members are right" "$(ask 'SELECT count(*) FROM segmentation.verify()')" 0

# One after the other, then both at once, each statement a transaction; a definition in between.
round=0
while [ $round -lt 10 ]; do
  round=$((round + 1))
  tell old "INSERT INTO orders (customer_id, total) VALUES ($round, 7)"
  tell new "UPDATE orders SET total = total - 30 WHERE customer_id = $round; DELETE FROM orders WHERE customer_id = $((round + 5)) AND total < 0"
done
is "members are right after turns" "$(ask 'SELECT count(*) FROM segmentation.verify()')" 0
tell new "SELECT segmentation.create_segment('some', 'sum(orders.total) BETWEEN 50 AND 150')"
i=0
while [ $i -lt 200 ]; do
  i=$((i + 1))
  echo "INSERT INTO orders (customer_id, total) VALUES (1 + $i % 7, $i % 50 - 20);" >&3
  echo "UPDATE orders SET total = total + 1 WHERE id = 1 + $i % 60; INSERT INTO orders (customer_id, total) VALUES (1 + $i % 5, 10 - $i % 40);" >&4
done
tell old "SELECT"
tell new "SELECT"
is "no statement failed" "$(grep -h ERROR "$work/old.out" "$work/new.out" || true)" ''
is "members are right after both at once" "$(ask 'SELECT count(*) FROM segmentation.verify()')" 0
is "counts, too" "$(ask 'SELECT count(*) FROM segmentation.segments AS s WHERE s.members <> (SELECT count(*) FROM segmentation.membership AS m WHERE m.segment_id = s.id)')" 0

exec 3>&- 4>&-
wait
psql -Xqd postgres -c 'DROP DATABASE modules'
. "$(dirname "$0")/preloaded.sh"
report $passed $failed 0
[ $failed = 0 ]
