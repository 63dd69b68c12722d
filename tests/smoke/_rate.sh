# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What a scan sends, measured at the peer. A test sources this file after _init.sh.
# shellcheck disable=SC2154 # $tmp is from there

# capture: notes on the host when each SYN arrives
capture() {
	ip netns exec host tcpdump -i host0 -n -s 64 -B 65536 -w "$tmp/rate.pcap" --time-stamp-precision nano \
		"tcp[tcpflags] == tcp-syn" 2>"$tmp/tcpdump.err" &
	capture_pid=$!
	wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
}

# captured COUNT: ends it; so many SYNs there must have been; their times to $tmp/times
captured() {
	kill -TERM "$capture_pid"
	wait "$capture_pid" || true
	is "packets that tcpdump dropped" "$(sed -n 's/ packets* dropped by kernel//p' "$tmp/tcpdump.err")" 0
	tshark -n -r "$tmp/rate.pcap" -T fields -e frame.time_epoch 2>/dev/null >"$tmp/times"
	is "packets on the wire" "$(wc -l <"$tmp/times")" "$1"
}

# windows RATE LEAST: reads times in seconds; every window of 100 ms that begins with a packet. Status
# 1 if there is too much in one, 2 if the fullest has less than this share of the rate.
windows() {
	awk -v rate="$1" -v least="$2" '
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
			if (most > limit || average > rate * 1.005) exit 1
			if (most < least * rate / 10) exit 2
		}'
}
