#!/bin/sh
# sharing.sh: the gateway of demo/gateway, which serves shared lists over HTTP, as docs/sharing.md shows it: installed from npm into
# build/sharing, on a private server, as a role of level 'shared'; both forms are read by curl. `make test` does not run it, since it installs from npm.
set -eu
. "$(dirname "$0")/common.sh"

command -v npm >/dev/null 2>&1 || fail "npm is missing; the gateway is a program for Node.js 20 or later"
command -v curl >/dev/null 2>&1 || fail "curl is missing"
home=$build/sharing members=${MEMBERS:-200000}
mkdir -p "$home"
cp "$root"/demo/gateway/* "$home/"
if ! cmp -s "$home/package-lock.json" "$home/installed"; then
  (cd "$home" && npm ci --no-audit --no-fund) </dev/null >"$home/npm.log" 2>&1 || { cat "$home/npm.log"; fail "could not install the gateway's packages"; }
  cp "$home/package-lock.json" "$home/installed"
fi

gateway=
clean_up() {
  [ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
  "$root/scripts/private_server.sh" stop sharing
}
trap clean_up EXIT
trap 'exit 130' INT TERM
"$root/scripts/private_server.sh" remove sharing
SERVER_SETTINGS="log_statement = all" "$root/scripts/private_server.sh" start sharing
settings=$("$root/scripts/private_server.sh" env sharing)
eval "$settings"
psql -Xq -v ON_ERROR_STOP=1 -c "CREATE DATABASE shop" -c "CREATE ROLE gateway LOGIN" -c "ALTER ROLE gateway SET log_parameter_max_length = 0"
export PGDATABASE=shop
psql -Xq -v ON_ERROR_STOP=1 -v members="$members" >/dev/null <<'SQL'
CREATE TABLE customers (id bigint PRIMARY KEY, name text, phone text, debt numeric, city text);
INSERT INTO customers VALUES (1, '=HYPERLINK("http://evil.example")', '+359 88 123', -12345678901234567.89, 'Sofia'), (2, 'Ann "A", Ltd.' || E'\nline', '@SUM(1)', NULL, 'Sofia');
INSERT INTO customers SELECT i, 'customer ' || i, '+359 88 ' || i, i / 100.0, 'Varna' FROM generate_series(10, 9 + :members) AS i;
CREATE EXTENSION segmentation;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia'), segmentation.create_segment('sofia', 'city = ''Sofia'''),
  segmentation.create_segment('varna', 'city = ''Varna'''), segmentation.create_segment('nobody', 'city = ''Plovdiv'''), segmentation.create_segment('gone', 'city = ''Sofia'''),
  segmentation.grant_access('gateway', 'shared');
ANALYZE;
SQL
share() { psql -XAt -v ON_ERROR_STOP=1 -c "SELECT segmentation.share($1)"; }
token=$(share "'sofia', '1 hour', ARRAY['name', 'phone', 'debt']")
large=$(share "'varna', '1 hour', ARRAY['name', 'phone']")
empty=$(share "'nobody', '1 hour'")
expired=$(share "'sofia', '1 ms'")
revoked=$(share "'nobody', '1 hour'")
dropped=$(share "'gone', '1 hour'")
psql -XAtq -v ON_ERROR_STOP=1 -c "SELECT segmentation.revoke_share('nobody', (SELECT max(id) FROM segmentation.shares WHERE segment = 'nobody'))" \
  -c "SELECT segmentation.drop_segment('gone')" >/dev/null

port=$(shuf -i 20000-59999 -n 1)
# A heap that holds some pages of a large list, not the list.
(cd "$home" && PGUSER=gateway PORT=$port RATE=1000 TOKEN_IN_PATH=yes exec node --max-old-space-size=32 gateway.js) >"$home/gateway.log" 2>&1 &
gateway=$!
url=http://127.0.0.1:$port
tries=0
until curl -s --max-time 5 -o /dev/null "$url/"; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] && kill -0 "$gateway" 2>/dev/null || { cat "$home/gateway.log"; fail "the gateway does not answer"; }
  sleep 0.1
done

passed=0 failed=0
# is WHAT GOT EXPECTED
is() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
    echo "ok: $1"
  else
    failed=$((failed + 1))
    printf 'not ok: %s\n  got      %s\n  expected %s\n' "$1" "$2" "$3"
  fi
}
get() { curl -s --max-time 60 -H "Authorization: Bearer $1" "$url/list.$2"; }
# The whole answer, without what is of the moment.
answer() { curl -s -i --max-time 60 "$@" | grep -viE '^(date|x-ratelimit-remaining|x-ratelimit-reset|keep-alive|connection):' | tr -d '\r'; }

since=$(psql -XAtc "SELECT to_json(min(entered_at) AT TIME ZONE 'UTC') #>> '{}' || '+00:00' FROM segmentation.membership WHERE customer_id = 1")
is "CSV, with formulas guarded and numbers as they are" "$(get "$token" csv | tr -d '\r')" "\"customer\",\"entered_at\",\"name\",\"phone\",\"debt\"
\"1\",\"$since\",\"'=HYPERLINK(\"\"http://evil.example\"\")\",\"+359 88 123\",\"-12345678901234567.89\"
\"2\",\"$since\",\"Ann \"\"A\"\", Ltd.
line\",\"'@SUM(1)\","
is "JSON, as it is" "$(get "$token" json)" "[{\"customer\":\"1\",\"entered_at\":\"$since\",\"values\":{\"name\" : \"=HYPERLINK(\\\"http://evil.example\\\")\", \"phone\" : \"+359 88 123\", \"debt\" : -12345678901234567.89}},
{\"customer\":\"2\",\"entered_at\":\"$since\",\"values\":{\"name\" : \"Ann \\\"A\\\", Ltd.\\nline\", \"phone\" : \"@SUM(1)\", \"debt\" : null}}]"
is "JSON is JSON" "$(get "$token" json | node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).length)')" 2
is "a token in the path" "$(curl -s "$url/list/$token.csv" | cksum)" "$(get "$token" csv | cksum)"
is "an empty list in CSV" "$(get "$empty" csv | tr -d '\r')" '"customer","entered_at"'
is "and in JSON" "$(get "$empty" json)" '[]'
is "headers" "$(answer -H "Authorization: Bearer $token" "$url/list.csv" | sed '/^$/q' | grep -iE '^(HTTP|cache-control|referrer|x-robots|x-content|content-(type|disp))' | sort)" \
  "HTTP/1.1 200 OK
cache-control: no-store
content-disposition: attachment; filename=\"list.csv\"
content-type: text/csv; charset=utf-8; header=present
referrer-policy: no-referrer
x-content-type-options: nosniff
x-robots-tag: noindex"

unknown=$(answer -H "Authorization: Bearer $(printf '%s' "$token" | tr 'A-Za-z' 'N-ZA-Mn-za-m')" "$url/list.csv")
is "a wrong token" "$(printf '%s\n' "$unknown" | sed -n '1p;$p')" "HTTP/1.1 404 Not Found
{\"error\":\"not found\"}"
is "an expired one" "$(answer -H "Authorization: Bearer $expired" "$url/list.csv")" "$unknown"
is "a revoked one" "$(answer -H "Authorization: Bearer $revoked" "$url/list.csv")" "$unknown"
is "one whose segment is gone" "$(answer -H "Authorization: Bearer $dropped" "$url/list.json")" "$unknown"
is "none" "$(answer "$url/list.csv")" "$unknown"
is "a wrong one in the path" "$(answer "$url/list/x.csv")" "$unknown"
is "one that is no text" "$(answer "$url/list/%00.csv")" "$unknown"
is "a path that there is not" "$(answer "$url/other")" "$unknown"
is "a path that is none" "$(answer "$url/list/%zz.csv" | sed -n '1p;$p')" "$(printf '%s\n' "$unknown" | sed -n '1p;$p')"
is "HEAD with the right one" "$(answer -I -H "Authorization: Bearer $token" "$url/list.csv")" "$(printf '%s\n' "$unknown" | sed '/^{/d')"
is "which was no use" "$(psql -XAtc "SELECT uses FROM segmentation.shares WHERE columns @> '{debt}'")" 6

# A large list: all of it, page by page, in bounded memory; a reader who is slow is not run ahead of, and no transaction waits for him.
began=$(date +%s)
is "a large list" "$(get "$large" csv | wc -l)" $((members + 1))
echo "$members members as CSV: $(($(date +%s) - began)) s"
is "and as JSON, each once and in order" "$(get "$large" json | node -e '
const list = JSON.parse(require("fs").readFileSync(0));
console.log(list.length, list.every((row, i) => row.customer === String(10 + i)))')" "$members true"
echo "memory: at most $(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$gateway/status") MB"
is "in bounded memory" "$(kill -0 "$gateway" 2>/dev/null && echo yes || tail -n 5 "$home/gateway.log")" yes
pages="SELECT pages FROM segmentation.shares WHERE segment = 'varna'"
seen=$(psql -XAtc "$pages")
curl -s --limit-rate 100k -H "Authorization: Bearer $large" "$url/list.csv" >/dev/null &
slow=$!
# What the kernel's buffers take goes out at once; then pages come no faster than he reads.
ahead=0 before=-1
while [ "$ahead" = 0 ] || [ $((ahead - before)) -gt 8 ]; do
  sleep 2
  before=$ahead
  ahead=$(($(psql -XAtc "$pages") - seen))
done
is "a slow reader" "$([ "$ahead" -lt $((members / 2000 - 10)) ] && echo waits || echo "was run ahead of by $ahead pages")" waits
is "holds nothing" "$(psql -XAtc "SELECT count(*) FROM pg_stat_activity WHERE usename = 'gateway' AND xact_start < clock_timestamp() - interval '2 s'")" 0
psql -XAtqc "SELECT segmentation.revoke_share('varna')" >/dev/null
status=0
kill "$slow" 2>/dev/null || true
wait "$slow" 2>/dev/null || status=$?
is "a list that was revoked is gone" "$(answer -H "Authorization: Bearer $large" "$url/list.csv")" "$unknown"

# Too many, and a server that is away.
is "tokens are in no log" "$(cat "$home/gateway.log" "$SERVER_DATA/server.log" | grep -cF -e "$token" -e "$large" -e "$expired")" 0
kill "$gateway" 2>/dev/null || true
wait "$gateway" 2>/dev/null || true
(cd "$home" && PGUSER=gateway PORT=$port RATE=3 exec node gateway.js) >>"$home/gateway.log" 2>&1 &
gateway=$!
until curl -s --max-time 5 -o /dev/null "$url/"; do sleep 0.1; done
is "where no tokens are taken from paths" "$(answer "$url/list/$token.csv" | sed -n '1p')" "HTTP/1.1 404 Not Found"
get "$token" csv >/dev/null
is "the fourth in a minute" "$(answer -H "Authorization: Bearer $token" "$url/list.csv" | sed -n '1p;$p')" "HTTP/1.1 429 Too Many Requests
{\"error\":\"too many requests\"}"
kill "$gateway" 2>/dev/null || true
wait "$gateway" 2>/dev/null || true
(cd "$home" && PGUSER=gateway PORT=$port exec node gateway.js) >>"$home/gateway.log" 2>&1 &
gateway=$!
until curl -s --max-time 5 -o /dev/null "$url/"; do sleep 0.1; done
get "$token" csv >/dev/null
"$root/scripts/private_server.sh" stop sharing
is "a server that is away" "$(answer -H "Authorization: Bearer $token" "$url/list.csv" | sed -n '1p;$p')" "HTTP/1.1 503 Service Unavailable
{\"error\":\"not available\"}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
