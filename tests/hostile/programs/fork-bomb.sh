# tries: the classical fork bomb of a shell
# limits: processes=30 cpu=500ms wall=10
# want: time limit|process limit|exited; hit processes
# control: none it ends by its limits alone
bomb() { bomb | bomb & }
bomb
while :; do bomb; done
