#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The rate is a ceiling on the wire: at 10, 1 k, 20 k and 100 k packets a second, no 100 ms window
# at the peer holds more than 1.05 x rate + one burst, and some window is as full as the rate says.
# Also while something else wants the processors; then the rate may not be reached.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_rate.sh"
needs tcpdump tshark
network

# measure RATE TARGETS: the times of a scan's probes on the wire, to $tmp/times
measure() {
	capture
	scan rate -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p '81,84-90' -n "$2" \
		--rate "$1" --cooldown 1s
	captured "$2"
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
