# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The ground under the smoke tests. A test sources this file first:
#
#   . "$(dirname "$0")/_init.sh"
#   network            only if it needs the Linux host; wants root, else the test is skipped
#
# network makes this picture, in namespaces of the test's own, which vanish with it:
#
#   scan0 198.19.0.1/24  ----- veth -----  host0 198.19.0.2/24
#   the test's namespace                   a Linux host that is all of 198.18.0.0/16
#
# What the host answers depends on the port only (truth says it in a table):
#
#   80 open, 81 closed, 82 silent; 83 is barred in four ways, by the address's last two bits
#
# and services opens more ports. After exclude, packets to these addresses fail the test, and so
# does any packet that leaves for an address outside 198.18.0.0/15.

set -euo pipefail
shopt -s inherit_errexit

smoke_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=$(basename "$0" .sh)
PEAL=${PEAL:-$smoke_dir/../../build/peal}
HOST=${HOST:-$smoke_dir/../../build/tests/smoke/host}

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	local i
	echo "FAILED: $*" >&2
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		echo "  at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}" >&2
	done
	exit 1
}

# needs TOOL...: skips when one is missing
needs() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

say() {
	echo "--- $*"
}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || fail "not within the deadline: $*"
		sleep 0.05
	done
}

# same WHAT GOT WANT: two files, equal line for line; shows the first differences
same() {
	cmp -s "$2" "$3" && return 0
	echo "$1: $(wc -l <"$2") lines, wanted $(wc -l <"$3"); '<' was found, '>' was wanted:" >&2
	diff "$2" "$3" | grep '^[<>]' | head -n 12 >&2 || true
	fail "$1 differ"
}

# is WHAT GOT WANT: two words, equal
is() {
	[[ $2 == "$3" ]] || fail "$1 is '$2', wanted '$3'"
}

# expect CODE COMMAND...: its exit status; stderr goes to $tmp/err and is shown when it is another
expect() {
	local want=$1 got=0
	shift
	"$@" 2>"$tmp/err" || got=$?
	((got == want)) && return 0
	tail -n 20 "$tmp/err" >&2
	fail "exit status $got, wanted $want: $*"
}

# peal ARGUMENT...: the program under test
peal() {
	"$PEAL" "$@"
}

# --- the scan and its results ---

# scan NAME ARGUMENT...: records to $tmp/NAME.ndjson, the summary to $tmp/NAME.json, stderr to
# $tmp/NAME.err; it must be complete, its books must balance, and no line may be torn
scan() {
	local name=$1 status=0
	shift
	peal scan -O ndjson -o "$tmp/$name.ndjson" -m "$tmp/$name.json" "$@" 2>"$tmp/$name.err" || status=$?
	if ((status)); then
		tail -n 20 "$tmp/$name.err" >&2
		[[ -s $tmp/$name.json ]] && jq -c . "$tmp/$name.json" >&2
		fail "exit status $status: peal scan $*"
	fi
	books "$name"
	is "$name: complete" "$(summary "$name" .complete)" true
}

# summary NAME FILTER: one value of a scan's summary
summary() {
	jq -r "$2" "$tmp/$1.json"
}

# books NAME: the equations that every summary must satisfy, also of a scan stopped early
books() {
	jq -e '.sent + .not_reached + (.opted_out // 0) == .targets * (.job.attempts // 1)' \
		"$tmp/$1.json" >/dev/null ||
		fail "$1: targets do not add up: $(jq -c '{targets, job, sent, not_reached, opted_out}' "$tmp/$1.json")"
	jq -e '.records + .repeats + (.filtered_out // 0) + ([.rejected[]] | add // 0) == .received' \
		"$tmp/$1.json" >/dev/null ||
		fail "$1: received does not add up: $(jq -c '{received, records, repeats, filtered_out, rejected}' "$tmp/$1.json")"
	is "$1: lines written" "$(wc -l <"$tmp/$1.ndjson")" "$(summary "$1" .records)"
	is "$1: written" "$(summary "$1" .written)" "$(summary "$1" .records)"
}

# telemetry_socket PID: DPDK's telemetry socket of this scan alone, for others may run on the machine;
# an ordinary user's lies in $XDG_RUNTIME_DIR
telemetry_socket() {
	local path base=${XDG_RUNTIME_DIR:-/tmp}/dpdk
	[[ $(id -u) == 0 ]] && base=/var/run/dpdk
	for path in "$base/peal-$1"/dpdk_telemetry.v2*; do
		[[ -S $path ]] && echo "$path" && return 0
	done
	return 1
}

# states NAME: its records as "address port state" lines, sorted, duplicates kept
states() {
	jq -r '"\(.saddr) \(.sport) \(.state)"' "$tmp/$1.ndjson" | LC_ALL=C sort
}

# truth BITS: what the host answers on ports 80 to 83 of 198.18.0.0/BITS, as states has it
truth() {
	awk -v bits="$1" 'BEGIN {
		barred[0] = "filtered"; barred[1] = "filtered"; barred[2] = "unreachable"; barred[3] = "closed"
		for (i = 0; i < 2 ^ (32 - bits); i++) {
			addr = "198.18." int(i / 256) "." i % 256
			print addr, 80, "open"; print addr, 81, "closed"; print addr, 83, barred[i % 4]
		}
	}' | LC_ALL=C sort
}

# --- the Linux host ---

# on_host COMMAND...: runs in the host's namespace
on_host() {
	ip netns exec host "$@"
}

# counter NAME: packets that the host counted: probes (SYNs for its addresses), excluded, stray
counter() {
	on_host nft -j list counter ip smoke "$1" | jq '.nftables[] | .counter? // empty | .packets'
}

# probed COUNT: whether the host has counted more probes than that
probed() {
	(($(counter probes) > $1))
}

# exclude CIDR...: from now on, a packet to one of these fails the test
exclude() {
	local cidr
	for cidr in "$@"; do
		on_host nft add element ip smoke excluded "{ $cidr }"
	done
}

# services PORT...: the host listens on these
services() {
	ip netns exec host "$HOST" "$@" >"$tmp/host.$1.out" 2>&1 &
	wait_for 10 grep -q ready "$tmp/host.$1.out"
}

# the host's kernel must answer every probe: no limit, no memory of connections, no path filter, and
# room for answers that wait until it knows whose hardware address to send them to
smoke_sysctl() {
	local setting
	for setting in net.ipv4.conf.{all,default}.rp_filter=0 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.icmp_ratemask=0 net.ipv4.tcp_syncookies=2 net.ipv4.tcp_max_syn_backlog=65536 \
		net.core.somaxconn=65535 net.ipv4.neigh.host0.unres_qlen_bytes=16777216 \
		net.ipv4.ip_forward=0 net.ipv6.conf.{all,default}.disable_ipv6=1; do
		"$@" sysctl -qw "$setting" 2>/dev/null || true
	done
}

smoke_rules() {
	on_host nft -f - <<-'RULES'
		table ip smoke {
			counter probes {}
			counter excluded {}
			counter stray {}
			set excluded {
				type ipv4_addr
				flags interval
				auto-merge
			}
			chain watch {
				type filter hook prerouting priority raw
				ip daddr @excluded counter name excluded
				ip daddr != 198.18.0.0/15 counter name stray
				ip daddr 198.18.0.0/16 tcp flags & (syn | ack | rst) == syn counter name probes
			}
			chain answer {
				type filter hook input priority filter
				tcp dport 82 drop
				tcp dport 83 ip daddr & 0.0.0.3 == 0.0.0.0 reject with icmp type admin-prohibited
				tcp dport 83 ip daddr & 0.0.0.3 == 0.0.0.1 reject with icmp type port-unreachable
				tcp dport 83 ip daddr & 0.0.0.3 == 0.0.0.2 reject with icmp type host-unreachable
				tcp dport 83 reject with tcp reset
			}
		}
	RULES
}

smoke_links() {
	ip link set lo up
	ip netns add host
	ip link add name scan0 address 02:00:00:00:00:01 type veth \
		peer name host0 address 02:00:00:00:00:02 netns host
	smoke_sysctl
	smoke_sysctl on_host
	ip address add 198.19.0.1/24 dev scan0
	ip link set scan0 up
	ip route add 198.18.0.0/16 via 198.19.0.2
	on_host ip link set lo up
	on_host ip address add 198.19.0.2/24 dev host0
	on_host ip link set host0 up
	on_host ip route add local 198.18.0.0/16 dev lo
}

# network: makes the picture above, or skips the test
network() {
	[[ $(id -u) == 0 ]] || skip "root is needed for network namespaces"
	needs unshare ip nft jq sysctl
	if [[ ${SMOKE_OUTSIDE:-} != "" && $(readlink /proc/self/ns/net) != "$SMOKE_OUTSIDE" ]]; then
		smoke_inside
		return
	fi
	smoke_cleanup
	SMOKE_OUTSIDE=$(readlink /proc/self/ns/net) exec unshare --net --mount --pid --fork --kill-child \
		--mount-proc --propagation private bash "$0" "${smoke_args[@]}"
}

smoke_inside() {
	is "interfaces of a fresh namespace" "$(ip -o link | wc -l)" 1
	mount -t tmpfs tmpfs /run # ip netns and DPDK keep their files there
	smoke_links
	neighbours
	smoke_rules
	services 80
	network=1
}

# neighbours: both sides know each other without asking
neighbours() {
	ip neigh replace 198.19.0.2 lladdr 02:00:00:00:00:02 dev scan0 nud permanent
	on_host ip neigh replace 198.19.0.1 lladdr 02:00:00:00:00:01 dev host0 nud permanent
}

# what must hold at the end of every test on the network
smoke_safety() {
	is "packets to excluded addresses" "$(counter excluded)" 0
	is "packets to addresses outside 198.18.0.0/15" "$(counter stray)" 0
}

smoke_cleanup() {
	local job
	trap - EXIT
	at_exit
	for job in $(jobs -p); do
		kill -- "$job" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$tmp"
}

smoke_exit() {
	local status=$?
	if ((status == 0 && network)); then
		(smoke_safety) || status=1
	fi
	smoke_cleanup
	exit $status
}

# a test may define its own
at_exit() {
	:
}

network=0
smoke_args=("$@")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/$test_name.XXXXXX")
trap smoke_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[[ -x $PEAL || ${SMOKE_WITHOUT_PEAL:-} ]] || fail "no program at $PEAL: build it, or set PEAL"
