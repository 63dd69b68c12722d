#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The rate is a ceiling on the wire: at 10, 1 k, 20 k and 100 k packets a second, no 100 ms window
# at the peer holds more than 1.05 x rate + one burst, and some window is as full as the rate says.
# Also while something else wants the processors; then the rate may not be reached.

. "$(dirname "$0")/_init.sh"
needs tcpdump tshark
network

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

# measure RATE TARGETS: the times of a scan's probes on the wire, to $tmp/times
measure() {
	local pid
	ip netns exec host tcpdump -i host0 -n -s 64 -B 65536 -w "$tmp/rate.pcap" --time-stamp-precision nano \
		"tcp[tcpflags] == tcp-syn" 2>"$tmp/tcpdump.err" &
	pid=$!
	wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
	scan rate -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p '81,84-90' -n "$2" \
		--rate "$1" --cooldown 1s
	kill -TERM $pid
	wait $pid || true
	is "packets that tcpdump dropped" "$(sed -n 's/ packets* dropped by kernel//p' "$tmp/tcpdump.err")" 0
	tshark -n -r "$tmp/rate.pcap" -T fields -e frame.time_epoch 2>/dev/null >"$tmp/times"
	is "packets on the wire" "$(wc -l <"$tmp/times")" "$2"
}

# rate RATE TARGETS [LEAST]: may be slow twice, for others may need the processors; never too fast
rate() {
	local why
	for _ in 1 2 3; do
		why=0
		measure "$1" "$2"
		windows "$1" "${3:-0.95}" <"$tmp/times" || why=$?
		((why != 1)) || fail "above the rate in a window of 100 ms, or on average"
		((why != 0)) || return 0
	done
	fail "no window of 100 ms is as full as the rate says"
}

# loaded COMMAND...: runs it beside two loops that want all they can get, for three minutes at most
loaded() {
	local loops=()
	for _ in 1 2; do
		timeout 180 bash -c 'while :; do :; done' &
		loops+=($!)
	done
	"$@"
	kill "${loops[@]}" || fail "the load ended before the scan"
	wait "${loops[@]}" 2>/dev/null || true
}

say "10 packets/s"
rate 10 50
say "1,000 packets/s"
rate 1000 6000
say "20,000 packets/s"
rate 20000 100000
say "100,000 packets/s, which a shared machine may not reach"
rate 100000 400000 0.3
say "20,000 packets/s, with loaded processors"
loaded rate 20000 60000 0
say "100,000 packets/s, with loaded processors"
loaded rate 100000 200000 0
