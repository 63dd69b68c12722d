# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scripts/bench has the variables
#
# What scripts/bench measures of sending. run_NAME prints one figure.

# tx [OPTION...]: probes a second into null, one lcore that sends
tx() {
	tx_at max "$@"
}

tx_at() {
	local rate=$1
	shift
	rm -f "$tmp/summary.json"
	taskset -c "$last" "$PEAL" scan -i null 0.0.0.0/0 --rate "$rate" -t "${seconds}s" --cooldown 0s -q \
		-o /dev/null -m "$tmp/summary.json" "$@"
	jq -r '.sent / .send_seconds' "$tmp/summary.json"
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

# How far the rate is from what was asked, at 80 % of what goes, over the time that the processor was
# ours to use.
run_pace_error() {
	local most asked
	most=$(tx -p 80)
	asked=$(awk -v most="$most" 'BEGIN { printf "%d", most * 0.8 }')
	tx_at "$asked" -p 80 >"$tmp/paced"
	awk -v got="$(cat "$tmp/paced")" -v asked="$asked" 'BEGIN { printf "%.3f", (got / asked - 1) * 100 }'
	echo "at 80 % of the maximum" >"$tmp/pace_error.note"
}

run_peal_avx512() { PEAL_ISA=avx512 tx -p 80; }
run_peal_avx2() { PEAL_ISA=avx2 tx -p 80; }
run_peal_aesni() { PEAL_ISA=aes-ni tx -p 80; }
run_peal_plain() { PEAL_ISA=plain tx -p 80; }

run_peal_two() {
	"$PEAL" scan -i null 0.0.0.0/0 -p 80 --rate max -T 2 --rx-cores 1 -t "${seconds}s" --cooldown 0s -q \
		-o /dev/null -m "$tmp/summary.json"
	jq -r '.sent / .send_seconds' "$tmp/summary.json"
}

# testpmd CORES OPTION...: the median of its own rates, one a second, without the first and the last
testpmd() {
	local cores=$1 lcores="0@(0-$last),1@$last"
	shift
	((cores == 2)) && lcores="0@(0-$last),1@$((last - 1)),2@$last"
	timeout -s INT $((seconds + 4)) "$TESTPMD" --no-huge -m 256 --no-pci --no-telemetry --no-shconf \
		--lcores "$lcores" --vdev net_null0,no-rx=1 -- --forward-mode=txonly "$@" --burst=64 --txpkts=60 \
		--nb-cores="$cores" --txq="$cores" --rxq="$cores" --total-num-mbufs=16384 --no-mlockall \
		--stats-period 1 --auto-start </dev/null >"$tmp/testpmd" 2>&1 || true
	sed -n 's/^ *Tx-pps: *\([0-9]*\) .*/\1/p' "$tmp/testpmd" | sed '1,2d;$d' | grep -v '^0$' | sort -n |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

run_multiflow() {
	testpmd 1 --txonly-multi-flow
	echo "net_null, burst 64" >"$tmp/multiflow.note"
}

run_multiflow_two() { testpmd 2 --txonly-multi-flow; }

run_txonly() {
	testpmd 1
	echo "net_null, burst 64; no field changes" >"$tmp/txonly.note"
}

# one link that ends nowhere, for peers that want an interface to generate for
network_nowhere() {
	ip link show bench0 >/dev/null 2>&1 && return
	ip link add name bench0 address 02:00:00:00:00:01 type veth peer name bench1
	ip link set bench0 up
	ip address add 198.19.255.1/24 dev bench0
}

# per_second COUNT COMMAND...: COUNT by the processor time that COMMAND took
per_second() {
	local count=$1 TIMEFORMAT='%U %S'
	shift
	{ time taskset -c "$last" timeout $((seconds * 12)) "$@" </dev/null >/dev/null 2>"$tmp/err"; } 2>"$tmp/time" ||
		return 0
	awk -v n="$count" '{ if ($1 + $2 > 0) print n / ($1 + $2) }' "$tmp/time"
}

run_masscan() {
	local offline
	# it reports its rate again and again; the last whole second counts
	offline=$(timeout -s INT $((seconds + 1)) taskset -c "$last" "$MASSCAN" --offline 0.0.0.0/0 -p80 \
		--exclude 255.255.255.255 --rate 1000000000 --interface bench0 --adapter-ip 198.19.255.1 \
		--router-mac 02-00-00-00-00-02 </dev/null 2>&1 | tr '\r' '\n' |
		sed -n 's/^rate: *\([0-9.]*\)-kpps.*/\1/p' | tail -n 2 | awk 'NR == 1 { print $1 * 1000 }') || true
	if [[ $offline ]]; then
		echo "--offline" >"$tmp/masscan.note"
		echo "$offline"
	else
		echo "--offline is broken in this version; -sL: order and printing, no packet is made" \
			>"$tmp/masscan.note"
		per_second $((1 << 23)) "$MASSCAN" -sL 10.0.0.0/9 -p80
	fi
}

run_zmap() {
	local mode=--dryrun n=$((seconds * 100000))
	echo "--dryrun: each probe is printed, which costs most of its time" >"$tmp/zmap.note"
	# not grep -q in a pipe: zmap would die of it
	if [[ $("$ZMAP" --help 2>/dev/null) == *--fast-dryrun* ]]; then
		mode=--fast-dryrun n=$((seconds * 5000000))
		echo "--fast-dryrun -T 1" >"$tmp/zmap.note"
	fi
	per_second $n "$ZMAP" $mode -q -T 1 -i bench0 -S 198.19.255.1 -G 02:00:00:00:00:02 -p 80 -b /dev/null \
		-n $n -r 0 -c 0 -o /dev/null 0.0.0.0/0
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

# Resident at the end of a scan that only sends, less that of one of one target: libraries, the EAL
# and packet pools are in both.
run_memory_tx() {
	local all one
	all=$(resident 0.0.0.0/0 -t 1s)
	one=$(resident 198.18.0.0/32 --allow-special 198.18.0.0/15)
	awk -v all="$all" -v one="$one" 'BEGIN { print (all - one) / 1024 }'
	echo "0.0.0.0/0 less one target" >"$tmp/memory_tx.note"
}

# resident ARGUMENT...: KiB at its highest
resident() {
	"$PEAL" scan -i null "$@" -p 80 --rate max --cooldown 0s -q -o /dev/null &
	local pid=$! kib=0
	while kill -0 $pid 2>/dev/null; do
		kib=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null || true)
		[[ $kib ]] && echo "$kib"
		sleep 0.02
	done | tail -n 1
	wait $pid || true
}
