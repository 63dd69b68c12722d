#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The key of the cookies, with which answers could be forged, is in the checkpoint and nowhere else:
# not in records, summary, status, log, job, telemetry or a core dump; and nobody but the owner
# may read the checkpoint, whatever the umask.

. "$(dirname "$0")/_init.sh"
needs jq socat python3 xxd base64

export XDG_RUNTIME_DIR=$tmp
umask 000
cd "$tmp"

# begin: a scan that writes all that it can; $scan is its process
begin() {
	rm -rf "$tmp/state" "$tmp/written"
	mkdir "$tmp/written"
	"$PEAL" scan -i sim:loss=0 10.7.0.0/16 --allow-special 10.0.0.0/8 -p 80 -e 7 --rate 5k -c 1s -vv -f '*' \
		-o written/out -m written/summary -u written/status -l written/log --state-dir state \
		>written/stdout 2>written/stderr &
	scan=$!
	wait_for 20 test -s written/out
	wait_for 20 test -s state/checkpoint
}

# ended: waits for it
ended() {
	{ wait $scan || true; } 2>/dev/null
}

# found FILE: the key is in there: as bytes, in hex, or in base64 at any of its three phases
found() {
	python3 - "$key" "$1" <<-'FOUND'
		import binascii, sys
		key = binascii.unhexlify(sys.argv[1])
		text = open(sys.argv[2], "rb").read()
		b64 = [binascii.b2a_base64(bytes(i) + key, newline=False)[2 + 4 * (i > 0):20] for i in range(3)]
		forms = [key, key[::-1], key.hex().encode(), key.hex(" ").encode(), key.hex(":").encode()] + b64
		sys.exit(not any(form.lower() in text.lower() for form in forms))
	FOUND
}

say "nowhere but in the checkpoint"
begin
wait_for 10 telemetry_socket "$scan"
socket=$(telemetry_socket "$scan")
for command in / /peal/status /peal/counters /eal/params /eal/app_params; do
	{ sleep 0.1; printf '%s' "$command"; sleep 0.2; } |
		timeout 5 socat -t 1 - "UNIX-CONNECT:$socket,type=5" >>written/telemetry 2>/dev/null || true
done
grep -q sent_rate written/telemetry || fail "telemetry did not answer"
cp "/proc/$scan/cmdline" written/cmdline
[[ -r /proc/$scan/environ ]] && cp "/proc/$scan/environ" written/environ
key=$(head -n 1 state/checkpoint | jq -r .secret)
[[ $key =~ ^[0-9a-f]{32}$ ]] || fail "the checkpoint's key is '$key'"
found state/checkpoint || fail "the search does not find what is there"
printf 'x%s' "$(xxd -r -p <<<"$key" | base64)" >encoded
found encoded || fail "the search does not find base64"
kill -INT $scan
ended
cp -r state/. written
rm written/checkpoint
(($(find written -type f -size +0 | wc -l) >= 7)) || fail "little was written: $(ls written)"
while IFS= read -r file; do
	found "$file" && fail "the key is in $file"
done < <(find written -type f)

say "only the owner may read it"
is "mode of the folder" "$(stat -c %a state)" 700
is "files of the state that others may read" \
	"$(find state -type f -perm /077 ! -name summary.json)" ""

# dumped COMMAND...: true when the kernel writes a core of it, with this machine's settings
dumped() {
	(
		ulimit -c unlimited
		exec python3 -c '
import os, signal, sys, time
pid = os.fork()
if pid == 0:
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
time.sleep(1)
os.kill(pid, signal.SIGSEGV)
status = os.waitpid(pid, 0)[1]
sys.exit(0 if os.WIFSIGNALED(status) and os.WCOREDUMP(status) else 1 if os.WIFSIGNALED(status) else 2)' "$@"
	)
}

say "in no core dump"
if ! dumped sleep 60; then
	skip "this machine writes no core dumps: all but that was tested"
fi
status=0
dumped "$PEAL" scan -i sim:loss=0 10.7.0.0/16 --allow-special 10.0.0.0/8 -p 80 --rate 1k -o "$tmp/dumped" || status=$?
is "core dumped (0), killed without (1), or ended before (2)" $status 1
