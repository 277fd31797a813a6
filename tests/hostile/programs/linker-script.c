// tries: has the linker read and write elsewhere, by what the program brings
// want: compile error|exited 0
// control: none whichever it is, the files are not there
__asm__(".section .note.GNU-stack,\"\",@progbits\n.section .drectve\n.ascii \"-o /etc/hostile\"\n");
#pragma GCC diagnostic ignored "-Wall"
#pragma comment(lib, "/proc/1/exe")
int main(void) { return 0; }
