#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The process is stopped and goes on, for 10 s (30 with --long), shortly, and in the cooldown. It does
# not catch up: every 100 ms at the peer keep to the rate. Its time left is never negative, it loses
# nothing, and what came while it was stopped counts.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_rate.sh"
needs tcpdump tshark tc
network
rate=20000
stop=${PEAL_TEST_LONG:+30}
targets=80000

# stopped PID SECONDS
stopped() {
	kill -STOP "$1"
	sleep "$2"
	kill -CONT "$1"
}

# sends NAME OPTION...: a scan in the background
sends() {
	local name=$1
	shift
	scan "$name" -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 "$@" &
	scan_job=$!
	wait_for 20 probed 0
	scan_pid=$(pgrep -P "$scan_job" -x peal)
}

say "stopped for ${stop:-10} s while it sends"
capture
sends stall -p 81,85 -n $targets --rate $rate --cooldown 1s --status-file "$tmp/status"
sleep 1
stopped "$scan_pid" "${stop:-10}"
for pause in 0.02 0.3 0.1; do
	sleep 0.3
	stopped "$scan_pid" $pause
done
wait $scan_job
captured $targets
windows $rate 0.5 <"$tmp/times" || fail "above the rate in a window of 100 ms"
is "records" "$(summary stall .records)" $targets
is "lost" "$(summary stall '.tx_dropped + .rx_missed')" 0
jq -es --argjson rate $rate --argjson stop "${stop:-10}" '
	all(.[]; (.eta_seconds == null or .eta_seconds >= 0) and .sent_rate <= $rate * 1.06)
	and (map(.elapsed) | . == sort) and .[-1].elapsed > $stop' "$tmp/status" >/dev/null ||
	fail "a line of the status is wrong: $(jq -c '{elapsed, eta_seconds, sent_rate, phase}' "$tmp/status")"
summary stall '"sent in \(.send_seconds) s, with the stop"'
summary stall ".send_seconds > ${stop:-10}" | grep -q true || fail "the stop is missing in the time of sending"

say "stopped until the cooldown is over, while answers arrive"
on_host tc qdisc add dev host0 root tbf rate 4mbit burst 4kb limit 4mb # 8,300 answers a second
before=$(counter probes)
sends late -p 80 -n 16384 --rate $rate --cooldown 2s
wait_for 20 probed $((before + 16383))
stopped "$scan_pid" 4
wait $scan_job
is "records" "$(summary late .records)" 16384
