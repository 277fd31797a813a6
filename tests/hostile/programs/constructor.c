// tries: runs before and after its own main
// want: exited 7
// control: none its end is its own
#include <unistd.h>
__attribute__((constructor)) static void first(void) { write(1, "first\n", 6); }
__attribute__((destructor)) static void last(void) { _exit(7); }
int main(void) { return 0; }
