#!/usr/bin/env bats
# The fuzzers, briefly: each over its corpus, and some seconds of mutation with a fixed seed. `make fuzz` runs them for
# longer. Those of what reads registries run in the images, with the package clients that are there.

load lib

setup() { TREE=$CEE_ROOT; }

# in_box LANGUAGE PATH… -- COMMAND…: in a real box without a network, with these files and folders of TREE in /work
in_box() {
	local image=$1 files=() f
	shift
	while [ "$1" != -- ]; do
		while read -r f; do files+=(-f "$f=$TREE/$f"); done < <(cd "$TREE" && find "$1" -type f)
		shift
	done
	shift
	run /usr/bin/python3 "$CEE_ROOT/tests/tools/initdrive.py" -i "cee/$image:latest" --memory $((1 << 30)) --timeout 900 -l memory=$((768 << 20)) \
		-l cpu=600000000 -l wall=900000000 -l processes=200 -l open_files=1024 "${files[@]}" -- "$@"
	echo "$output"
}

# planted FILE SED PATH…: TREE is a copy of these, with a fault in FILE
planted() {
	local file=$1 change=$2
	shift 2
	TREE=$BATS_TEST_TMPDIR/planted
	rm -rf "$TREE"
	mkdir "$TREE"
	(cd "$CEE_ROOT" && cp -r --parents "$@" "$TREE")
	sed -i "$change" "$TREE/$file"
	! cmp -s "$CEE_ROOT/$file" "$TREE/$file" || return 1
}

# watch: 3600 s
@test "each parser in C: its corpus, and a second of mutation" {
	cd "$CEE_ROOT"
	run make -s -j2 fuzz-short
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok ' <<< "$output")" -eq "$(find tests/fuzz -name '*_fuzz.c' | wc -l)" ]
}

@test "pip's side of a package box: a hostile registry" {
	local paths=(tests/fuzz/registry_pip_fuzz.py tests/fuzz/corpus/registry_pip_fuzz etc/languages.d/python)
	in_box python "${paths[@]}" -- python3 tests/fuzz/registry_pip_fuzz.py 5 1
	grep -E '^registry_pip_fuzz: .* [1-9][0-9]* runs of pip, seed 1$' <<< "$output"
	# controls: an address that is compared as text; a message with an address
	planted etc/languages.d/python/registry_pip.py 's/return origin(address) is not None and .*/return "registry.example:8443" in address/' "${paths[@]}"
	in_box python "${paths[@]}" -- python3 tests/fuzz/registry_pip_fuzz.py 5 1
	[[ $output == *"not ok registry_pip_fuzz: seed 1"*"leads to"* ]]
	planted etc/languages.d/python/fetch.py 's/ and ":\/\/" not in line//' "${paths[@]}"
	in_box python "${paths[@]}" -- python3 tests/fuzz/registry_pip_fuzz.py 5 1
	[[ $output == *"not ok registry_pip_fuzz: seed 1"*"users would read"* ]]
}

@test "npm's side of a package box: a hostile registry" {
	local paths=(tests/fuzz/registry_npm_fuzz.cjs tests/fuzz/corpus/registry_npm_fuzz etc/languages.d/javascript)
	in_box javascript "${paths[@]}" -- node tests/fuzz/registry_npm_fuzz.cjs 5 1
	grep -E '^registry_npm_fuzz: .* [1-9][0-9]* packages, seed 1$' <<< "$output"
	# controls: what cannot be read passes; a message with an address
	planted etc/languages.d/javascript/registry-npm.cjs 's/if (asked !== registry || options.socketPath)/if (asked \&\& asked !== registry)/' "${paths[@]}"
	in_box javascript "${paths[@]}" -- node tests/fuzz/registry_npm_fuzz.cjs 5 1
	[[ $output == *"not ok registry_npm_fuzz: seed 1: a request was sent to"* ]]
	planted etc/languages.d/javascript/fetch.cjs 's/^const PLAIN = .*/const PLAIN = \/.\/;/' "${paths[@]}"
	in_box javascript "${paths[@]}" -- node tests/fuzz/registry_npm_fuzz.cjs 5 1
	[[ $output == *"not ok registry_npm_fuzz: seed 1: users would read"* ]]
}

@test "the compiler's requests and NuGet's side of a package box: a hostile registry" {
	local paths=(tests/fuzz/csharp_fuzz tests/fuzz/csharp tests/fuzz/corpus/csharp_fuzz src/csharp)
	in_box csharp "${paths[@]}" -- sh tests/fuzz/csharp_fuzz 5 1
	grep -E '^csharp_fuzz: .* [1-9][0-9]* restores, .* seed 1$' <<< "$output"
	# controls: a redirect that is not looked at, a property that may be anything
	planted src/csharp/packages/Registry.cs 's/Check(next.RequestUri);//' "${paths[@]}"
	in_box csharp "${paths[@]}" -- sh tests/fuzz/csharp_fuzz 5 1
	[[ $output == *"not ok csharp_fuzz: seed 1"*"a request was sent to"* ]]
	planted src/csharp/Settings.cs 's/"langversion" => Add("-langversion:", value, Plain(value))/"langversion" => Add("-langversion:", value, true)/' "${paths[@]}"
	in_box csharp "${paths[@]}" -- sh tests/fuzz/csharp_fuzz 5 1
	[[ $output == *"not ok csharp_fuzz: seed 1"*"a property became the option"* ]]
}
