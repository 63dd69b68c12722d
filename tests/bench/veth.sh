# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scripts/bench has the variables
#
# What scripts/bench measures of whole scans: 65,536 addresses of one Linux host behind a veth pair,
# 16 ports, all answered (one open, fifteen closed).

veth_ports=80-95

network_host() {
	ip netns list | grep -q '^host\b' && return
	ip netns add host
	ip link add name scan0 address 02:00:00:00:00:01 type veth \
		peer name host0 address 02:00:00:00:00:02 netns host
	ip address add 198.19.0.1/24 dev scan0
	ip link set scan0 up
	ip route add 198.18.0.0/16 via 198.19.0.2
	ip neigh replace 198.19.0.2 lladdr 02:00:00:00:00:02 dev scan0 nud permanent
	ip -n host link set lo up
	ip -n host address add 198.19.0.2/24 dev host0
	ip -n host link set host0 up
	ip -n host route add local 198.18.0.0/16 dev lo
	ip -n host neigh replace 198.19.0.1 lladdr 02:00:00:00:00:01 dev host0 nud permanent
	ip netns exec host sysctl -qw net.ipv4.tcp_syncookies=2 net.ipv4.tcp_max_syn_backlog=65536 \
		net.core.somaxconn=65535
	ip netns exec host build/tests/smoke/host 80 >"$tmp/host.out" 2>&1 &
	until grep -q ready "$tmp/host.out"; do sleep 0.05; done
}

# Each prints how long it took from its start to its end, less the 2 s that it listens at the end, and
# notes what it found. What of that is start and end is what a scan of a single target takes: once for
# peal, sixteen times for zmap, and both are in the table.

# took SECONDS_SINCE_EPOCH: how long ago that was, less the cooldown
took() {
	awk -v start="$1" -v end="$(date +%s.%N)" 'BEGIN { printf "%.3f", end - start - 2 }'
}

# found NAME COUNT
found() {
	echo "$2" >>"$tmp/$1.found"
	echo "of 1048576 answers: $(paste -sd ' ' "$tmp/$1.found")$(cat "$tmp/$1.setting" 2>/dev/null)" >"$tmp/$1.note"
}

# timed_peal DEVICE TARGETS PORTS
timed_peal() {
	local start
	start=$(date +%s.%N)
	"$PEAL" scan -i "$1" "$2" --allow-special 198.18.0.0/15 -p "$3" --rate max \
		--cooldown 2s -q -o "$tmp/veth.ndjson" --contact bench --purpose bench || return 1
	took "$start"
}

# veth_peal NAME DEVICE
veth_peal() {
	timed_peal "$2" 198.18.0.0/16 "$veth_ports" || return 0
	found "$1" "$(wc -l <"$tmp/veth.ndjson")"
}

run_veth_peal() { veth_peal veth_peal af_packet:scan0; }
run_veth_xdp() { veth_peal veth_xdp af_xdp:scan0; }
run_veth_start() { timed_peal af_packet:scan0 198.18.0.1 80 || return 0; }
run_veth_xdp_start() { timed_peal af_xdp:scan0 198.18.0.1 80 || return 0; }

# zmap_port PORT RATE [TARGETS]: 0 is as fast as it goes; $tmp/zmap.csv gets a line for each answer,
# and one
zmap_port() {
	timeout 60 "$ZMAP" -q -i scan0 -G 02:00:00:00:00:02 -S 198.19.0.1 -p "$1" -b /dev/null -r "$2" -T 1 -c 2 \
		-O csv -f saddr,classification --output-filter='repeat = 0' -o "$tmp/zmap.csv" "${3:-198.18.0.0/16}" \
		>/dev/null 2>&1
}

# masscan_ports PORTS RATE: $tmp/masscan.txt gets a line for each answer
masscan_ports() {
	timeout 120 "$MASSCAN" 198.18.0.0/16 -p"$1" --rate "$2" --wait 2 --interface scan0 --adapter-ip 198.19.0.1 \
		--router-mac 02-00-00-00-00-02 --show closed -oL "$tmp/masscan.txt" >/dev/null 2>&1
}

# answered_zmap RATE, answered_masscan RATE: of 65,536 answers of one port, how many are recorded
answered_zmap() {
	zmap_port 80 "$1" && echo $(($(wc -l <"$tmp/zmap.csv") - 1)) || echo 0
}

answered_masscan() {
	masscan_ports 80 "$1" && grep -c '^\(open\|closed\)' "$tmp/masscan.txt" || echo 0
}

# The fastest setting that records 99.9 % of the answers, looked for by bisection (of the logarithm,
# to about a tenth) from 10 kpps on; nothing if there is none. setting_of PEER FASTEST MOST
setting_of() {
	local peer=$1 low=10000 high=$3 rate enough=$((65536 * 999 / 1000)) step
	if (($("answered_$peer" "$2") >= enough)); then
		echo "$2"
		return
	fi
	(($("answered_$peer" "$low") >= enough)) || return 0
	for step in 1 2 3 4 5; do
		rate=$(awk -v a="$low" -v b="$high" 'BEGIN { printf "%d", sqrt(a * b) }')
		echo "bisection: $peer, step $step, $rate pps" >>"$tmp/bisection"
		if (($("answered_$peer" "$rate") >= enough)); then low=$rate; else high=$rate; fi
	done
	echo "$low"
}

veth_settings() {
	local rate
	rate=$(setting_of zmap 0 500000)
	echo "$rate" >"$tmp/zmap.rate"
	echo "; ${rate:-no} pps is the fastest that records 99.9 % (0: as fast as it goes)" >"$tmp/veth_zmap.setting"
	rate=$(setting_of masscan 1000000 1000000)
	echo "$rate" >"$tmp/masscan.rate"
	echo "; ${rate:-no} pps from 10 kpps on is the fastest that records 99.9 %" >"$tmp/veth_masscan.setting"
	echo "${rate:-no} pps from 10 kpps on records 99.9 %" >"$tmp/veth_masscan.note"
}

# Debian's zmap has one port a scan: sixteen scans, their times added up. veth_zmap NAME RATE
veth_zmap() {
	local port start total=0 lines=0
	for port in $(seq 80 95); do
		start=$(date +%s.%N)
		zmap_port "$port" "$2" || return 0
		total=$(awk -v total="$total" -v took="$(took "$start")" 'BEGIN { print total + took }')
		lines=$((lines + $(wc -l <"$tmp/zmap.csv") - 1))
	done
	echo "$total"
	found "$1" "$lines"
}

run_veth_zmap() {
	local rate
	rate=$(cat "$tmp/zmap.rate")
	[[ ! $rate ]] || veth_zmap veth_zmap "$rate"
}

run_veth_zmap_full() { veth_zmap veth_zmap_full 0; }

run_veth_zmap_start() {
	local start
	start=$(date +%s.%N)
	zmap_port 80 0 198.18.0.1/32 || return 0
	took "$start" | awk '{ print 16 * $1 }'
}

run_veth_masscan() {
	local start rate
	rate=$(cat "$tmp/masscan.rate")
	[[ $rate ]] || return 0
	start=$(date +%s.%N)
	masscan_ports "$veth_ports" "$rate" || return 0
	took "$start"
	found veth_masscan "$(grep -c '^\(open\|closed\)' "$tmp/masscan.txt")"
}

# What of the processors' time a scan takes, and what the answering host takes in its softirqs: they
# share the machine. Percent of the time of all, over a scan with af_packet.
run_veth_softirq() {
	local before after
	before=$(head -n 1 /proc/stat)
	veth_peal veth_softirq af_packet:scan0 >/dev/null
	after=$(head -n 1 /proc/stat)
	rm -f "$tmp/veth_softirq.found"
	# user nice system idle iowait irq softirq steal
	printf '%s\n%s\n' "$before" "$after" | awk -v note="$tmp/veth_softirq.note" '
		{ for (i = 2; i <= 9; i++) { d[i] = $i - last[i]; last[i] = $i } }
		END {
			for (i = 2; i <= 9; i++) all += d[i]
			printf "%.1f", (d[7] + d[8]) / all * 100
			printf "of the time of all processors, 2 s of listening included; user %.1f, system %.1f, idle %.1f, stolen %.1f",
				(d[2] + d[3]) / all * 100, d[4] / all * 100, (d[5] + d[6]) / all * 100, d[9] / all * 100 >note
		}'
}
