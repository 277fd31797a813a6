# Figures (memory, cpu time, kills) of single jobs in a box that serves many, and jobs on a processor of their own.
load lib

setup_file() {
	gcc -std=c11 -D_GNU_SOURCE -O1 -static -o "$BATS_FILE_TMPDIR/burn" "$BATS_TEST_DIRNAME/figures/burn.c"
}
setup() { RUNNERS=(); CEE_SPOOL=$BATS_TEST_TMPDIR; }
teardown() { end_all; }

in_a_box() { python3 "$BATS_TEST_DIRNAME/figures/figures.py" "$BATS_FILE_TMPDIR/burn" "$1"; }

@test "peak memory: a short one is the process's own, and not the next job's" { in_a_box short; }
@test "peak memory: many small processes are seen together" { in_a_box many; }
@test "peak memory: shared memory counts, and what is left of it is no other job's" { in_a_box shared; }
@test "peak memory: memory that the kernel frees late hides nothing" { in_a_box flight; }
@test "peak memory: files are disk" { in_a_box files; }
@test "peak memory: after a job with much output" { in_a_box output; }
@test "cpu time: orphans, and children that nobody waits for" { in_a_box cpu; }
@test "kills for memory are those of the job" { in_a_box oom; }
@test "pin: kept on a processor, and only that job" { in_a_box pin; }

@test "pin = yes: the result says the processor, jobs at once have different ones" {
	processors=$(nproc)
	new_spool "pin = yes
		share = owner"
	sed -i "s/^jobs = .*/jobs = $processors/; s/^[[:space:]]*jobs = .*/jobs = $processors/" "$CEE_CONF"
	start_runner
	printf '%s\n' 'import os, time
print(*os.sched_getaffinity(0), flush=True)
open("/work/x", "w").close()
time.sleep(3)' > "$BATS_TEST_TMPDIR/p.py"
	ids=()
	for _ in $(seq "$processors"); do ids+=("$(cee-submit "$BATS_TEST_TMPDIR/p.py")"); done
	for id in "${ids[@]}"; do
		cee-log -f "$id" > "$BATS_TEST_TMPDIR/out"
		wait_until 10 ended "$id"
		[ "$(cat "$BATS_TEST_TMPDIR/out")" = "$(verdict "$id" .processor)" ]
		cat "$BATS_TEST_TMPDIR/out" >> "$BATS_TEST_TMPDIR/all"
	done
	[ "$(sort -u "$BATS_TEST_TMPDIR/all" | wc -l)" = "$processors" ]
}

@test "pin = yes: more jobs at once than processors are refused at the start" {
	new_spool "pin = yes"
	run cee-runner -j $(($(nproc) + 1))
	[ "$status" -eq 78 ]
	[[ "$output" == *"pin = yes with $(($(nproc) + 1)) jobs at once, but this runner may use $(nproc) processor"*"set jobs"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "without pin the result names no processor" {
	new_spool
	start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"pass"}')
	wait_until 20 ended "$id"
	[ "$(verdict "$id" 'has("processor")')" = false ]
	[ "$(id -u)" -ne 0 ] || [ "$(verdict "$id" '.phases.run.peak_memory_from')" = cgroup ]
}
