# The collection of hostile programs (tests/hostile): each has the verdict that is right, reaches nothing, and the next job
# of its box finds it clean; and each reaches its goal where it must, so that "nothing" means something. tests/hostile/run says
# how. Here each program runs in one mode, all modes in turn; CEE_TEST_ALL=1 runs each in all of them.
load lib

hostile() { /usr/bin/python3 "$CEE_ROOT/tests/hostile/run" --quiet --lanes 4 "$@"; }

@test "controls: where nothing holds them each reaches its goal" { hostile --mode control; }
@test "each program as a job: in new and used boxes, in tests and compile phases, and cancelled" { hostile --mode cold,warm,reused,tests,compile,cancel --spread; }

@test "the driver finds a wrong verdict, a goal that is reached, a control that is not, a host that changed" {
	run hostile --wrong --mode warm,control
	[ "$status" -eq 1 ]
	for what in 'warm     exit-1 ' 'warm     exit-263 ' 'warm     spin .*got: ' 'warm     flood-stderr .*not dropped' 'control  mounts ' 'the host: bait process'; do
		grep "^NOT OK $what" <<< "$output"
	done
	[ "$(grep -c '^NOT OK' <<< "$output")" -ge 6 ]
}

@test "each program in each mode" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "some minutes: CEE_TEST_ALL=1"
	hostile --mode cold,warm,reused,tests,compile,cancel
}
