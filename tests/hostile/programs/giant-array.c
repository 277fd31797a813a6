// tries: a program of many gigabytes
// limits: compile.cpu=4 disk=32M
// want: compile error
// control: replace 1L<<33 1L<<3
char all[1L<<33] = { 1 };
int main(void) { return 0; }
