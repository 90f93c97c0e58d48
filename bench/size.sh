#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the generated library weighs: bytes of the stripped libraries, lines of generated source an operation, seconds to
# generate and to build everything from nothing, exported names.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start=$(date +%s.%N)
"$PYTHON" -m codegen generate --out "$work/generated" >/dev/null
generated=$(date +%s.%N)
diff -r "$work/generated" generated >/dev/null || { echo "generated/ is not current: run ./run regen" >&2; exit 1; }

cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc -DUVREST_TESTS=OFF >/dev/null
configured=$(date +%s.%N)
CCACHE_DISABLE=1 cmake --build "$work/build" --parallel 2 >/dev/null
built=$(date +%s.%N)

bytes=0
for name in uvrest iconik; do
    strip -o "$work/lib$name.so" "$work/build/lib$name.so"
    size=$(stat -c %s "$work/lib$name.so")
    echo "figure size.lib$name.so.bytes $size"
    bytes=$((bytes + size))
done
echo "figure size.total.bytes $bytes   (at most 1258291)"

operations=$(grep -hcE '^(uvrest_status iconik_[a-z0-9_]+_wait\(|WAIT(_FOR)?\()' generated/src/*.c | awk '{n += $1} END {print n}')
# Parameter tables are left out, and so are comments and blank lines.
lines=$(awk '/^static const uvrest_param .*= \{/ {table = 1} !table {print} table && /^};/ {table = 0}' generated/src/*.c |
    sed -e 's:/\*.*\*/::' | awk '/\/\*/ {comment = 1} !comment && NF {n++} /\*\// {comment = 0} END {print n}')
awk -v l="$lines" -v o="$operations" \
    'BEGIN {printf "figure size.lines_an_operation %.2f   (at most 15; %d lines, %d operations and shortcuts)\n", l / o, l, o}'
awk 'length > 110 {n++} END {printf "figure size.lines_over_110_columns %d\n", n}' generated/src/*.c
awk -v a="$start" -v b="$generated" 'BEGIN {printf "figure size.generate.seconds %.2f   (at most 5)\n", b - a}'
awk -v a="$configured" -v b="$built" 'BEGIN {printf "figure size.build.seconds %.2f   (at most 30)\n", b - a}'
nm -D --defined-only "$work/build/libuvrest.so" "$work/build/libiconik.so" |
    awk 'NF == 3 && $3 !~ /^(uvrest|iconik)_/ {n++} NF == 3 {all++} END {printf "figure size.exports %d, foreign %d\n", all, n}'
