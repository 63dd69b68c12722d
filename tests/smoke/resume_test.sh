#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A scan that is killed at a random instant and goes on: its records are those of a scan to which
# nothing happened, none is there twice, and what was probed again is reported and within the bound
# that scan_keep.c states. Stopped in order, it probes nothing twice. On sim here, over a veth pair
# in resume_veth_test.sh.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq

kills=20
[[ ${PEAL_TEST_LONG:-} ]] && kills=200

fields=saddr,sport,state,ttl
job=(-i 'sim:loss=0,rtt=10ms' 10.7.0.0/17 --allow-special 10.0.0.0/8 -p '80,443' -e 7 --rate 60k
	--cooldown 400ms -O ndjson -f "$fields")
random=${PEAL_TEST_SEED:-$RANDOM}
RANDOM=$random
say "\$PEAL_TEST_SEED=$random makes the same kills"

# whole NAME: nothing is missing, nothing is there twice, the books balance
whole() {
	states "$1" >"$tmp/got"
	same "$1: records" "$tmp/got" "$tmp/want"
	books "$1"
	is "$1: complete" "$(summary "$1" .complete)" true
	is "$1: found" "$(summary "$1" .truth.found)" "$(summary "$1" .truth.open)"
	is "$1: open, by the truth" "$(summary "$1" .truth.open)" "$(grep -c open "$tmp/want")"
	is "$1: open, closed and so on" "$(summary "$1" '.open + .closed + .unreachable + .filtered')" "$(summary "$1" .records)"
	is "$1: sent" "$(summary "$1" .sent)" "$(summary "$1" .targets)"
}

say "undisturbed"
begin calm
ended calm 0
states calm >"$tmp/want"
cp "$tmp/calm.state/summary.json" "$tmp/calm.json"
whole calm
is "resent" "$(summary calm .resent)" 0
is "mode of the state" "$(stat -c %a "$tmp/calm.state" "$tmp/calm.state"/{checkpoint,job.json} | xargs)" "700 600 600"
expect 0 "$PEAL" resume "$tmp/calm.state"
expect 64 "$PEAL" scan "${job[@]}" -o "$tmp/x" --state-dir "$tmp/calm.state"
states calm >"$tmp/got"
same "records after a resume with nothing to do" "$tmp/got" "$tmp/want"

say "killed at $kills instants, half of them more than once, going on with other cores and rates"
again=0
for ((i = 0; i < kills; i++)); do
	begin kill
	kill_after $((RANDOM % 2200)) KILL
	ended kill
	for ((k = RANDOM % 4; k >= 2; k--)); do
		[[ -e $tmp/kill.state/checkpoint ]] || break
		go_on kill -r "$((40 + RANDOM % 40))k"
		kill_after $((RANDOM % 1500)) KILL
		ended kill
	done
	finish kill -r "$((30 + RANDOM % 90))k" --tx-cores $((1 + RANDOM % 2)) --rx-cores $((1 + RANDOM % 2))
	whole kill
	again=$((again + $(summary kill .resent)))
done
echo "probed again: $((again / kills)) of 65536, on average"

say "killed in the middle of a long scan: what is probed again is within the bound"
slow=("${job[@]/60k/12k}") fast=("${job[@]}")
job=("${slow[@]}")
begin bound
kill_after 5000 KILL
ended bound
finish bound -r max
whole bound
# the lease of 2 s, the wait of 0.4 s, and two periods of 0.4 s, at 12k a second; a run
(($(summary bound .resent) > 0 && $(summary bound .resent) <= 12000 * 32 / 10 + 4096)) ||
	fail "probed again: $(summary bound .resent)"

say "stopped in order, three times: nothing is probed twice"
begin stop
job=("${fast[@]}")
for ((i = 0; i < 3; i++)); do
	kill_after 600 INT
	ended stop 75
	go_on stop
done
ended stop 0
cp "$tmp/stop.state/summary.json" "$tmp/stop.json"
states stop >"$tmp/got"
whole stop
is "resent" "$(summary stop .resent)" 0

say "the second INT skips the cooldown: what was not waited for is probed again"
job=("${fast[@]/400ms/20s}")
begin twice
job=("${fast[@]}")
wait_for 20 test -s "$tmp/twice.ndjson"
kill_after 100 INT
sleep 0.1
kill_after 0 INT
ended twice
finish twice --cooldown 400ms
whole twice
(($(summary twice .resent) > 0)) || fail "nothing was probed again"

say "a torn last line is cut, a damaged state is refused, and so is another job or output"
begin torn
kill_after 1000 KILL
ended torn
printf '{"saddr":"10.7.0.1","spo' >>"$tmp/torn.ndjson"
mkdir "$tmp/save.d"
cp -r "$tmp/torn.state" "$tmp/torn.ndjson" "$tmp/save.d"
# refused NAME WORDS: the state as it is now
refused() {
	expect 65 timeout 20 "$PEAL" resume "$tmp/torn.state"
	grep -q "$2" "$tmp/err" || fail "$1: it said: $(cat "$tmp/err")"
	rm -rf "$tmp/torn.state" "$tmp/torn.ndjson"
	cp -r "$tmp/save.d/torn.state" "$tmp/save.d/torn.ndjson" "$tmp"
}
printf x >>"$tmp/torn.state/checkpoint"
refused "a damaged checkpoint" "damaged"
sed -i s/443/444/ "$tmp/torn.state/job.json"
refused "another job" "not the job"
head -n 1 "$tmp/save.d/torn.ndjson" >"$tmp/torn.ndjson"
refused "an output that has lost lines" "changed"
printf '{"saddr":"10.99.0.1","sport":80,"state":"open","ttl":1}\n' | cat - "$tmp/save.d/torn.ndjson" >"$tmp/torn.ndjson"
refused "another output" "none of this scan"
finish torn
whole torn

say "lists come from the state, whatever became of the files; stdin, too"
cut -d' ' -f1,2 "$tmp/want" | tr ' ' : >"$tmp/pairs"
printf '10.7.1.0/24\n' >"$tmp/block"
grep -v '^10\.7\.1\.' "$tmp/want" >"$tmp/left"
rm -rf "$tmp/list.state"
"$PEAL" scan -i sim:loss=0,rtt=10ms --allow-special 10.0.0.0/8 -I - -b "$tmp/block" -e 18446744073709551615 -r 4k --cooldown 400ms -O csv -f $fields \
	-o "$tmp/list.csv" --state-dir "$tmp/list.state" -q <"$tmp/pairs" 2>"$tmp/list.err" &
scan=$!
kill_after 1200 KILL
ended list
rm "$tmp/block" "$tmp/pairs"
go_on list -r 60k
ended list 0
is "header lines" "$(grep -c saddr "$tmp/list.csv")" 1
tail -n +2 "$tmp/list.csv" | cut -d, -f1-3 | tr , ' ' | LC_ALL=C sort >"$tmp/got"
same "records" "$tmp/got" "$tmp/left"
