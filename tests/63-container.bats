# cee in a container: built from Dockerfile on cee's own base, pushed to a registry on loopback, started by compose.yaml
# beside the engine of these tests, used through the page's API, and upgraded under a running job.

load lib

setup_file() {
	[ -n "${CEE_TEST_ALL:-}" ] || return 0
	command -v docker > /dev/null || skip "no docker command"
	"$CEE_ROOT/scripts/install-deps" compose >&2
	docker image inspect cee/base:latest cee/python:latest cee/csharp:latest > "$BATS_FILE_TMPDIR/images" || skip "no images: make images"
	local port
	port=$(free_port)
	cat > "$BATS_FILE_TMPDIR/registry.yml" <<-YML
		version: 0.1
		storage: { filesystem: { rootdirectory: $BATS_FILE_TMPDIR/registry } }
		http: { addr: "127.0.0.1:$port" }
	YML
	docker-registry serve "$BATS_FILE_TMPDIR/registry.yml" > "$BATS_FILE_TMPDIR/registry.log" 2>&1 3>&- &
	echo $! > "$BATS_FILE_TMPDIR/registry.pid"
	export IMAGE=127.0.0.1:$port/cee CEE_LISTEN CEE_SOCKET=$ENGINE_SOCKET PROJECT=ceetest$$
	CEE_LISTEN=127.0.0.1:$(free_port)
	URL=http://$CEE_LISTEN
	export URL
	build 1 && build 2 || { tail -n 20 "$BATS_FILE_TMPDIR/build.log" >&2; return 1; }
	wait_until 30 curl -fs -o "$BATS_FILE_TMPDIR/v2" "http://127.0.0.1:$port/v2/"
	docker push -q "$IMAGE:1" && docker push -q "$IMAGE:2"
	docker rmi "$IMAGE:1" > "$BATS_FILE_TMPDIR/rmi"	# so that it comes from the registry
}

teardown_file() {
	[ -n "${PROJECT:-}" ] || return 0
	CEE_IMAGE=$IMAGE:1 compose down -v --timeout 60 > "$BATS_FILE_TMPDIR/down.log" 2>&1 || cat "$BATS_FILE_TMPDIR/down.log" >&2
	kill "$(cat "$BATS_FILE_TMPDIR/registry.pid")"
	docker rmi "$IMAGE:1" "$IMAGE:2" > "$BATS_FILE_TMPDIR/rmi" 2>&1 || :
}

setup() { [ -n "${CEE_TEST_ALL:-}" ] || skip "several minutes: CEE_TEST_ALL=1"; }
teardown() { :; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

build() {	# build N: the same programs, in an image of its own
	DOCKER_BUILDKIT=0 docker build -q --network=host --build-arg BASE=cee/base --label "version=$1" -t "$IMAGE:$1" "$CEE_ROOT" \
		> "$BATS_FILE_TMPDIR/build.log" 2>&1 3>&-
}

compose() {
	if docker compose version > "$BATS_FILE_TMPDIR/compose-version" 2>&1; then
		docker compose -p "$PROJECT" -f "$CEE_ROOT/compose.yaml" "$@"
	else
		docker-compose -p "$PROJECT" -f "$CEE_ROOT/compose.yaml" "$@"
	fi
}

container() { docker ps -q --filter "label=com.docker.compose.project=$PROJECT" --filter label=com.docker.compose.service=cee; }
healthy() { curl -fs -m 5 "$URL/healthz" | jq -e '.status == "ok"' > "$BATS_FILE_TMPDIR/health"; }
api() { [ -s "$BATS_FILE_TMPDIR/password" ] && curl -sS -m 120 -u "cee:$(cat "$BATS_FILE_TMPDIR/password")" "$@"; }
post() { jq -nc "$1" | api -H 'Content-Type: application/json' -d @- "$URL/tasks$2"; }
output_is() { [ "$(api "$URL/tasks/$1/stdout")" = "$2" ]; }

@test "nothing is open: a login is made and printed once, on loopback; without it only /healthz answers" {
	CEE_IMAGE=$IMAGE:1 compose pull cee 3>&-
	CEE_IMAGE=$IMAGE:1 compose up -d --no-build 3>&-
	wait_until 60 healthy
	docker logs "$(container)" 2>&1 | sed -n 's/^cee: the first login is cee with the password \([^ ]*\) .*/\1/p' > "$BATS_FILE_TMPDIR/password"
	[ "$(wc -c < "$BATS_FILE_TMPDIR/password")" -ge 16 ]
	for path in / /tasks /languages; do
		[ "$(curl -s -o "$BATS_FILE_TMPDIR/answer" -w '%{http_code}' "$URL$path")" = 401 ]
		[ "$(curl -s -o "$BATS_FILE_TMPDIR/answer" -w '%{http_code}' -u cee:wrong "$URL$path")" = 401 ]
	done
	[ "$(api -o "$BATS_FILE_TMPDIR/answer" -w '%{http_code}' "$URL/")" = 200 ]	# control: with it
	[ "$(docker port "$(container)" 8080/tcp | cut -d: -f1)" = 127.0.0.1 ]
	# web requests are another user's, who may not use the engine's socket
	[ "$(docker exec "$(container)" sh -c 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = lighttpd ] && stat -c %U $p; done')" = cee-http ]
	run docker exec "$(container)" setpriv --reuid=cee-http --regid=cee-http --clear-groups curl -sS --unix-socket /var/run/docker.sock http://engine/_ping
	[ "$status" -ne 0 ]
}

@test "a C# and a Python job through the page's API, in cells" {
	post '{language: "python", code: "print(6 * 7)"}' '?wait=60' > "$BATS_TEST_TMPDIR/python"
	[ "$(jq -r '"\(.status) \(.exitCode) \(.stdout[0]) \(.result.cells)"' "$BATS_TEST_TMPDIR/python")" = "Finished 0 42 true" ]
	post '{language: "csharp", code: "System.Console.WriteLine(6 * 7);"}' '?wait=100' > "$BATS_TEST_TMPDIR/csharp"
	[ "$(jq -r '"\(.status) \(.exitCode) \(.stdout[0])"' "$BATS_TEST_TMPDIR/csharp")" = "Finished 0 42" ]
}

@test "an upgrade of the image: the running job ends, jobs and login are kept" {
	id=$(post '{language: "python", code: "print(1, flush=True)\nprint(input())", stdin_stream: true, limits: {wall: 250}}' '' | jq -r .id)
	wait_until 60 output_is "$id" 1
	before=$(container)
	CEE_IMAGE=$IMAGE:2 compose up -d --no-build > "$BATS_TEST_TMPDIR/up" 2>&1 3>&- & up=$!
	# the old container finishes the job, and its page still answers
	wait_until 60 sh -c "docker logs $before 2>&1 | grep -q 'stop jobs=1'"
	printf '2\n' | api -H 'Content-Type: application/octet-stream' --data-binary @- "$URL/tasks/$id/stdin"
	wait "$up"
	[ "$(container)" != "$before" ]
	[ "$(docker inspect -f '{{.Config.Labels.version}}' "$(container)")" = 2 ]
	wait_until 60 healthy
	api "$URL/tasks/$id" > "$BATS_TEST_TMPDIR/task"
	[ "$(jq -r '"\(.status) \(.stdout | join(" ")) \(.result.attempt)"' "$BATS_TEST_TMPDIR/task")" = "Finished 1 2 1" ]
	post '{language: "python", code: "print(3)"}' '?wait=60' | jq -e '.stdout == ["3"]'
	docker exec "$(container)" cee-fsck
}

@test "cee-doctor inside: all is there; what is missing is named, with the remedy" {
	docker exec "$(container)" cee-doctor > "$BATS_TEST_TMPDIR/doctor" || { cat "$BATS_TEST_TMPDIR/doctor"; return 1; }
	grep -q '^ok   box: ' "$BATS_TEST_TMPDIR/doctor"
	run docker run --rm "$IMAGE:2"
	[ "$status" -eq 78 ]
	[[ "$output" == *"no socket of an engine"*"-v /var/run/docker.sock"* ]]
	run docker run --rm -v "$ENGINE_SOCKET:/var/run/docker.sock" "$IMAGE:2"
	[ "$status" -eq 78 ]
	[[ "$output" == *"nothing is mounted at /var/lib/cee"*"-v cee-data:/var/lib/cee"* ]]
	run docker run --rm "$IMAGE:2" cee-doctor -q
	[ "$status" -eq 1 ]
	[[ "$output" == *"FAIL engine: "* ]]
}
