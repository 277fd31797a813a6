# tries: memory by the expansion of braces
# limits: memory=64M
# want: memory limit|exited 1|exited 2
# control: replace {1..99999}{1..99999} {1..9}{1..9}
x=$(echo {1..99999}{1..99999} | wc -c)
[ "$x" -gt 100 ] && echo "$x"
