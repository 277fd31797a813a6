# tries: files to be collected that say to be huge
# limits: disk=8M file_size=1G
# want: exited 0
# control: none good.txt is collected, which shows that collecting works
# job: {"collect": ["*.txt"]}
# files: good.txt
import os
for i in range(20):
    with open("huge%d.txt" % i, "w") as f:
        os.truncate(f.fileno(), 1 << 40)
open("good.txt", "w").write("good")
