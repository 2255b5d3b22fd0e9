#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs test programs that speak TAP (https://testanything.org/), each argument one
# command. Prints a line for each and the whole output of those that fail; adds
# "PASSED FAILED" to the file $TALLY, if set. Exits 1 if anything failed.
set -u

export CMOCKA_MESSAGE_OUTPUT=TAP
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0

for command; do
	sh -c "exec $command" >"$output" 2>&1 </dev/null
	code=$?
	passed=$(grep -c '^ok ' "$output")
	failed=$(grep -c '^not ok ' "$output")
	# A crash, or a program that ran no test, is a failure of its own.
	if [ "$failed" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
		failed=1
	fi
	echo "  TEST  $(basename "${command%% *}") ${command#* }: $passed passed, $failed failed"
	if [ "$failed" -ne 0 ]; then
		cat "$output"
		echo "exit code $code: $command"
		status=1
	fi
	[ -z "${TALLY:-}" ] || echo "$passed $failed" >>"$TALLY"
done
exit "$status"
