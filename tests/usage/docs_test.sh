#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is made of the option table: the man page (MAN) and the bash completion (COMPLETION) have
# each long option that --help of the program (PEAL) tells, and are well-formed. Writes TAP.
set -uo pipefail

n=0 failed=0
report() { # STATUS NAME
	((n++))
	if (($1)); then
		((failed++))
		echo "not ok $n - $2"
	else
		echo "ok $n - $2"
	fi
}

# options COMMAND: its long options
options() {
	"$PEAL" "$1" --help | sed -n 's/^ \{2,6\}\(-[^ ]*, \)*--\([a-z-]*\).*/\2/p'
}

# complete WORD...: what the completion offers for the last word
complete_words() {
	# shellcheck source=/dev/null
	. "$COMPLETION"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_peal
	printf '%s\n' "${COMPREPLY[@]}"
}

bash -n "$COMPLETION"
report $? 'the completion is good bash'

for command in scan list doctor resume verify merge; do
	missing_man='' missing_bash='' all=$(options $command)
	for option in $all; do
		grep -q -- "^\.It.* Fl -$option\( \|\$\)" "$MAN" || missing_man+=" --$option"
		complete_words peal $command "--$option" | grep -qx -- "--$option" ||
			missing_bash+=" --$option"
	done
	[[ $all && -z $missing_man ]]
	report $? "the man page has the options of $command$missing_man"
	[[ $all && -z $missing_bash ]]
	report $? "the completion has the options of $command$missing_bash"
done

# devices and keys of sim, as --help has them
missing=
for driver in $("$PEAL" scan --help | sed -n '/^Devices:/,/^  All keys/s/^  \([a-z_0-9]*\)\(:[A-Z]*.*\|\[.*\|\)  .*/\1/p'); do
	grep -qE "^\.It Cm $driver( |\$)" "$MAN" || missing+=" $driver"
	drivers+=" $driver"
done
[[ ${drivers-} == ' sim '*' null' && -z $missing ]]
report $? "the man page has the devices:${drivers-}; it lacks:$missing"
missing='' keys=$("$PEAL" scan --help | sed -n 's/^ *sim:\(seed=.*\)/\1/p' | tr ',' ' ')
for key in $keys; do
	grep -A 4 "^\.It Cm ${key%=*}\$" "$MAN" | grep -q "^Default: ${key#*=}\.\$" || missing+=" $key"
done
[[ $keys && -z $missing ]]
report $? "the man page has the keys of sim and their defaults; it lacks:$missing"
"$PEAL" list --truth -i "sim:${keys// /,}" -p 80 192.0.2.1 --allow-special 192.0.2.0/24 >/dev/null
report $? 'the keys of sim in --help can be given'
! "$PEAL" list --help | grep -q '^Devices:'
report $? 'peal list, which opens no device, does not list them'

[[ $(complete_words peal s) == scan ]]
report $? 'completes commands'
[[ $(complete_words peal scan --tcp-options w) == windows ]]
report $? 'completes words'
[[ $(complete_words peal scan --tcp-options = w) == windows ]]
report $? 'completes words behind ='
[[ $(complete_words peal scan -i si) == sim ]]
report $? 'completes devices'
[[ $(complete_words peal scan -C "${COMPLETION%?}") == "$COMPLETION" ]]
report $? 'completes files'
[[ -z $(complete_words peal scan --rate '') ]]
report $? 'offers nothing for a number'

if command -v mandoc >/dev/null; then
	# other programs' manuals need not be installed
	said=$(mandoc -T lint -W style "$MAN" | grep -v 'referenced manual not found' || true)
	[[ -z $said ]]
	report $? "mandoc has nothing to say $(head -n 3 <<<"$said" | tr '\n' ' ')"
else
	echo "ok $((++n)) - mandoc # SKIP not installed"
fi
echo "1..$n"
exit $((failed > 0))
