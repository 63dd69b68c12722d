#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# While a scan sends, no thread of it has a capability, and each has a list of system calls, on every
# device; the capabilities may come from the file, for a user who has none; and what the scan writes
# in the end is written, also where only root's rights over the files of others led.

. "$(dirname "$0")/_init.sh"
network
needs setpriv setcap stat
grep -q ^Seccomp: /proc/self/status || skip "this kernel has no seccomp"

# status PID FIELD: the values that its threads have, each once
status() {
	cat "/proc/$1"/task/*/status | awk -v field="$2:" '$1 == field {print $2}' | sort -u | paste -sd ' '
}

# sealed PID: nothing is left in any thread
sealed() {
	local field
	for field in CapInh CapPrm CapEff CapAmb; do
		is "$field in its threads" "$(status "$1" $field)" 0000000000000000
	done
	is "Seccomp in its threads" "$(status "$1" Seccomp)" 2
	is "NoNewPrivs in its threads" "$(status "$1" NoNewPrivs)" 1
	echo "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l) threads"
}

# look NAME DEVICE OPTION...: a scan of some seconds, looked at while its records come
look() {
	local name=$1 pid status=0
	shift
	"${as[@]}" "$PEAL" scan -o "$tmp/$name.ndjson" -m "$tmp/$name.json" -u "$tmp/$name.status" \
		-l "$tmp/$name.log" --state-dir "$tmp/$name.state" -i "$@" \
		198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80 -r 2k -c 1s 2>"$tmp/$name.err" &
	pid=$!
	wait_for 20 sending "$name"
	sealed $pid
	wait $pid || status=$?
	((status == 0)) || { tail "$tmp/$name.err" "$tmp/$name.log" >&2; fail "exit status $status: $*"; }
	is "$name: in force" "$(summary "$name" '.sandbox | join(" ")')" "$parts"
	is "$name: complete" "$(summary "$name" .complete)" true
	books "$name"
}

# sending NAME: its second status line says so
sending() {
	jq -se '.[-1] | .phase == "sending" and .sent > 0' "$tmp/$1.status" >/dev/null
}

as=(env)
parts=$(peal scan -i sim -p 80 192.0.2.1 --allow-special 192.0.2.0/24 -c 0s -o /dev/null -m /dev/stdout -q |
	jq -r '.sandbox | join(" ")')
[[ $parts == "capabilities seccomp"* ]] || fail "in force: $parts"
say "in force: $parts"

say "sim"
look sim sim:loss=0

say "af_packet"
look af_packet af_packet:scan0
is "open ports" "$(summary af_packet .open)" 4096

say "af_xdp"
# the kernel of a virtual machine may have no XDP for veth
if peal scan -i af_xdp:scan0 198.18.0.1 --allow-special 198.18.0.0/15 -p 80 -c 0s -o /dev/null -q 2>"$tmp/err"; then
	look af_xdp af_xdp:scan0
	is "open ports" "$(summary af_xdp .open)" 4096
	[[ $(ip link show scan0) != *xdp* ]] || fail "a program is left at the interface"
	"$PEAL" scan -i af_xdp:scan0 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80 -r 2k -q \
		-o "$tmp/killed" -u "$tmp/killed.status" &
	pid=$!
	wait_for 20 sending killed
	[[ $(ip link show scan0) == *xdp* ]] || fail "no program is at the interface"
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	[[ $(ip link show scan0) != *xdp* ]] || fail "a program is left at the interface by a kill"
else
	echo "not here: $(tail -n 1 "$tmp/err")"
fi

say "pcap"
look pcap "pcap:$tmp/sent.pcap"

say "memif"
"$PEAL" scan -i "memif:$tmp/cable,role=server" 192.0.2.1 --allow-special 192.0.2.0/24 -p 80 -c 30s -o /dev/null \
	-S 192.0.2.9 -G 02:00:00:00:00:02 -q 2>"$tmp/server.err" &
server=$!
wait_for 20 test -S "$tmp/cable"
look memif "memif:$tmp/cable" -S 192.0.2.8 -G 02:00:00:00:00:03
sealed $server
kill -INT $server
wait $server || true
[[ ! -e $tmp/cable ]] || fail "the server's socket is left behind"

say "a user, by the capabilities of the file"
install -m 755 "$PEAL" /run/peal
chmod 777 "$tmp"
as=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$tmp" "XDG_RUNTIME_DIR=$tmp")
mkdir -m 777 "$tmp/user"
expect 77 "${as[@]}" /run/peal scan -i scan0 198.18.0.1 --allow-special 198.18.0.0/15 -p 80 -o "$tmp/user/none"
grep -qF 'setcap cap_net_raw,cap_net_admin=ep' "$tmp/err" || fail "no advice: $(cat "$tmp/err")"
setcap cap_net_raw,cap_net_admin=ep /run/peal
PEAL=/run/peal look user af_packet:scan0
is "open ports" "$(summary user .open)" 4096
as=(env)

say "root where only root's rights over the files of others lead"
mkdir "$tmp/home"
echo 192.0.2.77 >"$tmp/home/block"
echo old >"$tmp/home/summary"
chown -R 65534:65534 "$tmp/home"
chmod 700 "$tmp/home"
(
	cd "$tmp/home"
	"$PEAL" scan -i sim:loss=0 198.18.0.0/24 --allow-special 198.18.0.0/15 -p 80 -c 1s \
		-o out -m summary -u status -b block --state-dir state 2>"$tmp/err"
)
grep -q 'block: cannot be read again on HUP' "$tmp/err" || fail "it does not say that HUP cannot work"
is "the summary, in place" "$(jq -c '[(.sandbox | length > 1), .complete]' "$tmp/home/summary")" '[true,true]'
is "lines and records" "$(wc -l <"$tmp/home/out")" "$(jq .records "$tmp/home/summary")"
mkdir "$tmp/home/theirs"
chown 65534:65534 "$tmp/home/theirs"
expect 77 "$PEAL" scan -i sim 198.18.0.0/24 --allow-special 198.18.0.0/15 -p 80 -o /dev/null \
	--state-dir "$tmp/home/theirs"

say "--no-sandbox"
"$PEAL" scan -i sim:loss=0 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80 -r 2k -c 1s --no-sandbox \
	-o "$tmp/open.ndjson" -m "$tmp/open.json" -u "$tmp/open.status" -q &
pid=$!
wait_for 20 sending open
is "Seccomp in its threads" "$(status $pid Seccomp)" 0
is "CapEff in its threads" "$(status $pid CapEff)" "$(status $$ CapEff)"
wait $pid
is "in force" "$(summary open '.sandbox | length')" 0
