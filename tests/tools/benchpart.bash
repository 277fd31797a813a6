# benchpart.bash - what the bench's shell parts share: a spool and a runner of their own

# bench_runner [LINE of cee.conf...]: in $work, ended and removed when the part ends
bench_runner() {
	local bin=${CEE_BIN:-$root/bin} init=$root/bin/cee-init
	[ ! -x "$bin/cee-init" ] || init=$bin/cee-init
	PATH=$bin:$PATH
	work=$(mktemp -d "${TMPDIR:-/tmp}/cee-bench.XXXXXX")
	export CEE_SPOOL=$work/spool CEE_CONF=$work/cee.conf
	printf '%s\n' "languages = $root/etc/languages.d" "seccomp = $root/etc/seccomp.json" "init = $init" "$@" > "$CEE_CONF"
	cee-runner 2> "$work/log" &
	runner=$!
	trap 'kill -TERM $runner 2> /dev/null; wait $runner 2> /dev/null; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	until grep -q self-test "$work/log"; do
		kill -0 $runner 2> /dev/null || { cat "$work/log" >&2; exit 1; }
		sleep 0.05
	done
	cd "$work" || exit 1
}

median() { sort -n | sed -n "$(((n + 1) / 2))p"; }	# of $n numbers, a line each
