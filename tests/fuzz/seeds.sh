#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# seeds.sh BUILD: what the fuzz targets of a build directory start from: inputs in
# BUILD/seeds/NAME, words in BUILD/seeds/NAME.dict. Made anew from the frames of the tests and from
# the program, so that they know what it knows.
set -euo pipefail
build=$1
peal=$build/peal
seeds=$build/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{capture,checkpoint,frame,job,manifest,ports,records,targets}

"$build/tests/fuzz/frame_seeds" "$seeds/frame"

# job FILE OPTION...: a job file with these options
job() {
	"$peal" scan -i sim -p '80,http,8000-8010' "${@:2}" --print-job >"$seeds/job/$1"
}
job plain 192.0.2.0/24
job lists 192.0.2.1 192.0.2.7-192.0.2.9 -x 192.0.2.8 -f saddr,sport -S 192.0.2.1,192.0.2.2
job amounts 192.0.2.1 -n 5% -N 7 -t 90s -P 3 -c 500ms -e 18446744073709551615 --shard 1/4
job rates 192.0.2.1 -r max -B 10M --prefix-rate 1k/24 -T 2 --rx-cores 1 --cores 0-3
job network 192.0.2.1 -s 40000-60000 -G 02:00:5e:10:00:01 --gateway-ip 192.0.2.254 --source-mac \
	02:00:5e:10:00:02 --vlan 7 --tcp-options linux --ttl 64 --rst never
job records 192.0.2.1 -o out -O csv --filter 'success = 1 && ttl < 64' --open -m m -u u -l l -v --color never
job people 192.0.2.1 -d --contact 'noc@example.org' --purpose 'a "survey"' '--eal=--log-level 8'

# the keys of job files are the long options with _ for -
{
	"$peal" scan --help | sed -n 's/^ .*[ ,]--\([a-z-]*\).*/\1/p' | tr - _ | sed 's/.*/"\\"&\\""/'
	printf '"%s"\n' '\"targets\"' max auto always true false null '1/2' 10k 90s 5% mss csv
} >"$seeds/job.dict"

printf '1-5,http,U:53,*' >"$seeds/ports/list"
printf '192.0.2.0/24\n192.0.2.7-192.0.2.9 # some\n192.0.2.1:80\n' >"$seeds/targets/list"
printf '192.0.2.1,192.0.2.0/30' >"$seeds/targets/argument"

# captures of nothing and of something, by way of two runs
"$peal" scan -i 'sim:alive=1,open=1' -p 80 10.0.0.0/30 --allow-special 10.0.0.0/8 -c 100ms -q --no-sandbox \
	-o "$seeds/captured.ndjson" --capture "$seeds/capture/some"
"$peal" scan -i 'sim:alive=0,loss=1' -p 80 10.0.0.0/30 --allow-special 10.0.0.0/8 -c 100ms -q --no-sandbox \
	-o "$seeds/captured.ndjson" --capture "$seeds/capture/none"
cat "$seeds/capture/some" "$seeds/capture/some" >"$seeds/capture/two"

# the records of fuzz_records.c, as it would have them
time=1700000000
printf '192.0.2.1:80\topen\n192.0.2.2:81\topen\n192.0.2.3:82\tfiltered\n' >"$seeds/records/list"
printf '%s\n' saddr,sport,rtt_us,timestamp_ts "192.0.2.1,80,0,$time" "192.0.2.2,81,,$time" "192.0.2.3,82,200,$time" \
	>"$seeds/records/csv"
printf '{"saddr":"%s","rtt_us":%s,"success":%s}\n' 192.0.2.1 0 true 192.0.2.2 null true 192.0.2.3 200 false \
	>"$seeds/records/ndjson"
"$peal" scan --list-fields | sed -n 's/^[* ] \([a-z_]*\) .*/"\1"/p' >"$seeds/records.dict"

# signed NAME/FILE: stdin, which the target signs; of signed.h
signed() {
	{
		printf S
		cat
	} >"$seeds/$1"
}

# checkpoints of a scan's end, with and without something left to do
"$peal" scan -i 'sim:alive=1,open=1' -p 80 10.0.0.0/30 --allow-special 10.0.0.0/8 -c 100ms -q --no-sandbox \
	-o "$seeds/kept.ndjson" --state-dir "$seeds/state"
head -n 1 "$seeds/state/checkpoint" | tr -d '\n' | signed checkpoint/over
sed 's/"todo":\[/&[0,1],[2,4]/; s/"over":true/"over":false/; q' "$seeds/state/checkpoint" | tr -d '\n' |
	signed checkpoint/todo
sed 's/"peal_state":3/"peal_state":2/; q' "$seeds/state/checkpoint" | tr -d '\n' | signed checkpoint/older

zeros=$(printf '%064d' 0)
manifest='{"schema":"peal.manifest.v1","scan":{"space":"'$zeros'","seed":"7","attempts":1,"shard":0,"shards":2,'\
'"max_targets":0,"max_targets_percent":0.0,"filter":null,"open":false},"format":"ndjson",'\
'"fields":["saddr","sport"],"compression":"zstd","segments":[{"name":"records-000000.ndjson.zst",'\
'"records":9,"bytes":512,"sha256":"'$zeros'"}],"complete":true,"counts":{"targets":9,"sent":9,"records":9}'
printf '%s' "$manifest" | signed manifest/one
printf '%s' "${manifest/null/'"ttl < 64"'}" | signed manifest/filter
printf '%s' "${manifest/manifest.v1/manifest.v2}" | signed manifest/newer
for name in checkpoint manifest; do
	tr -c 'a-z0-9_' '\n' <<<"$manifest$(head -n 1 "$seeds/state/checkpoint")" | grep '[a-z]' | sort -u |
		sed 's/.*/"&"/' >"$seeds/$name.dict"
done
