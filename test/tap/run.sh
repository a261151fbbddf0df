#!/bin/sh
# TAP tests with servers of their own (restart, dump, replication): test/tap/t/*.pl with PostgreSQL::Test::Cluster.
# run.sh [NAME...] runs some of them. Two at a time, since they mostly wait.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
cd "$root/test/tap"

if [ $# = 0 ]; then set -- t/*.pl; else names=$*; set --; for name in $names; do set -- "$@" "t/$name.pl"; done; fi
if [ ! -e "$1" ]; then echo "no test/tap/t/*.pl"; report 0 0 0; exit 0; fi
modules=$(dirname "$($PG_CONFIG --pgxs)")/../test/perl
if [ ! -e "$modules/PostgreSQL/Test/Cluster.pm" ] || ! perl -MIPC::Run -e 1 2>/dev/null; then
  echo "skipped: needs PostgreSQL::Test::Cluster (server development files) and IPC::Run"
  report 0 0 $#
  exit 0
fi
# Servers do not run as root: the tests are copied to where the servers' account can read and write.
work=$(mktemp -d /tmp/segmentation.XXXXXX)
trap 'rm -rf "$work"' EXIT
cp -r t "$work/"
[ -z "$server_user" ] || chown -R "$server_user" "$work"
TESTDIR=$work TESTDATADIR=$work/tmp_check TESTLOGDIR=$work/log PG_REGRESS=$(dirname "$($PG_CONFIG --pgxs)")/../test/regress/pg_regress
export TESTDIR TESTDATADIR TESTLOGDIR PG_REGRESS
unset PGHOST PGPORT PGUSER PGDATABASE
status=0
run_prove as_server_user sh -c 'cd "$1" && shift && exec prove -j 2 -I "$@"' sh "$work" "$modules" "$@" || status=$?
if [ "$status" != 0 ]; then tail -n 40 "$work"/log/* 2>/dev/null || true; fi
exit "$status"
