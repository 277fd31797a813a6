# tries: output without end through a pipe of two programs
# limits: output=64K cpu=300ms wall=10
# want: time limit; dropped
# control: none it ends by its limits alone
yes "$(printf '\033[31mx\033]0;y\007')" | cat
