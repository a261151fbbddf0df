#!/bin/sh
# concatenate_sql.sh OUTPUT PIECE...: makes an extension's install script of its pieces.
set -eu
output=$1
shift
{
  printf '\\echo Use "CREATE EXTENSION segmentation" to load this file. \\quit\n'
  for piece in "$@"; do
    printf '\n-- %s\n\n' "$(basename "$piece")"
    cat "$piece"
  done
} > "$output.partial"
mv "$output.partial" "$output"
