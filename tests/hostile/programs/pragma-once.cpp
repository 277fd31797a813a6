// tries: a device as a header, and one that is a folder
// limits: compile.wall=8 compile.cpu=3
// want: compile error
// control: replace /dev/random /dev/null
#include "/dev/random"
int main() { return 0; }
