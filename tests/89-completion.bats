# Completion: what bash and zsh offer is what the programs take, and what the spool has.
load lib

setup() {
	new_spool
	cd "$BATS_TEST_TMPDIR" || return 1
	COMPLETION=$CEE_ROOT/etc/completion
}
teardown() { end_all; }

shared() { sed -n '/^# begin of what both/,/^# end of what both/p' "$1"; }

programs() { basename -a "$CEE_BIN"/cee-* | grep -v '^cee-init$' | sort; }

# The options that a program's --help names: at the beginning of a line, or in brackets.
helped() {
	"$1" --help > help
	{
		grep -oE '^ +((-[A-Za-z0-9]|--[a-z][a-z-]*)(, )?)+' help | tr -s ', ' '\n\n'
		grep -oE '\[--?[A-Za-z][a-z-]*' help | tr -d '[' | grep -v '^-[a-z][a-z]'
	} | grep . | sort -u
}

listed() { (. "$COMPLETION/cee.bash"; _cee_entries "$1" | tr ' ' '\n' | sed 's/=.*//' | sort -u); }

offers() {	# offers WORD…: what bash offers for the last of them
	bash --norc -c '. "$0/cee.bash"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _cee; echo "${COMPREPLY[*]}"' "$COMPLETION" "$@"
}

@test "each program's options are those of its --help; both shells know the same" {
	diff <(shared "$COMPLETION/cee.bash") <(shared "$COMPLETION/_cee")
	diff <(programs) <(. "$COMPLETION/cee.bash"; echo "$cee_options" | grep . | cut -d ' ' -f 1 | sort)
	diff <(programs) <(sed -n '1s/#compdef //p' "$COMPLETION/_cee" | tr ' ' '\n' | sort)
	for p in $(programs); do
		echo "$p"
		diff <(helped "$p") <(listed "$p")
	done
}

@test "the names of limits are the programs'" {
	diff <(sed -n 's/^\tL([A-Z_]*, "\([a-z_]*\)".*/\1/p' "$CEE_ROOT/src/base/limit.h") <(. "$COMPLETION/cee.bash"; echo $cee_limits | tr ' ' '\n')
}

@test "bash: options, languages and their aliases, limits, commands, files" {
	[ "$(offers cee-submit --bu)" = --buffer ]
	[ "$(offers cee-submit --buffer '')" = 'live full' ]
	[ "$(offers cee-submit --language = jav)" = javascript ]
	[[ " $(offers cee-submit -w -l '') " == *' python '* ]]
	[[ " $(offers /usr/bin/cee-submit -l c) " == *' cpp '*' c++ '* ]]
	[ "$(offers cee-submit --framework net8)" = net8.0 ]
	[ "$(offers cee-submit -L mem)" = memory= ]
	[ "$(offers cee-submit -L compile.mem)" = compile.memory= ]
	[ "$(offers cee-submit -L cpu = 2 --prio)" = --priority ]
	[ "$(offers cee-lang bu)" = build ]
	[ "$(offers cee-lang -v build bas)" = bash ]
	[ "$(offers cee-doctor cel)" = cells ]
	touch program.py
	[ "$(offers cee-submit prog)" = program.py ]
	[ "$(offers cee-submit program.py -- --bu)" = '' ]
	[ "$(offers cee-submit -E A)" = '' ]
	[ "$(offers cee-run jav)" = javascript ]
	[ "$(offers cee-run -L cpu = 2 python prog)" = program.py ]
	[ "$(offers cee-run --no)" = --no-stdin ]
	[ "$(offers cee-run python program.py --no)" = '' ]
	# another spool's languages, by option; none there: nothing, and nothing said
	mkdir other
	run --separate-stderr offers cee-submit -s other -l p
	[ -z "$output$stderr" ]
	echo '{"languages":[{"name":"zz","aliases":["zed"],"frameworks":[]}]}' > other/languages.json
	[ "$(offers cee-submit -s other -l z)" = 'zz zed' ]
	unset CEE_SPOOL
	mkdir c
	echo "spool = other" > c/cee.conf
	[ "$(CEE_CONF=$PWD/c/cee.conf offers cee-submit -l z)" = 'zz zed' ]
}

@test "bash: recent jobs, the newest first, and groups" {
	echo 'print(1)' > a.py
	one=$(cee-submit -g monday a.py)
	two=$(cee-submit -g tuesday a.py)
	[ "$(offers cee-stat '')" = "$two $one" ]
	[ "$(offers cee-log "${one:0:36}")" = "$one" ]
	[ "$(offers cee-cancel -g m)" = monday ]
	[ "$(offers cee-stat --group = t)" = tuesday ]
}

@test "zsh: the same in a real interactive shell" {
	command -v zsh > /dev/null || skip "no zsh on this machine"
	echo 'print(1)' > a.py
	id=$(cee-submit -g monday a.py)
	cat > complete.zsh <<-'Z'
		zmodload zsh/zpty
		zpty z zsh -f -i
		expect() {
			local out= chunk
			local -i i
			for ((i = 0; i < 400; i++)); do
				while zpty -rt z chunk 2> /dev/null; do out+=$chunk; done
				[[ $out == ${~1} ]] && { print -r -- $out; return }
				sleep 0.05
			done
			print -r -- "not within the time: $out" >&2
			return 1
		}
		zpty -w z "fpath=($1 \$fpath); PS1=; autoload -U compinit; compinit -u -D; bindkey '^I' complete-word; show() { print -r -- \"<\$BUFFER>\"; BUFFER= }; zle -N show; bindkey '^T' show; unsetopt beep auto_list; print START''ED"
		expect '*STARTED*' > /dev/null || exit 1
		shift
		for line; do
			zpty -wn z "$line"$'\t\x14'
			expect '*<*>*' | tr -d '\r' | sed -n 's/.*<\(.*\)>.*/\1/p'
		done
		zpty -d z
	Z
	zsh -f complete.zsh "$COMPLETION" 'cee-submit --bu' 'cee-submit -l jav' 'cee-submit --language=pyth' 'cee-submit -L mem' \
		'cee-submit --buffer fu' "cee-log ${id:0:30}" 'cee-lang build bas' 'cee-stat -g mon' 'cee-submit a.p' 'cee-run pyth' 'cee-run python a.p' 'cee-run python a.py --no' > got 3>&-
	sed -i 's/ *$//' got
	diff got - <<-GOT
		cee-submit --buffer=
		cee-submit -l javascript
		cee-submit --language=python
		cee-submit -L memory=
		cee-submit --buffer full
		cee-log $id
		cee-lang build bash
		cee-stat -g monday
		cee-submit a.py
		cee-run python
		cee-run python a.py
		cee-run python a.py --no
	GOT
}

@test "make install puts them where the shells look" {
	make -s -C "$CEE_ROOT" -o all ${SANITIZE:+SANITIZE=$SANITIZE} install DESTDIR="$PWD/root" PREFIX=/usr
	cmp "$COMPLETION/cee.bash" root/usr/share/bash-completion/completions/cee-submit
	cmp "$COMPLETION/cee.bash" root/usr/share/bash-completion/completions/cee-stat
	cmp "$COMPLETION/_cee" root/usr/share/zsh/site-functions/_cee
	[ ! -e root/usr/share/bash-completion/completions/cee-init ]
	[ -f root/usr/share/cee/languages.d/cpp-live.cc ] && [ -f root/usr/share/cee/languages.d/c-live.c ]
}

@test "make install makes cee.conf once, keeps what an administrator wrote, and make uninstall takes back the rest" {
	to_root() { make -s -C "$CEE_ROOT" -o all ${SANITIZE:+SANITIZE=$SANITIZE} "$1" DESTDIR="$PWD/root" PREFIX=/usr; }
	to_root install
	grep -q '^cells' root/etc/cee/cee.conf
	lacks -q '^languages' root/etc/cee/cee.conf
	# in root, the programs find what is installed beside them
	run env -u CEE_CONF -u CEE_SPOOL root/usr/bin/cee-lang -c root/etc/cee/cee.conf -s "$PWD/spool" publish
	[ "$status" -eq 0 ]
	echo '# mine' >> root/etc/cee/cee.conf
	echo 'own' > root/etc/cee/languages.d/own.json
	cp root/usr/share/cee/languages.d/python.json root/shipped.json
	echo 'edited' > root/usr/share/cee/languages.d/python.json	# where it does not belong
	to_root install
	grep -q '^# mine' root/etc/cee/cee.conf
	[ "$(cat root/etc/cee/languages.d/own.json)" = own ]
	cmp root/shipped.json root/usr/share/cee/languages.d/python.json
	rm root/shipped.json
	[ "$(grep -c '^profile cee-box ' root/etc/apparmor.d/cee-box)" -eq 1 ]
	to_root uninstall
	[ "$(cd root && find . -type f | sort | paste -sd ' ')" = './etc/cee/cee.conf ./etc/cee/languages.d/own.json' ]
}
