# tries: time in one operation that looks at no signal
# limits: cpu=500ms wall=20
# want: time limit; hit cpu
# control: replace 10**9 10**3
x = 9 ** (10**9)
