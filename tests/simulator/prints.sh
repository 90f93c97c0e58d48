#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command that has to succeed and to print each of the given lines, among others.
#   prints.sh LINE... -- COMMAND ARGUMENTS...
set -euo pipefail
lines=()
while [ "$1" != -- ]; do
    lines+=("$1")
    shift
done
shift
output=$("$@")
echo "$output"
for line in "${lines[@]}"; do
    grep -qxF -- "$line" <<<"$output" || { echo "does not print: $line"; exit 1; }
done
