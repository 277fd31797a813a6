// tries: time of the compiler by a constant that is computed
// limits: compile.cpu=3
// want: compile error
// control: replace 4000000000 40
constexpr unsigned long f(unsigned long n) { unsigned long s = 0; for (unsigned long i = 0; i < n; i++) for (unsigned long j = 0; j < n; j++) s += i ^ j; return s; }
static_assert(f(4000000000) != 1);
int main() { return 0; }
