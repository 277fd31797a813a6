# tries: threads and children that hold the outputs open after the end
# limits: wall=8
# want: exited 0
# control: none only what comes after counts
import os, subprocess, sys, threading, time
for _ in range(5):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
subprocess.Popen(["sleep", "1000"], start_new_session=True)
print("end")
