#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A path that loses 1, 3 and 10 % of the packets each way, scanned with 1, 2 and 3 attempts: as many
# targets are found as probability says, and what the scan itself says of its coverage, from its
# sample alone, is right. Each number must lie in its 99 % interval; as one in a hundred does not,
# a measurement that misses is repeated, and must not miss three times.

. "$(dirname "$0")/_init.sh"
network
needs bc

bits=19
targets=$((2 << (32 - bits)))

on_host nft -f - <<-'RULES'
	table ip lossy {
		chain in { type filter hook prerouting priority -400; }
		chain out { type filter hook output priority 400; }
	}
RULES

# lose PERCENT: from now on, of probes and of answers each
lose() {
	on_host nft -f - <<-RULES
		flush chain ip lossy in
		flush chain ip lossy out
		add rule ip lossy in iifname host0 tcp flags syn / syn,ack numgen random mod 100 < $1 drop
		add rule ip lossy out oifname host0 ip protocol tcp numgen random mod 100 < $1 drop
	RULES
}

# within VALUE LOW HIGH
within() {
	(($(bc <<<"$1 >= $2 && $1 <= $3")))
}

# measured PERCENT ATTEMPTS: one scan; whether all is in its interval
measured() {
	local p=$1 k=$2 found want low high
	scan lossy -i af_packet:scan0 "198.18.0.0/$bits" --allow-special 198.18.0.0/15 -p 80,81 \
		-r 30k -P "$k" --sample 8 --cooldown 1s
	# answers to the sample's probes come on top of what the attempts have found
	found=$(summary lossy '.records - .coverage.found')
	is "the attempts' yields together" "$(summary lossy '.yield | add')" "$found"
	is "attempts in the table of yields" "$(summary lossy '.yield | length')" "$k"
	read -r want low high < <(bc -l <<-MODEL | tr '\n' ' '
		q = 1 - e($k * l(1 - (1 - $p / 100) ^ 2))
		m = $targets * q
		d = 2.5758 * sqrt($targets * q * (1 - q)) + 0.5
		m; m - d; m + d
	MODEL
	)
	say "loss $p %, $k attempts: $found of $targets answered, expected ${want%.*} (${low%.*} to ${high%.*}); $(
		summary lossy '.coverage | "coverage \(.percent)% (\(.low) to \(.high)), yield \(.answered)/\(.sampled)"'
	)"
	within "$found" "$low" "$high" &&
		within "$(bc -l <<<"100 * $found / $targets")" "$(summary lossy .coverage.low)" \
			"$(summary lossy .coverage.high)"
}

for p in 1 3 10; do
	lose $p
	for k in 1 2 3; do
		measured $p $k || measured $p $k || measured $p $k || fail "three times outside its interval"
	done
done

say "without loss, all there is to find is found, and the scan says so"
lose 0
scan whole -i af_packet:scan0 "198.18.0.0/$bits" --allow-special 198.18.0.0/15 -p 80,81 -r 30k --sample 8 --cooldown 1s
is "found" "$(summary whole .records)" $targets
is "coverage" "$(summary whole '.coverage | "\(.percent) \(.high) \(.answered == .sampled)"')" "100 100 true"
