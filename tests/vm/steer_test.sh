#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The rules that bring a card answers only, as a driver of DPDK's understands them. None of the
# emulated cards takes rules; DPDK's tap does, and takes its frames from a card of Linux by them. (What
# no rule names should stay with Linux; DPDK 22.11's tap drops it.)

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
STEER=${STEER:-$smoke_dir/../../build/tests/vm/steer}
vm_needs
network
needs python3
# shellcheck disable=SC2034 # _vm.sh reads them
vm_programs=("$STEER")
vm_pmds+=(net_tap)
vm_modules+=(drivers/net/tun net/sched/sch_ingress net/sched/sch_multiq net/sched/cls_flower
	net/sched/act_gact net/sched/act_mirred net/sched/act_skbedit)
vm_cable

# ten of each: what is ours first, then what is not
cat >"$tmp/frames.py" <<'PYTHON'
import socket, struct

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("host0", 0))
card, host, everybody = (bytes.fromhex(mac) for mac in ("020000000001", "020000000002", "ff" * 6))

def ip(to, protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                       socket.inet_aton("198.18.0.5"), socket.inet_aton(to))
    total = sum(struct.unpack(">10H", head))
    total = (total >> 16) + (total & 0xffff)
    head = head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + head[12:]
    return card + host + b"\x08\x00" + head + payload

def tcp(to, port):
    return ip(to, 6, struct.pack(">HHIIBBHHH", 80, port, 1, 2, 0x50, 0x12, 1024, 0, 0))

arp = everybody + host + b"\x08\x06" + struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, host,
    socket.inet_aton("198.19.0.2"), bytes(6), socket.inet_aton("198.19.0.77"))
udp = ip("198.19.0.77", 17, struct.pack(">HHHH", 80, 40000, 8, 0))
ours = [tcp("198.19.0.77", 40000), ip("198.19.0.77", 1, b"\x03\x03\xfc\xfc" + bytes(32)), arp]
others = [tcp("198.19.0.77", 40001), tcp("198.19.0.76", 40000), udp, ip("198.19.0.76", 1, bytes(8))]
for frame in (ours + others) * 10:
    wire.send(frame)
PYTHON

say "ten frames of each kind, on the card and through its rules"
vm_start vmxnet3
guest "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6" # or the tap itself says something
guest "ip link set eth0 up"
on_host ip neigh replace 198.19.0.77 lladdr 02:00:00:00:00:01 dev host0 nud permanent
guest "(steer eth0 198.19.0.77 40000 8 >$tmp/said 2>$tmp/steer.err) &"
wait_for 30 guest grep -q ready "$tmp/said"
on_host python3 "$tmp/frames.py"
wait_for 30 guest grep -q rules "$tmp/said"
is "what the rules brought" "$(guest tail -n 1 "$tmp/said")" "tcp 10 icmp 10 arp 10 other 0, rules"
guest cat "$tmp/steer.err" >"$tmp/err"
grep -q '3 rules bring it answers only' "$tmp/err" || fail "$(cat "$tmp/err")"
