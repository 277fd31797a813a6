#!/bin/bash
# bench-parts/tests.sh - what many tests of one job cost: 400 tests of a C program against 400 bare runs
#
# A bare run is fork, exec, the input through a pipe, the output read, and wait, from a C
# loop. The job's time is from its start to its end without the compile phase: a fresh cell for
# each test, its input, the comparison, its line in the log. The two take turns, so that a noisy
# machine compares with itself. BENCH_N pairs (5), BENCH_TESTS tests (400); prints medians in ms
# a test and what a test costs over a bare run, or JSON with --json.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/tools/benchpart.bash"
n=${BENCH_N:-5} tests=${BENCH_TESTS:-400}
bench_runner
cat > sum.c <<'C'
#include <stdio.h>
int main(void)
{
	int a, b;
	if (scanf("%d %d", &a, &b) != 2)
		return 3;
	printf("%d\n", a + b);
	return 0;
}
C
cat > bare.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
extern char **environ;
static int once(const char *program, int i)
{
	posix_spawn_file_actions_t f;
	char *argv[] = { (char *)program, NULL }, text[64];
	int in[2], out[2], status, n = snprintf(text, sizeof text, "%d 2\n", i);
	pid_t pid;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&f);
	posix_spawn_file_actions_adddup2(&f, in[0], 0);
	posix_spawn_file_actions_adddup2(&f, out[1], 1);
	if (posix_spawn(&pid, program, &f, NULL, argv, environ) || write(in[1], text, n) != n)
		return -1;
	posix_spawn_file_actions_destroy(&f);
	close(in[0]); close(in[1]); close(out[1]);
	while (read(out[0], text, sizeof text) > 0)
		;
	close(out[0]);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}
int main(int argc, char **argv)
{
	struct timespec a, b;
	int n = atoi(argv[argc - 1]);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++)
		if (once(argv[1], i))
			return 1;
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.4f\n", ((b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6) / n);
	return 0;
}
C
gcc -O2 -o sum sum.c
gcc -O2 -o bare bare.c
jq -n --rawfile code sum.c --argjson n "$tests" '{language: "c", code: $code,
	tests: [range($n) | {stdin: "\(.) 2\n", expected: "\(. + 2)\n"}]}' > job.json

job() {	# ms a test
	cee-stat --wait --json "$(cee-submit -j job.json)" | jq -e --argjson n "$tests" '
		def ms: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:26] | tonumber) / 1000;
		if .tests.passed == $n then ((.ended | ms) - (.started | ms) - .phases.compile.wall * 1000) / $n
		else error("\(.why): \(.tests)") end'
}

./bare ./sum 50 > /dev/null
job > /dev/null	# the box, and the caches
for i in $(seq "$n"); do
	./bare ./sum "$tests" >> bare.ms
	job >> job.ms
	paste <(tail -n 1 job.ms) <(tail -n 1 bare.ms) | awk '{print $1 - $2}' >> over.ms
done
bare=$(median < bare.ms) ours=$(median < job.ms) over=$(median < over.ms)
if [ "${1:-}" = --json ]; then
	jq -nc --argjson bare "$bare" --argjson ours "$ours" --argjson over "$over" \
		'{part: "tests", language: "C", test_ms: $ours, bare_ms: $bare, ratio: ($ours / $bare), over_ms: $over}'
else
	printf '%s tests of a C program: %.2f ms each, a bare run %.2f ms: %.2f ms more (median of %s pairs)\n' \
		"$tests" "$ours" "$bare" "$over" "$n"
fi
