#!/bin/sh
# forecast_table.sh: prints the table of docs/forecast.md, in a database of its own on the server that PGHOST, PGPORT, PGUSER ... name. The data
# lies beside the checkout (../shared/data) or where SEGMENTATION_DATA says.
set -eu
. "$(dirname "$0")/../../scripts/common.sh"

here=$root/test/data
data=$(cd "${SEGMENTATION_DATA:-$root/../shared/data}" && pwd)
database=data_forecast_table
psql -Xqd postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
PGOPTIONS="-c client_min_messages=warning" psql -XAtqd "$database" -v ON_ERROR_STOP=1 -v data="$data" -f "$here/cdnow/load.sql" -c "CREATE EXTENSION segmentation" \
  -c "\\o /dev/null" -f "$here/cdnow/bind.sql" -c "SELECT segmentation.forecast_source('sample', 'dollars')" \
  -c "CALL segmentation.refresh_forecasts('1997-09-30', '39 weeks')" -f "$here/cdnow/cumulative.sql" -c "\\o" \
  -c "SELECT '| Week | Actual | Predicted | |' UNION ALL SELECT '| ---: | ---: | ---: | --- |'" \
  -c "SELECT format('| %s | %s | %s | \`%s\` |', week, actual, round(predicted), repeat('=', round(least(actual, predicted) / 50)::integer)
        || repeat('a', round((actual - predicted) / 50)::integer) || repeat('p', round((predicted - actual) / 50)::integer))
      FROM cumulative WHERE week % 6 = 3 OR week = 78 ORDER BY week"
psql -Xqd postgres -c "DROP DATABASE $database"
