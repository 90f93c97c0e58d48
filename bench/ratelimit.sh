#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How close to the best possible time clients stay under an exact window of 1000 requests in 20 s, on the simulator: one
# process, and several that share the quota through a file, then through a Redis server as several machines would. Best
# possible: 20 s for each full thousand before the last, and the last ones at the rate so many processes reach
# unhindered, which is measured in the same run (the first 1000 calls of a fresh quota, by file).
#   ratelimit.sh PROCESSES_PROGRAM [file|redis] [PROCESSES...]      default: both, 1 2 4 8
set -euo pipefail
export program=$1
shift
ways=(file redis)
case ${1:-} in file | redis) ways=("$1"); shift ;; esac
[ $# -gt 0 ] || set -- 1 2 4 8
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export folder
redis=
trap '[ -z "$redis" ] || kill "$redis"; rm -rf "$folder"' EXIT

start_redis() {
    redis-server --port 0 --unixsocket "$folder/redis" --save "" --dir "$folder" >"$folder/redis.log" 2>&1 &
    redis=$!
    for _ in $(seq 100); do
        [ ! -S "$folder/redis" ] || return 0
        sleep 0.05
    done
    cat "$folder/redis.log" >&2
    exit 1
}

# shellcheck disable=SC2016 # expanded by the inner shell, inside with-sim
seconds_of() { # WAY PROCESSES COUNT: prints the seconds it took; fails on a refusal
    rm -f "$folder"/ledger*
    shared=$folder/ledger
    [ "$1" = file ] || shared=unix:$folder/redis
    shared=$shared processes=$2 count=$3 tools/with-sim --seed-data demo -- bash -c '
        asset=$("$PYTHON" -c "import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ[\"ICONIK_BASE_URL\"] + \"/_sim/seed\"))[\"ids\"][\"assets\"][0])")
        "$program" "$processes" "$count" "$shared" "$asset"' |
        awk '{print | "cat >&2"; gsub(/,/, "")} $4 != 0 || $7 != 0 {exit 1} {print $9}'
}

compare() { # WAY NAME PROCESSES
    for count in 1500 5000; do
        took=$(seconds_of "$1" "$3" "$count")
        awk -v name="$2" -v n="$count" -v took="$took" -v free="$unhindered" -v k="$3" 'BEGIN {
            full = int((n + 999) / 1000) - 1
            best = 20 * full + (n - 1000 * full) * free / 1000
            printf "ratio ratelimit.%s%d.%d %.4f   (%.3f s, best possible %.3f s)\n", name, n, k, took / best, took, best
        }'
    done
}

case " ${ways[*]} " in *" redis "*) start_redis ;; esac
for processes in "$@"; do
    unhindered=$(seconds_of file "$processes" 1000)
    for way in "${ways[@]}"; do
        if [ "$way" = file ]; then compare file "" "$processes"; else compare redis redis. "$processes"; fi
    done
done
