# Test runs of several checkouts at once: one engine, one set of images (tests/tools/shared-images.bash).
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
