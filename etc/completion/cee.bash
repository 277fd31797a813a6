# cee.bash - completion of cee's programs for bash: options, languages, limits, recent jobs, groups
#
# Installed under each program's name, for bash-completion; or source it.

# begin of what both completion files know: PROGRAM WORDS OPTION[=KIND]...
# WORDS are the kinds of what is no option, in order; the last one repeats.
cee_options='
cee-submit file -l=language --language=language -j=file --job=file -w --wait -i=file --stdin=file -E=any --env=any -L=limit --limit=limit -p=any --package=any --framework=framework --network=any --check --tty --collect=any --merge --buffer=live|full --priority=0|1|2|3|4|5|6|7|8|9 --start-within=any --retries=0|1|2|3 --keep=any --label=any --tests=dir --compare=exact|trailing|tokens|float: --stop-first -g=group --group=group --key=any --each -0 --null --no-block --id=any --relaxed -q --quiet --raw --verdict=file -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-run language,file -n --no-stdin --tty -g=group --group=group --with=file --raw --verdict=file -E=any --env=any -L=limit --limit=limit -p=any --package=any --framework=framework --network=any --check --collect=any --merge --buffer=live|full --priority=0|1|2|3|4|5|6|7|8|9 --start-within=any --retries=0|1|2|3 --keep=any --label=any -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-log id -f --follow --as-come -g=group --group=group -o --stdout -e --stderr --test=any -n=any --lines=any -t --times --json --raw --verdict=file -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-stat id -g=group --group=group --label=any --since=any -w --wait -a --all --json -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-session new|run|ls|end,id -L=limit --limit=limit -p=any --package=any --idle=any --life=any -e=any --code=any --wall=any --json -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-cancel id -w --wait -g=group --group=group -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-rm id -f --force -g=group --group=group -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-files id,collected -t --tar --json -0 --null --raw -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-lang list|build|pull|check|publish|layer|prune,language --json --check --framework=framework --max=any --with=any -f --force -v --verbose -s=dir --spool=dir -c=file --conf=file -h --help --version
cee-doctor check -q --quiet --json --list -s=dir --spool=dir -c=file --conf=file -h --help --version
cee-fsck any -s=dir --spool=dir -c=file --conf=file --json --fix --make --shared --help --version
cee-prune any --older-than=any -n --dry-run -v --verbose -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-http any -h --help --version
cee-mcp any -s=dir --spool=dir -c=file --conf=file --owner=any -h --help --version
cee-token add|list|revoke --scopes=any --expires=any --json -c=file --conf=file -h --help --version
cee-runner any -s=dir --spool=dir -c=file --conf=file -j=any --jobs=any --log=text|json --relaxed --once --help --version
'
cee_limits='cpu wall memory processes output file_size disk inodes open_files stack'

# Of what kind an option's value is; nothing for one that takes none.
_cee_kind() {	# _cee_kind PROGRAM OPTION
	local entry
	for entry in $(_cee_entries "$1"); do
		case $entry in "$2"=*) echo "${entry#*=}" ;; esac
	done
}

_cee_entries() { echo "$cee_options" | sed -n "s/^$1 [^ ]* //p"; }

# Of what kind the program's word number N is, the first being 1.
_cee_word() {	# _cee_word PROGRAM N
	echo "$cee_options" | sed -n "s/^$1 \([^ ]*\) .*/\1/p" | tr , '\n' | sed -n "1,$2p" | tail -n 1
}

# The spool that the command line, the environment or the configuration names.
_cee_spool() {	# _cee_spool WORD...
	local previous= word conf=${CEE_CONF:-/etc/cee/cee.conf} spool=
	for word; do
		case $previous in
		-s|--spool) echo "$word"; return ;;
		-c|--conf) conf=$word ;;
		esac
		case $word in
		--spool=*) echo "${word#*=}"; return ;;
		esac
		previous=$word
	done
	[ -z "${CEE_SPOOL:-}" ] || { echo "$CEE_SPOOL"; return; }
	spool=$(sed -n 's/^[[:space:]]*spool[[:space:]]*=[[:space:]]*//p' "$conf" 2> /dev/null)
	case $spool in
	''|/*) echo "$spool" ;;
	*) echo "$(dirname "$(dirname "$conf")")/$spool" ;;
	esac
}

# What the spool says of its languages, one a line.
_cee_published() {	# _cee_published FIELD WORD...
	local field=$1
	shift
	sed -n "s/.*\"$field\":\\[*\\([^]]*\\).*/\\1/p" "$(_cee_spool "$@")/languages.json" 2> /dev/null
}

# Candidates of a kind, one a line. Files are the shell's own business.
_cee_values() {	# _cee_values KIND PROGRAM WORD...
	local kind=$1 program=$2 name
	shift 2
	case $kind in
	language)
		_cee_published name "$@" | sed 's/^"\([^"]*\)".*/\1/'
		_cee_published aliases "$@" | tr -d '"' | tr , '\n' ;;
	framework) _cee_published frameworks "$@" | tr -d '"' | tr , '\n' ;;
	limit) for name in $(echo $cee_limits); do printf '%s=\ncompile.%s=\n' "$name" "$name"; done ;;
	id) _cee_recent "$@" | sed -n 's/^{"id":"\([-0-9a-f]*\)".*/\1/p' ;;
	group) _cee_recent "$@" | sed -n 's/.*"group":"\([^"]*\)".*/\1/p' | sort -u ;;
	check) cee-doctor --list 2> /dev/null ;;
	collected)
		for name; do	# the words before; one of them is the id
			case $name in ????????-????-7*) CEE_SPOOL=$(_cee_spool "$@") cee-files --json "$name" 2> /dev/null ;; esac
		done | sed -n 's/.*"name":"\([^"\\]*\)".*/\1/p' ;;
	*'|'*) echo "$kind" | tr '|' '\n' ;;
	esac
}

# The newest jobs of the last day, newest first.
_cee_recent() {
	CEE_SPOOL=$(_cee_spool "$@") timeout 2 cee-stat --since 1d --json 2> /dev/null | sort -r | head -n 40
}
# end of what both completion files know

# Bash makes "=" a word of its own: here --name=value is one word again.
_cee_joined() {	# into the caller's words
	local i word glue=
	words=()
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ${#words[@]} -gt 0 && ($word == = || $glue) ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
		[[ $word == = ]] && glue=1 || glue=
	done
}

_cee_offer() {	# _cee_offer KIND PROGRAM TEXT WORD...
	local kind=$1 program=$2 text=$3
	shift 3
	case $kind in
	any) ;;
	file) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$text") ;;
	dir) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$text") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_cee_values "$kind" "$program" "$@")" -- "$text") ;;
	esac
	[[ ${COMPREPLY[0]:-} != *[=:] ]] || compopt -o nospace 2> /dev/null
}

_cee() {
	local words program=${COMP_WORDS[0]##*/} text last kind='' n=1 i skip=''
	_cee_joined
	last=$((${#words[@]} - 1)) text=${words[${#words[@]} - 1]}
	COMPREPLY=()
	for ((i = 0; i < last; i++)); do
		[[ ${words[i]} != -- ]] || { _cee_offer file "$program" "$text"; return; }
		if [[ $skip ]]; then
			skip=
		elif [[ ${words[i]} == -* ]]; then
			[[ ${words[i]} == *=* ]] || skip=$(_cee_kind "$program" "${words[i]}")
		else
			n=$((n + 1))
		fi
	done
	if [[ $skip ]]; then	# the value of the option before
		_cee_offer "$skip" "$program" "$text" "${words[@]}"
	elif [[ $program == cee-run && $n -gt 2 ]]; then	# the program's own words
		_cee_offer file "$program" "$text"
	elif [[ $text == --*=* ]]; then
		kind=$(_cee_kind "$program" "${text%%=*}")
		_cee_offer "${kind:-any}" "$program" "${text#*=}" "${words[@]}"
	elif [[ $text == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_cee_entries "$program" | tr ' ' '\n' | sed 's/=.*//')" -- "$text")
	else
		_cee_offer "$(_cee_word "$program" "$n")" "$program" "$text" "${words[@]}"
	fi
}

# shellcheck disable=SC2046 # a word for each program
complete -F _cee $(echo "$cee_options" | cut -d ' ' -f 1)
