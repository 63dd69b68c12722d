#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The link comes and goes: what was lost by that is sent again, and all is found. The interface is
# deleted: the scan ends in order, and goes on upon another one.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq
network

flaps=20
[[ ${PEAL_TEST_LONG:-} ]] && flaps=100

job=(-i scan0 198.18.0.0/17 --allow-special 198.18.0.0/15 -p '80,81' -r 20k -c 1s)
truth 17 | awk '$2 < 83' >"$tmp/want"

# milliseconds since some time, whatever becomes of the wall clock
now() {
	local up
	read -r up _ </proc/uptime
	echo $((10#${up/./} * 10))
}

# took SINCE FILE: notes how long it was
took() {
	echo $(($(now) - $1)) >>"$tmp/$2"
}

# times FILE LIMIT: says how long it took; a machine that has much else to do may be slow, so the
# limit is not what it should take
times() {
	say "$(sort -n "$tmp/$1" | awk '{ t[NR] = $1 } END {
		printf "%d times: median %d ms, longest %d ms", NR, t[int((NR + 1) / 2)], t[NR] }')"
	(($(sort -n "$tmp/$1" | tail -n 1) <= $2)) || fail "$1: longer than $2 ms"
}

# noticed N: whether the scan has said so often that the link is down
noticed() {
	(($(grep -c 'scan0: the link is down' "$tmp/flap.err") >= $1))
}

say "the link is lost $flaps times: how long until probes arrive again (2 s is the aim)"
begin flap
wait_for 20 test -s "$tmp/flap.ndjson"
for ((i = 0; i < flaps; i++)); do
	on_host ip link set host0 down
	wait_for 10 noticed $((i + 1))
	sleep "0.$((RANDOM % 3))"
	before=$(counter probes)
	on_host ip link set host0 up
	up=$(now)
	wait_for 20 probed "$before"
	took "$up" back
	sleep "0.$((RANDOM % 3 + 1))"
done
ended flap 0
times back 15000
cp "$tmp/flap.state/summary.json" "$tmp/flap.json"
books flap
states flap >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"
is "sent" "$(summary flap .sent)" 65536
(($(summary flap .outages) >= flaps)) || fail "outages: $(summary flap .outages)"
is "complete" "$(summary flap .complete)" true
(($(summary flap .backoffs) <= flaps / 4)) || fail "it slowed down: $(summary flap .backoffs) times"
say "$(summary flap '"\(.resent) sent again, \(.tx_dropped) dropped, \(.outage_seconds) s of outage"')"
(($(summary flap .resent) > 0)) || fail "nothing was sent again"

say "killed while the link is down, when the wait for answers is over: what was lost is known"
begin dark
wait_for 20 test -s "$tmp/dark.ndjson"
on_host ip link set host0 down
wait_for 10 grep -q 'scan0: the link is down' "$tmp/dark.err"
sleep 2.5
kill -KILL "$scan"
ended dark 137
on_host ip link set host0 up
finish dark
states dark >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"

if [[ ${PEAL_TEST_LONG:-} ]]; then
	say "the link stays away: after a minute the scan ends, and goes on when there is one"
	begin away
	wait_for 20 test -s "$tmp/away.ndjson"
	on_host ip link set host0 down
	ended away 75
	grep -q 'scan0: the link is down' "$tmp/away.err" || fail "no word of it: $(cat "$tmp/away.err")"
	on_host ip link set host0 up
	wait_for 10 eval 'ip link show scan0 | grep -q LOWER_UP'
	finish away
	books away
	states away >"$tmp/got"
	same "records" "$tmp/got" "$tmp/want"
	is "complete" "$(summary away .complete)" true
fi

say "the interface is deleted: how long until the scan has ended (5 s is the aim)"
begin gone
wait_for 20 test -s "$tmp/gone.ndjson"
ip link delete scan0
deleted=$(now)
ended gone 75
took "$deleted" ended
times ended 20000
grep -q 'scan0: the device is gone' "$tmp/gone.err" || fail "no word of it: $(cat "$tmp/gone.err")"

say "it goes on upon another interface"
ip link add name scan1 address 02:00:00:00:00:01 type veth \
	peer name host0 address 02:00:00:00:00:02 netns host
ip address add 198.19.0.1/24 dev scan1
ip link set scan1 up
ip route add 198.18.0.0/16 via 198.19.0.2
on_host ip address add 198.19.0.2/24 dev host0
on_host ip link set host0 up
smoke_sysctl on_host
finish gone -i scan1
books gone
states gone >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"
is "complete" "$(summary gone .complete)" true
