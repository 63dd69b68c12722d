# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scripts/bench has the variables
#
# What scripts/bench measures of scans that are answered, on the last two cores by the clock, and on
# one by its processor time. run_NAME prints one figure.
#
# Where two lcores hand frames to each other, one that others keep from its processor stops both, so
# what an lcore took of its own says little. The figure is that of the best second, and the note has
# what the lcores got of the time that they wanted: with much less than all, it says nothing.

# Two processes share memory only if it is in large pages. All that runs on two cores has them.
large_pages() {
	large_pages_before=$(</proc/sys/vm/nr_hugepages)
	mkdir -p "$tmp/huge"
	if mount -t hugetlbfs -o pagesize=2M hugetlbfs "$tmp/huge"; then
		echo $((large_pages_before + 300)) >/proc/sys/vm/nr_hugepages || true
	fi
}

large_pages_undo() {
	[[ ! ${large_pages_before:-} ]] || echo "$large_pages_before" >/proc/sys/vm/nr_hugepages || true
	umount "$tmp/huge" 2>/dev/null || true
}

# a scan of an internet of which 2 % answer
answered=(scan -i "sim:alive=1,open=0.02,closed=0,icmp=0,retransmit=0,rtt=1ms" 198.18.0.0/15 --allow-special 198.18.0.0/15
	-p 1024-65535 --rate max --cooldown 1s -q -o /dev/null -m "$tmp/summary.json")

# got PID...: of the time that their two busiest threads wanted a processor
got() {
	local pid
	for pid in "$@"; do
		cat /proc/"$pid"/task/*/schedstat
	done | sort -rn | head -n 2 | awk '{ ran += $1; all += $1 + $2 } END { printf "%.0f %% of two cores", ran / all * 100 }'
}

answered_note() {
	jq -r '"found \(.truth.found) of \(.truth.open) truly open, \(.repeats) repeats, \(.rx_missed + .ring_full + .tx_dropped) lost; \(.hit_rate * 100 | round / 100) % answer"' \
		"$tmp/summary.json"
}

# Both cores send; one of them also answers, receives, and closes.
run_loop_peal() {
	local pid share
	rm -f "$tmp/status"
	"$PEAL" "${answered[@]}" -T 2 --rx-cores 1 --cores "$((last - 1)),$last" -t "$((seconds + 1))s" -u "$tmp/status" &
	pid=$!
	sleep "$seconds"
	share=$(got $pid)
	wait $pid || return 0
	echo "$(answered_note); $share" >"$tmp/loop_peal.note"
	jq -s 'map(select(.phase == "sending").sent_rate) | max' "$tmp/status"
}

# looping NAME CORE OPTION...: one of two testpmd processes that share the port net_ring0, into $tmp/NAME
looping() {
	local name=$1 core=$2
	shift 2
	"$TESTPMD" --huge-dir "$tmp/huge" --no-pci --no-telemetry --file-prefix loop --lcores "0@(0-$last),1@$core" "$@" \
		--burst=64 --nb-cores=1 --total-num-mbufs=16384 --no-mlockall --stats-period 1 --auto-start \
		</dev/null >"$tmp/$name" 2>&1 &
}

# The frames that rxonly receives: what txonly drops because the ring is full does not count.
run_loop_testpmd() {
	local txonly rxonly tries
	looping txonly "$last" -m 128 --vdev net_ring0 -- --forward-mode=txonly --txonly-multi-flow --txpkts=60
	txonly=$!
	for ((tries = 0; tries < 100; tries++)); do
		grep -q Tx-pps "$tmp/txonly" && break
		sleep 0.1
	done
	looping rxonly $((last - 1)) --proc-type=secondary -- --forward-mode=rxonly
	rxonly=$!
	sleep $((seconds + 2))
	echo "txonly (multi-flow), a ring, rxonly: two processes, burst 64; what rxonly receives; $(got $txonly $rxonly)" \
		>"$tmp/loop_testpmd.note"
	kill -INT $rxonly 2>/dev/null || true
	wait $rxonly || true
	kill -INT $txonly 2>/dev/null || true
	wait $txonly || true
	rm -f "$tmp"/huge/*
	awk '$1 == "Rx-pps:" && $2 > most { most = $2 } END { if (most) print most }' "$tmp/rxonly"
}

# One lcore sends, answers, receives and closes.
run_one_peal() {
	timed 1 "$PEAL" "${answered[@]}" -T 1 --rx-cores 1 --cores "$last" -t "${seconds}s" || return 0
	answered_note >"$tmp/one_peal.note"
	by_cpu "$(jq .sent "$tmp/summary.json")"
}

# What the one lcore of a dpdk-testpmd makes that generates into a ring and frees what comes out of it.
run_one_flowgen() {
	testpmd 1 net_ring0 --forward-mode=flowgen
	echo "flowgen: generated, over a ring, freed, by one lcore" >"$tmp/one_flowgen.note"
}

# what the simulated internet takes for a probe, which is the network's part
run_responder() {
	taskset -c "$last" build/tests/bench/bench_sim | awk '/^responder/ { print $2 }'
	echo "of which loop_peal and one_peal have as many in each probe" >"$tmp/responder.note"
}
