#!/bin/sh
# Keeps the three newest archives.
set -eu
ls -t backups/*.tar.gz | tail -n +4 | while read -r old; do
  rm "$old"
  echo "removed $old"
done
