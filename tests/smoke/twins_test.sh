#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two scans at one interface: with the same source address and ports, the second is refused; with
# others of either, both find exactly the truth, and each counts the other's answers as not its own.

. "$(dirname "$0")/_init.sh"
network
ip address add 198.19.0.3/24 dev scan0
on_host ip neigh replace 198.19.0.3 lladdr 02:00:00:00:00:01 dev host0 nud permanent

what=(-i scan0 198.18.0.0/22 --allow-special 198.18.0.0/15 -p 80-83)

# long NAME OPTION...: a scan that lasts; $first is its process
long() {
	local name=$1
	shift
	"$PEAL" scan "${what[@]}" -r 1k -c 6s -o "$tmp/$name.ndjson" -m "$tmp/$name.json" "$@" 2>"$tmp/$name.err" &
	first=$!
	wait_for 20 test -s "$tmp/$name.ndjson"
}

# refused OPTION...: says who is in the way
refused() {
	expect 78 peal scan "${what[@]}" -o "$tmp/refused" "$@"
	grep -q "another scan (process $first)" "$tmp/err" || fail "it said: $(cat "$tmp/err")"
	[[ ! -e $tmp/refused ]] || fail "an output was made"
}

# beside NAME OPTION...: a second scan, which ends before the first
beside() {
	local name=$1 status=0 foreign
	shift
	scan "$name" "${what[@]}" -r 2k -c 1s "$@"
	wait "$first" || status=$?
	is "exit status of the first" $status 0
	books first
	truth 22 >"$tmp/want"
	for scan in first "$name"; do
		states "$scan" >"$tmp/got"
		same "the records of $scan and the truth" "$tmp/got" "$tmp/want"
	done
	# the kernel gives each socket all that arrives, but for what came after the first had ended
	foreign=$(summary first ".rejected | .wrong_port + .wrong_address")
	((foreign > 0 && foreign <= $(summary "$name" .records))) ||
		fail "the first met $foreign of the second's answers"
	echo "the first: $(summary first '.rejected | with_entries(select(.value > 0)) | tostring')"
}

say "the same address and ports"
long first -s 40000-49999
refused -s 40000-49999
refused -s 49999-60000
refused -s 20000-40000 -S 198.19.0.3,198.19.0.1
refused # all ports

say "other ports"
beside ports -s 50000-60000

say "another address"
long first -S 198.19.0.1
beside address -S 198.19.0.3

say "a scan that was killed is in nobody's way"
long killed
kill -KILL "$first"
wait "$first" 2>/dev/null || true
scan after "${what[@]}" -n 10 -c 1s

say "simulated devices share nothing"
peal scan -i sim 198.18.0.0/22 --allow-special 198.18.0.0/15 -p 80 -r 1k -c 1s -o /dev/null -q &
peal scan -i sim 198.18.0.0/22 --allow-special 198.18.0.0/15 -p 80 -c 1s -o /dev/null -q
wait $!
