#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rows 3, 5, 15, 16 and 38 of the fault catalogue, in network namespaces of their own: a client's and a server's, with a
# cable (veth) between them, or a line of pump.py's, which loses, delays and reorders packets (the kernel's netem is not
# everywhere).
#   namespaces.sh PROBE ROW
# Exits with 77, which ctest takes for "skipped", where it is not permitted.
set -euo pipefail
probe=$(readlink -f "$1")
row=$2
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
python=${PYTHON:-/usr/bin/python3}

skip() {
    echo "skipped: $*"
    exit 77
}

# A new network, and a new view of the file system and of processes: /etc/hosts can be ours, and all ends with us.
if [ "${INSIDE_NAMESPACE:-}" != yes ]; then
    unshare --net --mount --pid --fork true 2>/dev/null || skip "no permission for network namespaces"
    INSIDE_NAMESPACE=yes exec unshare --net --mount --pid --mount-proc --fork --kill-child \
        "${BASH_SOURCE[0]}" "$probe" "$row"
fi

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -r "$work"' EXIT

fail() {
    echo "row $row: $*"
    cat "$work/out" 2>/dev/null || true
    exit 1
}

# The other end of the cable lives in the namespace of the server's process.
lay_cable() {
    ip link add near type veth peer name far 2>/dev/null || skip "no veth here"
    connect_ends
}

# lay_bad_line LOSS DELAY_MS JITTER_MS: sets pumping to the process that carries the packets.
lay_bad_line() {
    [ -c /dev/net/tun ] || skip "no tun device here"
    : >"$work/pump"
    "$python" "$here/pump.py" near far "$@" >"$work/pump" 2>"$work/pump.errors" &
    pumping=$!
    local i
    for ((i = 0; i < 100; i++)); do
        grep -q ready "$work/pump" && break
        kill -0 $pumping 2>/dev/null || skip "no tun device can be made: $(tail -1 "$work/pump.errors")"
        sleep 0.05
    done
    connect_ends
}

connect_ends() {
    unshare --net sleep 600 >/dev/null &
    local holder=$! i
    server=$holder
    ip link set lo up
    for ((i = 0; i < 100; i++)); do
        [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break
        sleep 0.05
    done
    ip link set far netns "$holder"
    ip addr add 10.99.0.1/24 dev near
    ip link set near up
    far="nsenter --target $holder --net"
    $far ip link set lo up
    $far ip addr add 10.99.0.2/24 dev far
    $far ip link set far up
}

# serve DELAY [ADDRESS]: sets serving to the server's process.
serve() {
    local address=${2:-10.99.0.2} i
    $far "$python" "$here/server.py" "$address" 8080 "$1" >/dev/null &
    serving=$!
    for ((i = 0; i < 200; i++)); do
        "$python" -c "import socket; socket.create_connection(('$address', 8080), 1)" 2>/dev/null && return
        sleep 0.05
    done
    fail "the server does not come up"
}

row_3_dead_ipv6_costs_little() {
    lay_cable
    serve 0
    # Packets for 2001:db8::2 leave, and nobody is there to answer.
    sysctl -qw net.ipv6.conf.near.disable_ipv6=0 2>/dev/null || true
    ip -6 addr add 2001:db8::1/64 dev near nodad 2>/dev/null || skip "no IPv6 here"
    ip -6 neigh add 2001:db8::2 lladdr 02:00:00:00:00:99 dev near
    printf '127.0.0.1 localhost\n2001:db8::2 both.test\n10.99.0.2 both.test\n' >"$work/hosts"
    mount --bind "$work/hosts" /etc/hosts
    "$probe" http://both.test:8080 4 5000 5000 1 0 >"$work/out"
    grep -q '^UVREST_OK yes 4 1$' "$work/out" || fail "not all succeeded"
    awk '/^took/ && $2 > 2000 { exit 1 }' "$work/out" || fail "too slow"
}

row_5_syn_black_hole_is_a_timeout() {
    lay_cable
    ip neigh add 10.99.0.77 lladdr 02:00:00:00:00:99 dev near
    "$probe" http://10.99.0.77:8080 1 300 5000 2 0 >"$work/out"
    grep -q '^UVREST_E_TIMEOUT no 1 2$' "$work/out" || fail "not a timeout after two attempts"
    awk '/^took/ && $2 > 3000 { exit 1 }' "$work/out" || fail "too slow"
}

row_15_network_that_comes_back_is_used_again() {
    lay_cable
    serve 0.3
    "$probe" http://10.99.0.2:8080 200 1000 20000 20 60000 >"$work/out" &
    local client=$!
    sleep 1
    ip link set near down
    sleep 3
    ip link set near up
    wait $client || fail "the probe failed"
    grep -q '^UVREST_OK yes 200 ' "$work/out" || fail "not all succeeded"
    # And when it does not come back, the deadline holds.
    ip link set near down
    "$probe" http://10.99.0.2:8080 3 500 1000 20 3000 >"$work/out"
    grep -qE '^UVREST_E_(CONNECT|TIMEOUT|NETWORK) no 3 ' "$work/out" || fail "not a failure of the network"
    awk '/^took/ && $2 > 4500 { exit 1 }' "$work/out" || fail "too slow"
}

# The host's first server goes and the name leads to the second: noticed with the first connection that is refused.
row_16_host_that_moves_is_found_at_once() {
    lay_cable
    $far ip addr add 10.99.0.3/24 dev far
    serve 0.1 10.99.0.2
    local first=$serving
    serve 0.1 10.99.0.3
    echo '10.99.0.2 moving.test' >"$work/hosts"
    mount --bind "$work/hosts" /etc/hosts
    # Few connections, so that those that break do not use up the budget of retries.
    "$probe" http://moving.test:8080 150 1000 5000 20 20000 4 >"$work/out" &
    local client=$!
    sleep 1
    kill -0 $client || fail "the probe ended before the host moved"
    echo '10.99.0.3 moving.test' >"$work/hosts"
    kill -KILL "$first"
    wait $client || fail "the probe failed"
    grep -q '^UVREST_OK yes 150 ' "$work/out" || fail "not all succeeded"
}

row_38_lossy_line_that_reorders_is_slow_and_right() {
    lay_bad_line 0.05 150 60 # each way: 300 ms and more there and back
    serve 0
    "$probe" http://10.99.0.2:8080 80 10000 30000 4 0 >"$work/out"
    kill -TERM $pumping
    wait $pumping || fail "the pump failed"
    tail -1 "$work/pump"
    grep -q '^UVREST_OK yes 80 ' "$work/out" || fail "not all succeeded"
    awk '/^took/ && $2 < 2400 { exit 1 }' "$work/out" || fail "the line was not slow"
    awk '/^carried/ { exit !($4 > 10 && $6 > 10) }' "$work/pump" || fail "the line was not bad"
}

row_38_narrow_line_is_slow_and_right() {
    lay_cable
    serve 0
    tc qdisc add dev near root tbf rate 64kbit burst 3000 latency 2s 2>/dev/null || skip "no tbf here"
    $far tc qdisc add dev far root tbf rate 256kbit burst 3000 latency 2s
    "$probe" http://10.99.0.2:8080 60 10000 30000 4 0 >"$work/out"
    grep -q '^UVREST_OK yes 60 ' "$work/out" || fail "not all succeeded"
    awk '/^took/ && $2 < 1000 { exit 1 }' "$work/out" || fail "the line was not narrow"
}

case $row in
    3) row_3_dead_ipv6_costs_little ;;
    5) row_5_syn_black_hole_is_a_timeout ;;
    15) row_15_network_that_comes_back_is_used_again ;;
    16) row_16_host_that_moves_is_found_at_once ;;
    38) row_38_narrow_line_is_slow_and_right ;;
    38_lossy) row_38_lossy_line_that_reorders_is_slow_and_right ;;
    *) echo "no row $row here" >&2; exit 2 ;;
esac
cat "$work/out"
