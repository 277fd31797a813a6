// tries: the compiler waits for an input
// limits: compile.wall=8
// want: exited 0
// control: none it must end, whatever is said
#include "/dev/stdin"
int main(void) { return 0; }
