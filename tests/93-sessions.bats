# Sessions: state between requests, what ends a cell, what ends a session, and who may use one.

load lib

setup() { new_spool; cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { end_all; }

new() { ID=$(cee-session new "$@" python); }
cell() { run timeout 60 cee-session run -e "$@" "$ID"; }
why() { cee-stat --wait "$ID" > /dev/null 2>&1; cee-stat --json "$ID" | jq -r .why; }

@test "state is kept; output, values, errors and exit statuses" {
	start_runner
	new
	cell $'import os\nx = 41\nprint("out")\nprint("err", file=__import__("sys").stderr)'
	[ "$status" -eq 0 ] && [[ "$output" == *out* && "$output" == *err* ]]
	cell 'x + 1'
	[ "$status" -eq 0 ] && [ "$output" = 42 ]
	cell '1/0'
	[ "$status" -eq 1 ] && [[ "$output" == *'File "<cell>", line 1'*ZeroDivisionError* ]]
	cell 'open("f", "w").write("kept")' > /dev/null
	cee-session run "$ID" <<< 'open("f").read()' > got
	[ "$(cat got)" = "'kept'" ]
	cee-session run --json -e $'print(1)\n2' "$ID" > events
	[ "$(jq -r .event events | paste -sd' ')" = 'started stdout result end' ]
	cee-session run --json -e $'class H:\n  def _repr_html_(self): return "<b>"\nH()' "$ID" | jq -r 'select(.event == "result") | .html' > html
	[ "$(cat html)" = '<b>' ]
	[ "$(cee-session ls | cut -d' ' -f1)" = "$ID" ]
	cee-session end "$ID"
	[ "$(why)" = exited ]
	[ "$(cee-stat --json "$ID" | jq -c .phases.run.limits.cpu)" = '"none"' ]	# each cell has a wall time
	[ -z "$(cee-session ls)" ]
	cell 1
	[ "$status" -eq 69 ] && [[ "$output" == *'the session has ended: exited'* ]]
}

@test "a cell out of its time is interrupted, or loses its state; cells are cancelled" {
	start_runner
	new
	cell 'x = 1'
	run cee-session run --wall 500ms -e 'while True: pass' "$ID"
	[ "$status" -eq 124 ]
	cell x
	[ "$output" = 1 ]
	run cee-session run --wall 500ms -e $'import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass' "$ID"
	[ "$status" -eq 124 ] && [[ "$output" == *'state is lost'* ]]
	cell '"x" in globals()'
	[ "$output" = False ]
	# the first signal interrupts the cell; the session goes on, and the one that waited behind it has its turn
	cee-session run -e 'import time; time.sleep(50)' "$ID" 2> err & first=$!
	wait_until 20 eval '[ "$(cee-log "$ID" | jq -r "select(.event == \"started\") | .cell" | wc -l)" -eq 6 ]'
	cee-session run -e '"next"' "$ID" > next & second=$!
	kill -TERM $first	# INT is ignored in the background of a script
	status=0; wait $first || status=$?
	[ "$status" -eq 130 ]
	wait $second
	[ "$(cat next)" = "'next'" ]
}

@test "a cell that forks, floods, kills its worker, its driver, or eats memory: the session answers, or says how it ended" {
	start_runner
	new -L memory=128M
	cell $'import os\nfor i in range(20):\n  if os.fork() == 0:\n    import time; time.sleep(100)\n"forked"'
	[ "$output" = "'forked'" ]
	cell $'while True:\n  try: os.fork()\n  except OSError: break'
	cell 1
	[ "$status" -eq 0 ] || [ "$status" -eq 69 ] || [ "$status" -eq 137 ]
	[ "$status" -ne 69 ] || new -L memory=128M
	run bash -c "cee-session run -e 'print(\"x\" * 3000000)' $ID | wc -c"
	[[ "$output" == *'bytes of output were dropped'* && "$output" == *1048576* ]]
	cell 'import os; os.kill(os.getpid(), 9)'
	[ "$status" -eq 137 ] && [[ "$output" == *died*'state is lost'* ]]
	cell '"answers"'
	[ "$output" = "'answers'" ]
	cell 'a = bytearray(400 << 20)'
	[ "$status" -ne 0 ]
	cell 1	# where the kernel counts the job's memory, the limit is the session's end
	[ "$status" -eq 0 ] || [ "$status" -eq 69 ]
	[ "$status" -ne 69 ] || [[ "$output" == *memory* ]]
	[ "$status" -ne 69 ] || new
	cell 'import os; os.kill(os.getppid(), 9)'
	[ "$status" -eq 69 ] && [[ "$output" == *'the session has ended: '@(signalled|memory limit)* ]]	# which it had met before
}

@test "JavaScript: names may be declared anew, imports, await, values; loops and promises out of their time, a dead worker" {
	start_runner
	ID=$(cee-session new javascript)
	cell $'const x = 41;\nconsole.log("out"); console.error("err")'
	[ "$status" -eq 0 ] && [[ "$output" == *out* && "$output" == *err* ]]
	cell 'const x = 42; class A { b = x }; new A()'
	[ "$status" -eq 0 ] && [ "$output" = 'A { b: 42 }' ]
	cell $'import fs, {readFileSync as r} from "fs";\nimport * as path from "node:path";\nfs.writeFileSync("m.mjs", "export default 5");\nconst m = await import("./m.mjs");\n[r("m.mjs", "utf8"), path.join("a", "b"), m.default]'
	[ "$status" -eq 0 ] && [ "$output" = "[ 'export default 5', 'a/b', 5 ]" ]
	cell 'null.x'
	[ "$status" -eq 1 ] && [[ "$output" == *"TypeError: Cannot read properties of null"*'<cell>:1:6'* ]]
	cell 'let = 1 1'
	[ "$status" -eq 1 ] && [[ "$output" == *SyntaxError*'<cell>:1:9'* ]]
	for loop in 'while (true);' 'await new Promise(() => {})'; do
		run cee-session run --wall 500ms -e "$loop" "$ID"
		[ "$status" -eq 124 ] && [[ "$output" != *lost* ]]
	done
	cell x
	[ "$output" = 42 ]
	run cee-session run --wall 500ms -e 'process.removeAllListeners("SIGINT"); process.on("SIGINT", () => {}); await new Promise(() => {})' "$ID"
	[ "$status" -eq 124 ] && [[ "$output" == *'state is lost'* ]]
	cell 'typeof x'
	[ "$output" = "'undefined'" ]
	cell 'process.kill(process.pid, 9)'
	[ "$status" -eq 137 ] && [[ "$output" == *died*'state is lost'* ]]
	run bash -c "cee-session run -e 'void process.stdout.write(\"x\".repeat(3000000))' $ID | wc -c"
	[[ "$output" == *'1951424 bytes of output were dropped'* && "$output" == *1048576* ]]
	cee-session run --json -e $'({[Symbol.for("Jupyter.display")]: () => ({"text/html": "<b>"})})' "$ID" | jq -r 'select(.event == "result") | .html' > html
	[ "$(cat html)" = '<b>' ]
	cell 'process.kill(process.ppid, 9)'
	[ "$status" -eq 69 ] && [[ "$output" == *'the session has ended: signalled'* ]]
}

@test "idle and life end a session, which says so; an idle one holds no place" {
	sed -i 's/jobs = 2/jobs = 1/' "$CEE_CONF"
	start_runner
	ID=$(cee-session new --idle 3s python)
	run cee-session run --wall 2s -e 5 "$ID"
	[ "$output" = 5 ]
	echo 'print("beside")' > job.py
	[ "$(cee-submit -w job.py)" = beside ]
	[ "$(cee-stat --json "$ID" | jq -r .state)" = Executing ]
	[ "$(why)" = 'session ended' ]
	[ "$(cee-stat --json "$ID" | jq -r .message)" = 'idle for 3s' ]
	run cee-session run -e 5 "$ID"
	[ "$status" -eq 69 ] && [[ "$output" == *'session ended: idle for 3s' ]]
	ID=$(cee-session new --life 3s python)
	run cee-session run --wall 2s -e 5 "$ID"
	[ "$(why)" = 'session ended' ]
	[ "$(cee-stat --json "$ID" | jq -r .message)" = 'its life of 3s is over' ]
}

@test "bounds, owners, and what is not a session" {
	printf 'owner_sessions = 1\n' >> "$CEE_CONF"
	start_runner
	new
	cell 1
	first=$ID
	new
	[ "$(why)" = refused ]
	ID=$first
	run cee-session run --owner http-web-eve -e 1 "$ID"
	[ "$status" -ne 0 ]
	run cee-session run --wall 2h -e 1 "$ID"
	[ "$status" -eq 65 ] && [[ "$output" == *'idle time'* ]]
	echo 'import time; time.sleep(20)' > job.py
	job=$(cee-submit job.py)
	run cee-session run -e 1 "$job"
	[ "$status" -eq 65 ] && [[ "$output" == *'is not a session'* ]]
	cee-cancel "$job"
	run cee-session run -e 1 00000000-0000-4000-8000-000000000000
	[ "$status" -eq 66 ]
	for refused in '"code":"1"' '"stdin":"x"' '"tests":[{}]' '"limits":{"cpu":5}' '"check":true' '"tty":true'; do
		run cee-submit -j - <<< "{\"language\":\"python\",\"session\":{},$refused}"
		[ "$status" -eq 65 ] || { echo "$refused: $status $output"; return 1; }
	done
	run cee-submit -j - <<< '{"language":"c","session":{}}'
	[ "$status" -eq 65 ] && [[ "$output" == *'has no sessions'* ]]
}

@test "the runner is stopped, or killed, in the middle of a cell: whoever waits is told" {
	start_runner
	new
	cell 1
	cee-session run -e 'import time; time.sleep(50)' "$ID" 2> err & waits=$!
	sleep 1
	stop_runner
	status=0; wait $waits || status=$?
	[ "$status" -eq 69 ] && grep -q 'session ended: its runner was stopped' err
	start_runner
	new
	cell 1
	cee-session run -e 'import time; time.sleep(50)' "$ID" 2> err & waits=$!
	sleep 1
	kill -KILL "$RUNNER"
	wait "$RUNNER" 2> /dev/null || :
	start_runner
	status=0; wait $waits || status=$?
	[ "$status" -eq 69 ] && grep -q 'the session has ended: lost' err
	sound
}
