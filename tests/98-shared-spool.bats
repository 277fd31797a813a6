# A spool that many users share: real uids, a runner that is root with the capabilities of its unit
# file and no others, cee-http as www-data. What users may do, and what hostile users try.

load lib

ANN=61001 BOB=61002	# uids that nobody has

setup() {
	[ "$(id -u)" -eq 0 ] || skip "only root can be other users"
	# bats' own directory is not for other users to enter
	D=$(mktemp -d "${TMPDIR:-/tmp}/cee-shared.XXXXXX")
	chmod 711 "$D"
	[[ "$(stat -f -c %T "$D")" != nfs ]]
	export CEE_SPOOL=$D/spool CEE_CONF=$D/cee.conf
	mkdir -m 755 "$D/bin" "$D/etc"
	cp "$CEE_BIN"/cee-* "$D/bin"	# the checkout need not be for other users either
	cp "$CEE_ROOT/etc/seccomp.json" "$D/etc"
	cat > "$CEE_CONF" <<-CONF
		languages = $CEE_ROOT/etc/languages.d
		seccomp = $D/etc/seccomp.json
		init = $D/bin/cee-init
		jobs = 2
		warm = 0
		http_user = www-data
		http_state = $D/http
		http_tokens = $D/tokens
		http_wait = 20s
		max_job = 1M
	CONF
	chmod 644 "$CEE_CONF"
	install -d -m 700 -o www-data "$D/http"
	echo 'print("hello")' > "$D/hello.py"
	echo 'import time; time.sleep(60)' > "$D/long.py"
	chmod 644 "$D"/*.py
	cee-fsck --make --shared
	cee-lang publish
	RUNNERS=() SERVERS=()
}

teardown() {
	local pid reported=0
	for pid in "${SERVERS[@]:-}"; do
		[ -n "$pid" ] || continue
		kill -TERM "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	[ -n "${D:-}" ] || return 0
	end_all || reported=1
	rm -rf "$D"
	return $reported
}

as() {	# as UID COMMAND…: that user, of no group but his own
	local uid=$1
	shift
	(cd "$D" && PATH=$D/bin:$PATH setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all "$@")
}

# The runner, root with the capabilities that the unit file leaves it and nothing else.
# shellcheck disable=SC2120 # its options are for a test by hand
start_root_runner() {
	local caps
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$CEE_ROOT/etc/systemd/cee-runner.service" | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
	[ -n "$caps" ]
	RUNNER_LOG=$BATS_TEST_TMPDIR/runner-${#RUNNERS[@]}.log
	(umask 077; exec setpriv --bounding-set="-all,$caps" --inh-caps=-all --no-new-privs cee-runner "$@") 2> "$RUNNER_LOG" 3>&- &
	RUNNER=$!
	RUNNERS+=("$RUNNER")
	wait_until 30 grep -q 'self-test' "$RUNNER_LOG"
}

new_id() { python3 -c 'import os, time
n = int(time.time() * 1000) << 80 | 7 << 76 | 2 << 62 | int.from_bytes(os.urandom(7), "big") & (1 << 62) - 1
h = "%032x" % n; print("-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:])))'; }

sound_as() { run as "$1" cee-fsck; [ "$status" -eq 0 ] || { echo "$output"; return 1; }; }
gone_from_new() { [ -z "$(ls "$CEE_SPOOL/uid-$1/new")" ]; }

# ---- who may what ------------------------------------------------------------------------

@test "each uid has its own part, and nothing of anybody else's" {
	start_root_runner
	[ "$(as $ANN cee-submit -w hello.py)" = hello ]
	id=$(as $ANN cee-submit hello.py)
	as $ANN cee-stat --wait "$id" > /dev/null
	[ "$(as $ANN cee-log -o "$id")" = hello ]
	[ "$(as $BOB cee-submit -w hello.py)" = hello ]
	# bob: not a look, not a line, not a name
	run as $BOB cee-stat --owner uid-$ANN "$id"
	[ "$status" -ne 0 ]
	[[ "$output" == *"no such job"* || "$output" == *"ermission denied"* ]]
	run as $BOB cee-log --owner uid-$ANN "$id"
	[ "$status" -ne 0 ]
	[[ "$output" != *hello* ]]
	run as $BOB cee-submit --owner uid-$ANN hello.py
	[ "$status" -eq 77 ]
	run as $BOB ls "$CEE_SPOOL"
	[ "$status" -ne 0 ]
	run as $BOB ls "$CEE_SPOOL/uid-$ANN"
	[ "$status" -ne 0 ]
	run as $BOB cat "$CEE_SPOOL/uid-$ANN"/$OUT_PATH/"$id"/1/stdout
	[ "$status" -ne 0 ]
	run as $BOB sh -c "ls $CEE_SPOOL/cur/*/ $CEE_SPOOL/join $CEE_SPOOL/tmp"
	[[ "$output" != *uid-* ]]
	run as $BOB cee-stat -a
	[ "$status" -eq 77 ]
	# ann reads what the runner wrote, and cannot change it
	run as $ANN sh -c "echo x >> $(echo "$CEE_SPOOL/uid-$ANN"/$OUT_PATH/"$id"/1/stdout)"
	[ "$status" -ne 0 ]
	run as $ANN sh -c "echo x > $(echo "$CEE_SPOOL/uid-$ANN"/$OUT_PATH/"$id")/result"
	[ "$status" -ne 0 ]
	run as $ANN mv "$CEE_SPOOL/uid-$ANN/out" "$CEE_SPOOL/uid-$ANN/out2"
	[ "$status" -ne 0 ]
	run as $ANN mv "$CEE_SPOOL/uid-$ANN/new" "$CEE_SPOOL/uid-$ANN/tmp/new"
	[ "$status" -ne 0 ]
	sound
	sound_as $ANN
}

@test "a running job: its owner sees, feeds, signals and cancels it, others do not" {
	start_root_runner
	id=$(as $ANN cee-submit long.py)
	executing() { [ "$(as $ANN cee-stat --json "$id" | jq -r .state)" = Executing ]; }
	wait_until 30 executing
	run as $ANN cee-stat
	[[ "$output" == *"$id"* ]]
	run as $BOB cee-stat
	[[ "$output" != *"$id"* ]]
	run as $BOB cee-cancel --owner uid-$ANN "$id"
	[ "$status" -ne 0 ]
	run as $BOB touch "$CEE_SPOOL/uid-$ANN/cancel/$id"
	[ "$status" -ne 0 ]
	executing
	as $ANN cee-cancel -w "$id"
	[ "$(as $ANN cee-stat --json "$id" | jq -r .state)" = Cancelled ]
	echo 'import sys; print(sum(map(int, sys.stdin)))' > "$D/sum.py"
	chmod 644 "$D/sum.py"
	[ "$(seq 100 | as $ANN cee-run python sum.py)" = 5050 ]
	# root looks and ends what is anybody's, and submits for nobody else
	[ "$(cee-submit -w "$D/hello.py")" = hello ]
	run cee-submit --owner uid-$ANN -g x "$D/hello.py"
	[ "$status" -eq 77 ]
	[ -z "$(find "$CEE_SPOOL/uid-$ANN/groups" -mindepth 1)" ]
	id=$(as $BOB cee-submit long.py)
	run cee-stat -a
	[[ "$output" == *"1 alive"* ]]
	cee-cancel -w --owner uid-$BOB "$id"
	[ "$(as $BOB cee-stat --json "$id" | jq -r .state)" = Cancelled ]
}

@test "groups, keys, tests, collected files, removal and pruning, for a user and for root" {
	start_root_runner
	echo 'open("a.txt", "w").write("kept")' > "$D/write.py"
	chmod 644 "$D/write.py"
	id=$(as $ANN cee-submit -g g2 --key k2 --collect '*.txt' write.py)
	as $ANN cee-stat --wait "$id" > /dev/null
	[ "$(as $ANN cee-submit -g g2 --key k2 --collect '*.txt' write.py)" = "$id" ]
	[ "$(as $ANN cee-files --tar "$id" | tar -xOf - a.txt)" = kept ]
	[ "$(as $ANN cee-stat --json -g g2 | jq -r .state)" = Finished ]
	run as $BOB cee-rm --owner uid-$ANN "$id"
	[ "$status" -ne 0 ]
	run as $ANN cee-rm "$id"
	[ "$status" -eq 0 ]
	run as $ANN cee-stat "$id"
	[ "$status" -ne 0 ]
	[ -z "$(find "$CEE_SPOOL/tmp" "$CEE_SPOOL/uid-$ANN/cancel" -mindepth 1 ! -name .retention)" ]
	[ "$(as $ANN cee-submit -g g2 --key k2 --collect '*.txt' write.py)" != "$id" ]
	# one that runs is ended first
	id=$(as $ANN cee-submit long.py)
	as $ANN cee-rm -f "$id"
	run as $ANN cee-stat "$id"
	[ "$status" -ne 0 ]
	# pruning: a user's own, then root's all
	id=$(as $BOB cee-submit hello.py)
	as $BOB cee-stat --wait "$id" > /dev/null
	as $ANN cee-submit -w hello.py
	[ "$(as $ANN cee-prune -v --older-than 0s | grep -c ^uid-$ANN)" -ge 1 ]
	as $BOB cee-stat "$id" > /dev/null
	cee-prune -v --older-than 0s | grep -q "uid-$BOB job $id"
	id=$(as $BOB cee-submit hello.py)
	as $BOB cee-stat --wait "$id" > /dev/null
	cee-rm --owner uid-$BOB "$id"
	[ -z "$(ls "$CEE_SPOOL/tmp")" ]
	sound
}

@test "removal needs a runner: without one cee-rm says so, and leaves no request" {
	start_root_runner
	id=$(as $ANN cee-submit hello.py)
	as $ANN cee-stat --wait "$id" > /dev/null
	wait_until 10 test -e "$(echo "$CEE_SPOOL/uid-$ANN"/$OUT_PATH/"$id")/job"
	stop_runner
	run as $ANN cee-rm "$id"
	[ "$status" -eq 1 ]
	[[ "$output" == *"when one is alive"* ]]
	[ -z "$(ls "$CEE_SPOOL/uid-$ANN/cancel")" ]
	# a request from before, whose program has died: the next runner performs it
	as $ANN touch "$CEE_SPOOL/uid-$ANN/cancel/$id.remove"
	run cee-fsck
	[[ "$output" == *"requests the removal of a job"* ]]
	start_root_runner
	wait_until 10 test ! -e "$CEE_SPOOL/uid-$ANN/cancel/$id.remove"
	[ -z "$(find "$CEE_SPOOL/uid-$ANN/out" -name "$id")" ]
}

# ---- how a user gets a part --------------------------------------------------------------

@test "a first submit without a runner says what to do; root can make the part" {
	run as $ANN cee-submit hello.py
	[ "$status" -eq 75 ]
	[[ "$output" == *"no runner is alive"*"cee-fsck --make uid-$ANN"* ]]
	[ -z "$(ls "$CEE_SPOOL/join")" ]
	cee-fsck --make uid-$ANN
	run as $ANN cee-submit -q hello.py
	[ "$status" -eq 0 ]
	sound
	run as $ANN cee-fsck --make uid-$ANN
	[ "$status" -eq 77 ]
	run cee-fsck --make alice
	[ "$status" -eq 64 ]
}

@test "nobody gets another's name, and a group can be the bound of who may come" {
	start_root_runner
	as $BOB sh -c ": > $CEE_SPOOL/join/uid-$ANN.$(new_id); : > $CEE_SPOOL/join/http-web-ann.$(new_id); : > $CEE_SPOOL/join/anon.$(new_id)
		: > $CEE_SPOOL/join/uid-0.$(new_id); : > $CEE_SPOOL/join/cur.$(new_id); : > $CEE_SPOOL/join/x; mkdir $CEE_SPOOL/join/uid-$BOB.$(new_id)
		ln -s $CEE_SPOOL/cur $CEE_SPOOL/join/uid-$BOB.$(new_id); mkfifo $CEE_SPOOL/join/uid-$BOB.$(new_id)"
	empty_join() { [ -z "$(ls "$CEE_SPOOL/join")" ]; }
	wait_until 15 empty_join
	[ -z "$(ls "$CEE_SPOOL" | grep -E 'uid|http|anon')" ]
	run as $BOB cee-submit --owner uid-$ANN hello.py
	[ "$status" -eq 77 ]
	run as $BOB cee-submit --owner http-web-ann hello.py
	[ "$status" -eq 77 ]
	[[ "$output" == *http_user* ]]
	chgrp games "$CEE_SPOOL/join"
	chmod 1730 "$CEE_SPOOL/join"
	run as $BOB cee-submit hello.py
	[ "$status" -eq 77 ]
	[[ "$output" == *"join"* ]]
	sound
}

@test "permissions that are wrong are named, with the remedy; a spool of one user stays one" {
	cee-fsck --make uid-$ANN
	chmod 777 "$CEE_SPOOL/uid-$ANN/new"
	chown $ANN "$CEE_SPOOL/uid-$ANN"
	chmod 755 "$CEE_SPOOL/tmp"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *"uid-$ANN/new: has mode 0777, 0700 is right; cee-fsck --make uid-$ANN as root"* ]]
	[[ "$output" == *"uid-$ANN: belongs to uid $ANN, 0 is right"* ]]
	[[ "$output" == *"tmp: has mode 0755, 0700 is right; cee-fsck --make --shared"* ]]
	run cee-doctor
	[[ "$output" == *"FAIL spool:"*"cee-fsck --make"* ]]
	cee-fsck --make --shared uid-$ANN
	sound
	run cee-doctor
	[[ "$output" == *"ok   spool:"*"shared"* ]]
	run as $ANN cee-runner -c "$CEE_CONF"
	[ "$status" -eq 78 ]
	[[ "$output" == *"must be root"* ]]
	CEE_SPOOL=$D/one cee-fsck --make
	CEE_SPOOL=$D/one run cee-fsck --make --shared
	[ "$status" -eq 78 ]
	[[ "$output" == *"one user"* ]]
	[ "$(cat "$D/one/VERSION")" = 'cee-spool 1' ]
	[ "$(stat -c %a "$D/one" "$D/one/cur" "$D/one/VERSION" | paste -sd ' ')" = '700 700 600' ]
}

# ---- the hostile ---------------------------------------------------------------------------

@test "links, fifos, folders and huge files in new are refused, and nothing is followed" {
	start_root_runner
	as $BOB cee-submit -w hello.py
	printf 'secret of root' > "$D/secret"
	chmod 600 "$D/secret"
	N=$CEE_SPOOL/uid-$BOB
	job='{"language":"python","code":"print(1)"}'
	x=$(new_id)	# a folder whose name in tmp is taken already
	as $BOB sh -c "
		mkdir -p $N/tmp/$x.1/y $N/tmp/e/f; : > $N/tmp/e/result; mv $N/tmp/e $N/new/5.$x
		ln -s $D/secret $N/new/5.$(new_id)
		ln -s / $N/new/5.$(new_id)
		mkfifo $N/new/5.$(new_id)
		mkdir $N/new/5.$(new_id)
		mkdir $N/tmp/d; : > $N/tmp/d/x; mv $N/tmp/d $N/new/5.$(new_id)
		truncate -s 1T $N/new/5.$(new_id)
		echo '$job' > $N/tmp/a; ln $N/tmp/a $N/new/5.$(new_id)
		: > $N/new/5.$(new_id)
		: > $N/new/nonsense
		/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"$N/new/5.$(new_id)\")'"
	only_nonsense() { [ "$(ls "$N/new")" = nonsense ]; }
	wait_until 20 only_nonsense
	refused() { [ "$(cat "$N"/$OUT_PATH/*/result | grep -c '"why":"refused"')" -eq 10 ]; }
	wait_until 20 refused
	lacks -rqs 'secret of root' "$N/out"
	[ "$(cat "$D/secret")" = 'secret of root' ]
	# nothing but regular files lies where readers look; a folder with something in it is its owner's again
	wait_until 10 test -z "$(find "$CEE_SPOOL/cur" -path '*uid-*' -type f)"
	[ -z "$(find "$N/out" ! -type f ! -type d)" ]
	[ -z "$(find "$N/out" -type d -user $BOB)" ]
	[ "$(as $BOB cee-submit -w hello.py)" = hello ]
	kill -0 "$RUNNER"
}

@test "two names of one job, taken names and requests for others' jobs hold nobody up" {
	start_root_runner
	as $BOB cee-submit -w hello.py
	id=$(as $ANN cee-submit long.py)
	N=$CEE_SPOOL/uid-$BOB
	x=$(new_id)
	job='{"language":"python","code":"import time; time.sleep(3)"}'
	as $BOB sh -c "for p in 1 2 3 4 5; do echo '$job' > $N/tmp/a; mv $N/tmp/a $N/new/\$p.$x; done
		: > $N/cancel/$id; : > $N/cancel/$id.remove; : > $N/in/$id.INT; : > $N/in/$id; mkdir $N/new/0.$x.1"
	[ "$(as $ANN timeout 20 cee-submit -w hello.py)" = hello ]
	[ "$(as $ANN cee-stat --json "$id" | jq -r .state)" = Executing ]
	as $ANN cee-cancel -w "$id"
	no_files() { [ -z "$(ls "$N/cancel")" ]; }
	wait_until 20 no_files
}

@test "a part that its owner tries to swap, lock or close stays what it is" {
	start_root_runner
	as $BOB cee-submit -w hello.py
	N=$CEE_SPOOL/uid-$BOB
	for part in new tmp cancel in out groups keys; do
		run as $BOB mv "$N/$part" "$N/old"
		[ "$status" -ne 0 ]
		run as $BOB rmdir "$N/$part"
		[ "$status" -ne 0 ]
	done
	run as $BOB ln -s / "$N/link"
	[ "$status" -ne 0 ]
	# locks on what they may read, and a closed directory, harm only themselves
	as $BOB chmod 000 "$N/new" "$N/cancel" "$N/in" "$N/tmp"
	as $BOB /usr/bin/python3 -c "
import fcntl, glob, struct, time
for f in glob.glob('$CEE_SPOOL/cur/*/alive') + ['$CEE_SPOOL/VERSION']:
    try: fcntl.fcntl(open(f), 37, struct.pack('hhqqi', 0, 0, 0, 0, 0))	# F_OFD_SETLK, F_RDLCK
    except OSError: pass
    g = open(f)
time.sleep(8)" &
	SERVERS+=($!)
	[ "$(as $ANN cee-submit -w hello.py)" = hello ]
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	run cee-stat
	[[ "$output" == *"runners   0 alive"* ]]
	start_root_runner
	wait_until 20 test "$(ls "$CEE_SPOOL/cur" | wc -l)" = 1
	as $BOB chmod 700 "$N/new" "$N/cancel" "$N/in" "$N/tmp"
	[ "$(as $BOB cee-submit -w hello.py)" = hello ]
}

@test "more jobs and requests than an owner may have do not stop the others" {
	echo 'max_queued = 20' >> "$CEE_CONF"
	start_root_runner
	as $BOB cee-submit -w hello.py
	as $BOB /usr/bin/python3 -c "
import os, sys
n = '$CEE_SPOOL/uid-$BOB'
b = int('$(new_id)'.replace('-', ''), 16)
for i in range(3000):
    h = '%032x' % (b + i)
    x = '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))
    open(n + '/new/9.' + x, 'w').close()
    open(n + '/cancel/' + x + '.remove', 'w').close()
    open(n + '/in/' + x + '.INT', 'w').close()
    open(n + '/tmp/' + x, 'w').close()"
	[ "$(as $ANN timeout 60 cee-submit -w hello.py)" = hello ]
	[ "$(grep VmRSS "/proc/$RUNNER/status" | tr -dc 0-9)" -lt 200000 ]
}

@test "a runner that dies: the next takes its jobs over, for their owners" {
	start_root_runner
	echo 'import time, os; print("begun", flush=True); time.sleep(4); print("done")' > "$D/slow.py"
	chmod 644 "$D/slow.py"
	id=$(as $ANN cee-submit slow.py)
	begun() { [ "$(as $ANN cee-log -o "$id" | head -n 1)" = begun ]; }
	wait_until 30 begun
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	start_root_runner
	as $ANN timeout 60 cee-stat --wait "$id" > /dev/null
	[ "$(as $ANN cee-log -o "$id" | tail -n 1)" = done ]
	[ "$(as $ANN cee-stat --json "$id" | jq -r .attempt)" = 2 ]
	sound
}

# ---- the web, as a user of its own -------------------------------------------------------------

listens() { (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# lighttpd and so cee-http as www-data, ann and bob with the password "secret": U
start_web() {
	local port d=$D/http u
	command -v lighttpd > /dev/null || skip "no lighttpd: scripts/install-deps http"
	getent passwd www-data > /dev/null || skip "there is no user www-data here"
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	for u in ann bob; do echo "$u:$(openssl passwd -apr1 secret)"; done > "$d/htpasswd"
	sed -e "s,^var.cee .*,var.cee = \"$D/bin/cee-http\"," -e "s,^var.conf .*,var.conf = \"$CEE_CONF\"," \
		-e "s,^var.state .*,var.state = \"$d\"," -e "s,^server.port .*,server.port = $port," \
		-e "s,\"CEE_CONF\" => conf,&\, \"CEE_SPOOL\" => \"$CEE_SPOOL\"," \
		-e 's,^#\($HTTP\|\t\|}\),\1,' -e "s,/etc/cee/htpasswd,$d/htpasswd," "$CEE_ROOT/etc/http/lighttpd.conf" > "$d/conf"
	chown -R www-data "$d"
	(cd "$D" && exec setpriv --reuid=www-data --regid=www-data --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
		lighttpd -D -f "$d/conf") 2> "$D/web.log" 3>&- &
	SERVERS+=($!)
	U=http://127.0.0.1:$port
	wait_until 10 listens "$port"
}

req() { curl -sS --max-time 60 "$@"; }	# req OPTIONS... URL
post() { req -u "$1:secret" -H 'Content-Type: application/json' -d "$2" "$U/tasks${3:-}"; }
status() { req -o /dev/null -w '%{http_code}' "$@"; }

@test "cee-http as a user of its own: jobs, streams, input, files, removal; it never has the socket" {
	start_web
	start_root_runner
	[ "$(ps -o user= -p "${SERVERS[0]}" | tr -d ' ')" = www-data ]
	r=$(post ann '{"language":"python","code":"import os; print(os.getpid() > 0); open(\"a.txt\", \"w\").write(\"kept\")","collect":["*.txt"]}' '?wait=20')
	[ "$(jq -r '.status, .stdout[0]' <<< "$r" | paste -sd ' ')" = 'Finished True' ]
	id=$(jq -r .id <<< "$r")
	[ "$(req -u ann:secret "$U/tasks/$id/stdout")" = True ]
	[ "$(req -u ann:secret "$U/tasks/$id/files/a.txt")" = kept ]
	[ "$(req -u ann:secret "$U/tasks" | jq -r '.tasks[0].id')" = "$id" ]
	# bob's are others, and what is a local user's is nobody's here
	[ "$(status -u bob:secret "$U/tasks/$id")" = 404 ]
	[ "$(status -u bob:secret -X DELETE "$U/tasks/$id")" = 404 ]
	local_id=$(as $ANN cee-submit hello.py)
	[ "$(status -u ann:secret "$U/tasks/$local_id")" = 404 ]
	run as $ANN cee-stat --owner http-web-ann "$id"
	[ "$status" -ne 0 ]
	# one that runs: input, then an end
	id2=$(post bob '{"language":"python","code":"print(input(), flush=True); import time; time.sleep(60)","stdin_stream":true}' | jq -r .id)
	[ "$(status -u bob:secret -X POST -H 'Content-Type: application/octet-stream' --data-binary $'typed\n' "$U/tasks/$id2/stdin")" = 204 ]
	typed() { [ "$(req -u bob:secret "$U/tasks/$id2/stdout")" = typed ]; }
	wait_until 30 typed
	[ "$(status -u ann:secret -X DELETE "$U/tasks/$id2")" = 404 ]
	[ "$(req -u bob:secret -X DELETE "$U/tasks/$id2?wait=20" | jq -r .status)" = Cancelled ]
	[ "$(status -u bob:secret -X DELETE "$U/tasks/$id2")" = 204 ]
	[ "$(status -u bob:secret "$U/tasks/$id2")" = 404 ]
	# the web's user cannot speak to the engine, nor change what the runner wrote
	run setpriv --reuid=www-data --regid=www-data --clear-groups curl -sS --unix-socket "$ENGINE_SOCKET" http://engine/_ping
	[ "$status" -ne 0 ]
	run setpriv --reuid=www-data --regid=www-data --clear-groups rm -rf "$(echo "$CEE_SPOOL"/http-web-ann/$OUT_PATH/"$id")"
	[ "$status" -ne 0 ]
	[ "$(stat -c %U "$CEE_SPOOL/http-web-ann/new" "$CEE_SPOOL/http-web-bob/new" | sort -u)" = www-data ]
	[ "$(stat -c %u "$CEE_SPOOL/uid-$ANN/new")" = $ANN ]
	sound
	# an administrator's view
	cee-stat --owner http-web-ann "$id" | grep -q Finished
	cee-rm --owner http-web-ann "$id"
	[ "$(status -u ann:secret "$U/tasks/$id")" = 404 ]
	[ "$(status "$U/tasks/$id")" = 401 ]
}

@test "the web's first request of an owner without a runner is a 503 that says so" {
	start_web
	r=$(req -u ann:secret -H 'Content-Type: application/json' -d '{"language":"python","code":"print(1)"}' -D "$D/head" "$U/tasks")
	grep -q ' 503 ' "$D/head"
	grep -qi '^Retry-After: 10' "$D/head"
	[ "$(jq .status <<< "$r")" = 503 ]
	sed -i '/^http_user/d' "$CEE_CONF"
	start_root_runner
	[ "$(status -u ann:secret -H 'Content-Type: application/json' -d '{"language":"python","code":"print(1)"}' "$U/tasks")" = 500 ]
	grep -q http_user "$D"/*/cee-http.log
	[ ! -e "$CEE_SPOOL/http-web-ann" ]
}

# ---- Apache, whose sample needs a user for cee-http as well ---------------------------------------

# What Debian's configuration does around a site, and the sample as it stands but for its paths.
start_apache() {
	local port d=$D/apache m mods=/usr/lib/apache2/modules
	command -v apache2 > /dev/null && [ -d $mods ] || skip "no Apache: scripts/install-deps http"
	getent passwd www-data > /dev/null || skip "there is no user www-data here"
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir "$d"
	echo "ann:$(openssl passwd -apr1 secret)" > "$d/htpasswd"
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$d/tls.key" -out "$d/tls.crt" 2> /dev/null
	{
		printf 'ServerRoot %s\nPidFile %s/pid\nServerName localhost\nErrorLog %s/error.log\nMutex file:%s default\n' "$d" "$d" "$d" "$d"
		for m in mpm_event authn_core authn_file authz_core authz_user auth_basic alias env setenvif socache_shmcb ssl reqtimeout cgid; do
			echo "LoadModule ${m}_module $mods/mod_$m.so"
		done
		printf 'User www-data\nGroup www-data\nListen 127.0.0.1:%s\nScriptSock %s/cgid\n<Directory />\nRequire all denied\n</Directory>\n' "$port" "$d"
		sed -e "s,\*:443,127.0.0.1:$port,; s,/etc/cee/\(tls\|htpasswd\),$d/\1,; s,/usr/local/bin,$D/bin,g" \
			-e "s,/etc/cee/cee.conf,$CEE_CONF\n\tSetEnv CEE_SPOOL $CEE_SPOOL," "$CEE_ROOT/etc/http/apache.conf"
	} > "$d/conf"
	chown -R www-data "$d"
	APACHE_LOG_DIR=$d apache2 -t -f "$d/conf"
	APACHE_LOG_DIR=$d apache2 -D FOREGROUND -f "$d/conf" 2> "$d/stderr" 3>&- &
	SERVERS+=($!)
	U=https://127.0.0.1:$port
	wait_until 10 listens "$port"
	req() { curl -sSk --max-time 60 --path-as-is "$@"; }
}

@test "Apache: TLS, logins, tokens and tickets past the login, live streams, odd paths" {
	start_apache
	start_root_runner
	[ "$(status "$U/healthz")" = 200 ]
	[ "$(status "$U/tasks")" = 401 ]
	[ "$(status -u ann:wrong "$U/tasks")" = 401 ]
	r=$(post ann '{"language":"python","code":"print(6 * 7)"}' '?wait=20')
	[ "$(jq -r '.status, .stdout[0]' <<< "$r" | paste -sd ' ')" = 'Finished 42' ]
	id=$(jq -r .id <<< "$r")
	[ "$(stat -c %U "$CEE_SPOOL/http-web-ann/new")" = www-data ]
	# a token, and a name that a client only claims
	token=$(cee-token add robot | tail -n 1)
	chmod 644 "$D/tokens"
	[ "$(status -H "Authorization: Bearer $token" "$U/tasks")" = 200 ]
	[ "$(status -H "Authorization: Bearer $token" "$U/tasks/$id")" = 404 ]
	[ "$(status -H 'Authorization: Bearer wrong' "$U/tasks")" = 401 ]
	[ "$(status -H 'Remote-User: ann' -H 'X-Remote-User: ann' "$U/tasks")" = 401 ]
	# a ticket reads its job and does nothing else
	ticket=$(jq -r .ticket <<< "$r")
	[ "$(req "$U/tasks/$id/stdout?ticket=$ticket")" = 42 ]
	[ "$(status -X DELETE "$U/tasks/$id?ticket=$ticket")" != 204 ]
	[ "$(status "$U/tasks?ticket=$ticket")" != 200 ]
	lacks -q "$ticket" "$D/apache/cee-access.log"
	# a line comes while the program runs
	id=$(post ann '{"language":"python","code":"print(\"early\", flush=True); print(input())","stdin_stream":true}' | jq -r .id)
	req -N -u ann:secret -H 'Accept: text/event-stream' "$U/tasks/$id/events" > "$D/events" &
	SERVERS+=($!)
	wait_until 30 grep -q early "$D/events"
	lacks -q late "$D/events"
	[ "$(status -u ann:secret -X POST -H 'Content-Type: application/octet-stream' --data-binary $'late\n' "$U/tasks/$id/stdin?eof")" = 204 ]
	wait_until 30 grep -q late "$D/events"
	wait_until 30 grep -q '"why":"exited"' "$D/events"
	# paths: cee-http has them all, and no other file is ever served or run
	for path in /../../etc/passwd /%2e%2e/%2e%2e/etc/passwd /tasks/..%2f..%2fetc%2fpasswd //etc/passwd /cee-submit /tasks/%00; do
		code=$(status -u ann:secret "$U$path")
		[[ "$code" == 400 || "$code" == 404 ]] || { echo "$path: $code"; false; }
	done
	# what is too large is told so before it is read
	[ "$(head -c 20000000 /dev/zero | status -u ann:secret -H 'Content-Type: application/json' --data-binary @- "$U/tasks")" = 413 ]
	[ "$(status -X OPTIONS -H 'Origin: https://x.example' "$U/tasks")" = 204 ]
	sound
}

# ---- what nobody looks after ---------------------------------------------------------------

@test "the runner removes users' expired jobs and what is left of users without jobs; they come back" {
	printf 'keep_owner = 1s\n' >> "$CEE_CONF"
	start_root_runner
	one=$(as $ANN cee-submit --keep 1s --key k hello.py)
	two=$(as $BOB cee-submit hello.py)
	as $ANN cee-stat --wait "$one" > /dev/null
	as $BOB cee-stat --wait "$two" > /dev/null
	# ann holds the lock of her key: it does not keep her job
	as $ANN /usr/bin/python3 -c 'import fcntl, glob, struct, time
f = open(glob.glob("'"$CEE_SPOOL/uid-$ANN"'/keys/*")[0], "r+")
fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))	# F_OFD_SETLK
time.sleep(20)' 3>&- &
	sleep 2
	stop_runner
	start_root_runner	# it looks when it starts
	gone() { [ -z "$(find "$CEE_SPOOL/uid-$ANN/out" -name "$one")" ]; }
	wait_until 30 gone
	run as $ANN cee-stat "$one"
	[ "$status" -ne 0 ]
	[ "$(as $BOB cee-stat --json "$two" | jq -r .state)" = Finished ]
	wait_until 20 test -e "$CEE_SPOOL/uid-$BOB/kept"
	[ "$(stat -c '%u %a' "$CEE_SPOOL/uid-$BOB/kept")" = '0 644' ]
	[ "$(as $BOB cee-stat --json | jq .kept_jobs)" -eq 1 ]
	as $BOB cee-rm "$two"
	sleep 2
	stop_runner
	start_root_runner
	no_bob() { [ ! -e "$CEE_SPOOL/uid-$BOB" ]; }
	wait_until 30 no_bob
	[ "$(as $BOB cee-submit -w hello.py)" = hello ]
	[ "$(as $ANN cee-submit -w hello.py)" = hello ]
	sound_as 0
}
