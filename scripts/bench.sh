#!/bin/sh
# bench.sh [--rounds N]: the benchmark on a private server: makes the shop (CUSTOMERS=100000 by default) once a day, then
# compares rules with SQL. Takes ten minutes or so. The machine should do nothing else meanwhile.
set -eu
. "$(dirname "$0")/common.sh"

"$root/scripts/install_dependencies.sh" bench
customers=${CUSTOMERS:-100000}
SERVER_SETTINGS="shared_buffers = 2GB
work_mem = 256MB
maintenance_work_mem = 512MB
effective_cache_size = 8GB
random_page_cost = 1.1
max_wal_size = 8GB"
export SERVER_SETTINGS
trap '"$root/scripts/private_server.sh" stop bench' EXIT
trap 'exit 130' INT TERM
"$root/scripts/private_server.sh" start bench
settings=$("$root/scripts/private_server.sh" env bench)
eval "$settings"

loaded="$customers $(date -u +%F) $(cksum <"$root/test/bench/shop.sql")"
there=$(psql -XAtd bench -c "SELECT obj_description('shop'::regnamespace)" 2>/dev/null || true)
if [ "$there" != "$loaded" ]; then
  echo "Making a shop of $customers customers."
  psql -Xqc "DROP DATABASE IF EXISTS bench" 2>/dev/null
  psql -Xqc "CREATE DATABASE bench"
  psql -Xqd bench -v customers="$customers" -v loaded="$loaded" -f "$root/test/bench/shop.sql" >/dev/null
fi
PGDATABASE=bench
export PGDATABASE
psql -XAtq <<'SQL'
SELECT format('PostgreSQL %s; %s customers, %s orders, %s lines; %s parallel workers a query.', current_setting('server_version'),
  (SELECT count(*) FROM shop.customers), (SELECT count(*) FROM shop.orders), (SELECT count(*) FROM shop.lines),
  current_setting('max_parallel_workers_per_gather'));
SQL

python3 "$root/test/bench/run.py" "$@"
