#!/bin/sh
# Kills the server of test/concurrent in the middle of everything, and starts it again.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
as_server_user "$SERVER_TREE$($PG_CONFIG --bindir)/pg_ctl" -D "$SERVER_DATA" -m immediate -w -s -l "$SERVER_DATA/server.log" restart </dev/null >/dev/null
