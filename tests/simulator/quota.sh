#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs examples/concurrent against the simulator and holds its time against the best possible one under an exact sliding
# window of 1000 requests in 20 s: the k-th request cannot be counted earlier than 20 s after the (k - 1000)-th, so COUNT
# of them take at least 20 s for each full thousand before the last. What the last thousand takes is left out, which makes
# the bound stricter than it need be.
#   quota.sh CONCURRENT COUNT LIMIT
set -euo pipefail
concurrent=$1
count=$2
limit=$3

line=$("$(dirname "${BASH_SOURCE[0]}")/with-asset.sh" "$concurrent" "$count" ASSET)
echo "$line"
awk -v line="$line" -v count="$count" -v limit="$limit" 'BEGIN {
    gsub(/,/, "", line)
    split(line, word, " ")
    succeeded = word[2]; failed = word[4]; refused = word[7]; took = word[9]
    best = 20 * (int((count + 999) / 1000) - 1)
    printf "best possible %.3f s, ratio %.4f\n", best, took / best
    if (succeeded != count || failed != 0 || refused != 0) { print "calls failed or were refused"; exit 1 }
    if (took > limit * best) { print "too slow"; exit 1 }
}'
