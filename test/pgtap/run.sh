#!/bin/sh
# pgTAP tests: each test/pgtap/*.sql in a database of its own, which has pgtap and segmentation.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"
cd "$root/test/pgtap"

set -- *.sql
if [ ! -e "$1" ]; then echo "no test/pgtap/*.sql"; report 0 0 0; exit 0; fi
if [ -z "$(psql -XAtc "SELECT 1 FROM pg_available_extensions WHERE name = 'pgtap'")" ]; then
  echo "skipped: pgtap is not installed for this server"
  report 0 0 $#
  exit 0
fi
run_prove prove --exec "$root/test/pgtap/run_file.sh" "$@"
