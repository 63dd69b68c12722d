#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The simulated internet, whose truth is known: found equals truth without loss; with 5 % loss and
# three attempts it is within the binomial bound; and a slow scan leaves the processor alone.

. "$(dirname "$0")/_init.sh"
needs jq

# exactly NAME TARGET PORTS OPTION...: scans, and the open ports are those of peal list --truth
exactly() {
	local name=$1 what=("$2" --allow-special 10.0.0.0/8 -p "$3")
	shift 3
	scan "$name" -i sim:loss=0 "${what[@]}" --cooldown 3s --open -f saddr,sport,state "$@"
	is "targets" "$(summary "$name" .targets)" 16777216
	is "found" "$(summary "$name" .truth.found)" "$(summary "$name" .truth.open)"
	(($(summary "$name" .truth.open) > 1000)) || fail "hardly anything is open: $(summary "$name" .truth)"
	peal list --truth -i sim:loss=0 "${what[@]}" -q | sed -n '/ open$/s/:/ /p' | LC_ALL=C sort >"$tmp/want"
	states "$name" >"$tmp/got"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	jq -c '{send_seconds, truth, repeats}' "$tmp/$name.json"
}

say "/16 x 256 ports, no loss: the same set, not only the same number"
# the rate leaves room for the simulation, which shares the processors
exactly ports 10.7.0.0/16 0-255 --rate 1M

say "/8 x 1 port, no loss"
exactly wide 10.0.0.0/8 80 --rate max

say "5 % loss each way, three attempts"
# without SYN-ACKs sent again, each attempt gets through with 0.95 x 0.95
scan loss -i sim:loss=0.05,retransmit=0 10.7.0.0/17 --allow-special 10.0.0.0/8 -p 0-255 -P 3 \
	--rate 1M --cooldown 4s --open
jq -c .truth "$tmp/loss.json"
jq -e '.truth.open as $n | (1 - pow(1 - 0.95 * 0.95; 3)) as $p | (5 * ($n * $p * (1 - $p) | sqrt)) as $margin
	| .truth.found < $n and .truth.found >= $n * $p - $margin and .truth.found <= $n * $p + $margin' \
	"$tmp/loss.json" >/dev/null || fail "found is out of the binomial bound"

say "1,000 packets a second leave the processor alone"
TIMEFORMAT='%U %S %R'
{ time scan idle -i sim 10.7.0.0/16 --allow-special 10.0.0.0/8 -p 80 -n 8000 --rate 1k --cooldown 2s; } 2>"$tmp/time"
read -r user sys real < <(tail -n 1 "$tmp/time")
echo "user $user s, system $sys s of $real s"
awk -v c="$user $sys $real" 'BEGIN { split(c, f); exit !((f[1] + f[2]) / f[3] < 0.3) }' ||
	fail "more than 30 % of a processor"
