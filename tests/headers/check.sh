#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compiles every public header alone, as C11 and as C++17, with warnings as errors.
#   check.sh SOURCE_DIR CC CXX
set -euo pipefail
cd "$1"
cc=$2
cxx=$3
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only -Iruntime/include -Igenerated/include)
mapfile -t headers < <(find runtime/include generated/include -name '*.h' | sort)
[ "${#headers[@]}" -gt 0 ] || { echo "no headers found"; exit 1; }
alone() {
    local header=$1
    shift
    "$@" -include "$header" /dev/null || { echo "does not compile alone: $header ($*)"; return 1; }
}
export -f alone
printf '%s\n' "${headers[@]}" | xargs -P "$(nproc)" -I{} bash -c "alone {} $cc -x c -std=c11 ${warnings[*]}"
printf '%s\n' "${headers[@]}" | xargs -P "$(nproc)" -I{} bash -c "alone {} $cxx -x c++ -std=c++17 ${warnings[*]}"
echo "${#headers[@]} headers, each alone as C11 and as C++17"
