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

# Each prints how long it took, less the 2 s that it listens at the end, and notes what it found.

# took SECONDS_SINCE_EPOCH: how long ago that was, less the cooldown
took() {
	awk -v start="$1" -v end="$(date +%s.%N)" 'BEGIN { printf "%.3f", end - start - 2 }'
}

# found NAME COUNT
found() {
	echo "$2" >>"$tmp/$1.found"
	echo "of 1048576 answers: $(paste -sd ' ' "$tmp/$1.found")" >"$tmp/$1.note"
}

run_veth_peal() {
	local start
	start=$(date +%s.%N)
	"$PEAL" scan -i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p "$veth_ports" --rate max \
		--cooldown 2s -q -o "$tmp/veth.ndjson" --contact bench --purpose bench || return 0
	took "$start"
	found veth_peal "$(wc -l <"$tmp/veth.ndjson")"
}

# Debian's zmap has one port a scan: sixteen scans at full speed, their times added up
run_veth_zmap() {
	local port start total=0 lines=0
	for port in $(seq 80 95); do
		start=$(date +%s.%N)
		"$ZMAP" -q -i scan0 -G 02:00:00:00:00:02 -S 198.19.0.1 -p "$port" -b /dev/null -r 0 -T 1 -c 2 -O csv \
			-f saddr,classification --output-filter='repeat = 0' -o "$tmp/zmap.csv" 198.18.0.0/16 \
			>/dev/null 2>&1 || return 0
		total=$(awk -v total="$total" -v took="$(took "$start")" 'BEGIN { print total + took }')
		lines=$((lines + $(wc -l <"$tmp/zmap.csv") - 1))
	done
	echo "$total"
	found veth_zmap "$lines"
}

run_veth_masscan() {
	local start
	start=$(date +%s.%N)
	"$MASSCAN" 198.18.0.0/16 -p"$veth_ports" --rate 1000000 --wait 2 --interface scan0 --adapter-ip 198.19.0.1 \
		--router-mac 02-00-00-00-00-02 --show closed -oL "$tmp/masscan.txt" >/dev/null 2>&1 || return 0
	took "$start"
	found veth_masscan "$(grep -c '^\(open\|closed\)' "$tmp/masscan.txt")"
}
