# tries: the stack by recursion
# limits: memory=128M
# want: exited 1|signalled 11|memory limit
# control: replace 10**8 100
import sys
sys.setrecursionlimit(2**31 - 1)
def f(n):
    return n and f(n - 1)
f(10**8)
