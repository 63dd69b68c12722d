# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scripts/bench has the variables
#
# What scripts/bench measures of memif and of records. run_NAME prints one figure.

# --- memif: another process receives ---

# with_receiver COMMAND...: beside a dpdk-testpmd that receives only, on the other core
with_receiver() {
	rm -f "$tmp/memif.sock"
	"$TESTPMD" --no-huge -m 256 --no-pci --no-telemetry --no-shconf --file-prefix "receiver$BASHPID" \
		--lcores "0@(0-$last),1@$((last - 1))" --vdev "net_memif0,role=server,socket=$tmp/memif.sock,socket-abstract=no,rsize=12" \
		-- --forward-mode=rxonly --burst=64 --nb-cores=1 --total-num-mbufs=16384 --no-mlockall \
		--stats-period 1 --auto-start </dev/null >"$tmp/receiver" 2>&1 &
	local receiver=$! tries
	for ((tries = 0; tries < 200; tries++)); do
		grep -q Rx-pps "$tmp/receiver" && break
		sleep 0.1
	done
	"$@"
	kill -INT $receiver 2>/dev/null || true
	wait $receiver || true
}

memif_peal() {
	rm -f "$tmp/summary.json"
	timed 1 "$PEAL" scan -i "memif:$tmp/memif.sock" 0.0.0.0/0 -p 80 -S 198.18.0.1 --gateway-mac 02:00:00:00:00:02 --rate max \
		--contact bench --purpose bench --cores "$last" -t "${seconds}s" --cooldown 0s -q -o /dev/null -m "$tmp/summary.json" || true
	by_cpu "$(jq .sent "$tmp/summary.json")"
}

run_memif_peal() { with_receiver memif_peal; }

memif_testpmd() {
	testpmd 1 "net_memif1,socket=$tmp/memif.sock,socket-abstract=no,rsize=12" --forward-mode=txonly --txonly-multi-flow
}

run_memif_testpmd() {
	with_receiver memif_testpmd
	echo "dpdk-testpmd txonly (multi-flow) to rxonly, two processes, burst 64" >"$tmp/memif_testpmd.note"
}

# --- records ---

run_writer() {
	build/tests/bench/bench_writer 5 | awk '/ndjson/ { print $3 * 1e6 }'
	echo "ring to /dev/null, of the writer's processor time" >"$tmp/writer.note"
}

run_jansson() {
	build/tests/bench/bench_encode | awk '/^jansson/ { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { print $i * 1e6; exit } }'
	echo "json_dumps() of the same records" >"$tmp/jansson.note"
}

# zmap_receive OPTION...: processor time in ns that zmap's receiving thread takes for the answers of
# 65,536 addresses at one port
zmap_receive() {
	local pid=0 task ns
	"$ZMAP" -q -i scan0 -G 02:00:00:00:00:02 -S 198.19.0.1 -p 81 -b /dev/null -r 50000 -T 1 -c 3 -O json \
		-f saddr,sport,classification,ttl,timestamp-str -o "$tmp/zmap.json" "$@" 198.18.0.0/16 >/dev/null 2>&1 &
	pid=$!
	sleep 3.5 # all are sent, and answered: it listens
	# the main thread, and the second that it made first
	task=$(printf '%s\n' /proc/$pid/task/* | sed 's|.*/||' | sort -n | sed -n 2p)
	ns=$(cut -d' ' -f1 "/proc/$pid/task/$task/schedstat")
	wait $pid || true
	echo "$ns"
}

# With records and with a filter that lets none pass: the difference is what they cost.
run_zmap_json() {
	local all none records
	all=$(zmap_receive)
	records=$(wc -l <"$tmp/zmap.json")
	none=$(zmap_receive --output-filter 'ttl = 0')
	awk -v ns=$((all - none)) -v n="$records" 'BEGIN { if (ns > 0) printf "%.0f\n", n / ns * 1e9 }'
	echo "-O json of five fields: processor time of its receiving thread with $records records less that with none" \
		>"$tmp/zmap_json.note"
}
