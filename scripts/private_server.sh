#!/bin/sh
# private_server.sh COMMAND [NAME]: PostgreSQL servers of this checkout's own, for demo, tests and benchmark.
#   start [NAME]    makes cluster NAME (default: demo) where it is missing, starts it where it is not running
#   stop [NAME]     stops it and keeps its data
#   remove [NAME]   stops it and removes its data
#   status [NAME]   succeeds where it is running
#   env [NAME]      prints shell settings for its clients: PGHOST, PGPORT, PGUSER, PGDATABASE, PATH
#   home            prints the directory that holds everything
# Settings for the server: SERVER_SETTINGS, lines of postgresql.conf that a new cluster gets; SERVER_ENVIRONMENT, words
# NAME=VALUE that it is started with.
#
# The system's PostgreSQL is left alone. A server finds its files relative to its own program, so the programs are
# copied into a tree of the same layout, whose other files are links into the system's; the extension is installed into
# that tree (make install DESTDIR=...). Servers listen on a socket in a directory of their own, never on TCP.
set -eu
. "$(dirname "$0")/common.sh"

command=${1:-}
name=${2:-demo}

# Everything lives in build/; but where the server's account cannot enter the checkout, in a directory that it can.
find_home() {
  mkdir -p "$build"
  if [ -s "$build/private-home" ] && [ -d "$(cat "$build/private-home")" ]; then
    home=$(cat "$build/private-home")
    return
  fi
  home=$build/private
  if ! as_server_user test -r "$build" -a -x "$build"; then
    home=$(mktemp -d /var/tmp/segmentation.XXXXXX)
    chmod 755 "$home"
    echo "The account \"$server_user\" cannot enter $root; the private server lives in $home." >&2
  fi
  mkdir -p "$home"
  printf '%s\n' "$home" > "$build/private-home"
}

bindir=$($PG_CONFIG --bindir) || fail "could not run \"$PG_CONFIG\"; scripts/install_dependencies.sh installs it"
sharedir=$($PG_CONFIG --sharedir)
pkglibdir=$($PG_CONFIG --pkglibdir)

# Makes the tree, or makes it again where the system's PostgreSQL has changed since.
make_tree() {
  tree=$home/tree
  stamp="$bindir $(cksum "$bindir/postgres" "$bindir/initdb" "$bindir/pg_ctl" | cksum) $(ls "$sharedir/extension" | cksum)"
  if [ "$(cat "$tree/stamp" 2>/dev/null || true)" = "$stamp" ]; then return; fi
  rm -rf "$tree"
  for dir in "$sharedir" "$pkglibdir" "$bindir"; do
    [ -d "$tree$dir" ] && continue  # one inside another
    mkdir -p "$(dirname "$tree$dir")"
    cp -rs "$dir" "$(dirname "$tree$dir")/"
  done
  for program in postgres initdb pg_ctl; do
    rm -f "$tree$bindir/$program"
    cp "$bindir/$program" "$tree$bindir/$program"
  done
  # Links to an installed copy of the extension would be written through.
  rm -f "$tree$sharedir"/extension/segmentation--*.sql "$tree$sharedir/extension/segmentation.control" \
    "$tree$pkglibdir"/segmentation.*
  printf '%s\n' "$stamp" > "$tree/stamp"
}

install_extension() {
  make_tree
  ${MAKE:-make} -s -C "$root" install DESTDIR="$tree" PG_CONFIG="$PG_CONFIG" >/dev/null
}

running() { [ -s "$cluster/data/postmaster.pid" ] && as_server_user "$tree$bindir/pg_ctl" -D "$cluster/data" status >/dev/null 2>&1; }

start() {
  install_extension
  if running; then return; fi
  if [ ! -e "$cluster/ready" ]; then
    rm -rf "$cluster"
    mkdir -p "$cluster"
    [ -z "$server_user" ] || chown "$server_user" "$cluster"
    as_server_user "$tree$bindir/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N \
      >"$cluster/initdb.log" 2>&1 || { cat "$cluster/initdb.log" >&2; fail "could not make a cluster"; }
    as_server_user tee -a "$cluster/data/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 4GB
max_prepared_transactions = 10
log_line_prefix = '%m [%p] %a '
${SERVER_SETTINGS:-}
SETTINGS
    touch "$cluster/ready"
  fi
  # A socket's path may have 107 bytes at most, so it does not go into the checkout.
  sockets=$(mktemp -d /tmp/segmentation.XXXXXX)
  [ -z "$server_user" ] || chown "$server_user" "$sockets"
  port=$(shuf -i 20000-59999 -n 1)
  # shellcheck disable=SC2086
  if ! as_server_user env ${SERVER_ENVIRONMENT:-} "$tree$bindir/pg_ctl" -D "$cluster/data" -l "$cluster/data/server.log" -w -s \
      -o "-k $sockets -p $port" start </dev/null >/dev/null 2>"$cluster/start.log"; then
    cat "$cluster/start.log" >&2
    tail -n 20 "$cluster/data/server.log" >&2
    rmdir "$sockets"
    fail "could not start the private server \"$name\""
  fi
  printf '%s\n%s\n' "$sockets" "$port" > "$cluster/address"
}

stop() {
  if running; then as_server_user "$tree$bindir/pg_ctl" -D "$cluster/data" -m fast -w -s stop; fi
  if [ -s "$cluster/address" ]; then
    rm -rf "$(head -n 1 "$cluster/address")"
    rm -f "$cluster/address"
  fi
}

find_home
tree=$home/tree
cluster=$home/pg/$name
case $command in
  start) start ;;
  stop) stop ;;
  remove) stop; rm -rf "$cluster" ;;
  status) running ;;
  home) echo "$home" ;;
  env)
    running || fail "private server \"$name\" is not running"
    echo "PGHOST='$(sed -n 1p "$cluster/address")'; PGPORT=$(sed -n 2p "$cluster/address"); PGUSER=postgres"
    echo "PGDATABASE=postgres; PATH='$tree$bindir':\"\$PATH\"; SERVER_TREE='$tree'; SERVER_DATA='$cluster/data'"
    echo "export PGHOST PGPORT PGUSER PGDATABASE PATH SERVER_TREE SERVER_DATA"
    ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
