# tries: more files to be collected than may be
# limits: inodes=4096
# want: exited 0
# control: none the number of files shows that collecting works
# job: {"collect": {"patterns": ["n/*", "good.txt"], "files": 1}}
# files: good.txt
import os
open("good.txt", "w").write("good")
os.mkdir("n")
for i in range(3000):
    os.symlink("/etc/passwd", "n/l%d" % i)
