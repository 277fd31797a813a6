// tries: the compiler's product is there before it, as a folder
// want: compile error
// control: none its end is its own
int main(void) { return 0; }
