#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The rate is a ceiling on the wire: at 10, 1 k, 20 k and 100 k packets a second, no 100 ms window
# at the peer holds more than 1.05 x rate + one burst, and the average is the rate. Also while
# something else wants the processors.

. "$(dirname "$0")/_init.sh"
needs tcpdump tshark
network

# windows RATE: reads times in seconds; every window of 100 ms that begins with a packet
windows() {
	awk -v rate="$1" '
		{ t[NR] = $1 }
		END {
			burst = rate / 1000; if (burst < 1) burst = 1; if (burst > 64) burst = 64
			limit = 1.05 * rate / 10 + burst
			for (first = last = 1; last <= NR; last++) {
				while (t[last] - t[first] >= 0.1) first++
				if (last - first + 1 > most) most = last - first + 1
			}
			average = (NR - 1) / (t[NR] - t[1])
			printf "%d packets, %.1f/s; fullest window %d, limit %.1f\n", NR, average, most, limit
			if (most > limit) exit 1
			if (average > rate * 1.005 || average < rate * 0.95) exit 2
		}'
}

# rate RATE TARGETS
rate() {
	local rate=$1 count=$2 pid why=0
	say "$rate packets/s, $count targets${3:+, $3}"
	ip netns exec host tcpdump -i host0 -n -s 64 -B 65536 -w "$tmp/rate.pcap" --time-stamp-precision nano \
		"tcp[tcpflags] == tcp-syn" 2>"$tmp/tcpdump.err" &
	pid=$!
	wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
	scan rate -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p '81,84-90' -n "$count" \
		--rate "$rate" --cooldown 1s
	kill -TERM $pid
	wait $pid || true
	is "packets that tcpdump dropped" "$(sed -n 's/ packets* dropped by kernel//p' "$tmp/tcpdump.err")" 0
	tshark -n -r "$tmp/rate.pcap" -T fields -e frame.time_epoch 2>/dev/null >"$tmp/times"
	is "packets on the wire" "$(wc -l <"$tmp/times")" "$count"
	windows "$rate" <"$tmp/times" || why=$?
	case $why in
	0) ;;
	1) fail "above the rate in a window of 100 ms" ;;
	*) fail "the average is not the rate" ;;
	esac
}

rate 10 50
rate 1000 6000
rate 20000 100000
rate 100000 400000
