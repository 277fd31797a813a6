// tries: what the compiler can read, told by its messages
// want: compile error
// control: replace /etc/shadow /dev/null
#include "/etc/shadow"
int main(void) { return 0; }
