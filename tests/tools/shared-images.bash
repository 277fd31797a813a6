# shared-images.bash - one engine, and so one set of images, for test runs of several checkouts at once
#
# A run holds a shared lock while it uses images that are as its checkout describes them. Who has to make images
# takes the lock alone first, and so waits until the other runs have ended. What a run made or started is removed by
# the last one that ends.
#
#     images_begin || exit 1     (needs bin/cee-lang; the lock is held from here on)
#     images_end                 (in the trap of EXIT)

: "${IMAGES_DIR:=$(if [ -w /run/lock ]; then echo /run/lock; else echo "${TMPDIR:-/tmp}"; fi)/cee-tests-$(id -u)}"

images_lang() { "$CEE_BIN/cee-lang" -c "$CEE_ROOT/etc/cee.conf" -s "$CEE_ROOT/build/test-spool-lang" "$@"; }
images_ready() {	# has every language, and the gate, an image as this checkout would make it?
	local states gate
	states=$(images_lang list --json) && gate=$(images_lang list --json gate) &&
		jq -se '.[0] + .[1] | length > 1 and all(.[]; .state == "ready")' <<< "$states$gate" > /dev/null
}
images_tags() { engine "$url/images/json" | jq -r '.[].RepoTags[]? | select(startswith("cee/"))' | sort; }

images_begin() {
	local before status log=$CEE_ROOT/build/test-logs/images
	(umask 077 && mkdir -p "$IMAGES_DIR") && [ -O "$IMAGES_DIR" ] || { echo "tests/run: $IMAGES_DIR is not this user's own directory" >&2; return 1; }
	exec 7>> "$IMAGES_DIR/lock"
	flock -s 7
	echo "$CEE_ROOT" >> "$IMAGES_DIR/engines"	# the last run stops what this one may have started
	until images_ready; do
		flock -u 7
		flock -n 7 || { echo "tests/run: waits for a run in another checkout: its images are not this one's" >&2; flock 7; }
		if ! images_ready; then
			before=$(images_tags)
			images_lang build > "$log" 2>&1
			status=$?
			comm -13 <(echo "$before") <(images_tags) >> "$IMAGES_DIR/made"
			[ $status -eq 0 ] || { echo "tests/run: images could not be made:" >&2; tail -n 20 "$log" >&2; return 1; }
			grep ': lacks the framework' "$log" >&2
			images_ready || { echo "tests/run: images are not as this checkout describes them even after cee-lang build" >&2; return 1; }
		fi
		flock -s 7	# a change of locks is not one step: look again
	done
}

images_end() {
	local tag root
	flock -u 7
	flock -n 7 || return 0	# another run still uses them
	[ ! -e "$IMAGES_DIR/made" ] || for tag in $(sort -r "$IMAGES_DIR/made" | grep -v '^cee/base:latest$') $(grep '^cee/base:latest$' "$IMAGES_DIR/made"); do
		engine -X DELETE "$url/images/$tag" > /dev/null
	done
	[ ! -e "$IMAGES_DIR/engines" ] || while read -r root; do
		[ ! -x "$root/scripts/engine-stop" ] || "$root/scripts/engine-stop" > /dev/null
	done < <(sort -u "$IMAGES_DIR/engines")
	rm -f "$IMAGES_DIR/made" "$IMAGES_DIR/engines"
}
