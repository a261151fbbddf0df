#!/bin/sh
# bench.sh [--only rules|writes|contention|time|forecast] [OPTION...]: the benchmark on a private server. Makes the shop (CUSTOMERS=100000 by default) once a
# day; each part works on copies of it. The machine should do nothing else meanwhile.
#   rules    rules against SQL that says the same; ten minutes or so (test/bench/run.py)
#   writes   what keeping members costs those who write to the shop; a quarter of an hour (test/bench/writes.py)
#   contention   writers who meet: failures at each isolation level, one customer that all write; ten minutes (test/bench/contention.py)
#   time     what passing time costs: days, and a longer downtime (test/bench/days.py)
#   forecast     fitting the models and writing what they say, CUSTOMERS of their own; a few minutes for 1,000,000 (test/bench/forecast.sql)
#   --rounds N      turns of what is compared            --quick       one short turn each in a small shop, to see that it runs
#   --seconds S     of each slice of writing (likewise)   --phases A,B  only these phases (writes, contention)
#   --no-verify     go on where members are wrong (writes)
set -eu
. "$(dirname "$0")/common.sh"

parts="rules writes time" rules_options="" writes_options="" verify="" time_options="" customers=100000
while [ $# -gt 0 ]; do
  case $1 in
    --only) parts=${2:?}; shift ;;
    --rounds) rules_options="$rules_options --rounds ${2:?}" writes_options="$writes_options --rounds ${2:?}" time_options="$time_options --rounds ${2:?}"; shift ;;
    --seconds | --phases) writes_options="$writes_options $1 ${2:?}"; shift ;;
    --no-verify) verify=$1 ;;
    --quick) rules_options="$rules_options --rounds 1" writes_options="$writes_options $1" time_options="--quick" customers=5000 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
for part in $parts; do
  case $part in rules | writes | contention | time | forecast) ;; *) fail "there is no part \"$part\": rules, writes, contention, time, forecast" ;; esac
done

"$root/scripts/install_dependencies.sh" bench
customers=${CUSTOMERS:-$customers}
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
# What a run that was killed may have left.
psql -XAtqc "ALTER SYSTEM RESET ALL" -c "SELECT pg_reload_conf()" >/dev/null

# bench_shop stays as it is made, without the extension: the parts copy it, but for forecast, which makes customers of its own.
if [ "$parts" != forecast ]; then
  loaded="$customers $(date -u +%F) $(cksum <"$root/test/bench/shop.sql")"
  there=$(psql -XAtd bench_shop -c "SELECT obj_description('shop'::regnamespace)" 2>/dev/null || true)
  if [ "$there" != "$loaded" ]; then
    echo "Making a shop of $customers customers."
    psql -Xqc "DROP DATABASE IF EXISTS bench_shop" 2>/dev/null
    psql -Xqc "CREATE DATABASE bench_shop"
    psql -Xqd bench_shop -v customers="$customers" -v loaded="$loaded" -f "$root/test/bench/shop.sql" >/dev/null
  fi
  psql -XAtqd bench_shop <<'SQL'
SELECT format('PostgreSQL %s; %s customers, %s orders, %s lines; %s parallel workers a query.', current_setting('server_version'),
  (SELECT count(*) FROM shop.customers), (SELECT count(*) FROM shop.orders), (SELECT count(*) FROM shop.lines),
  current_setting('max_parallel_workers_per_gather'));
SQL
fi

for part in $parts; do
  case $part in
    rules)
      psql -Xqc "DROP DATABASE IF EXISTS bench" -c "CREATE DATABASE bench TEMPLATE bench_shop STRATEGY file_copy" 2>/dev/null
      # shellcheck disable=SC2086
      PGDATABASE=bench python3 "$root/test/bench/run.py" $rules_options
      ;;
    writes)
      # shellcheck disable=SC2086
      python3 "$root/test/bench/writes.py" $writes_options $verify
      ;;
    contention)
      # shellcheck disable=SC2086
      python3 "$root/test/bench/contention.py" $writes_options
      ;;
    time)
      # shellcheck disable=SC2086
      python3 "$root/test/bench/days.py" $time_options
      ;;
    forecast)
      psql -Xqc "DROP DATABASE IF EXISTS bench_forecast" -c "CREATE DATABASE bench_forecast" 2>/dev/null
      psql -Xqd bench_forecast -v customers="$customers" -f "$root/test/bench/forecast.sql"
      psql -Xqc "DROP DATABASE bench_forecast"
      ;;
  esac
done
