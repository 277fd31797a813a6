#!/bin/bash
# bench-parts/buffer.sh - what live output costs: 100 MB in lines of 50 bytes, buffer = live against full
#
# For each language that has the choice (in JavaScript and C# each line is written as it is printed
# anyway) the median wall time of the run phase in both settings and their ratio. The
# settings take turns, so that a noisy machine compares with itself. BENCH_N runs of each (3),
# BENCH_MB megabytes (100); prints a table, or JSON with --json.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/tools/benchpart.bash"
n=${BENCH_N:-3} mb=${BENCH_MB:-100}
bench_runner 'durable = no'
x=$(printf 'x%.0s' {1..49})
lines=$((mb * 20000))
cat > a.c <<< "#include <stdio.h>
int main(void) { for (int i = 0; i < $lines; i++) puts(\"$x\"); }"
cat > a.cpp <<< "#include <iostream>
int main() { std::ios::sync_with_stdio(false); for (int i = 0; i < $lines; i++) std::cout << \"$x\" << '\\n'; }"
cat > a.py <<< "for i in range($lines): print('$x')"
cat > a.sh <<< "yes $x | head -n $lines | sed s/x/y/"

run() {	# run FILE live|full: ms of its run phase
	local id
	id=$(cee-submit --buffer "$2" -L output=250M -L cpu=60s -L wall=200s "$1")
	cee-log -f "$id" > /dev/null
	cee-stat --json "$id" | jq -e --argjson want $((lines * 50)) \
		'if .phases.run.stdout_bytes == $want and .exit_code == 0 then .phases.run.wall * 1000 | round else error("\(.why): \(.phases.run.stdout_bytes) bytes") end'
	rm -rf "$CEE_SPOOL"/*/out/*/"$id"
}

[ "${1:-}" = --json ] || printf '%-12s %10s %10s %8s   (%s MB, median of %s)\n' buffer 'live ms' 'full ms' ratio "$mb" "$n"
for f in a.c a.cpp a.py a.sh; do
	cee-submit --check "$f"	# also warms its box
	: > live; : > full
	for ((i = 0; i < n; i++)); do
		run "$f" live >> live
		run "$f" full >> full
	done
	l=$(median < live) f_=$(median < full)
	name=$(jq -r --arg e ".${f#a.}" '.languages[] | select(.extensions | index($e)).name' "$CEE_SPOOL/languages.json")
	if [ "${1:-}" = --json ]; then
		jq -nc --arg name "$name" --argjson live "$l" --argjson full "$f_" \
			'{part: "buffer", language: $name, live_ms: $live, full_ms: $full, ratio: ($live / $full)}'
	else
		printf '%-12s %10s %10s %8s\n' "$name" "$l" "$f_" "$(jq -n "($l / $f_ * 100 | round) / 100")"
	fi
done
