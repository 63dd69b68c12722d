#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# peal doctor takes the options that stand in for what an interface lacks, and refuses what a scan
# on the same interface would refuse.

. "$(dirname "$0")/_init.sh"
needs ip
network

# says CODE WORDS ARGUMENT...: the doctor's exit status, and a line with these words
says() {
	local got=0
	peal doctor "${@:3}" >"$tmp/out" 2>&1 || got=$?
	((got == $1)) && grep -qE "$2" "$tmp/out" && return 0
	cat "$tmp/out" >&2
	fail "peal doctor ${*:3}: status $got, wanted $1 and '$2'"
}

say "what the kernel knows"
says 0 '^ok +source +198\.19\.0\.1$' scan0
says 0 '^ok +kernel +answers each SYN-ACK with RST' scan0
says 0 '^ok +gateway +198\.19\.0\.2 is at 02:00:00:00:00:02' scan0
says 0 '^ok +ports +32768-61000' scan0

say "what the options say instead"
says 0 '^ok +source +198\.19\.7\.1 and others, not all scan0' scan0 -S 198.19.7.1-198.19.7.9
says 0 '^ok +kernel +sends no RST' scan0 -S 198.19.7.1
says 0 '^ok +kernel +answers' scan0 -S 198.19.0.1
says 0 '^ok +gateway +its hardware address is given' scan0 -G 02:00:00:00:00:09
says 0 '^ok +gateway +198\.19\.0\.9, not in' scan0 --gateway-ip 198.19.0.9
says 0 '^ok +ports +1024-2048' scan0 -s 1024-2048

say "an interface without addresses and routes"
ip link add bare0 numrxqueues 1 type veth peer name bare1
ip link set bare0 up
ip link set bare1 up
wait_for 5 ip link show bare0 up
says 69 '^FAIL +source +bare0 has no IPv4 address' bare0
says 0 '^ok +source +198\.19\.7\.1' bare0 -S 198.19.7.1
says 0 '^warn +gateway' bare0 -S 198.19.7.1
says 0 '^ready$' bare0 -S 198.19.7.1 -G 02:00:00:00:00:09

say "more queues than a scan would read"
ip link add many0 numrxqueues 4 numtxqueues 4 type veth peer name many1 numrxqueues 4 numtxqueues 4
ip link set many0 up
ip link set many1 up
says 0 '^ok +queues' af_packet:many0 -S 198.19.7.1
says 69 '^FAIL +queues .*ethtool -L many0 combined 1' af_xdp:many0 -S 198.19.7.1
expect 69 peal scan -i af_xdp:many0 -S 198.19.7.1 -G 02:00:00:00:00:09 198.18.0.1 -p 80 \
	--allow-special 198.18.0.0/15
grep -q 'ethtool -L many0' "$tmp/err" || fail "the scan said: $(cat "$tmp/err")"

say "no interface below"
says 64 '^FAIL +source .*--source-ip' "memif:$tmp/x.sock,role=server"
says 0 '^ready' "memif:$tmp/x.sock,role=server" -S 198.19.7.1
