# Many at once through one runner: a class that submits at the same moment, and a long run of small jobs. By hand with
# larger numbers: tests/clients/pupils.py (300 pupils), tests/tools/soak.py (100,000 jobs).
load lib

@test "60 pupils submit at once, also behind an owner who has queued 80 jobs" {
	[ "$(id -u)" -ne 0 ] || getent passwd www-data > /dev/null || skip "there is no user www-data here"
	[ -x /usr/sbin/lighttpd ] || skip "no lighttpd: scripts/install-deps http"
	local n=60
	[ -z "${CEE_TEST_ALL:-}" ] || n=300
	/usr/bin/python3 "$CEE_ROOT/tests/clients/pupils.py" --pupils "$n"
}

# watch: 3600 s
@test "5,000 jobs of many owners: memory, descriptors, watches, boxes and the spool stay flat" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "several minutes: CEE_TEST_ALL=1"
	/usr/bin/python3 "$CEE_ROOT/tests/tools/soak.py" --jobs 5000
}

@test "control: files that a runner does not close are found among its descriptors" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "a minute: CEE_TEST_ALL=1"
	[ "$CEE_BIN" = "$CEE_ROOT/bin" ] || skip "a sanitizer's library must be loaded first"
	run /usr/bin/python3 "$CEE_ROOT/tests/tools/soak.py" --jobs 1500 --leak 100
	[ "$status" -eq 1 ]
	[[ "$output" == *"wrong: descriptors of nothing grows"* ]]
}
