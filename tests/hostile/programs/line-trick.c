// tries: messages that seem to be of other files
// want: compile error
// control: replace wrong return
#line 1 "/etc/shadow\033[2J"
int main(void) { wrong 0; }
