#!/usr/bin/env bats
# Structure, style, manual pages, promises: each check of tests/lint, as make lint runs it.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
	scripts/install-deps lint
	make -s all bin/cee-init	# the objects whose names are looked at
}

setup() { cd "$BATS_TEST_DIRNAME/.." || return 1; }

@test "no circle among files or folders; each folder uses only what stands below it" {
	tests/lint/structure.py circles ranks private
}

@test "no global name is defined twice; no file has variables of its own" {
	tests/lint/structure.py globals variables
}

@test "no source over 500 lines, header over 200, function over 60; each file name once" {
	tests/lint/structure.py sizes names
}

@test "what HACKING.md and CONTRIBUTING.md name is there; one place says the version" {
	tests/lint/structure.py hacking version
}

@test "the sources are as clang-format writes them" {
	tests/lint/format
}

@test "manual pages are clean under mandoc and groff" {
	tests/lint/manuals
}

@test "what other languages know of the tables in C is as the tables say" {
	tests/lint/facts
}

@test "the profiles of system calls mean the same on arm64" {
	tests/lint/seccomp
}

@test "each promise of SECURITY.md names tests that exist" {
	tests/lint/promises
	# controls: a row without a test, a test and a file that are not there, a fuzzer that is not named, no table
	found() { echo "$1" > "$BATS_TEST_TMPDIR/doc.md"; run tests/lint/promises "$BATS_TEST_TMPDIR/doc.md"; [ "$status" -eq 1 ]; }
	local head=$'## What is promised\n| promise | tests |\n| --- | --- |\n'
	found "$head| A | |"
	[[ "$output" == *"doc.md:4: names no test"* ]]
	found "$head| A | \`05-lint.bats: no such test\` |"
	[[ "$output" == *'tests/05-lint.bats has no test "no such test"'* ]]
	found "$head| A | \`unit/glob_test.c: sets, unheard_of\` |"
	[[ "$output" == *'glob_test.c has no test "unheard_of"'* && "$output" != *'"sets"'* ]]
	found "$head| A | \`no-file.bats: x\` |"
	[[ "$output" == *"there is no tests/no-file.bats"* && "$output" == *"does not name tests/fuzz/job_fuzz.c"* ]]
	found '# nothing'
	[[ "$output" == *"has no table"* ]]
}

@test "the scripts have no finding: shellcheck, pyflakes, the syntax of JavaScript" {
	tests/lint/scripts
	# controls: what each of them must find, in a tree of its own
	mkdir -p "$BATS_TEST_TMPDIR/tree/tests/lint" && cp tests/lint/scripts "$BATS_TEST_TMPDIR/tree/tests/lint/"
	cd "$BATS_TEST_TMPDIR/tree" && git init -q && cp "$BATS_TEST_DIRNAME/../.shellcheckrc" . && echo '@test "x" { true; }' > tests/x.bats
	run tests/lint/scripts
	[ "$status" -eq 0 ]
	echo '#!/bin/sh
cd "$1"' > a.sh
	echo 'import os' > b.py
	echo 'let x = ;' > c.js
	echo 'let x = ;' > d.cjs
	run tests/lint/scripts
	[ "$status" -eq 1 ]
	for f in a.sh: b.py: c.js: d.cjs:; do [[ "$output" == *"$f"* ]]; done
}

@test "the analyzers' findings are those that no comment explains" {
	# on three files of a tree of its own: all of them take minutes (make lint-analysis)
	mkdir -p "$BATS_TEST_TMPDIR/analysis/src" && cd "$BATS_TEST_TMPDIR/analysis"
	printf '#include <stdlib.h>\nvoid bad(char *p);\nvoid bad(char *p)\n{\n\tif (!p)\n\t\t*p = 1;\n\tfree(p);\n\tfree(p);\n}\n' > src/bad.c
	sed 's|= 1;|= 1; /* analyzer: a test */|; 8s|$| /* analyzer: a test */|; s/bad/why/g' src/bad.c > src/why.c
	printf 'int good(void);\nint good(void)\n{\n\treturn 0;\n}\n' > src/good.c
	for analyzer in clang gcc; do
		run "$BATS_TEST_DIRNAME/lint/analysis" "$analyzer"
		[ "$status" -eq 1 ]
		[[ "$output" == "src/bad.c:"[68]": $analyzer: "* && "$output" != *why.c* && "$output" != *good.c* ]]
	done
}

@test "cppcheck has no finding" {
	make -s lint-cppcheck
}
