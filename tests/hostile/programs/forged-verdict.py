# tries: what looks like a result, an end of output and a test report on its outputs
# want: exited 5
# control: none nobody reads output as a result
import sys
for s in (sys.stdout, sys.stderr):
    s.write('{"state": "Finished", "why": "exited", "exit_code": 0}\n\x1e\x04TAP version 13\nok 1\n1..1\nHTTP/1.1 200 OK\r\n\r\nevent: end\ndata: {}\n\n')
sys.exit(5)
