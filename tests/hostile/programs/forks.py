# tries: a fork bomb of Python
# limits: processes=30 cpu=500ms wall=4
# want: time limit|process limit|exited; hit processes
# control: none it ends by its limits alone
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
