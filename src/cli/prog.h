/* prog.h - common parts of all programs: messages, options, exit codes
 *
 * Exit codes are those of sysexits(3), by these names.
 */
#ifndef CEE_PROG_H
#define CEE_PROG_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>   /* EXIT_SUCCESS, EXIT_FAILURE */
#include <sysexits.h> /* EX_USAGE 64, EX_DATAERR 65, EX_NOINPUT 66, EX_TEMPFAIL 75, EX_CONFIG 78 … */

extern const char *prog_name;
/* Not 0: the exit status of prog_die and prog_usage, for a program that otherwise exits with the status of a job. */
extern int prog_failure;
void prog_init(const char *argv0); /* sets prog_name; keeps the default SIGPIPE and the umask */
/* "prog: …\n" on stderr, once, control characters neutralised. */
void prog_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void prog_die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
/* The status of a program that could not do something, by errno: EX_OSERR when the host lacks something at present
 * (memory, descriptors, a disk that works), so that another try may succeed; else this status, which says whose fault it
 * is. */
int prog_status(int status);
int prog_config_status(void); /* of EX_CONFIG: it could not read its configuration or open its spool */
/* --help and --version text to stdout and exit 0; usage errors exit 64, one line with a pointer to --help. */
void prog_help(const char *text) __attribute__((noreturn));
void prog_version(void) __attribute__((noreturn));
void prog_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* As getopt_long, but a wrong option ends the program as prog_usage does: '?' never comes back. */
int prog_getopt(int argc, char **argv, const char *letters, const struct option *options);
bool prog_colour(int fd); /* fd is a terminal and NO_COLOR is not set */

#endif
