#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Machines that share a scan: the lists of all shards are the whole list, with no line twice, for
# spaces of addresses times ports, single pairs, and both.

. "$(dirname "$0")/_init.sh"

# shards TOTAL ARGUMENT...: compares the united shards with the whole
shards() {
	local total=$1 i
	shift
	peal list --seed 7 "$@" >"$tmp/whole"
	: >"$tmp/united"
	for ((i = 0; i < total; i++)); do
		peal list --seed 7 --shard "$i/$total" "$@" >"$tmp/shard.$i"
		cat "$tmp/shard.$i" >>"$tmp/united"
	done
	LC_ALL=C sort "$tmp/united" >"$tmp/got"
	LC_ALL=C sort "$tmp/whole" >"$tmp/want"
	same "$total shards of $*" "$tmp/got" "$tmp/want"
	is "lines that are there twice" "$(uniq -d "$tmp/got" | wc -l)" 0
}

say "addresses times ports"
shards 3 8.0.0.0/16 9.1.2.3-9.1.9.77 -x 8.0.3.0/24 -p 22,80,443
is "targets" "$(wc -l <"$tmp/whole")" $(((65536 - 256 + 1867) * 3))
for i in 0 1 2; do # none has much less than its third
	(($(wc -l <"$tmp/shard.$i") > 65000)) || fail "shard $i has only $(wc -l <"$tmp/shard.$i")"
done
shards 7 8.0.0.0/16 -p 80

say "pairs"
awk 'BEGIN { for (i = 0; i < 5000; i++) print "9.9." i % 256 "." i % 17 ":" 1 + i }' >"$tmp/pairs"
shards 3 -I "$tmp/pairs"
is "targets" "$(wc -l <"$tmp/whole")" 5000
shards 3 -I "$tmp/pairs" 8.8.0.0/20 -p 53

say "fewer targets than shards"
shards 3 8.8.8.8 -p 80
shards 64 8.8.8.0/28 -p 80

say "a shard without a target is complete at once"
for i in 0 1 2; do
	scan "one.$i" -i sim 8.8.8.8 -p 80 -e 7 --shard "$i/3" -c 100ms -q
done
is "targets of all" "$(($(summary one.0 .targets) + $(summary one.1 .targets) + $(summary one.2 .targets)))" 1

say "a share of each shard is the beginning of that shard"
peal list --seed 7 --shard 1/3 8.0.0.0/16 -p 80 >"$tmp/all"
peal list --seed 7 --shard 1/3 8.0.0.0/16 -p 80 -n 1000 >"$tmp/some"
head -n 1000 "$tmp/all" >"$tmp/want"
same "the limited shard" "$tmp/some" "$tmp/want"
