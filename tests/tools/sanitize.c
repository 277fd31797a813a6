/* sanitize.c - what a sanitizer does in each process of a build with SANITIZE=…, whoever has started it
 *
 * Web servers clear the environment of what they start, so options in it would not reach every process. A report is
 * a file in REPORTS, where the tests look for it (tests/lib.bash). cee-init, which cannot write there, is built without
 * REPORTS: its report is in the log of its runner.
 */
#ifdef REPORTS
#define WHERE ":log_exe_name=1:log_path=" REPORTS "/report"
#else
#define WHERE ""
#endif
#define OPTIONS "exitcode=99" WHERE

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return OPTIONS;
}

const char *__ubsan_default_options(void)
{
	return OPTIONS ":halt_on_error=1:print_stacktrace=1";
}

const char *__tsan_default_options(void)
{
	return OPTIONS ":second_deadlock_stack=1";
}
