# registry.bash - for test files about packages: one registry of their own on loopback
# (tools/registry.py) serves all tests of a file

setup_file() {
	export REGISTRY_PORT=$BATS_FILE_TMPDIR/port
	/usr/bin/python3 "$BATS_TEST_DIRNAME/tools/registry.py" "$REGISTRY_PORT" 3>&- &
	echo $! > "$BATS_FILE_TMPDIR/registry.pid"
	wait_until 10 test -e "$REGISTRY_PORT"
}

teardown_file() { kill "$(cat "$BATS_FILE_TMPDIR/registry.pid")"; }

registry_spool() {	# registry_spool [FAULT [MORE]]: a spool whose packages come from there; its address in REGISTRY
	REGISTRY=http://127.0.0.1:$(cat "$REGISTRY_PORT")
	new_spool "packages.network = host
packages.index.nuget = $REGISTRY/${1:-ok}/nuget/index.json
packages.index.pip = $REGISTRY/${1:-ok}/pip/simple/
packages.index.npm = $REGISTRY/${1:-ok}/npm/
${2:-}"
}

# asked PATH: how often the registry was asked for anything beneath it
asked() { curl -sS "$REGISTRY/requests" | jq --arg p "$1" '[.[] | select(.[0] | startswith($p)) | .[1]] | add // 0'; }

job() {	# job LANGUAGE CODE NAME@VERSION…: its text on standard output; MORE, JSON, is added
	local language=$1 code=$2
	shift 2
	printf '%s\n' "$@" | jq -Rn --arg language "$language" --arg code "$code" --argjson more "${MORE:-{\}}" \
		'{$language, $code, retries: 0, packages: [inputs | capture("^(?<name>.+)@(?<version>[^@]*)$")]} + $more'
}

result() {	# result JQ: of the job in BATS_TEST_TMPDIR/job, submitted and waited for
	id=$(cee-submit -j "$BATS_TEST_TMPDIR/job")
	cee-stat --wait "$id" > /dev/null || true
	cee-stat --json "$id" | jq -r "$1"
}
