#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Receiving is starved: the rings are as small as they get, answers come late and in heaps, the process
# is stopped, others want both processors. Answers are dropped, which is told; sending slows down, what
# was under way goes out again, and in the end everything is found.

. "$(dirname "$0")/_init.sh"
needs tc setpriv prlimit
network

# starve NAME TARGETS OPTION...: a scan in the background, whose rings have 512 frames, for it may lock no
# more memory than that; $scan_pid is its process
starve() {
	local name=$1 before
	before=$(counter probes)
	targets=$2
	shift 2
	setpriv --bounding-set -ipc_lock prlimit --memlock=2097152 \
		"$PEAL" scan -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p 80 -n "$targets" --cooldown 2s \
		-O ndjson -o "$tmp/$name.ndjson" -m "$tmp/$name.json" --status-file "$tmp/$name.status" "$@" \
		2>"$tmp/$name.err" &
	scan_pid=$! # setpriv and prlimit become it
	wait_for 20 probed "$before"
}

# ended NAME CODE
ended() {
	local status=0
	wait "$scan_pid" || status=$?
	jq -c '{sent, resent, rx_missed, tx_dropped, made_good, backoffs, records, send_seconds, exit_reason}' "$tmp/$1.json"
	is "$1: exit status" $status "$2"
	books "$1"
}

# stopped SECONDS
stopped() {
	kill -STOP "$scan_pid"
	sleep "$1"
	kill -CONT "$scan_pid"
}

# healed NAME: whatever was lost was sent again, and everything is found
healed() {
	ended "$1" 0
	is "lost and not made good" "$(summary "$1" '.rx_missed + .tx_dropped - .made_good')" 0
	is "records" "$(summary "$1" .records)" "$targets"
	is "targets found" "$(jq -r .saddr "$tmp/$1.ndjson" | sort -u | wc -l)" "$targets"
}

# told NAME: something was lost, and all who watch are told
told() {
	summary "$1" '.rx_missed > 0 and .resent > 0 and .backoffs > 0' | grep -q true || fail "nothing was lost"
	grep -q 'frames are lost: sending slows down' "$tmp/$1.err" || fail "the log does not tell"
	grep -q 'lost [0-9]*, rx_missed [0-9]*, what was sent then was sent again' "$tmp/$1.err" || fail "the end does not tell"
	jq -es 'any(.[]; .rx_missed > 0 and .backoffs > 0 and .rate < 20000) and all(.[]; .rate > 0 and .rate <= 20000)' \
		"$tmp/$1.status" >/dev/null || fail "the status does not tell: $(tail -n 3 "$tmp/$1.status")"
}

say "stopped while answers arrive late"
on_host tc qdisc add dev host0 root tbf rate 4mbit burst 4kb limit 4mb # 8,300 answers a second
before=$(counter probes)
starve stop 16384 --rate 20000
wait_for 10 probed $((before + 9999))
stopped 1.6
healed stop
told stop

say "stopped again and again, beside loops that want both processors"
loops=()
for _ in 1 2; do
	timeout 60 bash -c 'while :; do :; done' &
	loops+=($!)
done
starve often 24576 --rate 12000
for _ in 1 2 3 4 5; do
	sleep 0.3
	stopped 0.15
done
healed often
kill "${loops[@]}"

say "--adapt off: what is lost is told, and not sent again"
before=$(counter probes)
starve off 16384 --rate 20000 --adapt off
wait_for 10 probed $((before + 9999))
stopped 1.6
ended off 75
summary off '.rx_missed > 0 and .records < 16384 and .exit_reason == "loss" and .complete == false and
	.resent == 0 and .made_good == 0 and .backoffs == 0' | grep -q true || fail "not what it should be"

say "the kernel drops what never gets to the scan's socket: frames that are too long, say"
on_host tc qdisc del dev host0 root
on_host ip link set host0 mtu 9000
starve kernel 8192 --rate 4000
for _ in 1 2 3; do
	sleep 0.3
	on_host bash -c 'head -c 4000 /dev/zero >/dev/udp/198.19.0.1/9'
done
healed kernel
is "missed" "$(summary kernel .rx_missed)" 3
summary kernel '.resent > 1000 and .backoffs > 0' | grep -q true || fail "nothing was sent again"
