#!/usr/bin/env bats
# Compile boxes: the resident compiler gives the same results as the plain one; which owner a compile
# box belongs to; what a failing compile or a dying compile box does to a job.

load lib

CASES=$BATS_TEST_DIRNAME/csharp

setup() {
	[ "$(cee-lang list --json csharp 2>/dev/null | jq -r '.[0].state')" != missing ] || skip "no .NET SDK here, so no image cee/csharp"
}

teardown() { end_all; }

# job NAME: the job text of a case: NAME.cs, the folder NAME or what NAME.sh prints, with
# its NAME.args, .in, .framework, .limits
job() {
	local name=$1 at=$CASES/$1 f
	(
		if [ -d "$at" ]; then
			cd "$at" || exit 1
			for f in Program.cs $(find . -type f ! -path ./Program.cs | sed 's,^\./,,' | sort); do
				jq -n --arg name "$f" --rawfile data <(base64 -w0 "$f") '{$name, base64: $data}'
			done
		elif [ -e "$at.sh" ]; then
			jq -n --arg name "$name.cs" --rawfile data <(bash "$at.sh" | base64 -w0) '{$name, base64: $data}'
		else
			jq -n --arg name "$name.cs" --rawfile data <(base64 -w0 "$at.cs") '{$name, base64: $data}'
		fi
	) | jq -sc --argjson args "$(cat "$at.args" 2>/dev/null || echo '[]')" \
		--arg stdin "$(cat "$at.in" 2>/dev/null; echo .)" --argjson limits "$(cat "$at.limits" 2>/dev/null || echo '{}')" \
		--arg framework "$(cat "$at.framework" 2>/dev/null)" '
		{language: "csharp", files: ., arguments: $args, stdin: $stdin[:-1], limits: $limits} +
		if $framework == "" then {} else {target_framework_monikier: $framework} end'
}

# Every second of them, and those that take the plain way anyway; all with CEE_TEST_ALL, which takes a minute more.
names() {
	(cd "$CASES" && ls | sed -n 's/\.\(cs\|sh\)$//p; t; /\./!p' | sort) |
		awk -v all="${CEE_TEST_ALL:-}" 'all || NR % 2 || /^(key-file|properties-project)/'
}

# answers FOLDER [at-once]: each case's stdout, stderr and verdict, and who compiled it
answers() {
	local name id
	mkdir "$1"
	for name in $(names); do
		job "$name" | cee-submit -j - > "$1/$name.id"
		[ -n "${2:-}" ] || wait_until 90 ended "$(cat "$1/$name.id")"
	done
	for name in $(names); do
		id=$(cat "$1/$name.id")
		wait_until 90 ended "$id"
		cee-log -o "$id" > "$1/$name.out"
		cee-log -e "$id" > "$1/$name.err"
		cee-stat --json "$id" | jq '{why, exit_code, signal, message, phases: [.phases | keys[]]}' > "$1/$name.verdict"
		verdict "$id" .compiler > "$1/$name.compiler"
		rm "$1/$name.id"
	done
}

warm() { grep -q 'compiler .*from="warming up" to=idle' "$RUNNER_LOG"; }
starts() { grep -c 'compiler .*from=coming to="warming up"' "$RUNNER_LOG"; }

cs() {	# cs 'PROGRAM' [options]: one job, waited for; its id in ID
	printf '%s' "$1" > "$BATS_TEST_TMPDIR/p.cs"
	shift
	ID=$(cee-submit "$@" "$BATS_TEST_TMPDIR/p.cs")
	wait_until 90 ended "$ID"
}

@test "the same programs, both ways: output, diagnostics, exit code, verdict" {
	new_spool 'resident = never'
	start_runner
	answers "$BATS_TEST_TMPDIR/plain" at-once
	stop_runner
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	answers "$BATS_TEST_TMPDIR/resident"

	[ "$(cat "$BATS_TEST_TMPDIR"/plain/*.compiler | sort -u)" = plain ]
	# signing needs a key file on the compiler's disk, some properties a project: these alone go the plain way
	[ "$(cd "$BATS_TEST_TMPDIR/resident" && grep -L '^resident$' ./*.compiler | xargs -n 1 basename -s .compiler | sort | xargs)" = \
		"key-file properties-project properties-project-wrong" ]
	rm "$BATS_TEST_TMPDIR"/*/*.compiler
	diff -r "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/resident"
	[ "$(ls "$BATS_TEST_TMPDIR/plain" | wc -l)" -ge "${CEE_TEST_ALL:+1}90" ]
}

@test "the first job does not wait for a compiler, the others cost no second start" {
	new_spool
	start_runner
	cs 'Console.WriteLine("one");'
	[ "$(verdict "$ID" .compiler)" = plain ]
	wait_until 90 warm
	for n in 2 3 4; do
		cs "Console.WriteLine($n);"
		[ "$(cee-log -o "$ID")" = "$n" ]
		[ "$(verdict "$ID" .compiler)" = resident ]
	done
	[ "$(grep ' compiler .*to=compiling' "$RUNNER_LOG" | grep -o ' id=[0-9a-f]*' | sort -u | wc -l)" -eq 1 ]
	[ "$(starts)" -le 2 ]	# the owner's and the one in reserve
	verdict "$ID" '.phases.compile | [.cpu, .wall, .peak_memory] | all(. > 0)' | grep -q true
	stop_runner
	no_boxes
}

@test "no compile box serves two owners, and one for owners that share nothing serves once" {
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	echo 'Console.WriteLine(1);' > "$BATS_TEST_TMPDIR/p.cs"
	for owner in alice anon bob alice anon bob; do
		id=$(cee-submit --owner $owner "$BATS_TEST_TMPDIR/p.cs")
		OWNER=$owner wait_until 90 ended "$id"
		[ "$(jq -r .why "$CEE_SPOOL/$owner"/$OUT_PATH/"$id"/result)" = exited ]
		sleep 0.2
	done
	served=$(grep ' compiler .*to=compiling' "$RUNNER_LOG" | sed 's/.* id=\([0-9a-f]*\) owner=\([a-z]*\) .*/\1 \2/')
	echo "$served"
	[ -n "$served" ]
	[ -z "$(sort -u <<< "$served" | cut -d' ' -f1 | uniq -d)" ]
	[ -z "$(grep anon <<< "$served" | sort | uniq -d)" ]
}

# its time doubles with each level: every lambda is bound for every overload around it
forever() {
	local i n=24
	printf 'static class P { static void F(Action<int> a) { } static void F(Action<string> a) { } static void Main() { '
	for ((i = 0; i < n; i++)); do printf 'F(x%d => ' $i; done
	printf 'Console.WriteLine(x0.Nothing)'
	for ((i = 0; i < n; i++)); do printf ')'; done
	printf '; } }\n'
}

# a constant of a thousand million characters
enormous() {
	local i
	echo 'const string s0 = "aaaaaaaaaaaaaaaa";'
	for ((i = 1; i < 27; i++)); do echo "const string s$i = s$((i - 1)) + s$((i - 1));"; done
	echo 'Console.WriteLine(s26);'
}

@test "a compile over its limit ends as the plain way says it, and the next compile works" {
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	id=$(jq -n --arg code "$(forever)" '{language: "csharp", $code, limits: {compile: {cpu: 2, wall: 60}}}' | cee-submit -j -)
	wait_until 60 ended "$id"
	[ "$(verdict "$id" '"\(.compiler), \(.why), \(.message), \(.phases.compile.hit | join(" "))"')" = \
		"resident, compile error, used its 2 s of cpu time while compiling, cpu" ]
	cs 'Console.WriteLine("next");'
	[ "$(cee-log -o "$ID")" = next ]

	wait_until 60 again 2
	id=$(jq -n --arg code "$(forever)" '{language: "csharp", $code, limits: {compile: {wall: 1}}}' | cee-submit -j -)
	wait_until 60 ended "$id"
	[ "$(verdict "$id" '"\(.compiler), \(.why), \(.message)"')" = "resident, compile error, ran for its 1 s of wall time while compiling" ]

	wait_until 60 again 3
	cs "$(enormous)"
	[ "$(verdict "$ID" '"\(.compiler), \(.why), \(.message)"')" = \
		"resident, compile error, needed more than its 512 MiB of memory while compiling" ]
	cs 'Console.WriteLine("next");'
	[ "$(cee-log -o "$ID")" = next ]
}

again() { [ "$(grep -c 'compiler .*from="warming up" to=idle' "$RUNNER_LOG")" -ge "$1" ]; }

@test "a compile box that is killed: the job is compiled the plain way, and others come" {
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	id=$(jq -n --arg code "$(forever)" '{language: "csharp", $code, limits: {compile: {cpu: 3, wall: 60}}}' | cee-submit -j -)
	wait_until 20 grep -q 'from=idle to=compiling' "$RUNNER_LOG"
	box=$(grep 'from=idle to=compiling' "$RUNNER_LOG" | grep -o ' id=[0-9a-f]*')
	engine POST "/containers/${box# id=}/kill" > /dev/null
	wait_until 90 ended "$id"
	[ "$(verdict "$id" '"\(.compiler), \(.why), \(.message)"')" = "plain, compile error, used its 3 s of cpu time while compiling" ]
	wait_until 90 again 2
	cs 'Console.WriteLine("next");'
	[ "$(cee-log -o "$ID")" = next ]
	[ "$(verdict "$ID" .compiler)" = resident ]
}

@test "a job that is cancelled while it is compiled ends at once" {
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	id=$(jq -n --arg code "$(forever)" '{language: "csharp", $code}' | cee-submit -j -)
	wait_until 20 grep -q 'from=idle to=compiling' "$RUNNER_LOG"
	cee-cancel "$id"
	wait_until 10 ended "$id"
	[ "$(verdict "$id" .why)" = cancelled ]
	wait_until 90 again 2
}

@test "a job with another amount of memory for compiling, and a check, take the plain way" {
	new_spool 'resident = ahead'
	start_runner
	wait_until 60 warm
	id=$(cee-submit -j - <<< '{"language": "csharp", "code": "Console.WriteLine(1);", "limits": {"compile": {"memory": "400M"}}}')
	wait_until 60 ended "$id"
	[ "$(verdict "$id" '"\(.compiler) \(.why)"')" = "plain exited" ]
	id=$(cee-submit -j - <<< '{"language": "csharp", "code": "Console.WriteLine(x);", "check": true}')
	wait_until 60 ended "$id"
	[ "$(verdict "$id" '"\(.compiler) \(.why)"')" = "null compile error" ]
}

@test "a resident compiler that does not work: every job is compiled the plain way" {
	new_spool 'resident = ahead'
	mkdir "$BATS_TEST_TMPDIR/languages.d"
	jq '.resident.command = ["dotnet", "--info"] | .source.host |= map(select(startswith("/")))' \
		"$CEE_ROOT/etc/languages.d/csharp.json" > "$BATS_TEST_TMPDIR/languages.d/csharp.json"
	sed -i "s,^languages = .*,languages = $BATS_TEST_TMPDIR/languages.d," "$CEE_CONF"
	start_runner
	wait_until 60 grep -q 'compiler .*to=gone why="malformed frame"' "$RUNNER_LOG"
	cs 'Console.WriteLine("all the same");'
	[ "$(cee-log -o "$ID")" = "all the same" ]
	[ "$(verdict "$ID" .compiler)" = plain ]
}

frameworks() { cee-lang list --json csharp | jq -r '.[0].frameworks // empty'; }

@test "a framework that the image lacks is refused at submit, with the list of those it has" {
	new_spool
	[ -n "$(frameworks)" ] || skip "the image says nothing of frameworks"
	lacking=$(jq -r '.frameworks[]' "$CEE_ROOT/etc/languages.d/csharp.json" | grep -vxF -f <(frameworks | tr ' ' '\n') | head -n 1)
	start_runner
	wait_until 10 grep -q "engine state=up" "$RUNNER_LOG"
	# what the runner publishes knows of the images as well
	lists_the_images() { [ "$(jq -r '.languages[] | select(.name == "csharp").frameworks | sort | join(" ")' "$CEE_SPOOL/languages.json")" = \
		"$(frameworks | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')" ]; }
	wait_until 20 lists_the_images
	[ -n "$lacking" ] || skip "this image has them all"
	run cee-submit -j - <<< "{\"language\": \"csharp\", \"code\": \"1\", \"target_framework_monikier\": \"$lacking\"}"
	[ "$status" -eq 65 ]
	[[ $output == *"target_framework_monikier: \"$lacking\" is not known here (there is net10.0"* ]]
}

@test "the frameworks are the versions, and a version chooses its framework" {
	new_spool
	start_runner
	wait_until 10 grep -q "engine state=up" "$RUNNER_LOG"
	mapfile -t all < <(frameworks | tr ' ' '\n')
	[ "${#all[@]}" -gt 0 ] || skip "the image says nothing of frameworks"
	same() { jq -e --arg v "${all[0]}" '.languages[] | select(.name == "csharp") | .versions == .frameworks and any(.versions[]; . == $v)' \
		"$CEE_SPOOL/languages.json"; }
	wait_until 20 same
	for framework in "${all[0]}" "${all[-1]}"; do
		number=${framework//[!0-9.]/}
		id=$(jq -n --arg version "$framework" '{language: "csharp", $version, code: "class P { static void Main() { System.Console.WriteLine(\n#if NET10_0\n\"10.0\"\n#elif NET6_0\n\"6.0\"\n#else\n\"other\"\n#endif\n); } }"}' | cee-submit -j -)
		wait_until 90 ended "$id"
		case $number in
		10.0 | 6.0) [ "$(cee-log -o "$id")" = "$number" ] ;;
		*) [ "$(cee-log -o "$id")" = other ] ;;
		esac
	done
	[ "${#all[@]}" -gt 1 ] || skip "there is one framework only"
	run cee-submit -j - <<< "{\"language\": \"csharp\", \"code\": \"1\", \"version\": \"${all[0]}\", \"target_framework_monikier\": \"${all[1]}\"}"
	[ "$status" -eq 65 ]
	[[ $output == *"version: \"${all[0]}\" contradicts target_framework_monikier, \"${all[1]}\""* ]]
}

@test "the result names the runtime that ran it, and nothing where nothing ran" {
	new_spool
	start_runner
	wait_until 10 grep -q "engine state=up" "$RUNNER_LOG"
	code='Console.WriteLine(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);'
	for framework in $(frameworks | tr ' ' '\n' | grep -xE 'net(6|10).0'); do
		id=$(jq -n --arg code "$code" --arg framework "$framework" '{$code, target_framework_monikier: $framework}' | cee-submit -j -)
		wait_until 90 ended "$id"
		[ "$(verdict "$id" .runtime)" = "$(cee-log -o "$id")" ]
		[[ "$(cee-log -o "$id")" = .NET\ * ]]
		[ "$(cee-stat "$id" | sed -n 's/^runtime *//p')" = "$(cee-log -o "$id")" ]
	done
	cs 'Console.WriteLine(x);'
	[ "$(verdict "$ID" '"\(.why) \(.runtime)"')" = "compile error null" ]
}

# built FOLDER FRAMEWORK PROPERTIES: what dotnet build says of its Program.cs
built() {
	printf '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>%s</TargetFramework>
		<UseAppHost>false</UseAppHost><CheckEolTargetFramework>false</CheckEolTargetFramework>%s</PropertyGroup></Project>' \
		"$2" "$3" > "$1/p.csproj"
	(cd "$1" && DOTNET_CLI_HOME=$BATS_TEST_TMPDIR timeout 120 dotnet build -nologo > log 2>&1)
	grep -q 'error N' "$1/log" && return 1
	sed -n 's,.*/\(Program.cs([0-9,]*): [a-z]* CS.*[^ ]\) *\[.*,\1,p' "$1/log" | sort -u
}

@test "what an older framework lacks is the same error as with dotnet build" {
	new_spool 'resident = ahead'
	command -v dotnet > /dev/null || skip "no dotnet here to compare with"
	start_runner
	wait_until 60 warm
	compared=0
	for name in newer-api-6 newer-syntax-6 usings-5 warning-wave warning-wave-6; do
		framework=$(cat "$CASES/$name.framework" 2>/dev/null || echo net10.0)
		grep -qw "$framework" <<< "$(frameworks)" || continue
		mkdir "$BATS_TEST_TMPDIR/$name"
		cp "$CASES/$name.cs" "$BATS_TEST_TMPDIR/$name/Program.cs"
		template='<ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>'
		[ "$framework" != net5.0 ] || template=
		want=$(built "$BATS_TEST_TMPDIR/$name" "$framework" "$template") || continue
		[ -n "$want" ]
		id=$(jq -n --rawfile content "$CASES/$name.cs" --arg framework "$framework" '{language: "csharp",
			files: [{name: "Program.cs", $content}], target_framework_monikier: $framework}' | cee-submit -j -)
		wait_until 60 ended "$id"
		diff <(echo "$want") <(cee-log -e "$id" | sort -u)
		compared=$((compared + 1))
	done
	[ $compared -gt 0 ] || skip "no package registry answers"
}

# at_home NAME: what the host's own dotnet build and the program say; as answers has it, without paths
at_home() {
	local at=$BATS_TEST_TMPDIR/home/$1 args status=0
	mkdir -p "$at"
	cp "$CASES/$1.cs" "$at/$1.cs"
	printf '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net%s.0</TargetFramework>
		<AssemblyName>app</AssemblyName><UseAppHost>false</UseAppHost><Nullable>enable</Nullable>
		<ImplicitUsings>enable</ImplicitUsings></PropertyGroup></Project>' "$(dotnet --version | cut -d. -f1)" > "$at/p.csproj"
	(cd "$at" && DOTNET_CLI_HOME=$BATS_TEST_TMPDIR MSBUILDDISABLENODEREUSE=1 timeout 200 dotnet build -c Release -nologo \
		-p:UseSharedCompilation=false -o out > log 2>&1) || status=126
	sed -n "s,.*/\($1.cs([0-9\,]*): [a-z]* [A-Z]*[0-9]*: .*[^ ]\) *\[.*,\1,p" "$at/log" | sort -u > "$at.err"
	: > "$at.out"
	if [ "$status" = 0 ]; then
		mapfile -t args < <(jq -r '.[]' "$CASES/$1.args" 2>/dev/null)
		# exec: what a shell says of a program that aborts is not the program's
		(cd "$at" && LANG=C.UTF-8 DOTNET_EnableDiagnostics=0 exec dotnet out/app.dll "${args[@]}" \
			< <(cat "$CASES/$1.in" 2>/dev/null) > "$at.out" 2>> "$at.err") || status=$?
	fi
	sed -i "s, in .*/\($1.cs:line\), in /work/\1," "$at.err"
	sort -u -o "$at.err" "$at.err"
	echo "$status" > "$at.status"
	rm -r "$at"
}

# A sample, since each takes seconds; all programs of one file with CEE_TEST_ALL=1
@test "the same programs with the host's own dotnet build: output, diagnostics, exit status" {
	new_spool 'resident = ahead'
	command -v dotnet > /dev/null || skip "no dotnet here to compare with"
	start_runner
	wait_until 60 warm
	sample="arguments generated-json generated-wrong trace warnings"
	[ -z "${CEE_TEST_ALL:-}" ] || sample=$(cd "$CASES" && ls ./*.cs | xargs -n 1 basename -s .cs | grep -vE '^(propert|directive|sdk|companions|key|.*-import)')
	mkdir "$BATS_TEST_TMPDIR/here"
	for name in $sample; do
		[ -e "$CASES/$name.cs" ] && [ ! -e "$CASES/$name.framework" ] || continue
		at_home "$name"
		at=$BATS_TEST_TMPDIR/here/$name
		id=$(job "$name" | cee-submit -j -)
		wait_until 90 ended "$id"
		cee-log -o "$id" > "$at.out"
		cee-log -e "$id" | sort -u > "$at.err"	# of diagnostics the order may differ
		if [ "$(verdict "$id" .why)" = "compile error" ]; then
			echo 126 > "$at.status"
		else
			verdict "$id" 'if .signal then 128 + .signal else .exit_code end' > "$at.status"
		fi
	done
	diff -r "$BATS_TEST_TMPDIR/home" "$BATS_TEST_TMPDIR/here"
}
