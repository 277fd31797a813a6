# tries: reads an input that has nothing, for ever
# limits: cpu=300ms wall=10
# want: time limit; hit cpu
# control: none it ends by time alone
while :; do read -r line; done
