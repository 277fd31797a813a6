#!/usr/bin/env bats
# cee-lang: images are built, kept and rebuilt; its messages when that fails; nothing is left behind

load lib

setup() {
	new_spool
	IMAGE=cee-test/lang-$$-$BATS_TEST_NUMBER
	LANGS=$BATS_TEST_TMPDIR/languages.d
	mkdir "$LANGS"
	sed "s,^languages = .*,languages = $LANGS," "$CEE_CONF" > "$CEE_CONF.new"
	mv "$CEE_CONF.new" "$CEE_CONF"
}

teardown() {
	engine DELETE "/images/$IMAGE:latest?force=1" > /dev/null
	engine DELETE "/images/$IMAGE:other?force=1" > /dev/null
	end_all
}

# language SOURCE RUN HELLO: one named zz, its programs are sh
language() {
	jq -n --arg image "$IMAGE:latest" --argjson source "$1" --arg hello "$2" '{name: "zz",
		aliases: ["zed"], extensions: [".zz"], image: $image, source: $source, file: "main.zz",
		run: ["sh", "{file}", "{args}"], env: {PATH: "/usr/bin:/bin"}, hello: $hello,
		missing: "take another host"}' > "$LANGS/zz.json"
}

state() { cee-lang list --json zz | jq -r '.[0].state'; }
check_boxes() { containers cee.check=zz; }

@test "each language of the checkout that has an image says hello in a locked-down box" {
	sed -i "s,^languages = .*,languages = $CEE_ROOT/etc/languages.d," "$CEE_CONF"
	run cee-lang check python c cpp bash javascript typescript
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'hello, world in' <<< "$output")" -eq 6 ]
	if [ "$(cee-lang list --json csharp | jq -r '.[0].state')" != missing ]; then
		cee-lang check csharp
	fi
}

@test "an image is built once, and rebuilt when its source changes, not when a command does" {
	language '{"setup": ["touch /one"]}' 'echo hello, world'
	[ "$(state)" = missing ]
	cee-lang build
	[ "$(state)" = ready ]
	first=$(cee-lang list --json | jq -r '.[0].id')
	run cee-lang build zed
	[[ $output == *"up to date"* ]]
	cee-lang check
	jq '.run = ["sh", "-e", "{file}"]' "$LANGS/zz.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/zz.json"
	[ "$(state)" = ready ]
	language '{"setup": ["touch /two"]}' 'echo hello, world'
	[ "$(state)" = old ]
	cee-lang build
	[ "$(state)" = ready ]
	[ "$(cee-lang list --json | jq -r '.[0].id')" != "$first" ]
}

@test "a rebuilt image: the old one keeps its other names, and none is left without a name" {
	language '{"setup": ["touch /one"]}' 'echo hello, world'
	cee-lang build
	first=$(cee-lang list --json | jq -r '.[0].id')
	engine POST "/images/$IMAGE:latest/tag?repo=$IMAGE&tag=other" > /dev/null
	language '{"setup": ["touch /two"]}' 'echo hello, world'
	cee-lang build
	second=$(cee-lang list --json | jq -r '.[0].id')
	[ "$(engine GET "/images/$IMAGE:other/json" | jq -r .Id)" = "$first" ]
	engine DELETE "/images/$IMAGE:other" > /dev/null
	language '{"setup": ["touch /three"]}' 'echo hello, world'
	cee-lang build
	[ "$(engine GET "/images/$second/json" | jq -r .Id)" = null ]
}

@test "a language without an image: the runner starts all the same, and its jobs end with the remedy" {
	language '{"host": ["/nowhere/at/all:/x"]}' 'echo hello, world'
	start_runner
	id=$(cee-submit -j - <<< '{"language": "zz", "code": "echo 1"}')
	wait_until 20 ended "$id"
	[ "$(verdict "$id" '"\(.why): \(.message)"')" = "refused: take another host" ]
}

@test "a language may use the image of another: by the same source or by none, never by its own" {
	language '{"setup": ["touch /one"]}' 'echo hello, world'
	cee-lang build
	first=$(cee-lang list --json zz | jq -r '.[0].id')
	jq 'del(.source) | .name = "yy" | .aliases = [] | .hello = "[ -e /one ] && echo hello, world"' "$LANGS/zz.json" > "$LANGS/yy.json"
	[ "$(cee-lang list --json yy | jq -r '.[0].state')" = ready ]
	cee-lang build
	[ "$(cee-lang list --json yy | jq -r '.[0].id')" = "$first" ]
	cee-lang check yy zz
	jq '.source = {"setup": ["touch /two"]}' "$LANGS/yy.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/yy.json"
	run cee-lang build
	[ "$status" -eq 78 ]
	[[ $output == *"but different sources"* ]]
}

@test "a file beside the language file is copied in, and counts by what it holds" {
	echo 'hello, world' > "$LANGS/words.txt"
	language '{"host": ["words.txt:/opt/words"]}' 'cat /opt/words'
	cee-lang build
	cee-lang check
	touch -d 2001-01-01 "$LANGS/words.txt"
	[ "$(state)" = ready ]
	echo 'hello, wurld' > "$LANGS/words.txt"
	[ "$(state)" = old ]
}

@test "the languages that have an image are published for submitters" {
	language '{}' 'echo hello, world'
	cee-lang publish
	[ "$(jq '.languages | length' "$CEE_SPOOL/languages.json")" -eq 0 ]
	cee-lang build
	[ "$(jq -r '.languages[].name' "$CEE_SPOOL/languages.json")" = zz ]
}

# versions: those of zz that submitters are told of
versions() { jq -r '.languages[] | select(.name == "zz").versions | join(" ")' "$CEE_SPOOL/languages.json"; }
has_versions() { [ "$(versions)" = "$*" ]; }

@test "an image names its versions: listed, published, and jobs are held to them" {
	language '{"setup": ["mkdir -p /usr/lib/cee/zz; printf \"2.1.7\\n2.1\\n2;3\\n2\\n2.1\\n\" > /usr/lib/cee/zz/versions"]}' 'echo hello, world'
	cee-lang build
	has_versions 2.1.7 2.1 2
	[ "$(cee-lang list --json zz | jq -r '.[0].versions')" = "2.1.7 2.1 2" ]
	[[ $(cee-lang list zz) == *" 2.1.7 "* ]]
	start_runner
	wait_until 20 has_versions 2.1.7 2.1 2
	[ "$(cee-submit -q -w -j - <<< '{"language": "zz", "version": "2.1", "code": "echo it is"}')" = "it is" ]
	run cee-submit -j - <<< '{"language": "zed", "version": "2.2", "code": "echo it is"}'
	[ "$status" -eq 65 ]
	[[ $output == *'version: "2.2" is not known here (there is 2.1.7, 2.1, 2'* ]]
	# a language file that is read anew knows them still, and its own go before
	jq '.title = "Zet"' "$LANGS/zz.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/zz.json"
	kill -HUP "$RUNNER"
	wait_until 20 grep -q '"Zet"' "$CEE_SPOOL/languages.json"
	has_versions 2.1.7 2.1 2
	jq '.versions = ["7"]' "$LANGS/zz.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/zz.json"
	kill -HUP "$RUNNER"
	wait_until 20 has_versions 7
	[ "$(cee-lang list --json zz | jq -r '.[0].versions')" = 7 ]
	# and an image that names none any more has none
	language '{"setup": ["touch /none"]}' 'echo hello, world'
	cee-lang build
	has_versions ''
	[ "$(cee-lang list --json zz | jq '.[0].versions')" = null ]
}

@test "each language of the checkout that has an image has a version, and it is what runs" {
	sed -i "s,^languages = .*,languages = $CEE_ROOT/etc/languages.d," "$CEE_CONF"
	old=$(cee-lang list --json | jq -r '[.[] | select(.state == "old").name] | join(" ")')
	[ -z "$old" ] || skip "the images of $old are older than their language files: run cee-lang build"
	start_runner
	known() { ! cee-lang list --json | jq -e 'any(.[]; .state != "missing" and (.versions | not))' > "$BATS_TEST_TMPDIR/known" &&
		jq -e 'all(.languages[]; .versions)' "$CEE_SPOOL/languages.json"; }
	wait_until 20 known
	ran=0
	while read -r language version; do
		case $language in
		python) code='import platform; print(platform.python_version())' ;;
		c | cpp) code=$'#include <stdio.h>\nint main() { printf("%d.%d.%d\\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__); }' ;;
		javascript) code='console.log(process.versions.node)' ;;
		bash) code='echo "${BASH_VERSION%%[^0-9.]*}"' ;;
		*) continue ;;
		esac
		for v in "$version" "${version%%.*}"; do
			[ "$(jq -n --arg language "$language" --arg version "$v" --arg code "$code" '{$language, $version, $code}' |
				cee-submit -q -w -j -)" = "$version" ]
		done
		run cee-submit -j - <<< "{\"language\": \"$language\", \"version\": \"0.1\", \"code\": \"1\"}"
		[ "$status" -eq 65 ]
		[[ $output == *"version: \"0.1\" is not known here (there is $version, "* ]]
		ran=$((ran + 1))
	done < <(jq -r '.languages[] | "\(.name) \(.versions[0])"' "$CEE_SPOOL/languages.json")
	[ "$ran" -eq 5 ]
}

@test "directories of the host are copied in, readable by everybody, links as links" {
	mkdir -p "$BATS_TEST_TMPDIR/tree/sub"
	echo 'hello, world' > "$BATS_TEST_TMPDIR/tree/sub/text"
	chmod 600 "$BATS_TEST_TMPDIR/tree/sub/text"
	ln -s sub/text "$BATS_TEST_TMPDIR/tree/link"
	language "{\"host\": [\"$BATS_TEST_TMPDIR/tree:/opt/tree\", \"/{sort}/sort:/opt/sort\"]}" \
		'[ -L /opt/tree/link ] && [ -x /opt/sort ] && cat /opt/tree/link'
	cee-lang build
	cee-lang check
	echo more > "$BATS_TEST_TMPDIR/tree/new"
	[ "$(state)" = old ]
}

@test "a language without a source is passed over with its remedy; named, it is an error" {
	language '{"host": ["/{cee-no-such-program}/x:/x"]}' 'echo hello, world'
	run cee-lang build
	[ "$status" -eq 0 ]
	[[ $output == *"not found in PATH"* && $output == *"take another host"* ]]
	run cee-lang build zz
	[ "$status" -eq 1 ]
}

# line TEXT: the number of the line of $output that it is in
line() { grep -nF -m1 -- "$1" <<< "$output" | cut -d: -f1; }
# pull from an engine's own loopback, where no registry is
NO_REGISTRY=127.0.0.1:1/cee-test/none:latest

@test "the first source that works makes the image: earlier failures are reported, the one used is listed" {
	language "{\"pull\": \"$NO_REGISTRY\", \"distribution\": [\"cee-no-such-package\", \"bc\", \"cee-nor-this\"],
		\"packages\": [\"cee-nor-this\"], \"host\": [\"words.txt:/opt/words\", \"/nowhere/at/all?:/x\", \"/nowhere/at/all:/y\"],
		\"setup\": [\"echo 6*7 | bc > /opt/answer\"]}" 'cat /opt/words; [ "$(cat /opt/answer)" = 42 ] || exit 1'
	echo 'hello, world' > "$LANGS/words.txt"
	run cee-lang build zz
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(line "pulling $NO_REGISTRY")" -lt "$(line 'zz: cannot be pulled (')" ]
	[ "$(line 'zz: cannot be pulled (')" -lt "$(line "zz: the distribution's cee-no-such-package cannot be installed (Unable to locate package cee-no-such-package); trying the next source")" ]
	[ "$(line 'cee-no-such-package); trying the next source')" -lt "$(line "building $IMAGE:latest (distribution bc)")" ]
	[[ $output != *cee-nor-this* && $output != *"zz: | "* ]]
	[ "$(cee-lang list --json zz | jq -r '.[0].source')" = "distribution bc" ]
	[[ $(cee-lang list zz) == *" ready "*" distribution bc" ]]
	cee-lang check
	[[ $(cee-lang build zz) == *"up to date (distribution bc)"* ]]
	# other sources are none of its business; that package and what is copied in are
	jq '.source.packages = ["gawk"] | .source.distribution += ["gawk"]' "$LANGS/zz.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/zz.json"
	[ "$(state)" = ready ]
	echo 'hello, wurld' > "$LANGS/words.txt"
	[ "$(state)" = old ]
	echo 'hello, world' > "$LANGS/words.txt"
	jq '.source.distribution = ["gawk"]' "$LANGS/zz.json" > "$LANGS/n" && mv "$LANGS/n" "$LANGS/zz.json"
	[ "$(state)" = old ]
}

# what gives a privilege in the container; in the image
privileged_in() { engine GET "/containers/$1/export" | "$CEE_ROOT/tests/tools/privileged.py"; }
privileged() {
	local id
	id=$(engine POST /containers/create -H 'Content-Type: application/json' -d "{\"Image\": \"$1\", \"Cmd\": [\"none\"]}" | jq -r .Id)
	privileged_in "$id"
	engine DELETE "/containers/$id" > /dev/null
}

@test "no program of an image that cee builds gives a privilege: set-uid, set-gid, file capabilities" {
	local image made=()
	for image in cee/base cee/gate cee/bash cee/gcc cee/python cee/javascript cee/typescript cee/csharp; do
		run privileged "$image:latest"
		[ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$image: $output"; false; }
	done
	# what packages and steps leave in an image goes: here a copy of su, and one with a capability
	language '{"packages": ["libcap2-bin"], "setup": ["cp /usr/bin/true /opt/one; chmod 6755 /opt/one",
		"cp /usr/bin/true /opt/two; setcap cap_net_raw+ep /opt/two; cp /usr/bin/true \"/opt/t o\"; setcap cap_net_raw+ep \"/opt/t o\""]}' 'test -x /opt/two && echo hello, world'
	cee-lang build zz
	run privileged "$IMAGE:latest"
	[ -z "$output" ]
	# control: in a container that has such programs they are found
	id=$(engine POST /containers/create -H 'Content-Type: application/json' -d "{\"Image\": \"$IMAGE:latest\", \"NetworkDisabled\": true,
		\"Cmd\": [\"sh\", \"-c\", \"chmod u+s /opt/one; chmod g+s /opt/two; setcap cap_net_raw+ep '/opt/t o'\"]}" | jq -r .Id)
	engine POST "/containers/$id/start"
	engine POST "/containers/$id/wait" > /dev/null
	run privileged_in "$id"
	engine DELETE "/containers/$id" > /dev/null
	echo "$output"
	[[ $output == *"opt/one: set-uid"* && $output == *"opt/two: set-gid"* && $output == *"opt/t o: capabilities"* ]]
}

@test "packages and directories of the host come after the distribution's; without any source the remedy is printed" {
	# apt takes a name with a point for an expression, that another package answers to
	language '{"distribution": ["b."], "packages": ["bc"], "host": ["/{sort}/sort:/opt/sort"]}' 'test -x /opt/sort && bc <<< "" && echo hello, world'
	run cee-lang build zz
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"zz: the distribution's b. cannot be installed (Unable to locate package b.); trying the next source"* ]]
	[[ $(cee-lang list --json zz | jq -r '.[0].source') == "packages and host "*/sort ]]
	[ "$(state)" = ready ]

	language "{\"pull\": \"$NO_REGISTRY\", \"distribution\": [\"cee-no-such-package\"], \"host\": [\"/{cee-no-such-program}/x:/x\"]}" 'true'
	run cee-lang build
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"cannot be pulled ("*"cee-no-such-package); trying the next source"*"not found in PATH"*"zz: take another host"* ]]
	run cee-lang build zz
	[ "$status" -eq 1 ]

	# the last one is no "next source", and what is beside the language file alone is no source
	echo x > "$LANGS/words.txt"
	language '{"distribution": ["cee-no-such-package"], "host": ["words.txt:/opt/words"]}' 'true'
	run cee-lang build
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"Unable to locate package cee-no-such-package"*"zz: take another host"* && $output != *"next source"* ]]

	# one that is there and does not become an image is a failure, with what it said
	language '{"distribution": ["bc"], "setup": ["echo the reason; exit 3"]}' 'true'
	run cee-lang build
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"| the reason"* && $output != *"take another host"* ]]
}

@test "a build that fails says why and leaves the image that was there" {
	language '{"setup": ["true"]}' 'echo hello, world'
	cee-lang build
	language '{"setup": ["echo the reason; exit 3"]}' 'echo hello, world'
	run cee-lang build
	[ "$status" -eq 1 ]
	[[ $output == *"the reason"* ]]
	[ "$(state)" = old ]
	cee-lang check
}

@test "a hello that prints something else fails the check, which shows it" {
	language '{}' 'echo something else; exit 4'
	cee-lang build
	run cee-lang check
	[ "$status" -eq 1 ]
	[[ $output == *"exit code 4"*"something else"* ]]
	left=$(check_boxes)
	[ -z "$left" ]
}

@test "an interrupted check and an interrupted build leave nothing" {
	language '{}' 'sleep 60'
	cee-lang build
	cee-lang check 3>&- &
	pid=$!
	wait_until 20 eval '[ -n "$(check_boxes)" ]'
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
	left=$(check_boxes)
	[ -z "$left" ]

	language '{"setup": ["sleep 60"]}' 'true'
	cee-lang build 3>&- > "$BATS_TEST_TMPDIR/log" &
	pid=$!
	wait_until 20 grep -q 'sleep 60' "$BATS_TEST_TMPDIR/log"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
	[ "$(state)" = old ]
}

@test "no setting of the host's apt is left in an image" {
	language '{}' 'set -- /etc/apt/sources.list* /etc/apt/apt.conf.d/*; for f; do [ ! -e "$f" ] || echo "$f"; done; echo hello, world'
	cee-lang build
	cee-lang check
}

@test "usage, an unknown language, a bad file and a missing engine: a message and a status for each" {
	run cee-lang
	[ "$status" -eq 64 ]
	run cee-lang fetch
	[ "$status" -eq 64 ]
	language '{}' 'true'
	run cee-lang build nope
	[ "$status" -eq 64 ]
	DOCKER_HOST=unix:///nonexistent.sock run cee-lang build
	[ "$status" -eq 69 ]
	[[ $output == *"does not answer"* ]]
	echo '{"name": "zz", "nonsense": 1}' > "$LANGS/zz.json"
	run cee-lang list
	[ "$status" -eq 78 ]
	[[ $output == *nonsense* ]]
}
