#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Machines that share a scan, each with --output-dir: merged, their records are those of the whole
# scan, each once; what is missing, changed or of another scan is refused.

. "$(dirname "$0")/_init.sh"
needs jq zstd

# shard NAME I/N OPTION...: one machine's part
shard() {
	local name=$1 part=$2
	shift 2
	expect 0 peal scan -i sim:seed=3,alive=1,icmp=0,rtt=1ms 10.0.0.0/18 --allow-special 10.0.0.0/8 -p 80,443 -e 7 -r 100k \
		-c 1s -q -m "$tmp/$name.json" --shard "$part" --output-dir "$tmp/$name" "$@"
}

# merged EXIT ARGUMENT...: merges to $tmp/got.ndjson
merged() {
	local want=$1
	shift
	rm -f "$tmp/got.ndjson"
	expect "$want" peal merge -o "$tmp/got.ndjson" "$@"
}

# refused WORDS ARGUMENT...: nothing is written, and stderr has the words
refused() {
	local words=$1
	shift
	merged 65 "$@"
	grep -qF -- "$words" "$tmp/err" || fail "no '$words' in: $(cat "$tmp/err")"
	[[ ! -e $tmp/got.ndjson && ! -e $tmp/got.ndjson.part ]] || fail "something was written"
}

records() {
	jq -r '"\(.saddr) \(.sport) \(.state)"' "$@" | LC_ALL=C sort
}

shards=()
for i in 0 1 2; do
	pack=()
	((i == 1)) && pack=(--zstd)
	shard "shard.$i" "$i/3" --segment-size 1M "${pack[@]}"
	shards+=("$tmp/shard.$i")
done
scan whole -i sim:seed=3,alive=1,icmp=0,rtt=1ms 10.0.0.0/18 --allow-special 10.0.0.0/8 -p 80,443 -e 7 -r 100k -c 1s
records "$tmp/whole.ndjson" >"$tmp/want"
(($(wc -l <"$tmp/want") > 1000)) || fail "too little was found to tell anything"

say "three shards are the whole scan"
(($(find "$tmp/shard.0" -name 'records-*' | wc -l) > 1)) || fail "the shard has one segment alone"
merged 0 "${shards[2]}" "${shards[0]}" "${shards[1]}"
records "$tmp/got.ndjson" >"$tmp/got"
same "the records" "$tmp/got" "$tmp/want"
grep -q "$(wc -l <"$tmp/want") records read, 0 duplicates left out" "$tmp/err" || fail "$(cat "$tmp/err")"

say "compressed, and to a pipe"
expect 0 peal merge "${shards[@]}" -o "$tmp/got.zst"
zstd -qdc "$tmp/got.zst" | cmp - "$tmp/got.ndjson" || fail "the compressed records are others"
peal merge -q "${shards[@]}" | cmp - "$tmp/got.ndjson" || fail "the piped records are others"

say "a shard twice"
cp -r "${shards[0]}" "$tmp/twice"
expect 65 peal merge "${shards[@]}" "$tmp/twice"
grep -qF 'are both of shard 0/3' "$tmp/err" || fail "$(cat "$tmp/err")"

say "shards that are missing"
refused "shard 1/3 is not there" "${shards[0]}" "${shards[2]}"
merged 75 --partial "${shards[0]}" "${shards[2]}"
is "lines" "$(wc -l <"$tmp/got.ndjson")" "$(($(summary shard.0 .records) + $(summary shard.2 .records)))"

say "a scan that was stopped"
shard stopped 1/3 -N 50
refused "shard 1/3 ($tmp/stopped) is not complete" "${shards[0]}" "$tmp/stopped" "${shards[2]}"
merged 75 --partial "${shards[0]}" "$tmp/stopped" "${shards[2]}"

say "another scan"
shard other 1/3 -P 2
refused "have not the same --attempts" "${shards[0]}" "$tmp/other" "${shards[2]}"
shard fields 1/3 -f saddr,sport,state
refused "have not the same fields" "${shards[0]}" "$tmp/fields" "${shards[2]}"

say "a byte that was changed"
segment=$(find "${shards[1]}" -name 'records-000000*')
printf X | dd of="$segment" bs=1 seek=1000 conv=notrunc status=none
refused "$segment is not what the manifest says" "${shards[@]}"
