#!/usr/bin/env bats
# Layers of packages, and NuGet: with a registry on loopback that can be made to fail
# (tests/tools/registry.py), and with the real one where it is reached.

load lib
load registry

setup() {
	cee-lang list --json | jq -e '.[] | select(.name == "csharp" and .state != "missing")' > /dev/null ||
		skip "no .NET SDK on this machine to make the image from"
}

teardown() { end_all; }

spool_with() {	# spool_with [FAULT [MORE]]
	registry_spool "$@"
	LAYERS=$CEE_SPOOL-layers
}

cs() {	# cs CODE NAME@VERSION…: waited for
	job csharp "$@" > "$BATS_TEST_TMPDIR/job"
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
}

whole() { find "$LAYERS/whole" -mindepth 1 -maxdepth 1 | wc -l; }
nothing_half() { [ -z "$(ls "$LAYERS/tmp" "$LAYERS/unpack" | grep -v ':$' | tr -d '\n')" ]; }
fetches() { echo $(($(grep -c 'to=fetching' "$RUNNER_LOG" || true) - ${BEFORE:-0})); }

real_or_skip() {	# a runner whose package boxes reach the real registry
	new_spool
	LAYERS=$CEE_SPOOL-layers
	start_runner
	run cee-lang layer csharp Nosuch.Package.Of.Cee@1.0.0
	[ "$status" -eq 126 ] || skip "the public NuGet registry is not reached from here: $output"
	BEFORE=$(fetches)	# counted is what the test itself has fetched
}

# ---- the real NuGet ----

@test "nuget: the first engine's job with nuget_packages; the result has the lock; a known layer is used at once" {
	real_or_skip
	cat > "$BATS_TEST_TMPDIR/job" <<-'E'
		{"code": "using Newtonsoft.Json;\nConsole.WriteLine(JsonConvert.SerializeObject(new { a = 1, args, b = AppContext.BaseDirectory }));",
		 "arguments": ["x"], "target_framework_monikier": "net6.0", "nuget_packages": [{"name": "Newtonsoft.Json", "version": "13.0.1"}]}
	E
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = '{"a":1,"args":["x"],"b":"/work/"}' ]
	[ "$(fetches)" -eq 1 ]
	[ "$(result '.packages[] | "\(.name) \(.version) \(.hash[:7])"')" = "Newtonsoft.Json 13.0.1 sha512-" ]
	[ "$(fetches)" -eq 1 ]
	[ "$(whole)" -eq 1 ]
	nothing_half
}

@test "nuget: native assets work: Microsoft.Data.Sqlite" {
	real_or_skip
	cs 'using Microsoft.Data.Sqlite;
using var c = new SqliteConnection("Data Source=:memory:"); c.Open();
var k = c.CreateCommand(); k.CommandText = "select 6 * 7"; Console.WriteLine(k.ExecuteScalar());' Microsoft.Data.Sqlite@9.0.0
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = 42 ]
}

@test "nuget: a package with a source generator, compiled by dotnet build" {
	real_or_skip
	cs 'var p = new Person { Name = "a" };
p.PropertyChanged += (_, e) => Console.WriteLine(e.PropertyName);
p.Name = "b";
partial class Person : CommunityToolkit.Mvvm.ComponentModel.ObservableObject
{
	[CommunityToolkit.Mvvm.ComponentModel.ObservableProperty] private string name = "";
}' CommunityToolkit.Mvvm@8.4.2
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = Name ]
	[ "$(result .compiler)" = plain ]
}

@test "nuget: NU1101, NU1102 and NU1202 in the message, before anything is compiled" {
	real_or_skip
	while read -r package code framework; do
		MORE="{\"target_framework_monikier\":\"$framework\"}" job csharp 'not C# at all' "$package" > "$BATS_TEST_TMPDIR/job"
		run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
		echo "$package: $status $stderr"
		[ "$status" -eq 126 ]
		[[ $stderr == *"package error"*"$code"* ]]
		[[ $stderr != *CS1* ]]
		[ "$(result '[.why, .phases.compile] | tostring')" = '["package error",null]' ]
	done <<-E
		Newtonsoft.Jsonx@13.0.1 NU1101 net10.0
		Newtonsoft.Json@12.0.99 NU1102 net10.0
		Microsoft.EntityFrameworkCore@9.0.0 NU1202 net6.0
	E
}

# ---- a registry of our own ----

@test "nuget: names and versions are checked when the job is submitted" {
	spool_with
	for p in 'a/b@1.0.0' 'Plain@*' 'Plain@13.*' 'Plain@[1.0,2.0]' '-x@1.0.0' 'Plain@1.0.0 --source x'; do
		cs '1' "$p"
		echo "$p: $status $stderr"
		[ "$status" -eq 65 ]
	done
}

@test "nuget: a dependency; a wrong name, version and framework; no such package is remembered" {
	spool_with
	start_runner
	cs 'Console.WriteLine("ran");' Needs@1.0.0
	echo "$stderr"
	[ "$output" = ran ]
	[ "$(result '[.packages[] | "\(.name) \(.version)"] | join(", ")')" = "Needs 1.0.0, Plain 1.0.0" ]
	cs '1' Nosuch@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1101* ]]
	before=$(asked /ok/nuget/flat/nosuch)
	cs '2' Nosuch@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1101* ]]
	[ "$(asked /ok/nuget/flat/nosuch)" -eq "$before" ]
	cs '1' Plain@1.1.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1102*"(= 1.1.0)"* ]]
	cs '1' Old@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1202* ]]
	nothing_half
}

@test "nuget: a registry that answers 500, cuts or sends garbage: a failure of cee, retried, never remembered" {
	for fault in 500 cut garbage file-cut; do
		spool_with $fault
		start_runner
		MORE='{"retries":1}' cs 'Console.WriteLine(1);' Plain@1.0.0
		echo "$fault: $status $stderr"
		[ "$status" -eq 125 ]
		[[ $stderr == *"internal error"* ]]
		[[ $stderr == *"(Plain 1.0.0)"* ]]
		[[ $stderr != *"out of order"* && $stderr != *http:* ]]
		[ "$(fetches)" -eq 2 ]
		nothing_half
		stop_runner
	done
}

@test "nuget: a registry that stalls: a failure of cee when the package phase's time is over" {
	spool_with stall 'packages.wall = 4s'
	start_runner
	cs 'Console.WriteLine(1);' Plain@1.0.0
	echo "$stderr"
	[ "$status" -eq 125 ]
	[[ $stderr == *packages.wall* ]]
}

@test "nuget: an index or a redirect that leads to another host: refused, with the package's name, and nobody is asked" {
	spool_with
	start_runner
	cs 'Console.WriteLine(1);' Moved@1.0.0
	echo "$status $stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *"package error"*"a request leads to another host; packages come from the registry alone (Moved 1.0.0)"* ]]
	stop_runner
	spool_with elsewhere
	start_runner
	cs 'Console.WriteLine(1);' Plain@1.0.0
	echo "$status $stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *"a request leads to another host"*"(Plain 1.0.0)"* ]]
	[[ $stderr != *http:* ]]
	stop_runner
	[ "$(curl -sS "$REGISTRY/away")" -eq 0 ]
	spool_with near	# the control: a redirect within the registry is followed
	start_runner
	cs 'Console.WriteLine("near");' Plain@1.0.0
	echo "$status $stderr"
	[ "$output" = near ]
}

@test "nuget: a folder is a registry too" {
	mkdir "$BATS_TEST_TMPDIR/index"
	REGISTRY=http://127.0.0.1:$(cat "$REGISTRY_PORT")
	for f in plain needs; do
		curl -sSf -o "$BATS_TEST_TMPDIR/index/$f.1.0.0.nupkg" "$REGISTRY/ok/nuget/flat/$f/1.0.0/$f.1.0.0.nupkg"
	done
	new_spool "packages.network = none
packages.index.nuget = $BATS_TEST_TMPDIR/index"
	start_runner
	cs 'Console.WriteLine("needs nobody else");' Needs@1.0.0
	echo "$stderr"
	[ "$output" = "needs nobody else" ]
	[ "$(result '[.packages[].name] | join(" ")')" = "Needs Plain" ]
	cs 'Console.WriteLine(1);' Plain@1.2.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1102* ]]
}

@test "nuget: an archive that writes outside and one that is huge are refused and leave nothing" {
	spool_with ok 'packages.bytes = 32M'
	start_runner
	cs 'Console.WriteLine(1);' Outside@1.0.0
	echo "$stderr"
	[ "$status" -eq 126 ]
	[ ! -e /tmp/outside ]
	cs 'Console.WriteLine(1);' Big@1.0.0
	echo "$stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *packages.bytes* ]]
	[ "$(whole)" -eq 0 ]
	nothing_half
	next_job_runs
}

@test "nuget: 20 packages at once, and again" {
	spool_with
	start_runner
	mapfile -t all < <(for i in $(seq 20); do echo "Many.$i@1.0.$i"; done)
	cs 'Console.WriteLine("all");' "${all[@]}"
	echo "$stderr"
	[ "$output" = all ]
	[ "$(result '.packages | length')" -eq 20 ]
	[ "$(fetches)" -eq 1 ]
}

@test "--check runs the package phase too" {
	spool_with
	start_runner
	MORE='{"check":true}' cs 'Console.WriteLine(1);' Nosuch@1.0.0
	[ "$status" -eq 126 ]
	[[ $stderr == *NU1101* ]]
	MORE='{"check":true}' cs 'Console.WriteLine(1);' Plain@1.0.0
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
}

# ---- layers, by whatever language ----

pip_job() { job python "$1" "${@:2}" > "$BATS_TEST_TMPDIR/job"; }

@test "layers: two owners that want the same new one have it made once" {
	spool_with
	pip_job 'import pure; print(pure.VERSION)' pure@1.0
	for owner in uid-"$(id -u)" http-web-a; do
		cee-submit --owner "$owner" -j "$BATS_TEST_TMPDIR/job" > "$BATS_TEST_TMPDIR/id-$owner"
	done
	start_runner
	for owner in uid-"$(id -u)" http-web-a; do
		id=$(cat "$BATS_TEST_TMPDIR/id-$owner")
		cee-stat --owner "$owner" --wait "$id" > /dev/null
		[ "$(cee-log --owner "$owner" -o "$id")" = 1.0 ]
	done
	[ "$(fetches)" -eq 1 ]
	[ "$(whole)" -eq 1 ]
}

@test "layers: no job can list them, write into its own or guess another's" {
	spool_with
	start_runner
	pip_job 'import os, pure
d = os.path.dirname(pure.__file__)
for f in (lambda: os.listdir("/.cee/layers"), lambda: open(d + "/x", "w"), lambda: os.chmod(d, 0o777), lambda: os.listdir("/.cee/layers/" + "0" * 40)):
    try: print("could", f())
    except OSError as e: print(e.errno in (1, 13, 30, 2))' pure@1.0
	run cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	echo "$output"
	[ "$output" = $'True\nTrue\nTrue\nTrue' ]
	[ "$(stat -c %a "$LAYERS")" = 700 ]
	[ "$(stat -c %a "$LAYERS/whole")" = 711 ]
	[ "$(stat -c %a "$LAYERS/secret")" = 600 ]
}

@test "layers: a changed, incomplete or undescribed one is rebuilt, never used" {
	spool_with
	start_runner
	pip_job 'import pure; print(pure.VERSION)' pure@1.0
	n=0
	for how in 'sed -i s/1.0/6.6/' 'rm' 'truncate -s 0' 'touch -d yesterday'; do
		[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
		n=$((n + 1))
		[ "$(fetches)" -eq $n ]
		$how "$(find "$LAYERS/whole" -name pure.py -o -path '*/pure/__init__.py' | head -n 1)"
	done
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
	echo '{' > "$(find "$LAYERS/meta" -type f ! -name '*.manifest')"
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
	rm "$LAYERS"/meta/*
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
	[ "$(fetches)" -eq 7 ]
	[ "$(whole)" -eq 1 ]
}

@test "layers: cee-lang layer lists and checks; a damaged one is removed" {
	spool_with
	start_runner
	run cee-lang layer
	[ "$status" -eq 0 ]
	run cee-lang layer python pure@1.0 native@1.0
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(cee-lang layer --json | jq -r '.[] | "\(.language) \(.packages | join(" "))"')" = "python pure@1.0 native@1.0" ]
	run cee-lang layer --check
	[ "$status" -eq 0 ]
	[ "$output" = "1 sound, 0 damaged" ]
	pip_job 'import pure, native; print(native.add(1, 2))' native@1.0 pure@1.0
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 3 ]
	[ "$(fetches)" -eq 1 ]
	echo x >> "$(find "$LAYERS/whole" -name lock.json)"
	run cee-lang layer --check
	[ "$status" -eq 1 ]
	[[ $output == *"0 sound, 1 damaged"* ]]
	[ "$(whole)" -eq 0 ]
	run cee-lang layer python nosuch@1.0
	[ "$status" -eq 126 ]
	run cee-lang layer bash x@1.0
	[ "$status" -eq 64 ]
}

@test "layers: prune removes those not used longest, never one in use, and the runner does so at the bound" {
	spool_with
	start_runner
	echo 'import pure, sys; print(pure.VERSION, flush=True); sys.stdin.read()' > "$BATS_TEST_TMPDIR/p.py"
	mkfifo "$BATS_TEST_TMPDIR/in"
	cee-submit -w -i - -p pure@1.0 "$BATS_TEST_TMPDIR/p.py" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
	exec 7> "$BATS_TEST_TMPDIR/in"
	wait_until 30 grep -q 1.0 "$BATS_TEST_TMPDIR/out"
	pip_job 'import pure; print(pure.VERSION)' pure@2.0
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 2.0 ]
	[ "$(whole)" -eq 2 ]
	run cee-lang prune --max 0
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(whole)" -eq 1 ]
	[ "$(cee-lang layer --json | jq -r '.[].packages[]')" = pure@1.0 ]
	exec 7>&-
	wait $!
	run cee-lang prune --max 0
	[ "$(whole)" -eq 0 ]
	[ -z "$(ls "$LAYERS/trash")" ]
	echo 'layers_max = 1' >> "$CEE_CONF"
	kill -HUP "$RUNNER"
	wait_until 10 grep -q '^[^ ]* reload' "$RUNNER_LOG"
	pip_job 'import pure; print(pure.VERSION)' pure@1.5
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.5 ]
	pip_job 'import pure; print(pure.VERSION)' pure@2.0
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 2.0 ]
	few() { [ "$(whole)" -le 1 ]; }
	wait_until 10 few
}

@test "layers: offline, only those that are there serve" {
	spool_with
	start_runner
	pip_job 'import pure; print(pure.VERSION)' pure@1.0
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
	stop_runner
	echo 'offline = yes' >> "$CEE_CONF"
	start_runner
	[ "$(cee-submit -w -j "$BATS_TEST_TMPDIR/job")" = 1.0 ]
	pip_job 'print(1)' pure@2.0
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	[ "$status" -eq 126 ]
	[[ $stderr == *"offline = yes"* ]]
	[ "$(fetches)" -eq 0 ]
}

@test "layers: kill -9 of the runner at any point of the package phase leaves none that counts, and the job runs" {
	for at in packages-fetching packages-fetched layer-meta; do
		spool_with
		NO_WAIT=1 CEE_STOP_AT=$at start_runner
		MORE='{"retries":1}' pip_job 'import pure; print(pure.VERSION)' pure@1.0
		id=$(cee-submit -j "$BATS_TEST_TMPDIR/job")
		wait_until 60 stopped "$RUNNER"
		[ "$(whole)" -eq 0 ]
		kill -KILL "$RUNNER"
		wait "$RUNNER" || true
		start_runner
		wait_until 60 ended "$id"
		[ "$(cee-log -o "$id")" = 1.0 ]
		[ "$(whole)" -eq 1 ]
		wait_until 10 nothing_half
		stop_runner
		wait_until 20 no_boxes
		rm -rf "$CEE_SPOOL" "$LAYERS"
	done
}

@test "layers: a job is cancelled while its packages are fetched, and nothing of it stays" {
	spool_with file-stall
	start_runner
	pip_job 'print(1)' pure@1.0
	id=$(cee-submit -j "$BATS_TEST_TMPDIR/job")
	wait_until 30 grep -q 'to=fetching' "$RUNNER_LOG"
	cee-cancel -w "$id" || true
	[ "$(verdict "$id" .state)" = Cancelled ]
	wait_until 20 nothing_half
	wait_until 20 no_boxes
	sound
}
