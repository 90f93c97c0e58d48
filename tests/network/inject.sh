#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rows 111 and 112 of the fault catalogue: system calls of the client's thread fail as strace makes them; those of a
# server do not.
#   inject.sh WIRE_CALL PROBE ROW      WIRE_CALL: its tests must not notice; PROBE: one call
# Exits with 77, "skipped", where strace is missing or may not trace.
set -euo pipefail
wire_call=$1
probe=$2
row=$3
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -r "$work"' EXIT
# What looks for leaks cannot be traced itself.
export ASAN_OPTIONS=detect_leaks=0

command -v strace >/dev/null || { echo "skipped: no strace"; exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "skipped: strace may not trace here"; exit 77; }

fail() {
    echo "row $row: $*"
    cat "$work/out"
    exit 1
}

# inject "FAULT FAULT" PROGRAM...: runs it with these faults; they must have happened.
inject() {
    local faults=() fault
    for fault in $1; do
        faults+=(-e "inject=$fault")
    done
    shift
    timeout 120 strace -qq -o "$work/trace" "${faults[@]}" "$@" >"$work/out" 2>&1
    local code=$?
    grep -q INJECTED "$work/trace" || fail "no fault happened"
    return $code
}

row_111_descriptors_that_cannot_be_had_are_asked_for_again() {
    local error
    "${PYTHON:-/usr/bin/python3}" "$here/server.py" 127.0.0.1 0 0 >"$work/port" &
    server=$!
    while [ ! -s "$work/port" ]; do kill -0 $server || fail "no server"; sleep 0.05; done
    for error in EMFILE ENFILE ENOBUFS ENOMEM; do
        inject "socket:error=$error:when=1..3" "$probe" "http://127.0.0.1:$(cat "$work/port")" 1 2000 2000 6 0 ||
            fail "$error: probe failed"
        grep -qE '^UVREST_OK yes 1 [2-6]$' "$work/out" || fail "$error: not a success after a few attempts"
        inject "socket:error=$error" "$probe" "http://127.0.0.1:$(cat "$work/port")" 1 2000 2000 3 0 ||
            fail "$error: probe failed"
        grep -qE '^UVREST_E_(CONNECT|IO) no 1 3$' "$work/out" || fail "$error for ever: no failure after three attempts"
        ! inject "epoll_create1:error=$error" "$probe" "http://127.0.0.1:1" 1 2000 2000 1 0 ||
            fail "$error: a client without a loop"
        grep -q '^probe: ' "$work/out" || fail "$error: the probe did not end by itself"
    done
}

row_112_interruptions_and_storms_are_invisible() {
    local faults
    for faults in "epoll_wait:error=EINTR:when=2+3 epoll_pwait:error=EINTR:when=2+3" \
        recvfrom:error=EAGAIN:when=1+2 recvfrom:error=EINTR:when=1+2 \
        sendto:error=EAGAIN:when=1+2 sendto:error=EINTR:when=1+2; do
        inject "$faults" "$wire_call" || fail "$faults was noticed"
        echo "row $row, $faults: $(grep -c '  OK ' "$work/out") tests passed"
    done
}

case $row in
    111) row_111_descriptors_that_cannot_be_had_are_asked_for_again ;;
    112) row_112_interruptions_and_storms_are_invisible ;;
    *) echo "no row $row here" >&2; exit 2 ;;
esac
