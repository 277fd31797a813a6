// tries: a file that is not the job's, taken in by the assembler
// want: compile error
// control: replace /proc/1/environ /etc/passwd
__asm__(".data\ns: .incbin \"/proc/1/environ\"\n");
int main(void) { return 0; }
