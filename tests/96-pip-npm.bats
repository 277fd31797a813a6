#!/usr/bin/env bats
# Packages of pip and npm: from a registry on loopback that can be made to fail or to attack
# (tests/tools/registry.py), from a folder, and from the real npm registry where it is reached.

load lib
load registry

teardown() {
	local reported=0
	end_all || reported=1
	[ ! -e "$BATS_TEST_TMPDIR/tls.pid" ] || kill "$(cat "$BATS_TEST_TMPDIR/tls.pid")"
	[ ! -e "$BATS_TEST_TMPDIR/image" ] || engine DELETE "/images/$(cat "$BATS_TEST_TMPDIR/image"):latest?force=1" > /dev/null
	return $reported
}

registry() {	# registry [FAULT [MORE]]: a spool whose packages come from there, and its runner
	registry_spool "${1:-}" "${2:-packages.wall = 40}"
	start_runner
}

submit() { job "$@" > "$BATS_TEST_TMPDIR/job"; run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"; }

# ---- pip ----

@test "pip: a wheel with its dependency and one with native code; a known layer asks nobody again" {
	registry
	submit python 'import needs, native; print(needs.PURE, native.add(2, 40))' needs@1.0 native@1.0
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "1.5 42" ]
	before=$(asked /ok/pip)
	submit python 'import native, sys; print(native.add(1, 1), sys.path[-1].endswith("dist-packages"))' Native@1.0 needs@1.0
	[ "$output" = "2 True" ]
	[ "$(asked /ok/pip)" -eq "$before" ]
	[ "$(result '[.packages[] | "\(.name) \(.version) \(.hash[:7])"] | join(", ")')" = \
		"native 1.0 sha256:, needs 1.0 sha256:, pure 1.5 sha256:" ]
}

@test "pip: an exact version is that one, and without packages there are none" {
	registry
	submit python 'import pure; print(pure.VERSION)' pure@1.0
	[ "$output" = 1.0 ]
	submit python 'import pure; print(pure.VERSION)' pure@2.0
	[ "$output" = 2.0 ]
	submit python 'import pure'
	[ "$status" -eq 1 ]
	[[ $stderr == *"No module named 'pure'"* ]]
}

# A job that says what it hears of a package's file in 12 s, and holds the file's lock meanwhile; and one beside it.
watch='import ctypes, fcntl, os, pure, select, time
libc = ctypes.CDLL(None)
f = os.open(pure.__file__, os.O_RDONLY)
i = libc.inotify_init1(0); libc.inotify_add_watch(i, pure.__file__.encode(), 0x20)    # IN_OPEN
try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print("locked", flush=True)
except OSError: print("is locked", flush=True)
time.sleep(float(os.environ.get("FOR", 0)))
print("heard" if select.select([i], [], [], 0)[0] else "silence")'

side_by_side() {	# the output of a job that watches, then that of one beside it
	job python "$watch" pure@1.0 > "$BATS_TEST_TMPDIR/job"
	first=$(jq '.env.FOR = "12"' "$BATS_TEST_TMPDIR/job" | cee-submit -j -)
	wait_until 20 has_line "$first" locked
	second=$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")
	wait_until 40 ended "$first"
	echo "$(cee-log -o "$first" | tr '\n' ' ')/ $(tr '\n' ' ' <<< "$second")"
}

@test "layers: neither locks nor events pass between boxes; without cells they do" {
	registry "" 'packages.wall = 40
share = none'
	submit python 'import pure' pure@1.0
	[ "$status" -eq 0 ]
	run side_by_side
	echo "$output"
	[ "$output" = "locked silence / locked silence " ]
	stop_runner
	echo 'cells = never' >> "$CEE_CONF"
	start_runner
	run side_by_side
	echo "$output"
	[ "$output" = "locked heard / is locked silence " ]
}

@test "layers: a job sees its packages; one without packages sees no layer, nor that there are any" {
	registry
	submit python 'import os, pure; print(pure.VERSION, os.path.exists(pure.__file__), pure.__file__)' pure@1.0
	[[ $output == "1.0 True /.cee/layers/"*/pure* ]]
	submit python "import os; print(os.listdir('/.cee/layers'), os.path.exists('${output##* }'))"
	[ "$output" = "[] False" ]
}

@test "pip: no such package, no such version, another system, another Python, no wheel: pip's messages, at once" {
	registry
	for p in nosuch@1.0 pure@9.9 windows@1.0 newer@1.0 source-only@1.0; do
		submit python 'print("ran")' "$p"
		echo "$p: $status $output $stderr"
		[ "$status" -eq 126 ]
		[ "$output" = "" ]
		[[ $stderr == *"package error"*"No matching distribution found for ${p%@*}==${p#*@}"* ]]
	done
	[[ "$(job python x newer@1.0 > "$BATS_TEST_TMPDIR/job"; result .message)" == *"Requires-Python >=3.99"* ]]
	[ "$(asked /phoned)" -eq 0 ]
}

@test "no such package is remembered, a failure of the network is not" {
	registry
	submit python 'print(1)' nosuch@1.0
	[ "$status" -eq 126 ]
	before=$(asked /ok/pip/simple/nosuch)
	submit python 'print(1)' nosuch@1.0
	[ "$status" -eq 126 ]
	[ "$(asked /ok/pip/simple/nosuch)" -eq "$before" ]
	stop_runner
	registry 500
	submit python 'print(1)' pure@1.0
	echo "$stderr"
	[ "$status" -eq 125 ]
	before=$(asked /500/pip/simple/pure)
	submit python 'print(1)' pure@1.0
	[ "$status" -eq 125 ]
	[ "$(asked /500/pip/simple/pure)" -gt "$before" ]
}

@test "pip: a registry that cuts, answers garbage, sends something else, or is away: a failure of cee, not the user's" {
	for fault in cut file-cut garbage file-garbage hash file-500 500; do
		registry $fault
		submit python 'print(1)' pure@1.0
		echo "$fault: $status $stderr"
		[ "$status" -eq 125 ]
		[[ $stderr != *"out of order"* && $stderr != *http:* ]]
		[ "$output" = "" ]
		stop_runner
	done
	registry
	sed -i 's,^packages.index.pip.*,packages.index.pip = http://127.0.0.1:9/,' "$CEE_CONF"
	stop_runner
	start_runner
	submit python 'print(1)' pure@1.0
	[ "$status" -eq 125 ]
}

@test "a registry that stalls: a failure of cee when the time is over" {
	registry file-stall 'packages.wall = 4'
	submit python 'print(1)' pure@1.0
	echo "$stderr"
	[ "$status" -eq 125 ]
	submit javascript 'console.log(1)' left@1.0.0
	[ "$status" -eq 125 ]
}

four_wait() { [ "$(grep -c 'to=packages' "$RUNNER_LOG")" -eq 4 ]; }

@test "jobs that wait for a registry that stalls keep no place from others" {
	registry file-stall 'packages.wall = 60'
	for v in 1 2 3 4; do
		job python 'print(1)' "many-$v@1.$v" > "$BATS_TEST_TMPDIR/stuck"
		cee-submit -j "$BATS_TEST_TMPDIR/stuck" >> "$BATS_TEST_TMPDIR/waiting"
	done
	wait_until 20 four_wait
	echo "print(2)" > "$BATS_TEST_TMPDIR/plain.py"
	[ "$(cee-submit -w "$BATS_TEST_TMPDIR/plain.py")" = 2 ]
	for id in $(cat "$BATS_TEST_TMPDIR/waiting"); do
		[ "$(cee-stat --json "$id" | jq -r .state)" = Executing ]
		cee-cancel -w "$id" || true
	done
}

@test "pip: an archive that writes outside, one that is huge, one with an address in it: refused" {
	registry ok 'packages.bytes = 32M'
	submit python 'print(1)' outside@1.0
	[ "$status" -eq 126 ]
	[[ $stderr == *"outside the target directory"* ]]
	submit python 'print(1)' big@1.0
	echo "$stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *"more room than a layer may have"* || $stderr == *packages.bytes* ]]
	submit python 'print(1)' outpost@1.0
	[ "$status" -eq 126 ]
	[[ $stderr == *"packages come from the registry alone"* ]]
	[ ! -e /tmp/outside ]
	next_job_runs
}

away() { curl -sS "$REGISTRY/away"; }	# connections to what is not the registry

@test "pip: a requirement by address, a file elsewhere, a redirect: refused by name, and no other host is asked" {
	registry
	while read -r package says; do
		submit python 'print("ran")' "$package@1.0"
		echo "$package: $status $output $stderr"
		[ "$status" -eq 126 ]
		[ "$output" = "" ]
		[[ $stderr == *"package error"*"$package: $says; packages come from the registry alone"* ]]
		[[ $stderr != *http:* ]]
	done <<-'E'
		sources requires source-only by an address
		away-sources requires source-only by an address
		away-wheel requires pure by an address
		away-git requires pure by an address
		away-file its file is on another host
		away-moved a request leads to another host
	E
	[ "$(away)" -eq 0 ]
	[ "$(asked /phoned)" -eq 0 ]
	[ "$(asked /ok/pip/files/source-only)" -eq 0 ]
}

@test "pip: the job's own pip.conf and PIP_ variables change nothing" {
	registry
	jq -n '{language: "python", code: "import pure; print(pure.VERSION)", packages: [{name: "pure", version: "1.0"}],
		env: {PIP_INDEX_URL: "http://127.0.0.1:9/", PYTHONPATH: "/nowhere"},
		files: [{name: "pip.conf", content: "[global]\nindex-url = http://127.0.0.1:9/\n"},
			{name: ".config/pip/pip.conf", content: "[global]\nindex-url = http://127.0.0.1:9/\n"}]}' > "$BATS_TEST_TMPDIR/job"
	run cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	[ "$output" = 1.0 ]
}

# ---- npm ----

@test "npm: a package with dependencies, by require and by import; the lock has them all" {
	registry
	submit javascript 'const d = require("deep"); d.esm().then((m) => console.log(d.left, m.esm))' deep@1.0.0
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "1.1.0 esm" ]
	jq -n '{language: "js", files: [{name: "m.mjs", content: "import { esm } from \"@scope/esm\"; import left from \"left\"; console.log(esm, left.version)"}],
		packages: [{name: "deep", version: "1.0.0"}]}' > "$BATS_TEST_TMPDIR/job"
	run cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	[ "$output" = "esm 1.1.0" ]
	[ "$(result '[.packages[] | "\(.name) \(.version) \(.hash[:7])"] | join(", ")')" = \
		"@scope/esm 1.0.0 sha512-, deep 1.0.0 sha512-, left 1.1.0 sha512-" ]
}

@test "npm: an install script that would phone home does not run" {
	registry
	submit javascript 'console.log(require("phone").phone)' phone@1.0.0
	[ "$output" = false ]
	[ "$(asked /phoned)" -eq 0 ]
}

@test "npm: no such package, no such version: npm's messages" {
	registry
	submit javascript 'console.log(1)' nosuch@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *E404*"'nosuch@1.0.0' is not in this registry"* ]]
	[[ $stderr != *"out of order"* ]]
	submit javascript 'console.log(1)' left@9.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *ETARGET*"No matching version found for left@9.0.0"* ]]
}

@test "npm: a registry that fails in one way or another: a failure of cee, not the user's" {
	for fault in 500 cut file-cut garbage file-garbage hash; do
		registry $fault
		submit javascript 'console.log(1)' left@1.0.0
		echo "$fault: $status $stderr"
		[ "$status" -eq 125 ]
		[[ $stderr != *"out of order"* && $stderr != *http:* ]]
		stop_runner
	done
}

@test "npm: an archive that writes outside stays inside, one that is huge and one with an address are refused" {
	registry ok 'packages.bytes = 64M'
	submit javascript 'console.log(require("outside").ok)' outside@1.0.0
	[ "$output" = 1 ]
	[ ! -e /tmp/outside ] && [ ! -e /etc/outside ]
	submit javascript 'console.log(1)' big@1.0.0
	echo "$stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *"more room than a layer may have"* || $stderr == *packages.bytes* ]]
	submit javascript 'console.log(1)' outpost@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *"packages come from the registry alone"* ]]
}

@test "npm: a dependency by address or git, a file elsewhere, a redirect: refused by name, and no other host is asked" {
	registry
	while read -r package says; do
		submit javascript 'console.log("ran")' "$package@1.0.0"
		echo "$package: $status $output $stderr"
		[ "$status" -eq 126 ]
		[ "$output" = "" ]
		[[ $stderr == *"package error"*"$says; packages come from the registry alone"* ]]
		[[ $stderr == *"$package"* ]]
		[[ $stderr != *http:* ]]
	done <<-'E'
		away-needs left: is asked for by an address
		away-maybe left: is asked for by an address
		away-git left: is asked for by git
		through left: is asked for by git
		outpost left: is asked for by an address
		away-file away-file: its file is on another host
		away-moved away-moved: a request leads to another host
		away-page away-page: a request leads to another host
	E
	[ "$(away)" -eq 0 ]
}

@test "npm: the job's own .npmrc changes nothing" {
	registry
	jq -n '{language: "javascript", code: "console.log(require(\"left\").version)", packages: [{name: "left", version: "2.0.0"}],
		files: [{name: ".npmrc", content: "registry=http://127.0.0.1:9/\n"}]}' > "$BATS_TEST_TMPDIR/job"
	run cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	[ "$output" = 2.0.0 ]
}

@test "npm: the real registry, where it is reached" {
	new_spool
	start_runner
	submit javascript 'console.log(require("left-pad")("x", 3, "."))' left-pad@1.3.0
	[ "$status" -ne 125 ] || skip "no npm registry is reached from a box here: ${stderr##*$'\n'}"
	[ "$output" = "..x" ]
}

# ---- both ----

@test "a folder is a registry too: wheels for pip, archives for npm" {
	mkdir "$BATS_TEST_TMPDIR/index"
	REGISTRY=http://127.0.0.1:$(cat "$REGISTRY_PORT")
	for f in pip/files/needs-1.0-py3-none-any.whl pip/files/pure-1.5-py3-none-any.whl npm/deep/-/deep-1.0.0.tgz \
		npm/left/-/left-1.0.0.tgz npm/@scope/esm/-/esm-1.0.0.tgz; do
		curl -sSf -o "$BATS_TEST_TMPDIR/index/${f##*/}" "$REGISTRY/ok/$f"
	done
	new_spool "packages.network = none
packages.index.pip = $BATS_TEST_TMPDIR/index
packages.index.npm = $BATS_TEST_TMPDIR/index"
	start_runner
	submit python 'import needs; print(needs.PURE)' needs@1.0
	echo "$stderr"
	[ "$output" = 1.5 ]
	submit javascript 'console.log(require("deep").left)' deep@1.0.0
	echo "$stderr"
	[ "$output" = 1.0.0 ]
	submit python 'print(1)' pure@1.0
	[ "$status" -eq 126 ]
}

@test "packages.proxy: a host that nobody knows is asked through it" {
	registry_spool ok
	sed -i "s,^packages.index.npm.*,packages.index.npm = http://packages.invalid/ok/npm/," "$CEE_CONF"
	echo "packages.proxy = $REGISTRY" >> "$CEE_CONF"
	start_runner
	before=$(asked /ok/npm/left)
	submit javascript 'console.log(require("left").version)' left@1.1.0
	echo "$stderr"
	[ "$output" = 1.1.0 ]
	[ "$(asked /ok/npm/left)" -gt "$before" ]
}

@test "packages.certificates: a registry whose authority is the administrator's, and only with it" {
	local d=$BATS_TEST_TMPDIR address
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$d/key" -out "$d/ca.pem" 2> /dev/null
	cat "$d/ca.pem" "$d/key" > "$d/both"
	REGISTRY_TLS=$d/both /usr/bin/python3 "$BATS_TEST_DIRNAME/tools/registry.py" "$d/port" 3>&- &
	echo $! > "$d/tls.pid"
	wait_until 10 test -e "$d/port"
	address=https://127.0.0.1:$(cat "$d/port")/ok
	new_spool "packages.network = host
packages.wall = 40
packages.index.pip = $address/pip/simple/
packages.index.npm = $address/npm/"
	start_runner
	submit python 'import pure; print(pure.VERSION)' pure@1.0
	[ "$status" -eq 125 ]
	stop_runner
	echo "packages.certificates = $d/ca.pem" >> "$CEE_CONF"
	start_runner
	submit python 'import pure; print(pure.VERSION)' pure@1.0
	echo "$stderr"
	[ "$output" = 1.0 ]
	submit javascript 'console.log(require("left").version)' left@1.1.0
	echo "$stderr"
	[ "$output" = 1.1.0 ]
}

@test "names and versions are the registry's own, refused when the job is submitted" {
	registry
	while read -r language package says; do
		submit "$language" 'x' "$package"
		echo "$language $package: $status $stderr"
		[ "$status" -eq 65 ]
		[[ $stderr == *"packages[0]: "*"$says"* ]]
	done <<-'E'
		python @types/node@20.1.0 name
		py --index-url@1.0 name
		python pure@>=1 version
		python pure@latest version
		javascript left@1 version
		node left@^1.0.0 version
		js left[x]@1.0.0 name
		javascript ../left@1.0.0 name
	E
}

@test "what a job's own files declare counts: PEP 723, requirements.txt, package.json" {
	registry
	others=$(($(asked /) - $(asked /ok/)))	# of the tests before this
	cat > "$BATS_TEST_TMPDIR/script.py" <<-'E'
		# /// script
		# requires-python = ">=3.9"
		# dependencies = [
		#   "pure<2",
		#   'native==1.0',
		# ]
		# ///
		import native, pure
		print(pure.VERSION, native.add(1, 2))
	E
	run cee-submit -w "$BATS_TEST_TMPDIR/script.py"
	[ "$output" = "1.5 3" ]
	printf '%s\n' '-i http://127.0.0.1:9/simple' 'Pure == 1.0   # pinned' > "$BATS_TEST_TMPDIR/requirements.txt"
	echo 'import pure; print(pure.VERSION)' > "$BATS_TEST_TMPDIR/main.py"
	cd "$BATS_TEST_TMPDIR"
	run cee-submit -w main.py requirements.txt
	echo "$output"
	[ "$output" = 1.0 ]
	jq -n '{dependencies: {left: "^1.0.0"}}' > package.json
	echo 'console.log(require("left").version)' > main.js
	run cee-submit -w main.js package.json
	[ "$output" = 1.1.0 ]
	echo '-e git+https://127.0.0.1/x' > requirements.txt
	run cee-submit -w main.py requirements.txt
	[ "$status" -eq 65 ]
	[[ $output == *"requirements.txt, line 1: -e is not read here"* ]]
	[ $(($(asked /) - $(asked /ok/))) -eq "$others" ]
}

@test "--check has the package phase done too" {
	registry
	echo 'import nosuch' > "$BATS_TEST_TMPDIR/main.py"
	run cee-submit -w --check -p nosuch@1.0 "$BATS_TEST_TMPDIR/main.py"
	[ "$status" -eq 126 ]
	[[ $output == *"No matching distribution"* ]]
	run cee-submit -w --check -p pure@1.0 "$BATS_TEST_TMPDIR/main.py"
	[ "$status" -eq 0 ]
}

@test "npm for TypeScript: a package with its types" {
	registry
	[ "$(cee-lang list --json typescript | jq -r '.[0].state')" != missing ] || skip "no image cee/typescript"
	submit typescript 'import { pad } from "left"; const s: string = pad("x", 3); console.log(s);' left@1.0.0
	echo "$stderr"
	[ "$output" = "  x" ]
	submit ts 'import { pad } from "left"; const n: number = pad("x", 3); console.log(n);' left@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *TS2322* ]]
}

@test "a ready set of the distribution: numpy, and a plot that is collected, at the default limits" {
	new_spool
	image=cee-test/ready-$$
	mkdir "$BATS_TEST_TMPDIR/languages.d"
	cp -r "$CEE_ROOT/etc/languages.d/python" "$BATS_TEST_TMPDIR/languages.d"
	jq --arg image "$image:latest" '.image = $image' "$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/languages.d/python.json"
	sed -i "s,^languages = .*,languages = $BATS_TEST_TMPDIR/languages.d," "$CEE_CONF"
	run cee-lang build --with numpy
	[ "$status" -eq 64 ]
	run cee-lang build python --with 'numpy;id'
	[ "$status" -eq 64 ]
	echo "$image" > "$BATS_TEST_TMPDIR/image"
	cee-lang build python --with matplotlib,numpy
	[ "$(cee-lang list --json python | jq -r '.[0] | "\(.state) \(.with)"')" = "ready matplotlib,numpy" ]
	run cee-lang build python	# keeps what it has
	[[ $output == *"up to date"* ]]
	start_runner
	cat > "$BATS_TEST_TMPDIR/plot.py" <<-'E'
		import os, numpy as np, matplotlib.pyplot as plt
		x = np.linspace(0, 6, 50)
		plt.plot(x, np.sin(x))
		plt.savefig("plot.png")
		print(int(np.dot(np.ones((200, 200)), np.ones((200, 200)))[0, 0]), os.environ["OMP_NUM_THREADS"].isdigit())
	E
	id=$(cee-submit --collect '*.png' -L wall=60 "$BATS_TEST_TMPDIR/plot.py")
	cee-stat --wait "$id"
	[ "$(cee-log -o "$id")" = "200 True" ]
	cee-files --tar "$id" 2>/dev/null | tar -xOf - plot.png 2>/dev/null | head -c 4 | grep -q PNG
}

@test "twenty packages of two kinds, at once and again; offline only those that are there serve" {
	registry
	for i in $(seq 10); do
		job python "import many_$i; print(many_$i.N)" "many-$i@1.$i"
		job javascript "console.log(require('many-$((i + 10))'))" "many-$((i + 10))@1.0.$((i + 10))"
	done | jq -c . > "$BATS_TEST_TMPDIR/jobs"
	cee-submit - < "$BATS_TEST_TMPDIR/jobs" > "$BATS_TEST_TMPDIR/ids"
	cee-log -f - < "$BATS_TEST_TMPDIR/ids" | sort -n > "$BATS_TEST_TMPDIR/first"
	diff <(seq 20) "$BATS_TEST_TMPDIR/first"
	before=$(asked /ok)
	stop_runner
	echo 'offline = yes' >> "$CEE_CONF"
	start_runner
	cee-submit - < "$BATS_TEST_TMPDIR/jobs" | cee-log -f | sort -n > "$BATS_TEST_TMPDIR/again"
	diff <(seq 20) "$BATS_TEST_TMPDIR/again"
	[ "$(asked /ok)" -eq "$before" ]
	submit python 'import pure' pure@1.0
	[ "$status" -eq 126 ]
	[[ $stderr == *offline* ]]
}
