#!/bin/sh
# install_files.sh STAGE DESTDIR: puts all files below STAGE to the same place below DESTDIR. Each appears whole and at once, by rename:
# running servers have the old module mapped, and one that starts a session meanwhile must not load half of the new one. (cmake --install
# copies into place and strips there.)
set -eu
stage=$1 destination=$2
(cd "$stage" && find . -type f) | sed 's/^\.//' | sort | while read -r file; do
  target=$destination$file
  mkdir -p "$(dirname "$target")"
  cp "$stage$file" "$target.new"
  mv -f "$target.new" "$target"
  echo "installed $target"
done
