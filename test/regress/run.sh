#!/bin/sh
# Regression tests of the SQL surface by pg_regress.
exec "$(dirname "$0")/../../scripts/regress.sh"
