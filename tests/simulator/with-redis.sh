#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command with SHARED naming a Redis server of its own, which ends with it; 77 where there is none to start.
#   with-redis.sh COMMAND [ARGUMENT...]
set -euo pipefail
command -v redis-server >/dev/null || exit 77
folder=$(mktemp -d)
redis-server --port 0 --unixsocket "$folder/redis" --save "" --dir "$folder" >"$folder/log" 2>&1 &
redis=$!
trap 'kill "$redis"; wait "$redis" || true; rm -rf "$folder"' EXIT
for _ in $(seq 200); do
    [ ! -S "$folder/redis" ] || break
    sleep 0.05
done
[ -S "$folder/redis" ] || { cat "$folder/log" >&2; exit 1; }
SHARED=unix:$folder/redis "$@"
