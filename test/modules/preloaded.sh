# shellcheck shell=sh
# Sourced by run.sh: the module replaced on a server that has loaded it at its start. All of that server's sessions and workers have
# the old one, new ones too, until it is started again.
installed=$SERVER_TREE$($PG_CONFIG --pkglibdir)/segmentation.so
# Puts a module in place of the installed one, as install_files.sh does.
install_module() {
  cp "$build/release/$1.so" "$installed.new"
  chmod a+r "$installed.new"
  mv -f "$installed.new" "$installed"
}
trap 'exec 3>&- 4>&-; install_module segmentation; "$root/scripts/private_server.sh" remove preloaded; rm -rf "$work" "${library:-}"' EXIT
"$root/scripts/private_server.sh" remove preloaded
SERVER_SETTINGS="shared_preload_libraries = 'segmentation'" "$root/scripts/private_server.sh" start preloaded
settings=$("$root/scripts/private_server.sh" env preloaded)
eval "$settings"
psql -Xqd postgres -c 'CREATE DATABASE modules'
psql -Xqd modules -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint REFERENCES customers, total bigint);
INSERT INTO customers SELECT generate_series(1, 20);
CREATE INDEX ON orders (customer_id);
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');
SELECT segmentation.create_segment('rich', 'sum(orders.total) >= 200');
SQL
# wait_for SQL: until it returns t, for ten seconds.
wait_for() {
  tries=0
  until [ "$(ask "$1")" = t ] || [ $tries = 100 ]; do tries=$((tries + 1)); sleep 0.1; done
  ask "$1"
}
# Which module a process has; $2 where that cannot be seen.
module_of() { if [ -r "/proc/$1/maps" ]; then grep -o '/segmentation\.so.*' "/proc/$1/maps" | sort -u; else echo "$2"; fi; }
of_worker() { module_of "$(ask 'SELECT worker FROM segmentation.status')" "$1"; }
of_session() {
  mkfifo "$work/preloaded"
  psql -XAtqd modules <"$work/preloaded" >"$work/preloaded.out" &
  exec 3>"$work/preloaded"
  echo 'SELECT pg_backend_pid() WHERE segmentation.finite(1) = 1;' >&3
  until [ -s "$work/preloaded.out" ]; do sleep 0.05; done
  module_of "$(cat "$work/preloaded.out")" "$1"
  exec 3>&-
  rm "$work/preloaded"
}
# Queues a change of every customer and waits until the worker has done it.
work_off() {
  ask "SET segmentation.maintain = background; INSERT INTO orders (customer_id, total) SELECT i, $1 FROM generate_series(1, 20) AS i" >/dev/null
  wait_for "SELECT count(*) = 0 FROM segmentation.dirty"
}
is "preloaded: a worker comes" "$(wait_for 'SELECT worker IS NOT NULL FROM segmentation.status')" t
is "preloaded: it works" "$(work_off 100)" t
install_module segmentation_other
is "preloaded: a new session has the old module" "$(of_session '/segmentation.so (deleted)')" '/segmentation.so (deleted)'
ask 'SELECT pg_terminate_backend(worker) FROM segmentation.status' >/dev/null
is "preloaded: a worker comes again" "$(wait_for 'SELECT worker IS NOT NULL FROM segmentation.status')" t
is "preloaded: which has the old module" "$(of_worker '/segmentation.so (deleted)')" '/segmentation.so (deleted)'
is "preloaded: it works" "$(work_off 50)" t
ask "INSERT INTO orders (customer_id, total) SELECT i, 20 FROM generate_series(1, 10) AS i" >/dev/null
is "preloaded: members are right" "$(ask 'SELECT count(*) FROM segmentation.verify()')" 0
# private_server.sh would install the present module.
as_server_user "$SERVER_TREE$($PG_CONFIG --bindir)/pg_ctl" -D "$SERVER_DATA" -w -s -l "$SERVER_DATA/server.log" restart </dev/null >/dev/null
is "started again: a worker comes" "$(wait_for 'SELECT worker IS NOT NULL FROM segmentation.status')" t
is "started again: with the new module" "$(of_worker /segmentation.so)" /segmentation.so
ask "INSERT INTO orders (customer_id, total) SELECT i, 20 FROM generate_series(5, 15) AS i" >/dev/null
is "started again: it works" "$(work_off 20)" t
is "started again: members are right" "$(ask 'SELECT count(*) FROM segmentation.verify()')" 0
