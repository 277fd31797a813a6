#!/usr/bin/env bats
# The structure, the style and the manual pages: each check of tests/lint, as make lint runs them.

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

@test "cppcheck has no finding" {
	make -s lint-cppcheck
}
