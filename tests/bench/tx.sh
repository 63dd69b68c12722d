# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scripts/bench has the variables
#
# What scripts/bench measures of sending. run_NAME prints one figure.

# timed N COMMAND...: what processor time each of its N busiest threads, the lcores that work, took,
# to $tmp/cpu, in seconds. Rates are by that time: so what others do on the machine does not hide what
# a program does.
timed() {
	local n=$1 watcher status=0 TIMEFORMAT='%U %S'
	shift
	rm -f "$tmp/pid"
	: >"$tmp/others"
	watch_others "$n" &
	watcher=$!
	{ time bash -c 'echo $$ >"$0"; exec "$@"' "$tmp/pid" "$@" 2>"$tmp/err"; } 2>"$tmp/time" || status=$?
	kill "$watcher" 2>/dev/null || true
	wait "$watcher" 2>/dev/null || true
	awk -v others="$(cat "$tmp/others")" -v n="$n" '{ print ($1 + $2 - others / 1e9) / n }' "$tmp/time" >"$tmp/cpu"
	return $status
}

# While it runs: the time of the other threads, in ns, to $tmp/others; that the busiest waited for a
# processor, to $tmp/waited. No process is started for it.
watch_others() {
	local n=$1 pid='' never file ran waited most second lost sum
	exec {never}<> <(:)
	while [[ ! $pid ]]; do
		read -rt 0.1 -u "$never" || true
		[[ -s $tmp/pid ]] && read -r pid <"$tmp/pid"
	done
	while [[ -d /proc/$pid ]]; do
		most=0 second=0 lost=0 sum=0
		for file in /proc/"$pid"/task/*/schedstat; do
			read -r ran waited _ 2>/dev/null <"$file" || continue
			((sum += ran))
			if ((ran > most)); then
				second=$most most=$ran lost=$waited
			elif ((ran > second)); then
				second=$ran
			fi
		done
		if ((most > 0)); then
			((n == 2)) || second=0
			echo $((sum - most - second)) >"$tmp/others"
			echo "$lost" >"$tmp/waited"
		fi
		read -rt 0.1 -u "$never" || true
	done
}

# by_cpu COUNT: that a second of the processor
by_cpu() {
	awk -v n="$1" '{ if (n > 0 && $1 > 0) printf "%.0f\n", n / $1 }' "$tmp/cpu"
}

# tx [OPTION...]: probes into null a second of the processor, one lcore that sends
tx() {
	tx_at max "$@"
	by_cpu "$(jq .sent "$tmp/summary.json")"
}

# tx_at RATE [OPTION...]
tx_at() {
	local rate=$1
	shift
	rm -f "$tmp/summary.json"
	timed 1 taskset -c "$last" "$PEAL" scan -i null 0.0.0.0/0 --rate "$rate" -t "${seconds}s" --cooldown 0s -q \
		-o /dev/null -m "$tmp/summary.json" "$@"
}

run_peal() {
	tx -p 80
	jq -r '"isa " + .isa' "$tmp/summary.json" >"$tmp/peal.note"
}

# random_prefixes N: CIDR blocks of /24 to /32, each time the same ones
random_prefixes() {
	[[ -s $tmp/prefixes.$1 ]] || awk -v n="$1" 'BEGIN {
		srand(1)
		for (i = 0; i < n; i++) {
			len = 24 + int(rand() * 9)
			addr = int(rand() * 2 ^ len) * 2 ^ (32 - len)
			printf "%d.%d.%d.%d/%d\n", addr / 2 ^ 24, addr / 65536 % 256, addr / 256 % 256, addr % 256, len
		}
	}' >"$tmp/prefixes.$1"
}

run_peal_blocklist() {
	random_prefixes 100000
	tx -p 80 -b "$tmp/prefixes.100000"
}

run_peal_ports() {
	tx -p '*'
}

run_peal_sources() {
	tx -p 80 -S 198.18.0.0/28
}

run_peal_prefix() {
	tx -p 80 --prefix-rate 100k
}

# A rate that is never reached is paced all the same.
run_peal_paced() {
	tx_at 10G -p 80
	by_cpu "$(jq .sent "$tmp/summary.json")"
}

# steal: that the hypervisor took of the processor that is measured, in seconds
steal() {
	awk -v cpu="cpu$last" '$1 == cpu { print $9 / 100 }' /proc/stat
}

# How far the rate is from what was asked, at 80 % of what goes, over the time that the processor was
# ours to use: what was sent should lie between what the whole time allows and what is left without
# the time that the lcore waited for its processor and that the hypervisor took.
run_pace_error() {
	local asked stolen
	tx_at max -p 80
	asked=$(jq '.sent / .send_seconds * 0.8 | floor' "$tmp/summary.json")
	stolen=$(steal)
	tx_at "$asked" -p 80
	jq -r '"\(.sent) \(.send_seconds)"' "$tmp/summary.json" | awk -v asked="$asked" -v waited="$(cat "$tmp/waited")" \
		-v stolen="$stolen" -v now="$(steal)" -v note="$tmp/pace_error.note" '
		{
			by_clock = $1 / $2 / asked - 1
			lost = (waited / 1e9 + now - stolen) / $2
			error = by_clock > 0 ? by_clock : by_clock + lost < 0 ? by_clock + lost : 0
			printf "%.3f\n", error * 100
			printf "at 80 %% of the maximum; by the clock %.2f, the processor was away for %.2f", by_clock * 100,
				lost * 100 >note
		}'
}

run_peal_avx512() { PEAL_ISA=avx512 tx -p 80; }
run_peal_avx2() { PEAL_ISA=avx2 tx -p 80; }
run_peal_aesni() { PEAL_ISA=aes-ni tx -p 80; }
run_peal_plain() { PEAL_ISA=plain tx -p 80; }

run_peal_two() {
	timed 2 "$PEAL" scan -i null 0.0.0.0/0 -p 80 --rate max -T 2 --rx-cores 1 -t "${seconds}s" --cooldown 0s -q \
		-o /dev/null -m "$tmp/summary.json"
	by_cpu "$(jq .sent "$tmp/summary.json")"
}

# testpmd CORES DEVICE OPTION...: what it sends a second of the processor
testpmd() {
	local cores=$1 device=$2 lcores="0@(0-$last),1@$last"
	shift 2
	((cores == 2)) && lcores="0@(0-$last),1@$((last - 1)),2@$last"
	timed "$cores" timeout -s INT $((seconds + 2)) "$TESTPMD" --no-huge -m 256 --no-pci --no-telemetry --no-shconf \
		--file-prefix "bench$BASHPID" --lcores "$lcores" --vdev "$device" -- "$@" --burst=64 --txpkts=60 \
		--nb-cores="$cores" --txq="$cores" --rxq="$cores" --total-num-mbufs=16384 --no-mlockall --stats-period 1 \
		--auto-start </dev/null >"$tmp/testpmd" 2>&1 || true
	by_cpu "$(awk '/Accumulated forward statistics/ { all = 1 } all && $1 == "TX-packets:" { print $2; exit }' "$tmp/testpmd")"
}

txonly() {
	testpmd "$1" net_null0,no-rx=1 --forward-mode=txonly "${@:2}"
}

run_multiflow() {
	txonly 1 --txonly-multi-flow
	echo "net_null, burst 64" >"$tmp/multiflow.note"
}

run_multiflow_two() { txonly 2 --txonly-multi-flow; }

run_txonly() {
	txonly 1
	echo "net_null, burst 64; no field changes" >"$tmp/txonly.note"
}

# one link that ends nowhere, for peers that want an interface to generate for
network_nowhere() {
	ip link show bench0 >/dev/null 2>&1 && return
	ip link add name bench0 address 02:00:00:00:00:01 type veth peer name bench1
	ip link set bench0 up
	ip address add 198.19.255.1/24 dev bench0
}

# busiest PID: the processor time of its busiest thread so far, in ns
busiest() {
	cut -d' ' -f1 /proc/"$1"/task/*/schedstat 2>/dev/null | sort -n | tail -n 1
}

# generates COMMAND...: packets by the processor time of a peer's sending thread. What it sends is sent
# at once (null_send.c): so all of its way from target to packet counts, and nothing of the kernel's.
generates() {
	local count=$tmp/count pid from to sent
	head -c 8 /dev/zero >"$count"
	NULL_SEND=$count LD_PRELOAD=$PWD/build/tests/bench/null_send.so taskset -c "$last" "$@" </dev/null >/dev/null 2>&1 &
	pid=$!
	sleep 3
	from=$(busiest $pid) sent=$(od -An -t u8 "$count")
	sleep "$seconds"
	to=$(busiest $pid) sent=$(($(od -An -t u8 "$count") - sent))
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	awk -v n="$sent" -v ns=$((to - from)) 'BEGIN { if (n > 0 && ns > 0) printf "%.0f\n", n / ns * 1e9 }'
}

run_masscan() {
	echo "into a send() that returns at once" >"$tmp/masscan.note"
	generates "$MASSCAN" 0.0.0.0/0 -p80 --exclude 255.255.255.255 --rate 1000000000 --interface bench0 \
		--adapter-ip 198.19.255.1 --router-mac 02-00-00-00-00-02
}

run_zmap() {
	echo "-T 1, into a sendto() that returns at once" >"$tmp/zmap.note"
	generates "$ZMAP" -q -T 1 -i bench0 -S 198.19.255.1 -G 02:00:00:00:00:02 -p 80 -b /dev/null -r 0 -c 0 \
		-o /dev/null 0.0.0.0/0
}

# seconds COMMAND...: how long it takes
seconds_of() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>&1; } 2>&1
}

run_start_all() {
	seconds_of "$PEAL" scan -i null 0.0.0.0/0 -p 80 --rate max -n 64 --cooldown 0s -q -o /dev/null
	echo "0.0.0.0/0: start to end of a scan of 64 probes" >"$tmp/start_all.note"
}

run_start_blocklist() {
	random_prefixes 1000000
	seconds_of "$PEAL" list 0.0.0.0/0 -p 80 -b "$tmp/prefixes.1000000" -n 1
	echo "a blocklist of 10^6 lines, start to end of peal list -n 1" >"$tmp/start_blocklist.note"
}

# Resident memory of our own: what is private and no file's. The EAL's is not counted, in which the
# pools and rings are: it lies from 4 GiB on, where the EAL asks for it, and in a file of its own.
run_memory_tx() {
	local all
	all=$(resident 0.0.0.0/0 -t 1s)
	awk -v all="$all" 'BEGIN { print all / 1024 }'
	echo "of 0.0.0.0/0, without the EAL's, pools, and libraries" >"$tmp/memory_tx.note"
}

run_memory_dedup() {
	build/tests/bench/bench_rx 2 memory | sed -n 's/^dedup.*: \([0-9]*\) MiB.*/\1/p'
	echo "exact deduplication of all public IPv4, every page of it used" >"$tmp/memory_dedup.note"
}

# resident ARGUMENT...: KiB, at its highest
resident() {
	"$PEAL" scan -i null "$@" -p 80 --rate max --cooldown 0s -q -o /dev/null &
	local pid=$! kib most=0
	while kill -0 $pid 2>/dev/null; do
		kib=$(own_kib $pid)
		((${kib:-0} > most)) && most=$kib
		sleep 0.1
	done
	wait $pid || true
	echo "$most"
}

own_kib() {
	awk '
		/^[0-9a-f]+-[0-9a-f]+ / { eal = length($1) < 25 && $1 ~ /^1[0-9a-f]{8,9}-/; file = $6 ~ /^\// }
		/^(Private_Dirty|Private_Clean):/ { if (!eal && !file) kib += $2 }
		END { print kib + 0 }' /proc/"$1"/smaps 2>/dev/null || true
}
