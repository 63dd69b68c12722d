#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# On the same hosts, peal says what nmap says, port for port, and finds all that zmap and masscan
# find.

. "$(dirname "$0")/_init.sh"
needs nmap zmap masscan timeout
network
services 20 21 22 23 25 53 110 119

mac=02:00:00:00:00:02

say "nmap: 64 addresses x 100 ports"
nmap -n -Pn -sS --max-retries 2 --min-rate 2000 -p 20-119 -oG "$tmp/nmap" -vv 198.18.5.0/26 >/dev/null
# nmap sums up the states of which there are many: "Ignored State"
awk '/Ports:/ {
	delete state
	ignored = match($0, /Ignored State: [a-z]+/) ? substr($0, RSTART + 15, RLENGTH - 15) : "none"
	line = $0; sub(/.*Ports: /, "", line); sub(/\t.*/, "", line)
	n = split(line, port, /, /)
	for (i = 1; i <= n; i++) { split(port[i], f, "/"); state[f[1]] = f[2] }
	for (i = 20; i < 120; i++) print $2, i, i in state ? state[i] : ignored
}' "$tmp/nmap" | LC_ALL=C sort >"$tmp/want"
is "states from nmap" "$(wc -l <"$tmp/want")" 6400

scan nmap -i scan0 198.18.5.0/26 --allow-special 198.18.0.0/15 -p 20-119 --cooldown 2s
# to nmap, an ICMP error and silence are both filtered
{
	states nmap | sed 's/unreachable$/filtered/'
	for i in {0..63}; do echo "198.18.5.$i 82 filtered"; done
} | LC_ALL=C sort >"$tmp/got"
same "the states of peal and of nmap" "$tmp/got" "$tmp/want"

say "zmap and masscan: 16,384 addresses"
scan open -i scan0 198.18.64.0/18 --allow-special 198.18.0.0/15 -p '80,81' --open --rate 40k --cooldown 2s
states open | cut -d ' ' -f 1,2 >"$tmp/open"

zmap -q -i scan0 -G $mac -S 198.19.0.1 -b /dev/null -r 20000 -c 2 -p 80 -o "$tmp/zmap" \
	198.18.64.0/18 </dev/null >/dev/null 2>&1
sed 's/$/ 80/' "$tmp/zmap" | LC_ALL=C sort -u >"$tmp/zmap.open"

# it waits for a packet more after its end: the time-out is how it ends
timeout 12 masscan 198.18.64.0/18 -p '80,81' --interface scan0 --router-mac ${mac//:/-} \
	--adapter-ip 198.19.0.1 --rate 20000 --wait 2 -oL "$tmp/masscan" </dev/null >/dev/null 2>&1 || true
awk '$1 == "open" && NF == 5 { print $4, $3 }' "$tmp/masscan" | LC_ALL=C sort -u >"$tmp/masscan.open"

for peer in zmap masscan; do
	echo "$peer: $(wc -l <"$tmp/$peer.open") open, peal: $(wc -l <"$tmp/open")"
	(($(wc -l <"$tmp/$peer.open") > 8000)) || fail "$peer found next to nothing: is it run rightly?"
	LC_ALL=C comm -23 "$tmp/$peer.open" "$tmp/open" >"$tmp/missed"
	same "what $peer found and peal did not, and nothing," "$tmp/missed" /dev/null
done
is "open" "$(wc -l <"$tmp/open")" 16384
