#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The wall clock is set forward and back while a scan runs: by an hour, by ten years, to yesterday.
# Rate, durations and time left do not care; the time stamps of records follow within two seconds.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_rate.sh"
needs tcpdump tshark faketime
network
rate=10000
targets=60000

# a clock of the scan's own, moved by what a file says, which no sandbox lets it read; the monotonic one stays
library=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1) || skip "libfaketime is not installed"
set_clock() {
	echo "$1" >"$tmp/offset.new"
	mv "$tmp/offset.new" "$tmp/offset"
}
peal() {
	LD_PRELOAD=$library FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 \
		FAKETIME_TIMESTAMP_FILE=$tmp/offset "$PEAL" "$@"
}

say "an hour forward, ten years back, to yesterday, and back and forth"
set_clock +0
began=$(date +%s)
capture
scan clock -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p 81 -n $targets --rate $rate \
	--cooldown 1s --status-file "$tmp/status" -f saddr,timestamp_ts,rtt_us --no-sandbox &
job=$!
wait_for 20 probed 0
for step in +1h:1.6 -10y:0.3 -1d:1.6 +0:0.3 -5:0.3 +7:0.3 -3:0.3 +0:0; do
	set_clock "${step%:*}"
	sleep "${step#*:}"
done
wait $job
captured $targets
# with a tenth of slack, for a loaded machine is late to stamp what arrives; rate_test has none
windows $((rate + rate / 10)) 0.8 <"$tmp/times" || fail "not the rate in the windows of 100 ms"

summary clock '"sent in \(.send_seconds) s; started \(.started), ended \(.ended)"'
is "records" "$(summary clock .records)" $targets
summary clock '.send_seconds > 5.8 and .send_seconds < 30' | grep -q true || fail "send_seconds is not what it took"
jq -es --argjson rate $rate '
	all(.[]; (.eta_seconds == null or .eta_seconds >= 0 and .eta_seconds < 30) and .sent_rate <= $rate * 1.06)
	and (map(.elapsed) | . == sort and .[-1] < 60)' "$tmp/status" >/dev/null ||
	fail "a line of the status is wrong: $(jq -c '{elapsed, eta_seconds, sent_rate, phase}' "$tmp/status")"

# no round trip here takes a second; and records tell of now, of the hour ahead, of yesterday
jq -es --argjson began "$began" '
	(map(.rtt_us // 0) | max) < 1000000 and
	([[0, 600], [3600, 4200], [-86400, -85800]] as $spans | map(.timestamp_ts - $began) as $at |
		all($spans[]; . as $span | any($at[]; . >= $span[0] - 10 and . < $span[1])))' "$tmp/clock.ndjson" >/dev/null ||
	fail "time stamps do not follow the clock"
