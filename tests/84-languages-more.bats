# Each language from end to end: hello, arguments, standard input, messages of the compiler, and
# output that is seen line by line while the program runs, although the program does not flush it.

load lib

setup() { new_spool; start_runner; cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { end_all; }

have() { cee-lang list --json "$1" | jq -e '.[0].state != "missing"' > /dev/null; }

prog() {	# prog NAME: standard input into a file
	cat > "$1"
}

# runs FILE: arguments one a line, then standard input
args_and_stdin() {
	run --separate-stderr cee-submit -w -i - "$1" -- one 'two words' '' "it's *" <<< 'from stdin'
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "${lines[*]}" = "[one] [two words] [] [it's *] from stdin" ]
}

# live FILE [OPTIONS]: begins without a line on its way, then prints one every 100 ms for ever. The first
# is seen while the program still runs; at the time limit every line is there.
live() {
	local id n
	id=$(cee-submit -L wall=4s -L cpu=4s "$@")
	wait_until 20 has_line "$id" 'line 0'
	state_is "$id" Executing
	wait_until 20 ended "$id"
	[ "$(verdict "$id" .why)" = 'time limit' ]
	n=$(cee-log -o "$id" | wc -l)
	[ "$n" -ge 3 ]	# of 40; the machine may be busy
	[ "$(cee-log -o "$id")" = "$(seq -f 'line %g' 0 $((n - 1)))" ]
}

# blocks FILE: with buffer = full nothing of it is seen, since it never fills its buffer
blocks() {
	run --separate-stderr cee-submit -w -L wall=1s --buffer full "$1"
	[ "$status" -eq 124 ]
	[ -z "$output" ]
}

@test "c: arguments, input; live through stdio; full when asked" {
	prog a.c <<-'C'
		#include <stdio.h>
		int main(int n, char **v) { char b[99]; for (int i = 1; i < n; i++) printf("[%s]\n", v[i]); fgets(b, 99, stdin); printf("%s", b); }
	C
	args_and_stdin a.c
	prog l.c <<-'C'
		#include <stdio.h>
		#include <unistd.h>
		int main(void) { for (int i = 0;; i++) { printf("line %d\n", i); usleep(100000); } }
	C
	live l.c
	blocks l.c
	prog e.c <<-'C'
		#include <stdlib.h>
		int main(void) { return system("env"); }
	C
	run cee-submit -w e.c
	[ "$status" -eq 0 ]
	[[ "$output" == *HOME=* && "$output" != *LD_PRELOAD* ]]
}

@test "c: a prompt without a newline is there when input is awaited" {
	prog p.c <<-'C'
		#include <stdio.h>
		int main(void) { int x; printf("number? "); if (scanf("%d", &x) == 1) for (;;); }
	C
	run --separate-stderr cee-submit -w -L wall=1s -i - p.c <<< 7
	[ "$status" -eq 124 ]
	[ "$output" = "number? " ]
}

@test "cpp: hello, arguments, input; live through cout, printf, and cout without stdio; full when asked" {
	prog a.cpp <<-'C'
		#include <iostream>
		#include <string>
		int main(int n, char **v) { std::string s; for (int i = 1; i < n; i++) std::cout << '[' << v[i] << "]\n"; std::getline(std::cin, s); std::cout << s << std::endl; }
	C
	args_and_stdin a.cpp
	prog l.cc <<-'C'
		#include <iostream>
		#include <unistd.h>
		int main() { for (int i = 0;; i++) { std::cout << "line " << i << '\n'; usleep(100000); } }
	C
	live l.cc
	blocks l.cc
	prog m.cxx <<-'C'
		#include <iostream>
		#include <unistd.h>
		int main() { std::ios::sync_with_stdio(false); std::cin.tie(nullptr); for (int i = 0;; i++) { std::cout << "line " << i << "\n"; usleep(100000); } }
	C
	live m.cxx
	blocks m.cxx
}

@test "cpp: what is printed without stdio is the same to the byte, from destructors too" {
	prog d.cpp <<-'C'
		#include <iostream>
		#include <string>
		struct last { ~last() { std::cout << "from a destructor"; } } l;
		int main()
		{
			std::ios::sync_with_stdio(false);
			std::string big(100000, 'b');
			std::cout << "a" << big << "\n" << big << "c\nd";
			std::cout.put('e').put('\n') << 1.5 << std::endl;
			std::cout.write("x\ny", 3);
			std::cerr << "err " << 1 << '\n';
			std::clog << "log\n";
		}
	C
	cee-submit -w d.cpp > live.out 2> live.err
	cee-submit -w --buffer full d.cpp > full.out 2> full.err
	cmp live.out full.out
	cmp live.err full.err
	[ "$(wc -c < full.out)" -eq 200031 ]
	[ "$(cat full.err)" = $'err 1\nlog' ]
}

# files NAME CONTENT...: a job of C++, its first file the program
files() {
	jq -n '[$ARGS.positional | _nwise(2) | {name: .[0], content: .[1]}] | {language: "cpp", files: .}' --args "$@"
}

@test "cpp: C++20; headers in folders; a file with the name of a standard header hides nothing" {
	local coroutine='#include <coroutine>
#include <ranges>
#include <cstdio>
int main() { int n = 0; for (int x : std::views::iota(1, 5) | std::views::filter([](int i) { return i % 2 == 0; })) n = n * 10 + x; std::printf("%d\n", n); }'
	local main='#include "shape.h"
#include "util/twice.h"
#include <version>
#include <cstdio>
int main() { std::printf("%d\n", twice(area(3))); }'

	[ "$(files main.cpp "$coroutine" | cee-submit -w -j -)" = 24 ]
	set -- src/main.cpp "$main" src/shape.cpp $'#include "shape.h"\nint area(int n) { return n * n; }\n' \
		util/twice.h $'inline int twice(int n) { return 2 * n; }\n' version 'not a header'
	[ "$(files "$@" include/shape.h $'int area(int);\n' | cee-submit -w -j -)" = 18 ]
	run --separate-stderr cee-submit -w -j - < <(files "$@")
	[ "$status" -eq 126 ]
	[[ $stderr == *'src/main.cpp:1:'*'shape.h'* ]]
}

@test "javascript: arguments, input, modules, threads within the default limits; live" {
	prog a.js <<-'J'
		process.argv.slice(2).forEach(a => console.log(`[${a}]`));
		process.stdin.pipe(process.stdout);
	J
	args_and_stdin a.js
	prog m.mjs <<-'J'
		import { Worker } from "node:worker_threads";
		import { gzipSync } from "node:zlib";
		import { x } from "./x.mjs";
		const w = new Worker('require("worker_threads").parentPort.postMessage("from a worker")', { eval: true });
		w.on("message", m => console.log(m, gzipSync(Buffer.alloc(1 << 20)).length > 0, x));
	J
	echo 'export const x = 7;' > x.mjs
	run --separate-stderr cee-submit -w m.mjs x.mjs
	[ "$output" = "from a worker true 7" ]
	prog l.js <<-'J'
		let i = 0;
		const f = () => { console.log("line " + i++); setTimeout(f, 100); };
		f();
	J
	live l.js
}

@test "javascript: what is printed in a loop, or before process.exit, is all there" {
	prog x.js <<-'J'
		for (let i = 0; i < 200000; i++) console.log(i);
		process.exit(3);
	J
	run cee-submit -w x.js -L cpu=30s -L wall=120s
	[ "$status" -eq 3 ]
	seq 0 199999 | cmp - <(printf '%s\n' "$output")
	prog y.js <<-'J'
		for (let i = 0; ; i++) { console.log("line " + i); console.error("err"); for (const t = Date.now(); Date.now() - t < 5; ); }
	J
	id=$(cee-submit -L cpu=2s -L wall=3s y.js)
	wait_until 20 has_line "$id" 'line 0'
	wait_until 20 ended "$id"
	[ "$(verdict "$id" .why)" = 'time limit' ]
	cee-log -o "$id" > lines
	[ "$(wc -l < lines)" -gt 10 ]
	seq -f 'line %g' 0 $(($(wc -l < lines) - 1)) | cmp - lines
	[ "$(cee-log -e "$id" | sort -u)" = err ]
}

@test "bash: arguments, input; live through what it starts" {
	prog a.sh <<-'S'
		for a; do echo "[$a]"; done
		cat
	S
	args_and_stdin a.sh
	prog l.sh <<-'S'
		for ((i = 0; ; i++)); do echo "$i"; sleep 0.1; done |
			awk '{ print "LINE " $0 }' | sed 's/^/ /' | grep . | tr A-Z a-z | cut -c2-
	S
	live l.sh
}

@test "python: arguments, input; live" {
	prog a.py <<-'P'
		import sys
		for a in sys.argv[1:]: print(f"[{a}]")
		print(input())
	P
	args_and_stdin a.py
	prog l.py <<-'P'
		import itertools, time
		for i in itertools.count(): print("line", i); time.sleep(.1)
	P
	live l.py
	blocks l.py
}

@test "python: a line is one event, a prompt and a flushed piece are seen, nothing is lost at the end" {
	prog a.py <<-'P'
		import sys
		for i in range(3): print("tick", i); sys.stdout.write("tock\n")
		sys.stdout.buffer.write(b"bytes\n")
		print("part", end=" "); print("of a line", file=sys.stderr); print("and", "its", "end")
		assert sys.stdout is sys.__stdout__ and sys.stdout.name == "<stdout>" and sys.stdout.encoding == "utf-8"
		sys.exit("at the end")
	P
	id=$(cee-submit -L wall=100 a.py)
	cee-log -f --json "$id" > events || :
	cat events
	of() { jq -rs --arg s "$1" 'map(select(.stream == $s) | .text) | add' events; }
	[ "$(of stdout)" = $'tick 0\ntock\ntick 1\ntock\ntick 2\ntock\nbytes\npart and its end' ]
	[ "$(of stderr)" = $'of a line\nat the end' ]
	jq -se 'map(select(.stream == "stdout") | .text | endswith("\n")) | all and length >= 1' events
	prog b.py <<< 'import time; print("name? ", end="", flush=True); time.sleep(100)'
	id=$(cee-submit -L wall=100 b.py)
	wait_until 20 bash -c "[ \"\$(cee-log -o $id)\" = 'name? ' ]"
	cee-cancel "$id"
}

@test "programs on one pipe never mix their lines" {
	prog square.py <<< 'import sys; print(int(sys.argv[1]) ** 2)'
	for _ in 1 2 3; do
		[ "$(seq 1 12 | xargs -P4 -n1 cee-run -L wall=100 python square.py | sort -n | paste -sd ' ')" = \
			"1 4 9 16 25 36 49 64 81 100 121 144" ]
	done
}

@test "csharp: arguments, input; live" {
	have csharp || skip "no .NET SDK on this machine to make the image from"
	prog Program.cs <<-'C'
		foreach (var a in args) Console.WriteLine($"[{a}]");
		Console.WriteLine(Console.ReadLine());
	C
	args_and_stdin Program.cs
	prog Live.cs <<-'C'
		for (var i = 0; ; i++) { Console.WriteLine($"line {i}"); Thread.Sleep(100); }
	C
	live Live.cs
}

@test "compilers' messages name the user's file and line" {
	prog bad.cpp <<< 'int main() { return nothing; }'
	run --separate-stderr cee-submit -w bad.cpp
	[ "$status" -eq 126 ]
	[[ $stderr == *"bad.cpp:1:"*"nothing"* ]]
	prog bad.js <<< 'let a = ;'
	run --separate-stderr cee-submit -w bad.js
	[ "$status" -eq 1 ]
	[[ $stderr == *"bad.js:1"*SyntaxError* ]]
	prog bad.sh <<< 'if true; then echo'
	run --separate-stderr cee-submit -w bad.sh
	[ "$status" -eq 2 ]
	[[ $stderr == *"bad.sh: line 2: syntax error"* ]]
}

# checks LANGUAGE-FILE GOOD-TEXT BAD-TEXT PATTERN: found, at its place, and nothing of it was run
checks() {
	printf '%s\n' "$2" > "$1"
	run cee-submit --check "$1"
	echo "$1: $output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	printf '%s\n' "$3" > "$1"
	run --separate-stderr cee-submit --check "$1"
	echo "$1: $stderr"
	[ "$status" -eq 126 ]
	[ -z "$output" ]
	[[ $stderr == *$4* ]]
}

@test "--check: each language's own messages, 0 or 126, and nothing is run" {
	checks a.c 'int main(void) { for (;;); }' 'int main(void) { return x; }' "a.c:1:25: error: "
	checks a.cpp 'int main() { for (;;); }' 'int main() { return x; }' "a.cpp:1:21: error: "
	checks a.py 'while True: print(1)' 'def f(:' 'File "a.py", line 1'
	checks a.js 'for (;;) console.log(1)' 'let a = ;' 'a.js:1'
	checks a.sh 'while :; do echo 1; done' 'if true; then' 'a.sh: line 2: syntax error'
	if have csharp; then
		checks A.cs 'while (true) Console.WriteLine(1);' 'var x = ;' 'A.cs(1,9): error CS1525'
	fi
}

@test "--check: every file is looked at; its own result says that nothing ran" {
	echo 'echo 1' > a.sh
	echo 'if' > b.sh
	run --separate-stderr cee-submit --check a.sh b.sh
	[ "$status" -eq 126 ]
	[[ $stderr == *'b.sh: line 2'* ]]
	echo '1' > a.js
	echo 'let' > b.mjs
	run --separate-stderr cee-submit --check a.js b.mjs
	[ "$status" -eq 126 ]
	[[ $stderr == *b.mjs* ]]
	id=$(cee-submit -j - <<< '{"language": "py", "code": "print(1)", "check": true}')
	wait_until 20 ended "$id"
	[ "$(verdict "$id" '[.state, .why, .exit_code, .phases.run] | @json')" = '["Finished","exited",0,null]' ]
	id=$(cee-submit -j - <<< '{"language": "c", "code": "int x", "check": true, "stdin": "y"}')
	wait_until 20 ended "$id"
	[ "$(verdict "$id" '[.state, .why] | @json')" = '["Failed","compile error"]' ]
	sound
}

@test "--check: a language without one refuses, and a check has limits" {
	mkdir langs
	cp -RL "$CEE_ROOT"/etc/languages.d/* langs
	jq 'del(.check)' "$CEE_ROOT/etc/languages.d/bash.json" > langs/bash.json
	stop_runner
	sed -i "s,^languages = .*,languages = $PWD/langs," "$CEE_CONF"
	start_runner
	echo 'echo 1' > a.sh
	run --separate-stderr cee-submit --check a.sh
	[ "$status" -eq 65 ]
	[[ $stderr == *"check: bash has no check command"* ]]
	jq '.check = ["bash", "-c", "while :; do :; done"]' "$CEE_ROOT/etc/languages.d/bash.json" > langs/bash.json
	kill -HUP "$RUNNER"
	wait_until 10 eval '[ "$(jq ".languages[] | select(.name == \"bash\").check" "$CEE_SPOOL/languages.json")" = true ]'
	run --separate-stderr cee-submit --check -L compile.cpu=0.3 -L compile.wall=60s a.sh
	[ "$status" -eq 126 ]
	[[ $stderr == *"cpu time while compiling"* ]]
}

@test "the language is guessed from the name or the #! line; two answers or none are refused" {
	printf '#!/usr/bin/env python3.11\nprint("py")\n' > tool
	printf '#!/usr/bin/env -S node --no-warnings\nconsole.log("js")\n' > tool2
	printf '#!/bin/sh -e\necho sh\n' > tool3
	printf '#!/usr/bin/cee-run -L cpu=2 python\nprint("run")\n' > tool4
	[ "$(cee-submit -w tool)" = py ]
	[ "$(cee-submit -w tool2)" = js ]
	[ "$(cee-submit -w tool3)" = sh ]
	[ "$(cee-submit -w tool4)" = run ]
	[ "$(cee-submit -w <(cat tool))" = py ]
	cp tool x.sh
	run cee-submit x.sh
	[ "$status" -eq 65 ]
	[[ $output == *"x.sh: its name says bash and its #! line python; name its language with -l ("*python*")" ]]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(cee-submit -w -l python x.sh)" = py ]
	echo 'puts 1' > a.rb
	run cee-submit a.rb
	[ "$status" -eq 65 ]
	[[ $output == *"a.rb: neither its name"*"-l ("*javascript*")" ]]
	printf '#!/usr/bin/ruby\n' > tool5
	run cee-submit tool5
	[ "$status" -eq 65 ]
	[[ $output == *'names "ruby"'*"-l ("* ]]
}

@test "a program in any language may begin with a #! line, and errors keep their place" {
	printf '#!/usr/bin/cee-run c\n#include <stdio.h>\nint main(void) { puts("c"); }\n' > a
	[ "$(cee-submit -w a)" = c ]
	printf '#!/usr/bin/cee-run c++\n#include <iostream>\nint main() { std::cout << "cpp\\n"; }\n' > a
	[ "$(cee-submit -w a)" = cpp ]
	printf '#!/usr/bin/env -S cee-run js\nconsole.log("js")\n' > a
	[ "$(cee-submit -w a)" = js ]
	printf '#!/usr/bin/cee-run c\nint main(void) { return x; }\n' > a.c
	run --separate-stderr cee-submit --check a.c
	[[ $stderr == *"a.c:2:25: error"* ]]
	if have csharp; then
		printf '#!/usr/bin/cee-run c#\nConsole.WriteLine("cs");\n' > a
		[ "$(cee-submit -w a)" = cs ]
	fi
}

@test "aliases are known wherever a language is named" {
	echo 'print(1)' > p
	[ "$(cee-submit -w -l py p)" = 1 ]
	echo 'console.log(2)' > p
	[ "$(cee-submit -w -l js p)" = 2 ]
	[ "$(cee-submit -w -l node p)" = 2 ]
	echo 'int main() { __builtin_puts("3"); }' > p.cc
	[ "$(cee-submit -w -l c++ p.cc)" = 3 ]
	echo 'echo 4' > p
	[ "$(cee-submit -w -l sh p)" = 4 ]
	id=$(cee-submit -j - <<< '{"language": "js", "code": "console.log(5)"}')
	[ "$(cee-log -f "$id")" = 5 ]
	[ "$(verdict "$id" .language)" = javascript ]
	[ "$(cee-lang list --json c++ js | jq -c '[.[].name]')" = '["cpp","javascript"]' ]
}

@test "a flood of small writes comes whole and in its order, gathered; its first pieces come at once" {
	prog flood.py <<-'P'
		import os
		for i in range(100000): os.write(1, b"%d\n" % i)
	P
	id=$(cee-submit flood.py)
	cee-log -f "$id" > all
	seq 0 99999 | cmp - all
	index=$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id"/1/index)
	[ "$(wc -l < "$index")" -lt 50000 ]
	# calm again after a flood: one line at a time, not held back
	prog calm.py <<-'P'
		import os, time
		for i in range(1000): os.write(1, b"x")
		os.write(1, b"\n")
		for i in range(4): time.sleep(.2); os.write(1, b"calm\n")
		time.sleep(20)
	P
	id=$(cee-submit calm.py)
	wait_until 15 eval '[ "$(cee-log "$id" 2>/dev/null | grep -c calm)" -eq 4 ]'
	state_is "$id" Executing
	cee-cancel "$id"
}

@test "a language is added, changed and taken away by its file, without a restart or a signal" {
	mkdir langs
	cp -RL "$CEE_ROOT"/etc/languages.d/* langs
	stop_runner
	sed -i "s,^languages = .*,languages = $PWD/langs," "$CEE_CONF"
	start_runner
	# two small programs of the base make a language; its image is bash's
	jq -n '{name: "calc", title: "bc", extensions: [".bc"], image: "cee/bash:latest", file: "main.bc",
		run: ["bc", "-q", "{file}"], env: {PATH: "/usr/bin:/bin"}, hello: "print \"hello, world\n\"\nquit\n"}' > langs/calc.json
	cee-lang publish
	cee-lang check calc
	echo $'6 * 7\nquit' > a.bc
	[ "$(cee-submit -w a.bc)" = 42 ]
	grep -q 'reload languages=' "$RUNNER_LOG"
	# changed
	jq '.run = ["bc", "-q", "-l", "{file}"] | .env.BC_LINE_LENGTH = "0"' langs/calc.json > n && mv n langs/calc.json
	echo $'scale\nquit' > a.bc
	wait_until 20 eval '[ "$(cee-submit -w a.bc)" = 20 ]'
	cp langs/calc.json calc.json
	jq '.run = ["sh", "-c", "echo $M $0", "{memory}"] | .env.M = "m{memory}"' calc.json > n && mv n langs/calc.json
	wait_until 20 eval '[ "$(cee-submit -w -L memory=100M a.bc)" = "m104857600 104857600" ]'
	mv calc.json langs/calc.json
	wait_until 20 eval '[ "$(cee-submit -w a.bc)" = 20 ]'
	# a mistake: said, and what there was stays
	echo '{"name": "calc"' > langs/broken.json
	wait_until 20 grep -q 'languages trouble=.*broken.json' "$RUNNER_LOG"
	[ "$(cee-submit -w a.bc)" = 20 ]
	# away
	rm langs/broken.json langs/calc.json
	wait_until 20 eval '! jq -e ".languages[] | select(.name == \"calc\")" "$CEE_SPOOL/languages.json" > /dev/null'
	run cee-submit a.bc
	[ "$status" -eq 65 ]
	echo 'echo still' > a.sh
	[ "$(cee-submit -w a.sh)" = still ]
}

@test "TypeScript: types, several files, arguments, the compiler's words, live output" {
	have typescript || skip "no image cee/typescript"
	prog util.ts <<-'E'
		export const twice = (n: number): number => n * 2;
	E
	prog main.ts <<-'E'
		import { twice } from './util';
		import * as fs from 'fs';
		interface Person { name: string }
		const p: Person = { name: 'ann' };
		console.log(p.name, twice(21), process.argv.slice(2).join(','), fs.readFileSync(0, 'utf8').trim());
	E
	run --separate-stderr cee-submit -w -i - main.ts util.ts -- one 'two words' <<< 'from stdin'
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "ann 42 one,two words from stdin" ]
	prog bad.ts <<-'E'
		const n: number = 'one';
		console.log(n);
	E
	run --separate-stderr cee-submit -w bad.ts
	[ "$status" -eq 126 ]
	[[ $stderr == *"bad.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'."* ]]
	run --separate-stderr cee-submit -w --check bad.ts
	[ "$status" -eq 126 ]
	[[ $stderr == *TS2322* ]]
	prog throws.ts <<-'E'
		type N = number;

		function f(n: N): never { throw new Error('no ' + n); }
		f(1);
	E
	run --separate-stderr cee-submit -w throws.ts
	[ "$status" -eq 1 ]
	[[ $stderr == *"throws.ts:3:"* ]]
	prog live.ts <<-'E'
		console.log('first' as string);
		setTimeout(() => console.log('last'), 60000);
	E
	id=$(cee-submit -L wall=100 live.ts)
	wait_until 60 has_line "$id" first
	[ "$(cee-stat --json "$id" | jq -r .state)" = Executing ]
	cee-cancel -w "$id" > /dev/null || true
}

@test "TypeScript: a module by package.json, and a tsconfig.json of its own" {
	have typescript || skip "no image cee/typescript"
	echo '{"type": "module"}' > package.json
	echo 'const n: number = await Promise.resolve(42); console.log(n, import.meta.url.endsWith("main.js"))' > main.ts
	[ "$(cee-submit -w main.ts package.json)" = "42 true" ]
	echo '{"compilerOptions": {"strict": false}}' > tsconfig.json
	echo 'function f(x) { return x } console.log(f(1))' > loose.ts
	run cee-submit -w loose.ts
	[[ $output == *TS7006* ]]
	[ "$(cee-submit -w loose.ts tsconfig.json)" = 1 ]
}
