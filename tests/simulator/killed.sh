#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One of two processes that share a quota by SHARED is killed with calls under way: the other one is not refused once, and
# its 150 calls take a few windows of REQUESTS in WINDOW_MS, whatever the dead one had.
#   killed.sh PROCESSES_PROGRAM REQUESTS WINDOW_MS MOST_MS
# Row 69 of the fault catalogue, between machines.
set -euo pipefail
program=$1
requests=$2
window_ms=$3
most_ms=$4

python=${PYTHON:-/usr/bin/python3}
asset=$("$python" -c 'import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ["ICONIK_BASE_URL"] + "/_sim/seed"))["ids"]["assets"][0])')
# setsid: the program and the process it makes are killed as one group
setsid "$program" 1 5000 "$SHARED" "$asset" "$requests" "$window_ms" >/dev/null 2>&1 &
victim=$!
sleep 0.7
begin=$(date +%s%N)
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$program" 1 150 "$SHARED" "$asset" "$requests" "$window_ms" >"$said" &
other=$!
sleep 0.5
kill -9 -- "-$victim"
wait "$other"
cat "$said"
grep -q "succeeded 150, failed 0, 429 answers 0," "$said"
took=$((($(date +%s%N) - begin) / 1000000))
echo "took $took ms"
[ "$took" -le "$most_ms" ]
