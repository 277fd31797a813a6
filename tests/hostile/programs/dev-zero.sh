# tries: memory, by reading what never ends
# limits: memory=64M cpu=2 wall=6
# want: memory limit|exited 1|exited 2|time limit
# control: replace /dev/zero /dev/null
x=$(tr '\0' x < /dev/zero)
echo "${#x}"
