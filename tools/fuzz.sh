#!/bin/sh
# Runs each fuzz target of the module for FUZZTIME, which is that of `go test`: fuzz.sh FUZZTIME
# It continues after a failure, and reports all failed targets at the end.
set -eu
cd "$(dirname "$0")/.."

targets=0
failed=
for file in $(find . -name '*_test.go' -exec grep -l '^func Fuzz' {} + | sort); do
	for target in $(sed -n 's/^func \(Fuzz[[:alnum:]_]*\)(.*/\1/p' "$file"); do
		echo "=== $target (${file%/*})"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "${file%/*}" || failed="$failed $target"
		targets=$((targets + 1))
	done
done

# If the pattern above no longer matches, the script must fail.
[ "$targets" -gt 0 ] || {
	echo "fuzz.sh: no fuzz targets found" >&2
	exit 1
}
[ -z "$failed" ] || {
	echo "fuzz.sh: failed:$failed" >&2
	exit 1
}
