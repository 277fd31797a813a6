// tries: memory by macros that double
// limits: compile.cpu=3 compile.memory=128M
// want: compile error
// control: replace M(32) M(4)
#define A0 1,1,1,1,1,1,1,1,1,1
#define A1 A0,A0,A0,A0,A0,A0,A0,A0
#define A2 A1,A1,A1,A1,A1,A1,A1,A1
#define A3 A2,A2,A2,A2,A2,A2,A2,A2
#define A4 A3,A3,A3,A3,A3,A3,A3,A3
#define A32 A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4,A4
#define B32 A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32,A32
#define B4 A0
#define M(n) B##n
const int all[] = { M(32) };
int main(void) { return 0; }
