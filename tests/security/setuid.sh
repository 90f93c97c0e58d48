#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Security requirement 9: libcurl writes the secrets of TLS connections to the file that SSLKEYLOGFILE names; a set-uid
# program must not let its caller do that.
#   setuid.sh PROBE
# Exits with 77, "skipped", where no set-uid program can be made or run.
set -euo pipefail
probe=$1
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
chmod 755 "$work"
mkdir -m 777 "$work/keys"
export ASAN_OPTIONS=detect_leaks=0

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "$*"
    cat "$work/out"
    exit 1
}

[ "$(id -u)" = 0 ] || skip "only root can make a program another user's"
command -v setpriv >/dev/null || skip "no setpriv"

# As somebody else, with the variable set: one call to nobody, over TLS.
run() {
    SSLKEYLOGFILE="$work/keys/$1" setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$work/$1" https://127.0.0.1:1 1 1000 1000 1 0 >"$work/out" 2>&1
}

test_sec_09_no_key_log_in_a_set_uid_program() {
    install -m 755 "$probe" "$work/plain"
    install -m 4755 "$probe" "$work/setuid"
    setpriv --reuid 65534 --regid 65534 --clear-groups "$work/setuid" https://127.0.0.1:1 1 1000 1000 1 0 \
        >"$work/out" 2>&1 || skip "set-uid programs do not run here"
    run plain || fail "the plain program fails"
    [ -e "$work/keys/plain" ] || fail "the plain program keeps no log: this libcurl has none, and the test shows nothing"
    ! run setuid || fail "the set-uid program makes a client"
    grep -q 'SSLKEYLOGFILE' "$work/out" || fail "the set-uid program does not say why"
    [ ! -e "$work/keys/setuid" ] || fail "the set-uid program keeps a log"
}

case ${2:-9} in
    9) test_sec_09_no_key_log_in_a_set_uid_program ;;
esac
