#!/bin/sh
# Runs each fuzz target of the module for the time given, 10s by default: fuzz.sh [FUZZTIME]
# The rest runs after a failure too, which is told at the end.
set -eu
cd "$(dirname "$0")/.."

targets=0
failed=
for file in $(find . -name '*_test.go' -exec grep -l '^func Fuzz' {} + | sort); do
	for target in $(sed -n 's/^func \(Fuzz[[:alnum:]_]*\)(.*/\1/p' "$file"); do
		echo "=== $target (${file%/*})"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10s}" "${file%/*}" || failed="$failed $target"
		targets=$((targets + 1))
	done
done

# A pattern that stops matching must not look like success.
[ "$targets" -gt 0 ] || {
	echo "fuzz.sh: no fuzz targets found" >&2
	exit 1
}
[ -z "$failed" ] || {
	echo "fuzz.sh: failed:$failed" >&2
	exit 1
}
