# The Debian package: built, checked by lintian, and its life in a Debian of its own: installed, used, upgraded under
# running jobs, removed, purged. Without systemd, which needs a machine: the runner is started by hand.

load lib

setup_file() {
	[ -n "${CEE_TEST_ALL:-}" ] || return 0
	[ "$(id -u)" -eq 0 ] || skip "only root can make a root file system"
	command -v apt-get > /dev/null || skip "no Debian, nor a relative of it"
	"$CEE_ROOT/scripts/install-deps" build deb >&2
	# boxes mount cee-init from there, so it is no folder of bats' own
	ROOT=$(mktemp -d "${TMPDIR:-/tmp}/cee-package.XXXXXX")
	export ROOT
	chmod 755 "$ROOT"
	DEB_BUILD_OPTIONS=nocheck make -s -C "$CEE_ROOT" deb > "$BATS_FILE_TMPDIR/deb.log" 2>&1 3>&- || {
		cat "$BATS_FILE_TMPDIR/deb.log" >&2
		return 1
	}
	DEB=$(echo "$CEE_ROOT"/build-deb/cee_*.deb)
	export DEB
	local depends
	depends=$(dpkg-deb -f "$DEB" Depends | sed -E 's/ \([^)]*\)//g; s/ *\|[^,]*//g; s/, /,/g')
	mmdebstrap --quiet --variant=apt --include="$depends,mawk" --aptopt='APT::Install-Recommends "false"' \
		"$(. /etc/os-release; echo "$VERSION_CODENAME")" "$ROOT" > "$BATS_FILE_TMPDIR/root.log" 2>&1 3>&- || {
		tail "$BATS_FILE_TMPDIR/root.log" >&2
		return 1
	}
	cp "$DEB" "$ROOT/old.deb"
	# the next version: the same, with another number
	dpkg-deb -R "$DEB" "$BATS_FILE_TMPDIR/next"
	sed -i 's/^Version: .*/&+1/' "$BATS_FILE_TMPDIR/next/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$BATS_FILE_TMPDIR/next" "$ROOT/next.deb" > "$BATS_FILE_TMPDIR/next.log"
	touch "$ROOT/run/docker.sock"
}

teardown_file() {
	[ -z "${ROOT:-}" ] || rm -rf --one-file-system "$ROOT"
}

setup() {
	RUNNERS=()
	[ -n "${CEE_TEST_ALL:-}" ] || skip "several minutes: CEE_TEST_ALL=1"
}

teardown() {
	CEE_SPOOL=/var/spool/cee
	local pid
	for pid in "${RUNNERS[@]:-}"; do
		[ -z "$pid" ] || { kill -TERM "$pid" && kill -TERM "$pid"; wait "$pid"; } 2> /dev/null || :
	done
}

enter() {	# becomes COMMAND… in that Debian, with the engine's socket
	exec env -u CEE_SPOOL -u CEE_CONF PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		unshare -m sh -ec 'mount --bind "$1" "$2/run/docker.sock"; mount -t proc proc "$2/proc"; root=$2; shift 2; exec chroot "$root" "$@"' \
		sh "${ENGINE_SOCKET:-/var/run/docker.sock}" "$ROOT" "$@"
}

inside() { (enter "$@"); }

as_user() { inside setpriv --reuid=61001 --regid=61001 --clear-groups --inh-caps=-all "$@"; }

start_inside() {	# with the capabilities of its unit, in the background
	local caps log=$BATS_TEST_TMPDIR/inside-${#RUNNERS[@]}.log
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$CEE_ROOT/etc/systemd/cee-runner.service" | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
	enter setpriv --bounding-set="-all,$caps" --inh-caps=-all --no-new-privs cee-runner 2> "$log" 3>&- 5>&- &
	RUNNER=$!
	RUNNERS+=("$RUNNER")
	wait_until 60 grep -q self-test "$log" || { cat "$log"; return 1; }
}

@test "the package: units, users, the spool, conffiles, manuals, completion; no errors of lintian" {
	grep -q '^E:' "$BATS_FILE_TMPDIR/deb.log" && return 1
	inside dpkg -i /old.deb
	inside getent passwd cee-http
	[ "$(stat -c %U:%a "$ROOT/var/spool/cee-layers")" = root:700 ]
	[ "$(inside stat -c %U:%a /var/lib/cee-http)" = cee-http:700 ]
	inside cee-fsck
	grep -q shared "$ROOT/var/spool/cee/VERSION"
	inside dpkg-query -W -f='${Conffiles}\n' cee | grep -q '^ /etc/cee/cee.conf '
	[ -s "$ROOT/usr/share/cee/languages.d/python.json" ] && [ -d "$ROOT/etc/cee/languages.d" ]
	grep -qx 'http_user   = cee-http' "$ROOT/etc/cee/cee.conf"
	lacks -E '^(spool|init|languages) ' "$ROOT/etc/cee/cee.conf"
	for u in multi-user.target.wants/cee-runner.service timers.target.wants/cee-prune.timer timers.target.wants/cee-doctor.timer; do
		[ -L "$ROOT/etc/systemd/system/$u" ] || { echo "$u"; return 1; }
	done
	for f in bin/cee-init share/man/man8/cee-runner.8.gz share/bash-completion/completions/cee-submit share/zsh/vendor-completions/_cee \
		share/cee/web/index.html share/doc/cee/README.Debian share/doc/cee/examples/http/lighttpd.conf; do
		[ -s "$ROOT/usr/$f" ] || { echo "$f"; return 1; }
	done
	# the programs find what is installed, not the defaults of a build by hand
	lacks -r /usr/local/bin "$ROOT"/lib/systemd/system/cee-* "$ROOT"/usr/lib/systemd/system/cee-*
}

@test "a job of a user; an upgrade while jobs run: each ends once, those that wait are run by the new runner" {
	printf 'host_paths = /:%s\nwarm = 0\njobs = 2\n' "$ROOT" >> "$ROOT/etc/cee/cee.conf"
	echo 'print("hello")' > "$ROOT/tmp/hello.py"
	printf 'print("begun", flush=True)\nprint(input())\n' > "$ROOT/tmp/ask.py"
	start_inside
	old=$RUNNER
	[ "$(as_user cee-submit -w /tmp/hello.py)" = hello ]
	mkfifo "$BATS_TEST_TMPDIR/in"
	as_user cee-run -L wall=250 python /tmp/ask.py < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
	asker=$!
	exec 5> "$BATS_TEST_TMPDIR/in"
	wait_until 60 grep -qx begun "$BATS_TEST_TMPDIR/out"
	# what preinst and postinst have systemd do, but that the new runner need not wait for the old one's jobs
	kill -TERM "$old"
	inside dpkg -i /next.deb
	[ "$(inside dpkg-query -W -f='${Version}' cee)" = "$(dpkg-deb -f "$DEB" Version)+1" ]
	grep -q '^host_paths' "$ROOT/etc/cee/cee.conf"	# the administrator's edits are kept, without a question
	start_inside
	[ "$(as_user cee-submit -w /tmp/hello.py)" = hello ]
	kill -0 "$old"	# which still runs the long job
	echo done >&5
	exec 5>&-
	wait "$asker"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "$(printf 'begun\ndone')" ]
	wait "$old"
	inside cee-fsck
}

@test "removed, the jobs and the configuration stay; purged, nothing does" {
	n=$(find "$ROOT/var/spool/cee" -name result | wc -l)
	[ "$n" -eq 3 ]
	inside dpkg -r cee
	[ ! -e "$ROOT/usr/bin/cee-runner" ]
	[ -s "$ROOT/etc/cee/cee.conf" ]
	[ "$(find "$ROOT/var/spool/cee" -name result | wc -l)" -eq "$n" ]
	inside dpkg -P cee
	[ ! -e "$ROOT/etc/cee" ]
	[ ! -e "$ROOT/var/spool/cee" ]
	[ ! -e "$ROOT/var/spool/cee-layers" ]
	[ ! -e "$ROOT/var/lib/cee-http" ]
	[ -z "$(find "$ROOT/etc" "$ROOT/var" "$ROOT/usr" -name '*cee*' ! -name '*succeed*' ! -path '*/deb-systemd-helper*' ! -path '/*/var/log/*' ! -path '/*/var/cache/*')" ]
}
