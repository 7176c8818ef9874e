#!/bin/sh
# `make online-up` and `make online-down`: capture and API in one container (docker/docker-compose.yml, profile online).
set -eu
cd "$(dirname "$0")/.."

compose="docker compose -f docker/docker-compose.yml --profile online"

if ! docker info >/dev/null 2>&1 || ! docker compose version >/dev/null 2>&1; then
  echo "No Docker engine with Compose answers here. Start Docker, or run the same without it: make start" >&2
  exit 1
fi
case "$1" in
  up)
    echo "Building the image and starting the container ..."
    $compose up --build --detach --wait standalone
    echo "Capturing, and serving on http://localhost:${PORT:-8000}"
    ;;
  down)
    $compose rm --stop --force standalone
    echo "Stopped; what was captured stays in the volume standalone-data"
    ;;
esac
