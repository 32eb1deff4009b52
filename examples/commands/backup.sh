#!/bin/sh
# Packs this folder. The archive gets its name when it is whole: a run that was killed leaves no half one.
set -eu
mkdir -p backups
target="backups/$(date +%Y%m%d-%H%M%S)-$RUNNER_RUN.tar.gz"
tar -czf "$target.part" ./*.sh README.md runner.config.yaml
mv "$target.part" "$target"
echo "packed $target"
