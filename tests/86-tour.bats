# The tour of the README, as it stands there: the blocks fenced as "sh tour" are run in one directory and in their
# order, each by its own bash. A block must print the lines after "# =>" and nothing else.

load lib

setup() {
	new_spool > /dev/null
	blocks=$BATS_TEST_TMPDIR/blocks
	mkdir -p "$blocks"
}

teardown() { end_all; }

extract() {	# extract KIND: blocks/001, 002 …
	awk -v kind="$1" -v dir="$blocks" '
		/^```/ && inside { close(file); inside = 0; next }
		$0 == "```" kind { inside = 1; file = sprintf("%s/%03d", dir, ++n); next }
		inside { print > file }' "$CEE_ROOT/README.md"
}

@test "every block of the tour prints what the README says" {
	extract 'sh tour'
	[ "$(ls "$blocks" | wc -l)" -ge 15 ]
	start_runner
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
	for b in "$blocks"/*; do
		sed -n 's/^# => //p' "$b" > "$b.want"
		lacks -q '^#' <(grep -v '^# => ' "$b")	# prose belongs beside the block
		status=0
		timeout 120 bash -u -o pipefail "$b" > "$b.got" 2> "$b.err" < /dev/null 3>&- || status=$?
		diff -u "$b.want" "$b.got" || { echo "status $status of:"; cat "$b"; cat "$b.err"; return 1; }
		[ "$status" -eq 0 ] || { echo "status $status of:"; cat "$b" "$b.err"; return 1; }
	done
	sound
}

@test "the cron lines: their commands run, and cron would read them" {
	extract 'crontab tour'
	[ "$(cat "$blocks"/* | wc -l)" -ge 2 ]
	start_runner
	echo 'print(1)' > "$BATS_TEST_TMPDIR/report.py"
	while read -r minute hour day month weekday command; do
		[[ "$minute $hour" =~ ^[0-9]+\ [0-9]+$ && "$day $month $weekday" == "* * *" ]]
		lacks -q -E '(^|[^\\])%' <<< "$command"		# a bare % is a newline to cron
		command=${command//\\%/%}
		run sh -c "${command//\/srv\/reports/$BATS_TEST_TMPDIR}"
		[ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$command: $status $output"; return 1; }
	done < <(cat "$blocks"/*; grep -v -e '^#' -e '^$' -e '^[A-Z_]*=' "$CEE_ROOT/etc/crontab.example")
}

@test "the systemd units are sound and name programs that there are" {
	ls "$CEE_ROOT"/etc/systemd/*.service "$CEE_ROOT"/etc/systemd/*.timer
	for u in "$CEE_ROOT"/etc/systemd/*.service; do
		while IFS= read -r line; do
			program=${line#*=}; program=${program%% *}
			[ -x "$CEE_BIN/${program##*/}" ] || { echo "$u: $program"; return 1; }
			# its options are understood: --help comes after them
			sh -c "$CEE_BIN/${program##*/} $(cut -s -d' ' -f2- <<< "$line") --help" > /dev/null
		done < <(grep -E '^Exec[A-Za-z]*=/usr/local/bin/' "$u")
	done
	command -v systemd-analyze > /dev/null || skip "no systemd-analyze here to verify them with"
	mkdir "$BATS_TEST_TMPDIR/units"
	for u in "$CEE_ROOT"/etc/systemd/*; do	# as installed, but where the programs are now
		sed "s,/usr/local/bin/,$CEE_BIN/," "$u" > "$BATS_TEST_TMPDIR/units/${u##*/}"
	done
	run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR"/units/*
	echo "$output"
	[ "$status" -eq 0 ]
	lacks -F "$BATS_TEST_TMPDIR/units/" <<< "$output"
}
