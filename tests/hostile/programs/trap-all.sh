# tries: traps every signal and sleeps
# limits: wall=700ms
# want: time limit; hit wall
# control: none it ends by time alone
for s in $(seq 1 64); do trap '' "$s" 2> /dev/null; done
while :; do read -r -t 1 < <(:) || sleep 1 < /dev/null; done
