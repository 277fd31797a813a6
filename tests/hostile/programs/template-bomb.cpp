// tries: memory by templates that double
// limits: compile.cpu=3 compile.memory=256M
// want: compile error
// control: replace F<40> F<4>
template <int N, int M = 0> struct F { typename F<N - 1, M * 2>::type a; typename F<N - 1, M * 2 + 1>::type b; typedef F type; };
template <int M> struct F<0, M> { typedef int type; };
int main() { F<40> *f = nullptr; return sizeof *f == 0; }
