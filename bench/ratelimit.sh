#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How close to the best possible time a client stays under an exact window of 1000 requests in 20 s, on the simulator.
# Best possible: 20 s for each full thousand before the last, and the last ones at the rate the client reaches unhindered,
# which is measured in the same run (the first 1000 calls of a fresh quota).
#   ratelimit.sh CONCURRENT
set -euo pipefail
export concurrent=$1

# shellcheck disable=SC2016 # expanded by the inner shell, inside with-sim
seconds_of() { # COUNT: prints the seconds it took; fails on a refusal
    count=$1 tools/with-sim --seed-data demo -- bash -c '
        asset=$("$PYTHON" -c "import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ[\"ICONIK_BASE_URL\"] + \"/_sim/seed\"))[\"ids\"][\"assets\"][0])")
        "$concurrent" "$count" "$asset"' | tee /dev/stderr |
        awk '{gsub(/,/, "")} $4 != 0 || $7 != 0 {exit 1} {print $9}'
}

unhindered=$(seconds_of 1000)
for count in 1500 5000; do
    took=$(seconds_of "$count")
    awk -v n="$count" -v took="$took" -v free="$unhindered" 'BEGIN {
        full = int((n + 999) / 1000) - 1
        best = 20 * full + (n - 1000 * full) * free / 1000
        printf "ratio ratelimit.%d.1 %.4f   (%.3f s, best possible %.3f s)\n", n, took / best, took, best
    }'
done
