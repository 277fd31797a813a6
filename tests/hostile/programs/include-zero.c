// tries: a header that never ends
// limits: compile.cpu=2 compile.wall=8 compile.memory=128M
// want: compile error
// control: replace /dev/zero /dev/null
#include "/dev/zero"
int main(void) { return 0; }
