#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs examples/processes against the simulator and holds its time against the best possible one under an exact sliding
# window of REQUESTS in WINDOW_MS: a window for each full REQUESTS before the last, and SLACK_MS for the rest.
#   shared.sh PROCESSES_PROGRAM PROCESSES COUNT REQUESTS WINDOW_MS SLACK_MS
# They share a file, or what SHARED names. Row 68 of the fault catalogue.
set -euo pipefail
program=$1
processes=$2
count=$3
requests=$4
window_ms=$5
slack_ms=$6

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=${PYTHON:-/usr/bin/python3}
asset=$("$python" -c 'import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ["ICONIK_BASE_URL"] + "/_sim/seed"))["ids"]["assets"][0])')
line=$("$program" "$processes" "$count" "${SHARED:-$folder/ledger}" "$asset" "$requests" "$window_ms" 2>"$folder/log") ||
    { cat "$folder/log" >&2; exit 1; }
cat "$folder/log" >&2
echo "$line"
if grep -q shared_ "$folder/log"; then echo "the quota was not shared"; exit 1; fi
awk -v line="$line" -v count="$count" -v requests="$requests" -v window="$window_ms" -v slack="$slack_ms" 'BEGIN {
    gsub(/,/, "", line)
    split(line, word, " ")
    succeeded = word[2]; failed = word[4]; refused = word[7]; took = word[9] * 1000
    best = window * (int((count + requests - 1) / requests) - 1)
    printf "best possible %d ms, took %d ms\n", best, took
    if (succeeded != count || failed != 0 || refused != 0) { print "calls failed or were refused"; exit 1 }
    if (took < best) { print "faster than the window allows"; exit 1 }
    if (took > best + slack) { print "too slow"; exit 1 }
}'
