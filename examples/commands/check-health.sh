#!/bin/sh
# A health check that fails twice in a row now and then. In its place: curl -fsS https://example.org/healthz
case $((RUNNER_RUN % 6)) in
  4 | 5)
    echo "no answer" >&2
    exit 1
    ;;
esac
echo "healthy"
