#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compiles every generated source as C11 with warnings as errors, under each of the given compilers.
#   check_sources.sh SOURCE_DIR COMPILER...
set -euo pipefail
cd "$1"
shift
flags="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only -Iruntime/include -Igenerated/include -Igenerated"
for compiler in "$@"; do
    command -v "$compiler" >/dev/null || { echo "there is no $compiler; install it"; exit 1; }
    find generated/src -name '*.c' -print0 | sort -z | xargs -0 -n1 -P "$(nproc)" "$compiler" $flags
    echo "$compiler: $(find generated/src -name '*.c' | wc -l) sources without a warning"
done
