# Test runs: of several checkouts at once, with one engine and one set of images (tests/tools/shared-images.bash);
# with a test that hangs (tests/tools/watched.py).
# No engine: the images are a file that names the recipe they were made by.

load lib

setup() {
	D=$BATS_TEST_TMPDIR
	mkdir -p "$D"/{one,other}/build/test-logs "$D/images"
	cat > "$D/run" <<-'RUN'
		# run NAME RECIPE: a test run of the checkout NAME, whose images are those of RECIPE; lasts until NAME.go is there
		name=$1 recipe=$2
		CEE_ROOT=$D/$name CEE_BIN=$D IMAGES_DIR=$D/images url=http://engine
		. "$TOOLS/shared-images.bash"
		engine() { [ "$2" != DELETE ] || echo "deleted ${3##*/}" >> "$D/log"; echo '[]'; }
		images_tags() { [ ! -e "$D/recipe" ] || echo cee/x:latest; }
		images_ready() { [ "$(cat "$D/recipe" 2>/dev/null)" = "$recipe" ]; }
		images_lang() { echo "build by $name" >> "$D/log"; echo "$recipe" > "$D/recipe"; }
		trap images_end EXIT
		images_begin || exit 1
		echo "begin $name" >> "$D/log"
		until [ -e "$D/$name.go" ]; do sleep 0.05; done
		images_ready || echo "rebuilt under the feet of $name" >> "$D/log"
		echo "end $name" >> "$D/log"
	RUN
	export D TOOLS=$CEE_ROOT/tests/tools
}

logged() { grep -qx "$1" "$D/log"; }

@test "a run with the same images begins beside another, and builds nothing" {
	bash "$D/run" one A 3>&- & a=$!
	wait_until 20 logged 'begin one'
	bash "$D/run" other A 3>&- & b=$!
	wait_until 20 logged 'begin other'
	touch "$D/one.go"
	wait $a
	lacks -q deleted "$D/log"	# the other one still uses them
	touch "$D/other.go"
	wait $b
	[ "$(grep -c build "$D/log")" -eq 1 ]
	[ "$(tail -n 1 "$D/log")" = 'deleted x:latest' ]
}

@test "a run with other images waits until the first has ended" {
	bash "$D/run" one A 3>&- & a=$!
	wait_until 20 logged 'begin one'
	bash "$D/run" other B 2> "$D/words" 3>&- & b=$!
	wait_until 20 grep -q 'waits for a run in another checkout' "$D/words"
	lacks -q 'build by other' "$D/log"
	touch "$D/one.go"
	wait $a
	wait_until 20 logged 'begin other'
	touch "$D/other.go"
	wait $b
	logged 'build by other'
	lacks -q feet "$D/log"
}

@test "control: without the lock the images change under a run's feet, and that is seen" {
	sed -i 's/images_begin || exit 1/images_ready || images_lang build/' "$D/run"
	bash "$D/run" one A 3>&- & a=$!
	wait_until 20 logged 'begin one'
	bash "$D/run" other B 3>&- & b=$!
	wait_until 20 logged 'begin other'
	touch "$D/one.go" "$D/other.go"
	wait $a $b
	logged 'rebuilt under the feet of one'
}

@test "a test that hangs is ended with all that it started, and named; the others run, all teardowns too" {
	sed "s/^TEST/@test/" > "$D/hangs.bats" <<-'BATS'
		teardown() {
			echo "$BATS_TEST_DESCRIPTION" >> "$D/teardowns"
			if [ "$BATS_TEST_DESCRIPTION" = 'its teardown' ]; then trap '' TERM; while :; do sleep 0.1; done; fi
		}
		TEST "before" { true; }
		# watch: 2 s
		TEST "children: \"quoted\", of a shell" { setsid sleep 100 & echo $! > "$D/pids"; run bash -c 'echo $$ >> "$D/pids"; sleep 100; true'; }
		# watch: 2 s
		TEST "a loop" { while :; do sleep 0.1; done; }
		# watch: 2 s
		TEST "its teardown" { true; }
		TEST "after" { true; }
	BATS
	# without what this test has from its own bats
	run env -i PATH="${PATH//$BATS_LIBEXEC:/}" HOME="$D" D="$D" WATCH_TEARDOWN=3 "$CEE_ROOT/tests/tools/watched.py" "$D/hangs.bats"
	[ "$status" -eq 1 ]
	grep -E '^(ok|not ok|# watch)' <<< "$output" > "$D/got"
	diff - "$D/got" <<-'TAP'
		ok 1 before
		# watch: hangs.bats: children: "quoted", of a shell: not done after 2 s, so it is ended
		not ok 2 children: "quoted", of a shell
		# watch: hangs.bats: a loop: not done after 2 s, so it is ended
		not ok 3 a loop
		# watch: hangs.bats: its teardown: not done after 2 s, so it is ended
		not ok 4 its teardown # not done after its teardown was waited for: killed
		ok 5 after
	TAP
	[ "$(wc -l < "$D/teardowns")" -eq 5 ]
	[ "$(wc -l < "$D/pids")" -eq 2 ]
	while read -r pid; do lacks -q . "/proc/$pid/cmdline"; done < "$D/pids"
}
