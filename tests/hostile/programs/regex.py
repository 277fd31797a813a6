# tries: time by a regular expression
# limits: cpu=500ms wall=20
# want: time limit; hit cpu
# control: replace 50 5
import re
re.match(r"(a+)+$", "a" * 50 + "b")
