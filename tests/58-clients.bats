# Clients of every kind, a thousand at once, against each sample configuration as shipped (tests/clients/clients.py says
# what is done and what must hold): every seed that ever failed. CEE_TEST_ALL=1 adds seeds.
load lib

setup_file() {
	[ "$(id -u)" -ne 0 ] || getent passwd www-data > /dev/null || skip "there is no user www-data here"
	for s in lighttpd nginx fcgiwrap apache2; do
		[ -x "/usr/sbin/$s" ] || skip "no $s: scripts/install-deps http"
	done
}

clients() { /usr/bin/python3 "$CEE_ROOT/tests/clients/clients.py" "$@"; }

seeds() {	# seeds SERVER: each line of the seeds that is for it
	local line n=0
	while read -r line; do
		[[ "$line" == "--server $1 "* ]] || continue
		# shellcheck disable=SC2086
		clients $line
		n=$((n + 1))
	done < <(sed 's/#.*//' "$CEE_ROOT/tests/clients/seeds")
	[ "$n" -gt 0 ]
	if [ -n "${CEE_TEST_ALL:-}" ]; then
		for n in 101 102 103; do clients --server "$1" --connections 1000 --seed "$n"; done
	fi
}

@test "1000 clients: lighttpd" { seeds lighttpd; }
@test "1000 clients: nginx with fcgiwrap" { seeds nginx; }
@test "1000 clients: nginx before lighttpd" { seeds nginx-proxy; }
@test "1000 clients: Apache" { seeds apache; }
