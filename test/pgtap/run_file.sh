#!/bin/sh
# run_file.sh FILE: runs one pgTAP file in a new database and prints its TAP.
set -eu
database=pgtap_$(basename "$1" .sql)
psql -Xq -v ON_ERROR_STOP=1 -c "SET client_min_messages = warning" \
  -c "DROP DATABASE IF EXISTS \"$database\"" -c "CREATE DATABASE \"$database\"" >&2
export PGDATABASE=$database
psql -Xq -v ON_ERROR_STOP=1 -c "SET client_min_messages = warning" -c "CREATE EXTENSION pgtap" \
  -c "CREATE EXTENSION segmentation" >&2
psql -XAtq -v ON_ERROR_STOP=1 -P pager=off -f "$1"
psql -Xqd postgres -c "DROP DATABASE \"$database\"" >&2
