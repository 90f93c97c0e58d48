#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How close to the best possible time clients stay under an exact window of 1000 requests in 20 s, on the simulator: one
# process, and several that share their ledger through a file. Best possible: 20 s for each full thousand before the
# last, and the last ones at the rate so many processes reach unhindered, which is measured in the same run (the first
# 1000 calls of a fresh quota).
#   ratelimit.sh PROCESSES_PROGRAM [PROCESSES...]      default: 1 2 4 8
set -euo pipefail
export program=$1
shift
[ $# -gt 0 ] || set -- 1 2 4 8
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export folder
trap 'rm -rf "$folder"' EXIT

# shellcheck disable=SC2016 # expanded by the inner shell, inside with-sim
seconds_of() { # PROCESSES COUNT: prints the seconds it took; fails on a refusal
    rm -f "$folder"/*
    processes=$1 count=$2 tools/with-sim --seed-data demo -- bash -c '
        asset=$("$PYTHON" -c "import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ[\"ICONIK_BASE_URL\"] + \"/_sim/seed\"))[\"ids\"][\"assets\"][0])")
        "$program" "$processes" "$count" "$folder/ledger" "$asset"' |
        awk '{print | "cat >&2"; gsub(/,/, "")} $4 != 0 || $7 != 0 {exit 1} {print $9}'
}

for processes in "$@"; do
    unhindered=$(seconds_of "$processes" 1000)
    for count in 1500 5000; do
        took=$(seconds_of "$processes" "$count")
        awk -v n="$count" -v took="$took" -v free="$unhindered" -v k="$processes" 'BEGIN {
            full = int((n + 999) / 1000) - 1
            best = 20 * full + (n - 1000 * full) * free / 1000
            printf "ratio ratelimit.%d.%d %.4f   (%.3f s, best possible %.3f s)\n", n, k, took / best, took, best
        }'
    done
done
