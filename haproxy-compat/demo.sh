#!/bin/sh
# Shows Multipath TCP on both sides of subflow: client -> frontend, proxy -> server.
# Usage: haproxy-compat/demo.sh [subflow binary]     (make demo builds it and runs this)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
subflow=${1:-$here/../target/release/subflow}
config=$here/configs/mptcp.cfg
backend=$here/configs/mptcp-backend.py
front_port=5000
back_port=4331
pids=''

finish() {
    status=$?
    for pid in $pids; do
        kill "$pid" 2>/dev/null || :
    done
    wait
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "demo: $*" >&2
    exit 1
}

# Whether something listens on a TCP port (an MPTCP listener shows here as well).
listening() {
    grep -qi ":$(printf %04X "$1") [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

wait_for() {
    tries=0
    until listening "$2"; do
        kill -0 "$1" 2>/dev/null || fail "$3 ended before it listened on port $2"
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "$3 does not listen on port $2 after 10 seconds"
        sleep 0.1
    done
}

# A counter of /proc/net/netstat (line MPTcpExt), by name.
counter() {
    awk -v name="$1" '$1 == "MPTcpExt:" { if (!head) { split($0, names); head = 1 }
        else for (i in names) if (names[i] == name) print $i }' /proc/net/netstat
}

python_client() {
    python3 - "$front_port" "$1" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, int(sys.argv[2]))
s.settimeout(10)
s.connect(("::1", int(sys.argv[1])))
s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
answer = b""
while True:
    chunk = s.recv(65536)
    if not chunk:
        break
    answer += chunk
sys.stdout.write(answer.partition(b"\r\n\r\n")[2].decode())
PYTHON
}

# One request; says how many connections of this machine became Multipath TCP meanwhile.
request() {
    what=$1
    shift
    offered_before=$(counter MPCapableSYNTX)
    accepted_before=$(counter MPCapableACKRX)
    printf '\n%s\n  $ %s\n' "$what" "$*"
    answer=$("$@") || fail "the request failed"
    printf '%s\n' "$answer" | sed 's/^/  /'
    case $answer in *Hello*) ;; *) fail "the answer is not the example backend's Hello" ;; esac
    offered=$(($(counter MPCapableSYNTX) - offered_before))
    accepted=$(($(counter MPCapableACKRX) - accepted_before))
    echo "  connections that offered MPTCP: $offered, accepted as MPTCP: $accepted"
}

[ -x "$subflow" ] || fail "no binary at $subflow: run 'make demo'"
command -v python3 >/dev/null || fail "python3 is missing (Debian: apt-get install python3)"
[ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] ||
    fail "this kernel has no Multipath TCP, or it is off (sysctl net.mptcp.enabled)"
for port in $front_port $back_port; do
    ! listening "$port" || fail "port $port is in use"
done

python3 "$backend" &
pids="$pids $!"
wait_for "$!" "$back_port" "the example backend"
"$subflow" -db -f "$config" &
pids="$pids $!"
wait_for "$!" "$front_port" "subflow"
echo "subflow runs $config"

if command -v mptcpize >/dev/null && command -v curl >/dev/null; then
    request "A client that speaks Multipath TCP:" mptcpize run curl -sS -m 10 "localhost:$front_port"
else
    request "A client that speaks Multipath TCP:" python_client 262
fi
both_accepted=$accepted
if command -v curl >/dev/null; then
    request "A client that speaks plain TCP:" curl -sS -m 10 "localhost:$front_port"
else
    request "A client that speaks plain TCP:" python_client 6
fi

echo
[ "$both_accepted" -eq 2 ] || fail "expected 2 MPTCP connections for the MPTCP client, saw $both_accepted"
[ "$accepted" -eq 1 ] || fail "expected 1 MPTCP connection for the plain client, saw $accepted"
echo "Proof (kernel counters MPTcpExt of /proc/net/netstat): the first request made two MPTCP"
echo "connections, client to subflow and subflow to server. The second made one: the client's hop"
echo "stayed TCP on the same listener, and the hop to the server was MPTCP again."
