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

# Bytes of code and constants in object files.
bytes_of() {
    size -A "$@" | awk '$1 ~ /^\.(text|rodata|data\.rel\.ro)/ {n += $2} END {print n}'
}
# Of constants alone: what is beside the tables there is code.
bytes_of_data() {
    size -A "$@" | awk '$1 ~ /^\.(rodata|data\.rel\.ro)/ {n += $2} END {print n}'
}
json="$work/build/CMakeFiles/uvrest_json.dir/runtime/json"
beside=$(bytes_of "$json"/{diff,gather,value}.c.o)
whole=$(bytes_of "$json"/*.c.o)
echo "figure codec.engine.bytes $whole   (at most 32768; all of runtime/json)"
echo "figure codec.engine.decode_and_encode.bytes $((whole - beside))   (of these: without diff.c, gather.c and value.c)"
tables=("$work"/build/CMakeFiles/iconik_objects.dir/generated/src/*_models.c.o)
# A service has a row of 8 bytes a model, and one that closes the table.
models=$(nm -S -t d "${tables[@]}" | awk '$4 == "gen_models" {n += $2 / 8 - 1} END {print n}')
awk -v b="$(bytes_of_data "${tables[@]}")" -v m="$models" \
    'BEGIN {printf "figure codec.tables.bytes_a_model %.1f   (at most 200; %d models)\n", b / m, m}'
