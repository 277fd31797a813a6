// tries: a file that includes itself
// want: compile error
// control: replace __FILE__ "/dev/null"
#include __FILE__
int main(void) { return 0; }
