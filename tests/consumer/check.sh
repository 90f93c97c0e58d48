#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs a build into a temporary prefix, builds the consumer against it with find_package and with pkg-config (shared
# and static), runs each, and looks at what the installed libraries export.
#   check.sh SOURCE_DIR BUILD_DIR [LDFLAGS of that build]
set -euo pipefail
source_dir=$1
build_dir=$2
flags=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$build_dir" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name 'libiconik.so')")

echo "-- find_package"
cmake -S "$source_dir/tests/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_CXX_FLAGS="$flags" >/dev/null
cmake --build "$work/build" >/dev/null
for program in consumer-shared consumer-static consumer-cxx; do
    LD_LIBRARY_PATH=$libdir "$work/build/$program"
done

echo "-- pkg-config"
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra shared <<<"$(pkg-config --cflags --libs iconik)"
read -ra static <<<"$(pkg-config --static --cflags --libs iconik)"
# shellcheck disable=SC2086 # flags is a list
gcc -std=c11 $flags "$source_dir/tests/consumer/consumer.c" -o "$work/shared" "${shared[@]}"
LD_LIBRARY_PATH=$libdir "$work/shared"
# A folder with the archives alone, searched first: -liconik then means the static one.
mkdir "$work/archives"
cp "$libdir"/*.a "$work/archives"
# shellcheck disable=SC2086
gcc -std=c11 $flags "$source_dir/tests/consumer/consumer.c" -o "$work/static" -L"$work/archives" "${static[@]}"
if readelf -d "$work/static" | grep -qE 'NEEDED.*lib(iconik|uvrest)'; then echo "not linked statically"; exit 1; fi
"$work/static"

echo "-- SONAME and exported symbols"
for name in uvrest iconik; do
    library=$libdir/lib$name.so
    readelf -d "$library" | grep -q "SONAME.*\[lib$name\.so\.[0-9]" || { echo "$library: no SONAME"; exit 1; }
    foreign=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -vE '^(iconik|uvrest)_[a-z]' |
        grep -vE '^(__asan|__odr_asan|_init|_fini)' || true)
    [ -z "$foreign" ] || { echo "$library exports: $foreign"; exit 1; }
done
