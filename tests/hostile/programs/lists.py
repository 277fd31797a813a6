# tries: memory by a list
# limits: memory=64M
# want: memory limit
# control: replace 10**9 10**5
print(len([[]] * 1 + [[i] for i in range(10**9)]))
